//! What a recall found and did: the report for the authority, and the drill.

use super::{RecallRefusal as Refusal, of_trace};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use crate::ingredients::view::{LotView, SupplierView};
use crate::trace::TraceRefusal;
use crate::trace::forward::{BatchUse, batches_of};
use domain::Instant;
use domain::access::{Action, Actor, Where};
use domain::id::{BatchId, CanteenId, DishId, LotId, RecallId, SeniorId, SittingId, UserId};
use domain::recall::{ContactOutcome, RecallOutcome, RecalledBatch, StillOpen, Tally, still_open};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::recalls::{self, RecallRow};
use store::query::{catalogue, ingredients, trace};

/// People of one recall at most, as on its call list.
const PEOPLE_MAX: i64 = 5_000;
/// Attempts of one recall looked at.
const CONTACTS_MAX: i64 = 50_000;
/// Lots elsewhere that are named.
const SAME_MAX: i64 = 200;

/// A dish of a sitting that a recall stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StoppedDish {
    /// Where it is served.
    pub canteen: CanteenId,
    /// At which sitting.
    pub sitting: SittingId,
    /// Which dish.
    pub dish: DishId,
}

/// The same goods at a canteen: of the same licence, ingredient and supplier's batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameGoods {
    /// Which lot.
    pub lot: LotId,
    /// Whose.
    pub canteen: CanteenId,
}

/// Somebody who may have eaten of a lot, by all attempts to reach them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// Who.
    pub senior: SeniorId,
    /// What came of the attempts, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// An attempt to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// What came of it.
    pub outcome: ContactOutcome,
    /// What was said.
    pub note: String,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
}

/// What a recall would reach, or has reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The lot.
    pub lot: LotView,
    /// From whom: they are told (食品安全法 63).
    pub supplier: SupplierView,
    /// The batches with something of it.
    pub batches: Vec<BatchUse>,
    /// Orders that they may have reached.
    pub orders: i64,
    /// Portions of the dishes in question.
    pub portions: i64,
    /// How far it has come with people.
    pub tally: Tally,
    /// What is still served: what a drill would stop, what a recall has not stopped or what was put back.
    pub serving: Vec<StoppedDish>,
    /// The same goods at other canteens that the caller sees.
    pub same_goods: Vec<SameGoods>,
    /// How many lots of the same goods others have, out of the caller's sight: whoever is above them is told.
    pub same_goods_elsewhere: i64,
    /// What must be done before it is closed.
    pub still_open: Vec<StillOpen>,
}

/// A recall with all that it found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallView {
    /// Which recall.
    pub recall: RecallId,
    /// Whose.
    pub canteen: CanteenId,
    /// Why.
    pub reason: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// By whom.
    pub opened_by: UserId,
    /// How it ended.
    pub outcome: Option<RecallOutcome>,
    /// What the report says of it.
    pub conclusion: String,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// What it reached.
    pub reach: Reach,
    /// Whom it reached, with the attempts.
    pub people: Vec<PersonView>,
}

/// Sittings that serve dishes of batches which are not at their end.
pub(super) fn dishes_to_stop(conn: &mut AnyConnection, batches: &[BatchUse]) -> Result<BTreeSet<StoppedDish>, StoreError> {
    let ids: Vec<BatchId> = batches.iter().map(|batch| batch.batch).collect();
    let mut found = BTreeSet::new();
    for (row, _) in trace::batches(conn, &ids)?.into_iter().filter(|(row, _)| row.ended_at.is_none()) {
        let dish = row.dish_id.0;
        for (canteen, sitting) in recalls::served_at(conn, row.canteen_id.0, dish, row.service_date.0)? {
            found.insert(StoppedDish { canteen, sitting, dish });
        }
    }
    Ok(found)
}

/// Everybody whom a lot may have reached, with the attempts of a recall.
fn people_of(conn: &mut AnyConnection, batches: &[BatchId], of: Option<RecallId>) -> Outcome<Vec<PersonView>, Refusal> {
    let known = recalls::people(conn, batches, PEOPLE_MAX + 1)?;
    if i64::try_from(known.len()).is_ok_and(|people| people > PEOPLE_MAX) {
        return Err(Failure::Refused(Refusal::Trace(TraceRefusal::TooManyPeople)));
    }
    let mut people: BTreeMap<SeniorId, Vec<AttemptView>> = known.into_iter().map(|senior| (senior, Vec::new())).collect();
    let rows = of.map(|recall| recalls::contacts(conn, recall, CONTACTS_MAX)).transpose()?.unwrap_or_default();
    for row in rows {
        let attempt = AttemptView { outcome: row.outcome.0, note: row.note, at: row.at.0, by: row.by_user.0 };
        // Who was called stays on the list, though a corrected record says that the lot never reached them.
        people.entry(row.senior_id.0).or_default().push(attempt);
    }
    Ok(people.into_iter().map(|(senior, attempts)| PersonView { senior, attempts }).collect())
}

/// What a lot reached and what is still to be done about it, on a connection.
pub(super) fn reach_of(
    conn: &mut AnyConnection,
    actor: &Actor,
    lot: LotId,
    of: Option<RecallId>,
) -> Outcome<(Reach, Vec<PersonView>), Refusal> {
    let row = ingredients::lot(conn, lot)?.ok_or(Failure::NotFound(Thing::Lot))?;
    let supplier = ingredients::supplier(conn, row.supplier_id.0)?.ok_or(StoreError::NotFound)?;
    let batches = batches_of(conn, lot).map_err(of_trace)?;
    let ids: Vec<BatchId> = batches.iter().map(|batch| batch.batch).collect();
    let people = people_of(conn, &ids, of)?;
    let mut tally = Tally::default();
    for person in &people {
        tally.add(&person.attempts.iter().map(|attempt| attempt.outcome).collect::<Vec<_>>());
    }
    let totals = trace::totals(conn, &ids)?;
    // Without a number of the supplier's batch nothing tells the same goods from others.
    let same = match row.supplier_batch.is_empty() {
        true => Vec::new(),
        false => trace::same_goods(conn, &supplier.licence_no, row.ingredient_id.0, &row.supplier_batch, SAME_MAX)?,
    };
    let (same_goods, same_goods_elsewhere) = in_sight(conn, actor, same.into_iter().filter(|(id, _)| *id != lot))?;
    let recalled = |batch: &BatchUse| RecalledBatch { batch: batch.batch, dish: batch.dish.clone(), state: batch.state };
    let still_open = still_open(row.stock, &batches.iter().map(recalled).collect::<Vec<_>>(), tally);
    let reach = Reach {
        serving: dishes_to_stop(conn, &batches)?.into_iter().collect(),
        lot: LotView::of(row, ingredients::vouchers(conn, lot)?),
        supplier: supplier.into(),
        orders: totals.orders,
        portions: totals.portions,
        tally,
        same_goods,
        same_goods_elsewhere,
        still_open,
        batches,
    };
    Ok((reach, people))
}

/// Lots at canteens whose records the actor sees, and how many there are besides.
fn in_sight(
    conn: &mut AnyConnection,
    actor: &Actor,
    lots: impl Iterator<Item = (LotId, CanteenId)>,
) -> Result<(Vec<SameGoods>, i64), StoreError> {
    let (mut seen, mut besides) = (Vec::new(), 0);
    for (lot, canteen) in lots {
        let row = catalogue::canteen(conn, canteen)?;
        match row.is_some_and(|row| actor.may(Action::SeeTrace, Where { place: &row.place_code.0, canteen: Some(canteen) })) {
            true => seen.push(SameGoods { lot, canteen }),
            false => besides += 1,
        }
    }
    Ok((seen, besides))
}

/// The report of a recall, on a connection.
pub(super) fn report_of(conn: &mut AnyConnection, actor: &Actor, row: &RecallRow) -> Outcome<RecallView, Refusal> {
    let (reach, people) = reach_of(conn, actor, row.lot_id.0, Some(row.id.0))?;
    Ok(RecallView {
        recall: row.id.0,
        canteen: row.canteen_id.0,
        reason: row.reason.clone(),
        opened_at: row.opened_at.0,
        opened_by: row.opened_by.0,
        outcome: row.outcome.map(|outcome| outcome.0),
        conclusion: row.conclusion.clone(),
        closed_at: row.closed_at.map(|at| at.0),
        reach,
        people,
    })
}

/// What a recall of a lot would hold, stop and reach: a drill. It reads only, so it leaves no trace in the books.
pub async fn drill(app: &App, actor: Arc<Actor>, lot: LotId) -> Outcome<Reach, Refusal> {
    app.store
        .read("recall_drill", move |conn| {
            let row = ingredients::lot(conn, lot)?.ok_or(Failure::NotFound(Thing::Lot))?;
            canteen_for(conn, &actor, row.canteen_id.0, Action::RunRecall, Thing::Lot)?;
            Ok(reach_of(conn, &actor, lot, None)?.0)
        })
        .await
}

/// One recall with its report; whom it reached only for those who run it.
pub async fn find(app: &App, actor: Arc<Actor>, id: RecallId) -> Outcome<RecallView, Refusal> {
    app.store
        .read("recall", move |conn| {
            let row = recalls::find(conn, id)?.ok_or(Failure::NotFound(Thing::Recall))?;
            let canteen = canteen_for(conn, &actor, row.canteen_id.0, Action::SeeTrace, Thing::Recall)?;
            let mut report = report_of(conn, &actor, &row)?;
            // How somebody feels is for those who call them; others see how many were reached.
            if !actor.may(Action::RunRecall, Where { place: &canteen.place_code.0, canteen: Some(canteen.id.0) }) {
                report.people.clear();
            }
            Ok(report)
        })
        .await
}

/// A recall on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallLine {
    /// Which recall.
    pub recall: RecallId,
    /// Of which lot.
    pub lot: LotId,
    /// Why.
    pub reason: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// How it ended.
    pub outcome: Option<RecallOutcome>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
}

/// A canteen's recalls, newest first, a page of them.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    before: Option<RecallId>,
    limit: i64,
) -> Outcome<Vec<RecallLine>, Refusal> {
    app.store
        .read("recalls", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            let line = |row: RecallRow| RecallLine {
                recall: row.id.0,
                lot: row.lot_id.0,
                reason: row.reason,
                opened_at: row.opened_at.0,
                outcome: row.outcome.map(|outcome| outcome.0),
                closed_at: row.closed_at.map(|at| at.0),
            };
            Ok(recalls::recalls(conn, canteen, before, limit)?.into_iter().map(line).collect())
        })
        .await
}
