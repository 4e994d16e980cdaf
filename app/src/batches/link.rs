//! Which lines of orders came from which batches: exactly when packed, every open batch at the table.

use super::BatchRefusal as Refusal;
use super::gate::net;
use super::held::with_batch;
use super::view::BatchView;
use crate::App;
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use crate::kitchen::judge::standing;
use domain::Instant;
use domain::access::Actor;
use domain::batch::{BatchState, LinkHow};
use domain::food_safety::{hand_over_deadline, in_time};
use domain::id::{BatchId, CanteenId, LotId, OrderId};
use domain::lot::LotState;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::batches::{self, BatchRow, LinkRow};
use store::query::rows::{OrderLineRow, OrderRow};
use store::query::{catalogue, orders, yields};
use store::{StoreError, Tx};

/// Links orders to the batch that they are packed from: their lines of the batch's dish, all of them or none.
pub async fn pack(app: &App, actor: Arc<Actor>, key: RequestKey, id: BatchId, packed: Vec<OrderId>) -> Outcome<BatchView, Refusal> {
    with_batch(app, actor, key, id, "pack_orders", move |tx, held| {
        let batch = &held.batch;
        if batch.state.0 != BatchState::Released {
            return Err(Failure::Refused(Refusal::State(batch.state.0)));
        }
        let deadline = batch.cooked_at.and_then(|at| hand_over_deadline(at.0, batch.holding.0, &held.rules));
        if !in_time(deadline, held.now) {
            return Err(Failure::Refused(Refusal::HeldTooLong));
        }
        let used: Vec<LotId> = net(&batches::issues(tx.look(), &[batch.id.0])?).into_keys().collect();
        if batches::lots(tx.look(), &used)?.iter().any(|lot| lot.state.0 == LotState::Frozen) {
            return Err(Failure::Refused(Refusal::Recalled));
        }
        let mut links = Vec::new();
        for order in &packed {
            links.extend(lines_of(tx, batch, *order, held.now)?);
        }
        batches::link(tx.change(), &links)?;
        Ok(())
    })
    .await
}

fn lines_of(tx: &mut Tx<'_>, batch: &BatchRow, id: OrderId, now: Instant) -> Outcome<Vec<LinkRow>, Refusal> {
    let refuse = || Failure::Refused(Refusal::NotInOrder(id));
    let order = orders::find(tx.look(), id)?.ok_or_else(refuse)?;
    let canteen = catalogue::canteen(tx.look(), order.canteen_id.0)?.ok_or_else(refuse)?;
    let supplied = canteen.id == batch.canteen_id || canteen.central_kitchen_id == Some(batch.canteen_id);
    let lines = orders::lines(tx.look(), id)?;
    if lines.iter().any(|(line, _)| line.dish_id == batch.dish_id && standing(line).is_unfit()) {
        return Err(Failure::Refused(Refusal::Unfit(id)));
    }
    if yields::goes_without(tx.look(), id, batch.dish_id.0)? {
        return Err(Failure::Refused(Refusal::GoesWithout(id)));
    }
    let links: Vec<LinkRow> = lines
        .iter()
        .filter(|(line, _)| line.dish_id == batch.dish_id)
        .map(|(line, _)| link_row(line, batch.id.0, LinkHow::Packed, now))
        .collect();
    if links.is_empty() || !supplied || order.service_date != batch.service_date { Err(refuse()) } else { Ok(links) }
}

fn link_row(line: &OrderLineRow, batch: BatchId, how: LinkHow, at: Instant) -> LinkRow {
    LinkRow { order_line_id: line.id, batch_id: Col(batch), order_id: line.order_id, how: Word(how), at: Col(at) }
}

/// Links the lines of an order that were not packed from a known batch to every batch they may have come from: of that dish, at
/// that canteen or its central kitchen, of the day or the day before (chilled dishes are kept a day), not ended before the meal
/// was served. Runs in the unit that redeems, and again when evidence shows that it was served earlier: more batches were open
/// then, and none fewer.
pub(crate) fn at_table(
    tx: &mut Tx<'_>,
    order: &OrderRow,
    lines: &[(OrderLineRow, String)],
    served_at: Instant,
) -> Result<(), StoreError> {
    let links = batches::links_of_order(tx.look(), order.id.0)?;
    let packed: BTreeSet<_> = links.iter().filter(|link| link.how.0 == LinkHow::Packed).map(|link| link.order_line_id).collect();
    let open: Vec<&OrderLineRow> = lines.iter().map(|(line, _)| line).filter(|line| !packed.contains(&line.id)).collect();
    let Some(canteen) = catalogue::canteen(tx.look(), order.canteen_id.0)? else { return Ok(()) };
    let dishes: Vec<_> = open.iter().map(|line| line.dish_id.0).collect();
    let kitchens: Vec<CanteenId> = [Some(canteen.id), canteen.central_kitchen_id].into_iter().flatten().map(|Col(id)| id).collect();
    let days = (order.service_date.0.plus_days(-1), order.service_date.0);
    let found = batches::open_at(tx.look(), &kitchens, &dishes, days, served_at)?;
    let links: Vec<LinkRow> = open
        .iter()
        .flat_map(|line| {
            let of_dish = found.iter().filter(|(_, dish)| *dish == line.dish_id.0);
            of_dish.map(|(batch, _)| link_row(line, *batch, LinkHow::Table, served_at))
        })
        .collect();
    if links.is_empty() { Ok(()) } else { batches::link(tx.change(), &links) }
}

/// Links a batch that is written down only now to whoever was served its dish after it was cooked.
pub(crate) fn recorded_late(tx: &mut Tx<'_>, batch: &BatchRow, cooked_at: Instant, now: Instant) -> Result<(), StoreError> {
    let served = batches::lines_served_since(tx.look(), batch.canteen_id.0, batch.service_date.0, batch.dish_id.0, cooked_at)?;
    let links: Vec<LinkRow> = served
        .into_iter()
        .map(|(line, order)| LinkRow {
            order_line_id: Col(line),
            batch_id: batch.id,
            order_id: Col(order),
            how: Word(LinkHow::RecordedLate),
            at: Col(now),
        })
        .collect();
    if links.is_empty() { Ok(()) } else { batches::link(tx.change(), &links) }
}
