//! `nuanfan verify`

use anyhow::Result;
use app::verify::{Reach, verify};
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use std::process::ExitCode;
use std::sync::Arc;

/// Checks the invariants. Prints each break and ends with status 1 when there is one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is checked: nothing is oversold; holds, posts and voids fit every order; a posted subsidy has evidence, and evidence its served
order; an order's subsidy is the one that was decided; limits count what orders have drawn, and nothing for meals that nobody ate;
settlements and payouts come to their totals; no event is missing; the audit log is whole.

It only reads, and may run while the program serves. Ends with status 1 when something is broken: keep the output, stop payouts, go
on taking orders.

Examples:
  nuanfan verify                        # prints \"every invariant holds\", or a line for each break
  nuanfan verify --json | jq .          # for programs
  nuanfan --data-folder /srv/meals verify
  DATABASE_URL=postgres://... nuanfan verify")]
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
