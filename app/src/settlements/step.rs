//! The steps of a settlement after its freeze: review, approval, withdrawal, publication, closing.

use super::{SettlementRefusal, SettlementSummary, people, permit};
use crate::budgets::release;
use crate::failure::{Failure, Outcome, Thing};
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{PaymentId, SettlementId};
use domain::ledger::Payer;
use domain::settlement::list;
use domain::settlement::payment::PaymentState;
use domain::settlement::{SettlementCommand, SettlementState, transition};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::payments::{self, PaymentRow};
use store::query::settlements::{self, Settled, SettlementRow};
use store::{LaneKey, StoreError, Tx};

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The street confirms it.
    Review,
    /// The district approves it.
    Approve,
    /// It is taken back, for this reason.
    Withdraw(String),
    /// It is shown to the public; its payments become due.
    Publish,
    /// Every payment has arrived.
    Close,
}

impl Step {
    const fn asks_for(&self) -> Action {
        match self {
            Self::Review => Action::ReviewSettlement,
            Self::Approve => Action::ApproveSettlement,
            Self::Withdraw(_) | Self::Publish | Self::Close => Action::Settle,
        }
    }

    const fn is_recorded_as(&self) -> AuditAction {
        match self {
            Self::Review => AuditAction::SettlementReviewed,
            Self::Approve => AuditAction::SettlementApproved,
            Self::Withdraw(_) => AuditAction::SettlementWithdrawn,
            Self::Publish => AuditAction::SettlementPublished,
            Self::Close => AuditAction::SettlementClosed,
        }
    }
}

/// Takes a step with the settlement that has this version.
pub async fn step(
    app: &App,
    actor: Arc<Actor>,
    id: SettlementId,
    version: i64,
    step: Step,
) -> Outcome<SettlementSummary, SettlementRefusal> {
    app.store.write(LaneKey::of(id), "step_of_settlement", move |tx| step_in(tx, &actor, id, version, &step)).await
}

fn step_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: SettlementId,
    version: i64,
    step: &Step,
) -> Outcome<SettlementSummary, SettlementRefusal> {
    let mut settled = settlements::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Settlement))?;
    permit(actor, step.asks_for(), settled.row.canteen_id.0, &settled.place.0, Thing::Settlement)?;
    if settled.row.version != version {
        return Err(Failure::Stale { version: settled.row.version });
    }
    let by = actor.user;
    let command = match step {
        Step::Review => SettlementCommand::Review { by },
        Step::Approve => SettlementCommand::Approve { by },
        Step::Withdraw(_) => SettlementCommand::Withdraw,
        Step::Publish => SettlementCommand::Publish,
        Step::Close => SettlementCommand::Close { unpaid: settlements::unpaid(tx.look(), id)?.unsigned_abs() },
    };
    let after = transition(settled.row.state.0, command, &people(&settled.row));
    let after = after.map_err(|e| Failure::Refused(SettlementRefusal::Rejected(e)))?;
    moved(tx, actor, &mut settled.row, step, after);
    if !settlements::set_state(tx.change(), &settled.row)? {
        return Err(Failure::Stale { version: version + 1 });
    }
    match step {
        Step::Withdraw(_) => {
            settlements::free_lines(tx.change(), id)?;
            release::take_again(tx, id)?;
        }
        Step::Publish => make_due(tx, &settled.row)?,
        Step::Review | Step::Approve | Step::Close => {}
    }
    answer_for(tx, actor, &settled, step);
    Ok(SettlementSummary::of(&settled)?)
}

/// Sets what the step changes of the row.
fn moved(tx: &Tx<'_>, actor: &Actor, row: &mut SettlementRow, step: &Step, after: SettlementState) {
    let (by, at) = (actor.user.map(Col), Some(Col(tx.now())));
    row.version += 1;
    row.state = Word(after);
    match step {
        Step::Review => (row.reviewed_by, row.reviewed_at) = (by, at),
        Step::Approve => (row.approved_by, row.approved_at) = (by, at),
        Step::Withdraw(reason) => row.reason = reason.clone(),
        Step::Publish => row.published_at = at,
        Step::Close => row.closed_at = at,
    }
}

/// One payment for each funder that bears a part: a ratio's total is split here, once.
fn make_due(tx: &mut Tx<'_>, row: &SettlementRow) -> Result<(), StoreError> {
    let broken = |e: &dyn std::fmt::Display| StoreError::Database(format!("settlement {}: {e}", row.id.0));
    let payer = Payer::parse(&row.payer).map_err(|e| broken(&e))?;
    for (funder, fen) in list::payments(&payer, row.total_fen.0).map_err(|e| broken(&e))? {
        let id: PaymentId = tx.new_id();
        payments::insert(tx.change(), &due(id, row.id, funder.to_string(), Col(fen), None))?;
    }
    Ok(())
}

/// A payment that is in no file yet.
pub(super) fn due(
    id: PaymentId,
    settlement: Col<SettlementId>,
    funder: String,
    amount_fen: Col<domain::Fen>,
    replaces: Option<Col<PaymentId>>,
) -> PaymentRow {
    PaymentRow {
        id: Col(id),
        settlement_id: settlement,
        funder,
        amount_fen,
        state: Word(PaymentState::Due),
        replaces,
        payout_id: None,
        ordinal: None,
        holder: None,
        bank: None,
        account_enc: None,
        reference: None,
        reason: None,
        answered_at: None,
    }
}

fn answer_for(tx: &mut Tx<'_>, actor: &Actor, settled: &Settled, step: &Step) {
    let row = &settled.row;
    let detail = json!({ "fen": row.total_fen.0.0, "hash": hex::encode(&row.list_hash), "reason": row.reason });
    audit::record(tx, actor, step.is_recorded_as(), row.id.0, Some(&settled.place.0), &detail);
}
