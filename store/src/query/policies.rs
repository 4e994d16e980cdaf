//! Versions of subsidy policies.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{installation, place, policy_version};
use diesel::prelude::*;
use domain::access::Scope;
use domain::id::{EpochId, PolicyId, UserId};
use domain::policy::PolicyState;
use domain::{Instant, PlaceCode, ServiceDate};

/// A version of a policy.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = policy_version, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PolicyRow {
    pub id: Col<PolicyId>,
    pub programme: String,
    pub number: String,
    pub place_code: Option<Col<PlaceCode>>,
    pub effective_from: Col<ServiceDate>,
    pub effective_to: Option<Col<ServiceDate>>,
    pub content_hash: Vec<u8>,
    pub document: String,
    pub state: Word<PolicyState>,
    pub drafted_by: Option<Col<UserId>>,
    pub reviewed_by: Option<Col<UserId>>,
    pub created_at: Col<Instant>,
    pub published_at: Option<Col<Instant>>,
}

/// Versions that were ever put in force.
const IN_FORCE: [Word<PolicyState>; 2] = [Word(PolicyState::Published), Word(PolicyState::Superseded)];

/// The versions that govern a service date, by identifier; their documents never change.
pub fn in_force(conn: &mut AnyConnection, on: ServiceDate) -> Result<Vec<PolicyId>, StoreError> {
    let rows = policy_version::table
        .filter(policy_version::state.eq_any(IN_FORCE))
        .filter(policy_version::effective_from.le(Col(on)))
        .filter(policy_version::effective_to.is_null().or(policy_version::effective_to.ge(Col(on))))
        .order(policy_version::id)
        .select(policy_version::id)
        .load::<Col<PolicyId>>(conn)?;
    Ok(rows.into_iter().map(|Col(id)| id).collect())
}

/// A version's document.
pub fn document(conn: &mut AnyConnection, id: PolicyId) -> Result<Option<String>, StoreError> {
    Ok(policy_version::table.find(Col(id)).select(policy_version::document).get_result(conn).optional()?)
}

/// The documents of these content hashes.
pub fn documents_of(conn: &mut AnyConnection, hashes: &[Vec<u8>]) -> Result<Vec<String>, StoreError> {
    Ok(policy_version::table
        .filter(policy_version::content_hash.eq_any(hashes))
        .order(policy_version::id)
        .select(policy_version::document)
        .load(conn)?)
}

/// A version.
pub fn find(conn: &mut AnyConnection, id: PolicyId) -> Result<Option<PolicyRow>, StoreError> {
    Ok(policy_version::table.find(Col(id)).select(PolicyRow::as_select()).get_result(conn).optional()?)
}

/// The version of this content.
pub fn of_hash(conn: &mut AnyConnection, hash: &[u8]) -> Result<Option<PolicyRow>, StoreError> {
    Ok(policy_version::table
        .filter(policy_version::content_hash.eq(hash))
        .select(PolicyRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The versions of a programme that were put in force, the earliest first.
pub fn published_of(conn: &mut AnyConnection, programme: &str) -> Result<Vec<PolicyRow>, StoreError> {
    Ok(policy_version::table
        .filter(policy_version::programme.eq(programme))
        .filter(policy_version::state.eq_any(IN_FORCE))
        .order(policy_version::effective_from)
        .select(PolicyRow::as_select())
        .load(conn)?)
}

/// Every version that was ever put in force, by identifier.
pub fn published(conn: &mut AnyConnection) -> Result<Vec<PolicyRow>, StoreError> {
    Ok(policy_version::table
        .filter(policy_version::state.eq_any(IN_FORCE))
        .order(policy_version::id)
        .select(PolicyRow::as_select())
        .load(conn)?)
}

/// Makes publications happen one after the other, in all processes: two versions that overlap share no row that either could
/// lock, so both lock the one row of the installation.
pub fn lock_publications(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let row = installation::table.select(installation::epoch);
    match conn {
        // BEGIN IMMEDIATE has locked the whole database already.
        AnyConnection::Sqlite(c) => row.get_result::<Col<EpochId>>(c),
        AnyConnection::Postgres(c) => row.for_update().get_result::<Col<EpochId>>(c),
    }
    .optional()?;
    Ok(())
}

/// Adds a version; the same content twice is a unique-key error.
pub fn insert(conn: &mut AnyConnection, row: &PolicyRow) -> Result<(), StoreError> {
    diesel::insert_into(policy_version::table).values(row).execute(conn)?;
    Ok(())
}

/// Moves a version from one state to the next; `false` when it no longer stands where it was read.
pub fn set_state(conn: &mut AnyConnection, row: &PolicyRow, from: PolicyState) -> Result<bool, StoreError> {
    let changed = diesel::update(policy_version::table.find(row.id).filter(policy_version::state.eq(Word(from))))
        .set((
            policy_version::state.eq(row.state),
            policy_version::reviewed_by.eq(row.reviewed_by),
            policy_version::published_at.eq(row.published_at),
            policy_version::effective_to.eq(row.effective_to),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Which versions a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyFilter {
    /// Only this programme's.
    pub programme: Option<String>,
    /// Only in this state.
    pub state: Option<PolicyState>,
    /// Only those older than this one: where the last page ended.
    pub before: Option<PolicyId>,
    /// How many at most.
    pub limit: i64,
}

/// Versions in scope, newest first. A version is in sight of those who act below its place too: they must know the rule of
/// the city they apply; one without a place concerns everyone.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &PolicyFilter) -> Result<Vec<PolicyRow>, StoreError> {
    let mut places: Vec<Col<PlaceCode>> = Vec::new();
    for place in scope.places() {
        let mut above = Some(place.clone());
        while let Some(code) = above {
            above = code.parent();
            places.push(Col(code));
        }
    }
    let mut query = policy_version::table.select(PolicyRow::as_select()).into_boxed();
    query = query.filter(policy_version::place_code.is_null()).or_filter(policy_version::place_code.eq_any(places));
    for place in scope.places() {
        query = query.or_filter(policy_version::place_code.like(format!("{place}%")));
    }
    if let Some(programme) = &filter.programme {
        query = query.filter(policy_version::programme.eq(programme));
    }
    if let Some(state) = filter.state {
        query = query.filter(policy_version::state.eq(Word(state)));
    }
    if let Some(before) = filter.before {
        query = query.filter(policy_version::id.lt(Col(before)));
    }
    Ok(query.order(policy_version::id.desc()).limit(filter.limit).load(conn)?)
}

/// The provinces, which together are everything.
pub fn provinces(conn: &mut AnyConnection) -> Result<Vec<PlaceCode>, StoreError> {
    let rows = place::table
        .filter(place::level.eq(Word(domain::place::PlaceLevel::Province)))
        .order(place::code)
        .select(place::code)
        .load::<Col<PlaceCode>>(conn)?;
    Ok(rows.into_iter().map(|Col(code)| code).collect())
}
