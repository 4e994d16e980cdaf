//! From the search's state to a plan with times, and back.

use super::compiled::{Compiled, MUST_SERVE, NONE};
use super::edit::Target;
use super::probe::Probe;
use super::state::{Kept, State};
use crate::plan::{CourierRound, Plan, Trip, Visit};
use crate::units::{Cost, CourierIx, Seconds, SiteIx, StopIx};

/// Fixes departures and writes the plan; `left_out` stays empty for the diagnosis to fill.
pub fn plan(state: &State, min_slack: Seconds) -> Plan {
    let rounds = (0..state.c.couriers.len() as u32).filter(|&k| state.plan.rounds[k as usize].count > 0);
    Plan {
        rounds: rounds.map(|k| round(state, k, min_slack)).collect(),
        left_out: Vec::new(),
        cost: Cost(cost(state.c, &state.plan)),
    }
}

/// The cost as told: stops that must be served have no price there.
pub fn cost(c: &Compiled, plan: &Kept) -> i64 {
    let without_price: i64 = plan.absent.iter().map(|&i| c.stops[i as usize].price).filter(|&p| p == MUST_SERVE).sum();
    plan.cost - without_price
}

/// Leaves at the start of the no-wait interval (planned departure `B - T`): earlier only waits with the food in the box, later
/// makes every door later and eats the slack.
fn round(state: &State, k: u32, min_slack: Seconds) -> CourierRound {
    let c = state.c;
    let courier = &c.couriers[k as usize];
    let legs = &c.legs[courier.legs as usize];
    let mut trips = Vec::new();
    let mut sets_out = courier.opens;
    let mut at_site = courier.opens;
    for t in state.trips_of(k) {
        let trip = &state.plan.trips[t as usize];
        let loading = c.loading_at(trip.site);
        let mut way = 0;
        if trips.is_empty() {
            way = if courier.start == NONE { 0 } else { legs.leg(courier.start, trip.site).time };
            at_site += way;
        }
        let first = trip.segment.h.max(at_site.max(trip.ready) + loading);
        let last = trip.departs.1;
        let spare = i32::try_from(min_slack.0.clamp(0, i64::from(super::FAR))).unwrap_or(0);
        let departs = (trip.segment.b - trip.segment.t).min(last - spare).max(first).min(last);
        if trips.is_empty() {
            sets_out = departs - loading - way;
        }
        let arrives = trip.segment.arrival(departs);
        trips.push(Trip {
            site: SiteIx(trip.site - c.n() as u32),
            departs: seconds(departs),
            slack: seconds(last - departs),
            visits: visits(state, t, departs),
            arrives: seconds(arrives),
        });
        at_site = arrives;
    }
    CourierRound { courier: CourierIx(k), sets_out: seconds(sets_out), trips, ends: seconds(at_site) }
}

fn visits(state: &State, t: u32, departs: i32) -> Vec<Visit> {
    let c = state.c;
    let trip = &state.plan.trips[t as usize];
    let legs = &c.legs[c.couriers[trip.courier as usize].legs as usize];
    let (mut now, mut at) = (departs, trip.site);
    let mut visits = Vec::with_capacity(trip.len as usize);
    for i in state.stops_of(t) {
        let segment = &c.stops[i as usize].segment;
        // A leg carries the service at the node it leaves, so `now` is when the hand-over before began.
        let arrives = now + legs.leg(at, i).time;
        let begins = arrives.max(segment.b);
        let latest = if segment.g < super::FAR { segment.l.min(departs + segment.g) } else { segment.l };
        let stop = StopIx(c.original[i as usize]);
        visits.push(Visit { stop, arrives: seconds(arrives), begins: seconds(begins), slack: seconds(latest - begins) });
        (now, at) = (begins, i);
    }
    visits
}

fn seconds(value: i32) -> Seconds {
    Seconds(i64::from(value))
}

/// Rebuilds a plan in the state. A round that is still feasible is taken over as it is; of another one, every stop that still
/// fits behind the stops before it. The rest stays absent.
pub fn load(state: &mut State, plan: &Plan) {
    for round in &plan.rounds {
        let k = round.courier.at();
        if k >= state.c.couriers.len() || state.plan.rounds[k].count > 0 {
            continue;
        }
        state.begin();
        load_round(state, round, |probe, target| probe.allowed(target));
        if !state.step_is_feasible() {
            state.undo();
            state.begin();
            load_round(state, round, |probe, target| probe.fits(target));
        }
    }
}

fn load_round(state: &mut State, round: &CourierRound, may: impl Fn(Probe, Target) -> bool) {
    let courier = round.courier.0;
    let mut after = NONE;
    for trip in round.trips.iter().filter(|t| t.site.at() < state.c.loading.len()) {
        let site = state.c.site_node(trip.site.at());
        let (mut into, mut behind) = (NONE, NONE);
        for stop in trip.visits.iter().filter_map(|v| state.c.number.get(v.stop.at())).copied() {
            if state.plan.nodes[stop as usize].trip != NONE {
                continue;
            }
            let target = if into == NONE { Target::New { courier, after, site } } else { Target::Into { trip: into, behind } };
            if may(Probe { state, stop }, target) {
                state.insert(stop, target);
                state.plan.absent.retain(|&i| i != stop);
                into = state.plan.nodes[stop as usize].trip;
                behind = stop;
            }
        }
        if into != NONE {
            after = into;
        }
    }
}
