//! The examples of the API reference are real requests and answers of a day on the fixture street.
//!
//! `NUANFAN_RECORD=1` writes them anew to `openapi/examples.json`; without it the test says where the file has fallen behind
//! the program. Then run `cargo run -- openapi --write openapi/openapi.json`.

use crate::fuzz::validator;
use crate::street::{Day, Operation, Played, operations};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use testkit::both_databases;

/// Entries of a list in an example: one shows the form, a second that there may be more.
const ENTRIES: usize = 2;
/// Bytes that no page can show.
const BYTES: [&str; 2] = ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf"];
/// Characters of a page or a table in an example.
const TEXT: usize = 600;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi/examples.json")
}

fn document() -> Value {
    serde_json::to_value(api::openapi::document()).unwrap()
}

/// Names what is made by chance, in the order in which it is met: the same day gives the same text.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
}

impl Names {
    fn word(&mut self, word: &str) -> String {
        let (id, token) = (is_id(word), word.starts_with("nft_"));
        if !id && !token {
            return word.to_owned();
        }
        let next = self.known.len() + 1;
        let prefix = &word[..3];
        let name = if id { format!("{prefix}_{next:032x}") } else { "nft_made_at_random_and_shown_once".to_owned() };
        self.known.entry(word.to_owned()).or_insert(name).clone()
    }

    fn text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || c == '_' {
                word.push(c);
            } else {
                out += &self.word(&std::mem::take(&mut word));
                out.push(c);
            }
        }
        out + &self.word(&word)
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => json!(self.text(text)),
            Value::Array(all) => all.iter().take(ENTRIES).map(|one| self.value(one)).collect(),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, one)| (name.clone(), self.value(one))).collect::<Map<_, _>>())
            }
            _ => value.clone(),
        }
    }
}

fn is_id(word: &str) -> bool {
    word.len() == 36 && word.as_bytes()[3] == b'_' && word[4..].bytes().all(|b| b.is_ascii_hexdigit())
}

/// What is made by chance and has no form by which it could be known.
const BY_CHANCE: [(&str, &str, &str); 16] = [
    ("createUser", "password", "shown-once"),
    ("resetPassword", "password", "shown-once"),
    ("makePairingCode", "code", "7K3M-P9XA"),
    ("showOrderCode", "text", "001-4821"),
    ("showQr", "text", "nq1.sen_00000000000000000000000000000001.58791234.5f0c"),
    ("listAudit", "hash", "0"),
    // The hash of a list is over identifiers.
    ("freezeSettlements", "items/0/hash", "0"),
    ("freezeSettlements", "items/1/hash", "0"),
    ("listSettlements", "items/0/hash", "0"),
    ("listSettlements", "items/1/hash", "0"),
    ("getSettlement", "hash", "0"),
    ("reviewSettlement", "hash", "0"),
    ("approveSettlement", "hash", "0"),
    ("withdrawSettlement", "hash", "0"),
    ("publishSettlement", "hash", "0"),
    ("closeSettlement", "hash", "0"),
];

fn example(names: &mut Names, played: &Played) -> Value {
    let kind = played.reply.content_type.split(';').next().unwrap_or_default();
    let mut response = if BYTES.contains(&kind) {
        Value::Null
    } else if played.reply.body.is_null() {
        let short: String = played.reply.text.chars().take(TEXT).collect();
        json!(names.text(&short))
    } else {
        names.value(&played.reply.body)
    };
    for (operation, member, instead) in BY_CHANCE {
        if played.request.operation == operation
            && let Some(found) = response.pointer_mut(&format!("/{member}"))
        {
            *found = json!(instead);
        }
    }
    let mut request = played.request.body.as_ref().map_or(Value::Null, |body| names.value(body));
    for secret in ["password", "old", "new", "token", "code"] {
        if request.get(secret).is_some() {
            request[secret] = json!(if secret == "code" { "482913" } else { "never-shown-anywhere" });
        }
    }
    match played.request.operation.as_str() {
        "pairDevice" => request["code"] = json!("7K3M-P9XA"),
        "putStopRecord" => request["code"] = json!("001-4821"),
        _ => {}
    }
    json!({"request": request, "status": played.reply.status, "content_type": kind, "response": response})
}

fn recorded(day: &Day) -> BTreeMap<String, Value> {
    let (mut names, mut all) = (Names::default(), BTreeMap::new());
    for played in &day.played {
        if !all.contains_key(&played.request.operation) {
            let example = example(&mut names, played);
            all.insert(played.request.operation.clone(), example);
        }
    }
    for (code, played) in &day.refused {
        all.insert(format!("problem {code}"), example(&mut names, played));
    }
    all
}

/// What an example consists of, without its values.
fn form(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, one)| (name.clone(), form(one))).collect::<Map<_, _>>().into(),
        Value::Array(all) => all.iter().map(form).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        _ => value.clone(),
    }
}

both_databases! {
    /// Every operation succeeds in the day's script, and the examples of the reference have the form of the real answers.
    fn the_examples_of_the_reference_are_real_answers(world) {
        let day = Day::play(world);
        let recorded = recorded(&day);
        let missing: Vec<String> =
            operations(&document()).into_iter().map(|o| o.id).filter(|id| !recorded.contains_key(id)).collect();
        assert_eq!(missing, [""; 0], "add a line for each to tests/blackbox/street/script.jsonl");
        if std::env::var_os("NUANFAN_RECORD").is_some() {
            std::fs::write(file(), serde_json::to_string_pretty(&recorded).unwrap() + "\n").unwrap();
        }
        let written: BTreeMap<String, Value> = serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
        for (operation, example) in &recorded {
            let there = written.get(operation).map(form);
            assert_eq!(there, Some(form(example)), "{operation}: record the examples anew (NUANFAN_RECORD=1) and look at the difference");
        }
        assert_eq!(written.len(), recorded.len(), "examples of operations that are gone");
        day.settle(world);
    }
}

fn faults_of(document: &Value, operation: &Operation) -> Vec<String> {
    let mut faults = Vec::new();
    let told = &operation.documented;
    if told["summary"].as_str().is_none_or(str::is_empty) {
        faults.push("no summary".to_owned());
    }
    if !told["description"].as_str().is_some_and(|text| text.contains("May be called by:")) {
        faults.push("does not say who may call it".to_owned());
    }
    let mut check = |what: &str, media: &Value, example: &Value| {
        let validator = validator(document, &media["schema"]);
        faults.extend(validator.iter_errors(example).take(2).map(|e| format!("{what}: {e} at {}", e.instance_path())));
    };
    for (status, response) in told["responses"].as_object().unwrap() {
        for (kind, media) in response["content"].as_object().into_iter().flatten() {
            if BYTES.contains(&kind.as_str()) {
                continue;
            }
            let examples: Vec<&Value> = media["examples"].as_object().into_iter().flatten().map(|(_, e)| &e["value"]).collect();
            let all: Vec<&Value> = media.get("example").into_iter().chain(examples).collect();
            if all.is_empty() {
                check(&format!("{status} {kind} has no example"), &json!({"schema": false}), &Value::Null);
            }
            for example in all {
                check(&format!("{status} {kind}"), media, example);
            }
        }
    }
    for (kind, media) in told["requestBody"]["content"].as_object().into_iter().flatten() {
        if BYTES.contains(&kind.as_str()) {
            continue;
        }
        match media.get("example") {
            Some(example) => check(&format!("the request's {kind}"), media, example),
            None => check(&format!("the request's {kind} has no example"), &json!({"schema": false}), &Value::Null),
        }
    }
    faults
}

#[test]
fn every_operation_has_a_summary_who_may_call_it_and_examples_that_fit_their_schemas() {
    let document = document();
    let mut faults = Vec::new();
    for operation in operations(&document) {
        faults.extend(faults_of(&document, &operation).into_iter().map(|fault| format!("{}: {fault}", operation.id)));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_problem_stands_in_the_reference_with_its_example() {
    use api::problem::ProblemCode;
    use domain::text_enum::TextEnum;
    let document = document();
    let mut shown = BTreeSet::new();
    for operation in operations(&document) {
        for (_, response) in operation.documented["responses"].as_object().unwrap() {
            let examples = &response["content"]["application/problem+json"]["examples"];
            shown.extend(examples.as_object().into_iter().flatten().map(|(code, _)| code.clone()));
        }
    }
    let silent: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).filter(|code| !shown.contains(*code)).collect();
    // Of an address, not of an operation.
    assert_eq!(silent, ["method_not_allowed"]);
}
