//! Publish: a reviewed version comes into force, and never changes again.

use super::draft::{new_row, read};
use super::review::in_reach;
use super::{PolicyRefusal, PolicySummary, answer_for, summary};
use crate::App;
use crate::failure::{Failure, Outcome};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::PolicyId;
use domain::policy::{PolicyCommand, PolicyState, Span, transition};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::policies::{self, PolicyRow};
use store::{LaneKey, Tx};

/// Publishes a reviewed version; `supersedes` names the version of the same programme that it ends on the day before it begins.
pub async fn publish(
    app: &App,
    actor: Arc<Actor>,
    id: PolicyId,
    supersedes: Option<PolicyId>,
) -> Outcome<PolicySummary, PolicyRefusal> {
    app.store.write(LaneKey::SHARED, "publish_policy", move |tx| publish_in(tx, &actor, id, supersedes)).await
}

fn publish_in(tx: &mut Tx<'_>, actor: &Actor, id: PolicyId, supersedes: Option<PolicyId>) -> Outcome<PolicySummary, PolicyRefusal> {
    policies::lock_publications(tx.look())?;
    let mut row = in_reach(tx, actor, Action::EditPolicy, id)?;
    let before = row.state.0;
    let rejected = |e| Failure::Refused(PolicyRefusal::Rejected(e));
    row.state = Word(transition(before, PolicyCommand::Publish).map_err(rejected)?);
    row.published_at = Some(Col(tx.now()));
    let published = policies::published_of(tx.look(), &row.programme)?;
    let ended = supersedes.map(|old| ended(&row, &published, old)).transpose()?;
    refuse_overlap(&row, &published, ended.as_ref())?;
    if let Some(ended) = &ended
        && !policies::set_state(tx.change(), ended, PolicyState::Published)?
    {
        return Err(store::StoreError::Contention("policy").into());
    }
    if !policies::set_state(tx.change(), &row, before)? {
        return Err(store::StoreError::Contention("policy").into());
    }
    answer_for(tx, actor, AuditAction::PolicyPublished, &row, &serde_json::json!({ "supersedes": supersedes }));
    Ok(summary(&row)?)
}

/// The superseded version as it will stand.
fn ended(new: &PolicyRow, published: &[PolicyRow], old: PolicyId) -> Outcome<PolicyRow, PolicyRefusal> {
    let refused = || Failure::Refused(PolicyRefusal::NotSuperseded(old));
    let mut row = published.iter().find(|row| row.id.0 == old).cloned().ok_or_else(refused)?;
    let after = transition(row.state.0, PolicyCommand::Supersede).map_err(|_| refused())?;
    let left = span(&row).ended_by(new.effective_from.0).ok_or_else(refused)?;
    row.state = Word(after);
    row.effective_to = left.to.map(Col);
    Ok(row)
}

fn refuse_overlap(new: &PolicyRow, published: &[PolicyRow], ended: Option<&PolicyRow>) -> Outcome<(), PolicyRefusal> {
    for row in published {
        let row = ended.filter(|ended| ended.id == row.id).unwrap_or(row);
        if let Some(date) = span(new).overlap(span(row)) {
            let version = summary(row)?.version;
            return Err(Failure::Refused(PolicyRefusal::Overlap { with: row.id.0, version, date }));
        }
    }
    Ok(())
}

fn span(row: &PolicyRow) -> Span {
    Span { from: row.effective_from.0, to: row.effective_to.map(|Col(to)| to) }
}

/// Checks and publishes a document in one step, for the set-up of an installation, where there are no two people yet. The same
/// document again changes nothing.
pub async fn publish_for_setup(app: &App, text: &str) -> Outcome<PolicySummary, PolicyRefusal> {
    let (document, _) = read(app.shelves.policies.calendar(), text).map_err(|all| Failure::Refused(PolicyRefusal::Faulty(all)))?;
    let nobody = Actor::default();
    app.store
        .write(LaneKey::SHARED, "publish_policy_for_setup", move |tx| {
            policies::lock_publications(tx.look())?;
            let row = match new_row(tx, &document, PolicyState::Published, &nobody) {
                Err(Failure::Refused(PolicyRefusal::AlreadyThere(id))) => {
                    let row = policies::find(tx.look(), id)?.ok_or(store::StoreError::NotFound)?;
                    return match row.state.0 {
                        PolicyState::Published | PolicyState::Superseded => Ok(summary(&row)?),
                        PolicyState::Draft | PolicyState::Reviewed => Err(Failure::Refused(PolicyRefusal::AlreadyThere(id))),
                    };
                }
                other => other?,
            };
            let published = policies::published_of(tx.look(), &row.programme)?;
            refuse_overlap(&row, &published, None)?;
            policies::insert(tx.change(), &row)?;
            answer_for(tx, &nobody, AuditAction::PolicyPublished, &row, &serde_json::json!({ "setup": true }));
            Ok(summary(&row)?)
        })
        .await
}
