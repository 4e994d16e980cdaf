//! `nuanfan config`

use anyhow::Result;
use nuanfan::config::Config;
use std::process::ExitCode;

/// Looks at the configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the configuration in force, as a file would have it; secrets are masked.
    Show,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        match self.what {
            What::Show => print!("{}", toml::to_string(config)?),
        }
        Ok(ExitCode::SUCCESS)
    }
}
