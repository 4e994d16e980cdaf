//! Through the gate, and to the end: released, served out, thrown away.

use super::BatchRefusal as Refusal;
use super::gate;
use super::held::{Held, check, move_on, with_batch};
use super::view::BatchView;
use super::yields::{discard, follow};
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use crate::kitchen::real::lots_changed;
use domain::access::Actor;
use domain::batch::{BatchCommand, Gap, Gate, GateRefusal, decide, gaps};
use domain::id::BatchId;
use std::sync::Arc;
use store::column::Col;
use store::query::batches::{self, OverrideRow};
use store::{StoreError, Tx};

/// Lets a batch through the gate. What is missing is read under the canteen's lock, in the transaction that releases; an override
/// needs somebody entitled and a reason, and goes on the inspector's list.
pub async fn release(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: BatchId,
    override_reason: Option<String>,
) -> Outcome<BatchView, Refusal> {
    with_batch(app, actor, key, id, "release_batch", move |tx, held| {
        check(held, BatchCommand::Release)?;
        let facts = gate::facts(tx.look(), &held.batch, &held.rules)?;
        let missing = gaps(&facts, &held.rules, held.now);
        let reason = override_reason.as_deref();
        match decide(missing, held.entitled, reason).map_err(refused)? {
            Gate::Open => {}
            Gate::Overridden(gaps) => list_override(tx, held, &gaps, reason.unwrap_or_default().trim())?,
        }
        held.batch.released_at = Some(Col(held.now));
        held.batch.released_by = Some(Col(held.by));
        move_on(tx, held, BatchCommand::Release)
    })
    .await
}

fn refused(refusal: GateRefusal) -> Failure<Refusal> {
    Failure::Refused(Refusal::Gate(refusal))
}

fn list_override(tx: &mut Tx<'_>, held: &Held, gaps: &[Gap], reason: &str) -> Result<(), StoreError> {
    let row = OverrideRow {
        id: Col(tx.new_id()),
        canteen_id: held.batch.canteen_id,
        batch_id: held.batch.id,
        gaps: serde_json::to_string(gaps).map_err(|e| StoreError::Database(format!("gaps: {e}")))?,
        reason: reason.to_owned(),
        by_user: Col(held.by),
        at: Col(held.now),
    };
    batches::add_override(tx.change(), &row)
}

/// Nothing is left of a batch, or what is left is thrown away: from now on nobody is served from it.
pub async fn end(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId, discarded: bool) -> Outcome<BatchView, Refusal> {
    let telling = app.telling();
    with_batch(app, actor, key, id, "end_batch", move |tx, held| {
        held.batch.ended_at = Some(Col(held.now));
        if discarded {
            check(held, BatchCommand::Discard)?;
            discard(tx, held)?;
        }
        move_on(tx, held, if discarded { BatchCommand::Discard } else { BatchCommand::Finish })?;
        // What is thrown away is eaten by nobody, whatever went into it.
        lots_changed(tx, telling, held.batch.sitting_id.0, held.batch.dish_id.0, held.by)?;
        Ok(follow(tx, telling, (held.batch.sitting_id.0, held.batch.dish_id.0), held.by, held.now)?)
    })
    .await
}
