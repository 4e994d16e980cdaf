//! The shape of the language as data: one description for checking a text, for the published JSON Schema and for the
//! reference in the documentation.
//!
//! serde stops at the first fault and words it for programmers. Here a walk over the tree of values reports every fault with
//! its place, and puts a placeholder where something is missing or wrong, so that the rest can be checked in the same run.

mod schema;
mod tables;

pub use schema::{json_schema, schema_text};
pub(super) use tables::{case_list, document};

use super::finding::Finding;
use super::name::{NAME_MAX, Name};
use crate::{PlaceCode, ServiceDate};
use serde_json::{Map, Value, json};

/// What a value may be.
pub(super) enum Shape {
    /// Text of 1 to so many characters.
    Text(usize),
    /// See [`Name`].
    Name,
    /// A place code; digits without quotes are accepted.
    Place,
    /// `YYYY-MM-DD`.
    Date,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int(i64, i64),
    /// One of these words.
    Word(Vec<&'static str>),
    /// So many items at least and at most.
    List(Box<Shape>, usize, usize),
    /// Fields.
    Object(Vec<Field>),
    /// A map with exactly one of these keys.
    Choice(Vec<Field>),
    /// A map from keys to values, at most so many.
    MapOf(Box<Shape>, Box<Shape>, usize),
    /// A shape with a name of its own, so that it can contain itself.
    Named(&'static str, fn() -> Shape),
}

/// A field of an object.
pub(super) struct Field {
    pub name: &'static str,
    pub required: bool,
    pub shape: Shape,
    pub about: &'static str,
}

pub(super) fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, required: true, shape, about }
}

pub(super) fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, required: false, shape, about }
}

/// The deepest nesting of conditions: more is no policy but an attack on the stack.
const DEPTH_MAX: usize = 40;

/// Checks a tree against a shape and repairs it: whatever is wrong is reported and replaced by a placeholder.
pub(super) fn walk(shape: &Shape, value: &mut Value, at: &str, found: &mut Vec<Finding>) {
    if at.matches('/').count() > DEPTH_MAX {
        found.push(
            Finding::error(at, "too_deep")
                .zh("嵌套太深", "减少条件的层数")
                .en("nested too deeply", "use fewer levels of conditions"),
        );
        *value = placeholder(shape);
        return;
    }
    match shape {
        Shape::Named(_, inner) => walk(&inner(), value, at, found),
        Shape::List(item, least, most) => walk_list(item, *least, *most, value, at, found),
        Shape::Object(fields) => walk_object(fields, value, at, found),
        Shape::Choice(fields) => walk_choice(fields, value, at, found),
        Shape::MapOf(keys, values, most) => walk_map(keys, values, *most, value, at, found),
        scalar => walk_scalar(scalar, value, at, found),
    }
}

fn walk_scalar(shape: &Shape, value: &mut Value, at: &str, found: &mut Vec<Finding>) {
    // YAML reads an unquoted code or number as an integer; where text is wanted the digits are meant.
    if matches!(shape, Shape::Text(_) | Shape::Name | Shape::Place)
        && let Some(digits) = value.as_u64()
    {
        *value = Value::from(digits.to_string());
    }
    let text = value.as_str();
    let fits = match shape {
        Shape::Text(most) => text.is_some_and(|t| !t.trim().is_empty() && t.chars().count() <= *most),
        Shape::Name => text.is_some_and(|t| Name::parse(t).is_ok()),
        Shape::Place => text.is_some_and(|t| PlaceCode::parse(t).is_ok()),
        Shape::Date => text.is_some_and(|t| ServiceDate::parse(t).is_some()),
        Shape::Bool => value.is_boolean(),
        Shape::Int(least, most) => value.as_i64().is_some_and(|n| (*least..=*most).contains(&n)),
        Shape::Word(words) => text.is_some_and(|t| words.contains(&t)),
        _ => true,
    };
    if !fits {
        found.push(misfit(shape, value, at));
        *value = placeholder(shape);
    }
}

fn misfit(shape: &Shape, value: &Value, at: &str) -> Finding {
    let shown = brief(value);
    if value.is_f64() {
        return Finding::error(at, "no_floats")
            .zh(format!("{shown} 是小数"), "金额写整数分, 比例写分子与分母, 年号等文字加引号")
            .en(
                format!("{shown} is a decimal number"),
                "write money in whole fen, parts as numerator and denominator, quote text",
            );
    }
    let (zh, en) = wanted(shape);
    let near = match (shape, value.as_str()) {
        (Shape::Word(words), Some(text)) => nearest(text, words.iter().copied()),
        _ => None,
    };
    let (cure_zh, cure_en) = near.map_or_else(
        || (format!("应写{zh}"), format!("write {en}")),
        |n| (format!("是否想写 {n}? 应写{zh}"), format!("did you mean {n}? write {en}")),
    );
    Finding::error(at, "wrong_value").zh(format!("{shown} 不能用在这里"), cure_zh).en(format!("{shown} does not fit here"), cure_en)
}

fn wanted(shape: &Shape) -> (String, String) {
    let pair = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
    match shape {
        Shape::Text(most) => (format!("1至{most}个字的文字"), format!("text of 1 to {most} characters")),
        Shape::Name => {
            (format!("1至{NAME_MAX}个字母、汉字、数字、- 或 _"), format!("1 to {NAME_MAX} letters, digits, - or _, without blanks"))
        }
        Shape::Place => pair("2、4、6、9或12位的区划代码", "a place code of 2, 4, 6, 9 or 12 digits"),
        Shape::Date => pair("日期, 如 2026-03-01", "a date like 2026-03-01"),
        Shape::Bool => pair("true 或 false", "true or false"),
        Shape::Int(least, most) => (format!("{least}至{most}的整数"), format!("a whole number from {least} to {most}")),
        Shape::Word(words) => (format!("其中之一: {}", words.join(", ")), format!("one of: {}", words.join(", "))),
        Shape::List(..) => pair("列表", "a list"),
        Shape::Object(_) | Shape::MapOf(..) => pair("键与值", "keys with values"),
        Shape::Choice(fields) => {
            let names = fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
            (format!("恰好一个键: {names}"), format!("exactly one key of: {names}"))
        }
        Shape::Named(_, inner) => wanted(&inner()),
    }
}

fn walk_list(item: &Shape, least: usize, most: usize, value: &mut Value, at: &str, found: &mut Vec<Finding>) {
    let Value::Array(items) = value else {
        found.push(misfit(&Shape::List(Box::new(Shape::Bool), least, most), value, at));
        *value = json!([]);
        return;
    };
    if items.len() < least || items.len() > most {
        let n = items.len();
        found.push(
            Finding::error(at, "wrong_length")
                .zh(format!("有{n}项"), format!("应有{least}至{most}项"))
                .en(format!("has {n} items"), format!("write {least} to {most} items")),
        );
        items.truncate(most);
    }
    for (n, value) in items.iter_mut().enumerate() {
        walk(item, value, &format!("{at}/{n}"), found);
    }
}

fn walk_object(fields: &[Field], value: &mut Value, at: &str, found: &mut Vec<Finding>) {
    if !value.is_object() {
        found.push(misfit(&Shape::Object(Vec::new()), value, at));
        *value = json!({});
        let Value::Object(map) = value else { return };
        fields.iter().filter(|f| f.required).for_each(|f| drop(map.insert(f.name.to_owned(), placeholder(&f.shape))));
        return;
    }
    let Value::Object(map) = value else { return };
    // An empty `to:` is how people write "open"; null is the same as absent.
    map.retain(|_, v| !v.is_null());
    unknown_keys(fields, map, at, found);
    for field in fields {
        match map.get_mut(field.name) {
            Some(value) => walk(&field.shape, value, &format!("{at}/{}", field.name), found),
            None if field.required => {
                let (zh, en) = wanted(&field.shape);
                found.push(
                    Finding::error(format!("{at}/{}", field.name), "missing")
                        .zh(format!("缺少 {}", field.name), format!("补上 {}: {zh}", field.name))
                        .en(format!("{} is missing ({})", field.name, field.about), format!("add {}: {en}", field.name)),
                );
                map.insert(field.name.to_owned(), placeholder(&field.shape));
            }
            None => {}
        }
    }
}

fn unknown_keys(fields: &[Field], map: &mut Map<String, Value>, at: &str, found: &mut Vec<Finding>) {
    let unknown: Vec<String> = map.keys().filter(|k| !fields.iter().any(|f| f.name == k.as_str())).cloned().collect();
    for key in unknown {
        let known = fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
        let near = nearest(&key, fields.iter().map(|f| f.name));
        let (zh, en) = near.map_or_else(
            || (format!("这里可用的键: {known}"), format!("known here: {known}")),
            |n| (format!("是否想写 {n}? 可用的键: {known}"), format!("did you mean {n}? known here: {known}")),
        );
        let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        found.push(
            Finding::error(place, "unknown_key")
                .zh(format!("不认识的键 {}", brief(&json!(key))), zh)
                .en(format!("{} is not a key of this place", brief(&json!(key))), en),
        );
        map.remove(&key);
    }
}

fn walk_choice(fields: &[Field], value: &mut Value, at: &str, found: &mut Vec<Finding>) {
    let one = value.as_object().filter(|m| m.len() == 1).and_then(|m| m.keys().next().cloned());
    let field = one.as_ref().and_then(|key| fields.iter().find(|f| f.name == key.as_str()));
    match (field, one.as_deref().and_then(|k| value.get_mut(k))) {
        (Some(field), Some(inner)) => walk(&field.shape, inner, &format!("{at}/{}", field.name), found),
        _ => {
            let (zh, en) = wanted(&Shape::Choice(fields.iter().map(|f| must(f.name, Shape::Bool, "")).collect()));
            let near = one.and_then(|k| nearest(&k, fields.iter().map(|f| f.name)));
            let hint = near.map_or_else(String::new, |n| format!("{n}? "));
            found.push(
                Finding::error(at, "wrong_choice")
                    .zh(format!("{} 不是其中一种", brief(value)), format!("{hint}应写{zh}"))
                    .en(format!("{} is none of the choices", brief(value)), format!("{hint}write {en}")),
            );
            *value = placeholder(&Shape::Choice(Vec::new()));
            if let (Some(first), Value::Object(map)) = (fields.last(), &mut *value) {
                map.insert(first.name.to_owned(), placeholder(&first.shape));
            }
        }
    }
}

fn walk_map(keys: &Shape, values: &Shape, most: usize, value: &mut Value, at: &str, found: &mut Vec<Finding>) {
    let Value::Object(map) = value else {
        found.push(misfit(&Shape::Object(Vec::new()), value, at));
        *value = json!({});
        return;
    };
    if map.len() > most {
        found.push(
            Finding::error(at, "wrong_length")
                .zh(format!("有{}项", map.len()), format!("至多{most}项"))
                .en(format!("has {} entries", map.len()), format!("write at most {most}")),
        );
    }
    let before = std::mem::take(map);
    for (key, mut value) in before {
        let mut name = Value::from(key.clone());
        let place = format!("{at}/{key}");
        let faults = found.len();
        walk(keys, &mut name, &place, found);
        if faults == found.len() {
            walk(values, &mut value, &place, found);
            map.insert(key, value);
        }
    }
}

/// Something of the shape, to go on with.
fn placeholder(shape: &Shape) -> Value {
    match shape {
        Shape::Text(_) | Shape::Name => json!("x"),
        Shape::Place => json!("99"),
        Shape::Date => json!("1970-01-01"),
        Shape::Bool => json!(false),
        Shape::Int(least, _) => json!(least),
        Shape::Word(words) => json!(words.first()),
        Shape::List(..) => json!([]),
        Shape::MapOf(..) => json!({}),
        Shape::Object(fields) => {
            Value::Object(fields.iter().filter(|f| f.required).map(|f| (f.name.to_owned(), placeholder(&f.shape))).collect())
        }
        // The last choice is never one that contains itself, so this ends.
        Shape::Choice(fields) => {
            Value::Object(fields.last().map(|f| (f.name.to_owned(), placeholder(&f.shape))).into_iter().collect())
        }
        Shape::Named(_, inner) => placeholder(&inner()),
    }
}

/// A value cut to what fits in a message.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}

/// The word that differs by the fewest letters, if it differs by few.
fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 60 {
        return None;
    }
    let scored = words.map(|w| (distance(word, w), w)).min()?;
    (scored.0 <= 1 + word.len() / 4).then_some(scored.1)
}

/// Letters to insert, delete or change (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut last = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let new = (last + usize::from(x != *y)).min(*cell + 1).min(left + 1);
            last = std::mem::replace(cell, new);
            left = new;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        for (word, near) in [("luch", Some("lunch")), ("dinner ", Some("dinner")), ("supper", None)] {
            assert_eq!(nearest(word, ["breakfast", "lunch", "dinner"].into_iter()), near, "{word}");
        }
    }
}
