//! Opening a recall: the lot is held, and what was cooked with it is stopped on every menu and display, in one commit.

use super::RecallRefusal as Refusal;
use super::of_trace;
use super::report::{RecallView, dishes_to_stop, report_of};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use crate::kitchen::command::stop;
use crate::lanes;
use crate::orders::view::record_about;
use crate::trace::forward::batches_of;
use domain::access::{Action, Actor};
use domain::food_safety::observation::keep_until;
use domain::id::LotId;
use domain::kitchen::By;
use domain::lot::LotState;
use std::sync::Arc;
use store::column::Col;
use store::query::ingredients;
use store::query::recalls::{self, RecallRow};

/// Opens the recall of a lot.
pub async fn open(app: &App, actor: Arc<Actor>, key: RequestKey, id: LotId, reason: String) -> Outcome<RecallView, Refusal> {
    let (lane, shelf, telling) = (lanes::of_lot(app, id).await?, app.food_safety.clone(), app.telling());
    app.store
        .write(lane, "open_recall", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let canteen = canteen_for(tx.look(), &actor, lot.canteen_id.0, Action::RunRecall, Thing::Lot)?;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen.id.0)?;
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            if recalls::open_of(tx.look(), id)?.is_some() {
                return Err(Failure::Refused(Refusal::OpenAlready));
            }
            match lot.state.0 {
                LotState::Rejected => return Err(Failure::Refused(Refusal::State(LotState::Rejected))),
                LotState::Frozen => {}
                LotState::Accepted => {
                    ingredients::set_lot_state(tx.change(), id, LotState::Accepted, LotState::Frozen)?;
                }
            }
            let now = tx.now();
            let rules = shelf.in_force(&canteen.place_code.0, now.civil_date())?;
            let row = RecallRow {
                id: Col(tx.new_id()),
                canteen_id: lot.canteen_id,
                lot_id: lot.id,
                reason: reason.trim().to_owned(),
                opened_at: Col(now),
                opened_by: Col(by),
                outcome: None,
                conclusion: String::new(),
                closed_at: None,
                closed_by: None,
                keep_until: Col(keep_until(now.civil_date(), &rules).max(lot.keep_until.0)),
            };
            recalls::add(tx.change(), &row)?;
            let batches = batches_of(tx.look(), id).map_err(of_trace)?;
            // What is on the stove or the counter, whatever day it is of: nothing of it is served from now on.
            for stopped in dishes_to_stop(tx.look(), &batches)? {
                tx.lock_canteen(stopped.canteen)?;
                let by = By { device: None, user: actor.user, command: None };
                if let Some((subject, event)) = stop(tx, telling, stopped.sitting, stopped.dish, true, by)? {
                    record_about(tx, stopped.canteen, subject, &event, now)?;
                }
            }
            let answer = report_of(tx.look(), &actor, &row)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
