//! One-time codes, and how often something was tried.

use crate::column::Col;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{login_code, throttle};
use diesel::prelude::*;
use domain::Instant;
use domain::id::LoginCodeId;

/// A one-time code sent to a phone.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = login_code, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct LoginCodeRow {
    pub id: Col<LoginCodeId>,
    pub phone_bix: Vec<u8>,
    pub code_hash: Vec<u8>,
    pub created_at: Col<Instant>,
    pub expires_at: Col<Instant>,
    pub attempts: i64,
    pub used_at: Option<Col<Instant>>,
}

/// A code by its request.
pub fn find(conn: &mut AnyConnection, id: LoginCodeId) -> Result<Option<LoginCodeRow>, StoreError> {
    Ok(login_code::table.find(Col(id)).select(LoginCodeRow::as_select()).get_result(conn).optional()?)
}

/// Keeps a code. Earlier codes for the same phone stop being valid.
pub fn insert(conn: &mut AnyConnection, row: &LoginCodeRow) -> Result<(), StoreError> {
    diesel::update(login_code::table.filter(login_code::phone_bix.eq(&row.phone_bix)).filter(login_code::used_at.is_null()))
        .set(login_code::used_at.eq(row.created_at))
        .execute(conn)?;
    diesel::insert_into(login_code::table).values(row).execute(conn)?;
    Ok(())
}

/// Counts a wrong attempt; `false` when the last one is used up.
pub fn count_attempt(conn: &mut AnyConnection, id: LoginCodeId, max: i64) -> Result<bool, StoreError> {
    let counted = diesel::update(login_code::table.find(Col(id)).filter(login_code::attempts.lt(max)))
        .set(login_code::attempts.eq(login_code::attempts + 1))
        .execute(conn)?;
    Ok(counted == 1)
}

/// Takes a code, once; `false` when it was taken before.
pub fn take(conn: &mut AnyConnection, id: LoginCodeId, at: Instant) -> Result<bool, StoreError> {
    let taken = diesel::update(login_code::table.find(Col(id)).filter(login_code::used_at.is_null()))
        .set(login_code::used_at.eq(Col(at)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// How often something was tried in the window that runs at `now`.
pub fn tried(conn: &mut AnyConnection, bucket: &[u8], window_s: i64, now: Instant) -> Result<i64, StoreError> {
    let row =
        throttle::table.find(bucket).select((throttle::window_from, throttle::count)).get_result::<(i64, i64)>(conn).optional()?;
    let running = |from: i64| Instant::from_micros(from).plus_seconds(window_s) > now;
    Ok(row.filter(|(from, _)| running(*from)).map_or(0, |(_, count)| count))
}

/// Counts one try; a window that is over begins anew. Answers the count with this one. One conditional update each, so that
/// concurrent tries are all counted.
pub fn count_try(conn: &mut AnyConnection, bucket: &[u8], window_s: i64, now: Instant) -> Result<i64, StoreError> {
    let start = now.plus_seconds(-window_s).micros();
    crate::on_each!(&mut *conn, c => diesel::insert_into(throttle::table)
        .values((throttle::bucket.eq(bucket), throttle::window_from.eq(now.micros()), throttle::count.eq(0)))
        .on_conflict_do_nothing()
        .execute(c))?;
    diesel::update(throttle::table.find(bucket).filter(throttle::window_from.le(start)))
        .set((throttle::window_from.eq(now.micros()), throttle::count.eq(0)))
        .execute(conn)?;
    diesel::update(throttle::table.find(bucket)).set(throttle::count.eq(throttle::count + 1)).execute(conn)?;
    tried(conn, bucket, window_s, now)
}

/// Forgets a count, after success.
pub fn forget(conn: &mut AnyConnection, bucket: &[u8]) -> Result<(), StoreError> {
    diesel::delete(throttle::table.find(bucket)).execute(conn)?;
    Ok(())
}

/// Forgets counts and codes that began before a time.
pub fn forget_before(conn: &mut AnyConnection, before: Instant) -> Result<usize, StoreError> {
    let counts = diesel::delete(throttle::table.filter(throttle::window_from.lt(before.micros()))).execute(conn)?;
    let codes = diesel::delete(login_code::table.filter(login_code::expires_at.lt(Col(before)))).execute(conn)?;
    Ok(counts + codes)
}
