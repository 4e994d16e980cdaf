//! Whom a canteen's money goes to: an account that one person enters and another confirms.

use crate::Sensitive;
use crate::id::UserId;

/// The number of a bank account: 8 to 32 digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountNumber(Sensitive<String>);

/// The text is no account number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a bank account: 8 to 32 digits")]
pub struct BadAccountNumber;

impl AccountNumber {
    /// From digits with optional blanks and hyphens; full-width digits are taken, because an input method types them.
    pub fn parse(text: &str) -> Result<Self, BadAccountNumber> {
        if text.len() > 160 {
            return Err(BadAccountNumber);
        }
        let plain: String = text.chars().map(half_width).filter(|c| !matches!(c, ' ' | '-')).collect();
        let good = (8..=32).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit());
        if good { Ok(Self(Sensitive::new(plain))) } else { Err(BadAccountNumber) }
    }

    /// The digits in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// `****1234`: the last four, whatever the length.
    #[must_use]
    pub fn masked(&self) -> String {
        let digits = self.reveal();
        format!("****{}", digits.get(digits.len().saturating_sub(4)..).unwrap_or_default())
    }
}

/// Whether two names of account holders are one: equal but for blanks and the width of characters, which banks' systems change.
#[must_use]
pub fn same_holder(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.chars().map(half_width).filter(|c| !c.is_whitespace()).collect::<String>();
    plain(one) == plain(other)
}

/// Whether this person may confirm an account that the other one entered. Somebody who enters an account of their own and pays
/// it is what the second look is for.
#[must_use]
pub fn may_confirm(by: Option<UserId>, entered_by: UserId) -> bool {
    by.is_some_and(|by| by != entered_by)
}

fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_account_is_kept_as_digits_and_shown_by_its_last_four() {
        for (text, digits) in [
            ("6222 0210 0111 6245 702", Some("6222021001116245702")),
            ("１２３４５６７８", Some("12345678")),
            ("1001-2345-6789", Some("100123456789")),
            ("1234567", None),
            ("123456789012345678901234567890123", None),
            ("62220210X1116245", None),
            ("", None),
        ] {
            assert_eq!(AccountNumber::parse(text).ok().as_ref().map(AccountNumber::reveal), digits, "{text}");
        }
        let account = AccountNumber::parse("6222021001116245702").unwrap();
        assert_eq!((account.masked().as_str(), format!("{account:?}").contains("6222")), ("****5702", false));
    }

    #[test]
    fn a_holder_is_the_same_but_for_blanks_and_width_and_for_nothing_else() {
        for (one, other, same) in [
            ("暖阳（示范）餐饮有限公司", "暖阳(示范)餐饮有限公司", true),
            ("暖阳餐饮 有限公司", "暖阳餐饮有限公司", true),
            ("暖阳餐饮有限公司", "暖阳餐饮公司", false),
            ("", "暖阳", false),
        ] {
            assert_eq!(same_holder(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn nobody_confirms_the_account_they_entered_and_nobody_confirms_anonymously() {
        let user = |n| UserId::from_uuid(Uuid::from_u128(n));
        assert!(may_confirm(Some(user(2)), user(1)));
        assert!(!may_confirm(Some(user(1)), user(1)));
        assert!(!may_confirm(None, user(1)));
    }
}
