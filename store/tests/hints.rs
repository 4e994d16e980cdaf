//! Hints between processes: a commit of one wakes the listeners of another, also after the connection broke; nothing rests on it.

// Test code: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use domain::event::EventKind;
use domain::id::{CanteenId, Id};
use std::time::Duration;
use store::column::{Col, Word};
use store::query::rows::EventRow;
use store::{Committed, LaneKey, Store, StoreError, Tx, fixture};
use testkit::{Engine, World};
use tokio::sync::broadcast::Receiver;

/// Tries, each with a commit of its own: the listener of a process that has just begun may not be there yet.
const TRIES: usize = 100;
const SOON: Duration = Duration::from_millis(200);

async fn commit(store: &Store, canteen: CanteenId) {
    let unit = move |tx: &mut Tx<'_>| {
        let (seq, now) = (tx.next_event_seq(canteen)?, tx.now());
        tx.pending().event(EventRow {
            canteen_id: Col(canteen),
            seq,
            kind: Word(EventKind::DishStopped),
            sitting_id: None,
            subject_id: Col(Id::from_uuid(canteen.uuid())),
            payload: "told".to_owned(),
            at: Col(now),
        });
        Ok::<_, StoreError>(())
    };
    store.write(LaneKey::of(canteen), "tell", unit).await.unwrap();
}

async fn is_told(by: &Store, hints: &mut Receiver<Committed>, canteen: CanteenId) -> bool {
    for _ in 0..TRIES {
        commit(by, canteen).await;
        if let Ok(hint) = tokio::time::timeout(SOON, hints.recv()).await {
            assert_eq!(hint.unwrap().canteen, canteen);
            return true;
        }
    }
    false
}

#[test]
fn a_commit_of_one_process_wakes_the_listeners_of_another_also_after_its_connection_broke() {
    let world = World::new(Engine::Postgres);
    world.wait(async {
        let street = world.street().await;
        let (one, other) = (world.one_of_several(), world.one_of_several());
        let mut hints = other.store.listen();
        assert!(is_told(&one.store, &mut hints, street.canteen).await);
        // Both listen: the one that tells and the one that is told.
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE datname = current_database() AND (query LIKE 'LISTEN %' OR query LIKE '%pg_notify%') AND pid <> pg_backend_pid()";
        fixture::execute(&mut world.database.connect(), kill).unwrap();
        assert!(is_told(&one.store, &mut hints, street.canteen).await);
    });
}

#[test]
fn a_process_does_not_hear_itself_and_one_that_does_not_listen_hears_nothing() {
    let world = World::new(Engine::Postgres);
    world.wait(async {
        let street = world.street().await;
        let (one, other, alone) = (world.one_of_several(), world.one_of_several(), world.another_app());
        let (mut own, mut others, mut none) = (one.store.listen(), other.store.listen(), alone.store.listen());
        assert!(is_told(&one.store, &mut others, street.canteen).await);
        // Each of its commits once, from itself alone: what was sent out by then has come back by now.
        let mut heard = 0;
        while tokio::time::timeout(SOON, own.recv()).await.is_ok() {
            heard += 1;
        }
        let head = one.store.read("head", move |conn| store::query::events::head(conn, street.canteen)).await.unwrap();
        assert_eq!(heard, head);
        assert!(none.try_recv().is_err());
    });
}
