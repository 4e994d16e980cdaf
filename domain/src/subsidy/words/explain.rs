//! A decision in words: plainly for the senior, in full for the officer.

use super::Language;
use super::condition::{channel, condition, meal, per, value};
use crate::Fen;
use crate::subsidy::document::{Document, Step};
use crate::subsidy::name::Name;
use crate::subsidy::trace::{
    Cut, Decision, Failed, Flag, Found, Leg, LineResult, LineTrace, LostShare, Outcome, ProgrammeTrace, Refusal,
};

crate::text_enum! {
    /// For whom.
    pub enum Audience {
        /// The senior, family or the counter: what is paid and why not more.
        Senior = "senior",
        /// The officer: everything, with record ids, hashes and limits.
        Officer = "officer",
    }
}

/// The decision in words. `documents` are the versions the trace names, for the names of lines and funders; a version that
/// is not among them is told by its identifiers.
#[must_use]
pub fn explain(decision: &Decision, documents: &[&Document], audience: Audience, language: Language) -> String {
    let mut out = vec![bill(decision, language)];
    for trace in &decision.trace {
        let named = documents.iter().find(|d| d.programme == trace.programme && d.version == trace.version);
        match named {
            Some(document) => Teller { document, audience, language }.programme(trace, decision, &mut out),
            None => out.push(format!("{} {}: {}", trace.programme, trace.version, trace.granted_fen)),
        }
    }
    for flag in &decision.flags {
        if audience == Audience::Officer || !matches!(flag, Flag::BudgetUsedUp { .. }) || lost_money(decision) {
            out.extend(flag_text(flag, audience, language));
        }
    }
    out.join("\n")
}

fn bill(d: &Decision, language: Language) -> String {
    let meal = meal(d.meal, language);
    if language == Language::En {
        let fee = if d.delivery_fee_fen.0 > 0 { format!(", delivery {}", d.delivery_fee_fen) } else { String::new() };
        let off = if d.discount_fen.0 > 0 { format!(", discount {}", d.discount_fen) } else { String::new() };
        return format!(
            "{} {meal}: price {}{fee}{off}, subsidy {}, you pay {} yuan.",
            d.date, d.price_fen, d.granted_fen, d.self_pay_fen
        );
    }
    let fee = if d.delivery_fee_fen.0 > 0 { format!("送餐费{}元, ", d.delivery_fee_fen) } else { String::new() };
    let off = if d.discount_fen.0 > 0 { format!("优惠{}元, ", d.discount_fen) } else { String::new() };
    format!("{}{meal}: 餐价{}元, {fee}{off}补贴{}元, 您付{}元。", d.date, d.price_fen, d.granted_fen, d.self_pay_fen)
}

/// Whether a share is missing because its money is used up. A budget that did not suffice for what was not chosen, or that a substitute
/// stood in for, is nothing to tell a senior.
fn lost_money(decision: &Decision) -> bool {
    decision.trace.iter().flat_map(|programme| &programme.lines).flat_map(|line| &line.lost).any(|lost| lost.why.is_none())
}

fn flag_text(flag: &Flag, audience: Audience, language: Language) -> Option<String> {
    let officer = audience == Audience::Officer;
    match flag {
        Flag::CalendarProvisional => Some(
            language
                .pick(
                    "工作日安排尚未公布, 先按周一至周五算, 公布后重算。",
                    "The workday calendar does not reach this date; it is decided by the weekday and again later.",
                )
                .to_owned(),
        ),
        Flag::Deceased if officer => Some(language.pick("有死亡记录, 转人工复核。", "Recorded as deceased: to review.").to_owned()),
        Flag::BudgetOverdrawn { funder, .. } if officer => {
            Some(format!("{}{funder}", language.pick("预算透支: ", "Budget overdrawn: ")))
        }
        Flag::BudgetUsedUp { funder, place, .. } if officer => {
            let place = place.as_ref().map_or_else(String::new, |place| format!("@{place}"));
            Some(format!("{}{funder}{place}", language.pick("预算已用完: ", "Budget used up: ")))
        }
        Flag::BudgetUsedUp { .. } => {
            Some(language.pick("有一项补贴的资金已用完。", "The money set aside for one of the subsidies is used up.").to_owned())
        }
        Flag::Deceased | Flag::BudgetOverdrawn { .. } => None,
    }
}

/// Tells one programme's part.
struct Teller<'a> {
    document: &'a Document,
    audience: Audience,
    language: Language,
}

impl Teller<'_> {
    fn programme(&self, trace: &ProgrammeTrace, decision: &Decision, out: &mut Vec<String>) {
        out.push(format!("【{}】", self.document.title));
        if self.audience == Audience::Officer {
            self.officer_head(trace, out);
        }
        match &trace.outcome {
            Outcome::Evaluated => {}
            Outcome::NotEligible(why) => {
                out.push(format!("{}{}", self.say("不在补贴范围: ", "Not in the programme: "), self.failed(why)));
            }
            Outcome::Deceased(_) => {
                out.push(self.say("暂停补贴, 请与社区联系。", "Suspended; please ask the community office.").to_owned())
            }
            Outcome::Excluded { by } => {
                out.push(format!("{}{by}", self.say("本餐已享受另一项目: ", "Another programme applies: ")))
            }
        }
        let mut told: Option<(&Name, &Failed)> = None;
        for line in &trace.lines {
            // A group that fails as a whole is told once, not once per line.
            if let LineResult::Refused(Refusal::GroupCondition(why)) = &line.result {
                if told == Some((&line.step, why)) {
                    continue;
                }
                told = Some((&line.step, why));
                out.push(format!("× {}: {}", self.step_name(&line.step), self.failed(why)));
                continue;
            }
            out.extend(self.line(line));
        }
        if self.audience == Audience::Officer {
            let legs = decision.discounts.iter().chain(&decision.legs).filter(|l| l.programme == trace.programme);
            out.extend(legs.map(|l| self.leg(l)));
            let paid = decision.operator.iter().filter(|l| l.programme == trace.programme);
            out.extend(paid.map(|l| format!("{}{}", self.say("助餐点补贴 ", "to the canteen: "), self.leg(l))));
        }
    }

    const fn say<'b>(&self, zh: &'b str, en: &'b str) -> &'b str {
        self.language.pick(zh, en)
    }

    fn officer_head(&self, trace: &ProgrammeTrace, out: &mut Vec<String>) {
        let age = trace.age.map_or_else(|| self.say("未知", "unknown").to_owned(), |a| a.to_string());
        let (version, hash) = (self.say("版本", "version"), self.say("指纹", "hash"));
        out.push(format!("{version} {} {hash} {} {} {age}", trace.version, trace.hash, self.say("周岁", "age")));
        if let Some(reading) = &self.document.reading {
            let by = reading.confirmed_by.as_deref().unwrap_or_else(|| self.say("未确认", "not confirmed"));
            out.push(format!("{} {}: {} ({by})", self.say("读法", "reading"), reading.index, reading.text));
        }
        for fact in &trace.facts {
            let name = value(fact.kind, &fact.value, self.document, self.language);
            let day = |d: Option<crate::ServiceDate>| d.map_or_else(|| "…".to_owned(), |d| d.to_string());
            let id = fact.id.as_ref().map_or_else(String::new, |i| format!(" [{i}]"));
            out.push(format!("{} {name} {}~{}{id}", self.say("事实", "fact"), day(fact.from), day(fact.to)));
        }
        let (entitled, granted) = (trace.entitled_fen, trace.granted_fen);
        out.push(format!("{} {entitled} {} {granted}", self.say("应享", "entitled"), self.say("实补", "granted")));
    }

    fn leg(&self, leg: &Leg) -> String {
        let place = leg.place.as_ref().map_or_else(String::new, |p| format!("({p})"));
        let hint = if leg.indicative {
            self.say(" 按比例, 月末统一分摊, 此处仅供参考", " by ratio, split at period end; indicative")
        } else {
            ""
        };
        let instead = leg
            .instead_of
            .as_ref()
            .map_or_else(String::new, |f| format!(" {} {}", self.say("代付", "instead of"), self.funder_name(f)));
        format!("→ {}{place} {}{hint}{instead}", self.funder_name(&leg.funder), leg.fen)
    }

    fn line(&self, line: &LineTrace) -> Option<String> {
        let name = self.line_name(&line.step, &line.line);
        let senior = self.audience == Audience::Senior;
        let text = match &line.result {
            LineResult::Discounted { fen } => format!("√ {name}: {} {fen}", self.say("优惠", "discount")),
            LineResult::Granted { entitled, granted, cut } => {
                let cut = cut.as_ref().map_or_else(String::new, |c| format!(" ({})", self.cut(*entitled, c)));
                format!("√ {name}: {} {granted}{cut}", self.say("补贴", "subsidy"))
            }
            // For the senior "an earlier line counted" says nothing that the earlier line does not.
            LineResult::Refused(Refusal::NotFirst { .. }) if senior => return None,
            LineResult::Refused(why) => format!("× {name}: {}", self.refusal(&line.step, why)),
        };
        let lost: Vec<String> = line.lost.iter().map(|l| self.lost(l)).collect();
        Some(if lost.is_empty() { text } else { format!("{text}; {}", lost.join("; ")) })
    }

    fn cut(&self, entitled: Fen, cut: &Cut) -> String {
        let head = format!("{} {entitled}", self.say("应享", "entitled to"));
        match cut {
            Cut::Price => format!("{head}, {}", self.say("以应付金额为限", "cut to what was to pay")),
            Cut::MinSelfPay(fen) => format!("{head}, {} {fen}", self.say("个人至少付", "the senior pays at least")),
            Cut::Limit { per: p, used_fen, of_fen, .. } => {
                format!("{head}, {} {used_fen}/{of_fen} {}", per(*p, self.language), self.say("已用", "used"))
            }
        }
    }

    fn lost(&self, lost: &LostShare) -> String {
        let name = self.funder_name(&lost.funder);
        let why = lost.why.as_ref().map_or_else(|| self.say("预算已用完", "budget used up").to_owned(), |w| self.failed(w));
        format!("{} {name} {}: {why}", self.say("少补", "share lost:"), lost.fen)
    }

    fn refusal(&self, step: &Name, why: &Refusal) -> String {
        match why {
            Refusal::Condition(failed) | Refusal::GroupCondition(failed) => self.failed(failed),
            Refusal::LimitReached { per: p, used, of, limit } => {
                let id = if self.audience == Audience::Officer { format!(" [{limit}]") } else { String::new() };
                let span = per(*p, self.language);
                format!("{} {span} {used}/{of}{id}", self.say("次数已用完", "limit reached:"))
            }
            Refusal::LimitSpent { per: p, used_fen, of_fen, limit } => {
                let id = if self.audience == Audience::Officer { format!(" [{limit}]") } else { String::new() };
                let span = per(*p, self.language);
                format!("{} {span} {used_fen}/{of_fen}{id}", self.say("额度已用完", "credit used up:"))
            }
            Refusal::BelowMinimum { spent, needed, strict } => {
                let than = match (*strict, self.language) {
                    (true, Language::Zh) => "须超过",
                    (false, Language::Zh) => "须满",
                    (true, Language::En) => "must exceed",
                    (false, Language::En) => "must reach",
                };
                format!("{} {spent}, {than} {needed}", self.say("消费", "spent"))
            }
            Refusal::NotBest { line, would } => {
                let other = self.line_name(step, line);
                format!("{}{other} ({would})", self.say("就高不就低, 已按", "the better one counts: "))
            }
            Refusal::NotFirst { line } => format!("{}{}", self.say("已按", "decided by "), self.line_name(step, line)),
            Refusal::NothingDue => self.say("本餐此项金额为零", "comes to nothing for this meal").to_owned(),
            Refusal::NothingLeft => self.say("已无应付金额", "nothing is left to pay").to_owned(),
            Refusal::SharesLost => self.say("各级均不承担", "every share is lost").to_owned(),
        }
    }

    fn failed(&self, failed: &Failed) -> String {
        match failed {
            Failed::Test { test, found } => {
                let wanted = condition(test, self.document, self.language);
                format!("{}{wanted}{}", self.say("须为", "needs "), self.found(found))
            }
            Failed::Excluded(when) => {
                format!("{}{}", self.say("不适用于: ", "excludes: "), condition(when, self.document, self.language))
            }
            Failed::NoneOf(all) => all.iter().map(|f| self.failed(f)).collect::<Vec<_>>().join(self.say("; 或", "; or ")),
        }
    }

    fn found(&self, found: &Found) -> String {
        let what = match found {
            Found::Unknown => self.say("未登记", "not known").to_owned(),
            Found::Age(age) if self.language == Language::Zh => format!("现{age}周岁"),
            Found::Age(age) => format!("age {age}"),
            Found::NoFact => self.say("没有此项登记", "no such record").to_owned(),
            Found::FactSince(day) => format!("{} {day}", self.say("登记自", "recorded since")),
            Found::Place(place) => place.to_string(),
            Found::Name(name) => name.to_string(),
            Found::Meal(period) => meal(*period, self.language),
            Found::Channel(way) => channel(*way, self.language),
            Found::Date(date) => date.to_string(),
            Found::Nth(n) if self.language == Language::Zh => format!("这是第{n}餐"),
            Found::Nth(n) => format!("this is no. {n}"),
            Found::Price(fen) => fen.to_string(),
        };
        format!(" ({what})")
    }

    fn step_name(&self, step: &Name) -> String {
        let found = self.document.steps.iter().find_map(|s| match s {
            Step::Group(g) if g.id == *step => Some(g.name.clone()),
            Step::Discount(d) if d.id == *step => Some(d.name.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| step.to_string())
    }

    fn line_name(&self, step: &Name, line: &Name) -> String {
        let found = self.document.steps.iter().find_map(|s| match s {
            Step::Group(g) if g.id == *step => g.lines.iter().find(|l| l.id == *line).map(|l| l.name.clone()),
            Step::Discount(d) if d.id == *step => d.lines.iter().find(|l| l.id == *line).map(|l| l.name.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| line.to_string())
    }

    fn funder_name(&self, funder: &Name) -> String {
        self.document.funders.iter().find(|f| f.id == *funder).map_or_else(|| funder.to_string(), |f| f.name.clone())
    }
}
