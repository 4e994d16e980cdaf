//! Write lanes: group commit with one primitive for callers.
//!
//! A lane is a thread with a connection. It takes what is queued (up to a limit), runs all of it in one transaction, commits
//! once, and only then answers each caller. Without this, `synchronous=FULL` costs one flush of the disk per order.
//!
//! A batch runs without savepoints: a unit looks and decides before it writes, so most refusals leave nothing to undo.
//! When a unit fails after it wrote, or any database error happens, the whole batch is rolled back and each unit runs in a
//! transaction of its own, tried again while that can help. (Savepoints per unit were rejected: two round trips an order on
//! PostgreSQL, where more than 64 written subtransactions are also slow.)
//!
//! On PostgreSQL the transaction is READ COMMITTED, and the row locks of all canteens of a batch are taken first, in the order
//! of their ids, so that two processes take them in the same order. Then what the units wish to know is read for all of them
//! together ([`crate::together`]): thirty orders in one look instead of thirty. Safety rests on unique keys, CHECKs and
//! conditional updates, never on the isolation level.

use crate::checkpoint::Checkpoints;
use crate::conn::{AnyConnection, Dialect, Target};
use crate::error::StoreError;
use crate::herald::Herald;
use crate::hold::Holds;
use crate::seal::Sealer;
use crate::together::Lookup;
use crate::tx::{Accounts, Grown, Tx};
use crate::unit::{Ran, Unit, Work, tell_all};
use crate::{AsStoreError, Options};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use domain::id::{CanteenId, Kind};
use domain::time::Clock;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Which lane a unit runs in. Units with the same key run one after the other within a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneKey {
    number: u128,
    /// A canteen's key is its lock too: the locks of all canteens of a batch are taken together.
    is_canteen: bool,
}

impl LaneKey {
    /// The lane of one thing: a canteen for orders and kitchen work, a senior for their record, and so on.
    #[must_use]
    pub fn of<K: Kind>(id: domain::Id<K>) -> Self {
        Self { number: id.uuid().as_u128(), is_canteen: K::PREFIX == domain::id::Canteen::PREFIX }
    }

    /// For work that belongs to nothing in particular.
    pub const SHARED: Self = Self { number: 0, is_canteen: false };

    fn canteen(self) -> Option<CanteenId> {
        self.is_canteen.then(|| CanteenId::from_uuid(Uuid::from_u128(self.number)))
    }
}

/// The limits of the write queues.
#[derive(Debug, Clone, Copy)]
pub struct WriteLimits {
    lanes: usize,
    batch: usize,
    queue: usize,
    deadline: Duration,
}

/// Hints to other processes that may wait to be sent.
pub(crate) const HINTS_QUEUED: usize = 2048;

/// Tries of a unit that runs alone.
const TRIES: u32 = 8;

impl WriteLimits {
    /// What suits the database: SQLite has one writer; 64 orders a commit are within a fifth of the best it can do.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        let lanes = match options.target.dialect() {
            Dialect::Sqlite => 1,
            Dialect::Postgres => options.lanes.max(1),
        };
        Self { lanes, batch: 64, queue: 2048, deadline: options.queue_deadline }
    }
}

struct Queued {
    key: LaneKey,
    name: &'static str,
    since: Instant,
    work: Box<dyn Work>,
}

/// All lanes of a store.
pub(crate) struct Lanes {
    queues: Vec<Sender<Queued>>,
}

impl Lanes {
    pub(crate) fn start(
        target: &Target,
        limits: WriteLimits,
        sealer: Arc<Sealer>,
        clock: Arc<dyn Clock>,
        (herald, holds): (&Herald, &Holds),
    ) -> Result<Self, StoreError> {
        let mut queues = Vec::with_capacity(limits.lanes);
        let checkpoints = Checkpoints::start(target)?;
        for number in 0..limits.lanes {
            let (sender, receiver) = bounded(limits.queue);
            let lane = Lane {
                target: target.clone(),
                conn: target.connect()?,
                accounts: Accounts::default(),
                checkpoints: checkpoints.clone(),
                limits,
                sealer: sealer.clone(),
                clock: clock.clone(),
                herald: herald.clone(),
                holds: holds.clone(),
            };
            thread::Builder::new()
                .name(format!("write-{number}"))
                .spawn(move || lane.serve(&receiver))
                .map_err(|e| StoreError::Unavailable(format!("no thread for a write lane: {e}")))?;
            queues.push(sender);
        }
        Ok(Self { queues })
    }

    /// Queues a unit and what it wishes to know.
    pub(crate) fn submit<L, F, T, E>(
        &self,
        key: LaneKey,
        name: &'static str,
        (lookup, wish): (Arc<L>, L::Wish),
        unit: F,
    ) -> Result<oneshot::Receiver<Result<T, E>>, StoreError>
    where
        L: Lookup,
        F: FnMut(&mut Tx<'_>, L::Found) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        let queued = Queued { key, name, since: Instant::now(), work: Box::new(Unit::new(lookup, wish, unit, answer)) };
        // UUIDv7 keeps its random bits low, so the remainder spreads canteens evenly over the lanes.
        let lane = usize::try_from(key.number % self.queues.len() as u128).unwrap_or(0);
        let queue = self.queues.get(lane).ok_or_else(|| StoreError::Unavailable("no write lane".into()))?;
        queue.try_send(queued).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the write lane has stopped".into()),
        })?;
        Ok(receiver)
    }
}

struct Lane {
    target: Target,
    conn: AnyConnection,
    accounts: Accounts,
    checkpoints: Checkpoints,
    limits: WriteLimits,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    herald: Herald,
    holds: Holds,
}

/// What a try at one unit came to.
enum Tried {
    Answered,
    Again(StoreError),
}

impl Lane {
    fn serve(mut self, queue: &Receiver<Queued>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            batch.extend(queue.try_iter().take(self.limits.batch - 1));
            let deadline = self.limits.deadline;
            let (late, mut batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(|queued| queued.since.elapsed() > deadline);
            for queued in late {
                queued.work.fail(StoreError::Overloaded);
            }
            batch.sort_by_key(|queued| queued.key);
            match self.together(&mut batch) {
                Ok(()) => batch.into_iter().for_each(|queued| queued.work.finish()),
                Err(error) => {
                    if batch.len() > 1 {
                        tracing::debug!(units = batch.len(), %error, "batch is run one by one");
                    }
                    batch.into_iter().for_each(|queued| self.alone(queued));
                }
            }
        }
    }

    /// One transaction for all; an error means that nothing of it was kept.
    fn together(&mut self, batch: &mut [Queued]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        begin(&mut self.conn)?;
        let since = Instant::now();
        let tx = Tx::new(&mut self.conn, &self.sealer, &*self.clock, &mut self.accounts);
        let mut tx = tx.shared(batch.len() > 1);
        let mut outcome = prepare(&mut tx, batch);
        for queued in batch.iter_mut() {
            if outcome.is_err() {
                break;
            }
            let before = tx.mark();
            match queued.work.run(&mut tx) {
                Ran::Done => {}
                Ran::Refused if !tx.wrote_since(&before) => tx.forget_since(before),
                Ran::Refused => outcome = Err(StoreError::Contention("a refused unit had written")),
                Ran::Failed(error) => outcome = Err(error),
            }
        }
        let grown = outcome.and_then(|()| tx.flush());
        let ended = self.end(grown);
        self.holds.ended(batch.iter().map(|queued| queued.name), since);
        ended
    }

    /// Commits and tells the listeners, or rolls back.
    fn end(&mut self, grown: Result<Grown, StoreError>) -> Result<(), StoreError> {
        let grown = match grown {
            Ok(grown) => grown,
            Err(error) => {
                self.roll_back();
                return Err(error);
            }
        };
        if let Err(error) = self.conn.batch_execute("COMMIT") {
            self.roll_back();
            return Err(error.into());
        }
        self.accounts.commit();
        self.herald.tell(grown.logs, grown.jobs);
        self.checkpoints.committed();
        Ok(())
    }

    /// One unit in a transaction of its own, tried again while that can help.
    fn alone(&mut self, mut queued: Queued) {
        let mut last = StoreError::Contention(queued.name);
        for attempt in 0..TRIES {
            match self.one_try(&mut queued) {
                Tried::Answered => return queued.work.finish(),
                Tried::Again(error) => {
                    let worth_it = error.is_retryable() || error.is_broken_connection();
                    last = error;
                    if !worth_it {
                        break;
                    }
                    // Doubling from 1 ms: a conflicting transaction of another process ends in a few milliseconds.
                    thread::sleep(Duration::from_millis(1 << attempt));
                }
            }
        }
        if !matches!(last, StoreError::Unique(_) | StoreError::Check(_) | StoreError::NotFound) {
            tracing::warn!(unit = queued.name, error = %last, "a unit of work failed");
        }
        queued.work.fail(last);
    }

    fn one_try(&mut self, queued: &mut Queued) -> Tried {
        if let Err(error) = begin(&mut self.conn) {
            return Tried::Again(self.reconnect_after(error));
        }
        let since = Instant::now();
        let tried = self.begun_try(queued);
        self.holds.ended(std::iter::once(queued.name), since);
        tried
    }

    fn begun_try(&mut self, queued: &mut Queued) -> Tried {
        let mut tx = Tx::new(&mut self.conn, &self.sealer, &*self.clock, &mut self.accounts);
        let ran = match prepare(&mut tx, std::slice::from_mut(queued)) {
            Ok(()) => queued.work.run(&mut tx),
            Err(error) => Ran::Failed(error),
        };
        match ran {
            Ran::Done => {
                let grown = tx.flush();
                match self.end(grown) {
                    Ok(()) => Tried::Answered,
                    Err(error) => Tried::Again(self.reconnect_after(error)),
                }
            }
            Ran::Refused => {
                self.roll_back();
                Tried::Answered
            }
            Ran::Failed(error) => {
                self.roll_back();
                Tried::Again(self.reconnect_after(error))
            }
        }
    }

    fn roll_back(&mut self) {
        self.accounts.roll_back();
        if let Err(error) = self.conn.batch_execute("ROLLBACK") {
            // The database may have ended the transaction itself; if the connection is broken the next BEGIN finds out.
            tracing::debug!(%error, "nothing to roll back");
        }
    }

    /// After a broken connection, a new one for the next try.
    fn reconnect_after(&mut self, error: StoreError) -> StoreError {
        if error.is_broken_connection() {
            match self.target.connect() {
                Ok(conn) => self.conn = conn,
                Err(still) => tracing::warn!(error = %still, "the database is still not reachable"),
            }
        }
        error
    }
}

/// Takes the locks of the batch's canteens, in the order of their ids, and then reads what its units wish to know: what is read
/// under the lock stays true until the commit.
fn prepare(tx: &mut Tx<'_>, batch: &mut [Queued]) -> Result<(), StoreError> {
    let mut canteens: Vec<CanteenId> = batch.iter().filter_map(|queued| queued.key.canteen()).collect();
    canteens.sort_unstable();
    canteens.dedup();
    tx.lock_canteens(&canteens)?;
    tell_all(tx.look(), &mut batch.iter_mut().map(|queued| &mut queued.work).collect::<Vec<_>>())
}

fn begin(conn: &mut AnyConnection) -> Result<(), StoreError> {
    conn.batch_execute(match conn.dialect() {
        Dialect::Sqlite => "BEGIN IMMEDIATE",
        Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
    })
    .map_err(StoreError::from)
}
