//! Writing a table as CSV that a spreadsheet opens rightly and that reads back to equal rows.

use crate::csv_in::with_guard;
use crate::schema::{Language, Row};
use crate::value::Kind;
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
