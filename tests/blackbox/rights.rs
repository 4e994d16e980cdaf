//! Who may do what where: every operation x everybody x own place, the place above, another city.
//!
//! What is expected stands in `rights.md`, which people read and review. An operation that is not in it fails the test. After a
//! change that is meant, `NUANFAN_RECORD=1` writes it anew; its difference is the change of rights.

use crate::street::{Day, Operation, Request, operations};
use api::operations::Access;
use domain::access::{Action, FamilyScope, Role};
use domain::text_enum::TextEnum;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use testkit::http::{Client, Reply};
use testkit::{World, both_databases};

/// Callers besides staff. The senior and the family are those of whom the request is: see [`Whom`].
const OTHERS: [&str; 12] = [
    "nobody",
    "the senior",
    "another senior",
    "family: order",
    "family: pay",
    "family: see",
    "family: alert",
    "terminal",
    "display",
    "courier_phone",
    "sensor",
    "its maker",
];
/// Where a role is held, seen from the street and the canteen of everything that is acted upon. Who has a role at a canteen has it at that
/// one, for places of whatever height; and at the one next door.
const PLACES: [(&str, &str, bool); 4] = [
    ("990101001", "canteen", true),
    ("990101", "canteen", true),
    ("990201", "elsewhere", false),
    ("990101001", "neighbour", false),
];
const NEXT_DOOR: usize = 3;
/// They end the session of whoever asks, so each is asked with a session of its own, at the end.
const ENDING: [&str; 2] = ["signOut", "signOutEverywhere"];
/// What somebody elsewhere must not even see the identifier of.
const PRIVATE: [&str; 15] =
    ["sen_", "ord_", "bnd_", "fct_", "dev_", "std_", "pln_", "stp_", "lot_", "bat_", "set_", "pyo_", "pay_", "ano_", "cpl_"];

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/blackbox/rights.md")
}

fn refused(reply: &Reply) -> bool {
    matches!(reply.code(), "sign_in_needed" | "forbidden" | "not_found" | "password_change_needed")
}

/// The senior of whom a request is: whose record, order or binding it names; 张伟 when it names nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Senior,
    Poor,
    New,
}

impl Whom {
    const ALL: [Self; 3] = [Self::Senior, Self::Poor, Self::New];

    fn of(day: &Day, request: &Request) -> Self {
        let sent = request.target() + &request.body.as_ref().map(Value::to_string).unwrap_or_default();
        let names = |kept: &[&str]| kept.iter().any(|name| day.kept[*name].as_str().is_some_and(|id| sent.contains(id)));
        match () {
            () if names(&["new_senior", "binding", "fact"]) => Self::New,
            () if names(&["poor_senior", "order2", "poor_card"]) => Self::Poor,
            () => Self::Senior,
        }
    }

    const fn kept(self) -> &'static str {
        match self {
            Self::Senior => "senior",
            Self::Poor => "poor_senior",
            Self::New => "new_senior",
        }
    }

    /// The senior's own session, by the day's name.
    const fn own(self) -> &'static str {
        match self {
            Self::Senior => "senior",
            Self::Poor => "poor_senior",
            Self::New => "client",
        }
    }
}

/// Whether a request is of the canteen that the day makes, or of what is its own.
fn of_new_canteen(day: &Day, request: &Request) -> bool {
    let sent = request.target() + &request.body.as_ref().map(Value::to_string).unwrap_or_default();
    ["new_canteen", "new_dish", "new_sitting"].iter().any(|name| day.kept[*name].as_str().is_some_and(|id| sent.contains(id)))
}

/// One row of the table: an operation, or one of the ways to call it.
struct Asked {
    name: String,
    operation: Operation,
    requests: Vec<Request>,
}

/// The operations with the last request of the day for each; what ends or takes away something comes last.
fn asked(day: &Day) -> Vec<Asked> {
    let document = serde_json::to_value(api::openapi::document()).unwrap();
    let last: BTreeMap<&str, &Request> = day.played.iter().map(|p| (p.request.operation.as_str(), &p.request)).collect();
    let mut all: Vec<(Operation, Request)> =
        operations(&document).into_iter().filter_map(|o| last.get(o.id.as_str()).map(|r| (o.clone(), (*r).clone()))).collect();
    let takes_away = |id: &str| id.contains("evoke") || id.contains("block") || id.starts_with("endUser") || id == "setUp";
    all.sort_by_key(|(operation, _)| (ENDING.contains(&operation.id.as_str()), takes_away(&operation.id), operation.id.clone()));
    let mut rows = Vec::new();
    for (operation, request) in all {
        // A menu is everyone's; what it says of a senior's diet is not.
        if operation.id == "getMenu" {
            let plain = Request { query: Vec::new(), ..request.clone() };
            let with = Request { query: vec![("senior".to_owned(), day.kept["senior"].as_str().unwrap().to_owned())], ..request };
            rows.push(Asked { name: "getMenu".to_owned(), operation: operation.clone(), requests: vec![plain] });
            rows.push(Asked { name: "getMenu?senior".to_owned(), operation, requests: vec![with] });
        } else {
            rows.push(Asked { name: operation.id.clone(), requests: harmless(&request), operation });
        }
    }
    rows
}

/// Requests that act on nothing that another request needs; who may send one of them may call the operation.
fn harmless(request: &Request) -> Vec<Request> {
    let mut request = request.clone();
    if request.if_match.is_some() {
        request.if_match = Some("\"999\"".to_owned());
    }
    if request.operation == "createUser" {
        request.body.as_mut().unwrap()["login"] = json!("wang.li");
    }
    // Which table a file may bring is a right of its own. A file that is refused for its name, after the question who may bring one.
    if request.operation == "bringImport" {
        let file = |kind: &str| {
            let query = vec![("kind".to_owned(), kind.to_owned()), ("file_name".to_owned(), "file.txt".to_owned())];
            Request { query, ..request.clone() }
        };
        return ["places", "seniors"].map(file).to_vec();
    }
    vec![request]
}

struct Matrix<'a> {
    world: &'a World,
    day: &'a Day,
    staff: BTreeMap<(Role, usize, bool), String>,
    family: BTreeMap<(Whom, FamilyScope), String>,
    faults: Vec<String>,
}

impl<'a> Matrix<'a> {
    fn new(world: &'a World, day: &'a Day) -> Self {
        let mut staff = BTreeMap::new();
        for role in Role::ALL {
            for (n, (place, canteen, covers)) in PLACES.iter().enumerate() {
                let place = domain::PlaceCode::parse(place).unwrap();
                for of_new in [false, true] {
                    let canteen = if *covers && of_new { "new_canteen" } else { canteen };
                    let canteen = role.is_of_a_canteen().then(|| day.kept[canteen].as_str().unwrap().parse().unwrap());
                    staff.insert((*role, n, of_new), world.wait(world.add_staff(*role, &place, canteen)).token);
                }
            }
        }
        let mut family = BTreeMap::new();
        for whom in Whom::ALL {
            let senior = day.kept[whom.kept()].as_str().unwrap().parse().unwrap();
            for scope in FamilyScope::ALL {
                family.insert((whom, *scope), world.wait(world.add_family(senior, &[*scope])));
            }
        }
        Self { world, day, staff, family, faults: Vec::new() }
    }

    /// A session to ask with: one of its own for what ends it.
    fn client(&self, operation: &Operation, token: &str) -> Client {
        let own = ENDING.contains(&operation.id.as_str()).then(|| self.world.wait(self.world.another_session(token)));
        Client::new(self.day.server.base(), Some(own.as_deref().unwrap_or(token)))
    }

    /// One cell: `●` where the role is held over the thing, `▲` where over its whole district, `○` wherever it is held, `·` never.
    fn cell(&mut self, asked: &Asked, role: Role) -> &'static str {
        let mut allowed = [false; PLACES.len()];
        for (n, (place, canteen, covers)) in PLACES.iter().enumerate() {
            if n == NEXT_DOOR && !role.is_of_a_canteen() {
                allowed[n] = allowed[n - 1];
                continue;
            }
            for request in &asked.requests {
                let client = self.client(&asked.operation, &self.staff[&(role, n, of_new_canteen(self.day, request))]);
                self.restore(request);
                let reply = request.send(&client);
                allowed[n] |= !refused(&reply);
                let told = format!("{} by {role} at {place}, {canteen}", asked.name);
                if reply.status >= 500 {
                    self.faults.push(format!("{told}: {}", reply.text));
                }
                if !covers && reply.status < 400 {
                    self.unseen(&told, request, &reply);
                }
            }
        }
        match allowed {
            [true, true, false, false] => "●",
            [false, true, false, false] => "▲",
            [true, true, true, true] => "○",
            [false, false, false, false] => "·",
            other => {
                self.faults.push(format!("{} by {role}: own, above, elsewhere, next door are {other:?}", asked.name));
                "?"
            }
        }
    }

    /// Somebody elsewhere may get a list, but nothing of ours in it.
    fn unseen(&mut self, told: &str, request: &Request, reply: &Reply) {
        let sent = request.target() + &request.body.as_ref().map(Value::to_string).unwrap_or_default();
        let ours: Vec<String> = self.day.kept.values().filter_map(Value::as_str).map(str::to_owned).collect();
        for id in ours {
            let private = PRIVATE.iter().any(|prefix| id.starts_with(prefix)) && id.len() == 36;
            if private && reply.text.contains(&id) && !sent.contains(&id) {
                self.faults.push(format!("{told} shows {id}"));
            }
        }
    }

    /// What was done for one caller is undone for the next: a message that is on its way again is no dead letter.
    fn restore(&self, request: &Request) {
        if request.operation == "retryDeadLetter" {
            let dead = "UPDATE job SET state = 'dead' WHERE state = 'queued' AND attempts = 0 AND last_error IS NOT NULL";
            store::fixture::execute(&mut self.world.database.connect(), dead).unwrap();
        }
    }

    /// The session of somebody who is no staff; `None` for nobody and for who is not asked.
    fn other(&self, name: &str, asked: &Asked) -> Option<&str> {
        let whom = Whom::of(self.day, &asked.requests[0]);
        let of_day = |name: &str| Some(self.day.tokens[name].as_str());
        match name {
            "the senior" => of_day(whom.own()),
            "another senior" => of_day("allergic_senior"),
            "its maker" => of_day("admin").filter(|_| self.is_somebodys(asked)),
            "terminal" | "display" | "courier_phone" | "sensor" => of_day(name),
            _ => name.strip_prefix("family: ").and_then(FamilyScope::parse).map(|scope| self.family[&(whom, scope)].as_str()),
        }
    }

    /// Whether it is of what somebody made; in the day the administrator did.
    fn is_somebodys(&self, asked: &Asked) -> bool {
        matches!(api::operations::all().find(|known| known.id == asked.operation.id).unwrap().access, Access::Own(_))
    }

    fn row(&mut self, asked: &Asked) -> String {
        let mut row = format!("| {} |", asked.name);
        for name in OTHERS {
            let token = self.other(name, asked);
            let client = match token {
                Some(token) => self.client(&asked.operation, token),
                None => Client::new(self.day.server.base(), None),
            };
            let asks = name != "its maker" || token.is_some();
            let mark = if asks { if asked.requests.iter().all(|r| refused(&r.send(&client))) { "·" } else { "○" } } else { "-" };
            row += &format!(" {mark} |");
        }
        for role in Role::ALL {
            row += &format!(" {} |", self.cell(asked, *role));
        }
        row
    }
}

/// What the table of operations says of a role must be what happens. Only what is nobody's by a role is not compared: what anyone may
/// call, what is of whoever is signed in, and what is somebody's own, which no role reaches.
fn contradictions(operation: &Operation, row: &str) -> Vec<String> {
    let known = api::operations::all().find(|known| known.id == operation.id).unwrap();
    let holds = |role: &Role, actions: &[Action]| actions.iter().any(|action| role.allows(*action));
    // Who must be allowed, and who may be.
    let (must, may): (Vec<Role>, Vec<Role>) = {
        let some = |actions: &[Action]| Role::ALL.iter().copied().filter(|role| holds(role, actions)).collect::<Vec<Role>>();
        match known.access {
            Access::Public | Access::SignedIn => return Vec::new(),
            Access::Roles(action) | Access::RolesOrFamily(action, _) => (some(&[action]), some(&[action])),
            Access::AnyOf(actions) => (some(actions), some(actions)),
            Access::Own(action) => (Vec::new(), some(&[action])),
            Access::Assigned(own, any) => (some(&[any]).into_iter().filter(|role| role.allows(own)).collect(), some(&[own])),
        }
    };
    let cells: Vec<&str> = row.split('|').map(str::trim).skip(2 + OTHERS.len()).collect();
    let wrong = |(role, cell): &(&Role, &str)| {
        let allowed = *cell != "·";
        (must.contains(role) && !allowed) || (allowed && !may.contains(role))
    };
    let told = |(role, cell): (&Role, &str)| format!("{}: the reference says otherwise of {role}, it is {cell}", operation.id);
    Role::ALL.iter().zip(cells).filter(wrong).map(told).collect()
}

const HEAD: &str = "# Who may do what

Every operation of the API and everybody who could call it, as a test sees it (`tests/blackbox/rights.rs`).

* `●` where the role is held over the place of what is acted upon, for canteen staff at its canteen: there and in every place above, and
  nowhere else; not at the canteen next door
* `▲` where the role is held over the whole district of what is acted upon, or more
* `○` wherever the caller is; a list then shows only what is in sight, a person only what is theirs
* `·` never
* `-` not asked

The senior is the one whom the request is about, family is bound to that senior with the one scope, and its maker brought the file.

";

both_databases! {
    /// Rights are what the reviewed table says, for every operation, role and place.
    fn everybody_may_do_what_the_table_says_and_nothing_else(world) {
        let day = Day::play(world);
        let mut matrix = Matrix::new(world, &day);
        let mut rows = BTreeMap::new();
        for asked in asked(&day) {
            let row = matrix.row(&asked);
            let wrong = contradictions(&asked.operation, &row);
            matrix.faults.extend(wrong);
            rows.insert(asked.name.clone(), row);
        }
        let names: Vec<String> = OTHERS.iter().map(|n| (*n).to_owned()).chain(Role::ALL.iter().map(ToString::to_string)).collect();
        let mut table = format!("{HEAD}| operation | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
        rows.values().for_each(|row| table += &format!("{row}\n"));
        if std::env::var_os("NUANFAN_RECORD").is_some() {
            std::fs::write(file(), &table).unwrap();
        }
        assert!(matrix.faults.is_empty(), "{} faults:\n{}", matrix.faults.len(), matrix.faults.join("\n"));
        let written = std::fs::read_to_string(file()).unwrap_or_default();
        let differ: Vec<&str> = table.lines().filter(|line| !written.lines().any(|known| known == *line)).collect();
        assert_eq!(differ, [""; 0], "tests/blackbox/rights.md says otherwise");
        assert_eq!(written.lines().count(), table.lines().count(), "tests/blackbox/rights.md has rows of operations that are gone");
        day.settle(world);
    }
}

both_databases! {
    /// Sideways there is nothing to see: not for another senior, a family member without the scope, another courier, a display.
    fn nobody_reaches_sideways(world) {
        let day = Day::play(world);
        let kept = |name: &str| day.kept[name].as_str().unwrap().to_owned();
        let (senior, other) = (kept("senior"), kept("poor_senior"));
        let at = |token: &str| Client::new(day.server.base(), Some(token));
        let order = json!({"sitting": kept("sitting_tomorrow"), "senior": senior, "channel": "dine_in",
            "lines": [{"menu_item": kept("item1_tomorrow"), "quantity": 1}]});
        let sees = at(&world.wait(world.add_family(senior.parse().unwrap(), &[FamilyScope::See])));
        let _ = sees.get(&format!("/v1/seniors/{senior}")).expect(200);
        for path in ["/v1/quotes", "/v1/orders"] {
            assert_eq!(sees.post(path, &order).expect(403).code(), "forbidden", "{path} with the scope `see`");
        }
        let one = day.client("senior");
        for path in ["/v1/seniors/{}", "/v1/seniors/{}/bindings", "/v1/seniors/{}/qr", "/v1/standing-orders?senior={}"] {
            let reply = one.get(&path.replace("{}", &other));
            let nothing = reply.status == 404 || (reply.status == 200 && !reply.text.contains(&other));
            assert!(nothing, "{path}: {} {}", reply.status, reply.text);
        }
        for path in ["", "/code", "/decision"] {
            let _ = one.get(&format!("/v1/orders/{}{path}", kept("order2"))).expect(404);
        }
        let place = domain::PlaceCode::parse("990101001").unwrap();
        let here = Some(kept("canteen").parse().unwrap());
        let courier = at(&world.wait(world.add_staff(Role::Courier, &place, here)).token);
        assert_eq!(courier.get("/v1/my-stops").expect(200).body["stops"], json!([]), "another courier's stops");
        let record = json!({"stop": kept("stop"), "outcome": "delivered", "method": "photo", "happened_at": kept("now")});
        let path = format!("/v1/stop-records/{}", kept("fresh_stopevent").replace(|c: char| c.is_ascii_digit(), "a"));
        let _ = courier.put(&path, &record).expect(404);
        let stops = day.client("courier").get("/v1/my-stops").expect(200);
        for hidden in [kept("senior_id_no"), "高血压".to_owned()] {
            assert!(!stops.text.contains(&hidden), "a courier sees {hidden}");
        }
        let display = day.client("display");
        let count = display.get(&format!("/v1/sittings/{}/kitchen-count", kept("sitting"))).expect(200);
        for hidden in [kept("senior_id_no"), kept("senior_phone")] {
            assert!(!count.text.contains(&hidden), "a display shows {hidden}");
        }
        for path in [format!("/v1/seniors/{senior}"), format!("/v1/canteens/{}/lots", kept("neighbour"))] {
            assert!(refused(&display.get(&path)), "{path} by a display");
        }
        day.settle(world);
    }
}

both_databases! {
    /// A right that is taken away is gone at once: the next request already lacks it.
    fn what_is_revoked_ends_at_once(world) {
        let day = Day::play(world);
        let kept = |name: &str| day.kept[name].as_str().unwrap().to_owned();
        let (worker, admin, manager) = (day.client("worker"), day.client("admin"), day.client("manager"));
        let (family, senior) = (day.client("family"), kept("poor_senior"));
        let path = format!("/v1/seniors/{senior}");
        let _ = family.get(&path).expect(200);
        let bindings = worker.get(&format!("{path}/bindings")).expect(200);
        let binding = bindings.body["items"].as_array().unwrap().iter().find(|b| b["revoked_at"].is_null()).unwrap()["id"].clone();
        let _ = worker.delete(&format!("{path}/bindings/{}", binding.as_str().unwrap())).expect(204);
        let _ = family.get(&path).expect(404);
        // The courier's right, not the phone: the phone stays paired, and shows and takes nothing any more.
        let (today, later) = (domain::ServiceDate::parse(&kept("today")).unwrap(), domain::time::Clock::now(&*world.clock));
        world.clock.set(domain::Instant::from_civil(today, chrono::NaiveTime::from_hms_opt(20, 0, 0).unwrap()));
        let phone = day.client("courier_phone");
        let stops = phone.get("/v1/my-stops").expect(200);
        assert_ne!(stops.body["stops"], json!([]), "there is a round");
        let courier = format!("/v1/users/{}", kept("user_courier"));
        for grant in admin.get(&courier).expect(200).body["grants"].as_array().unwrap() {
            let _ = admin.delete(&format!("{courier}/grants/{}", grant["id"].as_str().unwrap())).expect(204);
        }
        let _ = phone.get("/v1/my-stops").expect(403);
        let record = json!({"stop": kept("stop"), "outcome": "no_answer", "happened_at": kept("now")});
        let _ = phone.put(&format!("/v1/stop-records/{}", kept("fresh_stopevent")), &record).expect(404);
        assert_eq!(day.client("old_terminal").get("/v1/me").expect(401).code(), "sign_in_needed", "a revoked device");
        let terminal = day.client("terminal");
        let _ = terminal.get("/v1/me").expect(200);
        for device in manager.get("/v1/devices?limit=200").expect(200).body["items"].as_array().unwrap() {
            if device["revoked_at"].is_null() {
                let _ = manager.delete(&format!("/v1/devices/{}", device["id"].as_str().unwrap())).expect(204);
            }
        }
        for name in ["terminal", "display", "courier_phone", "sensor"] {
            let _ = day.client(name).get("/v1/me").expect(401);
        }
        let hotline = day.client("hotline");
        let _ = hotline.get("/v1/seniors").expect(200);
        let _ = admin.post(&format!("/v1/users/{}/block", kept("user_hotline")), &json!({})).expect(204);
        let _ = hotline.get("/v1/seniors").expect(401);
        world.clock.set(later);
        day.settle(world);
    }
}
