//! Ordering beyond the usual rules: by whom, with which reason, and what is kept of it.

use super::serve;
use domain::access::Role;
use domain::time::Clock;
use serde_json::{Value, json};
use testkit::http::Client;
use testkit::{Street, World, both_databases};

/// What the audit log says was done by exception, newest first.
fn by_exception(admin: &Client) -> Vec<Value> {
    let page = admin.get("/v1/audit?action=ordered_by_exception&limit=50").expect(200);
    page.body["items"].as_array().unwrap().clone()
}

fn after_the_cut_off(world: &World, street: &Street) {
    let ten = domain::Instant::from_civil(street.lunch.date, chrono::NaiveTime::from_hms_opt(10, 0, 0).unwrap());
    world.clock.set(ten);
}

both_databases! {
    /// A blank is no reason; who orders, changes or cancels late is on record with the reason, and others cannot.
    fn after_the_cut_off_a_worker_gives_a_reason_that_is_kept(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let (worker, auditor) = (to(Role::Worker), to(Role::Auditor));
        after_the_cut_off(world, &street);
        let with = |reason: Value| {
            let mut body = Street::order(&street.lunch, 0, Some(street.senior.id));
            body["reason"] = reason;
            body
        };
        assert_eq!(worker.post("/v1/orders", &with(Value::Null)).expect(422).code(), "reason_needed");
        for blank in ["", " ", "\u{3000}"] {
            let refused = worker.post("/v1/orders", &with(json!(blank))).expect(422);
            assert_eq!((refused.code(), refused.body["faults"][0]["place"].as_str()), ("invalid", Some("/reason")), "{blank:?}");
        }
        for role in [Role::Hotline, Role::Counter] {
            assert_eq!(to(role).post("/v1/orders", &with(json!("家人来电"))).expect(409).code(), "cut_off_passed", "{role}");
        }
        assert_eq!(by_exception(&auditor), [] as [Value; 0]);
        let order = worker.post("/v1/orders", &with(json!("家人来电"))).expect(201).body;
        let path = format!("/v1/orders/{}/cancellation", order["id"].as_str().unwrap());
        assert_eq!(worker.post(&path, &json!({ "reason": " " })).expect(422).code(), "invalid");
        assert_eq!(worker.post(&path, &json!({})).expect(422).code(), "reason_needed");
        let _ = worker.post(&path, &json!({ "reason": "住院" })).expect(200);
        let kept = by_exception(&auditor);
        let told: Vec<_> = kept.iter().map(|entry| (entry["subject"].clone(), entry["detail"]["reason"].clone())).collect();
        assert_eq!(told, [(order["id"].clone(), json!("住院")), (order["id"].clone(), json!("家人来电"))]);
    }
}

both_databases! {
    /// The quote tells the overridden clash and the explanation; the order carries the clash to the kitchen and the reason to the log.
    fn an_overridden_clash_is_quoted_shown_and_kept(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let worker = to(Role::Worker);
        let with = |reason: Value| {
            let mut body = Street::order(&street.tomorrow, 2, Some(street.allergic_senior.id));
            body["lines"][0]["override_reason"] = reason;
            body
        };
        let refused = worker.post("/v1/quotes", &with(Value::Null)).expect(409);
        assert_eq!((refused.code(), refused.body["messages_en"][0].as_str().unwrap().contains("peanut")), ("diet_clash", true));
        assert_eq!(worker.post("/v1/quotes", &with(json!(""))).expect(422).code(), "invalid");
        let quote = worker.post("/v1/quotes", &with(json!("医生确认已脱敏"))).expect(200).body;
        assert!(quote["lines"][0]["overridden"][0]["message"].as_str().unwrap().contains("花生"), "{quote}");
        let subsidy = quote["totals"]["subsidy_fen"].as_i64().unwrap();
        assert!(subsidy > 0 && quote["text"].as_str().unwrap().contains(&format!("补贴{}.00元", subsidy / 100)), "{quote}");
        assert!(quote["text_en"].as_str().unwrap().starts_with(&street.tomorrow.date.to_string()), "{quote}");
        let order = worker.post("/v1/orders", &with(json!("医生确认已脱敏"))).expect(201).body;
        assert!(order["lines"][0]["exceptions"][0].as_str().unwrap().contains("花生"), "{order}");
        let kept = by_exception(&to(Role::Auditor));
        assert_eq!(kept[0]["detail"]["clashes"][0]["reason"], "医生确认已脱敏");
        assert_eq!(kept[0]["detail"]["late"], false);
    }
}

both_databases! {
    /// What a client reads of an order is what it needs to change it: sent back as read, nothing is lost.
    fn an_order_can_be_sent_back_as_it_was_read(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let worker = Client::new(server.base(), Some(street.token(Role::Worker)));
        let mut body = Street::order(&street.tomorrow, 0, Some(street.senior.id));
        body["note"] = json!("少盐");
        let made = worker.post("/v1/orders", &body).expect(201).body;
        let path = format!("/v1/orders/{}", made["id"].as_str().unwrap());
        let read = worker.get(&path).expect(200).body;
        let line = |line: &Value| json!({"menu_item": line["menu_item"], "quantity": line["quantity"], "texture": line["texture"]});
        let lines: Vec<Value> = read["lines"].as_array().unwrap().iter().map(line).collect();
        let same = json!({"sitting": read["sitting"], "senior": read["senior"], "channel": read["channel"], "note": read["note"], "lines": lines});
        let headers = [("If-Match", "\"1\""), ("Idempotency-Key", "the-same-again"), ("Content-Type", "application/json")];
        let sent = worker.try_send("PUT", &path, &headers, Some(&serde_json::to_vec(&same).unwrap())).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.text);
        let after = worker.get(&path).expect(200).body;
        for member in ["note", "lines", "channel", "senior", "order_no", "totals"] {
            assert_eq!(after[member], read[member], "{member}");
        }
    }
}

both_databases! {
    /// A guest paid and ate: the night takes nothing back. A senior's order without evidence is not served.
    fn a_guests_meal_is_served_when_the_day_is_closed(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let to = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let counter = to(Role::Counter);
        let guest = counter.post("/v1/orders", &Street::order(&street.lunch, 0, None)).expect(201).body;
        let senior = counter.post("/v1/orders", &Street::order(&street.lunch, 0, Some(street.senior.id))).expect(201).body;
        world.clock.set(world.clock.now().plus_seconds(36 * 3600));
        assert_eq!(world.wait(app::orders::close::close_past(&world.app)).unwrap(), 2);
        let state = |order: &Value| {
            let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
            to(Role::CanteenManager).get(&path).expect(200).body["state"].clone()
        };
        assert_eq!((state(&guest), state(&senior)), (json!("served"), json!("not_served")));
        assert_eq!(world.wait(app::orders::close::close_past(&world.app)).unwrap(), 0);
    }
}
