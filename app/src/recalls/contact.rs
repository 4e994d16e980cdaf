//! Noting who was called about a recall and what came of it.

use super::RecallRefusal as Refusal;
use super::report::{RecallView, reach_of, report_of};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use domain::access::{Action, Actor};
use domain::id::{RecallId, SeniorId};
use domain::recall::ContactOutcome;
use std::sync::Arc;
use store::LaneKey;
use store::column::{Col, Word};
use store::query::recalls::{self, ContactRow};

/// Notes an attempt to reach somebody whom the lot may have reached.
pub async fn contact(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: RecallId,
    senior: SeniorId,
    (outcome, note): (ContactOutcome, String),
) -> Outcome<RecallView, Refusal> {
    app.store
        .write(LaneKey::of(id), "recall_contact", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let row = recalls::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Recall))?;
            canteen_for(tx.look(), &actor, row.canteen_id.0, Action::RunRecall, Thing::Recall)?;
            let by = signer(&actor)?;
            tx.lock_canteen(row.canteen_id.0)?;
            let row = recalls::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Recall))?;
            if row.closed_at.is_some() {
                return Err(Failure::Refused(Refusal::Closed));
            }
            let (_, people) = reach_of(tx.look(), &actor, row.lot_id.0, Some(id))?;
            if !people.iter().any(|person| person.senior == senior) {
                return Err(Failure::Refused(Refusal::NotAffected));
            }
            let now = tx.now();
            let attempt = ContactRow {
                id: Col(tx.new_id()),
                recall_id: Col(id),
                senior_id: Col(senior),
                outcome: Word(outcome),
                note: note.clone(),
                at: Col(now),
                by_user: Col(by),
            };
            recalls::add_contact(tx.change(), &attempt)?;
            let answer = report_of(tx.look(), &actor, &row)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
