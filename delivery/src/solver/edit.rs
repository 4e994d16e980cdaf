//! Changing the plan: putting a stop in, taking stops out, keeping segments, chains and cost true.

use super::compiled::{Leg, NONE};
use super::segment::Segment;
use super::state::{ABSENT, State};

/// Where a stop could go, and what that adds to the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub extra: i64,
    pub target: Target,
}

/// See [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Into a trip, behind this stop ([`NONE`]: first).
    Into { trip: u32, behind: u32 },
    /// As a new trip of this courier, after this trip of its ([`NONE`]: as the first), loaded at this site node.
    New { courier: u32, after: u32, site: u32 },
}

impl State<'_> {
    /// Puts an absent stop in (the caller takes it off the list of absent ones).
    pub fn insert(&mut self, stop: u32, target: Target) {
        self.touch_node(stop);
        self.plan.cost -= self.c.stops[stop as usize].price;
        match target {
            Target::Into { trip, behind } => self.insert_into(stop, trip, behind),
            Target::New { courier, after, site } => self.insert_new(stop, courier, after, site),
        }
    }

    fn insert_into(&mut self, stop: u32, t: u32, behind: u32) {
        self.touch_trip(t);
        let strange = self.strange(stop, self.plan.trips[t as usize].courier);
        let trip = &mut self.plan.trips[t as usize];
        let ahead = if behind == NONE { trip.first } else { self.plan.nodes[behind as usize].next };
        if behind == NONE {
            trip.first = stop;
        } else {
            self.plan.nodes[behind as usize].next = stop;
        }
        if ahead == NONE {
            trip.last = stop;
        } else {
            self.plan.nodes[ahead as usize].prev = stop;
        }
        trip.len += 1;
        let data = &self.c.stops[stop as usize];
        for (room, less) in trip.room.iter_mut().zip(data.load) {
            *room -= less;
        }
        trip.ready = trip.ready.max(data.ready);
        self.plan.cost += strange;
        let node = &mut self.plan.nodes[stop as usize];
        (node.prev, node.next, node.trip) = (behind, ahead, t);
        let trip = &mut self.plan.trips[t as usize];
        trip.cost += strange;
        self.relink(t, behind);
        self.relink(t, stop);
        self.renew_before(t, stop);
        self.renew_after(t, stop);
        let courier = self.plan.trips[t as usize].courier;
        self.renew_round(courier);
    }

    fn insert_new(&mut self, stop: u32, k: u32, after: u32, site: u32) {
        self.touch_round(k);
        let Some(t) = self.unearth() else { return };
        let later = if after == NONE { self.plan.rounds[k as usize].first } else { self.plan.trips[after as usize].later };
        let round = &mut self.plan.rounds[k as usize];
        round.count += 1;
        if after == NONE {
            round.first = t;
        }
        if later == NONE {
            round.last = t;
        }
        if after != NONE {
            self.plan.trips[after as usize].later = t;
        }
        if later != NONE {
            self.plan.trips[later as usize].earlier = t;
        }
        let data = &self.c.stops[stop as usize];
        let strange = self.strange(stop, k);
        let trip = &mut self.plan.trips[t as usize];
        (trip.courier, trip.site, trip.earlier, trip.later) = (k, site, after, later);
        (trip.first, trip.last, trip.len) = (stop, stop, 1);
        (trip.ready, trip.cost) = (data.ready, strange);
        trip.class = self.c.couriers[k as usize].class;
        trip.room = self.c.couriers[k as usize].capacity;
        for (room, less) in trip.room.iter_mut().zip(data.load) {
            *room -= less;
        }
        let node = &mut self.plan.nodes[stop as usize];
        (node.prev, node.next, node.trip) = (NONE, NONE, t);
        self.plan.cost += strange + self.c.trip_cost;
        let dest = self.destination(t);
        self.plan.trips[t as usize].dest = dest;
        self.relink(t, NONE);
        self.relink(t, stop);
        self.renew_before(t, stop);
        self.renew_after(t, stop);
        if after != NONE {
            self.redirect(after);
        }
        self.mark_idle(k, false);
        self.renew_round_cost(k);
        self.renew_round(k);
    }

    /// Takes stops of one trip out and lists them as absent. The trip disappears when none is left.
    pub fn remove(&mut self, t: u32, stops: &[u32]) {
        self.touch_trip(t);
        let mut ready_changes = false;
        for &stop in stops {
            let node = self.plan.nodes[stop as usize];
            let data = &self.c.stops[stop as usize];
            let trip = &mut self.plan.trips[t as usize];
            if node.prev == NONE {
                trip.first = node.next;
            } else {
                self.plan.nodes[node.prev as usize].next = node.next;
            }
            if node.next == NONE {
                trip.last = node.prev;
            } else {
                self.plan.nodes[node.next as usize].prev = node.prev;
            }
            trip.len -= 1;
            ready_changes |= data.ready == trip.ready;
            for (room, more) in trip.room.iter_mut().zip(data.load) {
                *room += more;
            }
            let off = self.strange(stop, self.plan.trips[t as usize].courier) + i64::from(node.leg_cost);
            self.plan.trips[t as usize].cost -= off;
            self.plan.cost += data.price - off;
            let node = &mut self.plan.nodes[stop as usize];
            let prev = node.prev;
            (node.trip, node.leg_in, node.leg_cost) = (NONE, 0, 0);
            self.plan.sides[2 * stop as usize..2 * stop as usize + 2].fill(ABSENT);
            self.plan.absent.push(stop);
            self.relink(t, prev);
        }
        if self.plan.trips[t as usize].len == 0 {
            self.dissolve(t);
            return;
        }
        if ready_changes {
            let ready = self.stops_of(t).map(|i| self.c.stops[i as usize].ready).max().unwrap_or(0);
            self.plan.trips[t as usize].ready = ready;
        }
        let (first, last) = (self.plan.trips[t as usize].first, self.plan.trips[t as usize].last);
        self.renew_before(t, first);
        self.renew_after(t, last);
        self.renew_round(self.plan.trips[t as usize].courier);
    }

    fn dissolve(&mut self, t: u32) {
        let trip = self.plan.trips[t as usize];
        self.plan.cost -= trip.cost + self.c.trip_cost;
        let round = &mut self.plan.rounds[trip.courier as usize];
        round.count -= 1;
        if trip.earlier == NONE {
            round.first = trip.later;
        } else {
            self.plan.trips[trip.earlier as usize].later = trip.later;
        }
        if trip.later == NONE {
            self.plan.rounds[trip.courier as usize].last = trip.earlier;
        } else {
            self.plan.trips[trip.later as usize].earlier = trip.earlier;
        }
        self.bury(t);
        if trip.earlier != NONE {
            self.redirect(trip.earlier);
        }
        let idle = self.plan.rounds[trip.courier as usize].count == 0;
        self.mark_idle(trip.courier, idle);
        self.renew_round_cost(trip.courier);
        self.renew_round(trip.courier);
    }

    /// Two couriers of one class exchange what comes after a trip of theirs ([`NONE`]: all their trips). It hardly changes
    /// the cost and opens other combinations of early and late trips, which taking strings of stops alone rarely finds.
    pub fn exchange_tails(&mut self, (k1, after1): (u32, u32), (k2, after2): (u32, u32)) {
        self.touch_round(k1);
        self.touch_round(k2);
        let tail = |state: &Self, k: u32, after: u32| {
            let round = state.plan.rounds[k as usize];
            let first = if after == NONE { round.first } else { state.plan.trips[after as usize].later };
            (first, if first == NONE { NONE } else { round.last })
        };
        let (tail1, tail2) = (tail(self, k1, after1), tail(self, k2, after2));
        for (k, after, (first, last)) in [(k1, after1, tail2), (k2, after2, tail1)] {
            if after == NONE {
                self.plan.rounds[k as usize].first = first;
            } else {
                self.plan.trips[after as usize].later = first;
            }
            if first != NONE {
                self.plan.trips[first as usize].earlier = after;
            }
            self.plan.rounds[k as usize].last = if last == NONE { after } else { last };
        }
        for (k, after) in [(k1, after1), (k2, after2)] {
            let mut count = 0;
            let mut t = self.plan.rounds[k as usize].first;
            while t != NONE {
                self.plan.trips[t as usize].courier = k;
                count += 1;
                t = self.plan.trips[t as usize].later;
            }
            self.plan.rounds[k as usize].count = count;
            let last = self.plan.rounds[k as usize].last;
            for t in [after, last].into_iter().filter(|&t| t != NONE) {
                self.redirect(t);
            }
            self.mark_idle(k, count == 0);
            self.renew_round_cost(k);
            self.renew_round(k);
        }
    }

    /// What serving a stop by a courier other than its usual one costs.
    #[inline]
    pub fn strange(&self, stop: u32, courier: u32) -> i64 {
        let usual = self.c.stops[stop as usize].usual_courier;
        if usual == NONE || usual == courier { 0 } else { self.c.strange_courier }
    }

    /// The node reached after a trip's last stop.
    fn destination(&self, t: u32) -> u32 {
        let trip = &self.plan.trips[t as usize];
        if trip.later != NONE {
            return self.plan.trips[trip.later as usize].site;
        }
        let end = self.c.couriers[trip.courier as usize].end;
        if end == NONE { trip.site } else { end }
    }

    /// Follows a change of what comes after a trip.
    fn redirect(&mut self, t: u32) {
        let dest = self.destination(t);
        let trip = &mut self.plan.trips[t as usize];
        if trip.dest != dest {
            trip.dest = dest;
            let last = trip.last;
            self.relink(t, last);
            self.renew_after(t, last);
        }
    }

    /// Counts the leg that follows a stop of a trip ([`NONE`]: the site) anew. The only place where legs are looked up.
    fn relink(&mut self, t: u32, behind: u32) {
        let trip = &mut self.plan.trips[t as usize];
        let legs = &self.c.legs[self.c.couriers[trip.courier as usize].legs as usize];
        let follower = |next: u32| if next == NONE { trip.dest } else { next };
        let delta;
        if behind == NONE {
            // An emptied trip has no first leg: it is about to be dissolved.
            let leg = if trip.first == NONE { Leg::default() } else { legs.leg(trip.site, trip.first) };
            delta = i64::from(leg.cost) - i64::from(trip.leg_cost);
            (trip.leg_cost, trip.leg_time) = (leg.cost, leg.time);
            if trip.first != NONE {
                self.plan.nodes[trip.first as usize].leg_in = leg.cost;
                self.plan.sides[2 * trip.first as usize + 1] = leg.cost;
            }
        } else {
            let node = &mut self.plan.nodes[behind as usize];
            let (next, leg) = (node.next, legs.leg(behind, follower(node.next)));
            delta = i64::from(leg.cost) - i64::from(node.leg_cost);
            (node.leg_cost, node.leg_time) = (leg.cost, leg.time);
            self.plan.sides[2 * behind as usize] = leg.cost;
            if next != NONE {
                self.plan.nodes[next as usize].leg_in = leg.cost;
                self.plan.sides[2 * next as usize + 1] = leg.cost;
            }
        }
        trip.cost += delta;
        self.plan.cost += delta;
    }

    /// Segments from the site, from this stop on.
    fn renew_before(&mut self, t: u32, from: u32) {
        let trip = &self.plan.trips[t as usize];
        let prev = self.plan.nodes[from as usize].prev;
        let (mut gap, mut segment, mut in_time) = (trip.leg_time, Segment::OPEN, true);
        if prev != NONE {
            let node = &self.plan.nodes[prev as usize];
            (gap, segment, in_time) = (node.leg_time, node.before, trip.in_time);
        }
        let mut i = from;
        while i != NONE {
            let stop = self.c.stops[i as usize].segment;
            in_time &= segment.b + gap <= stop.l;
            segment = segment.join(gap, stop);
            let node = &mut self.plan.nodes[i as usize];
            node.before = segment;
            gap = node.leg_time;
            i = node.next;
        }
        self.plan.trips[t as usize].in_time = in_time;
    }

    /// Segments to the end, from this stop back to the first; the trip's own segment.
    fn renew_after(&mut self, t: u32, from: u32) {
        let next = self.plan.nodes[from as usize].next;
        let mut segment = if next == NONE { Segment::OPEN } else { self.plan.nodes[next as usize].after };
        let mut i = from;
        while i != NONE {
            let node = &mut self.plan.nodes[i as usize];
            segment = self.c.stops[i as usize].segment.join(node.leg_time, segment);
            node.after = segment;
            i = node.prev;
        }
        let trip = &mut self.plan.trips[t as usize];
        trip.segment = Segment::OPEN.join(trip.leg_time, segment);
    }

    fn renew_round_cost(&mut self, k: u32) {
        let first = self.plan.rounds[k as usize].first;
        let courier = &self.c.couriers[k as usize];
        let mut cost = 0;
        if first != NONE {
            cost = self.c.courier_cost;
            if courier.start != NONE {
                let site = self.plan.trips[first as usize].site;
                cost += i64::from(self.c.legs[courier.legs as usize].leg(courier.start, site).cost);
            }
        }
        let round = &mut self.plan.rounds[k as usize];
        self.plan.cost += cost - round.cost;
        round.cost = cost;
    }

    /// Earliest times forward and latest times backward along a courier's trips.
    pub fn renew_round(&mut self, k: u32) {
        let courier = &self.c.couriers[k as usize];
        let round = self.plan.rounds[k as usize];
        let mut back = courier.closes;
        let mut t = round.last;
        while t != NONE {
            let loading = self.c.loading_at(self.plan.trips[t as usize].site);
            let trip = &mut self.plan.trips[t as usize];
            trip.back = back;
            trip.departs.1 = trip.segment.l.min(back - trip.segment.t);
            back = trip.departs.1 - loading;
            t = trip.earlier;
        }
        let mut now = courier.opens;
        if courier.start != NONE && round.first != NONE {
            let site = self.plan.trips[round.first as usize].site;
            now += self.c.legs[courier.legs as usize].leg(courier.start, site).time;
        }
        t = round.first;
        while t != NONE {
            let loading = self.c.loading_at(self.plan.trips[t as usize].site);
            let trip = &mut self.plan.trips[t as usize];
            trip.at_site = now;
            trip.departs.0 = trip.segment.h.max(now.max(trip.ready) + loading);
            trip.feasible = trip.in_time && trip.segment.g >= 0 && trip.segment.b <= trip.back && trip.departs.0 <= trip.departs.1;
            now = trip.segment.arrival(trip.departs.0);
            trip.arrives = now;
            t = trip.later;
        }
    }
}
