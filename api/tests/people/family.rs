//! Family: bound by consent, scoped, unbound at once; and told what happens.

use super::{Outside, audit_break, token_of};
use domain::access::Role;
use serde_json::json;
use testkit::both_databases;
use testkit::fixtures::Street;

both_databases! {
    /// The code goes to the senior's phone; who is not told it cannot bind; whether there is such a senior is not told.
    fn a_senior_consents_on_the_own_phone(world) {
        let street = world.wait(world.street());
        let outside = Outside::of(world);
        outside.wechat.allow("son", "openid-son");
        let son = token_of(&outside.client(None).post("/v1/sessions/wechat", &json!({"code": "son"})));
        let son = outside.client(Some(&son));
        let ask = |identity: &str| son.post("/v1/binding-requests", &json!({"identity_number": identity, "relation": "儿子", "scopes": ["see", "order"]}));
        let nobody = ask(&testkit::fixtures::citizen_id((1930, 1, 1), 999)).expect(201);
        let known = ask(&street.senior.id_no).expect(201);
        assert_eq!(nobody.body.as_object().unwrap().len(), known.body.as_object().unwrap().len());
        let request = known.body["request"].as_str().unwrap();
        let confirm = |request: &str, code: &str| son.post(&format!("/v1/binding-requests/{request}/confirmation"), &json!({"code": code}));
        let code = outside.code_to(&street.senior.phone);
        assert_eq!(outside.sms.received().len(), 1);
        assert_eq!(confirm(nobody.body["request"].as_str().unwrap(), &code).expect(401).code(), "sign_in_failed");
        let stranger = outside.client(Some(&street.family)).post(&format!("/v1/binding-requests/{request}/confirmation"), &json!({"code": code}));
        assert_eq!(stranger.expect(401).code(), "sign_in_failed", "bound to who asked");
        let binding = confirm(request, &code).expect(201).body["id"].as_str().unwrap().to_owned();
        assert_eq!(confirm(request, &code).expect(401).code(), "sign_in_failed", "single use");
        let path = format!("/v1/seniors/{}", street.senior.id);
        assert_eq!(son.get(&path).expect(200).body["facts"], json!([]), "family does not see facts");
        let own = outside.client(Some(&street.senior.token));
        assert_eq!(own.get(&format!("{path}/bindings")).expect(200).body["items"][0]["scopes"], json!(["order", "see"]));
        let _ = own.delete(&format!("{path}/bindings/{binding}")).expect(204);
        let _ = son.get(&path).expect(404);
        assert_eq!(world.wait(audit_break(&world.app)), None);
    }
}

both_databases! {
    /// A worker records a signed form; the family member then signs in with the phone on it, and WeChat joins that account.
    fn a_recorded_consent_waits_for_the_family_members_phone(world) {
        let street = world.wait(world.street());
        let outside = Outside::of(world);
        let worker = outside.client(Some(street.token(Role::Worker)));
        let path = format!("/v1/seniors/{}/bindings", street.senior.id);
        let body = json!({"phone": "13900005678", "name": "张建国", "relation": "儿子", "scopes": ["see"], "consent": "signed_form", "reference": "同意书 118"});
        let by_phone = json!({"phone": "13900005678", "name": "张建国", "relation": "儿子", "scopes": ["see"], "consent": "phone", "reference": "x"});
        assert_eq!(worker.post(&path, &by_phone).expect(422).code(), "invalid");
        let _ = worker.post(&path, &body).expect(201);
        assert_eq!(worker.post(&path, &body).expect(409).body["why"], "already_bound");
        outside.wechat.allow("son", "openid-son");
        let son = outside.client(Some(&token_of(&outside.client(None).post("/v1/sessions/wechat", &json!({"code": "son"})))));
        let _ = son.get(&format!("/v1/seniors/{}", street.senior.id)).expect(404);
        let request = son.post("/v1/phone-codes", &json!({"phone": "13900005678"})).expect(201).body["request"].clone();
        let proof = json!({"phone": "13900005678", "request": request, "code": outside.code_to("13900005678")});
        let joined = outside.client(Some(&token_of(&son.post("/v1/me/phone", &proof))));
        let _ = joined.get(&format!("/v1/seniors/{}", street.senior.id)).expect(200);
        let _ = son.get("/v1/me").expect(401);
        outside.wechat.allow("again", "openid-son");
        let again = token_of(&outside.client(None).post("/v1/sessions/wechat", &json!({"code": "again"})));
        assert_eq!(outside.client(Some(&again)).get("/v1/me").expect(200).body["display_name"], "张建国");
    }
}

both_databases! {
    /// The senior is told when family orders; a message that fails is tried again with pauses and kept when that does not help.
    fn the_senior_is_told_and_a_failing_message_becomes_a_dead_letter(world) {
        let street = world.wait(world.street());
        let outside = Outside::of(world);
        let family = outside.client(Some(&street.family));
        let order = || family.post("/v1/orders", &Street::order(&street.tomorrow, 1, Some(street.poor_senior.id)));
        let run = || world.wait(app::jobs::run_due(&outside.app, &outside.app.ports, domain::time::Clock::now(&*world.clock))).unwrap();
        let _ = order().expect(201);
        assert_eq!((run(), run()), (1, 0));
        let told = outside.sms.received();
        assert_eq!((told.len(), told[0].phone.as_str()), (1, street.poor_senior.phone.as_str()));
        outside.sms.fail_with(Some(503));
        let _ = order().expect(201);
        for attempt in 0..domain::job::ATTEMPTS_MAX {
            assert_eq!(run(), 1, "attempt {attempt}");
            assert_eq!(run(), 0, "not before its pause");
            world.clock.advance_seconds(3600);
        }
        assert_eq!(run(), 0);
        let admin = outside.client(Some(street.token(Role::Admin)));
        let dead = admin.get("/v1/dead-letters").expect(200);
        assert_eq!(dead.body["items"][0]["last_error"], "temporary: the SMS provider answers 503");
        assert!(!dead.text.contains(&street.poor_senior.phone), "{}", dead.text);
        outside.sms.fail_with(None);
        let job = dead.body["items"][0]["id"].as_str().unwrap();
        let _ = admin.post(&format!("/v1/dead-letters/{job}/retry"), &json!({})).expect(204);
        assert_eq!(run(), 1);
        assert_eq!(outside.sms.received().len(), 2);
    }
}

both_databases! {
    /// A worker that dies with a job in hand loses it to another when the lease ends, and its late word counts for nothing.
    async fn a_lease_that_ends_gives_the_job_to_another_worker(world) {
        let phone = domain::person::phone::Phone::parse("13800001234").unwrap();
        world.write(move |tx| app::jobs::enqueue_sms(tx, &phone, "text").map(drop)).await;
        let now = domain::time::Clock::now(&*world.clock);
        let claim = |at: domain::Instant| world.write(move |tx| {
            app::store::query::jobs::claim(tx.change(), &["sms"], at, at.plus_seconds(domain::job::LEASE_S), 16)
        });
        let first = claim(now).await;
        assert_eq!((first.len(), claim(now).await.len()), (1, 0));
        let second = claim(now.plus_seconds(domain::job::LEASE_S)).await;
        assert_eq!(second.len(), 1);
        let (late, right) = (first[0].clone(), second[0].clone());
        assert!(!world.write(move |tx| app::store::query::jobs::finish(tx.change(), &late)).await);
        assert!(world.write(move |tx| app::store::query::jobs::finish(tx.change(), &right)).await);
    }
}
