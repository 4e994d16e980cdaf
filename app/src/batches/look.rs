//! Looking at batches, and at the releases against the gate.

use super::view::{BatchView, CoreView, IssueView, SampleView};
use super::{BatchRefusal, gate};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use domain::access::{Action, Actor};
use domain::batch::{BatchState, Gap, gaps};
use domain::food_safety::{Rules, hand_over_deadline};
use domain::id::{BatchId, CanteenId, GateOverrideId, UserId};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::batches::{self, BatchRow};
use store::query::{trace, yields};

/// Batches of one day at one canteen shown at most: more than any kitchen cooks.
const DAY_MAX: i64 = 500;

/// The view of a batch with its records, and what is missing for a release now.
pub(crate) fn view_of(conn: &mut AnyConnection, row: BatchRow, rules: &Rules, now: Instant) -> Result<BatchView, StoreError> {
    let id = row.id.0;
    let before_gate = matches!(row.state.0, BatchState::Planned | BatchState::Cooking | BatchState::Cooked);
    let gaps = if before_gate { gaps(&gate::facts(conn, &row, rules)?, rules, now) } else { Vec::new() };
    let issues = batches::issues(conn, &[id])?.into_iter().map(|i| IssueView {
        issue: i.id.0,
        lot: i.lot_id.0,
        amount: i.amount,
        corrects: i.corrects_id.map(|c| c.0),
        reason: i.reason,
        at: i.issued_at.0,
    });
    let cores = batches::cores(conn, &[id])?.into_iter().map(|c| CoreView { temperature: c.temp.0, measured_at: c.measured_at.0 });
    let samples = batches::samples(conn, &[id])?.into_iter().map(SampleView::from);
    Ok(BatchView {
        batch: id,
        canteen: row.canteen_id.0,
        sitting: row.sitting_id.0,
        dish: row.dish_id.0,
        dish_name: batches::dish(conn, row.dish_id.0)?.map(|(name, _)| name).unwrap_or_default(),
        service_date: row.service_date.0,
        batch_no: row.batch_no,
        state: row.state.0,
        planned_portions: row.planned_portions,
        made_portions: row.made_portions,
        wastes: yields::wastes(conn, &[id])?.into_iter().map(super::yields::waste_view).collect(),
        holding: row.holding.0,
        cook: row.cook_id.map(|c| c.0),
        core_temperature: row.core_temp.map(|t| t.0),
        cooked_at: row.cooked_at.map(|t| t.0),
        released_at: row.released_at.map(|t| t.0),
        hand_over_by: row.cooked_at.and_then(|at| hand_over_deadline(at.0, row.holding.0, rules)),
        ended_at: row.ended_at.map(|t| t.0),
        version: row.version,
        issues: issues.collect(),
        cores: cores.collect(),
        samples: samples.collect(),
        gaps,
        overridden: !batches::overrides_of(conn, &[id])?.is_empty(),
    })
}

/// One batch.
pub async fn find(app: &App, actor: Arc<Actor>, id: BatchId) -> Outcome<BatchView, BatchRefusal> {
    let (shelf, now) = (app.food_safety.clone(), app.clock.now());
    app.store
        .read("batch", move |conn| {
            let batch = batches::find(conn, id)?.ok_or(Failure::NotFound(Thing::Batch))?;
            let canteen = canteen_for(conn, &actor, batch.canteen_id.0, Action::SeeTrace, Thing::Batch)?;
            let rules = shelf.in_force(&canteen.place_code.0, batch.service_date.0)?;
            Ok(view_of(conn, batch, &rules, now)?)
        })
        .await
}

/// A canteen's batches of a day.
pub async fn of_day(app: &App, actor: Arc<Actor>, canteen: CanteenId, on: ServiceDate) -> Outcome<Vec<BatchView>, BatchRefusal> {
    let (shelf, now) = (app.food_safety.clone(), app.clock.now());
    app.store
        .read("batches", move |conn| {
            let place = canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?.place_code.0;
            let rules = shelf.in_force(&place, on)?;
            let rows = batches::of_day(conn, canteen, on, DAY_MAX)?;
            rows.into_iter().map(|(row, _)| view_of(conn, row, &rules, now).map_err(Failure::from)).collect()
        })
        .await
}

/// A release against the gate, as the inspector sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideView {
    /// Which record.
    pub id: GateOverrideId,
    /// Which batch.
    pub batch: BatchId,
    /// What was missing.
    pub gaps: Vec<Gap>,
    /// Why it was released all the same.
    pub reason: String,
    /// By whom.
    pub by: UserId,
    /// Their name.
    pub by_name: String,
    /// When.
    pub at: Instant,
}

/// A canteen's releases against the gate, newest first, a page of them.
pub async fn overrides(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    before: Option<GateOverrideId>,
    limit: i64,
) -> Outcome<Vec<OverrideView>, BatchRefusal> {
    app.store
        .read("gate_overrides", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            let rows = batches::overrides(conn, canteen, before, limit)?;
            let people: Vec<UserId> = rows.iter().map(|row| row.by_user.0).collect();
            let names = trace::names(conn, &people)?;
            rows.into_iter()
                .map(|row| {
                    let gaps = serde_json::from_str(&row.gaps).map_err(|e| StoreError::Database(format!("gaps: {e}")))?;
                    let by_name =
                        names.iter().find(|(id, _)| *id == row.by_user.0).map(|(_, name)| name.clone()).unwrap_or_default();
                    Ok(OverrideView {
                        id: row.id.0,
                        batch: row.batch_id.0,
                        gaps,
                        reason: row.reason,
                        by: row.by_user.0,
                        by_name,
                        at: row.at.0,
                    })
                })
                .collect()
        })
        .await
}
