//! What a back-test found, as a workbook with a chart: what it costs whom, who pays more and who less.

use crate::App;
use domain::Fen;
use domain::id::{CanteenId, SeniorId};
use domain::person::mask;
use domain::subsidy::backtest::{Group, Money, Pair, Person, Report, Sums};
use std::collections::BTreeMap;
use store::StoreError;
use store::query::{catalogue, seniors};
use tabular::{ColumnChart, Heading, Language, Sheet, workbook_of_sheets};

const TOTALS: [Heading; 4] = [
    Heading::text("项目", "item"),
    Heading::number("现行", "now"),
    Heading::number("草案", "draft"),
    Heading::number("增减", "difference"),
];

const FUNDERS: [Heading; 5] = [
    Heading::text("政策", "programme"),
    Heading::text("出资方", "funder"),
    Heading::number("现行补贴（元）", "now_yuan"),
    Heading::number("草案补贴（元）", "draft_yuan"),
    Heading::number("增减（元）", "difference_yuan"),
];

const MONTHS: [Heading; 10] = [
    Heading::text("月份", "month"),
    Heading::text("政策", "programme"),
    Heading::text("出资方", "funder"),
    Heading::text("出资地", "place"),
    Heading::number("老人补贴现行（元）", "seniors_now_yuan"),
    Heading::number("老人补贴草案（元）", "seniors_draft_yuan"),
    Heading::number("增减（元）", "seniors_difference_yuan"),
    Heading::number("运营补贴现行（元）", "canteens_now_yuan"),
    Heading::number("运营补贴草案（元）", "canteens_draft_yuan"),
    Heading::number("运营补贴增减（元）", "canteens_difference_yuan"),
];

/// What a group of meals is called comes before these.
const GROUP: [Heading; 7] = [
    Heading::number("餐数", "meals"),
    Heading::number("自付减少人数", "winners"),
    Heading::number("自付增加人数", "losers"),
    Heading::number("补贴现行（元）", "granted_now_yuan"),
    Heading::number("补贴草案（元）", "granted_draft_yuan"),
    Heading::number("自付现行（元）", "self_pay_now_yuan"),
    Heading::number("自付草案（元）", "self_pay_draft_yuan"),
];

const PERSONS: [Heading; 7] = [
    Heading::text("老人编号", "senior"),
    Heading::text("姓名", "name"),
    Heading::number("餐数", "meals"),
    Heading::number("自付现行（元）", "self_pay_now_yuan"),
    Heading::number("自付草案（元）", "self_pay_draft_yuan"),
    Heading::number("增减（元）", "difference_yuan"),
    Heading::number("单餐最多增加（元）", "most_of_one_meal_yuan"),
];

/// The cells of a sheet.
type Rows = Vec<Vec<String>>;

/// Names of what the report only numbers.
struct Names {
    canteens: BTreeMap<CanteenId, String>,
    seniors: BTreeMap<SeniorId, String>,
}

/// The report as a workbook. Seniors stand with their masked names; equal reports over equal names give equal bytes.
pub async fn workbook(app: &App, report: Report, language: Language) -> Result<Vec<u8>, StoreError> {
    let (report, names) = app
        .store
        .read("backtest_names", move |conn| {
            let mut canteens = BTreeMap::new();
            for (id, _) in &report.canteens {
                let row = catalogue::canteen(conn, *id)?;
                canteens.insert(*id, row.map_or_else(|| id.to_string(), |row| format!("{} {}", row.code, row.name)));
            }
            let listed: Vec<SeniorId> = report.losers.iter().chain(&report.winners).map(|person| person.senior).collect();
            let found = seniors::find_all(conn, &listed)?;
            let seniors = found.into_iter().map(|row| (row.id.0, mask::name(&row.name))).collect();
            Ok::<_, StoreError>((report, Names { canteens, seniors }))
        })
        .await?;
    sheets(&report, &names, language).map_err(|e| StoreError::Database(format!("back-test: {e}")))
}

fn sheets(report: &Report, names: &Names, language: Language) -> Result<Vec<u8>, tabular::WriteError> {
    let pick = |zh: &'static str, en: &'static str| match language {
        Language::Chinese => zh,
        Language::English => en,
    };
    let class = [&[Heading::text("经济困难类别", "economic_class")][..], &GROUP].concat();
    let canteen = [&[Heading::text("助餐点", "canteen")][..], &GROUP].concat();
    let classes = report.classes.iter().map(|(class, group)| {
        let name = class.as_ref().map_or_else(|| pick("无", "none").to_owned(), ToString::to_string);
        grouped(name, group)
    });
    let canteens = report.canteens.iter().map(|(id, group)| grouped(names.canteens.get(id).cloned().unwrap_or_default(), group));
    let chart = ColumnChart { title: pick("各出资方补贴（元）", "Subsidy by funder (yuan)"), groups: 1, drawn: &[2, 3] };
    let filled: [(&str, &[Heading], Rows); 7] = [
        (pick("合计", "totals"), &TOTALS, totals(report, pick)),
        (pick("出资方", "funders"), &FUNDERS, funders(report)),
        (pick("分月", "months"), &MONTHS, months(report)),
        (pick("困难类别", "classes"), &class, classes.collect()),
        (pick("助餐点", "canteens"), &canteen, canteens.collect()),
        (pick("自付增加", "pay more"), &PERSONS, persons(&report.losers, names)),
        (pick("自付减少", "pay less"), &PERSONS, persons(&report.winners, names)),
    ];
    let charted = |headings: &[Heading]| (headings == FUNDERS).then_some(chart);
    let sheets: Vec<Sheet<'_>> =
        filled.iter().map(|(name, headings, rows)| Sheet { name, headings, rows, chart: charted(headings) }).collect();
    workbook_of_sheets(&sheets, language)
}

fn difference(pair: Pair<Fen>) -> [String; 3] {
    let more = Fen(pair.after.0.saturating_sub(pair.before.0));
    [pair.before.to_string(), pair.after.to_string(), more.to_string()]
}

fn totals(report: &Report, pick: impl Fn(&'static str, &'static str) -> &'static str) -> Rows {
    let money = |name: &'static str, of: fn(&Sums) -> Fen| {
        let Pair { before, after } = &report.all.sums;
        [&[name.to_owned()][..], &difference(Pair { before: of(before), after: of(after) })].concat()
    };
    let count = |name: &'static str, n: u64| vec![name.to_owned(), String::new(), n.to_string(), String::new()];
    vec![
        money(pick("补贴（元）", "granted (yuan)"), |sums| sums.granted_fen),
        money(pick("优惠（元）", "discounts (yuan)"), |sums| sums.discount_fen),
        money(pick("老人自付（元）", "self-pay (yuan)"), |sums| sums.self_pay_fen),
        count(pick("餐数", "meals"), report.all.meals),
        count(pick("自付有变的餐数", "meals with another self-pay"), report.changed_meals),
        count(pick("人数", "persons"), report.persons),
        count(pick("自付减少人数", "persons who pay less"), report.all.winners),
        count(pick("自付增加人数", "persons who pay more"), report.all.losers),
        count(pick("自付增加超过限额人数", "persons above the rise asked for"), report.risen),
    ]
}

/// What each funder bears in the whole period.
fn funders(report: &Report) -> Rows {
    let mut sums: BTreeMap<(String, String), Pair<Fen>> = BTreeMap::new();
    for (payer, money) in &report.payers {
        let sum = sums.entry((payer.programme.to_string(), payer.funder.to_string())).or_default();
        let of = |money: &Money| money.seniors_fen.0.saturating_add(money.canteens_fen.0);
        sum.before = Fen(sum.before.0.saturating_add(of(&money.before)));
        sum.after = Fen(sum.after.0.saturating_add(of(&money.after)));
    }
    sums.into_iter().map(|((programme, funder), pair)| [&[programme, funder][..], &difference(pair)].concat()).collect()
}

fn months(report: &Report) -> Rows {
    let row = |(payer, money): &(domain::subsidy::backtest::Payer, Pair<Money>)| {
        let month = payer.month.to_string().chars().take(7).collect();
        let place = payer.place.as_ref().map_or_else(String::new, ToString::to_string);
        let named = [month, payer.programme.to_string(), payer.funder.to_string(), place];
        let of = |side: fn(&Money) -> Fen| difference(Pair { before: side(&money.before), after: side(&money.after) });
        [&named[..], &of(|m| m.seniors_fen), &of(|m| m.canteens_fen)].concat()
    };
    report.payers.iter().map(row).collect()
}

fn grouped(name: String, group: &Group) -> Vec<String> {
    let Pair { before, after } = &group.sums;
    let counts = [group.meals, group.winners, group.losers].map(|n| n.to_string());
    let money = [before.granted_fen, after.granted_fen, before.self_pay_fen, after.self_pay_fen].map(|fen| fen.to_string());
    [&[name][..], &counts, &money].concat()
}

fn persons(listed: &[Person], names: &Names) -> Rows {
    let row = |person: &Person| {
        let name = names.seniors.get(&person.senior).cloned().unwrap_or_default();
        let named = [person.senior.to_string(), name, person.meals.to_string()];
        [&named[..], &difference(person.self_pay_fen), &[person.most_of_one_meal_fen.to_string()]].concat()
    };
    listed.iter().map(row).collect()
}
