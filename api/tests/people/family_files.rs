//! What a file of people may do and what only people may: consents, links, and who answers for them.

use super::files::{HEADER, bring, judged};
use super::{Outside, token_of};
use app::imports::job;
use domain::access::Role;
use serde_json::{Value, json};
use testkit::fixtures::citizen_id;
use testkit::http::Client;
use testkit::{Street, World, both_databases};

const FAMILY: &str = "老人身份证号,家属姓名,家属手机,关系,权限,同意方式,同意日期,凭证";

fn family(id_no: &str, phone: &str, scopes: &str, consent: &str) -> String {
    format!("{id_no},李明,{phone},子女,{scopes},{consent},2026-11-01,同意书 7")
}

fn file(rows: &[String]) -> String {
    format!("{FAMILY}\r\n{}\r\n", rows.join("\r\n"))
}

/// The codes and columns of what is wrong with a file.
fn faults(client: &Client, kind: &str, body: &str) -> Vec<(String, String)> {
    let view = judged(client, &bring(client, kind, "a.csv", body.as_bytes()).expect(202));
    let path = format!("/v1/imports/{}/faults", view["id"].as_str().unwrap());
    let told = client.get(&path).expect(200).body;
    let text = |fault: &Value, member: &str| fault[member].as_str().unwrap_or_default().to_owned();
    told["items"].as_array().unwrap().iter().map(|f| (text(f, "code"), text(f, "column"))).collect()
}

fn apply(world: &World, client: &Client, kind: &str, body: &str) {
    let view = judged(client, &bring(client, kind, "a.csv", body.as_bytes()).expect(202));
    assert_eq!(view["state"], "ready", "{view}");
    let path = format!("/v1/imports/{}", view["id"].as_str().unwrap());
    let _ = client.post(&format!("{path}/apply"), &json!({})).expect(202);
    let _ = world.wait(job::go_on(&world.app)).unwrap();
    assert_eq!(client.get(&path).expect(200).body["state"], "done");
}

/// Records of one kind that the district's auditor sees, newest first.
fn audited(outside: &Outside, street: &Street, action: &str) -> Vec<Value> {
    let auditor = outside.client(Some(street.token(Role::Auditor)));
    auditor.get(&format!("/v1/audit?action={action}")).expect(200).body["items"].as_array().unwrap().clone()
}

both_databases! {
    /// By a file as by hand: whoever holds the old number tomorrow is not the senior.
    fn a_phone_that_a_file_changes_ends_the_seniors_link(world) {
        let (street, outside) = (world.wait(world.street()), Outside::of(world));
        let senior = outside.client(Some(&street.senior.token));
        let path = format!("/v1/seniors/{}", street.senior.id);
        let _ = senior.get(&path).expect(200);
        let row = |phone: &str| {
            let home = "990101001001";
            format!("{HEADER}\r\n张伟,{},{phone},{home},{home},示范路1号,,,,,,否,否,否,,,\r\n", street.senior.id_no)
        };
        let worker = outside.client(Some(street.token(Role::Worker)));
        apply(world, &worker, "seniors", &row(&street.senior.phone));
        let _ = senior.get(&path).expect(200);
        apply(world, &worker, "seniors", &row("19912345678"));
        let _ = senior.get(&path).expect(404);
        let told = audited(&outside, &street, "senior_unlinked");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["subject"], json!(street.senior.id));
    }
}

both_databases! {
    /// A row of family is a consent: by whoever records one by hand, in a way that was given to them, within what a senior may have.
    fn a_file_goes_round_no_rule_of_consent(world) {
        let (street, outside) = (world.wait(world.street()), Outside::of(world));
        let client = |role: Role| outside.client(Some(street.token(role)));
        let (worker, poor) = (client(Role::Worker), &street.poor_senior.id_no);
        let good = file(&[family(poor, "13900000001", "订餐", "签字表")]);
        for role in [Role::Officer, Role::Admin] {
            assert_eq!(bring(&client(role), "families", "a.csv", good.as_bytes()).expect(403).code(), "forbidden", "{role}");
        }
        let fault = |code: &str, column: &str| vec![(code.to_owned(), column.to_owned())];
        let by_phone = file(&[family(poor, "13900000001", "订餐", "本人手机确认")]);
        assert_eq!(faults(&worker, "families", &by_phone), fault("not_by_file", "consent_kind"));
        // She has one: nine more fill what there may be.
        let many = |n: u32| file(&(0..n).map(|n| family(poor, &format!("139000001{n:02}"), "查看", "签字表")).collect::<Vec<_>>());
        assert_eq!(faults(&worker, "families", &many(9)), []);
        assert_eq!(faults(&worker, "families", &many(10)), fault("too_many", "identity_number"));
        let (id_no, phone) = (citizen_id((1944, 1, 1), 777), "13900000009");
        let home = "990101001001";
        let new = json!({"name": "甲", "identity_number": id_no, "registered_place": home, "resident_place": home, "phone": phone});
        let _ = worker.post("/v1/seniors", &new).expect(201);
        let request = outside.client(None).post("/v1/phone-codes", &json!({ "phone": phone })).expect(201).body["request"].clone();
        let proof = json!({"phone": phone, "request": request, "code": outside.code_to(phone)});
        let own = outside.client(Some(&token_of(&outside.client(None).post("/v1/sessions/phone", &proof))));
        let linked = own.post("/v1/me/senior", &json!({ "identity_number": id_no }));
        assert!(linked.status < 300, "{}", linked.text);
        assert_eq!(faults(&worker, "families", &file(&[family(&id_no, phone, "订餐", "签字表")])), fault("own_self", "phone"));
        assert_eq!(faults(&worker, "families", &good), []);
    }
}

both_databases! {
    /// Who was bound to whom, by which consent and by whom is on record for each, as when it is done by hand; and where.
    fn every_binding_of_a_file_is_on_record(world) {
        let (street, outside) = (world.wait(world.street()), Outside::of(world));
        let worker = outside.client(Some(street.token(Role::Worker)));
        let rows = |scopes: &str| {
            let of = [(&street.senior, "13900000001"), (&street.poor_senior, "13900000002"), (&street.poor_senior, "13900000003")];
            file(&of.map(|(senior, phone)| family(&senior.id_no, phone, scopes, "签字表")))
        };
        apply(world, &worker, "families", &rows("查看"));
        let made = audited(&outside, &street, "binding_made");
        let mut subjects: Vec<String> = made.iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect();
        subjects.sort();
        let mut expected = [&street.senior, &street.poor_senior, &street.poor_senior].map(|senior| senior.id.to_string());
        expected.sort();
        assert_eq!(subjects, expected);
        let by = street.staff.iter().find(|staff| staff.role == Role::Worker).unwrap().user;
        for row in &made {
            assert_eq!((&row["actor"], &row["detail"]["consent"]), (&json!(by), &json!("signed_form")), "{row}");
        }
        assert_eq!(audited(&outside, &street, "imported").len(), 1, "where the worker works, not nowhere");
        apply(world, &worker, "families", &rows("查看;订餐"));
        assert_eq!(audited(&outside, &street, "binding_made").len(), 3);
        assert_eq!(audited(&outside, &street, "binding_changed").len(), 3);
    }
}
