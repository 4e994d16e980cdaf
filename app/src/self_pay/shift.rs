//! A shift: opened with a float, handed what others collected, counted, and confirmed by another.

use super::SelfPayRefusal as Refusal;
use super::look::Statement;
use super::{NewEntry, known, look, overflow, own_shift, post, shift_for};
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::{canteen_for, signer};
use crate::{App, audit};
use domain::Fen;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use domain::id::{CanteenId, EntryId, ShiftId, UserId};
use domain::self_pay::shift::{self, ShiftState, in_use};
use domain::self_pay::{EntryKind, Flow};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::self_pay::{self, Count, ShiftRow};
use store::{LaneKey, Tx};

/// Opens the caller's shift at a canteen, with money for change. The caller makes its name: the same one again is the same shift.
pub async fn open(app: &App, actor: Arc<Actor>, id: ShiftId, canteen: CanteenId, float: Fen) -> Outcome<Statement, Refusal> {
    app.store.write(LaneKey::of(canteen), "open_shift", move |tx| open_in(tx, &actor, id, canteen, float)).await
}

fn open_in(tx: &mut Tx<'_>, actor: &Actor, id: ShiftId, canteen: CanteenId, float: Fen) -> Outcome<Statement, Refusal> {
    canteen_for(tx.look(), actor, canteen, Action::TakeCash, Thing::Canteen(canteen))?;
    let (by, now) = (signer(actor)?, tx.now());
    tx.lock_canteen(canteen)?;
    if let Some(row) = self_pay::shift(tx.look(), id)? {
        let same = (row.canteen_id.0, row.opened_by.0, row.float_fen.0) == (canteen, by, float);
        return if same { Ok(look::statement(tx.look(), row)?) } else { Err(Failure::Refused(Refusal::OtherEntry)) };
    }
    if let Some(open) = self_pay::open_shift(tx.look(), canteen, by)? {
        return Err(Failure::Refused(Refusal::ShiftOpen(open.id.0)));
    }
    let row = ShiftRow {
        id: Col(id),
        version: 1,
        canteen_id: Col(canteen),
        state: Word(ShiftState::Open),
        opened_by: Col(by),
        opened_at: Col(now),
        float_fen: Col(float),
        cash_fen: Col(Fen::ZERO),
        expected_fen: None,
        counted_fen: None,
        reason: String::new(),
        closed_by: None,
        closed_at: None,
        confirmed_by: None,
        confirmed_at: None,
        note: String::new(),
    };
    self_pay::open(tx.change(), &row)?;
    if float > Fen::ZERO {
        post(tx, &NewEntry::of(tx.new_id(), canteen, (Flow::Float(id), float), Some(by), now))?;
    }
    told(tx, id)
}

/// The shift as it is now.
fn told(tx: &mut Tx<'_>, id: ShiftId) -> Outcome<Statement, Refusal> {
    let row = self_pay::shift(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Shift))?;
    Ok(look::statement(tx.look(), row)?)
}

/// What was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandIn {
    /// Made by the client.
    pub id: EntryId,
    /// Out of whose till.
    pub from: ShiftId,
    /// How much.
    pub fen: Fen,
}

/// Takes into the caller's own shift what another had collected: a courier's cash, back from the doors. Who takes it answers for it.
pub async fn hand_in(app: &App, actor: Arc<Actor>, canteen: CanteenId, what: HandIn) -> Outcome<Statement, Refusal> {
    app.store.write(LaneKey::of(canteen), "hand_in_cash", move |tx| hand_in_in(tx, &actor, canteen, what)).await
}

async fn lane(app: &App, actor: Arc<Actor>, id: ShiftId) -> Outcome<LaneKey, Refusal> {
    let found = app.store.read("shift_lane", move |conn| shift_for::<Refusal>(conn, &actor, id)).await?;
    Ok(LaneKey::of(found.canteen_id.0))
}

fn hand_in_in(tx: &mut Tx<'_>, actor: &Actor, canteen: CanteenId, what: HandIn) -> Outcome<Statement, Refusal> {
    let refused = |why| Err(Failure::Refused(why));
    canteen_for(tx.look(), actor, canteen, Action::TakeCash, Thing::Canteen(canteen))?;
    let by = signer(actor)?;
    tx.lock_canteen(canteen)?;
    let same = |row: &self_pay::EntryRow| {
        row.kind.0 == EntryKind::HandIn
            && (row.from_shift_id, row.amount_fen, row.recorded_by) == (Some(Col(what.from)), Col(what.fen), Some(Col(by)))
    };
    if let Some(Col(to)) = known(tx.look(), what.id, same)?.and_then(|row| row.shift_id) {
        return told(tx, to);
    }
    let to = own_shift(tx.look(), canteen, by)?.id.0;
    let giving = self_pay::shift(tx.look(), what.from)?.filter(|row| row.canteen_id.0 == canteen);
    let giving = giving.ok_or(Failure::NotFound(Thing::Shift))?;
    if what.from == to {
        return refused(Refusal::OwnTill);
    }
    in_use(giving.state.0).map_err(|why| Failure::Refused(Refusal::Shift(why)))?;
    if giving.cash_fen.0 < what.fen {
        return refused(Refusal::Till(giving.cash_fen.0));
    }
    let now = tx.now();
    post(tx, &NewEntry::of(what.id, canteen, (Flow::HandIn { from: what.from, to }, what.fen), Some(by), now))?;
    told(tx, to)
}

/// What was counted when a shift ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// All that is in the till, the float among it.
    pub fen: Fen,
    /// Why it is not what there should be; may be empty where it is.
    pub reason: String,
}

/// Closes the shift that has this version: by whoever has the till, or by who confirms shifts when they cannot.
pub async fn close(app: &App, actor: Arc<Actor>, id: ShiftId, version: i64, counted: Counted) -> Outcome<Statement, Refusal> {
    let (by, lane) = (actor.clone(), lane(app, actor, id).await?);
    app.store.write(lane, "close_shift", move |tx| close_in(tx, &by, id, version, &counted)).await
}

fn close_in(tx: &mut Tx<'_>, actor: &Actor, id: ShiftId, version: i64, counted: &Counted) -> Outcome<Statement, Refusal> {
    let row = shift_for::<Refusal>(tx.look(), actor, id)?;
    let (canteen, by) = (row.canteen_id.0, signer(actor)?);
    let right = if row.opened_by.0 == by { Action::TakeCash } else { Action::ConfirmShift };
    let at = canteen_for(tx.look(), actor, canteen, right, Thing::Shift)?;
    tx.lock_canteen(canteen)?;
    let row = self_pay::shift(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Shift))?;
    if row.version != version {
        return Err(Failure::Stale { version: row.version });
    }
    let expected = row.cash_fen.0;
    let reason = counted.reason.trim();
    let closing = shift::close(id, row.state.0, (expected, counted.fen), !reason.is_empty())
        .map_err(overflow)?
        .map_err(|why| Failure::Refused(Refusal::Shift(why)))?;
    let now = tx.now();
    for (flow, fen) in closing.entries {
        post(tx, &NewEntry::of(tx.new_id(), canteen, (flow, fen), Some(by), now))?;
    }
    let count = Count { expected, counted: counted.fen, reason: reason.to_owned(), by, at: now };
    if !self_pay::close(tx.change(), id, version, &count)? {
        return Err(Failure::Stale { version: row.version });
    }
    let detail = json!({ "expected_fen": expected.0, "counted_fen": counted.fen.0, "reason": reason });
    audit::record(tx, actor, AuditAction::ShiftClosed, id, Some(&at.place_code.0), &detail);
    told(tx, id)
}

/// Confirms the count of the closed shift that has this version: another than who had the till and who counted it.
pub async fn confirm(app: &App, actor: Arc<Actor>, id: ShiftId, version: i64, note: String) -> Outcome<Statement, Refusal> {
    let (by, lane) = (actor.clone(), lane(app, actor, id).await?);
    app.store.write(lane, "confirm_shift", move |tx| confirm_in(tx, &by, id, version, &note)).await
}

fn confirm_in(tx: &mut Tx<'_>, actor: &Actor, id: ShiftId, version: i64, note: &str) -> Outcome<Statement, Refusal> {
    let row = shift_for::<Refusal>(tx.look(), actor, id)?;
    let (canteen, by) = (row.canteen_id.0, signer(actor)?);
    let at = canteen_for(tx.look(), actor, canteen, Action::ConfirmShift, Thing::Shift)?;
    if row.version != version {
        return Err(Failure::Stale { version: row.version });
    }
    let hands: Vec<UserId> = [Some(row.opened_by), row.closed_by].into_iter().flatten().map(|Col(user)| user).collect();
    shift::confirm(row.state.0, &hands, by).map_err(|why| Failure::Refused(Refusal::Shift(why)))?;
    let now = tx.now();
    if !self_pay::confirm(tx.change(), id, version, (by, now), note)? {
        return Err(Failure::Stale { version: row.version });
    }
    audit::record(tx, actor, AuditAction::ShiftConfirmed, id, Some(&at.place_code.0), &json!({ "note": note }));
    told(tx, id)
}

/// The caller's till at a canteen, with so much in it.
pub(super) fn till_with(tx: &mut Tx<'_>, canteen: CanteenId, by: UserId, fen: Fen) -> Outcome<ShiftId, Refusal> {
    let row = own_shift(tx.look(), canteen, by)?;
    if row.cash_fen.0 < fen { Err(Failure::Refused(Refusal::Till(row.cash_fen.0))) } else { Ok(row.id.0) }
}
