//! `nuanfan bench backtest`

use super::server::{Folder, memory_kb, program, tuned};
use super::{past, super::demo::POLICY};
use anyhow::{Context, Result, anyhow, bail};
use bench::bare;
use bench::bare::postgres::Scratch;
use domain::ServiceDate;
use domain::time::Clock;
use nuanfan::clock::SystemClock;
use nuanfan::config::{Config, Secret};
use nuanfan::open::{migrate, open};
use std::io::Read;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sets a great many meals down, tries a draft on them with `nuanfan policy backtest` in a process of its own, and then only reads the
/// same orders and decisions through the bare driver, over as many connections as there are cores.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Meals.
    #[arg(long, default_value_t = 1_000_000)]
    meals: usize,
    /// A PostgreSQL server to measure on too; a database is made on it and dropped.
    #[arg(long, value_name = "URL", env = "NUANFAN_TEST_PG", hide_env_values = true)]
    postgres: Option<String>,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let folder = Folder::new(&config.data_folder, "backtest")?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!("{:<12}{:>10}{:>10}{:>12}{:>10}{:>14}{:>8}", "", "meals", "seconds", "meals/s", "most MB", "bare read s", "ratio");
        let embedded = Config { data_folder: folder.0.join("sqlite"), ..tuned(config) };
        let took = self.measure(&embedded, &folder.0)?;
        let file = embedded.data_folder.join("nuanfan.db");
        print("SQLite", self.meals, &took, bare::sqlite::read(&file, bare::DECISIONS, cores)?)?;
        if let Some(server) = &self.postgres {
            let scratch = Scratch::new(server)?;
            let url = scratch.make("backtest", None)?;
            let config =
                Config { data_folder: folder.0.join("postgres"), database_url: Some(Secret::from(url.clone())), ..tuned(config) };
            migrate(&config)?;
            let took = self.measure(&config, &folder.0)?;
            print("PostgreSQL", self.meals, &took, bare::postgres::read(&url, bare::DECISIONS, cores)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, config: &Config, folder: &Path) -> Result<Took> {
        let until = SystemClock.now().civil_date();
        let first = nuanfan::block_on(async {
            let app = open(config, Arc::new(SystemClock)).await?.app;
            past::eat(&app, until, self.meals).await
        })?;
        let draft = folder.join("draft.yaml");
        std::fs::write(&draft, draft_text()?)?;
        let took = tried(config, &draft, (first, until.plus_days(-1)))?;
        if took.meals != self.meals as u64 {
            bail!("{} meals were tried, {} set down", took.meals, self.meals);
        }
        Ok(took)
    }
}

/// What the trial took.
struct Took {
    meals: u64,
    seconds: f64,
    most_kb: u64,
}

/// Two more yuan on the minimum living allowance, and ten meals a week: a limit that the policy in force does not have.
fn draft_text() -> Result<String> {
    let once = "  - {id: once-a-meal, per: meal, count: 1}\n";
    let (rules, _) = POLICY.split_once("examples:").context("the demo's policy has examples")?;
    if !rules.contains(once) {
        bail!("the demo's policy has another limit");
    }
    let text = rules
        .replace("version: \"2026\"", "version: \"draft\"")
        .replace(once, &format!("{once}  - {{id: ten-a-week, per: week, count: 10}}\n"))
        .replace("amount: {fixed_fen: 900}", "amount: {fixed_fen: 1100}");
    Ok(format!("{text}examples: []\n"))
}

/// Runs the command as its user would, looking at its memory until it ends.
fn tried(config: &Config, draft: &Path, (from, to): (ServiceDate, ServiceDate)) -> Result<Took> {
    let begins = from.to_string();
    let mut command = program(config)?;
    command.args(["policy", "backtest", "--json", "--from", &begins, "--to", &to.to_string(), "--begins", &begins]);
    let since = Instant::now();
    let mut child = command.arg("--draft").arg(draft).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut output = child.stdout.take().context("its standard output")?;
    let said = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let mut most_kb = 0;
    let status = loop {
        // Gone between the two looks: what was seen last stands.
        most_kb = most_kb.max(memory_kb(child.id(), "VmHWM").unwrap_or(0));
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::park_timeout(Duration::from_millis(20)),
        }
    };
    let seconds = since.elapsed().as_secs_f64();
    let text = said.join().map_err(|_| anyhow!("the reader of its output stopped"))??;
    if !status.success() {
        bail!("the back-test failed: {}", text.chars().take(600).collect::<String>());
    }
    let found: serde_json::Value = serde_json::from_str(&text).context("what the back-test said")?;
    let meals = found.pointer("/report/all/meals").and_then(serde_json::Value::as_u64).context("no count of meals")?;
    Ok(Took { meals, seconds, most_kb })
}

fn print(database: &str, meals: usize, took: &Took, bare: bare::Read) -> Result<()> {
    if bare.rows != took.meals {
        bail!("the bare driver read {} decisions of {meals}", bare.rows);
    }
    let (rate, megabytes, ratio) = (took.meals as f64 / took.seconds, took.most_kb as f64 / 1024.0, took.seconds / bare.seconds);
    println!("{database:<12}{meals:>10}{:>10.1}{rate:>12.0}{megabytes:>10.1}{:>14.1}{ratio:>8.2}", took.seconds, bare.seconds);
    Ok(())
}
