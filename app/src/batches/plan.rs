//! Planning a batch of a dish for a sitting.

use super::view::BatchView;
use super::yields::follow;
use super::{BatchRefusal, look};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use crate::lanes;
use crate::orders::view::record_about;
use domain::access::{Action, Actor};
use domain::batch::BatchState;
use domain::event::Event;
use domain::food_safety::Holding;
use domain::id::{BatchId, DishId, Id, SittingId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::batches::{self, BatchRow};
use store::query::catalogue;

/// A batch as it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlan {
    /// For which sitting.
    pub sitting: SittingId,
    /// Of which dish of its menu.
    pub dish: DishId,
    /// How many portions, 1 to 100,000.
    pub portions: i64,
    /// How it will be kept until it is eaten.
    pub holding: Holding,
}

/// Plans a batch.
pub async fn plan(app: &App, actor: Arc<Actor>, key: RequestKey, plan: BatchPlan) -> Outcome<BatchView, BatchRefusal> {
    let (shelf, telling) = (app.food_safety.clone(), app.telling());
    let lane = lanes::of_sitting(app, plan.sitting).await?;
    app.store
        .write(lane, "plan_batch", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let not_found = || Failure::NotFound(Thing::Sitting);
            let (sitting, canteen) = catalogue::sitting_with_canteen(tx.look(), plan.sitting)?.ok_or_else(not_found)?;
            canteen_for(tx.look(), &actor, canteen.id.0, Action::KitchenRecords, Thing::Sitting)?;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen.id.0)?;
            if !catalogue::menu(tx.look(), plan.sitting)?.iter().any(|(item, _)| item.dish_id.0 == plan.dish) {
                return Err(Failure::Refused(BatchRefusal::NotOnMenu));
            }
            let (now, id) = (tx.now(), tx.new_id::<domain::id::Batch>());
            let batch_no = batches::last_number(tx.look(), plan.sitting, plan.dish)? + 1;
            let row = row(id, &plan, &sitting, batch_no, by, now);
            batches::add(tx.change(), &row)?;
            let state = row.state.0.to_string();
            let event = Event::BatchMoved { batch: id, sitting: plan.sitting, dish: plan.dish, state };
            record_about(tx, canteen.id.0, Id::from_uuid(id.uuid()), &event, now)?;
            // One more batch may be what was lacking.
            follow(tx, telling, (plan.sitting, plan.dish), by, now)?;
            let rules = shelf.in_force(&canteen.place_code.0, sitting.service_date.0)?;
            let answer = look::view_of(tx.look(), row, &rules, now)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

fn row(
    id: BatchId,
    plan: &BatchPlan,
    sitting: &catalogue::SittingRow,
    batch_no: i64,
    by: domain::id::UserId,
    now: domain::Instant,
) -> BatchRow {
    BatchRow {
        id: Col(id),
        version: 1,
        canteen_id: sitting.canteen_id,
        sitting_id: sitting.id,
        dish_id: Col(plan.dish),
        service_date: sitting.service_date,
        batch_no,
        state: Word(BatchState::Planned),
        planned_portions: plan.portions,
        holding: Word(plan.holding),
        cook_id: None,
        core_temp: None,
        started_at: None,
        cooked_at: None,
        released_at: None,
        released_by: None,
        ended_at: None,
        created_at: Col(now),
        created_by: Col(by),
        made_portions: None,
    }
}
