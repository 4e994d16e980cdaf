//! R10: told to stop under load, the server fails its readiness first, answers what it has taken, and ends.

use crate::load::Load;
use crate::process::{Process, assert_verified, live_world};
use domain::access::Role;
use std::sync::atomic::Ordering;
use std::time::Duration;
use testkit::http::Client;
use testkit::wait::until;
use testkit::{Engine, Street};

/// Stops on each database; a release uses 50.
fn stops() -> usize {
    std::env::var("NUANFAN_TEST_STOPS").ok().and_then(|n| n.parse().ok()).unwrap_or(3)
}

fn stopped_under_load(engine: Engine) {
    let world = live_world(engine);
    let (token, body) = world.wait(async {
        let street = world.street().await;
        let lunch = world.add_lunch(street.canteen, street.tomorrow.date.plus_days(1), &street.dishes, &[1_000_000; 3]).await;
        (street.token(Role::Worker).to_owned(), Street::order(&lunch, 1, Some(street.senior.id)))
    });
    let database = world.close();
    for _ in 0..stops() {
        let process = Process::start(&database);
        let load = Load::new(&process.base, &token, vec![body.clone()]);
        let buyers = load.start(8, false);
        until("answers under load", Duration::from_secs(60), || (load.answered.load(Ordering::SeqCst) >= 40).then_some(()));
        process.terminate();
        // A proxy sends nothing more once readiness fails; the buyers stop the same way.
        let health = Client::new(&process.admin, None);
        until("readiness to fail", Duration::from_secs(5), || (health.get("/readyz").status == 503).then_some(()));
        load.finish(buyers);
        let status = process.ended(Duration::from_secs(30));
        assert!(status.success(), "{status}");
        assert_eq!(*load.wrong.lock().unwrap(), Vec::<String>::new());
    }
    assert_verified(&database);
}

#[test]
fn nothing_in_flight_fails_when_the_server_is_told_to_stop_on_sqlite() {
    stopped_under_load(Engine::Sqlite);
}

#[test]
fn nothing_in_flight_fails_when_the_server_is_told_to_stop_on_postgres() {
    stopped_under_load(Engine::Postgres);
}
