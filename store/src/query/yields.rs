//! How many portions batches came to, what of them is not eaten, and who goes without.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::batches::BatchRow;
use crate::schema::{batch_waste, canteen, dish_batch, dish_without, meal_order, order_line, order_line_batch, sitting};
use diesel::prelude::*;
use domain::batch::LinkHow;
use domain::id::{BatchId, BatchWasteId, CanteenId, DishId, OrderId, SittingId, UserId};
use domain::order::OrderState;
use domain::portions::WasteReason;
use domain::{Instant, MealPeriod, ServiceDate};

/// Portions that are not eaten.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_waste, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct WasteRow {
    pub id: Col<BatchWasteId>,
    pub batch_id: Col<BatchId>,
    pub reason: Word<WasteReason>,
    pub portions: i64,
    pub words: String,
    pub recorded_at: Col<Instant>,
    pub recorded_by: Col<UserId>,
}

/// An order that goes without a dish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = dish_without, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct WithoutRow {
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
    pub order_id: Col<OrderId>,
    pub portions: i64,
}

/// The batches of a sitting, in the order in which they were planned.
pub fn batches(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<BatchRow>, StoreError> {
    Ok(dish_batch::table
        .filter(dish_batch::sitting_id.eq(Col(of)))
        .order(dish_batch::id)
        .select(BatchRow::as_select())
        .load(conn)?)
}

/// Adds a record of portions that are not eaten.
pub fn add_waste(conn: &mut AnyConnection, row: &WasteRow) -> Result<(), StoreError> {
    diesel::insert_into(batch_waste::table).values(row).execute(conn)?;
    Ok(())
}

/// What of some batches is not eaten, oldest first.
pub fn wastes(conn: &mut AnyConnection, of: &[BatchId]) -> Result<Vec<WasteRow>, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    Ok(batch_waste::table
        .filter(batch_waste::batch_id.eq_any(of))
        .order((batch_waste::batch_id, batch_waste::id))
        .select(WasteRow::as_select())
        .load(conn)?)
}

/// Who goes without which dish of a sitting.
pub fn without(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<WithoutRow>, StoreError> {
    Ok(dish_without::table
        .filter(dish_without::sitting_id.eq(Col(of)))
        .order((dish_without::dish_id, dish_without::order_id))
        .select(WithoutRow::as_select())
        .load(conn)?)
}

/// Puts who goes without a dish in place of what was said before.
pub fn put_without(conn: &mut AnyConnection, (sitting, dish): (SittingId, DishId), rows: &[WithoutRow]) -> Result<(), StoreError> {
    let before = dish_without::table.filter(dish_without::sitting_id.eq(Col(sitting))).filter(dish_without::dish_id.eq(Col(dish)));
    diesel::delete(before).execute(conn)?;
    for row in rows {
        diesel::insert_into(dish_without::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Whether an order goes without a dish.
pub fn goes_without(conn: &mut AnyConnection, order: OrderId, dish: DishId) -> Result<bool, StoreError> {
    let found = dish_without::table
        .filter(dish_without::order_id.eq(Col(order)))
        .filter(dish_without::dish_id.eq(Col(dish)))
        .select(dish_without::order_id)
        .first::<Col<OrderId>>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Orders of a sitting that were packed from a batch of a dish.
pub fn packed(conn: &mut AnyConnection, of: SittingId, dish: DishId) -> Result<Vec<OrderId>, StoreError> {
    let rows = order_line_batch::table
        .inner_join(order_line::table.on(order_line::id.eq(order_line_batch::order_line_id)))
        .inner_join(meal_order::table.on(meal_order::id.eq(order_line::order_id)))
        .filter(meal_order::sitting_id.eq(Col(of)))
        .filter(order_line::dish_id.eq(Col(dish)))
        .filter(order_line_batch::how.eq(Word(LinkHow::Packed)))
        .order(meal_order::id)
        .select(meal_order::id)
        .load::<Col<OrderId>>(conn)?;
    Ok(rows.into_iter().map(|Col(id)| id).collect())
}

/// Portions by dish that were served at a kitchen's meal and at that meal wherever it supplies, in no order: one row for each line.
pub fn served(
    conn: &mut AnyConnection,
    kitchen: CanteenId,
    on: ServiceDate,
    meal: MealPeriod,
) -> Result<Vec<(DishId, i64)>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let rows = sitting::table
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .inner_join(order_line::table.on(order_line::order_id.eq(meal_order::id)))
        .filter(canteen::id.eq(Col(kitchen)).or(canteen::central_kitchen_id.eq(Col(kitchen)).assume_not_null()))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(sitting::meal.eq(Word(meal)))
        .filter(meal_order::state.eq(Word(OrderState::Served)))
        .select((order_line::dish_id, order_line::quantity))
        .load::<(Col<DishId>, i64)>(conn)?;
    Ok(rows.into_iter().map(|(Col(dish), n)| (dish, n)).collect())
}

/// Whether a kitchen supplies other canteens.
pub fn supplies_others(conn: &mut AnyConnection, kitchen: CanteenId) -> Result<bool, StoreError> {
    let found = canteen::table
        .filter(canteen::central_kitchen_id.eq(Some(Col(kitchen))))
        .select(canteen::id)
        .first::<Col<CanteenId>>(conn)
        .optional()?;
    Ok(found.is_some())
}
