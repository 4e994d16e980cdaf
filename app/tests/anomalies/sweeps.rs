//! What a sweep keeps, and what it leaves alone.

use crate::scene::Scene;
use app::anomalies::sweep::{SweepRefusal, Swept, go_on, sweep};
use app::failure::Failure;
use domain::anomaly::{AnomalyRule as Rule, AnomalyState, EVIDENCE_MAX};
use domain::food_safety::SettingKey as Key;
use domain::subsidy::FactKind;
use store::fixture;
use testkit::{World, both_databases};

/// Three cards in an hour where two may be, on Monday.
async fn crowded(world: &World) -> Scene<'_> {
    let scene = Scene::of(world, 6).await;
    scene.limit(&[(Key::AnomalyRedemptionsAnHour, 2)]).await;
    let terminal = scene.terminal(scene.street.canteen).await;
    let orders = scene.orders(&scene.street.lunch.clone(), 0..3).await;
    scene.go(0, 13);
    scene.read(&terminal, &orders, 0, &[0, 600, 1200]).await;
    scene
}

fn rows(world: &World) -> Vec<i64> {
    let count =
        |table: &str| fixture::number(&mut world.database.connect(), &format!("SELECT COUNT(*) AS n FROM {table}")).unwrap();
    ["anomaly_case", "anomaly_evidence", "anomaly_canteen", "audit"].map(count).to_vec()
}

both_databases! {
    /// What was found is known.
    async fn a_day_that_is_searched_twice_gives_nothing_new(world) {
        let scene = crowded(world).await;
        let first = scene.sweep(0..=0).await;
        assert_eq!((first.days, first.opened, first.added), (1, 1, 0));
        let kept = (rows(world), scene.cases().await);
        let second = scene.sweep(0..=0).await;
        assert_eq!((second.days, second.opened, second.added), (1, 0, 0));
        assert_eq!((rows(world), scene.cases().await), kept);
    }
}

both_databases! {
    /// Two workers that search one day at a time keep each finding once.
    async fn two_sweeps_at_a_time_open_one_case(world) {
        let scene = crowded(world).await;
        scene.go(1, 12);
        let others = [world.another_app(), world.another_app(), world.another_app()];
        let (one, two, three, four) = tokio::join!(
            scene.sweep_by(&world.app, 0..=0),
            scene.sweep_by(&others[0], 0..=0),
            scene.sweep_by(&others[1], 0..=0),
            scene.sweep_by(&others[2], 0..=0),
        );
        let opened: u64 = [one, two, three, four].iter().map(|swept| swept.opened).sum();
        assert_eq!((opened, scene.told().await), (1, vec![(Rule::FasterThanTheHour, (3, 2), 3)]));
    }
}

both_databases! {
    /// A day is over at noon of the next one, and a stretch of days has an end.
    async fn only_days_that_are_over_are_searched(world) {
        let scene = Scene::of(world, 0).await;
        let (monday, refused) = (scene.monday(), |why| Err(Failure::Refused(why)));
        scene.go(1, 11);
        let sunday = monday.plus_days(-1);
        assert_eq!(sweep(&world.app, (monday, monday), &mut |_, _| {}).await, refused(SweepRefusal::NotOver(sunday)));
        assert_eq!(sweep(&world.app, (sunday, monday.plus_days(-2)), &mut |_, _| {}).await, refused(SweepRefusal::Stretch));
        let mut told = Vec::new();
        let days = (monday.plus_days(-3), sunday);
        let swept = sweep(&world.app, days, &mut |done, all| told.push((done, all))).await.unwrap();
        assert_eq!((swept.days, told), (3, vec![(0, 3), (1, 3), (2, 3), (3, 3)]));
    }
}

both_databases! {
    /// The worker searches each day once, also those that it missed, and nothing while there is nothing.
    async fn the_worker_searches_every_finished_day_once(world) {
        let scene = crowded(world).await;
        scene.go(1, 11);
        let days = |swept: Swept| (swept.days, swept.opened);
        assert_eq!(days(go_on(&world.app).await.unwrap()), (1, 0), "Sunday; Monday is not over");
        scene.go(1, 12);
        assert_eq!(days(go_on(&world.app).await.unwrap()), (1, 1), "Monday");
        assert!(go_on(&world.app).await.unwrap().is_nothing());
        scene.go(5, 12);
        // A command has searched Thursday meanwhile.
        scene.sweep_by(&world.app, 3..=3).await;
        assert_eq!(days(go_on(&world.app).await.unwrap()), (3, 0), "Tuesday, Wednesday, Friday");
        assert!(go_on(&world.app).await.unwrap().is_nothing());
    }
}

both_databases! {
    /// A terminal that was without network for days brings evidence of a day that was searched.
    async fn a_day_is_searched_again_when_evidence_of_it_comes_late(world) {
        let scene = Scene::of(world, 3).await;
        scene.limit(&[(Key::AnomalyRedemptionsAnHour, 2)]).await;
        let terminal = scene.terminal(scene.street.canteen).await;
        let orders = scene.orders(&scene.street.lunch.clone(), 0..3).await;
        scene.go(0, 13);
        scene.read(&terminal, &orders[..2], 0, &[0, 600]).await;
        scene.go(1, 12);
        go_on(&world.app).await.unwrap();
        assert_eq!(scene.told().await, []);
        scene.go(2, 9);
        scene.read(&terminal, &orders[2..], 0, &[1200]).await;
        let swept = go_on(&world.app).await.unwrap();
        assert_eq!((swept.days, swept.canteens, swept.opened), (0, 1, 1));
        assert_eq!(scene.told().await, [(Rule::FasterThanTheHour, (3, 2), 3)]);
        assert!(go_on(&world.app).await.unwrap().is_nothing(), "it is searched once more, not for ever");
    }
}

both_databases! {
    /// An offline terminal tells of an earlier time: another redemption counts then, of the same meal.
    async fn a_redemption_that_takes_the_place_of_another_is_no_new_evidence(world) {
        let scene = crowded(world).await;
        let terminal = scene.terminal(scene.street.canteen).await;
        scene.sweep(0..=0).await;
        let version = scene.case().await.row.version;
        // The same meal was served ten seconds earlier, by another terminal.
        let (order, at) = (scene.case().await.evidence[0].order_id.0, scene.at(0, -10));
        scene.serve(&terminal, order, domain::order::RedemptionMethod::Card, at).await;
        let swept = go_on(&world.app).await.unwrap();
        assert_eq!((swept.opened, swept.added), (0, 0));
        let case = scene.case().await;
        assert_eq!((case.row.version, case.row.evidence_total, case.row.state.0), (version, 3, AnomalyState::Open));
    }
}

both_databases! {
    /// A death is often recorded weeks later: the meals since are found then.
    async fn a_death_that_becomes_known_late_finds_the_meals_since(world) {
        let scene = Scene::of(world, 1).await;
        let (senior, terminal) = (scene.people[0].id, scene.terminal(scene.street.canteen).await);
        let lunches = [scene.street.lunch.clone(), scene.street.tomorrow.clone()];
        for (day, lunch) in (0..).zip(&lunches) {
            scene.go(day, 8);
            let order = scene.order(lunch, 1, senior).await;
            scene.go(day, 13);
            scene.read(&terminal, &[order], day, &[0]).await;
        }
        scene.go(2, 12);
        go_on(&world.app).await.unwrap();
        go_on(&world.app).await.unwrap();
        assert_eq!(scene.told().await, []);
        scene.go(9, 9);
        scene.fact(senior, FactKind::Death, "died", (-1, None)).await;
        go_on(&world.app).await.unwrap();
        assert_eq!(scene.told().await, [(Rule::AfterDeath, (2, 0), 2)]);
        let swept = scene.sweep_by(&world.app, 0..=1).await;
        assert_eq!((swept.opened, swept.added), (0, 0), "the days of it say the same");
    }
}

both_databases! {
    /// A case keeps some hundred meals, and how many there were.
    async fn evidence_is_bounded_and_its_total_is_told(world) {
        let people = u32::try_from(EVIDENCE_MAX).unwrap() + 5;
        let scene = Scene::of(world, people).await;
        scene.limit(&[(Key::AnomalyRedemptionsAnHour, 100), (Key::AnomalyTerminalPersons, 1000)]).await;
        let lunch = world.add_lunch(scene.street.neighbour, scene.monday(), &scene.street.dishes, &[1000; 3]).await;
        let orders = scene.orders(&lunch, 0..usize::try_from(people).unwrap()).await;
        let terminal = scene.terminal(scene.street.neighbour).await;
        scene.go(0, 13);
        let seconds: Vec<i64> = (0..i64::from(people)).map(|n| n * 10).collect();
        scene.read(&terminal, &orders, 0, &seconds).await;
        scene.sweep(0..=0).await;
        let case = scene.case().await;
        assert_eq!((case.evidence.len(), case.row.evidence_total), (EVIDENCE_MAX, i64::from(people)));
        let swept = scene.sweep(0..=0).await;
        assert_eq!((swept.opened, swept.added), (0, 0));
    }
}
