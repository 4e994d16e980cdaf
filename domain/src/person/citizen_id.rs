//! The citizen identity number (公民身份号码, GB 11643-1999): region, birth date, order, check character.

use crate::{Sensitive, ServiceDate};

/// A citizen identity number of 18 characters with a real date and the right check character.
///
/// Whether the region still exists is not asked: regions are abolished, numbers stay.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CitizenId(Sensitive<String>);

/// Why a text is not an identity number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCitizenId {
    /// Not 17 digits followed by a digit or X.
    #[error("an identity number has 17 digits and a check character (0-9 or X)")]
    Shape,
    /// Positions 7 to 14 are no date between 1850 and 2199.
    #[error("positions 7 to 14 are not a date")]
    Date,
    /// The check character does not fit the digits (ISO 7064 MOD 11-2).
    #[error("the check character does not fit the digits")]
    Check,
}

/// Weights of the first 17 digits (GB 11643-1999, 4.1).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the weighted sum modulo 11.
const CHECK: [u8; 11] = *b"10X98765432";

impl CitizenId {
    /// Reads a number; a lower-case x is accepted and stored upper-case, surrounding blanks are not accepted.
    pub fn parse(text: &str) -> Result<Self, BadCitizenId> {
        let bytes: &[u8; 18] = text.as_bytes().try_into().map_err(|_| BadCitizenId::Shape)?;
        let (digits, last) = (&bytes[..17], bytes[17].to_ascii_uppercase());
        if !digits.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || last == b'X') {
            return Err(BadCitizenId::Shape);
        }
        let upper = text.to_ascii_uppercase();
        Self::date_in(&upper).filter(|d| (1850..2200).contains(&chrono::Datelike::year(&d.0))).ok_or(BadCitizenId::Date)?;
        if Self::check_character(digits) != Some(last) {
            return Err(BadCitizenId::Check);
        }
        Ok(Self(Sensitive::new(upper)))
    }

    /// The check character of 17 digits; `None` unless they are exactly that.
    #[must_use]
    pub fn check_character(digits: &[u8]) -> Option<u8> {
        if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| u32::from(d - b'0') * w).sum();
        CHECK.get((sum % 11) as usize).copied()
    }

    /// The birth date, which the parser has found to be real.
    #[must_use]
    pub fn birth_date(&self) -> ServiceDate {
        Self::date_in(self.0.reveal()).unwrap_or(ServiceDate(chrono::NaiveDate::MIN))
    }

    /// The 18 characters in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    fn date_in(text: &str) -> Option<ServiceDate> {
        let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
        ServiceDate::new(i32::try_from(part(6..10)?).ok()?, part(10..12)?, part(12..14)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_check(digits: &str) -> String {
        format!("{digits}{}", char::from(CitizenId::check_character(digits.as_bytes()).unwrap()))
    }

    #[test]
    fn shape_then_date_then_check_character_are_told_apart() {
        let good = with_check("99010119410315003");
        assert!(CitizenId::parse(&good).is_ok());
        for (text, error) in [
            ("", BadCitizenId::Shape),
            ("99010119410315003", BadCitizenId::Shape),
            ("九九零一零一", BadCitizenId::Shape), // 18 bytes of UTF-8
            ("9901011941031500 1", BadCitizenId::Shape),
            (&with_check("99010119410230003"), BadCitizenId::Date),
            (&with_check("99010100000101003"), BadCitizenId::Date),
        ] {
            assert_eq!(CitizenId::parse(text), Err(error), "{text}");
        }
        let wrong_last = if good.ends_with('1') { "2" } else { "1" };
        assert_eq!(CitizenId::parse(&format!("{}{wrong_last}", &good[..17])), Err(BadCitizenId::Check));
    }

    #[test]
    fn a_lower_case_x_is_the_same_number() {
        let digits = (0..1000)
            .map(|n| format!("99010119410315{n:03}"))
            .find(|d| CitizenId::check_character(d.as_bytes()) == Some(b'X'))
            .unwrap();
        assert_eq!(CitizenId::parse(&format!("{digits}x")), CitizenId::parse(&format!("{digits}X")));
        assert_eq!(CitizenId::parse(&format!("{digits}x")).unwrap().birth_date(), ServiceDate::new(1941, 3, 15).unwrap());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,20}") {
            let _ = CitizenId::parse(&text);
        }

        #[test]
        fn changing_any_one_digit_is_noticed(place in 0usize..17, by in 1u8..10) {
            let good = with_check("99010119410315003");
            let mut bytes = good.clone().into_bytes();
            bytes[place] = b'0' + (bytes[place] - b'0' + by) % 10;
            prop_assert!(CitizenId::parse(&String::from_utf8(bytes).unwrap()).is_err());
        }
    }
}
