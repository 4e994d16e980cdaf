//! The projection, the changes that make it, and its canonical text.

use super::Stage;
use crate::diet::{PortionSize, Texture};
use crate::event::{BatchStep, Event, OrderView};
use crate::id::{DeviceId, DishId, IngredientId, KitchenCommandId, OrderId, SittingId, UserId};
use crate::order::{OrderState, Via};
use crate::{Channel, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The first element of the canonical text; a change of the encoding changes it.
const ENCODING: &str = "nuanfan-kitchen/2";

/// What is to be made of one dish for one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portion {
    /// Which dish.
    pub dish: DishId,
    /// Its name; shown, and left out of the hash: a dish may be renamed while it cooks.
    pub name: String,
    /// How many portions.
    pub quantity: u32,
    /// How prepared.
    pub texture: Texture,
    /// How large.
    #[serde(default)]
    pub size: PortionSize,
    /// What must be left out or watched, as the cook reads it.
    pub exceptions: Vec<String>,
    /// The person may not eat this, and nobody answers for it: it is not served like this.
    #[serde(default)]
    pub unfit: bool,
}

/// One ingredient that really goes into a portion of a dish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealPart {
    /// Which.
    pub ingredient: IngredientId,
    /// Its name; shown, and left out of the hash.
    pub name: String,
    /// How much of it, in milligrams.
    pub amount_mg: i64,
}

/// What really goes into a dish at this sitting, where it is not simply the recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealDish {
    /// Which dish.
    pub dish: DishId,
    /// How often it was confirmed; 0 for not yet.
    pub version: i64,
    /// When it was confirmed last, microseconds since 1970 UTC.
    pub confirmed_us: Option<i64>,
    /// What was confirmed; nothing when nothing was, and then the recipe holds.
    pub used: Vec<RealPart>,
    /// What a lot brought into it without being among these.
    pub brought: Vec<RealPart>,
}

impl RealDish {
    /// Whether nothing differs from the recipe any more.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.version == 0 && self.brought.is_empty()
    }
}

/// Who goes without a dish of which too few portions were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DishShort {
    /// Which dish.
    pub dish: DishId,
    /// Which orders lack how many portions, by order; none when there is enough.
    pub orders: Vec<(OrderId, u32)>,
}

/// How far one line is, and what it was when that was said: after a change to something else the mark no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineMark {
    /// Which dish.
    pub dish: DishId,
    /// How far.
    pub stage: Stage,
    /// The quantity that was marked.
    pub quantity: u32,
    /// The texture that was marked.
    pub texture: Texture,
    /// The size that was marked.
    #[serde(default)]
    pub size: PortionSize,
    /// The exceptions that were marked.
    pub exceptions: Vec<String>,
}

impl LineMark {
    /// The mark for a portion as it stands.
    #[must_use]
    pub fn of(portion: &Portion, stage: Stage) -> Self {
        Self {
            dish: portion.dish,
            stage,
            quantity: portion.quantity,
            texture: portion.texture,
            size: portion.size,
            exceptions: portion.exceptions.clone(),
        }
    }

    fn holds_for(&self, portion: &Portion) -> bool {
        let (mine, theirs) = ((self.quantity, self.texture, self.size), (portion.quantity, portion.texture, portion.size));
        mine == theirs && self.exceptions == portion.exceptions
    }
}

/// Who said so: a device, a signed-in person, by which command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct By {
    /// The paired device.
    pub device: Option<DeviceId>,
    /// The signed-in person.
    pub user: Option<UserId>,
    /// The command, by the identifier its display made.
    pub command: Option<KitchenCommandId>,
}

/// One order in the kitchen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The order.
    pub order: OrderId,
    /// The number on ticket, label and slip.
    pub no: i64,
    /// `张*`; empty for an anonymous sale.
    pub name: String,
    /// How it reaches the table.
    pub channel: Channel,
    /// How it came in.
    pub via: Via,
    /// Where the order stands.
    pub state: OrderState,
    /// Counts the order's changes.
    pub version: i64,
    /// When it was accepted, microseconds since 1970 UTC.
    #[serde(with = "micros")]
    pub accepted_us: Instant,
    /// When the order last changed, microseconds since 1970 UTC.
    #[serde(with = "micros")]
    pub changed_us: Instant,
    /// A note for the kitchen.
    pub note: String,
    /// What is to be made, in the order of the dishes' identifiers.
    pub lines: Vec<Portion>,
    /// How far each dish was said to be.
    #[serde(default)]
    pub marks: Vec<LineMark>,
    /// The expediter said that it is complete.
    #[serde(default)]
    pub bumped: bool,
    /// The last version of the order that somebody acknowledged; 0 for none.
    #[serde(default)]
    pub acked: i64,
}

/// Instants as integers, so that every language reads and writes the same digits.
mod micros {
    use crate::Instant;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &Instant, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_i64(at.micros())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Instant, D::Error> {
        i64::deserialize(d).map(Instant::from_micros)
    }
}

impl Ticket {
    /// The ticket of an order that changed at this time, with nothing marked yet.
    #[must_use]
    pub fn of(view: &OrderView, changed: Instant) -> Self {
        let portion = |line: &crate::event::LineView| Portion {
            dish: line.dish,
            name: line.name.clone(),
            quantity: line.quantity,
            texture: line.texture,
            size: line.size,
            exceptions: line.exceptions.clone(),
            unfit: line.unfit,
        };
        let mut lines: Vec<Portion> = view.lines.iter().map(portion).collect();
        lines.sort_by_key(|line| line.dish);
        Self {
            order: view.order,
            no: view.order_no,
            name: view.masked_name.clone(),
            channel: view.channel,
            via: view.via,
            state: view.state,
            version: view.version,
            accepted_us: view.accepted_at,
            changed_us: changed,
            note: view.note.clone(),
            lines,
            marks: Vec::new(),
            bumped: false,
            acked: 0,
        }
    }

    /// How far a line is: what was marked, while the line is still what was marked.
    #[must_use]
    pub fn stage(&self, portion: &Portion) -> Stage {
        let mark = self.marks.iter().find(|mark| mark.dish == portion.dish);
        mark.filter(|mark| mark.holds_for(portion)).map_or(Stage::Waiting, |mark| mark.stage)
    }

    /// Whether every line is made.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.lines.iter().all(|line| self.stage(line) == Stage::Done)
    }

    /// Whether it has left the kitchen: somebody said complete, and no later change took that back.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.bumped && self.is_made()
    }

    /// Whether it was ordered for now: at the counter, or after the sitting's cut-off. The rest is cooked in batches.
    #[must_use]
    pub fn is_walk_in(&self, cut_off: Instant) -> bool {
        self.via == Via::Counter || self.accepted_us >= cut_off
    }

    /// Whether somebody still has to acknowledge its last change: a new walk-in order, and any change or cancellation of it or of an
    /// order in cooking. What changes before the cut-off is only a number that has not been cooked yet.
    #[must_use]
    pub fn needs_acknowledgement(&self, cut_off: Instant) -> bool {
        let open = matches!(self.state, OrderState::Confirmed | OrderState::Cancelled);
        let noteworthy = self.is_walk_in(cut_off) || self.changed_us >= cut_off;
        open && noteworthy && self.acked < self.version
    }

    fn mark(&mut self, mark: &LineMark) {
        match self.marks.binary_search_by_key(&mark.dish, |known| known.dish) {
            Ok(at) => self.marks[at] = mark.clone(),
            Err(at) => self.marks.insert(at, mark.clone()),
        }
    }
}

/// What an event means to the kitchen; what a display is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// The order is now this. The marks of its lines and what was acknowledged stay as they were.
    Order {
        /// The order, without marks.
        ticket: Ticket,
    },
    /// These lines are marked, and the ticket is complete or not.
    Marked {
        /// Which ticket.
        order: OrderId,
        /// The marks to set.
        lines: Vec<LineMark>,
        /// Whether the expediter's word stands.
        bumped: bool,
        /// Who said so.
        by: By,
    },
    /// These orders' portions of a dish are that far.
    Batch(BatchStep),
    /// The order's changes up to this version were seen by somebody.
    Acknowledged {
        /// Which ticket.
        order: OrderId,
        /// Up to which version.
        version: i64,
        /// Who said so.
        by: By,
    },
    /// A dish ran out, or is back.
    Stopped {
        /// Which dish.
        dish: DishId,
        /// Out, or back.
        stopped: bool,
        /// Who said so.
        by: By,
    },
    /// These go without a dish.
    Short {
        /// Which dish, and who.
        short: DishShort,
        /// Who said how many there are.
        by: By,
    },
    /// This really goes into a dish.
    Real {
        /// Which dish, with what.
        real: RealDish,
        /// Who said so.
        by: By,
    },
}

impl Change {
    /// What an event of the log, recorded at this time, means to the kitchen; `None` when nothing.
    #[must_use]
    pub fn of(event: &Event, at: Instant) -> Option<Self> {
        match event {
            Event::OrderPlaced(view)
            | Event::OrderChanged(view)
            | Event::OrderCancelled(view)
            | Event::OrderServed(view)
            | Event::OrderNotServed(view) => Some(Self::Order { ticket: Ticket::of(view, at) }),
            Event::TicketMarked(mark) => {
                Some(Self::Marked { order: mark.order, lines: mark.lines.clone(), bumped: mark.bumped, by: mark.by })
            }
            Event::DishMarked(step) => Some(Self::Batch(step.clone())),
            Event::TicketAcknowledged { order, version, by, .. } => {
                Some(Self::Acknowledged { order: *order, version: *version, by: *by })
            }
            Event::DishStopped { dish, stopped, by, .. } => Some(Self::Stopped { dish: *dish, stopped: *stopped, by: *by }),
            Event::IngredientsSet { real, by, .. } => Some(Self::Real { real: real.clone(), by: *by }),
            Event::DishShort { short, by, .. } => Some(Self::Short { short: short.clone(), by: *by }),
            Event::BatchMoved { .. } | Event::PlanMade { .. } | Event::StopRecorded { .. } => None,
        }
    }
}

/// One sitting in the kitchen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Which sitting.
    pub sitting: SittingId,
    /// Every order ever placed for it, cancelled ones too.
    pub tickets: BTreeMap<OrderId, Ticket>,
    /// Dishes that ran out.
    pub stopped: BTreeSet<DishId>,
    /// What really goes into dishes, where that is not simply the recipe.
    pub real: BTreeMap<DishId, RealDish>,
    /// Who goes without which dish.
    pub short: BTreeMap<DishId, DishShort>,
}

impl Board {
    /// Before anything happened.
    #[must_use]
    pub fn new(sitting: SittingId) -> Self {
        Self { sitting, tickets: BTreeMap::new(), stopped: BTreeSet::new(), real: BTreeMap::new(), short: BTreeMap::new() }
    }

    /// From whole tickets, as a snapshot has them.
    #[must_use]
    pub fn from_parts(sitting: SittingId, tickets: impl IntoIterator<Item = Ticket>, stopped: BTreeSet<DishId>) -> Self {
        let tickets = tickets.into_iter().map(|ticket| (ticket.order, ticket)).collect();
        Self { tickets, stopped, ..Self::new(sitting) }
    }

    /// With what really goes into dishes.
    #[must_use]
    pub fn with_real(self, real: impl IntoIterator<Item = RealDish>) -> Self {
        Self { real: real.into_iter().map(|of| (of.dish, of)).collect(), ..self }
    }

    /// With who goes without which dish.
    #[must_use]
    pub fn with_short(self, short: impl IntoIterator<Item = DishShort>) -> Self {
        Self { short: short.into_iter().map(|of| (of.dish, of)).collect(), ..self }
    }

    /// Takes over a change. A mark on an order that is not there is left out: its order's events come before it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Order { ticket } => match self.tickets.get_mut(&ticket.order) {
                Some(known) => {
                    let (marks, bumped, acked) = (std::mem::take(&mut known.marks), known.bumped, known.acked);
                    *known = Ticket { marks, bumped, acked, ..ticket.clone() };
                }
                None => drop(self.tickets.insert(ticket.order, ticket.clone())),
            },
            Change::Marked { order, lines, bumped, .. } => {
                if let Some(ticket) = self.tickets.get_mut(order) {
                    lines.iter().for_each(|line| ticket.mark(line));
                    ticket.bumped = *bumped;
                }
            }
            Change::Batch(step) => {
                for (order, quantity) in &step.orders {
                    if let Some(ticket) = self.tickets.get_mut(order) {
                        ticket.mark(&step.mark(*quantity));
                    }
                }
            }
            Change::Acknowledged { order, version, .. } => {
                if let Some(ticket) = self.tickets.get_mut(order) {
                    ticket.acked = ticket.acked.max(*version);
                }
            }
            Change::Stopped { dish, stopped: true, .. } => drop(self.stopped.insert(*dish)),
            Change::Stopped { dish, stopped: false, .. } => drop(self.stopped.remove(dish)),
            Change::Short { short, .. } if short.orders.is_empty() => drop(self.short.remove(&short.dish)),
            Change::Short { short, .. } => drop(self.short.insert(short.dish, short.clone())),
            Change::Real { real, .. } if real.is_plain() => drop(self.real.remove(&real.dish)),
            Change::Real { real, .. } => drop(self.real.insert(real.dish, real.clone())),
        }
    }

    /// The tickets by their number.
    #[must_use]
    pub fn by_number(&self) -> Vec<&Ticket> {
        let mut tickets: Vec<&Ticket> = self.tickets.values().collect();
        tickets.sort_by_key(|ticket| (ticket.no, ticket.order));
        tickets
    }

    /// The canonical text: compact JSON of nested arrays with the fields in a fixed order, which `JSON.stringify` of a browser and
    /// every other JSON library without options write alike: no floats, no maps, no escapes but those that JSON demands.
    #[must_use]
    pub fn canonical(&self) -> String {
        let tickets: Vec<Value> = self.by_number().into_iter().map(canonical_ticket).collect();
        let stopped: Vec<&DishId> = self.stopped.iter().collect();
        let real: Vec<Value> = self.real.values().map(canonical_real).collect();
        let short: Vec<Value> = self.short.values().map(|of| json!([of.dish, of.orders])).collect();
        json!([ENCODING, self.sitting, tickets, stopped, real, short]).to_string()
    }

    /// SHA-256 of the canonical text, in lower-case hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.canonical().as_bytes()))
    }
}

fn canonical_real(of: &RealDish) -> Value {
    let parts = |all: &[RealPart]| all.iter().map(|part| json!([part.ingredient, part.amount_mg])).collect::<Vec<_>>();
    json!([of.dish, of.version, of.confirmed_us, parts(&of.used), parts(&of.brought)])
}

fn canonical_ticket(t: &Ticket) -> Value {
    let lines: Vec<Value> = t.lines.iter().map(|l| json!([l.dish, l.quantity, l.texture, l.size, l.exceptions, l.unfit])).collect();
    let marks: Vec<Value> = t.marks.iter().map(|m| json!([m.dish, m.stage, m.quantity, m.texture, m.size, m.exceptions])).collect();
    json!([
        t.order,
        t.no,
        t.name,
        t.channel,
        t.via,
        t.state,
        t.version,
        t.accepted_us.micros(),
        t.changed_us.micros(),
        t.note,
        lines,
        marks,
        t.bumped,
        t.acked
    ])
}
