//! Making, reading and changing standing orders.

use super::{StandingRequest, follow};
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::orders::access;
use domain::access::{Action, Actor, FamilyScope, Where};
use domain::id::{SeniorId, StandingOrderId};
use domain::standing::StandingState;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::standing::{self, StandingRow};
use store::query::{catalogue, seniors};
use store::{LaneKey, Tx};

/// Makes a standing order, and the orders of its first days.
pub async fn make(app: &App, actor: Arc<Actor>, key: RequestKey, request: StandingRequest) -> Outcome<StandingRow, Never> {
    let id = app
        .store
        .write(LaneKey::of(request.senior), "make_standing", move |tx| {
            if let Some(earlier) = key.earlier_answer(tx)? {
                return Ok::<StandingOrderId, Failure<Never>>(earlier);
            }
            may_order(tx.look(), &actor, &request)?;
            let row = row_of(tx, tx.new_id(), 1, actor.user.map(Col), &request);
            standing::insert(tx.change(), &row)?;
            key.keep_answer(tx, &row.id.0, row.created_at.0)?;
            Ok(row.id.0)
        })
        .await?;
    bring_in_line(app, id).await;
    read(app, id).await
}

/// The days are brought in line before the answer, so that the client sees them. The change is committed whatever comes of that, and
/// the worker follows what was noted with it.
async fn bring_in_line(app: &App, id: StandingOrderId) {
    if let Err(failure) = follow(app, id).await {
        tracing::warn!(pattern = %id, ?failure, "a standing order's days are left to the worker");
    }
}

/// Replaces a standing order from the version that was read, and brings its days in line.
pub async fn put(
    app: &App,
    actor: Arc<Actor>,
    id: StandingOrderId,
    version: i64,
    request: StandingRequest,
) -> Outcome<StandingRow, Never> {
    app.store
        .write(LaneKey::of(id), "put_standing", move |tx| {
            let old = visible(tx.look(), &actor, id)?;
            may_order(tx.look(), &actor, &request)?;
            if old.senior_id.0 != request.senior {
                return Err(Failure::NotFound(Thing::StandingOrder));
            }
            let row = StandingRow { created_at: old.created_at, ..row_of(tx, id, version + 1, old.placed_by, &request) };
            if standing::update(tx.change(), &row, version)? { Ok(()) } else { Err(Failure::Stale { version: old.version }) }
        })
        .await?;
    bring_in_line(app, id).await;
    read(app, id).await
}

/// A standing order in the actor's sight.
pub async fn get(app: &App, actor: Arc<Actor>, id: StandingOrderId) -> Outcome<StandingRow, Never> {
    app.store.read("get_standing", move |conn| visible(conn, &actor, id)).await
}

/// A senior's standing orders, newest first; for staff of a canteen those at their canteen.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    senior: SeniorId,
    (before, limit): (Option<StandingOrderId>, usize),
) -> Outcome<Vec<StandingRow>, Never> {
    app.store
        .read("list_standing", move |conn| {
            let everything = may_see(conn, &actor, senior)?;
            let mut rows = Vec::new();
            for row in standing::of_senior(conn, senior)? {
                if everything || sees_at_canteen(conn, &actor, &row)? {
                    rows.push(row);
                }
            }
            if rows.is_empty() && !everything {
                return Err(Failure::NotFound(Thing::Senior(senior)));
            }
            rows.retain(|row| before.is_none_or(|before| row.id.0 < before));
            rows.truncate(limit);
            Ok(rows)
        })
        .await
}

async fn read(app: &App, id: StandingOrderId) -> Outcome<StandingRow, Never> {
    app.store.read("get_standing", move |conn| standing::find(conn, id)?.ok_or(Failure::NotFound(Thing::StandingOrder))).await
}

fn may_order(conn: &mut AnyConnection, actor: &Actor, request: &StandingRequest) -> Outcome<(), Never> {
    let senior = seniors::find(conn, request.senior)?.ok_or(Failure::NotFound(Thing::Senior(request.senior)))?;
    let canteen = catalogue::canteen(conn, request.canteen)?.ok_or(Failure::NotFound(Thing::Canteen(request.canteen)))?;
    access::to_order(actor, Some(&senior), &canteen).map(|_| ())
}

/// Whether all patterns of the senior are in sight.
fn may_see(conn: &mut AnyConnection, actor: &Actor, id: SeniorId) -> Outcome<bool, Never> {
    let senior = seniors::find(conn, id)?.ok_or(Failure::NotFound(Thing::Senior(id)))?;
    let at_home = Where { place: &senior.resident_place.0, canteen: None };
    Ok(actor.may_for(FamilyScope::See, id) || actor.may(Action::SeeOrders, at_home))
}

/// Whether the pattern is in sight of who serves it.
fn sees_at_canteen(conn: &mut AnyConnection, actor: &Actor, row: &StandingRow) -> Outcome<bool, Never> {
    let canteen = catalogue::canteen(conn, row.canteen_id.0)?;
    Ok(canteen.is_some_and(|c| actor.may(Action::SeeOrders, Where { place: &c.place_code.0, canteen: Some(c.id.0) })))
}

fn visible(conn: &mut AnyConnection, actor: &Actor, id: StandingOrderId) -> Outcome<StandingRow, Never> {
    let row = standing::find(conn, id)?.ok_or(Failure::NotFound(Thing::StandingOrder))?;
    let seen = may_see(conn, actor, row.senior_id.0)? || sees_at_canteen(conn, actor, &row)?;
    if seen { Ok(row) } else { Err(Failure::NotFound(Thing::StandingOrder)) }
}

fn row_of(
    tx: &Tx<'_>,
    id: StandingOrderId,
    version: i64,
    placed_by: Option<Col<domain::id::UserId>>,
    request: &StandingRequest,
) -> StandingRow {
    StandingRow {
        id: Col(id),
        version,
        senior_id: Col(request.senior),
        canteen_id: Col(request.canteen),
        meal: Word(request.meal),
        weekdays: i64::from(request.weekdays),
        channel: Word(request.channel),
        starts_on: Col(request.starts_on),
        ends_on: request.ends_on.map(Col),
        paused_from: request.pause.map(|(from, _)| Col(from)),
        paused_to: request.pause.and_then(|(_, to)| to.map(Col)),
        placed_by,
        state: Word(if request.ended { StandingState::Ended } else { StandingState::Active }),
        created_at: Col(tx.now()),
    }
}
