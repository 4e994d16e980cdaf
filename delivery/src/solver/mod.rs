//! Planning: ruin and recreate under simulated annealing, on every core it is given.
//!
//! The same problem, seed, number of steps and number of threads give the same plan on any machine: no clock, no platform logarithm, no hash order takes
//! part. With [`Budget::Until`] the caller's clock decides how far the search gets.

mod compiled;
mod diagnose;
mod edit;
mod extract;
mod neighbours;
pub(crate) mod number;
mod probe;
mod recreate;
mod ruin;
mod search;
mod segment;
mod split;
mod state;

#[cfg(test)]
mod tests;

use crate::plan::Plan;
use crate::units::Seconds;
use crate::validate::ValidProblem;
use compiled::Compiled;
use search::Chain;
use state::{Kept, State};

pub use segment::{FAR, Segment};

/// How long to search.
#[derive(Clone, Copy)]
pub enum Budget<'a> {
    /// This many steps in every thread, rounded up to whole beats of 64.
    Steps(u64),
    /// Until the function says 1 or more: it returns the share of the budget used up, growing from 0 (elapsed time over
    /// allowed time). It is asked every 64 steps of each thread.
    Until(&'a (dyn Fn() -> f64 + Sync)),
}

/// Told now and then while the search runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Share of the budget used up, 0 to 1.
    pub share: f64,
    /// Cost of the best plan so far, in cost units; as in the plan, without a price for stops that must be served.
    pub cost: i64,
    /// Stops it leaves out.
    pub left_out: usize,
}

/// How to plan.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Seed of all randomness.
    pub seed: u64,
    /// Threads to use (1 to 64).
    pub threads: usize,
    /// How long to search.
    pub budget: Budget<'a>,
    /// A trip leaves earlier than the latest no-wait departure when that keeps this much slack.
    pub min_slack: Seconds,
    /// A plan to start from (yesterday's, or the morning's). The result is never dearer than it, provided it is feasible.
    pub start: Option<&'a Plan>,
    /// Asked together with the budget; `true` ends the search with the best plan so far.
    pub cancel: Option<&'a (dyn Fn() -> bool + Sync)>,
    /// Told after each of the parts the search is divided into.
    pub progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            seed: 1,
            threads: 1,
            budget: Budget::Steps(20_000),
            min_slack: Seconds(0),
            start: None,
            cancel: None,
            progress: None,
        }
    }
}

/// A plan and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The plan, with times; not yet seen by the checker.
    pub plan: Plan,
    /// Steps done by all threads together.
    pub steps: u64,
}

/// Parts of the budget; after each one the chains are compared.
const PARTS: u32 = 16;
/// From the end of this part on every chain goes on from its own best plan: it is too cold by then to find the way back to it.
const LATE: u32 = 12;

/// Plans. Never fails: what cannot be served is left out, with the reason.
#[must_use]
pub fn solve(problem: &ValidProblem, settings: &Settings) -> Solution {
    let compiled = Compiled::new(problem);
    let start = || {
        let mut state = State::new(&compiled);
        if let Some(plan) = settings.start {
            extract::load(&mut state, plan);
        }
        state
    };
    let settings = &Settings { threads: settings.threads.clamp(1, 64), ..*settings };
    let (best, steps) = if split::parts(compiled.n(), settings.threads) > 1 {
        split::search(start(), settings)
    } else {
        side_by_side((0..settings.threads).map(|_| start()).collect(), settings)
    };
    let mut state = State::new(&compiled);
    state.restore(&best);
    let mut plan = extract::plan(&state, settings.min_slack);
    plan.left_out = diagnose::left_out(problem, &state);
    Solution { plan, steps }
}

/// Chains from one plan, each on a thread of its own, compared after each part of the budget. Returns the best plan and the steps made.
fn side_by_side(states: Vec<State>, settings: &Settings) -> (Kept, u64) {
    let mut chains: Vec<Chain> =
        states.into_iter().zip(0..).map(|(state, stream)| Chain::new(state, settings.seed, stream)).collect();
    for part in 1..=PARTS {
        run_part(&mut chains, f64::from(part) / f64::from(PARTS), settings);
        if let Some(tell) = settings.progress {
            let best = best_of(&chains);
            let cost = extract::cost(best.state.c, &best.best);
            tell(Progress { share: f64::from(part) / f64::from(PARTS), cost, left_out: best.best.absent.len() });
        }
        share_best(&mut chains);
        if part >= LATE {
            chains.iter_mut().for_each(Chain::settle);
        }
        if settings.cancel.is_some_and(|cancelled| cancelled()) {
            break;
        }
    }
    (best_of(&chains).best.clone(), chains.iter().map(|chain| chain.steps).sum())
}

/// Times and cost for the trips of a plan whose times do not matter: from a file, by hand, or after a change of the problem.
/// What does not fit is left out, with the reason.
#[must_use]
pub fn retime(problem: &ValidProblem, plan: &Plan, min_slack: Seconds) -> Plan {
    let compiled = Compiled::new(problem);
    let mut state = State::new(&compiled);
    extract::load(&mut state, plan);
    let mut plan = extract::plan(&state, min_slack);
    plan.left_out = diagnose::left_out(problem, &state);
    plan
}

fn run_part(chains: &mut [Chain], until: f64, settings: &Settings) {
    let share = |steps: u64| {
        if settings.cancel.is_some_and(|cancelled| cancelled()) {
            return 1.0;
        }
        match settings.budget {
            Budget::Steps(all) => steps as f64 / all.max(1) as f64,
            Budget::Until(used) => used(),
        }
    };
    if let [only] = chains {
        return only.run(until, &share);
    }
    std::thread::scope(|scope| {
        for chain in chains.iter_mut() {
            scope.spawn(|| chain.run(until, &share));
        }
    });
}

/// The first of equals, so that the answer does not depend on who finished first. There is at least one chain.
fn best_of<'c, 'a>(chains: &'c [Chain<'a>]) -> &'c Chain<'a> {
    chains.iter().fold(&chains[0], |best, chain| if chain.best.cost < best.best.cost { chain } else { best })
}

/// The worse half of the chains goes on from the best plan found by any.
fn share_best(chains: &mut [Chain]) {
    if chains.len() < 2 {
        return;
    }
    let best = best_of(chains).best.clone();
    let mut costs: Vec<i64> = chains.iter().map(|chain| chain.state.plan.cost).collect();
    costs.sort_unstable();
    let median = costs[(costs.len() - 1) / 2];
    for chain in chains.iter_mut().filter(|chain| chain.state.plan.cost > median) {
        chain.adopt(&best);
    }
}
