//! What the check finds, with place, cause and cure.

use super::*;
use crate::subsidy::check::{check_text, check_versions};
use crate::subsidy::{Finding, json_schema};

const SOUND: &str = include_str!("../../../../policies/demo-street.yaml");

fn findings(text: &str) -> Vec<Finding> {
    check_text(text, calendar()).findings
}

fn codes(text: &str) -> Vec<(String, String)> {
    findings(text).into_iter().filter(Finding::is_error).map(|f| (f.code, f.place)).collect()
}

/// Replaces and insists that there was something to replace.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn each_fault_is_found_at_its_place_with_a_cure() {
    let table = [
        ("age: {from: 60, to: 69}}\n", "age: {from: 60, to: 68}}\n", "age_gap", "/steps/0/group"),
        ("select: max", "select: first", "unreachable", "/steps/0/group/lines/3"),
        ("- id: age-70\n", "- id: age-60\n", "duplicate_id", "/steps/0/group/lines/1/id"),
        (
            "funder: city, fixed_fen: 100",
            "funder: ciyt, fixed_fen: 100",
            "unknown_funder",
            "/steps/0/group/lines/0/funders/0/funder",
        ),
        ("{funder: street, rest: true}]", "{funder: street, fixed_fen: 50}]", "missing_funder", "/steps/0/group/lines/0/funders"),
        ("conventions: {defaults: standard}", "conventions: {}", "unset_convention", "/conventions/governing_date"),
        ("effective: {from: 2026-01-01}", "effective: {from: 2026-01-01, to: 2025-01-01}", "uncovered_dates", "/effective"),
        ("self_pay_fen: 900, by_funder", "self_pay_fen: 901, by_funder", "example_fails", "/examples/0"),
        ("select: max", "select: best", "wrong_value", "/steps/0/group/select"),
        ("title:", "titel:", "unknown_key", "/titel"),
        ("amount: {fixed_fen: 300}", "amount: {fixed_fen: 3.5}", "no_floats", "/steps/0/group/lines/0/amount/fixed_fen"),
        ("amount: {fixed_fen: 300}", "amount: {fixed: 300}", "wrong_choice", "/steps/0/group/lines/0/amount"),
        ("any_of: [dibian]", "any_of: [dibaio]", "unknown_value", "/steps/0/group/lines/3/when"),
        ("per: meal, count: 1", "per: meal", "limit_kind", "/limits/0"),
        ("place: \"990101001\"\neffective", "place: \"99010\"\neffective", "wrong_value", "/place"),
        (
            "date: 2026-11-23, price_fen: 1200}\n    expect: {self_pay_fen: 900, by",
            "date: 2025-11-23, price_fen: 1200}\n    expect: {self_pay_fen: 900, by",
            "uncovered_dates",
            "/examples/0/order/date",
        ),
        ("amount: {fixed_fen: 700}", "amount: {fixed_fen: 200}", "unreachable", "/steps/0/group/lines/3"),
        ("age: {from: 80}}", "age: {from: 80, to: 70}}", "reversed", "/steps/0/group/lines/2/when"),
        ("age: {from: 80}}", "age: {from: 40, to: 50}}", "unreachable", "/steps/0/group/lines/2"),
    ];
    for (from, to, code, place) in table {
        let found = findings(&with(SOUND, from, to));
        let hit = found.iter().find(|f| f.code == code && f.place == place);
        let hit = hit
            .unwrap_or_else(|| panic!("{code} at {place} not in {:#?}", found.iter().map(ToString::to_string).collect::<Vec<_>>()));
        for text in [&hit.cause_zh, &hit.cure_zh, &hit.cause_en, &hit.cure_en] {
            assert!(!text.is_empty(), "{code} lacks a text");
        }
    }
    assert_eq!(codes(SOUND), []);
}

#[test]
fn faults_of_shape_and_of_sense_are_told_in_one_run() {
    let text = with(SOUND, "title:", "titel:");
    let text = with(&text, "published: 2025-12-15", "published: 15.12.2025");
    let text = with(&text, "age: {from: 60, to: 69}}\n", "age: {from: 60, to: 68}}\n");
    let text = with(&text, "{id: street, name: 街道, kind: government", "{id: street, name: 街道, kind: goverment");
    let mut found: Vec<String> = codes(&text).into_iter().map(|(code, _)| code).collect();
    found.sort();
    found.dedup();
    assert_eq!(found, ["age_gap", "missing", "unknown_key", "wrong_value"]);
    let hint = findings(&text).into_iter().find(|f| f.place == "/funders/2/kind").unwrap();
    assert!(hint.cure_en.contains("did you mean government"), "{}", hint.cure_en);
}

#[test]
fn sloppy_bands_overlap_unless_the_better_counts() {
    let lines = format!(
        "{}, {}",
        line("a", "when: {age: {from: 60, to: 70}}, amount: {fixed_fen: 300}"),
        line("b", "when: {age: {from: 70, to: 80}}, amount: {fixed_fen: 400}")
    );
    for (select, overlaps) in [("first", true), ("sum", true), ("max", false)] {
        let document = group(select, &lines, "");
        let found = crate::subsidy::check::check(&document, calendar());
        assert_eq!(found.iter().any(|f| f.code == "age_overlap"), overlaps, "{select}");
    }
}

#[test]
fn a_base_and_a_top_up_may_share_ages_in_a_sum() {
    let lines = format!(
        "{}, {}",
        line("base", "when: {age: {from: 60}}, amount: {fixed_fen: 200}"),
        line("top", "when: {age: {from: 80}}, amount: {fixed_fen: 100}")
    );
    let found = crate::subsidy::check::check(&group("sum", &lines, ""), calendar());
    assert!(!found.iter().any(|f| f.code == "age_overlap" || f.code == "unreachable"), "{found:#?}");
}

#[test]
fn a_line_that_earlier_lines_cover_together_is_unreachable() {
    let lines = format!(
        "{}, {}, {}",
        line("a", "when: {age: {from: 60, to: 69}}, amount: {fixed_fen: 300}"),
        line("b", "when: {age: {from: 70}}, amount: {fixed_fen: 400}"),
        line("c", "when: {all: [{age: {from: 65}}, {meal: [lunch]}]}, amount: {fixed_fen: 500}")
    );
    let found = crate::subsidy::check::check(&group("first", &lines, ""), calendar());
    let hit = found.iter().find(|f| f.code == "unreachable").unwrap();
    assert!(hit.place.ends_with("lines/2") && hit.cause_en.contains("a, b"), "{hit}");
}

#[test]
fn conditions_that_contradict_each_other_are_told() {
    for when in [
        "{all: [{meal: [lunch]}, {meal: [dinner]}]}",
        "{all: [{age: {to: 70}}, {not: {age: {to: 80}}}]}",
        "{all: [{fact: {kind: economic_class, any_of: [dibao]}}, {not: {fact: {kind: economic_class, any_of: [dibao, tekun]}}}]}",
        "{all: [{registered_in: ['990101']}, {registered_in: ['990102']}]}",
        "{all: [{workday: true}, {workday: false}]}",
        "{all: [{product: [basic_set]}, {not: {product: [basic_set, special_diet]}}]}",
        "{date: {to: 2019-12-31}}",
    ] {
        let document = group("first", &line("l", &format!("when: {when}, amount: {{fixed_fen: 300}}")), "");
        let found = crate::subsidy::check::check(&document, calendar());
        assert!(found.iter().any(|f| f.code == "unreachable"), "{when}");
    }
}

#[test]
fn lines_dated_apart_leave_no_day_uncovered() {
    let lines = format!(
        "{}, {}",
        line("a", "when: {date: {from: 2020-01-01, to: 2026-06-30}}, amount: {fixed_fen: 300}"),
        line("b", "when: {date: {from: 2026-08-01}}, amount: {fixed_fen: 400}")
    );
    let found = crate::subsidy::check::check(&group("first", &lines, ""), calendar());
    let told: Vec<(bool, &str)> =
        found.iter().filter(|f| f.code == "uncovered_dates").map(|f| (f.is_error(), f.cause_en.as_str())).collect();
    assert_eq!(told, [(true, "no line holds from 2026-07-01 to 2026-07-31")]);
    let festival = group("first", &line("a", "when: {date: {from: 2026-10-18, to: 2026-10-18}}, amount: {fixed_fen: 300}"), "");
    let found = crate::subsidy::check::check(&festival, calendar());
    assert!(!found.iter().any(|f| f.code == "uncovered_dates"), "one festival is no gap");
}

#[test]
fn versions_that_overlap_or_leave_days_between_them_are_told() {
    let version = |id: &str, from: &str, to: Option<&str>| {
        let mut d = group("first", &line("l", "amount: {fixed_fen: 300}"), "");
        (d.version, d.effective.from, d.effective.to) = (name(id), day(from), to.map(day));
        d
    };
    let codes = |versions: &[Document]| check_versions(versions).into_iter().map(|f| f.code).collect::<Vec<_>>();
    assert_eq!(codes(&[version("a", "2025-01-01", Some("2025-12-31")), version("b", "2026-01-01", None)]), [""; 0]);
    assert_eq!(codes(&[version("a", "2025-01-01", None), version("b", "2026-01-01", None)]), ["version_overlap"]);
    assert_eq!(codes(&[version("b", "2026-01-02", None), version("a", "2025-01-01", Some("2025-12-31"))]), ["uncovered_dates"]);
}

#[test]
fn a_doubled_key_a_broken_text_and_a_huge_text_are_refused_without_a_document() {
    for text in [
        "a: 1\na: 2",
        "{\"a\": 1, \"a\": 2}",
        "{",
        "a: [",
        "\t",
        "",
        "- - -",
        "&a [*a]",
        "x: !!binary aGk=",
        &"[".repeat(100_000),
        &"a: ".repeat(1000),
        &format!("t: {}", "x".repeat(2_000_000)),
    ] {
        let checked = check_text(text, calendar());
        assert!(checked.findings.iter().any(Finding::is_error), "{:?}", text.chars().take(20).collect::<String>());
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let when = format!("{}{{age: {{from: 60}}}}{}", "{not: ".repeat(60), "}".repeat(60));
    let found = findings(&with(SOUND, "when: {age: {from: 60, to: 69}}", &format!("when: {when}")));
    assert!(found.iter().any(|f| f.code == "too_deep" || f.code == "unreadable"), "{found:#?}");
}

#[test]
fn the_published_schema_is_closed_and_names_every_definition_it_uses() {
    let schema = json_schema();
    let text = schema.to_string();
    let definitions = schema["$defs"].as_object().unwrap();
    for part in text.split("#/$defs/").skip(1) {
        let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        assert!(definitions.get(&used).is_some_and(|d| d.is_object()), "{used}");
    }
    assert_eq!(schema["additionalProperties"], false);
    assert!(text.contains("economic_class") && text.contains("last_funder_first"));
}

#[test]
fn the_schema_file_is_the_one_this_code_prints() {
    let shipped = std::fs::read_to_string(super::library::folder().join("policy.schema.json")).unwrap();
    let printed = crate::subsidy::schema_text().unwrap();
    assert!(shipped == printed, "print it anew: cargo run -p nuanfan-domain --example policy_schema > policies/policy.schema.json");
}

fn documentation() -> String {
    std::fs::read_to_string(super::library::folder().join("../docs/POLICY-LANGUAGE.md")).unwrap()
}

#[test]
fn the_documentation_names_every_field_every_word_and_every_fact() {
    let text = documentation();
    let mut missing = Vec::new();
    let mut want = |word: &str| {
        if !text.contains(word) {
            missing.push(word.to_owned());
        }
    };
    let mut values = vec![json_schema()];
    while let Some(value) = values.pop() {
        if let Some(words) = value["enum"].as_array() {
            words.iter().filter_map(|w| w.as_str()).for_each(&mut want);
        }
        if let Some(fields) = value["properties"].as_object() {
            fields.keys().for_each(|k| want(k));
        }
        match value {
            serde_json::Value::Array(items) => values.extend(items),
            serde_json::Value::Object(map) => values.extend(map.into_iter().map(|(_, v)| v)),
            _ => {}
        }
    }
    for (kind, name, words) in crate::subsidy::facts::vocabulary() {
        want(&format!("`{kind}` {name}"));
        words.iter().for_each(|(word, _)| want(&format!("`{word}`")));
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_document_in_the_documentation_passes_the_check() {
    let text = documentation();
    let yaml = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(codes(yaml), []);
    let json = text.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(parse::cases(&format!("[{json}]")).findings, []);
}

#[test]
fn a_fault_of_shape_in_one_line_hides_no_fault_of_sense_in_the_others() {
    let lines = "lines: [{id: a, name: a, when: {age: {from: 60, to: 69}}, amount: {fixed_fen: 3.5}}, \
                 {id: b, name: b, when: {age: {from: 71}}, amount: {fixed_fen: 400}, limits: [{per: day}]}, \
                 {id: b, name: b, when: {fact: {kind: economic_class, any_of: [dibaio]}}, amount: {fixed_fen: 900}}]";
    let text = format!(
        "nuanfan_policy: 1\nprogramme: p\nversion: v\ntitle: t\neffective: {{from: 2026-01-01}}\nsource: {{name: n, publisher: p}}\n\
         conventions: {{}}\nfunders: [{{id: f, name: f, kind: government}}]\nsteps: [{{group: {{id: g, name: g, select: first, {lines}}}}}]\n"
    );
    let found = codes(&text);
    for (code, place) in [
        ("no_floats", "/steps/0/group/lines/0/amount/fixed_fen"),
        ("age_gap", "/steps/0/group"),
        ("limit_kind", "/steps/0/group/lines/1/limits/0"),
        ("duplicate_id", "/steps/0/group/lines/2/id"),
        ("unknown_value", "/steps/0/group/lines/2/when"),
        ("missing_funder", "/steps/0/group/lines/0"),
        ("missing_funder", "/steps/0/group/lines/1"),
        ("unset_convention", "/conventions/governing_date"),
        ("too_few_examples", "/examples"),
    ] {
        assert!(found.iter().any(|(c, p)| c == code && p == place), "{code} at {place}: {found:#?}");
    }
}

#[test]
fn what_a_placeholder_would_make_one_say_is_not_said() {
    let text = with(SOUND, "when: {age: {from: 60, to: 69}}", "whne: {age: {from: 60, to: 69}}");
    let found: Vec<String> = codes(&text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(found, ["unknown_key"], "neither bands nor examples can be judged until it is known what was meant");
}
