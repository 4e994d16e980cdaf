//! Points in time, service dates, and the civil rules of Asia/Shanghai.
//!
//! China has kept one offset, UTC+08:00, without daylight saving since 1992, so a fixed offset is the whole civil rule;
//! a time-zone database would add a dependency and no fact.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Seconds east of Greenwich of China Standard Time.
const CHINA_OFFSET_SECONDS: i32 = 8 * 3600;

/// A point in time, UTC, in whole microseconds (the resolution both databases keep).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Cuts anything finer than a microsecond.
    #[must_use]
    pub fn from_utc(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }

    /// The instant as chrono's UTC time; out-of-range values clamp to the epoch's end.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// `self + seconds`, clamped to the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds from `earlier` to `self`, negative when `self` is earlier.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }

    /// The date on the wall calendar in China.
    #[must_use]
    pub fn civil_date(self) -> ServiceDate {
        ServiceDate(self.civil().date_naive())
    }

    /// The time on the wall clock in China.
    #[must_use]
    pub fn civil_time(self) -> NaiveTime {
        self.civil().time()
    }

    /// The instant of a wall-clock time in China on a date.
    #[must_use]
    pub fn from_civil(date: ServiceDate, time: NaiveTime) -> Self {
        let local = date.0.and_time(time) - TimeDelta::seconds(i64::from(CHINA_OFFSET_SECONDS));
        Self(local.and_utc().timestamp_micros())
    }

    fn civil(self) -> DateTime<FixedOffset> {
        // The offset is a constant inside the accepted range; the fallback exists only so that nothing here can panic.
        let offset = FixedOffset::east_opt(CHINA_OFFSET_SECONDS);
        offset.map_or_else(|| self.to_utc().fixed_offset(), |o| self.to_utc().with_timezone(&o))
    }
}

/// RFC 3339 with China's offset: `2026-11-23T10:30:00.000000+08:00`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.civil().to_rfc3339_opts(chrono::SecondsFormat::Millis, false))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.civil().to_rfc3339_opts(chrono::SecondsFormat::Micros, false))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        DateTime::<FixedOffset>::deserialize(d).map(|at| Self(at.timestamp_micros()))
    }
}

/// Where the time comes from. The only implementations are the system's clock in the binary and a movable one in tests;
/// rules never see it, they are handed an [`Instant`].
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Instant;
}

/// The day a meal is eaten, on the wall calendar in China. Rules with a date always mean this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceDate(pub NaiveDate);

impl ServiceDate {
    /// From year, month and day; `None` when there is no such day.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// From `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten().map(Self)
    }

    /// The date `days` later (earlier when negative); clamps at the calendar's ends.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let end = if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
        Self(self.0.checked_add_signed(TimeDelta::days(i64::from(days))).unwrap_or(end))
    }

    /// Days from `earlier` to `self`.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// Monday of the natural week (自然周, Monday to Sunday).
    #[must_use]
    pub fn week_start(self) -> Self {
        self.plus_days(-(self.0.weekday().num_days_from_monday() as i32))
    }

    /// The first of the month.
    #[must_use]
    pub fn month_start(self) -> Self {
        Self(self.0.with_day(1).unwrap_or(self.0))
    }

    /// The first day of the calendar quarter.
    #[must_use]
    pub fn quarter_start(self) -> Self {
        let first_month = self.0.month0() / 3 * 3;
        Self(self.month_start().0.with_month0(first_month).unwrap_or(self.0))
    }

    /// The first of January.
    #[must_use]
    pub fn year_start(self) -> Self {
        Self(self.0.with_ordinal(1).unwrap_or(self.0))
    }

    /// Monday to Sunday.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }

    /// Whether the weekday rule alone makes it a working day; the State Council's calendar may say otherwise.
    #[must_use]
    pub fn is_weekday(self) -> bool {
        !matches!(self.weekday(), Weekday::Sat | Weekday::Sun)
    }
}

impl fmt::Display for ServiceDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not by a format string, which is read anew each time: a month's settlement writes millions of dates.
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_civil_day_in_china_begins_at_sixteen_utc() {
        let date = ServiceDate::new(2026, 11, 23).unwrap();
        let midnight = Instant::from_civil(date, NaiveTime::MIN);
        assert_eq!(midnight.to_utc().to_rfc3339(), "2026-11-22T16:00:00+00:00");
        assert_eq!(midnight.civil_date(), date);
        assert_eq!(Instant::from_micros(midnight.micros() - 1).civil_date(), date.plus_days(-1));
    }

    #[test]
    fn an_instant_survives_json_to_the_microsecond() {
        let at = Instant::from_micros(1_795_400_000_123_456);
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(serde_json::from_str::<Instant>(&text).unwrap(), at);
    }

    #[test]
    fn a_natural_week_runs_from_monday_to_sunday() {
        let monday = ServiceDate::new(2026, 11, 23).unwrap();
        for days in 0..7 {
            assert_eq!(monday.plus_days(days).week_start(), monday);
        }
        assert_eq!(monday.plus_days(-1).week_start(), monday.plus_days(-7));
    }

    #[test]
    fn only_a_real_date_in_the_one_shape_is_accepted() {
        for text in ["2026-02-30", "2026-2-3", "20260203", "2026-11-23 ", "", "二〇二六年"] {
            assert_eq!(ServiceDate::parse(text), None, "{text}");
        }
        assert_eq!(ServiceDate::parse("2024-02-29"), ServiceDate::new(2024, 2, 29));
    }
}
