//! Ingredients: suppliers, lots received, issued and thrown away.

pub mod access;
pub mod dispose;
pub mod hold;
pub mod lots;
pub mod propose;
pub mod receive;
pub mod rules;
pub mod suppliers;
pub mod view;

use domain::gs1::Gs1Fault;
use domain::lot::{ArrivalFault, LotState};

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
}
