//! Recalls and drills, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::batches::{BatchRefusal, link, release};
use app::failure::{Failure, Thing};
use app::ingredients::dispose::{self, Disposal};
use app::ingredients::{IngredientRefusal, hold, lots};
use app::recalls::{self, RecallRefusal as Refusal, report};
use domain::access::{Actor, Role, RoleGrant};
use domain::id::{LotId, SeniorId, SittingId};
use domain::lot::LotState;
use domain::recall::{ContactOutcome, RecallOutcome, StillOpen};
use domain::stock::DisposalCause;
use kitchen::{Kitchen, id, key};
use std::sync::Arc;

fn officer() -> Arc<Actor> {
    let grant = RoleGrant { role: Role::Officer, place: domain::PlaceCode::parse("990101001").unwrap(), canteen: None };
    Arc::new(Actor { user: Some(id(104)), grants: vec![grant], ..Actor::default() })
}

/// A senior on record, as far as a recall needs one.
fn senior(k: &Kitchen, n: u128) -> SeniorId {
    let senior = id(70_000 + n);
    k.senior(senior);
    senior
}

async fn destroy(k: &Kitchen, lot: LotId, amount: i64) {
    let what = Disposal { amount, cause: DisposalCause::Recalled, reason: "召回".into(), method: "破坏后交收运".into() };
    dispose::dispose(&k.app, k.cook.clone(), key(), lot, what).await.unwrap();
}

/// Sittings at which the second dish is stopped.
async fn stopped(k: &Kitchen) -> Vec<SittingId> {
    let mut found = Vec::new();
    for sitting in [k.sitting, k.satellite_sitting] {
        let dish = k.dishes[1];
        let look = move |conn: &mut store::AnyConnection| {
            Ok::<_, Failure<Refusal>>(store::query::kitchen::is_stopped(conn, sitting, dish)?)
        };
        found.extend((k.app.store.read("test", look).await.unwrap() == Some(true)).then_some(sitting));
    }
    found
}

#[tokio::test]
async fn a_recall_holds_the_lot_and_stops_its_dishes_at_the_kitchen_and_where_it_delivers_in_one_commit() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await.lot;
        let batch = k.released(k.dishes[1], &[&lots::find(&k.app, k.manager.clone(), cabbage).await.unwrap()]).await.batch;
        let by_cook = recalls::open(&k.app, k.cook.clone(), key(), cabbage, "农残".into()).await.unwrap_err();
        assert_eq!((by_cook, stopped(&k).await), (Failure::Forbidden, vec![]));
        let away = recalls::open(&k.app, k.stranger.clone(), key(), cabbage, "农残".into()).await.unwrap_err();
        assert_eq!(away, Failure::NotFound(Thing::Lot));
        let opened = recalls::open(&k.app, k.manager.clone(), key(), cabbage, "农残".into()).await.unwrap();
        assert_eq!((opened.reach.lot.state, opened.reach.serving.len()), (LotState::Frozen, 0));
        assert_eq!(stopped(&k).await, [k.sitting, k.satellite_sitting]);
        let order = k.order(k.sitting, &[k.dishes[1]], None);
        let packed = link::pack(&k.app, k.cook.clone(), key(), batch, vec![order]).await.unwrap_err();
        assert_eq!(packed, Failure::Refused(BatchRefusal::Recalled));
        let twice = recalls::open(&k.app, officer(), key(), cabbage, "农残".into()).await.unwrap_err();
        assert_eq!(twice, Failure::Refused(Refusal::OpenAlready));
        let let_go = hold::hold(&k.app, k.manager.clone(), key(), cabbage, false).await.unwrap_err();
        assert_eq!(let_go, Failure::Refused(IngredientRefusal::Recalled));
        assert!(k.refuses("DELETE FROM recall"));
    }
}

#[tokio::test]
async fn a_drill_shows_what_a_recall_would_do_and_changes_nothing() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        k.released(k.dishes[1], &[&cabbage]).await;
        let order = k.order(k.sitting, &[k.dishes[1]], Some(senior(&k, 1)));
        k.move_to(k.at(11, 0));
        k.serve(order, k.at(11, 0)).await;
        let before = lots::find(&k.app, k.manager.clone(), cabbage.lot).await.unwrap();
        let reach = report::drill(&k.app, k.manager.clone(), cabbage.lot).await.unwrap();
        assert_eq!((reach.batches.len(), reach.orders, reach.tally.people, reach.serving.len()), (1, 1, 1, 2));
        assert_eq!(lots::find(&k.app, k.manager.clone(), cabbage.lot).await.unwrap(), before);
        assert_eq!(stopped(&k).await, []);
        assert!(report::list(&k.app, k.manager.clone(), k.canteen, None, 10).await.unwrap().is_empty());
        assert!(!k.refuses("DELETE FROM recall"), "no row whose deletion could be refused");
        let opened = recalls::open(&k.app, k.manager.clone(), key(), cabbage.lot, "农残".into()).await.unwrap();
        assert_eq!((opened.reach.batches, opened.reach.tally), (reach.batches, reach.tally), "the drill told the truth");
    }
}

#[tokio::test]
async fn it_is_closed_as_destroyed_when_the_food_is_gone_and_everybody_was_called() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let batch = k.released(k.dishes[1], &[&cabbage]).await.batch;
        let (wang, other) = (senior(&k, 1), senior(&k, 2));
        let order = k.order(k.sitting, &[k.dishes[1]], Some(wang));
        k.move_to(k.at(11, 0));
        k.serve(order, k.at(11, 0)).await;
        let recall = recalls::open(&k.app, officer(), key(), cabbage.lot, "农残".into()).await.unwrap().recall;
        let close = async |outcome| recalls::close(&k.app, officer(), key(), recall, outcome, "已按要求处置".into()).await;
        let called =
            async |senior, outcome| recalls::contact(&k.app, officer(), key(), recall, senior, (outcome, String::new())).await;
        let Failure::Refused(Refusal::StillOpen(open)) = close(RecallOutcome::Destroyed).await.unwrap_err() else {
            panic!("it was closed with everything undone")
        };
        assert_eq!(open.len(), 3);
        assert!(open.contains(&StillOpen::Stock { stock: 49_000 }) && open.contains(&StillOpen::People { untried: 1 }), "{open:?}");
        assert_eq!(close(RecallOutcome::Cleared).await.unwrap_err(), Failure::Forbidden, "only who may override a gate clears");
        assert_eq!(called(other, ContactOutcome::Reached).await.unwrap_err(), Failure::Refused(Refusal::NotAffected));
        called(wang, ContactOutcome::NotReached).await.unwrap();
        let told = called(wang, ContactOutcome::Unwell).await.unwrap();
        assert_eq!((told.reach.tally.reached, told.reach.tally.unwell, told.people[0].attempts.len()), (1, 1, 2));
        let by_cook = report::find(&k.app, k.cook.clone(), recall).await.unwrap();
        assert_eq!((by_cook.reach.tally.unwell, by_cook.people.len()), (1, 0), "who is unwell is for those who call");
        destroy(&k, cabbage.lot, 49_000).await;
        release::end(&k.app, k.cook.clone(), key(), batch, true).await.unwrap();
        let closed = close(RecallOutcome::Destroyed).await.unwrap();
        assert_eq!((closed.outcome, closed.reach.still_open.len()), (Some(RecallOutcome::Destroyed), 0));
        assert_eq!(close(RecallOutcome::Destroyed).await.unwrap_err(), Failure::Refused(Refusal::Closed));
        assert_eq!(called(wang, ContactOutcome::Reached).await.unwrap_err(), Failure::Refused(Refusal::Closed));
        let lot = lots::find(&k.app, k.manager.clone(), cabbage.lot).await.unwrap();
        assert_eq!((lot.state, lot.received), (LotState::Frozen, lot.issued + lot.disposed + lot.stock));
        for sql in ["UPDATE recall SET conclusion = 'x'", "UPDATE recall_contact SET note = 'x'", "DELETE FROM recall_contact"] {
            assert!(k.refuses(sql), "{sql}");
        }
    }
}

#[tokio::test]
async fn the_same_goods_elsewhere_are_named_to_who_sees_them_and_counted_for_others() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let pork = k.lot(&supplier, k.pork, 1000).await.lot;
        k.lot(&supplier, k.cabbage, 1000).await;
        let draft = app::ingredients::suppliers::SupplierDraft {
            name: supplier.name.clone(),
            licence_no: supplier.licence_no.clone(),
            licence_expires_on: supplier.licence_expires_on,
            address: supplier.address.clone(),
            phone: supplier.phone.clone(),
        };
        let grant = |canteen| RoleGrant {
            role: Role::CanteenManager,
            place: domain::PlaceCode::parse("990101001").unwrap(),
            canteen: Some(canteen),
        };
        let next_door = Arc::new(Actor { user: Some(id(105)), grants: vec![grant(k.satellite)], ..Actor::default() });
        let theirs = app::ingredients::suppliers::add(&k.app, next_door.clone(), key(), k.satellite, draft).await.unwrap();
        let delivery = k.delivery(&theirs, k.pork, 1000);
        let same = app::ingredients::receive::receive(&k.app, next_door, key(), k.satellite, delivery).await.unwrap().lot;
        for (actor, seen, besides) in [(officer(), vec![same], 0), (k.manager.clone(), vec![], 1)] {
            let reach = report::drill(&k.app, actor, pork).await.unwrap();
            assert_eq!(reach.same_goods.iter().map(|goods| goods.lot).collect::<Vec<_>>(), seen);
            assert_eq!(reach.same_goods_elsewhere, besides);
        }
    }
}

#[tokio::test]
async fn a_suspicion_that_did_not_stand_is_cleared_and_the_lot_is_used_again() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let pork = k.lot(&supplier, k.pork, 50_000).await.lot;
        let recall = recalls::open(&k.app, k.manager.clone(), key(), pork, "疑似变质".into()).await.unwrap().recall;
        let cleared =
            recalls::close(&k.app, k.manager.clone(), key(), recall, RecallOutcome::Cleared, "检验合格".into()).await.unwrap();
        assert_eq!((cleared.outcome, cleared.reach.lot.state), (Some(RecallOutcome::Cleared), LotState::Accepted));
        let again = recalls::open(&k.app, k.manager.clone(), key(), pork, "再次投诉".into()).await.unwrap();
        let kept = report::list(&k.app, k.manager.clone(), k.canteen, None, 10).await.unwrap();
        assert_eq!(kept.iter().map(|line| line.recall).collect::<Vec<_>>(), [again.recall, recall]);
    }
}
