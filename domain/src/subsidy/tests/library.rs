//! The shipped policy library: every document is sound and every example replays.

use super::*;
use crate::subsidy::check::{check_text, check_versions};
use crate::subsidy::replay::replay;
use std::path::PathBuf;

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

/// Every shipped document with its file name.
pub(super) fn shipped() -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "yaml"))
        .map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&p).unwrap()))
        .collect();
    texts.sort();
    texts
}

#[test]
fn every_shipped_document_passes_the_check_and_replays_its_examples() {
    let texts = shipped();
    assert!(texts.len() >= 40, "{} documents", texts.len());
    let mut examples = 0;
    for (file, text) in &texts {
        let checked = check_text(text, calendar());
        let errors: Vec<String> = checked.findings.iter().filter(|f| f.is_error()).map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
        let document = checked.value.unwrap();
        let report = replay(&document, &[], &document.examples, calendar()).unwrap();
        assert_eq!((report.failed, report.skipped), (0, 0), "{file}");
        assert!(report.passed >= 3, "{file} has {} examples", report.passed);
        examples += report.passed;
    }
    assert!(examples >= 150, "{examples} examples");
}

#[test]
fn versions_of_one_programme_in_the_library_never_overlap() {
    let documents: Vec<Document> = shipped().iter().map(|(_, text)| read(text)).collect();
    // Readings of one text are alternatives, so one of each is taken.
    let chosen: Vec<Document> = documents.into_iter().filter(|d| d.reading.as_ref().is_none_or(|r| r.index == 0)).collect();
    let errors: Vec<String> = check_versions(&chosen).iter().filter(|f| f.is_error()).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn each_reading_of_one_text_gives_the_meal_its_own_price() {
    let texts = shipped();
    let self_pay = |file: &str| {
        let (_, text) = texts.iter().find(|(f, _)| f == file).unwrap();
        let mut senior = born("1960-01-01");
        (senior.registered, senior.resident) = (Some(place("310107")), Some(place("310107")));
        let meal = Meal { canteen_place: Some(place("310107")), ..lunch("2026-03-10", 1600) };
        Bench::new(&[&read(text)]).first(&senior, &meal).self_pay_fen.0
    };
    assert_eq!(["sh-pt-2025-a", "sh-pt-2025-b", "sh-pt-2025-c"].map(self_pay), [1240, 1440, 1260]);
}

#[test]
fn the_national_coupon_and_a_local_policy_act_in_the_order_the_reading_says() {
    let texts = shipped();
    let local = group("first", &line("l", "amount: {fixed_fen: 300}"), "");
    for (file, self_pay) in [("cn-coupon-2026-a", 700), ("cn-coupon-2026-b", 850)] {
        let (_, text) = texts.iter().find(|(f, _)| f == file).unwrap();
        let mut senior = born("1950-01-01");
        senior.facts = vec![fact(FactKind::Ability, "moderate", None, None)];
        let meal = Meal { channel: Channel::Delivery, ..lunch("2026-03-10", 2000) };
        let decision = Bench::new(&[&local, &read(text)]).first(&senior, &meal);
        assert_eq!(decision.self_pay_fen, Fen(self_pay), "{file}");
    }
}

#[test]
fn a_case_file_of_mixed_readings_replays_only_the_documents_own() {
    let cases = r#"[
      {"id": "r0", "person": {"birth": "1960-01-01"}, "order": {"date": "2026-03-10", "price_fen": 1600}, "expect": {"self_pay_fen": 1240}},
      {"id": "r1", "person": {"birth": "1960-01-01"}, "order": {"date": "2026-03-10", "price_fen": 1600}, "reading": 1, "expect": {"self_pay_fen": 1440}},
      {"id": "r2", "person": {"birth": "1960-01-01"}, "order": {"date": "2026-03-10", "price_fen": 1600}, "reading": 2, "expect": {"self_pay_fen": 1260}}]"#;
    let cases = parse::cases(cases).into_result().unwrap();
    for (file, reading) in [("sh-pt-2025-a", "r0"), ("sh-pt-2025-b", "r1"), ("sh-pt-2025-c", "r2")] {
        let (_, text) = shipped().into_iter().find(|(f, _)| f == file).unwrap();
        let report = replay(&read(&text), &[], &cases, calendar()).unwrap();
        assert_eq!((report.passed, report.failed, report.skipped), (1, 0, 2), "{file}");
        let passed = report.cases.iter().find(|c| c.verdict == crate::subsidy::replay::Verdict::Pass).unwrap();
        assert_eq!(passed.id, reading);
    }
}

#[test]
fn a_case_that_differs_shows_expected_computed_and_the_explanation() {
    let (_, text) = shipped().into_iter().find(|(f, _)| f == "demo-street").unwrap();
    let cases = r#"[{"id": "x", "person": {"birth": "1961-01-01"}, "order": {"date": "2026-11-23", "price_fen": 1200},
                     "expect": {"self_pay_fen": 800, "by_funder": {"city": 100, "district": 300}}}]"#;
    let report = replay(&read(&text), &[], &parse::cases(cases).into_result().unwrap(), calendar()).unwrap();
    let fields: Vec<&str> = report.cases[0].differences.iter().map(|d| d.field.as_str()).collect();
    assert_eq!(fields, ["self_pay_fen", "by_funder/district", "by_funder/street"], "a funder not named is a difference");
    assert!(report.cases[0].explanation_zh.as_ref().unwrap().contains("60至69周岁"));
    assert!(report.cases[0].decision.is_some());
}
