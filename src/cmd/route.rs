//! `nuanfan route`

use anyhow::Result;
use delivery::instance::{Answer, Instance};
use delivery::plan::Plan;
use delivery::solver::Progress;
use delivery::wording::{self, Language};
use indicatif::{ProgressBar, ProgressStyle};
use nuanfan::config::Config;
use nuanfan::routes::{self, Length, Run};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Plans delivery routes; needs no database and changes nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Solve one instance and print its routes. Ends with 3 when customers are left out or the checker objects, with 1 when
    /// the file cannot be read. Ctrl-C ends the search with the best plan so far.
    Solve(Solve),
}

#[derive(Debug, clap::Args)]
struct Solve {
    /// The instance: Solomon or Gehring-Homberger text, VRPLIB (CVRP, VRPTW, MTVRPTWR), or this program's JSON.
    #[arg(long, value_name = "FILE")]
    instance: PathBuf,
    #[command(flatten)]
    length: Budget,
    /// Seed of all randomness.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads to search with.
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    threads: u64,
    /// Print one JSON object: cost, feasible, seconds, routes (0 stands for a return to the depot between trips).
    #[arg(long)]
    json: bool,
}

/// How long to search, as flags.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Budget {
    /// Search for this long, reading the file included.
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<Duration>,
    /// Search this many steps in each thread: the same plan for the same seed, steps and threads on any machine.
    #[arg(long, value_name = "I", value_parser = clap::value_parser!(u64).range(1..))]
    iterations: Option<u64>,
}

impl Budget {
    fn length(&self) -> Length {
        match (self.seconds, self.iterations) {
            (Some(seconds), _) => Length::Time(seconds),
            (None, steps) => Length::Steps(steps.unwrap_or(1)),
        }
    }
}

pub(in crate::cmd) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.001..=86_400.0).contains(&number) {
        Ok(Duration::from_secs_f64(number))
    } else {
        Err("from 0.001 to 86400 seconds".to_owned())
    }
}

impl Args {
    pub fn run(self, _: &Config) -> Result<ExitCode> {
        match self.what {
            What::Solve(solve) => solve.run(),
        }
    }
}

/// What ends a search with 3: the answer stands on standard output, but must not be driven.
pub(in crate::cmd) const INFEASIBLE: u8 = 3;

impl Solve {
    fn run(self) -> Result<ExitCode> {
        let began = Instant::now();
        let stop = stop_on_interrupt();
        let instance = routes::read(&self.instance)?;
        let bar = bar();
        let progress = |p: Progress| {
            bar.set_position((p.share * 100.0) as u64);
            bar.set_message(format!("{} ({} left out)", instance.printed(p.cost), p.left_out));
        };
        let threads = usize::try_from(self.threads)?;
        let run =
            Run { length: self.length.length(), seed: self.seed, threads, stop: &stop, progress: Some(&progress) };
        let (answer, solution) = run.solve(&instance, began);
        bar.finish_and_clear();
        if self.json {
            println!("{}", serde_json::to_string(&answer)?);
        } else {
            print!("{}", told(&instance, &answer, &solution.plan));
            println!("Seconds {:.3} ({} steps)", answer.seconds, solution.steps);
        }
        Ok(if answer.feasible { ExitCode::SUCCESS } else { ExitCode::from(INFEASIBLE) })
    }
}

/// The answer for people: as in a `.sol` file, then the checker's word, then what is left out and why.
fn told(instance: &Instance, answer: &Answer, plan: &Plan) -> String {
    let problem = instance.problem.get();
    let mut lines = vec![answer.sol()];
    lines.push(format!("{} {}\n", if answer.feasible { "可行" } else { "不可行" }, if answer.feasible { "Feasible" } else { "Infeasible" }));
    lines.extend(delivery::checker::violations(&instance.problem, plan).iter().map(|violation| format!("{violation:?}\n")));
    for left in &plan.left_out {
        let name = problem.stops.get(left.stop.at()).map_or("?", |stop| stop.id.as_str());
        let why = |language| {
            let cures = left.cures.iter().map(|cure| wording::cure(cure, problem, language));
            std::iter::once(wording::reason(&left.reason, language)).chain(cures).collect::<Vec<_>>().join("; ")
        };
        lines.push(format!("未安排 Left out {name}: {}\n    {}\n", why(Language::Zh), why(Language::En)));
    }
    lines.concat()
}

/// Set by Ctrl-C.
pub(in crate::cmd) fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    // A thread of its own, which ends with the program: the search takes this one, and without a handler Ctrl-C ends the program.
    std::thread::spawn(move || {
        nuanfan::block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                seen.store(true, Ordering::Relaxed);
            }
        });
    });
    stop
}

/// Drawn on standard error, and only when that is a terminal.
pub(in crate::cmd) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(100);
    // Were the template wrong the plain bar would do.
    let style = ProgressStyle::with_template("{elapsed} {wide_bar} {percent}% {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar
}
