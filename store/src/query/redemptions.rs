//! What terminals redeem: a day's orders by person or number, codes that were used, evidence that was set aside.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::rows::OrderRow;
use crate::schema::{meal_order, redemption, redemption_code, sitting};
use diesel::prelude::*;
use domain::id::{CanteenId, OrderId, RedemptionId, SeniorId};
use domain::order::{OrderState, RedemptionState};
use domain::{Instant, ServiceDate};

/// Whether a redemption counts. Written out and not bound: the index with one row an order is of these alone, and a prepared statement
/// of PostgreSQL uses it only where its text says so; with a parameter it read the whole table, once for each sitting of a canteen's month.
macro_rules! accepted {
    () => {
        diesel::dsl::sql::<diesel::sql_types::Bool>("redemption.state = 'accepted'")
    };
}
pub(crate) use accepted;

/// Orders of a person, day and canteen at most: a limit for a query, far above the meals of a day.
const MOST: i64 = 50;

/// Which orders of a senior at a canteen on a date can be redeemed or were; by meal and number.
pub fn to_redeem(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    senior: SeniorId,
    on: ServiceDate,
) -> Result<Vec<OrderRow>, StoreError> {
    Ok(meal_order::table
        .filter(meal_order::senior_id.eq(Col(senior)))
        .filter(meal_order::service_date.eq(Col(on)))
        .filter(meal_order::canteen_id.eq(Col(canteen)))
        .filter(meal_order::state.ne(Word(OrderState::Cancelled)))
        .order((meal_order::meal, meal_order::order_no, meal_order::id))
        .limit(MOST)
        .select(OrderRow::as_select())
        .load(conn)?)
}

/// The live orders of that number at a canteen on a date: one a meal.
pub fn of_number(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    on: ServiceDate,
    order_no: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    Ok(sitting::table
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .filter(sitting::canteen_id.eq(Col(canteen)))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(meal_order::order_no.eq(order_no))
        .filter(meal_order::state.ne(Word(OrderState::Cancelled)))
        .order(meal_order::id)
        .limit(MOST)
        .select(OrderRow::as_select())
        .load(conn)?)
}

/// Which redemption used a senior's code of a time step.
pub fn code_user(conn: &mut AnyConnection, senior: SeniorId, step: i64) -> Result<Option<RedemptionId>, StoreError> {
    let row = redemption_code::table
        .find((Col(senior), step))
        .select(redemption_code::redemption_id)
        .first::<Col<RedemptionId>>(conn)
        .optional()?;
    Ok(row.map(|Col(id)| id))
}

/// Uses a senior's code of a time step for a redemption; used twice it is a unique-key error.
pub fn use_code(conn: &mut AnyConnection, senior: SeniorId, step: i64, by: RedemptionId) -> Result<(), StoreError> {
    diesel::insert_into(redemption_code::table)
        .values((
            redemption_code::senior_id.eq(Col(senior)),
            redemption_code::step.eq(step),
            redemption_code::redemption_id.eq(Col(by)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The redemption no longer counts, because another served earlier.
pub fn set_aside(conn: &mut AnyConnection, id: RedemptionId) -> Result<(), StoreError> {
    diesel::update(redemption::table.find(Col(id))).set(redemption::state.eq(Word(RedemptionState::Duplicate))).execute(conn)?;
    Ok(())
}

/// Confirmed orders of sittings that ended before an instant with their canteens, oldest sitting first.
pub fn unserved(conn: &mut AnyConnection, ended_before: Instant, limit: i64) -> Result<Vec<(OrderId, CanteenId)>, StoreError> {
    // Hidden too: an order is of a sitting that was seen.
    let rows = sitting::table
        .inner_join(meal_order::table.on(meal_order::sitting_id.eq(sitting::id)))
        .filter(sitting::serve_to_at.lt(Col(ended_before)))
        .filter(meal_order::state.eq(Word(OrderState::Confirmed)))
        .order((sitting::serve_to_at, meal_order::id))
        .limit(limit)
        .select((meal_order::id, meal_order::canteen_id))
        .load::<(Col<OrderId>, Col<CanteenId>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(order), Col(canteen))| (order, canteen)).collect())
}
