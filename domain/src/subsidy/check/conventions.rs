//! Conventions that matter for a document and are neither stated nor taken from a named set.

use crate::subsidy::document::{Amount, Document, Step};
use crate::subsidy::finding::Finding;
use crate::subsidy::limit::Per;
use crate::subsidy::when::When;

/// Reports what is unset, or which defaults were taken.
pub(super) fn check(document: &Document, found: &mut Vec<Finding>) {
    let unstated = document.conventions.unstated();
    let relevant = relevant(document);
    let standard = serde_json::to_value(document.conventions.settle()).unwrap_or_default();
    let mut defaulted = Vec::new();
    for field in unstated.into_iter().filter(|f| relevant.contains(f)) {
        let default = standard.get(field).map_or_else(String::new, ToString::to_string).replace('"', "");
        if document.conventions.defaults.is_some() {
            defaulted.push(format!("{field}: {default}"));
            continue;
        }
        found.push(
            Finding::error(format!("/conventions/{field}"), "unset_convention")
                .zh(
                    format!("约定 {field} 没有写明, 而本文件的结果取决于它"),
                    format!("写明, 如 {field}: {default}; 或写 defaults: standard 采用标准约定"),
                )
                .en(
                    format!("the convention {field} is not stated, and this document's results hang on it"),
                    format!("state it, e.g. {field}: {default}; or adopt the standard set with defaults: standard"),
                ),
        );
    }
    if !defaulted.is_empty() {
        let list = defaulted.join(", ");
        found.push(
            Finding::note("/conventions", "defaulted")
                .zh(format!("采用标准约定: {list}"), "与原文核对")
                .en(format!("taken from the standard set: {list}"), "compare with the text"),
        );
    }
}

/// The conventions on which this document's results hang.
fn relevant(document: &Document) -> Vec<&'static str> {
    let mut fields = vec!["governing_date", "death_lag"];
    let mut add = |yes: bool, names: &[&'static str]| {
        if yes {
            fields.extend_from_slice(names);
        }
    };
    let (mut ages, mut facts, mut workdays) = (false, false, false);
    for (_, when) in document.conditions() {
        when.visit(&mut |w| match w {
            When::Age(_) => ages = true,
            When::Fact(_) | When::RegisteredIn(_) | When::ResidentIn(_) => facts = true,
            When::Workday(_) => workdays = true,
            _ => {}
        });
    }
    add(ages, &["age_reached", "leap_birthday"]);
    add(facts, &["start_lag", "end_lag"]);
    add(workdays, &["workday"]);
    let grants = document.groups().next().is_some();
    add(grants, &["clip_order", "covers", "min_self_pay_fen"]);
    let lines = || document.groups().flat_map(|g| &g.lines);
    let percent = lines().any(|l| matches!(l.amount, Amount::Percent(_)));
    let discount = document.steps.iter().any(|s| matches!(s, Step::Discount(_)));
    add(percent || discount, &["rounding", "rounding_unit_fen"]);
    add(lines().any(|l| matches!(l.amount, Amount::Percent(p) if p.base.is_none())), &["percentage_base"]);
    let limits = document.limits.iter().chain(document.groups().flat_map(|g| &g.limits)).chain(lines().flat_map(|l| &l.limits));
    add(limits.into_iter().any(|l| l.per == Per::Week), &["week"]);
    let groups = document.groups().filter_map(|g| g.min_spend);
    let minima: Vec<_> = document.min_spend.into_iter().chain(groups).chain(lines().filter_map(|l| l.min_spend)).collect();
    add(minima.iter().any(|m| m.base.is_none()), &["threshold_base"]);
    add(minima.iter().any(|m| m.delivery.is_none()), &["threshold_delivery"]);
    add(minima.iter().any(|m| m.strict.is_none() && !m.above_subsidy), &["threshold_strict"]);
    fields
}
