//! Orders over HTTP: a quote and a place request each, counted once.

use crate::BenchError;
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Makes the n-th order's body; the same n is the same order.
pub type Orders = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// What to drive.
#[derive(Clone)]
pub struct Target {
    /// The server.
    pub address: SocketAddr,
    /// A session for each client.
    pub tokens: Vec<String>,
    /// The orders.
    pub orders: Orders,
}

/// What was measured.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Measured {
    /// Orders accepted within the measured time.
    pub orders: u64,
    /// Orders a second.
    pub per_second: f64,
    /// Median of quote and place together, in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
}

/// Each client sends its next order when the last is answered: the most the server takes.
pub async fn closed_loop(target: &Target, warm_up: Duration, measure: Duration) -> Result<Measured, BenchError> {
    run(target, warm_up, measure, None).await
}

/// Orders begin at a fixed rate whatever the server does, and are timed from when they should have begun, so that a stall counts
/// against every order that would have come in it.
pub async fn open_loop(target: &Target, per_second: f64, warm_up: Duration, measure: Duration) -> Result<Measured, BenchError> {
    run(target, warm_up, measure, Some(per_second)).await
}

async fn run(target: &Target, warm_up: Duration, measure: Duration, rate: Option<f64>) -> Result<Measured, BenchError> {
    let (start, next) = (Instant::now() + Duration::from_millis(50), Arc::new(AtomicU64::new(0)));
    let window = (start + warm_up, start + warm_up + measure);
    let base = ORDERS_SO_FAR.load(Ordering::Relaxed);
    let mut clients = Vec::with_capacity(target.tokens.len());
    for token in &target.tokens {
        let client = Client::connect(target.address, token).await?;
        clients.push(tokio::spawn(client.work(target.orders.clone(), next.clone(), base, start, window, rate)));
    }
    let mut all = Histogram::<u64>::new(3).map_err(|e| BenchError::Other(e.to_string()))?;
    for client in clients {
        let own = client.await.map_err(|e| BenchError::Other(e.to_string()))??;
        all.add(own).map_err(|e| BenchError::Other(e.to_string()))?;
    }
    ORDERS_SO_FAR.store(base + next.load(Ordering::Relaxed), Ordering::Relaxed);
    let ms = |micros: u64| micros as f64 / 1e3;
    Ok(Measured {
        orders: all.len(),
        per_second: all.len() as f64 / measure.as_secs_f64(),
        p50_ms: ms(all.value_at_quantile(0.5)),
        p99_ms: ms(all.value_at_quantile(0.99)),
    })
}

/// Orders of earlier runs in this process, so that no run repeats another's.
static ORDERS_SO_FAR: AtomicU64 = AtomicU64::new(0);

struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    token: String,
}

impl Client {
    async fn connect(address: SocketAddr, token: &str) -> Result<Self, BenchError> {
        let fault = |e: &dyn std::error::Error| BenchError::Http(e.to_string());
        let stream = TcpStream::connect(address).await.map_err(|e| fault(&e))?;
        stream.set_nodelay(true).map_err(|e| fault(&e))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| fault(&e))?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string(), token: format!("Bearer {token}") })
    }

    async fn work(
        mut self,
        orders: Orders,
        next: Arc<AtomicU64>,
        base: u64,
        start: Instant,
        window: (Instant, Instant),
        rate: Option<f64>,
    ) -> Result<Histogram<u64>, BenchError> {
        let mut times = Histogram::<u64>::new(3).map_err(|e| BenchError::Other(e.to_string()))?;
        tokio::time::sleep_until(start.into()).await;
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let intended = rate.map(|rate| start + Duration::from_secs_f64(n as f64 / rate));
            if let Some(at) = intended {
                tokio::time::sleep_until(at.into()).await;
            }
            let began = intended.unwrap_or_else(Instant::now);
            if began >= window.1 {
                return Ok(times);
            }
            self.order(base + n, &orders(base + n)).await?;
            let ended = Instant::now();
            if began >= window.0 && (rate.is_some() || ended <= window.1) {
                let micros = u64::try_from(ended.duration_since(began).as_micros()).unwrap_or(u64::MAX);
                times.record(micros.max(1)).map_err(|e| BenchError::Other(e.to_string()))?;
            }
        }
    }

    async fn order(&mut self, n: u64, body: &str) -> Result<(), BenchError> {
        self.post("/v1/quotes", None, body).await?;
        self.post("/v1/orders", Some(format!("bench-{n:012}")), body).await
    }

    async fn post(&mut self, path: &str, key: Option<String>, body: &str) -> Result<(), BenchError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("host", &self.host)
            .header("authorization", &self.token)
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request =
            request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).map_err(|e| BenchError::Http(e.to_string()))?;
        let response = self.sender.send_request(request).await.map_err(|e| BenchError::Http(e.to_string()))?;
        let status = response.status();
        let answer = response.into_body().collect().await.map_err(|e| BenchError::Http(e.to_string()))?.to_bytes();
        if status.is_success() {
            return Ok(());
        }
        Err(BenchError::Status { status: status.as_u16(), body: String::from_utf8_lossy(&answer).chars().take(400).collect() })
    }
}
