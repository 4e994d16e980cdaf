//! How a screen looks, and whether everybody can read and touch it. Pictures are kept in the folder `NUANFAN_PICTURES` names.

use crate::common::browser::{Driver, Screen, keep};
use crate::common::screens::*;
use crate::common::*;
use app::orders::OrderRequest;
use app::store::query::events;
use domain::Channel;
use domain::access::Role;
use domain::diet::Texture;
use domain::id::OrderId;
use domain::kitchen::real::Asked;
use domain::kitchen::{Command, Stage};
use kitchen::Limits;
use serde_json::json;
use std::time::Duration;
use testkit::readable::assert_readable;
use testkit::{Engine, Street, World};

/// A lunch in full swing: ordered ahead with exceptions and textures, walk-ins, changes, cancellations, tickets in every state.
fn busy(world: &World, street: &Street, service: &Service) {
    let guests = Counter::of(world, street, &street.lunch);
    let ahead = Counter::by(world, street, &street.lunch, Role::Worker);
    ordered_ahead(world, &ahead);
    let mut hand = display(service, &pair(world, street.canteen), None);
    let mut act = |what: Command| drop(hand.command(command_id(), what, SOON).unwrap());
    let mark = |order: OrderId, stage| Command::Mark { order, dishes: vec![], stage };
    for n in 0..9u32 {
        let soft = guests.line(1, 1, (n % 3 == 0).then_some(Texture::Soft));
        let mut lines = vec![guests.line(0, 1 + n % 2, None), soft];
        if n == 4 {
            lines.push(guests.line(2, 2, None));
        }
        let note = if n == 1 { "少油，米饭要软".to_owned() } else { String::new() };
        let order = world.wait(guests.place(OrderRequest { note, ..guests.request(lines) }));
        let id = order.order;
        if n < 6 {
            act(Command::Acknowledge { order: id, version: 1 });
        }
        match n {
            1 => act(Command::Mark { order: id, dishes: vec![order.lines[0].dish], stage: Stage::Cooking }),
            2 | 7 => drop(world.wait(guests.cancel(id))),
            3 => {
                act(mark(id, Stage::Done));
                act(Command::Finish { order: id });
            }
            5 => drop(world.wait(guests.change(&order, vec![guests.line(0, 3, None), guests.line(2, 1, None)]))),
            _ => {}
        }
        world.clock.advance_seconds(if n == 4 { 400 } else { 20 });
    }
    act(Command::Stop { dish: street.dishes[2], stopped: true });
    with_peanuts(world, street);
}

/// The pork is really cooked with peanuts: four of those who ordered ahead must not be served it.
fn with_peanuts(world: &World, street: &Street) {
    let cook = world.wait(world.actor(street.token(Role::Cook)));
    let (sitting, pork) = (street.lunch.sitting, street.dishes[0]);
    let made_of = world.wait(app::kitchen::real::look(&world.app, cook.clone(), sitting)).unwrap();
    let asked = |name: &str, amount_mg| {
        let part = made_of.iter().flat_map(|of| &of.recipe).find(|part| part.name == name).unwrap();
        Asked { ingredient: part.ingredient, amount_mg, instead_of: None }
    };
    let used = vec![asked("五花肉", None), asked("花生", Some(5_000))];
    drop(world.wait(app::kitchen::real::confirm(&world.app, cook, sitting, pork, 0, used)).unwrap());
}

/// Twelve of them, four of whom must not have the peanuts in the tofu, two of whom eat soft food.
fn ordered_ahead(world: &World, ahead: &Counter) {
    let names =
        ["钱桂英", "刘志刚", "何淑珍", "陈桂兰", "杨建国", "黄玉珍", "赵德明", "周淑华", "吴永福", "徐秀兰", "孙福生", "马玉梅"];
    for (n, name) in names.into_iter().enumerate() {
        let senior = world.wait(world.add_senior(name, &Street::home(), (1940, 1, 1 + u32::try_from(n).unwrap())));
        let mut lines = vec![ahead.line(0, 1, (n % 5 == 0).then_some(Texture::Soft))];
        if n % 3 == 0 {
            world.wait(world.add_allergy(senior.id, "peanut"));
            let against =
                app::orders::LineRequest { override_reason: Some("家属要求，去花生".to_owned()), ..ahead.line(2, 1, None) };
            lines.push(against);
        }
        let channel = if n % 2 == 0 { Channel::PickUp } else { Channel::DineIn };
        let request = OrderRequest { senior: Some(senior.id), channel, ..ahead.request(lines) };
        world.wait(ahead.place(request));
    }
}

/// Every view in both languages: no violation of WCAG 2.2 AA, targets for gloves, nothing cut off at the side.
#[test]
fn every_view_can_be_read_and_touched_by_everybody() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let service = Service::start(&world.app, quick(), None);
        let driver = Driver::start();
        let screen = Screen::open(&driver, 1920, 1080);
        screen.go(&format!("{}/kitchen/", service.http()));
        screen.until("the keypad", "document.getElementById('pairing')", SOON);
        check(&screen, "pairing");
        paired(&screen, &service, &pair(&world, street.canteen));
        busy(&world, &street, &service);
        screen.until("all of them", &format!("{TICKETS} >= 4"), SOON);
        for language in ["zh", "en"] {
            for view in ["tickets", "batch", "needs", "ingredients", "recall"] {
                look_at(&screen, view);
                check(&screen, &format!("{view}-{language}"));
            }
            look_at(&screen, "batch");
            let held = screen.run("return document.querySelector('.unfit .people').textContent.split('、').length");
            let made = screen.run("return [...document.querySelectorAll('.made')].map(m => m.classList.contains('open'))");
            assert_eq!((held, made), (json!(4), json!([false, true, true])), "who is held back, and what nobody confirmed");
            look_at(&screen, "tickets");
            for station in ["special", "packing", "pass", "all"] {
                stand_at(&screen, station);
                check(&screen, &format!("{station}-{language}"));
            }
            screen.run("[...document.querySelectorAll('#bar .right .tab')].at(-1).click()");
        }
        assert_eq!(screen.console(), Vec::<String>::new());
    }
    world.finish();
}

/// Two screens that hold the same show the same, to the pixel; and so does one that lost its service, its page and its network and came
/// back: nothing of the way there is left on it.
#[test]
fn the_same_state_is_the_same_picture_whichever_way_a_screen_came_to_it() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let limits = || Limits { escalate: Duration::from_secs(3600), ..quick() };
        let service = Service::start(&world.app, limits(), None);
        let driver = Driver::start();
        let screens = [0, 1].map(|_| Screen::open(&driver, 1920, 1080));
        let tokens = [0, 1].map(|_| pair(&world, street.canteen));
        for (screen, token) in screens.iter().zip(&tokens) {
            screen.stand_still();
            paired(screen, &service, token);
        }
        busy(&world, &street, &service);
        let views = ["tickets", "batch", "needs", "ingredients", "recall"];
        let seq = world.wait(world.app.store.read("test", move |conn| events::head(conn, street.canteen))).unwrap();
        let seen = |screen: &Screen| {
            let current = format!("document.body.dataset.seq === '{seq}' && document.querySelector('.state.online')");
            screen.until("all of it", &current, SOON);
            views.map(|view| {
                look_at(screen, view);
                screen.run("document.activeElement?.blur()");
                screen.still()
            })
        };
        let same_of = |compared: std::ops::Range<usize>, how: &str, one: &[Vec<u8>; 5], other: &[Vec<u8>; 5]| {
            for n in compared {
                if one[n] != other[n] {
                    keep(&format!("{}-one", views[n]), &one[n]);
                    keep(&format!("{}-other", views[n]), &other[n]);
                }
                assert!(one[n] == other[n], "{how}: {} differs", views[n]);
            }
        };
        let same = |how: &str, one: &[Vec<u8>; 5], other: &[Vec<u8>; 5]| same_of(0..5, how, one, other);
        let first = seen(&screens[0]);
        assert!(first[0] != first[1], "a picture shows something");
        same("another screen", &first, &seen(&screens[1]));
        let at = service.kill();
        screens[0].until("not connected", "document.querySelector('.state.connecting, .state.offline')", SOON);
        let _service = Service::start(&world.another_app(), limits(), Some(at));
        same("after a crash", &first, &seen(&screens[0]));
        let kept = format!("JSON.parse(localStorage.getItem('nuanfan.kitchen.held')).seq === {seq}");
        screens[0].until("what it holds is kept", &kept, SOON);
        screens[0].run("location.reload()");
        same("loaded again", &first, &seen(&screens[0]));
        screens[1].run("localStorage.removeItem('nuanfan.kitchen.held'); location.reload()");
        // What a ticket was before its change, and when one left, is remembered by who saw it: the rest is the state.
        same_of(1..4, "from a snapshot", &first, &seen(&screens[1]));
    }
    world.finish();
}

fn check(screen: &Screen, name: &str) {
    screen.picture(name);
    let cut = "[...document.querySelectorAll('.ticket ul')].filter(u => u.scrollHeight > u.clientHeight + 1).map(u => u.closest('.ticket').dataset.order)";
    assert_eq!(screen.run(&format!("return {cut}")), json!([]), "{name}: lines that one must scroll to");
    assert_readable(screen, name);
}
