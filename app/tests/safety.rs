//! Safety records, risk lists and signed controls, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::batches::{BatchRefusal, look, release};
use app::failure::{Failure, Thing};
use app::ingredients::{count, hold, places};
use app::safety::controls::{self, Signature};
use app::safety::{SafetyRefusal as Refusal, form, records, samples};
use domain::ServiceDate;
use domain::batch::{BatchState, Gap, GateRefusal};
use domain::food_safety::DeciCelsius;
use domain::food_safety::observation::{Finding, Observation};
use domain::food_safety::risk::{ControlKind, Risk};
use domain::id::StoragePlaceId;
use domain::stock::PlaceKind;
use domain::time::Clock;
use kitchen::{Kitchen, id, key};

async fn place(k: &Kitchen, name: &str, kind: PlaceKind) -> StoragePlaceId {
    places::add(&k.app, k.cook.clone(), key(), k.canteen, name.into(), kind).await.unwrap().place
}

fn reading(place: StoragePlaceId, tenths: i64) -> Observation {
    Observation::Temperature { place, measured: DeciCelsius(tenths) }
}

/// The risk list of today, as the words of its keys.
async fn risks(k: &Kitchen, kind: ControlKind, day: ServiceDate) -> Vec<Risk> {
    controls::look(&k.app, k.manager.clone(), k.canteen, kind, day).await.unwrap().risks
}

fn words(risks: &[Risk]) -> Vec<String> {
    risks.iter().map(|risk| risk.key().split(':').next().unwrap().to_owned()).collect()
}

/// A signature with the same measure for every risk.
fn signature(kind: ControlKind, day: ServiceDate, risks: &[Risk], correction: Option<&str>) -> Signature {
    Signature {
        kind,
        day,
        measures: risks.iter().map(|risk| (risk.key(), "已处理".to_owned())).collect(),
        conclusion: "可以供餐".into(),
        correction: correction.map(str::to_owned),
    }
}

#[tokio::test]
async fn the_gate_asks_for_the_cooks_morning_check_and_of_somebody_ill_nothing_is_served() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        k.checked(id(102), false).await;
        let batch = k.cooked(k.dishes[1], &[&cabbage]).await.batch;
        let closed = Failure::Refused(BatchRefusal::Gate(GateRefusal::Closed(vec![Gap::CookUnfit])));
        for (by, reason) in [(&k.cook, None), (&k.manager, Some("人手不足".to_owned()))] {
            assert_eq!(release::release(&k.app, by.clone(), key(), batch, reason).await.unwrap_err(), closed);
        }
        k.checked(id(102), true).await;
        let open = release::release(&k.app, k.cook.clone(), key(), batch, None).await.unwrap();
        assert_eq!((open.state, open.overridden), (BatchState::Released, false));
        // The check of a day is of that day.
        k.move_to(k.at(8, 0).plus_seconds(24 * 3600));
        let next = k.cooked(k.dishes[1], &[&cabbage]).await;
        assert_eq!(next.gaps, [Gap::NoMorningCheck]);
    }
}

#[tokio::test]
async fn a_correction_points_to_the_wrong_record_which_stays() {
    for k in Kitchen::everywhere().await {
        let (fridge, other) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, place(&k, "2 号冰箱", PlaceKind::Chilled).await);
        let wrong = k.observed(reading(fridge, 450), None).await.unwrap();
        let warm = Finding::TooWarm { measured: DeciCelsius(450), limit: DeciCelsius(80) };
        assert_eq!((wrong.findings, wrong.keep_until), (vec![warm], ServiceDate::parse("2028-11-23").unwrap()));
        let why = || Some((wrong.record, "少按了小数点".to_owned()));
        let elsewhere = k.observed(reading(other, 45), why()).await.unwrap_err();
        assert_eq!(elsewhere, Failure::Refused(Refusal::OtherSubject));
        let right = k.observed(reading(fridge, 45), why()).await.unwrap();
        assert_eq!((right.corrects, right.findings), (Some(wrong.record), vec![]));
        let twice = k.observed(reading(fridge, 46), why()).await.unwrap_err();
        assert_eq!(twice, Failure::Refused(Refusal::CorrectedAlready));
        let all = records::of_day(&k.app, k.manager.clone(), k.canteen, k.day).await.unwrap();
        let told: Vec<_> = all.iter().map(|r| (r.record, r.corrected)).collect();
        assert_eq!(told, [(wrong.record, true), (right.record, false)]);
        for sql in [
            "UPDATE safety_record SET temp = 1",
            "DELETE FROM safety_record",
            "UPDATE control_record SET conclusion = 'x'",
            "DELETE FROM control_record",
        ] {
            // Nothing was signed yet: the control's triggers are asked below.
            assert!(k.refuses(sql) || sql.contains("control_record"), "{sql}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_true_is_refused_and_leaves_no_record() {
    for k in Kitchen::everywhere().await {
        let (fridge, oven) = (place(&k, "1 号冰箱", PlaceKind::Chilled).await, place(&k, "消毒柜", PlaceKind::Disinfection).await);
        let wash = |place| Observation::Disinfection { place, measured: None, minutes: 15 };
        for (observation, expected) in [
            (reading(oven, 45), Failure::Refused(Refusal::PlaceDoesNotFit)),
            (wash(fridge), Failure::Refused(Refusal::PlaceDoesNotFit)),
            (reading(fridge, 3001), Failure::Refused(Refusal::ImplausibleTemperature)),
            (reading(id(999), 45), Failure::NotFound(Thing::StoragePlace)),
            (Observation::MorningCheck { person: id(999), fit: true }, Failure::NotFound(Thing::User)),
        ] {
            assert_eq!(k.observed(observation, None).await.unwrap_err(), expected, "{observation:?}");
        }
        for at in [k.clock.now().plus_seconds(121), k.clock.now().plus_seconds(-86_401)] {
            let draft = records::Draft { observation: reading(fridge, 45), observed_at: at, note: String::new(), corrects: None };
            let refused = records::record(&k.app, k.cook.clone(), key(), k.canteen, draft).await.unwrap_err();
            assert_eq!(refused, Failure::Refused(Refusal::ImplausibleTime));
        }
        places::end(&k.app, k.cook.clone(), key(), fridge).await.unwrap();
        assert_eq!(k.observed(reading(fridge, 45), None).await.unwrap_err(), Failure::Refused(Refusal::PlaceDoesNotFit));
        let draft = records::Draft { observation: wash(oven), observed_at: k.clock.now(), note: String::new(), corrects: None };
        let stranger = records::record(&k.app, k.stranger.clone(), key(), k.canteen, draft).await.unwrap_err();
        assert_eq!(stranger, Failure::NotFound(Thing::Canteen(k.canteen)));
        assert_eq!(records::of_day(&k.app, k.manager.clone(), k.canteen, k.day).await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_risk_list_holds_what_the_day_contains_and_nothing_else() {
    for k in Kitchen::everywhere().await {
        assert_eq!(risks(&k, ControlKind::Daily, k.day).await, [], "a day without anything");
        let supplier = k.supplier().await;
        let (pork, cabbage) = (k.lot(&supplier, k.pork, 10_000).await, k.lot(&supplier, k.cabbage, 10_000).await);
        let fridge = place(&k, "1 号冰箱", PlaceKind::Chilled).await;
        place(&k, "消毒柜", PlaceKind::Disinfection).await;
        let batch = k.cooked(k.dishes[1], &[&cabbage]).await.batch;
        release::release(&k.app, k.manager.clone(), key(), batch, Some("补办中".into())).await.unwrap();
        count::count(&k.app, k.cook.clone(), key(), pork.lot, 11_000, "多记".into()).await.unwrap();
        hold::hold(&k.app, k.cook.clone(), key(), cabbage.lot, true).await.unwrap();
        let found = risks(&k, ControlKind::Daily, k.day).await;
        let expected = [
            "lot_expiring",
            "lot_expiring",
            "lot_held",
            "stock_surplus",
            "certificate_missing",
            "morning_check_missing",
            "temperature_missing",
            "disinfection_missing",
            "overridden",
        ];
        assert_eq!(words(&found), expected);
        k.observed(reading(fridge, 95), None).await.unwrap();
        count::count(&k.app, k.cook.clone(), key(), pork.lot, 10_000, String::new()).await.unwrap();
        k.move_to(k.at(12, 1));
        let later = words(&risks(&k, ControlKind::Daily, k.day).await);
        assert!(later.contains(&"out_of_limits".into()) && later.contains(&"not_ended".into()), "{later:?}");
        assert!(!later.contains(&"temperature_missing".into()) && !later.contains(&"stock_surplus".into()), "{later:?}");
        // Elsewhere nothing of it is seen.
        let away = controls::look(&k.app, k.stranger.clone(), k.canteen, ControlKind::Daily, k.day).await.unwrap_err();
        assert_eq!(away, Failure::NotFound(Thing::Canteen(k.canteen)));
    }
}

#[tokio::test]
async fn a_control_is_signed_once_over_the_list_of_now_and_corrected_by_a_further_one() {
    for k in Kitchen::everywhere().await {
        let sign = async |signature: Signature| controls::sign(&k.app, k.manager.clone(), key(), k.canteen, signature).await;
        place(&k, "1 号冰箱", PlaceKind::Chilled).await;
        let before = risks(&k, ControlKind::Daily, k.day).await;
        place(&k, "2 号冰箱", PlaceKind::Chilled).await;
        let stale = sign(signature(ControlKind::Daily, k.day, &before, None)).await.unwrap_err();
        assert!(matches!(&stale, Failure::Refused(Refusal::List(differs)) if differs.unanswered.len() == 1), "{stale:?}");
        let now = risks(&k, ControlKind::Daily, k.day).await;
        let missing = sign(signature(ControlKind::Daily, k.day, &now, Some("更正"))).await.unwrap_err();
        assert_eq!(missing, Failure::NotFound(Thing::Control), "there is nothing to correct yet");
        let first = sign(signature(ControlKind::Daily, k.day, &now, None)).await.unwrap();
        assert_eq!((first.items.len(), first.first_on, first.last_on), (2, k.day, k.day));
        let again = sign(signature(ControlKind::Daily, k.day, &now, None)).await.unwrap_err();
        assert_eq!(again, Failure::Refused(Refusal::SignedAlready));
        let second = sign(signature(ControlKind::Daily, k.day, &now, Some("漏写措施"))).await.unwrap();
        let third = sign(signature(ControlKind::Daily, k.day, &now, Some("再更正"))).await.unwrap();
        assert_eq!((second.corrects, third.corrects), (Some(first.control), Some(second.control)));
        let kept = controls::list(&k.app, k.manager.clone(), k.canteen, None, 10).await.unwrap();
        assert_eq!(kept.iter().map(|c| c.control).collect::<Vec<_>>(), [third.control, second.control, first.control]);
        assert!(k.refuses("UPDATE control_record SET conclusion = 'x'") && k.refuses("DELETE FROM control_record"));
        let tomorrow = sign(signature(ControlKind::Daily, k.day.plus_days(1), &[], None)).await.unwrap_err();
        assert_eq!(tomorrow, Failure::Refused(Refusal::NotYet));
    }
}

#[tokio::test]
async fn a_signed_control_is_a_form_that_says_what_was_signed() {
    for k in Kitchen::everywhere().await {
        place(&k, "1 号冰箱", PlaceKind::Chilled).await;
        let found = risks(&k, ControlKind::Daily, k.day).await;
        let signed = signature(ControlKind::Daily, k.day, &found, None);
        let control = controls::sign(&k.app, k.manager.clone(), key(), k.canteen, signed).await.unwrap().control;
        let print = async |by: &std::sync::Arc<domain::access::Actor>| form::control(&k.app, by.clone(), control).await;
        let file = print(&k.manager).await.unwrap();
        assert!(file.starts_with(b"%PDF-"));
        assert_eq!(print(&k.manager).await.unwrap(), file, "the same bytes for the same instant");
        assert_eq!(print(&k.stranger).await.unwrap_err(), Failure::NotFound(Thing::Control));
        // A word that the font has no glyph for is named, and no box is printed in its place.
        let odd = Signature { conclusion: "\u{10FFFD}".into(), ..signature(ControlKind::Daily, k.day, &found, Some("更正")) };
        let odd = controls::sign(&k.app, k.manager.clone(), key(), k.canteen, odd).await.unwrap().control;
        let refused = form::control(&k.app, k.manager.clone(), odd).await.unwrap_err();
        assert!(matches!(refused, Failure::Refused(Refusal::Unprintable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn ten_signatures_at_once_are_one() {
    for k in Kitchen::everywhere().await {
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (app, manager, canteen) = (k.app.clone(), k.manager.clone(), k.canteen);
                let signed = signature(ControlKind::Daily, k.day, &[], None);
                tokio::spawn(async move { controls::sign(&app, manager, key(), canteen, signed).await.is_ok() })
            })
            .collect();
        let mut signed = 0;
        for task in tasks {
            signed += i32::from(task.await.unwrap());
        }
        assert_eq!(signed, 1);
    }
}

#[tokio::test]
async fn a_week_asks_for_the_daily_controls_of_days_with_cooking_and_a_month_for_the_weeks() {
    for k in Kitchen::everywhere().await {
        k.certify(id(102)).await;
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let batch = k.released(k.dishes[1], &[&cabbage]).await.batch;
        release::end(&k.app, k.cook.clone(), key(), batch, false).await.unwrap();
        let monday = k.day;
        let missing = async |kind| {
            let found = risks(&k, kind, monday).await;
            found.iter().filter(|risk| matches!(risk, Risk::ControlMissing { .. })).cloned().collect::<Vec<_>>()
        };
        assert_eq!(missing(ControlKind::Weekly).await, [], "the day is not over");
        k.move_to(k.at(9, 0).plus_seconds(24 * 3600));
        let day = Risk::ControlMissing { kind: ControlKind::Daily, on: monday };
        assert_eq!(missing(ControlKind::Weekly).await, [day]);
        let now = risks(&k, ControlKind::Daily, monday).await;
        let late = signature(ControlKind::Daily, monday, &now, None);
        controls::sign(&k.app, k.manager.clone(), key(), k.canteen, late).await.unwrap();
        assert_eq!(missing(ControlKind::Weekly).await, []);
        k.move_to(k.at(9, 0).plus_seconds(7 * 24 * 3600));
        let week = Risk::ControlMissing { kind: ControlKind::Weekly, on: monday };
        assert_eq!(missing(ControlKind::Monthly).await, [week]);
    }
}

#[tokio::test]
async fn a_sample_is_thrown_away_when_its_time_has_come_and_once() {
    for k in Kitchen::everywhere().await {
        let supplier = k.supplier().await;
        let cabbage = k.lot(&supplier, k.cabbage, 50_000).await;
        let batch = k.cooked(k.dishes[1], &[&cabbage]).await;
        let sample = batch.samples[0].clone();
        let dispose =
            async |by: &std::sync::Arc<domain::access::Actor>| samples::dispose(&k.app, by.clone(), key(), sample.sample).await;
        k.move_to(sample.keep_until.plus_seconds(-1));
        let early = dispose(&k.cook).await.unwrap_err();
        assert_eq!(early, Failure::Refused(Refusal::KeptTooShort { until: sample.keep_until }));
        assert!(k.refuses("UPDATE retained_sample SET disposed_at = 1"), "the database keeps it too");
        k.move_to(sample.keep_until);
        let day = sample.keep_until.civil_date();
        assert!(words(&risks(&k, ControlKind::Daily, day).await).contains(&"sample_due".into()));
        assert_eq!(dispose(&k.stranger).await.unwrap_err(), Failure::NotFound(Thing::Sample));
        assert_eq!(dispose(&k.cook).await.unwrap().disposed_at, Some(sample.keep_until));
        assert_eq!(dispose(&k.cook).await.unwrap_err(), Failure::Refused(Refusal::DisposedAlready));
        assert!(!words(&risks(&k, ControlKind::Daily, day).await).contains(&"sample_due".into()));
        let shown = look::find(&k.app, k.manager.clone(), batch.batch).await.unwrap();
        assert_eq!(shown.samples[0].disposed_at, Some(sample.keep_until));
    }
}
