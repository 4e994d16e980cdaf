//! The files as a reader finds them: pages, sizes, text, bytes, bounds.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use domain::diet::Texture;
use domain::kitchen::{ExceptionGroup, ForWhom};
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};
use lopdf::{Document, Object};
use print::{
    DishPortions, Fault, Field, Heading, LABELS_AT_MOST, Label, LabelLine, Labels, LoadSheets, Many, NotCounted, Paper,
    PartPortions, ProductionSheet, RouteStop, Spot, StopLoad, TripLoad,
};
use std::num::NonZeroU32;

fn heading() -> Heading {
    Heading { canteen: "幸福里社区食堂".into(), date: ServiceDate::new(2026, 11, 26).unwrap(), meal: MealPeriod::Lunch }
}

fn at(time: &str) -> Instant {
    Instant::from_civil(heading().date, time.parse().unwrap())
}

fn label(order_no: i64, name: &str) -> Label {
    let line = |dish: &str, texture, exceptions: &[&str]| LabelLine {
        dish: dish.into(),
        quantity: 1,
        texture,
        exceptions: exceptions.iter().map(ToString::to_string).collect(),
    };
    Label {
        order_no,
        masked_name: name.into(),
        channel: Channel::Delivery,
        stop: Some(RouteStop { route: "东线".into(), trip: 1, stop: 12 }),
        lines: vec![line("宫保鸡丁", Texture::Soft, &["含花生（花生碎）"]), line("米饭", Texture::Regular, &[])],
        eat_by: Some(at("13:30:00")),
        link: Some("https://canteen.example.cn/p/7Q2K9X".into()),
        reprint: None,
    }
}

fn labels(count: i64) -> Labels {
    Labels { heading: heading(), labels: (1..=count).map(|no| label(no, "张*")).collect() }
}

/// Width and height of each page, in whole tenths of a millimetre.
fn sizes(file: &[u8]) -> Vec<(i64, i64)> {
    let document = Document::load_mem(file).unwrap();
    let size = |id: &lopdf::ObjectId| {
        let media = document.get_dictionary(*id).unwrap().get(b"MediaBox").and_then(Object::as_array).unwrap().clone();
        let points: Vec<f32> = media.iter().map(|side| side.as_float().unwrap()).collect();
        let tenths = |points: f32| (f64::from(points) * 254.0 / 72.0).round() as i64;
        (tenths(points[2] - points[0]), tenths(points[3] - points[1]))
    };
    document.get_pages().values().map(size).collect()
}

/// What the file says, without spaces and line breaks: long texts are broken where they must be.
fn text(file: &[u8]) -> String {
    let document = Document::load_mem(file).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    document.extract_text(&pages).unwrap().split_whitespace().collect()
}

fn assert_says(file: &[u8], words: &[&str]) {
    let said = text(file);
    for word in words {
        let word: String = word.split_whitespace().collect();
        assert!(said.contains(&word), "{word} is not in {said}");
    }
}

#[test]
fn a_roll_has_a_page_a_label_and_a_sheet_twenty_one() {
    assert_eq!(sizes(&labels(2).pdf(Paper::Roll60x40).unwrap()), [(600, 400); 2]);
    for (count, pages) in [(1, 1), (21, 1), (22, 2), (43, 3)] {
        assert_eq!(sizes(&labels(count).pdf(Paper::A4).unwrap()), vec![(2_100, 2_970); pages], "{count} labels");
    }
}

#[test]
fn a_label_says_everything_and_a_reprint_that_it_is_one() {
    let first = Labels { heading: heading(), labels: vec![label(37, "䶮*")] };
    let file = first.pdf(Paper::Roll60x40).unwrap();
    assert_says(&file, &["037", "䶮*", "宫保鸡丁", "软食", "特殊", "含花生（花生碎）", "米饭", "普通", "幸福里社区食堂"]);
    assert_says(&file, &["东线 第1趟", "第12站", "请于 13:30 前食用", "11月26日 午餐"]);
    let said = text(&file);
    assert!(!said.contains("重印") && !said.contains("REPRINT"), "{said}");
    let again = Labels { labels: vec![Label { reprint: NonZeroU32::new(2), ..label(37, "䶮*") }], ..first };
    assert_says(&again.pdf(Paper::Roll60x40).unwrap(), &["重印 2", "REPRINT"]);
}

#[test]
fn what_must_be_eaten_on_another_day_says_which() {
    let labels =
        Labels { labels: vec![Label { eat_by: Some(at("12:00:00").plus_seconds(86_400)), ..label(1, "张*") }], ..labels(0) };
    assert_says(&labels.pdf(Paper::Roll60x40).unwrap(), &["请于 11-27 12:00 前食用"]);
}

#[test]
fn rare_names_are_text() {
    for name in ["㛃", "䶮", "𬭚", "𫖮", "𠅤", "𬺓", "𫞩", "𫄷", "㑇", "龦"] {
        let name = format!("{name}*");
        assert_says(&Labels { labels: vec![label(8, &name)], ..labels(0) }.pdf(Paper::A4).unwrap(), &[&name]);
    }
}

#[test]
fn the_same_values_are_the_same_bytes() {
    assert_eq!(labels(30).pdf(Paper::A4).unwrap(), labels(30).pdf(Paper::A4).unwrap());
    assert_eq!(production().pdf().unwrap(), production().pdf().unwrap());
    let file = labels(1).pdf(Paper::Roll60x40).unwrap();
    assert_ne!(file, labels(2).pdf(Paper::Roll60x40).unwrap());
    let raw = String::from_utf8_lossy(&file);
    assert!(!raw.contains("CreationDate") && !raw.contains("ModDate"));
}

#[test]
fn bounds_are_faults_that_name_them() {
    let one = |label: Label| Labels { labels: vec![label], ..labels(0) }.pdf(Paper::A4).unwrap_err().0;
    let long = Label { lines: vec![LabelLine { dish: "菜".repeat(61), ..label(9, "张*").lines[0].clone() }], ..label(9, "张*") };
    assert_eq!(one(long), [Fault::TooLong { at: Spot::order(9, Field::Dish), characters: 61, at_most: 60 }]);
    let link = Label { link: Some(format!("https://a.cn/{}", "x".repeat(80))), ..label(9, "张*") };
    assert_eq!(one(link), [Fault::TooLong { at: Spot::order(9, Field::Link), characters: 93, at_most: 84 }]);
    assert_eq!(one(label(100_000, "张*")), [Fault::BadNumber { order_no: 100_000 }]);
    let many = labels(i64::try_from(LABELS_AT_MOST).unwrap() + 1).pdf(Paper::A4).unwrap_err().0;
    assert_eq!(many, [Fault::TooMany { what: Many::Labels, count: 3_001, at_most: 3_000 }]);
}

#[test]
fn the_longest_dish_is_printed_whole() {
    let dish: String = "山药枸杞老母鸡汤配手工荞麦面条".chars().cycle().take(60).collect();
    let label = Label { lines: vec![LabelLine { dish: dish.clone(), ..label(9, "张*").lines[1].clone() }], ..label(9, "张*") };
    assert_says(&Labels { labels: vec![label], ..labels(0) }.pdf(Paper::Roll60x40).unwrap(), &[&dish]);
}

fn production() -> ProductionSheet {
    let people = vec![ForWhom { no: 37, name: "张*".into(), quantity: 1 }, ForWhom { no: 52, name: "𫖮*".into(), quantity: 2 }];
    let group = ExceptionGroup { exceptions: vec!["含花生（花生碎）".into()], portions: 3, people };
    ProductionSheet {
        heading: heading(),
        printed_at: at("09:15:00"),
        orders: 88,
        dishes: vec![DishPortions {
            dish: "宫保鸡丁".into(),
            parts: vec![
                PartPortions { texture: Texture::Regular, size: Some("小份".into()), plain: 80, groups: vec![group] },
                PartPortions { texture: Texture::Soft, size: None, plain: 7, groups: vec![] },
            ],
        }],
        left_out: vec![NotCounted { masked_name: "王*".into(), reason: "菜已停售".into() }],
    }
}

#[test]
fn a_production_sheet_says_how_many_for_whom_and_who_is_left_out() {
    let file = production().pdf().unwrap();
    assert_eq!(sizes(&file), [(2_100, 2_970)]);
    assert_says(&file, &["共 88 单", "宫保鸡丁", "共 90 份", "普通 小份", "小计 83 份", "80 份", "3 份", "含花生（花生碎）"]);
    assert_says(
        &file,
        &["037 张*", "052 𫖮*×2", "软食", "小计 7 份", "王*", "菜已停售", "打印于 2026-11-26 09:15", "第 1 页，共 1 页"],
    );
}

#[test]
fn a_load_sheet_has_a_page_a_trip_with_its_totals() {
    let stop = |stop: u32, fen: i64| StopLoad {
        stop,
        order_no: i64::from(stop) * 10,
        masked_name: "欧*".into(),
        boxes: stop,
        collect: Fen(fen),
        note: "软食；交给本人".into(),
    };
    let trip = |courier: &str, stops| TripLoad { courier: courier.into(), trip: 1, leaves_at: Some(at("10:40:00")), stops };
    let trips = vec![trip("王师傅", vec![stop(1, 350), stop(2, 0), stop(3, 1_000)]), trip("李师傅", vec![stop(4, 0)])];
    let file = LoadSheets { heading: heading(), printed_at: at("09:15:00"), trips }.pdf().unwrap();
    assert_eq!(sizes(&file), [(2_100, 2_970); 2]);
    assert_says(&file, &["王师傅 第1趟", "3 单", "6 盒", "应收现金 ¥13.50", "10:40 出发", "010", "欧*", "3.50", "软食；交给本人"]);
    assert_says(&file, &["李师傅 第1趟", "¥0.00"]);
    let none = LoadSheets { heading: heading(), printed_at: at("09:15:00"), trips: vec![] }.pdf().unwrap();
    assert!(text(&none).contains("没有配送任务"));
}
