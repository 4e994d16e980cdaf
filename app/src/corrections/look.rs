//! Looking at corrections.

use super::{CorrectionCard, permit};
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::id::CorrectionId;
use std::sync::Arc;
use store::StoreError;
use store::query::corrections::{self, CorrectionFilter};

/// One page of the corrections in the actor's sight, newest first.
pub async fn list(app: &App, actor: Arc<Actor>, filter: CorrectionFilter) -> Outcome<Vec<CorrectionCard>, Never> {
    app.store
        .read("list_corrections", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            if scope.is_empty() {
                return Err(Failure::Forbidden);
            }
            let rows = corrections::list(conn, &scope, &filter)?;
            Ok(rows.into_iter().map(CorrectionCard::try_from).collect::<Result<_, StoreError>>()?)
        })
        .await
}

/// One correction.
pub async fn get(app: &App, actor: Arc<Actor>, id: CorrectionId) -> Outcome<CorrectionCard, Never> {
    app.store
        .read("get_correction", move |conn| {
            let row = corrections::find(conn, id)?.ok_or(Failure::NotFound(Thing::Correction))?;
            permit(conn, &actor, Action::SeeClaims, row.canteen_id.0, Thing::Correction)?;
            Ok(CorrectionCard::try_from(row)?)
        })
        .await
}
