//! Seniors as clients see them: masked, but for what somebody asked for with a reason.

use super::bodies::DietBody;
use crate::words::{CanteenIdText, FactIdText, SeniorIdText, SeniorStateWord};
use app::seniors::read::Revealed;
use app::seniors::{AddressState, SeniorDetail, SeniorView as Seen};
use app::store::query::seniors::{FactRow, SeniorState};
use domain::id::{CanteenId, FactId, SeniorId};
use domain::{Instant, ServiceDate};
use serde::Serialize;
use utoipa::ToSchema;

/// What is known of where to bring a meal.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressWord {
    /// Nothing.
    Missing,
    /// Written down, without coordinates.
    Unplaced,
    /// With coordinates.
    Placed,
}

/// A senior, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeniorView {
    /// Its identifier.
    #[schema(value_type = SeniorIdText)]
    pub id: SeniorId,
    /// In full for who orders for or looks after the senior, else `张*`.
    pub name: String,
    /// `110***********1234`
    pub identity_number: String,
    /// From the identity number.
    #[schema(value_type = String, format = Date)]
    pub birth_on: ServiceDate,
    /// `138****1234`
    pub phone: Option<String>,
    /// 户籍地
    pub registered_place: String,
    /// 居住地
    pub resident_place: String,
    /// Whether there is an address, and whether it is placed on the map.
    pub address: AddressWord,
    /// Whether there is a note on health.
    pub has_health_note: bool,
    /// Whether there is a meal card.
    pub has_card: bool,
    /// Whether the senior signs in themselves.
    pub signs_in: bool,
    /// Where the senior usually eats.
    #[schema(value_type = Option<CanteenIdText>)]
    pub home_canteen: Option<CanteenId>,
    /// First day without meals.
    #[schema(value_type = Option<String>, format = Date)]
    pub paused_from: Option<ServiceDate>,
    /// Last day without meals.
    #[schema(value_type = Option<String>, format = Date)]
    pub paused_to: Option<ServiceDate>,
    /// Whether the senior takes part.
    #[schema(value_type = SeniorStateWord)]
    pub state: SeniorState,
    /// Counts changes; the ETag.
    pub version: i64,
}

impl From<Seen> for SeniorView {
    fn from(seen: Seen) -> Self {
        let row = seen.row;
        Self {
            id: row.id.0,
            name: seen.name,
            identity_number: seen.identity_number,
            birth_on: row.birth_on.0,
            phone: seen.phone,
            registered_place: row.registered_place.0.to_string(),
            resident_place: row.resident_place.0.to_string(),
            address: match seen.address {
                AddressState::Missing => AddressWord::Missing,
                AddressState::Unplaced => AddressWord::Unplaced,
                AddressState::Placed => AddressWord::Placed,
            },
            has_health_note: seen.has_health_note,
            has_card: row.card_bix.is_some(),
            signs_in: row.user_id.is_some(),
            home_canteen: row.home_canteen_id.map(|c| c.0),
            paused_from: row.paused_from.map(|d| d.0),
            paused_to: row.paused_to.map(|d| d.0),
            state: row.state.0,
            version: row.version,
        }
    }
}

/// A dated fact.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactView {
    /// Its identifier.
    #[schema(value_type = FactIdText)]
    pub id: FactId,
    /// What it is about.
    pub kind: String,
    /// What it says.
    pub value: String,
    /// First day it holds.
    #[schema(value_type = String, format = Date)]
    pub valid_from: ServiceDate,
    /// Last day it holds, inclusive.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_to: Option<ServiceDate>,
    /// Who says so.
    pub source: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Instant,
}

impl From<FactRow> for FactView {
    fn from(row: FactRow) -> Self {
        Self {
            id: row.id.0,
            kind: row.kind,
            value: row.value,
            valid_from: row.valid_from.0,
            valid_to: row.valid_to.map(|d| d.0),
            source: row.source,
            recorded_at: row.recorded_at.0,
        }
    }
}

/// A senior with facts and diet.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeniorDetailView {
    /// The senior.
    #[serde(flatten)]
    pub senior: SeniorView,
    /// Facts, oldest first; not for family.
    pub facts: Vec<FactView>,
    /// The diet.
    pub diet: DietBody,
}

impl From<SeniorDetail> for SeniorDetailView {
    fn from(detail: SeniorDetail) -> Self {
        Self {
            senior: detail.senior.into(),
            facts: detail.facts.into_iter().map(FactView::from).collect(),
            diet: detail.diet.into(),
        }
    }
}

/// An address in the clear.
#[derive(Serialize, ToSchema)]
pub struct ClearAddress {
    /// Street, number, floor and door.
    pub detail: String,
    /// East, WGS-84, in 1e-7 degrees.
    pub longitude_e7: Option<i64>,
    /// North, WGS-84, in 1e-7 degrees.
    pub latitude_e7: Option<i64>,
}

/// What was asked for, in the clear; null when there is none or it was not asked for.
#[derive(Serialize, ToSchema)]
pub struct RevealedView {
    /// The name.
    pub name: Option<String>,
    /// The identity number.
    pub identity_number: Option<String>,
    /// The phone.
    pub phone: Option<String>,
    /// The address.
    pub address: Option<ClearAddress>,
    /// The note on health.
    pub health_note: Option<String>,
}

impl From<Revealed> for RevealedView {
    fn from(shown: Revealed) -> Self {
        let clear = domain::Sensitive::into_inner;
        Self {
            name: shown.name.map(clear),
            identity_number: shown.identity_number.map(clear),
            phone: shown.phone.map(clear),
            address: shown.address.map(domain::Sensitive::into_inner).map(|a| ClearAddress {
                detail: a.detail,
                longitude_e7: a.lon_e7,
                latitude_e7: a.lat_e7,
            }),
            health_note: shown.health_note.map(clear),
        }
    }
}
