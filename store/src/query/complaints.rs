//! Ratings of meals, complaints, and the steps of complaints.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::place_filter::within;
use crate::schema::{canteen, complaint, complaint_step, meal_order, order_rating};
use diesel::prelude::*;
use domain::access::Scope;
use domain::complaint::{Category, ComplaintState, ComplaintStep};
use domain::id::{CanteenId, ComplaintId, ComplaintStepId, OrderId, SeniorId, UserId};
use domain::rating::Voice;
use domain::{Instant, PlaceCode, ServiceDate};

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_rating, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct RatingRow {
    pub order_id: Col<OrderId>,
    pub canteen_id: Col<CanteenId>,
    pub service_date: Col<ServiceDate>,
    pub score: i64,
    pub reasons: String,
    pub words_enc: Option<Vec<u8>>,
    pub voice: Word<Voice>,
    pub rated_at: Col<Instant>,
    pub rated_by: Col<UserId>,
}

/// A complaint.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = complaint, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct ComplaintRow {
    pub id: Col<ComplaintId>,
    pub version: i64,
    pub canteen_id: Col<CanteenId>,
    pub place_code: Col<PlaceCode>,
    pub order_id: Option<Col<OrderId>>,
    pub senior_id: Option<Col<SeniorId>>,
    pub category: Word<Category>,
    pub state: Word<ComplaintState>,
    pub voice: Word<Voice>,
    pub opened_at: Col<Instant>,
    pub reopened: i64,
    pub due_at: Option<Col<Instant>>,
    pub raised_to: Option<Col<PlaceCode>>,
    pub closed_at: Option<Col<Instant>>,
}

/// A step of a complaint.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = complaint_step, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct StepRow {
    pub id: Col<ComplaintStepId>,
    pub complaint_id: Col<ComplaintId>,
    pub kind: Word<ComplaintStep>,
    pub words_enc: Option<Vec<u8>>,
    pub place_code: Option<Col<PlaceCode>>,
    pub at: Col<Instant>,
    pub by_user: Option<Col<UserId>>,
}

/// Adds a rating.
pub fn add_rating(conn: &mut AnyConnection, row: &RatingRow) -> Result<(), StoreError> {
    diesel::insert_into(order_rating::table).values(row).execute(conn)?;
    Ok(())
}

/// The rating of a meal.
pub fn rating(conn: &mut AnyConnection, of: OrderId) -> Result<Option<RatingRow>, StoreError> {
    Ok(order_rating::table.find(Col(of)).select(RatingRow::as_select()).get_result(conn).optional()?)
}

/// A rating as it is added up: its score, its reasons, and whose meal it was.
pub type Scored = (i64, String, Option<Col<SeniorId>>);

/// What a canteen's ratings of meals on some days come to is made of.
pub fn scores(
    conn: &mut AnyConnection,
    of: CanteenId,
    days: (ServiceDate, ServiceDate),
    limit: i64,
) -> Result<Vec<Scored>, StoreError> {
    Ok(order_rating::table
        .inner_join(meal_order::table.on(meal_order::id.eq(order_rating::order_id)))
        .filter(order_rating::canteen_id.eq(Col(of)))
        .filter(order_rating::service_date.between(Col(days.0), Col(days.1)))
        .order(order_rating::service_date.desc())
        .limit(limit)
        .select((order_rating::score, order_rating::reasons, meal_order::senior_id))
        .load(conn)?)
}

/// Adds a complaint.
pub fn add(conn: &mut AnyConnection, row: &ComplaintRow) -> Result<(), StoreError> {
    diesel::insert_into(complaint::table).values(row).execute(conn)?;
    Ok(())
}

/// Adds a step.
pub fn add_step(conn: &mut AnyConnection, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(complaint_step::table).values(row).execute(conn)?;
    Ok(())
}

/// A complaint by identifier.
pub fn find(conn: &mut AnyConnection, id: ComplaintId) -> Result<Option<ComplaintRow>, StoreError> {
    Ok(complaint::table.find(Col(id)).select(ComplaintRow::as_select()).get_result(conn).optional()?)
}

/// Writes where a complaint stands, when it is still at the version of the row; the version of what is kept is one more.
pub fn put(conn: &mut AnyConnection, row: &ComplaintRow) -> Result<bool, StoreError> {
    let changed = diesel::update(complaint::table.find(row.id).filter(complaint::version.eq(row.version)))
        .set((
            complaint::version.eq(row.version + 1),
            complaint::state.eq(row.state),
            complaint::reopened.eq(row.reopened),
            complaint::due_at.eq(row.due_at),
            complaint::raised_to.eq(row.raised_to.clone()),
            complaint::closed_at.eq(row.closed_at),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The steps of a complaint, in their order.
pub fn steps(conn: &mut AnyConnection, of: ComplaintId, limit: i64) -> Result<Vec<StepRow>, StoreError> {
    Ok(complaint_step::table
        .filter(complaint_step::complaint_id.eq(Col(of)))
        .order(complaint_step::id)
        .limit(limit)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// Which complaints are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComplaintFilter {
    /// Of one canteen.
    pub canteen: Option<CanteenId>,
    /// In one state.
    pub state: Option<ComplaintState>,
    /// Whose deadline has passed, by the time.
    pub overdue_at: Option<Instant>,
    /// Older than this one.
    pub before: Option<ComplaintId>,
    /// At most so many.
    pub limit: i64,
}

/// Complaints in scope with their canteens' names, newest first.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &ComplaintFilter) -> Result<Vec<(ComplaintRow, String)>, StoreError> {
    let canteens: Vec<Col<CanteenId>> = scope.canteens().iter().copied().map(Col).collect();
    let seniors: Vec<Col<SeniorId>> = scope.seniors().iter().copied().map(Col).collect();
    let ids: Vec<Col<ComplaintId>> = {
        let mut query = complaint::table.select(complaint::id).into_boxed();
        query = query.filter(
            within!(complaint::table, complaint::place_code, scope.places())
                .or(complaint::canteen_id.eq_any(canteens))
                .or(complaint::senior_id.assume_not_null().eq_any(seniors)),
        );
        if let Some(canteen) = filter.canteen {
            query = query.filter(complaint::canteen_id.eq(Col(canteen)));
        }
        if let Some(state) = filter.state {
            query = query.filter(complaint::state.eq(Word(state)));
        }
        if let Some(now) = filter.overdue_at {
            query = query.filter(complaint::due_at.lt(Col(now)));
        }
        if let Some(before) = filter.before {
            query = query.filter(complaint::id.lt(Col(before)));
        }
        query.order(complaint::id.desc()).limit(filter.limit).load(conn)?
    };
    Ok(complaint::table
        .inner_join(canteen::table.on(canteen::id.eq(complaint::canteen_id)))
        .filter(complaint::id.eq_any(ids))
        .order(complaint::id.desc())
        .select((ComplaintRow::as_select(), canteen::name))
        .load(conn)?)
}

/// Complaints whose deadline has passed, the most urgent first.
pub fn overdue(conn: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<ComplaintId>, StoreError> {
    let rows = complaint::table
        .filter(complaint::due_at.lt(Col(now)))
        .order(complaint::due_at)
        .limit(limit)
        .select(complaint::id)
        .load::<Col<ComplaintId>>(conn)?;
    Ok(rows.into_iter().map(|Col(id)| id).collect())
}
