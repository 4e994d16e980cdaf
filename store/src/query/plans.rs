//! Delivery plans, stops and what happened at them.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{delivery_code_tries, delivery_plan, delivery_stop, meal_order, stop_event};
use diesel::prelude::*;
use domain::Instant;
use domain::door::StopOutcome;
use domain::id::{DeviceId, OrderId, PlanId, SittingId, StopEventId, StopId, UserId};

domain::text_enum! {
    /// Whether a plan is the one in use.
    pub enum PlanState {
        /// It is.
        Current = "current",
        /// Another has taken its place.
        Superseded = "superseded",
    }
}

/// A plan.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = delivery_plan, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct PlanRow {
    pub id: Col<PlanId>,
    pub sitting_id: Col<SittingId>,
    pub state: Word<PlanState>,
    pub plan: String,
    pub made_by: Option<Col<UserId>>,
    pub made_at: Col<Instant>,
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = delivery_stop, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct StopRow {
    pub id: Col<StopId>,
    pub plan_id: Col<PlanId>,
    pub order_id: Col<OrderId>,
    pub carrier: String,
    pub courier_id: Option<Col<UserId>>,
    pub trip_no: i64,
    pub position: i64,
    pub eta_at: Col<Instant>,
    pub outcome: Option<Word<StopOutcome>>,
    pub happened_at: Option<Col<Instant>>,
}

/// A record of what happened at a stop.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = stop_event, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct StopEventRow {
    pub id: Col<StopEventId>,
    pub stop_id: Col<StopId>,
    pub outcome: Word<StopOutcome>,
    pub note: String,
    pub happened_at: Col<Instant>,
    pub recorded_at: Col<Instant>,
    pub recorded_by: Option<Col<UserId>>,
    pub device_id: Option<Col<DeviceId>>,
}

/// Puts a plan in use in place of the one before.
pub fn put(conn: &mut AnyConnection, plan: &PlanRow, stops: &[StopRow]) -> Result<(), StoreError> {
    diesel::update(
        delivery_plan::table
            .filter(delivery_plan::sitting_id.eq(plan.sitting_id))
            .filter(delivery_plan::state.eq(Word(PlanState::Current))),
    )
    .set(delivery_plan::state.eq(Word(PlanState::Superseded)))
    .execute(conn)?;
    diesel::insert_into(delivery_plan::table).values(plan).execute(conn)?;
    for chunk in stops.chunks(200) {
        on_each!(&mut *conn, c => diesel::insert_into(delivery_stop::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// A plan by identifier.
pub fn find(conn: &mut AnyConnection, id: PlanId) -> Result<Option<PlanRow>, StoreError> {
    Ok(delivery_plan::table.find(Col(id)).select(PlanRow::as_select()).get_result(conn).optional()?)
}

/// The plan in use for a sitting.
pub fn current(conn: &mut AnyConnection, sitting: SittingId) -> Result<Option<PlanRow>, StoreError> {
    Ok(delivery_plan::table
        .filter(delivery_plan::sitting_id.eq(Col(sitting)))
        .filter(delivery_plan::state.eq(Word(PlanState::Current)))
        .select(PlanRow::as_select())
        .first(conn)
        .optional()?)
}

/// A plan's stops, courier by courier in the order of the round.
pub fn stops(conn: &mut AnyConnection, of: PlanId) -> Result<Vec<StopRow>, StoreError> {
    Ok(delivery_stop::table
        .filter(delivery_stop::plan_id.eq(Col(of)))
        .order((delivery_stop::carrier, delivery_stop::trip_no, delivery_stop::position))
        .select(StopRow::as_select())
        .load(conn)?)
}

/// A courier's stops of plans in use, between two instants, in the order of the round. At most 500: more fit no shift.
pub fn of_courier(conn: &mut AnyConnection, courier: UserId, from: Instant, to: Instant) -> Result<Vec<StopRow>, StoreError> {
    Ok(delivery_stop::table
        .inner_join(delivery_plan::table.on(delivery_plan::id.eq(delivery_stop::plan_id)))
        .filter(delivery_plan::state.eq(Word(PlanState::Current)))
        .filter(delivery_stop::courier_id.eq(Col(courier)))
        .filter(delivery_stop::eta_at.between(Col(from), Col(to)))
        .order((delivery_stop::trip_no, delivery_stop::position, delivery_stop::id))
        .limit(500)
        .select(StopRow::as_select())
        .load(conn)?)
}

/// A stop by identifier.
pub fn stop(conn: &mut AnyConnection, id: StopId) -> Result<Option<StopRow>, StoreError> {
    Ok(delivery_stop::table.find(Col(id)).select(StopRow::as_select()).get_result(conn).optional()?)
}

/// A record by its client-made identifier.
pub fn event(conn: &mut AnyConnection, id: StopEventId) -> Result<Option<StopEventRow>, StoreError> {
    Ok(stop_event::table.find(Col(id)).select(StopEventRow::as_select()).get_result(conn).optional()?)
}

/// Wrong delivery codes that were tried for an order.
pub fn wrong_codes(conn: &mut AnyConnection, of: OrderId) -> Result<i64, StoreError> {
    let tries = delivery_code_tries::table.find(Col(of)).select(delivery_code_tries::wrong);
    Ok(tries.get_result(conn).optional()?.unwrap_or(0))
}

/// Counts one more.
pub fn count_wrong_code(conn: &mut AnyConnection, of: OrderId) -> Result<(), StoreError> {
    let first = (delivery_code_tries::order_id.eq(Col(of)), delivery_code_tries::wrong.eq(1));
    on_each!(conn, c => diesel::insert_into(delivery_code_tries::table)
        .values(first)
        .on_conflict(delivery_code_tries::order_id)
        .do_update()
        .set(delivery_code_tries::wrong.eq(delivery_code_tries::wrong + 1))
        .execute(c))?;
    Ok(())
}

/// The records of a stop.
pub fn events(conn: &mut AnyConnection, of: StopId) -> Result<Vec<StopEventRow>, StoreError> {
    Ok(stop_event::table
        .filter(stop_event::stop_id.eq(Col(of)))
        .order((stop_event::happened_at, stop_event::id))
        .select(StopEventRow::as_select())
        .load(conn)?)
}

/// Adds a record; when it is the latest, the stop shows it.
pub fn add_event(conn: &mut AnyConnection, row: &StopEventRow, shows: bool) -> Result<(), StoreError> {
    diesel::insert_into(stop_event::table).values(row).execute(conn)?;
    if shows {
        diesel::update(delivery_stop::table.find(row.stop_id))
            .set((delivery_stop::outcome.eq(Some(row.outcome)), delivery_stop::happened_at.eq(Some(row.happened_at))))
            .execute(conn)?;
    }
    Ok(())
}

/// Whose canteen's log tells of a stop.
pub fn canteen_of_order(conn: &mut AnyConnection, order: OrderId) -> Result<Option<domain::id::CanteenId>, StoreError> {
    let found = meal_order::table.find(Col(order)).select(meal_order::canteen_id).get_result::<Col<domain::id::CanteenId>>(conn);
    Ok(found.optional()?.map(|Col(id)| id))
}
