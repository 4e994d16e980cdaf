//! The protocol from the display's side: blocking, for tests and measurements, and a second reading of `PROTOCOL.md`.
//!
//! It trusts nothing: a number that does not follow, or a state hash that differs, is a fault and not a shrug.

use crate::frame::{Bye, CommandOutcome, Hear, Offset, PROTOCOL, Say, Why};
use domain::id::{DisplaySignInId, EpochId, KitchenCommandId, SittingId};
use domain::kitchen::{Board, Command};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// What a display holds between connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The history it belongs to.
    pub epoch: EpochId,
    /// The last event taken over.
    pub seq: i64,
    /// The state there.
    pub board: Board,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The service said goodbye.
    #[error("sent away: {0}")]
    SentAway(Bye),
    /// A frame that cannot be read.
    #[error("not a frame: {0}")]
    BadFrame(String),
    /// An event is missing, and nobody said so.
    #[error("event {got} after event {have}")]
    Missed {
        /// The last one taken over.
        have: i64,
        /// The one that came.
        got: i64,
    },
    /// The state is not the service's.
    #[error("the state hash differs after event {seq}")]
    Differs {
        /// Where.
        seq: i64,
    },
    /// It did not come in time.
    #[error("nothing in time")]
    Late,
}

/// A connected display.
#[derive(Debug)]
pub struct Display {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    epoch: EpochId,
    /// The last event taken over.
    pub seq: i64,
    /// The state.
    pub board: Board,
    /// Why snapshots were sent on this connection.
    pub snapshots: Vec<Why>,
    /// Events taken over on this connection.
    pub events: u64,
    /// Head frames that proved the state on this connection.
    pub proofs: u64,
    /// Answers to commands.
    pub answers: BTreeMap<KitchenCommandId, CommandOutcome>,
    /// Who stands at the display; sent with each command.
    pub sign_in: Option<DisplaySignInId>,
}

impl Display {
    /// Connects to `ws://host:port`, resuming from what is held, and returns once the state is proved current.
    pub fn connect(
        base: &str,
        token: &str,
        sitting: Option<SittingId>,
        held: Option<Held>,
        within: Duration,
    ) -> Result<Self, Fault> {
        let broken = |e: tungstenite::Error| Fault::Broken(e.to_string());
        let (socket, _) = tungstenite::connect(format!("{base}/kitchen/v1/socket")).map_err(broken)?;
        let at = held.as_ref().map(|h| Offset { epoch: h.epoch, sitting: h.board.sitting, seq: h.seq });
        let (epoch, seq, board) = match held {
            Some(held) => (held.epoch, held.seq, held.board),
            None => (EpochId::from_uuid(uuid::Uuid::nil()), 0, Board::new(SittingId::from_uuid(uuid::Uuid::nil()))),
        };
        let (snapshots, answers) = (Vec::new(), BTreeMap::new());
        let mut display = Self { socket, epoch, seq, board, snapshots, events: 0, proofs: 0, answers, sign_in: None };
        display.say(&Hear::Hello { protocol: PROTOCOL, token: token.to_owned(), sitting, at })?;
        display.until(within, |d| d.proofs > 0)?;
        Ok(display)
    }

    /// What to resume from.
    #[must_use]
    pub fn held(&self) -> Held {
        Held { epoch: self.epoch, seq: self.seq, board: self.board.clone() }
    }

    /// Sends a frame.
    pub fn say(&mut self, hear: &Hear) -> Result<(), Fault> {
        let text = serde_json::to_string(hear).map_err(|e| Fault::BadFrame(e.to_string()))?;
        self.socket.send(Message::text(text)).map_err(|e| Fault::Broken(e.to_string()))
    }

    /// Sends a command without waiting for its answer.
    pub fn ask(&mut self, id: KitchenCommandId, what: Command) -> Result<(), Fault> {
        let sign_in = self.sign_in;
        self.say(&Hear::Command { id, what, sign_in })
    }

    /// Sends a command and waits for its answer.
    pub fn command(&mut self, id: KitchenCommandId, what: Command, within: Duration) -> Result<CommandOutcome, Fault> {
        self.answers.remove(&id);
        self.ask(id, what)?;
        self.until(within, |d| d.answers.contains_key(&id))?;
        self.answers.get(&id).cloned().ok_or(Fault::Late)
    }

    /// Takes frames over until something holds.
    pub fn until(&mut self, within: Duration, holds: impl Fn(&Self) -> bool) -> Result<(), Fault> {
        let end = Instant::now() + within;
        while !holds(self) {
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or(Fault::Late)?;
            self.next(left)?;
        }
        Ok(())
    }

    /// Takes the next frame over; `false` when none came in time.
    pub fn next(&mut self, within: Duration) -> Result<bool, Fault> {
        if let MaybeTlsStream::Plain(tcp) = self.socket.get_ref() {
            tcp.set_read_timeout(Some(within)).map_err(|e| Fault::Broken(e.to_string()))?;
        }
        match self.socket.read() {
            Ok(Message::Text(text)) => {
                let say = serde_json::from_str(&text).map_err(|e| Fault::BadFrame(format!("{e}: {text}")))?;
                self.take(say)?;
                Ok(true)
            }
            Ok(Message::Close(_)) => Err(Fault::Broken("closed".into())),
            Ok(_) => Ok(true),
            Err(tungstenite::Error::Io(e)) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(e) => Err(Fault::Broken(e.to_string())),
        }
    }

    fn take(&mut self, say: Say) -> Result<(), Fault> {
        match say {
            Say::Welcome { epoch, .. } => self.epoch = epoch,
            Say::Snapshot { why, seq, sitting, tickets, stopped, real, short, hash, .. } => {
                self.board = Board::from_parts(sitting, tickets, stopped.into_iter().collect()).with_real(real).with_short(short);
                self.seq = seq;
                self.snapshots.push(why);
                self.prove(seq, &hash)?;
            }
            Say::Event { seq, change, .. } => {
                if seq != self.seq + 1 {
                    return Err(Fault::Missed { have: self.seq, got: seq });
                }
                self.seq = seq;
                self.events += 1;
                if let Some(change) = change {
                    self.board.apply(&change);
                }
            }
            Say::Head { seq, hash, .. } => {
                self.prove(seq, &hash)?;
                self.proofs += 1;
                self.say(&Hear::Ack { seq })?;
            }
            Say::Result { id, outcome } => drop(self.answers.insert(id, outcome)),
            Say::Bye { why } => return Err(Fault::SentAway(why)),
        }
        Ok(())
    }

    fn prove(&self, seq: i64, hash: &str) -> Result<(), Fault> {
        if seq != self.seq {
            return Err(Fault::Missed { have: self.seq, got: seq });
        }
        if self.board.hash() == hash { Ok(()) } else { Err(Fault::Differs { seq }) }
    }

    /// Goes away without a word, as a lost network does.
    pub fn vanish(self) -> Held {
        self.held()
    }
}
