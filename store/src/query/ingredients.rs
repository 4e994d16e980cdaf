//! Suppliers and lots.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::schema::{ingredient, lot, lot_disposal, lot_voucher, supplier};
use diesel::prelude::*;
use domain::food_safety::DeciCelsius;
use domain::id::{CanteenId, DisposalId, IngredientId, LotId, SupplierId, UserId};
use domain::lot::{AmountUnit, LotState, Storage, SupplierState, VoucherKind};
use domain::stock::DisposalCause;
use domain::{Instant, ServiceDate};

/// A supplier.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = supplier, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SupplierRow {
    pub id: Col<SupplierId>,
    pub version: i64,
    pub canteen_id: Col<CanteenId>,
    pub name: String,
    pub licence_no: String,
    pub licence_expires_on: Col<ServiceDate>,
    pub address: String,
    pub phone: String,
    pub state: Word<SupplierState>,
    pub created_at: Col<Instant>,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lot, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct LotRow {
    pub id: Col<LotId>,
    pub version: i64,
    pub canteen_id: Col<CanteenId>,
    pub supplier_id: Col<SupplierId>,
    pub ingredient_id: Col<IngredientId>,
    pub name: String,
    pub specification: String,
    pub unit: Word<AmountUnit>,
    pub delivered: i64,
    pub received: i64,
    pub issued: i64,
    pub disposed: i64,
    pub stock: i64,
    pub gtin: Option<String>,
    pub supplier_batch: String,
    pub produced_on: Option<Col<ServiceDate>>,
    pub expires_on: Option<Col<ServiceDate>>,
    pub storage: Word<Storage>,
    pub storage_place: String,
    pub arrival_temp: Option<Col<DeciCelsius>>,
    pub state: Word<LotState>,
    pub reason: String,
    pub received_at: Col<Instant>,
    pub received_by: Col<UserId>,
    pub keep_until: Col<ServiceDate>,
}

/// A paper that came with a lot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lot_voucher, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct VoucherRow {
    pub lot_id: Col<LotId>,
    pub rank: i64,
    pub kind: Word<VoucherKind>,
    pub reference: String,
}

/// A disposal of part of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lot_disposal, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct DisposalRow {
    pub id: Col<DisposalId>,
    pub lot_id: Col<LotId>,
    pub amount: i64,
    pub reason: String,
    pub disposed_at: Col<Instant>,
    pub disposed_by: Col<UserId>,
    pub cause: Word<DisposalCause>,
    pub method: String,
}

/// A supplier by identifier.
pub fn supplier(conn: &mut AnyConnection, id: SupplierId) -> Result<Option<SupplierRow>, StoreError> {
    Ok(supplier::table.find(Col(id)).select(SupplierRow::as_select()).get_result(conn).optional()?)
}

/// A canteen's suppliers after an identifier, oldest first.
pub fn suppliers(
    conn: &mut AnyConnection,
    of: CanteenId,
    after: Option<SupplierId>,
    limit: i64,
) -> Result<Vec<SupplierRow>, StoreError> {
    let mut query = supplier::table.filter(supplier::canteen_id.eq(Col(of))).into_boxed();
    if let Some(after) = after {
        query = query.filter(supplier::id.gt(Col(after)));
    }
    Ok(query.order(supplier::id).limit(limit).select(SupplierRow::as_select()).load(conn)?)
}

/// Adds a supplier.
pub fn add_supplier(conn: &mut AnyConnection, row: &SupplierRow) -> Result<(), StoreError> {
    diesel::insert_into(supplier::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes a supplier from the version that was read; `false` when someone was faster.
pub fn change_supplier(conn: &mut AnyConnection, row: &SupplierRow) -> Result<bool, StoreError> {
    let changed =
        diesel::update(supplier::table.find(row.id).filter(supplier::version.eq(row.version - 1))).set(row).execute(conn)?;
    Ok(changed == 1)
}

/// An ingredient's name and whether it is used without a lot.
pub fn ingredient(conn: &mut AnyConnection, id: IngredientId) -> Result<Option<(String, bool)>, StoreError> {
    Ok(ingredient::table.find(Col(id)).select((ingredient::name, ingredient::untraced)).get_result(conn).optional()?)
}

/// Ingredients that are used without a lot, of these.
pub fn untraced_of(conn: &mut AnyConnection, ids: &[IngredientId]) -> Result<Vec<IngredientId>, StoreError> {
    let ids: Vec<Col<IngredientId>> = ids.iter().copied().map(Col).collect();
    let rows = ingredient::table
        .filter(ingredient::id.eq_any(ids))
        .filter(ingredient::untraced.eq(true))
        .select(ingredient::id)
        .load::<Col<IngredientId>>(conn)?;
    Ok(rows.into_iter().map(|Col(id)| id).collect())
}

/// A lot by identifier.
pub fn lot(conn: &mut AnyConnection, id: LotId) -> Result<Option<LotRow>, StoreError> {
    Ok(lot::table.find(Col(id)).select(LotRow::as_select()).get_result(conn).optional()?)
}

/// What a list of lots asks for.
#[derive(Debug, Clone, Default)]
pub struct LotFilter {
    /// Only of this ingredient.
    pub ingredient: Option<IngredientId>,
    /// Only in this state.
    pub state: Option<LotState>,
    /// Only with something left.
    pub in_stock: bool,
    /// Only with a last day up to this one.
    pub expires_by: Option<ServiceDate>,
    /// After this identifier.
    pub after: Option<LotId>,
}

/// A canteen's lots, oldest first.
pub fn lots(conn: &mut AnyConnection, of: CanteenId, filter: &LotFilter, limit: i64) -> Result<Vec<LotRow>, StoreError> {
    let mut query = lot::table.filter(lot::canteen_id.eq(Col(of))).into_boxed();
    if let Some(id) = filter.ingredient {
        query = query.filter(lot::ingredient_id.eq(Col(id)));
    }
    if let Some(state) = filter.state {
        query = query.filter(lot::state.eq(Word(state)));
    }
    if filter.in_stock {
        query = query.filter(lot::stock.gt(0));
    }
    if let Some(day) = filter.expires_by {
        query = query.filter(lot::expires_on.le(Col(day)));
    }
    if let Some(after) = filter.after {
        query = query.filter(lot::id.gt(Col(after)));
    }
    Ok(query.order(lot::id).limit(limit).select(LotRow::as_select()).load(conn)?)
}

/// Lots of an ingredient with something left at a canteen, first to expire first.
pub fn stock_of(
    conn: &mut AnyConnection,
    of: CanteenId,
    ingredient: IngredientId,
    unit: AmountUnit,
    limit: i64,
) -> Result<Vec<LotRow>, StoreError> {
    Ok(lot::table
        .filter(lot::canteen_id.eq(Col(of)))
        .filter(lot::ingredient_id.eq(Col(ingredient)))
        .filter(lot::unit.eq(Word(unit)))
        .filter(lot::stock.gt(0))
        .order((lot::expires_on.is_null(), lot::expires_on, lot::id))
        .limit(limit)
        .select(LotRow::as_select())
        .load(conn)?)
}

/// Adds a lot with its papers.
pub fn add_lot(conn: &mut AnyConnection, row: &LotRow, vouchers: &[VoucherRow]) -> Result<(), StoreError> {
    diesel::insert_into(lot::table).values(row).execute(conn)?;
    for voucher in vouchers {
        diesel::insert_into(lot_voucher::table).values(voucher).execute(conn)?;
    }
    Ok(())
}

/// The papers of a lot.
pub fn vouchers(conn: &mut AnyConnection, of: LotId) -> Result<Vec<VoucherRow>, StoreError> {
    Ok(lot_voucher::table
        .filter(lot_voucher::lot_id.eq(Col(of)))
        .order(lot_voucher::rank)
        .select(VoucherRow::as_select())
        .load(conn)?)
}

/// Takes `amount` out of an accepted lot (gives back, when negative) if it is there; `false` when not. One conditional update
/// decides, so two batches cannot use the same kilogram on any isolation level.
pub fn take_from_lot(conn: &mut AnyConnection, id: LotId, amount: i64) -> Result<bool, StoreError> {
    let changed = diesel::update(
        lot::table
            .find(Col(id))
            .filter(lot::state.eq(Word(LotState::Accepted)))
            .filter(lot::stock.ge(amount))
            .filter((lot::issued + amount).ge(0)),
    )
    .set((lot::issued.eq(lot::issued + amount), lot::stock.eq(lot::stock - amount), lot::version.eq(lot::version + 1)))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Throws `amount` of a lot away, frozen or not, if it is there; `false` when not.
pub fn dispose_of_lot(conn: &mut AnyConnection, row: &DisposalRow) -> Result<bool, StoreError> {
    let changed = diesel::update(lot::table.find(row.lot_id).filter(lot::stock.ge(row.amount)))
        .set((
            lot::disposed.eq(lot::disposed + row.amount),
            lot::stock.eq(lot::stock - row.amount),
            lot::version.eq(lot::version + 1),
        ))
        .execute(conn)?;
    if changed == 1 {
        diesel::insert_into(lot_disposal::table).values(row).execute(conn)?;
    }
    Ok(changed == 1)
}

/// Moves a lot between in use and held by a recall; `false` when it was not in the first state.
pub fn set_lot_state(conn: &mut AnyConnection, id: LotId, from: LotState, to: LotState) -> Result<bool, StoreError> {
    let changed = diesel::update(lot::table.find(Col(id)).filter(lot::state.eq(Word(from))))
        .set((lot::state.eq(Word(to)), lot::version.eq(lot::version + 1)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Disposals of a lot, oldest first.
pub fn disposals(conn: &mut AnyConnection, of: LotId) -> Result<Vec<DisposalRow>, StoreError> {
    Ok(lot_disposal::table
        .filter(lot_disposal::lot_id.eq(Col(of)))
        .order(lot_disposal::id)
        .select(DisposalRow::as_select())
        .load(conn)?)
}
