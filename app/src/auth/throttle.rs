//! How often something may be tried. Counts stand in the database, so they hold across processes and restarts; what is counted
//! is stored only as a keyed hash.

use super::SignInRefusal;
use crate::failure::{Failure, Outcome};
use domain::Instant;
use store::query::codes;
use store::seal::{Blind, Sealer};
use store::{StoreError, Tx};

/// A count that must not pass a limit within a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    bucket: Vec<u8>,
    max: i64,
    window_s: i64,
}

impl Limit {
    /// At most `max` tries of `what` within a window that begins with the first try.
    #[must_use]
    pub fn new(sealer: &Sealer, what: &[&str], max: i64, window_s: i64) -> Self {
        Self { bucket: sealer.blind(Blind::Code, &format!("throttle|{}", what.join("|"))), max, window_s }
    }

    /// Counts a try; over the limit it is refused and not counted.
    pub fn count(&self, tx: &mut Tx<'_>, now: Instant) -> Outcome<(), SignInRefusal> {
        let over = Failure::Refused(SignInRefusal::TooManyTries { retry_after_s: self.window_s });
        // Looked at first, because a refusal after a write costs the batch.
        if codes::tried(tx.look(), &self.bucket, self.window_s, now)? >= self.max {
            return Err(over);
        }
        if codes::count_try(tx.change(), &self.bucket, self.window_s, now)? > self.max { Err(over) } else { Ok(()) }
    }

    /// Forgets the tries, after success.
    pub fn forget(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        codes::forget(tx.change(), &self.bucket)
    }
}
