//! What is wrong with the data that comes with this crate.

use tabular::CellValue;

/// Data of this crate that does not fit together: a mistake of its authors, found by its tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the demo data is broken: {0}")]
pub struct Broken(pub String);

impl From<csv::Error> for Broken {
    fn from(error: csv::Error) -> Self {
        Self(error.to_string())
    }
}

/// Reads a value as an import would.
pub(crate) fn cell<T: CellValue>(text: &str) -> Result<T, Broken> {
    if text.is_empty() {
        return T::blank().ok_or_else(|| Broken("an empty value".to_owned()));
    }
    T::parse(text).map_err(|fault| Broken(format!("{text:?}: {}", fault.en)))
}

/// The value, or the complaint that `what` is missing.
pub(crate) fn found<T>(value: Option<T>, what: &str) -> Result<T, Broken> {
    value.ok_or_else(|| Broken(format!("{what} is missing")))
}

/// The rows of a built-in CSV file, each of exactly `N` cells.
pub(crate) fn rows<const N: usize>(text: &'static str) -> Result<Vec<[String; N]>, Broken> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let cells: Vec<String> = record?.iter().map(str::to_owned).collect();
        rows.push(cells.try_into().map_err(|cells: Vec<String>| Broken(format!("a row of {} cells", cells.len())))?);
    }
    Ok(rows)
}
