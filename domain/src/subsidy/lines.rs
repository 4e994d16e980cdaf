//! The steps of a document: discounts, groups, lines, amounts, shares, limits and minimum spends.

use super::conventions::{Covers, PercentageBase, ThresholdBase};
use super::facts::FactKind;
use super::limit::Per;
use super::name::Name;
use super::when::When;
use crate::MealPeriod;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing done to the bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Reduces the meal's price; the first line that applies counts.
    Discount(Discount),
    /// Grants subsidies.
    Group(Group),
}

/// A reduction of the meal's price by a rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// The identifier.
    pub id: Name,
    /// What the senior reads.
    pub name: String,
    /// Who bears it.
    pub funder: Name,
    /// The lines, tried in order.
    pub lines: Vec<DiscountLine>,
}

/// One rate of a discount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscountLine {
    /// The identifier.
    pub id: Name,
    /// What the senior reads.
    pub name: String,
    /// Who and when; absent means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// The part of the price still to pay: 9/10 for 九折. The amount to pay is what is rounded.
    pub pay: Ratio,
}

/// A fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// Above the line.
    pub numerator: u32,
    /// Below the line, not zero.
    pub denominator: u32,
}

crate::text_enum! {
    /// How the lines of a group combine.
    pub enum Select {
        /// 就高: the one line that grants most; the earlier of equals.
        Max = "max",
        /// 叠加: every line that applies.
        Sum = "sum",
        /// The first line whose `when` holds, even if its minimum spend or limit then refuses.
        First = "first",
    }
}

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The identifier.
    pub id: Name,
    /// What the senior reads.
    pub name: String,
    /// How the lines combine.
    pub select: Select,
    /// A condition in front of every line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Limits over the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// A minimum spend for every line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_spend: Option<MinSpend>,
    /// Who pays for lines that do not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funders: Vec<Share>,
    /// Gaps between the age bands are meant; the check then does not report them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gaps_intended: bool,
    /// The lines.
    pub lines: Vec<Line>,
}

/// One subsidy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The identifier.
    pub id: Name,
    /// What the senior reads.
    pub name: String,
    /// Who and when; absent means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// How much.
    pub amount: Amount,
    /// Which part of the bill it may reduce; the convention when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
    /// Who pays, in this order; the group's when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funders: Vec<Share>,
    /// Limits of this line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// The minimum spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_spend: Option<MinSpend>,
    /// The clause of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_ref: Option<String>,
}

/// How much a line grants. Written as a map with one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So many fen.
    FixedFen(i64),
    /// So many fen, by meal period; an absent period grants nothing.
    ByMealFen(BTreeMap<MealPeriod, i64>),
    /// A part of the bill.
    Percent(Percent),
    /// What is actually spent, up to so many fen.
    UpToFen(i64),
    /// Whatever leaves the senior so many fen to pay.
    PayFen(i64),
    /// The same, by meal period.
    PayByMealFen(BTreeMap<MealPeriod, i64>),
}

/// A part of the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percent {
    /// Above the line.
    pub numerator: u32,
    /// Below the line, not zero.
    pub denominator: u32,
    /// At most so many fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_fen: Option<i64>,
    /// At least so many fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_fen: Option<i64>,
    /// Of what; the convention when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<PercentageBase>,
}

/// A funder's part of a line. Exactly one of `fixed_fen`, `ratio` and `rest` is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Who.
    pub funder: Name,
    /// So many fen, taken in the order written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_fen: Option<i64>,
    /// A weight: the fixed shares taken off, the weights divide what is left by largest remainder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<u32>,
    /// Everything the others leave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rest: bool,
    /// At least so many fen, as far as the line's amount goes; taken before ratios and the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_fen: Option<i64>,
    /// The share's own geography or other condition. When it fails the share is lost, not re-assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// A limit by count or by amount. Exactly one of `count`, `fen` and `fen_from_fact` is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its name in database keys; keep it in later versions so that counters run on. Made from owner and span when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Name>,
    /// Over what.
    pub per: Per,
    /// So many meals with a grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// So many fen: the last grant is cut to what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fen: Option<i64>,
    /// As many fen as the person's fact of this kind says (a personal credit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fen_from_fact: Option<FactKind>,
    /// Months unused credit stays valid after its own; absent or 0: it expires with the month. Only per month and by amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry_months: Option<u32>,
}

/// A minimum spend. Exactly one of `fen` and `above_subsidy` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinSpend {
    /// So many fen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fen: Option<i64>,
    /// As much as the line's own amount.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub above_subsidy: bool,
    /// Exceeded, not only reached; the convention when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Of what; the convention when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ThresholdBase>,
    /// Whether the delivery fee counts; the convention when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<bool>,
}
