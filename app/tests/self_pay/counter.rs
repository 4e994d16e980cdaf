//! Cash: paid once, given back at most, counted, confirmed.

use crate::stand::{Stand, key, new_id, refused};
use app::Failure;
use app::orders::change;
use app::self_pay::SelfPayRefusal as Refusal;
use app::self_pay::look;
use app::self_pay::order::Paying;
use app::self_pay::shift::{self, Counted, HandIn};
use domain::access::Role;
use domain::id::OrderId;
use domain::self_pay::shift::{ShiftRejection, ShiftState};
use domain::self_pay::{EntryKind, Means, PayRejection};
use domain::{Channel, Fen};
use store::query::self_pay::ShiftFilter;
use testkit::both_databases;

fn counted(fen: i64, reason: &str) -> Counted {
    Counted { fen: Fen(fen), reason: reason.to_owned() }
}

/// What is left to do at the counter for today's lunch.
async fn unsettled(stand: &Stand<'_>) -> Vec<(OrderId, i64)> {
    let found = look::unsettled(&stand.world.app, stand.counter.clone(), stand.street.lunch.sitting).await.unwrap();
    found.into_iter().map(|one| (one.order.id.0, one.due_fen.0)).collect()
}

both_databases! {
    /// An order is paid in full and once; the same payment again is the same payment.
    async fn an_order_is_paid_once(world) {
        let stand = Stand::new(world).await;
        let (order, due) = stand.order(&stand.street.lunch, 0, Some(stand.street.senior.id), Channel::DineIn).await;
        let (id, cash) = (new_id(), Paying::Cash);
        assert_eq!(refused(stand.pay(&stand.counter, (order, due), cash).await), Refusal::NoShift);
        let till = stand.open(&stand.counter, 10_000).await;
        assert_eq!(refused(stand.pay(&stand.counter, (order, Fen(due.0 - 1)), cash).await), Refusal::Due(due));
        let paid = stand.pay_as(&stand.counter, id, (order, due), cash).await.unwrap();
        assert_eq!((paid.money.due_fen().unwrap(), paid.money.kept_fen().unwrap()), (Fen(0), due));
        let again = stand.pay_as(&stand.counter, id, (order, due), cash).await.unwrap();
        assert_eq!(again, paid, "sent again it is the same payment");
        assert_eq!(refused(stand.pay(&stand.counter, (order, due), cash).await), Refusal::Pay(PayRejection::Paid(paid.money.paid[0])));
        assert_eq!(paid.money.paid[0].by, stand.counter.user);
        let (other, due_too) = stand.order(&stand.street.lunch, 1, None, Channel::DineIn).await;
        assert_eq!(refused(stand.pay_as(&stand.counter, id, (other, due_too), cash).await), Refusal::OtherEntry);
        assert_eq!(refused(stand.pay(&stand.counter, (other, due_too), Paying::Wallet).await), Refusal::Guest);
        assert_eq!(stand.statement(&stand.counter, till).await.row.cash_fen.0, Fen(10_000 + due.0));
        assert!(stand.refuses("UPDATE self_pay_entry SET amount_fen = 1"), "what was recorded stays");
        assert!(stand.refuses("DELETE FROM self_pay_entry WHERE kind = 'pay'"));
    }

    /// What is not owed any more goes back out of the till, once, and no more than was paid.
    async fn cash_goes_back_by_hand_and_at_most_what_was_paid(world) {
        let stand = Stand::new(world).await;
        let till = stand.open(&stand.counter, 0).await;
        let lunch = &stand.street.lunch;
        let (order, due) = stand.order(lunch, 0, Some(stand.street.senior.id), Channel::DineIn).await;
        assert_eq!(unsettled(&stand).await, [(order, due.0)]);
        stand.pay(&stand.counter, (order, due), Paying::Cash).await.unwrap();
        assert_eq!(refused(stand.refund(&stand.counter, order).await), Refusal::NothingToGiveBack);
        // Cheaper by one dish: the difference goes back; dearer again: it is due.
        let smaller = lunch.request(1, Some(stand.street.senior.id), Channel::DineIn);
        let changed = change::change(&world.app, stand.counter.clone(), key(), order, 1, smaller).await.unwrap().order;
        let less = due.minus(changed.totals.self_pay_fen).unwrap();
        assert!(less > Fen::ZERO);
        let back = stand.refund(&stand.counter, order).await.unwrap();
        assert_eq!(back.entries.last().unwrap().amount_fen.0, less);
        let dearer = lunch.request(0, Some(stand.street.senior.id), Channel::DineIn);
        change::change(&world.app, stand.counter.clone(), key(), order, 2, dearer).await.unwrap();
        assert_eq!(refused(stand.pay(&stand.counter, (order, due), Paying::Cash).await), Refusal::Due(less));
        stand.pay(&stand.counter, (order, less), Paying::Cash).await.unwrap();
        assert_eq!(unsettled(&stand).await, []);
        stand.cancel(order).await;
        assert_eq!(unsettled(&stand).await, [(order, -due.0)], "somebody has to give it back");
        assert_eq!(refused(stand.refund(&stand.manager, order).await), Refusal::NoShift);
        stand.open(&stand.manager, 0).await;
        assert_eq!(refused(stand.refund(&stand.manager, order).await), Refusal::Till(Fen(0)), "the manager's till is empty");
        let back = stand.refund(&stand.counter, order).await.unwrap();
        assert_eq!(back.money.kept_fen().unwrap(), Fen::ZERO);
        assert_eq!(refused(stand.refund(&stand.counter, order).await), Refusal::NothingToGiveBack);
        assert_eq!(refused(stand.pay(&stand.counter, (order, due), Paying::Cash).await), Refusal::Pay(PayRejection::NothingOwed));
        assert_eq!(stand.statement(&stand.counter, till).await.row.cash_fen.0, Fen::ZERO);
    }

    /// A shift is counted by whoever had the till, a difference has a reason, another confirms, and then nothing changes.
    async fn a_shift_is_counted_and_confirmed_by_another(world) {
        let stand = Stand::new(world).await;
        let till = stand.open(&stand.counter, 10_000).await;
        let app = &world.app;
        let second = shift::open(app, stand.counter.clone(), new_id(), stand.street.canteen, Fen(0)).await;
        assert_eq!(refused(second), Refusal::ShiftOpen(till));
        let same = shift::open(app, stand.counter.clone(), till, stand.street.canteen, Fen(10_000)).await.unwrap();
        assert_eq!(same.row.id.0, till);
        let other = shift::open(app, stand.counter.clone(), till, stand.street.canteen, Fen(1)).await;
        assert_eq!(refused(other), Refusal::OtherEntry);
        let (order, due) = stand.order(&stand.street.lunch, 0, None, Channel::DineIn).await;
        stand.pay(&stand.counter, (order, due), Paying::Cash).await.unwrap();
        stand.top_up(stand.street.senior.id, 5_000).await.unwrap();
        let (meal, self_pay) = stand.order(&stand.street.lunch, 0, Some(stand.street.senior.id), Channel::DineIn).await;
        stand.pay(&stand.counter, (meal, self_pay), Paying::Wallet).await.unwrap();
        let expected = 10_000 + due.0 + 5_000;
        let early = shift::confirm(app, stand.manager.clone(), till, 1, String::new()).await;
        assert_eq!(refused(early), Refusal::Shift(ShiftRejection::WrongState(ShiftState::Open)));
        let silent = shift::close(app, stand.counter.clone(), till, 1, counted(expected - 20, " ")).await;
        let told = ShiftRejection::NoReason { expected_fen: Fen(expected), difference_fen: Fen(-20) };
        assert_eq!(refused(silent), Refusal::Shift(told));
        let closed = shift::close(app, stand.counter.clone(), till, 1, counted(expected - 20, "找零差错")).await.unwrap();
        assert_eq!((closed.row.state.0, closed.row.version, closed.row.cash_fen.0), (ShiftState::Closed, 2, Fen::ZERO));
        let totals: Vec<_> = closed.totals.iter().map(|total| (total.kind, total.means, total.fen.0)).collect();
        assert_eq!(totals, [
            (EntryKind::Float, None, 10_000),
            (EntryKind::Pay, Some(Means::Cash), due.0),
            (EntryKind::Pay, Some(Means::Wallet), self_pay.0),
            (EntryKind::TopUp, None, 5_000),
            (EntryKind::Deposit, None, expected - 20),
            (EntryKind::Short, None, 20),
        ]);
        assert_eq!(refused(stand.top_up(stand.street.senior.id, 100).await), Refusal::NoShift);
        let own = shift::confirm(app, stand.counter.clone(), till, 2, String::new()).await;
        assert_eq!(own, Err(Failure::Forbidden), "the counter confirms nothing");
        let stale = shift::confirm(app, stand.manager.clone(), till, 1, String::new()).await;
        assert_eq!(stale, Err(Failure::Stale { version: 2 }));
        let confirmed = shift::confirm(app, stand.manager.clone(), till, 2, "已核".into()).await.unwrap();
        assert_eq!(confirmed.row.state.0, ShiftState::Confirmed);
        for sql in ["UPDATE shift SET counted_fen = 0", "UPDATE shift SET note = 'x'", "DELETE FROM shift"] {
            assert!(stand.refuses(sql), "{sql}");
        }
        // The manager's own till is confirmed by somebody else.
        let own = stand.open(&stand.manager, 0).await;
        shift::close(app, stand.manager.clone(), own, 1, counted(0, "")).await.unwrap();
        let by_own = shift::confirm(app, stand.manager.clone(), own, 2, String::new()).await;
        assert_eq!(refused(by_own), Refusal::Shift(ShiftRejection::SamePerson));
    }

    /// A courier takes cash at doors and nothing else, and hands it in to who is at the counter.
    async fn what_a_courier_collected_is_handed_in(world) {
        let stand = Stand::new(world).await;
        let (brought, due) = stand.order(&stand.street.tomorrow, 0, Some(stand.street.senior.id), Channel::Delivery).await;
        let (eaten, at_table) = stand.order(&stand.street.tomorrow, 1, None, Channel::DineIn).await;
        let (purse, till) = (stand.open(&stand.courier, 0).await, stand.open(&stand.counter, 0).await);
        assert_eq!(refused(stand.pay(&stand.courier, (eaten, at_table), Paying::Cash).await), Refusal::NotAtTheDoor);
        stand.pay(&stand.courier, (brought, due), Paying::Cash).await.unwrap();
        let seen = look::account(&world.app, stand.courier.clone(), brought).await.unwrap();
        assert_eq!(seen.money.due_fen().unwrap(), Fen::ZERO);
        assert!(look::account(&world.app, stand.courier.clone(), eaten).await.is_err(), "not the courier's business");
        let hand_in = async |id, from, fen| {
            shift::hand_in(&world.app, stand.counter.clone(), stand.street.canteen, HandIn { id, from, fen }).await
        };
        let id = new_id();
        assert_eq!(refused(hand_in(id, purse, Fen(due.0 + 1)).await), Refusal::Till(due));
        assert_eq!(refused(hand_in(id, till, Fen(1)).await), Refusal::OwnTill);
        assert_eq!(hand_in(id, purse, due).await.unwrap().row.cash_fen.0, due);
        assert_eq!(hand_in(id, purse, due).await.unwrap().row.cash_fen.0, due, "once");
        let own = stand.statement(&stand.courier, purse).await;
        assert_eq!((own.row.cash_fen.0, own.totals.last().unwrap().fen), (Fen::ZERO, Fen(-due.0)));
        shift::close(&world.app, stand.courier.clone(), purse, 1, counted(0, "")).await.unwrap();
        let late = hand_in(new_id(), purse, Fen(1)).await;
        assert_eq!(refused(late), Refusal::Shift(ShiftRejection::WrongState(ShiftState::Closed)));
    }

    /// One sees one's own shift; who answers for the canteen's money sees all of its.
    async fn shifts_are_seen_by_who_has_them_and_who_looks_over_them(world) {
        let stand = Stand::new(world).await;
        let (own, other) = (stand.open(&stand.counter, 0).await, stand.open(&stand.manager, 0).await);
        let list = async |role| {
            let who = world.actor(stand.street.token(role)).await;
            let filter = ShiftFilter { limit: 10, ..ShiftFilter::default() };
            look::shifts(&world.app, who, stand.street.canteen, filter).await.map(|rows| rows.iter().map(|row| row.id.0).collect::<Vec<_>>())
        };
        let of_counter = look::own(&world.app, stand.counter.clone(), stand.street.canteen).await.unwrap();
        assert_eq!(of_counter.unwrap().row.id.0, own);
        assert_eq!(look::own(&world.app, stand.courier.clone(), stand.street.canteen).await, Ok(None));
        for role in [Role::CanteenManager, Role::Officer, Role::Reviewer, Role::Auditor] {
            assert_eq!(list(role).await, Ok(vec![other, own]), "{role}");
        }
        for role in [Role::Counter, Role::Courier, Role::Worker, Role::Hotline, Role::Cook, Role::Admin] {
            assert_eq!(list(role).await, Err(Failure::Forbidden), "{role}");
        }
        assert!(look::shift(&world.app, stand.counter.clone(), other).await.is_err());
    }
}
