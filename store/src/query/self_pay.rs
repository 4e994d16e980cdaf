//! Self-pay: tills, wallets, and the entries by which orders were paid.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::query::rows::OrderRow;
use crate::schema::{meal_order, self_pay_entry as entry, shift, wallet};
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::id::{CanteenId, EntryId, OrderId, SeniorId, ShiftId, SittingId, SponsorBillId, SponsorId, UserId};
use domain::ledger::AccountId;
use domain::order::OrderState;
use domain::self_pay::shift::ShiftState;
use domain::self_pay::{EntryKind, Means};
use domain::{Fen, Instant};

/// One person's till.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = shift, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct ShiftRow {
    pub id: Col<ShiftId>,
    pub version: i64,
    pub canteen_id: Col<CanteenId>,
    pub state: Word<ShiftState>,
    pub opened_by: Col<UserId>,
    pub opened_at: Col<Instant>,
    pub float_fen: Col<Fen>,
    pub cash_fen: Col<Fen>,
    pub expected_fen: Option<Col<Fen>>,
    pub counted_fen: Option<Col<Fen>>,
    pub reason: String,
    pub closed_by: Option<Col<UserId>>,
    pub closed_at: Option<Col<Instant>>,
    pub confirmed_by: Option<Col<UserId>>,
    pub confirmed_at: Option<Col<Instant>>,
    pub note: String,
}

/// What a senior has left with a canteen.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = wallet, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct WalletRow {
    pub senior_id: Col<SeniorId>,
    pub canteen_id: Col<CanteenId>,
    pub balance_fen: Col<Fen>,
    pub leaving_by: Option<Col<UserId>>,
    pub leaving_at: Option<Col<Instant>>,
    pub reason: String,
}

/// A movement of self-pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = entry, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct EntryRow {
    pub id: Col<EntryId>,
    pub canteen_id: Col<CanteenId>,
    pub kind: Word<EntryKind>,
    pub means: Option<Word<Means>>,
    pub order_id: Option<Col<OrderId>>,
    pub ordinal: Option<i64>,
    pub of_id: Option<Col<EntryId>>,
    pub senior_id: Option<Col<SeniorId>>,
    pub shift_id: Option<Col<ShiftId>>,
    pub from_shift_id: Option<Col<ShiftId>>,
    pub sponsor_id: Option<Col<SponsorId>>,
    pub bill_id: Option<Col<SponsorBillId>>,
    pub debit_id: Col<AccountId>,
    pub credit_id: Col<AccountId>,
    pub amount_fen: Col<Fen>,
    pub agreed_by: Option<Col<UserId>>,
    pub recorded_by: Option<Col<UserId>>,
    pub recorded_at: Col<Instant>,
}

/// Adds an entry. Two that take the same place of an order are a unique-key error, which runs the unit again.
pub fn add(conn: &mut AnyConnection, row: &EntryRow) -> Result<(), StoreError> {
    diesel::insert_into(entry::table).values(row).execute(conn)?;
    Ok(())
}

/// An entry by identifier.
pub fn find(conn: &mut AnyConnection, id: EntryId) -> Result<Option<EntryRow>, StoreError> {
    Ok(entry::table.find(Col(id)).select(EntryRow::as_select()).get_result(conn).optional()?)
}

/// The entries of orders, of each in their order.
pub fn of_orders(conn: &mut AnyConnection, orders: &[OrderId]) -> Result<Vec<EntryRow>, StoreError> {
    let ids: Vec<Col<OrderId>> = orders.iter().copied().map(Col).collect();
    Ok(entry::table
        .filter(entry::order_id.eq_any(ids))
        .order((entry::order_id, entry::ordinal))
        .select(EntryRow::as_select())
        .load(conn)?)
}

/// The orders of a sitting for which something was paid or is to be paid, by number.
pub fn of_sitting(conn: &mut AnyConnection, of: SittingId) -> Result<Vec<OrderRow>, StoreError> {
    let live = [OrderState::Confirmed, OrderState::Served].map(Word);
    let moved = entry::table.filter(entry::order_id.eq(meal_order::id.nullable()));
    Ok(meal_order::table
        .filter(meal_order::sitting_id.eq(Col(of)))
        .filter(exists(moved).or(meal_order::self_pay_fen.gt(0).and(meal_order::state.eq_any(live))))
        .order(meal_order::order_no)
        .select(OrderRow::as_select())
        .load(conn)?)
}

/// Opens a shift; a second open one of the same person at a canteen is a unique-key error.
pub fn open(conn: &mut AnyConnection, row: &ShiftRow) -> Result<(), StoreError> {
    diesel::insert_into(shift::table).values(row).execute(conn)?;
    Ok(())
}

/// A shift by identifier.
pub fn shift(conn: &mut AnyConnection, id: ShiftId) -> Result<Option<ShiftRow>, StoreError> {
    Ok(shift::table.find(Col(id)).select(ShiftRow::as_select()).get_result(conn).optional()?)
}

/// The open shift of a person at a canteen.
pub fn open_shift(conn: &mut AnyConnection, at: CanteenId, of: UserId) -> Result<Option<ShiftRow>, StoreError> {
    Ok(shift::table
        .filter(shift::canteen_id.eq(Col(at)))
        .filter(shift::opened_by.eq(Col(of)))
        .filter(shift::state.eq(Word(ShiftState::Open)))
        .select(ShiftRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// Which shifts a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShiftFilter {
    /// Only in this state.
    pub state: Option<ShiftState>,
    /// Only of this person.
    pub of: Option<UserId>,
    /// Only those older than this one: where the last page ended.
    pub before: Option<ShiftId>,
    /// How many at most.
    pub limit: i64,
}

/// Shifts of a canteen, newest first.
pub fn shifts(conn: &mut AnyConnection, at: CanteenId, filter: &ShiftFilter) -> Result<Vec<ShiftRow>, StoreError> {
    let mut query = shift::table.filter(shift::canteen_id.eq(Col(at))).select(ShiftRow::as_select()).into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(shift::state.eq(Word(state)));
    }
    if let Some(of) = filter.of {
        query = query.filter(shift::opened_by.eq(Col(of)));
    }
    if let Some(before) = filter.before {
        query = query.filter(shift::id.lt(Col(before)));
    }
    Ok(query.order(shift::id.desc()).limit(filter.limit).load(conn)?)
}

/// Moves cash into the till of an open shift, or out of it; `false` when it is not open, or when so much is not there.
pub fn move_cash(conn: &mut AnyConnection, id: ShiftId, fen: Fen) -> Result<bool, StoreError> {
    let there = shift::table.find(Col(id)).filter(shift::state.eq(Word(ShiftState::Open))).filter((shift::cash_fen + fen.0).ge(0));
    Ok(diesel::update(there).set(shift::cash_fen.eq(shift::cash_fen + fen.0)).execute(conn)? == 1)
}

/// What closes a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// What there should have been.
    pub expected: Fen,
    /// What there was.
    pub counted: Fen,
    /// Why they differ.
    pub reason: String,
    /// Who counted.
    pub by: UserId,
    /// When.
    pub at: Instant,
}

/// Closes the open shift that has this version and whose till is empty by now; `false` when somebody else was faster.
pub fn close(conn: &mut AnyConnection, id: ShiftId, version: i64, count: &Count) -> Result<bool, StoreError> {
    let as_read = shift::table.find(Col(id)).filter(shift::version.eq(version)).filter(shift::state.eq(Word(ShiftState::Open)));
    let changed = diesel::update(as_read)
        .set((
            shift::version.eq(version + 1),
            shift::state.eq(Word(ShiftState::Closed)),
            shift::expected_fen.eq(Some(count.expected.0)),
            shift::counted_fen.eq(Some(count.counted.0)),
            shift::reason.eq(&count.reason),
            shift::closed_by.eq(Some(Col(count.by))),
            shift::closed_at.eq(Some(count.at.micros())),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Confirms the closed shift that has this version.
pub fn confirm(
    conn: &mut AnyConnection,
    id: ShiftId,
    version: i64,
    (by, at): (UserId, Instant),
    note: &str,
) -> Result<bool, StoreError> {
    let as_read = shift::table.find(Col(id)).filter(shift::version.eq(version)).filter(shift::state.eq(Word(ShiftState::Closed)));
    let changed = diesel::update(as_read)
        .set((
            shift::version.eq(version + 1),
            shift::state.eq(Word(ShiftState::Confirmed)),
            shift::confirmed_by.eq(Some(Col(by))),
            shift::confirmed_at.eq(Some(at.micros())),
            shift::note.eq(note),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The entries that moved the cash of a shift, oldest first; at most `limit`.
pub fn of_shift(conn: &mut AnyConnection, of: ShiftId, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
    let own = entry::shift_id.eq(Some(Col(of))).or(entry::from_shift_id.eq(Some(Col(of))));
    Ok(entry::table.filter(own).order((entry::recorded_at, entry::id)).limit(limit).select(EntryRow::as_select()).load(conn)?)
}

/// What somebody took out of wallets at a canteen, or gave back to them, between two instants; at most `limit`.
pub fn by_wallet(
    conn: &mut AnyConnection,
    (at, by): (CanteenId, UserId),
    (from, until): (Instant, Option<Instant>),
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut query = entry::table
        .filter(entry::recorded_by.eq(Some(Col(by))))
        .filter(entry::canteen_id.eq(Col(at)))
        .filter(entry::means.eq(Some(Word(Means::Wallet))))
        .filter(entry::recorded_at.ge(Col(from)))
        .select(EntryRow::as_select())
        .into_boxed();
    if let Some(until) = until {
        query = query.filter(entry::recorded_at.le(Col(until)));
    }
    Ok(query.order((entry::recorded_at, entry::id)).limit(limit).load(conn)?)
}

/// The wallet of a senior at a canteen, where there is one.
pub fn wallet(conn: &mut AnyConnection, of: SeniorId, at: CanteenId) -> Result<Option<WalletRow>, StoreError> {
    Ok(wallet::table.find((Col(of), Col(at))).select(WalletRow::as_select()).get_result(conn).optional()?)
}

/// The wallets of a senior.
pub fn wallets(conn: &mut AnyConnection, of: SeniorId) -> Result<Vec<WalletRow>, StoreError> {
    Ok(wallet::table.filter(wallet::senior_id.eq(Col(of))).order(wallet::canteen_id).select(WalletRow::as_select()).load(conn)?)
}

/// Puts money into a wallet, made where there is none; `false` when it would hold more than `most`, where one is given, or when its
/// senior leaves.
pub fn fill(conn: &mut AnyConnection, (of, at): (SeniorId, CanteenId), fen: Fen, most: Option<Fen>) -> Result<bool, StoreError> {
    let empty = WalletRow {
        senior_id: Col(of),
        canteen_id: Col(at),
        balance_fen: Col(Fen::ZERO),
        leaving_by: None,
        leaving_at: None,
        reason: String::new(),
    };
    on_each!(&mut *conn, c => diesel::insert_into(wallet::table).values(&empty).on_conflict_do_nothing().execute(c))?;
    let row = wallet::table.find((Col(of), Col(at)));
    let more = wallet::balance_fen.eq(wallet::balance_fen + fen.0);
    let filled = match most {
        Some(most) => diesel::update(row.filter((wallet::balance_fen + fen.0).le(most.0)).filter(wallet::leaving_by.is_null()))
            .set(more)
            .execute(conn)?,
        // What comes back was in it before: neither the limit nor leaving keeps it out.
        None => diesel::update(row).set(more).execute(conn)?,
    };
    Ok(filled == 1)
}

/// Pays with a wallet; `false` when so much is not in it, or when its senior leaves.
pub fn draw(conn: &mut AnyConnection, of: SeniorId, at: CanteenId, fen: Fen) -> Result<bool, StoreError> {
    let there =
        wallet::table.find((Col(of), Col(at))).filter(wallet::leaving_by.is_null()).filter((wallet::balance_fen - fen.0).ge(0));
    Ok(diesel::update(there).set(wallet::balance_fen.eq(wallet::balance_fen - fen.0)).execute(conn)? == 1)
}

/// Pays out all of a wallet whose senior leaves; `false` when it is not what was seen. It is an empty one afterwards, for whoever
/// comes back.
pub fn empty(conn: &mut AnyConnection, of: SeniorId, at: CanteenId, seen: Fen) -> Result<bool, StoreError> {
    let as_seen =
        wallet::table.find((Col(of), Col(at))).filter(wallet::balance_fen.eq(seen.0)).filter(wallet::leaving_by.is_not_null());
    let changed = diesel::update(as_seen)
        .set((
            wallet::balance_fen.eq(0),
            wallet::leaving_by.eq(None::<Col<UserId>>),
            wallet::leaving_at.eq(None::<i64>),
            wallet::reason.eq(""),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes down who said that a wallet's senior leaves, when and why; or that they stay.
pub fn set_leaving(
    conn: &mut AnyConnection,
    of: SeniorId,
    at: CanteenId,
    said: Option<(UserId, Instant, &str)>,
) -> Result<(), StoreError> {
    diesel::update(wallet::table.find((Col(of), Col(at))))
        .set((
            wallet::leaving_by.eq(said.map(|(by, ..)| Col(by))),
            wallet::leaving_at.eq(said.map(|(_, at, _)| at.micros())),
            wallet::reason.eq(said.map_or("", |(.., why)| why)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The entries of a wallet, newest first, after one of them; at most `limit`.
pub fn of_wallet(
    conn: &mut AnyConnection,
    (of, at): (SeniorId, CanteenId),
    before: Option<&EntryRow>,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let moved = entry::kind
        .eq_any([EntryKind::TopUp, EntryKind::PayOut].map(Word))
        .or(entry::means.is_not_null().and(entry::means.assume_not_null().eq(Word(Means::Wallet))));
    let mut query = entry::table
        .filter(entry::senior_id.eq(Some(Col(of))))
        .filter(entry::canteen_id.eq(Col(at)))
        .filter(moved)
        .select(EntryRow::as_select())
        .into_boxed();
    if let Some(last) = before {
        let then = last.recorded_at;
        query = query.filter(entry::recorded_at.lt(then).or(entry::recorded_at.eq(then).and(entry::id.lt(last.id))));
    }
    Ok(query.order((entry::recorded_at.desc(), entry::id.desc())).limit(limit).load(conn)?)
}
