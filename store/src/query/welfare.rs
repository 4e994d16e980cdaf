//! Whom to call about a senior, the cases of looking in, and their steps.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::place_filter::within;
use crate::schema::{app_user, senior, senior_contact, user_grant, welfare_case, welfare_step};
use diesel::prelude::*;
use domain::access::{Role, Scope, UserState};
use domain::id::{CanteenId, OrderId, SeniorContactId, SeniorId, UserId, WelfareCaseId, WelfareStepId};
use domain::welfare::{AttemptOutcome, Concern, Finding, Relation, StepKind};
use domain::{Instant, PlaceCode};

/// Somebody to call about a senior.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = senior_contact, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct ContactRow {
    pub id: Col<SeniorContactId>,
    pub senior_id: Col<SeniorId>,
    pub rank: i64,
    pub name_enc: Vec<u8>,
    pub phone_enc: Vec<u8>,
    pub relation: Word<Relation>,
    pub holds_key: bool,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = welfare_case, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CaseRow {
    pub id: Col<WelfareCaseId>,
    pub senior_id: Col<SeniorId>,
    pub place_code: Col<PlaceCode>,
    pub canteen_id: Col<CanteenId>,
    pub order_id: Col<OrderId>,
    pub concern: Word<Concern>,
    pub reported_at: Col<Instant>,
    pub opened_at: Col<Instant>,
    pub told_contact: Option<i64>,
    pub told_place: Option<Col<PlaceCode>>,
    pub due_at: Option<Col<Instant>>,
    pub finding: Option<Word<Finding>>,
    pub closed_at: Option<Col<Instant>>,
}

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = welfare_step, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct StepRow {
    pub id: Col<WelfareStepId>,
    pub case_id: Col<WelfareCaseId>,
    pub kind: Word<StepKind>,
    pub concern: Option<Word<Concern>>,
    pub contact: Option<i64>,
    pub place_code: Option<Col<PlaceCode>>,
    pub outcome: Option<Word<AttemptOutcome>>,
    pub note: String,
    pub happened_at: Col<Instant>,
    pub recorded_at: Col<Instant>,
    pub by_user: Option<Col<UserId>>,
}

/// The contacts of a senior, in the order in which they are asked.
pub fn contacts(conn: &mut AnyConnection, of: SeniorId) -> Result<Vec<ContactRow>, StoreError> {
    Ok(senior_contact::table
        .filter(senior_contact::senior_id.eq(Col(of)))
        .order(senior_contact::rank)
        .select(ContactRow::as_select())
        .load(conn)?)
}

/// Puts contacts in place of those before.
pub fn put_contacts(conn: &mut AnyConnection, of: SeniorId, rows: &[ContactRow]) -> Result<(), StoreError> {
    diesel::delete(senior_contact::table.filter(senior_contact::senior_id.eq(Col(of)))).execute(conn)?;
    for row in rows {
        diesel::insert_into(senior_contact::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Makes what is reported of one senior happen one after the other, in all processes: two couriers of two canteens open one case.
pub fn lock_senior(conn: &mut AnyConnection, of: SeniorId) -> Result<(), StoreError> {
    // Hidden too: who is locked was found through an order or a case.
    if let AnyConnection::Postgres(c) = conn {
        senior::table.find(Col(of)).select(senior::id).for_update().get_result::<Col<SeniorId>>(c).optional()?;
    }
    // On SQLite BEGIN IMMEDIATE has locked the whole database already.
    Ok(())
}

/// A case by identifier.
pub fn find(conn: &mut AnyConnection, id: WelfareCaseId) -> Result<Option<CaseRow>, StoreError> {
    Ok(welfare_case::table.find(Col(id)).select(CaseRow::as_select()).get_result(conn).optional()?)
}

/// The open case of a senior.
pub fn open_of(conn: &mut AnyConnection, of: SeniorId) -> Result<Option<CaseRow>, StoreError> {
    Ok(welfare_case::table
        .filter(welfare_case::senior_id.eq(Col(of)))
        .filter(welfare_case::closed_at.is_null())
        .select(CaseRow::as_select())
        .first(conn)
        .optional()?)
}

/// Adds a case.
pub fn add(conn: &mut AnyConnection, row: &CaseRow) -> Result<(), StoreError> {
    diesel::insert_into(welfare_case::table).values(row).execute(conn)?;
    Ok(())
}

/// Writes whose turn it is and until when.
pub fn set_turn(conn: &mut AnyConnection, row: &CaseRow) -> Result<(), StoreError> {
    diesel::update(welfare_case::table.find(row.id))
        .set((
            welfare_case::told_contact.eq(row.told_contact),
            welfare_case::told_place.eq(row.told_place.clone()),
            welfare_case::due_at.eq(row.due_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Closes a case; `false` when it was closed already.
pub fn close(conn: &mut AnyConnection, id: WelfareCaseId, finding: Finding, at: Instant) -> Result<bool, StoreError> {
    let changed = diesel::update(welfare_case::table.find(Col(id)).filter(welfare_case::closed_at.is_null()))
        .set((
            welfare_case::finding.eq(Some(Word(finding))),
            welfare_case::closed_at.eq(Some(Col(at))),
            welfare_case::due_at.eq(None::<Col<Instant>>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Adds a step.
pub fn add_step(conn: &mut AnyConnection, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(welfare_step::table).values(row).execute(conn)?;
    Ok(())
}

/// A step by identifier, which a courier's phone may have made.
pub fn step(conn: &mut AnyConnection, id: WelfareStepId) -> Result<Option<StepRow>, StoreError> {
    Ok(welfare_step::table.find(Col(id)).select(StepRow::as_select()).get_result(conn).optional()?)
}

/// The steps of a case, as they were recorded.
pub fn steps(conn: &mut AnyConnection, of: WelfareCaseId, limit: i64) -> Result<Vec<StepRow>, StoreError> {
    Ok(welfare_step::table
        .filter(welfare_step::case_id.eq(Col(of)))
        .order((welfare_step::recorded_at, welfare_step::id))
        .limit(limit)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// Cases whose deadline has passed, the most overdue first.
pub fn overdue(conn: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<WelfareCaseId>, StoreError> {
    let ids = welfare_case::table
        .filter(welfare_case::due_at.is_not_null())
        .filter(welfare_case::due_at.assume_not_null().le(Col(now)))
        .order((welfare_case::due_at, welfare_case::id))
        .limit(limit)
        .select(welfare_case::id)
        .load::<Col<WelfareCaseId>>(conn)?;
    Ok(ids.into_iter().map(|Col(id)| id).collect())
}

/// Cases in scope, newest first: of homes in its places, and of its canteens.
pub fn list(
    conn: &mut AnyConnection,
    scope: &Scope,
    open: Option<bool>,
    before: Option<WelfareCaseId>,
    limit: i64,
) -> Result<Vec<CaseRow>, StoreError> {
    let canteens: Vec<Col<CanteenId>> = scope.canteens().iter().copied().map(Col).collect();
    let mut query = welfare_case::table
        .filter(
            within!(welfare_case::table, welfare_case::place_code, scope.places()).or(welfare_case::canteen_id.eq_any(canteens)),
        )
        .order(welfare_case::id.desc())
        .limit(limit)
        .select(CaseRow::as_select())
        .into_boxed();
    query = match open {
        Some(true) => query.filter(welfare_case::closed_at.is_null()),
        Some(false) => query.filter(welfare_case::closed_at.is_not_null()),
        None => query,
    };
    if let Some(before) = before {
        query = query.filter(welfare_case::id.lt(Col(before)));
    }
    Ok(query.load(conn)?)
}

/// Users who may sign in and hold a role over some places, without being bound to a canteen, with the place of each such right.
pub fn holders(
    conn: &mut AnyConnection,
    role: Role,
    places: &[PlaceCode],
    limit: i64,
) -> Result<Vec<(PlaceCode, UserId)>, StoreError> {
    let places: Vec<Col<PlaceCode>> = places.iter().cloned().map(Col).collect();
    let rows = user_grant::table
        .inner_join(app_user::table.on(app_user::id.eq(user_grant::user_id)))
        .filter(user_grant::role.eq(Word(role)))
        .filter(user_grant::place_code.eq_any(places))
        .filter(user_grant::canteen_id.is_null())
        .filter(user_grant::revoked_at.is_null())
        .filter(app_user::state.eq(Word(UserState::Active)))
        .order((user_grant::place_code.desc(), user_grant::user_id))
        .select((user_grant::place_code, user_grant::user_id))
        .distinct()
        .limit(limit)
        .load::<(Col<PlaceCode>, Col<UserId>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(place), Col(user))| (place, user)).collect())
}
