//! A day on the fixture street as requests: every operation of the API at least once, in an order in which each succeeds.
//!
//! `script.jsonl` is the day, a request a line: the operation, who sends it, what differs from the operation's template, and
//! what of the answer is kept for later lines (`$name`). Whoever adds an operation adds its line; the examples of the API
//! reference and the matrix of rights are made from it.

use adapters::fake::{FakeSms, FakeSmtp, FakeWeChat};
use adapters::{HttpSms, SmtpMailer, WeChatServer};
use app::App;
use app::ports::Ports;
use domain::access::Role;
use domain::text_enum::TextEnum;
use domain::time::Clock;
use domain::{Instant, Sensitive};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use testkit::http::{Client, Reply, Server, fresh_key};
use testkit::wait::until;
use testkit::{Street, World};

/// An operation as the reference documents it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its operationId.
    pub id: String,
    /// GET, POST ...
    pub method: String,
    /// With `{names}` in it.
    pub template: String,
    /// The documented operation.
    pub documented: Value,
}

/// Every operation of the document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, documented) in item.as_object().unwrap() {
            if let Some(id) = documented["operationId"].as_str() {
                let (id, method, template) = (id.to_owned(), method.to_uppercase(), template.clone());
                all.push(Operation { id, method, template, documented: documented.clone() });
            }
        }
    }
    all
}

impl Operation {
    /// Names of its parameters in the path, the query or the headers.
    pub fn parameters(&self, place: &str) -> Vec<String> {
        let all = self.documented["parameters"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|p| p["in"] == place).map(|p| p["name"].as_str().unwrap().to_owned()).collect()
    }

    /// What its body is: JSON where it takes that, else the first kind that it takes.
    fn media(&self) -> String {
        let kinds = self.documented["requestBody"]["content"].as_object();
        let other = kinds.filter(|kinds| !kinds.contains_key(JSON)).and_then(|kinds| kinds.keys().next().cloned());
        other.unwrap_or_else(|| JSON.to_owned())
    }
}

/// What most bodies are.
const JSON: &str = "application/json";

/// A request that can be sent again.
#[derive(Debug, Clone)]
pub struct Request {
    /// Of which operation.
    pub operation: String,
    /// GET, POST ...
    pub method: String,
    /// Path parameters by name.
    pub path: BTreeMap<String, String>,
    /// With `{names}` in it.
    pub template: String,
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// Whether it carries an Idempotency-Key.
    pub keyed: bool,
    /// The body; text when it is no JSON.
    pub body: Option<Value>,
    /// What the body is.
    pub media: String,
}

impl Request {
    /// Path and query, encoded.
    pub fn target(&self) -> String {
        let mut path = self.template.clone();
        for (name, value) in &self.path {
            path = path.replace(&format!("{{{name}}}"), &encoded(value));
        }
        let query: Vec<String> = self.query.iter().map(|(k, v)| format!("{}={}", encoded(k), encoded(v))).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// The body as it is sent.
    pub fn payload(&self) -> Option<Vec<u8>> {
        self.body.as_ref().map(|body| match body {
            Value::String(text) if self.media != JSON => text.clone().into_bytes(),
            json => serde_json::to_vec(json).unwrap(),
        })
    }

    /// Sends it, with a key of its own when it needs one.
    pub fn send(&self, client: &Client) -> Reply {
        let key = fresh_key();
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if self.keyed {
            headers.push(("Idempotency-Key", &key));
        }
        if let Some(version) = &self.if_match {
            headers.push(("If-Match", version));
        }
        let body = self.payload();
        if body.is_some() {
            headers.push(("Content-Type", &self.media));
        }
        client.try_send(&self.method, &self.target(), &headers, body.as_deref()).expect("an answer")
    }
}

/// Percent-encodes everything but letters, digits and `-_.`.
pub fn encoded(text: impl AsRef<str>) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.as_ref().bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A request of the day with its answer.
#[derive(Debug, Clone)]
pub struct Played {
    /// Who sent it.
    pub by: String,
    /// What.
    pub request: Request,
    /// What came back.
    pub reply: Reply,
}

/// The day, played.
pub struct Day {
    /// Sessions by name.
    pub tokens: BTreeMap<String, String>,
    /// What was kept.
    pub kept: BTreeMap<String, Value>,
    /// All requests in order.
    pub played: Vec<Played>,
    /// What was asked for to be refused, by the problem's code.
    pub refused: BTreeMap<String, Played>,
    /// The server with stand-ins for the outside.
    pub server: Server,
    /// The use cases behind it.
    pub app: App,
    sms: FakeSms,
    smtp: FakeSmtp,
    _wechat: FakeWeChat,
}

impl Day {
    /// Plays the whole day on a fresh world.
    pub fn play(world: &World) -> Self {
        let sms = FakeSms::start().unwrap();
        let wechat = FakeWeChat::start("wxapp", "wxsecret").unwrap();
        wechat.allow("wechat-one", "openid-one");
        wechat.allow("wechat-two", "openid-two");
        let secret = Sensitive::new("wxsecret".to_owned());
        let smtp = FakeSmtp::start().unwrap();
        let ports = Ports {
            mailer: Some(Arc::new(SmtpMailer::new(&smtp.settings()).unwrap())),
            sms: Some(Arc::new(HttpSms::new(sms.url(), None))),
            wechat: Some(Arc::new(WeChatServer::new(&wechat.base(), "wxapp".to_owned(), secret))),
        };
        let app = world.app.clone().with_ports(ports);
        let serving = app.clone();
        let server = Server::start(move || api::configure(serving.clone()));
        let token = world.wait(app::auth::setup::make_token(&app)).unwrap().expect("nobody has a right yet");
        let kept = BTreeMap::from([("setup_token".to_owned(), json!(token.reveal()))]);
        let mut day = Self {
            tokens: BTreeMap::new(),
            kept,
            played: Vec::new(),
            refused: BTreeMap::new(),
            server,
            app,
            sms,
            smtp,
            _wechat: wechat,
        };
        let document = serde_json::to_value(api::openapi::document()).unwrap();
        let operations: BTreeMap<String, Operation> =
            operations(&document).into_iter().map(|operation| (operation.id.clone(), operation)).collect();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/blackbox/street/script.jsonl");
        let script = std::fs::read_to_string(script).unwrap();
        let mut failed = Vec::new();
        for (number, line) in script.lines().enumerate() {
            if number == 1 {
                day.build_street(world);
            }
            let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("line {}: {e}", number + 1));
            if let Err(why) = day.step(world, &operations, &line) {
                failed.push(format!("line {}, {}: {why}", number + 1, line["op"]));
            }
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        day
    }

    /// Sends all that is due.
    pub fn settle(&self, world: &World) {
        while world.wait(app::jobs::run_due(&self.app, &self.app.ports, world.clock.now())).unwrap() > 0 {}
    }

    /// A client of somebody of the day; `nobody` has no session.
    pub fn client(&self, name: &str) -> Client {
        let token = self.tokens.get(name).map(String::as_str);
        assert!(token.is_some() || name == "nobody", "{name} has no session");
        Client::new(self.server.base(), token)
    }

    fn build_street(&mut self, world: &World) {
        let street: Street = world.wait(world.street());
        for role in Role::ALL {
            let name = if *role == Role::CanteenManager { "manager".to_owned() } else { role.to_string() };
            self.tokens.insert(name.clone(), street.token(*role).to_owned());
            let staff = street.staff.iter().find(|staff| staff.role == *role).unwrap();
            self.kept.insert(format!("user_{name}"), json!(staff.user));
        }
        let at = domain::PlaceCode::parse("990101001").unwrap();
        let reviewer = world.wait(world.add_staff(Role::Reviewer, &at, None));
        self.tokens.insert("street_reviewer".to_owned(), reviewer.token);
        self.tokens.insert("senior".to_owned(), street.senior.token.clone());
        self.tokens.insert("poor_senior".to_owned(), street.poor_senior.token.clone());
        self.tokens.insert("allergic_senior".to_owned(), street.allergic_senior.token.clone());
        self.tokens.insert("family".to_owned(), street.family.clone());
        let site = world.wait(world.add_site(street.canteen, &domain::PlaceCode::parse("990101001001").unwrap(), "暖阳一村助餐点"));
        self.kept.insert("site".to_owned(), json!(site));
        let today = world.today();
        // From the day of its examples on.
        let next = testkit::fixtures::POLICY
            .replace("version: \"2026\"", "version: \"next\"")
            .replace("effective: {from: 2026-01-01}", "effective: {from: 2026-11-23}")
            .replace("place: \"990101001\"}", "place: \"990101001\", budget: {exhausted: hard}}");
        let kept = json!({
            "canteen": street.canteen, "code": street.canteen, "neighbour": street.neighbour, "elsewhere": street.elsewhere, "sitting": street.lunch.sitting,
            "sitting_tomorrow": street.tomorrow.sitting, "dish": street.dishes[0], "dish1": street.dishes[1],
            "item0": street.lunch.items[0], "item1": street.lunch.items[1], "item2": street.lunch.items[2], "allergic_senior": street.allergic_senior.id, "item1_tomorrow": street.tomorrow.items[1],
            "senior": street.senior.id, "senior_id_no": street.senior.id_no, "senior_phone": street.senior.phone,
            "poor_senior": street.poor_senior.id, "poor_card": street.poor_senior.card, "stranger": street.stranger.id,
            "today": today, "tomorrow": today.plus_days(1), "month_start": today.month_start(), "next_year": today.plus_days(300),
            "month": today.to_string()[..7].to_owned(), "policy_next": next,
            "new_id_no": testkit::fixtures::citizen_id((1944, 6, 15), 777),
            "fresh_rdm": format!("rdm_{}", uuid::Uuid::now_v7().simple()),
            "fresh_shift": domain::id::ShiftId::from_uuid(uuid::Uuid::now_v7()),
            "fresh_shift2": domain::id::ShiftId::from_uuid(uuid::Uuid::now_v7()),
            "fresh_step": format!("{}_{}", <domain::id::WelfareStep as domain::id::Kind>::PREFIX, uuid::Uuid::now_v7().simple()),
            "fresh_stopevent": format!("{}_{}", <domain::id::StopEvent as domain::id::Kind>::PREFIX, uuid::Uuid::now_v7().simple()),
        });
        self.kept.extend(kept.as_object().unwrap().clone());
        let entries = (1..=6).map(|n| (format!("fresh_ent{n}"), json!(domain::id::EntryId::from_uuid(uuid::Uuid::now_v7()))));
        self.kept.extend(entries);
    }

    fn step(&mut self, world: &World, operations: &BTreeMap<String, Operation>, line: &Value) -> Result<(), String> {
        let operation = operations.get(line["op"].as_str().unwrap()).ok_or("it is not documented")?;
        if let Some(time) = line["at"].as_str() {
            let time = chrono::NaiveTime::parse_from_str(time, "%H:%M").unwrap();
            world.clock.set(Instant::from_civil(world.today(), time));
        }
        match line["do"].as_str() {
            Some("fail_a_message") => self.fail_a_message(world),
            Some("try_drafts") => assert!(world.wait(app::backtests::job::go_on(&world.app)).unwrap(), "a back-test waits"),
            Some("search_today") => self.search_today(world),
            Some("next_month") => self.go_to(world, 40),
            Some("back_to_today") => self.go_to(world, 0),
            Some("bank_returns") => self.bank_answers("退回"),
            Some("bank_pays") => self.bank_answers("成功"),
            _ => {}
        }
        self.kept.insert("now".to_owned(), json!(world.clock.now()));
        let request = self.request(operation, line)?;
        let by = line["as"].as_str().unwrap().to_owned();
        if by != "nobody" && !self.tokens.contains_key(&by) {
            return Err(format!("{by} has no session"));
        }
        let told = self.sms.received().len();
        let reply = request.send(&self.client(&by));
        if let Some(code) = line["refused"].as_str() {
            return if reply.code() == code {
                self.refused.insert(code.to_owned(), Played { by, request, reply });
                Ok(())
            } else {
                Err(format!("not refused with {code}: {} {}", reply.status, reply.text))
            };
        }
        if !(200..300).contains(&reply.status) {
            return Err(format!("{} {}", reply.status, reply.text.chars().take(400).collect::<String>()));
        }
        if let Some(etag) = &reply.etag {
            self.kept.insert("etag".to_owned(), json!(etag));
        }
        // A file is judged aside, after it was taken.
        if request.operation == "bringImport" {
            let (client, import) = (self.client(&by), reply.body["id"].as_str().unwrap_or_default().to_owned());
            until("the judgement of a file", Duration::from_secs(10), || {
                let state = client.get(&format!("/v1/imports/{import}")).body["state"].as_str().map(str::to_owned);
                state.filter(|state| state != "uploaded" && state != "validating")
            });
        }
        // A code is sent aside, so that the answer tells nothing about whom it goes to.
        if matches!(request.operation.as_str(), "sendPhoneCode" | "askBinding") {
            until("a code", Duration::from_secs(10), || (self.sms.received().len() > told).then_some(()));
        }
        let texts = [("sms_code", self.sms.received().pop().map(|message| message.text)), ("mail_code", self.smtp.texts().pop())];
        for (name, text) in texts {
            let digits = text.map(|text| text.chars().skip_while(|c| !c.is_ascii_digit()).take(6).collect::<String>());
            self.kept.extend(digits.map(|digits| (name.to_owned(), json!(digits))));
        }
        for (name, pointer) in line["save"].as_object().cloned().unwrap_or_default() {
            let pointer = pointer.as_str().unwrap();
            let value = reply.body.pointer(pointer).ok_or_else(|| format!("no {pointer} in {}", reply.text))?.clone();
            match name.strip_prefix("token:") {
                Some(who) => drop(self.tokens.insert(who.to_owned(), value.as_str().unwrap().to_owned())),
                None => drop(self.kept.insert(name, value)),
            }
        }
        self.played.push(Played { by, request, reply });
        Ok(())
    }

    fn request(&self, operation: &Operation, line: &Value) -> Result<Request, String> {
        let text = |value: Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no text"));
        let mut path = BTreeMap::new();
        for name in operation.parameters("path") {
            let given = line["path"].get(&name).map_or_else(|| json!(format!("${name}")), Clone::clone);
            path.insert(name, text(self.filled(&given)?)?);
        }
        let mut query = Vec::new();
        for (name, value) in line["query"].as_object().into_iter().flatten() {
            query.push((name.clone(), text(self.filled(value)?)?));
        }
        let headers = operation.parameters("header");
        let if_match = line.get("if_match").map(|version| self.filled(version).and_then(text)).transpose()?;
        Ok(Request {
            operation: operation.id.clone(),
            method: operation.method.clone(),
            path,
            template: operation.template.clone(),
            query,
            if_match,
            keyed: headers.iter().any(|name| name == "Idempotency-Key"),
            body: line.get("body").map(|body| self.filled(body)).transpose()?,
            media: operation.media(),
        })
    }

    /// The value with what was kept in place of `$names`.
    fn filled(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(name) => self.kept.get(name).cloned().ok_or_else(|| format!("{name} was not kept")),
                None => Ok(value.clone()),
            },
            Value::Array(all) => all.iter().map(|one| self.filled(one)).collect(),
            Value::Object(members) => {
                let filled: Result<Map<_, _>, String> =
                    members.iter().map(|(name, one)| Ok((name.clone(), self.filled(one)?))).collect();
                Ok(Value::Object(filled?))
            }
            _ => Ok(value.clone()),
        }
    }

    /// Looks for what does not fit in the day, once it is over.
    fn search_today(&self, world: &World) {
        let day = domain::ServiceDate::parse(self.kept["today"].as_str().unwrap()).unwrap();
        let swept = world.wait(app::anomalies::sweep::sweep(&world.app, (day, day), &mut |_, _| {})).unwrap();
        assert!(swept.opened > 0, "a meal in an hour is more than none");
    }

    /// Eight in the evening of the day, or of a day after it.
    fn go_to(&self, world: &World, days: i32) {
        let day = domain::ServiceDate::parse(self.kept["today"].as_str().unwrap()).unwrap().plus_days(days);
        world.clock.set(Instant::from_civil(day, chrono::NaiveTime::from_hms_opt(20, 0, 0).unwrap()));
    }

    /// A bank's answer to the payment that was kept, with a row that is nobody's.
    fn bank_answers(&mut self, result: &str) {
        let kept = |name: &str| self.kept[name].clone();
        let (payment, fen) = (kept("payment"), kept("payment_fen").as_i64().unwrap());
        let row = |payment: &str, reference: &str| {
            let yuan = domain::Fen(fen);
            format!("{payment},暖阳餐饮服务有限公司,6222021001116245702,{yuan},{result},{reference},\n")
        };
        let rows = row(payment.as_str().unwrap(), result) + &row("备用金", "R9");
        let text = format!("付款编号,收款户名,收款账号,金额（元）,结果,交易流水号,原因\n{rows}");
        self.kept.insert("bank_answer".to_owned(), json!(text));
    }

    /// Lets a message to a senior fail until nobody tries it again.
    fn fail_a_message(&self, world: &World) {
        let run = || world.wait(app::jobs::run_due(&self.app, &self.app.ports, world.clock.now())).unwrap();
        self.sms.fail_with(Some(503));
        let phone = domain::person::phone::Phone::parse("13900009999").unwrap();
        world.wait(world.write(move |tx| app::jobs::enqueue_sms(tx, &phone, "今日午餐已送达").map(drop)));
        for _ in 0..domain::job::ATTEMPTS_MAX {
            run();
            world.clock.advance_seconds(3600);
        }
        self.sms.fail_with(None);
    }
}
