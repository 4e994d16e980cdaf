//! The end of a case: what was found.

use super::look::{CaseView, view_of};
use super::{Desk, WelfareRefusal as Refusal, case_for, step_of};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::jobs::notify;
use domain::Instant;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::door::StopOutcome;
use domain::id::{SeniorId, WelfareCaseId};
use domain::notice::NoticeEvent;
use domain::welfare::{Finding, StepKind, ends_at_door};
use serde_json::json;
use std::sync::Arc;
use store::column::Word;
use store::query::welfare::{self, CaseRow, StepRow};
use store::{LaneKey, StoreError, Tx};

/// Closes a case with what was found; family is told, but never of a death.
pub async fn close(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: WelfareCaseId,
    finding: Finding,
    note: String,
) -> Outcome<CaseView, Refusal> {
    let desk = app.welfare_desk();
    app.store
        .write(LaneKey::of(id), "close_welfare_case", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let case = case_for(tx.look(), &actor, id)?;
            welfare::lock_senior(tx.change(), case.senior_id.0)?;
            if !end(tx, &desk, &actor, &case, (finding, note.trim()))? {
                return Err(Failure::Refused(Refusal::Closed));
            }
            let row = welfare::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::WelfareCase))?;
            let answer = view_of(tx.look(), row)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

/// Ends the open case of a shut door when the senior was met at it later.
pub(crate) fn met_at_door(
    tx: &mut Tx<'_>,
    desk: &Desk,
    actor: &Actor,
    senior: SeniorId,
    (outcome, happened_at): (StopOutcome, Instant),
) -> Result<(), StoreError> {
    let Some(case) = welfare::open_of(tx.look(), senior)? else { return Ok(()) };
    // A further report may say more than that the door was shut.
    let reports = welfare::steps(tx.look(), case.id.0, STEPS_MAX)?;
    let ends = reports
        .iter()
        .filter_map(|step| step.concern.map(|Word(concern)| (concern, step.happened_at.0)))
        .all(|(concern, reported_at)| ends_at_door(concern, outcome, reported_at, happened_at));
    if ends {
        end(tx, desk, actor, &case, (Finding::SeenAtDoor, ""))?;
    }
    Ok(())
}

/// Steps of one case that are looked at.
pub(super) const STEPS_MAX: i64 = 500;

/// Closes a case; `false` when it is closed already.
fn end(tx: &mut Tx<'_>, desk: &Desk, actor: &Actor, case: &CaseRow, (finding, note): (Finding, &str)) -> Result<bool, StoreError> {
    let now = tx.now();
    if !welfare::close(tx.change(), case.id.0, finding, now)? {
        return Ok(false);
    }
    let step = StepRow { note: note.to_owned(), ..step_of(tx, actor, case.id.0, StepKind::Closed) };
    welfare::add_step(tx.change(), &step)?;
    audit::record(tx, actor, AuditAction::WelfareClosed, case.id.0, Some(&case.place_code.0), &json!({ "finding": finding }));
    if finding.told_zh().is_some() {
        notify::family_of_case(tx, desk.telling, (case.id.0, case.senior_id.0), NoticeEvent::LookedIn)?;
    }
    Ok(true)
}
