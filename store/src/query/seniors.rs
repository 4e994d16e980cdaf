//! Seniors, their facts and diets.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::earlier;
use crate::query::place_filter::within;
use crate::schema::{senior, senior_diet, senior_fact};
use crate::shown;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use domain::access::Scope;
use domain::diet::DietKind;
use domain::id::{CanteenId, FactId, SeniorId, UserId};
use domain::{Instant, PlaceCode, ServiceDate};

domain::text_enum! {
    /// Whether a senior takes part.
    pub enum SeniorState {
        /// Yes.
        Active = "active",
        /// Has left: moved away, died, or asked to.
        Left = "left",
    }
}

/// A senior.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = senior, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SeniorRow {
    pub id: Col<SeniorId>,
    pub version: i64,
    pub name: String,
    pub id_no_enc: Vec<u8>,
    pub id_no_bix: Vec<u8>,
    pub birth_on: Col<ServiceDate>,
    pub phone_enc: Option<Vec<u8>>,
    pub phone_bix: Option<Vec<u8>>,
    pub registered_place: Col<PlaceCode>,
    pub resident_place: Col<PlaceCode>,
    pub address_enc: Option<Vec<u8>>,
    pub health_enc: Option<Vec<u8>>,
    pub card_bix: Option<Vec<u8>>,
    pub card_enc: Option<Vec<u8>>,
    pub home_canteen_id: Option<Col<CanteenId>>,
    pub user_id: Option<Col<UserId>>,
    pub paused_from: Option<Col<ServiceDate>>,
    pub paused_to: Option<Col<ServiceDate>>,
    pub state: Word<SeniorState>,
    pub created_at: Col<Instant>,
    pub updated_at: Col<Instant>,
}

/// A dated fact about a senior.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = senior_fact, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct FactRow {
    pub id: Col<FactId>,
    pub senior_id: Col<SeniorId>,
    pub kind: String,
    pub value: String,
    pub valid_from: Col<ServiceDate>,
    pub valid_to: Option<Col<ServiceDate>>,
    pub recorded_at: Col<Instant>,
    pub source: String,
}

/// A rule of a diet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = senior_diet, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct DietRow {
    pub senior_id: Col<SeniorId>,
    pub kind: Word<DietKind>,
    pub value: String,
}

/// A senior by identifier.
pub fn find(conn: &mut AnyConnection, id: SeniorId) -> Result<Option<SeniorRow>, StoreError> {
    let found =
        on_each!(conn, c => senior::table.find(Col(id)).filter(shown!(senior)).select(SeniorRow::as_select()).get_result(c));
    Ok(found.optional()?)
}

/// All facts of a senior, oldest first.
pub fn facts(conn: &mut AnyConnection, of: SeniorId) -> Result<Vec<FactRow>, StoreError> {
    Ok(on_each!(conn, c => senior_fact::table
        .filter(senior_fact::senior_id.eq(Col(of)))
        .filter(shown!(senior_fact))
        .order((senior_fact::valid_from, senior_fact::id))
        .select(FactRow::as_select())
        .load(c))?)
}

/// A senior's diet.
pub fn diet(conn: &mut AnyConnection, of: SeniorId) -> Result<Vec<DietRow>, StoreError> {
    Ok(on_each!(conn, c => senior_diet::table
        .filter(senior_diet::senior_id.eq(Col(of)))
        .order((senior_diet::kind, senior_diet::value))
        .select(DietRow::as_select())
        .load(c))?)
}

/// Seniors by identifier; in no order.
pub fn find_all(conn: &mut AnyConnection, ids: &[SeniorId]) -> Result<Vec<SeniorRow>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => ids.iter().map(|id| find(conn, *id)).filter_map(Result::transpose).collect(),
        AnyConnection::Postgres(c) => {
            let ids: Vec<Col<SeniorId>> = ids.iter().copied().map(Col).collect();
            Ok(senior::table.filter(senior::id.eq_any(ids)).filter(shown!(senior)).select(SeniorRow::as_select()).load(c)?)
        }
    }
}

/// All facts of seniors; of each oldest first.
pub fn facts_of(conn: &mut AnyConnection, ids: &[SeniorId]) -> Result<Vec<FactRow>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => {
            let found = ids.iter().map(|id| facts(conn, *id)).collect::<Result<Vec<_>, _>>()?;
            Ok(found.into_iter().flatten().collect())
        }
        AnyConnection::Postgres(c) => {
            let ids: Vec<Col<SeniorId>> = ids.iter().copied().map(Col).collect();
            Ok(senior_fact::table
                .filter(senior_fact::senior_id.eq_any(ids))
                .filter(shown!(senior_fact))
                .order((senior_fact::valid_from, senior_fact::id))
                .select(FactRow::as_select())
                .load(c)?)
        }
    }
}

/// The diets of seniors; of each by kind and value.
pub fn diets_of(conn: &mut AnyConnection, ids: &[SeniorId]) -> Result<Vec<DietRow>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => {
            let found = ids.iter().map(|id| diet(conn, *id)).collect::<Result<Vec<_>, _>>()?;
            Ok(found.into_iter().flatten().collect())
        }
        AnyConnection::Postgres(c) => {
            let ids: Vec<Col<SeniorId>> = ids.iter().copied().map(Col).collect();
            Ok(senior_diet::table
                .filter(senior_diet::senior_id.eq_any(ids))
                .order((senior_diet::kind, senior_diet::value))
                .select(DietRow::as_select())
                .load(c)?)
        }
    }
}

/// Adds a senior.
pub fn insert(conn: &mut AnyConnection, row: &SeniorRow) -> Result<(), StoreError> {
    diesel::insert_into(senior::table).values(row).execute(conn)?;
    Ok(())
}

/// Writes a changed senior over the version that was read; `false` when someone was faster. The row carries the old version.
pub fn update(conn: &mut AnyConnection, row: &SeniorRow) -> Result<bool, StoreError> {
    earlier::keep_senior(conn, row, row.updated_at.0)?;
    let changed = diesel::update(senior::table.find(row.id).filter(senior::version.eq(row.version)))
        .set((
            (
                senior::version.eq(row.version + 1),
                senior::name.eq(&row.name),
                senior::id_no_enc.eq(&row.id_no_enc),
                senior::id_no_bix.eq(&row.id_no_bix),
                senior::birth_on.eq(row.birth_on),
                senior::phone_enc.eq(&row.phone_enc),
                senior::phone_bix.eq(&row.phone_bix),
                senior::registered_place.eq(row.registered_place.clone()),
                senior::resident_place.eq(row.resident_place.clone()),
                senior::address_enc.eq(&row.address_enc),
                senior::health_enc.eq(&row.health_enc),
            ),
            (
                senior::card_bix.eq(&row.card_bix),
                senior::card_enc.eq(&row.card_enc),
                senior::home_canteen_id.eq(row.home_canteen_id),
                senior::user_id.eq(row.user_id),
                senior::paused_from.eq(row.paused_from),
                senior::paused_to.eq(row.paused_to),
                senior::state.eq(row.state),
                senior::updated_at.eq(row.updated_at),
            ),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// What a list of seniors is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeniorFilter {
    /// Only who lives in this place or below.
    pub place: Option<PlaceCode>,
    /// Only whose name begins so.
    pub name_prefix: Option<String>,
    /// Only in this state.
    pub state: Option<SeniorState>,
    /// Only after this one.
    pub after: Option<SeniorId>,
}

/// Seniors in scope, in the order in which they were added.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &SeniorFilter, limit: i64) -> Result<Vec<SeniorRow>, StoreError> {
    let kin: Vec<Col<SeniorId>> = scope.seniors().iter().copied().map(Col).collect();
    let canteens: Vec<Col<CanteenId>> = scope.canteens().iter().copied().map(Col).collect();
    let at_home = senior::home_canteen_id.is_not_null().and(senior::home_canteen_id.assume_not_null().eq_any(canteens));
    let mut query = senior::table.filter(shown!(senior)).order(senior::id).limit(limit).select(SeniorRow::as_select()).into_boxed();
    query = query.filter(within!(senior::table, senior::resident_place, scope.places()).or(senior::id.eq_any(kin)).or(at_home));
    if let Some(place) = &filter.place {
        query = query.filter(within!(senior::table, senior::resident_place, [place]));
    }
    if let Some(prefix) = &filter.name_prefix {
        // Characters count, not a pattern: `%` in a name is itself.
        let characters = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
        query = query.filter(substr(senior::name, 1, characters).eq(prefix.clone()));
    }
    if let Some(state) = filter.state {
        query = query.filter(senior::state.eq(Word(state)));
    }
    if let Some(after) = filter.after {
        query = query.filter(senior::id.gt(Col(after)));
    }
    Ok(query.load(conn)?)
}

diesel::define_sql_function! {
    /// The part of a text from a character on.
    fn substr(text: Text, from: Integer, count: Integer) -> Text;
}

/// By the blind index of an identity number.
pub fn by_id_no(conn: &mut AnyConnection, bix: &[u8]) -> Result<Option<SeniorRow>, StoreError> {
    Ok(senior::table
        .filter(senior::id_no_bix.eq(bix))
        .filter(shown!(senior))
        .select(SeniorRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// By the blind index of a card.
pub fn by_card(conn: &mut AnyConnection, bix: &[u8]) -> Result<Option<SeniorRow>, StoreError> {
    Ok(senior::table
        .filter(senior::card_bix.eq(bix))
        .filter(shown!(senior))
        .select(SeniorRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// By the blind index of a phone, which couples share; at most `limit`.
pub fn by_phone(conn: &mut AnyConnection, bix: &[u8], limit: i64) -> Result<Vec<SeniorRow>, StoreError> {
    Ok(senior::table
        .filter(senior::phone_bix.eq(bix))
        .filter(shown!(senior))
        .order(senior::id)
        .limit(limit)
        .select(SeniorRow::as_select())
        .load(conn)?)
}

/// Adds a fact.
pub fn insert_fact(conn: &mut AnyConnection, row: &FactRow) -> Result<(), StoreError> {
    diesel::insert_into(senior_fact::table).values(row).execute(conn)?;
    Ok(())
}

/// Ends a fact that is open; `false` when it has an end already, or is no fact of this senior.
pub fn end_fact(
    conn: &mut AnyConnection,
    of: SeniorId,
    id: FactId,
    last_day: ServiceDate,
    now: Instant,
) -> Result<bool, StoreError> {
    earlier::keep_fact(conn, id, now)?;
    let ended = diesel::update(
        senior_fact::table
            .find(Col(id))
            .filter(senior_fact::senior_id.eq(Col(of)))
            .filter(shown!(senior_fact))
            .filter(senior_fact::valid_to.is_null())
            .filter(senior_fact::valid_from.le(Col(last_day))),
    )
    .set(senior_fact::valid_to.eq(Col(last_day)))
    .execute(conn)?;
    Ok(ended == 1)
}

/// Puts a diet in place of the one there was.
pub fn replace_diet(conn: &mut AnyConnection, of: SeniorId, rows: &[DietRow]) -> Result<(), StoreError> {
    diesel::delete(senior_diet::table.filter(senior_diet::senior_id.eq(Col(of)))).execute(conn)?;
    if !rows.is_empty() {
        on_each!(&mut *conn, c => diesel::insert_into(senior_diet::table).values(rows).execute(c))?;
    }
    Ok(())
}
