//! From claim to matched payout, on both databases: what is frozen stays, what is paid was answered for by three people, and
//! claims, settlement, file and bank come to the same fen.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use app::failure::{Failure, Thing};
use app::idempotency::RequestKey;
use app::orders::place;
use app::orders::redeem::{self, Redemption};
use app::settlements::answer::{self, Taken};
use app::settlements::payee::{self, NewPayee};
use app::settlements::payout::{self, PayoutSummary};
use app::settlements::step::{self, Step};
use app::settlements::{SettlementRefusal as Refusal, SettlementSummary, file, freeze, look, suspense};
use app::verify::{Reach, verify};
use common::{Bench, DEMO, STREET, actor, at, canteen, each_database, id, monday, order};
use domain::access::{Actor, Role};
use domain::id::{OrderId, PaymentId, SettlementId};
use domain::order::RedemptionMethod;
use domain::settlement::payee::AccountNumber;
use domain::settlement::payment::{PaymentState, SuspenseCause};
use domain::settlement::{Period, SettlementRejection, SettlementState};
use domain::{Fen, MealPeriod, PlaceCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::fixture;
use store::query::settlements::SettlementFilter;
use tabular::Format;

static KEYS: AtomicU32 = AtomicU32::new(0);
const ACCOUNT: &str = "6222021001116245702";
const HOLDER: &str = "暖阳（示范）餐饮服务有限公司";

fn key() -> RequestKey {
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("settle-{n:08}"), "test", &n).unwrap()
}

fn november() -> Period {
    Period::parse("2026-11").unwrap()
}

fn place_of(code: &str) -> PlaceCode {
    PlaceCode::parse(code).unwrap()
}

fn officer() -> Arc<Actor> {
    Arc::new(actor(1, Role::Officer, "990101"))
}

fn street_reviewer() -> Arc<Actor> {
    Arc::new(actor(2, Role::Reviewer, STREET))
}

fn district_reviewer() -> Arc<Actor> {
    Arc::new(actor(4, Role::Reviewer, "990101"))
}

/// Meals of some seniors on some days, served; then it is December.
async fn served(bench: &Bench, meals: &[(i32, u128)]) -> Vec<OrderId> {
    let orders = ordered(bench, meals).await;
    for (n, ((day, _), of)) in meals.iter().zip(&orders).enumerate() {
        bench.clock.set(at(monday().plus_days(*day), 12, 0));
        redeem(bench, 0x9000 + n as u128, *of, *day).await;
    }
    bench.clock.set(at(monday().plus_days(8), 9, 0));
    orders
}

async fn ordered(bench: &Bench, meals: &[(i32, u128)]) -> Vec<OrderId> {
    app::policies::publish::publish_for_setup(&bench.app, DEMO).await.unwrap();
    let worker = bench.staff(3, Role::Worker).await;
    let mut orders = Vec::new();
    for (day, senior) in meals {
        let placed = place::place(&bench.app, worker.clone(), key(), order(*day, MealPeriod::Lunch, *senior, 1)).await.unwrap();
        orders.push(placed.order.order);
    }
    orders
}

async fn redeem(bench: &Bench, n: u128, of: OrderId, day: i32) {
    let served_at = at(monday().plus_days(day), 12, 0);
    let redemption = Redemption { id: id(n), order: of, method: RedemptionMethod::Card, served_at };
    redeem::redeem(&bench.app, bench.terminal(0), redemption).await.unwrap();
}

async fn freeze_november(bench: &Bench) -> Result<Vec<SettlementSummary>, Failure<Refusal>> {
    freeze::freeze(&bench.app, officer(), key(), canteen(), november()).await.map(|frozen| frozen.settlements)
}

async fn take(bench: &Bench, who: Arc<Actor>, of: &SettlementSummary, what: Step) -> Result<SettlementSummary, Failure<Refusal>> {
    step::step(&bench.app, who, of.id, of.version, what).await
}

/// Reviewed, approved and published by the three who must.
async fn published(bench: &Bench, of: SettlementSummary) -> SettlementSummary {
    let of = take(bench, street_reviewer(), &of, Step::Review).await.unwrap();
    let of = take(bench, district_reviewer(), &of, Step::Approve).await.unwrap();
    take(bench, officer(), &of, Step::Publish).await.unwrap()
}

async fn with_payee(bench: &Bench, account: &str) {
    let earlier = payee::get(&bench.app, officer(), canteen()).await.ok().map(|card| card.version);
    let new = NewPayee {
        holder: HOLDER.to_owned(),
        bank: "示范银行暖阳支行".to_owned(),
        account: AccountNumber::parse(account).unwrap(),
    };
    let card = payee::enter(&bench.app, officer(), canteen(), earlier, new).await.unwrap();
    payee::confirm(&bench.app, district_reviewer(), canteen(), card.version).await.unwrap();
}

async fn pay(bench: &Bench) -> PayoutSummary {
    payout::make(&bench.app, officer(), key(), place_of("990101")).await.unwrap().payout
}

async fn bring(bench: &Bench, text: impl AsRef<[u8]>) -> Result<Taken, Failure<Refusal>> {
    let bytes = text.as_ref().to_vec();
    answer::take(&bench.app, officer(), place_of("990101"), "回单.csv".to_owned(), bytes).await
}

const HEAD: &str = "付款编号,收款户名,收款账号,金额（元）,结果,交易流水号,原因\r\n";

/// A row of a bank's answer.
fn row(id: impl std::fmt::Display, fen: Fen, result: &str, reference: &str) -> String {
    format!("{id},{HOLDER},{ACCOUNT},{fen},{result},{reference},\r\n")
}

async fn payments(bench: &Bench, of: SettlementId) -> Vec<(PaymentId, Fen, PaymentState)> {
    let card = look::get(&bench.app, officer(), of).await.unwrap();
    card.payments.iter().map(|p| (p.id, p.fen, p.state)).collect()
}

async fn assert_invariants(bench: &Bench) {
    assert_eq!(verify(&bench.app, Reach::All).await.unwrap(), []);
}

#[test]
fn a_period_is_frozen_once_after_it_is_over_with_totals_per_payer_and_what_comes_later_waits_for_the_next() {
    each_database(async |bench: Bench| {
        let orders = ordered(&bench, &[(0, 1), (0, 2), (6, 1)]).await;
        bench.clock.set(at(monday(), 12, 0));
        redeem(&bench, 1, orders[0], 0).await;
        redeem(&bench, 2, orders[1], 0).await;
        let last = november().last();
        assert_eq!(freeze_november(&bench).await, Err(Failure::Refused(Refusal::NotOver(last))), "the month is not over");
        bench.clock.set(at(monday().plus_days(8), 9, 0));
        let (own, answer_key) = (officer(), key());
        let frozen = freeze::freeze(&bench.app, own.clone(), answer_key.clone(), canteen(), november()).await.unwrap().settlements;
        let told: Vec<(&str, i64, i64)> = frozen.iter().map(|s| (s.payer.as_str(), s.lines, s.fen.0)).collect();
        assert_eq!(
            told,
            [("demo-meals/city@9901", 2, 300), ("demo-meals/district@990101", 2, 350), ("demo-meals/street@990101001", 2, 350)]
        );
        assert!(frozen.iter().all(|s| s.state == SettlementState::Frozen && s.period == november() && s.hash.len() == 64));
        let again = freeze::freeze(&bench.app, own, answer_key, canteen(), november()).await.unwrap().settlements;
        assert_eq!(again, frozen, "the same key is the same freeze");
        assert_eq!(freeze_november(&bench).await, Err(Failure::Refused(Refusal::NothingToSettle { held: 0, carried: 0 })));
        assert_invariants(&bench).await;

        // An offline terminal reports a meal of November after the freeze.
        redeem(&bench, 3, orders[2], 6).await;
        let late = freeze_november(&bench).await;
        assert!(matches!(late, Err(Failure::Refused(Refusal::Settled { until, .. })) if until == last), "{late:?}");
        bench.clock.set(at(monday().plus_days(40), 9, 0));
        let december = Period::parse("2026-12").unwrap();
        let next = freeze::freeze(&bench.app, officer(), key(), canteen(), december).await.unwrap().settlements;
        assert!(next.iter().all(|s| s.lines == 1 && s.period == december));
        let lines = look::lines(&bench.app, officer(), next[0].id, 0, 10).await.unwrap();
        assert_eq!(lines[0].service_date.0, monday().plus_days(6), "it keeps its own date");
        assert_invariants(&bench).await;
    });
}

#[test]
fn street_and_district_and_payer_are_different_people_and_each_has_the_right_where_it_must_be_held() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        let of = freeze_november(&bench).await.unwrap().remove(0);
        let refused = |rejection| Err(Failure::Refused(Refusal::Rejected(rejection)));
        let both = |n, place: &str| {
            let mut both = actor(n, Role::Officer, place);
            both.grants.extend(actor(n, Role::Reviewer, place).grants);
            Arc::new(both)
        };
        assert_eq!(
            take(&bench, both(1, "990101"), &of, Step::Review).await,
            refused(SettlementRejection::SamePerson),
            "who froze it"
        );
        assert_eq!(take(&bench, officer(), &of, Step::Review).await, Err(Failure::Forbidden));
        let elsewhere = Arc::new(actor(5, Role::Reviewer, "990102"));
        assert_eq!(take(&bench, elsewhere, &of, Step::Review).await, Err(Failure::NotFound(Thing::Settlement)));
        assert_eq!(
            take(&bench, officer(), &of, Step::Publish).await,
            refused(SettlementRejection::WrongState(SettlementState::Frozen))
        );
        let reviewed = take(&bench, street_reviewer(), &of, Step::Review).await.unwrap();
        assert_eq!(take(&bench, street_reviewer(), &of, Step::Review).await, Err(Failure::Stale { version: 2 }));
        let other_street = Arc::new(actor(5, Role::Reviewer, STREET));
        assert_eq!(take(&bench, other_street, &reviewed, Step::Approve).await, Err(Failure::Forbidden), "a right at the street");
        let widened = Arc::new(actor(2, Role::Reviewer, "990101"));
        assert_eq!(
            take(&bench, widened, &reviewed, Step::Approve).await,
            refused(SettlementRejection::SamePerson),
            "who reviewed it"
        );
        let approved = take(&bench, district_reviewer(), &reviewed, Step::Approve).await.unwrap();
        let late = take(&bench, officer(), &approved, Step::Withdraw("x".into())).await;
        assert_eq!(late, refused(SettlementRejection::WrongState(SettlementState::Approved)));
        let published = take(&bench, officer(), &approved, Step::Publish).await.unwrap();
        assert_eq!((published.state, published.version), (SettlementState::Published, 4));
        with_payee(&bench, ACCOUNT).await;
        let paying = payout::make(&bench.app, both(4, "990101"), key(), place_of("990101")).await;
        assert_eq!(paying.err(), refused(SettlementRejection::SamePerson).err(), "who approved it");
        assert_invariants(&bench).await;
    });
}

#[test]
fn what_is_withdrawn_frees_its_lines_and_what_is_frozen_cannot_be_changed_even_by_hand() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1), (1, 1)]).await;
        let frozen = freeze_november(&bench).await.unwrap();
        for sql in [
            "UPDATE settlement SET total_fen = total_fen + 1",
            "UPDATE settlement_line SET amount_fen = amount_fen + 1",
            "DELETE FROM settlement_line",
        ] {
            let by_hand = bench.app.store.read("by_hand", move |conn| fixture::execute(conn, sql)).await;
            assert!(by_hand.is_err(), "{sql}");
        }
        let withdrawn = take(&bench, officer(), &frozen[0], Step::Withdraw("金额有误".into())).await.unwrap();
        assert_eq!(
            (withdrawn.state, withdrawn.fen, withdrawn.reason.as_str()),
            (SettlementState::Withdrawn, frozen[0].fen, "金额有误")
        );
        assert_invariants(&bench).await;
        let again = freeze_november(&bench).await.unwrap();
        assert_eq!(
            (again.len(), &again[0].hash, again[0].fen),
            (1, &frozen[0].hash, frozen[0].fen),
            "the same lines, the same list"
        );
        assert_invariants(&bench).await;
    });
}

#[test]
fn an_account_is_paid_after_a_second_person_confirmed_it_and_is_sealed_and_masked() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        let of = freeze_november(&bench).await.unwrap().remove(0);
        published(&bench, of).await;
        let new =
            || NewPayee { holder: HOLDER.into(), bank: "示范银行".into(), account: AccountNumber::parse(ACCOUNT).unwrap() };
        let make = || payout::make(&bench.app, officer(), key(), place_of("990101"));
        assert_eq!(make().await, Err(Failure::Refused(Refusal::NoAccount(vec!["C1".into()]))));
        let entered = payee::enter(&bench.app, officer(), canteen(), None, new()).await.unwrap();
        assert_eq!((entered.account.as_str(), entered.confirmed_by), ("****5702", None));
        assert_eq!(make().await, Err(Failure::Refused(Refusal::NoAccount(vec!["C1".into()]))), "not confirmed");
        let mut own = actor(1, Role::Reviewer, "990101");
        own.grants.extend(officer().grants.clone());
        let confirming = payee::confirm(&bench.app, Arc::new(own), canteen(), entered.version).await;
        assert_eq!(confirming, Err(Failure::Refused(Refusal::Rejected(SettlementRejection::SamePerson))));
        assert_eq!(payee::confirm(&bench.app, street_reviewer(), canteen(), 1).await, Err(Failure::Forbidden), "the street");
        assert_eq!(payee::enter(&bench.app, officer(), canteen(), None, new()).await, Err(Failure::Stale { version: 1 }));
        let confirmed = payee::confirm(&bench.app, district_reviewer(), canteen(), 1).await.unwrap();
        assert_eq!(confirmed.confirmed_by, district_reviewer().user);
        let changed = payee::enter(&bench.app, officer(), canteen(), Some(2), new()).await.unwrap();
        assert_eq!(changed.confirmed_by, None, "a changed account is confirmed anew");
        payee::confirm(&bench.app, district_reviewer(), canteen(), 3).await.unwrap();
        let made = make().await.unwrap();
        assert_eq!((made.payout.payments, made.without_account.len()), (1, 0));
        assert_eq!(make().await, Err(Failure::Refused(Refusal::NothingDue)));
        let found = format!("SELECT COUNT(*) AS n FROM payment WHERE holder LIKE '%{ACCOUNT}%' OR bank LIKE '%{ACCOUNT}%'");
        assert_eq!(bench.number(&found).await, 0);
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_payment_file_has_the_same_bytes_each_time_and_carries_number_payee_and_amount() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1), (0, 2)]).await;
        with_payee(&bench, ACCOUNT).await;
        for of in freeze_november(&bench).await.unwrap() {
            published(&bench, of).await;
        }
        let payout = pay(&bench).await;
        for format in [Format::Csv, Format::Xlsx] {
            let bytes = file::export(&bench.app, officer(), payout.id, format).await.unwrap();
            // A change of the account afterwards is none of this file's.
            with_payee(&bench, "6222021001116240000").await;
            assert_eq!(file::export(&bench.app, officer(), payout.id, format).await.unwrap(), bytes, "{format:?}");
            if format == Format::Csv {
                let text = String::from_utf8(bytes).unwrap();
                let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
                assert_eq!(
                    &reader.headers().unwrap().iter().collect::<Vec<_>>()[..6],
                    ["序号", "付款编号", "收款户名", "收款账号", "开户行", "金额（元）"]
                );
                let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
                let (_, cards) = payout::get(&bench.app, officer(), payout.id).await.unwrap();
                assert_eq!(rows.len(), cards.len());
                for (row, card) in rows.iter().zip(&cards) {
                    assert_eq!((&row[1], &row[3], &row[5]), (&*card.id.to_string(), ACCOUNT, &*card.fen.to_string()));
                    assert_eq!(card.account.as_deref(), Some("****5702"));
                }
            }
        }
        let reviewer = file::export(&bench.app, district_reviewer(), payout.id, Format::Csv).await;
        assert_eq!(reviewer, Err(Failure::Forbidden), "who only looks sees no account number");
        assert_invariants(&bench).await;
    });
}

#[test]
fn an_answer_is_matched_by_number_amount_and_payee_and_the_rest_waits_and_the_same_file_twice_changes_nothing() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1), (0, 2)]).await;
        with_payee(&bench, ACCOUNT).await;
        let mut all = Vec::new();
        for of in freeze_november(&bench).await.unwrap() {
            all.push(published(&bench, of).await);
        }
        let refused = take(&bench, officer(), &all[0], Step::Close).await;
        assert_eq!(refused, Err(Failure::Refused(Refusal::Rejected(SettlementRejection::Unpaid(1)))));
        pay(&bench).await;
        let mut sent = Vec::new();
        for of in &all {
            sent.push(payments(&bench, of.id).await.remove(0));
        }
        let unknown: PaymentId = id(0x77);
        let text = [
            HEAD.to_owned(),
            row(sent[0].0, sent[0].1, "成功", "R1"),
            row(sent[1].0, Fen(sent[1].1.0 + 1), "成功", "R2"),
            row(sent[2].0, sent[2].1, "成功", "R3").replace(ACCOUNT, "6222021001116245703"),
            // Two rows that look alike are two rows.
            row(unknown, Fen(300), "成功", "R4"),
            row(unknown, Fen(300), "成功", "R4"),
            row("备用金", Fen(300), "成功", "R5"),
        ]
        .concat();
        let taken = bring(&bench, &text).await.unwrap();
        assert_eq!((taken.rows, taken.paid, taken.returned, taken.repeated, taken.suspended, taken.known), (6, 1, 0, 0, 5, false));
        let (gb18030, _, _) = encoding_rs::GB18030.encode(&text);
        for same in [text.as_bytes(), &gb18030] {
            let again = bring(&bench, same).await.unwrap();
            assert_eq!(again, Taken { known: true, ..taken.clone() });
        }
        let (waiting, _) = suspense::list(&bench.app, officer(), None, 50).await.unwrap();
        let causes: Vec<(i64, SuspenseCause)> = waiting.iter().map(|w| (w.row, w.cause)).collect();
        let unknown = SuspenseCause::UnknownPayment;
        assert_eq!(
            causes,
            [(3, SuspenseCause::AmountDiffers), (4, SuspenseCause::PayeeDiffers), (5, unknown), (6, unknown), (7, unknown)]
        );
        assert_eq!(waiting[0].account, "****5702");
        suspense::resolve(&bench.app, officer(), waiting[0].id, "银行更正".into()).await.unwrap();
        let twice = suspense::resolve(&bench.app, officer(), waiting[0].id, "银行更正".into()).await;
        assert_eq!(twice, Err(Failure::Refused(Refusal::AlreadyResolved)));
        assert_eq!(suspense::list(&bench.app, officer(), None, 50).await.unwrap().0.len(), 4);
        // A later file says the first again, and pays the others.
        let rest = [
            HEAD.to_owned(),
            row(sent[0].0, sent[0].1, "成功", "R1"),
            row(sent[1].0, sent[1].1, "成功", "R6"),
            row(sent[2].0, sent[2].1, "退回", "R7"),
        ]
        .concat();
        let taken = bring(&bench, &rest).await.unwrap();
        assert_eq!((taken.paid, taken.returned, taken.repeated, taken.suspended), (1, 1, 1, 0));
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_returned_payment_is_issued_again_under_a_new_number_and_the_settlement_closes_when_all_have_arrived() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        with_payee(&bench, ACCOUNT).await;
        let of = freeze_november(&bench).await.unwrap().remove(0);
        let of = published(&bench, of).await;
        pay(&bench).await;
        let first = payments(&bench, of.id).await[0];
        let early = payout::reissue(&bench.app, officer(), key(), first.0).await;
        assert_eq!(early, Err(Failure::Refused(Refusal::NotReturned(PaymentState::Sent))));
        bring(&bench, [HEAD, &row(first.0, first.1, "退回", "R1")].concat()).await.unwrap();
        let (again, one_key) = (officer(), key());
        let new = payout::reissue(&bench.app, again.clone(), one_key.clone(), first.0).await.unwrap();
        assert_eq!(payout::reissue(&bench.app, again, one_key, first.0).await.unwrap(), new, "the same key is the same issue");
        assert_eq!(payments(&bench, of.id).await, [(first.0, first.1, PaymentState::Replaced), (new, first.1, PaymentState::Due)]);
        assert_invariants(&bench).await;
        pay(&bench).await;
        let old = [HEAD, &row(first.0, first.1, "成功", "R2")].concat();
        assert_eq!(bring(&bench, old).await.unwrap().suspended, 1, "the old number is one payment too many");
        bring(&bench, [HEAD, &row(new, first.1, "成功", "R3")].concat()).await.unwrap();
        let closed = take(&bench, officer(), &of, Step::Close).await.unwrap();
        assert_eq!(closed.state, SettlementState::Closed);
        let back = [HEAD, &row(new, first.1, "退回", "R4")].concat();
        assert_eq!(bring(&bench, back).await.unwrap().suspended, 1, "what comes back after the closing changes nothing");
        assert_eq!(payments(&bench, of.id).await[1].2, PaymentState::Paid);
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_file_with_a_fault_is_refused_whole_with_every_fault_and_changes_nothing() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        with_payee(&bench, ACCOUNT).await;
        let of = freeze_november(&bench).await.unwrap().remove(0);
        let of = published(&bench, of).await;
        pay(&bench).await;
        let sent = payments(&bench, of.id).await[0];
        let good = row(sent.0, sent.1, "成功", "R1");
        let text = [HEAD, &good, &good.replace(&*sent.1.to_string(), "1,000.00"), &good.replace("成功", "处理中")].concat();
        let Err(Failure::Refused(Refusal::Faulty(faults))) = bring(&bench, text).await else { panic!("taken") };
        assert!(faults.0.len() >= 2 && !format!("{faults:?}").contains(ACCOUNT), "{faults:?}");
        assert_eq!(payments(&bench, of.id).await, [sent]);
        assert_eq!(bench.number("SELECT COUNT(*) AS n FROM bank_answer").await, 0);
        let elsewhere = answer::take(&bench.app, officer(), place_of("990102"), "x.csv".into(), good.into_bytes()).await;
        assert_eq!(elsewhere, Err(Failure::NotFound(Thing::Place)));
    });
}

#[test]
fn settlements_of_other_districts_do_not_exist() {
    each_database(async |bench: Bench| {
        served(&bench, &[(0, 1)]).await;
        let of = freeze_november(&bench).await.unwrap().remove(0);
        let elsewhere = Arc::new(actor(5, Role::Officer, "990102"));
        assert_eq!(look::get(&bench.app, elsewhere.clone(), of.id).await.err(), Some(Failure::NotFound(Thing::Settlement)));
        let filter = SettlementFilter { limit: 10, ..SettlementFilter::default() };
        assert_eq!(look::list(&bench.app, elsewhere.clone(), filter.clone()).await.unwrap().0, []);
        assert_eq!(look::list(&bench.app, officer(), filter).await.unwrap().0.len(), 3);
        let frozen = freeze::freeze(&bench.app, elsewhere, key(), canteen(), november()).await;
        assert_eq!(frozen, Err(Failure::NotFound(Thing::Canteen(canteen()))));
    });
}
