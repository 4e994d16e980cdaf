//! Quote and place.

use super::load::{Prepared, prepare};
use super::rows::{OrderLookup, Rows, Wish};
use super::view::{self, OrderAnswer};
use super::{OrderRequest, PlaceRefusal, Quote};
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::jobs::notify;
use crate::{App, audit, lanes, subsidies};
use domain::Instant;
use domain::access::Actor;
use domain::audit::AuditAction;
use domain::event::Event;
use domain::id::{OrderId, StandingOrderId};
use domain::notice::NoticeEvent;
use domain::order::OrderState;
use domain::subsidy::WorkdayCalendar;
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::catalogue;
use store::query::rows::{DecisionRow, OrderLineRow, OrderRow};
use store::{StoreError, Tx};

/// What the order would cost, who would pay, and why; changes nothing.
pub async fn quote(app: &App, actor: Arc<Actor>, request: OrderRequest) -> Outcome<Quote, PlaceRefusal> {
    let now = app.clock.now();
    let rows = app.orders.ask(&app.store, Wish::of(&request, None)).await?;
    let prepared = prepare(rows, app.store.sealer(), app.shelves.policies.calendar(), &actor, &request, now)?;
    Ok(prepared.quote())
}

/// Takes the order: portions, limits, holds, decision, events and the answer, in one commit.
pub async fn place(app: &App, actor: Arc<Actor>, key: RequestKey, request: OrderRequest) -> Outcome<OrderAnswer, PlaceRefusal> {
    let lane = lanes::of_sitting(app, request.sitting).await?;
    let (shelves, telling) = (app.shelves.clone(), app.telling());
    let wish = Wish::of(&request, Some(key.clone()));
    app.store
        .write_knowing(lane, "place_order", (app.orders.lookup().clone(), wish), move |tx, mut rows| {
            if let Some(row) = rows.answer.take() {
                return key.answer_in(&row);
            }
            let answer = place_from(tx, shelves.policies.calendar(), &actor, &request, rows, None)?;
            notify::order(tx, telling, &actor, &answer.order, NoticeEvent::OrderPlaced)?;
            key.keep_answer(tx, &answer, answer.order.accepted_at)?;
            Ok(answer)
        })
        .await
}

/// A unit of work's part that places an order, from rows that it reads itself: for orders made of other orders or of a pattern.
pub fn place_in(
    tx: &mut Tx<'_>,
    lookup: &OrderLookup,
    actor: &Actor,
    request: &OrderRequest,
    pattern: Option<StandingOrderId>,
) -> Outcome<OrderAnswer, PlaceRefusal> {
    let canteen = catalogue::canteen_of(tx.look(), request.sitting)?.ok_or(Failure::NotFound(Thing::Sitting))?;
    tx.lock_canteen(canteen)?;
    let rows = lookup.one(tx.look(), &Wish::of(request, None))?;
    place_from(tx, lookup.shelves().policies.calendar(), actor, request, rows, pattern)
}

/// The same, from rows that were read under the canteen's lock.
fn place_from(
    tx: &mut Tx<'_>,
    calendar: &WorkdayCalendar,
    actor: &Actor,
    request: &OrderRequest,
    rows: Rows,
    pattern: Option<StandingOrderId>,
) -> Outcome<OrderAnswer, PlaceRefusal> {
    // The instant that decides the cut-off is read with the lock held.
    let now = tx.now();
    let prepared = prepare(rows.less_taken(tx), tx.sealer(), calendar, actor, request, now)?;
    if request.expected_self_pay_fen.is_some_and(|shown| shown != prepared.totals.self_pay_fen) {
        return Err(Failure::Refused(PlaceRefusal::QuoteChanged(Box::new(prepared.quote()))));
    }
    take_portions(tx, &prepared);
    let canteen = prepared.canteen.id.0;
    let order = order_row(tx, actor, request, &prepared, pattern, now);
    answer_for(tx, actor, order.id.0, &prepared, request.reason.as_deref());
    let lines = line_rows(tx, order.id, &prepared);
    if let (Some(decision), Some(senior)) = (&prepared.decision, &prepared.senior) {
        subsidies::take_claims(tx, senior.id.0, order.id.0, &decision.claims)?;
        tx.pending().decision(decision_row(order.id, decision, now)?);
    }
    prepared.hold(tx, order.id.0, now)?;
    let named: Vec<(OrderLineRow, String)> =
        lines.iter().cloned().zip(prepared.draft.lines.iter().map(|l| l.name.clone())).collect();
    let order_view = view::of(&order, &named);
    view::record(tx, canteen, order.id.0, &Event::OrderPlaced(order_view.clone()), now)?;
    tx.pending().order(order);
    lines.into_iter().for_each(|line| tx.pending().line(line));
    Ok(OrderAnswer { order: order_view, address_unplaced: prepared.draft.address_unplaced })
}

/// Who places or changes an order against a rule, with a reason, answers for it by name.
pub(super) fn answer_for(tx: &mut Tx<'_>, actor: &Actor, order: OrderId, prepared: &Prepared, reason: Option<&str>) {
    let draft = &prepared.draft;
    if !draft.is_exceptional() {
        return;
    }
    let overridden = draft.lines.iter().filter(|line| !line.overridden.is_empty());
    let clashes: Vec<_> = overridden
        .map(|line| {
            let clashes: Vec<String> = line.overridden.iter().map(domain::diet::Clash::message_zh).collect();
            json!({ "dish": line.dish, "clashes": clashes, "reason": line.override_reason })
        })
        .collect();
    let detail = json!({ "late": draft.late, "out_of_area": draft.out_of_area, "reason": reason, "clashes": clashes });
    audit::record(tx, actor, AuditAction::OrderedByException, order, Some(&prepared.canteen.place_code.0), &detail);
}

/// Takes every line's portions, which the rules saw there.
pub(super) fn take_portions(tx: &mut Tx<'_>, prepared: &Prepared) {
    for line in &prepared.draft.lines {
        tx.take_portions(line.item, i64::from(line.quantity));
    }
}

fn order_row(
    tx: &mut Tx<'_>,
    actor: &Actor,
    request: &OrderRequest,
    prepared: &Prepared,
    pattern: Option<StandingOrderId>,
    now: Instant,
) -> OrderRow {
    let (sitting, totals) = (&prepared.sitting, prepared.totals);
    OrderRow {
        id: Col(tx.new_id()),
        version: 1,
        sitting_id: sitting.id,
        canteen_id: sitting.canteen_id,
        service_date: sitting.service_date,
        meal: sitting.meal,
        order_no: tx.next_order_no(sitting),
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
    }
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
        size: Word(line.size),
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
