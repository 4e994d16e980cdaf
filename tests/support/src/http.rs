//! An HTTP server in this process, and clients whose type says who they are.

use actix_web::web::ServiceConfig;
use serde::Serialize;
use serde_json::Value;
use std::ops::Deref;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A server of some routes on a free port; stops when dropped.
pub struct Server {
    base: String,
    handle: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves routes, as `Server::start(move || api::configure(app.clone()))`.
    pub fn start<C>(configure: impl Fn() -> C + Send + Clone + 'static) -> Self
    where
        C: FnOnce(&mut ServiceConfig) + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("address"));
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let factory = move || actix_web::App::new().configure(configure());
                let server = actix_web::HttpServer::new(factory).workers(2).disable_signals().shutdown_timeout(1);
                let server = server.listen(listener).expect("listen").run();
                sender.send(server.handle()).expect("the test waits");
                server.await.expect("serve");
            });
        });
        Self { base, handle: receiver.recv().expect("the server starts"), thread: Some(thread) }
    }

    /// `http://127.0.0.1:...`
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command is sent at once; the thread's end is the proof that it was obeyed.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body, `Null` when it is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    /// `ETag`, when there is one.
    pub etag: Option<String>,
    /// `Content-Type`.
    pub content_type: String,
    /// `Retry-After`, when there is one.
    pub retry_after: Option<String>,
}

impl Reply {
    /// The problem's code; empty when it is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Itself, when the status is this; else fails with the whole answer.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// A client of one caller. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

/// No answer within this time is a failure of the server.
const DEADLINE: Duration = Duration::from_secs(30);

impl Client {
    /// Somebody with a session, or nobody.
    #[must_use]
    pub fn new(base: &str, token: Option<&str>) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(DEADLINE)).build();
        Self { agent: config.into(), base: base.to_owned(), token: token.map(str::to_owned) }
    }

    /// GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Reply {
        self.try_send("GET", path, &[], None).expect("an answer")
    }

    /// POST with a fresh Idempotency-Key.
    #[must_use]
    pub fn post(&self, path: &str, body: &impl Serialize) -> Reply {
        self.post_with_key(path, &fresh_key(), body)
    }

    /// POST with this Idempotency-Key.
    #[must_use]
    pub fn post_with_key(&self, path: &str, key: &str, body: &impl Serialize) -> Reply {
        self.try_post_with_key(path, key, body).expect("an answer")
    }

    /// The same, when the connection may break.
    pub fn try_post_with_key(&self, path: &str, key: &str, body: &impl Serialize) -> Result<Reply, ureq::Error> {
        let body = serde_json::to_vec(body).expect("a body that serialises");
        self.try_send("POST", path, &[("Idempotency-Key", key), JSON], Some(&body))
    }

    /// PUT.
    #[must_use]
    pub fn put(&self, path: &str, body: &impl Serialize) -> Reply {
        let body = serde_json::to_vec(body).expect("a body that serialises");
        self.try_send("PUT", path, &[JSON], Some(&body)).expect("an answer")
    }

    /// PATCH against a version.
    #[must_use]
    pub fn patch(&self, path: &str, etag: &str, body: &impl Serialize) -> Reply {
        let body = serde_json::to_vec(body).expect("a body that serialises");
        self.try_send("PATCH", path, &[("If-Match", etag), JSON], Some(&body)).expect("an answer")
    }

    /// DELETE.
    #[must_use]
    pub fn delete(&self, path: &str) -> Reply {
        self.try_send("DELETE", path, &[], None).expect("an answer")
    }

    /// Anything at all, as it stands.
    pub fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Reply, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).expect("a request"))?,
            None => self.agent.run(request.body(()).expect("a request"))?,
        };
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (etag, content_type) = (header("ETag"), header("Content-Type").unwrap_or_default());
        let retry_after = header("Retry-After");
        // A workbook is no text; what counts of it is that it came.
        let text = String::from_utf8_lossy(&response.body_mut().read_to_vec()?).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply { status: response.status().as_u16(), body, text, etag, content_type, retry_after })
    }
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A key that was never used.
#[must_use]
pub fn fresh_key() -> String {
    format!("test-{}", uuid::Uuid::now_v7().simple())
}

macro_rules! actors {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name(Client);

        impl $name {
            /// At a server, with a session of that kind.
            #[must_use]
            pub fn at(base: &str, token: &str) -> Self {
                Self(Client::new(base, Some(token)))
            }
        }

        impl Deref for $name {
            type Target = Client;
            fn deref(&self) -> &Client {
                &self.0
            }
        }
    )+};
}

actors! {
    /// Sets up places, canteens, users and rights.
    Admin;
    /// Drafts policies.
    Officer;
    /// Reviews them.
    Reviewer;
    /// Sees everything masked.
    Auditor;
    /// A community worker.
    Worker;
    /// The hotline.
    Hotline;
    /// Runs the canteen.
    Manager;
    /// At the canteen's counter.
    Counter;
    /// Cooks.
    Cook;
    /// Brings meals.
    Courier;
    /// A senior on their own phone.
    Senior;
    /// A family member.
    Family;
}

/// Somebody who is not signed in.
#[derive(Debug, Clone)]
pub struct Stranger(Client);

impl Stranger {
    /// At a server.
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self(Client::new(base, None))
    }
}

impl Deref for Stranger {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.0
    }
}
