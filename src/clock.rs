//! The system's clock.

use domain::Instant;
use domain::time::Clock;

/// The time of the machine. The one place outside the tests that asks for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // this is the port that everything else must use
    fn now(&self) -> Instant {
        Instant::from_utc(chrono::Utc::now())
    }
}
