//! What holds for all files.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use domain::ServiceDate;
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};
use tabular::{
    CellValue, CsvWriter, Encoding, FactRow, Format, Language, PlaceRow, ReadOptions, Row, SeniorRow, Text, XlsxWriter, check,
    read_all,
};
use zip::write::SimpleFileOptions;

fn never_panics<T: Row>(bytes: &[u8]) {
    for format in [Format::Csv, Format::Xlsx] {
        for encoding in [Encoding::Detect, Encoding::Gb18030] {
            let options = ReadOptions { encoding, ..ReadOptions::of(format) };
            let _ = check::<T>(Cursor::new(bytes), &options);
        }
    }
}

/// Rows of the fact table: every kind of cell but quantities, with any text where text is free.
fn fact() -> impl Strategy<Value = FactRow> {
    let source = "\\PC{1,30}".prop_filter_map("trimmed", |t| Text::<60>::new(t.trim()));
    let value = "\\PC{1,20}".prop_filter_map("trimmed", |t| Text::<40>::new(t.trim()));
    (0u32..40_000, source, value, 1i32..400).prop_map(|(day, source, value, length)| {
        let example = |name: &str| FactRow::SCHEMA.columns.iter().find(|c| c.en == name).unwrap().example;
        let from = ServiceDate::new(1950, 1, 1).unwrap().plus_days(i32::try_from(day).unwrap());
        FactRow {
            identity_number: CellValue::parse(example("identity_number")).unwrap(),
            kind: domain::subsidy::facts::FactKind::Local,
            value,
            valid_from: from,
            valid_to: (length % 3 == 0).then(|| from.plus_days(length)),
            source,
        }
    })
}

/// A small good workbook with one stretch of one part overwritten.
fn mutated_workbook(part: usize, at: usize, with: &str) -> Vec<u8> {
    let text = "code,name\n990101001,暖阳街道\n990101001001,和煦社区\n";
    let rows = read_all::<PlaceRow>(Cursor::new(text.as_bytes()), &ReadOptions::of(Format::Csv)).unwrap();
    let mut writer = XlsxWriter::new(Language::Chinese).unwrap();
    rows.iter().for_each(|r| writer.write(r).unwrap());
    let mut archive = zip::ZipArchive::new(Cursor::new(writer.finish().unwrap())).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let target = part % archive.len();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if index == target {
            let start = at % bytes.len();
            let end = (start + with.len()).min(bytes.len());
            bytes.splice(start..end, with.bytes());
        }
        out.start_file(entry.name().unwrap().to_string(), SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        never_panics::<SeniorRow>(&bytes);
        never_panics::<PlaceRow>(&[b"code,name\n", &bytes[..]].concat());
        never_panics::<PlaceRow>(&[b"PK\x03\x04", &bytes[..]].concat());
    }

    #[test]
    fn no_text_in_any_cell_makes_the_reader_panic(cells in prop::collection::vec("[0-9年月日周DＤ:：\\-–;；,.'=\\PC]{0,12}", 17)) {
        let header: Vec<&str> = SeniorRow::SCHEMA.columns.iter().map(|c| c.en).collect();
        let quoted: Vec<String> = cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
        never_panics::<SeniorRow>(format!("{}\n{}\n", header.join(","), quoted.join(",")).as_bytes());
    }

    #[test]
    fn no_damage_to_a_workbook_makes_the_reader_panic(
        part in any::<usize>(), at in any::<usize>(), with in "(<|>|\"|&|/|[0-9]{1,20}|[A-Z]{1,9}|<!--|\\PC){1,6}",
    ) {
        let bytes = mutated_workbook(part, at, &with);
        let _ = check::<PlaceRow>(Cursor::new(&bytes), &ReadOptions::of(Format::Xlsx));
    }

    #[test]
    fn what_is_written_reads_back_equal(rows in prop::collection::vec(fact(), 1..20)) {
        let mut unique = rows;
        unique.sort_by_key(|r| (r.value.as_str().to_owned(), r.valid_from));
        unique.dedup_by_key(|r| (r.value.as_str().to_owned(), r.valid_from));
        let mut csv = CsvWriter::new(Vec::new(), Language::English).unwrap();
        let mut book = XlsxWriter::new(Language::Chinese).unwrap();
        for row in &unique {
            csv.write(row).unwrap();
            book.write(row).unwrap();
        }
        let bytes = csv.finish().unwrap();
        prop_assert_eq!(&read_all::<FactRow>(Cursor::new(&bytes), &ReadOptions::of(Format::Csv)).unwrap(), &unique);
        let (gb, _, lossy) = encoding_rs::GB18030.encode(std::str::from_utf8(&bytes).unwrap());
        if !lossy {
            let options = ReadOptions { encoding: Encoding::Gb18030, ..ReadOptions::of(Format::Csv) };
            prop_assert_eq!(&read_all::<FactRow>(Cursor::new(gb.as_ref()), &options).unwrap(), &unique);
        }
        let book = book.finish().unwrap();
        prop_assert_eq!(&read_all::<FactRow>(Cursor::new(&book), &ReadOptions::of(Format::Xlsx)).unwrap(), &unique);
    }
}
