//! Shifts: a till with a float, counted at the end, confirmed by another.

use super::views::{
    HandInBody, OpenShiftBody, OwnShiftView, ShiftCountBody, ShiftNoteBody, ShiftQuery, ShiftStatementView, ShiftView,
};
use super::{ENTERING, amount, refused};
use crate::extract::{IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageView, cursor_id, limit_of, versioned};
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::never;
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::self_pay::look::{self, Statement};
use app::self_pay::shift::{self, Counted, HandIn};
use app::store::query::self_pay::ShiftFilter;
use domain::access::Action;
use domain::fault::Faults;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/canteens/{canteen}/shifts").route(web::get().to(list_shifts)))
        .service(web::resource("/v1/canteens/{canteen}/shifts/own").route(web::get().to(get_own_shift)))
        .service(web::resource("/v1/canteens/{canteen}/shifts/{shift}").route(web::put().to(open_shift)))
        .service(web::resource("/v1/canteens/{canteen}/hand-ins/{entry}").route(web::put().to(hand_in_cash)))
        .service(web::resource("/v1/shifts/{shift}").route(web::get().to(get_shift)))
        .service(web::resource("/v1/shifts/{shift}/count").route(web::post().to(close_shift)))
        .service(web::resource("/v1/shifts/{shift}/confirmation").route(web::post().to(confirm_shift)));
}

const ANSWERING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale, P::SelfPayRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listShifts", Access::Roles(Action::SeeTakings), &[P::Invalid, P::Forbidden, P::NotFound]),
    op("getOwnShift", Access::Roles(Action::TakeCash), &[P::Forbidden, P::NotFound]),
    op("openShift", Access::Roles(Action::TakeCash), ENTERING),
    op("handInCash", Access::Roles(Action::TakeCash), ENTERING),
    op("getShift", Access::Roles(Action::SeeTakings), &[P::NotFound]),
    op("closeShift", Access::Assigned(Action::TakeCash, Action::ConfirmShift), ANSWERING),
    op("confirmShift", Access::Roles(Action::ConfirmShift), ANSWERING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_shifts, get_own_shift, open_shift, hand_in_cash, get_shift, close_shift, confirm_shift))]
pub struct Docs;

fn told(of: Statement) -> HttpResponse {
    versioned(HttpResponse::Ok(), of.row.version, &ShiftStatementView::from(of))
}

/// Shifts of a canteen, newest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/shifts", operation_id = "listShifts", tag = "self-pay",
    params(("canteen" = String, Path, description = "The canteen"), ShiftQuery), responses((status = 200, body = PageView<ShiftView>)))]
pub async fn list_shifts(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<ShiftQuery>,
) -> Result<Json<PageView<ShiftView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (limit, before) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = ShiftFilter { state: query.state, of: None, before, limit: i64::from(limit) + 1 };
    let found = look::shifts(&app, actor, path_id(&path)?, filter).await.map_err(never)?;
    Ok(Json(PageView::of(found.into_iter().map(ShiftView::from).collect(), limit, |row| row.id.to_string())))
}

/// The caller's own open shift at a canteen, with everything that moved.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/shifts/own", operation_id = "getOwnShift", tag = "self-pay",
    params(("canteen" = String, Path, description = "The canteen")), responses((status = 200, body = OwnShiftView)))]
pub async fn get_own_shift(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<OwnShiftView>, Problem> {
    let open = look::own(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(Json(OwnShiftView { open: open.map(ShiftStatementView::from) }))
}

/// Opens the caller's shift at a canteen, with money for change. One is open for each person at a canteen. The client makes the
/// identifier, so the same may be sent again.
#[utoipa::path(put, path = "/v1/canteens/{canteen}/shifts/{shift}", operation_id = "openShift", tag = "self-pay", request_body = OpenShiftBody,
    params(("canteen" = String, Path, description = "The canteen"), ("shift" = String, Path, description = "Made by the client: shf_ and 32 hexadecimal digits")),
    responses((status = 200, body = ShiftStatementView)))]
pub async fn open_shift(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
    body: Json<OpenShiftBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let float = amount(&mut faults, "/float_fen", body.float_fen, 0);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let (canteen, id) = (path_id(&path.0)?, path_id(&path.1)?);
    Ok(told(shift::open(&app, actor, id, canteen, float).await.map_err(refused)?))
}

/// Takes into the caller's own shift what another had collected: a courier's cash, back from the doors. The client makes the identifier.
#[utoipa::path(put, path = "/v1/canteens/{canteen}/hand-ins/{entry}", operation_id = "handInCash", tag = "self-pay", request_body = HandInBody,
    params(("canteen" = String, Path, description = "The canteen"), ("entry" = String, Path, description = "Made by the client: ent_ and 32 hexadecimal digits")),
    responses((status = 200, body = ShiftStatementView)))]
pub async fn hand_in_cash(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
    body: Json<HandInBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let fen = amount(&mut faults, "/amount_fen", body.amount_fen, 1);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let what = HandIn { id: path_id(&path.1)?, from: body.from, fen };
    Ok(told(shift::hand_in(&app, actor, path_id(&path.0)?, what).await.map_err(refused)?))
}

/// One shift with everything that moved. Its ETag is its version.
#[utoipa::path(get, path = "/v1/shifts/{shift}", operation_id = "getShift", tag = "self-pay",
    params(("shift" = String, Path, description = "The shift")), responses((status = 200, body = ShiftStatementView)))]
pub async fn get_shift(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(told(look::shift(&app, actor, path_id(&path)?).await.map_err(never)?))
}

/// Closes a shift with what was counted: all of it goes into the safe, and what is missing or too much is booked as that, with a reason. By
/// whoever has the till, or by the canteen's manager.
#[utoipa::path(post, path = "/v1/shifts/{shift}/count", operation_id = "closeShift", tag = "self-pay", request_body = ShiftCountBody,
    params(("shift" = String, Path, description = "The shift"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = ShiftStatementView)))]
pub async fn close_shift(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    IfMatch(version): IfMatch,
    body: Json<ShiftCountBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    let fen = amount(&mut faults, "/counted_fen", body.counted_fen, 0);
    limit_text(&mut faults, "/reason", Some(&body.reason), 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let counted = Counted { fen, reason: body.reason };
    Ok(told(shift::close(&app, actor, path_id(&path)?, version, counted).await.map_err(refused)?))
}

/// Confirms the count of a closed shift: another than who had the till and who counted. Nothing of it changes afterwards.
#[utoipa::path(post, path = "/v1/shifts/{shift}/confirmation", operation_id = "confirmShift", tag = "self-pay", request_body = ShiftNoteBody,
    params(("shift" = String, Path, description = "The shift"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = ShiftStatementView)))]
pub async fn confirm_shift(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    IfMatch(version): IfMatch,
    body: Json<ShiftNoteBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    limit_text(&mut faults, "/note", Some(&body.note), 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    Ok(told(shift::confirm(&app, actor, path_id(&path)?, version, body.note).await.map_err(refused)?))
}
