//! Which characters can be printed: asked of the finished files, not of the font.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use domain::diet::Texture;
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};
use print::{Fault, Field, Heading, Label, LabelLine, Labels, LoadSheets, Paper, StopLoad, TripLoad};
use std::collections::BTreeSet;

/// 通用规范汉字表 (2013): those of its 8,105 characters that lie outside the basic plane.
const OUTSIDE_THE_BASIC_PLANE: &str = "\
    𠅤𠙶𠳐𡎚𡐓𣗋𣲗𣲘𣸣𤧛𤩽𤫉𥔲𥕢𥖨𥻗𦈡𦒍𦙶𦝼𦭜𦰡𧿹𨐈𨙸𨚕𨟠𨭉𨱇𨱏𨱑𨱔𨺙𩽾𩾃𩾌𪟝𪣻𪤗𪨰𪨶𪩘𪾢𫄧𫄨𫄷𫄸𫇭𫌀\
    𫍣𫍯𫍲𫍽𫐄𫐐𫐓𫑡𫓧𫓯𫓶𫓹𫔍𫔎𫔶𫖮𫖯𫖳𫗧𫗴𫘜𫘝𫘦𫘧𫘨𫘪𫘬𫚕𫚖𫚭𫛭𫞩𫟅𫟦𫟹𫟼𫠆𫠊𫠜𫢸𫫇𫭟𫭢𫭼𫮃𫰛𫵷𫶇𫷷\
    𫸩𬀩𬀪𬂩𬃊𬇕𬇙𬇹𬉼𬊈𬊤𬌗𬍛𬍡𬍤𬒈𬒔𬒗𬕂𬘓𬘘𬘡𬘩𬘫𬘬𬘭𬘯𬙂𬙊𬙋𬜬𬜯𬞟𬟁𬟽𬣙𬣞𬣡𬣳𬤇𬤊𬤝𬨂𬨎𬩽𬪩𬬩𬬭𬬮\
    𬬱𬬸𬬹𬬻𬬿𬭁𬭊𬭎𬭚𬭛𬭤𬭩𬭬𬭯𬭳𬭶𬭸𬭼𬮱𬮿𬯀𬯎𬱖𬱟𬳵𬳶𬳽𬳿𬴂𬴃𬴊𬶋𬶍𬶏𬶐𬶟𬶠𬶨𬶭𬶮𬷕𬸘𬸚𬸣𬸦𬸪𬹼𬺈𬺓";

/// A load sheet whose notes hold these characters; it is refused when one has no glyph.
fn print(characters: &[char]) -> Result<Vec<u8>, Vec<Fault>> {
    let note = |(i, part): (usize, &[char])| StopLoad {
        stop: 1,
        order_no: i64::try_from(i).unwrap(),
        masked_name: "张*".into(),
        boxes: 1,
        collect: Fen::ZERO,
        note: part.iter().collect(),
    };
    let stops = characters.chunks(200).enumerate().map(note).collect();
    let heading = Heading { canteen: "食堂".into(), date: ServiceDate::new(2026, 11, 26).unwrap(), meal: MealPeriod::Lunch };
    let trips = vec![TripLoad { courier: "王师傅".into(), trip: 1, leaves_at: None, stops }];
    LoadSheets { heading, printed_at: Instant::from_micros(0), trips }.pdf().map_err(|faults| faults.0)
}

#[test]
fn gb_18030_2022_level_2_is_covered() {
    let outside: Vec<char> = OUTSIDE_THE_BASIC_PLANE.chars().collect();
    assert_eq!(outside.len(), 196);
    assert!(outside.iter().all(|c| *c > '\u{FFFF}'));
    let latin = ('!'..='~').chain('\u{A1}'..='\u{AC}').chain('\u{AE}'..='\u{FF}').chain('\u{FF01}'..='\u{FF5E}');
    let signs = "、。〃〈〉《》「」『』【】〔〕—…·“”‘’→←↑↓─│┌┐└┘├┤┬┴┼○●◎□■△▲☆★℃№①⑩ⅠⅫāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ㎏㎜";
    // Some pairs of ideographs have one glyph in this font: in one file a reader finds either twice.
    assert_eq!(lost(&('\u{3400}'..='\u{4DB5}').collect::<Vec<_>>()), ['㦳', '䎛', '䐠']);
    assert_eq!(lost(&latin.chain(signs.chars()).chain(outside).collect::<Vec<_>>()), []);
    assert_eq!(lost(&('\u{4E00}'..='\u{9FEF}').collect::<Vec<_>>()), ['壿']);
}

/// Prints these characters, and finds which of them do not come out again under their own code point.
fn lost(all: &[char]) -> Vec<char> {
    let document = lopdf::Document::load_mem(&print(all).unwrap()).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    let found: BTreeSet<char> = document.extract_text(&pages).unwrap().chars().collect();
    all.iter().copied().filter(|c| !found.contains(c)).collect()
}

#[test]
fn every_character_without_a_glyph_is_named_with_its_place() {
    let heading = Heading { canteen: "食堂".into(), date: ServiceDate::new(2026, 11, 26).unwrap(), meal: MealPeriod::Lunch };
    let line = LabelLine { dish: "红烧肉\u{1F356}".into(), quantity: 1, texture: Texture::Soft, exceptions: vec![] };
    let label = Label {
        order_no: 37,
        masked_name: "\u{E000}*".into(),
        channel: Channel::PickUp,
        stop: None,
        lines: vec![line],
        eat_by: None,
        link: None,
        reprint: None,
    };
    let faults = Labels { heading, labels: vec![label] }.pdf(Paper::A4).unwrap_err().0;
    let named: Vec<(Field, char)> = faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::MissingGlyph { at, character } if at.order_no == Some(37) => Some((at.field, *character)),
            _ => None,
        })
        .collect();
    assert_eq!(named, [(Field::Name, '\u{E000}'), (Field::Dish, '\u{1F356}')]);
    assert!(faults[0].message_zh().contains("037 号的姓名") && faults[0].message_zh().contains("U+E000"), "{faults:?}");
    assert!(faults[1].message_en().contains("the dish of order 037") && faults[1].message_en().contains("U+1F356"), "{faults:?}");
}
