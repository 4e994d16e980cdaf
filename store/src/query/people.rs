//! Users, sessions, devices, grants and family bindings: who is asking.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{app_user, device, family_binding, senior, session, user_grant};
use diesel::prelude::*;
use domain::access::{Actor, DeviceKind, FamilyScope, Role, RoleGrant, UserKind, UserState};
use domain::id::{CanteenId, DeviceId, GrantId, SeniorId, SessionId, UserId};
use domain::text_enum::TextEnum;
use domain::{Instant, PlaceCode};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = app_user, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct UserRow {
    pub id: Col<UserId>,
    pub kind: Word<UserKind>,
    pub display_name: String,
    pub login: Option<String>,
    pub password_hash: Option<String>,
    pub must_change_password: bool,
    pub phone_enc: Option<Vec<u8>>,
    pub phone_bix: Option<Vec<u8>>,
    pub openid_bix: Option<Vec<u8>>,
    pub state: Word<UserState>,
    pub created_at: Col<Instant>,
}

/// A right.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = user_grant, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct GrantRow {
    pub id: Col<GrantId>,
    pub user_id: Col<UserId>,
    pub role: Word<Role>,
    pub place_code: Col<PlaceCode>,
    pub canteen_id: Option<Col<CanteenId>>,
    pub granted_by: Option<Col<UserId>>,
    pub granted_at: Col<Instant>,
    pub revoked_at: Option<Col<Instant>>,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SessionRow {
    pub id: Col<SessionId>,
    pub token_hash: Vec<u8>,
    pub user_id: Option<Col<UserId>>,
    pub device_id: Option<Col<DeviceId>>,
    pub created_at: Col<Instant>,
    pub expires_at: Col<Instant>,
    pub revoked_at: Option<Col<Instant>>,
}

/// Who holds a session in force at this time, with everything that decides what they may do, and until when. `None` for an
/// unknown, expired or revoked token, a blocked user and a revoked device alike.
pub fn actor_of(conn: &mut AnyConnection, token_hash: &[u8], now: Instant) -> Result<Option<(Actor, Instant)>, StoreError> {
    let found = session::table
        .filter(session::token_hash.eq(token_hash))
        .filter(session::revoked_at.is_null())
        .filter(session::expires_at.gt(Col(now)))
        .select((session::user_id, session::device_id, session::expires_at))
        .get_result::<(Option<Col<UserId>>, Option<Col<DeviceId>>, Col<Instant>)>(conn)
        .optional()?;
    let Some((user, device, Col(expires_at))) = found else { return Ok(None) };
    let mut actor = Actor::default();
    if let Some(Col(user)) = user {
        let (Word(state), must_change) = app_user::table
            .find(Col(user))
            .select((app_user::state, app_user::must_change_password))
            .get_result::<(Word<UserState>, bool)>(conn)?;
        if state != UserState::Active {
            return Ok(None);
        }
        actor.must_change_password = must_change;
        load_user(conn, user, &mut actor)?;
    }
    if let Some(Col(device)) = device {
        let Some(known) = device_in_force(conn, device)? else { return Ok(None) };
        actor.device = Some(known);
        // Staff paired it; nobody typed the first password here, and a courier may never sit at a keyboard.
        actor.must_change_password = false;
        // A lost phone must not carry what its courier may do elsewhere.
        actor.grants.retain(|grant| grant.role == Role::Courier);
        actor.self_senior = None;
        actor.family.clear();
    }
    Ok(Some((actor, expires_at)))
}

/// What an active staff user of this login may do; for whoever runs the command line in their name. `None` for a blocked or unknown
/// one.
pub fn staff_actor(conn: &mut AnyConnection, login: &str) -> Result<Option<Actor>, StoreError> {
    let user = app_user::table
        .filter(app_user::login.eq(login))
        .filter(app_user::kind.eq(Word(UserKind::Staff)))
        .filter(app_user::state.eq(Word(UserState::Active)))
        .select(app_user::id)
        .get_result::<Col<UserId>>(conn)
        .optional()?;
    let Some(Col(user)) = user else { return Ok(None) };
    let mut actor = Actor::default();
    load_user(conn, user, &mut actor)?;
    Ok(Some(actor))
}

/// A staff user who may sign in, with their rights.
pub fn active_staff(conn: &mut AnyConnection, user: UserId) -> Result<Option<Actor>, StoreError> {
    let active = app_user::table
        .find(Col(user))
        .filter(app_user::kind.eq(Word(UserKind::Staff)))
        .filter(app_user::state.eq(Word(UserState::Active)));
    if !diesel::select(diesel::dsl::exists(active)).get_result::<bool>(conn)? {
        return Ok(None);
    }
    let mut actor = Actor::default();
    load_user(conn, user, &mut actor)?;
    Ok(Some(actor))
}

fn load_user(conn: &mut AnyConnection, user: UserId, actor: &mut Actor) -> Result<(), StoreError> {
    actor.user = Some(user);
    actor.grants = user_grant::table
        .filter(user_grant::user_id.eq(Col(user)))
        .filter(user_grant::revoked_at.is_null())
        .select((user_grant::role, user_grant::place_code, user_grant::canteen_id))
        .load::<(Word<Role>, Col<PlaceCode>, Option<Col<CanteenId>>)>(conn)?
        .into_iter()
        .map(|(Word(role), Col(place), canteen)| RoleGrant { role, place, canteen: canteen.map(|Col(c)| c) })
        .collect();
    let own = senior::table
        .filter(senior::user_id.eq(Col(user)))
        .filter(crate::shown!(senior))
        .select(senior::id)
        .get_result::<Col<SeniorId>>(conn)
        .optional()?;
    actor.self_senior = own.map(|Col(id)| id);
    let bindings = family_binding::table
        .filter(family_binding::user_id.eq(Col(user)))
        .filter(family_binding::revoked_at.is_null())
        .filter(crate::shown!(family_binding))
        .select((family_binding::senior_id, family_binding::scopes))
        .load::<(Col<SeniorId>, String)>(conn)?;
    actor.family = bindings
        .into_iter()
        .map(|(Col(senior), scopes)| (senior, scopes.split(',').filter_map(FamilyScope::parse).collect()))
        .collect();
    Ok(())
}

fn device_in_force(conn: &mut AnyConnection, id: DeviceId) -> Result<Option<(DeviceId, DeviceKind, CanteenId)>, StoreError> {
    let row = device::table
        .find(Col(id))
        .filter(device::revoked_at.is_null())
        .select((device::kind, device::canteen_id))
        .get_result::<(Word<DeviceKind>, Col<CanteenId>)>(conn)
        .optional()?;
    Ok(row.map(|(Word(kind), Col(canteen))| (id, kind, canteen)))
}
