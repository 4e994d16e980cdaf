//! The specification of subsidies, as tests.

mod backtest;
mod checks;
mod library;
mod limits;
mod money;
mod officer;
mod person;
mod programmes;
mod properties;
mod random;
mod rerate;
mod words;

use super::facts::{Fact, FactKind, Subject};
use super::{Book, BudgetLeft, Compiled, Decision, Document, Environment, History, Meal, Name, WorkdayCalendar, decide, parse};
use crate::{Channel, Fen, MealPeriod, PlaceCode, ServiceDate};
use std::sync::Arc;

/// A document from the text after its header; programme `p`, place 990101001, all dates.
pub(super) fn doc(body: &str) -> Document {
    let head = "nuanfan_policy: 1\nprogramme: p\nversion: v1\ntitle: t\nplace: '990101001'\neffective: {from: 2020-01-01}\n\
                source: {name: n, publisher: p}\n";
    read(&format!("{head}{body}"))
}

pub(super) fn read(text: &str) -> Document {
    parse::document(text).into_result().unwrap_or_else(|f| panic!("{f:#?}\n{text}"))
}

/// A document with one group of the lines given, paid by the street, with the standard conventions.
pub(super) fn group(select: &str, lines: &str, more: &str) -> Document {
    doc(&format!(
        "conventions: {{defaults: standard}}\nfunders: [{{id: street, name: 街道, kind: government}}]\n{more}\n\
         steps: [{{group: {{id: g, name: g, select: {select}, funders: [{{funder: street, rest: true}}], lines: [{lines}]}}}}]\n"
    ))
}

pub(super) fn line(id: &str, rest: &str) -> String {
    format!("{{id: {id}, name: {id}, {rest}}}")
}

pub(super) fn day(text: &str) -> ServiceDate {
    ServiceDate::parse(text).unwrap()
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn place(text: &str) -> PlaceCode {
    PlaceCode::parse(text).unwrap()
}

pub(super) fn born(birth: &str) -> Subject {
    let home = Some(place("990101001"));
    Subject { birth: Some(day(birth)), registered: home.clone(), resident: home, facts: Vec::new() }
}

pub(super) fn fact(kind: FactKind, value: &str, from: Option<&str>, to: Option<&str>) -> Fact {
    Fact { id: Some(name("f1")), kind, value: name(value), from: from.map(day), to: to.map(day) }
}

/// A dine-in lunch at home.
pub(super) fn lunch(date: &str, price: i64) -> Meal {
    Meal {
        date: day(date),
        period: MealPeriod::Lunch,
        channel: Channel::DineIn,
        price: Fen(price),
        delivery_fee: Fen(0),
        product: None,
        canteen_place: Some(place("990101001")),
        canteen_grade: None,
        canteen_inspection: None,
    }
}

pub(super) fn dinner(date: &str, price: i64) -> Meal {
    Meal { period: MealPeriod::Dinner, ..lunch(date, price) }
}

/// The shipped calendar, read once: reading YAML takes longer than deciding a thousand meals.
pub(super) fn calendar() -> &'static WorkdayCalendar {
    static CALENDAR: std::sync::LazyLock<WorkdayCalendar> = std::sync::LazyLock::new(WorkdayCalendar::shipped);
    &CALENDAR
}

/// A bench that decides under some documents.
pub(super) struct Bench {
    pub book: Book,
    pub calendar: &'static WorkdayCalendar,
    pub budgets: Vec<BudgetLeft>,
}

impl Bench {
    pub fn new(documents: &[&Document]) -> Self {
        let versions = documents.iter().map(|d| Arc::new(Compiled::new((*d).clone()))).collect();
        Self { book: Book::new(versions).unwrap(), calendar: calendar(), budgets: Vec::new() }
    }

    pub fn decide(&self, subject: &Subject, meal: &Meal, history: &History) -> Decision {
        let environment = Environment { calendar: self.calendar, budgets: &self.budgets };
        decide(&self.book, subject, meal, history, &environment).unwrap()
    }

    /// Decides without history.
    pub fn first(&self, subject: &Subject, meal: &Meal) -> Decision {
        self.decide(subject, meal, &History::default())
    }
}

/// What a funder bears.
pub(super) fn bears(decision: &Decision, funder: &str) -> i64 {
    decision.by_funder().get(funder).map_or(0, |f| f.0)
}
