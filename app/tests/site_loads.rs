//! Portions that a central kitchen hands over to the canteens that it supplies; on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::Failure;
use app::batches::loads::{self, Load};
use app::batches::{BatchRefusal, yields};
use domain::batch::BatchState;
use domain::food_safety::DeciCelsius;
use domain::site_load::LoadFault;
use domain::time::Clock;
use kitchen::{Kitchen, key};

/// Released portions go out counted and measured, to who is supplied, in time; each site sees what it got.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_counted_measured_and_in_time() {
    for kitchen in Kitchen::everywhere().await {
        let supplier = kitchen.supplier().await;
        let cabbage = kitchen.lot(&supplier, kitchen.cabbage, 10_000).await;
        kitchen.certify(kitchen::id(102)).await;
        let load = |portions, temperature: Option<i64>| Load {
            canteen: kitchen.satellite,
            portions,
            temperature: temperature.map(DeciCelsius),
            handed_over_at: kitchen.clock.now(),
        };
        let early = kitchen.plan(kitchen.dishes[1]).await.batch;
        let send = async |batch, load| loads::hand_over(&kitchen.app, kitchen.cook.clone(), key(), batch, load).await;
        assert_eq!(send(early, load(1, Some(700))).await, Err(Failure::Refused(BatchRefusal::State(BatchState::Planned))));
        let batch = kitchen.released(kitchen.dishes[1], &[&cabbage]).await.batch;
        let _ = yields::made(&kitchen.app, kitchen.cook.clone(), key(), batch, 10).await.unwrap();
        let _ = send(batch, load(6, Some(700))).await.unwrap();
        for (wanted, faults) in [
            (load(5, Some(700)), vec![LoadFault::Portions { left: 4 }]),
            (load(4, None), vec![LoadFault::TemperatureMissing]),
            (load(4, Some(550)), vec![LoadFault::Temperature { measured: DeciCelsius(550), limit: DeciCelsius(600) }]),
        ] {
            assert_eq!(send(batch, wanted).await, Err(Failure::Refused(BatchRefusal::Load(faults))));
        }
        let own = Load { canteen: kitchen.canteen, ..load(1, Some(700)) };
        assert!(matches!(send(batch, own).await, Err(Failure::NotFound(_))), "it does not supply itself");
        let seen = loads::of_canteen(&kitchen.app, kitchen.manager.clone(), kitchen.canteen, kitchen.day).await.unwrap();
        assert_eq!(seen, []);
        assert!(kitchen.refuses("UPDATE site_load SET portions = 1"), "what was handed over stays as it was written");
        kitchen.clock.advance_seconds(5 * 3600);
        assert_eq!(send(batch, load(1, Some(700))).await, Err(Failure::Refused(BatchRefusal::HeldTooLong)));
    }
}
