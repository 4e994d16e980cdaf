//! The nightly close: what was ordered and has no evidence was not served.
//!
//! Texts pay for meals eaten: the held money is voided and the limits are free again. The portion stays sold, for it was
//! cooked. Evidence that comes later outranks the close (see [`super::redeem`]).
//!
//! A guest at the counter has no card to show: they paid, and ate what was on the shelf. No funder pays for them, so their meal needs
//! no evidence and is served; were it voided, the till would hold money of which the books say that it was given back.

use super::view;
use crate::{App, self_pay, subsidies};
use domain::event::Event;
use domain::id::{CanteenId, OrderId};
use domain::ledger::Phase;
use domain::order::{OrderCommand, Standing, transition};
use store::column::Word;
use store::query::{orders, redemptions};
use store::{LaneKey, StoreError, Tx};

/// How long after a sitting's end it is closed, in seconds: offline terminals come back within the night.
pub const GRACE_S: i64 = 12 * 3600;
/// Orders looked up at once.
const PAGE: i64 = 500;
/// Pages in one run; what is left waits for the next.
const PAGES: usize = 200;

/// Closes every confirmed order of sittings that ended [`GRACE_S`] ago. Each order is a unit of work of its own, so a stop in
/// the middle leaves nothing half done and the next run goes on; run again it changes nothing. Returns how many were closed.
pub async fn close_past(app: &App) -> Result<u64, StoreError> {
    let before = app.clock.now().plus_seconds(-GRACE_S);
    let mut closed = 0;
    for _ in 0..PAGES {
        let page = app.store.read("unserved", move |conn| redemptions::unserved(conn, before, PAGE)).await?;
        let full = i64::try_from(page.len()).is_ok_and(|n| n == PAGE);
        for (id, canteen) in page {
            if app.store.write(LaneKey::of(canteen), "close_unserved", move |tx| close_in(tx, id, canteen)).await? {
                closed += 1;
            }
        }
        if !full {
            break;
        }
    }
    Ok(closed)
}

fn close_in(tx: &mut Tx<'_>, id: OrderId, canteen: CanteenId) -> Result<bool, StoreError> {
    tx.lock_canteen(canteen)?;
    let Some(mut order) = orders::find(tx.look(), id)? else { return Ok(false) };
    let now = tx.now();
    let guest = order.senior_id.is_none();
    let (command, phase) = if guest { (OrderCommand::Serve, Phase::Post) } else { (OrderCommand::CloseUnserved, Phase::Void) };
    // Served or cancelled since it was listed: nothing to close.
    let Ok(state) = transition(order.state.0, command, now, now, Standing::Ordinary, false) else {
        return Ok(false);
    };
    let lines = orders::lines(tx.look(), id)?;
    if !guest {
        subsidies::release_claims(tx, &order)?;
    }
    subsidies::end_holds(tx, &order, phase, now)?;
    if !orders::set_state(tx.change(), id, order.version, state, now, None)? {
        return Err(StoreError::Contention("order"));
    }
    order.state = Word(state);
    order.version += 1;
    self_pay::order::follow(tx, &order, None, now)?;
    let seen = view::of(&order, &lines);
    let event = if guest { Event::OrderServed(seen) } else { Event::OrderNotServed(seen) };
    view::record(tx, canteen, id, &event, now)?;
    if guest {
        crate::batches::link::at_table(tx, &order, &lines, order.accepted_at.0)?;
    }
    Ok(true)
}
