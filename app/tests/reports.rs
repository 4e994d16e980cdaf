//! Reports on both databases: every breakdown comes to what was posted, who is entitled and eats without is found, and a month is mailed
//! once to whoever asked and may still see it.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use app::corrections::answer::{Answer, answer, question};
use app::failure::{Failure, Thing};
use app::idempotency::RequestKey;
use app::jobs::run_due;
use app::orders::place;
use app::orders::redeem::{self, Redemption};
use app::ports::{Mail, Mailer, PortError, Ports};
use app::reports::mail::{self, SubscriptionRefusal};
use app::reports::unused::{self, Wanted};
use app::reports::{MonthReport, month, workbook};
use app::seniors::facts::{self, NewFact};
use common::{Bench, DEMO, STREET, actor, at, canteen, each_database, id, monday, order, senior};
use domain::access::{Actor, Role};
use domain::claim::Month;
use domain::correction::Resolution;
use domain::id::{OrderId, UserId};
use domain::order::RedemptionMethod;
use domain::subsidy::FactKind;
use domain::{Fen, MealPeriod, PlaceCode};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use store::column::{Col, Word};
use store::query::notices::{self, SettingRow};
use store::seal::Field;
use store::{LaneKey, StoreError};
use tabular::Language;

static KEYS: AtomicU32 = AtomicU32::new(0);

fn key() -> RequestKey {
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("report-{n:08}"), "test", &n).unwrap()
}

fn officer() -> Arc<Actor> {
    Arc::new(actor(1, Role::Officer, "990101"))
}

fn code(of: &str) -> PlaceCode {
    PlaceCode::parse(of).unwrap()
}

fn november() -> Month {
    Month::parse("2026-11").unwrap()
}

async fn served(bench: &Bench, meals: &[(i32, u128)]) -> Vec<OrderId> {
    app::policies::publish::publish_for_setup(&bench.app, DEMO).await.unwrap();
    let worker = bench.staff(3, Role::Worker).await;
    let mut orders = Vec::new();
    for (on, who) in meals {
        let placed = place::place(&bench.app, worker.clone(), key(), order(*on, MealPeriod::Lunch, *who, 1)).await.unwrap();
        orders.push(placed.order.order);
    }
    for ((on, _), of) in meals.iter().zip(&orders) {
        let served_at = at(monday().plus_days(*on), 12, 0);
        bench.clock.set(served_at);
        let n = u128::from(KEYS.fetch_add(1, Ordering::SeqCst)) + 0x9000;
        let redemption = Redemption { id: id(n), order: *of, method: RedemptionMethod::Card, served_at };
        redeem::redeem(&bench.app, bench.terminal(0), redemption).await.unwrap();
    }
    bench.clock.set(at(monday().plus_days(8), 9, 0));
    orders
}

async fn learn(bench: &Bench, who: u128, value: &str) {
    let new = NewFact {
        kind: FactKind::EconomicClass,
        value: value.to_owned(),
        valid_from: monday().plus_days(-30),
        valid_to: None,
        source: "民政".to_owned(),
    };
    facts::add(&bench.app, bench.staff(3, Role::Worker).await, key(), senior(who), new).await.unwrap();
}

async fn report(bench: &Bench) -> MonthReport {
    month(&bench.app, officer(), code("990101"), november()).await.unwrap()
}

#[test]
fn a_month_comes_to_what_was_posted_in_every_breakdown() {
    each_database(async |bench: Bench| {
        learn(&bench, 2, "dibao").await;
        served(&bench, &[(0, 1), (1, 1), (1, 2), (2, 0)]).await;
        let of = report(&bench).await;
        let (figures, all) = (&of.figures, of.figures.all);
        assert_eq!((all.meals, all.fen), (4, Fen(400 + 400 + 900 + 300)));
        let funders: Vec<(String, i64)> = figures.funders.iter().map(|(payer, fen)| (payer.to_string(), fen.0)).collect();
        assert_eq!(
            funders,
            [
                ("demo-meals/city@9901".into(), 100 + 100 + 300 + 100),
                ("demo-meals/district@990101".into(), 150 + 150 + 300 + 100),
                ("demo-meals/street@990101001".into(), 150 + 150 + 300 + 100)
            ]
        );
        assert_eq!(of.funder_name("street"), "街道");
        let class =
            |name: &str| figures.classes.iter().find(|(class, _)| class.as_ref().map_or("", |c| c.as_str()) == name).unwrap().1;
        assert_eq!((class("dibao").persons.len(), class("dibao").meals.fen), (1, Fen(900)));
        assert_eq!((class("").persons.len(), class("").meals.meals), (2, 3));
        assert_eq!(figures.days.values().map(|day| day.meals).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!(figures.canteens[&canteen()], all);
        assert_eq!(figures.versions.values().map(|version| version.meals).collect::<Vec<_>>(), [4]);
    });
}

#[test]
fn equal_figures_give_equal_bytes_and_a_correction_stands_with_the_month_of_its_meal() {
    each_database(async |bench: Bench| {
        let orders = served(&bench, &[(0, 1), (1, 2)]).await;
        let bytes = |of: &MonthReport| workbook::workbook(of, &code("990101"), november(), Language::Chinese).unwrap();
        let (first, second) = (report(&bench).await, report(&bench).await);
        assert!(bytes(&first).starts_with(b"PK") && bytes(&first) == bytes(&second));
        let asked = (Resolution::Annul, "未实际供餐".to_owned());
        let card = question(&bench.app, officer(), key(), orders[0], asked).await.unwrap();
        let reviewer = Arc::new(actor(2, Role::Reviewer, STREET));
        answer(&bench.app, reviewer, card.row.id.0, card.row.version, Answer::Approve).await.unwrap();
        let of = report(&bench).await;
        assert_eq!((of.figures.all.meals, of.figures.all.fen), (1, Fen(600)));
        assert!(bytes(&of) != bytes(&first));
    });
}

#[test]
fn a_report_is_of_a_place_that_the_reader_may_see_and_that_exists() {
    each_database(async |bench: Bench| {
        let ask = async |who: Arc<Actor>, place: &str| month(&bench.app, who, code(place), november()).await.map(|_| ());
        let elsewhere = Arc::new(actor(5, Role::Officer, "990102"));
        assert_eq!(ask(elsewhere, "990101").await, Err(Failure::NotFound(Thing::Place)));
        assert_eq!(ask(bench.staff(5, Role::Cook).await, "990101").await, Err(Failure::Forbidden));
        assert_eq!(ask(officer(), "990101999").await, Err(Failure::NotFound(Thing::Place)));
    });
}

#[test]
fn who_is_entitled_and_had_no_subsidized_meal_is_found_page_by_page_and_nobody_else() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        let wanted = Wanted { place: code(STREET), month: november(), price: unused::PRICE };
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = unused::page(&bench.app, officer(), wanted.clone(), after, 2).await.unwrap();
            assert!(page.len() <= 2);
            found.extend(page.into_iter().map(|one| (one.senior.row.id.0, one.granted.0)));
            after = next;
            if after.is_none() {
                break;
            }
        }
        // Senior 1 ate, senior 5 is not sixty yet.
        assert_eq!(found, [(senior(0), 300), (senior(2), 600), (senior(3), 600), (senior(4), 600)]);
        let cook = unused::page(&bench.app, bench.staff(5, Role::Courier).await, wanted, None, 2).await;
        assert_eq!(cook.err(), Some(Failure::Forbidden));
    });
}

/// A mail server that keeps what it is given, or is out of order.
#[derive(Default)]
struct Kept {
    mails: Mutex<Vec<Mail>>,
    refuses: Mutex<Option<PortError>>,
}

impl Mailer for Kept {
    fn send(&self, mail: &Mail) -> Result<(), PortError> {
        if let Some(error) = self.refuses.lock().unwrap().clone() {
            return Err(error);
        }
        self.mails.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

/// Gives a user an address that is proved.
async fn with_mail(bench: &Bench, user: UserId) {
    let keep = move |tx: &mut store::Tx<'_>| {
        let row = SettingRow {
            mail_enc: Some(tx.sealer().seal(Field::NoticeMail, user, "officer@example.com")?),
            mail_proved_at: Some(Col(tx.now())),
            language: Word(domain::notice::NoticeLanguage::Chinese),
            ..SettingRow::usual(user)
        };
        notices::put_setting(tx.change(), &row)
    };
    bench.app.store.write(LaneKey::of(user), "test", keep).await.unwrap();
}

async fn run_jobs(bench: &Bench, ports: &Arc<Ports>) -> usize {
    run_due(&bench.app, ports, bench.app.clock.now()).await.unwrap()
}

#[test]
fn a_month_is_mailed_once_with_its_workbook_and_a_refusal_is_on_record() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        let user = officer().user.unwrap();
        let staffed = bench.with_staff(user, Role::Officer, "990101").await;
        with_mail(&bench, user).await;
        bench.clock.set(at(monday(), 9, 0));
        mail::subscribe(&bench.app, staffed.clone(), code("990101")).await.unwrap();
        mail::subscribe(&bench.app, staffed.clone(), code("990101")).await.unwrap();
        assert_eq!(mail::enqueue_due(&bench.app).await.unwrap(), 0, "October was before the subscription");
        bench.clock.set(at(monday().plus_days(9), 9, 0));
        let kept = Arc::new(Kept::default());
        let ports = Arc::new(Ports { mailer: Some(kept.clone()), ..Ports::default() });
        assert_eq!(mail::enqueue_due(&bench.app).await.unwrap(), 1);
        assert_eq!(mail::enqueue_due(&bench.app).await.unwrap(), 0, "once");
        assert_eq!(run_jobs(&bench, &ports).await, 1);
        let sent = kept.mails.lock().unwrap().remove(0);
        let attached = sent.attachment.unwrap();
        let expected = workbook::workbook(&report(&bench).await, &code("990101"), november(), Language::Chinese).unwrap();
        assert!(sent.subject.contains("2026-11") && sent.body.contains("1 餐") && attached.bytes == expected);

        *kept.refuses.lock().unwrap() = Some(PortError::Permanent("the mail server refuses it: 550".to_owned()));
        bench.clock.set(at(monday().plus_days(40), 9, 0));
        assert_eq!(mail::enqueue_due(&bench.app).await.unwrap(), 1);
        assert_eq!(run_jobs(&bench, &ports).await, 1);
        let admin = bench.staff(6, Role::Admin).await;
        let dead = app::jobs::dead(&bench.app, admin, None, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        assert!(dead[0].last_error.as_deref().unwrap().contains("550"));
    });
}

#[test]
fn whoever_may_not_see_the_place_any_more_gets_no_mail_and_a_city_is_too_wide() {
    each_database(async |bench: Bench| {
        let user = officer().user.unwrap();
        let staffed = bench.with_staff(user, Role::Officer, "990101").await;
        with_mail(&bench, user).await;
        let wide = Arc::new(actor(1, Role::Officer, "9901"));
        assert_eq!(mail::subscribe(&bench.app, wide, code("9901")).await, Err(Failure::Refused(SubscriptionRefusal::TooWide)));
        assert_eq!(mail::subscribe(&bench.app, staffed.clone(), code("990102")).await, Err(Failure::NotFound(Thing::Place)));
        mail::subscribe(&bench.app, staffed.clone(), code("990101")).await.unwrap();
        bench.revoke_all().await;
        bench.clock.set(at(monday().plus_days(9), 9, 0));
        assert_eq!(mail::enqueue_due(&bench.app).await.unwrap(), 1);
        let kept = Arc::new(Kept::default());
        let ports = Arc::new(Ports { mailer: Some(kept.clone()), ..Ports::default() });
        run_jobs(&bench, &ports).await;
        assert_eq!(kept.mails.lock().unwrap().len(), 0);
        mail::unsubscribe(&bench.app, staffed.clone(), code("990101")).await.unwrap();
        assert_eq!(mail::list(&bench.app, staffed).await.unwrap(), []);
    });
}

/// What the benches of other tests do not need.
impl Bench {
    /// A user of the fixture who is staff with a right that the database knows of.
    async fn with_staff(&self, user: UserId, role: Role, place: &str) -> Arc<Actor> {
        let place = code(place);
        let actor = Actor { user: Some(user), ..actor(1, role, place.as_str()) };
        let grant = move |tx: &mut store::Tx<'_>| -> Result<(), StoreError> {
            let row = store::query::people::GrantRow {
                id: Col(tx.new_id()),
                user_id: Col(user),
                role: Word(role),
                place_code: Col(place.clone()),
                canteen_id: None,
                granted_by: Some(Col(user)),
                granted_at: Col(tx.now()),
                revoked_at: None,
            };
            store::query::users::insert_grant(tx.change(), &row)
        };
        self.app.store.write(LaneKey::of(user), "test", grant).await.unwrap();
        Arc::new(actor)
    }

    async fn revoke_all(&self) {
        let sql = "UPDATE user_grant SET revoked_at = 1 WHERE revoked_at IS NULL";
        self.app.store.write(LaneKey::SHARED, "test", move |tx| store::fixture::execute(tx.change(), sql)).await.unwrap();
    }
}
