//! What happens at a door.

use crate::id::{RedemptionId, StopEventId};
use crate::order::RedemptionMethod;

crate::text_enum! {
    /// The outcome of a stop; reasons come from this one list.
    pub enum StopOutcome {
        /// Handed to the senior or someone of the household.
        Delivered = "delivered",
        /// Left with a neighbour who took it.
        LeftWithNeighbour = "left_with_neighbour",
        /// Not wanted.
        Refused = "refused",
        /// Nobody of that name lives there.
        WrongAddress = "wrong_address",
        /// Spilled or broken.
        Damaged = "damaged",
        /// Past the time at which it may be eaten.
        Late = "late",
        /// Knocked and phoned, and nobody answered: the meal is not left, and somebody must look in.
        NoAnswer = "no_answer",
    }
}

impl StopOutcome {
    /// Whether the meal reached somebody, which is the evidence that the held money waits for.
    #[must_use]
    pub const fn is_served(self) -> bool {
        match self {
            Self::Delivered | Self::LeftWithNeighbour => true,
            Self::Refused | Self::WrongAddress | Self::Damaged | Self::Late | Self::NoAnswer => false,
        }
    }

    /// On the courier's page and the sheet.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Delivered => "已送达",
            Self::LeftWithNeighbour => "邻居代收",
            Self::Refused => "拒收",
            Self::WrongAddress => "地址不符",
            Self::Damaged => "餐损",
            Self::Late => "超时",
            Self::NoAnswer => "无人应门",
        }
    }
}

crate::text_enum! {
    /// How a hand-over at a door is proved. A card or an identity card is read by a terminal, and a courier has none.
    pub enum DoorMethod {
        /// The code of the order, which the senior reads out from the slip or the client.
        DeliveryCode = "delivery_code",
        /// A signature on the slip or the sheet.
        Signature = "signature",
        /// A photo of the hand-over.
        Photo = "photo",
    }
}

/// The proof that a courier brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorProof {
    /// The code that was read out. Nothing is proved by it unless it is the order's.
    DeliveryCode(String),
    /// It is on paper.
    Signature,
    /// It was taken.
    Photo,
}

impl DoorProof {
    /// What the redemption says of it.
    #[must_use]
    pub const fn method(&self) -> RedemptionMethod {
        match self {
            Self::DeliveryCode(_) => RedemptionMethod::DeliveryCode,
            Self::Signature => RedemptionMethod::Signature,
            Self::Photo => RedemptionMethod::Photo,
        }
    }
}

/// Wrong codes that may be tried for an order: a slip of the tongue, a misread digit, the neighbour's slip. After them no code is a proof
/// any more, for four digits are soon tried through.
pub const WRONG_CODES_MAX: i64 = 5;

/// A record of a stop, as far as it decides which one counts. The order of the members is the order in which they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// Whether the meal reached somebody: evidence outweighs what was noted before and after it.
    pub served: bool,
    /// When it happened.
    pub happened_at: crate::Instant,
    /// Which record, so that of two at the same time one counts.
    pub id: uuid::Uuid,
}

/// Which of two records of one stop counts: evidence over none, then the one that happened later, so that any order of arrival ends in
/// the same state.
#[must_use]
pub fn supersedes(new: Told, old: Option<Told>) -> bool {
    old.is_none_or(|old| new > old)
}

/// Whether a record contradicts the evidence that the meal was served. What happened before the hand-over does not: nobody answered,
/// and later the meal was fetched.
#[must_use]
pub fn contradicts(outcome: StopOutcome, happened_at: crate::Instant, served_at: Option<crate::Instant>) -> bool {
    !outcome.is_served() && served_at.is_some_and(|served_at| served_at <= happened_at)
}

/// The identifier of the redemption that a record at a door stands for: the same for the same record, and one that no terminal can
/// have made, because both make identifiers of their own. Were the record's own number taken, whoever brought a redemption of that
/// number first would make the courier's record another order's evidence, and it would be refused for good.
#[must_use]
pub fn redemption_of(record: StopEventId) -> RedemptionId {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::new_with_prefix("nuanfan.stop_record").chain_update(record.uuid().as_bytes()).finalize();
    let half = digest.iter().take(16).fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
    // Version 8 of RFC 9562, "custom": terminals make version 4 or 7.
    RedemptionId::from_uuid(uuid::Builder::from_custom_bytes(half.to_be_bytes()).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn a_record_at_a_door_is_one_redemption_and_never_a_terminals() {
        let record = |n| StopEventId::from_uuid(Uuid::from_u128(n));
        assert_eq!(redemption_of(record(7)), redemption_of(record(7)));
        assert_ne!(redemption_of(record(7)), redemption_of(record(8)));
        for n in [0, 7, u128::MAX] {
            assert_ne!(redemption_of(record(n)).uuid(), record(n).uuid());
            assert_eq!(redemption_of(record(n)).uuid().get_version_num(), 8);
        }
    }

    #[test]
    fn only_what_is_said_after_the_hand_over_contradicts_it() {
        let at = Instant::from_micros;
        for (outcome, happened, served, expected) in [
            (StopOutcome::Refused, 5, Some(5), true),
            (StopOutcome::NoAnswer, 4, Some(5), false),
            (StopOutcome::NoAnswer, 5, None, false),
            (StopOutcome::Delivered, 6, Some(5), false),
        ] {
            assert_eq!(
                contradicts(outcome, at(happened), served.map(at)),
                expected,
                "{outcome} at {happened}, served at {served:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn records_that_arrive_in_any_order_end_in_the_same_state(
            records in prop::collection::vec((any::<bool>(), 0i64..5, 0u128..50), 1..12)
        ) {
            let last = |order: &[(bool, i64, u128)]| order.iter().fold(None, |held, (served, at, id)| {
                let new = Told { served: *served, happened_at: Instant::from_micros(*at), id: Uuid::from_u128(*id) };
                if supersedes(new, held) { Some(new) } else { held }
            });
            let mut reversed = records.clone();
            reversed.reverse();
            prop_assert_eq!(last(&records), last(&reversed));
            prop_assert_eq!(last(&records).map(|told| told.served), Some(records.iter().any(|(served, ..)| *served)));
        }
    }
}
