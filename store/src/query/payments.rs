//! Payees, payouts, payments, banks' answers and what waits on the suspense list.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::place_filter::within;
use crate::schema::{bank_answer, canteen, canteen_payee, payment, payout, settlement, suspense};
use diesel::prelude::*;
use domain::access::Scope;
use domain::id::{BankAnswerId, CanteenId, PaymentId, PayoutId, SettlementId, SuspenseId, UserId};
use domain::settlement::SettlementState;
use domain::settlement::payment::{BankResult, PaymentState, SuspenseCause};
use domain::{Fen, Instant, PlaceCode};

/// Where a canteen's money goes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = canteen_payee, primary_key(canteen_id), treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct PayeeRow {
    pub canteen_id: Col<CanteenId>,
    pub version: i64,
    pub holder: String,
    pub bank: String,
    pub account_enc: Vec<u8>,
    pub entered_by: Col<UserId>,
    pub entered_at: Col<Instant>,
    pub confirmed_by: Option<Col<UserId>>,
    pub confirmed_at: Option<Col<Instant>>,
}

/// Payments that go to the bank together.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payout, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct PayoutRow {
    pub id: Col<PayoutId>,
    pub place_code: Col<PlaceCode>,
    pub made_by: Option<Col<UserId>>,
    pub made_at: Col<Instant>,
    pub line_count: i64,
    pub total_fen: Col<Fen>,
}

/// One funder's part of a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payment, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct PaymentRow {
    pub id: Col<PaymentId>,
    pub settlement_id: Col<SettlementId>,
    pub funder: String,
    pub amount_fen: Col<Fen>,
    pub state: Word<PaymentState>,
    pub replaces: Option<Col<PaymentId>>,
    pub payout_id: Option<Col<PayoutId>>,
    pub ordinal: Option<i64>,
    pub holder: Option<String>,
    pub bank: Option<String>,
    pub account_enc: Option<Vec<u8>>,
    pub reference: Option<String>,
    pub reason: Option<String>,
    pub answered_at: Option<Col<Instant>>,
}

/// A payment with whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct PaymentOf {
    pub row: PaymentRow,
    pub settlement_state: Word<SettlementState>,
    pub approved_by: Option<Col<UserId>>,
    pub payer: String,
    pub period: String,
    pub canteen_id: Col<CanteenId>,
    pub code: String,
    pub name: String,
    pub place: Col<PlaceCode>,
}

/// A bank's answer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_answer, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct BankAnswerRow {
    pub id: Col<BankAnswerId>,
    pub place_code: Col<PlaceCode>,
    pub content_hash: Vec<u8>,
    pub file_name: String,
    pub row_count: i64,
    pub paid: i64,
    pub returned: i64,
    pub repeated: i64,
    pub suspended: i64,
    pub brought_by: Option<Col<UserId>>,
    pub brought_at: Col<Instant>,
}

/// A row that matches no payment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = suspense, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SuspenseRow {
    pub id: Col<SuspenseId>,
    pub answer_id: Col<BankAnswerId>,
    pub place_code: Col<PlaceCode>,
    pub row_no: i64,
    pub cause: Word<SuspenseCause>,
    pub payment: String,
    pub result: Word<BankResult>,
    pub amount_fen: Col<Fen>,
    pub holder: String,
    pub account_enc: Vec<u8>,
    pub reference: String,
    pub reason: String,
    pub resolved_by: Option<Col<UserId>>,
    pub resolved_at: Option<Col<Instant>>,
    pub note: String,
}

/// A canteen's payee.
pub fn payee(conn: &mut AnyConnection, of: CanteenId) -> Result<Option<PayeeRow>, StoreError> {
    Ok(canteen_payee::table.find(Col(of)).select(PayeeRow::as_select()).get_result(conn).optional()?)
}

/// Adds a canteen's first payee.
pub fn insert_payee(conn: &mut AnyConnection, row: &PayeeRow) -> Result<(), StoreError> {
    diesel::insert_into(canteen_payee::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes a payee that still has the version before; `false` when somebody else has changed it.
pub fn change_payee(conn: &mut AnyConnection, row: &PayeeRow) -> Result<bool, StoreError> {
    let changed = diesel::update(canteen_payee::table.find(row.canteen_id).filter(canteen_payee::version.eq(row.version - 1)))
        .set(row)
        .execute(conn)?;
    Ok(changed == 1)
}

/// Adds a payment.
pub fn insert(conn: &mut AnyConnection, row: &PaymentRow) -> Result<(), StoreError> {
    diesel::insert_into(payment::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes a payment that still stands where it was read; `false` when it has moved.
pub fn set_state(conn: &mut AnyConnection, row: &PaymentRow, before: PaymentState) -> Result<bool, StoreError> {
    let changed = diesel::update(payment::table.find(row.id).filter(payment::state.eq(Word(before)))).set(row).execute(conn)?;
    Ok(changed == 1)
}

/// Payments with whose they are.
macro_rules! payments {
    ($filter:expr) => {
        payment::table
            .inner_join(settlement::table.on(settlement::id.eq(payment::settlement_id)))
            .inner_join(canteen::table.on(canteen::id.eq(settlement::canteen_id)))
            .filter($filter)
            .select((
                PaymentRow::as_select(),
                settlement::state,
                settlement::approved_by,
                settlement::payer,
                settlement::period,
                canteen::id,
                canteen::code,
                canteen::name,
                canteen::place_code,
            ))
    };
}

/// A payment.
pub fn find(conn: &mut AnyConnection, id: PaymentId) -> Result<Option<PaymentOf>, StoreError> {
    Ok(payments!(payment::id.eq(Col(id))).get_result(conn).optional()?)
}

/// The payments of these numbers.
pub fn of_numbers(conn: &mut AnyConnection, ids: &[PaymentId]) -> Result<Vec<PaymentOf>, StoreError> {
    let mut all = Vec::with_capacity(ids.len());
    // A statement takes only so many parameters.
    for some in ids.chunks(1_000) {
        let some: Vec<Col<PaymentId>> = some.iter().copied().map(Col).collect();
        all.extend(payments!(payment::id.eq_any(some)).load::<PaymentOf>(conn)?);
    }
    Ok(all)
}

/// A settlement's payments, in the order in which they were made.
pub fn of_settlement(conn: &mut AnyConnection, of: SettlementId) -> Result<Vec<PaymentRow>, StoreError> {
    Ok(payment::table.filter(payment::settlement_id.eq(Col(of))).order(payment::id).select(PaymentRow::as_select()).load(conn)?)
}

/// The payments of published settlements that are in no file yet, of canteens at a place and below; by canteen and number.
pub fn due_within(conn: &mut AnyConnection, place: &PlaceCode, limit: i64) -> Result<Vec<PaymentOf>, StoreError> {
    let canteens: Vec<Col<CanteenId>> =
        canteen::table.filter(within!(canteen::table, canteen::place_code, [place])).select(canteen::id).load(conn)?;
    let due = payment::state
        .eq(Word(PaymentState::Due))
        .and(settlement::state.eq(Word(SettlementState::Published)))
        .and(settlement::canteen_id.eq_any(canteens));
    Ok(payments!(due).order((canteen::code, payment::id)).limit(limit).load(conn)?)
}

/// Adds a payout.
pub fn insert_payout(conn: &mut AnyConnection, row: &PayoutRow) -> Result<(), StoreError> {
    diesel::insert_into(payout::table).values(row).execute(conn)?;
    Ok(())
}

/// A payout.
pub fn payout(conn: &mut AnyConnection, id: PayoutId) -> Result<Option<PayoutRow>, StoreError> {
    Ok(payout::table.find(Col(id)).select(PayoutRow::as_select()).get_result(conn).optional()?)
}

/// Payouts in scope that are older than one, newest first.
pub fn payouts(
    conn: &mut AnyConnection,
    scope: &Scope,
    before: Option<PayoutId>,
    limit: i64,
) -> Result<Vec<PayoutRow>, StoreError> {
    let mut query = payout::table
        .filter(within!(payout::table, payout::place_code, scope.places()))
        .select(PayoutRow::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(payout::id.lt(Col(before)));
    }
    Ok(query.order(payout::id.desc()).limit(limit).load(conn)?)
}

/// The payments of a payout, in the order of its file.
pub fn of_payout(conn: &mut AnyConnection, of: PayoutId) -> Result<Vec<PaymentOf>, StoreError> {
    Ok(payments!(payment::payout_id.eq(Some(Col(of)))).order(payment::ordinal).load(conn)?)
}

/// A bank's answer that said the same, brought for the same place.
pub fn same_answer(conn: &mut AnyConnection, place: &PlaceCode, hash: &[u8]) -> Result<Option<BankAnswerRow>, StoreError> {
    Ok(bank_answer::table
        .filter(bank_answer::place_code.eq(Col(place.clone())))
        .filter(bank_answer::content_hash.eq(hash))
        .select(BankAnswerRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// Adds a bank's answer; the same one twice is a unique-key error.
pub fn insert_answer(conn: &mut AnyConnection, row: &BankAnswerRow, waiting: &[SuspenseRow]) -> Result<(), StoreError> {
    diesel::insert_into(bank_answer::table).values(row).execute(conn)?;
    for row in waiting {
        diesel::insert_into(suspense::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// A row on the suspense list.
pub fn waiting(conn: &mut AnyConnection, id: SuspenseId) -> Result<Option<SuspenseRow>, StoreError> {
    Ok(suspense::table.find(Col(id)).select(SuspenseRow::as_select()).get_result(conn).optional()?)
}

/// Rows in scope that nobody has settled, after one, in order.
pub fn open_suspense(
    conn: &mut AnyConnection,
    scope: &Scope,
    after: Option<SuspenseId>,
    limit: i64,
) -> Result<Vec<SuspenseRow>, StoreError> {
    let mut query = suspense::table
        .filter(within!(suspense::table, suspense::place_code, scope.places()))
        .filter(suspense::resolved_at.is_null())
        .select(SuspenseRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(suspense::id.gt(Col(after)));
    }
    Ok(query.order(suspense::id).limit(limit).load(conn)?)
}

/// Settles a row that nobody has settled; `false` when somebody has.
pub fn resolve(conn: &mut AnyConnection, id: SuspenseId, by: Option<UserId>, at: Instant, note: &str) -> Result<bool, StoreError> {
    let changed = diesel::update(suspense::table.find(Col(id)).filter(suspense::resolved_at.is_null()))
        .set((suspense::resolved_by.eq(by.map(Col)), suspense::resolved_at.eq(Some(Col(at))), suspense::note.eq(note)))
        .execute(conn)?;
    Ok(changed == 1)
}
