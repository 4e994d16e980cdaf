//! Reports on subsidies: a month in figures, who is entitled and eats without, and the month by mail.

mod views;

use crate::download::{XLSX, download};
use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, cursor_of, limit_of};
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::never;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::reports::mail::{self, SubscriptionRefusal};
use app::reports::unused::{self, Wanted};
use app::reports::{month, workbook};
use app::tabular::Language;
use domain::access::Action;
use domain::fault::Faults;
use domain::{Fen, PlaceCode};
use views::{EntitledView, MonthReportView, ReportFileQuery, ReportQuery, SubscriptionView, SubscriptionsView, UnusedQuery};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/reports/subsidies").route(web::get().to(get_subsidy_report)))
        .service(web::resource("/v1/reports/subsidies.xlsx").route(web::get().to(export_subsidy_report)))
        .service(web::resource("/v1/reports/unused-entitlements").route(web::get().to(list_unused_entitlements)))
        .service(web::resource("/v1/report-subscriptions").route(web::get().to(list_report_subscriptions)))
        .service(
            web::resource("/v1/report-subscriptions/{place}")
                .route(web::put().to(subscribe_report))
                .route(web::delete().to(unsubscribe_report)),
        );
}

const MONEY: Access = Access::Roles(Action::SeeClaims);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("getSubsidyReport", MONEY, &[P::Forbidden, P::NotFound]),
    op("exportSubsidyReport", MONEY, &[P::Forbidden, P::NotFound]),
    op("listUnusedEntitlements", Access::Roles(Action::SeeSeniors), &[P::Invalid, P::Forbidden, P::NotFound]),
    op("listReportSubscriptions", MONEY, &[P::Forbidden]),
    op("subscribeReport", MONEY, &[P::Forbidden, P::NotFound, P::Invalid]),
    op("unsubscribeReport", MONEY, &[P::Forbidden, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    get_subsidy_report,
    export_subsidy_report,
    list_unused_entitlements,
    list_report_subscriptions,
    subscribe_report,
    unsubscribe_report
))]
pub struct Docs;

/// What the claims of a month come to at a place and below: by funder, policy version, economic class, canteen and day, each to the same
/// total. Corrections stand with the month of their meal.
#[utoipa::path(get, path = "/v1/reports/subsidies", operation_id = "getSubsidyReport", tag = "reports", params(ReportQuery),
    responses((status = 200, body = MonthReportView)))]
pub async fn get_subsidy_report(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<ReportQuery>,
) -> Result<Json<MonthReportView>, Problem> {
    let ReportQuery { place, month: of } = query.into_inner();
    let report = month(&app, actor, place.clone(), of).await.map_err(never)?;
    Ok(Json(MonthReportView::of(&report, place, of)))
}

/// The same as a workbook: a sheet for each breakdown, amounts as numbers in yuan. The same figures give the same bytes.
#[utoipa::path(get, path = "/v1/reports/subsidies.xlsx", operation_id = "exportSubsidyReport", tag = "reports", params(ReportFileQuery),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>)))]
pub async fn export_subsidy_report(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<ReportFileQuery>,
) -> Result<HttpResponse, Problem> {
    let ReportFileQuery { place, month: of, english } = query.into_inner();
    let report = month(&app, actor, place.clone(), of).await.map_err(never)?;
    let language = if english.unwrap_or(false) { Language::English } else { Language::Chinese };
    let bytes = workbook::workbook(&report, &place, of, language).map_err(|e| never(e.into()))?;
    Ok(download(XLSX, format!("subsidies-{place}-{of}.xlsx")).body(bytes))
}

/// Seniors of a place whom the policies in force would grant something, and who had no subsidized meal in a month (应补尽补). A page may be
/// short, or empty, and still have a next one.
#[utoipa::path(get, path = "/v1/reports/unused-entitlements", operation_id = "listUnusedEntitlements", tag = "reports", params(UnusedQuery),
    responses((status = 200, body = PageView<EntitledView>)))]
pub async fn list_unused_entitlements(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<UnusedQuery>,
) -> Result<Json<PageView<EntitledView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (limit, after) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let price = query.price_fen.map_or(unused::PRICE, |fen| Fen(i64::from(fen)));
    let wanted = Wanted { place: query.place, month: query.month, price };
    let (found, next) = unused::page(&app, actor, wanted, after, usize::from(limit)).await.map_err(never)?;
    let next = next.map(|id| cursor_of(&id.to_string()));
    Ok(Json(PageView { items: found.into_iter().map(EntitledView::from).collect(), next }))
}

/// The places whose monthly report the caller gets by mail.
#[utoipa::path(get, path = "/v1/report-subscriptions", operation_id = "listReportSubscriptions", tag = "reports",
    responses((status = 200, body = SubscriptionsView)))]
pub async fn list_report_subscriptions(app: Data<App>, Signed(actor): Signed) -> Result<Json<SubscriptionsView>, Problem> {
    let rows = mail::list(&app, actor).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(SubscriptionsView { items: rows.into_iter().map(SubscriptionView::from).collect() }))
}

/// Puts a district, or a place below one, on the caller's list: from the second of each month on its report of the month before comes to
/// the address that was set and proved under notices, with the workbook attached.
#[utoipa::path(put, path = "/v1/report-subscriptions/{place}", operation_id = "subscribeReport", tag = "reports",
    params(("place" = String, Path, description = "The place")), responses((status = 204)))]
pub async fn subscribe_report(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    mail::subscribe(&app, actor, place_in(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a place off the list.
#[utoipa::path(delete, path = "/v1/report-subscriptions/{place}", operation_id = "unsubscribeReport", tag = "reports",
    params(("place" = String, Path, description = "The place")), responses((status = 204)))]
pub async fn unsubscribe_report(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    mail::unsubscribe(&app, actor, place_in(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

fn place_in(path: &str) -> Result<PlaceCode, Problem> {
    PlaceCode::parse(path).map_err(|_| Problem::new(P::NotFound).with("missing", "place"))
}

fn refused(refusal: SubscriptionRefusal) -> Problem {
    let mut faults = Faults::default();
    match refusal {
        SubscriptionRefusal::TooWide => {
            faults.push("/place", "too_wide", "月报最大到区县一级", "a report is of a district at most");
        }
        SubscriptionRefusal::TooMany => {
            faults.push("/place", "too_many", "最多订阅 20 个区划", "a list holds 20 places at most");
        }
    }
    Problem::invalid(&faults)
}
