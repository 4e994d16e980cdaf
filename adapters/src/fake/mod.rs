//! Stand-ins for the outside world, for tests and the demo: they listen on 127.0.0.1 and keep what they are sent, in memory, to
//! be looked at. Nothing starts them but an explicit call.

mod desk;
mod http;
mod smtp;

pub use desk::Desk;
pub use http::{FakeSms, FakeWeChat, Received};
pub use smtp::FakeSmtp;

/// Messages kept; older ones are dropped.
const KEPT: usize = 1000;
/// A request or mail is no larger than this, in bytes.
const SIZE_MAX: usize = 64 * 1024;
/// A client that says nothing for so long is hung up on.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// The lock's content even after a panic elsewhere: what is kept are plain values, each written in one step.
fn locked<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
