//! Large tasks in parts: some couriers' rounds with their stops are planned by themselves for a while, then the parts are put together and
//! cut anew, elsewhere.
//!
//! A step looks only at what is near its seed, so cutting costs little; but a part of some two hundred stops stays in the processor's fast
//! memory, where a step among a thousand stops waits for every number. Parts are also what several threads can work on at the same time:
//! together they move one plan on.

use super::compiled::{Compiled, CourierData, NONE};
use super::edit::Target;
use super::extract;
use super::neighbours::Near;
use super::number::Random;
use super::search::{Chain, Heat};
use super::state::{Kept, State};
use super::{Budget, Progress, Settings};

/// Stops in a part, about.
const STOPS: usize = 220;
/// Fewest stops in a part that is cut only to give one more thread something to do.
const FEW: usize = 100;
/// Parts of the budget, after each of which the task is cut anew.
const SLICES: u32 = 32;
/// From the end of this slice on the search goes on from the best plan: it is too cold by then to find the way back to it.
const LATE: u32 = 24;
/// A usual courier who works in another part: nobody here is.
const ELSEWHERE: u32 = NONE - 1;

/// Into how many parts a task is cut; 1: not at all.
pub fn parts(stops: usize, threads: usize) -> usize {
    let parts = (stops + STOPS / 2) / STOPS;
    if parts < 2 { 1 } else { parts.max(threads.min(stops / FEW)) }
}

/// The best plan found, and the steps made.
pub fn search(state: State, settings: &Settings) -> (Kept, u64) {
    let mut random = Random::new(settings.seed, u64::MAX);
    let Chain { mut state, mut best, heat, .. } = Chain::new(state, settings.seed, 0);
    let mut steps = 0;
    for slice in 1..=SLICES {
        let span = [slice - 1, slice].map(|edge| f64::from(edge) / f64::from(SLICES));
        let members = cut(&state, parts(state.c.n(), settings.threads), &mut random);
        let done = work(&state, &members, heat, span, settings, &mut random);
        steps += done.iter().map(|done| done.steps).sum::<u64>();
        // Of the best of every part together: the best combination seen.
        let mut whole = State::new(state.c);
        done.iter().for_each(|done| put(&mut whole, &done.best));
        if whole.plan.cost < best.cost {
            best = whole.plan;
        }
        let mut next = State::new(state.c);
        done.iter().for_each(|done| put(&mut next, &done.now));
        if slice >= LATE && next.plan.cost > best.cost {
            next.restore(&best);
        }
        state = next;
        if let Some(tell) = settings.progress {
            tell(Progress { share: span[1], cost: extract::cost(state.c, &best), left_out: best.absent.len() });
        }
        if settings.cancel.is_some_and(|cancelled| cancelled()) {
            break;
        }
    }
    (best, steps)
}

/// Some couriers and stops of the whole, by number.
#[derive(Default)]
struct Members {
    couriers: Vec<u32>,
    stops: Vec<u32>,
}

/// One courier's trips in the numbers of the whole: sites and stops.
struct Trips {
    courier: u32,
    trips: Vec<(u32, Vec<u32>)>,
}

/// What came out of a part.
struct Done {
    now: Vec<Trips>,
    best: Vec<Trips>,
    steps: u64,
}

/// Works on all parts, on as many threads as there are: each takes every so-manieth part, one after another.
fn work(
    state: &State,
    members: &[Members],
    heat: Heat,
    [from, until]: [f64; 2],
    settings: &Settings,
    random: &mut Random,
) -> Vec<Done> {
    let threads = settings.threads.clamp(1, members.len().max(1));
    let streams: Vec<u64> = members.iter().map(|_| random.bits()).collect();
    let one_thread = |first: usize| {
        let own = || (first..members.len()).step_by(threads);
        let all: usize = own().map(|p| members[p].stops.len()).sum();
        let mut begun = 0;
        let share = |stops: usize| from + (until - from) * stops as f64 / all.max(1) as f64;
        let mut done = Vec::new();
        for part in own() {
            let size = members[part].stops.len();
            let span = match settings.budget {
                // Every part sees the whole fall of the temperature in this slice.
                Budget::Steps(_) => [from, until],
                Budget::Until(_) => [share(begun), share(begun + size)],
            };
            begun += size;
            done.push(work_on(state, &members[part], heat, span, settings, Random::new(settings.seed, streams[part])));
        }
        done
    };
    let mut by_thread: Vec<Vec<Done>> = if threads == 1 {
        vec![one_thread(0)]
    } else {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || one_thread(first))).collect();
            // A thread that panics takes the search with it, as it would have alone.
            running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    };
    by_thread.iter_mut().flat_map(std::mem::take).collect()
}

fn work_on(whole: &State, members: &Members, heat: Heat, [from, until]: [f64; 2], settings: &Settings, random: Random) -> Done {
    let compiled = whole.c.part(members);
    let mut state = State::new(&compiled);
    put(&mut state, &numbered(&trips(whole, &members.couriers), members));
    let mut chain = Chain::resume(state, random, heat);
    let own = members.stops.len() as f64 / whole.c.n().max(1) as f64 * settings.threads as f64;
    chain.run(until, &|steps| {
        if settings.cancel.is_some_and(|cancelled| cancelled()) {
            return 1.0;
        }
        match settings.budget {
            Budget::Steps(all) => from + steps as f64 / (all.max(1) as f64 * own),
            Budget::Until(used) => used(),
        }
    });
    let couriers: Vec<u32> = (0..members.couriers.len() as u32).collect();
    let told = |state: &State| {
        let original = |mut round: Trips| {
            round.courier = members.couriers[round.courier as usize];
            round.trips.iter_mut().flat_map(|trip| &mut trip.1).for_each(|stop| *stop = members.stops[*stop as usize]);
            round
        };
        trips(state, &couriers).into_iter().map(original).collect()
    };
    let now = told(&chain.state);
    chain.settle();
    Done { now, best: told(&chain.state), steps: chain.steps }
}

/// The trips of these couriers; those without any are not listed.
fn trips(state: &State, couriers: &[u32]) -> Vec<Trips> {
    let sent = couriers.iter().copied().filter(|&k| state.plan.rounds[k as usize].count > 0);
    let trip = |t: u32| (state.plan.trips[t as usize].site - state.c.n() as u32, state.stops_of(t).collect());
    sent.map(|courier| Trips { courier, trips: state.trips_of(courier).map(trip).collect() }).collect()
}

/// In the numbers of a part.
fn numbered(rounds: &[Trips], members: &Members) -> Vec<Trips> {
    let number = |all: &[u32], one: u32| all.binary_search(&one).map_or(NONE, |at| at as u32);
    let stops = |trip: &(u32, Vec<u32>)| (trip.0, trip.1.iter().map(|&stop| number(&members.stops, stop)).collect());
    let round =
        |round: &Trips| Trips { courier: number(&members.couriers, round.courier), trips: round.trips.iter().map(stops).collect() };
    rounds.iter().map(round).collect()
}

/// Puts whole rounds into a state whose couriers are idle. They were feasible, and are so here: nothing else touches them.
fn put(state: &mut State, rounds: &[Trips]) {
    state.begin();
    for round in rounds {
        let mut after = NONE;
        for (site, stops) in &round.trips {
            let mut target = Target::New { courier: round.courier, after, site: state.c.site_node(*site as usize) };
            for &stop in stops {
                state.insert(stop, target);
                let trip = state.plan.nodes[stop as usize].trip;
                target = Target::Into { trip, behind: stop };
                after = trip;
            }
        }
    }
    let nodes = &state.plan.nodes;
    state.plan.absent.retain(|&stop| nodes[stop as usize].trip == NONE);
}

/// Cuts the task between rounds into parts of about the same number of stops, by nearness to pairs of stops drawn at random. Absent stops
/// go where their nearest served neighbour is, idle couriers are dealt out.
fn cut(state: &State, count: usize, random: &mut Random) -> Vec<Members> {
    let sent: Vec<u32> = (0..state.plan.rounds.len() as u32).filter(|&k| state.plan.rounds[k as usize].count > 0).collect();
    let rounds = sent.iter().map(|&courier| {
        let stops = state.trips_of(courier).flat_map(|t| state.stops_of(t)).collect();
        Members { couriers: vec![courier], stops }
    });
    let mut parts = Vec::with_capacity(count);
    halve(state.c, rounds.collect(), count, random, &mut parts);
    let mut part_of = vec![0; state.c.n()];
    for (number, part) in parts.iter().enumerate() {
        part.stops.iter().for_each(|&stop| part_of[stop as usize] = number);
    }
    for &stop in &state.plan.absent {
        let around = state.c.near[stop as usize].around.iter();
        let near = around.copied().find(|&i| state.plan.nodes[i as usize].trip != NONE);
        parts[near.map_or(0, |i| part_of[i as usize])].stops.push(stop);
    }
    let idle = (0..state.plan.rounds.len() as u32).filter(|&k| state.plan.rounds[k as usize].count == 0);
    let mut next = random.below(parts.len() as u32) as usize;
    for courier in idle {
        parts[next].couriers.push(courier);
        next = (next + 1) % parts.len();
    }
    for part in &mut parts {
        part.couriers.sort_unstable();
        part.stops.sort_unstable();
    }
    parts.retain(|part| !part.stops.is_empty());
    parts
}

fn halve(c: &Compiled, mut rounds: Vec<Members>, count: usize, random: &mut Random, parts: &mut Vec<Members>) {
    let stops: Vec<u32> = rounds.iter().flat_map(|round| round.stops.iter().copied()).collect();
    let legs = c.legs.first().filter(|_| count > 1 && rounds.len() > 1);
    let Some(legs) = legs else {
        let mut part = Members::default();
        for round in rounds {
            part.couriers.extend(round.couriers);
            part.stops.extend(round.stops);
        }
        parts.push(part);
        return;
    };
    let mut draw = || stops[random.below(stops.len() as u32) as usize];
    let (pole, one, other) = (draw(), draw(), draw());
    let from = legs.costs_from(pole);
    let far = if from[one as usize] > from[other as usize] { one } else { other };
    let beyond = legs.costs_from(far);
    // How much nearer to the one pole than to the other, on average.
    rounds.sort_by_cached_key(|round| {
        let sum: i64 = round.stops.iter().map(|&i| i64::from(from[i as usize]) - i64::from(beyond[i as usize])).sum();
        (sum * 64 / round.stops.len().max(1) as i64, round.couriers.first().copied())
    });
    let first = count / 2;
    let (wanted, mut taken, mut at) = (stops.len() * first / count, 0, 0);
    while at + 1 < rounds.len() && taken + rounds[at].stops.len() / 2 < wanted {
        taken += rounds[at].stops.len();
        at += 1;
    }
    let rest = rounds.split_off(at.max(1));
    halve(c, rounds, first, random, parts);
    halve(c, rest, count - first, random, parts);
}

impl Compiled {
    /// The problem of some members alone. Stops keep their order, and their lists of neighbours lose only who is elsewhere.
    fn part(&self, members: &Members) -> Self {
        let (n, m) = (self.n() as u32, members.stops.len() as u32);
        let mut number = vec![NONE; self.n()];
        members.stops.iter().zip(0..).for_each(|(&old, new)| number[old as usize] = new);
        // Sites and ends of shifts follow the stops.
        let node = |old: u32| if old == NONE { NONE } else { old - n + m };
        let stop = |&old: &u32| {
            let mut stop = self.stops[old as usize].clone();
            stop.site = node(stop.site);
            if stop.usual_courier != NONE {
                stop.usual_courier = members.couriers.binary_search(&stop.usual_courier).map_or(ELSEWHERE, |at| at as u32);
            }
            stop
        };
        let courier = |&old: &u32| {
            let courier = &self.couriers[old as usize];
            CourierData { start: node(courier.start), end: node(courier.end), ..courier.clone() }
        };
        let here = |list: &[u32]| list.iter().map(|&i| number[i as usize]).filter(|&i| i != NONE).collect();
        let near = |&old: &u32| {
            let near = &self.near[old as usize];
            let beside = near.beside.iter().filter_map(|place| place.renumbered(&number)).collect();
            Near { around: here(&near.around), beside, least: near.least }
        };
        let suits = |class: u32| members.stops.iter().map(move |&i| self.suits[(class * n + i) as usize]);
        Self {
            original: members.stops.iter().map(|&i| self.original[i as usize]).collect(),
            number: Vec::new(),
            stops: members.stops.iter().map(stop).collect(),
            couriers: members.couriers.iter().map(courier).collect(),
            loading: self.loading.clone(),
            legs: self.legs.iter().map(|legs| legs.part(&members.stops, n)).collect(),
            classes: self.classes,
            suits: (0..self.classes).flat_map(suits).collect(),
            apart: members.stops.iter().map(|&i| here(&self.apart[i as usize])).collect(),
            courier_cost: self.courier_cost,
            trip_cost: self.trip_cost,
            strange_courier: self.strange_courier,
            near: members.stops.iter().map(near).collect(),
            reloads: self.reloads,
            open_ends: self.open_ends,
            one_base: self.one_base,
        }
    }
}
