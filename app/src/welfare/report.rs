//! What opens a case: a door that stayed shut, and what a courier saw of a change.

use super::turn::{give, ladder};
use super::{Desk, WelfareRefusal as Refusal, step_of};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome};
use crate::jobs::notify;
use crate::lanes;
use crate::plans::outcome::CLOCK_SKEW_S;
use crate::plans::stop_for;
use domain::Instant;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::id::{CanteenId, OrderId, SeniorId, StopId, WelfareCaseId, WelfareStepId};
use domain::notice::NoticeEvent;
use domain::welfare::{Concern, Rung, StepKind};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::welfare::{self, CaseRow, StepRow};
use store::query::{orders, seniors};
use store::{StoreError, Tx};

/// What was seen of a senior.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) step: WelfareStepId,
    pub(crate) senior: SeniorId,
    pub(crate) order: OrderId,
    pub(crate) canteen: CanteenId,
    pub(crate) concern: Concern,
    pub(crate) note: String,
    pub(crate) happened_at: Instant,
}

/// Opens a case, or adds to the one that is open. What was seen with somebody's own eyes goes past the contacts to the workers.
pub(crate) fn report(tx: &mut Tx<'_>, desk: &Desk, actor: &Actor, report: &Report) -> Result<WelfareCaseId, StoreError> {
    welfare::lock_senior(tx.change(), report.senior)?;
    let known = welfare::open_of(tx.look(), report.senior)?;
    let is_new = known.is_none();
    let mut case = match known {
        Some(case) => case,
        None => open(tx, actor, report)?,
    };
    let step = StepRow {
        id: Col(report.step),
        concern: Some(Word(report.concern)),
        note: report.note.clone(),
        happened_at: Col(report.happened_at),
        ..step_of(tx, actor, case.id.0, StepKind::Reported)
    };
    welfare::add_step(tx.change(), &step)?;
    let ladder = ladder(tx.look(), report.senior, &case.place_code.0)?;
    let first = ladder.first(report.concern);
    let sooner = case.told_contact.is_some() && matches!(first, Some(Rung::Workers(_)));
    if is_new || sooner {
        give(tx, desk, actor, &mut case, first)?;
    }
    // Of a shut door family is told by what the stop shows.
    if report.concern != Concern::NoAnswer {
        notify::family_of_case(tx, desk.telling, (case.id.0, report.senior), NoticeEvent::LookIn)?;
    }
    Ok(case.id.0)
}

fn open(tx: &mut Tx<'_>, actor: &Actor, report: &Report) -> Result<CaseRow, StoreError> {
    let senior = seniors::find(tx.look(), report.senior)?.ok_or(StoreError::NotFound)?;
    let case = CaseRow {
        id: Col(tx.new_id()),
        senior_id: Col(report.senior),
        place_code: senior.resident_place,
        canteen_id: Col(report.canteen),
        order_id: Col(report.order),
        concern: Word(report.concern),
        reported_at: Col(report.happened_at),
        opened_at: Col(tx.now()),
        told_contact: None,
        told_place: None,
        due_at: None,
        finding: None,
        closed_at: None,
    };
    welfare::add(tx.change(), &case)?;
    let detail = json!({ "concern": report.concern, "order": report.order });
    audit::record(tx, actor, AuditAction::WelfareOpened, case.id.0, Some(&case.place_code.0), &detail);
    Ok(case)
}

/// What a courier saw at a door, as the phone sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Made by the phone before it was sent: the same one again is the same report.
    pub id: WelfareStepId,
    /// At which stop.
    pub stop: StopId,
    /// What was seen.
    pub concern: Concern,
    /// In words.
    pub note: String,
    /// When it was seen.
    pub happened_at: Instant,
}

/// Takes a courier's alert. Answers the case.
pub async fn alert(app: &App, actor: Arc<Actor>, alert: Alert) -> Outcome<WelfareCaseId, Refusal> {
    let lane = lanes::of_stop(app, alert.stop).await?;
    let desk = app.welfare_desk();
    app.store.write(lane, "condition_alert", move |tx| alert_in(tx, &desk, &actor, &alert)).await
}

fn alert_in(tx: &mut Tx<'_>, desk: &Desk, actor: &Actor, alert: &Alert) -> Outcome<WelfareCaseId, Refusal> {
    let (stop, canteen) = stop_for(tx, actor, alert.stop)?;
    let senior = orders::find(tx.look(), stop.order_id.0)?.and_then(|row| row.senior_id).map(|Col(id)| id);
    let senior = senior.ok_or(Failure::Refused(Refusal::NoSenior))?;
    if let Some(earlier) = welfare::step(tx.look(), alert.id)? {
        let case = welfare::find(tx.look(), earlier.case_id.0)?.filter(|case| case.senior_id == Col(senior));
        return case.map(|case| case.id.0).ok_or(Failure::Refused(Refusal::OtherReport));
    }
    if alert.concern == Concern::NoAnswer {
        return Err(Failure::Refused(Refusal::DoorIsAnOutcome));
    }
    if alert.happened_at.seconds_since(tx.now()) > CLOCK_SKEW_S {
        return Err(Failure::Refused(Refusal::InTheFuture));
    }
    let seen = Report {
        step: alert.id,
        senior,
        order: stop.order_id.0,
        canteen,
        concern: alert.concern,
        note: alert.note.clone(),
        happened_at: alert.happened_at,
    };
    Ok(report(tx, desk, actor, &seen)?)
}
