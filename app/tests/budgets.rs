//! Funders' budgets, on both databases: what the policy says happens when one is used up, happens; no fen is spent twice; what is
//! given back is there again; and what was decided is decided the same when it is looked at again.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use app::budgets::look::{self, BudgetCard};
use app::budgets::set::{self, Allocation, NewBudget};
use app::corrections::answer::{Answer, answer, question};
use app::corrections::rerate::follow_due;
use app::failure::Failure;
use app::idempotency::RequestKey;
use app::orders::redeem::{self, Redemption};
use app::orders::view::OrderAnswer;
use app::orders::{cancel, close, place};
use app::seniors::facts::{self, NewFact};
use app::settlements::freeze;
use app::settlements::step::{self, Step};
use app::verify::{Reach, verify};
use common::{Bench, DEMO, STREET, actor, at, canteen, each_database, id, item, monday, order, senior, sitting};
use domain::access::{Actor, Role};
use domain::budget::{BudgetChangeState, BudgetRejection};
use domain::correction::Resolution;
use domain::id::OrderId;
use domain::order::RedemptionMethod;
use domain::settlement::Period;
use domain::subsidy::trace::Flag;
use domain::subsidy::{Decision, FactKind, Name};
use domain::{Fen, MealPeriod, PlaceCode};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

static KEYS: AtomicU32 = AtomicU32::new(0);

fn key() -> RequestKey {
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("budget-{n:09}"), "test", &n).unwrap()
}

fn officer() -> Arc<Actor> {
    Arc::new(actor(1, Role::Officer, "9901"))
}

fn reviewer() -> Arc<Actor> {
    Arc::new(actor(2, Role::Reviewer, "9901"))
}

/// The demonstration policy, whose street, district and city say what happens when their money is used up.
async fn publish(bench: &Bench) {
    let budgets = [
        ("place: \"9901\"}", "place: \"9901\", budget: {exhausted: soft}}"),
        ("place: \"990101\"}", "place: \"990101\", budget: {exhausted: substitute, substitute: charity}}"),
        (
            "place: \"990101001\"}",
            "place: \"990101001\", budget: {exhausted: hard}}\n  - {id: charity, name: 慈善会, kind: donation}",
        ),
    ];
    let policy = budgets.iter().fold(DEMO.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    app::policies::publish::publish_for_setup(&bench.app, &policy).await.unwrap();
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn wanted(funder: &str, place: Option<&str>, amount: i64) -> NewBudget {
    let first = Allocation { amount_fen: Fen(amount), document: "暖财社〔2026〕7号".into(), reason: String::new() };
    let place = place.map(|code| PlaceCode::parse(code).unwrap());
    let (from, to) = (monday().plus_days(-30), monday().plus_days(30));
    NewBudget { programme: name("demo-meals"), funder: name(funder), place, from, to, first }
}

/// Money set aside by the officer and confirmed by the reviewer.
async fn set_aside(bench: &Bench, funder: &str, place: Option<&str>, amount: i64) -> BudgetCard {
    let made = set::make(&bench.app, officer(), key(), wanted(funder, place, amount)).await.unwrap();
    set::answer(&bench.app, reviewer(), made.changes[0].id, BudgetChangeState::Confirmed).await.unwrap()
}

async fn street(bench: &Bench, amount: i64) -> BudgetCard {
    set_aside(bench, "street", Some(STREET), amount).await
}

async fn placed(bench: &Bench, day: i32, meal: MealPeriod, who: u128) -> OrderAnswer {
    let worker = bench.staff(3, Role::Worker).await;
    place::place(&bench.app, worker, key(), order(day, meal, who, 1)).await.unwrap()
}

/// What the senior pays, whose money was used up, and whose was overdrawn.
async fn told(bench: &Bench, of: &OrderAnswer) -> (i64, Vec<String>, Vec<String>) {
    let decision = decision(bench, of.order.order).await;
    let (mut used_up, mut overdrawn) = (Vec::new(), Vec::new());
    for flag in decision.flags {
        match flag {
            Flag::BudgetUsedUp { funder, .. } => used_up.push(funder.to_string()),
            Flag::BudgetOverdrawn { funder, .. } => overdrawn.push(funder.to_string()),
            other => panic!("{other:?}"),
        }
    }
    (decision.self_pay_fen.0, used_up, overdrawn)
}

async fn decision(bench: &Bench, of: OrderId) -> Decision {
    let read = bench.app.store.read("test", move |conn| store::query::orders::decision(conn, of));
    serde_json::from_str(&read.await.unwrap().unwrap().trace).unwrap()
}

async fn left(bench: &Bench, of: &BudgetCard) -> i64 {
    look::get(&bench.app, officer(), of.summary.id).await.unwrap().summary.left_fen().0
}

async fn assert_invariants(bench: &Bench) {
    assert_eq!(verify(&bench.app, Reach::All).await.unwrap(), []);
}

async fn serve(bench: &Bench, of: &OrderAnswer, day: i32) {
    let served_at = at(monday().plus_days(day), 12, 0);
    let n = u128::from(KEYS.fetch_add(1, Ordering::SeqCst)) + 0x9000;
    let redemption = Redemption { id: id(n), order: of.order.order, method: RedemptionMethod::Card, served_at };
    redeem::redeem(&bench.app, bench.terminal(0), redemption).await.unwrap();
}

const LUNCH: MealPeriod = MealPeriod::Lunch;

#[test]
fn a_hard_budget_pays_while_it_lasts_and_what_is_given_back_pays_again() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        // Of a meal of a senior of 75 the street pays 1.50 yuan, of one of 82 it pays 2.00.
        let budget = street(&bench, 400).await;
        let first = placed(&bench, 0, LUNCH, 1).await;
        assert_eq!(told(&bench, &first).await, (800, vec![], vec![]));
        assert_eq!(left(&bench, &budget).await, 250);
        let second = placed(&bench, 0, LUNCH, 2).await;
        assert_eq!((told(&bench, &second).await, left(&bench, &budget).await), ((600, vec![], vec![]), 50));
        let third = placed(&bench, 0, LUNCH, 3).await;
        assert_eq!(told(&bench, &third).await, (800, vec!["street".to_owned()], vec![]), "the share of the street is not paid");
        assert_eq!(left(&bench, &budget).await, 50, "and nothing is taken for it");

        let worker = bench.staff(3, Role::Worker).await;
        cancel::cancel(&bench.app, worker, key(), first.order.order, None).await.unwrap();
        assert_eq!(left(&bench, &budget).await, 200);
        let fourth = placed(&bench, 1, LUNCH, 4).await;
        assert_eq!((told(&bench, &fourth).await, left(&bench, &budget).await), ((600, vec![], vec![]), 0));
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_soft_budget_is_overdrawn_and_says_so_and_a_substitute_takes_over() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        let city = set_aside(&bench, "city", Some("9901"), 150).await;
        let district = set_aside(&bench, "district", Some("990101"), 200).await;
        let charity = set_aside_with_behaviour(&bench).await;
        let first = placed(&bench, 0, LUNCH, 1).await;
        assert_eq!(told(&bench, &first).await, (800, vec![], vec![]));
        let second = placed(&bench, 1, LUNCH, 1).await;
        assert_eq!(told(&bench, &second).await, (800, vec!["district".to_owned()], vec!["city".to_owned()]));
        assert_eq!((left(&bench, &city).await, left(&bench, &district).await), (-50, 50));
        assert_eq!(charity, Err(Failure::Refused(BudgetRejection::NoBehaviour)));
        let paid = decision(&bench, second.order.order).await.by_funder();
        assert_eq!(paid.get(&name("charity")), Some(&Fen(150)), "{paid:?}");
        assert_invariants(&bench).await;
    });
}

/// The charity's policy does not say what happens when its money is used up.
async fn set_aside_with_behaviour(bench: &Bench) -> Result<BudgetCard, Failure<BudgetRejection>> {
    set::make(&bench.app, officer(), key(), wanted("charity", None, 100)).await
}

/// One funder may be asked for a share of its own and for another's: both together must fit.
#[test]
fn a_substitute_that_pays_a_share_of_its_own_is_asked_for_both_together() {
    each_database(async |bench: Bench| {
        let policy = DEMO
            .replacen("place: \"990101001\"}", "place: \"990101001\", budget: {exhausted: substitute, substitute: district}}", 1)
            .replacen("place: \"990101\"}", "place: \"990101\", budget: {exhausted: hard}}", 1);
        app::policies::publish::publish_for_setup(&bench.app, &policy).await.unwrap();
        street(&bench, 100).await;
        let district = set_aside(&bench, "district", Some("990101"), 550).await;
        // Of a meal of a senior of 75 the district pays 1.50 yuan, and the street's 1.50 too when the street has nothing left.
        let first = placed(&bench, 0, LUNCH, 1).await;
        assert_eq!(told(&bench, &first).await, (800, vec!["street".to_owned()], vec![]));
        let second = placed(&bench, 1, LUNCH, 1).await;
        assert_eq!(told(&bench, &second).await, (950, vec!["street".to_owned(), "district".to_owned()], vec![]));
        assert_eq!(left(&bench, &district).await, 100, "3.00 and 1.50 of 5.50");
        assert_invariants(&bench).await;
    });
}

#[test]
fn money_counts_when_another_person_has_confirmed_it_with_what_was_ordered_before() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        placed(&bench, 0, LUNCH, 1).await;
        let again = placed(&bench, 1, LUNCH, 2).await;
        cancel::cancel(&bench.app, bench.staff(3, Role::Worker).await, key(), again.order.order, None).await.unwrap();
        let both =
            Arc::new(Actor { grants: [officer().grants.clone(), reviewer().grants.clone()].concat(), ..(*officer()).clone() });
        let keyed = key();
        let made = set::make(&bench.app, both.clone(), keyed.clone(), wanted("street", Some(STREET), 300)).await.unwrap();
        let repeated = set::make(&bench.app, both.clone(), keyed, wanted("street", Some(STREET), 300)).await.unwrap();
        assert_eq!(made, repeated, "the same request again is the same budget");
        let change = made.changes[0].id;
        let refused = |rejection| Err(Failure::Refused(rejection));
        let confirm = async |who: Arc<Actor>| set::answer(&bench.app, who, change, BudgetChangeState::Confirmed).await;
        assert_eq!(confirm(both).await, refused(BudgetRejection::SamePerson));
        assert_eq!(confirm(officer()).await, Err(Failure::Forbidden), "an officer pays, and does not approve");
        assert!(!made.summary.in_force);
        let later = placed(&bench, 2, LUNCH, 2).await;
        assert_eq!(told(&bench, &later).await.0, 600, "until then the money has no end");

        let confirmed = confirm(reviewer()).await.unwrap();
        assert_eq!((confirmed.summary.amount_fen, confirmed.summary.used_fen), (Fen(300), Fen(350)));
        assert_eq!(confirm(reviewer()).await.unwrap(), confirmed, "the same word again changes nothing");
        let withdrawn = set::answer(&bench.app, officer(), change, BudgetChangeState::Withdrawn).await;
        assert_eq!(withdrawn, refused(BudgetRejection::Answered(BudgetChangeState::Confirmed)));
        let overlapping = set::make(&bench.app, officer(), key(), wanted("street", Some(STREET), 1)).await;
        assert_eq!(overlapping, refused(BudgetRejection::Overlaps));
        let elsewhere = set::make(&bench.app, officer(), key(), wanted("street", Some("990102"), 1)).await;
        assert_eq!(elsewhere, refused(BudgetRejection::NoSuchFunder));

        let next = placed(&bench, 3, LUNCH, 2).await;
        assert_eq!(told(&bench, &next).await, (800, vec!["street".to_owned()], vec![]));
        let more = |fen| Allocation { amount_fen: Fen(fen), document: "追加1号".into(), reason: "缺口".into() };
        let cut = set::propose(&bench.app, officer(), key(), confirmed.summary.id, more(-301)).await;
        assert_eq!(cut, refused(BudgetRejection::BelowNothing));
        let grown = set::propose(&bench.app, officer(), key(), confirmed.summary.id, more(250)).await.unwrap();
        let grown = set::answer(&bench.app, reviewer(), grown.changes[1].id, BudgetChangeState::Confirmed).await.unwrap();
        assert_eq!(grown.summary.left_fen(), Fen(200));
        let last = placed(&bench, 4, LUNCH, 2).await;
        assert_eq!(told(&bench, &last).await, (600, vec![], vec![]));
        assert_invariants(&bench).await;
    });
}

/// Two canteens, two terminals, one yuan: forty orders at once for the money of ten.
#[test]
fn no_fen_of_a_budget_is_spent_twice_however_many_order_at_once() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        let budget = street(&bench, 2_100).await;
        let meals = (0..7).flat_map(|day| [LUNCH, MealPeriod::Dinner].map(|meal| (day, meal)));
        let orders = meals.flat_map(|(day, meal)| [2u128, 3, 4].map(|who| placed(&bench, day, meal, who)));
        let answers = join_all(orders).await;
        let mut paid = 0;
        for answer in &answers {
            match told(&bench, answer).await {
                (600, used_up, _) if used_up.is_empty() => paid += 1,
                (800, used_up, _) => assert_eq!(used_up, ["street"]),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((answers.len(), paid, left(&bench, &budget).await), (42, 10, 100));
        assert_invariants(&bench).await;
    });
}

#[test]
fn what_was_not_fetched_goes_back_and_evidence_that_comes_late_takes_it_whatever_is_left() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        let budget = street(&bench, 200).await;
        let unfetched = placed(&bench, 0, LUNCH, 2).await;
        let without = placed(&bench, 3, LUNCH, 3).await;
        assert_eq!(told(&bench, &without).await.1, ["street"]);
        bench.clock.set(at(monday().plus_days(1), 6, 0));
        assert_eq!(close::close_past(&bench.app).await.unwrap(), 1);
        assert_eq!(left(&bench, &budget).await, 200);
        let another = placed(&bench, 3, LUNCH, 4).await;
        assert_eq!((told(&bench, &another).await.0, left(&bench, &budget).await), (600, 0));
        serve(&bench, &unfetched, 0).await;
        assert_eq!(left(&bench, &budget).await, -200, "it was eaten, and told when the money was there");
        assert_invariants(&bench).await;
    });
}

/// The table of cases: "each funder's budget reserve is its share rounded up; at freeze the period's total is split once and the
/// reserves are released". Of two meals of 4.01 yuan by 50:30:20, 2.01, 1.21 and 0.81 are reserved each; 8.02 are 4.01, 2.41, 1.60.
#[test]
fn a_settlement_gives_back_what_shares_by_ratio_were_rounded_up_until_it_is_withdrawn() {
    each_database(async |bench: Bench| {
        let by_ratio = "{fixed_fen: 401}\n          funders: [{funder: city, ratio: 50}, {funder: district, ratio: 30}, {funder: street, ratio: 20}]";
        let fixed = "{fixed_fen: 400}\n          funders: [{funder: city, fixed_fen: 100}, {funder: district, fixed_fen: 150}, {funder: street, rest: true}]";
        assert!(DEMO.contains(fixed));
        let policy = ["9901", "990101", "990101001"].iter().fold(DEMO.replacen(fixed, by_ratio, 1), |text, place| {
            text.replacen(&format!("place: \"{place}\"}}"), &format!("place: \"{place}\", budget: {{exhausted: soft}}}}"), 1)
        });
        let example = "{self_pay_fen: 800, by_funder: {city: 100, district: 150, street: 150}}";
        let policy = policy.replacen(example, "{self_pay_fen: 799, by_funder: {city: 201, district: 120, street: 80}}", 1);
        app::policies::publish::publish_for_setup(&bench.app, &policy).await.unwrap();
        let mut budgets = Vec::new();
        for (funder, place) in [("city", "9901"), ("district", "990101"), ("street", "990101001")] {
            budgets.push(set_aside(&bench, funder, Some(place), 1_000).await);
        }
        for day in [0, 1] {
            let eaten = placed(&bench, day, LUNCH, 1).await;
            bench.clock.set(at(monday().plus_days(day), 12, 0));
            serve(&bench, &eaten, day).await;
        }
        let left = async || {
            assert_invariants(&bench).await;
            [left(&bench, &budgets[0]).await, left(&bench, &budgets[1]).await, left(&bench, &budgets[2]).await]
        };
        let (reserved, owed) = ([1_000 - 402, 1_000 - 242, 1_000 - 162], [1_000 - 401, 1_000 - 241, 1_000 - 160]);
        assert_eq!(left().await, reserved);
        bench.clock.set(at(monday().plus_days(8), 9, 0));
        for _ in 0..2 {
            let period = Period::parse("2026-11").unwrap();
            let frozen = freeze::freeze(&bench.app, officer(), key(), canteen(), period).await.unwrap();
            let [of] = &frozen.settlements[..] else { panic!("{frozen:?}") };
            assert_eq!((of.fen, left().await), (Fen(802), owed));
            step::step(&bench.app, officer(), of.id, of.version, Step::Withdraw("补证据".into())).await.unwrap();
            assert_eq!(left().await, reserved);
        }
    });
}

#[test]
fn a_meal_that_is_annulled_gives_its_money_back_when_two_people_have_said_so() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        let budget = street(&bench, 200).await;
        let eaten = placed(&bench, 0, LUNCH, 2).await;
        bench.clock.set(at(monday(), 12, 0));
        serve(&bench, &eaten, 0).await;
        let asked = (Resolution::Annul, "未就餐".to_owned());
        let card = question(&bench.app, officer(), key(), eaten.order.order, asked).await.unwrap();
        assert_eq!(left(&bench, &budget).await, 0);
        answer(&bench.app, reviewer(), card.row.id.0, card.row.version, Answer::Approve).await.unwrap();
        assert_eq!(left(&bench, &budget).await, 200);
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_meal_decided_while_the_money_was_used_up_is_no_difference_when_it_is_decided_again() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        street(&bench, 200).await;
        let paid = placed(&bench, 0, LUNCH, 2).await;
        let without = placed(&bench, 0, LUNCH, 3).await;
        assert_eq!((told(&bench, &paid).await.0, told(&bench, &without).await.0), (600, 800));
        bench.clock.set(at(monday(), 12, 0));
        for eaten in [&paid, &without] {
            serve(&bench, eaten, 0).await;
        }
        bench.clock.set(at(monday().plus_days(2), 9, 0));
        // A fact that changes nothing, and one that does.
        for (who, kind, value) in
            [(2, FactKind::Living, "alone"), (3, FactKind::Living, "alone"), (3, FactKind::EconomicClass, "dibian")]
        {
            let new = NewFact { kind, value: value.into(), valid_from: monday(), valid_to: None, source: "民政".into() };
            facts::add(&bench.app, bench.staff(3, Role::Worker).await, key(), senior(who), new).await.unwrap();
        }
        follow_due(&bench.app).await.unwrap();
        let filter = store::query::corrections::CorrectionFilter { limit: 10, ..Default::default() };
        let found = app::corrections::look::list(&bench.app, officer(), filter).await.unwrap();
        let found: Vec<_> = found.iter().map(|card| (card.row.order_id.0, card.row.claim_fen.0.0)).collect();
        assert_eq!(found, [(without.order.order, 100)], "the city's 2.00 and the district's 3.00, without the street's");
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_quote_says_what_the_commit_will_say() {
    each_database(async |bench: Bench| {
        publish(&bench).await;
        street(&bench, 100).await;
        let request = order(0, LUNCH, 2, 1);
        assert_eq!((request.sitting, request.lines[0].item), (sitting(0, LUNCH), item(0, LUNCH)));
        let quote = place::quote(&bench.app, bench.own(2), request).await.unwrap();
        assert_eq!(quote.totals.self_pay_fen, Fen(800));
        assert!(quote.text_zh.contains("资金已用完"), "{}", quote.text_zh);
        assert_eq!(told(&bench, &placed(&bench, 0, LUNCH, 2).await).await.0, 800);
    });
}
