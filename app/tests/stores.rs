//! Storage places and stock-takes, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::failure::{Failure, Thing};
use app::ingredients::dispose::{self, Disposal};
use app::ingredients::receive::receive;
use app::ingredients::{IngredientRefusal as Refusal, count, lots, places};
use domain::stock::{CountOutcome, DisposalCause, PlaceKind};
use kitchen::{Kitchen, key};

#[tokio::test]
async fn a_kitchen_that_has_named_its_places_puts_goods_only_where_such_goods_are_kept() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let put = async |name: &str| {
            let mut delivery = k.delivery(&supplier, k.pork, 5000);
            delivery.storage_place = name.into();
            receive(&k.app, k.cook.clone(), key(), k.canteen, delivery).await.map(|lot| lot.storage_place)
        };
        let add = async |name: &str, kind| places::add(&k.app, k.cook.clone(), key(), k.canteen, name.into(), kind).await;
        put("哪里都行").await.unwrap();
        let fridge = add("1 号冰箱", PlaceKind::Chilled).await.unwrap();
        add("1 号货架", PlaceKind::Ambient).await.unwrap();
        assert_eq!(add("1 号冰箱", PlaceKind::Frozen).await.unwrap_err(), Failure::Refused(Refusal::PlaceExists));
        let unknown = put("2 号冰箱").await.unwrap_err();
        assert_eq!(unknown, Failure::Refused(Refusal::UnknownPlace { places: vec!["1 号冰箱".into()] }));
        let wrong = put("1 号货架").await.unwrap_err();
        assert_eq!(wrong, Failure::Refused(Refusal::WrongPlace { kind: PlaceKind::Ambient }));
        assert_eq!(put("1 号冰箱").await.unwrap(), "1 号冰箱");
        let away = places::end(&k.app, k.stranger.clone(), key(), fridge.place).await.unwrap_err();
        assert_eq!(away, Failure::NotFound(Thing::StoragePlace));
        places::end(&k.app, k.cook.clone(), key(), fridge.place).await.unwrap();
        let ended = put("1 号冰箱").await.unwrap_err();
        assert_eq!(ended, Failure::Refused(Refusal::UnknownPlace { places: vec![] }));
        add("1 号冰箱", PlaceKind::Chilled).await.unwrap();
        let all = places::list(&k.app, k.manager.clone(), k.canteen).await.unwrap();
        assert_eq!(all.iter().map(|p| p.ended_at.is_some()).collect::<Vec<_>>(), [true, false, false]);
    }
}

#[tokio::test]
async fn a_count_within_the_tolerance_changes_nothing_and_a_shortage_is_written_off_with_its_reason() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 10_000).await.lot;
        let counted = async |amount: i64, reason: &str| {
            let done = count::count(&k.app, k.cook.clone(), key(), lot, amount, reason.into()).await;
            done.map(|c| (c.outcome, c.written_off))
        };
        let books = async || {
            let lot = lots::find(&k.app, k.manager.clone(), lot).await.unwrap();
            assert_eq!(lot.received, lot.issued + lot.disposed + lot.stock);
            (lot.disposed, lot.stock)
        };
        assert_eq!((counted(9800, "").await.unwrap(), books().await), ((CountOutcome::Agrees, 0), (0, 10_000)));
        let differs = |outcome| Failure::Refused(Refusal::CountDiffers { book: 10_000, outcome });
        assert_eq!(counted(9000, " ").await.unwrap_err(), differs(CountOutcome::Shortage));
        assert_eq!(counted(10_201, "").await.unwrap_err(), differs(CountOutcome::Surplus));
        assert_eq!(books().await, (0, 10_000), "what is refused changes nothing");
        let more = counted(10_201, "发料多记了").await.unwrap();
        assert_eq!((more, books().await), ((CountOutcome::Surplus, 0), (0, 10_000)));
        let less = counted(9000, "损耗").await.unwrap();
        assert_eq!((less, books().await), ((CountOutcome::Shortage, 1000), (1000, 9000)));
        let none = counted(0, "丢失").await.unwrap();
        assert_eq!((none, books().await), ((CountOutcome::Shortage, 9000), (10_000, 0)));
        let kept = count::list(&k.app, k.manager.clone(), k.canteen, None, 10).await.unwrap();
        assert_eq!(kept.iter().map(|c| c.counted).collect::<Vec<_>>(), [0, 9000, 10_201, 9800]);
        let thrown = dispose::list(&k.app, k.manager.clone(), k.canteen, None, 10).await.unwrap();
        let told: Vec<_> = thrown.iter().map(|d| (d.what.amount, d.what.cause, d.what.reason.as_str())).collect();
        assert_eq!(told, [(9000, DisposalCause::Shortage, "丢失"), (1000, DisposalCause::Shortage, "损耗")]);
    }
}

#[tokio::test]
async fn counted_twice_at_once_a_shortage_is_written_off_once() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 10_000).await.lot;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (app, cook) = (k.app.clone(), k.cook.clone());
                tokio::spawn(async move { count::count(&app, cook, key(), lot, 6000, "损耗".into()).await.unwrap().written_off })
            })
            .collect();
        let mut written_off = 0;
        for task in tasks {
            written_off += task.await.unwrap();
        }
        let lot = lots::find(&k.app, k.manager.clone(), lot).await.unwrap();
        assert_eq!((written_off, lot.disposed, lot.stock), (4000, 4000, 6000));
    }
}

#[tokio::test]
async fn what_was_counted_and_thrown_away_is_evidence_that_nobody_changes_or_deletes() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 10_000).await.lot;
        count::count(&k.app, k.cook.clone(), key(), lot, 6000, "损耗".into()).await.unwrap();
        let what = Disposal { amount: 1, cause: DisposalCause::Damaged, reason: "破袋".into(), method: String::new() };
        dispose::dispose(&k.app, k.cook.clone(), key(), lot, what).await.unwrap();
        for sql in [
            "UPDATE stock_count SET counted = 1",
            "DELETE FROM stock_count",
            "UPDATE lot_disposal SET amount = 1",
            "DELETE FROM lot_disposal",
        ] {
            assert!(k.refuses(sql), "{sql}");
        }
    }
}
