//! `nuanfan bench`

mod backtest;
mod decisions;
mod idle;
mod import;
mod intake;
mod kitchen;
mod past;
mod routes;
mod server;
mod settlement;
mod street;

pub(super) use server::memory_kb;

use anyhow::Result;
use nuanfan::config::Config;
use std::process::ExitCode;

/// Measures this program: beside what the machine can do at best, in one run, because only ratios travel between machines; and its
/// routes beside the best known ones.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Orders a second over HTTP, and the same rows through the bare drivers.
    Intake(intake::Args),
    /// An import of 100,000 seniors beside a server that takes orders: how long it takes, its memory, how long its writes hold
    /// SQLite's writer, and what orders notice of it and of a backup.
    Import(import::Args),
    /// A draft tried on a million meals, and the same decisions only read through the bare drivers: how long, and how much memory.
    Backtest(backtest::Args),
    /// Subsidy decisions a second on one core, with the examples of the policies of a folder.
    Decisions(decisions::Args),
    /// The memory of a server with nothing to do, and how soon after its start it answers.
    Idle(idle::Args),
    /// A lunch of one canteen counted and its labels printed, and the same orders only read through the bare drivers.
    Kitchen(kitchen::Args),
    /// A month of a district frozen and exported, and the same movements only read through the bare drivers.
    Settlement(settlement::Args),
    /// Solve every instance of a folder and of its folders and print the gaps to the best known costs (`.sol` beside the
    /// file, or `best-known.csv`): the median of the seeds per instance, the mean per group. Ends with 3 when a run is infeasible.
    Routes(routes::Args),
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        match self.what {
            What::Intake(args) => args.run(config),
            What::Import(args) => args.run(config),
            What::Backtest(args) => args.run(config),
            What::Decisions(args) => args.run(),
            What::Idle(args) => args.run(config),
            What::Kitchen(args) => args.run(config),
            What::Settlement(args) => args.run(config),
            What::Routes(args) => args.run(),
        }
    }
}
