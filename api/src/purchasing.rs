//! What to buy, what to take from the store, and what ingredients are bought in.

use crate::download::download_as;
use crate::exports::FileFormat;
use crate::extract::{IfMatch, Signed};
use crate::lots::ProposalView;
use crate::operations::{Access, Operation, op};
use crate::paging::versioned;
use crate::problem::{Problem, ProblemCode as P};
use crate::suppliers::required;
use crate::words::{BatchIdText, IngredientIdText, LotIdText, MealWord, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::purchasing::{self, IssueLine, ProposedLot, PurchaseLine, PurchaseRefusal, Span, UnitDraft, file};
use app::tabular::{Format, WriteError};
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{BatchId, IngredientId, LotId};
use domain::{MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/canteens/{canteen}/purchasing").route(web::get().to(get_purchasing)))
        .service(web::resource("/v1/canteens/{canteen}/purchasing-file").route(web::get().to(get_purchasing_file)))
        .service(web::resource("/v1/canteens/{canteen}/purchase-units").route(web::get().to(list_units)))
        .service(web::resource("/v1/canteens/{canteen}/purchase-units/{ingredient}").route(web::put().to(put_unit)))
        .service(web::resource("/v1/sittings/{sitting}/issue-list").route(web::get().to(get_issue_list)))
        .service(web::resource("/v1/sittings/{sitting}/issue-list-file").route(web::get().to(get_issue_file)));
}

const RECORDS: Access = Access::Roles(Action::KitchenRecords);
const LOOKING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("getPurchasing", RECORDS, LOOKING),
    op("getPurchasingFile", RECORDS, LOOKING),
    op("listPurchaseUnits", RECORDS, &[P::Forbidden, P::NotFound]),
    op("putPurchaseUnit", RECORDS, &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale]),
    op("getIssueList", RECORDS, &[P::Forbidden, P::NotFound]),
    op("getIssueListFile", RECORDS, LOOKING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_purchasing, get_purchasing_file, list_units, put_unit, get_issue_list, get_issue_file))]
pub struct Docs;

/// Which meals are bought for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PurchasingQuery {
    /// First day.
    #[param(value_type = String, format = Date)]
    from: ServiceDate,
    /// Last day, at most 13 days later.
    #[param(value_type = String, format = Date)]
    to: ServiceDate,
    /// Only this meal.
    #[param(value_type = Option<MealWord>)]
    meal: Option<MealPeriod>,
    /// Of a file: CSV when absent.
    #[param(inline)]
    format: Option<FileFormat>,
}

/// Which form of file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListFileQuery {
    /// CSV when absent.
    #[param(inline)]
    format: Option<FileFormat>,
}

/// What an ingredient comes in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackBodyOfIngredient {
    /// 箱, 袋, 筐 ...
    #[schema(max_length = 20, example = "箱")]
    pub name: String,
    /// How much one holds, in milligrams.
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 10_000_000)]
    pub holds_mg: i64,
}

/// One ingredient on the list of what to buy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseLineView {
    /// Which.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// In which dishes.
    pub dishes: Vec<String>,
    /// Of the edible part, for what was ordered.
    pub net_mg: i64,
    /// How much of what is bought is eaten, in thousandths.
    pub edible_per_mille: i64,
    /// With what is peeled off.
    pub gross_mg: i64,
    /// Issued to batches of these meals already.
    pub issued_mg: i64,
    /// What the stock covers of the rest: lots that may still be used on the day, first expired first.
    pub stock_mg: i64,
    /// What is lacking.
    pub short_mg: i64,
    /// What it comes in, where that is known.
    pub unit: Option<PackBodyOfIngredient>,
    /// How many of those to buy.
    pub units: Option<i64>,
    /// How much to buy; whole units where it comes in units.
    pub buy_mg: i64,
    /// Used without a lot by declaration: there is no stock on record, so what is lacking is all of it.
    pub untraced: bool,
}

impl From<PurchaseLine> for PurchaseLineView {
    fn from(of: PurchaseLine) -> Self {
        Self {
            ingredient: of.ingredient,
            name: of.name,
            dishes: of.dishes,
            net_mg: of.net_mg,
            edible_per_mille: of.edible_per_mille,
            gross_mg: of.gross_mg,
            issued_mg: of.issued_mg,
            stock_mg: of.stock_mg,
            short_mg: of.short_mg,
            unit: of.unit.map(|(name, holds_mg)| PackBodyOfIngredient { name, holds_mg }),
            units: of.units,
            buy_mg: of.buy_mg,
            untraced: of.untraced,
        }
    }
}

/// What to buy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchasingView {
    /// By the names of the ingredients.
    pub items: Vec<PurchaseLineView>,
}

/// A lot to take from the store.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposedLotView {
    /// Which.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// The supplier's batch number.
    pub supplier_batch: String,
    /// The last day on which it may be used.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<ServiceDate>,
    /// Where it is kept.
    pub storage_place: String,
    /// How much of it.
    pub amount_mg: i64,
}

impl From<ProposedLot> for ProposedLotView {
    fn from(of: ProposedLot) -> Self {
        let ProposedLot { lot, supplier_batch, expires_on, storage_place, amount_mg } = of;
        Self { lot, supplier_batch, expires_on, storage_place, amount_mg }
    }
}

/// What to take from the store for one ingredient of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueLineView {
    /// For which batch.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// The dish's name.
    pub dish_name: String,
    /// Which ingredient.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// For the planned portions.
    pub needed_mg: i64,
    /// Used without a lot by declaration.
    pub untraced: bool,
    /// What is still to be issued, and what no lot covers.
    pub proposal: ProposalView,
    /// The proposed lots by what is written on them.
    pub lots: Vec<ProposedLotView>,
}

impl From<IssueLine> for IssueLineView {
    fn from(of: IssueLine) -> Self {
        Self {
            batch: of.batch,
            batch_no: of.batch_no,
            dish_name: of.dish_name,
            ingredient: of.need.ingredient,
            name: of.need.name,
            needed_mg: of.need.needed_mg,
            untraced: of.need.untraced,
            proposal: of.need.proposal.into(),
            lots: of.lots.into_iter().map(ProposedLotView::from).collect(),
        }
    }
}

/// What to take from the store.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueListView {
    /// By batch, the heaviest ingredient first.
    pub items: Vec<IssueLineView>,
}

/// What an ingredient is bought in, as it is to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseUnitBody {
    /// How much of what is bought is eaten, in thousandths.
    #[schema(minimum = 1, maximum = 1000, example = 850)]
    pub edible_per_mille: i64,
    /// What it comes in; absent is bought by weight.
    #[serde(default)]
    pub unit: Option<PackBodyOfIngredient>,
}

/// What an ingredient is bought in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseUnitView {
    /// Which.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// How much of what is bought is eaten, in thousandths.
    pub edible_per_mille: i64,
    /// What it comes in, where it is not bought by weight.
    pub unit: Option<PackBodyOfIngredient>,
    /// Counts changes; send it in `If-Match`.
    pub version: i64,
}

fn unit_view((row, name): (app::store::query::purchasing::UnitRow, String)) -> PurchaseUnitView {
    PurchaseUnitView {
        ingredient: row.ingredient_id.0,
        name,
        edible_per_mille: row.edible_per_mille,
        unit: row.unit_mg.map(|holds_mg| PackBodyOfIngredient { name: row.unit_name, holds_mg }),
        version: row.version,
    }
}

/// What ingredients are bought in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseUnitsView {
    /// By the names of the ingredients.
    pub items: Vec<PurchaseUnitView>,
}

fn span(query: &PurchasingQuery) -> Span {
    Span { from: query.from, to: query.to, meal: query.meal }
}

/// What to buy for the meals of some days: what was ordered times what is really used, with what is peeled off, less what was issued and
/// what the stock covers, in whole units.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/purchasing", operation_id = "getPurchasing", tag = "lots",
    params(("canteen" = String, Path, description = "The canteen"), PurchasingQuery), responses((status = 200, body = PurchasingView)))]
pub async fn get_purchasing(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PurchasingQuery>,
) -> Result<Json<PurchasingView>, Problem> {
    let found = purchasing::list(&app, actor, path_id(&path)?, span(&query)).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PurchasingView { items: found.into_iter().map(PurchaseLineView::from).collect() }))
}

/// The same as a file with Chinese headings, in kilograms.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/purchasing-file", operation_id = "getPurchasingFile", tag = "lots",
    params(("canteen" = String, Path, description = "The canteen"), PurchasingQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_purchasing_file(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PurchasingQuery>,
) -> Result<HttpResponse, Problem> {
    let found = purchasing::list(&app, actor, path_id(&path)?, span(&query)).await.map_err(|f| Problem::of(f, refused))?;
    let format = query.format.unwrap_or_default().into();
    saved(format!("purchasing-{}-{}", query.from, query.to), format, file::purchase(&found, format))
}

/// What to take from the store for each batch of a sitting that still takes ingredients; first expired, first out, each batch after the
/// ones before it.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/issue-list", operation_id = "getIssueList", tag = "batches",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = IssueListView)))]
pub async fn get_issue_list(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<IssueListView>, Problem> {
    let found = purchasing::issue_list(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(IssueListView { items: found.into_iter().map(IssueLineView::from).collect() }))
}

/// The same as a file with Chinese headings, in grams.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/issue-list-file", operation_id = "getIssueListFile", tag = "batches",
    params(("sitting" = String, Path, description = "The sitting"), ListFileQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn get_issue_file(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<ListFileQuery>,
) -> Result<HttpResponse, Problem> {
    let found = purchasing::issue_list(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    let format = query.format.unwrap_or_default().into();
    saved("issue-list", format, file::issue(&found, format))
}

fn saved(name: impl std::fmt::Display, format: Format, file: Result<Vec<u8>, WriteError>) -> Result<HttpResponse, Problem> {
    let file = file.map_err(|error| match error {
        WriteError::TooManyRows(_) => Problem::new(P::TooLarge),
        other => {
            tracing::error!(error = %other, "a list could not be written");
            Problem::new(P::Internal)
        }
    })?;
    Ok(download_as(format, name).body(file))
}

/// What a canteen buys its ingredients in.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/purchase-units", operation_id = "listPurchaseUnits", tag = "lots",
    params(("canteen" = String, Path, description = "The canteen")), responses((status = 200, body = PurchaseUnitsView)))]
pub async fn list_units(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<PurchaseUnitsView>, Problem> {
    let found = purchasing::units(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PurchaseUnitsView { items: found.into_iter().map(unit_view).collect() }))
}

/// Says what a canteen buys an ingredient in, and how much of it is eaten. `If-Match` is the version that was read, `"0"` for none.
#[utoipa::path(put, path = "/v1/canteens/{canteen}/purchase-units/{ingredient}", operation_id = "putPurchaseUnit", tag = "lots",
    request_body = PurchaseUnitBody,
    params(("canteen" = String, Path, description = "The canteen"), ("ingredient" = String, Path, description = "The ingredient"),
        ("If-Match" = String, Header, description = "The version that was read; \"0\" for none")),
    responses((status = 200, body = PurchaseUnitView)))]
pub async fn put_unit(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<(String, String)>,
    body: Json<PurchaseUnitBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, ingredient, mut faults) = (path_id(&path.0)?, path_id(&path.1)?, Faults::default());
    if !(1..=1000).contains(&body.edible_per_mille) {
        faults.push("/edible_per_mille", "out_of_range", "可食部须在千分之 1 到 1000 之间", "must be from 1 to 1000");
    }
    if let Some(unit) = &body.unit {
        required(&mut faults, "/unit/name", &unit.name);
        crate::orders::limit_text(&mut faults, "/unit/name", Some(&unit.name), 20);
        if !(1..=1_000_000_000).contains(&unit.holds_mg) {
            faults.push("/unit/holds_mg", "out_of_range", "每单位重量须在 1 毫克到 1 吨之间", "must be from 1 to 1,000,000,000");
        }
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let body = body.into_inner();
    let draft = UnitDraft {
        edible_per_mille: body.edible_per_mille,
        unit: body.unit.map(|unit| (unit.name.trim().to_owned(), unit.holds_mg)),
    };
    let put = purchasing::put_unit(&app, actor, canteen, ingredient, version, draft).await.map_err(|f| Problem::of(f, refused))?;
    let view = unit_view(put);
    Ok(versioned(HttpResponse::Ok(), view.version, &view))
}

fn refused(refusal: PurchaseRefusal) -> Problem {
    let mut faults = Faults::default();
    match refusal {
        PurchaseRefusal::Dates => {
            faults.push(
                "to",
                "bad_dates",
                "结束日期不早于开始日期，且最多 14 天",
                "to is not before from, and at most 13 days later",
            );
        }
        PurchaseRefusal::TooMany => {
            faults.push("to", "too_many", "餐次太多，请缩短日期", "there are too many meals; ask for fewer days");
        }
    }
    Problem::invalid(&faults)
}
