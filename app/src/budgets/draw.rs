//! What a unit of work takes of budgets with the money it moves.

use super::payer_of;
use domain::budget::{Watched, uses};
use domain::id::BudgetId;
use domain::ledger::{AccountKind, AccountName, Movement, Payer};
use domain::subsidy::{Book, Compiled, Document};
use domain::{Fen, PlaceCode, ServiceDate};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, RwLock};
use store::conn::AnyConnection;
use store::query::budgets;
use store::query::changes::Changes;
use store::query::rows::TransferRow;
use store::{StoreError, Tx};

/// Budgets of a date, without what is left of them.
type Known = Arc<Vec<(BudgetId, Payer)>>;

/// Which budgets there are on which date, kept under the count of changes of policies.
#[derive(Debug, Default)]
pub struct BudgetShelf(RwLock<(i64, HashMap<ServiceDate, Known>)>);

/// Dates kept at once.
const DATES_KEPT: usize = 400;

impl BudgetShelf {
    fn on(&self, conn: &mut AnyConnection, changes: Changes, date: ServiceDate) -> Result<Known, StoreError> {
        if let Ok(kept) = self.0.read()
            && kept.0 == changes.policies
            && let Some(known) = kept.1.get(&date)
        {
            return Ok(known.clone());
        }
        let rows = budgets::on(conn, date)?;
        let known = rows.iter().map(|row| Ok((row.id.0, payer_of(row)?))).collect::<Result<Vec<_>, StoreError>>()?;
        let known = Arc::new(known);
        if let Ok(mut kept) = self.0.write() {
            if kept.0 != changes.policies || kept.1.len() >= DATES_KEPT {
                *kept = (changes.policies, HashMap::new());
            }
            kept.1.insert(date, known.clone());
        }
        Ok(known)
    }

    /// The budgets that a meal's funders may have: those of the date's programmes, of no place or of one around the meal or its eater.
    /// `places` are theirs.
    pub fn around(
        &self,
        conn: &mut AnyConnection,
        changes: Changes,
        (date, book): (ServiceDate, &Book),
        places: &[&PlaceCode],
    ) -> Result<Vec<(BudgetId, Payer)>, StoreError> {
        let known = self.on(conn, changes, date)?;
        let concerns = |payer: &Payer| {
            let Some(funder) = payer.funders().next() else { return false };
            let document = book.versions().map(Compiled::document).find(|document| document.programme == *payer.programme());
            // A funder that is bound to a place pays wherever the meal is.
            let bound = |document: &Document| document.funders.iter().any(|f| f.id == funder.id && f.place.is_some());
            let near = funder.place.as_ref().is_none_or(|place| places.iter().any(|around| place.contains(around)));
            document.is_some_and(|document| near || bound(document))
        };
        Ok(known.iter().filter(|(_, payer)| concerns(payer)).cloned().collect())
    }
}

/// What is left of each of some lists of budgets, asked for once for all of them.
pub fn with_left(conn: &mut AnyConnection, lists: Vec<Vec<(BudgetId, Payer)>>) -> Result<Vec<Vec<Watched<BudgetId>>>, StoreError> {
    let ids: BTreeSet<BudgetId> = lists.iter().flatten().map(|(id, _)| *id).collect();
    let ids: Vec<BudgetId> = ids.into_iter().collect();
    let left: BTreeMap<BudgetId, Fen> =
        if ids.is_empty() { BTreeMap::new() } else { budgets::left(conn, &ids)?.into_iter().collect() };
    let watched = |(id, payer): (BudgetId, Payer)| Some(Watched { id, payer, left: *left.get(&id)? });
    Ok(lists.into_iter().map(|list| list.into_iter().filter_map(watched).collect()).collect())
}

/// Takes off what earlier units of this batch took, which the rows do not tell of yet.
pub fn less_taken(budgets: &mut [Watched<BudgetId>], tx: &Tx<'_>) {
    for budget in budgets {
        budget.left = Fen(budget.left.0.saturating_sub(tx.budget_taken(budget.id)));
    }
}

/// Takes what movements move out of watched budgets, and gives back what they move in.
pub fn take<'m>(
    tx: &mut Tx<'_>,
    watched: &[Watched<BudgetId>],
    moves: impl IntoIterator<Item = &'m Movement>,
    must_fit: impl Fn(&Payer) -> bool,
) -> Result<(), StoreError> {
    if watched.is_empty() {
        return Ok(());
    }
    let uses = uses(moves).map_err(|e| StoreError::Database(format!("movements: {e}")))?;
    for budget in watched {
        if let Some(fen) = uses.get(&budget.payer) {
            // What was not there when this unit looked will not be there when it looks again: it is taken, and the overdraft shows.
            tx.take_budget(budget.id, fen.0, must_fit(&budget.payer) && *fen <= budget.left);
        }
    }
    Ok(())
}

/// The same for a meal of a date whose budgets were not looked up: for money that moves whether or not it is there, because the meal was
/// eaten and decided while it was.
pub fn take_whatever(tx: &mut Tx<'_>, date: ServiceDate, moves: &[Movement]) -> Result<(), StoreError> {
    let watched = watched_on(tx, date)?;
    take(tx, &watched, moves, |_| false)
}

/// Gives back what voided holds had taken.
pub fn give_back(tx: &mut Tx<'_>, date: ServiceDate, holds: &[TransferRow]) -> Result<(), StoreError> {
    let watched = watched_on(tx, date)?;
    if watched.is_empty() || holds.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = holds.iter().flat_map(|hold| [hold.debit_id.0, hold.credit_id.0]).collect();
    let names: HashMap<_, _> =
        budgets::named(tx.look(), &ids)?.into_iter().map(|(id, kind, funder)| (id, (kind, funder))).collect();
    let name = |id| {
        let (kind, funder): (AccountKind, String) = names.get(&id).cloned().ok_or(StoreError::NotFound)?;
        Ok::<_, StoreError>(AccountName { kind, funder, canteen: None })
    };
    // The other way round: what was debited is credited.
    let back = |hold: &TransferRow| {
        Ok(Movement { debit: name(hold.credit_id.0)?, credit: name(hold.debit_id.0)?, amount_fen: hold.amount_fen.0 })
    };
    let moves = holds.iter().map(back).collect::<Result<Vec<_>, StoreError>>()?;
    take(tx, &watched, &moves, |_| false)
}

fn watched_on(tx: &mut Tx<'_>, date: ServiceDate) -> Result<Vec<Watched<BudgetId>>, StoreError> {
    let rows = budgets::on(tx.look(), date)?;
    rows.iter().map(|row| Ok(Watched { id: row.id.0, payer: payer_of(row)?, left: Fen::ZERO })).collect()
}
