//! The admin listener: is the process alive, may it be sent requests, what does it count. Not for the public.

use crate::metrics::Metrics;
use actix_web::dev::Server;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App as Service, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use app::App;
use app::store::StoreError;
use app::store::query::server;
use domain::Instant;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A clock that differs by more from the database's would decide cut-offs differently than its neighbours do.
const SKEW_MAX_MS: i64 = 500;
/// A database that takes longer to say anything is not ready.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Whether the process is stopping; readiness fails from then on.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// From now on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why the process should not be sent requests.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NotReady {
    Stopping,
    Database(String),
    Slow,
    Skew(i64),
}

impl NotReady {
    fn text(&self) -> String {
        match self {
            Self::Stopping => "stopping".to_owned(),
            Self::Database(error) => format!("database: {error}"),
            Self::Slow => format!("database: no answer within {} s", ANSWER_WITHIN.as_secs()),
            Self::Skew(ms) => format!("clock: {ms} ms from the database's; at most {SKEW_MAX_MS} are allowed. Check NTP"),
        }
    }
}

/// Starts the listener.
pub fn serve(address: SocketAddr, app: App, metrics: Metrics, stopping: Stopping) -> Result<(Server, SocketAddr)> {
    let listener = TcpListener::bind(address).with_context(|| format!("admin_listen: cannot listen on {address}"))?;
    let bound = listener.local_addr()?;
    let server = HttpServer::new(move || {
        let (app, metrics, stopping) = (app.clone(), metrics.clone(), stopping.clone());
        Service::new().configure(move |config: &mut ServiceConfig| {
            config
                .app_data(Data::new(app))
                .app_data(Data::new(metrics))
                .app_data(Data::new(stopping))
                .route("/healthz", web::get().to(healthz))
                .route("/readyz", web::get().to(readyz))
                .route("/metrics", web::get().to(metrics_text));
        })
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    Ok((server, bound))
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(app: Data<App>, stopping: Data<Stopping>) -> HttpResponse {
    match ready(&app, &stopping).await {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(why) => HttpResponse::ServiceUnavailable().body(format!("{}\n", why.text())),
    }
}

async fn ready(app: &App, stopping: &Stopping) -> Result<(), NotReady> {
    if stopping.begun() {
        return Err(NotReady::Stopping);
    }
    let clock = app.clock.clone();
    let look = app.store.read("ready", move |conn| {
        let before = clock.now();
        let theirs = server::now(conn)?;
        Ok::<_, StoreError>((before, theirs, clock.now()))
    });
    match tokio::time::timeout(ANSWER_WITHIN, look).await {
        Err(_) => Err(NotReady::Slow),
        Ok(Err(error)) => Err(NotReady::Database(error.to_string())),
        Ok(Ok((_, None, _))) => Ok(()),
        Ok(Ok((before, Some(theirs), after))) => within(before, theirs, after),
    }
}

/// The server's time lies between the two readings around the question; only what is outside of them is skew.
fn within(before: Instant, theirs: Instant, after: Instant) -> Result<(), NotReady> {
    let ahead = (theirs.micros() - after.micros()).max(0);
    let behind = (before.micros() - theirs.micros()).max(0);
    let skew_ms = ahead.max(behind) / 1000;
    if skew_ms > SKEW_MAX_MS { Err(NotReady::Skew(skew_ms)) } else { Ok(()) }
}

async fn metrics_text(metrics: Data<Metrics>) -> HttpResponse {
    match metrics.text() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text),
        Err(error) => {
            tracing::error!(%error, "metrics");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_more_than_500_ms_off_the_databases_is_not_ready_and_a_slow_answer_is_no_skew() {
        let at = |ms: i64| Instant::from_micros(ms * 1000);
        for (before, theirs, after, ready) in [
            (10_000, 10_000, 10_000, true),
            (10_000, 10_500, 10_000, true),
            (10_000, 10_501, 10_000, false),
            (10_000, 9_499, 10_000, false),
            (10_000, 11_000, 12_000, true), // two seconds to answer
        ] {
            assert_eq!(within(at(before), at(theirs), at(after)).is_ok(), ready, "{before} {theirs} {after}");
        }
    }
}
