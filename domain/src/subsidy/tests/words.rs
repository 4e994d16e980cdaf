//! Explanations for seniors and officers.

use super::*;
use crate::subsidy::words::{Audience, Language, explain};

#[test]
fn a_senior_reads_what_is_paid_and_what_is_missing_for_more() {
    let document = read(include_str!("../../../../policies/demo-street.yaml"));
    let decision = Bench::new(&[&document]).first(&born("1947-06-01"), &lunch("2026-11-23", 1200));
    let text = explain(&decision, &[&document], Audience::Senior, Language::Zh);
    for part in [
        "餐价12.00元, 补贴4.00元, 您付8.00元",
        "√ 70至79周岁: 补贴 4.00",
        "× 80周岁及以上: 须为80周岁及以上 (现79周岁)",
        "× 低保: 须为低保 (没有此项登记)",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains(&decision.trace[0].hash), "a senior needs no hash");
}

#[test]
fn an_officer_reads_version_hash_facts_limits_and_legs() {
    let document = read(include_str!("../../../../policies/demo-street.yaml"));
    let bench = Bench::new(&[&document]);
    let mut senior = born("1944-06-01");
    senior.facts = vec![fact(FactKind::EconomicClass, "dibao", Some("2026-01-01"), None)];
    let first = bench.first(&senior, &lunch("2026-11-23", 1200));
    let text = explain(&first, &[&document], Audience::Officer, Language::Zh);
    for part in
        [first.trace[0].hash.as_str(), "事实 低保 2026-01-01~… [f1]", "→ 街道(990101001) 3.00", "就高不就低, 已按低保 (6.00)"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let mut history = History::default();
    history.claim(&first.claims);
    let second = bench.decide(&senior, &lunch("2026-11-23", 1200), &history);
    let text = explain(&second, &[&document], Audience::Officer, Language::En);
    assert!(text.contains("limit reached: per meal period 1/1 [once-a-meal]"), "{text}");
}
