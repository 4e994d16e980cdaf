//! Measures the solver on benchmark files: `measure SECONDS|STEPSit SEEDS FILE...` prints every run and the median gaps.
//!
//! `nuanfan bench routes` tells the same of the whole program; this builds one crate only, for work on the solver.
//!
//! Best known costs are looked for beside each file (`.sol`, or `best-known.csv`). With `CPU=1` in the environment the budget
//! is computing time instead of wall time (Linux, one thread): fairer on a busy machine.

use delivery::instance::{self, ReadError};
use delivery::solver::{Budget, Settings};
use std::path::Path;
use std::time::Instant;

fn known(path: &Path, name: &str) -> Option<f64> {
    if let Ok(text) = std::fs::read_to_string(path.with_extension("sol")) {
        return instance::solution_file(&text).ok().map(|known| known.cost);
    }
    let text = std::fs::read_to_string(path.parent()?.join("best-known.csv")).ok()?;
    let table = instance::best_known(&text).ok()?;
    table.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, cost)| cost)
}

/// Seconds this process has spent computing.
fn computing() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: measure SECONDS|STEPSit SEEDS FILE...";
    let mut args = std::env::args().skip(1);
    let budget = args.next().ok_or(usage)?;
    let seeds: u64 = args.next().ok_or(usage)?.parse()?;
    let threads = std::env::var("THREADS").ok().and_then(|t| t.parse().ok()).unwrap_or(1);
    let by_cpu = std::env::var_os("CPU").is_some();
    let start = Instant::now();
    let clock = || if by_cpu { computing().unwrap_or(f64::MAX) } else { start.elapsed().as_secs_f64() };
    let mut rows = Vec::new();
    for path in args {
        let instance = match std::fs::read_to_string(&path).map_err(|e| ReadError::Json(e.to_string())) {
            Ok(text) => instance::read(&text).map_err(|e| format!("{path}: {e}"))?,
            Err(error) => return Err(format!("{path}: {error}").into()),
        };
        let best = known(Path::new(&path), &instance.name);
        for seed in 1..=seeds {
            let began = clock();
            let elapsed = || clock() - began;
            let share = |seconds: f64| elapsed() / seconds.max(0.001);
            let seconds: f64 = if budget.ends_with("it") { 1.0 } else { budget.parse()? };
            let used = || share(seconds);
            let budget = match budget.strip_suffix("it") {
                Some(steps) => Budget::Steps(steps.parse()?),
                None => Budget::Until(&used),
            };
            let (answer, solution) = instance.solve(&Settings { seed, threads, budget, ..Settings::default() }, &elapsed);
            rows.push(instance.row(&answer, solution.steps, seed, best));
        }
    }
    print!("{}", instance::table(&rows));
    Ok(())
}
