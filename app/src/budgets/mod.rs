//! Budgets of funders: set aside by one person, confirmed by another, taken by orders, and looked at by who pays.
//!
//! A budget counts from its first confirmed change on. What its meals have taken by then is added up from the ledger, with every
//! canteen's lock held; from then on each commit that moves a funder's money moves the budget too ([`draw`]), and a settlement of a
//! payer by ratio gives back what its meals had reserved above what is owed ([`release`]).

pub mod draw;
pub mod look;
pub(crate) mod release;
pub mod set;

use domain::ledger::{Payer, Phase};
use domain::{Fen, ServiceDate};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::budgets::{self, BudgetRow};

/// The payer of a stored budget.
pub(crate) fn payer_of(row: &BudgetRow) -> Result<Payer, StoreError> {
    Payer::parse(&row.payer).map_err(|e| StoreError::Database(format!("budget {}: {e}", row.id.0)))
}

/// What a budget has to count as used: what its meals' movements come to, less what settlements gave back.
pub(crate) fn used(conn: &mut AnyConnection, of: &BudgetRow) -> Result<Fen, StoreError> {
    let moved = moved(conn, &payer_of(of)?, (of.from_on.0, of.to_on.0))?;
    Ok(Fen(moved.0.saturating_sub(budgets::released(conn, of.id.0)?.0)))
}

/// What the ledger says that a funder's meals of some dates have taken: held and not given back.
fn moved(conn: &mut AnyConnection, payer: &Payer, dates: (ServiceDate, ServiceDate)) -> Result<Fen, StoreError> {
    let mut sum = 0i64;
    for (account, text) in budgets::accounts(conn, payer.programme().as_str())? {
        let of = Payer::parse(&text).map_err(|e| StoreError::Database(format!("account {account}: {e}")))?;
        if !of.reserves(Fen::ZERO).iter().any(|(funder, _)| funder == payer) {
            continue;
        }
        let share =
            |fen: Fen| of.reserves(fen).into_iter().filter(|(funder, _)| funder == payer).map(|(_, part)| part.0).sum::<i64>();
        for (out, sign) in [(true, 1), (false, -1)] {
            for (phase, fen, count) in budgets::moved(conn, account, out, dates)? {
                let sign = if phase == Phase::Hold { sign } else { -sign };
                sum = sum.saturating_add(sign * share(fen).saturating_mul(count));
            }
        }
    }
    Ok(Fen(sum))
}
