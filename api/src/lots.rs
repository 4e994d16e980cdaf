//! Lots: received, proposed, thrown away.

use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::stores::DisposalBody;
use crate::suppliers::required;
use crate::words::{
    AmountUnitWord, IngredientIdText, LotIdText, LotStateWord, StorageWord, SupplierIdText, VoucherKindWord, path_id,
};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::ingredients::receive::{self, Delivery};
use app::ingredients::view::{self, Voucher};
use app::ingredients::{IngredientRefusal, dispose, hold, lots, propose};
use app::store::query::ingredients::LotFilter;
use domain::access::Action;
use domain::fault::Faults;
use domain::food_safety::DeciCelsius;
use domain::id::{IngredientId, LotId, SupplierId};
use domain::lot::{AmountUnit, LotState, Storage, VoucherKind};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/canteens/{canteen}/lots").route(web::post().to(receive_lot)).route(web::get().to(list_lots)))
        .service(web::resource("/v1/canteens/{canteen}/lot-proposal").route(web::get().to(propose_lots)))
        .service(web::resource("/v1/lots/{lot}").route(web::get().to(get_lot)))
        .service(web::resource("/v1/lots/{lot}/disposals").route(web::post().to(dispose_of_lot)))
        .service(web::resource("/v1/lots/{lot}/hold").route(web::post().to(hold_lot)));
}

const CHANGING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::LotRefused];
const LOOKING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("receiveLot", Access::Roles(Action::KitchenRecords), CHANGING),
    op("listLots", Access::Roles(Action::SeeTrace), LOOKING),
    op("proposeLots", Access::Roles(Action::KitchenRecords), LOOKING),
    op("getLot", Access::Roles(Action::SeeTrace), &[P::Forbidden, P::NotFound]),
    op("disposeOfLot", Access::Roles(Action::KitchenRecords), CHANGING),
    op("holdLot", Access::Roles(Action::KitchenRecords), CHANGING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(receive_lot, list_lots, propose_lots, get_lot, dispose_of_lot, hold_lot))]
pub struct Docs;

/// A delivery of more is a slip: ten tonnes in milligrams.
pub(crate) const AMOUNT_MAX: i64 = 10_000_000_000;
/// Papers of one lot at most.
const VOUCHERS_MAX: usize = 20;

/// A paper that came with a lot.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoucherBody {
    /// What it is.
    #[schema(value_type = VoucherKindWord)]
    pub kind: VoucherKind,
    /// Its number, or where it is filed.
    #[schema(max_length = 200)]
    pub reference: String,
}

/// A delivery as it is inspected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotBody {
    /// From whom.
    #[schema(value_type = SupplierIdText)]
    pub supplier: SupplierId,
    /// Of what.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// The name on the package.
    #[schema(max_length = 200)]
    pub name: String,
    /// The specification on the package.
    #[schema(max_length = 200, example = "25 kg/袋")]
    pub specification: String,
    /// What the amount counts.
    #[schema(value_type = AmountUnitWord)]
    pub unit: AmountUnit,
    /// How much, in the unit.
    #[schema(minimum = 1, example = 25_000_000)]
    pub amount: i64,
    /// The scanned GS1 barcode; fills what is not typed, and must not contradict what is.
    #[schema(max_length = 512, example = "(01)06901234567892(17)270228(10)AB-123")]
    pub barcode: Option<String>,
    /// The number of the supplier's batch.
    #[schema(max_length = 200)]
    pub supplier_batch: Option<String>,
    /// Production date.
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<ServiceDate>,
    /// How it must be stored.
    #[schema(value_type = StorageWord)]
    pub storage: Storage,
    /// Where it is put.
    #[schema(max_length = 200)]
    pub storage_place: String,
    /// Temperature on arrival, tenths of a degree Celsius; required for chilled and frozen goods.
    #[schema(value_type = Option<i64>, example = 45)]
    pub arrival_temperature_decicelsius: Option<DeciCelsius>,
    /// The papers that came with it, at most 20.
    #[serde(default)]
    pub vouchers: Vec<VoucherBody>,
    /// Why it is sent back; absent accepts it.
    #[schema(max_length = 200)]
    pub rejected_because: Option<String>,
}

/// A lot; amounts are in its unit, and `received = issued + disposed + stock`.
#[derive(Debug, Serialize, ToSchema)]
pub struct LotView {
    /// Its identifier.
    #[schema(value_type = LotIdText)]
    pub id: LotId,
    /// From whom.
    #[schema(value_type = SupplierIdText)]
    pub supplier: SupplierId,
    /// Of what.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// The name on the package.
    pub name: String,
    /// The specification on the package.
    pub specification: String,
    /// What amounts count.
    #[schema(value_type = AmountUnitWord)]
    pub unit: AmountUnit,
    /// What came.
    pub delivered: i64,
    /// What was taken in: all, or nothing.
    pub received: i64,
    /// Used in batches.
    pub issued: i64,
    /// Thrown away.
    pub disposed: i64,
    /// What is left.
    pub stock: i64,
    /// Global trade item number.
    pub gtin: Option<String>,
    /// The number of the supplier's batch; may be empty.
    pub supplier_batch: String,
    /// Production date.
    #[schema(value_type = Option<String>, format = Date)]
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<ServiceDate>,
    /// How it is stored.
    #[schema(value_type = StorageWord)]
    pub storage: Storage,
    /// Where it is stored.
    pub storage_place: String,
    /// Temperature on arrival, tenths of a degree Celsius.
    #[schema(value_type = Option<i64>)]
    pub arrival_temperature_decicelsius: Option<DeciCelsius>,
    /// Where it stands.
    #[schema(value_type = LotStateWord)]
    pub state: LotState,
    /// Why it was sent back.
    pub reason: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Instant,
    /// Until when this record must be kept.
    #[schema(value_type = String, format = Date)]
    pub keep_until: ServiceDate,
    /// Its papers; only when one lot is asked for.
    pub vouchers: Vec<VoucherBody>,
}

impl From<view::LotView> for LotView {
    fn from(l: view::LotView) -> Self {
        Self {
            id: l.lot,
            supplier: l.supplier,
            ingredient: l.ingredient,
            name: l.name,
            specification: l.specification,
            unit: l.unit,
            delivered: l.delivered,
            received: l.received,
            issued: l.issued,
            disposed: l.disposed,
            stock: l.stock,
            gtin: l.gtin,
            supplier_batch: l.supplier_batch,
            produced_on: l.produced_on,
            expires_on: l.expires_on,
            storage: l.storage,
            storage_place: l.storage_place,
            arrival_temperature_decicelsius: l.arrival_temperature,
            state: l.state,
            reason: l.reason,
            received_at: l.received_at,
            keep_until: l.keep_until,
            vouchers: l.vouchers.into_iter().map(|v| VoucherBody { kind: v.kind, reference: v.reference }).collect(),
        }
    }
}

fn delivery(body: LotBody) -> Result<Delivery, Problem> {
    let mut faults = Faults::default();
    required(&mut faults, "/name", &body.name);
    required(&mut faults, "/storage_place", &body.storage_place);
    limit_text(&mut faults, "/specification", Some(&body.specification), 200);
    limit_text(&mut faults, "/supplier_batch", body.supplier_batch.as_deref(), 200);
    if let Some(reason) = &body.rejected_because {
        required(&mut faults, "/rejected_because", reason);
    }
    for (n, voucher) in body.vouchers.iter().enumerate() {
        required(&mut faults, &format!("/vouchers/{n}/reference"), &voucher.reference);
    }
    if body.vouchers.len() > VOUCHERS_MAX {
        faults.push("/vouchers", "too_many", format!("最多 {VOUCHERS_MAX} 份"), format!("at most {VOUCHERS_MAX}"));
    }
    amount_fault(&mut faults, "/amount", body.amount);
    if body.arrival_temperature_decicelsius.is_some_and(|t| !t.is_plausible()) {
        faults.push("/arrival_temperature_decicelsius", "implausible", "温度须在 -60.0 到 300.0 ℃ 之间", "must be -600 to 3000");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    Ok(Delivery {
        supplier: body.supplier,
        ingredient: body.ingredient,
        name: body.name,
        specification: body.specification,
        unit: body.unit,
        amount: body.amount,
        barcode: body.barcode,
        supplier_batch: body.supplier_batch,
        produced_on: body.produced_on,
        expires_on: body.expires_on,
        storage: body.storage,
        storage_place: body.storage_place,
        temperature: body.arrival_temperature_decicelsius,
        vouchers: body.vouchers.into_iter().map(|v| Voucher { kind: v.kind, reference: v.reference }).collect(),
        rejected_because: body.rejected_because,
    })
}

/// An amount must be positive and believable.
pub(crate) fn amount_fault(faults: &mut Faults, place: &str, amount: i64) {
    if !(1..=AMOUNT_MAX).contains(&amount) {
        faults.push(place, "out_of_range", format!("须在 1 到 {AMOUNT_MAX} 之间"), format!("must be from 1 to {AMOUNT_MAX}"));
    }
}

/// Takes a delivery in, or records that it was sent back. What the settings in force forbid can only be recorded as sent back.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/lots", operation_id = "receiveLot", tag = "ingredients", request_body = LotBody,
    params(("canteen" = String, Path, description = "The canteen"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = LotView)))]
pub async fn receive_lot(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<LotBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, delivery) = (path_id(&path)?, delivery(body.into_inner())?);
    let key = key.bind(&actor, "receiveLot", &(path.as_str(), &delivery))?;
    let lot = receive::receive(&app, actor, key, canteen, delivery).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(LotView::from(lot)))
}

/// Which lots.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LotsQuery {
    /// Only of this ingredient.
    #[param(value_type = Option<IngredientIdText>)]
    ingredient: Option<IngredientId>,
    /// Only in this state.
    #[param(value_type = Option<LotStateWord>)]
    state: Option<LotState>,
    /// Only with something left.
    #[serde(default)]
    in_stock: bool,
    /// Only those that have expired or will within the warning time of the settings, and of which something is left.
    #[serde(default)]
    expiring: bool,
    /// Entries, 1 to 200; 50 when absent.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A canteen's lots, oldest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/lots", operation_id = "listLots", tag = "ingredients",
    params(("canteen" = String, Path, description = "The canteen"), LotsQuery), responses((status = 200, body = PageView<LotView>)))]
pub async fn list_lots(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<LotsQuery>,
) -> Result<Json<PageView<LotView>>, Problem> {
    let query = query.into_inner();
    let (limit, after) = page(&PageQuery { limit: query.limit, cursor: query.cursor })?;
    let canteen = path_id(&path)?;
    let one_more = i64::from(limit) + 1;
    let found = if query.expiring {
        lots::expiring(&app, actor, canteen, after, one_more).await
    } else {
        let filter =
            LotFilter { ingredient: query.ingredient, state: query.state, in_stock: query.in_stock, expires_by: None, after };
        lots::list(&app, actor, canteen, filter, one_more).await
    };
    let found = found.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(LotView::from).collect(), limit, |lot| lot.id.to_string())))
}

/// Which lots are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProposalQuery {
    /// Of which ingredient.
    #[param(value_type = IngredientIdText)]
    ingredient: IngredientId,
    /// Counted in what.
    #[param(value_type = AmountUnitWord)]
    unit: AmountUnit,
    /// How much.
    amount: i64,
}

/// So much of a lot.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakeView {
    /// Which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// How much, in its unit.
    pub amount: i64,
}

/// Which lots to take for an amount.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalView {
    /// First to expire first.
    pub take: Vec<TakeView>,
    /// What no usable lot covers.
    pub short: i64,
}

impl From<domain::lot::Proposal> for ProposalView {
    fn from(p: domain::lot::Proposal) -> Self {
        Self { take: p.take.into_iter().map(|(lot, amount)| TakeView { lot, amount }).collect(), short: p.short }
    }
}

/// Proposes lots for an amount: first expired, first out.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/lot-proposal", operation_id = "proposeLots", tag = "ingredients",
    params(("canteen" = String, Path, description = "The canteen"), ProposalQuery), responses((status = 200, body = ProposalView)))]
pub async fn propose_lots(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<ProposalQuery>,
) -> Result<Json<ProposalView>, Problem> {
    let mut faults = Faults::default();
    amount_fault(&mut faults, "amount", query.amount);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let proposal = propose::propose(&app, actor, path_id(&path)?, query.ingredient, query.unit, query.amount).await;
    proposal.map(|p| Json(p.into())).map_err(|f| Problem::of(f, refused))
}

/// One lot with its papers.
#[utoipa::path(get, path = "/v1/lots/{lot}", operation_id = "getLot", tag = "ingredients",
    params(("lot" = String, Path, description = "The lot")), responses((status = 200, body = LotView)))]
pub async fn get_lot(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<LotView>, Problem> {
    let lot = lots::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(lot.into()))
}

/// Throws part of a lot away, with a record.
#[utoipa::path(post, path = "/v1/lots/{lot}/disposals", operation_id = "disposeOfLot", tag = "ingredients", request_body = DisposalBody,
    params(("lot" = String, Path, description = "The lot"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = LotView)))]
pub async fn dispose_of_lot(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<DisposalBody>,
) -> Result<HttpResponse, Problem> {
    let (id, what) = (path_id(&path)?, body.read()?);
    let key = key.bind(&actor, "disposeOfLot", &(path.as_str(), &*body))?;
    let lot = dispose::dispose(&app, actor, key, id, what).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(LotView::from(lot)))
}

/// Whether a lot is held.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldBody {
    /// `true` holds it, `false` lets it go again.
    pub held: bool,
}

/// Holds a lot: nothing of it is issued, no batch with it is released or packed. Letting it go takes whoever may override a gate.
#[utoipa::path(post, path = "/v1/lots/{lot}/hold", operation_id = "holdLot", tag = "ingredients", request_body = HoldBody,
    params(("lot" = String, Path, description = "The lot"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = LotView)))]
pub async fn hold_lot(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<HoldBody>,
) -> Result<Json<LotView>, Problem> {
    let (id, key) = (path_id(&path)?, key.bind(&actor, "holdLot", &(path.as_str(), &*body))?);
    let lot = hold::hold(&app, actor, key, id, body.held).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(lot.into()))
}

/// A refusal about suppliers and lots.
pub(crate) fn refused(refusal: IngredientRefusal) -> Problem {
    let problem = Problem::new(P::LotRefused);
    match refusal {
        IngredientRefusal::Barcode(fault) => problem.with("cause", "barcode").with("detail", fault.to_string()),
        IngredientRefusal::BarcodeDiffers { field } => problem.with("cause", "barcode_differs").with("field", field),
        IngredientRefusal::Arrival(faults) => {
            let messages: Vec<String> = faults.iter().map(domain::lot::ArrivalFault::message_zh).collect();
            problem.with("cause", "arrival").with("faults", &faults).with("messages", messages)
        }
        IngredientRefusal::SupplierEnded => problem.with("cause", "supplier_ended"),
        IngredientRefusal::NotEnough { stock } => problem.with("cause", "not_enough").with("stock", stock),
        IngredientRefusal::State(state) => problem.with("cause", "state").with("state", state),
        IngredientRefusal::CountDiffers { book, outcome } => {
            problem.with("cause", "count_differs").with("book", book).with("outcome", outcome)
        }
        IngredientRefusal::UnknownPlace { places } => problem.with("cause", "unknown_place").with("places", places),
        IngredientRefusal::WrongPlace { kind } => problem.with("cause", "wrong_place").with("kind", kind),
        IngredientRefusal::Recalled => problem.with("cause", "recalled"),
        IngredientRefusal::PlaceExists => problem.with("cause", "place_exists"),
    }
}
