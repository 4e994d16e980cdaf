//! What really goes into the dishes of a sitting, by the word of who cooks.

use crate::extract::{IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::versioned;
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{AllergenWord, BatchIdText, DishIdText, IngredientIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::kitchen::real::{self, ConfirmRefusal, Confirmation, DishToday};
use domain::Instant;
use domain::access::Action;
use domain::diet::Allergen;
use domain::fault::Faults;
use domain::id::{BatchId, DishId, IngredientId};
use domain::kitchen::real::{Asked, Fault, Part};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/sittings/{sitting}/ingredients").route(web::get().to(get_ingredients)))
        .service(web::resource("/v1/sittings/{sitting}/dishes/{dish}/ingredients").route(web::put().to(confirm_ingredients)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("getSittingIngredients", Access::Roles(Action::Kitchen), &[P::Forbidden, P::NotFound]),
    op(
        "confirmIngredients",
        Access::Roles(Action::KitchenRecords),
        &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale, P::IngredientsRefused],
    ),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_ingredients, confirm_ingredients))]
pub struct Docs;

/// One ingredient that is used of a dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsedView {
    /// Which.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// The allergen classes that it carries.
    #[schema(value_type = Vec<AllergenWord>)]
    pub allergens: Vec<Allergen>,
    /// How much of it in a portion, in milligrams.
    pub amount_mg: i64,
    /// The recipe's ingredient whose place it takes.
    #[schema(value_type = Option<IngredientIdText>)]
    pub instead_of: Option<IngredientId>,
    /// Not in the recipe, and in nobody's place.
    pub added: bool,
}

/// One ingredient of a recipe that is not used.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeftOffView {
    /// Which.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
}

/// One ingredient that a lot brought into a batch without having been confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct BroughtView {
    /// Which.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// The allergen classes that it carries.
    #[schema(value_type = Vec<AllergenWord>)]
    pub allergens: Vec<Allergen>,
    /// The batch that it went into.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
}

/// Who confirmed what is used of a dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmedView {
    /// Counts confirmations; send it in `If-Match` to confirm again.
    pub version: i64,
    /// When, the last time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// By whom.
    pub by: String,
}

impl From<Confirmation> for ConfirmedView {
    fn from(of: Confirmation) -> Self {
        Self { version: of.version, at: of.at, by: of.by_name }
    }
}

/// What goes into one dish of a sitting.
#[derive(Debug, Serialize, ToSchema)]
pub struct DishIngredientsView {
    /// Which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Who confirmed it; null while what is used is only what the recipe says.
    pub confirmed: Option<ConfirmedView>,
    /// What is used, the most of it first.
    pub used: Vec<UsedView>,
    /// What the recipe has and is not used.
    pub left_out: Vec<LeftOffView>,
    /// What lots brought without having been confirmed: it counts as used until somebody has looked.
    pub brought: Vec<BroughtView>,
}

/// What goes into the dishes of a sitting.
#[derive(Debug, Serialize, ToSchema)]
pub struct SittingIngredientsView {
    /// In the order of the menu.
    pub dishes: Vec<DishIngredientsView>,
}

impl From<DishToday> for DishIngredientsView {
    fn from(of: DishToday) -> Self {
        let DishToday { dish, name, confirmed, parts, recipe, difference, brought } = of;
        let used = |(part, instead_of): (Part, Option<IngredientId>)| UsedView {
            added: difference.added.contains(&part.ingredient),
            ingredient: part.ingredient,
            name: part.name,
            allergens: part.allergens.into_iter().collect(),
            amount_mg: part.amount_mg,
            instead_of,
        };
        let replaced = difference.replaced.iter().map(|(old, _)| *old);
        let gone: Vec<IngredientId> = difference.left_out.iter().copied().chain(replaced).collect();
        let left_out = recipe
            .iter()
            .filter(|part| gone.contains(&part.ingredient))
            .map(|part| LeftOffView { ingredient: part.ingredient, name: part.name.clone() })
            .collect();
        let brought = brought.into_iter().map(|(batch, part)| BroughtView {
            ingredient: part.ingredient,
            name: part.name,
            allergens: part.allergens.into_iter().collect(),
            batch,
        });
        Self {
            dish,
            name,
            confirmed: confirmed.map(ConfirmedView::from),
            used: parts.into_iter().map(used).collect(),
            left_out,
            brought: brought.collect(),
        }
    }
}

/// One ingredient that is used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsedBody {
    /// Which.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// How much of it in a portion, in milligrams; absent is as much as the recipe has of it, or of what it takes the place of.
    #[schema(minimum = 1, maximum = 2_000_000)]
    #[serde(default)]
    pub amount_mg: Option<i64>,
    /// The recipe's ingredient whose place it takes.
    #[schema(value_type = Option<IngredientIdText>)]
    #[serde(default)]
    pub instead_of: Option<IngredientId>,
}

/// All that is used of a dish; what the recipe has and this has not is left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIngredientsBody {
    /// 1 to 60 ingredients.
    pub used: Vec<UsedBody>,
}

/// What really goes into the dishes of a sitting, and which of them nobody has confirmed.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/ingredients", operation_id = "getSittingIngredients", tag = "sittings",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = SittingIngredientsView)))]
pub async fn get_ingredients(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
) -> Result<Json<SittingIngredientsView>, Problem> {
    let found = real::look(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(SittingIngredientsView { dishes: found.into_iter().map(DishIngredientsView::from).collect() }))
}

/// Confirms what really goes into a dish, before it is counted. Every order of it is judged again: who may not eat what is really used is
/// told, and stands on the count's list with how to put them back. `If-Match` is the version of the last confirmation, `"0"` when there is
/// none; saying again what stands changes nothing.
#[utoipa::path(put, path = "/v1/sittings/{sitting}/dishes/{dish}/ingredients", operation_id = "confirmIngredients", tag = "sittings",
    request_body = ConfirmIngredientsBody,
    params(("sitting" = String, Path, description = "The sitting"), ("dish" = String, Path, description = "The dish"),
        ("If-Match" = String, Header, description = "The version of the last confirmation; \"0\" for none")),
    responses((status = 200, body = DishIngredientsView)))]
pub async fn confirm_ingredients(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<(String, String)>,
    body: Json<ConfirmIngredientsBody>,
) -> Result<HttpResponse, Problem> {
    let (sitting, dish) = (path_id(&path.0)?, path_id(&path.1)?);
    let asked = |one: &UsedBody| Asked { ingredient: one.ingredient, amount_mg: one.amount_mg, instead_of: one.instead_of };
    let asked = body.used.iter().map(asked).collect();
    let of = real::confirm(&app, actor, sitting, dish, version, asked).await.map_err(|f| Problem::of(f, refused))?;
    let view = DishIngredientsView::from(of);
    Ok(versioned(HttpResponse::Ok(), view.confirmed.as_ref().map_or(0, |c| c.version), &view))
}

fn refused(refusal: ConfirmRefusal) -> Problem {
    let mut faults = Faults::default();
    match refusal {
        ConfirmRefusal::NotNow => return Problem::new(P::IngredientsRefused),
        ConfirmRefusal::Unknown(places) => {
            for n in places {
                let place = format!("/used/{n}/ingredient");
                faults.push(
                    place,
                    "unknown",
                    "没有这种原料，请先在原料表中登记",
                    "there is no such ingredient; add it to the list first",
                );
            }
        }
        ConfirmRefusal::Faults(all) => all.into_iter().for_each(|fault| push(&mut faults, fault)),
    }
    Problem::invalid(&faults)
}

fn push(faults: &mut Faults, fault: Fault) {
    let (at, code, zh, en) = match fault {
        Fault::Count => ("/used".to_owned(), "count", "须有 1 到 60 种用料", "must have 1 to 60 ingredients"),
        Fault::Twice(n) => (format!("/used/{n}/ingredient"), "twice", "同一种原料只填一次", "name each ingredient once"),
        Fault::AmountNeeded(n) => (
            format!("/used/{n}/amount_mg"),
            "required",
            "食谱中没有此料，请填每份用量",
            "it is not in the recipe: give the amount of a portion",
        ),
        Fault::Amount(n) => {
            (format!("/used/{n}/amount_mg"), "out_of_range", "每份用量须在 1 毫克到 2 公斤之间", "must be from 1 to 2,000,000")
        }
        Fault::NotInRecipe(n) => (
            format!("/used/{n}/instead_of"),
            "not_in_recipe",
            "被替换的原料不在食谱中",
            "what it takes the place of is not in the recipe",
        ),
        Fault::NotReplaced(n) => (
            format!("/used/{n}/instead_of"),
            "not_replaced",
            "被替换的原料仍在使用或已被另一种替换",
            "what it takes the place of is used all the same, or replaced by another",
        ),
    };
    faults.push(at, code, zh, en);
}
