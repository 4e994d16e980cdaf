//! A draft on past meals: the baseline first, then the draft, with limits of their own.

use super::*;
use crate::Instant;
use crate::id::{CanteenId, OrderId, SeniorId};
use crate::subsidy::backtest::{Bill, Eater, PastMeal, Published, Record, Report, Trial, TrialError, try_on};
use uuid::Uuid;

const WEEKLY: &str = "limits: [{id: week, per: week, count: 2}]";

/// Three yuan a meal from 60 on, twice a week.
pub(super) fn old() -> Document {
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

fn published(document: &Document, hours: i64) -> Published {
    Published { at: at(hours), version: Arc::new(Compiled::new(document.clone())) }
}

pub(super) fn always<T>(what: T) -> Record<T> {
    Record { from: at(-1), until: None, what }
}

pub(super) fn at(hours: i64) -> Instant {
    Instant::from_civil(day("2026-03-01"), chrono::NaiveTime::MIN).plus_seconds(hours * 3600)
}

/// What happened to somebody: a meal a line, (date, price, decided at hour, given back at hour).
pub(super) fn eater(number: u128, birth: &str, meals: &[(&str, i64, i64, Option<i64>)]) -> Eater {
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
            taken_again_at: None,
            eaten: given_back.is_none(),
            bill,
            corrected: None,
        });
    }
    Eater { senior: SeniorId::from_uuid(Uuid::from_u128(number)), homes: vec![always(subject)], facts: Vec::new(), meals: past }
}

fn trial(draft: &Document, begins: Option<&str>, rise_fen: i64) -> Result<Trial, TrialError> {
    let (from, to) = (day("2026-03-02"), day("2026-03-31"));
    Trial::new(draft, begins.map(day), (from, to), &[published(&old(), 0)], rise_fen)
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
fn what_was_given_back_at_the_moment_it_was_decided_held_nothing() {
    let meals = [("2026-03-02", 1000, 1, None), ("2026-03-03", 1000, 1, Some(1)), ("2026-03-04", 1000, 2, None)];
    let mut changed_at_once = eater(1, "1950-01-01", &meals);
    changed_at_once.meals.push(PastMeal { decided_at: at(1), given_back_at: Some(at(1)), ..changed_at_once.meals[1].clone() });
    let report = tried(&[changed_at_once], &new(), None);
    assert_eq!((report.all.meals, report.all.sums.before.granted_fen), (2, Fen(600)));
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
    known.facts = vec![Record { from: at(2), until: None, what: died }];
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
fn a_fact_counts_as_it_stood_when_the_meal_was_decided() {
    // Two meals of somebody in full care, which the policy does not pay; the record got its end between the two decisions.
    let mut document = old();
    document.eligible = Some(serde_json::from_value(serde_json::json!({ "not": { "fact": { "kind": "institution" } } })).unwrap());
    let open = fact(FactKind::Institution, "full_care", Some("2026-02-01"), None);
    let ended = fact(FactKind::Institution, "full_care", Some("2026-02-01"), Some("2026-02-28"));
    let paid = |fen| Bill { granted_fen: Fen(fen), self_pay_fen: Fen(1000 - fen), ..Bill::default() };
    let mut eater = eater(1, "1950-01-01", &[("2026-03-02", 1000, 1, None), ("2026-03-03", 1000, 5, None)]);
    eater.facts = vec![Record { from: at(0), until: Some(at(3)), what: open }, Record { from: at(3), until: None, what: ended }];
    eater.meals[0].bill = paid(0);
    let mut report = Report::default();
    let versions = [published(&document, 0)];
    let period = (day("2026-03-02"), day("2026-03-31"));
    let trial = Trial::new(&new(), None, period, &versions, 0).unwrap();
    try_on(&eater, &trial, calendar(), &mut report).unwrap();
    assert_eq!(report.all.sums.before.granted_fen, Fen(300), "the first under the open record, the second under its end");
}

#[test]
fn a_meal_was_decided_under_the_versions_that_were_published_by_then() {
    // The version with five yuan from 80 on was published after the order for the tenth, and governs it by its dates.
    let eater = eater(2, "1940-01-01", &[("2026-03-10", 1000, 1, None)]);
    let mut draft = new();
    draft.version = name("v3");
    let mut later = new();
    later.effective.from = day("2026-03-05");
    let tried = |published_at| {
        let versions = [published(&old(), 0), published(&later, published_at)];
        let trial = Trial::new(&draft, None, (day("2026-03-02"), day("2026-03-31")), &versions, 0).unwrap();
        try_on(&eater, &trial, calendar(), &mut Report::default())
    };
    assert!(tried(2).is_ok());
    assert!(tried(1).is_err(), "published by then, it should have given five");
}

#[test]
fn what_was_given_back_and_taken_again_holds_again() {
    // Not fetched by the books at hour 3, so the next took a grant; evidence at hour 5 took its own again; the fourth found none.
    let meals = [("2026-03-02", 1000, 1, Some(3)), ("2026-03-03", 1000, 4, None), ("2026-03-04", 1000, 6, None)];
    let mut late = eater(1, "1950-01-01", &meals);
    late.meals[0].taken_again_at = Some(at(5));
    late.meals[0].eaten = true;
    late.meals[2].bill = Bill { self_pay_fen: Fen(1000), ..Bill::default() };
    let report = tried(&[late], &new(), None);
    assert_eq!((report.all.meals, report.all.sums.before.granted_fen, report.all.sums.after.granted_fen), (3, Fen(600), Fen(600)));
}

#[test]
fn meals_that_the_drafts_place_has_nothing_to_do_with_are_not_in_the_report() {
    let mut draft = new();
    draft.place = Some(PlaceCode::parse("990101").unwrap());
    let mut eaters = some_eaters();
    for (eater, place) in eaters.iter_mut().zip(["990101001", "990102001", "990102001"]) {
        let home = Some(PlaceCode::parse(place).unwrap());
        (eater.homes[0].what.resident, eater.homes[0].what.registered) = (home.clone(), home);
        eater.meals.iter_mut().for_each(|past| past.meal.canteen_place = Some(PlaceCode::parse("990102001").unwrap()));
    }
    assert_eq!(tried(&eaters, &draft, None).persons, 1);
}

#[test]
fn the_reach_of_a_period_is_that_of_the_widest_limit() {
    for (limit, from, to) in [
        ("{per: day, count: 1}", "2026-03-04", "2026-03-17"),
        ("{per: week, count: 1}", "2026-03-02", "2026-03-22"),
        ("{per: month, fen: 100}", "2026-03-01", "2026-03-31"),
        ("{per: quarter, fen: 100}", "2026-01-01", "2026-03-31"),
        ("{per: year, count: 1}", "2026-01-01", "2026-04-17"),
    ] {
        let document = group("first", &line("a", "amount: {fixed_fen: 300}"), &format!("limits: [{limit}]"));
        let trial = Trial::new(&document, None, (day("2026-03-04"), day("2026-03-17")), &[], 0).unwrap();
        assert_eq!(trial.reach(), (day(from), day(to)), "{limit}");
    }
}
