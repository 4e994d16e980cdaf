//! The demand set of a sitting: who eats what, and who was left out and why. Count, labels, sheets and claims derive from it and
//! from nothing else, so that nobody is on one list and missing from another.

use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::kitchen::board::{self, Whole};
use crate::kitchen::judge;
use crate::orders::load::address_of;
use domain::access::{Action, Actor, Where};
use domain::diet::{DishFacts, Texture, clashes};
use domain::event::{LineView, OrderView};
use domain::id::{DishId, OrderId, SeniorId, SittingId};
use domain::kitchen::DishShort;
use domain::kitchen::real::{unfit_advice_en, unfit_advice_zh};
use domain::order::OrderState;
use domain::portions::{short_advice_en, short_advice_zh};
use domain::standing::SkipReason;
use domain::{Channel, person::mask};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::catalogue::{CanteenRow, MenuItemRow, SittingRow};
use store::query::{catalogue, seniors, standing};
use store::seal::Sealer;

/// Everything that is to be cooked, handed over and brought at one sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Confirmed and served orders, by number.
    pub orders: Vec<OrderView>,
    /// Orders to deliver whose address has no coordinates: they are cooked, and on no route until the address is placed.
    pub unplaced: Vec<OrderView>,
    /// Seniors whose standing order has no meal here, and why.
    pub left_out: Vec<LeftOut>,
    /// Who ordered what they may not eat, as it is really made, and nobody answers for it; by order number.
    pub unfit: Vec<Unfit>,
    /// Who goes without a dish of which too little was made; by order number.
    pub without: Vec<Without>,
}

/// Someone for whom a dish does not suffice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Without {
    /// Which order.
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// `张*`
    pub masked_name: String,
    /// Which dish.
    pub dish: DishId,
    /// Its name.
    pub dish_name: String,
    /// How many portions are missing.
    pub portions: u32,
    /// What of the menu would suit them, as far as there is any left.
    pub instead: Vec<String>,
}

impl Without {
    /// Why, and how to put them back.
    #[must_use]
    pub fn advice_zh(&self) -> String {
        short_advice_zh(&self.dish_name, self.portions, &self.instead)
    }

    /// The same in English.
    #[must_use]
    pub fn advice_en(&self) -> String {
        short_advice_en(&self.dish_name, self.portions, &self.instead)
    }
}

/// Someone whose dish is nothing for them today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which order.
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// `张*`
    pub masked_name: String,
    /// Which dish.
    pub dish: DishId,
    /// Its name.
    pub dish_name: String,
    /// What is in it that they may not eat, as the cook reads it.
    pub exceptions: Vec<String>,
    /// What of the menu would suit them, as far as there is any left.
    pub instead: Vec<String>,
}

impl Unfit {
    /// Why, and how to put them back.
    #[must_use]
    pub fn advice_zh(&self) -> String {
        unfit_advice_zh(&self.dish_name, &self.exceptions, &self.instead)
    }

    /// The same in English.
    #[must_use]
    pub fn advice_en(&self) -> String {
        unfit_advice_en(&self.dish_name, &self.exceptions, &self.instead)
    }
}

/// Dishes that are proposed in place of one.
const INSTEAD_MAX: usize = 3;

/// Someone who will not eat, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Who.
    pub senior: SeniorId,
    /// `张*`
    pub masked_name: String,
    /// Why.
    pub reason: SkipReason,
}

/// Who sees a sitting's demand: with any one of these rights at its canteen.
pub const SEEN_BY: [Action; 3] = [Action::Kitchen, Action::Plan, Action::SeeOrders];

/// The demand of a sitting, for those who cook, deliver or answer for it.
pub async fn demand(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<Demand, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("demand", move |conn| {
            let (row, canteen) = catalogue::sitting_with_canteen(conn, sitting)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            let at = Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) };
            if !SEEN_BY.iter().any(|action| actor.may(*action, at)) {
                return Err(Failure::Forbidden);
            }
            Ok(load(conn, &sealer, &row, &canteen)?)
        })
        .await
}

/// Loads the demand set; for use cases that have checked the right already.
pub fn load(conn: &mut AnyConnection, sealer: &Sealer, sitting: &SittingRow, canteen: &CanteenRow) -> Result<Demand, StoreError> {
    let whole = board::read(conn, sitting.id.0)?;
    of(conn, sealer, (sitting, canteen), whole)
}

/// The demand set of a sitting that was read already.
pub(crate) fn of(
    conn: &mut AnyConnection,
    sealer: &Sealer,
    (sitting, canteen): (&SittingRow, &CanteenRow),
    whole: Whole,
) -> Result<Demand, StoreError> {
    let (orders, short) = whole.wanted();
    let unplaced = unplaced(conn, sealer, &orders)?;
    let mut left_out = Vec::new();
    for (senior, reason) in standing::left_out(conn, canteen.id.0, sitting.service_date.0, sitting.meal.0)? {
        let name = seniors::find(conn, senior)?.map_or_else(String::new, |s| mask::name(&s.name));
        left_out.push(LeftOut { senior, masked_name: name, reason });
    }
    let (unfit, without) = not_like_this(conn, sitting.id.0, (&orders, short))?;
    Ok(Demand { orders, unplaced, left_out, unfit, without })
}

/// Orders to deliver to nobody knows where.
fn unplaced(conn: &mut AnyConnection, sealer: &Sealer, orders: &[OrderView]) -> Result<Vec<OrderView>, StoreError> {
    let delivered: Vec<&OrderView> = orders.iter().filter(|order| order.channel == Channel::Delivery).collect();
    let people: BTreeSet<SeniorId> = delivered.iter().filter_map(|order| order.senior).collect();
    let mut placed = HashSet::new();
    for senior in seniors::find_all(conn, &people.into_iter().collect::<Vec<_>>())? {
        if address_of(sealer, &senior)?.is_some_and(|a| a.lon_e7.is_some() && a.lat_e7.is_some()) {
            placed.insert(senior.id.0);
        }
    }
    let is_placed = |order: &&OrderView| order.senior.is_some_and(|senior| placed.contains(&senior));
    Ok(delivered.into_iter().filter(|order| !is_placed(order)).cloned().collect())
}

/// Who is not served as they ordered: because of what is in it, or because there is too little of it.
fn not_like_this(
    conn: &mut AnyConnection,
    sitting: SittingId,
    (views, short): (&[OrderView], Vec<DishShort>),
) -> Result<(Vec<Unfit>, Vec<Without>), StoreError> {
    let missing: BTreeMap<(OrderId, DishId), u32> = short
        .into_iter()
        .flat_map(|short| short.orders.into_iter().map(move |(order, portions)| ((order, short.dish), portions)))
        .collect();
    let concerns = |order: &OrderView, line: &LineView| line.unfit || missing.contains_key(&(order.order, line.dish));
    let found: Vec<&OrderView> = views
        .iter()
        .filter(|order| order.state == OrderState::Confirmed && order.lines.iter().any(|line| concerns(order, line)))
        .collect();
    let (mut unfit, mut without) = (Vec::new(), Vec::new());
    if found.is_empty() {
        return Ok((unfit, without));
    }
    let people: BTreeSet<SeniorId> = found.iter().filter_map(|order| order.senior).collect();
    let diets = judge::diets(conn, &people.into_iter().collect::<Vec<_>>())?;
    let menu = judge::menu_facts(conn, sitting)?;
    let short: BTreeSet<DishId> = missing.keys().map(|(_, dish)| *dish).collect();
    for order in found {
        let diet = order.senior.and_then(|id| diets.get(&id)).cloned().unwrap_or_default();
        let texture = diet.texture.unwrap_or(Texture::Regular);
        let suits = |(item, _, facts): &&(MenuItemRow, String, DishFacts)| {
            let there = !item.stopped && item.sold < item.portions && !short.contains(&item.dish_id.0);
            there && order.lines.iter().all(|line| line.dish != item.dish_id.0) && clashes(&diet, facts, texture).is_empty()
        };
        let instead: Vec<String> = menu.iter().filter(suits).take(INSTEAD_MAX).map(|(_, name, _)| name.clone()).collect();
        for line in &order.lines {
            if let Some(portions) = missing.get(&(order.order, line.dish)) {
                without.push(Without {
                    order: order.order,
                    order_no: order.order_no,
                    masked_name: order.masked_name.clone(),
                    dish: line.dish,
                    dish_name: line.name.clone(),
                    portions: *portions,
                    instead: instead.clone(),
                });
            }
            if line.unfit {
                unfit.push(Unfit {
                    order: order.order,
                    order_no: order.order_no,
                    masked_name: order.masked_name.clone(),
                    dish: line.dish,
                    dish_name: line.name.clone(),
                    exceptions: line.exceptions.clone(),
                    instead: instead.clone(),
                });
            }
        }
    }
    Ok((unfit, without))
}
