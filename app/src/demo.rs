//! The people of the demo: one user of each role, each with a fresh sign-in at every start. There is no password and no
//! default account; the tokens are made here, shown once, and end with the next start.

use crate::App;
use crate::failure::{Failure, Never, Outcome};
use crate::session::Token;
use domain::access::{Role, UserKind, UserState};
use domain::id::{CanteenId, SeniorId, UserId};
use domain::{Instant, PlaceCode};
use store::column::{Col, Word};
use store::query::people::{GrantRow, SessionRow, UserRow};
use store::query::{bulk, users};
use store::seal::Blind;
use store::{LaneKey, StoreError, Tx};

/// How long a demo sign-in is good for.
const SESSION_S: i64 = 14 * 24 * 3600;

/// Where the demo's people work.
#[derive(Debug, Clone)]
pub struct Posts {
    /// The street.
    pub street: PlaceCode,
    /// A community of it, for the community worker.
    pub community: PlaceCode,
    /// A canteen's code, for its staff.
    pub canteen: String,
    /// A family member's phone and the senior's identity number.
    pub family: (String, String),
}

/// Somebody who can be played.
#[derive(Debug, Clone)]
pub struct Player {
    /// Who, zh-CN and English.
    pub title: String,
    /// The token, shown once.
    pub token: Token,
}

/// Who can be played, and where.
#[derive(Debug, Clone)]
pub struct Cast {
    /// Everybody.
    pub players: Vec<Player>,
    /// The canteen of its staff.
    pub canteen: CanteenId,
    /// The senior of the family member.
    pub senior: Option<SeniorId>,
}

/// Roles at the street, at the community, at the canteen.
const AT_STREET: [(Role, &str); 5] = [
    (Role::Admin, "管理员 administrator"),
    (Role::Officer, "补贴专员 subsidy officer"),
    (Role::Reviewer, "复核人 reviewer"),
    (Role::Hotline, "热线员 hotline worker"),
    (Role::Auditor, "审计员 auditor"),
];
const AT_COMMUNITY: [(Role, &str); 1] = [(Role::Worker, "社区工作者 community worker")];
const AT_CANTEEN: [(Role, &str); 4] = [
    (Role::CanteenManager, "食堂经理 canteen manager"),
    (Role::Counter, "窗口 counter"),
    (Role::Cook, "厨师 cook"),
    (Role::Courier, "送餐员 courier"),
];

/// Makes the demo's users where they are missing, and a fresh sign-in for each; earlier ones end.
pub async fn cast(app: &App, posts: Posts) -> Outcome<Cast, Never> {
    app.store.write(LaneKey::SHARED, "demo_cast", move |tx| cast_in(tx, &posts)).await
}

fn cast_in(tx: &mut Tx<'_>, posts: &Posts) -> Outcome<Cast, Never> {
    let now = tx.now();
    let found = bulk::canteens(tx.look(), std::slice::from_ref(&posts.canteen))?;
    let canteen = found.first().map(|c| (c.id.0, c.place_code.0.clone())).ok_or(StoreError::NotFound)?;
    let at_canteen = Some(canteen.0);
    let mut players = Vec::new();
    let all = (AT_STREET.iter().map(|r| (r, &posts.street, None)))
        .chain(AT_COMMUNITY.iter().map(|r| (r, &posts.community, None)))
        .chain(AT_CANTEEN.iter().map(|r| (r, &canteen.1, at_canteen)));
    for ((role, title), place, canteen) in all {
        let user = staff(tx, &format!("demo-{role}"), *role, title, place, canteen, now)?;
        players.push(Player { title: (*title).to_owned(), token: sign_in(tx, user, now)? });
    }
    let (phone, id_no) = (tx.sealer().blind(Blind::Phone, &posts.family.0), tx.sealer().blind(Blind::IdNo, &posts.family.1));
    let family = bulk::users_by_phone(tx.look(), &[phone])?.first().map(|(_, id)| id.0);
    let senior = bulk::senior_places(tx.look(), &[id_no])?.first().map(|(_, id, _)| id.0);
    if let (Some(user), Some(_)) = (family, senior) {
        players.push(Player { title: "家属 family member".to_owned(), token: sign_in(tx, user, now)? });
    }
    Ok(Cast { players, canteen: canteen.0, senior: senior.filter(|_| family.is_some()) })
}

fn staff(
    tx: &mut Tx<'_>,
    login: &str,
    role: Role,
    title: &str,
    place: &PlaceCode,
    canteen: Option<CanteenId>,
    now: Instant,
) -> Result<UserId, StoreError> {
    if let Some(row) = users::by_login(tx.look(), login)? {
        return Ok(row.id.0);
    }
    let id: UserId = tx.new_id();
    let row = UserRow {
        id: Col(id),
        kind: Word(UserKind::Staff),
        display_name: title.to_owned(),
        login: Some(login.to_owned()),
        password_hash: None,
        must_change_password: false,
        phone_enc: None,
        phone_bix: None,
        openid_bix: None,
        state: Word(UserState::Active),
        created_at: Col(now),
    };
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

fn sign_in(tx: &mut Tx<'_>, user: UserId, now: Instant) -> Result<Token, StoreError> {
    users::end_sessions_of(tx.change(), user, now)?;
    let token = Token::random();
    let row = SessionRow {
        id: Col(tx.new_id()),
        token_hash: Token::hash_of(token.reveal()),
        user_id: Some(Col(user)),
        device_id: None,
        created_at: Col(now),
        expires_at: Col(now.plus_seconds(SESSION_S)),
        revoked_at: None,
    };
    users::insert_session(tx.change(), &row)?;
    Ok(token)
}

/// So many hotline workers of a place, each with a fresh sign-in: the clients of a measurement.
pub async fn callers(app: &App, place: PlaceCode, count: usize) -> Outcome<Vec<Token>, Never> {
    app.store
        .write(LaneKey::SHARED, "callers", move |tx| {
            let now = tx.now();
            let mut tokens = Vec::with_capacity(count);
            for n in 0..count {
                let user = staff(tx, &format!("caller-{n}"), Role::Hotline, "热线员 hotline worker", &place, None, now)?;
                tokens.push(sign_in(tx, user, now)?);
            }
            Ok(tokens)
        })
        .await
}

/// Whether the demo's street is in the database already.
pub async fn is_there(app: &App, street: PlaceCode) -> Outcome<bool, Never> {
    app.store.read("demo_street", move |conn| Ok::<_, Failure<Never>>(!bulk::places(conn, &[street])?.is_empty())).await
}
