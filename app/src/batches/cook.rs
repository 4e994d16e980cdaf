//! On the stove and off it again, with a core temperature.

use super::BatchRefusal as Refusal;
use super::held::{Held, check, move_on, save, with_batch};
use super::link;
use super::view::BatchView;
use super::yields::follow;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::Instant;
use domain::access::Actor;
use domain::batch::{BatchCommand, BatchState, plausible_time};
use domain::food_safety::DeciCelsius;
use domain::id::{BatchId, UserId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Tx;
use store::column::Col;
use store::query::batches::{self, CoreReadingRow};

/// Puts a batch on the stove.
pub async fn start(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId) -> Outcome<BatchView, Refusal> {
    with_batch(app, actor, key, id, "start_batch", |tx, held| {
        held.batch.started_at = Some(Col(held.now));
        move_on(tx, held, BatchCommand::Start)
    })
    .await
}

/// A dish that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooked {
    /// When it was taken off the stove: the clock of its holding time.
    pub cooked_at: Instant,
    /// Its core temperature; it can be added later, but not skipped without an override.
    pub core: Option<DeciCelsius>,
    /// Who cooked; absent is who writes this.
    pub cook: Option<UserId>,
    /// How many portions it came to, when that was counted already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<i64>,
}

/// Takes a batch off the stove.
pub async fn cooked(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId, done: Cooked) -> Outcome<BatchView, Refusal> {
    let telling = app.telling();
    with_batch(app, actor, key, id, "cook_batch", move |tx, held| {
        check(held, BatchCommand::Cook)?;
        plausible(done.cooked_at, done.core, held.now)?;
        let cook = done.cook.unwrap_or(held.by);
        if !batches::is_user(tx.look(), cook)? {
            return Err(Failure::NotFound(Thing::User));
        }
        held.batch.cook_id = Some(Col(cook));
        held.batch.cooked_at = Some(Col(done.cooked_at));
        if let Some(core) = done.core {
            held.batch.core_temp = Some(Col(core));
            add_reading(tx, held, core, done.cooked_at)?;
        }
        held.batch.made_portions = done.made;
        move_on(tx, held, BatchCommand::Cook)?;
        follow(tx, telling, (held.batch.sitting_id.0, held.batch.dish_id.0), held.by, held.now)?;
        link::recorded_late(tx, &held.batch, done.cooked_at, held.now)?;
        Ok(())
    })
    .await
}

/// Adds a core temperature to a cooked batch: the first one, or one after heating it again. The last one counts; all stay. The
/// clock of the holding time runs on from the first cooking.
pub async fn measured(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: BatchId,
    core: DeciCelsius,
    measured_at: Instant,
) -> Outcome<BatchView, Refusal> {
    with_batch(app, actor, key, id, "measure_batch", move |tx, held| {
        let state = held.batch.state.0;
        if state != BatchState::Cooked {
            return Err(Failure::Refused(Refusal::State(state)));
        }
        plausible(measured_at, Some(core), held.now)?;
        held.batch.core_temp = Some(Col(core));
        add_reading(tx, held, core, measured_at)?;
        save(tx, held, state)
    })
    .await
}

fn plausible(at: Instant, core: Option<DeciCelsius>, now: Instant) -> Outcome<(), Refusal> {
    if !plausible_time(at, now) {
        return Err(Failure::Refused(Refusal::ImplausibleTime));
    }
    if core.is_some_and(|core| !core.is_plausible()) {
        return Err(Failure::Refused(Refusal::ImplausibleTemperature));
    }
    Ok(())
}

fn add_reading(tx: &mut Tx<'_>, held: &Held, core: DeciCelsius, at: Instant) -> Outcome<(), Refusal> {
    let row = CoreReadingRow {
        id: Col(tx.new_id()),
        batch_id: held.batch.id,
        temp: Col(core),
        measured_at: Col(at),
        recorded_at: Col(held.now),
        recorded_by: Col(held.by),
    };
    batches::add_core(tx.change(), &row)?;
    Ok(())
}
