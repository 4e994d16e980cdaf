//! What handlers take from a request: who is asking, under which key, against which version.

use crate::problem::{Problem, ProblemCode};
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, web};
use app::App;
use app::idempotency::RequestKey;
use domain::access::Actor;
use serde::Serialize;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

/// Somebody who is signed in, by `Authorization: Bearer nft_...`.
#[derive(Debug, Clone)]
pub struct Signed(pub Arc<Actor>);

impl FromRequest for Signed {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().cloned();
        let token = bearer(request).map(str::to_owned);
        let before_password = OPEN_BEFORE_PASSWORD.contains(&request.path());
        Box::pin(async move {
            let (Some(app), Some(token)) = (app, token) else { return Err(Problem::new(ProblemCode::SignInNeeded)) };
            let found = app::session::actor_of(&app, &token, app.clock.now()).await;
            let actor = found
                .map_err(|f| Problem::of(f, |never| match never {}))?
                .ok_or_else(|| Problem::new(ProblemCode::SignInNeeded))?;
            if actor.must_change_password && !before_password {
                return Err(Problem::new(ProblemCode::PasswordChangeNeeded));
            }
            Ok(Self(actor))
        })
    }
}

/// What somebody with a password that was given to them may call before they change it.
const OPEN_BEFORE_PASSWORD: [&str; 3] = ["/v1/me", "/v1/me/password", "/v1/sessions/current"];

/// The address a request comes from, for counting tries. Behind a proxy on the same machine it is the last one that the proxy
/// saw (`X-Forwarded-For`); from anywhere else that header is the client's own claim and is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub String);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let peer = request.peer_addr().map(|address| address.ip());
        let forwarded = request.headers().get_all("X-Forwarded-For").last().and_then(|v| v.to_str().ok());
        let last = forwarded.and_then(|list| list.rsplit(',').next()).and_then(|ip| ip.trim().parse::<std::net::IpAddr>().ok());
        let seen = if peer.is_some_and(|ip| ip.is_loopback()) { last.or(peer) } else { peer };
        ready(Ok(Self(seen.map_or_else(String::new, |ip| ip.to_string()))))
    }
}

/// Who is signed in, when somebody is: for what anyone may see. A token that is not in force is still refused, so that a client
/// learns that its session ended.
#[derive(Debug, Clone)]
pub struct MaybeSigned(pub Option<Arc<Actor>>);

impl FromRequest for MaybeSigned {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if bearer(request).is_none() {
            return Box::pin(ready(Ok(Self(None))));
        }
        let signed = Signed::from_request(request, payload);
        Box::pin(async move { signed.await.map(|Signed(actor)| Self(Some(actor))) })
    }
}

/// The token of a request, when there is one.
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// The `Idempotency-Key` header, required on every POST that creates or charges.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(String);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = request.headers().get("Idempotency-Key").and_then(|v| v.to_str().ok()).map(str::to_owned);
        ready(key.map(Self).ok_or_else(|| Problem::new(ProblemCode::IdempotencyKeyMissing)))
    }
}

impl IdempotencyKey {
    /// Binds the key to who sent it, the operation, and the body.
    pub fn bind(&self, actor: &Actor, operation: &str, body: &impl Serialize) -> Result<RequestKey, Problem> {
        RequestKey::new(actor.user, actor.device.map(|(device, ..)| device), &self.0, operation, body)
            .map_err(|_| Problem::new(ProblemCode::IdempotencyKeyMissing))
    }
}

/// The version in `If-Match`, as `"7"`.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub i64);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl IfMatch {
    /// The same for an operation that needs it only sometimes.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let version = request.headers().get(IF_MATCH).and_then(|v| v.to_str().ok()).and_then(|v| v.trim_matches('"').parse().ok());
        version.map(Self).ok_or_else(|| Problem::new(ProblemCode::VersionMissing))
    }
}
