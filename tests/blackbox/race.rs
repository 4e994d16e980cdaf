//! R3: however many want it at once, exactly as many portions are sold as there are.

use domain::access::Role;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use store::fixture;
use testkit::fixtures::Lunch;
use testkit::http::{Client, Server};
use testkit::{Engine, Street, World};

/// Buyers; the figure of the promise is 2,000 for 100 portions.
fn buyers() -> usize {
    std::env::var("NUANFAN_TEST_BUYERS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

const PORTIONS: i64 = 100;
const THREADS: usize = 32;

struct Race {
    bases: Vec<String>,
    token: String,
    body: serde_json::Value,
    next: AtomicUsize,
    demand: usize,
    wrong: Mutex<Vec<String>>,
    sold_out: AtomicUsize,
}

impl Race {
    /// Each buyer orders once. Every seventh who got a portion gives it back and orders again.
    fn run(&self, thread: usize) {
        let client = Client::new(&self.bases[thread % self.bases.len()], Some(&self.token));
        loop {
            let buyer = self.next.fetch_add(1, Ordering::SeqCst);
            if buyer >= self.demand {
                return;
            }
            let Some(order) = self.buy(&client) else { continue };
            if buyer.is_multiple_of(7) {
                let reply = client.post(&format!("/v1/orders/{order}/cancellation"), &serde_json::json!({}));
                if reply.status != 200 {
                    self.wrong.lock().unwrap().push(format!("cancel: {} {}", reply.status, reply.text));
                }
                self.buy(&client);
            }
        }
    }

    /// The order, or none because there is nothing left. Anything else is wrong, but an explicit 503 is asked again.
    fn buy(&self, client: &Client) -> Option<String> {
        let key = testkit::http::fresh_key();
        loop {
            let reply = client.post_with_key("/v1/orders", &key, &self.body);
            match (reply.status, reply.code()) {
                (201, _) => return reply.body["id"].as_str().map(str::to_owned),
                (409, "sold_out") => {
                    self.sold_out.fetch_add(1, Ordering::SeqCst);
                    return None;
                }
                (503, _) => {}
                _ => {
                    self.wrong.lock().unwrap().push(format!("{} {}", reply.status, reply.text));
                    return None;
                }
            }
        }
    }
}

fn serve(app: app::App) -> Server {
    Server::start(move || api::configure(app.clone()))
}

/// Portions sold of the lunch's second dish, by the count and by the live orders.
fn sold(world: &World) -> (i64, i64) {
    let mut conn = world.database.connect();
    let counted = "SELECT CAST(SUM(sold) AS BIGINT) AS n FROM menu_item WHERE portions = 100 AND rank = 2 AND sold > 0";
    let ordered = "SELECT CAST(COALESCE(SUM(l.quantity), 0) AS BIGINT) AS n FROM order_line l JOIN meal_order o ON o.id = l.order_id \
                   WHERE o.state <> 'cancelled'";
    (fixture::number(&mut conn, counted).unwrap(), fixture::number(&mut conn, ordered).unwrap())
}

fn race(engine: Engine, demand: usize) {
    let world = World::new(engine);
    let street = world.wait(world.street());
    let lunch: &Lunch = &street.tomorrow;
    // Two servers on PostgreSQL, each with writers of its own; SQLite has one writer by nature.
    let mut servers = vec![serve(world.app.clone())];
    if engine == Engine::Postgres {
        servers.push(serve(world.another_app()));
    }
    let race = Arc::new(Race {
        bases: servers.iter().map(|server| server.base().to_owned()).collect(),
        token: street.token(Role::Counter).to_owned(),
        body: Street::order(lunch, 1, None),
        next: AtomicUsize::new(0),
        demand,
        wrong: Mutex::default(),
        sold_out: AtomicUsize::new(0),
    });
    let threads: Vec<_> = (0..THREADS)
        .map(|n| {
            let race = race.clone();
            std::thread::spawn(move || race.run(n))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*race.wrong.lock().unwrap(), Vec::<String>::new());
    let capacity = usize::try_from(PORTIONS).unwrap();
    if demand > capacity {
        // A portion given back at the very end may have found nobody: those who went away empty-handed ask once more.
        let client = Client::new(&race.bases[0], Some(&race.token));
        while race.buy(&client).is_some() {}
        assert!(race.sold_out.load(Ordering::SeqCst) > 0);
    }
    let expected = i64::try_from(demand.min(capacity)).unwrap();
    assert_eq!(sold(&world), (expected, expected));
    drop(servers);
    world.finish();
}

#[test]
fn two_thousand_buyers_get_exactly_a_hundred_portions_on_sqlite() {
    race(Engine::Sqlite, buyers());
}

#[test]
fn two_thousand_buyers_get_exactly_a_hundred_portions_on_postgres() {
    race(Engine::Postgres, buyers());
}

#[test]
fn fewer_buyers_than_portions_all_get_one() {
    for engine in Engine::BOTH {
        race(engine, 60);
    }
}
