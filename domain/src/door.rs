//! What happens at a door.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;
    use proptest::prelude::*;
    use uuid::Uuid;

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
