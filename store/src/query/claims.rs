//! What funders owe canteens: posted movements of meals with evidence.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{canteen, decision, ledger_account, meal_order, redemption, sitting, transfer};
use diesel::prelude::*;
use domain::access::Scope;
use domain::id::{CanteenId, OrderId, TransferId};
use domain::ledger::{AccountKind, Phase};
use domain::order::{RedemptionMethod, RedemptionState};
use domain::{Fen, Instant, MealPeriod, ServiceDate};

/// A canteen as a claim names it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct ClaimCanteen {
    pub id: Col<CanteenId>,
    pub code: String,
    pub name: String,
}

/// A posted movement to a claim account, with the order and the evidence behind it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct ClaimRow {
    pub transfer_id: Col<TransferId>,
    pub order_id: Col<OrderId>,
    pub payer: String,
    pub amount_fen: Col<Fen>,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub order_no: i64,
    pub masked_name: String,
    pub method: Word<RedemptionMethod>,
    pub served_at: Col<Instant>,
    pub trace: Option<String>,
}

/// The canteens in scope, by code.
pub fn canteens(conn: &mut AnyConnection, scope: &Scope) -> Result<Vec<ClaimCanteen>, StoreError> {
    let own: Vec<Col<CanteenId>> = scope.canteens().iter().copied().map(Col).collect();
    let mut query = canteen::table.select((canteen::id, canteen::code, canteen::name)).into_boxed();
    query = query.filter(canteen::id.eq_any(own));
    for place in scope.places() {
        query = query.or_filter(canteen::place_code.like(format!("{place}%")));
    }
    Ok(query.order(canteen::code).load(conn)?)
}

/// A canteen's claim lines of the dates from `from` to `to`, at most `limit`, after the movement `after`, in the order of the
/// movements. Only movements with an accepted redemption: a claim is backed by evidence or it is none.
pub fn lines(
    conn: &mut AnyConnection,
    of: CanteenId,
    (from, to): (ServiceDate, ServiceDate),
    after: Option<TransferId>,
    limit: i64,
) -> Result<Vec<ClaimRow>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let mut query = sitting::table
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .inner_join(transfer::table.on(transfer::order_id.eq(meal_order::id)))
        .inner_join(ledger_account::table.on(ledger_account::id.eq(transfer::credit_id)))
        .inner_join(redemption::table.on(redemption::order_id.eq(meal_order::id)))
        .left_join(decision::table.on(decision::order_id.eq(meal_order::id)))
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.ge(Col(from)))
        .filter(sitting::service_date.le(Col(to)))
        .filter(transfer::phase.eq(Word(Phase::Post)))
        .filter(ledger_account::kind.eq(Word(AccountKind::CanteenClaim)))
        .filter(redemption::state.eq(Word(RedemptionState::Accepted)))
        .select((
            transfer::id,
            meal_order::id,
            ledger_account::funder,
            transfer::amount_fen,
            meal_order::service_date,
            meal_order::meal,
            meal_order::order_no,
            meal_order::senior_name,
            redemption::method,
            redemption::served_at,
            decision::trace.nullable(),
        ))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(transfer::id.gt(Col(after)));
    }
    Ok(query.order(transfer::id).limit(limit).load(conn)?)
}

/// What was posted to a canteen's claim accounts for meals of these dates, whatever its evidence: what the lines must add up to.
pub fn posted(conn: &mut AnyConnection, of: CanteenId, (from, to): (ServiceDate, ServiceDate)) -> Result<Fen, StoreError> {
    let sum = diesel::dsl::sql::<diesel::sql_types::BigInt>("CAST(COALESCE(SUM(transfer.amount_fen), 0) AS BIGINT)");
    // Hidden too: an order is of a sitting that was seen.
    let sum = transfer::table
        .inner_join(ledger_account::table.on(ledger_account::id.eq(transfer::credit_id)))
        .inner_join(meal_order::table.on(meal_order::id.eq(transfer::order_id)))
        .inner_join(sitting::table.on(sitting::id.eq(meal_order::sitting_id)))
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.ge(Col(from)))
        .filter(sitting::service_date.le(Col(to)))
        .filter(transfer::phase.eq(Word(Phase::Post)))
        .filter(ledger_account::kind.eq(Word(AccountKind::CanteenClaim)))
        .select(sum)
        .get_result::<i64>(conn)?;
    Ok(Fen(sum))
}
