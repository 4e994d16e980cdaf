//! Delivery plans: made from the demand of a sitting, printed as route sheets, recorded door by door.

pub mod courier;
pub mod sheet;
pub mod views;

use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode};
use crate::redemption_cause::Cause;
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::orders::redeem::RedeemRefusal;
use app::plans::make::{PlanRefusal, PlanRequest};
use app::plans::outcome::{self, StopRecord, StopRefusal};
use app::plans::{Carrier, look, make};
use domain::access::Action;
use domain::fault::Faults;
use domain::order::ServedAtFault;
use views::{MyStopsView, PlanBody, PlanMadeView, PlanPageView, StopRecordBody, StopRecordedView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/sittings/{sitting}/plans").route(web::post().to(make_plan)))
        .service(web::resource("/v1/sittings/{sitting}/plan").route(web::get().to(get_current_plan)))
        .service(web::resource("/v1/plans/{plan}/sheet").route(web::get().to(sheet::get_route_sheet)))
        .service(web::resource("/v1/my-stops").route(web::get().to(get_my_stops)))
        .service(web::resource("/v1/stop-records/{record}").route(web::put().to(put_stop_record)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op(
        "makePlan",
        Access::Roles(Action::Plan),
        &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::Conflict],
    ),
    op("getCurrentPlan", Access::Roles(Action::Plan), &[ProblemCode::NotFound]),
    op("getRouteSheet", Access::Roles(Action::Plan), &[ProblemCode::NotFound]),
    op("getMyStops", Access::Roles(Action::Deliver), &[ProblemCode::Forbidden]),
    op(
        "putStopRecord",
        Access::Assigned(Action::Deliver, Action::Plan),
        &[
            ProblemCode::TooLarge,
            ProblemCode::Invalid,
            ProblemCode::NotFound,
            ProblemCode::OrderState,
            ProblemCode::RedemptionRefused,
            ProblemCode::AlreadyServed,
            ProblemCode::Stale,
        ],
    ),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(make_plan, get_current_plan, sheet::get_route_sheet, get_my_stops, put_stop_record))]
pub struct Docs;

/// Carriers in one plan at most.
const CARRIERS_MAX: usize = 50;
/// Search steps when the caller says nothing, and at most: a few seconds for 60 doors.
const STEPS_USUAL: u64 = 20_000;
const STEPS_MAX: u64 = 500_000;

/// Makes a plan for the deliveries of a sitting and puts it in use. Every plan has been verified by an independent checker; an order
/// that is on no round is listed with its reason and what would cure it. The same seed and steps on the same orders give the same plan.
#[utoipa::path(post, path = "/v1/sittings/{sitting}/plans", operation_id = "makePlan", tag = "delivery", request_body = PlanBody,
    params(("sitting" = String, Path, description = "The sitting"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = PlanMadeView)))]
pub async fn make_plan(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<PlanBody>,
) -> Result<HttpResponse, Problem> {
    let sitting = path_id(&path)?;
    let key = key.bind(&actor, &format!("makePlan/{sitting}"), &*body)?;
    let request = plan_request(sitting, body.into_inner())?;
    let (id, document) = make::make(&app, actor, key, request).await.map_err(|f| Problem::of(f, plan_refused))?;
    Ok(HttpResponse::Created().json(PlanMadeView::new(id, &document)))
}

fn plan_request(sitting: domain::id::SittingId, body: PlanBody) -> Result<PlanRequest, Problem> {
    let mut faults = Faults::default();
    if body.carriers.is_empty() || body.carriers.len() > CARRIERS_MAX {
        faults.push("/carriers", "count", format!("送餐员应为 1 到 {CARRIERS_MAX} 名"), format!("1 to {CARRIERS_MAX} carriers"));
    }
    for (n, carrier) in body.carriers.iter().enumerate() {
        let at = |field: &str| format!("/carriers/{n}/{field}");
        crate::orders::limit_text(&mut faults, &at("name"), Some(&carrier.name), 40);
        if carrier.name.trim().is_empty() {
            faults.push(at("name"), "required", "请填写姓名或编号", "a name or badge is needed");
        }
        if carrier.to_minute <= carrier.from_minute || carrier.to_minute > 1440 {
            faults.push(
                at("to_minute"),
                "out_of_range",
                "下班须晚于上班，且不超过 1440",
                "must be after from_minute and at most 1440",
            );
        }
        if !(1..=500).contains(&carrier.boxes) {
            faults.push(at("boxes"), "out_of_range", "应为 1 到 500", "must be 1 to 500");
        }
        if !(1..=20).contains(&carrier.max_trips) {
            faults.push(at("max_trips"), "out_of_range", "应为 1 到 20", "must be 1 to 20");
        }
    }
    let steps = body.steps.unwrap_or(STEPS_USUAL);
    if !(1..=STEPS_MAX).contains(&steps) {
        faults.push("/steps", "out_of_range", format!("应为 1 到 {STEPS_MAX}"), format!("must be 1 to {STEPS_MAX}"));
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let carriers = body.carriers.into_iter().map(|c| Carrier {
        name: c.name,
        user: c.user,
        mode: c.mode.into(),
        boxes: c.boxes,
        from_minute: c.from_minute,
        to_minute: c.to_minute,
        max_trips: c.max_trips,
    });
    Ok(PlanRequest { sitting, carriers: carriers.collect(), steps, seed: body.seed.unwrap_or(1) })
}

fn plan_refused(refusal: PlanRefusal) -> Problem {
    match refusal {
        PlanRefusal::Faulty(faults) => Problem::new(ProblemCode::Invalid).with("faults", faults),
        PlanRefusal::NotCouriersHere(carriers) => {
            let mut faults = Faults::default();
            for n in carriers {
                let (zh, en) = (
                    "不是本食堂的送餐员。请核对，或先授予其送餐员角色",
                    "no courier of this canteen; check it, or grant the role first",
                );
                faults.push(format!("/carriers/{n}/user"), "not_a_courier", zh, en);
            }
            Problem::invalid(&faults)
        }
        PlanRefusal::DemandMoving => Problem::new(ProblemCode::Conflict)
            .with("cause", "orders_keep_changing")
            .advise("订单还在变化，请在截止时间之后再排线", "Orders are still coming in: plan after the cut-off"),
    }
}

/// The plan in use for a sitting.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/plan", operation_id = "getCurrentPlan", tag = "delivery",
    params(("sitting" = String, Path, description = "The sitting")), responses((status = 200, body = PlanPageView)))]
pub async fn get_current_plan(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<PlanPageView>, Problem> {
    let plan = look::current(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PlanPageView::from(plan)))
}

/// The signed-in courier's stops of today, in the order of the round.
#[utoipa::path(get, path = "/v1/my-stops", operation_id = "getMyStops", tag = "delivery", responses((status = 200, body = MyStopsView)))]
pub async fn get_my_stops(app: Data<App>, Signed(actor): Signed) -> Result<Json<MyStopsView>, Problem> {
    let date = app.clock.now().civil_date();
    let stops = look::my_stops(&app, actor, date).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(MyStopsView { date, stops: stops.into_iter().map(views::StopView::from).collect() }))
}

/// Records what happened at a door. The phone makes the identifier and notes the true time before it sends, so that records may
/// come hours later, twice, and in any order.
#[utoipa::path(put, path = "/v1/stop-records/{record}", operation_id = "putStopRecord", tag = "delivery", request_body = StopRecordBody,
    params(("record" = String, Path, description = "Made by the phone: sev_ and 32 hexadecimal digits")), responses((status = 200, body = StopRecordedView)))]
pub async fn put_stop_record(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<StopRecordBody>,
) -> Result<Json<StopRecordedView>, Problem> {
    let body = body.into_inner();
    let (proof, faults) = body.proof();
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let record = StopRecord {
        id: path_id(&path)?,
        stop: body.stop,
        outcome: body.outcome,
        proof,
        note: body.note,
        happened_at: body.happened_at,
    };
    let outcome = outcome::record(&app, actor, record).await.map_err(|f| Problem::of(f, stop_refused))?;
    Ok(Json(StopRecordedView { outcome }))
}

fn stop_refused(refusal: StopRefusal) -> Problem {
    match refusal {
        StopRefusal::InTheFuture | StopRefusal::Redemption(RedeemRefusal::ServedAt(ServedAtFault::InTheFuture)) => {
            Cause::HappenedInTheFuture.problem()
        }
        StopRefusal::OtherStop | StopRefusal::Redemption(RedeemRefusal::OtherOrder) => Cause::IdentifierOfAnotherRecord.problem(),
        StopRefusal::ProofNeeded => Cause::ProofNeeded.problem(),
        StopRefusal::WrongCode => Cause::WrongCode.problem(),
        StopRefusal::TooManyCodes => Cause::TooManyCodes.problem(),
        StopRefusal::AlreadyServed => Problem::new(ProblemCode::AlreadyServed),
        StopRefusal::Redemption(refusal) => crate::redemptions::refused(refusal),
    }
}
