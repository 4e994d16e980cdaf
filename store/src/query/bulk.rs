//! Many rows at once, for imports: what is there under the keys of a slice, and what a slice adds or changes.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::bindings::BindingRow;
use crate::query::catalogue::{CanteenRow, DishRow, MenuItemRow, SittingRow};
use crate::query::earlier;
use crate::query::listing::{CanteenMealRow, PlaceRow};
use crate::query::people::UserRow;
use crate::query::seniors::{DietRow, FactRow, SeniorRow};
use crate::query::standing::StandingRow;
use crate::schema::{
    app_user, canteen, canteen_log, canteen_meal, dish, family_binding, ingredient, menu_item, place, recipe_line, senior,
    senior_diet, senior_fact, sitting, standing_order,
};
use crate::shown;
use diesel::prelude::*;
use domain::access::UserKind;
use domain::id::{CanteenId, DishId, ImportId, IngredientId, SeniorId, SittingId, UserId};
use domain::{Instant, PlaceCode, ServiceDate};
use std::collections::BTreeSet;

/// An ingredient.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ingredient, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct IngredientRow {
    pub id: Col<IngredientId>,
    pub name: String,
    pub allergens: String,
    pub untraced: bool,
}

/// A line of a recipe.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = recipe_line, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct RecipeLineRow {
    pub dish_id: Col<DishId>,
    pub ingredient_id: Col<IngredientId>,
    pub amount_mg: i64,
}

fn cols<T: Copy + Send + Sync + 'static>(values: &[T]) -> Vec<Col<T>> {
    values.iter().copied().map(Col).collect()
}

/// Places of these codes.
pub fn places(conn: &mut AnyConnection, codes: &[PlaceCode]) -> Result<Vec<PlaceRow>, StoreError> {
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    Ok(place::table.filter(place::code.eq_any(codes)).select(PlaceRow::as_select()).load(conn)?)
}

/// Canteens of these codes.
pub fn canteens(conn: &mut AnyConnection, codes: &[String]) -> Result<Vec<CanteenRow>, StoreError> {
    Ok(canteen::table.filter(canteen::code.eq_any(codes)).select(CanteenRow::as_select()).load(conn)?)
}

/// Dishes of these codes.
pub fn dishes(conn: &mut AnyConnection, codes: &[String]) -> Result<Vec<DishRow>, StoreError> {
    Ok(dish::table.filter(dish::code.eq_any(codes)).select(DishRow::as_select()).load(conn)?)
}

/// Ingredients of these names.
pub fn ingredients(conn: &mut AnyConnection, names: &[String]) -> Result<Vec<IngredientRow>, StoreError> {
    Ok(ingredient::table.filter(ingredient::name.eq_any(names)).select(IngredientRow::as_select()).load(conn)?)
}

/// The recipe lines of these dishes.
pub fn recipe_lines(conn: &mut AnyConnection, of: &[DishId]) -> Result<Vec<RecipeLineRow>, StoreError> {
    Ok(recipe_line::table.filter(recipe_line::dish_id.eq_any(cols(of))).select(RecipeLineRow::as_select()).load(conn)?)
}

/// Sittings of these canteens on these dates, hidden or not, with the import that brought them.
#[allow(clippy::type_complexity)]
pub fn sittings(
    conn: &mut AnyConnection,
    of: &[CanteenId],
    on: &[ServiceDate],
) -> Result<Vec<(SittingRow, Option<Col<ImportId>>)>, StoreError> {
    // Hidden too: an import that goes on finds what it brought before.
    Ok(sitting::table
        .filter(sitting::canteen_id.eq_any(cols(of)))
        .filter(sitting::service_date.eq_any(cols(on)))
        .select((SittingRow::as_select(), sitting::import_id))
        .load(conn)?)
}

/// What is on the menus of these sittings.
pub fn menu_items(conn: &mut AnyConnection, of: &[SittingId]) -> Result<Vec<MenuItemRow>, StoreError> {
    Ok(menu_item::table.filter(menu_item::sitting_id.eq_any(cols(of))).select(MenuItemRow::as_select()).load(conn)?)
}

/// Seniors of these blind indexes of identity numbers, hidden or not, with the import that brought them.
#[allow(clippy::type_complexity)]
pub fn seniors(conn: &mut AnyConnection, id_no_bix: &[Vec<u8>]) -> Result<Vec<(SeniorRow, Option<Col<ImportId>>)>, StoreError> {
    // Hidden too: an import that goes on finds what it brought before.
    Ok(senior::table.filter(senior::id_no_bix.eq_any(id_no_bix)).select((SeniorRow::as_select(), senior::import_id)).load(conn)?)
}

/// A senior whom rows of a file name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = senior)]
#[allow(missing_docs)]
pub struct NamedSenior {
    pub id: Col<SeniorId>,
    pub id_no_bix: Vec<u8>,
    pub resident_place: Col<PlaceCode>,
    pub home_canteen_id: Option<Col<CanteenId>>,
    pub user_id: Option<Col<UserId>>,
}

/// The seniors of these blind indexes that may be seen.
pub fn named_seniors(conn: &mut AnyConnection, id_no_bix: &[Vec<u8>]) -> Result<Vec<NamedSenior>, StoreError> {
    Ok(senior::table
        .filter(senior::id_no_bix.eq_any(id_no_bix))
        .filter(shown!(senior))
        .select(NamedSenior::as_select())
        .load(conn)?)
}

/// What was found for blind indexes: the index and whose it is.
pub type Found<I> = Vec<(Vec<u8>, Col<I>)>;

/// Who holds these cards.
pub fn card_holders(conn: &mut AnyConnection, card_bix: &[Vec<u8>]) -> Result<Found<SeniorId>, StoreError> {
    // Hidden too: a card has one holder, seen or not.
    let rows = senior::table
        .filter(senior::card_bix.eq_any(card_bix))
        .select((senior::card_bix.assume_not_null(), senior::id))
        .load::<(Vec<u8>, Col<SeniorId>)>(conn)?;
    Ok(rows)
}

/// The diets of these seniors.
pub fn diets(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<DietRow>, StoreError> {
    Ok(senior_diet::table.filter(senior_diet::senior_id.eq_any(cols(of))).select(DietRow::as_select()).load(conn)?)
}

/// The facts about these seniors, hidden or not, with the import that brought them.
#[allow(clippy::type_complexity)]
pub fn facts(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<(FactRow, Option<Col<ImportId>>)>, StoreError> {
    // Hidden too: an import that goes on finds what it brought before.
    Ok(senior_fact::table
        .filter(senior_fact::senior_id.eq_any(cols(of)))
        .select((FactRow::as_select(), senior_fact::import_id))
        .load(conn)?)
}

/// Users of these blind indexes of phone numbers, and what they are.
#[allow(clippy::type_complexity)]
pub fn users_by_phone(
    conn: &mut AnyConnection,
    phone_bix: &[Vec<u8>],
) -> Result<Vec<(Vec<u8>, Col<UserId>, Word<UserKind>)>, StoreError> {
    Ok(app_user::table
        .filter(app_user::phone_bix.eq_any(phone_bix))
        .select((app_user::phone_bix.assume_not_null(), app_user::id, app_user::kind))
        .load(conn)?)
}

/// The bindings in force of these seniors, hidden or not, with the import that brought them.
#[allow(clippy::type_complexity)]
pub fn bindings(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<(BindingRow, Option<Col<ImportId>>)>, StoreError> {
    // Hidden too: an import that goes on finds what it brought before.
    Ok(family_binding::table
        .filter(family_binding::senior_id.eq_any(cols(of)))
        .filter(family_binding::revoked_at.is_null())
        .select((BindingRow::as_select(), family_binding::import_id))
        .load(conn)?)
}

/// The standing orders of these seniors, hidden or not, with the import that brought them.
#[allow(clippy::type_complexity)]
pub fn standing_orders(conn: &mut AnyConnection, of: &[SeniorId]) -> Result<Vec<(StandingRow, Option<Col<ImportId>>)>, StoreError> {
    // Hidden too: an import that goes on finds what it brought before.
    Ok(standing_order::table
        .filter(standing_order::senior_id.eq_any(cols(of)))
        .select((StandingRow::as_select(), standing_order::import_id))
        .load(conn)?)
}

/// What a slice adds.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Fresh {
    Place(PlaceRow),
    /// With its hours; its log begins.
    Canteen(Box<CanteenRow>, Vec<CanteenMealRow>),
    Dish(Box<DishRow>),
    Ingredient(IngredientRow),
    RecipeLine(RecipeLineRow),
    Sitting(SittingRow),
    MenuItem(MenuItemRow),
    /// With the diet.
    Senior(Box<SeniorRow>, Vec<DietRow>),
    Fact(FactRow),
    /// The user is seen at once: without bindings there is nothing to see.
    User(Box<UserRow>),
    /// With the place of the senior, where the audit log keeps it.
    Binding(Box<BindingRow>, PlaceCode),
    Standing(Box<StandingRow>),
}

/// Rows of some import, by table, in the order that foreign keys allow.
#[derive(Default)]
struct Tables {
    places: Vec<PlaceRow>,
    canteens: Vec<CanteenRow>,
    meals: Vec<CanteenMealRow>,
    dishes: Vec<DishRow>,
    ingredients: Vec<IngredientRow>,
    lines: Vec<RecipeLineRow>,
    sittings: Vec<SittingRow>,
    items: Vec<MenuItemRow>,
    seniors: Vec<SeniorRow>,
    diets: Vec<DietRow>,
    facts: Vec<FactRow>,
    users: Vec<UserRow>,
    bindings: Vec<BindingRow>,
    standing: Vec<StandingRow>,
}

/// Adds rows; those that can be hidden are marked with the import that brings them, if one does. A key that is taken is an error.
pub fn add(conn: &mut AnyConnection, import: Option<ImportId>, rows: &[Fresh]) -> Result<(), StoreError> {
    let mut t = Tables::default();
    for row in rows.iter().cloned() {
        match row {
            Fresh::Place(row) => t.places.push(row),
            Fresh::Canteen(row, meals) => {
                t.canteens.push(*row);
                t.meals.extend(meals);
            }
            Fresh::Dish(row) => t.dishes.push(*row),
            Fresh::Ingredient(row) => t.ingredients.push(row),
            Fresh::RecipeLine(row) => t.lines.push(row),
            Fresh::Sitting(row) => t.sittings.push(row),
            Fresh::MenuItem(row) => t.items.push(row),
            Fresh::Senior(row, diet) => {
                t.seniors.push(*row);
                t.diets.extend(diet);
            }
            Fresh::Fact(row) => t.facts.push(row),
            Fresh::User(row) => t.users.push(*row),
            Fresh::Binding(row, _) => t.bindings.push(*row),
            Fresh::Standing(row) => t.standing.push(*row),
        }
    }
    // A satellite refers to its kitchen, which may stand later in the file.
    t.canteens.sort_by_key(|row| row.central_kitchen_id.is_some());
    add_tables(conn, import, &t)
}

fn add_tables(conn: &mut AnyConnection, import: Option<ImportId>, t: &Tables) -> Result<(), StoreError> {
    macro_rules! plain {
        ($rows:expr, $table:ident) => {
            for rows in $rows.chunks(256) {
                on_each!(&mut *conn, c => diesel::insert_into($table::table).values(rows).execute(c))?;
            }
        };
    }
    macro_rules! marked {
        ($rows:expr, $table:ident) => {
            for rows in $rows.chunks(256) {
                let rows: Vec<_> = rows.iter().map(|row| (row, $table::import_id.eq(import.map(Col)))).collect();
                on_each!(&mut *conn, c => diesel::insert_into($table::table).values(rows).execute(c))?;
            }
        };
    }
    plain!(t.places, place);
    plain!(t.canteens, canteen);
    let logs: Vec<_> = t.canteens.iter().map(|c| (canteen_log::canteen_id.eq(c.id), canteen_log::next_seq.eq(1_i64))).collect();
    plain!(logs, canteen_log);
    plain!(t.meals, canteen_meal);
    plain!(t.dishes, dish);
    plain!(t.ingredients, ingredient);
    plain!(t.lines, recipe_line);
    marked!(t.sittings, sitting);
    plain!(t.items, menu_item);
    marked!(t.seniors, senior);
    plain!(t.diets, senior_diet);
    marked!(t.facts, senior_fact);
    plain!(t.users, app_user);
    marked!(t.bindings, family_binding);
    marked!(t.standing, standing_order);
    Ok(())
}

/// What an import changes. Rows that people edit too carry the version they were judged at.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Altered {
    Place(PlaceRow),
    /// All hours are replaced.
    Canteen(Box<CanteenRow>, Vec<CanteenMealRow>),
    Dish(Box<DishRow>),
    Ingredient(IngredientRow),
    RecipeLine(RecipeLineRow),
    /// Taken out of the recipe.
    NoRecipeLine(RecipeLineRow),
    SittingCutOff(SittingId, Instant),
    /// Price and portions; never below what is sold.
    MenuItem(MenuItemRow),
    /// A dish that is new on a menu which is seen already.
    NewMenuItem(MenuItemRow),
    /// The whole diet is replaced.
    Senior(Box<SeniorRow>, Vec<DietRow>),
    Fact(FactRow),
    Binding(Box<BindingRow>),
    Standing(Box<StandingRow>),
}

impl Altered {
    fn sitting(&self) -> Option<SittingId> {
        match self {
            Self::SittingCutOff(id, _) => Some(*id),
            Self::MenuItem(m) | Self::NewMenuItem(m) => Some(m.sitting_id.0),
            _ => None,
        }
    }
}

/// Makes all changes, and counts one for each menu that they touch; `false` when a row is no longer as it was judged.
pub fn alter_all(conn: &mut AnyConnection, changes: &[Altered], now: Instant) -> Result<bool, StoreError> {
    let menus: BTreeSet<SittingId> = changes.iter().filter_map(Altered::sitting).collect();
    for sitting in menus {
        crate::query::catalogue::change_sitting(conn, sitting, None)?;
    }
    for change in changes {
        if !alter(conn, change, now)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn alter(conn: &mut AnyConnection, change: &Altered, now: Instant) -> Result<bool, StoreError> {
    let changed = match change {
        Altered::Place(p) => diesel::update(place::table.find(&p.code)).set(place::name.eq(&p.name)).execute(conn)?,
        Altered::Canteen(row, meals) => alter_canteen(conn, row, meals)?,
        Altered::Dish(row) => alter_dish(conn, row)?,
        Altered::Ingredient(i) => diesel::update(ingredient::table.find(i.id))
            .set((ingredient::allergens.eq(&i.allergens), ingredient::untraced.eq(i.untraced)))
            .execute(conn)?,
        Altered::RecipeLine(l) => diesel::update(recipe_line::table.find((l.dish_id, l.ingredient_id)))
            .set(recipe_line::amount_mg.eq(l.amount_mg))
            .execute(conn)?,
        Altered::NoRecipeLine(l) => diesel::delete(recipe_line::table.find((l.dish_id, l.ingredient_id))).execute(conn)?,
        Altered::SittingCutOff(id, at) => {
            diesel::update(sitting::table.find(Col(*id))).set(sitting::cut_off_at.eq(Col(*at))).execute(conn)?
        }
        Altered::MenuItem(m) => diesel::update(menu_item::table.find(m.id).filter(menu_item::sold.le(m.portions)))
            .set((menu_item::price_fen.eq(m.price_fen), menu_item::portions.eq(m.portions)))
            .execute(conn)?,
        Altered::NewMenuItem(m) => diesel::insert_into(menu_item::table).values(m).execute(conn)?,
        Altered::Senior(row, diet) => alter_senior(conn, row, diet, now)?,
        Altered::Fact(f) => alter_fact(conn, f, now)?,
        Altered::Binding(b) => diesel::update(family_binding::table.find(b.id).filter(family_binding::revoked_at.is_null()))
            .set((
                family_binding::relation.eq(&b.relation),
                family_binding::scopes.eq(&b.scopes),
                family_binding::consent_kind.eq(b.consent_kind),
                family_binding::consent_ref.eq(&b.consent_ref),
                family_binding::consent_at.eq(b.consent_at),
            ))
            .execute(conn)?,
        Altered::Standing(row) => usize::from(crate::query::standing::update(conn, row, row.version - 1)?),
    };
    Ok(changed == 1)
}

fn alter_fact(conn: &mut AnyConnection, f: &FactRow, now: Instant) -> Result<usize, StoreError> {
    earlier::keep_fact(conn, f.id.0, now)?;
    Ok(diesel::update(senior_fact::table.find(f.id))
        .set((senior_fact::valid_to.eq(f.valid_to), senior_fact::source.eq(&f.source), senior_fact::recorded_at.eq(f.recorded_at)))
        .execute(conn)?)
}

/// Replaces a canteen's row, whose version is one more than the one it was read at.
pub fn alter_canteen(conn: &mut AnyConnection, c: &CanteenRow, meals: &[CanteenMealRow]) -> Result<usize, StoreError> {
    let changed = diesel::update(canteen::table.find(c.id).filter(canteen::version.eq(c.version - 1)))
        .set((
            canteen::version.eq(c.version),
            canteen::name.eq(&c.name),
            canteen::kind.eq(c.kind),
            canteen::place_code.eq(&c.place_code),
            canteen::central_kitchen_id.eq(c.central_kitchen_id),
            canteen::licence_no.eq(&c.licence_no),
            canteen::licence_expires_on.eq(c.licence_expires_on),
            canteen::address.eq(&c.address),
            canteen::phone.eq(&c.phone),
            canteen::lon_e7.eq(c.lon_e7),
            canteen::lat_e7.eq(c.lat_e7),
            canteen::delivery_area.eq(&c.delivery_area),
            canteen::delivery_radius_m.eq(c.delivery_radius_m),
            canteen::delivery_fee_fen.eq(c.delivery_fee_fen),
            canteen::state.eq(c.state),
        ))
        .execute(conn)?;
    if changed == 1 {
        diesel::delete(canteen_meal::table.filter(canteen_meal::canteen_id.eq(c.id))).execute(conn)?;
        on_each!(&mut *conn, c => diesel::insert_into(canteen_meal::table).values(meals).execute(c))?;
    }
    Ok(changed)
}

/// Replaces a dish's row, whose version is one more than the one it was read at.
pub fn alter_dish(conn: &mut AnyConnection, d: &DishRow) -> Result<usize, StoreError> {
    Ok(diesel::update(dish::table.find(d.id).filter(dish::version.eq(d.version - 1)))
        .set((
            dish::version.eq(d.version),
            dish::name.eq(&d.name),
            dish::station.eq(d.station),
            dish::price_fen.eq(d.price_fen),
            dish::textures.eq(&d.textures),
            dish::marks.eq(&d.marks),
            dish::energy_kcal_tenths.eq(d.energy_kcal_tenths),
            dish::protein_mg.eq(d.protein_mg),
            dish::fat_mg.eq(d.fat_mg),
            dish::carbohydrate_mg.eq(d.carbohydrate_mg),
            dish::sodium_mg.eq(d.sodium_mg),
            dish::home_place.eq(&d.home_place),
            dish::home_canteen_id.eq(d.home_canteen_id),
        ))
        .execute(conn)?)
}

fn alter_senior(conn: &mut AnyConnection, s: &SeniorRow, diet: &[DietRow], now: Instant) -> Result<usize, StoreError> {
    earlier::keep_senior(conn, s, now)?;
    let changed = diesel::update(senior::table.find(s.id).filter(senior::version.eq(s.version - 1)))
        .set((
            senior::version.eq(s.version),
            senior::name.eq(&s.name),
            senior::phone_enc.eq(&s.phone_enc),
            senior::phone_bix.eq(&s.phone_bix),
            senior::registered_place.eq(&s.registered_place),
            senior::resident_place.eq(&s.resident_place),
            senior::address_enc.eq(&s.address_enc),
            senior::health_enc.eq(&s.health_enc),
            senior::card_bix.eq(&s.card_bix),
            senior::card_enc.eq(&s.card_enc),
            senior::home_canteen_id.eq(s.home_canteen_id),
            senior::user_id.eq(s.user_id),
            senior::updated_at.eq(s.updated_at),
        ))
        .execute(conn)?;
    if changed == 1 {
        diesel::delete(senior_diet::table.filter(senior_diet::senior_id.eq(s.id))).execute(conn)?;
        on_each!(&mut *conn, c => diesel::insert_into(senior_diet::table).values(diet).execute(c))?;
    }
    Ok(changed)
}
