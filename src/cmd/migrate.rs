//! `nuanfan migrate`

use anyhow::Result;
use nuanfan::config::Config;
use nuanfan::open;
use std::process::ExitCode;

/// Brings the database to this version's schema. A database of a newer version is refused untouched.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The embedded database is migrated by `nuanfan serve` itself, after a copy of it was put beside it. On PostgreSQL run this once for each
new version, before its processes are started; make a copy with PostgreSQL's own tools first. Run again it changes nothing.

Examples:
  nuanfan migrate
  DATABASE_URL=postgres://... nuanfan migrate")]
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
