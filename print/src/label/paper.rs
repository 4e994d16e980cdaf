//! From labels to pages.

use super::Paper;
use crate::drawing::{Page, Tone};
use crate::unit::{Area, Um, dmm, mm};

/// A label's width.
pub(super) const LABEL_WIDTH: Um = mm(60);
/// A label's height.
pub(super) const LABEL_HEIGHT: Um = mm(40);
const COLUMNS: i32 = 3;
const ROWS: i32 = 7;
/// ISO 216.
const A4_WIDTH: Um = mm(210);
const A4_HEIGHT: Um = mm(297);
const LEFT: Um = (A4_WIDTH - COLUMNS * LABEL_WIDTH) / 2;
const TOP: Um = (A4_HEIGHT - ROWS * LABEL_HEIGHT) / 2;

/// One page a label, or 21 labels a page.
pub(super) fn pages(labels: Vec<Page>, paper: Paper) -> Vec<Page> {
    match paper {
        Paper::Roll60x40 => labels,
        Paper::A4 => sheets(labels),
    }
}

fn sheets(labels: Vec<Page>) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut labels = labels.into_iter().peekable();
    while labels.peek().is_some() {
        let mut page = Page::new(A4_WIDTH, A4_HEIGHT);
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let Some(label) = labels.next() else { break };
                page.place(label, LEFT + column * LABEL_WIDTH, TOP + row * LABEL_HEIGHT);
            }
        }
        cutting_marks(&mut page);
        pages.push(page);
    }
    pages
}

/// Short lines outside the labels, where a knife starts and ends.
fn cutting_marks(page: &mut Page) {
    let (length, thin) = (mm(4), dmm(1));
    for column in 0..=COLUMNS {
        let x = LEFT + column * LABEL_WIDTH - thin / 2;
        page.fill(Area::new(x, TOP - length - mm(1), thin, length), Tone::Black);
        page.fill(Area::new(x, A4_HEIGHT - TOP + mm(1), thin, length), Tone::Black);
    }
    for row in 0..=ROWS {
        let y = TOP + row * LABEL_HEIGHT - thin / 2;
        page.fill(Area::new(LEFT - length - mm(1), y, length, thin), Tone::Black);
        page.fill(Area::new(A4_WIDTH - LEFT + mm(1), y, length, thin), Tone::Black);
    }
}
