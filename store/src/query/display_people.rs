//! Who may say at a kitchen display who they are, and who did.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{app_user, display_sign_in, user_grant, user_pin};
use diesel::prelude::*;
use domain::access::{Role, UserState};
use domain::id::{CanteenId, DeviceId, DisplaySignInId, UserId};
use domain::{Instant, PlaceCode};

/// A number by which somebody signs in on displays.
#[derive(Debug, Clone, Insertable, AsChangeset)]
#[diesel(table_name = user_pin, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PinRow {
    pub user_id: Col<UserId>,
    pub pin_hash: String,
    pub set_at: Col<Instant>,
}

/// Somebody at a display.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = display_sign_in, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SignInRow {
    pub id: Col<DisplaySignInId>,
    pub device_id: Col<DeviceId>,
    pub user_id: Col<UserId>,
    pub signed_in: Col<Instant>,
    pub good_until: Col<Instant>,
    pub signed_out: Option<Col<Instant>>,
}

/// Sets somebody's number, in place of the one before.
pub fn set_pin(conn: &mut AnyConnection, row: &PinRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(user_pin::table)
        .values(row)
        .on_conflict(user_pin::user_id)
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// People who have a number and hold one of some roles over a canteen: at it, or at a place that encloses it. `chain` is the
/// canteen's place with what encloses it. By name; at most `limit`.
pub fn people(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    chain: &[PlaceCode],
    roles: &[Role],
    limit: i64,
) -> Result<Vec<(UserId, String)>, StoreError> {
    let chain: Vec<Col<PlaceCode>> = chain.iter().cloned().map(Col).collect();
    let roles: Vec<Word<Role>> = roles.iter().copied().map(Word).collect();
    let rows = app_user::table
        .inner_join(user_pin::table.on(user_pin::user_id.eq(app_user::id)))
        .inner_join(user_grant::table.on(user_grant::user_id.eq(app_user::id)))
        .filter(app_user::state.eq(Word(UserState::Active)))
        .filter(user_grant::revoked_at.is_null())
        .filter(user_grant::role.eq_any(roles))
        .filter(user_grant::place_code.eq_any(chain))
        .filter(user_grant::canteen_id.is_null().or(user_grant::canteen_id.eq(Col(canteen))))
        .select((app_user::id, app_user::display_name))
        .distinct()
        .order((app_user::display_name, app_user::id))
        .limit(limit)
        .load::<(Col<UserId>, String)>(conn)?;
    Ok(rows.into_iter().map(|(Col(id), name)| (id, name)).collect())
}

/// The hash of somebody's number.
pub fn pin_hash(conn: &mut AnyConnection, user: UserId) -> Result<Option<String>, StoreError> {
    Ok(user_pin::table.find(Col(user)).select(user_pin::pin_hash).get_result(conn).optional()?)
}

/// Somebody stands at a display from now on; who stood there before does not.
pub fn sign_in(conn: &mut AnyConnection, row: &SignInRow) -> Result<(), StoreError> {
    end(conn, row.device_id.0, row.signed_in.0)?;
    diesel::insert_into(display_sign_in::table).values(row).execute(conn)?;
    Ok(())
}

/// Nobody stands at a display any more; whether somebody did.
pub fn end(conn: &mut AnyConnection, device: DeviceId, at: Instant) -> Result<bool, StoreError> {
    let open =
        display_sign_in::table.filter(display_sign_in::device_id.eq(Col(device))).filter(display_sign_in::signed_out.is_null());
    Ok(diesel::update(open).set(display_sign_in::signed_out.eq(Col(at))).execute(conn)? > 0)
}

/// Who signed in at this display by a sign-in that is still good, signed out meanwhile or not; nobody who was blocked since.
pub fn person(conn: &mut AnyConnection, id: DisplaySignInId, device: DeviceId, now: Instant) -> Result<Option<UserId>, StoreError> {
    let found = display_sign_in::table
        .inner_join(app_user::table.on(app_user::id.eq(display_sign_in::user_id)))
        .filter(app_user::state.eq(Word(UserState::Active)))
        .filter(display_sign_in::id.eq(Col(id)))
        .filter(display_sign_in::device_id.eq(Col(device)))
        .filter(display_sign_in::good_until.gt(Col(now)))
        .select(display_sign_in::user_id)
        .get_result::<Col<UserId>>(conn)
        .optional()?;
    Ok(found.map(|Col(user)| user))
}
