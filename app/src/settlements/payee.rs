//! A canteen's bank account: entered by one person, confirmed by another at the district.

use super::{SettlementRefusal, permit};
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::{App, audit};
use domain::Instant;
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::id::{CanteenId, UserId};
use domain::settlement::SettlementRejection;
use domain::settlement::payee::{AccountNumber, may_confirm};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::query::catalogue::{self, CanteenRow};
use store::query::payments::{self, PayeeRow};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError, Tx};

/// A payee as people see it: the account by its last four digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayeeCard {
    /// For `If-Match`.
    pub version: i64,
    /// The holder of the account.
    pub holder: String,
    /// The bank.
    pub bank: String,
    /// `****1234`
    pub account: String,
    /// Who entered it.
    pub entered_by: UserId,
    /// When.
    pub entered_at: Instant,
    /// Who confirmed it; absent while nothing may be paid to it.
    pub confirmed_by: Option<UserId>,
    /// When.
    pub confirmed_at: Option<Instant>,
}

/// A payee to enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayee {
    /// The holder of the account.
    pub holder: String,
    /// The bank.
    pub bank: String,
    /// The account.
    pub account: AccountNumber,
}

/// The account that is sealed in a row.
pub(super) fn account(sealer: &Sealer, row: &PayeeRow) -> Result<AccountNumber, StoreError> {
    let clear = sealer.open(Field::PayeeAccount, row.canteen_id.0, &row.account_enc)?;
    AccountNumber::parse(clear.reveal()).map_err(|e| StoreError::Database(format!("payee of {}: {e}", row.canteen_id.0)))
}

fn card(sealer: &Sealer, row: &PayeeRow) -> Result<PayeeCard, StoreError> {
    Ok(PayeeCard {
        version: row.version,
        holder: row.holder.clone(),
        bank: row.bank.clone(),
        account: account(sealer, row)?.masked(),
        entered_by: row.entered_by.0,
        entered_at: row.entered_at.0,
        confirmed_by: row.confirmed_by.map(|Col(user)| user),
        confirmed_at: row.confirmed_at.map(|Col(at)| at),
    })
}

/// A canteen's payee.
pub async fn get(app: &App, actor: Arc<Actor>, canteen: CanteenId) -> Outcome<PayeeCard, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("get_payee", move |conn| {
            let row = catalogue::canteen(conn, canteen)?.ok_or(Failure::NotFound(Thing::Canteen(canteen)))?;
            if !actor.may(Action::SeeClaims, Where { place: &row.place_code.0, canteen: Some(canteen) }) {
                return Err(Failure::NotFound(Thing::Canteen(canteen)));
            }
            let payee = payments::payee(conn, canteen)?.ok_or(Failure::NotFound(Thing::Payee))?;
            Ok(card(&sealer, &payee)?)
        })
        .await
}

/// Enters a canteen's account, in place of the one of this version where there is one. Nothing is paid to it before it is
/// confirmed; payments that were put into a file keep the account they have.
pub async fn enter(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    version: Option<i64>,
    new: NewPayee,
) -> Outcome<PayeeCard, SettlementRefusal> {
    app.store.write(LaneKey::of(canteen), "enter_payee", move |tx| enter_in(tx, &actor, canteen, version, &new)).await
}

fn reach(tx: &mut Tx<'_>, actor: &Actor, action: Action, canteen: CanteenId) -> Outcome<CanteenRow, SettlementRefusal> {
    let hidden = Thing::Canteen(canteen);
    let row = catalogue::canteen(tx.look(), canteen)?.ok_or(Failure::NotFound(hidden))?;
    permit(actor, action, canteen, &row.place_code.0, hidden)?;
    Ok(row)
}

fn enter_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    canteen: CanteenId,
    version: Option<i64>,
    new: &NewPayee,
) -> Outcome<PayeeCard, SettlementRefusal> {
    let of = reach(tx, actor, Action::Settle, canteen)?;
    let by = actor.user.ok_or(Failure::Refused(SettlementRefusal::Rejected(SettlementRejection::SamePerson)))?;
    let earlier = payments::payee(tx.look(), canteen)?;
    let known = earlier.as_ref().map(|row| row.version);
    if known != version {
        return Err(Failure::Stale { version: known.unwrap_or_default() });
    }
    let row = PayeeRow {
        canteen_id: Col(canteen),
        version: known.unwrap_or_default() + 1,
        holder: new.holder.clone(),
        bank: new.bank.clone(),
        account_enc: tx.sealer().seal(Field::PayeeAccount, canteen, new.account.reveal())?,
        entered_by: Col(by),
        entered_at: Col(tx.now()),
        confirmed_by: None,
        confirmed_at: None,
    };
    match known {
        None => payments::insert_payee(tx.change(), &row)?,
        Some(_) if payments::change_payee(tx.change(), &row)? => {}
        Some(version) => return Err(Failure::Stale { version: version + 1 }),
    }
    let detail = json!({ "account": new.account.masked() });
    audit::record(tx, actor, AuditAction::PayeeEntered, canteen, Some(&of.place_code.0), &detail);
    Ok(card(tx.sealer(), &row)?)
}

/// Confirms the account of this version.
pub async fn confirm(app: &App, actor: Arc<Actor>, canteen: CanteenId, version: i64) -> Outcome<PayeeCard, SettlementRefusal> {
    app.store.write(LaneKey::of(canteen), "confirm_payee", move |tx| confirm_in(tx, &actor, canteen, version)).await
}

fn confirm_in(tx: &mut Tx<'_>, actor: &Actor, canteen: CanteenId, version: i64) -> Outcome<PayeeCard, SettlementRefusal> {
    let of = reach(tx, actor, Action::ApproveSettlement, canteen)?;
    let mut row = payments::payee(tx.look(), canteen)?.ok_or(Failure::NotFound(Thing::Payee))?;
    if row.version != version {
        return Err(Failure::Stale { version: row.version });
    }
    if row.confirmed_by.is_some() {
        return Err(Failure::Refused(SettlementRefusal::AlreadyConfirmed));
    }
    if !may_confirm(actor.user, row.entered_by.0) {
        return Err(Failure::Refused(SettlementRefusal::Rejected(SettlementRejection::SamePerson)));
    }
    row.version += 1;
    (row.confirmed_by, row.confirmed_at) = (actor.user.map(Col), Some(Col(tx.now())));
    if !payments::change_payee(tx.change(), &row)? {
        return Err(Failure::Stale { version: row.version });
    }
    let detail = json!({ "account": account(tx.sealer(), &row)?.masked() });
    audit::record(tx, actor, AuditAction::PayeeConfirmed, canteen, Some(&of.place_code.0), &detail);
    Ok(card(tx.sealer(), &row)?)
}
