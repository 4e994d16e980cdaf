//! Policies that were written from the documentation alone, with cases whose results were worked out by hand.

use super::*;
use crate::subsidy::check::check_text;
use crate::subsidy::replay::{Verdict, replay};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/subsidy/tests/officer")
}

/// (name, document, cases).
fn written() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "yaml") {
            let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
            all.push((path.display().to_string(), read(&path), read(&path.with_extension("cases.json"))));
        }
    }
    all.sort();
    all
}

#[test]
fn what_an_officer_writes_from_the_documentation_passes_the_check_without_a_warning() {
    for (file, text, _) in written() {
        let remarks = check_text(&text, calendar()).findings;
        let serious: Vec<String> =
            remarks.iter().filter(|f| f.severity != crate::subsidy::Severity::Note).map(ToString::to_string).collect();
        assert!(serious.is_empty(), "{file}:\n{}", serious.join("\n"));
    }
}

#[test]
fn cases_worked_out_by_hand_come_out_to_the_fen() {
    let written = written();
    assert!(written.len() >= 12, "{} documents", written.len());
    let mut wrong = Vec::new();
    for (file, text, cases) in written {
        let cases = parse::cases(&cases).into_result().unwrap_or_else(|f| panic!("{file}: {f:#?}"));
        let report = replay(&read(&text), &[], &cases, calendar()).unwrap();
        for case in report.cases.iter().filter(|c| c.verdict != Verdict::Pass) {
            let told = case.explanation_en.as_deref().unwrap_or_default();
            wrong.push(format!("{file}: {}: {:?}\n{told}", case.id, case.differences));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
