//! The courier's page: the own stops on a phone, next one first; works without network and sends what happened when it is back.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

/// Adds the page's files. They hold no data; the page signs in and asks the API.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/courier").route(web::get().to(|| file("text/html; charset=utf-8", PAGE))))
        .service(web::resource("/courier/page.css").route(web::get().to(|| file("text/css; charset=utf-8", STYLE))))
        .service(web::resource("/courier/page.js").route(web::get().to(|| file("text/javascript; charset=utf-8", SCRIPT))))
        .service(web::resource("/courier/worker.js").route(web::get().to(|| file("text/javascript; charset=utf-8", WORKER))));
}

const PAGE: &str = include_str!("../../pages/courier/page.html");
const STYLE: &str = include_str!("../../pages/courier/page.css");
const SCRIPT: &str = include_str!("../../pages/courier/page.js");
const WORKER: &str = include_str!("../../pages/courier/worker.js");

async fn file(kind: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'",
        ))
        // A worker serves only what lies below its own folder unless it is allowed more, and the page lies beside it.
        .insert_header(("Service-Worker-Allowed", "/courier"))
        .body(body)
}
