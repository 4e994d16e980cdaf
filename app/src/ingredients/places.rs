//! Storage places: where goods are kept, and what is kept there.

use super::IngredientRefusal as Refusal;
use super::access::{canteen_for, signer};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::Instant;
use domain::access::{Action, Actor};
use domain::id::{CanteenId, StoragePlaceId};
use domain::lot::Storage;
use domain::stock::PlaceKind;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::LaneKey;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::stores::{self, PlaceRow};

/// Storage places of one canteen looked at, ended ones too; the largest kitchens have some dozens.
pub(crate) const PLACES_MAX: i64 = 1_000;

/// A storage place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceView {
    /// Which place.
    pub place: StoragePlaceId,
    /// What is written on it.
    pub name: String,
    /// What it is for.
    pub kind: PlaceKind,
    /// Since when it is no longer used.
    pub ended_at: Option<Instant>,
}

impl From<PlaceRow> for PlaceView {
    fn from(row: PlaceRow) -> Self {
        Self { place: row.id.0, name: row.name, kind: row.kind.0, ended_at: row.ended_at.map(|at| at.0) }
    }
}

/// Adds a storage place. From the first one on, goods are only put where a place of their kind has that name.
pub async fn add(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    name: String,
    kind: PlaceKind,
) -> Outcome<PlaceView, Refusal> {
    app.store
        .write(LaneKey::of(canteen), "add_storage_place", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?;
            signer(&actor)?;
            tx.lock_canteen(canteen)?;
            let name = name.trim();
            if in_use(tx.look(), canteen)?.iter().any(|place| place.name == name) {
                return Err(Failure::Refused(Refusal::PlaceExists));
            }
            let now = tx.now();
            let row = PlaceRow {
                id: Col(tx.new_id()),
                canteen_id: Col(canteen),
                name: name.to_owned(),
                kind: Word(kind),
                created_at: Col(now),
                ended_at: None,
            };
            stores::add_place(tx.change(), &row)?;
            let answer = PlaceView::from(row);
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// Ends a storage place: nothing is put there from now on, and no temperature is asked for. What was recorded of it stays.
pub async fn end(app: &App, actor: Arc<Actor>, key: RequestKey, id: StoragePlaceId) -> Outcome<PlaceView, Refusal> {
    app.store
        .write(LaneKey::of(id), "end_storage_place", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let place = stores::place(tx.look(), id)?.ok_or(Failure::NotFound(Thing::StoragePlace))?;
            canteen_for(tx.look(), &actor, place.canteen_id.0, Action::KitchenRecords, Thing::StoragePlace)?;
            signer(&actor)?;
            tx.lock_canteen(place.canteen_id.0)?;
            let now = tx.now();
            // Ended twice is ended: the first instant stays.
            stores::end_place(tx.change(), id, now)?;
            let answer = PlaceView::from(stores::place(tx.look(), id)?.ok_or(Failure::NotFound(Thing::StoragePlace))?);
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// A canteen's storage places, ended ones too.
pub async fn list(app: &App, actor: Arc<Actor>, canteen: CanteenId) -> Outcome<Vec<PlaceView>, Refusal> {
    app.store
        .read("storage_places", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            Ok(stores::places(conn, canteen, PLACES_MAX)?.into_iter().map(PlaceView::from).collect())
        })
        .await
}

/// The storage places that a canteen uses.
pub(crate) fn in_use(conn: &mut AnyConnection, canteen: CanteenId) -> Result<Vec<PlaceRow>, store::StoreError> {
    let mut places = stores::places(conn, canteen, PLACES_MAX)?;
    places.retain(|place| place.ended_at.is_none());
    Ok(places)
}

/// Whether goods may be put there: at a canteen that has named its storage places, in one of theirs that is for such goods.
pub(super) fn fitting_place(conn: &mut AnyConnection, canteen: CanteenId, name: &str, storage: Storage) -> Outcome<(), Refusal> {
    let places = in_use(conn, canteen)?;
    if places.is_empty() {
        return Ok(());
    }
    match places.iter().find(|place| place.name == name.trim()) {
        None => {
            let fitting =
                places.into_iter().filter(|place| place.kind.0 == PlaceKind::of(storage)).map(|place| place.name).collect();
            Err(Failure::Refused(Refusal::UnknownPlace { places: fitting }))
        }
        Some(place) if place.kind.0 != PlaceKind::of(storage) => Err(Failure::Refused(Refusal::WrongPlace { kind: place.kind.0 })),
        Some(_) => Ok(()),
    }
}
