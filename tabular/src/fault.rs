//! What is wrong with a cell, a row, a file; every fault names its place, its cause and its cure.

use domain::Faults;

/// What is wrong with one cell: a stable code and, in both languages, the cause followed by the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// A stable word for programs: `required`, `bad_checksum`, `digits_lost` ...
    pub code: &'static str,
    /// Cause and cure in Chinese.
    pub zh: String,
    /// Cause and cure in English.
    pub en: String,
}

impl CellFault {
    /// A fault with its two texts.
    pub fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, zh: zh.into(), en: en.into() }
    }
}

/// The text as it may be quoted in a message: at most 20 characters, control characters shown as `?`.
pub(crate) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(20).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(20).is_some() {
        short.push('…');
    }
    short
}

/// Adds a cell's fault under `row 7, column birth`; the Chinese text repeats the place under the header people see.
pub(crate) fn push_cell(faults: &mut Faults, row: u32, en: &str, zh: &str, fault: CellFault) {
    faults.push(
        format!("row {row}, column {en}"),
        fault.code,
        format!("第 {row} 行“{zh}”：{}", fault.zh),
        format!("row {row}, {en}: {}", fault.en),
    );
}

/// Adds a fault of a whole row.
pub(crate) fn push_row(faults: &mut Faults, row: u32, fault: CellFault) {
    faults.push(format!("row {row}"), fault.code, format!("第 {row} 行：{}", fault.zh), format!("row {row}: {}", fault.en));
}

/// Adds a fault of the file as a whole.
pub(crate) fn push_file(faults: &mut Faults, fault: CellFault) {
    faults.push("file", fault.code, fault.zh, fault.en);
}

/// The faults of a file up to a limit, and how many more there were; a file with a hundred thousand bad rows must not become
/// a report of a hundred megabytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultReport {
    /// The first faults, in the order of the file.
    pub faults: Faults,
    /// How many further faults were counted but not kept.
    pub more: u64,
}

impl FaultReport {
    /// How many faults a report keeps unless told otherwise.
    pub const LIMIT: usize = 1_000;

    /// Takes up the faults of a row, keeping at most `limit` in all.
    pub fn absorb(&mut self, faults: Faults, limit: usize) {
        for fault in faults.0 {
            if self.faults.0.len() < limit {
                self.faults.0.push(fault);
            } else {
                self.more += 1;
            }
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.more == 0
    }

    /// All faults, kept or only counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.more.saturating_add(u64::try_from(self.faults.0.len()).unwrap_or(u64::MAX))
    }

    /// `value` when nothing is wrong.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}
