//! Several processes of each role on one shared database: an order through any API is on the displays of every kitchen, any of
//! them may be killed, and nothing acknowledged is lost or missed.

use crate::load::Load;
use crate::process::{Process, assert_verified, live_world};
use app::devices::{self, Pairing};
use domain::access::{DeviceKind, Role};
use domain::id::{OrderId, SittingId};
use kitchen::client::{Display, Fault, Held};
use kitchen::frame::Why;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};
use store::fixture;
use testkit::http::Client;
use testkit::wait::until;
use testkit::{Database, Engine, Street, World};

/// Rounds, each of which kills one API and one kitchen; a release uses 100.
fn rounds() -> usize {
    std::env::var("NUANFAN_TEST_SEVERAL_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4)
}

/// Buyers at each API.
const BUYERS: usize = 4;
const SOON: Duration = Duration::from_secs(60);
/// Answers between two kills.
const ANSWERS: usize = 25;

/// What a display came to in the end.
struct Ended {
    orders: BTreeSet<OrderId>,
    hash: String,
    snapshots: Vec<Why>,
    connections: usize,
}

/// Where kitchens are served now, and what a display must have before it may stop.
struct Kitchens {
    bases: RwLock<[String; 2]>,
    stop: AtomicBool,
    wanted: Mutex<BTreeSet<OrderId>>,
}

/// A display as a kitchen has it: it stays with its service while that answers, and turns to the other when it does not.
fn display(kitchens: &Kitchens, token: &str, sitting: SittingId, mut at: usize) -> Ended {
    let (mut held, mut snapshots, mut connections): (Option<Held>, Vec<Why>, usize) = (None, Vec::new(), 0);
    let since = Instant::now();
    loop {
        let base = kitchens.bases.read().unwrap()[at % 2].replace("http://", "ws://");
        match Display::connect(&base, token, Some(sitting), held.clone(), SOON) {
            Ok(mut display) => {
                connections += 1;
                let broke = loop {
                    if kitchens.stop.load(Ordering::SeqCst) {
                        let wanted = kitchens.wanted.lock().unwrap();
                        if wanted.iter().all(|order| display.board.tickets.contains_key(order)) {
                            snapshots.extend(&display.snapshots);
                            let orders = display.board.tickets.keys().copied().collect();
                            return Ended { orders, hash: display.board.hash(), snapshots, connections };
                        }
                    }
                    match display.next(Duration::from_millis(100)) {
                        Ok(_) => {}
                        Err(broke) => break broke,
                    }
                };
                assert!(matches!(broke, Fault::Broken(_) | Fault::SentAway(_)), "{broke}");
                snapshots.extend(&display.snapshots);
                held = Some(display.vanish());
            }
            Err(Fault::Broken(_)) => {}
            Err(other) => panic!("{other}"),
        }
        assert!(since.elapsed() < SOON * u32::try_from(rounds() + 2).unwrap(), "a display did not come to what was acknowledged");
        at += 1;
    }
}

/// A paired display's token.
fn pair(world: &World, street: &Street) -> String {
    world.wait(async {
        let manager = world.actor(street.token(Role::CanteenManager)).await;
        let wanted = Pairing { kind: DeviceKind::KitchenDisplay, canteen: street.canteen, user: None, name: "屏".to_owned() };
        let code = devices::make_code(&world.app, manager, wanted).await.unwrap().code;
        devices::pair(&world.app, code, "test".to_owned()).await.unwrap().1.token.reveal().to_owned()
    })
}

struct City {
    database: Database,
    token: String,
    bodies: Vec<serde_json::Value>,
    sitting: SittingId,
    displays: [String; 2],
}

fn city() -> City {
    let world = live_world(Engine::Postgres);
    let (street, seniors, lunch) = world.wait(async {
        let street = world.street().await;
        let seniors = world.add_seniors(100, &Street::home()).await;
        let lunch = world.add_lunch(street.canteen, street.tomorrow.date.plus_days(1), &street.dishes, &[1_000_000; 3]).await;
        (street, seniors, lunch)
    });
    let displays = [(); 2].map(|()| pair(&world, &street));
    let bodies = seniors.iter().enumerate().map(|(n, senior)| Street::order(&lunch, n % 2, Some(senior.id))).collect();
    let token = street.token(Role::Worker).to_owned();
    City { database: world.close(), token, bodies, sitting: lunch.sitting, displays }
}

#[test]
fn any_api_and_any_kitchen_may_be_killed_and_every_display_has_every_acknowledged_order() {
    let City { database, token, bodies, sitting, displays } = city();
    let mut apis = [(); 2].map(|()| Process::start_as(&database, Some("api")));
    let mut services = [(); 2].map(|()| Process::start_as(&database, Some("kitchen")));
    let _worker = Process::start_as(&database, Some("worker"));
    let kitchens = Arc::new(Kitchens {
        bases: RwLock::new([services[0].base.clone(), services[1].base.clone()]),
        stop: AtomicBool::new(false),
        wanted: Mutex::default(),
    });
    let screens: Vec<_> = displays
        .iter()
        .enumerate()
        .map(|(n, display_token)| {
            let (kitchens, display_token) = (kitchens.clone(), display_token.clone());
            std::thread::spawn(move || display(&kitchens, &display_token, sitting, n))
        })
        .collect();
    let loads = [0, 1].map(|n: usize| Load::new(&apis[n].base, &token, bodies.clone()));
    let buyers = loads.each_ref().map(|load| load.start(BUYERS, true));
    for round in 0..rounds() {
        let (n, other) = (round % 2, (round + 1) % 2);
        let target = loads[n].answered.load(Ordering::SeqCst) + ANSWERS;
        until("answers under load", SOON, || (loads[n].answered.load(Ordering::SeqCst) >= target).then_some(()));
        std::mem::replace(&mut apis[n], Process::start_as(&database, Some("api"))).kill();
        // Meanwhile its buyers turn to the other, as a proxy would have them do.
        *loads[n].base.write().unwrap() = apis[other].base.clone();
        std::mem::replace(&mut services[n], Process::start_as(&database, Some("kitchen"))).kill();
        kitchens.bases.write().unwrap()[n] = services[n].base.clone();
        let target = loads[n].answered.load(Ordering::SeqCst) + ANSWERS;
        until("answers by the other", SOON, || (loads[n].answered.load(Ordering::SeqCst) >= target).then_some(()));
        *loads[n].base.write().unwrap() = apis[n].base.clone();
    }
    let mut acknowledged = BTreeSet::new();
    for (load, buyers) in loads.iter().zip(buyers) {
        load.finish(buyers);
        assert_eq!(*load.wrong.lock().unwrap(), Vec::<String>::new());
        acknowledged.extend(load.acknowledged.lock().unwrap().values().map(|id| id.parse::<OrderId>().unwrap()));
    }
    kitchens.wanted.lock().unwrap().clone_from(&acknowledged);
    kitchens.stop.store(true, Ordering::SeqCst);
    let ended: Vec<Ended> = screens.into_iter().map(|screen| screen.join().unwrap()).collect();
    for screen in &ended {
        // Every key was sent until it was answered, so an order nobody was told of is a second effect of some key.
        assert_eq!(screen.orders, acknowledged);
        assert_eq!(screen.hash, ended[0].hash);
        // What it missed while it changed over came in order: nothing but the first state was ever sent whole.
        assert_eq!(screen.snapshots, [Why::First]);
        assert!(screen.connections > 1, "no display lost its service: nothing is proved");
    }
    let client = Client::new(&apis[0].base, Some(&token));
    for id in &acknowledged {
        let _ = client.get(&format!("/v1/orders/{id}")).expect(200);
    }
    drop((apis, services));
    let orders = fixture::number(&mut database.connect(), "SELECT COUNT(*) AS n FROM meal_order").unwrap();
    assert_eq!(usize::try_from(orders).unwrap(), acknowledged.len());
    assert_verified(&database);
    println!("{} rounds of kills, {} orders acknowledged, on both displays", rounds(), acknowledged.len());
}
