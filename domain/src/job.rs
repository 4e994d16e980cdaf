//! Work that is done after the commit that asked for it: kinds, and when a failed one is tried again.

use crate::Instant;

crate::text_enum! {
    /// What a job does.
    pub enum JobKind {
        /// Sends a mail.
        Mail = "mail",
        /// Sends a text message.
        Sms = "sms",
        /// Tells one person of one event, when that is still true.
        Notice = "notice",
        /// Tells everyone who ordered a meal.
        TellAll = "tell_all",
        /// Mails a month's report to somebody who asked for it.
        Report = "report",
    }
}

/// A worker has this long for a job before another may take it, in seconds.
pub const LEASE_S: i64 = 60;

/// After so many attempts a job is given up and kept as a dead letter.
pub const ATTEMPTS_MAX: i64 = 8;

/// When a job is tried again after its n-th attempt failed; `None` when it is given up. Doubling from 10 s to at most an hour:
/// eight attempts span some 21 minutes, which outlasts a provider's restart but not a meal.
#[must_use]
pub fn next_try(attempts: i64, now: Instant) -> Option<Instant> {
    if attempts >= ATTEMPTS_MAX {
        return None;
    }
    let doublings = u32::try_from(attempts.max(1) - 1).unwrap_or(0).min(20);
    Some(now.plus_seconds((10_i64 << doublings).min(3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_job_waits_longer_each_time_and_is_given_up_in_the_end() {
        let now = Instant::from_micros(0);
        let waits: Vec<Option<i64>> = (1..=ATTEMPTS_MAX).map(|n| next_try(n, now).map(|at| at.seconds_since(now))).collect();
        assert_eq!(waits, [Some(10), Some(20), Some(40), Some(80), Some(160), Some(320), Some(640), None]);
    }
}
