//! Seniors: add, look at, search, change; facts and diet; the clear with a reason.

pub mod bodies;
pub mod views;

use crate::auth::{conflict, secret};
use crate::extract::{IdempotencyKey, IfMatch, Signed};
use crate::input;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, limit_of};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{FactIdText, HiddenWord, SeniorStateWord, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::seniors::facts::{self, NewFact};
use app::seniors::read::{self, Exact, Hidden};
use app::seniors::{SeniorDetail, SeniorRefusal, write};
use app::store::query::seniors::{SeniorFilter, SeniorState};
use bodies::{DietBody, FactBody, SeniorBody, SeniorPatch, check_card};
use domain::access::{Action, FamilyScope};
use domain::fault::Faults;
use domain::id::FactId;
use domain::{PlaceCode, Sensitive, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use views::{RevealedView, SeniorDetailView, SeniorView};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/seniors").route(web::post().to(create_senior)).route(web::get().to(list_seniors)))
        .service(web::resource("/v1/senior-searches").route(web::post().to(search_seniors)))
        .service(web::resource("/v1/seniors/{senior}").route(web::get().to(get_senior)).route(web::patch().to(change_senior)))
        .service(web::resource("/v1/seniors/{senior}/diet").route(web::put().to(put_diet)))
        .service(web::resource("/v1/seniors/{senior}/facts").route(web::post().to(add_fact)))
        .service(web::resource("/v1/seniors/{senior}/facts/{fact}/end").route(web::post().to(end_fact)))
        .service(web::resource("/v1/seniors/{senior}/reveals").route(web::post().to(reveal_senior)));
}

const EDITING: Access = Access::Roles(Action::EditSeniors);
const LOOKING: Access = Access::RolesOrFamily(Action::SeeSeniors, FamilyScope::See);
const OF_CREATING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded];
const OF_CHANGING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict, P::Stale, P::PasswordChangeNeeded];
const OF_ACTING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("createSenior", EDITING, OF_CREATING),
    op("listSeniors", LOOKING, &[P::Invalid, P::Forbidden, P::PasswordChangeNeeded]),
    op(
        "searchSeniors",
        Access::AnyOf(&[Action::SeeSeniors, Action::Order]),
        &[P::TooLarge, P::Invalid, P::Forbidden, P::PasswordChangeNeeded],
    ),
    op("getSenior", LOOKING, &[P::NotFound, P::PasswordChangeNeeded]),
    op("changeSenior", EDITING, OF_CHANGING),
    op("putDiet", EDITING, OF_CHANGING),
    op("addFact", EDITING, OF_CREATING),
    op("endFact", EDITING, OF_ACTING),
    op("revealSenior", Access::Roles(Action::Reveal), OF_ACTING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    create_senior,
    list_seniors,
    search_seniors,
    get_senior,
    change_senior,
    put_diet,
    add_fact,
    end_fact,
    reveal_senior
))]
pub struct Docs;

/// Which seniors.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeniorQuery {
    /// Of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    pub limit: Option<u16>,
    /// Only who lives in this place or below.
    #[param(value_type = Option<String>, example = "990101001")]
    pub place: Option<PlaceCode>,
    /// Only whose name begins so.
    pub name: Option<String>,
    /// Only in this state.
    #[param(value_type = Option<SeniorStateWord>)]
    pub state: Option<SeniorState>,
}

fn answer(mut response: actix_web::HttpResponseBuilder, detail: SeniorDetail) -> HttpResponse {
    let view = SeniorDetailView::from(detail);
    response.insert_header(("ETag", format!("\"{}\"", view.senior.version)));
    secret(response, &view)
}

/// Adds a senior.
#[utoipa::path(post, path = "/v1/seniors", operation_id = "createSenior", tag = "seniors", request_body = SeniorBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = SeniorDetailView)))]
pub async fn create_senior(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<SeniorBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "createSenior", &*body)?;
    let new = body.into_inner().parse()?;
    let made = write::create(&app, actor, key, new).await.map_err(|f| Problem::of(f, refused))?;
    Ok(answer(HttpResponse::Created(), made))
}

/// Seniors in the caller's places, or bound to the caller; in the order in which they were added.
#[utoipa::path(get, path = "/v1/seniors", operation_id = "listSeniors", tag = "seniors", params(SeniorQuery), responses((status = 200, body = PageView<SeniorView>)))]
pub async fn list_seniors(app: Data<App>, Signed(actor): Signed, query: Query<SeniorQuery>) -> Result<HttpResponse, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let after = cursor_id(&mut faults, query.cursor.as_deref());
    crate::orders::limit_text(&mut faults, "name", query.name.as_deref(), 40);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let name_prefix = query.name.filter(|name| !name.is_empty());
    let filter = SeniorFilter { place: query.place, name_prefix, state: query.state, after };
    let found = read::list(&app, actor, filter, i64::from(limit) + 1).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let page = PageView::of(found.into_iter().map(SeniorView::from).collect(), limit, |senior| senior.id.to_string());
    Ok(secret(HttpResponse::Ok(), &page))
}

/// What a senior is looked up by: exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// The whole identity number.
    pub identity_number: Option<String>,
    /// The whole phone number.
    pub phone: Option<String>,
    /// The card's number.
    pub card: Option<String>,
}

/// Seniors with exactly this identity number, phone or card, masked. A POST, because addresses are logged and these must not be.
/// Whoever serves at a counter also finds by identity number or card who lives in the canteen's district.
#[utoipa::path(post, path = "/v1/senior-searches", operation_id = "searchSeniors", tag = "seniors", request_body = SearchBody,
    responses((status = 200, body = Vec<SeniorView>)))]
pub async fn search_seniors(app: Data<App>, Signed(actor): Signed, body: Json<SearchBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    let what = match (body.identity_number, body.phone, body.card) {
        (Some(number), None, None) => input::identity_number(&mut faults, "/identity_number", &number).map(Exact::IdentityNumber),
        (None, Some(phone), None) => input::phone(&mut faults, "/phone", &phone).map(Exact::Phone),
        (None, None, Some(card)) => {
            check_card(&mut faults, "/card", &card);
            Some(Exact::Card(Sensitive::new(card)))
        }
        _ => {
            let (zh, en) = ("请填身份证号、手机号、卡号中的一项", "give exactly one of identity_number, phone and card");
            faults.push("/", "one_of", zh, en);
            None
        }
    };
    let (Some(what), true) = (what, faults.is_empty()) else { return Err(Problem::invalid(&faults)) };
    let found = read::search(&app, actor, what).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let views: Vec<SeniorView> = found.into_iter().map(SeniorView::from).collect();
    Ok(secret(HttpResponse::Ok(), &views))
}

/// One senior with facts and diet.
#[utoipa::path(get, path = "/v1/seniors/{senior}", operation_id = "getSenior", tag = "seniors", params(("senior" = String, Path, description = "The senior")),
    responses((status = 200, body = SeniorDetailView)))]
pub async fn get_senior(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let found = read::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(answer(HttpResponse::Ok(), found))
}

/// Changes a senior: an absent member stays as it is, null clears it. A pause ends by itself after its last day.
#[utoipa::path(patch, path = "/v1/seniors/{senior}", operation_id = "changeSenior", tag = "seniors", request_body = SeniorPatch,
    params(("senior" = String, Path, description = "The senior"), ("If-Match" = String, Header, description = "The ETag read")),
    responses((status = 200, body = SeniorDetailView)))]
pub async fn change_senior(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<SeniorPatch>,
) -> Result<HttpResponse, Problem> {
    let (id, changes) = (path_id(&path)?, body.into_inner().parse()?);
    let changed = write::change(&app, actor, id, version, changes).await.map_err(|f| Problem::of(f, refused))?;
    Ok(answer(HttpResponse::Ok(), changed))
}

/// Puts a diet in place of the one that was read.
#[utoipa::path(put, path = "/v1/seniors/{senior}/diet", operation_id = "putDiet", tag = "seniors", request_body = DietBody,
    params(("senior" = String, Path, description = "The senior"), ("If-Match" = String, Header, description = "The senior's ETag")),
    responses((status = 200, body = SeniorDetailView)))]
pub async fn put_diet(
    app: Data<App>,
    Signed(actor): Signed,
    IfMatch(version): IfMatch,
    path: Path<String>,
    body: Json<DietBody>,
) -> Result<HttpResponse, Problem> {
    let (id, mut faults) = (path_id(&path)?, Faults::default());
    let diet = body.into_inner().check(&mut faults, "");
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let changed = facts::set_diet(&app, actor, id, version, diet).await.map_err(|f| Problem::of(f, refused))?;
    Ok(answer(HttpResponse::Ok(), changed))
}

/// A fact that was added.
#[derive(Serialize, ToSchema)]
pub struct FactMade {
    /// Its identifier.
    #[schema(value_type = FactIdText)]
    pub id: FactId,
}

/// Adds a dated fact from a source. Facts are never overwritten: end one, add another.
#[utoipa::path(post, path = "/v1/seniors/{senior}/facts", operation_id = "addFact", tag = "seniors", request_body = FactBody,
    params(("senior" = String, Path, description = "The senior"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = FactMade)))]
pub async fn add_fact(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<FactBody>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&path)?;
    body.check()?;
    let key = key.bind(&actor, "addFact", &(path.as_str(), &*body))?;
    let FactBody { kind, value, valid_from, valid_to, source } = body.into_inner();
    let new = NewFact { kind, value, valid_from, valid_to, source };
    let id = facts::add(&app, actor, key, id, new).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(FactMade { id }))
}

/// The last day of a fact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndFactBody {
    /// Inclusive.
    #[schema(value_type = String, format = Date)]
    pub last_day: ServiceDate,
}

/// Gives an open fact its last day.
#[utoipa::path(post, path = "/v1/seniors/{senior}/facts/{fact}/end", operation_id = "endFact", tag = "seniors", request_body = EndFactBody,
    params(("senior" = String, Path, description = "The senior"), ("fact" = String, Path, description = "The fact")), responses((status = 204)))]
pub async fn end_fact(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<(String, String)>,
    body: Json<EndFactBody>,
) -> Result<HttpResponse, Problem> {
    let (senior, fact) = path.into_inner();
    facts::end(&app, actor, path_id(&senior)?, path_id(&fact)?, body.last_day).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// What to show, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealBody {
    /// At least one.
    #[schema(value_type = Vec<HiddenWord>, min_items = 1)]
    pub fields: BTreeSet<Hidden>,
    /// Kept in the audit log; no personal data, please.
    #[schema(max_length = 200, example = "电话核实送餐地址")]
    pub reason: String,
}

/// Shows fields in the clear. Who, what and why is on record before anything is shown.
#[utoipa::path(post, path = "/v1/seniors/{senior}/reveals", operation_id = "revealSenior", tag = "seniors", request_body = RevealBody,
    params(("senior" = String, Path, description = "The senior")), responses((status = 200, body = RevealedView)))]
pub async fn reveal_senior(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<RevealBody>,
) -> Result<HttpResponse, Problem> {
    let (id, body, mut faults) = (path_id(&path)?, body.into_inner(), Faults::default());
    input::text(&mut faults, "/reason", &body.reason, 200);
    if body.fields.is_empty() {
        faults.push("/fields", "required", "请至少选一项", "give at least one field");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let shown =
        read::reveal(&app, actor, id, body.fields, body.reason).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(secret(HttpResponse::Ok(), &RevealedView::from(shown)))
}

fn refused(refusal: SeniorRefusal) -> Problem {
    let (why, message, next) = match refusal {
        SeniorRefusal::IdentityTaken => (
            "identity_taken",
            ("该身份证号已建档", "there is a senior with this identity number"),
            ("请按身份证号查找已有档案；号码有误请更正", "Look for the record by the identity number, or correct the number"),
        ),
        SeniorRefusal::CardTaken => (
            "card_taken",
            ("该卡号属于另一位老人", "the card belongs to another senior"),
            ("请核对卡号，或先从原持卡人处收回", "Check the card, or take it from the other senior first"),
        ),
        SeniorRefusal::PlaceUnknown => (
            "place_unknown",
            ("没有这个地区", "no such place is known"),
            ("请核对区划代码，或先导入该地区", "Check the code, or import the place first"),
        ),
        SeniorRefusal::CanteenUnknown => (
            "canteen_unknown",
            ("没有这个助餐点", "no such canteen is known"),
            ("请从助餐点列表中选择", "Choose one of the list of canteens"),
        ),
        SeniorRefusal::FactEnded => (
            "fact_ended",
            ("该事实已有结束日期，或晚于所填日期开始", "the fact has an end already, or begins after that day"),
            ("请读取该老人的事实，核对起止日期", "Read the senior's facts and check the dates"),
        ),
        SeniorRefusal::FactKnown => (
            "fact_known",
            ("同样的事实已有记录", "the same fact is recorded already"),
            ("无需重复登记；情况有变请先结束旧的", "Nothing is left to do; if something changed, end the old one first"),
        ),
    };
    conflict(why, message, next)
}
