//! A draft tried on meals that were eaten, before anybody signs it.
//!
//! Each person's meals are decided again in the order in which they were decided then: first under the versions that were in
//! force, with the facts known at that moment and the limits as they stood, which must give the stored bill to the fen; then
//! under the same versions with the draft in place of its programme, with limits of their own. What is reported is therefore the
//! draft and nothing else. Dates before the draft begins are unchanged.

pub(super) mod past;
mod report;
mod trial;
pub(super) mod uses;

pub use past::{Bill, Eater, PastMeal, Record};
pub use report::{Group, Money, Pair, Payer, Person, Report, Sums};
pub use trial::{Published, Trial, TrialError};

use super::decide::decide;
use super::facts::Subject;
use super::replay::Difference;
use super::trace::{Decision, Leg};
use super::words::{Audience, Language, explain};
use super::{Book, Document, Environment, WorkdayCalendar};
use crate::budget::as_decided;
use crate::id::{OrderId, SeniorId};
use crate::{Fen, PlaceCode, ServiceDate};
use past::Known;
use report::OnePerson;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trial::Day;
use uses::{Uses, What, Worlds, timeline};

/// The baseline is not what was decided then: the trial stops here, because its comparison would compare with nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The order.
    pub order: OrderId,
    /// Whose.
    pub senior: SeniorId,
    /// Service date.
    pub date: ServiceDate,
    /// What differs: stored against computed.
    pub differences: Vec<Difference>,
    /// The decision as it comes out now, in words.
    pub explanation_zh: String,
    /// The same in English.
    pub explanation_en: String,
}

/// Tries the draft on a person's meals and adds them to the report: those that the draft has to do with by its place.
pub fn try_on(eater: &Eater, trial: &Trial, calendar: &WorkdayCalendar, report: &mut Report) -> Result<(), Box<Mismatch>> {
    let mut worlds = Worlds::new(eater.meals.len());
    let mut known = Known::new(eater);
    let mut person = OnePerson::new(eater.senior);
    for (at, what, n) in timeline(&eater.meals) {
        let Some(past) = eater.meals.get(n) else { continue };
        if what != What::Decide {
            worlds.follow(what, n, &past.bill.claims);
            continue;
        }
        let subject = known.by(at);
        let concerned = trial.draft().concerns(subject, &past.meal);
        let counted = past.eaten && concerned && trial.reports(past.meal.date);
        let day = trial.day(past.meal.date, at);
        if let Some(day) = day.filter(|_| counted) {
            matches(eater, past, subject, day, calendar, &worlds.stood)?;
        }
        let draft = day.and_then(|day| day.draft.as_deref()).filter(|_| concerned);
        let after = draft.and_then(|book| decided(book, subject, past, &worlds.would_stand, calendar)).map(Bill::from);
        let after = after.as_ref().unwrap_or(&past.bill);
        worlds.take(n, &past.bill.claims, &after.claims);
        if counted {
            person.add(subject, past, after);
        }
    }
    person.into_report(report, trial.rise_fen());
    Ok(())
}

/// Decides a past meal: with the budgets as its decision found them, which a draft is not told to have used otherwise.
pub(super) fn decided(
    book: &Book,
    subject: &Subject,
    past: &PastMeal,
    uses: &Uses,
    calendar: &WorkdayCalendar,
) -> Option<Decision> {
    let history = uses.history(&book.keys_for(subject, &past.meal));
    let budgets = as_decided(&past.bill.flags);
    // A price out of range cannot have been stored; were one, the stored bill stands.
    decide(book, subject, &past.meal, &history, &Environment { calendar, budgets: &budgets }).ok()
}

fn matches(
    eater: &Eater,
    past: &PastMeal,
    subject: &Subject,
    day: &Day,
    calendar: &WorkdayCalendar,
    uses: &Uses,
) -> Result<(), Box<Mismatch>> {
    let Some(decision) = decided(&day.baseline, subject, past, uses, calendar) else { return Ok(()) };
    let bill = &past.bill;
    if decision.self_pay_fen == bill.self_pay_fen && decision.legs == bill.legs && decision.discounts == bill.discounts {
        return Ok(());
    }
    let differences = differences(bill, &decision);
    if differences.is_empty() {
        return Ok(());
    }
    let documents: Vec<&Document> = day.baseline.versions().map(super::Compiled::document).collect();
    let told = |language| explain(&decision, &documents, Audience::Officer, language);
    Err(Box::new(Mismatch {
        order: past.order,
        senior: eater.senior,
        date: past.meal.date,
        differences,
        explanation_zh: told(Language::Zh),
        explanation_en: told(Language::En),
    }))
}

fn differences(stored: &Bill, computed: &Decision) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |field: String, expected: Fen, computed: Fen| {
        if expected != computed {
            found.push(Difference { field, expected_fen: Some(expected), computed_fen: Some(computed) });
        }
    };
    compare("self_pay_fen".to_owned(), stored.self_pay_fen, computed.self_pay_fen);
    let (before, after) =
        (by_payer(stored.discounts.iter().chain(&stored.legs)), by_payer(computed.discounts.iter().chain(&computed.legs)));
    for payer in before.keys().chain(after.keys().filter(|payer| !before.contains_key(*payer))) {
        let of = |sums: &BTreeMap<String, Fen>| sums.get(payer).copied().unwrap_or_default();
        compare(format!("by_funder/{payer}"), of(&before), of(&after));
    }
    found
}

/// What each payer bears, by programme, funder and place.
fn by_payer<'a>(legs: impl Iterator<Item = &'a Leg>) -> BTreeMap<String, Fen> {
    let mut sums: BTreeMap<String, Fen> = BTreeMap::new();
    for leg in legs {
        let place = leg.place.as_ref().map(PlaceCode::as_str).map_or_else(String::new, |place| format!("@{place}"));
        let sum = sums.entry(format!("{}/{}{place}", leg.programme, leg.funder)).or_default();
        *sum = Fen(sum.0.saturating_add(leg.fen.0));
    }
    sums
}
