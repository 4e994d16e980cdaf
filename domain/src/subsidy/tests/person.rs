//! Ages, facts, moves and deaths.

use super::*;
use crate::subsidy::trace::{Flag, Outcome};

fn sixty(conventions: &str) -> Document {
    let mut document = group("first", &line("a", "when: {age: {from: 60}}, amount: {fixed_fen: 300}"), "");
    document.conventions = serde_json::from_value(crate::subsidy::read::tree(conventions).unwrap()).unwrap();
    document
}

#[test]
fn a_birthday_in_mid_month_counts_by_service_date_and_convention() {
    for (convention, last_without, first_with) in [
        ("birthday", "2026-03-14", "2026-03-15"),
        ("day_after", "2026-03-15", "2026-03-16"),
        ("month_start", "2026-02-28", "2026-03-01"),
        ("next_month", "2026-03-31", "2026-04-01"),
        ("year_start", "2025-12-31", "2026-01-01"),
    ] {
        let bench = Bench::new(&[&sixty(&format!("{{defaults: standard, age_reached: {convention}}}"))]);
        let senior = born("1966-03-15");
        assert_eq!(bench.first(&senior, &lunch(last_without, 1000)).granted_fen, Fen(0), "{convention} {last_without}");
        assert_eq!(bench.first(&senior, &lunch(first_with, 1000)).granted_fen, Fen(300), "{convention} {first_with}");
    }
}

#[test]
fn a_leap_day_birthday_follows_the_convention_in_common_years_and_the_calendar_in_leap_years() {
    for (convention, last_without, first_with) in [("feb_28", "2022-02-27", "2022-02-28"), ("mar_1", "2022-02-28", "2022-03-01")] {
        let bench = Bench::new(&[&sixty(&format!("{{defaults: standard, leap_birthday: {convention}}}"))]);
        // 60 on a day that does not exist needs a year that is not leap: 1962 has none, so the birth year is 1964 less 2.
        let senior = born("1960-02-29");
        let sixty_two = Bench::new(&[&{
            let mut d = group("first", &line("a", "when: {age: {from: 62}}, amount: {fixed_fen: 300}"), "");
            d.conventions.leap_birthday = Some(crate::text_enum::TextEnum::parse(convention).unwrap());
            d
        }]);
        assert_eq!(sixty_two.first(&senior, &lunch(last_without, 1000)).granted_fen, Fen(0), "{convention}");
        assert_eq!(sixty_two.first(&senior, &lunch(first_with, 1000)).granted_fen, Fen(300), "{convention}");
        assert_eq!(bench.first(&senior, &lunch("2020-02-28", 1000)).granted_fen, Fen(0), "{convention}: 2020 has the day");
        assert_eq!(bench.first(&senior, &lunch("2020-02-29", 1000)).granted_fen, Fen(300), "{convention}: 2020 has the day");
    }
}

#[test]
fn a_meal_before_birth_or_without_a_birth_date_has_no_age() {
    let bench = Bench::new(&[&sixty("{defaults: standard}")]);
    assert_eq!(bench.first(&born("2030-01-01"), &lunch("2026-01-01", 1000)).granted_fen, Fen(0));
    assert_eq!(bench.first(&Subject::default(), &lunch("2026-01-01", 1000)).granted_fen, Fen(0));
}

#[test]
fn a_fact_counts_from_its_first_to_its_last_day_moved_by_the_lags() {
    for (lags, days) in [
        ("{defaults: standard}", [("2026-03-09", 0), ("2026-03-10", 500), ("2026-05-20", 500), ("2026-05-21", 0)]),
        (
            "{start_lag: next_day, end_lag: month_end}",
            [("2026-03-10", 0), ("2026-03-11", 500), ("2026-05-31", 500), ("2026-06-01", 0)],
        ),
        (
            "{start_lag: month_start, end_lag: next_month_end}",
            [("2026-02-28", 0), ("2026-03-01", 500), ("2026-06-30", 500), ("2026-07-01", 0)],
        ),
        ("{start_lag: next_month}", [("2026-03-31", 0), ("2026-04-01", 500), ("2026-05-20", 500), ("2026-05-21", 0)]),
    ] {
        let when = "when: {fact: {kind: economic_class, any_of: [dibao]}}, amount: {fixed_fen: 500}";
        let mut document = group("first", &line("a", when), "");
        document.conventions = serde_json::from_value(crate::subsidy::read::tree(lags).unwrap()).unwrap();
        let bench = Bench::new(&[&document]);
        let mut senior = born("1950-01-01");
        senior.facts = vec![fact(FactKind::EconomicClass, "dibao", Some("2026-03-10"), Some("2026-05-20"))];
        for (date, granted) in days {
            assert_eq!(bench.first(&senior, &lunch(date, 1000)).granted_fen, Fen(granted), "{lags} {date}");
        }
    }
}

#[test]
fn a_low_income_status_that_ended_and_is_learned_late_changes_only_meals_after_its_end() {
    let when = "when: {fact: {kind: economic_class, any_of: [dibao]}}, amount: {fixed_fen: 500}";
    let bench = Bench::new(&[&group("first", &line("a", when), "")]);
    let mut known_then = born("1950-01-01");
    known_then.facts = vec![fact(FactKind::EconomicClass, "dibao", Some("2025-01-01"), None)];
    let mut known_now = known_then.clone();
    known_now.facts = vec![fact(FactKind::EconomicClass, "dibao", Some("2025-01-01"), Some("2026-03-10"))];
    for (date, changed) in [("2026-03-10", false), ("2026-03-11", true)] {
        let (then, now) = (bench.first(&known_then, &lunch(date, 1000)), bench.first(&known_now, &lunch(date, 1000)));
        assert_eq!(then.granted_fen != now.granted_fen, changed, "{date}");
    }
}

#[test]
fn a_registration_that_moved_counts_from_the_day_of_the_move() {
    let document = group("first", &line("a", "amount: {fixed_fen: 500}"), "eligible: {registered_in: ['990101001']}");
    let bench = Bench::new(&[&document]);
    let mut senior = born("1950-01-01");
    senior.facts = vec![fact(FactKind::Registered, "990102001", Some("2026-03-11"), None)];
    assert_eq!(bench.first(&senior, &lunch("2026-03-10", 1000)).granted_fen, Fen(500));
    let after = bench.first(&senior, &lunch("2026-03-11", 1000));
    assert_eq!(after.granted_fen, Fen(0));
    assert!(matches!(after.trace[0].outcome, Outcome::NotEligible(_)));
}

#[test]
fn a_death_before_the_meal_grants_nothing_and_is_flagged_for_review() {
    for (lag, last) in [("day_before", "2026-03-09"), ("same_day", "2026-03-10"), ("month_end", "2026-03-31")] {
        let mut document = group("first", &line("a", "amount: {fixed_fen: 500}"), "");
        document.conventions.death_lag = crate::text_enum::TextEnum::parse(lag);
        let bench = Bench::new(&[&document]);
        let mut senior = born("1950-01-01");
        senior.facts = vec![fact(FactKind::Death, "died", Some("2026-03-10"), None)];
        let alive = bench.first(&senior, &lunch(last, 1000));
        assert_eq!((alive.granted_fen, alive.flags.len()), (Fen(500), 0), "{lag}");
        let dead = bench.first(&senior, &Meal { date: day(last).plus_days(1), ..lunch(last, 1000) });
        assert_eq!((dead.granted_fen, dead.self_pay_fen), (Fen(0), Fen(1000)), "{lag}");
        assert_eq!(dead.flags, [Flag::Deceased], "{lag}");
        assert!(dead.claims.is_empty(), "a dead person uses no limit");
    }
}

#[test]
fn the_trace_names_the_record_of_each_fact_it_used() {
    let when = "when: {fact: {kind: economic_class, any_of: [dibao]}}, amount: {fixed_fen: 500}";
    let bench = Bench::new(&[&group("first", &line("a", when), "")]);
    let mut senior = born("1950-01-01");
    senior.facts =
        vec![fact(FactKind::Living, "alone", None, None), fact(FactKind::EconomicClass, "dibao", Some("2025-01-01"), None)];
    let used = bench.first(&senior, &lunch("2026-03-11", 1000)).trace[0].facts.clone();
    assert_eq!(used.len(), 1);
    assert_eq!((used[0].id.as_ref().unwrap().as_str(), used[0].kind), ("f1", FactKind::EconomicClass));
}

#[test]
fn a_fact_must_have_held_for_the_months_asked() {
    let when = "when: {fact: {kind: document, any_of: [residence_permit], held_months: 6}}, amount: {fixed_fen: 500}";
    let bench = Bench::new(&[&group("first", &line("a", when), "")]);
    let mut senior = born("1950-01-01");
    senior.facts = vec![fact(FactKind::Document, "residence_permit", Some("2025-08-31"), None)];
    assert_eq!(bench.first(&senior, &lunch("2026-02-27", 1000)).granted_fen, Fen(0));
    assert_eq!(bench.first(&senior, &lunch("2026-02-28", 1000)).granted_fen, Fen(500), "August 31 and six months");
}
