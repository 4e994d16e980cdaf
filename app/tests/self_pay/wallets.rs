//! Wallets: what goes in, what is paid, what comes back by itself, and the rest for who leaves.

use crate::stand::{Stand, key, new_id, refused};
use app::corrections::answer::{self, Answer};
use app::orders::redeem::{self, Redemption};
use app::self_pay::SelfPayRefusal as Refusal;
use app::self_pay::order::{Paying, Payment};
use app::self_pay::wallet;
use domain::access::Role;
use domain::correction::Resolution;
use domain::order::RedemptionMethod;
use domain::self_pay::EntryKind;
use domain::self_pay::wallet::WalletRejection;
use domain::time::Clock;
use domain::{Channel, Fen, Instant};
use store::fixture;
use testkit::both_databases;

both_databases! {
    /// Nothing is paid that is not there; an order that is cancelled gives back into the wallet that it was paid from.
    async fn a_cancelled_order_gives_back_to_its_wallet(world) {
        let stand = Stand::new(world).await;
        let senior = stand.street.senior.id;
        stand.open(&stand.counter, 0).await;
        let (order, due) = stand.order(&stand.street.lunch, 0, Some(senior), Channel::DineIn).await;
        let short = WalletRejection::Balance { balance_fen: Fen(0), due_fen: due };
        assert_eq!(refused(stand.pay(&stand.counter, (order, due), Paying::Wallet).await), Refusal::Wallet(short));
        assert_eq!(stand.top_up(senior, 1_000).await.unwrap().balance_fen, Fen(1_000));
        let full = WalletRejection::Most { balance_fen: Fen(1_000), most_fen: Fen(500_000) };
        assert_eq!(refused(stand.top_up(senior, 499_001).await), Refusal::Wallet(full));
        stand.pay(&stand.counter, (order, due), Paying::Wallet).await.unwrap();
        assert_eq!(stand.balance(senior).await, 1_000 - due.0);
        stand.cancel(order).await;
        assert_eq!(stand.balance(senior).await, 1_000);
        assert_eq!(refused(stand.refund(&stand.counter, order).await), Refusal::NothingToGiveBack);
        assert!(stand.refuses("UPDATE wallet SET balance_fen = -1"), "the table itself does not let it fall below nothing");
    }

    /// A meal that two people annul after it was eaten gives back what was paid for it, by itself where a wallet paid.
    async fn an_annulled_meal_gives_back(world) {
        let stand = Stand::new(world).await;
        let senior = stand.street.senior.id;
        stand.open(&stand.counter, 0).await;
        stand.top_up(senior, 2_000).await.unwrap();
        let (order, due) = stand.order(&stand.street.lunch, 0, Some(senior), Channel::DineIn).await;
        stand.pay(&stand.counter, (order, due), Paying::Wallet).await.unwrap();
        let noon = Instant::from_civil(world.today(), chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap());
        world.clock.set(noon);
        let served = Redemption { id: new_id(), order, method: RedemptionMethod::Card, served_at: world.clock.now() };
        redeem::redeem(&world.app, stand.counter.clone(), served).await.unwrap();
        let officer = world.actor(stand.street.token(Role::Officer)).await;
        let reviewer = world.actor(stand.street.token(Role::Reviewer)).await;
        let asked = answer::question(&world.app, officer, key(), order, (Resolution::Annul, "未用餐".into())).await.unwrap();
        assert_eq!(stand.balance(senior).await, 2_000 - due.0);
        answer::answer(&world.app, reviewer, asked.row.id.0, asked.row.version, Answer::Approve).await.unwrap();
        assert_eq!(stand.balance(senior).await, 2_000);
    }

    /// Whoever leaves gets the rest: one says so, another pays it out.
    async fn two_people_pay_out_the_rest(world) {
        let stand = Stand::new(world).await;
        let (senior, app) = (stand.street.senior.id, &world.app);
        let which = (senior, stand.street.canteen);
        stand.open(&stand.counter, 0).await;
        stand.open(&stand.manager, 10_000).await;
        let leave = async |reason: Option<&str>| wallet::leave(app, stand.manager.clone(), which, reason.map(str::to_owned)).await;
        assert_eq!(refused(leave(Some("搬走")).await), Refusal::Wallet(WalletRejection::Empty));
        stand.top_up(senior, 3_000).await.unwrap();
        let id = new_id();
        let pay_out = async |who| wallet::pay_out(app, who, id, which).await;
        assert_eq!(refused(pay_out(stand.counter.clone()).await), Refusal::Wallet(WalletRejection::NotLeaving));
        assert!(leave(Some("搬走")).await.unwrap().leaving.is_some());
        assert_eq!(refused(stand.top_up(senior, 100).await), Refusal::Wallet(WalletRejection::Leaving));
        assert_eq!(refused(pay_out(stand.manager.clone()).await), Refusal::Wallet(WalletRejection::SamePerson));
        assert!(leave(None).await.unwrap().leaving.is_none(), "they stay after all");
        leave(Some("搬走")).await.unwrap();
        assert_eq!(pay_out(stand.counter.clone()).await.unwrap().balance_fen, Fen::ZERO);
        assert_eq!(pay_out(stand.counter.clone()).await.unwrap().balance_fen, Fen::ZERO, "sent again it is the same");
        let (card, entries) = wallet::statement(app, stand.counter.clone(), which, None, 10).await.unwrap();
        assert!(card.leaving.is_none());
        let told: Vec<_> = entries.iter().map(|entry| (entry.kind.0, entry.amount_fen.0.0)).collect();
        assert_eq!(told, [(EntryKind::PayOut, 3_000), (EntryKind::TopUp, 3_000)]);
        let (_, older) = wallet::statement(app, stand.counter.clone(), which, Some(entries[0].id.0), 10).await.unwrap();
        assert_eq!(older, entries[1..]);
    }

    /// The senior and family who may pay see the wallet; family who may only see meals does not, nor does anybody without a right.
    async fn a_wallet_is_seen_by_its_senior_and_who_may_pay(world) {
        let stand = Stand::new(world).await;
        let (senior, which) = (stand.street.poor_senior.id, (stand.street.poor_senior.id, stand.street.canteen));
        stand.open(&stand.counter, 0).await;
        stand.top_up(senior, 700).await.unwrap();
        let sees = async |who| wallet::statement(&world.app, who, which, None, 10).await.is_ok();
        assert!(sees(world.actor(&stand.street.family).await).await);
        let listed = wallet::list(&world.app, world.actor(&stand.street.family).await, senior).await.unwrap();
        assert_eq!(listed.iter().map(|card| card.balance_fen.0).collect::<Vec<_>>(), [700]);
        let looker = world.add_family(senior, &[domain::access::FamilyScope::See]).await;
        assert!(!sees(world.actor(&looker).await).await);
        for (role, expected) in [(Role::Counter, true), (Role::CanteenManager, true), (Role::Worker, false), (Role::Courier, false)] {
            assert_eq!(sees(world.actor(stand.street.token(role)).await).await, expected, "{role}");
        }
    }

    /// However many draw on one wallet at once, by several processes, it pays as many meals as it holds.
    async fn payments_that_race_for_a_wallet_never_overdraw_it(world) {
        let stand = Stand::new(world).await;
        let senior = stand.street.allergic_senior.id;
        stand.open(&stand.counter, 0).await;
        let mut orders = Vec::new();
        for _ in 0..12 {
            orders.push(stand.order(&stand.street.tomorrow, 1, Some(senior), Channel::DineIn).await);
        }
        let worth: i64 = orders.iter().map(|(_, due)| due.0).sum();
        stand.top_up(senior, worth / 2).await.unwrap();
        let other = world.another_app();
        let mut running = tokio::task::JoinSet::new();
        for (n, (order, fen)) in orders.clone().into_iter().enumerate() {
            // Each is sent twice, to both.
            for app in [world.app.clone(), other.clone()] {
                let (who, id) = (stand.counter.clone(), domain::Id::from_uuid(uuid::Uuid::from_u128(0x77_0000 + n as u128)));
                let payment = Payment { id, order, by: Paying::Wallet, fen };
                running.spawn(async move { (fen, order, app::self_pay::order::pay(&app, who, payment).await) });
            }
        }
        let mut paid = std::collections::BTreeMap::new();
        while let Some(done) = running.join_next().await {
            let (fen, order, answer) = done.unwrap();
            match answer {
                Ok(account) => assert_eq!(paid.insert(order, fen).unwrap_or(fen), account.money.kept_fen().unwrap()),
                other => assert!(matches!(refused(other), Refusal::Wallet(WalletRejection::Balance { .. }))),
            }
        }
        let drawn: i64 = paid.values().map(|fen| fen.0).sum();
        assert_eq!(stand.balance(senior).await, worth / 2 - drawn);
        let left = worth / 2 - drawn;
        assert!(orders.iter().all(|(order, due)| paid.contains_key(order) || due.0 > left), "what could be paid was");
        let mut conn = world.database.connect();
        let entries = fixture::number(&mut conn, "SELECT COUNT(*) AS n FROM self_pay_entry WHERE means = 'wallet'").unwrap();
        assert_eq!(entries, i64::try_from(paid.len()).unwrap(), "sent twice, taken once");
    }
}
