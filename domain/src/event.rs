//! The event log: what happened at a canteen, in order, for whoever needs to know.

use crate::diet::{PortionSize, Texture};
use crate::id::{BatchId, DishId, MenuItemId, OrderId, SeniorId, SittingId};
use crate::kitchen::{By, DishShort, LineMark, RealDish, Stage};
use crate::order::{OrderState, OrderTotals, Via};
use crate::{Channel, Instant, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// What happened.
    pub enum EventKind {
        /// An order was accepted.
        OrderPlaced = "order_placed",
        /// Its lines or channel changed.
        OrderChanged = "order_changed",
        /// It was taken back.
        OrderCancelled = "order_cancelled",
        /// It was handed over with evidence.
        OrderServed = "order_served",
        /// The period passed without evidence.
        OrderNotServed = "order_not_served",
        /// A kitchen display marked a line or an order done, or took that back.
        TicketMarked = "ticket_marked",
        /// Portions of a dish moved on together.
        DishMarked = "dish_marked",
        /// Somebody in the kitchen saw an order's change.
        TicketAcknowledged = "ticket_acknowledged",
        /// A dish ran out or is back.
        DishStopped = "dish_stopped",
        /// What really goes into a dish was confirmed, or a lot brought something else into it.
        IngredientsSet = "ingredients_set",
        /// Too little of a dish was made and some go without, or there is enough again.
        DishShort = "dish_short",
        /// A batch of a dish moved on: cooking, cooked, released.
        BatchMoved = "batch_moved",
        /// A delivery plan was made.
        PlanMade = "plan_made",
        /// Something happened at a door.
        StopRecorded = "stop_recorded",
    }
}

/// An order as consumers of the log see it: no identity number, no phone, no address; the name is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// The order.
    pub order: OrderId,
    /// Whose meal; `None` for an anonymous sale.
    pub senior: Option<SeniorId>,
    /// Which sitting.
    pub sitting: SittingId,
    /// The day.
    pub service_date: ServiceDate,
    /// The meal.
    pub meal: MealPeriod,
    /// The number on ticket, label and slip.
    pub order_no: i64,
    /// `张*`
    pub masked_name: String,
    /// How it reaches the table.
    pub channel: Channel,
    /// How it came in.
    pub via: Via,
    /// Where it stands.
    pub state: OrderState,
    /// Its money.
    pub totals: OrderTotals,
    /// What is eaten.
    pub lines: Vec<LineView>,
    /// A note for the kitchen.
    pub note: String,
    /// When it was accepted.
    pub accepted_at: Instant,
    /// Counts changes.
    pub version: i64,
}

/// A line of an order on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// What.
    pub dish: DishId,
    /// Its place on the menu.
    pub item: MenuItemId,
    /// Its name.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// How prepared.
    pub texture: Texture,
    /// How large.
    #[serde(default)]
    pub size: PortionSize,
    /// What must be left out or watched, in Chinese as the cook reads it.
    pub exceptions: Vec<String>,
    /// The person may not eat this, and nobody answers for it.
    #[serde(default)]
    pub unfit: bool,
}

/// The payload of an event, told apart by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// See [`EventKind::OrderPlaced`].
    OrderPlaced(OrderView),
    /// See [`EventKind::OrderChanged`].
    OrderChanged(OrderView),
    /// See [`EventKind::OrderCancelled`].
    OrderCancelled(OrderView),
    /// See [`EventKind::OrderServed`].
    OrderServed(OrderView),
    /// See [`EventKind::OrderNotServed`].
    OrderNotServed(OrderView),
    /// See [`EventKind::TicketMarked`].
    TicketMarked(TicketMark),
    /// See [`EventKind::DishMarked`].
    DishMarked(BatchStep),
    /// See [`EventKind::TicketAcknowledged`].
    TicketAcknowledged {
        /// Which order.
        order: OrderId,
        /// Which sitting.
        sitting: SittingId,
        /// The order's version that was seen, and with it all before.
        version: i64,
        /// Who said so.
        by: By,
    },
    /// See [`EventKind::DishStopped`].
    DishStopped {
        /// Which sitting.
        sitting: SittingId,
        /// Which dish.
        dish: DishId,
        /// Out, or back.
        stopped: bool,
        /// Who said so.
        #[serde(default)]
        by: By,
    },
    /// See [`EventKind::IngredientsSet`].
    IngredientsSet {
        /// Which sitting.
        sitting: SittingId,
        /// Which dish, with what.
        real: RealDish,
        /// Who said so.
        by: By,
    },
    /// See [`EventKind::DishShort`].
    DishShort {
        /// Which sitting.
        sitting: SittingId,
        /// Which dish, and who goes without it.
        short: DishShort,
        /// Who said how many there are.
        by: By,
    },
    /// See [`EventKind::BatchMoved`].
    BatchMoved {
        /// Which batch.
        batch: BatchId,
        /// Which sitting.
        sitting: SittingId,
        /// Which dish.
        dish: DishId,
        /// The batch's state word.
        state: String,
    },
    /// See [`EventKind::PlanMade`].
    PlanMade {
        /// The sitting it serves.
        sitting: SittingId,
        /// Stops in the plan.
        stops: u32,
        /// Stops left out.
        left_out: u32,
    },
    /// See [`EventKind::StopRecorded`].
    StopRecorded {
        /// Which order.
        order: OrderId,
        /// The outcome's word.
        outcome: String,
    },
}

/// Marks on a ticket, made on a display. It says how things stand then, not what is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketMark {
    /// Which order.
    pub order: OrderId,
    /// Which sitting.
    pub sitting: SittingId,
    /// The lines whose marks are set.
    pub lines: Vec<LineMark>,
    /// Whether the expediter said that the ticket is complete.
    pub bumped: bool,
    /// Who said so.
    pub by: By,
}

/// Portions of a dish in one texture with the same exceptions that are that far now. It names each order, and adds nothing to
/// what stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchStep {
    /// Which sitting.
    pub sitting: SittingId,
    /// Which dish.
    pub dish: DishId,
    /// How prepared.
    pub texture: Texture,
    /// How large.
    #[serde(default)]
    pub size: PortionSize,
    /// With which exceptions.
    pub exceptions: Vec<String>,
    /// How far.
    pub stage: Stage,
    /// Which orders, with the quantity that was marked.
    pub orders: Vec<(OrderId, u32)>,
    /// Who said so.
    pub by: By,
}

impl BatchStep {
    /// The mark on an order's line.
    #[must_use]
    pub fn mark(&self, quantity: u32) -> LineMark {
        let Self { dish, texture, size, exceptions, stage, .. } = self;
        LineMark { dish: *dish, stage: *stage, quantity, texture: *texture, size: *size, exceptions: exceptions.clone() }
    }
}

impl Event {
    /// The kind, as the log's column has it.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::OrderPlaced(_) => EventKind::OrderPlaced,
            Self::OrderChanged(_) => EventKind::OrderChanged,
            Self::OrderCancelled(_) => EventKind::OrderCancelled,
            Self::OrderServed(_) => EventKind::OrderServed,
            Self::OrderNotServed(_) => EventKind::OrderNotServed,
            Self::TicketMarked(_) => EventKind::TicketMarked,
            Self::DishMarked(_) => EventKind::DishMarked,
            Self::TicketAcknowledged { .. } => EventKind::TicketAcknowledged,
            Self::DishStopped { .. } => EventKind::DishStopped,
            Self::IngredientsSet { .. } => EventKind::IngredientsSet,
            Self::DishShort { .. } => EventKind::DishShort,
            Self::BatchMoved { .. } => EventKind::BatchMoved,
            Self::PlanMade { .. } => EventKind::PlanMade,
            Self::StopRecorded { .. } => EventKind::StopRecorded,
        }
    }

    /// The sitting it concerns, when there is one.
    #[must_use]
    pub const fn sitting(&self) -> Option<SittingId> {
        match self {
            Self::OrderPlaced(v)
            | Self::OrderChanged(v)
            | Self::OrderCancelled(v)
            | Self::OrderServed(v)
            | Self::OrderNotServed(v) => Some(v.sitting),
            Self::TicketMarked(mark) => Some(mark.sitting),
            Self::DishMarked(step) => Some(step.sitting),
            Self::TicketAcknowledged { sitting, .. }
            | Self::DishStopped { sitting, .. }
            | Self::IngredientsSet { sitting, .. }
            | Self::DishShort { sitting, .. }
            | Self::BatchMoved { sitting, .. }
            | Self::PlanMade { sitting, .. } => Some(*sitting),
            Self::StopRecorded { .. } => None,
        }
    }
}
