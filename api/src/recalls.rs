//! Recalls: opened, followed to the last person and gram, closed; and drills.

mod views;

use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::suppliers::required;
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::recalls::{self, RecallRefusal, report};
use domain::access::Action;
use domain::fault::Faults;
use views::{ClosingBody, ContactBody, ReachView, RecallBody, RecallLineView, RecallView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/lots/{lot}/recalls").route(web::post().to(open_recall)))
        .service(web::resource("/v1/lots/{lot}/recall-drill").route(web::get().to(drill_recall)))
        .service(web::resource("/v1/canteens/{canteen}/recalls").route(web::get().to(list_recalls)))
        .service(web::resource("/v1/recalls/{recall}").route(web::get().to(get_recall)))
        .service(web::resource("/v1/recalls/{recall}/contacts").route(web::post().to(record_contact)))
        .service(web::resource("/v1/recalls/{recall}/closing").route(web::post().to(close_recall)));
}

const CHANGING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::RecallRefused];
const RUNNING: Access = Access::Roles(Action::RunRecall);
const SEEING: Access = Access::Roles(Action::SeeTrace);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("openRecall", RUNNING, CHANGING),
    op("drillRecall", RUNNING, &[P::TooLarge, P::Forbidden, P::NotFound]),
    op("listRecalls", SEEING, &[P::Invalid, P::Forbidden, P::NotFound]),
    op("getRecall", SEEING, &[P::TooLarge, P::Forbidden, P::NotFound]),
    op("recordContact", RUNNING, CHANGING),
    op("closeRecall", RUNNING, CHANGING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(open_recall, drill_recall, list_recalls, get_recall, record_contact, close_recall))]
pub struct Docs;

/// Recalls a lot: it is held, and the dishes that hold something of it are stopped on every menu and display, in one commit. Who ordered
/// them is told; who may have eaten is on the list of people to call.
#[utoipa::path(post, path = "/v1/lots/{lot}/recalls", operation_id = "openRecall", tag = "recalls", request_body = RecallBody,
    params(("lot" = String, Path, description = "The lot"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = RecallView)))]
pub async fn open_recall(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<RecallBody>,
) -> Result<HttpResponse, Problem> {
    let (lot, mut faults) = (path_id(&path)?, Faults::default());
    required(&mut faults, "/reason", &body.reason);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "openRecall", &(path.as_str(), &*body))?;
    let recall = recalls::open(&app, actor, key, lot, body.into_inner().reason).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(RecallView::from(recall)))
}

/// What a recall of a lot would hold, stop and reach. A drill: it reads only, and leaves no trace in the books.
#[utoipa::path(get, path = "/v1/lots/{lot}/recall-drill", operation_id = "drillRecall", tag = "recalls",
    params(("lot" = String, Path, description = "The lot")), responses((status = 200, body = ReachView)))]
pub async fn drill_recall(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<ReachView>, Problem> {
    let reach = report::drill(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(reach.into()))
}

/// A canteen's recalls, newest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/recalls", operation_id = "listRecalls", tag = "recalls",
    params(("canteen" = String, Path, description = "The canteen"), PageQuery), responses((status = 200, body = PageView<RecallLineView>)))]
pub async fn list_recalls(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<RecallLineView>>, Problem> {
    let (limit, before) = page(&query)?;
    let found = report::list(&app, actor, path_id(&path)?, before, i64::from(limit) + 1).await;
    let found = found.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(RecallLineView::from).collect(), limit, |r| r.id.to_string())))
}

/// One recall: the report for the authority, as far as it has come.
#[utoipa::path(get, path = "/v1/recalls/{recall}", operation_id = "getRecall", tag = "recalls",
    params(("recall" = String, Path, description = "The recall")), responses((status = 200, body = RecallView)))]
pub async fn get_recall(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<RecallView>, Problem> {
    let recall = report::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(recall.into()))
}

/// Notes an attempt to reach somebody whom the lot may have reached.
#[utoipa::path(post, path = "/v1/recalls/{recall}/contacts", operation_id = "recordContact", tag = "recalls", request_body = ContactBody,
    params(("recall" = String, Path, description = "The recall"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = RecallView)))]
pub async fn record_contact(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<ContactBody>,
) -> Result<HttpResponse, Problem> {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    limit_text(&mut faults, "/note", Some(&body.note), 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "recordContact", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let recall = recalls::contact(&app, actor, key, id, body.senior, (body.outcome, body.note)).await;
    Ok(HttpResponse::Created().json(RecallView::from(recall.map_err(|f| Problem::of(f, refused))?)))
}

/// Closes a recall: as destroyed, when nothing of the lot is left, every batch has its end and everybody was called; or as cleared, by
/// whoever may override a gate.
#[utoipa::path(post, path = "/v1/recalls/{recall}/closing", operation_id = "closeRecall", tag = "recalls", request_body = ClosingBody,
    params(("recall" = String, Path, description = "The recall"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = RecallView)))]
pub async fn close_recall(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<ClosingBody>,
) -> Result<Json<RecallView>, Problem> {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    required(&mut faults, "/conclusion", &body.conclusion);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "closeRecall", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let recall = recalls::close(&app, actor, key, id, body.outcome, body.conclusion).await;
    Ok(Json(recall.map_err(|f| Problem::of(f, refused))?.into()))
}

/// A refusal about recalls.
fn refused(refusal: RecallRefusal) -> Problem {
    let problem = |cause: &str| Problem::new(P::RecallRefused).with("cause", cause);
    match refusal {
        RecallRefusal::State(state) => problem("state").with("state", state),
        RecallRefusal::OpenAlready => problem("open_already"),
        RecallRefusal::Closed => problem("closed"),
        RecallRefusal::NotAffected => problem("not_affected"),
        RecallRefusal::StillOpen(open) => problem("still_open").with("open", open),
        RecallRefusal::Trace(refusal) => crate::trace::refused(refusal),
    }
}
