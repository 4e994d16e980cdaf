//! One chain of simulated annealing over ruin and recreate.

use super::compiled::{Compiled, MUST_SERVE};
use super::number::{Random, exp, ln};
use super::recreate::Recreate;
use super::ruin::Ruin;
use super::state::{Kept, State};

/// Temperature at the start and at the end, as shares of the mean cost of a leg. Measured: starting at 0.3 is good for a
/// hundred stops in seconds but freezes a thousand in their greedy first plan (7 % dearer); starting at 3 wastes short runs.
/// The ratio of a hundred between the two is the paper's; ending at 0.003 was no better.
const HOT: f64 = 1.0;
const COLD: f64 = 0.01;
/// Steps between looks at the clock and changes of temperature.
pub const BEAT: u64 = 64;

/// A chain: its own plan, its own random stream.
pub struct Chain<'a> {
    pub state: State<'a>,
    pub best: Kept,
    pub steps: u64,
    ruin: Ruin,
    recreate: Recreate,
    random: Random,
    pub heat: Heat,
}

/// Temperatures at the beginning and at the end of the whole search.
#[derive(Clone, Copy, Debug)]
pub struct Heat {
    hot: f64,
    cold: f64,
}

impl<'a> Chain<'a> {
    /// Starts from the state's plan, filled up greedily.
    pub fn new(mut state: State<'a>, seed: u64, stream: u64) -> Self {
        let mut random = Random::new(seed, stream);
        let mut recreate = Recreate::new(&state);
        state.begin();
        recreate.run(&mut state, &mut random, i64::MAX);
        let best = state.plan.clone();
        let mean = mean_leg(state.c, &best);
        let heat = Heat { hot: HOT * mean, cold: COLD * mean };
        Self { state, best, steps: 0, ruin: Ruin::new(), recreate, random, heat }
    }

    /// Goes on from the state's plan in the middle of a search.
    pub fn resume(state: State<'a>, random: Random, heat: Heat) -> Self {
        let (recreate, best) = (Recreate::new(&state), state.plan.clone());
        Self { state, best, steps: 0, ruin: Ruin::new(), recreate, random, heat }
    }

    /// Runs until `share` (of the whole budget, 0 to 1) reaches `until`; `share` is asked every [`BEAT`] steps with the
    /// number of steps done so far.
    pub fn run(&mut self, until: f64, share: &dyn Fn(u64) -> f64) {
        if self.state.c.n() == 0 {
            return;
        }
        let Heat { hot, cold } = self.heat;
        let fall = ln(cold.max(1e-9) / hot.max(1e-9));
        loop {
            let now = share(self.steps);
            if now >= until {
                return;
            }
            let temperature = hot * exp(fall * now.clamp(0.0, 1.0));
            for _ in 0..BEAT {
                self.step(temperature);
            }
            self.steps += BEAT;
        }
    }

    fn step(&mut self, temperature: f64) {
        let before = self.state.plan.cost;
        self.state.begin();
        if self.state.c.reloads && self.random.once_in(2) {
            self.exchange();
        }
        self.ruin.run(&mut self.state, &mut self.random);
        let most = before + (-ln(self.random.unit()) * temperature) as i64;
        let done = self.recreate.run(&mut self.state, &mut self.random, most);
        let after = self.state.plan.cost;
        if !done || after > most || !self.state.step_is_feasible() {
            self.state.undo();
        } else if after < self.best.cost {
            self.best.copy_from(&self.state.plan);
        }
    }

    /// Exchanges the later trips of two couriers, if that is possible.
    fn exchange(&mut self) {
        let (c, plan) = (self.state.c, &self.state.plan);
        let mut draw = || {
            let t = plan.live[self.random.below(plan.live.len() as u32) as usize];
            let trip = &plan.trips[t as usize];
            (trip.courier, if self.random.once_in(2) { t } else { trip.earlier })
        };
        if plan.live.is_empty() {
            return;
        }
        let (one, other) = (draw(), draw());
        let class = |k: u32| c.couriers[k as usize].class;
        if one.0 == other.0 || class(one.0) != class(other.0) {
            return;
        }
        self.state.exchange_tails(one, other);
        let most = c.couriers[one.0 as usize].max_trips;
        let counts = [one.0, other.0].map(|k| self.state.plan.rounds[k as usize].count);
        if counts.into_iter().any(|count| count > most) || !self.state.step_is_feasible() {
            self.state.undo();
            self.state.begin();
        }
    }

    /// Goes on from its own best plan.
    pub fn settle(&mut self) {
        if self.state.plan.cost > self.best.cost {
            self.state.restore(&self.best);
        }
    }

    /// Goes on from another chain's best plan.
    pub fn adopt(&mut self, plan: &Kept) {
        self.state.restore(plan);
        if plan.cost < self.best.cost {
            self.best.copy_from(plan);
        }
    }
}

/// Mean cost of the legs in use.
fn mean_leg(c: &Compiled, plan: &Kept) -> f64 {
    let left_out: i64 = plan.absent.iter().map(|&i| c.stops[i as usize].price).sum();
    let legs = c.n() - plan.absent.len() + plan.live.len();
    let cost = (plan.cost - left_out).clamp(0, MUST_SERVE);
    cost as f64 / legs.max(1) as f64
}
