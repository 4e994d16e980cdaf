//! Settlements: freeze, review, approve, publish, close, look.

use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, cursor_of, key_of, limit_of, versioned};
use crate::problem::{Problem, ProblemCode};
use crate::words::{CanteenIdText, SettlementStateWord, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::failure::{Failure, Never};
use app::settlements::step::{Step, step};
use app::settlements::{SettlementRefusal, freeze, look};
use app::store::query::settlements::SettlementFilter;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{CanteenId, SettlementId};
use domain::settlement::{Period, SettlementRejection, SettlementState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

mod views;
pub use views::{PaymentView, SettledLineView, SettlementCardView, SettlementView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/settlements").route(web::post().to(freeze_settlements)).route(web::get().to(list_settlements)))
        .service(web::resource("/v1/settlements/{settlement}").route(web::get().to(get_settlement)))
        .service(web::resource("/v1/settlements/{settlement}/lines").route(web::get().to(list_settlement_lines)))
        .service(web::resource("/v1/settlements/{settlement}/review").route(web::post().to(review_settlement)))
        .service(web::resource("/v1/settlements/{settlement}/approval").route(web::post().to(approve_settlement)))
        .service(web::resource("/v1/settlements/{settlement}/withdrawal").route(web::post().to(withdraw_settlement)))
        .service(web::resource("/v1/settlements/{settlement}/publication").route(web::post().to(publish_settlement)))
        .service(web::resource("/v1/settlements/{settlement}/closing").route(web::post().to(close_settlement)));
}

const OF_LOOKING: &[ProblemCode] = &[ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound];

const OF_STEPS: &[ProblemCode] = &[ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::Stale, ProblemCode::SettlementState];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op(
        "freezeSettlements",
        Access::Roles(Action::Settle),
        &[ProblemCode::TooLarge, ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::SettlementRefused],
    ),
    op("listSettlements", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("getSettlement", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("listSettlementLines", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("reviewSettlement", Access::Roles(Action::ReviewSettlement), OF_STEPS),
    op("approveSettlement", Access::Roles(Action::ApproveSettlement), OF_STEPS),
    op(
        "withdrawSettlement",
        Access::Roles(Action::Settle),
        &[
            ProblemCode::TooLarge,
            ProblemCode::Invalid,
            ProblemCode::Forbidden,
            ProblemCode::NotFound,
            ProblemCode::Stale,
            ProblemCode::SettlementState,
        ],
    ),
    op("publishSettlement", Access::Roles(Action::Settle), OF_STEPS),
    op("closeSettlement", Access::Roles(Action::Settle), OF_STEPS),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    freeze_settlements,
    list_settlements,
    get_settlement,
    list_settlement_lines,
    review_settlement,
    approve_settlement,
    withdraw_settlement,
    publish_settlement,
    close_settlement
))]
pub struct Docs;

/// What is frozen.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeBody {
    /// Whose.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// A month or a quarter that is over.
    #[schema(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-([0-9]{2}|Q[1-4])$")]
    pub period: Period,
}

/// What was frozen.
#[derive(Debug, Serialize, ToSchema)]
pub struct FrozenView {
    /// One settlement for each payer.
    pub items: Vec<SettlementView>,
    /// Lines that are in none, because people have to look at them first: meals of people who were recorded as dead on their date,
    /// and meals of which an open correction takes something back.
    pub held: u64,
    /// Lines that are in none, because they take more back than the payer owes now: a later period takes them.
    pub carried: u64,
}

/// Freezes a canteen's period: one settlement for each payer, of every line with evidence up to the period's last day that no
/// settlement has. What was posted late is taken with its own date; what is frozen never changes.
#[utoipa::path(post, path = "/v1/settlements", operation_id = "freezeSettlements", tag = "settlements", request_body = FreezeBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = FrozenView)))]
pub async fn freeze_settlements(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<FreezeBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "freezeSettlements", &*body)?;
    let frozen = freeze::freeze(&app, actor, key, body.canteen, body.period).await.map_err(refused)?;
    let items = frozen.settlements.into_iter().map(SettlementView::from).collect();
    Ok(HttpResponse::Created().json(FrozenView { items, held: frozen.held, carried: frozen.carried }))
}

/// Which settlements a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SettlementQuery {
    /// Only this canteen's.
    #[param(value_type = Option<CanteenIdText>)]
    canteen: Option<CanteenId>,
    /// Only of this period.
    #[param(value_type = Option<String>, example = "2026-11", pattern = "^[0-9]{4}-([0-9]{2}|Q[1-4])$")]
    period: Option<Period>,
    /// Only in this state.
    #[param(value_type = Option<SettlementStateWord>)]
    state: Option<SettlementState>,
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// The settlements of canteens in the caller's places, newest first.
#[utoipa::path(get, path = "/v1/settlements", operation_id = "listSettlements", tag = "settlements", params(SettlementQuery),
    responses((status = 200, body = PageView<SettlementView>)))]
pub async fn list_settlements(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<SettlementQuery>,
) -> Result<Json<PageView<SettlementView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let before = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = SettlementFilter {
        canteen: query.canteen,
        period: query.period.map(|period| period.to_string()),
        state: query.state,
        before,
        limit: i64::from(limit),
    };
    let (page, next) = look::list(&app, actor, filter).await.map_err(never)?;
    let next = next.map(|id| cursor_of(&id.to_string()));
    Ok(Json(PageView { items: page.into_iter().map(SettlementView::from).collect(), next }))
}

/// A settlement with its totals per policy version and its payments. Its ETag is its version.
#[utoipa::path(get, path = "/v1/settlements/{settlement}", operation_id = "getSettlement", tag = "settlements",
    params(("settlement" = String, Path, description = "The settlement")), responses((status = 200, body = SettlementCardView)))]
pub async fn get_settlement(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = look::get(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(versioned(HttpResponse::Ok(), card.summary.version, &SettlementCardView::from(card)))
}

/// Which lines a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SettlementLinesQuery {
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// The lines as they were frozen, in the order of the canonical list.
#[utoipa::path(get, path = "/v1/settlements/{settlement}/lines", operation_id = "listSettlementLines", tag = "settlements",
    params(("settlement" = String, Path, description = "The settlement"), SettlementLinesQuery),
    responses((status = 200, body = PageView<SettledLineView>)))]
pub async fn list_settlement_lines(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<SettlementLinesQuery>,
) -> Result<Json<PageView<SettledLineView>>, Problem> {
    let mut faults = Faults::default();
    let limit = limit_of(&mut faults, query.limit);
    let after = key_of(&mut faults, query.cursor.as_deref()).map_or(Some(0), |key| key.parse::<i64>().ok());
    if after.is_none() {
        faults.push("cursor", "bad_cursor", "不是本列表给出的 cursor", "not a cursor of this list");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let page = look::lines(&app, actor, path_id(&path)?, after.unwrap_or_default(), i64::from(limit)).await.map_err(never)?;
    let full = page.len() == usize::from(limit);
    let next = page.last().filter(|_| full).map(|line| cursor_of(&line.ordinal.to_string()));
    Ok(Json(PageView { items: page.into_iter().map(SettledLineView::from).collect(), next }))
}

async fn stepped(
    app: &App,
    Signed(actor): Signed,
    path: &str,
    IfMatch(version): IfMatch,
    what: Step,
) -> Result<HttpResponse, Problem> {
    let id: SettlementId = path_id(path)?;
    let settlement = step(app, actor, id, version, what).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Ok(), settlement.version, &SettlementView::from(settlement)))
}

/// Confirms a settlement at the street. Whoever froze it may not.
#[utoipa::path(post, path = "/v1/settlements/{settlement}/review", operation_id = "reviewSettlement", tag = "settlements",
    params(("settlement" = String, Path, description = "The settlement"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = SettlementView)))]
pub async fn review_settlement(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
) -> Result<HttpResponse, Problem> {
    stepped(&app, signed, &path, version, Step::Review).await
}

/// Approves a reviewed settlement, by a right over the whole district. Whoever froze or reviewed it may not.
#[utoipa::path(post, path = "/v1/settlements/{settlement}/approval", operation_id = "approveSettlement", tag = "settlements",
    params(("settlement" = String, Path, description = "The settlement"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = SettlementView)))]
pub async fn approve_settlement(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
) -> Result<HttpResponse, Problem> {
    stepped(&app, signed, &path, version, Step::Approve).await
}

/// Why a settlement is taken back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalBody {
    /// For whoever reads it later; at most 200 characters, no personal data.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// Takes a settlement back before its approval. It stays visible with its total and hash; its lines are free to be frozen again.
#[utoipa::path(post, path = "/v1/settlements/{settlement}/withdrawal", operation_id = "withdrawSettlement", tag = "settlements",
    request_body = WithdrawalBody,
    params(("settlement" = String, Path, description = "The settlement"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = SettlementView)))]
pub async fn withdraw_settlement(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
    body: Json<WithdrawalBody>,
) -> Result<HttpResponse, Problem> {
    reason(&body.reason)?;
    stepped(&app, signed, &path, version, Step::Withdraw(body.into_inner().reason)).await
}

/// Shows an approved settlement on the canteen's public page; its payments become due, one for each funder that bears a part.
#[utoipa::path(post, path = "/v1/settlements/{settlement}/publication", operation_id = "publishSettlement", tag = "settlements",
    params(("settlement" = String, Path, description = "The settlement"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = SettlementView)))]
pub async fn publish_settlement(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
) -> Result<HttpResponse, Problem> {
    stepped(&app, signed, &path, version, Step::Publish).await
}

/// Closes a settlement whose every payment has arrived. Nothing about it changes after that.
#[utoipa::path(post, path = "/v1/settlements/{settlement}/closing", operation_id = "closeSettlement", tag = "settlements",
    params(("settlement" = String, Path, description = "The settlement"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = SettlementView)))]
pub async fn close_settlement(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
) -> Result<HttpResponse, Problem> {
    stepped(&app, signed, &path, version, Step::Close).await
}

/// Why something about money is done, for whoever reads it later.
pub(crate) fn reason(text: &str) -> Result<(), Problem> {
    let mut faults = Faults::default();
    crate::input::text(&mut faults, "/reason", text, 200);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))
}

pub(crate) fn never(failure: Failure<Never>) -> Problem {
    Problem::of(failure, |never| match never {})
}

/// What a refusal means to a client, for settlements, payees, payouts and banks' answers alike.
pub(crate) fn refused(failure: Failure<SettlementRefusal>) -> Problem {
    let because = |cause: &str| Problem::new(ProblemCode::SettlementRefused).with("cause", cause);
    let state = |cause: &str| Problem::new(ProblemCode::SettlementState).with("cause", cause);
    Problem::of(failure, |refusal| match refusal {
        SettlementRefusal::NotOver(last) => because("not_over").with("last_day", last),
        SettlementRefusal::Settled { payer, until } => because("settled").with("payer", payer).with("until", until),
        SettlementRefusal::NothingToSettle { held, carried } => {
            because("nothing_to_settle").with("held", held).with("carried", carried)
        }
        SettlementRefusal::Provisional(lines) => because("provisional").with("lines", lines),
        SettlementRefusal::NothingDue => because("nothing_due"),
        SettlementRefusal::NoAccount(canteens) => because("no_account").with("canteens", canteens),
        SettlementRefusal::Rejected(SettlementRejection::WrongState(now)) => state("wrong_state").with("state", now),
        SettlementRefusal::Rejected(SettlementRejection::Unpaid(payments)) => state("unpaid").with("payments", payments),
        SettlementRefusal::Rejected(SettlementRejection::SamePerson) => {
            Problem::new(ProblemCode::Forbidden).with("cause", "same_person")
        }
        SettlementRefusal::NotReturned(now) => state("not_returned").with("state", now),
        SettlementRefusal::AlreadyResolved => state("already_resolved"),
        SettlementRefusal::AlreadyConfirmed => state("already_confirmed"),
        SettlementRefusal::Faulty(faults) => Problem::invalid(&faults),
    })
}
