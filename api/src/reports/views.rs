//! Reports as clients see them.

use crate::seniors::views::SeniorView;
use crate::words::CanteenIdText;
use app::reports::MonthReport;
use app::reports::unused::Entitled;
use app::store::query::reports::SubscriptionRow;
use domain::claim::Month;
use domain::id::CanteenId;
use domain::report::Meals;
use domain::{Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// Of canteens at this place and below.
    #[param(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// `2026-11`
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
}

/// Which report as a file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportFileQuery {
    /// Of canteens at this place and below.
    #[param(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// `2026-11`
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
    /// With English headings.
    pub english: Option<bool>,
}

/// What a funder bears.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportFunderView {
    /// The funder, with its place; a ratio is split once for each canteen.
    #[schema(example = "demo-meals/street@990101001")]
    pub payer: String,
    /// What it is called.
    pub name: String,
    /// How much.
    pub fen: i64,
}

/// What was granted under a version.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportVersionView {
    /// The programme.
    pub programme: String,
    /// The version's name.
    pub version: String,
    /// 文号, or the version's name.
    pub number: String,
    /// SHA-256 of its document.
    pub hash: String,
    /// Meals.
    pub meals: u64,
    /// How much.
    pub fen: i64,
}

/// What people of an economic class got.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportClassView {
    /// The class, by its word in the vocabulary of facts; none for people in none.
    #[schema(example = "dibao")]
    pub class: Option<String>,
    /// Persons.
    pub persons: usize,
    /// Meals.
    pub meals: u64,
    /// How much.
    pub fen: i64,
}

/// A canteen's month.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportCanteenView {
    /// Which.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Meals.
    pub meals: u64,
    /// How much.
    pub fen: i64,
}

/// A day.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportDayView {
    /// Which.
    #[schema(value_type = String, format = Date)]
    pub date: ServiceDate,
    /// Meals.
    pub meals: u64,
    /// How much.
    pub fen: i64,
}

/// A month in figures; funders, versions, classes, canteens and days each come to `fen`.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthReportView {
    /// Where.
    #[schema(value_type = String)]
    pub place: PlaceCode,
    /// When.
    #[schema(value_type = String)]
    pub month: Month,
    /// Meals of which a funder bears something.
    pub meals: u64,
    /// How much.
    pub fen: i64,
    /// By funder.
    pub funders: Vec<ReportFunderView>,
    /// By policy version.
    pub versions: Vec<ReportVersionView>,
    /// By economic class on the day of the meal.
    pub classes: Vec<ReportClassView>,
    /// By canteen; also those without a subsidized meal.
    pub canteens: Vec<ReportCanteenView>,
    /// By service date.
    pub days: Vec<ReportDayView>,
}

impl MonthReportView {
    /// Of a report.
    #[must_use]
    pub fn of(report: &MonthReport, place: PlaceCode, month: Month) -> Self {
        let figures = &report.figures;
        let funder = |(payer, fen): (&domain::ledger::Payer, &domain::Fen)| {
            let id = payer.funders().next().map_or_else(String::new, |funder| funder.id.to_string());
            ReportFunderView { payer: payer.to_string(), name: report.funder_name(&id).to_owned(), fen: fen.0 }
        };
        let version = |((programme, version), of): (&(domain::subsidy::Name, domain::claim::VersionRef), &Meals)| {
            let number = report.versions.get(&version.hash).map_or_else(String::new, |names| names.number.clone());
            let (name, hash) = (version.version.clone(), version.hash.clone());
            ReportVersionView { programme: programme.to_string(), version: name, number, hash, meals: of.meals, fen: of.fen.0 }
        };
        let class = |(class, of): (&Option<domain::subsidy::Name>, &domain::report::ClassMeals)| ReportClassView {
            class: class.as_ref().map(ToString::to_string),
            persons: of.persons.len(),
            meals: of.meals.meals,
            fen: of.meals.fen.0,
        };
        let canteen = |(id, of): (&CanteenId, &Meals)| {
            let (code, name) = report.canteens.get(id).cloned().unwrap_or_default();
            ReportCanteenView { canteen: *id, code, name, meals: of.meals, fen: of.fen.0 }
        };
        let day = |(date, of): (&ServiceDate, &Meals)| ReportDayView { date: *date, meals: of.meals, fen: of.fen.0 };
        Self {
            place,
            month,
            meals: figures.all.meals,
            fen: figures.all.fen.0,
            funders: figures.funders.iter().map(funder).collect(),
            versions: figures.versions.iter().map(version).collect(),
            classes: figures.classes.iter().map(class).collect(),
            canteens: figures.canteens.iter().map(canteen).collect(),
            days: figures.days.iter().map(day).collect(),
        }
    }
}

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnusedQuery {
    /// Where people live.
    #[param(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// `2026-11`
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
    /// The price of the lunch at the table that is asked about; 1500 when absent.
    pub price_fen: Option<u16>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// Somebody who is entitled and does not use it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntitledView {
    /// Who, masked.
    pub senior: SeniorView,
    /// What would be granted of that lunch.
    pub granted_fen: i64,
}

impl From<Entitled> for EntitledView {
    fn from(of: Entitled) -> Self {
        Self { senior: of.senior.into(), granted_fen: of.granted.0 }
    }
}

/// A place whose monthly report comes by mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// Which.
    #[schema(value_type = String)]
    pub place: PlaceCode,
    /// The last day of which a report was sent.
    #[schema(value_type = String, format = Date)]
    pub sent_until: ServiceDate,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
}

impl From<SubscriptionRow> for SubscriptionView {
    fn from(row: SubscriptionRow) -> Self {
        Self { place: row.place_code.0, sent_until: row.sent_until.0, created_at: row.created_at.0 }
    }
}

/// The caller's list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionsView {
    /// By place.
    pub items: Vec<SubscriptionView>,
}
