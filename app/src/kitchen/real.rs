//! What really goes into the dishes of a sitting: what was said, what lots brought, and the cook's word.

use super::judge;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::ingredients::access::{canteen_for, signer};
use crate::jobs::notify::Telling;
use crate::orders::view::record_about;
use crate::shelves::words;
use crate::{App, audit, lanes};
use domain::Instant;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::diet::Allergen;
use domain::event::Event;
use domain::id::{BatchId, DishId, Id, IngredientId, SittingId, UserId};
use domain::kitchen::real::{Asked, Difference, Fault, Part, Used, difference, may_confirm, used};
use domain::kitchen::{By, RealDish, RealPart};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue::{self, CanteenRow, SittingRow};
use store::query::real::{self, BroughtRow, IngredientRow, RealDishRow, RealIngredientRow};
use store::query::trace;
use store::{StoreError, Tx};

/// What was said of one dish of a sitting, and what lots brought besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Who confirmed it, when; `None` while the recipe holds.
    pub confirmed: Option<RealDishRow>,
    /// What is used; nothing while the recipe holds.
    pub used: Vec<(Used, Part)>,
    /// What lots brought, by the batch that they went into.
    pub brought: Vec<(BatchId, Part)>,
}

impl Said {
    /// What the dish is judged by: what is used, or the recipe, and what lots brought.
    pub fn ingredients(&self, recipe: &BTreeMap<String, BTreeSet<Allergen>>) -> BTreeMap<String, BTreeSet<Allergen>> {
        let entry = |part: &Part| (part.name.clone(), part.allergens.clone());
        let mut all = match self.confirmed {
            Some(_) => self.used.iter().map(|(_, part)| entry(part)).collect(),
            None => recipe.clone(),
        };
        all.extend(self.brought.iter().map(|(_, part)| entry(part)));
        all
    }

    /// As the displays have it.
    fn shown(&self, dish: DishId) -> RealDish {
        let part = |part: &Part| RealPart { ingredient: part.ingredient, name: part.name.clone(), amount_mg: part.amount_mg };
        let mut brought: BTreeMap<IngredientId, RealPart> = BTreeMap::new();
        for (_, one) in &self.brought {
            brought.entry(one.ingredient).or_insert_with(|| part(one));
        }
        let mut used: Vec<RealPart> = self.used.iter().map(|(_, one)| part(one)).collect();
        used.sort_by_key(|one| one.ingredient);
        RealDish {
            dish,
            version: self.confirmed.map_or(0, |row| row.version),
            confirmed_us: self.confirmed.map(|row| row.confirmed_at.0.micros()),
            used,
            brought: brought.into_values().collect(),
        }
    }
}

fn part(row: IngredientRow, amount_mg: i64) -> Part {
    Part { ingredient: row.id.0, allergens: words::<Allergen>(&row.allergens).collect(), name: row.name, amount_mg }
}

/// What was said of the dishes of some sittings; a dish of which nothing was said is not among them.
pub(crate) fn said(conn: &mut AnyConnection, of: &[SittingId]) -> Result<BTreeMap<(SittingId, DishId), Said>, StoreError> {
    let mut all: BTreeMap<(SittingId, DishId), Said> = BTreeMap::new();
    for row in real::dishes(conn, of)? {
        all.entry((row.sitting_id.0, row.dish_id.0)).or_default().confirmed = Some(row);
    }
    for (row, named) in real::used(conn, of)? {
        let (ingredient, amount_mg) = (row.ingredient_id.0, row.amount_mg);
        let one = Used { ingredient, amount_mg, instead_of: row.instead_of_id.map(|Col(id)| id) };
        all.entry((row.sitting_id.0, row.dish_id.0)).or_default().used.push((one, part(named, amount_mg)));
    }
    for (row, named) in real::brought(conn, of)? {
        all.entry((row.sitting_id.0, row.dish_id.0)).or_default().brought.push((row.batch_id.0, part(named, 0)));
    }
    Ok(all)
}

/// As a board has it: what was said of the dishes of a sitting.
pub(crate) fn shown(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<RealDish>, StoreError> {
    Ok(said(conn, &[of])?.into_iter().map(|((_, dish), said)| said.shown(dish)).collect())
}

/// The recipes of some dishes.
pub(crate) fn recipes(conn: &mut AnyConnection, of: &[DishId]) -> Result<BTreeMap<DishId, Vec<Part>>, StoreError> {
    let mut recipes: BTreeMap<DishId, Vec<Part>> = BTreeMap::new();
    for row in catalogue::recipes(conn, of)? {
        let named = IngredientRow { id: row.ingredient_id, name: row.name, allergens: row.allergens };
        recipes.entry(row.dish_id.0).or_default().push(part(named, row.amount_mg));
    }
    Ok(recipes)
}

/// What a portion of a dish is made of at a sitting: what was confirmed, or the recipe, the most of it first.
pub(crate) fn parts(conn: &mut AnyConnection, sitting: SittingId, dish: DishId) -> Result<Vec<Part>, StoreError> {
    let said = said(conn, &[sitting])?.remove(&(sitting, dish)).unwrap_or_default();
    if said.confirmed.is_some() {
        return Ok(said.used.into_iter().map(|(_, part)| part).collect());
    }
    Ok(recipes(conn, &[dish])?.remove(&dish).unwrap_or_default())
}

/// Who confirmed what is used of a dish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// How often it was confirmed.
    pub version: i64,
    /// When, the last time.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
    /// Their name.
    pub by_name: String,
}

/// What goes into one dish of a sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DishToday {
    /// Which dish.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Who confirmed it; `None` while the recipe holds.
    pub confirmed: Option<Confirmation>,
    /// What is used, the most of it first; the recipe's while nothing was confirmed.
    pub parts: Vec<(Part, Option<IngredientId>)>,
    /// The recipe.
    pub recipe: Vec<Part>,
    /// How the two differ.
    pub difference: Difference,
    /// What lots brought without being confirmed, by batch.
    pub brought: Vec<(BatchId, Part)>,
}

/// What goes into the dishes of a sitting's menu, in its order.
pub async fn look(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<Vec<DishToday>, Never> {
    app.store
        .read("real_ingredients", move |conn| {
            super::count::sitting_for(conn, &actor, sitting)?;
            Ok(today(conn, sitting)?)
        })
        .await
}

/// The same, for who was let in already.
pub(crate) fn today(conn: &mut AnyConnection, sitting: SittingId) -> Result<Vec<DishToday>, StoreError> {
    let menu = catalogue::menu(conn, sitting)?;
    let dishes: Vec<DishId> = menu.iter().map(|(_, dish)| dish.id.0).collect();
    let (mut recipes, mut said) = (recipes(conn, &dishes)?, said(conn, &[sitting])?);
    let people: Vec<UserId> = said.values().filter_map(|of| of.confirmed.map(|row| row.confirmed_by.0)).collect();
    let names = trace::names(conn, &people)?;
    let name_of = |id: UserId| names.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone()).unwrap_or_default();
    let of = |(_, dish): (catalogue::MenuItemRow, catalogue::DishRow)| {
        let recipe = recipes.remove(&dish.id.0).unwrap_or_default();
        let Said { confirmed, used, brought } = said.remove(&(sitting, dish.id.0)).unwrap_or_default();
        let (taken, parts): (Vec<Used>, Vec<(Part, Option<IngredientId>)>) = match confirmed {
            Some(_) => used.into_iter().map(|(one, part)| (one, (part, one.instead_of))).unzip(),
            None => (Vec::new(), recipe.iter().cloned().map(|part| (part, None)).collect()),
        };
        let confirmed = confirmed.map(|row| Confirmation {
            version: row.version,
            at: row.confirmed_at.0,
            by: row.confirmed_by.0,
            by_name: name_of(row.confirmed_by.0),
        });
        let difference = if confirmed.is_some() { difference(&recipe, &taken) } else { Difference::default() };
        DishToday { dish: dish.id.0, name: dish.name, confirmed, parts, recipe, difference, brought }
    };
    Ok(menu.into_iter().map(of).collect())
}

/// Why what is used cannot be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// What was said is wrong.
    Faults(Vec<Fault>),
    /// There are no such ingredients; their places in the list.
    Unknown(Vec<usize>),
    /// It is too early or too late to say.
    NotNow,
}

/// Confirms what really goes into a dish. `version` is how often it was confirmed when the caller looked, 0 for never. Saying again
/// what stands already changes nothing, also for a caller who never heard the answer.
pub async fn confirm(
    app: &App,
    actor: Arc<Actor>,
    sitting: SittingId,
    dish: DishId,
    version: i64,
    asked: Vec<Asked>,
) -> Outcome<DishToday, ConfirmRefusal> {
    let (lane, telling) = (lanes::of_sitting(app, sitting).await?, app.telling());
    app.store
        .write(lane, "confirm_ingredients", move |tx| {
            let (row, canteen) = catalogue::sitting_with_canteen(tx.look(), sitting)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            canteen_for(tx.look(), &actor, canteen.id.0, Action::KitchenRecords, Thing::Sitting)?;
            let by = signer(&actor)?;
            // Orders of the same batch are not in the tables yet, or were told what the dish was made of before this.
            tx.alone("confirm_ingredients")?;
            tx.lock_canteen(canteen.id.0)?;
            if !catalogue::menu_items(tx.look(), sitting)?.iter().any(|item| item.dish_id.0 == dish) {
                return Err(Failure::NotFound(Thing::Dish));
            }
            let now = tx.now();
            if !may_confirm(row.service_date.0, row.serve_to_at.0, now) {
                return Err(Failure::Refused(ConfirmRefusal::NotNow));
            }
            let recipe = recipes(tx.look(), &[dish])?.remove(&dish).unwrap_or_default();
            let wanted = used(&recipe, &asked).map_err(|faults| Failure::Refused(ConfirmRefusal::Faults(faults)))?;
            all_known(tx, &asked)?;
            let before = said(tx.look(), &[sitting])?.remove(&(sitting, dish)).unwrap_or_default();
            let stands = before.confirmed.map_or(0, |row| row.version);
            let mut same: Vec<Used> = before.used.iter().map(|(one, _)| *one).collect();
            same.sort_unstable();
            let is_same = before.confirmed.is_some() && same == wanted;
            if version != stands && !(is_same && version + 1 == stands) {
                return Err(Failure::Stale { version: stands });
            }
            if !is_same {
                let kept = RealDishRow {
                    sitting_id: Col(sitting),
                    dish_id: Col(dish),
                    version: stands + 1,
                    confirmed_at: Col(now),
                    confirmed_by: Col(by),
                };
                put(tx, &kept, &wanted)?;
                let unfit = Place { sitting: &row, canteen: &canteen }.follow(tx, telling, dish, by_of(&actor), now)?;
                record(tx, &actor, &canteen, &kept, &difference(&recipe, &wanted), unfit)?;
            }
            let all = today(tx.look(), sitting)?;
            all.into_iter().find(|of| of.dish == dish).ok_or(Failure::NotFound(Thing::Dish))
        })
        .await
}

fn by_of(actor: &Actor) -> By {
    By { device: actor.device.map(|(device, ..)| device), user: actor.user, command: None }
}

fn all_known(tx: &mut Tx<'_>, asked: &[Asked]) -> Outcome<(), ConfirmRefusal> {
    let ids: Vec<IngredientId> = asked.iter().map(|one| one.ingredient).collect();
    let known: BTreeSet<IngredientId> = real::ingredients(tx.look(), &ids)?.into_iter().map(|row| row.id.0).collect();
    let unknown: Vec<usize> = ids.iter().enumerate().filter(|(_, id)| !known.contains(id)).map(|(n, _)| n).collect();
    if unknown.is_empty() { Ok(()) } else { Err(Failure::Refused(ConfirmRefusal::Unknown(unknown))) }
}

fn put(tx: &mut Tx<'_>, kept: &RealDishRow, wanted: &[Used]) -> Result<(), StoreError> {
    let row = |one: &Used| RealIngredientRow {
        sitting_id: kept.sitting_id,
        dish_id: kept.dish_id,
        ingredient_id: Col(one.ingredient),
        amount_mg: one.amount_mg,
        instead_of_id: one.instead_of.map(Col),
    };
    real::put(tx.change(), kept, &wanted.iter().map(row).collect::<Vec<_>>())
}

/// What a person answers for, by the names of the ingredients.
fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    canteen: &CanteenRow,
    kept: &RealDishRow,
    differs: &Difference,
    unfit: usize,
) -> Result<(), StoreError> {
    let Difference { added, left_out, replaced } = differs;
    let ids: Vec<IngredientId> =
        added.iter().chain(left_out).copied().chain(replaced.iter().flat_map(|(old, new)| [*old, *new])).collect();
    let names: BTreeMap<IngredientId, String> =
        real::ingredients(tx.look(), &ids)?.into_iter().map(|row| (row.id.0, row.name)).collect();
    let name = |id: &IngredientId| names.get(id).cloned().unwrap_or_default();
    let named = |ids: &[IngredientId]| ids.iter().map(name).collect::<Vec<_>>();
    let swapped: Vec<_> = replaced.iter().map(|(old, new)| json!({ "of": name(old), "by": name(new) })).collect();
    let detail = json!({
        "dish": kept.dish_id.0, "version": kept.version, "added": named(added), "left_out": named(left_out), "replaced": swapped,
        "unfit": unfit,
    });
    let (action, subject) = (AuditAction::IngredientsConfirmed, kept.sitting_id.0);
    audit::record(tx, actor, action, subject, Some(&canteen.place_code.0), &detail);
    Ok(())
}

/// A sitting whose dishes change.
pub(crate) struct Place<'a> {
    /// The sitting.
    pub sitting: &'a SittingRow,
    /// Its canteen.
    pub canteen: &'a CanteenRow,
}

impl Place<'_> {
    /// Makes everything follow what a dish is really made of: what lots brought without being confirmed, the displays, and the lines
    /// of orders. Answers how many orders became unfit by it. The unit runs alone and holds the canteen's lock.
    fn follow(&self, tx: &mut Tx<'_>, telling: Telling, dish: DishId, by: By, now: Instant) -> Result<usize, StoreError> {
        let sitting = self.sitting.id.0;
        note_brought(tx, sitting, dish)?;
        let said = said(tx.look(), &[sitting])?.remove(&(sitting, dish)).unwrap_or_default();
        let event = Event::IngredientsSet { sitting, real: said.shown(dish), by };
        record_about(tx, self.canteen.id.0, Id::from_uuid(dish.uuid()), &event, now)?;
        judge::again(tx, telling, self, dish, &said, now)
    }
}

/// What a sitting's batches of a dish have in them that is not among what is used.
fn brought_now(tx: &mut Tx<'_>, sitting: SittingId, dish: DishId) -> Result<Vec<BroughtRow>, StoreError> {
    let used: BTreeSet<IngredientId> = parts(tx.look(), sitting, dish)?.into_iter().map(|part| part.ingredient).collect();
    let mut in_it: BTreeMap<(BatchId, IngredientId), i64> = BTreeMap::new();
    for row in real::issued(tx.look(), sitting, dish)? {
        *in_it.entry((row.batch_id.0, row.ingredient_id.0)).or_insert(0) += row.amount;
    }
    let row = |(batch, ingredient): (BatchId, IngredientId)| BroughtRow {
        batch_id: Col(batch),
        ingredient_id: Col(ingredient),
        sitting_id: Col(sitting),
        dish_id: Col(dish),
    };
    let foreign = in_it.into_iter().filter(|((_, ingredient), amount)| *amount > 0 && !used.contains(ingredient));
    Ok(foreign.map(|(key, _)| row(key)).collect())
}

/// What lots have brought since it was noted last, and what was noted and is no more.
fn brought_since(tx: &mut Tx<'_>, sitting: SittingId, dish: DishId) -> Result<(Vec<BroughtRow>, Vec<BroughtRow>), StoreError> {
    let now = brought_now(tx, sitting, dish)?;
    let noted: Vec<BroughtRow> =
        real::brought(tx.look(), &[sitting])?.into_iter().map(|(row, _)| row).filter(|row| row.dish_id.0 == dish).collect();
    let not_in = |all: &[BroughtRow], of: &[BroughtRow]| all.iter().filter(|row| !of.contains(row)).copied().collect();
    Ok((not_in(&now, &noted), not_in(&noted, &now)))
}

fn note_brought(tx: &mut Tx<'_>, sitting: SittingId, dish: DishId) -> Result<(), StoreError> {
    let (fresh, gone) = brought_since(tx, sitting, dish)?;
    for row in &fresh {
        real::add_brought(tx.change(), row)?;
    }
    for row in &gone {
        real::remove_brought(tx.change(), row)?;
    }
    Ok(())
}

/// After lots went into a batch or out of it again: a lot that brings what nobody confirmed is treated as used, and told. The canteen's
/// lock is held.
pub(crate) fn lots_changed(
    tx: &mut Tx<'_>,
    telling: Telling,
    sitting: SittingId,
    dish: DishId,
    by: UserId,
) -> Result<(), StoreError> {
    let (fresh, gone) = brought_since(tx, sitting, dish)?;
    if fresh.is_empty() && gone.is_empty() {
        return Ok(());
    }
    tx.alone("lots_changed")?;
    let (row, canteen) = catalogue::sitting_with_canteen(tx.look(), sitting)?.ok_or(StoreError::NotFound)?;
    let (by, at) = (By { user: Some(by), ..By::default() }, tx.now());
    Place { sitting: &row, canteen: &canteen }.follow(tx, telling, dish, by, at).map(drop)
}
