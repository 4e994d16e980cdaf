//! What the HTTP callers share: one time limit, no redirects, and errors without addresses, which may carry secrets.

use std::time::Duration;
use ureq::Agent;

/// From connecting to the last byte of the answer. Somebody waits for it at a screen.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// An answer is no longer than this; the real ones have a few hundred bytes.
pub(crate) const ANSWER_MAX: u64 = 64 * 1024;

/// A client whose calls end in time. Statuses are the caller's to judge.
pub(crate) fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(TIME_LIMIT)).http_status_as_error(false).max_redirects(0).build().into()
}

/// Why a call got no answer, without the address or anything else that was sent.
pub(crate) fn reason(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "no answer in time",
        ureq::Error::HostNotFound => "the host is not found",
        ureq::Error::ConnectionFailed | ureq::Error::Io(_) => "no connection",
        _ => "the call failed",
    }
}
