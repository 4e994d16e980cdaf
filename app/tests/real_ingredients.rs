//! What really goes into a dish, by the word of who cooks, and everything that follows it; on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kitchen;

use app::Failure;
use app::batches::view::BatchView;
use app::batches::{BatchRefusal, issue, link};
use app::idempotency::RequestKey;
use app::kitchen::real::{self, ConfirmRefusal, DishToday};
use app::kitchen::{board, count, follow};
use app::orders::view::OrderAnswer;
use app::orders::{OrderRequest, PlaceRefusal, change, place};
use app::prints::labels::{self, LabelRequest, Selection};
use app::prints::{PrintRefusal, production};
use domain::access::Role;
use domain::audit::AuditAction;
use domain::batch::Gap;
use domain::id::{IngredientId, SeniorId};
use domain::kitchen::Board;
use domain::kitchen::real::{Asked, Fault};
use domain::ordering::OrderRefusal;
use domain::time::Clock;
use domain::{Channel, Instant};
use store::query::audit::AuditFilter;
use testkit::{Street, World, both_databases};

fn key(text: &str) -> RequestKey {
    RequestKey::new(None, None, &format!("the-key-{text}"), "test", &text).unwrap()
}

async fn order(world: &World, street: &Street, name: &str, request: OrderRequest) -> Result<OrderAnswer, Failure<PlaceRefusal>> {
    place::place(&world.app, world.actor(street.token(Role::Worker)).await, key(name), request).await
}

async fn today(world: &World, street: &Street) -> Vec<DishToday> {
    real::look(&world.app, world.actor(street.token(Role::Cook)).await, street.lunch.sitting).await.unwrap()
}

/// An ingredient of some recipe of the street.
async fn named(world: &World, street: &Street, name: &str) -> IngredientId {
    let all = today(world, street).await;
    all.iter().flat_map(|of| &of.recipe).find(|part| part.name == name).unwrap().ingredient
}

fn asked(ingredient: IngredientId, amount_mg: Option<i64>) -> Asked {
    Asked { ingredient, amount_mg, instead_of: None }
}

async fn confirm(
    world: &World,
    street: &Street,
    dish: usize,
    version: i64,
    used: Vec<Asked>,
) -> Result<DishToday, Failure<ConfirmRefusal>> {
    let cook = world.actor(street.token(Role::Cook)).await;
    real::confirm(&world.app, cook, street.lunch.sitting, street.dishes[dish], version, used).await
}

async fn counted(world: &World, street: &Street) -> count::SittingCount {
    count::count(&world.app, world.actor(street.token(Role::Cook)).await, street.lunch.sitting).await.unwrap()
}

/// The board as a display has it that followed the log from the first event on, and the board of the tables.
async fn boards(world: &World, street: &Street) -> (Board, Board) {
    let log = follow::after(&world.app, street.canteen, 0, 1000).await.unwrap();
    let mut followed = Board::new(street.lunch.sitting);
    for logged in log.iter().filter(|logged| logged.sitting == Some(street.lunch.sitting)) {
        logged.change.iter().for_each(|change| followed.apply(change));
    }
    (followed, board::load(&mut world.database.connect(), street.lunch.sitting).unwrap())
}

both_databases! {
    /// An ingredient that is added after orders were taken puts whoever may not eat it on the list, with why and what to do; the groups,
    /// the label and the displays follow; when it is taken out again, so do they.
    async fn an_ingredient_added_after_the_order_puts_its_senior_on_the_list(world) {
        let street = world.street().await;
        let request = |dish: usize, senior: SeniorId| street.lunch.request(dish, Some(senior), Channel::PickUp);
        let taken = order(world, &street, "one", request(1, street.allergic_senior.id)).await.unwrap().order;
        let other = order(world, &street, "two", request(1, street.senior.id)).await.unwrap().order;
        let before = counted(world, &street).await;
        assert_eq!((before.unfit.len(), before.made_of[&street.dishes[1]].confirmed.clone()), (0, None), "the recipe holds");
        let (greens, peanut) = (named(world, &street, "青菜").await, named(world, &street, "花生").await);

        let of = confirm(world, &street, 1, 0, vec![asked(greens, None), asked(peanut, Some(5_000))]).await.unwrap();
        assert_eq!(of.difference.added, [peanut]);
        let after = counted(world, &street).await;
        let told = &after.unfit[..];
        assert_eq!((told.len(), told[0].order, &told[0].exceptions[..]), (1, taken.order, &["含花生（花生）".to_owned()][..]));
        assert_eq!(told[0].instead, ["红烧肉"], "what is on the menu and has no peanut");
        assert!(told[0].advice_zh().contains("请改订其他菜（可选：红烧肉）"), "{}", told[0].advice_zh());
        let dish = after.count.dishes.iter().find(|of| of.dish == street.dishes[1]).unwrap();
        let groups: Vec<_> = dish.textures[0].groups.iter().map(|g| (g.exceptions.clone(), g.portions)).collect();
        assert_eq!((dish.textures[0].plain, groups), (1, vec![(vec!["含花生（花生）".to_owned()], 1)]));
        let confirmed = after.made_of[&street.dishes[1]].confirmed.clone().unwrap();
        assert_eq!((confirmed.version, confirmed.at), (1, world.clock.now()));
        let (followed, tables) = boards(world, &street).await;
        assert_eq!(followed.canonical(), tables.canonical());
        assert!(tables.tickets[&taken.order].lines[0].unfit && !tables.tickets[&other.order].lines[0].unfit);
        assert_eq!(tables.tickets[&taken.order].version, taken.version + 1, "its label is due again");

        let _ = confirm(world, &street, 1, 1, vec![asked(greens, None)]).await.unwrap();
        let again = counted(world, &street).await;
        assert_eq!((again.unfit.len(), again.made_of[&street.dishes[1]].confirmed.clone().unwrap().version), (0, 2));
        let (followed, tables) = boards(world, &street).await;
        assert_eq!(followed.canonical(), tables.canonical());
    }
}

both_databases! {
    /// From the confirmation on an order is judged by what is used: what was added refuses it, what was left out does not.
    async fn an_order_is_judged_by_what_is_used_and_not_by_the_recipe(world) {
        let street = world.street().await;
        let wanted = |dish: usize| street.lunch.request(dish, Some(street.allergic_senior.id), Channel::PickUp);
        let clashes = |result: &Result<OrderAnswer, Failure<PlaceRefusal>>| match result {
            Err(Failure::Refused(PlaceRefusal::Rules(all))) => matches!(all[..], [OrderRefusal::Clashes { .. }]),
            _ => false,
        };
        assert!(clashes(&order(world, &street, "tofu", wanted(2)).await), "the recipe has peanuts");
        let (greens, peanut, tofu) =
            (named(world, &street, "青菜").await, named(world, &street, "花生").await, named(world, &street, "豆腐").await);
        let _ = confirm(world, &street, 2, 0, vec![asked(tofu, None)]).await.unwrap();
        let _ = confirm(world, &street, 1, 0, vec![asked(greens, None), asked(peanut, Some(1_000))]).await.unwrap();
        assert!(order(world, &street, "tofu-2", wanted(2)).await.is_ok(), "made without");
        assert!(clashes(&order(world, &street, "greens", wanted(1)).await), "made with");
        let tomorrow = street.tomorrow.request(1, Some(street.allergic_senior.id), Channel::PickUp);
        assert!(order(world, &street, "tomorrow", tomorrow).await.is_ok(), "tomorrow the recipe holds");
    }
}

both_databases! {
    /// Saying again what stands changes nothing, not even for who never heard the answer; saying something else needs the version.
    async fn a_confirmation_is_said_once_by_version_and_answered_for(world) {
        let street = world.street().await;
        let (greens, peanut) = (named(world, &street, "青菜").await, named(world, &street, "花生").await);
        let plain = || vec![asked(greens, None)];
        assert_eq!(confirm(world, &street, 1, 1, plain()).await, Err(Failure::Stale { version: 0 }));
        let first = confirm(world, &street, 1, 0, plain()).await.unwrap();
        for version in [0, 1] {
            assert_eq!(confirm(world, &street, 1, version, plain()).await.unwrap(), first, "from version {version}");
        }
        let with = vec![asked(greens, None), asked(peanut, Some(2_000))];
        assert_eq!(confirm(world, &street, 1, 0, with.clone()).await, Err(Failure::Stale { version: 1 }));
        assert_eq!(confirm(world, &street, 1, 1, with).await.unwrap().confirmed.unwrap().version, 2);

        let auditor = world.actor(street.token(Role::Auditor)).await;
        let filter = AuditFilter { action: Some(AuditAction::IngredientsConfirmed), ..AuditFilter::default() };
        let records = app::audit::list(&world.app, auditor, filter, 10).await.unwrap();
        assert_eq!(records.len(), 2, "{records:?}");
        assert!(records[0].detail.contains("\"added\":[\"花生\"]"), "{}", records[0].detail);

        let faults = |result| match result {
            Err(Failure::Refused(ConfirmRefusal::Faults(faults))) => faults,
            other => panic!("{other:?}"),
        };
        assert_eq!(faults(confirm(world, &street, 1, 2, vec![]).await), [Fault::Count]);
        assert_eq!(faults(confirm(world, &street, 1, 2, vec![asked(peanut, None)]).await), [Fault::AmountNeeded(0)]);
        let nobody = asked(kitchen::id(999), Some(1));
        assert_eq!(confirm(world, &street, 1, 2, vec![nobody]).await, Err(Failure::Refused(ConfirmRefusal::Unknown(vec![0]))));
        let manager = world.actor(street.token(Role::Worker)).await;
        let refused = real::confirm(&world.app, manager, street.lunch.sitting, street.dishes[1], 2, plain()).await;
        assert_eq!(refused, Err(Failure::Forbidden), "who does not cook says nothing");
        let over = Instant::from_civil(street.lunch.date, chrono::NaiveTime::from_hms_opt(20, 0, 0).unwrap());
        world.clock.set(over);
        assert_eq!(confirm(world, &street, 1, 2, plain()).await, Err(Failure::Refused(ConfirmRefusal::NotNow)));
    }
}

both_databases! {
    /// Whoever is on the list is put back by another dish, or by somebody entitled who says why; labels and the sheet say so.
    async fn who_is_on_the_list_is_put_back_by_another_dish_or_a_reason(world) {
        let street = world.street().await;
        let request = |dish: usize| street.lunch.request(dish, Some(street.allergic_senior.id), Channel::PickUp);
        let taken = order(world, &street, "one", request(1)).await.unwrap().order;
        let cook = world.actor(street.token(Role::Cook)).await;
        let due = |name: &'static str| {
            let request = LabelRequest {
                sitting: street.lunch.sitting, paper: app::print::Paper::Roll60x40, selection: Selection::Unprinted, site: None,
            };
            labels::print(&world.app, cook.clone(), key(name), request)
        };
        let _ = due("first").await.unwrap();
        assert_eq!(due("none").await, Err(Failure::Refused(PrintRefusal::NothingToPrint)));
        let sheet = production::print(&world.app, cook.clone(), street.lunch.sitting).await.unwrap();
        assert!(text(&sheet).contains("用料未确认"));
        let (greens, peanut) = (named(world, &street, "青菜").await, named(world, &street, "花生").await);
        let _ = confirm(world, &street, 1, 0, vec![asked(greens, None), asked(peanut, Some(5_000))]).await.unwrap();
        let label = due("again").await.unwrap();
        assert!(text(&label).contains("含花生"), "{}", text(&label));
        let sheet = text(&production::print(&world.app, cook.clone(), street.lunch.sitting).await.unwrap());
        assert!(!sheet.contains("用料未确认") && sheet.contains("请改订其他菜"), "{sheet}");

        let worker = world.actor(street.token(Role::Worker)).await;
        let mut reasoned = request(1);
        reasoned.lines[0].override_reason = Some("厨房单独做，不放花生".to_owned());
        let kept = change::change(&world.app, worker.clone(), key("reason"), taken.order, 2, reasoned).await.unwrap().order;
        assert_eq!((counted(world, &street).await.unfit, kept.lines[0].exceptions.len()), (vec![], 1));
        let soy = named(world, &street, "酱油").await;
        let more = vec![asked(greens, None), asked(peanut, Some(5_000)), asked(soy, Some(1_000))];
        let _ = confirm(world, &street, 1, 1, more).await.unwrap();
        assert_eq!(counted(world, &street).await.unfit.len(), 0, "soy is nothing to them: the reason covers the peanuts still");
        let moved = change::change(&world.app, worker, key("other"), taken.order, kept.version, request(0)).await.unwrap().order;
        assert!(moved.lines.iter().all(|line| !line.unfit && line.exceptions.is_empty()));
    }
}

/// What a file says, without spaces.
fn text(file: &[u8]) -> String {
    let document = lopdf::Document::load_mem(file).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    document.extract_text(&pages).unwrap().split_whitespace().collect()
}

/// A lot of an ingredient that is in no recipe goes into a batch: it is as if it had been confirmed, until it is taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_lot_that_brings_what_nobody_confirmed_is_flagged_like_an_added_ingredient() {
    for kitchen in kitchen::Kitchen::everywhere().await {
        let (peanut, senior): (IngredientId, SeniorId) = (kitchen::id(40), kitchen::id(301));
        kitchen.senior(senior);
        kitchen.execute(&format!(
            "INSERT INTO ingredient (id, name, allergens, untraced) VALUES ({}, '花生油', 'peanut', FALSE);
             INSERT INTO senior_diet (senior_id, kind, value) VALUES ({}, 'allergen', 'peanut');",
            kitchen.uid(peanut),
            kitchen.uid(senior)
        ));
        let taken = kitchen.order(kitchen.sitting, &[kitchen.dishes[0]], Some(senior));
        let supplier = kitchen.supplier().await;
        let (pork, cabbage) =
            (kitchen.lot(&supplier, kitchen.pork, 10_000).await, kitchen.lot(&supplier, kitchen.cabbage, 10_000).await);
        let oil = kitchen.lot(&supplier, peanut, 10_000).await;
        kitchen.certify(kitchen::id(102)).await;
        let batch = kitchen.cooked(kitchen.dishes[0], &[&pork, &cabbage]).await;
        assert_eq!(batch.gaps, []);
        let unfit = async || {
            let count = count::count(&kitchen.app, kitchen.cook.clone(), kitchen.sitting).await.unwrap();
            count.unfit.iter().map(|one| one.order).collect::<Vec<_>>()
        };
        let amounts = vec![issue::LotAmount { lot: oil.lot, amount: 500 }];
        let with: BatchView = issue::issue(&kitchen.app, kitchen.cook.clone(), kitchen::key(), batch.batch, amounts).await.unwrap();
        assert_eq!(with.gaps, [Gap::Unconfirmed { ingredients: vec!["花生油".into()] }]);
        assert_eq!(unfit().await, [taken]);
        let of = real::look(&kitchen.app, kitchen.cook.clone(), kitchen.sitting).await.unwrap();
        assert_eq!((of[0].brought.len(), of[0].brought[0].1.ingredient, of[0].confirmed.clone()), (1, peanut, None));

        let wrong = with.issues.iter().find(|one| one.lot == oil.lot).unwrap().issue;
        let back =
            issue::correct(&kitchen.app, kitchen.cook.clone(), kitchen::key(), batch.batch, wrong, 0, "写错批次".into()).await;
        assert_eq!((back.unwrap().gaps, unfit().await), (vec![], vec![]));

        let amounts = vec![issue::LotAmount { lot: oil.lot, amount: 500 }];
        let _ = issue::issue(&kitchen.app, kitchen.cook.clone(), kitchen::key(), batch.batch, amounts).await.unwrap();
        let all = [kitchen.pork, kitchen.cabbage, kitchen::id(33), peanut].map(|one| asked(one, Some(40_000))).to_vec();
        let said = real::confirm(&kitchen.app, kitchen.cook.clone(), kitchen.sitting, kitchen.dishes[0], 0, all).await.unwrap();
        assert_eq!((said.brought.len(), unfit().await), (0, vec![taken]), "confirmed, and still nothing for them");
        let released = app::batches::release::release(&kitchen.app, kitchen.cook.clone(), kitchen::key(), batch.batch, None).await;
        assert_eq!(released.unwrap().gaps, []);
        let packed = link::pack(&kitchen.app, kitchen.cook.clone(), kitchen::key(), batch.batch, vec![taken]).await;
        assert_eq!(packed, Err(Failure::Refused(BatchRefusal::Unfit(taken))), "not into this box");
    }
}
