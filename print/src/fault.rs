//! Why nothing was printed: every fault names its place, what was found and what to do.

use std::fmt;

/// Which part of a label or a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// 取餐号
    Number,
    /// 姓名
    Name,
    /// 菜品
    Dish,
    /// 份量
    PortionSize,
    /// 特殊要求
    Exception,
    /// 助餐点
    Canteen,
    /// 路线
    Route,
    /// 送餐员
    Courier,
    /// 备注
    Note,
    /// 未计入的原因
    Reason,
    /// 二维码
    Link,
    /// Words of the page itself.
    Page,
}

impl Field {
    /// As the page calls it.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Number => "取餐号",
            Self::Name => "姓名",
            Self::Dish => "菜品",
            Self::PortionSize => "份量",
            Self::Exception => "特殊要求",
            Self::Canteen => "助餐点",
            Self::Route => "路线",
            Self::Courier => "送餐员",
            Self::Note => "备注",
            Self::Reason => "原因",
            Self::Link => "二维码链接",
            Self::Page => "版面文字",
        }
    }

    /// The same in English.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::Number => "order number",
            Self::Name => "name",
            Self::Dish => "dish",
            Self::PortionSize => "portion size",
            Self::Exception => "exception",
            Self::Canteen => "canteen",
            Self::Route => "route",
            Self::Courier => "courier",
            Self::Note => "note",
            Self::Reason => "reason",
            Self::Link => "link of the QR code",
            Self::Page => "page's own words",
        }
    }
}

/// Where on a page: which field, and of which order when it is one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The order's number.
    pub order_no: Option<i64>,
    /// The field.
    pub field: Field,
}

impl Spot {
    /// A field of the whole page.
    #[must_use]
    pub const fn page(field: Field) -> Self {
        Self { order_no: None, field }
    }

    /// A field of an order.
    #[must_use]
    pub const fn order(order_no: i64, field: Field) -> Self {
        Self { order_no: Some(order_no), field }
    }

    /// `037 号的姓名`
    #[must_use]
    pub fn name_zh(self) -> String {
        let field = self.field.name_zh();
        self.order_no.map_or_else(|| field.to_owned(), |no| format!("{no:03} 号的{field}"))
    }

    /// `the name of order 037`
    #[must_use]
    pub fn name_en(self) -> String {
        let field = self.field.name_en();
        self.order_no.map_or_else(|| format!("the {field}"), |no| format!("the {field} of order {no:03}"))
    }
}

/// One reason why a file was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message_en())]
pub enum Fault {
    /// The font has no glyph for a character. A box in its place would be a wrong name on a meal.
    MissingGlyph {
        /// Where.
        at: Spot,
        /// The character.
        character: char,
    },
    /// Longer than any label or sheet takes.
    TooLong {
        /// Where.
        at: Spot,
        /// Its characters.
        characters: usize,
        /// The bound.
        at_most: usize,
    },
    /// Within the bound, and yet too wide for its place at the smallest size that is still legible.
    DoesNotFit {
        /// Where.
        at: Spot,
    },
    /// More than one file takes.
    TooMany {
        /// Of what.
        what: Many,
        /// How many were given.
        count: usize,
        /// The bound.
        at_most: usize,
    },
    /// A number that no order has.
    BadNumber {
        /// The number.
        order_no: i64,
    },
    /// The PDF library or the font in the binary failed; a fault of the program, with its words.
    Program(String),
}

/// What there can be too many of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {
    /// Labels of one file.
    Labels,
    /// Dishes of one order.
    LinesOfAnOrder,
    /// Exceptions of one dish.
    ExceptionsOfADish,
    /// Rows of one sheet.
    Rows,
    /// Columns of one table.
    Columns,
}

impl Many {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Labels => ("标签", "labels"),
            Self::LinesOfAnOrder => ("一单的菜品", "dishes of one order"),
            Self::ExceptionsOfADish => ("一道菜的特殊要求", "exceptions of one dish"),
            Self::Rows => ("单据的行", "rows of a sheet"),
            Self::Columns => ("表格的列", "columns of a table"),
        }
    }
}

/// `U+4DAE`
struct CodePoint(char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

impl Fault {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MissingGlyph { .. } => "missing_glyph",
            Self::TooLong { .. } => "too_long",
            Self::DoesNotFit { .. } => "does_not_fit",
            Self::TooMany { .. } => "too_many",
            Self::BadNumber { .. } => "bad_number",
            Self::Program(_) => "program",
        }
    }

    /// What, where, why and what to do, in Chinese.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::MissingGlyph { at, character } => format!(
                "{}中的“{}”（{}）不在打印字库中，不能打印；请改用字库收录的写法（GB 18030-2022 级别 2）",
                at.name_zh(),
                shown(*character),
                CodePoint(*character)
            ),
            Self::TooLong { at, characters, at_most } => {
                format!("{}有 {characters} 个字，最多 {at_most} 个；请缩短", at.name_zh())
            }
            Self::DoesNotFit { at } => format!("{}缩到最小字号仍放不下；请缩短", at.name_zh()),
            Self::TooMany { what, count, at_most } => {
                format!("{}有 {count} 个，一份文件最多 {at_most} 个；请分批打印", what.names().0)
            }
            Self::BadNumber { order_no } => format!("取餐号 {order_no} 不在 0 到 99999 之间"),
            Self::Program(words) => format!("生成 PDF 时程序出错：{words}；请联系管理员"),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn message_en(&self) -> String {
        match self {
            Self::MissingGlyph { at, character } => format!(
                "\"{}\" ({}) in {} is not in the font and cannot be printed; write it with characters of GB 18030-2022 level 2",
                shown(*character),
                CodePoint(*character),
                at.name_en()
            ),
            Self::TooLong { at, characters, at_most } => {
                format!("{} has {characters} characters, {at_most} at most; shorten it", at.name_en())
            }
            Self::DoesNotFit { at } => format!("{} does not fit at its smallest size; shorten it", at.name_en()),
            Self::TooMany { what, count, at_most } => {
                format!("{count} {}, {at_most} at most in one file; print in parts", what.names().1)
            }
            Self::BadNumber { order_no } => format!("order number {order_no} is not between 0 and 99999"),
            Self::Program(words) => format!("the program failed to make the PDF: {words}; tell the administrator"),
        }
    }
}

/// A character for a message; what shows nothing or changes its neighbours is left to its code point.
fn shown(character: char) -> char {
    if character.is_control() || character.is_whitespace() { '?' } else { character }
}

/// Every reason found, at most [`FAULTS_AT_MOST`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Fault::message_en).collect::<Vec<_>>().join("; "))]
pub struct PrintFaults(pub Vec<Fault>);

/// So many faults are named at once; who has more finds the rest at the next try.
pub const FAULTS_AT_MOST: usize = 50;

impl From<Fault> for PrintFaults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}
