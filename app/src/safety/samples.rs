//! Throwing retained samples away when their time has come.

use super::SafetyRefusal as Refusal;
use crate::App;
use crate::batches::view::SampleView;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use domain::access::{Action, Actor};
use domain::id::SampleId;
use std::sync::Arc;
use store::LaneKey;
use store::query::safety;

/// Notes that a sample was thrown away. Before its time it stays where it is: it may be all that tells what happened.
pub async fn dispose(app: &App, actor: Arc<Actor>, key: RequestKey, id: SampleId) -> Outcome<SampleView, Refusal> {
    app.store
        .write(LaneKey::of(id), "dispose_of_sample", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let (_, batch) = safety::sample(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Sample))?;
            canteen_for(tx.look(), &actor, batch.canteen_id.0, Action::KitchenRecords, Thing::Sample)?;
            let by = signer(&actor)?;
            tx.lock_canteen(batch.canteen_id.0)?;
            let (sample, _) = safety::sample(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Sample))?;
            let now = tx.now();
            if now < sample.keep_until.0 {
                return Err(Failure::Refused(Refusal::KeptTooShort { until: sample.keep_until.0 }));
            }
            if !safety::dispose_of_sample(tx.change(), id, now, by)? {
                return Err(Failure::Refused(Refusal::DisposedAlready));
            }
            let (sample, _) = safety::sample(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Sample))?;
            let answer = SampleView::from(sample);
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
