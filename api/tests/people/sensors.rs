//! A gateway of a kitchen's thermometers over HTTP: paired by a code, it sends what it has, and nobody else does.

use super::serve;
use domain::access::Role;
use domain::time::Clock;
use serde_json::{Value, json};
use testkit::http::Client;
use testkit::{Engine, World};

#[test]
fn a_paired_gateway_sends_as_many_readings_as_are_documented_and_what_it_sent_is_seen() {
    for engine in Engine::BOTH {
        let world = World::new(engine);
        {
            let street = world.wait(world.street());
            let server = serve(&world.app);
            let manager = Client::new(server.base(), Some(street.token(Role::CanteenManager)));
            let places = format!("/v1/canteens/{}/storage-places", street.canteen);
            let fridge = manager.post(&places, &json!({"name": "一号冷藏柜", "kind": "chilled"})).expect(201).body["id"].clone();
            let pairing = json!({"kind": "sensor", "canteen": street.canteen, "name": "网关"});
            let code = manager.post("/v1/pairing-codes", &pairing).expect(201).body["code"].clone();
            let paired = Client::new(server.base(), None).post("/v1/devices", &json!({ "code": code })).expect(201);
            let gateway = Client::new(server.base(), Some(paired.body["token"].as_str().unwrap()));
            let now = world.clock.now();
            let reading = |n: i64| json!({"place": fridge, "at": now.plus_seconds(n - 1_000), "temperature_decicelsius": -125});
            let body = |count: i64| json!({"readings": (0..count).map(reading).collect::<Vec<Value>>()});
            let taken = gateway.post("/v1/sensor-readings", &body(1_000)).expect(200);
            assert_eq!((&taken.body["believed"], &taken.body["doubtful"]), (&json!(1_000), &json!([])));
            assert_eq!(gateway.post("/v1/sensor-readings", &body(1_001)).expect(422).code(), "invalid");
            let huge = json!({"readings": [{"place": fridge, "at": now, "temperature_decicelsius": 45}], "x": " ".repeat(300_000)});
            assert_eq!(gateway.post("/v1/sensor-readings", &huge).expect(413).code(), "too_large");
            assert_eq!(manager.post("/v1/sensor-readings", &body(1)).expect(403).code(), "forbidden");
            let seen = manager.get(&format!("/v1/storage-places/{}/temperatures", fridge.as_str().unwrap())).expect(200);
            assert_eq!(seen.body["day"]["lowest_decicelsius"], json!(-125));
            assert_eq!(seen.body["day"]["limit_low_decicelsius"], json!(0));
            let device = paired.body["device"].as_str().unwrap();
            let _ = manager.delete(&format!("/v1/devices/{device}")).expect(204);
            assert_eq!(gateway.post("/v1/sensor-readings", &body(1)).expect(401).code(), "sign_in_needed", "a revoked sensor");
        }
        world.finish();
    }
}
