//! The pure decision: one meal of one person under every programme in force.

mod line;
mod person;
mod programme;
mod shares;

use super::compile::{Book, Compiled, Environment};
use super::document::{Keep, NotWith};
use super::facts::Subject;
use super::limit::History;
use super::name::Name;
use super::trace::{Decision, Outcome, ProgrammeTrace};
use crate::{Channel, Fen, MealPeriod, PlaceCode, ServiceDate};
use programme::Bill;
pub(super) use shares::divide;

/// The meal to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meal {
    /// Service date: the date that governs versions, ages and facts.
    pub date: ServiceDate,
    /// Meal period.
    pub period: MealPeriod,
    /// Channel.
    pub channel: Channel,
    /// List price.
    pub price: Fen,
    /// Delivery fee.
    pub delivery_fee: Fen,
    /// Class of the product.
    pub product: Option<Name>,
    /// Where the canteen is.
    pub canteen_place: Option<PlaceCode>,
    /// The canteen's star, grade or type on the date.
    pub canteen_grade: Option<Name>,
    /// The canteen's standing inspection result, for operator rules.
    pub canteen_inspection: Option<Name>,
}

/// The highest price or fee accepted, in fen: 100,000 yuan. Sums of a handful of such amounts stay far inside 64 bits.
pub const PRICE_MAX: i64 = 10_000_000;

/// The meal cannot be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMeal {
    /// The price is negative or over [`PRICE_MAX`].
    #[error("the price of a meal is 0 to 10,000,000 fen")]
    Price,
    /// The delivery fee is negative or over [`PRICE_MAX`].
    #[error("a delivery fee is 0 to 10,000,000 fen")]
    DeliveryFee,
}

/// Decides a meal.
///
/// Only versions whose place has to do with the person's homes or the canteen act and appear in the trace.
/// Call it at the quote, and again inside the order's transaction with fresh facts and history; see
/// [`limit`](super::limit) for what to do with the claims. Programmes act one after another on what is left of the bill.
pub fn decide(
    book: &Book,
    subject: &Subject,
    meal: &Meal,
    history: &History,
    environment: &Environment<'_>,
) -> Result<Decision, BadMeal> {
    if !(0..=PRICE_MAX).contains(&meal.price.0) {
        return Err(BadMeal::Price);
    }
    if !(0..=PRICE_MAX).contains(&meal.delivery_fee.0) {
        return Err(BadMeal::DeliveryFee);
    }
    let versions: Vec<&Compiled> = book.acting(subject, meal).collect();
    let mut bill = Bill::new(meal);
    for version in &versions {
        if let Some(by) = displaced(version, &versions, subject, meal, history, environment) {
            bill.skip(version, by);
        } else {
            bill.apply(version, subject, meal, history, environment);
        }
    }
    Ok(bill.finish(meal))
}

/// The programme that takes this one's place on the meal, if any.
fn displaced(
    version: &Compiled,
    all: &[&Compiled],
    subject: &Subject,
    meal: &Meal,
    history: &History,
    environment: &Environment<'_>,
) -> Option<Name> {
    let alone = |v: &Compiled| {
        let mut bill = Bill::new(meal);
        bill.apply(v, subject, meal, history, environment);
        bill.granted()
    };
    let mine = &version.document.programme;
    for other in all.iter().filter(|o| o.document.programme != *mine) {
        let theirs = &other.document.programme;
        let keep = |from: &Compiled, to: &Name| rule(from, to).map(|r| r.keep);
        // Either document may name the other; the rule of the one that acts first counts when both do.
        let (by_me, by_them) = (keep(version, theirs), keep(other, mine));
        let first = version.rank.cmp(&other.rank).then_with(|| mine.cmp(theirs)).is_lt();
        let i_lose_ties = !first;
        let verdict = match (by_me, by_them) {
            (None, None) => continue,
            (Some(keep), None) => keep,
            (None, Some(keep)) => mirrored(keep),
            (Some(keep), Some(_)) if first => keep,
            (Some(_), Some(keep)) => mirrored(keep),
        };
        let (my_grant, their_grant) = (alone(version), alone(other));
        if my_grant == 0 || their_grant == 0 {
            continue;
        }
        let loses = match verdict {
            Keep::This => false,
            Keep::Other => true,
            Keep::Higher => my_grant < their_grant || (my_grant == their_grant && i_lose_ties),
        };
        if loses {
            return Some(theirs.clone());
        }
    }
    None
}

fn rule<'a>(version: &'a Compiled, other: &Name) -> Option<&'a NotWith> {
    version.document.coexistence.as_ref()?.not_with.iter().find(|n| n.programme == *other)
}

const fn mirrored(keep: Keep) -> Keep {
    match keep {
        Keep::This => Keep::Other,
        Keep::Other => Keep::This,
        Keep::Higher => Keep::Higher,
    }
}

/// The trace of a programme that did not come to its lines.
fn outside(version: &Compiled, outcome: Outcome) -> ProgrammeTrace {
    ProgrammeTrace {
        programme: version.document.programme.clone(),
        version: version.document.version.clone(),
        hash: version.hash.clone(),
        outcome,
        age: None,
        facts: Vec::new(),
        entitled_fen: Fen::ZERO,
        granted_fen: Fen::ZERO,
        lines: Vec::new(),
    }
}
