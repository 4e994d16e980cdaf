//! What is learned after a meal was eaten, on both databases: nothing moves before two people have said so, what moves is the
//! difference, a settlement that was frozen stays, and the next one takes what was posted since.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use app::corrections::answer::{Answer, answer, question};
use app::corrections::rerate::{Rerated, follow_due};
use app::corrections::{CorrectionCard, CorrectionRefusal as Refusal, look};
use app::failure::{Failure, Thing};
use app::idempotency::RequestKey;
use app::orders::place;
use app::orders::redeem::{self, Redemption};
use app::seniors::facts::{self, NewFact};
use app::settlements::freeze;
use app::settlements::freeze::Frozen;
use app::verify::{Reach, verify};
use common::{Bench, DEMO, STREET, actor, at, canteen, each_database, id, monday, order, senior};
use domain::access::{Actor, Role};
use domain::correction::{CorrectionCause, CorrectionRejection, CorrectionState, Resolution};
use domain::id::{FactId, OrderId};
use domain::order::{OrderState, RedemptionMethod};
use domain::settlement::Period;
use domain::subsidy::FactKind;
use domain::{Fen, MealPeriod, ServiceDate};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::fixture;
use store::query::corrections::CorrectionFilter;

static KEYS: AtomicU32 = AtomicU32::new(0);

fn key() -> RequestKey {
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("correct-{n:08}"), "test", &n).unwrap()
}

fn officer() -> Arc<Actor> {
    Arc::new(actor(1, Role::Officer, "990101"))
}

fn reviewer() -> Arc<Actor> {
    Arc::new(actor(2, Role::Reviewer, STREET))
}

fn day(n: i32) -> ServiceDate {
    monday().plus_days(n)
}

/// Lunches of some seniors on some days under the demonstration policy, ordered before the first.
async fn ordered(bench: &Bench, meals: &[(i32, u128)]) -> Vec<OrderId> {
    app::policies::publish::publish_for_setup(&bench.app, DEMO).await.unwrap();
    ordered_again(bench, meals).await
}

async fn redeem(bench: &Bench, of: OrderId, on: i32) {
    let served_at = at(day(on), 12, 0);
    bench.clock.set(served_at);
    let n = u128::from(KEYS.fetch_add(1, Ordering::SeqCst)) + 0x9000;
    let redemption = Redemption { id: id(n), order: of, method: RedemptionMethod::Card, served_at };
    redeem::redeem(&bench.app, bench.terminal(0), redemption).await.unwrap();
}

/// The same, served; then it is December.
async fn served(bench: &Bench, meals: &[(i32, u128)]) -> Vec<OrderId> {
    let orders = ordered(bench, meals).await;
    for ((on, _), of) in meals.iter().zip(&orders) {
        redeem(bench, *of, *on).await;
    }
    bench.clock.set(at(day(8), 9, 0));
    orders
}

async fn learn(bench: &Bench, who: u128, kind: FactKind, value: &str, from: i32) -> FactId {
    let new = NewFact { kind, value: value.to_owned(), valid_from: day(from), valid_to: None, source: "民政".to_owned() };
    let worker = bench.staff(3, Role::Worker).await;
    facts::add(&bench.app, worker, key(), senior(who), new).await.unwrap()
}

async fn all(bench: &Bench) -> Vec<CorrectionCard> {
    let filter = CorrectionFilter { limit: 100, ..CorrectionFilter::default() };
    let mut found = look::list(&bench.app, officer(), filter).await.unwrap();
    found.sort_by_key(|card| (card.row.service_date, card.row.id));
    found
}

/// Date, why, what a senior pays more, what funders owe more.
fn told(cards: &[CorrectionCard]) -> Vec<(ServiceDate, CorrectionCause, i64, i64)> {
    let told = |card: &CorrectionCard| {
        let row = &card.row;
        (row.service_date.0, row.cause.0, row.self_pay_after_fen.0.0 - row.self_pay_before_fen.0.0, row.claim_fen.0.0)
    };
    cards.iter().map(told).collect()
}

async fn say(bench: &Bench, who: Arc<Actor>, card: &CorrectionCard, what: Answer) -> Result<CorrectionCard, Failure<Refusal>> {
    answer(&bench.app, who, card.row.id.0, card.row.version, what).await
}

async fn resolve(bench: &Bench, card: &CorrectionCard, resolution: Resolution) -> CorrectionCard {
    let proposed = say(bench, officer(), card, Answer::Propose(resolution, "已核实".into())).await.unwrap();
    say(bench, reviewer(), &proposed, Answer::Approve).await.unwrap()
}

async fn freeze_month(bench: &Bench, period: &str) -> Result<Frozen, Failure<app::settlements::SettlementRefusal>> {
    freeze::freeze(&bench.app, officer(), key(), canteen(), Period::parse(period).unwrap()).await
}

fn total(frozen: &Frozen) -> i64 {
    frozen.settlements.iter().map(|settlement| settlement.fen.0).sum()
}

async fn assert_invariants(bench: &Bench) {
    assert_eq!(verify(&bench.app, Reach::All).await.unwrap(), []);
}

/// What an account of a kind holds: what came in less what went out, of what was posted.
async fn balance(bench: &Bench, kind: &str) -> i64 {
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(CASE WHEN a.id = t.credit_id THEN t.amount_fen ELSE -t.amount_fen END), 0) AS TEXT) AS t \
         FROM transfer t JOIN ledger_account a ON a.id IN (t.credit_id, t.debit_id) WHERE t.phase = 'post' AND a.kind = '{kind}'"
    );
    let rows = bench.app.store.read("balance", move |conn| fixture::texts(conn, &sql)).await.unwrap();
    rows[0].parse().unwrap()
}

#[test]
fn a_death_learned_late_opens_a_correction_for_each_meal_from_its_day_on_and_moves_nothing() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1), (1, 1), (2, 1), (2, 2)]).await;
        let before = balance(&bench, "canteen_claim").await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated { found: 2, gone: 0 });
        let found = all(&bench).await;
        assert_eq!(told(&found), [(day(1), CorrectionCause::Death, 400, -400), (day(2), CorrectionCause::Death, 400, -400)]);
        assert!(found.iter().all(|card| card.row.takes_back && card.row.reproduced && card.row.state.0 == CorrectionState::Open));
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated::default(), "it is said once");
        assert_eq!(balance(&bench, "canteen_claim").await, before);
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_meal_of_which_something_may_be_taken_back_is_in_no_settlement_until_two_people_have_said_what_is_to_be_done() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1), (1, 1), (2, 2)]).await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        let frozen = freeze_month(&bench, "2026-11").await.unwrap();
        assert_eq!((total(&frozen), frozen.held), (1000, 3), "one of four and one of six yuan; the third has three payers' lines");
        assert_eq!(all(&bench).await.len(), 1, "the freeze itself has followed what was noted");
        assert_invariants(&bench).await;
    });
}

#[test]
fn nobody_approves_alone_a_right_is_needed_and_a_refused_answer_moves_nothing() {
    each_database(async |bench: Bench| {
        served(&bench, &[(1, 1)]).await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        follow_due(&bench.app).await.unwrap();
        let card = all(&bench).await.remove(0);
        let elsewhere = Arc::new(actor(5, Role::Officer, "990102"));
        let propose = Answer::Propose(Resolution::Adjust, "已核实".into());
        assert_eq!(say(&bench, elsewhere, &card, propose.clone()).await, Err(Failure::NotFound(Thing::Correction)));
        assert_eq!(say(&bench, reviewer(), &card, propose.clone()).await, Err(Failure::Forbidden));
        let no_answer = Err(Failure::Refused(Refusal::Rejected(CorrectionRejection::NoAnswer(Resolution::Annul))));
        assert_eq!(say(&bench, officer(), &card, Answer::Propose(Resolution::Annul, "x".into())).await, no_answer);
        let proposed = say(&bench, officer(), &card, propose.clone()).await.unwrap();
        assert_eq!(say(&bench, officer(), &card, propose).await, Err(Failure::Stale { version: 2 }), "it was read before");
        let mut both = actor(1, Role::Officer, "990101");
        both.grants.extend(actor(1, Role::Reviewer, "990101").grants);
        let alone = say(&bench, Arc::new(both), &proposed, Answer::Approve).await;
        assert_eq!(alone, Err(Failure::Refused(Refusal::Rejected(CorrectionRejection::SamePerson))));
        let rejected = say(&bench, reviewer(), &proposed, Answer::Reject("先问家属".into())).await.unwrap();
        assert_eq!((rejected.row.state.0, rejected.row.resolution), (CorrectionState::Open, None));
        assert_eq!(balance(&bench, "canteen_claim").await, 400);
        resolve(&bench, &rejected, Resolution::Adjust).await;
        assert_eq!(balance(&bench, "canteen_claim").await, 0);
        let after = say(&bench, officer(), &all(&bench).await[0], Answer::Propose(Resolution::Dismiss, "x".into())).await;
        let closed = Err(Failure::Refused(Refusal::Rejected(CorrectionRejection::WrongState(CorrectionState::Closed))));
        assert_eq!(after, closed);
        assert_invariants(&bench).await;
    });
}

#[test]
fn what_was_settled_stays_and_the_next_period_keeps_the_difference_back_with_its_link() {
    each_database(async |bench: Bench| {
        let orders = served(&bench, &[(0, 1), (1, 1)]).await;
        let november = freeze_month(&bench, "2026-11").await.unwrap();
        assert_eq!(total(&november), 800);
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        follow_due(&bench.app).await.unwrap();
        let card = resolve(&bench, &all(&bench).await.remove(0), Resolution::Adjust).await;
        assert_eq!(balance(&bench, "canteen_claim").await, 400);
        bench.clock.set(at(day(40), 9, 0));
        let nothing = freeze_month(&bench, "2026-12").await;
        assert!(
            matches!(&nothing, Err(Failure::Refused(app::settlements::SettlementRefusal::NothingToSettle { held: 0, carried: 3 }))),
            "nothing is owed that it could be kept from: {nothing:?}"
        );
        // A terminal that was offline brings a meal of another person.
        bench.clock.set(at(day(0), 9, 0));
        let more = ordered_again(&bench, &[(3, 2), (4, 2)]).await;
        redeem(&bench, more[0], 3).await;
        redeem(&bench, more[1], 4).await;
        bench.clock.set(at(day(40), 9, 0));
        let december = freeze_month(&bench, "2026-12").await.unwrap();
        assert_eq!((total(&december), december.carried), (800, 0), "two meals of six yuan less the one that is taken back");
        for settlement in &december.settlements {
            let lines = app::settlements::look::lines(&bench.app, officer(), settlement.id, 0, 10).await.unwrap();
            let back: Vec<_> = lines.iter().filter(|line| line.amount_fen.0 < Fen::ZERO).collect();
            assert_eq!((back.len(), back[0].order_id.0, back[0].service_date.0), (1, orders[1], day(1)));
            assert_eq!(back[0].correction_id, Some(card.row.id));
        }
        let again = app::settlements::look::get(&bench.app, officer(), november.settlements[0].id).await.unwrap();
        assert_eq!(again.summary, november.settlements[0], "what was frozen is as it was");
        assert_invariants(&bench).await;
    });
}

/// More orders under the policy that is published already.
async fn ordered_again(bench: &Bench, meals: &[(i32, u128)]) -> Vec<OrderId> {
    let worker = bench.staff(3, Role::Worker).await;
    let mut orders = Vec::new();
    for (on, who) in meals {
        let placed = place::place(&bench.app, worker.clone(), key(), order(*on, MealPeriod::Lunch, *who, 1)).await.unwrap();
        orders.push(placed.order.order);
    }
    orders
}

#[test]
fn a_meal_that_was_corrected_before_it_was_paid_is_settled_with_its_correction() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1), (1, 1)]).await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        follow_due(&bench.app).await.unwrap();
        resolve(&bench, &all(&bench).await.remove(0), Resolution::Adjust).await;
        let frozen = freeze_month(&bench, "2026-11").await.unwrap();
        assert_eq!((total(&frozen), frozen.held, frozen.carried), (400, 0, 0));
        assert!(frozen.settlements.iter().all(|of| of.lines == 3), "Monday's, Tuesday's, and what goes back of Tuesday's");
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_waiver_leaves_what_the_canteen_is_owed_and_is_an_entry_of_its_own() {
    each_database(async |bench: Bench| {
        served(&bench, &[(1, 1)]).await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        follow_due(&bench.app).await.unwrap();
        resolve(&bench, &all(&bench).await.remove(0), Resolution::Waive).await;
        let balances =
            (balance(&bench, "canteen_claim").await, balance(&bench, "waiver").await, balance(&bench, "funder_budget").await);
        assert_eq!(balances, (400, -400, 0), "the waiver bears what the budget bore");
        let frozen = freeze_month(&bench, "2026-11").await.unwrap();
        assert_eq!((total(&frozen), frozen.held), (400, 0), "it is paid");
        learn(&bench, 1, FactKind::Living, "alone", 0).await;
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated::default(), "what was waived is not found again");
        assert_invariants(&bench).await;
    });
}

#[test]
fn what_was_dismissed_is_paid_and_a_record_that_was_wrong_closes_what_it_opened() {
    each_database(async |bench: Bench| {
        served(&bench, &[(1, 1), (1, 2)]).await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        let wrong = learn(&bench, 2, FactKind::Death, "died", 0).await;
        follow_due(&bench.app).await.unwrap();
        let cards = all(&bench).await;
        let of = |who: u128| cards.iter().find(|card| card.row.senior_id.0 == senior(who)).unwrap();
        resolve(&bench, of(1), Resolution::Dismiss).await;
        // A record of a death that is given an end was wrong.
        facts::end(&bench.app, bench.staff(3, Role::Worker).await, senior(2), wrong, day(0)).await.unwrap();
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated { found: 0, gone: 1 });
        let frozen = freeze_month(&bench, "2026-11").await.unwrap();
        assert_eq!((total(&frozen), frozen.held), (1000, 0));
        assert_invariants(&bench).await;
    });
}

#[test]
fn an_annulled_meal_gives_everything_back_frees_its_limits_and_is_annulled_once() {
    each_database(async |bench: Bench| {
        let orders = served(&bench, &[(0, 1)]).await;
        let asked = (Resolution::Annul, "未实际供餐".to_owned());
        let retried = key();
        let card = question(&bench.app, officer(), retried.clone(), orders[0], asked.clone()).await.unwrap();
        let again = question(&bench.app, officer(), retried, orders[0], asked.clone()).await.unwrap();
        assert_eq!(again, card, "the same key is the same question");
        let second = question(&bench.app, officer(), key(), orders[0], asked.clone()).await;
        assert_eq!(second, Err(Failure::Refused(Refusal::Open(card.row.id.0))));
        assert_eq!((card.row.state.0, card.row.cause.0), (CorrectionState::Proposed, CorrectionCause::Refund));
        let held = freeze_month(&bench, "2026-11").await;
        assert!(
            matches!(held, Err(Failure::Refused(app::settlements::SettlementRefusal::NothingToSettle { held: 3, carried: 0 }))),
            "{held:?}"
        );
        say(&bench, reviewer(), &card, Answer::Approve).await.unwrap();
        for kind in ["canteen_claim", "self_pay", "canteen_sales", "funder_budget", "operator_discount"] {
            assert_eq!(balance(&bench, kind).await, 0, "{kind}");
        }
        let uses =
            bench.app.store.read("uses", |conn| fixture::texts(conn, "SELECT limit_key AS t FROM allowance_use WHERE ordinal > 0"));
        assert_eq!(uses.await.unwrap(), [] as [String; 0]);
        let third = question(&bench.app, officer(), key(), orders[0], asked).await;
        assert_eq!(third, Err(Failure::Refused(Refusal::Annulled(card.row.id.0))));
        assert_invariants(&bench).await;
    });
}

#[test]
fn only_a_served_meal_is_questioned() {
    each_database(async |bench: Bench| {
        let orders = ordered(&bench, &[(0, 1)]).await;
        let asked = (Resolution::Annul, "未实际供餐".to_owned());
        let refused = question(&bench.app, officer(), key(), orders[0], asked.clone()).await;
        assert_eq!(refused, Err(Failure::Refused(Refusal::NotServed(OrderState::Confirmed))));
        let nobody = question(&bench.app, officer(), key(), id(0xdead), asked).await;
        assert_eq!(nobody, Err(Failure::NotFound(Thing::Order)));
    });
}

#[test]
fn a_meal_that_is_still_to_be_eaten_when_the_fact_is_learned_is_looked_at_again_once_it_was() {
    each_database(async |bench: Bench| {
        let orders = ordered(&bench, &[(1, 1), (2, 1)]).await;
        redeem(&bench, orders[0], 1).await;
        learn(&bench, 1, FactKind::Death, "died", 1).await;
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated { found: 1, gone: 0 });
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated::default(), "not before Wednesday's is over");
        redeem(&bench, orders[1], 2).await;
        bench.clock.set(at(day(3), 13, 0));
        assert_eq!(follow_due(&bench.app).await.unwrap(), Rerated { found: 1, gone: 0 });
        assert_eq!(told(&all(&bench).await).len(), 2);
        assert_invariants(&bench).await;
    });
}

#[test]
fn what_entitles_to_more_is_owed_to_the_canteen_and_the_senior_and_holds_nothing_up() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        learn(&bench, 1, FactKind::EconomicClass, "dibao", 0).await;
        follow_due(&bench.app).await.unwrap();
        let found = all(&bench).await;
        assert_eq!(told(&found), [(day(0), CorrectionCause::LateFact, -500, 500)], "nine yuan instead of four");
        assert!(!found[0].row.takes_back);
        let frozen = freeze_month(&bench, "2026-11").await.unwrap();
        assert_eq!((total(&frozen), frozen.held), (400, 0), "what is owed already is not held up");
        resolve(&bench, &found[0], Resolution::Adjust).await;
        bench.clock.set(at(day(40), 9, 0));
        assert_eq!(total(&freeze_month(&bench, "2026-12").await.unwrap()), 500);
        assert_invariants(&bench).await;
    });
}
