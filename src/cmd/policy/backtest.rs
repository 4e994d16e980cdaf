//! `nuanfan policy backtest`

use super::{document_of, language};
use anyhow::{Context, Result, anyhow, bail};
use app::backtests::{Asked, PERIOD_MAX_DAYS, Stopped, fits, run, set_up, workbook::workbook};
use app::failure::Failure;
use app::tabular;
use domain::subsidy::backtest::{Mismatch, Pair, Report, TrialError};
use domain::subsidy::words::Language;
use domain::{Fen, ServiceDate};
use indicatif::{ProgressBar, ProgressStyle};
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::{block_on, open};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Tries a draft on the meals of a period: the versions in force must give what was decided then, to the fen, or it stops and shows where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The draft, YAML or JSON.
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    /// First service date.
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: ServiceDate,
    /// Last service date.
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: ServiceDate,
    /// The draft's first day, in place of its own: a draft for next year is tried as if it had begun here.
    #[arg(long, value_name = "DATE", value_parser = date)]
    begins: Option<ServiceDate>,
    /// List persons whose self-pay rises by more than this, in fen.
    #[arg(long, value_name = "FEN", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=10_000_000))]
    rise: i64,
    /// Write the report as a workbook with a chart.
    #[arg(long, value_name = "FILE.xlsx")]
    output: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    /// Print English instead of Chinese.
    #[arg(long)]
    english: bool,
}

/// The page cache of a reader: the inner pages of a million decisions and their orders are 15 MB.
const READER_CACHE_KB: u32 = 32_000;

fn date(text: &str) -> Result<ServiceDate, String> {
    ServiceDate::parse(text).ok_or_else(|| "write it as 2026-11-30".to_owned())
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        if !fits((self.from, self.to)) {
            bail!("--from comes before --to, and they are at most {PERIOD_MAX_DAYS} days apart");
        }
        let language = language(self.english);
        let draft = document_of(&self.draft, language)?;
        let asked = Asked { draft, begins: self.begins, period: (self.from, self.to), rise_fen: self.rise };
        // Nothing else runs in this process: a part for each core, and a reader for each part, which keeps the inner pages of the
        // tables: the meals of a person lie far apart in them.
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let mut config = config.clone();
        (config.database.readers, config.database.reader_cache_kb) = (at_once, READER_CACHE_KB);
        block_on(async {
            let opened = open::open(&config, Arc::new(SystemClock)).await?;
            let trial = set_up(&opened.app, &asked).await.map_err(not_set_up)?;
            let bar = bar();
            let mut progress = |done, total| {
                bar.set_length(total);
                bar.set_position(done);
                true
            };
            let found = run(&opened.app, trial, at_once, &mut progress).await;
            bar.finish_and_clear();
            let report = match found {
                Ok(report) => report,
                Err(stopped) => return self.stopped(stopped, language),
            };
            self.tell(&report, language)?;
            if let Some(file) = &self.output {
                let sheets = match language {
                    Language::Zh => tabular::Language::Chinese,
                    Language::En => tabular::Language::English,
                };
                let bytes = workbook(&opened.app, report, sheets).await?;
                std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
            }
            Ok(ExitCode::SUCCESS)
        })
    }

    fn tell(&self, report: &Report, language: Language) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "report": report }))?);
        } else {
            println!("{}", told(report, language));
        }
        Ok(())
    }

    fn stopped(&self, stopped: Stopped, language: Language) -> Result<ExitCode> {
        match stopped {
            Stopped::Mismatch(mismatch) => {
                if self.json {
                    println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "mismatch": mismatch }))?);
                } else {
                    println!("{}", told_mismatch(&mismatch, language));
                }
                Ok(ExitCode::FAILURE)
            }
            Stopped::Store(error) => Err(error.into()),
            Stopped::Ended => Err(anyhow!("ended")),
        }
    }
}

fn not_set_up(failure: Failure<TrialError>) -> anyhow::Error {
    match failure {
        Failure::Refused(error) => anyhow!(error),
        Failure::Store(fault) => anyhow!(fault.0),
        other => anyhow!("{other:?}"),
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // Were the template wrong the plain bar would do.
    let style = ProgressStyle::with_template("回测 backtest {wide_bar} {human_pos}/{human_len} {per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn told(report: &Report, language: Language) -> String {
    let Report { all, changed_meals, persons, risen, .. } = report;
    let line = |zh: &str, en: &str, of: Pair<Fen>| {
        let more = Fen(of.after.0.saturating_sub(of.before.0));
        format!("{}: {} -> {} ({more})", language.pick(zh, en), of.before, of.after)
    };
    let pair = |of: fn(&domain::subsidy::backtest::Sums) -> Fen| Pair { before: of(&all.sums.before), after: of(&all.sums.after) };
    let mut lines = vec![
        match language {
            Language::Zh => format!("{} 餐, {persons} 人; 现行政策重算与当时一致", all.meals),
            Language::En => format!("{} meals of {persons} persons; the versions in force gave what was decided then", all.meals),
        },
        line("补贴", "granted", pair(|sums| sums.granted_fen)),
        line("优惠", "discounts", pair(|sums| sums.discount_fen)),
        line("老人自付", "self-pay", pair(|sums| sums.self_pay_fen)),
        match language {
            Language::Zh => format!(
                "{changed_meals} 餐自付有变; 自付减少 {} 人, 增加 {} 人, 其中超过限额 {risen} 人",
                all.winners, all.losers
            ),
            Language::En => format!(
                "another self-pay for {changed_meals} meals; {} persons pay less, {} more, {risen} of them above the rise asked for",
                all.winners, all.losers
            ),
        },
    ];
    for (payer, money) in &report.payers {
        let of = Pair { before: money.before.seniors_fen, after: money.after.seniors_fen };
        let name = format!("{} {}/{}", payer.month, payer.programme, payer.funder);
        lines.push(line(&name, &name, of));
    }
    lines.join("\n")
}

fn told_mismatch(mismatch: &Mismatch, language: Language) -> String {
    let Mismatch { order, senior, date, .. } = mismatch;
    let mut lines = vec![match language {
        Language::Zh => format!("现行政策重算与当时不一致, 已停止: {date} 订单 {order} ({senior})"),
        Language::En => format!("the versions in force do not give what was decided then; stopped at {date}, {order} ({senior})"),
    }];
    let shown = |fen: Option<Fen>| fen.map_or_else(|| "-".to_owned(), |fen| fen.to_string());
    for difference in &mismatch.differences {
        let (then, now) = (shown(difference.expected_fen), shown(difference.computed_fen));
        lines.push(match language {
            Language::Zh => format!("  {}: 当时 {then} 重算 {now}", difference.field),
            Language::En => format!("  {}: then {then} now {now}", difference.field),
        });
    }
    let explanation = language.pick(&mismatch.explanation_zh, &mismatch.explanation_en);
    lines.extend(explanation.lines().map(|line| format!("    {line}")));
    lines.join("\n")
}
