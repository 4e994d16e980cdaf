//! A draft tried on meals that were eaten, before anybody signs it.
//!
//! Each person's meals are decided again in the order in which they were decided then: first under the versions that were in
//! force, with the facts known at that moment and the limits as they stood, which must give the stored bill to the fen; then
//! under the same versions with the draft in place of its programme, with limits of their own. What is reported is therefore the
//! draft and nothing else. Dates before the draft begins are unchanged.

mod report;
mod trial;

pub use report::{Group, Money, Pair, Payer, Person, Report, Sums};
pub use trial::{Day, Trial, TrialError, reach};

use super::decide::{Meal, decide};
use super::facts::{Fact, Subject};
use super::limit::{Claim, History, LimitKey, Usage};
use super::replay::Difference;
use super::trace::{Decision, Leg};
use super::words::{Audience, Language, explain};
use super::{Book, Document, Environment, WorkdayCalendar};
use crate::id::{CanteenId, OrderId, SeniorId};
use crate::{Fen, Instant, PlaceCode, ServiceDate};
use report::OnePerson;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was decided then: the part of a stored [`Decision`] that money and limits hang on. The trace is skipped when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Bill {
    /// Off the price by discounts.
    pub discount_fen: Fen,
    /// Granted.
    pub granted_fen: Fen,
    /// What the senior pays.
    pub self_pay_fen: Fen,
    /// Who bears the discounts.
    pub discounts: Vec<Leg>,
    /// Who pays the grant.
    pub legs: Vec<Leg>,
    /// What the canteen got beside it.
    pub operator: Vec<Leg>,
    /// What it took of limits.
    pub claims: Vec<Claim>,
}

impl From<Decision> for Bill {
    fn from(d: Decision) -> Self {
        let Decision { discount_fen, granted_fen, self_pay_fen, discounts, legs, operator, claims, .. } = d;
        Self { discount_fen, granted_fen, self_pay_fen, discounts, legs, operator, claims }
    }
}

/// A meal of the past.
#[derive(Debug, Clone)]
pub struct PastMeal {
    /// Its order.
    pub order: OrderId,
    /// Where it was eaten.
    pub canteen: CanteenId,
    /// What was decided about.
    pub meal: Meal,
    /// When.
    pub decided_at: Instant,
    /// When its limits were given back: cancelled, or not fetched.
    pub given_back_at: Option<Instant>,
    /// Whether it was eaten; others only held limits for a while.
    pub eaten: bool,
    /// What was decided.
    pub bill: Bill,
}

/// A person with the meals of the period, and those around it that share a limit with them.
#[derive(Debug, Clone)]
pub struct Eater {
    /// Who.
    pub senior: SeniorId,
    /// Birth and homes, without facts.
    pub subject: Subject,
    /// Facts with the moment they were recorded.
    pub facts: Vec<(Instant, Fact)>,
    /// Meals, in any order.
    pub meals: Vec<PastMeal>,
}

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

/// Limits in use at a moment.
#[derive(Debug, Default)]
struct Uses(BTreeMap<LimitKey, Vec<(usize, Usage)>>);

impl Uses {
    fn history(&self, keys: &[LimitKey]) -> History {
        History(keys.iter().filter_map(|key| self.0.get(key)).flatten().map(|(_, usage)| usage.clone()).collect())
    }

    fn take(&mut self, meal: usize, claims: &[Claim]) {
        let mut taken = History::default();
        taken.claim(claims);
        for usage in taken.0 {
            self.0.entry(usage.key.clone()).or_default().push((meal, usage));
        }
    }

    fn give_back(&mut self, meal: usize, claims: &[Claim]) {
        for claim in claims {
            let (Claim::Count { key, .. } | Claim::Amount { key, .. }) = claim;
            if let Some(uses) = self.0.get_mut(key) {
                uses.retain(|(of, _)| *of != meal);
            }
        }
    }
}

/// Tries the draft on a person's meals and adds them to the report.
pub fn try_on(eater: &Eater, trial: &Trial, calendar: &WorkdayCalendar, report: &mut Report) -> Result<(), Box<Mismatch>> {
    let mut stood = Uses::default();
    let mut would_stand = Uses::default();
    let mut trial_claims: Vec<Vec<Claim>> = vec![Vec::new(); eater.meals.len()];
    let mut known = Known::new(eater);
    let mut person = OnePerson::new(eater.senior);
    for (at, what, n) in timeline(&eater.meals) {
        let Some(past) = eater.meals.get(n) else { continue };
        if what == What::GiveBack {
            stood.give_back(n, &past.bill.claims);
            would_stand.give_back(n, trial_claims.get(n).map_or(&[], Vec::as_slice));
            continue;
        }
        let subject = known.by(at);
        let counted = past.eaten && trial.reports(past.meal.date);
        let day = trial.day(past.meal.date);
        if let Some(day) = day.filter(|_| counted) {
            matches(eater, past, subject, day, calendar, &stood)?;
        }
        stood.take(n, &past.bill.claims);
        let after = match day.and_then(|day| day.draft.as_deref()) {
            Some(book) => decided(book, subject, &past.meal, &would_stand, calendar).map(Bill::from),
            None => None,
        };
        let after = after.as_ref().unwrap_or(&past.bill);
        would_stand.take(n, &after.claims);
        if counted {
            person.add(subject, past, after);
        }
        if let Some(claims) = trial_claims.get_mut(n) {
            claims.clone_from(&after.claims);
        }
    }
    person.into_report(report, trial.rise_fen());
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    GiveBack,
    Decide,
}

/// What happened to the person's limits, in its order.
fn timeline(meals: &[PastMeal]) -> Vec<(Instant, What, usize)> {
    let mut events = Vec::with_capacity(meals.len());
    for (n, meal) in meals.iter().enumerate() {
        events.push((meal.decided_at, What::Decide, n));
        // A meal that was decided anew after it had been given back holds again; only a later return counts.
        events.extend(meal.given_back_at.filter(|at| *at > meal.decided_at).map(|at| (at, What::GiveBack, n)));
    }
    events.sort_by_key(|(at, what, n)| (*at, *what, meals.get(*n).map(|meal| meal.order)));
    events
}

/// What was known of the person at a moment; moments come in their order.
struct Known<'a> {
    facts: Vec<&'a (Instant, Fact)>,
    taken: usize,
    subject: Subject,
}

impl<'a> Known<'a> {
    fn new(eater: &'a Eater) -> Self {
        let mut facts: Vec<&(Instant, Fact)> = eater.facts.iter().collect();
        facts.sort_by_key(|(at, _)| *at);
        Self { facts, taken: 0, subject: eater.subject.clone() }
    }

    fn by(&mut self, at: Instant) -> &Subject {
        while let Some((_, fact)) = self.facts.get(self.taken).filter(|(recorded, _)| *recorded <= at) {
            self.subject.facts.push(fact.clone());
            self.taken += 1;
        }
        &self.subject
    }
}

fn decided(book: &Book, subject: &Subject, meal: &Meal, uses: &Uses, calendar: &WorkdayCalendar) -> Option<Decision> {
    let history = uses.history(&book.keys_for(subject, meal));
    // A price out of range cannot have been stored; were one, the stored bill stands.
    decide(book, subject, meal, &history, &Environment { calendar, budgets: &[] }).ok()
}

fn matches(
    eater: &Eater,
    past: &PastMeal,
    subject: &Subject,
    day: &Day,
    calendar: &WorkdayCalendar,
    uses: &Uses,
) -> Result<(), Box<Mismatch>> {
    let Some(decision) = decided(&day.baseline, subject, &past.meal, uses, calendar) else { return Ok(()) };
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
