//! Tiered meal subsidies: policy documents, the decision on one meal, its explanation, checks and replays.
//!
//! ```text
//! text of YAML or JSON --parse--> Document --Compiled::new--> Compiled --Book::new--> Book
//! decide(&Book, &Subject, &Meal, &History, &Environment) -> Decision { legs, claims, trace, .. }
//! ```
//!
//! * [`document`], [`when`], [`conventions`], [`operator`], [`cases`]: the language, as types.
//! * [`decide()`]: one meal; pure. [`limit`] tells how its claims become unique rows and what to do when one is taken.
//! * [`trace`]: the answer and its explanation, stored with the order; [`words`] tells it to seniors and officers.
//! * [`postings`]: what the ledger makes of it. [`operator::period`]: what canteens get by period.
//! * [`rerate`]: meals decided again with what was learned since; [`crate::correction`] tells what follows.
//! * [`parse`], [`mod@check`], [`replay`], [`mod@diff`], [`backtest`]: a document's way from an officer's desk to publication.

pub mod backtest;
pub mod calendar;
pub mod canonical;
pub mod cases;
pub mod check;
pub mod compile;
pub mod conventions;
pub mod decide;
pub mod diff;
pub mod document;
pub mod facts;
pub mod finding;
pub mod limit;
pub mod lines;
pub mod name;
pub mod operator;
pub mod parse;
pub mod postings;
pub mod read;
pub mod replay;
pub mod rerate;
pub mod shape;
pub mod trace;
pub mod when;
pub mod words;

pub use calendar::WorkdayCalendar;
pub use compile::{Book, BudgetLeft, Compiled, Environment, Overlap};
pub use decide::{BadMeal, Meal, decide};
pub use document::Document;
pub use facts::{Fact, FactKind, Subject};
pub use finding::{Finding, Severity};
pub use limit::{Claim, History, LimitKey, Usage};
pub use name::Name;
pub use shape::{json_schema, schema_text};
pub use trace::{Decision, Leg};
#[cfg(test)]
mod tests;
