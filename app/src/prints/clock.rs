//! Until when what is in a box may be eaten: the cooked-at clock of its batches.

use crate::batches::deadline::of_batch;
use crate::ingredients::rules::RuleShelf;
use domain::Instant;
use domain::batch::BatchState;
use domain::event::OrderView;
use domain::id::{BatchId, DishId, OrderId, SittingId};
use std::collections::BTreeMap;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::batches::BatchRow;
use store::query::prints;

/// The deadlines of a sitting's batches, looked up once for all its labels.
pub(super) struct Clock {
    /// Of what an order was packed from.
    packed: BTreeMap<OrderId, Instant>,
    /// Of what was cooked of a dish, for orders that are not packed yet: the earliest, since it may be packed from any.
    cooked: BTreeMap<DishId, Instant>,
}

impl Clock {
    pub(super) fn of(conn: &mut AnyConnection, shelf: &RuleShelf, sitting: SittingId) -> Result<Self, StoreError> {
        // Many orders are packed from one batch.
        let mut of_batches: BTreeMap<BatchId, Option<Instant>> = BTreeMap::new();
        let mut deadline = |conn: &mut AnyConnection, batch: &BatchRow| {
            if let Some(known) = of_batches.get(&batch.id.0) {
                return Ok::<_, StoreError>(*known);
            }
            let found = of_batch(conn, shelf, batch)?;
            of_batches.insert(batch.id.0, found);
            Ok(found)
        };
        let (mut packed, mut cooked) = (BTreeMap::new(), BTreeMap::new());
        for (order, batch) in prints::batches_of_orders(conn, sitting)? {
            if let Some(at) = deadline(conn, &batch)? {
                earliest(&mut packed, order, at);
            }
        }
        for batch in prints::batches(conn, sitting)?.iter().filter(|batch| batch.state.0 != BatchState::Discarded) {
            if let Some(at) = deadline(conn, batch)? {
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
