//! What a cell may hold: a type that reads itself from text, writes itself, and says what it accepts.

use crate::fault::{CellFault, quoted};
use crate::schema::Bilingual;
use crate::words::Word;
use domain::person::citizen_id::{BadCitizenId, CitizenId};
use domain::{Fen, PlaceCode};

/// How a typed cell of a workbook is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text; a number cell is taken as its shortest decimal form.
    Text,
    /// Digits that are a name, not a quantity. A number cell is refused: a spreadsheet keeps 15 digits and drops leading
    /// zeros, so what it shows may no longer be what was typed.
    Digits,
    /// A quantity; written as a number cell.
    Number,
    /// A calendar date; a date cell is taken.
    Date,
    /// A time of day; a time cell is taken.
    Time,
}

/// What the schema says of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How typed cells are taken.
    pub kind: Kind,
    /// Whether an empty cell is a fault.
    pub required: bool,
    /// Whether messages must not repeat the value (identity number, phone, address).
    pub sensitive: bool,
}

impl Shape {
    pub(crate) const fn of(kind: Kind) -> Self {
        Self { kind, required: true, sensitive: false }
    }
    pub(crate) const fn secret(kind: Kind) -> Self {
        Self { kind, required: true, sensitive: true }
    }
    pub(crate) const fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

/// A value that lives in one cell.
pub trait CellValue: Sized {
    /// How the cell is taken.
    const SHAPE: Shape;
    /// What is accepted, for the template, the documentation and the cure of a fault.
    fn accepts() -> Bilingual;
    /// Reads a trimmed, non-empty text without control characters.
    fn parse(text: &str) -> Result<Self, CellFault>;
    /// Writes what [`parse`](Self::parse) reads back to an equal value.
    fn write(&self) -> String;
    /// What an empty cell means; `None` when it is a fault.
    fn blank() -> Option<Self> {
        None
    }
}

/// The fault of a value outside what `T` accepts, quoting it.
pub(crate) fn not_accepted<T: CellValue>(code: &'static str, text: &str) -> CellFault {
    let accepts = T::accepts();
    if T::SHAPE.sensitive {
        return CellFault::new(code, format!("内容不合要求。请填{}", accepts.zh), format!("not acceptable; give {}", accepts.en));
    }
    let shown = quoted(text);
    CellFault::new(
        code,
        format!("“{shown}”不合要求。请填{}", accepts.zh),
        format!("\"{shown}\" is not acceptable; give {}", accepts.en),
    )
}

impl<T: CellValue> CellValue for Option<T> {
    const SHAPE: Shape = T::SHAPE.optional();
    fn accepts() -> Bilingual {
        T::accepts()
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        T::parse(text).map(Some)
    }
    fn write(&self) -> String {
        self.as_ref().map(T::write).unwrap_or_default()
    }
    fn blank() -> Option<Self> {
        Some(None)
    }
}

/// A list in one cell: items separated by `;`, `；`, `、`, `,`, `，` or `|`; at most 32; an item twice is a fault.
impl<T: CellValue + PartialEq> CellValue for Vec<T> {
    const SHAPE: Shape = Shape { kind: Kind::Text, required: false, sensitive: T::SHAPE.sensitive };
    fn accepts() -> Bilingual {
        let item = T::accepts();
        Bilingual { zh: format!("{}，多项用“；”分隔", item.zh), en: format!("{}; several separated by \";\"", item.en) }
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        let mut items = Self::new();
        for part in text.split([';', '；', '、', ',', '，', '|']).map(str::trim).filter(|p| !p.is_empty()) {
            let item = T::parse(part)?;
            if items.contains(&item) {
                let shown = quoted(part);
                return Err(CellFault::new(
                    "repeated",
                    format!("“{shown}”出现两次。请只保留一个"),
                    format!("\"{shown}\" is given twice; keep one"),
                ));
            }
            if items.len() == 32 {
                return Err(CellFault::new("too_many", "超过 32 项。请删减", "more than 32 items; remove some"));
            }
            items.push(item);
        }
        Ok(items)
    }
    fn write(&self) -> String {
        self.iter().map(T::write).collect::<Vec<_>>().join(";")
    }
    fn blank() -> Option<Self> {
        Some(Self::new())
    }
}

/// Yes or no; an empty cell is no.
impl CellValue for bool {
    const SHAPE: Shape = Shape::of(Kind::Text).optional();
    fn accepts() -> Bilingual {
        Bilingual::of("“是”或“否”，空白为否", "yes or no; empty is no")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        match text.to_ascii_lowercase().as_str() {
            "是" | "有" | "yes" | "y" | "true" | "1" => Ok(true),
            "否" | "无" | "no" | "n" | "false" | "0" => Ok(false),
            _ => Err(not_accepted::<Self>("not_yes_or_no", text)),
        }
    }
    fn write(&self) -> String {
        if *self { "是" } else { "否" }.to_owned()
    }
    fn blank() -> Option<Self> {
        Some(false)
    }
}

impl<W: Word> CellValue for W {
    const SHAPE: Shape = Shape::of(Kind::Text);
    fn accepts() -> Bilingual {
        let join = |name: fn(W) -> &'static str, with: &str| W::ALL.iter().map(|w| name(*w)).collect::<Vec<_>>().join(with);
        Bilingual { zh: format!("其中之一：{}", join(W::zh, "、")), en: format!("one of: {}", join(W::as_str, ", ")) }
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        W::from_either(text).ok_or_else(|| not_accepted::<Self>("unknown_word", text))
    }
    fn write(&self) -> String {
        self.zh().to_owned()
    }
}

impl CellValue for PlaceCode {
    // Twelve digits survive a number cell, and no place code begins with a zero.
    const SHAPE: Shape = Shape::of(Kind::Text);
    fn accepts() -> Bilingual {
        Bilingual::of("2、4、6、9 或 12 位行政区划代码", "a place code of 2, 4, 6, 9 or 12 digits")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::parse(text).map_err(|_| not_accepted::<Self>("bad_place_code", text))
    }
    fn write(&self) -> String {
        self.as_str().to_owned()
    }
}

impl CellValue for CitizenId {
    const SHAPE: Shape = Shape::secret(Kind::Digits);
    fn accepts() -> Bilingual {
        Bilingual::of("18 位公民身份号码", "an identity number of 18 characters")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        Self::parse(text).map_err(|e| match e {
            BadCitizenId::Shape => CellFault::new(
                "bad_identity_shape",
                "不是 17 位数字加校验码（0-9 或 X）。请按证件填写 18 位号码",
                "not 17 digits and a check character (0-9 or X); copy all 18 from the card",
            ),
            BadCitizenId::Date => CellFault::new(
                "bad_identity_date",
                "第 7 至 14 位不是真实日期。请对照证件更正",
                "positions 7 to 14 are not a real date; compare with the card",
            ),
            BadCitizenId::Check => CellFault::new(
                "bad_identity_checksum",
                "校验码不符，有一位抄错或被表格软件改动。请对照证件更正，并把该列设为文本",
                "the check character does not fit: a digit was miscopied or changed by the spreadsheet; compare with the card and \
                 format the column as text",
            ),
        })
    }
    fn write(&self) -> String {
        self.reveal().to_owned()
    }
}

/// Yuan with at most two decimals, read exactly as decimal digits; never negative in a file.
impl CellValue for Fen {
    const SHAPE: Shape = Shape::of(Kind::Number);
    fn accepts() -> Bilingual {
        Bilingual::of("金额（元），0 至 100000，最多两位小数", "yuan from 0 to 100000 with at most two decimals")
    }
    fn parse(text: &str) -> Result<Self, CellFault> {
        crate::number::decimal(text, 2)
            .filter(|fen| (0..=10_000_000).contains(fen))
            .map(Self)
            .ok_or_else(|| not_accepted::<Self>("bad_amount", text))
    }
    fn write(&self) -> String {
        self.to_string()
    }
}
