//! R12: a migration that is killed at any statement leaves the old schema or the new one, never anything between, and the next
//! run goes on from there. (That a newer database is refused untouched is shown in `command_line`.)

use crate::process::nuanfan;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use store::fixture::{execute, texts};
use testkit::wait::until;
use testkit::{Database, Engine};

/// Every how many-th statement is tried; a release tries each.
fn stride() -> usize {
    std::env::var("NUANFAN_TEST_MIGRATION_STRIDE").ok().and_then(|n| n.parse().ok()).filter(|n| *n > 0).unwrap_or(4)
}

const SCHEMA_OF_SQLITE: &str = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') AS t FROM sqlite_master \
     WHERE name NOT LIKE 'sqlite_%' AND tbl_name NOT LIKE '__diesel%' ORDER BY 1";
const SCHEMA_OF_POSTGRES: &str = "SELECT t FROM (\
     SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS t \
       FROM information_schema.columns WHERE table_schema = 'public' \
     UNION ALL SELECT 'index ' || tablename || ': ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
     UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ': ' || pg_get_constraintdef(oid) FROM pg_constraint \
       WHERE connamespace = 'public'::regnamespace) AS all_of_it WHERE t NOT LIKE '%\\_\\_diesel%' ORDER BY t";

fn schema(database: &Database, engine: Engine) -> Vec<String> {
    let sql = if engine == Engine::Sqlite { SCHEMA_OF_SQLITE } else { SCHEMA_OF_POSTGRES };
    texts(&mut database.connect(), sql).unwrap()
}

/// The schema after none of the migrations, after the first, after the second ...
fn boundaries(engine: Engine) -> Vec<Vec<String>> {
    let folder = if engine == Engine::Sqlite { "sqlite" } else { "postgres" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
    let mut migrations: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("up.sql")).collect();
    migrations.sort();
    let database = Database::empty(engine);
    let mut schemas = vec![schema(&database, engine)];
    for migration in migrations {
        execute(&mut database.connect(), &std::fs::read_to_string(migration).unwrap()).unwrap();
        schemas.push(schema(&database, engine));
    }
    schemas
}

/// How many migrations the database says it has; its schema must be exactly theirs.
fn at_a_boundary(database: &Database, engine: Engine, boundaries: &[Vec<String>]) -> usize {
    let there = match engine {
        Engine::Sqlite => "SELECT name AS t FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
        Engine::Postgres => "SELECT tablename::text AS t FROM pg_tables WHERE tablename = '__diesel_schema_migrations'",
    };
    let kept = !texts(&mut database.connect(), there).unwrap().is_empty();
    let applied = "SELECT CAST(version AS TEXT) AS t FROM __diesel_schema_migrations";
    let count = if kept { texts(&mut database.connect(), applied).unwrap().len() } else { 0 };
    assert_eq!(schema(database, engine), boundaries[count], "after {count} migrations");
    count
}

fn migrate(database: &Database) -> ExitStatus {
    nuanfan(database).arg("migrate").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
}

#[test]
fn a_migration_killed_at_any_statement_leaves_the_old_schema_or_the_new_one_on_postgres() {
    let (engine, boundaries) = (Engine::Postgres, boundaries(Engine::Postgres));
    let database = Database::empty(engine);
    // The server kills the connection at a statement of its choice. The count is a sequence, which no rollback takes back.
    execute(
        &mut database.connect(),
        "CREATE SCHEMA faults; CREATE SEQUENCE faults.seen; CREATE TABLE faults.fatal (n BIGINT); INSERT INTO faults.fatal VALUES (0); \
         CREATE FUNCTION faults.kill() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF nextval('faults.seen') = (SELECT n FROM faults.fatal) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$; \
         CREATE EVENT TRIGGER kill ON ddl_command_end EXECUTE FUNCTION faults.kill()",
    )
    .unwrap();
    let (mut applied, mut statement, mut kills) = (0, 1, 0);
    loop {
        let arm = format!("SELECT setval('faults.seen', 1, false); UPDATE faults.fatal SET n = {statement}");
        execute(&mut database.connect(), &arm).unwrap();
        let done = migrate(&database).success();
        let now = at_a_boundary(&database, engine, &boundaries);
        if done {
            break;
        }
        kills += 1;
        // Past a migration's last statement the next one was reached: begin anew there.
        statement = if now > applied { 1 } else { statement + stride() };
        applied = now;
    }
    assert_eq!(at_a_boundary(&database, engine, &boundaries), boundaries.len() - 1);
    assert!(kills >= boundaries.len() - 1, "{kills} kills do not reach every migration");
    println!("{kills} kills in {} migrations", boundaries.len() - 1);
}

#[test]
fn a_migration_killed_at_any_moment_leaves_the_old_schema_or_the_new_one_on_sqlite() {
    let (engine, boundaries) = (Engine::Sqlite, boundaries(Engine::Sqlite));
    let (mut kills, mut grown) = (0, 1);
    loop {
        let database = Database::empty(engine);
        let log = database.folder().join("nuanfan.db-wal");
        let mut child = nuanfan(&database).arg("migrate").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // SQLite says nothing of its statements; how far its log has grown tells how far it has come.
        let ended = until("the log to grow", std::time::Duration::from_secs(60), || {
            let size = std::fs::metadata(&log).map_or(0, |file| file.len());
            child.try_wait().unwrap().map(|_| true).or((size >= grown).then_some(false))
        });
        child.kill().unwrap();
        child.wait().unwrap();
        at_a_boundary(&database, engine, &boundaries);
        assert!(migrate(&database).success(), "it goes on from there");
        assert_eq!(at_a_boundary(&database, engine, &boundaries), boundaries.len() - 1);
        if ended {
            break;
        }
        kills += 1;
        grown += 8192 * u64::try_from(stride()).unwrap();
    }
    assert!(kills > 0, "it was never caught in the middle");
    println!("{kills} kills");
}
