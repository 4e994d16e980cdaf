//! Payees: the bank accounts of canteens, entered by one person and confirmed by another.

use crate::extract::{IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::versioned;
use crate::problem::{Problem, ProblemCode};
use crate::settlements::{never, refused};
use crate::words::{UserIdText, path_id};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::settlements::payee::{self, NewPayee, PayeeCard};
use domain::Instant;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::UserId;
use domain::settlement::payee::AccountNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/canteens/{canteen}/payee").route(web::get().to(get_payee)).route(web::put().to(enter_payee)))
        .service(web::resource("/v1/canteens/{canteen}/payee/confirmation").route(web::post().to(confirm_payee)));
}

const OF_LOOKING: &[ProblemCode] = &[ProblemCode::NotFound];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("getPayee", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op(
        "enterPayee",
        Access::Roles(Action::Settle),
        &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::Stale],
    ),
    op(
        "confirmPayee",
        Access::Roles(Action::ApproveSettlement),
        &[ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::Stale, ProblemCode::SettlementState],
    ),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_payee, enter_payee, confirm_payee))]
pub struct Docs;

/// Where a canteen's money goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayeeView {
    /// For `If-Match`.
    pub version: i64,
    /// The holder of the account.
    pub holder: String,
    /// The bank.
    pub bank: String,
    /// The account's last four digits.
    #[schema(example = "****5702")]
    pub account: String,
    /// Who entered it.
    #[schema(value_type = UserIdText)]
    pub entered_by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub entered_at: Instant,
    /// Who confirmed it; nothing is paid to it before.
    #[schema(value_type = Option<UserIdText>)]
    pub confirmed_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Instant>,
}

impl From<PayeeCard> for PayeeView {
    fn from(of: PayeeCard) -> Self {
        Self {
            version: of.version,
            holder: of.holder,
            bank: of.bank,
            account: of.account,
            entered_by: of.entered_by,
            entered_at: of.entered_at,
            confirmed_by: of.confirmed_by,
            confirmed_at: of.confirmed_at,
        }
    }
}

/// A canteen's account, masked. Its ETag is its version.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/payee", operation_id = "getPayee", tag = "payouts",
    params(("canteen" = String, Path, description = "The canteen")), responses((status = 200, body = PayeeView)))]
pub async fn get_payee(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = payee::get(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(versioned(HttpResponse::Ok(), card.version, &PayeeView::from(card)))
}

/// An account to enter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeeBody {
    /// The holder of the account, as the bank has it.
    #[schema(max_length = 120, example = "暖阳餐饮服务有限公司")]
    pub holder: String,
    /// The bank and its branch.
    #[schema(max_length = 120, example = "示范银行暖阳支行")]
    pub bank: String,
    /// 8 to 32 digits.
    #[schema(example = "6222021001116245702")]
    pub account: String,
}

/// Enters a canteen's account; in place of one that is there, with its version in If-Match. Nothing is paid to it before somebody
/// else confirms it.
#[utoipa::path(put, path = "/v1/canteens/{canteen}/payee", operation_id = "enterPayee", tag = "payouts", request_body = PayeeBody,
    params(("canteen" = String, Path, description = "The canteen"), ("If-Match" = Option<String>, Header, description = "The version that was read, when there is one")),
    responses((status = 200, body = PayeeView)))]
pub async fn enter_payee(
    app: Data<App>,
    Signed(actor): Signed,
    request: HttpRequest,
    path: Path<String>,
    body: Json<PayeeBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    crate::input::text(&mut faults, "/holder", &body.holder, 120);
    crate::input::text(&mut faults, "/bank", &body.bank, 120);
    let account = AccountNumber::parse(&body.account).ok();
    if account.is_none() {
        faults.push("/account", "bad_account", "银行账号须为 8 到 32 位数字", "a bank account has 8 to 32 digits");
    }
    let (Some(account), Ok(())) = (account, faults.clone().into_result(())) else { return Err(Problem::invalid(&faults)) };
    let version = IfMatch::of(&request).ok().map(|IfMatch(version)| version);
    let new = NewPayee { holder: body.holder, bank: body.bank, account };
    let card = payee::enter(&app, actor, path_id(&path)?, version, new).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Ok(), card.version, &PayeeView::from(card)))
}

/// Confirms a canteen's account, by a right over the whole district. Whoever entered it may not.
#[utoipa::path(post, path = "/v1/canteens/{canteen}/payee/confirmation", operation_id = "confirmPayee", tag = "payouts",
    params(("canteen" = String, Path, description = "The canteen"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = PayeeView)))]
pub async fn confirm_payee(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    IfMatch(version): IfMatch,
) -> Result<HttpResponse, Problem> {
    let card = payee::confirm(&app, actor, path_id(&path)?, version).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Ok(), card.version, &PayeeView::from(card)))
}
