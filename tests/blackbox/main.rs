//! Black-box suites: over HTTP in this process where the test moves the time, over the real binary where it is killed.
//! One test program, because linking the whole service once per suite would take longer than running them.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod beside;
mod command_line;
mod contract;
mod cut_off;
mod examples;
mod fuzz;
mod idempotency;
mod kill;
mod load;
mod migrating;
mod process;
mod race;
mod readme;
mod rights;
mod routes;
mod saving;
mod several;
mod stop;
mod street;
mod tidy;
