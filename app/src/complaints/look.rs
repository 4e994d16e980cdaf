//! Looking at complaints: many, and one with every step.

use super::{ComplaintRefusal as Refusal, opened};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor, FamilyScope, Where};
use domain::complaint::{Category, ComplaintState, ComplaintStep};
use domain::id::{CanteenId, ComplaintId, OrderId, SeniorId, UserId};
use domain::rating::Voice;
use domain::{Instant, PlaceCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::catalogue;
use store::query::complaints::{self, ComplaintFilter, ComplaintRow};
use store::seal::{Field, Sealer};

/// Steps of one complaint that are shown; it is opened again a few times only, and each answer is one.
const STEPS_MAX: i64 = 200;

/// A step of a complaint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// What happened.
    pub kind: ComplaintStep,
    /// What was said.
    pub words: String,
    /// The office that it was raised to.
    pub place: Option<PlaceCode>,
    /// When.
    pub at: Instant,
    /// By whom; nobody when a deadline passed.
    pub by: Option<UserId>,
}

/// A complaint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintView {
    /// Which.
    pub complaint: ComplaintId,
    /// Its version.
    pub version: i64,
    /// Of which canteen.
    pub canteen: CanteenId,
    /// What that is called.
    pub canteen_name: String,
    /// Of which meal.
    pub order: Option<OrderId>,
    /// Of whom.
    pub senior: Option<SeniorId>,
    /// What it is about.
    pub category: Category,
    /// Where it stands.
    pub state: ComplaintState,
    /// Whose voice brought it.
    pub voice: Voice,
    /// When it was brought.
    pub opened_at: Instant,
    /// How often it was opened again.
    pub reopened: i64,
    /// Until when it is to be answered.
    pub due_at: Option<Instant>,
    /// The office that has it, when the canteen did not answer in time.
    pub raised_to: Option<PlaceCode>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Every step; none on a list.
    pub steps: Vec<StepView>,
}

fn without_steps((row, canteen_name): (ComplaintRow, String)) -> ComplaintView {
    ComplaintView {
        complaint: row.id.0,
        version: row.version,
        canteen: row.canteen_id.0,
        canteen_name,
        order: row.order_id.map(|id| id.0),
        senior: row.senior_id.map(|id| id.0),
        category: row.category.0,
        state: row.state.0,
        voice: row.voice.0,
        opened_at: row.opened_at.0,
        reopened: row.reopened,
        due_at: row.due_at.map(|at| at.0),
        raised_to: row.raised_to.map(|place| place.0),
        closed_at: row.closed_at.map(|at| at.0),
        steps: Vec::new(),
    }
}

/// A complaint with every step, on a connection.
pub(super) fn view_of(conn: &mut AnyConnection, sealer: &Sealer, row: ComplaintRow) -> Result<ComplaintView, StoreError> {
    let name = catalogue::canteen(conn, row.canteen_id.0)?.map(|canteen| canteen.name).unwrap_or_default();
    let step = |row: complaints::StepRow| -> Result<StepView, StoreError> {
        Ok(StepView {
            kind: row.kind.0,
            words: opened(sealer, Field::ComplaintWords, row.id.0, row.words_enc.as_deref())?,
            place: row.place_code.map(|place| place.0),
            at: row.at.0,
            by: row.by_user.map(|user| user.0),
        })
    };
    let steps = complaints::steps(conn, row.id.0, STEPS_MAX)?.into_iter().map(step).collect::<Result<_, _>>()?;
    Ok(ComplaintView { steps, ..without_steps((row, name)) })
}

/// A complaint that the actor may do something about, by a right over its canteen or by kinship with the senior.
pub(super) fn complaint_for<R>(
    conn: &mut AnyConnection,
    actor: &Actor,
    id: ComplaintId,
    (action, kinship): (Action, Option<FamilyScope>),
) -> Outcome<ComplaintRow, R> {
    let row = complaints::find(conn, id)?.ok_or(Failure::NotFound(Thing::Complaint))?;
    let at = Where { place: &row.place_code.0, canteen: Some(row.canteen_id.0) };
    let kin = |scope| row.senior_id.is_some_and(|senior| actor.may_for(scope, senior.0));
    if actor.may(action, at) || kinship.is_some_and(kin) {
        return Ok(row);
    }
    // Who may bring one knows that it is there.
    let seen = actor.may(Action::SeeComplaints, at) || kin(FamilyScope::See) || kin(FamilyScope::Order);
    Err(if seen { Failure::Forbidden } else { Failure::NotFound(Thing::Complaint) })
}

/// One complaint.
pub async fn find(app: &App, actor: Arc<Actor>, id: ComplaintId) -> Outcome<ComplaintView, Refusal> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("complaint", move |conn| {
            let row = complaint_for(conn, &actor, id, (Action::SeeComplaints, Some(FamilyScope::See)))?;
            Ok(view_of(conn, &sealer, row)?)
        })
        .await
}

/// Complaints of canteens in the actor's sight, and of seniors that they are or see, newest first, a page of them.
pub async fn list(app: &App, actor: Arc<Actor>, filter: ComplaintFilter) -> Outcome<Vec<ComplaintView>, Refusal> {
    if !actor.may_list(Action::SeeComplaints) {
        return Err(Failure::Forbidden);
    }
    let scope = actor.scope(Action::SeeComplaints);
    app.store
        .read("complaints", move |conn| Ok(complaints::list(conn, &scope, &filter)?.into_iter().map(without_steps).collect()))
        .await
}
