//! Examples in the exchange format, and the first half of their replay: what a case says of person, meal and history.

use super::facts::Fact;
use super::name::Name;
use crate::{Channel, Fen, MealPeriod, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One meal of one person with the expected bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The identifier.
    pub id: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// Whether the text itself states the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CaseKind>,
    /// The senior.
    #[serde(default)]
    pub person: CasePerson,
    /// The meal.
    pub order: CaseOrder,
    /// Earlier meals of the same person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<CaseMeal>,
    /// The reading it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<u32>,
    /// What a canteen did in a period, for rules that pay canteens by period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canteen: Option<super::operator::CanteenPeriod>,
    /// The expected result.
    pub expect: CaseExpect,
}

crate::text_enum! {
    /// Where an expected result comes from.
    pub enum CaseKind {
        /// The text states it.
        Published = "published",
        /// It was computed from the text.
        Derived = "derived",
    }
}

/// The senior of a case. A place that is not stated is the document's own place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePerson {
    /// Birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<ServiceDate>,
    /// Place of registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<PlaceCode>,
    /// Place of residence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident: Option<PlaceCode>,
    /// Dated facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// The meal of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseOrder {
    /// Service date.
    pub date: ServiceDate,
    /// Meal period; lunch when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meal: Option<MealPeriod>,
    /// Channel; dine-in when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// List price.
    pub price_fen: Fen,
    /// Delivery fee; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_fee_fen: Option<Fen>,
    /// Class of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<Name>,
    /// Where the canteen is; the document's place when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canteen_place: Option<PlaceCode>,
    /// The canteen's star, grade or type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canteen_grade: Option<Name>,
}

/// An earlier meal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseMeal {
    /// Service date.
    pub date: ServiceDate,
    /// Meal period; lunch when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meal: Option<MealPeriod>,
    /// Where the canteen is; the document's place when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canteen_place: Option<PlaceCode>,
    /// List price; the order's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_fen: Option<Fen>,
    /// What was granted; what the document grants when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_fen: Option<Fen>,
}

/// What a case expects; what is absent is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseExpect {
    /// What the senior pays in all, delivery fee included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_pay_fen: Option<Fen>,
    /// What each funder bears, discounts included. A funder that grants and is not named is a difference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_funder: BTreeMap<Name, Fen>,
    /// What each operator rule pays.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub operator_fen: BTreeMap<Name, Fen>,
}
