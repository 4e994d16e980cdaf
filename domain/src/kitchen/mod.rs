//! The kitchen's view of one sitting: what is to be cooked for whom, and how far it is.
//!
//! [`Board`] is a projection of the event log that can be made anew at any time: from the events, or from the tables, with the
//! same result. Each [`Change`] sets what it names to a value and never adds to one, so applying a change twice does no harm
//! and a board that was read while the log grew is put right by the events that follow.
//!
//! A display proves that it missed nothing by [`Board::hash`], SHA-256 over the canonical text of [`Board::canonical`].

mod board;
mod command;
mod count;
pub mod real;
mod routing;
#[cfg(test)]
mod tests;

pub use board::{Board, By, Change, DishShort, LineMark, Portion, RealDish, RealPart, Ticket};
pub use command::{BATCH_PORTIONS_MAX, Command, Decided, DishStep, Refusal, decide, decide_batch};
pub use count::{Count, DishCount, ExceptionGroup, ForWhom, TextureCount, count};
pub use routing::station_of;

crate::text_enum! {
    /// How far a line of a ticket is.
    pub enum Stage {
        /// Nobody has begun.
        Waiting = "waiting",
        /// Being made.
        Cooking = "cooking",
        /// Made.
        Done = "done",
    }
}
