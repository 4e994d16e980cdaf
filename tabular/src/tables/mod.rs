//! The tables, one file per group, each declared once with the macro `table!`.

mod bank;
mod food;
mod people;
mod places;

pub use bank::BankAnswerRow;
pub use food::{DishRow, MenuRow, RecipeRow};
pub use people::{FactRow, FamilyRow, SeniorRow, StandingRow};
pub use places::{CanteenRow, PlaceRow};

use crate::schema::Misfit;

/// For tables whose cells need no comparison with each other.
#[allow(clippy::unnecessary_wraps)] // the signature is shared with tables that do compare
fn as_read<T>(row: T) -> Result<T, Vec<Misfit>> {
    Ok(row)
}

/// `row` when nothing was found.
fn unless<T>(faults: Vec<Misfit>, row: T) -> Result<T, Vec<Misfit>> {
    if faults.is_empty() { Ok(row) } else { Err(faults) }
}
