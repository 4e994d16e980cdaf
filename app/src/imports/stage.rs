//! The dry run: reads a file once, judges every row, and keeps what is good sealed in slices.

use super::{
    CHANGES_MAX, FAULTS_MAX, ImportRefusal, Importable, Judge, Memo, Progress, Reach, Stage, Verdict, for_kind, fresh_id, payload,
};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use domain::Instant;
use domain::fault::{Fault, Faults};
use domain::id::{ImportId, UserId};
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use store::column::{Col, Word};
use store::query::imports::{self, ImportFaultRow, ImportRow, ImportState, SliceRow};
use store::{LaneKey, StoreError, Tx};
use tabular::{ReadOptions, TableKind};
use tokio::sync::mpsc;

/// A file on its way in.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which table.
    pub kind: TableKind,
    /// What the file is called, for people.
    pub file_name: String,
    /// Who brings it; nobody is the administrator of the machine.
    pub made_by: Option<UserId>,
    /// Where its rows may lie.
    pub reach: Reach,
}

/// A reader of a file.
pub trait Source: Read + Seek + Send + 'static {}
impl<S: Read + Seek + Send + 'static> Source for S {}

/// How long the judging of a file may be silent before it is taken for dead. The file dies with whoever judges it.
const JUDGING_LEASE_S: i64 = 120;

/// Notes that a file is here.
pub async fn begin(app: &App, wanted: Wanted) -> Outcome<ImportRow, ImportRefusal> {
    let scope = scope_of(&wanted)?;
    app.store.write(LaneKey::SHARED, "begin_import", move |tx| Ok(begun(tx, &wanted, scope.clone())?)).await
}

/// The same for a client that may send it again: under one key a file is brought once. Answers the import, and whether it was
/// begun now and is to be judged.
pub async fn begin_once(app: &App, wanted: Wanted, key: RequestKey) -> Outcome<(ImportRow, bool), ImportRefusal> {
    let scope = scope_of(&wanted)?;
    app.store
        .write(LaneKey::SHARED, "begin_import", move |tx| {
            if let Some(earlier) = key.earlier_answer::<ImportId, _>(tx)? {
                let row = imports::find(tx.look(), earlier)?.ok_or(Failure::NotFound(Thing::Import))?;
                return Ok((row, false));
            }
            let row = begun(tx, &wanted, scope.clone())?;
            key.keep_answer(tx, &row.id.0, tx.now())?;
            Ok((row, true))
        })
        .await
}

fn scope_of(wanted: &Wanted) -> Result<Option<String>, StoreError> {
    match &wanted.reach {
        Reach::Everywhere => Ok(None),
        within => serde_json::to_string(within).map(Some).map_err(|e| StoreError::Database(format!("scope: {e}"))),
    }
}

fn begun(tx: &mut Tx<'_>, wanted: &Wanted, scope: Option<String>) -> Result<ImportRow, StoreError> {
    let now = Col(tx.now());
    let row = ImportRow {
        id: Col(fresh_id()),
        kind: wanted.kind.to_string(),
        file_name: wanted.file_name.chars().filter(|c| !c.is_control()).take(200).collect(),
        state: Word(ImportState::Validating),
        made_by: wanted.made_by.map(Col),
        scope,
        row_count: 0,
        fault_count: 0,
        added: 0,
        changed: 0,
        unchanged: 0,
        applied_slices: 0,
        cause: None,
        leased_until: Some(Col(tx.now().plus_seconds(JUDGING_LEASE_S))),
        created_at: now,
        changed_at: now,
    };
    imports::insert(tx.change(), &row)?;
    Ok(row)
}

/// Reads and judges the file; ends as ready or faulty, and either way nothing of the catalogue has changed.
pub async fn stage(
    app: &App,
    row: ImportRow,
    reach: Reach,
    source: impl Source,
    options: ReadOptions,
    progress: &Progress,
) -> Outcome<ImportRow, ImportRefusal> {
    let kind = super::kind_of(&row.kind)?;
    for_kind!(kind, T => stage_table::<T>(app, row, reach, source, options, progress).await)
}

/// Rows that were read together, and what reading them found.
struct Piece<T> {
    rows: Vec<(u32, T)>,
    faults: Faults,
    done: u64,
    estimate: u64,
}

impl<T> Piece<T> {
    const fn empty() -> Self {
        Self { rows: Vec::new(), faults: Faults(Vec::new()), done: 0, estimate: 0 }
    }
}

/// Pieces between the thread that reads and the task that judges; the reader waits when they are this many.
const PIECES: usize = 2;
/// Faults of one piece; with more the piece is handed on.
const PIECE_FAULTS: usize = 500;

/// Reads on a thread of its own; the error is what ended the reading.
fn read_pieces<T: Importable>(source: impl Source, mut options: ReadOptions, out: &mpsc::Sender<Piece<T>>) -> Result<(), Faults> {
    if T::WHOLE {
        let most = u32::try_from(T::SLICE).unwrap_or(u32::MAX);
        (options.limits.csv_rows, options.limits.xlsx_rows) = (most, most);
    }
    let (mut piece, mut done) = (Piece::empty(), 0);
    let totals = tabular::read::<T>(source, &options, &mut |outcome| {
        done += 1;
        (piece.done, piece.estimate) = (done, outcome.estimate.max(done));
        match outcome.result {
            Ok(row) => piece.rows.push((outcome.row, row)),
            Err(faults) => piece.faults.0.extend(faults.0),
        }
        if piece.rows.len() < T::SLICE && piece.faults.0.len() < PIECE_FAULTS {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut piece, Piece::empty());
        if out.blocking_send(full).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    // Nobody listens any more when the judge has failed; its error is the one that counts.
    let _ = out.blocking_send(piece);
    totals.map(|_| ())
}

async fn stage_table<T: Importable>(
    app: &App,
    row: ImportRow,
    reach: Reach,
    source: impl Source,
    options: ReadOptions,
    progress: &Progress,
) -> Outcome<ImportRow, ImportRefusal> {
    let (sender, mut pieces) = mpsc::channel(PIECES);
    let reader = tokio::task::spawn_blocking(move || read_pieces::<T>(source, options, &sender));
    let mut desk = Desk { app, row, slices: 0, memo: Memo::new(), found: Verdict::default(), kept: 0 };
    while let Some(piece) = pieces.recv().await {
        progress(Stage::Judging, piece.done, piece.estimate);
        desk.take(piece, &reach).await?;
    }
    let read = reader.await.map_err(|_| Failure::Refused(ImportRefusal::File("the reader stopped".into())))?;
    if let Err(faults) = read {
        desk.keep_faults(faults).await?;
    }
    desk.finish(T::WHOLE).await
}

/// Where judged pieces are gathered.
struct Desk<'a> {
    app: &'a App,
    row: ImportRow,
    slices: i64,
    memo: Memo,
    /// Counts only; rows and faults are stored.
    found: Verdict,
    kept: i64,
}

impl Desk<'_> {
    async fn take<T: Importable>(&mut self, piece: Piece<T>, reach: &Reach) -> Outcome<(), ImportRefusal> {
        let (id, now, count) = (self.row.id.0, self.app.clock.now(), piece.rows.len());
        let mut faults = piece.faults;
        self.row.row_count += i64::try_from(count).unwrap_or(i64::MAX);
        if count > 0 {
            let (memo, reach) = (std::mem::take(&mut self.memo), reach.clone());
            let (verdict, memo, rows) = judge(self.app, id, now, reach, piece.rows, memo).await?;
            self.memo = memo;
            faults.0.extend(verdict.faults.0);
            self.found.added += verdict.added;
            self.found.changed += verdict.changed;
            self.found.unchanged += verdict.unchanged;
            // Once there is a fault nothing will be applied, so there is nothing to keep.
            if faults.is_empty() && self.row.fault_count == 0 {
                self.keep_rows(rows).await?;
            }
        }
        self.keep_faults(faults).await
    }

    async fn keep_rows<T: Importable>(&mut self, rows: Vec<(u32, T)>) -> Outcome<(), ImportRefusal> {
        let (number, import) = (self.slices, self.row.id);
        self.slices += 1;
        let payload_enc = payload::seal(self.app.store.sealer(), import.0, number, &rows)?;
        let row_count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let slice = SliceRow { import_id: import, number, row_count, payload_enc };
        let row = self.row.clone();
        self.app
            .store
            .write(LaneKey::SHARED, "stage_import", move |tx| {
                let until = tx.now().plus_seconds(JUDGING_LEASE_S);
                imports::add_slice(tx.change(), &slice)?;
                Ok(imports::judged_so_far(tx.change(), &row, until)?)
            })
            .await
    }

    async fn keep_faults(&mut self, faults: Faults) -> Outcome<(), ImportRefusal> {
        self.row.fault_count += i64::try_from(faults.0.len()).unwrap_or(i64::MAX);
        let room = FAULTS_MAX.saturating_sub(usize::try_from(self.kept).unwrap_or(usize::MAX));
        let rows: Vec<ImportFaultRow> =
            faults.0.into_iter().take(room).zip(self.kept..).map(|(fault, n)| fault_row(self.row.id.0, n, fault)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.kept += i64::try_from(rows.len()).unwrap_or(0);
        let row = self.row.clone();
        self.app
            .store
            .write(LaneKey::SHARED, "import_faults", move |tx| {
                let until = tx.now().plus_seconds(JUDGING_LEASE_S);
                imports::add_faults(tx.change(), &rows)?;
                Ok(imports::judged_so_far(tx.change(), &row, until)?)
            })
            .await
    }

    async fn finish(mut self, whole: bool) -> Outcome<ImportRow, ImportRefusal> {
        let most = u64::try_from(CHANGES_MAX).unwrap_or(u64::MAX);
        if !whole && self.found.changed > most && self.row.fault_count == 0 {
            let changed = self.found.changed;
            let mut faults = Faults::default();
            faults.push(
                "file",
                "too_many_changes",
                format!("会修改 {changed} 条已有记录，一次最多 {CHANGES_MAX} 条。新增不限；请把要修改的行拆成几个文件"),
                format!("would change {changed} records, at most {CHANGES_MAX} at once; additions are not limited, split the rows that change"),
            );
            self.keep_faults(faults).await?;
        }
        let good = self.row.fault_count == 0;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.row.state = Word(if good { ImportState::Ready } else { ImportState::Faulty });
        self.row.added = count(self.found.added);
        self.row.changed = count(self.found.changed);
        self.row.unchanged = count(self.found.unchanged);
        self.row.changed_at = Col(self.app.clock.now());
        self.row.leased_until = None;
        let (row, id) = (self.row.clone(), self.row.id.0);
        self.app.store.write(LaneKey::SHARED, "import_judged", move |tx| imports::update(tx.change(), &row)).await?;
        if !good {
            super::apply::forget(self.app, id).await?;
        }
        Ok(self.row)
    }
}

/// What judging gives back: the verdict, what later slices must agree with, and the rows themselves.
type Judged<T> = (Verdict, Memo, Vec<(u32, T)>);

/// Judges rows on a reader.
pub(super) async fn judge<T: Importable>(
    app: &App,
    import: ImportId,
    now: Instant,
    reach: Reach,
    rows: Vec<(u32, T)>,
    mut memo: Memo,
) -> Outcome<Judged<T>, ImportRefusal> {
    let sealer = app.store.sealer().clone();
    app.store
        .read("judge_import", move |conn| {
            let mut judge = Judge { conn, sealer: &sealer, reach: &reach, dish_home: None, import, now };
            let verdict = T::judge(&mut judge, &rows, &mut memo)?;
            Ok((verdict, memo, rows))
        })
        .await
}

/// A fault's place is text, `row 7, column name`, `row 7` or `file`; its numbers are kept apart, to be sorted and filtered by.
fn fault_row(import: ImportId, number: i64, fault: Fault) -> ImportFaultRow {
    let (row, column) = fault.place.split_once(", column ").map_or((fault.place.as_str(), None), |(r, c)| (r, Some(c.to_owned())));
    ImportFaultRow {
        import_id: Col(import),
        number,
        row_no: row.strip_prefix("row ").and_then(|n| n.parse().ok()),
        column_name: column,
        code: fault.code,
        message_zh: fault.message_zh,
        message_en: fault.message_en,
    }
}
