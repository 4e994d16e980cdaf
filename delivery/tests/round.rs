//! One canteen, one meal: what the application relies on.
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

use delivery::geography::{Mode, Wgs84};
use delivery::plan::{Cure, Reason};
use delivery::problem::{Capacity, Holding, Load, Weights, Window};
use delivery::round::{Carrier, CarrierEnd, Door, MealRound, RoundError, Travel, plan};
use delivery::solver::{Budget, Settings};
use delivery::standing::StandingRoute;
use delivery::units::{Boxes, Seconds};
use std::collections::BTreeSet;

fn place(lon: f64, lat: f64) -> Wgs84 {
    Wgs84::new(lon, lat).expect("a place")
}

fn door(key: &str, east: f64, north: f64) -> Door {
    Door {
        key: key.to_owned(),
        place: place(121.47 + east, 31.23 + north),
        window: Window { opens: Seconds::clock(10, 45), closes: Seconds::clock(12, 0) },
        service: Seconds(150),
        load: Load::boxes(1),
        ready_at: None,
        holding: Holding { eat_by: Some(Seconds::clock(12, 30)), from_departure: Some(Seconds::minutes(60)) },
        skills: Vec::new(),
        first: false,
        usual_carrier: None,
        usual_after: None,
        price: None,
    }
}

fn carrier(key: &str, mode: Mode, boxes: u32) -> Carrier {
    Carrier {
        key: key.to_owned(),
        mode,
        capacity: Capacity::boxes(boxes),
        shift: Window { opens: Seconds::clock(10, 0), closes: Seconds::clock(13, 0) },
        start: None,
        end: CarrierEnd::Canteen,
        max_trips: 3,
        skills: Vec::new(),
    }
}

/// 60 doors on a grid of some 2 km, four couriers.
fn street() -> MealRound {
    let doors = (0..60).map(|i| {
        let (x, y) = (f64::from(i % 10), f64::from(i / 10));
        door(&format!("{i:03}"), (x - 4.5) * 0.0023, (y - 2.5) * 0.0031 + f64::from(i * 7 % 5) * 0.0003)
    });
    MealRound {
        canteen: place(121.47, 31.23),
        loading: Seconds::minutes(3),
        ready_at: Seconds::clock(10, 30),
        doors: doors.collect(),
        carriers: vec![
            carrier("amei", Mode::EBike, 20),
            carrier("lao wang", Mode::Foot, 8),
            carrier("van", Mode::Van, 40),
            carrier("xiao li", Mode::EBike, 20),
        ],
        apart: Vec::new(),
        weights: Weights::default(),
        paces: delivery::geography::Paces::default(),
    }
}

const SHORT: Settings = Settings {
    seed: 1,
    threads: 1,
    budget: Budget::Steps(2_000),
    min_slack: Seconds(300),
    start: None,
    cancel: None,
    progress: None,
};

#[test]
fn a_street_is_served_in_time_by_what_it_has() {
    let round = street();
    let planned = plan(&round, &Travel::Straight, &SHORT).expect("a plan");
    assert_eq!(planned.left_out, vec![]);
    let served: BTreeSet<&str> =
        planned.sheets.iter().flat_map(|s| &s.trips).flat_map(|t| &t.stops).map(|s| s.door.as_str()).collect();
    assert_eq!(served.len(), 60);
    for sheet in &planned.sheets {
        let capacity = round.carriers.iter().find(|c| c.key == sheet.carrier).expect("a courier of the round").capacity.boxes;
        for trip in &sheet.trips {
            assert!(trip.load.boxes <= capacity);
            assert!(trip.departs >= Seconds::clock(10, 33), "loaded before the batch was ready");
            let last = trip.stops.last().expect("a stop");
            assert!(last.begins - trip.departs <= Seconds::minutes(60) && last.begins <= Seconds::clock(12, 0));
        }
    }
    let way: i64 = planned.sheets.iter().flat_map(|s| &s.trips).map(|t| t.metres.0).sum();
    assert_eq!(way, planned.metres.0);
}

#[test]
fn a_trip_leaves_when_nobody_waits_with_food_in_the_box() {
    let mut round = street();
    round.doors.truncate(3);
    round.doors.iter_mut().for_each(|d| d.window.opens = Seconds::clock(11, 30));
    let planned = plan(&round, &Travel::Straight, &SHORT).expect("a plan");
    let trip = &planned.sheets[0].trips[0];
    assert!(trip.departs > Seconds::clock(11, 15), "{:?}", trip.departs);
    assert!(trip.stops.iter().all(|s| s.arrives == s.begins));
    assert!(trip.slack >= Seconds(300));
}

#[test]
fn every_reason_comes_with_its_cure() {
    let mut round = street();
    round.doors.truncate(6);
    round.carriers.truncate(1);
    round.doors[0].skills = vec!["stairs".to_owned()];
    round.doors[1].load = Load::boxes(21);
    round.doors[2].window.closes = Seconds::clock(10, 46);
    round.doors[2].ready_at = Some(Seconds::clock(11, 0));
    round.doors[3].place = place(121.47, 31.75);
    round.doors[4].price = Some(delivery::units::Cost(1));
    let planned = plan(&round, &Travel::Straight, &SHORT).expect("a plan");
    let reasons: Vec<_> = planned.left_out.iter().map(|l| (l.door.as_str(), &l.reason, l.cures.first())).collect();
    assert!(
        matches!(reasons[0], ("000", Reason::NoSkilledCourier { missing }, Some(Cure::Skills { .. })) if missing == &["stairs"])
    );
    assert!(matches!(
        reasons[1],
        ("001", Reason::TooBig { largest: Boxes(20), .. }, Some(Cure::MoreCapacity { extra: Boxes(1), .. }))
    ));
    assert!(matches!(reasons[2], ("002", Reason::TooLate { .. }, Some(Cure::AllowUntil { .. }))));
    assert!(matches!(reasons[3], ("003", Reason::TooFarToStayHot { .. }, Some(Cure::AllowUnderWay { .. }))));
    assert!(matches!(reasons[4], ("004", Reason::DearerThanItsPrice { .. }, Some(Cure::RaisePrice { .. }))));
    assert_eq!(reasons.len(), 5);
    assert_eq!(planned.sheets.len(), 1);
}

#[test]
fn without_couriers_every_door_says_so() {
    let mut round = street();
    round.carriers.clear();
    let planned = plan(&round, &Travel::Straight, &SHORT).expect("a plan");
    assert_eq!(planned.left_out.len(), 60);
    assert!(planned.left_out.iter().all(|l| l.reason == Reason::NoCourier));
}

#[test]
fn a_known_face_wins_over_a_detour_when_the_weights_say_so() {
    let mut round = street();
    round.weights.strange_courier = 5_000;
    round.doors.truncate(8);
    round.weights.courier = 0;
    round.carriers = vec![carrier("a", Mode::EBike, 4), carrier("b", Mode::EBike, 4)];
    for (i, door) in round.doors.iter_mut().enumerate() {
        door.usual_carrier = Some(if i % 2 == 0 { "a" } else { "b" }.to_owned());
    }
    let planned = plan(&round, &Travel::Straight, &SHORT).expect("a plan");
    for sheet in &planned.sheets {
        for stop in sheet.trips.iter().flat_map(|t| &t.stops) {
            let even = stop.door.parse::<u32>().expect("a number") % 2 == 0;
            assert_eq!(sheet.carrier == "a", even, "{} by {}", stop.door, sheet.carrier);
        }
    }
}

#[test]
fn bad_input_is_refused_with_every_fault_named() {
    let mut round = street();
    round.doors[1].key = "000".to_owned();
    let twice = plan(&round, &Travel::Straight, &SHORT).expect_err("a key given twice");
    assert!(twice.to_string().contains("doors[1].key"), "{twice}");

    let mut round = street();
    round.doors[5].window = Window { opens: Seconds(50_000), closes: Seconds(40_000) };
    round.doors[7].service = Seconds(-1);
    round.carriers[0].max_trips = 0;
    round.weights.metre = -3;
    let Err(RoundError::Faults(faults)) = plan(&round, &Travel::Straight, &SHORT) else { panic!("accepted") };
    let named: Vec<&str> = faults.list.iter().map(|f| f.at.as_str()).collect();
    assert_eq!(named, ["couriers[0].max_trips", "stops[5].window", "stops[7].service", "weights.metre"]);
}

#[test]
fn ten_thousand_doors_get_a_clear_answer_at_once() {
    let mut round = street();
    let one = round.doors[0].clone();
    round.doors = (0..10_000).map(|i| Door { key: i.to_string(), ..one.clone() }).collect();
    let error = plan(&round, &Travel::Straight, &SHORT).expect_err("too many");
    assert!(error.to_string().contains("at most 4000"), "{error}");
}

#[test]
fn a_matrix_of_zeros_is_planned() {
    let round = street();
    let size = round.places().len();
    let zeros = vec![0; size * size];
    let matrix = delivery::problem::TravelMatrix { size: size as u32, seconds: zeros.clone(), metres: zeros };
    let travel = Travel::Matrices(round.modes().into_iter().take(2).map(|mode| (mode, matrix.clone())).collect());
    let planned = plan(&round, &travel, &SHORT).expect("a plan");
    assert_eq!(planned.left_out, vec![]);
    assert_eq!(planned.fell_back, vec![Mode::Van]);
}

#[test]
fn a_cancelled_search_still_returns_a_checked_plan() {
    let cancel = || true;
    let planned = plan(&street(), &Travel::Straight, &Settings { cancel: Some(&cancel), ..SHORT }).expect("a plan");
    assert_eq!(planned.steps, 0);
    assert!(!planned.sheets.is_empty());
}

#[test]
fn many_rounds_are_planned_side_by_side_as_one_by_one() {
    let rounds: Vec<(MealRound, Travel)> = (5..9)
        .map(|doors| {
            let mut round = street();
            round.doors.truncate(doors);
            (round, Travel::Straight)
        })
        .collect();
    let few = Settings { budget: Budget::Steps(200), ..SHORT };
    let together = delivery::round::plan_all(&rounds, &few, 3);
    let alone: Vec<_> = rounds.iter().map(|(round, travel)| plan(round, travel, &few)).collect();
    assert_eq!(together, alone);
}

#[test]
fn a_standing_route_is_followed_and_closes_up_over_doors_without_a_meal() {
    let mut round = street();
    round.doors.truncate(8);
    round.weights.strange_order = 2_000;
    round.weights.strange_courier = 5_000;
    let keys = |list: &[u32]| list.iter().map(|i| format!("{i:03}")).collect::<Vec<_>>();
    // Door 999 has no meal today, "sick" is not there, and 003 stands on two routes.
    let routes = [
        StandingRoute { carrier: "xiao li".to_owned(), doors: keys(&[7, 3, 999, 5, 1]) },
        StandingRoute { carrier: "sick".to_owned(), doors: keys(&[3, 0, 2]) },
    ];
    let start = round.follow(&routes);
    let after = |key: u32| round.doors[key as usize].usual_after.clone();
    assert_eq!((after(7), after(3), after(5), after(1)), (None, Some("007".into()), Some("003".into()), Some("005".into())));
    assert_eq!((after(0), after(2)), (None, Some("000".into())));
    assert_eq!(round.doors[0].usual_carrier, None);
    let planned = plan(&round, &Travel::Straight, &Settings { start: Some(&start), ..SHORT }).expect("a plan");
    assert_eq!(planned.left_out, vec![]);
    let sheet = planned.sheets.iter().find(|s| s.carrier == "xiao li").expect("the usual courier");
    let order: Vec<&str> = sheet.trips.iter().flat_map(|t| &t.stops).map(|s| s.door.as_str()).collect();
    let places: Vec<usize> = ["007", "003", "005", "001"].iter().filter_map(|k| order.iter().position(|o| o == k)).collect();
    assert!(places.len() == 4 && places.is_sorted(), "{order:?}");
}
