//! The route sheet: a page that prints, one round a page, big type.

use crate::extract::Signed;
use crate::problem::{Problem, ProblemCode};
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use app::App;
use app::plans::look::{self, PlanView, StopView};
use askama::Template;
use domain::diet::PortionSize;
use domain::{Fen, Instant};

/// The printable route sheet of a plan, one round a page: doors in order with number, masked name, address, dishes, cash to collect,
/// and below the list of orders that are on no round.
#[utoipa::path(get, path = "/v1/plans/{plan}/sheet", operation_id = "getRouteSheet", tag = "delivery",
    params(("plan" = String, Path, description = "The plan")), responses((status = 200, content_type = "text/html", body = String)))]
pub async fn get_route_sheet(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let plan = look::sheet(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let page = Sheet::of(&plan).render().map_err(|error| {
        tracing::error!(%error, "route sheet");
        Problem::new(ProblemCode::Internal)
    })?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").insert_header(("Cache-Control", "no-store")).body(page))
}

#[derive(Template)]
#[template(path = "route_sheet.html")]
struct Sheet {
    canteen: String,
    date: String,
    meal: &'static str,
    rounds: Vec<RoundPage>,
    left_out: Vec<LeftRow>,
}

struct RoundPage {
    carrier: String,
    trips: Vec<TripTable>,
}

struct TripTable {
    number: usize,
    departs: String,
    slack_minutes: i64,
    boxes: u32,
    kilometres: String,
    collect: String,
    stops: Vec<StopRow>,
}

struct StopRow {
    position: i64,
    order_no: String,
    name: String,
    eta: String,
    address: String,
    phone: String,
    dishes: String,
    exceptions: String,
    collect: String,
}

struct LeftRow {
    order_no: String,
    reason: String,
    cures: String,
}

impl Sheet {
    fn of(plan: &PlanView) -> Self {
        let round = |round: &app::plans::Round| RoundPage {
            carrier: round.carrier.clone(),
            trips: (1..).zip(&round.trips).map(|(number, trip)| TripTable::of(plan, &round.carrier, number, trip)).collect(),
        };
        let left = |l: &app::plans::LeftOut| LeftRow {
            order_no: number(l.order_no),
            reason: l.reason_zh.clone(),
            cures: l.cures_zh.join("；"),
        };
        Self {
            canteen: plan.canteen.name.clone(),
            date: plan.sitting.service_date.0.to_string(),
            meal: plan.sitting.meal.0.name_zh(),
            rounds: plan.document.rounds.iter().map(round).collect(),
            left_out: plan.document.left_out.iter().map(left).collect(),
        }
    }
}

impl TripTable {
    fn of(plan: &PlanView, carrier: &str, trip_no: usize, trip: &app::plans::Trip) -> Self {
        let mine = |s: &&StopView| s.carrier == carrier && usize::try_from(s.trip_no).is_ok_and(|n| n == trip_no);
        let stops: Vec<&StopView> = plan.stops.iter().filter(mine).collect();
        let collect = Fen::sum(stops.iter().map(|s| s.order.totals.self_pay_fen)).unwrap_or_default();
        Self {
            number: trip_no,
            departs: clock(trip.departs_at),
            slack_minutes: trip.slack_s / 60,
            boxes: trip.boxes,
            kilometres: format!("{}.{}", trip.metres / 1000, trip.metres % 1000 / 100),
            collect: collect.to_string(),
            stops: stops.into_iter().map(StopRow::of).collect(),
        }
    }
}

impl StopRow {
    fn of(stop: &StopView) -> Self {
        let dish = |l: &domain::event::LineView| {
            let texture = if l.texture == domain::diet::Texture::Regular { "" } else { l.texture.name_zh() };
            let size = if l.size == PortionSize::Regular { "" } else { l.size.name_zh() };
            format!("{}×{}{texture}{size}", l.name, l.quantity)
        };
        let exceptions: Vec<String> = stop.order.lines.iter().flat_map(|l| l.exceptions.clone()).collect();
        Self {
            position: stop.position,
            order_no: number(stop.order.order_no),
            name: stop.order.masked_name.clone(),
            eta: clock(stop.eta_at),
            address: stop.address.clone(),
            phone: stop.phone.clone().unwrap_or_default(),
            dishes: stop.order.lines.iter().map(dish).collect::<Vec<_>>().join("、"),
            exceptions: exceptions.join("、"),
            collect: stop.order.totals.self_pay_fen.to_string(),
        }
    }
}

/// `037`
fn number(order_no: i64) -> String {
    format!("{order_no:03}")
}

fn clock(at: Instant) -> String {
    at.civil_time().format("%H:%M").to_string()
}
