//! What happened at a door, recorded by the courier, perhaps hours later and in any order.

use super::stop_for;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::jobs::notify::{self, Telling};
use crate::lanes;
use crate::orders::redeem::{self, RedeemRefusal, Redemption};
use crate::orders::resolve::code_of;
use crate::welfare::report::Report;
use crate::welfare::{self, Desk};
use domain::Instant;
use domain::access::Actor;
use domain::door::{DoorProof, StopOutcome, Told, WRONG_CODES_MAX, contradicts, redemption_of, supersedes};
use domain::event::Event;
use domain::id::{CanteenId, OrderId, SeniorId, StopEventId, StopId};
use domain::welfare::Concern;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::orders;
use store::query::plans::{self, StopEventRow};
use store::{StoreError, Tx};

/// A record as a courier's phone sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopRecord {
    /// Made by the phone before it was sent: the same one again is the same record.
    pub id: StopEventId,
    /// Which stop.
    pub stop: StopId,
    /// What happened.
    pub outcome: StopOutcome,
    /// How it is proved that the meal reached somebody; what did not needs no proof.
    pub proof: Option<DoorProof>,
    /// A remark: who took it, what was broken.
    pub note: String,
    /// When it happened.
    pub happened_at: Instant,
}

/// Why it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopRefusal {
    /// It lies in the future by more than clocks may differ.
    InTheFuture,
    /// The identifier was used for another stop.
    OtherStop,
    /// It says that the meal reached somebody and does not say how that is proved.
    ProofNeeded,
    /// The code is not the order's.
    WrongCode,
    /// Too many wrong codes were tried: none is taken any more.
    TooManyCodes,
    /// There is evidence that the meal was served, and money was posted by it: a record does not take that back.
    AlreadyServed,
    /// The evidence was refused.
    Redemption(RedeemRefusal),
}

/// A phone's clock may be this far ahead, in seconds.
pub(crate) const CLOCK_SKEW_S: i64 = 120;

/// Records an outcome; a delivery is the evidence that the order's held money waits for. Answers what the stop shows now.
pub async fn record(app: &App, actor: Arc<Actor>, record: StopRecord) -> Outcome<StopOutcome, StopRefusal> {
    let lane = lanes::of_stop(app, record.stop).await?;
    let (telling, desk) = (app.telling(), app.welfare_desk());
    // A wrong code is counted, and a refusal would undo that: it is refused when it was.
    let shows = app.store.write(lane, "stop_outcome", move |tx| record_in(tx, (telling, &desk), &actor, &record)).await?;
    shows.ok_or(Failure::Refused(StopRefusal::WrongCode))
}

/// What the stop shows then; `None` for a wrong code, of which nothing is kept but that it was tried.
fn record_in(
    tx: &mut Tx<'_>,
    (telling, desk): (Telling, &Desk),
    actor: &Actor,
    record: &StopRecord,
) -> Outcome<Option<StopOutcome>, StopRefusal> {
    let (stop, canteen_id) = stop_for(tx, actor, record.stop)?;
    let Col(order) = stop.order_id;
    if let Some(earlier) = plans::event(tx.look(), record.id)? {
        return if earlier.stop_id == stop.id {
            Ok(Some(stop.outcome.map_or(record.outcome, |word| word.0)))
        } else {
            Err(Failure::Refused(StopRefusal::OtherStop))
        };
    }
    let now = tx.now();
    if record.happened_at.seconds_since(now) > CLOCK_SKEW_S {
        return Err(Failure::Refused(StopRefusal::InTheFuture));
    }
    let earlier = plans::events(tx.look(), record.stop)?.into_iter();
    let latest = earlier.map(|e| told(e.outcome.0, e.happened_at.0, e.id.0)).max();
    let shows = supersedes(told(record.outcome, record.happened_at, record.id), latest);
    if !code_is_right(tx, record, order)? {
        plans::count_wrong_code(tx.change(), order)?;
        return Ok(None);
    }
    prove(tx, actor, record, order)?;
    let row = StopEventRow {
        id: Col(record.id),
        stop_id: stop.id,
        outcome: Word(record.outcome),
        note: record.note.clone(),
        happened_at: Col(record.happened_at),
        recorded_at: Col(now),
        recorded_by: actor.user.map(Col),
        device_id: actor.device.map(|(device, ..)| Col(device)),
    };
    plans::add_event(tx.change(), &row, shows)?;
    let event = Event::StopRecorded { order, outcome: record.outcome.to_string() };
    crate::orders::view::record(tx, canteen_id, order, &event, now)?;
    if shows {
        let senior = orders::find(tx.look(), order)?.and_then(|row| row.senior_id).map(|Col(senior)| senior);
        notify::door(tx, telling, senior, (record.stop, order), record.outcome)?;
        if let Some(senior) = senior {
            look_in(tx, desk, actor, record, (senior, order, canteen_id))?;
        }
    }
    Ok(Some(if shows { record.outcome } else { stop.outcome.map_or(record.outcome, |word| word.0) }))
}

/// Nobody answered: somebody looks in. Met in person after all: nobody need.
fn look_in(
    tx: &mut Tx<'_>,
    desk: &Desk,
    actor: &Actor,
    record: &StopRecord,
    (senior, order, canteen): (SeniorId, OrderId, CanteenId),
) -> Result<(), StoreError> {
    if record.outcome == StopOutcome::NoAnswer {
        let seen = Report {
            step: tx.new_id(),
            senior,
            order,
            canteen,
            concern: Concern::NoAnswer,
            note: record.note.clone(),
            happened_at: record.happened_at,
        };
        welfare::report::report(tx, desk, actor, &seen)?;
        return Ok(());
    }
    welfare::met_at_door(tx, desk, actor, senior, (record.outcome, record.happened_at))
}

fn told(outcome: StopOutcome, happened_at: Instant, id: StopEventId) -> Told {
    Told { served: outcome.is_served(), happened_at, id: id.uuid() }
}

/// Whether a code that was given with a hand-over is the order's; without one there is nothing to be wrong.
fn code_is_right(tx: &mut Tx<'_>, record: &StopRecord, order: OrderId) -> Outcome<bool, StopRefusal> {
    let (true, Some(DoorProof::DeliveryCode(code))) = (record.outcome.is_served(), &record.proof) else { return Ok(true) };
    if plans::wrong_codes(tx.look(), order)? >= WRONG_CODES_MAX {
        return Err(Failure::Refused(StopRefusal::TooManyCodes));
    }
    let order_no = orders::find(tx.look(), order)?.ok_or(Failure::NotFound(Thing::Stop))?.order_no;
    Ok(code.trim() == code_of(tx.sealer(), order, order_no))
}

/// A meal that reached somebody is served, by the proof that was brought back; one that did not must not contradict the evidence there is.
fn prove(tx: &mut Tx<'_>, actor: &Actor, record: &StopRecord, order: OrderId) -> Outcome<(), StopRefusal> {
    if !record.outcome.is_served() {
        let served_at = orders::accepted_redemption(tx.look(), order)?.map(|evidence| evidence.served_at.0);
        return match contradicts(record.outcome, record.happened_at, served_at) {
            true => Err(Failure::Refused(StopRefusal::AlreadyServed)),
            false => Ok(()),
        };
    }
    let proof = record.proof.as_ref().ok_or(Failure::Refused(StopRefusal::ProofNeeded))?;
    let redemption = Redemption { id: redemption_of(record.id), order, method: proof.method(), served_at: record.happened_at };
    redeem::serve(tx, actor, &redemption).map_err(|f| f.map(StopRefusal::Redemption))?;
    Ok(())
}
