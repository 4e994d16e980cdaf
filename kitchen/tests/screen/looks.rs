//! How a screen looks, and whether everybody can read and touch it. Pictures are kept in the folder `NUANFAN_PICTURES` names.

use crate::common::browser::{Driver, Screen};
use crate::common::screens::*;
use crate::common::*;
use app::orders::OrderRequest;
use domain::Channel;
use domain::access::Role;
use domain::diet::Texture;
use domain::id::OrderId;
use domain::kitchen::real::Asked;
use domain::kitchen::{Command, Stage};
use serde_json::json;
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

fn check(screen: &Screen, name: &str) {
    screen.picture(name);
    let cut = "[...document.querySelectorAll('.ticket ul')].filter(u => u.scrollHeight > u.clientHeight + 1).map(u => u.closest('.ticket').dataset.order)";
    assert_eq!(screen.run(&format!("return {cut}")), json!([]), "{name}: lines that one must scroll to");
    assert_readable(screen, name);
}
