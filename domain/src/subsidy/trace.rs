//! The answer and its explanation: stored with the order, shown to the senior and the officer, replayed byte for byte.

use super::facts::FactKind;
use super::limit::{Claim, Per};
use super::name::Name;
use super::when::When;
use crate::{Channel, Fen, MealPeriod, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one meal gets, from whom, and why.
///
/// `price + delivery_fee = discount + granted + self_pay`; `discounts` sum to `discount` and `legs` to `granted`;
/// `granted <= entitled`. The same input gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Service date.
    pub date: ServiceDate,
    /// Meal period.
    pub meal: MealPeriod,
    /// List price.
    pub price_fen: Fen,
    /// Delivery fee.
    pub delivery_fee_fen: Fen,
    /// Off the price by discounts.
    pub discount_fen: Fen,
    /// What the lines that applied add up to, before the bill or a money limit cut them.
    pub entitled_fen: Fen,
    /// What is actually granted.
    pub granted_fen: Fen,
    /// What the senior pays.
    pub self_pay_fen: Fen,
    /// Who bears the discounts.
    pub discounts: Vec<Leg>,
    /// Who pays the grant.
    pub legs: Vec<Leg>,
    /// What the canteen gets beside it.
    pub operator: Vec<Leg>,
    /// What the commit must take; see [`super::limit`].
    pub claims: Vec<Claim>,
    /// What needs a second look later.
    pub flags: Vec<Flag>,
    /// Programme by programme, in the order in which they acted.
    pub trace: Vec<ProgrammeTrace>,
}

impl Decision {
    /// What each funder bears, discounts included.
    #[must_use]
    pub fn by_funder(&self) -> BTreeMap<Name, Fen> {
        let mut sums: BTreeMap<Name, Fen> = BTreeMap::new();
        for leg in self.discounts.iter().chain(&self.legs) {
            let sum = sums.entry(leg.funder.clone()).or_default();
            *sum = Fen(sum.0.saturating_add(leg.fen.0));
        }
        sums
    }
}

/// One funder's money in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leg {
    /// The programme.
    pub programme: Name,
    /// The discount, line or operator rule.
    pub line: Name,
    /// The funder as declared in the document.
    pub funder: Name,
    /// Which place pays, for a funder found by level or bound to a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceCode>,
    /// How much.
    pub fen: Fen,
    /// A share by ratio: the ledger posts the line's sum to the programme's clearing account and splits the period's total
    /// once; this figure only shows where it will go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indicative: bool,
    /// The weight of a share by ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// What to reserve on the funder's budget: a share by ratio rounded up, else `fen`.
    pub reserve_fen: Fen,
    /// The funder whose exhausted budget this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<Name>,
}

/// What needs a second look later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The workday calendar does not reach the date: decide again when it does; settlement refuses until then.
    CalendarProvisional,
    /// The person is recorded as dead on the date: a claim goes to review, nothing is recovered automatically.
    Deceased,
    /// A budget that may not be overdrawn had not enough left for a share: it was lost, or a substitute took it.
    BudgetUsedUp {
        /// The programme.
        programme: Name,
        /// Whose.
        funder: Name,
        /// At which place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<PlaceCode>,
        /// What was left before this meal.
        left_fen: Fen,
    },
    /// A soft budget is overdrawn by this meal.
    BudgetOverdrawn {
        /// The programme.
        programme: Name,
        /// Whose.
        funder: Name,
        /// At which place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<PlaceCode>,
        /// What was left before this meal.
        left_fen: Fen,
    },
}

/// What one programme did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgrammeTrace {
    /// The programme.
    pub programme: Name,
    /// The version.
    pub version: Name,
    /// SHA-256 of the document's canonical JSON, in hexadecimal.
    pub hash: String,
    /// Whether it came to its lines.
    pub outcome: Outcome,
    /// The age it reckoned with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<u16>,
    /// The facts that made a condition hold or fail.
    pub facts: Vec<FactUse>,
    /// Before cuts.
    pub entitled_fen: Fen,
    /// After cuts.
    pub granted_fen: Fen,
    /// Every line, whether it applied or not.
    pub lines: Vec<LineTrace>,
}

/// Whether a programme came to its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The lines were evaluated.
    Evaluated,
    /// The person or meal is outside the programme.
    NotEligible(Failed),
    /// The person is recorded as dead since this date.
    Deceased(ServiceDate),
    /// Another programme on the same meal takes its place.
    Excluded {
        /// Which.
        by: Name,
    },
}

/// A fact used, with its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactUse {
    /// The record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Name>,
    /// Its kind.
    pub kind: FactKind,
    /// Its value.
    pub value: Name,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ServiceDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<ServiceDate>,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineTrace {
    /// The discount or group.
    pub step: Name,
    /// The line.
    pub line: Name,
    /// The result.
    pub result: LineResult,
    /// Shares that did not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostShare>,
}

/// A share that did not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostShare {
    /// Whose.
    pub funder: Name,
    /// How much.
    pub fen: Fen,
    /// Why; absent means that the funder's budget is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Failed>,
}

/// The result of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineResult {
    /// It reduced the price.
    Discounted {
        /// By so much.
        fen: Fen,
    },
    /// It granted.
    Granted {
        /// Before cuts.
        entitled: Fen,
        /// After cuts.
        granted: Fen,
        /// What cut it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<Cut>,
    },
    /// It did not apply.
    Refused(Refusal),
}

/// What cut a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// There was no more to pay.
    Price,
    /// The senior pays at least so much.
    MinSelfPay(Fen),
    /// A money limit.
    Limit {
        /// Which.
        limit: String,
        /// Over what.
        per: Per,
        /// Used before this meal.
        used_fen: Fen,
        /// Of so much.
        of_fen: Fen,
    },
}

/// Why a line did not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A condition failed.
    Condition(Failed),
    /// The condition of the whole group failed.
    GroupCondition(Failed),
    /// A limit by count is used up.
    LimitReached {
        /// Which.
        limit: String,
        /// Over what.
        per: Per,
        /// Used.
        used: u32,
        /// Of.
        of: u32,
    },
    /// A limit by amount is used up.
    LimitSpent {
        /// Which.
        limit: String,
        /// Over what.
        per: Per,
        /// Used.
        used_fen: Fen,
        /// Of.
        of_fen: Fen,
    },
    /// Too little was spent.
    BelowMinimum {
        /// Spent.
        spent: Fen,
        /// Needed.
        needed: Fen,
        /// Whether it must be exceeded.
        strict: bool,
    },
    /// Another line of the group grants more.
    NotBest {
        /// Which.
        line: Name,
        /// What this one would have granted.
        would: Fen,
    },
    /// An earlier line of the group decides.
    NotFirst {
        /// Which.
        line: Name,
    },
    /// The amount is nothing for this meal.
    NothingDue,
    /// Nothing is left to pay.
    NothingLeft,
    /// Every share was lost.
    SharesLost,
}

/// A condition that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failed {
    /// A test, and what was found instead.
    Test {
        /// The test.
        test: When,
        /// What was found.
        found: Found,
    },
    /// Something held that excludes.
    Excluded(When),
    /// None of several alternatives held.
    NoneOf(Vec<Failed>),
}

/// What a failed test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It is not known.
    Unknown,
    /// The age.
    Age(u16),
    /// No such fact.
    NoFact,
    /// The fact holds only since this day.
    FactSince(ServiceDate),
    /// The place.
    Place(PlaceCode),
    /// A name: product, grade.
    Name(Name),
    /// The meal period.
    Meal(MealPeriod),
    /// The channel.
    Channel(Channel),
    /// The date.
    Date(ServiceDate),
    /// The running number of the day's meals.
    Nth(u32),
    /// The price.
    Price(Fen),
}
