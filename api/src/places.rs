//! Places: the tree that rights and canteens hang on.

use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cached, cursor_of, key_of, limit_of};
use crate::problem::{Problem, ProblemCode};
use crate::words::PlaceLevelWord;
use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::catalogue::read::{self, Page};
use domain::PlaceCode;
use domain::fault::Faults;
use domain::place::PlaceLevel;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/places").route(web::get().to(list_places)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[op("listPlaces", Access::Public, &[ProblemCode::Invalid])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_places))]
pub struct Docs;

/// Which places.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesQuery {
    /// This place and all below it.
    #[param(value_type = Option<String>, example = "990101001")]
    under: Option<PlaceCode>,
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceView {
    /// 2, 4, 6, 9 or 12 digits.
    #[schema(value_type = String, example = "990101001")]
    pub code: PlaceCode,
    /// As people call it.
    pub name: String,
    /// Which level of the tree.
    #[schema(value_type = PlaceLevelWord)]
    pub level: PlaceLevel,
}

/// Places, by code.
#[utoipa::path(get, path = "/v1/places", operation_id = "listPlaces", tag = "catalogue", params(PlacesQuery),
    responses((status = 200, body = PageView<PlaceView>), (status = 304, description = "As the client has it")))]
pub async fn list_places(app: Data<App>, request: HttpRequest, query: Query<PlacesQuery>) -> Result<HttpResponse, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let page = Page { after: key_of(&mut faults, query.cursor.as_deref()), limit: limit_of(&mut faults, query.limit) };
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let (rows, more) = read::places(&app, query.under, page).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let next = rows.last().filter(|_| more).map(|p| cursor_of(p.code.0.as_str()));
    let items = rows.into_iter().map(|p| PlaceView { code: p.code.0, name: p.name, level: p.level.0 }).collect();
    cached(&request, "max-age=300", &PageView { items, next })
}
