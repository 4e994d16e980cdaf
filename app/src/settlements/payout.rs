//! A payout: the due payments of a place, put together for the bank. A returned payment is issued again under a new number.

use super::look::{PaymentCard, card};
use super::step::due;
use super::{SettlementRefusal, payee, permit, permit_place};
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::{App, audit};
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::id::{CanteenId, PaymentId, PayoutId, UserId};
use domain::settlement::payment::{PaymentState, may_reissue};
use domain::settlement::{People, SettlementCommand, transition};
use domain::{Fen, Instant, PlaceCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::payments::{self, PayeeRow, PaymentOf, PaymentRow, PayoutRow};
use store::seal::Field;
use store::{LaneKey, StoreError, Tx};

/// Payments in one file at most; the rest stays due for the next.
pub const PAYMENTS_MAX: i64 = 5_000;

/// A payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutSummary {
    /// Its identifier.
    pub id: PayoutId,
    /// Of canteens at this place and below.
    pub place: PlaceCode,
    /// Who made it.
    pub made_by: Option<UserId>,
    /// When.
    pub made_at: Instant,
    /// Payments.
    pub payments: i64,
    /// What they come to.
    pub fen: Fen,
}

/// A payout that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The payout.
    pub payout: PayoutSummary,
    /// Codes of canteens whose payments stay due, because they have no confirmed account.
    pub without_account: Vec<String>,
}

impl From<PayoutRow> for PayoutSummary {
    fn from(row: PayoutRow) -> Self {
        Self {
            id: row.id.0,
            place: row.place_code.0,
            made_by: row.made_by.map(|Col(user)| user),
            made_at: row.made_at.0,
            payments: row.line_count,
            fen: row.total_fen.0,
        }
    }
}

/// Puts the due payments of a place and below into a payout.
pub async fn make(app: &App, actor: Arc<Actor>, key: RequestKey, place: PlaceCode) -> Outcome<Made, SettlementRefusal> {
    app.store
        .write(LaneKey::SHARED, "make_payout", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = make_in(tx, &actor, &place)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

fn make_in(tx: &mut Tx<'_>, actor: &Actor, place: &PlaceCode) -> Outcome<Made, SettlementRefusal> {
    permit_place(actor, Action::Settle, place, Thing::Place)?;
    let due = payments::due_within(tx.look(), place, PAYMENTS_MAX)?;
    if due.is_empty() {
        return Err(Failure::Refused(SettlementRefusal::NothingDue));
    }
    let payees = confirmed(tx, &due)?;
    let (with, without): (Vec<PaymentOf>, Vec<PaymentOf>) = due.into_iter().partition(|of| payees.contains_key(&of.canteen_id.0));
    let without: BTreeSet<String> = without.into_iter().map(|of| of.code).collect();
    if with.is_empty() {
        return Err(Failure::Refused(SettlementRefusal::NoAccount(without.into_iter().collect())));
    }
    for of in &with {
        let people = People { approved_by: of.approved_by.map(|Col(user)| user), ..People::default() };
        transition(of.settlement_state.0, SettlementCommand::Pay { by: actor.user }, &people)
            .map_err(|e| Failure::Refused(SettlementRefusal::Rejected(e)))?;
    }
    let fen = Fen::sum(with.iter().map(|of| of.row.amount_fen.0)).map_err(|e| StoreError::Database(format!("payout: {e}")))?;
    let row = PayoutRow {
        id: Col(tx.new_id()),
        place_code: Col(place.clone()),
        made_by: actor.user.map(Col),
        made_at: Col(tx.now()),
        line_count: i64::try_from(with.len()).unwrap_or(PAYMENTS_MAX),
        total_fen: Col(fen),
    };
    payments::insert_payout(tx.change(), &row)?;
    for (of, ordinal) in with.into_iter().zip(1_i64..) {
        let Some(payee) = payees.get(&of.canteen_id.0) else { continue };
        send(tx, of.row, payee, row.id, ordinal)?;
    }
    let detail = json!({ "payments": row.line_count, "fen": fen.0 });
    audit::record(tx, actor, AuditAction::PayoutMade, row.id.0, Some(place), &detail);
    Ok(Made { payout: row.into(), without_account: without.into_iter().collect() })
}

/// The confirmed payees of the canteens of these payments.
fn confirmed(tx: &mut Tx<'_>, due: &[PaymentOf]) -> Result<BTreeMap<CanteenId, PayeeRow>, StoreError> {
    let canteens: BTreeSet<CanteenId> = due.iter().map(|of| of.canteen_id.0).collect();
    let mut payees = BTreeMap::new();
    for canteen in canteens {
        let row = payments::payee(tx.look(), canteen)?;
        payees.extend(row.filter(|row| row.confirmed_by.is_some()).map(|row| (canteen, row)));
    }
    Ok(payees)
}

/// Puts a due payment into a payout, with the payee as of now.
fn send(tx: &mut Tx<'_>, row: PaymentRow, payee: &PayeeRow, payout: Col<PayoutId>, ordinal: i64) -> Result<(), StoreError> {
    let account = payee::account(tx.sealer(), payee)?;
    let sent = PaymentRow {
        state: Word(PaymentState::Sent),
        payout_id: Some(payout),
        ordinal: Some(ordinal),
        holder: Some(payee.holder.clone()),
        bank: Some(payee.bank.clone()),
        account_enc: Some(tx.sealer().seal(Field::PaymentAccount, row.id.0, account.reveal())?),
        ..row
    };
    if payments::set_state(tx.change(), &sent, PaymentState::Due)? {
        Ok(())
    } else {
        // Another payout took it meanwhile: this one looks again.
        Err(StoreError::Contention("payment"))
    }
}

/// A payout with its payments, in the order of its file.
pub async fn get(app: &App, actor: Arc<Actor>, id: PayoutId) -> Outcome<(PayoutSummary, Vec<PaymentCard>), Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("get_payout", move |conn| {
            let row = payments::payout(conn, id)?.ok_or(Failure::NotFound(Thing::Payout))?;
            if !actor.may(Action::SeeClaims, Where { place: &row.place_code.0, canteen: None }) {
                return Err(Failure::NotFound(Thing::Payout));
            }
            let cards = payments::of_payout(conn, id)?.into_iter().map(|of| card(&sealer, of.row)).collect::<Result<_, _>>()?;
            Ok((row.into(), cards))
        })
        .await
}

/// One page of the payouts in the actor's sight, newest first, and where the next page begins.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    before: Option<PayoutId>,
    limit: i64,
) -> Outcome<(Vec<PayoutSummary>, Option<PayoutId>), Never> {
    app.store
        .read("list_payouts", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            if scope.is_empty() {
                return Err(Failure::Forbidden);
            }
            let rows = payments::payouts(conn, &scope, before, limit)?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
            let next = rows.last().filter(|_| full).map(|row| row.id.0);
            Ok((rows.into_iter().map(PayoutSummary::from).collect(), next))
        })
        .await
}

/// Issues a returned payment again, under a new number: two payments never share one, so the bank's answers to each are told
/// apart. The new one is due, and takes the account that is confirmed when it is put into a payout.
pub async fn reissue(app: &App, actor: Arc<Actor>, key: RequestKey, id: PaymentId) -> Outcome<PaymentId, SettlementRefusal> {
    app.store
        .write(LaneKey::of(id), "reissue_payment", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = reissue_in(tx, &actor, id)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

fn reissue_in(tx: &mut Tx<'_>, actor: &Actor, id: PaymentId) -> Outcome<PaymentId, SettlementRefusal> {
    let of = payments::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Payment))?;
    permit(actor, Action::Settle, of.canteen_id.0, &of.place.0, Thing::Payment)?;
    let state = of.row.state.0;
    if !may_reissue(state) {
        return Err(Failure::Refused(SettlementRefusal::NotReturned(state)));
    }
    let new: PaymentId = tx.new_id();
    let again = due(new, of.row.settlement_id, of.row.funder.clone(), of.row.amount_fen, Some(of.row.id));
    let replaced = PaymentRow { state: Word(PaymentState::Replaced), ..of.row };
    if !payments::set_state(tx.change(), &replaced, state)? {
        return Err(StoreError::Contention("payment").into());
    }
    payments::insert(tx.change(), &again)?;
    let detail = json!({ "by": new, "fen": again.amount_fen.0.0 });
    audit::record(tx, actor, AuditAction::PaymentReissued, id, Some(&of.place.0), &detail);
    Ok(new)
}
