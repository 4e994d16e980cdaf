//! An export as the bytes of a CSV file, piece by piece.

use super::Export;
use crate::failure::{Failure, Outcome};
use encoding_rs::GB18030;
use store::StoreError;
use tabular::{Language, WriteError, csv_header, csv_lines};

domain::text_enum! {
    /// How a CSV file is encoded.
    pub enum Encoding {
        /// With a byte-order mark, without which Excel in China reads GBK.
        Utf8 = "utf-8",
        /// For older programs; it has every character.
        Gb18030 = "gb18030",
    }
}

/// A CSV file that is being written.
pub struct Csv {
    export: Export,
    language: Language,
    encoding: Encoding,
    begun: bool,
}

impl Csv {
    /// From its beginning.
    #[must_use]
    pub const fn new(export: Export, language: Language, encoding: Encoding) -> Self {
        Self { export, language, encoding, begun: false }
    }

    /// The next bytes, the header first; `None` at the end.
    pub async fn next<R: Send + 'static>(&mut self) -> Outcome<Option<Vec<u8>>, R> {
        let headings = self.export.headings();
        if !self.begun {
            self.begun = true;
            let header = csv_header(&headings, self.language).map_err(broken)?;
            let mark = if self.encoding == Encoding::Utf8 { "\u{feff}" } else { "" };
            return Ok(Some(self.encoded(&format!("{mark}{header}"))));
        }
        // A page without rows is not the end.
        while let Some(rows) = self.export.next().await? {
            if !rows.is_empty() {
                return Ok(Some(self.encoded(&csv_lines(&headings, rows).map_err(broken)?)));
            }
        }
        Ok(None)
    }

    fn encoded(&self, text: &str) -> Vec<u8> {
        match self.encoding {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Gb18030 => GB18030.encode(text).0.into_owned(),
        }
    }
}

fn broken<R>(error: WriteError) -> Failure<R> {
    StoreError::Database(format!("an export: {error}")).into()
}
