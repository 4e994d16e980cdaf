//! Ruin: strings of neighbouring stops are taken from the trips near a random stop.
//!
//! Slack induction by string removals: J. Christiaens and G. Vanden Berghe, Transportation Science 54 (2020) 417-433.

use super::compiled::NONE;
use super::number::Random;
use super::state::{Node, State};

/// Stops taken on average, and the longest string (both from the paper).
const AVERAGE: f64 = 10.0;
const LONGEST: f64 = 10.0;
/// A split string spares a middle part of one stop, more with this probability each (the paper's beta).
const SPARE_MORE: u32 = 100;

/// Scratch space of the ruin.
pub struct Ruin {
    string: Vec<u32>,
    /// Trips touched in this step.
    ruined: Vec<u32>,
}

impl Ruin {
    pub fn new() -> Self {
        Self { string: Vec::new(), ruined: Vec::new() }
    }

    /// Takes strings out of the plan.
    pub fn run(&mut self, state: &mut State, random: &mut Random) {
        let trips = state.plan.live.len();
        let n = state.c.n();
        if trips == 0 {
            return;
        }
        let mean = (n - state.plan.absent.len()) as f64 / trips as f64;
        let longest = mean.min(LONGEST);
        let most = 4.0 * AVERAGE / (1.0 + longest) - 1.0;
        let strings = (random.unit() * most + 1.0) as usize;
        let seed = random.below(n as u32);
        self.ruined.clear();
        self.take(state, seed, longest, random);
        let around = &state.c.near[seed as usize].around;
        for &near in around {
            if self.ruined.len() >= strings {
                break;
            }
            self.take(state, near, longest, random);
        }
    }

    /// Takes one string around a stop, unless the stop is absent or its trip has given one already.
    fn take(&mut self, state: &mut State, stop: u32, longest: f64, random: &mut Random) {
        let t = state.plan.nodes[stop as usize].trip;
        if t == NONE || self.ruined.contains(&t) {
            return;
        }
        let len = state.plan.trips[t as usize].len;
        let most = f64::from(len).min(longest);
        let count = (random.unit() * most + 1.0).min(f64::from(len)) as u32;
        let split = count > 1 && count < len && random.once_in(2);
        let mut spared = 0;
        if split {
            spared = 1;
            while count + spared < len && random.once_in(SPARE_MORE) {
                spared += 1;
            }
        }
        let span = count + spared;
        // The span covers the stop: it begins at most `span - 1` stops before it, and not so early that the rest of the trip is too short.
        let walk = |step: fn(&Node) -> u32| {
            let next = |&i: &u32| Some(step(&state.plan.nodes[i as usize])).filter(|&i| i != NONE);
            std::iter::successors(Some(stop), next).skip(1).take(span as usize - 1).count() as u32
        };
        let (behind, ahead) = (walk(|node| node.prev), walk(|node| node.next));
        let back = behind - random.below(behind + ahead + 2 - span);
        // The spared part begins anywhere behind the first and ends before the last stop of the span.
        let gap = if split { 1 + random.below(count - 1) } else { span };
        let mut i = stop;
        for _ in 0..back {
            i = state.plan.nodes[i as usize].prev;
        }
        self.string.clear();
        for offset in 0..span {
            if offset < gap || offset >= gap + spared {
                self.string.push(i);
            }
            i = state.plan.nodes[i as usize].next;
        }
        state.remove(t, &self.string);
        // A dissolved trip's slot is not reused before the recreate.
        self.ruined.push(t);
    }
}
