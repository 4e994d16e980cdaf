//! The wiring of nuanfan: configuration, keys, clock, the services and the worker, put together for the binary and for tests.
//!
//! No rule lives here. [`open::open`] gives a command the use cases over the configured database; [`application::Application`]
//! gives a running server.

pub mod admin;
pub mod application;
pub mod clock;
pub mod config;
pub mod data_folder;
pub mod importing;
pub mod metrics;
pub mod open;
pub mod outside;
pub mod routes;
pub mod saving;
pub mod worker;

/// Runs a future to its end on an actix runtime of this thread, for commands that are not servers.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}
