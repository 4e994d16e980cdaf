//! A database of its own for each test.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use store::conn::{AnyConnection, Target};
use store::fixture;
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of the server named by `NUANFAN_TEST_PG`.
    Postgres,
}

impl Engine {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A scratch database; gone when dropped.
#[derive(Debug)]
pub struct Database {
    target: Target,
    folder: TempDir,
    postgres: Option<(String, String)>,
}

/// The server for tests. There is no skipping: a suite that is green without PostgreSQL has not run.
#[must_use]
pub fn server() -> String {
    std::env::var("NUANFAN_TEST_PG")
        .expect("NUANFAN_TEST_PG must name a PostgreSQL database whose user may create others; scripts/test sets it")
}

impl Database {
    /// Migrated to this program's schema.
    #[must_use]
    pub fn migrated(engine: Engine) -> Self {
        let database = Self::make(engine, |admin, name| fixture::create_database(admin, &template(), name));
        if engine == Engine::Sqlite {
            store::migrate::run(&database.target).expect("migrate");
        }
        database
    }

    /// With nothing in it.
    #[must_use]
    pub fn empty(engine: Engine) -> Self {
        Self::make(engine, fixture::create_empty_database)
    }

    fn make(engine: Engine, create: impl Fn(&str, &str) -> Result<(), store::StoreError>) -> Self {
        let folder = tempfile::Builder::new().prefix("nuanfan-test-").tempdir().expect("temporary folder");
        match engine {
            Engine::Sqlite => {
                // The name that the binary gives it, so that it can be started on the same folder.
                let path = folder.path().join("nuanfan.db");
                Self { target: Target::Sqlite(path.display().to_string()), folder, postgres: None }
            }
            Engine::Postgres => {
                let admin = server();
                let name = format!("nuanfan_test_{}", uuid::Uuid::now_v7().simple());
                create(&admin, &name).expect("create a database");
                let target = Target::Postgres(fixture::with_database(&admin, &name));
                Self { target, folder, postgres: Some((admin, name)) }
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Its URL, when it is on a server.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match &self.target {
            Target::Sqlite(_) => None,
            Target::Postgres(url) => Some(url),
        }
    }

    /// A folder that lives as long as the database; on SQLite it holds it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection of its own, beside the store's.
    #[must_use]
    pub fn connect(&self) -> AnyConnection {
        self.target.connect().expect("connect")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((admin, name)) = &self.postgres {
            // A test that has failed must show its own failure, not this one.
            if let Err(error) = fixture::drop_database(admin, name) {
                eprintln!("{name} stays: {error}");
            }
        }
    }
}

/// Named after the migrations, so that a changed migration makes a new one.
fn template() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let mut scripts: Vec<PathBuf> =
        std::fs::read_dir(&root).expect("migrations").map(|entry| entry.expect("entry").path().join("up.sql")).collect();
    scripts.sort();
    let mut hash = Sha256::new();
    for script in scripts {
        hash.update(std::fs::read(&script).expect("up.sql"));
    }
    format!("nuanfan_template_{}", &hex::encode(hash.finalize())[..16])
}
