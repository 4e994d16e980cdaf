//! The audit log, and the letters that could not be delivered.

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, key_of, limit_of};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::{AuditActionWord, JobIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::store::query::audit::{AuditFilter, AuditRow};
use app::store::query::rows::JobRow;
use app::{App, audit, jobs};
use domain::Instant;
use domain::access::Action;
use domain::audit::AuditAction;
use domain::fault::Faults;
use domain::id::JobId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/audit").route(web::get().to(list_audit)))
        .service(web::resource("/v1/dead-letters").route(web::get().to(list_dead_letters)))
        .service(web::resource("/v1/dead-letters/{job}/retry").route(web::post().to(retry_dead_letter)));
}

const OF_LISTS: &[P] = &[P::Invalid, P::Forbidden, P::PasswordChangeNeeded];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listAudit", Access::Roles(Action::SeeAudit), OF_LISTS),
    op("listDeadLetters", Access::Roles(Action::EditUsers), OF_LISTS),
    op("retryDeadLetter", Access::Roles(Action::EditUsers), &[P::Forbidden, P::NotFound, P::PasswordChangeNeeded]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_audit, list_dead_letters, retry_dead_letter), components(schemas(AuditActionWord)))]
pub struct Docs;

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    pub limit: Option<u16>,
    /// Only of this kind.
    #[param(value_type = Option<AuditActionWord>)]
    pub action: Option<AuditAction>,
    /// Only about this identifier.
    pub subject: Option<String>,
    /// Only by this user or device.
    pub actor: Option<String>,
}

/// A record of what somebody answers for.
#[derive(Serialize, ToSchema)]
pub struct AuditView {
    /// Its number; gapless.
    pub seq: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The user or device; `system` for what no one asked for.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Where it belongs; empty for what belongs to no place.
    pub place: String,
    /// More of it, without personal data.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// The record's link of the chain, hexadecimal.
    pub hash: String,
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: row.at.0,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            place: row.place_code,
            detail: serde_json::from_str(&row.detail).unwrap_or(Value::Null),
            hash: hex::encode(row.hash),
        }
    }
}

/// The audit log within the caller's places, newest first.
#[utoipa::path(get, path = "/v1/audit", operation_id = "listAudit", tag = "audit", params(AuditQuery), responses((status = 200, body = PageView<AuditView>)))]
pub async fn list_audit(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<AuditQuery>,
) -> Result<Json<PageView<AuditView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let key = key_of(&mut faults, query.cursor.as_deref());
    let before = key.as_ref().and_then(|key| key.parse::<i64>().ok());
    if key.is_some() && before.is_none() {
        faults.push("cursor", "bad_cursor", "不是本列表给出的 cursor", "not a cursor of this list");
    }
    crate::orders::limit_text(&mut faults, "subject", query.subject.as_deref(), 64);
    crate::orders::limit_text(&mut faults, "actor", query.actor.as_deref(), 64);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = AuditFilter { before, action: query.action, subject: query.subject, actor: query.actor };
    let rows = audit::list(&app, actor, filter, i64::from(limit) + 1).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PageView::of(rows.into_iter().map(AuditView::from).collect(), limit, |row| row.seq.to_string())))
}

/// A message that was given up, or a notice that was dropped. What it carries is not shown.
#[derive(Serialize, ToSchema)]
pub struct DeadLetterView {
    /// Its identifier.
    #[schema(value_type = JobIdText)]
    pub id: JobId,
    /// `mail`, `sms`, `notice` or `tell_all`.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What the other side said last, or why it was dropped: `state_changed`, `changed_again`, `meal_over`, `taken_back`, `solved`,
    /// `stale`, `opted_out`, `no_address`, `not_entitled` or `gone`.
    pub last_error: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
}

impl From<JobRow> for DeadLetterView {
    fn from(row: JobRow) -> Self {
        Self { id: row.id.0, kind: row.kind, attempts: row.attempts, last_error: row.last_error, created_at: row.created_at.0 }
    }
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeadLetterQuery {
    /// Of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    pub limit: Option<u16>,
    /// `true` for notices that were not sent because they were no longer true or wanted; kept for a week.
    pub dropped: Option<bool>,
}

/// Messages that could not be delivered, or were dropped.
#[utoipa::path(get, path = "/v1/dead-letters", operation_id = "listDeadLetters", tag = "audit", params(DeadLetterQuery), responses((status = 200, body = PageView<DeadLetterView>)))]
pub async fn list_dead_letters(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<DeadLetterQuery>,
) -> Result<Json<PageView<DeadLetterView>>, Problem> {
    let mut faults = Faults::default();
    let limit = limit_of(&mut faults, query.limit);
    let after = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let limited = i64::from(limit) + 1;
    let found = match query.dropped {
        Some(true) => jobs::dropped(&app, actor, after, limited).await,
        Some(false) | None => jobs::dead(&app, actor, after, limited).await,
    };
    let found = found.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(Json(PageView::of(found.into_iter().map(DeadLetterView::from).collect(), limit, |job| job.id.to_string())))
}

/// Sends a message that was given up on its way again.
#[utoipa::path(post, path = "/v1/dead-letters/{job}/retry", operation_id = "retryDeadLetter", tag = "audit", params(("job" = String, Path, description = "The message")),
    responses((status = 204)))]
pub async fn retry_dead_letter(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    jobs::revive(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, |never| match never {}))?;
    Ok(HttpResponse::NoContent().finish())
}
