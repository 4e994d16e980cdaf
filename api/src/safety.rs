//! Safety as part of the work: morning checks, temperatures, disinfection, accompanying meals; risk lists and signed controls.

pub mod sensors;
mod views;

use crate::batches::views::DayQuery;
use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, page};
use crate::prints::{faulty, pdf};
use crate::problem::{Problem, ProblemCode as P};
use crate::trace::views::RetainedView;
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::safety::{SafetyRefusal, controls, form, records, samples};
use domain::access::Action;
use views::{ControlBody, ControlView, RiskListView, RiskQuery, RiskView, SafetyRecordBody, SafetyRecordView, SafetyRecordsView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/canteens/{canteen}/safety-records")
                .route(web::post().to(record_safety))
                .route(web::get().to(list_safety_records)),
        )
        .service(web::resource("/v1/canteens/{canteen}/risks").route(web::get().to(get_risks)))
        .service(
            web::resource("/v1/canteens/{canteen}/controls")
                .route(web::post().to(sign_control))
                .route(web::get().to(list_controls)),
        )
        .service(web::resource("/v1/controls/{control}/form").route(web::get().to(get_control_form)))
        .service(web::resource("/v1/samples/{sample}/disposal").route(web::post().to(dispose_of_sample)));
}

const CHANGING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::SafetyRefused];
const LOOKING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound];
const RECORDS: Access = Access::Roles(Action::KitchenRecords);
const SEEING: Access = Access::Roles(Action::SeeTrace);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("recordSafety", RECORDS, CHANGING),
    op("listSafetyRecords", SEEING, LOOKING),
    op("getRisks", SEEING, &[P::Invalid, P::Forbidden, P::NotFound, P::SafetyRefused]),
    op("signControl", RECORDS, CHANGING),
    op("listControls", SEEING, LOOKING),
    op("getControlForm", SEEING, LOOKING),
    op("disposeOfSample", RECORDS, &[P::Forbidden, P::NotFound, P::SafetyRefused]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(record_safety, list_safety_records, get_risks, sign_control, list_controls, get_control_form, dispose_of_sample))]
pub struct Docs;

/// Writes a safety record down, or corrects one: the wrong record stays, and the new one names it. A correction is of the same kind,
/// person or place, and of the same day.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/safety-records", operation_id = "recordSafety", tag = "safety",
    request_body = SafetyRecordBody,
    params(("canteen" = String, Path, description = "The canteen"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = SafetyRecordView)))]
pub async fn record_safety(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<SafetyRecordBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, draft) = (path_id(&path)?, body.read()?);
    let key = key.bind(&actor, "recordSafety", &(path.as_str(), &draft))?;
    let record = records::record(&app, actor, key, canteen, draft).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(SafetyRecordView::from(record)))
}

/// A canteen's safety records of a day, corrected ones and corrections too, in the order in which they were written.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/safety-records", operation_id = "listSafetyRecords", tag = "safety",
    params(("canteen" = String, Path, description = "The canteen"), DayQuery), responses((status = 200, body = SafetyRecordsView)))]
pub async fn list_safety_records(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<DayQuery>,
) -> Result<Json<SafetyRecordsView>, Problem> {
    let on = query.date.unwrap_or_else(|| app.clock.now().civil_date());
    let found = records::of_day(&app, actor, path_id(&path)?, on).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(SafetyRecordsView { items: found.into_iter().map(SafetyRecordView::from).collect() }))
}

/// The risk list of a day, a week or a month, made from what it really contains: expired and expiring goods, licences and certificates,
/// missing checks, temperatures beyond their limits, releases against the gate, samples to throw away.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/risks", operation_id = "getRisks", tag = "safety",
    params(("canteen" = String, Path, description = "The canteen"), RiskQuery), responses((status = 200, body = RiskListView)))]
pub async fn get_risks(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<RiskQuery>,
) -> Result<Json<RiskListView>, Problem> {
    let day = query.date.unwrap_or_else(|| app.clock.now().civil_date());
    let found = controls::look(&app, actor, path_id(&path)?, query.kind, day).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(found.into()))
}

/// Signs a control (日管控, 周排查, 月调度). Every risk of the list as it is now needs a measure, and every measure a risk.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/controls", operation_id = "signControl", tag = "safety", request_body = ControlBody,
    params(("canteen" = String, Path, description = "The canteen"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = ControlView)))]
pub async fn sign_control(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<ControlBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, signature) = (path_id(&path)?, body.into_inner().read()?);
    let key = key.bind(&actor, "signControl", &(path.as_str(), &signature))?;
    let control = controls::sign(&app, actor, key, canteen, signature).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(ControlView::from(control)))
}

/// A canteen's signed controls, newest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/controls", operation_id = "listControls", tag = "safety",
    params(("canteen" = String, Path, description = "The canteen"), PageQuery), responses((status = 200, body = PageView<ControlView>)))]
pub async fn list_controls(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<ControlView>>, Problem> {
    let (limit, before) = page(&query)?;
    let found = controls::list(&app, actor, path_id(&path)?, before, i64::from(limit) + 1).await;
    let found = found.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(ControlView::from).collect(), limit, |c| c.id.to_string())))
}

/// A signed control as a form on A4: what stood on its list, what was done about each, who signed and when, and room to sign by hand.
#[utoipa::path(get, path = "/v1/controls/{control}/form", operation_id = "getControlForm", tag = "safety",
    params(("control" = String, Path, description = "The signed control")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub async fn get_control_form(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let file = form::control(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(pdf(file, "control"))
}

/// Notes that a retained sample was thrown away; before its time this is refused.
#[utoipa::path(post, path = "/v1/samples/{sample}/disposal", operation_id = "disposeOfSample", tag = "safety",
    params(("sample" = String, Path, description = "The sample"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = RetainedView)))]
pub async fn dispose_of_sample(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
) -> Result<Json<RetainedView>, Problem> {
    let (id, key) = (path_id(&path)?, key.bind(&actor, "disposeOfSample", &path.as_str())?);
    let sample = samples::dispose(&app, actor, key, id).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(sample.into()))
}

/// A refusal about safety records.
fn refused(refusal: SafetyRefusal) -> Problem {
    let problem = |cause: &str| Problem::new(P::SafetyRefused).with("cause", cause);
    match refusal {
        SafetyRefusal::ImplausibleTime => problem("implausible_time"),
        SafetyRefusal::ImplausibleTemperature => problem("implausible_temperature"),
        SafetyRefusal::PlaceDoesNotFit => problem("place_does_not_fit"),
        SafetyRefusal::CorrectedAlready => problem("corrected_already"),
        SafetyRefusal::OtherSubject => problem("other_subject"),
        SafetyRefusal::KeptTooShort { until } => problem("kept_too_short").with("until", until),
        SafetyRefusal::DisposedAlready => problem("disposed_already"),
        SafetyRefusal::NotYet => problem("not_yet"),
        SafetyRefusal::SignedAlready => problem("signed_already"),
        SafetyRefusal::Unprintable(faults) => faulty(&faults),
        SafetyRefusal::List(differs) => {
            let unanswered: Vec<RiskView> = differs.unanswered.into_iter().map(RiskView::from).collect();
            problem("list_differs").with("unanswered", unanswered).with("unknown", differs.unknown)
        }
    }
}
