//! A form: what an inspector reads and files. Facts at the top, tables under their titles, and room to sign.

use crate::check::Check;
use crate::drawing::{Align, Page, Style, Tone, own_words};
use crate::fault::{Fault, Field, Many, PrintFaults, Spot};
use crate::font::Face;
use crate::pdf;
use crate::sheet::{ROW_WIDTH, Sheet, headed};
use crate::unit::{Area, Size, Um, dmm, mm};
use domain::Instant;

/// Rows of one form at most.
pub const FORM_ROWS_AT_MOST: usize = 5_000;
/// Columns of a table at most.
const COLUMNS_AT_MOST: usize = 6;

/// A form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What it is: `日管控记录`.
    pub title: String,
    /// The canteen's name.
    pub canteen: String,
    /// Of when, or of what: `2026年11月23日`.
    pub of: String,
    /// What is said of it at the top, each with its name.
    pub facts: Vec<(String, String)>,
    /// Its tables.
    pub tables: Vec<FormTable>,
    /// Whether there is a line to sign on by hand, for each of these.
    pub signatures: Vec<String>,
    /// When it was made.
    pub printed_at: Instant,
}

/// A table of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormTable {
    /// What it is of.
    pub title: String,
    /// The columns: their names, and how many parts of the width each has.
    pub columns: Vec<(String, u16)>,
    /// The rows, a text for each column.
    pub rows: Vec<Vec<String>>,
    /// What stands there when there is no row.
    pub without: String,
}

const PAD: Um = mm(1);
const FACT_NAME: Um = mm(32);
const TEXT: Style = Style::fixed(Face::Plain, Size(95));

impl Form {
    /// The file, or every reason why there is none.
    pub fn pdf(&self) -> Result<Vec<u8>, PrintFaults> {
        self.check()?;
        Ok(pdf::write(&format!("{} {} {}", self.title, self.canteen, self.of), &self.pages()?)?)
    }

    pub(crate) fn check(&self) -> Result<(), PrintFaults> {
        let mut check = Check::default();
        check.text(Spot::page(Field::Canteen), &self.canteen);
        check.text(Spot::page(Field::Page), &self.of);
        check.count(Many::Rows, self.tables.iter().map(|table| table.rows.len()).sum(), FORM_ROWS_AT_MOST);
        for (_, words) in &self.facts {
            check.text(Spot::page(Field::Note), words);
        }
        for table in &self.tables {
            check.count(Many::Columns, table.columns.len(), COLUMNS_AT_MOST);
            table.rows.iter().flatten().for_each(|words| check.text(Spot::page(Field::Note), words));
        }
        check.done()
    }

    pub(crate) fn pages(&self) -> Result<Vec<Page>, Fault> {
        let mut sheet = Sheet::new(self.printed_at);
        sheet.start(headed(&self.title, &format!("{} {}", self.canteen, self.of), None, "")?);
        for (name, words) in &self.facts {
            sheet.row(fact(name, words)?);
        }
        for table in &self.tables {
            sheet.space(mm(4));
            let (title, columns) = (title(&table.title)?, table.heads()?);
            let mut heads = Page::new(ROW_WIDTH, title.height + columns.height);
            let below = title.height;
            heads.place(title, 0, 0);
            heads.place(columns, 0, below);
            sheet.title(heads.clone(), heads, mm(14));
            for row in &table.rows {
                sheet.row(table.row(row, Face::Plain)?);
            }
            if table.rows.is_empty() {
                sheet.row(fact("", &table.without)?);
            }
        }
        sheet.space(mm(6));
        for who in &self.signatures {
            sheet.row(signature(who)?);
        }
        sheet.finish()
    }
}

impl FormTable {
    /// Left edge and width of each column.
    fn columns(&self) -> Vec<(Um, Um)> {
        let parts: Um = self.columns.iter().map(|(_, parts)| Um::from(*parts)).sum::<Um>().max(1);
        let mut before = 0;
        let column = |(_, own): &(String, u16)| {
            let (from, to) = (ROW_WIDTH / parts * before, ROW_WIDTH / parts * (before + Um::from(*own)));
            before += Um::from(*own);
            (from, to - from - PAD)
        };
        self.columns.iter().map(column).collect()
    }

    fn heads(&self) -> Result<Page, Fault> {
        self.row(&self.columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), Face::Strong)
    }

    fn row(&self, words: &[String], face: Face) -> Result<Page, Fault> {
        let style = Style { face, ..TEXT };
        let mut cells = Vec::with_capacity(words.len());
        for ((x, width), words) in self.columns().into_iter().zip(words) {
            cells.push((x, width, style.lines(words, width, Spot::page(Field::Note))?));
        }
        let height = cells.iter().map(|(_, _, set)| set.height()).max().unwrap_or(0) + 2 * PAD;
        let mut row = Page::new(ROW_WIDTH, height);
        row.fill(Area::new(0, 0, ROW_WIDTH, dmm(2)), Tone::Black);
        for (x, width, set) in cells {
            row.lines(set, Area::new(x, PAD, width, height - PAD), Align::Left, Tone::Black);
        }
        Ok(row)
    }
}

fn title(words: &str) -> Result<Page, Fault> {
    let mut row = Page::new(ROW_WIDTH, mm(8));
    let area = Area::new(0, 0, ROW_WIDTH, mm(8));
    let set = Style::new(Face::Strong, Size::pt(13), Size::pt(9)).fit(words, area, own_words())?;
    row.lines_in_the_middle(set, area, Align::Left, Tone::Black);
    Ok(row)
}

fn fact(name: &str, words: &str) -> Result<Page, Fault> {
    let width = ROW_WIDTH - FACT_NAME;
    let set = TEXT.lines(words, width, Spot::page(Field::Note))?;
    let height = set.height() + PAD;
    let mut row = Page::new(ROW_WIDTH, height);
    let area = Area::new(0, 0, FACT_NAME - PAD, height);
    row.lines(Style { face: Face::Strong, ..TEXT }.lines(name, area.width, own_words())?, area, Align::Left, Tone::Black);
    row.lines(set, Area::new(FACT_NAME, 0, width, height), Align::Left, Tone::Black);
    Ok(row)
}

/// `签字：________ 日期：________`
fn signature(who: &str) -> Result<Page, Fault> {
    let mut row = Page::new(ROW_WIDTH, mm(14));
    for (x, words) in [(0, format!("{who}签字")), (mm(100), "日期".to_owned())] {
        let area = Area::new(x, mm(5), mm(30), mm(7));
        let set = Style::new(Face::Plain, Size::pt(11), Size::pt(8)).fit(&words, area, own_words())?;
        row.lines_in_the_middle(set, area, Align::Left, Tone::Black);
        row.fill(Area::new(x + mm(32), mm(12), mm(48), dmm(2)), Tone::Black);
    }
    Ok(row)
}
