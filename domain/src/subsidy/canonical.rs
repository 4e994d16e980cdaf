//! Canonical JSON and the content hash: one text for one document, whatever its layout, comments or order of keys.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Keys sorted by their bytes, no blanks, integers only: what RFC 8785 prescribes for the values that occur here.
///
/// serde_json's map order depends on a feature that any crate of the build may switch on, so the order is made here.
#[must_use]
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    let mut out = String::new();
    write(&serde_json::to_value(value).unwrap_or(Value::Null), &mut out);
    out
}

/// SHA-256 of the canonical JSON in lower-case hexadecimal.
#[must_use]
pub fn content_hash<T: Serialize>(value: &T) -> String {
    hex::encode(Sha256::digest(canonical_json(value).as_bytes()))
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (n, key) in keys.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(key.as_str()));
                write(map.get(key).unwrap_or(&Value::Null), out);
            }
            out.push('}');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_change_the_hash() {
        let (one, other) = (json!({"b": [1, {"d": 2, "c": "市"}], "a": null}), json!({"a": null, "b": [1, {"c": "市", "d": 2}]}));
        assert_eq!(canonical_json(&one), r#"{"a":null,"b":[1,{"c":"市","d":2}]}"#);
        assert_eq!(content_hash(&one), content_hash(&other));
    }
}
