//! Rights and devices: given within the giver's scope, gone at once, and on record.

use super::{Outside, add_places, audit_break, place, serve};
use domain::access::Role;
use serde_json::json;
use testkit::both_databases;
use testkit::http::Client;

both_databases! {
    /// An administrator gives rights within their own places, never to themselves; a revoked right is gone at the next request.
    fn rights_are_given_within_the_own_scope_and_revoked_at_once(world) {
        world.wait(add_places(world, &["99", "9901", "9902", "990101", "990101001", "990102"]));
        let district = world.wait(world.add_staff(Role::Admin, &place("990101"), None));
        let auditor = world.wait(world.add_staff(Role::Auditor, &place("99"), None));
        let worker = world.wait(world.add_staff(Role::Worker, &place("990101001"), None));
        let server = serve(&world.app);
        let client = |token: &str| Client::new(server.base(), Some(token));
        let (admin, wu) = (client(&district.token), worker.user);
        let give = |role: &str, place: &str| admin.post(&format!("/v1/users/{wu}/grants"), &json!({"role": role, "place": place}));
        assert_eq!(give("auditor", "9901").expect(404).body["what"], "place", "above");
        assert_eq!(give("auditor", "990102").expect(404).body["what"], "place", "beside");
        assert_eq!(give("auditor", "990101002").expect(409).body["why"], "place_unknown");
        let grant = give("auditor", "990101").expect(201).body["id"].as_str().unwrap().to_owned();
        assert_eq!(give("auditor", "990101").expect(409).body["why"], "already_granted");
        let worker = client(&worker.token);
        let _ = worker.get("/v1/audit").expect(200);
        let own = admin.post(&format!("/v1/users/{}/grants", district.user), &json!({"role": "worker", "place": "990101"}));
        assert_eq!(own.expect(409).body["why"], "own_account");
        let _ = admin.delete(&format!("/v1/users/{wu}/grants/{grant}")).expect(204);
        assert_eq!(worker.get("/v1/audit").expect(403).code(), "forbidden");
        assert_eq!(admin.delete(&format!("/v1/users/{wu}/grants/{grant}")).expect(409).body["why"], "already_revoked");
        let log = client(&auditor.token).get(&format!("/v1/audit?subject={wu}")).expect(200);
        let actions: Vec<&str> = log.body["items"].as_array().unwrap().iter().filter_map(|row| row["action"].as_str()).collect();
        assert_eq!(actions, ["grant_revoked", "grant_given"]);
        assert_eq!(world.wait(audit_break(&world.app)), None);
    }
}

both_databases! {
    /// Canteen staff belong to a canteen: a role for the street would show each canteen the others' guests.
    fn who_works_at_a_canteen_has_the_role_there(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let admin = Client::new(server.base(), Some(street.token(Role::Admin)));
        let hotline = street.staff.iter().find(|staff| staff.role == Role::Hotline).unwrap().user;
        for role in ["canteen_manager", "counter", "cook", "courier"] {
            let grant = json!({"role": role, "place": street.place});
            let refused = admin.post(&format!("/v1/users/{hotline}/grants"), &grant).expect(422);
            assert_eq!((refused.code(), refused.body["faults"][0]["place"].as_str()), ("invalid", Some("/canteen")), "{role}");
            let user = json!({"login": format!("new-{role}").replace('_', "-"), "display_name": "丁", "grant": grant});
            let refused = admin.post("/v1/users", &user).expect(422);
            assert_eq!(refused.body["faults"][0]["place"], "/grant/canteen", "{role}: {}", refused.text);
            let grant = json!({"role": role, "place": street.place, "canteen": street.canteen});
            let _ = admin.post(&format!("/v1/users/{hotline}/grants"), &grant).expect(201);
        }
    }
}

both_databases! {
    /// Blocking an account takes the right over all of its places, or a street could lock the city out.
    fn an_account_is_blocked_only_by_who_administers_all_of_it(world) {
        world.wait(add_places(world, &["99", "9901", "990101", "990101001"]));
        let street = world.wait(world.add_staff(Role::Admin, &place("990101001"), None));
        let city = world.wait(world.add_staff(Role::Admin, &place("9901"), None));
        let worker = world.wait(world.add_staff(Role::Worker, &place("990101001"), None));
        let server = serve(&world.app);
        let client = |token: &str| Client::new(server.base(), Some(token));
        let (street, city_admin) = (client(&street.token), client(&city.token));
        let _ = street.get(&format!("/v1/users/{}", city.user)).expect(404);
        let given = client(&world.wait(world.add_staff(Role::Admin, &place("99"), None)).token)
            .post(&format!("/v1/users/{}/grants", city.user), &json!({"role": "auditor", "place": "990101001"}));
        let _ = given.expect(201);
        let _ = street.get(&format!("/v1/users/{}", city.user)).expect(200);
        assert_eq!(street.post(&format!("/v1/users/{}/block", city.user), &json!({})).expect(403).code(), "forbidden");
        let _ = client(&worker.token).get("/v1/me").expect(200);
        let _ = city_admin.post(&format!("/v1/users/{}/block", worker.user), &json!({})).expect(204);
        let _ = client(&worker.token).get("/v1/me").expect(401);
    }
}

both_databases! {
    /// A device is paired by a code that is good once and for ten minutes, and is shut out at once.
    fn a_device_is_paired_once_and_shut_out_at_once(world) {
        let street = world.wait(world.street());
        let outside = Outside::of(world);
        let manager = outside.client(Some(street.token(Role::CanteenManager)));
        let code_for = |body: serde_json::Value| manager.post("/v1/pairing-codes", &body);
        let display = json!({"kind": "kitchen_display", "canteen": street.canteen, "name": "热菜间"});
        let elsewhere = json!({"kind": "kitchen_display", "canteen": street.elsewhere, "name": "别处"});
        let _ = code_for(elsewhere).expect(404);
        let code = code_for(display.clone()).expect(201).body["code"].as_str().unwrap().to_owned();
        let anyone = outside.client(None);
        let pair = |code: &str| anyone.post("/v1/devices", &json!({"code": code}));
        assert_eq!(pair("AAAA-AAAA").expect(401).code(), "sign_in_failed");
        let paired = pair(&code.to_lowercase()).expect(201);
        assert_eq!(pair(&code).expect(401).code(), "sign_in_failed", "single use");
        let device = outside.client(paired.body["token"].as_str());
        assert_eq!(device.get("/v1/me").expect(200).body["device"], paired.body["device"]);
        let late = code_for(display).expect(201).body["code"].as_str().unwrap().to_owned();
        world.clock.advance_seconds(601);
        assert_eq!(pair(&late).expect(401).code(), "sign_in_failed", "ten minutes");
        let _ = manager.delete(&format!("/v1/devices/{}", paired.body["device"].as_str().unwrap())).expect(204);
        let _ = device.get("/v1/me").expect(401);
        for (user, why) in [(serde_json::Value::Null, "courier_needed"), (json!(street.staff[0].user), "not_a_courier_here")] {
            let phone = json!({"kind": "courier_phone", "canteen": street.canteen, "user": user, "name": "手机"});
            assert_eq!(code_for(phone).expect(409).body["why"], why);
        }
    }
}

both_databases! {
    /// Any byte of the audit log that is changed, and any record that is taken out, is found.
    async fn an_edit_of_the_audit_log_is_found(world) {
        add_places(world, &["99"]).await;
        let admin = world.add_staff(Role::Admin, &place("99"), None).await;
        let actor = world.actor(&admin.token).await;
        for n in 0..5 {
            let actor = actor.clone();
            world.write(move |tx| {
                let action = domain::audit::AuditAction::Revealed;
                app::audit::record(tx, &actor, action, format!("sen_{n}"), Some(&place("99")), &json!({"reason": "test"}));
                Ok(())
            }).await;
        }
        assert_eq!(audit_break(&world.app).await, None);
        for (damage, repair) in [
            ("UPDATE audit SET at = at + 1 WHERE seq = 2", Some("UPDATE audit SET at = at - 1 WHERE seq = 2")),
            ("UPDATE audit SET place_code = '98' WHERE seq = 3", Some("UPDATE audit SET place_code = '99' WHERE seq = 3")),
            ("UPDATE audit SET subject = 'sen_9' WHERE seq = 4", Some("UPDATE audit SET subject = 'sen_3' WHERE seq = 4")),
            // What the chain alone cannot show: whoever may write the head too. It is why the head is written down outside.
            (
                "DELETE FROM audit WHERE seq = 5",
                Some("UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit WHERE seq = 4)"),
            ),
        ] {
            world.write(move |tx| store_fixture(tx, damage)).await;
            assert!(audit_break(&world.app).await.is_some(), "{damage}");
            if let Some(repair) = repair {
                world.write(move |tx| store_fixture(tx, repair)).await;
                assert_eq!(audit_break(&world.app).await, None, "{repair}");
            }
        }
    }
}

fn store_fixture(tx: &mut app::store::Tx<'_>, sql: &'static str) -> Result<(), app::store::StoreError> {
    app::store::fixture::execute(tx.change(), sql)
}

both_databases! {
    /// Concurrent writers chain one after the other, from two processes.
    async fn concurrent_records_chain_without_a_gap(world) {
        let other = world.another_app();
        let tasks: Vec<_> = (0..60).map(|n| {
            let app = if n % 2 == 0 { world.app.clone() } else { other.clone() };
            tokio::spawn(async move {
                let lane = app::store::LaneKey::of(domain::id::UserId::from_uuid(uuid::Uuid::from_u128(n)));
                app.store.write(lane, "test", move |tx| {
                    let actor = domain::access::Actor::default();
                    app::audit::record(tx, &actor, domain::audit::AuditAction::SignedIn, n, None, &json!({}));
                    Ok::<_, app::store::StoreError>(())
                }).await
            })
        }).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(app::audit::verify(&world.app).await.unwrap().map(|head| head.seq), Ok(60));
    }
}
