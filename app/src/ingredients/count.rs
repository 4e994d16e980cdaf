//! Stock-taking: what is there is compared with the books.

use super::IngredientRefusal as Refusal;
use super::access::{canteen_for, signer};
use super::dispose::{Disposal, take_out};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::lanes;
use domain::Instant;
use domain::access::{Action, Actor};
use domain::id::{CanteenId, LotId, StockCountId, UserId};
use domain::lot::LotState;
use domain::stock::{Count, CountOutcome, DisposalCause, judge};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::ingredients;
use store::query::stores::{self, CountRow};

/// What a stock-take found of a lot; amounts are in its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountView {
    /// Which record.
    pub count: StockCountId,
    /// Of which lot.
    pub lot: LotId,
    /// What the books said was left.
    pub book: i64,
    /// What was there.
    pub counted: i64,
    /// How far the two may differ.
    pub tolerance: i64,
    /// How they stand to each other.
    pub outcome: CountOutcome,
    /// What left the books.
    pub written_off: i64,
    /// Why they differ.
    pub reason: String,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
}

impl From<CountRow> for CountView {
    fn from(row: CountRow) -> Self {
        Self {
            count: row.id.0,
            lot: row.lot_id.0,
            book: row.book,
            counted: row.counted,
            tolerance: row.tolerance,
            outcome: row.outcome.0,
            written_off: row.written_off,
            reason: row.reason,
            at: row.counted_at.0,
            by: row.counted_by.0,
        }
    }
}

/// Records what is there of a lot. A shortage beyond the tolerance is written off as a disposal; a surplus raises nothing and stays a
/// risk until a later count agrees. Either needs a reason.
pub async fn count(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: LotId,
    counted: i64,
    reason: String,
) -> Outcome<CountView, Refusal> {
    let (lane, shelf) = (lanes::of_lot(app, id).await?, app.food_safety.clone());
    app.store
        .write(lane, "count_lot", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            let place = canteen_for(tx.look(), &actor, lot.canteen_id.0, Action::KitchenRecords, Thing::Lot)?.place_code.0;
            let by = signer(&actor)?;
            tx.lock_canteen(lot.canteen_id.0)?;
            let lot = ingredients::lot(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            if lot.state.0 == LotState::Rejected {
                return Err(Failure::Refused(Refusal::State(lot.state.0)));
            }
            let now = tx.now();
            let rules = shelf.in_force(&place, now.civil_date())?;
            let result = judge(Count { received: lot.received, book: lot.stock, counted }, &rules);
            let reason = reason.trim();
            if result.outcome != CountOutcome::Agrees && reason.is_empty() {
                return Err(Failure::Refused(Refusal::CountDiffers { book: lot.stock, outcome: result.outcome }));
            }
            let row = CountRow {
                id: Col(tx.new_id()),
                canteen_id: lot.canteen_id,
                lot_id: lot.id,
                book: lot.stock,
                counted,
                tolerance: result.tolerance,
                outcome: Word(result.outcome),
                written_off: result.written_off,
                reason: reason.to_owned(),
                counted_at: Col(now),
                counted_by: Col(by),
            };
            stores::add_count(tx.change(), &row)?;
            if result.written_off > 0 {
                let told = if reason.is_empty() { "盘点：已用完" } else { reason };
                let what = Disposal {
                    amount: result.written_off,
                    cause: DisposalCause::Shortage,
                    reason: told.to_owned(),
                    method: String::new(),
                };
                take_out(tx, &lot, &what, by)?;
            }
            let answer = CountView::from(row);
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// A canteen's counts, newest first, a page of them.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    before: Option<StockCountId>,
    limit: i64,
) -> Outcome<Vec<CountView>, Refusal> {
    app.store
        .read("stock_counts", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            Ok(stores::counts(conn, canteen, before, limit)?.into_iter().map(CountView::from).collect())
        })
        .await
}
