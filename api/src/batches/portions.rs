//! Portions of a batch and of a dish: what was made, what is not eaten, what is left.

use super::{Answer, MOVING, answer, valid};
use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::problem::{Problem, ProblemCode as P};
use crate::suppliers::required;
use crate::words::{BatchWasteIdText, DishIdText, WasteReasonWord, path_id};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::batches::view;
use app::batches::yields::{self, DishBalance};
use domain::Instant;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{BatchWasteId, DishId};
use domain::portions::WasteReason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/batches/{batch}/yield").route(web::post().to(record_yield)))
        .service(web::resource("/v1/batches/{batch}/waste").route(web::post().to(record_waste)))
        .service(web::resource("/v1/sittings/{sitting}/portions").route(web::get().to(get_portions)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("recordYield", Access::Roles(Action::KitchenRecords), MOVING),
    op("recordWaste", Access::Roles(Action::KitchenRecords), MOVING),
    op("getPortions", Access::Roles(Action::Kitchen), &[P::Forbidden, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(record_yield, record_waste, get_portions))]
pub struct Docs;

/// Portions that are not eaten.
#[derive(Debug, Serialize, ToSchema)]
pub struct WasteView {
    /// Which record.
    #[schema(value_type = BatchWasteIdText)]
    pub id: BatchWasteId,
    /// Why.
    #[schema(value_type = WasteReasonWord)]
    pub reason: WasteReason,
    /// How many.
    pub portions: i64,
    /// What there is to say.
    pub words: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

impl From<view::WasteView> for WasteView {
    fn from(of: view::WasteView) -> Self {
        Self { id: of.waste, reason: of.reason, portions: of.portions, words: of.words, at: of.at }
    }
}

/// How many portions a batch came to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YieldBody {
    /// Counted at the pan; a later number takes the place of an earlier one.
    #[schema(minimum = 0, maximum = 100_000)]
    pub portions: i64,
}

/// Portions that are not eaten.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WasteBody {
    /// Why.
    #[schema(value_type = WasteReasonWord)]
    pub reason: WasteReason,
    /// How many.
    #[schema(minimum = 1, maximum = 100_000)]
    pub portions: i64,
    /// What there is to say; needed for `other`.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub words: String,
}

/// What became of the portions of one dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct DishPortionsView {
    /// Which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Ordered, and not cancelled.
    pub ordered: i64,
    /// Planned, over all batches.
    pub planned: i64,
    /// Made, over all batches that were counted.
    pub made: i64,
    /// Served, with evidence.
    pub served: i64,
    /// Not eaten, by reason.
    pub wasted: BTreeMap<String, i64>,
    /// What is left: made less served less wasted. Below zero a record is wrong.
    pub left: i64,
    /// How many portions are lacking; who goes without stands in the count.
    pub lacking: i64,
}

impl From<DishBalance> for DishPortionsView {
    fn from(of: DishBalance) -> Self {
        Self {
            dish: of.dish,
            name: of.name,
            ordered: of.ordered,
            planned: of.planned,
            made: of.balance.made,
            served: of.balance.served,
            left: of.balance.left(),
            wasted: of.wasted.into_iter().map(|(reason, n)| (reason.to_string(), n)).collect(),
            lacking: of.lacking,
        }
    }
}

/// What became of the portions of a sitting.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortionsView {
    /// In the order of the menu.
    pub dishes: Vec<DishPortionsView>,
}

/// A number of portions that no pan holds is a fault.
pub(super) fn check(faults: &mut Faults, place: &str, portions: i64, least: i64) {
    if !(least..=100_000).contains(&portions) {
        let (zh, en) = (format!("份数须在 {least} 到 100000 之间"), format!("must be from {least} to 100000"));
        faults.push(place, "out_of_range", zh, en);
    }
}

/// Records how many portions a batch came to, or puts the number right. When that is too few, who goes without is decided by the rule
/// (what is packed stays so; then who can eat nothing else; then doors; then who ordered earlier), told, and listed on count and displays.
#[utoipa::path(post, path = "/v1/batches/{batch}/yield", operation_id = "recordYield", tag = "batches", request_body = YieldBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = super::views::BatchView)))]
pub async fn record_yield(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<YieldBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    check(&mut faults, "/portions", body.portions, 0);
    valid(faults)?;
    let key = key.bind(&actor, "recordYield", &(path.as_str(), &*body))?;
    answer(yields::made(&app, actor, key, id, body.portions).await)
}

/// Records portions of a batch that are not eaten, and why.
#[utoipa::path(post, path = "/v1/batches/{batch}/waste", operation_id = "recordWaste", tag = "batches", request_body = WasteBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = super::views::BatchView)))]
pub async fn record_waste(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<WasteBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    check(&mut faults, "/portions", body.portions, 1);
    if body.reason.needs_words() {
        required(&mut faults, "/words", &body.words);
    } else {
        limit_text(&mut faults, "/words", Some(&body.words), 200);
    }
    valid(faults)?;
    let key = key.bind(&actor, "recordWaste", &(path.as_str(), &*body))?;
    let WasteBody { reason, portions, words } = body.into_inner();
    let waste = yields::Waste { reason, portions, words: words.trim().to_owned() };
    answer(yields::waste(&app, actor, key, id, waste).await)
}

/// What became of the portions of each dish of a sitting: ordered, planned, made, served, wasted by reason, left.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/portions", operation_id = "getPortions", tag = "sittings",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = PortionsView)))]
pub async fn get_portions(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<PortionsView>, Problem> {
    let found = yields::balance(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PortionsView { dishes: found.into_iter().map(DishPortionsView::from).collect() }))
}
