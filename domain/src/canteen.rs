//! Canteens, their stations and their sittings.

use crate::{Instant, MealPeriod, ServiceDate};
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
    fn lunch_of_the_day_is_ordered_until_nine_in_the_morning_china_time() {
        let date = ServiceDate::new(2026, 11, 23).unwrap();
        let (cut_off, from, to) = MealHours::usual(MealPeriod::Lunch).on(date);
        assert_eq!(cut_off.to_string(), "2026-11-23T09:00:00.000+08:00");
        assert_eq!((from.seconds_since(cut_off), to.seconds_since(from)), (5400, 9000));
        let (cut_off, ..) = MealHours::usual(MealPeriod::Breakfast).on(date);
        assert_eq!(cut_off.to_string(), "2026-11-22T20:00:00.000+08:00");
    }
}
