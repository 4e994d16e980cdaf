//! Look at settlements: one with its totals and payments, many, and one's frozen lines.

use super::SettlementSummary;
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor, Where};
use domain::id::{CanteenId, PaymentId, SettlementId};
use domain::ledger::Payer;
use domain::settlement::payee::AccountNumber;
use domain::settlement::payment::PaymentState;
use domain::{Fen, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::payments::{self, PaymentRow};
use store::query::policies;
use store::query::settlements::{self, Settled, SettledLine, SettlementFilter, SettlementVersionRow};
use store::seal::{Field, Sealer};

/// A payment as people see it: the account by its last four digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentCard {
    /// Its number in the bank's files.
    pub id: PaymentId,
    /// Who pays: `programme/funder@place`.
    pub funder: String,
    /// How much.
    pub fen: Fen,
    /// Where it stands.
    pub state: PaymentState,
    /// The returned payment in whose place it stands.
    pub replaces: Option<PaymentId>,
    /// The payout it is in.
    pub payout: Option<domain::id::PayoutId>,
    /// The holder of the account.
    pub holder: Option<String>,
    /// `****1234`
    pub account: Option<String>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// Why it came back, in the bank's words.
    pub reason: Option<String>,
    /// When the answer was taken.
    pub answered_at: Option<Instant>,
}

/// A settlement with what it comes to and its payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementCard {
    /// The settlement.
    pub summary: SettlementSummary,
    /// Per policy version.
    pub versions: Vec<SettlementVersionRow>,
    /// Its payments, once it is published.
    pub payments: Vec<PaymentCard>,
}

/// The account that was sealed for a payment.
pub(super) fn account_of(sealer: &Sealer, row: &PaymentRow) -> Result<Option<AccountNumber>, StoreError> {
    let Some(sealed) = &row.account_enc else { return Ok(None) };
    let clear = sealer.open(Field::PaymentAccount, row.id.0, sealed)?;
    AccountNumber::parse(clear.reveal()).map(Some).map_err(|e| StoreError::Database(format!("payment {}: {e}", row.id.0)))
}

/// A payment's card.
pub(super) fn card(sealer: &Sealer, row: PaymentRow) -> Result<PaymentCard, StoreError> {
    let account = account_of(sealer, &row)?.map(|account| account.masked());
    Ok(PaymentCard {
        id: row.id.0,
        funder: row.funder,
        fen: row.amount_fen.0,
        state: row.state.0,
        replaces: row.replaces.map(|Col(id)| id),
        payout: row.payout_id.map(|Col(id)| id),
        holder: row.holder,
        account,
        reference: row.reference,
        reason: row.reason,
        answered_at: row.answered_at.map(|Col(at)| at),
    })
}

/// The settlement in the actor's sight.
fn seen(conn: &mut AnyConnection, actor: &Actor, id: SettlementId) -> Outcome<Settled, Never> {
    let settled = settlements::find(conn, id)?.ok_or(Failure::NotFound(Thing::Settlement))?;
    let at = Where { place: &settled.place.0, canteen: Some(settled.row.canteen_id.0) };
    if actor.may(Action::SeeClaims, at) { Ok(settled) } else { Err(Failure::NotFound(Thing::Settlement)) }
}

/// One settlement.
pub async fn get(app: &App, actor: Arc<Actor>, id: SettlementId) -> Outcome<SettlementCard, Never> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("get_settlement", move |conn| {
            let settled = seen(conn, &actor, id)?;
            let versions = settlements::versions(conn, id)?;
            let rows = payments::of_settlement(conn, id)?;
            let payments = rows.into_iter().map(|row| card(&sealer, row)).collect::<Result<_, _>>()?;
            Ok(SettlementCard { summary: SettlementSummary::of(&settled)?, versions, payments })
        })
        .await
}

/// One page of the settlements in the actor's sight, newest first, and where the next page begins.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    filter: SettlementFilter,
) -> Outcome<(Vec<SettlementSummary>, Option<SettlementId>), Never> {
    app.store
        .read("list_settlements", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            if scope.is_empty() {
                return Err(Failure::Forbidden);
            }
            let rows = settlements::list(conn, &scope, &filter)?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == filter.limit);
            let next = rows.last().filter(|_| full).map(|settled| settled.row.id.0);
            let page = rows.iter().map(SettlementSummary::of).collect::<Result<_, StoreError>>()?;
            Ok((page, next))
        })
        .await
}

/// One page of a settlement's frozen lines, after an ordinal.
pub async fn lines(app: &App, actor: Arc<Actor>, id: SettlementId, after: i64, limit: i64) -> Outcome<Vec<SettledLine>, Never> {
    app.store
        .read("settlement_lines", move |conn| {
            seen(conn, &actor, id)?;
            Ok(settlements::lines(conn, id, after, limit)?)
        })
        .await
}

/// What the funders of a settlement are called in the policy that decided its last line; their ids where no document tells.
pub fn funder_names(conn: &mut AnyConnection, id: SettlementId, payer: &str) -> Result<Vec<String>, StoreError> {
    let payer = Payer::parse(payer).map_err(|e| StoreError::Database(format!("settlement {id}: {e}")))?;
    let hashes: Vec<Vec<u8>> =
        settlements::versions(conn, id)?.iter().filter_map(|version| hex::decode(&version.content_hash).ok()).collect();
    let mut known = BTreeMap::new();
    for text in policies::documents_of(conn, &hashes)? {
        known.extend(crate::subsidies::stored_document(&text)?.funders.into_iter().map(|f| (f.id, f.name)));
    }
    Ok(payer.funders().map(|funder| known.get(&funder.id).cloned().unwrap_or_else(|| funder.id.to_string())).collect())
}

/// All settlements that a filter finds, for steps that are taken with all of them together (the command line).
pub async fn all(app: &App, actor: Arc<Actor>, mut filter: SettlementFilter) -> Outcome<Vec<SettlementSummary>, Never> {
    let mut all = Vec::new();
    loop {
        let (page, next) = list(app, actor.clone(), filter.clone()).await?;
        all.extend(page);
        match next {
            Some(last) => filter.before = Some(last),
            None => return Ok(all),
        }
    }
}

/// What the public sees of a canteen: its settlements that are published or closed, newest first.
pub fn published(conn: &mut AnyConnection, canteen: CanteenId, limit: i64) -> Result<Vec<SettlementSummary>, StoreError> {
    settlements::published(conn, canteen, limit)?.iter().map(SettlementSummary::of).collect()
}
