//! The display's page, embedded in the binary: plain modules, no build step, nothing loaded from elsewhere.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Nothing but what this origin serves, and no script or style inside a page: an injected name or note can never run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal: $kind:literal;)+) => {
        &[$(File { name: $name, kind: $kind, bytes: include_bytes!(concat!("../page/", $name)) }),+]
    };
}

const FILES: &[File] = files! {
    "index.html": "text/html; charset=utf-8";
    "style.css": "text/css; charset=utf-8";
    "main.js": "text/javascript; charset=utf-8";
    "board.js": "text/javascript; charset=utf-8";
    "sha256.js": "text/javascript; charset=utf-8";
    "link.js": "text/javascript; charset=utf-8";
    "people.js": "text/javascript; charset=utf-8";
    "view.js": "text/javascript; charset=utf-8";
    "boards.js": "text/javascript; charset=utf-8";
    "words.js": "text/javascript; charset=utf-8";
    "sound.js": "text/javascript; charset=utf-8";
    "worker.js": "text/javascript; charset=utf-8";
    "manifest.json": "application/manifest+json; charset=utf-8";
    "icon.svg": "image/svg+xml";
};

/// One tag for all files: the page's modules belong together, and the browser's copy is good only as a whole.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    FILES.iter().for_each(|file| hash.update(file.bytes));
    hex::encode(hash.finalize()).chars().take(16).collect()
});

/// Adds the slash, so that relative names in the page hold.
pub(crate) async fn enter() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/kitchen/")).finish()
}

/// The page itself.
pub(crate) async fn index(request: HttpRequest) -> HttpResponse {
    answer(&request, "index.html")
}

/// One of its files.
pub(crate) async fn file(request: HttpRequest, name: Path<String>) -> HttpResponse {
    answer(&request, &name)
}

fn answer(request: &HttpRequest, name: &str) -> HttpResponse {
    let Some(file) = FILES.iter().find(|file| file.name == name) else { return HttpResponse::NotFound().finish() };
    let tag = format!("\"{}\"", VERSION.as_str());
    let fresh = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()) == Some(tag.as_str());
    let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, tag))
        // Asked for anew each time, so that an update of the service is an update of the page; offline the worker answers.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")))
        .content_type(file.kind);
    if fresh { response.finish() } else { response.body(file.bytes) }
}
