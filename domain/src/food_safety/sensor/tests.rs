use super::*;
use crate::food_safety::Rulebook;
use crate::{PlaceCode, ServiceDate};
use proptest::prelude::*;

fn rules() -> Rules {
    let day = ServiceDate::parse("2026-11-23").unwrap();
    Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day)
}

/// Minutes after some hour of the clock.
fn minute(n: i64) -> Instant {
    Instant::from_micros(1_800_000_000_000_000 - 1_800_000_000_000_000 % (SLOT_S * 1_000_000)).plus_seconds(n * 60)
}

fn reading(at: i64, measured: i64) -> Reading {
    Reading { at: minute(at), measured: DeciCelsius(measured) }
}

/// A reading a minute, each temperature for some minutes.
fn course(parts: &[(i64, i64)]) -> Vec<Reading> {
    let temperatures = parts.iter().flat_map(|(minutes, measured)| (0..*minutes).map(|_| *measured));
    temperatures.zip(0..).map(|(measured, at)| reading(at, measured)).collect()
}

fn kept(readings: Vec<Reading>) -> Vec<Slot> {
    slots(readings).into_values().collect()
}

#[test]
fn a_reading_of_a_clock_that_jumps_is_not_believed() {
    let now = minute(600);
    for (sent, expected) in [
        (vec![reading(598, 50), reading(599, 51), reading(600, 52)], vec![None, None, None]),
        (vec![reading(601, 50)], vec![None]),
        (vec![reading(602, 50), reading(600, 50)], vec![Some(Doubt::ClockAhead), None]),
        (vec![reading(500, 50), reading(440, 50), reading(501, 50)], vec![None, Some(Doubt::ClockBack), None]),
        (vec![reading(600, 50), reading(600, 50)], vec![None, None]),
        (vec![reading(600 - 7 * 1_440, 50), reading(599 - 7 * 1_440, 50)], vec![None, Some(Doubt::TooOld)]),
        (vec![reading(0, 3_001), reading(0, -601)], vec![Some(Doubt::Implausible), Some(Doubt::Implausible)]),
        // 1970: a clock that lost its battery.
        (vec![Reading { at: Instant::from_micros(0), measured: DeciCelsius(50) }], vec![Some(Doubt::TooOld)]),
    ] {
        assert_eq!(doubts(&sent, now), expected, "{sent:?}");
    }
}

#[test]
fn a_place_out_of_its_limits_for_longer_than_it_may_is_told_with_its_worst_reading() {
    use PlaceKind as K;
    let warm = |measured, limit| Finding::TooWarm { measured: DeciCelsius(measured), limit: DeciCelsius(limit) };
    let cold = |measured, limit| Finding::TooCold { measured: DeciCelsius(measured), limit: DeciCelsius(limit) };
    for (what, kind, parts, expected) in [
        ("always cold", K::Chilled, vec![(120, 50)], vec![]),
        ("a door that was open for ten minutes", K::Chilled, vec![(30, 50), (10, 120), (30, 50)], vec![]),
        ("for half an hour", K::Chilled, vec![(30, 50), (30, 120), (30, 50)], vec![(30, 59, warm(120, 80))]),
        ("the worst of it", K::Chilled, vec![(30, 50), (15, 90), (15, 150), (30, 50)], vec![(30, 59, warm(150, 80))]),
        (
            "across slots: told by a slot more at either end",
            K::Chilled,
            vec![(33, 50), (25, 120), (32, 50)],
            vec![(30, 59, warm(120, 80))],
        ),
        ("until now", K::Chilled, vec![(30, 50), (25, 120)], vec![(30, 54, warm(120, 80))]),
        ("at the limit", K::Chilled, vec![(60, 80)], vec![]),
        ("too cold", K::Chilled, vec![(30, 50), (30, -20)], vec![(30, 59, cold(-20, 0))]),
        (
            "first one side, then the other",
            K::Sample,
            vec![(30, 120), (30, 50), (30, -20)],
            vec![(0, 29, warm(120, 80)), (60, 89, cold(-20, 0))],
        ),
        ("thawed", K::Frozen, vec![(30, -180), (40, -50)], vec![(30, 69, warm(-50, -120))]),
        ("a hot cabinet that went cold", K::HotHolding, vec![(30, 700), (30, 400)], vec![(30, 59, cold(400, 600))]),
        ("a shelf has no limits", K::Ambient, vec![(120, 350)], vec![]),
        (
            "doors that open and close: never a slot that is out as a whole",
            K::Chilled,
            (0..40).map(|n| (2, if n % 2 == 0 { 50 } else { 120 })).collect(),
            vec![],
        ),
    ] {
        let told: Vec<Excursion> =
            expected.into_iter().map(|(from, to, finding)| Excursion { from: minute(from), to: minute(to), finding }).collect();
        assert_eq!(excursions(&kept(course(&parts)), kind, &rules()), told, "{what}");
        assert_eq!(excursions(&kept(course(&parts)), kind, &Rules::default()), [], "{what}: no limit, no excursion");
    }
}

#[test]
fn between_two_readings_that_are_too_warm_nobody_knows_better_for_as_long_as_silence_is_allowed() {
    let warm = Finding::TooWarm { measured: DeciCelsius(120), limit: DeciCelsius(80) };
    for (gap, expected) in [(60, vec![(0, 60)]), (61, vec![])] {
        let told: Vec<Excursion> =
            expected.into_iter().map(|(from, to)| Excursion { from: minute(from), to: minute(to), finding: warm }).collect();
        assert_eq!(excursions(&kept(vec![reading(0, 120), reading(gap, 120)]), PlaceKind::Chilled, &rules()), told, "{gap}");
    }
}

#[test]
fn the_longest_silence_of_a_span_is_told_when_it_is_longer_than_it_may_be() {
    for (heard, span, expected) in [
        (vec![0, 30, 60, 90], (0, 120), None),
        (vec![0, 30, 91, 120], (0, 120), Some((30, 91))),
        (vec![0, 30, 90, 120], (0, 120), None),
        (vec![0, 30], (0, 120), Some((30, 120))),
        (vec![90], (0, 120), Some((0, 90))),
        (vec![], (0, 120), Some((0, 120))),
        (vec![], (0, 60), None),
    ] {
        let slots = kept(heard.iter().map(|at| reading(*at, 50)).collect());
        let told = expected.map(|(from, to)| (minute(from), minute(to)));
        assert_eq!(silence(&slots, (minute(span.0), minute(span.1)), &rules()), told, "{heard:?}");
        assert_eq!(silence(&slots, (minute(span.0), minute(span.1)), &Rules::default()), None, "no setting, no risk");
    }
}

proptest! {
    /// A gateway sends what it has in whatever order, and sends it again.
    #[test]
    fn slots_are_the_same_in_any_order_and_however_often_a_reading_arrives(
        sent in prop::collection::vec((0i64..200, -600i64..3_000), 0..60),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let all: Vec<Reading> = sent.iter().map(|(at, measured)| reading(*at, *measured)).collect();
        let once = slots(all.clone());
        let mut repeated: Vec<Reading> = if all.is_empty() { vec![] } else { again.iter().map(|index| all[index.index(all.len())]).collect() };
        repeated.extend(all.iter().rev().copied());
        prop_assert_eq!(&slots(repeated), &once);
        // In two posts, the second taken into what the first left.
        let (head, tail) = all.split_at(if all.is_empty() { 0 } else { cut.index(all.len()) });
        let mut merged = slots(head.to_vec());
        for (start, slot) in slots(tail.to_vec()) {
            merged.entry(start).and_modify(|kept| *kept = kept.with(slot)).or_insert(slot);
        }
        prop_assert_eq!(merged, once);
    }

    /// Whatever a place does: a time out of limits that is long enough is inside an excursion, and every excursion holds a slot that is
    /// out as a whole.
    #[test]
    fn no_excursion_is_missed_and_none_is_made_up(temperatures in prop::collection::vec(prop_oneof![3 => Just(50i64), 1 => Just(120i64)], 1..120)) {
        // Each temperature for three minutes, so that edges fall inside slots.
        let readings: Vec<Reading> = temperatures.iter().flat_map(|t| [*t; 3]).zip(0..).map(|(t, at)| reading(at, t)).collect();
        let (all, rules) = (kept(readings.clone()), rules());
        let found = excursions(&all, PlaceKind::Chilled, &rules);
        let mut since = None;
        for reading in &readings {
            match (reading.measured.0 > 80, since) {
                (true, None) => since = Some(reading.at),
                (true, Some(from)) if reading.at.seconds_since(from) >= 20 * 60 => {
                    prop_assert!(found.iter().any(|e| e.from <= from && e.to >= reading.at), "{:?} in {:?}", (from, reading.at), found);
                }
                (true, Some(_)) => {}
                (false, _) => since = None,
            }
        }
        for excursion in &found {
            let inside = all.iter().filter(|slot| slot.first_at >= excursion.from && slot.last_at <= excursion.to);
            prop_assert!(inside.into_iter().any(|slot| slot.lowest.0 > 80));
        }
    }
}
