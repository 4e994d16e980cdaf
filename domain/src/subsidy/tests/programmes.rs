//! Several steps, several programmes, operators, replays.

use super::*;
use crate::subsidy::operator::{CanteenPeriod, period};
use crate::subsidy::trace::{Flag, Outcome};

fn with(mut document: Document, programme: &str, coexistence: &str) -> Document {
    document.programme = name(programme);
    document.coexistence = Some(serde_json::from_value(crate::subsidy::read::tree(coexistence).unwrap()).unwrap());
    document
}

fn fixed(fen: i64) -> Document {
    group("first", &line("l", &format!("amount: {{fixed_fen: {fen}}}")), "")
}

#[test]
fn a_coupon_of_half_and_a_local_three_yuan_leave_seven_or_eight_fifty_by_their_order() {
    for (rank, self_pay) in [(50, 700), (150, 850)] {
        let half = group("first", &line("l", "amount: {percent: {numerator: 1, denominator: 2}}"), "");
        let coupon = with(half, "coupon", &format!("{{rank: {rank}}}"));
        let decision = Bench::new(&[&fixed(300), &coupon]).first(&born("1950-01-01"), &lunch("2026-03-11", 2000));
        assert_eq!(decision.self_pay_fen, Fen(self_pay), "rank {rank}");
        assert_eq!(decision.trace.len(), 2);
    }
}

#[test]
fn programmes_that_exclude_each_other_never_both_grant() {
    for (keep, kept) in [("this", "q"), ("other", "p"), ("higher", "q")] {
        let rival = with(fixed(500), "q", &format!("{{rank: 100, not_with: [{{programme: p, keep: {keep}}}]}}"));
        let decision = Bench::new(&[&fixed(300), &rival]).first(&born("1950-01-01"), &lunch("2026-03-11", 2000));
        let paying: Vec<&str> = decision.legs.iter().map(|l| l.programme.as_str()).collect();
        assert_eq!(paying, [kept], "{keep}");
        assert_eq!(decision.trace.iter().filter(|t| matches!(t.outcome, Outcome::Excluded { .. })).count(), 1);
    }
    let rival = with(fixed(500), "q", "{rank: 100, not_with: [{programme: p, keep: other}]}");
    let nothing = group("first", &line("l", "when: {age: {from: 100}}, amount: {fixed_fen: 300}"), "");
    let decision = Bench::new(&[&nothing, &rival]).first(&born("1950-01-01"), &lunch("2026-03-11", 2000));
    assert_eq!(decision.granted_fen, Fen(500), "a programme that grants nothing displaces nobody");
}

#[test]
fn two_versions_of_one_programme_on_one_date_are_refused() {
    let (one, mut other) = (fixed(300), fixed(400));
    other.version = name("v2");
    let versions = [one, other].map(|d| Arc::new(Compiled::new(d))).to_vec();
    let overlap = Book::new(versions).unwrap_err();
    assert_eq!((overlap.programme.as_str(), overlap.date), ("p", day("2020-01-01")));
}

#[test]
fn the_policy_of_a_place_that_has_nothing_to_do_with_the_meal_stays_out_of_the_trace() {
    let elsewhere = with(fixed(500), "q", "{rank: 100}");
    let elsewhere = Document { place: Some(place("880101001")), ..elsewhere };
    let bench = Bench::new(&[&fixed(300), &elsewhere]);
    let decision = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 2000));
    assert_eq!((decision.granted_fen, decision.trace.len()), (Fen(300), 1));
    let mut moved = born("1950-01-01");
    moved.facts = vec![fact(FactKind::Registered, "880101001", Some("2027-01-01"), None)];
    assert_eq!(bench.first(&moved, &lunch("2026-03-11", 2000)).trace.len(), 2, "a home at any time is reason enough to explain");
}

#[test]
fn best_of_takes_the_line_that_grants_most_and_tells_of_the_others() {
    let lines = format!(
        "{}, {}, {}",
        line("young", "when: {age: {from: 60, to: 79}}, amount: {fixed_fen: 300}"),
        line("old", "when: {age: {from: 80}}, amount: {fixed_fen: 500}"),
        line("poor", "when: {fact: {kind: economic_class, any_of: [dibao]}}, amount: {fixed_fen: 500}")
    );
    let bench = Bench::new(&[&group("max", &lines, "")]);
    let mut senior = born("1940-01-01");
    senior.facts = vec![fact(FactKind::EconomicClass, "dibao", None, None)];
    let decision = bench.first(&senior, &lunch("2026-03-11", 1000));
    assert_eq!(decision.legs[0].line.as_str(), "old", "of equals the earlier counts");
    assert_eq!(decision.trace[0].lines.len(), 3, "every line is told");
}

#[test]
fn the_first_line_that_fits_the_person_decides_even_if_its_minimum_refuses() {
    let lines = format!(
        "{}, {}",
        line("poor", "when: {fact: {kind: economic_class, any_of: [dibao]}}, amount: {fixed_fen: 500}, min_spend: {fen: 2000}"),
        line("all", "amount: {fixed_fen: 300}")
    );
    let bench = Bench::new(&[&group("first", &lines, "")]);
    let mut senior = born("1940-01-01");
    assert_eq!(bench.first(&senior, &lunch("2026-03-11", 1000)).granted_fen, Fen(300));
    senior.facts = vec![fact(FactKind::EconomicClass, "dibao", None, None)];
    assert_eq!(bench.first(&senior, &lunch("2026-03-11", 1000)).granted_fen, Fen(0));
}

#[test]
fn past_the_calendars_end_the_weekday_decides_provisionally() {
    let bench = Bench::new(&[&group("first", &line("l", "when: {workday: true}, amount: {fixed_fen: 300}"), "")]);
    let known = bench.first(&born("1950-01-01"), &lunch("2026-02-28", 1000));
    assert_eq!((known.granted_fen, known.flags.len()), (Fen(300), 0), "a Saturday worked by the State Council's calendar");
    let beyond = bench.first(&born("1950-01-01"), &lunch("2027-01-01", 1000));
    assert_eq!((beyond.granted_fen, beyond.flags), (Fen(300), vec![Flag::CalendarProvisional]));
}

#[test]
fn a_discount_is_not_a_grant_and_its_bearer_is_named() {
    let document = doc("conventions: {defaults: standard}\nfunders: [{id: canteen, name: c, kind: operator}]\n\
         steps: [{discount: {id: d, name: d, funder: canteen, lines: [{id: x, name: x, pay: {numerator: 9, denominator: 10}}]}}]\n");
    let decision = Bench::new(&[&document]).first(&born("1950-01-01"), &lunch("2026-03-11", 1605));
    assert_eq!((decision.discount_fen, decision.granted_fen, decision.self_pay_fen), (Fen(160), Fen(0), Fen(1445)));
    assert_eq!(bears(&decision, "canteen"), 160);
}

#[test]
fn operators_are_paid_per_grant_per_meal_and_per_delivery() {
    let more = "operator: [{id: grant, name: g, pays: {per_grant_fen: 200}, funders: [{funder: street, rest: true}]}, \
                {id: old, name: m, when: {age: {from: 75}}, pays: {per_meal_fen: 150}, funders: [{funder: street, rest: true}], \
                inspection: [{result: failed, keep: {numerator: 1, denominator: 2}}]}, \
                {id: way, name: d, pays: {per_delivery_fen: 100}, funders: [{funder: street, rest: true}]}]";
    let lines = line("l", "when: {meal: [lunch]}, amount: {fixed_fen: 300}");
    let bench = Bench::new(&[&group("first", &lines, more)]);
    let paid = |meal: &Meal| -> Vec<(String, i64)> {
        bench.first(&born("1940-01-01"), meal).operator.iter().map(|l| (l.line.to_string(), l.fen.0)).collect()
    };
    let (noon, night) = (lunch("2026-03-11", 1000), dinner("2026-03-11", 1000));
    assert_eq!(paid(&noon), [("grant".to_owned(), 200), ("old".to_owned(), 150)]);
    assert_eq!(paid(&night), [("old".to_owned(), 150)], "no grant, nothing per grant");
    let failed = Meal { canteen_inspection: Some(name("failed")), channel: Channel::Delivery, ..night };
    assert_eq!(paid(&failed), [("old".to_owned(), 75), ("way".to_owned(), 100)]);
}

#[test]
fn operators_are_paid_by_period_by_grade_volume_area_and_cost() {
    let rule = |id: &str, pays: &str| format!("{{id: {id}, name: n, pays: {pays}, funders: [{{funder: street, rest: true}}]}}");
    let more = format!(
        "operator: [{}, {}, {}, {}]",
        rule("star", "{per_year: [{grade: star_3, fen: 3000000}, {fen: 1000000}]}"),
        rule(
            "volume",
            "{by_volume: [{from_meals: 1000, fen: 50000}, {from_meals: 5000, per_meal_fen: 20}]}, cap: {per: year, fen: 110000}"
        ),
        rule("area", "{once_by_area: [{from_m2: 50, fen: 100}, {from_m2: 200, fen: 900}]}"),
        rule("cost", "{once_by_cost: {part: {numerator: 1, denominator: 2}, cap_fen: 10000000}}"),
    );
    let version = Compiled::new(group("first", &line("l", "amount: {fixed_fen: 300}"), &more));
    let awards = |canteen: &CanteenPeriod| -> Vec<(String, i64)> {
        period(&version, canteen).into_iter().map(|a| (a.rule.to_string(), a.fen.0)).collect()
    };
    let small = CanteenPeriod { meals: 999, area_m2: 49, cost_fen: Fen(3), ..CanteenPeriod::default() };
    assert_eq!(awards(&small), [("star".to_owned(), 1_000_000), ("cost".to_owned(), 2)]);
    let large = CanteenPeriod {
        grade: Some(name("star_3")),
        meals: 6000,
        area_m2: 200,
        cost_fen: Fen(30_000_000),
        ..CanteenPeriod::default()
    };
    let expected = [("star", 3_000_000), ("volume", 110_000), ("area", 900), ("cost", 10_000_000)];
    assert_eq!(awards(&large), expected.map(|(id, fen)| (id.to_owned(), fen)));
}

#[test]
fn volume_may_be_an_average_per_day_of_opening() {
    let more = "operator: [{id: v, name: n, pays: {by_volume: [{from_daily: 50, fen: 200}, {from_daily: 100, fen: 500}]}, \
                cap: {per: year, fen: 400}, funders: [{funder: street, rest: true}]}]";
    let version = Compiled::new(group("first", &line("l", "amount: {fixed_fen: 300}"), more));
    for (meals, days, fen) in [(999, 20, None), (1000, 20, Some(200)), (2000, 20, Some(400)), (2000, 0, None)] {
        let canteen = CanteenPeriod { meals, days_open: days, ..CanteenPeriod::default() };
        assert_eq!(period(&version, &canteen).first().map(|a| a.fen.0), fen, "{meals} in {days} days");
    }
    let rule = &version.document().operator[0];
    assert_eq!(rule.payable(Fen(350), Fen(100)), Fen(50), "what rules per meal add up to is cut at the freeze");
    assert_eq!(rule.payable(Fen(500), Fen(100)), Fen(0));
}

#[test]
fn a_public_holiday_is_told_from_a_plain_weekend() {
    let bench = Bench::new(&[&group("first", &line("l", "when: {holiday: false}, amount: {fixed_fen: 300}"), "")]);
    for (date, granted) in [("2026-10-03", 0), ("2026-10-10", 300), ("2026-10-24", 300), ("2026-02-15", 0)] {
        assert_eq!(bench.first(&born("1950-01-01"), &lunch(date, 1000)).granted_fen, Fen(granted), "{date}");
    }
    assert_eq!(bench.first(&born("1950-01-01"), &lunch("2027-05-01", 1000)).flags, [Flag::CalendarProvisional]);
}

#[test]
fn replaying_the_stored_input_gives_the_same_bytes() {
    let text = include_str!("../../../../policies/demo-street.yaml");
    let mut senior = born("1944-01-01");
    senior.facts = vec![fact(FactKind::EconomicClass, "dibao", Some("2026-01-01"), None)];
    let bytes = || {
        let bench = Bench::new(&[&read(text)]);
        serde_json::to_string(&bench.first(&senior, &lunch("2026-11-23", 1200))).unwrap()
    };
    assert_eq!(bytes(), bytes());
    let stored: Decision = serde_json::from_str(&bytes()).unwrap();
    assert_eq!(serde_json::to_string(&stored).unwrap(), bytes(), "a stored decision is read back without loss");
}

#[test]
fn a_price_out_of_range_is_refused() {
    let bench = Bench::new(&[&fixed(300)]);
    let environment = Environment { calendar: bench.calendar, budgets: &[] };
    for (price, fee) in [(-1, 0), (10_000_001, 0), (1000, -1), (1000, i64::MAX)] {
        let meal = Meal { delivery_fee: Fen(fee), ..lunch("2026-03-11", price) };
        assert!(decide(&bench.book, &born("1950-01-01"), &meal, &History::default(), &environment).is_err(), "{price} {fee}");
    }
}
