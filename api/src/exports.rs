//! Exports: tables as files, in the columns that the import reads.

use crate::download::{XLSX, download};
use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode};
use crate::words::ExportWord;
use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data, Path, Query, ServiceConfig};
use app::App;
use app::exports::{self, Export, ExportKind, ExportRefusal, Wanted, XLSX_ROWS, file};
use app::failure::{Failure, Never};
use app::tabular::{Format, Language};
use domain::ServiceDate;
use domain::access::Action;
use domain::fault::Faults;
use futures_util::stream;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/exports/{kind}").route(web::get().to(export_table)));
}

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[op(
    "exportTable",
    Access::Roles(Action::SeeCatalogue),
    &[ProblemCode::Invalid, ProblemCode::TooLarge, ProblemCode::Forbidden, ProblemCode::NotFound],
)];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(export_table))]
pub struct Docs;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Comma-separated values.
    #[default]
    Csv,
    /// An Excel workbook, of at most 20,000 rows.
    Xlsx,
}

impl From<FileFormat> for Format {
    fn from(of: FileFormat) -> Self {
        match of {
            FileFormat::Csv => Self::Csv,
            FileFormat::Xlsx => Self::Xlsx,
        }
    }
}

/// The encoding of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
pub enum FileEncoding {
    /// UTF-8 with a byte-order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB18030, for older programs.
    #[serde(rename = "gb18030")]
    Gb18030,
}

/// The language of the headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadingLanguage {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

/// What is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// CSV when absent.
    #[param(inline)]
    format: Option<FileFormat>,
    /// UTF-8 when absent; a workbook has none.
    #[param(inline)]
    encoding: Option<FileEncoding>,
    /// Chinese when absent; both are read back.
    #[param(inline)]
    headings: Option<HeadingLanguage>,
    /// Menus and orders from this date on; needed for orders.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<ServiceDate>,
    /// Up to this date, included; needed for orders, at most 92 days later.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<ServiceDate>,
    /// Shows personal values in the clear, for this purpose, which is kept in the audit log; masked when absent. Only for who
    /// may reveal them, in their places.
    #[param(min_length = 4, max_length = 200)]
    reveal_for: Option<String>,
}

fn invalid(place: &str, code: &str, zh: &str, en: &str) -> Problem {
    let mut faults = Faults::default();
    faults.push(place, code, zh, en);
    Problem::invalid(&faults)
}

fn refused(failure: Failure<ExportRefusal>) -> Problem {
    Problem::of(failure, |refusal| match refusal {
        ExportRefusal::Dates => {
            let zh = "请给出 from 和 to；to 不早于 from，订单最多 92 天";
            invalid("from", "bad_dates", zh, "give from and to, to not before from; orders of at most 92 days")
        }
        ExportRefusal::NothingHidden => {
            invalid("reveal_for", "not_applicable", "该表没有需要显示的隐藏内容", "nothing in this table is masked")
        }
    })
}

fn never(failure: Failure<Never>) -> Problem {
    Problem::of(failure, |never| match never {})
}

/// A table as a file: places, canteens, dishes, recipes, menus, seniors, facts, families, standing_orders, in the columns that
/// the import reads, so that importing it changes nothing; and orders. The same rows give the same bytes.
#[utoipa::path(get, path = "/v1/exports/{kind}", operation_id = "exportTable", tag = "exports",
    params(("kind" = inline(ExportWord), Path, description = "Which table"), ExportQuery),
    responses((status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export_table(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<ExportQuery>,
) -> Result<HttpResponse, Problem> {
    use domain::text_enum::TextEnum;
    let kind = ExportKind::parse(&path).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let query = query.into_inner();
    let wanted = Wanted { kind, dates: dates(&query)?, purpose: purpose(query.reveal_for)? };
    let language = match query.headings.unwrap_or_default() {
        HeadingLanguage::Zh => Language::Chinese,
        HeadingLanguage::En => Language::English,
    };
    let encoding = match query.encoding.unwrap_or_default() {
        FileEncoding::Utf8 => file::Encoding::Utf8,
        FileEncoding::Gb18030 => file::Encoding::Gb18030,
    };
    let workbook = query.format.unwrap_or_default() == FileFormat::Xlsx;
    if workbook && kind.table().is_none() {
        return Err(invalid("format", "not_applicable", "该表只有 CSV", "this table comes as CSV only"));
    }
    let export = exports::begin(&app, Some(actor), wanted).await.map_err(refused)?;
    if workbook { book(export, kind, language).await } else { text(export, kind, language, encoding).await }
}

fn dates(query: &ExportQuery) -> Result<Option<(ServiceDate, ServiceDate)>, Problem> {
    match (query.from, query.to) {
        (Some(from), Some(to)) => Ok(Some((from, to))),
        (None, None) => Ok(None),
        _ => Err(refused(Failure::Refused(ExportRefusal::Dates))),
    }
}

fn purpose(given: Option<String>) -> Result<Option<String>, Problem> {
    let Some(purpose) = given else { return Ok(None) };
    let mut faults = Faults::default();
    crate::input::text(&mut faults, "reveal_for", &purpose, 200);
    if purpose.chars().count() < 4 {
        faults.push("reveal_for", "too_short", "请写明用途，至少 4 个字", "say what for, in at least 4 characters");
    }
    faults.into_result(Some(purpose)).map_err(|f| Problem::invalid(&f))
}

async fn book(export: Export, kind: ExportKind, language: Language) -> Result<HttpResponse, Problem> {
    let too_large = || Problem::new(ProblemCode::TooLarge).with("max_rows", XLSX_ROWS).with("instead", "format=csv");
    let bytes = export.workbook(language).await.map_err(never)?.ok_or_else(too_large)?;
    Ok(download(XLSX, format!("{kind}.xlsx")).body(bytes))
}

/// Streams the file: a page is read when the client has taken the one before. Where the database fails in the middle the
/// connection is broken off, so that half a file is not taken for a whole one.
async fn text(export: Export, kind: ExportKind, language: Language, encoding: file::Encoding) -> Result<HttpResponse, Problem> {
    let mut file = file::Csv::new(export, language, encoding);
    // The first page before the status is sent: what fails at once is told as a problem.
    let first = file.next::<Never>().await.map_err(never)?;
    let pages = stream::unfold((first, file), |(ready, mut file)| async move {
        if let Some(bytes) = ready {
            let next = file.next::<Never>().await;
            return match next {
                Ok(next) => Some((Ok(Bytes::from(bytes)), (next, file))),
                Err(failure) => {
                    tracing::error!(?failure, "an export broke off");
                    Some((Err(actix_web::error::ErrorInternalServerError("broken off")), (None, file)))
                }
            };
        }
        None
    });
    Ok(download(&format!("text/csv; charset={encoding}"), format!("{kind}.csv")).streaming(Box::pin(pages)))
}
