//! Values that are never shown.

use anyhow::{Context, Result, bail};
use domain::Sensitive;
use serde::{Deserialize, Serialize, Serializer};
use std::path::Path;

/// A secret of the configuration; shown, serialised and printed as `***`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret(Sensitive<String>);

impl Secret {
    /// In the clear, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The secret given by value or by file; naming both is an error, because one of them would be ignored.
    pub fn resolve(value: Option<&Self>, file: Option<&Path>, name: &str) -> Result<Option<Self>> {
        match (value, file) {
            (Some(_), Some(_)) => bail!("both {name} and {name}_file are set; keep one"),
            (Some(value), None) => Ok(Some(value.clone())),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("{name}_file: cannot read {}", path.display()))?;
                Ok(Some(Self(Sensitive::new(text.trim_end_matches(['\r', '\n']).to_owned()))))
            }
            (None, None) => Ok(None),
        }
    }
}

impl From<String> for Secret {
    fn from(clear: String) -> Self {
        Self(Sensitive::new(clear))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(|text| Self(Sensitive::new(text)))
    }
}
