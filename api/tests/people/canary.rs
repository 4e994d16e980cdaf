//! Canaries: personal values planted through the import and the API are found nowhere they must not be, on either database.

use super::files::HEADER;
use super::{Outside, add_places, place};
use app::store::{self, Target};
use domain::access::Role;
use serde_json::json;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::fixtures::citizen_id;
use testkit::http::{Client, Reply, fresh_key};
use testkit::{World, both_databases};

/// People in the file; each has five values that nobody may read.
const IMPORTED: u32 = 190;
/// People who are written down one by one.
const TYPED: u32 = 10;

/// The values of a person: identity number, phone, address, health note, and a card number as long as a bank's.
fn values(n: u32) -> [String; 5] {
    let id_no = citizen_id((1940 + n as i32 % 20, 3, 15), 100 + n);
    [id_no, format!("1381234{n:04}"), format!("金丝雀路{n:04}号"), format!("金丝雀病{n:04}"), format!("62170099{n:011}")]
}

/// What must be found nowhere, with the first eight bytes of each: a byte of a file is looked at once, whatever their number.
struct Canaries {
    all: Vec<String>,
    heads: HashSet<[u8; 8]>,
}

impl Canaries {
    fn of(all: Vec<String>) -> Self {
        let heads = all.iter().map(|value| value.as_bytes()[..8].try_into().unwrap()).collect();
        Self { all, heads }
    }

    /// The first of them in these bytes.
    fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let known = |head: &[u8]| <[u8; 8]>::try_from(head).is_ok_and(|head| self.heads.contains(&head));
        let at: Vec<usize> = bytes.windows(8).enumerate().filter(|(_, head)| known(head)).map(|(at, _)| at).collect();
        self.all.iter().map(String::as_str).find(|value| at.iter().any(|at| bytes[*at..].starts_with(value.as_bytes())))
    }

    #[track_caller]
    fn absent_from(&self, what: &str, bytes: &[u8]) {
        assert_eq!(self.found_in(bytes), None, "in {what}");
    }
}

#[test]
fn a_canary_is_found_where_it_is() {
    let canaries = Canaries::of(vec!["13812340001".to_owned(), "金丝雀路0001号".to_owned()]);
    assert_eq!(canaries.found_in("x13812340001".as_bytes()), Some("13812340001"));
    assert_eq!(canaries.found_in("一金丝雀路0001号".as_bytes()), Some("金丝雀路0001号"));
    assert_eq!(canaries.found_in("13812340002 金丝雀路0002号".as_bytes()), None);
}

/// Everything that is logged, down to the finest.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every file under a folder; one that goes away meanwhile is passed over.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map_while(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path, bytes));
        }
    }
    found
}

/// The files in which the database keeps its rows and its log, and a copy of it.
fn kept(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    match world.database.target() {
        target @ Target::Sqlite(_) => {
            store::backup::write(target, &world.database.folder().join("copy.db")).unwrap();
            files(world.database.folder())
        }
        Target::Postgres(_) => {
            let mut conn = world.database.connect();
            store::fixture::execute(&mut conn, "CHECKPOINT").unwrap();
            let sql =
                "SELECT current_setting('data_directory') || ' ' || oid AS t FROM pg_database WHERE datname = current_database()";
            let line = store::fixture::texts(&mut conn, sql).unwrap().remove(0);
            let (folder, oid) = line.rsplit_once(' ').unwrap();
            let mut all = files(&Path::new(folder).join("base").join(oid));
            all.extend(files(&Path::new(folder).join("pg_wal")));
            all
        }
    }
}

/// Brings a roster in over HTTP and answers what came of it.
fn bring(client: &Client, rows: &[String], apply: bool) -> Vec<Reply> {
    let body = format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"));
    let path = "/v1/imports?kind=seniors&file_name=roster.csv";
    let key = fresh_key();
    let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", key.as_str())];
    let brought = client.try_send("POST", path, &headers, Some(body.as_bytes())).unwrap().expect(202);
    let path = format!("/v1/imports/{}", brought.body["id"].as_str().unwrap());
    let judged =
        || Some(client.get(&path).expect(200)).filter(|r| !["uploaded", "validating"].contains(&r.body["state"].as_str().unwrap()));
    let judged = testkit::wait::until("the judgement of a file", Duration::from_secs(60), judged);
    let mut replies = vec![brought, judged, client.get(&format!("{path}/faults")).expect(200)];
    if apply {
        replies.push(client.post(&format!("{path}/apply"), &json!({})).expect(202));
    }
    replies
}

/// One person written down by a worker, and whatever may be answered to mistakes in it.
fn typed(worker: &Client, auditor: &Client, n: u32) -> Vec<Reply> {
    let [id_no, phone, address, note, card] = values(n);
    let body = json!({
        "name": format!("某{n}"), "identity_number": id_no, "registered_place": "99", "resident_place": "99", "phone": phone, "card": card,
        "health_note": note, "address": {"detail": address, "point": {"longitude": 121.4, "latitude": 31.2, "datum": "wgs84"}},
    });
    let made = worker.post("/v1/seniors", &body).expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let reveal = json!({"fields": ["phone", "address"], "reason": "核实"});
    let _ = worker.post(&format!("/v1/seniors/{id}/reveals"), &reveal).expect(200);
    let broken = json!({"name": "某", "identity_number": format!("{id_no}0"), "registered_place": phone, "resident_place": "99", "phone": format!("{phone}0")});
    vec![
        made,
        worker.post("/v1/seniors", &body).expect(409),
        worker.post("/v1/seniors", &broken).expect(422),
        worker.post("/v1/seniors", &json!({"name": phone.parse::<i64>().unwrap()})).expect(400),
        auditor.get(&format!("/v1/seniors/{id}")).expect(200),
        auditor.get("/v1/audit?limit=200").expect(200),
    ]
}

both_databases! {
    /// A thousand values through the import and the API, with notices that stand in the outbox and a code that was sent.
    fn a_thousand_planted_values_are_found_in_no_file_log_or_answer(world) {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE).with_writer(move || writer.clone()).init();
        world.wait(add_places(world, &["99"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("99"), None));
        let auditor = world.wait(world.add_staff(Role::Auditor, &place("99"), None));
        let outside = Outside::of(world);
        let (worker, auditor) = (outside.client(Some(&worker.token)), outside.client(Some(&auditor.token)));
        let row = |n: u32| {
            let [id_no, phone, address, note, card] = values(n);
            format!("某{n},{id_no},{phone},99,99,{address},121.4,31.2,,,,否,否,否,,{note},{card}")
        };
        let rows: Vec<String> = (0..IMPORTED).map(row).collect();
        // Every fault that such a file can have, with the values in it.
        let faulty: Vec<String> = rows.iter().map(|row| row.replace(",99,99,", ",1,99,").replace(",13812", ",1381")).collect();
        let mut replies = bring(&worker, &faulty, false);
        replies.extend(bring(&worker, &rows, true));
        world.wait(app::imports::job::go_on(&outside.app)).unwrap();
        assert_eq!(worker.get("/v1/seniors?limit=200").expect(200).body["items"].as_array().unwrap().len(), IMPORTED as usize);
        for n in IMPORTED..IMPORTED + TYPED {
            replies.extend(typed(&worker, &auditor, n));
        }
        let mut all: Vec<String> = (0..IMPORTED + TYPED).flat_map(values).collect();
        assert_eq!(all.len(), 1000);

        let code_phone = "13899990000";
        let _ = outside.client(None).post("/v1/phone-codes", &json!({"phone": code_phone})).expect(201);
        all.extend([code_phone.to_owned(), outside.sms.received().last().unwrap().text.clone()]);
        let phone = domain::person::phone::Phone::parse("13899991111").unwrap();
        let mail = |tx: &mut store::Tx<'_>| app::jobs::enqueue_mail(tx, "canary@example.com", "金丝雀主题", "金丝雀正文");
        world.wait(world.write(move |tx| app::jobs::enqueue_sms(tx, &phone, "金丝雀短信").and(mail(tx)).map(drop)));
        all.extend(["13899991111", "金丝雀短信", "canary@example.com", "金丝雀主题", "金丝雀正文"].map(str::to_owned));

        let canaries = Canaries::of(all);
        for reply in &replies {
            canaries.absent_from("an answer", reply.text.as_bytes());
        }
        let kept = kept(world);
        for (path, bytes) in &kept {
            canaries.absent_from(&path.display().to_string(), bytes);
        }
        assert!(kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 500_000, "the database and its log were read");
        while world.wait(app::jobs::run_due(&outside.app, &outside.app.ports, domain::time::Clock::now(&*world.clock))).unwrap() > 0 {}
        let log = log.0.lock().unwrap().clone();
        assert!(log.len() > 1000, "the log was read");
        canaries.absent_from("the log", &log);
    }
}
