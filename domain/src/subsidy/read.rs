//! From text to a tree of values: YAML and JSON alike, with doubled keys refused.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The longest accepted text, in bytes. The largest document of the shipped library has 12 KB.
pub const TEXT_MAX: usize = 1 << 20;
/// The deepest accepted nesting.
const DEPTH_MAX: usize = 64;

/// The text is not YAML or JSON, or too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Longer than [`TEXT_MAX`].
    #[error("the text has {0} bytes; at most {TEXT_MAX} are read")]
    TooLong(usize),
    /// Neither YAML nor JSON.
    #[error("{0}")]
    Syntax(String),
}

/// Reads YAML or JSON into a tree.
pub fn tree(text: &str) -> Result<Value, Unreadable> {
    if text.len() > TEXT_MAX {
        return Err(Unreadable::TooLong(text.len()));
    }
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with(['{', '[']) {
        return yaml(text);
    }
    // YAML has a flow style that begins the same way; whoever writes braces most likely means JSON, so its complaint is told.
    serde_json::from_str::<Raw>(text).map(|raw| raw.0).or_else(|e| yaml(text).map_err(|_| Unreadable::Syntax(e.to_string())))
}

fn yaml(text: &str) -> Result<Value, Unreadable> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX, max_nodes: 100_000 },
        strict_booleans: true,
    };
    let raw = serde_saphyr::from_str_with_options::<Raw>(text, options);
    raw.map(|raw| raw.0).map_err(|e| Unreadable::Syntax(e.without_snippet().to_string()))
}

/// A value read without losing a doubled key, which `serde_json::Value` would silently overwrite.
struct Raw(Value);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(RawVisitor).map(Raw)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of YAML or JSON")
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
        Ok(Value::from(v))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
        Ok(Value::from(v))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
        // Kept as a float, so that the shape reports it in its place; NaN has no JSON form and becomes null.
        Ok(serde_json::Number::from_f64(v).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
        Ok(Value::from(v))
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(Self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Raw(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Raw(value) = map.next_value()?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} is written twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
