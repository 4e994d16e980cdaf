//! `nuanfan bench intake`

use super::server::{Folder, Served, tuned};
use super::street;
use anyhow::{Context, Result};
use bench::bare::{postgres, sqlite};
use bench::load::{Measured, Target, closed_loop, open_loop};
use indicatif::ProgressBar;
use nuanfan::config::{Config, Secret};
use nuanfan::data_folder;
use nuanfan::open::migrate;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Starts this program on a fresh database, drives real orders over HTTP, quote and policy included, then writes the same rows
/// through the bare driver into a copy of that database. Prints both and their ratio.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds that are measured, in each of the two runs.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Seconds before, that are not.
    #[arg(long, default_value_t = 5)]
    warm_up: u64,
    /// Clients that order at once.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// A PostgreSQL server to measure too; databases are made on it and dropped. Without it only SQLite is measured.
    #[arg(long, value_name = "URL", env = "NUANFAN_TEST_PG", hide_env_values = true)]
    postgres: Option<String>,
    /// Leave SQLite out.
    #[arg(long, requires = "postgres")]
    no_sqlite: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What came out for one database.
#[derive(Debug, serde::Serialize)]
struct Outcome {
    database: &'static str,
    /// The most it takes.
    closed_loop: Measured,
    /// At half of that, timed from when each order should have begun.
    half_load: Measured,
    /// Orders a second of the bare driver.
    bare_per_second: f64,
    /// Ours by the bare driver's.
    ratio: f64,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let folder = Folder::new(&config.data_folder, "intake")?;
        let mut outcomes = Vec::new();
        if !self.no_sqlite {
            outcomes.push(nuanfan::block_on(self.on_sqlite(config, &folder.0.join("sqlite")))?);
        }
        if let Some(server) = &self.postgres {
            outcomes.push(self.on_postgres(config, &folder.0.join("postgres"), server)?);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&outcomes)?);
        } else {
            print(&outcomes);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn on_sqlite(&self, config: &Config, folder: &Path) -> Result<Outcome> {
        let config = Config { data_folder: folder.to_path_buf(), ..tuned(config) };
        let (made, copy) = (folder.join(data_folder::DATABASE), folder.join("copy.db"));
        let target = street::target(&config, self.clients).await?;
        // Whoever opens it last and closes it leaves the whole of it in one file.
        sqlite::gather(&made).context("the prepared database")?;
        std::fs::copy(&made, &copy).context("cannot copy the database")?;
        let (closed, half) = self.drive(&config, target).await?;
        let bar = spinner("bare SQLite");
        let bare = sqlite::orders_per_second(&made, &copy)?;
        bar.finish_and_clear();
        Ok(outcome("SQLite", closed, half, bare))
    }

    /// Not async: the bare driver waits for its answers by itself.
    fn on_postgres(&self, config: &Config, folder: &Path, server: &str) -> Result<Outcome> {
        let scratch = postgres::Scratch::new(server)?;
        let made = scratch.make("made", None)?;
        let config = Config {
            data_folder: folder.to_path_buf(),
            database_url: Some(Secret::from(made.clone())),
            ..tuned(config)
        };
        migrate(&config)?;
        let target = nuanfan::block_on(street::target(&config, self.clients))?;
        let copies: Vec<String> =
            CONNECTIONS.iter().map(|n| scratch.make(&format!("copy{n}"), Some("made"))).collect::<Result<_, _>>()?;
        let (closed, half) = nuanfan::block_on(self.drive(&config, target))?;
        let bar = spinner("bare PostgreSQL");
        let rows = postgres::written(&made)?;
        let mut bare = 0f64;
        for (copy, connections) in copies.iter().zip(CONNECTIONS) {
            bare = bare.max(postgres::orders_per_second(&rows, copy, connections)?);
        }
        bar.finish_and_clear();
        Ok(outcome("PostgreSQL", closed, half, bare))
    }

    /// Both runs against a server of its own process.
    async fn drive(&self, config: &Config, mut target: Target) -> Result<(Measured, Measured)> {
        let server = Served::start(config)?;
        target.address = server.address;
        let (warm_up, measured) = (Duration::from_secs(self.warm_up), Duration::from_secs(self.seconds));
        let bar = spinner("closed loop");
        let closed = closed_loop(&target, warm_up, measured).await?;
        bar.set_message("half of that load");
        let half = open_loop(&target, closed.per_second / 2.0, warm_up, measured).await?;
        bar.finish_and_clear();
        server.stop()?;
        Ok((closed, half))
    }
}

/// Connections of the bare driver; the best of them counts.
const CONNECTIONS: [usize; 3] = [1, 2, 4];

fn outcome(database: &'static str, closed_loop: Measured, half_load: Measured, bare_per_second: f64) -> Outcome {
    Outcome { database, closed_loop, half_load, bare_per_second, ratio: closed_loop.per_second / bare_per_second }
}

fn print(outcomes: &[Outcome]) {
    println!("{:<12}{:>10}{:>12}{:>8}{:>10}{:>10}{:>18}{:>18}", "", "orders/s", "bare /s", "ratio", "p50 ms", "p99 ms", "half load p50 ms", "half load p99 ms");
    for o in outcomes {
        println!(
            "{:<12}{:>10.0}{:>12.0}{:>8.2}{:>10.1}{:>10.1}{:>18.1}{:>18.1}",
            o.database,
            o.closed_loop.per_second,
            o.bare_per_second,
            o.ratio,
            o.closed_loop.p50_ms,
            o.closed_loop.p99_ms,
            o.half_load.p50_ms,
            o.half_load.p99_ms
        );
    }
}

fn spinner(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
