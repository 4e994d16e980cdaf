//! What an import promises: all or nothing, every fault told, twice is once, killed is resumed.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::App;
use app::imports::{Progress, Reach, apply, stage, view};
use demo::Street;
use domain::time::Clock;
use domain::{Instant, ServiceDate};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use store::conn::Target;
use store::query::imports::{ImportRow, ImportState};
use store::seal::Sealer;
use store::{Options, Store, migrate};
use tabular::{Format, ReadOptions, TableKind};
use tempfile::TempDir;

struct Fixed;
impl Clock for Fixed {
    fn now(&self) -> Instant {
        Instant::from_civil(ServiceDate::new(2026, 11, 23).unwrap(), chrono::NaiveTime::MIN)
    }
}

fn open(folder: &TempDir) -> App {
    let target = Target::Sqlite(folder.path().join("test.db").to_string_lossy().into_owned());
    migrate::run(&target).unwrap();
    let store = Store::open(&Options::small(target), Sealer::new([7; 32]), Arc::new(Fixed)).unwrap();
    App::new(store, Arc::new(Fixed))
}

fn quiet() -> Progress {
    Arc::new(|_, _, _| {})
}

async fn judge(app: &App, kind: TableKind, bytes: Vec<u8>) -> ImportRow {
    let wanted = stage::Wanted { kind, file_name: format!("{kind}.csv"), made_by: None, reach: Reach::Everywhere };
    let row = stage::begin(app, wanted).await.unwrap();
    stage::stage(app, row, Reach::Everywhere, Cursor::new(bytes), ReadOptions::of(Format::Csv), &quiet()).await.unwrap()
}

async fn import(app: &App, kind: TableKind, bytes: Vec<u8>) -> ImportRow {
    let row = judge(app, kind, bytes).await;
    let faults = view::faults(app, row.id.0, -1, 20).await.unwrap();
    assert_eq!(row.state.0, ImportState::Ready, "{kind}: {faults:#?}");
    let done = apply::apply(app, row.id.0, &quiet()).await.unwrap();
    assert_eq!(done.state.0, ImportState::Done, "{kind}: {:?}", done.cause);
    done
}

fn street() -> BTreeMap<TableKind, Vec<u8>> {
    let street = Street::generate(1, ServiceDate::new(2026, 11, 23).unwrap()).unwrap();
    street.files().unwrap().into_iter().map(|(kind, _, bytes)| (kind, bytes)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_files_twice_change_nothing() {
    let (folder, files) = (TempDir::new().unwrap(), street());
    let app = open(&folder);
    for (kind, bytes) in &files {
        let done = import(&app, *kind, bytes.clone()).await;
        assert!(done.added > 0 && done.changed == 0, "{kind}");
    }
    for (kind, bytes) in &files {
        let done = import(&app, *kind, bytes.clone()).await;
        assert_eq!((done.added, done.changed, done.unchanged), (0, 0, done.row_count), "{kind}");
    }
}
