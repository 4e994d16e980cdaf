//! A case from the finding to its end, and who brings it there.

use crate::scene::{HOME, Scene, place_of};
use app::anomalies::sweep::go_on;
use app::anomalies::{AnomalyRefusal as Refusal, close, look, take};
use app::failure::{Failure, Thing};
use domain::access::{Actor, Role, RoleGrant};
use domain::anomaly::{AnomalyFinding as Finding, AnomalyRule as Rule, AnomalyState, CaseRejection};
use domain::food_safety::SettingKey as Key;
use domain::id::{AnomalyCaseId, OrderId};
use std::sync::Arc;
use store::column::Col;
use store::fixture;
use store::query::anomalies::AnomalyFilter;
use testkit::{World, both_databases};

/// A case: three cards in an hour where two may be, on Monday. Two further orders are not served yet.
async fn found(world: &World) -> (Scene<'_>, AnomalyCaseId, Vec<OrderId>) {
    let scene = Scene::of(world, 5).await;
    scene.limit(&[(Key::AnomalyRedemptionsAnHour, 2)]).await;
    let terminal = scene.terminal(scene.street.canteen).await;
    let orders = scene.orders(&scene.street.lunch.clone(), 0..5).await;
    scene.go(0, 13);
    scene.read(&terminal, &orders[..3], 0, &[0, 600, 1200]).await;
    scene.go(1, 12);
    go_on(&world.app).await.unwrap();
    let id = scene.case().await.row.id.0;
    (scene, id, orders)
}

async fn end(scene: &Scene<'_>, by: &Arc<Actor>, id: AnomalyCaseId, version: i64) -> Result<(), Failure<Refusal>> {
    let what = (Finding::Explained, "两个取餐口同时开放".to_owned());
    close(&scene.world.app, by.clone(), id, version, what).await.map(drop)
}

fn rejected<T>(why: CaseRejection) -> Result<T, Failure<Refusal>> {
    Err(Failure::Refused(Refusal::Case(why)))
}

both_databases! {
    /// A case is taken, and closed by whoever has it, with what it was.
    async fn a_case_is_taken_and_closed_by_a_named_person(world) {
        let (scene, id, _) = found(world).await;
        let (officer, reviewer) = (scene.staff(Role::Officer).await, scene.staff(Role::Reviewer).await);
        let taken = take(&world.app, officer.clone(), id).await.unwrap().row;
        assert_eq!((taken.taken_by.map(|id| id.0), taken.version), (officer.user, 2));
        assert_eq!(take(&world.app, officer.clone(), id).await.unwrap().row.version, 2, "taken twice it is taken once");
        let another = CaseRejection::TakenByAnother(officer.user.unwrap());
        assert_eq!(end(&scene, &reviewer, id, 2).await, rejected(another));
        take(&world.app, reviewer.clone(), id).await.unwrap();
        assert_eq!(end(&scene, &reviewer, id, 2).await, Err(Failure::Stale { version: 3 }));
        assert_eq!(end(&scene, &reviewer, id, 3).await, Ok(()));
        let row = scene.case().await.row;
        assert_eq!((row.state.0, row.finding.map(|word| word.0)), (AnomalyState::Closed, Some(Finding::Explained)));
        assert_eq!((row.closed_by.map(|id| id.0), row.note.as_str()), (reviewer.user, "两个取餐口同时开放"));
        for again in [end(&scene, &reviewer, id, 4).await, take(&world.app, officer, id).await.map(drop)] {
            assert_eq!(again, rejected(CaseRejection::Closed));
        }
    }
}

both_databases! {
    /// Nobody of the canteen, nobody who recorded one of its meals, nobody elsewhere, and nobody who only looks.
    async fn a_case_is_closed_by_nobody_whom_it_concerns(world) {
        let (scene, id, orders) = found(world).await;
        let officer = scene.staff(Role::Officer).await;
        for role in [Role::CanteenManager, Role::Counter, Role::Cook, Role::Courier, Role::Worker, Role::Admin] {
            let staff = scene.staff(role).await;
            assert_eq!(end(&scene, &staff, id, 1).await, Err(Failure::NotFound(Thing::AnomalyCase)), "{role}");
        }
        let auditor = scene.staff(Role::Auditor).await;
        assert_eq!(end(&scene, &auditor, id, 1).await, Err(Failure::Forbidden), "an auditor looks");
        assert!(look::find(&world.app, auditor, id).await.is_ok());
        // An officer who also stands at the counter.
        let grant = RoleGrant { role: Role::Counter, place: place_of(HOME), canteen: Some(scene.street.canteen) };
        let both = Arc::new(Actor { grants: [officer.grants.clone(), vec![grant]].concat(), ..(*officer).clone() });
        assert_eq!(end(&scene, &both, id, 1).await, rejected(CaseRejection::Concerned));
        assert_eq!(take(&world.app, both, id).await.map(drop), rejected(CaseRejection::Concerned));
        // Who stood there on that day, and does no more.
        let reviewer = scene.staff(Role::Reviewer).await;
        let grant = RoleGrant { role: Role::Counter, place: place_of(HOME), canteen: Some(scene.street.canteen) };
        let then = Arc::new(Actor { grants: vec![grant], ..(*reviewer).clone() });
        scene.serve(&then, orders[3], domain::order::RedemptionMethod::Card, scene.at(0, 1500)).await;
        go_on(&world.app).await.unwrap();
        assert_eq!(end(&scene, &reviewer, id, 2).await, rejected(CaseRejection::Concerned));
        // Another street's officer does not learn of it.
        let elsewhere = world.add_staff(Role::Officer, &place_of("990101002"), None).await;
        let elsewhere = world.actor(&elsewhere.token).await;
        assert_eq!(end(&scene, &elsewhere, id, 2).await, Err(Failure::NotFound(Thing::AnomalyCase)));
        assert_eq!(scene.case().await.row.state.0, AnomalyState::Open);
        assert_eq!(end(&scene, &officer, id, 2).await, Ok(()));
    }
}

both_databases! {
    /// What was closed is known; what comes after it is another case, which begins with what is new.
    async fn a_closed_case_stays_closed_and_new_evidence_opens_another(world) {
        let (scene, id, orders) = found(world).await;
        let officer = scene.staff(Role::Officer).await;
        let terminal = scene.terminal(scene.street.canteen).await;
        scene.read(&terminal, &orders[3..4], 0, &[1800]).await;
        let swept = go_on(&world.app).await.unwrap();
        assert_eq!((swept.opened, swept.added), (0, 1), "an open case gets what is new");
        assert_eq!(scene.told().await, [(Rule::FasterThanTheHour, (4, 2), 4)]);
        assert_eq!(end(&scene, &officer, id, 1).await, Err(Failure::Stale { version: 2 }), "it has not been seen whole");
        assert_eq!(end(&scene, &officer, id, 2).await, Ok(()));
        let swept = scene.sweep(0..=0).await;
        assert_eq!((swept.opened, swept.added), (0, 0), "the same evidence again");
        scene.read(&terminal, &orders[4..], 0, &[2400]).await;
        let swept = go_on(&world.app).await.unwrap();
        assert_eq!((swept.opened, swept.added), (1, 0));
        let cases = scene.cases().await;
        let told: Vec<_> = cases.iter().map(|row| (row.round, row.state.0, row.evidence_total)).collect();
        assert_eq!(told, [(1, AnomalyState::Closed, 4), (2, AnomalyState::Open, 5)]);
        let card = look::find(&world.app, officer, cases[1].id.0).await.unwrap();
        assert!(card.evidence.iter().any(|meal| meal.order_id == Col(orders[4])));
    }
}

both_databases! {
    /// The database itself keeps what was found and how it ended.
    async fn nobody_changes_what_was_found(world) {
        let (scene, id, _) = found(world).await;
        let officer = scene.staff(Role::Officer).await;
        assert_eq!(end(&scene, &officer, id, 1).await, Ok(()));
        let mut conn = world.database.connect();
        for sql in [
            "UPDATE anomaly_case SET note = ''",
            "UPDATE anomaly_case SET state = 'open', finding = NULL, closed_by = NULL, closed_at = NULL",
            "DELETE FROM anomaly_case",
            "UPDATE anomaly_evidence SET served_at = 0",
            "DELETE FROM anomaly_evidence",
            "DELETE FROM anomaly_canteen",
        ] {
            assert!(fixture::execute(&mut conn, sql).is_err(), "{sql}");
        }
    }
}

both_databases! {
    /// Everything that was done with a case is on the audit log.
    async fn what_was_done_with_a_case_is_audited(world) {
        let (scene, id, _) = found(world).await;
        let officer = scene.staff(Role::Officer).await;
        take(&world.app, officer.clone(), id).await.unwrap();
        assert_eq!(end(&scene, &officer, id, 2).await, Ok(()));
        let sql = "SELECT action || ' ' || actor AS t FROM audit WHERE action LIKE 'anomaly%' ORDER BY seq";
        let by = officer.user.unwrap();
        let expected =
            [format!("anomaly_tuned {by}"), "anomaly_opened system".to_owned(), format!("anomaly_taken {by}"), format!("anomaly_closed {by}")];
        assert_eq!(fixture::texts(&mut world.database.connect(), sql).unwrap(), expected);
    }
}

both_databases! {
    /// A list is narrowed by place, rule, state and day, and goes on page by page.
    async fn a_list_is_narrowed_and_paged(world) {
        let (scene, id, _) = found(world).await;
        let officer = scene.staff(Role::Officer).await;
        let all = AnomalyFilter { limit: 10, ..AnomalyFilter::default() };
        let (monday, tuesday) = (Some(scene.monday()), Some(scene.monday().plus_days(1)));
        for (what, filter, there) in [
            ("everything", all.clone(), true),
            ("the street", AnomalyFilter { place: Some(place_of("990101001")), ..all.clone() }, true),
            ("another street", AnomalyFilter { place: Some(place_of("990101002")), ..all.clone() }, false),
            ("the rule", AnomalyFilter { rule: Some(Rule::FasterThanTheHour), ..all.clone() }, true),
            ("another rule", AnomalyFilter { rule: Some(Rule::AfterDeath), ..all.clone() }, false),
            ("open", AnomalyFilter { state: Some(AnomalyState::Open), ..all.clone() }, true),
            ("closed", AnomalyFilter { state: Some(AnomalyState::Closed), ..all.clone() }, false),
            ("the day", AnomalyFilter { from: monday, to: monday, ..all.clone() }, true),
            ("the day after", AnomalyFilter { from: tuesday, ..all.clone() }, false),
            ("before", AnomalyFilter { to: monday.map(|day| day.plus_days(-1)), ..all.clone() }, false),
            ("the next page", AnomalyFilter { before: Some(id), ..all.clone() }, false),
        ] {
            let found = look::list(&world.app, officer.clone(), filter).await.unwrap();
            assert_eq!(!found.is_empty(), there, "{what}");
        }
        let counter = scene.staff(Role::Counter).await;
        assert_eq!(look::list(&world.app, counter, all).await.map(drop), Err(Failure::Forbidden));
    }
}
