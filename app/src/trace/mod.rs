//! Traces: forward from a lot to the people who ate of it, backward from an order to its lots; and both as EPCIS 2.0.

pub mod backward;
pub mod call_list;
pub mod epcis;
pub mod forward;

/// Why a trace is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceRefusal {
    /// More batches hang on it than a trace follows.
    TooManyBatches,
    /// More people were reached than one list holds.
    TooManyPeople,
}
