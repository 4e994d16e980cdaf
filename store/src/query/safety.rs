//! Safety records, signed controls, and what their risk lists are made from.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{
    control_record, dish, dish_batch, gate_override, health_certificate, retained_sample, safety_record, user_grant,
};
use diesel::prelude::*;
use domain::food_safety::DeciCelsius;
use domain::food_safety::observation::RecordKind;
use domain::food_safety::risk::ControlKind;
use domain::id::{BatchId, CanteenId, ControlId, SafetyRecordId, SampleId, StoragePlaceId, UserId};
use domain::{Instant, ServiceDate};
use std::collections::BTreeSet;

/// A safety record.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = safety_record, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct RecordRow {
    pub id: Col<SafetyRecordId>,
    pub canteen_id: Col<CanteenId>,
    pub service_date: Col<ServiceDate>,
    pub kind: Word<RecordKind>,
    pub person_id: Option<Col<UserId>>,
    pub place_id: Option<Col<StoragePlaceId>>,
    pub fit: Option<bool>,
    pub temp: Option<Col<DeciCelsius>>,
    pub minutes: Option<i64>,
    pub note: String,
    pub observed_at: Col<Instant>,
    pub recorded_at: Col<Instant>,
    pub recorded_by: Col<UserId>,
    pub corrects_id: Option<Col<SafetyRecordId>>,
    pub reason: String,
    pub keep_until: Col<ServiceDate>,
}

/// A signed control.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = control_record, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct ControlRow {
    pub id: Col<ControlId>,
    pub canteen_id: Col<CanteenId>,
    pub kind: Word<ControlKind>,
    pub first_on: Col<ServiceDate>,
    pub last_on: Col<ServiceDate>,
    pub items: String,
    pub conclusion: String,
    pub signed_at: Col<Instant>,
    pub signed_by: Col<UserId>,
    pub corrects_id: Option<Col<ControlId>>,
    pub reason: String,
    pub keep_until: Col<ServiceDate>,
}

/// Adds a safety record.
pub fn add_record(conn: &mut AnyConnection, row: &RecordRow) -> Result<(), StoreError> {
    diesel::insert_into(safety_record::table).values(row).execute(conn)?;
    Ok(())
}

/// A safety record by identifier.
pub fn record(conn: &mut AnyConnection, id: SafetyRecordId) -> Result<Option<RecordRow>, StoreError> {
    Ok(safety_record::table.find(Col(id)).select(RecordRow::as_select()).get_result(conn).optional()?)
}

/// Whether a safety record was corrected already: each is corrected once, a second correction corrects the first.
pub fn is_corrected(conn: &mut AnyConnection, id: SafetyRecordId) -> Result<bool, StoreError> {
    let found = safety_record::table
        .filter(safety_record::corrects_id.eq(Col(id)))
        .select(safety_record::id)
        .first::<Col<SafetyRecordId>>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// A canteen's safety records of some days, corrected ones and corrections too, in the order in which they were written.
pub fn records(
    conn: &mut AnyConnection,
    of: CanteenId,
    days: (ServiceDate, ServiceDate),
    limit: i64,
) -> Result<Vec<RecordRow>, StoreError> {
    Ok(safety_record::table
        .filter(safety_record::canteen_id.eq(Col(of)))
        .filter(safety_record::service_date.between(Col(days.0), Col(days.1)))
        .order((safety_record::service_date, safety_record::id))
        .limit(limit)
        .select(RecordRow::as_select())
        .load(conn)?)
}

/// Somebody's morning checks of a day, wherever they were checked, corrected ones and corrections too, oldest first.
pub fn morning_checks(conn: &mut AnyConnection, of: UserId, on: ServiceDate) -> Result<Vec<RecordRow>, StoreError> {
    Ok(safety_record::table
        .filter(safety_record::person_id.eq(Col(of)))
        .filter(safety_record::service_date.eq(Col(on)))
        .filter(safety_record::kind.eq(Word(RecordKind::MorningCheck)))
        .order(safety_record::id)
        .select(RecordRow::as_select())
        .load(conn)?)
}

/// Adds a signed control.
pub fn add_control(conn: &mut AnyConnection, row: &ControlRow) -> Result<(), StoreError> {
    diesel::insert_into(control_record::table).values(row).execute(conn)?;
    Ok(())
}

/// A signed control by identifier.
pub fn control(conn: &mut AnyConnection, id: ControlId) -> Result<Option<ControlRow>, StoreError> {
    Ok(control_record::table.find(Col(id)).select(ControlRow::as_select()).get_result(conn).optional()?)
}

/// The records of one period's control, the first and what corrects it, in the order in which they were signed.
pub fn controls_of(
    conn: &mut AnyConnection,
    of: CanteenId,
    kind: ControlKind,
    first_on: ServiceDate,
) -> Result<Vec<ControlRow>, StoreError> {
    Ok(control_record::table
        .filter(control_record::canteen_id.eq(Col(of)))
        .filter(control_record::kind.eq(Word(kind)))
        .filter(control_record::first_on.eq(Col(first_on)))
        .order(control_record::id)
        .select(ControlRow::as_select())
        .load(conn)?)
}

/// A canteen's signed controls, newest first.
pub fn controls(
    conn: &mut AnyConnection,
    of: CanteenId,
    before: Option<ControlId>,
    limit: i64,
) -> Result<Vec<ControlRow>, StoreError> {
    let mut query = control_record::table.filter(control_record::canteen_id.eq(Col(of))).into_boxed();
    if let Some(before) = before {
        query = query.filter(control_record::id.lt(Col(before)));
    }
    Ok(query.order(control_record::id.desc()).limit(limit).select(ControlRow::as_select()).load(conn)?)
}

/// The first days of the periods within some days that have a signed control.
pub fn signed_in(
    conn: &mut AnyConnection,
    of: CanteenId,
    kind: ControlKind,
    days: (ServiceDate, ServiceDate),
) -> Result<BTreeSet<ServiceDate>, StoreError> {
    let rows = control_record::table
        .filter(control_record::canteen_id.eq(Col(of)))
        .filter(control_record::kind.eq(Word(kind)))
        .filter(control_record::first_on.between(Col(days.0), Col(days.1)))
        .select(control_record::first_on)
        .distinct()
        .load::<Col<ServiceDate>>(conn)?;
    Ok(rows.into_iter().map(|Col(day)| day).collect())
}

/// Batches of some days that were cooked, with their dishes' names.
pub fn cooked_in(
    conn: &mut AnyConnection,
    of: CanteenId,
    days: (ServiceDate, ServiceDate),
    limit: i64,
) -> Result<Vec<(super::batches::BatchRow, String)>, StoreError> {
    Ok(dish_batch::table
        .inner_join(dish::table.on(dish::id.eq(dish_batch::dish_id)))
        .filter(dish_batch::canteen_id.eq(Col(of)))
        .filter(dish_batch::service_date.between(Col(days.0), Col(days.1)))
        .filter(dish_batch::cooked_at.is_not_null())
        .order(dish_batch::id)
        .limit(limit)
        .select((super::batches::BatchRow::as_select(), dish::name))
        .load(conn)?)
}

/// Which of a canteen's batches of some days were released against the gate.
pub fn overridden_in(
    conn: &mut AnyConnection,
    of: CanteenId,
    days: (ServiceDate, ServiceDate),
) -> Result<BTreeSet<BatchId>, StoreError> {
    let rows = gate_override::table
        .inner_join(dish_batch::table.on(dish_batch::id.eq(gate_override::batch_id)))
        .filter(gate_override::canteen_id.eq(Col(of)))
        .filter(dish_batch::service_date.between(Col(days.0), Col(days.1)))
        .select(gate_override::batch_id)
        .load::<Col<BatchId>>(conn)?;
    Ok(rows.into_iter().map(|Col(batch)| batch).collect())
}

/// Samples that were kept long enough and are still there, with the dish, oldest first.
pub fn samples_due(
    conn: &mut AnyConnection,
    of: CanteenId,
    now: Instant,
    limit: i64,
) -> Result<Vec<(super::batches::SampleRow, String)>, StoreError> {
    Ok(retained_sample::table
        .inner_join(dish_batch::table.on(dish_batch::id.eq(retained_sample::batch_id)))
        .inner_join(dish::table.on(dish::id.eq(dish_batch::dish_id)))
        .filter(retained_sample::disposed_at.is_null())
        .filter(retained_sample::keep_until.le(Col(now)))
        .filter(dish_batch::canteen_id.eq(Col(of)))
        .order(retained_sample::id)
        .limit(limit)
        .select((super::batches::SampleRow::as_select(), dish::name))
        .load(conn)?)
}

/// A sample and its batch.
pub fn sample(
    conn: &mut AnyConnection,
    id: SampleId,
) -> Result<Option<(super::batches::SampleRow, super::batches::BatchRow)>, StoreError> {
    Ok(retained_sample::table
        .find(Col(id))
        .inner_join(dish_batch::table.on(dish_batch::id.eq(retained_sample::batch_id)))
        .select((super::batches::SampleRow::as_select(), super::batches::BatchRow::as_select()))
        .get_result(conn)
        .optional()?)
}

/// Notes that a sample was thrown away; `false` when it was already. A CHECK keeps it until its time has come.
pub fn dispose_of_sample(conn: &mut AnyConnection, id: SampleId, at: Instant, by: UserId) -> Result<bool, StoreError> {
    let changed = diesel::update(retained_sample::table.find(Col(id)).filter(retained_sample::disposed_at.is_null()))
        .set((retained_sample::disposed_at.eq(Some(Col(at))), retained_sample::disposed_by.eq(Some(Col(by)))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Who has a role at a canteen now and whose health certificate it keeps.
pub fn certified(conn: &mut AnyConnection, of: CanteenId, limit: i64) -> Result<BTreeSet<UserId>, StoreError> {
    let rows = health_certificate::table
        .inner_join(user_grant::table.on(user_grant::user_id.eq(health_certificate::user_id)))
        .filter(health_certificate::canteen_id.eq(Col(of)))
        .filter(user_grant::canteen_id.eq(Col(of)))
        .filter(user_grant::revoked_at.is_null())
        .select(health_certificate::user_id)
        .distinct()
        .limit(limit)
        .load::<Col<UserId>>(conn)?;
    Ok(rows.into_iter().map(|Col(user)| user).collect())
}
