//! The kitchen: what a display follows, what it may ask for, what really goes into the dishes, and the count.

pub mod board;
pub mod command;
pub mod count;
pub mod follow;
pub(crate) mod judge;
pub mod people;
pub mod real;
