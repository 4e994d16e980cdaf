//! Labels and sheets as print-ready PDF, from plain values.
//!
//! Everything a kitchen holds in its hands: [`Labels`] for 60 x 40 mm label printers or A4, the [`ProductionSheet`], the
//! [`LoadSheets`], and each [`Form`] that an inspector files. The font is embedded; a character without a glyph is a [`Fault`] that names it, never a box. The same values give
//! the same bytes. Nothing here reads a clock, a database or the network.

mod check;
mod drawing;
mod fault;
mod font;
mod form;
mod heading;
mod label;
mod load;
mod pdf;
mod production;
mod sheet;
#[cfg(test)]
mod tests;
mod unit;
mod wrap;

pub use fault::{FAULTS_AT_MOST, Fault, Field, Many, PrintFaults, Spot};
pub use form::{FORM_ROWS_AT_MOST, Form, FormTable};
pub use heading::{Heading, stamp};
pub use label::{EXCEPTIONS_AT_MOST, LABELS_AT_MOST, LINES_AT_MOST, Label, LabelLine, Labels, Paper, RouteStop};
pub use load::{LoadSheets, STOPS_AT_MOST, StopLoad, TripLoad};
pub use production::{DishPortions, NotCounted, PEOPLE_AT_MOST, PartPortions, ProductionSheet};
