//! Planning again during the day.
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

mod common;

use common::problem;
use delivery::checker::violations;
use delivery::plan::Plan;
use delivery::problem::Problem;
use delivery::replan::{changes, rest_of_day};
use delivery::solver::{Budget, Settings, solve};
use delivery::units::{Seconds, StopIx};
use delivery::validate::ValidProblem;
use proptest::prelude::*;
use std::collections::BTreeSet;

const SHORT: Settings =
    Settings { seed: 5, threads: 1, budget: Budget::Steps(128), min_slack: Seconds(0), start: None, cancel: None, progress: None };

fn morning(problem: &Problem) -> Plan {
    solve(&ValidProblem::new(problem.clone()).expect("valid"), &SHORT).plan
}

fn served(plan: &Plan) -> BTreeSet<StopIx> {
    plan.rounds.iter().flat_map(|r| &r.trips).flat_map(|t| &t.visits).map(|v| v.stop).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn what_is_on_the_road_stays_and_the_rest_is_planned_by_the_rules(day in problem(12), now in 0..9000i64) {
        let before = morning(&day);
        let rest = rest_of_day(&day, &before, Seconds(now)).expect("a valid rest");
        let solution = rest.solve(&SHORT);
        prop_assert_eq!(violations(&rest.problem, &solution.plan), vec![]);
        let after = rest.in_day_indices(&solution.plan);
        let road: BTreeSet<StopIx> = rest.on_the_road.iter().flat_map(|r| &r.trips).flat_map(|t| &t.visits).map(|v| v.stop).collect();
        prop_assert!(served(&after).is_disjoint(&road));
        prop_assert!(after.rounds.iter().flat_map(|r| &r.trips).all(|t| t.departs >= Seconds(now)));
        let all: BTreeSet<StopIx> = served(&after).union(&road).copied().chain(after.left_out.iter().map(|l| l.stop)).collect();
        prop_assert_eq!(all.len(), day.stops.len());
    }

    #[test]
    fn nobody_who_could_be_served_is_lost_when_nothing_has_changed(day in problem(10), now in 0..9000i64) {
        let before = morning(&day);
        let rest = rest_of_day(&day, &before, Seconds(now)).expect("a valid rest");
        let kept = delivery::solver::retime(&rest.problem, &rest.start, Seconds(0));
        let lost: Vec<_> = served(&rest.start).difference(&served(&kept)).copied().collect();
        prop_assert_eq!(lost, vec![]);
    }
}

#[test]
fn a_sick_courier_s_stops_go_to_the_others_and_the_change_is_told() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = false;
    for _ in 0..40 {
        use proptest::strategy::ValueTree;
        let mut day = problem(10).new_tree(&mut runner).expect("a problem").current();
        let before = morning(&day);
        let Some(round) = before.rounds.first() else { continue };
        let sick = round.courier;
        day.couriers[sick.at()].capacity.boxes.0 = 0;
        let rest = rest_of_day(&day, &before, Seconds(0)).expect("a valid rest");
        let after = rest.in_day_indices(&rest.solve(&SHORT).plan);
        let told = changes(&before, &after);
        let change = told.iter().find(|c| c.courier == sick).expect("the sick courier's change");
        let had: usize = round.trips.iter().map(|t| t.visits.len()).sum();
        assert!(change.gained.is_empty() && change.lost.len() == had, "{change:?}");
        let gained: BTreeSet<StopIx> = told.iter().flat_map(|c| c.gained.iter().copied()).collect();
        let left: BTreeSet<StopIx> = after.left_out.iter().map(|l| l.stop).collect();
        assert!(change.lost.iter().all(|s| gained.contains(s) || left.contains(s)));
        seen |= !gained.is_empty();
    }
    assert!(seen, "no case in which another courier takes over");
    assert_eq!(changes(&Plan::default(), &Plan::default()), vec![]);
}
