//! Orders: quote, place, look, change, cancel, order again.

pub mod refusals;
pub mod views;

use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, cursor_of, limit_of, versioned};
use crate::problem::{Problem, ProblemCode};
use crate::words::{ChannelWord, MenuItemIdText, PortionSizeWord, SeniorIdText, SittingIdText, TextureWord, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::orders::{LineRequest, OrderRequest, again, cancel, change, list, place};
use app::store::query::orders::OrderFilter;
use domain::access::{Action, FamilyScope};
use domain::diet::{PortionSize, Texture};
use domain::fault::Faults;
use domain::id::{MenuItemId, SeniorId, SittingId};
use domain::order::OrderState;
use domain::{Channel, Fen, ServiceDate};
use refusals::{change_refused, refused, rejected};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use views::{OrderView, QuoteView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/quotes").route(web::post().to(quote_order)))
        .service(web::resource("/v1/orders").route(web::post().to(place_order)).route(web::get().to(list_orders)))
        .service(web::resource("/v1/orders/{order}").route(web::get().to(get_order)).route(web::put().to(change_order)))
        .service(web::resource("/v1/orders/{order}/again").route(web::post().to(order_again)))
        .service(web::resource("/v1/orders/{order}/cancellation").route(web::post().to(cancel_order)));
}

/// What stands in the way of an order is told by its quote already.
const OF_QUOTING: &[ProblemCode] = &[
    ProblemCode::Invalid,
    ProblemCode::Forbidden,
    ProblemCode::NotFound,
    ProblemCode::OrderRefused,
    ProblemCode::SoldOut,
    ProblemCode::CutOffPassed,
    ProblemCode::DietClash,
    ProblemCode::ReasonNeeded,
];
const OF_ORDERING: &[ProblemCode] = &[
    ProblemCode::Invalid,
    ProblemCode::Forbidden,
    ProblemCode::NotFound,
    ProblemCode::OrderRefused,
    ProblemCode::SoldOut,
    ProblemCode::CutOffPassed,
    ProblemCode::DietClash,
    ProblemCode::ReasonNeeded,
    ProblemCode::QuoteChanged,
];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("quoteOrder", ORDERING, OF_QUOTING),
    op("placeOrder", ORDERING, OF_ORDERING),
    op("orderAgain", ORDERING, OF_ORDERING),
    op("listOrders", LOOKING, &[ProblemCode::Invalid, ProblemCode::Forbidden]),
    op("getOrder", LOOKING, &[ProblemCode::NotFound]),
    op("changeOrder", ORDERING, OF_CHANGING),
    op(
        "cancelOrder",
        ORDERING,
        &[
            ProblemCode::Invalid,
            ProblemCode::Forbidden,
            ProblemCode::NotFound,
            ProblemCode::OrderState,
            ProblemCode::CutOffPassed,
            ProblemCode::ReasonNeeded,
            ProblemCode::Stale,
        ],
    ),
];
const OF_CHANGING: &[ProblemCode] = &[
    ProblemCode::Invalid,
    ProblemCode::Forbidden,
    ProblemCode::NotFound,
    ProblemCode::OrderRefused,
    ProblemCode::SoldOut,
    ProblemCode::CutOffPassed,
    ProblemCode::DietClash,
    ProblemCode::ReasonNeeded,
    ProblemCode::QuoteChanged,
    ProblemCode::OrderState,
    ProblemCode::Stale,
    ProblemCode::OrderPacked,
];
const LOOKING: Access = Access::RolesOrFamily(Action::SeeOrders, FamilyScope::See);
const ORDERING: Access = Access::RolesOrFamily(Action::Order, FamilyScope::Order);

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(quote_order, place_order, order_again, list_orders, get_order, change_order, cancel_order))]
pub struct Docs;

/// A note for the kitchen has at most so many characters.
const NOTE_MAX: usize = 200;
/// A reason has at most so many characters.
const REASON_MAX: usize = 200;

/// One wanted dish.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineBody {
    /// Which dish of the sitting's menu.
    #[schema(value_type = MenuItemIdText)]
    pub menu_item: MenuItemId,
    /// Portions, 1 to 20.
    #[schema(minimum = 1, maximum = 20)]
    pub quantity: u32,
    /// How prepared; absent takes what the diet needs.
    #[schema(value_type = Option<TextureWord>)]
    pub texture: Option<Texture>,
    /// How large; absent takes what the senior usually wants. It costs what the menu says of it, or as much as a regular portion.
    #[schema(value_type = Option<PortionSizeWord>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<PortionSize>,
    /// Why a clash with the diet is overridden, by someone entitled.
    #[schema(max_length = 200)]
    pub override_reason: Option<String>,
}

/// An order, for the quote and for placing it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderBody {
    /// Which canteen, date and meal.
    #[schema(value_type = SittingIdText)]
    pub sitting: SittingId,
    /// Whose meal; absent is an anonymous sale at the counter.
    #[schema(value_type = Option<SeniorIdText>)]
    pub senior: Option<SeniorId>,
    /// What, 1 to 20 dishes.
    #[schema(min_items = 1, max_items = 20)]
    pub lines: Vec<LineBody>,
    /// How it reaches the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// A note for the kitchen.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
    /// Why it is ordered after the cut-off or beyond the delivery area, by someone entitled.
    #[schema(max_length = 200)]
    pub reason: Option<String>,
    /// The self-pay that the quote showed; when it no longer holds nothing is ordered.
    #[schema(value_type = Option<i64>, example = 300)]
    pub expected_self_pay_fen: Option<Fen>,
}

/// Why an order is taken back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// Needed after the cut-off.
    #[schema(max_length = 200)]
    pub reason: Option<String>,
}

/// What the order would cost, who would pay, and why. Changes nothing.
#[utoipa::path(post, path = "/v1/quotes", operation_id = "quoteOrder", tag = "orders", request_body = OrderBody, responses((status = 200, body = QuoteView)))]
pub async fn quote_order(app: Data<App>, Signed(actor): Signed, body: Json<OrderBody>) -> Result<Json<QuoteView>, Problem> {
    let request = request(body.into_inner())?;
    let quote = place::quote(&app, actor, request).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(QuoteView::from(&quote)))
}

/// Places an order. Send the self-pay that the quote showed: when it no longer holds, nothing is ordered.
#[utoipa::path(post, path = "/v1/orders", operation_id = "placeOrder", tag = "orders", request_body = OrderBody,
    params(("Idempotency-Key" = String, Header, description = "Made and stored by the client before it is sent; 8 to 128 visible characters")),
    responses((status = 201, body = OrderView)))]
pub async fn place_order(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<OrderBody>,
) -> Result<HttpResponse, Problem> {
    let request = request(body.into_inner())?;
    let key = key.bind(&actor, "placeOrder", &request)?;
    let answer = place::place(&app, actor, key, request).await.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Created(), answer.order.version, &OrderView::from(answer.order)))
}

/// Which orders a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Only this sitting's.
    #[param(value_type = Option<SittingIdText>)]
    sitting: Option<SittingId>,
    /// Only this senior's.
    #[param(value_type = Option<SeniorIdText>)]
    senior: Option<SeniorId>,
    /// Only service dates from this one on.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<ServiceDate>,
    /// Only service dates up to this one.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<ServiceDate>,
    /// Only in this state.
    #[param(value_type = Option<crate::words::OrderStateWord>)]
    state: Option<OrderState>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// How many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// The orders in the caller's sight, newest first.
#[utoipa::path(get, path = "/v1/orders", operation_id = "listOrders", tag = "orders", params(OrderQuery), responses((status = 200, body = PageView<OrderView>)))]
pub async fn list_orders(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<OrderQuery>,
) -> Result<Json<PageView<OrderView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let before = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = OrderFilter {
        sitting: query.sitting,
        senior: query.senior,
        from: query.from,
        to: query.to,
        state: query.state,
        before,
        limit: i64::from(limit),
    };
    let (orders, next) = list::list(&app, actor, filter).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let next = next.map(|id| cursor_of(&id.to_string()));
    Ok(Json(PageView { items: orders.into_iter().map(OrderView::from).collect(), next }))
}

/// One order.
#[utoipa::path(get, path = "/v1/orders/{order}", operation_id = "getOrder", tag = "orders", params(("order" = String, Path, description = "The order")), responses((status = 200, body = OrderView)))]
pub async fn get_order(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let order = list::get(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(versioned(HttpResponse::Ok(), order.version, &OrderView::from(order)))
}

/// Gives an order other dishes, another channel or note, under its number. The sitting and the senior stay.
#[utoipa::path(put, path = "/v1/orders/{order}", operation_id = "changeOrder", tag = "orders", request_body = OrderBody,
    params(("order" = String, Path, description = "The order"), ("If-Match" = String, Header, description = "The ETag that was read"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = OrderView)))]
pub async fn change_order(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<OrderBody>,
) -> Result<HttpResponse, Problem> {
    let (id, request) = (path_id(&path)?, request(body.into_inner())?);
    let key = key.bind(&actor, "changeOrder", &(path.as_str(), version, &request))?;
    let answer = change::change(&app, actor, key, id, version, request).await.map_err(|f| Problem::of(f, change_refused))?;
    Ok(versioned(HttpResponse::Ok(), answer.order.version, &OrderView::from(answer.order)))
}

/// Where to order the same again.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgainBody {
    /// Which canteen, date and meal.
    #[schema(value_type = SittingIdText)]
    pub sitting: SittingId,
}

/// Places the same dishes for the same senior at another sitting, in one call.
#[utoipa::path(post, path = "/v1/orders/{order}/again", operation_id = "orderAgain", tag = "orders", request_body = AgainBody,
    params(("order" = String, Path, description = "The order to repeat"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = OrderView)))]
pub async fn order_again(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<AgainBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    let key = key.bind(&actor, "orderAgain", &(path.as_str(), body.sitting))?;
    let answer = again::again(&app, actor, key, id, body.sitting).await.map_err(|f| Problem::of(f, refused))?;
    Ok(versioned(HttpResponse::Created(), answer.order.version, &OrderView::from(answer.order)))
}

/// Takes an order back; after the cut-off only for someone entitled, with a reason.
#[utoipa::path(post, path = "/v1/orders/{order}/cancellation", operation_id = "cancelOrder", tag = "orders", request_body = CancelBody,
    params(("order" = String, Path, description = "The order"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = OrderView)))]
pub async fn cancel_order(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<CancelBody>,
) -> Result<Json<OrderView>, Problem> {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    reason(&mut faults, "/reason", body.reason.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "cancelOrder", &(path.as_str(), &*body))?;
    let answer = cancel::cancel(&app, actor, key, id, body.into_inner().reason).await.map_err(|f| Problem::of(f, rejected))?;
    Ok(Json(answer.order.into()))
}

fn request(body: OrderBody) -> Result<OrderRequest, Problem> {
    let mut faults = Faults::default();
    limit_text(&mut faults, "/note", Some(&body.note), NOTE_MAX);
    reason(&mut faults, "/reason", body.reason.as_deref());
    for (n, line) in body.lines.iter().enumerate() {
        reason(&mut faults, &format!("/lines/{n}/override_reason"), line.override_reason.as_deref());
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let line = |l: LineBody| LineRequest {
        item: l.menu_item,
        quantity: l.quantity,
        texture: l.texture,
        size: l.size,
        override_reason: l.override_reason,
    };
    Ok(OrderRequest {
        sitting: body.sitting,
        senior: body.senior,
        lines: body.lines.into_iter().map(line).collect(),
        channel: body.channel,
        note: body.note,
        reason: body.reason,
        expected_self_pay_fen: body.expected_self_pay_fen,
    })
}

/// A reason that is given says something.
fn reason(faults: &mut Faults, place: &str, text: Option<&str>) {
    if let Some(text) = text {
        crate::input::text(faults, place, text, REASON_MAX);
    }
}

/// A text that is too long, or holds control characters, is a fault.
pub(crate) fn limit_text(faults: &mut Faults, place: &str, text: Option<&str>, max: usize) {
    let Some(text) = text else { return };
    if text.chars().count() > max {
        faults.push(place, "too_long", format!("最多 {max} 个字"), format!("at most {max} characters"));
    }
    if text.chars().any(char::is_control) {
        faults.push(place, "control_character", "不能含控制字符", "must not hold control characters");
    }
}
