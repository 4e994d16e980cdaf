//! Buyers: threads that order, and keep what they were answered.

use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use testkit::http::{Client, Reply, fresh_key};

/// What all buyers share.
pub struct Load {
    /// Where the server is now; it moves when it is started again.
    pub base: RwLock<String>,
    /// Orders taken: the key and the order's identifier.
    pub acknowledged: Mutex<BTreeMap<String, String>>,
    /// Answers that must not be: a status nobody asked for, or another answer to the same key.
    pub wrong: Mutex<Vec<String>>,
    /// Answers so far.
    pub answered: AtomicUsize,
    stop: AtomicBool,
    token: String,
    bodies: Vec<Value>,
}

/// A server that is killed and started again must answer within this time.
const PATIENCE: Duration = Duration::from_secs(60);

impl Load {
    /// Buyers who order one of these bodies after the other.
    pub fn new(base: &str, token: &str, bodies: Vec<Value>) -> Arc<Self> {
        Arc::new(Self {
            base: RwLock::new(base.to_owned()),
            acknowledged: Mutex::default(),
            wrong: Mutex::default(),
            answered: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            token: token.to_owned(),
            bodies,
        })
    }

    /// Starts so many buyers. With `retry` they try each order again, with its key, until it is answered; every fifth answer
    /// they throw away and ask again. Without it a request that gets no answer is a failure.
    pub fn start(self: &Arc<Self>, buyers: usize, retry: bool) -> Vec<JoinHandle<()>> {
        (0..buyers)
            .map(|n| {
                let load = self.clone();
                std::thread::spawn(move || load.buy(n, retry))
            })
            .collect()
    }

    /// Tells the buyers to finish what they have begun.
    pub fn finish(&self, buyers: Vec<JoinHandle<()>>) {
        self.stop.store(true, Ordering::SeqCst);
        for buyer in buyers {
            buyer.join().expect("a buyer");
        }
    }

    fn buy(&self, number: usize, retry: bool) {
        let mut client = self.client();
        let mut turn = number;
        while !self.stop.load(Ordering::SeqCst) {
            turn += 1;
            let (key, body) = (fresh_key(), &self.bodies[turn % self.bodies.len()]);
            let Some(reply) = self.send(&mut client, &key, body, retry) else { return };
            self.keep(&key, &reply);
            if retry && turn.is_multiple_of(5) {
                // As if the first answer had been lost on the way.
                let Some(again) = self.send(&mut client, &key, body, retry) else { return };
                if reply.status == 201 {
                    self.keep(&key, &again);
                }
            }
        }
    }

    fn send(&self, client: &mut Client, key: &str, body: &Value, retry: bool) -> Option<Reply> {
        let since = Instant::now();
        loop {
            match client.try_post_with_key("/v1/orders", key, body) {
                // The server says that it could not even try: the same key may be sent again.
                Ok(reply) if retry && reply.status == 503 => {}
                Ok(reply) => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    return Some(reply);
                }
                Err(error) if !retry => {
                    self.complain(format!("no answer: {error}"));
                    return None;
                }
                Err(_) => *client = self.client(),
            }
            if since.elapsed() > PATIENCE {
                self.complain(format!("{key} was not answered within {} s", PATIENCE.as_secs()));
                return None;
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn keep(&self, key: &str, reply: &Reply) {
        match (reply.status, reply.code()) {
            (201, _) => {
                let id = reply.body["id"].as_str().unwrap_or_default().to_owned();
                let earlier = self.acknowledged.lock().expect("lock").insert(key.to_owned(), id.clone());
                if earlier.as_ref().is_some_and(|earlier| *earlier != id) {
                    self.complain(format!("{key} was answered {earlier:?} and then {id}"));
                }
            }
            (409, "sold_out") => {}
            _ => self.complain(format!("{} {}", reply.status, reply.text)),
        }
    }

    fn complain(&self, what: String) {
        self.wrong.lock().expect("lock").push(what);
    }

    fn client(&self) -> Client {
        Client::new(&self.base.read().expect("lock"), Some(&self.token))
    }
}
