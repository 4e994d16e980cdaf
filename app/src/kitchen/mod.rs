//! The kitchen: what a display follows, what it may ask for, and the count.

pub mod board;
pub mod command;
pub mod count;
pub mod follow;
