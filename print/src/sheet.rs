//! A4 pages that flow: rows one under the other, the heading on every page, what is under way repeated at the top of the next.

use crate::drawing::{Align, Page, Style, Tone, own_words};
use crate::fault::{Fault, Field, Spot};
use crate::font::Face;
use crate::heading::{Heading, stamp};
use crate::unit::{Area, Size, Um, dmm, mm};
use domain::Instant;

/// ISO 216.
const WIDTH: Um = mm(210);
const HEIGHT: Um = mm(297);
/// Room to punch and to hold.
const LEFT: Um = mm(15);
const TOP: Um = mm(12);
const BOTTOM: Um = HEIGHT - mm(16);
/// What rows have.
pub(crate) const ROW_WIDTH: Um = WIDTH - 2 * LEFT;

/// The sheet as it grows.
pub(crate) struct Sheet {
    pages: Vec<Page>,
    head: Page,
    /// Repeated when a page breaks within what it heads.
    repeated: Option<Page>,
    y: Um,
    printed_at: Instant,
}

impl Sheet {
    pub fn new(printed_at: Instant) -> Self {
        Self { pages: Vec::new(), head: Page::new(ROW_WIDTH, 0), repeated: None, y: 0, printed_at }
    }

    /// Starts a page with this heading; it stands on the pages after it too.
    pub fn start(&mut self, head: Page) {
        self.head = head;
        self.repeated = None;
        self.turn();
    }

    fn turn(&mut self) {
        let mut page = Page::new(WIDTH, HEIGHT);
        page.place(self.head.clone(), LEFT, TOP);
        self.pages.push(page);
        self.y = TOP + self.head.height + mm(3);
    }

    /// A row that heads those after it; at least `with` more stay on its page.
    pub fn title(&mut self, row: Page, repeated: Page, with: Um) {
        self.repeated = None;
        if self.y + row.height + with > BOTTOM {
            self.turn();
        }
        self.put(row);
        self.repeated = Some(repeated);
    }

    /// A row, on the next page when this one is full.
    pub fn row(&mut self, row: Page) {
        let same = row.clone();
        self.row_or(row, same);
    }

    /// A row, or when this page is full `at_top` of the next, which says again what the row belongs to.
    pub fn row_or(&mut self, row: Page, at_top: Page) {
        if self.y + row.height <= BOTTOM {
            return self.put(row);
        }
        self.turn();
        if let Some(title) = self.repeated.clone() {
            self.put(title);
        }
        self.put(at_top);
    }

    /// Room between rows; none at the top of a page.
    pub fn space(&mut self, height: Um) {
        self.y += height;
    }

    fn put(&mut self, row: Page) {
        let height = row.height;
        if let Some(page) = self.pages.last_mut() {
            page.place(row, LEFT, self.y);
        }
        self.y += height;
    }

    /// The pages with their numbers.
    pub fn finish(mut self) -> Result<Vec<Page>, Fault> {
        let count = self.pages.len();
        let style = Style::fixed(Face::Plain, Size::pt(8));
        let printed = format!("打印于 {}", stamp(self.printed_at));
        for (index, page) in self.pages.iter_mut().enumerate() {
            let area = Area::new(LEFT, BOTTOM + mm(2), ROW_WIDTH, mm(5));
            let number = format!("第 {} 页，共 {count} 页", index + 1);
            page.lines(style.fit(&printed, area, own_words())?, area, Align::Left, Tone::Black);
            page.lines(style.fit(&number, area, own_words())?, area, Align::Right, Tone::Black);
        }
        Ok(self.pages)
    }
}

/// The heading of every sheet: what it is and for which sitting on the left, and something large on the right.
pub(crate) fn head(title: &str, heading: &Heading, right: (&str, Spot), below: &str) -> Result<Page, Fault> {
    headed(title, &format!("{} {}", heading.canteen, heading.sitting_with_year()), Some(right), below)
}

/// The same of something else than a sitting.
pub(crate) fn headed(title: &str, of: &str, right: Option<(&str, Spot)>, below: &str) -> Result<Page, Fault> {
    let mut head = Page::new(ROW_WIDTH, mm(25));
    let area = Area::new(0, 0, mm(105), mm(9));
    let set = Style::new(Face::Strong, Size::pt(18), Size::pt(12)).fit(title, area, own_words())?;
    head.lines_in_the_middle(set, area, Align::Left, Tone::Black);
    let area = Area::new(0, mm(9), mm(105), mm(6));
    let set = Style::new(Face::Plain, Size::pt(11), Size(45)).fit(of, area, Spot::page(Field::Canteen))?;
    head.lines_in_the_middle(set, area, Align::Left, Tone::Black);
    if let Some((words, spot)) = right {
        let area = Area::new(mm(107), 0, ROW_WIDTH - mm(107), mm(15));
        let set = Style::new(Face::Strong, Size::pt(22), Size::pt(9)).fit(words, area, spot)?;
        head.lines_in_the_middle(set, area, Align::Right, Tone::Black);
    }
    let area = Area::new(0, dmm(165), ROW_WIDTH, mm(7));
    let set = Style::new(Face::Strong, Size::pt(13), Size::pt(9)).fit(below, area, own_words())?;
    head.lines_in_the_middle(set, area, Align::Left, Tone::Black);
    head.fill(Area::new(0, mm(25) - dmm(5), ROW_WIDTH, dmm(5)), Tone::Black);
    Ok(head)
}
