//! Receiving: a lot is inspected on arrival and taken in, or sent back.

use super::IngredientRefusal as Refusal;
use super::access::{canteen_for, signer};
use super::places::fitting_place;
use super::view::{LotView, Voucher};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::access::{Action, Actor};
use domain::food_safety::{DeciCelsius, Rules};
use domain::gs1::{self, Elements};
use domain::id::{CanteenId, IngredientId, SupplierId, UserId};
use domain::lot::{AmountUnit, Arrival, LotState, Storage, SupplierState, faults_of};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::ingredients::{self, LotRow, SupplierRow, VoucherRow};
use store::{LaneKey, Tx};

/// A delivery as it is inspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// From whom.
    pub supplier: SupplierId,
    /// Of what.
    pub ingredient: IngredientId,
    /// The name on the package.
    pub name: String,
    /// The specification on the package.
    pub specification: String,
    /// What the amount counts.
    pub unit: AmountUnit,
    /// How much.
    pub amount: i64,
    /// The scanned barcode; fills what is not typed, and must not contradict what is.
    pub barcode: Option<String>,
    /// The number of the supplier's batch.
    pub supplier_batch: Option<String>,
    /// Production date.
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    pub expires_on: Option<ServiceDate>,
    /// How it must be stored.
    pub storage: Storage,
    /// Where it is put.
    pub storage_place: String,
    /// Temperature on arrival.
    pub temperature: Option<DeciCelsius>,
    /// The papers that came with it.
    pub vouchers: Vec<Voucher>,
    /// Why it is sent back; absent accepts it.
    pub rejected_because: Option<String>,
}

/// Takes a lot in, or records that it was sent back. What the settings forbid to accept can only be recorded as rejected.
pub async fn receive(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    delivery: Delivery,
) -> Outcome<LotView, Refusal> {
    let shelf = app.food_safety.clone();
    app.store
        .write(LaneKey::of(canteen), "receive_lot", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let place = canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?.place_code.0;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen)?;
            let now = tx.now();
            let rules = shelf.in_force(&place, now.civil_date())?;
            let answer = receive_in(tx, canteen, by, &delivery, &rules, now)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

fn receive_in(
    tx: &mut Tx<'_>,
    canteen: CanteenId,
    by: UserId,
    delivery: &Delivery,
    rules: &Rules,
    now: Instant,
) -> Outcome<LotView, Refusal> {
    let supplier = ingredients::supplier(tx.look(), delivery.supplier)?.filter(|s| s.canteen_id.0 == canteen);
    let supplier = supplier.ok_or(Failure::NotFound(Thing::Supplier))?;
    ingredients::ingredient(tx.look(), delivery.ingredient)?.ok_or(Failure::NotFound(Thing::Ingredient))?;
    let read = with_barcode(delivery, now.civil_date()).map_err(Failure::Refused)?;
    if delivery.rejected_because.is_none() {
        acceptable(delivery, &read, &supplier, rules, now).map_err(Failure::Refused)?;
        fitting_place(tx.look(), canteen, &delivery.storage_place, delivery.storage)?;
    }
    let (row, papers) = rows(tx, canteen, by, delivery, read, rules, now);
    ingredients::add_lot(tx.change(), &row, &papers)?;
    Ok(LotView::of(row, papers))
}

/// What the barcode adds to what was typed.
fn with_barcode(delivery: &Delivery, today: ServiceDate) -> Result<Elements, Refusal> {
    let typed = Elements {
        gtin: None,
        lot: delivery.supplier_batch.clone().filter(|text| !text.is_empty()),
        produced_on: delivery.produced_on,
        best_before: None,
        expires_on: delivery.expires_on,
    };
    let Some(barcode) = &delivery.barcode else { return Ok(typed) };
    let read = gs1::parse(barcode, today).map_err(Refusal::Barcode)?;
    Ok(Elements {
        gtin: read.gtin,
        lot: agree(typed.lot, read.lot, "supplier_batch")?,
        produced_on: agree(typed.produced_on, read.produced_on, "produced_on")?,
        best_before: None,
        // A caterer uses neither expired food nor food past its best-before date.
        expires_on: agree(typed.expires_on, read.expires_on.or(read.best_before), "expires_on")?,
    })
}

fn agree<T: PartialEq>(typed: Option<T>, scanned: Option<T>, field: &'static str) -> Result<Option<T>, Refusal> {
    match (typed, scanned) {
        (Some(typed), Some(scanned)) if typed != scanned => Err(Refusal::BarcodeDiffers { field }),
        (typed, scanned) => Ok(typed.or(scanned)),
    }
}

fn acceptable(delivery: &Delivery, read: &Elements, supplier: &SupplierRow, rules: &Rules, now: Instant) -> Result<(), Refusal> {
    if supplier.state == Word(SupplierState::Ended) {
        return Err(Refusal::SupplierEnded);
    }
    let arrival = Arrival {
        on: now.civil_date(),
        expires_on: read.expires_on,
        produced_on: read.produced_on,
        has_batch_number: read.lot.is_some(),
        storage: delivery.storage,
        temperature: delivery.temperature,
        licence_expires_on: supplier.licence_expires_on.0,
    };
    let faults = faults_of(&arrival, rules);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Arrival(faults)) }
}

fn rows(
    tx: &Tx<'_>,
    canteen: CanteenId,
    by: UserId,
    delivery: &Delivery,
    read: Elements,
    rules: &Rules,
    now: Instant,
) -> (LotRow, Vec<VoucherRow>) {
    let (id, today) = (Col(tx.new_id()), now.civil_date());
    let state = if delivery.rejected_because.is_some() { LotState::Rejected } else { LotState::Accepted };
    let received = if state == LotState::Accepted { delivery.amount } else { 0 };
    let row = LotRow {
        id,
        version: 1,
        canteen_id: Col(canteen),
        supplier_id: Col(delivery.supplier),
        ingredient_id: Col(delivery.ingredient),
        name: delivery.name.clone(),
        specification: delivery.specification.clone(),
        unit: Word(delivery.unit),
        delivered: delivery.amount,
        received,
        issued: 0,
        disposed: 0,
        stock: received,
        gtin: read.gtin,
        supplier_batch: read.lot.unwrap_or_default(),
        produced_on: read.produced_on.map(Col),
        expires_on: read.expires_on.map(Col),
        storage: Word(delivery.storage),
        storage_place: delivery.storage_place.clone(),
        arrival_temp: delivery.temperature.map(Col),
        state: Word(state),
        reason: delivery.rejected_because.clone().unwrap_or_default(),
        received_at: Col(now),
        received_by: Col(by),
        // Where no setting is in force the record is kept to the end of the calendar: a missing setting must not free it.
        keep_until: Col(rules.keep_records_until(today, read.expires_on).unwrap_or_else(|| today.plus_days(36_500))),
    };
    let voucher = |(rank, paper): (i64, &Voucher)| VoucherRow {
        lot_id: id,
        rank,
        kind: Word(paper.kind),
        reference: paper.reference.clone(),
    };
    (row, (1..).zip(&delivery.vouchers).map(voucher).collect())
}
