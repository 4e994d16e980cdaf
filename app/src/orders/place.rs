//! Quote and place.

use super::load::{Prepared, prepare};
use super::view::{self, OrderAnswer};
use super::{OrderRequest, PlaceRefusal, Quote};
use crate::failure::{Failure, Outcome};
use crate::idempotency::RequestKey;
use crate::jobs::notify;
use crate::shelves::Shelves;
use crate::{App, lanes, subsidies};
use domain::Instant;
use domain::access::Actor;
use domain::event::Event;
use domain::id::{OrderId, StandingOrderId};
use domain::notice::NoticeEvent;
use domain::order::OrderState;
use domain::ordering::OrderRefusal;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::catalogue::take_portions;
use store::query::rows::{DecisionRow, OrderLineRow, OrderRow};
use store::{StoreError, Tx};

/// What the order would cost, who would pay, and why; changes nothing.
pub async fn quote(app: &App, actor: Arc<Actor>, request: OrderRequest) -> Outcome<Quote, PlaceRefusal> {
    let (now, shelves, sealer) = (app.clock.now(), app.shelves.clone(), app.store.sealer().clone());
    app.store.read("quote", move |conn| prepare(conn, &sealer, &shelves, &actor, &request, now).map(|p| p.quote())).await
}

/// Takes the order: portions, limits, holds, decision, events and the answer, in one commit.
pub async fn place(app: &App, actor: Arc<Actor>, key: RequestKey, request: OrderRequest) -> Outcome<OrderAnswer, PlaceRefusal> {
    let shelves = app.shelves.clone();
    let lane = lanes::of_sitting(app, request.sitting).await?;
    let telling = app.telling();
    app.store
        .write(lane, "place_order", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = place_in(tx, &shelves, &actor, &request, None)?;
            notify::order(tx, telling, &actor, &answer.order, NoticeEvent::OrderPlaced)?;
            key.keep_answer(tx, &answer, answer.order.accepted_at)?;
            Ok(answer)
        })
        .await
}

/// The unit of work behind [`place`]; the generation of standing orders calls it too, with the pattern.
pub fn place_in(
    tx: &mut Tx<'_>,
    shelves: &Shelves,
    actor: &Actor,
    request: &OrderRequest,
    pattern: Option<StandingOrderId>,
) -> Outcome<OrderAnswer, PlaceRefusal> {
    let (sealer, sitting) = (tx.sealer(), request.sitting);
    let canteen =
        store::query::catalogue::canteen_of(tx.look(), sitting)?.ok_or(Failure::NotFound(crate::failure::Thing::Sitting))?;
    tx.lock_canteen(canteen)?;
    // The instant that decides the cut-off is read with the lock held.
    let now = tx.now();
    let prepared = prepare(tx.look(), sealer, shelves, actor, request, now)?;
    if request.expected_self_pay_fen.is_some_and(|shown| shown != prepared.totals.self_pay_fen) {
        return Err(Failure::Refused(PlaceRefusal::QuoteChanged(Box::new(prepared.quote()))));
    }
    take_all_portions(tx, &prepared)?;
    let order = order_row(tx, actor, request, &prepared, pattern, now)?;
    let lines = line_rows(tx, order.id, &prepared);
    if let (Some(decision), Some(senior)) = (&prepared.decision, &prepared.senior) {
        subsidies::take_claims(tx, senior.id.0, order.id.0, &decision.claims)?;
        tx.pending().decision(decision_row(order.id, decision, now)?);
    }
    subsidies::hold(tx, order.id.0, &prepared.moves()?, now)?;
    let named: Vec<(OrderLineRow, String)> =
        lines.iter().cloned().zip(prepared.draft.lines.iter().map(|l| l.name.clone())).collect();
    let order_view = view::of(&order, &named);
    view::record(tx, canteen, order.id.0, &Event::OrderPlaced(order_view.clone()), now)?;
    tx.pending().order(order);
    lines.into_iter().for_each(|line| tx.pending().line(line));
    Ok(OrderAnswer { order: order_view, address_unplaced: prepared.draft.address_unplaced })
}

/// Takes every line's portions.
pub(super) fn take_all_portions(tx: &mut Tx<'_>, prepared: &Prepared) -> Outcome<(), PlaceRefusal> {
    for line in &prepared.draft.lines {
        // The rule saw enough a moment ago; with the canteen locked only another process that ignores the lock could differ.
        if !take_portions(tx.change(), line.item, i64::from(line.quantity))? {
            return Err(Failure::Refused(PlaceRefusal::Rules(vec![OrderRefusal::SoldOut { item: line.item, left: 0 }])));
        }
    }
    Ok(())
}

fn order_row(
    tx: &mut Tx<'_>,
    actor: &Actor,
    request: &OrderRequest,
    prepared: &Prepared,
    pattern: Option<StandingOrderId>,
    now: Instant,
) -> Result<OrderRow, StoreError> {
    let (sitting, totals) = (&prepared.sitting, prepared.totals);
    Ok(OrderRow {
        id: Col(tx.new_id()),
        version: 1,
        sitting_id: sitting.id,
        canteen_id: sitting.canteen_id,
        service_date: sitting.service_date,
        meal: sitting.meal,
        order_no: tx.next_order_no(sitting.id.0)?,
        senior_id: prepared.senior.as_ref().map(|s| s.id),
        senior_name: prepared.senior.as_ref().map_or_else(String::new, |s| domain::person::mask::name(&s.name)),
        placed_by: actor.user.map(Col),
        via: Word(if pattern.is_some() { domain::order::Via::Standing } else { prepared.via }),
        channel: Word(request.channel),
        state: Word(OrderState::Confirmed),
        price_fen: Col(totals.price_fen),
        discount_fen: Col(totals.discount_fen),
        subsidy_fen: Col(totals.subsidy_fen),
        delivery_fee_fen: Col(totals.delivery_fee_fen),
        self_pay_fen: Col(totals.self_pay_fen),
        address_enc: None,
        note: request.note.clone(),
        standing_order_id: pattern.map(Col),
        edited_by_person: pattern.is_none(),
        accepted_at: Col(now),
        changed_at: Col(now),
        cancel_reason: None,
    })
}

/// The rows of the drafted lines.
pub(super) fn line_rows(tx: &Tx<'_>, order: Col<OrderId>, prepared: &Prepared) -> Vec<OrderLineRow> {
    let row = |line: &domain::ordering::DraftLine| OrderLineRow {
        id: Col(tx.new_id()),
        order_id: order,
        menu_item_id: Col(line.item),
        dish_id: Col(line.dish),
        quantity: i64::from(line.quantity),
        unit_price_fen: Col(line.unit_price_fen),
        texture: Word(line.texture),
        exceptions: line.overridden.iter().map(domain::diet::Clash::message_zh).collect::<Vec<_>>().join(","),
        override_reason: line.override_reason.clone(),
    };
    prepared.draft.lines.iter().map(row).collect()
}

/// The row of a decision, as it is stored and replayed.
pub(super) fn decision_row(
    order: Col<OrderId>,
    decision: &domain::subsidy::Decision,
    now: Instant,
) -> Result<DecisionRow, StoreError> {
    let trace = serde_json::to_string(decision).map_err(|e| StoreError::Database(format!("decision: {e}")))?;
    Ok(DecisionRow {
        order_id: order,
        entitled_fen: Col(decision.entitled_fen),
        granted_fen: Col(decision.granted_fen),
        trace,
        decided_at: Col(now),
    })
}
