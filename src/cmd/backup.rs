//! `nuanfan backup`

use anyhow::Result;
use nuanfan::config::Config;
use nuanfan::saving;
use std::path::PathBuf;
use std::process::ExitCode;

/// Copies the embedded database into one file while the server goes on serving, and checks the copy. The field key is not in it:
/// keep `field.key` of the data folder somewhere else, for neither is of use without the other.
///
/// A PostgreSQL database is copied by its own tools; this command says how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write; there must be none of that name yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let made = saving::backup(config, &self.file)?;
        let epoch = made.installation.map_or_else(String::new, |row| format!(", epoch {}", row.epoch.0));
        println!("{} written and checked: {} bytes{epoch}", self.file.display(), made.bytes);
        println!("the field key is not in it; keep a copy of it elsewhere");
        Ok(ExitCode::SUCCESS)
    }
}
