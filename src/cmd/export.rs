//! `nuanfan export`

use anyhow::{Context, Result};
use app::claims::csv::{ClaimFile, Sheet};
use app::claims::statement::{self, ClaimFilter};
use domain::claim::Month;
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Writes files from the database.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// What funders owe canteens for a month's meals, as CSV. The same data give the same bytes.
    Claims(Claims),
}

#[derive(Debug, clap::Args)]
struct Claims {
    /// Meals of this month, as in 2026-11.
    #[arg(long, value_name = "YYYY-MM")]
    month: Month,
    /// Only this canteen, by its code.
    #[arg(long, value_name = "CODE")]
    canteen: Option<String>,
    /// Only what this funder bears, by its id in the policies.
    #[arg(long, value_name = "FUNDER")]
    funder: Option<String>,
    /// Totals per payer and policy version instead of lines.
    #[arg(long)]
    totals: bool,
    /// Write to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        match self.what {
            What::Claims(claims) => block_on(claims.run(config))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Claims {
    async fn run(self, config: &Config) -> Result<()> {
        let app = open::open(config, Arc::new(SystemClock)).await?.app;
        let mut canteens = statement::every_canteen(&app).await?;
        if let Some(code) = &self.canteen {
            canteens.retain(|canteen| canteen.code == *code);
            anyhow::ensure!(!canteens.is_empty(), "no canteen has the code {code}");
        }
        let out: Box<dyn Write> = match &self.output {
            None => Box::new(std::io::stdout().lock()),
            Some(path) => Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        };
        let sheet = if self.totals { Sheet::Totals } else { Sheet::Lines };
        let filter = ClaimFilter { month: self.month, canteen: None, funder: self.funder };
        let mut file = ClaimFile::begin(BufWriter::new(out), sheet)?;
        let (mut lines, mut fen) = (0, domain::Fen::ZERO);
        for canteen in canteens {
            let statement = statement::statement(&app, canteen, &filter).await.map_err(|f| anyhow::anyhow!("{f:?}"))?;
            file.add(&statement)?;
            lines += statement.lines.len();
            fen = fen.plus(statement.fen)?;
        }
        file.end()?.flush()?;
        eprintln!("{}: {lines} lines, {fen} yuan", self.month);
        Ok(())
    }
}
