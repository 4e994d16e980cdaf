//! Until when what is in a box may be eaten: the cooked-at clock of its batches.

use crate::ingredients::rules::RuleShelf;
use domain::Instant;
use domain::batch::BatchState;
use domain::event::OrderView;
use domain::food_safety::hand_over_deadline;
use domain::id::{CanteenId, DishId, OrderId, SittingId};
use std::collections::BTreeMap;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::batches::BatchRow;
use store::query::{catalogue, prints};

/// The deadlines of a sitting's batches, looked up once for all its labels.
pub(super) struct Clock {
    /// Of what an order was packed from.
    packed: BTreeMap<OrderId, Instant>,
    /// Of what was cooked of a dish, for orders that are not packed yet: the earliest, since it may be packed from any.
    cooked: BTreeMap<DishId, Instant>,
}

impl Clock {
    pub(super) fn of(conn: &mut AnyConnection, shelf: &RuleShelf, sitting: SittingId) -> Result<Self, StoreError> {
        let mut places = BTreeMap::new();
        let (mut packed, mut cooked) = (BTreeMap::new(), BTreeMap::new());
        for (order, batch) in prints::batches_of_orders(conn, sitting)? {
            if let Some(at) = deadline(conn, shelf, &mut places, &batch)? {
                earliest(&mut packed, order, at);
            }
        }
        for batch in prints::batches(conn, sitting)?.iter().filter(|batch| batch.state.0 != BatchState::Discarded) {
            if let Some(at) = deadline(conn, shelf, &mut places, batch)? {
                earliest(&mut cooked, batch.dish_id.0, at);
            }
        }
        Ok(Self { packed, cooked })
    }

    /// The earliest of what is known; `None` when no batch was cooked or no setting limits the time.
    pub(super) fn eat_by(&self, order: &OrderView) -> Option<Instant> {
        let cooked = || order.lines.iter().filter_map(|line| self.cooked.get(&line.dish)).min().copied();
        self.packed.get(&order.order).copied().or_else(cooked)
    }
}

fn earliest<K: Ord>(of: &mut BTreeMap<K, Instant>, key: K, at: Instant) {
    let known = of.entry(key).or_insert(at);
    *known = at.min(*known);
}

fn deadline(
    conn: &mut AnyConnection,
    shelf: &RuleShelf,
    places: &mut BTreeMap<CanteenId, Option<domain::PlaceCode>>,
    batch: &BatchRow,
) -> Result<Option<Instant>, StoreError> {
    let Some(cooked) = batch.cooked_at else { return Ok(None) };
    let id = batch.canteen_id.0;
    if let std::collections::btree_map::Entry::Vacant(place) = places.entry(id) {
        place.insert(catalogue::canteen(conn, id)?.map(|canteen| canteen.place_code.0));
    }
    let Some(Some(place)) = places.get(&id) else { return Ok(None) };
    let rules = shelf.in_force(place, batch.service_date.0)?;
    Ok(hand_over_deadline(cooked.0, batch.holding.0, &rules))
}
