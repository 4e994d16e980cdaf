//! Devices: kitchen displays, counter terminals, couriers' phones, sensors.

use crate::auth::{conflict, secret};
use crate::extract::{Caller, Signed};
use crate::input;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageQuery, PageView, page};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{CanteenIdText, DeviceIdText, DeviceKindWord, UserIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::devices::{self, Pairing, PairingRefusal};
use app::store::query::devices::DeviceRow;
use domain::access::{Action, DeviceKind};
use domain::fault::Faults;
use domain::id::{CanteenId, DeviceId, UserId};
use domain::{Instant, Sensitive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/pairing-codes").route(web::post().to(make_pairing_code)))
        .service(web::resource("/v1/devices").route(web::post().to(pair_device)).route(web::get().to(list_devices)))
        .service(web::resource("/v1/devices/{device}").route(web::delete().to(revoke_device)));
}

const PAIRING: Access = Access::Roles(Action::PairDevices);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("makePairingCode", PAIRING, &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict, P::PasswordChangeNeeded]),
    op("pairDevice", Access::Public, &[P::TooLarge, P::Invalid, P::SignInFailed, P::TooManyTries]),
    op("listDevices", PAIRING, &[P::Invalid, P::Forbidden, P::PasswordChangeNeeded]),
    op("revokeDevice", PAIRING, &[P::NotFound, P::Conflict, P::PasswordChangeNeeded]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(make_pairing_code, pair_device, list_devices, revoke_device))]
pub struct Docs;

/// A device to pair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PairingBody {
    /// What it is.
    #[schema(value_type = DeviceKindWord)]
    pub kind: DeviceKind,
    /// Where it stands.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// The courier whose phone it is; only for a courier's phone.
    #[schema(value_type = Option<UserIdText>)]
    pub user: Option<UserId>,
    /// What staff call it.
    #[schema(max_length = 40, example = "热菜间 1 号屏")]
    pub name: String,
}

/// A pairing code.
#[derive(Serialize, ToSchema)]
pub struct PairingCodeView {
    /// To type on the device; shown once, good once.
    #[schema(example = "7K3M-P9XA")]
    pub code: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
}

/// Makes a pairing code for a device; good once, for ten minutes.
#[utoipa::path(post, path = "/v1/pairing-codes", operation_id = "makePairingCode", tag = "devices", request_body = PairingBody,
    responses((status = 201, body = PairingCodeView)))]
pub async fn make_pairing_code(app: Data<App>, Signed(actor): Signed, body: Json<PairingBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    input::text(&mut faults, "/name", &body.name, 40);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let pairing = Pairing { kind: body.kind, canteen: body.canteen, user: body.user, name: body.name };
    let made = devices::make_code(&app, actor, pairing).await.map_err(|f| Problem::of(f, refused))?;
    let (head, tail) = made.code.reveal().split_at_checked(4).unwrap_or((made.code.reveal(), ""));
    Ok(secret(HttpResponse::Created(), &PairingCodeView { code: format!("{head}-{tail}"), expires_at: made.expires_at }))
}

/// A code typed on a device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// With or without the hyphen.
    #[schema(max_length = 20, example = "7K3M-P9XA")]
    pub code: String,
}

/// A device that was just paired.
#[derive(Serialize, ToSchema)]
pub struct PairedView {
    /// Its identifier.
    #[schema(value_type = DeviceIdText)]
    pub device: DeviceId,
    /// Send it as `Authorization: Bearer ...`. Shown only here.
    pub token: String,
    /// Until when it is good, unless revoked.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
}

/// Pairs a device with the code that staff made for it.
#[utoipa::path(post, path = "/v1/devices", operation_id = "pairDevice", tag = "devices", request_body = CodeBody, responses((status = 201, body = PairedView)))]
pub async fn pair_device(app: Data<App>, Caller(caller): Caller, body: Json<CodeBody>) -> Result<HttpResponse, Problem> {
    let (body, mut faults) = (body.into_inner(), Faults::default());
    input::text(&mut faults, "/code", &body.code, 20);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let paired = devices::pair(&app, Sensitive::new(body.code), caller).await;
    let (device, signed) = paired.map_err(|f| Problem::of(f, crate::auth::refused))?;
    let view = PairedView { device, token: signed.token.reveal().to_owned(), expires_at: signed.expires_at };
    Ok(secret(HttpResponse::Created(), &view))
}

/// A device.
#[derive(Serialize, ToSchema)]
pub struct DeviceView {
    /// Its identifier.
    #[schema(value_type = DeviceIdText)]
    pub id: DeviceId,
    /// What it is.
    #[schema(value_type = DeviceKindWord)]
    pub kind: DeviceKind,
    /// Where it stands.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Whose phone it is.
    #[schema(value_type = Option<UserIdText>)]
    pub user: Option<UserId>,
    /// What staff call it.
    pub name: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub paired_at: Instant,
    /// Until when, if it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Instant>,
}

impl From<DeviceRow> for DeviceView {
    fn from(row: DeviceRow) -> Self {
        Self {
            id: row.id.0,
            kind: row.kind.0,
            canteen: row.canteen_id.0,
            user: row.user_id.map(|u| u.0),
            name: row.name,
            paired_at: row.paired_at.0,
            revoked_at: row.revoked_at.map(|at| at.0),
        }
    }
}

/// Devices of the canteens where the caller may pair them, revoked ones too.
#[utoipa::path(get, path = "/v1/devices", operation_id = "listDevices", tag = "devices", params(PageQuery), responses((status = 200, body = PageView<DeviceView>)))]
pub async fn list_devices(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<PageQuery>,
) -> Result<Json<PageView<DeviceView>>, Problem> {
    let (limit, after) = page(&query)?;
    let found =
        devices::list(&app, actor, after, i64::from(limit) + 1).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PageView::of(found.into_iter().map(DeviceView::from).collect(), limit, |device| device.id.to_string())))
}

/// Shuts a device out; its sessions end at once.
#[utoipa::path(delete, path = "/v1/devices/{device}", operation_id = "revokeDevice", tag = "devices", params(("device" = String, Path, description = "The device")),
    responses((status = 204)))]
pub async fn revoke_device(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    devices::revoke(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::NoContent().finish())
}

fn refused(refusal: PairingRefusal) -> Problem {
    let (why, message, next) = match refusal {
        PairingRefusal::CourierNeeded => (
            "courier_needed",
            ("送餐员手机须指定送餐员", "a courier's phone needs its courier"),
            ("请在 user 中填写送餐员", "Give the courier in `user`"),
        ),
        PairingRefusal::CourierNotAllowed => (
            "courier_not_allowed",
            ("只有送餐员手机属于个人", "only a courier's phone belongs to somebody"),
            ("请去掉 user，或改为送餐员手机", "Leave `user` out, or make it a courier's phone"),
        ),
        PairingRefusal::NotACourierHere => (
            "not_a_courier_here",
            ("该用户不是此助餐点的送餐员", "the user is no courier of this canteen"),
            ("请先授予其此助餐点的送餐员角色", "Grant them the role of a courier of this canteen first"),
        ),
        PairingRefusal::AlreadyRevoked => (
            "already_revoked",
            ("此前已停用", "it was revoked before"),
            ("无需再次停用；重新使用请重新配对", "Nothing is left to do; to use it again pair it anew"),
        ),
    };
    conflict(why, message, next)
}
