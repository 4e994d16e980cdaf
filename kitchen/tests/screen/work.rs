//! What is done on a screen during a meal.

use crate::common::browser::{Driver, Screen};
use crate::common::screens::*;
use crate::common::*;
use app::devices::{Pairing, make_code};
use app::store::query::{catalogue, events};
use domain::access::{DeviceKind, Role};
use domain::diet::Texture;
use domain::kitchen::Stage;
use kitchen::Limits;
use serde_json::json;
use std::time::Duration;
use testkit::cable::Cable;
use testkit::readable::assert_readable;
use testkit::{Engine, World};

#[test]
fn a_screen_is_paired_with_the_code_that_the_manager_reads_out() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let manager = world.wait(world.actor(street.token(Role::CanteenManager)));
        let pairing =
            Pairing {
                kind: DeviceKind::KitchenDisplay, canteen: street.canteen, user: None, name: "热菜间 1 号屏".to_owned()
            };
        let code = world.wait(make_code(&world.app, manager, pairing)).expect("a code").code;
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        screen.go(&format!("{}/kitchen/", service.http()));
        screen.until("the keypad", "document.getElementById('pairing')", SOON);
        let touch = |letter: char| {
            screen
                .run(&format!("[...document.querySelectorAll('.keypad button')].find(b => b.textContent === '{letter}').click()"));
        };
        // A wrong code first: it says so, and lets one try again.
        "22222222".chars().for_each(touch);
        screen.run("document.getElementById('pair').click()");
        screen.until("the fault", "document.querySelector('.fault').textContent.includes('配对码不对')", SOON);
        code.reveal().chars().filter(|c| *c != '-').for_each(touch);
        screen.picture("pairing");
        screen.run("document.getElementById('pair').click()");
        screen.until("a proof", "Number(document.body.dataset.proofs) > 0", SOON);
        assert_eq!(screen.run("return document.querySelector('#bar h1').textContent"), "暖阳食堂");
    }
    world.finish();
}

/// Names to touch, then a number; by hand with gloves, and by the keys of a bump bar.
#[test]
fn a_cook_signs_in_on_a_screen_and_out_again() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let cook = with_pin(&world, &street, "2749");
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        paired(&screen, &service, &pair(&world, street.canteen));
        let order = world.wait(Counter::of(&world, &street, &street.lunch).order(0, 1)).order;
        screen.until("the ticket", &ticket(order), SOON);
        assert_eq!(screen.run("return document.getElementById('who').textContent"), "☺ 未签到");
        screen.run("document.getElementById('who').click()");
        screen.until("the names", "document.querySelector('.person')", SOON);
        screen.picture("people");
        assert_readable(&screen, "people");
        screen.run("document.querySelector('.person').click()");
        screen.until("the number", "document.getElementById('pin')", SOON);
        let type_in = |digits: &str| {
            for digit in digits.chars() {
                screen.run(&format!(
                    "[...document.querySelectorAll('.digits button')].find(b => b.textContent === '{digit}').click()"
                ));
            }
        };
        type_in("2748");
        screen.until("all four", "document.getElementById('pin').textContent === '●●●●'", SOON);
        screen.picture("pin");
        assert_readable(&screen, "pin");
        screen.run("document.getElementById('sign-in').click()");
        screen.until("a wrong number", "document.querySelector('.fault').textContent === '签到码不对'", SOON);
        "2749".chars().for_each(|digit| press(&screen, &digit.to_string()));
        press(&screen, "Enter");
        screen.until(
            "signed in",
            &format!("{TICKETS} === 1 && !document.getElementById('who').textContent.includes('未签到')"),
            SOON,
        );

        screen.run("document.querySelector('.ticket .big').click()");
        screen.until("the acknowledgement", "!document.querySelector('.news')", SOON);
        // What the log says of each thing that was done at a screen.
        let acts = || {
            let read = world.app.store.read("test", move |conn| events::after(conn, street.canteen, 1, 10));
            let texts: Vec<serde_json::Value> =
                world.wait(read).unwrap().iter().map(|row| serde_json::from_str(&row.payload).unwrap()).collect();
            texts.iter().map(|event| event["by"]["user"].clone()).collect::<Vec<_>>()
        };
        testkit::wait::until("who it was", SOON, || (acts() == [json!(cook)]).then_some(()));
        press(&screen, "p");
        screen.until("the way out", "document.getElementById('sign-out')", SOON);
        screen.run("document.getElementById('sign-out').click()");
        screen.until("signed out", "document.getElementById('who').textContent.includes('未签到')", SOON);
        screen.run("document.querySelector('.ticket .line .tap').click()");
        testkit::wait::until("the screen alone", SOON, || (acts() == [json!(cook), json!(null)]).then_some(()));
        // A browser writes down the refusal of the wrong number, and nothing else.
        let told = screen.console();
        assert!(matches!(told.as_slice(), [one] if one.contains("sign-in") && one.contains("403")), "{told:?}");
    }
    world.finish();
}

/// The cable is pulled: nothing closes, nothing is told. `NUANFAN_CUT=seconds`.
#[test]
fn a_screen_whose_cable_was_pulled_says_so_keeps_its_commands_and_misses_nothing() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let counter = Counter::of(&world, &street, &street.lunch);
        let service = Service::start(&world.app, quick(), None);
        let cable = Cable::to(service.address);
        let driver = Driver::start();
        let screens = [0, 1].map(|_| Screen::open(&driver, 1920, 1080));
        paired_at(&screens[0], &format!("http://{}", cable.address), &pair(&world, street.canteen));
        paired(&screens[1], &service, &pair(&world, street.canteen));
        let order = world.wait(counter.order_of(&[(0, 2), (1, 1)]));
        for screen in &screens {
            screen.until("the ticket", &ticket(order.order), SOON);
        }
        cable.cut();
        screens[0].run("document.querySelector('.ticket .big').click()");
        screens[0].run("document.querySelector('.ticket .line .tap').click()");
        let missed: Vec<_> = (0..5).map(|_| world.wait(counter.order(1, 1)).order).collect();
        screens[1].until("the other goes on", &ticket(missed[4]), SOON);
        let seconds: u64 = std::env::var("NUANFAN_CUT").ok().and_then(|s| s.parse().ok()).unwrap_or(21);
        let long = format!("Date.now() - JSON.parse(localStorage['nuanfan.kitchen.proved']) > {seconds}000");
        screens[0].until("cut for a while", &long, Duration::from_secs(seconds + 60));
        let banner = screens[0].until("the banner", "document.querySelector('.stale')?.textContent", SOON);
        assert!(banner.as_str().unwrap().contains("画面不是最新"), "{banner}");
        assert_eq!(screens[0].run("return document.querySelectorAll('.ticket .line.cooking').length"), 1, "what was done stands");
        let waits = screens[0].run("return document.querySelector('.state').textContent");
        assert!(waits.as_str().unwrap().contains("2 个操作等待发送"), "{waits}");
        screens[0].picture("cut");
        cable.mend();
        let back = Duration::from_secs(40);
        for order in missed {
            screens[0].until("what was missed", &ticket(order), back);
        }
        screens[0].until("current again", "!document.querySelector('.stale') && !document.querySelector('.waits')", back);
        screens[1].until("what was done without network", "document.querySelector('.line.cooking')", back);
        let found = board_of_tables(&world, &street.lunch);
        let first = &found.tickets[&order.order];
        assert_eq!((first.acked, first.stage(&first.lines[0])), (1, Stage::Cooking));
    }
    world.finish();
}

#[test]
fn a_change_shows_what_was_before_rings_and_is_escalated_until_somebody_has_seen_it() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let counter = Counter::of(&world, &street, &street.lunch);
        let limits = Limits { escalate: Duration::from_secs(1), ..quick() };
        let service = Service::start(&world.app, limits, None);
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        paired(&screen, &service, &pair(&world, street.canteen));
        screen.run("document.getElementById('sound').click()");
        let order = world.wait(counter.order_of(&[(0, 2), (1, 1)]));
        screen.until("new", "document.querySelector('.news.fresh')", SOON);
        screen.until("it rings", "/fresh:[1-9]/.test(document.body.dataset.rung)", SOON);
        screen.until("it is escalated", "document.querySelector('.escalated')", SOON);
        press(&screen, "a");
        screen.until("seen", "!document.querySelector('.news') && !document.querySelector('.escalated')", SOON);
        // Two become one, and the greens become tofu.
        let changed = world.wait(counter.change(&order, vec![counter.line(0, 1, None), counter.line(2, 1, None)]));
        screen.until("changed", "document.querySelector('.news.changed')", SOON);
        screen.until("it rings", "/changed:[1-9]/.test(document.body.dataset.rung)", SOON);
        let told = "[...document.querySelectorAll('.ticket .was, .ticket .added, .ticket del')].map(e => e.textContent).sort()";
        assert_eq!(screen.run(&format!("return {told}")), json!(["1× 清炒时蔬", "不要了", "原为 2×", "＋ 新加"]));
        screen.picture("changed");
        press(&screen, "a");
        screen.until("seen", "!document.querySelector('.news') && !document.querySelector('.was')", SOON);
        world.wait(counter.cancel(changed.order));
        let struck = "getComputedStyle(document.querySelector('.ticket.cancelled .dish')).textDecorationLine === 'line-through'";
        screen.until("struck through", struck, SOON);
        screen.until("it rings", "/cancelled:[1-9]/.test(document.body.dataset.rung)", SOON);
        assert_eq!(screen.run("return document.querySelectorAll('.ticket .tap:not(:disabled)').length"), 0, "nothing to cook");
        press(&screen, "1");
        press(&screen, "Enter");
        screen.until("gone once acknowledged", &format!("{TICKETS} === 0"), SOON);
    }
    world.finish();
}

#[test]
fn the_expediter_completes_a_ticket_when_every_station_has_and_recalls_any() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let counter = Counter::of(&world, &street, &street.lunch);
        let service = Service::start(&world.app, quick(), None);
        let driver = Driver::start();
        let screens = [0, 1, 2].map(|_| Screen::open(&driver, 1920, 1080));
        for (screen, station) in screens.iter().zip(["hot", "special", "pass"]) {
            paired(screen, &service, &pair(&world, street.canteen));
            stand_at(screen, station);
        }
        let [hot, special, pass] = &screens;
        let lines = vec![counter.line(0, 1, None), counter.line(1, 1, Some(Texture::Soft))];
        let order = world.wait(counter.place(counter.request(lines)));
        for (screen, lines) in [(hot, 1), (special, 1), (pass, 2)] {
            screen.until("its lines", &format!("{}?.querySelectorAll('.tap').length === {lines}", ticket(order.order)), SOON);
        }
        let waits = "document.querySelector('.ticket footer .idle')?.textContent";
        let press_big = |screen: &Screen| screen.run("document.querySelector('.ticket .big').click()");
        press_big(pass);
        pass.until("both are missing", &format!("{waits} === '… 等 热菜、特殊餐'"), SOON);
        for screen in [hot, special] {
            screen.until("acknowledged", "document.querySelector('.ticket .big.mark') && !document.querySelector('.news')", SOON);
            press_big(screen);
            screen.until("begun", "document.querySelector('.line.cooking')", SOON);
        }
        press_big(hot);
        hot.until("gone from the station", &format!("{TICKETS} === 0"), SOON);
        pass.until("one is missing", &format!("{waits} === '… 等 特殊餐'"), SOON);
        pass.picture("pass");
        press_big(special);
        pass.until("complete", "document.querySelector('.ticket .big.finish')", SOON);
        press_big(pass);
        pass.until("gone", &format!("{TICKETS} === 0"), SOON);
        // Others leave after it; it is still found, by its number.
        let mut hand = display(&service, &pair(&world, street.canteen), None);
        for _ in 0..9 {
            let other = world.wait(counter.order(0, 1)).order;
            for what in [
                domain::kitchen::Command::Mark { order: other, dishes: vec![], stage: Stage::Done },
                domain::kitchen::Command::Finish { order: other },
                domain::kitchen::Command::Acknowledge { order: other, version: 1 },
            ] {
                hand.command(command_id(), what, SOON).unwrap();
            }
        }
        look_at(pass, "recall");
        pass.until("a page of them", "document.querySelectorAll('.recalled').length === 7", SOON);
        for digit in order.order_no.to_string().chars() {
            press(pass, &digit.to_string());
        }
        let found = format!("document.querySelector('.recalled[data-order=\"{}\"] .big')", order.order);
        pass.until("the number", &found, SOON);
        pass.picture("recall-search");
        pass.run(&format!("{found}.click()"));
        hot.until("back at the station", &format!("{}?.querySelector('.line.waiting')", ticket(order.order)), SOON);
    }
    world.finish();
}

#[test]
fn ordered_ahead_is_cooked_by_the_batch_and_appears_at_its_time() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let ahead = Counter::by(&world, &street, &street.lunch, Role::Worker);
        let service = Service::start(&world.app, quick(), None);
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        paired(&screen, &service, &pair(&world, street.canteen));
        for senior in world.wait(world.add_seniors(12, &testkit::Street::home())) {
            let request = app::orders::OrderRequest { senior: Some(senior.id), ..ahead.request(vec![ahead.line(0, 1, None)]) };
            world.wait(ahead.place(request));
        }
        screen.until("they wait", "document.querySelector('.later')?.textContent.includes(' 12 ')", SOON);
        assert_eq!(screen.run(&format!("return {TICKETS}")), 0);
        look_at(&screen, "batch");
        let step = |to: &str| format!("document.querySelector('.dishrow .step.{to}')");
        screen.until("a step of the whole batch", &format!("{}?.textContent === '▶ 开始做 12'", step("cooking")), SOON);
        screen.run(&format!("{}.click()", step("cooking")));
        screen.until("they cook", &format!("{}?.textContent === '✓ 做好 12'", step("done")), SOON);
        screen.picture("batch-cooking");
        screen.run(&format!("{}.click()", step("done")));
        screen.until("made", "document.querySelectorAll('.dishrow .numbers b')[3].textContent === '12'", SOON);
        // The page shows a step at once; the tables have it when the service has taken the command.
        let made = || board_of_tables(&world, &street.lunch).tickets.values().all(domain::kitchen::Ticket::is_made).then_some(());
        testkit::wait::until("the tables tell so too", SOON, made);
        // 40 minutes before service; the screen's clock is the service's, told by the next head frame.
        let sitting = street.lunch.sitting;
        let read = world.app.store.read("sitting", move |conn| catalogue::sitting_with_canteen(conn, sitting));
        let serve_from = world.wait(read).unwrap().expect("the lunch").0.serve_from_at.0;
        world.clock.set(serve_from.plus_seconds(-40 * 60));
        look_at(&screen, "tickets");
        screen.until("they appear", &format!("{TICKETS} > 0 && !document.querySelector('.later')"), SOON);
    }
    world.finish();
}
