//! The production sheet: what the kitchen cooks, dish by dish, and who needs what.

use crate::check::Check;
use crate::drawing::{Align, Page, Style, Tone, own_words};
use crate::fault::{Fault, Field, Many, PrintFaults, Spot};
use crate::font::Face;
use crate::heading::Heading;
use crate::pdf;
use crate::sheet::{ROW_WIDTH, Sheet, head};
use crate::unit::{Area, Size, Um, dmm, mm};
use domain::Instant;
use domain::diet::Texture;
use domain::kitchen::{ExceptionGroup, ForWhom};

/// People in all groups of one sheet at most: each portion of the largest canteen with an exception.
pub const PEOPLE_AT_MOST: usize = 20_000;

/// What is to be cooked for a sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductionSheet {
    /// Which sitting.
    pub heading: Heading,
    /// When it was made.
    pub printed_at: Instant,
    /// Orders that are cooked for.
    pub orders: u64,
    /// The dishes, in the order in which they stand.
    pub dishes: Vec<DishPortions>,
    /// Who is not in the count.
    pub left_out: Vec<NotCounted>,
}

/// One dish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DishPortions {
    /// Its name.
    pub dish: String,
    /// By texture and size.
    pub parts: Vec<PartPortions>,
}

/// One dish in one texture and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPortions {
    /// How prepared.
    pub texture: Texture,
    /// How large, where the canteen has sizes.
    pub size: Option<String>,
    /// Portions without any exception.
    pub plain: u64,
    /// The rest, by combination of exceptions.
    pub groups: Vec<ExceptionGroup>,
}

/// Someone whose standing order has no meal here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCounted {
    /// `张*`
    pub masked_name: String,
    /// Why, and what puts them back.
    pub reason: String,
}

impl PartPortions {
    /// Its portions in all.
    #[must_use]
    pub fn portions(&self) -> u64 {
        self.plain + self.groups.iter().map(|group| group.portions).sum::<u64>()
    }
}

impl DishPortions {
    /// Its portions in all.
    #[must_use]
    pub fn portions(&self) -> u64 {
        self.parts.iter().map(PartPortions::portions).sum()
    }
}

/// Texture and size.
const PART_WIDTH: Um = mm(34);
/// Portions of a group.
const COUNT_WIDTH: Um = mm(22);
const WHO_LEFT: Um = PART_WIDTH + COUNT_WIDTH + mm(2);
const WHO_WIDTH: Um = ROW_WIDTH - WHO_LEFT;
/// What texture, size and portions need.
const PART_HEIGHT: Um = mm(12);
const PAD: Um = dmm(8);
/// People stand in columns; a long name takes two.
const WHO_COLUMNS: usize = 5;
const WHO_COLUMN: Um = WHO_WIDTH / 5;
const WHO_HEIGHT: Um = dmm(52);

impl ProductionSheet {
    /// The file, or every reason why there is none.
    pub fn pdf(&self) -> Result<Vec<u8>, PrintFaults> {
        self.check()?;
        let title = format!("生产单 {} {}", self.heading.canteen, self.heading.sitting_with_year());
        Ok(pdf::write(&title, &self.pages()?)?)
    }

    pub(crate) fn check(&self) -> Result<(), PrintFaults> {
        let mut check = Check::default();
        self.heading.check(&mut check);
        let groups = || self.dishes.iter().flat_map(|dish| &dish.parts).flat_map(|part| &part.groups);
        check.count(Many::Rows, groups().map(|group| group.people.len()).sum::<usize>() + self.left_out.len(), PEOPLE_AT_MOST);
        for dish in &self.dishes {
            check.text(Spot::page(Field::Dish), &dish.dish);
            dish.parts.iter().filter_map(|p| p.size.as_ref()).for_each(|s| check.text(Spot::page(Field::PortionSize), s));
        }
        for group in groups() {
            group.exceptions.iter().for_each(|exception| check.text(Spot::page(Field::Exception), exception));
            group.people.iter().for_each(|who| check.person(who.no, &who.name));
        }
        for one in &self.left_out {
            check.text(Spot::page(Field::Name), &one.masked_name);
            check.text(Spot::page(Field::Reason), &one.reason);
        }
        check.done()
    }

    pub(crate) fn pages(&self) -> Result<Vec<Page>, Fault> {
        let mut sheet = Sheet::new(self.printed_at);
        let portions: u64 = self.dishes.iter().map(DishPortions::portions).sum();
        let totals = format!("共 {} 单 · {} 道菜 · {portions} 份", self.orders, self.dishes.len());
        let large = format!("{} {}", self.heading.date.0.format("%-m月%-d日"), self.heading.meal.name_zh());
        sheet.start(head("生产单 PRODUCTION", &self.heading, (&large, own_words()), &totals)?);
        for dish in &self.dishes {
            let total = format!("共 {} 份", dish.portions());
            let repeated = title(&format!("{}（续）", dish.dish), &total)?;
            sheet.title(title(&dish.dish, &total)?, repeated, mm(14));
            for part in &dish.parts {
                part_rows(&mut sheet, part)?;
            }
            sheet.space(mm(4));
        }
        self.left_out_rows(&mut sheet)?;
        sheet.finish()
    }

    fn left_out_rows(&self, sheet: &mut Sheet) -> Result<(), Fault> {
        if self.left_out.is_empty() {
            return Ok(());
        }
        let total = format!("{} 人", self.left_out.len());
        sheet.title(title("未计入", &total)?, title("未计入（续）", &total)?, mm(8));
        for one in &self.left_out {
            let name = Style::fixed(Face::Strong, Size::pt(11)).lines(&one.masked_name, PART_WIDTH, Spot::page(Field::Name))?;
            let reason = Style::fixed(Face::Plain, Size::pt(10));
            let reason = reason.lines(&one.reason, ROW_WIDTH - PART_WIDTH, Spot::page(Field::Reason))?;
            let height = name.height().max(reason.height());
            let mut row = Page::new(ROW_WIDTH, height + 2 * PAD);
            row.lines(name, Area::new(0, PAD, PART_WIDTH, height), Align::Left, Tone::Black);
            row.lines(reason, Area::new(PART_WIDTH, PAD, ROW_WIDTH - PART_WIDTH, height), Align::Left, Tone::Black);
            sheet.row(row);
        }
        Ok(())
    }
}

/// A dish's name and its portions in all, on a pale bar.
fn title(name: &str, total: &str) -> Result<Page, Fault> {
    let left = Style::fixed(Face::Strong, Size::pt(15)).lines(name, mm(135), Spot::page(Field::Dish))?;
    let height = left.height() + 2 * PAD;
    let mut row = Page::new(ROW_WIDTH, height + mm(1));
    let bar = Area::new(0, 0, ROW_WIDTH, height);
    row.fill(bar, Tone::Pale);
    row.lines(left, Area::new(mm(1), PAD, mm(135), height), Align::Left, Tone::Black);
    let area = Area::new(mm(138), 0, ROW_WIDTH - mm(139), height);
    let right = Style::new(Face::Strong, Size::pt(16), Size::pt(9)).fit(total, area, own_words())?;
    row.lines_in_the_middle(right, area, Align::Right, Tone::Black);
    Ok(row)
}

fn part_rows(sheet: &mut Sheet, part: &PartPortions) -> Result<(), Fault> {
    let mut rows = Vec::new();
    if part.plain > 0 || part.groups.is_empty() {
        let mut row = Page::new(ROW_WIDTH, PART_HEIGHT);
        count(&mut row, part.plain)?;
        let area = Area::new(WHO_LEFT, dmm(3), WHO_WIDTH, mm(7));
        let words = Style::fixed(Face::Plain, Size::pt(11)).fit("无特殊要求", area, own_words())?;
        row.lines_in_the_middle(words, area, Align::Left, Tone::Black);
        rows.push((row.clone(), row));
    }
    for group in &part.groups {
        rows.extend(group_rows(group)?);
    }
    for (index, (row, at_top)) in rows.into_iter().enumerate() {
        let row = if index == 0 { named(&row, part)? } else { row };
        sheet.row_or(row, named(&at_top, part)?);
    }
    Ok(())
}

/// The same row with texture, size and their portions at its left.
fn named(row: &Page, part: &PartPortions) -> Result<Page, Fault> {
    let mut named = row.clone();
    named.height = row.height.max(PART_HEIGHT);
    named.fill(Area::new(0, 0, ROW_WIDTH, dmm(2)), Tone::Black);
    name_of(&mut named, part)?;
    Ok(named)
}

fn name_of(row: &mut Page, part: &PartPortions) -> Result<(), Fault> {
    let size = part.size.as_ref().map_or_else(String::new, |size| format!(" {size}"));
    let upper = Area::new(mm(1), dmm(4), PART_WIDTH - mm(2), dmm(64));
    let words = format!("{}{size}", part.texture.name_zh());
    let set = Style::new(Face::Strong, Size::pt(14), Size::pt(9)).fit(&words, upper, Spot::page(Field::PortionSize))?;
    row.lines_in_the_middle(set, upper, Align::Left, Tone::Black);
    let lower = Area { y: upper.bottom(), height: mm(5), ..upper };
    let words = format!("小计 {} 份", part.portions());
    let set = Style::new(Face::Plain, Size::pt(10), Size::pt(8)).fit(&words, lower, own_words())?;
    row.lines_in_the_middle(set, lower, Align::Left, Tone::Black);
    Ok(())
}

fn count(row: &mut Page, portions: u64) -> Result<(), Fault> {
    let area = Area::new(PART_WIDTH, dmm(3), COUNT_WIDTH, mm(7));
    let set = Style::new(Face::Strong, Size::pt(16), Size::pt(9)).fit(&format!("{portions} 份"), area, own_words())?;
    row.lines_in_the_middle(set, area, Align::Right, Tone::Black);
    Ok(())
}

/// A group's rows, each with how it stands at the top of a page. The first has the exceptions and the first line of people; each
/// further line is a row of its own, so that a page may end between them, and says its exceptions again when one did.
fn group_rows(group: &ExceptionGroup) -> Result<Vec<(Page, Page)>, Fault> {
    let lines = people(&group.people)?;
    let first = framed(&group.exceptions, Some(group.portions), lines.first())?;
    let mut rows = vec![(first.clone(), first)];
    for line in lines.into_iter().skip(1) {
        let at_top = framed(&group.exceptions, None, Some(&line))?;
        rows.push((line, at_top));
    }
    Ok(rows)
}

/// The exceptions in a thick frame, their portions before and a line of people under it.
fn framed(exceptions: &[String], portions: Option<u64>, line: Option<&Page>) -> Result<Page, Fault> {
    let tag = if portions.is_some() { "特殊" } else { "特殊（续）" };
    let tag = Style::fixed(Face::Strong, Size::pt(11)).lines(tag, WHO_WIDTH, own_words())?;
    let left = tag.width() + dmm(12);
    let text_width = WHO_WIDTH - left - mm(1);
    let text = Style::fixed(Face::Strong, Size::pt(11));
    let text = text.lines(&exceptions.join("；"), text_width, Spot::page(Field::Exception))?;
    let frame = Area::new(WHO_LEFT, mm(1), WHO_WIDTH, text.height() + dmm(12));
    let who = line.map_or(0, |line| line.height);
    let mut row = Page::new(ROW_WIDTH, (frame.bottom() + dmm(5) + who + dmm(5)).max(PART_HEIGHT));
    if let Some(portions) = portions {
        count(&mut row, portions)?;
    }
    row.frame(frame, dmm(5));
    let black = Area { width: tag.width() + dmm(4), ..frame };
    row.fill(black, Tone::Black);
    row.lines_in_the_middle(tag, black, Align::Centre, Tone::White);
    row.lines(text, Area::new(WHO_LEFT + left, frame.y + dmm(6), text_width, frame.height), Align::Left, Tone::Black);
    if let Some(line) = line {
        row.place(line.clone(), 0, frame.bottom() + dmm(5));
    }
    Ok(row)
}

/// For whom, in lines of columns.
fn people(people: &[ForWhom]) -> Result<Vec<Page>, Fault> {
    let (mut lines, mut line, mut column) = (Vec::new(), Page::new(ROW_WIDTH, WHO_HEIGHT), 0);
    for who in people {
        let at = Spot::order(who.no, Field::Name);
        let words = who_words(who);
        let style = Style::new(Face::Plain, Size::pt(11), Size::pt(9));
        let one = Area::new(0, 0, WHO_COLUMN - mm(1), WHO_HEIGHT);
        let two = Area { width: 2 * WHO_COLUMN - mm(1), ..one };
        let (set, columns) = match style.fit(&words, one, at) {
            Ok(set) => (set, 1),
            Err(_) => (style.fit(&words, two, at)?, 2),
        };
        if column + columns > WHO_COLUMNS {
            lines.push(std::mem::replace(&mut line, Page::new(ROW_WIDTH, WHO_HEIGHT)));
            column = 0;
        }
        let x = WHO_LEFT + i32::try_from(column).unwrap_or(0) * WHO_COLUMN;
        line.lines_in_the_middle(set, two.moved(x, 0), Align::Left, Tone::Black);
        column += columns;
    }
    if column > 0 {
        lines.push(line);
    }
    Ok(lines)
}

/// `052 李*×2`. The blank does not break: a number is never on another line than its name.
fn who_words(who: &ForWhom) -> String {
    let name = if who.name.trim().is_empty() { "散客" } else { &who.name };
    let times = if who.quantity > 1 { format!("×{}", who.quantity) } else { String::new() };
    format!("{:03}{NO_BREAK}{name}{times}", who.no)
}

/// U+00A0
const NO_BREAK: char = '\u{a0}';
