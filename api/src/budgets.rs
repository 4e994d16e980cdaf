//! Budgets of funders: set aside by one person, confirmed by another.

use crate::auth::conflict;
use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::never;
use crate::words::{BudgetChangeIdText, BudgetChangeStateWord, BudgetIdText, UserIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::budgets::look::{self, BudgetCard, BudgetChange, BudgetSummary};
use app::budgets::set::{self, Allocation, NewBudget};
use app::failure::Failure;
use domain::access::Action;
use domain::budget::{BudgetChangeState, BudgetRejection};
use domain::fault::Faults;
use domain::id::{BudgetChangeId, BudgetId, UserId};
use domain::subsidy::Name;
use domain::{Fen, Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/budgets").route(web::get().to(list_budgets)).route(web::post().to(make_budget)))
        .service(web::resource("/v1/budgets/{budget}").route(web::get().to(get_budget)))
        .service(web::resource("/v1/budgets/{budget}/changes").route(web::post().to(propose_budget_change)))
        .service(web::resource("/v1/budget-changes/{change}/confirmation").route(web::post().to(confirm_budget_change)))
        .service(web::resource("/v1/budget-changes/{change}/withdrawal").route(web::post().to(withdraw_budget_change)));
}

const LOOKING: Access = Access::Roles(Action::SeeClaims);
const SETTING: Access = Access::Roles(Action::Settle);
const OF_SETTING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict];

const OF_ANSWERING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound, P::Conflict];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listBudgets", LOOKING, &[P::Invalid, P::Forbidden]),
    op("getBudget", LOOKING, &[P::NotFound]),
    op("makeBudget", SETTING, OF_SETTING),
    op("proposeBudgetChange", SETTING, OF_SETTING),
    op("confirmBudgetChange", Access::Roles(Action::ApproveSettlement), OF_ANSWERING),
    op("withdrawBudgetChange", SETTING, OF_ANSWERING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_budgets, get_budget, make_budget, propose_budget_change, confirm_budget_change, withdraw_budget_change))]
pub struct Docs;

/// A funder's budget.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetView {
    /// Its identifier.
    #[schema(value_type = BudgetIdText)]
    pub id: BudgetId,
    /// The funder, as in settlements.
    #[schema(example = "demo-meals/street@990101001")]
    pub payer: String,
    /// Whose officers answer for it.
    #[schema(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// First service date.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// Last service date.
    #[schema(value_type = String, format = Date)]
    pub to: ServiceDate,
    /// Whether it counts: its first money was confirmed.
    pub in_force: bool,
    /// What is set aside.
    pub amount_fen: i64,
    /// What is held and spent.
    pub used_fen: i64,
    /// What is left; less than nothing when it is overdrawn.
    pub left_fen: i64,
    /// Until when it lasts when it is used as it was so far; absent when it lasts to its end, or it is too early to tell.
    #[schema(value_type = Option<String>, format = Date)]
    pub lasts_until: Option<ServiceDate>,
}

impl BudgetView {
    fn of(budget: &BudgetSummary, today: ServiceDate) -> Self {
        Self {
            id: budget.id,
            payer: budget.payer.to_string(),
            place: budget.place.clone(),
            from: budget.from,
            to: budget.to,
            in_force: budget.in_force,
            amount_fen: budget.amount_fen.0,
            used_fen: budget.used_fen.0,
            left_fen: budget.left_fen().0,
            lasts_until: budget.lasts_until(today),
        }
    }
}

/// Money that is added to a budget, or cut.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetChangeView {
    /// Its identifier.
    #[schema(value_type = BudgetChangeIdText)]
    pub id: BudgetChangeId,
    /// How much; less than nothing is a cut.
    pub amount_fen: i64,
    /// The number of the paper that says so.
    pub document: String,
    /// In words.
    pub reason: String,
    /// Where it stands.
    #[schema(value_type = BudgetChangeStateWord)]
    pub state: BudgetChangeState,
    /// Who entered it.
    #[schema(value_type = UserIdText)]
    pub proposed_by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: Instant,
    /// Who confirmed it or took it back.
    #[schema(value_type = Option<UserIdText>)]
    pub answered_by: Option<UserId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Instant>,
}

impl From<BudgetChange> for BudgetChangeView {
    fn from(of: BudgetChange) -> Self {
        Self {
            id: of.id,
            amount_fen: of.amount_fen.0,
            document: of.document,
            reason: of.reason,
            state: of.state,
            proposed_by: of.proposed_by,
            proposed_at: of.proposed_at,
            answered_by: of.answered_by,
            answered_at: of.answered_at,
        }
    }
}

/// A budget with its changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetCardView {
    /// The budget.
    #[serde(flatten)]
    pub budget: BudgetView,
    /// Its changes, the first first; of more than 200 the last.
    pub changes: Vec<BudgetChangeView>,
}

impl BudgetCardView {
    fn of(card: BudgetCard, today: ServiceDate) -> Self {
        let changes = card.changes.into_iter().map(BudgetChangeView::from).collect();
        Self { budget: BudgetView::of(&card.summary, today), changes }
    }
}

/// Money to be added to a budget, or cut.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationBody {
    /// How much; less than nothing is a cut.
    #[schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64, example = 30_000_000)]
    pub amount_fen: i64,
    /// The number of the paper that says so.
    #[schema(min_length = 1, max_length = 100, example = "暖财社〔2026〕7号")]
    pub document: String,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub reason: String,
}

/// A budget to be made, with its first money.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetBody {
    /// The programme, as its policy names it.
    #[schema(value_type = String, example = "demo-meals")]
    pub programme: Name,
    /// The funder, as the policy declares it.
    #[schema(value_type = String, example = "street")]
    pub funder: Name,
    /// At which place, for a funder that is bound to one or found by level.
    #[schema(value_type = Option<String>, example = "990101001")]
    pub place: Option<PlaceCode>,
    /// First service date.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// Last service date, at most three years later.
    #[schema(value_type = String, format = Date)]
    pub to: ServiceDate,
    /// How much at first; more than nothing.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 30_000_000)]
    pub amount_fen: i64,
    /// The number of the paper that says so.
    #[schema(min_length = 1, max_length = 100, example = "暖财社〔2026〕7号")]
    pub document: String,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub reason: String,
}

/// The most that one paper moves: ten thousand million yuan.
const FEN_MAX: i64 = 1_000_000_000_000;

fn allocation(body: AllocationBody) -> Result<Allocation, Problem> {
    let mut faults = Faults::default();
    crate::orders::limit_text(&mut faults, "/document", Some(&body.document), 100);
    crate::orders::limit_text(&mut faults, "/reason", Some(&body.reason), 500);
    if body.document.trim().is_empty() {
        faults.push("/document", "missing", "请填写文件编号", "the number of the paper is missing");
    }
    if !(-FEN_MAX..=FEN_MAX).contains(&body.amount_fen) {
        faults.push("/amount_fen", "out_of_range", "金额过大", "more than ten thousand million yuan");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    Ok(Allocation { amount_fen: Fen(body.amount_fen), document: body.document, reason: body.reason })
}

/// Budgets of the caller's places, in the order in which they were made.
#[utoipa::path(get, path = "/v1/budgets", operation_id = "listBudgets", tag = "budgets", params(PageQuery),
    responses((status = 200, body = PageView<BudgetView>)))]
pub async fn list_budgets(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PageQuery>,
) -> Result<Json<PageView<BudgetView>>, Problem> {
    let (limit, after) = page(&query)?;
    let rows = look::list(&app, actor, after, i64::from(limit) + 1).await.map_err(never)?;
    let today = app.clock.now().civil_date();
    Ok(Json(PageView::of(rows.iter().map(|row| BudgetView::of(row, today)).collect(), limit, |row| row.id.to_string())))
}

/// A budget with its changes.
#[utoipa::path(get, path = "/v1/budgets/{budget}", operation_id = "getBudget", tag = "budgets",
    params(("budget" = String, Path, description = "The budget")), responses((status = 200, body = BudgetCardView)))]
pub async fn get_budget(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<BudgetCardView>, Problem> {
    let card = look::get(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(Json(BudgetCardView::of(card, app.clock.now().civil_date())))
}

/// Sets money aside for a funder. The policy must say what happens when it is used up. It counts when somebody else confirms the first
/// money; what meals of these dates have taken by then counts too.
#[utoipa::path(post, path = "/v1/budgets", operation_id = "makeBudget", tag = "budgets", request_body = BudgetBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = BudgetCardView)))]
pub async fn make_budget(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<BudgetBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "makeBudget", &*body)?;
    let BudgetBody { programme, funder, place, from, to, amount_fen, document, reason } = body.into_inner();
    let first = allocation(AllocationBody { amount_fen, document, reason })?;
    let new = NewBudget { programme, funder, place, from, to, first };
    let card = set::make(&app, actor, key, new).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(BudgetCardView::of(card, app.clock.now().civil_date())))
}

/// Enters money that is added to a budget, or cut. It counts when somebody else confirms it.
#[utoipa::path(post, path = "/v1/budgets/{budget}/changes", operation_id = "proposeBudgetChange", tag = "budgets",
    request_body = AllocationBody,
    params(("budget" = String, Path, description = "The budget"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = BudgetCardView)))]
pub async fn propose_budget_change(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<AllocationBody>,
) -> Result<HttpResponse, Problem> {
    let budget = path_id(&path)?;
    let key = key.bind(&actor, "proposeBudgetChange", &(path.as_str(), &*body))?;
    let card = set::propose(&app, actor, key, budget, allocation(body.into_inner())?).await.map_err(refused)?;
    Ok(HttpResponse::Created().json(BudgetCardView::of(card, app.clock.now().civil_date())))
}

/// Confirms a change, which takes another person than the one who entered it. Once more by the same person changes nothing.
#[utoipa::path(post, path = "/v1/budget-changes/{change}/confirmation", operation_id = "confirmBudgetChange", tag = "budgets",
    params(("change" = String, Path, description = "The change")), responses((status = 200, body = BudgetCardView)))]
pub async fn confirm_budget_change(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
) -> Result<Json<BudgetCardView>, Problem> {
    let card = set::answer(&app, actor, path_id(&path)?, BudgetChangeState::Confirmed).await.map_err(refused)?;
    Ok(Json(BudgetCardView::of(card, app.clock.now().civil_date())))
}

/// Takes a change back before anybody has confirmed it.
#[utoipa::path(post, path = "/v1/budget-changes/{change}/withdrawal", operation_id = "withdrawBudgetChange", tag = "budgets",
    params(("change" = String, Path, description = "The change")), responses((status = 200, body = BudgetCardView)))]
pub async fn withdraw_budget_change(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
) -> Result<Json<BudgetCardView>, Problem> {
    let card = set::answer(&app, actor, path_id(&path)?, BudgetChangeState::Withdrawn).await.map_err(refused)?;
    Ok(Json(BudgetCardView::of(card, app.clock.now().civil_date())))
}

fn refused(failure: Failure<BudgetRejection>) -> Problem {
    Problem::of(failure, |rejection| {
        let fault = |place: &str, code: &str, zh: &str, en: &str| {
            let mut faults = Faults::default();
            faults.push(place, code, zh, en);
            Problem::invalid(&faults)
        };
        match rejection {
            BudgetRejection::Span => fault(
                "/to",
                "out_of_range",
                "止日须不早于起日，且不超过三年",
                "must not be before `from`, nor three years after it",
            ),
            BudgetRejection::NoSuchFunder => fault(
                "/funder",
                "unknown",
                "该日期内已发布的政策没有这个出资方，或地点与政策不符",
                "no published policy of these dates has this funder at this place",
            ),
            BudgetRejection::NoBehaviour => fault(
                "/funder",
                "no_behaviour",
                "政策没有写明该出资方预算用完怎么办（budget）",
                "the policy does not say what happens when this funder's budget is used up (`budget`)",
            ),
            BudgetRejection::Amount => fault(
                "/amount_fen",
                "out_of_range",
                "金额不能为零，首笔须为正数",
                "must not be nothing, and the first more than it",
            ),
            BudgetRejection::BelowNothing => {
                fault("/amount_fen", "out_of_range", "核减超过已安排的金额", "cuts more than was set aside")
            }
            BudgetRejection::Overlaps => conflict(
                "overlaps",
                ("该出资方在这些日期已有预算", "the funder has a budget for some of these dates"),
                ("请在已有预算上追加或核减", "Add to that budget, or cut it"),
            ),
            BudgetRejection::SamePerson => conflict(
                "same_person",
                ("录入人不能确认自己录入的金额", "whoever entered it may not confirm it"),
                ("请另一位有审批权限的人确认", "Ask somebody else who may approve"),
            ),
            BudgetRejection::Answered(_) => {
                conflict("answered", ("该变动已处理", "it was answered before"), ("请重新查看预算", "Look at the budget again"))
            }
        }
    })
}
