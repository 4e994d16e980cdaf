//! Where things are and how long the way takes: coordinate systems at the edge, delivery areas, travel without a road network.

mod area;
mod datum;
mod travel;

pub use area::{Area, AreaError};
pub use datum::{CoordinateError, CoordinateSystem, Wgs84};
pub use travel::{Mode, Pace, Paces, nearest, straight_matrix};
