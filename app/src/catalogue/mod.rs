//! Places, canteens, dishes, sittings and menus: looking at them, and changing them by hand.

pub mod edit;
pub mod read;
