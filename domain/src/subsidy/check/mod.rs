//! The check before publication: every fault at once, each with its place, cause and cure.

mod bands;
mod boxes;
mod conventions;
mod parts;
mod refs;

use super::calendar::WorkdayCalendar;
use super::document::Document;
use super::finding::Finding;
use super::parse::{self, Parsed};
use super::replay::{Verdict, replay};
use super::when::When;
use crate::ServiceDate;

/// Fewer examples than this do not show what a document does.
pub const EXAMPLES_WANTED: usize = 3;

/// Checks a text of YAML or JSON: its shape, and whatever can be judged of its sense in the same run.
#[must_use]
pub fn check_text(text: &str, calendar: &WorkdayCalendar) -> Parsed<Document> {
    let Parsed { value, mut findings } = parse::document(text);
    if let Some(document) = &value {
        let shape = findings.clone();
        findings.extend(check(document, calendar).into_iter().filter(|f| is_own(f, &shape)));
    }
    findings.sort_by_key(|f| f.severity);
    Parsed { value, findings }
}

/// Whether a finding stands on its own, and does not come from a placeholder put where the shape is faulty, or from a key that
/// was dropped because nobody knows it.
fn is_own(finding: &Finding, shape: &[Finding]) -> bool {
    let faulty = || shape.iter().map(|s| s.place.as_str());
    let head = |place: &str, parts: usize| place.splitn(parts + 2, '/').take(parts + 1).collect::<Vec<_>>().join("/");
    let any_within = |above: &str| faulty().any(|place| within(place, above));
    let unknown_in = |above: &str| shape.iter().any(|s| s.code == "unknown_key" && within(&s.place, above));
    let step = head(&finding.place, 2);
    let in_step = |word: &str| faulty().any(|place| within(place, &step) && (place == step || place.contains(word)));
    match finding.code.as_str() {
        "example_fails" => faulty().all(|place| head(place, 1) == "/examples" && head(place, 2) != step),
        "unset_convention" => !any_within(&finding.place),
        "too_few_examples" => !faulty().any(|place| place == finding.place),
        "unknown_funder" => !any_within("/funders") && !any_within(&finding.place),
        // Bands are judged together: a broken condition in one line blurs what can be said of the others.
        "age_gap" | "age_overlap" | "age_uncovered" => !in_step("/when") && !unknown_in(&step),
        "unreachable" => !in_step("/when") && !in_step("/amount") && !unknown_in(&step),
        "missing_funder" | "shares_exceed" => {
            let line = finding.place.trim_end_matches("/funders");
            let group = line.split("/lines/").next().unwrap_or_default();
            let sums = line != finding.place && any_within(&format!("{line}/amount"));
            let named = |at: &str| any_within(&format!("{at}/funders")) || unknown_at(at, shape);
            !sums && !named(line) && !named(group)
        }
        _ => !faulty().any(|place| within(place, &finding.place) || within(&finding.place, place)),
    }
}

/// Whether a place is another or lies below it.
fn within(place: &str, above: &str) -> bool {
    place.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a key that nobody knows stands right at a place.
fn unknown_at(at: &str, shape: &[Finding]) -> bool {
    let parent = |place: &str| place.rsplit_once('/').map(|(above, _)| above.to_owned());
    shape.iter().any(|s| s.code == "unknown_key" && parent(&s.place).as_deref() == Some(at))
}

/// Checks a document.
#[must_use]
pub fn check(document: &Document, calendar: &WorkdayCalendar) -> Vec<Finding> {
    let mut found = Vec::new();
    dates(document, calendar, &mut found);
    refs::check(document, &mut found);
    parts::check(document, &mut found);
    conventions::check(document, &mut found);
    bands::check(document, &mut found);
    examples(document, calendar, &mut found);
    found
}

/// Checks versions of programmes against each other: no two on one date, uncovered dates reported.
#[must_use]
pub fn check_versions(documents: &[Document]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut sorted: Vec<&Document> = documents.iter().collect();
    sorted.sort_by(|a, b| (&a.programme, a.effective.from).cmp(&(&b.programme, b.effective.from)));
    for (one, next) in sorted.iter().zip(sorted.iter().skip(1)).filter(|(a, b)| a.programme == b.programme) {
        let (programme, a, b, from) = (&one.programme, &one.version, &next.version, next.effective.from);
        match one.effective.to {
            Some(to) if to < from.plus_days(-1) => {
                let (first, last) = (to.plus_days(1), from.plus_days(-1));
                found.push(
                    Finding::warning("/effective", "uncovered_dates")
                        .zh(format!("{programme}: {first}至{last}没有任何版本"), "确认这段日期不补, 或改 effective")
                        .en(
                            format!("{programme}: no version from {first} to {last}"),
                            "confirm that nothing is paid, or move effective",
                        ),
                );
            }
            Some(to) if to < from => {}
            _ => found.push(
                Finding::error("/effective", "version_overlap")
                    .zh(
                        format!("{programme}: 版本{a}与{b}从{from}起同时有效"),
                        format!("给{a}写 effective.to, 最迟{}", from.plus_days(-1)),
                    )
                    .en(
                        format!("{programme}: versions {a} and {b} both hold from {from} on"),
                        format!("end {a} by {}", from.plus_days(-1)),
                    ),
            ),
        }
    }
    found
}

fn dates(document: &Document, calendar: &WorkdayCalendar, found: &mut Vec<Finding>) {
    let effective = document.effective;
    if let Some(to) = effective.to.filter(|to| *to < effective.from) {
        found.push(
            Finding::error("/effective", "uncovered_dates")
                .zh(format!("有效期到{to}, 早于开始的{}", effective.from), "对调或改正两个日期")
                .en(format!("it ends on {to}, before it begins on {}", effective.from), "swap or correct the two dates"),
        );
    }
    if let Some(published) = document.published.filter(|p| *p > effective.from) {
        found.push(
            Finding::warning("/published", "published_late")
                .zh(format!("{published}才发布, 却从{}起有效", effective.from), "确认追溯是有意的: 之前的餐要重算")
                .en(
                    format!("published on {published}, in force from {}", effective.from),
                    "confirm that it reaches back: earlier meals are decided anew",
                ),
        );
    }
    let (mut asks_workday, mut asks_holiday) = (false, false);
    for (_, when) in document.conditions() {
        when.visit(&mut |w| match w {
            When::Workday(_) => asks_workday = true,
            When::Holiday(_) => asks_holiday = true,
            _ => {}
        });
    }
    let end = effective.to.unwrap_or(effective.from.max(calendar.to.unwrap_or(effective.from)).plus_days(1));
    let by_calendar = document.conventions.settle().workday == super::conventions::WorkdayRule::StateCouncil;
    if (asks_holiday || (asks_workday && by_calendar)) && !(calendar.covers(effective.from) && calendar.covers(end)) {
        let covered = |d: Option<ServiceDate>| d.map_or_else(|| "-".to_owned(), |d| d.to_string());
        let (from, to) = (covered(calendar.from), covered(calendar.to));
        found.push(
            Finding::note("/effective", "calendar_short")
                .zh(format!("工作日历只覆盖{from}至{to}, 之外按周一至周五暂算"), "放假安排公布后导入日历")
                .en(
                    format!("the workday calendar covers {from} to {to}; other dates are decided by the weekday, provisionally"),
                    "import the calendar when the holidays are announced",
                ),
        );
    }
}

fn examples(document: &Document, calendar: &WorkdayCalendar, found: &mut Vec<Finding>) {
    let count = document.examples.len();
    if count < EXAMPLES_WANTED {
        found.push(
            Finding::error("/examples", "too_few_examples")
                .zh(format!("只有{count}个例子"), format!("至少写{EXAMPLES_WANTED}个, 含一个不补的"))
                .en(format!("only {count} examples"), format!("write at least {EXAMPLES_WANTED}, one of them without a grant")),
        );
    }
    for (n, case) in document.examples.iter().enumerate() {
        if document.examples.iter().take(n).any(|c| c.id == case.id) {
            found.push(
                Finding::error(format!("/examples/{n}/id"), "duplicate_id")
                    .zh(format!("例子编号{}重复", case.id), "换一个编号")
                    .en(format!("two examples are called {}", case.id), "rename one"),
            );
        }
        let date = case.order.date;
        if date < document.effective.from || document.effective.to.is_some_and(|to| date > to) {
            found.push(
                Finding::error(format!("/examples/{n}/order/date"), "uncovered_dates")
                    .zh(format!("例子{}的日期{date}不在有效期内", case.id), "改例子的日期或 effective")
                    .en(format!("example {} is dated {date}, outside effective", case.id), "move the example or effective"),
            );
        }
    }
    if document.examples.is_empty() {
        return;
    }
    let Ok(report) = replay(document, &[], &document.examples, calendar) else { return };
    for (n, replayed) in report.cases.iter().enumerate().filter(|(_, r)| r.verdict == Verdict::Fail) {
        let side = |fen: Option<crate::Fen>| fen.map_or_else(|| "-".to_owned(), |f| f.to_string());
        let told: Vec<String> = replayed
            .differences
            .iter()
            .map(|d| format!("{} {} ≠ {}", d.field, side(d.expected_fen), side(d.computed_fen)))
            .collect();
        let told = told.join(", ");
        found.push(
            Finding::error(format!("/examples/{n}"), "example_fails")
                .zh(
                    format!("例子{}算得不同(期望≠算得): {told}\n{}", replayed.id, replayed.explanation_zh.as_deref().unwrap_or("")),
                    "改条款或改例子, 以原文为准",
                )
                .en(
                    format!(
                        "example {} differs (expected ≠ computed): {told}\n{}",
                        replayed.id,
                        replayed.explanation_en.as_deref().unwrap_or("")
                    ),
                    "correct the lines or the example, by the text",
                ),
        );
    }
}
