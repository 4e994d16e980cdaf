//! What sensors send, and what follows from it, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::batches::release;
use app::failure::{Failure, Thing};
use app::ingredients::places;
use app::safety::SafetyRefusal as Refusal;
use app::safety::controls::{self, Signature};
use app::safety::sensors::{self, PlaceReading, Taken};
use domain::Instant;
use domain::access::{Actor, DeviceKind};
use domain::food_safety::DeciCelsius;
use domain::food_safety::observation::Finding;
use domain::food_safety::risk::{ControlKind, Risk};
use domain::food_safety::sensor::{Doubt, Excursion, Reading};
use domain::id::{DeviceId, StoragePlaceId};
use domain::stock::PlaceKind;
use domain::time::Clock;
use kitchen::{Kitchen, id, key};
use std::sync::Arc;

async fn place(k: &Kitchen, name: &str, kind: PlaceKind) -> StoragePlaceId {
    places::add(&k.app, k.cook.clone(), key(), k.canteen, name.into(), kind).await.unwrap().place
}

/// A sensor that was paired with the kitchen.
fn paired(k: &Kitchen, n: u128) -> Arc<Actor> {
    let device: DeviceId = id(n);
    k.execute(&format!(
        "INSERT INTO device (id, kind, canteen_id, name, paired_at) VALUES ({}, 'sensor', {}, '温度探头 {n}', 0);",
        k.uid(device),
        k.uid(k.canteen)
    ));
    Arc::new(Actor { device: Some((device, DeviceKind::Sensor, k.canteen)), ..Actor::default() })
}

/// A reading a minute, from one minute to before another.
fn course(place: StoragePlaceId, from: Instant, minutes: std::ops::Range<i64>, tenths: i64) -> Vec<PlaceReading> {
    let reading = |minute| Reading { at: from.plus_seconds(minute * 60), measured: DeciCelsius(tenths) };
    minutes.map(|minute| PlaceReading { place, reading: reading(minute) }).collect()
}

async fn send(k: &Kitchen, sensor: &Arc<Actor>, readings: Vec<PlaceReading>) -> Taken {
    sensors::take(&k.app, sensor.clone(), readings).await.unwrap()
}

async fn risks(k: &Kitchen) -> Vec<Risk> {
    let now = k.clock.now().civil_date();
    controls::look(&k.app, k.manager.clone(), k.canteen, ControlKind::Daily, now).await.unwrap().risks
}

fn words(risks: &[Risk]) -> Vec<String> {
    risks.iter().map(|risk| risk.key().split(':').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_fridge_that_failed_at_night_stands_on_the_list_of_the_day_and_is_signed_with_a_measure() {
    for k in Kitchen::everywhere().await {
        let (fridge, sensor) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, paired(&k, 901));
        assert_eq!(words(&risks(&k).await), ["temperature_missing"]);
        k.move_to(k.at(7, 0));
        let night = k.at(0, 0);
        let mut sent = course(fridge, night, 0..180, 45);
        sent.extend(course(fridge, night, 180..240, 125));
        sent.extend(course(fridge, night, 240..420, 50));
        let taken = send(&k, &sensor, sent.clone()).await;
        assert_eq!((taken.believed, taken.doubtful, taken.now), (420, vec![], k.at(7, 0)));
        let finding = Finding::TooWarm { measured: DeciCelsius(125), limit: DeciCelsius(80) };
        let excursion = Excursion { from: k.at(3, 0), to: k.at(3, 59), finding };
        let expected =
            Risk::OutOfLimitsFor { place: fridge, name: "1 号冰箱".into(), from: excursion.from, to: excursion.to, finding };
        assert_eq!(risks(&k).await, std::slice::from_ref(&expected));
        // Sent again, whole and in parts, in another order, nothing is another.
        for part in [sent.clone(), sent[200..].to_vec(), sent[..300].to_vec()] {
            assert_eq!(send(&k, &sensor, part).await.doubtful, []);
        }
        let day = sensors::course(&k.app, k.manager.clone(), fridge, k.day).await.unwrap();
        assert_eq!((day.sensed.excursions, day.course.len()), (vec![excursion], 84));
        assert_eq!(day.limits, (Some(DeciCelsius(0)), Some(DeciCelsius(80))));
        let list = sensors::of_day(&k.app, k.manager.clone(), k.canteen, k.day).await.unwrap();
        assert_eq!(list.len(), 1);
        let signed = Signature {
            kind: ControlKind::Daily,
            day: k.day,
            measures: vec![(expected.key(), "食材已清点并销毁".into())],
            conclusion: "可以供餐".into(),
            correction: None,
        };
        let control = controls::sign(&k.app, k.manager.clone(), key(), k.canteen, signed).await.unwrap();
        assert_eq!(control.items[0].risk, expected);
    }
}

#[tokio::test]
async fn what_cannot_be_true_is_kept_as_doubtful_and_proves_nothing() {
    for k in Kitchen::everywhere().await {
        let (fridge, sensor) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, paired(&k, 901));
        // A quarter past midnight: nothing has been silent for long yet.
        k.move_to(k.at(0, 15));
        let now = k.clock.now();
        let at = |seconds, tenths| PlaceReading {
            place: fridge,
            reading: Reading { at: now.plus_seconds(seconds), measured: DeciCelsius(tenths) },
        };
        let sent = vec![at(3_600, 45), at(-60, 9_999), at(-8 * 86_400, 45)];
        let doubts = vec![(0, Doubt::ClockAhead), (1, Doubt::Implausible), (2, Doubt::TooOld)];
        for _ in 0..2 {
            let taken = send(&k, &sensor, sent.clone()).await;
            assert_eq!((taken.believed, &taken.doubtful), (0, &doubts));
        }
        assert_eq!(words(&risks(&k).await), ["temperature_missing", "sensor_doubtful", "sensor_doubtful", "sensor_doubtful"]);
        let jumped = send(&k, &sensor, vec![at(-60, 45), at(-7_200, 45), at(0, 45)]).await;
        assert_eq!((jumped.believed, jumped.doubtful), (2, vec![(1, Doubt::ClockBack)]));
        assert!(!words(&risks(&k).await).contains(&"temperature_missing".into()));
        let day = sensors::course(&k.app, k.manager.clone(), fridge, k.day).await.unwrap();
        assert_eq!((day.course.len(), day.sensed.doubts.len()), (2, 4));
    }
}

#[tokio::test]
async fn only_a_paired_sensor_sends_and_only_of_its_own_canteens_places() {
    for k in Kitchen::everywhere().await {
        let (fridge, oven) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, place(&k, "消毒柜", PlaceKind::Disinfection).await);
        let sensor = paired(&k, 901);
        let elsewhere = Arc::new(Actor { device: Some((id(901), DeviceKind::Sensor, k.satellite)), ..Actor::default() });
        let display = Arc::new(Actor { device: Some((id(901), DeviceKind::KitchenDisplay, k.canteen)), ..Actor::default() });
        let one = |place| course(place, k.clock.now(), 0..1, 45);
        for (by, place, expected) in [
            (&k.cook, fridge, Failure::Forbidden),
            (&display, fridge, Failure::Forbidden),
            (&elsewhere, fridge, Failure::NotFound(Thing::StoragePlace)),
            (&sensor, id(999), Failure::NotFound(Thing::StoragePlace)),
            (&sensor, oven, Failure::Refused(Refusal::PlaceDoesNotFit)),
        ] {
            // One good reading beside it: all or none.
            let sent = [one(fridge), one(place)].concat();
            assert_eq!(sensors::take(&k.app, by.clone(), sent).await.unwrap_err(), expected, "{by:?}");
        }
        assert_eq!(sensors::of_day(&k.app, k.manager.clone(), k.canteen, k.day).await.unwrap(), []);
        send(&k, &sensor, one(fridge)).await;
        places::end(&k.app, k.cook.clone(), key(), fridge).await.unwrap();
        let ended = sensors::take(&k.app, sensor.clone(), one(fridge)).await.unwrap_err();
        assert_eq!(ended, Failure::Refused(Refusal::PlaceDoesNotFit));
        let stranger = sensors::course(&k.app, k.stranger.clone(), fridge, k.day).await.unwrap_err();
        assert_eq!(stranger, Failure::NotFound(Thing::StoragePlace));
        let tomorrow = sensors::of_day(&k.app, k.manager.clone(), k.canteen, k.day.plus_days(1)).await.unwrap_err();
        assert_eq!(tomorrow, Failure::Refused(Refusal::NotYet));
    }
}

#[tokio::test]
async fn a_sensor_that_went_silent_is_missed_for_a_week_and_its_place_asks_for_a_record_again() {
    for k in Kitchen::everywhere().await {
        let (fridge, sensor) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, paired(&k, 901));
        k.move_to(k.at(9, 0));
        send(&k, &sensor, course(fridge, k.at(0, 0), 0..540, 45)).await;
        k.move_to(k.at(9, 59));
        assert_eq!(risks(&k).await, []);
        k.move_to(k.at(11, 0));
        let silent = Risk::SensorSilent { place: fridge, name: "1 号冰箱".into(), from: k.at(8, 59), to: k.at(11, 0) };
        assert_eq!(risks(&k).await, [silent]);
        k.move_to(k.at(11, 0).plus_seconds(86_400));
        assert_eq!(words(&risks(&k).await), ["temperature_missing", "sensor_silent"]);
        k.move_to(k.at(11, 0).plus_seconds(8 * 86_400));
        assert_eq!(words(&risks(&k).await), ["temperature_missing"], "it was taken down");
    }
}

#[tokio::test]
async fn one_sensor_does_not_hide_what_another_shows() {
    for k in Kitchen::everywhere().await {
        let fridge = place(&k, "1 号冰箱", PlaceKind::Chilled).await;
        let (broken, true_one) = (paired(&k, 901), paired(&k, 902));
        k.move_to(k.at(7, 0));
        send(&k, &broken, course(fridge, k.at(6, 0), 0..60, 40)).await;
        send(&k, &true_one, course(fridge, k.at(6, 0), 0..60, 130)).await;
        let found = words(&risks(&k).await);
        assert!(found.contains(&"out_of_limits_for".into()), "{found:?}");
    }
}

#[tokio::test]
async fn a_hot_cabinet_is_judged_while_food_is_kept_hot_in_the_kitchen() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let (cabinet, sensor) = (place(&k, "热藏柜", PlaceKind::HotHolding).await, paired(&k, 901));
        let from = k.clock.now();
        let batch = k.cooked(k.dishes[1], &[&cabbage]).await.batch;
        k.move_to(from.plus_seconds(3_600));
        release::end(&k.app, k.manager.clone(), key(), batch, true).await.unwrap();
        // Cold before and after, hot between: nothing is wrong.
        k.move_to(from.plus_seconds(7_200));
        send(&k, &sensor, course(cabinet, from, -60..0, 200)).await;
        send(&k, &sensor, course(cabinet, from, 0..60, 650)).await;
        send(&k, &sensor, course(cabinet, from, 61..120, 200)).await;
        assert!(!words(&risks(&k).await).contains(&"out_of_limits_for".into()));
        // Another sensor in it shows that it was not.
        let other = paired(&k, 902);
        send(&k, &other, course(cabinet, from, 0..60, 500)).await;
        let found = risks(&k).await;
        assert!(words(&found).contains(&"out_of_limits_for".into()), "{found:?}");
    }
}

#[tokio::test]
async fn the_database_lets_readings_only_widen_what_is_kept() {
    for k in Kitchen::everywhere().await {
        let (fridge, sensor) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, paired(&k, 901));
        send(&k, &sensor, course(fridge, k.clock.now(), 0..1, 95)).await;
        send(&k, &sensor, course(fridge, k.clock.now(), 0..1, 9_999)).await;
        for sql in [
            "UPDATE temperature_slot SET highest = 94, lowest = 94",
            "UPDATE temperature_slot SET first_at = first_at + 1",
            "UPDATE temperature_slot SET slot_at = slot_at + 300000000",
            "DELETE FROM temperature_slot",
            "DELETE FROM sensor_doubt",
        ] {
            assert!(k.refuses(sql), "{sql}");
        }
        k.execute("UPDATE temperature_slot SET highest = 96;");
    }
}
