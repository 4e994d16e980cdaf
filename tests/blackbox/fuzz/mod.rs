//! Whatever is sent, the server answers as its document says, and goes on.
//!
//! After a day on the fixture street every operation gets requests as the day had them, as the document asks for them, and wrong
//! in every part (types, sizes, versions, keys, identifiers of others, bodies of other operations), by everybody who has a
//! session, by nobody and by somebody elsewhere. All of it comes from a seed: `NUANFAN_FUZZ_SEED` plays a run again or plays
//! another one, `NUANFAN_FUZZ_REQUESTS` makes it longer. A failure prints both, and the requests that failed.

mod dice;
mod judge;
mod shot;
mod values;

pub use judge::validator;

use crate::street::{Day, Operation, operations};
use dice::Dice;
use domain::access::Role;
use domain::text_enum::TextEnum;
use domain::time::Clock;
use judge::Judge;
use serde_json::{Value, json};
use shot::{Maker, Shot, Target};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::fixture;
use testkit::http::{Client, Reply};
use testkit::wait::until;
use testkit::{World, both_databases};
use values::{Seen, Values};

/// Requests of a run.
const REQUESTS: u64 = 4_000;
/// The seed of a run that nobody chose: the same, so that a change that passes here passes there.
const SEED: u64 = 20_261_123;
/// Faults that are told; more are counted.
const TOLD: usize = 12;

fn of_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// They end sessions and rights, so they come last; before them everybody can still do what is theirs.
fn takes_away(id: &str) -> bool {
    id.starts_with("signOut")
        || id.contains("evoke")
        || matches!(id, "blockUser" | "endUserSessions" | "changePassword" | "resetPassword")
}

/// They make or check password hashes, which is slow on purpose.
fn hashes(id: &str) -> bool {
    matches!(id, "signIn" | "createUser" | "resetPassword" | "changePassword" | "setUp")
}

fn targets(all: &[Operation], day: &Day) -> Vec<Target> {
    let of = |operation: &Operation| {
        let last = day.played.iter().rev().find(|p| p.request.operation == operation.id).expect("the day has every operation");
        let beside = all.iter().filter(|other| other.template == operation.template);
        let methods = beside.map(|other| other.method.clone()).collect();
        Target { operation: operation.clone(), recorded: (last.request.clone(), last.by.clone()), methods }
    };
    all.iter().map(of).collect()
}

/// Everybody's client, made once, so that connections are kept.
fn clients(world: &World, day: &Day) -> BTreeMap<String, Client> {
    let base = day.server.base();
    let mut all: BTreeMap<String, Client> = day.tokens.keys().map(|name| (name.clone(), day.client(name))).collect();
    all.insert("nobody".to_owned(), Client::new(base, None));
    all.insert("forger".to_owned(), Client::new(base, Some("nft_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG")));
    let elsewhere = domain::PlaceCode::parse("990201").unwrap();
    for role in Role::ALL {
        let token = world.wait(world.add_staff(*role, &elsewhere, None)).token;
        all.insert(format!("{role}_elsewhere"), Client::new(base, Some(&token)));
    }
    all
}

struct Run<'a> {
    seed: u64,
    requests: u64,
    maker: Maker<'a>,
    judge: Judge<'a>,
    clients: BTreeMap<String, Client>,
    by_status: BTreeMap<u16, u64>,
    faults: Vec<String>,
}

impl Run<'_> {
    /// Which operation each request is for: all get as many, those that take away come last.
    fn order<'t>(&self, targets: &'t [Target]) -> Vec<&'t Target> {
        let mut all: Vec<&Target> = Vec::new();
        let rounds = self.requests.div_ceil(u64::try_from(targets.len()).unwrap());
        for round in 0..rounds {
            all.extend(targets.iter().filter(|target| round.is_multiple_of(4) || !hashes(&target.operation.id)));
        }
        Dice::of(self.seed, u64::MAX).shuffle(&mut all);
        all.sort_by_key(|target| takes_away(&target.operation.id));
        all
    }

    fn play(&mut self, targets: &[Target]) {
        for (target, number) in self.order(targets).into_iter().zip(0..) {
            let shot = self.maker.shot(&mut Dice::of(self.seed, number), target);
            let headers: Vec<(&str, &str)> = shot.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            match self.clients[&shot.caller].try_send(&shot.method, &shot.target, &headers, shot.body.as_deref()) {
                Ok(reply) => self.judged(number, &shot, &reply),
                Err(error) => self.faults.push(format!("#{number} {}\n    no answer: {error}", shot.told())),
            }
        }
    }

    fn judged(&mut self, number: u64, shot: &Shot, reply: &Reply) {
        *self.by_status.entry(reply.status).or_default() += 1;
        if reply.status < 300 {
            self.maker.values.seen.learn_ids(&reply.body);
        }
        let found = self.judge.faults(shot, reply);
        if !found.is_empty() {
            let answer: String = reply.text.chars().take(600).collect();
            self.faults.push(format!("#{number} {}\n    {}\n    {} {answer}", shot.told(), found.join("; "), reply.status));
        }
    }
}

/// What the worker would do meanwhile and afterwards; none of it may stumble over what was left there.
fn work_off(world: &World, day: &Day) {
    let judging = "SELECT COUNT(*) AS n FROM import_job WHERE state IN ('uploaded', 'validating')";
    until("the judgement of all files", Duration::from_secs(60), || {
        (fixture::number(&mut world.database.connect(), judging).unwrap() == 0).then_some(())
    });
    world.wait(app::imports::job::go_on(&day.app)).unwrap();
    world.wait(app::standing::follow_due(&day.app)).unwrap();
    world.wait(app::standing::generate(&day.app)).unwrap();
    for _ in 0..domain::job::ATTEMPTS_MAX {
        while world.wait(app::jobs::run_due(&day.app, &day.app.ports, world.clock.now())).unwrap() > 0 {}
        world.clock.advance_seconds(3_600);
    }
    world.wait(app::orders::close::close_past(&day.app)).unwrap();
    world.wait(app::jobs::clean_up(&day.app)).unwrap();
}

both_databases! {
    /// No request breaks the server, every answer is one that the document declares, and afterwards the invariants hold.
    fn whatever_is_sent_is_answered_as_documented_and_breaks_nothing(world) {
        let day = Day::play(world);
        let document = serde_json::to_value(api::openapi::document()).unwrap();
        let all = operations(&document);
        let targets = targets(&all, &day);
        let mut seen = Seen::default();
        for played in &day.played {
            played.request.path.iter().chain(played.request.query.iter().map(|(k, v)| (k, v))).for_each(|(k, v)| seen.learn(k, &json!(v)));
            seen.learn("body", played.request.body.as_ref().unwrap_or(&Value::Null));
            seen.learn_ids(&played.reply.body);
        }
        let clients = clients(world, &day);
        let bodies = day.played.iter().filter_map(|played| played.request.body.clone()).collect();
        let mut run = Run {
            seed: of_environment("NUANFAN_FUZZ_SEED", SEED),
            requests: of_environment("NUANFAN_FUZZ_REQUESTS", REQUESTS),
            maker: Maker::new(Values::new(&document, seen), clients.keys().cloned().collect(), bodies),
            judge: Judge::new(&document, all.iter()),
            clients,
            by_status: BTreeMap::new(),
            faults: Vec::new(),
        };
        let since = Instant::now();
        run.play(&targets);
        let told = format!("NUANFAN_FUZZ_SEED={} NUANFAN_FUZZ_REQUESTS={}", run.seed, run.requests);
        println!("{told}: {:?} in {:.1} s", run.by_status, since.elapsed().as_secs_f64());
        let count = run.faults.len();
        let shown = run.faults.iter().take(TOLD).cloned().collect::<Vec<_>>().join("\n");
        assert!(run.faults.is_empty(), "{told}: {count} faults\n{shown}");
        // It went through the gates, not only against them.
        let (sent, taken) = (run.by_status.values().sum::<u64>(), run.by_status.range(200..300).map(|(_, n)| n).sum::<u64>());
        assert!(taken * 10 > sent, "{taken} of {sent} requests succeeded");
        let _ = run.clients["nobody"].get("/v1/canteens").expect(200);
        work_off(world, &day);
    }
}

#[test]
fn a_seed_makes_the_same_requests_again() {
    let document = json!({"components": {"schemas": {"Body": {"type": "object", "required": ["name"], "properties":
        {"name": {"type": "string"}, "senior": {"$ref": "#/components/schemas/Id_sen"}, "portions": {"type": "integer"}}}}}});
    let made = |seed: u64| -> Vec<String> {
        let values = Values::new(&document, Seen::default());
        let schema = json!({"$ref": "#/components/schemas/Body"});
        let one = |number| {
            let mut dice = Dice::of(seed, number);
            let fitting = values.fitting(&mut dice, "body", &schema);
            values.spoiled(&mut dice, fitting).to_string()
        };
        (0..50).map(one).collect()
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}
