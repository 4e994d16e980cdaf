//! Where goods are kept, what a stock-take finds of a lot, and why part of it leaves the stock without being cooked.

use crate::food_safety::{DeciCelsius, Rules, SettingKey};
use crate::lot::Storage;
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// What a storage place is for, which decides at what temperature it must be.
    pub enum PlaceKind {
        /// 常温库: a shelf or a dry store.
        Ambient = "ambient",
        /// 冷藏
        Chilled = "chilled",
        /// 冷冻
        Frozen = "frozen",
        /// 留样柜: the fridge of the retained samples.
        Sample = "sample",
        /// 热藏柜: keeps cooked dishes hot.
        HotHolding = "hot_holding",
        /// 消毒柜: disinfects tableware by heat.
        Disinfection = "disinfection",
    }
}

impl PlaceKind {
    /// Where goods that must be stored like this are kept.
    #[must_use]
    pub const fn of(storage: Storage) -> Self {
        match storage {
            Storage::Ambient => Self::Ambient,
            Storage::Chilled => Self::Chilled,
            Storage::Frozen => Self::Frozen,
        }
    }

    /// The lowest and the highest temperature by the settings in force.
    #[must_use]
    pub fn limits(self, rules: &Rules) -> (Option<DeciCelsius>, Option<DeciCelsius>) {
        match self {
            Self::Ambient => (None, None),
            Self::Chilled | Self::Sample => {
                (rules.temperature(SettingKey::ColdStorageMin), rules.temperature(SettingKey::ColdStorageMax))
            }
            Self::Frozen => (None, rules.temperature(SettingKey::FrozenStorageMax)),
            Self::HotHolding => (rules.temperature(SettingKey::HotHoldingMin), None),
            Self::Disinfection => (rules.temperature(SettingKey::DisinfectionTemperatureMin), None),
        }
    }

    /// On a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Ambient => "常温库",
            Self::Chilled => "冷藏",
            Self::Frozen => "冷冻",
            Self::Sample => "留样柜",
            Self::HotHolding => "热藏",
            Self::Disinfection => "消毒",
        }
    }
}

crate::text_enum! {
    /// Why part of a lot left the stock without being cooked.
    pub enum DisposalCause {
        /// 过期
        Expired = "expired",
        /// 变质
        Spoiled = "spoiled",
        /// 破损
        Damaged = "damaged",
        /// 召回
        Recalled = "recalled",
        /// 盘亏: a stock-take did not find it.
        Shortage = "shortage",
        /// Anything else; the reason tells.
        Other = "other",
    }
}

crate::text_enum! {
    /// What a stock-take found.
    pub enum CountOutcome {
        /// 相符: the count lies within the tolerance of the book.
        Agrees = "agrees",
        /// 盘亏: there is less; the difference is written off.
        Shortage = "shortage",
        /// 盘盈: there is more. The books are not raised: some record is wrong, and stays a risk until it is corrected.
        Surplus = "surplus",
    }
}

/// A lot as it is counted, in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// What was taken in.
    pub received: i64,
    /// What the books say is left.
    pub book: i64,
    /// What is there.
    pub counted: i64,
}

/// What follows from a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountResult {
    /// How the count stands to the book.
    pub outcome: CountOutcome,
    /// What leaves the books, in the lot's unit.
    pub written_off: i64,
    /// The tolerance that was applied, in the lot's unit.
    pub tolerance: i64,
}

/// Judges a count: weighing again and again adds up small errors, so within the tolerance in force the books stay as they are; a lot
/// of which nothing is there is closed. Where no setting is in force, every difference counts.
#[must_use]
pub fn judge(count: Count, rules: &Rules) -> CountResult {
    let per_mille = rules.value(SettingKey::StockTakeTolerance).unwrap_or(0);
    let tolerance = count.received.saturating_mul(per_mille) / 1000;
    let missing = count.book.saturating_sub(count.counted);
    let (outcome, written_off) = match missing {
        _ if missing.abs() <= tolerance && count.counted == 0 => (CountOutcome::Agrees, count.book),
        _ if missing.abs() <= tolerance => (CountOutcome::Agrees, 0),
        1.. => (CountOutcome::Shortage, missing),
        _ => (CountOutcome::Surplus, 0),
    };
    CountResult { outcome, written_off, tolerance }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::food_safety::Rulebook;
    use crate::lot::Balance;
    use crate::text_enum::TextEnum;
    use crate::{PlaceCode, ServiceDate};
    use proptest::prelude::*;

    fn rules() -> Rules {
        let day = ServiceDate::new(2026, 11, 23).unwrap();
        Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day)
    }

    #[test]
    fn within_the_tolerance_the_books_stay_and_beyond_it_what_is_missing_is_written_off() {
        use CountOutcome::{Agrees, Shortage, Surplus};
        // Two percent of what was received.
        for (book, counted, outcome, written_off) in [
            (5000, 5000, Agrees, 0),
            (5000, 4800, Agrees, 0),
            (5000, 5200, Agrees, 0),
            (5000, 4799, Shortage, 201),
            (5000, 5201, Surplus, 0),
            (150, 0, Agrees, 150),
            (201, 0, Shortage, 201),
            (0, 0, Agrees, 0),
        ] {
            let result = judge(Count { received: 10_000, book, counted }, &rules());
            assert_eq!(result, CountResult { outcome, written_off, tolerance: 200 }, "{book} {counted}");
        }
        let bare = judge(Count { received: 10_000, book: 5000, counted: 4999 }, &Rules::default());
        assert_eq!(bare, CountResult { outcome: Shortage, written_off: 1, tolerance: 0 }, "no setting, no tolerance");
    }

    #[test]
    fn each_kind_of_place_has_the_limits_of_the_settings() {
        let limits: Vec<_> = PlaceKind::ALL.iter().map(|kind| kind.limits(&rules())).collect();
        let deci = |tenths| Some(DeciCelsius(tenths));
        assert_eq!(
            limits,
            [(None, None), (deci(0), deci(80)), (None, deci(-120)), (deci(0), deci(80)), (deci(600), None), (deci(1000), None)]
        );
    }

    proptest! {
        #[test]
        fn after_a_count_the_books_lie_within_the_tolerance_or_a_surplus_is_on_record(received in 1i64..1_000_000, issued in 0i64..1_000_000, counted in 0i64..1_000_000) {
            let before = Balance { received, issued: issued.min(received), disposed: 0 };
            let result = judge(Count { received, book: before.stock(), counted }, &rules());
            let after = match result.written_off {
                0 => before,
                amount => before.dispose(amount).unwrap(),
            };
            prop_assert_eq!(after.received, after.issued + after.disposed + after.stock());
            let away = (after.stock() - counted).abs();
            prop_assert!(away <= result.tolerance || result.outcome == CountOutcome::Surplus, "{:?}", result);
            prop_assert!(counted > 0 || after.stock() == 0, "nothing there, nothing in the books");
        }
    }
}
