//! Accounts and movements of money.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::TransferRow;
use crate::schema::{ledger_account, transfer};
use diesel::prelude::*;
use domain::id::{CanteenId, OrderId};
use domain::ledger::{AccountId, AccountKind, AccountName, Phase};

/// An account.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_account, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct AccountRow {
    pub id: Col<AccountId>,
    pub kind: Word<AccountKind>,
    pub funder: String,
    pub canteen_id: Option<Col<CanteenId>>,
}

impl From<&AccountName> for AccountRow {
    fn from(name: &AccountName) -> Self {
        Self { id: Col(name.id()), kind: Word(name.kind), funder: name.funder.clone(), canteen_id: name.canteen.map(Col) }
    }
}

/// Makes sure that the accounts exist. Their identifiers follow from their names, so a second insert is no change.
pub fn ensure_accounts(conn: &mut AnyConnection, names: &[AccountName]) -> Result<(), StoreError> {
    for row in names.iter().map(AccountRow::from) {
        on_each!(&mut *conn, c => diesel::insert_into(ledger_account::table).values(&row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Which of the accounts exist.
pub fn existing(conn: &mut AnyConnection, ids: &[AccountId]) -> Result<Vec<AccountId>, StoreError> {
    let ids: Vec<Col<AccountId>> = ids.iter().copied().map(Col).collect();
    let rows =
        ledger_account::table.filter(ledger_account::id.eq_any(ids)).select(ledger_account::id).load::<Col<AccountId>>(conn)?;
    Ok(rows.into_iter().map(|Col(id)| id).collect())
}

/// Holds of an order that were neither posted nor voided.
pub fn open_holds(conn: &mut AnyConnection, order: OrderId) -> Result<Vec<TransferRow>, StoreError> {
    let all = transfer::table
        .filter(transfer::order_id.eq(Col(order)))
        .order(transfer::id)
        .select(TransferRow::as_select())
        .load::<TransferRow>(conn)?;
    let ended: Vec<_> = all.iter().filter_map(|t| t.hold_id).collect();
    Ok(all.into_iter().filter(|t| t.phase == Word(Phase::Hold) && !ended.contains(&t.id)).collect())
}
