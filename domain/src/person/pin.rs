//! The short number by which somebody of a kitchen signs in on a display, with wet hands, among colleagues.
//!
//! It says who stands at the screen and gives nobody a right: what a display may do, the display may do. So it may be short, as long
//! as it is not the number that everybody tries first.

use crate::Sensitive;

/// Fewest digits: what can be typed with gloves.
pub const MIN: usize = 4;
/// Most digits.
pub const MAX: usize = 8;

/// A number that satisfies the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(Sensitive<String>);

/// Why a number is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPin {
    /// Not [`MIN`] to [`MAX`] digits.
    NotDigits,
    /// One or two digits repeated, or a run up or down.
    Guessable,
}

impl Pin {
    /// Checks a number.
    pub fn parse(text: &str) -> Result<Self, BadPin> {
        if !(MIN..=MAX).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadPin::NotDigits);
        }
        if guessable(text.as_bytes()) { Err(BadPin::Guessable) } else { Ok(Self(Sensitive::new(text.to_owned()))) }
    }

    /// In the clear, for the hash.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

fn guessable(digits: &[u8]) -> bool {
    let apart = |by: i16| digits.windows(2).all(|pair| matches!(pair, [a, b] if i16::from(*b) - i16::from(*a) == by));
    let repeats = (1..=2).any(|period| digits.iter().zip(digits.iter().skip(period)).all(|(a, b)| a == b));
    repeats || apart(1) || apart(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_to_eight_digits_pass_and_the_first_guesses_do_not() {
        for (text, expected) in [
            ("2749", Ok(())),
            ("19470302", Ok(())),
            ("274", Err(BadPin::NotDigits)),
            ("274913862", Err(BadPin::NotDigits)),
            ("27a9", Err(BadPin::NotDigits)),
            ("２７４９", Err(BadPin::NotDigits)),
            ("", Err(BadPin::NotDigits)),
            ("0000", Err(BadPin::Guessable)),
            ("1212", Err(BadPin::Guessable)),
            ("12121", Err(BadPin::Guessable)),
            ("1234", Err(BadPin::Guessable)),
            ("8765", Err(BadPin::Guessable)),
        ] {
            assert_eq!(Pin::parse(text).map(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn a_number_does_not_show_in_logs() {
        assert!(!format!("{:?}", Pin::parse("2749").unwrap()).contains("2749"));
    }
}
