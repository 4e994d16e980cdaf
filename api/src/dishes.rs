//! Dishes: what is in them and what they give.

use crate::catalogue_edit::DishHomeBody;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cached, cursor_of, key_of, limit_of};
use crate::problem::{Problem, ProblemCode};
use crate::words::{AllergenWord, DishIdText, DishMarkWord, StationWord, TextureWord, path_id};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::catalogue::read::{self, DishCard, Page};
use domain::canteen::Station;
use domain::diet::{Allergen, DishMark, Texture};
use domain::fault::Faults;
use domain::id::DishId;
use domain::text_enum::TextEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/dishes").route(web::get().to(list_dishes)).route(web::post().to(crate::catalogue_edit::make_dish)),
        )
        .service(
            web::resource("/v1/dishes/{dish}")
                .route(web::get().to(get_dish))
                .route(web::put().to(crate::catalogue_edit::change_dish)),
        );
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] =
    &[op("listDishes", Access::Public, &[ProblemCode::Invalid]), op("getDish", Access::Public, &[ProblemCode::NotFound])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_dishes, get_dish))]
pub struct Docs;

/// Which dishes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DishesQuery {
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// Nutrition of one portion, as GB 28050 lists it.
#[derive(Debug, Serialize, ToSchema)]
pub struct NutritionView {
    /// Energy in tenths of a kilocalorie.
    pub energy_kcal_tenths: i64,
    /// Protein in milligrams.
    pub protein_mg: i64,
    /// Fat in milligrams.
    pub fat_mg: i64,
    /// Carbohydrate in milligrams.
    pub carbohydrate_mg: i64,
    /// Sodium in milligrams.
    pub sodium_mg: i64,
}

/// An ingredient of a dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngredientView {
    /// Its name.
    pub name: String,
    /// Raw edible part in a portion, in milligrams.
    pub amount_mg: i64,
    /// The classes of GB 7718 that it carries.
    #[schema(value_type = Vec<AllergenWord>)]
    pub allergens: Vec<Allergen>,
}

/// A dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct DishView {
    /// Its identifier.
    #[schema(value_type = DishIdText)]
    pub id: DishId,
    /// What files call it.
    pub code: String,
    /// On menus and labels.
    pub name: String,
    /// Where it is made.
    #[schema(value_type = StationWord)]
    pub station: Station,
    /// List price of a portion, in fen.
    pub price_fen: i64,
    /// The textures it is offered in.
    #[schema(value_type = Vec<TextureWord>)]
    pub textures: Vec<Texture>,
    /// What some diets rule out.
    #[schema(value_type = Vec<DishMarkWord>)]
    pub marks: Vec<DishMark>,
    /// Every allergen class of its ingredients.
    #[schema(value_type = Vec<AllergenWord>)]
    pub allergens: BTreeSet<Allergen>,
    /// Of one portion; absent when it is not known.
    pub nutrition: Option<NutritionView>,
    /// What is in it, heaviest first.
    pub ingredients: Vec<IngredientView>,
    /// Whose it is.
    pub home: DishHomeBody,
    /// Counts changes; send it in `If-Match` to change it.
    pub version: i64,
}

/// The values of a column of words separated by commas.
pub(crate) fn words<E: TextEnum>(column: &str) -> Vec<E> {
    column.split(',').filter_map(E::parse).collect()
}

impl From<DishCard> for DishView {
    fn from(card: DishCard) -> Self {
        let (d, recipe) = (card.dish, card.recipe);
        let ingredients: Vec<IngredientView> = recipe
            .into_iter()
            .map(|r| IngredientView { name: r.name, amount_mg: r.amount_mg, allergens: words(&r.allergens) })
            .collect();
        // All five are known or none is.
        let nutrition = (|| {
            Some(NutritionView {
                energy_kcal_tenths: d.energy_kcal_tenths?,
                protein_mg: d.protein_mg?,
                fat_mg: d.fat_mg?,
                carbohydrate_mg: d.carbohydrate_mg?,
                sodium_mg: d.sodium_mg?,
            })
        })();
        let home = DishHomeBody {
            place: d.home_place.map(|place| place.0.to_string()),
            canteen: d.home_canteen_id.map(|canteen| canteen.0),
        };
        Self {
            id: d.id.0,
            code: d.code,
            name: d.name,
            station: d.station.0,
            price_fen: d.price_fen.0.0,
            textures: words(&d.textures),
            marks: words(&d.marks),
            allergens: ingredients.iter().flat_map(|i| i.allergens.iter().copied()).collect(),
            nutrition,
            ingredients,
            home,
            version: d.version,
        }
    }
}

/// Dishes, by code.
#[utoipa::path(get, path = "/v1/dishes", operation_id = "listDishes", tag = "catalogue", params(DishesQuery),
    responses((status = 200, body = PageView<DishView>), (status = 304, description = "As the client has it")))]
pub async fn list_dishes(app: Data<App>, request: HttpRequest, query: Query<DishesQuery>) -> Result<HttpResponse, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let page = Page { after: key_of(&mut faults, query.cursor.as_deref()), limit: limit_of(&mut faults, query.limit) };
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let (rows, more) = read::dishes(&app, page).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let next = rows.last().filter(|_| more).map(|d| cursor_of(&d.dish.code));
    cached(&request, "max-age=60", &PageView { items: rows.into_iter().map(DishView::from).collect(), next })
}

/// One dish.
#[utoipa::path(get, path = "/v1/dishes/{dish}", operation_id = "getDish", tag = "catalogue",
    params(("dish" = String, Path, description = "The dish")),
    responses((status = 200, body = DishView), (status = 304, description = "As the client has it")))]
pub async fn get_dish(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = read::dish(&app, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    cached(&request, "max-age=60", &DishView::from(card))
}
