//! What is wrong with an input: every fault at once, each with its place, cause and cure.

use serde::{Deserialize, Serialize};

/// One fault of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where: a JSON pointer (`/lines/0/quantity`), or `row 7, column birth`.
    pub place: String,
    /// A stable word for programs: `required`, `too_long`, `bad_checksum` ...
    pub code: String,
    /// What is wrong and what would be accepted, in Chinese.
    pub message_zh: String,
    /// The same in English.
    pub message_en: String,
}

/// All faults found so far. An empty list means that the input is good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Adds a fault.
    pub fn push(&mut self, place: impl Into<String>, code: &str, message_zh: impl Into<String>, message_en: impl Into<String>) {
        self.0.push(Fault {
            place: place.into(),
            code: code.to_owned(),
            message_zh: message_zh.into(),
            message_en: message_en.into(),
        });
    }

    /// `value` when no fault was found, else all of them.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Whether the input is good so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
