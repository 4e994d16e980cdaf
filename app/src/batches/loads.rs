//! Portions of a batch for a canteen that the kitchen supplies: handed over with a temperature, by name.

use super::BatchRefusal as Refusal;
use super::held::with_batch;
use super::view::BatchView;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::canteen_for;
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::batch::{BatchState, plausible_time};
use domain::food_safety::{DeciCelsius, hand_over_deadline, in_time};
use domain::id::{BatchId, CanteenId};
use domain::site_load::{LoadFacts, faults_of};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::query::catalogue;
use store::query::loads::{self, LoadRow};

/// Loads of one canteen on one day shown at most.
const LOADS_MAX: i64 = 500;

/// Portions that are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// To which canteen.
    pub canteen: CanteenId,
    /// How many, 1 to 100,000.
    pub portions: i64,
    /// What was measured in the box.
    pub temperature: Option<DeciCelsius>,
    /// When it was handed over.
    pub handed_over_at: Instant,
}

/// Records that portions of a released batch were handed over to a canteen that the kitchen supplies.
pub async fn hand_over(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId, load: Load) -> Outcome<BatchView, Refusal> {
    let by = actor.clone();
    with_batch(app, actor, key, id, "hand_over_load", move |tx, held| {
        let batch = &held.batch;
        if batch.state.0 != BatchState::Released {
            return Err(Failure::Refused(Refusal::State(batch.state.0)));
        }
        let site = catalogue::canteen(tx.look(), load.canteen)?.filter(|site| site.central_kitchen_id == Some(batch.canteen_id));
        let site = site.ok_or(Failure::NotFound(Thing::Canteen(load.canteen)))?;
        if !plausible_time(load.handed_over_at, held.now) {
            return Err(Failure::Refused(Refusal::ImplausibleTime));
        }
        let deadline = batch.cooked_at.and_then(|at| hand_over_deadline(at.0, batch.holding.0, &held.rules));
        if !in_time(deadline, load.handed_over_at) {
            return Err(Failure::Refused(Refusal::HeldTooLong));
        }
        let gone: i64 = loads::of_batch(tx.look(), id)?.iter().map(|row| row.portions).sum();
        let facts = LoadFacts {
            portions: load.portions,
            left: batch.made_portions.map(|made| made - gone),
            holding: batch.holding.0,
            temperature: load.temperature,
        };
        let faults = faults_of(&facts, &held.rules);
        if !faults.is_empty() {
            return Err(Failure::Refused(Refusal::Load(faults)));
        }
        let row = LoadRow {
            id: Col(tx.new_id()),
            batch_id: held.batch.id,
            canteen_id: site.id,
            portions: load.portions,
            temp: load.temperature.map(Col),
            handed_over_at: Col(load.handed_over_at),
            recorded_at: Col(held.now),
            recorded_by: Col(held.by),
        };
        loads::add(tx.change(), &row)?;
        let detail = json!({ "to": load.canteen, "handed_over": load.portions, "decicelsius": load.temperature.map(|t| t.0) });
        audit::record(tx, &by, AuditAction::PortionsRecorded, id, Some(&site.place_code.0), &detail);
        Ok(())
    })
    .await
}

/// What a canteen was handed over for a day, with the dishes' names.
pub async fn of_canteen(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    on: ServiceDate,
) -> Outcome<Vec<(LoadRow, String)>, Never> {
    app.store
        .read("site_loads", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            Ok(loads::of_canteen(conn, canteen, on, LOADS_MAX)?)
        })
        .await
}
