//! Ratings and complaints, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::complaints::look::{self, ComplaintView};
use app::complaints::rate::{self, RatingDraft};
use app::complaints::{self, Brought, ComplaintRefusal as Refusal, Of};
use app::failure::{Failure, Outcome, Thing};
use app::public::PublicRatings;
use domain::access::{Actor, FamilyScope, Role, RoleGrant};
use domain::complaint::{Act, Category, ComplaintRefusal as Why, ComplaintState, ComplaintStep};
use domain::id::{OrderId, SeniorId};
use domain::rating::{RatingReason, RatingRefusal, Score, Voice};
use domain::time::Clock;
use domain::{Instant, PlaceCode};
use kitchen::{Kitchen, id, key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::query::complaints::ComplaintFilter;

/// A senior, her daughter who orders, her son who sees, a neighbour's senior, and who answers.
struct People {
    senior: Arc<Actor>,
    daughter: Arc<Actor>,
    son: Arc<Actor>,
    stranger: Arc<Actor>,
    worker: Arc<Actor>,
    street: Arc<Actor>,
}

const EATS: u128 = 301;

fn staff(user: u128, role: Role, place: &str) -> Arc<Actor> {
    let grant = RoleGrant { role, place: PlaceCode::parse(place).unwrap(), canteen: None };
    Arc::new(Actor { user: Some(id(user)), grants: vec![grant], ..Actor::default() })
}

fn family(user: u128, scope: FamilyScope) -> Arc<Actor> {
    let bound = BTreeMap::from([(id(EATS), BTreeSet::from([scope]))]);
    Arc::new(Actor { user: Some(id(user)), family: bound, ..Actor::default() })
}

fn people(k: &Kitchen) -> People {
    k.senior(id(EATS));
    People {
        senior: Arc::new(Actor { user: Some(id(101)), self_senior: Some(id(EATS)), ..Actor::default() }),
        daughter: family(102, FamilyScope::Order),
        son: family(103, FamilyScope::See),
        stranger: Arc::new(Actor { user: Some(id(104)), self_senior: Some(id::<domain::id::Senior>(999)), ..Actor::default() }),
        worker: staff(105, Role::Worker, "990101001"),
        street: staff(101, Role::Officer, "990101001"),
    }
}

/// A meal that was served at noon.
async fn served(k: &Kitchen) -> OrderId {
    let eats: SeniorId = id(EATS);
    let order = k.order(k.sitting, &[k.dishes[0]], Some(eats));
    k.move_to(k.at(12, 0));
    k.serve(order, k.at(12, 0)).await;
    order
}

fn draft(score: i64, reasons: &[RatingReason]) -> RatingDraft {
    RatingDraft { score: Score::try_from(score).unwrap(), reasons: reasons.to_vec(), words: " 饭是凉的 ".into() }
}

async fn rated(k: &Kitchen, by: &Arc<Actor>, order: OrderId, draft: RatingDraft) -> Outcome<rate::Rated, Refusal> {
    rate::rate(&k.app, by.clone(), key(), order, draft).await
}

async fn brought(k: &Kitchen, by: &Arc<Actor>, of: Of, category: Category) -> Outcome<ComplaintView, Refusal> {
    complaints::bring(&k.app, by.clone(), key(), Brought { of, category, words: "汤里有一只虫".into() }).await
}

async fn act(k: &Kitchen, by: &Arc<Actor>, of: &ComplaintView, act: Act) -> Outcome<ComplaintView, Refusal> {
    complaints::act(&k.app, by.clone(), (of.complaint, of.version), act, "说明".into()).await
}

fn kinds(complaint: &ComplaintView) -> Vec<ComplaintStep> {
    complaint.steps.iter().map(|step| step.kind).collect()
}

#[tokio::test]
async fn a_meal_is_rated_once_by_who_ate_it_or_speaks_for_them_and_by_nobody_of_the_canteen() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let order = served(&k).await;
        for (by, expected) in [
            (&k.manager, Failure::Forbidden),
            (&k.cook, Failure::NotFound(Thing::Order)),
            (&p.son, Failure::Forbidden),
            (&p.stranger, Failure::NotFound(Thing::Order)),
            (&k.stranger, Failure::NotFound(Thing::Order)),
        ] {
            assert_eq!(rated(&k, by, order, draft(5, &[])).await.unwrap_err(), expected, "{by:?}");
        }
        let given =
            rated(&k, &p.daughter, order, draft(2, &[RatingReason::Warmth, RatingReason::Taste, RatingReason::Taste])).await;
        let given = given.unwrap();
        assert_eq!((given.rating.voice, given.complaint), (Voice::Family, None));
        assert_eq!(given.rating.draft.reasons, [RatingReason::Taste, RatingReason::Warmth], "each once");
        assert_eq!(given.rating.draft.words, "饭是凉的");
        let again = rated(&k, &p.senior, order, draft(5, &[])).await.unwrap_err();
        assert_eq!(again, Failure::Refused(Refusal::Rating(RatingRefusal::Rated)));
        for by in [&p.son, &p.senior, &k.manager] {
            assert_eq!(rate::of(&k.app, by.clone(), order).await.unwrap(), given.rating);
        }
        assert_eq!(rate::of(&k.app, p.stranger.clone(), order).await.unwrap_err(), Failure::NotFound(Thing::Order));
        assert!(k.refuses("UPDATE order_rating SET score = 5") && k.refuses("DELETE FROM order_rating"));
    }
}

#[tokio::test]
async fn what_was_not_eaten_or_is_long_past_is_not_rated() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let waiting = k.order(k.sitting, &[k.dishes[0]], Some(id(EATS)));
        let early = rated(&k, &p.senior, waiting, draft(5, &[])).await.unwrap_err();
        assert_eq!(early, Failure::Refused(Refusal::Rating(RatingRefusal::NotServed)));
        let order = served(&k).await;
        let until = k.at(13, 0).plus_seconds(7 * 86_400);
        k.move_to(until.plus_seconds(1));
        let late = rated(&k, &p.senior, order, draft(5, &[])).await.unwrap_err();
        assert_eq!(late, Failure::Refused(Refusal::Rating(RatingRefusal::TooLate { until })));
        k.move_to(until);
        assert_eq!(rated(&k, &p.senior, order, draft(5, &[])).await.unwrap().rating.voice, Voice::Senior);
    }
}

#[tokio::test]
async fn a_poor_score_for_hygiene_opens_a_complaint_by_itself_and_the_figures_add_up() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let order = served(&k).await;
        let given = rated(&k, &p.worker, order, draft(1, &[RatingReason::Hygiene])).await.unwrap();
        assert_eq!(given.rating.voice, Voice::Staff);
        let opened = look::find(&k.app, k.manager.clone(), given.complaint.unwrap()).await.unwrap();
        assert_eq!((opened.category, opened.order, opened.state), (Category::Hygiene, Some(order), ComplaintState::Open));
        assert_eq!(opened.due_at, Some(k.at(12, 0).plus_seconds(24 * 3_600)));
        assert_eq!(opened.steps[0].words, "饭是凉的");
        let other = served(&k).await;
        rated(&k, &p.senior, other, draft(4, &[RatingReason::Hygiene])).await.unwrap();
        let figures = rate::figures(&k.app, p.street.clone(), k.canteen, (k.day, k.day)).await.unwrap();
        assert_eq!((figures.by_score, figures.mean_hundredths()), ([1, 0, 0, 1, 0], Some(250)));
        assert_eq!(figures.reasons, [(RatingReason::Hygiene, 2)]);
        let before = (k.day.plus_days(-9), k.day.plus_days(-1));
        assert_eq!(rate::figures(&k.app, k.manager.clone(), k.canteen, before).await.unwrap().count(), 0);
        let page = app::public::today(&k.app, "C1".into()).await.unwrap();
        assert_eq!(page.rated, None, "of two nobody is shown the mean");
        for _ in 0..9 {
            let more = served(&k).await;
            rated(&k, &p.senior, more, draft(5, &[])).await.unwrap();
        }
        let page = app::public::today(&k.app, "C1".into()).await.unwrap();
        assert_eq!(page.rated, None, "eleven ratings of one person are hers");
        for n in 0..9u128 {
            let eats: SeniorId = id(400 + n);
            k.senior(eats);
            let order = k.order(k.sitting, &[k.dishes[0]], Some(eats));
            k.serve(order, k.at(12, 0)).await;
            rated(&k, &p.worker, order, draft(5, &[])).await.unwrap();
        }
        let page = app::public::today(&k.app, "C1".into()).await.unwrap();
        // 1, 4, nine times 5 of one and nine times 5 of nine others.
        assert_eq!(page.rated, Some(PublicRatings { days: 90, count: 20, mean_hundredths: 475 }));
    }
}

#[tokio::test]
async fn a_complaint_is_answered_opened_again_and_closed_and_every_step_stays() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let order = served(&k).await;
        let c = brought(&k, &p.daughter, Of::Order(order), Category::Food).await.unwrap();
        assert_eq!((c.voice, c.senior, c.due_at), (Voice::Family, Some(id(EATS)), Some(k.at(12, 0).plus_seconds(72 * 3_600))));
        for (by, what, expected) in [
            (&p.daughter, Act::Answer, Failure::Forbidden),
            (&p.son, Act::Reopen, Failure::Forbidden),
            (&k.manager, Act::Close, Failure::Forbidden),
            (&p.stranger, Act::Answer, Failure::NotFound(Thing::Complaint)),
            (&k.cook, Act::Answer, Failure::NotFound(Thing::Complaint)),
            (&p.daughter, Act::Reopen, Failure::Refused(Refusal::Act(Why::NotAnswered))),
            (&p.street, Act::Close, Failure::Refused(Refusal::Act(Why::NotAnswered))),
        ] {
            assert_eq!(act(&k, by, &c, what).await.unwrap_err(), expected, "{what:?} by {by:?}");
        }
        let answered = act(&k, &k.manager, &c, Act::Answer).await.unwrap();
        assert_eq!((answered.state, answered.due_at, answered.version), (ComplaintState::Answered, None, 2));
        let stale = act(&k, &k.manager, &c, Act::Answer).await.unwrap_err();
        assert_eq!(stale, Failure::Stale { version: 2 });
        let mut now = answered;
        for again in 1..=2 {
            now = act(&k, &p.senior, &now, Act::Reopen).await.unwrap();
            assert_eq!((now.state, now.reopened), (ComplaintState::Open, again));
            assert!(now.due_at.is_some(), "with a deadline of its own");
            now = act(&k, &k.manager, &now, Act::Answer).await.unwrap();
        }
        let often = act(&k, &p.senior, &now, Act::Reopen).await.unwrap_err();
        assert_eq!(often, Failure::Refused(Refusal::Act(Why::ReopenedTooOften { times: 2 })));
        let closed = act(&k, &p.street, &now, Act::Close).await.unwrap();
        assert_eq!((closed.state, closed.closed_at), (ComplaintState::Closed, Some(k.at(12, 0))));
        use ComplaintStep as S;
        let expected = [S::Brought, S::Answered, S::Reopened, S::Answered, S::Reopened, S::Answered, S::Closed];
        assert_eq!(kinds(&closed), expected);
        for sql in [
            "UPDATE complaint SET state = 'open', closed_at = NULL",
            "DELETE FROM complaint",
            "UPDATE complaint_step SET words = ''",
            "DELETE FROM complaint_step",
        ] {
            assert!(k.refuses(sql), "{sql}");
        }
    }
}

#[tokio::test]
async fn of_a_canteen_somebody_may_complain_without_a_name_through_a_worker() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let of = Of::Canteen(k.canteen);
        let c = brought(&k, &p.worker, of, Category::Attitude).await.unwrap();
        assert_eq!((c.order, c.senior, c.voice), (None, None, Voice::Staff));
        assert_eq!(brought(&k, &k.manager, of, Category::Attitude).await.unwrap_err(), Failure::Forbidden);
        let unseen = brought(&k, &p.senior, of, Category::Attitude).await.unwrap_err();
        assert_eq!(unseen, Failure::NotFound(Thing::Canteen(k.canteen)));
        // It is nobody's by kinship, and the canteen's and the office's to see.
        let list = async |by: &Arc<Actor>| {
            let filter = ComplaintFilter { limit: 10, ..ComplaintFilter::default() };
            look::list(&k.app, by.clone(), filter).await.map(|all| all.len())
        };
        for (by, expected) in
            [(&k.manager, Ok(1)), (&p.street, Ok(1)), (&p.worker, Ok(1)), (&p.senior, Ok(0)), (&k.stranger, Ok(0))]
        {
            assert_eq!(list(by).await, expected, "{by:?}");
        }
        assert_eq!(list(&k.cook).await, Err(Failure::Forbidden));
    }
}

#[tokio::test]
async fn a_list_shows_what_is_asked_for_and_to_family_what_is_theirs() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let order = served(&k).await;
        let first = brought(&k, &p.senior, Of::Order(order), Category::Food).await.unwrap();
        let second = brought(&k, &p.worker, Of::Canteen(k.canteen), Category::Unwell).await.unwrap();
        act(&k, &k.manager, &first, Act::Answer).await.unwrap();
        k.move_to(k.at(12, 0).plus_seconds(25 * 3_600));
        let usual = || ComplaintFilter { limit: 10, ..ComplaintFilter::default() };
        let ids = async |by: &Arc<Actor>, filter| {
            let all = look::list(&k.app, by.clone(), filter).await.unwrap();
            all.into_iter().map(|c| c.complaint).collect::<Vec<_>>()
        };
        assert_eq!(ids(&p.street, usual()).await, [second.complaint, first.complaint]);
        let answered = ComplaintFilter { state: Some(ComplaintState::Answered), ..usual() };
        assert_eq!(ids(&p.street, answered).await, [first.complaint]);
        let overdue = ComplaintFilter { overdue_at: Some(k.clock.now()), ..usual() };
        assert_eq!(ids(&p.street, overdue).await, [second.complaint]);
        let older = ComplaintFilter { before: Some(second.complaint), ..usual() };
        assert_eq!(ids(&p.street, older).await, [first.complaint]);
        let elsewhere = ComplaintFilter { canteen: Some(k.satellite), ..usual() };
        assert_eq!(ids(&p.street, elsewhere).await, []);
        for by in [&p.senior, &p.son] {
            assert_eq!(ids(by, usual()).await, [first.complaint]);
        }
    }
}

#[tokio::test]
async fn what_is_not_answered_in_time_goes_up_office_by_office_once_each() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        for (n, user, place) in [(1, 101, "990101001"), (2, 102, "99")] {
            k.execute(&format!(
                "INSERT INTO place (code, name, level) SELECT '99', '省', 'province' WHERE NOT EXISTS (SELECT 1 FROM place WHERE code = '99');
                 INSERT INTO user_grant (id, user_id, role, place_code, granted_at) VALUES ({}, {}, 'officer', '{place}', 0);",
                k.uid(id::<domain::id::Grant>(800 + n)),
                k.uid(id::<domain::id::User>(user))
            ));
        }
        let c = brought(&k, &p.worker, Of::Canteen(k.canteen), Category::Unwell).await.unwrap();
        let raised = async |at: Instant| {
            k.move_to(at);
            let moved = complaints::follow_due(&k.app).await.unwrap();
            (moved, look::find(&k.app, p.street.clone(), c.complaint).await.unwrap())
        };
        let start = c.opened_at;
        let hours = |n: i64| start.plus_seconds(n * 3_600);
        assert_eq!(raised(hours(24)).await.0, 0, "the deadline itself is in time");
        let (moved, seen) = raised(hours(25)).await;
        assert_eq!((moved, seen.raised_to.as_ref().map(PlaceCode::as_str)), (1, Some("990101001")));
        assert_eq!(seen.due_at, Some(hours(49)), "the office has as long again");
        assert_eq!(raised(hours(26)).await.0, 0);
        let (moved, seen) = raised(hours(50)).await;
        assert_eq!((moved, seen.raised_to.as_ref().map(PlaceCode::as_str)), (1, Some("99")));
        // There is nobody further up: it stays with the last, open and without a deadline.
        let (moved, seen) = raised(hours(75)).await;
        assert_eq!((moved, seen.due_at, seen.state), (1, None, ComplaintState::Open));
        assert_eq!(raised(hours(1_000)).await.0, 0);
        assert_eq!(kinds(&seen), [ComplaintStep::Brought, ComplaintStep::Raised, ComplaintStep::Raised]);
        let answered = act(&k, &k.manager, &seen, Act::Answer).await.unwrap();
        assert_eq!(answered.state, ComplaintState::Answered, "the canteen may still answer");
    }
}

#[tokio::test]
async fn ten_ratings_of_one_meal_at_once_are_one() {
    for k in Kitchen::everywhere().await {
        let p = people(&k);
        let order = served(&k).await;
        let tasks: Vec<_> = (1..=10)
            .map(|n| {
                let (app, by) = (k.app.clone(), p.senior.clone());
                tokio::spawn(async move { rate::rate(&app, by, key(), order, draft(1 + n % 5, &[])).await.is_ok() })
            })
            .collect();
        let mut given = 0;
        for task in tasks {
            given += i32::from(task.await.unwrap());
        }
        assert_eq!(given, 1);
    }
}
