//! The people of the demo: one staff user of each role, each with a fresh password for one use at every start, and the
//! pairing codes of its devices. There is no default account: what is made here is shown once and ends with the next start.
//! Seniors and their families sign in as anywhere, by a code sent to their phone.

pub mod decided;
pub mod goods;
pub mod served;

use crate::App;
use crate::auth::{new_user, open_session, staff};
use crate::devices::{self, Pairing, PairingCode};
use crate::failure::{Failure, Never, Outcome};
use crate::session::{Token, actor_of};
use crate::users::manage::random_password;
use domain::access::{Actor, DeviceKind, Role, UserKind};
use domain::id::{CanteenId, SeniorId, UserId};
use domain::place::PlaceLevel;
use domain::{PlaceCode, Sensitive};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::people::GrantRow;
use store::query::{bulk, users};
use store::seal::Blind;
use store::{LaneKey, StoreError, Tx};

/// How long the set-up's own session lasts; it is ended before that.
const SETTING_UP_S: i64 = 600;

/// Where the demo's people work.
#[derive(Debug, Clone)]
pub struct Posts {
    /// The street.
    pub street: PlaceCode,
    /// A community of it, for the community worker.
    pub community: PlaceCode,
    /// A canteen's code, for its staff.
    pub canteen: String,
    /// The identity number of the senior who is shown.
    pub senior: String,
}

/// A member of staff who can be played.
#[derive(Debug, Clone)]
pub struct Player {
    /// Which role.
    pub role: Role,
    /// Who, zh-CN and English.
    pub title: &'static str,
    /// To sign in with.
    pub login: String,
    /// For the first sign-in; it must be changed there.
    pub password: Sensitive<String>,
    /// At the district, beside the one of the street.
    pub at_district: bool,
}

/// Who can be played, and where.
#[derive(Debug, Clone)]
pub struct Cast {
    /// The staff.
    pub staff: Vec<Player>,
    /// The canteen of its staff.
    pub canteen: CanteenId,
    /// The senior who is shown.
    pub senior: SeniorId,
    /// For a kitchen display.
    pub display: PairingCode,
    /// For the courier's phone.
    pub courier: PairingCode,
}

/// Roles at the street, at the community, at the canteen.
const AT_STREET: [(Role, &str); 5] = [
    (Role::Admin, "管理员 administrator"),
    (Role::Officer, "补贴专员 subsidy officer"),
    (Role::Reviewer, "复核人 reviewer"),
    (Role::Hotline, "热线员 hotline worker"),
    (Role::Auditor, "审计员 auditor"),
];
/// What the street has looked at is approved above it.
const AT_DISTRICT: (Role, &str) = (Role::Reviewer, "区复核人 district reviewer");
const AT_COMMUNITY: [(Role, &str); 1] = [(Role::Worker, "社区工作者 community worker")];
const AT_CANTEEN: [(Role, &str); 4] = [
    (Role::CanteenManager, "食堂经理 canteen manager"),
    (Role::Counter, "窗口 counter"),
    (Role::Cook, "厨师 cook"),
    (Role::Courier, "送餐员 courier"),
];

/// Everybody with the hash of a password that was just made.
type Hired = Vec<(Player, String)>;

/// Makes the demo's staff where they are missing, and a fresh password for each; earlier ones end with their sessions.
pub async fn cast(app: &App, posts: Posts, goods: goods::Goods) -> Outcome<Cast, Never> {
    let mut hired: Hired = Vec::new();
    let below = AT_STREET.into_iter().chain(AT_COMMUNITY).chain(AT_CANTEEN).map(|post| (post, false));
    for ((role, title), at_district) in below.chain([(AT_DISTRICT, true)]) {
        let password = random_password();
        let hash = app.hashing.hash(password.clone()).await?;
        let login = format!("demo-{}{role}", if at_district { "district-" } else { "" });
        hired.push((Player { role, title, login, password, at_district }, hash));
    }
    let staff = hired.iter().map(|(player, _)| player.clone()).collect();
    let there = app.store.write(LaneKey::SHARED, "demo_cast", move |tx| cast_in(tx, &posts, &hired)).await?;
    let manager = acting(app, &there.manager).await?;
    let display = Pairing { kind: DeviceKind::KitchenDisplay, canteen: there.canteen, user: None, name: "一号屏".to_owned() };
    let phone =
        Pairing {
            kind: DeviceKind::CourierPhone, canteen: there.canteen, user: Some(there.courier), name: "送餐手机".to_owned()
        };
    let display = devices::make_code(app, manager.clone(), display).await.map_err(unexpected)?;
    let courier = devices::make_code(app, manager.clone(), phone).await.map_err(unexpected)?;
    goods::bring(app, &manager, there.canteen, there.cook, goods).await?;
    staff::sign_out(app, there.manager.reveal()).await?;
    Ok(Cast { staff, canteen: there.canteen, senior: there.senior, display, courier })
}

/// Who is behind a session that was just opened.
async fn acting(app: &App, token: &Token) -> Outcome<Arc<Actor>, Never> {
    let actor = actor_of(app, token.reveal(), app.clock.now()).await?;
    actor.ok_or_else(|| StoreError::Unavailable("the demo's manager has no session".into()).into())
}

/// A refusal of what the demo itself sets up is a fault of the program.
pub(crate) fn unexpected<R: std::fmt::Debug>(failure: Failure<R>) -> Failure<Never> {
    match failure {
        Failure::Store(fault) => Failure::Store(fault),
        other => StoreError::Database(format!("the demo: {other:?}")).into(),
    }
}

/// What the rest of the set-up works with.
struct There {
    canteen: CanteenId,
    senior: SeniorId,
    manager: Token,
    cook: UserId,
    courier: UserId,
}

fn cast_in(tx: &mut Tx<'_>, posts: &Posts, hired: &Hired) -> Outcome<There, Never> {
    let found = bulk::canteens(tx.look(), std::slice::from_ref(&posts.canteen))?;
    let (canteen, place) = found.first().map(|c| (c.id.0, c.place_code.0.clone())).ok_or(StoreError::NotFound)?;
    let id_no = tx.sealer().blind(Blind::IdNo, &posts.senior);
    let senior = bulk::named_seniors(tx.look(), &[id_no])?.first().map(|senior| senior.id.0).ok_or(StoreError::NotFound)?;
    let mut ids = std::collections::BTreeMap::new();
    let district = posts.street.at_level(PlaceLevel::District).ok_or(StoreError::NotFound)?;
    for (player, hash) in hired {
        let post = match player.role {
            _ if player.at_district => (&district, None),
            Role::CanteenManager | Role::Counter | Role::Cook | Role::Courier => (&place, Some(canteen)),
            Role::Worker => (&posts.community, None),
            _ => (&posts.street, None),
        };
        ids.insert(player.login.clone(), employ(tx, player, hash, post)?);
    }
    let id_of = |role: Role| ids.get(&format!("demo-{role}")).copied().ok_or(StoreError::NotFound);
    let (manager, _) = open_session(tx, Some(id_of(Role::CanteenManager)?), None, SETTING_UP_S)?;
    Ok(There { canteen, senior, manager, cook: id_of(Role::Cook)?, courier: id_of(Role::Courier)? })
}

fn employ(tx: &mut Tx<'_>, player: &Player, hash: &str, post: (&PlaceCode, Option<CanteenId>)) -> Result<UserId, StoreError> {
    let now = tx.now();
    let id = hire(tx, &player.login, player.role, player.title, post)?;
    users::set_password(tx.change(), id, hash, true)?;
    users::end_sessions_of(tx.change(), id, now)?;
    Ok(id)
}

/// The staff user of a login, made where it is missing.
fn hire(
    tx: &mut Tx<'_>,
    login: &str,
    role: Role,
    title: &str,
    (place, canteen): (&PlaceCode, Option<CanteenId>),
) -> Result<UserId, StoreError> {
    if let Some(row) = users::by_login(tx.look(), login)? {
        return Ok(row.id.0);
    }
    let (id, now): (UserId, _) = (tx.new_id(), tx.now());
    let mut row = new_user(id, UserKind::Staff, title, now);
    row.login = Some(login.to_owned());
    users::insert(tx.change(), &row)?;
    let grant = GrantRow {
        id: Col(tx.new_id()),
        user_id: Col(id),
        role: Word(role),
        place_code: Col(place.clone()),
        canteen_id: canteen.map(Col),
        granted_by: None,
        granted_at: Col(now),
        revoked_at: None,
    };
    users::insert_grant(tx.change(), &grant)?;
    Ok(id)
}

/// How long the sign-ins of a measurement last.
const MEASURING_S: i64 = 24 * 3600;

/// So many hotline workers of a place, each with a fresh sign-in: the clients of a measurement.
pub async fn callers(app: &App, place: PlaceCode, count: usize) -> Outcome<Vec<Token>, Never> {
    app.store
        .write(LaneKey::SHARED, "callers", move |tx| {
            let mut tokens = Vec::with_capacity(count);
            for n in 0..count {
                let user = hire(tx, &format!("caller-{n}"), Role::Hotline, "热线员 hotline worker", (&place, None))?;
                tokens.push(open_session(tx, Some(user), None, MEASURING_S)?.0);
            }
            Ok(tokens)
        })
        .await
}

/// Whether the demo's street is in the database already.
pub async fn is_there(app: &App, street: PlaceCode) -> Outcome<bool, Never> {
    app.store.read("demo_street", move |conn| Ok::<_, Failure<Never>>(!bulk::places(conn, &[street])?.is_empty())).await
}
