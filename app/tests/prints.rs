//! Labels and sheets, as the kitchen prints them, on both databases.
// Helpers of tests: a failed expectation is meant to panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use app::Failure;
use app::idempotency::RequestKey;
use app::orders::view::OrderAnswer;
use app::orders::{OrderRequest, cancel, change, place};
use app::plans::{Carrier, look, make};
use app::print::{Fault, Field, Paper, Spot};
use app::prints::labels::{self, LabelRequest, Selection};
use app::prints::{PrintRefusal, load, production};
use delivery::geography::Mode;
use domain::Channel;
use domain::access::Role;
use store::query::prints::{self, PrintKind};
use testkit::{Street, World, both_databases};

fn key(text: &str) -> RequestKey {
    RequestKey::new(None, None, &format!("the-key-{text}"), "test", &text).unwrap()
}

async fn order(world: &World, street: &Street, name: &str, request: OrderRequest) -> OrderAnswer {
    place::place(&world.app, world.actor(street.token(Role::Worker)).await, key(name), request).await.unwrap()
}

/// What a file says on each page, without spaces.
fn pages(file: &[u8]) -> Vec<String> {
    let document = lopdf::Document::load_mem(file).unwrap();
    let page = |number: &u32| document.extract_text(&[*number]).unwrap().split_whitespace().collect();
    document.get_pages().keys().map(page).collect()
}

async fn print(world: &World, street: &Street, name: &str, selection: Selection) -> Result<Vec<u8>, Failure<PrintRefusal>> {
    let actor = world.actor(street.token(Role::Cook)).await;
    let site = Some("https://canteen.example.cn".to_owned());
    let request = LabelRequest { sitting: street.lunch.sitting, paper: Paper::Roll60x40, selection, site };
    labels::print(&world.app, actor, key(name), request).await
}

both_databases! {
    /// A label that was printed before says so, and only then; the same key is no further print.
    async fn a_reprint_says_that_it_is_one(world) {
        let street = world.street().await;
        let first = order(world, &street, "first", street.lunch.request(0, Some(street.senior.id), Channel::PickUp)).await.order;
        let second = order(world, &street, "second", street.lunch.request(1, Some(street.poor_senior.id), Channel::DineIn)).await.order;

        let file = print(world, &street, "one", Selection::All).await.unwrap();
        let said = pages(&file);
        assert_eq!(said.len(), 2);
        assert!(said[0].contains(&format!("{:03}", first.order_no)) && said[0].contains("红烧肉") && said[0].contains("自取"), "{said:?}");
        assert!(said[1].contains("清炒时蔬") && said[1].contains("堂食") && said[1].contains("暖阳食堂"), "{said:?}");
        assert!(said.iter().all(|page| !page.contains("重印")), "{said:?}");
        assert_eq!(print(world, &street, "one", Selection::All).await.unwrap(), file, "the same key, the same bytes");

        let said = pages(&print(world, &street, "two", Selection::Orders(vec![second.order_no])).await.unwrap());
        assert!(said.len() == 1 && said[0].contains("重印1"), "{said:?}");
        let said = pages(&print(world, &street, "three", Selection::All).await.unwrap());
        assert!(said[0].contains("重印1") && said[1].contains("重印2"), "{said:?}");
        let runs = prints::runs(&mut world.database.connect(), street.lunch.sitting).unwrap();
        let told: Vec<_> = runs.iter().map(|run| (run.run_no, run.kind.0, run.printed_by.is_some())).collect();
        assert_eq!(told, [(1, PrintKind::Labels, true), (2, PrintKind::Labels, true), (3, PrintKind::Labels, true)]);
    }
}

both_databases! {
    /// What is due: never printed, or changed since; nothing else, and nothing that was cancelled.
    async fn due_are_labels_that_were_never_printed_or_whose_order_changed(world) {
        let street = world.street().await;
        let first = order(world, &street, "first", street.lunch.request(0, Some(street.senior.id), Channel::PickUp)).await.order;
        let due = |name| print(world, &street, name, Selection::Unprinted);
        assert_eq!(pages(&due("one").await.unwrap()).len(), 1);
        assert_eq!(due("none").await, Err(Failure::Refused(PrintRefusal::NothingToPrint)));

        let second = order(world, &street, "second", street.lunch.request(1, Some(street.poor_senior.id), Channel::DineIn)).await.order;
        let said = pages(&due("two").await.unwrap());
        assert!(said.len() == 1 && said[0].contains("清炒时蔬") && !said[0].contains("重印"), "{said:?}");

        let worker = world.actor(street.token(Role::Worker)).await;
        let other = street.lunch.request(1, Some(street.senior.id), Channel::PickUp);
        let changed = change::change(&world.app, worker.clone(), key("change"), first.order, first.version, other).await.unwrap().order;
        let said = pages(&due("three").await.unwrap());
        assert!(said.len() == 1 && said[0].contains("清炒时蔬") && said[0].contains("重印1"), "{said:?}");

        cancel::cancel(&world.app, worker, key("cancel"), second.order, Some("改在家吃".to_owned())).await.unwrap();
        let gone = print(world, &street, "gone", Selection::Orders(vec![second.order_no, changed.order_no])).await;
        assert_eq!(gone, Err(Failure::Refused(PrintRefusal::NotInDemand(vec![second.order_no]))));
        assert_eq!(pages(&print(world, &street, "all", Selection::All).await.unwrap()).len(), 1);
    }
}

both_databases! {
    /// A text that cannot be printed is named, nothing is on record, and the key is free for the next try.
    async fn a_character_without_a_glyph_is_refused_and_counts_as_no_print(world) {
        let street = world.street().await;
        let placed = order(world, &street, "first", street.lunch.request(0, Some(street.senior.id), Channel::PickUp)).await.order;
        let rename = |name: &str| {
            let sql = format!("UPDATE dish SET name = '{name}' WHERE name LIKE '红烧肉%'");
            store::fixture::execute(&mut world.database.connect(), &sql).unwrap();
        };
        rename("红烧肉\u{1F356}");
        let refused = print(world, &street, "try", Selection::All).await;
        let Err(Failure::Refused(PrintRefusal::Faulty(faults))) = refused else { panic!("{refused:?}") };
        assert_eq!(faults.0, [Fault::MissingGlyph { at: Spot::order(placed.order_no, Field::Dish), character: '\u{1F356}' }]);
        assert_eq!(prints::last_run(&mut world.database.connect(), street.lunch.sitting).unwrap(), 0);
        rename("红烧肉");
        let said = pages(&print(world, &street, "try", Selection::All).await.unwrap());
        assert!(!said[0].contains("重印"), "{said:?}");
    }
}

both_databases! {
    /// Two who print at once: one of them holds the first prints, the other reprints.
    async fn of_two_prints_at_once_one_is_the_reprint(world) {
        let street = world.street().await;
        order(world, &street, "first", street.lunch.request(0, Some(street.senior.id), Channel::PickUp)).await;
        let (left, right) =
            tokio::join!(print(world, &street, "left", Selection::All), print(world, &street, "right", Selection::All));
        let reprints = [left, right].into_iter().filter(|file| pages(file.as_ref().unwrap())[0].contains("重印1")).count();
        assert_eq!(reprints, 1);
    }
}

both_databases! {
    /// The sheets say what count and plan say, to those who may see them, and each is on record.
    async fn sheets_are_made_from_count_and_plan(world) {
        let street = world.street().await;
        let first = order(world, &street, "first", street.lunch.request(0, Some(street.senior.id), Channel::Delivery)).await.order;
        order(world, &street, "second", street.lunch.request(0, Some(street.poor_senior.id), Channel::DineIn)).await;
        let cook = world.actor(street.token(Role::Cook)).await;
        let manager = world.actor(street.token(Role::CanteenManager)).await;

        let said = pages(&production::print(&world.app, cook.clone(), street.lunch.sitting).await.unwrap()).concat();
        for word in ["生产单", "暖阳食堂", "共2单", "红烧肉", "共2份"] {
            assert!(said.contains(word), "{word}: {said}");
        }

        let cyclist =
            Carrier { name: "小王".into(), user: None, mode: Mode::EBike, boxes: 20, from_minute: 600, to_minute: 800, max_trips: 3 };
        let asked = make::PlanRequest { sitting: street.lunch.sitting, carriers: vec![cyclist], steps: 200, seed: 1 };
        let (plan, _) = make::make(&world.app, manager.clone(), key("plan"), asked).await.unwrap();
        let stops = look::sheet(&world.app, manager.clone(), plan).await.unwrap().stops;
        assert_eq!(stops.len(), 1);
        let said = pages(&load::print(&world.app, manager.clone(), plan).await.unwrap()).concat();
        let collect = format!("应收现金¥{}", stops[0].order.totals.self_pay_fen);
        for word in ["装车单", "小王第1趟", "1单", "1盒", &format!("{:03}", first.order_no), &collect] {
            assert!(said.contains(word), "{word}: {said}");
        }
        let said = pages(&print(world, &street, "labels", Selection::Orders(vec![first.order_no])).await.unwrap()).concat();
        assert!(said.contains("小王第1趟") && said.contains("第1站"), "{said}");

        let worker = world.actor(street.token(Role::Worker)).await;
        cancel::cancel(&world.app, worker.clone(), key("cancel"), first.order, Some("住院".to_owned())).await.unwrap();
        let said = pages(&load::print(&world.app, manager, plan).await.unwrap()).concat();
        assert!(said.contains("已取消，不要装车") && said.contains("应收现金¥0.00"), "{said}");

        assert_eq!(production::print(&world.app, worker, street.lunch.sitting).await, Err(Failure::Forbidden));
        assert!(load::print(&world.app, cook, plan).await.is_err(), "a cook sees no money");
        let runs = prints::runs(&mut world.database.connect(), street.lunch.sitting).unwrap();
        let kinds: Vec<_> = runs.iter().map(|run| (run.kind.0, run.plan_id.is_some())).collect();
        let load = (PrintKind::Load, true);
        assert_eq!(kinds, [(PrintKind::Production, false), load, (PrintKind::Labels, false), load]);
        let of_sheet = prints::printed(&mut world.database.connect(), runs[0].id.0).unwrap();
        assert_eq!(of_sheet.len(), 2);
    }
}
