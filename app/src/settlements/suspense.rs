//! The suspense list: rows of banks' answers that matched no payment, until a person has looked and says what they are.

use super::{SettlementRefusal, permit_place};
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::{App, audit};
use domain::Fen;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{BankAnswerId, SuspenseId};
use domain::settlement::payee::AccountNumber;
use domain::settlement::payment::{BankResult, SuspenseCause};
use serde_json::json;
use std::sync::Arc;
use store::column::Col;
use store::query::payments::{self, SuspenseRow};
use store::seal::{Field, Sealer};
use store::{LaneKey, StoreError};

/// A row that waits, its account by the last four digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its identifier.
    pub id: SuspenseId,
    /// The answer it came in.
    pub answer: BankAnswerId,
    /// Its row in the file, as a spreadsheet numbers it.
    pub row: i64,
    /// Why it matched nothing.
    pub cause: SuspenseCause,
    /// The payment's number as the file has it.
    pub payment: String,
    /// What the bank says.
    pub result: BankResult,
    /// How much.
    pub fen: Fen,
    /// The holder of the account.
    pub holder: String,
    /// `****1234`
    pub account: String,
    /// The bank's reference.
    pub reference: String,
    /// In the bank's words.
    pub reason: String,
}

fn card(sealer: &Sealer, row: SuspenseRow) -> Result<Waiting, StoreError> {
    let clear = sealer.open(Field::SuspenseAccount, row.id.0, &row.account_enc)?;
    let account = AccountNumber::parse(clear.reveal()).map(|account| account.masked());
    Ok(Waiting {
        id: row.id.0,
        answer: row.answer_id.0,
        row: row.row_no,
        cause: row.cause.0,
        payment: row.payment,
        result: row.result.0,
        fen: row.amount_fen.0,
        holder: row.holder,
        account: account.map_err(|e| StoreError::Database(format!("suspense {}: {e}", row.id.0)))?,
        reference: row.reference,
        reason: row.reason,
    })
}

/// One page of the rows that wait in the actor's sight, oldest first, and where the next page begins.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    after: Option<SuspenseId>,
    limit: i64,
) -> Outcome<(Vec<Waiting>, Option<SuspenseId>), Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("list_suspense", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            if scope.is_empty() {
                return Err(Failure::Forbidden);
            }
            let rows = payments::open_suspense(conn, &scope, after, limit)?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
            let next = rows.last().filter(|_| full).map(|row| row.id.0);
            Ok((rows.into_iter().map(|row| card(&sealer, row)).collect::<Result<_, _>>()?, next))
        })
        .await
}

/// Settles a row: what it was, in a person's words. Moves no money; what the row calls for is done as itself (a new issue, a
/// claim to the bank), and this says that it was.
pub async fn resolve(app: &App, actor: Arc<Actor>, id: SuspenseId, note: String) -> Outcome<(), SettlementRefusal> {
    app.store
        .write(LaneKey::SHARED, "resolve_suspense", move |tx| {
            let row = payments::waiting(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Suspense))?;
            let Col(place) = row.place_code;
            permit_place(&actor, Action::Settle, &place, Thing::Suspense)?;
            let now = tx.now();
            if row.resolved_at.is_some() || !payments::resolve(tx.change(), id, actor.user, now, &note)? {
                return Err(Failure::Refused(SettlementRefusal::AlreadyResolved));
            }
            let detail = json!({ "cause": row.cause.0, "note": note });
            audit::record(tx, &actor, AuditAction::SuspenseResolved, id, Some(&place), &detail);
            Ok(())
        })
        .await
}
