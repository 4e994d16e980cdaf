//! What is drawn where: a page as a list of marks, before any of it becomes PDF. Tests judge layouts by it.

use crate::fault::{Fault, Field, Spot};
use crate::font::{Face, Glyph, Metrics, shape, tidy};
use crate::unit::{Area, Size, Um};
use crate::wrap::{self, Set};

/// The only colours: a label printer has no other, and a sheet is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Black,
    White,
    /// Behind headings of sheets; never on labels.
    Pale,
}

/// Where in its area a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How a line is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub face: Face,
    pub metrics: Metrics,
    pub size: Size,
}

/// One thing on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A line of text; its area is the line's height and the width of its ink.
    Text { area: Area, set: Line, tone: Tone, glyphs: Vec<Glyph> },
    /// A filled rectangle.
    Fill { area: Area, tone: Tone },
    /// A frame of this thickness inside the area.
    Frame { area: Area, thickness: Um },
    /// A QR code with its quiet zone.
    Code { area: Area, code: Code },
}

impl Mark {
    /// The same elsewhere.
    fn moved(self, x: Um, y: Um) -> Self {
        match self {
            Self::Text { area, set, tone, glyphs } => Self::Text { area: area.moved(x, y), set, tone, glyphs },
            Self::Fill { area, tone } => Self::Fill { area: area.moved(x, y), tone },
            Self::Frame { area, thickness } => Self::Frame { area: area.moved(x, y), thickness },
            Self::Code { area, code } => Self::Code { area: area.moved(x, y), code },
        }
    }
}

/// The modules of a QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// Modules along one side.
    pub side: usize,
    /// Row by row; true is dark.
    pub dark: Vec<bool>,
}

/// Bytes of a link at most: version 5 at level M, whose 37 modules are 0.375 mm wide on a label and read by any phone.
pub(crate) const LINK_BYTES_MAX: usize = 84;
/// ISO/IEC 18004: four modules around the code stay white.
const QUIET_MODULES: i32 = 4;
/// A dot of a 203 dpi label printer: modules of whole dots are equally wide.
const DOT_UM: Um = 125;

impl Code {
    /// The code of a link.
    pub fn of(link: &str, at: Spot) -> Result<Self, Fault> {
        if link.len() > LINK_BYTES_MAX {
            return Err(Fault::TooLong { at, characters: link.len(), at_most: LINK_BYTES_MAX });
        }
        let code = qrcode::QrCode::with_error_correction_level(link, qrcode::EcLevel::M)
            .map_err(|e| Fault::Program(format!("QR: {e}")))?;
        Ok(Self { side: code.width(), dark: code.into_colors().into_iter().map(|c| c == qrcode::Color::Dark).collect() })
    }

    /// The width of a module, and how far the code's corner is from the area's.
    pub fn module(&self, area: Area) -> (Um, Um) {
        let side = i32::try_from(self.side).unwrap_or(i32::MAX - 2 * QUIET_MODULES);
        let dots = area.width.min(area.height) / (side + 2 * QUIET_MODULES) / DOT_UM;
        let module = dots * DOT_UM;
        (module, (area.width - side * module) / 2)
    }
}

/// A page, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub width: Um,
    pub height: Um,
    pub marks: Vec<Mark>,
}

impl Page {
    pub const fn new(width: Um, height: Um) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    pub fn fill(&mut self, area: Area, tone: Tone) {
        self.marks.push(Mark::Fill { area, tone });
    }

    pub fn frame(&mut self, area: Area, thickness: Um) {
        self.marks.push(Mark::Frame { area, thickness });
    }

    pub fn code(&mut self, area: Area, code: Code) {
        self.marks.push(Mark::Code { area, code });
    }

    /// Puts another page's marks on this one.
    pub fn place(&mut self, other: Self, x: Um, y: Um) {
        self.marks.extend(other.marks.into_iter().map(|mark| mark.moved(x, y)));
    }

    /// Draws lines from the top of an area.
    pub fn lines(&mut self, set: Set, area: Area, align: Align, tone: Tone) {
        let height = wrap::line_height(set.metrics, set.size);
        let mut y = area.y;
        for glyphs in set.lines {
            let width = wrap::line_width(set.metrics, set.size, &glyphs);
            let spare = area.width - width;
            let x = match align {
                Align::Left => area.x,
                Align::Centre => area.x + spare / 2,
                Align::Right => area.x + spare,
            };
            let area = Area::new(x, y, width, height);
            self.marks.push(Mark::Text { area, set: Line { face: set.face, metrics: set.metrics, size: set.size }, tone, glyphs });
            y += height;
        }
    }

    /// Draws lines in the middle of an area's height.
    pub fn lines_in_the_middle(&mut self, set: Set, area: Area, align: Align, tone: Tone) {
        let down = (area.height - set.height()) / 2;
        self.lines(set, Area { y: area.y + down, ..area }, align, tone);
    }
}

/// How a text is to be set: the face, and the sizes between which it may shrink.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub face: Face,
    pub largest: Size,
    pub smallest: Size,
}

impl Style {
    pub const fn new(face: Face, largest: Size, smallest: Size) -> Self {
        Self { face, largest, smallest }
    }

    /// One size only.
    pub const fn fixed(face: Face, size: Size) -> Self {
        Self { face, largest: size, smallest: size }
    }

    /// The text at its largest in an area, or the fault that it does not fit.
    pub fn fit(self, text: &str, area: Area, at: Spot) -> Result<Set, Fault> {
        let shaped = shape(&tidy(text), self.face, at)?;
        wrap::fit(&shaped, area.width, area.height, self.largest, self.smallest).ok_or(Fault::DoesNotFit { at })
    }

    /// As many lines as a text takes at its largest size.
    pub fn lines(self, text: &str, width: Um, at: Spot) -> Result<Set, Fault> {
        let shaped = shape(&tidy(text), self.face, at)?;
        let lines = wrap::lines(&shaped, self.largest, width).ok_or(Fault::DoesNotFit { at })?;
        Ok(Set { face: self.face, metrics: shaped.metrics, size: self.largest, lines })
    }
}

/// Words of the page itself.
pub(crate) const fn own_words() -> Spot {
    Spot::page(Field::Page)
}
