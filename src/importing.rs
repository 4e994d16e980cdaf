//! Bringing a file in from the command line: the dry run, its report, the apply, with a progress bar.

use anyhow::{Context, Result, anyhow};
use app::App;
use app::failure::Failure;
use app::imports::{ImportRefusal, Progress, Reach, Stage, apply, stage, view};
use app::store::query::imports::{ImportRow, ImportState};
use domain::id::ImportId;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use tabular::{Format, ReadOptions, TableKind};

/// Faults printed at most; the rest is counted.
const SHOWN: i64 = 200;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was judged and would go in, with so many rows.
    Judged(u64),
    /// It went in, with so many rows.
    In(u64),
    /// It has faults; nothing changed.
    Faulty,
}

/// Judges a file and, unless it is a dry run, takes it in. Prints what it finds.
pub async fn bring_in(
    app: &App,
    kind: TableKind,
    name: &str,
    source: impl stage::Source,
    format: Format,
    dry: bool,
) -> Result<Came> {
    let wanted = stage::Wanted { kind, file_name: name.to_owned(), made_by: None, reach: Reach::Everywhere };
    let row = stage::begin(app, wanted).await.map_err(explain)?;
    let bar = bar(kind);
    let progress = follow(bar.clone());
    let judged = stage::stage(app, row, Reach::Everywhere, source, ReadOptions::of(format), &progress).await.map_err(explain)?;
    if judged.state.0 == ImportState::Faulty {
        bar.abandon();
        report_faults(app, &judged).await?;
        return Ok(Came::Faulty);
    }
    if dry {
        bar.finish_and_clear();
        print_counts("would bring", kind, &judged);
        println!("nothing was changed; to apply it: nuanfan import --apply {}", judged.id.0);
        return Ok(Came::Judged(rows_of(&judged)));
    }
    let done = apply::apply(app, judged.id.0, &progress).await.map_err(explain)?;
    bar.finish_and_clear();
    end_of(kind, &done)
}

/// Applies an import that was judged before, or goes on with one that was left in the middle.
pub async fn go_on(app: &App, id: ImportId) -> Result<Came> {
    let row = view::find(app, None, id).await.map_err(|_| anyhow!("there is no import {id}"))?;
    let kind: TableKind = row.kind.parse().context("its table")?;
    let bar = bar(kind);
    let done = apply::apply(app, id, &follow(bar.clone())).await.map_err(explain)?;
    bar.finish_and_clear();
    end_of(kind, &done)
}

fn rows_of(row: &ImportRow) -> u64 {
    u64::try_from(row.row_count).unwrap_or(0)
}

fn end_of(kind: TableKind, done: &ImportRow) -> Result<Came> {
    if done.state.0 != ImportState::Done {
        println!("{}: nothing was imported: {}", kind.name_zh(), done.cause.as_deref().unwrap_or("see the log"));
        return Ok(Came::Faulty);
    }
    print_counts("brought", kind, done);
    Ok(Came::In(rows_of(done)))
}

fn print_counts(did: &str, kind: TableKind, row: &ImportRow) {
    let zh = kind.name_zh();
    println!("{zh} {kind}: {did} {} new, {} changed, {} unchanged ({})", row.added, row.changed, row.unchanged, row.id.0);
}

async fn report_faults(app: &App, row: &ImportRow) -> Result<()> {
    let faults = view::faults(app, row.id.0, -1, SHOWN).await.map_err(|_| anyhow!("the faults cannot be read"))?;
    for fault in &faults {
        println!("{}\n    {}", fault.message_zh, fault.message_en);
    }
    println!("{}: {} 处错误，未导入任何内容 / {} faults, nothing was imported", row.file_name, row.fault_count, row.fault_count);
    Ok(())
}

fn bar(kind: TableKind) -> ProgressBar {
    let bar = ProgressBar::new(0);
    // Were the template wrong the plain bar would do.
    let style = ProgressStyle::with_template("{prefix} {msg:10} {wide_bar} {human_pos}/{human_len} {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_prefix(kind.name_zh());
    bar
}

fn follow(bar: ProgressBar) -> Progress {
    Arc::new(move |stage, done, all| {
        bar.set_message(match stage {
            Stage::Judging => "核对 check",
            Stage::Applying => "导入 apply",
        });
        bar.set_length(all);
        bar.set_position(done);
    })
}

fn explain(failure: Failure<ImportRefusal>) -> anyhow::Error {
    match failure {
        Failure::Refused(ImportRefusal::Busy) => {
            anyhow!("another import is being applied; try again when it has ended (after a crash: in 15 seconds)")
        }
        Failure::Refused(ImportRefusal::State(state)) => anyhow!("the import is {state} and cannot be applied"),
        Failure::Refused(ImportRefusal::Moved) => anyhow!("rows kept changing while they were imported; apply it again"),
        Failure::Refused(ImportRefusal::File(what)) => anyhow!("the file cannot be read: {what}"),
        Failure::Refused(ImportRefusal::Faults(faults)) => anyhow!("{:?}", faults.0),
        Failure::Store(fault) => anyhow!(fault.0),
        other => anyhow!("{other:?}"),
    }
}
