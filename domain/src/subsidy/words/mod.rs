//! Documents and decisions in plain words, Chinese and English.

mod condition;
mod explain;

pub use condition::{amount, condition, limit};
pub use explain::{Audience, explain};

crate::text_enum! {
    /// The language of a text.
    pub enum Language {
        /// 简体中文
        Zh = "zh-CN",
        /// English
        En = "en",
    }
}

impl Language {
    /// One of two texts.
    #[must_use]
    pub const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    fn list(self, items: &[String]) -> String {
        items.join(self.pick("、", ", "))
    }
}
