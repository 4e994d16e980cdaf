//! A phone number of mainland China.

use crate::Sensitive;

/// A mobile number (11 digits from 13 to 19) or a land line with its area code. (Which ranges are given out changes every year;
/// only the shape is checked.)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(Sensitive<String>);

/// The text is no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number: 11 digits of a mobile number, or a land line with its area code")]
pub struct BadPhone;

impl Phone {
    /// From digits with optional blanks, hyphens and a leading +86; kept as the national digits.
    pub fn parse(text: &str) -> Result<Self, BadPhone> {
        if text.len() > 40 {
            return Err(BadPhone);
        }
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let national = plain.strip_prefix("+86").unwrap_or(&plain);
        if !national.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadPhone);
        }
        let mobile = is_mobile(national);
        let land = (10..=12).contains(&national.len()) && matches!(national.as_bytes(), [b'0', b'1'..=b'9', ..]);
        if mobile || land { Ok(Self(Sensitive::new(national.to_owned()))) } else { Err(BadPhone) }
    }

    /// Whether it can take a text message.
    #[must_use]
    pub fn is_mobile(&self) -> bool {
        is_mobile(self.0.reveal())
    }

    /// The digits in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

fn is_mobile(national: &str) -> bool {
    national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it_and_kept_one_way() {
        for (text, kept, mobile) in [
            ("13800001234", "13800001234", true),
            ("+86 138-0000-1234", "13800001234", true),
            ("021-5555 1234", "02155551234", false),
        ] {
            let phone = Phone::parse(text).unwrap();
            assert_eq!((phone.reveal(), phone.is_mobile()), (kept, mobile), "{text}");
        }
        for text in ["", "12800001234", "1380000123", "138000012345", "55551234", "一三八", "+85213800001"] {
            assert_eq!(Phone::parse(text), Err(BadPhone), "{text}");
        }
    }
}
