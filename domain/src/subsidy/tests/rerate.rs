//! What is learned late: which meals come out differently, and which do not.

use super::backtest::{always, at, eater, old};
use super::*;
use crate::correction::{CorrectionCause, Costs, cause};
use crate::subsidy::backtest::{Bill, Eater, Record};
use crate::subsidy::rerate::{Differing, decide_again};
use crate::subsidy::trace::Flag;
use std::collections::BTreeMap;

/// The dates of a person's meals with the one version that governs them.
fn books(document: &Document, eater: &Eater) -> BTreeMap<ServiceDate, Arc<Book>> {
    let book = Arc::new(Book::new(vec![Arc::new(Compiled::new(document.clone()))]).unwrap());
    eater.meals.iter().map(|past| (past.meal.date, book.clone())).collect()
}

fn again(document: &Document, eater: &Eater, from: &str) -> Vec<Differing> {
    decide_again(eater, day(from), &books(document, eater), calendar()).unwrap()
}

/// Date of each meal that differs, with what was granted and what would be.
fn told(eater: &Eater, found: &[Differing]) -> Vec<(String, i64, i64)> {
    let granted = |costs: &Costs| costs.bearers.funded.values().map(|fen| fen.0).sum();
    let date = |d: &Differing| eater.meals.iter().find(|past| past.order == d.order).unwrap().meal.date.to_string();
    found.iter().map(|d| (date(d), granted(&d.before), d.after.granted_fen.0)).collect()
}

/// Granted on Monday and Tuesday; the week's two grants are used up on Wednesday.
fn three_days() -> Eater {
    eater(1, "1950-01-01", &[("2026-03-02", 1000, 1, None), ("2026-03-03", 1000, 2, None), ("2026-03-04", 1000, 3, None)])
}

fn learned(what: Fact) -> Record<Fact> {
    Record { from: at(100), until: None, what }
}

#[test]
fn nothing_comes_out_differently_when_nothing_was_learned() {
    assert_eq!(again(&old(), &three_days(), "2020-01-01"), []);
}

#[test]
fn meals_from_the_day_of_a_death_on_that_was_learned_late_come_out_without_a_grant_and_earlier_ones_stand() {
    let mut eater = three_days();
    eater.facts = vec![learned(fact(FactKind::Death, "died", Some("2026-03-03"), None))];
    let found = again(&old(), &eater, "2026-03-02");
    assert_eq!(told(&eater, &found), [("2026-03-03".into(), 300, 0)]);
    assert!(found[0].reproduced && found[0].after.flags.contains(&Flag::Deceased));
    assert_eq!(cause(false, &found[0].after), CorrectionCause::Death);
}

#[test]
fn what_one_meal_loses_of_a_limit_the_next_one_gets() {
    // Born a day later than was recorded: sixty from Tuesday on only, so Wednesday's is the week's second grant.
    let mut eater = three_days();
    let as_recorded = Subject { birth: Some(day("1950-01-01")), ..eater.homes[0].what.clone() };
    let corrected = Subject { birth: Some(day("1966-03-03")), ..as_recorded.clone() };
    eater.homes = vec![
        Record { from: at(-1), until: Some(at(100)), what: as_recorded },
        Record { from: at(100), until: None, what: corrected },
    ];
    let found = again(&old(), &eater, "2026-03-02");
    assert_eq!(told(&eater, &found), [("2026-03-02".into(), 300, 0), ("2026-03-04".into(), 0, 300)]);
}

#[test]
fn dates_before_the_first_that_a_fact_reaches_stand_as_they_are() {
    let mut eater = three_days();
    eater.facts = vec![learned(fact(FactKind::Death, "died", Some("2026-03-01"), None))];
    assert_eq!(told(&eater, &again(&old(), &eater, "2026-03-03")), [("2026-03-03".into(), 300, 0)]);
}

#[test]
fn a_new_home_counts_from_when_it_was_entered_and_a_dated_move_from_its_day() {
    let mut document = old();
    document.eligible = Some(serde_json::from_value(serde_json::json!({ "resident_in": ["990101"] })).unwrap());
    let mut moved = three_days();
    let there = moved.homes[0].what.clone();
    let away = Subject { resident: Some(place("990102001")), ..there.clone() };
    moved.homes =
        vec![Record { from: at(-1), until: Some(at(100)), what: there }, Record { from: at(100), until: None, what: away }];
    assert_eq!(again(&document, &moved, "2026-03-02"), [], "entered after the meals");
    let mut dated = three_days();
    dated.facts = vec![learned(fact(FactKind::Resident, "990102001", Some("2026-03-03"), None))];
    assert_eq!(told(&dated, &again(&document, &dated, "2026-03-02")), [("2026-03-03".into(), 300, 0)]);
}

#[test]
fn what_a_correction_made_of_a_meal_is_what_the_next_one_is_measured_against() {
    let mut eater = three_days();
    eater.facts = vec![learned(fact(FactKind::Death, "died", Some("2026-03-03"), None))];
    let found = again(&old(), &eater, "2026-03-02");
    eater.meals[1].corrected = Some(Bill::from(found[0].after.clone()));
    assert_eq!(again(&old(), &eater, "2026-03-02"), [], "it is corrected");
    eater.facts.clear();
    let back = again(&old(), &eater, "2026-03-02");
    assert_eq!(told(&eater, &back), [("2026-03-03".into(), 0, 300)], "the record was wrong, and is taken back");
}

#[test]
fn a_difference_that_what_was_known_then_does_not_explain_is_marked() {
    let mut eater = three_days();
    eater.meals[0].bill =
        Bill { self_pay_fen: Fen(1000), price_fen: Fen(1000), claims: eater.meals[0].bill.claims.clone(), ..Bill::default() };
    let found = again(&old(), &eater, "2026-03-02");
    assert_eq!((told(&eater, &found), found[0].reproduced), (vec![("2026-03-02".into(), 0, 300)], false));
}

#[test]
fn a_decision_without_the_calendar_that_comes_out_differently_with_it_is_the_calendars() {
    let eater = Eater { homes: vec![always(born("1950-01-01"))], ..three_days() };
    let found = again(&group("first", &line("a", "amount: {fixed_fen: 200}"), ""), &eater, "2026-03-02");
    assert_eq!(cause(true, &found[0].after), CorrectionCause::Calendar);
    assert_eq!(cause(false, &found[0].after), CorrectionCause::LateFact);
}

#[test]
fn a_record_of_a_death_with_an_end_was_wrong_and_counts_for_nothing() {
    let mut eater = three_days();
    eater.facts = vec![learned(fact(FactKind::Death, "died", Some("2026-03-02"), Some("2026-03-02")))];
    assert_eq!(again(&old(), &eater, "2026-03-02"), []);
}
