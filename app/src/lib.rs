//! The use cases: load, let the domain decide, save, tell.
//!
//! One file per use case. A use case that changes something is one unit of work ([`store::Store::write`]): it reads the time
//! once its locks are held, hands plain values to the rules of `domain`, and stores what they answer together with the events
//! that tell of it. The traits of the outside world are in [`ports`].

pub mod anomalies;
pub mod area;
pub mod audit;
pub mod auth;
pub mod backtests;
pub mod batches;
pub mod bindings;
pub mod budgets;
pub mod catalogue;
pub mod claims;
pub mod complaints;
pub mod corrections;
pub mod demand;
pub mod demo;
pub mod devices;
pub mod exports;
pub mod failure;
pub mod geo;
pub mod idempotency;
pub mod imports;
pub mod ingredients;
pub mod installation;
pub mod jobs;
pub mod kitchen;
pub mod lanes;
pub mod notices;
pub mod orders;
mod past;
pub mod plans;
pub mod policies;
pub mod ports;
pub mod prints;
pub mod public;
pub mod purchasing;
pub mod recalls;
pub mod reports;
pub mod safety;
pub mod self_pay;
pub mod seniors;
pub mod session;
pub mod settlements;
pub mod shelves;
pub mod standing;
pub mod subsidies;
pub mod trace;
pub mod users;
pub mod verify;
pub mod welfare;

pub use delivery;
pub use failure::{Failure, Outcome};
pub use print;
pub use store;
pub use tabular;

use domain::subsidy::WorkdayCalendar;
use domain::time::Clock;
use orders::rows::OrderLookup;
use std::sync::Arc;
use store::query::changes::ChangesNow;
use store::{Store, Together};

/// What every use case has at hand. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// The time, for looks; a unit of work reads it from its transaction.
    pub clock: Arc<dyn Clock>,
    /// Whose sitting each sitting is.
    pub homes: Arc<lanes::Homes>,
    /// What every order asks for and what rarely changes.
    pub shelves: Arc<shelves::Shelves>,
    /// Who holds which session.
    pub sessions: Arc<session::Sessions>,
    /// The counts of changes, looked up once for all who ask at a time.
    pub changes: Arc<Together<ChangesNow>>,
    /// What orders look at, read for many at a time.
    pub orders: Arc<Together<OrderLookup>>,
    /// What is configured of the outside world.
    pub ports: Arc<ports::Ports>,
    /// When people are not told what can wait.
    pub quiet: domain::notice::QuietHours,
    /// Password hashes, a few at a time.
    pub hashing: Arc<auth::hashing::Hashing>,
    /// Turns of calls to the outside world that a request waits for.
    pub outward: Arc<tokio::sync::Semaphore>,
    /// Turns of files that are judged in this process.
    pub files: Arc<tokio::sync::Semaphore>,
    /// Where files lie, without a name, while they are judged.
    pub spool: Arc<std::path::PathBuf>,
    /// The food-safety settings.
    pub food_safety: Arc<ingredients::rules::RuleShelf>,
}

/// Requests that call the outside world at once: each holds a thread until the other side answers or its time is up.
const OUTWARD_AT_ONCE: usize = 16;
/// Files that are judged at once: each holds a file, a slice of rows and a reader.
const FILES_AT_ONCE: usize = 2;

impl App {
    /// Over an open store.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        let outward = Arc::new(tokio::sync::Semaphore::new(OUTWARD_AT_ONCE));
        let shelves = Arc::new(shelves::Shelves::new(WorkdayCalendar::shipped()));
        Self {
            store,
            clock,
            homes: Arc::default(),
            changes: Arc::new(Together::new("changes", ChangesNow)),
            orders: Arc::new(Together::new("orders", OrderLookup::new(shelves.clone()))),
            shelves,
            sessions: Arc::default(),
            food_safety: Arc::default(),
            ports: Arc::default(),
            quiet: domain::notice::QuietHours::NONE,
            hashing: Arc::default(),
            outward,
            spool: Arc::new(std::env::temp_dir()),
            files: Arc::new(tokio::sync::Semaphore::new(FILES_AT_ONCE)),
        }
    }

    /// With a folder for files that are judged: on a disk, where a temporary folder may be memory.
    #[must_use]
    pub fn with_spool(mut self, folder: std::path::PathBuf) -> Self {
        self.spool = Arc::new(folder);
        self
    }

    /// With hours in which people are not told what can wait.
    #[must_use]
    pub const fn with_quiet_hours(mut self, quiet: domain::notice::QuietHours) -> Self {
        self.quiet = quiet;
        self
    }

    /// With the outside world.
    #[must_use]
    pub fn with_ports(mut self, ports: ports::Ports) -> Self {
        self.ports = Arc::new(ports);
        self
    }
}
