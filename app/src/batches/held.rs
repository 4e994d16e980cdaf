//! What every unit of work on a batch does first and last: find it, check the right, take the canteen's lock, read it again under
//! the lock, and afterwards answer with the batch as it then is.

use super::view::BatchView;
use super::{BatchRefusal, look};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use crate::lanes;
use crate::orders::view::record_about;
use domain::Instant;
use domain::access::{Action, Actor, Where};
use domain::batch::{BatchCommand, transition};
use domain::event::Event;
use domain::food_safety::Rules;
use domain::id::{BatchId, Id, UserId};
use std::sync::Arc;
use store::Tx;
use store::column::Word;
use store::query::batches::{self, BatchRow};
use store::query::catalogue::CanteenRow;

/// A batch under its canteen's lock.
pub(crate) struct Held {
    /// The batch.
    pub batch: BatchRow,
    /// Who signs.
    pub by: UserId,
    /// The time, read under the lock.
    pub now: Instant,
    /// The settings of the batch's day.
    pub rules: Rules,
    /// Whether the actor may release against the gate.
    pub entitled: bool,
}

/// Runs a change of a batch as one unit of work.
pub(crate) async fn with_batch(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: BatchId,
    name: &'static str,
    mut change: impl FnMut(&mut Tx<'_>, &mut Held) -> Outcome<(), BatchRefusal> + Send + 'static,
) -> Outcome<BatchView, BatchRefusal> {
    let shelf = app.food_safety.clone();
    let lane = lanes::of_batch(app, id).await?;
    app.store
        .write(lane, name, move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let batch = batches::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Batch))?;
            let canteen = canteen_for(tx.look(), &actor, batch.canteen_id.0, Action::KitchenRecords, Thing::Batch)?;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen.id.0)?;
            let batch = batches::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Batch))?;
            let rules = shelf.in_force(&canteen.place_code.0, batch.service_date.0)?;
            let mut held = Held { entitled: may_override(&actor, &canteen), batch, by, now: tx.now(), rules };
            change(tx, &mut held)?;
            let answer = look::view_of(tx.look(), held.batch, &held.rules, held.now)?;
            key.keep_answer(tx, &answer, held.now)?;
            Ok(answer)
        })
        .await
}

fn may_override(actor: &Actor, canteen: &CanteenRow) -> bool {
    actor.may(Action::OverrideGate, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) })
}

/// Moves a batch on, saves it from the state and version that were read, and tells the log. What else the move sets is already
/// in `held.batch`.
pub(crate) fn move_on(tx: &mut Tx<'_>, held: &mut Held, command: BatchCommand) -> Outcome<(), BatchRefusal> {
    let from = held.batch.state.0;
    let to = transition(from, command).map_err(|state| Failure::Refused(BatchRefusal::State(state)))?;
    held.batch.state = Word(to);
    save(tx, held, from)?;
    let row = &held.batch;
    let event = Event::BatchMoved { batch: row.id.0, sitting: row.sitting_id.0, dish: row.dish_id.0, state: to.to_string() };
    record_about(tx, row.canteen_id.0, Id::from_uuid(row.id.0.uuid()), &event, held.now)?;
    Ok(())
}

/// Saves a batch from the state and version that were read.
pub(crate) fn save(tx: &mut Tx<'_>, held: &mut Held, from: domain::batch::BatchState) -> Outcome<(), BatchRefusal> {
    held.batch.version += 1;
    if batches::save(tx.change(), &held.batch, from)? { Ok(()) } else { Err(Failure::Stale { version: held.batch.version }) }
}

/// Whether the batch's state allows a command, before anything is written.
pub(crate) fn check(held: &Held, command: BatchCommand) -> Outcome<(), BatchRefusal> {
    transition(held.batch.state.0, command).map(|_| ()).map_err(|state| Failure::Refused(BatchRefusal::State(state)))
}
