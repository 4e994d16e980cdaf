//! Standing orders: a weekly pattern that generates orders.

use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, limit_of, versioned};
use crate::problem::{Problem, ProblemCode};
use crate::words::{CanteenIdText, ChannelWord, MealWord, SeniorIdText, StandingOrderIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::standing::{self, StandingRequest};
use app::store::query::standing::StandingRow;
use domain::access::{Action, FamilyScope};
use domain::fault::Faults;
use domain::id::{CanteenId, SeniorId, StandingOrderId};
use domain::standing::StandingState;
use domain::{Channel, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/standing-orders")
                .route(web::post().to(make_standing_order))
                .route(web::get().to(list_standing_orders)),
        )
        .service(
            web::resource("/v1/standing-orders/{standing_order}")
                .route(web::get().to(get_standing_order))
                .route(web::put().to(put_standing_order)),
        );
}

const ORDERING: Access = Access::RolesOrFamily(Action::Order, FamilyScope::Order);
const LOOKING: Access = Access::RolesOrFamily(Action::SeeOrders, FamilyScope::See);
const OF_MAKING: &[ProblemCode] =
    &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::Conflict];

const OF_PUTTING: &[ProblemCode] = &[
    ProblemCode::TooLarge,
    ProblemCode::Invalid,
    ProblemCode::Forbidden,
    ProblemCode::NotFound,
    ProblemCode::Conflict,
    ProblemCode::Stale,
];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("makeStandingOrder", ORDERING, OF_MAKING),
    op("listStandingOrders", LOOKING, &[ProblemCode::Invalid, ProblemCode::NotFound]),
    op("getStandingOrder", LOOKING, &[ProblemCode::NotFound]),
    op("putStandingOrder", ORDERING, OF_PUTTING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(make_standing_order, list_standing_orders, get_standing_order, put_standing_order))]
pub struct Docs;

/// A weekly pattern. Generated orders follow its later changes, and never overwrite what a person edited.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingBody {
    /// Whose.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// Where.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Which meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// Weekdays, 1 (Monday) to 7.
    #[schema(min_items = 1, max_items = 7, example = json!([1, 3, 5]))]
    pub weekdays: Vec<u8>,
    /// How it reaches the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub starts_on: ServiceDate,
    /// Last day; absent lasts.
    #[schema(value_type = Option<String>, format = Date)]
    pub ends_on: Option<ServiceDate>,
    /// First day of a pause.
    #[schema(value_type = Option<String>, format = Date)]
    pub paused_from: Option<ServiceDate>,
    /// Last day of the pause, after which the pattern resumes by itself; absent pauses until it is changed.
    #[schema(value_type = Option<String>, format = Date)]
    pub paused_to: Option<ServiceDate>,
    /// Whether it generates no more.
    #[serde(default)]
    pub ended: bool,
}

/// A standing order as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingView {
    /// Its identifier.
    #[schema(value_type = StandingOrderIdText)]
    pub id: StandingOrderId,
    /// Whose.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// Where.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Which meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// Weekdays, 1 (Monday) to 7.
    #[schema(min_items = 1, max_items = 7, example = json!([1, 3, 5]))]
    pub weekdays: Vec<u8>,
    /// How it reaches the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub starts_on: ServiceDate,
    /// Last day; absent lasts.
    #[schema(value_type = Option<String>, format = Date)]
    pub ends_on: Option<ServiceDate>,
    /// First day of a pause.
    #[schema(value_type = Option<String>, format = Date)]
    pub paused_from: Option<ServiceDate>,
    /// Last day of the pause, after which the pattern resumes by itself; absent pauses until it is changed.
    #[schema(value_type = Option<String>, format = Date)]
    pub paused_to: Option<ServiceDate>,
    /// Whether it generates no more.
    pub ended: bool,
    /// Counts changes; the ETag.
    pub version: i64,
}

impl From<StandingRow> for StandingView {
    fn from(row: StandingRow) -> Self {
        let weekdays = (1u8..=7).filter(|day| row.weekdays >> (day - 1) & 1 == 1).collect();
        Self {
            id: row.id.0,
            senior: row.senior_id.0,
            canteen: row.canteen_id.0,
            meal: row.meal.0,
            weekdays,
            channel: row.channel.0,
            starts_on: row.starts_on.0,
            ends_on: row.ends_on.map(|date| date.0),
            paused_from: row.paused_from.map(|date| date.0),
            paused_to: row.paused_to.map(|date| date.0),
            ended: row.state.0 == StandingState::Ended,
            version: row.version,
        }
    }
}

/// Makes a standing order, and the orders of its first fourteen days.
#[utoipa::path(post, path = "/v1/standing-orders", operation_id = "makeStandingOrder", tag = "standing orders", request_body = StandingBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = StandingView)))]
pub async fn make_standing_order(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<StandingBody>,
) -> Result<HttpResponse, Problem> {
    let request = request(&body)?;
    let key = key.bind(&actor, "makeStandingOrder", &*body)?;
    let row = standing::make(&app, actor, key, request).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(versioned(HttpResponse::Created(), row.version, &StandingView::from(row)))
}

/// Whose standing orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StandingQuery {
    /// Whose.
    #[param(value_type = SeniorIdText)]
    senior: SeniorId,
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// A senior's standing orders, newest first.
#[utoipa::path(get, path = "/v1/standing-orders", operation_id = "listStandingOrders", tag = "standing orders", params(StandingQuery),
    responses((status = 200, body = PageView<StandingView>)))]
pub async fn list_standing_orders(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<StandingQuery>,
) -> Result<Json<PageView<StandingView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let before = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let page = (before, usize::from(limit) + 1);
    let rows = standing::list(&app, actor, query.senior, page).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PageView::of(rows.into_iter().map(StandingView::from).collect(), limit, |row| row.id.to_string())))
}

/// One standing order.
#[utoipa::path(get, path = "/v1/standing-orders/{standing_order}", operation_id = "getStandingOrder", tag = "standing orders",
    params(("standing_order" = String, Path, description = "The standing order")), responses((status = 200, body = StandingView)))]
pub async fn get_standing_order(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let row = standing::get(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(versioned(HttpResponse::Ok(), row.version, &StandingView::from(row)))
}

/// Replaces a standing order; the generated orders that nobody edited follow at once.
#[utoipa::path(put, path = "/v1/standing-orders/{standing_order}", operation_id = "putStandingOrder", tag = "standing orders", request_body = StandingBody,
    params(("standing_order" = String, Path, description = "The standing order"), ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 200, body = StandingView)))]
pub async fn put_standing_order(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<StandingBody>,
) -> Result<HttpResponse, Problem> {
    let (id, request) = (path_id(&path)?, request(&body)?);
    let row = standing::put(&app, actor, id, version, request).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(versioned(HttpResponse::Ok(), row.version, &StandingView::from(row)))
}

fn request(body: &StandingBody) -> Result<StandingRequest, Problem> {
    let mut faults = Faults::default();
    let mut weekdays = 0u8;
    for day in &body.weekdays {
        match day {
            1..=7 if weekdays >> (day - 1) & 1 == 0 => weekdays |= 1 << (day - 1),
            _ => faults.push("/weekdays", "bad_weekday", "星期应为 1 到 7，不能重复", "weekdays are 1 to 7, each once"),
        }
    }
    if weekdays == 0 {
        faults.push("/weekdays", "required", "至少选一天", "at least one day");
    }
    let spans = [("/ends_on", Some(body.starts_on), body.ends_on), ("/paused_to", body.paused_from, body.paused_to)];
    for (place, from, to) in spans {
        match (from, to) {
            (Some(from), Some(to)) if to < from => {
                faults.push(place, "before_start", "不能早于开始日期", "must not be before the first day")
            }
            (None, Some(_)) => faults.push(place, "no_start", "须先填写开始日期", "needs its first day"),
            _ => {}
        }
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    Ok(StandingRequest {
        senior: body.senior,
        canteen: body.canteen,
        meal: body.meal,
        weekdays,
        channel: body.channel,
        starts_on: body.starts_on,
        ends_on: body.ends_on,
        pause: body.paused_from.map(|from| (from, body.paused_to)),
        ended: body.ended,
    })
}
