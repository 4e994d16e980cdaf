//! Subsidies to canteens: per grant, per meal, per delivery, per year by grade, by volume, once by area or cost.

use super::compile::Compiled;
use super::conventions::Conventions;
use super::decide::divide;
use super::document::{Ratio, Share};
use super::limit::Per;
use super::name::Name;
use super::when::When;
use crate::Fen;
use serde::{Deserialize, Serialize};

/// One rule that pays canteens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRule {
    /// The identifier.
    pub id: Name,
    /// The name on claims.
    pub name: String,
    /// For which meals; only for rules per meal. Absent means every meal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// What is paid.
    pub pays: OperatorPay,
    /// Who pays.
    pub funders: Vec<Share>,
    /// The most a canteen gets by this rule. Period rules are cut here; what rules per meal add up to is cut at the period's
    /// freeze with [`OperatorRule::payable`], because no single meal knows the canteen's sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<OperatorCap>,
    /// What inspection results leave of it; a result not named leaves all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inspection: Vec<InspectionEffect>,
}

/// The most a canteen gets over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorCap {
    /// Over what.
    pub per: Per,
    /// So many fen.
    pub fen: i64,
}

impl OperatorRule {
    /// What of `due` may be paid when the span of the cap has already seen `paid`.
    #[must_use]
    pub fn payable(&self, paid: Fen, due: Fen) -> Fen {
        self.cap.map_or(due, |cap| Fen(due.0.min(cap.fen.saturating_sub(paid.0)).max(0)))
    }
}

/// What a rule pays. Written as a map with one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorPay {
    /// Per meal with a grant to the senior, in fen.
    PerGrantFen(i64),
    /// Per meal eaten by someone `when` describes, in fen.
    PerMealFen(i64),
    /// Per delivered meal, in fen.
    PerDeliveryFen(i64),
    /// Per year, by the canteen's star or grade at the year's end.
    PerYear(Vec<GradeStep>),
    /// Per period, by the number of meals.
    ByVolume(Vec<VolumeStep>),
    /// Once, by floor area.
    OnceByArea(Vec<AreaStep>),
    /// Once, a part of the cost.
    OnceByCost(CostShare),
    /// Once, by type or grade.
    OnceByGrade(Vec<GradeStep>),
}

/// An amount for a star or grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeStep {
    /// The grade; absent means any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Name>,
    /// The amount.
    pub fen: i64,
}

/// An amount from a number of meals on, in all or per day of opening; the highest step reached counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeStep {
    /// Meals at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_meals: Option<u32>,
    /// Meals per day of opening at least, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_daily: Option<u32>,
    /// A lump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fen: Option<i64>,
    /// For each of the period's meals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_meal_fen: Option<i64>,
}

/// An amount from a floor area on; the highest step reached counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaStep {
    /// Square metres at least.
    pub from_m2: u32,
    /// The amount.
    pub fen: i64,
}

/// A part of the cost with a cap, which may hang on the type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostShare {
    /// The part.
    pub part: Ratio,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_fen: Option<i64>,
    /// At most, by type or grade; wins over `cap_fen`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_by_grade: Vec<GradeStep>,
}

/// What a result of an inspection leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectionEffect {
    /// The result.
    pub result: Name,
    /// The part still paid; 0/1 stops it.
    pub keep: Ratio,
}

/// What a canteen did in a period: the input of rules that pay by period or once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanteenPeriod {
    /// Star, grade or type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Name>,
    /// Meals served with evidence.
    #[serde(default)]
    pub meals: u32,
    /// Days of opening.
    #[serde(default)]
    pub days_open: u32,
    /// Floor area.
    #[serde(default)]
    pub area_m2: u32,
    /// Proven cost.
    #[serde(default)]
    pub cost_fen: Fen,
    /// Result of the inspection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Name>,
}

/// What an inspection result leaves of an amount.
pub(super) fn after_inspection(fen: i64, rule: &OperatorRule, result: Option<&Name>, conventions: &Conventions) -> i64 {
    let effect = result.and_then(|r| rule.inspection.iter().find(|i| i.result == *r));
    effect.map_or(fen, |e| {
        let left = Fen(fen).mul_ratio(e.keep.numerator, e.keep.denominator, conventions.rounding);
        left.map_or(0, |f| f.0.clamp(0, fen.max(0)))
    })
}

/// What a rule that pays by period or once comes to for a canteen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// The rule.
    pub rule: Name,
    /// How much in all.
    pub fen: Fen,
    /// Of whom: funders in the order of the rule.
    pub by_funder: Vec<(Name, Fen)>,
    /// The amount before the inspection's effect.
    pub before_inspection: Fen,
}

/// What every rule that pays by period or once comes to; rules per meal are part of each meal's decision.
///
/// Which period a rule belongs to (a year, a month of volume, once) is the caller's: it passes that period's figures.
#[must_use]
pub fn period(version: &Compiled, canteen: &CanteenPeriod) -> Vec<Award> {
    let conventions = version.conventions();
    let award = |rule: &OperatorRule| {
        let gross = gross(&rule.pays, canteen, conventions)?;
        let kept = after_inspection(gross, rule, canteen.inspection.as_ref(), conventions);
        let fen = rule.payable(Fen::ZERO, Fen(kept)).0;
        let parts = divide(fen, &rule.funders);
        let by_funder: Vec<(Name, Fen)> = rule.funders.iter().map(|s| s.funder.clone()).zip(parts.into_iter().map(Fen)).collect();
        let fen = Fen(by_funder.iter().map(|(_, f)| f.0).sum());
        Some(Award { rule: rule.id.clone(), fen, by_funder, before_inspection: Fen(gross) })
    };
    version.document().operator.iter().filter_map(award).collect()
}

impl VolumeStep {
    fn reached(&self, canteen: &CanteenPeriod) -> bool {
        let daily =
            |least: u32| canteen.days_open > 0 && u64::from(canteen.meals) >= u64::from(least) * u64::from(canteen.days_open);
        self.from_meals.is_none_or(|least| canteen.meals >= least) && self.from_daily.is_none_or(daily)
    }
}

fn gross(pays: &OperatorPay, canteen: &CanteenPeriod, conventions: &Conventions) -> Option<i64> {
    match pays {
        OperatorPay::PerGrantFen(_) | OperatorPay::PerMealFen(_) | OperatorPay::PerDeliveryFen(_) => None,
        OperatorPay::PerYear(steps) | OperatorPay::OnceByGrade(steps) => by_grade(steps, canteen),
        OperatorPay::ByVolume(steps) => {
            let step = steps.iter().filter(|s| s.reached(canteen)).max_by_key(|s| (s.from_daily, s.from_meals))?;
            let each = step.per_meal_fen.unwrap_or(0).saturating_mul(i64::from(canteen.meals));
            Some(step.fen.unwrap_or(0).saturating_add(each))
        }
        OperatorPay::OnceByArea(steps) => {
            steps.iter().filter(|s| s.from_m2 <= canteen.area_m2).max_by_key(|s| s.from_m2).map(|s| s.fen)
        }
        OperatorPay::OnceByCost(share) => {
            let part = canteen.cost_fen.mul_ratio(share.part.numerator, share.part.denominator, conventions.rounding).ok()?;
            let cap = by_grade(&share.cap_by_grade, canteen).or(share.cap_fen);
            Some(part.0.max(0).min(cap.unwrap_or(i64::MAX)))
        }
    }
}

fn by_grade(steps: &[GradeStep], canteen: &CanteenPeriod) -> Option<i64> {
    let exact = steps.iter().find(|s| s.grade.is_some() && s.grade == canteen.grade);
    exact.or_else(|| steps.iter().find(|s| s.grade.is_none())).map(|s| s.fen)
}
