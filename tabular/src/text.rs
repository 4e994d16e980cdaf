//! Bounded texts: names, codes, phones, addresses, licence and card numbers.

use crate::fault::CellFault;
use crate::number::half_width;
use crate::schema::Bilingual;
use crate::value::{CellValue, Kind, Shape, not_accepted};
use domain::Sensitive;
use domain::settlement::payee::AccountNumber;
use std::fmt;

/// A trimmed, non-empty text of at most `MAX` characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// `None` when empty, untrimmed, too long, or with a control character or U+FFFD (the mark of a lost character).
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let lost = |c: char| c.is_control() || c == '\u{fffd}';
        let good = !text.is_empty() && text.trim() == text && text.chars().count() <= MAX && !text.contains(lost);
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> CellValue for Text<MAX> {
    const SHAPE: Shape = Shape::of(Kind::Text);
    fn accepts() -> Bilingual {
        Bilingual { zh: format!("不超过 {MAX} 字的文字"), en: format!("text of at most {MAX} characters") }
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::new(text).ok_or_else(|| not_accepted::<Self>("bad_text", text))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

/// A short name that other files refer to (`C07`, `红烧肉`): letters of any script, digits, `-`, `_`, `.`; at most 32.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(String);

impl Code {
    /// `None` for any other shape.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain: String = text.chars().map(half_width).collect();
        let length = plain.chars().count();
        let good = (1..=32).contains(&length) && plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        good.then_some(Self(plain))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CellValue for Code {
    // A code such as 007 typed as a number has already lost its zeros.
    const SHAPE: Shape = Shape::of(Kind::Digits);
    fn accepts() -> Bilingual {
        Bilingual::of("不超过 32 个字母、汉字、数字、-、_ 或 . 的编号", "a code of at most 32 letters, digits, -, _ or .")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::new(text).ok_or_else(|| not_accepted::<Self>("bad_code", text))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

/// A telephone number in China without separators: a mobile of 11 digits or an area code with a land line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(Sensitive<String>);

impl Phone {
    /// From digits with optional blanks, hyphens and a leading +86; `None` for any other shape.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain: String = text.chars().map(half_width).filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let national = plain.strip_prefix("+86").unwrap_or(&plain);
        if !national.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mobile = national.len() == 11 && matches!(national.as_bytes(), [b'1', b'3'..=b'9', ..]);
        let land = (10..=12).contains(&national.len()) && matches!(national.as_bytes(), [b'0', b'1'..=b'9', ..]);
        (mobile || land).then(|| Self(Sensitive::new(national.to_owned())))
    }

    /// The digits in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl CellValue for Phone {
    const SHAPE: Shape = Shape::secret(Kind::Digits);
    fn accepts() -> Bilingual {
        Bilingual::of("11 位手机号，或带区号的固定电话", "a mobile number of 11 digits, or a land line with its area code")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::new(text).ok_or_else(|| not_accepted::<Self>("bad_phone", text))
    }
    fn write(&self) -> String {
        self.reveal().to_owned()
    }
}

/// Personal text (address below the community, health note) of at most `MAX` characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Private<const MAX: usize>(Sensitive<String>);

impl<const MAX: usize> Private<MAX> {
    /// `None` when empty, untrimmed, too long or with a control character.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Text::<MAX>::new(text).map(|t| Self(Sensitive::new(t.0)))
    }

    /// The text in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl<const MAX: usize> CellValue for Private<MAX> {
    const SHAPE: Shape = Shape::secret(Kind::Text);
    fn accepts() -> Bilingual {
        Text::<MAX>::accepts()
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::new(text).ok_or_else(|| not_accepted::<Self>("bad_text", text))
    }
    fn write(&self) -> String {
        self.reveal().to_owned()
    }
}

/// The number on a senior's meal card: 4 to 32 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CardNumber(String);

impl CardNumber {
    /// `None` for any other shape; letters become upper-case.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain: String = text.chars().map(|c| half_width(c).to_ascii_uppercase()).collect();
        let good = (4..=32).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then_some(Self(plain))
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CellValue for CardNumber {
    const SHAPE: Shape = Shape::secret(Kind::Digits);
    fn accepts() -> Bilingual {
        Bilingual::of("4 至 32 位字母或数字的卡号", "a card number of 4 to 32 letters and digits")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::new(text).ok_or_else(|| not_accepted::<Self>("bad_card_number", text))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

impl CellValue for AccountNumber {
    const SHAPE: Shape = Shape::secret(Kind::Digits);
    fn accepts() -> Bilingual {
        Bilingual::of("8 至 32 位数字的银行账号", "a bank account of 8 to 32 digits")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::parse(text).map_err(|_| not_accepted::<Self>("bad_account", text))
    }
    fn write(&self) -> String {
        self.reveal().to_owned()
    }
}

/// A food business licence (食品经营许可证, `JY` and 14 digits) or the local registration of a small table: 6 to 32 letters,
/// digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Licence(String);

impl Licence {
    /// `None` for any other shape. What begins with `JY` must go on with 14 digits.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain: String = text.chars().map(|c| half_width(c).to_ascii_uppercase()).collect();
        let good = (6..=32).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let jy = plain.strip_prefix("JY").is_none_or(|rest| rest.len() == 14 && rest.bytes().all(|b| b.is_ascii_digit()));
        (good && jy).then_some(Self(plain))
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CellValue for Licence {
    const SHAPE: Shape = Shape::of(Kind::Digits);
    fn accepts() -> Bilingual {
        Bilingual::of(
            "食品经营许可证号（JY 加 14 位数字）或备案号（6 至 32 位字母、数字、-）",
            "a food business licence (JY and 14 digits) or a registration of 6 to 32 letters, digits and hyphens",
        )
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::new(text).ok_or_else(|| not_accepted::<Self>("bad_licence", text))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_kept_as_digits_whatever_its_separators() {
        for (text, digits) in [
            ("138 0000 1234", "13800001234"),
            ("+86-13800001234", "13800001234"),
            ("１３８００００１２３４", "13800001234"),
            ("(021) 5555-1234", "02155551234"),
        ] {
            assert_eq!(Phone::new(text).map(|p| p.reveal().to_owned()), Some(digits.to_owned()), "{text}");
        }
        for text in ["12800001234", "1380000123", "138000012345", "5551234", "一三八", ""] {
            assert_eq!(Phone::new(text), None, "{text}");
        }
    }

    #[test]
    fn a_licence_that_begins_as_a_permit_must_be_a_whole_permit() {
        assert!(Licence::new("JY29901010000017").is_some());
        assert!(Licence::new("JY2990101000001").is_none());
        assert!(Licence::new("NW-990101-0007").is_some());
        assert!(Licence::new("无").is_none());
    }

    #[test]
    fn a_message_about_personal_data_does_not_repeat_it() {
        for fault in [Phone::parse("1380000123").unwrap_err(), Private::<120>::parse(&"长".repeat(200)).unwrap_err()] {
            assert!(!fault.en.contains("1380000123") && !fault.zh.contains("长长"), "{fault:?}");
        }
    }
}
