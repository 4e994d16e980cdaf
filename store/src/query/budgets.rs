//! Budgets of funders: what is set aside, and what the movements of meals take of it.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::place_filter::within;
use crate::schema::{budget_change, funder_budget, ledger_account, meal_order, settlement_release, transfer};
use diesel::prelude::*;
use domain::access::Scope;
use domain::budget::BudgetChangeState;
use domain::id::{BudgetChangeId, BudgetId, SettlementId, UserId};
use domain::ledger::{AccountId, AccountKind, Phase};
use domain::{Fen, Instant, PlaceCode, ServiceDate};

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = funder_budget, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct BudgetRow {
    pub id: Col<BudgetId>,
    pub payer: String,
    pub place_code: Col<PlaceCode>,
    pub from_on: Col<ServiceDate>,
    pub to_on: Col<ServiceDate>,
    pub in_force: bool,
    pub amount_fen: Col<Fen>,
    pub used_fen: Col<Fen>,
}

/// A change of a budget.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = budget_change, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct BudgetChangeRow {
    pub id: Col<BudgetChangeId>,
    pub budget_id: Col<BudgetId>,
    pub amount_fen: Col<Fen>,
    pub document: String,
    pub reason: String,
    pub state: Word<BudgetChangeState>,
    pub proposed_by: Col<UserId>,
    pub proposed_at: Col<Instant>,
    pub answered_by: Option<Col<UserId>>,
    pub answered_at: Option<Col<Instant>>,
}

/// Adds a budget.
pub fn insert(conn: &mut AnyConnection, row: &BudgetRow) -> Result<(), StoreError> {
    diesel::insert_into(funder_budget::table).values(row).execute(conn)?;
    Ok(())
}

/// Adds a change.
pub fn insert_change(conn: &mut AnyConnection, row: &BudgetChangeRow) -> Result<(), StoreError> {
    diesel::insert_into(budget_change::table).values(row).execute(conn)?;
    Ok(())
}

/// A budget by identifier.
pub fn find(conn: &mut AnyConnection, id: BudgetId) -> Result<Option<BudgetRow>, StoreError> {
    Ok(funder_budget::table.find(Col(id)).select(BudgetRow::as_select()).get_result(conn).optional()?)
}

/// A change by identifier.
pub fn change(conn: &mut AnyConnection, id: BudgetChangeId) -> Result<Option<BudgetChangeRow>, StoreError> {
    Ok(budget_change::table.find(Col(id)).select(BudgetChangeRow::as_select()).get_result(conn).optional()?)
}

/// The changes of a budget, in the order in which they were entered; at most `limit`, the last ones.
pub fn changes(conn: &mut AnyConnection, of: BudgetId, limit: i64) -> Result<Vec<BudgetChangeRow>, StoreError> {
    let mut rows = budget_change::table
        .filter(budget_change::budget_id.eq(Col(of)))
        .order(budget_change::id.desc())
        .limit(limit)
        .select(BudgetChangeRow::as_select())
        .load(conn)?;
    rows.reverse();
    Ok(rows)
}

/// Whether a funder has a budget with one of these dates.
pub fn overlaps(conn: &mut AnyConnection, payer: &str, (from, to): (ServiceDate, ServiceDate)) -> Result<bool, StoreError> {
    let any = funder_budget::table
        .filter(funder_budget::payer.eq(payer))
        .filter(funder_budget::from_on.le(Col(to)))
        .filter(funder_budget::to_on.ge(Col(from)));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn)?)
}

/// Whether a funder has another budget that counts with one of these dates.
pub fn overlaps_another(conn: &mut AnyConnection, of: &BudgetRow) -> Result<bool, StoreError> {
    let any = funder_budget::table
        .filter(funder_budget::payer.eq(&of.payer))
        .filter(funder_budget::id.ne(of.id))
        .filter(funder_budget::in_force.eq(true))
        .filter(funder_budget::from_on.le(of.to_on))
        .filter(funder_budget::to_on.ge(of.from_on));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn)?)
}

/// Budgets of places in a scope, after an identifier.
pub fn list(conn: &mut AnyConnection, scope: &Scope, after: Option<BudgetId>, limit: i64) -> Result<Vec<BudgetRow>, StoreError> {
    let after = after.unwrap_or_else(|| BudgetId::from_uuid(uuid::Uuid::nil()));
    Ok(funder_budget::table
        .filter(within!(funder_budget::table, funder_budget::place_code, scope.places()))
        .filter(funder_budget::id.gt(Col(after)))
        .order(funder_budget::id)
        .limit(limit)
        .select(BudgetRow::as_select())
        .load(conn)?)
}

/// Budgets that count, of a date.
pub fn on(conn: &mut AnyConnection, date: ServiceDate) -> Result<Vec<BudgetRow>, StoreError> {
    Ok(funder_budget::table
        .filter(funder_budget::in_force.eq(true))
        .filter(funder_budget::from_on.le(Col(date)))
        .filter(funder_budget::to_on.ge(Col(date)))
        .order(funder_budget::id)
        .select(BudgetRow::as_select())
        .load(conn)?)
}

/// Budgets of some payers that count, with a date of a span.
pub fn of_payers(
    conn: &mut AnyConnection,
    payers: &[String],
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<BudgetRow>, StoreError> {
    Ok(funder_budget::table
        .filter(funder_budget::in_force.eq(true))
        .filter(funder_budget::payer.eq_any(payers))
        .filter(funder_budget::from_on.le(Col(to)))
        .filter(funder_budget::to_on.ge(Col(from)))
        .order(funder_budget::id)
        .select(BudgetRow::as_select())
        .load(conn)?)
}

/// What is left of some budgets.
pub fn left(conn: &mut AnyConnection, ids: &[BudgetId]) -> Result<Vec<(BudgetId, Fen)>, StoreError> {
    let ids: Vec<Col<BudgetId>> = ids.iter().copied().map(Col).collect();
    let rows = funder_budget::table
        .filter(funder_budget::id.eq_any(ids))
        .select((funder_budget::id, funder_budget::amount_fen, funder_budget::used_fen))
        .load::<(Col<BudgetId>, Col<Fen>, Col<Fen>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), Col(amount), Col(used))| (id, Fen(amount.0.saturating_sub(used.0)))).collect())
}

/// Takes fen of a budget; `false` when they must be there and are not.
pub(crate) fn take(conn: &mut AnyConnection, id: BudgetId, fen: i64, must_fit: bool) -> Result<bool, StoreError> {
    let set = funder_budget::used_fen.eq(funder_budget::used_fen + fen);
    let of = funder_budget::table.find(Col(id));
    let taken = match must_fit {
        true => diesel::update(of.filter((funder_budget::used_fen + fen).le(funder_budget::amount_fen))).set(set).execute(conn)?,
        false => diesel::update(of).set(set).execute(conn)?,
    };
    Ok(taken == 1)
}

/// Answers a change, once; `false` when somebody was faster.
pub fn answer(
    conn: &mut AnyConnection,
    id: BudgetChangeId,
    state: BudgetChangeState,
    by: UserId,
    at: Instant,
) -> Result<bool, StoreError> {
    let open = budget_change::table.find(Col(id)).filter(budget_change::state.eq(Word(BudgetChangeState::Proposed)));
    let answered = diesel::update(open)
        .set((budget_change::state.eq(Word(state)), budget_change::answered_by.eq(Col(by)), budget_change::answered_at.eq(Col(at))))
        .execute(conn)?;
    Ok(answered == 1)
}

/// Adds to what is set aside.
pub fn add_amount(conn: &mut AnyConnection, id: BudgetId, fen: Fen) -> Result<(), StoreError> {
    diesel::update(funder_budget::table.find(Col(id)))
        .set(funder_budget::amount_fen.eq(funder_budget::amount_fen + fen.0))
        .execute(conn)?;
    Ok(())
}

/// The budget counts from now on, with what its meals have taken already.
pub fn begin(conn: &mut AnyConnection, id: BudgetId, used: Fen) -> Result<(), StoreError> {
    diesel::update(funder_budget::table.find(Col(id)))
        .set((funder_budget::in_force.eq(true), funder_budget::used_fen.eq(Col(used))))
        .execute(conn)?;
    Ok(())
}

/// The ledger's budget accounts of a programme: the identifier with the payer's text.
pub fn accounts(conn: &mut AnyConnection, programme: &str) -> Result<Vec<(AccountId, String)>, StoreError> {
    let rows = ledger_account::table
        .filter(ledger_account::kind.eq(Word(AccountKind::FunderBudget)))
        .filter(ledger_account::funder.like(format!("{programme}/%")))
        .select((ledger_account::id, ledger_account::funder))
        .load::<(Col<AccountId>, String)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), funder)| (id, funder)).collect())
}

/// Accounts by identifier: what they count, and the payer's text.
pub fn named(conn: &mut AnyConnection, ids: &[AccountId]) -> Result<Vec<(AccountId, AccountKind, String)>, StoreError> {
    let ids: Vec<Col<AccountId>> = ids.iter().copied().map(Col).collect();
    let rows = ledger_account::table
        .filter(ledger_account::id.eq_any(ids))
        .select((ledger_account::id, ledger_account::kind, ledger_account::funder))
        .load::<(Col<AccountId>, Word<AccountKind>, String)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), Word(kind), funder)| (id, kind, funder)).collect())
}

/// How often each amount was held and voided out of an account, and into it, for meals of some dates: phase, amount, count. The
/// amounts of meals are few, so a year's movements are a short list.
pub fn moved(
    conn: &mut AnyConnection,
    account: AccountId,
    out: bool,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<(Phase, Fen, i64)>, StoreError> {
    let side = transfer::table
        .inner_join(meal_order::table.on(meal_order::id.eq(transfer::order_id)))
        .filter(meal_order::service_date.between(Col(from), Col(to)))
        .filter(transfer::phase.ne(Word(Phase::Post)))
        .group_by((transfer::phase, transfer::amount_fen))
        .select((transfer::phase, transfer::amount_fen, diesel::dsl::count_star()));
    let rows: Vec<(Word<Phase>, Col<Fen>, i64)> = match out {
        true => side.filter(transfer::debit_id.eq(Col(account))).load(conn)?,
        false => side.filter(transfer::credit_id.eq(Col(account))).load(conn)?,
    };
    Ok(rows.into_iter().map(|(Word(phase), Col(fen), count)| (phase, fen, count)).collect())
}

/// What a settlement gives back to budgets.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = settlement_release, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct ReleaseRow {
    pub settlement_id: Col<SettlementId>,
    pub budget_id: Col<BudgetId>,
    pub fen: Col<Fen>,
}

/// Notes what a settlement gives back to budgets.
pub fn release(conn: &mut AnyConnection, rows: &[ReleaseRow]) -> Result<(), StoreError> {
    for row in rows {
        diesel::insert_into(settlement_release::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Takes the notes of a settlement away, which must be withdrawn, and tells what they were.
pub fn take_back(conn: &mut AnyConnection, of: SettlementId) -> Result<Vec<(BudgetId, Fen)>, StoreError> {
    let of = settlement_release::table.filter(settlement_release::settlement_id.eq(Col(of)));
    let rows =
        of.order(settlement_release::budget_id)
            .select((settlement_release::budget_id, settlement_release::fen))
            .load::<(Col<BudgetId>, Col<Fen>)>(conn)?;
    diesel::delete(of).execute(conn)?;
    Ok(rows.into_iter().map(|(Col(id), Col(fen))| (id, fen)).collect())
}

/// What settlements have given back to a budget.
pub fn released(conn: &mut AnyConnection, of: BudgetId) -> Result<Fen, StoreError> {
    let rows = settlement_release::table
        .filter(settlement_release::budget_id.eq(Col(of)))
        .select(settlement_release::fen)
        .load::<Col<Fen>>(conn)?;
    Ok(Fen(rows.into_iter().map(|Col(Fen(fen))| fen).sum()))
}

/// Every budget that counts, after an identifier.
pub fn in_force(conn: &mut AnyConnection, after: Option<BudgetId>, limit: i64) -> Result<Vec<BudgetRow>, StoreError> {
    let after = after.unwrap_or_else(|| BudgetId::from_uuid(uuid::Uuid::nil()));
    Ok(funder_budget::table
        .filter(funder_budget::in_force.eq(true))
        .filter(funder_budget::id.gt(Col(after)))
        .order(funder_budget::id)
        .limit(limit)
        .select(BudgetRow::as_select())
        .load(conn)?)
}
