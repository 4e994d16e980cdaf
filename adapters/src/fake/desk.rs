//! The demo's desk: one address that stands for the outside world, and lets whoever plays with the demo look at it.
//!
//! | | |
//! |---|---|
//! | `POST /messages` | the SMS provider |
//! | `GET /messages?phone=` | what was sent to a phone, newest first: where the codes are read |
//! | `GET /sns/jscode2session` | WeChat's server |
//! | `POST /wechat-codes` | `{"code", "openid"}`: what `wx.login` would have given to that user; good once |
//! | `GET /clock`, `POST /clock` | the demo's time; `{"to": "2026-11-23T10:40:00+08:00"}` moves it on, never back |

use super::http::{Received, Request, SmsState, WeChatState, serve};
use super::locked;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// Tells the time, after moving it when told to; the text says what is wrong with the wish.
pub type Clockwork = Box<dyn Fn(Option<&str>) -> Result<String, String> + Send>;

/// See the module.
#[derive(Clone)]
pub struct Desk {
    address: SocketAddr,
    sms: Arc<Mutex<SmsState>>,
}

impl Desk {
    /// Opens it on a port of 127.0.0.1, for a mini-program.
    pub fn open(port: u16, app_id: &str, secret: &str, clock: Clockwork) -> std::io::Result<Self> {
        let (sms, wechat) = (Arc::new(Mutex::new(SmsState::default())), Mutex::new(WeChatState::of(app_id, secret)));
        let kept = sms.clone();
        let address = serve(port, move |request| match (request.method.as_str(), request.parts().0) {
            ("POST", "/messages") => locked(&kept).take(request),
            ("GET", "/messages") => (200, sent(&locked(&kept), request)),
            ("GET", "/clock") => at(clock(None)),
            ("POST", "/clock") => at(clock(Some(&request.member("to")))),
            ("POST", "/wechat-codes") => {
                let (code, openid) = (request.member("code"), request.member("openid"));
                if code.is_empty() || openid.is_empty() {
                    return (400, json!({ "error": "code and openid are needed" }));
                }
                locked(&wechat).allow(&code, &openid);
                (201, json!({ "code": code }))
            }
            _ => locked(&wechat).session_of(request),
        })?;
        Ok(Self { address, sms })
    }

    /// Its base address, which is WeChat's too.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where messages are posted to.
    #[must_use]
    pub fn messages(&self) -> String {
        format!("{}/messages", self.base())
    }

    /// What was sent, oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        locked(&self.sms).received.iter().cloned().collect()
    }
}

fn at(clock: Result<String, String>) -> (u16, Value) {
    match clock {
        Ok(now) => (200, json!({ "now": now })),
        Err(why) => (422, json!({ "error": why })),
    }
}

fn sent(sms: &SmsState, request: &Request) -> Value {
    let (_, query) = request.parts();
    let phone = query.get("phone").copied();
    let to = sms.received.iter().rev().filter(|message| phone.is_none_or(|phone| message.phone == phone));
    json!({ "items": to.map(|message| json!({ "phone": message.phone, "text": message.text })).collect::<Vec<_>>() })
}
