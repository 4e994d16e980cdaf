//! What must hold for every problem: the proof obligations of the planner.
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

mod common;

use common::problem;
use delivery::checker::{Violation, violations};
use delivery::plan::{Cure, Plan, Reason};
use delivery::problem::Problem;
use delivery::solver::{Budget, Settings, solve};
use delivery::units::{Cost, CourierIx, Seconds};
use delivery::validate::ValidProblem;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

const SHORT: Settings =
    Settings { seed: 3, threads: 1, budget: Budget::Steps(256), min_slack: Seconds(0), start: None, cancel: None, progress: None };

fn valid(problem: Problem) -> ValidProblem {
    ValidProblem::new(problem).expect("generated problems are valid")
}

/// The cost by which plans are compared: leaving out a stop that must be served counts above everything.
fn rank(problem: &ValidProblem, plan: &Plan) -> (usize, Cost) {
    let must = plan.left_out.iter().filter(|l| problem.get().stops[l.stop.at()].price.is_none());
    (must.count(), plan.cost)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_checker_accepts_every_plan(problem in problem(14), slack in 0..600i64, seed in any::<u64>()) {
        let problem = valid(problem);
        let solution = solve(&problem, &Settings { seed, min_slack: Seconds(slack), ..SHORT });
        prop_assert_eq!(violations(&problem, &solution.plan), vec![]);
    }

    #[test]
    fn the_same_seed_and_budget_give_the_same_plan(problem in problem(12), threads in 1..4usize) {
        let problem = valid(problem);
        let settings = Settings { threads, ..SHORT };
        prop_assert_eq!(solve(&problem, &settings), solve(&problem, &settings));
    }

    #[test]
    fn a_plan_stays_feasible_without_a_constraint_and_a_start_from_it_is_never_dearer(
        original in problem(12), which in 0..8usize,
    ) {
        let problem = valid(original.clone());
        let before = solve(&problem, &SHORT).plan;
        let relaxed = valid(relax(original, which));
        let retimed = delivery::solver::retime(&relaxed, &before, Seconds(0));
        prop_assert_eq!(violations(&relaxed, &retimed), vec![]);
        prop_assert_eq!(rank(&relaxed, &retimed), rank(&relaxed, &before));
        let after = solve(&relaxed, &Settings { start: Some(&before), seed: 9, ..SHORT }).plan;
        prop_assert_eq!(violations(&relaxed, &after), vec![]);
        prop_assert!(rank(&relaxed, &after) <= rank(&relaxed, &before));
    }

    #[test]
    fn every_cure_for_a_full_plan_lets_the_stop_in(original in problem(12)) {
        let problem = valid(original.clone());
        let plan = solve(&problem, &SHORT).plan;
        for left in plan.left_out.iter().filter(|l| matches!(l.reason, Reason::NoRoom | Reason::DearerThanItsPrice { .. })) {
            for cure in &left.cures {
                let Some(cured) = apply(original.clone(), left.stop.at(), cure) else { continue };
                let cured = valid(cured);
                let after = solve(&cured, &Settings { start: Some(&plan), ..SHORT }).plan;
                // The search may also find a better plan without the stop; it must then beat leaving everything as it was.
                let as_it_was = rank(&cured, &delivery::solver::retime(&cured, &plan, Seconds(0)));
                prop_assert!(
                    rank(&cured, &after) < as_it_was || after.left_out.iter().all(|l| l.stop != left.stop),
                    "{:?} by {:?}", left, cure
                );
            }
        }
    }

    #[test]
    fn the_checker_sees_every_tampering(problem in problem(10), what in 0..7usize) {
        let problem = valid(problem);
        let mut plan = solve(&problem, &SHORT).plan;
        prop_assume!(!plan.rounds.is_empty());
        let round = &mut plan.rounds[0];
        match what {
            0 => plan.cost = plan.cost + Cost(1),
            1 => round.trips[0].departs = round.trips[0].departs + Seconds(1),
            2 => round.trips[0].visits[0].begins = round.trips[0].visits[0].begins + Seconds(1),
            3 => { round.trips[0].visits.pop(); }
            4 => { let again = round.trips[0].visits[0]; round.trips[0].visits.push(again); }
            5 => round.courier = CourierIx(99),
            _ => round.trips[0].slack = round.trips[0].slack + Seconds(1),
        }
        prop_assert!(!violations(&problem, &plan).is_empty());
    }
}

/// Takes one kind of constraint away.
fn relax(mut problem: Problem, which: usize) -> Problem {
    for stop in &mut problem.stops {
        match which {
            0 => stop.window.closes = Seconds(100_000),
            1 => stop.holding.from_departure = None,
            2 => stop.holding.eat_by = None,
            3 => stop.skills.clear(),
            4 => stop.ready_at = Seconds(0),
            _ => {}
        }
    }
    for courier in &mut problem.couriers {
        match which {
            5 => courier.capacity.boxes.0 += 5,
            6 => courier.shift.closes = Seconds(100_000),
            _ => {}
        }
    }
    if which == 7 {
        problem.apart.clear();
    }
    problem
}

/// The problem with a cure applied; `None` for cures that only a person can apply.
fn apply(mut problem: Problem, stop: usize, cure: &Cure) -> Option<Problem> {
    let target = &mut problem.stops[stop];
    match cure {
        Cure::AllowUntil { latest } => {
            target.window.closes = target.window.closes.max(*latest);
            target.holding.eat_by = target.holding.eat_by.map(|limit| limit.max(*latest));
        }
        Cure::ExtendShift { courier, until } => problem.couriers[courier.at()].shift.closes = *until,
        Cure::MoreCapacity { courier, extra } => {
            let capacity = &mut problem.couriers[courier.at()].capacity;
            capacity.boxes.0 += extra.0;
            for part in [&mut capacity.hot, &mut capacity.cold].into_iter().flatten() {
                part.0 += extra.0;
            }
        }
        Cure::OneMoreCourier { like } => {
            let another = problem.couriers[like.at()].clone();
            problem.couriers.push(another);
        }
        Cure::RaisePrice { above } => target.price = Some(*above + Cost(1)),
        // Not given for full plans.
        Cure::ReadyBy { .. } | Cure::Skills { .. } | Cure::AllowUnderWay { .. } | Cure::CheckPlace => return None,
    }
    Some(problem)
}

#[test]
fn a_plan_that_serves_too_late_is_refused_with_the_stop_named() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..40 {
        let original = problem(8).new_tree(&mut runner).expect("a problem").current();
        let plan = solve(&valid(original.clone()), &SHORT).plan;
        let Some(visit) = plan.rounds.iter().flat_map(|r| &r.trips).flat_map(|t| &t.visits).next().copied() else { continue };
        let mut tightened = original;
        let window = &mut tightened.stops[visit.stop.at()].window;
        window.closes = visit.begins - Seconds(1);
        window.opens = window.opens.min(window.closes);
        if window.closes < Seconds(0) {
            continue;
        }
        let found = violations(&valid(tightened), &plan);
        assert!(found.iter().any(|v| matches!(v, Violation::TooLate { stop, .. } if *stop == visit.stop)), "{found:?}");
    }
}
