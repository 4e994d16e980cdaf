//! The workday calendar as data: the State Council's holiday notice of each year.

use crate::ServiceDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which days of a span of years are worked, against the plain weekday rule.
///
/// Past its end ordering goes on by the weekday rule, and decisions that asked for a workday are marked provisional;
/// only settlement refuses. (A library with a built-in table was measured to panic past its last year.)
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkdayCalendar {
    /// The notices it was taken from.
    pub source: String,
    /// The first day covered; absent means that nothing is covered.
    pub from: Option<ServiceDate>,
    /// The last day covered.
    pub to: Option<ServiceDate>,
    /// Weekdays that are off (法定节假日与调休).
    pub off: BTreeSet<ServiceDate>,
    /// Saturdays and Sundays that are worked (调休上班).
    pub worked: BTreeSet<ServiceDate>,
    /// The holidays from first to last day, weekends inside them included.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
}

/// A holiday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// What it is called.
    pub name: String,
    /// First day off.
    pub from: ServiceDate,
    /// Last day off.
    pub to: ServiceDate,
}

/// Whether a day is worked, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayKind {
    /// A working day.
    pub workday: bool,
    /// The calendar does not cover the day: the weekday rule answered.
    pub provisional: bool,
}

/// The calendar shipped with this build.
const SHIPPED: &str = include_str!("../../../calendar/workdays-cn.json");

impl WorkdayCalendar {
    /// The calendar shipped with this build; offices import later years as data.
    #[must_use]
    pub fn shipped() -> Self {
        // A test reads it; were it unreadable, covering nothing is the honest answer: every decision would be provisional.
        Self::parse(SHIPPED).unwrap_or_default()
    }

    /// From YAML or JSON.
    pub fn parse(text: &str) -> Result<Self, super::read::Unreadable> {
        let tree = super::read::tree(text)?;
        serde_json::from_value(tree).map_err(|e| super::read::Unreadable::Syntax(e.to_string()))
    }

    /// Days before its end from which a warning is due.
    pub const WARN_DAYS: i64 = 60;

    /// Whether the calendar covers a date.
    #[must_use]
    pub fn covers(&self, date: ServiceDate) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from <= date && date <= to)
    }

    /// The kind of a day.
    #[must_use]
    pub fn day(&self, date: ServiceDate) -> DayKind {
        let provisional = !self.covers(date);
        let workday = if provisional {
            date.is_weekday()
        } else {
            self.worked.contains(&date) || (date.is_weekday() && !self.off.contains(&date))
        };
        DayKind { workday, provisional }
    }

    /// Whether a day belongs to a holiday; where the calendar does not reach, none is known.
    #[must_use]
    pub fn is_holiday(&self, date: ServiceDate) -> bool {
        self.holidays.iter().any(|h| h.from <= date && date <= h.to)
    }

    /// Days of cover left after `today`, when a warning is due; `None` while there is time.
    #[must_use]
    pub fn runs_out_in(&self, today: ServiceDate) -> Option<i64> {
        let left = self.to.map_or(0, |to| to.days_since(today).max(0));
        (left <= Self::WARN_DAYS).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_calendar_knows_holidays_and_make_up_days_and_says_where_it_ends() {
        let calendar = WorkdayCalendar::shipped();
        let day = |y, m, d| calendar.day(ServiceDate::new(y, m, d).unwrap());
        assert_eq!(day(2026, 2, 17), DayKind { workday: false, provisional: false }, "春节");
        assert_eq!(day(2026, 2, 28), DayKind { workday: true, provisional: false }, "调休上班的周六");
        assert_eq!(day(2026, 11, 23), DayKind { workday: true, provisional: false });
        assert_eq!(day(2027, 1, 1), DayKind { workday: true, provisional: true }, "past the end the weekday rules");
        for off in &calendar.off {
            assert!(off.is_weekday(), "{off} needs no entry");
            assert!(calendar.is_holiday(*off), "{off} belongs to no holiday");
        }
        for holiday in &calendar.holidays {
            let days = (0..=holiday.to.days_since(holiday.from)).map(|n| holiday.from.plus_days(n as i32));
            assert!(days.clone().all(|d| !calendar.day(d).workday), "{} is off from end to end", holiday.name);
            assert!(days.count() >= 1 && calendar.covers(holiday.from));
        }
        for worked in &calendar.worked {
            assert!(!worked.is_weekday(), "{worked} needs no entry");
        }
    }

    #[test]
    fn a_warning_starts_sixty_days_before_the_calendar_ends() {
        let calendar = WorkdayCalendar::shipped();
        let end = calendar.to.unwrap();
        assert_eq!(calendar.runs_out_in(end.plus_days(-61)), None);
        assert_eq!(calendar.runs_out_in(end.plus_days(-60)), Some(60));
        assert_eq!(calendar.runs_out_in(end.plus_days(5)), Some(0));
    }
}
