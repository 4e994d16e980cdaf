//! Changing canteens, dishes and menus by hand. What is typed is judged by the same rules as a file's rows.

use crate::canteens::CanteenView;
use crate::dishes::DishView;
use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::menu_body::{MenuItemBody, size_prices};
use crate::menus::{MenuView, menu_view};
use crate::operations::{Access, Operation, op};
use crate::paging::versioned;
use crate::problem::{Problem, ProblemCode};
use crate::words::{
    AllergenWord, CanteenIdText, CanteenKindWord, CanteenStateWord, DishIdText, DishMarkWord, MealWord, SittingStateWord,
    StationWord, TextureWord, path_id,
};
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::catalogue::edit::{self, Cells, Day, DayChange, EditRefusal, MenuLine};
use app::catalogue::read;
use app::failure::{Failure, Never};
use app::tabular::{CellValue, Milligrams, TenthKcal};
use domain::access::Action;
use domain::canteen::{CanteenKind, CanteenState, DishHome, SittingState, Station};
use domain::diet::{Allergen, DishMark, Texture};
use domain::fault::Faults;
use domain::id::{CanteenId, DishId, SittingId};
use domain::{Fen, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes; those that read are with their resources.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/canteens/{canteen}/menus/{date}/{meal}").route(web::put().to(put_menu)));
}

const OF_MAKING: &[ProblemCode] = &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::Conflict];
const OF_CHANGING: &[ProblemCode] = &[
    ProblemCode::TooLarge,
    ProblemCode::Invalid,
    ProblemCode::Forbidden,
    ProblemCode::NotFound,
    ProblemCode::Conflict,
    ProblemCode::Stale,
];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("makeCanteen", Access::Roles(Action::EditCatalogue), OF_MAKING),
    op("changeCanteen", Access::Roles(Action::EditCatalogue), OF_CHANGING),
    op("makeDish", Access::Roles(Action::EditCatalogue), OF_MAKING),
    op("changeDish", Access::Roles(Action::EditCatalogue), OF_CHANGING),
    op("putMenu", Access::Roles(Action::EditCatalogue), OF_CHANGING),
    op("changeSitting", Access::Roles(Action::EditCatalogue), OF_CHANGING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(make_canteen, change_canteen, make_dish, change_dish, put_menu, change_sitting))]
pub struct Docs;

/// When a canteen serves a meal; times of day in China.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursBody {
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
    #[schema(maximum = 7)]
    pub cut_off_days_before: u16,
    /// The time of that day at which ordering ends.
    #[schema(example = "09:00")]
    pub cut_off: String,
}

/// A canteen as it is to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CanteenBody {
    /// What files call it; it stays when the canteen is changed.
    #[schema(max_length = 32)]
    pub code: String,
    /// On screens.
    #[schema(max_length = 60)]
    pub name: String,
    /// What kind of meal site.
    #[schema(value_type = CanteenKindWord)]
    pub kind: CanteenKind,
    /// The code of the kitchen that cooks for it; for a satellite only.
    pub central_kitchen: Option<String>,
    /// Where it lies.
    #[schema(example = "990101001001")]
    pub place: String,
    /// Road and number.
    #[schema(max_length = 120)]
    pub address: String,
    /// To call.
    pub phone: String,
    /// Permit.
    pub licence_no: String,
    /// Last day of the permit.
    #[schema(value_type = String, format = Date)]
    pub licence_expires_on: ServiceDate,
    /// Longitude, WGS-84.
    pub longitude: f64,
    /// Latitude, WGS-84.
    pub latitude: f64,
    /// How far it delivers, in metres, unless it has an area; 0 for no delivery.
    #[schema(maximum = 50000)]
    pub delivery_radius_m: u32,
    /// Corners of the area it delivers to, longitude first.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub delivery_area: Vec<[f64; 2]>,
    /// For bringing one order, in fen.
    #[schema(minimum = 0)]
    pub delivery_fee_fen: i64,
    /// When it serves.
    #[schema(max_items = 3)]
    pub meals: Vec<HoursBody>,
    /// Whether it takes part; open when absent.
    #[schema(value_type = Option<CanteenStateWord>)]
    pub state: Option<CanteenState>,
}

impl CanteenBody {
    /// In the columns of the import.
    fn cells(&self) -> Cells {
        let corner = |[lon, lat]: &[f64; 2]| format!("{lon:.7} {lat:.7}");
        let mut cells = vec![
            self.code.clone(),
            self.name.clone(),
            self.kind.write(),
            self.central_kitchen.clone().unwrap_or_default(),
            self.place.clone(),
            self.address.clone(),
            self.phone.clone(),
            self.licence_no.clone(),
            self.licence_expires_on.to_string(),
            format!("{:.7}", self.longitude),
            format!("{:.7}", self.latitude),
            self.delivery_radius_m.to_string(),
            self.delivery_area.iter().map(corner).collect::<Vec<_>>().join(";"),
            Fen(self.delivery_fee_fen).write(),
        ];
        for meal in [MealPeriod::Breakfast, MealPeriod::Lunch, MealPeriod::Dinner] {
            let hours = self.meals.iter().find(|h| h.meal == meal);
            cells.push(hours.map(|h| format!("{}-{}", h.serve_from, h.serve_to)).unwrap_or_default());
            cells.push(hours.map(|h| format!("D-{} {}", h.cut_off_days_before, h.cut_off)).unwrap_or_default());
        }
        cells
    }
}

/// Nutrition of one portion.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NutritionBody {
    /// Energy in tenths of a kilocalorie.
    pub energy_kcal_tenths: u32,
    /// Protein in milligrams.
    pub protein_mg: u32,
    /// Fat in milligrams.
    pub fat_mg: u32,
    /// Carbohydrate in milligrams.
    pub carbohydrate_mg: u32,
    /// Sodium in milligrams.
    pub sodium_mg: u32,
}

/// An ingredient of a portion.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IngredientBody {
    /// Its name.
    #[schema(max_length = 40)]
    pub name: String,
    /// Raw edible part, in milligrams.
    #[schema(minimum = 1)]
    pub amount_mg: u32,
    /// The classes of GB 7718 that it carries, everywhere it is used.
    #[serde(default)]
    #[schema(value_type = Vec<AllergenWord>)]
    pub allergens: Vec<Allergen>,
    /// Used without a lot, such as salt.
    #[serde(default)]
    pub untraced: bool,
}

/// A dish as it is to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DishBody {
    /// What files call it; it stays when the dish is changed.
    #[schema(max_length = 32)]
    pub code: String,
    /// On menus and labels.
    #[schema(max_length = 40)]
    pub name: String,
    /// Where it is made.
    #[schema(value_type = StationWord)]
    pub station: Station,
    /// List price of a portion, in fen. A changed price applies to menus made later.
    #[schema(minimum = 0)]
    pub price_fen: i64,
    /// The textures it is offered in.
    #[schema(value_type = Vec<TextureWord>, min_items = 1)]
    pub textures: Vec<Texture>,
    /// What some diets rule out.
    #[serde(default)]
    #[schema(value_type = Vec<DishMarkWord>)]
    pub marks: Vec<DishMark>,
    /// Of one portion; absent when it is not known.
    pub nutrition: Option<NutritionBody>,
    /// Whose it is: who may cook it, and who may change it. Absent: of the one place or canteen the caller answers for; a change leaves
    /// it as it is.
    pub home: Option<DishHomeBody>,
    /// All of its recipe; empty leaves the recipe as it is.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub ingredients: Vec<IngredientBody>,
}

/// Whose a dish is: a place's, for every canteen below it, or one canteen's and its satellites'. With neither it is everyone's.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DishHomeBody {
    /// The place's code.
    #[schema(example = "990101001")]
    pub place: Option<String>,
    /// The canteen.
    #[schema(value_type = Option<CanteenIdText>)]
    pub canteen: Option<CanteenId>,
}

impl DishHomeBody {
    fn home(&self) -> Result<DishHome, Problem> {
        let mut faults = Faults::default();
        let home = match (&self.place, self.canteen) {
            (None, None) => DishHome::Everyone,
            (None, Some(canteen)) => DishHome::Canteen(canteen),
            (Some(code), None) => crate::input::place(&mut faults, "/home/place", code).map_or(DishHome::Everyone, DishHome::Place),
            (Some(_), Some(_)) => {
                faults.push("/home", "contradiction", "place 和 canteen 只能填一个", "give place or canteen, not both");
                DishHome::Everyone
            }
        };
        faults.into_result(home).map_err(|f| Problem::invalid(&f))
    }
}

/// Ingredients of a recipe and dishes of a menu at most.
const LINES_MAX: usize = 60;

impl DishBody {
    fn cells(&self) -> Cells {
        let n = self.nutrition.as_ref();
        let milligrams = |of: fn(&NutritionBody) -> u32| n.map(|n| Milligrams(of(n)).write()).unwrap_or_default();
        vec![
            self.code.clone(),
            self.name.clone(),
            self.station.write(),
            Fen(self.price_fen).write(),
            self.textures.write(),
            self.marks.write(),
            n.map(|n| TenthKcal(n.energy_kcal_tenths).write()).unwrap_or_default(),
            milligrams(|n| n.protein_mg),
            milligrams(|n| n.fat_mg),
            milligrams(|n| n.carbohydrate_mg),
            n.map(|n| n.sodium_mg.to_string()).unwrap_or_default(),
        ]
    }

    fn home(&self) -> Result<Option<DishHome>, Problem> {
        self.home.as_ref().map(DishHomeBody::home).transpose()
    }

    fn recipe(&self) -> Result<Vec<Cells>, Problem> {
        few("/ingredients", self.ingredients.len())?;
        let line = |i: &IngredientBody| {
            let grams = Milligrams(i.amount_mg).write();
            vec![self.code.clone(), i.name.clone(), grams, i.allergens.write(), i.untraced.write()]
        };
        Ok(self.ingredients.iter().map(line).collect())
    }
}

fn few(place: &str, count: usize) -> Result<(), Problem> {
    if count <= LINES_MAX {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.push(place, "too_many", format!("最多 {LINES_MAX} 项"), format!("at most {LINES_MAX}"));
    Err(Problem::invalid(&faults))
}

/// A menu as it is to be. Dishes that are not named stay as they are.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuBody {
    /// Until when it may be ordered, where that is not as usual: `09:30`, or `D-1 20:00` for the day before.
    pub cut_off: Option<String>,
    /// Dishes.
    #[schema(min_items = 1, max_items = 60)]
    pub items: Vec<MenuItemBody>,
}

/// A dish that runs out or comes back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopBody {
    /// The dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// Whether it is off the menu.
    pub stopped: bool,
}

/// A change of a canteen's day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SittingChangeBody {
    /// `closed` calls the meal off: no more orders; those that were placed stay until somebody cancels them.
    #[schema(value_type = Option<SittingStateWord>)]
    pub state: Option<SittingState>,
    /// Dishes that run out or come back.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub stopped: Vec<StopBody>,
}

fn refused(failure: Failure<EditRefusal>) -> Problem {
    Problem::of(failure, |refusal| match refusal {
        EditRefusal::Faults(faults) => Problem::invalid(&faults),
        EditRefusal::Taken => Problem::new(ProblemCode::Conflict).advise(
            "编号或名称已被使用，或同时有人在改：请重新读取后换一个编号",
            "The code is in use, or somebody changed it at the same time: read it again, or choose another code",
        ),
    })
}

fn never(failure: Failure<Never>) -> Problem {
    Problem::of(failure, |never| match never {})
}

async fn canteen_answer(app: &App, id: CanteenId, response: actix_web::HttpResponseBuilder) -> Result<HttpResponse, Problem> {
    let view = CanteenView::from(read::canteen(app, id).await.map_err(never)?);
    Ok(versioned(response, view.version, &view))
}

/// Makes a canteen, in a place where the caller edits the catalogue.
#[utoipa::path(post, path = "/v1/canteens", operation_id = "makeCanteen", tag = "catalogue", request_body = CanteenBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = CanteenView)))]
pub async fn make_canteen(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<CanteenBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "makeCanteen", &*body)?;
    let id = edit::make_canteen(&app, actor, key, body.cells()).await.map_err(refused)?;
    canteen_answer(&app, id, HttpResponse::Created()).await
}

/// Changes a canteen.
#[utoipa::path(put, path = "/v1/canteens/{canteen}", operation_id = "changeCanteen", tag = "catalogue", request_body = CanteenBody,
    params(("canteen" = String, Path, description = "The canteen"), ("If-Match" = String, Header, description = "Its version")),
    responses((status = 200, body = CanteenView)))]
pub async fn change_canteen(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<CanteenBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    let state = body.state.unwrap_or(CanteenState::Open);
    edit::change_canteen(&app, actor, id, version, body.cells(), state).await.map_err(refused)?;
    canteen_answer(&app, id, HttpResponse::Ok()).await
}

async fn dish_answer(app: &App, id: DishId, response: actix_web::HttpResponseBuilder) -> Result<HttpResponse, Problem> {
    let view = DishView::from(read::dish(app, id).await.map_err(never)?);
    Ok(versioned(response, view.version, &view))
}

/// Makes a dish with its recipe. It may be cooked where it is at home.
#[utoipa::path(post, path = "/v1/dishes", operation_id = "makeDish", tag = "catalogue", request_body = DishBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = DishView)))]
pub async fn make_dish(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<DishBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "makeDish", &*body)?;
    let id = edit::make_dish(&app, actor, key, body.cells(), body.recipe()?, body.home()?).await.map_err(refused)?;
    dish_answer(&app, id, HttpResponse::Created()).await
}

/// Changes a dish and its recipe, for who answers for every canteen that may cook it. Orders that were placed keep what they were
/// placed at.
#[utoipa::path(put, path = "/v1/dishes/{dish}", operation_id = "changeDish", tag = "catalogue", request_body = DishBody,
    params(("dish" = String, Path, description = "The dish"), ("If-Match" = String, Header, description = "Its version")),
    responses((status = 200, body = DishView)))]
pub async fn change_dish(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<DishBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    edit::change_dish(&app, actor, id, version, body.cells(), body.recipe()?, body.home()?).await.map_err(refused)?;
    dish_answer(&app, id, HttpResponse::Ok()).await
}

async fn menu_answer(app: &App, id: SittingId) -> Result<HttpResponse, Problem> {
    let view = menu_view(read::menu(app, id, None).await.map_err(never)?);
    Ok(versioned(HttpResponse::Ok(), view.sitting.version, &view))
}

/// Puts dishes on a meal's menu, or changes their price and portions. A meal without a menu gets one; for one that has a menu,
/// `If-Match` is the sitting's version.
#[utoipa::path(put, path = "/v1/canteens/{canteen}/menus/{date}/{meal}", operation_id = "putMenu", tag = "catalogue", request_body = MenuBody,
    params(("canteen" = String, Path, description = "The canteen"), ("date" = String, Path, description = "The day", example = "2026-11-23"),
        ("meal" = inline(MealWord), Path, description = "The meal"), ("If-Match" = Option<String>, Header, description = "The sitting's version, when there is one")),
    responses((status = 200, body = MenuView)))]
pub async fn put_menu(
    app: Data<App>,
    Signed(actor): Signed,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    body: Json<MenuBody>,
) -> Result<HttpResponse, Problem> {
    use domain::text_enum::TextEnum;
    let (canteen, date, meal) = path.into_inner();
    let absent = || Problem::new(ProblemCode::NotFound);
    let day = Day {
        canteen: path_id(&canteen)?,
        date: ServiceDate::parse(&date).ok_or_else(absent)?,
        meal: <MealPeriod as TextEnum>::parse(&meal).ok_or_else(absent)?,
    };
    let version = match request.headers().contains_key(actix_web::http::header::IF_MATCH) {
        true => Some(IfMatch::of(&request)?.0),
        false => None,
    };
    few("/items", body.items.len())?;
    if body.items.is_empty() {
        let mut faults = Faults::default();
        faults.push("/items", "required", "请至少填一道菜", "give at least one dish");
        return Err(Problem::invalid(&faults));
    }
    let mut faults = Faults::default();
    let line = |(n, i): (usize, &MenuItemBody)| MenuLine {
        dish: i.dish.clone(),
        price: Fen(i.price_fen).write(),
        portions: i.portions.to_string(),
        sizes: size_prices(&mut faults, n, i),
    };
    let (cut_off, lines) = (body.cut_off.clone().unwrap_or_default(), body.items.iter().enumerate().map(line).collect());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let id = edit::put_menu(&app, actor, day, version, cut_off, lines).await.map_err(refused)?;
    menu_answer(&app, id).await
}

/// Calls a meal off or on, or says which dishes run out; the kitchen's displays are told.
#[utoipa::path(patch, path = "/v1/sittings/{sitting}", operation_id = "changeSitting", tag = "catalogue", request_body = SittingChangeBody,
    params(("sitting" = String, Path, description = "The sitting"), ("If-Match" = String, Header, description = "Its version")),
    responses((status = 200, body = MenuView)))]
pub async fn change_sitting(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<SittingChangeBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    few("/stopped", body.stopped.len())?;
    let change = DayChange { state: body.state, stopped: body.stopped.iter().map(|s| (s.dish, s.stopped)).collect() };
    edit::change_day(&app, actor, id, version, change).await.map_err(refused)?;
    menu_answer(&app, id).await
}
