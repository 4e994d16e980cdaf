//! The demand of a sitting: who eats what, and who was left out and why.

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::orders::views::LineView;
use crate::problem::{Problem, ProblemCode};
use crate::words::{ChannelWord, DishIdText, OrderIdText, OrderStateWord, SeniorIdText, SkipReasonWord, path_id};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::demand::{LeftOut, Unfit, Without};
use domain::id::{DishId, OrderId, SeniorId};
use domain::order::OrderState;
use domain::standing::SkipReason;
use domain::{Channel, Instant, event};
use serde::Serialize;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/sittings/{sitting}/demand").route(web::get().to(get_demand)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] =
    &[op("getDemand", Access::AnyOf(&app::demand::SEEN_BY), &[ProblemCode::Forbidden, ProblemCode::NotFound])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_demand))]
pub struct Docs;

/// Everything that is to be cooked, handed over and brought at one sitting.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandView {
    /// Confirmed and served orders, by number.
    pub orders: Vec<DemandOrderView>,
    /// Orders to deliver whose address has no coordinates yet: cooked, and on no route.
    pub unplaced: Vec<DemandOrderView>,
    /// Seniors whose standing order has no meal here.
    pub left_out: Vec<LeftOutView>,
    /// Who ordered what they may not eat, as it is really made, and nobody answers for it.
    pub unfit: Vec<UnfitView>,
    /// Who goes without a dish of which too little was made.
    pub without: Vec<WithoutView>,
}

/// Someone for whom a dish does not suffice, and how to put them back.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithoutView {
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// `张*`
    pub name: String,
    /// Which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Its name.
    pub dish_name: String,
    /// How many portions are missing.
    pub portions: u32,
    /// Dishes of the menu that would suit them, while there are any left.
    pub instead: Vec<String>,
    /// The reason and the cure, zh-CN.
    pub advice: String,
    /// The same in English.
    pub advice_en: String,
}

impl From<Without> for WithoutView {
    fn from(of: Without) -> Self {
        Self {
            advice: of.advice_zh(),
            advice_en: of.advice_en(),
            order: of.order,
            order_no: of.order_no,
            name: of.masked_name,
            dish: of.dish,
            dish_name: of.dish_name,
            portions: of.portions,
            instead: of.instead,
        }
    }
}

/// Someone whose dish is nothing for them today, why, and how to put them back.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnfitView {
    /// Which order.
    #[schema(value_type = OrderIdText)]
    pub order: OrderId,
    /// Its number.
    pub order_no: i64,
    /// `张*`
    pub name: String,
    /// Which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Its name.
    pub dish_name: String,
    /// What is in it that they may not eat.
    #[schema(example = json!(["含花生（花生油）"]))]
    pub exceptions: Vec<String>,
    /// Dishes of the menu that would suit them, while there are any left.
    pub instead: Vec<String>,
    /// The reason and the cure, zh-CN.
    pub advice: String,
    /// The same in English.
    pub advice_en: String,
}

impl From<Unfit> for UnfitView {
    fn from(of: Unfit) -> Self {
        Self {
            advice: of.advice_zh(),
            advice_en: of.advice_en(),
            order: of.order,
            order_no: of.order_no,
            name: of.masked_name,
            dish: of.dish,
            dish_name: of.dish_name,
            exceptions: of.exceptions,
            instead: of.instead,
        }
    }
}

/// An order as those who cook, pack and plan need it: without its money, which would tell who is poor.
#[derive(Debug, Serialize, ToSchema)]
pub struct DemandOrderView {
    /// Its identifier.
    #[schema(value_type = OrderIdText)]
    pub id: OrderId,
    /// Its number at this canteen and meal, as printed large.
    pub order_no: i64,
    /// `张*`
    pub name: String,
    /// How it reaches the table.
    #[schema(value_type = ChannelWord)]
    pub channel: Channel,
    /// Where it stands.
    #[schema(value_type = OrderStateWord)]
    pub state: OrderState,
    /// Its lines.
    pub lines: Vec<LineView>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub accepted_at: Instant,
    /// Counts changes.
    pub version: i64,
}

impl From<event::OrderView> for DemandOrderView {
    fn from(order: event::OrderView) -> Self {
        Self {
            id: order.order,
            order_no: order.order_no,
            name: order.masked_name,
            channel: order.channel,
            state: order.state,
            lines: order.lines.into_iter().map(LineView::from).collect(),
            accepted_at: order.accepted_at,
            version: order.version,
        }
    }
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
    /// The same in English.
    pub advice_en: String,
}

impl From<LeftOut> for LeftOutView {
    fn from(of: LeftOut) -> Self {
        Self {
            senior: of.senior,
            name: of.masked_name,
            reason: of.reason,
            advice: of.reason.advice_zh().to_owned(),
            advice_en: of.reason.advice_en().to_owned(),
        }
    }
}

/// The demand set from which count, labels, sheets and claims derive, with the list of those left out and why.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/demand", operation_id = "getDemand", tag = "sittings",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = DemandView)))]
pub async fn get_demand(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<DemandView>, Problem> {
    let demand = app::demand::demand(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(DemandView {
        orders: demand.orders.into_iter().map(DemandOrderView::from).collect(),
        unplaced: demand.unplaced.into_iter().map(DemandOrderView::from).collect(),
        left_out: demand.left_out.into_iter().map(LeftOutView::from).collect(),
        unfit: demand.unfit.into_iter().map(UnfitView::from).collect(),
        without: demand.without.into_iter().map(WithoutView::from).collect(),
    }))
}
