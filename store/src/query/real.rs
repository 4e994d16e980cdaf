//! What really goes into the dishes of a sitting, and which lines of orders are judged by it.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::OrderLineRow;
use crate::schema::{
    batch_issue, brought_ingredient, dish_batch, ingredient, lot, meal_order, order_line, real_dish, real_ingredient,
};
use diesel::prelude::*;
use domain::Instant;
use domain::batch::BatchState;
use domain::id::{BatchId, DishId, IngredientId, OrderId, OrderLineId, SeniorId, SittingId, UserId};
use domain::order::OrderState;

/// A dish of a sitting whose ingredients were confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = real_dish, primary_key(sitting_id, dish_id), treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct RealDishRow {
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
    pub version: i64,
    pub confirmed_at: Col<Instant>,
    pub confirmed_by: Col<UserId>,
}

/// One ingredient that is really used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = real_ingredient, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct RealIngredientRow {
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
    pub ingredient_id: Col<IngredientId>,
    pub amount_mg: i64,
    pub instead_of_id: Option<Col<IngredientId>>,
}

/// One that a lot brought and nobody confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = brought_ingredient, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct BroughtRow {
    pub batch_id: Col<BatchId>,
    pub ingredient_id: Col<IngredientId>,
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
}

/// An ingredient by its name, with its allergen classes, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = ingredient)]
#[allow(missing_docs)]
pub struct IngredientRow {
    pub id: Col<IngredientId>,
    pub name: String,
    pub allergens: String,
}

/// A part of a lot that went into a batch of a dish; a correction may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct IssuedRow {
    pub batch_id: Col<BatchId>,
    pub ingredient_id: Col<IngredientId>,
    pub amount: i64,
}

/// A line of a confirmed order of a senior.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct JudgedRow {
    pub line: OrderLineRow,
    pub senior_id: Option<Col<SeniorId>>,
}

/// The confirmed dishes of some sittings.
pub fn dishes(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<RealDishRow>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    Ok(real_dish::table.filter(real_dish::sitting_id.eq_any(of)).select(RealDishRow::as_select()).load(conn)?)
}

/// A dish of a sitting, when its ingredients were confirmed.
pub fn dish(conn: &mut AnyConnection, sitting: SittingId, dish: DishId) -> Result<Option<RealDishRow>, StoreError> {
    Ok(real_dish::table.find((Col(sitting), Col(dish))).select(RealDishRow::as_select()).get_result(conn).optional()?)
}

/// What is really used at some sittings, the most of it first.
pub fn used(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<(RealIngredientRow, IngredientRow)>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    Ok(real_ingredient::table
        .inner_join(ingredient::table.on(ingredient::id.eq(real_ingredient::ingredient_id)))
        .filter(real_ingredient::sitting_id.eq_any(of))
        .order((real_ingredient::dish_id, real_ingredient::amount_mg.desc(), ingredient::name))
        .select((RealIngredientRow::as_select(), IngredientRow::as_select()))
        .load(conn)?)
}

/// What lots brought at some sittings without being confirmed.
pub fn brought(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<(BroughtRow, IngredientRow)>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    Ok(brought_ingredient::table
        .inner_join(ingredient::table.on(ingredient::id.eq(brought_ingredient::ingredient_id)))
        .filter(brought_ingredient::sitting_id.eq_any(of))
        .order((brought_ingredient::dish_id, ingredient::name, brought_ingredient::batch_id))
        .select((BroughtRow::as_select(), IngredientRow::as_select()))
        .load(conn)?)
}

/// Ingredients by identifier.
pub fn ingredients(conn: &mut AnyConnection, ids: &[IngredientId]) -> Result<Vec<IngredientRow>, StoreError> {
    let ids: Vec<Col<IngredientId>> = ids.iter().copied().map(Col).collect();
    Ok(ingredient::table
        .filter(ingredient::id.eq_any(ids))
        .order(ingredient::name)
        .select(IngredientRow::as_select())
        .load(conn)?)
}

/// Puts what is used in place of what was said before.
pub fn put(conn: &mut AnyConnection, row: &RealDishRow, used: &[RealIngredientRow]) -> Result<(), StoreError> {
    on_each!(&mut *conn, c => diesel::insert_into(real_dish::table)
        .values(row)
        .on_conflict((real_dish::sitting_id, real_dish::dish_id))
        .do_update()
        .set(row)
        .execute(c))?;
    let before = real_ingredient::table
        .filter(real_ingredient::sitting_id.eq(row.sitting_id))
        .filter(real_ingredient::dish_id.eq(row.dish_id));
    diesel::delete(before).execute(conn)?;
    for one in used {
        diesel::insert_into(real_ingredient::table).values(one).execute(conn)?;
    }
    Ok(())
}

/// What was issued to the batches of a dish at a sitting that are eaten from or will be.
pub fn issued(conn: &mut AnyConnection, sitting: SittingId, dish: DishId) -> Result<Vec<IssuedRow>, StoreError> {
    Ok(batch_issue::table
        .inner_join(dish_batch::table.on(dish_batch::id.eq(batch_issue::batch_id)))
        .inner_join(lot::table.on(lot::id.eq(batch_issue::lot_id)))
        .filter(dish_batch::sitting_id.eq(Col(sitting)))
        .filter(dish_batch::dish_id.eq(Col(dish)))
        .filter(dish_batch::state.ne(Word(BatchState::Discarded)))
        .order((batch_issue::batch_id, batch_issue::id))
        .select((batch_issue::batch_id, lot::ingredient_id, batch_issue::amount))
        .load(conn)?)
}

/// Notes what a lot brought.
pub fn add_brought(conn: &mut AnyConnection, row: &BroughtRow) -> Result<(), StoreError> {
    diesel::insert_into(brought_ingredient::table).values(row).execute(conn)?;
    Ok(())
}

/// It was confirmed, or did not go in after all.
pub fn remove_brought(conn: &mut AnyConnection, row: &BroughtRow) -> Result<(), StoreError> {
    diesel::delete(brought_ingredient::table.find((row.batch_id, row.ingredient_id))).execute(conn)?;
    Ok(())
}

/// The lines of a dish in the orders of a sitting that are still to be served, by order number.
pub fn lines_to_judge(conn: &mut AnyConnection, sitting: SittingId, dish: DishId) -> Result<Vec<JudgedRow>, StoreError> {
    Ok(order_line::table
        .inner_join(meal_order::table.on(meal_order::id.eq(order_line::order_id)))
        .filter(meal_order::sitting_id.eq(Col(sitting)))
        .filter(meal_order::state.eq(Word(OrderState::Confirmed)))
        .filter(order_line::dish_id.eq(Col(dish)))
        .order(meal_order::order_no)
        .select((OrderLineRow::as_select(), meal_order::senior_id))
        .load(conn)?)
}

/// What a line's dish has that its senior may not eat, and whether somebody answers for that.
pub fn set_exceptions(conn: &mut AnyConnection, line: OrderLineId, exceptions: &str, reason: &str) -> Result<(), StoreError> {
    diesel::update(order_line::table.find(Col(line)))
        .set((order_line::exceptions.eq(exceptions), order_line::override_reason.eq(reason)))
        .execute(conn)?;
    Ok(())
}

/// Whether an order has a dish that its senior may not eat, and nobody answers for it.
pub fn is_unfit(conn: &mut AnyConnection, order: OrderId, dish: DishId) -> Result<bool, StoreError> {
    let found = order_line::table
        .filter(order_line::order_id.eq(Col(order)))
        .filter(order_line::dish_id.eq(Col(dish)))
        .filter(order_line::exceptions.ne(""))
        .filter(order_line::override_reason.eq(""))
        .select(order_line::id)
        .first::<Col<OrderLineId>>(conn)
        .optional()?;
    Ok(found.is_some())
}
