//! A draft tried on past meals: the baseline is what was decided then, whatever was recorded, changed or published since.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::backtests::job::{self, BacktestRefusal, Came, Wanted};
use app::backtests::workbook::workbook;
use app::backtests::{Asked, Stopped, run, set_up};
use app::failure::{Failure, Thing};
use app::idempotency::RequestKey;
use app::orders::close::close_past;
use app::orders::redeem::{Redemption, redeem};
use app::orders::view::OrderAnswer;
use app::orders::{OrderRequest, change, place};
use app::policies::{draft, publish, review};
use app::seniors::facts;
use app::tabular::Language;
use domain::access::Role;
use domain::id::{OrderId, PolicyId, RedemptionId};
use domain::order::RedemptionMethod;
use domain::subsidy::backtest::{Mismatch, Report, TrialError};
use domain::{Channel, Fen, Instant, PlaceCode, ServiceDate};
use store::column::Col;
use store::query::backtests::BacktestState;
use store::query::{policies, seniors};
use testkit::fixtures::POLICY;
use testkit::{Street, World, both_databases};
use uuid::Uuid;

fn key(text: &str) -> RequestKey {
    RequestKey::new(None, None, &format!("the-key-{text}"), "test", &text).unwrap()
}

fn date(text: &str) -> ServiceDate {
    ServiceDate::parse(text).unwrap()
}

fn at(text: &str, hour: u32) -> Instant {
    Instant::from_civil(date(text), chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap())
}

const MONDAY: &str = "2026-11-23";
const TUESDAY: &str = "2026-11-24";
const WEDNESDAY: &str = "2026-11-25";

async fn order(world: &World, street: &Street, name: &str, request: OrderRequest) -> OrderAnswer {
    let actor = world.actor(street.token(Role::Worker)).await;
    place::place(&world.app, actor, key(name), request).await.unwrap()
}

async fn serve(world: &World, street: &Street, order: OrderId, served_at: Instant) {
    let counter = world.actor(street.token(Role::Counter)).await;
    let id = RedemptionId::from_uuid(Uuid::from_u128(order.uuid().as_u128() ^ 1));
    redeem(&world.app, counter, Redemption { id, order, method: RedemptionMethod::Card, served_at }).await.unwrap();
}

fn version(name: &str, from: &str, amounts: &[(&str, &str)]) -> String {
    let named = POLICY.replace("version: \"2026\"", &format!("version: \"{name}\""));
    let dated = named.replace("effective: {from: 2026-01-01}", &format!("effective: {{from: {from}}}"));
    // Its examples are those of the other amounts.
    let (rules, _) = dated.split_once("examples:").unwrap();
    let body = amounts.iter().fold(rules.to_owned(), |text, (old, new)| text.replace(old, new));
    let example = |price: i64| {
        let (id, pays) = (price / 100, price - 300);
        format!(
            "  - {{id: e{id}, person: {{birth: 1961-01-01}}, order: {{date: 2027-11-30, price_fen: {price}}}, expect: {{self_pay_fen: {pays}}}}}\n"
        )
    };
    let examples: String = [1200, 1000, 800].map(example).concat();
    format!("{body}examples:\n{examples}")
}

/// Five yuan instead of four from 70 on, seven instead of nine on the minimum living allowance.
fn the_draft() -> String {
    version(
        "draft",
        "2026-01-01",
        &[
            (
                "fixed_fen: 400}\n          funders: [{funder: city, fixed_fen: 100}",
                "fixed_fen: 500}\n          funders: [{funder: city, fixed_fen: 100}",
            ),
            ("amount: {fixed_fen: 900}", "amount: {fixed_fen: 700}"),
        ],
    )
}

fn document(text: &str) -> domain::subsidy::Document {
    domain::subsidy::parse::document(text).into_result().unwrap()
}

fn asked() -> Asked {
    Asked { draft: document(&the_draft()), begins: None, period: (date(MONDAY), date(TUESDAY)), rise_fen: 100 }
}

async fn tried(world: &World) -> Result<Report, Stopped> {
    let trial = set_up(&world.app, &asked()).await.unwrap();
    run(&world.app, trial, 2, &mut |_, _| true).await
}

/// Two days in which everything happens that makes a baseline hard. Four meals are eaten, 16 yuan are granted.
async fn two_days(world: &World, street: &Street) {
    // The second portion gets nothing because the first has the grant of the meal; then the first is changed, and keeps it.
    let first = order(world, street, "first", street.lunch.request(0, Some(street.senior.id), Channel::DineIn)).await.order;
    world.clock.advance_seconds(60);
    let second = order(world, street, "second", street.lunch.request(0, Some(street.senior.id), Channel::DineIn)).await.order;
    assert_eq!((first.totals.subsidy_fen, second.totals.subsidy_fen), (Fen(400), Fen::ZERO));
    world.clock.advance_seconds(60);
    let actor = world.actor(street.token(Role::Worker)).await;
    let other = street.lunch.request(1, Some(street.senior.id), Channel::DineIn);
    let changed = change::change(&world.app, actor, key("change"), first.order, first.version, other).await.unwrap().order;
    assert_eq!(changed.totals.subsidy_fen, Fen(400));
    let poor = order(world, street, "poor", street.lunch.request(0, Some(street.poor_senior.id), Channel::DineIn)).await.order;
    let late =
        order(world, street, "late", street.tomorrow.request(0, Some(street.allergic_senior.id), Channel::DineIn)).await.order;
    assert_eq!((poor.totals.subsidy_fen, late.totals.subsidy_fen), (Fen(900), Fen(300)));
    world.clock.set(at(MONDAY, 13));
    for order in [first.order, second.order, poor.order] {
        serve(world, street, order, at(MONDAY, 12)).await;
    }
    // Not fetched by the books, and fetched by the terminal that was offline.
    world.clock.set(at(WEDNESDAY, 3));
    assert_eq!(close_past(&world.app).await.unwrap(), 1);
    world.clock.set(at(WEDNESDAY, 8));
    serve(world, street, late.order, at(TUESDAY, 12)).await;
}

/// What is learned and published afterwards, about dates before.
async fn afterwards(world: &World, street: &Street) {
    let worker = world.actor(street.token(Role::Worker)).await;
    let poor = street.poor_senior.id;
    let known = world.app.store.read("facts", move |conn| seniors::facts(conn, poor)).await.unwrap();
    facts::end(&world.app, worker, poor, known[0].id.0, date("2026-10-31")).await.unwrap();
    let moved = street.senior.id;
    world
        .write(move |tx| {
            let mut row = seniors::find(tx.look(), moved)?.unwrap();
            row.registered_place = Col(PlaceCode::parse("990201001001").unwrap());
            row.resident_place = row.registered_place.clone();
            row.updated_at = Col(tx.now());
            assert!(seniors::update(tx.change(), &row)?);
            Ok(())
        })
        .await;
    let old = world.app.store.read("policies", policies::published).await.unwrap()[0].id.0;
    let id = drafted(world, street, &version("late", MONDAY, &[("fixed_fen: 400}", "fixed_fen: 450}")])).await;
    let (reviewer, officer) = (world.actor(street.token(Role::Reviewer)).await, world.actor(street.token(Role::Officer)).await);
    review::review(&world.app, reviewer, id).await.unwrap();
    publish::publish(&world.app, officer, id, Some(old)).await.unwrap();
}

async fn drafted(world: &World, street: &Street, text: &str) -> PolicyId {
    let officer = world.actor(street.token(Role::Officer)).await;
    draft::draft(&world.app, officer, key("draft"), text.to_owned()).await.unwrap().policy.id
}

both_databases! {
    async fn the_baseline_is_what_was_decided_then_whatever_was_changed_learned_or_published_since(world) {
        let street = world.street().await;
        two_days(world, &street).await;
        let before = tried(world).await.unwrap();
        afterwards(world, &street).await;
        let report = tried(world).await.unwrap();
        assert_eq!(report, before);
        assert_eq!((report.all.meals, report.persons), (4, 3));
        let granted = (report.all.sums.before.granted_fen, report.all.sums.after.granted_fen);
        assert_eq!(granted, (Fen(1600), Fen(1500)));
        assert_eq!((report.all.winners, report.all.losers, report.risen), (1, 1, 1));
        assert_eq!(report.losers[0].senior, street.poor_senior.id);
        assert_eq!((report.winners[0].senior, report.winners[0].rise()), (street.senior.id, -100));
    }

    async fn a_baseline_that_differs_stops_at_its_order(world) {
        let street = world.street().await;
        two_days(world, &street).await;
        // By hand, past every record of what stood before.
        let poor = street.poor_senior.id;
        world.write(|tx| store::fixture::execute(tx.change(), "DELETE FROM senior_fact")).await;
        let Err(Stopped::Mismatch(found)) = tried(world).await else { panic!("it must stop") };
        let Mismatch { senior, date: on, differences, .. } = *found;
        assert_eq!((senior, on), (poor, date(MONDAY)));
        assert_eq!((differences[0].expected_fen, differences[0].computed_fen), (Some(Fen(300)), Some(Fen(600))));
    }

    async fn a_job_tries_a_draft_once_and_keeps_what_it_found(world) {
        let street = world.street().await;
        two_days(world, &street).await;
        let policy = drafted(world, &street, &the_draft()).await;
        let officer = world.actor(street.token(Role::Officer)).await;
        let wanted = Wanted { policy, from: date(MONDAY), to: date(TUESDAY), begins: None, rise: Fen(100) };
        let asked = job::ask(&world.app, officer.clone(), key("backtest"), wanted).await.unwrap();
        assert_eq!(job::ask(&world.app, officer.clone(), key("backtest"), wanted).await.unwrap(), asked, "once under one key");
        assert_eq!(asked.state.0, BacktestState::Queued);
        assert!(job::go_on(&world.app).await.unwrap());
        assert!(!job::go_on(&world.app).await.unwrap(), "nothing is left to do");
        let found = job::find(&world.app, officer.clone(), asked.id.0).await.unwrap();
        assert_eq!(found.state.0, BacktestState::Done);
        let Some(Came::Report(report)) = job::came(&found).unwrap() else { panic!("{found:?}") };
        assert_eq!(*report, tried(world).await.unwrap());
        assert_eq!(job::list(&world.app, officer, policy, None, 10).await.unwrap(), [found]);
        let counter = world.actor(street.token(Role::Counter)).await;
        assert_eq!(job::find(&world.app, counter, asked.id.0).await, Err(Failure::NotFound(Thing::Backtest)));
        let book = async || workbook(&world.app, (*report).clone(), Language::Chinese).await.unwrap();
        let books = [book().await, book().await];
        assert!(books[0].starts_with(b"PK"));
        assert_eq!(books[0], books[1], "the same report gives the same bytes");
    }

    async fn a_worker_that_died_leaves_its_back_test_to_another(world) {
        let street = world.street().await;
        two_days(world, &street).await;
        let policy = drafted(world, &street, &the_draft()).await;
        let officer = world.actor(street.token(Role::Officer)).await;
        let wanted = Wanted { policy, from: date(MONDAY), to: date(TUESDAY), begins: None, rise: Fen::ZERO };
        let asked = job::ask(&world.app, officer.clone(), key("backtest"), wanted).await.unwrap();
        let until = world.app.clock.now().plus_seconds(30).micros();
        let leased = format!("UPDATE backtest SET state = 'running', leased_until = {until}");
        world.write(move |tx| store::fixture::execute(tx.change(), &leased)).await;
        assert!(!job::go_on(&world.app).await.unwrap(), "another is at it");
        world.clock.advance_seconds(31);
        assert!(job::go_on(&world.app).await.unwrap());
        assert_eq!(job::find(&world.app, officer, asked.id.0).await.unwrap().state.0, BacktestState::Done);
    }

    async fn what_cannot_be_tried_is_refused_before_anything_is_queued(world) {
        let street = world.street().await;
        let policy = drafted(world, &street, &version("next", "2027-01-01", &[])).await;
        let officer = world.actor(street.token(Role::Officer)).await;
        let wanted = Wanted { policy, from: date(MONDAY), to: date(TUESDAY), begins: None, rise: Fen::ZERO };
        let refused = async |name: &str, wanted: Wanted| job::ask(&world.app, officer.clone(), key(name), wanted).await;
        let outside = TrialError::OutsidePeriod { from: wanted.from, to: wanted.to, begins: date("2027-01-01") };
        assert_eq!(refused("a", wanted).await, Err(Failure::Refused(BacktestRefusal::Setup(outside))));
        let turned = Wanted { from: wanted.to, to: wanted.from, ..wanted };
        assert_eq!(refused("b", turned).await, Err(Failure::Refused(BacktestRefusal::Period)));
        let long = Wanted { to: date("2027-11-24"), ..wanted };
        assert_eq!(refused("c", long).await, Err(Failure::Refused(BacktestRefusal::Period)));
        assert!(refused("d", Wanted { begins: Some(date(MONDAY)), ..wanted }).await.is_ok(), "moved, it governs the period");
        let worker = world.actor(street.token(Role::Worker)).await;
        assert_eq!(job::ask(&world.app, worker, key("e"), wanted).await.map(|_| ()), Err(Failure::NotFound(Thing::Policy)));
        assert!(job::go_on(&world.app).await.unwrap());
    }
}
