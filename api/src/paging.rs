//! Pages of a list, and answers that a client may keep: opaque cursors, entity tags by content.

use crate::problem::{Problem, ProblemCode};
use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use domain::fault::Faults;
use domain::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

/// Entries of a page when the client says nothing.
pub const PAGE_USUAL: u16 = 50;
/// Entries of a page at most.
pub const PAGE_MAX: u16 = app::catalogue::read::PAGE_MAX;
/// No sort key is longer.
const CURSOR_MAX: usize = 512;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> PageView<T> {
    /// A page of entries of which one more than the limit was read, so that the last page is known to be the last.
    pub fn of(mut items: Vec<T>, limit: u16, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        Self { next: items.last().filter(|_| more).map(|last| cursor_of(&key(last))), items }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

/// The limit and the identifier that the cursor stands for; a fault of either is told.
pub fn page<K: Kind>(query: &PageQuery) -> Result<(u16, Option<Id<K>>), Problem> {
    let mut faults = Faults::default();
    let limit = limit_of(&mut faults, query.limit);
    let key = cursor_id(&mut faults, query.cursor.as_deref());
    faults.into_result((limit, key)).map_err(|f| Problem::invalid(&f))
}

/// The identifier that a cursor stands for; a fault when it is none of ours.
pub fn cursor_id<K: Kind>(faults: &mut Faults, cursor: Option<&str>) -> Option<Id<K>> {
    let key = key_of(faults, cursor)?;
    let id = Id::parse(&key).ok();
    if id.is_none() {
        faults.push("cursor", "bad_cursor", "不是本列表给出的 cursor", "not a cursor of this list");
    }
    id
}

/// A sort key as a cursor. Hexadecimal, so that nobody takes it for something to make up.
#[must_use]
pub fn cursor_of(key: &str) -> String {
    hex::encode(key)
}

/// The sort key of a cursor; a fault when it is none of ours.
pub fn key_of(faults: &mut Faults, cursor: Option<&str>) -> Option<String> {
    let cursor = cursor?;
    let key =
        Some(cursor).filter(|c| c.len() <= CURSOR_MAX).and_then(|c| hex::decode(c).ok()).and_then(|k| String::from_utf8(k).ok());
    if key.is_none() {
        faults.push(
            "cursor",
            "bad_cursor",
            "不是本列表给出的 cursor，请从第一页重新读取",
            "not a cursor of this list; start at the first page",
        );
    }
    key
}

/// The wanted number of entries; a fault outside 1 to 200.
pub fn limit_of(faults: &mut Faults, limit: Option<u16>) -> u16 {
    let limit = limit.unwrap_or(PAGE_USUAL);
    if !(1..=PAGE_MAX).contains(&limit) {
        faults.push("limit", "out_of_range", format!("须在 1 到 {PAGE_MAX} 之间"), format!("must be from 1 to {PAGE_MAX}"));
    }
    limit
}

/// An answer with an entity tag of its content: the same content again is a 304 without a body.
///
/// `keep` is the Cache-Control: who may keep it, for how long. The tag is weak: it tells that the content is the same, not that the bytes on the wire are (they may be compressed).
pub fn cached(request: &HttpRequest, keep: &'static str, body: &impl Serialize) -> Result<HttpResponse, Problem> {
    let bytes = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "a view does not serialise");
        Problem::new(ProblemCode::Internal)
    })?;
    let digest = Sha256::digest(&bytes);
    let tag = format!("W/\"{}\"", hex::encode(digest.get(..16).unwrap_or_default()));
    let known =
        request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v.split(',').any(|t| t.trim() == tag));
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, keep));
    Ok(if known { response.finish() } else { response.content_type("application/json").body(bytes) })
}

/// An answer with a version as its strong entity tag, to be sent back in `If-Match`.
#[must_use]
pub fn versioned(mut response: actix_web::HttpResponseBuilder, version: i64, body: &impl Serialize) -> HttpResponse {
    response.insert_header((ETAG, format!("\"{version}\""))).json(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_its_key_back_and_anything_else_is_a_fault() {
        let mut faults = Faults::default();
        assert_eq!(key_of(&mut faults, Some(&cursor_of("食堂 1"))), Some("食堂 1".to_owned()));
        assert!(faults.is_empty());
        for cursor in ["x", "zz", "ff", &"00".repeat(300)] {
            let mut faults = Faults::default();
            assert_eq!((key_of(&mut faults, Some(cursor)), faults.0.len()), (None, 1), "{cursor}");
        }
    }

    #[test]
    fn a_page_has_1_to_200_entries() {
        for (limit, good) in [(None, true), (Some(1), true), (Some(200), true), (Some(0), false), (Some(201), false)] {
            let mut faults = Faults::default();
            limit_of(&mut faults, limit);
            assert_eq!(faults.is_empty(), good, "{limit:?}");
        }
    }
}
