//! Suppliers and their licences; health certificates of staff.

use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::lots::refused;
use crate::operations::{Access, Operation, op};
use crate::orders::limit_text;
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{CertificateIdText, SupplierIdText, SupplierStateWord, UserIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::batches::certificates::{self, CertificateDraft};
use app::ingredients::suppliers::{self, SupplierDraft};
use app::ingredients::view;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{CertificateId, SupplierId, UserId};
use domain::lot::SupplierState;
use domain::{Sensitive, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/canteens/{canteen}/suppliers")
                .route(web::post().to(add_supplier))
                .route(web::get().to(list_suppliers)),
        )
        .service(web::resource("/v1/suppliers/{supplier}").route(web::put().to(change_supplier)))
        .service(web::resource("/v1/canteens/{canteen}/health-certificates").route(web::post().to(record_certificate)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("addSupplier", Access::Roles(Action::KitchenRecords), &[P::Invalid, P::Forbidden, P::NotFound, P::Conflict]),
    op("listSuppliers", Access::Roles(Action::SeeTrace), &[P::Invalid, P::Forbidden, P::NotFound]),
    op("changeSupplier", Access::Roles(Action::KitchenRecords), &[P::Invalid, P::Forbidden, P::NotFound, P::Stale]),
    op("recordHealthCertificate", Access::Roles(Action::KitchenRecords), &[P::Invalid, P::Forbidden, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(add_supplier, list_suppliers, change_supplier, record_certificate))]
pub struct Docs;

/// A name, licence or address has at most so many characters.
const TEXT_MAX: usize = 200;

/// A supplier as it is written down.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierBody {
    /// Its name.
    #[schema(max_length = 200, example = "春风农产品有限公司")]
    pub name: String,
    /// Its food licence's number.
    #[schema(max_length = 200, example = "JY13301060000001")]
    pub licence_no: String,
    /// The licence's last day.
    #[schema(value_type = String, format = Date)]
    pub licence_expires_on: ServiceDate,
    /// Its address.
    #[schema(max_length = 200)]
    pub address: String,
    /// Its business phone.
    #[schema(max_length = 200)]
    pub phone: String,
    /// Whether it is bought from; absent is yes.
    #[schema(value_type = Option<SupplierStateWord>)]
    pub state: Option<SupplierState>,
}

/// A supplier.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierView {
    /// Its identifier.
    #[schema(value_type = SupplierIdText)]
    pub id: SupplierId,
    /// Its name.
    pub name: String,
    /// Its food licence's number.
    pub licence_no: String,
    /// The licence's last day.
    #[schema(value_type = String, format = Date)]
    pub licence_expires_on: ServiceDate,
    /// Its address.
    pub address: String,
    /// Its business phone.
    pub phone: String,
    /// Whether it is bought from.
    #[schema(value_type = SupplierStateWord)]
    pub state: SupplierState,
    /// Counts changes; the ETag.
    pub version: i64,
}

impl From<view::SupplierView> for SupplierView {
    fn from(s: view::SupplierView) -> Self {
        Self {
            id: s.supplier,
            name: s.name,
            licence_no: s.licence_no,
            licence_expires_on: s.licence_expires_on,
            address: s.address,
            phone: s.phone,
            state: s.state,
            version: s.version,
        }
    }
}

fn draft(body: &SupplierBody) -> Result<SupplierDraft, Problem> {
    let mut faults = Faults::default();
    for (place, text) in
        [("/name", &body.name), ("/licence_no", &body.licence_no), ("/address", &body.address), ("/phone", &body.phone)]
    {
        required(&mut faults, place, text);
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    Ok(SupplierDraft {
        name: body.name.clone(),
        licence_no: body.licence_no.clone(),
        licence_expires_on: body.licence_expires_on,
        address: body.address.clone(),
        phone: body.phone.clone(),
    })
}

/// A text that must be there, within the limit.
pub(crate) fn required(faults: &mut Faults, place: &str, text: &str) {
    limit_text(faults, place, Some(text), TEXT_MAX);
    if text.trim().is_empty() {
        faults.push(place, "required", "必须填写", "must be given");
    }
}

/// Adds a supplier to a canteen's list.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/suppliers", operation_id = "addSupplier", tag = "ingredients", request_body = SupplierBody,
    params(("canteen" = String, Path, description = "The canteen"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = SupplierView)))]
pub async fn add_supplier(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<SupplierBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, draft) = (path_id(&path)?, draft(&body)?);
    let key = key.bind(&actor, "addSupplier", &(path.as_str(), &draft))?;
    let answer = suppliers::add(&app, actor, key, canteen, draft).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().insert_header(("ETag", format!("\"{}\"", answer.version))).json(SupplierView::from(answer)))
}

/// A canteen's suppliers, oldest first.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/suppliers", operation_id = "listSuppliers", tag = "ingredients",
    params(("canteen" = String, Path, description = "The canteen"), PageQuery), responses((status = 200, body = PageView<SupplierView>)))]
pub async fn list_suppliers(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<SupplierView>>, Problem> {
    let (limit, after) = page(&query)?;
    let all = suppliers::list(&app, actor, path_id(&path)?, after, i64::from(limit) + 1).await;
    let all = all.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(PageView::of(all.into_iter().map(SupplierView::from).collect(), limit, |s| s.id.to_string())))
}

/// Changes a supplier: a renewed licence, a new address, or that it is no longer bought from.
#[utoipa::path(put, path = "/v1/suppliers/{supplier}", operation_id = "changeSupplier", tag = "ingredients", request_body = SupplierBody,
    params(("supplier" = String, Path, description = "The supplier"), ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 200, body = SupplierView)))]
pub async fn change_supplier(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<SupplierBody>,
) -> Result<HttpResponse, Problem> {
    let (id, state) = (path_id(&path)?, body.state.unwrap_or(SupplierState::Active));
    let answer = suppliers::change(&app, actor, id, version, draft(&body)?, state).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Ok().insert_header(("ETag", format!("\"{}\"", answer.version))).json(SupplierView::from(answer)))
}

/// A health certificate as it is recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateBody {
    /// Whose.
    #[schema(value_type = UserIdText)]
    pub user: UserId,
    /// The number on it; stored sealed, never shown.
    #[schema(max_length = 200)]
    pub number: String,
    /// The day of the check.
    #[schema(value_type = String, format = Date)]
    pub issued_on: ServiceDate,
    /// The last day printed on it.
    #[schema(value_type = String, format = Date)]
    pub expires_on: ServiceDate,
}

/// A health certificate on record, without its number.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateView {
    /// Its identifier.
    #[schema(value_type = CertificateIdText)]
    pub id: CertificateId,
    /// Whose.
    #[schema(value_type = UserIdText)]
    pub user: UserId,
    /// The day of the check.
    #[schema(value_type = String, format = Date)]
    pub issued_on: ServiceDate,
    /// The last day printed on it.
    #[schema(value_type = String, format = Date)]
    pub expires_on: ServiceDate,
}

/// Records the health certificate of somebody who works in the kitchen; the gate looks for it.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/health-certificates", operation_id = "recordHealthCertificate", tag = "ingredients",
    request_body = CertificateBody,
    params(("canteen" = String, Path, description = "The canteen"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = CertificateView)))]
pub async fn record_certificate(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<CertificateBody>,
) -> Result<HttpResponse, Problem> {
    let (canteen, mut faults) = (path_id(&path)?, Faults::default());
    required(&mut faults, "/number", &body.number);
    if body.expires_on < body.issued_on {
        faults.push("/expires_on", "before_start", "到期日不能早于发证日", "must not lie before issued_on");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let request = (path.as_str(), body.user, &body.number, body.issued_on, body.expires_on);
    let key = key.bind(&actor, "recordHealthCertificate", &request)?;
    let draft = CertificateDraft {
        user: body.user,
        number: Sensitive::new(body.number.clone()),
        issued_on: body.issued_on,
        expires_on: body.expires_on,
    };
    let c = certificates::record(&app, actor, key, canteen, draft).await.map_err(|f| Problem::of(f, crate::batches::refused))?;
    let view = CertificateView { id: c.certificate, user: c.user, issued_on: c.issued_on, expires_on: c.expires_on };
    Ok(HttpResponse::Created().json(view))
}
