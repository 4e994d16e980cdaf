//! Ingredients: suppliers, lots received, issued and thrown away.

pub mod access;
pub mod count;
pub mod dispose;
pub mod hold;
pub mod lots;
pub mod places;
pub mod propose;
pub mod receive;
pub mod rules;
pub mod suppliers;
pub mod view;

use domain::gs1::Gs1Fault;
use domain::lot::{ArrivalFault, LotState};
use domain::stock::{CountOutcome, PlaceKind};

/// Why something about suppliers and lots is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IngredientRefusal {
    /// The barcode cannot be read.
    Barcode(Gs1Fault),
    /// What was typed is not what the barcode says.
    BarcodeDiffers {
        /// Which field.
        field: &'static str,
    },
    /// The delivery cannot be accepted, for all these reasons; it can be recorded as rejected.
    Arrival(Vec<ArrivalFault>),
    /// The supplier is no longer bought from.
    SupplierEnded,
    /// There is not so much left.
    NotEnough {
        /// What is left, in the lot's unit.
        stock: i64,
    },
    /// The lot's state does not allow it.
    State(LotState),
    /// The count differs from the book by more than the tolerance: it is recorded with a reason.
    CountDiffers {
        /// What the books say is left, in the lot's unit.
        book: i64,
        /// How.
        outcome: CountOutcome,
    },
    /// No storage place of the canteen has this name.
    UnknownPlace {
        /// Those that it has.
        places: Vec<String>,
    },
    /// The storage place is for something else.
    WrongPlace {
        /// What it is for.
        kind: PlaceKind,
    },
    /// The lot is recalled: closing the recall lets it go.
    Recalled,
    /// The canteen has a storage place of this name.
    PlaceExists,
}
