//! Labels and sheets as PDF.

use crate::extract::{IdempotencyKey, Signed};
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P};
use crate::words::path_id;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use app::App;
use app::print::{Fault, Field, LABELS_AT_MOST, Paper, PrintFaults};
use app::prints::labels::{LabelRequest, Selection};
use app::prints::{PrintRefusal, labels, load, production};
use domain::access::Action;
use domain::fault::Faults;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/sittings/{sitting}/labels").route(web::post().to(print_labels)))
        .service(web::resource("/v1/sittings/{sitting}/production-sheet").route(web::get().to(get_production_sheet)))
        .service(web::resource("/v1/plans/{plan}/load-sheets").route(web::get().to(get_load_sheets)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op("printLabels", Access::Roles(Action::Kitchen), &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::Conflict]),
    op("getProductionSheet", Access::Roles(Action::Kitchen), &[P::Invalid, P::Forbidden, P::NotFound]),
    op("getLoadSheets", Access::Roles(Action::Plan), &[P::Invalid, P::NotFound]),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(print_labels, get_production_sheet, get_load_sheets))]
pub struct Docs;

/// What labels are printed on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperWord {
    /// A roll of 60 x 40 mm labels: one page a label.
    Roll60x40,
    /// A4 with 3 x 7 labels of the same size.
    A4,
}

/// Which orders' labels.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelectionWord {
    /// Every order to cook for.
    All,
    /// Those without a label, and those that changed since theirs was printed.
    Unprinted,
    /// Those in `numbers`.
    Numbers,
}

/// Which labels, on what.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelsBody {
    /// On what.
    pub paper: PaperWord,
    /// Which orders.
    pub selection: SelectionWord,
    /// Order numbers, when `selection` is `numbers`.
    #[serde(default)]
    #[schema(max_items = 3000, example = json!([37, 52]))]
    pub numbers: Vec<i64>,
    /// Where the canteen's public page is reached from outside: `https://` and a host. The code on a label leads to that page;
    /// without it there is no code.
    #[schema(max_length = 40, example = "https://canteen.example.cn")]
    pub site: Option<String>,
}

/// A site has at most so many characters: with path and canteen's code it is a code that any phone reads at 17 mm.
const SITE_MAX: usize = 40;

impl LabelsBody {
    fn request(self, sitting: domain::id::SittingId) -> Result<LabelRequest, Problem> {
        let mut faults = Faults::default();
        let by_number = matches!(self.selection, SelectionWord::Numbers);
        if by_number == self.numbers.is_empty() {
            faults.push("/numbers", "count", "仅当 selection 为 numbers 时填写取餐号", "given if and only if selection is numbers");
        }
        if self.numbers.len() > LABELS_AT_MOST {
            let (zh, en) = (format!("最多 {LABELS_AT_MOST} 个"), format!("at most {LABELS_AT_MOST}"));
            faults.push("/numbers", "too_many", zh, en);
        }
        if self.site.as_deref().is_some_and(|site| !is_site(site)) {
            let (zh, en) = (
                format!("应为 https:// 加域名，最多 {SITE_MAX} 个字符"),
                format!("https:// and a host, {SITE_MAX} characters at most"),
            );
            faults.push("/site", "format", zh, en);
        }
        faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
        Ok(LabelRequest {
            sitting,
            paper: match self.paper {
                PaperWord::Roll60x40 => Paper::Roll60x40,
                PaperWord::A4 => Paper::A4,
            },
            selection: match self.selection {
                SelectionWord::All => Selection::All,
                SelectionWord::Unprinted => Selection::Unprinted,
                SelectionWord::Numbers => Selection::Orders(self.numbers),
            },
            site: self.site,
        })
    }
}

fn is_site(site: &str) -> bool {
    let host = site.strip_prefix("https://").unwrap_or_default();
    let named = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    !host.is_empty() && site.len() <= SITE_MAX && host.chars().all(named)
}

/// Labels of a sitting's orders as a PDF that a label printer or an A4 printer takes as it is. A label that was printed before says
/// that it is a reprint. The same key prints the labels of the same orders again, as they are now, and counts as no further print.
/// An order whose dishes do not fit one label gets several that say so. A character that the embedded font does not have (it covers
/// GB 18030-2022 level 2) is refused by name and place, and nothing is printed.
#[utoipa::path(post, path = "/v1/sittings/{sitting}/labels", operation_id = "printLabels", tag = "sittings", request_body = LabelsBody,
    params(("sitting" = String, Path, description = "The sitting"), ("Idempotency-Key" = String, Header, description = "Made by the client")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub async fn print_labels(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    key: IdempotencyKey,
    body: Json<LabelsBody>,
) -> Result<HttpResponse, Problem> {
    let sitting = path_id(&path)?;
    let body = body.into_inner();
    let key = key.bind(&actor, "printLabels", &(sitting, &body))?;
    let request = body.request(sitting)?;
    let file = labels::print(&app, actor, key, request).await.map_err(failed)?;
    Ok(pdf(file, "labels"))
}

/// The production sheet of a sitting as an A4 PDF: per dish the portions by texture, grouped by combination of exceptions with
/// sub-totals and for whom, and who is not in the count. Each print is on record.
#[utoipa::path(get, path = "/v1/sittings/{sitting}/production-sheet", operation_id = "getProductionSheet", tag = "sittings",
    params(("sitting" = String, Path, description = "The sitting")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub async fn get_production_sheet(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let file = production::print(&app, actor, path_id(&path)?).await.map_err(failed)?;
    Ok(pdf(file, "production"))
}

/// The load sheets of a plan as an A4 PDF, one trip a page: order number, masked name, boxes, cash to collect and notes, with the
/// totals of the trip. An order that was cancelled since says so. Each print is on record.
#[utoipa::path(get, path = "/v1/plans/{plan}/load-sheets", operation_id = "getLoadSheets", tag = "delivery",
    params(("plan" = String, Path, description = "The plan")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub async fn get_load_sheets(app: Data<App>, Signed(actor): Signed, path: Path<String>) -> Result<HttpResponse, Problem> {
    let file = load::print(&app, actor, path_id(&path)?).await.map_err(failed)?;
    Ok(pdf(file, "load"))
}

pub(crate) fn pdf(file: Vec<u8>, name: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("Content-Disposition", format!("inline; filename=\"{name}.pdf\"")))
        .insert_header(("Cache-Control", "no-store"))
        .body(file)
}

fn failed(failure: app::Failure<PrintRefusal>) -> Problem {
    Problem::of(failure, |refusal| match refusal {
        PrintRefusal::Faulty(faults) => faulty(&faults),
        PrintRefusal::NothingToPrint => Problem::new(P::Conflict).with("cause", "nothing_to_print"),
        PrintRefusal::Busy => Problem::new(P::Conflict).with("cause", "others_keep_printing"),
        PrintRefusal::NotInDemand(numbers) => {
            let mut faults = Faults::default();
            for number in numbers {
                let (zh, en) = (
                    format!("本餐没有 {number:03} 号订单，或已取消"),
                    format!("there is no order {number:03}, or it is cancelled"),
                );
                faults.push("/numbers", "unknown", zh, en);
            }
            Problem::invalid(&faults)
        }
    })
}

pub(crate) fn faulty(printed: &PrintFaults) -> Problem {
    let mut faults = Faults::default();
    for fault in &printed.0 {
        if let Fault::Program(words) = fault {
            tracing::error!(%words, "printing");
            return Problem::new(P::Internal);
        }
        faults.push(place(fault), fault.code(), fault.message_zh(), fault.message_en());
    }
    Problem::invalid(&faults)
}

/// `order 37, name`: what is wrong is not in the request but on the paper.
fn place(fault: &Fault) -> String {
    let spot = match fault {
        Fault::MissingGlyph { at, .. } | Fault::TooLong { at, .. } | Fault::DoesNotFit { at } => *at,
        Fault::BadNumber { order_no } => app::print::Spot::order(*order_no, Field::Number),
        Fault::TooMany { .. } | Fault::Program(_) => return "file".to_owned(),
    };
    spot.order_no.map_or_else(|| spot.field.name_en().to_owned(), |no| format!("order {no}, {}", spot.field.name_en()))
}
