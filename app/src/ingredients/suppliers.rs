//! Suppliers and their licences.

use super::IngredientRefusal;
use super::access::canteen_for;
use super::view::SupplierView;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::ServiceDate;
use domain::access::{Action, Actor};
use domain::id::{CanteenId, SupplierId};
use domain::lot::SupplierState;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::LaneKey;
use store::column::{Col, Word};
use store::query::ingredients::{self, SupplierRow};

/// A supplier as it is written down (食品安全法 53: name, address, phone, licence).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierDraft {
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
}

/// Adds a supplier to a canteen's list. The same licence twice at one canteen is a conflict.
pub async fn add(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    draft: SupplierDraft,
) -> Outcome<SupplierView, IngredientRefusal> {
    app.store
        .write(LaneKey::of(canteen), "add_supplier", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?;
            tx.lock_canteen(canteen)?;
            let now = tx.now();
            let row = SupplierRow {
                id: Col(tx.new_id()),
                version: 1,
                canteen_id: Col(canteen),
                name: draft.name.clone(),
                licence_no: draft.licence_no.clone(),
                licence_expires_on: Col(draft.licence_expires_on),
                address: draft.address.clone(),
                phone: draft.phone.clone(),
                state: Word(SupplierState::Active),
                created_at: Col(now),
            };
            ingredients::add_supplier(tx.change(), &row)?;
            let answer = SupplierView::from(row);
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// Changes a supplier: a renewed licence, a new address, or that it is no longer bought from.
pub async fn change(
    app: &App,
    actor: Arc<Actor>,
    id: SupplierId,
    version: i64,
    draft: SupplierDraft,
    state: SupplierState,
) -> Outcome<SupplierView, IngredientRefusal> {
    app.store
        .write(LaneKey::of(id), "change_supplier", move |tx| {
            let held = ingredients::supplier(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Supplier))?;
            canteen_for(tx.look(), &actor, held.canteen_id.0, Action::KitchenRecords, Thing::Supplier)?;
            if held.version != version {
                return Err(Failure::Stale { version: held.version });
            }
            let row = SupplierRow {
                version: version + 1,
                name: draft.name.clone(),
                licence_no: draft.licence_no.clone(),
                licence_expires_on: Col(draft.licence_expires_on),
                address: draft.address.clone(),
                phone: draft.phone.clone(),
                state: Word(state),
                ..held
            };
            if !ingredients::change_supplier(tx.change(), &row)? {
                return Err(Failure::Stale { version });
            }
            Ok(SupplierView::from(row))
        })
        .await
}

/// A canteen's suppliers, a page of them.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    after: Option<SupplierId>,
    limit: i64,
) -> Outcome<Vec<SupplierView>, IngredientRefusal> {
    app.store
        .read("suppliers", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            Ok(ingredients::suppliers(conn, canteen, after, limit)?.into_iter().map(SupplierView::from).collect())
        })
        .await
}
