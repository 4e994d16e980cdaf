//! Delivery plans: made from the demand, checked, shown to couriers, and what happened at the doors.

pub mod look;
pub mod make;
pub mod outcome;

use delivery::geography::Mode;
use domain::Instant;
use domain::id::{OrderId, UserId};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::query::plans::PlanRow;

/// Someone who carries today, as the planner is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// Name or badge, unique in the plan; printed on the sheet.
    pub name: String,
    /// Their sign-in, so that their phone shows the round.
    pub user: Option<UserId>,
    /// How they move.
    pub mode: Mode,
    /// Boxes that fit into one trip.
    pub boxes: u32,
    /// Minutes after midnight at which the shift begins.
    pub from_minute: u16,
    /// Minutes after midnight at which it ends.
    pub to_minute: u16,
    /// How often they may load.
    pub max_trips: u32,
}

/// What the stored plan says, beside its stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDocument {
    /// The rounds.
    pub rounds: Vec<Round>,
    /// Orders to deliver that are on no round, each with reason and cure.
    pub left_out: Vec<LeftOut>,
    /// Metres altogether.
    pub metres: i64,
    /// Search steps spent; the same seed and steps give the same plan.
    pub steps: u64,
    /// The seed.
    pub seed: u64,
}

/// What a stored plan says.
fn document_of(row: &PlanRow) -> Result<PlanDocument, StoreError> {
    serde_json::from_str(&row.plan).map_err(|e| StoreError::Database(format!("plan {}: {e}", row.id.0)))
}

/// One courier's round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Who.
    pub carrier: String,
    /// Their trips.
    pub trips: Vec<Trip>,
}

/// One loading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// When to leave the canteen: the earliest departure without waiting.
    pub departs_at: Instant,
    /// How much later would still do, in seconds.
    pub slack_s: i64,
    /// Boxes in the bag.
    pub boxes: u32,
    /// Metres of the trip.
    pub metres: i64,
    /// The doors, in order, with their expected times.
    pub stops: Vec<(OrderId, Instant)>,
}

/// An order to deliver that is on no round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// Why, zh-CN.
    pub reason_zh: String,
    /// Why, English.
    pub reason_en: String,
    /// What would cure it, zh-CN.
    pub cures_zh: Vec<String>,
}
