//! The cooked-at clock, as it travels with an order to the table and the door.

use crate::ingredients::rules::RuleShelf;
use domain::Instant;
use domain::food_safety::hand_over_deadline;
use domain::id::{BatchId, OrderId};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::batches::{self, BatchRow};
use store::query::{catalogue, trace};

/// Until when everything that was packed for an order may be handed over: the earliest deadline of its batches. `None` when no
/// batch is known or no setting limits the time.
pub fn hand_over_by(conn: &mut AnyConnection, shelf: &RuleShelf, order: OrderId) -> Result<Option<Instant>, StoreError> {
    let ids: Vec<BatchId> = batches::links_of_order(conn, order)?.into_iter().map(|link| link.batch_id.0).collect();
    let mut earliest: Option<Instant> = None;
    for (batch, _) in trace::batches(conn, &ids)? {
        earliest = [earliest, of_batch(conn, shelf, &batch)?].into_iter().flatten().min();
    }
    Ok(earliest)
}

/// Until when one batch may be handed over, by the settings of its canteen's place on its day; `None` as above.
pub(crate) fn of_batch(conn: &mut AnyConnection, shelf: &RuleShelf, batch: &BatchRow) -> Result<Option<Instant>, StoreError> {
    let (Some(cooked), Some(canteen)) = (batch.cooked_at, catalogue::canteen(conn, batch.canteen_id.0)?) else { return Ok(None) };
    let rules = shelf.in_force(&canteen.place_code.0, batch.service_date.0)?;
    Ok(hand_over_deadline(cooked.0, batch.holding.0, &rules))
}
