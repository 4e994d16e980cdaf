//! Who is told of a commit: listeners of this process at once, and the other processes on a shared database by NOTIFY.
//!
//! Everything here is a hint to look, never the news itself: whoever listens also looks by its own clock, and a hint that is
//! lost only delays. On PostgreSQL the notification is sent after the commit and on a connection of its own, because a NOTIFY
//! inside an order's transaction makes the server commit one after the other; what gathers within ten milliseconds is sent
//! together. Another connection listens. Both must be direct: a pooler that hands out connections by transaction hears nothing.

use crate::conn::{AnyConnection, Target};
use crate::error::StoreError;
use crate::lane::HINTS_QUEUED;
use crate::{Committed, HINTS};
use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use domain::id::{CanteenId, Id};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// Hints gather for so long before they are sent to the other processes.
const GATHER: Duration = Duration::from_millis(10);
/// How often a listening connection is looked at. The look costs one system call.
const LOOK: Duration = Duration::from_millis(20);
/// After so many looks the connection is asked whether it still lives: half a minute.
const ASK_AFTER: u32 = 1_500;
/// The longest pause between two tries to connect again.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Canteens named in one notification: the server takes 8,000 bytes.
const NAMED: usize = 150;
/// Stands in a notification for work for the worker.
const JOBS: &str = "jobs";
const LISTEN: &str = "LISTEN nuanfan_committed";

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hint {
    Log(CanteenId),
    Jobs,
}

/// The listeners of this process.
#[derive(Debug)]
struct Here {
    logs: broadcast::Sender<Committed>,
    jobs: Arc<Notify>,
}

impl Here {
    fn tell(&self, hint: Hint) {
        match hint {
            // Nobody may be listening; the log is read anyway.
            Hint::Log(canteen) => drop(self.logs.send(Committed { canteen })),
            Hint::Jobs => self.jobs.notify_one(),
        }
    }
}

/// Tells of commits. Cheap to clone; its threads end when the last clone is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Herald {
    here: Arc<Here>,
    others: Option<Sender<Hint>>,
}

impl Herald {
    /// For a database; with others at work on it when it is a shared one and `others` says so.
    pub(crate) fn start(target: &Target, others: bool) -> Result<Self, StoreError> {
        let (logs, _) = broadcast::channel(HINTS);
        let here = Arc::new(Here { logs, jobs: Arc::new(Notify::new()) });
        let Target::Postgres(_) = target else { return Ok(Self { here, others: None }) };
        if !others {
            return Ok(Self { here, others: None });
        }
        // So that a process does not hear itself.
        let own = uuid::Uuid::now_v7().simple().to_string();
        let (sender, receiver) = bounded(HINTS_QUEUED);
        spawn("herald", {
            let (target, own) = (target.clone(), own.clone());
            move || send_on(&target, &own, &receiver)
        })?;
        spawn("listener", {
            let (target, here) = (target.clone(), Arc::downgrade(&here));
            move || hear(&target, &own, &here)
        })?;
        Ok(Self { here, others: Some(sender) })
    }

    /// After a commit.
    pub(crate) fn tell(&self, logs: Vec<Committed>, jobs: bool) {
        for hint in logs.into_iter().map(|committed| Hint::Log(committed.canteen)).chain(jobs.then_some(Hint::Jobs)) {
            self.here.tell(hint);
            if let Some(others) = &self.others {
                // Full: the others find out by their own look.
                let _ = others.try_send(hint);
            }
        }
    }

    /// Hints that a canteen's log has grown.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Committed> {
        self.here.logs.subscribe()
    }

    /// Wakes when work for the worker was added.
    pub(crate) fn jobs(&self) -> Arc<Notify> {
        self.here.jobs.clone()
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map(|_| ()).map_err(|e| StoreError::Unavailable(format!("no thread for the {name}: {e}")))
}

/// Sends hints to the other processes until the store is gone.
fn send_on(target: &Target, own: &str, hints: &Receiver<Hint>) {
    let mut conn: Option<AnyConnection> = None;
    while let Ok(first) = hints.recv() {
        let mut gathered = BTreeSet::from([first]);
        let end = std::time::Instant::now() + GATHER;
        while let Ok(hint) = hints.recv_deadline(end) {
            gathered.insert(hint);
        }
        for payload in payloads(own, &gathered) {
            if let Err(error) = notify(target, &mut conn, &payload) {
                tracing::debug!(%error, "the other processes were not told; they look by themselves");
                conn = None;
                break;
            }
        }
    }
}

fn notify(target: &Target, conn: &mut Option<AnyConnection>, payload: &str) -> Result<(), StoreError> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(target.connect()?),
    };
    diesel::sql_query("SELECT pg_notify('nuanfan_committed', $1)").bind::<Text, _>(payload).execute(conn)?;
    Ok(())
}

/// `sender hint hint ...`, each short enough for the server.
fn payloads(own: &str, hints: &BTreeSet<Hint>) -> Vec<String> {
    let words: Vec<String> = hints
        .iter()
        .map(|hint| match hint {
            Hint::Log(canteen) => canteen.uuid().simple().to_string(),
            Hint::Jobs => JOBS.to_owned(),
        })
        .collect();
    words.chunks(NAMED).map(|some| format!("{own} {}", some.join(" "))).collect()
}

/// What another process told; nothing for one's own words or for what this version does not know.
fn heard(own: &str, payload: &str) -> Vec<Hint> {
    let mut words = payload.split(' ');
    if words.next() == Some(own) {
        return Vec::new();
    }
    words
        .filter_map(|word| match word {
            JOBS => Some(Hint::Jobs),
            id => uuid::Uuid::try_parse(id).ok().map(|id| Hint::Log(Id::from_uuid(id))),
        })
        .collect()
}

/// Listens until the store is gone; a broken connection is made anew, with growing pauses.
fn hear(target: &Target, own: &str, here: &Weak<Here>) {
    let mut pause = LOOK;
    while here.strong_count() > 0 {
        match hear_on(target, own, here, &mut pause) {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, "not hearing the other processes' commits; looking by the clock until that is mended");
                // In short steps, so that a store that is dropped meanwhile does not wait for this thread's connection.
                let until = std::time::Instant::now() + pause;
                while std::time::Instant::now() < until && here.strong_count() > 0 {
                    thread::sleep(LOOK);
                }
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

fn hear_on(target: &Target, own: &str, here: &Weak<Here>, pause: &mut Duration) -> Result<(), StoreError> {
    let mut conn = target.connect()?;
    conn.batch_execute(LISTEN)?;
    let AnyConnection::Postgres(conn) = &mut conn else { return Ok(()) };
    *pause = LOOK;
    let mut looks = 0;
    loop {
        let Some(here) = here.upgrade() else { return Ok(()) };
        for notification in conn.notifications_iter() {
            heard(own, &notification?.payload).into_iter().for_each(|hint| here.tell(hint));
        }
        drop(here);
        looks += 1;
        if looks == ASK_AFTER {
            looks = 0;
            conn.batch_execute("SELECT 1")?;
        }
        thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_says_to_others_what_was_told_and_to_its_sender_nothing() {
        let canteen = |n: u128| Hint::Log(Id::from_uuid(uuid::Uuid::from_u128(n)));
        let hints: BTreeSet<Hint> = (0..400).map(canteen).chain([Hint::Jobs]).collect();
        let sent = payloads("me", &hints);
        assert!(sent.iter().all(|payload| payload.len() < 8000), "the server's limit");
        let told: BTreeSet<Hint> = sent.iter().flat_map(|payload| heard("you", payload)).collect();
        assert_eq!(told, hints);
        assert!(sent.iter().all(|payload| heard("me", payload).is_empty()));
        assert_eq!(heard("you", "me something-newer"), Vec::new());
    }
}
