//! Delivery plans: made from the demand, checked, shown to couriers, and what happened at the doors.

pub mod look;
pub mod make;
pub mod outcome;

use crate::failure::{Failure, Outcome, Thing};
use delivery::geography::Mode;
use domain::Instant;
use domain::access::{Action, Actor, Where};
use domain::id::{CanteenId, OrderId, StopId, UserId};
use serde::{Deserialize, Serialize};
use store::column::Col;
use store::query::catalogue;
use store::query::plans::{self, PlanRow, StopRow};
use store::{StoreError, Tx};

/// A stop for who was at its door, with its canteen, whose lock is taken: the courier whose stop it is, or who plans the rounds and brings
/// meals too, and so stands in for any courier of the canteen. Planning alone is no witness of a door.
pub(crate) fn stop_for<R>(tx: &mut Tx<'_>, actor: &Actor, id: StopId) -> Outcome<(StopRow, CanteenId), R> {
    let hidden = || Failure::NotFound(Thing::Stop);
    let stop = plans::stop(tx.look(), id)?.ok_or_else(hidden)?;
    let canteen_id = plans::canteen_of_order(tx.look(), stop.order_id.0)?.ok_or_else(hidden)?;
    tx.lock_canteen(canteen_id)?;
    let canteen = catalogue::canteen(tx.look(), canteen_id)?.ok_or_else(hidden)?;
    let at = Where { place: &canteen.place_code.0, canteen: Some(canteen_id) };
    let own = actor.user.is_some() && stop.courier_id.map(|Col(id)| id) == actor.user;
    if !actor.may(Action::Deliver, at) || !(own || actor.may(Action::Plan, at)) {
        return Err(hidden());
    }
    // Read again with the lock held: another record may have come in between.
    let stop = plans::stop(tx.look(), id)?.ok_or_else(hidden)?;
    Ok((stop, canteen_id))
}

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
