//! One-time codes sent to a phone (OWASP ASVS 5, 6.6): six digits, single use, short-lived, few attempts, bound to a request.

use crate::Instant;

/// Digits of a code.
pub const DIGITS: usize = 6;
/// A code is valid for so many seconds; ASVS allows 600.
pub const VALID_S: i64 = 300;
/// Wrong attempts before a code is dead. Five in 10^6 codes is a chance of 1 in 200,000 a code.
pub const ATTEMPTS_MAX: i64 = 5;

/// A code as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeState {
    /// Until when it is valid.
    pub expires_at: Instant,
    /// Wrong attempts so far.
    pub attempts: i64,
    /// Taken, or replaced by a newer one.
    pub used: bool,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeVerdict {
    /// It is the code: take it.
    Right,
    /// It is not: count the attempt.
    Wrong,
    /// Nothing will fit any more: expired, used, or too many attempts.
    Dead,
}

/// Judges an attempt; `matches` is whether the code given is the one sent.
#[must_use]
pub fn judge(code: CodeState, now: Instant, matches: bool) -> CodeVerdict {
    if code.used || now >= code.expires_at || code.attempts >= ATTEMPTS_MAX {
        CodeVerdict::Dead
    } else if matches {
        CodeVerdict::Right
    } else {
        CodeVerdict::Wrong
    }
}

/// A code from a uniformly random number: `042137`.
#[must_use]
pub fn from_random(number: u32) -> String {
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_right_only_unused_in_time_and_before_the_sixth_attempt() {
        let start = Instant::from_micros(0);
        let fresh = CodeState { expires_at: start.plus_seconds(VALID_S), attempts: 0, used: false };
        for (code, at, matches, expected) in [
            (fresh, 0, true, CodeVerdict::Right),
            (fresh, VALID_S - 1, true, CodeVerdict::Right),
            (fresh, VALID_S, true, CodeVerdict::Dead),
            (fresh, 0, false, CodeVerdict::Wrong),
            (CodeState { attempts: ATTEMPTS_MAX - 1, ..fresh }, 0, true, CodeVerdict::Right),
            (CodeState { attempts: ATTEMPTS_MAX, ..fresh }, 0, true, CodeVerdict::Dead),
            (CodeState { used: true, ..fresh }, 0, true, CodeVerdict::Dead),
        ] {
            assert_eq!(judge(code, start.plus_seconds(at), matches), expected, "{code:?} at {at}");
        }
        const { assert!(VALID_S <= 600) };
    }

    #[test]
    fn a_code_always_has_six_digits() {
        for (number, code) in [(0, "000000"), (42, "000042"), (999_999, "999999"), (4_294_000_001, "000001")] {
            assert_eq!(from_random(number), code);
        }
    }
}
