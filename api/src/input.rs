//! Checks of what clients send, each of which names the place, the cause and the cure.

use domain::PlaceCode;
use domain::fault::Faults;
use domain::person::citizen_id::CitizenId;
use domain::person::phone::Phone;

/// A text that must be there: trimmed, of at most `max` characters, without control characters.
pub fn text(faults: &mut Faults, place: &str, value: &str, max: usize) {
    if value.trim().is_empty() {
        faults.push(place, "required", "不能为空", "must not be empty");
    } else if value.trim() != value {
        faults.push(place, "untrimmed", "首尾不能有空格", "must not begin or end with a blank");
    }
    crate::orders::limit_text(faults, place, Some(value), max);
}

/// An identity number; the fault does not repeat it.
pub fn identity_number(faults: &mut Faults, place: &str, value: &str) -> Option<CitizenId> {
    let parsed = CitizenId::parse(value);
    if let Err(bad) = &parsed {
        let zh = "不是有效的 18 位公民身份号码（请核对位数、出生日期与末位校验码）";
        faults.push(place, "bad_identity_number", zh, bad.to_string());
    }
    parsed.ok()
}

/// A phone number; the fault does not repeat it.
pub fn phone(faults: &mut Faults, place: &str, value: &str) -> Option<Phone> {
    let parsed = Phone::parse(value);
    if let Err(bad) = &parsed {
        faults.push(place, "bad_phone", "请填 11 位手机号，或带区号的固定电话", bad.to_string());
    }
    parsed.ok()
}

/// A place code.
pub fn place(faults: &mut Faults, place: &str, value: &str) -> Option<PlaceCode> {
    let parsed = PlaceCode::parse(value);
    if let Err(bad) = &parsed {
        faults.push(place, "bad_place_code", "请填 2、4、6、9 或 12 位区划代码", bad.to_string());
    }
    parsed.ok()
}

/// A login: 3 to 40 lower-case letters, digits, dots, hyphens and underscores, beginning with a letter.
pub fn login(faults: &mut Faults, place: &str, value: &str) {
    let plain = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'));
    if !(3..=40).contains(&value.len()) || !plain || !value.starts_with(|c: char| c.is_ascii_lowercase()) {
        faults.push(
            place,
            "bad_login",
            "3 到 40 个小写字母、数字、点、横线或下划线，以字母开头",
            "3 to 40 lower-case letters, digits, dots, hyphens or underscores, beginning with a letter",
        );
    }
}

/// A one-time code: six digits.
pub fn code(faults: &mut Faults, place: &str, value: &str) {
    if value.len() != domain::person::one_time_code::DIGITS || !value.bytes().all(|b| b.is_ascii_digit()) {
        faults.push(place, "bad_code", "验证码为 6 位数字", "a code has 6 digits");
    }
}
