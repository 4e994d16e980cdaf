//! The words of the protocol, one JSON text per frame. `PROTOCOL.md` is written from here.

use app::kitchen::follow::{MenuDish, SittingView};
use domain::Instant;
use domain::id::{CanteenId, DeviceId, DishId, DisplaySignInId, EpochId, KitchenCommandId, SittingId};
use domain::kitchen::{Change, Command, DishShort, RealDish, Ticket};
use serde::{Deserialize, Serialize};

/// The version of the protocol; a display of another one is told to load its page anew.
pub const PROTOCOL: u32 = 2;

/// What the service says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Say {
    /// First answer to a hello.
    Welcome {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The history of the database.
        epoch: EpochId,
        /// Whose log.
        canteen: CanteenId,
        /// The canteen's name.
        canteen_name: String,
        /// The display, when a device is signed in.
        device: Option<DeviceId>,
        /// The sitting that is followed.
        sitting: SittingView,
        /// What else could be followed.
        sittings: Vec<SittingView>,
        /// The service's time, to set the display's clock by.
        now: Instant,
        /// Minutes before the start of service at which pre-orders appear as tickets.
        lead_minutes: u32,
        /// Minutes after which a ticket is marked as late, and as very late.
        ageing_minutes: [u32; 2],
        /// Seconds after which a change that nobody acknowledged is escalated.
        escalate_seconds: u32,
    },
    /// Forget everything: this is how it stands. Sent when what was missed cannot be sent in order, and it says why.
    Snapshot {
        /// Why.
        why: Why,
        /// The last event that is in it.
        seq: i64,
        /// Which sitting.
        sitting: SittingId,
        /// The menu, in its order.
        menu: Vec<MenuDish>,
        /// Every order of the sitting.
        tickets: Vec<Ticket>,
        /// Dishes that ran out.
        stopped: Vec<DishId>,
        /// What really goes into dishes, where that is not simply the recipe.
        real: Vec<RealDish>,
        /// Who goes without which dish.
        short: Vec<DishShort>,
        /// The state hash at `seq`.
        hash: String,
    },
    /// One event of the canteen's log. Numbers follow each other without a gap; an event that does not concern the sitting has
    /// no change.
    Event {
        /// Its number.
        seq: i64,
        /// When it was recorded.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        at: Option<Instant>,
        /// What it changes.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        change: Option<Change>,
    },
    /// Every 10 seconds, and after catching up: where the log stands and what the state hash is there.
    Head {
        /// The last event.
        seq: i64,
        /// The state hash after it.
        hash: String,
        /// The service's time.
        now: Instant,
    },
    /// The answer to a command.
    Result {
        /// Which command.
        id: KitchenCommandId,
        /// What became of it.
        #[serde(flatten)]
        outcome: CommandOutcome,
    },
    /// The service ends the connection.
    Bye {
        /// Why.
        why: Bye,
    },
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CommandOutcome {
    /// It holds; the event of this number, or one before it, tells of it.
    Accepted {
        /// The event's number.
        seq: i64,
    },
    /// It cannot be carried out, now or later: take it off the queue and show this.
    Refused {
        /// Stable code.
        code: RefusalCode,
        /// As the cook reads it.
        message: String,
        /// The same in English.
        message_en: String,
        /// The dishes that are in the way.
        dishes: Vec<DishId>,
    },
    /// The database is busy or away: keep it and send it again.
    Later,
}

domain::text_enum! {
    /// Why a command is refused.
    pub enum RefusalCode {
        /// No such ticket, dish or sitting in this kitchen.
        NotFound = "not_found",
        /// The ticket has no such dish.
        NotOnTicket = "not_on_ticket",
        /// The order was cancelled.
        Cancelled = "cancelled",
        /// A station has not done its part.
        NotMade = "not_made",
        /// A batch goes forward, by 1 to 200 portions.
        NotAStep = "not_a_step",
        /// The version is above the order's.
        NotThereYet = "not_there_yet",
        /// The identifier was used for another command.
        IdentifierReused = "identifier_reused",
        /// The device may not.
        Forbidden = "forbidden",
    }
}

domain::text_enum! {
    /// Why a snapshot is sent instead of events.
    pub enum Why {
        /// The display has nothing yet, or asked for another sitting.
        First = "first",
        /// More was missed than is kept for replay.
        Gap = "gap",
        /// The database has another history: it was restored.
        Epoch = "epoch",
        /// The display claims more than there is.
        Ahead = "ahead",
    }
}

domain::text_enum! {
    /// Why the service ends a connection.
    pub enum Bye {
        /// No hello in time, or a frame that is none.
        BadFrame = "bad_frame",
        /// Nobody holds this token; pair again.
        SignIn = "sign_in",
        /// There is nothing to follow: the canteen has no sitting in reach.
        NothingToFollow = "nothing_to_follow",
        /// The display takes too long to take its frames: connect again and resume.
        TooSlow = "too_slow",
        /// The page is of another version: load it again.
        Protocol = "protocol",
        /// The service is going down, or cannot reach its database: connect again.
        Later = "later",
    }
}

/// What a display says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum Hear {
    /// First frame.
    Hello {
        /// [`PROTOCOL`].
        protocol: u32,
        /// The device's token.
        token: String,
        /// Which sitting; absent is the current one.
        #[serde(default)]
        sitting: Option<SittingId>,
        /// Where the display stands, when it has something.
        #[serde(default)]
        at: Option<Offset>,
    },
    /// Everything up to this number was taken over and is on the display.
    Ack {
        /// The number.
        seq: i64,
    },
    /// A command.
    Command {
        /// Made by the display.
        id: KitchenCommandId,
        /// What it asks for.
        #[serde(rename = "do")]
        what: Command,
        /// Who stood at the display, by the sign-in it got for them; absent when nobody had said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sign_in: Option<DisplaySignInId>,
    },
}

/// A point in a canteen's log, with the sitting whose state the display holds there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// Which history.
    pub epoch: EpochId,
    /// Which sitting.
    pub sitting: SittingId,
    /// The last event taken over.
    pub seq: i64,
}

impl Say {
    /// The frame's text. What is put in are plain data that always serialise; were one not to, an empty object arrives, which
    /// every display ignores, and its next head frame shows the gap.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}
