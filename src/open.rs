//! Opening the configured database for a command or a server.

use crate::config::Config;
use crate::{data_folder, outside, saving};
use anyhow::{Context, Result, bail};
use app::installation::Installed;
use app::store::conn::Target;
use app::store::query::server;
use app::store::seal::Sealer;
use app::store::{Dialect, Options, Store, migrate};
use app::{App, installation};
use domain::time::Clock;
use std::sync::Arc;
use std::time::Duration;

/// An open installation.
pub struct Opened {
    /// The use cases.
    pub app: App,
    /// Its history, and the set-up token at the first start.
    pub installed: Installed,
}

/// Brings the database to this program's schema; returns the names of the migrations that were run.
pub fn migrate(config: &Config) -> Result<Vec<String>> {
    let target = prepare(config)?;
    migrate_with_copy(config, &target)
}

/// Opens the database with the use cases over it.
///
/// An embedded database is migrated on the way: nobody else can be using it. A shared one must have been migrated, because
/// other processes of another version may be at work on it.
pub async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Opened> {
    let (target, quiet) = (prepare(config)?, config.quiet_hours()?);
    match target.dialect() {
        Dialect::Sqlite => drop(migrate_with_copy(config, &target)?),
        Dialect::Postgres => {
            let pending = migrate::pending(&target)?;
            if !pending.is_empty() {
                bail!("the database lacks {} migrations of this version; run: nuanfan migrate", pending.len());
            }
        }
    }
    refuse_undurable(&target)?;
    let sealer = Sealer::new(config.field_key_bytes().context("field key")?);
    let options = Options {
        target,
        lanes: config.database.write_lanes,
        readers: config.database.readers,
        reader_cache_kb: config.database.reader_cache_kb,
        queue_deadline: Duration::from_millis(config.database.queue_deadline_ms),
        others: config.database.notify,
    };
    let store = Store::open(&options, sealer, clock.clone())?;
    let app = App::new(store, clock).with_ports(outside::ports(config)?).with_spool(spool(config)).with_quiet_hours(quiet);
    let installed = installation::open(&app).await.map_err(|error| match error {
        app::store::StoreError::Sealed(_) => {
            anyhow::anyhow!("the field key is not the one this database was made with; nothing was changed")
        }
        other => other.into(),
    })?;
    Ok(Opened { app, installed })
}

fn migrate_with_copy(config: &Config, target: &Target) -> Result<Vec<String>> {
    if let Some(copy) = saving::before_migration(config, target)? {
        tracing::info!(copy = %copy.display(), "the database was copied before its migration");
    }
    Ok(migrate::run(target)?)
}

/// The data folder is on a disk; a process beside a shared database may have none.
fn spool(config: &Config) -> std::path::PathBuf {
    if config.data_folder.is_dir() { config.data_folder.clone() } else { std::env::temp_dir() }
}

/// Where the database is, with its folder made and judged.
fn prepare(config: &Config) -> Result<Target> {
    let target = config.target()?;
    if target.dialect() == Dialect::Sqlite {
        data_folder::ensure(&config.data_folder)?;
        data_folder::refuse_network_file_system(&config.data_folder)?;
        // Before the database: one that is there without its key must be refused, not made up for.
        config.field_key_bytes().context("field key")?;
    }
    Ok(target)
}

fn refuse_undurable(target: &Target) -> Result<()> {
    let mut conn = target.connect()?;
    let off = server::not_durable(&mut conn)?;
    if off.is_empty() {
        return Ok(());
    }
    bail!("the database server may lose confirmed orders at a power cut ({}); turn it on and start again", off.join(", "))
}
