//! Canteens: where meals are sold, when, and until when they may be ordered.

use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cached, cursor_of, key_of, limit_of};
use crate::problem::{Problem, ProblemCode};
use crate::words::{CanteenIdText, CanteenKindWord, CanteenStateWord, MealWord, path_id};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::catalogue::read::{self, CanteenCard, Page};
use domain::canteen::{CanteenKind, CanteenState};
use domain::fault::Faults;
use domain::id::CanteenId;
use domain::{MealPeriod, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/canteens")
                .route(web::get().to(list_canteens))
                .route(web::post().to(crate::catalogue_edit::make_canteen)),
        )
        .service(
            web::resource("/v1/canteens/{canteen}")
                .route(web::get().to(get_canteen))
                .route(web::put().to(crate::catalogue_edit::change_canteen)),
        );
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] =
    &[op("listCanteens", Access::Public, &[ProblemCode::Invalid]), op("getCanteen", Access::Public, &[ProblemCode::NotFound])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_canteens, get_canteen))]
pub struct Docs;

/// Which canteens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CanteensQuery {
    /// In this place and all below it.
    #[param(value_type = Option<String>, example = "990101001")]
    place: Option<PlaceCode>,
    /// Only those that take part, or only those that do not.
    #[param(value_type = Option<CanteenStateWord>)]
    state: Option<CanteenState>,
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// When a canteen serves a meal; times of day in China.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoursView {
    /// The meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// First minute of service.
    #[schema(example = "10:30")]
    pub serve_from: String,
    /// End of service.
    #[schema(example = "13:00")]
    pub serve_to: String,
    /// Days before the service date on which ordering ends; 0 is the same day.
    pub cut_off_days_before: u16,
    /// The time of that day at which ordering ends.
    #[schema(example = "09:00")]
    pub cut_off: String,
}

/// A canteen.
#[derive(Debug, Serialize, ToSchema)]
pub struct CanteenView {
    /// Its identifier.
    #[schema(value_type = CanteenIdText)]
    pub id: CanteenId,
    /// What files call it.
    pub code: String,
    /// On screens.
    pub name: String,
    /// What kind of meal site.
    #[schema(value_type = CanteenKindWord)]
    pub kind: CanteenKind,
    /// Where it lies.
    #[schema(value_type = String, example = "990101001001")]
    pub place: PlaceCode,
    /// Which kitchen cooks for it.
    #[schema(value_type = Option<CanteenIdText>)]
    pub central_kitchen: Option<CanteenId>,
    /// Road and number.
    pub address: String,
    /// To call.
    pub phone: String,
    /// Longitude, WGS-84, in 1e-7 degrees.
    pub lon_e7: i64,
    /// Latitude, WGS-84, in 1e-7 degrees.
    pub lat_e7: i64,
    /// Permit.
    pub licence_no: String,
    /// Last day of the permit.
    #[schema(value_type = String, format = Date)]
    pub licence_expires_on: ServiceDate,
    /// How far it delivers, in metres, unless it has an area.
    pub delivery_radius_m: i64,
    /// Where it delivers, as GeoJSON.
    #[schema(value_type = Option<Object>)]
    pub delivery_area: Option<serde_json::Value>,
    /// For bringing one order, in fen.
    pub delivery_fee_fen: i64,
    /// Whether it takes part.
    #[schema(value_type = CanteenStateWord)]
    pub state: CanteenState,
    /// When it serves.
    pub meals: Vec<HoursView>,
    /// Counts changes; send it in `If-Match` to change it.
    pub version: i64,
}

impl From<CanteenCard> for CanteenView {
    fn from(card: CanteenCard) -> Self {
        let (c, hours) = (card.canteen, card.hours);
        Self {
            id: c.id.0,
            code: c.code,
            name: c.name,
            kind: c.kind.0,
            place: c.place_code.0,
            central_kitchen: c.central_kitchen_id.map(|id| id.0),
            address: c.address,
            phone: c.phone,
            lon_e7: c.lon_e7,
            lat_e7: c.lat_e7,
            licence_no: c.licence_no,
            licence_expires_on: c.licence_expires_on.0,
            delivery_radius_m: c.delivery_radius_m,
            delivery_area: c.delivery_area.and_then(|area| serde_json::from_str(&area).ok()),
            delivery_fee_fen: c.delivery_fee_fen.0.0,
            state: c.state.0,
            meals: hours.iter().map(|row| hours_view(row.meal.0, row.hours())).collect(),
            version: c.version,
        }
    }
}

fn hours_view(meal: MealPeriod, hours: domain::canteen::MealHours) -> HoursView {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    HoursView {
        meal,
        serve_from: clock(hours.serve_from_minute),
        serve_to: clock(hours.serve_to_minute),
        cut_off_days_before: hours.cut_off_days_before,
        cut_off: clock(hours.cut_off_minute),
    }
}

/// Canteens, by code.
#[utoipa::path(get, path = "/v1/canteens", operation_id = "listCanteens", tag = "catalogue", params(CanteensQuery),
    responses((status = 200, body = PageView<CanteenView>), (status = 304, description = "As the client has it")))]
pub async fn list_canteens(app: Data<App>, request: HttpRequest, query: Query<CanteensQuery>) -> Result<HttpResponse, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let page = Page { after: key_of(&mut faults, query.cursor.as_deref()), limit: limit_of(&mut faults, query.limit) };
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let found = read::canteens(&app, query.place, query.state, page).await;
    let (rows, more) = found.map_err(|f| Problem::of(f, |never| match never {}))?;
    let next = rows.last().filter(|_| more).map(|c| cursor_of(&c.canteen.code));
    cached(&request, "max-age=60", &PageView { items: rows.into_iter().map(CanteenView::from).collect(), next })
}

/// One canteen.
#[utoipa::path(get, path = "/v1/canteens/{canteen}", operation_id = "getCanteen", tag = "catalogue",
    params(("canteen" = String, Path, description = "The canteen")),
    responses((status = 200, body = CanteenView), (status = 304, description = "As the client has it")))]
pub async fn get_canteen(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = read::canteen(&app, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    cached(&request, "max-age=60", &CanteenView::from(card))
}
