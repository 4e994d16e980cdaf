//! Short identifiers inside a policy document: a programme, a line, a funder, a value of a fact.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

/// 1 to 40 characters: letters (Chinese ones too), digits, `-`, `_`. Cheap to copy, because every trace names many.
///
/// Officers name funders by what they call them (`市`, `区`), so letters are not confined to ASCII; blanks, `:` and `/`
/// stay out because names are joined into database keys and JSON pointers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 40 letters, digits, hyphens or underscores")]
pub struct BadName;

/// The longest accepted name, in characters.
pub const NAME_MAX: usize = 40;

impl Name {
    /// From text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let length = text.chars().count();
        if length == 0 || length > NAME_MAX || !text.chars().all(plain) {
            return Err(BadName);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
