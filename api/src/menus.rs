//! Sittings and their menus: what a client shows before it asks for a quote.

use crate::dishes::DishView;
use crate::extract::MaybeSigned;
use crate::operations::{Access, Operation, op};
use crate::paging::cached;
use crate::problem::{Problem, ProblemCode};
use crate::words::{CanteenIdText, MealWord, MenuItemIdText, SeniorIdText, SittingIdText, SittingStateWord, path_id};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::catalogue::read::{self, MenuLine, SPAN_MAX_DAYS, SittingCard};
use app::store::query::catalogue::SittingRow;
use domain::canteen::SittingState;
use domain::diet::Clash;
use domain::fault::Faults;
use domain::id::{CanteenId, MenuItemId, SeniorId, SittingId};
use domain::{Instant, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/sittings").route(web::get().to(list_sittings))).service(
        web::resource("/v1/sittings/{sitting}")
            .route(web::get().to(get_menu))
            .route(web::patch().to(crate::catalogue_edit::change_sitting)),
    );
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listSittings", Access::Public, &[ProblemCode::Invalid, ProblemCode::NotFound]),
    op("getMenu", Access::Public, &[ProblemCode::SignInNeeded, ProblemCode::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_sittings, get_menu))]
pub struct Docs;

/// Which sittings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SittingsQuery {
    /// Of which canteen.
    #[param(value_type = CanteenIdText)]
    canteen: CanteenId,
    /// The first day; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<ServiceDate>,
    /// The last day, included, at most 31 days later; 13 days later when absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<ServiceDate>,
    /// Only this meal.
    #[param(value_type = Option<MealWord>)]
    meal: Option<MealPeriod>,
}

/// One canteen, one date, one meal.
#[derive(Debug, Serialize, ToSchema)]
pub struct SittingView {
    /// Its identifier.
    #[schema(value_type = SittingIdText)]
    pub id: SittingId,
    /// Where.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// The meal.
    #[schema(value_type = MealWord)]
    pub meal: MealPeriod,
    /// Until when it may be ordered.
    #[schema(value_type = String, format = DateTime)]
    pub cut_off_at: Instant,
    /// When service begins.
    #[schema(value_type = String, format = DateTime)]
    pub serve_from_at: Instant,
    /// When service ends.
    #[schema(value_type = String, format = DateTime)]
    pub serve_to_at: Instant,
    /// Whether it was called off.
    #[schema(value_type = SittingStateWord)]
    pub state: SittingState,
    /// Counts changes of the sitting and its menu; send it in `If-Match` to change them.
    pub version: i64,
}

impl From<SittingRow> for SittingView {
    fn from(s: SittingRow) -> Self {
        Self {
            id: s.id.0,
            canteen: s.canteen_id.0,
            service_date: s.service_date.0,
            meal: s.meal.0,
            cut_off_at: s.cut_off_at.0,
            serve_from_at: s.serve_from_at.0,
            serve_to_at: s.serve_to_at.0,
            state: s.state.0,
            version: s.version,
        }
    }
}

/// A sitting in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SittingCardView {
    /// The sitting.
    pub sitting: SittingView,
    /// Dishes on its menu.
    pub dishes: i64,
    /// Portions that are left, of all dishes together.
    pub portions_left: i64,
}

/// A canteen's sittings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SittingsView {
    /// In the order in which they are served.
    pub items: Vec<SittingCardView>,
}

/// Something in a dish that a diet rules out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClashView {
    /// For programs: what kind, and of what.
    #[schema(value_type = Object)]
    pub clash: Clash,
    /// As the senior reads it.
    pub message: String,
    /// The same in English.
    pub message_en: String,
}

impl From<Clash> for ClashView {
    fn from(clash: Clash) -> Self {
        Self { message: clash.message_zh(), message_en: clash.message_en(), clash }
    }
}

/// A dish on a menu.
#[derive(Debug, Serialize, ToSchema)]
pub struct MenuItemView {
    /// What to order it by.
    #[schema(value_type = MenuItemIdText)]
    pub id: MenuItemId,
    /// The dish.
    pub dish: DishView,
    /// Its price at this meal, in fen, before discounts and subsidies.
    pub price_fen: i64,
    /// What a small portion costs, where that is not the same.
    pub small_price_fen: Option<i64>,
    /// What a large portion costs, where that is not the same.
    pub large_price_fen: Option<i64>,
    /// How many there are in all.
    pub portions: i64,
    /// How many are left.
    pub portions_left: i64,
    /// Taken off the menu for today.
    pub stopped: bool,
    /// What the senior's diet rules out; absent unless `senior` was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clashes: Option<Vec<ClashView>>,
}

impl From<MenuLine> for MenuItemView {
    fn from(line: MenuLine) -> Self {
        Self {
            id: line.item.id.0,
            price_fen: line.item.price_fen.0.0,
            small_price_fen: line.item.small_price_fen.map(|fen| fen.0.0),
            large_price_fen: line.item.large_price_fen.map(|fen| fen.0.0),
            portions: line.item.portions,
            portions_left: line.item.portions - line.item.sold,
            stopped: line.item.stopped,
            clashes: line.clashes.map(|all| all.into_iter().map(ClashView::from).collect()),
            dish: line.dish.into(),
        }
    }
}

/// A sitting with its menu.
#[derive(Debug, Serialize, ToSchema)]
pub struct MenuView {
    /// The sitting.
    pub sitting: SittingView,
    /// The canteen's name.
    pub canteen_name: String,
    /// Whether it takes orders now.
    pub orderable: bool,
    /// For bringing one order, in fen.
    pub delivery_fee_fen: i64,
    /// What is on it, in the menu's order.
    pub items: Vec<MenuItemView>,
}

/// A canteen's sittings of some days. At most 31 days at once, so the list needs no cursor.
#[utoipa::path(get, path = "/v1/sittings", operation_id = "listSittings", tag = "catalogue", params(SittingsQuery),
    responses((status = 200, body = SittingsView), (status = 304, description = "As the client has it")))]
pub async fn list_sittings(app: Data<App>, request: HttpRequest, query: Query<SittingsQuery>) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let from = query.from.unwrap_or_else(|| app.clock.now().civil_date());
    let to = query.to.unwrap_or_else(|| from.plus_days(13));
    if !(0..=SPAN_MAX_DAYS).contains(&to.days_since(from)) {
        let mut faults = Faults::default();
        faults.push(
            "to",
            "out_of_range",
            "须不早于 from，且最多晚 31 天",
            "must not lie before `from`, nor more than 31 days after it",
        );
        return Err(Problem::invalid(&faults));
    }
    let found = read::sittings(&app, query.canteen, from, to, query.meal).await;
    let cards = found.map_err(|f| Problem::of(f, |never| match never {}))?;
    let view = |c: SittingCard| SittingCardView { sitting: c.sitting.into(), dishes: c.dishes, portions_left: c.left };
    cached(&request, "max-age=5", &SittingsView { items: cards.into_iter().map(view).collect() })
}

/// For whom the menu is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MenuQuery {
    /// Adds to each dish what clashes with this senior's diet; only for who may see or order for the senior.
    #[param(value_type = Option<SeniorIdText>)]
    senior: Option<SeniorId>,
}

/// A sitting with its menu: prices, portions left, allergens, nutrition.
#[utoipa::path(get, path = "/v1/sittings/{sitting}", operation_id = "getMenu", tag = "catalogue",
    params(("sitting" = String, Path, description = "The sitting"), MenuQuery),
    responses((status = 200, body = MenuView), (status = 304, description = "As the client has it")))]
pub async fn get_menu(
    app: Data<App>,
    MaybeSigned(actor): MaybeSigned,
    request: HttpRequest,
    path: Path<String>,
    query: Query<MenuQuery>,
) -> Result<HttpResponse, Problem> {
    let senior = match (query.senior, actor) {
        (Some(_), None) => return Err(Problem::new(ProblemCode::SignInNeeded)),
        (Some(senior), Some(actor)) => Some((senior, actor)),
        (None, _) => None,
    };
    let keep = if senior.is_some() { "private, no-cache" } else { "no-cache" };
    let menu = read::menu(&app, path_id(&path)?, senior).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    cached(&request, keep, &menu_view(menu))
}

pub(crate) fn menu_view(menu: read::Menu) -> MenuView {
    MenuView {
        sitting: menu.sitting.into(),
        canteen_name: menu.canteen.name,
        orderable: menu.orderable,
        delivery_fee_fen: menu.canteen.delivery_fee_fen.0.0,
        items: menu.items.into_iter().map(MenuItemView::from).collect(),
    }
}
