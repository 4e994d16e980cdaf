//! More portions served than cooked.
//!
//! What was cooked is what the kitchen wrote down: the portions of the batches that came off the stove. A kitchen that keeps no batches
//! of a dish is not compared. A kitchen and the canteens that it supplies are looked at together.

use super::{AnomalyMeasure, AnomalyRule, Evidence, Found, Subject, sorted};
use crate::batch::BatchState;
use crate::food_safety::Holding;
use crate::id::{CanteenId, DishId};
use crate::{MealPeriod, ServiceDate};
use std::collections::BTreeMap;

/// A batch, as far as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pan {
    /// For which date.
    pub on: ServiceDate,
    /// For which meal.
    pub meal: MealPeriod,
    /// Of which dish.
    pub dish: DishId,
    /// Where it stands.
    pub state: BatchState,
    /// Whether it was let through the gate.
    pub released: bool,
    /// How it is kept.
    pub holding: Holding,
    /// Portions.
    pub portions: i64,
}

impl Pan {
    /// Whether somebody may have been served from it: it came off the stove, and was not thrown away before it was released.
    const fn may_have_fed(&self) -> bool {
        match self.state {
            BatchState::Cooked | BatchState::Released | BatchState::Finished => true,
            BatchState::Discarded => self.released,
            BatchState::Planned | BatchState::Cooking => false,
        }
    }
}

/// Portions cooked of each dish for each meal of a date. What was cooked the day before and kept chilled may be served at any meal.
#[must_use]
pub fn cooked(on: ServiceDate, pans: &[Pan]) -> BTreeMap<(MealPeriod, DishId), i64> {
    let mut portions: BTreeMap<(MealPeriod, DishId), i64> = BTreeMap::new();
    for pan in pans.iter().filter(|pan| pan.on == on && pan.may_have_fed()) {
        *portions.entry((pan.meal, pan.dish)).or_insert(0) += pan.portions;
    }
    let kept = pans.iter().filter(|pan| pan.on == on.plus_days(-1) && pan.holding == Holding::Chilled && pan.may_have_fed());
    for pan in kept {
        let of_dish = portions.iter_mut().filter(|((_, dish), _)| *dish == pan.dish);
        of_dish.for_each(|(_, portions)| *portions += pan.portions);
    }
    portions
}

/// What may be served of so many cooked portions: a pan of a hundred may fill some plates more.
#[must_use]
pub fn enough_for(cooked: i64, tolerance_per_mille: i64) -> i64 {
    cooked.saturating_add(cooked.saturating_mul(tolerance_per_mille) / 1000)
}

/// What is compared: one dish of one meal of a kitchen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plate {
    /// The kitchen.
    pub kitchen: CanteenId,
    /// The date.
    pub on: ServiceDate,
    /// The meal.
    pub meal: MealPeriod,
    /// The dish.
    pub dish: DishId,
}

/// A finding, once more was served than there was enough for; `evidence` is of the first of `total` orders.
#[must_use]
pub fn more_than_cooked(plate: Plate, (served, enough): (i64, i64), evidence: Vec<Evidence>, total: i64) -> Option<Found> {
    if served <= enough {
        return None;
    }
    let Plate { kitchen, on, meal, dish } = plate;
    let evidence = sorted(evidence);
    Some(Found {
        rule: AnomalyRule::MoreThanCooked,
        measure: AnomalyMeasure::PortionsServed,
        subject: Subject::Dish(kitchen, on, meal, dish),
        canteen: kitchen,
        on,
        observed: served,
        limit: enough,
        window: (evidence.first()?.at, evidence.last()?.at),
        evidence,
        total,
        peers: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_enum::TextEnum;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn on() -> ServiceDate {
        ServiceDate::new(2026, 11, 23).unwrap()
    }

    fn dish() -> DishId {
        DishId::from_uuid(Uuid::from_u128(1))
    }

    fn pan(state: BatchState, portions: i64) -> Pan {
        let released = matches!(state, BatchState::Released | BatchState::Finished);
        Pan { on: on(), meal: MealPeriod::Lunch, dish: dish(), state, released, holding: Holding::Hot, portions }
    }

    #[test]
    fn what_never_left_the_stove_fed_nobody() {
        for state in BatchState::ALL.iter().copied() {
            let fed = matches!(state, BatchState::Cooked | BatchState::Released | BatchState::Finished);
            let expected: BTreeMap<_, _> = fed.then_some(((MealPeriod::Lunch, dish()), 40)).into_iter().collect();
            assert_eq!(cooked(on(), &[pan(state, 40)]), expected, "{state}");
        }
        let leftovers = Pan { released: true, ..pan(BatchState::Discarded, 40) };
        assert_eq!(cooked(on(), &[leftovers]).values().sum::<i64>(), 40, "the rest of a served pan was thrown away");
    }

    #[test]
    fn chilled_dishes_of_the_day_before_may_be_served_today() {
        let yesterday =
            |holding| Pan { on: on().plus_days(-1), meal: MealPeriod::Dinner, holding, ..pan(BatchState::Finished, 30) };
        let today = pan(BatchState::Released, 40);
        for (holding, portions) in [(Holding::Chilled, 70), (Holding::Hot, 40), (Holding::Ambient, 40)] {
            assert_eq!(cooked(on(), &[today, yesterday(holding)]).values().sum::<i64>(), portions, "{holding}");
        }
        assert_eq!(cooked(on(), &[yesterday(Holding::Chilled)]), BTreeMap::new(), "without a batch of today nothing is compared");
    }

    #[test]
    fn a_pan_feeds_its_portions_and_the_tolerance() {
        for (cooked, tolerance, enough) in [(100, 50, 105), (100, 0, 100), (19, 50, 19), (20, 50, 21), (0, 50, 0)] {
            assert_eq!(enough_for(cooked, tolerance), enough, "{cooked} at {tolerance}");
        }
    }

    proptest! {
        #[test]
        fn another_pan_never_makes_it_too_few(portions in prop::collection::vec(1i64..1000, 1..5), more in 1i64..1000) {
            let pans: Vec<Pan> = portions.iter().map(|n| pan(BatchState::Finished, *n)).collect();
            let sum = |pans: &[Pan]| cooked(on(), pans).values().sum::<i64>();
            let mut all = pans.clone();
            all.push(pan(BatchState::Released, more));
            prop_assert_eq!(sum(&all), sum(&pans) + more);
        }
    }
}
