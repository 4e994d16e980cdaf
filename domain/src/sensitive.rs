//! Values that must not be printed by accident.

use std::fmt;

/// An identity number, phone, address or health note: `Debug` prints `<redacted>`, and there is no `Display` and no
/// `Serialize`, so showing it takes the deliberate call [`reveal`](Self::reveal).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value in the clear. Every caller that shows it to a person owes an audit record.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value in the clear, taking it.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_value() {
        assert_eq!(format!("{:?}", Some(Sensitive::new("13800001234"))), "Some(<redacted>)");
    }
}
