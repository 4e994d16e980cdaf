//! Anomalies: what does not fit in the served meals, the cases, and the limits of places.

mod views;

use crate::extract::{IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, limit_of, versioned};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{AnomalyRuleWord, AnomalyStateWord, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::anomalies::{self, AnomalyRefusal, look, settings};
use app::store::query::anomalies::AnomalyFilter;
use domain::PlaceCode;
use domain::access::Action;
use domain::anomaly::CaseRejection;
use domain::fault::Faults;
use views::{
    AnomalyCardView, AnomalyFindingBody, AnomalyQuery, AnomalySettingsBody, AnomalySettingsQuery, AnomalySettingsView, AnomalyView,
};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/anomalies").route(web::get().to(list_anomalies)))
        .service(web::resource("/v1/anomalies/{case}").route(web::get().to(get_anomaly)))
        .service(web::resource("/v1/anomalies/{case}/take").route(web::post().to(take_anomaly)))
        .service(web::resource("/v1/anomalies/{case}/close").route(web::post().to(close_anomaly)))
        .service(
            web::resource("/v1/places/{place}/anomaly-settings")
                .route(web::get().to(get_anomaly_settings))
                .route(web::put().to(put_anomaly_settings)),
        );
}

const SEEING: Access = Access::Roles(Action::SeeAnomalies);
const CLOSING: Access = Access::Roles(Action::CloseAnomalies);
const TUNING: Access = Access::Roles(Action::TuneAnomalies);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listAnomalies", SEEING, &[P::Invalid, P::Forbidden]),
    op("getAnomaly", SEEING, &[P::NotFound]),
    op("takeAnomaly", CLOSING, &[P::Forbidden, P::NotFound, P::AnomalyRefused]),
    op("closeAnomaly", CLOSING, &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale, P::AnomalyRefused]),
    op("getAnomalySettings", SEEING, &[P::NotFound]),
    op("putAnomalySettings", TUNING, &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(list_anomalies, get_anomaly, take_anomaly, close_anomaly, get_anomaly_settings, put_anomaly_settings),
    components(schemas(AnomalyRuleWord, AnomalyStateWord))
)]
pub struct Docs;

/// Cases that concern canteens in the caller's places, newest first. A case accuses nobody and stops no payment: it says what was
/// compared, and waits for somebody to say what it was.
#[utoipa::path(get, path = "/v1/anomalies", operation_id = "listAnomalies", tag = "anomalies", params(AnomalyQuery),
    responses((status = 200, body = PageView<AnomalyView>)))]
pub async fn list_anomalies(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<AnomalyQuery>,
) -> Result<Json<PageView<AnomalyView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (limit, before) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let AnomalyQuery { place, rule, state, from, to, settlement, .. } = query;
    let filter = AnomalyFilter { place, rule, state, from, to, settlement, before, limit: i64::from(limit) + 1 };
    let found = look::list(&app, actor, filter).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(found.into_iter().map(AnomalyView::from).collect(), limit, |case| case.id.to_string())))
}

/// One case: what was compared with which limit, in which window, and the meals by which it was found. Its ETag is its version.
#[utoipa::path(get, path = "/v1/anomalies/{case}", operation_id = "getAnomaly", tag = "anomalies",
    params(("case" = String, Path, description = "The case")), responses((status = 200, body = AnomalyCardView)))]
pub async fn get_anomaly(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = look::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Ok(), card.row.version, &AnomalyCardView::from(card)))
}

/// Takes a case, from whoever has it: from then on the caller answers for it. Nobody takes one that concerns a canteen they work for, or
/// of whose meals they recorded one.
#[utoipa::path(post, path = "/v1/anomalies/{case}/take", operation_id = "takeAnomaly", tag = "anomalies",
    params(("case" = String, Path, description = "The case")), responses((status = 200, body = AnomalyCardView)))]
pub async fn take_anomaly(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = anomalies::take(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Ok(), card.row.version, &AnomalyCardView::from(card)))
}

/// Closes a case with what it was. It stays as it was closed; evidence that comes later opens another. The version tells that all of the
/// evidence has been seen.
#[utoipa::path(post, path = "/v1/anomalies/{case}/close", operation_id = "closeAnomaly", tag = "anomalies",
    request_body = AnomalyFindingBody,
    params(("case" = String, Path, description = "The case"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = AnomalyCardView)))]
pub async fn close_anomaly(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    IfMatch(version): IfMatch,
    body: Json<AnomalyFindingBody>,
) -> Result<HttpResponse, Problem> {
    body.check().map_err(|f| Problem::invalid(&f))?;
    let AnomalyFindingBody { finding, note } = body.into_inner();
    let closed = anomalies::close(&app, actor, path_id(&path)?, version, (finding, note)).await;
    let card = closed.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Ok(), card.row.version, &AnomalyCardView::from(card)))
}

/// The limits that hold at a place on a day, each with where it comes from, and what the place has set for itself.
#[utoipa::path(get, path = "/v1/places/{place}/anomaly-settings", operation_id = "getAnomalySettings", tag = "anomalies",
    params(("place" = String, Path, description = "The place's code"), AnomalySettingsQuery),
    responses((status = 200, body = AnomalySettingsView)))]
pub async fn get_anomaly_settings(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<AnomalySettingsQuery>,
) -> Result<Json<AnomalySettingsView>, Problem> {
    let found = settings::find(&app, actor, place_of(&path)?, query.on).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(found.into()))
}

/// Sets limits of a place from a day on; the nearest place up the tree wins. A rule is switched off by its switch, with the reason. Days
/// before keep what held on them.
#[utoipa::path(put, path = "/v1/places/{place}/anomaly-settings", operation_id = "putAnomalySettings", tag = "anomalies",
    request_body = AnomalySettingsBody, params(("place" = String, Path, description = "The place's code")),
    responses((status = 200, body = AnomalySettingsView)))]
pub async fn put_anomaly_settings(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<AnomalySettingsBody>,
) -> Result<Json<AnomalySettingsView>, Problem> {
    let place = place_of(&path)?;
    let (from, items) = body.into_inner().check().map_err(|f| Problem::invalid(&f))?;
    let found = settings::put(&app, actor, place, from, items).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(found.into()))
}

/// A code of a path; a malformed one is as absent as an unknown one.
fn place_of(text: &str) -> Result<PlaceCode, Problem> {
    PlaceCode::parse(text).map_err(|_| Problem::new(P::NotFound).with("what", "place"))
}

/// A refusal about anomalies.
fn refused(refusal: AnomalyRefusal) -> Problem {
    let problem = |cause: &str| Problem::new(P::AnomalyRefused).with("cause", cause);
    let own = || {
        Problem::new(P::Forbidden).with("cause", "concerned").advise(
            "与该助餐点有关的人员不能办理，请由其他专员处理",
            "It concerns a canteen that you work for, or a meal that you recorded: somebody else must",
        )
    };
    match refusal {
        AnomalyRefusal::Case(CaseRejection::Closed) => problem("closed"),
        AnomalyRefusal::Case(CaseRejection::TakenByAnother(user)) => problem("taken_by_another").with("taken_by", user),
        AnomalyRefusal::Case(CaseRejection::Concerned) | AnomalyRefusal::OwnCanteen => own(),
        AnomalyRefusal::InThePast(today) => {
            let mut faults = Faults::default();
            faults.push("/from", "in_the_past", format!("最早为 {today}"), format!("must be {today} or later"));
            Problem::invalid(&faults)
        }
    }
}
