//! R6 and R7 at their small size, what an order takes to a display, and what a display costs. The figures are parameters:
//! `NUANFAN_R6=displays,events,restarts,runs`, `NUANFAN_R7=displays,runs`, `NUANFAN_FRAMES=displays,orders,orders a second`,
//! `NUANFAN_DISPLAYS=displays`; the seed of the random parts is `NUANFAN_SEED`, and is printed.

// Test code: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use domain::id::SittingId;
use domain::kitchen::{Command, Stage};
use kitchen::Limits;
use kitchen::client::{Display, Fault, Held};
use kitchen::frame::Bye;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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
        // And heads as often an event as at the small size: a display proves its whole board at each, and all of them are in this process.
        let head = quick().head * u32::try_from(events.div_ceil(200)).unwrap();
        let limits = || Limits { window: events / 8 + 1, head, ..quick() };
        let tokens: Vec<String> = (0..displays).map(|_| pair(world, street.canteen)).collect();
        let mut held: Vec<Option<Held>> = vec![None; displays];
        let (mut gaps, mut resumed, mut dropped) = (0, 0, 0);
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
                    match display.command(command_id(), what, SOON) {
                        Ok(_) => {}
                        // Nobody has read from it since its last turn: the service drops whoever is silent for too long, and it resumes.
                        Err(Fault::Broken(_) | Fault::SentAway(Bye::TooSlow)) => {
                            dropped += 1;
                            held[n] = on[n].take().map(Display::vanish);
                        }
                        Err(fault) => panic!("display {n}: {fault}"),
                    }
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
        println!("R6: {displays} displays, {events} orders, {restarts} restarts, {runs} runs: {dropped} dropped, {resumed} resumed, {gaps} gaps announced, missed 0");
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

    /// From the answer to the buyer until the frame is with the display, beside a bare WebSocket broadcast of frames of the same size at
    /// the same pace. The promise is p99 <= 30 ms with 200 displays at 200 orders a second, on 2 cores of its own, built for release.
    fn an_order_reaches_every_display_at_once(world) {
        let [displays, orders, rate] = parameters("NUANFAN_FRAMES", [20, 100, 50]);
        let (street, lunch) = big_lunch(world);
        let counter = Counter::of(world, &street, &lunch);
        let service = Service::start(&world.app, Limits::default(), None);
        let token = pair(world, street.canteen);
        let mut buffer = vec![0; 64 * 1024];
        let sockets = (0..displays).map(|_| bare(service.address, &token, lunch.sitting, &mut buffer)).collect();
        let ours = broadcast(sockets, orders, rate, |_| drop(world.wait(counter.order(0, 1))));
        drop(service);
        let plain = Plain::start();
        let sockets = (0..displays).map(|_| plain.listen()).collect();
        let filling = "x".repeat(ours.bytes.saturating_sub(40));
        let bare = broadcast(sockets, orders, rate, |seq| plain.send(&format!(r#"{{"t":"event","seq":{seq},"x":"{filling}"}}"#)));
        for (name, of) in [("ours: answer -> frame", &ours), ("bare: sent -> frame", &bare)] {
            println!("frames: {displays} displays, {:.0} orders/s, {} bytes: {name} p50 {:.1} ms, p99 {:.1} ms", of.rate, of.bytes, of.at(50), of.at(99));
        }
        assert!(ours.at(50) < 250.0, "hints are not heard: the poll alone takes half of its 500 ms");
    }
}

/// What a broadcast took.
struct Took {
    /// Microseconds from the answer to each frame; below nothing when the frame came first.
    late: Vec<i64>,
    /// Events a second.
    rate: f64,
    /// Bytes of a frame.
    bytes: usize,
}

impl Took {
    fn at(&self, percent: usize) -> f64 {
        self.late[(self.late.len() - 1) * percent / 100] as f64 / 1000.0
    }
}

/// Sends events 1 to `orders` at a pace, and takes the time at which each socket has each of them.
fn broadcast(sockets: Vec<TcpStream>, orders: usize, rate: usize, mut send: impl FnMut(usize)) -> Took {
    let start = Instant::now();
    let micros = move || i64::try_from(start.elapsed().as_micros()).unwrap();
    let sent: Arc<Vec<AtomicI64>> = Arc::new((0..=orders).map(|_| AtomicI64::new(0)).collect());
    let displays = sockets.len();
    let watch = |socket: TcpStream| {
        std::thread::spawn(move || {
            let (mut frames, mut seen, mut bytes) = (Frames::new(socket), Vec::with_capacity(orders), 0);
            while seen.len() < orders {
                let frame = frames.next();
                if frame.starts_with(br#"{"t":"event""#) {
                    seen.push(micros());
                    bytes = frame.len();
                }
            }
            (seen, bytes)
        })
    };
    let threads: Vec<_> = sockets.into_iter().map(watch).collect();
    for seq in 1..=orders {
        // The pace: the n-th event at its time, or at once when the one before took longer.
        let due = Duration::from_secs_f64((seq - 1) as f64 / rate as f64);
        std::thread::park_timeout(due.saturating_sub(start.elapsed()));
        send(seq);
        sent[seq].store(micros(), Ordering::SeqCst);
    }
    let took = start.elapsed().as_secs_f64();
    let (mut late, mut bytes) = (Vec::new(), 0);
    for thread in threads {
        let (seen, of) = thread.join().expect("a display");
        bytes = of;
        late.extend(seen.into_iter().enumerate().map(|(n, at)| at - sent[n + 1].load(Ordering::SeqCst)));
    }
    assert_eq!(late.len(), displays * orders, "every order on every display");
    late.sort_unstable();
    Took { late, rate: orders as f64 / took, bytes }
}

/// Frames of a server as they come, unread: what is measured is the service's work, not a client's.
struct Frames {
    socket: std::io::BufReader<TcpStream>,
    text: Vec<u8>,
}

impl Frames {
    fn new(socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(SOON)).unwrap();
        Self { socket: std::io::BufReader::new(socket), text: Vec::new() }
    }

    fn next(&mut self) -> &[u8] {
        let mut head = [0; 2];
        self.socket.read_exact(&mut head).expect("a frame in time");
        let length = match head[1] & 0x7f {
            126 => {
                let mut long = [0; 2];
                self.socket.read_exact(&mut long).unwrap();
                usize::from(u16::from_be_bytes(long))
            }
            127 => {
                let mut long = [0; 8];
                self.socket.read_exact(&mut long).unwrap();
                usize::try_from(u64::from_be_bytes(long)).unwrap()
            }
            short => usize::from(short),
        };
        self.text.resize(length, 0);
        self.socket.read_exact(&mut self.text).expect("the frame");
        &self.text
    }
}

/// The yardstick: the same server and WebSocket library with a channel behind it, and nothing else.
struct Plain {
    address: SocketAddr,
    sender: tokio::sync::broadcast::Sender<String>,
}

impl Plain {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sender = tokio::sync::broadcast::channel::<String>(4096).0;
        let shared = sender.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let sender = shared.clone();
                    let listen = move |request: actix_web::HttpRequest, body: actix_web::web::Payload| {
                        let mut live = sender.subscribe();
                        async move {
                            let (response, mut session, _stream) = actix_ws::handle(&request, body)?;
                            actix_web::rt::spawn(async move {
                                let _ = session.text(r#"{"t":"head"}"#).await;
                                while let Ok(text) = live.recv().await {
                                    if session.text(text).await.is_err() {
                                        return;
                                    }
                                }
                            });
                            Ok::<_, actix_web::Error>(response)
                        }
                    };
                    actix_web::App::new().route("/kitchen/v1/socket", actix_web::web::get().to(listen))
                };
                actix_web::HttpServer::new(app).workers(2).disable_signals().listen(listener).unwrap().run().await.unwrap();
            });
        });
        Self { address, sender }
    }

    fn listen(&self) -> TcpStream {
        bare(self.address, "", SittingId::from_uuid(uuid::Uuid::nil()), &mut [0; 4096])
    }

    fn send(&self, text: &str) {
        self.sender.send(text.to_owned()).expect("listeners");
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
    let hello = format!(r#"{{"t":"hello","protocol":2,"token":"{token}","sitting":"{sitting}"}}"#);
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    // A mask of zeros leaves the text as it is.
    frame.extend([0; 4]);
    frame.extend(hello.as_bytes());
    socket.write_all(&frame).unwrap();
    let mut end = Vec::new();
    // To the end of the head frame, so that the next byte is the first of a frame.
    while !(end.windows(10).any(|w| w == br#""t":"head""#) && end.ends_with(b"}")) {
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
