//! What a unit of work sees of its transaction.

use crate::Committed;
use crate::conn::AnyConnection;
use crate::counters::Counters;
use crate::error::StoreError;
use crate::on_each;
use crate::pending::{Lengths, Pending};
use crate::query::audit::{self, AuditEntry};
use crate::query::catalogue::SittingRow;
use crate::query::{budgets, events, ledger};
use crate::seal::Sealer;
use domain::Instant;
use domain::id::{BudgetId, CanteenId, Id, Kind, MenuItemId};
use domain::ledger::{AccountId, AccountName};
use domain::time::Clock;
use std::collections::HashSet;

/// The transaction of a unit of work.
///
/// Rows that are only ever added are not inserted at once: [`pending`](Self::pending) gathers those of all units in the batch
/// and writes each table's with one statement before the commit. Such rows cannot be seen by a query until then, so a
/// rule that depends on them must rest on a unique key; a key taken twice splits the batch and each unit runs, and looks,
/// on its own.
pub struct Tx<'a> {
    conn: &'a mut AnyConnection,
    sealer: &'a Sealer,
    clock: &'a dyn Clock,
    pending: Pending,
    counters: Counters,
    audit: Vec<AuditEntry>,
    accounts: &'a mut Accounts,
    wrote: u64,
    shared: bool,
}

/// Accounts that a lane has seen in the ledger. An account is never deleted, so what a committed transaction saw stays true.
#[derive(Default)]
pub(crate) struct Accounts {
    committed: HashSet<AccountId>,
    seen: Vec<AccountId>,
}

/// Accounts remembered at most by a lane: some for each canteen and funder.
const ACCOUNTS_KEPT: usize = 100_000;

impl Accounts {
    /// What the transaction has seen is there to stay.
    pub(crate) fn commit(&mut self) {
        if self.committed.len() + self.seen.len() > ACCOUNTS_KEPT {
            self.committed.clear();
        }
        self.committed.extend(self.seen.drain(..));
    }

    /// What the transaction has made is gone.
    pub(crate) fn roll_back(&mut self) {
        self.seen.clear();
    }
}

/// What a batch adds that somebody waits for.
pub(crate) struct Grown {
    /// Whose logs.
    pub(crate) logs: Vec<Committed>,
    /// Whether there is work for the worker.
    pub(crate) jobs: bool,
}

/// A point to return to when a unit refuses.
pub(crate) struct Mark {
    lengths: Lengths,
    audited: usize,
    counters: Counters,
    wrote: u64,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(conn: &'a mut AnyConnection, sealer: &'a Sealer, clock: &'a dyn Clock, accounts: &'a mut Accounts) -> Self {
        let (pending, counters) = (Pending::default(), Counters::default());
        Self { conn, sealer, clock, pending, counters, audit: Vec::new(), accounts, wrote: 0, shared: false }
    }

    /// The same for several units of work.
    pub(crate) fn shared(self, shared: bool) -> Self {
        Self { shared, ..self }
    }

    /// For a unit that looks at rows which others of its batch may have added and which no query shows yet, or that changes what
    /// they were told before they ran: the batch is split, and each unit runs in a transaction of its own.
    pub fn alone(&self, unit: &'static str) -> Result<(), StoreError> {
        if self.shared { Err(StoreError::Contention(unit)) } else { Ok(()) }
    }

    /// The connection, to look.
    pub fn look(&mut self) -> &mut AnyConnection {
        self.conn
    }

    /// The connection, to change: a refusal after this splits the batch.
    pub fn change(&mut self) -> &mut AnyConnection {
        self.wrote += 1;
        self.conn
    }

    /// Rows to add at the end of the batch.
    pub fn pending(&mut self) -> &mut Pending {
        &mut self.pending
    }

    /// Adds a record to the audit log, in the commit of what it tells. Records are numbered and chained at the end of the
    /// batch: the chain's lock is the last one taken and the shortest held.
    pub fn audit(&mut self, entry: AuditEntry) {
        self.audit.push(entry);
    }

    /// Seals and opens personal data.
    #[must_use]
    pub fn sealer(&self) -> &'a Sealer {
        self.sealer
    }

    /// The time now, read while this unit holds its locks: the time that decides a cut-off.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A new identifier.
    #[must_use]
    pub fn new_id<K: Kind>(&self) -> Id<K> {
        Id::from_uuid(uuid::Uuid::now_v7())
    }

    /// Makes the accounts that are not there yet.
    pub fn ensure_accounts<'n>(&mut self, names: impl Iterator<Item = &'n AccountName>) -> Result<(), StoreError> {
        let known = |accounts: &Accounts, id: AccountId| accounts.committed.contains(&id) || accounts.seen.contains(&id);
        let mut unknown: Vec<AccountName> = names.filter(|name| !known(self.accounts, name.id())).cloned().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort();
        unknown.dedup();
        let ids: Vec<_> = unknown.iter().map(AccountName::id).collect();
        let there = ledger::existing(self.look(), &ids)?;
        unknown.retain(|name| !there.contains(&name.id()));
        if !unknown.is_empty() {
            ledger::ensure_accounts(self.change(), &unknown)?;
        }
        self.accounts.seen.extend(ids);
        Ok(())
    }

    /// Takes the canteen's lock, which orders everything that happens there. First thing in every unit that adds events; held
    /// already when the unit runs in the canteen's lane.
    pub fn lock_canteen(&mut self, canteen: CanteenId) -> Result<(), StoreError> {
        if self.counters.events.contains_key(&canteen) {
            return Ok(());
        }
        self.lock_canteens(&[canteen])?;
        if self.counters.events.contains_key(&canteen) { Ok(()) } else { Err(StoreError::NotFound) }
    }

    /// Takes the locks of those of these canteens that exist, in the order in which they are given.
    pub(crate) fn lock_canteens(&mut self, canteens: &[CanteenId]) -> Result<(), StoreError> {
        if canteens.is_empty() {
            return Ok(());
        }
        self.counters.events.extend(events::lock_logs(&mut *self.conn, canteens)?);
        Ok(())
    }

    /// Portions of a dish on a menu that units of this batch have taken: the row does not tell of them yet.
    #[must_use]
    pub fn portions_taken(&self, item: MenuItemId) -> i64 {
        self.counters.portions.get(&item).copied().unwrap_or(0)
    }

    /// Takes portions that the rules saw there. At the end of the batch one conditional update for each dish takes them all; when
    /// they are not there after all, because somebody without the canteen's lock was faster, each unit runs, and looks, anew.
    pub fn take_portions(&mut self, item: MenuItemId, quantity: i64) {
        *self.counters.portions.entry(item).or_insert(0) += quantity;
    }

    /// Fen of a budget that units of this batch have taken, less what they gave back: the row does not tell of them yet.
    #[must_use]
    pub fn budget_taken(&self, budget: BudgetId) -> i64 {
        self.counters.budgets.get(&budget).map_or(0, |(fen, _)| *fen)
    }

    /// Takes fen of a budget, or gives them back where they are less than nothing. At the end of the batch one update for each budget
    /// takes them all, in the order of their identifiers, so that batches never wait for each other in a ring. Where they must be
    /// there and are not, because another batch was faster, each unit runs, and looks, anew.
    pub fn take_budget(&mut self, budget: BudgetId, fen: i64, must_fit: bool) {
        let taken = self.counters.budgets.entry(budget).or_insert((0, false));
        *taken = (taken.0.saturating_add(fen), taken.1 || must_fit);
    }

    /// Takes the locks of all canteens: nothing is ordered, changed or cancelled anywhere until this unit has committed. For what must
    /// be counted over all of them at one moment, and is done once a year.
    pub fn lock_every_canteen(&mut self) -> Result<(), StoreError> {
        self.alone("every canteen's lock")?;
        let all = events::logs(&mut *self.conn)?;
        self.lock_canteens(&all)
    }

    /// The next number of the canteen's event log: gapless, and in commit order because the lock is held to the end.
    pub fn next_event_seq(&mut self, canteen: CanteenId) -> Result<i64, StoreError> {
        self.lock_canteen(canteen)?;
        let next = self.counters.events.entry(canteen).or_insert(1);
        let seq = *next;
        *next += 1;
        Ok(seq)
    }

    /// The next order number of a sitting, which was read under its canteen's lock.
    pub fn next_order_no(&mut self, of: &SittingRow) -> i64 {
        let next = self.counters.orders.entry(of.id.0).or_insert(of.next_order_no);
        let number = *next;
        *next += 1;
        number
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { lengths: self.pending.lengths(), audited: self.audit.len(), counters: self.counters.clone(), wrote: self.wrote }
    }

    pub(crate) const fn wrote_since(&self, mark: &Mark) -> bool {
        self.wrote != mark.wrote
    }

    pub(crate) fn forget_since(&mut self, mark: Mark) {
        self.pending.truncate(mark.lengths);
        self.audit.truncate(mark.audited);
        // Locks taken since stay taken; their counters are read again when needed.
        self.counters = mark.counters;
    }

    /// Writes pending rows and counters; returns whose logs grew, and whether work was added.
    pub(crate) fn flush(mut self) -> Result<Grown, StoreError> {
        let (grown, jobs) = (self.pending.canteens_with_events(), self.pending.has_jobs());
        self.counters.only_grown(&grown);
        if !on_each!(&mut *self.conn, c => self.pending.write(&self.counters, c))? {
            return Err(StoreError::Contention("portions"));
        }
        for (budget, (fen, must_fit)) in &self.counters.budgets {
            if !budgets::take(&mut *self.conn, *budget, *fen, *must_fit && *fen > 0)? {
                return Err(StoreError::Contention("a budget"));
            }
        }
        audit::append(&mut *self.conn, self.sealer, &self.audit)?;
        Ok(Grown { logs: grown.into_iter().map(|canteen| Committed { canteen }).collect(), jobs })
    }
}
