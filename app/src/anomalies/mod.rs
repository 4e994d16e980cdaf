//! Anomalies (疑点): a finished day is searched for served meals that do not fit; what is found is a case with its evidence, which
//! somebody over the canteen's place closes. The rules are in `domain::anomaly`; a case stops no payment.

mod act;
mod day;
mod facts;
mod keep;
pub mod look;
mod month;
pub mod settings;
pub mod sweep;

pub use act::{close, take};

use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::rules::RuleShelf;
use domain::access::{Action, Actor, Where};
use domain::anomaly::CaseRejection;
use domain::anomaly::limits::{OwnSetting, entries};
use domain::food_safety::Rules;
use domain::id::AnomalyCaseId;
use domain::order::RedemptionState;
use domain::{Instant, PlaceCode, ServiceDate};
use store::conn::AnyConnection;
use store::query::anomalies::{self, AnomalyRow, SettingRow};
use store::query::rows::OrderRow;
use store::{StoreError, Tx};

/// Why something about a case or a limit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnomalyRefusal {
    /// The case's state, or who asks.
    Case(CaseRejection),
    /// Limits are set from this day on at the earliest: a day is judged by what held on it.
    InThePast(ServiceDate),
    /// Somebody who works for a canteen of the place sets no limits for it.
    OwnCanteen,
}

/// Entries of limits that are looked at for one place and those around it: 22 limits, five levels, and some ninety changes of each.
const SETTINGS_MAX: i64 = 10_000;

fn own(row: SettingRow) -> OwnSetting {
    OwnSetting { place: row.place_code.0, key: row.key.0, from: row.from_on.0, value: row.value, reason: row.reason }
}

/// What holds at a place on a day.
fn rules_at(conn: &mut AnyConnection, shelf: &RuleShelf, place: &PlaceCode, on: ServiceDate) -> Result<Rules, StoreError> {
    let own: Vec<OwnSetting> = anomalies::settings_of(conn, &place.chain(), SETTINGS_MAX)?.into_iter().map(self::own).collect();
    Ok(shelf.book()?.with(entries(&own)).in_force(place, on))
}

/// Notes, with the evidence itself, that a day has to be looked at again: it is over, and may have been looked at.
pub(crate) fn note_late(tx: &mut Tx<'_>, order: &OrderRow, state: RedemptionState, now: Instant) -> Result<(), StoreError> {
    if state == RedemptionState::Accepted && order.service_date.0 < now.civil_date() {
        anomalies::note_late(tx.change(), order.service_date.0, order.canteen_id.0)?;
    }
    Ok(())
}

/// A case that the actor sees: by a right over any canteen that it concerns.
fn case_for<R>(conn: &mut AnyConnection, actor: &Actor, id: AnomalyCaseId) -> Outcome<AnomalyRow, R> {
    let hidden = || Failure::NotFound(Thing::AnomalyCase);
    let row = anomalies::find(conn, id)?.ok_or_else(hidden)?;
    let concerned = anomalies::concerned(conn, id)?;
    let sees = concerned
        .iter()
        .any(|at| actor.may(Action::SeeAnomalies, Where { place: &at.place_code.0, canteen: Some(at.canteen_id.0) }));
    if sees { Ok(row) } else { Err(hidden()) }
}
