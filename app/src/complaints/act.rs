//! Answering a complaint, opening it again, closing it.

use super::look::{ComplaintView, complaint_for, view_of};
use super::{ComplaintRefusal as Refusal, add_step};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::signer;
use crate::jobs::notify;
use domain::access::{Action, Actor, FamilyScope};
use domain::audit::AuditAction;
use domain::complaint::{Act, ComplaintState, ComplaintStep, due, next};
use domain::id::ComplaintId;
use serde_json::json;
use std::sync::Arc;
use store::LaneKey;
use store::column::{Col, Word};
use store::query::complaints;

/// Who may do what: the canteen and the office above it answer; who complained, or who orders for them, says whether that is enough.
const fn right(act: Act) -> (Action, Option<FamilyScope>) {
    match act {
        Act::Answer => (Action::AnswerComplaints, None),
        Act::Reopen => (Action::Complain, Some(FamilyScope::Order)),
        Act::Close => (Action::CloseComplaints, Some(FamilyScope::Order)),
    }
}

/// Does something about a complaint, at the version that the actor saw, in words.
pub async fn act(
    app: &App,
    actor: Arc<Actor>,
    (id, version): (ComplaintId, i64),
    act: Act,
    words: String,
) -> Outcome<ComplaintView, Refusal> {
    let (shelf, telling) = (app.food_safety.clone(), app.telling());
    app.store
        .write(LaneKey::of(id), "complaint_step", move |tx| {
            let mut row = complaint_for(tx.look(), &actor, id, right(act))?;
            signer(&actor)?;
            if row.version != version {
                return Err(Failure::Stale { version: row.version });
            }
            let now = tx.now();
            let rules = shelf.in_force(&row.place_code.0, now.civil_date())?;
            let after = next(row.state.0, act, row.reopened, &rules).map_err(|why| Failure::Refused(Refusal::Act(why)))?;
            let kind = match act {
                Act::Answer => ComplaintStep::Answered,
                Act::Reopen => ComplaintStep::Reopened,
                Act::Close => ComplaintStep::Closed,
            };
            row.state = Word(after);
            row.reopened += i64::from(act == Act::Reopen);
            // Whoever has it keeps it: what the canteen did not answer in time is not given back to it.
            row.due_at = if after == ComplaintState::Open { due(row.category.0, now, &rules).map(Col) } else { None };
            row.closed_at = (after == ComplaintState::Closed).then_some(Col(now));
            if !complaints::put(tx.change(), &row)? {
                let now = complaints::find(tx.look(), id)?.map_or(row.version, |row| row.version);
                return Err(Failure::Stale { version: now });
            }
            add_step(tx, &actor, id, (kind, &words))?;
            let detail = json!({ "step": kind });
            audit::record(tx, &actor, AuditAction::ComplaintMoved, id, Some(&row.place_code.0), &detail);
            let (sealer, found) = (tx.sealer(), complaints::find(tx.look(), id)?);
            let row = found.ok_or(Failure::NotFound(Thing::Complaint))?;
            if act == Act::Answer {
                notify::complaint_answered(tx, telling, &row)?;
            }
            Ok(view_of(tx.look(), sealer, row)?)
        })
        .await
}
