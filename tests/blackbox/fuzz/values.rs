//! Values: such as a schema asks for, and such as it never heard of.

use super::dice::Dice;
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeMap;

/// Values kept of one name, and identifiers of one kind.
const KEPT: usize = 48;
/// Schemas may refer to themselves.
const DEPTH: usize = 7;
/// Nodes of a value that may be spoiled.
const NODES: usize = 200;

/// What real requests and answers held: values by the name of their member, identifiers by their kind.
#[derive(Default)]
pub struct Seen {
    by_name: BTreeMap<String, Vec<Value>>,
    ids: BTreeMap<String, Vec<String>>,
}

fn keep<T: PartialEq>(kept: &mut Vec<T>, value: T) {
    if kept.len() < KEPT && !kept.contains(&value) {
        kept.push(value);
    }
}

/// The kind of an identifier, by its prefix.
fn kind_of_id(text: &str) -> Option<&str> {
    let (kind, digits) = text.split_once('_')?;
    (digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(kind)
}

impl Seen {
    /// Remembers the identifiers in an answer.
    pub fn learn_ids(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                if let Some(kind) = kind_of_id(text) {
                    keep(self.ids.entry(kind.to_owned()).or_default(), text.clone());
                }
            }
            Value::Array(all) => all.iter().for_each(|one| self.learn_ids(one)),
            Value::Object(members) => members.values().for_each(|one| self.learn_ids(one)),
            _ => {}
        }
    }

    /// Remembers what a member of a request held.
    pub fn learn(&mut self, name: &str, value: &Value) {
        self.learn_ids(value);
        match value {
            Value::Object(members) => members.iter().for_each(|(name, one)| self.learn(name, one)),
            Value::Array(all) => all.iter().for_each(|one| self.learn(name, one)),
            Value::Null => {}
            plain => keep(self.by_name.entry(name.to_owned()).or_default(), plain.clone()),
        }
    }

    /// An identifier of a kind: mostly a known one.
    pub fn id(&self, dice: &mut Dice, kind: &str) -> String {
        match self.ids.get(kind) {
            Some(known) if dice.chance(90) => dice.pick(known).clone(),
            _ => format!("{kind}_{}", dice.hex(32)),
        }
    }

    /// An identifier of any kind.
    pub fn any_id(&self, dice: &mut Dice) -> String {
        let kinds: Vec<&String> = self.ids.keys().collect();
        if kinds.is_empty() {
            return format!("sen_{}", dice.hex(32));
        }
        let kind = (*dice.pick(&kinds)).clone();
        self.id(dice, &kind)
    }

    /// A value that a member of this name held.
    fn of_name(&self, dice: &mut Dice, name: &str) -> Option<Value> {
        self.by_name.get(name).map(|known| dice.pick(known).clone())
    }
}

/// Days and instants at and past the edges of calendars.
const TIMES: [&str; 16] = [
    "2026-11-23",
    "2026-11-24",
    "2024-02-29",
    "2026-02-30",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "+262142-12-31",
    "-0001-01-01",
    "2026-11-23T11:30:00+08:00",
    "2026-11-23T24:00:00Z",
    "2026-11-23T23:59:60Z",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00+23:59",
    "2026-11-23 11:30",
    "1970-01-01T00:00:00Z",
];

/// Numbers at the edges of what types hold.
const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "-1",
    "255",
    "65536",
    "2147483648",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "0.1",
    "-0.0",
    "1e308",
    "180.0000001",
];

/// Texts that break what was not meant to hold them.
const TEXTS: [&str; 18] = [
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "\n\r\t",
    "\u{202e}张桂兰",
    "🥟🥢",
    "e\u{301}\u{301}\u{301}",
    "\u{feff}暖",
    "'; DROP TABLE senior; --",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "%00%ff%2f",
    "=1+1",
    "null",
    "${jndi:ldap://x}",
    "１３８００００１２３４",
    "sen_0000000000000000000000000000000",
];

/// Makes values for the schemas of a document.
pub struct Values<'a> {
    document: &'a Value,
    /// What was seen.
    pub seen: Seen,
}

impl<'a> Values<'a> {
    /// For a document.
    pub const fn new(document: &'a Value, seen: Seen) -> Self {
        Self { document, seen }
    }

    /// A value as a schema asks for.
    pub fn fitting(&self, dice: &mut Dice, name: &str, schema: &Value) -> Value {
        self.made(dice, name, schema, 0)
    }

    fn made(&self, dice: &mut Dice, name: &str, schema: &Value, depth: usize) -> Value {
        if depth > DEPTH {
            return Value::Null;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let kind = reference.rsplit('/').next().unwrap_or_default();
            if let Some(prefix) = kind.strip_prefix("Id_") {
                return json!(self.seen.id(dice, prefix));
            }
            return self.made(dice, name, &self.document["components"]["schemas"][kind], depth + 1);
        }
        if let Some(words) = schema["enum"].as_array() {
            return dice.pick(words).clone();
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            if let Some(all) = schema[choice].as_array() {
                // The first is what is meant, the others what is let pass.
                let one = if dice.chance(70) { &all[0] } else { dice.pick(all) };
                return self.made(dice, name, one, depth + 1);
            }
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => vec!["string"],
        };
        match if dice.chance(80) { kinds[0] } else { *dice.pick(&kinds) } {
            "object" => self.object(dice, schema, depth),
            "array" => {
                let least = schema["minItems"].as_u64().map_or(0, |n| usize::try_from(n).unwrap_or(0));
                let most = schema["maxItems"].as_u64().map_or(3, |n| usize::try_from(n).unwrap_or(3).min(3));
                let count = least + dice.below(most.max(least) - least + 1);
                (0..count).map(|_| self.made(dice, name, &schema["items"], depth + 1)).collect()
            }
            "boolean" => json!(dice.chance(50)),
            "null" => Value::Null,
            kind => self.plain(dice, name, schema, kind),
        }
    }

    fn object(&self, dice: &mut Dice, schema: &Value, depth: usize) -> Value {
        let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut members = Map::new();
        for (name, of) in schema["properties"].as_object().into_iter().flatten() {
            if needed.contains(&name.as_str()) || dice.chance(50) {
                members.insert(name.clone(), self.made(dice, name, of, depth + 1));
            }
        }
        Value::Object(members)
    }

    fn plain(&self, dice: &mut Dice, name: &str, schema: &Value, kind: &str) -> Value {
        let seen = self.seen.of_name(dice, name).filter(|v| v.is_string() == (kind == "string") && !v.is_boolean());
        if let Some(seen) = seen
            && dice.chance(80)
        {
            return seen;
        }
        match (kind, schema["format"].as_str()) {
            ("string", Some("date")) => json!(TIMES[dice.below(8)]),
            ("string", Some("date-time")) => json!(TIMES[9 + dice.below(7)]),
            ("string", _) => {
                let longest = schema["maxLength"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(24);
                let length = *dice.pick(&[1, 4, 12, longest]);
                json!("暖饭食堂 abc123".chars().cycle().take(length.min(longest)).collect::<String>())
            }
            _ => {
                let least = schema["minimum"].as_i64().unwrap_or(0);
                let most = schema["maximum"].as_i64().unwrap_or(least.saturating_add(1_000));
                let wide = usize::try_from(most.saturating_sub(least)).unwrap_or(1_000).min(1_000_000);
                json!(least.saturating_add(i64::try_from(dice.below(wide + 1)).unwrap_or(0)))
            }
        }
    }

    /// A value that nobody asked for.
    pub fn strange(&self, dice: &mut Dice) -> Value {
        match dice.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2..=4 => Value::Number(dice.pick(&NUMBERS).parse::<Number>().unwrap()),
            5 | 6 => json!(dice.pick(&TEXTS)),
            7 => json!(dice.pick(&TIMES)),
            8 => json!("暖".repeat(*dice.pick(&[41, 201, 4_000]))),
            9 => json!(self.seen.any_id(dice)),
            10 => json!([]),
            _ => json!({ "en": [[["en"]]] }),
        }
    }

    /// The value with something wrong in it: one or two of its nodes gone, replaced, doubled, or joined by a stranger.
    pub fn spoiled(&self, dice: &mut Dice, mut value: Value) -> Value {
        for _ in 0..=dice.below(2) {
            let mut nodes = Vec::new();
            nodes_of(&value, String::new(), &mut nodes);
            let at = dice.pick(&nodes).clone();
            let strange = self.strange(dice);
            let Some(node) = value.pointer_mut(&at) else { continue };
            match (dice.below(4), node) {
                (0, Value::Object(members)) if !members.is_empty() => {
                    let names: Vec<String> = members.keys().cloned().collect();
                    members.remove(dice.pick(&names));
                }
                (1, Value::Object(members)) => drop(members.insert("unheard_of".to_owned(), strange)),
                (0 | 1, Value::Array(all)) if !all.is_empty() => {
                    let one = dice.pick(all).clone();
                    all.resize(*dice.pick(&[0, 2, 61, 400]), one);
                }
                (_, node) => *node = strange,
            }
        }
        value
    }
}

/// Pointers to all nodes of a value.
fn nodes_of(value: &Value, at: String, out: &mut Vec<String>) {
    if out.len() >= NODES {
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, one) in members {
                nodes_of(one, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Value::Array(all) => {
            for (n, one) in all.iter().enumerate() {
                nodes_of(one, format!("{at}/{n}"), out);
            }
        }
        _ => {}
    }
    out.push(at);
}
