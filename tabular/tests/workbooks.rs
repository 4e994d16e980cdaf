//! Workbooks as spreadsheet programs make them, and as nobody should.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use domain::ServiceDate;
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook};
use std::io::{Cursor, Read, Write};
use tabular::{FaultReport, Format, Language, MenuRow, PlaceRow, ReadOptions, Row, SeniorRow, XlsxWriter, check, read_all};
use zip::write::SimpleFileOptions;

fn xlsx<T: Row>(bytes: &[u8]) -> Result<Vec<T>, FaultReport> {
    read_all::<T>(Cursor::new(bytes), &ReadOptions::of(Format::Xlsx))
}

fn codes(report: &FaultReport) -> Vec<(&str, &str)> {
    report.faults.0.iter().map(|f| (f.place.as_str(), f.code.as_str())).collect()
}

/// A menu workbook made by hand, as a person would, with typed cells.
fn menu(fill: impl Fn(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, at) in MenuRow::SCHEMA.columns.iter().zip(0..) {
        sheet.write_string(0, at, column.zh).unwrap();
    }
    fill(sheet);
    workbook.save_to_buffer().unwrap()
}

#[test]
fn dates_times_numbers_and_cached_formulas_are_taken_where_they_belong() {
    let bytes = menu(|sheet| {
        let date = CellFormat::new().set_num_format("yyyy/m/d");
        let time = CellFormat::new().set_num_format("hh:mm");
        sheet.write_string(1, 0, "C01").unwrap();
        sheet.write_datetime_with_format(1, 1, ExcelDateTime::from_ymd(2026, 11, 23).unwrap(), &date).unwrap();
        sheet.write_string(1, 2, "午餐").unwrap();
        sheet.write_formula(1, 3, Formula::new("=\"D\"&\"001\"").set_result("D001")).unwrap();
        sheet.write_number(1, 4, 12.4).unwrap();
        sheet.write_formula(1, 5, Formula::new("=40*2").set_result("80")).unwrap();
        sheet.write_datetime_with_format(1, 6, ExcelDateTime::from_hms(9, 30, 0).unwrap(), &time).unwrap();
    });
    let rows = xlsx::<MenuRow>(&bytes).map_err(|r| r.faults).unwrap();
    let row = &rows[0];
    assert_eq!(Some(row.date), ServiceDate::new(2026, 11, 23));
    assert_eq!((row.price_yuan.0, row.portions.get()), (1240, 80));
    assert_eq!(row.to_cells(), ["C01", "2026-11-23", "午餐", "D001", "12.40", "80", "09:30"]);
}

#[test]
fn a_date_where_none_belongs_and_a_failed_formula_are_faults() {
    let bytes = menu(|sheet| {
        let date = CellFormat::new().set_num_format("yyyy/m/d");
        sheet.write_number(1, 0, 7).unwrap();
        sheet.write_string(1, 1, "2026-11-23").unwrap();
        sheet.write_string(1, 2, "lunch").unwrap();
        sheet.write_string(1, 3, "D001").unwrap();
        sheet.write_datetime_with_format(1, 4, ExcelDateTime::from_ymd(2026, 1, 5).unwrap(), &date).unwrap();
        sheet.write_formula(1, 5, Formula::new("=NA()").set_result("#N/A")).unwrap();
    });
    let report = xlsx::<MenuRow>(&bytes).unwrap_err();
    assert_eq!(
        codes(&report),
        [
            ("row 2, column canteen", "digits_lost"),
            ("row 2, column price_yuan", "unwanted_date"),
            ("row 2, column portions", "cell_error")
        ]
    );
}

#[test]
fn an_identity_phone_or_card_number_in_a_number_cell_is_refused_because_its_digits_are_lost() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, at) in SeniorRow::SCHEMA.columns.iter().zip(0..) {
        sheet.write_string(0, at, column.en).unwrap();
        match column.en {
            "identity_number" | "phone" | "card_no" => sheet.write_number(1, at, f64::from(1_990_000_123)).unwrap(),
            _ => sheet.write_string(1, at, column.example).unwrap(),
        };
    }
    let report = xlsx::<SeniorRow>(&workbook.save_to_buffer().unwrap()).unwrap_err();
    assert_eq!(
        codes(&report),
        [
            ("row 2, column identity_number", "digits_lost"),
            ("row 2, column phone", "digits_lost"),
            ("row 2, column card_no", "digits_lost")
        ]
    );
}

#[test]
fn blank_rows_are_skipped_and_row_numbers_stay_those_of_the_sheet() {
    let bytes = menu(|sheet| {
        sheet.write_string(4, 0, "C01").unwrap();
        sheet.write_blank(2, 0, &CellFormat::new().set_bold()).unwrap();
    });
    let report = xlsx::<MenuRow>(&bytes).unwrap_err();
    assert!(report.faults.0.iter().all(|f| f.place.starts_with("row 5, ")), "{:?}", codes(&report));
}

#[test]
fn the_sheet_named_as_the_table_is_read_else_the_first() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("封面").unwrap().write_string(0, 0, "填报说明").unwrap();
    let sheet = workbook.add_worksheet().set_name("区划").unwrap();
    for (at, text) in ["区划代码", "名称"].into_iter().enumerate() {
        sheet.write_string(0, u16::try_from(at).unwrap(), text).unwrap();
    }
    sheet.write_number(1, 0, 990_101_001_001_f64).unwrap();
    sheet.write_string(1, 1, "和煦社区").unwrap();
    let rows = xlsx::<PlaceRow>(&workbook.save_to_buffer().unwrap()).map_err(|r| r.faults).unwrap();
    assert_eq!(rows[0].code.as_str(), "990101001001");
}

fn places() -> Vec<u8> {
    let text = "code,name\n990101001,暖阳街道\n990101001001,和煦社区\n";
    let rows = read_all::<PlaceRow>(Cursor::new(text.as_bytes()), &ReadOptions::of(Format::Csv)).unwrap();
    let mut writer = XlsxWriter::new(Language::Chinese).unwrap();
    rows.iter().for_each(|r| writer.write(r).unwrap());
    writer.finish().unwrap()
}

/// The workbook with one of its parts replaced.
fn with_part(part: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(places())).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut found = false;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        if name.ends_with(part) {
            (text, found) = (change(text), true);
        }
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    assert!(found, "{part}");
    out.finish().unwrap().into_inner()
}

#[test]
fn equal_rows_give_equal_bytes() {
    assert_eq!(places(), places());
}

#[test]
fn a_workbook_that_claims_terabytes_of_strings_is_refused_not_obeyed() {
    for claim in ["4611686018427387904", "00999999999999", " 88888888888"] {
        let bytes = with_part("sharedStrings.xml", |xml| {
            let at = xml.find("uniqueCount=\"").unwrap() + 13;
            let end = at + xml[at..].find('"').unwrap();
            format!("{}{claim}{}", &xml[..at], &xml[end..])
        });
        assert_eq!(
            codes(&check::<PlaceRow>(Cursor::new(&bytes), &ReadOptions::of(Format::Xlsx)).unwrap_err()),
            [("file", "bad_workbook")]
        );
    }
}

#[test]
fn a_stretch_without_markup_that_would_fill_a_buffer_is_refused() {
    let bytes = with_part("sheet1.xml", |xml| xml.replace("<sheetData>", &format!("<sheetData>{}", " ".repeat(2_000_000))));
    assert_eq!(
        codes(&check::<PlaceRow>(Cursor::new(&bytes), &ReadOptions::of(Format::Xlsx)).unwrap_err()),
        [("file", "bad_workbook")]
    );
}

#[test]
fn oddly_built_workbooks_are_faults_and_never_a_panic() {
    let sheet = |from: &'static str, to: &'static str| with_part("sheet1.xml", move |xml| xml.replacen(from, to, 1));
    for bytes in [
        sheet("r=\"A2\"", "r=\"ZZZZZZZZZZ99999999999\""),
        sheet("r=\"A2\"", "r=\"2A\""),
        sheet("ref=\"A1:B3\"", "ref=\"B3:A1\""),
        sheet("ref=\"A1:B3\"", "ref=\"A1:B3:C4\""),
        with_part("workbook.xml.rels", |xml| xml.replace("worksheets/sheet1.xml", "sheet1.xml")),
        with_part("workbook.xml.rels", |xml| xml.replace("worksheets/sheet1.xml", "/x")),
        with_part("workbook.xml", |_| String::new()),
        with_part("[Content_Types].xml", |_| "<".into()),
        with_part("styles.xml", |xml| xml.replace("count=\"1\"", "count=\"999999999999\"")),
    ] {
        if let Err(report) = check::<PlaceRow>(Cursor::new(&bytes), &ReadOptions::of(Format::Xlsx)) {
            assert!(!report.faults.is_empty());
        }
    }
}
