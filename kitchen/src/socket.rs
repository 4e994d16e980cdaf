//! A display on a WebSocket.

use crate::frame::{Bye, Hear, PROTOCOL, Say};
use crate::hub::Hub;
use crate::room::{Joined, Sent};
use crate::session::{Entered, carry_out, enter, who};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, rt};
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use app::kitchen::command::Asked;
use futures_util::StreamExt;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout};

/// The largest frame a display may send; a recall of a whole ticket of 20 dishes has 1 KB.
const FRAME_LIMIT: usize = 8 * 1024;

/// Takes the connection over.
pub(crate) async fn connect(request: HttpRequest, body: Payload, hub: Data<Hub>) -> Result<HttpResponse, actix_web::Error> {
    let Some(place) = hub.admit() else {
        return Ok(HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "5")).finish());
    };
    let (response, session, stream) = actix_ws::handle(&request, body)?;
    let hub = hub.into_inner();
    rt::spawn(async move { Connection { hub, session, stream: stream.max_frame_size(FRAME_LIMIT), _place: place }.run().await });
    Ok(response)
}

struct Connection {
    hub: Arc<Hub>,
    session: Session,
    stream: MessageStream,
    _place: OwnedSemaphorePermit,
}

/// Why a connection is over.
enum Over {
    /// The display went away.
    Gone,
    /// The service says goodbye.
    Said(Bye),
}

impl From<Bye> for Over {
    fn from(why: Bye) -> Self {
        Self::Said(why)
    }
}

impl Connection {
    async fn run(mut self) {
        if let Err(Over::Said(why)) = self.talk().await {
            tracing::debug!(%why, "a display is sent away");
            // A display that takes nothing will not take this either; it must not keep its place for it.
            let farewell = async {
                let _ = self.session.text(Say::Bye { why }.text()).await;
                let reason = CloseReason { code: CloseCode::Policy, description: Some(why.to_string()) };
                let _ = self.session.close(Some(reason)).await;
            };
            let _ = timeout(self.hub.limits.send.min(std::time::Duration::from_secs(1)), farewell).await;
        }
    }

    async fn talk(&mut self) -> Result<(), Over> {
        let hello = timeout(self.hub.limits.hello, self.hear()).await.map_err(|_| Over::Said(Bye::BadFrame))??;
        let Hear::Hello { protocol, token, sitting, at } = hello else { return Err(Bye::BadFrame.into()) };
        if protocol != PROTOCOL {
            return Err(Bye::Protocol.into());
        }
        let Entered { room, welcome, actor } = enter(&self.hub, &token, sitting, at).await?;
        // Its rights are asked for again with every command.
        drop(actor);
        self.say(welcome.text()).await?;
        let sitting = room.sitting;
        let Joined { first, mut live } = room.join(at, self.hub.app.0.clock.now());
        // Not held: when the room is closed the channel closes, and its displays come again.
        drop(room);
        for sent in first {
            self.say(sent.text).await?;
        }
        let silence = self.hub.limits.silence;
        let (mut quiet_until, mut check_at) = (Instant::now() + silence, Instant::now() + silence);
        loop {
            tokio::select! {
                sent = live.recv() => self.forward(sent).await?,
                heard = self.hear() => {
                    quiet_until = Instant::now() + silence;
                    match heard? {
                        Hear::Ack { seq } => tracing::trace!(seq, "acknowledged"),
                        Hear::Command { id, what, sign_in } => {
                            let asked = Asked { id, sitting, command: what, sign_in };
                            let answer = carry_out(&self.hub, &token, asked).await?;
                            self.say(answer.text()).await?;
                        }
                        Hear::Hello { .. } => return Err(Bye::BadFrame.into()),
                    }
                }
                () = sleep_until(quiet_until) => return Err(Bye::TooSlow.into()),
                () = sleep_until(check_at) => {
                    // A device that was revoked stops seeing orders even if it never asks for anything.
                    match who(&self.hub, &token).await {
                        Ok(_) | Err(Bye::Later) => check_at = Instant::now() + silence,
                        Err(why) => return Err(why.into()),
                    }
                }
            }
        }
    }

    async fn forward(&mut self, sent: Result<Sent, RecvError>) -> Result<(), Over> {
        match sent {
            Ok(sent) => self.say(sent.text).await,
            Err(RecvError::Lagged(_)) => Err(Bye::TooSlow.into()),
            Err(RecvError::Closed) => Err(Bye::Later.into()),
        }
    }

    /// Sends a frame within the limit. Waiting here holds up nobody else: the room's frames are kept once for all.
    async fn say(&mut self, text: impl Into<bytestring::ByteString>) -> Result<(), Over> {
        let sent = timeout(self.hub.limits.send, self.session.text(text)).await;
        sent.map_err(|_| Over::Said(Bye::TooSlow))?.map_err(|_| Over::Gone)
    }

    /// The next frame of the display.
    async fn hear(&mut self) -> Result<Hear, Over> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|error| {
                        tracing::debug!(%error, "a frame that is none");
                        Over::Said(Bye::BadFrame)
                    });
                }
                Some(Ok(Message::Ping(bytes))) => self.session.pong(&bytes).await.map_err(|_| Over::Gone)?,
                Some(Ok(Message::Pong(_) | Message::Nop)) => {}
                Some(Ok(Message::Binary(_) | Message::Continuation(_))) => return Err(Bye::BadFrame.into()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Over::Gone),
            }
        }
    }
}
