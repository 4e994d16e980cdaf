//! Times the reading of a roster, writing and reading in separate processes so that the peak of memory is the reader's:
//! `measure write 100000 roster.csv`, then `measure read roster.csv`; the same with `.xlsx`.

use domain::person::citizen_id::CitizenId;
use std::error::Error;
use std::io::Cursor;
use std::time::Instant;
use tabular::{CellValue, CsvWriter, Format, Language, ReadOptions, Row, SeniorRow, Text, XlsxWriter, check, read_all};

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM unknown").to_owned()
}

fn roster(rows: u32) -> Result<Vec<SeniorRow>, Box<dyn Error>> {
    let header: Vec<&str> = SeniorRow::SCHEMA.columns.iter().map(|c| c.en).collect();
    let example: Vec<String> = SeniorRow::SCHEMA.columns.iter().map(|c| format!("\"{}\"", c.example)).collect();
    let one = format!("{}\n{}\n", header.join(","), example.join(","));
    let one = read_all::<SeniorRow>(Cursor::new(one.as_bytes()), &ReadOptions::of(Format::Csv));
    let one = one.map_err(|r| format!("{r:?}"))?.pop().ok_or("no row")?;
    let mut all = Vec::new();
    for n in 0..rows {
        let mut row = one.clone();
        let digits = format!("990101{:04}{:02}{:02}{:03}", 1930 + n / 336_000, 1 + n / 28_000 % 12, 1 + n / 1000 % 28, n % 1000);
        let check = CitizenId::check_character(digits.as_bytes()).ok_or("digits")?;
        row.identity_number = CellValue::parse(&format!("{digits}{}", char::from(check))).map_err(|f| f.en)?;
        row.card_no = Some(CellValue::parse(&format!("NY{n:08}")).map_err(|f| f.en)?);
        row.name = Text::new(&format!("张桂兰{n}")).ok_or("name")?;
        all.push(row);
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", rows, path] => {
            let (mut csv, mut book) = (CsvWriter::new(Vec::new(), Language::Chinese)?, XlsxWriter::new(Language::Chinese)?);
            for row in roster(rows.parse()?)? {
                csv.write(&row)?;
                book.write(&row)?;
            }
            let workbook = Format::of_file_name(path) == Some(Format::Xlsx);
            std::fs::write(path, if workbook { book.finish()? } else { csv.finish()? })?;
        }
        ["read", path] => {
            let (start, options) = (Instant::now(), ReadOptions::of(Format::of_file_name(path).ok_or("csv or xlsx")?));
            let totals = check::<SeniorRow>(std::fs::File::open(path)?, &options).map_err(|r| format!("{r:?}"))?;
            println!("{path}: {} rows in {:?}; {}", totals.rows, start.elapsed(), peak());
        }
        _ => return Err("measure write ROWS FILE | measure read FILE".into()),
    }
    Ok(())
}
