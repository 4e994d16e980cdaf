//! Canteens, their stations and their sittings.

use crate::id::CanteenId;
use crate::{Instant, MealPeriod, PlaceCode, ServiceDate};
use chrono::{NaiveTime, TimeDelta};

crate::text_enum! {
    /// What kind of meal site it is.
    pub enum CanteenKind {
        /// Cooks for itself.
        OwnKitchen = "own_kitchen",
        /// Is supplied by a central kitchen.
        Satellite = "satellite",
        /// 农村助餐点: a table run by the village.
        RuralTable = "rural_table",
        /// 流动餐车
        MobileTruck = "mobile_truck",
        /// 中央厨房: cooks for satellites, may serve nobody itself.
        CentralKitchen = "central_kitchen",
    }
}

crate::text_enum! {
    /// Whether a canteen takes part.
    pub enum CanteenState {
        /// Takes orders.
        Open = "open",
        /// Has left or is suspended.
        Closed = "closed",
    }
}

crate::text_enum! {
    /// Where in the kitchen a dish is made.
    pub enum Station {
        /// 热菜
        Hot = "hot",
        /// 凉菜
        Cold = "cold",
        /// 主食
        Staple = "staple",
        /// 汤
        Soup = "soup",
        /// 特殊餐
        Special = "special",
        /// 打包
        Packing = "packing",
    }
}

crate::text_enum! {
    /// Whether a sitting takes orders, apart from its cut-off.
    pub enum SittingState {
        /// On the menu.
        Open = "open",
        /// Called off.
        Closed = "closed",
    }
}

/// Whose a dish is: who may cook it, and who may change what is in it.
///
/// Dishes are shared, because the kitchens of a street cook from one book and a satellite serves what its central kitchen cooks. What is
/// in a dish decides who can eat it, so a change is for who answers for every canteen that may cook it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DishHome {
    /// Everyone's: the book of the whole installation.
    Everyone,
    /// Of a place and all below it.
    Place(PlaceCode),
    /// Of one canteen, and of the satellites it cooks for.
    Canteen(CanteenId),
}

impl DishHome {
    /// Whether a canteen may have the dish on its menu.
    #[must_use]
    pub fn serves(&self, canteen: CanteenId, place: &PlaceCode, central_kitchen: Option<CanteenId>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Place(home) => home.contains(place),
            Self::Canteen(home) => *home == canteen || Some(*home) == central_kitchen,
        }
    }
}

/// When a canteen serves a meal and until when it may be ordered; minutes after midnight, China time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MealHours {
    /// First minute of service.
    pub serve_from_minute: u16,
    /// First minute after service.
    pub serve_to_minute: u16,
    /// Days before the service date on which the cut-off lies; 0 is the same day.
    pub cut_off_days_before: u16,
    /// The minute of that day at which ordering ends.
    pub cut_off_minute: u16,
}

impl MealHours {
    /// What is usual when a file says nothing: lunch 10:30-13:00 ordered by 9:00, and so on.
    #[must_use]
    pub const fn usual(meal: MealPeriod) -> Self {
        let (from, to, days, cut_off) = match meal {
            MealPeriod::Breakfast => (6 * 60 + 30, 8 * 60 + 30, 1, 20 * 60),
            MealPeriod::Lunch => (10 * 60 + 30, 13 * 60, 0, 9 * 60),
            MealPeriod::Dinner => (16 * 60 + 30, 18 * 60 + 30, 0, 14 * 60),
        };
        Self { serve_from_minute: from, serve_to_minute: to, cut_off_days_before: days, cut_off_minute: cut_off }
    }

    /// The cut-off, start and end of service on a date.
    #[must_use]
    pub fn on(self, date: ServiceDate) -> (Instant, Instant, Instant) {
        let at = |day: ServiceDate, minute: u16| {
            Instant::from_civil(day, NaiveTime::MIN).plus_seconds(TimeDelta::minutes(i64::from(minute)).num_seconds())
        };
        let cut_off_day = date.plus_days(-i32::from(self.cut_off_days_before));
        (at(cut_off_day, self.cut_off_minute), at(date, self.serve_from_minute), at(date, self.serve_to_minute))
    }
}

/// How far ahead a meal may be ordered, in days.
pub const ORDER_AHEAD_DAYS: i64 = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dish_is_served_below_its_home_and_by_the_satellites_of_its_kitchen() {
        let place = |code: &str| PlaceCode::parse(code).unwrap();
        let id = |n| CanteenId::from_uuid(uuid::Uuid::from_u128(n));
        let street = DishHome::Place(place("990101001"));
        for (what, home, canteen, at, kitchen, expected) in [
            ("everyone's", DishHome::Everyone, 1, "990201001001", None, true),
            ("a street's, below it", street.clone(), 1, "990101001002", None, true),
            ("a street's, next door", street.clone(), 1, "990101002001", None, false),
            ("a street's, above it", street, 1, "990101", None, false),
            ("a canteen's own", DishHome::Canteen(id(1)), 1, "990101001001", None, true),
            ("its satellite's", DishHome::Canteen(id(1)), 2, "990101001001", Some(1), true),
            ("a neighbour's", DishHome::Canteen(id(1)), 2, "990101001001", None, false),
            ("another kitchen's satellite's", DishHome::Canteen(id(1)), 2, "990101001001", Some(3), false),
        ] {
            assert_eq!(home.serves(id(canteen), &place(at), kitchen.map(id)), expected, "{what}");
        }
    }

    #[test]
    fn lunch_of_the_day_is_ordered_until_nine_in_the_morning_china_time() {
        let date = ServiceDate::new(2026, 11, 23).unwrap();
        let (cut_off, from, to) = MealHours::usual(MealPeriod::Lunch).on(date);
        assert_eq!(cut_off.to_string(), "2026-11-23T09:00:00.000+08:00");
        assert_eq!((from.seconds_since(cut_off), to.seconds_since(from)), (5400, 9000));
        let (cut_off, ..) = MealHours::usual(MealPeriod::Breakfast).on(date);
        assert_eq!(cut_off.to_string(), "2026-11-22T20:00:00.000+08:00");
    }
}
