//! Reader threads, each with a connection: looks do not wait for writes.

use crate::conn::{AnyConnection, Target};
use crate::error::StoreError;
use crate::{AsStoreError, Options};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Looks waiting at most; more are refused at once.
const QUEUE: usize = 2048;

/// A look, given a connection or why there is none; it returns the error after which the connection must be opened anew.
pub(crate) type Job = Box<dyn FnOnce(Result<&mut AnyConnection, StoreError>) -> Option<StoreError> + Send>;

struct Queued {
    name: &'static str,
    since: Instant,
    job: Job,
}

/// All readers of a store; they share one queue.
pub(crate) struct Readers {
    queue: Sender<Queued>,
}

impl Readers {
    pub(crate) fn start(options: &Options) -> Result<Self, StoreError> {
        let (queue, receiver) = bounded(QUEUE);
        let (target, cache_kb, deadline) = (&options.target, options.reader_cache_kb, options.queue_deadline);
        for number in 0..options.readers.max(1) {
            let reader = Reader { target: target.clone(), cache_kb, conn: target.connect_reader(cache_kb)?, deadline };
            let receiver = receiver.clone();
            thread::Builder::new()
                .name(format!("read-{number}"))
                .spawn(move || reader.serve(&receiver))
                .map_err(|e| StoreError::Unavailable(format!("no thread for a reader: {e}")))?;
        }
        Ok(Self { queue })
    }

    pub(crate) fn submit<T, E>(
        &self,
        name: &'static str,
        look: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, E>>, StoreError>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let result = conn.map_err(E::from).and_then(look);
            let broken = result.as_ref().err().and_then(AsStoreError::as_store_error).filter(|e| e.is_broken_connection()).cloned();
            // The caller may have gone; a look has no effect to keep.
            let _ = answer.send(result);
            broken
        });
        self.queue(name, job)?;
        Ok(receiver)
    }

    /// Queues a look that tells its callers itself.
    pub(crate) fn queue(&self, name: &'static str, job: Job) -> Result<(), StoreError> {
        self.queue.try_send(Queued { name, since: Instant::now(), job }).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the readers have stopped".into()),
        })
    }
}

struct Reader {
    target: Target,
    cache_kb: u32,
    conn: AnyConnection,
    deadline: Duration,
}

impl Reader {
    fn serve(mut self, queue: &Receiver<Queued>) {
        while let Ok(Queued { name, since, job }) = queue.recv() {
            if since.elapsed() > self.deadline {
                job(Err(StoreError::Overloaded));
                continue;
            }
            if let Some(error) = job(Ok(&mut self.conn)) {
                tracing::warn!(look = name, %error, "connection lost");
                match self.target.connect_reader(self.cache_kb) {
                    Ok(conn) => self.conn = conn,
                    Err(still) => tracing::warn!(error = %still, "the database is still not reachable"),
                }
            }
        }
    }
}
