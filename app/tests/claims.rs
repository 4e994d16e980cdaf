//! From order to claim: every fen that is claimed was granted, posted once, and has evidence. Run on SQLite, and on PostgreSQL
//! when it is there.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use app::claims::csv::{ClaimFile, Sheet};
use app::claims::statement::{self, ClaimFilter, Statement};
use app::failure::Failure;
use app::idempotency::RequestKey;
use app::orders::redeem::{self, RedeemRefusal, Redemption};
use app::orders::resolve::{self, Read, ResolveRefusal};
use app::orders::{cancel, change, close, place, qr};
use app::verify::{Reach, verify};
use common::{Bench, DAYS, DEMO, PRICE, at, canteen, card, each_database, id, id_no, monday, order, senior};
use domain::access::{Actor, Role};
use domain::claim::Month;
use domain::id::OrderId;
use domain::order::{OrderState, RedemptionMethod, RedemptionState, ServedAtFault};
use domain::{Instant, MealPeriod};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

static KEYS: AtomicU32 = AtomicU32::new(0);

fn key() -> RequestKey {
    let n = KEYS.fetch_add(1, Ordering::SeqCst);
    RequestKey::new(None, None, &format!("test-{n:08}"), "test", &n).unwrap()
}

async fn street(bench: &Bench) -> Arc<Actor> {
    app::policies::publish::publish_for_setup(&bench.app, DEMO).await.unwrap();
    bench.staff(3, Role::Worker).await
}

async fn lunch(bench: &Bench, worker: &Arc<Actor>, day: i32, n: u128) -> (OrderId, i64) {
    let placed = place::place(&bench.app, worker.clone(), key(), order(day, MealPeriod::Lunch, n, 1)).await.unwrap();
    (placed.order.order, placed.order.totals.subsidy_fen.0)
}

fn evidence(n: u128, of: OrderId, served_at: Instant) -> Redemption {
    Redemption { id: id(0x9000 + n), order: of, method: RedemptionMethod::Card, served_at }
}

async fn redeem(bench: &Bench, terminal: u128, redemption: Redemption) -> Result<RedemptionState, Failure<RedeemRefusal>> {
    redeem::redeem(&bench.app, bench.terminal(terminal), redemption).await.map(|r| r.state)
}

async fn november(bench: &Bench, funder: Option<&str>) -> Statement {
    let filter = ClaimFilter { month: Month::of(monday()), canteen: None, funder: funder.map(str::to_owned) };
    let officer = bench.staff(1, Role::Officer).await;
    let mut all = statement::canteens(&bench.app, officer, None).await.unwrap();
    assert_eq!(all.len(), 1, "the canteen of the other district is out of scope");
    statement::statement(&bench.app, all.remove(0), &filter).await.unwrap()
}

async fn posted(bench: &Bench) -> i64 {
    let sql = "SELECT CAST(COALESCE(SUM(t.amount_fen), 0) AS BIGINT) AS n FROM transfer t JOIN ledger_account a ON a.id = t.credit_id \
               WHERE t.phase = 'post' AND a.kind = 'canteen_claim'";
    bench.number(sql).await
}

async fn assert_invariants(bench: &Bench) {
    assert_eq!(verify(&bench.app, Reach::All).await.unwrap(), []);
}

#[test]
fn a_card_an_identity_card_a_dynamic_code_and_an_order_code_all_lead_to_the_order() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let (of, _) = lunch(&bench, &worker, 0, 1).await;
        let now = bench.app.clock.now();
        let shown = qr::show(&bench.app, bench.own(1), senior(1)).await.unwrap().text;
        let code = resolve::code_of(bench.app.store.sealer(), of, 1);
        for read in [Read::Card(card(1)), Read::IdentityCard(id_no(1)), Read::DynamicQr(shown), Read::OrderCode(code)] {
            let found = resolve::resolve(&bench.app, bench.terminal(0), canteen(), read.clone(), now).await.unwrap();
            assert_eq!(found.orders.iter().map(|o| o.order).collect::<Vec<_>>(), [of], "{read:?}");
        }
        let unreadable = ResolveRefusal::Unreadable;
        for (read, why) in [
            (Read::Card("0".into()), ResolveRefusal::Unknown),
            (Read::Card(card(2)), ResolveRefusal::NothingOrdered),
            (Read::IdentityCard("110101".into()), unreadable),
            (Read::DynamicQr("nq1.x.1.00".into()), unreadable),
            (Read::OrderCode("001-".into()), ResolveRefusal::Unknown),
        ] {
            let refused = resolve::resolve(&bench.app, bench.terminal(0), canteen(), read.clone(), now).await;
            assert_eq!(refused, Err(Failure::Refused(why)), "{read:?}");
        }
        let stranger = resolve::resolve(&bench.app, worker, canteen(), Read::Card(card(1)), now).await;
        assert!(matches!(stranger, Err(Failure::NotFound(_))));
        assert!(matches!(qr::show(&bench.app, bench.own(2), senior(1)).await, Err(Failure::NotFound(_))));
    });
}

#[test]
fn a_dynamic_code_serves_one_redemption_however_often_it_is_sent() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let ((first, _), (second, _)) = (lunch(&bench, &worker, 0, 1).await, lunch(&bench, &worker, 0, 1).await);
        let now = bench.app.clock.now();
        let text = qr::show(&bench.app, bench.own(1), senior(1)).await.unwrap().text;
        let shown = qr::read(bench.app.store.sealer(), &text, now);
        let with = |n, of| redeem::redeem_shown(&bench.app, bench.terminal(0), evidence(n, of, now), shown);
        assert_eq!(with(1, first).await.unwrap().state, RedemptionState::Accepted);
        assert_eq!(with(1, first).await.unwrap().state, RedemptionState::Accepted, "the same one again");
        assert_eq!(with(2, second).await, Err(Failure::Refused(RedeemRefusal::CodeUsed)));
        assert_invariants(&bench).await;
    });
}

#[test]
fn of_two_redemptions_the_one_served_earlier_counts_and_the_money_moves_once() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let (of, granted) = lunch(&bench, &worker, 0, 1).await;
        bench.clock.set(at(monday(), 13, 0));
        assert_eq!(redeem(&bench, 0, evidence(1, of, at(monday(), 12, 0))).await, Ok(RedemptionState::Accepted));
        assert_eq!(redeem(&bench, 1, evidence(2, of, at(monday(), 12, 30))).await, Ok(RedemptionState::Duplicate));
        assert_eq!(redeem(&bench, 2, evidence(3, of, at(monday(), 11, 30))).await, Ok(RedemptionState::Accepted));
        assert_eq!(redeem(&bench, 0, evidence(1, of, at(monday(), 12, 0))).await, Ok(RedemptionState::Duplicate), "asked again");
        assert_eq!(bench.number("SELECT COUNT(*) AS n FROM redemption").await, 3);
        assert_eq!(bench.number("SELECT COUNT(*) AS n FROM redemption WHERE state = 'accepted'").await, 1);
        assert_eq!(posted(&bench).await, granted);
        assert_eq!(november(&bench, None).await.lines[0].served_at, at(monday(), 11, 30));
        let future = redeem(&bench, 0, evidence(4, of, at(monday(), 13, 3))).await;
        assert_eq!(future, Err(Failure::Refused(RedeemRefusal::ServedAt(ServedAtFault::InTheFuture))));
        assert_invariants(&bench).await;
    });
}

#[test]
fn a_meal_is_not_redeemed_before_its_day_nor_long_after_it_and_a_refusal_moves_nothing() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let ((tomorrows, _), (todays, granted)) = (lunch(&bench, &worker, 1, 1).await, lunch(&bench, &worker, 0, 1).await);
        let (today, tomorrow) = (monday(), monday().plus_days(1));
        for (now, of, served, fault) in [
            (at(today, 12, 0), tomorrows, at(today, 12, 0), ServedAtFault::BeforeItsDay(tomorrow)),
            (at(today, 12, 0), tomorrows, at(tomorrow, 12, 0), ServedAtFault::InTheFuture),
            (at(tomorrow, 12, 0), todays, at(tomorrow, 12, 0), ServedAtFault::AfterItsDay(today)),
            (at(today.plus_days(7), 12, 1), todays, at(today, 12, 0), ServedAtFault::ReportedTooLate),
        ] {
            bench.clock.set(now);
            let refused = redeem(&bench, 0, evidence(1, of, served)).await;
            assert_eq!(refused, Err(Failure::Refused(RedeemRefusal::ServedAt(fault))));
        }
        assert_eq!((bench.number("SELECT COUNT(*) AS n FROM redemption").await, posted(&bench).await), (0, 0));
        bench.clock.set(at(today.plus_days(7), 12, 0));
        assert_eq!(
            redeem(&bench, 0, evidence(1, todays, at(today, 12, 0))).await,
            Ok(RedemptionState::Accepted),
            "offline for a week"
        );
        assert_eq!(posted(&bench).await, granted);
        assert_invariants(&bench).await;
    });
}

#[test]
fn what_was_not_served_is_closed_once_pays_nothing_and_frees_its_limits_until_evidence_comes() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let (served, granted) = lunch(&bench, &worker, 0, 1).await;
        let (missed, _) = lunch(&bench, &worker, 0, 2).await;
        redeem(&bench, 0, evidence(1, served, bench.app.clock.now())).await.unwrap();
        bench.clock.set(at(monday(), 13, 0).plus_seconds(close::GRACE_S));
        assert_eq!(close::close_past(&bench.app).await.unwrap(), 0, "the sitting ended just now and its grace runs");
        bench.clock.set(at(monday(), 13, 1).plus_seconds(close::GRACE_S));
        assert_eq!(close::close_past(&bench.app).await.unwrap(), 1);
        assert_eq!(close::close_past(&bench.app).await.unwrap(), 0, "again");
        assert_eq!(posted(&bench).await, granted);
        let kept = "SELECT COUNT(*) AS n FROM allowance_use u JOIN meal_order o ON o.id = u.order_id WHERE o.state = 'not_served'";
        assert_eq!(bench.number(kept).await, 0);
        assert_invariants(&bench).await;
        assert_eq!(redeem(&bench, 1, evidence(2, missed, at(monday(), 12, 0))).await, Ok(RedemptionState::Accepted));
        assert_eq!(bench.number("SELECT COUNT(*) AS n FROM meal_order WHERE state = 'served'").await, 2);
        assert_eq!(november(&bench, None).await.fen.0, posted(&bench).await);
        assert_eq!(bench.number(&kept.replace("not_served", "served")).await, 2, "the limits are used again");
        assert_invariants(&bench).await;
    });
}

#[test]
fn twenty_orders_of_one_meal_at_once_get_one_subsidy() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (app, worker) = (bench.app.clone(), worker.clone());
            running.spawn(async move { place::place(&app, worker, key(), order(0, MealPeriod::Lunch, 1, 1)).await });
        }
        let placed: Vec<_> = running.join_all().await.into_iter().map(|p| p.unwrap().order.totals.subsidy_fen.0).collect();
        assert_eq!((placed.iter().filter(|fen| **fen > 0).count(), placed.iter().sum::<i64>()), (1, 400));
        assert_invariants(&bench).await;
    });
}

/// What the reference model knows of an order.
#[derive(Debug, Clone)]
struct Expected {
    id: OrderId,
    slot: (i32, MealPeriod, u128),
    granted: i64,
    state: OrderState,
    version: i64,
}

/// The demo policy as a person would reckon it: by age, once a meal.
fn due(model: &[Expected], slot: (i32, MealPeriod, u128), but: Option<OrderId>, quantity: u32) -> i64 {
    let live = |o: &&Expected| matches!(o.state, OrderState::Confirmed | OrderState::Served) && Some(o.id) != but;
    let used = model.iter().filter(live).any(|o| o.slot == slot && o.granted > 0);
    let by_age = [300, 400, 600, 600, 600, 0][usize::try_from(slot.2).unwrap()];
    if used { 0 } else { by_age.min(PRICE * i64::from(quantity)) }
}

/// A small generator, so that a failure is replayed by its seed on any machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn step(bench: &Bench, worker: &Arc<Actor>, dice: &mut Dice, model: &mut Vec<Expected>, n: u128) {
    let meal = [MealPeriod::Lunch, MealPeriod::Dinner][usize::try_from(dice.roll(2)).unwrap()];
    let slot = (i32::try_from(dice.roll(3)).unwrap(), meal, u128::from(dice.roll(6)));
    let quantity = u32::try_from(dice.roll(2)).unwrap() + 1;
    let open: Vec<usize> = (0..model.len()).filter(|i| model[*i].state == OrderState::Confirmed).collect();
    let action = dice.roll(10);
    if action < 5 || open.is_empty() {
        let due = due(model, slot, None, quantity);
        let placed = place::place(&bench.app, worker.clone(), key(), order(slot.0, slot.1, slot.2, quantity)).await;
        let Ok(placed) = placed else { return };
        assert_eq!(placed.order.totals.subsidy_fen.0, due, "{slot:?}");
        model.push(Expected { id: placed.order.order, slot, granted: due, state: OrderState::Confirmed, version: 1 });
        return;
    }
    let which = open[usize::try_from(dice.roll(open.len() as u64)).unwrap()];
    let of = model[which].clone();
    match action {
        5 | 6 => {
            let due = due(model, of.slot, Some(of.id), quantity);
            let request = order(of.slot.0, of.slot.1, of.slot.2, quantity);
            let changed = change::change(&bench.app, worker.clone(), key(), of.id, of.version, request).await;
            let Ok(changed) = changed else { return };
            assert_eq!(changed.order.totals.subsidy_fen.0, due, "{of:?}");
            (model[which].granted, model[which].version) = (due, changed.order.version);
        }
        7 => {
            cancel::cancel(&bench.app, worker.clone(), key(), of.id, None).await.unwrap();
            model[which].state = OrderState::Cancelled;
        }
        _ => {
            let times = 1 + dice.roll(2);
            let today = bench.app.clock.now();
            bench.clock.set(at(monday().plus_days(of.slot.0), 12, 0));
            for time in 0..times {
                let mut redemption = evidence(n * 4 + u128::from(time), of.id, bench.app.clock.now());
                redemption.served_at = redemption.served_at.plus_seconds(-i64::try_from(dice.roll(60)).unwrap());
                redeem(bench, 0, redemption).await.unwrap();
            }
            bench.clock.set(today);
            model[which].state = OrderState::Served;
        }
    }
}

#[test]
fn claims_follow_the_reference_model_through_any_sequence_of_orders_changes_cancels_and_redemptions() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let seed = 20_261_122;
        println!("seed {seed}");
        let (mut dice, mut model) = (Dice(seed), Vec::new());
        for n in 0..150 {
            step(&bench, &worker, &mut dice, &mut model, n).await;
        }
        let served: i64 = model.iter().filter(|o| o.state == OrderState::Served).map(|o| o.granted).sum();
        assert!(served > 0 && model.iter().any(|o| o.state == OrderState::Cancelled), "the dice covered the cases");
        assert_eq!(posted(&bench).await, served);
        assert_eq!(november(&bench, None).await.fen.0, served);
        assert_invariants(&bench).await;
        bench.clock.set(at(monday().plus_days(DAYS), 23, 0));
        let open = model.iter().filter(|o| o.state == OrderState::Confirmed).count() as u64;
        assert_eq!(close::close_past(&bench.app).await.unwrap(), open);
        assert_eq!(november(&bench, None).await.fen.0, served, "what was not served is claimed from nobody");
        assert_invariants(&bench).await;
        the_files_say_the_same(&bench, served).await;
    });
}

async fn the_files_say_the_same(bench: &Bench, served: i64) {
    let statement = november(bench, None).await;
    let write = |sheet, of: &Statement| {
        let mut file = ClaimFile::begin(Vec::new(), sheet).unwrap();
        file.add(of).unwrap();
        file.end().unwrap()
    };
    let lines = write(Sheet::Lines, &statement);
    assert_eq!(lines, write(Sheet::Lines, &november(bench, None).await), "the same data give the same bytes");
    let text = String::from_utf8(lines).unwrap();
    assert!(text.starts_with("\u{feff}助餐点编号,"));
    let column = |text: &str, name: &str| -> i64 {
        let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let at = reader.headers().unwrap().iter().position(|h| h == name).unwrap();
        reader.records().map(|row| row.unwrap()[at].parse::<i64>().unwrap()).sum()
    };
    assert_eq!(column(&text, "金额(分)"), served);
    assert_eq!(column(&String::from_utf8(write(Sheet::Totals, &statement)).unwrap(), "金额(分)"), served);
    let mut by_funder = 0;
    for funder in ["city", "district", "street"] {
        let own = november(bench, Some(funder)).await;
        assert!(own.lines.iter().all(|line| line.payer.to_string().contains(funder)));
        by_funder += own.fen.0;
    }
    assert_eq!(by_funder, served);
}

#[test]
fn a_claim_line_names_its_evidence_its_version_and_a_payer() {
    each_database(async |bench: Bench| {
        let worker = street(&bench).await;
        let (of, granted) = lunch(&bench, &worker, 0, 1).await;
        assert_eq!(november(&bench, None).await.lines, [], "an order without evidence is no claim");
        redeem(&bench, 0, evidence(1, of, bench.app.clock.now())).await.unwrap();
        let statement = november(&bench, None).await;
        let payers: Vec<String> = statement.lines.iter().map(|line| line.payer.to_string()).collect();
        assert_eq!(payers, ["demo-meals/city@9901", "demo-meals/district@990101", "demo-meals/street@990101001"]);
        assert_eq!((statement.fen.0, granted), (400, 400));
        let line = &statement.lines[0];
        assert_eq!(
            (line.version.version.as_str(), line.masked_name.as_str(), line.method),
            ("2026", "张*", RedemptionMethod::Card)
        );
        assert_eq!(statement.funder_name(&line.version.hash, "city"), "市财政");
    });
}
