//! Which lane a unit of work belongs to.
//!
//! Everything that takes a canteen's lock runs in that canteen's lane, and a batch runs in the order of its keys: so two batches, of
//! one process or of several, take those locks in the same order and never wait for each other in a circle.

use crate::App;
use crate::failure::{Failure, Outcome};
use domain::id::{BatchId, CanteenId, LotId, OrderId, SittingId, StandingOrderId, StopId};
use std::collections::HashMap;
use std::sync::RwLock;
use store::query::{batches, catalogue, ingredients, orders, plans, standing};
use store::{AnyConnection, LaneKey, StoreError};

/// Whose sitting each sitting is. That never changes, so what is kept here cannot be out of date.
#[derive(Debug, Default)]
pub struct Homes(RwLock<HashMap<SittingId, CanteenId>>);

/// Sittings kept at most; a city's fortnight has 56,000.
const KEPT: usize = 100_000;

/// The lane of a sitting's canteen. A sitting that does not exist has a lane too: the unit finds out.
pub async fn of_sitting<R: Send + 'static>(app: &App, sitting: SittingId) -> Outcome<LaneKey, R> {
    let kept = app.homes.0.read().ok().and_then(|homes| homes.get(&sitting).copied());
    if let Some(canteen) = kept {
        return Ok(LaneKey::of(canteen));
    }
    let found = app.store.read("lane", move |conn| catalogue::canteen_of(conn, sitting).map_err(Failure::<R>::from)).await?;
    if let (Some(canteen), Ok(mut homes)) = (found, app.homes.0.write()) {
        if homes.len() >= KEPT {
            homes.clear();
        }
        homes.insert(sitting, canteen);
    }
    Ok(found.map_or(LaneKey::SHARED, LaneKey::of))
}

/// The lane of an order's canteen.
pub async fn of_order<R: Send + 'static>(app: &App, order: OrderId) -> Outcome<LaneKey, R> {
    found(app, move |conn| Ok(orders::find(conn, order)?.map(|row| row.canteen_id.0))).await
}

/// The lane of a standing order's canteen.
pub async fn of_pattern<R: Send + 'static>(app: &App, pattern: StandingOrderId) -> Outcome<LaneKey, R> {
    found(app, move |conn| Ok(standing::find(conn, pattern)?.map(|row| row.canteen_id.0))).await
}

/// The lane of a stop's canteen.
pub async fn of_stop<R: Send + 'static>(app: &App, stop: StopId) -> Outcome<LaneKey, R> {
    found(app, move |conn| match plans::stop(conn, stop)? {
        Some(row) => plans::canteen_of_order(conn, row.order_id.0),
        None => Ok(None),
    })
    .await
}

/// The lane of a batch's canteen.
pub async fn of_batch<R: Send + 'static>(app: &App, batch: BatchId) -> Outcome<LaneKey, R> {
    found(app, move |conn| Ok(batches::find(conn, batch)?.map(|row| row.canteen_id.0))).await
}

/// The lane of a lot's canteen.
pub async fn of_lot<R: Send + 'static>(app: &App, lot: LotId) -> Outcome<LaneKey, R> {
    found(app, move |conn| Ok(ingredients::lot(conn, lot)?.map(|row| row.canteen_id.0))).await
}

async fn found<R: Send + 'static>(
    app: &App,
    look: impl FnOnce(&mut AnyConnection) -> Result<Option<CanteenId>, StoreError> + Send + 'static,
) -> Outcome<LaneKey, R> {
    let canteen = app.store.read("lane", move |conn| look(conn).map_err(Failure::<R>::from)).await?;
    Ok(canteen.map_or(LaneKey::SHARED, LaneKey::of))
}
