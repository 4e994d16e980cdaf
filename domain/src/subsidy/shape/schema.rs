//! The shape as JSON Schema (draft 2020-12).

use super::{Field, Shape};
use crate::subsidy::canonical::canonical_json;
use serde_json::{Map, Value, json};

/// The JSON Schema of a policy document, with the schema of a list of cases under `$defs/cases`.
#[must_use]
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let root = of(&super::document(), &mut definitions);
    let cases = of(&super::case_list(), &mut definitions);
    definitions.insert("cases".to_owned(), cases);
    let Value::Object(mut schema) = root else { return root };
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("$id".to_owned(), json!("urn:nuanfan:policy:1"));
    schema.insert("title".to_owned(), json!("Nuanfan subsidy policy, language version 1"));
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

/// The schema as the shipped file has it: keys sorted, indented, with a final line feed.
pub fn schema_text() -> Result<String, serde_json::Error> {
    let sorted: std::collections::BTreeMap<String, Value> = serde_json::from_str(&canonical_json(&json_schema()))?;
    Ok(serde_json::to_string_pretty(&sorted)? + "\n")
}

fn of(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Text(most) => json!({"type": "string", "minLength": 1, "maxLength": most}),
        Shape::Name => json!({"type": "string", "pattern": "^[\\p{L}\\p{N}_-]{1,40}$"}),
        Shape::Place => json!({"type": "string", "pattern": "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"}),
        Shape::Date => json!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Int(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Word(words) => json!({"type": "string", "enum": words}),
        Shape::List(item, least, most) => {
            json!({"type": "array", "items": of(item, definitions), "minItems": least, "maxItems": most})
        }
        Shape::Object(fields) => object(fields, definitions),
        Shape::Choice(fields) => {
            let mut schema = object(fields, definitions);
            if let Value::Object(map) = &mut schema {
                map.remove("required");
                map.insert("minProperties".to_owned(), json!(1));
                map.insert("maxProperties".to_owned(), json!(1));
            }
            schema
        }
        Shape::MapOf(keys, values, most) => json!({
            "type": "object",
            "propertyNames": of(keys, definitions),
            "additionalProperties": of(values, definitions),
            "maxProperties": most,
        }),
        Shape::Named(name, inner) => {
            if !definitions.contains_key(*name) {
                // Set before descending, so that a shape that contains itself ends.
                definitions.insert((*name).to_owned(), Value::Null);
                let schema = of(&inner(), definitions);
                definitions.insert((*name).to_owned(), schema);
            }
            json!({"$ref": format!("#/$defs/{name}")})
        }
    }
}

fn object(fields: &[Field], definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = of(&field.shape, definitions);
        if let (Value::Object(map), false) = (&mut schema, field.about.is_empty()) {
            map.insert("description".to_owned(), json!(field.about));
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
