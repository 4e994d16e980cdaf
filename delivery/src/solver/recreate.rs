//! Recreate: absent stops go back in, one by one, each at its cheapest feasible place (with a blink now and then).

use super::compiled::{Legs, NONE};
use super::edit::{Place, Target};
use super::number::Random;
use super::probe::Probe;
use super::segment::Segment;
use super::state::State;

/// A place is overlooked once in this many times (Christiaens and Vanden Berghe: 0.01). It is drawn only for places that would become the
/// best so far: overlooking any other changes nothing.
const BLINK: u32 = 100;

/// Trips are looked through as a whole when those that fit have up to this many stops together; beyond, only beside neighbours.
const LOOK_THROUGH: u32 = 45;

/// The orders in which absent stops are put back, with their weights.
const ORDERS: [(Order, u32); 7] = [
    (Order::Random, 4),
    (Order::Demand, 4),
    (Order::Far, 2),
    (Order::Close, 1),
    (Order::Narrow, 2),
    (Order::Early, 2),
    (Order::Late, 2),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Random,
    Demand,
    Far,
    Close,
    Narrow,
    Early,
    Late,
}

/// What a recreate needs beside the plan.
pub struct Recreate {
    order: Vec<(i64, u32)>,
    /// Distance from the nearest site, by stop.
    remote: Vec<i64>,
    /// Weight of the orders in use (those by window only where there are windows).
    weights: u32,
    /// Trips the stop at hand may join.
    open: Vec<u32>,
}

impl Recreate {
    pub fn new(state: &State) -> Self {
        let c = state.c;
        let remote = (0..c.n() as u32)
            .map(|i| {
                let sites = 0..c.loading.len();
                let legs = c.legs.first();
                sites.filter_map(|s| legs.map(|l| i64::from(l.leg(c.site_node(s), i).cost))).min().unwrap_or(0)
            })
            .collect();
        let windows =
            c.stops.iter().any(|s| c.stops.first().is_some_and(|f| (f.segment.b, f.segment.l) != (s.segment.b, s.segment.l)));
        let weights = ORDERS.iter().take(if windows { 7 } else { 4 }).map(|o| o.1).sum();
        Self { order: Vec::new(), remote, weights, open: Vec::new() }
    }

    /// Puts back every absent stop that fits; the others stay absent. Gives up, with `false`, as soon as the plan is sure to cost more than
    /// `most`: putting back a stop hardly ever saves anything.
    pub fn run(&mut self, state: &mut State, random: &mut Random, most: i64) -> bool {
        self.sort(state, random);
        state.plan.absent.clear();
        let mut undecided: i64 = self.order.iter().map(|&(_, i)| state.c.stops[i as usize].price).sum();
        for at in 0..self.order.len() {
            let stop = self.order[at].1;
            let price = state.c.stops[stop as usize].price;
            let room = most.saturating_sub(state.plan.cost - undecided).saturating_add(1);
            undecided -= price;
            match self.best(state, stop, random, price, room) {
                Some(place) => state.insert(stop, place.target),
                None if price < room => state.plan.absent.push(stop),
                None => return false,
            }
        }
        true
    }

    fn sort(&mut self, state: &State, random: &mut Random) {
        let mut draw = random.below(self.weights);
        let mut order = Order::Random;
        for (candidate, weight) in ORDERS {
            order = candidate;
            if draw < weight {
                break;
            }
            draw -= weight;
        }
        let key = |&i: &u32| {
            let stop = &state.c.stops[i as usize];
            let key = match order {
                Order::Random => 0,
                Order::Demand => -i64::from(stop.load[0]),
                Order::Far => -self.remote[i as usize],
                Order::Close => self.remote[i as usize],
                Order::Narrow => i64::from(stop.width),
                Order::Early => i64::from(stop.segment.b),
                Order::Late => -i64::from(stop.segment.l),
            };
            (key, i)
        };
        self.order.clear();
        self.order.extend(state.plan.absent.iter().map(key));
        if order == Order::Random {
            random.shuffle(&mut self.order);
        } else {
            self.order.sort_unstable();
        }
    }

    /// The cheapest feasible place for an absent stop, blinking.
    fn best(&mut self, state: &State, stop: u32, random: &mut Random, price: i64, room: i64) -> Option<Place> {
        let probe = Probe { state, stop };
        let mut search = Search { probe, best: None, limit: price.min(room), blink: Some(random) };
        let few = self.gather(probe);
        if few {
            self.open.iter().for_each(|&t| search.scan(t));
        } else {
            search.beside_neighbours();
        }
        search.new_trips();
        if search.best.is_none() && price < room && !few {
            state.plan.live.iter().filter(|&&t| probe.may_join(t)).for_each(|&t| search.scan(t));
        }
        search.best
    }

    /// The trips the stop may join, if they are few: `false` as soon as they are not.
    fn gather(&mut self, probe: Probe) -> bool {
        self.open.clear();
        let mut length = 0;
        for &t in &probe.state.plan.live {
            if probe.may_join(t) {
                self.open.push(t);
                length += probe.state.plan.trips[t as usize].len;
                if length > LOOK_THROUGH {
                    return false;
                }
            }
        }
        true
    }
}

/// The cheapest feasible place, without blinking.
pub fn cheapest(state: &State, stop: u32) -> Option<Place> {
    let probe = Probe { state, stop };
    let mut search = Search { probe, best: None, limit: i64::MAX, blink: None };
    for &t in state.plan.live.iter().filter(|&&t| probe.may_join(t)) {
        search.scan(t);
    }
    search.new_trips();
    search.best
}

struct Search<'s, 'a, 'r> {
    probe: Probe<'s, 'a>,
    best: Option<Place>,
    /// Places must add less.
    limit: i64,
    blink: Option<&'r mut Random>,
}

impl Search<'_, '_, '_> {
    /// What the best place so far adds.
    #[inline]
    fn bound(&self) -> i64 {
        self.best.map_or(self.limit, |best| best.extra)
    }

    /// The places beside the stop's neighbours.
    fn beside_neighbours(&mut self) {
        let Probe { state, stop } = self.probe;
        let (c, plan) = (state.c, &state.plan);
        let [legs] = &c.legs[..] else { return self.beside_in_many_ways() };
        let near = &c.near[stop as usize];
        let (to, from) = (legs.costs_to(stop), legs.costs_from(stop));
        let mut most = self.most_for_one_leg(near.least);
        for place in &near.beside {
            let more = place.cost - plan.sides[place.side as usize];
            if more >= most {
                continue;
            }
            let beside = place.stop();
            let node = &plan.nodes[beside as usize];
            if node.trip == NONE {
                continue;
            }
            let trip = &plan.trips[node.trip as usize];
            let (behind, ahead) = if place.ahead() { (node.prev, beside) } else { (beside, node.next) };
            let here = if behind == NONE { trip.site } else { behind };
            let next = if ahead == NONE { trip.dest } else { ahead };
            let other = if place.ahead() { to[here as usize] } else { from[next as usize] };
            let extra = i64::from(more) + i64::from(other) + state.strange(stop, trip.courier);
            if extra < self.bound()
                && self.probe.may_join(node.trip)
                && self.probe.is_in_time(trip, (behind, ahead), legs.time(here, stop), legs.time(stop, next))
            {
                self.found(Place { extra, target: Target::Into { trip: node.trip, behind } });
                most = self.most_for_one_leg(near.least);
            }
        }
    }

    /// What the leg to a neighbour may cost more than the one it breaks, for the place to be looked at: the other new leg costs at least the
    /// cheapest one, and where a way is as long as the way back, at least that difference too. A shift that ends at the last door has no
    /// other leg.
    fn most_for_one_leg(&self, least: (i32, i32)) -> i32 {
        let c = self.probe.state.c;
        let bound = self.bound();
        let most = if c.open_ends {
            bound
        } else {
            let most = bound - i64::from(least.0.min(least.1));
            if c.legs.iter().all(Legs::symmetric) { most.min((bound + 1) >> 1) } else { most }
        };
        most.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }

    /// As [`Self::beside_neighbours`]; the legs depend on the trip's way of moving.
    fn beside_in_many_ways(&mut self) {
        let Probe { state, stop } = self.probe;
        for place in &state.c.near[stop as usize].beside {
            let node = &state.plan.nodes[place.stop() as usize];
            if node.trip == NONE || !self.probe.may_join(node.trip) {
                continue;
            }
            let (behind, ahead) = if place.ahead() { (node.prev, place.stop()) } else { (place.stop(), node.next) };
            let trip = &state.plan.trips[node.trip as usize];
            if let Some(extra) = self.probe.within_trip(trip, behind, ahead, self.bound()) {
                self.found(Place { extra, target: Target::Into { trip: node.trip, behind } });
            }
        }
    }

    /// Every place in a trip.
    fn scan(&mut self, t: u32) {
        let Probe { state, stop } = self.probe;
        let trip = &state.plan.trips[t as usize];
        let legs = &state.c.legs[state.c.couriers[trip.courier as usize].legs as usize];
        let (to, from) = (legs.costs_to(stop), legs.costs_from(stop));
        let strange = state.strange(stop, trip.courier);
        let Segment { b: opens, l: closes, .. } = state.c.stops[stop as usize].segment;
        let mut consider = |behind: u32, ahead: u32, old: i32| {
            let (here, next) = (if behind == NONE { trip.site } else { behind }, if ahead == NONE { trip.dest } else { ahead });
            let extra = i64::from(to[here as usize]) + i64::from(from[next as usize]) - i64::from(old) + strange;
            if extra < self.bound() && self.probe.is_in_time(trip, (behind, ahead), legs.time(here, stop), legs.time(stop, next)) {
                self.found(Place { extra, target: Target::Into { trip: t, behind } });
            }
        };
        let (mut behind, mut ahead, mut old) = (NONE, trip.first, trip.leg_cost);
        while ahead != NONE {
            let node = &state.plan.nodes[ahead as usize];
            // Latest beginnings grow along a trip, and so do earliest ones: the places in question lie side by side.
            if node.after.l >= opens {
                consider(behind, ahead, old);
            }
            if node.before.b > closes {
                return;
            }
            (behind, old, ahead) = (ahead, node.leg_cost, node.next);
        }
        consider(behind, NONE, old);
    }

    /// Takes a place, unless it is overlooked.
    fn found(&mut self, place: Place) {
        if self.blink.as_mut().is_none_or(|random| !random.once_in(BLINK)) {
            self.best = Some(place);
        }
    }

    /// Tries a trip of its own: an idle courier of every class, and every gap in the rounds of those who may load again.
    fn new_trips(&mut self) {
        let Probe { state, stop } = self.probe;
        let c = state.c;
        // Between a single site and itself a trip costs the way there and back, wherever in a round it is.
        if let ([legs], true) = (&c.legs[..], c.one_base) {
            let site = c.site_node(0);
            let least = c.trip_cost + i64::from(legs.leg(site, stop).cost) + i64::from(legs.leg(stop, site).cost);
            if least >= self.bound() {
                return;
            }
        }
        for class in 0..c.classes {
            if self.probe.suits(class)
                && let Some(courier) = state.first_idle(class)
            {
                self.try_new(courier, NONE);
            }
        }
        if !c.reloads {
            return;
        }
        for (k, courier) in c.couriers.iter().enumerate() {
            let round = &state.plan.rounds[k];
            if round.count == 0 || round.count >= courier.max_trips || !self.probe.suits(courier.class) {
                continue;
            }
            self.try_new(k as u32, NONE);
            let mut t = round.first;
            while t != NONE {
                self.try_new(k as u32, t);
                t = state.plan.trips[t as usize].later;
            }
        }
    }

    fn try_new(&mut self, courier: u32, after: u32) {
        let c = self.probe.state.c;
        let own = c.stops[self.probe.stop as usize].site;
        for site in (0..c.loading.len()).map(|s| c.site_node(s)).filter(|&site| own == NONE || own == site) {
            if let Some(extra) = self.probe.new_trip(courier, after, site, self.bound()) {
                self.found(Place { extra, target: Target::New { courier, after, site } });
            }
        }
    }
}
