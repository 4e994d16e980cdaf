//! Taking a case, and saying what it was.

use super::look::{CaseCard, card};
use super::{AnomalyRefusal as Refusal, case_for};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome};
use crate::ingredients::access::signer;
use domain::access::{Action, Actor, Where};
use domain::anomaly::{AnomalyFinding, AnomalyState, CaseCommand, may_end, may_take};
use domain::audit::AuditAction;
use domain::id::{AnomalyCaseId, CanteenId, UserId};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::anomalies::{self, AnomalyRow};
use store::{LaneKey, StoreError, Tx};

/// A case with what decides whether somebody may act on it.
struct Held {
    row: AnomalyRow,
    by: UserId,
    concerns: BTreeSet<CanteenId>,
    staff_of: BTreeSet<CanteenId>,
    recorded_one: bool,
}

impl Held {
    const fn command(&self) -> CaseCommand<'_> {
        CaseCommand { by: self.by, staff_of: &self.staff_of, recorded_one: self.recorded_one }
    }
}

/// The case, for a person with the right over its canteen's place.
fn held(tx: &mut Tx<'_>, actor: &Actor, id: AnomalyCaseId) -> Outcome<Held, Refusal> {
    let row = case_for(tx.look(), actor, id)?;
    if !actor.may(Action::CloseAnomalies, Where { place: &row.place_code.0, canteen: Some(row.canteen_id.0) }) {
        return Err(Failure::Forbidden);
    }
    let by = signer(actor)?;
    Ok(Held {
        by,
        concerns: anomalies::concerned(tx.look(), id)?.into_iter().map(|of| of.canteen_id.0).collect(),
        staff_of: actor.grants.iter().filter_map(|grant| grant.canteen).collect(),
        recorded_one: anomalies::recorded_one(tx.look(), id, by)?,
        row,
    })
}

/// Takes a case, from whoever has it: from then on the actor answers for it. Taken twice it is taken once.
pub async fn take(app: &App, actor: Arc<Actor>, id: AnomalyCaseId) -> Outcome<CaseCard, Refusal> {
    app.store
        .write(LaneKey::of(id), "take_anomaly", move |tx| {
            let held = held(tx, &actor, id)?;
            may_take(held.row.state.0, &held.concerns, &held.command()).map_err(|e| Failure::Refused(Refusal::Case(e)))?;
            let (by, mut row) = (held.by, held.row);
            if row.taken_by != Some(Col(by)) {
                let before = row.taken_by.replace(Col(by));
                row.taken_at = Some(Col(tx.now()));
                write(tx, &mut row)?;
                let detail = json!({ "from": before.map(|Col(user)| user) });
                audit::record(tx, &actor, AuditAction::AnomalyTaken, id, Some(&row.place_code.0), &detail);
            }
            Ok(card(tx.look(), row)?)
        })
        .await
}

/// Closes the case that has this version: whoever closes it has seen all of its evidence.
pub async fn close(
    app: &App,
    actor: Arc<Actor>,
    id: AnomalyCaseId,
    version: i64,
    (finding, note): (AnomalyFinding, String),
) -> Outcome<CaseCard, Refusal> {
    app.store
        .write(LaneKey::of(id), "close_anomaly", move |tx| {
            let held = held(tx, &actor, id)?;
            let (by, taken_by) = (held.by, held.row.taken_by.map(|Col(user)| user));
            let may = may_end((held.row.state.0, taken_by), &held.concerns, &held.command());
            may.map_err(|e| Failure::Refused(Refusal::Case(e)))?;
            let mut row = held.row;
            if row.version != version {
                return Err(Failure::Stale { version: row.version });
            }
            row.state = Word(AnomalyState::Closed);
            row.finding = Some(Word(finding));
            note.trim().clone_into(&mut row.note);
            (row.closed_by, row.closed_at) = (Some(Col(by)), Some(Col(tx.now())));
            write(tx, &mut row)?;
            let detail = json!({ "rule": row.rule.0, "finding": finding, "evidence": row.evidence_total });
            audit::record(tx, &actor, AuditAction::AnomalyClosed, id, Some(&row.place_code.0), &detail);
            Ok(card(tx.look(), row)?)
        })
        .await
}

/// Writes what was changed. A sweep that was faster has made another version of it: the unit runs again, and looks.
fn write(tx: &mut Tx<'_>, row: &mut AnomalyRow) -> Result<(), StoreError> {
    row.version += 1;
    row.changed_at = Col(tx.now());
    if anomalies::update(tx.change(), row)? { Ok(()) } else { Err(StoreError::Contention("anomaly")) }
}
