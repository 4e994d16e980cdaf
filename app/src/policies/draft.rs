//! Draft: upload a document; it is taken when nothing is wrong with it.

use super::{PolicyRefusal, PolicySummary, answer_for, may, row_of, summary};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::policy::PolicyState;
use domain::subsidy::{Document, Finding, WorkdayCalendar, check};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::query::{policies, users};
use store::{LaneKey, Tx};

/// A draft that was taken, and what somebody should still look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drafted {
    /// The version.
    pub policy: PolicySummary,
    /// Warnings and notes.
    pub findings: Vec<Finding>,
}

/// What is wrong with a document, all at once; changes nothing.
#[must_use]
pub fn findings(calendar: &WorkdayCalendar, text: &str) -> Vec<Finding> {
    check::check_text(text, calendar).findings
}

/// Reads and checks a document; the findings are warnings and notes when it is good.
pub fn read(calendar: &WorkdayCalendar, text: &str) -> Result<(Document, Vec<Finding>), Vec<Finding>> {
    let parsed = check::check_text(text, calendar);
    match parsed.value {
        Some(document) if !parsed.findings.iter().any(Finding::is_error) => Ok((document, parsed.findings)),
        _ => Err(parsed.findings),
    }
}

/// Uploads a draft.
pub async fn draft(app: &App, actor: Arc<Actor>, key: RequestKey, text: String) -> Outcome<Drafted, PolicyRefusal> {
    let shelves = app.shelves.clone();
    // Checking replays the examples; it is done before the writer is asked for.
    let (document, findings) =
        read(shelves.policies.calendar(), &text).map_err(|all| Failure::Refused(PolicyRefusal::Faulty(all)))?;
    app.store
        .write(LaneKey::SHARED, "draft_policy", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = Drafted { policy: draft_in(tx, &actor, &document)?, findings: findings.clone() };
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

fn draft_in(tx: &mut Tx<'_>, actor: &Actor, document: &Document) -> Outcome<PolicySummary, PolicyRefusal> {
    if !may(tx.look(), actor, Action::EditPolicy, document.place.as_ref())? {
        return Err(if super::may_see(actor, document.place.as_ref()) {
            Failure::Forbidden
        } else {
            Failure::NotFound(Thing::Place)
        });
    }
    let row = new_row(tx, document, PolicyState::Draft, actor)?;
    policies::insert(tx.change(), &row)?;
    let detail = serde_json::json!({ "programme": row.programme, "hash": hex::encode(&row.content_hash) });
    answer_for(tx, actor, AuditAction::PolicyDrafted, &row, &detail);
    Ok(summary(&row)?)
}

/// The row of a new version, once its place is known and its content is new.
pub(super) fn new_row(
    tx: &mut Tx<'_>,
    document: &Document,
    state: PolicyState,
    actor: &Actor,
) -> Outcome<policies::PolicyRow, PolicyRefusal> {
    if let Some(place) = &document.place
        && !users::place_exists(tx.look(), place)?
    {
        return Err(Failure::Refused(PolicyRefusal::UnknownPlace(place.clone())));
    }
    let row = row_of(tx, document, state, actor.user)?;
    match policies::of_hash(tx.look(), &row.content_hash)? {
        Some(earlier) => Err(Failure::Refused(PolicyRefusal::AlreadyThere(earlier.id.0))),
        None => Ok(row),
    }
}
