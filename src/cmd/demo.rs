//! `nuanfan demo`

use super::serve;
use anyhow::{Context, Result, anyhow, bail};
use app::App;
use app::demo::{Cast, Posts, cast, is_there};
use app::policies::publish::publish_for_setup;
use demo::Street;
use domain::ServiceDate;
use domain::time::Clock;
use nuanfan::application::{Application, Role};
use nuanfan::block_on;
use nuanfan::clock::SystemClock;
use nuanfan::config::Config;
use nuanfan::importing::{Came, bring_in};
use std::io::Cursor;
use std::process::ExitCode;
use std::sync::Arc;
use tabular::Format;

/// The policy of the demo street.
pub(super) const POLICY: &str = include_str!("../../policies/demo-street.yaml");

/// Serves a demo street of 2,000 seniors and 20 canteens, made up here and imported like anybody's files, in a data folder of
/// its own (`demo` inside the data folder). Prints the addresses and fresh sign-ins for every role.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Equal seeds make equal streets.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first day with a menu [default: today]; menus cover two weeks. Only counts for a new data folder.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    first_date: Option<ServiceDate>,
    /// Where to serve on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
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
        block_on(self.play(&config))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn play(&self, config: &Config) -> Result<()> {
        let signals = serve::told()?;
        let application = Application::build(config, Role::All, Arc::new(SystemClock)).await?;
        let first = self.first_date.unwrap_or_else(|| SystemClock.now().civil_date());
        let street = Street::generate(self.seed, first).map_err(|broken| anyhow!("the demo street: {}", broken.0))?;
        bring_all(application.app(), &street).await?;
        let cast = cast(application.app(), posts(&street)?).await.map_err(|f| anyhow!("demo users: {f:?}"))?;
        serve::announce(&application, Role::All);
        print_cast(&cast);
        if self.only_import {
            return application.run_until(std::future::ready(())).await;
        }
        application.run_until(signals).await
    }
}

async fn bring_all(app: &App, street: &Street) -> Result<()> {
    let place = Street::place().map_err(|broken| anyhow!("the demo street: {}", broken.0))?;
    let here = is_there(app, place).await.map_err(|f| anyhow!("{f:?}"))?;
    if here {
        println!("示范街道已在数据目录中 the street is there already; nothing is imported again");
    } else {
        for (kind, name, bytes) in street.files()? {
            if bring_in(app, kind, &name, Cursor::new(bytes), Format::Csv, false).await? != Came::In {
                bail!("the demo street's {kind} do not import");
            }
        }
    }
    publish_for_setup(app, POLICY).await.map_err(|f| anyhow!("the demo policy: {f:?}"))?;
    Ok(())
}

fn posts(street: &Street) -> Result<Posts> {
    let place = Street::place().map_err(|broken| anyhow!("the demo street: {}", broken.0))?;
    let canteen = street.canteens.first().context("no canteen")?;
    let family = street.families.first().context("no family")?;
    Ok(Posts {
        street: place,
        community: canteen.place.clone(),
        canteen: canteen.code.to_string(),
        family: (family.phone.reveal().to_owned(), family.identity_number.reveal().to_owned()),
    })
}

fn print_cast(cast: &Cast) {
    println!("示范角色的一次性登录令牌，只显示这一次 tokens of the demo's people, shown only now:");
    for player in &cast.players {
        println!("  {:<32} {}", player.title, player.token.reveal());
    }
    println!("  canteen {}", cast.canteen);
    if let Some(senior) = cast.senior {
        println!("  the family member's senior {senior}");
    }
}
