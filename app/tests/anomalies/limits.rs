//! Limits by place and date, and who sets them.

use crate::scene::{HOME, Scene, place_of};
use app::anomalies::AnomalyRefusal as Refusal;
use app::anomalies::settings::{self, NewSetting, PlaceSettings};
use app::failure::{Failure, Thing};
use domain::access::{Actor, Role, RoleGrant};
use domain::anomaly::AnomalyRule as Rule;
use domain::food_safety::SettingKey as Key;
use std::sync::Arc;
use testkit::both_databases;

impl Scene<'_> {
    async fn put(
        &self,
        by: &Arc<Actor>,
        place: &str,
        day: i32,
        (key, value): (Key, Option<i64>),
    ) -> Result<PlaceSettings, Failure<Refusal>> {
        let items = vec![NewSetting { key, value, reason: "本店只有一个取餐口".to_owned() }];
        settings::put(&self.world.app, by.clone(), place_of(place), self.monday().plus_days(day), items).await
    }

    async fn an_hour(&self, place: &str, day: i32) -> i64 {
        let on = Some(self.monday().plus_days(day));
        let found = settings::find(&self.world.app, self.staff(Role::Officer).await, place_of(place), on).await.unwrap();
        found.in_force.iter().find(|setting| setting.key == Key::AnomalyRedemptionsAnHour).unwrap().value
    }
}

both_databases! {
    /// What a place sets holds there from its day on; a day is judged by what held on it, whenever it is searched.
    async fn a_day_is_judged_by_what_held_on_it_at_its_place(world) {
        let scene = Scene::of(world, 3).await;
        let officer = scene.staff(Role::Officer).await;
        let hour = Key::AnomalyRedemptionsAnHour;
        scene.put(&officer, "990101", 0, (hour, Some(2))).await.unwrap();
        scene.put(&officer, HOME, 1, (hour, Some(3))).await.unwrap();
        let terminal = scene.terminal(scene.street.canteen).await;
        for (day, lunch) in (0..).zip([scene.street.lunch.clone(), scene.street.tomorrow.clone()]) {
            scene.go(day, 8);
            let orders = scene.orders(&lunch, 0..3).await;
            scene.go(day, 13);
            scene.read(&terminal, &orders, day, &[0, 600, 1200]).await;
        }
        scene.go(2, 9);
        // What is set afterwards judges nothing that was before.
        scene.put(&officer, HOME, 2, (hour, Some(0))).await.unwrap();
        scene.sweep(0..=1).await;
        assert_eq!(scene.told().await, [(Rule::FasterThanTheHour, (3, 2), 3)]);
        assert_eq!(scene.case().await.row.service_date.0, scene.monday());
        for (place, day, expected) in [(HOME, 0, 2), (HOME, 1, 3), (HOME, 2, 0), ("990101001", 2, 2), ("990101", -1, 400)] {
            assert_eq!(scene.an_hour(place, day).await, expected, "{place} on day {day}");
        }
    }
}

both_databases! {
    /// A rule is switched off at a place, with the reason, and on again.
    async fn a_rule_is_switched_off_at_a_place_with_its_reason(world) {
        let scene = Scene::of(world, 2).await;
        let officer = scene.staff(Role::Officer).await;
        scene.limit(&[(Key::AnomalyRedemptionsAnHour, 1)]).await;
        let terminal = scene.terminal(scene.street.canteen).await;
        let orders = scene.orders(&scene.street.lunch.clone(), 0..2).await;
        let switch = Key::AnomalyFasterThanTheHour;
        let shown = scene.put(&officer, HOME, 0, (switch, Some(0))).await.unwrap();
        let setting = shown.in_force.iter().find(|setting| setting.key == switch).unwrap();
        assert_eq!((setting.value, setting.source.as_str(), &setting.place), (0, "本店只有一个取餐口", &Some(place_of(HOME))));
        scene.go(0, 13);
        scene.read(&terminal, &orders, 0, &[0, 60]).await;
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, []);
        // Taken back on the same day it is as if it had not been.
        scene.go(0, 14);
        let shown = scene.put(&officer, HOME, 0, (switch, None)).await.unwrap();
        assert_eq!(shown.own.len(), 1, "one entry a day");
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [(Rule::FasterThanTheHour, (2, 1), 2)]);
    }
}

both_databases! {
    /// Limits are set for days to come, by an officer over the place who works for no canteen of it.
    async fn limits_are_set_by_an_officer_for_days_to_come(world) {
        let scene = Scene::of(world, 0).await;
        let officer = scene.staff(Role::Officer).await;
        let set = (Key::AnomalyPeersMin, Some(7));
        let past = scene.put(&officer, HOME, -1, set).await;
        assert_eq!(past, Err(Failure::Refused(Refusal::InThePast(scene.monday()))));
        let unknown = Err(Failure::NotFound(Thing::Place));
        assert_eq!(scene.put(&officer, "990101009", 0, set).await, unknown, "no such place");
        assert_eq!(scene.put(&officer, "9901", 0, set).await, unknown, "a place above");
        for role in [Role::Reviewer, Role::Auditor] {
            let who = scene.staff(role).await;
            assert_eq!(scene.put(&who, HOME, 0, set).await, Err(Failure::Forbidden), "{role}");
        }
        for role in [Role::Admin, Role::CanteenManager] {
            let who = scene.staff(role).await;
            assert_eq!(scene.put(&who, HOME, 0, set).await, unknown, "{role}");
        }
        let grant = RoleGrant { role: Role::Counter, place: place_of("990101001"), canteen: Some(scene.street.canteen) };
        let both = Arc::new(Actor { grants: [officer.grants.clone(), vec![grant]].concat(), ..(*officer).clone() });
        assert_eq!(scene.put(&both, HOME, 0, set).await, Err(Failure::Refused(Refusal::OwnCanteen)));
        assert!(scene.put(&officer, HOME, 0, set).await.is_ok());
    }
}
