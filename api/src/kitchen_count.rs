//! The kitchen count of a sitting: how many of what, for whom, with what exception.

use crate::demand::{LeftOutView, UnfitView, WithoutView};
use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode};
use crate::real_ingredients::ConfirmedView;
use crate::words::{DishIdText, PortionSizeWord, TextureWord, path_id};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::kitchen::count;
use app::kitchen::real::DishToday;
use domain::access::Action;
use domain::diet::{PortionSize, Texture};
use domain::id::DishId;
use domain::kitchen::{DishCount, ExceptionGroup, TextureCount};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/sittings/{sitting}/kitchen-count").route(web::get().to(get_kitchen_count)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] =
    &[op("getKitchenCount", Access::Roles(Action::Kitchen), &[ProblemCode::Forbidden, ProblemCode::NotFound])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_kitchen_count))]
pub struct Docs;

/// The count of a sitting, from its demand set.
#[derive(Debug, Serialize, ToSchema)]
pub struct KitchenCountView {
    /// Orders to cook for.
    pub orders: u64,
    /// Portions of all dishes.
    pub portions: u64,
    /// By dish.
    pub dishes: Vec<DishCountView>,
    /// Seniors whose standing order has no meal here, and how to put them back.
    pub left_out: Vec<LeftOutView>,
    /// Who ordered what they may not eat, as it is really made, and nobody answers for it; with how to put them back.
    pub unfit: Vec<UnfitView>,
    /// Who goes without a dish of which too little was made; with how to put them back.
    pub without: Vec<WithoutView>,
}

/// The count of one dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct DishCountView {
    /// Which.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Portions in all.
    pub portions: u64,
    /// Portions of them that the kitchen marked as made.
    pub done: u64,
    /// Ran out, by the kitchen's word.
    pub stopped: bool,
    /// Who confirmed what it is really made of; null while its groups are only those of the recipe.
    pub ingredients_confirmed: Option<ConfirmedView>,
    /// What lots brought into it without having been confirmed.
    pub unconfirmed_ingredients: Vec<String>,
    /// By texture and size.
    pub textures: Vec<TextureCountView>,
}

/// The count of one dish in one texture and size.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextureCountView {
    /// How prepared.
    #[schema(value_type = TextureWord)]
    pub texture: Texture,
    /// How large.
    #[schema(value_type = PortionSizeWord)]
    pub size: PortionSize,
    /// Portions in all.
    pub portions: u64,
    /// Portions without any exception.
    pub plain: u64,
    /// The rest, by combination of exceptions; the largest first.
    pub exceptions: Vec<ExceptionGroupView>,
}

/// Portions with the same combination of exceptions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExceptionGroupView {
    /// The combination, as the cook reads it.
    #[schema(example = json!(["含花生（花生碎）"]))]
    pub exceptions: Vec<String>,
    /// Portions.
    pub portions: u64,
    /// For whom: order number and masked name, and how many when it is more than one.
    #[schema(example = json!(["037 张*", "052 李* x2"]))]
    pub people: Vec<String>,
}

impl DishCountView {
    fn of(count: DishCount, made_of: Option<DishToday>) -> Self {
        let brought = made_of.iter().flat_map(|of| &of.brought).map(|(_, part)| part.name.clone());
        Self {
            unconfirmed_ingredients: brought.collect::<BTreeSet<_>>().into_iter().collect(),
            ingredients_confirmed: made_of.and_then(|of| of.confirmed).map(ConfirmedView::from),
            dish: count.dish,
            name: count.name,
            portions: count.portions,
            done: count.done,
            stopped: count.stopped,
            textures: count.textures.into_iter().map(TextureCountView::from).collect(),
        }
    }
}

impl From<TextureCount> for TextureCountView {
    fn from(of: TextureCount) -> Self {
        let exceptions = of.groups.into_iter().map(ExceptionGroupView::from).collect();
        Self { texture: of.texture, size: of.size, portions: of.portions, plain: of.plain, exceptions }
    }
}

impl From<ExceptionGroup> for ExceptionGroupView {
    fn from(of: ExceptionGroup) -> Self {
        let people = of.people.iter().map(ToString::to_string).collect();
        Self { exceptions: of.exceptions, portions: of.portions, people }
    }
}

/// Portions per dish, texture and size, grouped by combination of exceptions with the order numbers, from the demand set.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/kitchen-count", operation_id = "getKitchenCount", tag = "sittings",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = KitchenCountView)))]
pub async fn get_kitchen_count(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
) -> Result<Json<KitchenCountView>, Problem> {
    let mut counted = count::count(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(KitchenCountView {
        orders: u64::try_from(counted.count.orders).unwrap_or(u64::MAX),
        portions: counted.count.portions,
        dishes: counted
            .count
            .dishes
            .into_iter()
            .map(|of| {
                let made_of = counted.made_of.remove(&of.dish);
                DishCountView::of(of, made_of)
            })
            .collect(),
        left_out: counted.left_out.into_iter().map(LeftOutView::from).collect(),
        unfit: counted.unfit.into_iter().map(UnfitView::from).collect(),
        without: counted.without.into_iter().map(WithoutView::from).collect(),
    }))
}
