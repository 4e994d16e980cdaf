//! The rows of a CSV file.

use crate::decode::{Encoding, Text, survey, unreadable};
use crate::fault::CellFault;
use crate::read::{Each, Raw};
use csv::{ErrorKind, ReaderBuilder, StringRecord};
use std::io::{self, Read, Seek};

/// Hands each non-blank line to `each` with the row number a spreadsheet shows and the estimate of rows in the file.
pub(crate) fn rows(mut input: impl Read + Seek, encoding: Encoding, each: Each<'_>) -> Result<(), CellFault> {
    let survey = survey(&mut input, encoding)?;
    let text = Text::new(input, survey.encoding);
    let since_record = text.since_record.clone();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut record = StringRecord::new();
    // A record with a line break inside is one row in a spreadsheet, and so is a blank line, which the parser skips.
    let mut breaks_inside = 0_u64;
    while reader.read_record(&mut record).map_err(|e| broken(&e))? {
        since_record.set(0);
        breaks_inside += record.iter().map(|f| f.bytes().map(|b| u64::from(b == b'\n')).sum::<u64>()).sum::<u64>();
        let row = reader.position().line().saturating_sub(1).saturating_sub(breaks_inside);
        let cells: Vec<Raw<'_>> = record.iter().map(|f| Raw::Text(without_guard(f))).collect();
        if each(u32::try_from(row).unwrap_or(u32::MAX), survey.lines, &cells)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn broken(error: &csv::Error) -> CellFault {
    match error.kind() {
        ErrorKind::Io(e) if e.kind() == io::ErrorKind::FileTooLarge => CellFault::new(
            "record_too_long",
            "有一行超过 1 MB，多半是引号没有成对。请检查引号",
            "a row is longer than 1 MB, most likely a quotation mark that is not closed; check the quotation marks",
        ),
        ErrorKind::Io(e) => unreadable(e),
        _ => CellFault::new("unreadable", "文件不是 CSV。请重新导出", "the file is not CSV; export it again"),
    }
}

/// Characters with which a spreadsheet takes a cell for a formula, full-width forms included.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// Puts `'` before a text that a spreadsheet would run as a formula.
pub(crate) fn with_guard(text: String) -> String {
    if is_formula(&text) { format!("'{text}") } else { text }
}

/// Takes off what [`with_guard`] put on.
fn without_guard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::ops::ControlFlow;

    fn numbered(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut out = Vec::new();
        rows(Cursor::new(text.as_bytes()), Encoding::Detect, &mut |row, _, cells| {
            let texts = cells.iter().map(|c| if let Raw::Text(t) = c { (*t).to_owned() } else { String::new() });
            out.push((row, texts.collect()));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        out
    }

    #[test]
    fn a_row_has_the_number_a_spreadsheet_shows_whatever_the_line_ends_and_breaks_inside() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("a,b{end}1,2{end}{end}\"3{end}x\",4{end}5,6");
            let rows: Vec<u32> = numbered(&text).into_iter().map(|(row, _)| row).collect();
            assert_eq!(rows, [1, 2, 4, 5], "{end:?}");
        }
    }

    #[test]
    fn a_text_that_would_run_as_a_formula_is_guarded_and_read_back_as_it_was() {
        for text in ["=1+1", "@SUM(A1)", "+86", "-1+cmd", "'=x", "''=x", "＝1", "'quoted", "plain", "'"] {
            let guarded = with_guard(text.to_owned());
            assert!(!guarded.starts_with(FORMULA), "{guarded}");
            assert_eq!(without_guard(&guarded), text);
        }
    }

    #[test]
    fn gb18030_is_recognised_and_four_byte_characters_survive() {
        let (bytes, _, _) = encoding_rs::GB18030.encode("姓名,编号\n李㛃,1\n王𬭚,2\n");
        let mut names = Vec::new();
        rows(Cursor::new(bytes.as_ref()), Encoding::Detect, &mut |_, _, cells| {
            if let Some(Raw::Text(t)) = cells.first() {
                names.push((*t).to_owned());
            }
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        assert_eq!(names, ["姓名", "李㛃", "王𬭚"]);
    }

    #[test]
    fn a_file_of_another_kind_is_named() {
        for (bytes, code) in [
            (&b""[..], "empty_file"),
            (b"PK\x03\x04....", "is_xlsx"),
            (b"\xd0\xcf\x11\xe0....", "is_xls"),
            (b"\xff\xfea\0b\0", "utf16"),
        ] {
            let got = rows(Cursor::new(bytes), Encoding::Detect, &mut |_, _, _| Ok(ControlFlow::Continue(())));
            assert_eq!(got.unwrap_err().code, code);
        }
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_ends_the_reading_not_the_memory() {
        let text = format!("a,b\n\"{}", "x".repeat(3_000_000));
        let got = rows(Cursor::new(text.as_bytes()), Encoding::Detect, &mut |_, _, _| Ok(ControlFlow::Continue(())));
        assert_eq!(got.unwrap_err().code, "record_too_long");
    }
}
