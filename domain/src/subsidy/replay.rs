//! Cases replayed: expected against computed, with the explanation where they differ.

use super::calendar::WorkdayCalendar;
use super::cases::{Case, CaseMeal};
use super::compile::{Book, Compiled, Environment, Overlap};
use super::decide::{BadMeal, Meal, decide};
use super::document::Document;
use super::facts::Subject;
use super::limit::{Claim, History, Usage};
use super::name::Name;
use super::operator;
use super::trace::Decision;
use super::words::{Audience, Language, explain};
use crate::{Channel, Fen, MealPeriod};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

crate::text_enum! {
    /// How a case came out.
    pub enum Verdict {
        /// Everything stated was computed.
        Pass = "pass",
        /// Something differs.
        Fail = "fail",
        /// It belongs to another reading.
        Skipped = "skipped",
    }
}

/// One case, replayed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replayed {
    /// The case.
    pub id: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What differs.
    pub differences: Vec<Difference>,
    /// What the senior pays, as computed.
    pub self_pay_fen: Fen,
    /// What each funder bears, as computed.
    pub by_funder: BTreeMap<Name, Fen>,
    /// What each operator rule pays, as computed.
    pub operator_fen: BTreeMap<Name, Fen>,
    /// The whole decision, when something differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The decision in words for the officer, when something differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_zh: Option<String>,
    /// The same in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_en: Option<String>,
}

/// A figure that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which: `self_pay_fen`, `by_funder/city`, `operator_fen/per-grant`, `order` when the meal cannot be decided.
    pub field: String,
    /// What the case expects; absent when it expects nothing there.
    pub expected_fen: Option<Fen>,
    /// What was computed; absent when nothing was.
    pub computed_fen: Option<Fen>,
}

/// A list of cases, replayed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// How many came out as expected.
    pub passed: usize,
    /// How many differ.
    pub failed: usize,
    /// How many belong to another reading.
    pub skipped: usize,
    /// Case by case.
    pub cases: Vec<Replayed>,
}

/// Replays cases against a document, with other programmes acting beside it.
///
/// A case that names another reading than the document's is skipped. A case that names none belongs to every document,
/// except in a list where other cases name one: there it belongs to reading 0.
pub fn replay(document: &Document, beside: &[Document], cases: &[Case], calendar: &WorkdayCalendar) -> Result<Report, Overlap> {
    let compiled = Arc::new(Compiled::new(document.clone()));
    let mut versions = vec![compiled.clone()];
    versions.extend(beside.iter().map(|d| Arc::new(Compiled::new(d.clone()))));
    let bench = Bench { book: Book::new(versions)?, compiled: &compiled, calendar };
    let own = document.reading.as_ref().map(|r| r.index);
    let mixed = cases.iter().any(|c| c.reading.is_some());
    let mut report = Report::default();
    for case in cases {
        let reading = case.reading.or(mixed.then_some(0));
        let replayed = if own.zip(reading).is_some_and(|(own, other)| own != other) { skipped(case) } else { bench.replay(case) };
        match replayed.verdict {
            Verdict::Pass => report.passed += 1,
            Verdict::Fail => report.failed += 1,
            Verdict::Skipped => report.skipped += 1,
        }
        report.cases.push(replayed);
    }
    Ok(report)
}

fn skipped(case: &Case) -> Replayed {
    Replayed {
        id: case.id.clone(),
        verdict: Verdict::Skipped,
        differences: Vec::new(),
        self_pay_fen: Fen::ZERO,
        by_funder: BTreeMap::new(),
        operator_fen: BTreeMap::new(),
        decision: None,
        explanation_zh: None,
        explanation_en: None,
    }
}

struct Bench<'a> {
    book: Book,
    compiled: &'a Compiled,
    calendar: &'a WorkdayCalendar,
}

impl Bench<'_> {
    fn replay(&self, case: &Case) -> Replayed {
        let subject = subject_of(case, self.compiled.document());
        let history = self.history(case, &subject);
        let decision = match self.decide(&subject, &meal_of(case, self.compiled.document()), &history) {
            Ok(decision) => decision,
            Err(_) => {
                let order = Difference { field: "order".to_owned(), expected_fen: None, computed_fen: None };
                return Replayed { verdict: Verdict::Fail, differences: vec![order], ..skipped(case) };
            }
        };
        let operator_fen = self.operator(case, &decision);
        let by_funder = decision.by_funder();
        let differences = differences(case, &decision, &by_funder, &operator_fen);
        let failed = !differences.is_empty();
        let documents: Vec<&Document> = self.book.versions().map(Compiled::document).collect();
        let words = |language| failed.then(|| explain(&decision, &documents, Audience::Officer, language));
        Replayed {
            id: case.id.clone(),
            verdict: if failed { Verdict::Fail } else { Verdict::Pass },
            differences,
            self_pay_fen: decision.self_pay_fen,
            by_funder,
            operator_fen,
            explanation_zh: words(Language::Zh),
            explanation_en: words(Language::En),
            decision: failed.then_some(decision),
        }
    }

    fn decide(&self, subject: &Subject, meal: &Meal, history: &History) -> Result<Decision, BadMeal> {
        decide(&self.book, subject, meal, history, &Environment { calendar: self.calendar, budgets: &[] })
    }

    fn operator(&self, case: &Case, decision: &Decision) -> BTreeMap<Name, Fen> {
        let mut sums: BTreeMap<Name, Fen> = BTreeMap::new();
        let mut add = |rule: &Name, fen: Fen| {
            let sum = sums.entry(rule.clone()).or_default();
            *sum = Fen(sum.0.saturating_add(fen.0));
        };
        decision.operator.iter().for_each(|leg| add(&leg.line, leg.fen));
        if let Some(period) = &case.canteen {
            operator::period(self.compiled, period).iter().for_each(|award| add(&award.rule, award.fen));
        }
        sums
    }

    /// What the earlier meals used of each limit.
    ///
    /// Each is decided in its turn. Where the case states another amount than the document grants, the stated amount counts:
    /// under the limits of the lines that granted, or, when none did, under every limit of the document.
    fn history(&self, case: &Case, subject: &Subject) -> History {
        let mut earlier: Vec<&CaseMeal> = case.history.iter().collect();
        earlier.sort_by_key(|m| (m.date, m.meal.unwrap_or(MealPeriod::Lunch)));
        let mut history = History::default();
        for past in earlier {
            let mut order = meal_of(case, self.compiled.document());
            order.date = past.date;
            order.period = past.meal.unwrap_or(MealPeriod::Lunch);
            order.price = past.price_fen.unwrap_or(order.price);
            order.canteen_place = past.canteen_place.clone().or_else(|| self.compiled.document().place.clone());
            let Ok(decision) = self.decide(subject, &order, &history) else { continue };
            let computed = decision.granted_fen;
            match past.granted_fen {
                Some(stated) if stated != computed && computed.0 == 0 => self.claim_all(&order, stated, &mut history, &decision),
                Some(stated) if stated != computed => history.claim(&restated(&decision.claims, stated, computed)),
                _ => history.claim(&decision.claims),
            }
        }
        history
    }

    fn claim_all(&self, order: &Meal, stated: Fen, history: &mut History, decision: &Decision) {
        history.claim(&decision.claims);
        for limit in self.compiled.all_limits() {
            let Some(key) = self.compiled.keys(limit, order.date, order.period).pop() else { continue };
            let ordinal = if matches!(limit.cap, super::compile::Cap::Count(_)) { history.free_ordinal(&key) } else { 0 };
            history.0.push(Usage { key, ordinal, fen: if ordinal == 0 { stated } else { Fen::ZERO } });
        }
    }
}

/// Claims with the stated amount in place of the computed one; a stated 0 leaves only the day's running number.
fn restated(claims: &[Claim], stated: Fen, computed: Fen) -> Vec<Claim> {
    let scaled = |claim: &Claim| match claim {
        Claim::Count { of, .. } => (stated.0 > 0 || of.is_none()).then(|| claim.clone()),
        Claim::Amount { key, fen, cap_fen } => {
            let part = i128::from(stated.0) * i128::from(fen.0) / i128::from(computed.0.max(1));
            let fen = Fen(i64::try_from(part).unwrap_or(i64::MAX));
            Some(Claim::Amount { key: key.clone(), fen, cap_fen: *cap_fen })
        }
    };
    claims.iter().filter_map(scaled).collect()
}

/// The senior of a case; places that are not stated are the document's own.
#[must_use]
pub fn subject_of(case: &Case, document: &Document) -> Subject {
    let own = || document.place.clone();
    Subject {
        birth: case.person.birth,
        registered: case.person.registered.clone().or_else(own),
        resident: case.person.resident.clone().or_else(own),
        facts: case.person.facts.clone(),
    }
}

/// The meal of a case: a dine-in lunch unless it says otherwise.
#[must_use]
pub fn meal_of(case: &Case, document: &Document) -> Meal {
    let order = &case.order;
    Meal {
        date: order.date,
        period: order.meal.unwrap_or(MealPeriod::Lunch),
        channel: order.channel.unwrap_or(Channel::DineIn),
        price: order.price_fen,
        delivery_fee: order.delivery_fee_fen.unwrap_or_default(),
        product: order.product.clone(),
        canteen_place: order.canteen_place.clone().or_else(|| document.place.clone()),
        canteen_grade: order.canteen_grade.clone(),
        canteen_inspection: case.canteen.as_ref().and_then(|c| c.inspection.clone()),
    }
}

fn differences(
    case: &Case,
    decision: &Decision,
    by_funder: &BTreeMap<Name, Fen>,
    operator_fen: &BTreeMap<Name, Fen>,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |field: String, expected: Fen, computed: Fen| {
        if expected != computed {
            found.push(Difference { field, expected_fen: Some(expected), computed_fen: Some(computed) });
        }
    };
    if let Some(expected) = case.expect.self_pay_fen {
        compare("self_pay_fen".to_owned(), expected, decision.self_pay_fen);
    }
    for (funder, expected) in &case.expect.by_funder {
        compare(format!("by_funder/{funder}"), *expected, by_funder.get(funder).copied().unwrap_or_default());
    }
    for (rule, expected) in &case.expect.operator_fen {
        compare(format!("operator_fen/{rule}"), *expected, operator_fen.get(rule).copied().unwrap_or_default());
    }
    if !case.expect.by_funder.is_empty() {
        // A discount may stay unnamed: texts give it to the senior without saying who bears it.
        let granting: std::collections::BTreeSet<&Name> = decision.legs.iter().map(|l| &l.funder).collect();
        for funder in granting.into_iter().filter(|f| !case.expect.by_funder.contains_key(*f)) {
            let computed_fen = by_funder.get(funder).copied();
            found.push(Difference { field: format!("by_funder/{funder}"), expected_fen: None, computed_fen });
        }
    }
    found
}
