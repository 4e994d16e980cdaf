//! Files over HTTP: brought, judged, applied by the worker, exported again.

use super::serve;
use app::imports::job;
use domain::access::Role;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::both_databases;
use testkit::fixtures::citizen_id;
use testkit::http::{Client, Reply};

pub(super) const HEADER: &str =
    "姓名,身份证号,电话,户籍地代码,居住地代码,详细地址,经度,纬度,常用助餐点编号,过敏原,忌口,清真,低盐,低糖,质地,健康备注,就餐卡号";

fn row(number: u32, place: &str) -> String {
    let id = citizen_id((1945, 5, 5), number);
    format!("老人{number},{id},199{number:08},{place},{place},暖阳路{number}号,,,,,,否,否,否,,,")
}

fn roster(rows: &[String]) -> String {
    format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"))
}

pub(super) fn bring(client: &Client, kind: &str, name: &str, body: &[u8]) -> Reply {
    bring_with_key(client, &testkit::http::fresh_key(), kind, name, body)
}

fn bring_with_key(client: &Client, key: &str, kind: &str, name: &str, body: &[u8]) -> Reply {
    let path = format!("/v1/imports?kind={kind}&file_name={name}");
    client.try_send("POST", &path, &[("Content-Type", "text/csv"), ("Idempotency-Key", key)], Some(body)).unwrap()
}

/// The import once it is judged.
pub(super) fn judged(client: &Client, brought: &Reply) -> Value {
    let path = format!("/v1/imports/{}", brought.body["id"].as_str().unwrap());
    let look = || Some(client.get(&path).expect(200).body).filter(|body| body["state"] != "validating");
    testkit::wait::until("the file is judged", Duration::from_secs(20), look)
}

fn numbers(view: &Value) -> [i64; 5] {
    ["rows", "faults", "added", "changed", "unchanged"].map(|name| view[name].as_i64().unwrap())
}

fn client(base: &str, token: &str) -> Client {
    Client::new(base, Some(token))
}

both_databases! {
    fn a_file_that_comes_again_under_its_key_is_the_same_import(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let worker = client(server.base(), street.token(Role::Worker));
        let (one, other) = (roster(&[row(701, "990101001001")]), roster(&[row(702, "990101001001")]));
        let without = worker.try_send("POST", "/v1/imports?kind=seniors&file_name=a.csv", &[], Some(one.as_bytes())).unwrap();
        assert_eq!(without.expect(400).code(), "idempotency_key_missing");
        let bring = |name: &str, body: &str| bring_with_key(&worker, "one-roster-please", "seniors", name, body.as_bytes());
        let first = bring("a.csv", &one).expect(202);
        let ready = judged(&worker, &first);
        let again = bring("a.csv", &one).expect(202);
        assert_eq!((&again.body["id"], &again.body["state"]), (&ready["id"], &ready["state"]), "the same one, as it stands");
        for (name, body) in [("b.csv", &one), ("a.csv", &other)] {
            assert_eq!(bring(name, body).expect(422).code(), "idempotency_key_reused", "{name}");
        }
        assert_eq!(worker.get("/v1/imports").expect(200).body["items"].as_array().unwrap().len(), 1);
    }

    fn a_file_is_judged_then_applied_and_the_same_file_again_changes_nothing(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let worker = client(server.base(), street.token(Role::Worker));
        let body = roster(&(700..760).map(|n| row(n, "990101001001")).collect::<Vec<_>>());
        let brought = bring(&worker, "seniors", "roster.csv", body.as_bytes()).expect(202);
        let ready = judged(&worker, &brought);
        assert_eq!((ready["state"].as_str(), numbers(&ready)), (Some("ready"), [60, 0, 60, 0, 0]), "{ready}");
        assert_eq!(worker.get("/v1/seniors?limit=200").expect(200).body["items"].as_array().unwrap().len(), 3, "a dry run");
        let path = format!("/v1/imports/{}", ready["id"].as_str().unwrap());
        for _ in 0..2 {
            assert_eq!(worker.post(&format!("{path}/apply"), &json!({})).expect(202).body["state"], "applying");
        }
        assert_eq!(world.wait(job::go_on(&world.app)).unwrap().ended, 1);
        let done = worker.get(&path).expect(200).body;
        assert_eq!((done["state"].as_str(), done["rows_done"].as_i64(), numbers(&done)), (Some("done"), Some(60), [60, 0, 60, 0, 0]));
        assert_eq!(worker.post(&format!("{path}/apply"), &json!({})).expect(202).body["state"], "done");
        assert_eq!(worker.get("/v1/seniors?limit=200").expect(200).body["items"].as_array().unwrap().len(), 63);
        let again = judged(&worker, &bring(&worker, "seniors", "roster.csv", body.as_bytes()).expect(202));
        assert_eq!((again["changes_nothing"].as_bool(), numbers(&again)), (Some(true), [60, 0, 0, 0, 60]), "{again}");
        let exported = worker.get("/v1/exports/seniors?reveal_for=%E6%A0%B8%E5%AF%B9%E5%90%8D%E5%86%8C").expect(200).text;
        let back = judged(&worker, &bring(&worker, "seniors", "export.csv", exported.as_bytes()).expect(202));
        assert_eq!((back["changes_nothing"].as_bool(), back["rows"].as_i64()), (Some(true), Some(63)), "{back}");
        assert_eq!(worker.get("/v1/imports?limit=2").expect(200).body["items"].as_array().unwrap().len(), 2);
    }

    fn every_fault_is_told_with_row_column_cause_and_cure_and_nothing_goes_in(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let worker = client(server.base(), street.token(Role::Worker));
        let mut rows: Vec<String> = (800..805).map(|n| row(n, "990101001001")).collect();
        rows.push(row(805, "990201001001"));
        rows.push(row(806, "990101001001").replace("199", "abc"));
        let faulty = judged(&worker, &bring(&worker, "seniors", "roster.csv", roster(&rows).as_bytes()).expect(202));
        assert_eq!((faulty["state"].as_str(), faulty["faults"].as_i64()), (Some("faulty"), Some(2)), "{faulty}");
        let path = format!("/v1/imports/{}", faulty["id"].as_str().unwrap());
        let mut told = Vec::new();
        let mut page = worker.get(&format!("{path}/faults?limit=1")).expect(200).body;
        loop {
            let fault = &page["items"][0];
            for text in ["message", "message_en"] {
                assert!(fault[text].as_str().is_some_and(|t| !t.is_empty()), "{fault}");
            }
            told.push((fault["row"].as_i64().unwrap(), fault["column"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str().map(str::to_owned) else { break };
            page = worker.get(&format!("{path}/faults?limit=1&cursor={next}")).expect(200).body;
        }
        told.sort();
        assert_eq!(told, [(7, "resident_place".to_owned()), (8, "phone".to_owned())]);
        assert_eq!(worker.post(&format!("{path}/apply"), &json!({})).expect(409).code(), "import_refused");
        assert_eq!(world.wait(job::go_on(&world.app)).unwrap(), job::Turn::default());
        assert_eq!(worker.get("/v1/seniors?limit=200").expect(200).body["items"].as_array().unwrap().len(), 3);
    }

    fn who_may_not_and_what_is_no_file_are_refused(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| client(server.base(), street.token(role));
        let body = roster(&[row(900, "990101001001")]);
        for (role, kind, status) in [
            (Role::Cook, "seniors", 403),
            (Role::Worker, "dishes", 403),
            (Role::CanteenManager, "seniors", 403),
            (Role::Worker, "seniors", 202),
        ] {
            let _ = bring(&to(role), kind, "a.csv", body.as_bytes()).expect(status);
        }
        let worker = to(Role::Worker);
        for (query, status) in [("kind=seniors&file_name=a.pdf", 422), ("kind=cats&file_name=a.csv", 400), ("kind=seniors", 400)] {
            let key = testkit::http::fresh_key();
            let headers = [("Idempotency-Key", key.as_str())];
            let reply = worker.try_send("POST", &format!("/v1/imports?{query}"), &headers, Some(body.as_bytes())).unwrap();
            assert_eq!(reply.status, status, "{query}: {}", reply.text);
        }
        let own = worker.get("/v1/imports").expect(200).body["items"][0]["id"].as_str().unwrap().to_owned();
        let officer = to(Role::Officer);
        for path in [format!("/v1/imports/{own}"), format!("/v1/imports/{own}/faults"), "/v1/imports/imp_x".to_owned()] {
            let _ = officer.get(&path).expect(404);
        }
        let _ = officer.post(&format!("/v1/imports/{own}/apply"), &json!({})).expect(404);
        for (path, status) in [
            ("/v1/exports/cats", 404),
            ("/v1/exports/orders", 422),
            ("/v1/exports/orders?from=2026-11-23&to=2026-11-24", 200),
            ("/v1/exports/seniors?reveal_for=x", 422),
            ("/v1/exports/orders?from=2026-11-23&to=2026-11-24&format=xlsx", 422),
        ] {
            let _ = officer.get(path).expect(status);
        }
        let _ = to(Role::Cook).get("/v1/exports/seniors").expect(403);
    }

    /// A file dies with the process that judges it; whoever brought it is told, and what waited too long is forgotten.
    fn a_file_whose_process_died_is_told_to_be_brought_again(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let worker = client(server.base(), street.token(Role::Worker));
        let user = world.wait(world.actor(street.token(Role::Worker))).user;
        let kind = app::tabular::TableKind::Seniors;
        let wanted = app::imports::stage::Wanted { kind, file_name: "a.csv".into(), made_by: user, reach: app::imports::Reach::Everywhere };
        let begun = world.wait(app::imports::stage::begin(&world.app, wanted)).unwrap();
        assert_eq!(world.wait(job::go_on(&world.app)).unwrap().lost, 0, "its judge may be alive");
        world.clock.advance_seconds(130);
        assert_eq!(world.wait(job::go_on(&world.app)).unwrap().lost, 1);
        let lost = worker.get(&format!("/v1/imports/{}", begun.id.0)).expect(200).body;
        assert_eq!(lost["state"], "failed");
        assert!(lost["cause"].as_str().unwrap().contains("重新上传"), "{lost}");
        let kept = judged(&worker, &bring(&worker, "seniors", "a.csv", roster(&[row(901, "990101001001")]).as_bytes()).expect(202));
        world.clock.advance_seconds(8 * 86_400);
        assert_eq!(world.wait(job::go_on(&world.app)).unwrap().expired, 1);
        assert_eq!(worker.get(&format!("/v1/imports/{}", kept["id"].as_str().unwrap())).expect(200).body["state"], "failed");
    }

    fn a_file_above_the_limit_is_refused_while_it_comes(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let worker = client(server.base(), street.token(Role::Worker));
        let body = vec![b'x'; (64 << 20) + 1];
        // The server answers and closes before all of it is sent, which the client may see as either.
        let sent = worker.try_send("POST", "/v1/imports?kind=seniors&file_name=a.csv", &[("Idempotency-Key", "too-large-0001")], Some(&body));
        assert!(sent.as_ref().map_or(true, |reply| reply.status == 413), "{:?}", sent.map(|r| r.text));
        assert_eq!(worker.get("/v1/imports").expect(200).body["items"].as_array().unwrap().len(), 0);
    }
}
