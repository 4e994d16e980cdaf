//! Look at policies: one, many.

use super::{PolicySummary, may_see, summary};
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::id::PolicyId;
use domain::subsidy::Document;
use std::sync::Arc;
use store::column::Col;
use store::query::policies::{self, PolicyFilter};

/// A version with its document.
pub async fn get(app: &App, actor: Arc<Actor>, id: PolicyId) -> Outcome<(PolicySummary, Document), Never> {
    app.store
        .read("get_policy", move |conn| {
            let row = policies::find(conn, id)?.ok_or(Failure::NotFound(Thing::Policy))?;
            if !may_see(&actor, row.place_code.as_ref().map(|Col(place)| place)) {
                return Err(Failure::NotFound(Thing::Policy));
            }
            Ok((summary(&row)?, crate::subsidies::stored_document(&row.document)?))
        })
        .await
}

/// One page of the versions in the actor's sight, newest first, and where the next page begins.
pub async fn list(app: &App, actor: Arc<Actor>, filter: PolicyFilter) -> Outcome<(Vec<PolicySummary>, Option<PolicyId>), Never> {
    if !actor.may_list(Action::SeeClaims) {
        return Err(Failure::Forbidden);
    }
    app.store
        .read("list_policies", move |conn| {
            let scope = actor.scope(Action::SeeClaims);
            let rows = policies::list(conn, &scope, &filter)?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == filter.limit);
            let next = rows.last().filter(|_| full).map(|row| row.id.0);
            let page = rows.iter().map(summary).collect::<Result<_, _>>()?;
            Ok((page, next))
        })
        .await
}
