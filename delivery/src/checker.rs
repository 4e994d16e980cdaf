//! The independent checker: walks through a plan step by step and reports everything that is wrong with it.
//!
//! It shares no code with the solver on purpose (not even the segment arithmetic): every number is recomputed from the
//! [`Problem`] by plain simulation, so that a mistake in the solver cannot hide itself. It is slow by design and says all.

use crate::plan::{CourierRound, Plan, Trip};
use crate::problem::{Courier, EndAt, Problem, Stop};
use crate::units::{Cost, CourierIx, PlaceIx, Seconds, StopIx};
use crate::validate::ValidProblem;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One thing wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields repeat the names of the plan and the problem")]
pub enum Violation {
    /// An index of the plan does not exist in the problem.
    Unknown { what: String },
    /// A courier appears in two rounds.
    CourierTwice { courier: CourierIx },
    /// A round without trips, or a trip without stops.
    Empty { courier: CourierIx },
    /// More trips than the courier may make.
    TooManyTrips { courier: CourierIx, trips: usize, most: u32 },
    /// A stop is visited, or listed as left out, more than once altogether.
    Repeated { stop: StopIx },
    /// A stop is neither visited nor listed as left out.
    Forgotten { stop: StopIx },
    /// More boxes in a trip than fit (`compartment`: all, hot or cold).
    Overloaded { courier: CourierIx, trip: usize, compartment: String, load: u64, capacity: u64 },
    /// The stop's meal is loaded at another site.
    WrongSite { stop: StopIx },
    /// The courier lacks a skill.
    LacksSkill { courier: CourierIx, stop: StopIx, skill: String },
    /// Must be first in its trip and is not.
    NotFirst { stop: StopIx },
    /// Two stops that must be kept apart share a trip.
    NotApart { stops: (StopIx, StopIx) },
    /// There is no way between two consecutive places.
    NoWay { courier: CourierIx, from: PlaceIx, to: PlaceIx },
    /// Sets out before the shift begins, or ends after it.
    OutsideShift { courier: CourierIx, time: Seconds },
    /// Leaves the site before it can: not there yet, batch not ready, or not loaded.
    LeavesTooEarly { courier: CourierIx, trip: usize, departs: Seconds, earliest: Seconds },
    /// A time in the plan is not what travelling and serving give.
    WrongTime { courier: CourierIx, what: String, planned: Seconds, real: Seconds },
    /// The hand-over begins before the window opens.
    TooEarly { stop: StopIx, begins: Seconds, opens: Seconds },
    /// The hand-over begins after the window closes.
    TooLate { stop: StopIx, begins: Seconds, closes: Seconds },
    /// The hand-over begins after the meal's holding limit from cooking.
    TooOld { stop: StopIx, begins: Seconds, eat_by: Seconds },
    /// The meal is longer under way than it may be.
    TooLongUnderWay { stop: StopIx, took: Seconds, limit: Seconds },
    /// The slack told is not the slack there is.
    WrongSlack { courier: CourierIx, what: String, planned: Seconds, real: Seconds },
    /// The plan's cost is not what the weights give.
    WrongCost { planned: Cost, real: Cost },
}

/// Verifies `plan` against `problem`: all violations, none if the plan may be used.
#[must_use]
pub fn violations(problem: &ValidProblem, plan: &Plan) -> Vec<Violation> {
    let mut check = Check { problem: problem.get(), found: Vec::new() };
    check.indices(plan);
    if !check.found.is_empty() {
        return check.found;
    }
    check.completeness(plan);
    for round in &plan.rounds {
        check.round(round);
    }
    let real = cost(problem.get(), plan);
    if real != plan.cost {
        check.found.push(Violation::WrongCost { planned: plan.cost, real });
    }
    check.found
}

/// The objective of a plan whose indices exist, recomputed leg by leg.
fn cost(problem: &Problem, plan: &Plan) -> Cost {
    let weights = &problem.weights;
    let mut total: i64 = 0;
    for round in &plan.rounds {
        let Some(courier) = problem.couriers.get(round.courier.at()) else { continue };
        total += weights.courier + weights.trip * i64::try_from(round.trips.len()).unwrap_or(i64::MAX);
        for (from, to) in legs(problem, courier, round) {
            let matrix = &problem.matrices[courier.matrix.at()];
            total += weights.metre * matrix.metres(from, to).unwrap_or_default().0;
            total += weights.second * matrix.seconds(from, to).unwrap_or_default().0;
        }
        for trip in &round.trips {
            let mut before = None;
            for visit in &trip.visits {
                let stop = &problem.stops[visit.stop.at()];
                if stop.usual_courier.is_some_and(|usual| usual != round.courier) {
                    total += weights.strange_courier;
                }
                if stop.usual_after.is_some() && stop.usual_after != before {
                    total += weights.strange_order;
                }
                before = Some(visit.stop);
            }
        }
    }
    total += plan.left_out.iter().filter_map(|l| problem.stops[l.stop.at()].price).map(|p| p.0).sum::<i64>();
    Cost(total)
}

/// All consecutive pairs of places of a round.
fn legs(problem: &Problem, courier: &Courier, round: &CourierRound) -> Vec<(PlaceIx, PlaceIx)> {
    let mut way: Vec<PlaceIx> = courier.start.into_iter().collect();
    for trip in &round.trips {
        way.push(problem.sites[trip.site.at()].place);
        way.extend(trip.visits.iter().map(|v| problem.stops[v.stop.at()].place));
    }
    match (courier.end, round.trips.last()) {
        (EndAt::Site, Some(last)) => way.push(problem.sites[last.site.at()].place),
        (EndAt::Place(place), _) => way.push(place),
        _ => {}
    }
    way.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

struct Check<'a> {
    problem: &'a Problem,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn indices(&mut self, plan: &Plan) {
        let problem = self.problem;
        for round in &plan.rounds {
            if round.courier.at() >= problem.couriers.len() {
                self.found.push(Violation::Unknown { what: format!("courier {}", round.courier.0) });
            }
            for trip in &round.trips {
                if trip.site.at() >= problem.sites.len() {
                    self.found.push(Violation::Unknown { what: format!("site {}", trip.site.0) });
                }
            }
        }
        let visited = plan.rounds.iter().flat_map(|r| &r.trips).flat_map(|t| &t.visits).map(|v| v.stop);
        for stop in visited.chain(plan.left_out.iter().map(|l| l.stop)) {
            if stop.at() >= problem.stops.len() {
                self.found.push(Violation::Unknown { what: format!("stop {}", stop.0) });
            }
        }
    }

    fn completeness(&mut self, plan: &Plan) {
        let mut times: BTreeMap<StopIx, u32> = BTreeMap::new();
        let visited = plan.rounds.iter().flat_map(|r| &r.trips).flat_map(|t| &t.visits).map(|v| v.stop);
        for stop in visited.chain(plan.left_out.iter().map(|l| l.stop)) {
            *times.entry(stop).or_default() += 1;
        }
        for i in 0..self.problem.stops.len() {
            let stop = StopIx::from_usize(i);
            match times.get(&stop) {
                None => self.found.push(Violation::Forgotten { stop }),
                Some(1) => {}
                Some(_) => self.found.push(Violation::Repeated { stop }),
            }
        }
        let mut seen = BTreeSet::new();
        for round in &plan.rounds {
            if !seen.insert(round.courier) {
                self.found.push(Violation::CourierTwice { courier: round.courier });
            }
        }
    }

    fn round(&mut self, round: &CourierRound) {
        let courier = &self.problem.couriers[round.courier.at()];
        if round.trips.is_empty() || round.trips.iter().any(|t| t.visits.is_empty()) {
            self.found.push(Violation::Empty { courier: round.courier });
            return;
        }
        if round.trips.len() > courier.max_trips as usize {
            let trips = round.trips.len();
            self.found.push(Violation::TooManyTrips { courier: round.courier, trips, most: courier.max_trips });
        }
        if round.sets_out < courier.shift.opens {
            self.found.push(Violation::OutsideShift { courier: round.courier, time: round.sets_out });
        }
        let mut now = round.sets_out;
        let mut here = courier.start;
        for (number, trip) in round.trips.iter().enumerate() {
            let site = &self.problem.sites[trip.site.at()];
            if let (0, Some(start)) = (number, here) {
                now = now + self.travel(round.courier, start, site.place);
            }
            self.contents(round.courier, number, trip);
            let next = round.trips.get(number + 1).map(|t| self.problem.sites[t.site.at()].place);
            let end = match courier.end {
                EndAt::Site => Some(site.place),
                EndAt::LastStop => None,
                EndAt::Place(place) => Some(place),
            };
            now = self.trip(round.courier, number, trip, now, next.or(end));
            here = next;
        }
        self.same(round.courier, "end of the round", round.ends, now);
        if now > courier.shift.closes {
            self.found.push(Violation::OutsideShift { courier: round.courier, time: now });
        }
        self.trip_slacks(round);
    }

    /// Drives one trip from the moment the courier is at the site; returns when it arrives at the next place.
    fn trip(&mut self, who: CourierIx, number: usize, trip: &Trip, at_site: Seconds, to: Option<PlaceIx>) -> Seconds {
        let site = &self.problem.sites[trip.site.at()];
        let ready = trip.visits.iter().map(|v| self.problem.stops[v.stop.at()].ready_at).max().unwrap_or_default();
        let earliest = at_site.max(ready) + site.loading;
        if trip.departs < earliest {
            self.found.push(Violation::LeavesTooEarly { courier: who, trip: number, departs: trip.departs, earliest });
        }
        let mut now = trip.departs;
        let mut here = site.place;
        for visit in &trip.visits {
            let stop = &self.problem.stops[visit.stop.at()];
            now = now + self.travel(who, here, stop.place);
            self.same(who, "arrival at a door", visit.arrives, now);
            now = now.max(stop.window.opens);
            self.same(who, "beginning of a hand-over", visit.begins, now);
            self.door(visit.stop, stop, trip.departs, now);
            let latest = latest_beginning(stop, trip.departs);
            if visit.slack != latest - now {
                let what = format!("stop {}", visit.stop.0);
                self.found.push(Violation::WrongSlack { courier: who, what, planned: visit.slack, real: latest - now });
            }
            now = now + stop.service;
            here = stop.place;
        }
        if let Some(to) = to {
            now = now + self.travel(who, here, to);
        }
        self.same(who, "return from a trip", trip.arrives, now);
        now
    }

    fn door(&mut self, ix: StopIx, stop: &Stop, departs: Seconds, begins: Seconds) {
        if begins < stop.window.opens {
            self.found.push(Violation::TooEarly { stop: ix, begins, opens: stop.window.opens });
        }
        if begins > stop.window.closes {
            self.found.push(Violation::TooLate { stop: ix, begins, closes: stop.window.closes });
        }
        if let Some(eat_by) = stop.holding.eat_by.filter(|&limit| begins > limit) {
            self.found.push(Violation::TooOld { stop: ix, begins, eat_by });
        }
        let took = begins - departs;
        if let Some(limit) = stop.holding.from_departure.filter(|&limit| took > limit) {
            self.found.push(Violation::TooLongUnderWay { stop: ix, took, limit });
        }
    }

    /// Load, skills, site, first, apart.
    fn contents(&mut self, who: CourierIx, number: usize, trip: &Trip) {
        let courier = &self.problem.couriers[who.at()];
        let stops: Vec<&Stop> = trip.visits.iter().map(|v| &self.problem.stops[v.stop.at()]).collect();
        let sum = |count: fn(&Stop) -> u32| stops.iter().map(|s| u64::from(count(s))).sum::<u64>();
        for (compartment, load, capacity) in [
            ("all", sum(|s| s.load.boxes.0), Some(courier.capacity.boxes)),
            ("hot", sum(|s| s.load.hot.0), courier.capacity.hot),
            ("cold", sum(|s| s.load.cold.0), courier.capacity.cold),
        ] {
            if let Some(capacity) = capacity.map(|c| u64::from(c.0)).filter(|&c| load > c) {
                let compartment = compartment.to_owned();
                self.found.push(Violation::Overloaded { courier: who, trip: number, compartment, load, capacity });
            }
        }
        for (position, (visit, stop)) in trip.visits.iter().zip(&stops).enumerate() {
            if stop.site.is_some_and(|site| site != trip.site) {
                self.found.push(Violation::WrongSite { stop: visit.stop });
            }
            for skill in stop.skills.iter().filter(|s| !courier.skills.contains(s)) {
                self.found.push(Violation::LacksSkill { courier: who, stop: visit.stop, skill: skill.clone() });
            }
            if stop.first && position > 0 {
                self.found.push(Violation::NotFirst { stop: visit.stop });
            }
        }
        let carried: BTreeSet<StopIx> = trip.visits.iter().map(|v| v.stop).collect();
        for &(a, b) in &self.problem.apart {
            if carried.contains(&a) && carried.contains(&b) {
                self.found.push(Violation::NotApart { stops: (a, b) });
            }
        }
    }

    /// A trip's slack promises: leaving that much later is still in time, one second more is not.
    fn trip_slacks(&mut self, round: &CourierRound) {
        for (number, trip) in round.trips.iter().enumerate() {
            let told = trip.slack.0;
            if told < 0 || !self.in_time(round, number, told) || self.in_time(round, number, told + 1) {
                let what = format!("departure of trip {number}: later by this is not the limit");
                self.found.push(Violation::WrongSlack { courier: round.courier, what, planned: trip.slack, real: Seconds(0) });
            }
        }
    }

    /// Whether everything from this trip on is in time when it leaves `later` seconds later, and every later trip as soon
    /// as it can (but not before its own earliest useful departure, which the plan's own departure is a witness of).
    fn in_time(&self, round: &CourierRound, number: usize, later: i64) -> bool {
        let courier = &self.problem.couriers[round.courier.at()];
        let mut departs = round.trips[number].departs + Seconds(later);
        let mut rest = round.trips[number..].iter().peekable();
        while let Some(trip) = rest.next() {
            let site = &self.problem.sites[trip.site.at()];
            let (mut now, mut here) = (departs, site.place);
            for visit in &trip.visits {
                let stop = &self.problem.stops[visit.stop.at()];
                now = (now + self.quiet_travel(courier, here, stop.place)).max(stop.window.opens);
                if now > latest_beginning(stop, departs) {
                    return false;
                }
                now = now + stop.service;
                here = stop.place;
            }
            let next = rest.peek().map(|t| &self.problem.sites[t.site.at()]);
            let to = match (next, courier.end) {
                (Some(next), _) => Some(next.place),
                (None, EndAt::Site) => Some(site.place),
                (None, EndAt::LastStop) => None,
                (None, EndAt::Place(place)) => Some(place),
            };
            now = now + to.map_or(Seconds(0), |to| self.quiet_travel(courier, here, to));
            if let (Some(trip), Some(site)) = (rest.peek(), next) {
                departs = trip.departs.max(now + site.loading);
            }
            if rest.peek().is_none() && now > courier.shift.closes {
                return false;
            }
        }
        true
    }

    fn quiet_travel(&self, courier: &Courier, from: PlaceIx, to: PlaceIx) -> Seconds {
        let matrix = &self.problem.matrices[courier.matrix.at()];
        // Without a way the plan is refused elsewhere; a day keeps the sum far from any window.
        matrix.seconds(from, to).unwrap_or(Seconds(86_400))
    }

    fn travel(&mut self, who: CourierIx, from: PlaceIx, to: PlaceIx) -> Seconds {
        let matrix = &self.problem.matrices[self.problem.couriers[who.at()].matrix.at()];
        matrix.seconds(from, to).unwrap_or_else(|| {
            self.found.push(Violation::NoWay { courier: who, from, to });
            Seconds(0)
        })
    }

    fn same(&mut self, courier: CourierIx, what: &str, planned: Seconds, real: Seconds) {
        if planned != real {
            self.found.push(Violation::WrongTime { courier, what: what.to_owned(), planned, real });
        }
    }
}

/// The last moment the hand-over may begin, for a trip that left at `departs`.
fn latest_beginning(stop: &Stop, departs: Seconds) -> Seconds {
    let mut latest = stop.window.closes;
    if let Some(eat_by) = stop.holding.eat_by {
        latest = latest.min(eat_by);
    }
    if let Some(limit) = stop.holding.from_departure {
        latest = latest.min(departs + limit);
    }
    latest
}
