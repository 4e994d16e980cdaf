//! Canteens, dishes and menus changed by hand.

use super::serve;
use domain::access::Role;
use serde_json::{Value, json};
use testkit::http::{Client, Reply};
use testkit::{Street, both_databases};

fn canteen(code: &str, place: &str) -> Value {
    json!({
        "code": code, "name": "新食堂", "kind": "own_kitchen", "place": place, "address": "暖阳路9号", "phone": "02155501234",
        "licence_no": "JY29901010000099", "licence_expires_on": "2029-12-31", "longitude": 121.4701234, "latitude": 31.2304567,
        "delivery_radius_m": 1500, "delivery_fee_fen": 200,
        "delivery_area": [[121.47, 31.23], [121.48, 31.23], [121.48, 31.24]],
        "meals": [{"meal": "lunch", "serve_from": "11:00", "serve_to": "12:30", "cut_off_days_before": 0, "cut_off": "09:30"}],
    })
}

fn dish(code: &str, price_fen: i64) -> Value {
    json!({
        "code": code, "name": "清蒸鲈鱼", "station": "hot", "price_fen": price_fen, "textures": ["regular", "soft"], "marks": [],
        "nutrition": {"energy_kcal_tenths": 1500, "protein_mg": 20_000, "fat_mg": 5_000, "carbohydrate_mg": 1_000, "sodium_mg": 300},
        "ingredients": [{"name": "鲈鱼", "amount_mg": 150_000, "allergens": ["fish"]}, {"name": "葱", "amount_mg": 5_000}],
    })
}

fn put(client: &Client, path: &str, version: Option<i64>, body: &Value) -> Reply {
    let (tag, body) = (version.map(|v| format!("\"{v}\"")), serde_json::to_vec(body).unwrap());
    let mut headers = vec![("Content-Type", "application/json")];
    if let Some(tag) = &tag {
        headers.push(("If-Match", tag));
    }
    client.try_send("PUT", path, &headers, Some(&body)).unwrap()
}

both_databases! {
    fn a_canteen_is_made_and_changed_where_one_edits_the_catalogue_and_nowhere_else(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let (admin, manager) = (to(Role::Admin), to(Role::CanteenManager));
        let made = admin.post("/v1/canteens", &canteen("NEW1", "990101001001")).expect(201);
        assert_eq!((made.etag.as_deref(), made.body["lon_e7"].as_i64()), (Some("\"1\""), Some(1_214_701_234)));
        assert_eq!(made.body["meals"][0]["cut_off"], "09:30");
        assert_eq!(admin.post("/v1/canteens", &canteen("NEW1", "990101001001")).expect(409).code(), "conflict");
        let elsewhere = manager.post("/v1/canteens", &canteen("NEW2", "990101001001")).expect(422);
        assert_eq!(elsewhere.body["faults"][0]["code"], "out_of_scope", "a manager edits the own canteen");
        let _ = to(Role::Worker).post("/v1/canteens", &canteen("NEW3", "990101001001")).expect(403);
        let path = format!("/v1/canteens/{}", made.body["id"].as_str().unwrap());
        let mut body = canteen("ANOTHER", "990101001002");
        (body["name"], body["state"]) = (json!("改名食堂"), json!("closed"));
        let changed = put(&admin, &path, Some(1), &body).expect(200);
        assert_eq!((changed.body["name"].as_str(), changed.body["state"].as_str()), (Some("改名食堂"), Some("closed")));
        assert_eq!(changed.body["code"], "NEW1", "a code stays: files refer to it");
        let version = changed.body["version"].as_i64().unwrap();
        assert_eq!(put(&admin, &path, Some(1), &body).expect(412).body["version"], version);
        let _ = put(&admin, &path, None, &body).expect(428);
        let _ = put(&manager, &path, Some(version), &body).expect(403);
        body["meals"][0]["serve_to"] = json!("10:00");
        body["licence_no"] = json!("JY1");
        let faults = put(&admin, &path, Some(version), &body).expect(422).body["faults"].clone();
        let places: Vec<&str> = faults.as_array().unwrap().iter().map(|f| f["place"].as_str().unwrap()).collect();
        assert!(places.contains(&"/lunch") && places.contains(&"/licence_no"), "every fault at once: {faults}");
        assert_eq!(admin.get(&path).expect(200).body["version"], version, "a refused change changes nothing");
    }

    fn a_changed_price_applies_to_later_orders_and_portions_never_fall_below_what_is_sold(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let (admin, worker) = (to(Role::Admin), to(Role::Worker));
        let made = admin.post("/v1/dishes", &dish("FISH", 1800)).expect(201);
        assert_eq!((made.body["allergens"].clone(), made.body["ingredients"].as_array().unwrap().len()), (json!(["fish"]), 2));
        let path = format!("/v1/dishes/{}", made.body["id"].as_str().unwrap());
        assert_eq!(put(&admin, &path, Some(1), &dish("FISH", 2000)).expect(200).body["price_fen"], 2000);
        assert_eq!(put(&admin, &path, Some(1), &dish("FISH", 2100)).expect(412).code(), "stale");
        let place = admin.post("/v1/canteens", &canteen("NEW1", "990101001001")).expect(201);
        let date = world.today().plus_days(1).to_string();
        let menu = format!("/v1/canteens/{}/menus/{date}/lunch", place.body["id"].as_str().unwrap());
        let items = |price_fen: i64, portions: u32| json!({"items": [{"dish": "FISH", "price_fen": price_fen, "portions": portions}]});
        let first = put(&admin, &menu, None, &items(1900, 10)).expect(200).body;
        let _ = put(&admin, &menu, None, &items(1900, 10)).expect(409);
        let order = json!({
            "sitting": first["sitting"]["id"], "senior": street.senior.id, "channel": "dine_in",
            "lines": [{"menu_item": first["items"][0]["id"], "quantity": 2}],
        });
        let early = worker.post("/v1/orders", &order).expect(201).body;
        let version = first["sitting"]["version"].as_i64();
        let second = put(&admin, &menu, version, &items(2500, 10)).expect(200).body;
        assert_eq!((second["items"][0]["price_fen"].as_i64(), second["items"][0]["portions_left"].as_i64()), (Some(2500), Some(8)));
        let _ = put(&admin, &menu, version, &items(2600, 10)).expect(412);
        let version = second["sitting"]["version"].as_i64();
        let refused = put(&admin, &menu, version, &items(2500, 1)).expect(422);
        assert_eq!((refused.body["faults"][0]["code"].as_str(), refused.body["faults"][0]["place"].as_str()), (Some("below_sold"), Some("/items/0/portions")));
        let still = worker.get(&format!("/v1/orders/{}", early["id"].as_str().unwrap())).expect(200).body;
        assert_eq!(still["totals"], early["totals"], "an order keeps what it was placed at");
        assert_eq!(early["totals"]["price_fen"], 3800);
    }

    fn a_dish_is_changed_by_who_answers_for_whoever_may_cook_it(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let (admin, manager) = (to(Role::Admin), to(Role::CanteenManager));
        let path = |dish: &Reply| format!("/v1/dishes/{}", dish.body["id"].as_str().unwrap());
        let own = manager.post("/v1/dishes", &dish("OWN", 1500)).expect(201);
        assert_eq!(own.body["home"]["canteen"], json!(street.canteen), "a manager's dish is the canteen's");
        let shared = admin.post("/v1/dishes", &dish("SHARED", 1800)).expect(201);
        assert!(shared.body["home"]["place"].is_string(), "an administrator's is the place's: {}", shared.body);
        assert_eq!(put(&manager, &path(&own), Some(1), &dish("OWN", 1600)).expect(200).body["price_fen"], 1600);
        assert_eq!(put(&admin, &path(&own), Some(2), &dish("OWN", 1700)).expect(200).body["price_fen"], 1700);
        assert_eq!(put(&manager, &path(&shared), Some(1), &dish("SHARED", 1)).expect(403).code(), "forbidden");
        let everyones = format!("/v1/dishes/{}", street.dishes[0]);
        assert_eq!(put(&manager, &everyones, Some(1), &dish("X", 1)).expect(403).code(), "forbidden", "everyone's");
        let mut sly = dish("SLY", 900);
        sly["ingredients"][0]["allergens"] = json!([]);
        let refused = manager.post("/v1/dishes", &sly).expect(422);
        assert_eq!(refused.body["faults"][0]["code"], "out_of_scope", "what an ingredient of others carries");
        let mut next_door = dish("NEXT", 1200);
        next_door["home"] = json!({"canteen": street.neighbour});
        let _ = admin.post("/v1/dishes", &next_door).expect(201);
        let place = admin.post("/v1/canteens", &canteen("NEW1", "990101001001")).expect(201);
        let menu = format!("/v1/canteens/{}/menus/{}/lunch", place.body["id"].as_str().unwrap(), world.today().plus_days(1));
        let items = |code: &str| json!({"items": [{"dish": code, "price_fen": 1200, "portions": 10}]});
        assert_eq!(put(&admin, &menu, None, &items("NEXT")).expect(422).body["faults"][0]["code"], "not_served_here");
        let _ = put(&admin, &menu, None, &items("SHARED")).expect(200);
    }

    fn a_meal_is_called_off_and_a_dish_that_runs_out_is_told_to_the_kitchen(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let (manager, worker) = (to(Role::CanteenManager), to(Role::Worker));
        let path = format!("/v1/sittings/{}", street.tomorrow.sitting);
        let stop = |stopped: bool| json!({"stopped": [{"dish": street.dishes[0], "stopped": stopped}]});
        let events = || {
            let canteen = street.canteen;
            let log = world.wait(app::kitchen::follow::after(&world.app, canteen, 0, 100)).unwrap();
            log.iter().filter(|logged| format!("{logged:?}").contains("Stopped {")).count()
        };
        let stopped = manager.patch(&path, "\"1\"", &stop(true)).expect(200);
        assert_eq!((stopped.body["items"][0]["stopped"].as_bool(), events()), (Some(true), 1));
        let _ = manager.patch(&path, "\"1\"", &stop(false)).expect(412);
        let closed = manager.patch(&path, &stopped.etag.unwrap(), &json!({"state": "closed"})).expect(200);
        assert_eq!(closed.body["orderable"], false);
        let _ = worker.post("/v1/orders", &Street::order(&street.tomorrow, 1, Some(street.senior.id))).expect(422);
        let open = manager.patch(&path, &closed.etag.unwrap(), &json!({"state": "open"})).expect(200);
        let _ = worker.post("/v1/orders", &Street::order(&street.tomorrow, 1, Some(street.senior.id))).expect(201);
        let tag = open.etag.unwrap();
        let _ = to(Role::Cook).patch(&path, &tag, &json!({"state": "closed"})).expect(403);
        let _ = manager.patch(&format!("/v1/sittings/{}", street.lunch_elsewhere.sitting), "\"1\"", &json!({"state": "closed"})).expect(403);
    }
}
