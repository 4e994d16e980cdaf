//! Conditions: a closed set of tests over the person, the meal and the canteen.

use super::facts::FactKind;
use super::name::Name;
use crate::place::PlaceLevel;
use crate::{Channel, MealPeriod, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// A day of the week.
    pub enum Day {
        /// 周一
        Monday = "monday",
        /// 周二
        Tuesday = "tuesday",
        /// 周三
        Wednesday = "wednesday",
        /// 周四
        Thursday = "thursday",
        /// 周五
        Friday = "friday",
        /// 周六
        Saturday = "saturday",
        /// 周日
        Sunday = "sunday",
    }
}
crate::text_enum! {
    /// Which of the person's places is meant.
    pub enum Home {
        /// 户籍: the place of registration.
        Registered = "registered",
        /// 居住地: the place of residence.
        Resident = "resident",
        /// Either of them.
        Either = "either",
    }
}

/// A condition. Written as a map with one key: `{age: {from: 60, to: 69}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Every one holds.
    All(Vec<When>),
    /// At least one holds.
    Any(Vec<When>),
    /// It does not hold.
    Not(Box<When>),
    /// Age in whole years on the service date.
    Age(AgeBand),
    /// A fact of the person holds on the service date.
    Fact(FactTest),
    /// The place of registration lies in one of these places.
    RegisteredIn(Vec<PlaceCode>),
    /// The place of residence lies in one of these places.
    ResidentIn(Vec<PlaceCode>),
    /// The canteen lies in one of these places.
    CanteenIn(Vec<PlaceCode>),
    /// The canteen lies in the same street (district, city ...) as the person's home.
    CanteenInHome(HomeTest),
    /// The canteen's star, grade or type is one of these names.
    CanteenGrade(Vec<Name>),
    /// The meal period.
    Meal(Vec<MealPeriod>),
    /// How the meal reaches the table.
    Channel(Vec<Channel>),
    /// A working day, or not one.
    Workday(bool),
    /// A statutory holiday with the days moved to it, weekends inside it included; or not one.
    Holiday(bool),
    /// The day of the week.
    Weekday(Vec<Day>),
    /// The class of what is ordered.
    Product(Vec<Name>),
    /// Which meal of the day it is for this person within the programme, from 1.
    NthMeal(NthBand),
    /// The list price.
    Price(PriceBand),
    /// The service date.
    Date(DateBand),
}

/// Ages from and to, both inclusive; at least one is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeBand {
    /// Youngest age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u16>,
    /// Oldest age, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u16>,
}

/// A fact of a kind, with one of some values, held for long enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactTest {
    /// The kind.
    pub kind: FactKind,
    /// The accepted values; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Name>,
    /// Whole months the fact must have held (a fact without a first day has held for ever).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_months: Option<u16>,
}

/// The canteen shares the home's place of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeTest {
    /// The level that must be the same.
    pub level: PlaceLevel,
    /// Which home.
    pub home: Home,
}

/// Running numbers from and to, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NthBand {
    /// First running number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u16>,
    /// Last running number, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u16>,
}

/// Prices from and to, both inclusive, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBand {
    /// Lowest price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_fen: Option<i64>,
    /// Highest price, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_fen: Option<i64>,
}

/// Dates from and to, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateBand {
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ServiceDate>,
    /// Last day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

impl When {
    /// Visits this condition and everything inside it.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter().for_each(|w| w.visit(see)),
            Self::Not(inner) => inner.visit(see),
            _ => {}
        }
    }
}
