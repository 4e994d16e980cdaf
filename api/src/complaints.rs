//! What is said of meals: ratings, and complaints with their deadlines.

mod views;

use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, limit_of, versioned};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::complaints::look::ComplaintView as Seen;
use app::complaints::{self, ComplaintRefusal, look, rate};
use app::store::query::complaints::ComplaintFilter;
use domain::access::{Action, FamilyScope};
use domain::complaint::{Act, ComplaintRefusal as Why};
use domain::fault::Faults;
use domain::rating::RatingRefusal;
use std::sync::Arc;
use views::{
    ComplaintBody, ComplaintQuery, ComplaintView, RatedView, RatingBody, RatingFiguresQuery, RatingFiguresView, RatingView,
    SaidBody,
};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/orders/{order}/rating").route(web::post().to(rate_order)).route(web::get().to(get_rating)))
        .service(web::resource("/v1/canteens/{canteen}/rating-figures").route(web::get().to(get_rating_figures)))
        .service(web::resource("/v1/complaints").route(web::post().to(bring_complaint)).route(web::get().to(list_complaints)))
        .service(web::resource("/v1/complaints/{complaint}").route(web::get().to(get_complaint)))
        .service(web::resource("/v1/complaints/{complaint}/answers").route(web::post().to(answer_complaint)))
        .service(web::resource("/v1/complaints/{complaint}/reopening").route(web::post().to(reopen_complaint)))
        .service(web::resource("/v1/complaints/{complaint}/closing").route(web::post().to(close_complaint)));
}

const SPEAKING: Access = Access::RolesOrFamily(Action::Complain, FamilyScope::Order);
const SEEING: Access = Access::RolesOrFamily(Action::SeeComplaints, FamilyScope::See);
const BRINGING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::ComplaintRefused];
const ACTING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale, P::ComplaintRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("rateOrder", SPEAKING, BRINGING),
    op("getRating", Access::RolesOrFamily(Action::SeeOrders, FamilyScope::See), &[P::NotFound]),
    op("getRatingFigures", Access::Roles(Action::SeeComplaints), &[P::Invalid, P::Forbidden, P::NotFound]),
    op("bringComplaint", SPEAKING, BRINGING),
    op("listComplaints", SEEING, &[P::Invalid, P::Forbidden]),
    op("getComplaint", SEEING, &[P::NotFound]),
    op("answerComplaint", Access::Roles(Action::AnswerComplaints), ACTING),
    op("reopenComplaint", SPEAKING, ACTING),
    op("closeComplaint", Access::RolesOrFamily(Action::CloseComplaints, FamilyScope::Order), ACTING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    rate_order,
    get_rating,
    get_rating_figures,
    bring_complaint,
    list_complaints,
    get_complaint,
    answer_complaint,
    reopen_complaint,
    close_complaint
))]
pub struct Docs;

/// Rates a meal that was served, once; a rating stays as it was given. By the senior, by family who orders for them, or by a worker or the
/// hotline who was told. A poor score for hygiene, a wrong meal or feeling unwell opens a complaint by itself.
#[utoipa::path(post, path = "/v1/orders/{order}/rating", operation_id = "rateOrder", tag = "complaints", request_body = RatingBody,
    params(("order" = String, Path, description = "The order"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = RatedView)))]
pub async fn rate_order(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<RatingBody>,
) -> Result<HttpResponse, Problem> {
    let (order, draft) = (path_id(&path)?, body.into_inner().read()?);
    let key = key.bind(&actor, "rateOrder", &(path.as_str(), &draft))?;
    let rated = rate::rate(&app, actor, key, order, draft).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(RatedView::from(rated)))
}

/// The rating of a meal, for whoever sees the order.
#[utoipa::path(get, path = "/v1/orders/{order}/rating", operation_id = "getRating", tag = "complaints",
    params(("order" = String, Path, description = "The order")), responses((status = 200, body = RatingView)))]
pub async fn get_rating(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<RatingView>, Problem> {
    let rating = rate::of(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(rating.into()))
}

/// What the ratings of a canteen's meals come to: how many of each score, the mean, and what they are about.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/rating-figures", operation_id = "getRatingFigures", tag = "complaints",
    params(("canteen" = String, Path, description = "The canteen"), RatingFiguresQuery), responses((status = 200, body = RatingFiguresView)))]
pub async fn get_rating_figures(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<RatingFiguresQuery>,
) -> Result<Json<RatingFiguresView>, Problem> {
    let days = query.days(app.clock.now().civil_date())?;
    let found = rate::figures(&app, actor, path_id(&path)?, days).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(RatingFiguresView::of(days, &found)))
}

/// Brings a complaint: of a meal, by the senior, family who orders for them, or a worker or the hotline who was told; of a canteen, without
/// a meal and without a name, by a worker or the hotline. It has a deadline, after which the office above has it too. The meal's records
/// are in its trace (`traceOrder`).
#[utoipa::path(post, path = "/v1/complaints", operation_id = "bringComplaint", tag = "complaints", request_body = ComplaintBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = ComplaintView)))]
pub async fn bring_complaint(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<ComplaintBody>,
) -> Result<HttpResponse, Problem> {
    let brought = body.into_inner().read()?;
    let key = key.bind(&actor, "bringComplaint", &brought)?;
    let complaint = complaints::bring(&app, actor, key, brought).await.map_err(|f| Problem::of(f, refused))?;
    Ok(shown(HttpResponse::Created(), complaint))
}

/// Complaints of canteens in the caller's sight, and of seniors whom the caller is or sees, newest first, without their steps.
#[utoipa::path(get, path = "/v1/complaints", operation_id = "listComplaints", tag = "complaints", params(ComplaintQuery),
    responses((status = 200, body = PageView<ComplaintView>)))]
pub async fn list_complaints(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<ComplaintQuery>,
) -> Result<Json<PageView<ComplaintView>>, Problem> {
    let mut faults = Faults::default();
    let (limit, before) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let overdue_at = query.overdue.unwrap_or(false).then(|| app.clock.now());
    let filter = ComplaintFilter { canteen: query.canteen, state: query.state, overdue_at, before, limit: i64::from(limit) + 1 };
    let found = look::list(&app, actor, filter).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(ComplaintView::from).collect(), limit, |c| c.id.to_string())))
}

/// One complaint with every step: what was said, answered, and by when.
#[utoipa::path(get, path = "/v1/complaints/{complaint}", operation_id = "getComplaint", tag = "complaints",
    params(("complaint" = String, Path, description = "The complaint")), responses((status = 200, body = ComplaintView)))]
pub async fn get_complaint(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let complaint = look::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(shown(HttpResponse::Ok(), complaint))
}

/// Answers a complaint: what it was and what was done. A second answer adds to the first.
#[utoipa::path(post, path = "/v1/complaints/{complaint}/answers", operation_id = "answerComplaint", tag = "complaints", request_body = SaidBody,
    params(("complaint" = String, Path, description = "The complaint"), ("If-Match" = String, Header, description = "Its ETag")),
    responses((status = 200, body = ComplaintView)))]
pub async fn answer_complaint(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<SaidBody>,
) -> Result<HttpResponse, Problem> {
    act(&app, actor, (&path, version), Act::Answer, body.into_inner()).await
}

/// Says that an answer is not enough: the complaint is open again, with a new deadline. A few times only; then the office above closes it.
#[utoipa::path(post, path = "/v1/complaints/{complaint}/reopening", operation_id = "reopenComplaint", tag = "complaints", request_body = SaidBody,
    params(("complaint" = String, Path, description = "The complaint"), ("If-Match" = String, Header, description = "Its ETag")),
    responses((status = 200, body = ComplaintView)))]
pub async fn reopen_complaint(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<SaidBody>,
) -> Result<HttpResponse, Problem> {
    act(&app, actor, (&path, version), Act::Reopen, body.into_inner()).await
}

/// Closes a complaint that was answered: who complained is content, or the office above says that nothing is left to do.
#[utoipa::path(post, path = "/v1/complaints/{complaint}/closing", operation_id = "closeComplaint", tag = "complaints", request_body = SaidBody,
    params(("complaint" = String, Path, description = "The complaint"), ("If-Match" = String, Header, description = "Its ETag")),
    responses((status = 200, body = ComplaintView)))]
pub async fn close_complaint(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<SaidBody>,
) -> Result<HttpResponse, Problem> {
    act(&app, actor, (&path, version), Act::Close, body.into_inner()).await
}

async fn act(
    app: &App,
    actor: Arc<domain::access::Actor>,
    (path, version): (&Path<String>, i64),
    act: Act,
    said: SaidBody,
) -> Result<HttpResponse, Problem> {
    let (id, words) = (path_id(path)?, said.read()?);
    let complaint = complaints::act(app, actor, (id, version), act, words).await.map_err(|f| Problem::of(f, refused))?;
    Ok(shown(HttpResponse::Ok(), complaint))
}

fn shown(response: actix_web::HttpResponseBuilder, complaint: Seen) -> HttpResponse {
    versioned(response, complaint.version, &ComplaintView::from(complaint))
}

/// A refusal about ratings and complaints.
fn refused(refusal: ComplaintRefusal) -> Problem {
    let problem = |cause: &str| Problem::new(P::ComplaintRefused).with("cause", cause);
    match refusal {
        ComplaintRefusal::Rating(RatingRefusal::NotServed) => problem("not_served"),
        ComplaintRefusal::Rating(RatingRefusal::TooLate { until }) => problem("too_late").with("until", until),
        ComplaintRefusal::Rating(RatingRefusal::Rated) => problem("rated"),
        ComplaintRefusal::Act(Why::Closed) => problem("closed"),
        ComplaintRefusal::Act(Why::NotAnswered) => problem("not_answered"),
        ComplaintRefusal::Act(Why::ReopenedTooOften { times }) => problem("reopened_too_often").with("times", times),
    }
}
