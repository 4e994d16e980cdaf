//! The period of a settlement: a month or a quarter of service dates.

use crate::ServiceDate;
use crate::claim::Month;
use chrono::Datelike;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A month (`2026-11`) or a quarter (`2026-Q4`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// A calendar month.
    Month(Month),
    /// Three months from January, April, July or October on; holds the first.
    Quarter(Month),
}

/// The text is not a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month or quarter of the form YYYY-MM or YYYY-Q1")]
pub struct BadPeriod;

impl Period {
    /// From `YYYY-MM` or `YYYY-Qn`.
    pub fn parse(text: &str) -> Result<Self, BadPeriod> {
        let Some((year, quarter)) = text.split_once("-Q") else {
            return Month::parse(text).map(Self::Month).map_err(|_| BadPeriod);
        };
        let first = match quarter {
            "1" => "01",
            "2" => "04",
            "3" => "07",
            "4" => "10",
            _ => return Err(BadPeriod),
        };
        Month::parse(&format!("{year}-{first}")).map(Self::Quarter).map_err(|_| BadPeriod)
    }

    /// Its first day.
    #[must_use]
    pub const fn first(self) -> ServiceDate {
        match self {
            Self::Month(month) | Self::Quarter(month) => month.first(),
        }
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> ServiceDate {
        match self {
            Self::Month(month) => month.last(),
            Self::Quarter(month) => month.next().next().last(),
        }
    }

    /// Whether it is over on a day: only what can no longer be ordered is settled.
    #[must_use]
    pub fn is_over(self, today: ServiceDate) -> bool {
        today > self.last()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => write!(f, "{month}"),
            Self::Quarter(month) => write!(f, "{:04}-Q{}", month.first().0.year(), month.first().0.month0() / 3 + 1),
        }
    }
}
impl std::str::FromStr for Period {
    type Err = BadPeriod;
    fn from_str(text: &str) -> Result<Self, BadPeriod> {
        Self::parse(text)
    }
}
impl Serialize for Period {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_runs_from_its_first_to_its_last_day_and_is_over_on_the_day_after() {
        for (text, first, last) in [
            ("2026-11", "2026-11-01", "2026-11-30"),
            ("2026-Q1", "2026-01-01", "2026-03-31"),
            ("2028-Q1", "2028-01-01", "2028-03-31"),
            ("2026-Q4", "2026-10-01", "2026-12-31"),
        ] {
            let period = Period::parse(text).unwrap();
            let (from, to) = (period.first(), period.last());
            assert_eq!((from.to_string(), to.to_string(), period.to_string()), (first.into(), last.into(), text.into()));
            assert_eq!((period.is_over(to), period.is_over(to.plus_days(1))), (false, true), "{text}");
        }
        for text in ["2026-Q5", "2026-Q0", "2026-Q", "-Q1", "2026-q1", "2026", "", "2026-13", "2026-Q11"] {
            assert_eq!(Period::parse(text), Err(BadPeriod), "{text}");
        }
    }
}
