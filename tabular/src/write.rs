//! Writing a table as CSV that a spreadsheet opens rightly and that reads back to equal rows.

use crate::csv_in::with_guard;
use crate::read::Format;
use crate::schema::{Language, Row, Schema};
use crate::value::Kind;
use crate::xlsx_out::workbook_of;
use std::io::Write;
use std::marker::PhantomData;

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink refused.
    #[error("the file could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// The CSV writer refused.
    #[error("the file could not be written: {0}")]
    Csv(#[from] csv::Error),
    /// The workbook could not be built.
    #[error("the workbook could not be built: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// More rows than a workbook is read back with; write CSV.
    #[error("a workbook takes at most {0} rows; write CSV")]
    TooManyRows(u32),
}

/// Writes rows as CSV in UTF-8 with a byte-order mark, without which Excel in China reads GBK; lines end with CR LF.
///
/// Text that a spreadsheet would run as a formula gets an apostrophe, which reading takes off again.
#[derive(Debug)]
pub struct CsvWriter<T, W: Write> {
    out: csv::Writer<W>,
    row: PhantomData<fn(T)>,
}

impl<T: Row, W: Write> CsvWriter<T, W> {
    /// Writes the header.
    pub fn new(mut sink: W, language: Language) -> Result<Self, WriteError> {
        sink.write_all("\u{feff}".as_bytes())?;
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(sink);
        out.write_record(T::SCHEMA.columns.iter().map(|c| c.header(language)))?;
        Ok(Self { out, row: PhantomData })
    }

    /// Writes a row.
    pub fn write(&mut self, row: &T) -> Result<(), WriteError> {
        let cells = row.to_cells().into_iter().zip(T::SCHEMA.columns);
        let cells = cells.map(|(text, column)| if column.shape.kind == Kind::Number { text } else { with_guard(text) });
        Ok(self.out.write_record(cells)?)
    }

    /// Flushes and gives the sink back.
    pub fn finish(self) -> Result<W, WriteError> {
        self.out.into_inner().map_err(|e| WriteError::Io(e.into_error()))
    }
}

/// A column of a file that is written from cells rather than from typed rows: masked values and reports are no rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// In Chinese.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// Whether its cells are quantities.
    pub number: bool,
}

impl Heading {
    /// A column of text.
    #[must_use]
    pub const fn text(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en, number: false }
    }

    /// A column of quantities.
    #[must_use]
    pub const fn number(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en, number: true }
    }

    /// In a language.
    #[must_use]
    pub const fn text_in(&self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }
}

/// The headings of a table, in the order of its columns.
#[must_use]
pub fn headings(schema: &Schema) -> Vec<Heading> {
    let heading = |c: &crate::schema::Column| Heading { zh: c.zh, en: c.en, number: c.shape.kind == Kind::Number };
    schema.columns.iter().map(heading).collect()
}

/// The header of a CSV file in UTF-8, without a byte-order mark.
pub fn csv_header(headings: &[Heading], language: Language) -> Result<String, WriteError> {
    csv_text(std::iter::once(headings.iter().map(|h| h.text_in(language).to_owned()).collect()))
}

/// Lines of a CSV file; what a spreadsheet would run as a formula gets an apostrophe, which reading takes off again.
pub fn csv_lines(headings: &[Heading], rows: Vec<Vec<String>>) -> Result<String, WriteError> {
    // A masked quantity is text, so a column of numbers is only trusted where the cell is one.
    let plain = |cell: &str| cell.parse::<f64>().is_ok();
    let guard = |(cell, heading): (String, &Heading)| if heading.number && plain(&cell) { cell } else { with_guard(cell) };
    csv_text(rows.into_iter().map(|row| row.into_iter().zip(headings).map(guard).collect()))
}

fn csv_text(records: impl Iterator<Item = Vec<String>>) -> Result<String, WriteError> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        out.write_record(record)?;
    }
    let bytes = out.into_inner().map_err(|e| WriteError::Io(e.into_error()))?;
    String::from_utf8(bytes).map_err(|e| WriteError::Io(std::io::Error::other(e)))
}

/// Cells as a file: CSV in UTF-8 with a byte-order mark, without which Excel in China reads GBK, or a workbook of one sheet.
pub fn file_of(
    format: Format,
    name: &str,
    headings: &[Heading],
    rows: Vec<Vec<String>>,
    language: Language,
) -> Result<Vec<u8>, WriteError> {
    match format {
        Format::Csv => Ok(["\u{feff}", &csv_header(headings, language)?, &csv_lines(headings, rows)?].concat().into_bytes()),
        Format::Xlsx => workbook_of(name, headings, &rows, language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_a_number_stays_one() {
        let headings = [Heading::text("名", "name"), Heading::number("元", "yuan")];
        let rows = vec![vec!["=1+1".to_owned(), "-3.5".to_owned()], vec!["a,\"b\"".to_owned(), "=2".to_owned()]];
        assert_eq!(csv_lines(&headings, rows).unwrap(), "'=1+1,-3.5\r\n\"a,\"\"b\"\"\",'=2\r\n");
        assert_eq!(csv_header(&headings, Language::English).unwrap(), "name,yuan\r\n");
    }
}
