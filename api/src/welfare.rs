//! Looking in on seniors: whom to call, the cases, what couriers saw, and the month's figures.

mod views;

use crate::auth::secret;
use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageView, cursor_id, limit_of, versioned};
use crate::problem::{Problem, ProblemCode as P};
use crate::redemption_cause::Cause;
use crate::seniors::views::SeniorView;
use crate::words::{WelfareCaseIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::welfare::{self, Alert, Attempt, WelfareRefusal, contacts, look, visits};
use domain::access::Action;
use domain::fault::Faults;
use domain::id::WelfareCaseId;
use serde::Serialize;
use utoipa::ToSchema;
use views::{
    AlertBody, AttemptBody, CaseQuery, CaseView, ContactsBody, ContactsView, FiguresQuery, FiguresView, FindingBody,
    PlaceFiguresView, UnseenQuery, WelfareCallListView,
};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/seniors/{senior}/contacts").route(web::get().to(get_contacts)).route(web::put().to(put_contacts)),
        )
        .service(web::resource("/v1/condition-alerts/{alert}").route(web::put().to(put_condition_alert)))
        .service(web::resource("/v1/welfare-cases").route(web::get().to(list_welfare_cases)))
        .service(web::resource("/v1/welfare-cases/{case}").route(web::get().to(get_welfare_case)))
        .service(web::resource("/v1/welfare-cases/{case}/attempts").route(web::post().to(record_attempt)))
        .service(web::resource("/v1/welfare-cases/{case}/call-list").route(web::post().to(open_welfare_call_list)))
        .service(web::resource("/v1/welfare-cases/{case}/closing").route(web::post().to(close_welfare_case)))
        .service(web::resource("/v1/visit-figures").route(web::get().to(get_visit_figures)))
        .service(web::resource("/v1/unseen-seniors").route(web::get().to(list_unseen_seniors)));
}

const NAMING: Access = Access::Roles(Action::EditSeniors);
const LOOKING_IN: Access = Access::Roles(Action::LookIn);
const COUNTING: Access = Access::Roles(Action::SeeSeniors);
const ACTING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::WelfareRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("getContacts", NAMING, &[P::Forbidden, P::NotFound]),
    op("putContacts", NAMING, &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale]),
    op(
        "putConditionAlert",
        Access::Assigned(Action::Deliver, Action::Plan),
        &[P::TooLarge, P::Invalid, P::NotFound, P::RedemptionRefused, P::WelfareRefused],
    ),
    op("listWelfareCases", LOOKING_IN, &[P::Invalid, P::Forbidden]),
    op("getWelfareCase", LOOKING_IN, &[P::NotFound]),
    op("recordAttempt", LOOKING_IN, ACTING),
    op("openWelfareCallList", LOOKING_IN, &[P::NotFound, P::WelfareRefused]),
    op("closeWelfareCase", LOOKING_IN, ACTING),
    op("getVisitFigures", COUNTING, &[P::Invalid, P::Forbidden, P::NotFound]),
    op("listUnseenSeniors", COUNTING, &[P::Invalid, P::Forbidden, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    get_contacts,
    put_contacts,
    put_condition_alert,
    list_welfare_cases,
    get_welfare_case,
    record_attempt,
    open_welfare_call_list,
    close_welfare_case,
    get_visit_figures,
    list_unseen_seniors
))]
pub struct Docs;

/// Whom to call about a senior, in the order in which they are asked; masked.
#[utoipa::path(get, path = "/v1/seniors/{senior}/contacts", operation_id = "getContacts", tag = "welfare",
    params(("senior" = String, Path, description = "The senior")), responses((status = 200, body = ContactsView)))]
pub async fn get_contacts(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let found = contacts::of(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Ok(), found.version, &ContactsView::from(found)))
}

/// Names whom to call about a senior when nobody comes to the door, in the order in which they are asked, in place of those before.
/// They are told by text message, so each needs a mobile phone, and should know that they are named.
#[utoipa::path(put, path = "/v1/seniors/{senior}/contacts", operation_id = "putContacts", tag = "welfare", request_body = ContactsBody,
    params(("senior" = String, Path, description = "The senior"), ("If-Match" = String, Header, description = "The senior's ETag")),
    responses((status = 200, body = ContactsView)))]
pub async fn put_contacts(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<ContactsBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    let named = body.into_inner().check().map_err(|f| Problem::invalid(&f))?;
    let put = contacts::put(&app, actor, id, version, named).await.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Ok(), put.version, &ContactsView::from(put)))
}

/// The case that an alert opened, or was added to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertTakenView {
    /// Its identifier.
    #[schema(value_type = WelfareCaseIdText)]
    pub case: WelfareCaseId,
}

/// Takes what a courier saw of a senior's condition: it reaches the community worker at once, and family. The phone makes the
/// identifier, so that an alert sent twice, or hours later, is one. A shut door is an outcome of the stop, and opens a case by itself.
#[utoipa::path(put, path = "/v1/condition-alerts/{alert}", operation_id = "putConditionAlert", tag = "welfare", request_body = AlertBody,
    params(("alert" = String, Path, description = "Made by the phone: wst_ and 32 hexadecimal digits")),
    responses((status = 200, body = AlertTakenView)))]
pub async fn put_condition_alert(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<AlertBody>,
) -> Result<Json<AlertTakenView>, Problem> {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    limit_text(&mut faults, "/note", Some(&body.note), 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let body = body.into_inner();
    let alert = Alert { id, stop: body.stop, concern: body.concern, note: body.note, happened_at: body.happened_at };
    let case = welfare::alert(&app, actor, alert).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(AlertTakenView { case }))
}

/// Cases that the caller looks after, newest first: of homes in their places, and of their canteen's couriers.
#[utoipa::path(get, path = "/v1/welfare-cases", operation_id = "listWelfareCases", tag = "welfare", params(CaseQuery),
    responses((status = 200, body = PageView<CaseView>)))]
pub async fn list_welfare_cases(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<CaseQuery>,
) -> Result<Json<PageView<CaseView>>, Problem> {
    let mut faults = Faults::default();
    let (limit, before) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let found = look::list(&app, actor, query.open, before, i64::from(limit) + 1).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(CaseView::from).collect(), limit, |case| case.id.to_string())))
}

/// One case with every step: who saw what, who was told, what was tried, and what was found.
#[utoipa::path(get, path = "/v1/welfare-cases/{case}", operation_id = "getWelfareCase", tag = "welfare",
    params(("case" = String, Path, description = "The case")), responses((status = 200, body = CaseView)))]
pub async fn get_welfare_case(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<CaseView>, Problem> {
    let case = look::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(case.into()))
}

/// Notes an attempt to reach the senior, or a contact. In vain, the next one is told at once; when somebody is on the way, they have
/// time to say what they find.
#[utoipa::path(post, path = "/v1/welfare-cases/{case}/attempts", operation_id = "recordAttempt", tag = "welfare", request_body = AttemptBody,
    params(("case" = String, Path, description = "The case"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = CaseView)))]
pub async fn record_attempt(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<AttemptBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    body.check().map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "recordAttempt", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let tried = Attempt { contact: body.contact, outcome: body.outcome, note: body.note };
    let case = welfare::attempt(&app, actor, key, id, tried).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(CaseView::from(case)))
}

/// Shows, of an open case, whom to call and where to go. Each look is on the audit log.
#[utoipa::path(post, path = "/v1/welfare-cases/{case}/call-list", operation_id = "openWelfareCallList", tag = "welfare",
    params(("case" = String, Path, description = "The case")), responses((status = 200, body = WelfareCallListView)))]
pub async fn open_welfare_call_list(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let list = look::call_list(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(secret(HttpResponse::Ok(), &WelfareCallListView::from(list)))
}

/// Closes a case with what was found. Family is told, but never of a death.
#[utoipa::path(post, path = "/v1/welfare-cases/{case}/closing", operation_id = "closeWelfareCase", tag = "welfare", request_body = FindingBody,
    params(("case" = String, Path, description = "The case"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = CaseView)))]
pub async fn close_welfare_case(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<FindingBody>,
) -> Result<Json<CaseView>, Problem> {
    let id = path_id(&path)?;
    body.check().map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "closeWelfareCase", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let case = welfare::close(&app, actor, key, id, body.finding, body.note).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(case.into()))
}

/// A month of looking in, by the places right below: who was seen in person by a meal, who is to be seen and was not, and the cases.
#[utoipa::path(get, path = "/v1/visit-figures", operation_id = "getVisitFigures", tag = "welfare", params(FiguresQuery),
    responses((status = 200, body = FiguresView)))]
pub async fn get_visit_figures(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<FiguresQuery>,
) -> Result<Json<FiguresView>, Problem> {
    let FiguresQuery { place, month } = query.into_inner();
    let found = visits::figures(&app, actor, place, month).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(FiguresView { month, items: found.into_iter().map(PlaceFiguresView::from).collect() }))
}

/// Seniors who live alone, or with none but the old, and whom nobody saw in person by a meal of the month: whom to visit.
#[utoipa::path(get, path = "/v1/unseen-seniors", operation_id = "listUnseenSeniors", tag = "welfare", params(UnseenQuery),
    responses((status = 200, body = PageView<SeniorView>)))]
pub async fn list_unseen_seniors(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<UnseenQuery>,
) -> Result<Json<PageView<SeniorView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (limit, after) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let found = visits::unseen(&app, actor, query.place, query.month, (after, i64::from(limit) + 1)).await;
    let found = found.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(SeniorView::from).collect(), limit, |senior| senior.id.to_string())))
}

/// A refusal about looking in.
fn refused(refusal: WelfareRefusal) -> Problem {
    let problem = |cause: &str| Problem::new(P::WelfareRefused).with("cause", cause);
    match refusal {
        WelfareRefusal::Closed => problem("closed"),
        WelfareRefusal::NoSenior => problem("no_senior")
            .advise("此单没有登记老人，请直接致电社区", "There is no senior on record for this order: call the community"),
        WelfareRefusal::DoorIsAnOutcome => problem("door_is_an_outcome").advise(
            "无人应门请登记为该站的送达结果，系统会自动转社区",
            "Record a shut door as the stop's outcome: that opens a case by itself",
        ),
        WelfareRefusal::InTheFuture => Cause::HappenedInTheFuture.problem(),
        WelfareRefusal::OtherReport => Cause::IdentifierOfAnotherRecord.problem(),
    }
}
