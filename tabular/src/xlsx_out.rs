//! Writing a table as a workbook, and the template that people fill in.

use crate::read::Limits;
use crate::schema::{Language, Row, Schema};
use crate::value::Kind;
use crate::write::{Heading, WriteError};
use rust_xlsxwriter::{Chart, ChartType, DocProperties, ExcelDateTime, Format, Workbook, Worksheet};
use std::marker::PhantomData;

/// Writes rows into a workbook: frozen header, quantities as numbers, everything else as text so that no digit is lost.
///
/// The workbook is built in memory, never in a temporary file, because rosters are personal data; equal rows give equal bytes.
pub struct XlsxWriter<T> {
    sheet: Worksheet,
    language: Language,
    next: u32,
    row: PhantomData<fn(T)>,
}

impl<T: Row> XlsxWriter<T> {
    /// Begins with the header.
    pub fn new(language: Language) -> Result<Self, WriteError> {
        Ok(Self { sheet: sheet(T::SCHEMA, language)?, language, next: 1, row: PhantomData })
    }

    /// Adds a row; at most as many as a workbook is read back with.
    pub fn write(&mut self, row: &T) -> Result<(), WriteError> {
        self.write_cells(&row.to_cells())
    }

    /// The same from cells in the order of the columns, which need not be acceptable values: masked ones are not.
    pub fn write_cells(&mut self, cells: &[String]) -> Result<(), WriteError> {
        let limit = Limits::default().xlsx_rows;
        if self.next > limit {
            return Err(WriteError::TooManyRows(limit));
        }
        for ((text, column), at) in cells.iter().zip(T::SCHEMA.columns).zip(0_u16..) {
            match text.parse::<f64>().ok().filter(|_| column.shape.kind == Kind::Number) {
                Some(number) => self.sheet.write_number(self.next, at, number)?,
                None if text.is_empty() => continue,
                None => self.sheet.write_string(self.next, at, text)?,
            };
        }
        self.next += 1;
        Ok(())
    }

    /// The bytes of the workbook.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        let mut workbook = workbook()?;
        workbook.push_worksheet(self.sheet);
        workbook.push_worksheet(help(T::SCHEMA, self.language)?);
        Ok(workbook.save_to_buffer()?)
    }
}

/// The empty workbook that people fill in: the header, and a second sheet that explains each column with an example.
pub fn template(schema: &Schema, language: Language) -> Result<Vec<u8>, WriteError> {
    let mut workbook = workbook()?;
    workbook.push_worksheet(sheet(schema, language)?);
    workbook.push_worksheet(help(schema, language)?);
    Ok(workbook.save_to_buffer()?)
}

/// A sheet of a workbook, from cells rather than typed rows.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    /// Its name: at most 31 characters.
    pub name: &'a str,
    /// Its columns.
    pub headings: &'a [Heading],
    /// Its rows; an amount in yuan has a point, a count has none.
    pub rows: &'a [Vec<String>],
    /// A chart beside them.
    pub chart: Option<ColumnChart<'a>>,
}

/// Columns side by side, one group a row of the sheet.
#[derive(Debug, Clone, Copy)]
pub struct ColumnChart<'a> {
    /// Its title.
    pub title: &'a str,
    /// The column that names the groups.
    pub groups: u16,
    /// The columns that are drawn; their headings name them.
    pub drawn: &'a [u16],
}

/// The media type of a workbook.
pub const XLSX_MEDIA: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A workbook of one sheet.
pub fn workbook_of(name: &str, headings: &[Heading], rows: &[Vec<String>], language: Language) -> Result<Vec<u8>, WriteError> {
    workbook_of_sheets(&[Sheet { name, headings, rows, chart: None }], language)
}

/// A workbook from cells: frozen headers, quantities as numbers, everything else as text so that no digit is lost. Equal rows give
/// equal bytes. A sheet has at most as many rows as one is read back with.
pub fn workbook_of_sheets(sheets: &[Sheet<'_>], language: Language) -> Result<Vec<u8>, WriteError> {
    let mut workbook = workbook()?;
    for sheet in sheets {
        workbook.push_worksheet(of_cells(sheet, language)?);
    }
    Ok(workbook.save_to_buffer()?)
}

fn of_cells(of: &Sheet<'_>, language: Language) -> Result<Worksheet, WriteError> {
    let limit = Limits::default().xlsx_rows;
    if u32::try_from(of.rows.len()).map_or(true, |n| n > limit) {
        return Err(WriteError::TooManyRows(limit));
    }
    let mut sheet = Worksheet::new();
    sheet.set_name(of.name)?;
    let (bold, text, yuan) = (Format::new().set_bold(), Format::new().set_num_format("@"), Format::new().set_num_format("0.00"));
    for (heading, at) in of.headings.iter().zip(0_u16..) {
        sheet.set_column_width(at, 20)?;
        sheet.write_string_with_format(0, at, heading.text_in(language), &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, line) in of.rows.iter().zip(1_u32..) {
        for ((cell, heading), at) in row.iter().zip(of.headings).zip(0_u16..) {
            match cell.parse::<f64>().ok().filter(|_| heading.number) {
                Some(number) if cell.contains('.') => sheet.write_number_with_format(line, at, number, &yuan)?,
                Some(number) => sheet.write_number(line, at, number)?,
                None if cell.is_empty() => continue,
                None => sheet.write_string_with_format(line, at, cell, &text)?,
            };
        }
    }
    if let Some(chart) = of.chart.filter(|_| !of.rows.is_empty()) {
        let beside = u16::try_from(of.headings.len()).unwrap_or(u16::MAX).saturating_add(1);
        sheet.insert_chart(1, beside, &drawn(of, chart))?;
    }
    Ok(sheet)
}

fn drawn(of: &Sheet<'_>, asked: ColumnChart<'_>) -> Chart {
    let last = u32::try_from(of.rows.len()).unwrap_or(u32::MAX);
    let mut chart = Chart::new(ChartType::Column);
    chart.title().set_name(asked.title);
    for column in asked.drawn {
        chart
            .add_series()
            .set_name((of.name, 0, *column))
            .set_categories((of.name, 1, asked.groups, last, asked.groups))
            .set_values((of.name, 1, *column, last, *column));
    }
    chart
}

/// A workbook whose bytes do not tell when it was made.
fn workbook() -> Result<Workbook, WriteError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    Ok(workbook)
}

fn sheet(schema: &Schema, language: Language) -> Result<Worksheet, WriteError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(schema.sheet.text(language))?;
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    for (column, at) in schema.columns.iter().zip(0_u16..) {
        sheet.set_column_width(at, 18)?;
        if column.shape.kind != Kind::Number {
            // A cell formatted as text keeps leading zeros and all 18 digits of what is typed into it.
            sheet.set_column_format(at, &text)?;
        }
        sheet.write_string_with_format(0, at, column.header(language), &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(sheet)
}

fn help(schema: &Schema, language: Language) -> Result<Worksheet, WriteError> {
    let mut sheet = Worksheet::new();
    let chinese = language == Language::Chinese;
    sheet.set_name(if chinese { "说明" } else { "help" })?;
    let titles = if chinese {
        ["列", "必填", "例", "说明", "填写要求"]
    } else {
        ["column", "required", "example", "meaning", "accepted"]
    };
    let bold = Format::new().set_bold();
    for (title, at) in titles.into_iter().zip(0_u16..) {
        sheet.set_column_width(at, 24)?;
        sheet.write_string_with_format(0, at, title, &bold)?;
    }
    for (column, row) in schema.columns.iter().zip(1_u32..) {
        let accepts = (column.accepts)();
        let (help, accepts) = if chinese { (column.help_zh, accepts.zh) } else { (column.help_en, accepts.en) };
        let required = match (column.shape.required, chinese) {
            (true, true) => "是",
            (true, false) => "yes",
            (false, true) => "否",
            (false, false) => "no",
        };
        for (text, at) in [column.header(language), required, column.example, help, &accepts].into_iter().zip(0_u16..) {
            sheet.write_string(row, at, text)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(sheet)
}
