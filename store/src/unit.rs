//! Units of work as a lane holds them: type erased, with what they wish to know before they run.

use crate::AsStoreError;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::together::Lookup;
use crate::tx::Tx;
use std::any::{Any, TypeId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A queued unit of work, the types of its wish and its answer erased.
pub(crate) trait Work: Send {
    /// What the unit wishes to know before it runs.
    fn wish(&self) -> &dyn Any;
    /// Answers wishes of this unit's kind, its own among them.
    fn look(&self, conn: &mut AnyConnection, wishes: &[&dyn Any]) -> Result<Vec<Box<dyn Any>>, StoreError>;
    /// Hands the unit its answer, for one run.
    fn tell(&mut self, found: Box<dyn Any>);
    /// Runs the unit once and keeps its result until [`finish`](Self::finish).
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran;
    /// Answers the caller with what the last run gave, after the commit.
    fn finish(self: Box<Self>);
    /// Answers the caller with a failure.
    fn fail(self: Box<Self>, error: StoreError);
}

/// What came of one run.
pub(crate) enum Ran {
    Done,
    Refused,
    Failed(StoreError),
}

/// A unit of work and who waits for it.
pub(crate) struct Unit<L: Lookup, F, T, E> {
    lookup: Arc<L>,
    wish: L::Wish,
    found: Option<L::Found>,
    unit: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<L: Lookup, F, T, E> Unit<L, F, T, E> {
    pub(crate) fn new(lookup: Arc<L>, wish: L::Wish, unit: F, answer: oneshot::Sender<Result<T, E>>) -> Self {
        Self { lookup, wish, found: None, unit, result: None, answer }
    }
}

impl<L, F, T, E> Work for Unit<L, F, T, E>
where
    L: Lookup,
    F: FnMut(&mut Tx<'_>, L::Found) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + AsStoreError + Send,
{
    fn wish(&self) -> &dyn Any {
        &self.wish
    }

    fn look(&self, conn: &mut AnyConnection, wishes: &[&dyn Any]) -> Result<Vec<Box<dyn Any>>, StoreError> {
        let wishes: Vec<&L::Wish> = wishes.iter().filter_map(|wish| wish.downcast_ref()).collect();
        let boxed = |found: L::Found| -> Box<dyn Any> { Box::new(found) };
        Ok(self.lookup.look(conn, &wishes)?.into_iter().map(boxed).collect())
    }

    fn tell(&mut self, found: Box<dyn Any>) {
        self.found = found.downcast().ok().map(|found| *found);
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Ran {
        let Some(found) = self.found.take() else {
            return Ran::Failed(StoreError::Database("a unit was not told what it wished to know".into()));
        };
        let result = (self.unit)(tx, found);
        let ran = match &result {
            Ok(_) => Ran::Done,
            Err(error) => error.as_store_error().map_or(Ran::Refused, |e| Ran::Failed(e.clone())),
        };
        self.result = Some(result);
        ran
    }

    fn finish(self: Box<Self>) {
        let result = self.result.unwrap_or_else(|| Err(E::from(StoreError::Unavailable("the unit was not run".into()))));
        // The caller may have gone; what was committed stays committed.
        let _ = self.answer.send(result);
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(E::from(error)));
    }
}

/// The lookup of units that wish to know nothing.
pub(crate) struct Nothing;

impl Lookup for Nothing {
    type Wish = ();
    type Found = ();

    fn look(&self, _: &mut AnyConnection, wishes: &[&()]) -> Result<Vec<()>, StoreError> {
        Ok(vec![(); wishes.len()])
    }
}

/// Tells all units what they wish to know: one look for all wishes of a kind.
pub(crate) fn tell_all(conn: &mut AnyConnection, units: &mut [&mut Box<dyn Work>]) -> Result<(), StoreError> {
    let mut kinds: Vec<TypeId> = Vec::new();
    for unit in units.iter() {
        let kind = unit.wish().type_id();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    for kind in kinds {
        let mut alike: Vec<&mut &mut Box<dyn Work>> = units.iter_mut().filter(|unit| unit.wish().type_id() == kind).collect();
        let wishes: Vec<&dyn Any> = alike.iter().map(|unit| unit.wish()).collect();
        let Some(first) = alike.first() else { continue };
        let found = first.look(conn, &wishes)?;
        if found.len() != alike.len() {
            return Err(StoreError::Database("a lookup did not answer each wish".into()));
        }
        alike.iter_mut().zip(found).for_each(|(unit, found)| unit.tell(found));
    }
    Ok(())
}
