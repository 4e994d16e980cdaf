//! Bringing SQLite's log home, beside the writer.
//!
//! By itself SQLite does this within a commit: every few thousand pages some order waits for all of them to be copied and synced.
//! Here a thread with a connection of its own copies while the writer goes on; the writer's own turn, at a multiple of the
//! pages, then finds nearly all of it done and starts the log anew.

use crate::conn::{Dialect, Target};
use crate::error::StoreError;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks while there are commits: often enough that little is left to copy, seldom enough that syncing the file does
/// not stand in the way of commits.
const PAUSE: Duration = Duration::from_millis(250);

/// Tells the thread that there was a commit.
#[derive(Clone)]
pub(crate) struct Checkpoints(Option<Sender<()>>);

impl Checkpoints {
    /// Starts the thread, which ends with the last clone of what is returned. On PostgreSQL there is nothing to do.
    pub(crate) fn start(target: &Target) -> Result<Self, StoreError> {
        if target.dialect() == Dialect::Postgres {
            return Ok(Self(None));
        }
        let (sender, commits) = bounded(1);
        let mut conn = target.connect()?;
        thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || bring_home(&commits, |sql| conn.batch_execute(sql).map_err(StoreError::from)))
            .map_err(|e| StoreError::Unavailable(format!("no thread for checkpoints: {e}")))?;
        Ok(Self(Some(sender)))
    }

    /// There was a commit. Never waits.
    pub(crate) fn committed(&self) {
        if let Some(commits) = &self.0 {
            match commits.try_send(()) {
                // Full: it knows already. Disconnected: the writer does it by itself.
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    }
}

fn bring_home(commits: &Receiver<()>, mut run: impl FnMut(&str) -> Result<(), StoreError>) {
    let mut more = false;
    while more || commits.recv().is_ok() {
        // Passive: it waits for nobody and nobody waits for it.
        if let Err(error) = run("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(%error, "the log was not brought home; the writer will do it");
        }
        more = false;
        let until = Instant::now() + PAUSE;
        loop {
            match commits.recv_deadline(until) {
                Ok(()) => more = true,
                Err(RecvTimeoutError::Timeout) => break,
                // The store is gone; who closes the database last leaves nothing in the log.
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
