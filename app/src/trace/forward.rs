//! Forward: lot -> batches -> orders.

use super::TraceRefusal as Refusal;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use crate::ingredients::view::{LotView, SupplierView};
use domain::access::{Action, Actor};
use domain::batch::{BatchState, LinkHow};
use domain::food_safety::DeciCelsius;
use domain::id::{BatchId, CanteenId, LotId, OrderId, OrderLineId, SeniorId};
use domain::order::OrderState;
use domain::{Channel, Instant, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::{batches, ingredients, trace};

/// Rows in the first answer; the rest is streamed.
pub const FIRST_ROWS: usize = 200;
/// Batches that one lot may have gone into. A 25 kg sack used by the gram stays far below; more is a mistake in the records.
const BATCHES_MAX: usize = 2_000;

/// A batch that a lot went into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchUse {
    /// Which batch.
    pub batch: BatchId,
    /// Where it was cooked.
    pub canteen: CanteenId,
    /// The dish.
    pub dish: String,
    /// The day.
    pub service_date: ServiceDate,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// Where it stands.
    pub state: BatchState,
    /// How much of the lot went in, in the lot's unit.
    pub amount: i64,
    /// When it was taken off the stove.
    pub cooked_at: Option<Instant>,
    /// Its core temperature, tenths of a degree Celsius.
    pub core_temperature: Option<DeciCelsius>,
}

/// A line of an order that a batch may have reached. The name is masked; phones are on the call list, for those entitled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Which batch.
    pub batch: BatchId,
    /// Which line.
    pub line: OrderLineId,
    /// Which order.
    pub order: OrderId,
    /// Where it was served.
    pub canteen: CanteenId,
    /// The day.
    pub service_date: ServiceDate,
    /// The meal.
    pub meal: MealPeriod,
    /// The number on the slip.
    pub order_no: i64,
    /// How it reached the table.
    pub channel: Channel,
    /// Where the order stands.
    pub state: OrderState,
    /// Whose meal; nobody known for an anonymous sale.
    pub senior: Option<SeniorId>,
    /// `张*`
    pub masked_name: String,
    /// The dish.
    pub dish: String,
    /// Portions.
    pub quantity: i64,
    /// How it is known.
    pub how: LinkHow,
}

/// Where a lot went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotTrace {
    /// The lot.
    pub lot: LotView,
    /// From whom.
    pub supplier: SupplierView,
    /// The batches it went into.
    pub batches: Vec<BatchUse>,
    /// Orders reached; each counts once.
    pub orders: i64,
    /// Portions of the dishes in question.
    pub portions: i64,
    /// Known people reached.
    pub people: i64,
    /// The first rows, by batch and order.
    pub rows: Vec<Affected>,
    /// Whether there are more rows than these.
    pub more: bool,
}

/// Where a stream of rows goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// In this batch.
    pub batch: BatchId,
    /// After this line.
    pub after: Option<(OrderId, OrderLineId)>,
}

/// The lot, its batches, how many were reached, and the first rows.
pub async fn of_lot(app: &App, actor: Arc<Actor>, id: LotId) -> Outcome<LotTrace, Refusal> {
    app.store.read("trace_forward", move |conn| trace_of(conn, &actor, id)).await
}

/// The same, on a connection; for the recall and the exports.
pub(crate) fn trace_of(conn: &mut AnyConnection, actor: &Actor, id: LotId) -> Outcome<LotTrace, Refusal> {
    let lot = ingredients::lot(conn, id)?.ok_or(Failure::NotFound(Thing::Lot))?;
    canteen_for(conn, actor, lot.canteen_id.0, Action::SeeTrace, Thing::Lot)?;
    let supplier = ingredients::supplier(conn, lot.supplier_id.0)?.ok_or(StoreError::NotFound)?;
    let vouchers = ingredients::vouchers(conn, id)?;
    let batches = batches_of(conn, id)?;
    let ids: Vec<BatchId> = batches.iter().map(|b| b.batch).collect();
    let totals = trace::totals(conn, &ids)?;
    let (rows, next) = rows_from(conn, &ids, None, FIRST_ROWS)?;
    Ok(LotTrace {
        lot: LotView::of(lot, vouchers),
        supplier: supplier.into(),
        batches,
        orders: totals.orders,
        portions: totals.portions,
        people: totals.people,
        rows,
        more: next.is_some(),
    })
}

/// The batches that hold something of a lot, oldest first.
pub(crate) fn batches_of(conn: &mut AnyConnection, id: LotId) -> Outcome<Vec<BatchUse>, Refusal> {
    let mut amounts: BTreeMap<BatchId, i64> = BTreeMap::new();
    for issue in batches::issues_of_lot(conn, id)? {
        *amounts.entry(issue.batch_id.0).or_insert(0) += issue.amount;
    }
    // Corrected to nothing: the lot never went in.
    amounts.retain(|_, amount| *amount > 0);
    if amounts.len() > BATCHES_MAX {
        return Err(Failure::Refused(Refusal::TooManyBatches));
    }
    let ids: Vec<BatchId> = amounts.keys().copied().collect();
    let uses = trace::batches(conn, &ids)?.into_iter().map(|(row, dish)| BatchUse {
        batch: row.id.0,
        canteen: row.canteen_id.0,
        dish,
        service_date: row.service_date.0,
        batch_no: row.batch_no,
        state: row.state.0,
        amount: amounts.get(&row.id.0).copied().unwrap_or(0),
        cooked_at: row.cooked_at.map(|t| t.0),
        core_temperature: row.core_temp.map(|t| t.0),
    });
    Ok(uses.collect())
}

/// A page of the rows of a lot's trace and where the next one begins; `None` at the end. The batches are read anew for each page:
/// a batch that is added meanwhile appears at the end, none is skipped.
pub async fn page(
    app: &App,
    actor: Arc<Actor>,
    id: LotId,
    from: Option<Cursor>,
    limit: usize,
) -> Outcome<(Vec<Affected>, Option<Cursor>), Refusal> {
    app.store
        .read("trace_page", move |conn| {
            let lot = ingredients::lot(conn, id)?.ok_or(Failure::NotFound(Thing::Lot))?;
            canteen_for(conn, &actor, lot.canteen_id.0, Action::SeeTrace, Thing::Lot)?;
            let ids: Vec<BatchId> = batches_of(conn, id)?.iter().map(|b| b.batch).collect();
            Ok(rows_from(conn, &ids, from, limit)?)
        })
        .await
}

fn rows_from(
    conn: &mut AnyConnection,
    ids: &[BatchId],
    from: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Affected>, Option<Cursor>), StoreError> {
    let mut rows = Vec::new();
    for batch in ids.iter().copied().filter(|id| from.is_none_or(|cursor| *id >= cursor.batch)) {
        let after = from.filter(|cursor| cursor.batch == batch).and_then(|cursor| cursor.after);
        let left = limit - rows.len();
        // One more than fits tells whether the page is the last one.
        let found = trace::affected(conn, batch, after, i64::try_from(left).unwrap_or(i64::MAX).saturating_add(1))?;
        let full = found.len() > left;
        rows.extend(found.into_iter().take(left).map(affected));
        if full {
            let last = rows.last().filter(|row: &&Affected| row.batch == batch).map(|row| (row.order, row.line)).or(after);
            return Ok((rows, Some(Cursor { batch, after: last })));
        }
    }
    Ok((rows, None))
}

fn affected(row: trace::AffectedRow) -> Affected {
    Affected {
        batch: row.batch.0,
        line: row.line.0,
        order: row.order.0,
        canteen: row.canteen.0,
        service_date: row.service_date.0,
        meal: row.meal.0,
        order_no: row.order_no,
        channel: row.channel.0,
        state: row.state.0,
        senior: row.senior.map(|s| s.0),
        masked_name: row.masked_name,
        dish: row.dish,
        quantity: row.quantity,
        how: row.how.0,
    }
}
