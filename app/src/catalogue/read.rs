//! What anyone may see of the catalogue: it holds no personal data.

use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::orders::load::{diet_of, sitting_facts_from};
use domain::access::{Action, Actor, FamilyScope, Where};
use domain::canteen::CanteenState;
use domain::diet::{Clash, DishFacts, Texture, clashes};
use domain::id::{CanteenId, DishId, SeniorId, SittingId};
use domain::{MealPeriod, PlaceCode, ServiceDate};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::query::catalogue::{self, CanteenRow, DishRow, MenuItemRow, RecipeRow, SittingRow};
use store::query::listing::{self, CanteenMealRow, PlaceRow};
use store::query::seniors;

/// Entries of one page at most.
pub const PAGE_MAX: u16 = 200;
/// Days that one look at the sittings may span.
pub const SPAN_MAX_DAYS: i64 = 31;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The sort key of the last entry seen.
    pub after: Option<String>,
    /// How many entries at most.
    pub limit: u16,
}

impl Page {
    /// One more than is shown tells whether there is more.
    fn probe(&self) -> i64 {
        i64::from(self.limit.clamp(1, PAGE_MAX)) + 1
    }

    /// Cuts the probe off, and says whether it was there.
    fn cut<T>(&self, mut rows: Vec<T>) -> (Vec<T>, bool) {
        let limit = usize::from(self.limit.clamp(1, PAGE_MAX));
        let more = rows.len() > limit;
        rows.truncate(limit);
        (rows, more)
    }
}

/// A canteen and when it serves.
#[derive(Debug, Clone)]
pub struct CanteenCard {
    /// The canteen.
    pub canteen: CanteenRow,
    /// Its hours.
    pub hours: Vec<CanteenMealRow>,
}

/// A dish and what is in it, heaviest first.
#[derive(Debug, Clone)]
pub struct DishCard {
    /// The dish.
    pub dish: DishRow,
    /// Its recipe.
    pub recipe: Vec<RecipeRow>,
}

/// A sitting in a list.
#[derive(Debug, Clone)]
pub struct SittingCard {
    /// The sitting.
    pub sitting: SittingRow,
    /// Dishes on the menu that are not stopped.
    pub dishes: i64,
    /// Portions of them that are left.
    pub left: i64,
}

/// A sitting with all that a menu shows.
#[derive(Debug, Clone)]
pub struct Menu {
    /// The sitting.
    pub sitting: SittingRow,
    /// Where.
    pub canteen: CanteenRow,
    /// Whether it takes orders now.
    pub orderable: bool,
    /// What is on it.
    pub items: Vec<MenuLine>,
}

/// A dish on a menu.
#[derive(Debug, Clone)]
pub struct MenuLine {
    /// Price and portions.
    pub item: MenuItemRow,
    /// The dish.
    pub dish: DishCard,
    /// For the senior that was asked for: what their diet rules out, in the texture they need; `None` when nobody was.
    pub clashes: Option<Vec<Clash>>,
}

/// Places at or below one.
pub async fn places(app: &App, under: Option<PlaceCode>, page: Page) -> Outcome<(Vec<PlaceRow>, bool), Never> {
    app.store
        .read("places", move |conn| Ok(page.cut(listing::places(conn, under.as_ref(), page.after.as_deref(), page.probe())?)))
        .await
}

/// Canteens of a place and below.
pub async fn canteens(
    app: &App,
    within: Option<PlaceCode>,
    state: Option<CanteenState>,
    page: Page,
) -> Outcome<(Vec<CanteenCard>, bool), Never> {
    app.store
        .read("canteens", move |conn| {
            let rows = listing::canteens(conn, within.as_ref(), state, page.after.as_deref(), page.probe())?;
            let (rows, more) = page.cut(rows);
            let ids: Vec<CanteenId> = rows.iter().map(|c| c.id.0).collect();
            let mut hours: BTreeMap<CanteenId, Vec<CanteenMealRow>> = BTreeMap::new();
            for row in listing::hours(conn, &ids)? {
                hours.entry(row.canteen_id.0).or_default().push(row);
            }
            let card = |canteen: CanteenRow| CanteenCard { hours: hours.remove(&canteen.id.0).unwrap_or_default(), canteen };
            Ok((rows.into_iter().map(card).collect(), more))
        })
        .await
}

/// One canteen.
pub async fn canteen(app: &App, id: CanteenId) -> Outcome<CanteenCard, Never> {
    app.store
        .read("canteen", move |conn| {
            let canteen = catalogue::canteen(conn, id)?.ok_or(Failure::NotFound(Thing::Canteen(id)))?;
            Ok(CanteenCard { canteen, hours: listing::hours(conn, &[id])? })
        })
        .await
}

/// Dishes.
pub async fn dishes(app: &App, page: Page) -> Outcome<(Vec<DishCard>, bool), Never> {
    app.store
        .read("dishes", move |conn| {
            let (rows, more) = page.cut(listing::dishes(conn, page.after.as_deref(), page.probe())?);
            Ok((cards(conn, rows)?, more))
        })
        .await
}

/// One dish.
pub async fn dish(app: &App, id: DishId) -> Outcome<DishCard, Never> {
    app.store
        .read("dish", move |conn| {
            let dish = listing::dish(conn, id)?.ok_or(Failure::NotFound(Thing::Dish))?;
            Ok(DishCard { dish, recipe: catalogue::recipes(conn, &[id])? })
        })
        .await
}

fn cards(conn: &mut store::AnyConnection, rows: Vec<DishRow>) -> Result<Vec<DishCard>, store::StoreError> {
    let ids: Vec<DishId> = rows.iter().map(|d| d.id.0).collect();
    let mut recipes: BTreeMap<DishId, Vec<RecipeRow>> = BTreeMap::new();
    for row in catalogue::recipes(conn, &ids)? {
        recipes.entry(row.dish_id.0).or_default().push(row);
    }
    // A dish may stand twice in the list, so its recipe is copied, not taken.
    Ok(rows.into_iter().map(|dish| DishCard { recipe: recipes.get(&dish.id.0).cloned().unwrap_or_default(), dish }).collect())
}

/// A canteen's sittings between two dates, both included; at most [`SPAN_MAX_DAYS`] of them.
pub async fn sittings(
    app: &App,
    of: CanteenId,
    from: ServiceDate,
    to: ServiceDate,
    meal: Option<MealPeriod>,
) -> Outcome<Vec<SittingCard>, Never> {
    app.store
        .read("sittings", move |conn| {
            if catalogue::canteen(conn, of)?.is_none() {
                return Err(Failure::NotFound(Thing::Canteen(of)));
            }
            // Three meals a day: the span bounds the list, so it needs no cursor.
            let rows = listing::sittings(conn, of, from, to, meal, (SPAN_MAX_DAYS + 1) * 3)?;
            let ids: Vec<SittingId> = rows.iter().map(|s| s.id.0).collect();
            let sizes: BTreeMap<SittingId, (i64, i64)> =
                listing::menu_sizes(conn, &ids)?.into_iter().map(|(id, dishes, left)| (id, (dishes, left))).collect();
            let card = |sitting: SittingRow| {
                let (dishes, left) = sizes.get(&sitting.id.0).copied().unwrap_or_default();
                SittingCard { sitting, dishes, left }
            };
            Ok(rows.into_iter().map(card).collect())
        })
        .await
}

/// A sitting's menu; with a senior, what of it clashes with their diet. A diet is personal: it is judged only for who may see
/// the senior or order for them, and for anyone else the senior is not there.
pub async fn menu(app: &App, id: SittingId, senior: Option<(SeniorId, Arc<Actor>)>) -> Outcome<Menu, Never> {
    let (now, shelves) = (app.clock.now(), app.shelves.clone());
    app.store
        .read("menu", move |conn| {
            listing::sitting(conn, id)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            let (sitting, canteen) = catalogue::sitting_with_canteen(conn, id)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            let diet = match &senior {
                Some((senior, actor)) => Some(diet_for(conn, *senior, actor, &canteen)?),
                None => None,
            };
            let items = catalogue::menu_items(conn, id)?;
            let facts = sitting_facts_from(conn, &shelves, (&sitting, &canteen), items)?;
            let orderable = facts.open && now < sitting.cut_off_at.0;
            let mut by_item: BTreeMap<_, DishFacts> = facts.menu.into_iter().map(|entry| (entry.item, entry.facts)).collect();
            let (items, dishes): (Vec<MenuItemRow>, Vec<DishRow>) = catalogue::menu(conn, id)?.into_iter().unzip();
            let line = |(item, dish): (MenuItemRow, DishCard)| {
                let facts = by_item.remove(&item.id.0).unwrap_or_default();
                let judged = diet.as_ref().map(|diet| clashes(diet, &facts, diet.texture.unwrap_or(Texture::Regular)));
                MenuLine { item, dish, clashes: judged }
            };
            let items = items.into_iter().zip(cards(conn, dishes)?).map(line).collect();
            Ok(Menu { sitting, canteen, orderable, items })
        })
        .await
}

fn diet_for(
    conn: &mut store::AnyConnection,
    id: SeniorId,
    actor: &Actor,
    canteen: &CanteenRow,
) -> Outcome<domain::diet::Diet, Never> {
    let senior = seniors::find(conn, id)?.ok_or(Failure::NotFound(Thing::Senior(id)))?;
    let (at_home, at_canteen) = (
        Where { place: &senior.resident_place.0, canteen: None },
        Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) },
    );
    let seen = actor.may_for(FamilyScope::See, id)
        || actor.may_for(FamilyScope::Order, id)
        || actor.may(Action::SeeSeniors, at_home)
        || actor.may(Action::Order, at_home)
        || actor.may(Action::Order, at_canteen);
    if seen { Ok(diet_of(conn, id)?) } else { Err(Failure::NotFound(Thing::Senior(id))) }
}
