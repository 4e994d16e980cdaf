//! Batches of dishes: planned, cooked, released through the gate, packed, served out.

pub mod loads;
pub mod portions;
pub mod views;

use crate::extract::{IdempotencyKey, Signed};
use crate::lots::amount_fault;
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::suppliers::required;
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::batches::cook::{self, Cooked};
use app::batches::issue::{self, LotAmount};
use app::batches::plan::{self, BatchPlan};
use app::batches::{BatchRefusal, link, look, release, sample, view};
use domain::access::Action;
use domain::batch::{Gap, GateRefusal};
use domain::fault::Faults;
use views::{
    BatchBody, BatchView, BatchesView, CookedBody, CoreBody, CorrectionBody, DayQuery, EndBatchBody, GapView, IssueBody, NeedView,
    NeedsView, OverrideView, PackBody, ReleaseBody, SampleBody,
};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/batches").route(web::post().to(plan_batch)))
        .service(web::resource("/v1/canteens/{canteen}/batches").route(web::get().to(list_batches)))
        .service(web::resource("/v1/canteens/{canteen}/gate-overrides").route(web::get().to(list_overrides)))
        .service(web::resource("/v1/batches/{batch}").route(web::get().to(get_batch)))
        .service(web::resource("/v1/batches/{batch}/needs").route(web::get().to(batch_needs)))
        .service(web::resource("/v1/batches/{batch}/issues").route(web::post().to(issue_lots)))
        .service(web::resource("/v1/batches/{batch}/issues/{issue}/correction").route(web::post().to(correct_issue)))
        .service(web::resource("/v1/batches/{batch}/start").route(web::post().to(start_batch)))
        .service(web::resource("/v1/batches/{batch}/cooked").route(web::post().to(cook_batch)))
        .service(web::resource("/v1/batches/{batch}/core-temperatures").route(web::post().to(measure_batch)))
        .service(web::resource("/v1/batches/{batch}/samples").route(web::post().to(retain_sample)))
        .service(web::resource("/v1/batches/{batch}/release").route(web::post().to(release_batch)))
        .service(web::resource("/v1/batches/{batch}/packing").route(web::post().to(pack_orders)))
        .service(web::resource("/v1/batches/{batch}/end").route(web::post().to(end_batch)));
}

pub(crate) const MOVING: &[P] =
    &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::BatchRefused, P::LotRefused, P::GateClosed, P::Stale];
const LOOKING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound];
const RECORDS: Access = Access::Roles(Action::KitchenRecords);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("planBatch", RECORDS, MOVING),
    op("listBatches", Access::Roles(Action::SeeTrace), LOOKING),
    op("listGateOverrides", Access::Roles(Action::SeeTrace), LOOKING),
    op("getBatch", Access::Roles(Action::SeeTrace), LOOKING),
    op("getBatchNeeds", RECORDS, LOOKING),
    op("issueLots", RECORDS, MOVING),
    op("correctIssue", RECORDS, MOVING),
    op("startBatch", RECORDS, MOVING),
    op("cookBatch", RECORDS, MOVING),
    op("measureBatch", RECORDS, MOVING),
    op("retainSample", RECORDS, MOVING),
    op("releaseBatch", RECORDS, MOVING),
    op("packOrders", RECORDS, MOVING),
    op("endBatch", RECORDS, MOVING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    plan_batch,
    list_batches,
    list_overrides,
    get_batch,
    batch_needs,
    issue_lots,
    correct_issue,
    start_batch,
    cook_batch,
    measure_batch,
    retain_sample,
    release_batch,
    pack_orders,
    end_batch
))]
pub struct Docs;

/// Lots of one issue, orders of one packing, at most.
const LIST_MAX: usize = 200;

pub(crate) type Answer = Result<Json<BatchView>, Problem>;

pub(crate) fn answer(result: app::Outcome<view::BatchView, BatchRefusal>) -> Answer {
    result.map(|batch| Json(batch.into())).map_err(|f| Problem::of(f, refused))
}

pub(crate) fn valid(faults: Faults) -> Result<(), Problem> {
    faults.into_result(()).map_err(|f| Problem::invalid(&f))
}

/// Plans a batch of a dish for a sitting.
#[utoipa::path(post, path = "/v1/batches", operation_id = "planBatch", tag = "batches", request_body = BatchBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = BatchView)))]
pub async fn plan_batch(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<BatchBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    if !(1..=100_000).contains(&body.portions) {
        faults.push("/portions", "out_of_range", "份数须在 1 到 100000 之间", "must be from 1 to 100000");
    }
    valid(faults)?;
    let plan = BatchPlan { sitting: body.sitting, dish: body.dish, portions: body.portions, holding: body.holding };
    let key = key.bind(&actor, "planBatch", &plan)?;
    let batch = plan::plan(&app, actor, key, plan).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(BatchView::from(batch)))
}

/// A canteen's batches of a day.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/batches", operation_id = "listBatches", tag = "batches",
    params(("canteen" = String, Path, description = "The canteen"), DayQuery), responses((status = 200, body = BatchesView)))]
pub async fn list_batches(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<DayQuery>,
) -> Result<Json<BatchesView>, Problem> {
    let on = query.date.unwrap_or_else(|| app.clock.now().civil_date());
    let found = look::of_day(&app, actor, path_id(&path)?, on).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(BatchesView { items: found.into_iter().map(BatchView::from).collect() }))
}

/// Releases against the gate, newest first: the inspector's list.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/gate-overrides", operation_id = "listGateOverrides", tag = "batches",
    params(("canteen" = String, Path, description = "The canteen"), PageQuery), responses((status = 200, body = PageView<OverrideView>)))]
pub async fn list_overrides(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<OverrideView>>, Problem> {
    let (limit, before) = page(&query)?;
    let found = look::overrides(&app, actor, path_id(&path)?, before, i64::from(limit) + 1).await;
    let items = found.map_err(|f| Problem::of(f, refused))?.into_iter().map(|o| OverrideView {
        batch: o.batch,
        gaps: o.gaps.into_iter().map(GapView::from).collect(),
        reason: o.reason,
        by: o.by_name,
        at: o.at,
        id: o.id.to_string(),
    });
    Ok(Json(PageView::of(items.collect(), limit, |o| o.id.clone())))
}

/// One batch, with what is missing for its release.
#[utoipa::path(get, path = "/v1/batches/{batch}", operation_id = "getBatch", tag = "batches",
    params(("batch" = String, Path, description = "The batch")), responses((status = 200, body = BatchView)))]
pub async fn get_batch(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Answer {
    answer(look::find(&app, actor, path_id(&path)?).await)
}

/// What the recipe asks for the planned portions, and which lots to take.
#[utoipa::path(get, path = "/v1/batches/{batch}/needs", operation_id = "getBatchNeeds", tag = "batches",
    params(("batch" = String, Path, description = "The batch")), responses((status = 200, body = NeedsView)))]
pub async fn batch_needs(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<NeedsView>, Problem> {
    let needs = issue::needs(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    let view = |n: issue::Need| NeedView {
        ingredient: n.ingredient,
        name: n.name,
        needed_mg: n.needed_mg,
        untraced: n.untraced,
        proposal: n.proposal.into(),
    };
    Ok(Json(NeedsView { items: needs.into_iter().map(view).collect() }))
}

/// Issues lots to a batch.
#[utoipa::path(post, path = "/v1/batches/{batch}/issues", operation_id = "issueLots", tag = "batches", request_body = IssueBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn issue_lots(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<IssueBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    count_fault(&mut faults, "/lots", body.lots.len());
    for (n, line) in body.lots.iter().enumerate() {
        amount_fault(&mut faults, &format!("/lots/{n}/amount"), line.amount);
    }
    valid(faults)?;
    let key = key.bind(&actor, "issueLots", &(path.as_str(), &*body))?;
    let lots = body.lots.iter().map(|l| LotAmount { lot: l.lot, amount: l.amount }).collect();
    answer(issue::issue(&app, actor, key, id, lots).await)
}

fn count_fault(faults: &mut Faults, place: &str, count: usize) {
    if !(1..=LIST_MAX).contains(&count) {
        faults.push(place, "count", format!("须有 1 到 {LIST_MAX} 项"), format!("must have 1 to {LIST_MAX} entries"));
    }
}

/// Corrects an issue. The wrong record stays and is declared an error; the difference goes back to the lot or is taken from it.
#[utoipa::path(post, path = "/v1/batches/{batch}/issues/{issue}/correction", operation_id = "correctIssue", tag = "batches",
    request_body = CorrectionBody,
    params(("batch" = String, Path, description = "The batch"), ("issue" = String, Path, description = "The record"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn correct_issue(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<(String, String)>,
    body: Json<CorrectionBody>,
) -> Answer {
    let (id, wrong, mut faults) = (path_id(&path.0)?, path_id(&path.1)?, Faults::default());
    required(&mut faults, "/reason", &body.reason);
    if body.amount != 0 {
        amount_fault(&mut faults, "/amount", body.amount);
    }
    valid(faults)?;
    let key = key.bind(&actor, "correctIssue", &(&path.0, &path.1, &*body))?;
    let body = body.into_inner();
    answer(issue::correct(&app, actor, key, id, wrong, body.amount, body.reason).await)
}

/// Puts a batch on the stove.
#[utoipa::path(post, path = "/v1/batches/{batch}/start", operation_id = "startBatch", tag = "batches",
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn start_batch(app: Data<App>, Signed(actor): Signed, key: IdempotencyKey, path: Path<String>) -> Answer {
    let (id, key) = (path_id(&path)?, key.bind(&actor, "startBatch", &path.as_str())?);
    answer(cook::start(&app, actor, key, id).await)
}

/// Takes a batch off the stove, with its core temperature.
#[utoipa::path(post, path = "/v1/batches/{batch}/cooked", operation_id = "cookBatch", tag = "batches", request_body = CookedBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn cook_batch(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<CookedBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    if let Some(made) = body.made_portions {
        portions::check(&mut faults, "/made_portions", made, 0);
    }
    valid(faults)?;
    let key = key.bind(&actor, "cookBatch", &(path.as_str(), &*body))?;
    let done =
        Cooked { cooked_at: body.cooked_at, core: body.core_temperature_decicelsius, cook: body.cook, made: body.made_portions };
    answer(cook::cooked(&app, actor, key, id, done).await)
}

/// Adds a core temperature: the first, or one after heating again. The last one counts, all stay, the holding time runs on.
#[utoipa::path(post, path = "/v1/batches/{batch}/core-temperatures", operation_id = "measureBatch", tag = "batches", request_body = CoreBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn measure_batch(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<CoreBody>,
) -> Answer {
    let (id, key) = (path_id(&path)?, key.bind(&actor, "measureBatch", &(path.as_str(), &*body))?);
    answer(cook::measured(&app, actor, key, id, body.core_temperature_decicelsius, body.measured_at).await)
}

/// Records a retained sample.
#[utoipa::path(post, path = "/v1/batches/{batch}/samples", operation_id = "retainSample", tag = "batches", request_body = SampleBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn retain_sample(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<SampleBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    amount_fault(&mut faults, "/amount_mg", body.amount_mg);
    required(&mut faults, "/fridge", &body.fridge);
    valid(faults)?;
    let key = key.bind(&actor, "retainSample", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    answer(sample::retain(&app, actor, key, id, body.amount_mg, body.fridge).await)
}

/// Lets a batch through the gate: core temperature, retained sample, the cook's certificate, every ingredient's lot.
#[utoipa::path(post, path = "/v1/batches/{batch}/release", operation_id = "releaseBatch", tag = "batches", request_body = ReleaseBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn release_batch(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<ReleaseBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    limit_text(&mut faults, "/override_reason", body.override_reason.as_deref(), 200);
    valid(faults)?;
    let key = key.bind(&actor, "releaseBatch", &(path.as_str(), &*body))?;
    answer(release::release(&app, actor, key, id, body.into_inner().override_reason).await)
}

/// Links orders to the batch that they are packed from.
#[utoipa::path(post, path = "/v1/batches/{batch}/packing", operation_id = "packOrders", tag = "batches", request_body = PackBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn pack_orders(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<PackBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    count_fault(&mut faults, "/orders", body.orders.len());
    valid(faults)?;
    let key = key.bind(&actor, "packOrders", &(path.as_str(), &*body))?;
    answer(link::pack(&app, actor, key, id, body.into_inner().orders).await)
}

/// Ends a batch: from now on nobody is served from it.
#[utoipa::path(post, path = "/v1/batches/{batch}/end", operation_id = "endBatch", tag = "batches", request_body = EndBatchBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn end_batch(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<EndBatchBody>,
) -> Answer {
    let (id, key) = (path_id(&path)?, key.bind(&actor, "endBatch", &(path.as_str(), &*body))?);
    answer(release::end(&app, actor, key, id, body.discarded).await)
}

/// A refusal about batches.
pub(crate) fn refused(refusal: BatchRefusal) -> Problem {
    let batch = |cause: &str| Problem::new(P::BatchRefused).with("cause", cause);
    match refusal {
        BatchRefusal::State(state) => batch("state").with("state", state),
        BatchRefusal::Gate(GateRefusal::Closed(gaps)) => gate(gaps, false),
        BatchRefusal::Gate(GateRefusal::NotEntitled(gaps)) => gate(gaps, true),
        BatchRefusal::Lot { lot, why } => Problem::new(P::LotRefused).with("cause", "issue").with("lot", lot).with("detail", why),
        BatchRefusal::NotOnMenu => batch("not_on_menu"),
        BatchRefusal::ImplausibleTime => batch("implausible_time"),
        BatchRefusal::ImplausibleTemperature => batch("implausible_temperature"),
        BatchRefusal::CorrectedAlready => batch("corrected_already"),
        BatchRefusal::NotInOrder(order) => batch("not_in_order").with("order", order),
        BatchRefusal::Load(faults) => loads::refused(&faults),
        BatchRefusal::GoesWithout(order) => batch("goes_without").with("order", order),
        BatchRefusal::Portions { left } => batch("portions").with("left", left),
        BatchRefusal::Unfit(order) => batch("unfit").with("order", order),
        BatchRefusal::Recalled => batch("recalled"),
        BatchRefusal::HeldTooLong => batch("held_too_long"),
    }
}

fn gate(gaps: Vec<Gap>, not_entitled: bool) -> Problem {
    let gaps: Vec<GapView> = gaps.into_iter().map(GapView::from).collect();
    Problem::new(P::GateClosed).with("gaps", gaps).with("not_entitled", not_entitled)
}
