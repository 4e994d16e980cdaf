//! Waiting for a condition, with a deadline; never for a time.

use std::time::{Duration, Instant};

/// Looks until `condition` gives something; fails after `deadline`, naming what was waited for.
pub fn until<T>(what: &str, deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(since.elapsed() < deadline, "waited {} s in vain for {what}", deadline.as_secs_f32());
        // Not a sleep that a result depends on: only the rate of looking.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
