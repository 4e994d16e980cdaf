//! The load sheet: what a courier takes along on a trip, by the order of the doors.

use crate::check::Check;
use crate::drawing::{Align, Page, Style, Tone, own_words};
use crate::fault::{Fault, Field, Many, PrintFaults, Spot};
use crate::font::Face;
use crate::heading::Heading;
use crate::pdf;
use crate::sheet::{ROW_WIDTH, Sheet, head};
use crate::unit::{Area, Size, Um, dmm, mm};
use domain::{Fen, Instant};

/// Stops of one file at most.
pub const STOPS_AT_MOST: usize = 5_000;

/// What couriers take along, trip by trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSheets {
    /// Which sitting.
    pub heading: Heading,
    /// When it was made.
    pub printed_at: Instant,
    /// The trips; each begins a page.
    pub trips: Vec<TripLoad>,
}

/// One trip of one courier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripLoad {
    /// The courier's or the route's name.
    pub courier: String,
    /// Which trip of theirs.
    pub trip: u32,
    /// When they leave.
    pub leaves_at: Option<Instant>,
    /// What they take, by the order of the doors.
    pub stops: Vec<StopLoad>,
}

/// What goes to one door for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopLoad {
    /// Which door of the trip.
    pub stop: u32,
    /// The order's number.
    pub order_no: i64,
    /// `张*`
    pub masked_name: String,
    /// Boxes to load.
    pub boxes: u32,
    /// To collect at the door; zero for nothing.
    pub collect: Fen,
    /// What to watch: textures, exceptions, a word from the family.
    pub note: String,
}

/// Left edges and widths of the columns: stop, number, name, boxes, to collect, notes, loaded.
const COLUMNS: [(Um, Um); 7] =
    [(0, mm(12)), (mm(13), mm(32)), (mm(47), mm(24)), (mm(72), mm(16)), (mm(89), mm(24)), (mm(116), mm(53)), (mm(171), mm(9))];
const HEADS: [&str; 7] = ["站", "取餐号", "姓名", "盒数", "应收(元)", "备注", "装车"];
const ROW_HEIGHT: Um = dmm(115);
const PAD: Um = mm(1);

impl LoadSheets {
    /// The file, or every reason why there is none.
    pub fn pdf(&self) -> Result<Vec<u8>, PrintFaults> {
        self.check()?;
        let title = format!("装车单 {} {}", self.heading.canteen, self.heading.sitting_with_year());
        Ok(pdf::write(&title, &self.pages()?)?)
    }

    pub(crate) fn check(&self) -> Result<(), PrintFaults> {
        let mut check = Check::default();
        self.heading.check(&mut check);
        check.count(Many::Rows, self.trips.iter().map(|trip| trip.stops.len()).sum(), STOPS_AT_MOST);
        for trip in &self.trips {
            check.text(Spot::page(Field::Courier), &trip.courier);
            for stop in &trip.stops {
                check.person(stop.order_no, &stop.masked_name);
                check.text(Spot::order(stop.order_no, Field::Note), &stop.note);
            }
        }
        check.done()
    }

    pub(crate) fn pages(&self) -> Result<Vec<Page>, Fault> {
        let mut sheet = Sheet::new(self.printed_at);
        for trip in &self.trips {
            let who = format!("{} 第{}趟", trip.courier, trip.trip);
            let leaves = trip.leaves_at.map_or_else(String::new, |at| format!(" · {} 出发", self.heading.clock(at)));
            let boxes: u64 = trip.stops.iter().map(|stop| u64::from(stop.boxes)).sum();
            let collect = trip.stops.iter().try_fold(Fen::ZERO, |sum, stop| sum.plus(stop.collect));
            let collect = collect.map_err(|e| Fault::Program(e.to_string()))?;
            let totals = format!("{} 单 · {boxes} 盒 · 应收现金 ¥{collect}{leaves}", trip.stops.len());
            let head = head("装车单 LOAD SHEET", &self.heading, (&who, Spot::page(Field::Courier)), &totals)?;
            sheet.start(with_columns(head)?);
            for stop in &trip.stops {
                sheet.row(row(stop)?);
            }
        }
        if self.trips.is_empty() {
            sheet.start(head("装车单 LOAD SHEET", &self.heading, ("无", own_words()), "没有配送任务")?);
        }
        sheet.finish()
    }
}

fn cell(column: usize, y: Um, height: Um) -> Area {
    let (x, width) = COLUMNS[column];
    Area::new(x, y, width, height)
}

/// The sheet's heading with the names of the columns under it.
fn with_columns(head: Page) -> Result<Page, Fault> {
    let (top, height) = (head.height + mm(1), mm(5));
    let mut page = Page::new(ROW_WIDTH, top + height);
    page.place(head, 0, 0);
    for (column, words) in HEADS.iter().enumerate() {
        let area = cell(column, top, height);
        let set = Style::new(Face::Plain, Size::pt(9), Size::pt(7)).fit(words, area, own_words())?;
        page.lines_in_the_middle(set, area, if (3..=4).contains(&column) { Align::Right } else { Align::Left }, Tone::Black);
    }
    Ok(page)
}

fn row(stop: &StopLoad) -> Result<Page, Fault> {
    let at = |field| Spot::order(stop.order_no, field);
    let note = Style::fixed(Face::Plain, Size(95)).lines(&stop.note, COLUMNS[5].1, at(Field::Note))?;
    let height = (note.height() + 2 * PAD).max(ROW_HEIGHT);
    let mut row = Page::new(ROW_WIDTH, height);
    row.fill(Area::new(0, 0, ROW_WIDTH, dmm(2)), Tone::Black);
    let mut put = |column: usize, style: Style, words: &str, align: Align, spot: Spot| -> Result<(), Fault> {
        let area = cell(column, 0, height);
        row.lines_in_the_middle(style.fit(words, area, spot)?, area, align, Tone::Black);
        Ok(())
    };
    let strong = |largest: u16| Style::new(Face::Strong, Size::pt(largest), Size::pt(9));
    let name = if stop.masked_name.trim().is_empty() { "散客" } else { &stop.masked_name };
    put(0, Style::new(Face::Plain, Size::pt(12), Size::pt(8)), &stop.stop.to_string(), Align::Left, own_words())?;
    let number = Style::new(Face::Number, Size::pt(28), Size::pt(18));
    put(1, number, &format!("{:03}", stop.order_no), Align::Left, at(Field::Number))?;
    put(2, strong(14), name, Align::Left, at(Field::Name))?;
    put(3, strong(14), &stop.boxes.to_string(), Align::Right, own_words())?;
    if stop.collect != Fen::ZERO {
        put(4, strong(12), &stop.collect.to_string(), Align::Right, own_words())?;
    }
    row.lines_in_the_middle(note, cell(5, 0, height), Align::Left, Tone::Black);
    let (x, width) = COLUMNS[6];
    row.frame(Area::new(x, (height - mm(7)) / 2, width.min(mm(7)), mm(7)), dmm(3));
    Ok(row)
}
