//! Names: declared once, and declared at all where they are used.

use crate::subsidy::document::{Document, Exhausted, Funder, Share, Step};
use crate::subsidy::facts::{Fact, FactKind, values_of};
use crate::subsidy::finding::Finding;
use crate::subsidy::name::Name;
use crate::subsidy::when::When;

/// Checks every name.
pub(super) fn check(document: &Document, found: &mut Vec<Finding>) {
    duplicates(document, found);
    funders(document, found);
    for (at, when) in document.conditions() {
        when.visit(&mut |w| condition(document, &at, w, found));
    }
    for (n, case) in document.examples.iter().enumerate() {
        for (m, fact) in case.person.facts.iter().enumerate() {
            case_fact(document, &format!("/examples/{n}/person/facts/{m}/value"), fact, found);
        }
        for funder in case.expect.by_funder.keys() {
            known_funder(document, &format!("/examples/{n}/expect/by_funder/{funder}"), funder, found);
        }
    }
    let own = document.coexistence.iter().flat_map(|c| &c.not_with).any(|n| n.programme == document.programme);
    if own {
        found.push(
            Finding::error("/coexistence/not_with", "names_itself")
                .zh("不能与自己互斥", "写另一个项目的 programme")
                .en("a programme cannot exclude itself", "name the other programme"),
        );
    }
}

fn duplicates(document: &Document, found: &mut Vec<Finding>) {
    let mut twice = |at: String, names: &[&Name]| {
        for (n, name) in names.iter().enumerate() {
            if names.iter().take(n).any(|other| other == name) {
                found.push(
                    Finding::error(format!("{at}/{n}/id"), "duplicate_id")
                        .zh(format!("编号 {name} 重复"), "换一个编号")
                        .en(format!("{name} is declared twice"), "rename one of them"),
                );
            }
        }
    };
    twice("/funders".to_owned(), &document.funders.iter().map(|f| &f.id).collect::<Vec<_>>());
    twice("/local_facts".to_owned(), &document.local_facts.iter().map(|f| &f.id).collect::<Vec<_>>());
    twice("/products".to_owned(), &document.products.iter().map(|f| &f.id).collect::<Vec<_>>());
    twice("/operator".to_owned(), &document.operator.iter().map(|o| &o.id).collect::<Vec<_>>());
    let step_id = |s: &'_ Step| match s {
        Step::Discount(d) => d.id.clone(),
        Step::Group(g) => g.id.clone(),
    };
    let steps: Vec<Name> = document.steps.iter().map(step_id).collect();
    twice("/steps".to_owned(), &steps.iter().collect::<Vec<_>>());
    for (n, step) in document.steps.iter().enumerate() {
        match step {
            Step::Discount(d) => twice(format!("/steps/{n}/discount/lines"), &d.lines.iter().map(|l| &l.id).collect::<Vec<_>>()),
            Step::Group(g) => twice(format!("/steps/{n}/group/lines"), &g.lines.iter().map(|l| &l.id).collect::<Vec<_>>()),
        }
    }
}

fn funders(document: &Document, found: &mut Vec<Finding>) {
    for (n, funder) in document.funders.iter().enumerate() {
        payer(document, n, funder, found);
    }
    let shares = |at: String, shares: &[Share], found: &mut Vec<Finding>| {
        for (n, share) in shares.iter().enumerate() {
            known_funder(document, &format!("{at}/funders/{n}/funder"), &share.funder, found);
        }
    };
    for (n, step) in document.steps.iter().enumerate() {
        match step {
            Step::Discount(d) => known_funder(document, &format!("/steps/{n}/discount/funder"), &d.funder, found),
            Step::Group(group) => {
                shares(format!("/steps/{n}/group"), &group.funders, found);
                for (l, line) in group.lines.iter().enumerate() {
                    shares(format!("/steps/{n}/group/lines/{l}"), &line.funders, found);
                }
            }
        }
    }
    for (n, rule) in document.operator.iter().enumerate() {
        shares(format!("/operator/{n}"), &rule.funders, found);
    }
}

fn payer(document: &Document, n: usize, funder: &Funder, found: &mut Vec<Finding>) {
    let at = format!("/funders/{n}");
    if funder.place.is_some() && funder.level.is_some() {
        found.push(
            Finding::error(&at, "two_payers")
                .zh(format!("{}既写 place 又写 level", funder.id), "只写一个: 固定的付款地写 place, 按人找的写 level 与 payer")
                .en(
                    format!("{} has both place and level", funder.id),
                    "write one: place for one payer, level and payer when it is found per meal",
                ),
        );
    }
    if funder.payer.is_some() && funder.level.is_none() {
        found.push(
            Finding::error(&at, "payer_without_level")
                .zh(format!("{}写了 payer 却没有 level", funder.id), "补上 level, 如 level: district")
                .en(format!("{} has payer but no level", funder.id), "add level, e.g. level: district"),
        );
    }
    let Some(budget) = &funder.budget else { return };
    match (&budget.substitute, budget.exhausted) {
        (Some(other), Exhausted::Substitute) => {
            known_funder(document, &format!("{at}/budget/substitute"), other, found);
            if *other == funder.id {
                found.push(
                    Finding::error(format!("{at}/budget/substitute"), "names_itself")
                        .zh("不能由自己代付", "写另一个出资方")
                        .en("a funder cannot stand in for itself", "name another funder"),
                );
            }
        }
        (None, Exhausted::Substitute) => found.push(
            Finding::error(format!("{at}/budget"), "missing_funder")
                .zh("写了 substitute 却没有代付方", "补上 substitute: 出资方编号")
                .en("substitute is chosen but nobody is named", "add substitute: FUNDER"),
        ),
        (Some(_), Exhausted::Hard | Exhausted::Soft) => found.push(
            Finding::error(format!("{at}/budget"), "useless_field")
                .zh("hard 与 soft 不需要代付方", "删去 substitute, 或改 exhausted: substitute")
                .en("hard and soft have no substitute", "remove it, or write exhausted: substitute"),
        ),
        (None, Exhausted::Hard | Exhausted::Soft) => {}
    }
}

fn known_funder(document: &Document, at: &str, funder: &Name, found: &mut Vec<Finding>) {
    if document.funders.iter().any(|f| f.id == *funder) {
        return;
    }
    let known = document.funders.iter().map(|f| f.id.to_string()).collect::<Vec<_>>().join(", ");
    found.push(
        Finding::error(at, "unknown_funder")
            .zh(format!("出资方 {funder} 没有在 funders 中声明"), format!("声明它, 或改用: {known}"))
            .en(format!("the funder {funder} is not declared"), format!("declare it under funders, or use one of: {known}")),
    );
}

fn condition(document: &Document, at: &str, when: &When, found: &mut Vec<Finding>) {
    match when {
        When::Fact(test) => {
            for value in &test.any_of {
                fact_value(document, at, test.kind, value, found);
            }
        }
        When::Product(names) => {
            for name in names.iter().filter(|n| !known_product(document, n)) {
                found.push(
                    Finding::warning(at, "undeclared_product")
                        .zh(format!("产品类别 {name} 没有在 products 中声明"), "在 products 中写明它的名称")
                        .en(format!("the product class {name} is not declared"), "declare it under products with a name"),
                );
            }
        }
        _ => {}
    }
}

/// Classes of products every kitchen knows, with their Chinese names.
pub const PRODUCTS: [(&str, &str); 7] = [
    ("set_meal", "套餐"),
    ("basic_set", "基础套餐"),
    ("standard_set", "标准套餐"),
    ("special_diet", "特殊膳食"),
    ("by_weight", "称重自选"),
    ("a_la_carte", "单点"),
    ("subscription", "包年包月"),
];

fn known_product(document: &Document, name: &Name) -> bool {
    PRODUCTS.iter().any(|(id, _)| *name == **id) || document.products.iter().any(|p| p.id == *name)
}

fn case_fact(document: &Document, at: &str, fact: &Fact, found: &mut Vec<Finding>) {
    fact_value(document, at, fact.kind, &fact.value, found);
    if let (Some(from), Some(to)) = (fact.from, fact.to)
        && to < from
    {
        found.push(
            Finding::error(at, "reversed")
                .zh(format!("事实的终止日{to}早于起始日{from}"), "对调或改正")
                .en(format!("the fact ends on {to}, before it begins on {from}"), "swap or correct the dates"),
        );
    }
}

fn fact_value(document: &Document, at: &str, kind: FactKind, value: &Name, found: &mut Vec<Finding>) {
    let declared = kind != FactKind::Local || document.local_facts.iter().any(|l| l.id == *value);
    if kind.accepts(value.as_str()) && declared {
        return;
    }
    let finding = Finding::error(at, "unknown_value");
    found.push(if kind == FactKind::Local {
        finding
            .zh(format!("本地类别 {value} 没有声明"), "在 local_facts 中写 {id, name}")
            .en(format!("the local group {value} is not declared"), "declare it under local_facts with id and name")
    } else {
        let known = values_of(kind).iter().map(|(word, zh)| format!("{word} {zh}")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "-".to_owned() } else { known };
        finding.zh(format!("{} 不是 {kind} 的值", value), format!("可用: {known}; 只有本地才有的类别用 kind: local")).en(
            format!("{value} is not a value of {kind}"),
            format!("use one of: {known}; for a group only this place knows use kind: local"),
        )
    });
}
