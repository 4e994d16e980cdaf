//! Issuing lots to a batch, and correcting what was weighed or written wrongly.

use super::BatchRefusal as Refusal;
use super::gate::net;
use super::held::{Held, with_batch};
use super::view::BatchView;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::canteen_for;
use crate::ingredients::propose::{LOTS_MAX, facts};
use crate::kitchen::real::{self, lots_changed};
use domain::ServiceDate;
use domain::access::{Action, Actor};
use domain::batch::{BatchState, takes_ingredients};
use domain::id::{BatchId, IngredientId, IssueId, LotId};
use domain::lot::{AmountUnit, IssueRefusal, LotFacts, Proposal, first_expired_first_out, may_issue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::batches::{self, BatchRow, IssueRow};
use store::query::ingredients;
use store::{StoreError, Tx};

/// So much of a lot, in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotAmount {
    /// Which lot.
    pub lot: LotId,
    /// How much, as weighed.
    pub amount: i64,
}

/// Issues lots to a batch: all of them or none.
pub async fn issue(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: BatchId,
    lots: Vec<LotAmount>,
) -> Outcome<BatchView, Refusal> {
    let telling = app.telling();
    with_batch(app, actor, key, id, "issue_lots", move |tx, held| {
        if !takes_ingredients(held.batch.state.0) {
            return Err(Failure::Refused(Refusal::State(held.batch.state.0)));
        }
        let mut wanted: BTreeMap<LotId, i64> = BTreeMap::new();
        for line in &lots {
            let sum = wanted.entry(line.lot).or_insert(0);
            // Saturation is refused as more than there is.
            *sum = sum.saturating_add(line.amount);
            check(tx, held, line.lot, line.amount.min(*sum))?;
            check(tx, held, line.lot, *sum)?;
        }
        lots.iter().try_for_each(|line| take(tx, held, *line, None, ""))?;
        Ok(lots_changed(tx, telling, held.batch.sitting_id.0, held.batch.dish_id.0, held.by)?)
    })
    .await
}

/// Corrects an issue: the difference goes back to the lot or is taken from it, and the new record names the old one. The wrong
/// record stays. Correcting to 0 says that the lot never went in.
pub async fn correct(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: BatchId,
    corrected: IssueId,
    amount: i64,
    reason: String,
) -> Outcome<BatchView, Refusal> {
    let telling = app.telling();
    with_batch(app, actor, key, id, "correct_issue", move |tx, held| {
        if held.batch.state.0 == BatchState::Discarded {
            return Err(Failure::Refused(Refusal::State(held.batch.state.0)));
        }
        let old =
            batches::issue(tx.look(), corrected)?.filter(|row| row.batch_id.0 == id).ok_or(Failure::NotFound(Thing::Issue))?;
        if batches::is_corrected(tx.look(), corrected)? {
            return Err(Failure::Refused(Refusal::CorrectedAlready));
        }
        let lot = old.lot_id.0;
        let before = net(&batches::issues(tx.look(), &[id])?).get(&lot).copied().unwrap_or(0);
        let told = told_by(tx, id, &old)?;
        let difference = amount.saturating_sub(told);
        if amount < 0 || difference == 0 || before.saturating_add(difference) < 0 {
            return Err(Failure::Refused(Refusal::Lot { lot, why: IssueRefusal::Amount }));
        }
        if difference > 0 {
            check(tx, held, lot, difference)?;
        }
        take(tx, held, LotAmount { lot, amount: difference }, Some(corrected), &reason)?;
        Ok(lots_changed(tx, telling, held.batch.sitting_id.0, held.batch.dish_id.0, held.by)?)
    })
    .await
}

/// What a chain of records says was taken: the first record and each correction up to this one.
fn told_by(tx: &mut Tx<'_>, batch: BatchId, last: &IssueRow) -> Outcome<i64, Refusal> {
    let rows: BTreeMap<IssueId, IssueRow> = batches::issues(tx.look(), &[batch])?.into_iter().map(|row| (row.id.0, row)).collect();
    let (mut sum, mut at) = (last.amount, last.corrects_id);
    // Each record is older than what corrects it, so the walk ends at the first.
    while let Some(row) = at.and_then(|Col(id)| rows.get(&id)) {
        sum = sum.saturating_add(row.amount);
        at = row.corrects_id;
    }
    Ok(sum)
}

fn check(tx: &mut Tx<'_>, held: &Held, id: LotId, amount: i64) -> Outcome<(), Refusal> {
    let lot = ingredients::lot(tx.look(), id)?.filter(|lot| lot.canteen_id == held.batch.canteen_id);
    let lot = lot.ok_or(Failure::NotFound(Thing::Lot))?;
    may_issue(&facts(&lot), amount, held.now.civil_date()).map_err(|why| Failure::Refused(Refusal::Lot { lot: id, why }))
}

fn take(tx: &mut Tx<'_>, held: &Held, line: LotAmount, corrects: Option<IssueId>, reason: &str) -> Outcome<(), Refusal> {
    let LotAmount { lot, amount } = line;
    // The rule saw enough a moment ago; the conditional update has the last word, whoever else is at the lot.
    if !ingredients::take_from_lot(tx.change(), lot, amount)? {
        let state = ingredients::lot(tx.look(), lot)?.map_or(IssueRefusal::NotEnough { stock: 0 }, |row| {
            may_issue(&facts(&row), amount.max(1), held.now.civil_date())
                .err()
                .unwrap_or(IssueRefusal::NotEnough { stock: row.stock })
        });
        return Err(Failure::Refused(Refusal::Lot { lot, why: state }));
    }
    let row = IssueRow {
        id: Col(tx.new_id()),
        batch_id: held.batch.id,
        lot_id: Col(lot),
        amount,
        corrects_id: corrects.map(Col),
        reason: reason.to_owned(),
        issued_at: Col(held.now),
        issued_by: Col(held.by),
    };
    batches::add_issue(tx.change(), &row)?;
    Ok(())
}

/// What a batch needs of one ingredient and which lots would cover it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Which ingredient.
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// By what was confirmed for the sitting, or else by the recipe, for the planned portions, in milligrams.
    pub needed_mg: i64,
    /// Used without a lot by declaration: nothing to issue.
    pub untraced: bool,
    /// Lots weighed in milligrams, first to expire first.
    pub proposal: Proposal,
}

/// What the dish really needs for the planned portions and which lots to take; what was issued already is taken off.
pub async fn needs(app: &App, actor: Arc<Actor>, id: BatchId) -> Outcome<Vec<Need>, Refusal> {
    let today = app.clock.now().civil_date();
    app.store
        .read("batch_needs", move |conn| {
            let batch = batches::find(conn, id)?.ok_or(Failure::NotFound(Thing::Batch))?;
            canteen_for(conn, &actor, batch.canteen_id.0, Action::KitchenRecords, Thing::Batch)?;
            Ok(needs_of(conn, &batch, today, &BTreeMap::new())?)
        })
        .await
}

/// The same for a batch that was read; what is promised to other batches is not proposed a second time.
pub(crate) fn needs_of(
    conn: &mut AnyConnection,
    batch: &BatchRow,
    today: ServiceDate,
    promised: &BTreeMap<LotId, i64>,
) -> Result<Vec<Need>, StoreError> {
    let taken = net(&batches::issues(conn, &[batch.id.0])?);
    let lots = batches::lots(conn, &taken.keys().copied().collect::<Vec<_>>())?;
    let mut issued: BTreeMap<IngredientId, i64> = BTreeMap::new();
    for lot in &lots {
        *issued.entry(lot.ingredient_id.0).or_insert(0) += taken.get(&lot.id.0).copied().unwrap_or(0);
    }
    let parts = real::parts(conn, batch.sitting_id.0, batch.dish_id.0)?;
    let untraced = ingredients::untraced_of(conn, &parts.iter().map(|part| part.ingredient).collect::<Vec<_>>())?;
    let mut needs = Vec::with_capacity(parts.len());
    for line in parts {
        let ingredient = line.ingredient;
        let needed_mg = line.amount_mg.saturating_mul(batch.planned_portions);
        let open = needed_mg.saturating_sub(issued.get(&ingredient).copied().unwrap_or(0)).max(0);
        let untraced = untraced.contains(&ingredient);
        let stock = ingredients::stock_of(conn, batch.canteen_id.0, ingredient, AmountUnit::Milligrams, LOTS_MAX)?;
        let left = |row: &ingredients::LotRow| {
            let of = facts(row);
            LotFacts { stock: of.stock - promised.get(&of.lot).copied().unwrap_or(0), ..of }
        };
        let facts: Vec<LotFacts> = stock.iter().map(left).collect();
        let proposal = first_expired_first_out(&facts, if untraced { 0 } else { open }, today);
        needs.push(Need { ingredient, name: line.name, needed_mg, untraced, proposal });
    }
    Ok(needs)
}
