//! R1: killed at any moment, the system loses no acknowledged order and sells nothing twice.

use crate::load::Load;
use crate::process::{Process, assert_verified, live_world};
use domain::access::Role;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::fixture;
use testkit::http::Worker;
use testkit::wait::until;
use testkit::{Engine, Street};

/// Kills on each database; a release uses 1,000.
fn kills() -> usize {
    std::env::var("NUANFAN_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

const BUYERS: usize = 50;
/// Ready again, as R1 promises. The suite runs this test alone.
const READY: Duration = Duration::from_secs(5);
/// The smaller menu item: it sells out on the way, so that overselling could be seen.
const SCARCE: i64 = 150;

fn killed_under_load(engine: Engine) {
    let world = live_world(engine);
    let (street, seniors, lunch) = world.wait(async {
        let street = world.street().await;
        let seniors = world.add_seniors(200, &Street::home()).await;
        let date = street.tomorrow.date.plus_days(1);
        let lunch = world.add_lunch(street.canteen, date, &street.dishes, &[SCARCE, 1_000_000, 1_000_000]).await;
        (street, seniors, lunch)
    });
    let token = street.token(Role::Worker).to_owned();
    let bodies: Vec<_> = seniors.iter().enumerate().map(|(n, senior)| Street::order(&lunch, n % 2, Some(senior.id))).collect();
    // Nobody else may hold the database open: its recovery is part of what is tested.
    let database = world.close();
    let mut process = Process::start(&database);
    let load = Load::new(&process.base, &token, bodies.clone());
    let buyers = load.start(BUYERS, true);
    let mut slowest = Duration::ZERO;
    for kill in 0..kills() {
        // A different number of answers each time, so that the kill finds the server at ever other work.
        let target = load.answered.load(Ordering::SeqCst) + 7 + kill * 13 % 61;
        until("answers under load", Duration::from_secs(60), || (load.answered.load(Ordering::SeqCst) >= target).then_some(()));
        process.kill();
        process = Process::start(&database);
        assert!(process.ready_after < READY, "ready after {:?}", process.ready_after);
        slowest = slowest.max(process.ready_after);
        *load.base.write().unwrap() = process.base.clone();
    }
    load.finish(buyers);
    assert_eq!(*load.wrong.lock().unwrap(), Vec::<String>::new());
    let acknowledged = load.acknowledged.lock().unwrap().clone();
    let worker = Worker::at(&process.base, &token);
    for id in acknowledged.values() {
        let _ = worker.get(&format!("/v1/orders/{id}")).expect(200);
    }
    process.kill();
    let mut conn = database.connect();
    let count = |conn: &mut store::AnyConnection, sql: &str| usize::try_from(fixture::number(conn, sql).unwrap()).unwrap();
    // Every key was sent until it was answered, so an order beyond the acknowledged ones is a second effect of some key.
    assert_eq!(count(&mut conn, "SELECT COUNT(*) AS n FROM meal_order"), acknowledged.len());
    assert!(acknowledged.len() > kills(), "the load was too light to prove anything");
    fixture::assert_whole(&mut conn).unwrap();
    assert_verified(&database);
    println!("{engine:?}: {} kills, {} orders acknowledged, none lost, ready in {slowest:?} at most", kills(), acknowledged.len());
}

#[test]
fn no_acknowledged_order_is_lost_by_kills_on_sqlite() {
    killed_under_load(Engine::Sqlite);
}

#[test]
fn no_acknowledged_order_is_lost_by_kills_on_postgres() {
    killed_under_load(Engine::Postgres);
}
