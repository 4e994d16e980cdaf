//! Sponsors, whom they bear, and their bills.

use super::bills::{BillRowView, BillView};
use super::refused;
use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageQuery, PageView, page, versioned};
use crate::payouts::FileQuery;
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::never;
use crate::words::{CanteenIdText, SeniorIdText, SponsorIdText, SponsoredIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::self_pay::bill;
use app::self_pay::sponsor::{self, NewSponsor};
use app::store::column::Col;
use app::store::query::sponsors::{SponsorRow, SponsoredRow};
use domain::access::Action;
use domain::claim::Month;
use domain::fault::Faults;
use domain::id::{CanteenId, SeniorId, SponsorId, SponsoredId};
use domain::self_pay::bill::Span;
use domain::{PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/sponsors").route(web::get().to(list_sponsors)).route(web::post().to(name_sponsor)))
        .service(
            web::resource("/v1/sponsors/{sponsor}/seniors")
                .route(web::get().to(list_sponsored))
                .route(web::post().to(sponsor_senior)),
        )
        .service(web::resource("/v1/sponsored-seniors/{assignment}/end").route(web::post().to(end_sponsored)))
        .service(web::resource("/v1/sponsors/{sponsor}/bills").route(web::get().to(list_bills)).route(web::post().to(freeze_bill)))
        .service(web::resource("/v1/sponsor-bills/{bill}").route(web::get().to(get_bill)))
        .service(web::resource("/v1/sponsor-bills/{bill}/file").route(web::get().to(export_bill)))
        .service(web::resource("/v1/sponsor-bills/{bill}/payment").route(web::post().to(pay_bill)));
}

const LOOKING: Access = Access::Roles(Action::SeeClaims);
const MAKING: Access = Access::Roles(Action::Settle);
const REFUSED: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::SelfPayRefused];
const ANSWERING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale, P::SelfPayRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listSponsors", LOOKING, &[P::Invalid, P::Forbidden]),
    op("nameSponsor", MAKING, REFUSED),
    op("listSponsored", LOOKING, &[P::Invalid, P::NotFound]),
    op("sponsorSenior", MAKING, REFUSED),
    op("endSponsored", MAKING, ANSWERING),
    op("listBills", LOOKING, &[P::Invalid, P::NotFound]),
    op("freezeBill", MAKING, REFUSED),
    op("getBill", LOOKING, &[P::NotFound]),
    op("exportBill", LOOKING, &[P::NotFound]),
    op("payBill", MAKING, ANSWERING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    list_sponsors,
    name_sponsor,
    list_sponsored,
    sponsor_senior,
    end_sponsored,
    list_bills,
    freeze_bill,
    get_bill,
    export_bill,
    pay_bill
))]
pub struct Docs;

/// A sponsor who is entered.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SponsorBody {
    /// The place of whose seniors it may bear the self-pay.
    #[schema(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// By name; once a place.
    #[schema(max_length = 80, example = "暖阳一村村委会")]
    pub name: String,
    /// Who is written to about a bill; may be empty.
    #[schema(max_length = 200)]
    #[serde(default)]
    pub contact: String,
}

/// A sponsor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SponsorView {
    /// Which.
    #[schema(value_type = SponsorIdText)]
    pub id: SponsorId,
    /// Its place.
    #[schema(value_type = String)]
    pub place: PlaceCode,
    /// By name.
    pub name: String,
    /// Who is written to.
    pub contact: String,
}

impl From<SponsorRow> for SponsorView {
    fn from(row: SponsorRow) -> Self {
        Self { id: row.id.0, place: row.place_code.0, name: row.name, contact: row.contact }
    }
}

/// Whose self-pay a sponsor bears.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SponsoredBody {
    /// Whose; of the sponsor's place.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// The last day; open without one.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(default)]
    pub to: Option<ServiceDate>,
}

/// The last day of an assignment.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SponsoredEndBody {
    /// No later than the last day that was said before.
    #[schema(value_type = String, format = Date)]
    pub to: ServiceDate,
}

/// That a sponsor bears a senior's self-pay.
#[derive(Debug, Serialize, ToSchema)]
pub struct SponsoredView {
    /// Which assignment.
    #[schema(value_type = SponsoredIdText)]
    pub id: SponsoredId,
    /// For `If-Match`.
    pub version: i64,
    /// Whose.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// The last day; open without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<ServiceDate>,
}

impl From<SponsoredRow> for SponsoredView {
    fn from(row: SponsoredRow) -> Self {
        Self { id: row.id.0, version: row.version, senior: row.senior_id.0, from: row.from_on.0, to: row.to_on.map(|Col(to)| to) }
    }
}

/// What is billed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillBody {
    /// Of which canteen's meals.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The month, which is over.
    #[schema(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: Month,
}

/// That a bill was paid.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillPaymentBody {
    /// The bank's own number of the payment.
    #[schema(max_length = 64)]
    pub reference: String,
}

/// Sponsors of the caller's places, in the order in which they were entered.
#[utoipa::path(get, path = "/v1/sponsors", operation_id = "listSponsors", tag = "self-pay", params(PageQuery),
    responses((status = 200, body = PageView<SponsorView>)))]
pub async fn list_sponsors(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PageQuery>,
) -> Result<Json<PageView<SponsorView>>, Problem> {
    let (limit, after) = page(&query)?;
    let found = sponsor::list(&app, actor, after, i64::from(limit) + 1).await.map_err(never)?;
    Ok(Json(PageView::of(found.into_iter().map(SponsorView::from).collect(), limit, |row| row.id.to_string())))
}

/// Enters a sponsor: a child's employer, a village collective, a charity, who bears seniors' self-pay and gets a bill a month.
#[utoipa::path(post, path = "/v1/sponsors", operation_id = "nameSponsor", tag = "self-pay", request_body = SponsorBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = SponsorView)))]
pub async fn name_sponsor(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<SponsorBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    crate::input::text(&mut faults, "/name", &body.name, 80);
    limit_text(&mut faults, "/contact", Some(&body.contact), 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "nameSponsor", &*body)?;
    let SponsorBody { place, name, contact } = body.into_inner();
    let row = sponsor::name(&app, actor, key, NewSponsor { place, name, contact }).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(SponsorView::from(row)))
}

/// Whose self-pay a sponsor bears, in the order in which they were assigned.
#[utoipa::path(get, path = "/v1/sponsors/{sponsor}/seniors", operation_id = "listSponsored", tag = "self-pay",
    params(("sponsor" = String, Path, description = "The sponsor"), PageQuery), responses((status = 200, body = PageView<SponsoredView>)))]
pub async fn list_sponsored(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<SponsoredView>>, Problem> {
    let (limit, after) = page(&query)?;
    let found = sponsor::sponsored(&app, actor, path_id(&path)?, after, i64::from(limit) + 1).await.map_err(never)?;
    Ok(Json(PageView::of(found.into_iter().map(SponsoredView::from).collect(), limit, |row| row.id.to_string())))
}

/// Says that a sponsor bears a senior's self-pay from a day on: nothing is taken for those meals at the counter. One sponsor a day.
#[utoipa::path(post, path = "/v1/sponsors/{sponsor}/seniors", operation_id = "sponsorSenior", tag = "self-pay", request_body = SponsoredBody,
    params(("sponsor" = String, Path, description = "The sponsor"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = SponsoredView)))]
pub async fn sponsor_senior(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<SponsoredBody>,
) -> Result<HttpResponse, Problem> {
    let span = Span { from: body.from, to: body.to };
    if !span.is_sound() {
        let mut faults = Faults::default();
        faults.push("/to", "before_from", "不能早于开始日期", "must not lie before the first day");
        return Err(Problem::invalid(&faults));
    }
    let of = path_id(&path)?;
    let key = key.bind(&actor, "sponsorSenior", &(path.as_str(), &*body))?;
    let row = sponsor::assign(&app, actor, key, (of, body.senior), span).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Created(), row.version, &SponsoredView::from(row)))
}

/// Gives an assignment its last day. What was billed stays billed.
#[utoipa::path(post, path = "/v1/sponsored-seniors/{assignment}/end", operation_id = "endSponsored", tag = "self-pay", request_body = SponsoredEndBody,
    params(("assignment" = String, Path, description = "The assignment"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = SponsoredView)))]
pub async fn end_sponsored(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    IfMatch(version): IfMatch,
    body: Json<SponsoredEndBody>,
) -> Result<HttpResponse, Problem> {
    let row = sponsor::end(&app, actor, path_id(&path)?, version, body.to).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Ok(), row.version, &SponsoredView::from(row)))
}

/// The bills of a sponsor, newest first.
#[utoipa::path(get, path = "/v1/sponsors/{sponsor}/bills", operation_id = "listBills", tag = "self-pay",
    params(("sponsor" = String, Path, description = "The sponsor"), PageQuery), responses((status = 200, body = PageView<BillRowView>)))]
pub async fn list_bills(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<BillRowView>>, Problem> {
    let (limit, before) = page(&query)?;
    let found = bill::list(&app, actor, path_id(&path)?, before, i64::from(limit) + 1).await.map_err(never)?;
    Ok(Json(PageView::of(found.into_iter().map(BillRowView::from).collect(), limit, |row| row.id.to_string())))
}

/// Freezes what a sponsor owes a canteen for a month that is over: served meals that it bears and nobody has paid, with those that came
/// late for months before, less what it was charged too much. Once a month; nothing of it changes afterwards.
#[utoipa::path(post, path = "/v1/sponsors/{sponsor}/bills", operation_id = "freezeBill", tag = "self-pay", request_body = BillBody,
    params(("sponsor" = String, Path, description = "The sponsor"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = BillRowView)))]
pub async fn freeze_bill(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<BillBody>,
) -> Result<HttpResponse, Problem> {
    let of = path_id(&path)?;
    let key = key.bind(&actor, "freezeBill", &(path.as_str(), &*body))?;
    let row = bill::freeze(&app, actor, key, (of, body.canteen), body.month).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Created(), row.version, &BillRowView::from(row)))
}

/// One bill with its lines. Its ETag is its version.
#[utoipa::path(get, path = "/v1/sponsor-bills/{bill}", operation_id = "getBill", tag = "self-pay",
    params(("bill" = String, Path, description = "The bill")), responses((status = 200, body = BillView)))]
pub async fn get_bill(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = bill::get(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(versioned(HttpResponse::Ok(), card.bill.version, &BillView::from(card)))
}

/// A bill as a file, to be sent to its sponsor; people masked. The same bill gives the same bytes.
#[utoipa::path(get, path = "/v1/sponsor-bills/{bill}/file", operation_id = "exportBill", tag = "self-pay",
    params(("bill" = String, Path, description = "The bill"), FileQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_bill(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    let format = query.format.into();
    let bytes = bill::file(&app, actor, id, format).await.map_err(never)?;
    Ok(crate::download::download_as(format, format!("bill-{id}")).body(bytes))
}

/// Writes down that a bill was paid, under the bank's own number.
#[utoipa::path(post, path = "/v1/sponsor-bills/{bill}/payment", operation_id = "payBill", tag = "self-pay", request_body = BillPaymentBody,
    params(("bill" = String, Path, description = "The bill"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = BillRowView)))]
pub async fn pay_bill(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    IfMatch(version): IfMatch,
    body: Json<BillPaymentBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    crate::input::text(&mut faults, "/reference", &body.reference, 64);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let row = bill::paid(&app, actor, path_id(&path)?, version, body.into_inner().reference).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Ok(), row.version, &BillRowView::from(row)))
}
