//! What funders owe canteens: posted movements of meals with evidence.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{canteen, decision, ledger_account, meal_order, redemption, sitting, transfer};
use diesel::prelude::*;
use domain::access::Scope;
use domain::id::{CanteenId, OrderId, RedemptionId, SittingId, TransferId};
use domain::ledger::{AccountKind, Phase};
use domain::order::RedemptionMethod;
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ClaimRow {
    pub transfer_id: Col<TransferId>,
    pub order_id: Col<OrderId>,
    pub redemption_id: Col<RedemptionId>,
    pub payer: String,
    pub amount_fen: Col<Fen>,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub order_no: i64,
    pub masked_name: String,
    pub method: Word<RedemptionMethod>,
    pub served_at: Col<Instant>,
}

/// The same as a query finds it.
#[derive(Debug, Queryable)]
pub(crate) struct PostedRow {
    transfer_id: Col<TransferId>,
    order_id: Col<OrderId>,
    redemption_id: Option<Col<RedemptionId>>,
    payer: String,
    amount_fen: Col<Fen>,
    service_date: Col<ServiceDate>,
    meal: Word<MealPeriod>,
    order_no: i64,
    masked_name: String,
    method: Option<Word<RedemptionMethod>>,
    served_at: Option<Col<Instant>>,
}

impl PostedRow {
    /// A claim is backed by evidence: money that was posted without is an error, because nobody may be asked to pay on a statement that
    /// has it, and none may be left out of one.
    pub(crate) fn proved(self) -> Result<ClaimRow, StoreError> {
        let (Some(redemption_id), Some(method), Some(served_at)) = (self.redemption_id, self.method, self.served_at) else {
            return Err(StoreError::Database(format!("{} was posted without evidence", self.transfer_id.0)));
        };
        Ok(ClaimRow {
            transfer_id: self.transfer_id,
            order_id: self.order_id,
            redemption_id,
            payer: self.payer,
            amount_fen: self.amount_fen,
            service_date: self.service_date,
            meal: self.meal,
            order_no: self.order_no,
            masked_name: self.masked_name,
            method,
            served_at,
        })
    }
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

/// Which lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Of meals from a date to a date, settled or not.
    Between(ServiceDate, ServiceDate),
    /// Of meals up to a date, that no settlement has: evidence that came late is taken by the next period.
    UnsettledUntil(ServiceDate),
}

impl Which {
    /// From which date on, if from any, and up to which.
    #[must_use]
    pub const fn dates(self) -> (Option<ServiceDate>, ServiceDate) {
        match self {
            Self::Between(from, to) => (Some(from), to),
            Self::UnsettledUntil(to) => (None, to),
        }
    }

    /// Whether only lines that no settlement has.
    #[must_use]
    pub const fn unsettled(self) -> bool {
        matches!(self, Self::UnsettledUntil(_))
    }
}

/// The condition that no settlement has a movement.
macro_rules! not_settled {
    () => {
        diesel::dsl::not(diesel::dsl::exists(
            crate::schema::settlement_line::table.filter(crate::schema::settlement_line::transfer_id.eq(transfer::id)),
        ))
    };
}
pub(crate) use not_settled;

/// The evidence of an order, to be joined from the left.
macro_rules! evidence {
    () => {
        redemption::table.on(redemption::order_id.eq(meal_order::id).and(crate::query::redemptions::accepted!()))
    };
}
pub(crate) use evidence;

/// The columns of a [`PostedRow`].
macro_rules! claim_columns {
    () => {
        (
            transfer::id,
            meal_order::id,
            redemption::id.nullable(),
            ledger_account::funder,
            transfer::amount_fen,
            meal_order::service_date,
            meal_order::meal,
            meal_order::order_no,
            meal_order::senior_name,
            redemption::method.nullable(),
            redemption::served_at.nullable(),
        )
    };
}
pub(crate) use claim_columns;

/// Narrows a query to the lines that are asked for.
macro_rules! chosen {
    ($query:expr, $which:expr) => {{
        let (from, to) = $which.dates();
        let mut query = $query.filter(sitting::service_date.le(Col(to)));
        if let Some(from) = from {
            query = query.filter(sitting::service_date.ge(Col(from)));
        }
        if $which.unsettled() {
            query = query.filter(not_settled!());
        }
        query
    }};
}

/// A sitting that may have lines.
#[derive(Debug, Clone, Copy, Queryable)]
#[allow(missing_docs)]
pub struct ClaimSitting {
    pub id: Col<SittingId>,
    pub service_date: Col<ServiceDate>,
    /// The number that its next order would have: at most so many orders it has.
    pub next_order_no: i64,
}

/// A canteen's sittings that may have lines, by date.
pub fn sittings(conn: &mut AnyConnection, of: CanteenId, which: Which) -> Result<Vec<ClaimSitting>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let mut query = sitting::table
        .filter(sitting::canteen_id.eq(Col(of)))
        .order((sitting::service_date, sitting::id))
        .select((sitting::id, sitting::service_date, sitting::next_order_no))
        .into_boxed();
    let (from, to) = which.dates();
    query = query.filter(sitting::service_date.le(Col(to)));
    if let Some(from) = from {
        query = query.filter(sitting::service_date.ge(Col(from)));
    }
    Ok(query.load(conn)?)
}

/// The claim lines of some sittings, in no order, but for those of corrections.
pub fn lines(conn: &mut AnyConnection, of: &[SittingId], which: Which) -> Result<Vec<ClaimRow>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    // Hidden too: an order is of a sitting that was seen.
    let query = sitting::table
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .inner_join(transfer::table.on(transfer::order_id.eq(meal_order::id)))
        .inner_join(ledger_account::table.on(ledger_account::id.eq(transfer::credit_id)))
        .left_join(evidence!())
        .filter(sitting::id.eq_any(of))
        .filter(transfer::phase.eq(Word(Phase::Post)))
        .filter(transfer::correction_id.is_null())
        .filter(ledger_account::kind.eq(Word(AccountKind::CanteenClaim)))
        .select(claim_columns!())
        .into_boxed();
    chosen!(query, which).load::<PostedRow>(conn)?.into_iter().map(PostedRow::proved).collect()
}

/// The stored decisions of orders, in no order.
pub fn traces(conn: &mut AnyConnection, of: &[OrderId]) -> Result<Vec<(OrderId, String)>, StoreError> {
    let of: Vec<Col<OrderId>> = of.iter().copied().map(Col).collect();
    let rows = decision::table
        .filter(decision::order_id.eq_any(of))
        .select((decision::order_id, decision::trace))
        .load::<(Col<OrderId>, String)>(conn)?;
    Ok(rows.into_iter().map(|(Col(order), trace)| (order, trace)).collect())
}
