//! Portions of batches that were handed over to canteens that a kitchen supplies.

use crate::column::Col;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{dish, dish_batch, site_load};
use diesel::prelude::*;
use domain::food_safety::DeciCelsius;
use domain::id::{BatchId, CanteenId, SiteLoadId, UserId};
use domain::{Instant, ServiceDate};

/// Portions of a batch that were handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = site_load, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct LoadRow {
    pub id: Col<SiteLoadId>,
    pub batch_id: Col<BatchId>,
    pub canteen_id: Col<CanteenId>,
    pub portions: i64,
    pub temp: Option<Col<DeciCelsius>>,
    pub handed_over_at: Col<Instant>,
    pub recorded_at: Col<Instant>,
    pub recorded_by: Col<UserId>,
}

/// Adds a record.
pub fn add(conn: &mut AnyConnection, row: &LoadRow) -> Result<(), StoreError> {
    diesel::insert_into(site_load::table).values(row).execute(conn)?;
    Ok(())
}

/// What was handed over of a batch, oldest first.
pub fn of_batch(conn: &mut AnyConnection, of: BatchId) -> Result<Vec<LoadRow>, StoreError> {
    Ok(site_load::table.filter(site_load::batch_id.eq(Col(of))).order(site_load::id).select(LoadRow::as_select()).load(conn)?)
}

/// What a canteen was handed over on a day with the dishes' names, oldest first; at most `limit`.
pub fn of_canteen(
    conn: &mut AnyConnection,
    of: CanteenId,
    on: ServiceDate,
    limit: i64,
) -> Result<Vec<(LoadRow, String)>, StoreError> {
    Ok(site_load::table
        .inner_join(dish_batch::table.on(dish_batch::id.eq(site_load::batch_id)))
        .inner_join(dish::table.on(dish::id.eq(dish_batch::dish_id)))
        .filter(site_load::canteen_id.eq(Col(of)))
        .filter(dish_batch::service_date.eq(Col(on)))
        .order(site_load::id)
        .limit(limit)
        .select((LoadRow::as_select(), dish::name))
        .load(conn)?)
}
