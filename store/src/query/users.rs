//! Users, their grants and sessions.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::people::{GrantRow, SessionRow, UserRow};
use crate::query::place_filter::within;
use crate::schema::{app_user, installation, session, user_grant};
use diesel::prelude::*;
use domain::Instant;
use domain::PlaceCode;
use domain::access::{Scope, UserKind, UserState};
use domain::id::{DeviceId, GrantId, UserId};
use domain::text_enum::TextEnum;

/// A user by identifier.
pub fn find(conn: &mut AnyConnection, id: UserId) -> Result<Option<UserRow>, StoreError> {
    Ok(app_user::table.find(Col(id)).select(UserRow::as_select()).get_result(conn).optional()?)
}

/// A staff user by login.
pub fn by_login(conn: &mut AnyConnection, login: &str) -> Result<Option<UserRow>, StoreError> {
    Ok(app_user::table.filter(app_user::login.eq(login)).select(UserRow::as_select()).get_result(conn).optional()?)
}

/// A user by the blind index of a WeChat open id.
pub fn by_openid(conn: &mut AnyConnection, bix: &[u8]) -> Result<Option<UserRow>, StoreError> {
    Ok(app_user::table.filter(app_user::openid_bix.eq(bix)).select(UserRow::as_select()).get_result(conn).optional()?)
}

/// A user by the blind index of a proven phone.
pub fn by_phone(conn: &mut AnyConnection, bix: &[u8]) -> Result<Option<UserRow>, StoreError> {
    Ok(app_user::table.filter(app_user::phone_bix.eq(bix)).select(UserRow::as_select()).get_result(conn).optional()?)
}

/// Adds a user.
pub fn insert(conn: &mut AnyConnection, row: &UserRow) -> Result<(), StoreError> {
    diesel::insert_into(app_user::table).values(row).execute(conn)?;
    Ok(())
}

/// Sets a password's hash.
pub fn set_password(conn: &mut AnyConnection, id: UserId, hash: &str, must_change: bool) -> Result<(), StoreError> {
    diesel::update(app_user::table.find(Col(id)))
        .set((app_user::password_hash.eq(hash), app_user::must_change_password.eq(must_change)))
        .execute(conn)?;
    Ok(())
}

/// Blocks or unblocks.
pub fn set_state(conn: &mut AnyConnection, id: UserId, state: UserState) -> Result<(), StoreError> {
    diesel::update(app_user::table.find(Col(id))).set(app_user::state.eq(Word(state))).execute(conn)?;
    Ok(())
}

/// Keeps a proven phone.
pub fn set_phone(conn: &mut AnyConnection, id: UserId, sealed: &[u8], bix: &[u8]) -> Result<(), StoreError> {
    diesel::update(app_user::table.find(Col(id)))
        .set((app_user::phone_enc.eq(sealed), app_user::phone_bix.eq(bix)))
        .execute(conn)?;
    Ok(())
}

/// Staff who have or had a right in the scope, after an identifier, in order.
pub fn list(conn: &mut AnyConnection, scope: &Scope, after: Option<UserId>, limit: i64) -> Result<Vec<UserRow>, StoreError> {
    let mut page = user_grant::table
        .filter(within!(user_grant::table, user_grant::place_code, scope.places()))
        .order(user_grant::user_id)
        .select(user_grant::user_id)
        .distinct()
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        page = page.filter(user_grant::user_id.gt(Col(after)));
    }
    let page: Vec<Col<UserId>> = page.load(conn)?;
    Ok(app_user::table
        .filter(app_user::kind.eq(Word(UserKind::Staff)))
        .filter(app_user::id.eq_any(page))
        .order(app_user::id)
        .select(UserRow::as_select())
        .load(conn)?)
}

/// All grants of a user, oldest first, revoked ones too.
pub fn grants(conn: &mut AnyConnection, of: UserId) -> Result<Vec<GrantRow>, StoreError> {
    Ok(user_grant::table.filter(user_grant::user_id.eq(Col(of))).order(user_grant::id).select(GrantRow::as_select()).load(conn)?)
}

/// A grant by identifier.
pub fn grant(conn: &mut AnyConnection, id: GrantId) -> Result<Option<GrantRow>, StoreError> {
    Ok(user_grant::table.find(Col(id)).select(GrantRow::as_select()).get_result(conn).optional()?)
}

/// Adds a grant.
pub fn insert_grant(conn: &mut AnyConnection, row: &GrantRow) -> Result<(), StoreError> {
    diesel::insert_into(user_grant::table).values(row).execute(conn)?;
    Ok(())
}

/// Ends a grant; `false` when it was ended before.
pub fn revoke_grant(conn: &mut AnyConnection, id: GrantId, at: Instant) -> Result<bool, StoreError> {
    let changed = diesel::update(user_grant::table.find(Col(id)).filter(user_grant::revoked_at.is_null()))
        .set(user_grant::revoked_at.eq(Col(at)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether a place is known.
pub fn place_exists(conn: &mut AnyConnection, place: &PlaceCode) -> Result<bool, StoreError> {
    use crate::schema::place as places;
    Ok(places::table.find(Col(place.clone())).select(places::code).get_result::<Col<PlaceCode>>(conn).optional()?.is_some())
}

/// Adds a session.
pub fn insert_session(conn: &mut AnyConnection, row: &SessionRow) -> Result<(), StoreError> {
    diesel::insert_into(session::table).values(row).execute(conn)?;
    Ok(())
}

/// Ends the session of a token; `false` when there is none in force.
pub fn end_session(conn: &mut AnyConnection, token_hash: &[u8], at: Instant) -> Result<bool, StoreError> {
    let ended = diesel::update(session::table.filter(session::token_hash.eq(token_hash)).filter(session::revoked_at.is_null()))
        .set(session::revoked_at.eq(Col(at)))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Ends every session of a user; how many.
pub fn end_sessions_of(conn: &mut AnyConnection, user: UserId, at: Instant) -> Result<usize, StoreError> {
    Ok(diesel::update(session::table.filter(session::user_id.eq(Col(user))).filter(session::revoked_at.is_null()))
        .set(session::revoked_at.eq(Col(at)))
        .execute(conn)?)
}

/// Ends every session of a device.
pub fn end_sessions_of_device(conn: &mut AnyConnection, device: DeviceId, at: Instant) -> Result<usize, StoreError> {
    Ok(diesel::update(session::table.filter(session::device_id.eq(Col(device))).filter(session::revoked_at.is_null()))
        .set(session::revoked_at.eq(Col(at)))
        .execute(conn)?)
}

/// Forgets sessions that ended before a time; how many.
pub fn forget_sessions(conn: &mut AnyConnection, ended_before: Instant) -> Result<usize, StoreError> {
    Ok(diesel::delete(session::table.filter(session::expires_at.lt(Col(ended_before)))).execute(conn)?)
}

/// Keeps the hash of the one-time set-up token, unless somebody has a right already; `false` then.
pub fn set_setup_token(conn: &mut AnyConnection, hash: &[u8]) -> Result<bool, StoreError> {
    let anyone = user_grant::table.select(user_grant::id).first::<Col<GrantId>>(conn).optional()?;
    if anyone.is_some() {
        return Ok(false);
    }
    diesel::update(installation::table.find(1)).set(installation::setup_token_hash.eq(hash)).execute(conn)?;
    Ok(true)
}

/// Takes the set-up token: it is gone after this. `false` when it is another one, or gone.
pub fn take_setup_token(conn: &mut AnyConnection, hash: &[u8]) -> Result<bool, StoreError> {
    let taken = diesel::update(installation::table.filter(installation::setup_token_hash.eq(hash)))
        .set(installation::setup_token_hash.eq(None::<Vec<u8>>))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Adds a place unless it is known; a known one keeps its name.
pub fn add_place(conn: &mut AnyConnection, code: &PlaceCode, name: &str) -> Result<(), StoreError> {
    use crate::schema::place as places;
    let row = (places::code.eq(code.as_str()), places::name.eq(name), places::level.eq(code.level().as_str()));
    crate::on_each!(&mut *conn, c => diesel::insert_into(places::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Moves a WeChat open id from one user to another, who has none.
pub fn move_openid(conn: &mut AnyConnection, from: UserId, to: UserId) -> Result<(), StoreError> {
    let bix = app_user::table.find(Col(from)).select(app_user::openid_bix).get_result::<Option<Vec<u8>>>(conn)?;
    diesel::update(app_user::table.find(Col(from))).set(app_user::openid_bix.eq(None::<Vec<u8>>)).execute(conn)?;
    diesel::update(app_user::table.find(Col(to))).set(app_user::openid_bix.eq(bix)).execute(conn)?;
    Ok(())
}
