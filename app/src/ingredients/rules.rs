//! The food-safety settings that the use cases judge by.

use domain::food_safety::{Rulebook, RulebookFault, Rules};
use domain::{PlaceCode, ServiceDate};
use store::StoreError;

/// The settings, or why they cannot be read. Without them nothing that they gate may happen: every question is answered with the
/// fault, so a broken file closes the gates instead of opening them.
#[derive(Debug, Clone)]
pub struct RuleShelf(Result<Rulebook, RulebookFault>);

impl Default for RuleShelf {
    fn default() -> Self {
        Self(Rulebook::built_in())
    }
}

impl RuleShelf {
    /// Settings read from elsewhere.
    #[must_use]
    pub fn new(book: Rulebook) -> Self {
        Self(Ok(book))
    }

    /// All settings, for showing.
    pub fn book(&self) -> Result<&Rulebook, StoreError> {
        self.0.as_ref().map_err(|fault| StoreError::Unavailable(fault.to_string()))
    }

    /// What holds at a place on a day.
    pub fn in_force(&self, place: &PlaceCode, on: ServiceDate) -> Result<Rules, StoreError> {
        self.book().map(|book| book.in_force(place, on))
    }
}
