//! Looking at imports.

use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::id::ImportId;
use std::sync::Arc;
use store::column::Col;
use store::query::imports::{self, ImportFaultRow, ImportRow};

/// An import that the actor made; those of others are not there. Without an actor it is the administrator of the machine who looks.
pub async fn find(app: &App, actor: Option<Arc<Actor>>, id: ImportId) -> Outcome<ImportRow, Never> {
    app.store
        .read("import", move |conn| {
            let row = imports::find(conn, id)?.ok_or(Failure::NotFound(Thing::Import))?;
            let mine = actor.is_none_or(|a| a.user.map(Col) == row.made_by && a.may_somewhere(Action::Import));
            if mine { Ok(row) } else { Err(Failure::NotFound(Thing::Import)) }
        })
        .await
}

/// The actor's imports, newest first.
pub async fn list(app: &App, actor: Arc<Actor>, before: Option<ImportId>, limit: i64) -> Outcome<Vec<ImportRow>, Never> {
    let user = actor.user.filter(|_| actor.may_somewhere(Action::Import)).ok_or(Failure::Forbidden)?;
    app.store.read("imports", move |conn| Ok(imports::list(conn, Some(user), before, limit)?)).await
}

/// Faults after a number, in the order of the file.
pub async fn faults(app: &App, id: ImportId, after: i64, limit: i64) -> Outcome<Vec<ImportFaultRow>, Never> {
    app.store.read("import_faults", move |conn| Ok(imports::faults(conn, id, after, limit)?)).await
}
