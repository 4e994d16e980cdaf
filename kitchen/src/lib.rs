//! The kitchen-display service: subscribes to the event log, serves displays.
//!
//! A [`hub::Hub`] belongs to a process. It follows the log of every canteen that somebody watches ([`tail`]), keeps one
//! [`room::Room`] per sitting on a display (the projection and the last frames, shared by all its displays), and lets each
//! connection ([`socket`], [`stream`]) copy frames out at its own pace. `PROTOCOL.md` says what is spoken.

pub mod client;
pub mod frame;
pub mod hub;
pub mod page;
mod people;
pub mod room;
pub mod routes;
mod session;
mod socket;
mod stream;
mod tail;

pub use hub::{Hub, Limits};
pub use routes::configure;
