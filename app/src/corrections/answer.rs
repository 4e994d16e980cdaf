//! What people say of a correction: one proposes, another approves, which does it.

use super::{CorrectionCard, CorrectionRefusal, Difference, Stands, opened, permit, record, stored_parts};
use crate::budgets::draw;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::{App, self_pay, subsidies};
use domain::MoneyOverflow;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::correction::{self, CorrectionCommand, CorrectionState, Costs, Resolution, Standing, differences, transition};
use domain::id::{CorrectionId, OrderId};
use domain::ledger::Movement;
use domain::order::OrderState;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::corrections::{self, CorrectionRow};
use store::query::orders;
use store::{LaneKey, StoreError, Tx};

/// Asks that a meal be annulled: it was not served after all, or is given back. Whoever asks has proposed it; another approves.
/// The same way two people say of a meal that waits, because its person was recorded as dead, that it stands: `resolution` is
/// then to dismiss.
pub async fn question(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    order: OrderId,
    (resolution, reason): (Resolution, String),
) -> Outcome<CorrectionCard, CorrectionRefusal> {
    app.store
        .write(LaneKey::of(order), "question_order", move |tx| {
            if let Some(id) = key.earlier_answer::<CorrectionId, _>(tx)? {
                let row = corrections::find(tx.look(), id)?.ok_or(StoreError::NotFound)?;
                return Ok(CorrectionCard::try_from(row)?);
            }
            let card = question_in(tx, &actor, order, resolution, &reason)?;
            key.keep_answer(tx, &card.row.id.0, tx.now())?;
            Ok(card)
        })
        .await
}

fn question_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: OrderId,
    resolution: Resolution,
    reason: &str,
) -> Outcome<CorrectionCard, CorrectionRefusal> {
    let refused = |why| Err(Failure::Refused(why));
    let order = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?;
    let place = permit(tx.look(), actor, Action::Settle, order.canteen_id.0, Thing::Order)?;
    if order.state.0 != OrderState::Served {
        return refused(CorrectionRefusal::NotServed(order.state.0));
    }
    let Some(Col(senior)) = order.senior_id else { return refused(CorrectionRefusal::Guest) };
    let decided = orders::decision(tx.look(), id)?.ok_or(StoreError::NotFound)?;
    let all = corrections::of_order(tx.look(), id)?;
    if let Some(open) = all.iter().find(|one| one.state.0 != CorrectionState::Closed) {
        return refused(CorrectionRefusal::Open(open.id.0));
    }
    let stands = Stands::of(&decided, &all)?;
    if let Err(annulled) = stands.decision {
        return refused(CorrectionRefusal::Annulled(annulled));
    }
    let difference = Difference::between(&stands, None)?;
    let mut row = opened(tx.new_id(), (&order, senior), &difference, tx.now())?;
    step(&row, CorrectionCommand::Propose { resolution })?;
    proposed(&mut row, actor, resolution, reason, tx.now());
    row.found_by = actor.user.map(Col);
    corrections::insert(tx.change(), &row)?;
    record(tx, actor, &row, &place, AuditAction::CorrectionProposed);
    Ok(CorrectionCard::try_from(row)?)
}

/// What is done with a correction that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Somebody says what is to be done, and why.
    Propose(Resolution, String),
    /// Another agrees, which does it.
    Approve,
    /// It is open again, for this reason.
    Reject(String),
}

impl Answer {
    const fn asks_for(&self) -> Action {
        match self {
            Self::Propose(..) => Action::Settle,
            Self::Approve | Self::Reject(_) => Action::ReviewSettlement,
        }
    }
}

/// Answers the correction that has this version.
pub async fn answer(
    app: &App,
    actor: Arc<Actor>,
    id: CorrectionId,
    version: i64,
    answer: Answer,
) -> Outcome<CorrectionCard, CorrectionRefusal> {
    app.store.write(LaneKey::of(id), "answer_correction", move |tx| answer_in(tx, &actor, id, version, &answer)).await
}

fn answer_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: CorrectionId,
    version: i64,
    answer: &Answer,
) -> Outcome<CorrectionCard, CorrectionRefusal> {
    let mut row = corrections::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Correction))?;
    let place = permit(tx.look(), actor, answer.asks_for(), row.canteen_id.0, Thing::Correction)?;
    if row.version != version {
        return Err(Failure::Stale { version: row.version });
    }
    let now = tx.now();
    let action = match answer {
        Answer::Propose(resolution, reason) => {
            step(&row, CorrectionCommand::Propose { resolution: *resolution })?;
            proposed(&mut row, actor, *resolution, reason, now);
            AuditAction::CorrectionProposed
        }
        Answer::Approve => {
            step(&row, CorrectionCommand::Approve { by: actor.user })?;
            (row.state, row.decided_by, row.decided_at) = (Word(CorrectionState::Closed), actor.user.map(Col), Some(Col(now)));
            carry_out(tx, &row)?;
            AuditAction::CorrectionDecided
        }
        Answer::Reject(reason) => {
            step(&row, CorrectionCommand::Reject)?;
            (row.state, row.resolution) = (Word(CorrectionState::Open), None);
            (row.proposed_by, row.proposed_at) = (None, None);
            row.reason.clone_from(reason);
            AuditAction::CorrectionRejected
        }
    };
    row.version += 1;
    if !corrections::update(tx.change(), &row)? {
        return Err(Failure::Stale { version: row.version });
    }
    if row.has_changed_cost() {
        give_back(tx, actor, &row)?;
    }
    record(tx, actor, &row, &place, action);
    Ok(CorrectionCard::try_from(row)?)
}

/// What the meal does not cost its senior any more goes back to the wallet. Alone: an order's payments and its cost are otherwise
/// changed in its canteen's lane.
fn give_back(tx: &mut Tx<'_>, actor: &Actor, row: &CorrectionRow) -> Outcome<(), CorrectionRefusal> {
    tx.alone("correction")?;
    tx.lock_canteen(row.canteen_id.0)?;
    let order = orders::find(tx.look(), row.order_id.0)?.ok_or(StoreError::NotFound)?;
    Ok(self_pay::order::follow(tx, &order, actor.user, tx.now())?)
}

fn step(row: &CorrectionRow, command: CorrectionCommand) -> Outcome<(), CorrectionRefusal> {
    let of = Standing {
        state: row.state.0,
        cause: row.cause.0,
        takes_back: row.takes_back,
        proposed_by: row.proposed_by.map(|Col(user)| user),
    };
    transition(&of, command).map(|_| ()).map_err(|e| Failure::Refused(CorrectionRefusal::Rejected(e)))
}

fn proposed(row: &mut CorrectionRow, actor: &Actor, resolution: Resolution, reason: &str, now: domain::Instant) {
    row.state = Word(CorrectionState::Proposed);
    row.resolution = Some(Word(resolution));
    (row.proposed_by, row.proposed_at) = (actor.user.map(Col), Some(Col(now)));
    reason.clone_into(&mut row.reason);
}

/// Posts what was agreed.
fn carry_out(tx: &mut Tx<'_>, row: &CorrectionRow) -> Outcome<(), CorrectionRefusal> {
    // Before budgets are looked at: one that begins to count holds this lock while it adds up what was moved.
    tx.lock_canteen(row.canteen_id.0)?;
    let moves = match row.resolution {
        Some(Word(resolution @ (Resolution::Adjust | Resolution::Annul))) => moves_of(tx, row, resolution)?,
        Some(Word(Resolution::Waive)) => correction::waived(&stored_parts(row.id.0, &row.parts)?),
        Some(Word(Resolution::Dismiss | Resolution::Gone)) | None => Vec::new(),
    };
    // What two people agreed to is posted whether or not the budget still has it; where it has not, that shows.
    draw::take_whatever(tx, row.service_date.0, &moves)?;
    let rows = subsidies::held_and_posted(tx, row.order_id.0, &moves, tx.now())?;
    corrections::insert_transfers(tx.change(), row.id.0, &rows)?;
    if row.resolution == Some(Word(Resolution::Annul)) {
        // A limit counts meals that were eaten.
        let order = orders::find(tx.look(), row.order_id.0)?.ok_or(StoreError::NotFound)?;
        subsidies::release_claims(tx, &order)?;
    }
    Ok(())
}

fn moves_of(tx: &mut Tx<'_>, row: &CorrectionRow, resolution: Resolution) -> Outcome<Vec<Movement>, CorrectionRefusal> {
    let fault = |e: MoneyOverflow| StoreError::Database(format!("correction {}: {e}", row.id.0));
    let decided = orders::decision(tx.look(), row.order_id.0)?.ok_or(StoreError::NotFound)?;
    let all = corrections::of_order(tx.look(), row.order_id.0)?;
    let stands = Stands::of(&decided, &all)?;
    let after = match (resolution, &row.trace) {
        (Resolution::Adjust, Some(trace)) => {
            let decision = serde_json::from_str(trace).map_err(|e| StoreError::Database(format!("{}: {e}", row.id.0)))?;
            Costs::of_decision(&decision).map_err(fault)?
        }
        _ => Costs::default(),
    };
    Ok(differences(row.canteen_id.0, &stands.costs, &after).map_err(fault)?)
}
