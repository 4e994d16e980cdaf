//! Time that a test moves.

use domain::time::Clock;
use domain::{Instant, ServiceDate};
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// Standing at an instant.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(AtomicI64::new(instant.micros()))
    }

    /// Eight in the morning in China on the first day of every test: Monday, 2026-11-23.
    #[must_use]
    pub fn monday_morning() -> Self {
        let eight = chrono::NaiveTime::from_hms_opt(8, 0, 0).unwrap();
        Self::at(Instant::from_civil(first_day(), eight))
    }

    /// Moves to an instant.
    pub fn set(&self, instant: Instant) {
        self.0.store(instant.micros(), Ordering::SeqCst);
    }

    /// Moves on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The date of the fixtures: Monday, 2026-11-23.
#[must_use]
pub fn first_day() -> ServiceDate {
    ServiceDate::new(2026, 11, 23).unwrap()
}
