//! Family bindings.

use crate::auth::conflict;
use crate::extract::{Caller, IdempotencyKey, Signed};
use crate::input;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{BindingIdText, BindingRequestIdText, ConsentKindWord, FamilyScopeWord, UserIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::bindings::request::{self, ConfirmRefusal, Wanted};
use app::bindings::{self, BindingRefusal, Recorded};
use domain::access::{Action, ConsentKind, FamilyScope};
use domain::fault::Faults;
use domain::id::{BindingId, BindingRequestId, UserId};
use domain::text_enum::TextEnum;
use domain::{Instant, Sensitive};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/binding-requests").route(web::post().to(ask_binding)))
        .service(web::resource("/v1/binding-requests/{request}/confirmation").route(web::post().to(confirm_binding)))
        .service(
            web::resource("/v1/seniors/{senior}/bindings")
                .route(web::post().to(record_binding))
                .route(web::get().to(list_bindings)),
        )
        .service(web::resource("/v1/seniors/{senior}/bindings/{binding}").route(web::delete().to(revoke_binding)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op(
        "askBinding",
        Access::SignedIn,
        &[P::TooLarge, P::Invalid, P::Forbidden, P::TooManyTries, P::WayOff, P::PasswordChangeNeeded],
    ),
    op(
        "confirmBinding",
        Access::SignedIn,
        &[P::Forbidden, P::TooLarge, P::Invalid, P::SignInFailed, P::NotFound, P::Conflict, P::PasswordChangeNeeded],
    ),
    op(
        "recordBinding",
        Access::Roles(Action::RecordConsent),
        &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded],
    ),
    op(
        "listBindings",
        Access::RolesOrFamily(Action::SeeSeniors, FamilyScope::See),
        &[P::Invalid, P::NotFound, P::PasswordChangeNeeded],
    ),
    op("revokeBinding", Access::SignedIn, &[P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(ask_binding, confirm_binding, record_binding, list_bindings, revoke_binding))]
pub struct Docs;

/// What a family member asks of a senior.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// The senior's whole identity number. Whether there is such a senior is not told.
    pub identity_number: String,
    /// What the asker is to the senior.
    #[schema(max_length = 20, example = "女儿")]
    pub relation: String,
    /// What they want to do, at least one.
    #[schema(value_type = Vec<FamilyScopeWord>, min_items = 1)]
    pub scopes: BTreeSet<FamilyScope>,
}

/// A request that waits for the senior's code.
#[derive(Serialize, ToSchema)]
pub struct AskedView {
    /// Send the code here.
    #[schema(value_type = BindingRequestIdText)]
    pub request: BindingRequestId,
}

fn check_scopes(faults: &mut Faults, relation: &str, scopes: &BTreeSet<FamilyScope>) {
    input::text(faults, "/relation", relation, 20);
    if scopes.is_empty() {
        faults.push("/scopes", "required", "请至少选一项权限", "give at least one scope");
    }
}

/// Asks a senior for consent: a code goes to the phone on the senior's record, who reads it out to the family member.
#[utoipa::path(post, path = "/v1/binding-requests", operation_id = "askBinding", tag = "family", request_body = AskBody, responses((status = 201, body = AskedView)))]
pub async fn ask_binding(
    app: Data<App>,
    Signed(actor): Signed,
    Caller(caller): Caller,
    body: Json<AskBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    check_scopes(&mut faults, &body.relation, &body.scopes);
    let identity = input::identity_number(&mut faults, "/identity_number", &body.identity_number);
    let (Some(identity), true) = (identity, faults.is_empty()) else { return Err(Problem::invalid(&faults)) };
    let wanted = Wanted { identity, relation: body.relation, scopes: body.scopes };
    let request = request::ask(&app, actor, wanted, caller).await.map_err(|f| Problem::of(f, crate::auth::refused))?;
    Ok(HttpResponse::Created().json(AskedView { request }))
}

/// The code that the senior read out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmBody {
    /// Six digits; single use, 5 attempts, 10 minutes.
    #[schema(pattern = "^[0-9]{6}$")]
    pub code: String,
}

/// A binding that was made.
#[derive(Serialize, ToSchema)]
pub struct BindingMade {
    /// Its identifier.
    #[schema(value_type = BindingIdText)]
    pub id: BindingId,
}

/// Enters the senior's code: the binding is in force at once.
#[utoipa::path(post, path = "/v1/binding-requests/{request}/confirmation", operation_id = "confirmBinding", tag = "family", request_body = ConfirmBody,
    params(("request" = String, Path, description = "The request")), responses((status = 201, body = BindingMade)))]
pub async fn confirm_binding(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<ConfirmBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    input::code(&mut faults, "/code", &body.code);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let code = Sensitive::new(body.into_inner().code);
    let made = request::confirm(&app, actor, path_id(&path)?, code).await;
    let id = made.map_err(|f| {
        Problem::of(f, |refusal| match refusal {
            ConfirmRefusal::Code(refusal) => crate::auth::refused(refusal),
            ConfirmRefusal::Binding(refusal) => refused(refusal),
        })
    })?;
    Ok(HttpResponse::Created().json(BindingMade { id }))
}

/// A binding to which the senior consented in person.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBody {
    /// The family member signs in with it.
    #[schema(example = "13900005678")]
    pub phone: String,
    /// The family member's name, for an account that is made now.
    #[schema(max_length = 40)]
    pub name: String,
    /// What they are to the senior.
    #[schema(max_length = 20, example = "儿子")]
    pub relation: String,
    /// What they may do, at least one.
    #[schema(value_type = Vec<FamilyScopeWord>, min_items = 1)]
    pub scopes: BTreeSet<FamilyScope>,
    /// `counter` or `signed_form`; consent by phone is given with a code.
    #[schema(value_type = ConsentKindWord)]
    pub consent: ConsentKind,
    /// The form's number, or the counter's record.
    #[schema(max_length = 80, example = "知情同意书 2026-118")]
    pub reference: String,
}

/// Records a binding to which the senior consented at the counter or on a signed form.
#[utoipa::path(post, path = "/v1/seniors/{senior}/bindings", operation_id = "recordBinding", tag = "family", request_body = RecordBody,
    params(("senior" = String, Path, description = "The senior"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = BindingMade)))]
pub async fn record_binding(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<RecordBody>,
) -> Result<HttpResponse, Problem> {
    let (senior, mut faults) = (path_id(&path)?, Faults::default());
    check_scopes(&mut faults, &body.relation, &body.scopes);
    input::text(&mut faults, "/name", &body.name, 40);
    input::text(&mut faults, "/reference", &body.reference, 80);
    if body.consent == ConsentKind::Phone {
        let (zh, en) = ("电话同意须由老人手机上的同意码确认", "consent by phone is given with the code sent to the senior");
        faults.push("/consent", "not_accepted", zh, en);
    }
    let phone = input::phone(&mut faults, "/phone", &body.phone);
    let (Some(phone), true) = (phone, faults.is_empty()) else { return Err(Problem::invalid(&faults)) };
    let key = key.bind(&actor, "recordBinding", &(path.as_str(), &*body))?;
    let RecordBody { name, relation, scopes, consent, reference, .. } = body.into_inner();
    let new = Recorded { senior, phone, name, relation, scopes, consent, reference };
    let id = bindings::record(&app, actor, key, new).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(BindingMade { id }))
}

/// A binding.
#[derive(Serialize, ToSchema)]
pub struct BindingView {
    /// Its identifier.
    #[schema(value_type = BindingIdText)]
    pub id: BindingId,
    /// The family member.
    #[schema(value_type = UserIdText)]
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// What they are to the senior.
    pub relation: String,
    /// What they may do.
    #[schema(value_type = Vec<FamilyScopeWord>)]
    pub scopes: Vec<FamilyScope>,
    /// How consent was given.
    #[schema(value_type = ConsentKindWord)]
    pub consent: ConsentKind,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub consent_at: Instant,
    /// Until when, if it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Instant>,
}

/// A senior's bindings, oldest first, revoked ones too; a family member sees their own.
#[utoipa::path(get, path = "/v1/seniors/{senior}/bindings", operation_id = "listBindings", tag = "family",
    params(("senior" = String, Path, description = "The senior"), PageQuery), responses((status = 200, body = PageView<BindingView>)))]
pub async fn list_bindings(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<PageQuery>,
) -> Result<Json<PageView<BindingView>>, Problem> {
    let (limit, after) = page(&query)?;
    let page = (after, usize::from(limit) + 1);
    let found = bindings::list(&app, actor, path_id(&path)?, page).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let view = |(row, name): (app::store::query::bindings::BindingRow, String)| BindingView {
        id: row.id.0,
        user: row.user_id.0,
        name,
        relation: row.relation,
        scopes: row.scopes.split(',').filter_map(FamilyScope::parse).collect(),
        consent: row.consent_kind.0,
        consent_at: row.consent_at.0,
        revoked_at: row.revoked_at.map(|at| at.0),
    };
    Ok(Json(PageView::of(found.into_iter().map(view).collect(), limit, |binding| binding.id.to_string())))
}

/// Ends a binding at once: by the senior, by the family member, or by staff who may record one.
#[utoipa::path(delete, path = "/v1/seniors/{senior}/bindings/{binding}", operation_id = "revokeBinding", tag = "family",
    params(("senior" = String, Path, description = "The senior"), ("binding" = String, Path, description = "The binding")), responses((status = 204)))]
pub async fn revoke_binding(app: Data<App>, Signed(actor): Signed, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (senior, binding) = path.into_inner();
    bindings::revoke(&app, actor, path_id(&senior)?, path_id(&binding)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

fn refused(refusal: BindingRefusal) -> Problem {
    let (why, message, next) = match refusal {
        BindingRefusal::AlreadyBound => (
            "already_bound",
            ("已绑定", "bound already"),
            ("如需更改权限，请先解除再重新绑定", "To change what they may do, end that binding and make a new one"),
        ),
        BindingRefusal::OwnSelf => (
            "own_self",
            ("不能绑定为自己的家属", "nobody is family of themselves"),
            ("请填写家属自己的手机号", "Give the family member's own phone"),
        ),
        BindingRefusal::NotAClient => (
            "not_a_client",
            ("该手机号属于工作人员账号", "the phone belongs to a staff account"),
            ("请换用家属的个人手机号", "Use a private phone of the family member"),
        ),
        BindingRefusal::AlreadyRevoked => (
            "already_revoked",
            ("此前已解除", "it was ended before"),
            ("无需再次解除，请刷新列表", "Nothing is left to do; read the list again"),
        ),
        BindingRefusal::TooMany => (
            "too_many",
            ("家属已达上限", "the senior has as many as there may be"),
            ("请先解除不用的家属，再绑定新的", "End a binding that is no longer used, then bind the new one"),
        ),
    };
    conflict(why, message, next)
}
