//! Layouts, judged by their marks: inside the page, nothing over anything else, nothing lost.

use crate::drawing::{Code, Mark, Page};
use crate::font::{missing, tidy};
use crate::unit::{Area, Um, mm};
use crate::{
    DishPortions, Fault, Field, Form, FormTable, Heading, Label, LabelLine, Labels, LoadSheets, NotCounted, Paper, PartPortions,
    ProductionSheet, RouteStop, Spot, StopLoad, TripLoad,
};
use domain::diet::Texture;
use domain::kitchen::{ExceptionGroup, ForWhom};
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};
use proptest::prelude::*;
use std::num::NonZeroU32;

fn heading(canteen: String) -> Heading {
    Heading { canteen, date: ServiceDate::new(2026, 11, 26).unwrap(), meal: MealPeriod::Breakfast }
}

const NOW: Instant = Instant::from_micros(1_795_651_200_000_000);

/// What a page's lines say, without the spaces at which they were broken.
fn words(pages: &[Page]) -> String {
    let glyphs = pages.iter().flat_map(|page| &page.marks).filter_map(|mark| match mark {
        Mark::Text { glyphs, .. } => Some(glyphs),
        _ => None,
    });
    glyphs.flatten().map(|glyph| glyph.character).filter(|c| !c.is_whitespace()).collect()
}

fn without_spaces(text: &str) -> String {
    tidy(text).chars().filter(|c| !c.is_whitespace()).collect()
}

/// Everything lies within the margin, and no text or code lies on another.
fn well_laid(pages: &[Page], margin: Um) -> Result<(), TestCaseError> {
    for page in pages {
        let inside = Area::new(0, 0, page.width, page.height).inset(margin);
        let mut said: Vec<Area> = Vec::new();
        for mark in &page.marks {
            let (Mark::Text { area, .. } | Mark::Fill { area, .. } | Mark::Frame { area, .. } | Mark::Code { area, .. }) = mark;
            let of_text = matches!(mark, Mark::Text { .. } | Mark::Code { .. });
            // The quiet zone of a code may lie in the margin.
            let bounds = if matches!(mark, Mark::Code { .. }) { inside.inset(-mm(1)) } else { inside };
            prop_assert!(bounds.holds(*area), "{mark:?} is not within {bounds:?}");
            prop_assert!(area.width > 0 && area.height > 0, "{mark:?} is nothing");
            if of_text {
                let under = said.iter().find(|other| other.meets(*area));
                prop_assert!(under.is_none(), "{mark:?} lies on {under:?}");
                said.push(*area);
            }
        }
    }
    Ok(())
}

/// A character of each kind that the font has.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        6 => prop::char::range('\u{4E00}', '\u{9FEF}'),
        2 => prop::char::range('\u{3400}', '\u{4DB5}'),
        2 => prop::sample::select("𬭚𫖮𠅤𬺓𫞩，。（）《》、；·—…×".chars().collect::<Vec<_>>()),
        3 => prop::char::range(' ', '~'),
        1 => prop::sample::select("ÅÇéüĩǐ｜ｇ㎏①→█".chars().collect::<Vec<_>>()),
    ]
}

fn text(at_most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 1..=at_most).prop_map(|characters| characters.into_iter().collect())
}

fn texture() -> impl Strategy<Value = Texture> {
    prop::sample::select(vec![Texture::Regular, Texture::Soft, Texture::Pureed])
}

fn line() -> impl Strategy<Value = LabelLine> {
    (text(60), 1u32..30, texture(), prop::collection::vec(text(40), 0..4))
        .prop_map(|(dish, quantity, texture, exceptions)| LabelLine { dish, quantity, texture, exceptions })
}

fn label() -> impl Strategy<Value = Label> {
    let stop = prop::option::of((text(16), 1u32..9, 1u32..99).prop_map(|(route, trip, stop)| RouteStop { route, trip, stop }));
    let lines = prop::collection::vec(line(), 1..7);
    (0i64..99_999, text(4), stop, lines, 0u32..40, any::<bool>()).prop_map(|(order_no, masked_name, stop, lines, times, rest)| {
        Label {
            order_no,
            masked_name,
            channel: Channel::Delivery,
            stop,
            lines,
            eat_by: rest.then_some(NOW),
            link: rest.then(|| "https://canteen.example.cn/p/7Q2K9X".to_owned()),
            reprint: NonZeroU32::new(times),
        }
    })
}

/// Either nothing was printed because one named text does not fit, or all of it stands where it may.
fn laid_or_refused(pages: Result<Vec<Page>, Fault>, texts: &[&str], margin: Um) -> Result<(), TestCaseError> {
    match pages {
        Err(Fault::DoesNotFit { at }) => prop_assert!(at.field != Field::Page, "words of our own do not fit"),
        Err(other) => prop_assert!(false, "{other:?}"),
        Ok(pages) => {
            well_laid(&pages, margin)?;
            let words = words(&pages);
            for text in texts {
                let characters = without_spaces(text);
                prop_assert!(characters.chars().all(|c| words.contains(c)), "{text:?} is not in {words:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_label_of_any_text_is_well_laid_or_refused(label in label(), canteen in text(30)) {
        let labels = Labels { heading: heading(canteen), labels: vec![label] };
        prop_assert_eq!(labels.check(), Ok(()));
        let label = &labels.labels[0];
        let mut texts = vec![labels.heading.canteen.as_str(), &label.masked_name];
        texts.extend(label.lines.iter().flat_map(|line| line.exceptions.iter().map(String::as_str).chain([line.dish.as_str()])));
        laid_or_refused(labels.pages(Paper::Roll60x40), &texts, mm(2) - 100)?;
    }

    #[test]
    fn a_production_sheet_of_any_text_is_well_laid_or_refused(
        canteen in text(40), dish in text(60), exceptions in prop::collection::vec(text(40), 1..6), name in text(6), n in 1i64..400,
        texture in texture(), reason in text(150),
    ) {
        let people: Vec<ForWhom> = (1..=n).map(|no| ForWhom { no, name: name.clone(), quantity: 1 + u32::try_from(no % 3).unwrap() }).collect();
        let portions = people.iter().map(|who| u64::from(who.quantity)).sum();
        let part = PartPortions { texture, size: None, plain: 3, groups: vec![ExceptionGroup { exceptions: exceptions.clone(), portions, people }] };
        let sheet = ProductionSheet {
            heading: heading(canteen),
            printed_at: NOW,
            orders: 10,
            dishes: vec![DishPortions { dish: dish.clone(), parts: vec![part.clone(), part] }; 2],
            left_out: vec![NotCounted { masked_name: name.clone(), reason: reason.clone() }; 3],
        };
        prop_assert_eq!(sheet.check(), Ok(()));
        let mut texts = vec![dish.as_str(), &name, &reason];
        texts.extend(exceptions.iter().map(String::as_str));
        laid_or_refused(sheet.pages(), &texts, mm(10))?;
    }

    #[test]
    fn a_load_sheet_of_any_text_is_well_laid_or_refused(courier in text(30), name in text(8), note in text(200), n in 1u32..90) {
        let stop = |stop| StopLoad { stop, order_no: i64::from(stop) * 997, masked_name: name.clone(), boxes: stop, collect: Fen(i64::from(stop)), note: note.clone() };
        let trip = TripLoad { courier: courier.clone(), trip: 2, leaves_at: Some(NOW), stops: (1..=n).map(stop).collect() };
        let sheets = LoadSheets { heading: heading("食堂".to_owned()), printed_at: NOW, trips: vec![trip.clone(), trip] };
        prop_assert_eq!(sheets.check(), Ok(()));
        laid_or_refused(sheets.pages(), &[&courier, &name, &note], mm(10))?;
    }

    #[test]
    fn a_phone_reads_the_code(path in "[A-Za-z0-9/]{0,60}") {
        let link = format!("https://a.cn/{path}");
        let code = Code::of(&link, Spot::page(Field::Link)).unwrap();
        let area = Area::new(0, 0, mm(17), mm(17));
        let (module, margin) = code.module(area);
        prop_assert!(module >= 375 && module % 125 == 0 && margin >= 4 * module, "{module} {margin}");
        // One pixel for each dot of a 203 dpi printer.
        let side = usize::try_from(area.width / 125).unwrap();
        let dark = |x: usize, y: usize| {
            let module_of = |at: usize| (i32::try_from(at).unwrap() * 125 - margin).div_euclid(module);
            let (column, row) = (usize::try_from(module_of(x)), usize::try_from(module_of(y)));
            matches!((column, row), (Ok(c), Ok(r)) if c < code.side && r < code.side && code.dark[r * code.side + c])
        };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| if dark(x, y) { 0 } else { 255 });
        let grids = image.detect_grids();
        prop_assert_eq!(grids.len(), 1);
        prop_assert_eq!(grids[0].decode().unwrap().1, link);
    }
}

#[test]
fn the_characters_of_the_properties_have_glyphs() {
    let all: String = ('\u{4E00}'..='\u{9FEF}').chain('\u{3400}'..='\u{4DB5}').chain(' '..='~').collect();
    assert_eq!(missing(&all).unwrap(), []);
    assert_eq!(missing("𬭚𫖮𠅤𬺓𫞩，。（）《》、；·—…×ÅÇéüĩǐ｜ｇ㎏①→█").unwrap(), []);
}

fn dishes(n: usize) -> Label {
    let line = |i: usize| LabelLine {
        dish: format!("第{i}道家常菜"),
        quantity: 1,
        texture: Texture::Regular,
        exceptions: if i.is_multiple_of(2) { vec!["含花生（花生碎）".into()] } else { vec![] },
    };
    Label {
        order_no: 37,
        masked_name: "张*".into(),
        channel: Channel::PickUp,
        stop: None,
        lines: (0..n).map(line).collect(),
        eat_by: None,
        link: None,
        reprint: None,
    }
}

#[test]
fn dishes_that_do_not_fit_one_label_go_on_several_that_say_so() {
    for (dishes_of_one, labels_of_one) in [(1, 1), (3, 1), (20, 10)] {
        let labels = Labels { heading: heading("食堂".into()), labels: vec![dishes(dishes_of_one)] };
        let pages = labels.pages(Paper::Roll60x40).unwrap();
        assert_eq!(pages.len(), labels_of_one, "{dishes_of_one} dishes");
        let said = words(&pages);
        for i in 0..dishes_of_one {
            assert_eq!(said.matches(&format!("第{i}道家常菜")).count(), 1, "{said}");
        }
        for (part, page) in pages.iter().enumerate() {
            let said = words(std::slice::from_ref(page));
            assert!(said.contains("037") && said.contains("张*"), "{said}");
            let part = format!("第{}张，共{labels_of_one}张", part + 1);
            assert_eq!(said.contains(&part), labels_of_one > 1, "{said}");
        }
    }
}

#[test]
fn a_page_that_breaks_within_a_group_says_dish_texture_and_exceptions_again() {
    let people: Vec<ForWhom> = (1..=600).map(|no| ForWhom { no, name: "李*".into(), quantity: 1 }).collect();
    let group = ExceptionGroup { exceptions: vec!["含花生（花生碎）".into()], portions: 600, people };
    let part = PartPortions { texture: Texture::Soft, size: None, plain: 0, groups: vec![group] };
    let sheet = ProductionSheet {
        heading: heading("食堂".into()),
        printed_at: NOW,
        orders: 600,
        dishes: vec![DishPortions { dish: "宫保鸡丁".into(), parts: vec![part] }],
        left_out: vec![],
    };
    let pages = sheet.pages().unwrap();
    assert!(pages.len() >= 3, "{} pages", pages.len());
    for page in &pages {
        let said = words(std::slice::from_ref(page));
        for word in ["宫保鸡丁", "软食", "小计600份", "含花生（花生碎）"] {
            assert!(said.contains(word), "{word} is missing: {said}");
        }
    }
    let said = words(&pages);
    assert!((1..=600).all(|no| said.contains(&format!("{no:03}李*"))));
}

fn cells(columns: usize) -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(text(60), columns), 0..8)
}

prop_compose! {
    fn forms()(columns in 1usize..=6)(
        rows in cells(columns),
        columns in prop::collection::vec(text(8), columns),
        fact in text(200),
        of in text(20),
        tables in 1usize..4,
        signatures in 0usize..3,
    ) -> Form {
        let table = FormTable {
            title: "风险清单".into(),
            columns: columns.into_iter().zip([2, 3, 2, 4, 3, 5]).collect(),
            rows,
            without: "无".into(),
        };
        Form {
            title: "日管控记录".into(),
            canteen: "暖饭食堂".into(),
            of,
            facts: vec![("结论".into(), fact)],
            tables: vec![table; tables],
            signatures: vec!["食品安全员".into(); signatures],
            printed_at: NOW,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_form_says_every_word_of_every_row_and_nothing_over_anything_else(form in forms()) {
        let pages = form.pages().unwrap();
        well_laid(&pages, mm(5))?;
        let said = words(&pages);
        for cell in form.tables.iter().flat_map(|table| &table.rows).flatten().chain(form.facts.iter().map(|(_, words)| words)) {
            // A cell is broken into lines, between which other cells' lines may stand.
            prop_assert!(without_spaces(cell).chars().all(|c| said.contains(c)), "{cell}");
        }
        prop_assert_eq!(form.pdf(), form.pdf());
    }
}

#[test]
fn a_form_with_too_many_rows_or_columns_is_refused_with_both() {
    let table = FormTable {
        title: "表".into(),
        columns: vec![("列".into(), 1); 7],
        rows: vec![vec!["格".into(); 7]; 5_001],
        without: String::new(),
    };
    let form = Form {
        title: "表".into(),
        canteen: "暖饭食堂".into(),
        of: "今日".into(),
        facts: vec![],
        tables: vec![table],
        signatures: vec![],
        printed_at: NOW,
    };
    let found: Vec<&str> = form.check().unwrap_err().0.iter().map(Fault::code).collect();
    assert_eq!(found, ["too_many", "too_many"]);
}
