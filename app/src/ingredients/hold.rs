//! Holding a lot: from now on nothing of it is issued, no batch with it is released or packed. The first step of a recall.

use super::IngredientRefusal as Refusal;
use super::access::{canteen_for, signer};
use super::view::LotView;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::lanes;
use domain::access::{Action, Actor};
use domain::id::LotId;
use domain::lot::LotState;
use std::sync::Arc;
use store::query::{ingredients, recalls};

/// Holds a lot, or lets it go again. Anyone who keeps the kitchen's records may hold; letting go takes whoever may override a gate.
pub async fn hold(app: &App, actor: Arc<Actor>, key: RequestKey, id: LotId, held: bool) -> Outcome<LotView, Refusal> {
    let lane = lanes::of_lot(app, id).await?;
    app.store
        .write(lane, "hold_lot", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let action = if held { Action::KitchenRecords } else { Action::OverrideGate };
            canteen_for(tx.look(), &actor, lot.canteen_id.0, action, Thing::Lot)?;
            signer(&actor)?;
            tx.lock_canteen(lot.canteen_id.0)?;
            let (from, to) = if held { (LotState::Accepted, LotState::Frozen) } else { (LotState::Frozen, LotState::Accepted) };
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            // A lot that is recalled is let go by closing the recall.
            if !held && recalls::open_of(tx.look(), id)?.is_some() {
                return Err(Failure::Refused(Refusal::Recalled));
            }
            if lot.state.0 != from || !ingredients::set_lot_state(tx.change(), id, from, to)? {
                return Err(Failure::Refused(Refusal::State(lot.state.0)));
            }
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let answer = LotView::of(lot, Vec::new());
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}
