//! Safety as part of the work: what a kitchen checks each day, what its sensors show, the risk list that follows from it, and the controls that are signed.

pub mod controls;
mod facts;
pub mod form;
pub mod records;
pub mod samples;
pub mod sensors;

use domain::Instant;
use domain::food_safety::risk::ListDiffers;
use print::PrintFaults;

/// Why something about safety records is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SafetyRefusal {
    /// The time cannot be true: in the future, or too long ago.
    ImplausibleTime,
    /// No thermometer shows this.
    ImplausibleTemperature,
    /// The place is not one of which such a record can be, or is no longer used.
    PlaceDoesNotFit,
    /// The record was corrected already; correct the correction.
    CorrectedAlready,
    /// A correction is of the same kind, person or place.
    OtherSubject,
    /// The sample must be kept longer.
    KeptTooShort {
        /// Until when.
        until: Instant,
    },
    /// The sample was thrown away already.
    DisposedAlready,
    /// The period has not begun.
    NotYet,
    /// The period's control is signed; what comes later corrects it.
    SignedAlready,
    /// The risk list is another one now.
    List(ListDiffers),
    /// Its words cannot be printed; every one is named.
    Unprintable(PrintFaults),
}

impl From<PrintFaults> for SafetyRefusal {
    fn from(faults: PrintFaults) -> Self {
        Self::Unprintable(faults)
    }
}
