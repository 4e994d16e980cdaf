//! At the door and at the counter: who goes where, what proves that a meal was served, and who sees where people live.

use super::serve;
use domain::access::Role;
use domain::time::Clock;
use serde_json::{Value, json};
use testkit::fixtures::Street;
use testkit::http::{Client, Reply, Server};
use testkit::{Person, World, both_databases};

/// A lunch with an order to deliver, and its plan once it is made.
struct Scene {
    street: Street,
    server: Server,
}

impl Scene {
    fn of(world: &World) -> Self {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        Self { street, server }
    }

    fn staff(&self, role: Role) -> Client {
        Client::new(self.server.base(), Some(self.street.token(role)))
    }

    fn user(&self, role: Role) -> Value {
        json!(self.street.staff.iter().find(|staff| staff.role == role).unwrap().user)
    }

    /// An order of a dish at today's lunch.
    fn order(&self, of: &Person, channel: &str, dish: usize) -> Value {
        let body = json!({"sitting": self.street.lunch.sitting, "senior": of.id, "channel": channel,
            "lines": [{"menu_item": self.street.lunch.items[dish], "quantity": 1}]});
        self.staff(Role::Worker).post("/v1/orders", &body).expect(201).body
    }

    fn plan(&self, couriers: &[Value]) -> Reply {
        let carrier = |(n, user): (usize, &Value)| json!({"name": format!("{n} 号"), "user": user, "mode": "e_bike", "boxes": 20, "from_minute": 600, "to_minute": 800, "max_trips": 3});
        let carriers: Vec<Value> = couriers.iter().enumerate().map(carrier).collect();
        let path = format!("/v1/sittings/{}/plans", self.street.lunch.sitting);
        self.staff(Role::CanteenManager).post(&path, &json!({"carriers": carriers, "steps": 100}))
    }

    /// The one stop of the courier's round.
    fn stop(&self) -> Value {
        let _ = self.plan(&[self.user(Role::Courier)]).expect(201);
        self.staff(Role::Courier).get("/v1/my-stops").expect(200).body["stops"][0].clone()
    }
}

/// Where the first fault of a refused body is.
fn at(reply: &Reply) -> &str {
    reply.body["faults"][0]["place"].as_str().unwrap_or_default()
}

both_databases! {
    /// Whoever is on a round sees addresses and phones, so only couriers of the canteen are put on one; nobody else, and nobody unknown.
    fn a_round_takes_couriers_of_the_canteen(world) {
        let scene = Scene::of(world);
        let _ = scene.order(&scene.street.senior, "delivery", 0);
        let beside = world.wait(world.add_staff(Role::Courier, &scene.street.place, Some(scene.street.neighbour)));
        let nobody = json!("usr_00000000000000000000000000000001");
        for stranger in [nobody, json!(beside.user), scene.user(Role::Hotline)] {
            let reply = scene.plan(&[scene.user(Role::Courier), stranger.clone()]).expect(422);
            assert_eq!((reply.code(), at(&reply)), ("invalid", "/carriers/1/user"), "{stranger}: {}", reply.text);
        }
        let _ = scene.plan(&[scene.user(Role::Courier)]).expect(201);
    }
}

both_databases! {
    /// A hand-over is evidence for money: by the code that belongs to the order, or by what is on paper; and it is not unsaid.
    fn a_hand_over_is_proved_and_not_unsaid(world) {
        let scene = Scene::of(world);
        let order = scene.order(&scene.street.senior, "delivery", 0)["id"].as_str().unwrap().to_owned();
        let stop = scene.stop()["id"].clone();
        let courier = scene.staff(Role::Courier);
        let record = |n: u8, seconds: i64, proof: Value| {
            let mut body = json!({"stop": stop, "outcome": "delivered", "happened_at": world.clock.now().plus_seconds(-seconds)});
            body.as_object_mut().unwrap().extend(proof.as_object().unwrap().clone());
            courier.put(&format!("/v1/stop-records/sev_{n:032x}"), &body)
        };
        assert_eq!(at(&record(1, 60, json!({})).expect(422)), "/method");
        assert_eq!(at(&record(1, 60, json!({"method": "delivery_code"})).expect(422)), "/code");
        let _ = record(1, 60, json!({"method": "card"})).expect(400);
        let code = scene.staff(Role::Worker).get(&format!("/v1/orders/{order}/code")).expect(200).body["text"].clone();
        let other = if code == "001-0000" { "001-1111" } else { "001-0000" };
        let wrong = record(1, 60, json!({"method": "delivery_code", "code": other})).expect(422);
        assert_eq!((wrong.code(), &wrong.body["cause"]), ("redemption_refused", &json!("wrong_code")));
        let path = format!("/v1/orders/{order}");
        let state = || scene.staff(Role::Worker).get(&path).expect(200).body["state"].clone();
        assert_eq!(state(), "confirmed", "nothing is served by a refused record");
        let _ = record(1, 60, json!({"method": "delivery_code", "code": code})).expect(200);
        assert_eq!(state(), "served");
        let unsaid = record(2, 30, json!({"outcome": "refused"})).expect(409);
        assert_eq!(unsaid.code(), "already_served");
        assert_eq!(record(3, 90, json!({"outcome": "no_answer"})).expect(200).body["outcome"], "delivered", "before the hand-over");
    }
}

both_databases! {
    /// Four digits are soon tried through, so after five wrong codes no code is a proof; a signature still is.
    fn delivery_codes_cannot_be_tried_through(world) {
        let scene = Scene::of(world);
        let order = scene.order(&scene.street.senior, "delivery", 0)["id"].as_str().unwrap().to_owned();
        let stop = scene.stop()["id"].clone();
        let code = scene.staff(Role::Worker).get(&format!("/v1/orders/{order}/code")).expect(200).body["text"].clone();
        let record = |n: u8, method: &str, code: Option<&Value>| {
            let at = world.clock.now();
            let mut body = json!({"stop": stop, "outcome": "delivered", "happened_at": at, "method": method});
            if let Some(code) = code {
                body["code"] = code.clone();
            }
            scene.staff(Role::Courier).put(&format!("/v1/stop-records/sev_{n:032x}"), &body)
        };
        let wrong = |n: u64| json!(format!("{}-{n:04}", code.as_str().unwrap().split_once('-').unwrap().0));
        let wrongs = (0..9999).map(wrong).filter(|text| *text != code);
        for (n, wrong) in (1..).zip(wrongs.take(5)) {
            assert_eq!(record(n, "delivery_code", Some(&wrong)).expect(422).body["cause"], "wrong_code", "try {n}");
        }
        assert_eq!(record(6, "delivery_code", Some(&code)).expect(422).body["cause"], "too_many_codes", "even the right one");
        assert_eq!(record(7, "signature", None).expect(200).body["outcome"], "delivered");
    }
}

both_databases! {
    /// A record at a door is whoever's who was there: the courier's, or a manager's who brings meals too; not an administrator's.
    fn who_sets_up_users_is_no_witness_of_a_door(world) {
        let scene = Scene::of(world);
        let _ = scene.order(&scene.street.senior, "delivery", 0);
        let stop = scene.stop()["id"].clone();
        let beside = world.wait(world.add_staff(Role::Courier, &scene.street.place, Some(scene.street.canteen)));
        let beside = Client::new(scene.server.base(), Some(&beside.token));
        let body = json!({"stop": stop, "outcome": "delivered", "method": "signature", "happened_at": world.clock.now()});
        let send = |by: &Client, n: u8| by.put(&format!("/v1/stop-records/sev_{n:032x}"), &body);
        let _ = send(&scene.staff(Role::Admin), 1).expect(404);
        let _ = send(&beside, 2).expect(404);
        let _ = send(&scene.staff(Role::CanteenManager), 3).expect(200);
    }
}

both_databases! {
    /// What a claim names as read was read: without a reading only what staff attest is evidence.
    fn what_is_read_needs_its_reading(world) {
        let scene = Scene::of(world);
        let order = scene.order(&scene.street.senior, "dine_in", 0)["id"].clone();
        let counter = scene.staff(Role::Counter);
        let redeem = |n: u8, method: &str| {
            let body = json!({"order": order, "method": method, "served_at": world.clock.now()});
            counter.put(&format!("/v1/redemptions/rdm_{n:032x}"), &body)
        };
        for method in ["card", "identity_card", "dynamic_qr", "order_code", "delivery_code"] {
            assert_eq!(at(&redeem(1, method).expect(422)), "/method", "{method}");
        }
        assert_eq!(redeem(1, "signature").expect(200).body["state"], "accepted");
    }
}

both_databases! {
    /// A card, an identity card, the code on the senior's phone and the code on the slip each serve one meal, once: the same reading
    /// again finds nothing left to serve.
    fn each_of_the_four_readings_serves_a_meal_once(world) {
        let scene = Scene::of(world);
        let person = &scene.street.senior;
        let counter = scene.staff(Role::Counter);
        let own = Client::new(scene.server.base(), Some(&person.token));
        let mut n = 0_u8;
        for kind in ["card", "identity_card", "dynamic_qr", "order_code"] {
            let order = scene.order(person, "dine_in", 1)["id"].as_str().unwrap().to_owned();
            let text = match kind {
                "card" => json!(person.card),
                "identity_card" => json!(person.id_no),
                "dynamic_qr" => own.get(&format!("/v1/seniors/{}/qr", person.id)).expect(200).body["text"].clone(),
                _ => own.get(&format!("/v1/orders/{order}/code")).expect(200).body["text"].clone(),
            };
            let mut redeem = || {
                n += 1;
                let reading = json!({"canteen": scene.street.canteen, "kind": kind, "text": text});
                counter.put(&format!("/v1/redemptions/rdm_{n:032x}"), &json!({"reading": reading, "served_at": world.clock.now()}))
            };
            let served = redeem().expect(200).body;
            assert_eq!((&served["state"], &served["order"]["id"]), (&json!("accepted"), &json!(order)), "{kind}");
            let again = redeem();
            assert_ne!(again.body["state"], "accepted", "{kind}: {}", again.text);
        }
        let served = scene.staff(Role::Worker).get(&format!("/v1/orders?senior={}&state=served", person.id)).expect(200);
        assert_eq!(served.body["items"].as_array().unwrap().len(), 4);
    }
}

both_databases! {
    /// A redemption whose answer was lost is sent again, and is answered as before although the card stands for another meal by now.
    fn a_redemption_sent_again_is_the_same_whatever_was_ordered_since(world) {
        let scene = Scene::of(world);
        let person = &scene.street.senior;
        let first = scene.order(person, "dine_in", 0)["id"].clone();
        let counter = scene.staff(Role::Counter);
        let served_at = world.clock.now();
        let redeem = |n: u8| {
            let reading = json!({"canteen": scene.street.canteen, "kind": "card", "text": person.card});
            let body = json!({"reading": reading, "served_at": served_at});
            counter.put(&format!("/v1/redemptions/rdm_{n:032x}"), &body)
        };
        assert_eq!(redeem(1).expect(200).body["order"]["id"], first);
        let second = scene.order(person, "dine_in", 1)["id"].clone();
        let again = redeem(1).expect(200);
        assert_eq!((&again.body["state"], &again.body["order"]["id"]), (&json!("accepted"), &first));
        assert_eq!(redeem(2).expect(200).body["order"]["id"], second, "another one is of the other order");
    }
}

both_databases! {
    /// A plan shows where people live to whoever brings the meals, while they are to be brought; and who looked is on record.
    fn a_plan_shows_doors_for_the_round_and_tells_who_looked(world) {
        let scene = Scene::of(world);
        let _ = scene.order(&scene.street.senior, "delivery", 0);
        let made = scene.plan(&[scene.user(Role::Courier)]).expect(201).body["id"].as_str().unwrap().to_owned();
        let plan = format!("/v1/sittings/{}/plan", scene.street.lunch.sitting);
        let sheet = format!("/v1/plans/{made}/sheet");
        let phone = scene.street.senior.phone.clone();
        let clear = |by: Role| {
            [&plan, &sheet].map(|path| {
                let text = scene.staff(by).get(path).expect(200).text;
                let (phone, address) = (text.contains(&phone), text.contains("示范路"));
                assert_eq!(phone, address, "{text}");
                phone
            })
        };
        assert_eq!(clear(Role::CanteenManager), [true, true]);
        let admin = scene.staff(Role::Admin);
        assert_eq!([&plan, &sheet].map(|path| admin.get(path).status), [404, 404], "an administrator brings no meals");
        world.clock.advance_seconds(86_400);
        assert_eq!(clear(Role::CanteenManager), [false, false], "a day later");
        let log = scene.staff(Role::Auditor).get(&format!("/v1/audit?subject={made}")).expect(200);
        let told: Vec<(&Value, &Value)> =
            log.body["items"].as_array().unwrap().iter().map(|row| (&row["action"], &row["detail"]["clear"])).collect();
        let (yes, no) = (json!(true), json!(false));
        let seen = json!("plan_seen");
        assert_eq!(told, [(&seen, &no), (&seen, &no), (&seen, &yes), (&seen, &yes)]);
    }
}
