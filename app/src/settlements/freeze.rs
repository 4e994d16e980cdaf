//! Freeze: a canteen's claim lines up to the end of a period become settlements, one for each payer.

use super::{SettlementRefusal, SettlementSummary, permit};
use crate::budgets::release;
use crate::claims::statement::proven_lines;
use crate::corrections::rerate;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::{App, audit};
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::claim::ClaimLine;
use domain::id::{CanteenId, OrderId, SettlementId};
use domain::settlement::list::{self, FrozenList, NotFrozen, Sorted};
use domain::settlement::{Period, SettlementState};
use domain::subsidy::trace::Flag;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::catalogue::{self, CanteenRow};
use store::query::claims::Which;
use store::query::corrections;
use store::query::settlements::{self, Settled, SettledRow, SettlementRow, SettlementVersionRow};
use store::{LaneKey, StoreError, Tx};

/// What was frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// One settlement for each payer.
    pub settlements: Vec<SettlementSummary>,
    /// Lines that are in none, because people have to look at them first.
    pub held: u64,
    /// Lines that are in none, because they take more back than is owed now: a later period takes them.
    #[serde(default)]
    pub carried: u64,
}

/// Freezes a canteen's period: whatever has evidence, is of a meal up to its last day, and is in no settlement yet. Evidence that
/// came after an earlier freeze is taken by this one, with its own date, and so is what corrections have moved since; nothing
/// that was frozen is opened.
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
    // What was learned by now is known to this settlement.
    corrected(app).await?;
    let (mut row, mut sorted, provisional) = read(app, &actor, canteen, period).await?;
    if !provisional.is_empty() {
        decide_again(app, provisional).await?;
        (row, sorted, _) = read(app, &actor, canteen, period).await?;
    }
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

async fn corrected(app: &App) -> Outcome<(), SettlementRefusal> {
    rerate::follow_due(app).await.map(|_| ()).map_err(|failure| failure.map(|never| match never {}))
}

/// What is to be frozen, with the orders that were decided before the calendar reached their date, and that it reaches now.
type Read = (CanteenRow, Sorted, Vec<OrderId>);

async fn read(app: &App, actor: &Arc<Actor>, canteen: CanteenId, period: Period) -> Outcome<Read, SettlementRefusal> {
    let (asking, shelves) = (actor.clone(), app.shelves.clone());
    app.store
        .read("lines_to_freeze", move |conn| {
            let hidden = Thing::Canteen(canteen);
            let row = catalogue::canteen(conn, canteen)?.ok_or(Failure::NotFound(hidden))?;
            permit(&asking, Action::Settle, canteen, &row.place_code.0, hidden)?;
            let lines = proven_lines(conn, canteen, Which::UnsettledUntil(period.last()))?;
            let covered = |date| shelves.policies.calendar().covers(date);
            let provisional = |line: &&ClaimLine| line.flags.contains(&Flag::CalendarProvisional) && covered(line.date);
            let again = lines.iter().filter(provisional).map(|line| line.order).collect();
            let sorted = list::freeze(canteen, period, lines, covered).map_err(|e| match e {
                NotFrozen::Provisional(lines) => Failure::Refused(SettlementRefusal::Provisional(lines)),
                NotFrozen::Overflow(e) => StoreError::Database(format!("settlement: {e}")).into(),
            })?;
            Ok::<_, Failure<SettlementRefusal>>((row, sorted, again))
        })
        .await
}

/// Orders that are noted at once.
const NOTED_AT_ONCE: usize = 500;

/// Has meals decided with the calendar as it is now.
async fn decide_again(app: &App, orders: Vec<OrderId>) -> Outcome<(), SettlementRefusal> {
    for some in orders.chunks(NOTED_AT_ONCE) {
        let some = some.to_vec();
        app.store
            .write(LaneKey::SHARED, "note_provisional", move |tx| {
                for (senior, date) in corrections::seniors_of(tx.look(), &some)? {
                    corrections::note(tx.change(), senior, date)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    corrected(app).await
}

fn freeze_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    canteen: &CanteenRow,
    period: Period,
    Sorted { lists, held, carried }: &Sorted,
) -> Outcome<Frozen, SettlementRefusal> {
    if !period.is_over(tx.now().civil_date()) {
        return Err(Failure::Refused(SettlementRefusal::NotOver(period.last())));
    }
    if lists.is_empty() {
        return Err(Failure::Refused(SettlementRefusal::NothingToSettle { held: *held, carried: *carried }));
    }
    tx.lock_canteen(canteen.id.0)?;
    for list in lists {
        let payer = list.payer.to_string();
        let until = settlements::settled_until(tx.look(), canteen.id.0, Some(&payer))?;
        if let Some(until) = until.filter(|until| *until >= period.first()) {
            return Err(Failure::Refused(SettlementRefusal::Settled { payer, until }));
        }
    }
    let settlements = lists.iter().map(|list| keep(tx, actor, canteen, period, list)).collect::<Outcome<_, _>>()?;
    Ok(Frozen { settlements, held: *held, carried: *carried })
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
    release::give_back(tx, id, list)?;
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
