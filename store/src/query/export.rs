//! What exports read, page by page, each in the order of a unique key, so that the same rows give the same file.

use crate::column::Col;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::bindings::BindingRow;
use crate::query::bulk::RecipeLineRow;
use crate::query::catalogue::{MenuItemRow, SittingRow};
use crate::query::people::UserRow;
use crate::query::place_filter::within;
use crate::query::seniors::{DietRow, FactRow, SeniorRow, SeniorState};
use crate::query::standing::StandingRow;
use crate::schema::{
    app_user, canteen, dish, family_binding, ingredient, menu_item, recipe_line, senior, senior_diet, senior_fact, sitting,
    standing_order,
};
use crate::shown;
use diesel::prelude::*;
use domain::id::{CanteenId, DishId, SeniorId, SittingId};
use domain::standing::StandingState;
use domain::{PlaceCode, ServiceDate};

/// A line of a recipe with its ingredient: name, allergens, whether it is used without a lot.
pub type RecipeLine = (RecipeLineRow, String, String, bool);

/// The recipes of some dishes, by dish and ingredient.
pub fn recipes(conn: &mut AnyConnection, of: &[DishId]) -> Result<Vec<RecipeLine>, StoreError> {
    let of: Vec<Col<DishId>> = of.iter().copied().map(Col).collect();
    Ok(recipe_line::table
        .inner_join(ingredient::table.on(ingredient::id.eq(recipe_line::ingredient_id)))
        .filter(recipe_line::dish_id.eq_any(of))
        .order((recipe_line::dish_id, ingredient::name))
        .select((RecipeLineRow::as_select(), ingredient::name, ingredient::allergens, ingredient::untraced))
        .load(conn)?)
}

/// The codes of some canteens.
pub fn canteen_codes(conn: &mut AnyConnection, of: &[CanteenId]) -> Result<Vec<(Col<CanteenId>, String)>, StoreError> {
    let of: Vec<Col<CanteenId>> = of.iter().copied().map(Col).collect();
    Ok(canteen::table.filter(canteen::id.eq_any(of)).select((canteen::id, canteen::code)).load(conn)?)
}

/// Sittings of some dates, both included, in the order in which they were made.
pub fn sittings(
    conn: &mut AnyConnection,
    (from, to): (ServiceDate, ServiceDate),
    after: Option<SittingId>,
    limit: i64,
) -> Result<Vec<SittingRow>, StoreError> {
    let mut query = sitting::table
        .filter(shown!(sitting))
        .filter(sitting::service_date.between(Col(from), Col(to)))
        .order(sitting::id)
        .limit(limit)
        .select(SittingRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(sitting::id.gt(Col(after)));
    }
    Ok(query.load(conn)?)
}

/// What is on the menus of some sittings, with the dishes' codes, in the menus' order.
pub fn menus(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<(MenuItemRow, String)>, StoreError> {
    let of: Vec<Col<SittingId>> = of.iter().copied().map(Col).collect();
    Ok(menu_item::table
        .inner_join(dish::table.on(dish::id.eq(menu_item::dish_id)))
        .filter(menu_item::sitting_id.eq_any(of))
        .order((menu_item::sitting_id, menu_item::rank, menu_item::id))
        .select((MenuItemRow::as_select(), dish::code))
        .load(conn)?)
}

/// Seniors who take part, in the order in which they were added; only of these places when some are given.
pub fn seniors(
    conn: &mut AnyConnection,
    places: Option<&[PlaceCode]>,
    after: Option<SeniorId>,
    limit: i64,
) -> Result<Vec<SeniorRow>, StoreError> {
    let mut query = senior::table
        .filter(shown!(senior))
        .filter(senior::state.eq(crate::column::Word(SeniorState::Active)))
        .order(senior::id)
        .limit(limit)
        .select(SeniorRow::as_select())
        .into_boxed();
    if let Some(places) = places {
        query = query.filter(within!(senior::table, senior::resident_place, places));
    }
    if let Some(after) = after {
        query = query.filter(senior::id.gt(Col(after)));
    }
    Ok(query.load(conn)?)
}

fn cols(of: &[SeniorId]) -> Vec<Col<SeniorId>> {
    of.iter().copied().map(Col).collect()
}

/// The diets of some seniors.
pub fn diets(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<DietRow>, StoreError> {
    Ok(senior_diet::table
        .filter(senior_diet::senior_id.eq_any(cols(of)))
        .order((senior_diet::senior_id, senior_diet::kind, senior_diet::value))
        .select(DietRow::as_select())
        .load(conn)?)
}

/// The facts about some seniors.
pub fn facts(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<FactRow>, StoreError> {
    Ok(senior_fact::table
        .filter(senior_fact::senior_id.eq_any(cols(of)))
        .filter(shown!(senior_fact))
        .order((senior_fact::senior_id, senior_fact::valid_from, senior_fact::id))
        .select(FactRow::as_select())
        .load(conn)?)
}

/// The bindings in force of some seniors, with the family members.
pub fn bindings(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<(BindingRow, UserRow)>, StoreError> {
    Ok(family_binding::table
        .inner_join(app_user::table.on(app_user::id.eq(family_binding::user_id)))
        .filter(family_binding::senior_id.eq_any(cols(of)))
        .filter(family_binding::revoked_at.is_null())
        .filter(shown!(family_binding))
        .order((family_binding::senior_id, family_binding::id))
        .select((BindingRow::as_select(), UserRow::as_select()))
        .load(conn)?)
}

/// The active standing orders of some seniors.
pub fn standing_orders(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<StandingRow>, StoreError> {
    Ok(standing_order::table
        .filter(standing_order::senior_id.eq_any(cols(of)))
        .filter(standing_order::state.eq(crate::column::Word(StandingState::Active)))
        .filter(shown!(standing_order))
        .order((standing_order::senior_id, standing_order::id))
        .select(StandingRow::as_select())
        .load(conn)?)
}
