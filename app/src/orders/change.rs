//! Change: other dishes or another channel, under the order's number.
//!
//! The old portions, limits and holds are given back and the order is decided afresh, all in one unit: the person keeps their
//! number and their place, and is never without an order in between.

use super::load::prepare;
use super::place::{answer_for, decision_row, line_rows, take_portions};
use super::rows::{OrderLookup, Wish};
use super::view::{self, OrderAnswer};
use super::{OrderRequest, PlaceRefusal, access, cancel};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::jobs::notify;
use crate::lanes;
use crate::subsidies;
use domain::access::Actor;
use domain::event::Event;
use domain::id::OrderId;
use domain::notice::NoticeEvent;
use domain::order::{OrderCommand, OrderRejection, open_until, transition};
use domain::ordering::is_reason;
use std::sync::Arc;
use store::Tx;
use store::column::{Col, Word};
use store::query::{batches, catalogue, orders, seniors};

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// The order's state or the cut-off.
    Order(OrderRejection),
    /// It is in its box already: other dishes would leave a box that nobody ordered.
    Packed,
    /// The new content, by the rules of ordering.
    Content(PlaceRefusal),
}

/// Gives an order new content; `version` is the one the caller read.
pub async fn change(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: OrderId,
    version: i64,
    request: OrderRequest,
) -> Outcome<OrderAnswer, ChangeRefusal> {
    let lookup = app.orders.lookup().clone();
    let (lane, telling) = (lanes::of_order(app, id).await?, app.telling());
    app.store
        .write(lane, "change_order", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = change_in(tx, &lookup, &actor, id, version, &request, true)?;
            notify::order(tx, telling, &actor, &answer.order, NoticeEvent::OrderChanged)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

/// The unit of work behind [`change`]; generation calls it too, as nobody's edit.
pub fn change_in(
    tx: &mut Tx<'_>,
    lookup: &OrderLookup,
    actor: &Actor,
    id: OrderId,
    version: i64,
    request: &OrderRequest,
    by_person: bool,
) -> Outcome<OrderAnswer, ChangeRefusal> {
    let canteen_id = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?.canteen_id.0;
    tx.lock_canteen(canteen_id)?;
    let mut order = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?;
    let (sitting, canteen) =
        catalogue::sitting_with_canteen(tx.look(), order.sitting_id.0)?.ok_or(Failure::NotFound(Thing::Sitting))?;
    let senior = order.senior_id.map(|Col(senior)| seniors::find(tx.look(), senior)).transpose()?.flatten();
    let (_, standing) = access::to_order(actor, senior.as_ref(), &canteen).map_err(access::order_out_of_sight)?;
    if order.version != version {
        return Err(Failure::Stale { version: order.version });
    }
    let now = tx.now();
    let until = open_until(sitting.cut_off_at.0, sitting.serve_to_at.0, senior.is_none());
    transition(order.state.0, OrderCommand::Change, until, now, standing, is_reason(request.reason.as_deref()))
        .map_err(|e| Failure::Refused(ChangeRefusal::Order(e)))?;
    // The links of a confirmed order are those of its packing, and they name the lines that a change replaces.
    if !batches::links_of_order(tx.look(), id)?.is_empty() {
        return Err(Failure::Refused(ChangeRefusal::Packed));
    }

    cancel::give_back(tx, &order, now)?;
    orders::remove_content(tx.change(), &order, now)?;
    let request = OrderRequest { sitting: order.sitting_id.0, senior: order.senior_id.map(|Col(id)| id), ..request.clone() };
    let content = |f: Failure<PlaceRefusal>| f.map(ChangeRefusal::Content);
    let rows = lookup.one(tx.look(), &Wish::of(&request, None))?.less_taken(tx);
    let calendar = lookup.shelves().policies.calendar();
    let prepared = prepare(rows, tx.sealer(), calendar, actor, &request, now).map_err(content)?;
    take_portions(tx, &prepared);
    answer_for(tx, actor, id, &prepared, request.reason.as_deref());

    let lines = line_rows(tx, order.id, &prepared);
    if let (Some(decision), Some(senior)) = (&prepared.decision, &prepared.senior) {
        subsidies::take_claims(tx, senior.id.0, id, &decision.claims)?;
        tx.pending().decision(decision_row(order.id, decision, now)?);
    }
    prepared.hold(tx, id, now)?;
    order.set_totals(prepared.totals);
    order.channel = Word(request.channel);
    order.note.clone_from(&request.note);
    order.version += 1;
    order.changed_at = Col(now);
    order.edited_by_person |= by_person;
    orders::replace(tx.change(), &order)?;
    crate::self_pay::order::follow(tx, &order, actor.user, now)?;
    let named: Vec<_> = lines.iter().cloned().zip(prepared.draft.lines.iter().map(|l| l.name.clone())).collect();
    lines.into_iter().for_each(|line| tx.pending().line(line));
    let order_view = view::of(&order, &named);
    view::record(tx, canteen_id, id, &Event::OrderChanged(order_view.clone()), now)?;
    Ok(OrderAnswer { order: order_view, address_unplaced: prepared.draft.address_unplaced })
}
