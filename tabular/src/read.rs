//! Reading a table: rows in, typed rows and faults out, in bounded memory.

pub use crate::decode::Encoding;
use crate::fault::{CellFault, FaultReport, push_cell, push_file, push_row};
use crate::header::Header;
use crate::schema::{Column, Row, Schema};
use crate::value::{CellValue, Kind};
use crate::when::clock_text;
use crate::{csv_in, xlsx_in};
use domain::Faults;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

/// No cell of any table is longer, in characters.
const CELL_LIMIT: usize = 2_000;

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// An Excel workbook.
    Xlsx,
}

impl Format {
    /// Told by the ending of a file name; `None` for any other.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of a CSV file in bytes.
    pub csv_bytes: u64,
    /// Size of a workbook in bytes.
    pub xlsx_bytes: u64,
    /// Rows of a CSV file below the header.
    pub csv_rows: u32,
    /// Rows of a workbook below the header.
    pub xlsx_rows: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { csv_bytes: 256 << 20, xlsx_bytes: 64 << 20, csv_rows: 1_000_000, xlsx_rows: 200_000 }
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Its kind.
    pub format: Format,
    /// Its encoding, for CSV.
    pub encoding: Encoding,
    /// How much of it.
    pub limits: Limits,
}

impl ReadOptions {
    /// A file of a kind, with the encoding detected and the usual limits.
    #[must_use]
    pub fn of(format: Format) -> Self {
        Self { format, encoding: Encoding::Detect, limits: Limits::default() }
    }
}

/// One row as read: its value, or all that is wrong with it.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The number a spreadsheet shows beside it; the header's own when its names are at fault.
    pub row: u32,
    /// About how many rows the file has, for a progress bar.
    pub estimate: u64,
    /// The row, or its faults.
    pub result: Result<T, Faults>,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Rows below the header, blank ones not counted.
    pub rows: u64,
    /// Rows with at least one fault; a faulty header counts as one.
    pub faulty: u64,
}

/// A cell as the file gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Raw<'a> {
    /// Text, or a blank.
    Text(&'a str),
    /// A number without a fraction.
    Whole(i64),
    /// A number cell.
    Number(f64),
    /// A cell formatted as date or time.
    When { serial: f64, date: (u16, u8, u8), clock: (u8, u8) },
    /// `#N/A` and the like.
    Error,
}

/// Takes the rows of a file: the row's number, the estimate of all rows, its cells. An error ends the reading.
pub(crate) type Each<'e> = &'e mut dyn FnMut(u32, u64, &[Raw<'_>]) -> Result<ControlFlow<()>, CellFault>;

impl<'a> Raw<'a> {
    fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    /// The cell as text for a column of a kind.
    fn text(&self, kind: Kind) -> Result<Cow<'a, str>, CellFault> {
        match (self, kind) {
            (Self::Text(text), _) => Ok(Cow::Borrowed(text)),
            (Self::Whole(_) | Self::Number(_) | Self::When { .. }, Kind::Digits) => Err(CellFault::new(
                "digits_lost",
                "单元格是数值，号码的末几位或前导 0 可能已丢失。请把该列设为文本后按原件重新填写",
                "the cell is a number, so last digits or leading zeros may be lost already; format the column as text and enter it \
                 again from the original",
            )),
            (Self::Whole(n), _) => Ok(Cow::Owned(n.to_string())),
            (Self::Number(n), _) => Ok(Cow::Owned(n.to_string())),
            (Self::When { serial, date: (year, month, day), .. }, Kind::Date) if serial.fract().abs() < 1e-9 => {
                Ok(Cow::Owned(format!("{year:04}-{month:02}-{day:02}")))
            }
            (Self::When { serial, clock: (hour, minute), .. }, Kind::Time) if (0.0..1.0).contains(serial) => {
                clock_text(*hour, *minute).map(Cow::Owned).ok_or_else(unwanted_date)
            }
            (Self::When { .. }, _) => Err(unwanted_date()),
            (Self::Error, _) => Err(CellFault::new(
                "cell_error",
                "公式出错（如 #N/A）。请改为正确的值",
                "a formula failed (such as #N/A); replace it with the right value",
            )),
        }
    }
}

fn unwanted_date() -> CellFault {
    CellFault::new(
        "unwanted_date",
        "单元格被表格软件转成了日期或时间。请把该列设为文本后重新填写",
        "the spreadsheet turned the cell into a date or time; format the column as text and enter it again",
    )
}

/// The cells of one row, taken column by column in the order of the schema.
#[derive(Debug)]
pub struct Cells<'a> {
    row: u32,
    schema: &'static Schema,
    places: &'a [Option<usize>],
    values: &'a [Raw<'a>],
    at: usize,
    faults: Faults,
    /// The canonical text of each cell that could be read.
    canonical: Vec<Option<String>>,
}

impl Cells<'_> {
    /// The value of the next column; `None` when it is at fault, which is noted, or when the file lacks the column, which
    /// was reported with the header.
    pub(crate) fn take<T: CellValue>(&mut self) -> Option<T> {
        let (column, place) = (self.schema.columns.get(self.at)?, self.places.get(self.at).copied().flatten());
        self.at += 1;
        let raw = place.map(|p| self.values.get(p).copied().unwrap_or(Raw::Text("")));
        let value = raw.map(|raw| Self::parse::<T>(&raw));
        let (value, fault) = match value {
            Some(Ok(value)) => (Some(value), None),
            Some(Err(fault)) => (None, Some(fault)),
            None => (None, None),
        };
        if let Some(fault) = fault {
            self.note(column, fault);
        }
        self.canonical.push(value.as_ref().map(T::write));
        value
    }

    fn parse<T: CellValue>(raw: &Raw<'_>) -> Result<T, CellFault> {
        let text = raw.text(T::SHAPE.kind)?;
        let text = text.trim();
        if text.is_empty() {
            return T::blank().ok_or_else(|| {
                let accepts = T::accepts();
                CellFault::new("required", format!("不能为空。请填{}", accepts.zh), format!("empty; give {}", accepts.en))
            });
        }
        if text.contains('\u{fffd}') {
            return Err(CellFault::new(
                "bad_encoding",
                "有无法识别的字符。请将文件另存为 UTF-8 或 GB18030 后重试",
                "has characters that cannot be decoded; save the file as UTF-8 or GB18030",
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(CellFault::new(
                "control_character",
                "含有换行或控制字符。请删除",
                "has a line break or control character; remove it",
            ));
        }
        if text.chars().nth(CELL_LIMIT).is_some() {
            return Err(CellFault::new("too_long", "超过 2000 字。请缩短", "longer than 2000 characters; shorten it"));
        }
        T::parse(text)
    }

    fn note(&mut self, column: &Column, fault: CellFault) {
        push_cell(&mut self.faults, self.row, column.en, column.zh, fault);
    }
}

/// What the rows so far have claimed for themselves: a hash of 128 bits and a row number each, so that a million rows take
/// tens of megabytes whatever they hold.
struct Claims {
    keys: (RandomState, RandomState),
    unique: HashMap<(u64, u64), u32>,
    said: HashMap<(u64, u64), ((u64, u64), u32)>,
}

impl Claims {
    fn hash(&self, value: &(usize, Vec<&str>)) -> (u64, u64) {
        (self.keys.0.hash_one(value), self.keys.1.hash_one(value))
    }

    /// Faults of a row that says what an earlier row has said, or the contrary of it.
    fn check(&mut self, schema: &Schema, row: u32, cells: &[Option<String>], faults: &mut Faults) {
        let index = |name: &str| schema.columns.iter().position(|c| c.en == name);
        let texts = |names: &[&str]| -> Option<Vec<&str>> { names.iter().map(|n| cells.get(index(n)?)?.as_deref()).collect() };
        let mut note = |name: Option<&&str>, fault: CellFault| {
            if let Some(column) = name.and_then(|n| schema.columns.get(index(n)?)) {
                push_cell(faults, row, column.en, column.zh, fault);
            }
        };
        for (number, names) in schema.unique.iter().enumerate() {
            let Some(values) = texts(names).filter(|v| v.iter().all(|t| !t.is_empty())) else { continue };
            let first = *self.unique.entry(self.hash(&(number, values))).or_insert(row);
            if first != row {
                let fault = CellFault::new(
                    "duplicate",
                    format!("与第 {first} 行重复。请只保留一行"),
                    format!("the same as in row {first}; keep one of them"),
                );
                note(names.last(), fault);
            }
        }
        let Some((subject, names)) = schema.agree else { return };
        if let (Some(who), Some(what)) = (texts(&[subject]), texts(names)) {
            let (who, what) = (self.hash(&(usize::MAX, who)), self.hash(&(0, what)));
            let (earlier, first) = *self.said.entry(who).or_insert((what, row));
            if earlier != what {
                let fault = CellFault::new(
                    "contradiction",
                    format!("与第 {first} 行对同一项的填写不一致。请改为一致"),
                    format!("says something else than row {first} of the same subject; make them agree"),
                );
                note(names.first(), fault);
            }
        }
    }
}

struct Engine<'e, T> {
    header: Option<Header>,
    claims: Claims,
    totals: Totals,
    rows_limit: u32,
    exact_width: bool,
    each: &'e mut dyn FnMut(Outcome<T>) -> ControlFlow<()>,
}

impl<T: Row> Engine<'_, T> {
    fn line(&mut self, row: u32, estimate: u64, cells: &[Raw<'_>]) -> Result<ControlFlow<()>, CellFault> {
        if cells.iter().all(Raw::is_blank) {
            return Ok(ControlFlow::Continue(()));
        }
        let Some(header) = &self.header else {
            let mut faults = Faults::default();
            let header = Header::of(T::SCHEMA, row, cells, &mut faults);
            let foreign = header.is_foreign();
            self.header = Some(header);
            if faults.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            self.totals.faulty += 1;
            let flow = (self.each)(Outcome { row, estimate, result: Err(faults) });
            return Ok(if foreign { ControlFlow::Break(()) } else { flow });
        };
        if self.totals.rows >= u64::from(self.rows_limit) {
            let limit = self.rows_limit;
            return Err(CellFault::new(
                "too_many_rows",
                format!("超过 {limit} 行。请拆成几个文件"),
                format!("more than {limit} rows; split the file"),
            ));
        }
        self.totals.rows += 1;
        let result = match misaligned(header, cells, self.exact_width) {
            Some(fault) => {
                let mut faults = Faults::default();
                push_row(&mut faults, row, fault);
                Err(faults)
            }
            None => row_of::<T>(header, &mut self.claims, row, cells),
        };
        if let Err(faults) = &result {
            // Nothing wrong but a missing column, which the header's faults have told.
            if faults.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            self.totals.faulty += 1;
        }
        Ok((self.each)(Outcome { row, estimate, result }))
    }
}

fn row_of<T: Row>(header: &Header, claims: &mut Claims, row: u32, values: &[Raw<'_>]) -> Result<T, Faults> {
    let canonical = Vec::with_capacity(T::SCHEMA.columns.len());
    let mut cells = Cells { row, schema: T::SCHEMA, places: &header.places, values, at: 0, faults: Faults::default(), canonical };
    let value = T::from_cells(&mut cells);
    let (mut faults, mut canonical) = (cells.faults, cells.canonical);
    let value = value.and_then(|value| match value.finish() {
        Ok(value) => {
            canonical = value.to_cells().into_iter().map(Some).collect();
            Some(value)
        }
        Err(misfits) => {
            for (name, fault) in misfits {
                let zh = T::SCHEMA.columns.iter().find(|c| c.en == name).map_or(name, |c| c.zh);
                push_cell(&mut faults, row, name, zh, fault);
            }
            None
        }
    });
    claims.check(T::SCHEMA, row, &canonical, &mut faults);
    match value {
        Some(value) if faults.is_empty() => Ok(value),
        _ => Err(faults),
    }
}

/// A row whose cells do not stand under the header's: reading on would put values into wrong columns.
fn misaligned(header: &Header, cells: &[Raw<'_>], exact: bool) -> Option<CellFault> {
    let (width, got) = (header.headed.len(), cells.len());
    let stray = cells.iter().enumerate().any(|(i, c)| !header.headed.get(i).copied().unwrap_or(false) && !c.is_blank());
    if exact && got < width || stray {
        return Some(CellFault::new(
            "cell_count",
            format!("有 {got} 格，与表头的 {width} 列对不上。含逗号的内容须用英文双引号括起；表头外的内容请删除"),
            format!(
                "has {got} cells, which do not fit the {width} of the header; quote what contains a comma, remove what stands \
                 outside the header"
            ),
        ));
    }
    None
}

/// Reads a file and hands each row to `each` as soon as it is checked; a break stops the reading.
///
/// Memory is bounded by one row, a hash per key for duplicates and, for a workbook, its shared strings. Faults of rows and
/// of the header go to `each`; the error is what ends the reading of the file itself (not readable, of another kind, over
/// a limit), after which nothing more is known about its rows.
pub fn read<T: Row>(
    mut input: impl Read + Seek,
    options: &ReadOptions,
    each: &mut dyn FnMut(Outcome<T>) -> ControlFlow<()>,
) -> Result<Totals, Faults> {
    let limits = options.limits;
    let (bytes, rows_limit) = match options.format {
        Format::Csv => (limits.csv_bytes, limits.csv_rows),
        Format::Xlsx => (limits.xlsx_bytes, limits.xlsx_rows),
    };
    let mut engine = Engine {
        header: None,
        claims: Claims { keys: (RandomState::new(), RandomState::new()), unique: HashMap::new(), said: HashMap::new() },
        totals: Totals::default(),
        rows_limit,
        exact_width: options.format == Format::Csv,
        each,
    };
    let run = size_within(&mut input, bytes).and_then(|()| {
        let line = &mut |row, estimate, cells: &[Raw<'_>]| engine.line(row, estimate, cells);
        match options.format {
            Format::Csv => csv_in::rows(input, options.encoding, line),
            Format::Xlsx => xlsx_in::rows(input, T::SCHEMA.sheet, line),
        }
    });
    let run = run.and_then(|()| {
        let no_header =
            || CellFault::new("empty_file", "文件没有内容。请按模板填写", "the file has no content; fill in the template");
        engine.header.as_ref().map(|_| ()).ok_or_else(no_header)
    });
    run.map(|()| engine.totals).map_err(|fault| {
        let mut faults = Faults::default();
        push_file(&mut faults, fault);
        faults
    })
}

fn size_within(input: &mut impl Seek, limit: u64) -> Result<(), CellFault> {
    let unreadable = |e| crate::decode::unreadable(&e);
    let size = input.seek(SeekFrom::End(0)).map_err(unreadable)?;
    input.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if size > limit {
        let megabytes = limit >> 20;
        return Err(CellFault::new(
            "file_too_large",
            format!("文件超过 {megabytes} MB。请拆成几个文件"),
            format!("the file is larger than {megabytes} MB; split it"),
        ));
    }
    Ok(())
}

/// Reads a file only to judge it: a dry run.
pub fn check<T: Row>(input: impl Read + Seek, options: &ReadOptions) -> Result<Totals, FaultReport> {
    let mut report = FaultReport::default();
    let totals = read::<T>(input, options, &mut |outcome| {
        if let Err(faults) = outcome.result {
            report.absorb(faults, FaultReport::LIMIT);
        }
        ControlFlow::Continue(())
    });
    match totals {
        Ok(totals) => report.into_result(totals),
        Err(faults) => {
            report.absorb(faults, FaultReport::LIMIT + 1);
            Err(report)
        }
    }
}

/// Reads a whole file into memory, all rows or all faults. For small files; a roster goes through [`read`].
pub fn read_all<T: Row>(input: impl Read + Seek, options: &ReadOptions) -> Result<Vec<T>, FaultReport> {
    let (mut rows, mut report) = (Vec::new(), FaultReport::default());
    let totals = read::<T>(input, options, &mut |outcome| {
        match outcome.result {
            Ok(row) => rows.push(row),
            Err(faults) => report.absorb(faults, FaultReport::LIMIT),
        }
        ControlFlow::Continue(())
    });
    if let Err(faults) = totals {
        report.absorb(faults, FaultReport::LIMIT + 1);
    }
    report.into_result(rows)
}
