//! Self-pay: shifts and their tills, payments of orders, wallets, sponsors and their bills. The rules are `domain::self_pay`.
//!
//! Every movement is one entry, which the client names before it sends: the same entry again is the same entry. Tills and wallets count
//! what is in them, moved in the commit of the entry on condition that it is there.

pub mod bill;
pub mod look;
pub mod order;
pub mod shift;
pub mod sponsor;
pub mod wallet;

use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use domain::access::{Action, Actor};
use domain::id::{CanteenId, EntryId, OrderId, SeniorId, ShiftId, SponsorBillId, SponsorId, SponsoredId, UserId};
use domain::self_pay::shift::ShiftRejection;
use domain::self_pay::wallet::WalletRejection;
use domain::self_pay::{Flow, PayRejection, Purse};
use domain::{Fen, Instant, MoneyOverflow, ServiceDate};
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::self_pay::{self, EntryRow, ShiftRow};
use store::{StoreError, Tx};

/// Why a command on self-pay is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfPayRefusal {
    /// The order owes nothing, or was paid.
    Pay(PayRejection),
    /// What is due is not what the caller saw.
    Due(Fen),
    /// A sponsor bears it, with the month's bill.
    Borne(SponsorId, String),
    /// A guest has no wallet.
    Guest,
    /// A courier takes cash for what is brought to a door, and nothing else.
    NotAtTheDoor,
    /// Nothing of it is to go back at the counter.
    NothingToGiveBack,
    /// The wallet.
    Wallet(WalletRejection),
    /// The caller has no open shift at the canteen.
    NoShift,
    /// The caller has this open shift there already.
    ShiftOpen(ShiftId),
    /// The shift.
    Shift(ShiftRejection),
    /// There is only so much in the till.
    Till(Fen),
    /// Nothing is handed in from a till to itself.
    OwnTill,
    /// The identifier was used for something else.
    OtherEntry,
    /// The place has a sponsor of that name.
    SponsorThere(SponsorId),
    /// Another assignment of the senior has a day of the span.
    Sponsored(SponsoredId),
    /// The last day lies before the first, or after the one that was said.
    Span,
    /// The month ends on this day, and is billed from the day after.
    NotOver(ServiceDate),
    /// The month was billed.
    Billed(SponsorBillId),
    /// So many lines come to nothing that is owed: they wait for the next bill.
    NothingToBill(usize),
    /// It was paid then.
    BillPaid(Instant),
}

use SelfPayRefusal as Refusal;

/// Amounts that add up to more than 64 bits are no amounts.
pub(crate) fn overflow(_: MoneyOverflow) -> StoreError {
    StoreError::Database("an amount of self-pay left the range of 64 bits".into())
}

/// What an entry says beside what it moves.
pub(crate) struct NewEntry {
    pub id: EntryId,
    pub canteen: CanteenId,
    pub flow: Flow,
    pub fen: Fen,
    /// Of which order, and its place among the order's entries.
    pub order: Option<(OrderId, i64)>,
    /// Which payment it gives back.
    pub of: Option<EntryId>,
    /// Whose.
    pub senior: Option<SeniorId>,
    pub bill: Option<SponsorBillId>,
    /// Who had agreed to a payment out of a wallet.
    pub agreed_by: Option<UserId>,
    /// What the wallet may hold afterwards.
    pub most: Option<Fen>,
    pub by: Option<UserId>,
    pub at: Instant,
}

impl NewEntry {
    /// One that says nothing but what it moves.
    pub fn of(id: EntryId, canteen: CanteenId, (flow, fen): (Flow, Fen), by: Option<UserId>, at: Instant) -> Self {
        Self { id, canteen, flow, fen, order: None, of: None, senior: None, bill: None, agreed_by: None, most: None, by, at }
    }

    fn row(&self) -> EntryRow {
        let movement = self.flow.movement(self.canteen, self.fen);
        let (purse, from, named) = match self.flow {
            Flow::Pay(purse) | Flow::Refund(purse) => (Some(purse), None, None),
            Flow::HandIn { from, to } => (Some(Purse::Till(to)), Some(from), None),
            Flow::TopUp(till, senior) | Flow::PayOut(till, senior) => (Some(Purse::Till(till)), None, Some(senior)),
            Flow::Float(till) | Flow::Deposit(till) | Flow::Short(till) | Flow::Over(till) => (Some(Purse::Till(till)), None, None),
            Flow::BillPaid(sponsor) => (Some(Purse::Sponsor(sponsor)), None, None),
        };
        let (shift, sponsor) = match purse {
            Some(Purse::Till(shift)) => (Some(shift), None),
            Some(Purse::Sponsor(sponsor)) => (None, Some(sponsor)),
            Some(Purse::Wallet(_)) | None => (None, None),
        };
        EntryRow {
            id: Col(self.id),
            canteen_id: Col(self.canteen),
            kind: Word(self.flow.kind()),
            means: self.flow.means().map(Word),
            order_id: self.order.map(|(order, _)| Col(order)),
            ordinal: self.order.map(|(_, ordinal)| ordinal),
            of_id: self.of.map(Col),
            senior_id: named.or(self.senior).map(Col),
            shift_id: shift.map(Col),
            from_shift_id: from.map(Col),
            sponsor_id: sponsor.map(Col),
            bill_id: self.bill.map(Col),
            debit_id: Col(movement.debit.id()),
            credit_id: Col(movement.credit.id()),
            amount_fen: Col(self.fen),
            agreed_by: self.agreed_by.map(Col),
            recorded_by: self.by.map(Col),
            recorded_at: Col(self.at),
        }
    }
}

/// Writes an entry and moves what it moves. What the rules saw and is not there any more, because somebody was faster, runs the unit
/// again.
pub(crate) fn post(tx: &mut Tx<'_>, new: &NewEntry) -> Result<EntryRow, StoreError> {
    let movement = new.flow.movement(new.canteen, new.fen);
    tx.ensure_accounts([&movement.debit, &movement.credit].into_iter())?;
    let row = new.row();
    self_pay::add(tx.change(), &row)?;
    let less = Fen::ZERO.minus(new.fen).map_err(overflow)?;
    for (till, comes_in) in new.flow.cash() {
        if !self_pay::move_cash(tx.change(), till, if comes_in { new.fen } else { less })? {
            return Err(StoreError::Contention("till"));
        }
    }
    let moved = match new.flow {
        Flow::TopUp(_, senior) => self_pay::fill(tx.change(), (senior, new.canteen), new.fen, new.most)?,
        Flow::Refund(Purse::Wallet(senior)) => self_pay::fill(tx.change(), (senior, new.canteen), new.fen, None)?,
        Flow::Pay(Purse::Wallet(senior)) => self_pay::draw(tx.change(), senior, new.canteen, new.fen)?,
        Flow::PayOut(_, senior) => self_pay::empty(tx.change(), senior, new.canteen, new.fen)?,
        _ => true,
    };
    if moved { Ok(row) } else { Err(StoreError::Contention("wallet")) }
}

/// The caller's open shift at a canteen.
pub(crate) fn own_shift(conn: &mut AnyConnection, canteen: CanteenId, user: UserId) -> Outcome<ShiftRow, Refusal> {
    self_pay::open_shift(conn, canteen, user)?.ok_or(Failure::Refused(Refusal::NoShift))
}

/// The entry of that name, when it was recorded before and says the same; another that has the name is refused.
pub(crate) fn known(
    conn: &mut AnyConnection,
    id: EntryId,
    same: impl FnOnce(&EntryRow) -> bool,
) -> Outcome<Option<EntryRow>, Refusal> {
    match self_pay::find(conn, id)? {
        None => Ok(None),
        Some(row) if same(&row) => Ok(Some(row)),
        Some(_) => Err(Failure::Refused(Refusal::OtherEntry)),
    }
}

/// A shift in the actor's sight: one's own, or of a canteen whose takings one may see.
pub(crate) fn shift_for<R>(conn: &mut AnyConnection, actor: &Actor, id: ShiftId) -> Outcome<ShiftRow, R> {
    let hidden = Thing::Shift;
    let row = self_pay::shift(conn, id)?.ok_or(Failure::NotFound(hidden))?;
    let own = actor.user == Some(row.opened_by.0);
    let right = if own { Action::TakeCash } else { Action::SeeTakings };
    match canteen_for::<R>(conn, actor, row.canteen_id.0, right, hidden) {
        Ok(_) => Ok(row),
        Err(Failure::Forbidden) => Err(Failure::NotFound(hidden)),
        Err(other) => Err(other),
    }
}
