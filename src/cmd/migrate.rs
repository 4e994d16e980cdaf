//! `nuanfan migrate`

use anyhow::Result;
use nuanfan::config::Config;
use nuanfan::open;
use std::process::ExitCode;

/// Brings the database to this version's schema. A database of a newer version is refused untouched.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let run = open::migrate(config)?;
        for name in &run {
            println!("migrated {name}");
        }
        println!("{} migrations run; the database is current", run.len());
        Ok(ExitCode::SUCCESS)
    }
}
