//! Limits by count and by amount, and how their claims meet in a database.

use super::*;
use crate::subsidy::limit::{Claim, LimitKey, Usage};
use crate::subsidy::trace::{Cut, LineResult, Refusal};

fn limited(limit: &str) -> Document {
    group("first", &line("a", "amount: {fixed_fen: 300}"), &format!("limits: [{limit}]"))
}

fn keys(decision: &Decision) -> Vec<(String, u32)> {
    let of = |c: &Claim| match c {
        Claim::Count { key, ordinal, .. } => (key.to_string(), *ordinal),
        Claim::Amount { key, .. } => (key.to_string(), 0),
    };
    decision.claims.iter().map(of).collect()
}

#[test]
fn two_canteens_or_two_taps_in_one_meal_period_want_the_same_unique_key() {
    let bench = Bench::new(&[&limited("{id: once, per: meal, count: 1}")]);
    let here = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
    let there = bench.first(&born("1950-01-01"), &Meal { canteen_place: Some(place("990101002")), ..lunch("2026-03-11", 800) });
    assert_eq!(keys(&here), [("p:once:meal.lunch:2026-03-11".to_owned(), 1)]);
    assert_eq!(keys(&here), keys(&there), "the database lets one of them through");
    let mut history = History::default();
    history.claim(&here.claims);
    let again = bench.decide(&born("1950-01-01"), &lunch("2026-03-11", 800), &history);
    assert_eq!((again.granted_fen, again.claims.len()), (Fen(0), 0));
    assert!(matches!(&again.trace[0].lines[0].result, LineResult::Refused(Refusal::LimitReached { used: 1, of: 1, .. })));
    assert_eq!(bench.decide(&born("1950-01-01"), &dinner("2026-03-11", 800), &history).granted_fen, Fen(300));
}

#[test]
fn a_natural_week_runs_from_monday_to_sunday_without_carry_over() {
    let bench = Bench::new(&[&limited("{id: five, per: week, count: 5}")]);
    let senior = born("1950-01-01");
    let mut history = History::default();
    // 2026-03-09 is a Monday.
    for n in 0..7 {
        let meal = Meal { date: day("2026-03-09").plus_days(n), ..lunch("2026-03-09", 1000) };
        let decision = bench.decide(&senior, &meal, &history);
        assert_eq!(decision.granted_fen, Fen(if n < 5 { 300 } else { 0 }), "day {n}");
        history.claim(&decision.claims);
    }
    assert_eq!(bench.decide(&senior, &lunch("2026-03-16", 1000), &history).granted_fen, Fen(300), "a new week");
}

#[test]
fn a_cancelled_meal_frees_its_ordinal_and_the_next_claim_takes_it() {
    let bench = Bench::new(&[&limited("{id: five, per: week, count: 3}")]);
    let senior = born("1950-01-01");
    let mut history = History::default();
    for date in ["2026-03-09", "2026-03-10", "2026-03-11"] {
        history.claim(&bench.decide(&senior, &lunch(date, 1000), &history).claims);
    }
    assert_eq!(bench.decide(&senior, &lunch("2026-03-12", 1000), &history).granted_fen, Fen(0));
    history.0.retain(|u| u.ordinal != 2);
    let next = bench.decide(&senior, &lunch("2026-03-12", 1000), &history);
    assert_eq!((next.granted_fen, keys(&next)[0].1), (Fen(300), 2));
}

#[test]
fn a_version_change_in_mid_week_takes_the_amount_of_the_service_date_and_goes_on_counting() {
    let mut old = limited("{id: five, per: week, count: 2}");
    old.effective.to = Some(day("2026-03-10"));
    let mut new = group("first", &line("a", "amount: {fixed_fen: 500}"), "limits: [{id: five, per: week, count: 2}]");
    (new.version, new.effective.from) = (name("v2"), day("2026-03-11"));
    let bench = Bench::new(&[&old, &new]);
    let senior = born("1950-01-01");
    let mut history = History::default();
    let mut granted = Vec::new();
    for date in ["2026-03-10", "2026-03-11", "2026-03-12"] {
        let decision = bench.decide(&senior, &lunch(date, 1000), &history);
        granted.push((decision.granted_fen.0, decision.trace[0].version.to_string()));
        history.claim(&decision.claims);
    }
    assert_eq!(granted, [(300, "v1".to_owned()), (500, "v2".to_owned()), (0, "v2".to_owned())]);
}

#[test]
fn a_monthly_money_cap_in_mid_order_grants_what_is_left_and_a_count_limit_never_does() {
    let bench = Bench::new(&[&limited("{id: wallet, per: month, fen: 80000}")]);
    let key = LimitKey::parse("p:wallet:month:2026-03-01").unwrap();
    let history = History(vec![Usage { key: key.clone(), ordinal: 0, fen: Fen(79_900) }]);
    let decision = bench.decide(&born("1950-01-01"), &lunch("2026-03-11", 1000), &history);
    assert_eq!((decision.entitled_fen, decision.granted_fen, decision.self_pay_fen), (Fen(300), Fen(100), Fen(900)));
    assert_eq!(decision.claims, [Claim::Amount { key, fen: Fen(100), cap_fen: Fen(80_000) }]);
    let LineResult::Granted { cut: Some(Cut::Limit { used_fen, of_fen, .. }), .. } = &decision.trace[0].lines[0].result else {
        panic!("{decision:?}")
    };
    assert_eq!((*used_fen, *of_fen), (Fen(79_900), Fen(80_000)), "the balance is shown");
    assert_eq!(
        bench.decide(&born("1950-01-01"), &lunch("2026-04-01", 1000), &history).granted_fen,
        Fen(300),
        "unused credit is gone, a new month has its own"
    );
}

#[test]
fn credit_that_carries_over_is_used_oldest_first_and_expires_after_its_months() {
    let document = {
        let mut d = limited("{id: wallet, per: month, fen: 400, carry_months: 1}");
        d.effective.from = day("2026-01-15");
        d
    };
    let bench = Bench::new(&[&document]);
    let senior = born("1950-01-01");
    let decision = bench.first(&senior, &Meal { price: Fen(1000), ..lunch("2026-02-03", 1000) });
    assert_eq!(keys(&decision), [("p:wallet:month:2026-01-01".to_owned(), 0)], "January's credit first");
    let mut history = History::default();
    history.claim(&decision.claims);
    let second = bench.decide(&senior, &lunch("2026-02-04", 1000), &history);
    assert_eq!(second.granted_fen, Fen(300));
    assert_eq!(second.claims.len(), 2, "100 of January and 200 of February");
    history.claim(&second.claims);
    assert_eq!(bench.decide(&senior, &lunch("2026-02-05", 1000), &history).granted_fen, Fen(200));
    assert_eq!(bench.first(&senior, &lunch("2026-01-20", 1000)).claims.len(), 1, "no credit before the programme began");
}

#[test]
fn a_personal_credit_comes_from_the_fact_in_force() {
    let bench = Bench::new(&[&limited("{id: care, per: month, fen_from_fact: quota_fen}")]);
    let mut senior = born("1950-01-01");
    assert_eq!(bench.first(&senior, &lunch("2026-03-11", 1000)).granted_fen, Fen(0), "no credit, no grant");
    senior.facts = vec![fact(FactKind::QuotaFen, "200", Some("2026-01-01"), None)];
    let decision = bench.first(&senior, &lunch("2026-03-11", 1000));
    assert_eq!(decision.granted_fen, Fen(200));
    assert_eq!(decision.trace[0].facts[0].kind, FactKind::QuotaFen);
}

#[test]
fn the_running_number_of_the_day_is_claimed_so_that_two_orders_cannot_both_be_the_first() {
    let free = line("first", "when: {nth_meal: {from: 1, to: 1}}, amount: {pay_fen: 0}");
    let half = line("second", "when: {nth_meal: {from: 2, to: 2}}, amount: {percent: {numerator: 1, denominator: 2}}");
    let bench = Bench::new(&[&group("first", &format!("{free}, {half}"), "")]);
    let senior = born("1930-01-01");
    let first = bench.first(&senior, &dinner("2026-03-11", 1400));
    let rival = bench.first(&senior, &lunch("2026-03-11", 1400));
    assert_eq!(keys(&first), [("p:nth-meal:day:2026-03-11".to_owned(), 1)]);
    assert_eq!(keys(&first), keys(&rival));
    let mut history = History::default();
    history.claim(&first.claims);
    let second = bench.decide(&senior, &lunch("2026-03-11", 1400), &history);
    assert_eq!((first.self_pay_fen, second.self_pay_fen), (Fen(0), Fen(700)));
    history.claim(&second.claims);
    assert_eq!(
        bench.decide(&senior, &lunch("2026-03-11", 1400), &history).self_pay_fen,
        Fen(1400),
        "a third meal is not in the text"
    );
}

#[test]
fn one_meal_with_two_granting_lines_counts_once_under_a_shared_limit() {
    let lines = format!("{}, {}", line("a", "amount: {fixed_fen: 100}"), line("b", "amount: {fixed_fen: 200}"));
    let bench = Bench::new(&[&group("sum", &lines, "limits: [{id: once, per: day, count: 1}]")]);
    let decision = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
    assert_eq!((decision.granted_fen, decision.claims.len()), (Fen(300), 1));
}

#[test]
fn the_store_is_told_every_key_that_the_decision_will_ask_for() {
    let bench =
        Bench::new(&[&limited("{id: once, per: meal, count: 1}, {id: w, per: week, count: 5}, {id: m, per: month, fen: 1000}")]);
    let told = bench.book.keys_for(&born("1950-01-01"), &lunch("2026-03-11", 1000));
    assert_eq!(told, bench.book.keys_to_load(day("2026-03-11"), MealPeriod::Lunch));
    let decision = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
    for (key, _) in keys(&decision) {
        assert!(told.iter().any(|k| k.to_string() == key), "{key} of {told:?}");
    }
    assert_eq!(told.len(), 3);
}

#[test]
fn a_key_survives_its_text() {
    for text in
        ["p:once:meal.lunch:2026-03-11", "项目:g.a.month.fen:month:2026-03-01", "p:nth-meal:day:2026-03-11", "p:x:ever:1970-01-01"]
    {
        assert_eq!(LimitKey::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "p",
        "p:once:meal:2026-03-11",
        "p:once:day:2026-02-30",
        "p::day:2026-03-11",
        "p:x:day:2026-03-11:y",
        "a b:x:day:2026-03-11",
    ] {
        assert!(LimitKey::parse(text).is_err(), "{text}");
    }
}

#[test]
fn limits_that_share_a_name_count_one_grant_once_under_the_narrower_cap() {
    let limits = "limits: [{id: wallet, per: month, fen: 1000}]";
    let lines = format!(
        "{}, {}",
        line("a", "amount: {fixed_fen: 300}, limits: [{id: wallet, per: month, fen: 500}]"),
        line("b", "amount: {fixed_fen: 300}, limits: [{id: wallet, per: month, fen: 500}]")
    );
    let decision = Bench::new(&[&group("sum", &lines, limits)]).first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
    assert_eq!(decision.granted_fen, Fen(500), "300 and the 200 that the shared wallet leaves");
    let key = LimitKey::parse("p:wallet:month:2026-03-01").unwrap();
    assert_eq!(decision.claims, [Claim::Amount { key, fen: Fen(500), cap_fen: Fen(500) }]);
}
