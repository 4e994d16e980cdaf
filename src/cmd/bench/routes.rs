//! `nuanfan bench routes`

use crate::cmd::route::{bar, stop_on_interrupt};
use anyhow::{Context, Result};
use nuanfan::routes::{self, Length, Run, Table};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Gaps of the planner to the best known costs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder.
    folder: PathBuf,
    /// Search each time for this many seconds.
    #[arg(long, value_name = "S", default_value = "1", value_parser = crate::cmd::route::seconds, conflicts_with = "iterations")]
    seconds: Duration,
    /// Search each time this many steps instead.
    #[arg(long, value_name = "I", value_parser = clap::value_parser!(u64).range(1..))]
    iterations: Option<u64>,
    /// Seeds 1 to this.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Threads to search with.
    #[arg(long, value_name = "T", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    threads: u64,
}

impl Args {
    pub fn run(self) -> Result<ExitCode> {
        let stop = stop_on_interrupt();
        let files = routes::files_in(&self.folder)?;
        let length = self.iterations.map_or(Length::Time(self.seconds), Length::Steps);
        let threads = usize::try_from(self.threads)?;
        let bar = bar();
        bar.set_length(files.len() as u64 * self.seeds);
        let mut table = Table::default();
        for file in &files {
            let instance = routes::read(file)?;
            let known = routes::best_known(file, &instance.name).with_context(|| file.display().to_string())?;
            for seed in 1..=self.seeds {
                bar.set_message(instance.name.clone());
                let (answer, solution) = Run { length, seed, threads, stop: &stop, progress: None }.solve(&instance, Instant::now());
                if stop.load(Ordering::Relaxed) {
                    anyhow::bail!("interrupted; no table is made of half a measurement");
                }
                let group = routes::group(&self.folder, file, instance.problem.get().stops.len());
                table.add(group, instance.row(&answer, solution.steps, seed, known));
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        print!("{}", table.text());
        Ok(if table.all_feasible() { ExitCode::SUCCESS } else { ExitCode::from(crate::cmd::route::INFEASIBLE) })
    }
}
