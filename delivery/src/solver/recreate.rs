//! Recreate: absent stops go back in, one by one, each at its cheapest feasible place (with a blink now and then).

use super::compiled::NONE;
use super::edit::{Place, Target};
use super::number::Random;
use super::probe::Probe;
use super::segment::Segment;
use super::state::{State, Trip};

/// A place is overlooked once in this many times (Christiaens and Vanden Berghe: 0.01). It is drawn only for places that would become the
/// best so far: overlooking any other changes nothing.
const BLINK: u32 = 100;

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

/// What is known about the places for a stop in a trip, as long as the trip has this version.
#[derive(Clone, Copy, Default)]
struct Remembered {
    version: u32,
    /// The cheapest feasible place is behind this one, or [`DEARER`].
    behind: u32,
    /// What it adds; with [`DEARER`]: no place adds less than this.
    extra: i64,
}

/// Looking through the trip was cut short: a cheaper place elsewhere was known.
const DEARER: u32 = NONE - 1;

/// Trips (by slot) for which places are remembered; bounds the memory at 16 bytes per stop and trip. Slots are reused from the
/// lowest, so that hardly any plan uses more.
const REMEMBERED: usize = 256;

/// What a recreate needs beside the plan.
pub struct Recreate {
    order: Vec<(i64, u32)>,
    /// Distance from the nearest site, by stop.
    remote: Vec<i64>,
    /// Weight of the orders in use (those by window only where there are windows).
    weights: u32,
    /// `memory[stop * slots + trip]`. Most steps are taken back, and most trips are not touched by a step: most places are
    /// found here without looking through the trip.
    memory: Vec<Remembered>,
    slots: usize,
    /// Trips about which too little is remembered for the stop at hand.
    unknown: Vec<u32>,
    marks: Vec<u32>,
    mark: u32,
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
        let slots = (c.n() + 1).min(REMEMBERED);
        let memory = vec![Remembered::default(); c.n() * slots];
        Self { order: Vec::new(), remote, weights, memory, slots, unknown: Vec::new(), marks: vec![0; c.n() + 1], mark: 0 }
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
        let row = stop as usize * self.slots;
        let memory = &mut self.memory[row..row + self.slots];
        self.unknown.clear();
        let mut length = 0;
        for &t in &state.plan.live {
            let trip = &state.plan.trips[t as usize];
            if !probe.may_join(t) {
                continue;
            }
            match memory.get(t as usize) {
                Some(known) if known.version == trip.version && known.holds_below(search.bound()) => search.offer(t, trip, *known),
                _ => {
                    self.unknown.push(t);
                    length += trip.len as usize;
                }
            }
        }
        if length <= LOOK_THROUGH {
            for &t in &self.unknown {
                let trip = &state.plan.trips[t as usize];
                match memory.get_mut(t as usize) {
                    Some(known) if !state.is_fresh(trip) => {
                        *known = remember(probe, t, trip, search.bound());
                        search.offer(t, trip, *known);
                    }
                    // A trip changed in this step will most likely change back: not worth remembering.
                    _ => search.scan(t, trip, search.bound()),
                }
            }
        } else {
            self.beside_neighbours(&mut search);
        }
        search.new_trips();
        if search.best.is_none() && price < room && length > LOOK_THROUGH {
            for &t in &self.unknown {
                search.scan(t, &state.plan.trips[t as usize], search.bound());
            }
        }
        search.best
    }

    /// Looks into the unknown trips only beside the stop's neighbours, and remembers what it finds as if it were all.
    fn beside_neighbours(&mut self, search: &mut Search) {
        let (state, stop) = (search.probe.state, search.probe.stop);
        let row = stop as usize * self.slots;
        self.mark = self.mark.wrapping_add(1);
        for &t in &self.unknown {
            self.marks[t as usize] = self.mark;
            if (t as usize) < self.slots {
                let version = state.plan.trips[t as usize].version;
                self.memory[row + t as usize] = Remembered { version, behind: DEARER, extra: i64::MAX };
            }
        }
        for &i in &state.c.beside[stop as usize] {
            let node = &state.plan.nodes[i as usize];
            if node.trip == NONE || self.marks[node.trip as usize] != self.mark {
                continue;
            }
            let trip = &state.plan.trips[node.trip as usize];
            let mut known = self.memory.get_mut(row + node.trip as usize).filter(|_| (node.trip as usize) < self.slots);
            for (behind, ahead) in [(node.prev, i), (i, node.next)] {
                let bound = known.as_ref().map_or(search.bound(), |k| k.extra);
                if let Some(extra) = search.probe.within_trip(trip, behind, ahead, bound) {
                    if let Some(known) = &mut known {
                        (known.behind, known.extra) = (behind, extra);
                    }
                    if extra < search.bound() {
                        search.found(Place { extra, target: Target::Into { trip: node.trip, behind } });
                    }
                }
            }
        }
    }
}

/// Trips not known well enough are looked through as a whole up to this many stops together; beyond, only beside neighbours.
const LOOK_THROUGH: usize = 2 * super::neighbours::BESIDE;

impl Remembered {
    /// Whether it tells the cheapest place, if that adds less than `bound`.
    fn holds_below(self, bound: i64) -> bool {
        self.behind != DEARER || self.extra >= bound
    }
}

fn remember(probe: Probe, t: u32, trip: &Trip, bound: i64) -> Remembered {
    let mut search = Search { probe, best: None, limit: bound, blink: None };
    search.scan(t, trip, bound);
    let (behind, extra) = match search.best {
        Some(Place { extra, target: Target::Into { behind, .. } }) => (behind, extra),
        _ => (DEARER, bound),
    };
    Remembered { version: trip.version, behind, extra }
}

/// The cheapest feasible place, without blinking.
pub fn cheapest(state: &State, stop: u32) -> Option<Place> {
    let probe = Probe { state, stop };
    let mut search = Search { probe, best: None, limit: i64::MAX, blink: None };
    for &t in state.plan.live.iter().filter(|&&t| probe.may_join(t)) {
        search.scan(t, &state.plan.trips[t as usize], search.bound());
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

    /// Every place in a trip that adds less than `bound`.
    fn scan(&mut self, t: u32, trip: &Trip, mut bound: i64) {
        let (state, stop) = (self.probe.state, self.probe.stop);
        let legs = &state.c.legs[state.c.couriers[trip.courier as usize].legs as usize];
        let (there, onward) = (legs.costs_to(stop), legs.costs_from(stop));
        let strange = state.strange(stop, trip.courier);
        let Segment { b: opens, l: closes, .. } = state.c.stops[stop as usize].segment;
        let (mut behind, mut from, mut old, mut ahead) = (NONE, trip.site, trip.leg_cost, trip.first);
        while ahead != NONE {
            let node = &state.plan.nodes[ahead as usize];
            // Latest beginnings grow along a trip, and so do earliest ones: the places in question lie side by side.
            if node.after.l >= opens {
                let extra = i64::from(there[from as usize]) + i64::from(onward[ahead as usize]) - i64::from(old) + strange;
                if extra < bound && self.probe.is_in_time(trip, behind, ahead) {
                    bound = self.found(Place { extra, target: Target::Into { trip: t, behind } }).min(bound);
                }
            }
            if node.before.b > closes {
                return;
            }
            (behind, from, old, ahead) = (ahead, ahead, node.leg_cost, node.next);
        }
        let extra = i64::from(there[from as usize]) + i64::from(onward[trip.dest as usize]) - i64::from(old) + strange;
        if extra < bound && self.probe.is_in_time(trip, behind, NONE) {
            self.found(Place { extra, target: Target::Into { trip: t, behind } });
        }
    }

    /// A trip's best place as remembered. When it is overlooked, the trip's other places are looked at.
    fn offer(&mut self, t: u32, trip: &Trip, known: Remembered) {
        let bound = self.bound();
        if known.behind == DEARER || known.extra >= bound {
            return;
        }
        if self.blink.as_mut().is_some_and(|random| random.once_in(BLINK)) {
            self.scan(t, trip, bound);
        } else {
            self.best = Some(Place { extra: known.extra, target: Target::Into { trip: t, behind: known.behind } });
        }
    }

    /// Takes a place, unless it is overlooked; returns what the best place adds.
    fn found(&mut self, place: Place) -> i64 {
        if self.blink.as_mut().is_none_or(|random| !random.once_in(BLINK)) {
            self.best = Some(place);
        }
        self.bound()
    }

    /// Tries a trip of its own: an idle courier of every class, and every gap in the rounds of those who may load again.
    fn new_trips(&mut self) {
        let state = self.probe.state;
        let c = state.c;
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
