//! `nuanfan restore`

use anyhow::{Result, bail};
use nuanfan::config::Config;
use nuanfan::saving;
use std::path::PathBuf;
use std::process::ExitCode;

/// Puts a copy made by `nuanfan backup` into an empty data folder and begins a new history there: displays and other readers of the
/// event log read anew instead of waiting for events that are gone. The field key must be in the folder, or configured.
///
/// After a PostgreSQL database was put back by its own tools, `--after-pg-restore` begins the new history.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The copy.
    #[arg(value_name = "FILE", required_unless_present = "after_pg_restore")]
    file: Option<PathBuf>,
    /// Only begin a new history in the PostgreSQL database that was put back.
    #[arg(long, conflicts_with = "file")]
    after_pg_restore: bool,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let epoch = match (self.file, self.after_pg_restore) {
            (Some(file), _) => saving::restore(config, &file)?,
            (None, true) => saving::renew_shared(config)?,
            (None, false) => bail!("give the copy to restore"),
        };
        println!("restored; the new epoch is {epoch}");
        println!("everyone signs in again; paired devices go on. Rights that were taken away since the copy was made must be taken again");
        println!("next: nuanfan verify, then nuanfan serve");
        Ok(ExitCode::SUCCESS)
    }
}
