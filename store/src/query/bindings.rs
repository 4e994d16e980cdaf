//! Family bindings and the requests for them.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{binding_request, family_binding};
use crate::shown;
use diesel::prelude::*;
use domain::Instant;
use domain::access::ConsentKind;
use domain::id::{BindingId, BindingRequestId, SeniorId, UserId};

/// A family member's right to act for a senior.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = family_binding, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct BindingRow {
    pub id: Col<BindingId>,
    pub senior_id: Col<SeniorId>,
    pub user_id: Col<UserId>,
    pub relation: String,
    pub scopes: String,
    pub consent_kind: Word<ConsentKind>,
    pub consent_ref: String,
    pub consent_at: Col<Instant>,
    pub recorded_by: Option<Col<UserId>>,
    pub revoked_at: Option<Col<Instant>>,
}

/// A request that waits for the senior's code.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = binding_request, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct RequestRow {
    pub id: Col<BindingRequestId>,
    pub senior_id: Option<Col<SeniorId>>,
    pub user_id: Col<UserId>,
    pub relation: String,
    pub scopes: String,
    pub code_hash: Vec<u8>,
    pub created_at: Col<Instant>,
    pub expires_at: Col<Instant>,
    pub attempts: i64,
    pub used_at: Option<Col<Instant>>,
}

/// Adds a binding.
pub fn insert(conn: &mut AnyConnection, row: &BindingRow) -> Result<(), StoreError> {
    diesel::insert_into(family_binding::table).values(row).execute(conn)?;
    Ok(())
}

/// A binding by identifier.
pub fn find(conn: &mut AnyConnection, id: BindingId) -> Result<Option<BindingRow>, StoreError> {
    Ok(family_binding::table
        .find(Col(id))
        .filter(shown!(family_binding))
        .select(BindingRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The binding in force between a senior and a user.
pub fn in_force(conn: &mut AnyConnection, senior: SeniorId, user: UserId) -> Result<Option<BindingRow>, StoreError> {
    Ok(family_binding::table
        .filter(family_binding::senior_id.eq(Col(senior)))
        .filter(family_binding::user_id.eq(Col(user)))
        .filter(shown!(family_binding))
        .filter(family_binding::revoked_at.is_null())
        .select(BindingRow::as_select())
        .first(conn)
        .optional()?)
}

/// All bindings of a senior, oldest first, revoked ones too.
pub fn of_senior(conn: &mut AnyConnection, senior: SeniorId) -> Result<Vec<BindingRow>, StoreError> {
    Ok(family_binding::table
        .filter(family_binding::senior_id.eq(Col(senior)))
        .filter(shown!(family_binding))
        .order(family_binding::id)
        .select(BindingRow::as_select())
        .load(conn)?)
}

/// Ends a binding; `false` when it was ended before.
pub fn revoke(conn: &mut AnyConnection, id: BindingId, at: Instant) -> Result<bool, StoreError> {
    let revoked = diesel::update(family_binding::table.find(Col(id)).filter(family_binding::revoked_at.is_null()))
        .set(family_binding::revoked_at.eq(Col(at)))
        .execute(conn)?;
    Ok(revoked == 1)
}

/// Keeps a request.
pub fn insert_request(conn: &mut AnyConnection, row: &RequestRow) -> Result<(), StoreError> {
    diesel::insert_into(binding_request::table).values(row).execute(conn)?;
    Ok(())
}

/// A request by identifier.
pub fn request(conn: &mut AnyConnection, id: BindingRequestId) -> Result<Option<RequestRow>, StoreError> {
    Ok(binding_request::table.find(Col(id)).select(RequestRow::as_select()).get_result(conn).optional()?)
}

/// Counts a wrong attempt; `false` when the last one is used up.
pub fn count_attempt(conn: &mut AnyConnection, id: BindingRequestId, max: i64) -> Result<bool, StoreError> {
    let counted = diesel::update(binding_request::table.find(Col(id)).filter(binding_request::attempts.lt(max)))
        .set(binding_request::attempts.eq(binding_request::attempts + 1))
        .execute(conn)?;
    Ok(counted == 1)
}

/// Takes a request, once; `false` when it was taken before.
pub fn take_request(conn: &mut AnyConnection, id: BindingRequestId, at: Instant) -> Result<bool, StoreError> {
    let taken = diesel::update(binding_request::table.find(Col(id)).filter(binding_request::used_at.is_null()))
        .set(binding_request::used_at.eq(Col(at)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Forgets requests that expired before a time.
pub fn forget_requests(conn: &mut AnyConnection, before: Instant) -> Result<usize, StoreError> {
    Ok(diesel::delete(binding_request::table.filter(binding_request::expires_at.lt(Col(before)))).execute(conn)?)
}
