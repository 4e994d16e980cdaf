//! The parts of lines: amounts, shares, limits, minimum spends, bands.

use crate::subsidy::document::{Amount, Document, Group, Limit, Line, MinSpend, Ratio, Share, Step};
use crate::subsidy::facts::FactKind;
use crate::subsidy::finding::Finding;
use crate::subsidy::limit::Per;
use crate::subsidy::operator::OperatorPay;
use crate::subsidy::when::When;

/// Checks every part.
pub(super) fn check(document: &Document, found: &mut Vec<Finding>) {
    if document.steps.is_empty() && document.operator.is_empty() {
        found.push(
            Finding::error("/steps", "does_nothing")
                .zh("没有任何步骤, 也没有助餐点补贴", "写 steps 或 operator")
                .en("there are neither steps nor operator rules", "write steps or operator"),
        );
    }
    for (at, when) in document.conditions() {
        when.visit(&mut |w| band(&at, w, found));
    }
    limits("", &document.limits, found);
    minimum("", document.min_spend.as_ref(), found);
    for (n, step) in document.steps.iter().enumerate() {
        match step {
            Step::Group(g) => group(&format!("/steps/{n}/group"), g, found),
            Step::Discount(d) => {
                for (l, line) in d.lines.iter().enumerate() {
                    proper(&format!("/steps/{n}/discount/lines/{l}/pay"), line.pay, found);
                }
                if d.lines.is_empty() {
                    empty(&format!("/steps/{n}/discount/lines"), found);
                }
            }
        }
    }
    for (n, rule) in document.operator.iter().enumerate() {
        let at = format!("/operator/{n}");
        let amount = match &rule.pays {
            OperatorPay::PerGrantFen(fen) | OperatorPay::PerMealFen(fen) | OperatorPay::PerDeliveryFen(fen) => Some(*fen),
            _ => None,
        };
        shares(&at, &rule.funders, amount.map_or(ToFund::Varying, ToFund::Exactly), found);
        if amount.is_none() && rule.when.is_some() {
            found.push(
                Finding::error(format!("{at}/when"), "useless_field")
                    .zh("按期或一次性的补贴不看单餐条件", "删去 when")
                    .en("a rule paid by period or once has no meal to test", "remove when"),
            );
        }
        for (i, effect) in rule.inspection.iter().enumerate() {
            proper(&format!("{at}/inspection/{i}/keep"), effect.keep, found);
        }
    }
}

fn empty(at: &str, found: &mut Vec<Finding>) {
    found.push(Finding::error(at, "does_nothing").zh("一条也没有", "至少写一条").en("there are no lines", "write at least one"));
}

fn group(at: &str, group: &Group, found: &mut Vec<Finding>) {
    limits(at, &group.limits, found);
    minimum(at, group.min_spend.as_ref(), found);
    shares(at, &group.funders, ToFund::ByLine, found);
    if group.lines.is_empty() {
        empty(&format!("{at}/lines"), found);
    }
    for (n, line) in group.lines.iter().enumerate() {
        let at = format!("{at}/lines/{n}");
        limits(&at, &line.limits, found);
        minimum(&at, line.min_spend.as_ref(), found);
        amount(&at, line, found);
        let funders = if line.funders.is_empty() { &group.funders } else { &line.funders };
        let fixed = match line.amount {
            Amount::FixedFen(fen) => ToFund::Exactly(fen),
            _ => ToFund::Varying,
        };
        if funders.is_empty() {
            found.push(
                Finding::error(&at, "missing_funder")
                    .zh(format!("{}没有写谁出钱", line.id), "写 funders, 如 [{funder: city, rest: true}]; 原文没说的声明 kind: unstated 的出资方")
                    .en(
                        format!("nobody pays for {}", line.id),
                        "write funders, e.g. [{funder: city, rest: true}]; when the text does not say, declare a funder of kind unstated",
                    ),
            );
        } else {
            shares(&at, funders, fixed, found);
        }
    }
}

fn amount(at: &str, line: &Line, found: &mut Vec<Finding>) {
    let place = format!("{at}/amount");
    let nothing = match &line.amount {
        Amount::FixedFen(fen) | Amount::UpToFen(fen) => *fen == 0,
        Amount::ByMealFen(map) => map.values().all(|fen| *fen == 0),
        Amount::Percent(p) => p.numerator == 0 && p.floor_fen.unwrap_or(0) == 0,
        Amount::PayFen(_) => false,
        Amount::PayByMealFen(map) => map.is_empty(),
    };
    if nothing {
        found.push(
            Finding::error(&place, "unreachable")
                .zh(format!("{}的金额总是零", line.id), "写金额, 或删去此条")
                .en(format!("{} always comes to nothing", line.id), "write an amount or remove the line"),
        );
    }
    if let Amount::Percent(p) = &line.amount {
        proper(&format!("{place}/percent"), Ratio { numerator: p.numerator, denominator: p.denominator }, found);
        if p.cap_fen.zip(p.floor_fen).is_some_and(|(cap, floor)| floor > cap) {
            found.push(
                Finding::error(&place, "reversed")
                    .zh("最低额高于最高额", "对调 floor_fen 与 cap_fen")
                    .en("the floor is above the cap", "swap floor_fen and cap_fen"),
            );
        }
    }
}

fn proper(at: &str, ratio: Ratio, found: &mut Vec<Finding>) {
    if ratio.denominator == 0 || ratio.numerator > ratio.denominator {
        found.push(
            Finding::error(at, "improper_ratio")
                .zh(format!("{}/{} 大于一或分母为零", ratio.numerator, ratio.denominator), "九折写 {numerator: 9, denominator: 10}")
                .en(
                    format!("{}/{} is more than one, or divides by zero", ratio.numerator, ratio.denominator),
                    "write a part of the whole, e.g. {numerator: 9, denominator: 10}",
                ),
        );
    }
}

/// What a list of shares has to fund.
#[derive(Clone, Copy)]
enum ToFund {
    /// So many fen.
    Exactly(i64),
    /// An amount that depends on the meal.
    Varying,
    /// Whatever the lines below say; they are checked themselves.
    ByLine,
}

fn shares(at: &str, shares: &[Share], amount: ToFund, found: &mut Vec<Finding>) {
    for (n, share) in shares.iter().enumerate() {
        let at = format!("{at}/funders/{n}");
        let kinds = usize::from(share.fixed_fen.is_some()) + usize::from(share.ratio.is_some()) + usize::from(share.rest);
        if kinds != 1 {
            found.push(
                Finding::error(&at, "share_kind")
                    .zh(format!("{}的份额应恰好写一种", share.funder), "fixed_fen、ratio、rest: true 三者取一")
                    .en(
                        format!("the share of {} must be of exactly one kind", share.funder),
                        "write one of fixed_fen, ratio, rest: true",
                    ),
            );
        }
        if share.floor_fen.is_some() && share.fixed_fen.is_some() {
            found.push(
                Finding::error(&at, "useless_field")
                    .zh("定额份额不需要 floor_fen", "删去 floor_fen")
                    .en("a fixed share has no floor", "remove floor_fen"),
            );
        }
    }
    let rests = shares.iter().filter(|s| s.rest).count();
    let ratios = shares.iter().any(|s| s.ratio.is_some());
    if rests > 1 || (rests == 1 && ratios) {
        found.push(
            Finding::error(format!("{at}/funders"), "two_remainders")
                .zh("只能有一方承担余额, 且不能与比例并用", "留一个 rest, 或全部写 ratio")
                .en("only one funder can take the rest, and not beside ratios", "keep one rest, or write ratios for all"),
        );
    }
    if shares.is_empty() || rests > 0 || ratios || matches!(amount, ToFund::ByLine) {
        return;
    }
    let amount = if let ToFund::Exactly(fen) = amount { fen } else { i64::MAX };
    let fixed = shares.iter().filter_map(|s| s.fixed_fen).fold(0i64, i64::saturating_add);
    if fixed < amount {
        found.push(
            Finding::error(format!("{at}/funders"), "missing_funder")
                .zh("定额份额加起来不够, 余下的没有人出", "给一方写 rest: true, 或补足定额")
                .en(
                    "the fixed shares do not add up to the amount; nobody pays the remainder",
                    "write rest: true for one funder, or raise the shares",
                ),
        );
    } else if fixed > amount {
        found.push(
            Finding::error(format!("{at}/funders"), "shares_exceed")
                .zh(format!("份额合计{fixed}分, 多于补贴{amount}分"), "核对份额")
                .en(format!("the shares add up to {fixed} fen, more than the {amount} fen granted"), "check the shares"),
        );
    }
}

fn limits(at: &str, limits: &[Limit], found: &mut Vec<Finding>) {
    let kind = |l: &Limit| (l.per, l.count.is_some(), l.fen.is_some(), l.fen_from_fact.is_some());
    for (n, limit) in limits.iter().enumerate() {
        let at = format!("{at}/limits/{n}");
        let earlier = || limits.iter().take(n);
        if earlier().any(|e| kind(e) == kind(limit) || (e.id.is_some() && e.id == limit.id)) {
            found.push(
                Finding::error(&at, "duplicate_id")
                    .zh("同一处有两个同类或同名的限制", "只留较严的一个")
                    .en("two limits of the same kind or name stand side by side", "keep the narrower one"),
            );
        }
        let kinds = [limit.count.is_some(), limit.fen.is_some(), limit.fen_from_fact.is_some()].into_iter().filter(|k| *k).count();
        if kinds != 1 {
            found.push(
                Finding::error(&at, "limit_kind")
                    .zh("限制应恰好写一种", "count、fen、fen_from_fact 三者取一")
                    .en("a limit must be of exactly one kind", "write one of count, fen, fen_from_fact"),
            );
        }
        if limit.carry_months.unwrap_or(0) > 0 && (limit.per != Per::Month || limit.count.is_some()) {
            found.push(
                Finding::error(&at, "useless_field")
                    .zh("只有按月的金额可以结转", "删去 carry_months, 或改 per: month")
                    .en("only a monthly amount can be carried over", "remove carry_months, or write per: month with fen"),
            );
        }
        if limit.fen_from_fact.is_some_and(|k| k != FactKind::QuotaFen) {
            found.push(
                Finding::error(&at, "wrong_value")
                    .zh("个人额度只能取自 quota_fen", "写 fen_from_fact: quota_fen")
                    .en("a personal credit comes from quota_fen only", "write fen_from_fact: quota_fen"),
            );
        }
    }
}

fn minimum(at: &str, min: Option<&MinSpend>, found: &mut Vec<Finding>) {
    if min.is_some_and(|m| m.fen.is_some() == m.above_subsidy) {
        found.push(
            Finding::error(format!("{at}/min_spend"), "minimum_kind")
                .zh("最低消费应恰好写一种", "写 fen, 或写 above_subsidy: true")
                .en("a minimum spend must be of exactly one kind", "write fen, or above_subsidy: true"),
        );
    }
}

fn band(at: &str, when: &When, found: &mut Vec<Finding>) {
    let (empty, reversed) = match when {
        When::Age(b) => (b.from.is_none() && b.to.is_none(), b.from.zip(b.to).is_some_and(|(f, t)| f > t)),
        When::NthMeal(b) => (b.from.is_none() && b.to.is_none(), b.from.zip(b.to).is_some_and(|(f, t)| f > t)),
        When::Price(b) => (b.from_fen.is_none() && b.to_fen.is_none(), b.from_fen.zip(b.to_fen).is_some_and(|(f, t)| f > t)),
        When::Date(b) => (b.from.is_none() && b.to.is_none(), b.from.zip(b.to).is_some_and(|(f, t)| f > t)),
        _ => (false, false),
    };
    if empty {
        found.push(
            Finding::error(at, "empty_band")
                .zh("区间没有上下限, 总是成立", "写 from 或 to, 或删去条件")
                .en("the band has no ends and always holds", "write from or to, or remove the condition"),
        );
    }
    if reversed {
        found.push(
            Finding::error(at, "reversed")
                .zh("区间的下限大于上限", "对调 from 与 to")
                .en("the band ends before it begins", "swap from and to"),
        );
    }
}
