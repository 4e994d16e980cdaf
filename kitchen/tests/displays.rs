//! What a display may rely on: it misses nothing, or is told; every display shows the same; the tables agree.

// Test code: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use domain::access::Role;
use domain::kitchen::{Command, Stage};
use domain::order::OrderState;
use kitchen::Limits;
use kitchen::client::{Display, Fault};
use kitchen::frame::{Bye, CommandOutcome, RefusalCode, Why};
use serde_json::json;
use testkit::both_databases;
use testkit::http::Client;

both_databases! {
    /// The first promise.
    fn an_order_is_on_every_display_and_in_the_tables_alike(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let mut screens = [0, 1].map(|_| display(&service, &pair(world, street.canteen), None));
        let counter = Counter::of(world, &street, &street.lunch);
        let order = world.wait(counter.order_of(&[(0, 1), (2, 2)]));
        for screen in &mut screens {
            screen.until(SOON, |d| d.board.tickets.contains_key(&order.order)).expect("the order");
            let proofs = screen.proofs;
            screen.until(SOON, |d| d.proofs > proofs).expect("a proof");
            assert_eq!(screen.board.hash(), board_of_tables(world, &street.lunch).hash());
            assert_eq!((screen.snapshots.as_slice(), screen.events), ([Why::First].as_slice(), 1));
        }
    }

    /// Marks, acknowledgements, stops and cancellations come from one screen and stand on the other, and in the tables.
    fn what_one_display_does_stands_on_the_other(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let (device, token) = pair_device(world, street.canteen);
        let mut one = display(&service, &token, None);
        let mut other = display(&service, &pair(world, street.canteen), None);
        let counter = Counter::of(world, &street, &street.lunch);
        let order = world.wait(counter.order_of(&[(0, 1), (1, 1)]));
        let gone = world.wait(counter.order(1, 3));
        world.wait(counter.cancel(gone.order));
        let dish = order.lines[0].dish;
        one.until(SOON, |d| d.seq >= 3).expect("three events");

        let early = one.command(command_id(), Command::Finish { order: order.order }, SOON).unwrap();
        assert!(matches!(&early, CommandOutcome::Refused { code: RefusalCode::NotMade, dishes, .. } if dishes.len() == 2), "{early:?}");
        let done = Command::Mark { order: order.order, dishes: Vec::new(), stage: Stage::Done };
        for what in [
            Command::Mark { order: order.order, dishes: vec![dish], stage: Stage::Cooking },
            done,
            Command::Finish { order: order.order },
            Command::Acknowledge { order: gone.order, version: 2 },
            Command::Stop { dish, stopped: true },
        ] {
            let answer = one.command(command_id(), what.clone(), SOON).unwrap();
            assert!(matches!(answer, CommandOutcome::Accepted { .. }), "{what:?}: {answer:?}");
        }
        other.until(SOON, |d| d.board.stopped.contains(&dish)).expect("the last of them");
        let (whole, cancelled) = (&other.board.tickets[&order.order], &other.board.tickets[&gone.order]);
        assert!(whole.is_complete());
        assert_eq!((cancelled.state, cancelled.acked), (OrderState::Cancelled, 2));
        assert_eq!(other.board.hash(), board_of_tables(world, &street.lunch).hash());

        let by = world.wait(world.app.store.read("marks", move |conn| app::store::query::kitchen::marks(conn, order.order))).unwrap();
        assert!(by.iter().all(|mark| mark.device_id.map(|d| d.0) == Some(device)), "attributed to the device");
    }

    /// An answer that was lost is asked for again with the same identifier, and nothing happens twice.
    fn a_command_is_carried_out_once_whatever_the_network_does(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let token = pair(world, street.canteen);
        let mut screen = display(&service, &token, None);
        let order = world.wait(Counter::of(world, &street, &street.lunch).order(0, 1));
        let (id, what) = (command_id(), Command::Mark { order: order.order, dishes: Vec::new(), stage: Stage::Done });
        let first = screen.command(id, what.clone(), SOON).unwrap();
        // Another screen takes it back; the repetition must not do it again.
        let back = Command::Recall { order: order.order, dishes: Vec::new() };
        display(&service, &pair(world, street.canteen), None).command(command_id(), back.clone(), SOON).unwrap();
        let mut again = display(&service, &token, Some(screen.vanish()));
        assert_eq!(again.command(id, what, SOON).unwrap(), first);
        again.until(SOON, |d| !d.board.tickets[&order.order].is_made()).expect("the recall stands");
        let reused = again.command(id, back, SOON).unwrap();
        assert!(matches!(reused, CommandOutcome::Refused { code: RefusalCode::IdentifierReused, .. }), "{reused:?}");
        assert_eq!(again.board.hash(), board_of_tables(world, &street.lunch).hash());
    }

    /// Killed and started again, or another process: displays go on where they were, in order, without a snapshot.
    fn a_display_resumes_after_the_service_was_killed(world) {
        let street = world.wait(world.street());
        let counter = Counter::of(world, &street, &street.lunch);
        let service = Service::start(&world.app, quick(), None);
        let token = pair(world, street.canteen);
        let screen = display(&service, &token, None);
        let at = service.kill();
        let held = screen.vanish();
        let missed: Vec<_> = (0..5).map(|_| world.wait(counter.order(1, 1)).order).collect();
        let service = Service::start(&world.another_app(), quick(), Some(at));
        let screen = display(&service, &token, Some(held));
        assert_eq!((screen.snapshots.as_slice(), screen.events), ([].as_slice(), 5), "every missed event, no snapshot");
        assert!(missed.iter().all(|order| screen.board.tickets.contains_key(order)));
        assert_eq!(screen.board.hash(), board_of_tables(world, &street.lunch).hash());
    }

    /// Never a silent gap.
    fn who_missed_more_than_is_kept_is_told_so(world) {
        let street = world.wait(world.street());
        let counter = Counter::of(world, &street, &street.lunch);
        let service = Service::start(&world.app, Limits { window: 3, ..quick() }, None);
        let (token, mut watcher) = (pair(world, street.canteen), display(&service, &pair(world, street.canteen), None));
        let held = display(&service, &token, None).vanish();
        for (orders, expected) in [(3, vec![]), (4, vec![Why::Gap])] {
            let last = (0..orders).map(|_| world.wait(counter.order(1, 1)).order).last().unwrap();
            watcher.until(SOON, |d| d.board.tickets.contains_key(&last)).unwrap();
            let screen = display(&service, &token, Some(if expected.is_empty() { held.clone() } else { stale(&held, watcher.seq - 4) }));
            assert_eq!(screen.snapshots, expected, "{orders} missed");
            assert_eq!(screen.board.hash(), board_of_tables(world, &street.lunch).hash());
        }
    }

    /// With hints off, as when another process commits and no notification comes, the poll alone brings every event.
    fn the_poll_alone_brings_what_another_process_committed(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.another_app(), Limits { hints: false, ..quick() }, None);
        let mut screen = display(&service, &pair(world, street.canteen), None);
        let order = world.wait(Counter::of(world, &street, &street.lunch).order(0, 1));
        screen.until(SOON, |d| d.board.tickets.contains_key(&order.order)).expect("the order");
    }

    /// A display that does not take its frames holds up nobody, and has all of them when it comes back.
    fn a_slow_display_holds_up_nobody_and_resumes(world) {
        let street = world.wait(world.street());
        let lunch = world.wait(world.add_lunch(street.canteen, street.lunch.date.plus_days(2), &street.dishes, &[100_000; 3]));
        let counter = Counter::of(world, &street, &lunch);
        let service = Service::start(&world.app, Limits { queue: 64, ..quick() }, None);
        let follow = |token: &str, held| Display::connect(&service.socket(), token, Some(lunch.sitting), held, SOON).expect("a display");
        let token = pair(world, street.canteen);
        let slow = follow(&token, None);
        let mut brisk = follow(&pair(world, street.canteen), None);
        for _ in 0..200 {
            let order = world.wait(counter.order_of(&[(0, 1), (1, 1), (2, 1)]));
            brisk.until(SOON, |d| d.board.tickets.contains_key(&order.order)).expect("nobody waits for the slow one");
        }
        let back = follow(&token, Some(slow.vanish()));
        assert_eq!((back.snapshots.as_slice(), back.events), ([].as_slice(), 200), "resumed from the window");
        assert_eq!(back.board.hash(), brisk.board.hash());
    }

    /// Who stands at a display is written down with what they do there, sent later too; signing in opens nothing and its lack stops nothing.
    fn what_is_done_at_a_display_carries_the_name_of_who_signed_in_there(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let cook = with_pin(world, &street, "2749");
        let (token, other) = (pair(world, street.canteen), pair(world, street.canteen));
        let http = |token: &str| Client::new(&service.http(), Some(token));
        let body = |user, pin: &str| json!({ "user": user, "pin": pin });
        let people = http(&token).get("/kitchen/v1/people").expect(200).body;
        assert_eq!(people.as_array().map(Vec::len), Some(1), "of four who may cook here one has a number: {people}");
        assert_eq!(people[0]["user"], json!(cook));
        drop(http(&pair(world, street.elsewhere)).put("/kitchen/v1/sign-in", &body(cook, "2749")).expect(403));
        drop(http(street.token(Role::Cook)).put("/kitchen/v1/sign-in", &body(cook, "2749")).expect(401));
        drop(http(&token).put("/kitchen/v1/sign-in", &body(fresh(), "2749")).expect(403));
        drop(http(&token).put("/kitchen/v1/sign-in", &body(cook, "2748")).expect(403));
        let here = http(&token).put("/kitchen/v1/sign-in", &body(cook, "2749")).expect(201).body;
        let sign_in = serde_json::from_value(here["sign_in"].clone()).expect("a sign-in");

        let (mut mine, mut theirs) = (display(&service, &token, None), display(&service, &other, None));
        let counter = Counter::of(world, &street, &street.lunch);
        let order = world.wait(counter.order(0, 1)).order;
        let done_by = |display: &mut Display, under| {
            let id = command_id();
            display.sign_in = under;
            let answer = display.command(id, Command::Acknowledge { order, version: 1 }, SOON).unwrap();
            assert!(matches!(answer, CommandOutcome::Accepted { .. }), "{answer:?}");
            let kept = world.app.store.read("test", move |conn| app::store::query::kitchen::command(conn, id));
            world.wait(kept).unwrap().unwrap().user_id.map(|user| user.0)
        };
        assert_eq!(done_by(&mut mine, None), None, "nobody said who it was");
        assert_eq!(done_by(&mut mine, Some(sign_in)), Some(cook));
        assert_eq!(done_by(&mut theirs, Some(sign_in)), None, "another display's sign-in says nothing");
        drop(http(&token).delete("/kitchen/v1/sign-in").expect(204));
        assert_eq!(done_by(&mut mine, Some(sign_in)), Some(cook), "queued before the sign-out, sent after it");
        world.clock.advance_seconds(12 * 3600);
        assert_eq!(done_by(&mut mine, Some(sign_in)), None, "and not the next day");
    }

    /// Four digits are few: tries are counted, for the person and for the display.
    fn a_number_cannot_be_tried_out_at_a_display(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let cook = with_pin(world, &street, "2749");
        let at = Client::new(&service.http(), Some(&pair(world, street.canteen)));
        for wrong in 0..5 {
            drop(at.put("/kitchen/v1/sign-in", &json!({ "user": cook, "pin": format!("274{wrong}") })).expect(403));
        }
        let refused = at.put("/kitchen/v1/sign-in", &json!({ "user": cook, "pin": "2749" })).expect(429).body;
        assert_eq!(refused, json!({ "code": "too_many_tries", "retry_after_s": 900 }));
        world.clock.advance_seconds(900);
        drop(at.put("/kitchen/v1/sign-in", &json!({ "user": cook, "pin": "2749" })).expect(201));
    }

    /// Who is not of this kitchen learns nothing.
    fn a_display_sees_its_own_canteen_and_a_revoked_one_sees_nothing(world) {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let order = world.wait(Counter::of(world, &street, &street.lunch).order(0, 1));
        let mut mine = display(&service, &pair(world, street.canteen), None);
        assert!(mine.board.tickets.contains_key(&order.order));
        let elsewhere = pair(world, street.elsewhere);
        let mut foreign = display(&service, &elsewhere, None);
        assert!(foreign.board.tickets.is_empty());
        let answer = foreign.command(command_id(), Command::Acknowledge { order: order.order, version: 1 }, SOON).unwrap();
        assert!(matches!(answer, CommandOutcome::Refused { code: RefusalCode::NotFound, .. }), "{answer:?}");
        for token in ["nft_nobody", street.token(Role::Worker)] {
            let sent_away = Display::connect(&service.socket(), token, None, None, SOON);
            assert!(matches!(sent_away, Err(Fault::SentAway(Bye::SignIn))), "{sent_away:?}");
        }
        mine.until(SOON, |d| d.proofs > 2).unwrap();
    }
}

/// What a display holds that stands at `seq`: only the number matters to what it is sent.
fn stale(held: &kitchen::client::Held, seq: i64) -> kitchen::client::Held {
    kitchen::client::Held { seq, ..held.clone() }
}
