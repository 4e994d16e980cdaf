//! Claims: per canteen, funder and month, from posted movements with evidence.

pub mod csv;
pub mod statement;
