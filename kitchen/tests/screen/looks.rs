//! How a screen looks, and whether everybody can read and touch it. Pictures are kept in the folder `NUANFAN_PICTURES` names.

use crate::common::browser::{Driver, Screen};
use crate::common::screens::*;
use crate::common::*;
use app::orders::OrderRequest;
use domain::Channel;
use domain::access::Role;
use domain::diet::Texture;
use domain::id::OrderId;
use domain::kitchen::{Command, Stage};
use serde_json::{Value, json};
use testkit::{Engine, Street, World};

/// axe-core 4.14.1, from its npm package; its licence stands beside it. Used by this test alone.
const AXE: &str = include_str!("../assets/axe.min.js");

/// What axe cannot decide by itself, and why it is none. By rule.
const TRIAGED: [(&str, &str); 3] = [
    ("heading-order", "axe asks what comes before a page's first heading when it may be a part of another page; this one never is"),
    ("color-contrast", "shapes and boxes with round corners are left open; the check below computes the contrast of all of them"),
    ("label-content-name-mismatch", "an arrow is a picture; its name says what it does"),
];

/// Every element with text of its own, with its colour against the nearest background: 4.5:1, or 3:1 from 24 px on (WCAG 1.4.3). What is
/// switched off is exempt.
const FAINT: &str = "const rgb = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number); \
    const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0); \
    const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; }; \
    return [...document.body.querySelectorAll('*')].filter((e) => e.checkVisibility() && !e.closest(':disabled') && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) \
      .map((e) => { const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x); return [(a + 0.05) / (b + 0.05), parseFloat(getComputedStyle(e).fontSize), e.outerHTML.slice(0, 100)]; }) \
      .filter(([ratio, size]) => ratio < (size >= 24 ? 3 : 4.5))";

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
    let small = "[...document.querySelectorAll('button, select')].filter(b => { const r = b.getBoundingClientRect(); return r.width && (r.width < 60 || r.height < 60) }).map(b => b.outerHTML.slice(0, 80))";
    assert_eq!(screen.run(&format!("return {small}")), json!([]), "{name}: targets under 60 px");
    assert_eq!(screen.run("return document.documentElement.scrollWidth <= innerWidth"), true, "{name}: wider than the screen");
    let cut = "[...document.querySelectorAll('.ticket ul')].filter(u => u.scrollHeight > u.clientHeight + 1).map(u => u.closest('.ticket').dataset.order)";
    assert_eq!(screen.run(&format!("return {cut}")), json!([]), "{name}: lines that one must scroll to");
    assert_eq!(screen.run(FAINT), json!([]), "{name}: contrast");
    let run = "if (!window.axe) { (0, eval)(arguments[0]); } return axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations', 'incomplete'] }).then(r => [r.violations, r.incomplete].map(all => all.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 140) + ' ' + (n.any[0]?.message ?? '')).slice(0, 3)])))";
    let found = screen.run_with(run, &[json!(AXE)]);
    assert_eq!(found[0], json!([]), "{name}: violations");
    let open: Vec<&Value> =
        found[1].as_array().unwrap().iter().filter(|v| !TRIAGED.iter().any(|(rule, _)| v[0] == *rule)).collect();
    assert!(open.is_empty(), "{name}: not decided: {open:#?}");
}
