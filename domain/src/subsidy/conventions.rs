//! What a policy text usually leaves open and a document must state.

use crate::money::Rounding;
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// The day on which an age counts as reached.
    pub enum AgeReached {
        /// On the birthday.
        Birthday = "birthday",
        /// On the day after the birthday.
        DayAfter = "day_after",
        /// From the first day of the birthday's month.
        MonthStart = "month_start",
        /// From the first day of the month after the birthday.
        NextMonth = "next_month",
        /// From 1 January of the birthday's year.
        YearStart = "year_start",
    }
}
crate::text_enum! {
    /// The birthday of a person born on 29 February in a common year.
    pub enum LeapBirthday {
        /// 28 February.
        Feb28 = "feb_28",
        /// 1 March.
        Mar1 = "mar_1",
    }
}
crate::text_enum! {
    /// Which date governs version, age and facts. A closed set of one: texts pay for meals eaten.
    pub enum GoverningDate {
        /// The day the meal is eaten.
        ServiceDate = "service_date",
    }
}
crate::text_enum! {
    /// What a percentage is taken of.
    pub enum PercentageBase {
        /// The price on the menu.
        ListPrice = "list_price",
        /// What is left to pay when the step begins, after discounts and earlier subsidies.
        Remaining = "remaining",
    }
}
crate::text_enum! {
    /// What a minimum spend is compared with.
    pub enum ThresholdBase {
        /// The price before any discount.
        Gross = "gross",
        /// What is left after the steps before.
        Net = "net",
    }
}
crate::text_enum! {
    /// Whose share shrinks when the grants exceed what may be paid.
    pub enum ClipOrder {
        /// The funder written last gives up first.
        LastFunderFirst = "last_funder_first",
        /// The funder written first gives up first.
        FirstFunderFirst = "first_funder_first",
        /// All in proportion, by largest remainder.
        Proportional = "proportional",
    }
}
crate::text_enum! {
    /// What a working day is.
    pub enum WorkdayRule {
        /// By the State Council's calendar: holidays off, make-up Saturdays and Sundays worked.
        StateCouncil = "state_council",
        /// Monday to Friday whatever the calendar says.
        Weekday = "weekday",
    }
}
crate::text_enum! {
    /// The first day of a week.
    pub enum WeekStart {
        /// 自然周: Monday to Sunday.
        Monday = "monday",
        /// Sunday to Saturday.
        Sunday = "sunday",
    }
}
crate::text_enum! {
    /// When a fact begins to count.
    pub enum StartLag {
        /// On its first day.
        SameDay = "same_day",
        /// On the day after.
        NextDay = "next_day",
        /// From the first day of that month (当月起).
        MonthStart = "month_start",
        /// From the first day of the next month (次月起).
        NextMonth = "next_month",
    }
}
crate::text_enum! {
    /// When a fact that ended ceases to count.
    pub enum EndLag {
        /// With its last day.
        SameDay = "same_day",
        /// With the last day of that month (次月停发).
        MonthEnd = "month_end",
        /// With the last day of the next month.
        NextMonthEnd = "next_month_end",
    }
}
crate::text_enum! {
    /// The last day on which a person who died counts.
    pub enum DeathLag {
        /// The day before the death: meals of the day itself go to review.
        DayBefore = "day_before",
        /// The day of death.
        SameDay = "same_day",
        /// The last day of the month of death (当月照发, 次月停发).
        MonthEnd = "month_end",
    }
}
crate::text_enum! {
    /// Which part of the bill a subsidy may reduce.
    pub enum Covers {
        /// The meal's price.
        Meal = "meal",
        /// The delivery fee.
        DeliveryFee = "delivery_fee",
        /// Both; the meal's price first.
        Total = "total",
    }
}
crate::text_enum! {
    /// A named set of conventions for what the document does not state.
    pub enum DefaultSet {
        /// [`Conventions::STANDARD`].
        Standard = "standard",
    }
}

/// The conventions, all settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conventions {
    /// The day on which an age counts as reached.
    pub age_reached: AgeReached,
    /// The birthday of a leap-day child in a common year.
    pub leap_birthday: LeapBirthday,
    /// Which date governs.
    pub governing_date: GoverningDate,
    /// What percentages are taken of.
    pub percentage_base: PercentageBase,
    /// What a minimum spend is compared with.
    pub threshold_base: ThresholdBase,
    /// Whether the delivery fee counts towards a minimum spend.
    pub threshold_delivery: bool,
    /// Whether a minimum must be exceeded (true) or reached (false).
    pub threshold_strict: bool,
    /// What happens to a part of the rounding unit.
    pub rounding: Rounding,
    /// Amounts of percentages are rounded to a multiple of this many fen: 1, 10 or 100.
    pub rounding_unit_fen: i64,
    /// Whose share shrinks first.
    pub clip_order: ClipOrder,
    /// What a working day is.
    pub workday: WorkdayRule,
    /// The first day of a week.
    pub week: WeekStart,
    /// When a fact begins to count.
    pub start_lag: StartLag,
    /// When an ended fact ceases to count.
    pub end_lag: EndLag,
    /// The last day on which a person who died counts.
    pub death_lag: DeathLag,
    /// Which part of the bill is reduced.
    pub covers: Covers,
    /// What the senior pays at least for a meal, in fen.
    pub min_self_pay_fen: i64,
}

impl Conventions {
    /// The readings most texts suggest. A document adopts them by writing `defaults: standard`, never by silence.
    pub const STANDARD: Self = Self {
        age_reached: AgeReached::Birthday,
        leap_birthday: LeapBirthday::Mar1,
        governing_date: GoverningDate::ServiceDate,
        percentage_base: PercentageBase::Remaining,
        threshold_base: ThresholdBase::Gross,
        threshold_delivery: false,
        threshold_strict: false,
        rounding: Rounding::HalfUp,
        rounding_unit_fen: 1,
        clip_order: ClipOrder::LastFunderFirst,
        workday: WorkdayRule::StateCouncil,
        week: WeekStart::Monday,
        start_lag: StartLag::SameDay,
        end_lag: EndLag::SameDay,
        death_lag: DeathLag::DayBefore,
        covers: Covers::Meal,
        min_self_pay_fen: 0,
    };
}

macro_rules! stated {
    ($($(#[$meta:meta])* $field:ident: $type:ty),+ $(,)?) => {
        /// The conventions as a document states them; what is absent comes from the set named by `defaults`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct StatedConventions {
            /// Where unstated conventions come from.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub defaults: Option<DefaultSet>,
            $(
                #[doc = concat!("See [`Conventions::", stringify!($field), "`].")]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )+
        }

        impl StatedConventions {
            /// The settled conventions.
            #[must_use]
            pub fn settle(&self) -> Conventions {
                let standard = Conventions::STANDARD;
                Conventions { $($field: self.$field.unwrap_or(standard.$field)),+ }
            }

            /// The fields that are not stated.
            #[must_use]
            pub fn unstated(&self) -> Vec<&'static str> {
                let mut missing = Vec::new();
                $(if self.$field.is_none() { missing.push(stringify!($field)); })+
                missing
            }
        }
    };
}

stated! {
    age_reached: AgeReached,
    leap_birthday: LeapBirthday,
    governing_date: GoverningDate,
    percentage_base: PercentageBase,
    threshold_base: ThresholdBase,
    threshold_delivery: bool,
    threshold_strict: bool,
    rounding: Rounding,
    rounding_unit_fen: i64,
    clip_order: ClipOrder,
    workday: WorkdayRule,
    week: WeekStart,
    start_lag: StartLag,
    end_lag: EndLag,
    death_lag: DeathLag,
    covers: Covers,
    min_self_pay_fen: i64,
}
