//! Paying an order, and giving back what is not owed any more.

use super::SelfPayRefusal as Refusal;
use super::look::{Account, account_of, money_of, owed};
use super::shift::till_with;
use super::{NewEntry, known, overflow, own_shift, post};
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::signer;
use crate::{App, audit, lanes};
use domain::access::{Action, Actor, Where};
use domain::audit::AuditAction;
use domain::id::{EntryId, OrderId, UserId};
use domain::self_pay::wallet::Wallet;
use domain::self_pay::{EntryKind, Flow, GiveBack, Means, Purse};
use domain::{Channel, Fen, Instant, PlaceCode};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::rows::OrderRow;
use store::query::self_pay::{self, WalletRow};
use store::query::{catalogue, corrections, orders};
use store::{StoreError, Tx};

/// A payment as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Made by the client: the same one again is the same payment.
    pub id: EntryId,
    /// Of which order.
    pub order: OrderId,
    /// With cash or out of the wallet; a sponsor pays a bill.
    pub by: Paying,
    /// What was due when it was looked at, and what was taken.
    pub fen: Fen,
}

domain::text_enum! {
    /// By which means an order is paid where it is served.
    pub enum Paying {
        /// Into the till of the caller's shift.
        Cash = "cash",
        /// Out of the senior's wallet at the canteen.
        Wallet = "wallet",
    }
}

impl Paying {
    const fn means(self) -> Means {
        match self {
            Self::Cash => Means::Cash,
            Self::Wallet => Means::Wallet,
        }
    }
}

/// Who takes money for an order, and how: the counter; and the courier cash for what is brought to a door, where a wallet that is charged
/// would hide what was collected.
pub(super) fn may_take(actor: &Actor, order: &OrderRow, place: &PlaceCode, by: Paying) -> bool {
    let at = Where { place, canteen: Some(order.canteen_id.0) };
    let at_the_door = order.channel.0 == Channel::Delivery && by == Paying::Cash;
    actor.may(Action::TakeCash, at) && (actor.may(Action::SellAtCounter, at) || at_the_door)
}

/// The order under its canteen's lock, for an actor who may do this there.
fn locked(tx: &mut Tx<'_>, actor: &Actor, id: OrderId, right: Action) -> Outcome<(OrderRow, PlaceCode), Refusal> {
    let hidden = || Failure::NotFound(Thing::Order);
    let canteen_id = orders::find(tx.look(), id)?.ok_or_else(hidden)?.canteen_id.0;
    let Col(place) = catalogue::canteen(tx.look(), canteen_id)?.ok_or_else(hidden)?.place_code;
    let at = Where { place: &place, canteen: Some(canteen_id) };
    if !actor.may(right, at) {
        return Err(if actor.may(Action::SeeOrders, at) { Failure::Forbidden } else { hidden() });
    }
    tx.lock_canteen(canteen_id)?;
    let order = orders::find(tx.look(), id)?.ok_or_else(hidden)?;
    Ok((order, place))
}

/// Takes all that is due for an order, at once.
pub async fn pay(app: &App, actor: Arc<Actor>, payment: Payment) -> Outcome<Account, Refusal> {
    let lane = lanes::of_order(app, payment.order).await?;
    app.store.write(lane, "pay_order", move |tx| pay_in(tx, &actor, &payment)).await
}

fn pay_in(tx: &mut Tx<'_>, actor: &Actor, payment: &Payment) -> Outcome<Account, Refusal> {
    let refused = |why| Err(Failure::Refused(why));
    let (order, place) = locked(tx, actor, payment.order, Action::TakeCash)?;
    let by = signer(actor)?;
    if !may_take(actor, &order, &place, payment.by) {
        return refused(Refusal::NotAtTheDoor);
    }
    let (id, means) = (Some(order.id), payment.by.means());
    let same = |row: &self_pay::EntryRow| {
        row.kind.0 == EntryKind::Pay && (row.order_id, row.means, row.amount_fen.0) == (id, Some(Word(means)), payment.fen)
    };
    if known(tx.look(), payment.id, same)?.is_some() {
        return Ok(account_of(tx.look(), &order)?);
    }
    let account = account_of(tx.look(), &order)?;
    let due = account.money.to_pay().map_err(overflow)?.map_err(|why| Failure::Refused(Refusal::Pay(why)))?;
    if let Some((sponsor, name)) = account.sponsor {
        return refused(Refusal::Borne(sponsor, name));
    }
    if due != payment.fen {
        return refused(Refusal::Due(due));
    }
    let canteen = order.canteen_id.0;
    let purse = match (payment.by, order.senior_id) {
        (Paying::Cash, _) => Purse::Till(own_shift(tx.look(), canteen, by)?.id.0),
        (Paying::Wallet, None) => return refused(Refusal::Guest),
        (Paying::Wallet, Some(Col(senior))) => {
            let row = self_pay::wallet(tx.look(), senior, canteen)?;
            wallet_of(row.as_ref()).pay(due).map_err(|why| Failure::Refused(Refusal::Wallet(why)))?;
            Purse::Wallet(senior)
        }
    };
    let ordinal = next(account.entries.len());
    let entry = NewEntry::of(payment.id, canteen, (Flow::Pay(purse), due), Some(by), tx.now());
    post(tx, &NewEntry { order: Some((payment.order, ordinal)), senior: order.senior_id.map(|Col(id)| id), ..entry })?;
    Ok(account_of(tx.look(), &order)?)
}

/// A wallet that nobody has put anything into is an empty one.
pub(super) fn wallet_of(row: Option<&WalletRow>) -> Wallet {
    row.map_or_else(Wallet::default, |row| Wallet { balance_fen: row.balance_fen.0, leaving_by: row.leaving_by.map(|Col(by)| by) })
}

/// The place of the next entry of an order.
pub(super) fn next(entries: usize) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX).saturating_add(1)
}

/// Gives back what was paid for an order and is not owed any more: cash out of the caller's till, the rest where it came from. What a
/// sponsor was charged goes back with the next bill.
pub async fn refund(app: &App, actor: Arc<Actor>, id: EntryId, order: OrderId) -> Outcome<Account, Refusal> {
    let lane = lanes::of_order(app, order).await?;
    app.store.write(lane, "refund_order", move |tx| refund_in(tx, &actor, id, order)).await
}

fn refund_in(tx: &mut Tx<'_>, actor: &Actor, id: EntryId, of: OrderId) -> Outcome<Account, Refusal> {
    let (order, place) = locked(tx, actor, of, Action::SellAtCounter)?;
    let by = signer(actor)?;
    if known(tx.look(), id, |row| row.kind.0 == EntryKind::Refund && row.order_id == Some(Col(of)))?.is_some() {
        return Ok(account_of(tx.look(), &order)?);
    }
    let account = account_of(tx.look(), &order)?;
    let mut back = account.money.to_give_back().map_err(overflow)?;
    back.retain(|one| !matches!(one.purse, Purse::Sponsor(_)));
    if back.is_empty() {
        return Err(Failure::Refused(Refusal::NothingToGiveBack));
    }
    let cash = back.iter().filter(|one| one.purse.means() == Means::Cash);
    let cash = Fen::sum(cash.map(|one| one.fen)).map_err(overflow)?;
    let now = tx.now();
    if cash > Fen::ZERO {
        let till = till_with(tx, order.canteen_id.0, by, cash)?;
        back.iter_mut().filter(|one| one.purse.means() == Means::Cash).for_each(|one| one.purse = Purse::Till(till));
        let detail = json!({ "cash_fen": cash.0, "shift": till });
        audit::record(tx, actor, AuditAction::SelfPayRefunded, of, Some(&place), &detail);
    }
    write_back(tx, &order, &back, account.entries.len(), (Some(id), Some(by), now))?;
    Ok(account_of(tx.look(), &order)?)
}

/// Writes what goes back; the first entry has the caller's name, where there is one.
fn write_back(
    tx: &mut Tx<'_>,
    order: &OrderRow,
    back: &[GiveBack],
    entries: usize,
    (name, by, at): (Option<EntryId>, Option<UserId>, Instant),
) -> Result<(), StoreError> {
    for (n, one) in back.iter().enumerate() {
        let id = if n == 0 { name } else { None };
        let id = id.unwrap_or_else(|| tx.new_id());
        let entry = NewEntry::of(id, order.canteen_id.0, (Flow::Refund(one.purse), one.fen), by, at);
        let senior = order.senior_id.map(|Col(senior)| senior);
        post(tx, &NewEntry { order: Some((order.id.0, next(entries + n))), of: Some(one.of), senior, ..entry })?;
    }
    Ok(())
}

/// What an order does not owe any more after it was cancelled, changed, closed or corrected goes back into the wallet that it came from,
/// in the same commit. Cash waits for a person at the counter.
pub(crate) fn follow(tx: &mut Tx<'_>, order: &OrderRow, by: Option<UserId>, at: Instant) -> Result<(), StoreError> {
    let entries = self_pay::of_orders(tx.look(), &[order.id.0])?;
    if entries.is_empty() {
        return Ok(());
    }
    let corrections = corrections::of_order(tx.look(), order.id.0)?;
    let money = money_of(owed(order, &corrections), &entries)?;
    let mut back = money.to_give_back().map_err(overflow)?;
    back.retain(|one| matches!(one.purse, Purse::Wallet(_)));
    write_back(tx, order, &back, entries.len(), (None, by, at))
}
