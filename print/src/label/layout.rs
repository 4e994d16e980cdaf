//! Where things stand on a label of 60 x 40 mm.
//!
//! ```text
//! +--------------------------------------------------+
//! | 037  张*                          [重印 REPRINT 1] |
//! |      幸福里社区食堂                                  |
//! |--------------------------------------------------|
//! | 软食 红烧肉 x2                          | 甲线 第1趟 |
//! | [特殊] 含花生（花生碎）                     | 第 3 站   |
//! | 普通 米饭                              |  QR      |
//! | 11月26日 午餐      [食用期限 13:30]        |          |
//! +--------------------------------------------------+
//! ```

use super::paper::{LABEL_HEIGHT, LABEL_WIDTH};
use super::{Label, LabelLine, RouteStop};
use crate::drawing::{Align, Code, Page, Style, Tone, own_words};
use crate::fault::{Fault, Field, Spot};
use crate::font::Face;
use crate::heading::Heading;
use crate::unit::{Area, Size, Um, dmm, mm};
use crate::wrap::Set;
use domain::diet::Texture;
use std::num::NonZeroU32;

/// Label printers do not reach the edge, and a roll moves by a millimetre.
const MARGIN: Um = mm(2);
const RIGHT: Um = LABEL_WIDTH - MARGIN;
const HEAD: Area = Area::new(MARGIN, MARGIN, RIGHT - MARGIN, dmm(106));
const BODY: Area = Area::new(MARGIN, dmm(137), dmm(386), dmm(195));
/// At the end of the body, when an order takes several labels.
const PART: Area = Area::new(MARGIN, dmm(296), dmm(386), dmm(37));
/// What the dishes then have.
const PART_BODY: Um = dmm(157);
const FOOT: Area = Area::new(MARGIN, dmm(336), dmm(386), dmm(44));
/// Beside the body.
const WAY: Area = Area::new(dmm(414), dmm(137), dmm(166), dmm(72));
const QR: Area = Area::new(dmm(412), dmm(213), mm(17), mm(17));

/// A line for each dish, between these sizes.
const DISH: (Size, Size) = (Size::pt(12), Size::pt(9));
/// When that takes more than a label, dishes of one texture without exceptions stand together, between these.
const TOGETHER: (Size, Size) = (Size::pt(11), Size(75));
/// And down to here for a dish that would fill more than a label with its exceptions.
const ALONE_SMALLEST: Size = Size(65);
const STEP: u16 = 5;
/// Between two blocks.
const GAP: Um = dmm(4);
/// Inside a frame.
const PAD: Um = dmm(6);
const THIN: Um = dmm(2);

/// The label of an order, or its labels.
pub(super) fn label(heading: &Heading, label: &Label) -> Result<Vec<Page>, Fault> {
    let bodies = bodies(label)?;
    let parts = bodies.len();
    let mut pages = Vec::with_capacity(parts);
    for (part, body) in bodies.into_iter().enumerate() {
        let mut page = Page::new(LABEL_WIDTH, LABEL_HEIGHT);
        head(&mut page, heading, label)?;
        page.place(body, BODY.x, BODY.y);
        if parts > 1 {
            page.fill(PART, Tone::Black);
            let words = format!("第 {} 张，共 {parts} 张", part + 1);
            let set = Style::new(Face::Strong, Size::pt(8), Size::pt(7)).fit(&words, PART, own_words())?;
            page.lines_in_the_middle(set, PART, Align::Centre, Tone::White);
        }
        way(&mut page, label)?;
        foot(&mut page, heading, label)?;
        pages.push(page);
    }
    Ok(pages)
}

fn head(page: &mut Page, heading: &Heading, label: &Label) -> Result<(), Fault> {
    let at = |field| Spot::order(label.order_no, field);
    let number = Style::new(Face::Number, Size::pt(39), Size::pt(24));
    let place = Area { width: mm(27), ..HEAD };
    let number = number.fit(&format!("{:03}", label.order_no), place, at(Field::Number))?;
    let left = HEAD.x + number.width() + dmm(14);
    page.lines_in_the_middle(number, place, Align::Left, Tone::Black);

    let right = label.reprint.map_or(Ok(RIGHT), |times| reprint(page, times))?;
    let name = if label.masked_name.trim().is_empty() { "散客" } else { &label.masked_name };
    let area = Area::new(left, HEAD.y, right - left, dmm(64));
    let name = Style::new(Face::Strong, Size::pt(14), Size::pt(9)).fit(name, area, at(Field::Name))?;
    page.lines_in_the_middle(name, area, Align::Left, Tone::Black);
    let area = Area::new(left, HEAD.y + dmm(65), RIGHT - left, dmm(42));
    let canteen = Style::new(Face::Plain, Size::pt(8), Size(45)).fit(&heading.canteen, area, Spot::page(Field::Canteen))?;
    page.lines_in_the_middle(canteen, area, Align::Left, Tone::Black);
    page.fill(Area::new(HEAD.x, HEAD.bottom() + dmm(4), HEAD.width, THIN), Tone::Black);
    Ok(())
}

/// White on black in the corner: a second label of one order is noticed before a second meal is packed. Returns its left edge.
fn reprint(page: &mut Page, times: NonZeroU32) -> Result<Um, Fault> {
    let area = Area::new(RIGHT - dmm(125), HEAD.y, dmm(125), dmm(63));
    page.fill(area, Tone::Black);
    let upper = Area { height: dmm(36), ..area.inset(dmm(1)) };
    let set = Style::new(Face::Strong, Size::pt(8), Size::pt(6)).fit(&format!("重印 {times}"), upper, own_words())?;
    page.lines_in_the_middle(set, upper, Align::Centre, Tone::White);
    let lower = Area { y: upper.bottom(), height: dmm(25), ..upper };
    let set = Style::fixed(Face::Strong, Size(52)).fit("REPRINT", lower, own_words())?;
    page.lines(set, lower, Align::Centre, Tone::White);
    Ok(area.x - dmm(8))
}

/// Route and stop, or how the meal reaches the table.
fn way(page: &mut Page, label: &Label) -> Result<(), Fault> {
    let at = Spot::order(label.order_no, Field::Route);
    page.frame(WAY, THIN);
    let inner = WAY.inset(dmm(4));
    if let Some(RouteStop { route, trip, stop }) = &label.stop {
        let upper = Area { height: dmm(28), ..inner };
        let words = format!("{route} 第{trip}趟");
        page.lines_in_the_middle(
            Style::new(Face::Plain, Size::pt(7), Size(35)).fit(&words, upper, at)?,
            upper,
            Align::Centre,
            Tone::Black,
        );
        let lower = Area { y: inner.y + dmm(28), height: dmm(36), ..inner };
        let words = format!("第{stop}站");
        page.lines(Style::new(Face::Strong, Size::pt(9), Size::pt(6)).fit(&words, lower, at)?, lower, Align::Centre, Tone::Black);
    } else {
        let set = Style::new(Face::Strong, Size::pt(13), Size::pt(9)).fit(label.channel.name_zh(), inner, at)?;
        page.lines_in_the_middle(set, inner, Align::Centre, Tone::Black);
    }
    if let Some(link) = &label.link {
        page.code(QR, Code::of(link, Spot::order(label.order_no, Field::Link))?);
    }
    Ok(())
}

fn foot(page: &mut Page, heading: &Heading, label: &Label) -> Result<(), Fault> {
    let left = Area { width: dmm(142), ..FOOT };
    let sitting = Style::new(Face::Plain, Size(75), Size(55)).fit(&heading.sitting(), left, own_words())?;
    page.lines_in_the_middle(sitting, left, Align::Left, Tone::Black);
    if let Some(at) = label.eat_by {
        let right = Area::new(FOOT.x + dmm(144), FOOT.y, FOOT.width - dmm(144), FOOT.height);
        page.frame(right, THIN);
        let words = format!("请于 {} 前食用", heading.clock(at));
        let set = Style::new(Face::Strong, Size(85), Size::pt(6)).fit(&words, right.inset(dmm(3)), own_words())?;
        page.lines_in_the_middle(set, right, Align::Centre, Tone::Black);
    }
    Ok(())
}

/// The dishes on as few labels as they take.
fn bodies(label: &Label) -> Result<Vec<Page>, Fault> {
    let one = one_body(DISH, |size| label.lines.iter().map(|line| block(label.order_no, line, size)).collect())?;
    let one = match one {
        None => {
            let lines = grouped(&label.lines);
            one_body(TOGETHER, |size| lines.iter().map(|line| block(label.order_no, line, size)).collect())?
        }
        found => found,
    };
    if let Some(body) = one {
        return Ok(vec![body]);
    }
    let mut labels = Vec::new();
    let mut open: Vec<Page> = Vec::new();
    for line in &label.lines {
        for block in pieces(label.order_no, line)? {
            if !open.is_empty() && together(&open) + GAP + block.height > PART_BODY {
                labels.push(stacked(std::mem::take(&mut open)));
            }
            open.push(block);
        }
    }
    labels.push(stacked(open));
    Ok(labels)
}

/// All blocks on one label, at the largest size at which they fit.
fn one_body(sizes: (Size, Size), blocks: impl Fn(Size) -> Result<Vec<Page>, Fault>) -> Result<Option<Page>, Fault> {
    let mut size = sizes.0;
    while size >= sizes.1 {
        let blocks = blocks(size)?;
        if together(&blocks) <= BODY.height {
            return Ok(Some(stacked(blocks)));
        }
        size = Size(size.0 - STEP);
    }
    Ok(None)
}

/// `红烧肉` or `红烧肉×2`.
fn with_quantity(line: &LabelLine) -> String {
    if line.quantity == 1 { line.dish.clone() } else { format!("{}×{}", line.dish, line.quantity) }
}

/// Dishes of one texture without exceptions as one line; the others as they are, in their order.
fn grouped(lines: &[LabelLine]) -> Vec<LabelLine> {
    let mut grouped: Vec<LabelLine> = Vec::new();
    for line in lines {
        let same = grouped.iter_mut().find(|g| g.exceptions.is_empty() && line.exceptions.is_empty() && g.texture == line.texture);
        match same {
            Some(group) => group.dish = format!("{}、{}", group.dish, with_quantity(line)),
            None => grouped.push(LabelLine { dish: with_quantity(line), quantity: 1, ..line.clone() }),
        }
    }
    grouped
}

/// A dish as blocks that each fit a label: one, or its name with as many of its exceptions as fit, again and again.
fn pieces(order_no: i64, line: &LabelLine) -> Result<Vec<Page>, Fault> {
    let mut pieces = Vec::new();
    let mut rest = line.exceptions.as_slice();
    loop {
        let (taken, piece) = piece(order_no, line, rest)?;
        pieces.push(piece);
        rest = &rest[taken..];
        if rest.is_empty() {
            return Ok(pieces);
        }
    }
}

/// The dish with the most of these exceptions that fit a label, and how many they are.
fn piece(order_no: i64, line: &LabelLine, exceptions: &[String]) -> Result<(usize, Page), Fault> {
    for count in (exceptions.len().min(1)..=exceptions.len()).rev() {
        let part = LabelLine { exceptions: exceptions[..count].to_vec(), ..line.clone() };
        let mut size = DISH.1;
        while size >= ALONE_SMALLEST {
            let block = block(order_no, &part, size)?;
            if block.height <= PART_BODY {
                return Ok((count, block));
            }
            size = Size(size.0 - STEP);
        }
    }
    Err(Fault::DoesNotFit { at: Spot::order(order_no, if exceptions.is_empty() { Field::Dish } else { Field::Exception }) })
}

fn together(blocks: &[Page]) -> Um {
    let gaps = i32::try_from(blocks.len().saturating_sub(1)).unwrap_or(i32::MAX);
    blocks.iter().map(|block| block.height).sum::<Um>() + gaps * GAP
}

fn stacked(blocks: Vec<Page>) -> Page {
    let mut page = Page::new(BODY.width, BODY.height);
    let mut y = 0;
    for block in blocks {
        let height = block.height;
        page.place(block, 0, y);
        y += height + GAP;
    }
    page
}

/// A dish with its texture before and its exceptions below it.
fn block(order_no: i64, line: &LabelLine, size: Size) -> Result<Page, Fault> {
    let at = |field| Spot::order(order_no, field);
    let tag = Style::fixed(if line.texture == Texture::Regular { Face::Plain } else { Face::Strong }, size);
    let tag = tag.lines(line.texture.name_zh(), BODY.width, own_words())?;
    let tag_width = tag.width() + dmm(6);
    let left = tag_width + dmm(9);
    let dish = Style::fixed(Face::Strong, size);
    let dish = dish.lines(&with_quantity(line), BODY.width - left, at(Field::Dish))?;
    let exceptions = exceptions(order_no, line, size)?;
    let below = exceptions.as_ref().map_or(0, |box_| box_.height);
    let mut block = Page::new(BODY.width, dish.height() + below);
    texture(&mut block, line.texture, tag, tag_width);
    let height = dish.height();
    block.lines(dish, Area::new(left, 0, BODY.width - left, height), Align::Left, Tone::Black);
    if let Some(exceptions) = exceptions {
        block.place(exceptions, 0, height);
    }
    Ok(block)
}

/// Told apart by word and by shape: nothing around what is regular, a frame around soft, black behind pureed.
fn texture(block: &mut Page, texture: Texture, tag: Set, width: Um) {
    let area = Area::new(0, 0, width, tag.height());
    let around = Area { y: dmm(1), height: area.height - dmm(2), ..area };
    let tone = match texture {
        Texture::Regular => Tone::Black,
        Texture::Soft => {
            block.frame(around, THIN);
            Tone::Black
        }
        Texture::Pureed => {
            block.fill(around, Tone::Black);
            Tone::White
        }
    };
    block.lines(tag, area, Align::Centre, tone);
}

/// A thick frame with the word 特殊 in white on black before the text.
fn exceptions(order_no: i64, line: &LabelLine, size: Size) -> Result<Option<Page>, Fault> {
    if line.exceptions.is_empty() {
        return Ok(None);
    }
    let tag = Style::fixed(Face::Strong, size).lines("特殊", BODY.width, own_words())?;
    let left = tag.width() + PAD;
    let words = line.exceptions.join("；");
    let width = BODY.width - left - PAD - THIN;
    let text = Style::fixed(Face::Strong, size).lines(&words, width, Spot::order(order_no, Field::Exception))?;
    let height = text.height() + PAD;
    let mut page = Page::new(BODY.width, height);
    page.frame(Area::new(0, 0, BODY.width, height), 2 * THIN);
    let black = Area::new(0, 0, tag.width() + dmm(2), height);
    page.fill(black, Tone::Black);
    page.lines_in_the_middle(tag, black, Align::Centre, Tone::White);
    page.lines(text, Area::new(left, PAD / 2, width, height), Align::Left, Tone::Black);
    Ok(Some(page))
}
