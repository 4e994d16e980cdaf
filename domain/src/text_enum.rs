//! Closed sets of words that are stored, sent and shown as text.

/// A closed set of values, each with one stable word, used in the database, in JSON and in files.
///
/// Implemented by [`text_enum!`](crate::text_enum!), so that a state can never be a bare string and a new variant is a
/// compile error wherever a `match` is exhaustive.
pub trait TextEnum: Copy + Eq + std::fmt::Debug + Send + Sync + 'static {
    /// Every value, in the order of declaration.
    const ALL: &'static [Self];
    /// What the set is called in an error message.
    const NAME: &'static str;
    /// The stable word.
    fn as_str(self) -> &'static str;
    /// The value of a word; `None` for a word outside the set.
    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.as_str() == word)
    }
}

/// Declares an enum whose variants each have one stable word, with `TextEnum`, `Display`, `FromStr` and serde by that word.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $crate::text_enum::TextEnum for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const NAME: &'static str = stringify!($name);
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::text_enum::TextEnum::as_str(*self))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text_enum::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                <Self as $crate::text_enum::TextEnum>::parse(word)
                    .ok_or_else(|| $crate::text_enum::UnknownWord::of::<Self>(word))
            }
        }
    };
}

/// A word outside a closed set; says what would have been accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a {set}; one of: {accepted}")]
pub struct UnknownWord {
    /// The set's name.
    pub set: &'static str,
    /// What was given, cut to 40 characters.
    pub word: String,
    /// The accepted words, separated by commas.
    pub accepted: String,
}

impl UnknownWord {
    /// The error for `word` not being in `E`.
    #[must_use]
    pub fn of<E: TextEnum>(word: &str) -> Self {
        Self {
            set: E::NAME,
            word: word.chars().take(40).collect(),
            accepted: E::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}
