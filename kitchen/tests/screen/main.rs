//! The page in a real Chromium.

// Test code: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod looks;
mod speed;
mod work;

use common::browser::{Driver, Screen};
use common::screens::*;
use common::*;
use domain::kitchen::Stage;
use std::time::Duration;
use testkit::{Engine, World};

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
