//! The segment arithmetic against brute force, and the state against itself.

use super::compiled::{Compiled, NONE};
use super::number::Random;
use super::recreate::Recreate;
use super::ruin::Ruin;
use super::segment::{FAR, Segment};
use super::state::{ABSENT, State};
use crate::instance;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
struct Door {
    opens: i32,
    width: i32,
    limit: Option<i32>,
    gap: i32,
}

fn door() -> impl Strategy<Value = Door> {
    (0..60i32, 0..40i32, proptest::option::of(0..50i32), 0..15i32).prop_map(|(opens, width, limit, gap)| Door {
        opens,
        width,
        limit,
        gap,
    })
}

/// Drives the trip second by second of departure: the end if in time.
fn drive(doors: &[Door], departs: i32, home: i32, back: i32) -> Option<i32> {
    let mut now = departs;
    for door in doors {
        now = (now + door.gap).max(door.opens);
        if now > door.opens + door.width || door.limit.is_some_and(|limit| now - departs > limit) {
            return None;
        }
    }
    (now + home <= back).then_some(now + home)
}

fn join(doors: &[Door], split: usize) -> Option<Segment> {
    let one = |d: &Door| Segment::stop(d.opens, d.opens + d.width, d.limit.unwrap_or(FAR));
    // Joined as two halves, since joining is associative and insertion relies on it.
    let run = |doors: &[Door]| {
        let mut doors = doors.iter();
        let first = doors.next().map(one)?;
        doors.try_fold(first, |segment, d| segment.then(d.gap, one(d)))
    };
    let (left, right) = doors.split_at(split.clamp(1, doors.len()));
    let left = Segment::OPEN.then(doors[0].gap, run(left)?)?;
    if right.is_empty() { Some(left) } else { left.then(right[0].gap, run(right)?) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn segments_say_what_driving_finds(
        doors in proptest::collection::vec(door(), 1..6),
        split in 0usize..6,
        home in 0..20i32,
        early in 0..60i32,
        back in 20..150i32,
    ) {
        let whole = join(&doors, split).and_then(|s| s.then(home, Segment::OPEN));
        let told = whole.and_then(|s| s.departures(early, back).map(|d| (s, d)));
        let found: Vec<(i32, i32)> =
            (early..160).filter_map(|departs| drive(&doors, departs, home, back).map(|end| (departs, end))).collect();
        match told {
            None => prop_assert!(found.is_empty(), "{found:?}"),
            Some((segment, (first, last))) => {
                prop_assert_eq!(found.first().map(|f| f.0), Some(first));
                prop_assert_eq!(found.last().map(|f| f.0), Some(last));
                for (departs, end) in found {
                    prop_assert_eq!(segment.arrival(departs), end);
                }
            }
        }
    }
}

/// A small file of the multi-trip set's shape, made up here.
pub const SMALL: &str = "NAME: small\nTYPE: MTVRPTWR\nEDGE_WEIGHT_TYPE: EUC_2D\nDIMENSION: 9\nVEHICLES: 2\nCAPACITY: 20\n\
SERVICE_TIME: 5\nNODE_COORD_SECTION\n1 50 50\n2 40 40\n3 60 60\n4 20 50\n5 50 20\n6 80 50\n7 50 80\n8 45 60\n9 70 30\n\
DEMAND_SECTION\n1 0\n2 10\n3 10\n4 5\n5 5\n6 10\n7 10\n8 5\n9 5\nTIME_WINDOW_SECTION\n1 0 600\n2 0 300\n3 50 400\n4 0 500\n\
5 100 600\n6 0 600\n7 200 500\n8 0 600\n9 0 600\nRELEASE_TIME_SECTION\n1 0\n2 0\n3 30\n4 0\n5 60\n6 0\n7 150\n8 0\n9 0\n\
DEPOT_SECTION\n1\n-1\nEOF\n";

#[test]
fn taking_a_step_back_restores_everything() {
    let instance = instance::read(SMALL).unwrap();
    let compiled = Compiled::new(&instance.problem);
    let mut state = State::new(&compiled);
    let mut random = Random::new(7, 0);
    let (mut ruin, mut recreate) = (Ruin::new(), Recreate::new(&state));
    let picture = |state: &State| {
        let rounds: Vec<Vec<Vec<u32>>> = (0..2).map(|k| state.trips_of(k).map(|t| state.stops_of(t).collect()).collect()).collect();
        let mut absent = state.plan.absent.clone();
        absent.sort_unstable();
        let live = state.plan.live.len() + state.plan.free.len();
        (rounds, absent, live, state.plan.cost, (0..1).map(|c| state.first_idle(c)).collect::<Vec<_>>())
    };
    for step in 0..3000 {
        let before = picture(&state);
        state.begin();
        if let (true, [one, .., other]) = (step % 4 == 1, &state.plan.live[..]) {
            let (one, other) = (state.plan.trips[*one as usize], state.plan.trips[*other as usize]);
            if one.courier != other.courier {
                state.exchange_tails((one.courier, one.earlier), (other.courier, other.earlier));
            }
            if !state.step_is_feasible() {
                state.undo();
                assert_eq!(picture(&state), before, "exchange in step {step}");
                state.begin();
            }
        }
        ruin.run(&mut state, &mut random);
        recreate.run(&mut state, &mut random, i64::MAX);
        if step % 3 != 0 {
            state.undo();
            assert_eq!(picture(&state), before, "step {step}");
        }
        assert_true_sums(&mut state);
    }
}

/// Running sums and segments equal those counted anew.
fn assert_true_sums(state: &mut State) {
    let c = state.c;
    let mut cost: i64 = state.plan.absent.iter().map(|&i| c.stops[i as usize].price).sum();
    for k in 0..c.couriers.len() as u32 {
        let legs = &c.legs[0];
        let depot = c.site_node(0);
        for t in state.trips_of(k).collect::<Vec<_>>() {
            let trip = state.plan.trips[t as usize];
            let (mut at, mut segment, mut own, mut load, mut ready) = (depot, Segment::OPEN, 0, 0, 0);
            for i in state.stops_of(t) {
                let leg = legs.leg(at, i);
                own += i64::from(leg.cost);
                segment = segment.join(leg.time, c.stops[i as usize].segment);
                assert_eq!((state.plan.nodes[i as usize].before, state.plan.nodes[i as usize].leg_in), (segment, leg.cost));
                load += c.stops[i as usize].load[0];
                ready = ready.max(c.stops[i as usize].ready);
                at = i;
            }
            let leg = legs.leg(at, depot);
            own += i64::from(leg.cost);
            segment = segment.join(leg.time, Segment::OPEN);
            assert_eq!(
                (trip.segment, trip.cost, trip.ready, trip.room[0]),
                (segment, own, ready, c.couriers[k as usize].capacity[0] - load)
            );
            assert!(trip.in_time && trip.feasible);
            cost += own;
        }
    }
    assert_eq!(cost, state.plan.cost);
    for (node, sides) in state.plan.nodes.iter().zip(state.plan.sides.chunks(2)) {
        let legs = if node.trip == NONE { [ABSENT; 2] } else { [node.leg_cost, node.leg_in] };
        assert_eq!(sides, legs);
    }
}
