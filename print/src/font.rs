//! The fonts in the binary: which characters have a glyph, and how wide it is.

use crate::fault::{Fault, Spot};
use skrifa::instance::{LocationRef, Size as FontSize};
use skrifa::{FontRef, MetadataProvider};
use std::sync::OnceLock;

/// Regular, with all characters.
pub(crate) static TEXT: &[u8] = include_bytes!("../fonts/NuanfanText-Regular.otf");
/// Bold, digits only.
pub(crate) static NUMBER: &[u8] = include_bytes!("../fonts/NuanfanNumber-Bold.otf");

/// How something is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// The regular face.
    Plain,
    /// The regular face with a stroke of [`Face::STROKE`] around it.
    Strong,
    /// The bold digits.
    Number,
}

/// What of a line's height lies above and below its baseline, and what a glyph may stand out at the sides, in 1/1000 em.
/// `tests::no_ink_outside_the_line` measures every glyph against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metrics {
    /// Above the baseline.
    pub above: i32,
    /// Below it.
    pub below: i32,
    /// At either side.
    pub side: i32,
}

impl Face {
    /// The width of the stroke that makes text strong, half of it outside the outline, in 1/1000 em.
    pub const STROKE: i32 = 36;

    /// Of lines of a text. Ideographs and digits need less than accents and descenders: a label in Chinese gains a fifth of its height.
    const fn metrics(self, even: bool) -> Metrics {
        match (self, even) {
            (Self::Plain | Self::Strong, true) => Metrics { above: 930, below: 190, side: 75 },
            (Self::Plain | Self::Strong, false) => Metrics { above: 1_002, below: 300, side: 75 },
            (Self::Number, _) => Metrics { above: 760, below: 20, side: 0 },
        }
    }
}

/// Ideographs, their punctuation, digits.
fn is_even(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '0'..='9' | '×' | '*' | ':' | '\u{3001}'..='\u{301B}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF01}'..='\u{FF20}')
        || c > '\u{FFFF}' && !('\u{1F000}'..='\u{1FFFF}').contains(&c)
}

/// One character as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glyph {
    /// The character.
    pub character: char,
    /// Its number in the font.
    pub id: u32,
    /// Its advance, in 1/1000 em.
    pub advance: i32,
}

/// A text whose every character has a glyph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shaped {
    /// How it is set.
    pub face: Face,
    /// What its lines need.
    pub metrics: Metrics,
    /// Its characters.
    pub glyphs: Vec<Glyph>,
}

fn parsed(bytes: &'static [u8]) -> Result<FontRef<'static>, Fault> {
    FontRef::new(bytes).map_err(|e| Fault::Program(format!("font: {e}")))
}

fn font(face: Face) -> Result<&'static FontRef<'static>, Fault> {
    static FONTS: OnceLock<Result<[FontRef<'static>; 2], Fault>> = OnceLock::new();
    let [text, number] = FONTS.get_or_init(|| Ok([parsed(TEXT)?, parsed(NUMBER)?])).as_ref().map_err(Clone::clone)?;
    Ok(if face == Face::Number { number } else { text })
}

/// The characters of a text without a glyph.
pub(crate) fn missing(text: &str) -> Result<Vec<char>, Fault> {
    let charmap = font(Face::Plain)?.charmap();
    Ok(text.chars().filter(|c| charmap.map(*c).is_none_or(|glyph| glyph.to_u32() == 0)).collect())
}

/// Looks up every character.
pub(crate) fn shape(text: &str, face: Face, at: Spot) -> Result<Shaped, Fault> {
    let font = font(face)?;
    let charmap = font.charmap();
    let widths = font.glyph_metrics(FontSize::unscaled(), LocationRef::default());
    let glyph = |character: char| {
        let id = charmap.map(character).filter(|id| id.to_u32() != 0).ok_or(Fault::MissingGlyph { at, character })?;
        // Both fonts have 1,000 units to the em and whole advances.
        let advance = widths.advance_width(id).ok_or(Fault::MissingGlyph { at, character })? as i32;
        Ok(Glyph { character, id: id.to_u32(), advance })
    };
    let metrics = face.metrics(text.chars().all(is_even));
    Ok(Shaped { face, metrics, glyphs: text.chars().map(glyph).collect::<Result<_, _>>()? })
}

/// Runs of white space, line breaks among them, become one space: a label has its own lines. A space that does not break stays.
pub(crate) fn tidy(text: &str) -> String {
    let breaks = |c: char| c.is_whitespace() && c != '\u{a0}';
    text.split(breaks).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use skrifa::outline::{DrawSettings, OutlinePen};

    /// The bounds of what an outline's points touch: a curve lies within its control points.
    #[derive(Default)]
    struct Bounds(Option<[f32; 4]>);

    impl Bounds {
        fn add(&mut self, x: f32, y: f32) {
            let [left, bottom, right, top] = self.0.unwrap_or([x, y, x, y]);
            self.0 = Some([left.min(x), bottom.min(y), right.max(x), top.max(y)]);
        }
    }

    impl OutlinePen for Bounds {
        fn move_to(&mut self, x: f32, y: f32) {
            self.add(x, y);
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.add(x, y);
        }
        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.add(x1, y1);
            self.add(x, y);
        }
        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            self.add(x1, y1);
            self.add(x2, y2);
            self.add(x, y);
        }
        fn close(&mut self) {}
    }

    #[test]
    fn no_ink_outside_the_line() {
        for (face, stroke, least) in [(Face::Strong, Face::STROKE, 32_000), (Face::Number, 0, 10)] {
            let font = font(face).unwrap();
            let outlines = font.outline_glyphs();
            let widths = font.glyph_metrics(FontSize::unscaled(), LocationRef::default());
            let mut seen = 0;
            for (code, id) in font.charmap().mappings() {
                let mut bounds = Bounds::default();
                let metrics = face.metrics(char::from_u32(code).is_some_and(is_even));
                let outline = outlines.get(id).unwrap();
                outline.draw(DrawSettings::unhinted(FontSize::unscaled(), LocationRef::default()), &mut bounds).unwrap();
                seen += 1;
                let Some([left, bottom, right, top]) = bounds.0 else { continue };
                let (half, side) = (stroke as f32 / 2.0, metrics.side as f32);
                let advance = widths.advance_width(id).unwrap();
                assert!(top + half <= metrics.above as f32, "U+{code:04X} stands {top} above the baseline");
                assert!(bottom - half >= -(metrics.below as f32), "U+{code:04X} hangs {bottom} below the baseline");
                assert!(left - half >= -side && right + half <= advance + side, "U+{code:04X}: {left} to {right} of {advance}");
                assert!(advance > 0.0 && advance.fract() == 0.0, "U+{code:04X} is {advance} wide");
            }
            assert!(seen >= least, "{seen} characters");
        }
    }

    #[test]
    fn a_character_without_a_glyph_is_named() {
        let at = Spot::order(37, crate::Field::Name);
        let fault = shape("张\u{1F600}", Face::Plain, at).unwrap_err();
        assert_eq!(fault, Fault::MissingGlyph { at, character: '\u{1F600}' });
        assert!(fault.message_zh().contains("037 号的姓名") && fault.message_zh().contains("U+1F600"), "{}", fault.message_zh());
        assert_eq!(missing("a\u{0}b\u{FE0F}").unwrap(), ['\u{0}', '\u{FE0F}']);
    }
}
