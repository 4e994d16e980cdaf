//! Wallets: filled with cash, seen by the senior and family, paid out to who leaves.

use super::views::{LeavingBody, TopUpBody, WalletStatementView, WalletView, WalletsView};
use super::{ENTERING, amount, refused};
use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::{never, reason};
use crate::words::path_id;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::self_pay::wallet::{self, Which};
use domain::access::{Action, FamilyScope};
use domain::fault::Faults;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/seniors/{senior}/wallets").route(web::get().to(list_wallets)))
        .service(web::resource("/v1/seniors/{senior}/wallets/{canteen}").route(web::get().to(get_wallet)))
        .service(web::resource("/v1/seniors/{senior}/wallets/{canteen}/top-ups/{entry}").route(web::put().to(top_up_wallet)))
        .service(
            web::resource("/v1/seniors/{senior}/wallets/{canteen}/leaving")
                .route(web::put().to(leave_wallet))
                .route(web::delete().to(keep_wallet)),
        )
        .service(web::resource("/v1/seniors/{senior}/wallets/{canteen}/pay-outs/{entry}").route(web::put().to(pay_out_wallet)));
}

const LOOKING: Access = Access::RolesOrFamily(Action::SellAtCounter, FamilyScope::Pay);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listWallets", LOOKING, &[P::NotFound]),
    op("getWallet", LOOKING, &[P::Invalid, P::NotFound]),
    op("topUpWallet", Access::Roles(Action::SellAtCounter), ENTERING),
    op("leaveWallet", Access::Roles(Action::ConfirmShift), ENTERING),
    op("keepWallet", Access::Roles(Action::ConfirmShift), &[P::Forbidden, P::NotFound]),
    op("payOutWallet", Access::Roles(Action::SellAtCounter), &[P::Forbidden, P::NotFound, P::SelfPayRefused]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_wallets, get_wallet, top_up_wallet, leave_wallet, keep_wallet, pay_out_wallet))]
pub struct Docs;

fn which(senior: &str, canteen: &str) -> Result<Which, Problem> {
    Ok((path_id(senior)?, path_id(canteen)?))
}

/// A senior's wallets, one for each canteen at which money was left: for the senior, family who may pay, and the canteen's counter.
#[utoipa::path(get, path = "/v1/seniors/{senior}/wallets", operation_id = "listWallets", tag = "self-pay",
    params(("senior" = String, Path, description = "The senior")), responses((status = 200, body = WalletsView)))]
pub async fn list_wallets(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<WalletsView>, Problem> {
    let cards = wallet::list(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(Json(WalletsView { items: cards.into_iter().map(WalletView::from).collect() }))
}

/// A wallet with what moved, newest first.
#[utoipa::path(get, path = "/v1/seniors/{senior}/wallets/{canteen}", operation_id = "getWallet", tag = "self-pay",
    params(("senior" = String, Path, description = "The senior"), ("canteen" = String, Path, description = "The canteen"), PageQuery),
    responses((status = 200, body = WalletStatementView)))]
pub async fn get_wallet(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
    query: Query<PageQuery>,
) -> Result<Json<WalletStatementView>, Problem> {
    let (limit, before) = page(&query)?;
    let which = which(&path.0, &path.1)?;
    let (card, rows) = wallet::statement(&app, actor, which, before, i64::from(limit) + 1).await.map_err(never)?;
    let page = PageView::of(rows.into_iter().map(super::views::SelfPayEntryView::from).collect(), limit, |row| row.id.to_string());
    Ok(Json(WalletStatementView { wallet: card.into(), entries: page.items, next: page.next }))
}

/// Puts a senior's cash into the caller's till and onto the wallet, which holds no more than the rules on prepaid cards let it. The
/// client makes the identifier.
#[utoipa::path(put, path = "/v1/seniors/{senior}/wallets/{canteen}/top-ups/{entry}", operation_id = "topUpWallet", tag = "self-pay", request_body = TopUpBody,
    params(("senior" = String, Path, description = "The senior"), ("canteen" = String, Path, description = "The canteen"), ("entry" = String, Path, description = "Made by the client: ent_ and 32 hexadecimal digits")),
    responses((status = 200, body = WalletView)))]
pub async fn top_up_wallet(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String, String)>,
    body: Json<TopUpBody>,
) -> Result<Json<WalletView>, Problem> {
    let mut faults = Faults::default();
    let fen = amount(&mut faults, "/amount_fen", body.amount_fen, 1);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let which = which(&path.0, &path.1)?;
    Ok(Json(wallet::top_up(&app, actor, path_id(&path.2)?, which, fen).await.map_err(refused)?.into()))
}

/// Says that a senior leaves and gets the rest of the wallet, with the reason. Another pays it out.
#[utoipa::path(put, path = "/v1/seniors/{senior}/wallets/{canteen}/leaving", operation_id = "leaveWallet", tag = "self-pay", request_body = LeavingBody,
    params(("senior" = String, Path, description = "The senior"), ("canteen" = String, Path, description = "The canteen")),
    responses((status = 200, body = WalletView)))]
pub async fn leave_wallet(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
    body: Json<LeavingBody>,
) -> Result<Json<WalletView>, Problem> {
    reason(&body.reason)?;
    let why = Some(body.into_inner().reason);
    Ok(Json(wallet::leave(&app, actor, which(&path.0, &path.1)?, why).await.map_err(refused)?.into()))
}

/// Says that a senior stays after all.
#[utoipa::path(delete, path = "/v1/seniors/{senior}/wallets/{canteen}/leaving", operation_id = "keepWallet", tag = "self-pay",
    params(("senior" = String, Path, description = "The senior"), ("canteen" = String, Path, description = "The canteen")),
    responses((status = 200, body = WalletView)))]
pub async fn keep_wallet(app: Data<App>, Signed(actor): Signed, path: Path<(String, String)>) -> Result<Json<WalletView>, Problem> {
    Ok(Json(wallet::leave(&app, actor, which(&path.0, &path.1)?, None).await.map_err(refused)?.into()))
}

/// Pays the rest of a wallet out of the caller's till to a senior who leaves: by another than who said so. The client makes the
/// identifier.
#[utoipa::path(put, path = "/v1/seniors/{senior}/wallets/{canteen}/pay-outs/{entry}", operation_id = "payOutWallet", tag = "self-pay",
    params(("senior" = String, Path, description = "The senior"), ("canteen" = String, Path, description = "The canteen"), ("entry" = String, Path, description = "Made by the client: ent_ and 32 hexadecimal digits")),
    responses((status = 200, body = WalletView)))]
pub async fn pay_out_wallet(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String, String)>,
) -> Result<Json<WalletView>, Problem> {
    let which = which(&path.0, &path.1)?;
    Ok(Json(wallet::pay_out(&app, actor, path_id(&path.2)?, which).await.map_err(refused)?.into()))
}
