//! Portions of a batch that go to a canteen which the kitchen supplies.

use super::views::{BatchView, DayQuery};
use super::{Answer, MOVING, answer, portions, valid};
use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{BatchIdText, CanteenIdText, SiteLoadIdText, path_id};
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::batches::loads::{self, Load};
use domain::Instant;
use domain::access::Action;
use domain::fault::Faults;
use domain::food_safety::DeciCelsius;
use domain::id::{BatchId, CanteenId, SiteLoadId};
use domain::site_load::LoadFault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/batches/{batch}/loads").route(web::post().to(hand_over_load)))
        .service(web::resource("/v1/canteens/{canteen}/loads").route(web::get().to(list_loads)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("handOverLoad", Access::Roles(Action::KitchenRecords), MOVING),
    op("listLoads", Access::Roles(Action::SeeTrace), &[P::Invalid, P::Forbidden, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(hand_over_load, list_loads))]
pub struct Docs;

/// Portions that are handed over.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBody {
    /// To which canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// How many.
    #[schema(minimum = 1, maximum = 100_000)]
    pub portions: i64,
    /// What was measured in the box, tenths of a degree Celsius; needed for what is kept hot or chilled.
    #[schema(value_type = Option<i64>, example = 685)]
    #[serde(default)]
    pub temperature_decicelsius: Option<DeciCelsius>,
    /// When it was handed over.
    #[schema(value_type = String, format = DateTime)]
    pub handed_over_at: Instant,
}

/// Portions that were handed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoadView {
    /// Which record.
    #[schema(value_type = SiteLoadIdText)]
    pub id: SiteLoadId,
    /// Of which batch.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
    /// Of which dish.
    pub dish_name: String,
    /// How many.
    pub portions: i64,
    /// What was measured in the box, tenths of a degree Celsius.
    #[schema(value_type = Option<i64>)]
    pub temperature_decicelsius: Option<DeciCelsius>,
    /// When it was handed over.
    #[schema(value_type = String, format = DateTime)]
    pub handed_over_at: Instant,
}

/// What a canteen was handed over for a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoadsView {
    /// Oldest first.
    pub items: Vec<LoadView>,
}

/// Records that portions of a released batch were handed over to a canteen that the kitchen supplies, with the temperature in the box.
#[utoipa::path(post, path = "/v1/batches/{batch}/loads", operation_id = "handOverLoad", tag = "batches", request_body = LoadBody,
    params(("batch" = String, Path, description = "The batch"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, body = BatchView)))]
pub async fn hand_over_load(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<LoadBody>,
) -> Answer {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    portions::check(&mut faults, "/portions", body.portions, 1);
    if body.temperature_decicelsius.is_some_and(|measured| !measured.is_plausible()) {
        faults.push(
            "/temperature_decicelsius",
            "out_of_range",
            "温度不可信，请重新测量",
            "no thermometer shows this; measure again",
        );
    }
    valid(faults)?;
    let key = key.bind(&actor, "handOverLoad", &(path.as_str(), &*body))?;
    let load = Load {
        canteen: body.canteen,
        portions: body.portions,
        temperature: body.temperature_decicelsius,
        handed_over_at: body.handed_over_at,
    };
    answer(loads::hand_over(&app, actor, key, id, load).await)
}

/// What a canteen was handed over for a day by the kitchen that supplies it.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/loads", operation_id = "listLoads", tag = "batches",
    params(("canteen" = String, Path, description = "The canteen"), DayQuery), responses((status = 200, body = LoadsView)))]
pub async fn list_loads(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<DayQuery>,
) -> Result<Json<LoadsView>, Problem> {
    let on = query.date.unwrap_or_else(|| app.clock.now().civil_date());
    let found = loads::of_canteen(&app, actor, path_id(&path)?, on).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let view = |(row, dish_name): (app::store::query::loads::LoadRow, String)| LoadView {
        id: row.id.0,
        batch: row.batch_id.0,
        dish_name,
        portions: row.portions,
        temperature_decicelsius: row.temp.map(|t| t.0),
        handed_over_at: row.handed_over_at.0,
    };
    Ok(Json(LoadsView { items: found.into_iter().map(view).collect() }))
}

/// What is against a load: the word of the cause, and what there is or was measured.
pub(super) fn refused(faults: &[LoadFault]) -> Problem {
    let messages: Vec<String> = faults
        .iter()
        .map(|fault| match fault {
            LoadFault::Portions { left } => format!("这一锅只剩 {left} 份"),
            LoadFault::TemperatureMissing => "交接前须测箱内温度".to_owned(),
            LoadFault::Temperature { measured, limit } => format!("箱内温度 {measured} ℃，超出限值 {limit} ℃"),
        })
        .collect();
    Problem::new(P::BatchRefused).with("cause", "load").with("messages", messages)
}
