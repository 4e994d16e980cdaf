//! Batches of dishes: planned, cooked, let through the gate, served out; and which orders came from which.

pub mod certificates;
pub mod cook;
pub mod deadline;
pub(crate) mod gate;
mod held;
pub mod issue;
pub mod link;
pub mod loads;
pub mod look;
pub mod plan;
pub mod release;
pub mod sample;
pub mod view;
pub mod yields;

use domain::batch::{BatchState, GateRefusal};
use domain::id::{LotId, OrderId};
use domain::lot::IssueRefusal;
use domain::site_load::LoadFault;

/// Why something about a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchRefusal {
    /// The batch's state does not allow it.
    State(BatchState),
    /// The gate is closed.
    Gate(GateRefusal),
    /// A lot cannot be used.
    Lot {
        /// Which lot.
        lot: LotId,
        /// Why.
        why: IssueRefusal,
    },
    /// The dish is not on the sitting's menu.
    NotOnMenu,
    /// The time cannot be true: in the future, or too long ago.
    ImplausibleTime,
    /// No thermometer shows this.
    ImplausibleTemperature,
    /// The record was corrected already; correct the correction.
    CorrectedAlready,
    /// The order has no line of this dish on this day.
    NotInOrder(OrderId),
    /// Whoever ordered it may not eat what it is really made of, and nobody answers for that.
    Unfit(OrderId),
    /// Too little was made, and by the rule this order goes without.
    GoesWithout(OrderId),
    /// Fewer portions of the dish are left, or more are gone.
    Portions {
        /// What is left by the records.
        left: i64,
    },
    /// Portions may not be handed over, for all these reasons.
    Load(Vec<LoadFault>),
    /// An ingredient of it is held by a recall.
    Recalled,
    /// The holding time is over: what is left is thrown away, not served.
    HeldTooLong,
}
