//! The demo street's files, brought in through the import that users have.
#![allow(dead_code)] // each suite uses its part

use app::App;
use app::imports::{Progress, Reach, apply, stage};
use demo::Street;
use domain::ServiceDate;
use domain::id::ImportId;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use store::query::imports::{ImportRow, ImportState};
use tabular::{Format, ReadOptions, TableKind};

pub fn quiet() -> Progress {
    Arc::new(|_, _, _| {})
}

pub fn street() -> BTreeMap<TableKind, Vec<u8>> {
    let street = Street::generate(1, ServiceDate::new(2026, 11, 23).unwrap()).unwrap();
    street.files().unwrap().into_iter().map(|(kind, _, bytes)| (kind, bytes)).collect()
}

/// The dry run.
pub async fn judged(app: &App, kind: TableKind, bytes: Vec<u8>, format: Format) -> ImportRow {
    let wanted = stage::Wanted { kind, file_name: format!("{kind}.csv"), made_by: None, reach: Reach::Everywhere };
    let row = stage::begin(app, wanted).await.unwrap();
    stage::stage(app, row, Reach::Everywhere, Cursor::new(bytes), ReadOptions::of(format), &quiet()).await.unwrap()
}

/// The dry run of a file without faults.
pub async fn judge(app: &App, kind: TableKind, bytes: Vec<u8>) -> ImportId {
    let row = judged(app, kind, bytes, Format::Csv).await;
    assert_eq!(row.state.0, ImportState::Ready, "{kind}");
    row.id.0
}

pub async fn import(app: &App, kind: TableKind, bytes: Vec<u8>) -> ImportId {
    let id = judge(app, kind, bytes).await;
    assert_eq!(apply::apply(app, id, &quiet()).await.unwrap().state.0, ImportState::Done, "{kind}");
    id
}
