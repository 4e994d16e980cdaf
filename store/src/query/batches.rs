//! Batches of dishes and the records that gate their release.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::redemptions::accepted;
use crate::schema::{
    app_user, batch_issue, canteen, core_reading, dish, dish_batch, gate_override, health_certificate, lot, meal_order, order_line,
    order_line_batch, redemption, retained_sample, sitting,
};
use diesel::prelude::*;
use domain::batch::{BatchState, LinkHow};
use domain::canteen::Station;
use domain::food_safety::{DeciCelsius, Holding};
use domain::id::{
    BatchId, CanteenId, CertificateId, CoreReadingId, DishId, GateOverrideId, IssueId, LotId, OrderId, OrderLineId, SampleId,
    SittingId, UserId,
};
use domain::{Instant, ServiceDate};

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = dish_batch, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct BatchRow {
    pub id: Col<BatchId>,
    pub version: i64,
    pub canteen_id: Col<CanteenId>,
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
    pub service_date: Col<ServiceDate>,
    pub batch_no: i64,
    pub state: Word<BatchState>,
    pub planned_portions: i64,
    pub holding: Word<Holding>,
    pub cook_id: Option<Col<UserId>>,
    pub core_temp: Option<Col<DeciCelsius>>,
    pub started_at: Option<Col<Instant>>,
    pub cooked_at: Option<Col<Instant>>,
    pub released_at: Option<Col<Instant>>,
    pub released_by: Option<Col<UserId>>,
    pub ended_at: Option<Col<Instant>>,
    pub created_at: Col<Instant>,
    pub created_by: Col<UserId>,
    pub made_portions: Option<i64>,
}

/// An issue of a lot to a batch, or the correction of one.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_issue, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct IssueRow {
    pub id: Col<IssueId>,
    pub batch_id: Col<BatchId>,
    pub lot_id: Col<LotId>,
    pub amount: i64,
    pub corrects_id: Option<Col<IssueId>>,
    pub reason: String,
    pub issued_at: Col<Instant>,
    pub issued_by: Col<UserId>,
}

/// A core temperature.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = core_reading, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CoreReadingRow {
    pub id: Col<CoreReadingId>,
    pub batch_id: Col<BatchId>,
    pub temp: Col<DeciCelsius>,
    pub measured_at: Col<Instant>,
    pub recorded_at: Col<Instant>,
    pub recorded_by: Col<UserId>,
}

/// A retained sample.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = retained_sample, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SampleRow {
    pub id: Col<SampleId>,
    pub batch_id: Col<BatchId>,
    pub amount_mg: i64,
    pub fridge: String,
    pub taken_at: Col<Instant>,
    pub taken_by: Col<UserId>,
    pub keep_until: Col<Instant>,
    pub disposed_at: Option<Col<Instant>>,
    pub disposed_by: Option<Col<UserId>>,
}

/// A release against the gate.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = gate_override, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct OverrideRow {
    pub id: Col<GateOverrideId>,
    pub canteen_id: Col<CanteenId>,
    pub batch_id: Col<BatchId>,
    pub gaps: String,
    pub reason: String,
    pub by_user: Col<UserId>,
    pub at: Col<Instant>,
}

/// A health certificate.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = health_certificate, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CertificateRow {
    pub id: Col<CertificateId>,
    pub user_id: Col<UserId>,
    pub canteen_id: Col<CanteenId>,
    pub number_enc: Vec<u8>,
    pub issued_on: Col<ServiceDate>,
    pub expires_on: Col<ServiceDate>,
    pub recorded_at: Col<Instant>,
    pub recorded_by: Col<UserId>,
}

/// A line of an order and a batch it may have come from.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_line_batch, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct LinkRow {
    pub order_line_id: Col<OrderLineId>,
    pub batch_id: Col<BatchId>,
    pub order_id: Col<OrderId>,
    pub how: Word<LinkHow>,
    pub at: Col<Instant>,
}

/// A batch by identifier.
pub fn find(conn: &mut AnyConnection, id: BatchId) -> Result<Option<BatchRow>, StoreError> {
    Ok(dish_batch::table.find(Col(id)).select(BatchRow::as_select()).get_result(conn).optional()?)
}

/// A canteen's batches of a day with their dishes' names.
pub fn of_day(conn: &mut AnyConnection, of: CanteenId, on: ServiceDate, limit: i64) -> Result<Vec<(BatchRow, String)>, StoreError> {
    Ok(dish_batch::table
        .inner_join(dish::table.on(dish::id.eq(dish_batch::dish_id)))
        .filter(dish_batch::canteen_id.eq(Col(of)))
        .filter(dish_batch::service_date.eq(Col(on)))
        .order(dish_batch::id)
        .limit(limit)
        .select((BatchRow::as_select(), dish::name))
        .load(conn)?)
}

/// The last number given to a batch of a dish at a sitting; 0 for none.
pub fn last_number(conn: &mut AnyConnection, of: SittingId, dish: DishId) -> Result<i64, StoreError> {
    let last: Option<i64> = dish_batch::table
        .filter(dish_batch::sitting_id.eq(Col(of)))
        .filter(dish_batch::dish_id.eq(Col(dish)))
        .select(diesel::dsl::max(dish_batch::batch_no))
        .first(conn)?;
    Ok(last.unwrap_or(0))
}

/// Adds a batch.
pub fn add(conn: &mut AnyConnection, row: &BatchRow) -> Result<(), StoreError> {
    diesel::insert_into(dish_batch::table).values(row).execute(conn)?;
    Ok(())
}

/// Saves a batch from the version and state that were read; `false` when someone was faster. `row.version` is the new one.
pub fn save(conn: &mut AnyConnection, row: &BatchRow, from: BatchState) -> Result<bool, StoreError> {
    let changed = diesel::update(
        dish_batch::table.find(row.id).filter(dish_batch::version.eq(row.version - 1)).filter(dish_batch::state.eq(Word(from))),
    )
    .set(row)
    .execute(conn)?;
    Ok(changed == 1)
}

/// Adds an issue.
pub fn add_issue(conn: &mut AnyConnection, row: &IssueRow) -> Result<(), StoreError> {
    diesel::insert_into(batch_issue::table).values(row).execute(conn)?;
    Ok(())
}

/// An issue by identifier.
pub fn issue(conn: &mut AnyConnection, id: IssueId) -> Result<Option<IssueRow>, StoreError> {
    Ok(batch_issue::table.find(Col(id)).select(IssueRow::as_select()).get_result(conn).optional()?)
}

/// Whether an issue was corrected already: each is corrected once, a second correction corrects the first.
pub fn is_corrected(conn: &mut AnyConnection, id: IssueId) -> Result<bool, StoreError> {
    let found = batch_issue::table
        .filter(batch_issue::corrects_id.eq(Col(id)))
        .select(batch_issue::id)
        .first::<Col<IssueId>>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Everything issued to some batches, corrections included, oldest first.
pub fn issues(conn: &mut AnyConnection, of: &[BatchId]) -> Result<Vec<IssueRow>, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    Ok(batch_issue::table
        .filter(batch_issue::batch_id.eq_any(of))
        .order((batch_issue::batch_id, batch_issue::id))
        .select(IssueRow::as_select())
        .load(conn)?)
}

/// Everything issued of a lot, oldest first.
pub fn issues_of_lot(conn: &mut AnyConnection, of: LotId) -> Result<Vec<IssueRow>, StoreError> {
    Ok(batch_issue::table
        .filter(batch_issue::lot_id.eq(Col(of)))
        .order(batch_issue::id)
        .select(IssueRow::as_select())
        .load(conn)?)
}

/// Lots by identifier.
pub fn lots(conn: &mut AnyConnection, ids: &[LotId]) -> Result<Vec<super::ingredients::LotRow>, StoreError> {
    let ids: Vec<Col<LotId>> = ids.iter().copied().map(Col).collect();
    Ok(lot::table.filter(lot::id.eq_any(ids)).order(lot::id).select(super::ingredients::LotRow::as_select()).load(conn)?)
}

/// Adds a core temperature.
pub fn add_core(conn: &mut AnyConnection, row: &CoreReadingRow) -> Result<(), StoreError> {
    diesel::insert_into(core_reading::table).values(row).execute(conn)?;
    Ok(())
}

/// Core temperatures of some batches, oldest first.
pub fn cores(conn: &mut AnyConnection, of: &[BatchId]) -> Result<Vec<CoreReadingRow>, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    Ok(core_reading::table
        .filter(core_reading::batch_id.eq_any(of))
        .order((core_reading::batch_id, core_reading::recorded_at, core_reading::id))
        .select(CoreReadingRow::as_select())
        .load(conn)?)
}

/// Adds a retained sample.
pub fn add_sample(conn: &mut AnyConnection, row: &SampleRow) -> Result<(), StoreError> {
    diesel::insert_into(retained_sample::table).values(row).execute(conn)?;
    Ok(())
}

/// Retained samples of some batches.
pub fn samples(conn: &mut AnyConnection, of: &[BatchId]) -> Result<Vec<SampleRow>, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    Ok(retained_sample::table
        .filter(retained_sample::batch_id.eq_any(of))
        .order(retained_sample::id)
        .select(SampleRow::as_select())
        .load(conn)?)
}

/// Adds a release against the gate.
pub fn add_override(conn: &mut AnyConnection, row: &OverrideRow) -> Result<(), StoreError> {
    diesel::insert_into(gate_override::table).values(row).execute(conn)?;
    Ok(())
}

/// A canteen's releases against the gate, newest first.
pub fn overrides(
    conn: &mut AnyConnection,
    of: CanteenId,
    before: Option<GateOverrideId>,
    limit: i64,
) -> Result<Vec<OverrideRow>, StoreError> {
    let mut query = gate_override::table.filter(gate_override::canteen_id.eq(Col(of))).into_boxed();
    if let Some(before) = before {
        query = query.filter(gate_override::id.lt(Col(before)));
    }
    Ok(query.order(gate_override::id.desc()).limit(limit).select(OverrideRow::as_select()).load(conn)?)
}

/// Releases against the gate of some batches.
pub fn overrides_of(conn: &mut AnyConnection, of: &[BatchId]) -> Result<Vec<OverrideRow>, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    Ok(gate_override::table
        .filter(gate_override::batch_id.eq_any(of))
        .order(gate_override::id)
        .select(OverrideRow::as_select())
        .load(conn)?)
}

/// Adds a health certificate.
pub fn add_certificate(conn: &mut AnyConnection, row: &CertificateRow) -> Result<(), StoreError> {
    diesel::insert_into(health_certificate::table).values(row).execute(conn)?;
    Ok(())
}

/// Somebody's health certificates, oldest first.
pub fn certificates(conn: &mut AnyConnection, of: UserId) -> Result<Vec<CertificateRow>, StoreError> {
    Ok(health_certificate::table
        .filter(health_certificate::user_id.eq(Col(of)))
        .order(health_certificate::id)
        .select(CertificateRow::as_select())
        .load(conn)?)
}

/// Batches of some dishes from which somebody may have been served at an instant: at these canteens, of these days, not ended
/// before then, whatever state was written down by then. Too many rather than too few.
pub fn open_at(
    conn: &mut AnyConnection,
    canteens: &[CanteenId],
    dishes: &[DishId],
    days: (ServiceDate, ServiceDate),
    served_at: Instant,
) -> Result<Vec<(BatchId, DishId)>, StoreError> {
    let canteens: Vec<Col<CanteenId>> = canteens.iter().copied().map(Col).collect();
    let dishes: Vec<Col<DishId>> = dishes.iter().copied().map(Col).collect();
    let rows = dish_batch::table
        .filter(dish_batch::canteen_id.eq_any(canteens))
        .filter(dish_batch::service_date.between(Col(days.0), Col(days.1)))
        .filter(dish_batch::dish_id.eq_any(dishes))
        .filter(dish_batch::ended_at.is_null().or(dish_batch::ended_at.ge(Col(served_at)).assume_not_null()))
        .order(dish_batch::id)
        .select((dish_batch::id, dish_batch::dish_id))
        .load::<(Col<BatchId>, Col<DishId>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(batch), Col(dish))| (batch, dish)).collect())
}

/// Links lines to batches; a link that stands already stays as it is.
pub fn link(conn: &mut AnyConnection, rows: &[LinkRow]) -> Result<(), StoreError> {
    // ON CONFLICT with many rows does not compile on SQLite; one statement a row is a handful per order.
    for row in rows {
        on_each!(&mut *conn, c => diesel::insert_into(order_line_batch::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Links of an order.
pub fn links_of_order(conn: &mut AnyConnection, of: OrderId) -> Result<Vec<LinkRow>, StoreError> {
    Ok(order_line_batch::table
        .inner_join(order_line::table.on(order_line::id.eq(order_line_batch::order_line_id)))
        .filter(order_line::order_id.eq(Col(of)))
        .order((order_line_batch::order_line_id, order_line_batch::batch_id))
        .select(LinkRow::as_select())
        .load(conn)?)
}

/// Lines of a dish that were served at or after an instant, on a day, at a canteen or one that it supplies: who may have eaten of
/// a batch that is written down late.
pub fn lines_served_since(
    conn: &mut AnyConnection,
    kitchen: CanteenId,
    on: ServiceDate,
    dish: DishId,
    since: Instant,
) -> Result<Vec<(OrderLineId, OrderId)>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let rows = sitting::table
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .inner_join(order_line::table.on(order_line::order_id.eq(meal_order::id)))
        .inner_join(redemption::table.on(redemption::order_id.eq(meal_order::id)))
        .filter(canteen::id.eq(Col(kitchen)).or(canteen::central_kitchen_id.eq(Col(kitchen)).assume_not_null()))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(order_line::dish_id.eq(Col(dish)))
        .filter(accepted!())
        .filter(redemption::served_at.ge(Col(since)))
        .order(order_line::id)
        .select((order_line::id, order_line::order_id))
        .load::<(Col<OrderLineId>, Col<OrderId>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(line), Col(order))| (line, order)).collect())
}

/// A dish's name and station.
pub fn dish(conn: &mut AnyConnection, id: DishId) -> Result<Option<(String, Station)>, StoreError> {
    let row =
        dish::table.find(Col(id)).select((dish::name, dish::station)).get_result::<(String, Word<Station>)>(conn).optional()?;
    Ok(row.map(|(name, Word(station))| (name, station)))
}

/// Whether a user exists.
pub fn is_user(conn: &mut AnyConnection, id: UserId) -> Result<bool, StoreError> {
    Ok(app_user::table.find(Col(id)).select(app_user::id).get_result::<Col<UserId>>(conn).optional()?.is_some())
}
