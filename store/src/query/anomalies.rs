//! What does not fit: cases with their evidence, the limits of places, and what was looked at.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::place_filter::bounds;
use crate::schema::{
    anomaly_canteen, anomaly_case, anomaly_day, anomaly_evidence, anomaly_late, anomaly_mark, anomaly_setting, canteen, meal_order,
    redemption, settlement_line,
};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::access::Scope;
use domain::anomaly::{AnomalyFinding, AnomalyMeasure, AnomalyRule, AnomalyState, Known};
use domain::food_safety::SettingKey;
use domain::id::{
    AnomalyCaseId, AnomalySettingId, CanteenId, DeviceId, DishId, OrderId, RedemptionId, SeniorId, SettlementId, UserId,
};
use domain::order::RedemptionMethod;
use domain::{Instant, MealPeriod, PlaceCode, ServiceDate};

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = anomaly_case, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct AnomalyRow {
    pub id: Col<AnomalyCaseId>,
    pub version: i64,
    pub rule: Word<AnomalyRule>,
    pub measure: Word<AnomalyMeasure>,
    pub subject: String,
    pub round: i64,
    pub canteen_id: Col<CanteenId>,
    pub place_code: Col<PlaceCode>,
    pub service_date: Col<ServiceDate>,
    pub senior_id: Option<Col<SeniorId>>,
    pub device_id: Option<Col<DeviceId>>,
    pub user_id: Option<Col<UserId>>,
    pub dish_id: Option<Col<DishId>>,
    pub observed: i64,
    pub bound: i64,
    pub window_from: Col<Instant>,
    pub window_to: Col<Instant>,
    pub evidence_total: i64,
    pub peers: String,
    pub state: Word<AnomalyState>,
    pub opened_at: Col<Instant>,
    pub changed_at: Col<Instant>,
    pub taken_by: Option<Col<UserId>>,
    pub taken_at: Option<Col<Instant>>,
    pub finding: Option<Word<AnomalyFinding>>,
    pub note: String,
    pub closed_by: Option<Col<UserId>>,
    pub closed_at: Option<Col<Instant>>,
}

/// An order that a case was found by.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = anomaly_evidence, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct EvidenceRow {
    pub case_id: Col<AnomalyCaseId>,
    pub order_id: Col<OrderId>,
    pub redemption_id: Option<Col<RedemptionId>>,
    pub canteen_id: Col<CanteenId>,
    pub served_at: Col<Instant>,
    pub added_at: Col<Instant>,
}

/// A canteen that a case concerns.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = anomaly_canteen, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct ConcernedRow {
    pub case_id: Col<AnomalyCaseId>,
    pub canteen_id: Col<CanteenId>,
    pub place_code: Col<PlaceCode>,
}

/// What a place has set.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = anomaly_setting, treat_none_as_null = true, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SettingRow {
    pub id: Col<AnomalySettingId>,
    pub place_code: Col<PlaceCode>,
    pub key: Word<SettingKey>,
    pub from_on: Col<ServiceDate>,
    pub value: Option<i64>,
    pub reason: String,
    pub set_by: Col<UserId>,
    pub set_at: Col<Instant>,
}

/// Cases of one thing that are looked at: each further one took new evidence after the one before was closed.
const ROUNDS_MAX: i64 = 1000;
/// Evidence of all of them.
const KNOWN_MAX: i64 = 100_000;

/// The last case of a rule, measure and subject, and what all of them have seen.
pub fn known(
    conn: &mut AnyConnection,
    (rule, measure, subject): (AnomalyRule, AnomalyMeasure, &str),
) -> Result<Option<(AnomalyRow, Known)>, StoreError> {
    let mut cases = anomaly_case::table
        .filter(anomaly_case::rule.eq(Word(rule)))
        .filter(anomaly_case::measure.eq(Word(measure)))
        .filter(anomaly_case::subject.eq(subject))
        .order(anomaly_case::round.desc())
        .limit(ROUNDS_MAX)
        .select(AnomalyRow::as_select())
        .load(conn)?;
    if cases.is_empty() {
        return Ok(None);
    }
    let ids: Vec<Col<AnomalyCaseId>> = cases.iter().map(|case| case.id).collect();
    let orders = anomaly_evidence::table
        .filter(anomaly_evidence::case_id.eq_any(ids))
        .limit(KNOWN_MAX)
        .select(anomaly_evidence::order_id)
        .load::<Col<OrderId>>(conn)?;
    let known = Known {
        open: cases.iter().any(|case| case.state.0 == AnomalyState::Open),
        orders: orders.into_iter().map(|Col(order)| order).collect(),
        total: cases.iter().map(|case| case.evidence_total).max().unwrap_or_default(),
    };
    Ok(Some((cases.swap_remove(0), known)))
}

/// Adds a case.
pub fn insert(conn: &mut AnyConnection, row: &AnomalyRow) -> Result<(), StoreError> {
    diesel::insert_into(anomaly_case::table).values(row).execute(conn)?;
    Ok(())
}

/// Adds evidence that the case has not got.
pub fn add_evidence(conn: &mut AnyConnection, rows: &[EvidenceRow]) -> Result<(), StoreError> {
    for row in rows {
        diesel::insert_into(anomaly_evidence::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Adds canteens that a case concerns; one that it has stays.
pub fn add_concerned(conn: &mut AnyConnection, rows: &[ConcernedRow]) -> Result<(), StoreError> {
    for row in rows {
        on_each!(&mut *conn, c => diesel::insert_into(anomaly_canteen::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Writes what a case says now, if it is open and still has the version before; `false` when not.
pub fn update(conn: &mut AnyConnection, row: &AnomalyRow) -> Result<bool, StoreError> {
    let as_read = anomaly_case::table
        .find(row.id)
        .filter(anomaly_case::version.eq(row.version - 1))
        .filter(anomaly_case::state.eq(Word(AnomalyState::Open)));
    let changed = diesel::update(as_read)
        .set((
            (
                anomaly_case::version.eq(row.version),
                anomaly_case::service_date.eq(row.service_date),
                anomaly_case::observed.eq(row.observed),
                anomaly_case::bound.eq(row.bound),
                anomaly_case::window_from.eq(row.window_from),
                anomaly_case::window_to.eq(row.window_to),
                anomaly_case::evidence_total.eq(row.evidence_total),
                anomaly_case::changed_at.eq(row.changed_at),
            ),
            (
                anomaly_case::state.eq(row.state),
                anomaly_case::taken_by.eq(row.taken_by),
                anomaly_case::taken_at.eq(row.taken_at),
                anomaly_case::finding.eq(row.finding),
                anomaly_case::note.eq(&row.note),
                anomaly_case::closed_by.eq(row.closed_by),
                anomaly_case::closed_at.eq(row.closed_at),
            ),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// A case by identifier.
pub fn find(conn: &mut AnyConnection, id: AnomalyCaseId) -> Result<Option<AnomalyRow>, StoreError> {
    Ok(anomaly_case::table.find(Col(id)).select(AnomalyRow::as_select()).get_result(conn).optional()?)
}

/// The canteens that a case concerns.
pub fn concerned(conn: &mut AnyConnection, of: AnomalyCaseId) -> Result<Vec<ConcernedRow>, StoreError> {
    Ok(anomaly_canteen::table
        .filter(anomaly_canteen::case_id.eq(Col(of)))
        .order(anomaly_canteen::canteen_id)
        .select(ConcernedRow::as_select())
        .load(conn)?)
}

/// How many orders are kept with a case.
pub fn evidence_count(conn: &mut AnyConnection, of: AnomalyCaseId) -> Result<i64, StoreError> {
    Ok(anomaly_evidence::table.filter(anomaly_evidence::case_id.eq(Col(of))).count().get_result(conn)?)
}

/// Whether somebody recorded a meal of a case.
pub fn recorded_one(conn: &mut AnyConnection, of: AnomalyCaseId, by: UserId) -> Result<bool, StoreError> {
    let own = anomaly_evidence::table
        .inner_join(redemption::table.on(redemption::id.nullable().eq(anomaly_evidence::redemption_id)))
        .filter(anomaly_evidence::case_id.eq(Col(of)))
        .filter(redemption::recorded_by.eq(Some(Col(by))))
        .count()
        .get_result::<i64>(conn)?;
    Ok(own > 0)
}

/// A meal of a case, as people look at it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs)]
pub struct EvidenceSeen {
    pub order_id: Col<OrderId>,
    pub redemption_id: Option<Col<RedemptionId>>,
    pub canteen_id: Col<CanteenId>,
    pub order_no: i64,
    pub service_date: Col<ServiceDate>,
    pub meal: Word<MealPeriod>,
    pub senior_name: String,
    pub served_at: Col<Instant>,
    pub method: Option<Word<RedemptionMethod>>,
    pub device_id: Option<Col<DeviceId>>,
    pub recorded_by: Option<Col<UserId>>,
    pub recorded_at: Option<Col<Instant>>,
}

/// The evidence of a case, by the time at which the meals were served; at most `limit`.
pub fn evidence(conn: &mut AnyConnection, of: AnomalyCaseId, limit: i64) -> Result<Vec<EvidenceSeen>, StoreError> {
    Ok(anomaly_evidence::table
        .inner_join(meal_order::table.on(meal_order::id.eq(anomaly_evidence::order_id)))
        .left_join(redemption::table.on(redemption::id.nullable().eq(anomaly_evidence::redemption_id)))
        .filter(anomaly_evidence::case_id.eq(Col(of)))
        .order((anomaly_evidence::served_at, anomaly_evidence::order_id))
        .limit(limit)
        .select((
            anomaly_evidence::order_id,
            anomaly_evidence::redemption_id,
            anomaly_evidence::canteen_id,
            meal_order::order_no,
            meal_order::service_date,
            meal_order::meal,
            meal_order::senior_name,
            anomaly_evidence::served_at,
            redemption::method.nullable(),
            redemption::device_id.nullable(),
            redemption::recorded_by.nullable(),
            redemption::recorded_at.nullable(),
        ))
        .load(conn)?)
}

/// Which cases a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnomalyFilter {
    /// Only those that concern a canteen here or below.
    pub place: Option<PlaceCode>,
    /// Only of this rule.
    pub rule: Option<AnomalyRule>,
    /// Only in this state.
    pub state: Option<AnomalyState>,
    /// Only from this service date on.
    pub from: Option<ServiceDate>,
    /// Only until this service date.
    pub to: Option<ServiceDate>,
    /// Only those with a meal that this settlement pays for.
    pub settlement: Option<SettlementId>,
    /// Only those older than this one: where the last page ended.
    pub before: Option<AnomalyCaseId>,
    /// How many at most.
    pub limit: i64,
}

/// The cases that concern a canteen in some places or below.
macro_rules! concerning {
    ($places:expr) => {{
        let nothing = false.into_sql::<Bool>();
        let mut cases = anomaly_canteen::table.select(anomaly_canteen::case_id).filter(nothing).into_boxed();
        for place in $places {
            let (from, to) = bounds(place);
            cases = cases.or_filter(anomaly_canteen::place_code.ge(from).and(anomaly_canteen::place_code.lt(to)));
        }
        cases
    }};
}

/// Cases that concern a canteen in scope, newest first, with the names of their own canteens.
pub fn list(conn: &mut AnyConnection, scope: &Scope, filter: &AnomalyFilter) -> Result<Vec<(AnomalyRow, String)>, StoreError> {
    Ok(on_each!(conn, c => {
        let mut query = anomaly_case::table
            .inner_join(canteen::table.on(canteen::id.eq(anomaly_case::canteen_id)))
            .select((AnomalyRow::as_select(), canteen::name))
            .into_boxed();
        query = query.filter(anomaly_case::id.eq_any(concerning!(scope.places())));
        if let Some(place) = &filter.place {
            query = query.filter(anomaly_case::id.eq_any(concerning!([place])));
        }
        if let Some(settlement) = filter.settlement {
            let paid = settlement_line::table
                .inner_join(redemption::table.on(redemption::id.eq(settlement_line::redemption_id)))
                .inner_join(anomaly_evidence::table.on(anomaly_evidence::order_id.eq(redemption::order_id)))
                .filter(settlement_line::settlement_id.eq(Col(settlement)))
                .select(anomaly_evidence::case_id);
            query = query.filter(anomaly_case::id.eq_any(paid));
        }
        if let Some(rule) = filter.rule {
            query = query.filter(anomaly_case::rule.eq(Word(rule)));
        }
        if let Some(state) = filter.state {
            query = query.filter(anomaly_case::state.eq(Word(state)));
        }
        if let Some(from) = filter.from {
            query = query.filter(anomaly_case::service_date.ge(Col(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(anomaly_case::service_date.le(Col(to)));
        }
        if let Some(before) = filter.before {
            query = query.filter(anomaly_case::id.lt(Col(before)));
        }
        query.order(anomaly_case::id.desc()).limit(filter.limit).load(c)
    })?)
}

/// What a place and those around it have set, at most `limit` entries.
pub fn settings_of(conn: &mut AnyConnection, places: &[PlaceCode], limit: i64) -> Result<Vec<SettingRow>, StoreError> {
    let places: Vec<Col<PlaceCode>> = places.iter().cloned().map(Col).collect();
    Ok(anomaly_setting::table
        .filter(anomaly_setting::place_code.eq_any(places))
        .order((anomaly_setting::from_on.desc(), anomaly_setting::place_code, anomaly_setting::key))
        .limit(limit)
        .select(SettingRow::as_select())
        .load(conn)?)
}

/// Sets what a place has from a day on, in place of what was set for that same day.
pub fn set(conn: &mut AnyConnection, row: &SettingRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(anomaly_setting::table)
        .values(row)
        .on_conflict((anomaly_setting::place_code, anomaly_setting::key, anomaly_setting::from_on))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Service dates that were looked at as a whole, from one on; and the first of all.
pub fn swept(conn: &mut AnyConnection, from: ServiceDate) -> Result<(Option<ServiceDate>, Vec<ServiceDate>), StoreError> {
    let first =
        anomaly_day::table.select(diesel::dsl::min(anomaly_day::service_date)).get_result::<Option<Col<ServiceDate>>>(conn)?;
    let days = anomaly_day::table
        .filter(anomaly_day::service_date.ge(Col(from)))
        .order(anomaly_day::service_date)
        .select(anomaly_day::service_date)
        .load::<Col<ServiceDate>>(conn)?;
    Ok((first.map(|Col(day)| day), days.into_iter().map(|Col(day)| day).collect()))
}

/// Notes that a service date was looked at as a whole.
pub fn set_swept(conn: &mut AnyConnection, day: ServiceDate, at: Instant) -> Result<(), StoreError> {
    let row = (anomaly_day::service_date.eq(Col(day)), anomaly_day::swept_at.eq(Col(at)));
    on_each!(conn, c => diesel::insert_into(anomaly_day::table)
        .values(row)
        .on_conflict(anomaly_day::service_date)
        .do_update()
        .set(anomaly_day::swept_at.eq(Col(at)))
        .execute(c))?;
    Ok(())
}

/// Notes that evidence of a canteen's day came after the day was over.
pub fn note_late(conn: &mut AnyConnection, day: ServiceDate, canteen: CanteenId) -> Result<(), StoreError> {
    let row = (anomaly_late::service_date.eq(Col(day)), anomaly_late::canteen_id.eq(Col(canteen)), anomaly_late::noted.eq(1_i64));
    on_each!(conn, c => diesel::insert_into(anomaly_late::table)
        .values(row)
        .on_conflict((anomaly_late::service_date, anomaly_late::canteen_id))
        .do_update()
        .set(anomaly_late::noted.eq(anomaly_late::noted + 1))
        .execute(c))?;
    Ok(())
}

/// A canteen's day of which evidence came late, and how often that was noted.
pub type Late = (ServiceDate, CanteenId, i64);

/// Canteens' days of which evidence came late, up to a date; at most `limit`.
pub fn late(conn: &mut AnyConnection, until: ServiceDate, limit: i64) -> Result<Vec<Late>, StoreError> {
    let rows = anomaly_late::table
        .filter(anomaly_late::service_date.le(Col(until)))
        .order((anomaly_late::service_date, anomaly_late::canteen_id))
        .limit(limit)
        .select((anomaly_late::service_date, anomaly_late::canteen_id, anomaly_late::noted))
        .load::<(Col<ServiceDate>, Col<CanteenId>, i64)>(conn)?;
    Ok(rows.into_iter().map(|(Col(day), Col(canteen), noted)| (day, canteen, noted)).collect())
}

/// Forgets that evidence came late, unless more came since.
pub fn forget_late(conn: &mut AnyConnection, (day, canteen, noted): Late) -> Result<(), StoreError> {
    diesel::delete(anomaly_late::table.find((Col(day), Col(canteen))).filter(anomaly_late::noted.eq(noted))).execute(conn)?;
    Ok(())
}

/// The mark of what was followed until when.
const FACTS: &str = "facts";

/// Until when facts were followed.
pub fn facts_followed(conn: &mut AnyConnection) -> Result<Option<Instant>, StoreError> {
    let at = anomaly_mark::table.find(FACTS).select(anomaly_mark::at).get_result::<Col<Instant>>(conn).optional()?;
    Ok(at.map(|Col(at)| at))
}

/// Notes until when facts were followed; never back.
pub fn set_facts_followed(conn: &mut AnyConnection, at: Instant) -> Result<(), StoreError> {
    let row = (anomaly_mark::name.eq(FACTS), anomaly_mark::at.eq(Col(at)));
    on_each!(&mut *conn, c => diesel::insert_into(anomaly_mark::table).values(row).on_conflict_do_nothing().execute(c))?;
    diesel::update(anomaly_mark::table.find(FACTS).filter(anomaly_mark::at.lt(Col(at))))
        .set(anomaly_mark::at.eq(Col(at)))
        .execute(conn)?;
    Ok(())
}
