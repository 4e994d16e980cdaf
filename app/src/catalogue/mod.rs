//! Places, canteens, dishes, sittings and menus: looking at them.

pub mod read;
