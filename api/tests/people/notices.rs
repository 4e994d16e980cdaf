//! Notices: who is told of what on which channel, not at night, once, and no longer when it is not true.

use super::{Outside, token_of};
use app::App;
use app::kitchen::command::{Asked, command};
use domain::access::Role;
use domain::id::KitchenCommandId;
use domain::kitchen::Command;
use domain::notice::QuietHours;
use domain::time::Clock;
use serde_json::{Value, json};
use testkit::fixtures::Street;
use testkit::http::Client;
use testkit::{World, both_databases};

/// The street, its people with phones, and a son of 李秀英 who may be alerted.
struct Scene {
    street: Street,
    outside: Outside,
    son: Client,
}

const SON: &str = "13900007777";

impl Scene {
    fn of(world: &World) -> Self {
        let street = world.wait(world.street());
        let outside = Outside::of(world);
        let worker = outside.client(Some(street.token(Role::Worker)));
        let binding = json!({"phone": SON, "name": "李明", "relation": "儿子", "scopes": ["see", "alert"], "consent": "counter", "reference": "登记 7"});
        let _ = worker.post(&format!("/v1/seniors/{}/bindings", street.poor_senior.id), &binding).expect(201);
        let request = outside.client(None).post("/v1/phone-codes", &json!({ "phone": SON })).expect(201).body["request"].clone();
        let proof = json!({"phone": SON, "request": request, "code": outside.code_to(SON)});
        let token = token_of(&outside.client(None).post("/v1/sessions/phone", &proof));
        let son = outside.client(Some(&token));
        Self { street, outside, son }
    }

    /// Whoever has the role.
    fn staff(&self, role: Role) -> Client {
        self.outside.client(Some(self.street.token(role)))
    }

    /// The daughter, who may order.
    fn daughter(&self) -> Client {
        self.outside.client(Some(&self.street.family))
    }

    fn order(&self, by: &Client) -> Value {
        by.post("/v1/orders", &Street::order(&self.street.tomorrow, 1, Some(self.street.poor_senior.id))).expect(201).body
    }

    /// Texts to a phone, oldest first, but for codes.
    fn told(&self, phone: &str) -> Vec<String> {
        let all = self.outside.sms.received().into_iter();
        all.filter(|message| message.phone == phone && !message.text.contains("验证码")).map(|message| message.text).collect()
    }

    /// Everything that is due is done; reasons of what was dropped, in no order.
    fn settle(&self, world: &World) -> Vec<String> {
        settle(world, &self.outside.app);
        let dropped = self.staff(Role::Admin).get("/v1/dead-letters?dropped=true").expect(200);
        let mut reasons: Vec<String> =
            dropped.body["items"].as_array().unwrap().iter().map(|item| item["last_error"].as_str().unwrap().to_owned()).collect();
        reasons.sort();
        reasons
    }
}

fn settle(world: &World, app: &App) {
    while world.wait(app::jobs::run_due(app, &app.ports, world.clock.now())).unwrap() > 0 {}
}

both_databases! {
    /// Each event once to each who should know: the senior of what others do, family who may be alerted of what staff does.
    fn each_event_is_told_to_whom_it_concerns(world) {
        let scene = Scene::of(world);
        let senior = scene.street.poor_senior.phone.clone();
        let (worker, daughter) = (scene.staff(Role::Worker), scene.daughter());
        let first = scene.order(&daughter);
        scene.settle(world);
        assert!(scene.told(&senior)[0].contains("家属为您订了"), "{:?}", scene.told(&senior));
        let body = Street::order(&scene.street.tomorrow, 0, Some(scene.street.poor_senior.id));
        let path = format!("/v1/orders/{}", first["id"].as_str().unwrap());
        let headers = [("If-Match", "\"1\""), ("Idempotency-Key", "change-0001"), ("Content-Type", "application/json")];
        let changed = daughter.try_send("PUT", &path, &headers, Some(&serde_json::to_vec(&body).unwrap())).unwrap();
        assert_eq!(changed.status, 200, "{}", changed.text);
        scene.settle(world);
        assert!(scene.told(&senior)[1].contains("家属为您改了"), "{:?}", scene.told(&senior));
        assert_eq!(scene.told(SON), [""; 0], "of what family does the senior is told");
        let _ = worker.post(&format!("{path}/cancellation"), &json!({})).expect(200);
        scene.settle(world);
        assert!(scene.told(&senior)[2].contains("工作人员为您取消了"), "{:?}", scene.told(&senior));
        assert!(scene.told(SON)[0].contains("工作人员为李*取消了"), "{:?}", scene.told(SON));
        assert_eq!((scene.told(&senior).len(), scene.told(SON).len()), (3, 1));
    }
}

both_databases! {
    /// A meal that is called off is told to everyone who ordered it, in slices, once; one who is brought back is not told.
    fn everyone_who_ordered_is_told_that_a_meal_is_called_off(world) {
        let scene = Scene::of(world);
        let senior = scene.street.poor_senior.phone.clone();
        for _ in 0..45 {
            let _ = scene.order(&scene.staff(Role::Worker));
        }
        settle(world, &scene.outside.app);
        let before = scene.told(&senior).len();
        assert_eq!(before, 45, "hotline and worker are somebody else");
        let path = format!("/v1/sittings/{}", scene.street.tomorrow.sitting);
        let manager = scene.staff(Role::CanteenManager);
        let close = |state: &str| {
            let etag = manager.get(&path).expect(200).body["sitting"]["version"].to_string();
            let _ = manager.patch(&path, &format!("\"{etag}\""), &json!({ "state": state })).expect(200);
        };
        close("closed");
        scene.settle(world);
        assert_eq!((scene.told(&senior).len(), scene.told(SON).len()), (before + 45, 45), "an order more than a slice, and family");
        close("open");
        close("closed");
        scene.settle(world);
        assert_eq!(scene.told(SON).len(), 45, "the same again is told once");
    }
}

both_databases! {
    /// Who does not want it, or has no right any more, is not told, even of what stood in the outbox before.
    fn an_opt_out_and_a_withdrawn_consent_count_for_what_waits(world) {
        let scene = Scene::of(world);
        let (worker, daughter) = (scene.staff(Role::Worker), scene.daughter());
        let cancel = |order: &Value| {
            let _ = worker.post(&format!("/v1/orders/{}/cancellation", order["id"].as_str().unwrap()), &json!({})).expect(200);
        };
        let (first, second) = (scene.order(&daughter), scene.order(&daughter));
        settle(world, &scene.outside.app);
        cancel(&first);
        let off = json!({"language": "en", "off": [{"event": "order_cancelled", "channel": "sms"}]});
        let _ = scene.son.put("/v1/me/notices", &off).expect(204);
        assert_eq!(scene.son.get("/v1/me/notices").expect(200).body["off"], off["off"]);
        assert_eq!(scene.settle(world), ["opted_out"]);
        assert_eq!(scene.told(SON), [""; 0]);
        let _ = scene.son.put("/v1/me/notices", &json!({"language": "en", "off": []})).expect(204);
        cancel(&second);
        let own = format!("/v1/seniors/{}/bindings", scene.street.poor_senior.id);
        let bindings = scene.son.get(&own).expect(200).body;
        let _ = scene.son.delete(&format!("{own}/{}", bindings["items"][0]["id"].as_str().unwrap())).expect(204);
        assert_eq!(scene.settle(world), ["not_entitled", "opted_out"]);
        assert_eq!(scene.told(SON), [""; 0]);
    }
}

both_databases! {
    /// Mail goes to an address that its owner proved, in the language they set; a wrong code proves nothing.
    fn mail_goes_to_a_proved_address_in_the_set_language(world) {
        let scene = Scene::of(world);
        let address = json!({"address": "li.ming@example.com"});
        assert_eq!(scene.son.put("/v1/me/mail", &json!({"address": "li.ming"})).expect(422).code(), "invalid");
        let _ = scene.son.put("/v1/me/mail", &address).expect(204);
        let code = |text: &str| text.chars().skip_while(|c| !c.is_ascii_digit()).take(6).collect::<String>();
        let sent = code(&scene.outside.smtp.texts()[0]);
        let wrong = if sent == "000000" { "000001" } else { "000000" };
        assert_eq!(scene.son.post("/v1/me/mail/confirmation", &json!({ "code": wrong })).expect(401).code(), "sign_in_failed");
        let off = json!({"language": "en", "off": []});
        let _ = scene.son.put("/v1/me/notices", &off).expect(204);
        let cancel = |order: Value| {
            let path = format!("/v1/orders/{}/cancellation", order["id"].as_str().unwrap());
            let _ = scene.staff(Role::Worker).post(&path, &json!({})).expect(200);
            scene.settle(world);
        };
        cancel(scene.order(&scene.daughter()));
        assert_eq!((scene.outside.smtp.texts().len(), scene.told(SON).len()), (1, 1), "not before it is proved");
        let _ = scene.son.post("/v1/me/mail/confirmation", &json!({ "code": sent })).expect(204);
        assert_eq!(scene.son.get("/v1/me/notices").expect(200).body["mail"], "l***@example.com");
        cancel(scene.order(&scene.daughter()));
        let last = scene.outside.smtp.texts().pop().unwrap();
        assert!(last.contains("Staff cancelled lunch"), "{last}");
        let _ = scene.son.put("/v1/me/mail", &json!({"address": null})).expect(204);
        assert_eq!(scene.son.get("/v1/me/notices").expect(200).body["mail"], Value::Null);
    }
}

both_databases! {
    /// At night what can wait waits for the morning, and is dropped there when it is no longer true.
    fn at_night_a_notice_waits_and_is_dropped_when_it_is_no_longer_true(world) {
        let scene = Scene::of(world);
        let senior = scene.street.poor_senior.phone.clone();
        let night = scene.outside.app.clone().with_quiet_hours(QuietHours::parse("21:00", "07:00").unwrap());
        world.clock.advance_seconds(14 * 3600); // ten at night
        let daughter = scene.daughter();
        let (stays, goes) = (scene.order(&daughter), scene.order(&daughter));
        settle(world, &night);
        let _ = daughter.post(&format!("/v1/orders/{}/cancellation", goes["id"].as_str().unwrap()), &json!({})).expect(200);
        settle(world, &night);
        assert_eq!(scene.told(&senior), [""; 0]);
        world.clock.advance_seconds(9 * 3600); // seven in the morning
        settle(world, &night);
        let told = scene.told(&senior);
        let number = |order: &Value| format!("（{:03} 号）", order["order_no"].as_i64().unwrap());
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().any(|text| text.contains("订了") && text.contains(&number(&stays))), "{told:?}");
        assert!(told.iter().any(|text| text.contains("取消了") && text.contains(&number(&goes))), "{told:?}");
        assert_eq!(scene.settle(world), ["state_changed"], "the order that was cancelled was not announced");
    }
}

both_databases! {
    /// Family who may be alerted is told what happened at the door, first that nobody answered, then that the meal arrived.
    fn what_happened_at_the_door_is_told_to_family(world) {
        let scene = Scene::of(world);
        let body = json!({"sitting": scene.street.lunch.sitting, "senior": scene.street.poor_senior.id, "channel": "delivery",
            "lines": [{"menu_item": scene.street.lunch.items[1], "quantity": 1}]});
        let _ = scene.staff(Role::Worker).post("/v1/orders", &body).expect(201);
        let courier = scene.street.staff.iter().find(|staff| staff.role == Role::Courier).unwrap().user;
        let carriers = json!({"carriers": [{"name": "小王", "user": courier, "mode": "e_bike", "boxes": 20, "from_minute": 600,
            "to_minute": 800, "max_trips": 3}], "steps": 100});
        let plans = format!("/v1/sittings/{}/plans", scene.street.lunch.sitting);
        let _ = scene.staff(Role::CanteenManager).post(&plans, &carriers).expect(201);
        let rider = scene.staff(Role::Courier);
        let stop = rider.get("/v1/my-stops").expect(200).body["stops"][0]["id"].clone();
        let record = |n: u8, outcome: &str| {
            let body = json!({"stop": stop, "outcome": outcome, "method": "signature", "note": "", "happened_at": world.clock.now().plus_seconds(i64::from(n) - 60)});
            let _ = rider.put(&format!("/v1/stop-records/sev_{n:032x}"), &body).expect(200);
        };
        record(1, "no_answer");
        record(1, "no_answer");
        scene.settle(world);
        assert!(scene.told(SON)[0].contains("李* ") && scene.told(SON)[0].contains("无人应门"), "{:?}", scene.told(SON));
        record(2, "delivered");
        scene.settle(world);
        assert!(scene.told(SON)[1].contains("已送达"), "{:?}", scene.told(SON));
        assert_eq!(scene.told(SON).len(), 2, "a record that comes twice is told once");
    }
}

both_databases! {
    /// A dish that stays stopped is told to those who ordered it, and to no one else; one that is put back at once is told to nobody.
    fn a_dish_that_stays_stopped_is_told_to_those_who_ordered_it(world) {
        let scene = Scene::of(world);
        let _ = scene.order(&scene.staff(Role::Worker));
        settle(world, &scene.outside.app);
        let senior = scene.street.poor_senior.phone.clone();
        let before = scene.told(&senior).len();
        let cook = world.wait(world.actor(scene.street.token(Role::Cook)));
        let stop = |n: u128, dish: usize, stopped: bool| {
            let (id, sitting) = (KitchenCommandId::from_uuid(uuid::Uuid::from_u128(n)), scene.street.tomorrow.sitting);
            let asked = Asked { id, sitting, command: Command::Stop { dish: scene.street.dishes[dish], stopped }, sign_in: None };
            let _ = world.wait(command(&scene.outside.app, cook.clone(), asked)).unwrap();
        };
        stop(1, 0, true);
        world.clock.advance_seconds(121);
        scene.settle(world);
        assert_eq!(scene.told(&senior).len(), before, "another dish");
        stop(2, 1, true);
        world.clock.advance_seconds(60);
        scene.settle(world);
        stop(3, 1, false);
        world.clock.advance_seconds(61);
        scene.settle(world);
        assert_eq!(scene.told(&senior).len(), before, "it was back within two minutes");
        stop(4, 1, true);
        world.clock.advance_seconds(121);
        scene.settle(world);
        assert!(scene.told(&senior)[before].contains("有菜品停供"), "{:?}", scene.told(&senior));
        assert!(scene.told(SON)[0].contains("有菜品停供"), "{:?}", scene.told(SON));
    }
}

both_databases! {
    /// Who may not eat what a dish is really made of is told, and nobody else of those who ordered it.
    fn a_dish_that_is_made_otherwise_is_told_to_whom_it_does_not_fit(world) {
        let scene = Scene::of(world);
        world.wait(world.add_allergy(scene.street.poor_senior.id, "fish"));
        let worker = scene.staff(Role::Worker);
        let _ = scene.order(&worker);
        let other = Street::order(&scene.street.tomorrow, 1, Some(scene.street.senior.id));
        let _ = worker.post("/v1/orders", &other).expect(201);
        settle(world, &scene.outside.app);
        let (senior, fit) = (scene.street.poor_senior.phone.clone(), scene.street.senior.phone.clone());
        let before = (scene.told(&senior).len(), scene.told(&fit).len());
        let fish = world.wait(world.write(|tx| {
            let id = tx.new_id();
            app::store::fixture::ingredient(tx.change(), id, "鱼露", "fish").map(|()| id)
        }));
        let path = format!("/v1/sittings/{}", scene.street.tomorrow.sitting);
        let cook = scene.staff(Role::Cook);
        let greens = cook.get(&format!("{path}/ingredients")).expect(200).body["dishes"][1]["used"][0]["ingredient"].clone();
        let body = json!({"used": [{"ingredient": greens}, {"ingredient": fish, "amount_mg": 3000}]});
        let headers = [("If-Match", "\"0\""), ("Content-Type", "application/json")];
        let url = format!("{path}/dishes/{}/ingredients", scene.street.dishes[1]);
        let said = cook.try_send("PUT", &url, &headers, Some(&serde_json::to_vec(&body).unwrap())).unwrap();
        assert_eq!(said.status, 200, "{}", said.text);
        scene.settle(world);
        assert_eq!(scene.told(&senior).len(), before.0, "a slip is put right within two minutes");
        world.clock.advance_seconds(121);
        scene.settle(world);
        assert!(scene.told(&senior)[before.0].contains("今日用料有变，不合忌口"), "{:?}", scene.told(&senior));
        assert!(scene.told(SON)[0].contains("不合忌口"), "{:?}", scene.told(SON));
        assert_eq!(scene.told(&fit).len(), before.1, "nothing in it that he may not eat");
    }
}

both_databases! {
    /// Too little was made: who goes without is told before the meal, and who gets their portion is not.
    fn who_goes_without_a_dish_is_told_before_they_find_out(world) {
        let scene = Scene::of(world);
        let worker = scene.staff(Role::Worker);
        let other = Street::order(&scene.street.tomorrow, 1, Some(scene.street.senior.id));
        let _ = worker.post("/v1/orders", &other).expect(201);
        let _ = scene.order(&worker);
        settle(world, &scene.outside.app);
        let (late, early) = (scene.street.poor_senior.phone.clone(), scene.street.senior.phone.clone());
        let before = (scene.told(&late).len(), scene.told(&early).len());
        let cook = scene.staff(Role::Cook);
        let plan = json!({"sitting": scene.street.tomorrow.sitting, "dish": scene.street.dishes[1], "portions": 2, "holding": "hot"});
        let batch = cook.post("/v1/batches", &plan).expect(201).body["id"].as_str().unwrap().to_owned();
        let done = json!({"cooked_at": world.clock.now(), "made_portions": 1});
        let _ = cook.post(&format!("/v1/batches/{batch}/cooked"), &done).expect(200);
        world.clock.advance_seconds(121);
        scene.settle(world);
        assert!(scene.told(&late)[before.0].contains("做少了"), "{:?}", scene.told(&late));
        assert!(scene.told(SON)[0].contains("做少了"), "{:?}", scene.told(SON));
        assert_eq!(scene.told(&early).len(), before.1, "who ordered first gets the one portion");
    }
}

both_databases! {
    /// Nobody finds out at the door that a standing order could not be made.
    fn a_standing_order_that_could_not_be_made_is_told(world) {
        let scene = Scene::of(world);
        let path = format!("/v1/sittings/{}", scene.street.tomorrow.sitting);
        let _ = scene.staff(Role::CanteenManager).patch(&path, "\"1\"", &json!({ "state": "closed" })).expect(200);
        let pattern = json!({"senior": scene.street.poor_senior.id, "canteen": scene.street.canteen, "meal": "lunch",
            "weekdays": [1, 2, 3, 4, 5, 6, 7], "channel": "dine_in", "starts_on": scene.street.tomorrow.date});
        let _ = scene.staff(Role::Worker).post("/v1/standing-orders", &pattern).expect(201);
        let _ = world.wait(app::standing::follow_due(&scene.outside.app)).unwrap();
        let _ = world.wait(app::standing::follow_due(&scene.outside.app)).unwrap();
        scene.settle(world);
        let senior = scene.street.poor_senior.phone.clone();
        let what = format!("长期订餐未能订上 {} 的午餐", scene.street.tomorrow.date);
        for phone in [&*senior, SON] {
            let told = scene.told(phone);
            assert!(told.len() == 1 && told[0].contains(&what), "{told:?}");
        }
    }
}
