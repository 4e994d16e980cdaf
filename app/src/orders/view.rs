//! An order as the log and the clients see it.

use domain::Instant;
use domain::event::{Event, LineView, OrderView};
use domain::id::{CanteenId, Id, OrderId, SubjectId};
use domain::order::OrderTotals;
use serde::{Deserialize, Serialize};
use store::column::{Col, Word};
use store::query::rows::{EventRow, OrderLineRow, OrderRow};
use store::{StoreError, Tx};

/// What a client is answered when an order was taken or changed; kept under the request's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAnswer {
    /// The order.
    pub order: OrderView,
    /// The address still has to be placed on the map.
    pub address_unplaced: bool,
}

/// The view of a stored order.
#[must_use]
pub fn of(order: &OrderRow, lines: &[(OrderLineRow, String)]) -> OrderView {
    OrderView {
        order: order.id.0,
        senior: order.senior_id.map(|Col(id)| id),
        sitting: order.sitting_id.0,
        service_date: order.service_date.0,
        meal: order.meal.0,
        order_no: order.order_no,
        masked_name: order.senior_name.clone(),
        channel: order.channel.0,
        via: order.via.0,
        state: order.state.0,
        totals: OrderTotals {
            price_fen: order.price_fen.0,
            discount_fen: order.discount_fen.0,
            subsidy_fen: order.subsidy_fen.0,
            delivery_fee_fen: order.delivery_fee_fen.0,
            self_pay_fen: order.self_pay_fen.0,
        },
        lines: lines.iter().map(|(line, name)| line_view(line, name)).collect(),
        note: order.note.clone(),
        accepted_at: order.accepted_at.0,
        version: order.version,
    }
}

fn line_view(line: &OrderLineRow, name: &str) -> LineView {
    let standing = crate::kitchen::judge::standing(line);
    LineView {
        dish: line.dish_id.0,
        item: line.menu_item_id.0,
        name: name.to_owned(),
        // The column's CHECK keeps it between 1 and 20.
        quantity: u32::try_from(line.quantity).unwrap_or(0),
        texture: line.texture.0,
        size: line.size.0,
        unfit: standing.is_unfit(),
        exceptions: standing.exceptions,
    }
}

/// Adds an event about an order to the canteen's log, in this unit's commit.
pub fn record(tx: &mut Tx<'_>, canteen: CanteenId, order: OrderId, event: &Event, at: Instant) -> Result<(), StoreError> {
    record_about(tx, canteen, Id::from_uuid(order.uuid()), event, at).map(|_| ())
}

/// Adds an event about anything to the canteen's log, in this unit's commit; returns its number.
pub fn record_about(
    tx: &mut Tx<'_>,
    canteen: CanteenId,
    subject: SubjectId,
    event: &Event,
    at: Instant,
) -> Result<i64, StoreError> {
    let payload = serde_json::to_string(event).map_err(|e| StoreError::Database(format!("event: {e}")))?;
    let seq = tx.next_event_seq(canteen)?;
    tx.pending().event(EventRow {
        canteen_id: Col(canteen),
        seq,
        kind: Word(event.kind()),
        sitting_id: event.sitting().map(Col),
        subject_id: Col(subject),
        payload,
        at: Col(at),
    });
    Ok(seq)
}
