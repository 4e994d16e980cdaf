//! Rows of a slice as one sealed text: their numbers in the file, then the rows as the CSV that exports write. What a row
//! says therefore survives exactly as far as files do, which the table's own round-trip tests prove.

use domain::id::{Id, Import, ImportId};
use std::io::Cursor;
use store::StoreError;
use store::seal::{Field, Sealer};
use tabular::{CsvWriter, Format, Language, ReadOptions, Row, read_all};
use uuid::Uuid;

fn broken(what: impl std::fmt::Display) -> StoreError {
    StoreError::Database(format!("staged rows: {what}"))
}

/// The slice as the row that the seal is bound to.
fn bound(import: ImportId, number: i64) -> Id<Import> {
    Id::from_uuid(Uuid::from_u128(import.uuid().as_u128() ^ u128::from(number.unsigned_abs()).wrapping_add(1)))
}

/// Seals rows.
pub fn seal<T: Row>(sealer: &Sealer, import: ImportId, number: i64, rows: &[(u32, T)]) -> Result<Vec<u8>, StoreError> {
    let numbers: Vec<u32> = rows.iter().map(|(n, _)| *n).collect();
    let mut text = serde_json::to_string(&numbers).map_err(broken)?.into_bytes();
    text.push(b'\n');
    let mut csv = CsvWriter::<T, _>::new(text, Language::English).map_err(broken)?;
    rows.iter().try_for_each(|(_, row)| csv.write(row)).map_err(broken)?;
    let text = String::from_utf8(csv.finish().map_err(broken)?).map_err(broken)?;
    sealer.seal(Field::ImportSlice, bound(import, number), &text)
}

/// Opens rows.
pub fn open<T: Row>(sealer: &Sealer, import: ImportId, number: i64, sealed: &[u8]) -> Result<Vec<(u32, T)>, StoreError> {
    let text = sealer.open(Field::ImportSlice, bound(import, number), sealed)?;
    let (numbers, csv) = text.reveal().split_once('\n').ok_or_else(|| broken("no numbers"))?;
    let numbers: Vec<u32> = serde_json::from_str(numbers).map_err(broken)?;
    let rows =
        read_all::<T>(Cursor::new(csv.as_bytes()), &ReadOptions::of(Format::Csv)).map_err(|_| broken("cannot be read back"))?;
    if rows.len() != numbers.len() {
        return Err(broken("numbers and rows differ"));
    }
    Ok(numbers.into_iter().zip(rows).collect())
}
