//! Canteens, dishes, sittings and menus.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::place_filter::within;
use crate::schema::{canteen, dish, ingredient, menu_item, recipe_line, sitting};
use crate::shown;
use diesel::prelude::*;
use domain::canteen::{CanteenKind, CanteenState, DishHome, SittingState, Station};
use domain::id::{CanteenId, DishId, IngredientId, MenuItemId, SittingId};
use domain::{Fen, Instant, MealPeriod, PlaceCode, ServiceDate};

/// A canteen.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = canteen, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CanteenRow {
    pub id: Col<CanteenId>,
    pub version: i64,
    pub code: String,
    pub name: String,
    pub kind: Word<CanteenKind>,
    pub place_code: Col<PlaceCode>,
    pub central_kitchen_id: Option<Col<CanteenId>>,
    pub licence_no: String,
    pub licence_expires_on: Col<ServiceDate>,
    pub address: String,
    pub phone: String,
    pub lon_e7: i64,
    pub lat_e7: i64,
    pub delivery_area: Option<String>,
    pub delivery_radius_m: i64,
    pub delivery_fee_fen: Col<Fen>,
    pub state: Word<CanteenState>,
}

/// One canteen, one date, one meal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sitting, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SittingRow {
    pub id: Col<SittingId>,
    pub canteen_id: Col<CanteenId>,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub cut_off_at: Col<Instant>,
    pub serve_from_at: Col<Instant>,
    pub serve_to_at: Col<Instant>,
    pub next_order_no: i64,
    pub state: Word<SittingState>,
    pub version: i64,
}

/// A dish.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = dish, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct DishRow {
    pub id: Col<DishId>,
    pub version: i64,
    pub code: String,
    pub name: String,
    pub station: Word<Station>,
    pub price_fen: Col<Fen>,
    pub textures: String,
    pub marks: String,
    pub energy_kcal_tenths: Option<i64>,
    pub protein_mg: Option<i64>,
    pub fat_mg: Option<i64>,
    pub carbohydrate_mg: Option<i64>,
    pub sodium_mg: Option<i64>,
    pub home_place: Option<Col<PlaceCode>>,
    pub home_canteen_id: Option<Col<CanteenId>>,
}

impl DishRow {
    /// Whose it is.
    #[must_use]
    pub fn home(&self) -> DishHome {
        match (&self.home_place, self.home_canteen_id) {
            (_, Some(Col(canteen))) => DishHome::Canteen(canteen),
            (Some(Col(place)), None) => DishHome::Place(place.clone()),
            (None, None) => DishHome::Everyone,
        }
    }

    /// The same dish, of another home.
    #[must_use]
    pub fn at_home(self, home: DishHome) -> Self {
        let (home_place, home_canteen_id) = match home {
            DishHome::Everyone => (None, None),
            DishHome::Place(place) => (Some(Col(place)), None),
            DishHome::Canteen(canteen) => (None, Some(Col(canteen))),
        };
        Self { home_place, home_canteen_id, ..self }
    }
}

/// A dish on a sitting's menu.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = menu_item, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct MenuItemRow {
    pub id: Col<MenuItemId>,
    pub sitting_id: Col<SittingId>,
    pub dish_id: Col<DishId>,
    pub rank: i64,
    pub price_fen: Col<Fen>,
    pub portions: i64,
    pub sold: i64,
    pub stopped: bool,
    pub small_price_fen: Option<Col<Fen>>,
    pub large_price_fen: Option<Col<Fen>>,
}

/// An ingredient of a dish.
#[derive(Debug, Clone, Queryable)]
#[allow(missing_docs)]
pub struct RecipeRow {
    pub dish_id: Col<DishId>,
    pub ingredient_id: Col<IngredientId>,
    pub name: String,
    pub allergens: String,
    pub amount_mg: i64,
}

/// A canteen by its identifier.
pub fn canteen(conn: &mut AnyConnection, id: CanteenId) -> Result<Option<CanteenRow>, StoreError> {
    Ok(canteen::table.find(Col(id)).select(CanteenRow::as_select()).get_result(conn).optional()?)
}

/// Whether there is a canteen outside of some places: what is everyone's is changed by who may change it for all of them.
pub fn any_canteen_outside(conn: &mut AnyConnection, places: &[PlaceCode]) -> Result<bool, StoreError> {
    let within = within!(canteen::table, canteen::place_code, places);
    let found = canteen::table.filter(diesel::dsl::not(within)).select(canteen::id).first::<Col<CanteenId>>(conn).optional()?;
    Ok(found.is_some())
}

/// Which dishes have these ingredients in their recipes.
pub fn dishes_with(conn: &mut AnyConnection, ingredients: &[IngredientId]) -> Result<Vec<(IngredientId, DishRow)>, StoreError> {
    let ids: Vec<Col<IngredientId>> = ingredients.iter().copied().map(Col).collect();
    let rows = recipe_line::table
        .inner_join(dish::table.on(dish::id.eq(recipe_line::dish_id)))
        .filter(recipe_line::ingredient_id.eq_any(ids))
        .order((recipe_line::ingredient_id, recipe_line::dish_id))
        .select((recipe_line::ingredient_id, DishRow::as_select()))
        .load::<(Col<IngredientId>, DishRow)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), dish)| (id, dish)).collect())
}

/// A sitting and its canteen.
pub fn sitting_with_canteen(conn: &mut AnyConnection, id: SittingId) -> Result<Option<(SittingRow, CanteenRow)>, StoreError> {
    let found = on_each!(conn, c => sitting::table
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .filter(sitting::id.eq(Col(id)))
        .filter(shown!(sitting))
        .select((SittingRow::as_select(), CanteenRow::as_select()))
        .get_result(c));
    Ok(found.optional()?)
}

/// A sitting's menu with its dishes, in the menu's order.
pub fn menu(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<(MenuItemRow, DishRow)>, StoreError> {
    Ok(menu_item::table
        .inner_join(dish::table.on(dish::id.eq(menu_item::dish_id)))
        .filter(menu_item::sitting_id.eq(Col(of)))
        .order((menu_item::rank, menu_item::id))
        .select((MenuItemRow::as_select(), DishRow::as_select()))
        .load(conn)?)
}

/// What a sitting's menu has, in its order, without the dishes themselves.
pub fn menu_items(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<MenuItemRow>, StoreError> {
    Ok(menu_item::table
        .filter(menu_item::sitting_id.eq(Col(of)))
        .order((menu_item::rank, menu_item::id))
        .select(MenuItemRow::as_select())
        .load(conn)?)
}

/// Dishes on menus, by identifier; in no order.
pub fn items(conn: &mut AnyConnection, ids: &[MenuItemId]) -> Result<Vec<MenuItemRow>, StoreError> {
    match conn {
        // A list in a statement makes a text of its own for each length, which is compiled each time; a look by key is nothing.
        AnyConnection::Sqlite(c) => {
            let found =
                ids.iter().map(|id| menu_item::table.find(Col(*id)).select(MenuItemRow::as_select()).get_result(c).optional());
            Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
        }
        AnyConnection::Postgres(c) => {
            let ids: Vec<Col<MenuItemId>> = ids.iter().copied().map(Col).collect();
            Ok(menu_item::table.filter(menu_item::id.eq_any(ids)).select(MenuItemRow::as_select()).load(c)?)
        }
    }
}

/// Sittings with their canteens; in no order.
pub fn sittings_with_canteens(conn: &mut AnyConnection, ids: &[SittingId]) -> Result<Vec<(SittingRow, CanteenRow)>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => {
            let found = ids.iter().map(|id| sitting_with_canteen(conn, *id));
            found.filter_map(Result::transpose).collect()
        }
        AnyConnection::Postgres(c) => {
            let ids: Vec<Col<SittingId>> = ids.iter().copied().map(Col).collect();
            Ok(sitting::table
                .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
                .filter(sitting::id.eq_any(ids))
                .filter(shown!(sitting))
                .select((SittingRow::as_select(), CanteenRow::as_select()))
                .load(c)?)
        }
    }
}

/// Dishes.
pub fn dishes(conn: &mut AnyConnection, ids: &[DishId]) -> Result<Vec<DishRow>, StoreError> {
    let ids: Vec<Col<DishId>> = ids.iter().copied().map(Col).collect();
    Ok(dish::table.filter(dish::id.eq_any(ids)).select(DishRow::as_select()).load(conn)?)
}

/// The recipes of some dishes, heaviest ingredient first.
pub fn recipes(conn: &mut AnyConnection, dishes: &[DishId]) -> Result<Vec<RecipeRow>, StoreError> {
    let dishes: Vec<Col<DishId>> = dishes.iter().copied().map(Col).collect();
    Ok(recipe_line::table
        .inner_join(ingredient::table.on(ingredient::id.eq(recipe_line::ingredient_id)))
        .filter(recipe_line::dish_id.eq_any(dishes))
        .order((recipe_line::dish_id, recipe_line::amount_mg.desc(), ingredient::name))
        .select((recipe_line::dish_id, ingredient::id, ingredient::name, ingredient::allergens, recipe_line::amount_mg))
        .load(conn)?)
}

/// Sets what a dish costs in other sizes at a sitting; absent is the price of a regular portion.
pub fn set_size_prices(
    conn: &mut AnyConnection,
    of: SittingId,
    dish: DishId,
    (small, large): (Option<Fen>, Option<Fen>),
) -> Result<(), StoreError> {
    let item = menu_item::table.filter(menu_item::sitting_id.eq(Col(of))).filter(menu_item::dish_id.eq(Col(dish)));
    diesel::update(item)
        .set((menu_item::small_price_fen.eq(small.map(Col)), menu_item::large_price_fen.eq(large.map(Col))))
        .execute(conn)?;
    Ok(())
}

/// Gives portions back.
pub fn return_portions(conn: &mut AnyConnection, item: MenuItemId, quantity: i64) -> Result<(), StoreError> {
    diesel::update(menu_item::table.find(Col(item))).set(menu_item::sold.eq(menu_item::sold - quantity)).execute(conn)?;
    Ok(())
}

/// Opens or closes a canteen.
pub fn set_canteen_state(conn: &mut AnyConnection, id: CanteenId, state: CanteenState) -> Result<(), StoreError> {
    diesel::update(canteen::table.find(Col(id)))
        .set((canteen::state.eq(Word(state)), canteen::version.eq(canteen::version + 1)))
        .execute(conn)?;
    Ok(())
}

/// Counts a change of a dish whose own row stays as it is.
pub fn count_dish_change(conn: &mut AnyConnection, id: DishId) -> Result<(), StoreError> {
    diesel::update(dish::table.find(Col(id))).set(dish::version.eq(dish::version + 1)).execute(conn)?;
    Ok(())
}

/// Counts a change of a sitting or its menu; calls it off or on when a state is given.
pub fn change_sitting(conn: &mut AnyConnection, id: SittingId, state: Option<SittingState>) -> Result<(), StoreError> {
    diesel::update(sitting::table.find(Col(id))).set(sitting::version.eq(sitting::version + 1)).execute(conn)?;
    if let Some(state) = state {
        diesel::update(sitting::table.find(Col(id))).set(sitting::state.eq(Word(state))).execute(conn)?;
    }
    Ok(())
}

/// Whose sitting it is.
pub fn canteen_of(conn: &mut AnyConnection, of: SittingId) -> Result<Option<CanteenId>, StoreError> {
    let found = on_each!(conn, c => sitting::table
        .find(Col(of))
        .filter(shown!(sitting))
        .select(sitting::canteen_id)
        .get_result::<Col<CanteenId>>(c));
    Ok(found.optional()?.map(|Col(id)| id))
}
