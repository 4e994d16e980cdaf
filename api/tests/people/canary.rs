//! Canaries: personal values planted through the API are found nowhere they must not be.

use super::{Outside, add_places, place};
use domain::access::Role;
use serde_json::json;
use testkit::Engine;
use testkit::fixtures::citizen_id;

/// Values planted: a number of each kind that the release test repeats with 1,000.
const PLANTED: u32 = 40;

/// On SQLite, because the whole database is files that can be read byte by byte; the columns are the same on PostgreSQL.
#[test]
fn planted_values_are_neither_in_the_files_nor_in_the_answers_of_errors() {
    let world = testkit::World::new(Engine::Sqlite);
    world.wait(add_places(&world, &["99"]));
    let worker = world.wait(world.add_staff(Role::Worker, &place("99"), None));
    let auditor = world.wait(world.add_staff(Role::Auditor, &place("99"), None));
    let outside = Outside::of(&world);
    let (worker, auditor) = (outside.client(Some(&worker.token)), outside.client(Some(&auditor.token)));
    let mut canaries: Vec<String> = Vec::new();
    for n in 0..PLANTED {
        let (id_no, phone) = (citizen_id((1940 + n as i32 % 20, 3, 15), n), format!("1381234{n:04}"));
        let (address, note, card) = (format!("金丝雀路{n:04}号"), format!("金丝雀病{n:04}"), format!("CANARY{n:05}"));
        let body = json!({
            "name": format!("某{n}"), "identity_number": id_no, "registered_place": "99", "resident_place": "99", "phone": phone, "card": card,
            "health_note": note, "address": {"detail": address, "point": {"longitude": 121.4, "latitude": 31.2, "datum": "wgs84"}},
        });
        let made = worker.post("/v1/seniors", &body).expect(201);
        let again = worker.post("/v1/seniors", &body).expect(409);
        let broken = worker.post("/v1/seniors", &json!({"name": "某", "identity_number": format!("{id_no}0"), "registered_place": phone, "resident_place": "99", "phone": format!("{phone}0")})).expect(422);
        let mistyped = worker.post("/v1/seniors", &json!({"name": phone.parse::<i64>().unwrap()})).expect(400);
        let id = made.body["id"].as_str().unwrap();
        let _ = worker
            .post(&format!("/v1/seniors/{id}/reveals"), &json!({"fields": ["phone", "address"], "reason": "核实"}))
            .expect(200);
        let seen = auditor.get(&format!("/v1/seniors/{id}")).expect(200);
        let log = auditor.get("/v1/audit?limit=200").expect(200);
        for value in [&id_no, &phone, &address, &note, &card] {
            for reply in [&again, &broken, &mistyped, &seen, &log, &made] {
                assert!(!reply.text.contains(value.as_str()), "{value} in {}", reply.text);
            }
        }
        canaries.extend([id_no, phone, address, note, card]);
    }
    let code_phone = "13899990000";
    let _ = outside.client(None).post("/v1/phone-codes", &json!({"phone": code_phone})).expect(201);
    let text = outside.sms.received().last().unwrap().text.clone();
    canaries.push(code_phone.to_owned());
    let phone = domain::person::phone::Phone::parse("13899991111").unwrap();
    world.wait(world.write(move |tx| app::jobs::enqueue_sms(tx, &phone, "金丝雀短信").map(drop)));
    canaries.extend(["13899991111".to_owned(), "金丝雀短信".to_owned(), text]);
    let mut looked = 0;
    for entry in std::fs::read_dir(world.database.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        looked += bytes.len();
        for canary in &canaries {
            let needle = canary.as_bytes();
            assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{canary} is in a file of the database");
        }
    }
    assert!(looked > 100_000, "the database and its log were read: {looked} bytes");
    world.wait(app::jobs::run_due(&outside.app, &outside.app.ports, domain::time::Clock::now(&*world.clock))).unwrap();
    drop(outside);
    world.finish();
}
