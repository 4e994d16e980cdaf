//! `nuanfan bench settlement`

use super::server::{Folder, memory_kb, tuned};
use super::{past, street};
use anyhow::{Context, Result, anyhow, bail};
use app::App;
use app::claims::csv::{ClaimFile, Sheet};
use app::claims::statement::{self, CANTEENS_AT_ONCE, ClaimFilter};
use app::demo::served::{ServedMeal, set_down};
use app::idempotency::RequestKey;
use app::settlements::freeze::freeze;
use app::store::query::bulk::{self, Fresh};
use app::store::query::catalogue::CanteenRow;
use app::store::{LaneKey, StoreError};
use bench::bare;
use bench::bare::postgres::Scratch;
use domain::access::Role;
use domain::claim::Month;
use domain::settlement::Period;
use domain::time::Clock;
use domain::{Fen, Instant, MealPeriod, ServiceDate};
use futures_util::StreamExt;
use futures_util::stream;
use indicatif::ProgressBar;
use nuanfan::clock::SystemClock;
use nuanfan::config::{Config, Secret};
use nuanfan::open::{migrate, open};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

/// Sets a month of a district down, with four funders to a meal; freezes it canteen by canteen, then writes its claims into one CSV file.
/// Beside it the bare driver only reads the same movements with their orders and evidence.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Meals.
    #[arg(long, default_value_t = 500_000)]
    meals: usize,
    /// Canteens.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    canteens: u64,
    /// A PostgreSQL server to measure on too; a database is made on it and dropped.
    #[arg(long, value_name = "URL", env = "NUANFAN_TEST_PG", hide_env_values = true)]
    postgres: Option<String>,
}

/// Who pays a meal, and how much.
const PAYERS: [(&str, i64); 4] = [
    ("demo-meals/city@9901", 200),
    ("demo-meals/district@990101", 200),
    ("demo-meals/street@990101001", 150),
    ("demo-meals/charity", 50),
];
/// Days of the month on which meals are served.
const DAYS: i32 = 25;
/// Meals set down in one unit of work.
const AT_ONCE: usize = 100;

/// What it took.
struct Took {
    lines: u64,
    freeze_s: f64,
    export_s: f64,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let folder = Folder::new(&config.data_folder, "settlement")?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let embedded = Config { data_folder: folder.0.join("sqlite"), ..tuned(config) };
        let took = self.measure(&embedded, &folder.0)?;
        print("SQLite", &took, bare::sqlite::read(&embedded.data_folder.join("nuanfan.db"), bare::POSTED, cores)?)?;
        if let Some(server) = &self.postgres {
            let scratch = Scratch::new(server)?;
            let url = scratch.make("settlement", None)?;
            let config =
                Config { data_folder: folder.0.join("postgres"), database_url: Some(Secret::from(url.clone())), ..tuned(config) };
            migrate(&config)?;
            let took = self.measure(&config, &folder.0)?;
            print("PostgreSQL", &took, bare::postgres::read(&url, bare::POSTED, cores)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, config: &Config, folder: &Path) -> Result<Took> {
        let last = SystemClock.now().civil_date().month_start().plus_days(-1);
        let month = Month::of(last);
        nuanfan::block_on(async {
            let app = open(config, Arc::new(SystemClock)).await?.app;
            let canteens = self.canteens(&app).await?;
            self.eat(&app, &canteens, month.first()).await?;
            let officer = Arc::new(street::holder(Role::Officer)?);
            let (began, mut frozen) = (Stopwatch::now(), 0);
            let freezing = stream::iter(&canteens).map(|canteen| {
                let key = RequestKey::new(None, None, &format!("bench-{}", canteen.code), "freeze", &canteen.code);
                let (app, officer) = (&app, officer.clone());
                async move {
                    let key = key.map_err(|e| anyhow!("{e:?}"))?;
                    let done = freeze(app, officer, key, canteen.id.0, Period::Month(month)).await;
                    done.map_err(|f| anyhow!("{}: {f:?}", canteen.code))
                }
            });
            let mut freezing = freezing.buffered(CANTEENS_AT_ONCE);
            while let Some(done) = freezing.next().await {
                frozen += u64::try_from(done?.settlements.iter().map(|of| of.lines).sum::<i64>())?;
            }
            let freeze_s = began.elapsed().as_secs_f64();
            let began = Stopwatch::now();
            let lines = export(&app, month, &folder.join("claims.csv")).await?;
            if lines != frozen || lines != (self.meals * PAYERS.len()) as u64 {
                bail!("{frozen} lines were frozen, {lines} exported");
            }
            Ok(Took { lines, freeze_s, export_s: began.elapsed().as_secs_f64() })
        })
    }

    /// The demo's canteens, and as many like them as are asked for.
    async fn canteens(&self, app: &App) -> Result<Vec<CanteenRow>> {
        let wanted = usize::try_from(self.canteens)?;
        let codes = street::bring_canteens(app).await?;
        let mut canteens = app.store.read("bench_canteens", move |conn| bulk::canteens(conn, &codes)).await?;
        canteens.truncate(wanted);
        let like: Vec<CanteenRow> = canteens.iter().filter(|c| c.central_kitchen_id.is_none()).cloned().collect();
        let more = app.store.write(LaneKey::SHARED, "bench_canteens", move |tx| {
            let more: Vec<CanteenRow> = (like.len()..wanted)
                .zip(like.iter().cycle())
                .map(|(n, of)| CanteenRow { id: app::store::column::Col(tx.new_id()), code: format!("B{n:04}"), ..of.clone() })
                .collect();
            let fresh: Vec<Fresh> = more.iter().map(|row| Fresh::Canteen(Box::new(row.clone()), Vec::new())).collect();
            bulk::add(tx.change(), None, &fresh)?;
            Ok::<_, StoreError>(more)
        });
        canteens.extend(more.await?);
        canteens.truncate(wanted);
        Ok(canteens)
    }

    async fn eat(&self, app: &App, canteens: &[CanteenRow], first: ServiceDate) -> Result<()> {
        let sittings = canteens.len() * usize::try_from(DAYS)?;
        let bar = ProgressBar::new(u64::try_from(self.meals)?);
        let mut left = self.meals;
        for n in 0..sittings {
            let (canteen, day) = (canteens[n % canteens.len()].id.0, i32::try_from(n / canteens.len())?);
            let count = left.div_ceil(sittings - n);
            left -= count;
            let date = first.plus_days(day);
            let sitting = app.store.write(LaneKey::of(canteen), "bench_sitting", move |tx| {
                let mut row = past::sitting(tx.new_id(), canteen, date, MealPeriod::Lunch);
                row.next_order_no = i64::try_from(count).unwrap_or(i64::MAX);
                bulk::add(tx.change(), None, &[Fresh::Sitting(row.clone())])?;
                Ok::<_, StoreError>(row.id.0)
            });
            let sitting = sitting.await?;
            let served_at = Instant::from_civil(date, chrono::NaiveTime::MIN).plus_seconds(12 * 3600);
            for from in (0..count).step_by(AT_ONCE) {
                let numbers = from + 1..=count.min(from + AT_ONCE);
                let down = app.store.write(LaneKey::of(canteen), "bench_meals", move |tx| {
                    numbers.clone().try_for_each(|number| {
                        let paid = PAYERS.map(|(payer, fen)| (payer.to_owned(), Fen(fen))).to_vec();
                        let order_no = i64::try_from(number).unwrap_or(i64::MAX);
                        set_down(tx, &ServedMeal { sitting, canteen, date, order_no, served_at, paid }, "2026").map(drop)
                    })
                });
                down.await.map_err(|e: StoreError| anyhow!(e))?;
            }
            bar.inc(u64::try_from(count)?);
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// As `nuanfan export claims` writes them.
async fn export(app: &App, month: Month, file: &Path) -> Result<u64> {
    let filter = ClaimFilter { month, canteen: None, funder: None };
    let mut out = ClaimFile::begin(BufWriter::new(File::create(file)?), Sheet::Lines)?;
    let mut lines = 0;
    let mut statements = pin!(statement::statements(app, statement::every_canteen(app).await?, &filter));
    while let Some(statement) = statements.next().await {
        let statement = statement.map_err(|f| anyhow!("{f:?}"))?;
        out.add(&statement)?;
        lines += statement.lines.len() as u64;
    }
    out.end()?.flush()?;
    Ok(lines)
}

fn print(database: &str, took: &Took, bare: bare::Read) -> Result<()> {
    if bare.rows != took.lines {
        bail!("the bare driver read {} lines of {}", bare.rows, took.lines);
    }
    let most = memory_kb(std::process::id(), "VmHWM").context("its memory")? as f64 / 1024.0;
    let seconds = took.freeze_s + took.export_s;
    println!(
        "{database}: {} lines frozen in {:.1} s, exported in {:.1} s, {seconds:.1} s in all; only read {:.1} s, ratio {:.2}; most {most:.0} MB",
        took.lines,
        took.freeze_s,
        took.export_s,
        bare.seconds,
        seconds / bare.seconds
    );
    Ok(())
}
