//! Pages as a PDF file. No date, no random identifier: the same pages are the same bytes.

use crate::drawing::{Code, Line, Mark, Page, Tone};
use crate::fault::Fault;
use crate::font::{Face, Glyph, NUMBER, TEXT};
use crate::unit::{Area, Um};
use krilla::Document;
use krilla::color::luma;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};

struct Fonts {
    text: Font,
    number: Font,
}

impl Fonts {
    fn new() -> Result<Self, Fault> {
        let font = |bytes: &'static [u8]| Font::new(bytes.into(), 0).ok_or_else(|| Fault::Program("font".to_owned()));
        Ok(Self { text: font(TEXT)?, number: font(NUMBER)? })
    }
}

/// Writes the file.
pub(crate) fn write(title: &str, pages: &[Page]) -> Result<Vec<u8>, Fault> {
    let fonts = Fonts::new()?;
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.to_owned()).language("zh-CN".to_owned()).creator("Nuanfan".to_owned()));
    for page in pages {
        let settings = PageSettings::from_wh(points(page.width), points(page.height)).ok_or_else(|| program("page size"))?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        for mark in &page.marks {
            draw(&mut surface, &fonts, mark)?;
        }
        surface.finish();
        sheet.finish();
    }
    document.finish().map_err(|e| program(&e.to_string()))
}

fn program(words: &str) -> Fault {
    Fault::Program(words.to_owned())
}

/// A length in PDF's points of 1/72 inch.
fn points(um: Um) -> f32 {
    um as f32 * 72.0 / 25_400.0
}

fn fill(tone: Tone) -> Fill {
    let grey = match tone {
        Tone::Black => 0,
        Tone::White => 255,
        Tone::Pale => 228,
    };
    Fill { paint: luma::Color::new(grey).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, mark: &Mark) -> Result<(), Fault> {
    match mark {
        Mark::Text { area, set, tone, glyphs } => {
            text(surface, fonts, *area, *set, *tone, glyphs);
            Ok(())
        }
        Mark::Fill { area, tone } => shape(surface, *tone, rectangles([*area])?),
        Mark::Frame { area, thickness } => shape(surface, Tone::Black, rectangles(sides(*area, *thickness))?),
        Mark::Code { area, code } => shape(surface, Tone::Black, rectangles(runs(*area, code))?),
    }
}

fn text(surface: &mut Surface<'_>, fonts: &Fonts, area: Area, set: Line, tone: Tone, glyphs: &[Glyph]) {
    let Line { face, metrics, size } = set;
    let font_size = f32::from(size.0) / 10.0;
    let start = Point::from_xy(points(area.x + size.of_em(metrics.side)), points(area.y + size.of_em(metrics.above)));
    let mut words = String::new();
    let mut placed = Vec::with_capacity(glyphs.len());
    for glyph in glyphs {
        let from = words.len();
        words.push(glyph.character);
        let advance = glyph.advance as f32 / 1_000.0;
        placed.push(KrillaGlyph::new(GlyphId::new(glyph.id), advance, 0.0, 0.0, 0.0, from..words.len(), None));
    }
    surface.set_fill(Some(fill(tone)));
    let stroke = Stroke {
        paint: fill(tone).paint,
        width: font_size * Face::STROKE as f32 / 1_000.0,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    surface.set_stroke((face == Face::Strong).then_some(stroke));
    let font = if face == Face::Number { &fonts.number } else { &fonts.text };
    surface.draw_glyphs(start, &placed, font.clone(), &words, font_size, false);
    surface.set_stroke(None);
}

fn shape(surface: &mut Surface<'_>, tone: Tone, path: Path) -> Result<(), Fault> {
    surface.set_stroke(None);
    surface.set_fill(Some(fill(tone)));
    surface.draw_path(&path);
    Ok(())
}

fn rectangles(areas: impl IntoIterator<Item = Area>) -> Result<Path, Fault> {
    let mut builder = PathBuilder::new();
    for area in areas {
        let (left, top, right, bottom) = (points(area.x), points(area.y), points(area.right()), points(area.bottom()));
        builder.push_rect(Rect::from_ltrb(left, top, right, bottom).ok_or_else(|| program("empty rectangle"))?);
    }
    builder.finish().ok_or_else(|| program("empty path"))
}

/// The four sides of a frame as filled rectangles: a stroke would stand on the edge, half outside.
fn sides(area: Area, thickness: Um) -> [Area; 4] {
    [
        Area { height: thickness, ..area },
        Area { y: area.bottom() - thickness, height: thickness, ..area },
        Area { width: thickness, ..area },
        Area { x: area.right() - thickness, width: thickness, ..area },
    ]
}

/// Dark modules, those that touch in a row as one rectangle.
fn runs(area: Area, code: &Code) -> Vec<Area> {
    let (module, margin) = code.module(area);
    let um = |modules: usize| i32::try_from(modules).unwrap_or(i32::MAX) * module;
    let mut runs = Vec::new();
    for (row, dark) in code.dark.chunks(code.side).enumerate() {
        let mut column = 0;
        while column < dark.len() {
            let run = dark[column..].iter().take_while(|d| **d).count();
            if run > 0 {
                runs.push(Area::new(area.x + margin + um(column), area.y + margin + um(row), um(run), module));
            }
            column += run.max(1);
        }
    }
    runs
}
