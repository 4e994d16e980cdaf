//! `nuanfan bench kitchen`

use super::server::{Folder, memory_kb, tuned};
use super::street;
use anyhow::{Context, Result, anyhow, bail};
use app::App;
use app::demo::callers;
use app::idempotency::RequestKey;
use app::kitchen::count::count;
use app::orders::{LineRequest, OrderRequest, place};
use app::prints::labels::{self, LabelRequest, Selection};
use app::prints::production;
use app::session::actor_of;
use bench::bare;
use bench::bare::postgres::Scratch;
use domain::access::{Actor, Role};
use demo::Street;
use domain::id::{MenuItemId, SeniorId, SittingId, UserId};
use domain::Channel;
use indicatif::ProgressBar;
use nuanfan::clock::SystemClock;
use nuanfan::config::{Config, Secret};
use nuanfan::open::{migrate, open};
use app::print::Paper;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Orders a lunch at one canteen, then counts it again and again and prints its labels and its production sheet. Beside the count the
/// bare driver only reads the same orders with their lines.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Orders.
    #[arg(long, default_value_t = 2_000)]
    orders: usize,
    /// How often it is counted.
    #[arg(long, default_value_t = 41, value_parser = clap::value_parser!(u32).range(1..))]
    counts: u32,
    /// A PostgreSQL server to measure on too; a database is made on it and dropped.
    #[arg(long, value_name = "URL", env = "NUANFAN_TEST_PG", hide_env_values = true)]
    postgres: Option<String>,
}

/// What it took, in milliseconds.
struct Took {
    /// Each count, sorted.
    counts: Vec<f64>,
    labels: f64,
    label_bytes: usize,
    sheet: f64,
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let folder = Folder::new(&config.data_folder, "kitchen")?;
        let embedded = Config { data_folder: folder.0.join("sqlite"), ..tuned(config) };
        let took = self.measure(&embedded)?;
        self.print("SQLite", &took, bare::sqlite::read(&embedded.data_folder.join("nuanfan.db"), bare::LINES, 1)?)?;
        if let Some(server) = &self.postgres {
            let scratch = Scratch::new(server)?;
            let url = scratch.make("kitchen", None)?;
            let config =
                Config { data_folder: folder.0.join("postgres"), database_url: Some(Secret::from(url.clone())), ..tuned(config) };
            migrate(&config)?;
            let took = self.measure(&config)?;
            self.print("PostgreSQL", &took, bare::postgres::read(&url, bare::LINES, 1)?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, config: &Config) -> Result<Took> {
        nuanfan::block_on(async {
            let app = open(config, Arc::new(SystemClock)).await?.app;
            let street = street::bring(&app, street::first_day()).await?;
            let (sitting, menu, seniors) = street::a_lunch(&app, &street).await?;
            self.order(&app, sitting, &menu, &seniors).await?;
            let cook = Arc::new(Actor { user: Some(somebody(&app).await?), ..street::holder(Role::Cook)? });
            let mut counts = Vec::new();
            for _ in 0..self.counts {
                let began = Instant::now();
                let counted = count(&app, cook.clone(), sitting).await.map_err(|f| anyhow!("{f:?}"))?;
                counts.push(began.elapsed().as_secs_f64() * 1e3);
                let portions: u64 = counted.count.dishes.iter().map(|dish| dish.portions).sum();
                if usize::try_from(portions)? != self.orders * LINES {
                    bail!("{portions} portions were counted");
                }
            }
            counts.sort_by(f64::total_cmp);
            let request =
                LabelRequest { sitting, paper: Paper::Roll60x40, selection: Selection::All, site: Some("https://example.cn".to_owned()) };
            let began = Instant::now();
            let file = labels::print(&app, cook.clone(), key("labels")?, request).await.map_err(|f| anyhow!("{f:?}"))?;
            let labels = began.elapsed().as_secs_f64() * 1e3;
            let began = Instant::now();
            production::print(&app, cook, sitting).await.map_err(|f| anyhow!("{f:?}"))?;
            Ok(Took { counts, labels, label_bytes: file.len(), sheet: began.elapsed().as_secs_f64() * 1e3 })
        })
    }

    /// One order of two dishes for each senior, by a worker: with the textures that diets ask for, and with a reason where one says no.
    async fn order(&self, app: &App, sitting: SittingId, menu: &[MenuItemId], seniors: &[SeniorId]) -> Result<()> {
        if seniors.len() < self.orders || menu.len() < LINES {
            bail!("{} seniors and {} dishes for {} orders", seniors.len(), menu.len(), self.orders);
        }
        let worker = Arc::new(street::holder(Role::Worker)?);
        let bar = ProgressBar::new(u64::try_from(self.orders)?);
        for (n, senior) in seniors.iter().take(self.orders).enumerate() {
            let line = |at: usize| LineRequest {
                item: menu[(n + at) % menu.len()],
                quantity: 1,
                texture: None,
                size: None,
                override_reason: Some("家属要求".to_owned()),
            };
            let request = OrderRequest {
                sitting,
                senior: Some(*senior),
                lines: (0..LINES).map(line).collect(),
                channel: Channel::PickUp,
                note: String::new(),
                reason: None,
                expected_self_pay_fen: None,
            };
            let placed = place::place(app, worker.clone(), key(&n.to_string())?, request).await;
            placed.map_err(|f| anyhow!("order {n}: {f:?}"))?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn print(&self, database: &str, took: &Took, bare: bare::Read) -> Result<()> {
        if usize::try_from(bare.rows)? != self.orders * LINES {
            bail!("the bare driver read {} lines", bare.rows);
        }
        let at = |share: f64| took.counts[((took.counts.len() - 1) as f64 * share) as usize];
        let (middle, bare_ms) = (at(0.5), bare.seconds * 1e3);
        println!(
            "{database}: {} orders counted in {middle:.1} ms (median of {}; 95 of 100 within {:.1}), only read {bare_ms:.1} ms, ratio {:.1}; \
             labels {:.0} ms, {} KB; production sheet {:.0} ms; most {:.0} MB",
            self.orders,
            took.counts.len(),
            at(0.95),
            middle / bare_ms,
            took.labels,
            took.label_bytes / 1024,
            took.sheet,
            memory_kb(std::process::id(), "VmHWM").context("its memory")? as f64 / 1024.0,
        );
        Ok(())
    }
}

/// Dishes of an order.
const LINES: usize = 2;

/// Who prints is on record, so somebody has to be there.
async fn somebody(app: &App) -> Result<UserId> {
    let place = Street::place().map_err(|broken| anyhow!("{}", broken.0))?;
    let tokens = callers(app, place, 1).await.map_err(|f| anyhow!("{f:?}"))?;
    let token = tokens.first().context("no caller")?;
    let actor = actor_of(app, token.reveal(), app.clock.now()).await.map_err(|f| anyhow!("{f:?}"))?;
    actor.and_then(|actor| actor.user).context("a caller without a user")
}

fn key(name: &str) -> Result<RequestKey> {
    RequestKey::new(None, None, &format!("bench-kitchen-{name:0>8}"), "kitchen", &name).map_err(|e| anyhow!("{e:?}"))
}
