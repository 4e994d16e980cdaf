//! Self-pay on both databases: cash into a till that is counted and confirmed, wallets that never fall below nothing, refunds that never
//! exceed what was paid, and sponsors with their bills.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bills;
mod counter;
mod model;
mod stand;
mod wallets;
