//! The policy document as officers write it: YAML or JSON of one shape, without floats, scripts or silent defaults.

pub use super::lines::{Amount, Discount, DiscountLine, Group, Limit, Line, MinSpend, Percent, Ratio, Select, Share, Step};

use super::cases::Case;
use super::conventions::StatedConventions;
use super::name::Name;
use super::operator::OperatorRule;
use super::when::When;
use crate::place::PlaceLevel;
use crate::{PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};

/// The version of the language this build reads.
pub const LANGUAGE: u32 = 1;

/// One version of one programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The version of the language: 1.
    pub nuanfan_policy: u32,
    /// The programme. No two versions of one programme hold on one date; its limits run on from version to version.
    pub programme: Name,
    /// The version's name within the programme.
    pub version: Name,
    /// What it is called.
    pub title: String,
    /// 文号: the number of the published text; absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The place whose policy it is; absent for a national one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceCode>,
    /// The service dates it governs.
    pub effective: Effective,
    /// The day it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<ServiceDate>,
    /// Where the numbers come from.
    pub source: Source,
    /// Which reading of the text this is, when it allows several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// What the text leaves open and how this document settles it, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Settled>,
    /// The conventions.
    pub conventions: StatedConventions,
    /// Everyone who pays.
    pub funders: Vec<Funder>,
    /// Groups of persons only this place knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_facts: Vec<Named>,
    /// Classes of products the conditions name, beyond the published ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Named>,
    /// Who takes part at all; absent means everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligible: Option<When>,
    /// Limits over the whole programme.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// A minimum spend for every subsidy of the programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_spend: Option<MinSpend>,
    /// What is done to the bill, in this order: writing a discount before or after a group settles which comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// How it lives with other programmes on the same meal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coexistence: Option<Coexistence>,
    /// What canteens receive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operator: Vec<OperatorRule>,
    /// Meals with the expected bill; replayed by the check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Case>,
}

/// First and last service date, inclusive; without `to` it holds until superseded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effective {
    /// First service date.
    pub from: ServiceDate,
    /// Last service date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

/// Where the numbers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The text's title.
    pub name: String,
    /// Who published it or where it was read.
    pub publisher: String,
    /// How far it can be trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

crate::text_enum! {
    /// How far a source can be trusted.
    pub enum Confidence {
        /// An official page.
        High = "high",
        /// A reliable retelling.
        Medium = "medium",
        /// A retelling that should be confirmed.
        Low = "low",
    }
}

/// Which reading of an ambiguous text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Its number, from 0; cases name it.
    pub index: u32,
    /// The reading in words.
    pub text: String,
    /// Who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
}

/// A point the text leaves open, and the choice made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// The question.
    pub point: String,
    /// The answer.
    pub choice: String,
}

/// An identifier with the name people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The identifier.
    pub id: Name,
    /// The name.
    pub name: String,
}

crate::text_enum! {
    /// Whose money it is.
    pub enum FunderKind {
        /// 财政: a government budget.
        Government = "government",
        /// 福彩公益金.
        LotteryFund = "lottery_fund",
        /// 村集体.
        VillageCollective = "village_collective",
        /// 慈善捐赠.
        Donation = "donation",
        /// The canteen's own money: a discount nobody reimburses.
        Operator = "operator",
        /// What the senior paid in advance (包年套餐).
        Prepaid = "prepaid",
        /// The text does not say.
        Unstated = "unstated",
    }
}

/// Someone who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funder {
    /// The identifier that legs and cases use.
    pub id: Name,
    /// The name on claims.
    pub name: String,
    /// Whose money it is.
    pub kind: FunderKind,
    /// The one place that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceCode>,
    /// The payer is found per meal: the place of this level around `payer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<PlaceLevel>,
    /// Around what the level is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Payer>,
    /// What happens when its budget is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

crate::text_enum! {
    /// Around what a funder's level is taken.
    pub enum Payer {
        /// The place of registration.
        Registered = "registered",
        /// The place of residence.
        Resident = "resident",
        /// The canteen.
        Canteen = "canteen",
    }
}

/// What happens when a funder's budget is used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The behaviour.
    pub exhausted: Exhausted,
    /// Who takes over, for `substitute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute: Option<Name>,
}

crate::text_enum! {
    /// The behaviour of an exhausted budget.
    pub enum Exhausted {
        /// The share is not paid.
        Hard = "hard",
        /// The share is paid and the overdraft reported.
        Soft = "soft",
        /// Another funder pays the share.
        Substitute = "substitute",
    }
}

/// How a programme lives with others on one meal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coexistence {
    /// Programmes act on the bill by ascending rank, then by name. Absent in a document: 100.
    pub rank: u32,
    /// Programmes that may not grant on the same meal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_with: Vec<NotWith>,
}

/// The rank of a document without `coexistence`.
pub const DEFAULT_RANK: u32 = 100;

/// A programme that may not grant on the same meal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotWith {
    /// The other programme.
    pub programme: Name,
    /// Which of the two counts.
    pub keep: Keep,
}

crate::text_enum! {
    /// Which of two programmes counts.
    pub enum Keep {
        /// This document's.
        This = "this",
        /// The other.
        Other = "other",
        /// The one that alone grants more; the lower rank of equals.
        Higher = "higher",
    }
}

impl Document {
    /// The groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.steps.iter().filter_map(|s| match s {
            Step::Group(group) => Some(group),
            Step::Discount(_) => None,
        })
    }

    /// Every condition in the document with its JSON pointer.
    #[must_use]
    pub fn conditions(&self) -> Vec<(String, &When)> {
        let mut all: Vec<(String, Option<&When>)> = vec![("/eligible".to_owned(), self.eligible.as_ref())];
        for (s, step) in self.steps.iter().enumerate() {
            match step {
                Step::Discount(discount) => {
                    for (l, line) in discount.lines.iter().enumerate() {
                        all.push((format!("/steps/{s}/discount/lines/{l}/when"), line.when.as_ref()));
                    }
                }
                Step::Group(group) => {
                    let at = format!("/steps/{s}/group");
                    all.push((format!("{at}/when"), group.when.as_ref()));
                    push_shares(&mut all, &at, &group.funders);
                    for (l, line) in group.lines.iter().enumerate() {
                        let at = format!("{at}/lines/{l}");
                        all.push((format!("{at}/when"), line.when.as_ref()));
                        push_shares(&mut all, &at, &line.funders);
                    }
                }
            }
        }
        for (o, rule) in self.operator.iter().enumerate() {
            all.push((format!("/operator/{o}/when"), rule.when.as_ref()));
        }
        all.into_iter().filter_map(|(at, when)| when.map(|w| (at, w))).collect()
    }
}

fn push_shares<'a>(all: &mut Vec<(String, Option<&'a When>)>, at: &str, shares: &'a [Share]) {
    for (n, share) in shares.iter().enumerate() {
        all.push((format!("{at}/funders/{n}/when"), share.when.as_ref()));
    }
}
