//! WeChat's server: who is behind a login code.

use crate::http::{ANSWER_MAX, agent, reason};
use app::ports::{WeChat, WeChatError, WeChatSession};
use domain::Sensitive;
use serde::Deserialize;

/// The server at a base address: WeChat's own, or the fake one.
pub struct WeChatServer {
    agent: ureq::Agent,
    base: String,
    app_id: String,
    secret: Sensitive<String>,
}

/// The members that are read. `session_key` is not among them: it is dropped with the answer's bytes.
#[derive(Deserialize)]
struct Answer {
    openid: Option<String>,
    #[serde(default)]
    errcode: i64,
}

impl WeChatServer {
    /// For a mini-program.
    #[must_use]
    pub fn new(base: &str, app_id: String, secret: Sensitive<String>) -> Self {
        Self { agent: agent(), base: base.trim_end_matches('/').to_owned(), app_id, secret }
    }
}

impl WeChat for WeChatServer {
    fn session_of(&self, code: &str) -> Result<WeChatSession, WeChatError> {
        let request = self
            .agent
            .get(format!("{}/sns/jscode2session", self.base))
            .query("appid", &self.app_id)
            .query("secret", self.secret.reveal())
            .query("js_code", code)
            .query("grant_type", "authorization_code");
        let mut answer = request.call().map_err(|e| WeChatError::Busy(reason(&e).to_owned()))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(WeChatError::Busy(format!("answers {status}")));
        }
        let text = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_string();
        let text = text.map_err(|e| WeChatError::Busy(reason(&e).to_owned()))?;
        let answer: Answer = serde_json::from_str(&text).map_err(|_| WeChatError::Busy("the answer cannot be read".to_owned()))?;
        match (answer.errcode, answer.openid) {
            (0, Some(openid)) => Ok(WeChatSession { openid: Sensitive::new(openid) }),
            (40029 | 40163, _) => Err(WeChatError::BadCode),
            (45011, _) => Err(WeChatError::TooOften),
            (40226, _) => Err(WeChatError::Blocked),
            (-1, _) => Err(WeChatError::Busy("-1".to_owned())),
            (0, None) => Err(WeChatError::Busy("no openid in the answer".to_owned())),
            (other, _) => Err(WeChatError::Configuration(other.to_string())),
        }
    }
}
