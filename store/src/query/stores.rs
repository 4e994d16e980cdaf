//! Storage places, stock-takes, and what was thrown away.

use super::ingredients::{DisposalRow, LotRow, SupplierRow};
use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{lot, lot_disposal, stock_count, storage_place, supplier};
use diesel::prelude::*;
use domain::id::{CanteenId, DisposalId, LotId, StockCountId, StoragePlaceId, UserId};
use domain::lot::{LotState, SupplierState};
use domain::stock::{CountOutcome, PlaceKind};
use domain::{Instant, ServiceDate};
use std::collections::BTreeMap;

/// A storage place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = storage_place, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct PlaceRow {
    pub id: Col<StoragePlaceId>,
    pub canteen_id: Col<CanteenId>,
    pub name: String,
    pub kind: Word<PlaceKind>,
    pub created_at: Col<Instant>,
    pub ended_at: Option<Col<Instant>>,
}

/// What a stock-take found of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = stock_count, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct CountRow {
    pub id: Col<StockCountId>,
    pub canteen_id: Col<CanteenId>,
    pub lot_id: Col<LotId>,
    pub book: i64,
    pub counted: i64,
    pub tolerance: i64,
    pub outcome: Word<CountOutcome>,
    pub written_off: i64,
    pub reason: String,
    pub counted_at: Col<Instant>,
    pub counted_by: Col<UserId>,
}

/// A storage place by identifier.
pub fn place(conn: &mut AnyConnection, id: StoragePlaceId) -> Result<Option<PlaceRow>, StoreError> {
    Ok(storage_place::table.find(Col(id)).select(PlaceRow::as_select()).get_result(conn).optional()?)
}

/// A canteen's storage places, ended ones too, oldest first.
pub fn places(conn: &mut AnyConnection, of: CanteenId, limit: i64) -> Result<Vec<PlaceRow>, StoreError> {
    Ok(storage_place::table
        .filter(storage_place::canteen_id.eq(Col(of)))
        .order(storage_place::id)
        .limit(limit)
        .select(PlaceRow::as_select())
        .load(conn)?)
}

/// Adds a storage place.
pub fn add_place(conn: &mut AnyConnection, row: &PlaceRow) -> Result<(), StoreError> {
    diesel::insert_into(storage_place::table).values(row).execute(conn)?;
    Ok(())
}

/// Ends a storage place; `false` when it was ended already.
pub fn end_place(conn: &mut AnyConnection, id: StoragePlaceId, at: Instant) -> Result<bool, StoreError> {
    let changed = diesel::update(storage_place::table.find(Col(id)).filter(storage_place::ended_at.is_null()))
        .set(storage_place::ended_at.eq(Some(Col(at))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Adds a count.
pub fn add_count(conn: &mut AnyConnection, row: &CountRow) -> Result<(), StoreError> {
    diesel::insert_into(stock_count::table).values(row).execute(conn)?;
    Ok(())
}

/// A canteen's counts, newest first.
pub fn counts(
    conn: &mut AnyConnection,
    of: CanteenId,
    before: Option<StockCountId>,
    limit: i64,
) -> Result<Vec<CountRow>, StoreError> {
    let mut query = stock_count::table.filter(stock_count::canteen_id.eq(Col(of))).into_boxed();
    if let Some(before) = before {
        query = query.filter(stock_count::id.lt(Col(before)));
    }
    Ok(query.order(stock_count::id.desc()).limit(limit).select(CountRow::as_select()).load(conn)?)
}

/// Lots whose last count found more than the books say.
pub fn surpluses(conn: &mut AnyConnection, of: CanteenId, limit: i64) -> Result<Vec<LotRow>, StoreError> {
    let suspects: Vec<Col<LotId>> = stock_count::table
        .filter(stock_count::canteen_id.eq(Col(of)))
        .filter(stock_count::outcome.eq(Word(CountOutcome::Surplus)))
        .select(stock_count::lot_id)
        .distinct()
        .limit(limit)
        .load(conn)?;
    let rows = stock_count::table
        .filter(stock_count::lot_id.eq_any(suspects))
        .order(stock_count::id)
        .select((stock_count::lot_id, stock_count::outcome))
        .load::<(Col<LotId>, Word<CountOutcome>)>(conn)?;
    // The last count of each lot stands.
    let last: BTreeMap<LotId, CountOutcome> = rows.into_iter().map(|(Col(lot), Word(outcome))| (lot, outcome)).collect();
    let open: Vec<Col<LotId>> =
        last.into_iter().filter(|(_, outcome)| *outcome == CountOutcome::Surplus).map(|(lot, _)| Col(lot)).collect();
    Ok(lot::table.filter(lot::id.eq_any(open)).order(lot::id).select(LotRow::as_select()).load(conn)?)
}

/// What a canteen threw away, with the lot's name, newest first.
pub fn disposals(
    conn: &mut AnyConnection,
    of: CanteenId,
    before: Option<DisposalId>,
    limit: i64,
) -> Result<Vec<(DisposalRow, LotRow)>, StoreError> {
    let mut query = lot_disposal::table
        .inner_join(lot::table.on(lot::id.eq(lot_disposal::lot_id)))
        .filter(lot::canteen_id.eq(Col(of)))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(lot_disposal::id.lt(Col(before)));
    }
    Ok(query.order(lot_disposal::id.desc()).limit(limit).select((DisposalRow::as_select(), LotRow::as_select())).load(conn)?)
}

/// Lots held by a recall of which something is left.
pub fn held(conn: &mut AnyConnection, of: CanteenId, limit: i64) -> Result<Vec<LotRow>, StoreError> {
    Ok(lot::table
        .filter(lot::canteen_id.eq(Col(of)))
        .filter(lot::state.eq(Word(LotState::Frozen)))
        .filter(lot::stock.gt(0))
        .order(lot::id)
        .limit(limit)
        .select(LotRow::as_select())
        .load(conn)?)
}

/// Suppliers bought from whose licence ends by a day.
pub fn licences_ending(
    conn: &mut AnyConnection,
    of: CanteenId,
    by: ServiceDate,
    limit: i64,
) -> Result<Vec<SupplierRow>, StoreError> {
    Ok(supplier::table
        .filter(supplier::canteen_id.eq(Col(of)))
        .filter(supplier::state.eq(Word(SupplierState::Active)))
        .filter(supplier::licence_expires_on.le(Col(by)))
        .order((supplier::licence_expires_on, supplier::id))
        .limit(limit)
        .select(SupplierRow::as_select())
        .load(conn)?)
}
