//! The transparent kitchen on both databases: what goes in, what may be served, and who ate what.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::batches::cook::Cooked;
use app::batches::issue::LotAmount;
use app::batches::{BatchRefusal, cook, issue, link, look, release, sample};
use app::failure::{Failure, Thing};
use app::ingredients::receive::receive;
use app::ingredients::{IngredientRefusal, dispose, hold, lots};
use app::orders::change;
use app::trace::{backward, epcis, forward};
use domain::batch::{BatchState, Gap, GateRefusal};
use domain::food_safety::DeciCelsius;
use domain::food_safety::certificate::CertificateStanding;
use domain::lot::{ArrivalFault, IssueRefusal, LotState};
use domain::time::Clock;
use kitchen::{Kitchen, id, key};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_delivery_is_taken_in_or_sent_back_and_a_bad_one_can_only_be_sent_back() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let mut delivery = k.delivery(&supplier, k.pork, 5000);
        delivery.expires_on = Some(k.day.plus_days(-1));
        delivery.produced_on = None;
        let refused = receive(&k.app, k.cook.clone(), key(), k.canteen, delivery.clone()).await.unwrap_err();
        assert_eq!(refused, Failure::Refused(IngredientRefusal::Arrival(vec![ArrivalFault::Expired { on: k.day.plus_days(-1) }])));
        delivery.rejected_because = Some("过期".into());
        let lot = receive(&k.app, k.cook.clone(), key(), k.canteen, delivery).await.unwrap();
        assert_eq!((lot.state, lot.delivered, lot.received, lot.stock), (LotState::Rejected, 5000, 0, 0));
        let good = k.lot(&supplier, k.pork, 5000).await;
        assert_eq!(
            (good.state, good.stock, good.keep_until),
            (LotState::Accepted, 5000, domain::ServiceDate::parse("2027-05-26").unwrap())
        );
    }
}

#[tokio::test]
async fn a_barcode_fills_what_is_not_typed_and_must_not_contradict_what_is() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let mut delivery = k.delivery(&supplier, k.pork, 5000);
        delivery.barcode = Some("(01)06901234567892(17)261130(10)AB-123".into());
        delivery.expires_on = None;
        let differs = receive(&k.app, k.cook.clone(), key(), k.canteen, delivery.clone()).await.unwrap_err();
        assert_eq!(differs, Failure::Refused(IngredientRefusal::BarcodeDiffers { field: "supplier_batch" }));
        delivery.supplier_batch = None;
        let lot = receive(&k.app, k.cook.clone(), key(), k.canteen, delivery).await.unwrap();
        assert_eq!((lot.gtin.as_deref(), lot.supplier_batch.as_str()), (Some("06901234567892"), "AB-123"));
        assert_eq!(lot.expires_on, domain::ServiceDate::parse("2026-11-30"));
    }
}

#[tokio::test]
async fn the_same_key_takes_a_delivery_in_once() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let (once, delivery) = (key(), k.delivery(&supplier, k.pork, 5000));
        let first = receive(&k.app, k.cook.clone(), once.clone(), k.canteen, delivery.clone()).await.unwrap();
        let again = receive(&k.app, k.cook.clone(), once, k.canteen, delivery).await.unwrap();
        assert_eq!(first, again);
        let all = lots::list(&k.app, k.manager.clone(), k.canteen, Default::default(), 10).await.unwrap();
        assert_eq!(all.len(), 1);
    }
}

#[tokio::test]
async fn who_is_out_of_scope_does_not_learn_that_a_lot_exists() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 5000).await;
        let looked = lots::find(&k.app, k.stranger.clone(), lot.lot).await.unwrap_err();
        assert_eq!(looked, Failure::NotFound(Thing::Lot));
        let traced = forward::of_lot(&k.app, k.stranger.clone(), lot.lot).await.unwrap_err();
        assert_eq!(traced, Failure::NotFound(Thing::Lot));
    }
}

#[tokio::test]
async fn an_expired_lot_cannot_be_issued_and_nobody_can_override_that() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 5000).await;
        let batch = k.plan(k.dishes[0]).await;
        k.move_to(k.at(8, 0).plus_seconds(4 * 86_400));
        let refused =
            issue::issue(&k.app, k.manager.clone(), key(), batch.batch, vec![LotAmount { lot: lot.lot, amount: 1 }]).await;
        let why = IssueRefusal::Expired { on: k.day.plus_days(3) };
        assert_eq!(refused.unwrap_err(), Failure::Refused(BatchRefusal::Lot { lot: lot.lot, why }));
    }
}

#[tokio::test]
async fn a_lot_balances_after_issues_corrections_and_disposal() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 5000).await;
        let batch = k.plan(k.dishes[0]).await.batch;
        let take = |amount| vec![LotAmount { lot: lot.lot, amount }];
        let after = issue::issue(&k.app, k.cook.clone(), key(), batch, take(3000)).await.unwrap();
        let wrong = after.issues[0].issue;
        let after = issue::correct(&k.app, k.cook.clone(), key(), batch, wrong, 2500, "称重有误".into()).await.unwrap();
        assert_eq!(after.issues.iter().map(|i| (i.amount, i.corrects)).collect::<Vec<_>>(), [(3000, None), (-500, Some(wrong))]);
        let twice = issue::correct(&k.app, k.cook.clone(), key(), batch, wrong, 1, "再改".into()).await.unwrap_err();
        assert_eq!(twice, Failure::Refused(BatchRefusal::CorrectedAlready));
        let right = after.issues[1].issue;
        issue::correct(&k.app, k.cook.clone(), key(), batch, right, 2600, "再称".into()).await.unwrap();
        let lot = dispose::dispose(&k.app, k.cook.clone(), key(), lot.lot, rotten(400)).await.unwrap();
        assert_eq!((lot.received, lot.issued, lot.disposed, lot.stock), (5000, 2600, 400, 2000));
        let too_much = dispose::dispose(&k.app, k.cook.clone(), key(), lot.lot, rotten(2001)).await.unwrap_err();
        assert_eq!(too_much, Failure::Refused(IngredientRefusal::NotEnough { stock: 2000 }));
    }
}

#[tokio::test]
async fn twenty_batches_at_once_cannot_take_more_of_a_lot_than_there_is() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let lot = k.lot(&supplier, k.pork, 10_000).await.lot;
        let mut tasks = Vec::new();
        for _ in 0..20 {
            let batch = k.plan(k.dishes[0]).await.batch;
            let (app, cook) = (k.app.clone(), k.cook.clone());
            tasks.push(tokio::spawn(async move {
                issue::issue(&app, cook, key(), batch, vec![LotAmount { lot, amount: 900 }]).await.is_ok()
            }));
        }
        let mut taken = 0;
        for task in tasks {
            taken += i64::from(task.await.unwrap());
        }
        let lot = lots::find(&k.app, k.manager.clone(), lot).await.unwrap();
        assert_eq!((taken, lot.issued, lot.stock), (11, 9900, 100));
    }
}

#[tokio::test]
async fn the_gate_stays_closed_until_everything_is_there_and_tells_what_is_missing() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let pork = k.lot(&supplier, k.pork, 5000).await;
        let batch = k.plan(k.dishes[0]).await.batch;
        let early = release::release(&k.app, k.cook.clone(), key(), batch, None).await.unwrap_err();
        assert_eq!(early, Failure::Refused(BatchRefusal::State(BatchState::Planned)));
        issue::issue(&k.app, k.cook.clone(), key(), batch, vec![LotAmount { lot: pork.lot, amount: 500 }]).await.unwrap();
        let done = Cooked { cooked_at: k.clock.now(), core: None, cook: None, made: None };
        cook::cooked(&k.app, k.cook.clone(), key(), batch, done).await.unwrap();
        let missing = vec![
            Gap::NoCoreTemperature,
            Gap::NoSample,
            Gap::NoCertificate(CertificateStanding::Missing),
            Gap::NoMorningCheck,
            Gap::Unlinked { ingredients: vec!["白菜".into()] },
        ];
        let closed = release::release(&k.app, k.cook.clone(), key(), batch, None).await.unwrap_err();
        assert_eq!(closed, Failure::Refused(BatchRefusal::Gate(GateRefusal::Closed(missing.clone()))));
        let reason = || Some("停电，已请示".to_owned());
        let not_entitled = release::release(&k.app, k.cook.clone(), key(), batch, reason()).await.unwrap_err();
        assert_eq!(not_entitled, Failure::Refused(BatchRefusal::Gate(GateRefusal::NotEntitled(missing.clone()))));
        let overridden = release::release(&k.app, k.manager.clone(), key(), batch, reason()).await.unwrap();
        assert_eq!((overridden.state, overridden.overridden), (BatchState::Released, true));
        let listed = look::overrides(&k.app, k.manager.clone(), k.canteen, None, 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0].gaps, listed[0].reason.as_str(), listed[0].by_name.as_str()), (&missing, "停电，已请示", "员工101"));
    }
}

#[tokio::test]
async fn with_temperature_sample_certificate_and_lots_the_gate_opens_without_an_override() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let (pork, cabbage) = (k.lot(&supplier, k.pork, 5000).await, k.lot(&supplier, k.cabbage, 5000).await);
        let batch = k.released(k.dishes[0], &[&pork, &cabbage]).await;
        assert_eq!((batch.state, batch.overridden, batch.gaps.len()), (BatchState::Released, false, 0));
        assert_eq!(batch.hand_over_by, Some(k.at(12, 0)), "hot from eight o'clock, four hours");
    }
}

#[tokio::test]
async fn a_batch_heated_again_is_judged_by_its_last_temperature_and_its_clock_runs_on() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 5000).await;
        let batch = k.cooked(k.dishes[1], &[&cabbage]).await.batch;
        k.move_to(k.at(8, 30));
        let cold = cook::measured(&k.app, k.cook.clone(), key(), batch, DeciCelsius(650), k.clock.now()).await.unwrap();
        assert_eq!(cold.gaps, [Gap::CoreTooLow { measured: DeciCelsius(650), required: DeciCelsius(700) }]);
        let hot = cook::measured(&k.app, k.cook.clone(), key(), batch, DeciCelsius(760), k.clock.now()).await.unwrap();
        assert_eq!((hot.gaps.len(), hot.cores.len(), hot.cooked_at), (0, 3, Some(k.at(8, 0))));
        let future = cook::measured(&k.app, k.cook.clone(), key(), batch, DeciCelsius(760), k.at(9, 0)).await.unwrap_err();
        assert_eq!(future, Failure::Refused(BatchRefusal::ImplausibleTime));
    }
}

#[tokio::test]
async fn ten_batches_released_at_once_are_each_released_once() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 500_000).await;
        let mut tasks = Vec::new();
        for _ in 0..10 {
            let batch = k.cooked(k.dishes[1], &[&cabbage]).await.batch;
            let (app, cook) = (k.app.clone(), k.cook.clone());
            tasks.push((batch, tokio::spawn(async move { release::release(&app, cook, key(), batch, None).await.is_ok() })));
        }
        let mut released = BTreeSet::new();
        for (batch, task) in tasks {
            if task.await.unwrap() {
                released.insert(batch);
            }
        }
        for batch in &released {
            let again = release::release(&k.app, k.cook.clone(), key(), *batch, None).await.unwrap_err();
            assert_eq!(again, Failure::Refused(BatchRefusal::State(BatchState::Released)));
        }
        assert_eq!(released.len(), 10);
    }
}

#[tokio::test]
async fn at_the_table_every_open_batch_is_linked_and_a_packed_line_to_its_own_only() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let mut batches = Vec::new();
        for _ in 0..3 {
            batches.push(k.released(k.dishes[1], &[&cabbage]).await.batch);
        }
        k.move_to(k.at(10, 0));
        release::end(&k.app, k.cook.clone(), key(), batches[0], false).await.unwrap();
        k.move_to(k.at(11, 0));
        let (eaten, packed, early, away) = (
            k.order(k.sitting, &[k.dishes[1]], None),
            k.order(k.sitting, &[k.dishes[1]], None),
            k.order(k.sitting, &[k.dishes[1]], None),
            k.order(k.satellite_sitting, &[k.dishes[1]], None),
        );
        link::pack(&k.app, k.cook.clone(), key(), batches[1], vec![packed]).await.unwrap();
        for order in [eaten, packed, away] {
            k.serve(order, k.at(11, 0)).await;
        }
        // A terminal that was offline reports late that it served while the first batch was still open.
        k.serve(early, k.at(9, 0)).await;
        for (order, expected) in [(eaten, &batches[1..]), (packed, &batches[1..2]), (early, &batches[..]), (away, &batches[1..])] {
            let trace = backward::of_order(&k.app, k.manager.clone(), order).await;
            let trace = if order == away { backward::of_order(&k.app, street_manager(), order).await } else { trace }.unwrap();
            let found: Vec<_> = trace.dishes[0].batches.iter().map(|b| b.batch).collect();
            assert_eq!(found, expected, "{order}");
        }
    }
}

#[tokio::test]
async fn an_order_that_turns_out_to_be_served_earlier_is_linked_to_what_was_open_then() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let first = k.released(k.dishes[1], &[&cabbage]).await.batch;
        let second = k.released(k.dishes[1], &[&cabbage]).await.batch;
        k.move_to(k.at(10, 0));
        release::end(&k.app, k.cook.clone(), key(), first, false).await.unwrap();
        k.move_to(k.at(11, 0));
        let (eaten, packed) = (k.order(k.sitting, &[k.dishes[1]], None), k.order(k.sitting, &[k.dishes[1]], None));
        link::pack(&k.app, k.cook.clone(), key(), second, vec![packed]).await.unwrap();
        let batches_of = async |order| {
            let trace = backward::of_order(&k.app, k.manager.clone(), order).await.unwrap();
            trace.dishes[0].batches.iter().map(|b| b.batch).collect::<Vec<_>>()
        };
        for (served, of_eaten) in
            [(k.at(11, 0), vec![second]), (k.at(9, 0), vec![first, second]), (k.at(10, 30), vec![first, second])]
        {
            for order in [eaten, packed] {
                k.serve(order, served).await;
            }
            assert_eq!((batches_of(eaten).await, batches_of(packed).await), (of_eaten, vec![second]), "served at {served}");
        }
    }
}

#[tokio::test]
async fn a_packed_order_is_not_changed_and_keeps_what_it_has() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let batch = k.released(k.dishes[1], &[&cabbage]).await.batch;
        let order = k.order(k.sitting, &[k.dishes[1]], None);
        link::pack(&k.app, k.cook.clone(), key(), batch, vec![order]).await.unwrap();
        let manager = std::sync::Arc::new(domain::access::Actor {
            user: Some(id(101)),
            grants: vec![domain::access::RoleGrant {
                role: domain::access::Role::CanteenManager,
                place: domain::PlaceCode::parse("990101001").unwrap(),
                canteen: None,
            }],
            ..Default::default()
        });
        let before = app::orders::list::get(&k.app, manager.clone(), order).await.unwrap();
        let other = app::orders::OrderRequest {
            sitting: k.sitting,
            senior: None,
            lines: vec![app::orders::LineRequest { item: id(1021), quantity: 1, texture: None, size: None, override_reason: None }],
            channel: domain::Channel::PickUp,
            note: String::new(),
            reason: Some("家人来电".into()),
            expected_self_pay_fen: None,
        };
        let changed = change::change(&k.app, manager.clone(), key(), order, before.version, other).await.unwrap_err();
        assert_eq!(changed, Failure::Refused(change::ChangeRefusal::Packed));
        assert_eq!(app::orders::list::get(&k.app, manager, order).await.unwrap(), before);
    }
}

fn rotten(amount: i64) -> dispose::Disposal {
    let cause = domain::stock::DisposalCause::Spoiled;
    dispose::Disposal { amount, cause, reason: "腐烂".into(), method: "交餐厨垃圾收运".into() }
}

fn street_manager() -> std::sync::Arc<domain::access::Actor> {
    let place = domain::PlaceCode::parse("990101001").unwrap();
    let grant = domain::access::RoleGrant { role: domain::access::Role::Officer, place, canteen: None };
    std::sync::Arc::new(domain::access::Actor { user: Some(id(104)), grants: vec![grant], ..Default::default() })
}

#[tokio::test]
async fn a_batch_written_down_after_the_meal_still_reaches_who_ate_of_it() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let (before, after) = (k.order(k.sitting, &[k.dishes[1]], None), k.order(k.satellite_sitting, &[k.dishes[1]], None));
        k.move_to(k.at(12, 0));
        k.serve(before, k.at(10, 0)).await;
        k.serve(after, k.at(11, 30)).await;
        let batch = k.plan(k.dishes[1]).await.batch;
        issue::issue(&k.app, k.cook.clone(), key(), batch, vec![LotAmount { lot: cabbage.lot, amount: 10 }]).await.unwrap();
        let done = Cooked { cooked_at: k.at(11, 0), core: Some(DeciCelsius(800)), cook: None, made: None };
        cook::cooked(&k.app, k.cook.clone(), key(), batch, done).await.unwrap();
        let trace = forward::of_lot(&k.app, k.manager.clone(), cabbage.lot).await.unwrap();
        assert_eq!(trace.rows.iter().map(|row| row.order).collect::<Vec<_>>(), [after]);
    }
}

#[tokio::test]
async fn packing_after_the_holding_time_is_refused() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let batch = k.released(k.dishes[1], &[&cabbage]).await;
        let order = k.order(k.sitting, &[k.dishes[1]], None);
        k.move_to(batch.hand_over_by.unwrap().plus_seconds(1));
        let late = link::pack(&k.app, k.cook.clone(), key(), batch.batch, vec![order]).await.unwrap_err();
        assert_eq!(late, Failure::Refused(BatchRefusal::HeldTooLong));
        let refused = sample::retain(&k.app, k.stranger.clone(), key(), batch.batch, 1, "柜".into()).await.unwrap_err();
        assert_eq!(refused, Failure::NotFound(Thing::Batch));
    }
}

#[tokio::test]
async fn of_a_held_lot_nothing_is_issued_released_or_packed_and_no_override_helps() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let (served, waiting) = (k.released(k.dishes[1], &[&cabbage]).await.batch, k.cooked(k.dishes[1], &[&cabbage]).await.batch);
        let order = k.order(k.sitting, &[k.dishes[1]], None);
        hold::hold(&k.app, k.cook.clone(), key(), cabbage.lot, true).await.unwrap();
        let planned = k.plan(k.dishes[1]).await.batch;
        let amount = LotAmount { lot: cabbage.lot, amount: 1 };
        let issued = issue::issue(&k.app, k.cook.clone(), key(), planned, vec![amount]).await.unwrap_err();
        assert_eq!(issued, Failure::Refused(BatchRefusal::Lot { lot: cabbage.lot, why: IssueRefusal::Frozen }));
        let gap = vec![Gap::RecalledIngredient { ingredients: vec!["原料".into()] }];
        let released = release::release(&k.app, k.manager.clone(), key(), waiting, Some("已加热".into())).await.unwrap_err();
        assert_eq!(released, Failure::Refused(BatchRefusal::Gate(GateRefusal::Closed(gap))));
        let packed = link::pack(&k.app, k.cook.clone(), key(), served, vec![order]).await.unwrap_err();
        assert_eq!(packed, Failure::Refused(BatchRefusal::Recalled));
        let by_cook = hold::hold(&k.app, k.cook.clone(), key(), cabbage.lot, false).await.unwrap_err();
        assert_eq!(by_cook, Failure::Forbidden);
        hold::hold(&k.app, k.manager.clone(), key(), cabbage.lot, false).await.unwrap();
        release::release(&k.app, k.cook.clone(), key(), waiting, None).await.unwrap();
    }
}

/// A linear congruential generator: the days below are the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[tokio::test]
async fn forward_and_backward_traces_are_inverse_to_each_other() {
    for seed in 1..=3 {
        for k in Kitchen::everywhere().await {
            let mut dice = Dice(seed);
            k.certify(id(102)).await;
            let supplier = k.supplier().await;
            let mut lots = Vec::new();
            for n in 0..4 {
                lots.push(k.lot(&supplier, if n % 2 == 0 { k.cabbage } else { k.pork }, 500_000).await);
            }
            let mut orders = Vec::new();
            for minute in 0..40 {
                k.move_to(k.at(8, 0).plus_seconds(minute * 60));
                match dice.roll(8) {
                    0..=2 => {
                        let dish = k.dishes[usize::try_from(dice.roll(2)).unwrap()];
                        let some: Vec<_> = lots.iter().filter(|_| dice.roll(2) == 0).collect();
                        let some = if some.is_empty() { vec![&lots[0]] } else { some };
                        let batch = k.cooked(dish, &some).await.batch;
                        release::release(&k.app, k.manager.clone(), key(), batch, Some("测试".into())).await.unwrap();
                    }
                    3 => {
                        let open = look::of_day(&k.app, k.manager.clone(), k.canteen, k.day).await.unwrap();
                        if let Some(batch) = open.iter().find(|b| b.state == BatchState::Released) {
                            release::end(&k.app, k.cook.clone(), key(), batch.batch, dice.roll(2) == 0).await.unwrap();
                        }
                    }
                    _ => {
                        let sitting = if dice.roll(3) == 0 { k.satellite_sitting } else { k.sitting };
                        let order = k.order(sitting, if dice.roll(2) == 0 { &k.dishes[..] } else { &k.dishes[..1] }, None);
                        k.serve(order, k.clock.now()).await;
                        orders.push(order);
                    }
                }
            }
            let (mut forward_pairs, mut backward_pairs) = (BTreeSet::new(), BTreeSet::new());
            for lot in &lots {
                let trace = forward::of_lot(&k.app, k.manager.clone(), lot.lot).await.unwrap();
                let reached: BTreeSet<_> = trace.rows.iter().map(|row| row.order).collect();
                assert_eq!((trace.more, trace.orders), (false, i64::try_from(reached.len()).unwrap()));
                forward_pairs.extend(trace.rows.iter().map(|row| (lot.lot, row.batch, row.line)));
                // The stream in small pages gives the same rows in the same order.
                let (mut streamed, mut from) = (Vec::new(), None);
                loop {
                    let (rows, next) = forward::page(&k.app, k.manager.clone(), lot.lot, from, 3).await.unwrap();
                    streamed.extend(rows);
                    from = next;
                    if from.is_none() {
                        break;
                    }
                }
                assert_eq!(streamed, trace.rows, "seed {seed}");
            }
            for order in &orders {
                let trace = backward::of_order(&k.app, street_manager(), *order).await.unwrap();
                for dish in &trace.dishes {
                    for batch in &dish.batches {
                        backward_pairs.extend(batch.lots.iter().map(|lot| (lot.lot, batch.batch, dish.line)));
                    }
                }
            }
            assert_eq!(forward_pairs, backward_pairs, "seed {seed}");
            assert!(forward_pairs.len() > 10, "seed {seed} made too little happen: {}", forward_pairs.len());
        }
    }
}

#[tokio::test]
async fn the_epcis_export_is_valid_against_the_published_schema_and_declares_corrected_errors() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("data/epcis/EPCIS-JSON-Schema.json")).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let batch = k.released(k.dishes[1], &[&cabbage]).await;
        issue::correct(&k.app, k.cook.clone(), key(), batch.batch, batch.issues[0].issue, 1234, "称重有误".into()).await.unwrap();
        let document = epcis::of_lot(&k.app, k.manager.clone(), cabbage.lot).await.unwrap();
        let faults: Vec<String> = validator.iter_errors(&document).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert_eq!(faults, Vec::<String>::new());
        let events = document["epcisBody"]["eventList"].as_array().unwrap();
        let kinds: Vec<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["ObjectEvent", "ObjectEvent", "ObjectEvent", "TransformationEvent"]);
        assert_eq!(events[1]["errorDeclaration"]["correctiveEventIDs"][0], events[2]["eventID"]);
        assert_eq!(events[2]["quantityList"][0]["quantity"].as_f64(), Some(1.234), "grams");
        let mut broken = document.clone();
        broken["epcisBody"]["eventList"][0].as_object_mut().unwrap().remove("eventTimeZoneOffset");
        assert!(!validator.is_valid(&broken), "the validator must see a missing offset");
    }
}
