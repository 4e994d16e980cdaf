//! The rows that the rules of ordering look at, read for one order or for many at once.

use super::OrderRequest;
use crate::budgets::draw;
use crate::idempotency::RequestKey;
use crate::shelves::{KnownDish, Shelves};
use domain::budget::Watched;
use domain::id::{BudgetId, DishId, MenuItemId, SeniorId, SittingId};
use domain::ordering::MAX_LINES;
use domain::subsidy::Book;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue::{self, CanteenRow, MenuItemRow, SittingRow};
use store::query::rows::{AllowanceUseRow, IdempotencyRow};
use store::query::seniors::{self, DietRow, FactRow, SeniorRow};
use store::query::{changes, idempotency, orders};
use store::{Lookup, StoreError, Tx};

/// Which rows an order asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    sitting: SittingId,
    senior: Option<SeniorId>,
    items: Vec<MenuItemId>,
    key: Option<RequestKey>,
}

impl Wish {
    /// Of a request; with its key where an earlier answer counts.
    #[must_use]
    pub fn of(request: &OrderRequest, key: Option<RequestKey>) -> Self {
        let items = request.lines.iter().take(MAX_LINES).map(|line| line.item).collect();
        Self { sitting: request.sitting, senior: request.senior, items, key }
    }
}

/// Where and when the meal is, and which policies govern it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The sitting.
    pub sitting: SittingRow,
    /// Its canteen.
    pub canteen: CanteenRow,
    /// The policies of its date.
    pub book: Arc<Book>,
}

/// A senior with what ordering needs to know of them.
#[derive(Debug, Clone)]
pub struct Person {
    /// The senior.
    pub senior: SeniorRow,
    /// Their diet.
    pub diet: Vec<DietRow>,
    /// Their facts.
    pub facts: Vec<FactRow>,
    /// What they have used of the limits that the policies of the date have for this meal.
    pub uses: Vec<AllowanceUseRow>,
}

/// What was found for a [`Wish`].
#[derive(Debug, Clone)]
pub struct Rows {
    /// `None` when there is no such sitting.
    pub place: Option<Place>,
    /// `None` when none was wished for or there is none of that identifier.
    pub person: Option<Person>,
    /// Those of the wished dishes that are on the sitting's menu.
    pub items: Vec<MenuItemRow>,
    /// What these dishes are made of.
    pub dishes: BTreeMap<DishId, Arc<KnownDish>>,
    /// The budgets that the meal's funders may have, with what is left of them.
    pub budgets: Vec<Watched<BudgetId>>,
    /// What was answered under the key.
    pub answer: Option<IdempotencyRow>,
}

impl Rows {
    /// With the portions and the money taken off that earlier units of this batch took, which the rows do not tell of yet.
    #[must_use]
    pub fn less_taken(mut self, tx: &Tx<'_>) -> Self {
        less_taken(&mut self.items, tx);
        draw::less_taken(&mut self.budgets, tx);
        self
    }
}

/// Takes off what earlier units of this batch took of dishes on a menu.
pub fn less_taken(items: &mut [MenuItemRow], tx: &Tx<'_>) {
    for item in items {
        item.sold += tx.portions_taken(item.id.0);
    }
}

/// Reads what orders look at: a query a table for all of them.
#[derive(Debug)]
pub struct OrderLookup {
    shelves: Arc<Shelves>,
}

impl OrderLookup {
    /// With the shelves of what rarely changes.
    #[must_use]
    pub const fn new(shelves: Arc<Shelves>) -> Self {
        Self { shelves }
    }

    /// For one order.
    pub fn one(&self, conn: &mut AnyConnection, wish: &Wish) -> Result<Rows, StoreError> {
        self.look(conn, &[wish])?.pop().ok_or(StoreError::NotFound)
    }

    /// The shelves themselves.
    #[must_use]
    pub fn shelves(&self) -> &Shelves {
        &self.shelves
    }
}

impl Lookup for OrderLookup {
    type Wish = Wish;
    type Found = Rows;

    fn look(&self, conn: &mut AnyConnection, wishes: &[&Wish]) -> Result<Vec<Rows>, StoreError> {
        // Before what is kept under them: what is loaded under a count must not be older than it.
        let changes = changes::now(conn)?;
        let answers = answers(conn, wishes)?;
        let places = self.places(conn, changes, wishes)?;
        let people = people(conn, wishes, &places)?;
        let items = distinct(wishes.iter().flat_map(|wish| wish.items.iter().copied()));
        let items: HashMap<MenuItemId, MenuItemRow> =
            catalogue::items(conn, &items)?.into_iter().map(|row| (row.id.0, row)).collect();
        let dishes = distinct(items.values().map(|item| item.dish_id.0));
        let dishes = self.shelves.dishes.dishes(conn, changes.recipes, &dishes)?;
        let real = self.shelves.real.days(conn, changes, &distinct(wishes.iter().map(|wish| wish.sitting)))?;
        let budgets = self.budgets(conn, changes, wishes, &places, &people)?;
        let rows = |(wish, budgets): (&&Wish, Vec<Watched<BudgetId>>)| {
            let on_menu = |item: &MenuItemId| items.get(item).filter(|row| row.sitting_id.0 == wish.sitting).cloned();
            let own: Vec<MenuItemRow> = distinct(wish.items.iter().copied()).iter().filter_map(on_menu).collect();
            Rows {
                place: places.get(&wish.sitting).cloned(),
                person: wish.senior.and_then(|senior| people.get(&(senior, wish.sitting)).cloned()),
                dishes: own
                    .iter()
                    .map(|row| row.dish_id.0)
                    .filter_map(|dish| Some((dish, real.dish(wish.sitting, dish, dishes.get(&dish)?))))
                    .collect(),
                items: own,
                budgets,
                answer: wish.key.as_ref().and_then(|key| answers.get(&key.scope_and_key()).cloned()),
            }
        };
        Ok(wishes.iter().zip(budgets).map(rows).collect())
    }
}

impl OrderLookup {
    fn places(
        &self,
        conn: &mut AnyConnection,
        changes: changes::Changes,
        wishes: &[&Wish],
    ) -> Result<HashMap<SittingId, Place>, StoreError> {
        let sittings = distinct(wishes.iter().map(|wish| wish.sitting));
        let mut places = HashMap::with_capacity(sittings.len());
        for (sitting, canteen) in catalogue::sittings_with_canteens(conn, &sittings)? {
            let book = self.shelves.policies.book(conn, changes, sitting.service_date.0)?;
            places.insert(sitting.id.0, Place { sitting, canteen, book });
        }
        Ok(places)
    }

    /// Those of each wish; nothing for a guest, whom nobody pays for.
    fn budgets(
        &self,
        conn: &mut AnyConnection,
        changes: changes::Changes,
        wishes: &[&Wish],
        places: &HashMap<SittingId, Place>,
        people: &HashMap<(SeniorId, SittingId), Person>,
    ) -> Result<Vec<Vec<Watched<BudgetId>>>, StoreError> {
        let mut lists = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let person = wish.senior.and_then(|senior| people.get(&(senior, wish.sitting)));
            lists.push(match (places.get(&wish.sitting), person) {
                (Some(Place { sitting, canteen, book }), Some(Person { senior, .. })) => {
                    let around = [&canteen.place_code.0, &senior.registered_place.0, &senior.resident_place.0];
                    self.shelves.budgets.around(conn, changes, (sitting.service_date.0, book), &around)?
                }
                _ => Vec::new(),
            });
        }
        draw::with_left(conn, lists)
    }
}

/// By scope and key.
fn answers(conn: &mut AnyConnection, wishes: &[&Wish]) -> Result<HashMap<(String, String), IdempotencyRow>, StoreError> {
    let keys = distinct(wishes.iter().filter_map(|wish| wish.key.as_ref().map(RequestKey::scope_and_key)));
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<(&str, &str)> = keys.iter().map(|(scope, key)| (scope.as_str(), key.as_str())).collect();
    Ok(idempotency::find_all(conn, &keys)?.into_iter().map(|row| ((row.scope.clone(), row.key.clone()), row)).collect())
}

/// By senior and by the sitting that decides which limits count.
fn people(
    conn: &mut AnyConnection,
    wishes: &[&Wish],
    places: &HashMap<SittingId, Place>,
) -> Result<HashMap<(SeniorId, SittingId), Person>, StoreError> {
    let pairs = distinct(wishes.iter().filter_map(|wish| Some((wish.senior?, wish.sitting))));
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, sitting)| places.contains_key(sitting)).collect();
    let ids = distinct(pairs.iter().map(|(senior, _)| *senior));
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: HashMap<SittingId, Vec<String>> = places.iter().map(|(sitting, place)| (*sitting, limit_keys(place))).collect();
    let keys_of = |sitting: &SittingId| keys.get(sitting).map_or(&[][..], Vec::as_slice);
    let wanted: Vec<(SeniorId, &str)> =
        pairs.iter().flat_map(|(senior, sitting)| keys_of(sitting).iter().map(|key| (*senior, key.as_str()))).collect();
    let seniors: HashMap<SeniorId, SeniorRow> = seniors::find_all(conn, &ids)?.into_iter().map(|row| (row.id.0, row)).collect();
    let mut diets = by_senior(seniors::diets_of(conn, &ids)?, |row| row.senior_id);
    let mut facts = by_senior(seniors::facts_of(conn, &ids)?, |row| row.senior_id);
    let uses = if wanted.is_empty() { Vec::new() } else { orders::uses(conn, &wanted)? };
    let uses = by_senior(uses, |row| row.senior_id);
    let person = |(id, sitting): (SeniorId, SittingId)| {
        let counts = |row: &&AllowanceUseRow| keys_of(&sitting).contains(&row.limit_key);
        let person = Person {
            senior: seniors.get(&id)?.clone(),
            diet: diets.entry(id).or_default().clone(),
            facts: facts.entry(id).or_default().clone(),
            uses: uses.get(&id).into_iter().flatten().filter(counts).cloned().collect(),
        };
        Some(((id, sitting), person))
    };
    Ok(pairs.into_iter().filter_map(person).collect())
}

fn limit_keys(place: &Place) -> Vec<String> {
    let (date, meal) = (place.sitting.service_date.0, place.sitting.meal.0);
    place.book.keys_to_load(date, meal).iter().map(ToString::to_string).collect()
}

fn by_senior<T>(rows: Vec<T>, senior: impl Fn(&T) -> Col<SeniorId>) -> HashMap<SeniorId, Vec<T>> {
    let mut by: HashMap<SeniorId, Vec<T>> = HashMap::new();
    for row in rows {
        by.entry(senior(&row).0).or_default().push(row);
    }
    by
}

fn distinct<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}
