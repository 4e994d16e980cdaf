//! Which column of the file is which column of the table.

use crate::fault::{CellFault, quoted};
use crate::number::half_width;
use crate::read::Raw;
use crate::schema::Schema;
use domain::Faults;

/// The places of the table's columns in the file.
pub(crate) struct Header {
    /// For each column of the table, its place in a row of the file; `None` when the file lacks it.
    pub(crate) places: Vec<Option<usize>>,
    /// For each place in a row of the file, whether a header stands above it.
    pub(crate) headed: Vec<bool>,
}

/// What two headers have in common that mean the same: blanks, case, width and the star of a required column do not count.
fn normal(text: &str) -> String {
    let kept = text.chars().map(half_width).filter(|c| !c.is_whitespace() && !matches!(c, '*' | '\u{feff}'));
    kept.flat_map(char::to_lowercase).collect()
}

impl Header {
    /// Matches the first row of a file; pushes what is unknown, given twice or missing.
    pub(crate) fn of(schema: &Schema, row: u32, cells: &[Raw<'_>], faults: &mut Faults) -> Self {
        let mut header = Self { places: vec![None; schema.columns.len()], headed: vec![false; cells.len()] };
        for (place, cell) in cells.iter().enumerate() {
            let Raw::Text(text) = cell else {
                push(
                    faults,
                    row,
                    CellFault::new(
                        "unknown_column",
                        "表头中有数字或日期。请改为列名",
                        "the header has a number or date; put a column name",
                    ),
                );
                continue;
            };
            let name = normal(text);
            if name.is_empty() {
                continue;
            }
            if let Some(headed) = header.headed.get_mut(place) {
                *headed = true;
            }
            let shown = quoted(text);
            let known = schema.columns.iter().position(|c| normal(c.zh) == name || normal(c.en) == name);
            match known.and_then(|index| header.places.get_mut(index)) {
                None => push(
                    faults,
                    row,
                    CellFault::new(
                        "unknown_column",
                        format!("没有“{shown}”这一列。请删除该列，或改为模板中的列名"),
                        format!("there is no column \"{shown}\"; remove it, or use a name of the template"),
                    ),
                ),
                Some(Some(_)) => push(
                    faults,
                    row,
                    CellFault::new(
                        "duplicate_column",
                        format!("“{shown}”列出现两次。请只保留一列"),
                        format!("column \"{shown}\" is there twice; keep one"),
                    ),
                ),
                Some(slot) => *slot = Some(place),
            }
        }
        for (column, _) in schema.columns.iter().zip(&header.places).filter(|(_, place)| place.is_none()) {
            push(
                faults,
                row,
                CellFault::new(
                    "missing_column",
                    format!("缺少“{}”列。请补上（选填列可整列留空）", column.zh),
                    format!("column \"{}\" is missing; add it (an optional column may be left empty)", column.en),
                ),
            );
        }
        header
    }

    /// Whether not one column of the table was found: the file is something else, and its rows say nothing.
    pub(crate) fn is_foreign(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }
}

fn push(faults: &mut Faults, row: u32, fault: CellFault) {
    faults.push(format!("row {row}, header"), fault.code, format!("表头：{}", fault.zh), format!("header: {}", fault.en));
}
