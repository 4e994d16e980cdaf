//! Files that are saved rather than shown.

use actix_web::{HttpResponse, HttpResponseBuilder};
use app::tabular::Format;
use std::fmt::Display;

/// The media type of a workbook.
pub use app::tabular::XLSX_MEDIA as XLSX;

/// The head of an answer that is saved under a name. What is in it is for whoever asked, and for no cache between.
pub fn download(media: &str, name: impl Display) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(media)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .insert_header(("Cache-Control", "no-store"));
    answer
}

/// The same for cells in one of the two forms, under a name without its ending.
pub fn download_as(format: Format, name: impl Display) -> HttpResponseBuilder {
    match format {
        Format::Csv => download("text/csv; charset=utf-8", format!("{name}.csv")),
        Format::Xlsx => download(XLSX, format!("{name}.xlsx")),
    }
}
