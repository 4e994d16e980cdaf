//! Imports: a file is brought, judged without changing anything, and applied when asked to.

use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_of, key_of, limit_of};
use crate::problem::{Problem, ProblemCode};
use crate::words::{ImportIdText, ImportStateWord, TableWord, path_id};
use actix_web::web::{self, Data, Json, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use app::App;
use app::failure::{Failure, Never};
use app::imports::{ImportRefusal, Progress, Reach, job, stage, view};
use app::store::query::imports::{ImportFaultRow, ImportRow, ImportState};
use app::tabular::{Format, ReadOptions, TableKind};
use domain::Instant;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::ImportId;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use utoipa::{IntoParams, ToSchema};

/// A file at most, in bytes.
const FILE_MAX: u64 = 64 << 20;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/imports").route(web::post().to(bring_import)).route(web::get().to(list_imports)))
        .service(web::resource("/v1/imports/{import}").route(web::get().to(get_import)))
        .service(web::resource("/v1/imports/{import}/faults").route(web::get().to(list_import_faults)))
        .service(web::resource("/v1/imports/{import}/apply").route(web::post().to(apply_import)));
}

const OF_LOOKING: &[ProblemCode] = &[ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("bringImport", Access::Roles(Action::Import), &[ProblemCode::TooLarge, ProblemCode::Invalid, ProblemCode::Forbidden]),
    op("listImports", Access::Roles(Action::Import), OF_LOOKING),
    op("getImport", Access::Own(Action::Import), &[ProblemCode::NotFound]),
    op("listImportFaults", Access::Own(Action::Import), OF_LOOKING),
    op("applyImport", Access::Own(Action::Import), &[ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::ImportRefused]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(bring_import, list_imports, get_import, list_import_faults, apply_import), components(schemas(TableWord)))]
pub struct Docs;

/// What is brought.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BringQuery {
    /// Which table.
    #[param(value_type = TableWord)]
    kind: TableKind,
    /// What the file is called; ends in `.csv` (UTF-8 or GB18030) or `.xlsx`.
    #[param(max_length = 200, example = "roster.csv")]
    file_name: String,
}

/// A file on its way in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Its identifier.
    #[schema(value_type = ImportIdText)]
    pub id: ImportId,
    /// Which table.
    pub kind: String,
    /// What the file is called.
    pub file_name: String,
    /// `validating` (poll), `faulty` (see its faults; nothing was imported), `ready` (apply it), `applying` (poll), `done`, `failed`.
    #[schema(value_type = ImportStateWord)]
    pub state: ImportState,
    /// Rows that were read.
    pub rows: i64,
    /// Rows that are judged, or in when it is being applied.
    pub rows_done: i64,
    /// Faults; with one nothing is imported.
    pub faults: i64,
    /// Rows that add something: what it would do when it is ready, what it did when it is done.
    pub added: i64,
    /// Rows that change something.
    pub changed: i64,
    /// Rows that say what is there already.
    pub unchanged: i64,
    /// Nothing in the file is new: it was imported before.
    pub changes_nothing: bool,
    /// Why it failed, zh-CN / English.
    pub cause: Option<String>,
    /// When it was brought.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Instant,
}

fn view_of(row: ImportRow, rows_done: i64) -> ImportView {
    let told = matches!(row.state.0, ImportState::Ready | ImportState::Applying | ImportState::Done);
    ImportView {
        id: row.id.0,
        kind: row.kind,
        file_name: row.file_name,
        state: row.state.0,
        rows: row.row_count,
        rows_done,
        faults: row.fault_count,
        added: row.added,
        changed: row.changed,
        unchanged: row.unchanged,
        changes_nothing: told && row.added == 0 && row.changed == 0,
        cause: row.cause,
        created_at: row.created_at.0,
        changed_at: row.changed_at.0,
    }
}

/// Something wrong with a file: where, why, and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportFaultView {
    /// The row as a spreadsheet numbers it; absent when it is about the whole file.
    pub row: Option<i64>,
    /// The column's English name; absent when it is about the whole row.
    pub column: Option<String>,
    /// For programs.
    pub code: String,
    /// Cause and cure, zh-CN.
    pub message: String,
    /// The same in English.
    pub message_en: String,
}

impl From<ImportFaultRow> for ImportFaultView {
    fn from(row: ImportFaultRow) -> Self {
        Self { row: row.row_no, column: row.column_name, code: row.code, message: row.message_zh, message_en: row.message_en }
    }
}

fn of_import(failure: Failure<ImportRefusal>) -> Problem {
    Problem::of(failure, |refusal| match refusal {
        ImportRefusal::State(state) => Problem::new(ProblemCode::ImportRefused).with("state", state),
        ImportRefusal::Busy | ImportRefusal::Moved => Problem::new(ProblemCode::Overloaded),
        ImportRefusal::Faults(faults) => Problem::invalid(&faults),
        ImportRefusal::File(_) => Problem::new(ProblemCode::BadRequest),
    })
}

fn never(failure: Failure<Never>) -> Problem {
    Problem::of(failure, |never| match never {})
}

/// Brings a file: the body is the file itself, at most 64 MB. It is judged in the background, which changes nothing; then it
/// is `ready` to be applied, or `faulty`. The same file again under the same key is the same import.
#[utoipa::path(post, path = "/v1/imports", operation_id = "bringImport", tag = "imports",
    params(BringQuery, ("Idempotency-Key" = String, Header, description = "Made by the client")),
    request_body(content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 202, body = ImportView, description = "It is being judged", headers(("Location" = String, description = "Where to poll")))))]
pub async fn bring_import(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    request: HttpRequest,
    query: Query<BringQuery>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let BringQuery { kind, file_name } = query.into_inner();
    let reach = job::reach_for(&actor, kind).map_err(of_import)?;
    let format = Format::of_file_name(&file_name).ok_or_else(bad_name)?;
    if content_length(&request).is_some_and(|length| length > FILE_MAX) {
        return Err(Problem::new(ProblemCode::TooLarge).with("max_bytes", FILE_MAX));
    }
    // Waiting would hold the connection: whoever comes while others' files are judged is asked to come again.
    let turn = app.files.clone().try_acquire_owned().map_err(|_| Problem::new(ProblemCode::Overloaded))?;
    let (file, hash) = spool(&app, body).await?;
    let key = key.bind(&actor, "bringImport", &(kind, &file_name, hash))?;
    let wanted = stage::Wanted { kind, file_name, made_by: actor.user, reach: reach.clone() };
    let (row, begun) = stage::begin_once(&app, wanted, key).await.map_err(of_import)?;
    let view = with_progress(&app, row.clone()).await?;
    if begun {
        tokio::spawn(judge(app.as_ref().clone(), row, reach, file, format, turn));
    }
    Ok(HttpResponse::Accepted().insert_header(("Location", format!("/v1/imports/{}", view.id))).json(view))
}

fn bad_name() -> Problem {
    let mut faults = Faults::default();
    faults.push("file_name", "bad_file_name", "须以 .csv 或 .xlsx 结尾", "must end in .csv or .xlsx");
    Problem::invalid(&faults)
}

fn content_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(actix_web::http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Writes the body to a file without a name, which is gone when the process is; never more than a chunk is in memory. With its
/// SHA-256, by which a file that comes again is known.
async fn spool(app: &App, mut body: Payload) -> Result<(std::fs::File, String), Problem> {
    let broken = |error: std::io::Error| {
        tracing::error!(%error, "the file for an import cannot be written");
        Problem::new(ProblemCode::Unavailable)
    };
    let folder = app.spool.clone();
    let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder.as_ref())).await;
    let mut file = tokio::fs::File::from_std(made.map_err(|e| broken(std::io::Error::other(e)))?.map_err(broken)?);
    let (mut length, mut hash) = (0_u64, Sha256::new());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Problem::new(ProblemCode::BadRequest))?;
        length += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if length > FILE_MAX {
            return Err(Problem::new(ProblemCode::TooLarge).with("max_bytes", FILE_MAX));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(broken)?;
    }
    file.flush().await.map_err(broken)?;
    file.rewind().await.map_err(broken)?;
    Ok((file.into_std().await, hex::encode(hash.finalize())))
}

/// The dry run. It goes on when the client is gone; when it breaks the import says so.
async fn judge(
    app: App,
    row: ImportRow,
    reach: Reach,
    file: std::fs::File,
    format: Format,
    turn: tokio::sync::OwnedSemaphorePermit,
) {
    let id = row.id.0;
    let quiet: Progress = Arc::new(|_, _, _| {});
    if let Err(error) = stage::stage(&app, row, reach, file, ReadOptions::of(format), &quiet).await {
        tracing::warn!(%id, ?error, "an import could not be judged");
        let cause = "核对中断，请重新上传 / the check broke off; upload it again";
        // Were this to fail as well, the worker ends it when its lease is over.
        let _ = job::give_up(&app, id, ImportState::Validating, cause).await;
    }
    drop(turn);
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportsQuery {
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// The caller's own imports, newest first.
#[utoipa::path(get, path = "/v1/imports", operation_id = "listImports", tag = "imports", params(ImportsQuery),
    responses((status = 200, body = PageView<ImportView>)))]
pub async fn list_imports(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<ImportsQuery>,
) -> Result<Json<PageView<ImportView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (key, limit) = (key_of(&mut faults, query.cursor.as_deref()), limit_of(&mut faults, query.limit));
    let before = key.as_deref().and_then(|key| ImportId::parse(key).ok());
    if key.is_some() && before.is_none() {
        return Err(bad_cursor());
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let mut rows = view::list(&app, actor, before, i64::from(limit) + 1).await.map_err(never)?;
    let more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    let next = rows.last().filter(|_| more).map(|row| cursor_of(&row.id.0.to_string()));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(with_progress(&app, row).await?);
    }
    Ok(Json(PageView { items, next }))
}

fn bad_cursor() -> Problem {
    let mut faults = Faults::default();
    let (zh, en) = ("不是本列表给出的 cursor，请从第一页重新读取", "not a cursor of this list; start at the first page");
    faults.push("cursor", "bad_cursor", zh, en);
    Problem::invalid(&faults)
}

async fn with_progress(app: &App, row: ImportRow) -> Result<ImportView, Problem> {
    let done = job::progress(app, &row).await.map_err(of_import)?;
    Ok(view_of(row, done))
}

/// An import with its progress. Whoever brought it sees it.
#[utoipa::path(get, path = "/v1/imports/{import}", operation_id = "getImport", tag = "imports",
    params(("import" = String, Path, description = "The import")), responses((status = 200, body = ImportView)))]
pub async fn get_import(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<ImportView>, Problem> {
    let row = view::find(&app, Some(actor), path_id(&path)?).await.map_err(never)?;
    Ok(Json(with_progress(&app, row).await?))
}

/// What is wrong with a file, in its order: row, column, cause and cure.
#[utoipa::path(get, path = "/v1/imports/{import}/faults", operation_id = "listImportFaults", tag = "imports",
    params(("import" = String, Path, description = "The import"), ImportsQuery),
    responses((status = 200, body = PageView<ImportFaultView>)))]
pub async fn list_import_faults(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<ImportsQuery>,
) -> Result<Json<PageView<ImportFaultView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (key, limit) = (key_of(&mut faults, query.cursor.as_deref()), limit_of(&mut faults, query.limit));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let after: i64 = key.map_or(Ok(-1), |key| key.parse()).map_err(|_| bad_cursor())?;
    let row = view::find(&app, Some(actor), path_id(&path)?).await.map_err(never)?;
    let mut rows = view::faults(&app, row.id.0, after, i64::from(limit) + 1).await.map_err(never)?;
    let more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    let next = rows.last().filter(|_| more).map(|fault| cursor_of(&fault.number.to_string()));
    Ok(Json(PageView { items: rows.into_iter().map(ImportFaultView::from).collect(), next }))
}

/// Asks that an import that is `ready` be applied. It goes in in the background and is seen all at once, with its last row. Asking
/// again changes nothing.
#[utoipa::path(post, path = "/v1/imports/{import}/apply", operation_id = "applyImport", tag = "imports",
    params(("import" = String, Path, description = "The import")), responses((status = 202, body = ImportView, description = "It goes in, or is in")))]
pub async fn apply_import(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let row = job::ask(&app, actor, path_id(&path)?).await.map_err(of_import)?;
    Ok(HttpResponse::Accepted().json(with_progress(&app, row).await?))
}
