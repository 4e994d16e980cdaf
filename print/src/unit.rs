//! Lengths on paper, in integers: the same input gives the same bytes on every machine.

/// A length on paper in micrometres.
pub(crate) type Um = i32;

/// Whole millimetres.
pub(crate) const fn mm(millimetres: i32) -> Um {
    millimetres * 1_000
}

/// Tenths of a millimetre.
pub(crate) const fn dmm(tenths: i32) -> Um {
    tenths * 100
}

/// A font size in tenths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size(pub u16);

impl Size {
    /// Whole points.
    pub const fn pt(points: u16) -> Self {
        Self(points * 10)
    }

    /// `units` thousandths of this size's em. A point is 1/72 inch, 352.777... um.
    pub fn of_em(self, units: i32) -> Um {
        let um = i64::from(units) * i64::from(self.0) * 254_000 / (7_200 * 1_000);
        i32::try_from(um).unwrap_or(i32::MAX)
    }
}

/// A rectangle on a page; `y` counts down from the page's top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    /// The left edge.
    pub x: Um,
    /// The upper edge.
    pub y: Um,
    /// From left to right.
    pub width: Um,
    /// From top to bottom.
    pub height: Um,
}

impl Area {
    pub const fn new(x: Um, y: Um, width: Um, height: Um) -> Self {
        Self { x, y, width, height }
    }

    pub const fn right(self) -> Um {
        self.x + self.width
    }

    pub const fn bottom(self) -> Um {
        self.y + self.height
    }

    /// The same moved.
    pub const fn moved(self, by_x: Um, by_y: Um) -> Self {
        Self { x: self.x + by_x, y: self.y + by_y, ..self }
    }

    /// What is left when this much is taken from each side.
    pub const fn inset(self, by: Um) -> Self {
        Self { x: self.x + by, y: self.y + by, width: self.width - 2 * by, height: self.height - 2 * by }
    }

    /// Whether all of `other` lies in it.
    #[cfg(test)]
    pub const fn holds(self, other: Self) -> bool {
        self.x <= other.x && self.y <= other.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }

    /// Whether the two share more than an edge.
    #[cfg(test)]
    pub const fn meets(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}
