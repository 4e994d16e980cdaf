//! Setting money aside: one person enters it, another confirms it.

use super::look::{BudgetCard, card};
use super::used;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::signer;
use crate::subsidies::stored_document;
use crate::{App, audit};
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::budget::{BudgetChangeState, BudgetRejection, check_amount, check_span, owner};
use domain::id::{BudgetChangeId, BudgetId, UserId};
use domain::ledger::Payer;
use domain::place::PlaceLevel;
use domain::subsidy::Name;
use domain::{Fen, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::budgets::{self, BudgetChangeRow, BudgetRow};
use store::query::policies;
use store::{LaneKey, Tx};

/// Money to be added to a budget, or cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allocation {
    /// How much; less than nothing is a cut.
    pub amount_fen: Fen,
    /// The number of the paper that says so.
    pub document: String,
    /// In words; may be empty.
    pub reason: String,
}

/// A budget to be made, with its first money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewBudget {
    /// The programme.
    pub programme: Name,
    /// The funder, as its policy declares it.
    pub funder: Name,
    /// At which place, for a funder that is bound to one or found by level.
    pub place: Option<PlaceCode>,
    /// First service date.
    pub from: ServiceDate,
    /// Last service date.
    pub to: ServiceDate,
    /// The first money.
    pub first: Allocation,
}

/// What is kept under a request's key.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Made {
    budget: BudgetId,
}

/// Makes a budget. It counts when its first money is confirmed.
pub async fn make(app: &App, actor: Arc<Actor>, key: RequestKey, new: NewBudget) -> Outcome<BudgetCard, BudgetRejection> {
    app.store
        .write(LaneKey::SHARED, "make_budget", move |tx| {
            let Made { budget } = match key.earlier_answer(tx)? {
                Some(made) => made,
                None => {
                    let made = Made { budget: make_in(tx, &actor, &new)? };
                    key.keep_answer(tx, &made, tx.now())?;
                    made
                }
            };
            card(tx.look(), &actor, budget)
        })
        .await
}

fn make_in(tx: &mut Tx<'_>, actor: &Actor, new: &NewBudget) -> Outcome<BudgetId, BudgetRejection> {
    check_span(new.from, new.to).map_err(refuse)?;
    check_amount(None, new.first.amount_fen).map_err(refuse)?;
    let (payer, place) = owner_of(tx, new)?;
    permit(actor, Action::Settle, &place)?;
    let text = payer.to_string();
    if budgets::overlaps(tx.look(), &text, (new.from, new.to))? {
        return Err(refuse(BudgetRejection::Overlaps));
    }
    let row = BudgetRow {
        id: Col(tx.new_id()),
        payer: text,
        place_code: Col(place),
        from_on: Col(new.from),
        to_on: Col(new.to),
        in_force: false,
        amount_fen: Col(Fen::ZERO),
        used_fen: Col(Fen::ZERO),
    };
    budgets::insert(tx.change(), &row)?;
    propose_in(tx, actor, &row, &new.first)?;
    Ok(row.id.0)
}

/// By the newest published version of the programme that governs a date of the budget.
fn owner_of(tx: &mut Tx<'_>, new: &NewBudget) -> Outcome<(Payer, PlaceCode), BudgetRejection> {
    let mut versions = policies::published_of(tx.look(), new.programme.as_str())?;
    versions.retain(|row| row.effective_from.0 <= new.to && row.effective_to.is_none_or(|Col(to)| new.from <= to));
    versions.sort_by_key(|row| row.effective_from.0);
    let newest = versions.last().ok_or(refuse(BudgetRejection::NoSuchFunder))?;
    let text = policies::document(tx.look(), newest.id.0)?.ok_or(refuse(BudgetRejection::NoSuchFunder))?;
    owner(&stored_document(&text)?, &new.funder, new.place.as_ref()).map_err(refuse)
}

/// Enters a change of a budget.
pub async fn propose(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    budget: BudgetId,
    more: Allocation,
) -> Outcome<BudgetCard, BudgetRejection> {
    app.store
        .write(LaneKey::SHARED, "propose_budget_change", move |tx| {
            if key.earlier_answer::<Made, BudgetRejection>(tx)?.is_none() {
                let row = seen(tx, &actor, budget)?;
                permit(&actor, Action::Settle, &row.place_code.0)?;
                // What is entered and not confirmed yet may never be: only what there is can be cut.
                let has = row.in_force.then_some(row.amount_fen.0);
                check_amount(has, more.amount_fen).map_err(refuse)?;
                propose_in(tx, &actor, &row, &more)?;
                key.keep_answer(tx, &Made { budget }, tx.now())?;
            }
            card(tx.look(), &actor, budget)
        })
        .await
}

fn propose_in(tx: &mut Tx<'_>, actor: &Actor, of: &BudgetRow, more: &Allocation) -> Outcome<(), BudgetRejection> {
    let by = signer(actor)?;
    let row = BudgetChangeRow {
        id: Col(tx.new_id()),
        budget_id: of.id,
        amount_fen: Col(more.amount_fen),
        document: more.document.clone(),
        reason: more.reason.clone(),
        state: Word(BudgetChangeState::Proposed),
        proposed_by: Col(by),
        proposed_at: Col(tx.now()),
        answered_by: None,
        answered_at: None,
    };
    budgets::insert_change(tx.change(), &row)?;
    record(tx, actor, AuditAction::BudgetProposed, of, &row);
    Ok(())
}

/// Confirms a change, or takes it back; the same word again changes nothing.
pub async fn answer(
    app: &App,
    actor: Arc<Actor>,
    change: BudgetChangeId,
    state: BudgetChangeState,
) -> Outcome<BudgetCard, BudgetRejection> {
    app.store.write(LaneKey::SHARED, "answer_budget_change", move |tx| answer_in(tx, &actor, change, state)).await
}

fn answer_in(tx: &mut Tx<'_>, actor: &Actor, id: BudgetChangeId, state: BudgetChangeState) -> Outcome<BudgetCard, BudgetRejection> {
    let change = budgets::change(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Budget))?;
    let budget = seen(tx, actor, change.budget_id.0)?;
    let action = if state == BudgetChangeState::Confirmed { Action::ApproveSettlement } else { Action::Settle };
    permit(actor, action, &budget.place_code.0)?;
    let by = signer(actor)?;
    if change.state.0 == state && change.answered_by == Some(Col(by)) {
        return card(tx.look(), actor, budget.id.0);
    }
    if change.state.0 != BudgetChangeState::Proposed || state == BudgetChangeState::Proposed {
        return Err(refuse(BudgetRejection::Answered(change.state.0)));
    }
    if state == BudgetChangeState::Confirmed {
        confirm_in(tx, &budget, &change, by)?;
    }
    let now = tx.now();
    if !budgets::answer(tx.change(), id, state, by, now)? {
        return Err(refuse(BudgetRejection::Answered(state)));
    }
    let told = if state == BudgetChangeState::Confirmed { AuditAction::BudgetConfirmed } else { AuditAction::BudgetWithdrawn };
    record(tx, actor, told, &budget, &change);
    card(tx.look(), actor, budget.id.0)
}

fn confirm_in(tx: &mut Tx<'_>, budget: &BudgetRow, change: &BudgetChangeRow, by: UserId) -> Outcome<(), BudgetRejection> {
    if change.proposed_by == Col(by) {
        return Err(refuse(BudgetRejection::SamePerson));
    }
    check_amount(budget.in_force.then_some(budget.amount_fen.0), change.amount_fen.0).map_err(refuse)?;
    if !budget.in_force {
        // Every order is either counted here or taken of the budget when it is placed: none is between.
        tx.lock_every_canteen()?;
        // Two that were made at one moment could not see each other.
        if budgets::overlaps_another(tx.look(), budget)? {
            return Err(refuse(BudgetRejection::Overlaps));
        }
        let taken = used(tx.look(), budget)?;
        budgets::begin(tx.change(), budget.id.0, taken)?;
    }
    Ok(budgets::add_amount(tx.change(), budget.id.0, change.amount_fen.0)?)
}

fn seen(tx: &mut Tx<'_>, actor: &Actor, id: BudgetId) -> Outcome<BudgetRow, BudgetRejection> {
    let row = budgets::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Budget))?;
    let at = Where { place: &row.place_code.0, canteen: None };
    if actor.may(Action::SeeClaims, at) { Ok(row) } else { Err(Failure::NotFound(Thing::Budget)) }
}

/// Money is confirmed by who may approve over the whole district, as settlements are.
fn permit(actor: &Actor, action: Action, place: &PlaceCode) -> Outcome<(), BudgetRejection> {
    let district = place.at_level(PlaceLevel::District);
    let at = match (action, &district) {
        (Action::ApproveSettlement, Some(district)) => district,
        _ => place,
    };
    if actor.may(action, Where { place: at, canteen: None }) { Ok(()) } else { Err(Failure::Forbidden) }
}

fn record(tx: &mut Tx<'_>, actor: &Actor, action: AuditAction, of: &BudgetRow, change: &BudgetChangeRow) {
    let detail =
        json!({ "change": change.id.0, "payer": of.payer, "amount_fen": change.amount_fen.0, "document": change.document });
    audit::record(tx, actor, action, of.id.0, Some(&of.place_code.0), &detail);
}

fn refuse(rejection: BudgetRejection) -> Failure<BudgetRejection> {
    Failure::Refused(rejection)
}
