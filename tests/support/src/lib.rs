//! What tests share.
//!
//! ```text
//! testkit::both_databases! {
//!     /// An order takes a portion.
//!     async fn an_order_takes_a_portion(world) {
//!         let street = world.street();
//!         ...
//!     }
//! }
//! ```
//!
//! makes two tests, `an_order_takes_a_portion::sqlite` and `::postgres`. Each has a fresh migrated [`World`]; at its end the
//! invariants are checked and no job may be left over. PostgreSQL is found by `NUANFAN_TEST_PG`, an address of a database
//! whose user may make others (`scripts/test` sets it); without it the PostgreSQL half fails, it never skips.

pub mod browser;
pub mod cable;
pub mod clock;
pub mod database;
pub mod fixtures;
pub mod http;
pub mod readable;
pub mod wait;
mod world;

pub use clock::TestClock;
pub use database::{Database, Engine};
pub use fixtures::{Person, Staff, Street};
pub use world::{World, check_invariants, world_key};

/// Makes a test for each database from one body. The body is async, or a plain function for tests that block (HTTP clients).
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn on(engine: $crate::Engine) {
                let whole = $crate::World::new(engine);
                let $world = &whole;
                whole.wait(async { $body });
                whole.finish();
            }
            #[test]
            fn sqlite() {
                on($crate::Engine::Sqlite);
            }
            #[test]
            fn postgres() {
                on($crate::Engine::Postgres);
            }
        }
    )+};
    ($($(#[$meta:meta])* fn $name:ident($world:ident) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn on(engine: $crate::Engine) {
                let whole = $crate::World::new(engine);
                {
                    let $world = &whole;
                    $body
                }
                whole.finish();
            }
            #[test]
            fn sqlite() {
                on($crate::Engine::Sqlite);
            }
            #[test]
            fn postgres() {
                on($crate::Engine::Postgres);
            }
        }
    )+};
}
