//! Seniors: masked, dated, versioned; the clear with a reason.

use super::{add_places, audit_break, place, serve};
use domain::access::Role;
use serde_json::json;
use testkit::both_databases;
use testkit::fixtures::citizen_id;
use testkit::http::Client;

both_databases! {
    /// What is personal is masked; the clear takes the right, a reason, and leaves a record.
    fn a_senior_is_masked_and_a_reveal_is_on_record(world) {
        world.wait(add_places(world, &["99", "9901", "990101", "990101001"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("990101001"), None));
        let auditor = world.wait(world.add_staff(Role::Auditor, &place("9901"), None));
        let server = serve(&world.app);
        let client = |token: &str| Client::new(server.base(), Some(token));
        let (worker, auditor) = (client(&worker.token), client(&auditor.token));
        let id_no = citizen_id((1941, 3, 15), 3);
        let body = json!({
            "name": "张桂兰", "identity_number": id_no, "registered_place": "990101001", "resident_place": "990101001",
            "phone": "138-0000-1234", "card": "NY00012345", "health_note": "糖尿病",
            "address": {"detail": "暖阳路18号", "point": {"longitude": 121.4, "latitude": 31.2, "datum": "gcj02"}},
            "diet": {"allergens": ["peanut"], "avoid": ["香菜"], "low_salt": true},
        });
        let made = worker.post_with_key("/v1/seniors", "key-of-a-senior", &body).expect(201);
        assert_eq!(worker.post_with_key("/v1/seniors", "key-of-a-senior", &body).expect(201).body["id"], made.body["id"]);
        assert_eq!(worker.post("/v1/seniors", &body).expect(409).body["why"], "identity_taken");
        let id = made.body["id"].as_str().unwrap();
        let seen = auditor.get(&format!("/v1/seniors/{id}")).expect(200);
        assert_eq!((seen.body["name"].as_str(), seen.body["phone"].as_str()), (Some("张*"), Some("138****1234")));
        assert_eq!(seen.body["identity_number"].as_str().unwrap(), format!("990***********{}", &id_no[14..]));
        assert_eq!((seen.body["birth_on"].as_str(), seen.body["address"].as_str()), (Some("1941-03-15"), Some("placed")));
        assert_eq!(worker.get(&format!("/v1/seniors/{id}")).expect(200).body["name"], "张桂兰");
        let ask = json!({"fields": ["phone", "address"], "reason": "电话核实"});
        assert_eq!(auditor.post(&format!("/v1/seniors/{id}/reveals"), &ask).expect(403).code(), "forbidden");
        let no_reason = json!({"fields": ["phone"], "reason": " "});
        assert_eq!(worker.post(&format!("/v1/seniors/{id}/reveals"), &no_reason).expect(422).code(), "invalid");
        let shown = worker.post(&format!("/v1/seniors/{id}/reveals"), &ask).expect(200);
        assert_eq!(shown.body["phone"], "13800001234");
        // GCJ-02 lies some 500 m off in Shanghai: what is stored is WGS-84.
        let east = shown.body["address"]["longitude_e7"].as_i64().unwrap();
        assert!((1_213_900_000..1_213_990_000).contains(&east), "{east}");
        assert!(shown.body["identity_number"].is_null());
        let log = auditor.get(&format!("/v1/audit?action=revealed&subject={id}")).expect(200);
        assert_eq!(log.body["items"][0]["detail"], json!({"fields": ["phone", "address"], "reason": "电话核实"}));
        for search in [json!({"identity_number": id_no}), json!({"phone": "13800001234"}), json!({"card": "NY00012345"})] {
            assert_eq!(worker.post("/v1/senior-searches", &search).expect(200).body[0]["id"].as_str(), Some(id), "{search}");
        }
        assert_eq!(world.wait(audit_break(&world.app)), None);
    }
}

both_databases! {
    /// A number that was typed wrong is corrected: the right one tells the birth date, and the senior is found by it alone.
    fn a_corrected_identity_number_is_the_one_that_counts(world) {
        world.wait(add_places(world, &["99", "9901", "990101", "990101001"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("990101001"), None));
        let server = serve(&world.app);
        let worker = Client::new(server.base(), Some(&worker.token));
        let (wrong, right) = (citizen_id((1941, 3, 15), 3), citizen_id((1943, 5, 6), 7));
        let body = json!({"name": "张桂兰", "identity_number": wrong, "registered_place": "990101001", "resident_place": "990101001"});
        let made = worker.post("/v1/seniors", &body).expect(201);
        let path = format!("/v1/seniors/{}", made.body["id"].as_str().unwrap());
        let etag = worker.get(&path).expect(200).etag.unwrap();
        let _ = worker.patch(&path, &etag, &json!({"identity_number": right})).expect(200);
        assert_eq!(worker.get(&path).expect(200).body["birth_on"], "1943-05-06");
        let found = |number: &str| {
            let search = json!({"identity_number": number});
            worker.post("/v1/senior-searches", &search).expect(200).body.as_array().unwrap().len()
        };
        assert_eq!((found(&right), found(&wrong)), (1, 0));
    }
}

both_databases! {
    /// Every fault of an input is told at once and none of them repeats what was sent.
    fn all_faults_at_once_and_nothing_is_repeated(world) {
        world.wait(add_places(world, &["99"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("99"), None));
        let server = serve(&world.app);
        let worker = Client::new(server.base(), Some(&worker.token));
        let body = json!({"name": "", "identity_number": "990101194103150000", "registered_place": "x", "resident_place": "99", "phone": "4242424242"});
        let reply = worker.post("/v1/seniors", &body).expect(422);
        let places: Vec<&str> = reply.body["faults"].as_array().unwrap().iter().filter_map(|f| f["place"].as_str()).collect();
        assert_eq!(places, ["/name", "/identity_number", "/registered_place", "/phone"]);
        assert!(!reply.text.contains("4242424242") && !reply.text.contains("990101194103150000"), "{}", reply.text);
        let wrong_type = worker.post("/v1/seniors", &json!({"name": 13_800_001_234_i64})).expect(400);
        assert!(!wrong_type.text.contains("13800001234"), "{}", wrong_type.text);
    }
}

both_databases! {
    /// An edit needs the version that was read; a change by another is not overwritten; moving takes the right at both ends.
    fn an_edit_is_against_the_version_that_was_read(world) {
        world.wait(add_places(world, &["99", "9901", "990101", "990101001", "990101002"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("990101001"), None));
        let senior = world.wait(world.add_senior("李秀英", &place("990101001"), (1944, 1, 1)));
        let server = serve(&world.app);
        let worker = Client::new(server.base(), Some(&worker.token));
        let path = format!("/v1/seniors/{}", senior.id);
        let etag = worker.get(&path).expect(200).etag.unwrap();
        let paused = json!({"pause": {"from": "2026-12-01", "to": "2026-12-05"}});
        let changed = worker.patch(&path, &etag, &paused).expect(200);
        assert_eq!((changed.body["paused_to"].as_str(), changed.body["phone"].is_null()), (Some("2026-12-05"), false));
        assert_eq!(worker.patch(&path, &etag, &json!({"phone": null})).expect(412).code(), "stale");
        let none = worker.try_send("PATCH", &path, &[("Content-Type", "application/json")], Some(b"{}")).unwrap();
        assert_eq!(none.expect(428).code(), "version_missing");
        let etag = changed.etag.unwrap();
        assert_eq!(worker.patch(&path, &etag, &json!({"resident_place": "990101002"})).expect(404).body["what"], "place");
        let cleared = worker.patch(&path, &etag, &json!({"phone": null, "pause": null})).expect(200);
        assert!(cleared.body["phone"].is_null() && cleared.body["paused_from"].is_null());
    }
}

both_databases! {
    /// A fact is added with its source and ended; nothing of it is overwritten.
    fn facts_are_added_and_ended_never_overwritten(world) {
        world.wait(add_places(world, &["99"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("99"), None));
        let senior = world.wait(world.add_senior("李秀英", &place("99"), (1944, 1, 1)));
        let server = serve(&world.app);
        let worker = Client::new(server.base(), Some(&worker.token));
        let path = format!("/v1/seniors/{}", senior.id);
        let fact = json!({"kind": "economic_class", "value": "dibao", "valid_from": "2026-01-01", "source": "低保名册"});
        let bad = json!({"kind": "economic_class", "value": "rich", "valid_from": "2026-01-01", "source": "低保名册"});
        assert_eq!(worker.post(&format!("{path}/facts"), &bad).expect(422).body["faults"][0]["code"], "bad_fact_value");
        let id = worker.post(&format!("{path}/facts"), &fact).expect(201).body["id"].as_str().unwrap().to_owned();
        assert_eq!(worker.post(&format!("{path}/facts"), &fact).expect(409).body["why"], "fact_known");
        let end = |day: &str| worker.post(&format!("{path}/facts/{id}/end"), &json!({"last_day": day}));
        assert_eq!(end("2025-12-31").expect(409).body["why"], "fact_ended");
        let _ = end("2026-06-30").expect(204);
        assert_eq!(end("2026-07-31").expect(409).body["why"], "fact_ended");
        let facts = worker.get(&path).expect(200).body["facts"].clone();
        assert_eq!((facts[0]["valid_from"].as_str(), facts[0]["valid_to"].as_str()), (Some("2026-01-01"), Some("2026-06-30")));
    }
}

both_databases! {
    /// The list pages without losing or repeating anybody, and filters by place and by the beginning of the name.
    fn the_list_pages_and_filters(world) {
        world.wait(add_places(world, &["99", "990101", "990101001", "990101002"]));
        let worker = world.wait(world.add_staff(Role::Worker, &place("990101"), None));
        for (name, home) in [("张一", "990101001"), ("张二", "990101002"), ("李三", "990101001"), ("百%分", "990101001")] {
            world.wait(world.add_senior(name, &place(home), (1944, 1, 1)));
        }
        let server = serve(&world.app);
        let worker = Client::new(server.base(), Some(&worker.token));
        let names = |query: &str| -> Vec<String> {
            let reply = worker.get(&format!("/v1/seniors?{query}")).expect(200);
            reply.body["items"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("name=%E5%BC%A0"), ["张一", "张二"]);
        assert_eq!(names("name=%25"), Vec::<String>::new(), "a percent sign is itself");
        assert_eq!(names("place=990101002"), ["张二"]);
        assert_eq!(names("place=9902"), Vec::<String>::new());
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let reply = worker.get(&format!("/v1/seniors?limit=3{cursor}")).expect(200);
            all.extend(reply.body["items"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap().to_owned()));
            let Some(next) = reply.body["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(all, ["张一", "张二", "李三", "百%分"]);
    }
}
