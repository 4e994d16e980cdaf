//! Self-pay: payments of orders, shifts with their tills, and wallets.

mod bills;
pub mod shifts;
pub mod sponsors;
mod views;
pub mod wallets;

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::never;
use crate::words::path_id;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::failure::Failure;
use app::self_pay::SelfPayRefusal;
use app::self_pay::look;
use app::self_pay::order::{self, Payment};
use domain::Fen;
use domain::access::Action;
use domain::fault::Faults;
use domain::self_pay::PayRejection;
use domain::self_pay::shift::ShiftRejection;
use domain::self_pay::wallet::WalletRejection;
use views::{PayBody, SelfPayView, UnsettledOrdersView, UnsettledView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/sittings/{sitting}/self-pay").route(web::get().to(list_unsettled)))
        .service(web::resource("/v1/orders/{order}/self-pay").route(web::get().to(get_self_pay)))
        .service(web::resource("/v1/orders/{order}/self-pay/payments/{entry}").route(web::put().to(pay_order)))
        .service(web::resource("/v1/orders/{order}/self-pay/refunds/{entry}").route(web::put().to(refund_order)));
}

/// What may be refused of an entry.
const ENTERING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::SelfPayRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listUnsettled", Access::Roles(Action::SellAtCounter), &[P::Forbidden, P::NotFound]),
    op("getSelfPay", Access::AnyOf(&[Action::SeeOrders, Action::TakeCash]), &[P::NotFound]),
    op("payOrder", Access::Roles(Action::TakeCash), ENTERING),
    op("refundOrder", Access::Roles(Action::SellAtCounter), &[P::Forbidden, P::NotFound, P::SelfPayRefused]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_unsettled, get_self_pay, pay_order, refund_order))]
pub struct Docs;

/// The largest amount that a client may name: a million yuan.
const MOST_FEN: i64 = 100_000_000;

/// An amount of at least so much.
fn amount(faults: &mut Faults, place: &str, fen: i64, least: i64) -> Fen {
    if !(least..=MOST_FEN).contains(&fen) {
        let (zh, en) = (format!("须在 {least} 到 {MOST_FEN} 分之间"), format!("must be from {least} to {MOST_FEN} fen"));
        faults.push(place, "out_of_range", zh, en);
    }
    Fen(fen)
}

/// The orders of a sitting that are to be paid at the counter, or of which something is to go back, by number. What a sponsor bears is
/// not among them.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/self-pay", operation_id = "listUnsettled", tag = "self-pay",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = UnsettledOrdersView)))]
pub async fn list_unsettled(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
) -> Result<Json<UnsettledOrdersView>, Problem> {
    let found = look::unsettled(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(Json(UnsettledOrdersView { items: found.into_iter().map(UnsettledView::from).collect() }))
}

/// What an order owes itself, what was paid for it and what went back. Shown to who sees the order, and to the courier who brings it.
#[utoipa::path(get, path = "/v1/orders/{order}/self-pay", operation_id = "getSelfPay", tag = "self-pay",
    params(("order" = String, Path, description = "The order")), responses((status = 200, body = SelfPayView)))]
pub async fn get_self_pay(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<SelfPayView>, Problem> {
    let account = look::account(&app, actor, path_id(&path)?).await.map_err(never)?;
    SelfPayView::of(account).map(Json)
}

/// Takes all that is due for an order, at once: in cash into the caller's till, or out of the senior's wallet at the canteen. The client
/// makes the identifier, so the same payment may be sent again. An order that was paid is not paid again: the answer says when, by which
/// means and to whom.
#[utoipa::path(put, path = "/v1/orders/{order}/self-pay/payments/{entry}", operation_id = "payOrder", tag = "self-pay",
    request_body = PayBody,
    params(("order" = String, Path, description = "The order"), ("entry" = String, Path, description = "Made by the client: ent_ and 32 hexadecimal digits")),
    responses((status = 200, body = SelfPayView)))]
pub async fn pay_order(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
    body: Json<PayBody>,
) -> Result<Json<SelfPayView>, Problem> {
    let mut faults = Faults::default();
    let fen = amount(&mut faults, "/amount_fen", body.amount_fen, 1);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let payment = Payment { id: path_id(&path.1)?, order: path_id(&path.0)?, by: body.means, fen };
    SelfPayView::of(order::pay(&app, actor, payment).await.map_err(refused)?).map(Json)
}

/// Gives back what was paid for an order and is not owed any more, because it was cancelled, changed, not served or corrected: cash out
/// of the caller's till. What a wallet paid went back by itself; what a sponsor was charged goes back with the next bill.
#[utoipa::path(put, path = "/v1/orders/{order}/self-pay/refunds/{entry}", operation_id = "refundOrder", tag = "self-pay",
    params(("order" = String, Path, description = "The order"), ("entry" = String, Path, description = "Made by the client: ent_ and 32 hexadecimal digits")),
    responses((status = 200, body = SelfPayView)))]
pub async fn refund_order(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
) -> Result<Json<SelfPayView>, Problem> {
    let (id, order) = (path_id(&path.1)?, path_id(&path.0)?);
    SelfPayView::of(order::refund(&app, actor, id, order).await.map_err(refused)?).map(Json)
}

fn refused(failure: Failure<SelfPayRefusal>) -> Problem {
    let because = |cause: &str| Problem::new(P::SelfPayRefused).with("cause", cause);
    Problem::of(failure, |refusal| match refusal {
        SelfPayRefusal::Pay(PayRejection::NothingOwed) => because("nothing_owed"),
        SelfPayRefusal::Pay(PayRejection::Paid(paid)) => because("paid")
            .with("paid_at", paid.at)
            .with("paid_by", paid.by)
            .with("means", paid.purse.means())
            .with("payment", paid.id),
        SelfPayRefusal::Due(due) => because("amount").with("due_fen", due),
        SelfPayRefusal::Borne(sponsor, name) => because("borne").with("sponsor", sponsor).with("sponsor_name", name),
        SelfPayRefusal::Guest => because("guest"),
        SelfPayRefusal::NotAtTheDoor => because("not_at_the_door"),
        SelfPayRefusal::NothingToGiveBack => because("nothing_to_give_back"),
        SelfPayRefusal::Wallet(of) => of_wallet(of),
        SelfPayRefusal::NoShift => because("no_shift").advise("请先开班再收款", "Open a shift first"),
        SelfPayRefusal::ShiftOpen(shift) => because("shift_open").with("shift", shift),
        SelfPayRefusal::Shift(of) => of_shift(of),
        SelfPayRefusal::Till(cash) => because("till").with("cash_fen", cash),
        SelfPayRefusal::OwnTill => because("own_till"),
        SelfPayRefusal::OtherEntry => because("other_entry"),
        SelfPayRefusal::SponsorThere(sponsor) => because("sponsor_there").with("sponsor", sponsor),
        SelfPayRefusal::Sponsored(other) => because("sponsored").with("assignment", other),
        SelfPayRefusal::Span => because("span"),
        SelfPayRefusal::NotOver(last) => because("not_over").with("last_day", last),
        SelfPayRefusal::Billed(bill) => because("billed").with("bill", bill),
        SelfPayRefusal::NothingToBill(lines) => because("nothing_to_bill").with("lines", lines),
        SelfPayRefusal::BillPaid(at) => because("bill_paid").with("paid_at", at),
    })
}

fn of_wallet(rejection: WalletRejection) -> Problem {
    let because = |cause: &str| Problem::new(P::SelfPayRefused).with("cause", cause);
    match rejection {
        WalletRejection::Leaving => because("wallet_leaving"),
        WalletRejection::NotLeaving => because("wallet_not_leaving"),
        WalletRejection::Balance { balance_fen, due_fen } => {
            because("wallet_balance").with("balance_fen", balance_fen).with("due_fen", due_fen)
        }
        WalletRejection::Most { balance_fen, most_fen } => {
            because("wallet_most").with("balance_fen", balance_fen).with("most_fen", most_fen)
        }
        WalletRejection::Empty => because("wallet_empty"),
        WalletRejection::SamePerson => Problem::new(P::Forbidden).with("cause", "same_person"),
    }
}

fn of_shift(rejection: ShiftRejection) -> Problem {
    let because = |cause: &str| Problem::new(P::SelfPayRefused).with("cause", cause);
    match rejection {
        ShiftRejection::WrongState(state) => because("shift_state").with("state", state),
        ShiftRejection::SamePerson => Problem::new(P::Forbidden).with("cause", "same_person"),
        ShiftRejection::NoReason { expected_fen, difference_fen } => {
            because("reason_needed").with("expected_fen", expected_fen).with("difference_fen", difference_fen)
        }
    }
}
