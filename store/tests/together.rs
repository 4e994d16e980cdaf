//! Looks that are made together: by readers that wait, and by the units of a batch.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use domain::id::MenuItemId;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use store::query::catalogue::{self, MenuItemRow};
use store::{AnyConnection, AsStoreError, LaneKey, Lookup, StoreError, Together, fixture};
use testkit::both_databases;
use tokio::task::JoinSet;

/// Doubles numbers; its first look waits for the test, so that others gather behind it.
struct Doubling {
    looks: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
    gate: Arc<Barrier>,
}

const ASKS: usize = 200;

impl Lookup for Doubling {
    type Wish = usize;
    type Found = usize;

    fn look(&self, _: &mut AnyConnection, wishes: &[&usize]) -> Result<Vec<usize>, StoreError> {
        self.taken.fetch_add(wishes.len(), Ordering::SeqCst);
        if self.looks.fetch_add(1, Ordering::SeqCst) == 0 {
            self.gate.wait();
        }
        // One number stands for what the database cannot answer.
        if wishes.iter().any(|wish| **wish == ASKS + 1) {
            Err(StoreError::NotFound)
        } else {
            Ok(wishes.iter().map(|n| **n * 2).collect())
        }
    }
}

both_databases! {
    /// While a look is under way, wishes gather for the next; each wish gets its own answer.
    async fn wishes_that_wait_are_looked_up_together(world) {
        let (looks, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let gate = Arc::new(Barrier::new(2));
        let doubling = Doubling { looks: looks.clone(), taken: taken.clone(), gate: gate.clone() };
        let together = Arc::new(Together::new("double", doubling));
        let mut asks = JoinSet::new();
        for n in 0..ASKS {
            let (together, store) = (together.clone(), world.app.store.clone());
            asks.spawn(async move { (n, together.ask(&store, n).await) });
        }
        // All have asked when each wish waits or was taken by the look that waits at the gate.
        while together.waiting() + taken.load(Ordering::SeqCst) < ASKS || looks.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
        for (n, answer) in asks.join_all().await {
            assert_eq!(answer.unwrap(), 2 * n);
        }
        assert!(looks.load(Ordering::SeqCst) < ASKS / 10, "{looks:?} looks for {ASKS} wishes");
    }
}

both_databases! {
    /// A look that fails fails all in it, and the next one is not hindered.
    async fn a_failed_look_is_told_to_all_in_it_and_hinders_no_other(world) {
        let together = Arc::new(Together::new("double", Doubling {
            looks: Arc::new(AtomicUsize::new(1)),
            taken: Arc::default(),
            gate: Arc::new(Barrier::new(1)),
        }));
        let failed = together.ask(&world.app.store, ASKS + 1).await;
        assert!(matches!(failed, Err(StoreError::NotFound)), "{failed:?}");
        assert_eq!(together.ask(&world.app.store, 3).await.unwrap(), 6);
    }
}

/// A dish on a menu.
struct Item;

impl Lookup for Item {
    type Wish = MenuItemId;
    type Found = MenuItemRow;

    fn look(&self, conn: &mut AnyConnection, wishes: &[&MenuItemId]) -> Result<Vec<MenuItemRow>, StoreError> {
        let rows = catalogue::items(conn, &wishes.iter().map(|wish| **wish).collect::<Vec<_>>())?;
        wishes.iter().map(|wish| rows.iter().find(|row| row.id.0 == **wish).cloned().ok_or(StoreError::NotFound)).collect()
    }
}

/// Sold out, or the store's failure.
#[derive(Debug, Clone)]
enum Refused {
    SoldOut,
    Store(StoreError),
}
impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl AsStoreError for Refused {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::SoldOut => None,
            Self::Store(error) => Some(error),
        }
    }
}

both_databases! {
    /// Buyers of several processes and lanes, with and without the canteen's lock: what was read for a batch is never sold twice.
    async fn portions_read_for_a_batch_are_never_sold_twice(world) {
        let street = world.street().await;
        let (canteen, item) = (street.canteen, street.lunch.items[0]);
        let left = move |conn: &mut AnyConnection| {
            let rows = catalogue::items(conn, &[item])?;
            Ok::<_, StoreError>(rows.first().map_or(0, |row| row.portions - row.sold))
        };
        let there = world.app.store.read("left", left).await.unwrap();
        let apps = [world.another_app(), world.another_app()];
        let mut buyers = JoinSet::new();
        for n in 0..there * 3 {
            let store = apps[usize::try_from(n % 2).unwrap()].store.clone();
            // One in three works in a lane that holds no canteen's lock: only the conditional update stops it.
            let lane = if n % 3 == 0 { LaneKey::SHARED } else { LaneKey::of(canteen) };
            buyers.spawn(async move {
                let buy = move |tx: &mut store::Tx<'_>, row: MenuItemRow| {
                    if row.sold + tx.portions_taken(item) >= row.portions {
                        return Err(Refused::SoldOut);
                    }
                    tx.take_portions(item, 1);
                    Ok(())
                };
                store.write_knowing(lane, "buy", (Arc::new(Item), item), buy).await
            });
        }
        let mut bought = 0;
        for result in buyers.join_all().await {
            match result {
                Ok(()) => bought += 1,
                Err(Refused::SoldOut | Refused::Store(StoreError::Contention(_))) => {}
                Err(Refused::Store(other)) => panic!("{other}"),
            }
        }
        assert_eq!(bought, there);
        assert_eq!(world.app.store.read("left", left).await.unwrap(), 0);
        // The test's own bookkeeping, so that the invariants hold again: nobody's order took these portions.
        world.write(move |tx| catalogue::return_portions(tx.change(), item, there)).await;
        let sold = fixture::number(&mut world.database.connect(), "SELECT CAST(SUM(sold) AS BIGINT) AS n FROM menu_item").unwrap();
        assert_eq!(sold, 0);
    }
}
