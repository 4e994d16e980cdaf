//! Looking at shifts, wallets and what orders owe.

use super::order::{Paying, may_take};
use super::{overflow, shift_for};
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::ingredients::access::{canteen_for, signer};
use domain::access::{Action, Actor};
use domain::id::{CanteenId, OrderId, SeniorId, ShiftId, SittingId, SponsorId};
use domain::order::OrderState;
use domain::self_pay::{EntryKind, Means, OrderMoney, Paid, Purse};
use domain::{Fen, MoneyOverflow};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::corrections::{self, CorrectionRow};
use store::query::rows::OrderRow;
use store::query::self_pay::{self, EntryRow, ShiftFilter, ShiftRow};
use store::query::{catalogue, sponsors};

/// Entries of a shift shown at most; a long day has some hundreds.
const ENTRIES_MAX: i64 = 5_000;

/// What a shift took and gave of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// Which kind.
    pub kind: EntryKind,
    /// By which means an order was paid or given back.
    pub means: Option<Means>,
    /// How many entries.
    pub entries: u64,
    /// What they come to.
    pub fen: Fen,
}

/// A shift with everything that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The shift.
    pub row: ShiftRow,
    /// What moved its cash, and what its person took by other means meanwhile, oldest first.
    pub entries: Vec<EntryRow>,
    /// Their sums, by kind and means.
    pub totals: Vec<Total>,
}

/// The statement of a shift.
pub(super) fn statement(conn: &mut AnyConnection, row: ShiftRow) -> Result<Statement, StoreError> {
    let mut entries = self_pay::of_shift(conn, row.id.0, ENTRIES_MAX)?;
    let until = row.closed_at.map(|Col(at)| at);
    entries.extend(self_pay::by_wallet(conn, (row.canteen_id.0, row.opened_by.0), (row.opened_at.0, until), ENTRIES_MAX)?);
    entries.sort_by_key(|entry| (entry.recorded_at, entry.id));
    let totals = totals(&entries, row.id.0).map_err(overflow)?;
    Ok(Statement { row, entries, totals })
}

fn totals(entries: &[EntryRow], of: ShiftId) -> Result<Vec<Total>, MoneyOverflow> {
    let mut sums: BTreeMap<(EntryKind, Option<Means>), (u64, Fen)> = BTreeMap::new();
    for entry in entries {
        let sum = sums.entry((entry.kind.0, entry.means.map(|means| means.0))).or_default();
        // What was handed in out of this till is less in it.
        let given = entry.from_shift_id == Some(Col(of));
        let fen = if given { Fen::ZERO.minus(entry.amount_fen.0)? } else { entry.amount_fen.0 };
        *sum = (sum.0 + 1, sum.1.plus(fen)?);
    }
    Ok(sums.into_iter().map(|((kind, means), (entries, fen))| Total { kind, means, entries, fen }).collect())
}

/// One shift with all that moved.
pub async fn shift(app: &App, actor: Arc<Actor>, id: ShiftId) -> Outcome<Statement, Never> {
    app.store
        .read("get_shift", move |conn| {
            let row = shift_for::<Never>(conn, &actor, id)?;
            Ok(statement(conn, row)?)
        })
        .await
}

/// The caller's own open shift at a canteen, where there is one.
pub async fn own(app: &App, actor: Arc<Actor>, at: CanteenId) -> Outcome<Option<Statement>, Never> {
    app.store
        .read("own_shift", move |conn| {
            canteen_for(conn, &actor, at, Action::TakeCash, Thing::Canteen(at))?;
            let open = self_pay::open_shift(conn, at, signer(&actor)?)?;
            Ok(open.map(|row| statement(conn, row)).transpose()?)
        })
        .await
}

/// Shifts of a canteen, newest first, for who may see its takings.
pub async fn shifts(app: &App, actor: Arc<Actor>, at: CanteenId, filter: ShiftFilter) -> Outcome<Vec<ShiftRow>, Never> {
    app.store
        .read("list_shifts", move |conn| {
            canteen_for(conn, &actor, at, Action::SeeTakings, Thing::Canteen(at))?;
            Ok(self_pay::shifts(conn, at, &filter)?)
        })
        .await
}

/// What an order owes, what was paid for it, and who bears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Which order.
    pub order: OrderId,
    /// Where it stands.
    pub money: OrderMoney,
    /// Its entries, in their order.
    pub entries: Vec<EntryRow>,
    /// Who bears it in the senior's place.
    pub sponsor: Option<(SponsorId, String)>,
}

/// What an order owes as it stands: what it was ordered for and what was corrected since; nothing once nobody eats it.
pub(super) fn owed(order: &OrderRow, corrections: &[CorrectionRow]) -> Fen {
    match order.state.0 {
        OrderState::Confirmed | OrderState::Served => {
            let last = corrections.iter().rfind(|row| row.has_changed_cost());
            last.map_or(order.self_pay_fen.0, |row| row.self_pay_after_fen.0)
        }
        OrderState::Cancelled | OrderState::NotServed => Fen::ZERO,
    }
}

/// The payments among the entries of an order.
pub(super) fn money_of(owed_fen: Fen, entries: &[EntryRow]) -> Result<OrderMoney, StoreError> {
    let mut paid: Vec<Paid> = Vec::new();
    for entry in entries {
        match (entry.kind.0, entry.of_id) {
            (EntryKind::Refund, of) => {
                let payment = paid.iter_mut().find(|one| Some(Col(one.id)) == of).ok_or(StoreError::NotFound)?;
                payment.back_fen = payment.back_fen.plus(entry.amount_fen.0).map_err(overflow)?;
            }
            _ => paid.push(Paid {
                id: entry.id.0,
                purse: purse_of(entry).ok_or(StoreError::NotFound)?,
                fen: entry.amount_fen.0,
                back_fen: Fen::ZERO,
                by: entry.recorded_by.map(|Col(user)| user),
                at: entry.recorded_at.0,
            }),
        }
    }
    Ok(OrderMoney { owed_fen, paid })
}

fn purse_of(entry: &EntryRow) -> Option<Purse> {
    Some(match entry.means?.0 {
        Means::Cash => Purse::Till(entry.shift_id?.0),
        Means::Wallet => Purse::Wallet(entry.senior_id?.0),
        Means::Bill => Purse::Sponsor(entry.sponsor_id?.0),
    })
}

/// The account of an order.
pub(super) fn account_of(conn: &mut AnyConnection, order: &OrderRow) -> Result<Account, StoreError> {
    let id = order.id.0;
    let corrections = corrections::of_order(conn, id)?;
    let entries = self_pay::of_orders(conn, &[id])?;
    let money = money_of(owed(order, &corrections), &entries)?;
    let sponsor = match order.senior_id {
        Some(Col(senior)) => sponsors::bearing(conn, &[senior], order.service_date.0)?.remove(&senior),
        None => None,
    };
    Ok(Account { order: id, money, entries, sponsor })
}

/// What an order owes: for who takes money at its canteen, or may see the order.
pub async fn account(app: &App, actor: Arc<Actor>, id: OrderId) -> Outcome<Account, Never> {
    app.store
        .read("order_self_pay", move |conn| {
            let order = match crate::orders::load::visible::<Never>(conn, &actor, id) {
                Ok(order) => order,
                Err(_) => taken_by(conn, &actor, id)?,
            };
            Ok(account_of(conn, &order)?)
        })
        .await
}

/// The order, for who takes money at its canteen.
fn taken_by(conn: &mut AnyConnection, actor: &Actor, id: OrderId) -> Outcome<OrderRow, Never> {
    let hidden = || Failure::NotFound(Thing::Order);
    let order = store::query::orders::find(conn, id)?.ok_or_else(hidden)?;
    let canteen = catalogue::canteen(conn, order.canteen_id.0)?.ok_or_else(hidden)?;
    if may_take(actor, &order, &canteen.place_code.0, Paying::Cash) { Ok(order) } else { Err(hidden()) }
}

/// An order of a sitting of which something is to be done at the counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// The order.
    pub order: OrderRow,
    /// What is due; less than nothing when it is to go back.
    pub due_fen: Fen,
}

/// The orders of a sitting that are to be paid at the counter, or of which something is to go back, by number. What a sponsor bears is
/// nobody's at the counter.
pub async fn unsettled(app: &App, actor: Arc<Actor>, sitting: SittingId) -> Outcome<Vec<Unsettled>, Never> {
    app.store
        .read("unsettled_orders", move |conn| {
            let canteen = catalogue::canteen_of(conn, sitting)?.ok_or(Failure::NotFound(Thing::Sitting))?;
            canteen_for(conn, &actor, canteen, Action::SellAtCounter, Thing::Sitting)?;
            Ok(unsettled_of(conn, sitting)?)
        })
        .await
}

fn unsettled_of(conn: &mut AnyConnection, sitting: SittingId) -> Result<Vec<Unsettled>, StoreError> {
    let orders = self_pay::of_sitting(conn, sitting)?;
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id.0).collect();
    let seniors: Vec<SeniorId> = orders.iter().filter_map(|order| order.senior_id.map(|Col(id)| id)).collect();
    let Some(on) = orders.first().map(|order| order.service_date.0) else { return Ok(Vec::new()) };
    let borne = sponsors::bearing(conn, &seniors, on)?;
    let (mut entries, mut changed) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
    for entry in self_pay::of_orders(conn, &ids)? {
        entries.entry(entry.order_id).or_default().push(entry);
    }
    for correction in corrections::of_orders(conn, &ids)? {
        changed.entry(correction.order_id).or_default().push(correction);
    }
    let mut found = Vec::new();
    for order in orders {
        let corrections = changed.remove(&order.id).unwrap_or_default();
        let money = money_of(owed(&order, &corrections), &entries.remove(&Some(order.id)).unwrap_or_default())?;
        let due_fen = money.due_fen().map_err(overflow)?;
        // What a sponsor was charged goes back with a bill.
        let by_hand = money.to_give_back().map_err(overflow)?.iter().any(|back| !matches!(back.purse, Purse::Sponsor(_)));
        let borne = order.senior_id.is_some_and(|Col(senior)| borne.contains_key(&senior));
        if by_hand || (due_fen > Fen::ZERO && !borne) {
            found.push(Unsettled { order, due_fen });
        }
    }
    Ok(found)
}
