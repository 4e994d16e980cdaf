//! Traces: from lots to the people who ate of them, and back.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::batches::BatchRow;
use crate::schema::{app_user, canteen, dish, dish_batch, lot, meal_order, order_line, order_line_batch, sitting, supplier};
use crate::shown;
use diesel::dsl::{count, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::batch::LinkHow;
use domain::id::{BatchId, CanteenId, IngredientId, LotId, OrderId, OrderLineId, SeniorId, UserId};
use domain::order::OrderState;
use domain::{Channel, MealPeriod, ServiceDate};

/// One line of an order that may have come from a batch.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct AffectedRow {
    pub batch: Col<BatchId>,
    pub line: Col<OrderLineId>,
    pub order: Col<OrderId>,
    pub canteen: Col<CanteenId>,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub order_no: i64,
    pub channel: Word<Channel>,
    pub state: Word<OrderState>,
    pub senior: Option<Col<SeniorId>>,
    pub masked_name: String,
    pub dish: String,
    pub quantity: i64,
    pub how: Word<LinkHow>,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Orders.
    pub orders: i64,
    /// Portions of the dishes in question.
    pub portions: i64,
    /// Known people.
    pub people: i64,
}

/// Batches by identifier with their dishes' names.
pub fn batches(conn: &mut AnyConnection, ids: &[BatchId]) -> Result<Vec<(BatchRow, String)>, StoreError> {
    let ids: Vec<Col<BatchId>> = ids.iter().copied().map(Col).collect();
    Ok(dish_batch::table
        .inner_join(dish::table.on(dish::id.eq(dish_batch::dish_id)))
        .filter(dish_batch::id.eq_any(ids))
        .order(dish_batch::id)
        .select((BatchRow::as_select(), dish::name))
        .load(conn)?)
}

/// Orders, portions and people that these batches may have reached; each is counted once, however many batches it touches.
pub fn totals(conn: &mut AnyConnection, of: &[BatchId]) -> Result<Totals, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    let orders = order_line_batch::table
        .filter(order_line_batch::batch_id.eq_any(of.clone()))
        .select(count(order_line_batch::order_id).aggregate_distinct())
        .get_result::<i64>(conn)?;
    let linked = order_line_batch::table.filter(order_line_batch::batch_id.eq_any(of.clone()));
    let portions = order_line::table
        .filter(order_line::id.eq_any(linked.select(order_line_batch::order_line_id)))
        .select(sql::<BigInt>("CAST(COALESCE(SUM(order_line.quantity), 0) AS BIGINT)"))
        .get_result::<i64>(conn)?;
    let linked = order_line_batch::table.filter(order_line_batch::batch_id.eq_any(of));
    let people = meal_order::table
        .filter(meal_order::id.eq_any(linked.select(order_line_batch::order_id)))
        .select(count(meal_order::senior_id).aggregate_distinct())
        .get_result::<i64>(conn)?;
    Ok(Totals { orders, portions, people })
}

/// Lines that a batch may have reached, after a line, in the order of (order, line): a page of a stream.
pub fn affected(
    conn: &mut AnyConnection,
    of: BatchId,
    after: Option<(OrderId, OrderLineId)>,
    limit: i64,
) -> Result<Vec<AffectedRow>, StoreError> {
    let mut query = order_line_batch::table
        .inner_join(order_line::table.on(order_line::id.eq(order_line_batch::order_line_id)))
        .inner_join(meal_order::table.on(meal_order::id.eq(order_line_batch::order_id)))
        .inner_join(dish::table.on(dish::id.eq(order_line::dish_id)))
        .filter(order_line_batch::batch_id.eq(Col(of)))
        .into_boxed();
    if let Some((order, line)) = after {
        let same_order = order_line_batch::order_id.eq(Col(order)).and(order_line_batch::order_line_id.gt(Col(line)));
        query = query
            .filter(order_line_batch::order_id.gt(Col(order)).or(same_order))
            .filter(order_line_batch::order_id.ge(Col(order)));
    }
    Ok(query
        .order((order_line_batch::order_id, order_line_batch::order_line_id))
        .limit(limit)
        .select((
            order_line_batch::batch_id,
            order_line_batch::order_line_id,
            order_line_batch::order_id,
            meal_order::canteen_id,
            meal_order::service_date,
            meal_order::meal,
            meal_order::order_no,
            meal_order::channel,
            meal_order::state,
            meal_order::senior_id,
            meal_order::senior_name,
            dish::name,
            order_line::quantity,
            order_line_batch::how,
        ))
        .load(conn)?)
}

/// Lots that are the same goods as this one: of a supplier with the same licence, the same ingredient and the same number of the
/// supplier's batch, at any canteen; with the canteen's identifier.
pub fn same_goods(
    conn: &mut AnyConnection,
    licence_no: &str,
    ingredient: IngredientId,
    supplier_batch: &str,
    limit: i64,
) -> Result<Vec<(LotId, CanteenId)>, StoreError> {
    let rows = lot::table
        .inner_join(supplier::table.on(supplier::id.eq(lot::supplier_id)))
        .filter(supplier::licence_no.eq(licence_no))
        .filter(lot::ingredient_id.eq(Col(ingredient)))
        .filter(lot::supplier_batch.eq(supplier_batch))
        .order(lot::id)
        .limit(limit)
        .select((lot::id, lot::canteen_id))
        .load::<(Col<LotId>, Col<CanteenId>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(lot), Col(canteen))| (lot, canteen)).collect())
}

/// What users are called.
pub fn names(conn: &mut AnyConnection, of: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError> {
    let of: Vec<Col<UserId>> = of.iter().copied().map(Col).collect();
    let rows = app_user::table
        .filter(app_user::id.eq_any(of))
        .select((app_user::id, app_user::display_name))
        .load::<(Col<UserId>, String)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), name)| (id, name)).collect())
}

/// A canteen by its public code.
pub fn canteen_by_code(conn: &mut AnyConnection, code: &str) -> Result<Option<super::catalogue::CanteenRow>, StoreError> {
    Ok(canteen::table
        .filter(canteen::code.eq(code))
        .select(super::catalogue::CanteenRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// A canteen's sittings of a day in the order of serving.
pub fn sittings_of_day(
    conn: &mut AnyConnection,
    of: CanteenId,
    on: ServiceDate,
) -> Result<Vec<(domain::id::SittingId, MealPeriod)>, StoreError> {
    let rows = sitting::table
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(shown!(sitting))
        .order(sitting::serve_from_at)
        .select((sitting::id, sitting::meal))
        .load::<(Col<domain::id::SittingId>, Word<MealPeriod>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), Word(meal))| (id, meal)).collect())
}
