//! `nuanfan openapi`

use anyhow::{Context, Result};
use nuanfan::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;

/// Prints the OpenAPI 3.1 document of this version, or writes it to a file.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write to this file instead, as `openapi/openapi.json` in the source tree.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Args {
    pub fn run(self, _: &Config) -> Result<ExitCode> {
        let text = api::openapi::document().to_pretty_json()? + "\n";
        match self.write {
            None => print!("{text}"),
            Some(path) => std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
