//! The second way: frames as server-sent events, commands by POST. For networks whose proxies break WebSockets.

use crate::frame::{Bye, Offset, Say};
use crate::hub::Hub;
use crate::room::{Joined, Sent};
use crate::session::{carry_out, enter};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL};
use actix_web::web::{Bytes, Data, Json, Query};
use actix_web::{HttpRequest, HttpResponse};
use app::kitchen::command::Asked;
use bytestring::ByteString;
use domain::id::{DisplaySignInId, EpochId, KitchenCommandId, SittingId};
use domain::kitchen::Command;
use futures_util::stream;
use serde::Deserialize;
use std::collections::VecDeque;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Where to resume, as in the hello frame.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    sitting: Option<SittingId>,
    epoch: Option<EpochId>,
    seq: Option<i64>,
}

/// A command by POST.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Posted {
    id: KitchenCommandId,
    sitting: SittingId,
    #[serde(rename = "do")]
    what: Command,
    #[serde(default)]
    sign_in: Option<DisplaySignInId>,
}

pub(crate) fn token(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

pub(crate) fn sent_away(why: Bye) -> HttpResponse {
    let status = match why {
        Bye::SignIn => StatusCode::UNAUTHORIZED,
        Bye::NothingToFollow => StatusCode::NOT_FOUND,
        Bye::BadFrame | Bye::Protocol => StatusCode::BAD_REQUEST,
        Bye::TooSlow | Bye::Later => StatusCode::SERVICE_UNAVAILABLE,
    };
    HttpResponse::build(status).content_type("application/json").body(Say::Bye { why }.text())
}

struct State {
    first: VecDeque<Bytes>,
    live: Receiver<Sent>,
    over: bool,
    _place: OwnedSemaphorePermit,
}

/// The stream of frames.
pub(crate) async fn stream(request: HttpRequest, from: Query<From>, hub: Data<Hub>) -> HttpResponse {
    let (Some(place), Some(token)) = (hub.admit(), token(&request)) else {
        return sent_away(if token(&request).is_none() { Bye::SignIn } else { Bye::Later });
    };
    let at = match (from.sitting, from.epoch, from.seq) {
        (Some(sitting), Some(epoch), Some(seq)) => Some(Offset { epoch, sitting, seq }),
        _ => None,
    };
    let entered = match enter(&hub, token, from.sitting, at).await {
        Ok(entered) => entered,
        Err(why) => return sent_away(why),
    };
    let Joined { first, live } = entered.room.join(at, hub.app.0.clock.now());
    let mut texts = VecDeque::from([line(&ByteString::from(entered.welcome.text()))]);
    texts.extend(first.iter().map(|sent| line(&sent.text)));
    let state = State { first: texts, live, over: false, _place: place };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(state, |state| async move {
            next(state).await.map(|(bytes, s)| (Ok::<_, actix_web::Error>(bytes), s))
        }))
}

async fn next(mut state: State) -> Option<(Bytes, State)> {
    if let Some(bytes) = state.first.pop_front() {
        return Some((bytes, state));
    }
    if state.over {
        return None;
    }
    let bytes = match state.live.recv().await {
        Ok(sent) => line(&sent.text),
        Err(error) => {
            state.over = true;
            let why = if matches!(error, RecvError::Lagged(_)) { Bye::TooSlow } else { Bye::Later };
            line(&ByteString::from(Say::Bye { why }.text()))
        }
    };
    Some((bytes, state))
}

/// One event; a frame is one line of JSON.
fn line(text: &ByteString) -> Bytes {
    Bytes::from(format!("data: {text}\n\n"))
}

/// A command by POST, answered with a result frame.
pub(crate) async fn post(request: HttpRequest, body: Json<Posted>, hub: Data<Hub>) -> HttpResponse {
    let Some(token) = token(&request) else { return sent_away(Bye::SignIn) };
    let Posted { id, sitting, what, sign_in } = body.into_inner();
    match carry_out(&hub, token, Asked { id, sitting, command: what, sign_in }).await {
        Ok(say) => HttpResponse::Ok().content_type("application/json").body(say.text()),
        Err(why) => sent_away(why),
    }
}
