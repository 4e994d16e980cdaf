//! A draft on past meals: the baseline first, then the draft, with limits of their own.

use super::*;
use crate::Instant;
use crate::id::{CanteenId, OrderId, SeniorId};
use crate::subsidy::backtest::{Bill, Eater, PastMeal, Report, Trial, TrialError, reach, try_on};
use std::collections::BTreeMap;
use uuid::Uuid;

const WEEKLY: &str = "limits: [{id: week, per: week, count: 2}]";

/// Three yuan a meal from 60 on, twice a week.
fn old() -> Document {
    group("first", &line("a", "when: {age: {from: 60}}, amount: {fixed_fen: 300}"), WEEKLY)
}

/// Two yuan from 60 on, five from 80 on, three times a week.
fn new() -> Document {
    let lines = format!(
        "{}, {}",
        line("a", "when: {age: {from: 60, to: 79}}, amount: {fixed_fen: 200}"),
        line("b", "when: {age: {from: 80}}, amount: {fixed_fen: 500}")
    );
    let mut new = group("first", &lines, "limits: [{id: week, per: week, count: 3}]");
    new.version = name("v2");
    new
}

fn book(document: &Document) -> Arc<Book> {
    Arc::new(Book::new(vec![Arc::new(Compiled::new(document.clone()))]).unwrap())
}

fn at(hours: i64) -> Instant {
    Instant::from_civil(day("2026-03-01"), chrono::NaiveTime::MIN).plus_seconds(hours * 3600)
}

/// What happened to somebody: a meal a line, (date, price, decided at hour, given back at hour).
fn eater(number: u128, birth: &str, meals: &[(&str, i64, i64, Option<i64>)]) -> Eater {
    let subject = born(birth);
    let bench = Bench::new(&[&old()]);
    let mut past: Vec<PastMeal> = Vec::new();
    for (n, (date, price, decided, given_back)) in meals.iter().enumerate() {
        let mut history = History::default();
        for earlier in past.iter().filter(|m| m.given_back_at.is_none_or(|back| back > at(*decided))) {
            history.claim(&earlier.bill.claims);
        }
        let meal = lunch(date, *price);
        let bill = Bill::from(bench.decide(&subject, &meal, &history));
        past.push(PastMeal {
            order: OrderId::from_uuid(Uuid::from_u128(number * 1000 + n as u128)),
            canteen: CanteenId::from_uuid(Uuid::from_u128(number % 2)),
            meal,
            decided_at: at(*decided),
            given_back_at: given_back.map(at),
            eaten: given_back.is_none(),
            bill,
        });
    }
    Eater { senior: SeniorId::from_uuid(Uuid::from_u128(number)), subject, facts: Vec::new(), meals: past }
}

fn trial(draft: &Document, begins: Option<&str>, rise_fen: i64) -> Result<Trial, TrialError> {
    let (from, to) = (day("2026-03-02"), day("2026-03-31"));
    let baseline = book(&old());
    let days: BTreeMap<_, _> = (0..30).map(|n| (from.plus_days(n), baseline.clone())).collect();
    Trial::new(draft, begins.map(day), (from, to), days, rise_fen)
}

fn tried(eaters: &[Eater], draft: &Document, begins: Option<&str>) -> Report {
    let mut report = Report::default();
    let trial = trial(draft, begins, 100).unwrap();
    for eater in eaters {
        try_on(eater, &trial, calendar(), &mut report).unwrap();
    }
    report.merge(Report::default());
    report
}

fn some_eaters() -> Vec<Eater> {
    vec![
        eater(1, "1950-01-01", &[("2026-03-02", 1000, 1, None), ("2026-03-03", 1000, 2, None), ("2026-03-04", 1000, 3, None)]),
        eater(2, "1940-01-01", &[("2026-03-10", 1000, 1, None)]),
        eater(3, "1990-01-01", &[("2026-03-10", 1000, 1, None)]),
    ]
}

#[test]
fn the_same_policy_as_a_draft_changes_nobodys_bill() {
    let mut same = old();
    same.version = name("v2");
    let report = tried(&some_eaters(), &same, None);
    assert_eq!((report.all.meals, report.persons, report.changed_meals), (5, 3, 0));
    assert_eq!(report.all.sums.before, report.all.sums.after);
    assert_eq!((report.all.winners, report.all.losers, report.risen), (0, 0, 0));
}

#[test]
fn winners_losers_and_cost_are_those_of_the_draft_under_its_own_limits() {
    let report = tried(&some_eaters(), &new(), None);
    // Before: 3 + 3 + 0 (twice a week), 3, 0. After: 2 + 2 + 2 (three times a week), 5, 0.
    let granted = (report.all.sums.before.granted_fen, report.all.sums.after.granted_fen);
    assert_eq!(granted, (Fen(900), Fen(1100)));
    assert_eq!((report.all.winners, report.all.losers, report.changed_meals), (1, 0, 4));
    let payer = &report.payers[0];
    assert_eq!((payer.0.month, payer.0.funder.as_str()), (day("2026-03-01"), "street"));
    assert_eq!((payer.1.before.seniors_fen, payer.1.after.seniors_fen), (Fen(900), Fen(1100)));
    assert_eq!(report.winners.len(), 1);
    assert_eq!(report.winners[0].rise(), -200);
}

#[test]
fn whose_self_pay_rises_by_more_than_asked_is_named_with_the_most_of_one_meal() {
    let poorer = group("first", &line("a", "when: {age: {from: 60}}, amount: {fixed_fen: 200}"), WEEKLY);
    let report = tried(&some_eaters(), &poorer, None);
    assert_eq!((report.all.losers, report.risen), (2, 1), "one loses 2 yuan, one exactly the yuan that is not listed");
    assert_eq!(report.losers[0].senior, SeniorId::from_uuid(Uuid::from_u128(1)));
    assert_eq!((report.losers[0].rise(), report.losers[0].most_of_one_meal_fen), (200, Fen(100)));
}

#[test]
fn dates_before_the_draft_are_unchanged_and_its_first_day_can_be_moved() {
    let mut later = new();
    later.effective.from = day("2026-03-10");
    let report = tried(&some_eaters(), &later, None);
    assert_eq!(report.changed_meals, 1, "only the meal of the tenth");
    assert_eq!(tried(&some_eaters(), &later, Some("2026-03-02")).changed_meals, 4);
    later.effective.from = day("2027-01-01");
    let refused = trial(&later, None, 0).unwrap_err();
    assert!(matches!(refused, TrialError::OutsidePeriod { begins, .. } if begins == day("2027-01-01")), "{refused}");
}

#[test]
fn a_limit_that_was_given_back_is_free_again_in_its_order() {
    // The first is cancelled at hour 3, so the fourth has the second grant of the week.
    let meals = [
        ("2026-03-02", 1000, 1, Some(3)),
        ("2026-03-03", 1000, 2, None),
        ("2026-03-04", 1000, 4, None),
        ("2026-03-05", 1000, 5, None),
    ];
    let cancelled = eater(1, "1950-01-01", &meals);
    let granted: Vec<i64> = cancelled.meals.iter().map(|m| m.bill.granted_fen.0).collect();
    assert_eq!(granted, [300, 300, 300, 0]);
    let report = tried(&[cancelled], &new(), None);
    assert_eq!((report.all.meals, report.all.sums.after.granted_fen), (3, Fen(600)));
}

#[test]
fn a_baseline_that_is_not_what_was_decided_stops_at_its_meal_and_tells_why() {
    let mut changed = some_eaters().remove(0);
    let stored = &mut changed.meals[1].bill;
    (stored.granted_fen, stored.self_pay_fen) = (Fen(299), Fen(701));
    stored.legs[0].fen = Fen(299);
    let order = changed.meals[1].order;
    let mismatch = try_on(&changed, &trial(&new(), None, 0).unwrap(), calendar(), &mut Report::default()).unwrap_err();
    assert_eq!((mismatch.order, mismatch.date), (order, day("2026-03-03")));
    let fields: Vec<&str> = mismatch.differences.iter().map(|d| d.field.as_str()).collect();
    assert_eq!(fields, ["self_pay_fen", "by_funder/p/street"]);
    assert!(mismatch.explanation_en.contains("3.00"), "{}", mismatch.explanation_en);
}

#[test]
fn a_fact_recorded_after_the_decision_was_not_known_to_it() {
    let mut known = some_eaters().remove(1);
    let died = fact(FactKind::Death, "died", Some("2026-03-05"), None);
    known.facts = vec![(at(2), died)];
    let report = tried(&[known], &old_again(), None);
    assert_eq!(report.all.sums.before.granted_fen, Fen(300), "learned an hour later");
}

fn old_again() -> Document {
    let mut again = old();
    again.version = name("v2");
    again
}

#[test]
fn a_report_is_the_same_in_whatever_order_persons_are_added() {
    let eaters = some_eaters();
    let trial = trial(&new(), None, 0).unwrap();
    let part = |which: &[usize]| {
        let mut report = Report::default();
        which.iter().for_each(|n| try_on(&eaters[*n], &trial, calendar(), &mut report).unwrap());
        report
    };
    let merged = |parts: [&[usize]; 2]| {
        let mut whole = part(parts[0]);
        whole.merge(part(parts[1]));
        whole
    };
    assert_eq!(merged([&[0, 1], &[2]]), merged([&[2], &[1, 0]]));
}

#[test]
fn the_reach_of_a_period_is_that_of_the_widest_limit() {
    for (limit, from, to) in [
        ("{per: day, count: 1}", "2026-03-04", "2026-03-17"),
        ("{per: week, count: 1}", "2026-03-02", "2026-03-22"),
        ("{per: month, fen: 100}", "2026-03-01", "2026-03-31"),
        ("{per: quarter, fen: 100}", "2026-01-01", "2026-03-31"),
        ("{per: year, count: 1}", "2026-01-01", "2026-12-31"),
    ] {
        let document = group("first", &line("a", "amount: {fixed_fen: 300}"), &format!("limits: [{limit}]"));
        let compiled = Compiled::new(document);
        let reach = reach(&[&compiled], (day("2026-03-04"), day("2026-03-17")));
        assert_eq!(reach, (day(from), day(to)), "{limit}");
    }
}
