//! Amounts, rounding, clipping, thresholds and the split among funders.

use super::*;
use crate::subsidy::trace::{Cut, Flag, LineResult, Refusal};

fn three(shares: &str, amount: &str) -> Document {
    doc(&format!(
        "conventions: {{defaults: standard}}\nfunders: [{{id: a, name: a, kind: government}}, {{id: b, name: b, kind: government}}, \
         {{id: c, name: c, kind: government}}]\n\
         steps: [{{group: {{id: g, name: g, select: first, lines: [{{id: l, name: l, amount: {amount}, funders: [{shares}]}}]}}}}]\n"
    ))
}

fn split(document: &Document, price: i64) -> [i64; 3] {
    let decision = Bench::new(&[document]).first(&born("1950-01-01"), &lunch("2026-03-11", price));
    ["a", "b", "c"].map(|f| bears(&decision, f))
}

#[test]
fn ratios_split_by_largest_remainder_and_ties_go_by_the_order_written() {
    let fifty = "{funder: a, ratio: 50}, {funder: b, ratio: 30}, {funder: c, ratio: 20}";
    let thirds = "{funder: a, ratio: 1}, {funder: b, ratio: 1}, {funder: c, ratio: 1}";
    for (shares, price, parts) in [(fifty, 701, [351, 210, 140]), (thirds, 100, [34, 33, 33]), (thirds, 1, [1, 0, 0])] {
        assert_eq!(split(&three(shares, "{pay_fen: 0}"), price), parts, "{price} by {shares}");
    }
}

#[test]
fn a_share_by_ratio_is_indicative_and_reserves_itself_rounded_up() {
    let document = three("{funder: a, ratio: 50}, {funder: b, ratio: 30}, {funder: c, ratio: 20}", "{pay_fen: 0}");
    let decision = Bench::new(&[&document]).first(&born("1950-01-01"), &lunch("2026-03-11", 701));
    let reserved: Vec<(bool, i64, i64)> = decision.legs.iter().map(|l| (l.indicative, l.fen.0, l.reserve_fen.0)).collect();
    assert_eq!(reserved, [(true, 351, 351), (true, 210, 211), (true, 140, 141)]);
    let fixed = three("{funder: a, fixed_fen: 100}, {funder: b, rest: true}", "{fixed_fen: 301}");
    let decision = Bench::new(&[&fixed]).first(&born("1950-01-01"), &lunch("2026-03-11", 701));
    assert!(decision.legs.iter().all(|l| !l.indicative && l.reserve_fen == l.fen), "fixed shares keep legs per meal");
}

#[test]
fn fixed_shares_come_first_then_floors_then_the_rest() {
    let document = three("{funder: a, fixed_fen: 300}, {funder: b, fixed_fen: 300}, {funder: c, rest: true}", "{pay_fen: 500}");
    assert_eq!(split(&document, 1600), [300, 300, 500]);
    assert_eq!(split(&document, 1000), [300, 200, 0], "a small amount goes to those written first");
    let floor = three("{funder: a, ratio: 9}, {funder: b, ratio: 1, floor_fen: 200}", "{fixed_fen: 1000}");
    assert_eq!(split(&floor, 2000), [800, 200, 0], "a tenth would be 100; the floor is 200");
    let enough = three("{funder: a, ratio: 1}, {funder: b, ratio: 1, floor_fen: 200}", "{fixed_fen: 1000}");
    assert_eq!(split(&enough, 2000), [500, 500, 0], "the ratio is above the floor");
}

#[test]
fn a_smaller_grant_keeps_ratios_and_takes_fixed_shares_by_the_convention() {
    let document = three("{funder: a, fixed_fen: 300}, {funder: b, ratio: 2}, {funder: c, ratio: 1}", "{fixed_fen: 900}");
    assert_eq!(split(&document, 2000), [300, 400, 200]);
    assert_eq!(split(&document, 600), [300, 200, 100], "the ratio shrinks as one block");
    let ratio = three("{funder: a, ratio: 1}, {funder: b, ratio: 1}, {funder: c, ratio: 1}", "{fixed_fen: 900}");
    assert_eq!(split(&ratio, 100), [34, 33, 33]);
}

#[test]
fn a_subsidy_over_the_price_is_clipped_and_both_figures_are_kept() {
    let shares = "{funder: a, fixed_fen: 400}, {funder: b, fixed_fen: 400}, {funder: c, rest: true}";
    for (order, parts) in
        [("last_funder_first", [400, 400, 200]), ("first_funder_first", [200, 400, 400]), ("proportional", [334, 333, 333])]
    {
        let mut document = three(shares, "{fixed_fen: 1200}");
        document.conventions.clip_order = crate::text_enum::TextEnum::parse(order);
        let decision = Bench::new(&[&document]).first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
        assert_eq!((decision.entitled_fen, decision.granted_fen, decision.self_pay_fen), (Fen(1200), Fen(1000), Fen(0)));
        assert_eq!(["a", "b", "c"].map(|f| bears(&decision, f)), parts, "{order}");
        assert!(matches!(&decision.trace[0].lines[0].result, LineResult::Granted { cut: Some(Cut::Price), .. }));
    }
}

#[test]
fn the_senior_pays_at_least_the_stated_minimum() {
    let mut document = group("first", &line("l", "amount: {fixed_fen: 900}"), "");
    document.conventions.min_self_pay_fen = Some(100);
    let decision = Bench::new(&[&document]).first(&born("1950-01-01"), &lunch("2026-03-11", 900));
    assert_eq!((decision.granted_fen, decision.self_pay_fen), (Fen(800), Fen(100)));
}

#[test]
fn a_quarter_of_ten_yuan_fifty_is_rounded_as_the_document_says() {
    for (rounding, unit, self_pay) in
        [("half_up", 1, 787), ("down", 1, 788), ("half_even", 1, 788), ("up", 10, 780), ("down", 100, 850)]
    {
        let mut document = group("first", &line("l", "amount: {percent: {numerator: 1, denominator: 4}}"), "");
        document.conventions.rounding = crate::text_enum::TextEnum::parse(rounding);
        document.conventions.rounding_unit_fen = Some(unit);
        let decision = Bench::new(&[&document]).first(&born("1950-01-01"), &lunch("2026-03-11", 1050));
        assert_eq!(decision.self_pay_fen, Fen(self_pay), "{rounding} to {unit}");
    }
}

#[test]
fn a_minimum_spend_keeps_its_base_its_strictness_and_its_delivery_fee_apart() {
    let spend = |min: &str, price: i64, fee: i64| {
        let document = doc(&format!(
            "conventions: {{defaults: standard}}\nfunders: [{{id: a, name: a, kind: government}}]\nsteps:\n\
             - discount: {{id: d, name: d, funder: a, lines: [{{id: x, name: x, pay: {{numerator: 9, denominator: 10}}}}]}}\n\
             - group: {{id: g, name: g, select: first, funders: [{{funder: a, rest: true}}], lines: [{{id: l, name: l, amount: {{fixed_fen: 300}}, min_spend: {min}}}]}}\n"
        ));
        let meal = Meal { delivery_fee: Fen(fee), channel: Channel::Delivery, ..lunch("2026-03-11", price) };
        Bench::new(&[&document]).first(&born("1950-01-01"), &meal).granted_fen.0
    };
    for (min, price, fee, granted) in [
        ("{fen: 1000}", 1000, 0, 300),
        ("{fen: 1000}", 990, 0, 0),
        ("{fen: 1000, strict: true}", 1000, 0, 0),
        ("{fen: 1000, base: net}", 1000, 0, 0),
        ("{fen: 1000, base: net}", 1112, 0, 300),
        ("{fen: 1000}", 900, 100, 0),
        ("{fen: 1000, delivery: true}", 900, 100, 300),
        ("{fen: 1000, base: net, delivery: true}", 1000, 100, 300),
        ("{above_subsidy: true}", 300, 0, 0),
        ("{above_subsidy: true}", 301, 0, 271),
        ("{above_subsidy: true, strict: false}", 300, 0, 270),
    ] {
        // The grant never exceeds what the discount leaves: 271 of 301, 270 of 300.
        assert_eq!(spend(min, price, fee), granted, "{min} {price}+{fee}");
    }
}

#[test]
fn an_amount_by_meal_an_amount_up_to_and_a_price_to_pay() {
    let granted = |amount: &str, meal: &Meal| {
        let document = group("first", &line("l", &format!("amount: {amount}")), "");
        Bench::new(&[&document]).first(&born("1950-01-01"), meal).granted_fen.0
    };
    let (lunch, dinner) = (lunch("2026-03-11", 1250), dinner("2026-03-11", 1250));
    assert_eq!(granted("{by_meal_fen: {lunch: 400}}", &lunch), 400);
    assert_eq!(granted("{by_meal_fen: {lunch: 400}}", &dinner), 0);
    assert_eq!(granted("{up_to_fen: 1500}", &lunch), 1250);
    assert_eq!(granted("{up_to_fen: 500}", &lunch), 500);
    assert_eq!(granted("{pay_fen: 100}", &lunch), 1150);
    assert_eq!(granted("{pay_fen: 1300}", &lunch), 0, "a dearer price to pay grants nothing");
    assert_eq!(granted("{pay_by_meal_fen: {lunch: 1000}}", &lunch), 250);
    assert_eq!(granted("{pay_by_meal_fen: {lunch: 1000}}", &dinner), 0);
    assert_eq!(granted("{percent: {numerator: 1, denominator: 4, cap_fen: 300}}", &lunch), 300);
    assert_eq!(granted("{percent: {numerator: 1, denominator: 100, floor_fen: 50}}", &lunch), 50);
}

#[test]
fn a_subsidy_touches_only_the_part_of_the_bill_it_covers() {
    for (covers, granted) in [("meal", 1000), ("delivery_fee", 200), ("total", 1200)] {
        let document = group("first", &line("l", &format!("amount: {{pay_fen: 0}}, covers: {covers}")), "");
        let meal = Meal { delivery_fee: Fen(200), channel: Channel::Delivery, ..lunch("2026-03-11", 1000) };
        let decision = Bench::new(&[&document]).first(&born("1950-01-01"), &meal);
        assert_eq!((decision.granted_fen, decision.self_pay_fen), (Fen(granted), Fen(1200 - granted)), "{covers}");
    }
}

#[test]
fn the_same_person_pays_three_six_or_nine_yuan_by_where_the_meal_is_eaten() {
    let document = doc(
        "conventions: {defaults: standard}\nfunders: [{id: a, name: 市, kind: government}, {id: b, name: 区, kind: government}, {id: c, name: 街, kind: government}]\n\
         steps: [{group: {id: g, name: g, select: first, lines: [{id: l, name: l, amount: {fixed_fen: 900}, funders: [{funder: a, fixed_fen: 300}, \
         {funder: b, fixed_fen: 300, when: {canteen_in_home: {level: district, home: registered}}}, \
         {funder: c, rest: true, when: {canteen_in_home: {level: street, home: registered}}}]}]}}]\n",
    );
    let bench = Bench::new(&[&document]);
    for (canteen, self_pay, lost) in [("990101001002", 300, 0), ("990101002", 600, 1), ("990102001", 900, 2)] {
        let meal = Meal { canteen_place: Some(place(canteen)), ..lunch("2026-03-11", 1200) };
        let decision = bench.first(&born("1950-01-01"), &meal);
        assert_eq!(decision.self_pay_fen, Fen(self_pay), "{canteen}");
        assert_eq!(decision.trace[0].lines[0].lost.len(), lost, "a lost share is told, not re-assigned");
    }
}

#[test]
fn an_exhausted_budget_stops_overdraws_or_passes_to_a_substitute() {
    for (budget, granted, payer, flagged) in [
        ("{exhausted: hard}", 0, None, false),
        ("{exhausted: soft}", 300, Some("a"), true),
        ("{exhausted: substitute, substitute: b}", 300, Some("b"), false),
    ] {
        let document = doc(&format!(
            "conventions: {{defaults: standard}}\nfunders: [{{id: a, name: a, kind: government, budget: {budget}}}, {{id: b, name: b, kind: donation}}]\n\
             steps: [{{group: {{id: g, name: g, select: first, lines: [{{id: l, name: l, amount: {{fixed_fen: 300}}, funders: [{{funder: a, rest: true}}]}}]}}}}]\n"
        ));
        let mut bench = Bench::new(&[&document]);
        bench.budgets = vec![BudgetLeft { programme: name("p"), funder: name("a"), place: None, left: Fen(299) }];
        let decision = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
        assert_eq!(decision.granted_fen, Fen(granted), "{budget}");
        assert_eq!(decision.legs.first().map(|l| l.funder.as_str()), payer, "{budget}");
        assert_eq!(
            decision.flags.iter().any(|flag| matches!(flag, Flag::BudgetOverdrawn { funder, .. } if *funder == name("a"))),
            flagged,
            "{budget}"
        );
        bench.budgets[0].left = Fen(300);
        let enough = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
        assert_eq!(enough.legs[0].funder.as_str(), "a", "the last yuan is paid by the first funder");
    }
}

#[test]
fn a_ring_of_substitutes_ends() {
    let document = doc(
        "conventions: {defaults: standard}\nfunders: [{id: a, name: a, kind: government, budget: {exhausted: substitute, substitute: b}}, \
         {id: b, name: b, kind: government, budget: {exhausted: substitute, substitute: a}}]\n\
         steps: [{group: {id: g, name: g, select: first, lines: [{id: l, name: l, amount: {fixed_fen: 300}, funders: [{funder: a, rest: true}]}]}}]\n",
    );
    let mut bench = Bench::new(&[&document]);
    bench.budgets = ["a", "b"].map(|f| BudgetLeft { programme: name("p"), funder: name(f), place: None, left: Fen(0) }).to_vec();
    let decision = bench.first(&born("1950-01-01"), &lunch("2026-03-11", 1000));
    assert_eq!(decision.granted_fen, Fen(0));
    assert!(matches!(decision.trace[0].lines[0].result, LineResult::Refused(Refusal::SharesLost)));
}
