//! Signing in and out, and who is signed in.

use crate::extract::{Caller, Signed, bearer};
use crate::input;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode};
use crate::words::{FamilyScopeWord, LoginCodeIdText, RoleWord, SeniorIdText, UserIdText};
use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::auth::setup::{FirstAdmin, set_up};
use app::auth::{SignInRefusal, SignedIn, client, me, phone_code, pin, staff};
use domain::access::{FamilyScope, Role};
use domain::fault::Faults;
use domain::id::{LoginCodeId, SeniorId, UserId};
use domain::person::password::BadPassword;
use domain::person::pin::BadPin;
use domain::{Instant, Sensitive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/setup").route(web::post().to(first_admin)))
        .service(web::resource("/v1/sessions").route(web::post().to(sign_in)).route(web::delete().to(sign_out_everywhere)))
        .service(web::resource("/v1/sessions/current").route(web::delete().to(sign_out)))
        .service(web::resource("/v1/sessions/wechat").route(web::post().to(sign_in_wechat)))
        .service(web::resource("/v1/sessions/phone").route(web::post().to(sign_in_phone)))
        .service(web::resource("/v1/phone-codes").route(web::post().to(send_phone_code)))
        .service(web::resource("/v1/me").route(web::get().to(get_me)))
        .service(web::resource("/v1/me/password").route(web::post().to(change_password)))
        .service(web::resource("/v1/me/pin").route(web::put().to(set_pin)))
        .service(web::resource("/v1/me/phone").route(web::post().to(prove_phone)))
        .service(web::resource("/v1/me/senior").route(web::post().to(link_senior)));
}

use ProblemCode as P;
const OF_SIGN_IN: &[P] = &[P::TooLarge, P::Invalid, P::SignInFailed, P::TooManyTries];
const OF_WECHAT: &[P] =
    &[P::TooLarge, P::Invalid, P::SignInFailed, P::TooManyTries, P::WayOff, P::OutsideUnreachable, P::Forbidden];
const OF_CODE: &[P] = &[P::TooLarge, P::Invalid, P::TooManyTries, P::WayOff, P::OutsideUnreachable];
const OF_ME: &[P] =
    &[P::TooLarge, P::Invalid, P::SignInFailed, P::TooManyTries, P::Forbidden, P::Conflict, P::PasswordChangeNeeded];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("setUp", Access::Public, &[P::TooLarge, P::Invalid, P::SignInFailed, P::Conflict]),
    op("signIn", Access::Public, OF_SIGN_IN),
    op("signInWeChat", Access::Public, OF_WECHAT),
    op("sendPhoneCode", Access::Public, OF_CODE),
    op("signInPhone", Access::Public, BODY_AND_FAILED),
    op("signOut", Access::SignedIn, &[]),
    op("signOutEverywhere", Access::SignedIn, &[P::Forbidden, P::PasswordChangeNeeded]),
    op("getMe", Access::SignedIn, &[]),
    op("changePassword", Access::SignedIn, OF_ME),
    op("setPin", Access::SignedIn, OF_ME),
    op("provePhone", Access::SignedIn, OF_ME),
    op("linkSenior", Access::SignedIn, OF_ME),
];
const BODY_AND_FAILED: &[P] = &[P::TooLarge, P::Invalid, P::SignInFailed];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    first_admin,
    sign_in,
    sign_in_wechat,
    send_phone_code,
    sign_in_phone,
    sign_out,
    sign_out_everywhere,
    get_me,
    change_password,
    set_pin,
    prove_phone,
    link_senior
))]
pub struct Docs;

/// A session that was just opened.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// Send it as `Authorization: Bearer ...`. Shown only here.
    #[schema(example = "nft_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    pub token: String,
    /// Until when it is good, unless revoked.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
    /// Who signed in.
    #[schema(value_type = Option<UserIdText>)]
    pub user: Option<UserId>,
    /// Only changing the password is open until it is done.
    pub must_change_password: bool,
}

/// An answer with a credential in it, which nothing on the way may keep.
pub(crate) fn secret(mut response: actix_web::HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response.insert_header(("Cache-Control", "no-store")).json(body)
}

pub(crate) fn session_answer(signed: SignedIn) -> HttpResponse {
    let view = SessionView {
        token: signed.token.reveal().to_owned(),
        expires_at: signed.expires_at,
        user: signed.user,
        must_change_password: signed.must_change_password,
    };
    secret(HttpResponse::Created(), &view)
}

/// A root of the administered places.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RootPlace {
    /// 2, 4, 6, 9 or 12 digits.
    #[schema(example = "9901")]
    pub code: String,
    /// Its name, for a place that is not known yet.
    pub name: String,
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpBody {
    /// As printed at the first start; good once.
    pub token: String,
    /// To sign in with: 3 to 40 lower-case letters, digits, dots, hyphens, underscores.
    pub login: String,
    /// Shown to others.
    #[schema(max_length = 40)]
    pub display_name: String,
    /// 12 to 128 characters.
    #[schema(min_length = 12, max_length = 128, format = Password)]
    pub password: String,
    /// What is administered, 1 to 20 places.
    #[schema(min_items = 1, max_items = 20)]
    pub places: Vec<RootPlace>,
}

/// Makes the first administrator with the one-time set-up token. There is no default account.
#[utoipa::path(post, path = "/v1/setup", operation_id = "setUp", tag = "sign-in", request_body = SetUpBody, responses((status = 201, body = SessionView)))]
pub async fn first_admin(app: Data<App>, body: Json<SetUpBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    input::login(&mut faults, "/login", &body.login);
    input::text(&mut faults, "/display_name", &body.display_name, 40);
    if !(1..=20).contains(&body.places.len()) {
        faults.push("/places", "out_of_range", "须填 1 到 20 个地区", "give 1 to 20 places");
    }
    let mut places = Vec::new();
    for (n, root) in body.places.iter().enumerate() {
        input::text(&mut faults, &format!("/places/{n}/name"), &root.name, 60);
        places.extend(input::place(&mut faults, &format!("/places/{n}/code"), &root.code).map(|code| (code, root.name.clone())));
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let password = Sensitive::new(body.password);
    let first = FirstAdmin { login: body.login, display_name: body.display_name, password, places };
    let signed = set_up(&app, &body.token, first).await.map_err(|f| Problem::of(f, refused))?;
    Ok(session_answer(signed))
}

/// A staff sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    /// The login.
    pub login: String,
    /// The password.
    #[schema(max_length = 128, format = Password)]
    pub password: String,
}

/// Signs staff in with a password.
#[utoipa::path(post, path = "/v1/sessions", operation_id = "signIn", tag = "sign-in", request_body = SignInBody, responses((status = 201, body = SessionView)))]
pub async fn sign_in(app: Data<App>, Caller(caller): Caller, body: Json<SignInBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    input::login(&mut faults, "/login", &body.login);
    crate::orders::limit_text(&mut faults, "/password", Some(&body.password), domain::person::password::MAX);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let signed = staff::sign_in(&app, body.login, Sensitive::new(body.password), caller).await;
    Ok(session_answer(signed.map_err(|f| Problem::of(f, refused))?))
}

/// A sign-in by WeChat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeChatBody {
    /// From `wx.login`; good once, for 5 minutes.
    #[schema(max_length = 128)]
    pub code: String,
}

/// Signs a client in with WeChat's login code.
#[utoipa::path(post, path = "/v1/sessions/wechat", operation_id = "signInWeChat", tag = "sign-in", request_body = WeChatBody, responses((status = 201, body = SessionView)))]
pub async fn sign_in_wechat(app: Data<App>, Caller(caller): Caller, body: Json<WeChatBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    input::text(&mut faults, "/code", &body.code, 128);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let signed = client::wechat(&app, body.code, caller).await.map_err(|f| Problem::of(f, refused))?;
    Ok(session_answer(signed))
}

/// Where to send a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneBody {
    /// A mobile number.
    #[schema(example = "13800001234")]
    pub phone: String,
}

/// A code on its way.
#[derive(Serialize, ToSchema)]
pub struct CodeSent {
    /// Send it back with the code.
    #[schema(value_type = LoginCodeIdText)]
    pub request: LoginCodeId,
    /// So long it is good, in seconds.
    pub valid_s: i64,
}

/// Sends a one-time code to a phone, for signing in or for proving the phone. Off until an SMS provider is set.
#[utoipa::path(post, path = "/v1/phone-codes", operation_id = "sendPhoneCode", tag = "sign-in", request_body = PhoneBody, responses((status = 201, body = CodeSent)))]
pub async fn send_phone_code(app: Data<App>, Caller(caller): Caller, body: Json<PhoneBody>) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let Some(phone) = input::phone(&mut faults, "/phone", &body.phone) else { return Err(Problem::invalid(&faults)) };
    let request = phone_code::request(&app, phone, caller).await.map_err(|f| Problem::of(f, refused))?;
    Ok(secret(HttpResponse::Created(), &CodeSent { request, valid_s: domain::person::one_time_code::VALID_S }))
}

/// A phone, and the code that was sent there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneProof {
    /// The number.
    #[schema(example = "13800001234")]
    pub phone: String,
    /// Of the answer to `sendPhoneCode`.
    #[schema(value_type = LoginCodeIdText)]
    pub request: LoginCodeId,
    /// Six digits; single use, 5 attempts.
    #[schema(pattern = "^[0-9]{6}$")]
    pub code: String,
}

fn proof(body: PhoneProof) -> Result<(domain::person::phone::Phone, LoginCodeId, Sensitive<String>), Problem> {
    let mut faults = Faults::default();
    input::code(&mut faults, "/code", &body.code);
    match (input::phone(&mut faults, "/phone", &body.phone), faults.is_empty()) {
        (Some(phone), true) => Ok((phone, body.request, Sensitive::new(body.code))),
        _ => Err(Problem::invalid(&faults)),
    }
}

/// Signs a client in with a phone and the code sent to it.
#[utoipa::path(post, path = "/v1/sessions/phone", operation_id = "signInPhone", tag = "sign-in", request_body = PhoneProof, responses((status = 201, body = SessionView)))]
pub async fn sign_in_phone(app: Data<App>, body: Json<PhoneProof>) -> Result<HttpResponse, Problem> {
    let (phone, request, code) = proof(body.into_inner())?;
    let signed = client::by_phone(&app, phone, request, code).await.map_err(|f| Problem::of(f, refused))?;
    Ok(session_answer(signed))
}

/// Ends this session.
#[utoipa::path(delete, path = "/v1/sessions/current", operation_id = "signOut", tag = "sign-in", responses((status = 204)))]
pub async fn sign_out(app: Data<App>, _: Signed, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let token = bearer(&request).ok_or_else(|| Problem::new(P::SignInNeeded))?;
    staff::sign_out(&app, token).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends every session of the signed-in user, this one too.
#[utoipa::path(delete, path = "/v1/sessions", operation_id = "signOutEverywhere", tag = "sign-in", responses((status = 204)))]
pub async fn sign_out_everywhere(app: Data<App>, Signed(actor): Signed) -> Result<HttpResponse, Problem> {
    staff::sign_out_everywhere(&app, actor).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(HttpResponse::NoContent().finish())
}

/// A right of the signed-in user.
#[derive(Serialize, ToSchema)]
pub struct RightView {
    /// What.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// Where: this place and all below.
    pub place: String,
    /// Only at this canteen.
    #[schema(value_type = Option<crate::words::CanteenIdText>)]
    pub canteen: Option<domain::id::CanteenId>,
}

/// A senior the signed-in user is or acts for.
#[derive(Serialize, ToSchema)]
pub struct KinView {
    /// Who.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// The name.
    pub name: String,
    /// Whether it is the user themselves.
    pub is_self: bool,
    /// What they consented to.
    #[schema(value_type = Vec<FamilyScopeWord>)]
    pub scopes: Vec<FamilyScope>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub struct MeView {
    /// The user.
    #[schema(value_type = Option<UserIdText>)]
    pub user: Option<UserId>,
    /// Its name.
    pub display_name: String,
    /// The proven phone, masked.
    pub phone: Option<String>,
    /// The paired device.
    #[schema(value_type = Option<crate::words::DeviceIdText>)]
    pub device: Option<domain::id::DeviceId>,
    /// Rights in force.
    pub rights: Vec<RightView>,
    /// Seniors.
    pub seniors: Vec<KinView>,
    /// Only changing the password is open until it is done.
    pub must_change_password: bool,
}

/// Who is signed in, and what they may do.
#[utoipa::path(get, path = "/v1/me", operation_id = "getMe", tag = "sign-in", responses((status = 200, body = MeView)))]
pub async fn get_me(app: Data<App>, Signed(actor): Signed) -> Result<Json<MeView>, Problem> {
    let found = me::me(&app, actor).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let actor = &found.actor;
    let right = |g: &domain::access::RoleGrant| RightView { role: g.role, place: g.place.to_string(), canteen: g.canteen };
    let kin = |(senior, name): (SeniorId, String)| KinView {
        senior,
        name,
        is_self: actor.self_senior == Some(senior),
        scopes: actor.family.get(&senior).into_iter().flatten().copied().collect(),
    };
    Ok(Json(MeView {
        user: actor.user,
        display_name: found.display_name.clone(),
        phone: found.phone.clone(),
        device: actor.device.map(|(device, ..)| device),
        rights: actor.grants.iter().map(right).collect(),
        seniors: found.seniors.clone().into_iter().map(kin).collect(),
        must_change_password: actor.must_change_password,
    }))
}

/// A change of the own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The one in force.
    #[schema(max_length = 128, format = Password)]
    pub old: String,
    /// 12 to 128 characters.
    #[schema(min_length = 12, max_length = 128, format = Password)]
    pub new: String,
}

/// Changes the own password; every session ends and a new one is the answer.
#[utoipa::path(post, path = "/v1/me/password", operation_id = "changePassword", tag = "sign-in", request_body = PasswordBody, responses((status = 201, body = SessionView)))]
pub async fn change_password(
    app: Data<App>,
    Signed(actor): Signed,
    Caller(caller): Caller,
    body: Json<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    crate::orders::limit_text(&mut faults, "/old", Some(&body.old), domain::person::password::MAX);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let signed = staff::change_password(&app, actor, Sensitive::new(body.old), Sensitive::new(body.new), caller).await;
    Ok(session_answer(signed.map_err(|f| Problem::of(f, refused))?))
}

/// The number for signing in on kitchen displays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinBody {
    /// The password in force.
    #[schema(max_length = 128, format = Password)]
    pub password: String,
    /// 4 to 8 digits.
    #[schema(min_length = 4, max_length = 8, pattern = "^[0-9]{4,8}$", format = Password)]
    pub pin: String,
}

/// Sets the number by which one says at a kitchen display who stands there. It opens nothing else.
#[utoipa::path(put, path = "/v1/me/pin", operation_id = "setPin", tag = "sign-in", request_body = PinBody, responses((status = 204)))]
pub async fn set_pin(
    app: Data<App>,
    Signed(actor): Signed,
    Caller(caller): Caller,
    body: Json<PinBody>,
) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    crate::orders::limit_text(&mut faults, "/password", Some(&body.password), domain::person::password::MAX);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let set = pin::set_pin(&app, actor, Sensitive::new(body.password), Sensitive::new(body.pin), caller).await;
    set.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Keeps a phone that the signed-in client proves; answers a session, which is another user's when the phone had one.
#[utoipa::path(post, path = "/v1/me/phone", operation_id = "provePhone", tag = "sign-in", request_body = PhoneProof, responses((status = 201, body = SessionView)))]
pub async fn prove_phone(app: Data<App>, Signed(actor): Signed, body: Json<PhoneProof>) -> Result<HttpResponse, Problem> {
    let (phone, request, code) = proof(body.into_inner())?;
    let signed = client::prove_phone(&app, actor, phone, request, code).await.map_err(|f| Problem::of(f, refused))?;
    Ok(session_answer(signed))
}

/// Which senior the client is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// The whole identity number of the senior's record.
    pub identity_number: String,
}

/// The senior the client was linked to.
#[derive(Serialize, ToSchema)]
pub struct LinkView {
    /// Who.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
}

/// Links the signed-in client to the senior they are: the proven phone must be the one on the record, and the identity number
/// given must be the record's. 5 tries a day; which of the two did not fit is not told.
#[utoipa::path(post, path = "/v1/me/senior", operation_id = "linkSenior", tag = "sign-in", request_body = LinkBody, responses((status = 200, body = LinkView)))]
pub async fn link_senior(app: Data<App>, Signed(actor): Signed, body: Json<LinkBody>) -> Result<Json<LinkView>, Problem> {
    let mut faults = Faults::default();
    let found = input::identity_number(&mut faults, "/identity_number", &body.identity_number);
    let Some(identity) = found else { return Err(Problem::invalid(&faults)) };
    let senior = client::link_senior(&app, actor, identity).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(LinkView { senior }))
}

/// Why nobody is signed in, as a problem.
pub(crate) fn refused(refusal: SignInRefusal) -> Problem {
    let fault = |place: &str, code: &str, zh: &str, en: &str| {
        let mut faults = Faults::default();
        faults.push(place, code, zh, en);
        Problem::invalid(&faults)
    };
    match refusal {
        SignInRefusal::Wrong => Problem::new(P::SignInFailed),
        SignInRefusal::TooManyTries { retry_after_s } => Problem::new(P::TooManyTries).with("retry_after_s", retry_after_s),
        SignInRefusal::NotConfigured(_) => Problem::new(P::WayOff),
        SignInRefusal::OutOfReach(_) => Problem::new(P::OutsideUnreachable),
        SignInRefusal::BlockedThere(_) => Problem::new(P::Forbidden),
        SignInRefusal::NotMobile => fault("/phone", "not_mobile", "须为手机号", "must be a mobile number"),
        SignInRefusal::LoginTaken => {
            conflict("login_taken", ("登录名已被使用", "the login is taken"), ("请换一个登录名", "Choose another login"))
        }
        SignInRefusal::Taken => conflict(
            "phone_taken",
            ("该手机号已属于另一个账号", "the phone belongs to another account"),
            ("请直接用手机号登录那个账号", "Sign in to that account with the phone"),
        ),
        SignInRefusal::Pin(bad) => {
            let (code, zh, en) = match bad {
                BadPin::NotDigits => ("not_digits", "须为 4 至 8 位数字", "must be 4 to 8 digits"),
                BadPin::Guessable => ("guessable", "数字太容易被猜到，请换一个", "too easily guessed; choose another"),
            };
            fault("/pin", code, zh, en)
        }
        SignInRefusal::Password(bad) => {
            let (code, zh, en) = match bad {
                BadPassword::Short => ("too_short", "密码至少 12 个字符", "a password has at least 12 characters"),
                BadPassword::Long => ("too_long", "密码最多 128 个字符", "a password has at most 128 characters"),
                BadPassword::Guessable => {
                    ("guessable", "密码太容易被猜到，请换几个不相关的词", "too easily guessed; use a few unrelated words")
                }
            };
            fault("/password", code, zh, en)
        }
    }
}

/// A conflict that says why, and what to do next: each in zh-CN and English.
pub(crate) fn conflict(why: &str, (zh, en): (&str, &str), (next, next_en): (&str, &str)) -> Problem {
    Problem::new(P::Conflict).with("why", why).with("message", zh).with("message_en", en).advise(next, next_en)
}
