//! Solving instances and comparing with what is known: the work behind `route solve` and `bench routes`.
//!
//! Reading files and clocks is the caller's part.

use super::{Answer, Instance, gap_percent};
use crate::solver::{Settings, Solution, solve};
use serde::Serialize;
use std::fmt::Write as _;

/// One run on one instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The instance's name.
    pub name: String,
    /// Seed of the run.
    pub seed: u64,
    /// Cost as the set prints it.
    pub cost: f64,
    /// Best known cost, if there is one.
    pub known: Option<f64>,
    /// Per cent above it.
    pub gap: Option<f64>,
    /// As the checker says.
    pub feasible: bool,
    /// Time spent.
    pub seconds: f64,
    /// Steps done.
    pub steps: u64,
}

impl Instance {
    /// Solves the instance. `elapsed` tells the seconds since the caller began.
    #[must_use]
    pub fn solve(&self, settings: &Settings, elapsed: &dyn Fn() -> f64) -> (Answer, Solution) {
        let solution = solve(&self.problem, settings);
        (self.answer(&solution.plan, elapsed()), solution)
    }

    /// The row of a run in the table.
    #[must_use]
    pub fn row(&self, answer: &Answer, steps: u64, seed: u64, known: Option<f64>) -> Row {
        Row {
            name: self.name.clone(),
            seed,
            cost: answer.cost,
            known,
            gap: known.map(|best| gap_percent(answer.cost, best)),
            feasible: answer.feasible,
            seconds: answer.seconds,
            steps,
        }
    }
}

/// The median gap of each instance (in order of first appearance; infeasible runs count as the worst), and their mean.
#[must_use]
pub fn median_gaps(rows: &[Row]) -> (Vec<(String, f64)>, f64) {
    let mut names: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|r| r.gap.is_some()) {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    let medians: Vec<(String, f64)> = names
        .into_iter()
        .map(|name| {
            let of_name = rows.iter().filter(|r| r.name == name);
            let mut gaps: Vec<f64> = of_name.filter_map(|r| if r.feasible { r.gap } else { Some(f64::INFINITY) }).collect();
            gaps.sort_unstable_by(f64::total_cmp);
            (name.to_owned(), gaps.get(gaps.len() / 2).copied().unwrap_or(f64::INFINITY))
        })
        .collect();
    let mean = medians.iter().map(|m| m.1).sum::<f64>() / medians.len().max(1) as f64;
    (medians, mean)
}

/// The table as text, a line per run, then medians per instance and their mean.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    // Writing to a String cannot fail.
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:<40} {:>5} {:>12} {:>12} {:>8} {:>8} {:>10}",
        "instance", "seed", "cost", "known", "gap %", "seconds", "steps"
    );
    for row in rows {
        let number = |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |v| format!("{v:.digits$}"));
        let mark = if row.feasible { "" } else { " infeasible" };
        let (known, gap) = (number(row.known, 1), number(row.gap, 3));
        let _ = writeln!(
            text,
            "{:<40} {:>5} {:>12.1} {known:>12} {gap:>8} {:>8.2} {:>10}{mark}",
            row.name, row.seed, row.cost, row.seconds, row.steps
        );
    }
    let (medians, mean) = median_gaps(rows);
    for (name, gap) in &medians {
        let _ = writeln!(text, "median {name:<40} {gap:>8.3} %");
    }
    if !medians.is_empty() {
        let _ = writeln!(text, "mean of medians {mean:.3} %");
    }
    text
}
