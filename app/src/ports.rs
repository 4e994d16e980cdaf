//! The outside world, as the use cases see it. Implemented in `adapters`; blocking, because they are called on threads made for
//! that, with a deadline, and never inside a transaction.

use domain::Sensitive;
use domain::person::phone::Phone;
use std::sync::Arc;

/// Why a message or a call did not go through. The texts hold no personal data: they are logged and kept with dead letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It may work later: no connection, a time-out, a server error.
    #[error("temporary: {0}")]
    Temporary(String),
    /// It will not work: the address is refused, the code is wrong, the configuration is.
    #[error("permanent: {0}")]
    Permanent(String),
}

/// A mail to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same for every attempt at this mail, so that its reader can drop a second one: becomes the Message-ID.
    pub key: String,
    /// To whom.
    pub to: Sensitive<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body: String,
    /// A file that goes with it.
    pub attachment: Option<Attachment>,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Sends mail.
pub trait Mailer: Send + Sync {
    /// Sends one mail; acceptance by the server is all that is known.
    fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// A text message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// The same for every attempt at this message, so that the provider can drop a second one.
    pub key: String,
    /// To whom.
    pub phone: Phone,
    /// Its text; may hold a code, so it is never logged.
    pub text: Sensitive<String>,
}

/// Sends text messages.
pub trait SmsSender: Send + Sync {
    /// Sends one text; acceptance by the provider is all that is known.
    fn send(&self, message: &Sms) -> Result<(), PortError>;
}

/// WeChat's answer to a login code. (Its `session_key` stops in the adapter: nothing here needs it, so nothing can leak it.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeChatSession {
    /// Who it is, for this mini-program.
    pub openid: Sensitive<String>,
}

/// Why WeChat did not tell who it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeChatError {
    /// 40029: the code is wrong, used, or older than 5 minutes.
    #[error("the login code is not valid")]
    BadCode,
    /// 45011: more than 100 calls a minute for one user.
    #[error("too many calls for this user")]
    TooOften,
    /// 40226: WeChat holds the user for a risk.
    #[error("the user is blocked by WeChat")]
    Blocked,
    /// -1: WeChat is busy, or cannot be reached.
    #[error("WeChat is busy: {0}")]
    Busy(String),
    /// Anything else: a wrong app id or secret, most likely.
    #[error("WeChat refuses the configuration: {0}")]
    Configuration(String),
}

/// WeChat's server.
pub trait WeChat: Send + Sync {
    /// Exchanges a single-use login code.
    fn session_of(&self, code: &str) -> Result<WeChatSession, WeChatError>;
}

/// What is configured of the outside world; everything works without it, but what it is for.
#[derive(Clone, Default)]
pub struct Ports {
    /// Mail.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Text messages; without them nobody signs in by a phone code.
    pub sms: Option<Arc<dyn SmsSender>>,
    /// WeChat sign-in.
    pub wechat: Option<Arc<dyn WeChat>>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mailer, sms, wechat) = (self.mailer.is_some(), self.sms.is_some(), self.wechat.is_some());
        f.debug_struct("Ports").field("mailer", &mailer).field("sms", &sms).field("wechat", &wechat).finish()
    }
}
