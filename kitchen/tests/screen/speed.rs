//! A thousand tickets in a meal, and how long an order takes to be painted. `NUANFAN_PAINT=tickets,orders`.

use crate::common::browser::{Driver, Screen};
use crate::common::screens::*;
use crate::common::*;
use kitchen::Limits;
use std::time::{Duration, Instant, SystemTime};
use testkit::{Engine, World};

fn parameters(small: [usize; 2]) -> [usize; 2] {
    let Ok(text) = std::env::var("NUANFAN_PAINT") else { return small };
    let given: Vec<usize> = text.split(',').map(|n| n.trim().parse().expect("NUANFAN_PAINT")).collect();
    given.try_into().expect("NUANFAN_PAINT has 2 numbers separated by a comma")
}

/// Notes when a number of the log is first seen in what is painted: after a frame, and after the work of that frame.
const WATCH: &str = "window.seen = {}; const look = () => { const at = performance.timeOrigin + performance.now(); \
    const seq = document.body.dataset.seq; if (!(seq in window.seen)) window.seen[seq] = at; }; \
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(look, 0))).observe(document.body, { attributes: true, attributeFilter: ['data-seq'] });";

fn millis() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() * 1000.0
}

/// The board grows to a thousand; the last hundred orders are painted as soon as the first were.
#[test]
fn a_thousand_tickets_do_not_slow_the_screen() {
    let world = World::new(Engine::Sqlite);
    {
        let [tickets, orders] = parameters([1000, 60]);
        let street = world.wait(world.street());
        let day = street.lunch.date.plus_days(2);
        let lunch = world.wait(world.add_lunch(street.canteen, day, &street.dishes, &[100_000; 3]));
        let counter = Counter::of(&world, &street, &lunch);
        let service = Service::start(&world.app, Limits::default(), None);
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        screen.go(&format!("{}/kitchen/", service.http()));
        screen.run(&format!("localStorage.setItem('nuanfan.kitchen.chosen', JSON.stringify('{}'))", lunch.sitting));
        paired(&screen, &service, &pair(&world, street.canteen));
        screen.run(WATCH);
        let few = painted(&world, &screen, &counter, orders);
        for _ in orders..tickets - orders {
            world.wait(counter.order_of(&[(0, 1), (1, 1), (2, 1)]));
        }
        let all = i64::try_from(tickets - orders).unwrap();
        screen.until("all of them", &format!("Number(document.body.dataset.seq) >= {all}"), Duration::from_secs(60));
        let many = painted(&world, &screen, &counter, orders);
        println!(
            "painted: answer -> on the screen, the first {orders} orders p50 {:.0} ms, p99 {:.0} ms; at {tickets} tickets p50 {:.0} ms, p99 {:.0} ms",
            few[0], few[1], many[0], many[1]
        );
        // The promise is 150 ms on a free machine; a test machine is shared.
        assert!(many[0] < 150.0 + few[0], "p50 {} ms at {tickets} tickets, {} ms before", many[0], few[0]);
        screen.picture("thousand");
        for view in ["batch", "needs", "ingredients", "tickets"] {
            let since = Instant::now();
            look_at(&screen, view);
            assert!(since.elapsed() < Duration::from_secs(2), "{view} took {:?}", since.elapsed());
        }
    }
    world.finish();
}

/// Median and 99th percentile, in milliseconds.
fn painted(world: &World, screen: &Screen, counter: &Counter, orders: usize) -> [f64; 2] {
    let from: i64 = screen.run("return Number(document.body.dataset.seq)").as_i64().unwrap();
    let mut took = Vec::new();
    for seq in (from + 1..).take(orders) {
        world.wait(counter.order_of(&[(0, 1), (1, 1), (2, 1)]));
        let answered = millis();
        let seen = screen.until("the order", &format!("window.seen[{seq}]"), SOON);
        took.push((seen.as_f64().unwrap() - answered).max(0.0));
    }
    took.sort_by(f64::total_cmp);
    [took[took.len() / 2], took[(took.len() - 1) * 99 / 100]]
}
