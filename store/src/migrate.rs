//! Migrations: the same names in both folders, embedded in the binary.

use crate::conn::{AnyConnection, Target};
use crate::error::StoreError;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// Brings the database to this program's schema; returns the names of the migrations that were run.
///
/// Each migration is a transaction: a kill leaves the old schema or the new one. A database that knows a migration which this
/// program does not is newer, and is refused untouched.
pub fn run(target: &Target) -> Result<Vec<String>, StoreError> {
    let mut conn = target.connect()?;
    match &mut conn {
        AnyConnection::Sqlite(c) => migrate(c, SQLITE),
        AnyConnection::Postgres(c) => migrate(c, POSTGRES),
    }
}

/// Names of the migrations that [`run`] would run; changes nothing. A newer database is refused here too.
pub fn pending(target: &Target) -> Result<Vec<String>, StoreError> {
    let mut conn = target.connect()?;
    match &mut conn {
        AnyConnection::Sqlite(c) => missing(c, &SQLITE),
        AnyConnection::Postgres(c) => missing(c, &POSTGRES),
    }
}

/// Whether any migration was run: the database was made, and may hold something.
pub fn is_made(target: &Target) -> Result<bool, StoreError> {
    let applied = match &mut target.connect()? {
        AnyConnection::Sqlite(c) => c.applied_migrations().map(|all| all.len()),
        AnyConnection::Postgres(c) => c.applied_migrations().map(|all| all.len()),
    };
    Ok(applied.map_err(fault)? > 0)
}

/// Takes every migration back, newest first. For tests of the down scripts.
pub fn revert_all(target: &Target) -> Result<(), StoreError> {
    let mut conn = target.connect()?;
    let reverted = match &mut conn {
        AnyConnection::Sqlite(c) => c.revert_all_migrations(SQLITE).map(|v| v.len()),
        AnyConnection::Postgres(c) => c.revert_all_migrations(POSTGRES).map(|v| v.len()),
    };
    reverted.map(|_| ()).map_err(|e| StoreError::Database(e.to_string()))
}

fn migrate<C, DB>(conn: &mut C, known: EmbeddedMigrations) -> Result<Vec<String>, StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    missing(conn, &known)?;
    let run = conn.run_pending_migrations(known).map_err(fault)?;
    Ok(run.into_iter().map(|v| v.to_string()).collect())
}

/// Migrations of this program that the database lacks; an error when it has one that this program does not know.
fn missing<C, DB>(conn: &mut C, known: &EmbeddedMigrations) -> Result<Vec<String>, StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    use diesel::migration::MigrationSource;
    let applied = conn.applied_migrations().map_err(fault)?;
    let mine = MigrationSource::<DB>::migrations(known).map_err(fault)?;
    if let Some(version) = applied.iter().find(|version| !mine.iter().any(|m| m.name().version() == **version)) {
        return Err(StoreError::NewerDatabase(version.to_string()));
    }
    let lacking = mine.iter().filter(|m| !applied.contains(&m.name().version().as_owned()));
    Ok(lacking.map(|m| m.name().to_string()).collect())
}

#[allow(clippy::needless_pass_by_value)] // it is the argument of `map_err`
fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Database(format!("migration: {error}"))
}
