//! Standing orders and what was generated from them.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::OrderRow;
use crate::schema::{meal_order, sitting, standing_due, standing_order, standing_skip};
use crate::shown;
use diesel::prelude::*;
use domain::id::{CanteenId, ImportId, SeniorId, SittingId, StandingOrderId, UserId};
use domain::order::OrderState;
use domain::standing::{SkipReason, StandingState};
use domain::{Channel, Instant, MealPeriod, ServiceDate};

/// A standing order.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = standing_order, treat_none_as_default_value = false, treat_none_as_null = true)]
#[allow(missing_docs)]
pub struct StandingRow {
    pub id: Col<StandingOrderId>,
    pub version: i64,
    pub senior_id: Col<SeniorId>,
    pub canteen_id: Col<CanteenId>,
    pub meal: Word<MealPeriod>,
    pub weekdays: i64,
    pub channel: Word<Channel>,
    pub starts_on: Col<ServiceDate>,
    pub ends_on: Option<Col<ServiceDate>>,
    pub paused_from: Option<Col<ServiceDate>>,
    pub paused_to: Option<Col<ServiceDate>>,
    pub placed_by: Option<Col<UserId>>,
    pub state: Word<StandingState>,
    pub created_at: Col<Instant>,
}

/// A day without an order, and why.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = standing_skip, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct SkipRow {
    pub standing_order_id: Col<StandingOrderId>,
    pub service_date: Col<ServiceDate>,
    pub reason: Word<SkipReason>,
    pub recorded_at: Col<Instant>,
}

/// A standing order by identifier.
pub fn find(conn: &mut AnyConnection, id: StandingOrderId) -> Result<Option<StandingRow>, StoreError> {
    Ok(standing_order::table
        .find(Col(id))
        .filter(shown!(standing_order))
        .select(StandingRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// Adds a standing order.
pub fn insert(conn: &mut AnyConnection, row: &StandingRow) -> Result<(), StoreError> {
    diesel::insert_into(standing_order::table).values(row).execute(conn)?;
    Ok(())
}

/// Replaces a standing order from the version that was read; `false` when someone was faster.
pub fn update(conn: &mut AnyConnection, row: &StandingRow, from_version: i64) -> Result<bool, StoreError> {
    let changed = diesel::update(standing_order::table.find(row.id).filter(standing_order::version.eq(from_version)))
        .set(row)
        .execute(conn)?;
    Ok(changed == 1)
}

/// A senior's standing orders, newest first.
pub fn of_senior(conn: &mut AnyConnection, senior: SeniorId) -> Result<Vec<StandingRow>, StoreError> {
    Ok(standing_order::table
        .filter(standing_order::senior_id.eq(Col(senior)))
        .filter(shown!(standing_order))
        .order(standing_order::id.desc())
        .limit(100)
        .select(StandingRow::as_select())
        .load(conn)?)
}

/// Active standing orders with an identifier above `after`, in order, at most `limit`: the generation walks them in pages.
pub fn active_after(conn: &mut AnyConnection, after: Option<StandingOrderId>, limit: i64) -> Result<Vec<StandingRow>, StoreError> {
    let mut query = standing_order::table
        .filter(standing_order::state.eq(Word(StandingState::Active)))
        .filter(shown!(standing_order))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(standing_order::id.gt(Col(after)));
    }
    Ok(query.order(standing_order::id).limit(limit).select(StandingRow::as_select()).load(conn)?)
}

/// The active patterns of a canteen and meal, like [`active_after`].
pub fn of_meal(
    conn: &mut AnyConnection,
    (canteen, meal): (CanteenId, MealPeriod),
    after: Option<StandingOrderId>,
    limit: i64,
) -> Result<Vec<StandingRow>, StoreError> {
    let mut query = standing_order::table
        .filter(standing_order::state.eq(Word(StandingState::Active)))
        .filter(standing_order::canteen_id.eq(Col(canteen)))
        .filter(standing_order::meal.eq(Word(meal)))
        .filter(shown!(standing_order))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(standing_order::id.gt(Col(after)));
    }
    Ok(query.order(standing_order::id).limit(limit).select(StandingRow::as_select()).load(conn)?)
}

/// The active patterns that an import brought, like [`active_after`].
pub fn of_import(
    conn: &mut AnyConnection,
    of: ImportId,
    after: Option<StandingOrderId>,
    limit: i64,
) -> Result<Vec<StandingRow>, StoreError> {
    let mut query = standing_order::table
        .filter(standing_order::state.eq(Word(StandingState::Active)))
        .filter(standing_order::import_id.eq(Some(Col(of))))
        .filter(shown!(standing_order))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(standing_order::id.gt(Col(after)));
    }
    Ok(query.order(standing_order::id).limit(limit).select(StandingRow::as_select()).load(conn)?)
}

/// The sittings that an import brought, between two dates, both included; as many as their canteens have days and meals.
pub fn sittings_of_import(
    conn: &mut AnyConnection,
    of: ImportId,
    (from, to): (ServiceDate, ServiceDate),
) -> Result<Vec<SittingId>, StoreError> {
    let found = sitting::table
        .filter(sitting::import_id.eq(Some(Col(of))))
        .filter(sitting::service_date.between(Col(from), Col(to)))
        .filter(shown!(sitting))
        .order(sitting::id)
        .select(sitting::id)
        .load::<Col<SittingId>>(conn)?;
    Ok(found.into_iter().map(|Col(id)| id).collect())
}

domain::text_enum! {
    /// What a note of [`due`] is about.
    enum DueKind {
        /// A pattern.
        Pattern = "pattern",
        /// A sitting.
        Sitting = "sitting",
        /// A senior.
        Senior = "senior",
        /// An import.
        Import = "import",
    }
}

/// Whose days are to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A pattern's.
    Pattern(StandingOrderId),
    /// Those of all patterns of a sitting's meal, on its date.
    Sitting(SittingId),
    /// Those of a senior's patterns.
    Senior(SeniorId),
    /// Those of what an import brought.
    Import(ImportId),
}

impl Due {
    const fn parts(self) -> (DueKind, uuid::Uuid) {
        match self {
            Self::Pattern(id) => (DueKind::Pattern, id.uuid()),
            Self::Sitting(id) => (DueKind::Sitting, id.uuid()),
            Self::Senior(id) => (DueKind::Senior, id.uuid()),
            Self::Import(id) => (DueKind::Import, id.uuid()),
        }
    }
}

/// What triggers have noted, with how often: see the migration `standing_due`.
pub fn due(conn: &mut AnyConnection, limit: i64) -> Result<Vec<(Due, i64)>, StoreError> {
    let rows = standing_due::table
        .order((standing_due::kind, standing_due::subject))
        .limit(limit)
        // The column holds identifiers of four kinds; which one, its neighbour says.
        .select((standing_due::kind, standing_due::subject, standing_due::noted))
        .load::<(Word<DueKind>, Col<StandingOrderId>, i64)>(conn)?;
    let of = |(Word(kind), Col(subject), noted): (Word<DueKind>, Col<StandingOrderId>, i64)| {
        let due = match kind {
            DueKind::Pattern => Due::Pattern(subject),
            DueKind::Sitting => Due::Sitting(SittingId::from_uuid(subject.uuid())),
            DueKind::Senior => Due::Senior(SeniorId::from_uuid(subject.uuid())),
            DueKind::Import => Due::Import(ImportId::from_uuid(subject.uuid())),
        };
        (due, noted)
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Takes a note away, unless it was noted again since it was read.
pub fn followed(conn: &mut AnyConnection, due: Due, noted: i64) -> Result<(), StoreError> {
    let (kind, subject) = due.parts();
    let note =
        standing_due::table.find((Word(kind), Col(StandingOrderId::from_uuid(subject)))).filter(standing_due::noted.eq(noted));
    diesel::delete(note).execute(conn)?;
    Ok(())
}

/// The order generated for a day, whatever became of it.
pub fn generated(conn: &mut AnyConnection, pattern: StandingOrderId, date: ServiceDate) -> Result<Option<OrderRow>, StoreError> {
    Ok(meal_order::table
        .filter(meal_order::standing_order_id.eq(Col(pattern)))
        .filter(meal_order::service_date.eq(Col(date)))
        .select(OrderRow::as_select())
        .first(conn)
        .optional()?)
}

/// Whether a senior has an order for a meal already, wherever it is: one made by hand, or another pattern's.
pub fn eats_otherwise(
    conn: &mut AnyConnection,
    senior: SeniorId,
    (date, meal): (ServiceDate, MealPeriod),
) -> Result<bool, StoreError> {
    let found = meal_order::table
        .filter(meal_order::senior_id.eq(Some(Col(senior))))
        .filter(meal_order::service_date.eq(Col(date)))
        .filter(meal_order::meal.eq(Word(meal)))
        .filter(meal_order::state.ne(Word(OrderState::Cancelled)))
        .select(meal_order::id)
        .first::<Col<domain::id::OrderId>>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Cuts a generated order loose from its pattern, so that the pattern may make another for the day.
pub fn detach(conn: &mut AnyConnection, order: domain::id::OrderId) -> Result<(), StoreError> {
    diesel::update(meal_order::table.find(Col(order)))
        .set(meal_order::standing_order_id.eq(None::<Col<StandingOrderId>>))
        .execute(conn)?;
    Ok(())
}

/// The sitting of a canteen, date and meal.
pub fn sitting_of(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    date: ServiceDate,
    meal: MealPeriod,
) -> Result<Option<SittingId>, StoreError> {
    let found = sitting::table
        .filter(sitting::canteen_id.eq(Col(canteen)))
        .filter(sitting::service_date.eq(Col(date)))
        .filter(sitting::meal.eq(Word(meal)))
        .filter(shown!(sitting))
        .select(sitting::id)
        .get_result::<Col<SittingId>>(conn)
        .optional()?;
    Ok(found.map(|Col(id)| id))
}

/// Records why a day has no order.
pub fn put_skip(conn: &mut AnyConnection, row: &SkipRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(standing_skip::table)
        .values(row)
        .on_conflict((standing_skip::standing_order_id, standing_skip::service_date))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Why a day has no order, as recorded.
pub fn skip(conn: &mut AnyConnection, pattern: StandingOrderId, date: ServiceDate) -> Result<Option<SkipReason>, StoreError> {
    let row =
        standing_skip::table.find((Col(pattern), Col(date))).select(standing_skip::reason).get_result::<Word<SkipReason>>(conn);
    Ok(row.optional()?.map(|Word(reason)| reason))
}

/// The day has an order again, or the pattern no longer names it.
pub fn clear_skip(conn: &mut AnyConnection, pattern: StandingOrderId, date: ServiceDate) -> Result<(), StoreError> {
    diesel::delete(standing_skip::table.find((Col(pattern), Col(date)))).execute(conn)?;
    Ok(())
}

/// Who was left out of a canteen's meal on a day, and why.
pub fn left_out(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    date: ServiceDate,
    meal: MealPeriod,
) -> Result<Vec<(SeniorId, SkipReason)>, StoreError> {
    let rows = standing_skip::table
        .inner_join(standing_order::table.on(standing_order::id.eq(standing_skip::standing_order_id)))
        .filter(shown!(standing_order))
        .filter(standing_order::canteen_id.eq(Col(canteen)))
        .filter(standing_order::meal.eq(Word(meal)))
        .filter(standing_skip::service_date.eq(Col(date)))
        .order(standing_order::id)
        .select((standing_order::senior_id, standing_skip::reason))
        .load::<(Col<SeniorId>, Word<SkipReason>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(senior), Word(reason))| (senior, reason)).collect())
}
