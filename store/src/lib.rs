//! The only place that names diesel or SQL.
//!
//! [`Store::write`] is the one way to change anything: a unit of work that loads, lets the domain decide, and saves, in one
//! transaction that is tried again when the database asks. [`Store::read`] is the one way to look. Queries live in
//! [`query`], one file per area; they take a connection and return rows or domain values, and hold no rule.

mod additions;
pub mod backup;
mod checkpoint;
pub mod column;
pub mod conn;
mod counters;
mod error;
#[cfg(feature = "fixtures")]
pub mod fixture;
mod herald;
mod hold;
mod lane;
pub mod migrate;
pub mod pending;
pub mod query;
mod reader;
pub mod schema;
pub mod seal;
mod together;
mod tx;
mod unit;
mod unnest;

pub use conn::{AnyConnection, Dialect, Target};
pub use error::StoreError;
pub use hold::HoldObserver;
pub use lane::{LaneKey, WriteLimits};
pub use together::{Lookup, Together};
pub use tx::Tx;

use domain::time::Clock;
use herald::Herald;
use hold::Holds;
use lane::Lanes;
use reader::Readers;
use seal::Sealer;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use unit::Nothing;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which database.
    pub target: Target,
    /// Writers at once. SQLite has one whatever this says; on PostgreSQL each is a connection that batches units of work.
    pub lanes: usize,
    /// Readers at once; each is a connection.
    pub readers: usize,
    /// SQLite's page cache of each of them, in KiB.
    pub reader_cache_kb: u32,
    /// How long a unit of work may wait in the queue before it is dropped unexecuted.
    pub queue_deadline: Duration,
    /// Whether other processes work on the database too, and must be told and heard; only ever so on PostgreSQL.
    pub others: bool,
}

impl Options {
    /// What the inner pages of the indexes do not need the file system keeps as well, so a reader of orders takes little memory.
    pub const READER_CACHE_KB: u32 = 4_000;

    /// Settings for a small box: right for a street, and for the tests.
    #[must_use]
    pub fn small(target: Target) -> Self {
        Self {
            target,
            lanes: 4,
            readers: 4,
            reader_cache_kb: Self::READER_CACHE_KB,
            queue_deadline: Duration::from_secs(10),
            others: false,
        }
    }
}

/// The database, open.
///
/// Cheap to clone; the threads behind it end when the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    lanes: Arc<Lanes>,
    readers: Arc<Readers>,
    sealer: Arc<Sealer>,
    target: Target,
    herald: Herald,
    holds: Holds,
}

/// Tells who listens that a canteen's log has grown. A hint to look, never the news itself: correctness
/// rests on reading the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Whose log.
    pub canteen: domain::id::CanteenId,
}

/// Hints kept for a slow listener; one that falls further behind is told so by the channel and looks everywhere.
const HINTS: usize = 4096;

impl Store {
    /// Opens the database, which must have been migrated ([`migrate::run`]).
    pub fn open(options: &Options, sealer: Sealer, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let sealer = Arc::new(sealer);
        let herald = Herald::start(&options.target, options.others)?;
        let limits = WriteLimits::of(options);
        let holds = Holds::default();
        let lanes = Lanes::start(&options.target, limits, sealer.clone(), clock, (&herald, &holds))?;
        let readers = Readers::start(options)?;
        let (lanes, readers) = (Arc::new(lanes), Arc::new(readers));
        Ok(Self { lanes, readers, sealer, target: options.target.clone(), herald, holds })
    }

    /// Runs a unit of work and answers after its commit.
    ///
    /// The unit may run several times (a batch that must be split, a conflict), so it holds no effect but what it does
    /// through [`Tx`]. When it returns an error nothing of it is kept. Once queued it runs to its end even if the caller
    /// goes away: an answer may be lost, a half-done transaction cannot happen.
    pub async fn write<T, E>(
        &self,
        lane: LaneKey,
        name: &'static str,
        mut unit: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        self.write_knowing(lane, name, (Arc::new(Nothing), ()), move |tx, ()| unit(tx)).await
    }

    /// Runs a unit of work that is told what it wishes to know; otherwise as [`write`](Self::write).
    ///
    /// What all units of a batch wish is read together, once the locks of their canteens are held and before the first of them
    /// runs. What an earlier unit of the batch adds is therefore not in it, which is the rule for all rows that are pending.
    pub async fn write_knowing<L, T, E>(
        &self,
        lane: LaneKey,
        name: &'static str,
        wish: (Arc<L>, L::Wish),
        unit: impl FnMut(&mut Tx<'_>, L::Found) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        L: Lookup,
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        let answer = self.lanes.submit(lane, name, wish, unit).map_err(E::from)?;
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Unavailable("the writer stopped".into()))))
    }

    /// Looks at the database without changing it, on a reader's connection.
    pub async fn read<T, E>(
        &self,
        name: &'static str,
        look: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        let answer = self.readers.submit(name, look).map_err(E::from)?;
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Unavailable("the reader stopped".into()))))
    }

    /// Has every transaction of a write lane told, with how long it held its connection. Once for a store.
    pub fn observe_holds(&self, observer: HoldObserver) {
        self.holds.observe(observer);
    }

    /// Seals and opens personal data.
    #[must_use]
    pub fn sealer(&self) -> &Arc<Sealer> {
        &self.sealer
    }

    /// Which kind of database this is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.target.dialect()
    }

    /// Hints that a canteen's log has grown, from commits of this process and, where others are told, of theirs.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Committed> {
        self.herald.listen()
    }

    /// Wakes one waiter when work for the worker was added. A hint, like those of [`listen`](Self::listen).
    #[must_use]
    pub fn jobs_added(&self) -> Arc<Notify> {
        self.herald.jobs()
    }
}

/// Lets the store see whether a use case's error was the database's, which it may answer by running the unit again.
pub trait AsStoreError {
    /// The store's error inside, when it is one.
    fn as_store_error(&self) -> Option<&StoreError>;
}

impl AsStoreError for StoreError {
    fn as_store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}
