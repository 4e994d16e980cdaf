//! A copy of the embedded database in one file, made while it is in use, and the checks of such a copy.
//!
//! `VACUUM INTO` reads one snapshot and writes a compact file. A reader holds nobody up in WAL mode: the writer goes on, and its log
//! grows until the copy is there. (SQLite's page-by-page backup was rejected: it begins anew whenever another connection has
//! written, which on a busy day is always.)

use crate::conn::{AnyConnection, Target};
use crate::error::StoreError;
use crate::migrate;
use crate::query::installation::{self, InstallationRow};
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A copy that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its size.
    pub bytes: u64,
    /// The history it is of; a database that was never opened has none yet.
    pub installation: Option<InstallationRow>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    t: String,
}

/// Copies the database into a new file, checks the copy, and only then gives it its name. Readable by its owner alone: it holds what
/// the database holds, sealed fields sealed and the rest in the clear.
pub fn write(target: &Target, to: &Path) -> Result<Checked, StoreError> {
    let Target::Sqlite(from) = target else {
        return Err(StoreError::Database("only the embedded database is copied from here".to_owned()));
    };
    if !Path::new(from).is_file() {
        return Err(StoreError::NotFound);
    }
    if to.exists() {
        return Err(StoreError::Unavailable(format!("{} is there already", to.display())));
    }
    let part = with_ending(to, "part");
    let done = fill(target, &part).and_then(|()| check(&part)).and_then(|checked| {
        fs::rename(&part, to).and_then(|()| sync_folder_of(to)).map_err(|e| broken(to, &e))?;
        Ok(checked)
    });
    if done.is_err() {
        // What is half written must not be taken for a copy; it may not even have been begun.
        let _ = fs::remove_file(&part);
    }
    done
}

fn fill(target: &Target, part: &Path) -> Result<(), StoreError> {
    // Of an earlier copy that was killed.
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(broken(part, &error)),
        _ => {}
    }
    // SQLite fills an empty file, and leaves its permissions.
    File::options().write(true).create_new(true).mode(0o600).open(part).map_err(|e| broken(part, &e))?;
    let mut conn = target.connect()?;
    if let AnyConnection::Sqlite(conn) = &mut conn {
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(part.display().to_string()).execute(conn)?;
    }
    // It writes without waiting for the disk.
    File::open(part).and_then(|file| file.sync_all()).map_err(|e| broken(part, &e))
}

/// Opens a copy without changing it: every page and reference must be whole, and it must be one of ours.
pub fn check(copy: &Path) -> Result<Checked, StoreError> {
    let bytes = fs::metadata(copy).map_err(|e| broken(copy, &e))?.len();
    // Characters that a URI would read otherwise are written as their numbers.
    let encoded: String = copy.display().to_string().bytes().map(encoded).collect();
    let uri = format!("file:{encoded}?mode=ro&immutable=1");
    let conn = SqliteConnection::establish(&uri).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let mut conn = AnyConnection::Sqlite(conn);
    let AnyConnection::Sqlite(sqlite) = &mut conn else { return Err(StoreError::NotFound) };
    let lines = |conn: &mut SqliteConnection, sql: &str| diesel::sql_query(sql).load::<Line>(conn);
    let told = lines(sqlite, "SELECT integrity_check AS t FROM pragma_integrity_check LIMIT 20")
        .map_err(|e| StoreError::Database(format!("{} is no database: {e}", copy.display())))?;
    if !told.iter().all(|line| line.t == "ok") {
        let what: Vec<String> = told.into_iter().map(|line| line.t).collect();
        return Err(StoreError::Database(format!("{} is damaged: {}", copy.display(), what.join("; "))));
    }
    let loose = lines(sqlite, "SELECT \"table\" AS t FROM pragma_foreign_key_check LIMIT 20")?;
    if let Some(first) = loose.first() {
        return Err(StoreError::Database(format!("{}: rows of {} refer to rows that are not there", copy.display(), first.t)));
    }
    Ok(Checked { bytes, installation: installation::find(&mut conn)? })
}

/// Refuses a copy of a newer schema. Opens it as a database is opened, so it is for a copy that may be written to.
pub fn refuse_newer(target: &Target) -> Result<(), StoreError> {
    migrate::pending(target).map(drop)
}

/// A path with one more ending.
#[must_use]
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Waits until a file's name is on the disk.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn broken(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
