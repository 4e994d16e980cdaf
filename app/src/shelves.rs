//! What every order asks for and what rarely changes, kept in memory under the database's own counts of changes.
//!
//! Nothing here can be out of date: each unit of work reads the counts first (one small row), and what was kept under another
//! count is not looked at. A change made by another process counts at once.

use crate::budgets::draw::BudgetShelf;
use crate::kitchen::real::{Said, said};
use crate::subsidies::PolicyShelf;
use domain::diet::{Allergen, DishFacts, DishMark, Texture};
use domain::id::{DishId, SittingId};
use domain::subsidy::WorkdayCalendar;
use domain::text_enum::TextEnum;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, RwLock};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::catalogue::{self, DishRow};
use store::query::changes::Changes;

/// All of it.
#[derive(Debug)]
pub struct Shelves {
    /// Policies in force, parsed.
    pub policies: PolicyShelf,
    /// What dishes are made of.
    pub dishes: DishShelf,
    /// What they are really made of at a sitting.
    pub real: RealShelf,
    /// Which funders' budgets are watched.
    pub budgets: BudgetShelf,
}

impl Shelves {
    /// Empty, with a workday calendar.
    #[must_use]
    pub fn new(calendar: WorkdayCalendar) -> Self {
        Self {
            policies: PolicyShelf::new(calendar),
            dishes: DishShelf::default(),
            real: RealShelf::default(),
            budgets: BudgetShelf::default(),
        }
    }
}

/// A dish as the rules of ordering see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDish {
    /// Its name.
    pub name: String,
    /// What it contains and is.
    pub facts: DishFacts,
}

/// Dishes with their recipes, as of one count of changes.
#[derive(Debug, Default)]
pub struct DishShelf(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    as_of: i64,
    dishes: HashMap<DishId, Arc<KnownDish>>,
}

/// Dishes kept at most; a city's kitchens cook some thousands.
const DISHES_KEPT: usize = 20_000;

impl DishShelf {
    /// These dishes. `as_of` is the count of changes of recipes that the caller's transaction has read.
    pub fn dishes(
        &self,
        conn: &mut AnyConnection,
        as_of: i64,
        ids: &[DishId],
    ) -> Result<BTreeMap<DishId, Arc<KnownDish>>, StoreError> {
        let mut known = BTreeMap::new();
        if let Ok(kept) = self.0.read()
            && kept.as_of == as_of
        {
            known.extend(ids.iter().filter_map(|id| Some((*id, kept.dishes.get(id)?.clone()))));
        }
        let missing: Vec<DishId> = ids.iter().copied().filter(|id| !known.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(known);
        }
        let loaded = load(conn, &missing)?;
        if let Ok(mut kept) = self.0.write() {
            if kept.as_of != as_of || kept.dishes.len() + loaded.len() > DISHES_KEPT {
                *kept = Kept { as_of, dishes: HashMap::new() };
            }
            kept.dishes.extend(loaded.iter().cloned());
        }
        known.extend(loaded);
        Ok(known)
    }
}

fn load(conn: &mut AnyConnection, ids: &[DishId]) -> Result<Vec<(DishId, Arc<KnownDish>)>, StoreError> {
    let mut ingredients: BTreeMap<_, BTreeMap<String, BTreeSet<Allergen>>> = BTreeMap::new();
    for row in catalogue::recipes(conn, ids)? {
        ingredients.entry(row.dish_id.0).or_default().insert(row.name, words::<Allergen>(&row.allergens).collect());
    }
    let known = |dish: DishRow| {
        let facts = dish_facts(&dish, ingredients.remove(&dish.id.0).unwrap_or_default());
        (dish.id.0, Arc::new(KnownDish { name: dish.name, facts }))
    };
    Ok(catalogue::dishes(conn, ids)?.into_iter().map(known).collect())
}

/// A dish as the rules of diets see it, with what is in it.
pub(crate) fn dish_facts(dish: &DishRow, ingredients: BTreeMap<String, BTreeSet<Allergen>>) -> DishFacts {
    DishFacts { ingredients, marks: words::<DishMark>(&dish.marks).collect(), textures: words::<Texture>(&dish.textures).collect() }
}

/// What was said of the dishes of a sitting.
type Day = Arc<BTreeMap<DishId, Said>>;

/// What is really used at sittings, as of one count of changes.
#[derive(Debug, Default)]
pub struct RealShelf(RwLock<Days>);

#[derive(Debug, Default)]
struct Days {
    as_of: (i64, i64),
    days: HashMap<SittingId, Day>,
}

/// Sittings kept at most; a city's fortnight has 56,000, and orders are for a few of them at a time.
const DAYS_KEPT: usize = 10_000;

/// What dishes are really made of at some sittings.
#[derive(Debug, Clone, Default)]
pub(crate) struct RealDays(HashMap<SittingId, Day>);

impl RealDays {
    /// A dish as it is at a sitting.
    pub fn dish(&self, sitting: SittingId, id: DishId, dish: &Arc<KnownDish>) -> Arc<KnownDish> {
        match self.0.get(&sitting).and_then(|day| day.get(&id)) {
            None => dish.clone(),
            Some(said) => {
                let facts = DishFacts { ingredients: said.ingredients(&dish.facts.ingredients), ..dish.facts.clone() };
                Arc::new(KnownDish { name: dish.name.clone(), facts })
            }
        }
    }
}

impl RealShelf {
    /// These sittings. `as_of` are the counts of changes that the caller's transaction has read.
    pub(crate) fn days(&self, conn: &mut AnyConnection, as_of: Changes, ids: &[SittingId]) -> Result<RealDays, StoreError> {
        // Whose allergens an ingredient carries is part of a recipe's change.
        let as_of = (as_of.real_dishes, as_of.recipes);
        let mut known = HashMap::with_capacity(ids.len());
        if let Ok(kept) = self.0.read()
            && kept.as_of == as_of
        {
            known.extend(ids.iter().filter_map(|id| Some((*id, kept.days.get(id)?.clone()))));
        }
        let missing: Vec<SittingId> = ids.iter().copied().filter(|id| !known.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(RealDays(known));
        }
        let mut loaded: HashMap<SittingId, BTreeMap<DishId, Said>> = missing.iter().map(|id| (*id, BTreeMap::new())).collect();
        for ((sitting, dish), said) in said(conn, &missing)? {
            loaded.entry(sitting).or_default().insert(dish, said);
        }
        let loaded: Vec<(SittingId, Day)> = loaded.into_iter().map(|(id, day)| (id, Arc::new(day))).collect();
        if let Ok(mut kept) = self.0.write() {
            if kept.as_of != as_of || kept.days.len() + loaded.len() > DAYS_KEPT {
                *kept = Days { as_of, days: HashMap::new() };
            }
            kept.days.extend(loaded.iter().cloned());
        }
        known.extend(loaded);
        Ok(RealDays(known))
    }
}

/// The values of a column of words separated by commas.
pub(crate) fn words<E: TextEnum>(column: &str) -> impl Iterator<Item = E> + '_ {
    column.split(',').filter_map(E::parse)
}
