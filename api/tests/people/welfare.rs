//! Looking in: whom a shut door is told to, until when, what ends it, and what the month says of it.

use super::{Outside, place};
use domain::access::Role;
use domain::time::Clock;
use serde_json::{Value, json};
use testkit::fixtures::Street;
use testkit::http::{Client, Reply};
use testkit::{Person, World, both_databases};

const DAUGHTER: &str = "13800001234";
const NEIGHBOUR: &str = "13800005678";

/// A lunch that is brought to a senior who lives alone.
struct Scene {
    street: Street,
    outside: Outside,
    stop: Value,
}

impl Scene {
    fn of(world: &World) -> Self {
        let (street, outside) = (world.wait(world.street()), Outside::of(world));
        let mut scene = Self { street, outside, stop: Value::Null };
        scene.order(&scene.street.senior, "delivery");
        let courier = scene.street.staff.iter().find(|staff| staff.role == Role::Courier).unwrap().user;
        let carriers = json!({"carriers": [{"name": "小王", "user": courier, "mode": "e_bike", "boxes": 20, "from_minute": 600,
            "to_minute": 800, "max_trips": 3}], "steps": 100});
        let plans = format!("/v1/sittings/{}/plans", scene.street.lunch.sitting);
        let _ = scene.staff(Role::CanteenManager).post(&plans, &carriers).expect(201);
        scene.stop = scene.staff(Role::Courier).get("/v1/my-stops").expect(200).body["stops"][0]["id"].clone();
        scene
    }

    fn order(&self, of: &Person, channel: &str) {
        let body = json!({"sitting": self.street.lunch.sitting, "senior": of.id, "channel": channel,
            "lines": [{"menu_item": self.street.lunch.items[1], "quantity": 1}]});
        let _ = self.staff(Role::Worker).post("/v1/orders", &body).expect(201);
    }

    fn staff(&self, role: Role) -> Client {
        self.outside.client(Some(self.street.token(role)))
    }

    fn name_contacts(&self, contacts: &[(&str, &str)]) -> Reply {
        let path = format!("/v1/seniors/{}/contacts", self.street.senior.id);
        let items: Vec<Value> = contacts
            .iter()
            .map(|(name, phone)| json!({"name": name, "phone": phone, "relation": "child", "holds_key": true}))
            .collect();
        let etag = self.staff(Role::Worker).get(&path).expect(200).etag.unwrap();
        let headers = [("If-Match", etag.as_str()), ("Content-Type", "application/json")];
        let body = serde_json::to_vec(&json!({ "items": items })).unwrap();
        self.staff(Role::Worker).try_send("PUT", &path, &headers, Some(&body)).unwrap()
    }

    /// What the courier records at the door, so many seconds before now.
    fn at_door(&self, world: &World, n: u8, outcome: &str, seconds_ago: i64) {
        let body = json!({"stop": self.stop, "outcome": outcome, "method": "signature", "note": "敲门并致电",
            "happened_at": world.clock.now().plus_seconds(-seconds_ago)});
        let _ = self.staff(Role::Courier).put(&format!("/v1/stop-records/sev_{n:032x}"), &body).expect(200);
    }

    fn alert(&self, world: &World, by: &Client, n: u8, concern: &str) -> Reply {
        let body = json!({"stop": self.stop, "concern": concern, "note": "扶墙走路", "happened_at": world.clock.now()});
        by.put(&format!("/v1/condition-alerts/wst_{n:032x}"), &body)
    }

    /// The open cases that the worker sees.
    fn open(&self) -> Vec<Value> {
        let list = self.staff(Role::Worker).get("/v1/welfare-cases?open=true").expect(200);
        list.body["items"].as_array().unwrap().clone()
    }

    /// The one open case, with its steps.
    fn case(&self) -> Value {
        let open = self.open();
        assert_eq!(open.len(), 1, "{open:?}");
        self.staff(Role::Worker).get(&path_of(&open[0], "")).expect(200).body
    }

    /// Deadlines that have passed are followed, and all that is due is sent.
    fn settle(&self, world: &World) -> usize {
        let moved = world.wait(app::welfare::follow_due(&self.outside.app)).unwrap();
        while world.wait(app::jobs::run_due(&self.outside.app, &self.outside.app.ports, world.clock.now())).unwrap() > 0 {}
        moved
    }

    /// Texts to a phone that ask to look in, or tell what was found.
    fn told(&self, phone: &str) -> Vec<String> {
        let all = self.outside.sms.received().into_iter();
        all.filter(|message| message.phone == phone && !message.text.contains("验证码")).map(|message| message.text).collect()
    }
}

fn path_of(case: &Value, below: &str) -> String {
    format!("/v1/welfare-cases/{}{below}", case["id"].as_str().unwrap())
}

fn kinds(case: &Value) -> Vec<&str> {
    case["steps"].as_array().unwrap().iter().map(|step| step["kind"].as_str().unwrap()).collect()
}

both_databases! {
    /// Each contact has a quarter of an hour, then the workers have half of one; an attempt in vain asks the next at once, and who is
    /// on the way has time. It ends with what was found.
    fn a_shut_door_is_told_to_one_after_the_other_until_somebody_says_what_was_found(world) {
        let scene = Scene::of(world);
        let worker = scene.staff(Role::Worker);
        let _ = worker.put("/v1/me/mail", &json!({"address": "worker@example.com"})).expect(204);
        let code: String = scene.outside.smtp.texts()[0].chars().skip_while(|c| !c.is_ascii_digit()).take(6).collect();
        let _ = worker.post("/v1/me/mail/confirmation", &json!({ "code": code })).expect(204);
        let mails = scene.outside.smtp.texts().len();
        assert_eq!(scene.name_contacts(&[("李敏", DAUGHTER), ("王大爷", NEIGHBOUR)]).status, 200);
        scene.at_door(world, 1, "no_answer", 30);
        scene.at_door(world, 1, "no_answer", 30);
        scene.settle(world);
        let asked = scene.told(DAUGHTER);
        assert!(asked.len() == 1 && asked[0].contains("无人应门") && asked[0].contains("您是登记的联系人"), "{asked:?}");
        assert!(!asked[0].contains(&scene.street.senior.name), "a whole name is on no lock screen: {asked:?}");
        let case = scene.case();
        assert_eq!((&case["contact"], kinds(&case)), (&json!(1), vec!["reported", "told"]));
        world.clock.advance_seconds(15 * 60 - 1);
        assert_eq!((scene.settle(world), scene.told(NEIGHBOUR).len()), (0, 0), "the first has time to the end");
        world.clock.advance_seconds(1);
        assert_eq!((scene.settle(world), scene.told(NEIGHBOUR).len()), (1, 1));
        assert_eq!(scene.settle(world), 0, "once");
        let tried = |by: Role, body: Value| scene.staff(by).post(&path_of(&case, "/attempts"), &body);
        let first_again = tried(Role::Hotline, json!({"contact": 1, "outcome": "not_reached"})).expect(201).body;
        assert_eq!(first_again["contact"], 2, "a call to another contact takes nobody's time");
        let in_vain = tried(Role::CanteenManager, json!({"contact": 2, "outcome": "not_reached", "note": "停机"})).expect(201).body;
        assert_eq!((&in_vain["contact"], &in_vain["workers_of"]), (&Value::Null, &json!("990101001")));
        scene.settle(world);
        assert_eq!(scene.outside.smtp.texts().len(), mails + 1, "the worker is told by mail");
        let _ = tried(Role::Worker, json!({"outcome": "going"})).expect(201);
        world.clock.advance_seconds(30 * 60 - 1);
        assert_eq!(scene.settle(world), 0, "somebody is on the way");
        world.clock.advance_seconds(1);
        assert_eq!(scene.settle(world), 1);
        assert_eq!((scene.case()["due_at"].clone(), *kinds(&scene.case()).last().unwrap()), (Value::Null, "nobody_left"));
        let closing = path_of(&case, "/closing");
        assert_eq!(worker.post(&closing, &json!({"finding": "safe_elsewhere", "note": " "})).expect(422).code(), "invalid");
        let closed = worker.post(&closing, &json!({"finding": "safe_elsewhere", "note": "在医院复查"})).expect(200).body;
        assert_eq!((&closed["finding"], kinds(&closed).last().copied()), (&json!("safe_elsewhere"), Some("closed")));
        let twice = worker.post(&closing, &json!({"finding": "mistake", "note": "重复"})).expect(409);
        assert_eq!((twice.code(), &twice.body["cause"]), ("welfare_refused", &json!("closed")));
        assert_eq!(tried(Role::Worker, json!({"outcome": "spoke"})).expect(409).code(), "welfare_refused");
        assert_eq!((scene.open().len(), scene.settle(world)), (0, 0));
    }
}

both_databases! {
    /// A neighbour who takes the meal has not seen the senior; the courier who hands it over has, whenever the phone sends its records.
    fn who_is_met_at_the_door_later_is_looked_for_no_more(world) {
        let scene = Scene::of(world);
        assert_eq!(scene.name_contacts(&[("李敏", DAUGHTER)]).status, 200);
        scene.at_door(world, 1, "no_answer", 600);
        scene.at_door(world, 2, "left_with_neighbour", 300);
        assert_eq!(scene.case()["finding"], Value::Null);
        scene.at_door(world, 3, "delivered", 60);
        assert_eq!(scene.open(), [json!(null); 0]);
        let all = scene.staff(Role::Worker).get("/v1/welfare-cases?open=false").expect(200).body;
        assert_eq!(all["items"][0]["finding"], "seen_at_door");
        scene.settle(world);
        assert_eq!(scene.told(DAUGHTER), [""; 0], "what was solved before it was sent is told to nobody");
        // The record of the shut door comes after that of the hand-over: nothing to look for.
        scene.at_door(world, 4, "no_answer", 700);
        assert_eq!(scene.open(), [json!(null); 0]);
    }
}

both_databases! {
    /// What a courier saw goes past the contacts to the workers, also while a contact is being asked; sent twice it is one, and seen by
    /// several at once it is one case.
    fn what_a_courier_saw_goes_to_the_workers_at_once_and_is_one_case(world) {
        let scene = Scene::of(world);
        assert_eq!(scene.name_contacts(&[("李敏", DAUGHTER)]).status, 200);
        let courier = scene.staff(Role::Courier);
        scene.at_door(world, 1, "no_answer", 600);
        assert_eq!(scene.case()["contact"], 1);
        let refused = scene.alert(world, &courier, 1, "no_answer").expect(409);
        assert_eq!(&refused.body["cause"], "door_is_an_outcome");
        world.clock.advance_seconds(1);
        let case = scene.alert(world, &courier, 1, "confused").expect(200).body["case"].clone();
        assert_eq!(scene.alert(world, &courier, 1, "confused").expect(200).body["case"], case);
        assert_eq!((&scene.case()["contact"], kinds(&scene.case())), (&Value::Null, vec!["reported", "told", "reported", "told"]));
        let beside = world.wait(world.add_staff(Role::Courier, &scene.street.place, Some(scene.street.neighbour)));
        let _ = scene.alert(world, &scene.outside.client(Some(&beside.token)), 9, "unwell").expect(404);
        scene.at_door(world, 2, "delivered", 10);
        assert_eq!(scene.case()["finding"], Value::Null, "who is confused is not well for having opened");
        let closing = path_of(&scene.case(), "/closing");
        let _ = scene.staff(Role::Worker).post(&closing, &json!({"finding": "in_care", "note": "已送医"})).expect(200);
        let all: Vec<u16> = std::thread::scope(|s| {
            let scene = &scene;
            let sent: Vec<_> =
                (10..18_u8).map(|n| s.spawn(move || scene.alert(world, &scene.staff(Role::Courier), n, "unsteady").status)).collect();
            sent.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(all, [200; 8]);
        let reports = kinds(&scene.case()).iter().filter(|kind| **kind == "reported").count();
        assert_eq!(reports, 8, "one case, and nothing that was seen is lost");
        scene.settle(world);
    }
}

both_databases! {
    /// Names and phones of people who use nothing of this are masked, and in the clear only of an open case, for who looks after it.
    fn whom_to_call_is_shown_of_an_open_case_to_who_looks_after_it_and_recorded(world) {
        let scene = Scene::of(world);
        let masked = scene.name_contacts(&[("李敏", DAUGHTER)]).body;
        assert_eq!((&masked["items"][0]["name"], &masked["items"][0]["phone"]), (&json!("李*"), &json!("138****1234")));
        scene.at_door(world, 1, "no_answer", 30);
        let list = path_of(&scene.case(), "/call-list");
        for role in [Role::Officer, Role::Cook, Role::Courier, Role::Auditor] {
            let status = scene.staff(role).post(&list, &json!({})).status;
            assert!([403, 404].contains(&status), "{role}: {status}");
        }
        let away = world.wait(world.add_staff(Role::Worker, &place("990102"), None));
        assert_eq!(scene.outside.client(Some(&away.token)).post(&list, &json!({})).status, 404);
        let shown = scene.staff(Role::CanteenManager).post(&list, &json!({})).expect(200).body;
        assert_eq!((&shown["name"], &shown["contacts"][0]["phone"]), (&json!(scene.street.senior.name), &json!(DAUGHTER)));
        let log = scene.staff(Role::Auditor).get(&format!("/v1/audit?subject={}&action=revealed", scene.street.senior.id)).expect(200);
        assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.text);
        let _ = scene.staff(Role::Worker).post(&path_of(&scene.case(), "/closing"), &json!({"finding": "died", "note": "家属告知"})).expect(200);
        assert_eq!(scene.staff(Role::Worker).post(&list, &json!({})).expect(409).code(), "welfare_refused");
        scene.settle(world);
        assert!(scene.told(DAUGHTER).is_empty(), "a death is told by a person");
    }
}

both_databases! {
    /// Every fault at once, nothing kept; what was read before somebody else changed it is not written over.
    fn contacts_are_named_as_a_whole(world) {
        let scene = Scene::of(world);
        let six: Vec<(&str, &str)> = (0..6).map(|n| if n == 1 { (" ", "0571-88") } else { ("李敏", DAUGHTER) }).collect();
        let faulty = scene.name_contacts(&six);
        let places: Vec<&str> = faulty.body["faults"].as_array().unwrap().iter().map(|f| f["place"].as_str().unwrap()).collect();
        assert_eq!((faulty.status, places), (422, vec!["/items", "/items/1/name", "/items/1/phone"]));
        let path = format!("/v1/seniors/{}/contacts", scene.street.senior.id);
        let read = scene.staff(Role::Worker).get(&path).expect(200);
        assert_eq!(read.body["items"], json!([]));
        assert_eq!(scene.name_contacts(&[("李敏", DAUGHTER), ("王大爷", NEIGHBOUR)]).status, 200);
        let etag = read.etag.unwrap();
        let headers = [("If-Match", etag.as_str()), ("Content-Type", "application/json")];
        let stale = scene.staff(Role::Worker).try_send("PUT", &path, &headers, Some(br#"{"items":[]}"#)).unwrap();
        assert_eq!((stale.status, stale.code()), (412, "stale"));
        assert_eq!(scene.name_contacts(&[("王大爷", NEIGHBOUR)]).body["items"][0]["rank"], 1);
        scene.settle(world);
    }
}

both_databases! {
    /// Seen is who opened the door or ate at the table; who lives alone and only fetched a meal was not.
    fn the_month_tells_who_was_seen_in_person_and_who_was_not(world) {
        let scene = Scene::of(world);
        let worker = scene.staff(Role::Worker);
        let lives_alone = |person: &Person| {
            let fact = json!({"kind": "living", "value": "alone", "valid_from": "2026-01-01", "source": "社区登记"});
            let _ = worker.post(&format!("/v1/seniors/{}/facts", person.id), &fact).expect(201);
        };
        let (brought, fetched) = (&scene.street.senior, &scene.street.poor_senior);
        lives_alone(brought);
        lives_alone(fetched);
        scene.order(fetched, "pick_up");
        scene.at_door(world, 1, "no_answer", 600);
        scene.at_door(world, 2, "delivered", 60);
        let reading = json!({"reading": {"canteen": scene.street.canteen, "kind": "card", "text": fetched.card}, "served_at": world.clock.now()});
        let _ = scene.staff(Role::Counter).put(&format!("/v1/redemptions/rdm_{:032x}", 1), &reading).expect(200);
        let month = &world.today().to_string()[..7];
        let figures = worker.get(&format!("/v1/visit-figures?place=990101001&month={month}")).expect(200).body;
        let sum = |name: &str| figures["items"].as_array().unwrap().iter().map(|item| item[name].as_i64().unwrap()).sum::<i64>();
        assert_eq!((sum("seen"), sum("meals"), sum("to_be_seen"), sum("unseen"), sum("open")), (1, 1, 2, 1, 0), "{figures}");
        let home = figures["items"].as_array().unwrap().iter().find(|item| item["opened"] != json!({})).unwrap();
        assert_eq!((&home["opened"], &home["closed"]), (&json!({"no_answer": 1}), &json!({"seen_at_door": 1})));
        let unseen = worker.get(&format!("/v1/unseen-seniors?place=990101001&month={month}")).expect(200).body;
        assert_eq!((unseen["items"].as_array().unwrap().len(), &unseen["items"][0]["id"]), (1, &json!(fetched.id)));
        let away = worker.get(&format!("/v1/visit-figures?place=990102&month={month}")).expect(404);
        assert_eq!(away.code(), "not_found");
        let _ = scene.staff(Role::Cook).get(&format!("/v1/visit-figures?place=990101001&month={month}")).expect(403);
        scene.settle(world);
    }
}
