//! Suppliers and lots as clients see them.

use domain::food_safety::DeciCelsius;
use domain::id::{CanteenId, IngredientId, LotId, SupplierId};
use domain::lot::{AmountUnit, LotState, Storage, SupplierState, VoucherKind};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use store::query::ingredients::{LotRow, SupplierRow, VoucherRow};

/// A supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierView {
    /// Which supplier.
    pub supplier: SupplierId,
    /// Which canteen's record.
    pub canteen: CanteenId,
    /// Its name.
    pub name: String,
    /// Its food licence's number.
    pub licence_no: String,
    /// The licence's last day.
    pub licence_expires_on: ServiceDate,
    /// Its address.
    pub address: String,
    /// Its business phone.
    pub phone: String,
    /// Whether it is bought from.
    pub state: SupplierState,
    /// Counts changes.
    pub version: i64,
}

impl From<SupplierRow> for SupplierView {
    fn from(row: SupplierRow) -> Self {
        Self {
            supplier: row.id.0,
            canteen: row.canteen_id.0,
            name: row.name,
            licence_no: row.licence_no,
            licence_expires_on: row.licence_expires_on.0,
            address: row.address,
            phone: row.phone,
            state: row.state.0,
            version: row.version,
        }
    }
}

/// A paper that came with a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// What it is.
    pub kind: VoucherKind,
    /// Its number, or where it is filed.
    pub reference: String,
}

/// A lot; amounts are in its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotView {
    /// Which lot.
    pub lot: LotId,
    /// Whose.
    pub canteen: CanteenId,
    /// From whom.
    pub supplier: SupplierId,
    /// Of what.
    pub ingredient: IngredientId,
    /// The name on the package.
    pub name: String,
    /// The specification on the package.
    pub specification: String,
    /// What amounts count.
    pub unit: AmountUnit,
    /// What came.
    pub delivered: i64,
    /// What was taken in: all, or nothing.
    pub received: i64,
    /// Used in batches.
    pub issued: i64,
    /// Thrown away.
    pub disposed: i64,
    /// What is left.
    pub stock: i64,
    /// Global trade item number.
    pub gtin: Option<String>,
    /// The number of the supplier's batch; may be empty.
    pub supplier_batch: String,
    /// Production date.
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    pub expires_on: Option<ServiceDate>,
    /// How it is stored.
    pub storage: Storage,
    /// Where it is stored.
    pub storage_place: String,
    /// Temperature on arrival, tenths of a degree Celsius.
    pub arrival_temperature: Option<DeciCelsius>,
    /// Where it stands.
    pub state: LotState,
    /// Why it was rejected.
    pub reason: String,
    /// When it came.
    pub received_at: Instant,
    /// Until when this record must be kept.
    pub keep_until: ServiceDate,
    /// Its papers; only when one lot is asked for.
    pub vouchers: Vec<Voucher>,
}

impl LotView {
    /// The view of a row and its papers.
    #[must_use]
    pub fn of(row: LotRow, vouchers: Vec<VoucherRow>) -> Self {
        Self {
            lot: row.id.0,
            canteen: row.canteen_id.0,
            supplier: row.supplier_id.0,
            ingredient: row.ingredient_id.0,
            name: row.name,
            specification: row.specification,
            unit: row.unit.0,
            delivered: row.delivered,
            received: row.received,
            issued: row.issued,
            disposed: row.disposed,
            stock: row.stock,
            gtin: row.gtin,
            supplier_batch: row.supplier_batch,
            produced_on: row.produced_on.map(|d| d.0),
            expires_on: row.expires_on.map(|d| d.0),
            storage: row.storage.0,
            storage_place: row.storage_place,
            arrival_temperature: row.arrival_temp.map(|t| t.0),
            state: row.state.0,
            reason: row.reason,
            received_at: row.received_at.0,
            keep_until: row.keep_until.0,
            vouchers: vouchers.into_iter().map(|v| Voucher { kind: v.kind.0, reference: v.reference }).collect(),
        }
    }
}
