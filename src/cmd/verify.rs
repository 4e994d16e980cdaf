//! `nuanfan verify`

use anyhow::Result;
use app::verify::{Reach, verify};
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use std::process::ExitCode;
use std::sync::Arc;

/// Checks the invariants: the ledger fits the orders, nothing is oversold, every posted subsidy has evidence, no event is
/// missing. Prints each break and ends with status 1 when there is one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print each break as a line of JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let found = block_on(async {
            let opened = open::open(config, Arc::new(SystemClock)).await?;
            anyhow::Ok(verify(&opened.app, Reach::All).await?)
        })?;
        for broken in &found {
            match self.json {
                true => println!("{}", serde_json::to_string(broken)?),
                false => println!("{broken}"),
            }
        }
        if found.is_empty() {
            println!("every invariant holds");
            return Ok(ExitCode::SUCCESS);
        }
        println!("{} breaks", found.len());
        Ok(ExitCode::FAILURE)
    }
}
