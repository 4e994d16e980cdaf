//! Standing orders (长期订餐): a weekly pattern, and what it wants of one day.
//!
//! Generated orders follow later changes of the pattern, the menu and the senior's status, and never overwrite what a person
//! edited: [`step`] compares what the pattern wants with what is there and says the one thing to do.

use crate::id::{MenuItemId, StandingOrderId};
use crate::order::OrderState;
use crate::{Channel, MealPeriod, ServiceDate};
use chrono::Datelike;

crate::text_enum! {
    /// Why a pattern has no order on a day. Kept and shown: nobody vanishes from the count without a reason.
    pub enum SkipReason {
        /// The pattern is paused.
        Paused = "paused",
        /// The senior is paused (in hospital, away).
        SeniorPaused = "senior_paused",
        /// The canteen serves no such meal that day.
        NoSitting = "no_sitting",
        /// The sitting was called off.
        SittingClosed = "sitting_closed",
        /// No dish on the menu suits the senior's diet.
        NothingSuitable = "nothing_suitable",
        /// Every suitable dish is sold out.
        SoldOut = "sold_out",
        /// Delivery is wanted and there is no address.
        AddressMissing = "address_missing",
        /// The address lies outside the canteen's delivery area.
        OutOfArea = "out_of_area",
        /// The cut-off had passed before it could be generated.
        CutOffPassed = "cut_off_passed",
        /// Refused for another reason, which the log names.
        Refused = "refused",
    }
}

impl SkipReason {
    /// As the list of those left out shows it: the reason and how to put the person back.
    #[must_use]
    pub const fn advice_zh(self) -> &'static str {
        match self {
            Self::Paused => "长期订餐已暂停；恢复后自动续订",
            Self::SeniorPaused => "老人暂停用餐；到期或恢复后自动续订",
            Self::NoSitting => "该助餐点当日无此餐；可另选助餐点",
            Self::SittingClosed => "本餐已取消；可另选助餐点",
            Self::NothingSuitable => "菜单中没有适合其饮食的菜；请厨房加一道或由工作者代订",
            Self::SoldOut => "适合的菜已售完；请增加份数",
            Self::AddressMissing => "没有送餐地址；请补录地址",
            Self::OutOfArea => "地址不在送餐范围；请改自取或另选助餐点",
            Self::CutOffPassed => "已过截止时间；请由有权限者代订",
            Self::Refused => "下单被拒绝；请查看记录",
        }
    }

    /// The same in English.
    #[must_use]
    pub const fn advice_en(self) -> &'static str {
        match self {
            Self::Paused => "the standing order is paused; it goes on when the pause ends",
            Self::SeniorPaused => "the senior's meals are paused; they go on when the pause ends",
            Self::NoSitting => "the canteen serves no such meal that day; choose another canteen",
            Self::SittingClosed => "the meal was called off; choose another canteen",
            Self::NothingSuitable => "no dish on the menu suits the diet; ask the kitchen for one, or let a worker order",
            Self::SoldOut => "what suits is sold out; add portions",
            Self::AddressMissing => "there is no address to deliver to; enter it",
            Self::OutOfArea => "the address lies outside the delivery area; pick up, or choose another canteen",
            Self::CutOffPassed => "the cut-off had passed; someone entitled can order",
            Self::Refused => "the order was refused; see the log",
        }
    }
}

crate::text_enum! {
    /// Whether a pattern is in use.
    pub enum StandingState {
        /// Generates orders.
        Active = "active",
        /// Generates no more.
        Ended = "ended",
    }
}

/// A span of days, both ends included; an open end lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: ServiceDate,
    /// Last day.
    pub to: Option<ServiceDate>,
}

impl Span {
    /// Whether a date lies in it.
    #[must_use]
    pub fn contains(self, date: ServiceDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }
}

/// A weekly pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Its identifier.
    pub id: StandingOrderId,
    /// Weekdays; bit 0 is Monday.
    pub weekdays: u8,
    /// Which meal.
    pub meal: MealPeriod,
    /// How it reaches the table.
    pub channel: Channel,
    /// From when to when.
    pub lasts: Span,
    /// A pause with automatic resume.
    pub pause: Option<Span>,
    /// Whether it is in use.
    pub state: StandingState,
}

impl Pattern {
    /// Whether the pattern names this day at all, pauses aside.
    #[must_use]
    pub fn names(&self, date: ServiceDate) -> bool {
        let bit = 1u8 << date.0.weekday().num_days_from_monday();
        self.state == StandingState::Active && self.weekdays & bit != 0 && self.lasts.contains(date)
    }
}

/// The generated order of a day, as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// Where it stands.
    pub state: OrderState,
    /// A person changed or cancelled it.
    pub edited_by_person: bool,
    /// How it reaches the table.
    pub channel: Channel,
    /// Its dish on the menu.
    pub item: MenuItemId,
}

/// What the menu of the day offers this senior: the first suitable dish, or why none.
pub type Offer = Result<MenuItemId, SkipReason>;

/// The one thing to do about a pattern's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Leave it as it is.
    Keep,
    /// Make an order for this dish.
    Make(MenuItemId),
    /// Bring the generated order in line: this dish, the pattern's channel.
    Follow(MenuItemId),
    /// Take the generated order back; the reason when the pattern still names the day.
    TakeBack(Option<SkipReason>),
    /// No order, for this reason.
    Skip(SkipReason),
}

/// Compares what the pattern wants of a day with what is there. `stays` tells whether the generated order's dish is still on
/// the menu and suitable: a dish that is fine is not swapped because the menu's order changed.
#[must_use]
pub fn step(
    pattern: &Pattern,
    senior_paused: bool,
    date: ServiceDate,
    there: Option<Generated>,
    stays: bool,
    offer: Offer,
) -> Step {
    if let Some(order) = there
        && (order.edited_by_person || order.state != OrderState::Confirmed)
    {
        return Step::Keep;
    }
    if !pattern.names(date) {
        return if there.is_some() { Step::TakeBack(None) } else { Step::Keep };
    }
    let paused = pattern.pause.is_some_and(|pause| pause.contains(date));
    let absent = [(paused, SkipReason::Paused), (senior_paused, SkipReason::SeniorPaused)].into_iter().find(|(is, _)| *is);
    if let Some((_, reason)) = absent {
        return if there.is_some() { Step::TakeBack(Some(reason)) } else { Step::Skip(reason) };
    }
    match (there, offer) {
        (Some(order), _) if stays && order.channel == pattern.channel => Step::Keep,
        (Some(order), _) if stays => Step::Follow(order.item),
        (Some(_), Ok(item)) => Step::Follow(item),
        (Some(_), Err(reason)) => Step::TakeBack(Some(reason)),
        (None, Ok(item)) => Step::Make(item),
        (None, Err(reason)) => Step::Skip(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn date(day: u32) -> ServiceDate {
        ServiceDate::new(2026, 11, day).unwrap()
    }

    fn item(n: u128) -> MenuItemId {
        MenuItemId::from_uuid(Uuid::from_u128(n))
    }

    /// Monday, Wednesday and Friday from Monday the 23rd on.
    fn pattern() -> Pattern {
        Pattern {
            id: StandingOrderId::from_uuid(Uuid::from_u128(1)),
            weekdays: 0b001_0101,
            meal: MealPeriod::Lunch,
            channel: Channel::Delivery,
            lasts: Span { from: date(23), to: None },
            pause: None,
            state: StandingState::Active,
        }
    }

    fn generated() -> Generated {
        Generated { state: OrderState::Confirmed, edited_by_person: false, channel: Channel::Delivery, item: item(1) }
    }

    #[test]
    fn a_pattern_names_its_weekdays_within_its_span() {
        let days: Vec<u32> = (16..=30).filter(|d| pattern().names(date(*d))).collect();
        assert_eq!(days, [23, 25, 27, 30]);
        assert!(!Pattern { state: StandingState::Ended, ..pattern() }.names(date(23)));
    }

    #[test]
    fn the_generated_order_follows_the_pattern_the_menu_and_the_status() {
        let paused = Pattern { pause: Some(Span { from: date(25), to: Some(date(26)) }), ..pattern() };
        let collected = Pattern { channel: Channel::PickUp, ..pattern() };
        for (what, pattern, senior_paused, day, there, stays, offer, expected) in [
            ("a new day is made", pattern(), false, 23, None, false, Ok(item(1)), Step::Make(item(1))),
            ("what fits is kept", pattern(), false, 23, Some(generated()), true, Ok(item(2)), Step::Keep),
            ("the dish left the menu", pattern(), false, 23, Some(generated()), false, Ok(item(2)), Step::Follow(item(2))),
            ("the channel changed", collected, false, 23, Some(generated()), true, Ok(item(2)), Step::Follow(item(1))),
            (
                "nothing suits any more",
                pattern(),
                false,
                23,
                Some(generated()),
                false,
                Err(SkipReason::NothingSuitable),
                Step::TakeBack(Some(SkipReason::NothingSuitable)),
            ),
            ("paused", paused.clone(), false, 25, Some(generated()), true, Ok(item(1)), Step::TakeBack(Some(SkipReason::Paused))),
            ("resumes by itself", paused, false, 27, None, false, Ok(item(1)), Step::Make(item(1))),
            ("the senior is in hospital", pattern(), true, 23, None, false, Ok(item(1)), Step::Skip(SkipReason::SeniorPaused)),
            ("not a day of the pattern", pattern(), false, 24, Some(generated()), true, Ok(item(1)), Step::TakeBack(None)),
            ("sold out", pattern(), false, 23, None, false, Err(SkipReason::SoldOut), Step::Skip(SkipReason::SoldOut)),
        ] {
            assert_eq!(step(&pattern, senior_paused, date(day), there, stays, offer), expected, "{what}");
        }
    }

    proptest! {
        #[test]
        fn what_a_person_edited_or_ended_is_never_touched(
            weekdays in 0u8..128, day in 1u32..30, paused in any::<bool>(), stays in any::<bool>(), offered in any::<bool>(), edited in any::<bool>()
        ) {
            let state = if edited { OrderState::Confirmed } else { OrderState::Cancelled };
            let there = Generated { state, edited_by_person: edited, ..generated() };
            let offer = if offered { Ok(item(2)) } else { Err(SkipReason::SoldOut) };
            let pattern = Pattern { weekdays, ..pattern() };
            prop_assert_eq!(step(&pattern, paused, date(day), Some(there), stays, offer), Step::Keep);
        }
    }
}
