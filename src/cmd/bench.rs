//! `nuanfan bench`

mod intake;
mod street;

use anyhow::Result;
use nuanfan::config::Config;
use std::process::ExitCode;

/// Measures this program beside what the machine can do at best, in one run, because only ratios travel between machines.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Orders a second over HTTP, and the same rows through the bare drivers.
    Intake(intake::Args),
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        match self.what {
            What::Intake(args) => args.run(config),
        }
    }
}
