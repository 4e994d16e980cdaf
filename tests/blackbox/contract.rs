//! The contract that is checked in is the one that the code serves.

use std::path::Path;

#[test]
fn the_checked_in_openapi_document_is_what_the_code_serves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let served = api::openapi::document().to_pretty_json().unwrap() + "\n";
    let first = checked_in.lines().zip(served.lines()).position(|(left, right)| left != right);
    assert!(
        checked_in == served,
        "openapi/openapi.json differs (first at line {:?}); run: cargo run -- openapi --write openapi/openapi.json",
        first.map(|line| line + 1)
    );
}

#[test]
fn the_document_is_openapi_3_1_and_each_operation_says_what_it_does_and_who_may_call_it() {
    let document: serde_json::Value = serde_json::to_value(api::openapi::document()).unwrap();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !operation.is_object() || operation.get("operationId").is_none() {
                continue;
            }
            seen += 1;
            let summary = operation["summary"].as_str().or(operation["description"].as_str()).unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} has no summary");
            let text = operation["description"].as_str().unwrap_or_default();
            assert!(text.contains("May be called by:"), "{method} {path} does not say who may call it");
        }
    }
    assert!(seen > 0);
}

/// What only a parameter names is not taken among the schemas by itself, and a client that is generated from the document does not build.
#[test]
fn every_schema_that_the_document_refers_to_is_in_it() {
    let document: serde_json::Value = serde_json::to_value(api::openapi::document()).unwrap();
    let mut missing = std::collections::BTreeSet::new();
    let mut look = vec![&document];
    while let Some(value) = look.pop() {
        match value {
            serde_json::Value::Array(items) => look.extend(items),
            serde_json::Value::Object(members) => {
                let reference = members.get("$ref").and_then(serde_json::Value::as_str);
                let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
                missing.extend(pointer.filter(|pointer| document.pointer(pointer).is_none()));
                look.extend(members.values());
            }
            _ => {}
        }
    }
    assert_eq!(missing, std::collections::BTreeSet::new(), "the Docs of the resource name it: components(schemas(..))");
}
