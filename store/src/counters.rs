//! What a batch hands out and writes back at its end: numbers, whose rows are locked, and portions.

use crate::column::Col;
use crate::schema::{canteen_log, menu_item, sitting};
use crate::unnest::{SetNextOrderNo, SetNextSeq, TakePortions};
use diesel::{ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, SqliteConnection};
use domain::id::{BudgetId, CanteenId, MenuItemId, SittingId};
use std::collections::BTreeMap;

/// Numbers and portions handed out in a batch.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counters {
    /// The next event's number of each canteen's log whose lock is held.
    pub(crate) events: BTreeMap<CanteenId, i64>,
    /// The next order's number of each sitting.
    pub(crate) orders: BTreeMap<SittingId, i64>,
    /// Portions taken of each dish on a menu.
    pub(crate) portions: BTreeMap<MenuItemId, i64>,
    /// Fen taken of each budget, or given back, and whether they must be there.
    pub(crate) budgets: BTreeMap<BudgetId, (i64, bool)>,
}

impl Counters {
    /// Forgets logs that were locked and did not grow: their numbers stand.
    pub(crate) fn only_grown(&mut self, grown: &[CanteenId]) {
        self.events.retain(|canteen, _| grown.binary_search(canteen).is_ok());
    }

    /// Writes everything back, statement by statement. `false` when portions are not there or a dish was stopped; then some may have
    /// been taken, and the caller rolls back. Conditional updates decide, so no two buyers get the same portion on any isolation level.
    pub(crate) fn write(&self, conn: &mut SqliteConnection) -> QueryResult<bool> {
        for (item, quantity) in &self.portions {
            let available = menu_item::table
                .find(Col(*item))
                .filter((menu_item::sold + quantity).le(menu_item::portions))
                .filter(menu_item::stopped.eq(false));
            if diesel::update(available).set(menu_item::sold.eq(menu_item::sold + quantity)).execute(conn)? == 0 {
                return Ok(false);
            }
        }
        for (canteen, next) in &self.events {
            diesel::update(canteen_log::table.find(Col(*canteen))).set(canteen_log::next_seq.eq(next)).execute(conn)?;
        }
        for (of, next) in &self.orders {
            diesel::update(sitting::table.find(Col(*of))).set(sitting::next_order_no.eq(next)).execute(conn)?;
        }
        Ok(true)
    }

    /// The same as lists, for a statement over all of them.
    pub(crate) fn lists(&self) -> Lists {
        Lists { portions: side_by_side(&self.portions), events: side_by_side(&self.events), orders: side_by_side(&self.orders) }
    }
}

/// Keys and values side by side.
type Columns<K> = (Vec<Col<K>>, Vec<i64>);

fn side_by_side<K: Copy + Send + Sync + 'static>(counts: &BTreeMap<K, i64>) -> Columns<K> {
    counts.iter().map(|(key, count)| (Col(*key), *count)).unzip()
}

/// Counters as lists.
pub(crate) struct Lists {
    portions: Columns<MenuItemId>,
    events: Columns<CanteenId>,
    orders: Columns<SittingId>,
}

impl Lists {
    /// Takes the portions; nothing when none are wanted.
    pub(crate) fn take_portions(&self) -> Option<TakePortions<'_>> {
        let (items, quantities) = &self.portions;
        (!items.is_empty()).then_some(TakePortions(items, quantities))
    }

    /// Moves the logs' numbers on.
    pub(crate) fn next_seq(&self) -> Option<SetNextSeq<'_>> {
        let (canteens, numbers) = &self.events;
        (!canteens.is_empty()).then_some(SetNextSeq(canteens, numbers))
    }

    /// Moves the sittings' numbers on.
    pub(crate) fn next_order_no(&self) -> Option<SetNextOrderNo<'_>> {
        let (sittings, numbers) = &self.orders;
        (!sittings.is_empty()).then_some(SetNextOrderNo(sittings, numbers))
    }
}
