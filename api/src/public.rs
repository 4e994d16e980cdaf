//! The page behind the QR code on a label and on the canteen's door. Server-rendered, without script, cacheable, and without any
//! person in it. Sizes, contrast and spacing follow 移动互联网应用适老化通用设计规范 (text from 18 px, contrast from 4.5:1, line
//! spacing from 1.3).

use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P};
use actix_web::ResponseError;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::public::{self, PublicDay, PublicDish};
use askama::Template;
use domain::{Instant, MealPeriod};
use sha2::{Digest, Sha256};

/// Adds the route.
pub fn routes(config: &mut ServiceConfig) {
    let page = web::resource("/public/canteens/{code}").route(web::get().to(public_canteen));
    config.service(page.default_service(web::route().to(only_get)));
}

/// The page is beside the gate that words such refusals for the API.
async fn only_get() -> HttpResponse {
    let mut refused = Problem::new(P::MethodNotAllowed).error_response();
    refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    refused
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[op("publicCanteen", Access::Public, &[P::NotFound])];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(public_canteen))]
pub struct Docs;

/// The dishes of one meal.
struct Meal<'a> {
    name: &'static str,
    dishes: Vec<&'a PublicDish>,
}

#[derive(Template)]
#[template(path = "public_canteen.html")]
struct Page<'a> {
    day: &'a PublicDay,
    meals: Vec<Meal<'a>>,
}

impl Page<'_> {
    /// `10:35`
    #[allow(clippy::trivially_copy_pass_by_ref, clippy::unused_self)] // the template engine calls methods with references
    fn clock(&self, at: &Instant) -> String {
        at.civil_time().format("%H:%M").to_string()
    }
}

/// A browser and a proxy may keep the page so long, in seconds: a screen on the wall asks once a minute.
const KEEP: &str = "public, max-age=60";

/// Today's dishes of a canteen with batches, times, temperatures, lots and suppliers, as a page to read.
#[utoipa::path(get, path = "/public/canteens/{code}", operation_id = "publicCanteen", tag = "public",
    params(("code" = String, Path, description = "The canteen's code, as on its door")),
    responses((status = 200, body = String, content_type = "text/html"), (status = 304, description = "Not changed since the ETag")))]
pub async fn public_canteen(app: Data<App>, request: HttpRequest, path: Path<String>) -> Result<HttpResponse, Problem> {
    let day = public::today(&app, path.into_inner()).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let html = page(&day).map_err(|error| {
        tracing::error!(%error, "the public page does not render");
        Problem::new(P::Internal)
    })?;
    let digest = Sha256::digest(html.as_bytes());
    let tag = format!("W/\"{}\"", hex::encode(digest.get(..16).unwrap_or_default()));
    let known =
        request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v.split(',').any(|t| t.trim() == tag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, KEEP)).insert_header((
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ));
    Ok(if known { response.finish() } else { response.content_type("text/html; charset=utf-8").body(html) })
}

fn page(day: &PublicDay) -> Result<String, askama::Error> {
    use domain::text_enum::TextEnum;
    let meals = MealPeriod::ALL
        .iter()
        .map(|meal| Meal { name: meal.name_zh(), dishes: day.dishes.iter().filter(|dish| dish.meal == *meal).collect() });
    Page { day, meals: meals.filter(|meal| !meal.dishes.is_empty()).collect() }.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::public::{PublicBatch, PublicLot, PublicRatings, PublicSettlement};
    use domain::ServiceDate;
    use domain::batch::BatchState;
    use domain::food_safety::DeciCelsius;

    fn day() -> PublicDay {
        let date = ServiceDate::new(2026, 11, 23).unwrap();
        let cooked = Instant::from_civil(date, chrono::NaiveTime::from_hms_opt(10, 35, 0).unwrap());
        let lot = PublicLot {
            name: "五花肉<script>".into(),
            supplier_batch: "B-20261122".into(),
            produced_on: Some(date.plus_days(-1)),
            expires_on: Some(date.plus_days(3)),
            supplier: "春风农产品有限公司".into(),
            licence_no: "JY13301060000001".into(),
        };
        let batch = PublicBatch {
            batch_no: 1,
            state: BatchState::Released,
            cooked_at: Some(cooked),
            core: Some(DeciCelsius(785)),
            hand_over_by: Some(cooked.plus_seconds(4 * 3600)),
            sample_kept: true,
            overridden: false,
            lots: vec![lot],
        };
        let dish = PublicDish { meal: MealPeriod::Lunch, name: "白菜炖肉".into(), stopped: false, batches: vec![batch] };
        let cold = PublicDish { meal: MealPeriod::Lunch, name: "清炒白菜".into(), stopped: true, batches: vec![] };
        PublicDay {
            canteen: "春晖社区食堂".into(),
            address: "春晖路 1 号".into(),
            licence_no: "JY2".into(),
            licence_expires_on: date.plus_days(300),
            date,
            rated: Some(PublicRatings { days: 90, count: 128, mean_hundredths: 464 }),
            dishes: vec![dish, cold],
            settlements: vec![PublicSettlement {
                period: "2026-10".parse().unwrap(),
                funders: "市财政".into(),
                lines: 1_204,
                fen: domain::Fen(361_250),
            }],
        }
    }

    #[test]
    fn the_page_tells_dish_batch_time_temperature_lot_and_supplier_and_escapes_what_people_typed() {
        let html = page(&day()).unwrap();
        for text in
            ["白菜炖肉", "第 1 锅：供应中", "10:35", "78.5 ℃", "14:35", "B-20261122", "JY13301060000001", "（已停供）", "午餐"]
        {
            assert!(html.contains(text), "{text}");
        }
        assert!(html.contains("近 90 天评价：4.64 分（满分 5 分，128 条）"), "what is said of the meals, and by how many");
        let unrated = page(&PublicDay { rated: None, ..day() }).unwrap();
        assert!(!unrated.contains("评价"), "of too few nothing is shown");
        assert!(html.contains("2026-10，市财政：1204 笔，共 3612.50 元"), "what was settled is public");
        assert!(!html.contains("<script"), "no script, whoever wrote it");
    }

    #[test]
    fn the_page_is_readable_for_elders() {
        let html = page(&day()).unwrap();
        assert!(html.contains("font: 20px/1.6"), "main text from 18 px, line spacing from 1.3");
        let smallest = html.split("font-size: ").skip(1).filter_map(|rest| rest.split("px").next()?.parse::<u32>().ok()).min();
        assert_eq!(smallest, Some(18));
    }
}
