//! What a table is: its columns, keys and names, declared once and used by readers, writers, templates and documentation.

use crate::fault::CellFault;
use crate::read::Cells;
use crate::value::Shape;
use domain::text_enum::TextEnum;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// From two texts.
    #[must_use]
    pub fn of(zh: &str, en: &str) -> Self {
        Self { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// The language of a written header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese headers.
    Chinese,
    /// English headers.
    English,
}

domain::text_enum! {
    /// The tables that are imported and exported, in an order in which each refers only to earlier ones.
    pub enum TableKind {
        /// 区划
        Places = "places",
        /// 助餐点
        Canteens = "canteens",
        /// 菜品
        Dishes = "dishes",
        /// 配方
        Recipes = "recipes",
        /// 菜单
        Menus = "menus",
        /// 老人
        Seniors = "seniors",
        /// 老人事实
        Facts = "facts",
        /// 家属绑定
        Families = "families",
        /// 长期订餐
        StandingOrders = "standing_orders",
    }
}

impl TableKind {
    /// What the table is called in Chinese.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Places => "区划",
            Self::Canteens => "助餐点",
            Self::Dishes => "菜品",
            Self::Recipes => "配方",
            Self::Menus => "菜单",
            Self::Seniors => "老人",
            Self::Facts => "老人事实",
            Self::Families => "家属绑定",
            Self::StandingOrders => "长期订餐",
        }
    }

    /// The table's schema.
    #[must_use]
    pub fn schema(self) -> &'static Schema {
        use crate::tables;
        match self {
            Self::Places => tables::PlaceRow::SCHEMA,
            Self::Canteens => tables::CanteenRow::SCHEMA,
            Self::Dishes => tables::DishRow::SCHEMA,
            Self::Recipes => tables::RecipeRow::SCHEMA,
            Self::Menus => tables::MenuRow::SCHEMA,
            Self::Seniors => tables::SeniorRow::SCHEMA,
            Self::Facts => tables::FactRow::SCHEMA,
            Self::Families => tables::FamilyRow::SCHEMA,
            Self::StandingOrders => tables::StandingRow::SCHEMA,
        }
    }
}

/// What the sheet of a table is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetName {
    /// As the table that is imported and exported.
    Table(TableKind),
    /// A file that only comes in, such as a bank's answer.
    Called {
        /// In Chinese.
        zh: &'static str,
        /// In English.
        en: &'static str,
    },
}

impl SheetName {
    /// In a language.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Table(kind), Language::Chinese) => kind.name_zh(),
            (Self::Table(kind), Language::English) => kind.as_str(),
            (Self::Called { zh, .. }, Language::Chinese) => zh,
            (Self::Called { en, .. }, Language::English) => en,
        }
    }
}

/// One column.
#[derive(Debug)]
pub struct Column {
    /// The English header, which is the field's name.
    pub en: &'static str,
    /// The Chinese header.
    pub zh: &'static str,
    /// A value as it may stand in a file.
    pub example: &'static str,
    /// What the column means, in Chinese.
    pub help_zh: &'static str,
    /// The same in English.
    pub help_en: &'static str,
    /// How the cell is taken.
    pub shape: Shape,
    /// What is accepted.
    pub accepts: fn() -> Bilingual,
}

impl Column {
    /// The header in a language.
    #[must_use]
    pub const fn header(&self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }
}

/// A table's description.
#[derive(Debug)]
pub struct Schema {
    /// What its sheet is called.
    pub sheet: SheetName,
    /// Its columns, in the order of the template. All must be present in a file, in any order.
    pub columns: &'static [Column],
    /// Sets of columns whose combined value is in a file at most once (ignored while any of them is empty).
    pub unique: &'static [&'static [&'static str]],
    /// A column and the columns that must say the same wherever its value recurs.
    pub agree: Option<(&'static str, &'static [&'static str])>,
}

impl Schema {
    /// The documentation of the table as Markdown, Chinese beside English.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("## {} `{}`\n\n", self.sheet.text(Language::Chinese), self.sheet.text(Language::English));
        out.push_str("| 列 | column | 必填 required | 例 example | 说明 | meaning |\n|---|---|---|---|---|---|\n");
        for column in self.columns {
            let (accepts, required) = ((column.accepts)(), if column.shape.required { "是 yes" } else { "否 no" });
            let join = |help: &str, accepts: &str, with: &str| {
                if help.is_empty() { accepts.to_owned() } else { format!("{help}{with}{accepts}") }
            };
            let (zh, en) = (join(column.help_zh, &accepts.zh, "。"), join(column.help_en, &accepts.en, ". "));
            let line = [column.zh, column.en, required, column.example, &zh, &en].map(|t| t.replace('|', "\\|"));
            out.push_str(&format!("| {} |\n", line.join(" | ")));
        }
        out
    }
}

/// A fault found after all cells of a row were read: the English name of the column it is reported under, and what is wrong.
pub type Misfit = (&'static str, CellFault);

/// A row of a table, made by the macro `table!`.
pub trait Row: Sized {
    /// The table.
    const SCHEMA: &'static Schema;
    /// Reads every cell, so that all faults of the row are found; `None` when there was one.
    fn from_cells(cells: &mut Cells<'_>) -> Option<Self>;
    /// The cells as text, in the order of the schema's columns.
    fn to_cells(&self) -> Vec<String>;
    /// What only several cells together can tell; may put values into their canonical form.
    fn finish(self) -> Result<Self, Vec<Misfit>>;
}

/// Declares a table: its row type and its schema from one description.
///
/// Each field gives its type, its Chinese header, an example, and what it means in both languages (may be empty, since what
/// its type accepts is documented by the type).
macro_rules! table {
    (
        $(#[$meta:meta])*
        $name:ident of $sheet:expr, unique [$($unique:expr),*], agree $agree:expr, finish $finish:path;
        $($(#[$fmeta:meta])* $field:ident: $type:ty = $zh:literal, $example:literal, $help_zh:literal, $help_en:literal;)+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type),+ }

        impl $crate::schema::Row for $name {
            const SCHEMA: &'static $crate::schema::Schema = &$crate::schema::Schema {
                sheet: $sheet,
                columns: &[$($crate::schema::Column {
                    en: stringify!($field),
                    zh: $zh,
                    example: $example,
                    help_zh: $help_zh,
                    help_en: $help_en,
                    shape: <$type as $crate::value::CellValue>::SHAPE,
                    accepts: <$type as $crate::value::CellValue>::accepts,
                }),+],
                unique: &[$(&$unique),*],
                agree: $agree,
            };

            fn from_cells(cells: &mut $crate::read::Cells<'_>) -> Option<Self> {
                $(let $field = cells.take::<$type>();)+
                Some(Self { $($field: $field?),+ })
            }

            fn to_cells(&self) -> Vec<String> {
                vec![$($crate::value::CellValue::write(&self.$field)),+]
            }

            fn finish(self) -> Result<Self, Vec<$crate::schema::Misfit>> {
                $finish(self)
            }
        }
    };
}
pub(crate) use table;
