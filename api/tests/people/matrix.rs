//! Who may do what where: every operation on people x every role x own place, parent, child, sibling, another city.
//!
//! What is expected is computed from the table of operations and the roles' rights, never written down a second time. An
//! operation on people that has no request here fails the test.

use super::{add_places, place, serve};
use api::operations::{Access, Operation};
use domain::access::{Action, Role};
use domain::text_enum::TextEnum;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::both_databases;
use testkit::http::{Client, Reply};

/// Where a role is held, seen from the place of the senior, the canteen and the user that are acted upon.
const RELATIONS: [(&str, &str, bool); 6] = [
    ("own", "990101001", true),
    ("parent", "990101", true),
    ("child", "990101001001", false),
    ("sibling", "990101002", false),
    ("other city", "990201", false),
    (NEXT_DOOR, "990101001", false),
];
/// Only who has a role at a canteen can have it at another one of the same place.
const NEXT_DOOR: &str = "next door";

/// What is acted upon. Requests that may act end in a conflict or a stale version where they can, so that nothing changes.
struct Subject {
    senior: String,
    fact: String,
    binding: String,
    canteen: String,
    device: String,
    user: String,
    grant: String,
}

type Send = fn(&Client, &Subject) -> Reply;

/// A request for each operation that acts on something in a place.
fn acting() -> BTreeMap<&'static str, Send> {
    let mut table: BTreeMap<&'static str, Send> = BTreeMap::new();
    table.insert("getSenior", |c, s| c.get(&format!("/v1/seniors/{}", s.senior)));
    table.insert("createSenior", |c, _| {
        let id = testkit::fixtures::citizen_id((1944, 1, 1), 777);
        c.post(
            "/v1/seniors",
            &json!({"name": "甲", "identity_number": id, "registered_place": "990101001", "resident_place": "990101001"}),
        )
    });
    table.insert("changeSenior", |c, s| c.patch(&format!("/v1/seniors/{}", s.senior), "\"999\"", &json!({"phone": null})));
    table.insert("putDiet", |c, s| {
        let headers = [("If-Match", "\"999\""), ("Content-Type", "application/json")];
        c.try_send("PUT", &format!("/v1/seniors/{}/diet", s.senior), &headers, Some(b"{}")).unwrap()
    });
    table.insert("addFact", |c, s| {
        let fact = json!({"kind": "living", "value": "alone", "valid_from": "2026-01-01", "source": "x"});
        c.post(&format!("/v1/seniors/{}/facts", s.senior), &fact)
    });
    table.insert("endFact", |c, s| {
        c.post(&format!("/v1/seniors/{}/facts/{}/end", s.senior, s.fact), &json!({"last_day": "2026-02-01"}))
    });
    table.insert("revealSenior", |c, s| {
        c.post(&format!("/v1/seniors/{}/reveals", s.senior), &json!({"fields": ["phone"], "reason": "核实"}))
    });
    table.insert("recordBinding", |c, s| {
        let body = json!({"phone": "13900007777", "name": "乙", "relation": "女儿", "scopes": ["see"], "consent": "signed_form", "reference": "1"});
        c.post(&format!("/v1/seniors/{}/bindings", s.senior), &body)
    });
    table.insert("listBindings", |c, s| c.get(&format!("/v1/seniors/{}/bindings", s.senior)));
    table.insert("makePairingCode", |c, s| {
        c.post("/v1/pairing-codes", &json!({"kind": "counter", "canteen": s.canteen, "name": "台"}))
    });
    table.insert("revokeDevice", |c, s| c.delete(&format!("/v1/devices/{}", s.device)));
    table.insert("getUser", |c, s| c.get(&format!("/v1/users/{}", s.user)));
    table.insert("blockUser", |c, s| c.post(&format!("/v1/users/{}/block", s.user), &json!({})));
    table.insert("unblockUser", |c, s| c.delete(&format!("/v1/users/{}/block", s.user)));
    table.insert("resetPassword", |c, s| c.post(&format!("/v1/users/{}/password", s.user), &json!({})));
    table.insert("endUserSessions", |c, s| c.delete(&format!("/v1/users/{}/sessions", s.user)));
    table.insert("giveGrant", |c, s| {
        c.post(&format!("/v1/users/{}/grants", s.user), &json!({"role": "cook", "place": "990101001", "canteen": s.canteen}))
    });
    table.insert("revokeGrant", |c, s| c.delete(&format!("/v1/users/{}/grants/{}", s.user, s.grant)));
    table.insert("createUser", |c, s| {
        let grant = json!({"role": "cook", "place": "990101001", "canteen": s.canteen});
        c.post("/v1/users", &json!({"login": "taken.login", "display_name": "丙", "grant": grant}))
    });
    table
}

/// Lists answer whoever has the right anywhere, with what lies in their scope.
const LISTS: [(&str, &str); 4] = [
    ("listSeniors", "/v1/seniors"),
    ("listUsers", "/v1/users?limit=200"),
    ("listDevices", "/v1/devices"),
    ("listAudit", "/v1/audit?limit=200"),
];

/// Operations whose right depends on no place, or on what the caller is to the thing; each has tests of its own.
const ELSEWHERE: [&str; 18] = [
    "setUp",
    "signIn",
    "signInWeChat",
    "sendPhoneCode",
    "signInPhone",
    "signOut",
    "signOutEverywhere",
    "getMe",
    "changePassword",
    "setPin",
    "provePhone",
    "linkSenior",
    "pairDevice",
    "askBinding",
    "confirmBinding",
    "revokeBinding",
    "searchSeniors",
    "listDeadLetters",
];

fn people() -> Vec<&'static Operation> {
    let tables = [
        api::auth::OPERATIONS,
        api::users::OPERATIONS,
        api::devices::OPERATIONS,
        api::seniors::OPERATIONS,
        api::bindings::OPERATIONS,
        api::audit::OPERATIONS,
    ];
    tables.into_iter().flatten().collect()
}

fn action_of(operation: &Operation) -> Action {
    match operation.access {
        Access::Roles(action) | Access::RolesOrFamily(action, _) => action,
        other => panic!("{} is open to {other:?}: it belongs in ELSEWHERE with a test of its own", operation.id),
    }
}

fn subject(world: &testkit::World, server: &str) -> Subject {
    let home = place("990101001");
    let senior = world.wait(world.add_senior("张伟", &home, (1951, 3, 1)));
    let _ = world.wait(world.add_senior("李四", &home, (1952, 3, 1)));
    let canteen = world.wait(world.add_canteen(&home, "食堂"));
    let admin = world.wait(world.add_staff(Role::Admin, &place("99"), None));
    let worker = world.wait(world.add_staff(Role::Worker, &home, None));
    let (admin, worker) = (Client::new(server, Some(&admin.token)), Client::new(server, Some(&worker.token)));
    let id = |reply: Reply, member: &str| reply.expect(201).body[member].as_str().unwrap().to_owned();
    let path = format!("/v1/seniors/{}", senior.id);
    // Where the senior eats, consents are recorded too.
    let _ = worker.patch(&path, "\"1\"", &json!({ "home_canteen": canteen })).expect(200);
    let fact = json!({"kind": "living", "value": "alone", "valid_from": "2026-01-01", "source": "x"});
    let fact = id(worker.post(&format!("{path}/facts"), &fact), "id");
    let _ = worker.post(&format!("{path}/facts/{fact}/end"), &json!({"last_day": "2026-01-31"})).expect(204);
    let binding = json!({"phone": "13900007777", "name": "乙", "relation": "女儿", "scopes": ["see"], "consent": "signed_form", "reference": "1"});
    let binding = id(worker.post(&format!("{path}/bindings"), &binding), "id");
    let code = id(admin.post("/v1/pairing-codes", &json!({"kind": "counter", "canteen": canteen, "name": "台"})), "code");
    let device = id(Client::new(server, None).post("/v1/devices", &json!({"code": code})), "device");
    let _ = admin.delete(&format!("/v1/devices/{device}")).expect(204);
    let user = id(
        admin.post(
            "/v1/users",
            &json!({"login": "taken.login", "display_name": "丙", "grant": {"role": "cook", "place": "990101001", "canteen": canteen}}),
        ),
        "user",
    );
    let grant = id(
        admin.post(&format!("/v1/users/{user}/grants"), &json!({"role": "courier", "place": "990101001", "canteen": canteen})),
        "id",
    );
    let _ = admin.delete(&format!("/v1/users/{user}/grants/{grant}")).expect(204);
    let new = testkit::fixtures::citizen_id((1944, 1, 1), 777);
    let _ = worker
        .post(
            "/v1/seniors",
            &json!({"name": "甲", "identity_number": new, "registered_place": "990101001", "resident_place": "990101001"}),
        )
        .expect(201);
    Subject { senior: senior.id.to_string(), fact, binding, canteen: canteen.to_string(), device, user, grant }
}

both_databases! {
    /// A role acts in its place and below, and nowhere else; what is out of scope is absent, not forbidden by name.
    fn every_operation_on_people_obeys_role_and_place(world) {
        world.wait(add_places(world, &["99", "9901", "990101", "990101001", "990101001001", "990101002", "9902", "990201"]));
        let server = serve(&world.app);
        let subject = subject(world, server.base());
        let next_door = world.wait(world.add_canteen(&place("990101001"), "隔壁食堂"));
        assert!(subject.binding.starts_with("bnd_"));
        let requests = acting();
        for operation in people() {
            let known = requests.contains_key(operation.id)
                || LISTS.iter().any(|(id, _)| *id == operation.id)
                || ELSEWHERE.contains(&operation.id)
                || operation.id == "retryDeadLetter";
            assert!(known, "{} has no request in the matrix", operation.id);
        }
        for role in Role::ALL {
            for (relation, code, covers) in RELATIONS {
                let canteen = match (role.is_of_a_canteen(), relation) {
                    (false, NEXT_DOOR) => continue,
                    (false, _) => None,
                    (true, NEXT_DOOR) => Some(next_door),
                    (true, "own" | "parent") => Some(subject.canteen.parse().unwrap()),
                    (true, _) => Some(world.wait(world.add_canteen(&place(code), "别处"))),
                };
                let staff = world.wait(world.add_staff(*role, &place(code), canteen));
                let client = Client::new(server.base(), Some(&staff.token));
                for operation in people() {
                    let told = format!("{} by {role} at {relation}", operation.id);
                    if let Some(send) = requests.get(operation.id) {
                        let allowed = role.allows(action_of(operation)) && covers;
                        let reply = send(&client, &subject);
                        let refused = matches!(reply.status, 401 | 403 | 404);
                        assert_eq!(!refused, allowed, "{told}: {} {}", reply.status, reply.text);
                        assert!(reply.status < 500, "{told}: {}", reply.text);
                    } else if let Some((_, path)) = LISTS.iter().find(|(id, _)| *id == operation.id) {
                        let reply = client.get(path);
                        let shown = match operation.id {
                            "listSeniors" | "listAudit" => &subject.senior,
                            "listUsers" => &subject.user,
                            _ => &subject.device,
                        };
                        let sees = reply.status == 200 && reply.text.contains(shown.as_str());
                        assert_eq!(sees, role.allows(action_of(operation)) && covers, "{told}: {} {}", reply.status, reply.text);
                    }
                }
            }
        }
    }
}

both_databases! {
    /// Without a session every operation but the public ones is refused, whatever else is wrong with the request.
    fn without_a_session_nothing_but_the_public_is_open(world) {
        let server = serve(&world.app);
        let nobody = Client::new(server.base(), None);
        let none = Subject {
            senior: "sen_00000000000000000000000000000001".to_owned(),
            fact: "fct_00000000000000000000000000000001".to_owned(),
            binding: String::new(),
            canteen: "can_00000000000000000000000000000001".to_owned(),
            device: "dev_00000000000000000000000000000001".to_owned(),
            user: "usr_00000000000000000000000000000001".to_owned(),
            grant: "grt_00000000000000000000000000000001".to_owned(),
        };
        for (id, send) in acting() {
            let reply = send(&nobody, &none);
            assert_eq!((reply.status, reply.code()), (401, "sign_in_needed"), "{id}: {}", reply.text);
        }
        for (id, path) in LISTS {
            assert_eq!(nobody.get(path).status, 401, "{id}");
        }
    }
}

both_databases! {
    /// Who serves at a counter finds by document who lives in the district, and nobody else; by phone, nobody.
    fn the_counter_finds_by_document_who_lives_in_the_district(world) {
        let street = world.wait(world.street());
        let server = serve(&world.app);
        let client = |role: Role| Client::new(server.base(), Some(street.token(role)));
        let found = |c: &Client, body: Value| c.post("/v1/senior-searches", &body).expect(200).body.as_array().unwrap().len();
        let counter = client(Role::Counter);
        assert_eq!(found(&counter, json!({"card": street.senior.card})), 1);
        assert_eq!(found(&counter, json!({"identity_number": street.senior.id_no})), 1);
        assert_eq!(found(&counter, json!({"phone": street.senior.phone})), 0);
        assert_eq!(found(&counter, json!({"card": street.stranger.card})), 0);
        assert_eq!(found(&client(Role::Hotline), json!({"phone": street.senior.phone})), 1);
        assert_eq!(client(Role::Cook).post("/v1/senior-searches", &json!({"card": street.senior.card})).status, 403);
    }
}
