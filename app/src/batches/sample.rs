//! Keeping a sample of a batch (留样).

use super::BatchRefusal as Refusal;
use super::held::with_batch;
use super::view::BatchView;
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use domain::access::Actor;
use domain::batch::BatchState;
use domain::food_safety::SettingKey;
use domain::id::BatchId;
use std::sync::Arc;
use store::column::Col;
use store::query::batches::{self, SampleRow};

/// Records a sample of a cooked batch. One that is too small is recorded as it is; the gate tells what is missing.
pub async fn retain(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: BatchId,
    amount_mg: i64,
    fridge: String,
) -> Outcome<BatchView, Refusal> {
    with_batch(app, actor, key, id, "retain_sample", move |tx, held| {
        if !matches!(held.batch.state.0, BatchState::Cooked | BatchState::Released) {
            return Err(Failure::Refused(Refusal::State(held.batch.state.0)));
        }
        let hours = held.rules.value(SettingKey::RetainedSampleKeep).unwrap_or(0);
        let row = SampleRow {
            id: Col(tx.new_id()),
            batch_id: held.batch.id,
            amount_mg,
            fridge: fridge.clone(),
            taken_at: Col(held.now),
            taken_by: Col(held.by),
            keep_until: Col(held.now.plus_seconds(hours.saturating_mul(3600))),
            disposed_at: None,
            disposed_by: None,
        };
        batches::add_sample(tx.change(), &row)?;
        Ok(())
    })
    .await
}
