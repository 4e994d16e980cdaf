//! Meals that a person cannot have had: at two canteens at once, after death, while in hospital.

use super::{AnomalyMeasure, AnomalyRule, Found, Served, Subject, figure, sorted};
use crate::id::{CanteenId, FactId, SeniorId};
use crate::subsidy::FactKind;
use crate::{MealPeriod, ServiceDate};
use std::collections::BTreeSet;

/// The meals of one person at one meal period of one date: at more canteens than the limit allows, which is one.
///
/// It is the case of the canteen where the last one was served.
#[must_use]
pub fn two_canteens(senior: SeniorId, on: ServiceDate, meal: MealPeriod, meals: &[Served], at_most: i64) -> Option<Found> {
    let canteens: BTreeSet<CanteenId> = meals.iter().map(|meal| meal.canteen).collect();
    let observed = figure(canteens.len());
    if observed <= at_most {
        return None;
    }
    let evidence = sorted(meals.iter().map(Served::evidence).collect());
    let (first, last) = (evidence.first()?.at, evidence.last()?);
    Some(Found {
        rule: AnomalyRule::TwoCanteens,
        measure: AnomalyMeasure::CanteensAMeal,
        subject: Subject::Meal(senior, on, meal),
        canteen: last.canteen,
        on,
        observed,
        limit: at_most,
        window: (first, last.at),
        total: figure(evidence.len()),
        evidence,
        peers: Vec::new(),
    })
}

/// A record by which a person cannot have come to eat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// The record.
    pub fact: FactId,
    /// Of whom.
    pub senior: SeniorId,
    /// Why; see [`Cause::of`].
    pub cause: Cause,
    /// The first day; of a death, its day.
    pub from: ServiceDate,
    /// The last day; open when there is none.
    pub to: Option<ServiceDate>,
}

/// Why somebody cannot have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Died.
    Death,
    /// In an institution, in hospital, in prison, or away.
    Away,
}

impl Cause {
    /// Of a kind of facts; most kinds keep nobody from eating.
    #[must_use]
    pub const fn of(kind: FactKind) -> Option<Self> {
        match kind {
            FactKind::Death => Some(Self::Death),
            FactKind::Institution => Some(Self::Away),
            _ => None,
        }
    }

    /// The rule that looks for it.
    #[must_use]
    pub const fn rule(self) -> AnomalyRule {
        match self {
            Self::Death => AnomalyRule::AfterDeath,
            Self::Away => AnomalyRule::WhileAway,
        }
    }
}

impl Absence {
    /// How far a day lies inside: days since the day of death, or days to the nearer end of an absence. On the day itself, and on the
    /// first and last day of a stay, somebody may have eaten, before or after; those are 0. Outside there is nothing to measure. A
    /// record of a death that was given an end was wrong, as it is for subsidies.
    #[must_use]
    pub fn depth(&self, on: ServiceDate) -> Option<i64> {
        let since = on.days_since(self.from);
        let until = self.to.map_or(i64::MAX, |to| to.days_since(on));
        if self.cause == Cause::Death && self.to.is_some() {
            return None;
        }
        (since >= 0 && until >= 0).then(|| since.min(until))
    }
}

/// A meal that lies too deep inside.
struct Over<'a> {
    depth: i64,
    limit: i64,
    on: ServiceDate,
    meal: &'a Served,
}

/// Meals against one record. Each comes with the limit that holds at its canteen on its date; without one the rule is off there.
#[must_use]
pub fn against(absence: &Absence, meals: &[(ServiceDate, Served, Option<i64>)]) -> Option<Found> {
    let over: Vec<Over<'_>> = meals
        .iter()
        .filter_map(|(on, meal, limit)| {
            let (depth, limit) = (absence.depth(*on)?, (*limit)?);
            (depth > limit).then_some(Over { depth, limit, on: *on, meal })
        })
        .collect();
    let deepest = over.iter().max_by_key(|over| over.depth)?;
    let evidence = sorted(over.iter().map(|over| over.meal.evidence()).collect());
    let (first, last) = (evidence.first()?.at, evidence.last()?);
    Some(Found {
        rule: absence.cause.rule(),
        measure: match absence.cause {
            Cause::Death => AnomalyMeasure::DaysAfterDeath,
            Cause::Away => AnomalyMeasure::DaysIntoAbsence,
        },
        subject: Subject::Fact(absence.senior, absence.fact),
        canteen: last.canteen,
        on: over.iter().map(|over| over.on).max()?,
        observed: deepest.depth,
        limit: deepest.limit,
        window: (first, last.at),
        total: figure(evidence.len()),
        evidence,
        peers: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{OrderId, RedemptionId};
    use crate::order::RedemptionMethod;
    use crate::text_enum::TextEnum;
    use crate::{Channel, Instant};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(n: i32) -> ServiceDate {
        ServiceDate::new(2026, 11, 1).unwrap().plus_days(n)
    }

    fn served(n: u128, canteen: u128, on: ServiceDate) -> Served {
        Served {
            order: OrderId::from_uuid(Uuid::from_u128(n)),
            redemption: RedemptionId::from_uuid(Uuid::from_u128(n)),
            canteen: CanteenId::from_uuid(Uuid::from_u128(canteen)),
            senior: Some(SeniorId::from_uuid(Uuid::from_u128(5))),
            device: None,
            by: None,
            method: RedemptionMethod::Card,
            channel: Channel::DineIn,
            at: Instant::from_civil(on, chrono::NaiveTime::from_hms_opt(11, 0, 0).unwrap()).plus_seconds(i64::try_from(n).unwrap()),
        }
    }

    fn absence(cause: Cause, from: i32, to: Option<i32>) -> Absence {
        let (fact, senior) = (FactId::from_uuid(Uuid::from_u128(9)), SeniorId::from_uuid(Uuid::from_u128(5)));
        Absence { fact, senior, cause, from: day(from), to: to.map(day) }
    }

    #[test]
    fn two_meals_at_one_canteen_are_in_order_and_at_two_are_not() {
        let senior = SeniorId::from_uuid(Uuid::from_u128(5));
        let look = |meals: &[Served]| two_canteens(senior, day(0), MealPeriod::Lunch, meals, 1);
        assert_eq!(look(&[served(1, 1, day(0)), served(2, 1, day(0))]), None);
        let found = look(&[served(2, 2, day(0)), served(1, 1, day(0))]).unwrap();
        assert_eq!((found.observed, found.limit, found.total), (2, 1, 2));
        assert_eq!(found.canteen, CanteenId::from_uuid(Uuid::from_u128(2)), "where the last one was served");
    }

    #[test]
    fn on_the_day_of_death_and_on_the_first_and_last_day_of_a_stay_somebody_may_have_eaten() {
        for (absence, on, depth) in [
            (absence(Cause::Death, 3, None), 2, None),
            (absence(Cause::Death, 3, None), 3, Some(0)),
            (absence(Cause::Death, 3, None), 4, Some(1)),
            // A record of a death with an end was wrong.
            (absence(Cause::Death, 3, Some(3)), 3, None),
            (absence(Cause::Death, 3, Some(9)), 4, None),
            (absence(Cause::Away, 3, Some(7)), 3, Some(0)),
            (absence(Cause::Away, 3, Some(7)), 4, Some(1)),
            (absence(Cause::Away, 3, Some(7)), 5, Some(2)),
            (absence(Cause::Away, 3, Some(7)), 6, Some(1)),
            (absence(Cause::Away, 3, Some(7)), 7, Some(0)),
            (absence(Cause::Away, 3, Some(7)), 8, None),
            (absence(Cause::Away, 3, None), 20, Some(17)),
        ] {
            assert_eq!(absence.depth(day(on)), depth, "{absence:?} on day {on}");
        }
    }

    #[test]
    fn each_meal_is_judged_by_the_limit_of_its_own_place_and_date() {
        let died = absence(Cause::Death, 0, None);
        let meals = |limits: [Option<i64>; 3]| -> Vec<_> {
            limits.iter().zip(1..).map(|(limit, n)| (day(n), served(u128::try_from(n).unwrap(), 1, day(n)), *limit)).collect()
        };
        for (limits, expected) in [
            ([Some(0), Some(0), Some(0)], Some((3, 3))),
            ([Some(1), Some(1), Some(1)], Some((3, 2))),
            ([Some(1), Some(2), Some(3)], None),
            ([Some(0), None, None], Some((1, 1))),
            ([None, None, None], None),
        ] {
            let found = against(&died, &meals(limits));
            assert_eq!(found.map(|found| (found.observed, found.total)), expected, "{limits:?}");
        }
    }

    #[test]
    fn only_death_and_absence_keep_people_from_eating() {
        let causes: Vec<FactKind> = FactKind::ALL.iter().copied().filter(|kind| Cause::of(*kind).is_some()).collect();
        assert_eq!(causes, [FactKind::Institution, FactKind::Death]);
    }

    proptest! {
        #[test]
        fn no_meal_outside_an_absence_is_ever_found(from in -5i32..5, days in 0i32..6, on in -20i32..20) {
            let away = absence(Cause::Away, from, Some(from + days));
            let found = against(&away, &[(day(on), served(1, 1, day(on)), Some(0))]);
            prop_assert_eq!(found.is_some(), from < on && on < from + days);
        }
    }
}
