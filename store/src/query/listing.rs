//! Pages of the catalogue: places, canteens, dishes, sittings. Every list is sorted by a unique key and cut by a limit.

use super::catalogue::{CanteenRow, DishRow, SittingRow};
use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{canteen, canteen_meal, dish, menu_item, place, sitting};
use crate::shown;
use diesel::prelude::*;
use domain::canteen::{CanteenState, MealHours};
use domain::id::{CanteenId, DishId, SittingId};
use domain::place::PlaceLevel;
use domain::{MealPeriod, PlaceCode, ServiceDate};

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = place, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PlaceRow {
    pub code: Col<PlaceCode>,
    pub name: String,
    pub level: Word<PlaceLevel>,
}

/// A canteen's hours for a meal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = canteen_meal, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CanteenMealRow {
    pub canteen_id: Col<CanteenId>,
    pub meal: Word<MealPeriod>,
    pub serve_from_minute: i64,
    pub serve_to_minute: i64,
    pub cut_off_days_before: i64,
    pub cut_off_minute: i64,
}

impl CanteenMealRow {
    /// As the domain has it; the column's CHECKs keep each number small.
    #[must_use]
    pub fn hours(&self) -> MealHours {
        let small = |n: i64| u16::try_from(n).unwrap_or(0);
        MealHours {
            serve_from_minute: small(self.serve_from_minute),
            serve_to_minute: small(self.serve_to_minute),
            cut_off_days_before: small(self.cut_off_days_before),
            cut_off_minute: small(self.cut_off_minute),
        }
    }
}

/// The first code after all codes that begin with this one: codes are digits, and `:` follows `9`.
fn end_of(prefix: &PlaceCode) -> String {
    format!("{prefix}:")
}

/// Places at or below one, by code.
pub fn places(
    conn: &mut AnyConnection,
    under: Option<&PlaceCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<PlaceRow>, StoreError> {
    let mut query = place::table.select(PlaceRow::as_select()).order(place::code).limit(limit).into_boxed();
    if let Some(under) = under {
        query = query.filter(place::code.ge(under.as_str().to_owned())).filter(place::code.lt(end_of(under)));
    }
    if let Some(after) = after {
        query = query.filter(place::code.gt(after.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// Canteens, by code.
pub fn canteens(
    conn: &mut AnyConnection,
    within: Option<&PlaceCode>,
    state: Option<CanteenState>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<CanteenRow>, StoreError> {
    let mut query = canteen::table.select(CanteenRow::as_select()).order(canteen::code).limit(limit).into_boxed();
    if let Some(within) = within {
        query = query.filter(canteen::place_code.ge(within.as_str().to_owned())).filter(canteen::place_code.lt(end_of(within)));
    }
    if let Some(state) = state {
        query = query.filter(canteen::state.eq(Word(state)));
    }
    if let Some(after) = after {
        query = query.filter(canteen::code.gt(after.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// The hours of some canteens, breakfast first.
pub fn hours(conn: &mut AnyConnection, of: &[CanteenId]) -> Result<Vec<CanteenMealRow>, StoreError> {
    let of: Vec<Col<CanteenId>> = of.iter().copied().map(Col).collect();
    Ok(canteen_meal::table
        .filter(canteen_meal::canteen_id.eq_any(of))
        .order((canteen_meal::canteen_id, canteen_meal::serve_from_minute, canteen_meal::meal))
        .select(CanteenMealRow::as_select())
        .load(conn)?)
}

/// Dishes, by code.
pub fn dishes(conn: &mut AnyConnection, after: Option<&str>, limit: i64) -> Result<Vec<DishRow>, StoreError> {
    let mut query = dish::table.select(DishRow::as_select()).order(dish::code).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(dish::code.gt(after.to_owned()));
    }
    Ok(query.load(conn)?)
}

/// A dish by its identifier.
pub fn dish(conn: &mut AnyConnection, id: DishId) -> Result<Option<DishRow>, StoreError> {
    Ok(dish::table.find(Col(id)).select(DishRow::as_select()).get_result(conn).optional()?)
}

/// A canteen's sittings between two dates, both included, in the order in which they are served.
pub fn sittings(
    conn: &mut AnyConnection,
    of: CanteenId,
    from: ServiceDate,
    to: ServiceDate,
    meal: Option<MealPeriod>,
    limit: i64,
) -> Result<Vec<SittingRow>, StoreError> {
    let mut query = sitting::table
        .filter(sitting::canteen_id.eq(Col(of)))
        .filter(sitting::service_date.between(Col(from), Col(to)))
        .filter(shown!(sitting))
        .select(SittingRow::as_select())
        .order((sitting::serve_from_at, sitting::id))
        .limit(limit)
        .into_boxed();
    if let Some(meal) = meal {
        query = query.filter(sitting::meal.eq(Word(meal)));
    }
    Ok(query.load(conn)?)
}

/// A sitting that may be seen.
pub fn sitting(conn: &mut AnyConnection, id: SittingId) -> Result<Option<SittingRow>, StoreError> {
    Ok(sitting::table.find(Col(id)).filter(shown!(sitting)).select(SittingRow::as_select()).get_result(conn).optional()?)
}

/// How many dishes are on each sitting's menu, and how many portions are left in all.
pub fn menu_sizes(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<(SittingId, i64, i64)>, StoreError> {
    use diesel::dsl::{count_star, sql};
    use diesel::sql_types::BigInt;
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    // sum() of BIGINT is NUMERIC on PostgreSQL, and would pass through a double on SQLite.
    let left = sql::<BigInt>("CAST(SUM(menu_item.portions - menu_item.sold) AS BIGINT)");
    let rows = menu_item::table
        .filter(menu_item::sitting_id.eq_any(of))
        .filter(menu_item::stopped.eq(false))
        .group_by(menu_item::sitting_id)
        .select((menu_item::sitting_id, count_star(), left))
        .load::<(Col<SittingId>, i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), dishes, left)| (id, dishes, left)).collect())
}
