//! The use cases: load, let the domain decide, save, tell.
//!
//! One file per use case. A use case that changes something is one unit of work ([`store::Store::write`]): it reads the time
//! once its locks are held, hands plain values to the rules of `domain`, and stores what they answer together with the events
//! that tell of it. The traits of the outside world are in [`ports`].

pub mod area;
pub mod audit;
pub mod auth;
pub mod batches;
pub mod bindings;
pub mod catalogue;
pub mod claims;
pub mod demand;
pub mod demo;
pub mod devices;
pub mod failure;
pub mod geo;
pub mod idempotency;
pub mod imports;
pub mod ingredients;
pub mod installation;
pub mod jobs;
pub mod kitchen;
pub mod lanes;
pub mod orders;
pub mod plans;
pub mod policies;
pub mod ports;
pub mod public;
pub mod seniors;
pub mod session;
pub mod shelves;
pub mod standing;
pub mod subsidies;
pub mod trace;
pub mod users;
pub mod verify;

pub use delivery;
pub use failure::{Failure, Outcome};
pub use store;

use domain::subsidy::WorkdayCalendar;
use domain::time::Clock;
use std::sync::Arc;
use store::Store;

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
    /// What is configured of the outside world.
    pub ports: Arc<ports::Ports>,
    /// Password hashes, a few at a time.
    pub hashing: Arc<auth::hashing::Hashing>,
    /// Turns of calls to the outside world that a request waits for.
    pub outward: Arc<tokio::sync::Semaphore>,
    /// The food-safety settings.
    pub food_safety: Arc<ingredients::rules::RuleShelf>,
}

/// Requests that call the outside world at once: each holds a thread until the other side answers or its time is up.
const OUTWARD_AT_ONCE: usize = 16;

impl App {
    /// Over an open store.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        let outward = Arc::new(tokio::sync::Semaphore::new(OUTWARD_AT_ONCE));
        Self {
            store,
            clock,
            homes: Arc::default(),
            shelves: Arc::new(shelves::Shelves::new(WorkdayCalendar::shipped())),
            sessions: Arc::default(),
            food_safety: Arc::default(),
            ports: Arc::default(),
            hashing: Arc::default(),
            outward,
        }
    }

    /// With the outside world.
    #[must_use]
    pub fn with_ports(mut self, ports: ports::Ports) -> Self {
        self.ports = Arc::new(ports);
        self
    }
}
