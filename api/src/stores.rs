//! Storage places, stock-takes, and what was thrown away.

use crate::extract::{IdempotencyKey, Signed};
use crate::lots::{AMOUNT_MAX, amount_fault, refused};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::suppliers::required;
use crate::words::{
    AmountUnitWord, CountOutcomeWord, DisposalCauseWord, DisposalIdText, LotIdText, PlaceKindWord, StockCountIdText,
    StoragePlaceIdText, UserIdText, path_id,
};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::ingredients::{count, dispose, places};
use domain::Instant;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{DisposalId, LotId, StockCountId, StoragePlaceId, UserId};
use domain::lot::AmountUnit;
use domain::stock::{CountOutcome, DisposalCause, PlaceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/canteens/{canteen}/storage-places")
                .route(web::post().to(add_storage_place))
                .route(web::get().to(list_storage_places)),
        )
        .service(web::resource("/v1/storage-places/{place}/end").route(web::post().to(end_storage_place)))
        .service(web::resource("/v1/lots/{lot}/counts").route(web::post().to(count_lot)))
        .service(web::resource("/v1/canteens/{canteen}/stock-counts").route(web::get().to(list_stock_counts)))
        .service(web::resource("/v1/canteens/{canteen}/disposals").route(web::get().to(list_disposals)));
}

const CHANGING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::LotRefused];
const LOOKING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound];
const RECORDS: Access = Access::Roles(Action::KitchenRecords);
const SEEING: Access = Access::Roles(Action::SeeTrace);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("addStoragePlace", RECORDS, CHANGING),
    op("listStoragePlaces", SEEING, &[P::Forbidden, P::NotFound]),
    op("endStoragePlace", RECORDS, &[P::Forbidden, P::NotFound]),
    op("countLot", RECORDS, CHANGING),
    op("listStockCounts", SEEING, LOOKING),
    op("listDisposals", SEEING, LOOKING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(add_storage_place, list_storage_places, end_storage_place, count_lot, list_stock_counts, list_disposals))]
pub struct Docs;

/// A storage place as it is named.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoragePlaceBody {
    /// What is written on it.
    #[schema(max_length = 200, example = "一号冷藏柜")]
    pub name: String,
    /// What it is for, which decides at what temperature it must be.
    #[schema(value_type = PlaceKindWord)]
    pub kind: PlaceKind,
}

/// A storage place: a fridge, a shelf, a hot cabinet, a sterilizer.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoragePlaceView {
    /// Its identifier.
    #[schema(value_type = StoragePlaceIdText)]
    pub id: StoragePlaceId,
    /// What is written on it.
    pub name: String,
    /// What it is for.
    #[schema(value_type = PlaceKindWord)]
    pub kind: PlaceKind,
    /// Since when it is no longer used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Instant>,
}

impl From<places::PlaceView> for StoragePlaceView {
    fn from(p: places::PlaceView) -> Self {
        Self { id: p.place, name: p.name, kind: p.kind, ended_at: p.ended_at }
    }
}

/// A canteen's storage places.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoragePlacesView {
    /// Oldest first, ended ones too.
    pub items: Vec<StoragePlaceView>,
}

/// Adds a storage place. From the first one on, goods are only put where a place of their kind has that name.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/storage-places", operation_id = "addStoragePlace", tag = "ingredients",
    request_body = StoragePlaceBody,
    params(("canteen" = String, Path, description = "The canteen"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = StoragePlaceView)))]
pub async fn add_storage_place(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<StoragePlaceBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, mut faults) = (path_id(&path)?, Faults::default());
    required(&mut faults, "/name", &body.name);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "addStoragePlace", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let place = places::add(&app, actor, key, canteen, body.name, body.kind).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(StoragePlaceView::from(place)))
}

/// A canteen's storage places, ended ones too.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/storage-places", operation_id = "listStoragePlaces", tag = "ingredients",
    params(("canteen" = String, Path, description = "The canteen")), responses((status = 200, body = StoragePlacesView)))]
pub async fn list_storage_places(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
) -> Result<Json<StoragePlacesView>, Problem> {
    let found = places::list(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(StoragePlacesView { items: found.into_iter().map(StoragePlaceView::from).collect() }))
}

/// Ends a storage place: nothing is put there from now on. What was recorded of it stays.
#[utoipa::path(post, path = "/v1/storage-places/{place}/end", operation_id = "endStoragePlace", tag = "ingredients",
    params(("place" = String, Path, description = "The storage place"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = StoragePlaceView)))]
pub async fn end_storage_place(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
) -> Result<Json<StoragePlaceView>, Problem> {
    let (id, key) = (path_id(&path)?, key.bind(&actor, "endStoragePlace", &path.as_str())?);
    let place = places::end(&app, actor, key, id).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(place.into()))
}

/// What is there of a lot.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountBody {
    /// How much, in the lot's unit; 0 when nothing is left.
    #[schema(minimum = 0)]
    pub counted: i64,
    /// Why it differs from the books; needed beyond the tolerance of the settings.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub reason: String,
}

/// What a stock-take found of a lot; amounts are in its unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountView {
    /// Its identifier.
    #[schema(value_type = StockCountIdText)]
    pub id: StockCountId,
    /// Of which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// What the books said was left.
    pub book: i64,
    /// What was there.
    pub counted: i64,
    /// How far the two may differ.
    pub tolerance: i64,
    /// How they stand to each other.
    #[schema(value_type = CountOutcomeWord)]
    pub outcome: CountOutcome,
    /// What left the books.
    pub written_off: i64,
    /// Why they differ.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub by: UserId,
}

impl From<count::CountView> for CountView {
    fn from(c: count::CountView) -> Self {
        Self {
            id: c.count,
            lot: c.lot,
            book: c.book,
            counted: c.counted,
            tolerance: c.tolerance,
            outcome: c.outcome,
            written_off: c.written_off,
            reason: c.reason,
            at: c.at,
            by: c.by,
        }
    }
}

/// Records what is there of a lot. A shortage beyond the tolerance is written off; a surplus raises nothing and stays a risk until a
/// later count agrees.
#[utoipa::path(post, path = "/v1/lots/{lot}/counts", operation_id = "countLot", tag = "ingredients", request_body = CountBody,
    params(("lot" = String, Path, description = "The lot"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = CountView)))]
pub async fn count_lot(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<CountBody>,
) -> Result<HttpResponse, Problem> {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    if !(0..=AMOUNT_MAX).contains(&body.counted) {
        faults.push("/counted", "out_of_range", format!("须在 0 到 {AMOUNT_MAX} 之间"), format!("must be from 0 to {AMOUNT_MAX}"));
    }
    limit_text(&mut faults, "/reason", Some(&body.reason), 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "countLot", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let count = count::count(&app, actor, key, id, body.counted, body.reason).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(CountView::from(count)))
}

/// A canteen's stock-takes, newest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/stock-counts", operation_id = "listStockCounts", tag = "ingredients",
    params(("canteen" = String, Path, description = "The canteen"), PageQuery), responses((status = 200, body = PageView<CountView>)))]
pub async fn list_stock_counts(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<CountView>>, Problem> {
    let (limit, before) = page(&query)?;
    let found = count::list(&app, actor, path_id(&path)?, before, i64::from(limit) + 1).await;
    let found = found.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(CountView::from).collect(), limit, |c| c.id.to_string())))
}

/// What is thrown away.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisposalBody {
    /// How much, in the lot's unit.
    #[schema(minimum = 1)]
    pub amount: i64,
    /// Why, as one word; `other` when absent. What a stock-take does not find is recorded by counting.
    #[schema(value_type = Option<DisposalCauseWord>)]
    pub cause: Option<DisposalCause>,
    /// Why.
    #[schema(max_length = 200)]
    pub reason: String,
    /// How it is destroyed.
    #[serde(default)]
    #[schema(max_length = 200, example = "破坏包装后交餐厨垃圾收运单位")]
    pub method: String,
}

impl DisposalBody {
    /// What is to be thrown away, when it can be.
    pub(crate) fn read(&self) -> Result<dispose::Disposal, Problem> {
        let mut faults = Faults::default();
        amount_fault(&mut faults, "/amount", self.amount);
        required(&mut faults, "/reason", &self.reason);
        limit_text(&mut faults, "/method", Some(&self.method), 200);
        if self.cause == Some(DisposalCause::Shortage) {
            faults.push("/cause", "by_counting", "盘亏请用盘点登记", "record a shortage by counting the lot");
        }
        faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
        Ok(dispose::Disposal {
            amount: self.amount,
            cause: self.cause.unwrap_or(DisposalCause::Other),
            reason: self.reason.clone(),
            method: self.method.clone(),
        })
    }
}

/// A disposal on record.
#[derive(Debug, Serialize, ToSchema)]
pub struct DisposalView {
    /// Its identifier.
    #[schema(value_type = DisposalIdText)]
    pub id: DisposalId,
    /// Of which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// The lot's name.
    pub name: String,
    /// How much, in the unit.
    pub amount: i64,
    /// What the amount counts.
    #[schema(value_type = AmountUnitWord)]
    pub unit: AmountUnit,
    /// Why, as one word.
    #[schema(value_type = DisposalCauseWord)]
    pub cause: DisposalCause,
    /// Why.
    pub reason: String,
    /// How it was destroyed; may be empty.
    pub method: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// By whom.
    #[schema(value_type = UserIdText)]
    pub by: UserId,
}

/// What a canteen threw away, newest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/disposals", operation_id = "listDisposals", tag = "ingredients",
    params(("canteen" = String, Path, description = "The canteen"), PageQuery), responses((status = 200, body = PageView<DisposalView>)))]
pub async fn list_disposals(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<DisposalView>>, Problem> {
    let (limit, before) = page(&query)?;
    let found = dispose::list(&app, actor, path_id(&path)?, before, i64::from(limit) + 1).await;
    let items = found.map_err(|f| Problem::of(f, refused))?.into_iter().map(|d| DisposalView {
        id: d.disposal,
        lot: d.lot,
        name: d.name,
        amount: d.what.amount,
        unit: d.unit,
        cause: d.what.cause,
        reason: d.what.reason,
        method: d.what.method,
        at: d.at,
        by: d.by,
    });
    Ok(Json(PageView::of(items.collect(), limit, |d| d.id.to_string())))
}
