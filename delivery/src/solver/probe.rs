//! Whether a stop may go to a place, and what that adds to the cost. Constant time each.

use super::compiled::NONE;
use super::edit::Target;
use super::segment::Segment;
use super::state::{State, Trip};

/// Questions about one absent stop.
#[derive(Clone, Copy)]
pub struct Probe<'s, 'a> {
    pub state: &'s State<'a>,
    pub stop: u32,
}

impl Probe<'_, '_> {
    /// Skills and size suit a class of couriers.
    #[inline]
    pub fn suits(&self, class: u32) -> bool {
        let c = self.state.c;
        c.suits[class as usize * c.n() + self.stop as usize]
    }

    /// Everything about the pair of stop and trip that does not depend on the position.
    #[inline]
    pub fn may_join(&self, t: u32) -> bool {
        let c = self.state.c;
        let trip = &self.state.plan.trips[t as usize];
        let load = c.stops[self.stop as usize].load;
        load[0] <= trip.room[0] && load[1] <= trip.room[1] && load[2] <= trip.room[2] && self.may_travel_with(t)
    }

    /// As [`Self::may_join`], capacity aside.
    #[inline]
    pub fn may_travel_with(&self, t: u32) -> bool {
        let c = self.state.c;
        let trip = &self.state.plan.trips[t as usize];
        let site = c.stops[self.stop as usize].site;
        (site == NONE || site == trip.site)
            && self.suits(trip.class)
            && c.apart[self.stop as usize].iter().all(|&other| self.state.plan.nodes[other as usize].trip != t)
    }

    /// The rule of the first stop, for a place between two stops of a trip.
    #[inline]
    pub fn keeps_first(&self, behind: u32, ahead: u32) -> bool {
        let stops = &self.state.c.stops;
        let pushes_back = behind == NONE && ahead != NONE && stops[ahead as usize].first;
        !pushes_back && (behind == NONE || !stops[self.stop as usize].first)
    }

    /// Whether the place between two stops of a trip ([`NONE`]: its site, or its end) keeps the rule of the first stop and is
    /// in time, for the trip and for all trips of its courier. `there` and `onward`: times of the legs to the stop and from it.
    #[inline]
    pub fn is_in_time(&self, trip: &Trip, (behind, ahead): (u32, u32), there: i32, onward: i32) -> bool {
        if !self.keeps_first(behind, ahead) {
            return false;
        }
        let (c, plan) = (self.state.c, &self.state.plan);
        let before = if behind == NONE { Segment::OPEN } else { plan.nodes[behind as usize].before };
        let after = if ahead == NONE { Segment::OPEN } else { plan.nodes[ahead as usize].after };
        let stop = &c.stops[self.stop as usize];
        let begins = (before.b + there).max(stop.segment.b);
        // Both joints by themselves first: most places fail here.
        if begins > stop.segment.l || begins + onward > after.l {
            return false;
        }
        let whole = before.join(there, stop.segment).join(onward, after);
        let ready = trip.at_site.max(trip.ready.max(stop.ready)) + c.loading_at(trip.site);
        whole.departures(ready, trip.back).is_some()
    }

    /// Extra cost of the place between two stops of a trip, if it is below `limit` and [`Self::is_in_time`].
    #[inline]
    pub fn within_trip(&self, trip: &Trip, behind: u32, ahead: u32, limit: i64) -> Option<i64> {
        let (c, plan) = (self.state.c, &self.state.plan);
        let legs = &c.legs[c.couriers[trip.courier as usize].legs as usize];
        let (from, old) = if behind == NONE { (trip.site, trip.leg_cost) } else { (behind, plan.nodes[behind as usize].leg_cost) };
        let to = if ahead == NONE { trip.dest } else { ahead };
        let (there, onward) = (legs.leg(from, self.stop), legs.leg(self.stop, to));
        let extra = i64::from(there.cost) + i64::from(onward.cost) - i64::from(old) + self.state.strange(self.stop, trip.courier);
        (extra < limit && self.is_in_time(trip, (behind, ahead), there.time, onward.time)).then_some(extra)
    }

    /// Extra cost of a trip of its own by courier `k` behind its trip `after` ([`NONE`]: as the first), loaded at a site
    /// node, if it is below `limit` and in time.
    pub fn new_trip(&self, k: u32, after: u32, site: u32, limit: i64) -> Option<i64> {
        let (c, plan) = (self.state.c, &self.state.plan);
        let (courier, round) = (&c.couriers[k as usize], &plan.rounds[k as usize]);
        let legs = &c.legs[courier.legs as usize];
        let later = if after == NONE { round.first } else { plan.trips[after as usize].later };
        let next = (later != NONE).then(|| &plan.trips[later as usize]);
        let dest = next.map_or(if courier.end == NONE { site } else { courier.end }, |trip| trip.site);
        let back = next.map_or(courier.closes, |trip| trip.departs.1 - c.loading_at(trip.site));
        let mut extra = c.trip_cost + if round.count == 0 { c.courier_cost } else { 0 };
        let mut at_site = courier.opens;
        if after != NONE {
            let trip = &plan.trips[after as usize];
            let last = &plan.nodes[trip.last as usize];
            let leg = legs.leg(trip.last, site);
            extra += i64::from(leg.cost) - i64::from(last.leg_cost);
            let whole = last.before.join(leg.time, Segment::OPEN);
            at_site = whole.arrival(trip.departs.0.max(whole.h));
        } else if courier.start != NONE {
            let leg = legs.leg(courier.start, site);
            let old = next.map_or(0, |trip| legs.leg(courier.start, trip.site).cost);
            extra += i64::from(leg.cost) - i64::from(old);
            at_site += leg.time;
        }
        let (there, onward) = (legs.leg(site, self.stop), legs.leg(self.stop, dest));
        extra += i64::from(there.cost) + i64::from(onward.cost) + self.state.strange(self.stop, k);
        if extra >= limit {
            return None;
        }
        let stop = &c.stops[self.stop as usize];
        let ready = at_site.max(stop.ready) + c.loading_at(site);
        let whole = Segment::OPEN.then(there.time, stop.segment)?.then(onward.time, Segment::OPEN)?;
        whole.departures(ready, back).map(|_| extra)
    }

    /// Whether a target is allowed and in time.
    pub fn fits(&self, target: Target) -> bool {
        match target {
            Target::Into { trip: t, behind } => {
                let trip = &self.state.plan.trips[t as usize];
                let ahead = if behind == NONE { trip.first } else { self.state.plan.nodes[behind as usize].next };
                self.may_join(t) && self.within_trip(trip, behind, ahead, i64::MAX).is_some()
            }
            Target::New { courier, after, site } => {
                let data = &self.state.c.couriers[courier as usize];
                let own = self.state.c.stops[self.stop as usize].site;
                self.suits(data.class)
                    && (own == NONE || own == site)
                    && self.state.plan.rounds[courier as usize].count < data.max_trips
                    && self.new_trip(courier, after, site, i64::MAX).is_some()
            }
        }
    }

    /// Whether a target is allowed, times aside.
    pub fn allowed(&self, target: Target) -> bool {
        match target {
            Target::Into { trip: t, behind } => self.may_join(t) && self.keeps_first(behind, NONE),
            Target::New { courier, site, .. } => {
                let data = &self.state.c.couriers[courier as usize];
                let own = self.state.c.stops[self.stop as usize].site;
                self.suits(data.class)
                    && (own == NONE || own == site)
                    && self.state.plan.rounds[courier as usize].count < data.max_trips
            }
        }
    }
}
