//! Backup, restore, and the copy that is made before a migration.

use crate::load::Load;
use crate::process::{Process, assert_verified, live_world, nuanfan};
use domain::access::Role;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use store::fixture::{execute, number, texts};
use testkit::fixtures::Street;
use testkit::wait::until;
use testkit::{Database, Engine, world_key};

/// The program over a data folder, with the key of the tests.
fn over(folder: &Path) -> Command {
    let mut command = nuanfan(&Database::empty(Engine::Sqlite));
    command.env("NUANFAN_DATA_FOLDER", folder).env("NUANFAN_FIELD_KEY", world_key());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn orders(target: &store::Target) -> BTreeSet<String> {
    let sql = "SELECT lower(hex(id)) AS t FROM meal_order";
    texts(&mut target.connect().unwrap(), sql).unwrap().into_iter().collect()
}

fn epoch(target: &store::Target) -> Vec<String> {
    texts(&mut target.connect().unwrap(), "SELECT hex(epoch) AS t FROM installation").unwrap()
}

#[test]
fn a_backup_under_load_holds_every_order_that_was_acknowledged_before_it_and_is_restored_with_a_new_epoch() {
    let world = live_world(Engine::Sqlite);
    let street = world.wait(world.street());
    let bodies: Vec<_> = (0..3).map(|dish| Street::order(&street.tomorrow, dish, Some(street.senior.id))).collect();
    let database = world.close();
    execute(&mut database.connect(), "UPDATE menu_item SET portions = 100000").unwrap();
    let server = Process::start(&database);
    let load = Load::new(&server.base, street.token(Role::Worker), bodies);
    let buyers = load.start(4, false);
    until("orders", Duration::from_secs(60), || (load.acknowledged.lock().unwrap().len() >= 50).then_some(()));

    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy of today.db");
    let before: BTreeSet<String> = load.acknowledged.lock().unwrap().values().cloned().collect();
    let made = nuanfan(&database).arg("backup").arg(&copy).output().unwrap();
    let during = load.acknowledged.lock().unwrap().len();
    load.finish(buyers);
    assert!(made.status.success(), "{}", said(&made));
    assert!(load.wrong.lock().unwrap().is_empty(), "{:?}", load.wrong.lock().unwrap());
    assert!(during > before.len(), "orders went on while it was copied");
    let again = nuanfan(&database).arg("backup").arg(&copy).output().unwrap();
    assert!(!again.status.success() && said(&again).contains("is there already"), "{}", said(&again));

    let restored = elsewhere.path().join("restored");
    let put_back = over(&restored).arg("restore").arg(&copy).output().unwrap();
    assert!(put_back.status.success(), "{}", said(&put_back));
    let target = store::Target::Sqlite(restored.join("nuanfan.db").display().to_string());
    let kept = orders(&target);
    for order in &before {
        assert!(kept.contains(&order["ord_".len()..]), "{order} was acknowledged and is not in the copy");
    }
    assert_ne!(epoch(&target), epoch(database.target()), "another history");
    let sessions = |target: &store::Target| number(&mut target.connect().unwrap(), "SELECT COUNT(*) AS n FROM session").unwrap();
    assert!(sessions(database.target()) > 0 && sessions(&target) == 0, "a session that was ended since must not come back");
    let verified = over(&restored).arg("verify").output().unwrap();
    assert!(verified.status.success(), "{}", said(&verified));
    server.kill();
    assert_verified(&database);
}

#[test]
fn a_restore_refuses_what_it_would_spoil_and_leaves_everything_as_it_was() {
    let database = Database::migrated(Engine::Sqlite);
    let opened = nuanfan(&database).arg("verify").output().unwrap();
    assert!(opened.status.success(), "{}", said(&opened));
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy.db");
    assert!(nuanfan(&database).arg("backup").arg(&copy).status().unwrap().success());
    let newer = elsewhere.path().join("newer.db");
    std::fs::copy(&copy, &newer).unwrap();
    let newer_target = store::Target::Sqlite(newer.display().to_string());
    execute(&mut newer_target.connect().unwrap(), "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')")
        .unwrap();
    let broken = elsewhere.path().join("broken.db");
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    std::fs::write(&broken, bytes).unwrap();
    let (full, no_key) = (database.folder().to_path_buf(), elsewhere.path().join("no-key"));
    for (folder, file, key, why) in [
        (full, &copy, true, "is not empty"),
        (elsewhere.path().join("a"), &newer, true, "newer version"),
        (elsewhere.path().join("b"), &broken, true, "cannot be restored"),
        (no_key, &copy, false, "the field key that the copy was made with is missing"),
    ] {
        let listing = |folder: &Path| -> BTreeSet<_> {
            let entries = std::fs::read_dir(folder).map(|all| all.map(|entry| entry.unwrap().file_name()).collect());
            entries.unwrap_or_default()
        };
        let before = listing(&folder);
        let mut command = over(&folder);
        if !key {
            command.env_remove("NUANFAN_FIELD_KEY");
        }
        let refused = command.arg("restore").arg(file).output().unwrap();
        assert!(!refused.status.success() && said(&refused).contains(why), "{why}: {}", said(&refused));
        assert_eq!(listing(&folder), before, "{why}");
    }
    let wrong = elsewhere.path().join("wrong-key");
    let refused = over(&wrong).env("NUANFAN_FIELD_KEY", "ab".repeat(32)).arg("restore").arg(&copy).output().unwrap();
    assert!(said(&refused).contains("the field key is not the one"), "{}", said(&refused));
    assert!(!wrong.join("nuanfan.db").exists());
}

#[test]
fn an_existing_database_is_copied_before_it_is_migrated_and_a_new_one_is_not() {
    let database = Database::empty(Engine::Sqlite);
    assert!(nuanfan(&database).arg("migrate").status().unwrap().success());
    let copies = database.folder().join("before-migration");
    assert!(!copies.exists(), "there was nothing to copy");
    // As an older version of the program left it: without the last migration.
    let last = "SELECT max(version) AS t FROM __diesel_schema_migrations";
    let last = texts(&mut database.connect(), last).unwrap().remove(0);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let down = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .find(|entry| entry.file_name().to_string_lossy().replace('-', "").starts_with(&last));
    let down = std::fs::read_to_string(down.expect("the last migration").path().join("down.sql")).unwrap();
    execute(&mut database.connect(), &down).unwrap();
    execute(&mut database.connect(), &format!("DELETE FROM __diesel_schema_migrations WHERE version = '{last}'")).unwrap();
    assert!(nuanfan(&database).arg("verify").status().unwrap().success());
    let made: Vec<_> = std::fs::read_dir(&copies).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    let copy = store::Target::Sqlite(made[0].display().to_string());
    let versions = texts(&mut copy.connect().unwrap(), "SELECT version AS t FROM __diesel_schema_migrations").unwrap();
    assert!(!versions.contains(&last), "the copy is of the old schema");
}

#[test]
fn on_postgres_a_backup_names_the_tools_that_make_it() {
    let database = Database::migrated(Engine::Postgres);
    let told = nuanfan(&database).arg("backup").arg("somewhere.db").output().unwrap();
    assert!(!told.status.success());
    assert!(said(&told).contains("pg_dump") && said(&told).contains("restore --after-pg-restore"), "{}", said(&told));
    assert!(nuanfan(&database).arg("verify").status().unwrap().success());
    let epoch = || texts(&mut database.connect(), "SELECT epoch::text AS t FROM installation").unwrap();
    let before = epoch();
    let renewed = nuanfan(&database).args(["restore", "--after-pg-restore"]).output().unwrap();
    assert!(renewed.status.success(), "{}", said(&renewed));
    assert_ne!(epoch(), before);
    assert!(nuanfan(&database).arg("verify").status().unwrap().success());
}
