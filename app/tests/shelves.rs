//! What is kept in memory is never older than the database: a change made anywhere, by any process, counts with the next request.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::App;
use app::orders::{PlaceRefusal, place};
use app::session::actor_of;
use app::{Failure, policies};
use domain::access::{FamilyScope, Role};
use domain::ordering::OrderRefusal;
use domain::{Channel, Fen};
use store::fixture;
use store::query::changes;
use testkit::{Street, World, both_databases};

/// A change as another program would make it, beside this process's own lanes.
fn elsewhere(world: &World, sql: &'static str) {
    let other = world.another_app();
    let done = other.store.write(store::LaneKey::SHARED, "elsewhere", move |tx| fixture::execute(tx.change(), sql));
    world.wait(done).expect(sql);
}

fn counts(world: &World) -> changes::Changes {
    world.wait(world.app.store.read("counts", changes::now)).expect("counts")
}

async fn holder(app: &App, token: &str) -> Option<std::sync::Arc<domain::access::Actor>> {
    actor_of(app, token, app.clock.now()).await.expect("session")
}

fn quote_of(world: &World, street: &Street, dish: usize) -> Result<Fen, Failure<PlaceRefusal>> {
    let request = street.tomorrow.request(dish, Some(street.senior.id), Channel::DineIn);
    let worker = world.wait(world.actor(street.token(Role::Worker)));
    world.wait(place::quote(&world.app, worker, request)).map(|quote| quote.totals.self_pay_fen)
}

both_databases! {
    /// Triggers count, so that no way of changing a right, a recipe or a policy can forget to.
    fn every_change_of_what_is_kept_is_counted(world) {
        let _street = world.wait(world.street());
        let access = |c: changes::Changes| c.access;
        let recipes = |c: changes::Changes| c.recipes;
        let policies = |c: changes::Changes| c.policies;
        type Count = fn(changes::Changes) -> i64;
        let cases: [(&'static str, Count); 11] = [
            ("UPDATE app_user SET state = 'blocked'", access),
            ("UPDATE user_grant SET revoked_at = 1", access),
            ("UPDATE session SET revoked_at = 1", access),
            ("UPDATE family_binding SET scopes = 'see'", access),
            ("DELETE FROM family_binding", access),
            ("DELETE FROM session", access),
            ("UPDATE senior SET user_id = NULL", access),
            ("UPDATE dish SET name = 'x'", recipes),
            ("UPDATE ingredient SET allergens = 'egg'", recipes),
            ("DELETE FROM recipe_line", recipes),
            ("UPDATE policy_version SET effective_to = '2026-12-31'", policies),
        ];
        for (sql, count) in cases {
            let before = count(counts(world));
            elsewhere(world, sql);
            assert!(count(counts(world)) > before, "{sql}");
        }
    }

    /// Whoever loses a right loses it with the next request, on every process.
    fn a_right_taken_away_elsewhere_counts_with_the_next_request(world) {
        let street = world.wait(world.street());
        let app = &world.app;
        let worker = street.token(Role::Worker);
        assert!(world.wait(holder(app, &street.family)).unwrap().may_for(FamilyScope::Order, street.poor_senior.id));
        assert_eq!(world.wait(holder(app, worker)).unwrap().grants.len(), 1);
        elsewhere(world, "UPDATE family_binding SET revoked_at = 1");
        elsewhere(world, "UPDATE user_grant SET revoked_at = 1");
        assert!(!world.wait(holder(app, &street.family)).unwrap().may_for(FamilyScope::Order, street.poor_senior.id));
        assert_eq!(world.wait(holder(app, worker)).unwrap().grants.len(), 0);
        elsewhere(world, "UPDATE app_user SET state = 'blocked'");
        assert!(world.wait(holder(app, worker)).is_none());
    }

    /// A session ends at its time although it is remembered.
    fn a_remembered_session_ends_at_its_time(world) {
        let street = world.wait(world.street());
        let token = street.token(Role::Worker).to_owned();
        assert!(world.wait(holder(&world.app, &token)).is_some());
        elsewhere(world, "UPDATE session SET expires_at = 1");
        assert!(world.wait(holder(&world.app, &token)).is_none());
    }

    /// What a dish is made of decides who may eat it; a recipe changed elsewhere counts with the next quote.
    fn a_recipe_changed_elsewhere_counts_with_the_next_quote(world) {
        let street = world.wait(world.street());
        world.wait(world.add_allergy(street.senior.id, "egg"));
        assert!(quote_of(world, &street, 0).is_ok());
        elsewhere(world, "UPDATE ingredient SET allergens = 'egg'");
        let refused = quote_of(world, &street, 0).expect_err("it has egg now");
        let Failure::Refused(PlaceRefusal::Rules(all)) = refused else { panic!("{refused:?}") };
        assert!(matches!(all.as_slice(), [OrderRefusal::Clashes { .. }]), "{all:?}");
    }

    /// A policy that ends elsewhere pays nothing with the next quote.
    fn a_policy_ended_elsewhere_counts_with_the_next_quote(world) {
        let street = world.wait(world.street());
        let with = quote_of(world, &street, 0).unwrap();
        elsewhere(world, "UPDATE policy_version SET effective_to = '2026-01-02'");
        let without = quote_of(world, &street, 0).unwrap();
        assert!(without > with, "{without:?} {with:?}");
        let again = policies::publish::publish_for_setup(&world.app, testkit::fixtures::POLICY);
        assert!(world.wait(again).is_ok());
    }
}
