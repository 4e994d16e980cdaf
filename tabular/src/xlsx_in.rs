//! The rows of a workbook's sheet, cells streamed.

use crate::decode::{old_excel, unreadable};
use crate::fault::CellFault;
use crate::guard::{UNPACKED, damaged, inspect};
use crate::read::{Each, Raw};
use crate::schema::{Language, SheetName};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Cells to the right of this column count as one; no table has so many.
const COLUMN_LIMIT: u32 = 512;

/// Hands each row that has cells to `each` with its number and the estimate of rows in the sheet.
pub(crate) fn rows(mut input: impl Read + Seek, called: SheetName, each: Each<'_>) -> Result<(), CellFault> {
    let mut magic = [0_u8; 4];
    let got = input.read(&mut magic).map_err(|e| unreadable(&e))?;
    match magic.get(..got).unwrap_or_default() {
        b"PK\x03\x04" => {}
        [0xd0, 0xcf, 0x11, 0xe0] => return Err(old_excel()),
        _ => {
            return Err(CellFault::new(
                "not_xlsx",
                "这不是 XLSX 工作簿。CSV 请按 CSV 导入",
                "this is not an XLSX workbook; import CSV as CSV",
            ));
        }
    }
    inspect(&mut input, UNPACKED)?;
    input.seek(SeekFrom::Start(0)).map_err(|e| unreadable(&e))?;
    let mut workbook: Xlsx<_> = guarded(|| Xlsx::new(input))?;
    let sheet = sheet_for(&workbook, called).ok_or_else(damaged)?;
    let mut cells = guarded(|| workbook.worksheet_cells_reader(&sheet))?;
    stream(&mut cells, each)
}

/// Runs the workbook reader; its errors and, on odd input, its panics become one fault. A panic cannot leave the caller's
/// state half-changed: only the reader's own state is inside, and it is dropped.
fn guarded<T, E>(run: impl FnOnce() -> Result<T, E>) -> Result<T, CellFault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| damaged())?.map_err(|_| damaged())
}

/// The visible sheet named as the table, else the first visible one.
fn sheet_for<RS: Read + Seek>(workbook: &Xlsx<RS>, called: SheetName) -> Option<String> {
    let visible = || {
        let sheets = workbook.sheets_metadata().iter();
        sheets.filter(|s| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible).map(|s| s.name.clone())
    };
    let named = |name: &String| name == called.text(Language::Chinese) || name.eq_ignore_ascii_case(called.text(Language::English));
    visible().find(named).or_else(|| visible().next())
}

fn stream<RS: Read + Seek>(cells: &mut XlsxCellReader<'_, RS>, each: Each<'_>) -> Result<(), CellFault> {
    let estimate = u64::from(cells.dimensions().end.0) + 1;
    let (mut current, mut row) = (0_u32, Vec::<DataRef<'_>>::new());
    loop {
        let cell = guarded(|| cells.next_cell())?;
        let position = cell.as_ref().map(calamine::Cell::get_position);
        if position.is_none_or(|(at, _)| at != current) && !row.is_empty() {
            let raw: Vec<Raw<'_>> = row.iter().map(raw).collect();
            if each(current.saturating_add(1), estimate, &raw)?.is_break() {
                return Ok(());
            }
            row.clear();
        }
        let (Some(cell), Some((at, column))) = (cell, position) else { return Ok(()) };
        // Rows that go back would be checked against a header that is not theirs.
        if at < current {
            return Err(damaged());
        }
        current = at;
        let column = usize::try_from(column.min(COLUMN_LIMIT)).unwrap_or(0);
        if row.len() <= column {
            row.resize_with(column + 1, || DataRef::Empty);
        }
        if let Some(slot) = row.get_mut(column) {
            *slot = cell.get_value().clone();
        }
    }
}

fn raw<'r>(cell: &'r DataRef<'_>) -> Raw<'r> {
    match cell {
        DataRef::Empty => Raw::Text(""),
        DataRef::String(s) | DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => Raw::Text(s),
        DataRef::SharedString(s) => Raw::Text(s),
        DataRef::Int(n) => Raw::Whole(*n),
        DataRef::Float(n) => Raw::Number(*n),
        DataRef::Bool(b) => Raw::Text(if *b { "是" } else { "否" }),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            Raw::When { serial: at.as_f64(), date: (year, month, day), clock: (hour, minute) }
        }
        DataRef::Error(_) => Raw::Error,
    }
}
