//! Text messages by a provider's HTTP interface.
//!
//! One POST a message, `{"request_id", "phone", "text"}` as JSON with a bearer token: a shape that a provider's own interface is
//! put behind with a few lines of a gateway, instead of one adapter here per provider and version. `request_id` is the same for
//! every attempt at one message. 2xx is acceptance; 408, 429 and 5xx may work later; anything else will not.

use crate::http::{agent, reason};
use app::ports::{PortError, Sms, SmsSender};
use domain::Sensitive;
use serde::Serialize;

/// Sends text messages by HTTP.
pub struct HttpSms {
    agent: ureq::Agent,
    url: String,
    token: Option<Sensitive<String>>,
}

#[derive(Serialize)]
struct Body<'a> {
    request_id: &'a str,
    phone: &'a str,
    text: &'a str,
}

impl HttpSms {
    /// For a provider's address.
    #[must_use]
    pub fn new(url: String, token: Option<Sensitive<String>>) -> Self {
        Self { agent: agent(), url, token }
    }
}

impl SmsSender for HttpSms {
    fn send(&self, message: &Sms) -> Result<(), PortError> {
        let mut request = self.agent.post(&self.url);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        let body = Body { request_id: &message.key, phone: message.phone.reveal(), text: message.text.reveal() };
        let answer = request.send_json(&body).map_err(|e| PortError::Temporary(format!("SMS provider: {}", reason(&e))))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (408 | 429 | 500..=599) => Err(PortError::Temporary(format!("the SMS provider answers {status}"))),
            status => Err(PortError::Permanent(format!("the SMS provider answers {status}"))),
        }
    }
}
