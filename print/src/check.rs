//! What is looked at before anything is laid out: bounds, and a glyph for every character. All faults are found at once.

use crate::fault::{FAULTS_AT_MOST, Fault, Field, Many, PrintFaults, Spot};
use crate::font;

/// The largest order number that fits its place.
pub(crate) const NUMBER_MAX: i64 = 99_999;

/// Characters of a field at most. Names of dishes and canteens are as long as the API takes them; the rest is what its place holds.
pub(crate) const fn characters_at_most(field: Field) -> usize {
    match field {
        Field::Name | Field::Number | Field::PortionSize => 8,
        Field::Dish | Field::Canteen | Field::Exception => 60,
        Field::Route | Field::Courier => 30,
        Field::Note | Field::Reason | Field::Page => 200,
        Field::Link => crate::drawing::LINK_BYTES_MAX,
    }
}

/// Collects faults.
#[derive(Debug, Default)]
pub(crate) struct Check {
    faults: Vec<Fault>,
}

impl Check {
    pub fn fault(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_AT_MOST {
            self.faults.push(fault);
        }
    }

    /// A text's length and characters.
    pub fn text(&mut self, at: Spot, text: &str) {
        let tidy = font::tidy(text);
        let (characters, at_most) = (tidy.chars().count(), characters_at_most(at.field));
        if characters > at_most {
            return self.fault(Fault::TooLong { at, characters, at_most });
        }
        match font::missing(&tidy) {
            Ok(missing) => missing.into_iter().for_each(|character| self.fault(Fault::MissingGlyph { at, character })),
            Err(fault) => self.fault(fault),
        }
    }

    /// An order's number and the name beside it.
    pub fn person(&mut self, order_no: i64, name: &str) {
        if !(0..=NUMBER_MAX).contains(&order_no) {
            self.fault(Fault::BadNumber { order_no });
        }
        self.text(Spot::order(order_no, Field::Name), name);
    }

    pub fn count(&mut self, what: Many, count: usize, at_most: usize) {
        if count > at_most {
            self.fault(Fault::TooMany { what, count, at_most });
        }
    }

    pub fn done(self) -> Result<(), PrintFaults> {
        if self.faults.is_empty() { Ok(()) } else { Err(PrintFaults(self.faults)) }
    }
}
