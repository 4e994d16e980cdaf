//! What the running process counts, for Prometheus.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use app::store::HoldObserver;
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::time::Instant;

/// The counters of one process.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    breaks: IntGauge,
    worker_runs: IntCounterVec,
    holds: HistogramVec,
}

/// Seconds; an order is expected within 50 ms, and nothing is worth telling apart above 10 s.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Metrics {
    /// Counters at zero.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new_custom(Some("nuanfan".to_owned()), None)?;
        let requests = HistogramVec::new(
            HistogramOpts::new("http_request_seconds", "Time to answer").buckets(BUCKETS.to_vec()),
            &["method", "route", "status"],
        )?;
        let breaks = IntGauge::new("invariant_breaks", "Broken invariants at the last check; anything but 0 is an alarm")?;
        let worker_runs = IntCounterVec::new(Opts::new("worker_runs_total", "Runs of the worker's tasks"), &["task", "outcome"])?;
        let holds = HistogramVec::new(
            HistogramOpts::new("write_hold_seconds", "How long a transaction held its connection; on SQLite the only writer")
                .buckets(BUCKETS.to_vec()),
            &["unit"],
        )?;
        registry.register(Box::new(holds.clone()))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(breaks.clone()))?;
        registry.register(Box::new(worker_runs.clone()))?;
        Ok(Self { registry, requests, breaks, worker_runs, holds })
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// Tells the outcome of the last check of the invariants.
    pub fn breaks(&self, found: usize) {
        self.breaks.set(i64::try_from(found).unwrap_or(i64::MAX));
    }

    /// What a store tells of its transactions; names of units are few and ours.
    #[must_use]
    pub fn holds(&self) -> HoldObserver {
        let holds = self.holds.clone();
        Box::new(move |unit, held| holds.with_label_values(&[unit]).observe(held.as_secs_f64()))
    }

    /// Counts a run of a task of the worker.
    pub fn worker_run(&self, task: &str, ok: bool) {
        self.worker_runs.with_label_values(&[task, if ok { "ok" } else { "failed" }]).inc();
    }
}

/// Times each request and logs it by its route: never by its path, query, or body, which may name a person.
pub async fn observe(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let (since, method) = (Instant::now(), request.method().clone());
    let metrics = request.app_data::<web::Data<Metrics>>().cloned();
    let response = next.call(request).await?;
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let (status, took) = (response.status(), since.elapsed());
    if let Some(metrics) = metrics {
        let labels = [known_method(&method), route.as_str(), status.as_str()];
        metrics.requests.with_label_values(&labels).observe(took.as_secs_f64());
    }
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), micros, "answered");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), micros, "answered");
    }
    Ok(response)
}

/// A method made up by a client must not become a label: labels are kept for ever.
fn known_method(method: &actix_web::http::Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
