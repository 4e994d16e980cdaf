//! What a street office may upload, and what it is told.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use domain::{Fault, Faults, Fen};
use std::io::Cursor;
use std::ops::ControlFlow;
use tabular::{
    CsvWriter, Encoding, FactRow, FaultReport, Format, Language, Limits, MenuRow, PlaceRow, ReadOptions, RecipeRow, Row, SeniorRow,
    TableKind, Totals, XlsxWriter, check, read, read_all, template,
};

fn csv<T: Row>(text: &str) -> Result<Vec<T>, FaultReport> {
    read_all::<T>(Cursor::new(text.as_bytes()), &ReadOptions::of(Format::Csv))
}

fn faults(report: &FaultReport) -> Vec<(&str, &str)> {
    report.faults.0.iter().map(|f| (f.place.as_str(), f.code.as_str())).collect()
}

fn header<T: Row>(language: Language) -> String {
    T::SCHEMA.columns.iter().map(|c| c.header(language)).collect::<Vec<_>>().join(",")
}

/// A CSV row of a table with the given cells, all others as in the schema's example.
fn line<T: Row>(cells: &[(&str, &str)]) -> String {
    for (name, _) in cells {
        assert!(T::SCHEMA.columns.iter().any(|c| c.en == *name), "{name}");
    }
    let cell = |c: &tabular::Column| cells.iter().find(|(n, _)| *n == c.en).map_or(c.example, |(_, text)| *text).to_owned();
    T::SCHEMA.columns.iter().map(cell).map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(",")
}

fn file<T: Row>(lines: &[&[(&str, &str)]]) -> String {
    let rows = lines.iter().map(|cells| line::<T>(cells));
    std::iter::once(header::<T>(Language::Chinese)).chain(rows).collect::<Vec<_>>().join("\r\n")
}

#[test]
fn the_example_of_every_column_of_every_table_is_itself_a_valid_row() {
    fn example<T: Row>() {
        for language in [Language::Chinese, Language::English] {
            let text = format!("{}\n{}\n", header::<T>(language), line::<T>(&[]));
            let rows = csv::<T>(&text).map_err(|r| r.faults).unwrap();
            assert_eq!(rows.len(), 1, "{:?}", T::SCHEMA.sheet);
        }
        assert!(T::SCHEMA.unique.iter().flat_map(|names| names.iter()).all(|n| T::SCHEMA.columns.iter().any(|c| c.en == *n)));
    }
    example::<PlaceRow>();
    example::<tabular::CanteenRow>();
    example::<tabular::DishRow>();
    example::<RecipeRow>();
    example::<MenuRow>();
    example::<SeniorRow>();
    example::<FactRow>();
    example::<tabular::FamilyRow>();
    example::<tabular::StandingRow>();
    example::<tabular::BankAnswerRow>();
}

#[test]
fn headers_are_accepted_in_either_language_any_order_width_and_case() {
    for head in ["区划代码,名称", "code,name", " Code ,NAME*", "\u{feff}区划代码,name"] {
        let rows = csv::<PlaceRow>(&format!("{head}\n990101001,暖阳街道\n")).unwrap();
        assert_eq!(rows[0].name.as_str(), "暖阳街道", "{head}");
    }
    let rows = csv::<PlaceRow>("名称,区划代码\n暖阳街道,990101001000\n").unwrap();
    assert_eq!(rows[0].code.as_str(), "990101001");
}

#[test]
fn unknown_missing_and_duplicate_columns_are_all_named() {
    let report = csv::<PlaceRow>("名称,备注,name\n暖阳街道,x,y\n").unwrap_err();
    let codes: Vec<&str> = report.faults.0.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["unknown_column", "duplicate_column", "missing_column"]);
    assert!(report.faults.0[0].message_zh.contains("备注") && report.faults.0[2].message_zh.contains("区划代码"));
}

#[test]
fn every_fault_of_a_file_is_reported_at_once_with_row_column_cause_and_cure() {
    let report = csv::<SeniorRow>(&file::<SeniorRow>(&[
        &[("identity_number", "990101194103150032"), ("phone", "1234567"), ("card_no", "")],
        &[
            ("name", ""),
            ("identity_number", "990101194102300031"),
            ("longitude", "31.2"),
            ("latitude", ""),
            ("texture", "很软"),
            ("card_no", ""),
        ],
        &[("latitude", ""), ("allergens", "花生;花生"), ("card_no", "")],
    ]))
    .unwrap_err();
    assert_eq!(
        faults(&report),
        [
            ("row 2, column identity_number", "bad_identity_checksum"),
            ("row 2, column phone", "bad_phone"),
            ("row 3, column name", "required"),
            ("row 3, column identity_number", "bad_identity_date"),
            ("row 3, column longitude", "bad_coordinate"),
            ("row 3, column texture", "unknown_word"),
            ("row 4, column allergens", "repeated"),
        ]
    );
    let Fault { message_zh, message_en, .. } = &report.faults.0[0];
    assert!(message_zh.starts_with("第 2 行“身份证号”：校验码不符") && message_zh.contains("请对照证件更正"), "{message_zh}");
    assert!(message_en.contains("compare with the card"), "{message_en}");
    let everything = format!("{report:?}");
    assert!(!everything.contains("990101194103150032") && !everything.contains("1234567"), "personal data in a report");
}

#[test]
fn a_row_given_twice_is_found_by_its_key_even_when_it_has_other_faults() {
    let report = csv::<SeniorRow>(&file::<SeniorRow>(&[
        &[("phone", "bad"), ("card_no", "NY01")],
        &[("card_no", "ny01")],
        &[("identity_number", "990101194103150044"), ("card_no", "")],
    ]));
    let report = report.unwrap_err();
    let found = faults(&report);
    assert!(found.contains(&("row 3, column identity_number", "duplicate")), "{found:?}");
    assert!(found.contains(&("row 3, column card_no", "duplicate")), "{found:?}");
    assert!(report.faults.0.iter().any(|f| f.message_zh.contains("与第 2 行重复")));

    let menus = csv::<MenuRow>(&file::<MenuRow>(&[&[], &[("meal", "dinner")], &[("meal", "lunch")]])).unwrap_err();
    assert_eq!(faults(&menus), [("row 4, column dish", "duplicate")]);
    let twice = csv::<FactRow>(&file::<FactRow>(&[&[("value", "低保")], &[("value", "dibao")]])).unwrap_err();
    assert_eq!(faults(&twice), [("row 3, column valid_from", "duplicate")]);
}

#[test]
fn an_ingredient_must_carry_the_same_allergens_wherever_it_is_used() {
    let report = csv::<RecipeRow>(&file::<RecipeRow>(&[
        &[("ingredient", "生抽"), ("allergens", "大豆;麸质谷物")],
        &[("dish", "D002"), ("ingredient", "生抽"), ("allergens", "大豆")],
    ]));
    assert_eq!(faults(&report.unwrap_err()), [("row 3, column allergens", "contradiction")]);
}

#[test]
fn a_fact_takes_only_the_values_of_its_kind() {
    let good = csv::<FactRow>(&file::<FactRow>(&[
        &[("kind", "居住状况"), ("value", "独居")],
        &[("kind", "registered"), ("value", "990101001002")],
        &[("kind", "death"), ("value", "died")],
    ]))
    .unwrap();
    assert_eq!(good.iter().map(|f| f.value.as_str()).collect::<Vec<_>>(), ["alone", "990101001002", "died"]);
    let bad = csv::<FactRow>(&file::<FactRow>(&[
        &[("kind", "居住状况"), ("value", "低保")],
        &[("kind", "registered"), ("value", "暖阳街道")],
        &[("valid_to", "2025-12-31")],
    ]))
    .unwrap_err();
    assert_eq!(
        faults(&bad),
        [
            ("row 2, column value", "bad_fact_value"),
            ("row 3, column value", "bad_fact_value"),
            ("row 4, column valid_to", "ends_before_start")
        ]
    );
    assert!(bad.faults.0[0].message_zh.contains("独居"), "the cure names what is accepted");
}

#[test]
fn a_price_is_exact_to_the_fen_in_csv_and_in_a_workbook() {
    let rows = csv::<MenuRow>(&file::<MenuRow>(&[&[("price_yuan", "0.29")], &[("dish", "D002"), ("price_yuan", "1.10")]])).unwrap();
    assert_eq!(rows.iter().map(|r| r.price_yuan).collect::<Vec<_>>(), [Fen(29), Fen(110)]);
    let mut writer = XlsxWriter::<MenuRow>::new(Language::Chinese).unwrap();
    rows.iter().for_each(|r| writer.write(r).unwrap());
    let back = read_all::<MenuRow>(Cursor::new(writer.finish().unwrap()), &ReadOptions::of(Format::Xlsx)).unwrap();
    assert_eq!(back, rows);
}

#[test]
fn cells_that_do_not_stand_under_the_header_are_one_fault_not_many() {
    let report = csv::<PlaceRow>("code,name\n990101001,暖阳街道,多余\n990101002\n990101003,甲,\n").unwrap_err();
    assert_eq!(faults(&report), [("row 2", "cell_count"), ("row 3", "cell_count")]);
}

#[test]
fn undecodable_and_control_characters_are_named_by_cell() {
    let report = csv::<PlaceRow>("code,name\n990101001,\"暖\n阳\"\n990101002,甲\u{fffd}\n").unwrap_err();
    assert_eq!(faults(&report), [("row 2, column name", "control_character"), ("row 3, column name", "bad_encoding")]);
}

#[test]
fn a_report_stops_keeping_faults_at_its_limit_and_counts_the_rest() {
    let mut text = "code,name\n".to_owned();
    (0..2_500).for_each(|_| text.push_str("x,甲\n"));
    let report = check::<PlaceRow>(Cursor::new(text.as_bytes()), &ReadOptions::of(Format::Csv)).unwrap_err();
    assert_eq!((report.faults.0.len(), report.more, report.total()), (1_000, 1_500, 2_500));
}

#[test]
fn a_file_over_a_limit_or_of_another_kind_is_refused_before_its_rows() {
    let rows = "code,name\n990101001,甲\n990101002,乙\n990101003,丙\n";
    let limits = Limits { csv_rows: 2, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::of(Format::Csv) };
    let report = check::<PlaceRow>(Cursor::new(rows.as_bytes()), &options).unwrap_err();
    assert_eq!(faults(&report), [("file", "too_many_rows")]);
    let options = ReadOptions { limits: Limits { csv_bytes: 10, ..Limits::default() }, ..options };
    assert_eq!(faults(&check::<PlaceRow>(Cursor::new(rows.as_bytes()), &options).unwrap_err()), [("file", "file_too_large")]);
    let as_xlsx = check::<PlaceRow>(Cursor::new(rows.as_bytes()), &ReadOptions::of(Format::Xlsx)).unwrap_err();
    assert_eq!(faults(&as_xlsx), [("file", "not_xlsx")]);
    let foreign = csv::<SeniorRow>("a;b;c\n1;2;3\n").unwrap_err();
    assert!(foreign.faults.0.iter().all(|f| f.place == "row 1, header"), "rows of a foreign file say nothing");
}

#[test]
fn a_declared_encoding_is_taken_at_its_word() {
    let (gb, _, _) = encoding_rs::GB18030.encode("code,name\n990101001,李㛃村\n");
    let options = ReadOptions { encoding: Encoding::Gb18030, ..ReadOptions::of(Format::Csv) };
    let rows = read_all::<PlaceRow>(Cursor::new(gb.as_ref()), &options).unwrap();
    assert_eq!(rows[0].name.as_str(), "李㛃村");
    let wrong = ReadOptions { encoding: Encoding::Utf8, ..options };
    assert_eq!(faults(&read_all::<PlaceRow>(Cursor::new(gb.as_ref()), &wrong).unwrap_err())[0].1, "bad_encoding");
}

#[test]
fn a_caller_may_stop_and_keeps_what_it_has() {
    let mut seen: Vec<Result<PlaceRow, Faults>> = Vec::new();
    let text = "code,name\n990101001,甲\n990101002,乙\n";
    let totals = read::<PlaceRow>(Cursor::new(text.as_bytes()), &ReadOptions::of(Format::Csv), &mut |outcome| {
        assert!(outcome.estimate >= 2);
        seen.push(outcome.result);
        ControlFlow::Break(())
    });
    assert_eq!((totals, seen.len()), (Ok(Totals { rows: 1, faulty: 0 }), 1));
}

#[test]
fn templates_and_documentation_name_every_column_and_templates_read_as_empty_tables() {
    for kind in [TableKind::Places, TableKind::Seniors, TableKind::Menus] {
        let page = kind.schema().markdown();
        assert!(kind.schema().columns.iter().all(|c| page.contains(c.zh) && page.contains(c.en)), "{page}");
    }
    let book = template(SeniorRow::SCHEMA, Language::Chinese).unwrap();
    assert_eq!(read_all::<SeniorRow>(Cursor::new(&book), &ReadOptions::of(Format::Xlsx)), Ok(vec![]));
    assert_eq!(book, template(SeniorRow::SCHEMA, Language::Chinese).unwrap(), "equal content, equal bytes");
}

#[test]
fn a_csv_export_opens_in_a_spreadsheet_and_runs_no_formula() {
    let rows = csv::<PlaceRow>("code,name\n990101001,=HYPERLINK(1)\n").unwrap();
    let mut writer = CsvWriter::<PlaceRow, _>::new(Vec::new(), Language::Chinese).unwrap();
    writer.write(&rows[0]).unwrap();
    let bytes = writer.finish().unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), "\u{feff}区划代码,名称\r\n990101001,'=HYPERLINK(1)\r\n");
    assert_eq!(read_all::<PlaceRow>(Cursor::new(&bytes), &ReadOptions::of(Format::Csv)).unwrap(), rows);
}
