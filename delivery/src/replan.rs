//! Planning again during the day: a late order, a courier gone sick, a batch delayed.
//!
//! What is on the road stays: a trip that has left is taken out of the problem together with its stops, and its courier
//! becomes free when and where that trip ends. The rest starts from the plan at hand, so that nothing is reshuffled without
//! gain. The change is told per courier.

use crate::plan::{CourierRound, Plan, Trip};
use crate::problem::{EndAt, Problem};
use crate::solver::{Settings, Solution, solve};
use crate::units::{CourierIx, Seconds, StopIx};
use crate::validate::{Faults, ValidProblem};
use serde::Serialize;
use std::collections::BTreeSet;

/// The rest of a day: what can still be planned.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The problem without what is on the road. Stops keep their order.
    pub problem: ValidProblem,
    /// For each stop of `problem`, its index in the whole day's problem.
    pub stops: Vec<StopIx>,
    /// The plan at hand without what is on the road, in the indices of `problem`; a start for the search.
    pub start: Plan,
    /// The trips on the road, in the indices of the whole day.
    pub on_the_road: Vec<CourierRound>,
}

/// What changes for one courier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Who.
    pub courier: CourierIx,
    /// Stops that were someone else's or nobody's before.
    pub gained: Vec<StopIx>,
    /// Stops that are someone else's or nobody's now.
    pub lost: Vec<StopIx>,
    /// Stops kept, in another order or another trip.
    pub reordered: bool,
    /// Stops kept whose ETA moves, with the seconds later (negative: earlier).
    pub moved: Vec<(StopIx, Seconds)>,
}

/// Takes out of `day` what has left by `now` under `plan`. `day` may differ from the problem that `plan` was made for: new
/// stops at the end of the list, later batches, shorter shifts, a courier's shift closed. Couriers keep their index.
///
/// A trip is on the road from the moment its loading begins. Trips not yet begun are free to change; none is loaded before
/// `now`. A courier who has set out for the first site goes on to it.
///
/// # Errors
/// The faults of the remaining problem.
pub fn rest_of_day(day: &Problem, plan: &Plan, now: Seconds) -> Result<Rest, Faults> {
    let mut problem = day.clone();
    let mut gone = BTreeSet::new();
    let mut on_the_road = Vec::new();
    let mut start = Plan::default();
    for courier in &mut problem.couriers {
        courier.shift.opens = courier.shift.opens.max(now).min(courier.shift.closes);
    }
    for round in plan.rounds.iter().filter(|r| r.courier.at() < day.couriers.len()) {
        let loads_at = |t: &Trip| t.departs - day.sites.get(t.site.at()).map_or(Seconds(0), |s| s.loading);
        let left = round.trips.iter().take_while(|t| loads_at(t) <= now).count();
        let (road, free) = round.trips.split_at(left);
        if let Some(last) = road.last() {
            gone.extend(road.iter().flat_map(|t| &t.visits).map(|v| v.stop));
            on_the_road.push(CourierRound { trips: road.to_vec(), ends: last.arrives, ..round.clone() });
            release(&mut problem, day, round, left, now);
        } else if let Some(first) = round.trips.first().filter(|_| round.sets_out < now) {
            let courier = &mut problem.couriers[round.courier.at()];
            courier.start = day.sites.get(first.site.at()).map(|s| s.place);
            courier.shift.opens = loads_at(first).max(now).min(courier.shift.closes);
        }
        if !free.is_empty() {
            start.rounds.push(CourierRound { trips: free.to_vec(), ..round.clone() });
        }
    }
    let stops: Vec<StopIx> = (0..day.stops.len()).map(StopIx::from_usize).filter(|s| !gone.contains(s)).collect();
    renumber(&mut problem, &mut start, &stops);
    Ok(Rest { problem: ValidProblem::new(problem)?, stops, start, on_the_road })
}

/// The courier is free again at the end of its last trip on the road.
fn release(problem: &mut Problem, day: &Problem, round: &CourierRound, left: usize, now: Seconds) {
    let Some(last) = round.trips.get(left.saturating_sub(1)) else { return };
    let courier = &mut problem.couriers[round.courier.at()];
    // Where that trip ends: the next site if there is one, else the courier's end; from its last door if it ends there.
    let site_place = |site: crate::units::SiteIx| day.sites.get(site.at()).map(|s| s.place);
    let door = last.visits.last().and_then(|v| day.stops.get(v.stop.at()));
    let (place, mut free) = match (round.trips.get(left), courier.end) {
        (Some(next), _) => (site_place(next.site), last.arrives),
        (None, EndAt::Site) => (site_place(last.site), last.arrives),
        (None, EndAt::Place(place)) => (Some(place), last.arrives),
        (None, EndAt::LastStop) => (door.map(|d| d.place), last.arrives),
    };
    if let (None, EndAt::LastStop, Some(door)) = (round.trips.get(left), courier.end, door) {
        free = free + door.service;
    }
    courier.start = place.or(courier.start);
    courier.max_trips = courier.max_trips.saturating_sub(u32::try_from(left).unwrap_or(u32::MAX));
    courier.shift.opens = free.max(now);
    // Busy to the end of the shift, or no trip left: cannot take anything more today.
    if courier.shift.opens > courier.shift.closes || courier.max_trips == 0 {
        courier.shift.opens = courier.shift.closes;
        courier.max_trips = 1;
        courier.capacity.boxes.0 = 0;
    }
}

/// Stops leave the problem: every index of a stop changes.
fn renumber(problem: &mut Problem, start: &mut Plan, stops: &[StopIx]) {
    let new = |old: StopIx| stops.binary_search(&old).ok().map(StopIx::from_usize);
    problem.stops = stops
        .iter()
        .filter_map(|old| problem.stops.get(old.at()).cloned())
        .map(|mut stop| {
            stop.usual_after = stop.usual_after.and_then(new);
            stop
        })
        .collect();
    problem.apart = problem.apart.iter().filter_map(|&(a, b)| Some((new(a)?, new(b)?))).collect();
    for trip in start.rounds.iter_mut().flat_map(|r| &mut r.trips) {
        trip.visits.retain_mut(|visit| new(visit.stop).map(|stop| visit.stop = stop).is_some());
    }
}

impl Rest {
    /// Plans the rest, starting from the plan at hand. The plan is in the indices of [`Rest::problem`].
    #[must_use]
    pub fn solve(&self, settings: &Settings) -> Solution {
        solve(&self.problem, &Settings { start: Some(&self.start), ..*settings })
    }

    /// A plan of the rest in the whole day's indices, without the trips on the road.
    #[must_use]
    pub fn in_day_indices(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        let old = |stop: StopIx| self.stops.get(stop.at()).copied().unwrap_or(stop);
        for visit in plan.rounds.iter_mut().flat_map(|r| &mut r.trips).flat_map(|t| &mut t.visits) {
            visit.stop = old(visit.stop);
        }
        for left in &mut plan.left_out {
            left.stop = old(left.stop);
        }
        plan
    }
}

/// What changes from one plan to another, per courier; couriers for whom nothing changes are not listed. Both plans in the
/// same indices.
#[must_use]
pub fn changes(before: &Plan, after: &Plan) -> Vec<Change> {
    let couriers: BTreeSet<CourierIx> = before.rounds.iter().chain(&after.rounds).map(|r| r.courier).collect();
    couriers.into_iter().filter_map(|courier| change(courier, before, after)).collect()
}

fn change(courier: CourierIx, before: &Plan, after: &Plan) -> Option<Change> {
    // (stop, trip, ETA) in order.
    let list = |plan: &Plan| -> Vec<(StopIx, usize, Seconds)> {
        let rounds = plan.rounds.iter().filter(|r| r.courier == courier);
        let trips = rounds.flat_map(|r| r.trips.iter().enumerate());
        trips.flat_map(|(number, t)| t.visits.iter().map(move |v| (v.stop, number, v.begins))).collect()
    };
    let (old, new) = (list(before), list(after));
    let missing = |from: &[(StopIx, usize, Seconds)], among: &[(StopIx, usize, Seconds)]| -> Vec<StopIx> {
        from.iter().map(|x| x.0).filter(|s| among.iter().all(|y| y.0 != *s)).collect()
    };
    let (gained, lost) = (missing(&new, &old), missing(&old, &new));
    let kept_old: Vec<_> = old.iter().filter(|x| !lost.contains(&x.0)).collect();
    let kept_new: Vec<_> = new.iter().filter(|x| !gained.contains(&x.0)).collect();
    let reordered = kept_old.iter().zip(&kept_new).any(|(a, b)| a.0 != b.0);
    let moved: Vec<(StopIx, Seconds)> = kept_new
        .iter()
        .filter_map(|n| kept_old.iter().find(|o| o.0 == n.0).map(|o| (n.0, n.2 - o.2)))
        .filter(|m| m.1 != Seconds(0))
        .collect();
    let any = !gained.is_empty() || !lost.is_empty() || reordered || !moved.is_empty();
    any.then_some(Change { courier, gained, lost, reordered, moved })
}
