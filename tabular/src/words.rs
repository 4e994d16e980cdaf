//! Closed sets of words that appear in files, each with its Chinese form; both forms are accepted.

use domain::access::{ConsentKind, FamilyScope};
use domain::canteen::{CanteenKind, Station};
use domain::diet::{Allergen, DishMark, Texture};
use domain::settlement::payment::BankResult;
use domain::subsidy::facts::FactKind;
use domain::text_enum::TextEnum;
use domain::{Channel, MealPeriod};

/// A closed set whose values have a Chinese name beside the stable English word.
pub trait Word: TextEnum {
    /// What people write in a spreadsheet.
    fn zh(self) -> &'static str;

    /// From either form.
    #[must_use]
    fn from_either(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|w| w.zh() == text || w.as_str().eq_ignore_ascii_case(text))
    }
}

/// Sets that know their Chinese names themselves.
macro_rules! named {
    ($($name:ident),+) => { $(impl Word for $name {
        fn zh(self) -> &'static str {
            self.name_zh()
        }
    })+ };
}
named!(MealPeriod, Channel, Texture, Allergen, FactKind);

/// Sets whose Chinese names appear in files only.
macro_rules! in_files {
    ($($name:ident { $($variant:ident = $zh:literal),+ $(,)? })+) => { $(impl Word for $name {
        fn zh(self) -> &'static str {
            match self { $(Self::$variant => $zh),+ }
        }
    })+ };
}

in_files! {
    DishMark { NotHalal = "非清真", HighSalt = "高盐", HighSugar = "高糖" }
    CanteenKind {
        OwnKitchen = "自有厨房",
        Satellite = "中央厨房助餐点",
        RuralTable = "农村邻里饭桌",
        MobileTruck = "流动助餐车",
        CentralKitchen = "中央厨房",
    }
    Station { Hot = "热菜", Cold = "凉菜", Staple = "主食", Soup = "汤", Special = "特殊餐", Packing = "打包" }
    FamilyScope { Order = "订餐", Pay = "付款", See = "查看", Alert = "接收提醒" }
    ConsentKind { Phone = "本人手机确认", Counter = "柜台当面确认", SignedForm = "签字表" }
    Relation {
        Child = "子女",
        ChildInLaw = "儿媳女婿",
        Grandchild = "孙辈",
        Spouse = "配偶",
        Sibling = "兄弟姐妹",
        Guardian = "监护人",
        Other = "其他亲友",
    }
}

impl Word for BankResult {
    fn zh(self) -> &'static str {
        match self {
            Self::Paid => "成功",
            Self::Returned => "退回",
        }
    }
    // Banks have more than one word for it.
    fn from_either(text: &str) -> Option<Self> {
        match text {
            "成功" | "交易成功" | "支付成功" | "paid" => Some(Self::Paid),
            "退回" | "失败" | "交易失败" | "支付失败" | "退汇" | "returned" => Some(Self::Returned),
            _ => None,
        }
    }
}

domain::text_enum! {
    /// What a family member is to the senior.
    pub enum Relation {
        /// Son or daughter.
        Child = "child",
        /// Son-in-law or daughter-in-law.
        ChildInLaw = "child_in_law",
        /// Grandson or granddaughter.
        Grandchild = "grandchild",
        /// Husband or wife.
        Spouse = "spouse",
        /// Brother or sister.
        Sibling = "sibling",
        /// Guardian at law.
        Guardian = "guardian",
        /// Any other kin or friend.
        Other = "other",
    }
}
