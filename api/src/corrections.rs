//! Corrections: meals that come out differently with what is known now, and what two people say of them.

mod views;

use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, limit_of, versioned};
use crate::problem::{Problem, ProblemCode as P};
use crate::settlements::{never, reason};
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::corrections::answer::{self, Answer};
use app::corrections::{CorrectionRefusal, look};
use app::failure::Failure;
use app::store::query::corrections::CorrectionFilter;
use domain::access::Action;
use domain::correction::CorrectionRejection;
use domain::fault::Faults;
use views::{CorrectionCardView, CorrectionQuery, CorrectionView, ProposalBody, QuestionBody, ReasonBody};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/corrections").route(web::get().to(list_corrections)))
        .service(web::resource("/v1/corrections/{correction}").route(web::get().to(get_correction)))
        .service(web::resource("/v1/corrections/{correction}/proposal").route(web::post().to(propose_correction)))
        .service(web::resource("/v1/corrections/{correction}/approval").route(web::post().to(approve_correction)))
        .service(web::resource("/v1/corrections/{correction}/rejection").route(web::post().to(reject_correction)))
        .service(web::resource("/v1/orders/{order}/corrections").route(web::post().to(question_order)));
}

const LOOKING: Access = Access::Roles(Action::SeeClaims);
const ANSWERING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Stale, P::CorrectionRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listCorrections", LOOKING, &[P::Invalid, P::Forbidden]),
    op("getCorrection", LOOKING, &[P::NotFound]),
    op("proposeCorrection", Access::Roles(Action::Settle), ANSWERING),
    op("approveCorrection", Access::Roles(Action::ReviewSettlement), &[P::Forbidden, P::NotFound, P::Stale, P::CorrectionRefused]),
    op("rejectCorrection", Access::Roles(Action::ReviewSettlement), ANSWERING),
    op("questionOrder", Access::Roles(Action::Settle), &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::CorrectionRefused]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_corrections, get_correction, propose_correction, approve_correction, reject_correction, question_order))]
pub struct Docs;

/// Corrections of meals of canteens in the caller's places, newest first.
#[utoipa::path(get, path = "/v1/corrections", operation_id = "listCorrections", tag = "corrections", params(CorrectionQuery),
    responses((status = 200, body = PageView<CorrectionView>)))]
pub async fn list_corrections(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<CorrectionQuery>,
) -> Result<Json<PageView<CorrectionView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (limit, before) = (limit_of(&mut faults, query.limit), cursor_id(&mut faults, query.cursor.as_deref()));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = CorrectionFilter {
        canteen: query.canteen,
        senior: query.senior,
        order: query.order,
        state: query.state,
        cause: query.cause,
        before,
        limit: i64::from(limit) + 1,
    };
    let found = look::list(&app, actor, filter).await.map_err(never)?;
    Ok(Json(PageView::of(found.into_iter().map(CorrectionView::from).collect(), limit, |row| row.id.to_string())))
}

/// One correction, with the decision as it comes out with what is known now. Its ETag is its version.
#[utoipa::path(get, path = "/v1/corrections/{correction}", operation_id = "getCorrection", tag = "corrections",
    params(("correction" = String, Path, description = "The correction")), responses((status = 200, body = CorrectionCardView)))]
pub async fn get_correction(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let card = look::get(&app, actor, path_id(&path)?).await.map_err(never)?;
    let version = card.row.version;
    Ok(versioned(HttpResponse::Ok(), version, &CorrectionCardView::try_from(card).map_err(|e| never(e.into()))?))
}

/// Says what is to be done about a difference: `adjust` posts it, `waive` does not ask back what a funder paid too much, `dismiss`
/// lets the meal stand. Another person approves.
#[utoipa::path(post, path = "/v1/corrections/{correction}/proposal", operation_id = "proposeCorrection", tag = "corrections",
    request_body = ProposalBody,
    params(("correction" = String, Path, description = "The correction"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = CorrectionView)))]
pub async fn propose_correction(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
    body: Json<ProposalBody>,
) -> Result<HttpResponse, Problem> {
    reason(&body.reason)?;
    let body = body.into_inner();
    answered(&app, signed, &path, version, Answer::Propose(body.resolution.into(), body.reason)).await
}

/// Agrees with what was proposed, which does it: differences are posted now and are in the canteen's next settlement. Whoever proposed it
/// may not.
#[utoipa::path(post, path = "/v1/corrections/{correction}/approval", operation_id = "approveCorrection", tag = "corrections",
    params(("correction" = String, Path, description = "The correction"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = CorrectionView)))]
pub async fn approve_correction(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
) -> Result<HttpResponse, Problem> {
    answered(&app, signed, &path, version, Answer::Approve).await
}

/// Does not agree with what was proposed: the correction is open again, with this reason.
#[utoipa::path(post, path = "/v1/corrections/{correction}/rejection", operation_id = "rejectCorrection", tag = "corrections",
    request_body = ReasonBody,
    params(("correction" = String, Path, description = "The correction"), ("If-Match" = String, Header, description = "The version that was read")),
    responses((status = 200, body = CorrectionView)))]
pub async fn reject_correction(
    app: Data<App>,
    signed: Signed,
    path: Path<String>,
    version: IfMatch,
    body: Json<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    reason(&body.reason)?;
    answered(&app, signed, &path, version, Answer::Reject(body.into_inner().reason)).await
}

/// Asks that a served meal be annulled, because it was not eaten or is given back: everything that was posted for it moves back, in the
/// open period, when another approves. Or, of a meal that waits because its person was recorded as dead, that it stands: `dismiss`.
#[utoipa::path(post, path = "/v1/orders/{order}/corrections", operation_id = "questionOrder", tag = "corrections",
    request_body = QuestionBody,
    params(("order" = String, Path, description = "The order"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = CorrectionView)))]
pub async fn question_order(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<QuestionBody>,
) -> Result<HttpResponse, Problem> {
    reason(&body.reason)?;
    let order = path_id(&path)?;
    let key = key.bind(&actor, "questionOrder", &(path.as_str(), &*body))?;
    let body = body.into_inner();
    let asked = (body.resolution.into(), body.reason);
    let card = answer::question(&app, actor, key, order, asked).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Created(), card.row.version, &CorrectionView::from(card)))
}

async fn answered(
    app: &App,
    Signed(actor): Signed,
    path: &str,
    IfMatch(version): IfMatch,
    what: Answer,
) -> Result<HttpResponse, Problem> {
    let card = answer::answer(app, actor, path_id(path)?, version, what).await.map_err(refused)?;
    Ok(versioned(HttpResponse::Ok(), card.row.version, &CorrectionView::from(card)))
}

fn refused(failure: Failure<CorrectionRefusal>) -> Problem {
    let because = |cause: &str| Problem::new(P::CorrectionRefused).with("cause", cause);
    Problem::of(failure, |refusal| match refusal {
        CorrectionRefusal::Rejected(CorrectionRejection::WrongState(now)) => because("wrong_state").with("state", now),
        CorrectionRefusal::Rejected(CorrectionRejection::SamePerson) => Problem::new(P::Forbidden).with("cause", "same_person"),
        CorrectionRefusal::Rejected(CorrectionRejection::NoAnswer(to)) => because("no_answer").with("resolution", to),
        CorrectionRefusal::NotServed(now) => because("not_served").with("state", now),
        CorrectionRefusal::Guest => because("guest"),
        CorrectionRefusal::Open(id) => because("open").with("correction", id),
        CorrectionRefusal::Annulled(id) => because("annulled").with("correction", id),
    })
}
