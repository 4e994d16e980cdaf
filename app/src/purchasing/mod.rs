//! What to buy for the meals to come, and what to take from the store for each batch.
//!
//! Needs come from the demand set and from what is really used: the recipe, or what was confirmed for the sitting; a kitchen that
//! supplies other canteens buys for their meals too. What went into a batch already is not needed a second time.

use crate::batches::issue::{Need, needs_of};
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::{canteen_for, signer};
use crate::ingredients::propose::facts;
use crate::kitchen::count::sitting_for;
use crate::kitchen::real::{Said, recipes, said};
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::batch::BatchState;
use domain::diet::PortionSize;
use domain::id::{BatchId, CanteenId, DishId, IngredientId, LotId, SittingId};
use domain::kitchen::real::Part;
use domain::lot::LotFacts;
use domain::purchase::{ALL_EDIBLE, ceil_ratio, cover, gross_mg, purchase};
use domain::{MealPeriod, ServiceDate};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::purchasing::{self as rows, UnitRow};
use store::query::{batches, catalogue, ingredients, real, yields};
use store::{LaneKey, StoreError};

/// Days of one list at most: what is bought for longer is bought by other means.
pub const DAYS_MAX: i32 = 14;
/// Sittings of one list at most: three meals a day at a kitchen and the canteens that it supplies.
const SITTINGS_MAX: i64 = 500;
/// Lots looked at for one list at most.
const LOTS_MAX: i64 = 5_000;
/// Ingredients with a unit of their own at most.
const UNITS_MAX: i64 = 2_000;

/// Why a list cannot be made, or a unit not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseRefusal {
    /// The days are the wrong way round, or more than [`DAYS_MAX`].
    Dates,
    /// There are more meals in the span than one list takes.
    TooMany,
}

/// Which meals are bought for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: ServiceDate,
    /// Last day.
    pub to: ServiceDate,
    /// Only this meal.
    pub meal: Option<MealPeriod>,
}

/// One ingredient on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseLine {
    /// Which.
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// In which dishes.
    pub dishes: Vec<String>,
    /// Of the edible part, for what was ordered, in milligrams.
    pub net_mg: i64,
    /// How much of what is bought is eaten, in thousandths.
    pub edible_per_mille: i64,
    /// With what is peeled off, in milligrams.
    pub gross_mg: i64,
    /// Issued to batches of these meals already, in milligrams.
    pub issued_mg: i64,
    /// What the stock covers of the rest, by what may still be used on each day, in milligrams.
    pub stock_mg: i64,
    /// What is lacking, in milligrams.
    pub short_mg: i64,
    /// What it comes in, and how much that holds.
    pub unit: Option<(String, i64)>,
    /// How many of those to buy.
    pub units: Option<i64>,
    /// How much that is, in milligrams.
    pub buy_mg: i64,
    /// Used without a lot by declaration: there is no stock on record.
    pub untraced: bool,
}

/// What is needed, by ingredient and day.
#[derive(Default)]
struct Wanted {
    name: String,
    dishes: BTreeSet<String>,
    /// Thousandths of milligrams by day, so that rounding is done once.
    days: BTreeMap<ServiceDate, i128>,
    issued: i64,
}

/// What to buy for the meals of some days, by name of the ingredient.
pub async fn list(app: &App, actor: Arc<Actor>, canteen: CanteenId, span: Span) -> Outcome<Vec<PurchaseLine>, PurchaseRefusal> {
    if span.to < span.from || span.from.plus_days(DAYS_MAX - 1) < span.to {
        return Err(Failure::Refused(PurchaseRefusal::Dates));
    }
    app.store
        .read("purchasing", move |conn| {
            canteen_for(conn, &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?;
            let meals = rows::cooked_for(conn, canteen, (span.from, span.to), SITTINGS_MAX + 1)?;
            if i64::try_from(meals.len()).map_or(true, |n| n > SITTINGS_MAX) {
                return Err(Failure::Refused(PurchaseRefusal::TooMany));
            }
            let days: BTreeMap<SittingId, ServiceDate> = meals
                .iter()
                .filter(|row| span.meal.is_none_or(|meal| row.meal.0 == meal))
                .map(|row| (row.sitting_id.0, row.service_date.0))
                .collect();
            let wanted = wanted(conn, &days)?;
            Ok(lines(conn, canteen, wanted)?)
        })
        .await
}

fn wanted(conn: &mut AnyConnection, days: &BTreeMap<SittingId, ServiceDate>) -> Result<BTreeMap<IngredientId, Wanted>, StoreError> {
    let sittings: Vec<SittingId> = days.keys().copied().collect();
    let mut portions: BTreeMap<(SittingId, DishId), BTreeMap<PortionSize, i64>> = BTreeMap::new();
    for row in rows::portions(conn, &sittings)? {
        *portions.entry((row.sitting_id.0, row.dish_id.0)).or_default().entry(row.size.0).or_insert(0) += row.quantity;
    }
    let dishes: Vec<DishId> = portions.keys().map(|(_, dish)| *dish).collect::<BTreeSet<_>>().into_iter().collect();
    let names: BTreeMap<DishId, String> =
        catalogue::dishes(conn, &dishes)?.into_iter().map(|dish| (dish.id.0, dish.name)).collect();
    let (recipes, said) = (recipes(conn, &dishes)?, said(conn, &sittings)?);
    let mut wanted: BTreeMap<IngredientId, Wanted> = BTreeMap::new();
    for ((sitting, dish), sizes) in &portions {
        let Some(on) = days.get(sitting) else { continue };
        let regular: i128 = sizes.iter().map(|(size, n)| i128::from(*n) * i128::from(size.per_mille())).sum();
        for part in parts_of(said.get(&(*sitting, *dish)), recipes.get(dish)) {
            let of = wanted.entry(part.ingredient).or_default();
            of.name.clone_from(&part.name);
            of.dishes.extend(names.get(dish).cloned());
            *of.days.entry(*on).or_insert(0) += i128::from(part.amount_mg) * regular;
        }
    }
    for row in rows::went_in(conn, &sittings)? {
        if let Some(of) = wanted.get_mut(&row.ingredient_id.0) {
            of.issued = of.issued.saturating_add(row.amount);
        }
    }
    Ok(wanted)
}

fn parts_of<'a>(said: Option<&'a Said>, recipe: Option<&'a Vec<Part>>) -> Vec<&'a Part> {
    match said.filter(|said| said.confirmed.is_some()) {
        Some(said) => said.used.iter().map(|(_, part)| part).collect(),
        None => recipe.map(|parts| parts.iter().collect()).unwrap_or_default(),
    }
}

fn lines(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    wanted: BTreeMap<IngredientId, Wanted>,
) -> Result<Vec<PurchaseLine>, StoreError> {
    let ids: Vec<IngredientId> = wanted.keys().copied().collect();
    let mut stock: BTreeMap<IngredientId, Vec<LotFacts>> = BTreeMap::new();
    for lot in rows::in_stock(conn, canteen, &ids, LOTS_MAX)? {
        stock.entry(lot.ingredient_id.0).or_default().push(facts(&lot));
    }
    let untraced: BTreeSet<IngredientId> = ingredients::untraced_of(conn, &ids)?.into_iter().collect();
    let units: BTreeMap<IngredientId, UnitRow> =
        rows::units(conn, canteen, UNITS_MAX)?.into_iter().map(|(row, _)| (row.ingredient_id.0, row)).collect();
    let line = |(id, of): (IngredientId, Wanted)| {
        let lots = stock.get(&id).map_or(&[][..], Vec::as_slice);
        line(id, of, lots, units.get(&id), untraced.contains(&id))
    };
    let mut all: Vec<PurchaseLine> = wanted.into_iter().map(line).collect();
    all.sort_by(|a, b| (a.name.as_str(), a.ingredient).cmp(&(b.name.as_str(), b.ingredient)));
    Ok(all)
}

fn line(id: IngredientId, of: Wanted, lots: &[LotFacts], unit: Option<&UnitRow>, untraced: bool) -> PurchaseLine {
    let edible = unit.map_or(ALL_EDIBLE, |unit| unit.edible_per_mille);
    let (mut net_mg, mut all_mg, mut needs) = (0_i64, 0_i64, Vec::with_capacity(of.days.len()));
    for (on, thousandths) in of.days {
        let net = ceil_ratio(i64::try_from(thousandths).unwrap_or(i64::MAX), 1, 1000);
        let gross = gross_mg(net, edible);
        (net_mg, all_mg) = (net_mg.saturating_add(net), all_mg.saturating_add(gross));
        needs.push((on, gross));
    }
    // What went in is taken off the days that come first: their batches are the ones that are cooked.
    let mut issued = of.issued.max(0);
    for (_, needed) in &mut needs {
        let taken = issued.min(*needed);
        *needed -= taken;
        issued -= taken;
    }
    let covered = cover(&needs, lots);
    let unit = unit.and_then(|unit| unit.unit_mg.map(|mg| (unit.unit_name.clone(), mg)));
    let bought = purchase(covered.short_mg, unit.as_ref().map(|(_, mg)| *mg));
    PurchaseLine {
        ingredient: id,
        name: of.name,
        dishes: of.dishes.into_iter().collect(),
        net_mg,
        edible_per_mille: edible,
        gross_mg: all_mg,
        issued_mg: of.issued.max(0),
        stock_mg: covered.used_mg,
        short_mg: covered.short_mg,
        unit,
        units: bought.units,
        buy_mg: bought.amount_mg,
        untraced,
    }
}

/// What to take from the store for one ingredient of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueLine {
    /// For which batch.
    pub batch: BatchId,
    /// Of which dish.
    pub dish_name: String,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// What is needed, and which lots to take.
    pub need: Need,
    /// The proposed lots by what is written on them: supplier's batch, last day and amount in milligrams.
    pub lots: Vec<ProposedLot>,
}

/// A lot to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedLot {
    /// Which.
    pub lot: LotId,
    /// The supplier's batch number.
    pub supplier_batch: String,
    /// The last day on which it may be used.
    pub expires_on: Option<ServiceDate>,
    /// Where it is kept.
    pub storage_place: String,
    /// How much of it, in milligrams.
    pub amount_mg: i64,
}

/// What to take from the store for the batches of a sitting that still take ingredients, first expired first. Each batch is proposed what
/// the batches before it leave.
pub async fn issue_list(app: &App, actor: Arc<Actor>, id: SittingId) -> Outcome<Vec<IssueLine>, PurchaseRefusal> {
    let today = app.clock.now().civil_date();
    app.store
        .read("issue_list", move |conn| {
            let (_, canteen) = sitting_for(conn, &actor, id)?;
            canteen_for(conn, &actor, canteen.id.0, Action::KitchenRecords, Thing::Sitting)?;
            let mut promised: BTreeMap<LotId, i64> = BTreeMap::new();
            let mut all = Vec::new();
            for batch in yields::batches(conn, id)? {
                if !matches!(batch.state.0, BatchState::Planned | BatchState::Cooking | BatchState::Cooked) {
                    continue;
                }
                let dish_name = batches::dish(conn, batch.dish_id.0)?.map(|(name, _)| name).unwrap_or_default();
                for need in needs_of(conn, &batch, today, &promised)? {
                    for (lot, amount) in &need.proposal.take {
                        *promised.entry(*lot).or_insert(0) += amount;
                    }
                    let lots = proposed(conn, &need)?;
                    let (batch_id, dish_name) = (batch.id.0, dish_name.clone());
                    all.push(IssueLine { batch: batch_id, dish_name, batch_no: batch.batch_no, need, lots });
                }
            }
            Ok(all)
        })
        .await
}

fn proposed(conn: &mut AnyConnection, need: &Need) -> Result<Vec<ProposedLot>, StoreError> {
    let ids: Vec<LotId> = need.proposal.take.iter().map(|(lot, _)| *lot).collect();
    let known: BTreeMap<LotId, ingredients::LotRow> = batches::lots(conn, &ids)?.into_iter().map(|row| (row.id.0, row)).collect();
    let lot = |(lot, amount_mg): &(LotId, i64)| {
        let row = known.get(lot)?;
        Some(ProposedLot {
            lot: *lot,
            supplier_batch: row.supplier_batch.clone(),
            expires_on: row.expires_on.map(|Col(day)| day),
            storage_place: row.storage_place.clone(),
            amount_mg: *amount_mg,
        })
    };
    Ok(need.proposal.take.iter().filter_map(lot).collect())
}

/// What an ingredient is bought in, as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitDraft {
    /// How much of what is bought is eaten, in thousandths: 1 to 1000.
    pub edible_per_mille: i64,
    /// What it comes in (箱, 袋), and how much that holds in milligrams; `None` by weight.
    pub unit: Option<(String, i64)>,
}

/// What a canteen buys its ingredients in, by name.
pub async fn units(app: &App, actor: Arc<Actor>, canteen: CanteenId) -> Outcome<Vec<(UnitRow, String)>, PurchaseRefusal> {
    app.store
        .read("purchase_units", move |conn| {
            canteen_for(conn, &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?;
            Ok(rows::units(conn, canteen, UNITS_MAX)?)
        })
        .await
}

/// Says what a canteen buys an ingredient in. `version` is what was read, 0 for none; saying again what stands changes nothing.
pub async fn put_unit(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    ingredient: IngredientId,
    version: i64,
    draft: UnitDraft,
) -> Outcome<(UnitRow, String), PurchaseRefusal> {
    app.store
        .write(LaneKey::of(canteen), "put_purchase_unit", move |tx| {
            let place = canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?.place_code.0;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen)?;
            let named = real::ingredients(tx.look(), &[ingredient])?.pop().ok_or(Failure::NotFound(Thing::Ingredient))?;
            let before = rows::unit(tx.look(), canteen, ingredient)?;
            let stands = before.as_ref().map_or(0, |row| row.version);
            let (unit_name, unit_mg) = draft.unit.clone().map_or_else(Default::default, |(name, mg)| (name, Some(mg)));
            let same = before.as_ref().is_some_and(|row| {
                (row.edible_per_mille, &row.unit_name, row.unit_mg) == (draft.edible_per_mille, &unit_name, unit_mg)
            });
            if version != stands && !(same && version + 1 == stands) {
                return Err(Failure::Stale { version: stands });
            }
            if let Some(row) = before.filter(|_| same) {
                return Ok((row, named.name));
            }
            let row = UnitRow {
                canteen_id: Col(canteen),
                ingredient_id: Col(ingredient),
                version: stands + 1,
                edible_per_mille: draft.edible_per_mille,
                unit_name,
                unit_mg,
                changed_at: Col(tx.now()),
                changed_by: Col(by),
            };
            rows::put_unit(tx.change(), &row)?;
            let detail = json!({ "changed": "purchase_unit", "ingredient": ingredient, "unit": row.unit_name, "unit_mg": unit_mg,
                "edible_per_mille": row.edible_per_mille });
            audit::record(tx, &actor, AuditAction::CatalogueChanged, canteen, Some(&place), &detail);
            Ok((row, named.name))
        })
        .await
}

/// The lists as files.
pub mod file;
