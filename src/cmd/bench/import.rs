//! `nuanfan bench import`

use super::server::{Folder, Served, program, tuned};
use super::street;
use crate::cmd::import::Taken;
use anyhow::{Context, Result, anyhow, bail};
use bench::load::{Measured, open_loop};
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::open::open;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Starts this program on a fresh embedded database and orders at a fixed rate: alone, beside `nuanfan import` of a large roster in
/// a process of its own, and beside `nuanfan backup`. Orders are timed from when they should have begun.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seniors in the file.
    #[arg(long, default_value_t = 100_000)]
    seniors: usize,
    /// Orders a second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Seconds of the run alone; the others last as long as what they run beside, and at least as long.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Clients that order.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What came out.
#[derive(Debug, serde::Serialize)]
struct Outcome {
    /// The import with nothing beside it, on an empty database.
    import_alone: Taken,
    /// The import beside orders.
    import_beside_orders: Taken,
    orders_alone: Measured,
    orders_beside_import: Measured,
    orders_beside_backup: Measured,
    backup_seconds: f64,
    backup_bytes: u64,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let folder = Folder::new(&config.data_folder, "import")?;
        let first = street::first_day();
        let file = folder.0.join("seniors.csv");
        std::fs::write(&file, street::seniors_file(1000, first, self.seniors)?)?;
        let alone = Config { data_folder: folder.0.join("alone"), ..tuned(config) };
        nuanfan::block_on(async { street::bring(&open(&alone, Arc::new(SystemClock)).await?.app, first).await.map(drop) })?;
        let import_alone = taken(importing(&alone, &file)?)?;
        let beside = Config { data_folder: folder.0.join("beside"), ..tuned(config) };
        let outcome = nuanfan::block_on(self.beside(&beside, &file, import_alone))?;
        if self.json { println!("{}", serde_json::to_string_pretty(&outcome)?) } else { print(&outcome) }
        Ok(ExitCode::SUCCESS)
    }

    async fn beside(&self, config: &Config, file: &Path, import_alone: Taken) -> Result<Outcome> {
        let mut target = street::target(config, self.clients).await?;
        let server = Served::start(config)?;
        target.address = server.address;
        let (warm_up, at_least) = (Duration::from_secs(3), Duration::from_secs(self.seconds));
        let orders_alone = open_loop(&target, self.rate, warm_up, at_least).await?;
        let importing = importing(config, file)?;
        let lasts = Duration::from_secs_f64(import_alone.seconds).max(at_least);
        let orders_beside_import = open_loop(&target, self.rate, Duration::ZERO, lasts).await?;
        let import_beside_orders = taken(importing)?;
        let copy = config.data_folder.join("copy.db");
        let since = Instant::now();
        let mut backing = program(config)?.arg("backup").arg(&copy).stdout(Stdio::null()).spawn()?;
        let watched = std::thread::spawn(move || backing.wait().map(|status| (status, since.elapsed())));
        let orders_beside_backup = open_loop(&target, self.rate, Duration::ZERO, at_least).await?;
        let (status, took) = watched.join().map_err(|_| anyhow!("the backup's watch stopped"))??;
        if !status.success() {
            bail!("the backup failed");
        }
        server.stop()?;
        Ok(Outcome {
            import_alone,
            import_beside_orders,
            orders_alone,
            orders_beside_import,
            orders_beside_backup,
            backup_seconds: took.as_secs_f64(),
            backup_bytes: std::fs::metadata(&copy)?.len(),
        })
    }
}

fn importing(config: &Config, file: &Path) -> Result<Child> {
    let mut command = program(config)?;
    Ok(command.args(["import", "seniors"]).arg(file).arg("--measure").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?)
}

/// Waits for an import; its last line says what it took.
fn taken(importing: Child) -> Result<Taken> {
    let output = importing.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("the import failed: {said}");
    }
    serde_json::from_str(said.lines().last().unwrap_or_default()).context("what the import said")
}

fn print(outcome: &Outcome) {
    println!("{:<24}{:>10}{:>12}{:>12}{:>14}{:>14}", "import of seniors", "seconds", "rows/s", "most MB", "hold p99 ms", "hold max ms");
    for (name, taken) in [("alone", &outcome.import_alone), ("beside orders", &outcome.import_beside_orders)] {
        let rows = taken.rows as f64 / taken.seconds;
        println!(
            "{name:<24}{:>10.1}{rows:>12.0}{:>12.1}{:>14.1}{:>14.1}",
            taken.seconds,
            taken.most_kb as f64 / 1024.0,
            taken.hold_p99_ms,
            taken.hold_max_ms
        );
    }
    println!("{:<24}{:>10}{:>12}{:>12}", "orders", "orders/s", "p50 ms", "p99 ms");
    for (name, orders) in [
        ("alone", &outcome.orders_alone),
        ("beside the import", &outcome.orders_beside_import),
        ("beside the backup", &outcome.orders_beside_backup),
    ] {
        println!("{name:<24}{:>10.0}{:>12.1}{:>12.1}", orders.per_second, orders.p50_ms, orders.p99_ms);
    }
    println!("the backup: {} MB in {:.1} s", outcome.backup_bytes / 1_048_576, outcome.backup_seconds);
}
