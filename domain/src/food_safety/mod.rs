//! Food-safety rules: the settings in force on a day at a place, and what follows from them.
//!
//! No number stands in the code. Each is a dated setting with its source ([`rulebook`]); a record is judged by the settings of
//! its own day, so a stricter rule of next year does not make last year's records wrong.

pub mod certificate;
pub mod observation;
pub mod risk;
pub mod rulebook;
pub mod sensor;

pub use rulebook::{Rulebook, RulebookFault, Rules, Setting, SettingKey};

use crate::Instant;
use serde::{Deserialize, Serialize};

/// A temperature in tenths of a degree Celsius: thermometers in kitchens show one decimal, and tenths compare exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeciCelsius(pub i64);

impl DeciCelsius {
    /// What a kitchen's thermometer can show: -60.0 to 300.0 °C. Anything else is a slip of the keyboard or a broken sensor.
    pub const PLAUSIBLE: std::ops::RangeInclusive<i64> = -600..=3000;

    /// Whether a thermometer could have shown it.
    #[must_use]
    pub fn is_plausible(self) -> bool {
        Self::PLAUSIBLE.contains(&self.0)
    }
}

/// `70.5`
impl std::fmt::Display for DeciCelsius {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{}", self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10)
    }
}

crate::text_enum! {
    /// How a cooked dish is kept until it is eaten; each way has its own limit of time.
    pub enum Holding {
        /// At room temperature.
        Ambient = "ambient",
        /// Kept hot.
        Hot = "hot",
        /// Chilled after cooking.
        Chilled = "chilled",
    }
}

impl Holding {
    /// On a screen.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Ambient => "常温",
            Self::Hot => "热藏",
            Self::Chilled => "冷藏",
        }
    }

    const fn setting(self) -> SettingKey {
        match self {
            Self::Ambient => SettingKey::HoldAmbient,
            Self::Hot => SettingKey::HoldHot,
            Self::Chilled => SettingKey::HoldChilled,
        }
    }
}

/// Until when a dish may be handed over: the cooked-at clock plus the holding time in force. `None` where no setting limits it.
#[must_use]
pub fn hand_over_deadline(cooked_at: Instant, holding: Holding, rules: &Rules) -> Option<Instant> {
    rules.value(holding.setting()).map(|minutes| cooked_at.plus_seconds(minutes.saturating_mul(60)))
}

/// Whether a dish may still be handed over at this instant; the deadline itself is in time.
#[must_use]
pub fn in_time(deadline: Option<Instant>, at: Instant) -> bool {
    deadline.is_none_or(|deadline| at <= deadline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PlaceCode, ServiceDate};

    #[test]
    fn the_way_of_keeping_a_dish_decides_until_when_it_may_be_handed_over() {
        let place = PlaceCode::parse("330102").unwrap();
        let rules = Rulebook::built_in().unwrap().in_force(&place, ServiceDate::new(2026, 11, 23).unwrap());
        let cooked = Instant::from_micros(0);
        for (holding, minutes) in [(Holding::Ambient, 120), (Holding::Hot, 240), (Holding::Chilled, 1440)] {
            let deadline = hand_over_deadline(cooked, holding, &rules);
            assert_eq!(deadline, Some(cooked.plus_seconds(minutes * 60)), "{holding}");
            assert!(in_time(deadline, cooked.plus_seconds(minutes * 60)), "{holding}: the deadline itself is in time");
            assert!(!in_time(deadline, cooked.plus_seconds(minutes * 60 + 1)), "{holding}");
        }
    }

    #[test]
    fn a_temperature_is_shown_with_its_sign_and_one_decimal() {
        for (tenths, text) in [(705, "70.5"), (-125, "-12.5"), (-5, "-0.5"), (0, "0.0")] {
            assert_eq!(DeciCelsius(tenths).to_string(), text);
        }
    }
}
