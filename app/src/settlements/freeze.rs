//! Freeze: a canteen's claim lines up to the end of a period become settlements, one for each payer.

use super::{SettlementRefusal, SettlementSummary, permit};
use crate::claims::statement::proven_lines;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{CanteenId, SettlementId};
use domain::settlement::list::{self, FrozenList, NotFrozen, Sorted};
use domain::settlement::{Period, SettlementState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::catalogue::{self, CanteenRow};
use store::query::claims::Which;
use store::query::settlements::{self, Settled, SettledRow, SettlementRow, SettlementVersionRow};
use store::{LaneKey, StoreError, Tx};

/// What was frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// One settlement for each payer.
    pub settlements: Vec<SettlementSummary>,
    /// Lines that are in none, because a person has to look at them first.
    pub held: u64,
}

/// Freezes a canteen's period: whatever has evidence, is of a meal up to its last day, and is in no settlement yet. Evidence that
/// came after an earlier freeze is taken by this one, with its own date; nothing that was frozen is opened.
///
/// The lines are read before the writer is asked for, because a busy canteen's quarter has tens of thousands. What is posted
/// in between waits for the next period; what another freeze takes in between is a unique key, and refuses this one.
pub async fn freeze(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    period: Period,
) -> Outcome<Frozen, SettlementRefusal> {
    let asking = actor.clone();
    let (row, sorted) = app
        .store
        .read("lines_to_freeze", move |conn| {
            let hidden = Thing::Canteen(canteen);
            let row = catalogue::canteen(conn, canteen)?.ok_or(Failure::NotFound(hidden))?;
            permit(&asking, Action::Settle, canteen, &row.place_code.0, hidden)?;
            let lines = proven_lines(conn, canteen, Which::UnsettledUntil(period.last()))?;
            let sorted = list::freeze(canteen, period, lines).map_err(|e| match e {
                NotFrozen::Provisional(lines) => Failure::Refused(SettlementRefusal::Provisional(lines)),
                NotFrozen::Overflow(e) => StoreError::Database(format!("settlement: {e}")).into(),
            })?;
            Ok::<_, Failure<SettlementRefusal>>((row, sorted))
        })
        .await?;
    app.store
        .write(LaneKey::of(canteen), "freeze_settlements", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let answer = freeze_in(tx, &actor, &row, period, &sorted)?;
            key.keep_answer(tx, &answer, tx.now())?;
            Ok(answer)
        })
        .await
}

fn freeze_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    canteen: &CanteenRow,
    period: Period,
    Sorted { lists, held }: &Sorted,
) -> Outcome<Frozen, SettlementRefusal> {
    if !period.is_over(tx.now().civil_date()) {
        return Err(Failure::Refused(SettlementRefusal::NotOver(period.last())));
    }
    if lists.is_empty() {
        return Err(Failure::Refused(SettlementRefusal::NothingToSettle { held: *held }));
    }
    tx.lock_canteen(canteen.id.0)?;
    for list in lists {
        let payer = list.payer.to_string();
        let until = settlements::settled_until(tx.look(), canteen.id.0, &payer)?;
        if let Some(until) = until.filter(|until| *until >= period.first()) {
            return Err(Failure::Refused(SettlementRefusal::Settled { payer, until }));
        }
    }
    let settlements = lists.iter().map(|list| keep(tx, actor, canteen, period, list)).collect::<Outcome<_, _>>()?;
    Ok(Frozen { settlements, held: *held })
}

fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    canteen: &CanteenRow,
    period: Period,
    list: &FrozenList,
) -> Outcome<SettlementSummary, SettlementRefusal> {
    let id: SettlementId = tx.new_id();
    let row = SettlementRow {
        id: Col(id),
        version: 1,
        canteen_id: canteen.id,
        payer: list.payer.to_string(),
        period: period.to_string(),
        first_on: Col(period.first()),
        last_on: Col(period.last()),
        state: Word(SettlementState::Frozen),
        line_count: count(list.lines.len())?,
        total_fen: Col(list.total.fen),
        list_hash: list.hash.to_vec(),
        frozen_by: actor.user.map(Col),
        frozen_at: Col(tx.now()),
        reviewed_by: None,
        reviewed_at: None,
        approved_by: None,
        approved_at: None,
        published_at: None,
        closed_at: None,
        reason: String::new(),
    };
    settlements::insert(tx.change(), &row, &versions(id, list)?)?;
    for (line, ordinal) in list.lines.iter().zip(1_i64..) {
        let version = list.total.versions.iter().position(|of| of.version == line.version).unwrap_or_default();
        tx.pending().settled(SettledRow {
            settlement_id: Col(id),
            ordinal,
            transfer_id: Col(line.transfer),
            redemption_id: Col(line.evidence),
            version_ordinal: count(version)?,
            amount_fen: Col(line.fen),
        });
    }
    let detail = json!({ "payer": row.payer, "period": row.period, "lines": row.line_count, "fen": row.total_fen.0.0,
        "hash": hex::encode(&row.list_hash) });
    audit::record(tx, actor, AuditAction::SettlementFrozen, id, Some(&canteen.place_code.0), &detail);
    let settled = Settled { row, code: canteen.code.clone(), name: canteen.name.clone(), place: canteen.place_code.clone() };
    Ok(SettlementSummary::of(&settled)?)
}

fn versions(id: SettlementId, list: &FrozenList) -> Result<Vec<SettlementVersionRow>, StoreError> {
    let row = |(of, ordinal): (&domain::claim::VersionTotal, i64)| {
        Ok(SettlementVersionRow {
            settlement_id: Col(id),
            ordinal,
            version: of.version.version.clone(),
            content_hash: of.version.hash.clone(),
            line_count: i64::try_from(of.lines).map_err(|_| too_many())?,
            total_fen: Col(of.fen),
        })
    };
    list.total.versions.iter().zip(0_i64..).map(row).collect()
}

fn count(n: usize) -> Result<i64, StoreError> {
    i64::try_from(n).map_err(|_| too_many())
}

fn too_many() -> StoreError {
    StoreError::Database("a settlement of more lines than can be counted".into())
}
