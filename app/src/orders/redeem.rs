//! Redeem: the evidence that a meal was served, which is what the held money waits for.
//!
//! One redemption of an order counts. When an offline terminal reports later that it served earlier, its redemption takes the
//! place of the one that counted, which stays visible as the duplicate; the money was posted once and stays as it is.

use super::qr;
use super::view::{self, OrderAnswer};
use crate::budgets::draw;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::{App, lanes, subsidies};
use domain::Instant;
use domain::access::{Action, Actor, Where};
use domain::event::Event;
use domain::id::{CanteenId, OrderId, RedemptionId};
use domain::ledger::Phase;
use domain::order::{OrderCommand, OrderRejection, OrderState, RedemptionMethod, RedemptionState, ServedAtFault, Standing};
use domain::order::{served_when, transition};
use std::sync::Arc;
use store::Tx;
use store::column::{Col, Word};
use store::query::rows::{OrderRow, RedemptionRow};
use store::query::{catalogue, orders, redemptions};

/// A redemption as a terminal reports it, perhaps hours later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// Made by the terminal before it was sent: the same one again is the same redemption.
    pub id: RedemptionId,
    /// Which order.
    pub order: OrderId,
    /// How it was proved.
    pub method: RedemptionMethod,
    /// When the meal was handed over.
    pub served_at: Instant,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redeemed {
    /// Whether it counts, or another did before.
    pub state: RedemptionState,
    /// The order.
    pub answer: OrderAnswer,
}

/// Why it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedeemRefusal {
    /// The order's state does not allow it.
    Order(OrderRejection),
    /// It cannot have been served then.
    ServedAt(ServedAtFault),
    /// The identifier was used for another order.
    OtherOrder,
    /// The order was closed as not served, its limits were given back, and another meal has taken them: an officer decides.
    LimitTakenSince,
    /// The code shown was used for another redemption.
    CodeUsed,
}

/// A redemption that may have been recorded before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// Made by the terminal.
    pub id: RedemptionId,
    /// Where it was read.
    pub canteen: CanteenId,
    /// Of which order, when the terminal says.
    pub order: Option<OrderId>,
    /// How it was proved.
    pub method: RedemptionMethod,
    /// When the meal was handed over.
    pub served_at: Instant,
}

/// The answer to a redemption that a terminal sends again. A reading stands for whichever order is open now, which need not be the one
/// that was served by it; so the recorded one is looked up before the reading is resolved. `None` for one that is not recorded, or says
/// something else: that one is judged as new, and refused when its identifier is another order's.
pub async fn known(app: &App, actor: Arc<Actor>, again: Again) -> Outcome<Option<Redeemed>, Never> {
    app.store
        .read("known_redemption", move |conn| {
            let Some(row) = orders::redemption(conn, again.id)? else { return Ok(None) };
            let same = (row.method.0, row.served_at.0) == (again.method, again.served_at)
                && again.order.is_none_or(|order| order == row.order_id.0);
            let order = orders::find(conn, row.order_id.0)?.filter(|order| same && order.canteen_id.0 == again.canteen);
            let (Some(order), Some(canteen)) = (order, catalogue::canteen(conn, again.canteen)?) else { return Ok(None) };
            if !actor.may(Action::Redeem, Where { place: &canteen.place_code.0, canteen: Some(again.canteen) }) {
                return Ok(None);
            }
            let lines = orders::lines(conn, order.id.0)?;
            let answer = OrderAnswer { order: view::of(&order, &lines), address_unplaced: false };
            Ok(Some(Redeemed { state: row.state.0, answer }))
        })
        .await
}

/// Records a redemption. Once per order: a second one is kept as a duplicate and moves nothing.
pub async fn redeem(app: &App, actor: Arc<Actor>, redemption: Redemption) -> Outcome<Redeemed, RedeemRefusal> {
    redeem_shown(app, actor, redemption, None).await
}

/// The same with the dynamic code that was read, which serves one redemption.
pub async fn redeem_shown(
    app: &App,
    actor: Arc<Actor>,
    redemption: Redemption,
    code: Option<qr::Shown>,
) -> Outcome<Redeemed, RedeemRefusal> {
    let lane = lanes::of_order(app, redemption.order).await?;
    app.store.write(lane, "redeem", move |tx| redeem_in(tx, &actor, &redemption, code.as_ref())).await
}

fn redeem_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    redemption: &Redemption,
    code: Option<&qr::Shown>,
) -> Outcome<Redeemed, RedeemRefusal> {
    let id = redemption.order;
    let canteen_id = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?.canteen_id.0;
    let canteen = catalogue::canteen(tx.look(), canteen_id)?.ok_or(Failure::NotFound(Thing::Order))?;
    let at = Where { place: &canteen.place_code.0, canteen: Some(canteen_id) };
    if !actor.may(Action::Redeem, at) {
        return Err(if actor.may(Action::SeeOrders, at) { Failure::Forbidden } else { Failure::NotFound(Thing::Order) });
    }
    tx.lock_canteen(canteen_id)?;
    if let Some(code) = code {
        let user = redemptions::code_user(tx.look(), code.senior, code.step)?;
        if user.is_some_and(|user| user != redemption.id) {
            return Err(Failure::Refused(RedeemRefusal::CodeUsed));
        }
        let redeemed = serve(tx, actor, redemption)?;
        if user.is_none() {
            redemptions::use_code(tx.change(), code.senior, code.step, redemption.id)?;
        }
        return Ok(redeemed);
    }
    serve(tx, actor, redemption)
}

/// Records the evidence, for a caller whose right was checked: the counter's above, the courier's at the door.
pub fn serve(tx: &mut Tx<'_>, actor: &Actor, redemption: &Redemption) -> Outcome<Redeemed, RedeemRefusal> {
    let id = redemption.order;
    let canteen_id = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?.canteen_id.0;
    tx.lock_canteen(canteen_id)?;
    let mut order = orders::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Order))?;
    let lines = orders::lines(tx.look(), id)?;
    if let Some(earlier) = orders::redemption(tx.look(), redemption.id)? {
        return match earlier.order_id.0 == id {
            true => Ok(Redeemed {
                state: earlier.state.0,
                answer: OrderAnswer { order: view::of(&order, &lines), address_unplaced: false },
            }),
            false => Err(Failure::Refused(RedeemRefusal::OtherOrder)),
        };
    }
    let now = tx.now();
    served_when(order.service_date.0, redemption.served_at, now)
        .map_err(|fault| Failure::Refused(RedeemRefusal::ServedAt(fault)))?;
    let state = match orders::accepted_redemption(tx.look(), id)? {
        None => {
            post(tx, canteen_id, &mut order, now)?;
            view::record(tx, canteen_id, id, &Event::OrderServed(view::of(&order, &lines)), now)?;
            crate::batches::link::at_table(tx, &order, &lines, redemption.served_at)?;
            RedemptionState::Accepted
        }
        Some(counted) if redemption.served_at < counted.served_at.0 => {
            redemptions::set_aside(tx.change(), counted.id.0)?;
            crate::batches::link::at_table(tx, &order, &lines, redemption.served_at)?;
            RedemptionState::Accepted
        }
        Some(_) => RedemptionState::Duplicate,
    };
    tx.pending().redemption(RedemptionRow {
        id: Col(redemption.id),
        order_id: Col(id),
        method: Word(redemption.method),
        device_id: actor.device.map(|(device, ..)| Col(device)),
        recorded_by: actor.user.map(Col),
        served_at: Col(redemption.served_at),
        recorded_at: Col(now),
        state: Word(state),
    });
    crate::anomalies::note_late(tx, &order, state, now)?;
    Ok(Redeemed { state, answer: OrderAnswer { order: view::of(&order, &lines), address_unplaced: false } })
}

/// The order is served and what it holds is posted; what a nightly close had given back is taken again first.
fn post(tx: &mut Tx<'_>, canteen: CanteenId, order: &mut OrderRow, now: Instant) -> Outcome<(), RedeemRefusal> {
    let Col(id) = order.id;
    let served = transition(order.state.0, OrderCommand::Serve, now, now, Standing::Ordinary, false)
        .map_err(|e| Failure::Refused(RedeemRefusal::Order(e)))?;
    if order.state.0 == OrderState::NotServed {
        take_again(tx, canteen, order, now)?;
    } else {
        subsidies::end_holds(tx, order, Phase::Post, now)?;
    }
    if !orders::set_state(tx.change(), id, order.version, served, now, None)? {
        return Err(Failure::Stale { version: order.version });
    }
    order.state = Word(served);
    order.version += 1;
    Ok(())
}

/// Holds and posts at once what the order was decided to hold, and takes its limits again.
///
/// The stored decision stands, because the senior was told and charged by it; where another meal has taken the limit meanwhile
/// both cannot be paid, and a person has to look.
fn take_again(tx: &mut Tx<'_>, canteen: CanteenId, order: &OrderRow, now: Instant) -> Outcome<(), RedeemRefusal> {
    let Col(id) = order.id;
    let stored = orders::decision(tx.look(), id)?;
    let moves = match (&stored, order.senior_id) {
        (Some(row), Some(Col(senior))) => {
            let decision = subsidies::stored_decision(row)?;
            let claims = subsidies::claims_again(tx, senior, &decision)?;
            let claims = claims.ok_or(Failure::Refused(RedeemRefusal::LimitTakenSince))?;
            subsidies::take_claims(tx, senior, id, &claims)?;
            subsidies::holds(canteen, &decision)?
        }
        _ => domain::ledger::movements(canteen, &domain::ledger::Bearers::default(), order.self_pay_fen.0),
    };
    // Decided, and told, while the money was there: whoever was given it meanwhile, the meal was eaten.
    draw::take_whatever(tx, order.service_date.0, &moves)?;
    Ok(subsidies::hold_and_post(tx, id, &moves, now)?)
}
