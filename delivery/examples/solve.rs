//! `nuanfan route solve --json` without the rest of the program: `solve route solve --instance FILE --seconds S --seed N --json`.
//!
//! For `bench/compare.py`, so that the planner can be compared without building the server.

use delivery::instance::{self, ReadError};
use delivery::solver::{Budget, Settings};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let began = Instant::now();
    let args: Vec<String> = std::env::args().collect();
    let value =
        |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1)).ok_or(format!("{flag} is missing"));
    let (path, seconds, seed): (_, f64, u64) = (value("--instance")?, value("--seconds")?.parse()?, value("--seed")?.parse()?);
    let text = std::fs::read_to_string(path)?;
    let instance = instance::read(&text).map_err(|error: ReadError| format!("{path}: {error}"))?;
    let elapsed = || began.elapsed().as_secs_f64();
    let used = || elapsed() / seconds.max(0.001);
    let (answer, _) = instance.solve(&Settings { seed, budget: Budget::Until(&used), ..Settings::default() }, &elapsed);
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}
