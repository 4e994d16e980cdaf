//! The courier's page in a real Chromium, on a phone: what happened at a door is kept without network and arrives with it.

use super::serve;
use domain::access::Role;
use domain::time::Clock;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::browser::{Driver, Screen};
use testkit::cable::Cable;
use testkit::http::Client;
use testkit::readable::assert_readable;
use testkit::{Engine, World};

const SOON: Duration = Duration::from_secs(20);
/// The page's clock: begins at a time, as the world's does, instead of being this machine's.
fn clock_from(milliseconds: i64) -> String {
    format!(
        "(() => {{ const real = Date.now, from = real.call(Date); Date.now = () => real.call(Date) - from + ({milliseconds}); }})()"
    )
}

/// A record can be taken back for half a minute and is sent after it, which no test waits for.
const A_MINUTE_LATER: &str = "{ const real = Date.now; Date.now = () => real.call(Date) + 60000; }";

#[test]
fn a_shut_door_and_a_change_that_was_seen_are_kept_without_network_and_arrive_with_it() {
    let world = World::new(Engine::Sqlite);
    {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let staff = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let order = |person: &testkit::Person| {
            let body = json!({"sitting": street.lunch.sitting, "senior": person.id, "channel": "delivery",
                "lines": [{"menu_item": street.lunch.items[1], "quantity": 1}]});
            let _ = staff(Role::Worker).post("/v1/orders", &body).expect(201);
        };
        order(&street.senior);
        order(&street.poor_senior);
        let user = street.staff.iter().find(|staff| staff.role == Role::Courier).unwrap().user;
        let carriers = json!({"carriers": [{"name": "小王", "user": user, "mode": "e_bike", "boxes": 20, "from_minute": 600,
            "to_minute": 800, "max_trips": 3}], "steps": 100});
        let _ = staff(Role::CanteenManager).post(&format!("/v1/sittings/{}/plans", street.lunch.sitting), &carriers).expect(201);
        let pairing = json!({"kind": "courier_phone", "canteen": street.canteen, "name": "小王的手机", "user": user});
        let code = staff(Role::CanteenManager).post("/v1/pairing-codes", &pairing).expect(201);

        let driver = Driver::start();
        let phone = Screen::open(&driver, 390, 844);
        let service = server.base().strip_prefix("http://").unwrap().parse().unwrap();
        let cable = Cable::to(service);
        let now = world.clock.now().to_utc().timestamp_millis();
        phone.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": clock_from(now) }));
        phone.go(&format!("http://{}/courier", cable.address));
        phone.until("the pairing form", "!document.getElementById('pairing').hidden", SOON);
        phone.picture("courier-pairing");
        assert_readable(&phone, "pairing");
        phone.run_with(
            "document.getElementById('code').value = arguments[0]; document.querySelector('#pairing button').click()",
            &[code.body["code"].clone()],
        );
        phone.until("two stops", "document.querySelectorAll('.stop').length === 2", SOON);
        phone.picture("courier-stops");
        assert_readable(&phone, "stops");

        phone.until(
            "its files are kept",
            "navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => true)",
            SOON,
        );
        phone.offline(true);
        cable.cut();
        phone.run("document.querySelector('.stop.next [data-outcome=no_answer]').click()");
        phone.until("what is to be done", "document.querySelector('.stop.done .outcome').textContent.includes('餐不留门口')", SOON);
        phone.run("document.querySelector('.stop.next .worry').click()");
        phone.picture("courier-concerns");
        assert_readable(&phone, "concerns");
        phone.run("document.querySelector('.stop.next [data-concern=unsteady]').click()");
        phone.until("it waits", "document.querySelector('.stop.next .alerted').textContent.includes('待上传')", SOON);
        phone.run("location.reload()");
        // Without network the page comes from the phone itself, and what was recorded is still there.
        phone.until("it was kept", "document.querySelector('.stop .alerted:not(:empty)')?.textContent.includes('待上传')", SOON);
        phone.picture("courier-offline");
        world.clock.advance_seconds(120);
        phone.run(A_MINUTE_LATER);
        cable.mend();
        phone.offline(false);
        phone.run("dispatchEvent(new Event('online'))");
        phone.until("it arrived", "document.querySelector('.stop .alerted:not(:empty)').textContent.includes('已上报')", SOON);
        phone.until("all of it", "document.getElementById('status').textContent.includes('全部已上传')", SOON);
        phone.picture("courier-sent");
        let cases = staff(Role::Worker).get("/v1/welfare-cases?open=true").expect(200).body;
        let mut concerns: Vec<&Value> = cases["items"].as_array().unwrap().iter().map(|case| &case["concern"]).collect();
        concerns.sort_by_key(|concern| concern.to_string());
        assert_eq!(concerns, ["no_answer", "unsteady"]);
    }
    world.finish();
}
