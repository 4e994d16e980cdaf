//! A fake SMS provider and a fake WeChat server.

use super::{KEPT, PATIENCE, SIZE_MAX, locked};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request, read whole.
pub(super) struct Request {
    pub(super) method: String,
    target: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The path, and the members of the query as they stand.
    pub(super) fn parts(&self) -> (&str, BTreeMap<&str, &str>) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        (path, query.split('&').filter_map(|pair| pair.split_once('=')).collect())
    }

    /// A member of the body, when it is a JSON object with that text in it.
    pub(super) fn member(&self, name: &str) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Serves requests one after the other on a port of 127.0.0.1 (0 takes a free one) until the process ends.
pub(super) fn serve(port: u16, answer: impl Fn(&Request) -> (u16, Value) + Send + 'static) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("fake-http".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up or talks nonsense harms only itself.
            let _ = one(&stream, &answer);
        }
    })?;
    Ok(address)
}

fn one(stream: &TcpStream, answer: &impl Fn(&Request) -> (u16, Value)) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.take(SIZE_MAX as u64));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header == "\r\n" {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; std::cmp::min(length, SIZE_MAX)];
    reader.read_exact(&mut body)?;
    let (status, value) = answer(&Request { method, target, body });
    let text = value.to_string();
    let mut out = stream;
    write!(
        out,
        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

/// A message that the fake provider accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The sender's key for it.
    pub request_id: String,
    /// To whom.
    pub phone: String,
    /// What.
    pub text: String,
}

/// What a fake provider holds.
#[derive(Default)]
pub(super) struct SmsState {
    pub(super) received: VecDeque<Received>,
    status: Option<u16>,
}

impl SmsState {
    /// Takes a message in, as the provider would.
    pub(super) fn take(&mut self, request: &Request) -> (u16, Value) {
        if let Some(status) = self.status {
            return (status, json!({}));
        }
        let [request_id, phone, text] = ["request_id", "phone", "text"].map(|name| request.member(name));
        if request_id.is_empty() || phone.is_empty() {
            return (400, json!({ "error": "request_id and phone are needed" }));
        }
        if !self.received.iter().any(|known| known.request_id == request_id) {
            self.received.push_back(Received { request_id, phone, text });
            if self.received.len() > KEPT {
                self.received.pop_front();
            }
        }
        (200, json!({ "accepted": true }))
    }
}

/// A fake SMS provider. A second request with a known `request_id` is accepted and not kept again, as a real one does.
#[derive(Clone)]
pub struct FakeSms {
    address: SocketAddr,
    state: Arc<Mutex<SmsState>>,
}

impl FakeSms {
    /// Starts it.
    pub fn start() -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(SmsState::default()));
        let kept = state.clone();
        let address = serve(0, move |request| locked(&kept).take(request))?;
        Ok(Self { address, state })
    }

    /// Where to post to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/messages", self.address)
    }

    /// What it accepted, oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        locked(&self.state).received.iter().cloned().collect()
    }

    /// From now on it answers this status to everything; `None` ends that.
    pub fn fail_with(&self, status: Option<u16>) {
        locked(&self.state).status = status;
    }
}

/// What a fake WeChat server holds.
pub(super) struct WeChatState {
    app_id: String,
    secret: String,
    codes: BTreeMap<String, String>,
    used: BTreeSet<String>,
    error: Option<i64>,
}

impl WeChatState {
    /// For a mini-program.
    pub(super) fn of(app_id: &str, secret: &str) -> Self {
        let (app_id, secret) = (app_id.to_owned(), secret.to_owned());
        Self { app_id, secret, codes: BTreeMap::new(), used: BTreeSet::new(), error: None }
    }

    /// Makes a code that stands for an open id, once.
    pub(super) fn allow(&mut self, code: &str, openid: &str) {
        self.codes.insert(code.to_owned(), openid.to_owned());
    }

    /// Exchanges a code, as the server would.
    pub(super) fn session_of(&mut self, request: &Request) -> (u16, Value) {
        let (path, given) = request.parts();
        let member = |name: &str| given.get(name).copied().unwrap_or_default();
        if path != "/sns/jscode2session" {
            return (404, json!({}));
        }
        if let Some(code) = self.error {
            return (200, json!({ "errcode": code, "errmsg": "as told" }));
        }
        if member("appid") != self.app_id || member("secret") != self.secret {
            return (200, json!({ "errcode": 40013, "errmsg": "invalid appid" }));
        }
        let code = member("js_code").to_owned();
        match self.codes.get(&code).cloned() {
            Some(openid) if self.used.insert(code) => {
                (200, json!({ "openid": openid, "session_key": "fake-session-key", "unionid": "fake-union" }))
            }
            _ => (200, json!({ "errcode": 40029, "errmsg": "invalid code" })),
        }
    }
}

/// A fake WeChat server with codes that are good once.
#[derive(Clone)]
pub struct FakeWeChat {
    address: SocketAddr,
    state: Arc<Mutex<WeChatState>>,
}

impl FakeWeChat {
    /// Starts it for a mini-program.
    pub fn start(app_id: &str, secret: &str) -> std::io::Result<Self> {
        let state = Arc::new(Mutex::new(WeChatState::of(app_id, secret)));
        let kept = state.clone();
        let address = serve(0, move |request| locked(&kept).session_of(request))?;
        Ok(Self { address, state })
    }

    /// Its base address.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a code that stands for an open id, once.
    pub fn allow(&self, code: &str, openid: &str) {
        locked(&self.state).allow(code, openid);
    }

    /// From now on it answers this error code to everything; `None` ends that.
    pub fn fail_with(&self, error: Option<i64>) {
        locked(&self.state).error = error;
    }
}
