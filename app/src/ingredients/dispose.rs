//! Throwing part of a lot away, with a record (实施条例 29).

use super::IngredientRefusal as Refusal;
use super::access::{canteen_for, signer};
use super::view::LotView;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::lanes;
use domain::Instant;
use domain::access::{Action, Actor};
use domain::id::{CanteenId, DisposalId, LotId, UserId};
use domain::lot::AmountUnit;
use domain::stock::DisposalCause;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Tx;
use store::column::{Col, Word};
use store::query::ingredients::{self, DisposalRow, LotRow};
use store::query::stores;

/// What is thrown away of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposal {
    /// How much, in the lot's unit.
    pub amount: i64,
    /// Why, as one word.
    pub cause: DisposalCause,
    /// Why, in a sentence.
    pub reason: String,
    /// How it was destroyed; may be empty.
    pub method: String,
}

/// Throws part of a lot away; a lot held by a recall is disposed of in the same way.
pub async fn dispose(app: &App, actor: Arc<Actor>, key: RequestKey, id: LotId, what: Disposal) -> Outcome<LotView, Refusal> {
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
            let now = tx.now();
            take_out(tx, &lot, &what, by)?;
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let answer = LotView::of(lot, Vec::new());
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// Takes part of a lot out of the stock, with its record, under the canteen's lock.
pub(super) fn take_out(tx: &mut Tx<'_>, lot: &LotRow, what: &Disposal, by: UserId) -> Outcome<(), Refusal> {
    let not_enough = Failure::Refused(Refusal::NotEnough { stock: lot.stock });
    if what.amount <= 0 || what.amount > lot.stock {
        return Err(not_enough);
    }
    let row = DisposalRow {
        id: Col(tx.new_id()),
        lot_id: lot.id,
        amount: what.amount,
        reason: what.reason.clone(),
        disposed_at: Col(tx.now()),
        disposed_by: Col(by),
        cause: Word(what.cause),
        method: what.method.clone(),
    };
    if ingredients::dispose_of_lot(tx.change(), &row)? { Ok(()) } else { Err(not_enough) }
}

/// A disposal on record, as the inspector sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisposalView {
    /// Which record.
    pub disposal: DisposalId,
    /// Of which lot.
    pub lot: LotId,
    /// The lot's name.
    pub name: String,
    /// What the amount counts.
    pub unit: AmountUnit,
    /// What was thrown away.
    pub what: Disposal,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
}

/// What a canteen threw away, newest first, a page of it.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    before: Option<DisposalId>,
    limit: i64,
) -> Outcome<Vec<DisposalView>, Refusal> {
    app.store
        .read("disposals", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            let view = |(row, lot): (DisposalRow, LotRow)| DisposalView {
                disposal: row.id.0,
                lot: lot.id.0,
                name: lot.name,
                unit: lot.unit.0,
                what: Disposal { amount: row.amount, cause: row.cause.0, reason: row.reason, method: row.method },
                at: row.disposed_at.0,
                by: row.disposed_by.0,
            };
            Ok(stores::disposals(conn, canteen, before, limit)?.into_iter().map(view).collect())
        })
        .await
}
