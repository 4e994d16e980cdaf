//! More at a time than can be: redemptions in an hour, cards at a terminal within a minute, doors within five.
//!
//! A window is half open: of two meals that lie exactly its length apart only one is in it. Times are those at which the meals were
//! served, never those at which a terminal told of them.

use super::{AnomalyMeasure, AnomalyRule, Evidence, Found, Served, Subject, figure, sorted};
use crate::id::{CanteenId, DeviceId, SeniorId, UserId};
use crate::{Channel, Instant, ServiceDate};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds of an hour.
const HOUR_S: i64 = 3600;

/// So many at most within so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many are still in order.
    pub at_most: i64,
    /// Within how many seconds.
    pub seconds: i64,
}

/// The densest window above the limit, and everything that lies in any window above it.
#[derive(Debug, PartialEq, Eq)]
struct Burst {
    observed: i64,
    window: (Instant, Instant),
    /// Positions among the meals.
    within: Vec<usize>,
}

/// Looks at every window. Meals are sorted by time; what is counted in a window is its different keys.
fn burst<K: Ord>(meals: &[(Instant, K)], rate: Rate) -> Option<Burst> {
    let length = rate.seconds.max(1).saturating_mul(1_000_000);
    let mut inside: BTreeMap<&K, usize> = BTreeMap::new();
    let (mut first, mut reached) = (0, 0);
    let mut found: Option<Burst> = None;
    for (last, (at, key)) in meals.iter().enumerate() {
        *inside.entry(key).or_insert(0) += 1;
        while let Some((earlier, gone)) = meals.get(first).filter(|(earlier, _)| at.micros() - earlier.micros() >= length) {
            debug_assert!(earlier <= at, "meals are sorted");
            if let Some(left) = inside.get_mut(gone) {
                *left -= 1;
                if *left == 0 {
                    inside.remove(gone);
                }
            }
            first += 1;
        }
        let observed = figure(inside.len());
        if observed <= rate.at_most {
            continue;
        }
        let begins = meals.get(first).map_or(*at, |(at, _)| *at);
        let burst = found.get_or_insert_with(|| Burst { observed: 0, window: (begins, *at), within: Vec::new() });
        burst.within.extend(reached.max(first)..=last);
        reached = last + 1;
        if observed > burst.observed {
            (burst.observed, burst.window) = (observed, (begins, *at));
        }
    }
    found
}

/// The meals for which there is a key, by time.
fn by_time<K: Ord>(meals: &[Served], key: impl Fn(&Served) -> Option<K>) -> (Vec<(Instant, K)>, Vec<Evidence>) {
    let mut keyed: Vec<(Evidence, K)> = meals.iter().filter_map(|meal| Some((meal.evidence(), key(meal)?))).collect();
    keyed.sort_by_key(|(evidence, _)| *evidence);
    let evidence = keyed.iter().map(|(evidence, _)| *evidence).collect();
    (keyed.into_iter().map(|(evidence, key)| (evidence.at, key)).collect(), evidence)
}

fn found_in<K: Ord>(
    (meals, key): (&[Served], impl Fn(&Served) -> Option<K>),
    rate: Rate,
    (rule, measure): (AnomalyRule, AnomalyMeasure),
    (subject, canteen, on): (Subject, CanteenId, ServiceDate),
) -> Option<Found> {
    let (times, evidence) = by_time(meals, key);
    let burst = burst(&times, rate)?;
    let evidence = sorted(burst.within.iter().filter_map(|n| evidence.get(*n).copied()).collect());
    Some(Found {
        rule,
        measure,
        subject,
        canteen,
        on,
        observed: burst.observed,
        limit: rate.at_most,
        window: burst.window,
        total: figure(evidence.len()),
        evidence,
        peers: Vec::new(),
    })
}

/// More redemptions at a canteen in an hour than it can serve. What is brought to a door takes no turn at the counter.
#[must_use]
pub fn faster_than_the_hour(canteen: CanteenId, on: ServiceDate, meals: &[Served], an_hour: i64) -> Option<Found> {
    let at_the_counter = |meal: &Served| (meal.channel != Channel::Delivery).then_some(meal.order);
    found_in(
        (meals, at_the_counter),
        Rate { at_most: an_hour, seconds: HOUR_S },
        (AnomalyRule::FasterThanTheHour, AnomalyMeasure::RedemptionsAnHour),
        (Subject::Day(canteen, on), canteen, on),
    )
}

/// Terminals at which many different people were read at once.
#[must_use]
pub fn one_terminal_many(canteen: CanteenId, on: ServiceDate, meals: &[Served], rate: Rate) -> Vec<Found> {
    let terminals: BTreeSet<DeviceId> = meals.iter().filter_map(|meal| meal.device).collect();
    let at = |device: DeviceId| {
        let read =
            move |meal: &Served| -> Option<SeniorId> { meal.senior.filter(|_| meal.device == Some(device) && !meal.is_by_word()) };
        let rule = (AnomalyRule::OneTerminalMany, AnomalyMeasure::PersonsAtOnce);
        found_in((meals, read), rate, rule, (Subject::Terminal(device, on), canteen, on))
    };
    terminals.into_iter().filter_map(at).collect()
}

/// Meals that one person confirms by their word: too many within minutes.
#[must_use]
pub fn one_courier_many(user: UserId, on: ServiceDate, meals: &[Served], rate: Rate) -> Option<Found> {
    let confirmed = |meal: &Served| (meal.by == Some(user) && meal.is_by_word()).then_some(meal.order);
    let canteen = home_of(user, meals)?;
    let rule = (AnomalyRule::OneCourierMany, AnomalyMeasure::DeliveriesAtOnce);
    found_in((meals, confirmed), rate, rule, (Subject::Person(user, on), canteen, on))
}

/// Meals that one person confirms by their word: for too many different people in a day.
#[must_use]
pub fn one_courier_all_day(user: UserId, on: ServiceDate, meals: &[Served], persons: i64) -> Option<Found> {
    let confirmed: Vec<&Served> = meals.iter().filter(|meal| meal.by == Some(user) && meal.is_by_word()).collect();
    let people: BTreeSet<SeniorId> = confirmed.iter().filter_map(|meal| meal.senior).collect();
    let observed = figure(people.len());
    if observed <= persons {
        return None;
    }
    let evidence = sorted(confirmed.into_iter().map(Served::evidence).collect());
    let (first, last) = (evidence.first()?.at, evidence.last()?.at);
    Some(Found {
        rule: AnomalyRule::OneCourierMany,
        measure: AnomalyMeasure::PersonsADay,
        subject: Subject::Person(user, on),
        canteen: home_of(user, meals)?,
        on,
        observed,
        limit: persons,
        window: (first, last),
        total: figure(evidence.len()),
        evidence,
        peers: Vec::new(),
    })
}

/// The canteen of most of what a person confirmed; of two with as many the one with the smaller identifier.
#[must_use]
pub fn home_of(user: UserId, meals: &[Served]) -> Option<CanteenId> {
    let mut counts: BTreeMap<CanteenId, usize> = BTreeMap::new();
    for meal in meals.iter().filter(|meal| meal.by == Some(user) && meal.is_by_word()) {
        *counts.entry(meal.canteen).or_insert(0) += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(canteen, _)| canteen)
}

/// Everybody who confirmed a meal by their word.
#[must_use]
pub fn who_confirmed(meals: &[Served]) -> BTreeSet<UserId> {
    meals.iter().filter(|meal| meal.is_by_word()).filter_map(|meal| meal.by).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{OrderId, RedemptionId};
    use crate::order::RedemptionMethod;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn canteen() -> CanteenId {
        CanteenId::from_uuid(Uuid::from_u128(1))
    }

    fn on() -> ServiceDate {
        ServiceDate::new(2026, 11, 23).unwrap()
    }

    /// The n-th meal, of a person of its own, so many seconds after eleven.
    fn meal(n: u128, seconds: i64) -> Served {
        Served {
            order: OrderId::from_uuid(Uuid::from_u128(1000 + n)),
            redemption: RedemptionId::from_uuid(Uuid::from_u128(2000 + n)),
            canteen: canteen(),
            senior: Some(SeniorId::from_uuid(Uuid::from_u128(3000 + n))),
            device: Some(DeviceId::from_uuid(Uuid::from_u128(4))),
            by: Some(UserId::from_uuid(Uuid::from_u128(5))),
            method: RedemptionMethod::Card,
            channel: Channel::DineIn,
            at: Instant::from_micros(seconds * 1_000_000),
        }
    }

    fn meals(times: &[i64]) -> Vec<Served> {
        times.iter().zip(0..).map(|(at, n)| meal(n, *at)).collect()
    }

    #[test]
    fn an_hour_ends_before_its_last_second_is_over() {
        for (times, expected) in [
            (vec![0, 1, 2], None),
            (vec![0, 1, 2, 3599], Some(4)),
            // The first one has left when the last one comes.
            (vec![0, 1, 2, 3600], None),
            (vec![0, 3000, 3500, 3600, 6599], Some(4)),
        ] {
            let found = faster_than_the_hour(canteen(), on(), &meals(&times), 3);
            assert_eq!(found.map(|found| found.observed), expected, "{times:?}");
        }
    }

    #[test]
    fn what_is_brought_to_doors_takes_no_turn_at_the_counter() {
        let mut all = meals(&[0, 1, 2, 3]);
        all[1].channel = Channel::Delivery;
        assert_eq!(faster_than_the_hour(canteen(), on(), &all, 3), None);
    }

    #[test]
    fn a_terminal_is_asked_for_different_people() {
        let rate = Rate { at_most: 2, seconds: 60 };
        let mut all = meals(&[0, 20, 40, 59]);
        let found = one_terminal_many(canteen(), on(), &all, rate);
        assert_eq!((found.len(), found[0].observed, found[0].total), (1, 4, 4));
        // The same card twice is a second dish for one person.
        all[1].senior = all[0].senior;
        all[3].senior = all[2].senior;
        assert_eq!(one_terminal_many(canteen(), on(), &all, rate), []);
        // Two terminals side by side each serve their own queue.
        let mut all = meals(&[0, 20, 40, 59]);
        for n in [1, 3] {
            all[n].device = Some(DeviceId::from_uuid(Uuid::from_u128(9)));
        }
        assert_eq!(one_terminal_many(canteen(), on(), &all, rate), []);
    }

    #[test]
    fn a_courier_is_judged_by_what_stands_on_their_word() {
        let courier = UserId::from_uuid(Uuid::from_u128(5));
        let rate = Rate { at_most: 3, seconds: 300 };
        let mut all = meals(&[0, 60, 120, 299]);
        assert_eq!(one_courier_many(courier, on(), &all, rate), None, "a terminal read the cards");
        for meal in &mut all {
            meal.method = RedemptionMethod::Signature;
        }
        assert_eq!(one_courier_many(courier, on(), &all, rate).map(|found| found.observed), Some(4));
        assert_eq!(one_courier_many(courier, on(), &all[..3], rate), None);
        let day = |persons| one_courier_all_day(courier, on(), &all, persons).map(|found| (found.observed, found.total));
        assert_eq!((day(3), day(4)), (Some((4, 4)), None));
    }

    #[test]
    fn a_courier_of_two_canteens_is_of_the_one_with_most_of_the_meals() {
        let mut all = meals(&[0, 60, 120]);
        let other = CanteenId::from_uuid(Uuid::from_u128(77));
        for meal in &mut all {
            meal.method = RedemptionMethod::Photo;
        }
        (all[0].canteen, all[1].canteen) = (other, other);
        assert_eq!(home_of(UserId::from_uuid(Uuid::from_u128(5)), &all), Some(other));
    }

    /// Every window that ends at a meal, counted one by one.
    fn slowly(meals: &[(Instant, u8)], rate: Rate) -> Option<(i64, BTreeSet<usize>)> {
        let mut worst: Option<(i64, BTreeSet<usize>)> = None;
        for (end, _) in meals {
            let inside: Vec<usize> = (0..meals.len())
                .filter(|n| meals[*n].0 <= *end && end.micros() - meals[*n].0.micros() < rate.seconds * 1_000_000)
                .collect();
            let different: BTreeSet<u8> = inside.iter().map(|n| meals[*n].1).collect();
            if figure(different.len()) > rate.at_most {
                let (observed, within) = worst.get_or_insert_with(|| (0, BTreeSet::new()));
                *observed = (*observed).max(figure(different.len()));
                within.extend(inside);
            }
        }
        worst
    }

    proptest! {
        #[test]
        fn the_windows_are_those_that_are_found_one_by_one(
            meals in prop::collection::vec((0i64..40, 0u8..6), 0..40), at_most in 0i64..5, seconds in 1i64..20
        ) {
            let mut meals: Vec<(Instant, u8)> =
                meals.into_iter().map(|(at, key)| (Instant::from_micros(at * 1_000_000), key)).collect();
            meals.sort_unstable();
            let rate = Rate { at_most, seconds };
            let found = burst(&meals, rate);
            let each_once = found.as_ref().is_none_or(|found| found.within.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(each_once);
            prop_assert_eq!(found.map(|found| (found.observed, found.within.into_iter().collect())), slowly(&meals, rate));
        }

        #[test]
        fn the_order_in_which_terminals_tell_of_meals_makes_no_difference(
            times in prop::collection::vec(0i64..100, 0..30), turn in 0usize..30
        ) {
            let all = meals(&times);
            let mut told = all.clone();
            told.rotate_left(turn.min(all.len()));
            let rate = Rate { at_most: 3, seconds: 10 };
            prop_assert_eq!(one_terminal_many(canteen(), on(), &all, rate), one_terminal_many(canteen(), on(), &told, rate));
        }
    }
}
