//! Files of rows, as street offices and canteens keep them: CSV (UTF-8 or GB18030) and XLSX.
//!
//! A table is described once, in `tables`, with the macro `table!`: the field's type, its Chinese header, an example and a line of
//! help. From that description follow the parser ([`read`]), the writers ([`CsvWriter`], [`XlsxWriter`]), the template and
//! the documentation ([`schema`]). A header is accepted in Chinese or English, in any order.
//!
//! Reading is streamed and bounded: a file is decoded, parsed and checked row by row, and the caller is handed each row with
//! either its value or all that is wrong with it. Nothing here touches a database or the network.

mod csv_in;
mod decode;
mod fault;
mod guard;
mod header;
mod number;
mod read;
pub mod schema;
pub mod tables;
mod text;
mod value;
mod when;
mod words;
mod write;
mod xlsx_in;
mod xlsx_out;

pub use fault::{CellFault, FaultReport};
pub use number::{Coordinate, Latitude, Longitude, Milligrams, PaidYuan, TenthKcal, Whole};
pub use read::{Encoding, Format, Limits, Outcome, ReadOptions, Totals, check, read, read_all};
pub use schema::{Bilingual, Column, Language, Row, Schema, SheetName, TableKind};
pub use tables::{BankAnswerRow, CanteenRow, DishRow, FactRow, FamilyRow, MenuRow, PlaceRow, RecipeRow, SeniorRow, StandingRow};
pub use text::{CardNumber, Code, Licence, Phone, Private, Text};
pub use value::{CellValue, Kind, Shape};
pub use when::{CutOff, TimeWindow, Weekdays};
pub use words::{Relation, Word};
pub use write::{CsvWriter, Heading, WriteError, csv_header, csv_lines, file_of, headings};
pub use xlsx_out::{ColumnChart, Sheet, XLSX_MEDIA, XlsxWriter, template, workbook_of, workbook_of_sheets};
