//! `nuanfan anomalies`

use anyhow::{Result, anyhow};
use app::anomalies::sweep::{DAYS_MAX, SweepRefusal, Swept, sweep};
use app::failure::Failure;
use domain::ServiceDate;
use indicatif::{ProgressBar, ProgressStyle};
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;

/// Looks for what does not fit in the served meals (疑点). What is found are cases, which people close over the API.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A day is over at noon of the next one. Searched again a day gives nothing new, unless evidence or facts came since; what was
found before is kept once, and what was closed stays closed.

Examples:
  nuanfan anomalies sweep --from 2026-10-01 --to 2026-10-31
  nuanfan anomalies sweep --from 2026-10-01 --to 2026-10-31 --json | jq .opened")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Search the finished days of a period. The worker does it every day by itself: this is for days before it began.
    Sweep {
        /// First service date.
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: ServiceDate,
        /// Last service date.
        #[arg(long, value_name = "DATE", value_parser = date)]
        to: ServiceDate,
        /// Print JSON for programs.
        #[arg(long)]
        json: bool,
    },
}

fn date(text: &str) -> Result<ServiceDate, String> {
    ServiceDate::parse(text).ok_or_else(|| "write it as 2026-11-30".to_owned())
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let What::Sweep { from, to, json } = self.what;
        let swept = block_on(async {
            let opened = open::open(config, Arc::new(SystemClock)).await?;
            let bar = bar();
            let mut progress = |done, total| {
                bar.set_length(total);
                bar.set_position(done);
            };
            let swept = sweep(&opened.app, (from, to), &mut progress).await;
            bar.finish_and_clear();
            swept.map_err(not_swept)
        })?;
        tell(swept, json);
        Ok(ExitCode::SUCCESS)
    }
}

fn not_swept(failure: Failure<SweepRefusal>) -> anyhow::Error {
    match failure {
        Failure::Refused(SweepRefusal::Stretch) => {
            anyhow!("--from comes before --to, and they are at most {DAYS_MAX} days apart")
        }
        Failure::Refused(SweepRefusal::NotOver(last)) => anyhow!("the last day that is over is {last}"),
        Failure::Store(fault) => anyhow!(fault.0),
        other => anyhow!("{other:?}"),
    }
}

fn tell(swept: Swept, json: bool) {
    let Swept { days, canteens, opened, added } = swept;
    if json {
        println!("{}", json!({ "days": days, "canteens": canteens, "opened": opened, "added": added }));
    } else {
        println!("{days} 天，{canteens} 个助餐点日；新疑点 {opened} 个，补充证据 {added} 次");
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // Were the template wrong the plain bar would do.
    let style = ProgressStyle::with_template("疑点 anomalies {wide_bar} {human_pos}/{human_len} {per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
