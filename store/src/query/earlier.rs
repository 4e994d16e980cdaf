//! What the records said before: kept when they change, and read to decide as it was decided then.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::OrderRow;
use crate::query::seniors::{FactRow, SeniorRow};
use crate::schema::{
    canteen, decision, decision_earlier, import_job, meal_order, senior, senior_earlier, senior_fact, senior_fact_earlier, sitting,
    transfer,
};
use crate::shown;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use domain::id::{CanteenId, FactId, OrderId, SeniorId};
use domain::ledger::Phase;
use domain::order::OrderState;
use domain::{Channel, Fen, Instant, MealPeriod, PlaceCode, ServiceDate};

/// Keeps birth date and homes of a senior whose row is about to be replaced by `new`, if that changes them.
///
/// Of two changes at one moment the first is kept: what stood between them was never seen.
pub fn keep_senior(conn: &mut AnyConnection, new: &SeniorRow, now: Instant) -> Result<(), StoreError> {
    // Hidden too: whoever changes a senior has found them.
    let differs = senior::birth_on
        .ne(new.birth_on)
        .or(senior::registered_place.ne(new.registered_place.clone()))
        .or(senior::resident_place.ne(new.resident_place.clone()));
    let old = senior::table.filter(senior::id.eq(new.id)).filter(differs).select((
        senior::id,
        Col(now).into_sql::<BigInt>(),
        senior::birth_on,
        senior::registered_place,
        senior::resident_place,
    ));
    let columns = (
        senior_earlier::senior_id,
        senior_earlier::recorded_until,
        senior_earlier::birth_on,
        senior_earlier::registered_place,
        senior_earlier::resident_place,
    );
    on_each!(conn, c => diesel::insert_into(senior_earlier::table)
        .values(old)
        .into_columns(columns)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Keeps the last day of a fact that is about to get another one.
pub fn keep_fact(conn: &mut AnyConnection, id: FactId, now: Instant) -> Result<(), StoreError> {
    // Hidden too: whoever changes a fact has found it.
    let old = senior_fact::table.filter(senior_fact::id.eq(Col(id))).select((
        senior_fact::senior_id,
        senior_fact::id,
        Col(now).into_sql::<BigInt>(),
        senior_fact::valid_to,
        senior_fact::recorded_at,
    ));
    let columns = (
        senior_fact_earlier::senior_id,
        senior_fact_earlier::fact_id,
        senior_fact_earlier::recorded_until,
        senior_fact_earlier::valid_to,
        senior_fact_earlier::recorded_at,
    );
    on_each!(conn, c => diesel::insert_into(senior_fact_earlier::table)
        .values(old)
        .into_columns(columns)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Keeps the decision of an order that is about to be changed.
pub fn keep_decision(conn: &mut AnyConnection, order: &OrderRow, now: Instant) -> Result<(), StoreError> {
    let old = decision::table.filter(decision::order_id.eq(order.id)).select((
        decision::order_id,
        Col(now).into_sql::<BigInt>(),
        order.channel.into_sql::<Text>(),
        decision::trace,
        decision::decided_at,
    ));
    let columns = (
        decision_earlier::order_id,
        decision_earlier::replaced_at,
        decision_earlier::channel,
        decision_earlier::trace,
        decision_earlier::decided_at,
    );
    on_each!(conn, c => diesel::insert_into(decision_earlier::table)
        .values(old)
        .into_columns(columns)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// A run of seniors: from one identifier to another, both included.
pub type Run = (SeniorId, SeniorId);

/// Birth date and homes, as they stand or as they stood until a moment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct HomeRow {
    pub senior_id: Col<SeniorId>,
    pub birth_on: Col<ServiceDate>,
    pub registered_place: Col<PlaceCode>,
    pub resident_place: Col<PlaceCode>,
    /// `None` for the row that stands.
    pub until: Option<Col<Instant>>,
}

/// How many seniors there are.
pub fn senior_count(conn: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(senior::table.filter(shown!(senior)).count().get_result(conn)?)
}

/// The next seniors after one, by identifier.
pub fn next_seniors(conn: &mut AnyConnection, after: Option<SeniorId>, limit: i64) -> Result<Vec<SeniorId>, StoreError> {
    let mut query = senior::table.filter(shown!(senior)).order(senior::id).limit(limit).select(senior::id).into_boxed();
    if let Some(after) = after {
        query = query.filter(senior::id.gt(Col(after)));
    }
    Ok(query.load::<Col<SeniorId>>(conn)?.into_iter().map(|Col(id)| id).collect())
}

/// All that was ever recorded of the birth date and homes of seniors.
pub fn homes(conn: &mut AnyConnection, (first, last): Run) -> Result<Vec<HomeRow>, StoreError> {
    let mut rows: Vec<HomeRow> = senior_earlier::table
        .filter(senior_earlier::senior_id.between(Col(first), Col(last)))
        .order((senior_earlier::senior_id, senior_earlier::recorded_until))
        .select((
            senior_earlier::senior_id,
            senior_earlier::birth_on,
            senior_earlier::registered_place,
            senior_earlier::resident_place,
            senior_earlier::recorded_until.nullable(),
        ))
        .load(conn)?;
    let now = senior::table
        .filter(senior::id.between(Col(first), Col(last)))
        .filter(shown!(senior))
        .select((
            senior::id,
            senior::birth_on,
            senior::registered_place,
            senior::resident_place,
            None::<Col<Instant>>.into_sql::<Nullable<BigInt>>(),
        ))
        .load(conn)?;
    rows.extend(now);
    Ok(rows)
}

/// A fact, and when the import that brought it was shown.
pub type ShownFact = (FactRow, Option<Col<Instant>>);

/// The facts of seniors, each with the moment from which it was seen: when it was recorded, or when its import was shown.
pub fn facts(conn: &mut AnyConnection, (first, last): Run) -> Result<Vec<ShownFact>, StoreError> {
    Ok(senior_fact::table
        .left_join(import_job::table.on(senior_fact::import_id.eq(import_job::id.nullable())))
        .filter(senior_fact::senior_id.between(Col(first), Col(last)))
        .filter(shown!(senior_fact))
        .order((senior_fact::senior_id, senior_fact::id))
        .select((FactRow::as_select(), import_job::changed_at.nullable()))
        .load(conn)?)
}

/// What a fact said until a moment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = senior_fact_earlier)]
#[allow(missing_docs)]
pub struct FactEarlierRow {
    pub senior_id: Col<SeniorId>,
    pub fact_id: Col<FactId>,
    pub recorded_until: Col<Instant>,
    pub valid_to: Option<Col<ServiceDate>>,
    pub recorded_at: Col<Instant>,
}

/// What the facts of seniors said before, of each the earliest first.
pub fn facts_earlier(conn: &mut AnyConnection, (first, last): Run) -> Result<Vec<FactEarlierRow>, StoreError> {
    Ok(senior_fact_earlier::table
        .filter(senior_fact_earlier::senior_id.between(Col(first), Col(last)))
        .order((senior_fact_earlier::senior_id, senior_fact_earlier::fact_id, senior_fact_earlier::recorded_until))
        .select(FactEarlierRow::as_select())
        .load(conn)?)
}

/// An order with the decision that stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct DecidedRow {
    pub order_id: Col<OrderId>,
    pub senior_id: Col<SeniorId>,
    pub canteen_id: Col<CanteenId>,
    pub canteen_place: Col<PlaceCode>,
    pub service_date: Col<ServiceDate>,
    pub serve_to_at: Col<Instant>,
    pub meal: Word<MealPeriod>,
    pub channel: Word<Channel>,
    pub state: Word<OrderState>,
    pub price_fen: Col<Fen>,
    pub delivery_fee_fen: Col<Fen>,
    pub changed_at: Col<Instant>,
    pub trace: String,
    pub decided_at: Col<Instant>,
}

/// The decided orders of seniors for the dates of a span, both included.
pub fn decided(
    conn: &mut AnyConnection,
    (first, last): Run,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<DecidedRow>, StoreError> {
    Ok(meal_order::table
        .inner_join(decision::table.on(decision::order_id.eq(meal_order::id)))
        .inner_join(canteen::table.on(canteen::id.eq(meal_order::canteen_id)))
        .inner_join(sitting::table.on(sitting::id.eq(meal_order::sitting_id)))
        // Hidden too: nobody orders of a menu that is not seen yet.
        .filter(meal_order::senior_id.assume_not_null().between(Col(first), Col(last)))
        .filter(meal_order::service_date.between(Col(from), Col(to)))
        .select((
            meal_order::id,
            meal_order::senior_id.assume_not_null(),
            meal_order::canteen_id,
            canteen::place_code,
            meal_order::service_date,
            sitting::serve_to_at,
            meal_order::meal,
            meal_order::channel,
            meal_order::state,
            meal_order::price_fen,
            meal_order::delivery_fee_fen,
            meal_order::changed_at,
            decision::trace,
            decision::decided_at,
        ))
        .load(conn)?)
}

/// A decision that a change of its order replaced.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = decision_earlier)]
#[allow(missing_docs)]
pub struct DecisionEarlierRow {
    pub order_id: Col<OrderId>,
    pub replaced_at: Col<Instant>,
    pub channel: Word<Channel>,
    pub trace: String,
    pub decided_at: Col<Instant>,
}

/// The replaced decisions of the orders of seniors for the dates of a span.
pub fn decisions_earlier(
    conn: &mut AnyConnection,
    (first, last): Run,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<DecisionEarlierRow>, StoreError> {
    Ok(decision_earlier::table
        .inner_join(meal_order::table.on(meal_order::id.eq(decision_earlier::order_id)))
        .filter(meal_order::senior_id.assume_not_null().between(Col(first), Col(last)))
        .filter(meal_order::service_date.between(Col(from), Col(to)))
        .order((decision_earlier::order_id, decision_earlier::replaced_at))
        .select(DecisionEarlierRow::as_select())
        .load(conn)?)
}

/// When what an order held was given back last.
pub fn given_back_at(conn: &mut AnyConnection, of: OrderId) -> Result<Option<Instant>, StoreError> {
    let last = transfer::table
        .filter(transfer::order_id.eq(Col(of)))
        .filter(transfer::phase.eq(Word(Phase::Void)))
        .order(transfer::recorded_at.desc())
        .select(transfer::recorded_at)
        .first::<Col<Instant>>(conn)
        .optional()?;
    Ok(last.map(|Col(at)| at))
}
