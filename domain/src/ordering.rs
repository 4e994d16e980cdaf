//! Taking an order: what it would be, and every reason why it cannot be.
//!
//! The same rule answers the quote and the commit; at the commit the state is read again under the canteen's lock. Capacity is
//! judged here so that the refusal can name what is left, but it is enforced by a conditional update in the store.

use crate::canteen::ORDER_AHEAD_DAYS;
use crate::diet::{Clash, Diet, DishFacts, PortionSize, Texture, clashes};
use crate::id::{DishId, MenuItemId};
use crate::money::MoneyOverflow;
use crate::order::{OrderRejection, Standing, before_cut_off};
use crate::{Channel, Fen, Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Lines of one order at most: more is a banquet, and belongs on the telephone.
pub const MAX_LINES: usize = 20;
/// Portions of one dish in one order at most.
pub const MAX_QUANTITY: u32 = 20;

/// One wanted dish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLine {
    /// Which dish of the sitting's menu.
    pub item: MenuItemId,
    /// How many portions.
    pub quantity: u32,
    /// How prepared; `None` takes what the diet needs.
    pub texture: Option<Texture>,
    /// How large; `None` takes what the senior usually wants.
    pub size: Option<PortionSize>,
    /// Why a clash with the diet is overridden, by someone entitled.
    pub override_reason: Option<String>,
}

/// What someone asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The dishes.
    pub lines: Vec<WantedLine>,
    /// How it reaches the table.
    pub channel: Channel,
    /// Why it is ordered after the cut-off or beyond the delivery area, by someone entitled.
    pub reason: Option<String>,
    /// Whether the asker may act after the cut-off or override a clash.
    pub standing: Standing,
}

/// A dish on the menu as the rule sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuEntry {
    /// The item.
    pub item: MenuItemId,
    /// The dish.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// List price of a portion.
    pub price_fen: Fen,
    /// List price of a small one, where it has its own.
    pub small_price_fen: Option<Fen>,
    /// List price of a large one, where it has its own.
    pub large_price_fen: Option<Fen>,
    /// Portions not yet sold.
    pub left: u32,
    /// Taken off the menu for today.
    pub stopped: bool,
    /// What it contains and is.
    pub facts: DishFacts,
}

impl MenuEntry {
    /// List price of a portion of a size: the regular one's, unless the menu says otherwise.
    #[must_use]
    pub fn price_of(&self, size: PortionSize) -> Fen {
        match size {
            PortionSize::Small => self.small_price_fen.unwrap_or(self.price_fen),
            PortionSize::Regular => self.price_fen,
            PortionSize::Large => self.large_price_fen.unwrap_or(self.price_fen),
        }
    }
}

/// The sitting as the rule sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SittingFacts {
    /// The day.
    pub service_date: ServiceDate,
    /// Until when it may be ordered.
    pub cut_off: Instant,
    /// When the meal ends: an order after it would be of food that nobody can eat any more, whoever asks.
    pub ends_at: Instant,
    /// The canteen and the sitting are open.
    pub open: bool,
    /// For bringing one order.
    pub delivery_fee_fen: Fen,
    /// The menu.
    pub menu: Vec<MenuEntry>,
}

/// Where a delivery would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The address lies in the canteen's delivery area.
    InArea,
    /// It does not.
    OutOfArea,
    /// The address has no coordinates yet: accepted, and kept in sight on the worklist of addresses to place.
    Unplaced,
    /// There is no address at all.
    Missing,
}

/// One line of the order as it would be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// The menu item.
    pub item: MenuItemId,
    /// The dish.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Portions.
    pub quantity: u32,
    /// List price of a portion.
    pub unit_price_fen: Fen,
    /// How prepared.
    pub texture: Texture,
    /// How large.
    pub size: PortionSize,
    /// Clashes that were overridden; the cook reads them as exceptions.
    pub overridden: Vec<Clash>,
    /// Why, when there are any.
    pub override_reason: String,
}

/// The order as it would be stored, before any subsidy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its lines.
    pub lines: Vec<DraftLine>,
    /// The sum of the lines.
    pub price_fen: Fen,
    /// For bringing it; nothing for other channels.
    pub delivery_fee_fen: Fen,
    /// The address still has to be placed on the map.
    pub address_unplaced: bool,
    /// The address lies outside the delivery area, and someone entitled gave a reason.
    pub out_of_area: bool,
    /// It is after the cut-off, and someone entitled gave a reason.
    pub late: bool,
}

impl Draft {
    /// Whether somebody answers for more than an ordinary order.
    #[must_use]
    pub fn is_exceptional(&self) -> bool {
        self.late || self.out_of_area || self.lines.iter().any(|line| !line.overridden.is_empty())
    }
}

/// Why an order cannot be taken. Each names what would have to be different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum OrderRefusal {
    /// No lines, or more than [`MAX_LINES`].
    LineCount {
        /// How many there were.
        lines: usize,
    },
    /// A quantity of 0 or more than [`MAX_QUANTITY`].
    Quantity {
        /// Which item.
        item: MenuItemId,
    },
    /// The same item twice.
    DuplicateItem {
        /// Which item.
        item: MenuItemId,
    },
    /// The item is not on this sitting's menu.
    NotOnMenu {
        /// Which item.
        item: MenuItemId,
    },
    /// Fewer portions are left than were asked for, or the dish was stopped.
    SoldOut {
        /// Which item.
        item: MenuItemId,
        /// How many are left.
        left: u32,
    },
    /// The canteen or the sitting takes no orders.
    Closed,
    /// The cut-off has passed.
    CutOffPassed {
        /// When it was.
        cut_off: Instant,
    },
    /// After the cut-off, or beyond the delivery area, a reason is needed.
    ReasonNeeded,
    /// The meal is over.
    MealOver {
        /// When it ended.
        ended: Instant,
    },
    /// More than 14 days ahead.
    TooFarAhead {
        /// The last day that can be ordered now.
        last: ServiceDate,
    },
    /// The dish clashes with the senior's diet.
    Clashes {
        /// Which item.
        item: MenuItemId,
        /// With what.
        clashes: Vec<Clash>,
    },
    /// Delivery without an address.
    AddressMissing,
    /// The address lies outside the canteen's delivery area.
    OutOfArea,
    /// The amount is beyond what can be counted.
    AmountTooLarge,
}

impl From<MoneyOverflow> for OrderRefusal {
    fn from(_: MoneyOverflow) -> Self {
        Self::AmountTooLarge
    }
}

/// The order as it would be, or every reason why not.
pub fn draft(
    wanted: &Wanted,
    sitting: &SittingFacts,
    diet: &Diet,
    destination: Destination,
    now: Instant,
) -> Result<Draft, Vec<OrderRefusal>> {
    let mut refusals = timing(wanted, sitting, now);
    let wanted_there = (wanted.channel == Channel::Delivery).then_some(destination);
    match wanted_there {
        Some(Destination::Missing) => refusals.push(OrderRefusal::AddressMissing),
        Some(Destination::OutOfArea) if wanted.standing == Standing::Ordinary => refusals.push(OrderRefusal::OutOfArea),
        Some(Destination::OutOfArea) if !is_reason(wanted.reason.as_deref()) => refusals.push(OrderRefusal::ReasonNeeded),
        Some(Destination::OutOfArea | Destination::InArea | Destination::Unplaced) | None => {}
    }
    if wanted.lines.is_empty() || wanted.lines.len() > MAX_LINES {
        refusals.push(OrderRefusal::LineCount { lines: wanted.lines.len() });
        return Err(refusals);
    }
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(wanted.lines.len());
    for line in &wanted.lines {
        if !seen.insert(line.item) {
            refusals.push(OrderRefusal::DuplicateItem { item: line.item });
            continue;
        }
        match draft_line(line, sitting, diet, wanted.standing) {
            Ok(drafted) => lines.push(drafted),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let delivery_fee_fen = if wanted.channel == Channel::Delivery { sitting.delivery_fee_fen } else { Fen::ZERO };
    let price = lines.iter().try_fold(Fen::ZERO, |sum, l| l.unit_price_fen.times(l.quantity).and_then(|part| sum.plus(part)));
    match price {
        Ok(price_fen) if refusals.is_empty() => Ok(Draft {
            lines,
            price_fen,
            delivery_fee_fen,
            address_unplaced: wanted_there == Some(Destination::Unplaced),
            out_of_area: wanted_there == Some(Destination::OutOfArea),
            late: now >= sitting.cut_off,
        }),
        Ok(_) => {
            refusals.dedup();
            Err(refusals)
        }
        Err(overflow) => {
            refusals.push(overflow.into());
            Err(refusals)
        }
    }
}

/// Whether something was said: a blank is no reason.
#[must_use]
pub fn is_reason(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

fn timing(wanted: &Wanted, sitting: &SittingFacts, now: Instant) -> Vec<OrderRefusal> {
    let mut refusals = Vec::new();
    if !sitting.open {
        refusals.push(OrderRefusal::Closed);
    }
    match before_cut_off(sitting.cut_off, now, wanted.standing, is_reason(wanted.reason.as_deref())) {
        Err(OrderRejection::CutOffPassed(cut_off)) => refusals.push(OrderRefusal::CutOffPassed { cut_off }),
        _ if now >= sitting.ends_at => refusals.push(OrderRefusal::MealOver { ended: sitting.ends_at }),
        Ok(()) | Err(OrderRejection::WrongState(_)) => {}
        Err(OrderRejection::ReasonNeeded) => refusals.push(OrderRefusal::ReasonNeeded),
    }
    let last = now.civil_date().plus_days(ORDER_AHEAD_DAYS as i32);
    if sitting.service_date > last {
        refusals.push(OrderRefusal::TooFarAhead { last });
    }
    refusals
}

fn draft_line(line: &WantedLine, sitting: &SittingFacts, diet: &Diet, standing: Standing) -> Result<DraftLine, OrderRefusal> {
    let item = line.item;
    let entry = sitting.menu.iter().find(|entry| entry.item == item).ok_or(OrderRefusal::NotOnMenu { item })?;
    if !(1..=MAX_QUANTITY).contains(&line.quantity) {
        return Err(OrderRefusal::Quantity { item });
    }
    let left = if entry.stopped { 0 } else { entry.left };
    if line.quantity > left {
        return Err(OrderRefusal::SoldOut { item, left });
    }
    let texture = line.texture.or(diet.texture).unwrap_or(Texture::Regular);
    let size = line.size.or(diet.size).unwrap_or_default();
    let clashes = clashes(diet, &entry.facts, texture);
    let overridden = standing == Standing::Entitled && is_reason(line.override_reason.as_deref());
    if !clashes.is_empty() && !overridden {
        return Err(OrderRefusal::Clashes { item, clashes });
    }
    let override_reason = if clashes.is_empty() { String::new() } else { line.override_reason.clone().unwrap_or_default() };
    Ok(DraftLine {
        item,
        dish: entry.dish,
        name: entry.name.clone(),
        quantity: line.quantity,
        unit_price_fen: entry.price_of(size),
        texture,
        size,
        overridden: clashes,
        override_reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diet::Allergen;
    use uuid::Uuid;

    fn item(n: u128) -> MenuItemId {
        MenuItemId::from_uuid(Uuid::from_u128(n))
    }

    fn date(day: u32) -> ServiceDate {
        ServiceDate::new(2026, 11, day).unwrap()
    }

    fn at(day: u32, hour: u32) -> Instant {
        Instant::from_civil(date(day), chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap())
    }

    fn sitting() -> SittingFacts {
        let entry = |n: u128, price: i64, left: u32, allergen: Option<Allergen>| MenuEntry {
            item: item(n),
            dish: DishId::from_uuid(Uuid::from_u128(100 + n)),
            name: format!("dish {n}"),
            price_fen: Fen(price),
            small_price_fen: None,
            large_price_fen: None,
            left,
            stopped: false,
            facts: DishFacts {
                ingredients: [("原料".to_owned(), allergen.into_iter().collect())].into(),
                marks: [].into(),
                textures: [Texture::Regular, Texture::Soft].into(),
            },
        };
        SittingFacts {
            service_date: date(23),
            cut_off: at(23, 9),
            ends_at: at(23, 13),
            open: true,
            delivery_fee_fen: Fen(200),
            menu: vec![entry(1, 1200, 5, None), entry(2, 300, 1, Some(Allergen::Peanut))],
        }
    }

    fn wanted(lines: &[(u128, u32)]) -> Wanted {
        let line =
            |&(n, quantity): &(u128, u32)| WantedLine { item: item(n), quantity, texture: None, size: None, override_reason: None };
        Wanted { lines: lines.iter().map(line).collect(), channel: Channel::DineIn, reason: None, standing: Standing::Ordinary }
    }

    #[test]
    fn an_order_is_the_sum_of_its_lines_and_delivery_adds_its_fee() {
        let mut order = wanted(&[(1, 2), (2, 1)]);
        let drafted = draft(&order, &sitting(), &Diet::default(), Destination::Missing, at(22, 12)).unwrap();
        assert_eq!((drafted.price_fen, drafted.delivery_fee_fen), (Fen(2700), Fen(0)));
        order.channel = Channel::Delivery;
        let drafted = draft(&order, &sitting(), &Diet::default(), Destination::Unplaced, at(22, 12)).unwrap();
        assert_eq!((drafted.delivery_fee_fen, drafted.address_unplaced), (Fen(200), true));
    }

    #[test]
    fn a_size_is_what_is_asked_for_or_usually_wanted_and_costs_more_only_where_the_menu_says_so() {
        let mut today = sitting();
        today.menu[0].large_price_fen = Some(Fen(1500));
        let small = Diet { size: Some(PortionSize::Small), ..Diet::default() };
        for (asked, diet, size, price) in [
            (None, &Diet::default(), PortionSize::Regular, 1200),
            (None, &small, PortionSize::Small, 1200),
            (Some(PortionSize::Large), &small, PortionSize::Large, 1500),
        ] {
            let mut order = wanted(&[(1, 1)]);
            order.lines[0].size = asked;
            let line = draft(&order, &today, diet, Destination::Missing, at(22, 12)).unwrap().lines.remove(0);
            assert_eq!((line.size, line.unit_price_fen), (size, Fen(price)), "{asked:?}");
        }
    }

    #[test]
    fn every_refusal_is_told_at_once() {
        let mut order = wanted(&[(1, 6), (1, 1), (9, 1), (2, 0)]);
        order.channel = Channel::Delivery;
        let refusals = draft(&order, &sitting(), &Diet::default(), Destination::OutOfArea, at(23, 9)).unwrap_err();
        assert_eq!(
            refusals,
            [
                OrderRefusal::CutOffPassed { cut_off: at(23, 9) },
                OrderRefusal::OutOfArea,
                OrderRefusal::SoldOut { item: item(1), left: 5 },
                OrderRefusal::DuplicateItem { item: item(1) },
                OrderRefusal::NotOnMenu { item: item(9) },
                OrderRefusal::Quantity { item: item(2) },
            ]
        );
    }

    #[test]
    fn meals_are_ordered_up_to_fourteen_days_ahead() {
        let order = wanted(&[(1, 1)]);
        assert!(draft(&order, &sitting(), &Diet::default(), Destination::Missing, at(9, 0)).is_ok());
        let refusals = draft(&order, &sitting(), &Diet::default(), Destination::Missing, at(8, 23)).unwrap_err();
        assert_eq!(refusals, [OrderRefusal::TooFarAhead { last: date(22) }]);
    }

    #[test]
    fn a_clash_refuses_unless_an_entitled_person_overrides_it_with_a_reason() {
        let diet = Diet { allergens: [Allergen::Peanut].into(), ..Diet::default() };
        for (standing, reason, accepted) in [
            (Standing::Ordinary, None, false),
            (Standing::Ordinary, Some("说没事"), false),
            (Standing::Entitled, None, false),
            (Standing::Entitled, Some(" "), false),
            (Standing::Entitled, Some("医生确认已脱敏"), true),
        ] {
            let mut order = wanted(&[(2, 1)]);
            order.standing = standing;
            order.lines[0].override_reason = reason.map(str::to_owned);
            let drafted = draft(&order, &sitting(), &diet, Destination::Missing, at(22, 12));
            assert_eq!(drafted.is_ok(), accepted, "{standing:?} {reason:?}");
            if let Ok(drafted) = drafted {
                assert_eq!(drafted.lines[0].overridden.len(), 1, "the kitchen must still see the clash");
            }
        }
    }

    #[test]
    fn after_the_cut_off_and_beyond_the_area_an_entitled_person_gives_a_reason_and_after_the_meal_nobody_orders() {
        let (late, over) = (at(23, 10), at(23, 13));
        let ended = OrderRefusal::MealOver { ended: over };
        for (standing, reason, destination, now, expected) in [
            (
                Standing::Ordinary,
                Some("家人来电"),
                Destination::InArea,
                late,
                Err(vec![OrderRefusal::CutOffPassed { cut_off: at(23, 9) }]),
            ),
            (Standing::Entitled, None, Destination::OutOfArea, late, Err(vec![OrderRefusal::ReasonNeeded])),
            (Standing::Entitled, Some(""), Destination::InArea, late, Err(vec![OrderRefusal::ReasonNeeded])),
            (Standing::Entitled, Some("家人来电"), Destination::InArea, late, Ok((true, false))),
            (Standing::Entitled, Some("家人来电"), Destination::OutOfArea, at(22, 12), Ok((false, true))),
            (Standing::Entitled, None, Destination::OutOfArea, at(22, 12), Err(vec![OrderRefusal::ReasonNeeded])),
            (Standing::Ordinary, Some("家人来电"), Destination::OutOfArea, at(22, 12), Err(vec![OrderRefusal::OutOfArea])),
            (Standing::Entitled, Some("家人来电"), Destination::InArea, over, Err(vec![ended])),
        ] {
            let mut order = wanted(&[(1, 1)]);
            (order.standing, order.reason, order.channel) = (standing, reason.map(str::to_owned), Channel::Delivery);
            let drafted = draft(&order, &sitting(), &Diet::default(), destination, now);
            assert_eq!(drafted.map(|d| (d.late, d.out_of_area)), expected, "{standing:?} {reason:?} {destination:?} {now}");
        }
    }

    #[test]
    fn a_stopped_dish_is_sold_out_whatever_is_left() {
        let mut today = sitting();
        today.menu[0].stopped = true;
        let refusals = draft(&wanted(&[(1, 1)]), &today, &Diet::default(), Destination::Missing, at(22, 12)).unwrap_err();
        assert_eq!(refusals, [OrderRefusal::SoldOut { item: item(1), left: 0 }]);
    }
}
