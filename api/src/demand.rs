//! The demand of a sitting: who eats what, and who was left out and why.

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::orders::views::OrderView;
use crate::problem::{Problem, ProblemCode};
use crate::words::{SeniorIdText, SkipReasonWord, path_id};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use domain::id::SeniorId;
use domain::standing::SkipReason;
use serde::Serialize;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/sittings/{sitting}/demand").route(web::get().to(get_demand)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[op(
    "getDemand",
    Access::AnyOf(&app::demand::SEEN_BY),
    &[ProblemCode::SignInNeeded, ProblemCode::Forbidden, ProblemCode::NotFound],
)];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_demand))]
pub struct Docs;

/// Everything that is to be cooked, handed over and brought at one sitting.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandView {
    /// Confirmed and served orders, by number.
    pub orders: Vec<OrderView>,
    /// Orders to deliver whose address has no coordinates yet: cooked, and on no route.
    pub unplaced: Vec<OrderView>,
    /// Seniors whose standing order has no meal here.
    pub left_out: Vec<LeftOutView>,
}

/// Someone who will not eat, why, and how to put them back.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeftOutView {
    /// Who.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// `张*`
    pub name: String,
    /// Why.
    #[schema(value_type = SkipReasonWord)]
    pub reason: SkipReason,
    /// The reason and the cure, zh-CN.
    pub advice: String,
}

/// The demand set from which count, labels, sheets and claims derive, with the list of those left out and why.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/demand", operation_id = "getDemand", tag = "sittings",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = DemandView)))]
pub async fn get_demand(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<DemandView>, Problem> {
    let demand = app::demand::demand(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let left_out = demand.left_out.into_iter().map(|one| LeftOutView {
        senior: one.senior,
        name: one.masked_name,
        reason: one.reason,
        advice: one.reason.advice_zh().to_owned(),
    });
    Ok(Json(DemandView {
        orders: demand.orders.into_iter().map(OrderView::from).collect(),
        unplaced: demand.unplaced.into_iter().map(OrderView::from).collect(),
        left_out: left_out.collect(),
    }))
}
