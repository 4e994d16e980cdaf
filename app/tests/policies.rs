//! Policies: two people, no overlap, nothing changed once published. Run on SQLite, and on PostgreSQL when it is there.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use app::failure::Failure;
use app::idempotency::RequestKey;
use app::policies::{PolicyRefusal, draft, look, publish, review};
use common::{Bench, DEMO, actor, each_database};
use domain::ServiceDate;
use domain::access::Role;
use domain::policy::{PolicyRejection, PolicyState};
use std::sync::Arc;
use store::query::changes;

fn version(of: &str, name: &str, from: &str) -> String {
    of.replace("version: \"2026\"", &format!("version: \"{name}\""))
        .replace("effective: {from: 2026-01-01}", &format!("effective: {{from: {from}}}"))
}

fn key(n: u32) -> RequestKey {
    RequestKey::new(None, None, &format!("key-{n:08}"), "draftPolicy", &n).unwrap()
}

fn date(text: &str) -> ServiceDate {
    ServiceDate::parse(text).unwrap()
}

#[test]
fn a_draft_is_reviewed_by_another_person_and_then_published() {
    each_database(async |bench: Bench| {
        let (officer, reviewer) = (bench.staff(1, Role::Officer).await, bench.staff(2, Role::Reviewer).await);
        let drafted = draft::draft(&bench.app, officer.clone(), key(1), DEMO.to_owned()).await.unwrap();
        let id = drafted.policy.id;
        assert_eq!(drafted.policy.state, PolicyState::Draft);
        assert_eq!(publish::publish(&bench.app, officer.clone(), id, None).await, rejected(PolicyState::Draft));
        assert_eq!(review::review(&bench.app, officer.clone(), id).await, Err(Failure::Forbidden));
        let both = Arc::new(domain::access::Actor {
            grants: officer.grants.iter().chain(&reviewer.grants).cloned().collect(),
            ..(*officer).clone()
        });
        let own = Err(Failure::Refused(PolicyRefusal::Rejected(PolicyRejection::OwnDraft)));
        assert_eq!(review::review(&bench.app, both, id).await, own);
        assert_eq!(review::review(&bench.app, reviewer.clone(), id).await.unwrap().state, PolicyState::Reviewed);
        let published = publish::publish(&bench.app, officer.clone(), id, None).await.unwrap();
        assert_eq!((published.state, published.reviewed_by), (PolicyState::Published, reviewer.user));
        assert_eq!(publish::publish(&bench.app, officer, id, None).await, rejected(PolicyState::Published));
    });
}

fn rejected<T>(state: PolicyState) -> Result<T, Failure<PolicyRefusal>> {
    Err(Failure::Refused(PolicyRefusal::Rejected(PolicyRejection::WrongState(state))))
}

#[test]
fn a_faulty_document_is_refused_with_every_fault_and_kept_nowhere() {
    each_database(async |bench: Bench| {
        let officer = bench.staff(1, Role::Officer).await;
        let faulty =
            DEMO.replace("nuanfan_policy: 1", "nuanfan_policy: 1\nsurprise: true").replace("fixed_fen: 300", "fixed_fen: 3.5");
        let Err(Failure::Refused(PolicyRefusal::Faulty(all))) = draft::draft(&bench.app, officer.clone(), key(1), faulty).await
        else {
            panic!("taken")
        };
        assert!(all.len() >= 2, "{all:?}");
        let filter = store::query::policies::PolicyFilter { limit: 10, ..Default::default() };
        assert_eq!(look::list(&bench.app, officer, filter).await.unwrap().0, []);
    });
}

#[test]
fn two_versions_never_govern_one_date_and_a_superseded_one_keeps_its_days() {
    each_database(async |bench: Bench| {
        let first = publish::publish_for_setup(&bench.app, DEMO).await.unwrap();
        assert_eq!(publish::publish_for_setup(&bench.app, DEMO).await.unwrap(), first, "the same document again");
        let (officer, reviewer) = (bench.staff(1, Role::Officer).await, bench.staff(2, Role::Reviewer).await);
        let next = version(DEMO, "2027", "2026-11-23");
        let id = draft::draft(&bench.app, officer.clone(), key(1), next).await.unwrap().policy.id;
        review::review(&bench.app, reviewer, id).await.unwrap();
        let overlap = PolicyRefusal::Overlap { with: first.id, version: "2026".to_owned(), date: date("2026-11-23") };
        assert_eq!(publish::publish(&bench.app, officer.clone(), id, None).await, Err(Failure::Refused(overlap)));
        let published = publish::publish(&bench.app, officer.clone(), id, Some(first.id)).await.unwrap();
        assert_eq!(published.to, None);
        let (old, _) = look::get(&bench.app, officer, first.id).await.unwrap();
        assert_eq!((old.state, old.to), (PolicyState::Superseded, Some(date("2026-11-22"))));
        let shelf = bench.app.shelves.clone();
        for (on, version) in [("2026-11-22", "2026"), ("2026-11-23", "2027")] {
            let shelf = shelf.clone();
            let look = move |conn: &mut store::AnyConnection| {
                let changes = changes::now(conn)?;
                shelf.policies.book(conn, changes, date(on))
            };
            let book = bench.app.store.read("book", look).await.unwrap();
            let names: Vec<_> = book.versions().map(|v| v.document().version.to_string()).collect();
            assert_eq!(names, [version], "{on}");
        }
    });
}

#[test]
fn a_policy_of_another_district_is_out_of_sight_and_one_of_the_city_is_seen_and_not_touched() {
    each_database(async |bench: Bench| {
        let published = publish::publish_for_setup(&bench.app, DEMO).await.unwrap();
        let below = Arc::new(actor(3, Role::Officer, "990101001001"));
        assert_eq!(look::get(&bench.app, below.clone(), published.id).await.unwrap().0, published);
        assert_eq!(publish::publish(&bench.app, below, published.id, None).await, Err(Failure::Forbidden));
        let beside = Arc::new(actor(4, Role::Officer, "990102"));
        assert!(matches!(look::get(&bench.app, beside, published.id).await, Err(Failure::NotFound(_))));
    });
}
