//! Staff users and their rights.

use crate::auth::{conflict, secret};
use crate::extract::{IdempotencyKey, Signed};
use crate::input;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{CanteenIdText, GrantIdText, RoleWord, UserIdText, UserStateWord, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::users::grants::{self, NewGrant};
use app::users::manage::{self, FirstPassword, NewUser};
use app::users::{StaffUser, UserRefusal};
use domain::access::{Action, Role, UserState};
use domain::fault::Faults;
use domain::id::{CanteenId, GrantId, UserId};
use domain::{Instant, PlaceCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/users").route(web::post().to(create_user)).route(web::get().to(list_users)))
        .service(web::resource("/v1/users/{user}").route(web::get().to(get_user)))
        .service(web::resource("/v1/users/{user}/block").route(web::post().to(block_user)).route(web::delete().to(unblock_user)))
        .service(web::resource("/v1/users/{user}/password").route(web::post().to(reset_password)))
        .service(web::resource("/v1/users/{user}/sessions").route(web::delete().to(end_user_sessions)))
        .service(web::resource("/v1/users/{user}/grants").route(web::post().to(give_grant)))
        .service(web::resource("/v1/users/{user}/grants/{grant}").route(web::delete().to(revoke_grant)));
}

const ADMIN: Access = Access::Roles(Action::EditUsers);
const OF_CREATING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded];
const OF_ACTING: &[P] = &[P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("createUser", ADMIN, OF_CREATING),
    op("listUsers", ADMIN, &[P::Invalid, P::Forbidden, P::PasswordChangeNeeded]),
    op("getUser", ADMIN, &[P::NotFound, P::PasswordChangeNeeded]),
    op("blockUser", ADMIN, OF_ACTING),
    op("unblockUser", ADMIN, OF_ACTING),
    op("resetPassword", ADMIN, OF_ACTING),
    op("endUserSessions", ADMIN, OF_ACTING),
    op("giveGrant", ADMIN, OF_CREATING),
    op("revokeGrant", ADMIN, OF_ACTING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    create_user,
    list_users,
    get_user,
    block_user,
    unblock_user,
    reset_password,
    end_user_sessions,
    give_grant,
    revoke_grant
))]
pub struct Docs;

/// A right to give.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantBody {
    /// What.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// Where, within the giver's own places: this place and all below.
    #[schema(value_type = String, example = "990101001")]
    pub place: PlaceCode,
    /// Only at this canteen, for canteen staff.
    #[schema(value_type = Option<CanteenIdText>)]
    pub canteen: Option<CanteenId>,
}

impl From<GrantBody> for NewGrant {
    fn from(body: GrantBody) -> Self {
        Self { role: body.role, place: body.place, canteen: body.canteen }
    }
}

/// A staff user to make.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    /// To sign in with: 3 to 40 lower-case letters, digits, dots, hyphens, underscores.
    #[schema(example = "wang.li")]
    pub login: String,
    /// Shown to others.
    #[schema(max_length = 40, example = "王丽")]
    pub display_name: String,
    /// The first right.
    pub grant: GrantBody,
}

/// A password made for a user.
#[derive(Serialize, ToSchema)]
pub struct FirstPasswordView {
    /// Whose.
    #[schema(value_type = UserIdText)]
    pub user: UserId,
    /// Shown once, to be changed at the first sign-in; absent when this request was answered before: make a new one if it was
    /// lost.
    pub password: Option<String>,
}

impl From<FirstPassword> for FirstPasswordView {
    fn from(made: FirstPassword) -> Self {
        Self { user: made.user, password: made.password.map(domain::Sensitive::into_inner) }
    }
}

/// A right as it stands.
#[derive(Serialize, ToSchema)]
pub struct GrantView {
    /// Its identifier.
    #[schema(value_type = GrantIdText)]
    pub id: GrantId,
    /// What.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// Where.
    #[schema(value_type = String)]
    pub place: PlaceCode,
    /// Only at this canteen.
    #[schema(value_type = Option<CanteenIdText>)]
    pub canteen: Option<CanteenId>,
    /// By whom.
    #[schema(value_type = Option<UserIdText>)]
    pub granted_by: Option<UserId>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub granted_at: Instant,
    /// Until when, if it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Instant>,
}

/// A staff user.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// Its identifier.
    #[schema(value_type = UserIdText)]
    pub id: UserId,
    /// Shown to others.
    pub display_name: String,
    /// To sign in with.
    pub login: Option<String>,
    /// Whether they may sign in.
    #[schema(value_type = UserStateWord)]
    pub state: UserState,
    /// The password was given to them and not changed yet.
    pub must_change_password: bool,
    /// Rights within the reader's places, revoked ones too.
    pub grants: Vec<GrantView>,
}

impl From<StaffUser> for UserView {
    fn from(found: StaffUser) -> Self {
        let grants = found.grants.into_iter().map(|row| GrantView {
            id: row.id.0,
            role: row.role.0,
            place: row.place_code.0,
            canteen: row.canteen_id.map(|c| c.0),
            granted_by: row.granted_by.map(|u| u.0),
            granted_at: row.granted_at.0,
            revoked_at: row.revoked_at.map(|at| at.0),
        });
        let user = found.user;
        Self {
            id: user.id.0,
            display_name: user.display_name,
            login: user.login,
            state: user.state.0,
            must_change_password: user.must_change_password,
            grants: grants.collect(),
        }
    }
}

/// Makes a staff user with a first right. The password is in the answer, once.
#[utoipa::path(post, path = "/v1/users", operation_id = "createUser", tag = "users", request_body = UserBody,
    params(("Idempotency-Key" = String, Header, description = "Made by the client")), responses((status = 201, body = FirstPasswordView)))]
pub async fn create_user(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    body: Json<UserBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    input::login(&mut faults, "/login", &body.login);
    input::text(&mut faults, "/display_name", &body.display_name, 40);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let key = key.bind(&actor, "createUser", &body)?;
    let new = NewUser { login: body.login, display_name: body.display_name, grant: body.grant.into() };
    let made = manage::create(&app, actor, key, new).await.map_err(|f| Problem::of(f, |refusal| refused_at("/grant", refusal)))?;
    Ok(secret(HttpResponse::Created(), &FirstPasswordView::from(made)))
}

/// Staff who have or had a right in the caller's places.
#[utoipa::path(get, path = "/v1/users", operation_id = "listUsers", tag = "users", params(PageQuery), responses((status = 200, body = PageView<UserView>)))]
pub async fn list_users(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PageQuery>,
) -> Result<Json<PageView<UserView>>, Problem> {
    let (limit, after) = page(&query)?;
    let found = manage::list(&app, actor, after, i64::from(limit) + 1).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PageView::of(found.into_iter().map(UserView::from).collect(), limit, |user| user.id.to_string())))
}

/// One of them.
#[utoipa::path(get, path = "/v1/users/{user}", operation_id = "getUser", tag = "users", params(("user" = String, Path, description = "The user")),
    responses((status = 200, body = UserView)))]
pub async fn get_user(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<UserView>, Problem> {
    let found = manage::find(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(found.into()))
}

/// Blocks a user, whose sessions end at once. Takes the right over every place where the user has one.
#[utoipa::path(post, path = "/v1/users/{user}/block", operation_id = "blockUser", tag = "users", params(("user" = String, Path, description = "The user")),
    responses((status = 204)))]
pub async fn block_user(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    manage::set_state(&app, actor, path_id(&path)?, UserState::Blocked).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lets a blocked user in again.
#[utoipa::path(delete, path = "/v1/users/{user}/block", operation_id = "unblockUser", tag = "users", params(("user" = String, Path, description = "The user")),
    responses((status = 204)))]
pub async fn unblock_user(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    manage::set_state(&app, actor, path_id(&path)?, UserState::Active).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a user a new password, to be changed at the next sign-in; sessions end at once.
#[utoipa::path(post, path = "/v1/users/{user}/password", operation_id = "resetPassword", tag = "users", params(("user" = String, Path, description = "The user")),
    responses((status = 201, body = FirstPasswordView)))]
pub async fn reset_password(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let made = manage::reset_password(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(secret(HttpResponse::Created(), &FirstPasswordView::from(made)))
}

/// Ends every session of a user.
#[utoipa::path(delete, path = "/v1/users/{user}/sessions", operation_id = "endUserSessions", tag = "users", params(("user" = String, Path, description = "The user")),
    responses((status = 204)))]
pub async fn end_user_sessions(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    manage::end_sessions(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// A right that was given.
#[derive(Serialize, ToSchema)]
pub struct GrantMade {
    /// Its identifier.
    #[schema(value_type = GrantIdText)]
    pub id: GrantId,
}

/// Gives a user a right, within the giver's own places and never to oneself.
#[utoipa::path(post, path = "/v1/users/{user}/grants", operation_id = "giveGrant", tag = "users", request_body = GrantBody,
    params(("user" = String, Path, description = "The user"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 201, body = GrantMade)))]
pub async fn give_grant(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<GrantBody>,
) -> Result<HttpResponse, Problem> {
    let user = path_id(&path)?;
    let key = key.bind(&actor, "giveGrant", &(path.as_str(), &*body))?;
    let id = grants::give(&app, actor, key, user, body.into_inner().into()).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Created().json(GrantMade { id }))
}

/// Takes a right back; it is gone from the next request on.
#[utoipa::path(delete, path = "/v1/users/{user}/grants/{grant}", operation_id = "revokeGrant", tag = "users",
    params(("user" = String, Path, description = "The user"), ("grant" = String, Path, description = "The right")), responses((status = 204)))]
pub async fn revoke_grant(app: Data<App>, Signed(actor): Signed, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (user, grant) = path.into_inner();
    grants::revoke(&app, actor, path_id(&user)?, path_id(&grant)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

fn refused(refusal: UserRefusal) -> Problem {
    refused_at("", refusal)
}

/// `at` is where the right stands in the body.
fn refused_at(at: &str, refusal: UserRefusal) -> Problem {
    let (why, message, next) = match refusal {
        UserRefusal::LoginTaken => {
            ("login_taken", ("登录名已被使用", "the login is taken"), ("请换一个登录名", "Choose another login"))
        }
        UserRefusal::PlaceUnknown => (
            "place_unknown",
            ("没有这个地区", "no such place is known"),
            ("请核对区划代码，或先导入该地区", "Check the code, or import the place first"),
        ),
        UserRefusal::CanteenElsewhere => (
            "canteen_elsewhere",
            ("助餐点不在该地区内", "the canteen is not in that place"),
            ("请换成助餐点所在的地区，或换一个助餐点", "Give the place of the canteen, or another canteen"),
        ),
        UserRefusal::OwnAccount => (
            "own_account",
            ("不能更改自己的账号与权限", "nobody changes their own account and rights"),
            ("请由另一位管理员操作", "Ask another administrator"),
        ),
        UserRefusal::TooManyGrants => (
            "too_many_grants",
            ("权限过多", "too many rights"),
            ("请先收回不用的权限", "Revoke rights that are no longer used first"),
        ),
        UserRefusal::AlreadyRevoked => (
            "already_revoked",
            ("此前已收回", "it was revoked before"),
            ("无需再次收回，请刷新列表", "Nothing is left to do; read the user again"),
        ),
        UserRefusal::AlreadyGranted => {
            ("already_granted", ("已有同样的权限", "the same right is in force already"), ("无需重复授予", "Nothing is left to do"))
        }
        UserRefusal::CanteenNeeded => {
            let mut faults = Faults::default();
            let (zh, en) = ("此角色须指明所在的助餐点", "this role is held at a canteen; name it");
            faults.push(format!("{at}/canteen"), "required", zh, en);
            return Problem::invalid(&faults);
        }
    };
    conflict(why, message, next)
}
