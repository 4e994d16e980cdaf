//! What changes from one version to the next, in words an officer signs.

use super::document::{DiscountLine, Document, Funder, Group, Limit, Line, MinSpend, Share, Step};
use super::when::When;
use super::words::{Language, amount, condition, limit};
use crate::Fen;
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it concerns: `effective`, `conventions/rounding`, `steps/meal/age-70`.
    pub about: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// Every change that can alter a bill, a claim or who may take part. Steps and lines are matched by their identifiers, so
/// a renamed identifier reads as one line removed and one added.
#[must_use]
pub fn diff(old: &Document, new: &Document) -> Vec<Change> {
    let mut changes = Changes { old, new, found: Vec::new() };
    changes.head();
    changes.conventions();
    changes.each("funders", &old.funders, &new.funders, |f| f.id.as_str(), funder_words);
    changes.one("eligible", &old.eligible, &new.eligible, when_words);
    changes.one("limits", &old.limits, &new.limits, |l, _, language| limits_words(l, language));
    changes.one("min_spend", &old.min_spend, &new.min_spend, |m, _, language| min_words(m.as_ref(), language));
    changes.steps();
    changes.one("coexistence", &old.coexistence, &new.coexistence, |c, _, language| match c {
        None => language.pick("无", "none").to_owned(),
        Some(c) => {
            let others: Vec<String> = c.not_with.iter().map(|n| format!("{} ({})", n.programme, n.keep)).collect();
            format!(
                "{} {}; {} {}",
                language.pick("次序", "rank"),
                c.rank,
                language.pick("互斥", "not with"),
                dash(others.join(", "))
            )
        }
    });
    changes.each(
        "operator",
        &old.operator,
        &new.operator,
        |o| o.id.as_str(),
        |o, document, language| {
            let pays = super::canonical::canonical_json(&o.pays);
            let effects = super::canonical::canonical_json(&o.inspection);
            let when = when_words(&o.when, document, language);
            format!("{}: {pays}; {when}; {}; {effects}", o.name, shares_words(&o.funders, document, language))
        },
    );
    changes.found
}

type Words<T> = fn(&T, &Document, Language) -> String;

struct Changes<'a> {
    old: &'a Document,
    new: &'a Document,
    found: Vec<Change>,
}

impl Changes<'_> {
    fn push(&mut self, about: impl Into<String>, zh: String, en: String) {
        self.found.push(Change { about: about.into(), zh, en });
    }

    /// Tells a changed value by its words before and after.
    fn one<T: PartialEq>(&mut self, about: &str, old: &T, new: &T, words: Words<T>) {
        if old == new {
            return;
        }
        let say = |language| (words(old, self.old, language), words(new, self.new, language));
        let (zh, en) = (say(Language::Zh), say(Language::En));
        self.push(about, format!("{about}: 由“{}”改为“{}”", zh.0, zh.1), format!("{about}: from \"{}\" to \"{}\"", en.0, en.1));
    }

    /// Tells what was added, removed and changed in a list whose items have identifiers.
    fn each<T: PartialEq>(&mut self, about: &str, old: &[T], new: &[T], id: fn(&T) -> &str, words: Words<T>) {
        for item in old {
            let about = format!("{about}/{}", id(item));
            match new.iter().find(|n| id(n) == id(item)) {
                Some(now) => self.one(&about, item, now, words),
                None => {
                    let (zh, en) = (words(item, self.old, Language::Zh), words(item, self.old, Language::En));
                    self.push(about, format!("取消: {zh}"), format!("removed: {en}"));
                }
            }
        }
        for item in new.iter().filter(|n| !old.iter().any(|o| id(o) == id(n))) {
            let (zh, en) = (words(item, self.new, Language::Zh), words(item, self.new, Language::En));
            self.push(format!("{about}/{}", id(item)), format!("新增: {zh}"), format!("added: {en}"));
        }
        let order = |items: &[T], others: &[T]| -> Vec<String> {
            items.iter().map(id).filter(|i| others.iter().any(|o| id(o) == *i)).map(str::to_owned).collect()
        };
        let (before, after) = (order(old, new), order(new, old));
        if before != after {
            let (before, after) = (before.join(", "), after.join(", "));
            self.push(about, format!("次序由 {before} 改为 {after}"), format!("order from {before} to {after}"));
        }
    }

    fn head(&mut self) {
        let (old, new) = (self.old, self.new);
        let dates = |e: &super::document::Effective, _: &Document, language: Language| {
            let to = e.to.map_or_else(|| language.pick("另行通知", "further notice").to_owned(), |d| d.to_string());
            format!("{} ~ {to}", e.from)
        };
        self.one("programme", &old.programme, &new.programme, |p, _, _| p.to_string());
        self.one("effective", &old.effective, &new.effective, dates);
        self.one("number", &old.number, &new.number, |n, _, _| n.clone().unwrap_or_else(|| "-".to_owned()));
        self.one("place", &old.place, &new.place, |p, _, language| {
            p.as_ref().map_or_else(|| language.pick("全国", "the whole country").to_owned(), ToString::to_string)
        });
        self.one("reading", &old.reading, &new.reading, |r, _, _| r.as_ref().map_or_else(|| "-".to_owned(), |r| r.text.clone()));
    }

    fn conventions(&mut self) {
        let table = |d: &Document| serde_json::to_value(d.conventions.settle()).unwrap_or_default();
        let (old, new) = (table(self.old), table(self.new));
        for (key, before) in old.as_object().into_iter().flatten() {
            let after = new.get(key).cloned().unwrap_or_default();
            if *before != after {
                let plain = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                let (before, after) = (plain(before), plain(&after));
                let zh = format!("约定 {key}: 由 {before} 改为 {after}");
                self.push(format!("conventions/{key}"), zh, format!("convention {key}: from {before} to {after}"));
            }
        }
    }

    fn steps(&mut self) {
        let id = |s: &Step| match s {
            Step::Discount(d) => d.id.clone(),
            Step::Group(g) => g.id.clone(),
        };
        let (old, new) = (self.old, self.new);
        for step in &old.steps {
            match (step, new.steps.iter().find(|n| id(n) == id(step))) {
                (Step::Discount(a), Some(Step::Discount(b))) => {
                    let at = format!("steps/{}", a.id);
                    self.one(&format!("{at}/funder"), &a.funder, &b.funder, |f, _, _| f.to_string());
                    self.each(&at, &a.lines, &b.lines, |l| l.id.as_str(), rate_words);
                }
                (Step::Group(a), Some(Step::Group(b))) => self.group(a, b),
                (_, Some(_)) => {
                    self.push(format!("steps/{}", id(step)), "改为另一种步骤".to_owned(), "another kind of step".to_owned())
                }
                (_, None) => {
                    let name = step_name(step);
                    self.push(format!("steps/{}", id(step)), format!("取消整组: {name}"), format!("removed: {name}"));
                }
            }
        }
        for step in new.steps.iter().filter(|n| !old.steps.iter().any(|o| id(o) == id(n))) {
            let name = step_name(step);
            self.push(format!("steps/{}", id(step)), format!("新增一组: {name}"), format!("added: {name}"));
        }
        let order = |d: &Document, other: &Document| -> Vec<String> {
            d.steps.iter().map(id).filter(|i| other.steps.iter().any(|o| id(o) == *i)).map(|i| i.to_string()).collect()
        };
        let (before, after) = (order(old, new), order(new, old));
        if before != after {
            let (before, after) = (before.join(", "), after.join(", "));
            self.push("steps", format!("先后次序由 {before} 改为 {after}"), format!("order from {before} to {after}"));
        }
    }

    fn group(&mut self, a: &Group, b: &Group) {
        let at = format!("steps/{}", a.id);
        self.one(&format!("{at}/select"), &a.select, &b.select, |s, _, _| s.to_string());
        self.one(&format!("{at}/when"), &a.when, &b.when, when_words);
        self.one(&format!("{at}/limits"), &a.limits, &b.limits, |l, _, language| limits_words(l, language));
        self.one(&format!("{at}/min_spend"), &a.min_spend, &b.min_spend, |m, _, language| min_words(m.as_ref(), language));
        self.one(&format!("{at}/funders"), &a.funders, &b.funders, |f, document, language| shares_words(f, document, language));
        self.each(&at, &a.lines, &b.lines, |l| l.id.as_str(), line_words);
    }
}

fn step_name(step: &Step) -> &str {
    match step {
        Step::Discount(d) => &d.name,
        Step::Group(g) => &g.name,
    }
}

fn dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn when_words(when: &Option<When>, document: &Document, language: Language) -> String {
    let all = || language.pick("所有人", "everyone").to_owned();
    when.as_ref().map_or_else(all, |w| condition(w, document, language))
}

fn limits_words(limits: &[Limit], language: Language) -> String {
    dash(limits.iter().map(|l| limit(l, language)).collect::<Vec<_>>().join(", "))
}

fn min_words(min: Option<&MinSpend>, language: Language) -> String {
    let Some(min) = min else { return language.pick("无最低消费", "no minimum spend").to_owned() };
    let what = match (min.above_subsidy, language) {
        (true, Language::Zh) => "消费高于补贴".to_owned(),
        (true, Language::En) => "spend more than the subsidy".to_owned(),
        (false, Language::Zh) => format!("消费满{}元", Fen(min.fen.unwrap_or(0))),
        (false, Language::En) => format!("spend {} yuan", Fen(min.fen.unwrap_or(0))),
    };
    let mut marks = Vec::new();
    marks.extend(min.strict.map(|yes| format!("strict {yes}")));
    marks.extend(min.base.map(|base| base.to_string()));
    marks.extend(min.delivery.map(|yes| format!("delivery {yes}")));
    if marks.is_empty() { what } else { format!("{what} ({})", marks.join(", ")) }
}

fn shares_words(shares: &[Share], document: &Document, language: Language) -> String {
    let say = |share: &Share| {
        let name = document.funders.iter().find(|f| f.id == share.funder).map_or(share.funder.as_str(), |f| f.name.as_str());
        let mut text = match (share.fixed_fen, share.ratio) {
            (Some(fen), _) => format!("{name} {}", Fen(fen)),
            (None, Some(ratio)) => format!("{name} {} {ratio}", language.pick("比例", "ratio")),
            (None, None) => format!("{name} {}", language.pick("其余", "the rest")),
        };
        if let Some(floor) = share.floor_fen {
            text += &format!(" ({} {})", language.pick("至少", "at least"), Fen(floor));
        }
        if let Some(when) = &share.when {
            text += &format!(" ({})", condition(when, document, language));
        }
        text
    };
    dash(shares.iter().map(say).collect::<Vec<_>>().join(" + "))
}

fn line_words(line: &Line, document: &Document, language: Language) -> String {
    let mut parts = vec![line.name.clone(), when_words(&line.when, document, language), amount(&line.amount, language)];
    if !line.funders.is_empty() {
        parts.push(shares_words(&line.funders, document, language));
    }
    if !line.limits.is_empty() {
        parts.push(limits_words(&line.limits, language));
    }
    parts.extend(line.min_spend.map(|m| min_words(Some(&m), language)));
    parts.extend(line.covers.map(|c| c.to_string()));
    parts.extend(line.legal_ref.clone());
    parts.join("; ")
}

fn rate_words(line: &DiscountLine, document: &Document, language: Language) -> String {
    let when = when_words(&line.when, document, language);
    let pay = language.pick("付", "pay");
    format!("{}; {when}; {pay} {}/{}", line.name, line.pay.numerator, line.pay.denominator)
}

fn funder_words(funder: &Funder, _: &Document, language: Language) -> String {
    let mut parts = vec![funder.name.clone(), funder.kind.to_string()];
    parts.extend(funder.place.as_ref().map(ToString::to_string));
    parts.extend(funder.level.map(|l| format!("{l} @ {}", funder.payer.unwrap_or(super::document::Payer::Registered))));
    if let Some(budget) = &funder.budget {
        let substitute = budget.substitute.as_ref().map_or_else(String::new, |s| format!(" → {s}"));
        parts.push(format!("{} {}{substitute}", language.pick("预算用完", "budget exhausted"), budget.exhausted));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subsidy::tests::{group, line};

    #[test]
    fn equal_documents_have_no_changes_and_examples_do_not_count() {
        let one = group("max", &line("a", "when: {age: {from: 60, to: 69}}, amount: {fixed_fen: 300}"), "");
        let mut other = one.clone();
        other.title = "another title".to_owned();
        assert_eq!(diff(&one, &other), []);
    }

    #[test]
    fn a_changed_amount_age_convention_and_limit_are_told_in_words() {
        let lines = |a: &str, b: &str| format!("{}, {}", line("a", a), line("b", b));
        let old = group("max", &lines("when: {age: {from: 60, to: 69}}, amount: {fixed_fen: 300}", "amount: {fixed_fen: 100}"), "");
        let limits = "limits: [{per: week, count: 5}]";
        let sixty_five = "when: {age: {from: 65, to: 69}}, amount: {fixed_fen: 400}";
        let mut new = group("max", &format!("{}, {}", line("a", sixty_five), line("c", "amount: {pay_fen: 0}")), limits);
        new.conventions.rounding = Some(crate::money::Rounding::Down);
        let changes = diff(&old, &new);
        let told: Vec<(&str, &str)> = changes.iter().map(|c| (c.about.as_str(), c.zh.as_str())).collect();
        assert_eq!(
            told,
            [
                ("conventions/rounding", "约定 rounding: 由 half_up 改为 down"),
                ("limits", "limits: 由“-”改为“每自然周5次”"),
                ("steps/g/a", "steps/g/a: 由“a; 60至69周岁; 3.00元”改为“a; 65至69周岁; 4.00元”"),
                ("steps/g/b", "取消: b; 所有人; 1.00元"),
                ("steps/g/c", "新增: c; 所有人; 免费"),
            ]
        );
        assert!(changes.iter().all(|c| !c.en.is_empty()));
    }
}
