//! What every label and sheet says of its sitting.

use crate::check::Check;
use crate::fault::{Field, Spot};
use domain::{Instant, MealPeriod, ServiceDate};

/// Which sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The canteen's name.
    pub canteen: String,
    /// The day.
    pub date: ServiceDate,
    /// The meal.
    pub meal: MealPeriod,
}

impl Heading {
    pub(crate) fn check(&self, check: &mut Check) {
        check.text(Spot::page(Field::Canteen), &self.canteen);
    }

    /// `11月26日 午餐`
    pub(crate) fn sitting(&self) -> String {
        format!("{} {}", self.date.0.format("%-m月%-d日"), self.meal.name_zh())
    }

    /// `2026年11月26日 午餐`
    pub(crate) fn sitting_with_year(&self) -> String {
        format!("{} {}", self.date.0.format("%Y年%-m月%-d日"), self.meal.name_zh())
    }

    /// `13:30`, or `11-27 13:30` when that is not the sitting's date.
    pub(crate) fn clock(&self, at: Instant) -> String {
        let time = at.civil_time().format("%H:%M").to_string();
        if at.civil_date() == self.date { time } else { format!("{} {time}", at.civil_date().0.format("%m-%d")) }
    }
}

/// An instant as sheets say it: `2026-11-26 09:15`, in China.
#[must_use]
pub fn stamp(at: Instant) -> String {
    format!("{} {}", at.civil_date().0.format("%Y-%m-%d"), at.civil_time().format("%H:%M"))
}
