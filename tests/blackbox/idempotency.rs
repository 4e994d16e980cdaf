//! One effect per client-made key.

use serde_json::json;
use store::fixture;
use testkit::http::{Senior, Server};
use testkit::{Street, World, both_databases};

fn served(world: &World) -> (Street, Server, Senior) {
    let street = world.wait(world.street());
    let app = world.app.clone();
    let server = Server::start(move || api::configure(app.clone()));
    let senior = Senior::at(server.base(), &street.senior.token);
    (street, server, senior)
}

fn orders(world: &World) -> i64 {
    fixture::number(&mut world.database.connect(), "SELECT COUNT(*) AS n FROM meal_order").unwrap()
}

both_databases! {
    /// The same key with the same body is the same order; with another body it is refused and changes nothing.
    fn a_key_names_one_request_and_its_one_answer(world) {
        let (street, _server, senior) = served(world);
        let body = Street::order(&street.lunch, 1, Some(street.senior.id));
        let first = senior.post_with_key("/v1/orders", "one-lunch-please", &body).expect(201);
        let again = senior.post_with_key("/v1/orders", "one-lunch-please", &body).expect(201);
        assert_eq!((&again.body, &again.etag), (&first.body, &first.etag));
        let other = Street::order(&street.lunch, 2, Some(street.senior.id));
        let reused = senior.post_with_key("/v1/orders", "one-lunch-please", &other).expect(422);
        assert_eq!(reused.code(), "idempotency_key_reused");
        assert_eq!(orders(world), 1);
    }
}

both_databases! {
    /// Without a key, or with one that is none, nothing is ordered.
    fn an_order_without_a_key_is_refused(world) {
        let (street, _server, senior) = served(world);
        let body = serde_json::to_vec(&Street::order(&street.lunch, 1, Some(street.senior.id))).unwrap();
        let json = ("Content-Type", "application/json");
        for headers in [vec![json], vec![json, ("Idempotency-Key", "short")], vec![json, ("Idempotency-Key", "with a blank")]] {
            let reply = senior.try_send("POST", "/v1/orders", &headers, Some(&body)).unwrap().expect(400);
            assert_eq!(reply.code(), "idempotency_key_missing");
            assert!(reply.content_type.starts_with("application/problem+json"));
        }
        assert_eq!(orders(world), 0);
    }
}

both_databases! {
    /// Twenty at once with one key are one order and twenty equal answers.
    fn a_key_sent_by_many_at_once_has_one_effect(world) {
        let (street, _server, senior) = served(world);
        let body = Street::order(&street.lunch, 1, Some(street.senior.id));
        let replies: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..20).map(|_| scope.spawn(|| senior.post_with_key("/v1/orders", "all-at-once", &body).expect(201))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(replies.iter().all(|reply| reply.body == replies[0].body));
        assert_eq!(orders(world), 1);
    }
}

both_databases! {
    /// A refusal leaves the key free: what was refused for a cause that has gone may be sent again under it.
    fn a_refused_request_leaves_its_key_free(world) {
        let (street, _server, senior) = served(world);
        let mut body = Street::order(&street.lunch, 1, Some(street.senior.id));
        body["expected_self_pay_fen"] = json!(1);
        assert_eq!(senior.post_with_key("/v1/orders", "changed-my-mind", &body).expect(409).code(), "quote_changed");
        body["expected_self_pay_fen"] = json!(200);
        let _ = senior.post_with_key("/v1/orders", "changed-my-mind", &body).expect(201);
    }
}
