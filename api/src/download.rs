//! Files that are saved rather than shown.

use actix_web::{HttpResponse, HttpResponseBuilder};
use std::fmt::Display;

/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The head of an answer that is saved under a name. What is in it is for whoever asked, and for no cache between.
pub fn download(media: &str, name: impl Display) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(media)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .insert_header(("Cache-Control", "no-store"));
    answer
}
