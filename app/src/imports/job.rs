//! Imports as jobs: asked for by somebody, applied by the worker, taken up again when a process died.

use super::{ImportRefusal, Progress, Reach, apply, kind_of};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::id::ImportId;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::imports::{self, ImportRow, ImportState};
use store::{LaneKey, StoreError};

/// How long an import that was judged is kept for somebody to apply it.
const KEPT_S: i64 = 7 * 86_400;
/// Imports that one turn looks at.
const TURN: i64 = 16;

/// Asks that an import be applied; the worker does it. Asking again, or when it is done, changes nothing and answers the same.
pub async fn ask(app: &App, actor: Arc<Actor>, id: ImportId) -> Outcome<ImportRow, ImportRefusal> {
    app.store
        .write(LaneKey::SHARED, "ask_import", move |tx| {
            let mine = |row: &ImportRow| row.made_by.is_some() && row.made_by == actor.user.map(Col);
            let mut row = imports::find(tx.look(), id)?.filter(mine).ok_or(Failure::NotFound(Thing::Import))?;
            if !may_still(&actor, &row)? {
                return Err(Failure::Forbidden);
            }
            match row.state.0 {
                ImportState::Ready => {}
                ImportState::Applying | ImportState::Done => return Ok(row),
                other => return Err(Failure::Refused(ImportRefusal::State(other))),
            }
            row.state = Word(ImportState::Applying);
            row.changed_at = Col(tx.now());
            // Whoever takes it up hides what it adds, before the first row.
            imports::update(tx.change(), &row)?;
            Ok(row)
        })
        .await
}

/// Whether all that the rows were judged against is still the actor's: rights may have been taken since.
fn may_still(actor: &Actor, row: &ImportRow) -> Result<bool, StoreError> {
    let now = Reach::of(actor, kind_of(&row.kind)?);
    Ok(match (now, super::reach_of(row)?) {
        (Some(now), then) => now.includes(&then),
        (None, _) => false,
    })
}

/// What a turn of the worker did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Imports that came to their end.
    pub ended: u64,
    /// Files that died with the process that judged them.
    pub lost: u64,
    /// Imports that nobody applied in time.
    pub expired: u64,
}

/// Takes up what waits to be applied and what was left in the middle. Any number of workers may call this: an import is leased.
pub async fn go_on(app: &App) -> Outcome<Turn, ImportRefusal> {
    let mut turn = Turn::default();
    let (now, old) = (app.clock.now(), app.clock.now().plus_seconds(-KEPT_S));
    let (open, forgotten) = app
        .store
        .read("open_imports", move |conn| Ok::<_, Failure<_>>((imports::unfinished(conn)?, imports::ready_since(conn, old, TURN)?)))
        .await?;
    for row in open.into_iter().filter(|row| row.leased_until.is_none_or(|Col(until)| until <= now)) {
        if row.state.0 == ImportState::Validating {
            let cause = "读取文件的进程中断，请重新上传 / the process that read the file ended; upload it again";
            turn.lost += u64::from(give_up(app, row.id.0, ImportState::Validating, cause).await?);
            continue;
        }
        let quiet: Progress = Arc::new(|_, _, _| {});
        match apply::apply(app, row.id.0, &quiet).await {
            Ok(_) => turn.ended += 1,
            // Another worker was faster, or rows move under it: the next turn tries again.
            Err(Failure::Refused(ImportRefusal::Busy | ImportRefusal::Moved)) => {}
            Err(other) => return Err(other),
        }
    }
    for row in forgotten {
        let cause = "七天内未应用，已作废，请重新上传 / not applied within seven days; upload it again";
        turn.expired += u64::from(give_up(app, row.id.0, ImportState::Ready, cause).await?);
    }
    Ok(turn)
}

/// Ends an import of which nothing went in, and forgets its rows, which are personal data; `false` when it moved on meanwhile.
pub async fn give_up(app: &App, id: ImportId, from: ImportState, cause: &'static str) -> Outcome<bool, ImportRefusal> {
    let ended = app
        .store
        .write(LaneKey::SHARED, "give_up_import", move |tx| {
            let Some(mut row) = imports::find(tx.look(), id)?.filter(|row| row.state == Word(from)) else { return Ok(false) };
            row.state = Word(ImportState::Failed);
            row.cause = Some(cause.to_owned());
            row.leased_until = None;
            row.changed_at = Col(tx.now());
            imports::update(tx.change(), &row)?;
            Ok::<_, Failure<ImportRefusal>>(true)
        })
        .await?;
    if ended {
        apply::forget(app, id).await?;
    }
    Ok(ended)
}

/// An import with the number of its rows that are judged or in.
pub async fn progress(app: &App, row: &ImportRow) -> Outcome<i64, ImportRefusal> {
    let (id, applied) = (row.id.0, row.applied_slices);
    match row.state.0 {
        ImportState::Applying => app.store.read("import_progress", move |conn| Ok(imports::rows_before(conn, id, applied)?)).await,
        ImportState::Uploaded | ImportState::Undoing | ImportState::Failed => Ok(0),
        ImportState::Validating | ImportState::Faulty | ImportState::Ready | ImportState::Done => Ok(row.row_count),
    }
}

/// The refusal of somebody who may import no such table anywhere.
pub fn reach_for(actor: &Actor, kind: tabular::TableKind) -> Outcome<Reach, ImportRefusal> {
    if !actor.may_somewhere(Action::Import) {
        return Err(Failure::Forbidden);
    }
    Reach::of(actor, kind).ok_or(Failure::Forbidden)
}
