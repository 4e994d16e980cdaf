//! Each rule, just below and just above its limit.

use crate::scene::{HOME, Scene, place_of};
use domain::ServiceDate;
use domain::access::Role;
use domain::anomaly::{AnomalyMeasure, AnomalyRule as Rule};
use domain::batch::BatchState;
use domain::food_safety::{Holding, SettingKey as Key};
use domain::id::{CanteenId, SeniorId, SittingId};
use domain::order::RedemptionMethod;
use domain::subsidy::FactKind;
use store::column::{Col, Word};
use store::query::batches::{self, BatchRow};
use store::query::seniors::{self, FactRow};
use testkit::both_databases;

impl Scene<'_> {
    /// A fact that somebody records now.
    pub async fn fact(&self, of: SeniorId, kind: FactKind, value: &str, (from, to): (i32, Option<i32>)) {
        let (value, day) = (value.to_owned(), |n: i32| -> Col<ServiceDate> { Col(self.monday().plus_days(n)) });
        let (valid_from, valid_to) = (day(from), to.map(day));
        self.world
            .write(move |tx| {
                let row = FactRow {
                    id: Col(tx.new_id()),
                    senior_id: Col(of),
                    kind: kind.to_string(),
                    value: value.clone(),
                    valid_from,
                    valid_to,
                    recorded_at: Col(tx.now()),
                    source: "测试".to_owned(),
                };
                seniors::insert_fact(tx.change(), &row)
            })
            .await;
    }

    /// A batch of the second dish, served out: fewer portions were counted than had been planned.
    async fn cooked(&self, canteen: CanteenId, sitting: SittingId, portions: i64) {
        let (dish, cook) = (self.street.dishes[1], self.staff(Role::Cook).await.user.unwrap());
        let date = self.monday();
        self.world
            .write(move |tx| {
                let (now, by) = (Some(Col(tx.now())), Some(Col(cook)));
                let row = BatchRow {
                    id: Col(tx.new_id()),
                    version: 1,
                    canteen_id: Col(canteen),
                    sitting_id: Col(sitting),
                    dish_id: Col(dish),
                    service_date: Col(date),
                    batch_no: 1,
                    state: Word(BatchState::Finished),
                    planned_portions: portions + 30,
                    made_portions: Some(portions),
                    holding: Word(Holding::Hot),
                    cook_id: by,
                    core_temp: None,
                    started_at: now,
                    cooked_at: now,
                    released_at: now,
                    released_by: by,
                    ended_at: now,
                    created_at: Col(tx.now()),
                    created_by: Col(cook),
                };
                batches::add(tx.change(), &row)
            })
            .await;
    }
}

both_databases! {
    /// One person has one meal at one canteen, as many dishes as they like.
    async fn one_meal_at_two_canteens_is_found_and_two_orders_at_one_are_not(world) {
        let scene = Scene::of(world, 2).await;
        let (here, there) = (scene.street.canteen, scene.street.neighbour);
        let next_door = world.add_lunch(there, scene.monday(), &scene.street.dishes, &[100; 3]).await;
        let lunch = scene.street.lunch.clone();
        let one = [scene.order(&lunch, 0, scene.people[0].id).await, scene.order(&next_door, 1, scene.people[0].id).await];
        let other = [scene.order(&lunch, 0, scene.people[1].id).await, scene.order(&lunch, 1, scene.people[1].id).await];
        let (at_ours, at_theirs) = (scene.terminal(here).await, scene.terminal(there).await);
        scene.go(0, 13);
        scene.read(&at_ours, &[one[0], other[0], other[1]], 0, &[0, 10, 20]).await;
        scene.read(&at_theirs, &[one[1]], 0, &[600]).await;
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [(Rule::TwoCanteens, (2, 1), 2)]);
        let case = scene.case().await;
        assert_eq!(case.row.canteen_id, Col(there), "the case of the canteen where the last one was served");
        assert_eq!(case.evidence.iter().map(|meal| meal.order_id.0).collect::<Vec<_>>(), one);
        assert!(case.evidence.iter().all(|meal| meal.senior_name == "老*"), "{:?}", case.evidence);
        let mut concerns = vec![here, there];
        concerns.sort();
        assert_eq!(case.concerns, concerns);
    }
}

both_databases! {
    /// On the day of death somebody may have eaten; after it nobody did.
    async fn a_meal_after_the_day_of_death_is_found(world) {
        let scene = Scene::of(world, 2).await;
        let (died, lives) = (scene.people[0].id, scene.people[1].id);
        let (monday, tuesday) = (scene.street.lunch.clone(), scene.street.tomorrow.clone());
        let mut orders = Vec::new();
        for lunch in [&monday, &tuesday] {
            orders.push([scene.order(lunch, 1, died).await, scene.order(lunch, 1, lives).await]);
        }
        scene.fact(died, FactKind::Death, "died", (0, None)).await;
        let terminal = scene.terminal(scene.street.canteen).await;
        for (day, of_day) in orders.iter().enumerate() {
            let day = i32::try_from(day).unwrap();
            scene.go(day, 13);
            scene.read(&terminal, of_day, day, &[0, 600]).await;
        }
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [], "on the day itself");
        scene.sweep(0..=1).await;
        assert_eq!(scene.told().await, [(Rule::AfterDeath, (1, 0), 1)]);
        assert_eq!(scene.case().await.evidence[0].order_id, Col(orders[1][0]));
        assert_eq!(scene.case().await.row.senior_id, Some(Col(died)));
    }
}

both_databases! {
    /// On the first and the last day of a stay in hospital somebody may have eaten at home.
    async fn a_meal_inside_a_stay_in_hospital_is_found_and_at_its_ends_is_not(world) {
        let scene = Scene::of(world, 1).await;
        let (senior, terminal) = (scene.people[0].id, scene.terminal(scene.street.canteen).await);
        let wednesday = world.add_lunch(scene.street.canteen, scene.monday().plus_days(2), &scene.street.dishes, &[100; 3]).await;
        let lunches = [scene.street.lunch.clone(), scene.street.tomorrow.clone(), wednesday];
        let mut orders = Vec::new();
        for lunch in &lunches {
            orders.push(scene.order(lunch, 1, senior).await);
        }
        scene.fact(senior, FactKind::Institution, "hospital", (0, Some(2))).await;
        // Where somebody lives keeps nobody from eating.
        scene.fact(senior, FactKind::Living, "alone", (0, None)).await;
        for (day, order) in (0..).zip(&orders) {
            scene.go(day, 13);
            scene.read(&terminal, &[*order], day, &[0]).await;
        }
        scene.sweep(0..=2).await;
        assert_eq!(scene.told().await, [(Rule::WhileAway, (1, 0), 1)]);
        assert_eq!(scene.case().await.evidence[0].order_id, Col(orders[1]));
    }
}

both_databases! {
    /// What was cooked and its tolerance is enough; a portion more was never cooked. A kitchen without batches is not compared.
    async fn more_portions_than_were_cooked_are_found(world) {
        let scene = Scene::of(world, 23).await;
        let lunch = scene.street.lunch.clone();
        let orders = scene.orders(&lunch, 0..22).await;
        let next_door = world.add_lunch(scene.street.neighbour, scene.monday(), &scene.street.dishes, &[100; 3]).await;
        let without = scene.orders(&next_door, 22..23).await;
        scene.cooked(scene.street.canteen, lunch.sitting, 20).await;
        let (terminal, other) = (scene.terminal(scene.street.canteen).await, scene.terminal(scene.street.neighbour).await);
        let minutes: Vec<i64> = (0..22).map(|n| n * 60).collect();
        scene.go(0, 13);
        scene.read(&terminal, &orders[..21], 0, &minutes[..21]).await;
        scene.read(&other, &without, 0, &[0]).await;
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [], "twenty, and five in a hundred more");
        scene.read(&terminal, &orders[21..], 0, &minutes[21..]).await;
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [(Rule::MoreThanCooked, (22, 21), 22)]);
        assert_eq!(scene.case().await.row.dish_id, Some(Col(scene.street.dishes[1])));
    }
}

both_databases! {
    /// A canteen serves so many an hour; the hour is any hour.
    async fn more_redemptions_in_an_hour_than_the_canteen_can_serve_are_found(world) {
        let scene = Scene::of(world, 4).await;
        scene.limit(&[(Key::AnomalyRedemptionsAnHour, 2)]).await;
        let terminal = scene.terminal(scene.street.canteen).await;
        let (monday, tuesday) = (scene.street.lunch.clone(), scene.street.tomorrow.clone());
        let (first, second) = (scene.orders(&monday, 0..3).await, scene.orders(&tuesday, 0..4).await);
        scene.go(0, 13);
        scene.read(&terminal, &first, 0, &[0, 1800, 3600]).await;
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [], "the first has left the hour when the third comes");
        scene.go(1, 13);
        scene.read(&terminal, &second, 1, &[0, 1800, 3599, 7200]).await;
        scene.sweep(0..=1).await;
        assert_eq!(scene.told().await, [(Rule::FasterThanTheHour, (3, 2), 3)]);
        let case = scene.case().await;
        assert_eq!((case.row.window_from.0, case.row.window_to.0), (scene.at(1, 0), scene.at(1, 3599)));
    }
}

both_databases! {
    /// A terminal without network tells of a whole lunch at once, and that is no street's cards in a minute; and cards that were read in a
    /// minute stay so when they are told of over hours.
    async fn cards_in_a_minute_are_told_by_when_they_were_read_and_not_by_when_that_was_known(world) {
        let scene = Scene::of(world, 6).await;
        scene.limit(&[(Key::AnomalyTerminalPersons, 2)]).await;
        let (offline, quick) = (scene.terminal(scene.street.canteen).await, scene.terminal(scene.street.canteen).await);
        let orders = scene.orders(&scene.street.lunch.clone(), 0..6).await;
        for (hour, order, seconds) in [(12, orders[0], 0), (14, orders[1], 20), (16, orders[2], 59)] {
            scene.go(0, hour);
            scene.read(&quick, &[order], 0, &[seconds]).await;
        }
        scene.go(0, 20);
        scene.read(&offline, &orders[3..], 0, &[0, 30, 60]).await;
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [(Rule::OneTerminalMany, (3, 2), 3)]);
        let case = scene.case().await;
        assert_eq!(case.row.device_id.map(|id| id.0), quick.device.map(|(id, ..)| id));
        assert_eq!(case.evidence.iter().map(|meal| meal.order_id.0).collect::<Vec<_>>(), orders[..3]);
    }
}

both_databases! {
    /// What stands on one person's word: not too much within minutes, and not for too many people in a day.
    async fn one_person_who_confirms_many_meals_is_found(world) {
        let scene = Scene::of(world, 4).await;
        scene.limit(&[(Key::AnomalyCourierDeliveries, 2), (Key::AnomalyCourierPersonsADay, 3)]).await;
        let manager = scene.staff(Role::CanteenManager).await;
        let (monday, tuesday) = (scene.street.lunch.clone(), scene.street.tomorrow.clone());
        let (first, second) = (scene.orders(&monday, 0..3).await, scene.orders(&tuesday, 0..4).await);
        scene.go(0, 13);
        for (order, seconds) in first.iter().zip([0, 150, 300]) {
            scene.serve(&manager, *order, RedemptionMethod::Signature, scene.at(0, seconds)).await;
        }
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [], "two within five minutes, three people in all");
        scene.go(1, 13);
        for (order, seconds) in second.iter().zip([0, 150, 299, 6000]) {
            scene.serve(&manager, *order, RedemptionMethod::Photo, scene.at(1, seconds)).await;
        }
        scene.sweep(0..=1).await;
        let found: Vec<_> = scene.cases().await.into_iter().map(|row| (row.measure.0, row.observed, row.evidence_total)).collect();
        assert_eq!(found, [(AnomalyMeasure::DeliveriesAtOnce, 3, 3), (AnomalyMeasure::PersonsADay, 4, 4)]);
        assert!(scene.cases().await.iter().all(|row| row.user_id.map(|id| id.0) == manager.user));
    }
}

both_databases! {
    /// Who confirms meals at two canteens is judged by all of them.
    async fn a_courier_of_two_canteens_is_judged_by_both(world) {
        let scene = Scene::of(world, 3).await;
        scene.limit(&[(Key::AnomalyCourierDeliveries, 2)]).await;
        let (here, there) = (scene.street.canteen, scene.street.neighbour);
        let next_door = world.add_lunch(there, scene.monday(), &scene.street.dishes, &[100; 3]).await;
        let mut both = (*scene.staff(Role::CanteenManager).await).clone();
        both.grants.push(domain::access::RoleGrant { canteen: Some(there), ..both.grants[0].clone() });
        let both = std::sync::Arc::new(both);
        let mut orders = scene.orders(&scene.street.lunch.clone(), 0..2).await;
        orders.extend(scene.orders(&next_door, 2..3).await);
        scene.go(0, 13);
        for (order, seconds) in orders.iter().zip([0, 100, 200]) {
            scene.serve(&both, *order, RedemptionMethod::Signature, scene.at(0, seconds)).await;
        }
        scene.sweep(0..=0).await;
        assert_eq!(scene.told().await, [(Rule::OneCourierMany, (3, 2), 3)]);
        let case = scene.case().await;
        assert_eq!((case.row.canteen_id, case.concerns.len()), (Col(here), 2), "most of the meals were here");
    }
}

both_databases! {
    /// A canteen is compared with those of its district, once there are enough of them.
    async fn a_canteen_far_above_the_others_of_its_district_is_found_when_the_month_is_over(world) {
        let scene = Scene::of(world, 3).await;
        let third = world.add_canteen(&place_of(HOME), "第三食堂").await;
        let dishes = scene.street.dishes.clone();
        let mut orders = Vec::new();
        // Two meals of one person here, one of each of the others there: 2.00, 1.00 and 1.00 a senior.
        for (day, lunch) in [(0, scene.street.lunch.clone()), (1, scene.street.tomorrow.clone())] {
            orders.push((scene.street.canteen, day, scene.order(&lunch, 1, scene.people[0].id).await));
        }
        for (canteen, person) in [(scene.street.neighbour, 1), (third, 2)] {
            let lunch = world.add_lunch(canteen, scene.monday(), &dishes, &[100; 3]).await;
            orders.push((canteen, 0, scene.order(&lunch, 1, scene.people[person].id).await));
        }
        scene.limit(&[(Key::AnomalyPeersMin, 3)]).await;
        for (canteen, day, order) in orders {
            let terminal = scene.terminal(canteen).await;
            scene.go(day, 13);
            scene.read(&terminal, &[order], day, &[0]).await;
        }
        // Until the end of November.
        scene.sweep(0..=7).await;
        assert_eq!(scene.told().await, [], "two peers are fewer than three");
        world.clock.set(scene.at(0, 0));
        scene.limit(&[(Key::AnomalyPeersMin, 2)]).await;
        scene.sweep(0..=6).await;
        assert_eq!(scene.told().await, [], "the month is not over");
        scene.sweep(7..=7).await;
        let found: Vec<_> = scene.cases().await.into_iter().map(|row| (row.measure.0, row.observed, row.bound)).collect();
        // A deviation is a twentieth of the median at least: 1.00 and 5.2 times 0.05; of the total one meal at least, ten times.
        assert_eq!(found, [(AnomalyMeasure::MealsPerSenior, 200, 126)]);
        let case = scene.case().await;
        let peers: Vec<i64> = case.peers.iter().map(|peer| peer.figure).collect();
        assert_eq!((case.row.canteen_id.0, peers), (scene.street.canteen, vec![100, 100]));
    }
}
