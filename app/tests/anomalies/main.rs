//! What does not fit in the served meals, on both databases: each rule just below and just above its limit, what a sweep keeps and what
//! it leaves alone, and who closes a case.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod limits;
mod rules;
mod scene;
mod sweeps;
