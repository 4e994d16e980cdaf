//! A month's report as a workbook. Equal figures give equal bytes.

use super::MonthReport;
use domain::claim::Month;
use domain::ledger::Payer;
use domain::report::Meals;
use domain::subsidy::FactKind;
use domain::subsidy::facts::values_of;
use domain::{Fen, PlaceCode};
use store::StoreError;
use tabular::{Heading, Language, Sheet, workbook_of_sheets};

const TOTALS: [Heading; 5] = [
    Heading::text("月份", "month"),
    Heading::text("区划代码", "place"),
    Heading::number("餐数", "meals"),
    Heading::number("补贴（元）", "yuan"),
    Heading::number("餐均（元）", "yuan_a_meal"),
];
const FUNDERS: [Heading; 5] = [
    Heading::text("项目", "programme"),
    Heading::text("出资方", "funder"),
    Heading::text("出资方编号", "funder_id"),
    Heading::text("出资地", "place"),
    Heading::number("补贴（元）", "yuan"),
];
const VERSIONS: [Heading; 6] = [
    Heading::text("项目", "programme"),
    Heading::text("政策文号", "number"),
    Heading::text("政策名称", "title"),
    Heading::text("政策版本", "version"),
    Heading::number("餐数", "meals"),
    Heading::number("补贴（元）", "yuan"),
];
const CLASSES: [Heading; 4] = [
    Heading::text("经济困难类别", "economic_class"),
    Heading::number("人数", "persons"),
    Heading::number("餐数", "meals"),
    Heading::number("补贴（元）", "yuan"),
];
const CANTEENS: [Heading; 4] = [
    Heading::text("助餐点编号", "code"),
    Heading::text("助餐点", "canteen"),
    Heading::number("餐数", "meals"),
    Heading::number("补贴（元）", "yuan"),
];
const DAYS: [Heading; 3] =
    [Heading::text("服务日期", "date"), Heading::number("餐数", "meals"), Heading::number("补贴（元）", "yuan")];

/// The cells of a sheet.
type Rows = Vec<Vec<String>>;

/// The report as a workbook.
pub fn workbook(report: &MonthReport, place: &PlaceCode, month: Month, language: Language) -> Result<Vec<u8>, StoreError> {
    let pick = |zh: &'static str, en: &'static str| match language {
        Language::Chinese => zh,
        Language::English => en,
    };
    let filled: [(&str, &[Heading], Rows); 6] = [
        (pick("合计", "totals"), &TOTALS, totals(report, place, month)),
        (pick("出资方", "funders"), &FUNDERS, funders(report)),
        (pick("政策版本", "versions"), &VERSIONS, versions(report)),
        (pick("困难类别", "classes"), &CLASSES, classes(report, language)),
        (pick("助餐点", "canteens"), &CANTEENS, canteens(report)),
        (pick("逐日", "days"), &DAYS, days(report)),
    ];
    let sheets: Vec<Sheet<'_>> = filled.iter().map(|(name, headings, rows)| Sheet { name, headings, rows, chart: None }).collect();
    workbook_of_sheets(&sheets, language).map_err(|e| StoreError::Database(format!("report: {e}")))
}

fn figures(of: &Meals) -> [String; 2] {
    [of.meals.to_string(), of.fen.to_string()]
}

fn totals(report: &MonthReport, place: &PlaceCode, month: Month) -> Rows {
    let all = &report.figures.all;
    let a_meal = i64::try_from(all.meals).ok().filter(|meals| *meals > 0).map_or(0, |meals| all.fen.0 / meals);
    vec![[&[month.to_string(), place.to_string()][..], &figures(all), &[Fen(a_meal).to_string()]].concat()]
}

fn funders(report: &MonthReport) -> Rows {
    let row = |(payer, fen): (&Payer, &Fen)| {
        let funder = payer.funders().next();
        let (id, place) = funder.map_or_else(Default::default, |funder| {
            (funder.id.to_string(), funder.place.as_ref().map_or_else(String::new, ToString::to_string))
        });
        vec![payer.programme().to_string(), report.funder_name(&id).to_owned(), id, place, fen.to_string()]
    };
    report.figures.funders.iter().map(row).collect()
}

fn versions(report: &MonthReport) -> Rows {
    let row = |((programme, version), meals): (&(domain::subsidy::Name, domain::claim::VersionRef), &Meals)| {
        let names = report.versions.get(&version.hash).cloned().unwrap_or_default();
        [&[programme.to_string(), names.number, names.title, version.version.clone()][..], &figures(meals)].concat()
    };
    report.figures.versions.iter().map(row).collect()
}

fn classes(report: &MonthReport, language: Language) -> Rows {
    let none = match language {
        Language::Chinese => "无",
        Language::English => "none",
    };
    let name = |class: &domain::subsidy::Name| match language {
        Language::Chinese => class_zh(class),
        Language::English => class.to_string(),
    };
    let row = |(class, of): (&Option<domain::subsidy::Name>, &domain::report::ClassMeals)| {
        let called = class.as_ref().map_or_else(|| none.to_owned(), name);
        [&[called, of.persons.len().to_string()][..], &figures(&of.meals)].concat()
    };
    report.figures.classes.iter().map(row).collect()
}

fn class_zh(class: &domain::subsidy::Name) -> String {
    let known = values_of(FactKind::EconomicClass).iter().find(|(word, _)| *word == class.as_str());
    known.map_or_else(|| class.to_string(), |(_, zh)| (*zh).to_owned())
}

fn canteens(report: &MonthReport) -> Rows {
    let mut rows: Rows = Vec::with_capacity(report.canteens.len());
    for (id, (code, name)) in &report.canteens {
        let of = report.figures.canteens.get(id).copied().unwrap_or_default();
        rows.push([&[code.clone(), name.clone()][..], &figures(&of)].concat());
    }
    rows.sort();
    rows
}

fn days(report: &MonthReport) -> Rows {
    report.figures.days.iter().map(|(date, of)| [&[date.to_string()][..], &figures(of)].concat()).collect()
}
