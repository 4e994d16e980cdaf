//! The senior: identity, facts, diet, and how they are shown.

pub mod citizen_id;
pub mod mail_address;
pub mod mask;
pub mod one_time_code;
pub mod password;
pub mod phone;
pub mod pin;
