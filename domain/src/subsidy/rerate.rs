//! Meals decided again with what is known now (重新计算): what a fact that was learned late would have changed.
//!
//! A person's meals are decided again in the order in which they were decided then, each under the versions of its date. Twice: with
//! what was known then, which must give the stored bill, and with what is known now, with limits of its own, because a meal that
//! would have got less leaves a limit to the next. Before the first date that the fact reaches, bills stand as they are.

use super::backtest::past::Known;
use super::backtest::uses::{What, Worlds, timeline};
use super::backtest::{Eater, PastMeal, decided};
use super::trace::Decision;
use super::{Book, WorkdayCalendar};
use crate::ServiceDate;
use crate::correction::Costs;
use crate::id::OrderId;
use crate::money::MoneyOverflow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A meal that comes out differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// Its order.
    pub order: OrderId,
    /// What stands.
    pub before: Costs,
    /// How it would be decided now.
    pub after: Decision,
    /// Whether what was known then gives what was decided then. Where it does not, the difference has another cause than what was
    /// learned, and a person has to find it.
    pub reproduced: bool,
}

/// The orders of a person for dates from `from` on that come out differently, whether they were eaten or not; of an order that was
/// changed, the last decision. `books` holds the versions of each date; a date without them is left as it is.
pub fn decide_again(
    eater: &Eater,
    from: ServiceDate,
    books: &BTreeMap<ServiceDate, Arc<Book>>,
    calendar: &WorkdayCalendar,
) -> Result<Vec<Differing>, MoneyOverflow> {
    let mut worlds = Worlds::new(eater.meals.len());
    let mut known = Known::new(eater);
    let mut found: BTreeMap<OrderId, Option<Differing>> = BTreeMap::new();
    for (at, what, n) in timeline(&eater.meals) {
        let Some(past) = eater.meals.get(n) else { continue };
        if what != What::Decide {
            worlds.follow(what, n, &past.bill.claims);
            continue;
        }
        let then = known.by(at);
        let book = books.get(&past.meal.date).filter(|_| from <= past.meal.date);
        let now = book.and_then(|book| decided(book, &eater.known_now(at), past, &worlds.would_stand, calendar));
        if let (Some(book), Some(after)) = (book, now) {
            let as_then = decided(book, then, past, &worlds.stood, calendar);
            worlds.take(n, &past.bill.claims, &after.claims);
            found.insert(past.order, differing(past, as_then.as_ref(), after)?);
        } else {
            worlds.take(n, &past.bill.claims, &past.bill.claims);
        }
    }
    Ok(found.into_values().flatten().collect())
}

fn differing(past: &PastMeal, as_then: Option<&Decision>, after: Decision) -> Result<Option<Differing>, MoneyOverflow> {
    let stands = past.stands();
    let before = Costs::of(&stands.discounts, &stands.legs, stands.self_pay_fen)?;
    if Costs::of_decision(&after)? == before {
        return Ok(None);
    }
    let bill = &past.bill;
    let stored = Costs::of(&bill.discounts, &bill.legs, bill.self_pay_fen)?;
    let reproduced = as_then.map(Costs::of_decision).transpose()? == Some(stored);
    Ok(Some(Differing { order: past.order, before, after, reproduced }))
}
