//! Policies: check, draft, review, publish, look.

use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, cursor_of, limit_of};
use crate::problem::{Problem, ProblemCode, json_error};
use crate::words::{PolicyIdText, PolicyStateWord, UserIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, JsonConfig, Path, Query, ServiceConfig};
use app::App;
use app::policies::{PolicyRefusal, PolicySummary, draft, look, publish, review};
use app::store::query::policies::PolicyFilter;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{PolicyId, UserId};
use domain::policy::{PolicyRejection, PolicyState};
use domain::subsidy::Finding;
use domain::{Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The largest accepted document with its JSON escapes, in bytes. The largest of the shipped library has 12 KB.
const DOCUMENT_MAX: usize = 512 * 1024;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    let large = || JsonConfig::default().limit(DOCUMENT_MAX).error_handler(json_error);
    config
        .service(
            web::resource("/v1/policies").app_data(large()).route(web::post().to(draft_policy)).route(web::get().to(list_policies)),
        )
        .service(web::resource("/v1/policies/check").app_data(large()).route(web::post().to(check_policy)))
        .service(web::resource("/v1/policies/{policy}").route(web::get().to(get_policy)))
        .service(web::resource("/v1/policies/{policy}/review").route(web::post().to(review_policy)))
        .service(web::resource("/v1/policies/{policy}/publication").route(web::post().to(publish_policy)));
}

const OF_MOVING: &[ProblemCode] =
    &[ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::PolicyState, ProblemCode::PolicyConflict];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("checkPolicy", Access::AnyOf(&[Action::EditPolicy, Action::ReviewPolicy]), &[ProblemCode::TooLarge, ProblemCode::Forbidden]),
    op(
        "draftPolicy",
        Access::Roles(Action::EditPolicy),
        &[
            ProblemCode::TooLarge,
            ProblemCode::Forbidden,
            ProblemCode::NotFound,
            ProblemCode::PolicyFaulty,
            ProblemCode::PolicyConflict,
        ],
    ),
    op("reviewPolicy", Access::Roles(Action::ReviewPolicy), OF_MOVING),
    op("publishPolicy", Access::Roles(Action::EditPolicy), OF_MOVING),
    op("listPolicies", Access::Roles(Action::SeeClaims), &[ProblemCode::Invalid, ProblemCode::Forbidden]),
    op("getPolicy", Access::Roles(Action::SeeClaims), &[ProblemCode::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(check_policy, draft_policy, review_policy, publish_policy, list_policies, get_policy))]
pub struct Docs;

/// A policy document as text.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentBody {
    /// YAML or JSON.
    pub text: String,
}

/// Something found in a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// `error` forbids publication; `warning` and `note` do not.
    pub severity: String,
    /// Where: a JSON pointer into the document.
    #[schema(example = "/steps/0/group/lines/1/when/age")]
    pub place: String,
    /// A stable word.
    pub code: String,
    /// What is wrong, zh-CN.
    pub cause: String,
    /// What to do, zh-CN.
    pub cure: String,
    /// What is wrong, English.
    pub cause_en: String,
    /// What to do, English.
    pub cure_en: String,
}

impl From<&Finding> for FindingView {
    fn from(found: &Finding) -> Self {
        Self {
            severity: found.severity.to_string(),
            place: found.place.clone(),
            code: found.code.clone(),
            cause: found.cause_zh.clone(),
            cure: found.cure_zh.clone(),
            cause_en: found.cause_en.clone(),
            cure_en: found.cure_en.clone(),
        }
    }
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckView {
    /// Whether it may be drafted.
    pub good: bool,
    /// Everything found, errors first.
    pub findings: Vec<FindingView>,
}

/// A version of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyView {
    /// Its identifier.
    #[schema(value_type = PolicyIdText)]
    pub id: PolicyId,
    /// The programme.
    #[schema(example = "demo-meals")]
    pub programme: String,
    /// The version's name within the programme.
    #[schema(example = "2026")]
    pub version: String,
    /// What it is called.
    pub title: String,
    /// 文号.
    pub number: Option<String>,
    /// Whose policy it is; absent for a national one.
    #[schema(value_type = Option<String>, example = "990101001")]
    pub place: Option<PlaceCode>,
    /// First service date.
    #[schema(value_type = String, format = Date)]
    pub from: ServiceDate,
    /// Last service date.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<ServiceDate>,
    /// SHA-256 of the canonical document.
    pub hash: String,
    /// Where it stands.
    #[schema(value_type = PolicyStateWord)]
    pub state: PolicyState,
    /// Who drafted it.
    #[schema(value_type = Option<UserIdText>)]
    pub drafted_by: Option<UserId>,
    /// Who reviewed it.
    #[schema(value_type = Option<UserIdText>)]
    pub reviewed_by: Option<UserId>,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Instant>,
}

impl From<PolicySummary> for PolicyView {
    fn from(policy: PolicySummary) -> Self {
        Self {
            id: policy.id,
            programme: policy.programme,
            version: policy.version,
            title: policy.title,
            number: policy.number,
            place: policy.place,
            from: policy.from,
            to: policy.to,
            hash: policy.hash,
            state: policy.state,
            drafted_by: policy.drafted_by,
            reviewed_by: policy.reviewed_by,
            created_at: policy.created_at,
            published_at: policy.published_at,
        }
    }
}

/// A draft that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftView {
    /// The version.
    pub policy: PolicyView,
    /// Warnings and notes.
    pub findings: Vec<FindingView>,
}

/// A version with its document.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyWithDocument {
    /// The version.
    #[serde(flatten)]
    pub policy: PolicyView,
    /// The document, by the published JSON Schema.
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
}

/// Checks a document without keeping it: every fault at once, with place, cause and cure.
#[utoipa::path(post, path = "/v1/policies/check", operation_id = "checkPolicy", tag = "policies", request_body = DocumentBody, responses((status = 200, body = CheckView)))]
pub async fn check_policy(app: Data<App>, Signed(actor): Signed, body: Json<DocumentBody>) -> Result<Json<CheckView>, Problem> {
    if ![Action::EditPolicy, Action::ReviewPolicy].iter().any(|action| actor.may_somewhere(*action)) {
        return Err(Problem::new(ProblemCode::Forbidden));
    }
    let found = draft::findings(app.shelves.policies.calendar(), &body.text);
    Ok(Json(CheckView { good: !found.iter().any(Finding::is_error), findings: found.iter().map(FindingView::from).collect() }))
}

/// Uploads a draft. A document with faults is refused with all of them.
#[utoipa::path(post, path = "/v1/policies", operation_id = "draftPolicy", tag = "policies", request_body = DocumentBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = DraftView)))]
pub async fn draft_policy(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<DocumentBody>,
) -> Result<HttpResponse, Problem> {
    let key = key.bind(&actor, "draftPolicy", &*body)?;
    let drafted = draft::draft(&app, actor, key, body.into_inner().text).await.map_err(|f| Problem::of(f, refused))?;
    let findings = drafted.findings.iter().map(FindingView::from).collect();
    Ok(HttpResponse::Created().json(DraftView { policy: drafted.policy.into(), findings }))
}

/// Approves a draft. Whoever drafted it may not.
#[utoipa::path(post, path = "/v1/policies/{policy}/review", operation_id = "reviewPolicy", tag = "policies",
    params(("policy" = String, Path, description = "The version")), responses((status = 200, body = PolicyView)))]
pub async fn review_policy(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<PolicyView>, Problem> {
    let policy = review::review(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(policy.into()))
}

/// What a publication does beside.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationBody {
    /// The version of the same programme that ends the day before this one begins.
    #[schema(value_type = Option<PolicyIdText>)]
    pub supersedes: Option<PolicyId>,
}

/// Puts a reviewed version in force. It never changes again; no two versions of a programme govern one date.
#[utoipa::path(post, path = "/v1/policies/{policy}/publication", operation_id = "publishPolicy", tag = "policies", request_body = PublicationBody,
    params(("policy" = String, Path, description = "The version")), responses((status = 200, body = PolicyView)))]
pub async fn publish_policy(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<PublicationBody>,
) -> Result<Json<PolicyView>, Problem> {
    let published = publish::publish(&app, actor, path_id(&path)?, body.supersedes).await;
    Ok(Json(published.map_err(|f| Problem::of(f, refused))?.into()))
}

/// Which versions a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PolicyQuery {
    /// Only this programme's.
    programme: Option<String>,
    /// Only in this state.
    #[param(value_type = Option<PolicyStateWord>)]
    state: Option<PolicyState>,
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// The versions in the caller's sight, newest first: of their places, above and below.
#[utoipa::path(get, path = "/v1/policies", operation_id = "listPolicies", tag = "policies", params(PolicyQuery), responses((status = 200, body = PageView<PolicyView>)))]
pub async fn list_policies(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PolicyQuery>,
) -> Result<Json<PageView<PolicyView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let before = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = PolicyFilter { programme: query.programme, state: query.state, before, limit: i64::from(limit) };
    let (page, next) = look::list(&app, actor, filter).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PageView { items: page.into_iter().map(PolicyView::from).collect(), next: next.map(|id| cursor_of(&id.to_string())) }))
}

/// A version with its document.
#[utoipa::path(get, path = "/v1/policies/{policy}", operation_id = "getPolicy", tag = "policies",
    params(("policy" = String, Path, description = "The version")), responses((status = 200, body = PolicyWithDocument)))]
pub async fn get_policy(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<PolicyWithDocument>, Problem> {
    let (policy, document) = look::get(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let document = serde_json::to_value(&document).map_err(|error| {
        tracing::error!(%error, "a policy document does not serialise");
        Problem::new(ProblemCode::Internal)
    })?;
    Ok(Json(PolicyWithDocument { policy: policy.into(), document }))
}

fn refused(refusal: PolicyRefusal) -> Problem {
    let conflict = |cause: &str| Problem::new(ProblemCode::PolicyConflict).with("cause", cause);
    match refusal {
        PolicyRefusal::Faulty(found) => {
            let findings: Vec<FindingView> = found.iter().map(FindingView::from).collect();
            Problem::new(ProblemCode::PolicyFaulty).with("findings", findings)
        }
        PolicyRefusal::Rejected(PolicyRejection::WrongState(state)) => Problem::new(ProblemCode::PolicyState).with("state", state),
        PolicyRefusal::Rejected(PolicyRejection::OwnDraft) => Problem::new(ProblemCode::Forbidden).with("cause", "own_draft"),
        PolicyRefusal::AlreadyThere(id) => conflict("already_there").with("policy", id),
        PolicyRefusal::UnknownPlace(place) => conflict("unknown_place").with("place", place),
        PolicyRefusal::Overlap { with, version, date } => {
            conflict("overlap").with("policy", with).with("version", version).with("date", date)
        }
        PolicyRefusal::NotSuperseded(id) => conflict("not_superseded").with("policy", id),
    }
}
