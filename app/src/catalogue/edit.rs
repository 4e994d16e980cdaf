//! Changing the catalogue by hand: canteens, dishes with their recipes, menus, a canteen's day.
//!
//! What is typed is judged by the same rules as a file's rows, and applied in one unit of work. Prices that change apply to later
//! orders: an order keeps what it was placed at.

use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::imports::{Importable, Judge, Memo, Reach, Verdict, fresh_id};
use crate::jobs::notify;
use crate::kitchen::command::stop;
use crate::orders::view::record_about;
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::canteen::{CanteenState, DishHome, SittingState};
use domain::fault::{Fault, Faults};
use domain::id::{CanteenId, DishId, SittingId};
use domain::kitchen::By;
use domain::{Fen, MealPeriod, ServiceDate};
use serde_json::{Value, json};
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::bulk::{self, Fresh};
use store::query::catalogue::{self, CanteenRow};
use store::query::{listing, standing};
use store::{LaneKey, StoreError, Tx};
use tabular::{Format, Language, ReadOptions, Row, csv_header, csv_lines, headings};

/// A row as it was typed: a cell for each column of the table.
pub type Cells = Vec<String>;

/// Why a change of the catalogue is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditRefusal {
    /// What was typed has faults.
    Faults(Faults),
    /// Something of that code is there, or is being imported.
    Taken,
}

/// The typed rows, or every fault in them: `/column` of a single row, `/items/0/column` of several.
fn rows_of<T: Row>(cells: &[Cells], single: bool) -> Outcome<Vec<(u32, T)>, EditRefusal> {
    let columns = headings(T::SCHEMA);
    let broken = |e: tabular::WriteError| Failure::from(StoreError::Database(format!("typed rows: {e}")));
    let text = csv_header(&columns, Language::English).map_err(broken)? + &csv_lines(&columns, cells.to_vec()).map_err(broken)?;
    let (mut rows, mut faults) = (Vec::new(), Faults::default());
    let read = tabular::read::<T>(Cursor::new(text.into_bytes()), &ReadOptions::of(Format::Csv), &mut |outcome| {
        match outcome.result {
            Ok(row) => rows.push((outcome.row, row)),
            Err(found) => faults.0.extend(found.0),
        }
        ControlFlow::Continue(())
    });
    if let Err(found) = read {
        faults.0.extend(found.0);
    }
    if faults.is_empty() { Ok(rows) } else { Err(Failure::Refused(EditRefusal::Faults(placed(faults, single)))) }
}

/// A file's place as a place in the body.
fn placed(faults: Faults, single: bool) -> Faults {
    let of = |fault: Fault| {
        let (row, column) = fault.place.split_once(", column ").unwrap_or((fault.place.as_str(), ""));
        let number = row.strip_prefix("row ").unwrap_or_default();
        let index = number.parse::<usize>().unwrap_or(2).saturating_sub(2);
        let place = if single { format!("/{column}") } else { format!("/items/{index}/{column}") };
        let without = |text: &str, head: &str| text.strip_prefix(head).unwrap_or(text).trim_start().to_owned();
        Fault {
            message_zh: without(&fault.message_zh, &format!("第 {number} 行")),
            message_en: without(&fault.message_en, &format!("row {number}, ")),
            code: fault.code,
            place,
        }
    };
    Faults(faults.0.into_iter().map(of).collect())
}

/// Judges typed rows as an import would, within what the actor may edit.
fn judged<T: Importable>(tx: &mut Tx<'_>, actor: &Actor, cells: &[Cells], single: bool) -> Outcome<Verdict, EditRefusal> {
    judged_at_home::<T>(tx, actor, cells, single, None)
}

/// The same for dishes whose home was said.
fn judged_at_home<T: Importable>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    cells: &[Cells],
    single: bool,
    dish_home: Option<&DishHome>,
) -> Outcome<Verdict, EditRefusal> {
    let rows = rows_of::<T>(cells, single)?;
    let reach = reach_of(actor);
    let (sealer, now) = (tx.sealer(), tx.now());
    let mut judge = Judge { conn: tx.look(), sealer, reach: &reach, dish_home, import: fresh_id(), now };
    let verdict = T::judge(&mut judge, &rows, &mut Memo::new())?;
    if verdict.faults.is_empty() {
        return Ok(verdict);
    }
    Err(Failure::Refused(EditRefusal::Faults(placed(verdict.faults, single))))
}

fn reach_of(actor: &Actor) -> Reach {
    let scope = actor.scope(Action::EditCatalogue);
    Reach::Within { places: scope.places().to_vec(), canteens: scope.canteens().to_vec() }
}

/// The home that was said is there.
fn known_home(tx: &mut Tx<'_>, home: Option<&DishHome>) -> Outcome<(), EditRefusal> {
    let there = match home {
        None | Some(DishHome::Everyone) => true,
        Some(DishHome::Place(place)) => !bulk::places(tx.look(), std::slice::from_ref(place))?.is_empty(),
        Some(DishHome::Canteen(id)) => catalogue::canteen(tx.look(), *id)?.is_some(),
    };
    if there {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.push("/home", "unknown", "系统中没有这个地点或助餐点", "there is no such place or canteen");
    Err(Failure::Refused(EditRefusal::Faults(faults)))
}

fn applied(tx: &mut Tx<'_>, verdict: &Verdict) -> Outcome<bool, EditRefusal> {
    bulk::add(tx.change(), None, &verdict.fresh)?;
    let now = tx.now();
    if !bulk::alter_all(tx.change(), &verdict.altered, now)? {
        // It was read in this unit of work: only a portion sold meanwhile can stand against it.
        return Err(StoreError::Contention("a row of the catalogue that is being sold").into());
    }
    Ok(!verdict.fresh.is_empty() || !verdict.altered.is_empty())
}

fn edits(actor: &Actor, canteen: &CanteenRow) -> bool {
    actor.may(Action::EditCatalogue, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) })
}

fn record(tx: &mut Tx<'_>, actor: &Actor, subject: impl std::fmt::Display, canteen: Option<&CanteenRow>, detail: &Value) {
    audit::record(tx, actor, AuditAction::CatalogueChanged, subject, canteen.map(|c| &c.place_code.0), detail);
}

/// Makes a canteen.
pub async fn make_canteen(app: &App, actor: Arc<Actor>, key: RequestKey, cells: Cells) -> Outcome<CanteenId, EditRefusal> {
    if !actor.may_somewhere(Action::EditCatalogue) {
        return Err(Failure::Forbidden);
    }
    app.store
        .write(LaneKey::SHARED, "make_canteen", move |tx| {
            if let Some(earlier) = key.earlier_answer(tx)? {
                return Ok(earlier);
            }
            let verdict = judged::<tabular::CanteenRow>(tx, &actor, std::slice::from_ref(&cells), true)?;
            let Some(Fresh::Canteen(row, _)) = verdict.fresh.first().cloned() else {
                return Err(Failure::Refused(EditRefusal::Taken));
            };
            applied(tx, &verdict)?;
            record(tx, &actor, row.id.0, Some(&row), &json!({ "made": "canteen", "code": row.code }));
            key.keep_answer(tx, &row.id.0, tx.now())?;
            Ok(row.id.0)
        })
        .await
}

/// Changes a canteen that was read at a version; its code stays.
pub async fn change_canteen(
    app: &App,
    actor: Arc<Actor>,
    id: CanteenId,
    version: i64,
    mut cells: Cells,
    state: CanteenState,
) -> Outcome<(), EditRefusal> {
    app.store
        .write(LaneKey::of(id), "change_canteen", move |tx| {
            tx.lock_canteen(id).map_err(|error| absent(error, Thing::Canteen(id)))?;
            let old = catalogue::canteen(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Canteen(id)))?;
            if !edits(&actor, &old) {
                return Err(Failure::Forbidden);
            }
            if old.version != version {
                return Err(Failure::Stale { version: old.version });
            }
            if let Some(code) = cells.first_mut() {
                code.clone_from(&old.code);
            }
            let verdict = judged::<tabular::CanteenRow>(tx, &actor, std::slice::from_ref(&cells), true)?;
            let mut changed = applied(tx, &verdict)?;
            if old.state != Word(state) {
                catalogue::set_canteen_state(tx.change(), id, state)?;
                changed = true;
            }
            if changed {
                record(tx, &actor, id, Some(&old), &json!({ "changed": "canteen", "code": old.code, "state": state }));
            }
            Ok(())
        })
        .await
}

fn absent(error: StoreError, thing: Thing) -> Failure<EditRefusal> {
    if matches!(error, StoreError::NotFound) { Failure::NotFound(thing) } else { error.into() }
}

/// Makes a dish with its recipe.
pub async fn make_dish(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    cells: Cells,
    recipe: Vec<Cells>,
    home: Option<DishHome>,
) -> Outcome<DishId, EditRefusal> {
    if !actor.may_somewhere(Action::EditCatalogue) {
        return Err(Failure::Forbidden);
    }
    app.store
        .write(LaneKey::SHARED, "make_dish", move |tx| {
            if let Some(earlier) = key.earlier_answer(tx)? {
                return Ok(earlier);
            }
            known_home(tx, home.as_ref())?;
            let verdict = judged_at_home::<tabular::DishRow>(tx, &actor, std::slice::from_ref(&cells), true, home.as_ref())?;
            let Some(Fresh::Dish(row)) = verdict.fresh.first().cloned() else {
                return Err(Failure::Refused(EditRefusal::Taken));
            };
            applied(tx, &verdict)?;
            put_recipe(tx, &actor, &recipe)?;
            record(tx, &actor, row.id.0, None, &json!({ "made": "dish", "code": row.code, "price_fen": row.price_fen.0 }));
            key.keep_answer(tx, &row.id.0, tx.now())?;
            Ok(row.id.0)
        })
        .await
}

/// A recipe's rows are all of the dish's; none leave it as it is.
fn put_recipe(tx: &mut Tx<'_>, actor: &Actor, recipe: &[Cells]) -> Outcome<bool, EditRefusal> {
    if recipe.is_empty() {
        return Ok(false);
    }
    let verdict = judged::<tabular::RecipeRow>(tx, actor, recipe, false)?;
    applied(tx, &verdict)
}

/// Changes a dish that was read at a version; its code stays, and so do orders that were placed.
pub async fn change_dish(
    app: &App,
    actor: Arc<Actor>,
    id: DishId,
    version: i64,
    mut cells: Cells,
    mut recipe: Vec<Cells>,
    home: Option<DishHome>,
) -> Outcome<(), EditRefusal> {
    if !actor.may_somewhere(Action::EditCatalogue) {
        return Err(Failure::Forbidden);
    }
    app.store
        .write(LaneKey::SHARED, "change_dish", move |tx| {
            let old = listing::dish(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Dish))?;
            // Everybody may read every dish, so there is nothing to hide.
            if !reach_of(&actor).covers_home(tx.look(), &old.home())? {
                return Err(Failure::Forbidden);
            }
            known_home(tx, home.as_ref())?;
            if old.version != version {
                return Err(Failure::Stale { version: old.version });
            }
            for row in std::iter::once(&mut cells).chain(&mut recipe) {
                if let Some(code) = row.first_mut() {
                    code.clone_from(&old.code);
                }
            }
            let verdict = judged_at_home::<tabular::DishRow>(tx, &actor, std::slice::from_ref(&cells), true, home.as_ref())?;
            let row_changed = applied(tx, &verdict)?;
            let recipe_changed = put_recipe(tx, &actor, &recipe)?;
            if recipe_changed && !row_changed {
                catalogue::count_dish_change(tx.change(), id)?;
            }
            if row_changed || recipe_changed {
                let detail =
                    json!({ "changed": "dish", "code": old.code, "recipe": recipe_changed, "price_before_fen": old.price_fen.0 });
                record(tx, &actor, id, None, &detail);
            }
            Ok(())
        })
        .await
}

/// Which meal a menu is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Where.
    pub canteen: CanteenId,
    /// When.
    pub date: ServiceDate,
    /// Which.
    pub meal: MealPeriod,
}

/// A dish as it was typed into a menu: its code, price in yuan and portions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuLine {
    /// The dish's code.
    pub dish: String,
    /// In yuan, as a file has it.
    pub price: String,
    /// How many there are in all; never fewer than are sold.
    pub portions: String,
    /// What a small and a large portion cost, where that is to be said: absent leaves it as it is, null is the price of a regular one.
    pub sizes: SizePrices,
}

/// Prices of other sizes as they are to be; the outer absence leaves one as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SizePrices {
    /// Of a small portion.
    pub small: Option<Option<Fen>>,
    /// Of a large one.
    pub large: Option<Option<Fen>>,
}

/// Puts dishes on a meal's menu, or changes their price and portions; a sitting is made for a meal that has none. `version` is the
/// sitting's as it was read; `None` is for a meal that has no menu yet.
pub async fn put_menu(
    app: &App,
    actor: Arc<Actor>,
    day: Day,
    version: Option<i64>,
    cut_off: String,
    lines: Vec<MenuLine>,
) -> Outcome<SittingId, EditRefusal> {
    app.store
        .write(LaneKey::of(day.canteen), "put_menu", move |tx| {
            let not_found = || Failure::NotFound(Thing::Canteen(day.canteen));
            tx.lock_canteen(day.canteen).map_err(|error| absent(error, Thing::Canteen(day.canteen)))?;
            let canteen = catalogue::canteen(tx.look(), day.canteen)?.ok_or_else(not_found)?;
            if !edits(&actor, &canteen) {
                return Err(Failure::Forbidden);
            }
            let before = standing::sitting_of(tx.look(), day.canteen, day.date, day.meal)?;
            check_version(tx, before, version)?;
            let words = [canteen.code.clone(), day.date.to_string(), day.meal.to_string()];
            let cells = |line: &MenuLine| {
                let [code, date, meal] = words.clone();
                vec![code, date, meal, line.dish.clone(), line.price.clone(), line.portions.clone(), cut_off.clone()]
            };
            let cells: Vec<Cells> = lines.iter().map(cells).collect();
            let verdict = judged::<tabular::MenuRow>(tx, &actor, &cells, false)?;
            let made = verdict.fresh.iter().find_map(|row| if let Fresh::Sitting(s) = row { Some(s.id.0) } else { None });
            // A sitting that is there and cannot be seen is of an import that is under way.
            let sitting = made.or(before).ok_or(Failure::Refused(EditRefusal::Taken))?;
            let changed = applied(tx, &verdict)?;
            if put_sizes(tx, sitting, &lines)? || changed {
                let detail = json!({ "changed": "menu", "date": day.date, "meal": day.meal, "dishes": lines.len() });
                record(tx, &actor, sitting, Some(&canteen), &detail);
            }
            Ok(sitting)
        })
        .await
}

/// Sets the prices of sizes that a menu's lines name; whether any was another.
fn put_sizes(tx: &mut Tx<'_>, sitting: SittingId, lines: &[MenuLine]) -> Result<bool, store::StoreError> {
    if lines.iter().all(|line| line.sizes == SizePrices::default()) {
        return Ok(false);
    }
    let mut changed = false;
    for (item, dish) in catalogue::menu(tx.look(), sitting)? {
        let Some(line) = lines.iter().find(|line| line.dish == dish.code) else { continue };
        let before = (item.small_price_fen.map(|Col(fen)| fen), item.large_price_fen.map(|Col(fen)| fen));
        let after = (line.sizes.small.unwrap_or(before.0), line.sizes.large.unwrap_or(before.1));
        if before != after {
            catalogue::set_size_prices(tx.change(), sitting, dish.id.0, after)?;
            changed = true;
        }
    }
    Ok(changed)
}

fn check_version(tx: &mut Tx<'_>, sitting: Option<SittingId>, version: Option<i64>) -> Outcome<(), EditRefusal> {
    let now = match sitting {
        None => None,
        Some(id) => listing::sitting(tx.look(), id)?.map(|s| s.version),
    };
    match (now, version) {
        (Some(now), Some(read)) if now != read => Err(Failure::Stale { version: now }),
        (Some(_), None) => Err(Failure::Refused(EditRefusal::Taken)),
        (None, Some(_)) => Err(Failure::NotFound(Thing::Sitting)),
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}

/// A change of a canteen's day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayChange {
    /// Calls the meal off, or takes orders again. Orders that were placed stay until somebody cancels them.
    pub state: Option<SittingState>,
    /// Dishes that run out or come back.
    pub stopped: Vec<(DishId, bool)>,
}

/// Changes a sitting that was read at a version.
pub async fn change_day(app: &App, actor: Arc<Actor>, id: SittingId, version: i64, change: DayChange) -> Outcome<(), EditRefusal> {
    let (lane, telling) = (crate::lanes::of_sitting(app, id).await?, app.telling());
    app.store
        .write(lane, "change_sitting", move |tx| {
            let (_, canteen) = catalogue::sitting_with_canteen(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            if !edits(&actor, &canteen) {
                return Err(Failure::Forbidden);
            }
            tx.lock_canteen(canteen.id.0)?;
            check_version(tx, Some(id), Some(version))?;
            let (now, by) = (tx.now(), By { device: actor.device.map(|(device, ..)| device), user: actor.user, command: None });
            for (dish, stopped) in &change.stopped {
                if let Some((subject, event)) = stop(tx, telling, id, *dish, *stopped, by)? {
                    record_about(tx, canteen.id.0, subject, &event, now)?;
                }
            }
            catalogue::change_sitting(tx.change(), id, change.state)?;
            if change.state == Some(SittingState::Closed) {
                notify::everyone(tx, telling, id, None)?;
            }
            let detail = json!({ "changed": "sitting", "state": change.state, "stopped": change.stopped });
            record(tx, &actor, Col(id).0, Some(&canteen), &detail);
            Ok(())
        })
        .await
}
