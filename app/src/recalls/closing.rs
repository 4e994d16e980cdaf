//! Closing a recall.

use super::RecallRefusal as Refusal;
use super::report::{RecallView, report_of};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use domain::access::{Action, Actor};
use domain::id::RecallId;
use domain::lot::LotState;
use domain::recall::RecallOutcome;
use std::sync::Arc;
use store::LaneKey;
use store::query::{ingredients, recalls};

/// Closes a recall. As destroyed: when nothing of the lot is left, every batch has its end and everybody was called at least once. As
/// cleared, by whoever may override a gate: the lot may be used again, and the kitchen puts its dishes back.
pub async fn close(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: RecallId,
    outcome: RecallOutcome,
    conclusion: String,
) -> Outcome<RecallView, Refusal> {
    app.store
        .write(LaneKey::of(id), "close_recall", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let row = recalls::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Recall))?;
            canteen_for(tx.look(), &actor, row.canteen_id.0, Action::RunRecall, Thing::Recall)?;
            if outcome == RecallOutcome::Cleared {
                canteen_for(tx.look(), &actor, row.canteen_id.0, Action::OverrideGate, Thing::Recall)?;
            }
            let by = signer(&actor)?;
            tx.lock_canteen(row.canteen_id.0)?;
            let row = recalls::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Recall))?;
            if row.closed_at.is_some() {
                return Err(Failure::Refused(Refusal::Closed));
            }
            let open = report_of(tx.look(), &actor, &row)?.reach.still_open;
            if outcome == RecallOutcome::Destroyed && !open.is_empty() {
                return Err(Failure::Refused(Refusal::StillOpen(open)));
            }
            if outcome == RecallOutcome::Cleared {
                ingredients::set_lot_state(tx.change(), row.lot_id.0, LotState::Frozen, LotState::Accepted)?;
            }
            let now = tx.now();
            if !recalls::close(tx.change(), id, (outcome, conclusion.trim()), now, by)? {
                return Err(Failure::Refused(Refusal::Closed));
            }
            let row = recalls::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Recall))?;
            let answer = report_of(tx.look(), &actor, &row)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
