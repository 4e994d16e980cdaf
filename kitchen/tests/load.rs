//! R6 and R7 at their small size, what an order takes to a display, and what a display costs. The figures are parameters:
//! `NUANFAN_R6=displays,events,restarts,runs`, `NUANFAN_R7=displays,runs`, `NUANFAN_FRAMES=displays,orders`,
//! `NUANFAN_DISPLAYS=displays`; the seed of the random parts is `NUANFAN_SEED`, and is printed.

// Test code: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use domain::id::SittingId;
use domain::kitchen::{Command, Stage};
use kitchen::Limits;
use kitchen::client::{Display, Held};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::fixtures::Lunch;
use testkit::{Street, World, both_databases};

fn parameters<const N: usize>(name: &str, small: [usize; N]) -> [usize; N] {
    let Ok(text) = std::env::var(name) else { return small };
    let given: Vec<usize> = text.split(',').map(|n| n.trim().parse().expect(name)).collect();
    given.try_into().unwrap_or_else(|_| panic!("{name} has {N} numbers separated by commas"))
}

/// A generator that a printed seed replays; quality is not asked of it.
struct Dice(u64);

impl Dice {
    fn of_this_run() -> Self {
        let seed = std::env::var("NUANFAN_SEED").ok().and_then(|s| s.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap());
        println!("NUANFAN_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

fn big_lunch(world: &World) -> (Street, Lunch) {
    let street = world.wait(world.street());
    let day = street.lunch.date.plus_days(2);
    let lunch = world.wait(world.add_lunch(street.canteen, day, &street.dishes, &[1_000_000; 3]));
    (street, lunch)
}

fn follow(base: &str, token: &str, sitting: SittingId, held: Option<Held>) -> Display {
    Display::connect(base, token, Some(sitting), held, SOON).expect("a display")
}

both_databases! {
    /// R6: displays come and go, the service dies and comes back, and every display ends with the database's state.
    fn every_display_ends_with_the_state_of_the_database(world) {
        let [displays, events, restarts, runs] = parameters("NUANFAN_R6", [6, 200, 3, 1]);
        let (street, lunch) = big_lunch(world);
        let counter = Counter::of(world, &street, &lunch);
        let mut dice = Dice::of_this_run();
        // A window that offline displays do fall out of.
        let limits = || Limits { window: events / 8 + 1, ..quick() };
        let tokens: Vec<String> = (0..displays).map(|_| pair(world, street.canteen)).collect();
        let mut held: Vec<Option<Held>> = vec![None; displays];
        let (mut gaps, mut resumed) = (0, 0);
        for _ in 0..runs {
            let mut service = Service::start(&world.app, limits(), None);
            let mut on: Vec<Option<Display>> = (0..displays).map(|_| None).collect();
            for event in 0..events {
                if restarts > 0 && event % (events / restarts).max(1) == events / restarts / 2 {
                    let at = service.kill();
                    for (display, held) in on.iter_mut().zip(&mut held) {
                        *held = display.take().map(Display::vanish).or(held.take());
                    }
                    service = Service::start(&world.another_app(), limits(), Some(at));
                }
                let n = dice.below(displays);
                // A display is on for a while and off for a while.
                if dice.below(4) == 0 {
                    match on[n].take() {
                        Some(display) => held[n] = Some(display.vanish()),
                        None => {
                            let first = held[n].is_none();
                            let display = follow(&service.socket(), &tokens[n], lunch.sitting, held[n].take());
                            match (first, display.snapshots.is_empty()) {
                                (false, true) => resumed += 1,
                                (false, false) => gaps += 1,
                                (true, _) => {}
                            }
                            on[n] = Some(display);
                        }
                    }
                }
                let order = world.wait(counter.order(dice.below(3), 1));
                // Displays act as well, so that the log is not orders alone.
                if let Some(display) = on[n].as_mut() {
                    let stage = [Stage::Cooking, Stage::Done][dice.below(2)];
                    let what = Command::Mark { order: order.order, dishes: Vec::new(), stage };
                    display.command(command_id(), what, SOON).expect("an answer");
                }
            }
            let tables = board_of_tables(world, &lunch).hash();
            for (n, display) in on.into_iter().enumerate() {
                let before = display.map(Display::vanish).or(held[n].take());
                let mut display = follow(&service.socket(), &tokens[n], lunch.sitting, before);
                // The first proof is of what the service has read of the log, which may be a moment behind the last commit.
                let arrived = display.until(SOON, |d| d.board.hash() == tables);
                assert!(arrived.is_ok(), "display {n}: {arrived:?}");
                held[n] = Some(display.vanish());
            }
        }
        println!("R6: {displays} displays, {events} orders, {restarts} restarts, {runs} runs: {resumed} resumed, {gaps} gaps announced, missed 0");
    }

    /// R7: all displays of a canteen drop at once and are current again.
    fn displays_that_drop_together_are_current_together(world) {
        let [displays, runs] = parameters("NUANFAN_R7", [60, 1]);
        let (street, lunch) = big_lunch(world);
        let counter = Counter::of(world, &street, &lunch);
        world.wait(async {
            for _ in 0..100 {
                counter.order(0, 1).await;
            }
        });
        let token = pair(world, street.canteen);
        let mut at: Option<SocketAddr> = None;
        for _ in 0..runs {
            let service = Service::start(&world.another_app(), Limits::default(), at);
            let since = Instant::now();
            let connect = |_| {
                let (base, token, sitting) = (service.socket(), token.clone(), lunch.sitting);
                std::thread::spawn(move || follow(&base, &token, sitting, None))
            };
            let threads: Vec<_> = (0..displays).map(connect).collect();
            let all: Vec<Display> = threads.into_iter().map(|t| t.join().expect("a display")).collect();
            let took = since.elapsed();
            println!("R7: {displays} displays current in {} ms", took.as_millis());
            assert!(took < Duration::from_secs(10));
            let tables = board_of_tables(world, &lunch).hash();
            assert!(all.iter().all(|d| d.board.hash() == tables));
            at = Some(service.kill());
        }
    }

    /// From the answer to the buyer until the frame is with the display.
    fn an_order_reaches_every_display_at_once(world) {
        let [displays, orders] = parameters("NUANFAN_FRAMES", [20, 100]);
        let (street, lunch) = big_lunch(world);
        let counter = Counter::of(world, &street, &lunch);
        let service = Service::start(&world.app, Limits::default(), None);
        let token = pair(world, street.canteen);
        let start = Instant::now();
        let micros = move || i64::try_from(start.elapsed().as_micros()).unwrap();
        let committed: Arc<Vec<AtomicI64>> = Arc::new((0..=orders).map(|_| AtomicI64::new(0)).collect());
        let frames = Arc::new(Mutex::new(Vec::new()));
        let last = i64::try_from(orders).unwrap();
        let watch = |_| {
            let (mut d, frames) = (follow(&service.socket(), &token, lunch.sitting, None), frames.clone());
            std::thread::spawn(move || {
                let mut mine = Vec::new();
                while d.seq < last {
                    let before = d.seq;
                    assert!(d.next(SOON).expect("frames"), "a frame in time");
                    let now = micros();
                    mine.extend((before + 1..=d.seq).map(|seq| (usize::try_from(seq).unwrap(), now)));
                }
                frames.lock().unwrap().extend(mine);
            })
        };
        let threads: Vec<_> = (0..displays).map(watch).collect();
        let since = Instant::now();
        for seq in 1..=orders {
            world.wait(counter.order(0, 1));
            committed[seq].store(micros(), Ordering::SeqCst);
        }
        let rate = orders as f64 / since.elapsed().as_secs_f64();
        threads.into_iter().for_each(|t| t.join().expect("a display"));
        // Below nothing: the frame came before the buyer had the answer.
        let mut late: Vec<i64> = frames.lock().unwrap().iter().map(|(seq, at)| at - committed[*seq].load(Ordering::SeqCst)).collect();
        assert_eq!(late.len(), displays * orders, "every order on every display");
        late.sort_unstable();
        let at = |percent: usize| late[(late.len() - 1) * percent / 100] as f64 / 1000.0;
        println!("frames: {displays} displays, {rate:.0} orders/s: answer -> frame p50 {:.1} ms, p99 {:.1} ms", at(50), at(99));
        assert!(at(50) < 250.0, "hints are not heard: the poll alone takes half of its 500 ms");
    }
}

/// A display without a client: nothing but a socket, so that what is measured is the service's.
fn bare(at: SocketAddr, token: &str, sitting: SittingId, buffer: &mut [u8]) -> TcpStream {
    let mut socket = TcpStream::connect(at).unwrap();
    let request = format!(
        "GET /kitchen/v1/socket HTTP/1.1\r\nHost: {at}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let hello = format!(r#"{{"t":"hello","protocol":1,"token":"{token}","sitting":"{sitting}"}}"#);
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    // A mask of zeros leaves the text as it is.
    frame.extend([0; 4]);
    frame.extend(hello.as_bytes());
    socket.write_all(&frame).unwrap();
    let mut end = Vec::new();
    while !end.windows(10).any(|w| w == br#""t":"head""#) {
        let n = socket.read(buffer).unwrap();
        assert!(n > 0, "sent away: {}", String::from_utf8_lossy(&end));
        end.extend_from_slice(&buffer[..n]);
        let keep = end.len().saturating_sub(4096);
        end.drain(..keep);
    }
    socket
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Memory of one more connected display: 64 KB at most.
#[test]
fn a_display_costs_little_memory() {
    let [displays] = parameters("NUANFAN_DISPLAYS", [400]);
    let world = World::new(testkit::Engine::Sqlite);
    {
        let (street, lunch) = big_lunch(&world);
        let counter = Counter::of(&world, &street, &lunch);
        world.wait(async {
            for _ in 0..100 {
                counter.order(0, 1).await;
            }
        });
        let service = Service::start(&world.app, Limits::default(), None);
        let token = pair(&world, street.canteen);
        let mut buffer = vec![0; 256 * 1024];
        // The room, the threads and the allocator's first pages are there before the measurement.
        let first: Vec<TcpStream> = (0..20).map(|_| bare(service.address, &token, lunch.sitting, &mut buffer)).collect();
        let before = resident_bytes();
        let more: Vec<TcpStream> = (0..displays).map(|_| bare(service.address, &token, lunch.sitting, &mut buffer)).collect();
        let each = resident_bytes().saturating_sub(before) / displays;
        println!("memory: {each} bytes for each of {displays} displays");
        drop((first, more));
        assert!(each <= 64 * 1024, "{each} bytes");
    }
    world.finish();
}
