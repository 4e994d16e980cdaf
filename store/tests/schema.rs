//! The two schemas and diesel's description of them are one schema.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use store::fixture::texts;
use store::migrate;
use testkit::{Database, Engine};

/// table.column -> (kind of value, may be null)
type Columns = BTreeMap<String, (String, bool)>;

/// The databases' names of types, as one word each.
fn kind(name: &str) -> &'static str {
    match name.to_ascii_uppercase().as_str() {
        "UUID" | "BLOB" | "BYTEA" => "bytes",
        "BIGINT" | "INTEGER" | "INT" | "SMALLINT" => "number",
        "TEXT" | "CHARACTER VARYING" | "VARCHAR" => "text",
        "DATE" => "date",
        "BOOLEAN" => "boolean",
        other => panic!("a type that no column should have: {other}"),
    }
}

fn columns(engine: Engine) -> Columns {
    let database = Database::migrated(engine);
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || (CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'no' ELSE 'yes' END) AS t \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '__diesel%'"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name || '.' || column_name || ' ' || replace(data_type, ' ', '_') || ' ' || lower(is_nullable) AS text) AS t \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'"
        }
    };
    let rows = texts(&mut database.connect(), sql).unwrap();
    let column = |row: &String| {
        let parts: Vec<&str> = row.split(' ').collect();
        (parts[0].to_owned(), (kind(&parts[1].replace('_', " ")).to_owned(), parts[2] == "yes"))
    };
    rows.iter().map(column).collect()
}

/// diesel's description, read from its source.
fn described() -> Columns {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema");
    let mut columns = Columns::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut table = String::new();
        for line in text.lines().map(str::trim) {
            if line.ends_with('{') && line.contains('(') && !line.contains('!') {
                table = line.split(' ').next().unwrap().to_owned();
            } else if let Some((name, of)) = line.split_once(" -> ") {
                let of = of.trim_end_matches(',');
                let (inner, null) = of.strip_prefix("Nullable<").map_or((of, false), |rest| (rest.trim_end_matches('>'), true));
                let kind = match inner {
                    "Uid" | "Binary" => "bytes",
                    "BigInt" | "Integer" => "number",
                    "Text" => "text",
                    "Date" => "date",
                    "Bool" => "boolean",
                    other => panic!("{table}.{name}: {other}"),
                };
                columns.insert(format!("{table}.{name}"), (kind.to_owned(), null));
            }
        }
    }
    columns
}

fn assert_same(left: &Columns, right: &Columns, names: &str) {
    let all: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differing: Vec<String> = all
        .into_iter()
        .filter(|name| left.get(*name) != right.get(*name))
        .map(|name| format!("{name}: {:?} and {:?}", left.get(name), right.get(name)))
        .collect();
    assert!(differing.is_empty(), "{names} differ:\n{}", differing.join("\n"));
    assert!(left.len() > 100, "the schema was not read");
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    assert_same(&columns(Engine::Sqlite), &columns(Engine::Postgres), "SQLite and PostgreSQL");
}

#[test]
fn diesel_describes_the_schema_that_the_migrations_make() {
    assert_same(&columns(Engine::Sqlite), &described(), "the migrations and the description");
}

/// Names of constraints that the code relies on when it parses an error, and of indexes.
fn named(engine: Engine) -> BTreeSet<String> {
    let database = Database::migrated(engine);
    let sql = match engine {
        Engine::Sqlite => "SELECT name AS t FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        Engine::Postgres => {
            "SELECT CAST(i.indexname AS text) AS t FROM pg_indexes i WHERE i.schemaname = 'public' AND i.tablename NOT LIKE '\\_\\_diesel%' \
             AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
        }
    };
    texts(&mut database.connect(), sql).unwrap().into_iter().collect()
}

#[test]
fn both_databases_have_the_same_indexes() {
    assert_eq!(named(Engine::Sqlite), named(Engine::Postgres));
}

#[test]
fn migrations_run_up_down_and_up_again() {
    for engine in Engine::BOTH {
        let database = Database::empty(engine);
        let all = migrate::pending(database.target()).unwrap();
        assert!(!all.is_empty());
        assert_eq!(migrate::run(database.target()).unwrap().len(), all.len());
        assert_eq!(migrate::pending(database.target()).unwrap(), Vec::<String>::new());
        assert_eq!(migrate::run(database.target()).unwrap(), Vec::<String>::new(), "a second run changes nothing");
        migrate::revert_all(database.target()).unwrap();
        let sql = match engine {
            Engine::Sqlite => {
                "SELECT name AS t FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'"
            }
            Engine::Postgres => {
                "SELECT CAST(tablename AS text) AS t FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%'"
            }
        };
        assert_eq!(
            texts(&mut database.connect(), sql).unwrap(),
            Vec::<String>::new(),
            "{engine:?}: left behind by the down scripts"
        );
        assert_eq!(migrate::run(database.target()).unwrap().len(), all.len());
    }
}

#[test]
fn a_database_with_an_unknown_migration_is_newer_and_is_left_as_it_is() {
    for engine in Engine::BOTH {
        let database = Database::migrated(engine);
        let insert = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('29990101000000', CURRENT_TIMESTAMP)";
        store::fixture::execute(&mut database.connect(), insert).unwrap();
        for result in [migrate::run(database.target()), migrate::pending(database.target())] {
            assert!(matches!(&result, Err(store::StoreError::NewerDatabase(version)) if version == "29990101000000"), "{result:?}");
        }
    }
}
