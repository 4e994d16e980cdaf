//! A batch as clients see it.

use domain::batch::{BatchState, Gap};
use domain::food_safety::{DeciCelsius, Holding};
use domain::id::{BatchId, BatchWasteId, CanteenId, DishId, IssueId, LotId, SampleId, SittingId, UserId};
use domain::portions::WasteReason;
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use store::query::batches::SampleRow;

/// An amount of a lot in a batch, in the lot's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueView {
    /// Which record.
    pub issue: IssueId,
    /// Which lot.
    pub lot: LotId,
    /// How much; a correction may be negative.
    pub amount: i64,
    /// The record that it corrects.
    pub corrects: Option<IssueId>,
    /// Why it was corrected.
    pub reason: String,
    /// When.
    pub at: Instant,
}

/// A core temperature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreView {
    /// Tenths of a degree Celsius.
    pub temperature: DeciCelsius,
    /// When it was measured.
    pub measured_at: Instant,
}

/// A retained sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleView {
    /// Which sample.
    pub sample: SampleId,
    /// Milligrams.
    pub amount_mg: i64,
    /// In which fridge.
    pub fridge: String,
    /// When it was taken.
    pub taken_at: Instant,
    /// Until when it must be kept.
    pub keep_until: Instant,
    /// When it was thrown away.
    pub disposed_at: Option<Instant>,
}

impl From<SampleRow> for SampleView {
    fn from(row: SampleRow) -> Self {
        Self {
            sample: row.id.0,
            amount_mg: row.amount_mg,
            fridge: row.fridge,
            taken_at: row.taken_at.0,
            keep_until: row.keep_until.0,
            disposed_at: row.disposed_at.map(|at| at.0),
        }
    }
}

/// Portions that are not eaten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasteView {
    /// Which record.
    pub waste: BatchWasteId,
    /// Why.
    pub reason: WasteReason,
    /// How many.
    pub portions: i64,
    /// What there is to say.
    pub words: String,
    /// When it was recorded.
    pub at: Instant,
}

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchView {
    /// Which batch.
    pub batch: BatchId,
    /// Where it is cooked.
    pub canteen: CanteenId,
    /// For which sitting.
    pub sitting: SittingId,
    /// Of which dish.
    pub dish: DishId,
    /// The dish's name.
    pub dish_name: String,
    /// The day.
    pub service_date: ServiceDate,
    /// Its number within sitting and dish.
    pub batch_no: i64,
    /// Where it stands.
    pub state: BatchState,
    /// Planned portions.
    pub planned_portions: i64,
    /// Portions that it really came to; absent while nobody has counted.
    #[serde(default)]
    pub made_portions: Option<i64>,
    /// Portions of it that are not eaten.
    #[serde(default)]
    pub wastes: Vec<WasteView>,
    /// How it is kept.
    pub holding: Holding,
    /// Who cooked it.
    pub cook: Option<UserId>,
    /// The last core temperature, tenths of a degree Celsius.
    pub core_temperature: Option<DeciCelsius>,
    /// When it was taken off the stove.
    pub cooked_at: Option<Instant>,
    /// When it passed the gate.
    pub released_at: Option<Instant>,
    /// Until when it may be handed over.
    pub hand_over_by: Option<Instant>,
    /// When it was served out or thrown away.
    pub ended_at: Option<Instant>,
    /// Counts changes.
    pub version: i64,
    /// What went into it.
    pub issues: Vec<IssueView>,
    /// Its core temperatures.
    pub cores: Vec<CoreView>,
    /// Its retained samples.
    pub samples: Vec<SampleView>,
    /// What is missing for a release now; empty for a batch that passed the gate.
    pub gaps: Vec<Gap>,
    /// Whether it passed the gate by an override.
    pub overridden: bool,
}
