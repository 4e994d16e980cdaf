//! Signing in, and being kept out.

use super::{Outside, add_places, audit_break, serve, token_of};
use domain::person::one_time_code;
use serde_json::json;
use testkit::both_databases;
use testkit::http::Client;

const PASSWORD: &str = "correct horse battery";

both_databases! {
    /// The token of the first start makes one administrator, once; nobody else has an account.
    fn the_set_up_token_makes_the_first_administrator_once(world) {
        let app = &world.app;
        let server = serve(app);
        let anyone = Client::new(server.base(), None);
        let token = world.wait(app::auth::setup::make_token(app)).unwrap().expect("nobody has a right yet");
        let body = |token: &str| json!({
            "token": token, "login": "first.admin", "display_name": "管理员", "password": PASSWORD,
            "places": [{"code": "99", "name": "示范省"}],
        });
        assert_eq!(anyone.post("/v1/setup", &body("nft_wrong")).expect(401).code(), "sign_in_failed");
        let weak = json!({"token": token.reveal(), "login": "first.admin", "display_name": "管理员", "password": "first.admin1", "places": [{"code": "99", "name": "省"}]});
        assert_eq!(anyone.post("/v1/setup", &weak).expect(422).body["faults"][0]["code"], "guessable");
        let session = token_of(&anyone.post("/v1/setup", &body(token.reveal())));
        let me = Client::new(server.base(), Some(&session)).get("/v1/me").expect(200);
        assert_eq!((me.body["rights"][0]["role"].as_str(), me.body["rights"][0]["place"].as_str()), (Some("admin"), Some("99")));
        let again = json!({"token": token.reveal(), "login": "second.admin", "display_name": "又一个", "password": PASSWORD, "places": [{"code": "98", "name": "省"}]});
        assert_eq!(anyone.post("/v1/setup", &again).expect(401).code(), "sign_in_failed");
        assert!(world.wait(app::auth::setup::make_token(app)).unwrap().is_none());
        assert_eq!(world.wait(audit_break(app)), None);
    }
}

both_databases! {
    /// A given password opens nothing but its own change; a change and a sign-out end sessions at once.
    fn a_first_password_must_be_changed_and_old_sessions_end(world) {
        world.wait(add_places(world, &["99", "9901"]));
        let admin = world.wait(world.add_staff(domain::access::Role::Admin, &crate::place("99"), None));
        let server = serve(&world.app);
        let admin = Client::new(server.base(), Some(&admin.token));
        let made = admin.post("/v1/users", &json!({"login": "wang.li", "display_name": "王丽", "grant": {"role": "worker", "place": "9901"}})).expect(201);
        let first = made.body["password"].as_str().unwrap().to_owned();
        let anyone = Client::new(server.base(), None);
        let sign_in = |password: &str| anyone.post("/v1/sessions", &json!({"login": "wang.li", "password": password}));
        let session = sign_in(&first).expect(201);
        assert_eq!(session.body["must_change_password"], true);
        let user = Client::new(server.base(), session.body["token"].as_str());
        assert_eq!(user.get("/v1/seniors").expect(403).code(), "password_change_needed");
        assert_eq!(user.post("/v1/me/password", &json!({"old": "something else", "new": PASSWORD})).expect(401).code(), "sign_in_failed");
        let changed = token_of(&user.post("/v1/me/password", &json!({"old": first, "new": PASSWORD})));
        assert_eq!(user.get("/v1/me").expect(401).code(), "sign_in_needed");
        let user = Client::new(server.base(), Some(&changed));
        let _ = user.get("/v1/seniors").expect(200);
        let _ = user.delete("/v1/sessions/current").expect(204);
        let _ = user.get("/v1/me").expect(401);
        let (one, two) = (token_of(&sign_in(PASSWORD)), token_of(&sign_in(PASSWORD)));
        let _ = Client::new(server.base(), Some(&one)).delete("/v1/sessions").expect(204);
        let _ = Client::new(server.base(), Some(&two)).get("/v1/me").expect(401);
    }
}

both_databases! {
    /// Guessing is stopped by counts in the database: an unknown login is answered as a wrong password is, and both count.
    fn guessing_a_password_is_throttled_and_tells_nothing(world) {
        let server = serve(&world.app);
        let anyone = Client::new(server.base(), None);
        let guess = || anyone.post("/v1/sessions", &json!({"login": "nobody.here", "password": "wrong password"}));
        for _ in 0..10 {
            assert_eq!(guess().expect(401).code(), "sign_in_failed");
        }
        let refused = guess().expect(429);
        assert_eq!(refused.body["retry_after_s"], 900);
        // Another process sees the same count.
        let other = serve(&world.another_app());
        let there = Client::new(other.base(), None).post("/v1/sessions", &json!({"login": "nobody.here", "password": "wrong password"}));
        assert_eq!(there.expect(429).code(), "too_many_tries");
        world.clock.advance_seconds(901);
        assert_eq!(guess().expect(401).code(), "sign_in_failed");
    }
}

both_databases! {
    /// A code from a phone is good once, for its request, in time, and for five attempts.
    fn a_phone_code_is_single_use_short_lived_and_bound_to_its_request(world) {
        let outside = Outside::of(world);
        let (anyone, phone) = (outside.client(None), "13800001234");
        let ask = || anyone.post("/v1/phone-codes", &json!({"phone": phone})).expect(201).body["request"].as_str().unwrap().to_owned();
        let sign_in = |request: &str, code: &str| anyone.post("/v1/sessions/phone", &json!({"phone": phone, "request": request, "code": code}));
        let first = ask();
        let code = outside.code_to(phone);
        assert_eq!(anyone.post("/v1/phone-codes", &json!({"phone": phone})).expect(429).code(), "too_many_tries");
        let other = anyone.post("/v1/sessions/phone", &json!({"phone": "13800009999", "request": first, "code": code}));
        // Right code, another phone: refused, and the code is spent.
        assert_eq!(other.expect(401).code(), "sign_in_failed");
        assert_eq!(sign_in(&first, &code).status, 401);
        world.clock.advance_seconds(61);
        let second = ask();
        let code = outside.code_to(phone);
        assert_eq!(sign_in(&first, &code).status, 401, "bound to its request");
        let user = token_of(&sign_in(&second, &code));
        assert_eq!(sign_in(&second, &code).status, 401, "single use");
        assert_eq!(outside.client(Some(&user)).get("/v1/me").expect(200).body["phone"], "138****1234");
        world.clock.advance_seconds(61);
        let third = ask();
        let code = outside.code_to(phone);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..one_time_code::ATTEMPTS_MAX {
            assert_eq!(sign_in(&third, wrong).status, 401);
        }
        assert_eq!(sign_in(&third, &code).status, 401, "after five wrong attempts");
        world.clock.advance_seconds(61);
        let fourth = ask();
        let code = outside.code_to(phone);
        world.clock.advance_seconds(one_time_code::VALID_S);
        assert_eq!(sign_in(&fourth, &code).status, 401, "in time");
    }
}

both_databases! {
    /// Without a provider a way in is off, and says so; with one that is down it says that.
    fn a_way_in_that_is_not_set_up_says_so(world) {
        let server = serve(&world.app);
        let anyone = Client::new(server.base(), None);
        assert_eq!(anyone.post("/v1/phone-codes", &json!({"phone": "13800001234"})).expect(404).code(), "way_off");
        assert_eq!(anyone.post("/v1/sessions/wechat", &json!({"code": "abc"})).expect(404).code(), "way_off");
        let outside = Outside::of(world);
        outside.sms.fail_with(Some(500));
        assert_eq!(outside.client(None).post("/v1/phone-codes", &json!({"phone": "13800001234"})).expect(503).code(), "outside_unreachable");
    }
}

both_databases! {
    /// WeChat's code opens a session of one user, once; each of its errors has an answer, and its session key goes nowhere.
    fn a_wechat_code_opens_a_session_once(world) {
        let outside = Outside::of(world);
        let anyone = outside.client(None);
        let sign_in = |code: &str| anyone.post("/v1/sessions/wechat", &json!({"code": code}));
        outside.wechat.allow("one", "openid-1");
        outside.wechat.allow("two", "openid-1");
        let first = sign_in("one").expect(201);
        assert!(!first.text.contains("session-key") && !first.text.contains("openid"), "{}", first.text);
        assert_eq!(sign_in("one").expect(401).code(), "sign_in_failed");
        assert_eq!(sign_in("two").expect(201).body["user"], first.body["user"]);
        for (error, status, code) in [
            (40029, 401, "sign_in_failed"),
            (45011, 429, "too_many_tries"),
            (40226, 403, "forbidden"),
            (-1, 503, "outside_unreachable"),
            (40125, 503, "outside_unreachable"),
        ] {
            outside.wechat.fail_with(Some(error));
            assert_eq!(sign_in("x").expect(status).code(), code, "{error}");
        }
    }
}

both_databases! {
    /// The link to the senior one is takes the phone on the record and the whole identity number; a new phone on the record
    /// takes it away.
    fn a_client_is_linked_to_a_senior_by_phone_and_identity_number_together(world) {
        world.wait(add_places(world, &["99", "9901", "990101", "990101001"]));
        let worker = world.wait(world.add_staff(domain::access::Role::Worker, &crate::place("990101001"), None));
        let outside = Outside::of(world);
        let worker = outside.client(Some(&worker.token));
        let (id_no, phone) = (testkit::fixtures::citizen_id((1941, 3, 15), 7), "13700001111");
        let senior = worker.post("/v1/seniors", &json!({
            "name": "张桂兰", "identity_number": id_no, "registered_place": "990101001", "resident_place": "990101001", "phone": phone,
        })).expect(201);
        let id = senior.body["id"].as_str().unwrap().to_owned();
        outside.wechat.allow("w", "openid-senior");
        let client = token_of(&outside.client(None).post("/v1/sessions/wechat", &json!({"code": "w"})));
        let client = outside.client(Some(&client));
        let link = |client: &Client| client.post("/v1/me/senior", &json!({"identity_number": id_no}));
        assert_eq!(link(&client).expect(401).code(), "sign_in_failed", "the identity number alone is not enough");
        let request = outside.client(None).post("/v1/phone-codes", &json!({"phone": phone})).expect(201).body["request"].clone();
        let proof = json!({"phone": phone, "request": request, "code": outside.code_to(phone)});
        let client = outside.client(Some(&token_of(&client.post("/v1/me/phone", &proof))));
        let _ = client.get(&format!("/v1/seniors/{id}")).expect(404);
        let other = testkit::fixtures::citizen_id((1941, 3, 15), 8);
        assert_eq!(client.post("/v1/me/senior", &json!({"identity_number": other})).expect(401).code(), "sign_in_failed", "nor the phone alone");
        assert_eq!(link(&client).expect(200).body["senior"].as_str(), Some(id.as_str()));
        let seen = client.get(&format!("/v1/seniors/{id}")).expect(200);
        assert_eq!(seen.body["signs_in"], true);
        let moved = worker.patch(&format!("/v1/seniors/{id}"), &seen.etag.unwrap(), &json!({"phone": "13700002222"})).expect(200);
        assert_eq!(moved.body["signs_in"], false);
        let _ = client.get(&format!("/v1/seniors/{id}")).expect(404);
        assert_eq!(world.wait(audit_break(&world.app)), None);
    }
}
