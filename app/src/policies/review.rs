//! Review: a second person approves a draft.

use super::{PolicyRefusal, PolicySummary, answer_for, may, may_see, summary};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::PolicyId;
use domain::policy::{PolicyCommand, transition};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::policies;
use store::{LaneKey, Tx};

/// Approves a draft. The drafter may not, whatever rights they hold.
pub async fn review(app: &App, actor: Arc<Actor>, id: PolicyId) -> Outcome<PolicySummary, PolicyRefusal> {
    app.store.write(LaneKey::of(id), "review_policy", move |tx| review_in(tx, &actor, id)).await
}

fn review_in(tx: &mut Tx<'_>, actor: &Actor, id: PolicyId) -> Outcome<PolicySummary, PolicyRefusal> {
    let mut row = in_reach(tx, actor, Action::ReviewPolicy, id)?;
    let before = row.state.0;
    let drafter = row.drafted_by.map(|Col(user)| user);
    let after = transition(before, PolicyCommand::Review { by: actor.user, drafter })
        .map_err(|e| Failure::Refused(PolicyRefusal::Rejected(e)))?;
    row.state = Word(after);
    row.reviewed_by = actor.user.map(Col);
    if !policies::set_state(tx.change(), &row, before)? {
        return Err(store::StoreError::Contention("policy").into());
    }
    answer_for(tx, actor, AuditAction::PolicyReviewed, &row, &serde_json::json!({ "drafted_by": drafter }));
    Ok(summary(&row)?)
}

/// A version that the actor may act on.
pub(super) fn in_reach(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: Action,
    id: PolicyId,
) -> Outcome<policies::PolicyRow, PolicyRefusal> {
    let row = policies::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Policy))?;
    let place = row.place_code.as_ref().map(|Col(place)| place);
    if !may_see(actor, place) {
        return Err(Failure::NotFound(Thing::Policy));
    }
    if !may(tx.look(), actor, action, place)? {
        return Err(Failure::Forbidden);
    }
    Ok(row)
}
