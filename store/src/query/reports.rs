//! Reports on subsidies: who ate what, who might have, and who wants to be told.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::place_filter::bounds;
use crate::query::seniors::{SeniorRow, SeniorState};
use crate::query::visits::Span;
use crate::schema::{meal_order, report_subscription, senior};
use crate::shown;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use domain::id::{CanteenId, OrderId, SeniorId, UserId};
use domain::order::OrderState;
use domain::{Fen, Instant, PlaceCode, ServiceDate};

/// The served orders of a canteen's seniors between two dates, both included: order, senior, date.
pub fn eaters(
    conn: &mut AnyConnection,
    of: CanteenId,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<(OrderId, SeniorId, ServiceDate)>, StoreError> {
    let rows = meal_order::table
        .filter(meal_order::canteen_id.eq(Col(of)))
        .filter(meal_order::service_date.between(Col(from), Col(to)))
        .filter(meal_order::state.eq(Word(OrderState::Served)))
        .filter(meal_order::senior_id.is_not_null())
        .select((meal_order::id, meal_order::senior_id.assume_not_null(), meal_order::service_date))
        .load::<(Col<OrderId>, Col<SeniorId>, Col<ServiceDate>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(order), Col(senior), Col(date))| (order, senior, date)).collect())
}

/// Seniors of a place who take part and had no subsidized meal in the span, in the order in which they were added.
pub fn without_subsidy(
    conn: &mut AnyConnection,
    span: &Span,
    after: Option<SeniorId>,
    limit: i64,
) -> Result<Vec<SeniorRow>, StoreError> {
    let (from, to) = bounds(&span.place);
    let after = after.unwrap_or_else(|| SeniorId::from_uuid(uuid::Uuid::nil()));
    let had = meal_order::table
        .filter(meal_order::senior_id.eq(senior::id.nullable()))
        .filter(meal_order::service_date.between(Col(span.from), Col(span.to)))
        .filter(meal_order::state.eq(Word(OrderState::Served)))
        .filter(meal_order::subsidy_fen.gt(Col(Fen::ZERO)));
    Ok(on_each!(conn, c => senior::table
        .filter(shown!(senior))
        .filter(senior::resident_place.ge(from).and(senior::resident_place.lt(to)))
        .filter(senior::state.eq(Word(SeniorState::Active)))
        .filter(not(exists(had)))
        .filter(senior::id.gt(Col(after)))
        .order(senior::id)
        .limit(limit)
        .select(SeniorRow::as_select())
        .load(c))?)
}

/// Somebody who wants a place's monthly report by mail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_subscription, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SubscriptionRow {
    pub user_id: Col<UserId>,
    pub place_code: Col<PlaceCode>,
    pub sent_until: Col<ServiceDate>,
    pub created_at: Col<Instant>,
}

/// Adds a subscription; one that is there stays as it is.
pub fn subscribe(conn: &mut AnyConnection, row: &SubscriptionRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(report_subscription::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Takes a subscription away, if there is one.
pub fn unsubscribe(conn: &mut AnyConnection, user: UserId, place: &PlaceCode) -> Result<(), StoreError> {
    diesel::delete(report_subscription::table.find((Col(user), Col(place.clone())))).execute(conn)?;
    Ok(())
}

/// The subscriptions of somebody, by place.
pub fn of_user(conn: &mut AnyConnection, user: UserId) -> Result<Vec<SubscriptionRow>, StoreError> {
    Ok(report_subscription::table
        .filter(report_subscription::user_id.eq(Col(user)))
        .order(report_subscription::place_code)
        .select(SubscriptionRow::as_select())
        .load(conn)?)
}

/// Subscriptions to which nothing of a day was sent, at most `limit`.
pub fn due(conn: &mut AnyConnection, of: ServiceDate, limit: i64) -> Result<Vec<SubscriptionRow>, StoreError> {
    Ok(report_subscription::table
        .filter(report_subscription::sent_until.lt(Col(of)))
        .order((report_subscription::sent_until, report_subscription::user_id, report_subscription::place_code))
        .limit(limit)
        .select(SubscriptionRow::as_select())
        .load(conn)?)
}

/// Notes until when a subscription was sent, unless somebody else has; `false` then.
pub fn sent(conn: &mut AnyConnection, row: &SubscriptionRow, until: ServiceDate) -> Result<bool, StoreError> {
    let as_read = report_subscription::table
        .find((row.user_id, row.place_code.clone()))
        .filter(report_subscription::sent_until.eq(row.sent_until));
    Ok(diesel::update(as_read).set(report_subscription::sent_until.eq(Col(until))).execute(conn)? == 1)
}
