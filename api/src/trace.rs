//! Traces: where a lot went, where an order came from, whom to call.

pub(crate) mod views;

pub use views::{EpcisDocument, LotTraceView, OrderTraceView};

use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P};
use crate::suppliers::required;
use crate::words::{SeniorIdText, path_id};
use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data, Json, Path, ServiceConfig};
use app::App;
use app::trace::forward::{self, Affected, Cursor};
use app::trace::{TraceRefusal, backward, call_list, epcis};
use domain::access::{Action, Actor};
use domain::fault::Faults;
use domain::id::{LotId, SeniorId};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/lots/{lot}/trace").route(web::get().to(trace_lot)))
        .service(web::resource("/v1/lots/{lot}/trace.csv").route(web::get().to(trace_lot_csv)))
        .service(web::resource("/v1/lots/{lot}/epcis").route(web::get().to(export_epcis)))
        .service(web::resource("/v1/lots/{lot}/call-list").route(web::post().to(call_list_of_lot)))
        .service(web::resource("/v1/orders/{order}/trace").route(web::get().to(trace_order)));
}

const LOOKING: &[P] = &[P::Forbidden, P::NotFound, P::TooLarge];
const TRACE: Access = Access::Roles(Action::SeeTrace);

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("traceLot", TRACE, LOOKING),
    op("traceLotCsv", TRACE, LOOKING),
    op("exportEpcis", TRACE, LOOKING),
    op("getCallList", TRACE, &[P::Invalid, P::Forbidden, P::NotFound, P::TooLarge]),
    op("traceOrder", TRACE, LOOKING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(trace_lot, trace_lot_csv, export_epcis, call_list_of_lot, trace_order))]
pub struct Docs;

/// Where a lot went: batches, totals, and the first 200 lines of orders; the CSV has all of them. Names are masked.
#[utoipa::path(get, path = "/v1/lots/{lot}/trace", operation_id = "traceLot", tag = "trace",
    params(("lot" = String, Path, description = "The lot")),
    responses((status = 200, body = LotTraceView)))]
pub async fn trace_lot(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<LotTraceView>, Problem> {
    let trace = forward::of_lot(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(trace.into()))
}

/// Rows of one page of the stream.
const PAGE: usize = 2_000;

const HEADER: &str = "batch,order,line,service_date,meal,order_no,channel,state,senior,masked_name,dish,quantity,how\r\n";

/// Where the stream stands.
enum Streamed {
    Begin,
    At(Cursor),
    Done,
}

/// All lines of orders that a lot may have reached, streamed as CSV in the order of batch and order. Names are masked.
#[utoipa::path(get, path = "/v1/lots/{lot}/trace.csv", operation_id = "traceLotCsv", tag = "trace",
    params(("lot" = String, Path, description = "The lot")), responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn trace_lot_csv(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let lot: LotId = path_id(&path)?;
    // The first page is read before the answer begins, so that a refusal is still a problem with its status.
    let first = next_page(&app, &actor, lot, None).await?;
    let begin = (app, actor, Some(first), Streamed::Begin);
    let rows = stream::try_unfold(begin, move |(app, actor, ready, at)| async move {
        let (text, next) = match (ready, at) {
            (Some((text, next)), _) => (format!("{HEADER}{text}"), next),
            (None, Streamed::At(cursor)) => next_page(&app, &actor, lot, Some(cursor)).await?,
            (None, Streamed::Begin | Streamed::Done) => return Ok::<_, actix_web::Error>(None),
        };
        let at = next.map_or(Streamed::Done, Streamed::At);
        Ok(Some((Bytes::from(text), (app, actor, None, at))))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{lot}.csv\"")))
        .streaming(rows))
}

async fn next_page(app: &App, actor: &Arc<Actor>, lot: LotId, from: Option<Cursor>) -> Result<(String, Option<Cursor>), Problem> {
    let (rows, next) = forward::page(app, actor.clone(), lot, from, PAGE).await.map_err(|f| Problem::of(f, refused))?;
    Ok((rows.iter().map(csv_line).collect(), next))
}

fn csv_line(row: &Affected) -> String {
    let senior = row.senior.map(|s| s.to_string()).unwrap_or_default();
    format!(
        "{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
        row.batch,
        row.order,
        row.line,
        row.service_date,
        row.meal,
        row.order_no,
        row.channel,
        row.state,
        senior,
        csv_text(&row.masked_name),
        csv_text(&row.dish),
        row.quantity,
        row.how
    )
}

/// A text in quotation marks. What a spreadsheet would take for a formula is kept from being one by an apostrophe.
fn csv_text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// A lot's trace as EPCIS 2.0 (GS1) in JSON-LD. No person is in it.
#[utoipa::path(get, path = "/v1/lots/{lot}/epcis", operation_id = "exportEpcis", tag = "trace",
    params(("lot" = String, Path, description = "The lot")),
    responses((status = 200, body = EpcisDocument, content_type = "application/ld+json", description = "An EPCISDocument")))]
pub async fn export_epcis(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let document = epcis::of_lot(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(HttpResponse::Ok().content_type("application/ld+json").body(document.to_string()))
}

/// Why the list is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallListBody {
    /// Kept in the audit log beside each phone that is shown.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// Somebody to call.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalleeView {
    /// Who.
    #[schema(value_type = SeniorIdText)]
    pub senior: SeniorId,
    /// The name; masked for those who may not see the phone.
    pub name: String,
    /// The phone, for those who may see it.
    pub phone: Option<String>,
    /// Orders that the lot may have reached.
    pub orders: u32,
}

/// Whom to call.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallListView {
    /// Each person once.
    pub items: Vec<CalleeView>,
}

/// Whom to call about a lot. Phones only where the caller may reveal them; each one shown is audited with the reason.
#[utoipa::path(post, path = "/v1/lots/{lot}/call-list", operation_id = "getCallList", tag = "trace", request_body = CallListBody,
    params(("lot" = String, Path, description = "The lot")), responses((status = 200, body = CallListView)))]
pub async fn call_list_of_lot(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    body: Json<CallListBody>,
) -> Result<Json<CallListView>, Problem> {
    let (lot, mut faults) = (path_id(&path)?, Faults::default());
    required(&mut faults, "/reason", &body.reason);
    faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
    let found = call_list::of_lot(&app, actor, lot, body.into_inner().reason).await.map_err(|f| Problem::of(f, refused))?;
    let view = |c: call_list::Callee| CalleeView {
        senior: c.senior,
        name: c.name,
        phone: c.phone.map(|phone| phone.reveal().clone()),
        orders: c.orders,
    };
    Ok(Json(CallListView { items: found.into_iter().map(view).collect() }))
}

/// Where an order's dishes came from: batches, cook, temperatures, samples, lots and their suppliers.
#[utoipa::path(get, path = "/v1/orders/{order}/trace", operation_id = "traceOrder", tag = "trace",
    params(("order" = String, Path, description = "The order")),
    responses((status = 200, body = OrderTraceView)))]
pub async fn trace_order(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<Json<OrderTraceView>, Problem> {
    let trace = backward::of_order(&app, actor, path_id(&path)?).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(trace.into()))
}

/// A trace that is too large.
pub(crate) fn refused(refusal: TraceRefusal) -> Problem {
    Problem::new(P::TooLarge).with(
        "cause",
        match refusal {
            TraceRefusal::TooManyBatches => "too_many_batches",
            TraceRefusal::TooManyPeople => "too_many_people",
        },
    )
}
