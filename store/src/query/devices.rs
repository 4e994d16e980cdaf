//! Paired devices and the codes that pair them.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::place_filter::within;
use crate::schema::{canteen, device, pairing_code};
use diesel::prelude::*;
use domain::Instant;
use domain::access::{DeviceKind, Scope};
use domain::id::{CanteenId, DeviceId, UserId};

/// A device.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = device, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct DeviceRow {
    pub id: Col<DeviceId>,
    pub kind: Word<DeviceKind>,
    pub canteen_id: Col<CanteenId>,
    pub user_id: Option<Col<UserId>>,
    pub name: String,
    pub paired_at: Col<Instant>,
    pub revoked_at: Option<Col<Instant>>,
}

/// A pairing code; the code itself is not stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = pairing_code, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PairingRow {
    pub code_hash: Vec<u8>,
    pub kind: Word<DeviceKind>,
    pub canteen_id: Col<CanteenId>,
    pub user_id: Option<Col<UserId>>,
    pub name: String,
    pub made_by: Option<Col<UserId>>,
    pub expires_at: Col<Instant>,
    pub used_at: Option<Col<Instant>>,
}

/// Keeps a pairing code.
pub fn insert_code(conn: &mut AnyConnection, row: &PairingRow) -> Result<(), StoreError> {
    diesel::insert_into(pairing_code::table).values(row).execute(conn)?;
    Ok(())
}

/// A pairing code that can still be used.
pub fn usable_code(conn: &mut AnyConnection, hash: &[u8], now: Instant) -> Result<Option<PairingRow>, StoreError> {
    Ok(pairing_code::table
        .find(hash)
        .filter(pairing_code::used_at.is_null())
        .filter(pairing_code::expires_at.gt(Col(now)))
        .select(PairingRow::as_select())
        .first(conn)
        .optional()?)
}

/// Takes a pairing code, once; `false` when it was taken before.
pub fn take_code(conn: &mut AnyConnection, hash: &[u8], at: Instant) -> Result<bool, StoreError> {
    let taken = diesel::update(pairing_code::table.find(hash).filter(pairing_code::used_at.is_null()))
        .set(pairing_code::used_at.eq(Col(at)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Forgets codes that expired before a time.
pub fn forget_codes(conn: &mut AnyConnection, before: Instant) -> Result<usize, StoreError> {
    Ok(diesel::delete(pairing_code::table.filter(pairing_code::expires_at.lt(Col(before)))).execute(conn)?)
}

/// Adds a device.
pub fn insert(conn: &mut AnyConnection, row: &DeviceRow) -> Result<(), StoreError> {
    diesel::insert_into(device::table).values(row).execute(conn)?;
    Ok(())
}

/// A device by identifier.
pub fn find(conn: &mut AnyConnection, id: DeviceId) -> Result<Option<DeviceRow>, StoreError> {
    Ok(device::table.find(Col(id)).select(DeviceRow::as_select()).get_result(conn).optional()?)
}

/// Ends a device's pairing; `false` when it was ended before.
pub fn revoke(conn: &mut AnyConnection, id: DeviceId, at: Instant) -> Result<bool, StoreError> {
    let revoked = diesel::update(device::table.find(Col(id)).filter(device::revoked_at.is_null()))
        .set(device::revoked_at.eq(Col(at)))
        .execute(conn)?;
    Ok(revoked == 1)
}

/// Devices of the canteens in scope, after an identifier, in order; revoked ones too.
pub fn list(conn: &mut AnyConnection, scope: &Scope, after: Option<DeviceId>, limit: i64) -> Result<Vec<DeviceRow>, StoreError> {
    let own: Vec<Col<CanteenId>> = scope.canteens().iter().copied().map(Col).collect();
    let canteens: Vec<Col<CanteenId>> = canteen::table
        .filter(within!(canteen::table, canteen::place_code, scope.places()).or(canteen::id.eq_any(own)))
        .select(canteen::id)
        .load(conn)?;
    let mut query = device::table
        .filter(device::canteen_id.eq_any(canteens))
        .order(device::id)
        .limit(limit)
        .select(DeviceRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(device::id.gt(Col(after)));
    }
    Ok(query.load(conn)?)
}
