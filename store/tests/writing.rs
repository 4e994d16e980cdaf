//! Units of work: batches, refusals, conflicts, numbers without gaps, and the names of what was violated.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use domain::event::EventKind;
use domain::id::{CanteenId, Id};
use domain::{Fen, Instant};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::query::rows::{EventRow, IdempotencyRow, JobRow, JobState};
use store::query::{catalogue, events, installation};
use store::{AsStoreError, LaneKey, Store, StoreError, Tx, fixture};
use testkit::{World, both_databases};
use tokio::task::JoinSet;

/// A refusal of a test's own unit, or the store's failure.
#[derive(Debug, Clone)]
enum Told {
    No,
    Store(StoreError),
}
impl From<StoreError> for Told {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl AsStoreError for Told {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::No => None,
            Self::Store(error) => Some(error),
        }
    }
}

fn record(tx: &mut Tx<'_>, canteen: CanteenId, payload: &str) -> Result<i64, StoreError> {
    let (seq, now) = (tx.next_event_seq(canteen)?, tx.now());
    tx.pending().event(EventRow {
        canteen_id: Col(canteen),
        seq,
        kind: Word(EventKind::DishStopped),
        sitting_id: None,
        subject_id: Col(Id::from_uuid(canteen.uuid())),
        payload: payload.to_owned(),
        at: Col(now),
    });
    Ok(seq)
}

/// Reads a log to its end as a display does: only ever what lies behind its last number.
async fn follow(store: Store, canteen: CanteenId, until: usize) -> Vec<(i64, String)> {
    let mut seen: Vec<(i64, String)> = Vec::new();
    while seen.len() < until {
        let after = seen.last().map_or(0, |(seq, _)| *seq);
        let rows = store.read("follow", move |conn| events::after(conn, canteen, after, 50)).await;
        seen.extend(rows.unwrap().into_iter().map(|row: EventRow| (row.seq, row.payload)));
        tokio::task::yield_now().await;
    }
    seen
}

/// Units of work of each store, and how many stores write at once.
const UNITS: usize = 60;
const STORES: usize = 3;

both_databases! {
    /// Several processes write to the log of one canteen while a consumer reads along: it sees each event once, in order.
    async fn a_consumer_misses_no_event_of_concurrent_writers(world) {
        let canteen = world.street().await.canteen;
        let apps: Vec<_> = (0..STORES).map(|_| world.another_app()).collect();
        let follower = tokio::spawn(follow(world.app.store.clone(), canteen, UNITS * STORES));
        let mut writers = JoinSet::new();
        for (number, app) in apps.iter().enumerate() {
            for unit in 0..UNITS {
                let store = app.store.clone();
                writers.spawn(async move {
                    let payload = format!("{number}/{unit}");
                    // Different keys, so that the units of one process are spread over its lanes too.
                    let key = LaneKey::of(CanteenId::from_uuid(uuid::Uuid::from_u128(unit as u128)));
                    store.write(key, "record", move |tx| record(tx, canteen, &payload)).await
                });
            }
        }
        while let Some(written) = writers.join_next().await {
            written.unwrap().unwrap();
        }
        let seen = follower.await.unwrap();
        let numbers: Vec<i64> = seen.iter().map(|(seq, _)| *seq).collect();
        let expected: Vec<i64> = (1..).take(UNITS * STORES).collect();
        assert_eq!(numbers, expected);
        let payloads: BTreeSet<&String> = seen.iter().map(|(_, payload)| payload).collect();
        assert_eq!(payloads.len(), UNITS * STORES);
    }
}

both_databases! {
    /// Units that refuse in the middle of a batch, before or after they wrote, leave no trace and hold nobody up.
    async fn a_refusal_in_a_batch_undoes_its_own_unit_only(world) {
        let street = world.street().await;
        let (canteen, sitting, item) = (street.canteen, street.lunch.sitting, street.lunch.items[0]);
        let mut units = JoinSet::new();
        for n in 0..50usize {
            let store = world.app.store.clone();
            units.spawn(async move {
                let unit = move |tx: &mut Tx<'_>| -> Result<i64, Told> {
                    // Every fifth refuses at once; every fifth after a pending row; after taking a portion; after a change.
                    match n % 5 {
                        0 => return Err(Told::No),
                        1 => {
                            record(tx, canteen, "never")?;
                            return Err(Told::No);
                        }
                        2 => {
                            tx.take_portions(item, 1);
                            return Err(Told::No);
                        }
                        3 => {
                            catalogue::change_sitting(tx.change(), sitting, None)?;
                            return Err(Told::No);
                        }
                        _ => {}
                    }
                    tx.take_portions(item, 1);
                    Ok(record(tx, canteen, "kept")?)
                };
                (n, store.write(LaneKey::of(canteen), "mixed", unit).await)
            });
        }
        while let Some(done) = units.join_next().await {
            let (n, result) = done.unwrap();
            assert_eq!(result.is_ok(), n % 5 == 4, "{n}: {result:?}");
        }
        let seen = follow(world.app.store.clone(), canteen, 10).await;
        assert_eq!(seen, (1..=10).map(|seq| (seq, "kept".to_owned())).collect::<Vec<_>>());
        let sold = fixture::number(&mut world.database.connect(), "SELECT CAST(SUM(sold) AS BIGINT) AS n FROM menu_item").unwrap();
        assert_eq!(sold, 10);
        let versions = fixture::number(&mut world.database.connect(), "SELECT CAST(SUM(version) AS BIGINT) AS n FROM sitting").unwrap();
        let sittings = fixture::number(&mut world.database.connect(), "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM sitting").unwrap();
        assert_eq!(versions, sittings, "a refused change was kept");
        // The test's own bookkeeping, so that the invariants hold again.
        give_back(world, item, 10).await;
    }
}

async fn give_back(world: &World, item: domain::id::MenuItemId, quantity: i64) {
    world.write(move |tx| catalogue::return_portions(tx.change(), item, quantity)).await;
}

both_databases! {
    /// A unit that breaks a unique key in a batch is run alone, and fails alone, with the key's name.
    async fn a_broken_key_in_a_batch_fails_its_own_unit_only(world) {
        let mut units = JoinSet::new();
        for n in 0..20i64 {
            let store = world.app.store.clone();
            units.spawn(async move {
                let answer = move |tx: &mut Tx<'_>| {
                    let row = answer_row(if n < 10 { 0 } else { n }, tx.now());
                    tx.pending().answer(row);
                    Ok::<_, StoreError>(())
                };
                store.write(LaneKey::SHARED, "answer", answer).await
            });
        }
        let results: Vec<_> = units.join_all().await;
        // Ten want one key: one gets it. They would be retried for ever if a unique key were taken for a conflict only.
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 11);
        for error in results.into_iter().filter_map(Result::err) {
            assert!(matches!(&error, StoreError::Unique(name) if name.contains("idempotency")), "{error:?}");
        }
    }
}

fn answer_row(key: i64, at: Instant) -> IdempotencyRow {
    IdempotencyRow {
        scope: "test".into(),
        key: key.to_string(),
        request_hash: vec![1],
        status: 201,
        body: "{}".into(),
        created_at: Col(at),
    }
}

both_databases! {
    /// Each kind of violated constraint is told by kind and name.
    async fn a_violated_constraint_is_told_by_its_name(world) {
        let street = world.street().await;
        let item = street.lunch.items[0];
        let (sitting, dish) = (street.lunch.sitting, street.dishes[0]);
        let oversell = world.app.store.write(LaneKey::SHARED, "oversell", move |tx| {
            catalogue::return_portions(tx.change(), item, 1)
        });
        let error = oversell.await.unwrap_err();
        assert!(matches!(&error, StoreError::Check(name) if name == "menu_item_never_oversold"), "{error:?}");

        let twice = world.app.store.write(LaneKey::SHARED, "place_twice", move |tx| {
            fixture::place(tx.change(), &domain::PlaceCode::parse("99").unwrap(), "again")
        });
        let error = twice.await.unwrap_err();
        assert!(matches!(&error, StoreError::Unique(name) if name.contains("place")), "{error:?}");

        let nowhere = world.app.store.write(LaneKey::SHARED, "orphan", move |tx| {
            let row = store::query::catalogue::MenuItemRow {
                id: Col(tx.new_id()),
                sitting_id: Col(Id::from_uuid(dish.uuid())),
                dish_id: Col(dish),
                rank: 1,
                price_fen: Col(Fen(1)),
                portions: 1,
                sold: 0,
                stopped: false, small_price_fen: None, large_price_fen: None,
            };
            let (held, _) = catalogue::sitting_with_canteen(tx.look(), sitting)?.ok_or(StoreError::NotFound)?;
            let held = store::query::catalogue::SittingRow { id: Col(tx.new_id()), service_date: Col(held.service_date.0.plus_days(9)), ..held };
            fixture::sitting(tx.change(), &held, &[row])
        });
        let error = nowhere.await.unwrap_err();
        assert!(matches!(error, StoreError::ForeignKey), "{error:?}");
    }
}

both_databases! {
    /// A unit that cannot even be queued changes nothing, and a dropped caller does not stop a queued one.
    async fn a_queued_unit_runs_to_its_end_though_its_caller_goes_away(world) {
        let canteen = world.street().await.canteen;
        let store = world.app.store.clone();
        let task = tokio::spawn(async move { store.write(LaneKey::of(canteen), "lonely", move |tx| record(tx, canteen, "kept")).await });
        // The writer behind it in the same lane answers only when the first is done, whether or not someone waits for it.
        tokio::task::yield_now().await;
        task.abort();
        let aborted_before_it_was_queued = task.await.is_err_and(|error| error.is_cancelled());
        let seq = world.app.store.write(LaneKey::of(canteen), "second", move |tx| record(tx, canteen, "second")).await.unwrap();
        let seen = follow(world.app.store.clone(), canteen, usize::try_from(seq).unwrap()).await;
        assert!(seq == 2 || aborted_before_it_was_queued);
        assert_eq!(seen.last().map(|(_, payload)| payload.as_str()), Some("second"));
    }
}

both_databases! {
    /// What is sealed never stands in the clear in the database, and opens to what was sealed.
    async fn sealed_fields_are_unreadable_in_the_database(world) {
        let street = world.street().await;
        let mut conn = world.database.connect();
        let row = store::query::seniors::find(&mut conn, street.senior.id).unwrap().unwrap();
        let opened = world.app.store.sealer().open(store::seal::Field::SeniorIdNo, street.senior.id, &row.id_no_enc).unwrap();
        assert_eq!(opened.reveal(), &street.senior.id_no);
        let hidden = [&street.senior.id_no, &street.senior.phone, &street.senior.card];
        if let store::Target::Sqlite(path) = world.database.target() {
            for file in [path.clone(), format!("{path}-wal")] {
                let bytes = std::fs::read(&file).unwrap();
                for secret in hidden {
                    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "found in {file}");
                }
            }
        }
        for secret in hidden {
            for column in [&row.id_no_enc, &row.id_no_bix, row.phone_enc.as_ref().unwrap(), row.card_bix.as_ref().unwrap()] {
                assert!(!column.windows(secret.len()).any(|window| window == secret.as_bytes()));
            }
        }
    }
}

both_databases! {
    /// Two processes that start on a new database at once make one installation.
    async fn an_installation_is_made_once(world) {
        let apps: Arc<Vec<_>> = Arc::new((0..4).map(|_| world.another_app()).collect());
        fixture::execute(&mut world.database.connect(), "DELETE FROM installation").unwrap();
        let mut openings = JoinSet::new();
        for n in 0..apps.len() {
            let apps = apps.clone();
            openings.spawn(async move { app::installation::open(&apps[n]).await.unwrap() });
        }
        let opened: Vec<_> = openings.join_all().await;
        assert!(opened.iter().all(|installed| installed.epoch == opened[0].epoch));
        assert_eq!(opened.iter().filter(|installed| installed.setup_token.is_some()).count(), 1);
        assert!(installation::find(&mut world.database.connect()).unwrap().is_some());
    }
}

both_databases! {
    /// A job that is left over would be found by every test's end; this shows that the end looks.
    async fn a_job_left_over_is_seen(world) {
        let made = world.write(|tx| {
            let id = tx.new_id();
            let (at, kind) = (Col(tx.now()), "test".to_owned());
            tx.pending().job(JobRow { id: Col(id), kind, payload: String::new(), state: Word(JobState::Queued), due_at: at, leased_until: None, attempts: 0, last_error: None, created_at: at });
            Ok(id)
        }).await;
        let left = fixture::jobs_left_over(&mut world.database.connect()).unwrap();
        assert_eq!(left, [("test".to_owned(), 1)]);
        world.write(move |tx| {
            let row = store::query::jobs::find(tx.look(), made)?.ok_or(StoreError::NotFound)?;
            store::query::jobs::finish(tx.change(), &row).map(drop)
        }).await;
    }
}
