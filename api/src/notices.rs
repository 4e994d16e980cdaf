//! What the signed-in user is told, and how.

use crate::auth::refused;
use crate::extract::Signed;
use crate::input;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{NoticeChannelWord, NoticeEventWord, NoticeLanguageWord};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, ServiceConfig};
use app::App;
use app::notices;
use domain::Sensitive;
use domain::fault::Faults;
use domain::notice::{NoticeChannel, NoticeEvent, NoticeLanguage};
use domain::person::mail_address::MailAddress;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/me/notices").route(web::get().to(get_notices)).route(web::put().to(set_notices)))
        .service(web::resource("/v1/me/mail").route(web::put().to(set_mail)))
        .service(web::resource("/v1/me/mail/confirmation").route(web::post().to(confirm_mail)));
}

const OF_SETTING: &[P] = &[P::TooLarge, P::Invalid, P::Forbidden, P::PasswordChangeNeeded];
const OF_MAIL: &[P] =
    &[P::TooLarge, P::Invalid, P::Forbidden, P::TooManyTries, P::WayOff, P::OutsideUnreachable, P::PasswordChangeNeeded];
const OF_PROOF: &[P] = &[P::TooLarge, P::Invalid, P::SignInFailed, P::Forbidden, P::PasswordChangeNeeded];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("getNotices", Access::SignedIn, &[P::Forbidden, P::PasswordChangeNeeded]),
    op("setNotices", Access::SignedIn, OF_SETTING),
    op("setMail", Access::SignedIn, OF_MAIL),
    op("confirmMail", Access::SignedIn, OF_PROOF),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(get_notices, set_notices, set_mail, confirm_mail))]
pub struct Docs;

/// An event that is not told on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OffView {
    /// Which event.
    #[schema(value_type = NoticeEventWord)]
    pub event: NoticeEvent,
    /// On which channel.
    #[schema(value_type = NoticeChannelWord)]
    pub channel: NoticeChannel,
}

/// What is told, and how.
#[derive(Serialize, ToSchema)]
pub struct NoticesView {
    /// The language of notices.
    #[schema(value_type = NoticeLanguageWord)]
    pub language: NoticeLanguage,
    /// What is not wanted; everything else is told.
    pub off: Vec<OffView>,
    /// The mail address, masked.
    #[schema(example = "l***@example.com")]
    pub mail: Option<String>,
    /// Whether the address is proved; nothing but the code is sent there before.
    pub mail_proved: bool,
}

/// What the signed-in user is told, and how. Who has set nothing is told everything by text message, in Chinese.
#[utoipa::path(get, path = "/v1/me/notices", operation_id = "getNotices", tag = "notices", responses((status = 200, body = NoticesView)))]
pub async fn get_notices(app: Data<App>, Signed(actor): Signed) -> Result<Json<NoticesView>, Problem> {
    let found = notices::get(&app, actor).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    let off = found.off.into_iter().map(|(event, channel)| OffView { event, channel }).collect();
    Ok(Json(NoticesView { language: found.language, off, mail: found.mail, mail_proved: found.mail_proved }))
}

/// Language, and what is not wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticesBody {
    /// The language of notices.
    #[schema(value_type = NoticeLanguageWord)]
    pub language: NoticeLanguage,
    /// What is not wanted, event by event and channel by channel.
    #[schema(max_items = 32)]
    pub off: Vec<OffView>,
}

/// Sets the language and what is not wanted. It counts at once, for what waits to be sent too.
#[utoipa::path(put, path = "/v1/me/notices", operation_id = "setNotices", tag = "notices", request_body = NoticesBody, responses((status = 204)))]
pub async fn set_notices(app: Data<App>, Signed(actor): Signed, body: Json<NoticesBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    if body.off.len() > 32 {
        faults.push("/off", "too_many", "最多 32 项", "at most 32 entries");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let off = body.off.into_iter().map(|off| (off.event, off.channel)).collect();
    notices::put(&app, actor, body.language, off).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(HttpResponse::NoContent().finish())
}

/// A mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailBody {
    /// Where notices are mailed to; `null` forgets the address.
    #[schema(max_length = 320, example = "li.ming@example.com")]
    pub address: Option<String>,
}

/// Gives a mail address for notices, to which a code is sent, or forgets it. Five codes an hour.
#[utoipa::path(put, path = "/v1/me/mail", operation_id = "setMail", tag = "notices", request_body = MailBody, responses((status = 204)))]
pub async fn set_mail(app: Data<App>, Signed(actor): Signed, body: Json<MailBody>) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let parsed = body.address.as_deref().map(MailAddress::parse).transpose();
    let address = parsed.unwrap_or_else(|bad| {
        faults.push("/address", "bad_mail", "请填邮箱地址，如 name@example.com", bad.to_string());
        None
    });
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    notices::set_mail(&app, actor, address).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

/// The code that was mailed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailProof {
    /// Six digits; single use, 5 attempts, 5 minutes.
    #[schema(pattern = "^[0-9]{6}$")]
    pub code: String,
}

/// Proves the mail address with the code that was sent there; from then on notices are mailed too.
#[utoipa::path(post, path = "/v1/me/mail/confirmation", operation_id = "confirmMail", tag = "notices", request_body = MailProof, responses((status = 204)))]
pub async fn confirm_mail(app: Data<App>, Signed(actor): Signed, body: Json<MailProof>) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    input::code(&mut faults, "/code", &body.code);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let code = Sensitive::new(body.into_inner().code);
    notices::prove_mail(&app, actor, code).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}
