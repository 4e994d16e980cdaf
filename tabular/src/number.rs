//! Quantities with their unit in the type, read from decimal text without a float.

use crate::fault::CellFault;
use crate::schema::Bilingual;
use crate::value::{CellValue, Kind, Shape, not_accepted};
use domain::Fen;

/// Reads decimal text with at most `places` decimals as an integer count of the last place: `decimal("12.4", 2)` is 1240.
///
/// Full-width digits and point are accepted, because an input method types them. No sign but `-`, no thousands separator,
/// no exponent; `None` for anything else and for more than 15 digits.
pub(crate) fn decimal(text: &str, places: u32) -> Option<i64> {
    let plain: String = text.chars().map(half_width).collect();
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain.as_str()), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || fraction.is_some_and(|f| !is_digits(f)) {
        return None;
    }
    let fraction = fraction.unwrap_or_default().trim_end_matches('0');
    let width = usize::try_from(places).ok()?;
    if fraction.len() > width || whole.len() + width > 15 {
        return None;
    }
    let value: i64 = format!("{whole}{fraction:0<width$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// Writes what [`decimal`] reads: at least `least` and at most `places` decimals.
fn decimal_text(value: i64, places: u32, least: usize) -> String {
    let scale = 10_u64.checked_pow(places).unwrap_or(1);
    let magnitude = value.unsigned_abs();
    let width = usize::try_from(places).unwrap_or(0);
    let mut fraction = format!("{:0width$}", magnitude.checked_rem(scale).unwrap_or(0));
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    let sign = if value < 0 { "-" } else { "" };
    let whole = magnitude.checked_div(scale).unwrap_or(magnitude);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// The half-width form of a full-width ASCII character.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// A count from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// `None` outside the range.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        (MIN..=MAX).contains(&value).then_some(Self(value))
    }

    /// The count.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> CellValue for Whole<MIN, MAX> {
    const SHAPE: Shape = Shape::of(Kind::Number);
    fn accepts() -> Bilingual {
        Bilingual { zh: format!("{MIN} 至 {MAX} 的整数"), en: format!("a whole number from {MIN} to {MAX}") }
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let value = decimal(text, 0).and_then(|v| u32::try_from(v).ok());
        value.and_then(Self::new).ok_or_else(|| not_accepted::<Self>("bad_number", text))
    }
    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// What a bank pays at once: yuan from 0.01 to 999,999,999.99, read exactly as decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaidYuan(pub Fen);

impl CellValue for PaidYuan {
    const SHAPE: Shape = Shape::of(Kind::Number);
    fn accepts() -> Bilingual {
        Bilingual::of("金额（元），0.01 至 999999999.99，不带千分位", "yuan from 0.01 to 999999999.99 without separators")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let fen = decimal(text, 2).filter(|fen| (1..=99_999_999_999).contains(fen));
        fen.map(|fen| Self(Fen(fen))).ok_or_else(|| not_accepted::<Self>("bad_amount", text))
    }
    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// A mass in milligrams; a file states it in grams with at most three decimals, up to 10 kg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Milligrams(pub u32);

impl CellValue for Milligrams {
    const SHAPE: Shape = Shape::of(Kind::Number);
    fn accepts() -> Bilingual {
        Bilingual::of("克数，0 至 10000，最多三位小数", "grams from 0 to 10000 with at most three decimals")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let value = decimal(text, 3).and_then(|v| u32::try_from(v).ok()).filter(|v| *v <= 10_000_000);
        value.map(Self).ok_or_else(|| not_accepted::<Self>("bad_number", text))
    }
    fn write(&self) -> String {
        decimal_text(i64::from(self.0), 3, 0)
    }
}

/// Energy in tenths of a kilocalorie; a file states it in kcal with at most one decimal, up to 10,000 kcal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenthKcal(pub u32);

impl CellValue for TenthKcal {
    const SHAPE: Shape = Shape::of(Kind::Number);
    fn accepts() -> Bilingual {
        Bilingual::of("千卡数，0 至 10000，最多一位小数", "kcal from 0 to 10000 with at most one decimal")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let value = decimal(text, 1).and_then(|v| u32::try_from(v).ok()).filter(|v| *v <= 100_000);
        value.map(Self).ok_or_else(|| not_accepted::<Self>("bad_number", text))
    }
    fn write(&self) -> String {
        decimal_text(i64::from(self.0), 1, 0)
    }
}

/// Degrees in ten-millionths (1.1 cm). Phones give eight and more decimals; what is finer is cut.
fn degrees_e7(text: &str, range: std::ops::RangeInclusive<i32>) -> Option<i32> {
    let kept = text.split_once('.').map_or_else(
        || text.to_owned(),
        |(whole, fraction)| {
            let all_digits = fraction.chars().all(|c| half_width(c).is_ascii_digit());
            // Anything but digits stays, so that `decimal` refuses it instead of it being cut away unseen.
            if all_digits { format!("{whole}.{}", fraction.chars().take(7).collect::<String>()) } else { text.to_owned() }
        },
    );
    decimal(&kept, 7).and_then(|v| i32::try_from(v).ok()).filter(|v| range.contains(v))
}

/// Declares one axis of a WGS-84 coordinate; the range is China's, so that swapped axes are noticed.
macro_rules! axis {
    ($(#[$meta:meta])* $name:ident, $low:literal ..= $high:literal, $zh:literal, $en:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i32);

        impl $name {
            /// From ten-millionths of a degree; `None` outside China's range.
            #[must_use]
            pub fn from_e7(value: i32) -> Option<Self> {
                ($low * 10_000_000..=$high * 10_000_000).contains(&value).then_some(Self(value))
            }

            /// Ten-millionths of a degree.
            #[must_use]
            pub const fn e7(self) -> i32 {
                self.0
            }

            /// Degrees, for geometry.
            #[must_use]
            pub fn degrees(self) -> f64 {
                f64::from(self.0) / 1e7
            }
        }

        impl CellValue for $name {
            const SHAPE: Shape = Shape::secret(Kind::Number);
            fn accepts() -> Bilingual {
                Bilingual::of($zh, $en)
            }
            fn parse(text: &str) -> Result<Self, CellFault> {
                let value = degrees_e7(text, $low * 10_000_000..=$high * 10_000_000);
                value.map(Self).ok_or_else(|| not_accepted::<Self>("bad_coordinate", text))
            }
            fn write(&self) -> String {
                decimal_text(i64::from(self.0), 7, 0)
            }
        }
    };
}

axis! {
    /// Longitude, WGS-84, in ten-millionths of a degree.
    Longitude, 73 ..= 136,
    "WGS-84 经度，73 至 136 的十进制度数（不要与纬度写反；地图软件的坐标可能是 GCJ-02，须先换算）",
    "a WGS-84 longitude from 73 to 136 in decimal degrees (not swapped with the latitude; map apps may give GCJ-02, convert first)"
}

axis! {
    /// Latitude, WGS-84, in ten-millionths of a degree.
    Latitude, 3 ..= 54,
    "WGS-84 纬度，3 至 54 的十进制度数（不要与经度写反；地图软件的坐标可能是 GCJ-02，须先换算）",
    "a WGS-84 latitude from 3 to 54 in decimal degrees (not swapped with the longitude; map apps may give GCJ-02, convert first)"
}

/// A corner of a delivery area: `121.471234 31.230912`, longitude first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Coordinate {
    /// East.
    pub longitude: Longitude,
    /// North.
    pub latitude: Latitude,
}

impl CellValue for Coordinate {
    const SHAPE: Shape = Shape::of(Kind::Text);
    fn accepts() -> Bilingual {
        Bilingual::of("“经度 纬度”（WGS-84，中间一个空格）", "\"longitude latitude\" (WGS-84, a blank between)")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let mut parts = text.split_whitespace();
        let pair = parts.next().zip(parts.next()).filter(|_| parts.next().is_none());
        let (east, north) = pair.ok_or_else(|| not_accepted::<Self>("bad_coordinate", text))?;
        Ok(Self { longitude: Longitude::parse(east)?, latitude: Latitude::parse(north)? })
    }
    fn write(&self) -> String {
        format!("{} {}", self.longitude.write(), self.latitude.write())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Fen;
    use proptest::prelude::*;

    #[test]
    fn yuan_become_fen_digit_by_digit() {
        for (text, fen) in
            [("12.4", 1240), ("0.29", 29), ("1.10", 110), ("8", 800), ("12.400", 1240), ("１２．５", 1250), ("7.0", 700)]
        {
            assert_eq!(<Fen as CellValue>::parse(text), Ok(Fen(fen)), "{text}");
        }
        for text in
            ["12.345", "-1", "1,000", "1e3", "", ".5", "5.", "十二", "0.30000000000000004", "999999999999999999", "--1", "+1"]
        {
            assert!(<Fen as CellValue>::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_coordinate_finer_than_a_centimetre_is_cut_and_swapped_axes_are_refused() {
        assert_eq!(Longitude::parse("121.47123456789").map(Longitude::e7), Ok(1_214_712_345));
        assert!(Longitude::parse("31.230912").is_err());
        assert!(Latitude::parse("121.471234").is_err());
        assert!(Latitude::parse("31.23x").is_err());
        assert_eq!(Coordinate::parse("121.47 31.23").map(|c| c.write()), Ok("121.47 31.23".to_owned()));
        assert!(Coordinate::parse("121.47,31.23").is_err());
    }

    proptest! {
        #[test]
        fn a_quantity_reads_back_as_it_was_written(mg in 0u32..=10_000_000, kcal in 0u32..=100_000, fen in 0i64..=10_000_000) {
            prop_assert_eq!(Milligrams::parse(&Milligrams(mg).write()), Ok(Milligrams(mg)));
            prop_assert_eq!(TenthKcal::parse(&TenthKcal(kcal).write()), Ok(TenthKcal(kcal)));
            prop_assert_eq!(<Fen as CellValue>::parse(&Fen(fen).write()), Ok(Fen(fen)));
        }

        #[test]
        fn no_text_makes_a_quantity_panic(text in ".{0,40}") {
            let _ = (Milligrams::parse(&text), Longitude::parse(&text), Coordinate::parse(&text), <Fen as CellValue>::parse(&text));
        }
    }
}
