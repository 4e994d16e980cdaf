//! R8: the cut-off is decided by the instant inside the write, and every request is answered once.

use domain::Instant;
use domain::access::Role;
use domain::canteen::MealHours;
use domain::{MealPeriod, ServiceDate};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::http::{Client, Server};
use testkit::{Street, both_databases};

const THREADS: usize = 16;
const REQUESTS: usize = 400;
/// The clock moves 2 s after so many answers; the cut-off lies 10 s ahead at first.
const ANSWERS_A_STEP: usize = 25;

fn lunch_cut_off(date: ServiceDate) -> Instant {
    MealHours::usual(MealPeriod::Lunch).on(date).0
}

both_databases! {
    /// Load across the cut-off while the clock is stepped: nothing is accepted at or after it.
    fn no_order_is_accepted_at_or_after_the_cut_off(world) {
        let street = world.wait(world.street());
        let cut_off = lunch_cut_off(street.lunch.date);
        world.clock.set(cut_off.plus_seconds(-10));
        let lunch = world.wait(world.add_lunch(street.neighbour, street.lunch.date, &street.dishes, &[100_000; 3]));
        let app = world.app.clone();
        let server = Server::start(move || api::configure(app.clone()));
        let body = Street::order(&lunch, 1, Some(street.senior.id));
        let (sent, accepted, too_late) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let client = Client::new(server.base(), Some(street.token(Role::Hotline)));
                    while sent.fetch_add(1, Ordering::SeqCst) < REQUESTS {
                        let reply = client.post("/v1/orders", &body);
                        match (reply.status, reply.code()) {
                            (201, _) => accepted.lock().unwrap().push(reply.body["accepted_at"].clone()),
                            (409, "cut_off_passed") => drop(too_late.fetch_add(1, Ordering::SeqCst)),
                            _ => panic!("{} {}", reply.status, reply.text),
                        }
                        let answered = accepted.lock().unwrap().len() + too_late.load(Ordering::SeqCst);
                        if answered.is_multiple_of(ANSWERS_A_STEP) {
                            world.clock.advance_seconds(2);
                        }
                    }
                });
            }
        });
        let accepted = accepted.into_inner().unwrap();
        assert_eq!(accepted.len() + too_late.load(Ordering::SeqCst), REQUESTS);
        assert!(!accepted.is_empty() && too_late.load(Ordering::SeqCst) > 0, "the clock did not cross the cut-off under load");
        for at in accepted {
            let at: Instant = serde_json::from_value(at).unwrap();
            assert!(at < cut_off, "{at} is not before {cut_off}");
        }
    }
}

both_databases! {
    /// A retry of an accepted key after the cut-off gets the stored success; a new key is refused.
    fn an_accepted_order_stays_accepted_when_it_is_asked_again_after_the_cut_off(world) {
        let street = world.wait(world.street());
        let app = world.app.clone();
        let server = Server::start(move || api::configure(app.clone()));
        let senior = testkit::http::Senior::at(server.base(), &street.senior.token);
        let body = Street::order(&street.lunch, 1, Some(street.senior.id));
        let first = senior.post_with_key("/v1/orders", "before-the-cut-off", &body).expect(201);
        world.clock.set(lunch_cut_off(street.lunch.date));
        let again = senior.post_with_key("/v1/orders", "before-the-cut-off", &body).expect(201);
        assert_eq!(again.body, first.body);
        assert_eq!(senior.post("/v1/orders", &body).expect(409).code(), "cut_off_passed");
    }
}
