//! Back-tests: a policy version tried on the meals of a period, as a job with progress.

pub(crate) mod views;

pub use views::{BacktestBody, BacktestView};

use crate::download::{XLSX, download};
use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_id, cursor_of, limit_of};
use crate::problem::{Problem, ProblemCode};
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use app::App;
use app::backtests::job::{self, BacktestRefusal, Came, Wanted};
use app::backtests::{PERIOD_MAX_DAYS, workbook};
use app::failure::{Failure, Never};
use app::store::StoreError;
use app::tabular::Language;
use domain::Fen;
use domain::access::Action;
use domain::fault::Faults;
use domain::id::{BacktestId, PolicyId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/policies/{policy}/backtests")
                .route(web::post().to(start_backtest))
                .route(web::get().to(list_backtests)),
        )
        .service(web::resource("/v1/backtests/{backtest}").route(web::get().to(get_backtest)))
        .service(web::resource("/v1/backtests/{backtest}/workbook").route(web::get().to(export_backtest)));
}

const TRYING: Access = Access::AnyOf(&[Action::EditPolicy, Action::ReviewPolicy]);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("startBacktest", TRYING, &[ProblemCode::Forbidden, ProblemCode::NotFound]),
    op("listBacktests", TRYING, &[ProblemCode::Invalid, ProblemCode::Forbidden, ProblemCode::NotFound]),
    op("getBacktest", TRYING, &[ProblemCode::Forbidden, ProblemCode::NotFound]),
    op("exportBacktest", TRYING, &[ProblemCode::Forbidden, ProblemCode::NotFound, ProblemCode::Conflict]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(start_backtest, list_backtests, get_backtest, export_backtest))]
pub struct Docs;

/// The largest rise that can be asked for, in fen.
const RISE_MAX: i64 = 10_000_000;

/// Asks that a version, a draft as a rule, be tried on the meals of a period. The worker does it: first the versions in force must
/// give what was decided then, to the fen; then the version in their place. Read it again for progress and what was found.
#[utoipa::path(post, path = "/v1/policies/{policy}/backtests", operation_id = "startBacktest", tag = "policies", request_body = BacktestBody,
    params(("policy" = String, Path, description = "The version"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 202, body = BacktestView)))]
pub async fn start_backtest(
    app: Data<App>,
    Signed(actor): Signed,
    key: IdempotencyKey,
    path: Path<String>,
    body: Json<BacktestBody>,
) -> Result<HttpResponse, Problem> {
    let policy: PolicyId = path_id(&path)?;
    let key = key.bind(&actor, "startBacktest", &(policy, &*body))?;
    let mut faults = Faults::default();
    if !(0..=RISE_MAX).contains(&body.rise_fen) {
        faults.push("/rise_fen", "out_of_range", "应为 0 至 10000000 分", "must be 0 to 10,000,000 fen");
    }
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let wanted = Wanted { policy, from: body.from, to: body.to, begins: body.begins, rise: Fen(body.rise_fen) };
    let row = job::ask(&app, actor, key, wanted).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Accepted().json(BacktestView::of(&row, true).map_err(broken)?))
}

/// Where a list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BacktestQuery {
    /// From the page before.
    cursor: Option<String>,
    /// Entries at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// The back-tests of a version, newest first, without what was found.
#[utoipa::path(get, path = "/v1/policies/{policy}/backtests", operation_id = "listBacktests", tag = "policies",
    params(("policy" = String, Path, description = "The version"), BacktestQuery), responses((status = 200, body = PageView<BacktestView>)))]
pub async fn list_backtests(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<BacktestQuery>,
) -> Result<Json<PageView<BacktestView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let limit = limit_of(&mut faults, query.limit);
    let before = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let rows = job::list(&app, actor, path_id(&path)?, before, i64::from(limit)).await.map_err(never)?;
    let last = rows.last().filter(|_| rows.len() == usize::from(limit)).map(|row| cursor_of(&row.id.0.to_string()));
    let items = rows.iter().map(|row| BacktestView::of(row, false)).collect::<Result<_, _>>().map_err(broken)?;
    Ok(Json(PageView { items, next: last }))
}

/// A back-test: how far it is, and once it is done what was found.
#[utoipa::path(get, path = "/v1/backtests/{backtest}", operation_id = "getBacktest", tag = "policies",
    params(("backtest" = String, Path, description = "The back-test")), responses((status = 200, body = BacktestView)))]
pub async fn get_backtest(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<BacktestView>, Problem> {
    let row = job::find(&app, actor, path_id(&path)?).await.map_err(never)?;
    Ok(Json(BacktestView::of(&row, true).map_err(broken)?))
}

/// What was found as a workbook in Chinese, with a chart of what each funder bears; seniors stand with their masked names. The same
/// findings give the same bytes.
#[utoipa::path(get, path = "/v1/backtests/{backtest}/workbook", operation_id = "exportBacktest", tag = "policies",
    params(("backtest" = String, Path, description = "The back-test")),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn export_backtest(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let id: BacktestId = path_id(&path)?;
    let row = job::find(&app, actor, id).await.map_err(never)?;
    let Some(Came::Report(report)) = job::came(&row).map_err(broken)? else {
        let problem = Problem::new(ProblemCode::Conflict).with("cause", "not_done").with("state", row.state.0);
        return Err(problem.advise("回测完成后再导出", "export it once it is done"));
    };
    let bytes = workbook::workbook(&app, *report, Language::Chinese).await.map_err(broken)?;
    Ok(download(XLSX, format!("{id}.xlsx")).body(bytes))
}

fn refused(refusal: BacktestRefusal) -> Problem {
    let mut faults = Faults::default();
    match refusal {
        BacktestRefusal::Period => {
            let zh = format!("to 不早于 from，最多 {PERIOD_MAX_DAYS} 天");
            faults.push("/to", "bad_dates", zh, format!("to is not before from, and at most {PERIOD_MAX_DAYS} days from it"));
        }
        BacktestRefusal::Setup(error) => {
            let zh = "该版本不适用于这段日期；可用 begins 指定试算的起始日";
            faults.push("/from", "not_governed", zh, format!("{error}; `begins` moves its first day"));
        }
    }
    Problem::invalid(&faults)
}

fn never(failure: Failure<Never>) -> Problem {
    Problem::of(failure, |never| match never {})
}

fn broken(error: StoreError) -> Problem {
    never(error.into())
}
