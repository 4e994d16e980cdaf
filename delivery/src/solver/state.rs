//! The plan under change: linked trips with running segments, and a journal to take a step back.
//!
//! Everything is plain data in flat vectors: taking back a step or keeping the best plan is copying memory. Linked lists rather than vectors per
//! trip were chosen because insertion, removal and copying then never allocate.

use super::compiled::{Compiled, NONE};
use super::segment::Segment;

/// A stop's place in the plan.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Node {
    pub next: u32,
    pub prev: u32,
    /// [`NONE`]: left out.
    pub trip: u32,
    /// Cost of the leg from the stop before, or from the site.
    pub leg_in: i32,
    /// Cost of the leg to the next stop or to the trip's end.
    pub leg_cost: i32,
    /// Time of that leg, service at this stop included.
    pub leg_time: i32,
    /// From the site to this stop.
    pub before: Segment,
    /// From this stop to the trip's end.
    pub after: Segment,
}

/// A trip. Slots are reused; `len == 0` means the slot is free.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Trip {
    // What every test of a place asks comes first: one line of the cache.
    /// Boxes that still fit: all, hot, cold.
    pub room: [i32; 3],
    /// The courier's class.
    pub class: u32,
    pub site: u32,
    pub len: u32,
    pub courier: u32,
    pub first: u32,
    /// Node reached after the last stop.
    pub dest: u32,
    /// When all its batches are ready.
    pub ready: i32,
    /// Earliest arrival at the site.
    pub at_site: i32,
    /// Latest arrival at `dest` that keeps all later trips possible.
    pub back: i32,
    /// Cost of the leg to the first stop.
    pub leg_cost: i32,
    /// Time of that leg.
    pub leg_time: i32,
    pub last: u32,
    /// The courier's trip before and after this one.
    pub earlier: u32,
    pub later: u32,
    /// The whole trip.
    pub segment: Segment,
    /// Legs, and strange faces.
    pub cost: i64,
    /// Earliest and latest departure.
    pub departs: (i32, i32),
    /// Earliest arrival at `dest`.
    pub arrives: i32,
    /// Position in [`Kept::live`].
    pub slot: u32,
    /// No stop is reached after its window even without waiting for anything. Insertion keeps it; removal may break it where
    /// a matrix violates the triangle inequality.
    pub in_time: bool,
    /// In time, within limits and shift, with what comes before and after.
    pub feasible: bool,
}

/// A courier's chain of trips.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    pub first: u32,
    pub last: u32,
    pub count: u32,
    /// Sending out, and the leg to the first site.
    pub cost: i64,
}

/// In [`Kept::sides`]: so cheap a leg that breaking it never pays.
pub const ABSENT: i32 = -(1 << 29);

const NODE: Node =
    Node { next: NONE, prev: NONE, trip: NONE, leg_in: 0, leg_cost: 0, leg_time: 0, before: Segment::OPEN, after: Segment::OPEN };

const TRIP: Trip = Trip {
    courier: NONE,
    site: NONE,
    first: NONE,
    last: NONE,
    len: 0,
    earlier: NONE,
    later: NONE,
    dest: NONE,
    room: [0; 3],
    class: 0,
    ready: 0,
    leg_cost: 0,
    leg_time: 0,
    segment: Segment::OPEN,
    cost: 0,
    at_site: 0,
    back: 0,
    departs: (0, 0),
    arrives: 0,
    slot: 0,
    in_time: true,
    feasible: true,
};

/// The parts of a state that a kept plan needs.
#[derive(Clone, Debug)]
pub struct Kept {
    pub nodes: Vec<Node>,
    /// For the two sides of every stop, behind it and ahead of it, the cost of the leg a stop put there would break; [`ABSENT`] for stops left
    /// out. The same as in the nodes, but side by side: most places are dismissed by it alone.
    pub sides: Vec<i32>,
    pub trips: Vec<Trip>,
    pub rounds: Vec<Round>,
    pub live: Vec<u32>,
    pub free: Vec<u32>,
    pub absent: Vec<u32>,
    pub cost: i64,
}

impl Kept {
    /// Copies without allocating again.
    pub fn copy_from(&mut self, other: &Self) {
        self.nodes.clone_from(&other.nodes);
        self.sides.clone_from(&other.sides);
        self.trips.clone_from(&other.trips);
        self.rounds.clone_from(&other.rounds);
        self.live.clone_from(&other.live);
        self.free.clone_from(&other.free);
        self.absent.clone_from(&other.absent);
        self.cost = other.cost;
    }
}

/// The journal of one step. An entry is made the first time the step touches the thing (`stamps`).
#[derive(Default)]
struct Journal {
    now: u32,
    node_stamps: Vec<u32>,
    trip_stamps: Vec<u32>,
    round_stamps: Vec<u32>,
    nodes: Vec<(u32, Node)>,
    trips: Vec<(u32, Trip)>,
    rounds: Vec<(u32, Round)>,
    absent: Vec<u32>,
    cost: i64,
}

/// The plan under change.
pub struct State<'a> {
    pub c: &'a Compiled,
    pub plan: Kept,
    /// Idle couriers by class, one bit per member.
    idle: Vec<Vec<u64>>,
    members: Vec<Vec<u32>>,
    member_of: Vec<u32>,
    journal: Journal,
}

impl<'a> State<'a> {
    /// Nobody sent out, everyone left out.
    pub fn new(c: &'a Compiled) -> Self {
        let n = c.n();
        let mut members = vec![Vec::new(); c.classes as usize];
        let mut member_of = Vec::with_capacity(c.couriers.len());
        for (k, courier) in c.couriers.iter().enumerate() {
            let class = &mut members[courier.class as usize];
            member_of.push(class.len() as u32);
            class.push(k as u32);
        }
        let idle = members.iter().map(|m| full_bits(m.len())).collect();
        let absent: Vec<u32> = (0..n as u32).collect();
        let cost = c.stops.iter().map(|s| s.price).sum();
        let round = Round { first: NONE, last: NONE, count: 0, cost: 0 };
        // One slot more than stops: a new trip may exist before an emptied one is given back.
        let slots = n + 1;
        Self {
            c,
            plan: Kept {
                nodes: vec![NODE; n],
                sides: vec![ABSENT; 2 * n],
                trips: vec![TRIP; slots],
                rounds: vec![round; c.couriers.len()],
                live: Vec::with_capacity(slots),
                free: (0..slots as u32).rev().collect(),
                absent,
                cost,
            },
            idle,
            members,
            member_of,
            journal: Journal {
                now: 1,
                node_stamps: vec![0; n],
                trip_stamps: vec![0; slots],
                round_stamps: vec![0; c.couriers.len()],
                ..Journal::default()
            },
        }
    }

    /// Starts a step that [`Self::undo`] can take back.
    pub fn begin(&mut self) {
        let journal = &mut self.journal;
        journal.now = journal.now.wrapping_add(1);
        if journal.now == 0 {
            // After 2^32 steps old stamps could look new.
            journal.node_stamps.fill(0);
            journal.trip_stamps.fill(0);
            journal.round_stamps.fill(0);
            journal.now = 1;
        }
        journal.nodes.clear();
        journal.trips.clear();
        journal.rounds.clear();
        journal.absent.clone_from(&self.plan.absent);
        journal.cost = self.plan.cost;
    }

    /// Takes the step back.
    pub fn undo(&mut self) {
        let journal = std::mem::take(&mut self.journal);
        for &(i, node) in &journal.nodes {
            self.plan.nodes[i as usize] = node;
            let sides = if node.trip == NONE { [ABSENT; 2] } else { [node.leg_cost, node.leg_in] };
            self.plan.sides[2 * i as usize..2 * i as usize + 2].copy_from_slice(&sides);
        }
        for &(t, trip) in journal.trips.iter().rev() {
            let lives = self.plan.trips[t as usize].len > 0;
            match (lives, trip.len > 0) {
                (true, false) => self.bury(t),
                (false, true) => {
                    if let Some(at) = self.plan.free.iter().rposition(|&f| f == t) {
                        self.plan.free.swap_remove(at);
                    }
                    self.plan.live.push(t);
                    self.plan.trips[t as usize].slot = self.plan.live.len() as u32 - 1;
                }
                _ => {}
            }
            let slot = self.plan.trips[t as usize].slot;
            self.plan.trips[t as usize] = Trip { slot, ..trip };
        }
        for &(k, round) in &journal.rounds {
            self.plan.rounds[k as usize] = round;
            self.mark_idle(k, round.count == 0);
        }
        self.plan.absent.clone_from(&journal.absent);
        self.plan.cost = journal.cost;
        self.journal = journal;
    }

    /// All trips touched by the step are feasible.
    pub fn step_is_feasible(&self) -> bool {
        self.journal.rounds.iter().all(|&(k, _)| {
            let mut t = self.plan.rounds[k as usize].first;
            while t != NONE {
                let trip = &self.plan.trips[t as usize];
                if !trip.feasible {
                    return false;
                }
                t = trip.later;
            }
            true
        })
    }

    /// Replaces the plan.
    pub fn restore(&mut self, kept: &Kept) {
        self.plan.copy_from(kept);
        for k in 0..self.plan.rounds.len() {
            self.mark_idle(k as u32, self.plan.rounds[k].count == 0);
        }
        self.begin();
    }

    pub fn touch_node(&mut self, i: u32) {
        let journal = &mut self.journal;
        if journal.node_stamps[i as usize] != journal.now {
            journal.node_stamps[i as usize] = journal.now;
            journal.nodes.push((i, self.plan.nodes[i as usize]));
        }
    }

    /// Notes the trip, all its stops and its courier.
    pub fn touch_trip(&mut self, t: u32) {
        if self.journal.trip_stamps[t as usize] == self.journal.now {
            return;
        }
        self.journal.trip_stamps[t as usize] = self.journal.now;
        let trip = self.plan.trips[t as usize];
        self.journal.trips.push((t, trip));
        if trip.len > 0 {
            let mut i = trip.first;
            while i != NONE {
                self.touch_node(i);
                i = self.plan.nodes[i as usize].next;
            }
            self.touch_round(trip.courier);
        }
    }

    /// Notes the courier and the frames of its trips (their times change together).
    pub fn touch_round(&mut self, k: u32) {
        if self.journal.round_stamps[k as usize] == self.journal.now {
            return;
        }
        self.journal.round_stamps[k as usize] = self.journal.now;
        let round = self.plan.rounds[k as usize];
        self.journal.rounds.push((k, round));
        let mut t = round.first;
        while t != NONE {
            // Whole trips, since a change of destination rewrites their stops' segments.
            self.touch_trip(t);
            t = self.plan.trips[t as usize].later;
        }
    }

    /// A fresh slot, listed as live.
    pub fn unearth(&mut self) -> Option<u32> {
        let t = self.plan.free.pop()?;
        self.touch_trip(t);
        self.plan.trips[t as usize] = Trip { slot: self.plan.live.len() as u32, ..TRIP };
        self.plan.live.push(t);
        Some(t)
    }

    /// Gives a slot back.
    pub fn bury(&mut self, t: u32) {
        let slot = self.plan.trips[t as usize].slot;
        self.plan.live.swap_remove(slot as usize);
        if let Some(&moved) = self.plan.live.get(slot as usize) {
            self.plan.trips[moved as usize].slot = slot;
        }
        self.plan.trips[t as usize].len = 0;
        self.plan.free.push(t);
    }

    pub fn mark_idle(&mut self, k: u32, idle: bool) {
        let member = self.member_of[k as usize];
        let word = &mut self.idle[self.c.couriers[k as usize].class as usize][member as usize / 64];
        let bit = 1u64 << (member % 64);
        *word = if idle { *word | bit } else { *word & !bit };
    }

    /// The first idle courier of a class.
    pub fn first_idle(&self, class: u32) -> Option<u32> {
        let words = &self.idle[class as usize];
        let word = words.iter().position(|&w| w != 0)?;
        let member = word * 64 + words[word].trailing_zeros() as usize;
        self.members[class as usize].get(member).copied()
    }

    /// Trips of a courier's round, in order.
    pub fn trips_of(&self, k: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.plan.rounds[k as usize].first;
        std::iter::successors((first != NONE).then_some(first), |&t| {
            let later = self.plan.trips[t as usize].later;
            (later != NONE).then_some(later)
        })
    }

    /// Stops of a trip, in order.
    pub fn stops_of(&self, t: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.plan.trips[t as usize].first;
        std::iter::successors((first != NONE).then_some(first), |&i| {
            let next = self.plan.nodes[i as usize].next;
            (next != NONE).then_some(next)
        })
    }
}

fn full_bits(count: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; count / 64 + 1];
    if let Some(last) = words.last_mut() {
        *last = (1u64 << (count % 64)) - 1;
    }
    words
}
