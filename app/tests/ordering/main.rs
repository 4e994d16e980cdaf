//! Ordering as a whole: change, repeat, standing orders, and the round that brings it, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod standing;

use app::Failure;
use app::idempotency::RequestKey;
use app::orders::view::OrderAnswer;
use app::orders::{LineRequest, OrderRequest, PlaceRefusal, again, cancel, change, list, place};
use app::plans::outcome::{self, StopRecord, StopRefusal};
use app::plans::{Carrier, look, make};
use delivery::geography::Mode;
use domain::access::Role;
use domain::door::{DoorProof, StopOutcome};
use domain::id::{OrderId, SeniorId, StopEventId};
use domain::order::OrderState;
use domain::ordering::OrderRefusal;
use domain::{Channel, Fen, Instant, ServiceDate};
use store::query::orders::OrderFilter;
use testkit::fixtures::Lunch;
use testkit::{Street, World, both_databases};
use uuid::Uuid;

fn key(text: &str) -> RequestKey {
    RequestKey::new(None, None, &format!("the-key-{text}"), "test", &text).unwrap()
}

async fn order(world: &World, street: &Street, name: &str, request: OrderRequest) -> OrderAnswer {
    let actor = world.actor(street.token(Role::Worker)).await;
    place::place(&world.app, actor, key(name), request).await.unwrap()
}

async fn orders_of(world: &World, street: &Street, senior: SeniorId) -> Vec<(ServiceDate, OrderState)> {
    let filter = OrderFilter { sitting: None, senior: Some(senior), from: None, to: None, state: None, before: None, limit: 200 };
    let (orders, _) = list::list(&world.app, world.actor(street.token(Role::Worker)).await, filter).await.unwrap();
    let mut days: Vec<_> = orders.into_iter().map(|order| (order.service_date, order.state)).collect();
    days.sort_unstable();
    days
}

both_databases! {
    /// A change keeps the number, gives the old portions back, and is decided afresh: the grant of the meal is not lost.
    async fn a_changed_order_keeps_its_number_and_its_grant(world) {
        let street = world.street().await;
        let placed = order(world, &street, "placed", street.lunch.request(0, Some(street.senior.id), Channel::DineIn)).await.order;
        let actor = world.actor(street.token(Role::Worker)).await;
        let other = street.lunch.request(1, Some(street.senior.id), Channel::PickUp);
        let changed = change::change(&world.app, actor.clone(), key("change"), placed.order, placed.version, other.clone()).await.unwrap().order;
        assert_eq!((changed.order_no, changed.channel, changed.totals.subsidy_fen), (placed.order_no, Channel::PickUp, Fen(400)));
        let stale = change::change(&world.app, actor, key("stale"), placed.order, placed.version, other).await.unwrap_err();
        assert_eq!(stale, app::Failure::Stale { version: changed.version });
    }
}

both_databases! {
    /// The same dish at tomorrow's lunch, in one call.
    async fn order_again_takes_the_same_dishes_at_another_sitting(world) {
        let street = world.street().await;
        let first = order(world, &street, "first", street.lunch.request(2, Some(street.senior.id), Channel::PickUp)).await.order;
        let actor = world.actor(&street.senior.token).await;
        let second = again::again(&world.app, actor, key("again"), first.order, street.tomorrow.sitting).await.unwrap().order;
        assert_eq!((second.lines[0].dish, second.channel, second.sitting), (first.lines[0].dish, first.channel, street.tomorrow.sitting));
    }
}

fn walk_in(lunch: &Lunch, quantity: u32) -> OrderRequest {
    let lines = vec![LineRequest { item: lunch.items[0], quantity, texture: None, size: None, override_reason: None }];
    OrderRequest { lines, ..lunch.request(0, None, Channel::DineIn) }
}

both_databases! {
    /// A guest at the counter buys what is on the shelf: until the meal ends, and never more than there is.
    async fn a_guest_buys_at_the_counter_until_the_meal_ends_while_portions_last(world) {
        let street = world.street().await;
        let counter = world.actor(street.token(Role::Counter)).await;
        let at = |hour, minute| Instant::from_civil(street.lunch.date, chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
        let buy = |name: &'static str, n| place::place(&world.app, counter.clone(), key(name), walk_in(&street.lunch, n));
        world.clock.set(at(12, 0));
        let seniors = place::place(&world.app, counter.clone(), key("late"), street.lunch.request(0, Some(street.senior.id), Channel::DineIn)).await;
        assert!(matches!(seniors, Err(Failure::Refused(PlaceRefusal::Rules(all))) if matches!(all[..], [OrderRefusal::CutOffPassed { .. }])));
        for (name, portions) in [("one", 20), ("two", 20), ("three", 20), ("four", 20), ("five", 19)] {
            buy(name, portions).await.unwrap();
        }
        let last = buy("last", 1).await.unwrap().order;
        assert_eq!((last.senior, last.totals.self_pay_fen), (None, last.totals.price_fen));
        let item = street.lunch.items[0];
        assert_eq!(buy("none-left", 1).await, Err(Failure::Refused(PlaceRefusal::Rules(vec![OrderRefusal::SoldOut { item, left: 0 }]))));
        // Wrongly rung up: taken back at once, although the cut-off is long past.
        cancel::cancel(&world.app, counter.clone(), key("mistake"), last.order, None).await.unwrap();
        let end = world.app.store.read("end", {
            let sitting = street.lunch.sitting;
            move |conn| Ok::<_, store::StoreError>(store::query::catalogue::sitting_with_canteen(conn, sitting)?.unwrap().0.serve_to_at.0)
        });
        let end = end.await.unwrap();
        world.clock.set(end);
        let over = Err(Failure::Refused(PlaceRefusal::Rules(vec![OrderRefusal::CutOffPassed { cut_off: end }])));
        assert_eq!(buy("too-late", 1).await, over);
        world.clock.set(end.plus_seconds(-1));
        buy("in-time", 1).await.unwrap();
    }
}

fn cyclist(street: &Street) -> Carrier {
    let courier = street.staff.iter().find(|s| s.role == Role::Courier).unwrap().user;
    Carrier {
        name: "小王".into(),
        user: Some(courier),
        mode: Mode::EBike,
        boxes: 20,
        from_minute: 600,
        to_minute: 800,
        max_trips: 3,
    }
}

async fn plan_of(world: &World, street: &Street, orders: &[OrderId]) -> Vec<look::StopView> {
    let actor = world.actor(street.token(Role::CanteenManager)).await;
    let asked = make::PlanRequest { sitting: street.lunch.sitting, carriers: vec![cyclist(street)], steps: 200, seed: 1 };
    let (id, document) = make::make(&world.app, actor.clone(), key("plan"), asked.clone()).await.unwrap();
    let (again, same) = make::make(&world.app, actor.clone(), key("plan"), asked).await.unwrap();
    assert_eq!((again, &same), (id, &document), "a request that comes again has the plan it made");
    let mut planned: Vec<OrderId> =
        document.rounds.iter().flat_map(|r| &r.trips).flat_map(|t| &t.stops).map(|(order, _)| *order).collect();
    planned.extend(document.left_out.iter().map(|l| l.order));
    planned.sort_unstable();
    let mut wanted = orders.to_vec();
    wanted.sort_unstable();
    assert_eq!(planned, wanted, "every order to deliver is on a round or on the list of those left out");
    look::current(&world.app, actor, street.lunch.sitting).await.unwrap().stops
}

both_databases! {
    /// Records of a courier's phone come late, twice and out of order, and end in the same state; a delivery is the evidence that
    /// the money waits for.
    async fn what_happens_at_the_doors_is_evidence_in_whatever_order_it_arrives(world) {
        let street = world.street().await;
        let first = order(world, &street, "first", street.lunch.request(0, Some(street.senior.id), Channel::Delivery)).await.order;
        let second = order(world, &street, "second", street.lunch.request(1, Some(street.poor_senior.id), Channel::Delivery)).await.order;
        let stops = plan_of(world, &street, &[first.order, second.order]).await;
        assert_eq!(stops.len(), 2);

        let courier = world.actor(street.token(Role::Courier)).await;
        let mine = look::my_stops(&world.app, courier.clone(), street.lunch.date).await.unwrap();
        assert_eq!(mine.len(), 2);
        let now = world.app.clock.now();
        let record = |n: u128, stop, outcome, seconds: i64| StopRecord {
            id: StopEventId::from_uuid(Uuid::from_u128(n)),
            stop,
            outcome,
            proof: Some(DoorProof::Signature),
            note: String::new(),
            happened_at: now.plus_seconds(-seconds),
        };
        let door = stops.iter().find(|s| s.order.order == first.order).unwrap().id;
        let shut = stops.iter().find(|s| s.order.order == second.order).unwrap().id;
        for (record, shows) in [
            (record(1, door, StopOutcome::Delivered, 60), StopOutcome::Delivered),
            (record(1, door, StopOutcome::Delivered, 60), StopOutcome::Delivered),
            (record(2, door, StopOutcome::NoAnswer, 300), StopOutcome::Delivered),
            (record(3, shut, StopOutcome::NoAnswer, 30), StopOutcome::NoAnswer),
        ] {
            assert_eq!(outcome::record(&world.app, courier.clone(), record).await.unwrap(), shows);
        }
        // The money is posted by the evidence: a word does not take it back.
        let taken_back = outcome::record(&world.app, courier.clone(), record(4, door, StopOutcome::Refused, 10)).await;
        assert_eq!(taken_back, Err(Failure::Refused(StopRefusal::AlreadyServed)));
        let unproved = StopRecord { proof: None, ..record(5, shut, StopOutcome::LeftWithNeighbour, 10) };
        assert_eq!(outcome::record(&world.app, courier.clone(), unproved).await, Err(Failure::Refused(StopRefusal::ProofNeeded)));
        let worker = world.actor(street.token(Role::Worker)).await;
        let states = [list::get(&world.app, worker.clone(), first.order).await, list::get(&world.app, worker, second.order).await];
        assert_eq!(states.map(|order| order.unwrap().state), [OrderState::Served, OrderState::Confirmed]);
    }
}
