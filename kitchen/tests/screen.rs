//! The page in a real Chromium.

// Test code: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::browser::{Driver, Screen};
use common::*;
use domain::kitchen::{Command, Stage};
use std::time::Duration;
use testkit::{Engine, World};

/// Gives a screen its token, as pairing does.
fn paired(screen: &Screen, service: &Service, token: &str) {
    screen.go(&format!("{}/kitchen/", service.http()));
    screen.run(&format!("localStorage.setItem('nuanfan.kitchen.token', JSON.stringify('{token}')); location.reload();"));
    screen.until("a proof", "Number(document.body.dataset.proofs) > 0", SOON);
}

const TICKETS: &str = "document.querySelectorAll('.ticket').length";

#[test]
fn an_order_is_on_two_screens_survives_a_crash_and_commands_made_offline_arrive() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let counter = Counter::of(&world, &street, &street.lunch);
        let service = Service::start(&world.app, quick(), None);
        let driver = Driver::start();
        let unpaired = Screen::open(&driver, 1920, 1080);
        unpaired.go(&format!("{}/kitchen/", service.http()));
        unpaired.until("the pairing screen", "document.getElementById('pairing')", SOON);
        unpaired.picture("pairing");
        drop(unpaired);

        let screens = [0, 1].map(|_| Screen::open(&driver, 1920, 1080));
        for screen in &screens {
            paired(screen, &service, &pair(&world, street.canteen));
        }
        let order = world.wait(counter.order_of(&[(0, 2), (1, 1), (2, 1)]));
        for screen in &screens {
            let found = screen.until(
                "the ticket",
                &format!("document.querySelector('[data-order=\"{}\"]')?.dataset.news", order.order),
                SOON,
            );
            assert_eq!(found, "fresh");
        }
        screens[0].run("document.querySelector('.ticket .big').click()");
        screens[1].until("the acknowledgement", &format!("{TICKETS} === 1 && !document.querySelector('.news')"), SOON);

        // A crash, an order meanwhile, another process on the same port.
        let at = service.kill();
        let meanwhile = world.wait(counter.order(1, 3));
        let service = Service::start(&world.another_app(), quick(), Some(at));
        for screen in &screens {
            screen.until(
                "the order of the meantime",
                &format!("document.querySelector('[data-order=\"{}\"]')", meanwhile.order),
                SOON,
            );
        }

        // Without network: the command waits here, is shown as such, and arrives.
        screens[0].run("document.querySelector('.ticket .tap').click()");
        screens[1].until("cooking", "document.querySelector('.line.cooking')", SOON);
        let at = service.kill();
        screens[0].until("not connected", "document.querySelector('.state.connecting, .state.offline')", SOON);
        screens[0].run("document.querySelector('.ticket .line.cooking .tap').click()");
        screens[0].until("it waits", "document.querySelector('.ticket.waits .line.done')", SOON);
        let _service = Service::start(&world.another_app(), quick(), Some(at));
        screens[1].until("it arrived", "document.querySelector('.line.done')", SOON);
        screens[0].until("nothing waits", "!document.querySelector('.waits')", SOON);
        let tables = board_of_tables(&world, &street.lunch);
        assert_eq!(
            tables.tickets[&order.order].lines.iter().filter(|l| tables.tickets[&order.order].stage(l) == Stage::Done).count(),
            1
        );
    }
    world.finish();
}

#[test]
fn a_screen_without_head_frames_says_since_when_it_is_not_current() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        paired(&screen, &service, &pair(&world, street.canteen));
        let order = world.wait(Counter::of(&world, &street, &street.lunch).order(0, 1));
        screen.until("the ticket", &format!("document.querySelector('[data-order=\"{}\"]')", order.order), SOON);
        assert_eq!(screen.run("return document.getElementById('alarm').hidden"), true);
        // What it holds is written two seconds after a change at the latest.
        screen.until("what it holds is kept", "JSON.parse(localStorage.getItem('nuanfan.kitchen.held')).seq === 1", SOON);
        drop(service);
        let banner = screen.until("the banner", "document.querySelector('.stale')?.textContent", Duration::from_secs(40));
        let told = banner.as_str().unwrap();
        assert!(told.contains("画面不是最新") && told.contains(':'), "{told}");
        assert_eq!(screen.run(&format!("return {TICKETS}")), 1, "the last state stays on the screen");
        screen.picture("stale");
        // Reloaded without any service: the worker has the page, the page has the state.
        screen.run("location.reload()");
        screen.until(
            "the ticket again",
            &format!("document.querySelector('[data-order=\"{}\"]') && document.querySelector('.stale')", order.order),
            SOON,
        );
    }
    world.finish();
}

#[test]
fn the_screens_at_three_metres() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let counter = Counter::of(&world, &street, &street.lunch);
        let service = Service::start(&world.app, quick(), None);
        let mut hand = display(&service, &pair(&world, street.canteen), None);
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        paired(&screen, &service, &pair(&world, street.canteen));
        for n in 0..11u32 {
            let order = world.wait(counter.order_of(&[(0, 1 + n % 2), (1, 1), (2, 1)]));
            let id = order.order;
            if n < 6 {
                hand.command(command_id(), Command::Acknowledge { order: id, version: 1 }, SOON).unwrap();
            }
            if n == 1 {
                hand.command(
                    command_id(),
                    Command::Mark { order: id, dishes: vec![order.lines[0].dish], stage: Stage::Done },
                    SOON,
                )
                .unwrap();
                hand.command(
                    command_id(),
                    Command::Mark { order: id, dishes: vec![order.lines[1].dish], stage: Stage::Cooking },
                    SOON,
                )
                .unwrap();
            }
            if n == 2 || n == 7 {
                world.wait(counter.cancel(id));
            }
            if n == 3 {
                hand.command(command_id(), Command::Mark { order: id, dishes: vec![], stage: Stage::Done }, SOON).unwrap();
                hand.command(command_id(), Command::Finish { order: id }, SOON).unwrap();
            }
            world.clock.advance_seconds(if n == 4 { 400 } else { 20 });
        }
        screen.until("all of them", "document.querySelectorAll('.ticket').length >= 4", SOON);
        screen.picture("tickets");
        for view in ["batch", "ingredients", "recall"] {
            let tab = ["tickets", "batch", "ingredients", "recall"].iter().position(|v| *v == view).unwrap();
            screen.run(&format!("document.querySelectorAll('#bar nav')[0].children[{tab}].click()"));
            screen.until(view, &format!("document.getElementById('view').className === '{view}'"), SOON);
            screen.picture(view);
        }
        // Targets for gloves, and nothing wider than the screen.
        let small = "[...document.querySelectorAll('button, select')].filter(b => { const r = b.getBoundingClientRect(); return r.width && (r.width < 60 || r.height < 60) }).map(b => b.outerHTML.slice(0, 80))";
        assert_eq!(screen.run(&format!("return {small}")), serde_json::json!([]), "targets under 60 px");
        assert_eq!(screen.run("return document.documentElement.scrollWidth <= innerWidth"), true);
        assert_eq!(screen.console(), Vec::<String>::new());
    }
    world.finish();
}
