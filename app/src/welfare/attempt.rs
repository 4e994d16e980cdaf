//! Somebody tried to reach a senior, or somebody who may look.

use super::look::{CaseView, view_of};
use super::turn::climb;
use super::{WelfareRefusal as Refusal, case_for, step_of};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::id::WelfareCaseId;
use domain::welfare::{AttemptOutcome, Follows, StepKind, follows};
use serde_json::json;
use std::sync::Arc;
use store::LaneKey;
use store::column::{Col, Word};
use store::query::welfare::{self, StepRow};

/// What was tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The rank of the contact who was called; without it the senior was called or visited.
    pub contact: Option<u8>,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// In words.
    pub note: String,
}

/// Notes an attempt. In vain, the next one is asked at once; when somebody is on the way, they have time to say what they find.
pub async fn attempt(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: WelfareCaseId,
    tried: Attempt,
) -> Outcome<CaseView, Refusal> {
    let desk = app.welfare_desk();
    app.store
        .write(LaneKey::of(id), "welfare_attempt", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let case = case_for(tx.look(), &actor, id)?;
            welfare::lock_senior(tx.change(), case.senior_id.0)?;
            let mut case = case_for(tx.look(), &actor, id)?;
            if case.closed_at.is_some() {
                return Err(Failure::Refused(Refusal::Closed));
            }
            let now = tx.now();
            let step = StepRow {
                contact: tried.contact.map(i64::from),
                outcome: Some(Word(tried.outcome)),
                note: tried.note.trim().to_owned(),
                ..step_of(tx, &actor, id, StepKind::Attempt)
            };
            welfare::add_step(tx.change(), &step)?;
            let detail = json!({ "contact": tried.contact, "outcome": tried.outcome });
            audit::record(tx, &actor, AuditAction::WelfareAttempt, id, Some(&case.place_code.0), &detail);
            // A call to the second contact, who is not at home, does not take the first one's time.
            let other_contact = tried.contact.is_some() && tried.contact.map(i64::from) != case.told_contact;
            match follows(tried.outcome, &desk.times(&case.place_code.0, now)?, now) {
                Follows::Climb if !other_contact && case.due_at.is_some() => climb(tx, &desk, &actor, &mut case)?,
                Follows::Climb | Follows::Nothing => {}
                Follows::Wait(until) => {
                    case.due_at = Some(Col(until));
                    welfare::set_turn(tx.change(), &case)?;
                }
            }
            let answer = view_of(tx.look(), case)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
