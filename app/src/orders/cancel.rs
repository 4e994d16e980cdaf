//! Cancel: the portion, the limits and the held money are free again.

use super::access;
use super::view::{self, OrderAnswer};
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::jobs::notify;
use crate::{App, audit, lanes, self_pay, subsidies};
use domain::Instant;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::event::Event;
use domain::id::OrderId;
use domain::ledger::Phase;
use domain::notice::NoticeEvent;
use domain::order::{OrderCommand, OrderRejection, open_until, transition};
use domain::ordering::is_reason;
use serde_json::json;
use std::sync::Arc;
use store::Tx;
use store::column::{Col, Word};
use store::query::rows::OrderRow;
use store::query::{catalogue, orders, seniors};

/// Takes an order back.
pub async fn cancel(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    id: OrderId,
    reason: Option<String>,
) -> Outcome<OrderAnswer, OrderRejection> {
    let lane = lanes::of_order(app, id).await?;
    let telling = app.telling();
    app.store
        .write(lane, "cancel_order", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = cancel_in(tx, &actor, id, reason.as_deref())?;
            notify::order(tx, telling, &actor, &answer.order, NoticeEvent::OrderCancelled)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

/// The unit of work behind [`cancel`]; generation calls it too.
pub fn cancel_in(tx: &mut Tx<'_>, actor: &Actor, id: OrderId, reason: Option<&str>) -> Outcome<OrderAnswer, OrderRejection> {
    let canteen_id = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?.canteen_id.0;
    tx.lock_canteen(canteen_id)?;
    let mut order = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?;
    let (sitting, canteen) =
        catalogue::sitting_with_canteen(tx.look(), order.sitting_id.0)?.ok_or(Failure::NotFound(Thing::Sitting))?;
    let senior = order.senior_id.map(|Col(senior)| seniors::find(tx.look(), senior)).transpose()?.flatten();
    let (_, standing) = access::to_order(actor, senior.as_ref(), &canteen).map_err(access::order_out_of_sight)?;
    let now = tx.now();
    let until = open_until(sitting.cut_off_at.0, sitting.serve_to_at.0, senior.is_none());
    let state =
        transition(order.state.0, OrderCommand::Cancel, until, now, standing, is_reason(reason)).map_err(Failure::Refused)?;
    if now >= until {
        let detail = json!({ "late": true, "cancelled": true, "reason": reason });
        audit::record(tx, actor, AuditAction::OrderedByException, id, Some(&canteen.place_code.0), &detail);
    }
    let lines = orders::lines(tx.look(), id)?;
    give_back(tx, &order, now)?;
    if !orders::set_state(tx.change(), id, order.version, state, now, reason)? {
        return Err(Failure::Stale { version: order.version });
    }
    order.state = Word(state);
    order.version += 1;
    self_pay::order::follow(tx, &order, actor.user, now)?;
    let order_view = view::of(&order, &lines);
    view::record(tx, canteen_id, id, &Event::OrderCancelled(order_view.clone()), now)?;
    Ok(OrderAnswer { order: order_view, address_unplaced: false })
}

/// Gives back what an order holds: portions, limits, money.
pub fn give_back<R>(tx: &mut Tx<'_>, order: &OrderRow, now: Instant) -> Outcome<(), R> {
    for (line, _) in orders::lines(tx.look(), order.id.0)? {
        catalogue::return_portions(tx.change(), line.menu_item_id.0, line.quantity)?;
    }
    subsidies::release_claims(tx, order)?;
    subsidies::end_holds(tx, order, Phase::Void, now)?;
    Ok(())
}
