//! The outside world: SMTP, SMS, WeChat; and stand-ins for it, for tests and the demo.

pub mod fake;
mod http;
pub mod mail;
pub mod sms;
pub mod wechat;

pub use mail::{Security, SmtpMailer, SmtpSettings};
pub use sms::HttpSms;
pub use wechat::WeChatServer;
