//! Copies of the embedded database: made while it is in use, made before a migration, put back.

use crate::config::Config;
use crate::data_folder;
use anyhow::{Context, Result, bail, ensure};
use app::installation;
use app::store::backup::{self, Checked, sync_folder_of, with_ending};
use app::store::seal::Sealer;
use app::store::{Dialect, StoreError, Target, migrate};
use domain::id::EpochId;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Folder of the copies that are made before migrations, inside the data folder.
const BEFORE_MIGRATIONS: &str = "before-migration";

const ASK_POSTGRES: &str = "PostgreSQL is copied by its own tools, which see one moment of the database while it is in use:\n  \
     pg_dump --format=custom --file=FILE \"$DATABASE_URL\"\nand put back, into an empty database, by\n  \
     pg_restore --no-owner --dbname=\"$DATABASE_URL\" FILE\n  nuanfan restore --after-pg-restore\n\
     Keep the field key beside neither.";

/// Copies the embedded database into a file while it is in use.
pub fn backup(config: &Config, to: &Path) -> Result<Checked> {
    let target = config.target()?;
    if target.dialect() == Dialect::Postgres {
        bail!("{ASK_POSTGRES}");
    }
    backup::write(&target, to).map_err(|error| match error {
        StoreError::NotFound => anyhow::anyhow!("there is no database in {}", config.data_folder.display()),
        other => anyhow::Error::from(other).context("no copy was made"),
    })
}

/// Before an existing embedded database is migrated it is copied into the data folder, once for each first migration that it lacks:
/// a copy that is there is of the same schema, made before a try that was cut short. Answers where the copy is, when one was made.
pub fn before_migration(config: &Config, target: &Target) -> Result<Option<PathBuf>> {
    let Target::Sqlite(database) = target else { return Ok(None) };
    if !Path::new(database).is_file() {
        return Ok(None);
    }
    let (pending, made) = (migrate::pending(target)?, migrate::is_made(target)?);
    let Some(first) = pending.first().filter(|_| made) else { return Ok(None) };
    let folder = config.data_folder.join(BEFORE_MIGRATIONS);
    data_folder::ensure(&folder)?;
    let copy = folder.join(format!("{first}.db"));
    if copy.exists() {
        return Ok(Some(copy));
    }
    backup::write(target, &copy).context("no copy could be made before the migration, which was not begun")?;
    Ok(Some(copy))
}

/// Puts a copy into an empty data folder and begins a new history. The copy stays as it is; the folder stays empty when it fails.
pub fn restore(config: &Config, copy: &Path) -> Result<EpochId> {
    let target = config.target()?;
    let Target::Sqlite(database) = &target else { bail!("{ASK_POSTGRES}") };
    let database = Path::new(database);
    ready_for(config)?;
    backup::check(copy).with_context(|| format!("{} cannot be restored", copy.display()))?;
    let sealer = Sealer::new(config.field_key_bytes().context("field key")?);
    let part = with_ending(database, "restoring");
    let done = put_back(copy, &part, &sealer).and_then(|epoch| {
        fs::rename(&part, database).and_then(|()| sync_folder_of(database)).context("cannot name the database")?;
        Ok(epoch)
    });
    if done.is_err() {
        for left in [part.clone(), beside(&part, "-wal"), beside(&part, "-shm")] {
            // It may not have come to that.
            let _ = fs::remove_file(left);
        }
    }
    done
}

/// The folder may hold nothing but the key, and the key must be to be had: one made now would not open the copy.
fn ready_for(config: &Config) -> Result<()> {
    let folder = &config.data_folder;
    data_folder::ensure(folder)?;
    data_folder::refuse_network_file_system(folder)?;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        ensure!(
            name == data_folder::KEY,
            "{} is not empty ({} is there); restore into an empty folder, with nothing but the field key in it",
            folder.display(),
            name.display()
        );
    }
    let configured = config.field_key.is_some() || config.field_key_file.is_some();
    ensure!(
        configured || folder.join(data_folder::KEY).exists(),
        "the field key that the copy was made with is missing; put it at {}, or set field_key_file",
        folder.join(data_folder::KEY).display()
    );
    Ok(())
}

fn put_back(copy: &Path, part: &Path, sealer: &Sealer) -> Result<EpochId> {
    fs::copy(copy, part).with_context(|| format!("cannot copy to {}", part.display()))?;
    fs::set_permissions(part, fs::Permissions::from_mode(0o600))?;
    let target = Target::Sqlite(part.display().to_string());
    backup::refuse_newer(&target)?;
    let epoch = renewed(&target, sealer)?;
    // The connection is closed, and its log is home with it; a log that stayed would not follow the file to its name.
    ensure!(!beside(part, "-wal").exists(), "{} is still open", part.display());
    fs::File::open(part)?.sync_all()?;
    Ok(epoch)
}

/// Begins a new history in a shared database that was put back.
pub fn renew_shared(config: &Config) -> Result<EpochId> {
    let target = config.target()?;
    ensure!(target.dialect() == Dialect::Postgres, "--after-pg-restore is for PostgreSQL; give the copy to restore");
    migrate::pending(&target)?;
    renewed(&target, &Sealer::new(config.field_key_bytes().context("field key")?))
}

fn renewed(target: &Target, sealer: &Sealer) -> Result<EpochId> {
    installation::renew(target, sealer).map_err(|error| match error {
        StoreError::Sealed(_) => anyhow::anyhow!("the field key is not the one the copy was made with; nothing was changed"),
        other => other.into(),
    })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
