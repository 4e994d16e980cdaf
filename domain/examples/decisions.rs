//! How many meals one core decides in a second, under the shipped public policies.
//!
//! `cargo run --release -p nuanfan-domain --example decisions [-- SECONDS]`
//!
//! Every example of every document in `policies/` is decided in turn, trace and claims included. Five runs; the median is
//! printed, with the slowest and the fastest beside it.

use domain::subsidy::replay::{meal_of, subject_of};
use domain::subsidy::{Book, Compiled, Environment, History, Meal, Subject, WorkdayCalendar, decide, parse};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RUNS: usize = 5;
const TARGET: u64 = 100_000;

type Work = (Book, Vec<(Subject, Meal)>);

fn main() {
    let seconds = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(2u64);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let work = match load(&folder) {
        Ok(work) => work,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            std::process::exit(1);
        }
    };
    let meals: usize = work.iter().map(|(_, m)| m.len()).sum();
    println!("{} documents, {meals} different meals, {RUNS} runs of {seconds} s on one core", work.len());
    let mut rates: Vec<u64> = (0..RUNS).map(|_| run(&work, Duration::from_secs(seconds))).collect();
    rates.sort_unstable();
    let of = |n: usize| rates.get(n).copied().unwrap_or(0);
    println!("decisions per second: median {}, slowest {}, fastest {}", of(RUNS / 2), of(0), of(RUNS - 1));
    println!("target {TARGET}: {}", if of(RUNS / 2) >= TARGET { "reached" } else { "missed" });
}

fn load(folder: &Path) -> std::io::Result<Vec<Work>> {
    let mut work = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let Ok(document) = parse::document(&std::fs::read_to_string(&path)?).into_result() else {
            return Err(std::io::Error::other(format!("{} does not pass the check", path.display())));
        };
        let meals = document.examples.iter().map(|c| (subject_of(c, &document), meal_of(c, &document))).collect();
        let book = Book::new(vec![Arc::new(Compiled::new(document))]).map_err(std::io::Error::other)?;
        work.push((book, meals));
    }
    Ok(work)
}

fn run(work: &[Work], length: Duration) -> u64 {
    let calendar = WorkdayCalendar::shipped();
    let environment = Environment { calendar: &calendar, budgets: &[] };
    let history = History::default();
    let begin = Instant::now();
    let mut decided = 0u64;
    while begin.elapsed() < length {
        for (book, meals) in work {
            for (subject, meal) in meals {
                let decision = decide(book, subject, meal, &history, &environment);
                decided += u64::from(black_box(decision).is_ok());
            }
        }
    }
    decided * 1_000_000 / u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
}
