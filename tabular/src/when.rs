//! Dates, times of day, weekdays and cut-offs as people write them.

use crate::fault::CellFault;
use crate::number::half_width;
use crate::schema::Bilingual;
use crate::value::{CellValue, Kind, Shape, not_accepted};
use chrono::{NaiveTime, Timelike, Weekday};
use domain::ServiceDate;

/// A date: `2026-03-02`, and what spreadsheets make of it: `2026/3/2`, `2026年3月2日`.
impl CellValue for ServiceDate {
    const SHAPE: Shape = Shape::of(Kind::Date);
    fn accepts() -> Bilingual {
        Bilingual::of("日期，如 2026-03-02", "a date such as 2026-03-02")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let plain: String = text.chars().map(half_width).collect();
        let plain = plain.strip_suffix('日').unwrap_or(&plain);
        let mut parts = plain.split(['-', '/', '年', '月']).map(|p| {
            let digits = (1..=4).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
            if digits { p.parse::<u32>().ok() } else { None }
        });
        let date = (|| {
            let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
            let plausible = parts.next().is_none() && (1800..2200).contains(&year);
            Self::new(i32::try_from(year).ok()?, month, day).filter(|_| plausible)
        })();
        date.ok_or_else(|| not_accepted::<Self>("bad_date", text))
    }
    fn write(&self) -> String {
        self.to_string()
    }
}

/// `9:30` or `09:30`.
fn time(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.split_once([':', '：'])?;
    let number = |s: &str| ((1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse().ok()).flatten();
    NaiveTime::from_hms_opt(number(hour)?, number(minute).filter(|_| minute.len() == 2)?, 0)
}

/// From one time of day to a later one: `11:00-12:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeWindow {
    /// The first minute.
    pub from: NaiveTime,
    /// The end, later than `from`.
    pub to: NaiveTime,
}

impl CellValue for TimeWindow {
    const SHAPE: Shape = Shape::of(Kind::Text);
    fn accepts() -> Bilingual {
        Bilingual::of("时段，如 11:00-12:30", "a window such as 11:00-12:30")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let plain: String = text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect();
        let window = plain.split_once(['-', '~', '至']).and_then(|(from, to)| Some((time(from)?, time(to)?)));
        window
            .filter(|(from, to)| from < to)
            .map(|(from, to)| Self { from, to })
            .ok_or_else(|| not_accepted::<Self>("bad_window", text))
    }
    fn write(&self) -> String {
        format!("{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

/// Until when a meal can be ordered: so many days before the service date, at a time of day in China.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CutOff {
    /// 0 on the service date itself, at most 7.
    pub days_before: u8,
    /// The last minute.
    pub time: NaiveTime,
}

impl CellValue for CutOff {
    const SHAPE: Shape = Shape::of(Kind::Time);
    fn accepts() -> Bilingual {
        Bilingual::of("截止时间，如 09:30（当日）、前1日 20:00", "a cut-off such as 09:30 (same day) or D-1 20:00 (the day before)")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let plain: String = text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect();
        let (days_before, rest) = days_before(&plain);
        time(rest)
            .filter(|_| days_before <= 7)
            .map(|time| Self { days_before, time })
            .ok_or_else(|| not_accepted::<Self>("bad_cut_off", text))
    }
    fn write(&self) -> String {
        let at = self.time.format("%H:%M");
        if self.days_before == 0 { at.to_string() } else { format!("D-{} {at}", self.days_before) }
    }
}

/// `D-1`, `前1日`, `前一日` before the time; nothing, `D` or `当日` is the service date. A day count that is no digit is 9,
/// which is refused.
fn days_before(plain: &str) -> (u8, &str) {
    for same_day in ["当日", "当天"] {
        if let Some(rest) = plain.strip_prefix(same_day) {
            return (0, rest);
        }
    }
    let Some(rest) = plain.strip_prefix("D-").or_else(|| plain.strip_prefix("d-")).or_else(|| plain.strip_prefix('前')) else {
        return (0, plain.strip_prefix(['D', 'd']).unwrap_or(plain));
    };
    let mut characters = rest.chars();
    let days = match characters.next() {
        Some('一') => 1,
        Some('二' | '两') => 2,
        Some('三') => 3,
        Some(c) => c.to_digit(10).and_then(|d| u8::try_from(d).ok()).unwrap_or(9),
        None => 9,
    };
    let rest = characters.as_str();
    (days, rest.strip_prefix(['日', '天']).unwrap_or(rest))
}

/// A set of weekdays, never empty: `1,3,5`, `1-5`, `135`, `周一、周三`, `一三五`, `每天`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day, Monday first.
    pub const WEEK: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    /// `None` for no day at all.
    #[must_use]
    pub fn new(days: impl IntoIterator<Item = Weekday>) -> Option<Self> {
        let bits = days.into_iter().fold(0_u8, |bits, day| bits | Self::bit(day));
        (bits != 0).then_some(Self(bits))
    }

    /// Whether the day is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    /// The days, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekdays::WEEK.into_iter().filter(move |day| self.contains(*day))
    }

    fn bit(day: Weekday) -> u8 {
        1_u8.checked_shl(day.num_days_from_monday()).unwrap_or(0)
    }
}

impl CellValue for Weekdays {
    const SHAPE: Shape = Shape::of(Kind::Text);
    fn accepts() -> Bilingual {
        Bilingual::of(
            "星期，如 1-5、1,3,5、周一、周三、每天（1 为周一，7 为周日）",
            "weekdays such as 1-5 or 1,3,5 (1 is Monday, 7 is Sunday)",
        )
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let bad = || not_accepted::<Self>("bad_weekdays", text);
        if matches!(text, "每天" | "每日" | "daily") {
            return Ok(Self(0x7f));
        }
        let (mut bits, mut last, mut range) = (0_u8, None::<u32>, false);
        for c in text.chars().map(half_width) {
            let day = match c {
                '周' | '星' | '期' | '礼' | '拜' | ',' | ';' | '、' | ' ' => continue,
                '-' | '~' | '至' | '到' if last.is_some() && !range => {
                    range = true;
                    continue;
                }
                '日' | '天' => 7,
                _ => "一二三四五六".chars().zip(1..).find(|(zh, _)| *zh == c).map(|(_, n)| n).or(c.to_digit(10)).unwrap_or(0),
            };
            if !(1..=7).contains(&day) {
                return Err(bad());
            }
            let first = if range { last.filter(|l| *l < day).ok_or_else(bad)? } else { day };
            for n in first..=day {
                bits |= 1_u8.checked_shl(n - 1).unwrap_or(0);
            }
            (last, range) = (Some(day), false);
        }
        if bits == 0 || range { Err(bad()) } else { Ok(Self(bits)) }
    }
    fn write(&self) -> String {
        // With commas a spreadsheet would read 1,3 as a number and 1-5 as a date; digits after 周 stay text.
        format!("周{}", self.iter().map(|d| d.number_from_monday().to_string()).collect::<String>())
    }
}

/// A wall-clock time as a cell of a workbook gives it, seconds cut.
pub(crate) fn clock_text(hour: u8, minute: u8) -> Option<String> {
    let time = NaiveTime::from_hms_opt(u32::from(hour), u32::from(minute), 0)?;
    Some(format!("{:02}:{:02}", time.hour(), time.minute()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_every_shape_that_spreadsheets_write() {
        let expected = ServiceDate::new(2026, 3, 2);
        for text in ["2026-03-02", "2026/3/2", "2026年3月2日", "2026/03/02", "２０２６-０３-０２"] {
            assert_eq!(<ServiceDate as CellValue>::parse(text).ok(), expected, "{text}");
        }
        for text in ["2026-02-30", "2026-3", "02/03/2026", "20260302", "2026-03-02 10:00", "1-5", "明天"] {
            assert!(<ServiceDate as CellValue>::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_cut_off_counts_days_back_from_the_service_date() {
        for (text, days, written) in [
            ("09:30", 0, "09:30"),
            ("当日 9:30", 0, "09:30"),
            ("D-1 20:00", 1, "D-1 20:00"),
            ("前一日20:00", 1, "D-1 20:00"),
            ("前2日 18：00", 2, "D-2 18:00"),
        ] {
            let cut_off = CutOff::parse(text).unwrap();
            assert_eq!((cut_off.days_before, cut_off.write()), (days, written.to_owned()), "{text}");
            assert_eq!(CutOff::parse(&cut_off.write()), Ok(cut_off));
        }
        for text in ["D-9 20:00", "D-x 20:00", "24:00", "20", "前日", ""] {
            assert!(CutOff::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_ends_after_it_begins() {
        assert_eq!(TimeWindow::parse("11：00 至 12：30").map(|w| w.write()), Ok("11:00-12:30".to_owned()));
        for text in ["12:30-11:00", "11:00-11:00", "11:00", "11-12"] {
            assert!(TimeWindow::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn weekdays_are_a_set_however_they_are_written() {
        for (text, written) in [
            ("1-5", "周12345"),
            ("1,3,5", "周135"),
            ("周一、周三、周五", "周135"),
            ("一三五", "周135"),
            ("周一至周五", "周12345"),
            ("每天", "周1234567"),
            ("星期日", "周7"),
            ("6-7,1", "周167"),
        ] {
            let days = Weekdays::parse(text).unwrap();
            assert_eq!(days.write(), written, "{text}");
            assert_eq!(Weekdays::parse(&days.write()), Ok(days));
        }
        for text in ["0", "8", "5-1", "1-", "-1", "周", "Mon"] {
            assert!(Weekdays::parse(text).is_err(), "{text}");
        }
    }
}
