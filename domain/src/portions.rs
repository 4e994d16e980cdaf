//! Portions of a dish: how many were made, where they went, and who goes without when there are too few.

use crate::Instant;
use crate::id::OrderId;
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Why portions that were made are not eaten.
    pub enum WasteReason {
        /// 烧坏: burnt, too salty, underdone.
        Overcooked = "overcooked",
        /// 打翻
        Dropped = "dropped",
        /// 退回: came back from the table or the door.
        Returned = "returned",
        /// 剩余: nobody came for it.
        LeftOver = "left_over",
        /// 留样: kept as the retained sample.
        Sample = "sample",
        /// Anything else, in words.
        Other = "other",
    }
}

impl WasteReason {
    /// On a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Overcooked => "烧坏",
            Self::Dropped => "打翻",
            Self::Returned => "退回",
            Self::LeftOver => "剩余",
            Self::Sample => "留样",
            Self::Other => "其他",
        }
    }

    /// Whether it says nothing without words.
    #[must_use]
    pub const fn needs_words(self) -> bool {
        matches!(self, Self::Other)
    }
}

/// Of one dish at one sitting, in portions: what was made, what was served, what was wasted. What is left is always the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Made, over all batches.
    pub made: i64,
    /// Served, with evidence.
    pub served: i64,
    /// Not eaten, for a reason.
    pub wasted: i64,
}

impl Balance {
    /// What is left. Below zero more was served or wasted than anybody said was made: a record is wrong, and that is shown, not hidden.
    #[must_use]
    pub const fn left(self) -> i64 {
        self.made - self.served - self.wasted
    }

    /// After wasting portions; `None` when there are not so many, or none were.
    #[must_use]
    pub fn waste(self, portions: i64) -> Option<Self> {
        let wasted = self.wasted.checked_add(portions)?;
        let after = Self { wasted, ..self };
        (portions > 0 && after.left() >= 0).then_some(after)
    }

    /// With another number of portions made, when a count is put right; `None` when more than that is gone already.
    #[must_use]
    pub fn made(self, portions: i64) -> Option<Self> {
        let after = Self { made: portions, ..self };
        (portions >= 0 && after.left() >= 0).then_some(after)
    }
}

/// What somebody has a claim on: the portions of a dish in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which order.
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// How many portions.
    pub portions: u32,
    /// It was handed over or packed already.
    pub has_it: bool,
    /// The person needs this texture, or can eat nothing else on the menu.
    pub only_choice: bool,
    /// It is to be brought to a door: nobody stands there who could choose something else.
    pub promised: bool,
    /// When the order was accepted.
    pub accepted_at: Instant,
}

impl Claim {
    /// Who comes first when there are too few: what is handed over stays so; then who can eat nothing else; then what was promised to a
    /// door; then who ordered earlier, and by number where two ordered at once.
    fn rank(&self) -> (bool, bool, bool, Instant, i64) {
        (!self.has_it, !self.only_choice, !self.promised, self.accepted_at, self.order_no)
    }
}

/// Who goes without how many portions when only so many are there, in the order of the rule, the first to be served first.
#[must_use]
pub fn without(claims: &[Claim], supply: i64) -> Vec<(OrderId, u32)> {
    let mut all: Vec<&Claim> = claims.iter().collect();
    all.sort_by_key(|claim| claim.rank());
    let (mut left, mut without) = (supply.max(0), Vec::new());
    for claim in all {
        let given = left.min(i64::from(claim.portions));
        left -= given;
        // The difference is between 0 and the claim, which is a u32.
        let missing = u32::try_from(i64::from(claim.portions) - given).unwrap_or(claim.portions);
        if missing > 0 && !claim.has_it {
            without.push((claim.order, missing));
        }
    }
    without
}

/// What the list of those who go without says: why, and how to put them back.
#[must_use]
pub fn short_advice_zh(dish: &str, missing: u32, instead: &[String]) -> String {
    let choice = if instead.is_empty() { String::new() } else { format!("（可选：{}）", instead.join("、")) };
    format!("{dish}做少了，缺 {missing} 份；请在开餐前告知，改订其他菜{choice}，或补做一锅后重新登记份数")
}

/// The same in English.
#[must_use]
pub fn short_advice_en(dish: &str, missing: u32, instead: &[String]) -> String {
    let choice = if instead.is_empty() { String::new() } else { format!(" ({})", instead.join(", ")) };
    format!(
        "too little of {dish} was made, {missing} missing; tell them before the meal, order another dish{choice}, or cook one more batch"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn order(n: i64) -> OrderId {
        OrderId::from_uuid(Uuid::from_u128(u128::try_from(n).unwrap()))
    }

    fn claim(no: i64, accepted: i64) -> Claim {
        Claim {
            order: order(no),
            order_no: no,
            portions: 1,
            has_it: false,
            only_choice: false,
            promised: false,
            accepted_at: Instant::from_micros(accepted),
        }
    }

    #[test]
    fn a_short_dish_goes_first_to_who_can_eat_nothing_else_then_to_doors_then_by_time_and_number() {
        let claims = [
            claim(1, 50),
            claim(2, 50),
            claim(3, 10),
            Claim { promised: true, ..claim(4, 90) },
            Claim { only_choice: true, ..claim(5, 99) },
            Claim { has_it: true, ..claim(6, 99) },
            Claim { portions: 3, ..claim(7, 60) },
        ];
        let who = |supply| without(&claims, supply).into_iter().map(|(id, n)| (id.uuid().as_u128(), n)).collect::<Vec<_>>();
        for (supply, expected) in [
            (9, vec![]),
            (8, vec![(7, 1)]),
            (5, vec![(2, 1), (7, 3)]),
            (4, vec![(1, 1), (2, 1), (7, 3)]),
            (2, vec![(4, 1), (3, 1), (1, 1), (2, 1), (7, 3)]),
            (0, vec![(5, 1), (4, 1), (3, 1), (1, 1), (2, 1), (7, 3)]),
        ] {
            assert_eq!(who(supply), expected, "{supply} portions");
        }
    }

    #[test]
    fn more_than_is_left_cannot_be_wasted_and_a_count_cannot_be_put_below_what_is_gone() {
        let balance = Balance { made: 10, served: 6, wasted: 1 };
        for (portions, left) in [(0, None), (-1, None), (3, Some(0)), (4, None), (i64::MAX, None)] {
            assert_eq!(balance.waste(portions).map(Balance::left), left, "{portions}");
        }
        for (made, left) in [(7, Some(0)), (6, None), (12, Some(5))] {
            assert_eq!(balance.made(made).map(Balance::left), left, "{made}");
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Make(i64),
        Serve(i64),
        Waste(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![(0i64..60).prop_map(Step::Make), (1i64..8).prop_map(Step::Serve), (-2i64..8).prop_map(Step::Waste)];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        /// Against a tray with single portions on it: every portion that was made is on somebody's plate, in the bin, or on the tray.
        #[test]
        fn what_was_made_is_served_wasted_or_left(steps in steps()) {
            let (mut balance, mut tray, mut plates, mut bin) = (Balance::default(), 0i64, 0i64, 0i64);
            for step in steps {
                match step {
                    Step::Make(n) => if let Some(after) = balance.made(n) {
                        tray += n - balance.made;
                        balance = after;
                    },
                    Step::Serve(n) if n <= balance.left() => {
                        balance.served += n;
                        (tray, plates) = (tray - n, plates + n);
                    }
                    Step::Serve(_) => {}
                    Step::Waste(n) => if let Some(after) = balance.waste(n) {
                        balance = after;
                        (tray, bin) = (tray - n, bin + n);
                    },
                }
                prop_assert!(tray >= 0);
                prop_assert_eq!((balance.left(), balance.served, balance.wasted), (tray, plates, bin));
                prop_assert_eq!(balance.made, balance.served + balance.wasted + balance.left());
            }
        }

        /// Nobody goes without while somebody after them is served, all that is there is given, and the order of asking is nothing.
        #[test]
        fn what_is_there_is_given_by_rank_and_to_the_last_portion(
            made in prop::collection::vec((1u32..4, any::<bool>(), any::<bool>(), 0i64..5), 0..20), supply in 0i64..40, turn in 0usize..20
        ) {
            let mut claims: Vec<Claim> = made.into_iter().zip(1..).map(|((portions, only_choice, promised, at), no)| {
                Claim { portions, only_choice, promised, ..claim(no, at) }
            }).collect();
            let missing = without(&claims, supply);
            let asked: i64 = claims.iter().map(|c| i64::from(c.portions)).sum();
            let lacking: i64 = missing.iter().map(|(_, n)| i64::from(*n)).sum();
            prop_assert_eq!(lacking, (asked - supply).max(0));
            let rank = |id: OrderId| claims.iter().find(|c| c.order == id).unwrap().rank();
            let whole = |id: OrderId| missing.iter().all(|(m, _)| *m != id);
            if let Some((first, _)) = missing.first() {
                for served in claims.iter().filter(|c| whole(c.order)) {
                    prop_assert!(served.rank() < rank(*first));
                }
            }
            let by = turn % claims.len().max(1);
            claims.rotate_left(by);
            prop_assert_eq!(without(&claims, supply), missing);
        }
    }
}
