//! How long a write holds its connection: on SQLite the only one that writes, so whoever comes next waits as long.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Told of each transaction of a write lane: the unit of work that ran in it, and from its BEGIN to the end of its COMMIT.
pub type HoldObserver = Box<dyn Fn(&'static str, Duration) + Send + Sync>;

/// The observer of a store, when there is one.
#[derive(Clone, Default)]
pub(crate) struct Holds(Arc<OnceLock<HoldObserver>>);

/// Units of several names that ran in one transaction.
const SEVERAL: &str = "several";

impl Holds {
    /// Sets the observer; the first one stays.
    pub(crate) fn observe(&self, observer: HoldObserver) {
        let _ = self.0.set(observer);
    }

    /// A transaction that began then has ended.
    pub(crate) fn ended(&self, mut names: impl Iterator<Item = &'static str>, since: Instant) {
        let Some(observer) = self.0.get() else { return };
        let Some(first) = names.next() else { return };
        observer(if names.all(|name| name == first) { first } else { SEVERAL }, since.elapsed());
    }
}
