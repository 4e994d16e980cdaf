//! What a check finds: each fault with its place, its cause and its cure, in Chinese and English.

use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// How bad it is.
    pub enum Severity {
        /// The document must not be published.
        Error = "error",
        /// It may be meant; somebody should look.
        Warning = "warning",
        /// For information.
        Note = "note",
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where: a JSON pointer into the document.
    pub place: String,
    /// A stable word for programs.
    pub code: String,
    /// What is wrong.
    pub cause_zh: String,
    /// What to do.
    pub cure_zh: String,
    /// What is wrong, in English.
    pub cause_en: String,
    /// What to do, in English.
    pub cure_en: String,
}

impl Finding {
    fn new(severity: Severity, place: impl Into<String>, code: &str) -> Self {
        let (cause_zh, cure_zh, cause_en, cure_en) = Default::default();
        Self { severity, place: place.into(), code: code.to_owned(), cause_zh, cure_zh, cause_en, cure_en }
    }

    pub(super) fn error(place: impl Into<String>, code: &str) -> Self {
        Self::new(Severity::Error, place, code)
    }

    pub(super) fn warning(place: impl Into<String>, code: &str) -> Self {
        Self::new(Severity::Warning, place, code)
    }

    pub(super) fn note(place: impl Into<String>, code: &str) -> Self {
        Self::new(Severity::Note, place, code)
    }

    pub(super) fn zh(mut self, cause: impl Into<String>, cure: impl Into<String>) -> Self {
        (self.cause_zh, self.cure_zh) = (cause.into(), cure.into());
        self
    }

    pub(super) fn en(mut self, cause: impl Into<String>, cure: impl Into<String>) -> Self {
        (self.cause_en, self.cure_en) = (cause.into(), cure.into());
        self
    }

    /// Whether it forbids publication.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `place: cause; cure` on one line, in English.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.place.is_empty() { "/" } else { &self.place };
        write!(f, "{} {place}: {}; {}", self.severity, self.cause_en, self.cure_en)
    }
}
