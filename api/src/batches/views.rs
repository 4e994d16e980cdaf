//! What clients send and see of batches.

use super::portions::WasteView;
use crate::lots::ProposalView;
use crate::trace::views::RetainedView;
use crate::words::{
    BatchIdText, BatchStateWord, DishIdText, HoldingWord, IngredientIdText, IssueIdText, LotIdText, OrderIdText, SittingIdText,
    UserIdText,
};
use app::batches::view;
use domain::batch::{BatchState, Gap};
use domain::food_safety::{DeciCelsius, Holding};
use domain::id::{BatchId, DishId, IngredientId, IssueId, LotId, OrderId, SittingId, UserId};
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// So much of a lot in a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueView {
    /// Which record.
    #[schema(value_type = IssueIdText)]
    pub id: IssueId,
    /// Which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// How much, in the lot's unit; a correction may be negative.
    pub amount: i64,
    /// The record that it corrects.
    #[schema(value_type = Option<IssueIdText>)]
    pub corrects: Option<IssueId>,
    /// Why it was corrected.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
}

/// What is missing for a release.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapView {
    /// For programs.
    #[schema(value_type = Object)]
    pub gap: Gap,
    /// As the cook reads it.
    pub message: String,
}

impl From<Gap> for GapView {
    fn from(gap: Gap) -> Self {
        Self { message: gap.message_zh(), gap }
    }
}

/// A batch of a dish.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// Its identifier.
    #[schema(value_type = BatchIdText)]
    pub id: BatchId,
    /// For which sitting.
    #[schema(value_type = SittingIdText)]
    pub sitting: SittingId,
    /// Of which dish.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// The dish's name.
    pub dish_name: String,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub service_date: ServiceDate,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// Where it stands.
    #[schema(value_type = BatchStateWord)]
    pub state: BatchState,
    /// Planned portions.
    pub planned_portions: i64,
    /// Portions that it really came to; null while nobody has counted.
    pub made_portions: Option<i64>,
    /// Portions of it that are not eaten.
    pub waste: Vec<WasteView>,
    /// How it is kept.
    #[schema(value_type = HoldingWord)]
    pub holding: Holding,
    /// Who cooked it.
    #[schema(value_type = Option<UserIdText>)]
    pub cook: Option<UserId>,
    /// The last core temperature, tenths of a degree Celsius.
    #[schema(value_type = Option<i64>)]
    pub core_temperature_decicelsius: Option<DeciCelsius>,
    /// When it was taken off the stove: the clock of its holding time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cooked_at: Option<Instant>,
    /// When it passed the gate.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub released_at: Option<Instant>,
    /// Until when it may be handed over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub hand_over_by: Option<Instant>,
    /// Whether it passed the gate by an override.
    pub overridden: bool,
    /// Counts changes.
    pub version: i64,
    /// What went into it.
    pub issues: Vec<IssueView>,
    /// Its retained samples.
    pub samples: Vec<RetainedView>,
    /// What is missing for a release now.
    pub gaps: Vec<GapView>,
}

impl From<view::BatchView> for BatchView {
    fn from(b: view::BatchView) -> Self {
        let issue = |i: view::IssueView| IssueView {
            id: i.issue,
            lot: i.lot,
            amount: i.amount,
            corrects: i.corrects,
            reason: i.reason,
            at: i.at,
        };
        Self {
            id: b.batch,
            sitting: b.sitting,
            dish: b.dish,
            dish_name: b.dish_name,
            service_date: b.service_date,
            batch_no: b.batch_no,
            state: b.state,
            planned_portions: b.planned_portions,
            made_portions: b.made_portions,
            waste: b.wastes.into_iter().map(WasteView::from).collect(),
            holding: b.holding,
            cook: b.cook,
            core_temperature_decicelsius: b.core_temperature,
            cooked_at: b.cooked_at,
            released_at: b.released_at,
            hand_over_by: b.hand_over_by,
            overridden: b.overridden,
            version: b.version,
            issues: b.issues.into_iter().map(issue).collect(),
            samples: b.samples.into_iter().map(RetainedView::from).collect(),
            gaps: b.gaps.into_iter().map(GapView::from).collect(),
        }
    }
}

/// A batch as it is planned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// For which sitting.
    #[schema(value_type = SittingIdText)]
    pub sitting: SittingId,
    /// Of which dish of its menu.
    #[schema(value_type = DishIdText)]
    pub dish: DishId,
    /// How many portions.
    #[schema(minimum = 1, maximum = 100_000)]
    pub portions: i64,
    /// How it will be kept until it is eaten.
    #[schema(value_type = HoldingWord)]
    pub holding: Holding,
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DayQuery {
    /// The day; today when absent.
    #[param(value_type = Option<String>, format = Date)]
    pub date: Option<ServiceDate>,
}

/// A canteen's batches of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchesView {
    /// In the order in which they were planned.
    pub items: Vec<BatchView>,
}

/// A release against the gate.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverrideView {
    /// Which batch.
    #[schema(value_type = BatchIdText)]
    pub batch: BatchId,
    /// What was missing.
    pub gaps: Vec<GapView>,
    /// Why it was released all the same.
    pub reason: String,
    /// Who took it on themselves.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    #[serde(skip)]
    /// Its identifier.
    pub id: String,
}

/// What a batch needs of one ingredient, and which lots would cover it.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedView {
    /// Which ingredient.
    #[schema(value_type = IngredientIdText)]
    pub ingredient: IngredientId,
    /// Its name.
    pub name: String,
    /// By the recipe, for the planned portions, in milligrams.
    pub needed_mg: i64,
    /// Declared as used without a lot: nothing to issue.
    pub untraced: bool,
    /// What is still to be issued, first to expire first.
    pub proposal: ProposalView,
}

/// What a batch needs by its recipe.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedsView {
    /// Heaviest first.
    pub items: Vec<NeedView>,
}

/// So much of a lot, as weighed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotAmountBody {
    /// Which lot.
    #[schema(value_type = LotIdText)]
    pub lot: LotId,
    /// How much, in its unit.
    #[schema(minimum = 1)]
    pub amount: i64,
}

/// Lots to issue: all of them or none.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueBody {
    /// 1 to 200.
    pub lots: Vec<LotAmountBody>,
}

/// What was really weighed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// The right amount, in the lot's unit; 0 says that the lot never went in.
    #[schema(minimum = 0)]
    pub amount: i64,
    /// What was wrong.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// A dish that is done.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CookedBody {
    /// When it was taken off the stove.
    #[schema(value_type = String, format = DateTime)]
    pub cooked_at: Instant,
    /// Its core temperature, tenths of a degree Celsius; it can follow later, but the gate asks for it.
    #[schema(value_type = Option<i64>, example = 785)]
    pub core_temperature_decicelsius: Option<DeciCelsius>,
    /// Who cooked; absent is who sends this.
    #[schema(value_type = Option<UserIdText>)]
    pub cook: Option<UserId>,
    /// How many portions it came to, when that was counted already; it can follow later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100_000)]
    pub made_portions: Option<i64>,
}

/// A core temperature.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoreBody {
    /// Tenths of a degree Celsius.
    #[schema(value_type = i64, example = 785)]
    pub core_temperature_decicelsius: DeciCelsius,
    /// When it was measured.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Instant,
}

/// A retained sample.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleBody {
    /// Milligrams.
    #[schema(minimum = 1, example = 125_000)]
    pub amount_mg: i64,
    /// In which fridge.
    #[schema(max_length = 200)]
    pub fridge: String,
}

/// A release.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {
    /// Why it is released although something is missing; by somebody entitled, and shown to the inspector.
    #[schema(max_length = 200)]
    pub override_reason: Option<String>,
}

/// Orders that are packed from a batch.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackBody {
    /// 1 to 200 orders.
    #[schema(value_type = Vec<OrderIdText>)]
    pub orders: Vec<OrderId>,
}

/// How a batch ends.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndBatchBody {
    /// Whether what is left was thrown away; otherwise it was served out.
    pub discarded: bool,
}
