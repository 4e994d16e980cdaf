//! The world that tests stand on is itself sound.

use app::idempotency::RequestKey;
use app::orders::{cancel, place};
use domain::access::Role;
use domain::{Channel, Fen};
use testkit::{Street, World, both_databases};

fn key(text: &str) -> RequestKey {
    RequestKey::new(None, None, text, "test", &text).unwrap()
}

async fn place_one(world: &World, street: &Street, token: &str, key_text: &str) -> app::orders::view::OrderAnswer {
    let actor = world.actor(token).await;
    place::place(&world.app, actor, key(key_text), street.lunch.request(1, Some(street.senior.id), Channel::DineIn)).await.unwrap()
}

both_databases! {
    /// 张伟 is 75: the demo policy gives him 4.00 yuan once for a lunch, and gives it back when he cancels.
    async fn the_fixture_street_takes_orders_with_the_demo_policy(world) {
        let street = world.street().await;
        let first = place_one(world, &street, &street.senior.token, "first-order").await;
        assert_eq!(first.order.totals.subsidy_fen, Fen(400));
        let second = place_one(world, &street, street.token(Role::Worker), "second-order").await;
        assert_eq!(second.order.totals.subsidy_fen, Fen(0));
        let actor = world.actor(&street.senior.token).await;
        cancel::cancel(&world.app, actor, key("cancel-first"), first.order.order, None).await.unwrap();
        let third = place_one(world, &street, &street.senior.token, "third-order").await;
        assert_eq!(third.order.totals.subsidy_fen, Fen(400));
    }
}

both_databases! {
    /// Seniors for load tests have different identity numbers and cards.
    async fn many_seniors_can_be_added(world) {
        let street = world.street().await;
        let many = world.add_seniors(1_500, &street.place).await;
        let numbers: std::collections::BTreeSet<&str> = many.iter().map(|person| person.id_no.as_str()).collect();
        assert_eq!(numbers.len(), 1_500);
    }
}
