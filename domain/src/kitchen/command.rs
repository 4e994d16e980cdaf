//! What a display may ask for, and whether it may.

use super::Stage;
use super::board::{Board, By, LineMark, Portion, Ticket};
use crate::diet::{PortionSize, Texture};
use crate::event::{BatchStep, Event, TicketMark};
use crate::id::{DishId, OrderId, SittingId};
use crate::order::OrderState;
use serde::{Deserialize, Serialize};

/// Portions that one step of a batch takes at most: more is more than one pan, and one frame must stay small.
pub const BATCH_PORTIONS_MAX: u32 = 200;

/// A command of a display. Each says how things should stand, so the same one twice does nothing the second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// These lines are that far: begun, done, or waiting again.
    Mark {
        /// Which ticket.
        order: OrderId,
        /// Which dishes of it; none is all.
        dishes: Vec<DishId>,
        /// How far.
        stage: Stage,
    },
    /// The ticket is complete and leaves the kitchen; only when every line is done.
    Finish {
        /// Which ticket.
        order: OrderId,
    },
    /// The ticket comes back, and these lines wait again.
    Recall {
        /// Which ticket.
        order: OrderId,
        /// Which dishes of it; none is all.
        dishes: Vec<DishId>,
    },
    /// The order's changes up to this version were seen.
    Acknowledge {
        /// Which ticket.
        order: OrderId,
        /// The version that is on the display.
        version: i64,
    },
    /// A dish ran out, or is back.
    Stop {
        /// Which dish.
        dish: DishId,
        /// Out, or back.
        stopped: bool,
    },
    /// So many portions of a dish move on together, the lowest order numbers first: how pre-orders are cooked. The one command
    /// that counts: carried out twice it moves twice as many, so it rests on its identifier.
    MarkDish(DishStep),
}

/// A step of a batch: which portions, from where to where, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DishStep {
    /// Which dish.
    pub dish: DishId,
    /// Portions in this texture.
    pub texture: Texture,
    /// Portions of this size; absent is regular.
    #[serde(default)]
    pub size: PortionSize,
    /// Portions with exactly these exceptions; none is the plain ones. Others are cooked apart, so they are marked apart.
    pub exceptions: Vec<String>,
    /// Portions that are this far.
    pub from: Stage,
    /// How far they are now; further than before. A step back is made on the ticket, where one sees whose meal it is.
    pub to: Stage,
    /// How many: 1 to [`BATCH_PORTIONS_MAX`]. The last order is taken whole.
    pub portions: u32,
}

impl DishStep {
    fn is_about(&self, portion: &Portion) -> bool {
        (portion.dish, portion.texture, portion.size) == (self.dish, self.texture, self.size)
            && portion.exceptions == self.exceptions
    }
}

impl Command {
    /// The ticket it is about, when it is about one.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        match self {
            Self::Mark { order, .. } | Self::Finish { order } | Self::Recall { order, .. } | Self::Acknowledge { order, .. } => {
                Some(*order)
            }
            Self::Stop { .. } | Self::MarkDish(_) => None,
        }
    }
}

/// Why a command on a ticket is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The ticket has no such dish.
    NotOnTicket(DishId),
    /// The order was cancelled: it can only be acknowledged.
    Cancelled,
    /// A station has not done these yet, so the ticket may not leave.
    NotMade(Vec<DishId>),
    /// A batch goes forward, by 1 to [`BATCH_PORTIONS_MAX`] portions.
    NotAStep,
    /// The version is above the order's: the display cannot have shown it.
    NotThereYet {
        /// The order's version.
        version: i64,
    },
}

/// What comes of a command on a ticket: how it stands then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It already stood so.
    Nothing,
    /// Marks to set, and whether the expediter's word stands.
    Marked {
        /// The marks that differ.
        lines: Vec<LineMark>,
        /// Whether the ticket is said to be complete.
        bumped: bool,
    },
    /// The version that is acknowledged.
    Acknowledged(i64),
}

impl Decided {
    /// The event that tells of it; `None` when there is nothing to tell.
    #[must_use]
    pub fn event(&self, order: OrderId, sitting: SittingId, by: By) -> Option<Event> {
        match self {
            Self::Nothing => None,
            Self::Marked { lines, bumped } => {
                Some(Event::TicketMarked(TicketMark { order, sitting, lines: lines.clone(), bumped: *bumped, by }))
            }
            Self::Acknowledged(version) => Some(Event::TicketAcknowledged { order, sitting, version: *version, by }),
        }
    }
}

/// What a command does to a ticket, or why not. [`Command::Stop`] and [`Command::MarkDish`] are about no one ticket and decide nothing here.
pub fn decide(ticket: &Ticket, command: &Command) -> Result<Decided, Refusal> {
    match command {
        Command::Acknowledge { version, .. } if *version > ticket.version => Err(Refusal::NotThereYet { version: ticket.version }),
        Command::Acknowledge { version, .. } if *version <= ticket.acked => Ok(Decided::Nothing),
        Command::Acknowledge { version, .. } => Ok(Decided::Acknowledged(*version)),
        Command::Stop { .. } | Command::MarkDish(_) => Ok(Decided::Nothing),
        _ if ticket.state == OrderState::Cancelled => Err(Refusal::Cancelled),
        Command::Mark { dishes, stage, .. } => mark(ticket, dishes, *stage, ticket.bumped),
        Command::Recall { dishes, .. } => mark(ticket, dishes, Stage::Waiting, false),
        Command::Finish { .. } => {
            let open: Vec<DishId> =
                ticket.lines.iter().filter(|line| ticket.stage(line) != Stage::Done).map(|line| line.dish).collect();
            match (open.is_empty(), ticket.bumped) {
                (false, _) => Err(Refusal::NotMade(open)),
                (true, true) => Ok(Decided::Nothing),
                (true, false) => Ok(Decided::Marked { lines: Vec::new(), bumped: true }),
            }
        }
    }
}

fn mark(ticket: &Ticket, dishes: &[DishId], stage: Stage, bumped: bool) -> Result<Decided, Refusal> {
    if let Some(missing) = dishes.iter().find(|dish| !ticket.lines.iter().any(|line| line.dish == **dish)) {
        return Err(Refusal::NotOnTicket(*missing));
    }
    let lines: Vec<LineMark> = ticket
        .lines
        .iter()
        .filter(|line| (dishes.is_empty() || dishes.contains(&line.dish)) && ticket.stage(line) != stage)
        .map(|line| LineMark::of(line, stage))
        .collect();
    // A line that is taken back after the expediter's word takes the word back with it, or finishing that line later would
    // make the ticket vanish unseen.
    let bumped = bumped && (stage == Stage::Done || lines.is_empty());
    Ok(if lines.is_empty() && bumped == ticket.bumped { Decided::Nothing } else { Decided::Marked { lines, bumped } })
}

/// What a step of a batch does to a board: the orders that it takes, in the order of their numbers, with the marked quantity of each.
/// Cancelled orders, and those that were not collected, are not cooked.
pub fn decide_batch(board: &Board, step: &DishStep) -> Result<Vec<(OrderId, u32)>, Refusal> {
    if step.to <= step.from || !(1..=BATCH_PORTIONS_MAX).contains(&step.portions) {
        return Err(Refusal::NotAStep);
    }
    let (mut taken, mut orders) = (0, Vec::new());
    let cooked_for = |ticket: &&Ticket| matches!(ticket.state, OrderState::Confirmed | OrderState::Served);
    for ticket in board.by_number().into_iter().filter(cooked_for) {
        let line = ticket.lines.iter().find(|line| step.is_about(line) && ticket.stage(line) == step.from);
        let Some(line) = line.filter(|_| taken < step.portions) else { continue };
        taken += line.quantity;
        orders.push((ticket.order, line.quantity));
    }
    Ok(orders)
}

impl DishStep {
    /// The event that tells of it; `None` when it took nothing.
    #[must_use]
    pub fn event(&self, sitting: SittingId, orders: Vec<(OrderId, u32)>, by: By) -> Option<Event> {
        if orders.is_empty() {
            return None;
        }
        let Self { dish, texture, size, exceptions, to, .. } = self.clone();
        Some(Event::DishMarked(BatchStep { sitting, dish, texture, size, exceptions, stage: to, orders, by }))
    }
}
