//! Throwing part of a lot away, with a record (实施条例 29).

use super::IngredientRefusal as Refusal;
use super::access::{canteen_for, signer};
use super::view::LotView;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::lanes;
use domain::access::{Action, Actor};
use domain::id::LotId;
use std::sync::Arc;
use store::column::Col;
use store::query::ingredients::{self, DisposalRow};

/// Throws `amount` of a lot away, in its unit; a lot held by a recall is disposed of in the same way.
pub async fn dispose(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: LotId,
    amount: i64,
    reason: String,
) -> Outcome<LotView, Refusal> {
    let lane = lanes::of_lot(app, id).await?;
    app.store
        .write(lane, "dispose_of_lot", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            canteen_for(tx.look(), &actor, lot.canteen_id.0, Action::KitchenRecords, Thing::Lot)?;
            let by = signer(&actor)?;
            tx.lock_canteen(lot.canteen_id.0)?;
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            if amount <= 0 || amount > lot.stock {
                return Err(Failure::Refused(Refusal::NotEnough { stock: lot.stock }));
            }
            let now = tx.now();
            let row = DisposalRow {
                id: Col(tx.new_id()),
                lot_id: Col(id),
                amount,
                reason: reason.clone(),
                disposed_at: Col(now),
                disposed_by: Col(by),
            };
            if !ingredients::dispose_of_lot(tx.change(), &row)? {
                return Err(Failure::Refused(Refusal::NotEnough { stock: lot.stock }));
            }
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let answer = LotView::of(lot, Vec::new());
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}
