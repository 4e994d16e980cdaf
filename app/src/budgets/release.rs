//! What a settlement gives back to budgets when it is frozen, and takes again when it is withdrawn.

use super::payer_of;
use domain::id::{BudgetId, SettlementId};
use domain::ledger::Payer;
use domain::settlement::list::FrozenList;
use domain::settlement::release::{Span, releases};
use store::column::Col;
use store::query::budgets::{self, BudgetRow, ReleaseRow};
use store::{StoreError, Tx};

/// Gives back what the list's meals had reserved above what its funders owe. The canteen's lock is held, so that a budget that begins to
/// count meanwhile has the whole list before it, or behind it.
pub fn give_back(tx: &mut Tx<'_>, of: SettlementId, list: &FrozenList) -> Result<(), StoreError> {
    let (Payer::Ratio { .. }, Some(first), Some(last)) = (&list.payer, list.lines.first(), list.lines.last()) else {
        return Ok(());
    };
    let funders: Vec<String> = list.total.shares.iter().map(|(funder, _)| funder.to_string()).collect();
    let rows = budgets::of_payers(tx.look(), &funders, (first.date, last.date))?;
    let span = |row: &BudgetRow| Ok(Span { id: row.id.0, payer: payer_of(row)?, from: row.from_on.0, to: row.to_on.0 });
    let spans: Vec<Span<BudgetId>> = rows.iter().map(span).collect::<Result<_, StoreError>>()?;
    let mut kept = Vec::new();
    for (budget, fen) in releases(list, &spans) {
        tx.take_budget(budget, -fen.0, false);
        kept.push(ReleaseRow { settlement_id: Col(of), budget_id: Col(budget), fen: Col(fen) });
    }
    budgets::release(tx.change(), &kept)
}

/// Takes again what a settlement that is withdrawn gave back.
pub fn take_again(tx: &mut Tx<'_>, of: SettlementId) -> Result<(), StoreError> {
    for (budget, fen) in budgets::take_back(tx.change(), of)? {
        tx.take_budget(budget, fen.0, false);
    }
    Ok(())
}
