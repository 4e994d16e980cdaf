//! The planner's rules one by one: each test is named after the rule it defends, and its problem is small enough to check by eye.
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

use delivery::checker::violations;
use delivery::plan::{Plan, Reason};
use delivery::problem::*;
use delivery::solver::{Budget, Progress, Settings, Solution, solve};
use delivery::units::*;
use delivery::validate::ValidProblem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SHORT: Settings =
    Settings { seed: 2, threads: 1, budget: Budget::Steps(1024), min_slack: Seconds(0), start: None, cancel: None, progress: None };

/// Places on a line, a metre a second: the way is the difference.
fn line(places: &[u32]) -> TravelMatrix {
    let ways: Vec<u32> = places.iter().flat_map(|a| places.iter().map(move |b| a.abs_diff(*b))).collect();
    TravelMatrix { size: places.len() as u32, seconds: ways.clone(), metres: ways }
}

fn courier(boxes: u32) -> Courier {
    Courier {
        id: "courier".to_owned(),
        matrix: MatrixIx(0),
        capacity: Capacity::boxes(boxes),
        shift: Window { opens: Seconds(0), closes: Seconds(100_000) },
        start: None,
        end: EndAt::Site,
        max_trips: 1,
        skills: Vec::new(),
    }
}

fn stop(place: u32) -> Stop {
    Stop {
        id: format!("stop at {place}"),
        place: PlaceIx(place),
        window: Window { opens: Seconds(0), closes: Seconds(100_000) },
        service: Seconds(0),
        load: Load::boxes(1),
        site: None,
        ready_at: Seconds(0),
        holding: Holding::default(),
        skills: Vec::new(),
        first: false,
        usual_courier: None,
        usual_after: None,
        price: None,
    }
}

/// Sites at the first places, stops at the others.
fn problem(sites: usize, places: &[u32], couriers: Vec<Courier>) -> Problem {
    let site = |i: usize| Site { id: format!("site {i}"), place: PlaceIx(i as u32), loading: Seconds(0) };
    Problem {
        sites: (0..sites).map(site).collect(),
        couriers,
        stops: (sites..places.len()).map(|i| stop(i as u32)).collect(),
        matrices: vec![line(places)],
        apart: Vec::new(),
        weights: Weights::DISTANCE,
    }
}

/// Solves, and lets the checker judge.
fn planned(problem: Problem, settings: &Settings) -> Solution {
    let problem = ValidProblem::new(problem).expect("a valid problem");
    let solution = solve(&problem, settings);
    assert_eq!(violations(&problem, &solution.plan), vec![]);
    solution
}

/// Trips as (courier, site, stops).
fn trips(plan: &Plan) -> Vec<(u32, u32, Vec<u32>)> {
    let of = |round: &delivery::plan::CourierRound| {
        let courier = round.courier.0;
        let trips = round.trips.iter();
        trips.map(|t| (courier, t.site.0, t.visits.iter().map(|v| v.stop.0).collect())).collect::<Vec<_>>()
    };
    plan.rounds.iter().flat_map(of).collect()
}

#[test]
fn hot_and_cold_compartments_limit_a_trip_by_themselves() {
    let mut couriers = vec![courier(6); 2];
    couriers.iter_mut().for_each(|c| (c.capacity.hot, c.capacity.cold) = (Some(Boxes(2)), Some(Boxes(1))));
    let mut task = problem(1, &[0, 10, 11, 12], couriers);
    // Six boxes would fit into one e-bike; the two cold ones do not.
    for stop in &mut task.stops {
        stop.load = Load { boxes: Boxes(2), hot: Boxes(1), cold: Boxes(0) };
    }
    task.stops[0].load = Load { boxes: Boxes(2), hot: Boxes(0), cold: Boxes(1) };
    task.stops[2].load = Load { boxes: Boxes(2), hot: Boxes(0), cold: Boxes(1) };
    let plan = planned(task, &SHORT).plan;
    assert_eq!(plan.left_out, vec![]);
    assert_eq!(trips(&plan).len(), 2);
    assert!(trips(&plan).iter().all(|t| !(t.2.contains(&0) && t.2.contains(&2))));
}

#[test]
fn who_lacks_a_skill_is_not_sent_though_nearer() {
    let mut couriers = vec![courier(5), courier(5)];
    couriers[0].start = Some(PlaceIx(1));
    couriers[1].start = Some(PlaceIx(3));
    couriers[1].skills = vec!["stairs".to_owned(), "health certificate".to_owned()];
    let mut task = problem(1, &[0, 10, 20, 500], couriers);
    task.stops[0].skills = vec!["health certificate".to_owned(), "stairs".to_owned()];
    task.stops.pop();
    let plan = planned(task, &SHORT).plan;
    assert!(trips(&plan).iter().any(|t| t.0 == 1 && t.2.contains(&0)), "{plan:?}");
}

#[test]
fn stops_kept_apart_never_share_a_trip_and_may_share_a_courier() {
    let mut one = courier(5);
    one.max_trips = 2;
    let mut task = problem(1, &[0, 10, 11], vec![one]);
    task.apart = vec![(StopIx(0), StopIx(1))];
    let plan = planned(task, &SHORT).plan;
    let mut found = trips(&plan);
    found.sort_unstable();
    assert_eq!(found, vec![(0, 0, vec![0]), (0, 0, vec![1])]);
}

#[test]
fn a_pinned_stop_is_first_though_it_lies_farthest() {
    let mut one = courier(5);
    one.end = EndAt::LastStop;
    let mut task = problem(1, &[0, 10, 20, 30], vec![one]);
    assert_eq!(trips(&planned(task.clone(), &SHORT).plan), vec![(0, 0, vec![0, 1, 2])]);
    task.stops[2].first = true;
    assert_eq!(trips(&planned(task, &SHORT).plan), vec![(0, 0, vec![2, 1, 0])]);
}

#[test]
fn a_habit_is_a_cost_and_gives_way_to_a_longer_detour() {
    let far = |weight: i64| {
        let mut couriers = vec![courier(5), courier(5)];
        couriers[0].start = Some(PlaceIx(1));
        couriers[1].start = Some(PlaceIx(2));
        let mut task = problem(1, &[0, 10, 400], couriers);
        task.stops.pop();
        task.stops[0].usual_courier = Some(CourierIx(1));
        task.weights.strange_courier = weight;
        trips(&planned(task, &SHORT).plan)[0].0
    };
    // Sending the usual courier costs 390 more.
    assert_eq!((far(380), far(400)), (0, 1));

    let order = |weight: i64| {
        let mut one = courier(5);
        one.end = EndAt::LastStop;
        let mut task = problem(1, &[0, 10, 30], vec![one]);
        task.stops[0].usual_after = Some(StopIx(1));
        task.weights.strange_order = weight;
        trips(&planned(task, &SHORT).plan)[0].2.clone()
    };
    // The usual order goes 30 out and 20 back instead of 30.
    assert_eq!((order(19), order(21)), (vec![0, 1], vec![1, 0]));
}

#[test]
fn a_meal_is_loaded_at_its_own_site_and_a_free_one_where_it_is_cheapest() {
    let mut task = problem(2, &[0, 1000, 10, 990, 20], vec![courier(5), courier(5)]);
    // The stop near the first site gets its meal from the second; the other two may be loaded anywhere.
    task.stops[0].site = Some(SiteIx(1));
    let plan = planned(task, &SHORT).plan;
    let at = |stop: u32| trips(&plan).iter().find(|t| t.2.contains(&stop)).map(|t| t.1);
    assert_eq!((at(0), at(1)), (Some(1), Some(1)));
}

#[test]
fn a_courier_may_load_again_at_another_site() {
    let mut one = courier(1);
    one.max_trips = 2;
    let mut task = problem(2, &[0, 1000, 10, 990], vec![one]);
    task.stops[0].site = Some(SiteIx(0));
    task.stops[1].site = Some(SiteIx(1));
    let plan = planned(task, &SHORT).plan;
    assert_eq!((trips(&plan).len(), plan.rounds.len()), (2, 1));
}

#[test]
fn a_batch_is_not_loaded_before_it_is_ready() {
    let mut one = courier(5);
    one.max_trips = 2;
    let mut task = problem(1, &[0, 10, 20], vec![one]);
    task.stops[0].window.closes = Seconds(100);
    task.stops[1].ready_at = Seconds(5_000);
    let plan = planned(task, &SHORT).plan;
    let found: Vec<Seconds> = plan.rounds[0].trips.iter().map(|t| t.departs).collect();
    assert!(found.len() == 2 && found[0] <= Seconds(90) && found[1] >= Seconds(5_000), "{found:?}");
}

#[test]
fn the_slow_on_foot_serve_near_the_canteen_and_the_van_far_out() {
    let mut task = problem(1, &[0, 10, 20, 800, 900], vec![courier(2), courier(2)]);
    let mut slow = line(&[0, 10, 20, 800, 900]);
    slow.seconds.iter_mut().for_each(|s| *s *= 10);
    task.matrices.push(slow);
    task.couriers[0].matrix = MatrixIx(1);
    task.stops.iter_mut().for_each(|s| s.window.closes = Seconds(1_000));
    let plan = planned(task, &SHORT).plan;
    assert_eq!(plan.left_out, vec![]);
    assert!(trips(&plan).iter().all(|t| t.2.iter().all(|&s| (s < 2) == (t.0 == 0))), "{plan:?}");
}

#[test]
fn a_stop_is_left_out_when_serving_it_costs_more_than_its_price() {
    let left = |price: i64| {
        let mut task = problem(1, &[0, 10, 1000], vec![courier(5)]);
        task.stops[1].price = Some(Cost(price));
        planned(task, &SHORT).plan.left_out
    };
    // Going on from 10 to 1000 and back adds 1980.
    assert_eq!(left(1981), vec![]);
    let refused = left(1979);
    assert!(matches!(&refused[..], [one] if one.reason == Reason::DearerThanItsPrice { extra: Cost(1980) }), "{refused:?}");
}

/// Stops in a grid of streets, enough to be planned in parts.
fn town(stops: u32) -> Problem {
    let points: Vec<(u32, u32)> = (0..=stops).map(|i| (i * 37 % 101, i * 53 % 97)).collect();
    let way = |a: &(u32, u32), b: &(u32, u32)| a.0.abs_diff(b.0) + a.1.abs_diff(b.1);
    let ways: Vec<u32> = points.iter().flat_map(|a| points.iter().map(move |b| way(a, b))).collect();
    let mut task = problem(1, &vec![0; stops as usize + 1], vec![courier(12); stops as usize / 10]);
    task.matrices = vec![TravelMatrix { size: stops + 1, seconds: ways.clone(), metres: ways }];
    for (i, stop) in task.stops.iter_mut().enumerate() {
        stop.window.closes = Seconds(500 + 40 * (i as i64 % 7));
        stop.usual_courier = (i % 5 == 0).then(|| CourierIx(i as u32 % (stops / 10)));
        stop.price = (i % 50 == 0).then_some(Cost(3));
        stop.skills = if i % 9 == 0 { vec!["stairs".to_owned()] } else { Vec::new() };
    }
    task.couriers.iter_mut().step_by(3).for_each(|c| c.skills = vec!["stairs".to_owned()]);
    task.couriers.iter_mut().skip(1).step_by(3).for_each(|c| c.max_trips = 2);
    task.apart = (0..20).map(|i| (StopIx(i), StopIx(i + 20))).collect();
    task.weights.strange_courier = 15;
    task
}

#[test]
fn a_task_planned_in_parts_keeps_every_rule_and_repeats_itself() {
    for threads in [1, 3] {
        let settings = Settings { threads, budget: Budget::Steps(640), ..SHORT };
        let first = planned(town(400), &settings);
        assert_eq!(first, planned(town(400), &settings));
        // Begun from a plan it never ends with a dearer one.
        let again = planned(town(400), &Settings { start: Some(&first.plan), budget: Budget::Steps(64), seed: 8, ..settings });
        assert!(again.plan.cost <= first.plan.cost);
    }
}

#[test]
fn progress_rises_to_the_end_while_the_best_cost_falls() {
    for stops in [40, 400] {
        let told: Mutex<Vec<Progress>> = Mutex::new(Vec::new());
        let progress = |p: Progress| told.lock().expect("nobody panicked").push(p);
        planned(town(stops), &Settings { progress: Some(&progress), budget: Budget::Steps(640), ..SHORT });
        let told = told.into_inner().expect("nobody panicked");
        assert!(told.len() >= 16 && told.windows(2).all(|w| w[0].share < w[1].share));
        assert!(told.windows(2).all(|w| (w[1].left_out, w[1].cost) <= (w[0].left_out, w[0].cost) || w[1].left_out > 0));
        assert!(told.last().is_some_and(|p| (p.share - 1.0).abs() < 1e-9));
    }
}

#[test]
fn a_search_that_is_interrupted_answers_with_the_best_plan_so_far() {
    for stops in [40, 400] {
        let asked = AtomicU64::new(0);
        let cancel = || asked.fetch_add(1, Ordering::Relaxed) >= 20;
        let settings = Settings { cancel: Some(&cancel), budget: Budget::Steps(u64::MAX), ..SHORT };
        let solution = planned(town(stops), &settings);
        assert!(solution.steps > 0 && solution.steps <= 64 * 21, "{}", solution.steps);
    }
}

#[test]
fn a_search_by_the_clock_ends_when_the_clock_says() {
    for stops in [40, 400] {
        // A clock that moves on by being read.
        let read = AtomicU64::new(0);
        let used = || read.fetch_add(1, Ordering::Relaxed) as f64 / 200.0;
        let solution = planned(town(stops), &Settings { budget: Budget::Until(&used), threads: 2, ..SHORT });
        assert!(solution.steps > 0 && solution.steps <= 64 * 202, "{}", solution.steps);
    }
}

#[test]
fn windows_that_nobody_can_meet_are_left_out_with_the_earliest_time_possible() {
    let mut task = problem(1, &[0, 500, 10], vec![courier(5)]);
    task.stops[0].window = Window { opens: Seconds(0), closes: Seconds(499) };
    let plan = planned(task, &SHORT).plan;
    let reason = Reason::TooLate { earliest: Seconds(500), latest: Seconds(499) };
    assert!(matches!(&plan.left_out[..], [one] if one.reason == reason), "{plan:?}");
}
