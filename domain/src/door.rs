//! What happens at a door.

use crate::id::{RedemptionId, StopEventId};

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

/// Which of two records of one stop counts: the one that happened later, and of two at the same time the one whose identifier is
/// greater, so that any order of arrival ends in the same state.
#[must_use]
pub fn supersedes(new: (crate::Instant, uuid::Uuid), old: Option<(crate::Instant, uuid::Uuid)>) -> bool {
    old.is_none_or(|old| new > old)
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

    proptest! {
        #[test]
        fn records_that_arrive_in_any_order_end_in_the_same_state(times in prop::collection::vec((0i64..5, 0u128..50), 1..12)) {
            let last = |order: &[(i64, u128)]| order.iter().fold(None, |held, (at, id)| {
                let new = (Instant::from_micros(*at), Uuid::from_u128(*id));
                if supersedes(new, held) { Some(new) } else { held }
            });
            let mut reversed = times.clone();
            reversed.reverse();
            prop_assert_eq!(last(&times), last(&reversed));
        }
    }
}
