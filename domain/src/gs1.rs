//! GS1 element strings: what a barcode on a sack of flour says (GS1 General Specifications, section 3 and 7).
//!
//! Read are GTIN (01), lot (10), production (11), best-before (15) and expiry date (17). Other elements are stepped over, because
//! a scanner delivers all of them; what cannot be stepped over safely is an error, never a guess.

use crate::ServiceDate;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// FNC1 as scanners transmit it: the end of an element of variable length.
const SEPARATOR: char = '\u{1d}';
/// The longest text that is looked at; a full GS1 DataMatrix holds less than half of it.
pub const MAX_CHARS: usize = 512;

/// What a barcode says about a lot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Elements {
    /// Global trade item number, 14 digits with a valid check digit (shorter ones are filled with zeros).
    pub gtin: Option<String>,
    /// Batch or lot number, 1 to 20 characters.
    pub lot: Option<String>,
    /// Production date.
    pub produced_on: Option<ServiceDate>,
    /// Best before date (15).
    pub best_before: Option<ServiceDate>,
    /// Expiry date (17).
    pub expires_on: Option<ServiceDate>,
}

/// Why a barcode cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gs1Fault {
    /// Nothing, or more than [`MAX_CHARS`].
    #[error("a barcode has 1 to {MAX_CHARS} characters")]
    Length,
    /// An element ends before its length.
    #[error("element ({0}) is cut short")]
    CutShort(String),
    /// The text at this character is no application identifier.
    #[error("no application identifier at character {0}")]
    NoIdentifier(usize),
    /// The check digit does not fit.
    #[error("the GTIN's check digit is wrong")]
    CheckDigit,
    /// No such date.
    #[error("element ({0}) is not a date")]
    BadDate(String),
    /// A character that GS1 does not allow, or an empty or too long element.
    #[error("element ({0}) has characters or a length that GS1 does not allow")]
    BadValue(String),
    /// One element twice with different values.
    #[error("element ({0}) stands twice with different values")]
    Twice(String),
}

/// Reads a barcode: an element string as scanners send it, the same with brackets as it is printed, or a bare EAN/UPC number.
///
/// `today` places two-digit years in the century that section 7.12 of the specification gives them.
pub fn parse(text: &str, today: ServiceDate) -> Result<Elements, Gs1Fault> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_CHARS {
        return Err(Gs1Fault::Length);
    }
    let mut elements = Elements::default();
    // Without a symbology identifier 12 or 13 digits are a retail number. (8 digits are not taken for an EAN-8: a date element
    // has as many, and what is not sure must not be guessed.)
    if matches!(text.len(), 12 | 13) && text.bytes().all(|b| b.is_ascii_digit()) {
        elements.gtin = Some(gtin(text)?);
        return Ok(elements);
    }
    let text = ["]C1", "]d2", "]Q3", "]e0", "]J1"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let pairs = if text.starts_with('(') { bracketed(text)? } else { plain(text)? };
    for (identifier, value) in pairs {
        elements.take(&identifier, &value, today)?;
    }
    Ok(elements)
}

impl Elements {
    fn take(&mut self, identifier: &str, value: &str, today: ServiceDate) -> Result<(), Gs1Fault> {
        match identifier {
            "01" => {
                let given = gtin(value)?;
                keep(&mut self.gtin, given, identifier)
            }
            "10" => {
                let good = (1..=20).contains(&value.len()) && value.bytes().all(is_allowed);
                if !good {
                    return Err(Gs1Fault::BadValue(identifier.to_owned()));
                }
                keep(&mut self.lot, value.to_owned(), identifier)
            }
            "11" => keep(&mut self.produced_on, date(value, identifier, today)?, identifier),
            "15" => keep(&mut self.best_before, date(value, identifier, today)?, identifier),
            "17" => keep(&mut self.expires_on, date(value, identifier, today)?, identifier),
            _ => Ok(()),
        }
    }
}

fn keep<T: PartialEq>(slot: &mut Option<T>, value: T, identifier: &str) -> Result<(), Gs1Fault> {
    match slot {
        Some(held) if *held != value => Err(Gs1Fault::Twice(identifier.to_owned())),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// `(01)...(10)...`: as printed under the bars. A bracket inside a value cannot be told from an identifier's, so none is allowed.
fn bracketed(text: &str) -> Result<Vec<(String, String)>, Gs1Fault> {
    let mut pairs = Vec::new();
    let mut at = 0;
    for part in text.split('(').skip(1) {
        at += 1;
        let (identifier, value) = part.split_once(')').ok_or(Gs1Fault::NoIdentifier(at))?;
        if !(2..=4).contains(&identifier.len()) || !identifier.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Gs1Fault::NoIdentifier(at));
        }
        let wrong = fixed_length(identifier).is_some_and(|length| value.chars().count() != length);
        if value.is_empty() || wrong {
            return Err(Gs1Fault::CutShort(identifier.to_owned()));
        }
        pairs.push((identifier.to_owned(), value.to_owned()));
        at += part.chars().count();
    }
    Ok(pairs)
}

/// As a scanner sends it: predefined lengths stand end to end, others end with FNC1 or with the text.
fn plain(text: &str) -> Result<Vec<(String, String)>, Gs1Fault> {
    let chars: Vec<char> = text.chars().collect();
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars.get(at) == Some(&SEPARATOR) {
            at += 1;
            continue;
        }
        let identifier: String = chars.iter().skip(at).take(2).collect();
        if identifier.len() != 2 || !identifier.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Gs1Fault::NoIdentifier(at));
        }
        let rest = chars.get(at + 2..).unwrap_or_default();
        let value: String = match fixed_length(&identifier) {
            Some(length) => rest.iter().take(length).collect(),
            None => rest.iter().take_while(|c| **c != SEPARATOR).collect(),
        };
        let taken = value.chars().count();
        let short = fixed_length(&identifier).is_some_and(|length| taken < length || value.contains(SEPARATOR));
        if taken == 0 || short {
            return Err(Gs1Fault::CutShort(identifier));
        }
        at += 2 + taken;
        pairs.push((identifier, value));
    }
    Ok(pairs)
}

/// Characters of an element's value by its first two digits, where the specification predefines it (its figure 7.8.5-2). Of
/// identifiers with four digits (31nn to 36nn) the other two count as part of the value here.
fn fixed_length(identifier: &str) -> Option<usize> {
    let short = identifier.get(..2)?;
    let of_two = match short {
        "00" => 18,
        "01" | "02" | "03" => 14,
        "04" => 16,
        "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" => 6,
        "20" => 2,
        "31" | "32" | "33" | "34" | "35" | "36" => 8,
        "41" => 14,
        _ => return None,
    };
    (of_two + 2_usize).checked_sub(identifier.len())
}

/// A GTIN-8, -12, -13 or -14 with a valid check digit, filled to 14 digits.
fn gtin(digits: &str) -> Result<String, Gs1Fault> {
    if !matches!(digits.len(), 8 | 12 | 13 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Gs1Fault::BadValue("01".to_owned()));
    }
    let filled = format!("{digits:0>14}");
    let weighted = filled.bytes().enumerate().map(|(n, b)| u32::from(b - b'0') * if n % 2 == 0 { 3 } else { 1 });
    if weighted.sum::<u32>() % 10 == 0 { Ok(filled) } else { Err(Gs1Fault::CheckDigit) }
}

/// YYMMDD; day 00 is the last of the month.
fn date(value: &str, identifier: &str, today: ServiceDate) -> Result<ServiceDate, Gs1Fault> {
    let bad = || Gs1Fault::BadDate(identifier.to_owned());
    let number = |from: usize| value.get(from..from + 2)?.parse::<u32>().ok();
    if value.len() != 6 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let (Some(yy), Some(month), Some(day)) = (number(0), number(2), number(4)) else { return Err(bad()) };
    let year = full_year(yy, today);
    let date = if day == 0 {
        let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1) } else { NaiveDate::from_ymd_opt(year, month + 1, 1) };
        next.and_then(|d| d.pred_opt())
    } else {
        NaiveDate::from_ymd_opt(year, month, day)
    };
    date.map(ServiceDate).ok_or_else(bad)
}

/// The year whose last two digits are `yy`, from 49 years back to 50 years ahead (section 7.12).
fn full_year(yy: u32, today: ServiceDate) -> i32 {
    let (century, now) = (today.0.year().div_euclid(100), today.0.year().rem_euclid(100));
    // At most two digits, so the conversion cannot fail.
    let yy = i32::try_from(yy).unwrap_or(0);
    let shift = match yy - now {
        51.. => -1,
        ..=-50 => 1,
        _ => 0,
    };
    (century + shift) * 100 + yy
}

/// GS1's character set 82: letters, digits and these marks.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || br#"!"%&'()*+,-./:;<=>?_"#.contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> ServiceDate {
        ServiceDate::parse(text).unwrap()
    }

    fn today() -> ServiceDate {
        day("2026-11-23")
    }

    fn flour() -> Elements {
        Elements {
            gtin: Some("06901234567892".into()),
            lot: Some("AB-123".into()),
            expires_on: Some(day("2027-02-28")),
            ..Elements::default()
        }
    }

    #[test]
    fn one_lot_is_read_alike_from_a_scanner_and_from_print() {
        for text in [
            "0106901234567892172702281\u{30}AB-123",
            "]C10106901234567892172702281\u{30}AB-123",
            "010690123456789210AB-123\u{1d}17270228",
            "\u{1d}010690123456789217270200310300150010AB-123",
            "(01)06901234567892(17)270228(10)AB-123",
            "(01)06901234567892(3103)001500(17)270228(10)AB-123",
        ] {
            assert_eq!(parse(text, today()), Ok(flour()), "{text:?}");
        }
    }

    #[test]
    fn a_bare_retail_number_gives_its_gtin() {
        assert_eq!(parse("6901234567892", today()).unwrap().gtin, Some("06901234567892".into()));
        assert_eq!(parse("6901234567893", today()), Err(Gs1Fault::CheckDigit));
    }

    #[test]
    fn what_is_not_sure_is_an_error_and_names_its_place() {
        for (text, fault) in [
            ("", Gs1Fault::Length),
            ("0106901234567893", Gs1Fault::CheckDigit),
            ("]C1010690123456", Gs1Fault::CutShort("01".into())),
            ("17270230", Gs1Fault::BadDate("17".into())),
            ("17271301", Gs1Fault::BadDate("17".into())),
            ("1727022", Gs1Fault::CutShort("17".into())),
            ("10", Gs1Fault::CutShort("10".into())),
            ("10ABCDEFGHIJKLMNOPQRSTU", Gs1Fault::BadValue("10".into())),
            ("10批号", Gs1Fault::BadValue("10".into())),
            ("XY123", Gs1Fault::NoIdentifier(0)),
            ("(1)23", Gs1Fault::NoIdentifier(1)),
            ("(10)A(10)B", Gs1Fault::Twice("10".into())),
        ] {
            assert_eq!(parse(text, today()), Err(fault), "{text}");
        }
    }

    #[test]
    fn two_digits_of_a_year_lie_within_fifty_years_of_today() {
        for (value, expected) in
            [("761231", "2076-12-31"), ("771231", "1977-12-31"), ("260200", "2026-02-28"), ("281200", "2028-12-31")]
        {
            assert_eq!(date(value, "17", today()), Ok(day(expected)), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_never_panics(text in "\\PC{0,60}", digits in "[0-9()\u{1d}A-Z]{0,80}") {
            let _ = parse(&text, today());
            let _ = parse(&digits, today());
        }

        #[test]
        fn what_was_written_is_read_back(body in "[0-9]{13}", lot in "[A-Za-z0-9./-]{1,20}", days in 0i32..15_000, lot_first: bool) {
            let sum: u32 = body.bytes().enumerate().map(|(n, b)| u32::from(b - b'0') * if n % 2 == 0 { 3 } else { 1 }).sum();
            let gtin = format!("{body}{}", (10 - sum % 10) % 10);
            let expires_on = today().plus_days(days);
            let expiry = format!("17{}", expires_on.0.format("%y%m%d"));
            let text = if lot_first { format!("01{gtin}10{lot}\u{1d}{expiry}") } else { format!("01{gtin}{expiry}10{lot}") };
            let read = parse(&text, today()).unwrap();
            prop_assert_eq!(read, Elements { gtin: Some(gtin), lot: Some(lot), expires_on: Some(expires_on), ..Elements::default() });
        }
    }
}
