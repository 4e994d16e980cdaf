//! Looking at cases, and whom to call about one.

use super::closing::STEPS_MAX;
use super::contacts::{Callee, in_the_clear};
use super::{WelfareRefusal as Refusal, case_for, turn_of};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::orders::load::address_of;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{CanteenId, OrderId, SeniorId, UserId, WelfareCaseId, WelfareStepId};
use domain::person::mask;
use domain::welfare::{AttemptOutcome, Concern, Finding, Rung, StepKind};
use domain::{Instant, PlaceCode, Sensitive};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::welfare::{self, CaseRow, StepRow};
use store::query::{orders, seniors};
use store::seal::Field;
use store::{LaneKey, StoreError};

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// Which.
    pub step: WelfareStepId,
    /// What it says.
    pub kind: StepKind,
    /// What was seen, of a report.
    pub concern: Option<Concern>,
    /// The rank of the contact who was told or called.
    pub contact: Option<u8>,
    /// The place whose workers were told.
    pub place: Option<PlaceCode>,
    /// What came of an attempt.
    pub outcome: Option<AttemptOutcome>,
    /// In words.
    pub note: String,
    /// When it happened.
    pub happened_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// By whom; nobody when a deadline passed.
    pub by: Option<UserId>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseView {
    /// Which.
    pub case: WelfareCaseId,
    /// Whom it is about.
    pub senior: SeniorId,
    /// `张*`
    pub name: String,
    /// Where the senior lives.
    pub place: PlaceCode,
    /// The canteen whose courier saw it.
    pub canteen: CanteenId,
    /// The order that was brought.
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// Why it was opened.
    pub concern: Concern,
    /// When that was seen.
    pub reported_at: Instant,
    /// When it was opened.
    pub opened_at: Instant,
    /// Whose turn it is; nobody's when there is no contact and no worker.
    pub turn: Option<Rung>,
    /// Until when they have time.
    pub due_at: Option<Instant>,
    /// What was found.
    pub finding: Option<Finding>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Every step; empty on a list.
    pub steps: Vec<StepView>,
}

fn step_view(row: StepRow) -> StepView {
    StepView {
        step: row.id.0,
        kind: row.kind.0,
        concern: row.concern.map(|Word(concern)| concern),
        contact: row.contact.and_then(|rank| u8::try_from(rank).ok()),
        place: row.place_code.map(|Col(place)| place),
        outcome: row.outcome.map(|Word(outcome)| outcome),
        note: row.note,
        happened_at: row.happened_at.0,
        recorded_at: row.recorded_at.0,
        by: row.by_user.map(|Col(user)| user),
    }
}

fn line_of(conn: &mut AnyConnection, case: CaseRow) -> Result<CaseView, StoreError> {
    let order = orders::find(conn, case.order_id.0)?.ok_or(StoreError::NotFound)?;
    let turn = turn_of(&case);
    Ok(CaseView {
        case: case.id.0,
        senior: case.senior_id.0,
        name: mask::name(&order.senior_name),
        place: case.place_code.0,
        canteen: case.canteen_id.0,
        order: case.order_id.0,
        order_no: order.order_no,
        concern: case.concern.0,
        reported_at: case.reported_at.0,
        opened_at: case.opened_at.0,
        turn,
        due_at: case.due_at.map(|Col(at)| at),
        finding: case.finding.map(|Word(finding)| finding),
        closed_at: case.closed_at.map(|Col(at)| at),
        steps: Vec::new(),
    })
}

/// A case with its steps, on a connection.
pub(super) fn view_of(conn: &mut AnyConnection, case: CaseRow) -> Result<CaseView, StoreError> {
    let steps = welfare::steps(conn, case.id.0, STEPS_MAX)?.into_iter().map(step_view).collect();
    Ok(CaseView { steps, ..line_of(conn, case)? })
}

/// A case with every step.
pub async fn find(app: &App, actor: Arc<Actor>, id: WelfareCaseId) -> Outcome<CaseView, Refusal> {
    app.store
        .read("welfare_case", move |conn| {
            let case = case_for(conn, &actor, id)?;
            Ok(view_of(conn, case)?)
        })
        .await
}

/// Cases that the actor looks after, newest first, a page of them.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    open: Option<bool>,
    before: Option<WelfareCaseId>,
    limit: i64,
) -> Outcome<Vec<CaseView>, Refusal> {
    let scope = actor.scope(Action::LookIn);
    if scope.is_empty() {
        return Err(Failure::Forbidden);
    }
    app.store
        .read("welfare_cases", move |conn| {
            let rows = welfare::list(conn, &scope, open, before, limit)?;
            Ok(rows.into_iter().map(|row| line_of(conn, row)).collect::<Result<_, _>>()?)
        })
        .await
}

/// Whom to call and where to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallList {
    /// The senior's name.
    pub name: Sensitive<String>,
    /// Their phone.
    pub phone: Option<Sensitive<String>>,
    /// Where they live.
    pub address: Option<Sensitive<String>>,
    /// The contacts, in order.
    pub contacts: Vec<Callee>,
}

/// Shows, of an open case, whom to call and where to go. Each look is audited before anything is shown.
pub async fn call_list(app: &App, actor: Arc<Actor>, id: WelfareCaseId) -> Outcome<CallList, Refusal> {
    app.store
        .write(LaneKey::of(id), "welfare_call_list", move |tx| {
            let case = case_for(tx.look(), &actor, id)?;
            if case.closed_at.is_some() {
                return Err(Failure::Refused(Refusal::Closed));
            }
            let (sealer, senior) = (tx.sealer(), case.senior_id.0);
            let row = seniors::find(tx.look(), senior)?.ok_or(Failure::NotFound(Thing::WelfareCase))?;
            let list = CallList {
                contacts: in_the_clear(tx.look(), sealer, senior)?,
                phone: row.phone_enc.as_ref().map(|enc| sealer.open(Field::SeniorPhone, senior, enc)).transpose()?,
                address: address_of(sealer, &row)?.map(|address| Sensitive::new(address.detail)),
                name: Sensitive::new(row.name),
            };
            let detail = json!({ "fields": ["name", "phone", "address", "contacts"], "case": id });
            audit::record(tx, &actor, AuditAction::Revealed, senior, Some(&case.place_code.0), &detail);
            Ok(list)
        })
        .await
}
