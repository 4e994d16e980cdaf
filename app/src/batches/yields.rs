//! How many portions batches came to, what of them is not eaten, and who goes without.
//!
//! Too little is only known once somebody has counted: until then what is planned is taken for what there will be. A batch that is still
//! to come counts as planned, so planning one more lifts a shortage. Who goes without is decided by [`domain::portions::without`] and
//! told in the same commit. A kitchen that supplies other canteens shares out by hand: their orders are under locks of their own.

use super::BatchRefusal as Refusal;
use super::held::{Held, save, with_batch};
use super::view::{BatchView, WasteView};
use crate::failure::{Failure, Never, Outcome};
use crate::idempotency::RequestKey;
use crate::jobs::notify::{self, Telling};
use crate::kitchen::count::sitting_for;
use crate::kitchen::judge;
use crate::orders::view::record_about;
use crate::{App, audit};
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::batch::BatchState;
use domain::diet::{Texture, clashes};
use domain::event::Event;
use domain::id::{BatchId, DishId, Id, OrderId, SeniorId, SittingId, UserId};
use domain::kitchen::{By, DishShort};
use domain::notice::NoticeEvent;
use domain::order::OrderState;
use domain::portions::{Balance, Claim, WasteReason, without};
use domain::{Channel, Instant};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::batches::BatchRow;
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::rows::{OrderLineRow, OrderRow};
use store::query::yields::{self, WasteRow, WithoutRow};
use store::query::{catalogue, orders};
use store::{StoreError, Tx};

/// Portions that are not eaten, as they are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waste {
    /// Why.
    pub reason: WasteReason,
    /// How many, 1 to 100,000.
    pub portions: i64,
    /// What there is to say.
    pub words: String,
}

/// A record as clients see it.
pub(super) fn waste_view(row: WasteRow) -> WasteView {
    WasteView { waste: row.id.0, reason: row.reason.0, portions: row.portions, words: row.words, at: row.recorded_at.0 }
}

/// Records how many portions a batch came to, or puts the number right: never below what is gone already.
pub async fn made(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId, portions: i64) -> Outcome<BatchView, Refusal> {
    let (telling, by) = (app.telling(), actor.clone());
    with_batch(app, actor, key, id, "record_yield", move |tx, held| {
        let (state, before) = (came_out(held)?, held.batch.made_portions);
        let balance = balance_of(tx.look(), held)?;
        let all = balance.made - before.unwrap_or(0) + portions;
        if before.is_some_and(|before| portions < before) && balance.made(all).is_none() {
            return Err(Failure::Refused(Refusal::Portions { left: balance.left() }));
        }
        held.batch.made_portions = Some(portions);
        save(tx, held, state)?;
        record(tx, &by, held, &json!({ "made": portions, "before": before, "planned": held.batch.planned_portions }))?;
        Ok(follow(tx, telling, dish_of(held), held.by, held.now)?)
    })
    .await
}

/// Records portions of a batch that are not eaten: never more of the dish than are left by the records.
pub async fn waste(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId, waste: Waste) -> Outcome<BatchView, Refusal> {
    let (telling, by) = (app.telling(), actor.clone());
    with_batch(app, actor, key, id, "record_waste", move |tx, held| {
        let _ = came_out(held)?;
        let balance = balance_of(tx.look(), held)?;
        if balance.waste(waste.portions).is_none() {
            return Err(Failure::Refused(Refusal::Portions { left: balance.left() }));
        }
        add(tx, held, &waste)?;
        record(tx, &by, held, &json!({ "wasted": waste.portions, "reason": waste.reason }))?;
        Ok(follow(tx, telling, dish_of(held), held.by, held.now)?)
    })
    .await
}

/// A batch that is thrown away takes with it what is left of it.
pub(super) fn discard(tx: &mut Tx<'_>, held: &Held) -> Result<(), StoreError> {
    let Some(made) = held.batch.made_portions else { return Ok(()) };
    let gone: i64 = yields::wastes(tx.look(), &[held.batch.id.0])?.iter().map(|row| row.portions).sum();
    let portions = (made - gone).min(balance_of(tx.look(), held)?.left());
    if portions <= 0 {
        return Ok(());
    }
    add(tx, held, &Waste { reason: WasteReason::Other, portions, words: "整锅销毁".to_owned() })
}

fn add(tx: &mut Tx<'_>, held: &Held, waste: &Waste) -> Result<(), StoreError> {
    let row = WasteRow {
        id: Col(tx.new_id()),
        batch_id: held.batch.id,
        reason: Word(waste.reason),
        portions: waste.portions,
        words: waste.words.clone(),
        recorded_at: Col(held.now),
        recorded_by: Col(held.by),
    };
    yields::add_waste(tx.change(), &row)
}

const fn dish_of(held: &Held) -> (SittingId, DishId) {
    (held.batch.sitting_id.0, held.batch.dish_id.0)
}

/// The state of a batch that is off the stove and not thrown away.
fn came_out(held: &Held) -> Outcome<BatchState, Refusal> {
    match held.batch.state.0 {
        state @ (BatchState::Cooked | BatchState::Released | BatchState::Finished) => Ok(state),
        state @ (BatchState::Planned | BatchState::Cooking | BatchState::Discarded) => Err(Failure::Refused(Refusal::State(state))),
    }
}

fn record(tx: &mut Tx<'_>, actor: &Actor, held: &Held, detail: &Value) -> Result<(), StoreError> {
    let place = catalogue::canteen(tx.look(), held.batch.canteen_id.0)?.map(|canteen| canteen.place_code.0);
    audit::record(tx, actor, AuditAction::PortionsRecorded, held.batch.id.0, place.as_ref(), detail);
    Ok(())
}

fn balance_of(conn: &mut AnyConnection, held: &Held) -> Result<Balance, StoreError> {
    let dish = held.batch.dish_id.0;
    let Some((sitting, canteen)) = catalogue::sitting_with_canteen(conn, held.batch.sitting_id.0)? else {
        return Ok(Balance::default());
    };
    Ok(balances(conn, &sitting, &canteen)?.remove(&dish).map(|of| of.balance).unwrap_or_default())
}

/// What became of the portions of one dish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Portions {
    planned: i64,
    balance: Balance,
    wasted: BTreeMap<WasteReason, i64>,
}

fn balances(
    conn: &mut AnyConnection,
    sitting: &SittingRow,
    canteen: &CanteenRow,
) -> Result<BTreeMap<DishId, Portions>, StoreError> {
    let mut all: BTreeMap<DishId, Portions> = BTreeMap::new();
    let batches = yields::batches(conn, sitting.id.0)?;
    let dishes: BTreeMap<BatchId, DishId> = batches.iter().map(|row| (row.id.0, row.dish_id.0)).collect();
    for row in &batches {
        let of = all.entry(row.dish_id.0).or_default();
        of.planned += row.planned_portions;
        of.balance.made += row.made_portions.unwrap_or(0);
    }
    for row in yields::wastes(conn, &dishes.keys().copied().collect::<Vec<_>>())? {
        let Some(of) = dishes.get(&row.batch_id.0).and_then(|dish| all.get_mut(dish)) else { continue };
        of.balance.wasted += row.portions;
        *of.wasted.entry(row.reason.0).or_insert(0) += row.portions;
    }
    for (dish, portions) in yields::served(conn, canteen.id.0, sitting.service_date.0, sitting.meal.0)? {
        all.entry(dish).or_default().balance.served += portions;
    }
    Ok(all)
}

/// What became of the portions of one dish of a sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DishBalance {
    /// Which dish.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Portions of confirmed and served orders of the sitting.
    pub ordered: i64,
    /// Planned, over all batches.
    pub planned: i64,
    /// Made, served, wasted; here and wherever this kitchen supplies.
    pub balance: Balance,
    /// Wasted, by reason.
    pub wasted: BTreeMap<WasteReason, i64>,
    /// Portions that are lacking.
    pub lacking: i64,
}

/// What became of the portions of a sitting's dishes, in the order of the menu.
pub async fn balance(app: &App, actor: Arc<Actor>, id: SittingId) -> Outcome<Vec<DishBalance>, Never> {
    app.store
        .read("portions", move |conn| {
            let (sitting, canteen) = sitting_for(conn, &actor, id)?;
            let mut all = balances(conn, &sitting, &canteen)?;
            let mut lacking: BTreeMap<DishId, i64> = BTreeMap::new();
            for row in yields::without(conn, id)? {
                *lacking.entry(row.dish_id.0).or_insert(0) += row.portions;
            }
            let mut ordered: BTreeMap<DishId, i64> = BTreeMap::new();
            for (_, line) in wanted(conn, id)? {
                *ordered.entry(line.dish_id.0).or_insert(0) += line.quantity;
            }
            let menu = catalogue::menu(conn, id)?.into_iter();
            let of = |(_, dish): (catalogue::MenuItemRow, catalogue::DishRow)| {
                let dish_id = dish.id.0;
                let Portions { planned, balance, wasted } = all.remove(&dish_id).unwrap_or_default();
                let count = |of: &BTreeMap<DishId, i64>| of.get(&dish_id).copied().unwrap_or(0);
                let (ordered, lacking) = (count(&ordered), count(&lacking));
                DishBalance { dish: dish_id, name: dish.name, ordered, planned, balance, wasted, lacking }
            };
            Ok(menu.map(of).collect())
        })
        .await
}

/// The lines of a sitting's confirmed and served orders with their orders, by order number.
fn wanted(conn: &mut AnyConnection, sitting: SittingId) -> Result<Vec<(OrderRow, OrderLineRow)>, StoreError> {
    let mut rows = orders::of_sitting(conn, sitting, OrderState::Confirmed)?;
    rows.extend(orders::of_sitting(conn, sitting, OrderState::Served)?);
    let mut lines = orders::lines_of(conn, &rows.iter().map(|row| row.id.0).collect::<Vec<_>>())?;
    let mut all = Vec::new();
    for row in rows {
        let own = lines.remove(&row.id.0).unwrap_or_default();
        all.extend(own.into_iter().map(|(line, _)| (row.clone(), line)));
    }
    Ok(all)
}

/// Who goes without which dish of a sitting, as a board has it.
pub(crate) fn short_of(conn: &mut AnyConnection, sitting: SittingId) -> Result<Vec<DishShort>, StoreError> {
    let mut all: BTreeMap<DishId, Vec<(OrderId, u32)>> = BTreeMap::new();
    for row in yields::without(conn, sitting)? {
        all.entry(row.dish_id.0).or_default().push(pair(&row));
    }
    Ok(all.into_iter().map(|(dish, orders)| shown(dish, orders)).collect())
}

fn pair(row: &WithoutRow) -> (OrderId, u32) {
    // The column's CHECK keeps it between 1 and 20.
    (row.order_id.0, u32::try_from(row.portions).unwrap_or(0))
}

fn shown(dish: DishId, mut orders: Vec<(OrderId, u32)>) -> DishShort {
    orders.sort_unstable();
    DishShort { dish, orders }
}

/// How many portions of a dish there are or will be; `None` while nobody has counted any, and where the kitchen shares out by hand.
fn supply(conn: &mut AnyConnection, sitting: SittingId, dish: DishId) -> Result<Option<i64>, StoreError> {
    let batches: Vec<BatchRow> = yields::batches(conn, sitting)?
        .into_iter()
        .filter(|row| row.dish_id.0 == dish && row.state.0 != BatchState::Discarded)
        .collect();
    let Some(first) = batches.iter().find(|row| row.made_portions.is_some()) else { return Ok(None) };
    if yields::supplies_others(conn, first.canteen_id.0)? {
        return Ok(None);
    }
    let there: i64 = batches.iter().map(|row| row.made_portions.unwrap_or(row.planned_portions)).sum();
    let ids: Vec<BatchId> = batches.iter().map(|row| row.id.0).collect();
    let gone: i64 = yields::wastes(conn, &ids)?.iter().map(|row| row.portions).sum();
    Ok(Some(there - gone))
}

fn claims(conn: &mut AnyConnection, sitting: SittingId, dish: DishId) -> Result<Vec<Claim>, StoreError> {
    let wanted: Vec<(OrderRow, OrderLineRow)> =
        wanted(conn, sitting)?.into_iter().filter(|(_, line)| line.dish_id.0 == dish).collect();
    let packed: BTreeSet<OrderId> = yields::packed(conn, sitting, dish)?.into_iter().collect();
    let people: BTreeSet<SeniorId> = wanted.iter().filter_map(|(order, _)| order.senior_id.map(|Col(id)| id)).collect();
    let diets = judge::diets(conn, &people.into_iter().collect::<Vec<_>>())?;
    let menu = judge::menu_facts(conn, sitting)?;
    let only_this = |senior: SeniorId| {
        diets.get(&senior).is_some_and(|diet| {
            let texture = diet.texture.unwrap_or(Texture::Regular);
            let mut others = menu.iter().filter(|(item, ..)| item.dish_id.0 != dish && !item.stopped);
            others.all(|(_, _, facts)| !clashes(diet, facts, texture).is_empty())
        })
    };
    let claim = |(order, line): (OrderRow, OrderLineRow)| Claim {
        order: order.id.0,
        order_no: order.order_no,
        // The column's CHECK keeps it between 1 and 20.
        portions: u32::try_from(line.quantity).unwrap_or(0),
        has_it: order.state.0 == OrderState::Served || packed.contains(&order.id.0),
        only_choice: line.texture.0 != Texture::Regular || order.senior_id.is_some_and(|Col(senior)| only_this(senior)),
        promised: order.channel.0 == Channel::Delivery,
        accepted_at: order.accepted_at.0,
    };
    Ok(wanted.into_iter().map(claim).collect())
}

/// Decides anew who goes without a dish, after anything that changes how much there is. The canteen's lock is held.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    telling: Telling,
    (sitting, dish): (SittingId, DishId),
    by: UserId,
    now: Instant,
) -> Result<(), StoreError> {
    let before: Vec<(OrderId, u32)> =
        yields::without(tx.look(), sitting)?.iter().filter(|row| row.dish_id.0 == dish).map(pair).collect();
    let there = supply(tx.look(), sitting, dish)?;
    if there.is_none() && before.is_empty() {
        return Ok(());
    }
    // Orders of the same batch are not in the tables yet.
    tx.alone("follow_portions")?;
    let after = match there {
        Some(there) => without(&claims(tx.look(), sitting, dish)?, there),
        None => Vec::new(),
    };
    let (before, after) = (shown(dish, before), shown(dish, after));
    if before == after {
        return Ok(());
    }
    let row = |(order, portions): &(OrderId, u32)| WithoutRow {
        sitting_id: Col(sitting),
        dish_id: Col(dish),
        order_id: Col(*order),
        portions: i64::from(*portions),
    };
    yields::put_without(tx.change(), (sitting, dish), &after.orders.iter().map(row).collect::<Vec<_>>())?;
    let canteen = catalogue::canteen_of(tx.look(), sitting)?.ok_or(StoreError::NotFound)?;
    let is_news = after.orders.iter().any(|one| !before.orders.contains(one));
    let event = Event::DishShort { sitting, short: after, by: By { user: Some(by), ..By::default() } };
    record_about(tx, canteen, Id::from_uuid(dish.uuid()), &event, now)?;
    if is_news {
        notify::everyone_of(tx, telling, NoticeEvent::DishShort, sitting, dish)?;
    }
    Ok(())
}
