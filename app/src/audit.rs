//! The audit log: what somebody answers for, recorded in the commit that did it.

use crate::App;
use crate::failure::{Failure, Never, Outcome};
use domain::PlaceCode;
use domain::access::{Action, Actor};
use domain::audit::AuditAction;
use serde_json::Value;
use std::fmt::Display;
use std::sync::Arc;
use store::Tx;
use store::query::audit::{self, AuditEntry, AuditFilter, AuditRow, Broken, Head};

/// Who answers: the user, or the device when nobody is signed in on it.
#[must_use]
pub fn name_of(actor: &Actor) -> String {
    let device = actor.device.map(|(device, ..)| device.to_string());
    actor.user.map(|user| user.to_string()).or(device).unwrap_or_else(|| "system".to_owned())
}

/// Records what an actor does, in this unit's commit. `detail` holds no personal data: the log is kept for years and read by
/// people who see everything masked.
pub fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: AuditAction,
    subject: impl Display,
    place: Option<&PlaceCode>,
    detail: &Value,
) {
    let entry = AuditEntry {
        at: tx.now(),
        actor: name_of(actor),
        action,
        subject: subject.to_string(),
        place: place.cloned(),
        detail: detail.to_string(),
    };
    tx.audit(entry);
}

/// Records in the actor's scope, newest first.
pub async fn list(app: &App, actor: Arc<Actor>, filter: AuditFilter, limit: i64) -> Outcome<Vec<AuditRow>, Never> {
    let scope = actor.scope(Action::SeeAudit);
    if scope.is_empty() {
        return Err(Failure::Forbidden);
    }
    app.store.read("list_audit", move |conn| Ok(audit::list(conn, &scope, &filter, limit)?)).await
}

/// Checks the whole chain; the head when it is whole. For `verify` and for whoever may see the log.
pub async fn verify(app: &App) -> Outcome<Result<Head, Broken>, Never> {
    let sealer = app.store.sealer().clone();
    app.store.read("verify_audit", move |conn| Ok(audit::verify(conn, &sealer)?)).await
}
