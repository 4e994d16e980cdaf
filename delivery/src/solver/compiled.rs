//! The problem in the form the search wants: nodes instead of places, 32-bit numbers, legs side by side in memory.
//!
//! Nodes are the stops (0..n, in an order of their own), then one per site, then one per place where a shift starts or ends, then [`Compiled::nowhere`], which is
//! reached from anywhere for nothing (a shift that ends at the last door).

use super::neighbours::Near;
use super::segment::{FAR, Segment};
use crate::problem::{Courier, EndAt, NO_WAY, Problem, Stop, TravelMatrix};
use crate::units::{Boxes, PlaceIx};
use crate::validate::ValidProblem;
use std::collections::{BTreeMap, HashMap};

/// "No such node, trip or courier".
pub const NONE: u32 = u32::MAX;
/// Price of a stop that must be served: above any journey, yet far from overflow when thousands are left out.
pub const MUST_SERVE: i64 = 1 << 40;
/// Cost of a leg that does not exist. It is never used: its time is [`FAR`].
const NO_LEG_COST: i32 = 1 << 29;

/// Going from one node to another: cost (habit of order included) and time (service at the first node included).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    pub cost: i32,
    pub time: i32,
}

/// One way of moving. Costs and times lie apart, since most places are dismissed by cost alone and memory is what the search waits for.
pub struct Legs {
    nodes: usize,
    /// Row `i`: costs of the legs from `i`.
    cost_from: Vec<i32>,
    /// Row `i`: costs of the legs to `i`; empty if that is the same.
    cost_to: Vec<i32>,
    /// Row `i`: times of the legs from `i`.
    time: Vec<i32>,
}

impl Legs {
    /// Costs of the legs from a node to all nodes.
    #[inline]
    pub fn costs_from(&self, node: u32) -> &[i32] {
        let start = node as usize * self.nodes;
        &self.cost_from[start..start + self.nodes]
    }

    /// Costs of the legs to a node from all nodes.
    #[inline]
    pub fn costs_to(&self, node: u32) -> &[i32] {
        let start = node as usize * self.nodes;
        if self.cost_to.is_empty() { self.costs_from(node) } else { &self.cost_to[start..start + self.nodes] }
    }

    /// Time from one node to another.
    #[inline]
    pub fn time(&self, from: u32, to: u32) -> i32 {
        self.time[from as usize * self.nodes + to as usize]
    }

    /// The legs between some stops (in ascending order) and all nodes from `n` on, which are no stops.
    pub fn part(&self, stops: &[u32], n: u32) -> Self {
        let kept = || stops.iter().copied().chain(n..self.nodes as u32);
        let cut = |all: &[i32]| {
            let rows = kept().flat_map(|i| {
                let row = all.get(i as usize * self.nodes..).unwrap_or_default();
                kept().filter_map(|j| row.get(j as usize).copied())
            });
            rows.collect()
        };
        Self { nodes: kept().count(), cost_from: cut(&self.cost_from), cost_to: cut(&self.cost_to), time: cut(&self.time) }
    }

    /// Costs are the same both ways.
    #[inline]
    pub fn symmetric(&self) -> bool {
        self.cost_to.is_empty()
    }

    /// One leg.
    #[inline]
    pub fn leg(&self, from: u32, to: u32) -> Leg {
        let cell = from as usize * self.nodes + to as usize;
        Leg { cost: self.cost_from[cell], time: self.time[cell] }
    }
}

/// A stop as the search sees it.
#[derive(Clone, Debug)]
pub struct StopData {
    pub segment: Segment,
    pub load: [i32; 3],
    pub ready: i32,
    /// Site node, or [`NONE`].
    pub site: u32,
    pub first: bool,
    pub usual_courier: u32,
    pub price: i64,
    /// Length of the window, for the order of insertion.
    pub width: i32,
}

/// A courier as the search sees it.
#[derive(Clone, Debug)]
pub struct CourierData {
    pub legs: u32,
    pub capacity: [i32; 3],
    pub opens: i32,
    pub closes: i32,
    /// Node, or [`NONE`]: at the first site.
    pub start: u32,
    /// Node, or [`NONE`]: back at the last trip's site.
    pub end: u32,
    pub max_trips: u32,
    /// Couriers of one class are interchangeable, so only one idle courier of each is tried.
    pub class: u32,
}

/// See the module's text.
pub struct Compiled {
    /// For each stop here, its number in the problem; and back.
    pub original: Vec<u32>,
    pub number: Vec<u32>,
    pub stops: Vec<StopData>,
    pub couriers: Vec<CourierData>,
    /// Loading time by site (node - n).
    pub loading: Vec<i32>,
    pub legs: Vec<Legs>,
    pub classes: u32,
    /// `suits[class * n + stop]`: skills, and the stop fits alone (window, boxes).
    pub suits: Vec<bool>,
    /// For each stop, those it must be kept apart from.
    pub apart: Vec<Vec<u32>>,
    pub courier_cost: i64,
    pub trip_cost: i64,
    pub strange_courier: i64,
    pub near: Vec<Near>,
    /// Whether any courier may load more than once.
    pub reloads: bool,
    /// All trips begin and end at one site.
    pub one_base: bool,
    /// Whether any courier's shift ends at the last door.
    pub open_ends: bool,
}

impl Compiled {
    /// Number of stops.
    pub fn n(&self) -> usize {
        self.stops.len()
    }

    /// Node of a site.
    pub fn site_node(&self, site: usize) -> u32 {
        (self.stops.len() + site) as u32
    }

    /// Loading time at a site's node.
    #[inline]
    pub fn loading_at(&self, site_node: u32) -> i32 {
        self.loading[site_node as usize - self.stops.len()]
    }

    /// Compiles a valid problem.
    pub fn new(valid: &ValidProblem) -> Self {
        let problem = valid.get();
        let n = problem.stops.len();
        let mut terminals: Vec<PlaceIx> = Vec::new();
        let mut node_of: BTreeMap<PlaceIx, u32> = BTreeMap::new();
        let base = n + problem.sites.len();
        for place in problem.couriers.iter().flat_map(ends) {
            node_of.entry(place).or_insert_with(|| {
                terminals.push(place);
                (base + terminals.len() - 1) as u32
            });
        }
        let nowhere = (base + terminals.len()) as u32;
        let original = by_nearness(problem);
        let mut number = vec![0; n];
        original.iter().enumerate().for_each(|(new, &old)| number[old as usize] = new as u32);
        let in_order = || original.iter().map(|&i| &problem.stops[i as usize]);
        let places: Vec<PlaceIx> =
            (in_order().map(|s| s.place)).chain(problem.sites.iter().map(|s| s.place)).chain(terminals).collect();
        let legs: Vec<Legs> = problem.matrices.iter().map(|m| compile_legs(problem, m, &places, &original)).collect();
        let stops: Vec<StopData> = in_order().map(|s| compile_stop(s, n)).collect();
        let (couriers, class_of) = compile_couriers(problem, &node_of, nowhere);
        let suits = class_of.iter().flat_map(|&k| in_order().map(move |stop| suits(&problem.couriers[k], stop))).collect();
        let mut apart = vec![Vec::new(); n];
        for &(a, b) in &problem.apart {
            let (a, b) = (number[a.at()], number[b.at()]);
            apart[a as usize].push(b);
            apart[b as usize].push(a);
        }
        let near = super::neighbours::lists(&stops, &legs);
        let weights = &problem.weights;
        Self {
            reloads: couriers.iter().any(|c| c.max_trips > 1),
            one_base: problem.sites.len() == 1 && couriers.iter().all(|c| c.end == NONE),
            open_ends: couriers.iter().any(|c| c.end == nowhere),
            loading: problem.sites.iter().map(|s| time(s.loading.0)).collect(),
            classes: class_of.len() as u32,
            courier_cost: weights.courier,
            trip_cost: weights.trip,
            strange_courier: weights.strange_courier,
            original,
            number,
            stops,
            couriers,
            legs,
            suits,
            apart,
            near,
        }
    }
}

fn ends(courier: &Courier) -> impl Iterator<Item = PlaceIx> {
    let end = if let EndAt::Place(place) = courier.end { Some(place) } else { None };
    courier.start.into_iter().chain(end)
}

/// Validated to `MAX_TIME`, so nothing is cut.
fn time(seconds: i64) -> i32 {
    i32::try_from(seconds).unwrap_or(FAR).min(FAR)
}

fn boxes(count: Boxes) -> i32 {
    i32::try_from(count.0).unwrap_or(i32::MAX)
}

fn compile_stop(stop: &Stop, n: usize) -> StopData {
    let opens = time(stop.window.opens.0);
    let closes = time(stop.window.closes.0.min(stop.holding.eat_by.map_or(i64::MAX, |limit| limit.0)));
    let limit = stop.holding.from_departure.map_or(FAR, |limit| time(limit.0));
    StopData {
        segment: Segment::stop(opens, closes, limit),
        load: [boxes(stop.load.boxes), boxes(stop.load.hot), boxes(stop.load.cold)],
        ready: time(stop.ready_at.0),
        site: stop.site.map_or(NONE, |s| (n + s.at()) as u32),
        first: stop.first,
        usual_courier: stop.usual_courier.map_or(NONE, |k| k.0),
        price: stop.price.map_or(MUST_SERVE, |price| price.0),
        width: closes - opens,
    }
}

/// Stops in an order in which neighbours have near numbers: from the one nearest to the first site always to the nearest not yet taken. What
/// the search looks at together then lies together in memory; at a thousand stops it is that which decides its speed.
fn by_nearness(problem: &Problem) -> Vec<u32> {
    let Some(matrix) = problem.matrices.first() else { return Vec::new() };
    let mut rest: Vec<u32> = (0..problem.stops.len() as u32).collect();
    let mut order = Vec::with_capacity(rest.len());
    let mut here = problem.sites.first().map_or(PlaceIx(0), |site| site.place);
    while !rest.is_empty() {
        let row = here.at() * matrix.size as usize;
        let way = |&stop: &u32| {
            let cell = row + problem.stops[stop as usize].place.at();
            (matrix.seconds[cell], matrix.metres[cell], stop)
        };
        let nearest = rest.iter().enumerate().min_by_key(|&(_, stop)| way(stop)).map_or(0, |(at, _)| at);
        let stop = rest.swap_remove(nearest);
        here = problem.stops[stop as usize].place;
        order.push(stop);
    }
    order
}

fn compile_legs(problem: &Problem, matrix: &TravelMatrix, places: &[PlaceIx], original: &[u32]) -> Legs {
    let nodes = places.len() + 1;
    let weights = &problem.weights;
    let mut cost_from = vec![0; nodes * nodes];
    let mut times = vec![0; nodes * nodes];
    for (i, &a) in places.iter().enumerate() {
        let stop = original.get(i).map(|&stop| &problem.stops[stop as usize]);
        let service = stop.map_or(0, |s| s.service.0);
        times[i * nodes + nodes - 1] = time(service);
        for (j, &b) in places.iter().enumerate() {
            let cell = a.at() * matrix.size as usize + b.at();
            let (seconds, metres) = (matrix.seconds[cell], matrix.metres[cell]);
            let usual = original.get(j).and_then(|&stop| problem.stops[stop as usize].usual_after);
            let stranger = usual.is_some_and(|usual| original.get(i) != Some(&usual.0));
            let cost = weights.second * i64::from(seconds) + weights.metre * i64::from(metres);
            let cost = cost + if stranger { weights.strange_order } else { 0 };
            (cost_from[i * nodes + j], times[i * nodes + j]) = if seconds == NO_WAY {
                (NO_LEG_COST, FAR)
            } else {
                (i32::try_from(cost).unwrap_or(NO_LEG_COST), time(i64::from(seconds) + service))
            };
        }
    }
    let mut cost_to = vec![0; nodes * nodes];
    // Block by block, so that neither side leaves the cache.
    for block in (0..nodes).step_by(32) {
        for i in 0..nodes {
            for j in block..(block + 32).min(nodes) {
                cost_to[j * nodes + i] = cost_from[i * nodes + j];
            }
        }
    }
    if cost_to == cost_from {
        cost_to = Vec::new();
    }
    Legs { nodes, cost_from, cost_to, time: times }
}

/// Couriers, and one representative per class.
fn compile_couriers(problem: &Problem, node_of: &BTreeMap<PlaceIx, u32>, nowhere: u32) -> (Vec<CourierData>, Vec<usize>) {
    let mut classes: HashMap<(Vec<i64>, Vec<String>), u32> = HashMap::new();
    let mut representative = Vec::new();
    let known: std::collections::BTreeSet<u32> = problem.stops.iter().filter_map(|s| s.usual_courier.map(|k| k.0)).collect();
    let node = |place: PlaceIx| node_of.get(&place).copied().unwrap_or(NONE);
    let mut couriers = Vec::with_capacity(problem.couriers.len());
    for (k, courier) in problem.couriers.iter().enumerate() {
        let most = |compartment: Option<Boxes>| boxes(compartment.unwrap_or(courier.capacity.boxes));
        let mut data = CourierData {
            legs: courier.matrix.0,
            capacity: [boxes(courier.capacity.boxes), most(courier.capacity.hot), most(courier.capacity.cold)],
            opens: time(courier.shift.opens.0),
            closes: time(courier.shift.closes.0),
            start: courier.start.map_or(NONE, node),
            end: match courier.end {
                EndAt::Site => NONE,
                EndAt::LastStop => nowhere,
                EndAt::Place(place) => node(place),
            },
            max_trips: courier.max_trips,
            class: 0,
        };
        let face = if known.contains(&(k as u32)) { k as i64 } else { -1 };
        let mut numbers: Vec<i64> = data.capacity.iter().map(|&c| i64::from(c)).collect();
        numbers.extend([face, i64::from(data.legs), i64::from(data.opens), i64::from(data.closes)]);
        numbers.extend([data.start, data.end, data.max_trips].map(i64::from));
        let mut skills = courier.skills.clone();
        skills.sort_unstable();
        data.class = *classes.entry((numbers, skills)).or_insert_with(|| {
            representative.push(k);
            representative.len() as u32 - 1
        });
        couriers.push(data);
    }
    (couriers, representative)
}

fn suits(courier: &Courier, stop: &Stop) -> bool {
    let capacity = courier.capacity;
    let fits = |count: Boxes, room: Option<Boxes>| room.is_none_or(|room| count <= room);
    // A window that opens after the meal is too old suits nobody; segments assume it open.
    stop.holding.eat_by.is_none_or(|limit| stop.window.opens <= limit)
        && stop.skills.iter().all(|s| courier.skills.contains(s))
        && stop.load.boxes <= capacity.boxes
        && fits(stop.load.hot, capacity.hot)
        && fits(stop.load.cold, capacity.cold)
}
