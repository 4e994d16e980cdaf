//! Sizes of portions, what batches come to, and who goes without; on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::Failure;
use app::batches::cook::{self, Cooked};
use app::batches::plan::{self, BatchPlan};
use app::batches::view::BatchView;
use app::batches::yields::{self, Waste};
use app::batches::{BatchRefusal, release};
use app::demand::{self, Demand};
use app::idempotency::RequestKey;
use app::kitchen::{board, count, follow};
use app::orders::view::OrderAnswer;
use app::orders::{OrderRequest, place};
use app::prints::labels::{self, LabelRequest, Selection};
use domain::access::Role;
use domain::audit::AuditAction;
use domain::batch::BatchState;
use domain::diet::{DietKind, PortionSize, Texture};
use domain::food_safety::Holding;
use domain::id::{BatchId, SeniorId};
use domain::kitchen::Board;
use domain::portions::WasteReason;
use domain::time::Clock;
use domain::{Channel, Fen};
use store::column::{Col, Word};
use store::query::audit::AuditFilter;
use store::query::catalogue;
use store::query::seniors::{self, DietRow};
use testkit::{Street, World, both_databases};

fn key(text: &str) -> RequestKey {
    RequestKey::new(None, None, &format!("the-key-{text}"), "test", &text).unwrap()
}

async fn order(world: &World, street: &Street, name: &str, request: OrderRequest) -> OrderAnswer {
    place::place(&world.app, world.actor(street.token(Role::Worker)).await, key(name), request).await.unwrap()
}

async fn diet(world: &World, of: SeniorId, rules: &'static [(DietKind, &'static str)]) {
    let rows: Vec<DietRow> =
        rules.iter().map(|(kind, value)| DietRow { senior_id: Col(of), kind: Word(*kind), value: (*value).to_owned() }).collect();
    world.write(move |tx| seniors::replace_diet(tx.change(), of, &rows)).await;
}

both_databases! {
    /// What a senior usually wants goes into the order unless it says otherwise, costs what the menu says, and is counted, labelled and
    /// shown apart.
    async fn a_size_is_carried_from_the_senior_to_the_count_the_label_and_the_displays(world) {
        let street = world.street().await;
        diet(world, street.senior.id, &[(DietKind::Size, "small")]).await;
        let (sitting, dish) = (street.lunch.sitting, street.dishes[0]);
        world.write(move |tx| catalogue::set_size_prices(tx.change(), sitting, dish, (None, Some(Fen(1500))))).await;
        let usual = order(world, &street, "one", street.lunch.request(0, Some(street.senior.id), Channel::PickUp)).await.order;
        let mut large = street.lunch.request(0, Some(street.poor_senior.id), Channel::PickUp);
        large.lines[0].size = Some(PortionSize::Large);
        let large = order(world, &street, "two", large).await.order;
        assert_eq!((usual.lines[0].size, usual.totals.price_fen), (PortionSize::Small, Fen(1200)), "the menu has no price of its own");
        assert_eq!((large.lines[0].size, large.totals.price_fen), (PortionSize::Large, Fen(1500)));

        let cook = world.actor(street.token(Role::Cook)).await;
        let counted = count::count(&world.app, cook.clone(), sitting).await.unwrap().count;
        let parts: Vec<_> = counted.dishes[0].textures.iter().map(|of| (of.texture, of.size, of.portions)).collect();
        assert_eq!(parts, [(Texture::Regular, PortionSize::Small, 1), (Texture::Regular, PortionSize::Large, 1)]);
        let tables = board::load(&mut world.database.connect(), sitting).unwrap();
        assert_eq!(tables.tickets[&large.order].lines[0].size, PortionSize::Large);
        let request = LabelRequest { sitting, paper: app::print::Paper::Roll60x40, selection: Selection::All, site: None };
        let file = labels::print(&world.app, cook, key("labels"), request).await.unwrap();
        let document = lopdf::Document::load_mem(&file).unwrap();
        let pages: Vec<String> = document.get_pages().keys().map(|n| document.extract_text(&[*n]).unwrap()).collect();
        let said = |n: usize| pages[n].split_whitespace().collect::<String>();
        assert!(said(0).contains("小份") && said(1).contains("大份"), "{pages:?}");
    }
}

async fn planned(world: &World, street: &Street, name: &str, portions: i64) -> BatchView {
    let plan = BatchPlan { sitting: street.lunch.sitting, dish: street.dishes[1], portions, holding: Holding::Hot };
    plan::plan(&world.app, world.actor(street.token(Role::Cook)).await, key(name), plan).await.unwrap()
}

async fn cooked(world: &World, street: &Street, name: &str, batch: BatchId, made: Option<i64>) -> BatchView {
    let done = Cooked { cooked_at: world.clock.now(), core: None, cook: None, made };
    cook::cooked(&world.app, world.actor(street.token(Role::Cook)).await, key(name), batch, done).await.unwrap()
}

async fn demand_of(world: &World, street: &Street) -> Demand {
    demand::demand(&world.app, world.actor(street.token(Role::Cook)).await, street.lunch.sitting).await.unwrap()
}

both_databases! {
    /// A batch that comes out short: who goes without is decided by the rule, listed with the cure, on every display, and lifted when one
    /// more is planned.
    async fn a_short_batch_says_who_goes_without_before_they_find_out(world) {
        let street = world.street().await;
        let wanted = |senior: SeniorId, channel| street.lunch.request(1, Some(senior), channel);
        diet(world, street.allergic_senior.id, &[(DietKind::Allergen, "peanut"), (DietKind::Avoid, "五花肉")]).await;
        let first = order(world, &street, "one", wanted(street.poor_senior.id, Channel::PickUp)).await.order;
        let door = order(world, &street, "two", wanted(street.senior.id, Channel::Delivery)).await.order;
        let only = order(world, &street, "three", wanted(street.allergic_senior.id, Channel::PickUp)).await.order;
        let batch = planned(world, &street, "plan", 3).await.batch;
        let cook = world.actor(street.token(Role::Cook)).await;
        let early = yields::made(&world.app, cook.clone(), key("early"), batch, 3).await;
        assert_eq!(early, Err(Failure::Refused(BatchRefusal::State(BatchState::Planned))));
        let _ = cooked(world, &street, "cooked", batch, None).await;
        assert_eq!(demand_of(world, &street).await.without, [], "nobody has counted");

        let made = async |name: &'static str, portions| yields::made(&world.app, cook.clone(), key(name), batch, portions).await;
        let who = async || demand_of(world, &street).await.without.iter().map(|one| (one.order, one.portions)).collect::<Vec<_>>();
        assert_eq!(made("one-made", 1).await.unwrap().made_portions, Some(1));
        assert_eq!(who().await, [(first.order, 1), (door.order, 1)], "{} can eat nothing else", only.order_no);
        assert_eq!(made("two-made", 2).await.unwrap().made_portions, Some(2));
        let lacking = demand_of(world, &street).await.without;
        assert_eq!((lacking.len(), lacking[0].order, &lacking[0].instead[..]), (1, first.order, &["红烧肉".to_owned(), "花生豆腐".to_owned()][..]));
        assert!(lacking[0].advice_zh().contains("缺 1 份") && lacking[0].advice_zh().contains("红烧肉"), "{}", lacking[0].advice_zh());
        let log = follow::after(&world.app, street.canteen, 0, 1000).await.unwrap();
        let mut followed = Board::new(street.lunch.sitting);
        log.iter().filter_map(|logged| logged.change.as_ref()).for_each(|change| followed.apply(change));
        let tables = board::load(&mut world.database.connect(), street.lunch.sitting).unwrap();
        assert_eq!((followed.canonical(), tables.short[&street.dishes[1]].orders.len()), (tables.canonical(), 1));

        let _ = planned(world, &street, "more", 1).await;
        assert_eq!(who().await, [], "one more is coming");
    }
}

both_databases! {
    /// Made = served + wasted + left: what is not there cannot be wasted, a count is not put below what is gone, and a batch that is thrown
    /// away takes the rest with it.
    async fn what_was_made_is_served_wasted_or_left(world) {
        let street = world.street().await;
        let cook = world.actor(street.token(Role::Cook)).await;
        let batch = planned(world, &street, "plan", 10).await.batch;
        let _ = cooked(world, &street, "cooked", batch, Some(8)).await;
        let waste = async |name: &'static str, reason, portions, words: &'static str| {
            let waste = Waste { reason, portions, words: words.to_owned() };
            yields::waste(&world.app, cook.clone(), key(name), batch, waste).await
        };
        let seen = waste("dropped", WasteReason::Dropped, 2, "").await.unwrap();
        assert_eq!(seen.wastes.iter().map(|one| (one.reason, one.portions)).collect::<Vec<_>>(), [(WasteReason::Dropped, 2)]);
        let too_many = waste("too-many", WasteReason::LeftOver, 7, "").await;
        assert_eq!(too_many, Err(Failure::Refused(BatchRefusal::Portions { left: 6 })));
        let too_few = yields::made(&world.app, cook.clone(), key("few"), batch, 1).await;
        assert_eq!(too_few, Err(Failure::Refused(BatchRefusal::Portions { left: 6 })));
        let of = yields::balance(&world.app, cook.clone(), street.lunch.sitting).await.unwrap().remove(1);
        assert_eq!((of.planned, of.balance.made, of.balance.wasted, of.balance.left()), (10, 8, 2, 6));

        let _ = release::end(&world.app, cook.clone(), key("end"), batch, true).await.unwrap();
        let of = yields::balance(&world.app, cook.clone(), street.lunch.sitting).await.unwrap().remove(1);
        assert_eq!((of.balance.made, of.balance.wasted, of.balance.left()), (8, 8, 0));
        assert_eq!(of.wasted.into_iter().collect::<Vec<_>>(), [(WasteReason::Dropped, 2), (WasteReason::Other, 6)]);
        let late = waste("late", WasteReason::Sample, 1, "").await;
        assert_eq!(late, Err(Failure::Refused(BatchRefusal::State(BatchState::Discarded))));

        let auditor = world.actor(street.token(Role::Auditor)).await;
        let filter = AuditFilter { action: Some(AuditAction::PortionsRecorded), ..AuditFilter::default() };
        assert_eq!(app::audit::list(&world.app, auditor, filter, 10).await.unwrap().len(), 1);
    }
}
