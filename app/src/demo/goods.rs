//! The goods in the store-room of the demo's canteen, and its cook's certificate: received and recorded by the use cases that a
//! kitchen uses, so that a meal of the demo traces.

use super::unexpected;
use crate::App;
use crate::batches::certificates::{self, CertificateDraft};
use crate::failure::{Failure, Never, Outcome};
use crate::idempotency::RequestKey;
use crate::ingredients::receive::{self, Delivery};
use crate::ingredients::suppliers::{self, SupplierDraft};
use domain::access::Actor;
use domain::food_safety::DeciCelsius;
use domain::id::{CanteenId, IngredientId, SupplierId, UserId};
use domain::lot::{AmountUnit, Storage};
use domain::{Sensitive, ServiceDate};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::query::bulk;

/// What arrives.
#[derive(Debug, Clone, Default)]
pub struct Goods {
    /// The suppliers, by their codes.
    pub suppliers: BTreeMap<String, SupplierDraft>,
    /// The lots.
    pub lots: Vec<Arrives>,
}

/// One lot of it.
#[derive(Debug, Clone)]
pub struct Arrives {
    /// The ingredient's name.
    pub ingredient: String,
    /// The supplier's code.
    pub supplier: String,
    /// The supplier's batch number.
    pub batch: String,
    /// Production date.
    pub produced_on: ServiceDate,
    /// The last day of use.
    pub expires_on: ServiceDate,
    /// How much.
    pub milligrams: i64,
    /// Whether it comes chilled.
    pub chilled: bool,
}

/// As chilled goods arrive at a careful kitchen.
const CHILLED: DeciCelsius = DeciCelsius(35);

/// Takes everything in; what came at an earlier start is not taken in again.
pub(super) async fn bring(app: &App, manager: &Arc<Actor>, canteen: CanteenId, cook: UserId, goods: Goods) -> Outcome<(), Never> {
    let listed = suppliers::list(app, manager.clone(), canteen, None, 1).await.map_err(unexpected)?;
    if !listed.is_empty() {
        return Ok(());
    }
    let today = app.clock.now().civil_date();
    let certificate = CertificateDraft {
        user: cook,
        number: Sensitive::new("示范 0001".to_owned()),
        issued_on: today.plus_days(-60),
        expires_on: today.plus_days(300),
    };
    let once = key(manager, "demo-certificate", &cook)?;
    certificates::record(app, manager.clone(), once, canteen, certificate).await.map_err(unexpected)?;
    let names: Vec<String> = goods.lots.iter().map(|lot| lot.ingredient.clone()).collect();
    let found = app.store.read("demo_ingredients", move |conn| Ok::<_, Failure<Never>>(bulk::ingredients(conn, &names)?)).await?;
    let ingredients: BTreeMap<String, IngredientId> = found.into_iter().map(|row| (row.name, row.id.0)).collect();
    let mut known: BTreeMap<String, SupplierId> = BTreeMap::new();
    for (code, draft) in goods.suppliers {
        let once = key(manager, &format!("demo-supplier-{code}"), &draft)?;
        let added = suppliers::add(app, manager.clone(), once, canteen, draft).await.map_err(unexpected)?;
        known.insert(code, added.supplier);
    }
    for (number, lot) in goods.lots.into_iter().enumerate() {
        let missing = || StoreError::Database(format!("the demo: no {} of {}", lot.ingredient, lot.supplier));
        let supplier = *known.get(&lot.supplier).ok_or_else(missing)?;
        let ingredient = *ingredients.get(&lot.ingredient).ok_or_else(missing)?;
        let delivery = delivery(lot, supplier, ingredient);
        let once = key(manager, &format!("demo-lot-{number:04}"), &delivery)?;
        receive::receive(app, manager.clone(), once, canteen, delivery).await.map_err(unexpected)?;
    }
    Ok(())
}

fn delivery(lot: Arrives, supplier: SupplierId, ingredient: IngredientId) -> Delivery {
    Delivery {
        supplier,
        ingredient,
        name: lot.ingredient,
        specification: String::new(),
        unit: AmountUnit::Milligrams,
        amount: lot.milligrams,
        barcode: None,
        supplier_batch: Some(lot.batch),
        produced_on: Some(lot.produced_on),
        expires_on: Some(lot.expires_on),
        storage: if lot.chilled { Storage::Chilled } else { Storage::Ambient },
        storage_place: if lot.chilled { "一号冷藏柜" } else { "干货架" }.to_owned(),
        temperature: lot.chilled.then_some(CHILLED),
        vouchers: Vec::new(),
        rejected_because: None,
    }
}

fn key(manager: &Actor, text: &str, body: &impl Serialize) -> Result<RequestKey, StoreError> {
    RequestKey::new(manager.user, None, text, "demo", body).map_err(|_| StoreError::Database("the demo: a key".to_owned()))
}
