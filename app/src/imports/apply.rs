//! Takes a judged import in: many short units of work under a mark that hides them, then one that shows all.

use super::{CHANGES_MAX, ImportRefusal, Importable, Memo, Progress, Stage, Verdict, for_kind, payload, reach_of, stage};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use domain::audit::AuditAction;
use domain::fault::Faults;
use domain::id::ImportId;
use std::time::{Duration, Instant as Stopwatch};
use store::column::{Col, Word};
use store::query::bulk::{self, Fresh};
use store::query::imports::{self, ImportRow, ImportState};
use store::{Dialect, LaneKey, StoreError, Tx};

/// How long a worker may be silent before another may go on with its import.
const LEASE_S: i64 = 15;
/// What one unit of work aims at, apart from its commit: a commit of as many pages takes about as long again, and no write may
/// hold SQLite's writer over 50 ms.
const AIM: Duration = Duration::from_millis(10);
/// Rows of a unit of work: the first, and the bounds between which the pace is found.
const PACE_FIRST: usize = 64;
const PACE_LEAST: usize = 8;
const PACE_MOST: usize = 500;
/// For how long a unit of work that was slow makes the import wait, at most.
const GIVE_WAY_MOST: Duration = Duration::from_millis(50);
/// Times an import is judged again because a row moved under it.
const TRIES: u32 = 5;
/// Staged slices that are forgotten in one unit of work.
const FORGET: i64 = 16;
/// Hidden rows of each table that are taken out in one unit of work.
const TAKE_OUT: i64 = 200;

/// Applies an import that is ready, or goes on with one that was left in the middle. Applying one that is done changes
/// nothing and answers the same.
pub async fn apply(app: &App, id: ImportId, progress: &Progress) -> Outcome<ImportRow, ImportRefusal> {
    let row = claim(app, id).await?;
    match row.state.0 {
        ImportState::Done => return Ok(row),
        ImportState::Undoing => return undo(app, row, None).await,
        _ => {}
    }
    let kind = super::kind_of(&row.kind)?;
    for _ in 0..TRIES {
        let tried = for_kind!(kind, T => take_in::<T>(app, &row, progress).await);
        match tried {
            Err(Failure::Refused(ImportRefusal::Moved)) => {}
            Err(Failure::Refused(ImportRefusal::Faults(faults))) => return undo(app, row, Some(faults)).await,
            Ok(done) => {
                forget(app, id).await?;
                return Ok(done);
            }
            Err(other) => return Err(other),
        }
    }
    Err(Failure::Refused(ImportRefusal::Moved))
}

/// Claims the import for this process, and hides what it will add.
async fn claim(app: &App, id: ImportId) -> Outcome<ImportRow, ImportRefusal> {
    app.store
        .write(LaneKey::SHARED, "claim_import", move |tx| {
            let now = tx.now();
            let mut row = imports::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Import))?;
            let leased = |row: &ImportRow| row.leased_until.is_some_and(|Col(until)| until > now);
            match row.state.0 {
                ImportState::Done => return Ok(row),
                ImportState::Ready => row.state = Word(ImportState::Applying),
                ImportState::Applying | ImportState::Undoing if !leased(&row) => {}
                ImportState::Applying | ImportState::Undoing => return Err(Failure::Refused(ImportRefusal::Busy)),
                other => return Err(Failure::Refused(ImportRefusal::State(other))),
            }
            let others = imports::unfinished(tx.look())?;
            let busy = |o: &ImportRow| o.id != row.id && o.state != Word(ImportState::Validating) && leased(o);
            if others.iter().any(busy) {
                return Err(Failure::Refused(ImportRefusal::Busy));
            }
            row.leased_until = Some(Col(now.plus_seconds(LEASE_S)));
            row.changed_at = Col(now);
            imports::hide(tx.change(), id)?;
            imports::update(tx.change(), &row)?;
            Ok(row)
        })
        .await
}

/// Judges every slice again and takes it in; the rows of earlier tries are found there and left alone.
async fn take_in<T: Importable>(app: &App, row: &ImportRow, progress: &Progress) -> Outcome<ImportRow, ImportRefusal> {
    let reach = reach_of(row)?;
    let (id, rows_in_all) = (row.id.0, u64::try_from(row.row_count).unwrap_or(0));
    let slices = app.store.read("import_slices", move |conn| imports::slice_count(conn, id)).await?;
    let (mut last, mut memo, mut pace, mut done) = (Verdict::default(), Memo::new(), Pace::default(), 0_u64);
    for number in 0..slices {
        let sealed = app.store.read("import_slice", move |conn| imports::slice(conn, id, number)).await?;
        let sealed = sealed.ok_or_else(|| StoreError::Database(format!("slice {number} of {id} is missing")))?;
        let rows = payload::open::<T>(app.store.sealer(), id, number, &sealed.payload_enc)?;
        done += u64::try_from(rows.len()).unwrap_or(0);
        let (mut verdict, kept, _) = stage::judge(app, id, app.clock.now(), reach.clone(), rows, memo).await?;
        memo = kept;
        if !verdict.faults.is_empty() {
            return Err(Failure::Refused(ImportRefusal::Faults(verdict.faults)));
        }
        if !T::WHOLE {
            pace.take_in(app, row, number, std::mem::take(&mut verdict.fresh)).await?;
        }
        last.merge(verdict);
        if !T::WHOLE && last.altered.len() > CHANGES_MAX * 2 {
            return Err(Failure::Refused(ImportRefusal::Faults(too_many())));
        }
        progress(Stage::Applying, done, rows_in_all);
    }
    show(app, id, last).await
}

fn too_many() -> Faults {
    let mut faults = Faults::default();
    faults.push("file", "too_many_changes", "要修改的记录过多，请拆成几个文件", "it would change too many records; split the file");
    faults
}

/// How many rows fit into one short unit of work on this machine, now.
struct Pace(usize);

impl Default for Pace {
    fn default() -> Self {
        Self(PACE_FIRST)
    }
}

impl Pace {
    async fn take_in(&mut self, app: &App, import: &ImportRow, number: i64, fresh: Vec<Fresh>) -> Outcome<(), ImportRefusal> {
        let id = import.id.0;
        // A binding brings a record of the audit log with it, which is written with the commit, where the watch does not see it.
        let each = 1 + usize::from(fresh.iter().any(|row| matches!(row, Fresh::Binding(..))));
        let mut rest = fresh;
        loop {
            let more = rest.split_off(rest.len().min(self.0 / each));
            let (rows, ends, import) = (rest, more.is_empty(), import.clone());
            let (count, since) = (rows.len() * each, Stopwatch::now());
            let took = app
                .store
                .write(LaneKey::SHARED, "import_slice", move |tx| {
                    let watch = Stopwatch::now();
                    let until = tx.now().plus_seconds(LEASE_S);
                    bulk::add(tx.change(), Some(id), &rows).map_err(moved)?;
                    rows.iter().for_each(|row| bound(tx, &import, row));
                    imports::extend(tx.change(), id, until, if ends { number + 1 } else { number })?;
                    Ok::<_, Failure<ImportRefusal>>(watch.elapsed())
                })
                .await?;
            self.learn(count, took);
            give_way(app, since.elapsed()).await;
            if ends {
                return Ok(());
            }
            rest = more;
        }
    }

    /// Doubles while there is room, halves at once when there is not.
    fn learn(&mut self, rows: usize, took: Duration) {
        if took > AIM {
            self.0 = (rows / 2).clamp(PACE_LEAST, PACE_MOST);
        } else if took * 2 < AIM && rows >= self.0 {
            self.0 = (self.0 * 2).min(PACE_MOST);
        }
    }
}

/// Leaves SQLite's one writer to others for as long as it was taken. Another process that waits for it only looks now and then, less
/// often the longer it has waited: one that takes it again at once would keep it from them for a third of a second.
async fn give_way(app: &App, took: Duration) {
    if app.store.dialect() == Dialect::Sqlite {
        tokio::time::sleep(took.min(GIVE_WAY_MOST)).await;
    }
}

/// Who is bound to whom is somebody's to answer for, row by row.
fn bound(tx: &mut Tx<'_>, import: &ImportRow, row: &Fresh) {
    let Fresh::Binding(binding, place) = row else { return };
    let detail = super::people::told(binding, import.id.0);
    super::record(tx, import, AuditAction::BindingMade, binding.senior_id.0.to_string(), Some(place.clone()), &detail);
}

/// A key that was free when the row was judged is taken: judge again.
fn moved(error: StoreError) -> Failure<ImportRefusal> {
    match error {
        StoreError::Unique(_) | StoreError::ForeignKey => Failure::Refused(ImportRefusal::Moved),
        other => other.into(),
    }
}

/// The last unit of work: what changes, changes; what is hidden, shows.
async fn show(app: &App, id: ImportId, last: Verdict) -> Outcome<ImportRow, ImportRefusal> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    app.store
        .write(LaneKey::SHARED, "import_show", move |tx| {
            let mut row = imports::find(tx.look(), id)?.ok_or(Failure::NotFound(Thing::Import))?;
            if row.state != Word(ImportState::Applying) {
                // Another process took over and finished.
                return Ok(row);
            }
            bulk::add(tx.change(), Some(id), &last.fresh).map_err(moved)?;
            let now = tx.now();
            if !bulk::alter_all(tx.change(), &last.altered, now).map_err(moved)? {
                return Err(Failure::Refused(ImportRefusal::Moved));
            }
            imports::show(tx.change(), id)?;
            row.state = Word(ImportState::Done);
            (row.added, row.changed, row.unchanged) = (count(last.added), count(last.changed), count(last.unchanged));
            row.leased_until = None;
            row.changed_at = Col(tx.now());
            imports::update(tx.change(), &row)?;
            last.fresh.iter().for_each(|fresh| bound(tx, &row, fresh));
            for note in &last.notes {
                super::record(tx, &row, note.action, note.senior.to_string(), Some(note.place.clone()), &note.detail);
            }
            super::audit(tx, &row, AuditAction::Imported)?;
            Ok(row)
        })
        .await
}

/// Takes out what went in unseen, in short units of work; the import then failed, and says why.
async fn undo(app: &App, mut row: ImportRow, faults: Option<Faults>) -> Outcome<ImportRow, ImportRefusal> {
    let id = row.id.0;
    if let Some(fault) = faults.and_then(|f| f.0.into_iter().next()) {
        row.cause = Some(format!("{} / {}", fault.message_zh, fault.message_en));
    }
    row.state = Word(ImportState::Undoing);
    save(app, &row).await?;
    loop {
        let since = Stopwatch::now();
        let gone = app
            .store
            .write(LaneKey::SHARED, "import_undo", move |tx| {
                let until = tx.now().plus_seconds(LEASE_S);
                let gone = imports::take_out(tx.change(), id, TAKE_OUT)?;
                imports::extend(tx.change(), id, until, 0)?;
                Ok::<_, Failure<ImportRefusal>>(gone)
            })
            .await?;
        if gone == 0 {
            break;
        }
        give_way(app, since.elapsed()).await;
    }
    row.state = Word(ImportState::Failed);
    row.leased_until = None;
    let last = row.clone();
    app.store
        .write(LaneKey::SHARED, "import_failed", move |tx| {
            // Only now that nothing of it is left may the mark go.
            imports::show(tx.change(), id)?;
            super::audit(tx, &last, AuditAction::ImportUndone)?;
            Ok::<_, Failure<ImportRefusal>>(imports::update(tx.change(), &last)?)
        })
        .await?;
    forget(app, id).await?;
    Ok(row)
}

async fn save(app: &App, row: &ImportRow) -> Outcome<(), ImportRefusal> {
    let row = row.clone();
    app.store.write(LaneKey::SHARED, "import_state", move |tx| Ok(imports::update(tx.change(), &row)?)).await
}

/// Forgets the staged rows, which are personal data and of no more use.
pub(super) async fn forget(app: &App, id: ImportId) -> Outcome<(), ImportRefusal> {
    loop {
        let since = Stopwatch::now();
        let gone = app
            .store
            .write(LaneKey::SHARED, "import_forget", move |tx| {
                Ok::<_, Failure<ImportRefusal>>(imports::forget_slices(tx.change(), id, FORGET)?)
            })
            .await?;
        if gone == 0 {
            return Ok(());
        }
        give_way(app, since.elapsed()).await;
    }
}
