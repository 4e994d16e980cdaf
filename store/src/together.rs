//! Looks that many callers want at once and the database answers best together.
//!
//! On PostgreSQL a look by key costs its round trip many times over; thirty looks in one statement cost little more than one. A
//! [`Lookup`] says how to read for several wishes at once. [`Together`] gathers the wishes of readers while a look is under way,
//! as group commit gathers writes; a write lane reads for all units of a batch before it runs them ([`Store::write_knowing`]).

use crate::Store;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// How to read for several wishes at once.
pub trait Lookup: Send + Sync + 'static {
    /// What one caller wants to know.
    type Wish: Send + 'static;
    /// What it is told.
    type Found: Send + 'static;

    /// An answer for each wish, in their order, all as of now.
    fn look(&self, conn: &mut AnyConnection, wishes: &[&Self::Wish]) -> Result<Vec<Self::Found>, StoreError>;
}

/// Wishes that one look takes at most.
const AT_ONCE: usize = 64;
/// Wishes that may wait; more are refused at once.
const WAITING: usize = 2048;
/// Looks under way at once. A second would only make each smaller: what a look costs is mostly its statements, not its wishes.
const UNDER_WAY: usize = 1;

/// Where somebody waits for what is found.
type Answer<L> = oneshot::Sender<Result<<L as Lookup>::Found, StoreError>>;

struct Waiting<L: Lookup> {
    wishes: VecDeque<(L::Wish, Answer<L>)>,
    under_way: usize,
}

/// Gathers wishes. Each is answered by a look that began after it was made, so an answer is never older than its question.
pub struct Together<L: Lookup> {
    lookup: Arc<L>,
    waiting: Mutex<Waiting<L>>,
    name: &'static str,
}

impl<L: Lookup + std::fmt::Debug> std::fmt::Debug for Together<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Together").field("lookup", &self.lookup).finish_non_exhaustive()
    }
}

impl<L: Lookup> Together<L> {
    /// Around a lookup; the name is for the log.
    #[must_use]
    pub fn new(name: &'static str, lookup: L) -> Self {
        Self { lookup: Arc::new(lookup), waiting: Mutex::new(Waiting { wishes: VecDeque::new(), under_way: 0 }), name }
    }

    /// The lookup itself, for units of work that wish the same.
    #[must_use]
    pub const fn lookup(&self) -> &Arc<L> {
        &self.lookup
    }

    /// Wishes that wait for a look.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).wishes.len()
    }

    /// Answers a wish, together with those of others that wait.
    pub async fn ask(self: &Arc<Self>, store: &Store, wish: L::Wish) -> Result<L::Found, StoreError> {
        let (answer, receiver) = oneshot::channel();
        let begin = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.wishes.len() >= WAITING {
                return Err(StoreError::Overloaded);
            }
            waiting.wishes.push_back((wish, answer));
            let begin = waiting.under_way < UNDER_WAY;
            waiting.under_way += usize::from(begin);
            begin
        };
        if begin && let Err(refused) = self.begin(store) {
            self.give_up(&refused);
        }
        receiver.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the reader stopped".into())))
    }

    /// Queues one look on the readers.
    fn begin(self: &Arc<Self>, store: &Store) -> Result<(), StoreError> {
        let (own, again) = (self.clone(), store.clone());
        store.readers.queue(self.name, Box::new(move |conn| own.look(&again, conn)))
    }

    /// One look; when more wishes wait by then, the next is queued behind what others want of the readers.
    fn look(self: &Arc<Self>, store: &Store, conn: Result<&mut AnyConnection, StoreError>) -> Option<StoreError> {
        let conn = match conn {
            Ok(conn) => conn,
            Err(error) => {
                self.give_up(&error);
                return None;
            }
        };
        let (wishes, answers) = self.take();
        let found = if wishes.is_empty() { Ok(Vec::new()) } else { self.lookup.look(conn, &wishes.iter().collect::<Vec<_>>()) };
        let broken = match found {
            Ok(found) => {
                // A caller that has gone needs no answer.
                answers.into_iter().zip(found).for_each(|(answer, found)| drop(answer.send(Ok(found))));
                None
            }
            Err(error) => {
                answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
                error.is_broken_connection().then_some(error)
            }
        };
        if !self.done()
            && let Err(refused) = self.begin(store)
        {
            self.give_up(&refused);
        }
        broken
    }

    /// The wishes of the next look, and who waits for them.
    fn take(&self) -> (Vec<L::Wish>, Vec<Answer<L>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let number = waiting.wishes.len().min(AT_ONCE);
        waiting.wishes.drain(..number).unzip()
    }

    /// Whether none waits; then one look fewer is under way.
    fn done(&self) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let done = waiting.wishes.is_empty();
        waiting.under_way -= usize::from(done);
        done
    }

    /// A look that could not go on: whoever waits is told, and the next wish begins anew.
    fn give_up(&self, error: &StoreError) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.under_way = waiting.under_way.saturating_sub(1);
        for (_, answer) in waiting.wishes.drain(..) {
            drop(answer.send(Err(error.clone())));
        }
    }
}
