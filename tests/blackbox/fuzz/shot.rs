//! Requests: as the day made them, as the document asks for them, and wrong in every part.

use super::dice::Dice;
use super::values::Values;
use crate::street::{Operation, Request, encoded};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// Of which operation; none is a method that the address does not have.
    pub operation: Option<String>,
    /// Who sends it.
    pub caller: String,
    /// GET, POST ...
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Besides the session.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: Option<Vec<u8>>,
}

impl Shot {
    /// As it can be typed again.
    pub fn told(&self) -> String {
        let mut told = format!("{} {} by {}", self.method, self.target, self.caller);
        for (name, value) in &self.headers {
            let _ = write!(told, " -H '{name}: {value}'");
        }
        if let Some(body) = &self.body {
            let _ = write!(told, " -d '{}'", String::from_utf8_lossy(body).chars().take(1_500).collect::<String>());
        }
        told
    }
}

/// What is done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As the day had it.
    Recorded,
    /// A body and parameters of the document's shape.
    Fitting,
    /// Faults in the body's values.
    SpoiledBody,
    /// A body that is none.
    BrokenBody,
    /// Another operation's body.
    ForeignBody,
    /// Too large.
    Oversized,
    /// Faults in path and query.
    Parameters,
    /// Faults in headers.
    Headers,
    /// Sent before, key and all.
    Again,
    /// A method that the address does not take.
    OtherMethod,
}

const WAYS: [(Way, usize); 10] = [
    (Way::Recorded, 10),
    (Way::Fitting, 24),
    (Way::SpoiledBody, 24),
    (Way::BrokenBody, 6),
    (Way::ForeignBody, 4),
    (Way::Oversized, 2),
    (Way::Parameters, 14),
    (Way::Headers, 10),
    (Way::Again, 3),
    (Way::OtherMethod, 3),
];

/// An operation with what is known of it.
pub struct Target {
    /// Documented so.
    pub operation: Operation,
    /// The last request of the day, and who sent it.
    pub recorded: (Request, String),
    /// Methods of its address.
    pub methods: Vec<String>,
}

/// A request in parts.
struct Parts {
    path: BTreeMap<String, String>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

const JSON: &str = "application/json";
/// More than any JSON body may have.
const OVERSIZED: usize = 70_000;

/// Makes requests.
pub struct Maker<'a> {
    /// Values.
    pub values: Values<'a>,
    callers: Vec<String>,
    bodies: Vec<Value>,
    sent: Vec<Shot>,
}

impl<'a> Maker<'a> {
    /// With everybody who may call, and the bodies of all operations.
    pub const fn new(values: Values<'a>, callers: Vec<String>, bodies: Vec<Value>) -> Self {
        Self { values, callers, bodies, sent: Vec::new() }
    }

    /// The next request for an operation.
    pub fn shot(&mut self, dice: &mut Dice, target: &Target) -> Shot {
        let way = dice.weighted(&WAYS);
        if way == Way::Again && !self.sent.is_empty() {
            return dice.pick(&self.sent).clone();
        }
        let caller = if dice.chance(50) { target.recorded.1.clone() } else { dice.pick(&self.callers).clone() };
        let mut parts = if way == Way::Recorded { recorded(dice, &target.recorded.0) } else { self.fitting(dice, target) };
        match way {
            Way::Parameters => self.spoil_parameters(dice, &mut parts),
            Way::Headers => spoil_headers(dice, &mut parts.headers),
            Way::SpoiledBody | Way::BrokenBody | Way::ForeignBody | Way::Oversized => {
                if let Some(body) = parts.body.take() {
                    parts.body = Some(self.spoiled(dice, way, body));
                } else {
                    self.spoil_parameters(dice, &mut parts);
                }
            }
            _ => {}
        }
        let other = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|m| !target.methods.iter().any(|known| known == m));
        let (operation, method) = match other {
            Some(other) if way == Way::OtherMethod => (None, other.to_owned()),
            _ => (Some(target.operation.id.clone()), target.operation.method.clone()),
        };
        if matches!(method.as_str(), "GET" | "DELETE") {
            parts.body = None;
        }
        let shot = Shot {
            operation,
            caller,
            target: parts.target(&target.operation.template),
            method,
            headers: parts.headers,
            body: parts.body,
        };
        if shot.method == "POST" && self.sent.len() < 200 {
            self.sent.push(shot.clone());
        }
        shot
    }

    /// Of the document's shape, or the day's with another body.
    fn fitting(&self, dice: &mut Dice, target: &Target) -> Parts {
        let mut parts = recorded(dice, &target.recorded.0);
        let documented = &target.operation.documented;
        if dice.chance(60) {
            parts.query.clear();
        }
        for parameter in documented["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            match parameter["in"].as_str() {
                Some("path") if dice.chance(40) => {
                    let kind = parts.path.get(name).and_then(|now| now.split_once('_')).map(|(kind, _)| kind.to_owned());
                    let value = match kind {
                        Some(kind) => self.values.seen.id(dice, &kind),
                        None => text_of(&self.values.fitting(dice, name, &parameter["schema"])),
                    };
                    parts.path.insert(name.to_owned(), value);
                }
                Some("query")
                    if parts.query.iter().all(|(known, _)| known != name)
                        && (parameter["required"] == json!(true) || dice.chance(35)) =>
                {
                    let value = self.values.fitting(dice, name, &parameter["schema"]);
                    parts.query.push((name.to_owned(), text_of(&value)));
                }
                _ => {}
            }
        }
        if let Some(schema) = documented["requestBody"]["content"][JSON].get("schema")
            && dice.chance(60)
        {
            let body = self.values.fitting(dice, "body", schema);
            parts.body = Some(body.to_string().into_bytes());
        }
        parts
    }

    fn spoiled(&self, dice: &mut Dice, way: Way, body: Vec<u8>) -> Vec<u8> {
        let value = serde_json::from_slice::<Value>(&body);
        match (way, value) {
            (Way::SpoiledBody, Ok(value)) => self.values.spoiled(dice, value).to_string().into_bytes(),
            (Way::ForeignBody, _) => dice.pick(&self.bodies).to_string().into_bytes(),
            (Way::Oversized, _) => {
                let mut large = body;
                large.resize(OVERSIZED, b' ');
                large
            }
            (_, _) => broken(dice, body),
        }
    }

    fn spoil_parameters(&self, dice: &mut Dice, parts: &mut Parts) {
        let value = match dice.below(4) {
            0 => self.values.seen.any_id(dice),
            1 => "9".repeat(*dice.pick(&[1, 20, 2_000])),
            _ => text_of(&self.values.strange(dice)),
        };
        let places: Vec<String> = parts.path.keys().cloned().collect();
        match dice.below(4) {
            // An empty segment is another address.
            0 | 1 if !places.is_empty() && !value.is_empty() => {
                let name = dice.pick(&places).clone();
                parts.path.insert(name, value);
            }
            2 if !parts.query.is_empty() => {
                let at = dice.below(parts.query.len());
                let doubled = parts.query[at].clone();
                parts.query.push(doubled);
            }
            _ if !parts.query.is_empty() && dice.chance(70) => {
                let at = dice.below(parts.query.len());
                parts.query[at].1 = value;
            }
            _ => parts.query.push((dice.pick(&["unheard_of", "limit", "cursor"]).to_string(), value)),
        }
    }
}

impl Parts {
    fn target(&self, template: &str) -> String {
        let mut path = template.to_owned();
        for (name, value) in &self.path {
            path = path.replace(&format!("{{{name}}}"), &encoded(value));
        }
        let query: Vec<String> = self.query.iter().map(|(k, v)| format!("{}={}", encoded(k), encoded(v))).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The day's request with a key of its own and a version that may be the current one.
fn recorded(dice: &mut Dice, request: &Request) -> Parts {
    let mut headers = Vec::new();
    if request.keyed {
        headers.push(("Idempotency-Key".to_owned(), format!("fuzz-{}", dice.hex(24))));
    }
    if let Some(version) = &request.if_match {
        let version = if dice.chance(30) { version.clone() } else { format!("\"{}\"", 1 + dice.below(8)) };
        headers.push(("If-Match".to_owned(), version));
    }
    let body = request.payload();
    if body.is_some() {
        headers.push(("Content-Type".to_owned(), request.media.clone()));
    }
    Parts { path: request.path.clone(), query: request.query.clone(), headers, body }
}

/// A body that cannot be read.
fn broken(dice: &mut Dice, mut body: Vec<u8>) -> Vec<u8> {
    match dice.below(6) {
        0 => body.truncate(body.len() / 2),
        1 => body.clear(),
        2 => body.insert(body.len() / 2, 0xff),
        3 => body = [b"[".repeat(300), b"]".repeat(300)].concat(),
        4 => body = [b"{\"a\":".repeat(2_000), b"1".to_vec(), b"}".repeat(2_000)].concat(),
        _ => body.extend_from_slice(b" {}"),
    }
    body
}

fn spoil_headers(dice: &mut Dice, headers: &mut Vec<(String, String)>) {
    let value = match dice.below(8) {
        0 => String::new(),
        1 => "short".to_owned(),
        2 => "k".repeat(*dice.pick(&[129, 4_000])),
        3 => "带 空格".to_owned(),
        4 => "\"-1\"".to_owned(),
        5 => "W/\"1\"".to_owned(),
        6 => "text/plain; charset=gbk".to_owned(),
        _ => "*".to_owned(),
    };
    let name =
        dice.pick(&["Idempotency-Key", "If-Match", "Content-Type", "If-None-Match", "Accept", "X-Forwarded-For"]).to_string();
    let gone = dice.chance(40);
    headers.retain(|(known, _)| *known != name);
    if !gone {
        headers.push((name, value));
    }
}
