//! Lines: where a text may be broken, and the largest size at which it fits its place.

use crate::font::{Face, Glyph, Metrics, Shaped};
use crate::unit::{Size, Um};
use std::ops::Range;

/// Never at the start of a line (GB/T 15834-2011, 5.1: 点号、后括号、后引号等不出现在一行之首).
const NOT_FIRST: &str = "\u{a0}，。、；：？！）】》〉」』”’…—·,.;:?!)]}%％/×*";
/// Never at the end of a line (the same: 前引号、前括号、前书名号不出现在一行之末), and the space that does not break.
const NOT_LAST: &str = "\u{a0}（【《〈「『“‘([{";

/// A text set in lines of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    /// How it is set.
    pub face: Face,
    /// What its lines need.
    pub metrics: Metrics,
    /// How large.
    pub size: Size,
    /// Its lines, without the spaces at which they were broken.
    pub lines: Vec<Vec<Glyph>>,
}

impl Set {
    /// The height of its lines together.
    pub fn height(&self) -> Um {
        line_height(self.metrics, self.size) * i32::try_from(self.lines.len()).unwrap_or(i32::MAX)
    }

    /// The width of its widest line, with what stands out at the sides.
    pub fn width(&self) -> Um {
        self.lines.iter().map(|line| line_width(self.metrics, self.size, line)).max().unwrap_or(0)
    }
}

/// From one baseline to the next: no line's ink reaches into another.
pub(crate) fn line_height(metrics: Metrics, size: Size) -> Um {
    size.of_em(metrics.above + metrics.below)
}

/// A line's width with what stands out at the sides. One micrometre covers the rounding down of its parts.
pub(crate) fn line_width(metrics: Metrics, size: Size, line: &[Glyph]) -> Um {
    let advance: i32 = line.iter().map(|glyph| glyph.advance).sum();
    size.of_em(advance + 2 * metrics.side) + 1
}

fn may_break(before: char, after: char) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..'\u{250}').contains(&c) || "-_@'".contains(c);
    !(NOT_FIRST.contains(after) || NOT_LAST.contains(before) || (word(before) && word(after)))
}

/// Breaks a text into lines no wider than `width`; `None` when a single character is wider. A word longer than a line is broken where
/// the line ends.
pub(crate) fn lines(text: &Shaped, size: Size, width: Um) -> Option<Vec<Vec<Glyph>>> {
    let (mut lines, mut from) = (Vec::new(), 0);
    while from < text.glyphs.len() {
        let end = line_end(&text.glyphs, from, |line| line_width(text.metrics, size, line) <= width)?;
        let line = trimmed(&text.glyphs, from..end);
        lines.push(text.glyphs[line].to_vec());
        from = end + text.glyphs[end..].iter().take_while(|glyph| glyph.character == ' ').count();
    }
    Some(lines)
}

fn line_end(glyphs: &[Glyph], from: usize, fits: impl Fn(&[Glyph]) -> bool) -> Option<usize> {
    let (mut end, mut last_break) = (from, None);
    while end < glyphs.len() {
        if end > from && may_break(glyphs[end - 1].character, glyphs[end].character) {
            last_break = Some(end);
        }
        let line = trimmed(glyphs, from..end + 1);
        if !fits(&glyphs[line]) {
            return (end > from).then(|| last_break.unwrap_or(end));
        }
        end += 1;
    }
    Some(end)
}

/// The range without spaces at its end.
fn trimmed(glyphs: &[Glyph], range: Range<usize>) -> Range<usize> {
    let spaces = glyphs[range.clone()].iter().rev().take_while(|glyph| glyph.character == ' ').count();
    range.start..range.end - spaces
}

/// Half a point: smaller steps are not seen.
const STEP: u16 = 5;

/// The text at the largest size between the two at which it fits.
pub(crate) fn fit(text: &Shaped, width: Um, height: Um, largest: Size, smallest: Size) -> Option<Set> {
    let mut size = largest;
    loop {
        if let Some(lines) = lines(text, size, width) {
            let set = Set { face: text.face, metrics: text.metrics, size, lines };
            if set.height() <= height {
                return Some(set);
            }
        }
        if size <= smallest {
            return None;
        }
        size = Size(size.0.saturating_sub(STEP).max(smallest.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Field, Spot};
    use crate::font::shape;
    use crate::unit::mm;
    use proptest::prelude::*;

    fn set(text: &str, width: Um, size: Size) -> Vec<String> {
        let shaped = shape(text, Face::Plain, Spot::page(Field::Note)).unwrap();
        let lines = lines(&shaped, size, width).unwrap();
        lines.iter().map(|line| line.iter().map(|glyph| glyph.character).collect()).collect()
    }

    #[test]
    fn lines_keep_the_rules_of_punctuation() {
        // Ten points are 3.53 mm a character; 15 mm take four.
        assert_eq!(set("红烧肉炖，土豆", mm(15), Size::pt(10)), ["红烧肉", "炖，土豆"]);
        assert_eq!(set("红烧肉（土豆）", mm(15), Size::pt(10)), ["红烧肉", "（土豆）"]);
        assert_eq!(set("no peanut 花生", mm(15), Size::pt(10)), ["no", "peanut", "花生"]);
        assert_eq!(set("aaaaaaaaaaaaaa", mm(15), Size::pt(10)).concat(), "aaaaaaaaaaaaaa");
    }

    #[test]
    fn a_long_text_shrinks_and_a_longer_one_is_refused() {
        let fit = |n: usize| {
            let shaped = shape(&"饭".repeat(n), Face::Strong, Spot::page(Field::Dish)).unwrap();
            fit(&shaped, mm(30), mm(9), Size::pt(12), Size::pt(8)).map(|set| (set.size.0, set.lines.len()))
        };
        assert_eq!(fit(6), Some((120, 1)));
        assert_eq!(fit(15), Some((100, 2)));
        assert_eq!(fit(20), Some((80, 2)));
        assert_eq!(fit(21), None);
    }

    proptest! {
        #[test]
        fn no_character_is_lost_and_no_line_is_too_wide(text in "[ -~一-龥，。（）×]{0,80}", width in 4_000i32..60_000, size in 60u16..200) {
            let shaped = shape(&crate::font::tidy(&text), Face::Strong, Spot::page(Field::Note)).unwrap();
            match lines(&shaped, Size(size), width) {
                None => prop_assert!(shaped.glyphs.iter().any(|g| line_width(shaped.metrics, Size(size), &[*g]) > width)),
                Some(lines) => {
                    let without = |glyphs: &[Glyph]| glyphs.iter().map(|g| g.character).filter(|c| *c != ' ').collect::<String>();
                    prop_assert_eq!(lines.iter().map(|line| without(line)).collect::<String>(), without(&shaped.glyphs));
                    for line in &lines {
                        prop_assert!(!line.is_empty() && line_width(shaped.metrics, Size(size), line) <= width);
                    }
                }
            }
        }
    }
}
