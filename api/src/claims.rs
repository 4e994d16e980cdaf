//! Claims: what funders owe canteens for a month's meals, as JSON and as files.

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::paging::{PageView, cursor_of, key_of, limit_of};
use crate::problem::{Problem, ProblemCode};
use crate::words::CanteenIdText;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Query, ServiceConfig};
use app::App;
use app::claims::csv::{ClaimFile, Sheet};
use app::claims::statement::{self, ClaimFilter, Statement};
use app::failure::Never;
use domain::access::{Action, Actor};
use domain::claim::{Month, PayerTotal};
use domain::fault::Faults;
use domain::id::CanteenId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/claims").route(web::get().to(list_claims)))
        .service(web::resource("/v1/claims/lines.csv").route(web::get().to(export_claim_lines)))
        .service(web::resource("/v1/claims/totals.csv").route(web::get().to(export_claim_totals)));
}

const OF_LOOKING: &[ProblemCode] = &[ProblemCode::Invalid, ProblemCode::NotFound];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("listClaims", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("exportClaimLines", Access::Roles(Action::SeeClaims), OF_LOOKING),
    op("exportClaimTotals", Access::Roles(Action::SeeClaims), OF_LOOKING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(list_claims, export_claim_lines, export_claim_totals))]
pub struct Docs;

/// Which claims.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClaimQuery {
    /// Meals of this month, `2026-11`.
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: Month,
    /// Only this canteen's.
    #[param(value_type = Option<CanteenIdText>)]
    canteen: Option<CanteenId>,
    /// Only what this funder bears, by its id in the policies.
    funder: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// Canteens at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// One version of one payer.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionTotalView {
    /// The version's name.
    pub version: String,
    /// SHA-256 of its document.
    pub hash: String,
    /// Lines.
    pub lines: u64,
    /// How much.
    pub fen: i64,
}

/// What one funder bears.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// The funder, with its place.
    #[schema(example = "demo-meals/street@990101001")]
    pub payer: String,
    /// How much.
    pub fen: i64,
}

/// What one payer owes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayerTotalView {
    /// A funder, or several by ratio: `programme/a*50+b*50`.
    pub payer: String,
    /// Lines.
    pub lines: u64,
    /// How much.
    pub fen: i64,
    /// Per policy version; adds up to `fen`.
    pub versions: Vec<VersionTotalView>,
    /// Per funder; adds up to `fen`. A ratio is split once over the month, by largest remainder.
    pub shares: Vec<ShareView>,
}

/// A canteen's month.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimView {
    /// The canteen.
    #[schema(value_type = CanteenIdText)]
    pub canteen: CanteenId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The month.
    #[schema(value_type = String)]
    pub month: Month,
    /// Lines.
    pub lines: usize,
    /// What they come to.
    pub fen: i64,
    /// Per payer.
    pub payers: Vec<PayerTotalView>,
}

impl From<&Statement> for ClaimView {
    fn from(of: &Statement) -> Self {
        let payer = |total: &PayerTotal| PayerTotalView {
            payer: total.payer.to_string(),
            lines: total.lines,
            fen: total.fen.0,
            versions: total
                .versions
                .iter()
                .map(|v| VersionTotalView {
                    version: v.version.version.clone(),
                    hash: v.version.hash.clone(),
                    lines: v.lines,
                    fen: v.fen.0,
                })
                .collect(),
            shares: total.shares.iter().map(|(payer, fen)| ShareView { payer: payer.to_string(), fen: fen.0 }).collect(),
        };
        Self {
            canteen: of.canteen,
            code: of.code.clone(),
            name: of.name.clone(),
            month: of.month,
            lines: of.lines.len(),
            fen: of.fen.0,
            payers: of.totals.iter().map(payer).collect(),
        }
    }
}

/// The claims of a month in the caller's places, canteen by canteen. Only meals with evidence count.
#[utoipa::path(get, path = "/v1/claims", operation_id = "listClaims", tag = "claims", params(ClaimQuery), responses((status = 200, body = PageView<ClaimView>)))]
pub async fn list_claims(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<ClaimQuery>,
) -> Result<Json<PageView<ClaimView>>, Problem> {
    let (query, mut faults) = (query.into_inner(), Faults::default());
    let (after, limit) = (key_of(&mut faults, query.cursor.as_deref()), limit_of(&mut faults, query.limit));
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let filter = ClaimFilter { month: query.month, canteen: query.canteen, funder: query.funder };
    let mut canteens = statement::canteens(&app, actor, filter.canteen).await.map_err(failed)?;
    canteens.retain(|canteen| after.as_ref().is_none_or(|after| canteen.code > *after));
    let more = canteens.len() > usize::from(limit);
    canteens.truncate(usize::from(limit));
    let next = canteens.last().filter(|_| more).map(|canteen| cursor_of(&canteen.code));
    let mut items = Vec::with_capacity(canteens.len());
    for canteen in canteens {
        items.push(ClaimView::from(&statement::statement(&app, canteen, &filter).await.map_err(failed)?));
    }
    Ok(Json(PageView { items, next }))
}

/// Which claims a file holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// Meals of this month, `2026-11`.
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: Month,
    /// This canteen's; the lines of a whole district are exported by the command line.
    #[param(value_type = CanteenIdText)]
    canteen: CanteenId,
    /// Only what this funder bears, by its id in the policies.
    funder: Option<String>,
}

/// Which totals a file holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TotalsQuery {
    /// Meals of this month, `2026-11`.
    #[param(value_type = String, example = "2026-11", pattern = "^[0-9]{4}-[0-9]{2}$")]
    month: Month,
    /// Only this canteen's.
    #[param(value_type = Option<CanteenIdText>)]
    canteen: Option<CanteenId>,
    /// Only what this funder bears, by its id in the policies.
    funder: Option<String>,
}

/// A canteen's lines as CSV: UTF-8 with a byte order mark, Chinese headings, yuan and fen. The same data give the same bytes.
#[utoipa::path(get, path = "/v1/claims/lines.csv", operation_id = "exportClaimLines", tag = "claims", params(LinesQuery),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_claim_lines(app: Data<App>, Signed(actor): Signed, query: Query<LinesQuery>) -> Result<HttpResponse, Problem> {
    let LinesQuery { month, canteen, funder } = query.into_inner();
    let filter = ClaimFilter { month, canteen: Some(canteen), funder };
    file(&app, actor, &filter, Sheet::Lines).await
}

/// Totals per payer and policy version as CSV, with the shares of ratios below them.
#[utoipa::path(get, path = "/v1/claims/totals.csv", operation_id = "exportClaimTotals", tag = "claims", params(TotalsQuery),
    responses((status = 200, content_type = "text/csv", body = String)))]
pub async fn export_claim_totals(
    app: Data<App>,
    Signed(actor): Signed,
    query: Query<TotalsQuery>,
) -> Result<HttpResponse, Problem> {
    let TotalsQuery { month, canteen, funder } = query.into_inner();
    file(&app, actor, &ClaimFilter { month, canteen, funder }, Sheet::Totals).await
}

async fn file(app: &App, actor: Arc<Actor>, filter: &ClaimFilter, sheet: Sheet) -> Result<HttpResponse, Problem> {
    let broken = |error: std::io::Error| {
        tracing::error!(%error, "a claim file in memory");
        Problem::new(ProblemCode::Internal)
    };
    let mut file = ClaimFile::begin(Vec::new(), sheet).map_err(broken)?;
    for canteen in statement::canteens(app, actor, filter.canteen).await.map_err(failed)? {
        let statement = statement::statement(app, canteen, filter).await.map_err(failed)?;
        file.add(&statement).map_err(broken)?;
    }
    let name = format!("attachment; filename=\"claims-{}.csv\"", filter.month);
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/csv; charset=utf-8").insert_header(("Content-Disposition", name));
    Ok(answer.body(file.end().map_err(broken)?))
}

fn failed(failure: app::Failure<Never>) -> Problem {
    Problem::of(failure, |never| match never {})
}
