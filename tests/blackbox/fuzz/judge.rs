//! What an answer must be, whatever was asked.

use super::shot::Shot;
use crate::street::Operation;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::http::Reply;

/// Judges answers by the document.
pub struct Judge<'a> {
    document: &'a Value,
    operations: BTreeMap<&'a str, &'a Operation>,
    problem: Validator,
    /// Made when first needed: there are several hundred.
    answers: BTreeMap<(String, u16), Option<Validator>>,
}

/// A schema of the document by itself, with all that it refers to.
pub fn validator(document: &Value, schema: &Value) -> Validator {
    let mut whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"]});
    whole.as_object_mut().unwrap().insert("allOf".to_owned(), json!([schema]));
    jsonschema::validator_for(&whole).unwrap_or_else(|e| panic!("a schema of the reference is none: {e}"))
}

impl<'a> Judge<'a> {
    /// By a document.
    pub fn new(document: &'a Value, operations: impl Iterator<Item = &'a Operation>) -> Self {
        let problem = validator(document, &json!({"$ref": "#/components/schemas/ProblemBody"}));
        Self { document, operations: operations.map(|o| (o.id.as_str(), o)).collect(), problem, answers: BTreeMap::new() }
    }

    /// What is wrong with an answer.
    pub fn faults(&mut self, shot: &Shot, reply: &Reply) -> Vec<String> {
        let mut faults = Vec::new();
        // Too busy is an answer when it says when to come again; broken is none.
        if reply.status >= 500 && !(reply.status == 503 && reply.retry_after.is_some()) {
            faults.push("the server broke".to_owned());
        }
        if reply.status >= 400 {
            self.problem(reply, &mut faults);
        }
        match &shot.operation {
            Some(id) => self.declared(id, reply, &mut faults),
            // A page of a link from outside has no methods of ours.
            None if !(400..500).contains(&reply.status) => faults.push("a method that is not documented was taken".to_owned()),
            None => {}
        }
        faults
    }

    fn problem(&self, reply: &Reply, faults: &mut Vec<String>) {
        if !reply.content_type.starts_with("application/problem+json") {
            faults.push(format!("a refusal that is no problem but {:?}", reply.content_type));
            return;
        }
        faults.extend(self.problem.iter_errors(&reply.body).take(2).map(|e| format!("the problem: {e} at {}", e.instance_path())));
        if reply.body["status"] != json!(reply.status) {
            faults.push("the problem names another status".to_owned());
        }
    }

    fn declared(&mut self, id: &str, reply: &Reply, faults: &mut Vec<String>) {
        let declared = &self.operations[id].documented["responses"];
        let Some(response) = declared.get(reply.status.to_string()) else {
            faults.push(format!("{} is not declared for {id}", reply.status));
            return;
        };
        let kind = reply.content_type.split(';').next().unwrap_or_default();
        let kinds = response["content"].as_object();
        if kinds.is_some_and(|kinds| !kinds.contains_key(kind)) {
            faults.push(format!("{id} {} is {kind:?}, which is not declared", reply.status));
            return;
        }
        if reply.status < 300 && kind == "application/json" {
            let document = self.document;
            let made = self.answers.entry((id.to_owned(), reply.status)).or_insert_with(|| {
                let schema = response["content"][kind].get("schema");
                schema.map(|schema| validator(document, schema))
            });
            let errors = made.iter().flat_map(|v| v.iter_errors(&reply.body).take(2));
            faults.extend(errors.map(|e| format!("{id} {}: {e} at {}", reply.status, e.instance_path())));
        }
    }
}
