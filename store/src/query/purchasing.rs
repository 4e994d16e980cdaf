//! What a canteen buys things in, and what it needs them for.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::ingredients::LotRow;
use crate::schema::{batch_issue, canteen, dish_batch, ingredient, lot, meal_order, order_line, purchase_unit, sitting};
use crate::shown;
use diesel::prelude::*;
use domain::batch::BatchState;
use domain::diet::PortionSize;
use domain::id::{CanteenId, DishId, IngredientId, SittingId, UserId};
use domain::lot::{AmountUnit, LotState};
use domain::order::OrderState;
use domain::{Instant, MealPeriod, ServiceDate};

/// What an ingredient comes in, and how much of it is eaten.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = purchase_unit, primary_key(canteen_id, ingredient_id), treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct UnitRow {
    pub canteen_id: Col<CanteenId>,
    pub ingredient_id: Col<IngredientId>,
    pub version: i64,
    pub edible_per_mille: i64,
    pub unit_name: String,
    pub unit_mg: Option<i64>,
    pub changed_at: Col<Instant>,
    pub changed_by: Col<UserId>,
}

/// A sitting that a kitchen cooks for: its own, or of a canteen that it supplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct CookedForRow {
    pub sitting_id: Col<SittingId>,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
}

/// Portions of one line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct PortionRow {
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
    pub size: Word<PortionSize>,
    pub quantity: i64,
}

/// What went into a batch of a sitting, by ingredient; a correction may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct WentInRow {
    pub sitting_id: Col<SittingId>,
    pub ingredient_id: Col<IngredientId>,
    pub amount: i64,
}

/// Which sittings a kitchen cooks for between two dates, both included, in the order of service; at most `limit`.
pub fn cooked_for(
    conn: &mut AnyConnection,
    kitchen: CanteenId,
    (from, to): (ServiceDate, ServiceDate),
    limit: i64,
) -> Result<Vec<CookedForRow>, StoreError> {
    Ok(sitting::table
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .filter(canteen::id.eq(Col(kitchen)).or(canteen::central_kitchen_id.eq(Col(kitchen)).assume_not_null()))
        .filter(sitting::service_date.between(Col(from), Col(to)))
        .filter(shown!(sitting))
        .order((sitting::service_date, sitting::serve_from_at, sitting::id))
        .limit(limit)
        .select((sitting::id, sitting::service_date, sitting::meal))
        .load(conn)?)
}

/// Every portion that was ordered at some sittings and not cancelled.
pub fn portions(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<PortionRow>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    let wanted = [Word(OrderState::Confirmed), Word(OrderState::Served)];
    Ok(meal_order::table
        .inner_join(order_line::table.on(order_line::order_id.eq(meal_order::id)))
        .filter(meal_order::sitting_id.eq_any(of))
        .filter(meal_order::state.eq_any(wanted))
        .select((meal_order::sitting_id, order_line::dish_id, order_line::size, order_line::quantity))
        .load(conn)?)
}

/// What was issued already to the batches of some sittings, of lots that are weighed.
pub fn went_in(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<WentInRow>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    Ok(batch_issue::table
        .inner_join(dish_batch::table.on(dish_batch::id.eq(batch_issue::batch_id)))
        .inner_join(lot::table.on(lot::id.eq(batch_issue::lot_id)))
        .filter(dish_batch::sitting_id.eq_any(of))
        .filter(dish_batch::state.ne(Word(BatchState::Discarded)))
        .filter(lot::unit.eq(Word(AmountUnit::Milligrams)))
        .select((dish_batch::sitting_id, lot::ingredient_id, batch_issue::amount))
        .load(conn)?)
}

/// Lots of some ingredients that may be used and of which something is left, by weight.
pub fn in_stock(
    conn: &mut AnyConnection,
    of: CanteenId,
    ingredients: &[IngredientId],
    limit: i64,
) -> Result<Vec<LotRow>, StoreError> {
    let ingredients: Vec<Col<IngredientId>> = ingredients.iter().copied().map(Col).collect();
    Ok(lot::table
        .filter(lot::canteen_id.eq(Col(of)))
        .filter(lot::ingredient_id.eq_any(ingredients))
        .filter(lot::unit.eq(Word(AmountUnit::Milligrams)))
        .filter(lot::state.eq(Word(LotState::Accepted)))
        .filter(lot::stock.gt(0))
        .order(lot::id)
        .limit(limit)
        .select(LotRow::as_select())
        .load(conn)?)
}

/// What a canteen buys things in, by the names of the ingredients.
pub fn units(conn: &mut AnyConnection, of: CanteenId, limit: i64) -> Result<Vec<(UnitRow, String)>, StoreError> {
    Ok(purchase_unit::table
        .inner_join(ingredient::table.on(ingredient::id.eq(purchase_unit::ingredient_id)))
        .filter(purchase_unit::canteen_id.eq(Col(of)))
        .order((ingredient::name, ingredient::id))
        .limit(limit)
        .select((UnitRow::as_select(), ingredient::name))
        .load(conn)?)
}

/// What a canteen buys one ingredient in.
pub fn unit(conn: &mut AnyConnection, of: CanteenId, ingredient: IngredientId) -> Result<Option<UnitRow>, StoreError> {
    Ok(purchase_unit::table.find((Col(of), Col(ingredient))).select(UnitRow::as_select()).get_result(conn).optional()?)
}

/// Puts what one ingredient is bought in.
pub fn put_unit(conn: &mut AnyConnection, row: &UnitRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(purchase_unit::table)
        .values(row)
        .on_conflict((purchase_unit::canteen_id, purchase_unit::ingredient_id))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}
