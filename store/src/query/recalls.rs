//! Recalls and the attempts to reach people.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{canteen, meal_order, menu_item, order_line_batch, recall, recall_contact, sitting};
use crate::shown;
use diesel::prelude::*;
use domain::id::{BatchId, CanteenId, DishId, LotId, RecallContactId, RecallId, SeniorId, SittingId, UserId};
use domain::recall::{ContactOutcome, RecallOutcome};
use domain::{Instant, ServiceDate};
use std::collections::BTreeSet;

/// A recall.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = recall, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct RecallRow {
    pub id: Col<RecallId>,
    pub canteen_id: Col<CanteenId>,
    pub lot_id: Col<LotId>,
    pub reason: String,
    pub opened_at: Col<Instant>,
    pub opened_by: Col<UserId>,
    pub outcome: Option<Word<RecallOutcome>>,
    pub conclusion: String,
    pub closed_at: Option<Col<Instant>>,
    pub closed_by: Option<Col<UserId>>,
    pub keep_until: Col<ServiceDate>,
}

/// An attempt to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = recall_contact, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct ContactRow {
    pub id: Col<RecallContactId>,
    pub recall_id: Col<RecallId>,
    pub senior_id: Col<SeniorId>,
    pub outcome: Word<ContactOutcome>,
    pub note: String,
    pub at: Col<Instant>,
    pub by_user: Col<UserId>,
}

/// A recall by identifier.
pub fn find(conn: &mut AnyConnection, id: RecallId) -> Result<Option<RecallRow>, StoreError> {
    Ok(recall::table.find(Col(id)).select(RecallRow::as_select()).get_result(conn).optional()?)
}

/// The open recall of a lot.
pub fn open_of(conn: &mut AnyConnection, lot: LotId) -> Result<Option<RecallRow>, StoreError> {
    Ok(recall::table
        .filter(recall::lot_id.eq(Col(lot)))
        .filter(recall::closed_at.is_null())
        .select(RecallRow::as_select())
        .first(conn)
        .optional()?)
}

/// A canteen's recalls, newest first.
pub fn recalls(
    conn: &mut AnyConnection,
    of: CanteenId,
    before: Option<RecallId>,
    limit: i64,
) -> Result<Vec<RecallRow>, StoreError> {
    let mut query = recall::table.filter(recall::canteen_id.eq(Col(of))).into_boxed();
    if let Some(before) = before {
        query = query.filter(recall::id.lt(Col(before)));
    }
    Ok(query.order(recall::id.desc()).limit(limit).select(RecallRow::as_select()).load(conn)?)
}

/// Adds a recall.
pub fn add(conn: &mut AnyConnection, row: &RecallRow) -> Result<(), StoreError> {
    diesel::insert_into(recall::table).values(row).execute(conn)?;
    Ok(())
}

/// Closes a recall; `false` when it was closed already.
pub fn close(
    conn: &mut AnyConnection,
    id: RecallId,
    (outcome, conclusion): (RecallOutcome, &str),
    at: Instant,
    by: UserId,
) -> Result<bool, StoreError> {
    let changed = diesel::update(recall::table.find(Col(id)).filter(recall::closed_at.is_null()))
        .set((
            recall::outcome.eq(Some(Word(outcome))),
            recall::conclusion.eq(conclusion),
            recall::closed_at.eq(Some(Col(at))),
            recall::closed_by.eq(Some(Col(by))),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Adds an attempt to reach somebody.
pub fn add_contact(conn: &mut AnyConnection, row: &ContactRow) -> Result<(), StoreError> {
    diesel::insert_into(recall_contact::table).values(row).execute(conn)?;
    Ok(())
}

/// Attempts of a recall, by person, oldest first.
pub fn contacts(conn: &mut AnyConnection, of: RecallId, limit: i64) -> Result<Vec<ContactRow>, StoreError> {
    Ok(recall_contact::table
        .filter(recall_contact::recall_id.eq(Col(of)))
        .order((recall_contact::senior_id, recall_contact::id))
        .limit(limit)
        .select(ContactRow::as_select())
        .load(conn)?)
}

/// Known people whom some batches may have reached.
pub fn people(conn: &mut AnyConnection, of: &[BatchId], limit: i64) -> Result<BTreeSet<SeniorId>, StoreError> {
    let of: Vec<Col<BatchId>> = of.iter().copied().map(Col).collect();
    let rows = order_line_batch::table
        .inner_join(meal_order::table.on(meal_order::id.eq(order_line_batch::order_id)))
        .filter(order_line_batch::batch_id.eq_any(of))
        .filter(meal_order::senior_id.is_not_null())
        .select(meal_order::senior_id.assume_not_null())
        .distinct()
        .limit(limit)
        .load::<Col<SeniorId>>(conn)?;
    Ok(rows.into_iter().map(|Col(senior)| senior).collect())
}

/// Sittings of a day with a dish on their menu that is not stopped, at a kitchen and the canteens that it supplies.
pub fn served_at(
    conn: &mut AnyConnection,
    kitchen: CanteenId,
    dish: DishId,
    on: ServiceDate,
) -> Result<Vec<(CanteenId, SittingId)>, StoreError> {
    let rows = menu_item::table
        .inner_join(sitting::table.on(sitting::id.eq(menu_item::sitting_id)))
        .inner_join(canteen::table.on(canteen::id.eq(sitting::canteen_id)))
        .filter(canteen::id.eq(Col(kitchen)).or(canteen::central_kitchen_id.eq(Col(kitchen)).assume_not_null()))
        .filter(menu_item::dish_id.eq(Col(dish)))
        .filter(menu_item::stopped.eq(false))
        .filter(sitting::service_date.eq(Col(on)))
        .filter(shown!(sitting))
        .order((canteen::id, sitting::id))
        .select((canteen::id, sitting::id))
        .load::<(Col<CanteenId>, Col<SittingId>)>(conn)?;
    Ok(rows.into_iter().map(|(Col(canteen), Col(sitting))| (canteen, sitting)).collect())
}
