//! Settlements: freeze a canteen's period, review, approve, publish, pay, take the bank's answer, close.

pub mod answer;
pub mod file;
pub mod freeze;
pub mod look;
pub mod payee;
pub mod payout;
pub mod step;
pub mod suspense;

use crate::failure::{Failure, Outcome, Thing};
use domain::access::{Action, Actor, Where};
use domain::fault::Faults;
use domain::id::{CanteenId, SettlementId, UserId};
use domain::place::PlaceLevel;
use domain::settlement::payment::PaymentState;
use domain::settlement::{People, Period, SettlementRejection, SettlementState};
use domain::{Fen, Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::column::Col;
use store::query::settlements::{Settled, SettlementRow};

/// A settlement as lists and answers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementSummary {
    /// Its identifier.
    pub id: SettlementId,
    /// For `If-Match`.
    pub version: i64,
    /// Whose.
    pub canteen: CanteenId,
    /// The canteen's code.
    pub code: String,
    /// The canteen's name.
    pub name: String,
    /// Who pays: `programme/funder@place`, or several by ratio.
    pub payer: String,
    /// Which period.
    pub period: Period,
    /// Where it stands.
    pub state: SettlementState,
    /// Lines.
    pub lines: i64,
    /// What they come to.
    pub fen: Fen,
    /// SHA-256 of the canonical list.
    pub hash: String,
    /// Who froze it.
    pub frozen_by: Option<UserId>,
    /// When.
    pub frozen_at: Instant,
    /// Who reviewed it.
    pub reviewed_by: Option<UserId>,
    /// When.
    pub reviewed_at: Option<Instant>,
    /// Who approved it.
    pub approved_by: Option<UserId>,
    /// When.
    pub approved_at: Option<Instant>,
    /// When it was published.
    pub published_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// Why it was withdrawn; empty otherwise.
    pub reason: String,
}

/// Why a command on settlements, payments or payees is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettlementRefusal {
    /// The period ends on this day, and is settled from the day after.
    NotOver(ServiceDate),
    /// The payer's settlements reach to this day already: periods are frozen in order and do not overlap.
    Settled {
        /// Whose.
        payer: String,
        /// The last day that is settled.
        until: ServiceDate,
    },
    /// Every line up to the period's end is in a settlement, but for so many that a person has to look at first.
    NothingToSettle {
        /// Meals of people who were recorded as dead on their date, and meals of which an open correction takes something back.
        held: u64,
        /// Lines that take more back than is owed.
        carried: u64,
    },
    /// So many lines are provisional until the workday calendar reaches their dates.
    Provisional(u64),
    /// The settlement's state, or who asks.
    Rejected(SettlementRejection),
    /// No payment of the place is due.
    NothingDue,
    /// Payments are due, and none of these canteens has a confirmed account.
    NoAccount(Vec<String>),
    /// Only a returned payment is issued again.
    NotReturned(PaymentState),
    /// The file of a bank's answer has these faults; nothing of it was taken.
    Faulty(Faults),
    /// The row was settled before.
    AlreadyResolved,
    /// The account has no successor to confirm, or was confirmed.
    AlreadyConfirmed,
}

impl SettlementSummary {
    fn of(settled: &Settled) -> Result<Self, StoreError> {
        let row = &settled.row;
        let period = Period::parse(&row.period).map_err(|e| StoreError::Database(format!("settlement {}: {e}", row.id.0)))?;
        Ok(Self {
            id: row.id.0,
            version: row.version,
            canteen: row.canteen_id.0,
            code: settled.code.clone(),
            name: settled.name.clone(),
            payer: row.payer.clone(),
            period,
            state: row.state.0,
            lines: row.line_count,
            fen: row.total_fen.0,
            hash: hex::encode(&row.list_hash),
            frozen_by: row.frozen_by.map(|Col(user)| user),
            frozen_at: row.frozen_at.0,
            reviewed_by: row.reviewed_by.map(|Col(user)| user),
            reviewed_at: row.reviewed_at.map(|Col(at)| at),
            approved_by: row.approved_by.map(|Col(user)| user),
            approved_at: row.approved_at.map(|Col(at)| at),
            published_at: row.published_at.map(|Col(at)| at),
            closed_at: row.closed_at.map(|Col(at)| at),
            reason: row.reason.clone(),
        })
    }
}

fn people(row: &SettlementRow) -> People {
    People {
        frozen_by: row.frozen_by.map(|Col(user)| user),
        reviewed_by: row.reviewed_by.map(|Col(user)| user),
        approved_by: row.approved_by.map(|Col(user)| user),
    }
}

/// Asks for a right over a canteen's settlements. Approval and the confirmation of an account are acts of the district, so a
/// right at the street does not reach them.
pub(crate) fn permit<R>(actor: &Actor, action: Action, canteen: CanteenId, place: &PlaceCode, hidden: Thing) -> Outcome<(), R> {
    let district = place.at_level(PlaceLevel::District);
    let at = match (action, &district) {
        (Action::ApproveSettlement, Some(district)) => Where { place: district, canteen: None },
        _ => Where { place, canteen: Some(canteen) },
    };
    if actor.may(action, at) {
        Ok(())
    } else if actor.may(Action::SeeClaims, Where { place, canteen: Some(canteen) }) {
        Err(Failure::Forbidden)
    } else {
        Err(Failure::NotFound(hidden))
    }
}

/// Asks for a right over everything at a place and below.
pub(crate) fn permit_place<R>(actor: &Actor, action: Action, place: &PlaceCode, hidden: Thing) -> Outcome<(), R> {
    let at = Where { place, canteen: None };
    if actor.may(action, at) {
        Ok(())
    } else if actor.may(Action::SeeClaims, at) {
        Err(Failure::Forbidden)
    } else {
        Err(Failure::NotFound(hidden))
    }
}
