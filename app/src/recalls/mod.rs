//! Recalls: a lot is held and its dishes are stopped in one commit, whoever may have eaten is called, the food is destroyed, and the report
//! tells all of it. A drill looks at the same and writes nothing.

mod closing;
mod contact;
mod opening;
pub mod report;

pub use closing::close;
pub use contact::contact;
pub use opening::open;

use crate::failure::Failure;
use crate::trace::TraceRefusal;
use domain::lot::LotState;
use domain::recall::StillOpen;

/// Why something about a recall is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecallRefusal {
    /// The lot was sent back; nothing of it was used.
    State(LotState),
    /// The lot is recalled already.
    OpenAlready,
    /// The recall is closed; what comes later is another one.
    Closed,
    /// The lot reached nobody of this name.
    NotAffected,
    /// This must be done first.
    StillOpen(Vec<StillOpen>),
    /// It is larger than a list holds.
    Trace(TraceRefusal),
}

/// A failed trace, as the failure of a recall.
fn of_trace(failure: Failure<TraceRefusal>) -> Failure<RecallRefusal> {
    match failure {
        Failure::Refused(refusal) => Failure::Refused(RecallRefusal::Trace(refusal)),
        Failure::NotFound(thing) => Failure::NotFound(thing),
        Failure::Forbidden => Failure::Forbidden,
        Failure::Stale { version } => Failure::Stale { version },
        Failure::KeyReused => Failure::KeyReused,
        Failure::Store(fault) => Failure::Store(fault),
    }
}
