//! One connection type over both databases.
#![allow(missing_docs)] // the derive's own items have none; what is written here is documented

use crate::error::StoreError;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use std::path::Path;

/// A connection to whichever database is configured.
///
/// The derive gives one text for nearly all queries; [`on_each!`](crate::on_each!) covers the rest.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// The shared database.
    Postgres(PgConnection),
}

/// Runs the same expression on the concrete connection: for batch inserts and locks, which the enum cannot express, and for what
/// every order asks. On the enum a query's text is written anew at each execution; a concrete connection knows the query by
/// its type and finds the compiled statement without.
#[macro_export]
macro_rules! on_each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::conn::AnyConnection::Sqlite($c) => $body,
            $crate::conn::AnyConnection::Postgres($c) => $body,
        }
    };
}

/// That a row is not of an import whose rows are still hidden: for every query by which rows of these tables can be found
/// (`sitting`, `senior`, `senior_fact`, `family_binding`, `standing_order`) other than through a row that was seen.
#[macro_export]
macro_rules! shown {
    ($table:ident) => {
        $table::import_id.is_null().or($table::import_id
            .ne_all($crate::schema::import_hidden::table.select($crate::schema::import_hidden::import_id.nullable())))
    };
}

/// SQLite's page cache of a connection that writes, in KiB.
const WRITER_CACHE_KB: u32 = 16_000;

/// Which database, and where.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A file of this path.
    Sqlite(String),
    /// A `postgres://` URL.
    Postgres(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite {path}"),
            // The URL carries a password.
            Self::Postgres(_) => f.write_str("postgres"),
        }
    }
}

/// Which kind of database a connection or a store is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded.
    Sqlite,
    /// Shared.
    Postgres,
}

impl Target {
    /// Dispatches on the scheme. (The derived `establish` tries each database in turn: with PostgreSQL down it would
    /// silently create an SQLite file named after the URL.)
    #[must_use]
    pub fn parse(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::Postgres(url.to_owned())
        } else {
            Self::Sqlite(url.strip_prefix("sqlite://").unwrap_or(url).to_owned())
        }
    }

    /// The kind of database.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Opens a connection to write with.
    pub fn connect(&self) -> Result<AnyConnection, StoreError> {
        self.open(WRITER_CACHE_KB)
    }

    /// Opens a connection to look with.
    pub(crate) fn connect_reader(&self, cache_kb: u32) -> Result<AnyConnection, StoreError> {
        self.open(cache_kb)
    }

    /// With the settings that durability and foreign keys need; they are per connection in SQLite.
    fn open(&self, cache_kb: u32) -> Result<AnyConnection, StoreError> {
        match self {
            Self::Sqlite(path) => {
                if let Some(folder) = Path::new(path).parent().filter(|f| !f.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder).map_err(|e| StoreError::Unavailable(format!("data folder: {e}")))?;
                }
                let mut conn = SqliteConnection::establish(path).map_err(|e| StoreError::Unavailable(e.to_string()))?;
                // The checkpoint thread brings the log home; at 32 MB the writer does it, so that it cannot grow without end.
                // FULL: an acknowledged order survives a power loss; NORMAL may lose it in WAL mode.
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA cache_size = -{cache_kb}; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8000;",
                ))?;
                Ok(AnyConnection::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(|e| StoreError::Unavailable(e.to_string()))?;
                // Pages are read from memory or a disk without arms: with the server's default it reads whole tables for a canteen's month.
                conn.batch_execute(
                    "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'; \
                     SET random_page_cost = 1.1;",
                )?;
                Ok(AnyConnection::Postgres(conn))
            }
        }
    }
}

impl AnyConnection {
    /// The kind of database behind this connection.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}
