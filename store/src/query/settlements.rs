//! Settlements: what was frozen, and where it stands.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::claims;
use crate::schema::{canteen, meal_order, payment, redemption, settlement, settlement_line, settlement_version, transfer};
use diesel::prelude::*;
use domain::access::Scope;
use domain::id::{CanteenId, CorrectionId, OrderId, RedemptionId, SettlementId, TransferId, UserId};
use domain::order::RedemptionMethod;
use domain::settlement::SettlementState;
use domain::settlement::payment::PaymentState;
use domain::{Fen, Instant, MealPeriod, PlaceCode, ServiceDate};

/// A settlement.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = settlement, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SettlementRow {
    pub id: Col<SettlementId>,
    pub version: i64,
    pub canteen_id: Col<CanteenId>,
    pub payer: String,
    pub period: String,
    pub first_on: Col<ServiceDate>,
    pub last_on: Col<ServiceDate>,
    pub state: Word<SettlementState>,
    pub line_count: i64,
    pub total_fen: Col<Fen>,
    pub list_hash: Vec<u8>,
    pub frozen_by: Option<Col<UserId>>,
    pub frozen_at: Col<Instant>,
    pub reviewed_by: Option<Col<UserId>>,
    pub reviewed_at: Option<Col<Instant>>,
    pub approved_by: Option<Col<UserId>>,
    pub approved_at: Option<Col<Instant>>,
    pub published_at: Option<Col<Instant>>,
    pub closed_at: Option<Col<Instant>>,
    pub reason: String,
}

/// What a settlement comes to under one policy version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = settlement_version, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SettlementVersionRow {
    pub settlement_id: Col<SettlementId>,
    pub ordinal: i64,
    pub version: String,
    pub content_hash: String,
    pub line_count: i64,
    pub total_fen: Col<Fen>,
}

/// A line of a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = settlement_line, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SettledRow {
    pub settlement_id: Col<SettlementId>,
    pub ordinal: i64,
    pub transfer_id: Col<TransferId>,
    pub redemption_id: Col<RedemptionId>,
    pub version_ordinal: i64,
    pub amount_fen: Col<Fen>,
}

/// A settlement with its canteen, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct Settled {
    pub row: SettlementRow,
    pub code: String,
    pub name: String,
    pub place: Col<PlaceCode>,
}

/// A frozen line with what its order and evidence say.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct SettledLine {
    pub ordinal: i64,
    pub transfer_id: Col<TransferId>,
    pub order_id: Col<OrderId>,
    pub redemption_id: Col<RedemptionId>,
    pub version_ordinal: i64,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub order_no: i64,
    pub masked_name: String,
    pub method: Word<RedemptionMethod>,
    pub served_at: Col<Instant>,
    pub amount_fen: Col<Fen>,
    /// The correction that moved it.
    pub correction_id: Option<Col<CorrectionId>>,
}

/// Adds a settlement with its totals; a canteen's second one for a payer and period is a unique-key error.
pub fn insert(conn: &mut AnyConnection, row: &SettlementRow, versions: &[SettlementVersionRow]) -> Result<(), StoreError> {
    diesel::insert_into(settlement::table).values(row).execute(conn)?;
    for version in versions {
        diesel::insert_into(settlement_version::table).values(version).execute(conn)?;
    }
    Ok(())
}

/// The last day that a canteen's settlements with a payer, or with any, reach, withdrawn ones left out.
pub fn settled_until(conn: &mut AnyConnection, of: CanteenId, payer: Option<&str>) -> Result<Option<ServiceDate>, StoreError> {
    let mut all = settlement::table
        .filter(settlement::canteen_id.eq(Col(of)))
        .filter(settlement::state.ne(Word(SettlementState::Withdrawn)))
        .into_boxed();
    if let Some(payer) = payer {
        all = all.filter(settlement::payer.eq(payer));
    }
    let last = all.order(settlement::last_on.desc()).select(settlement::last_on).first::<Col<ServiceDate>>(conn).optional()?;
    Ok(last.map(|Col(last)| last))
}

/// A settlement.
pub fn find(conn: &mut AnyConnection, id: SettlementId) -> Result<Option<Settled>, StoreError> {
    Ok(settlement::table
        .inner_join(canteen::table.on(canteen::id.eq(settlement::canteen_id)))
        .filter(settlement::id.eq(Col(id)))
        .select((SettlementRow::as_select(), canteen::code, canteen::name, canteen::place_code))
        .get_result(conn)
        .optional()?)
}

/// Which settlements a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettlementFilter {
    /// Only this canteen's.
    pub canteen: Option<CanteenId>,
    /// Only of this period, by its text.
    pub period: Option<String>,
    /// Only in this state.
    pub state: Option<SettlementState>,
    /// Only those older than this one: where the last page ended.
    pub before: Option<SettlementId>,
    /// How many at most.
    pub limit: i64,
}

/// Settlements of canteens in scope, newest first.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &SettlementFilter) -> Result<Vec<Settled>, StoreError> {
    let canteens: Vec<Col<CanteenId>> = claims::canteens(conn, scope)?.into_iter().map(|canteen| canteen.id).collect();
    let mut query = settlement::table
        .inner_join(canteen::table.on(canteen::id.eq(settlement::canteen_id)))
        .filter(settlement::canteen_id.eq_any(canteens))
        .select((SettlementRow::as_select(), canteen::code, canteen::name, canteen::place_code))
        .into_boxed();
    if let Some(of) = filter.canteen {
        query = query.filter(settlement::canteen_id.eq(Col(of)));
    }
    if let Some(period) = &filter.period {
        query = query.filter(settlement::period.eq(period));
    }
    if let Some(state) = filter.state {
        query = query.filter(settlement::state.eq(Word(state)));
    }
    if let Some(before) = filter.before {
        query = query.filter(settlement::id.lt(Col(before)));
    }
    Ok(query.order(settlement::id.desc()).limit(filter.limit).load(conn)?)
}

/// What a settlement comes to per version, in order.
pub fn versions(conn: &mut AnyConnection, of: SettlementId) -> Result<Vec<SettlementVersionRow>, StoreError> {
    Ok(settlement_version::table
        .filter(settlement_version::settlement_id.eq(Col(of)))
        .order(settlement_version::ordinal)
        .select(SettlementVersionRow::as_select())
        .load(conn)?)
}

/// A settlement's lines after an ordinal, in order.
pub fn lines(conn: &mut AnyConnection, of: SettlementId, after: i64, limit: i64) -> Result<Vec<SettledLine>, StoreError> {
    Ok(settlement_line::table
        .inner_join(transfer::table.on(transfer::id.eq(settlement_line::transfer_id)))
        .inner_join(meal_order::table.on(meal_order::id.eq(transfer::order_id)))
        .inner_join(redemption::table.on(redemption::id.eq(settlement_line::redemption_id)))
        .filter(settlement_line::settlement_id.eq(Col(of)))
        .filter(settlement_line::ordinal.gt(after))
        .order(settlement_line::ordinal)
        .limit(limit)
        .select((
            settlement_line::ordinal,
            settlement_line::transfer_id,
            transfer::order_id,
            settlement_line::redemption_id,
            settlement_line::version_ordinal,
            meal_order::service_date,
            meal_order::meal,
            meal_order::order_no,
            meal_order::senior_name,
            redemption::method,
            redemption::served_at,
            settlement_line::amount_fen,
            transfer::correction_id,
        ))
        .load(conn)?)
}

/// Moves a settlement to where `row` says, if it still has the version before; `false` when somebody else has moved it.
pub fn set_state(conn: &mut AnyConnection, row: &SettlementRow) -> Result<bool, StoreError> {
    let changed = diesel::update(settlement::table.find(row.id).filter(settlement::version.eq(row.version - 1)))
        .set((
            settlement::version.eq(row.version),
            settlement::state.eq(row.state),
            settlement::reviewed_by.eq(row.reviewed_by),
            settlement::reviewed_at.eq(row.reviewed_at),
            settlement::approved_by.eq(row.approved_by),
            settlement::approved_at.eq(row.approved_at),
            settlement::published_at.eq(row.published_at),
            settlement::closed_at.eq(row.closed_at),
            settlement::reason.eq(&row.reason),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Frees the movements of a settlement, which must be withdrawn.
pub fn free_lines(conn: &mut AnyConnection, of: SettlementId) -> Result<(), StoreError> {
    diesel::delete(settlement_line::table.filter(settlement_line::settlement_id.eq(Col(of)))).execute(conn)?;
    Ok(())
}

/// Payments of a settlement that have not arrived, those that were replaced left out.
pub fn unpaid(conn: &mut AnyConnection, of: SettlementId) -> Result<i64, StoreError> {
    const OPEN: [Word<PaymentState>; 3] = [Word(PaymentState::Due), Word(PaymentState::Sent), Word(PaymentState::Returned)];
    Ok(payment::table.filter(payment::settlement_id.eq(Col(of))).filter(payment::state.eq_any(OPEN)).count().get_result(conn)?)
}

/// A canteen's settlements that the public sees, newest first.
pub fn published(conn: &mut AnyConnection, of: CanteenId, limit: i64) -> Result<Vec<Settled>, StoreError> {
    const SHOWN: [Word<SettlementState>; 2] = [Word(SettlementState::Published), Word(SettlementState::Closed)];
    Ok(settlement::table
        .inner_join(canteen::table.on(canteen::id.eq(settlement::canteen_id)))
        .filter(settlement::canteen_id.eq(Col(of)))
        .filter(settlement::state.eq_any(SHOWN))
        .order((settlement::first_on.desc(), settlement::payer))
        .limit(limit)
        .select((SettlementRow::as_select(), canteen::code, canteen::name, canteen::place_code))
        .load(conn)?)
}
