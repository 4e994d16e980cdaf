//! Keeping what was found: a case is opened once, and gets the evidence that is new.

use crate::App;
use crate::audit;
use crate::failure::{Never, Outcome};
use domain::access::Actor;
use domain::anomaly::{AnomalyState, EVIDENCE_MAX, Evidence, Found, Known, Verdict, judge};
use domain::audit::AuditAction;
use domain::id::AnomalyCaseId;
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::anomalies::{self, AnomalyRow, ConcernedRow, EvidenceRow};
use store::query::catalogue;
use store::{LaneKey, StoreError, Tx};

/// Keeps a finding; what it came to. Most findings of a day that is looked at again are known, and need no writer.
pub(super) async fn keep(app: &App, found: Found) -> Outcome<Verdict, Never> {
    let found = Arc::new(found);
    let looking = found.clone();
    let seen = app.store.read("anomaly_known", move |conn| Ok::<_, StoreError>(known(conn, &looking)?.1)).await?;
    if seen == Verdict::Nothing {
        return Ok(seen);
    }
    app.store.write(LaneKey::of(found.canteen), "keep_anomaly", move |tx| Ok(keep_in(tx, &found)?)).await
}

fn known(conn: &mut AnyConnection, found: &Found) -> Result<(Option<(AnomalyRow, Known)>, Verdict), StoreError> {
    let known = anomalies::known(conn, (found.rule, found.measure, &found.subject.to_string()))?;
    let verdict = judge(known.as_ref().map(|(_, known)| known), found);
    Ok((known, verdict))
}

/// Two sweeps at a time may come here with one finding. The canteen's lock sets one behind the other; where they came to different
/// canteens, the unique keys refuse the second, which runs again and finds the first one's case.
fn keep_in(tx: &mut Tx<'_>, found: &Found) -> Result<Verdict, StoreError> {
    tx.lock_canteen(found.canteen)?;
    let (known, verdict) = known(tx.look(), found)?;
    match (verdict, known) {
        (Verdict::Nothing, _) => {}
        (Verdict::Add, Some((row, known))) => add(tx, found, row, &known)?,
        (Verdict::Add | Verdict::Open, known) => {
            let (round, known) = known.map_or_else(|| (1, Known::default()), |(row, known)| (row.round + 1, known));
            open(tx, found, round, &known)?;
        }
    }
    Ok(verdict)
}

fn open(tx: &mut Tx<'_>, found: &Found, round: i64, known: &Known) -> Result<(), StoreError> {
    let (id, now): (AnomalyCaseId, _) = (tx.new_id(), Col(tx.now()));
    let canteen = catalogue::canteen(tx.look(), found.canteen)?.ok_or(StoreError::NotFound)?;
    let peers = serde_json::to_string(&found.peers).map_err(|e| StoreError::Database(format!("anomaly: {e}")))?;
    let row = AnomalyRow {
        id: Col(id),
        version: 1,
        rule: Word(found.rule),
        measure: Word(found.measure),
        subject: found.subject.to_string(),
        round,
        canteen_id: Col(found.canteen),
        place_code: canteen.place_code,
        service_date: Col(found.on),
        senior_id: found.subject.senior().map(Col),
        device_id: found.subject.device().map(Col),
        user_id: found.subject.user().map(Col),
        dish_id: found.subject.dish().map(Col),
        observed: found.observed,
        bound: found.limit,
        window_from: Col(found.window.0),
        window_to: Col(found.window.1),
        evidence_total: found.total,
        peers,
        state: Word(AnomalyState::Open),
        opened_at: now,
        changed_at: now,
        taken_by: None,
        taken_at: None,
        finding: None,
        note: String::new(),
        closed_by: None,
        closed_at: None,
    };
    anomalies::insert(tx.change(), &row)?;
    // What is new first: of a case that goes on after one was closed, that is what somebody must look at.
    let (old, new): (Vec<Evidence>, Vec<Evidence>) = found.evidence.iter().partition(|item| known.orders.contains(&item.order));
    let kept: Vec<Evidence> = new.into_iter().chain(old).take(EVIDENCE_MAX).collect();
    attach(tx, &row, found, &kept)?;
    tell(tx, AuditAction::AnomalyOpened, &row);
    Ok(())
}

fn add(tx: &mut Tx<'_>, found: &Found, mut row: AnomalyRow, known: &Known) -> Result<(), StoreError> {
    row.version += 1;
    if found.observed > row.observed {
        (row.observed, row.bound) = (found.observed, found.limit);
    }
    let new: Vec<Evidence> = found.evidence.iter().copied().filter(|item| !known.orders.contains(&item.order)).collect();
    let has = anomalies::evidence_count(tx.look(), row.id.0)?;
    // A finding may show a part of what there is, as one day of a long absence does; or the whole again, as a day looked at anew.
    let grown = row.evidence_total.saturating_add(i64::try_from(new.len()).unwrap_or(i64::MAX));
    row.evidence_total = if row.evidence_total > has { row.evidence_total.max(found.total) } else { grown.max(found.total) };
    row.window_from = row.window_from.min(Col(found.window.0));
    row.window_to = row.window_to.max(Col(found.window.1));
    row.service_date = row.service_date.max(Col(found.on));
    row.changed_at = Col(tx.now());
    if !anomalies::update(tx.change(), &row)? {
        return Err(StoreError::Contention("anomaly"));
    }
    let room = EVIDENCE_MAX.saturating_sub(usize::try_from(has).unwrap_or(EVIDENCE_MAX));
    let kept: Vec<Evidence> = new.into_iter().take(room).collect();
    attach(tx, &row, found, &kept)?;
    tell(tx, AuditAction::AnomalyAdded, &row);
    Ok(())
}

/// Writes evidence, and whom the case concerns.
fn attach(tx: &mut Tx<'_>, row: &AnomalyRow, found: &Found, kept: &[Evidence]) -> Result<(), StoreError> {
    let added_at = Col(tx.now());
    let evidence: Vec<EvidenceRow> = kept
        .iter()
        .map(|item| EvidenceRow {
            case_id: row.id,
            order_id: Col(item.order),
            redemption_id: item.redemption.map(Col),
            canteen_id: Col(item.canteen),
            served_at: Col(item.at),
            added_at,
        })
        .collect();
    anomalies::add_evidence(tx.change(), &evidence)?;
    let mut concerned = Vec::new();
    for canteen in found.canteens() {
        let of = catalogue::canteen(tx.look(), canteen)?.ok_or(StoreError::NotFound)?;
        concerned.push(ConcernedRow { case_id: row.id, canteen_id: Col(canteen), place_code: of.place_code });
    }
    anomalies::add_concerned(tx.change(), &concerned)
}

fn tell(tx: &mut Tx<'_>, action: AuditAction, row: &AnomalyRow) {
    let detail = json!({ "rule": row.rule.0, "measure": row.measure.0, "observed": row.observed, "limit": row.bound,
        "evidence": row.evidence_total, "canteen": row.canteen_id.0, "round": row.round });
    audit::record(tx, &Actor::default(), action, row.id.0, Some(&row.place_code.0), &detail);
}
