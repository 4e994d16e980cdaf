//! `nuanfan demo`

mod cast;

use super::serve;
use adapters::fake::Desk;
use anyhow::{Context, Result, anyhow, bail};
use app::App;
use app::demo::is_there;
use app::policies::publish::publish_for_setup;
use demo::Street;
use domain::time::Clock;
use domain::{Instant, ServiceDate};
use nuanfan::application::{Application, Role};
use nuanfan::clock::DemoClock;
use nuanfan::config::{Config, Sms, WeChat};
use nuanfan::importing::{Came, bring_in};
use nuanfan::{block_on, data_folder};
use std::io::Cursor;
use std::process::ExitCode;
use std::sync::Arc;
use tabular::Format;

/// The policy of the demo street.
pub(super) const POLICY: &str = include_str!("../../policies/demo-street.yaml");

/// Serves a demo street of 2,000 seniors and 20 canteens, made up here and imported like anybody's files, in a data folder of
/// its own (`demo` inside the data folder). Prints the addresses and fresh one-time credentials for every role. Text messages go
/// to a desk of the demo's own, where they can be read, and never to a real phone; its clock can be moved on there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Equal seeds make equal streets.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first day with a menu [default: today]; menus cover two weeks. When it is named, the demo's clock begins at eight on
    /// that day. Only counts for a new data folder.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    first_date: Option<ServiceDate>,
    /// Where to serve on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the demo's desk is on 127.0.0.1 [default: a free port].
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    desk_port: u16,
    /// Make and import the street, print, and end without serving.
    #[arg(long)]
    only_import: bool,
}

fn date(text: &str) -> Result<ServiceDate, String> {
    ServiceDate::parse(text).ok_or_else(|| "write it as 2026-11-23".to_owned())
}

impl Args {
    pub fn run(self, config: &Config) -> Result<ExitCode> {
        let mut config = config.clone();
        // Never the real data: a folder of its own, and no shared database.
        config.data_folder = config.data_folder.join("demo");
        (config.database_url, config.database_url_file) = (None, None);
        config.listen.set_port(self.port);
        serve::log_to_stderr(&config)?;
        block_on(self.play(config))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn play(&self, mut config: Config) -> Result<()> {
        let signals = serve::told()?;
        data_folder::ensure(&config.data_folder)?;
        let clock = Arc::new(DemoClock::open(config.data_folder.join("clock"), self.first_date)?);
        let desk = open_desk(self.desk_port, &mut config, clock.clone())?;
        let application = Application::build(&config, Role::All, clock.clone()).await?;
        let first = self.first_date.unwrap_or_else(|| clock.now().civil_date());
        let street = Street::generate(self.seed, first).map_err(|broken| anyhow!("the demo street: {}", broken.0))?;
        bring_all(application.app(), &street).await?;
        let (shown, day) = (cast::household(&street)?, cast::day(first, clock.now()));
        let goods = cast::goods(&street, clock.now().civil_date(), day)?;
        let made = app::demo::cast(application.app(), cast::posts(&street, &shown)?, goods).await;
        let made = made.map_err(|f| anyhow!("demo users: {f:?}"))?;
        serve::announce(&application, Role::All);
        cast::print(&application, &made, &shown, &desk.base(), day);
        if self.only_import {
            return application.run_until(std::future::ready(())).await;
        }
        application.run_until(signals).await
    }
}

/// The mini-program of the demo.
const APP_ID: &str = "wx-demo";

/// The stand-in for the outside world, and the configuration that leads there and nowhere else.
fn open_desk(port: u16, config: &mut Config, clock: Arc<DemoClock>) -> Result<Desk> {
    let secret = hex::encode(rand::random::<[u8; 16]>());
    let clockwork = move |to: Option<&str>| match to {
        None => Ok(clock.now().to_string()),
        Some(text) => {
            let to: Instant = serde_json::from_value(text.into()).map_err(|e| e.to_string())?;
            clock.move_to(to).map(|now| now.to_string()).map_err(|e| format!("{e:#}"))
        }
    };
    let desk = Desk::open(port, APP_ID, &secret, Box::new(clockwork)).context("the demo's desk")?;
    config.mail = None;
    config.sms = Some(Sms { url: desk.messages(), token: None, token_file: None });
    config.wechat = Some(WeChat { url: desk.base(), app_id: APP_ID.to_owned(), secret: Some(secret.into()), secret_file: None });
    Ok(desk)
}

async fn bring_all(app: &App, street: &Street) -> Result<()> {
    let place = Street::place().map_err(|broken| anyhow!("the demo street: {}", broken.0))?;
    let here = is_there(app, place).await.map_err(|f| anyhow!("{f:?}"))?;
    if here {
        println!("示范街道已在数据目录中 the street is there already; nothing is imported again");
    } else {
        for (kind, name, bytes) in street.files()? {
            if bring_in(app, kind, &name, Cursor::new(bytes), Format::Csv, false).await? == Came::Faulty {
                bail!("the demo street's {kind} do not import");
            }
        }
    }
    publish_for_setup(app, POLICY).await.map_err(|f| anyhow!("the demo policy: {f:?}"))?;
    // The worker would follow in a second; who looks at the street before that must not find it without its standing orders.
    app::standing::follow_due(app).await.map_err(|f| anyhow!("the demo's standing orders: {f:?}"))?;
    Ok(())
}
