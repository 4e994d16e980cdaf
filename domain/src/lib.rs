//! The rules and the words of senior meal assistance (老年助餐).
//!
//! Everything here is pure: no clock, no randomness, no SQL, no HTTP. A rule takes what it needs as values and returns data;
//! the same input gives the same output on any machine and on any day. Who calls it and what is done with the answer is
//! decided in `app`; where the numbers come from is decided by dated policy records passed in as arguments.

pub mod access;
pub mod anomaly;
pub mod audit;
pub mod batch;
pub mod budget;
pub mod canteen;
pub mod claim;
pub mod complaint;
pub mod correction;
pub mod diet;
pub mod door;
pub mod event;
pub mod fault;
pub mod food_safety;
pub mod gs1;
pub mod id;
pub mod job;
pub mod kitchen;
pub mod ledger;
pub mod lot;
pub mod meal;
pub mod money;
pub mod notice;
pub mod order;
pub mod ordering;
pub mod person;
pub mod place;
pub mod policy;
pub mod portions;
pub mod purchase;
pub mod rating;
pub mod recall;
pub mod report;
pub mod self_pay;
pub mod sensitive;
pub mod settlement;
pub mod site_load;
pub mod standing;
pub mod stock;
pub mod subsidy;
pub mod text_enum;
pub mod time;
pub mod welfare;

pub use fault::{Fault, Faults};
pub use id::Id;
pub use meal::{Channel, MealPeriod};
pub use money::{Fen, MoneyOverflow};
pub use place::PlaceCode;
pub use sensitive::Sensitive;
pub use time::{Instant, ServiceDate};
