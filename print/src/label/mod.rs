//! Labels: what is on them, and the file for a label printer or for A4 sheets.
//!
//! A label has 60 x 40 mm. An order whose dishes do not fit one label at a legible size goes on several, each with number and
//! name and `1/2`, `2/2`: nothing is cut.

mod layout;
mod paper;

use crate::check::Check;
use crate::drawing::Page;
use crate::fault::{Fault, Field, Many, PrintFaults, Spot};
use crate::heading::Heading;
use crate::pdf;
use domain::diet::Texture;
use domain::{Channel, Instant};
use std::num::NonZeroU32;

/// Labels of one file at most: a meal of the largest canteen.
pub const LABELS_AT_MOST: usize = 3_000;
/// Dishes of one label at most, the same as of an order.
pub const LINES_AT_MOST: usize = 20;
/// Exceptions of one dish at most.
pub const EXCEPTIONS_AT_MOST: usize = 20;

/// What the labels are printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// A roll of 60 x 40 mm labels: one page a label.
    Roll60x40,
    /// A4 with 3 x 7 labels of the same size, to cut or self-adhesive.
    A4,
}

/// One dish on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelLine {
    /// Its name.
    pub dish: String,
    /// How many portions.
    pub quantity: u32,
    /// How prepared.
    pub texture: Texture,
    /// What must be left out or watched, as the cook reads it.
    pub exceptions: Vec<String>,
}

/// Where a delivered meal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteStop {
    /// The route's or courier's name.
    pub route: String,
    /// Which trip.
    pub trip: u32,
    /// Which stop of the trip.
    pub stop: u32,
}

/// One order's label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The order's number.
    pub order_no: i64,
    /// `张*`; empty for an anonymous sale.
    pub masked_name: String,
    /// How it reaches the table.
    pub channel: Channel,
    /// Where it goes, when a plan says so.
    pub stop: Option<RouteStop>,
    /// What is in the box.
    pub lines: Vec<LabelLine>,
    /// Until when it may be eaten.
    pub eat_by: Option<Instant>,
    /// A public link, drawn as a QR code.
    pub link: Option<String>,
    /// `None` on the first print; after it, which reprint this is.
    pub reprint: Option<NonZeroU32>,
}

/// The labels of a sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Which sitting.
    pub heading: Heading,
    /// The labels, in the order in which they are printed.
    pub labels: Vec<Label>,
}

impl Labels {
    /// The file, or every reason why there is none.
    pub fn pdf(&self, paper: Paper) -> Result<Vec<u8>, PrintFaults> {
        self.check()?;
        let title = format!("标签 {} {}", self.heading.canteen, self.heading.sitting_with_year());
        Ok(pdf::write(&title, &self.pages(paper)?)?)
    }

    pub(crate) fn pages(&self, paper: Paper) -> Result<Vec<Page>, Fault> {
        let mut parts = Vec::with_capacity(self.labels.len());
        for label in &self.labels {
            parts.extend(layout::label(&self.heading, label)?);
        }
        Ok(paper::pages(parts, paper))
    }

    pub(crate) fn check(&self) -> Result<(), PrintFaults> {
        let mut check = Check::default();
        self.heading.check(&mut check);
        check.count(Many::Labels, self.labels.len(), LABELS_AT_MOST);
        for label in self.labels.iter().take(LABELS_AT_MOST) {
            label.check(&mut check);
        }
        check.done()
    }
}

impl Label {
    fn check(&self, check: &mut Check) {
        let at = |field| Spot::order(self.order_no, field);
        check.person(self.order_no, &self.masked_name);
        check.count(Many::LinesOfAnOrder, self.lines.len(), LINES_AT_MOST);
        for line in self.lines.iter().take(LINES_AT_MOST) {
            check.text(at(Field::Dish), &line.dish);
            check.count(Many::ExceptionsOfADish, line.exceptions.len(), EXCEPTIONS_AT_MOST);
            line.exceptions.iter().take(EXCEPTIONS_AT_MOST).for_each(|exception| check.text(at(Field::Exception), exception));
        }
        if let Some(stop) = &self.stop {
            check.text(at(Field::Route), &stop.route);
        }
    }
}
