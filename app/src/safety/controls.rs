//! 日管控, 周排查, 月调度: the risk list of a period, and the signature under it.

use super::SafetyRefusal as Refusal;
use super::facts::{self, Period};
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use crate::ingredients::rules::RuleShelf;
use domain::access::{Action, Actor};
use domain::food_safety::observation::keep_until;
use domain::food_safety::risk::{ControlItem, ControlKind, Risk, answered, risks};
use domain::id::{CanteenId, ControlId, UserId};
use domain::{Instant, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::safety::{self, ControlRow};
use store::{LaneKey, StoreError};

/// A control as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which control.
    pub kind: ControlKind,
    /// Any day of its period.
    pub day: ServiceDate,
    /// What was done, by the key of each risk.
    pub measures: Vec<(String, String)>,
    /// What follows from it all.
    pub conclusion: String,
    /// Why it corrects what was signed before; absent for the first.
    pub correction: Option<String>,
}

/// A signed control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlView {
    /// Which record.
    pub control: ControlId,
    /// Which control.
    pub kind: ControlKind,
    /// The first day of its period.
    pub first_on: ServiceDate,
    /// The last day.
    pub last_on: ServiceDate,
    /// The risks of then, with what was done about each.
    pub items: Vec<ControlItem>,
    /// What followed from it all.
    pub conclusion: String,
    /// When it was signed.
    pub signed_at: Instant,
    /// By whom.
    pub signed_by: UserId,
    /// The record that it corrects.
    pub corrects: Option<ControlId>,
    /// Why.
    pub reason: String,
    /// Until when it must be kept.
    pub keep_until: ServiceDate,
}

/// The risk list of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskList {
    /// Which control asks.
    pub kind: ControlKind,
    /// The first day of its period.
    pub first_on: ServiceDate,
    /// The last day.
    pub last_on: ServiceDate,
    /// What somebody must look at, now.
    pub risks: Vec<Risk>,
    /// What was signed already, the last first.
    pub signed: Vec<ControlId>,
}

/// The risk list of the period that a day lies in, as it is now.
pub async fn look(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    kind: ControlKind,
    day: ServiceDate,
) -> Outcome<RiskList, Refusal> {
    let (shelf, now) = (app.food_safety.clone(), app.clock.now());
    app.store
        .read("risks", move |conn| {
            let place = canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?.place_code.0;
            let (first_on, last_on) = kind.period(day);
            let risks = listed(conn, &shelf, &place, (canteen, kind, day), now)?;
            let signed = safety::controls_of(conn, canteen, kind, first_on)?.iter().rev().map(|row| row.id.0).collect();
            Ok(RiskList { kind, first_on, last_on, risks, signed })
        })
        .await
}

fn listed(
    conn: &mut AnyConnection,
    shelf: &RuleShelf,
    place: &PlaceCode,
    (canteen, kind, day): (CanteenId, ControlKind, ServiceDate),
    now: Instant,
) -> Outcome<Vec<Risk>, Refusal> {
    let days = kind.period(day);
    if days.0 > now.civil_date() {
        return Err(Failure::Refused(Refusal::NotYet));
    }
    let rules = shelf.in_force(place, days.1.min(now.civil_date()))?;
    let facts = facts::of(conn, &Period { canteen, kind, days, now, rules: &rules })?;
    Ok(risks(&facts, &rules))
}

/// Signs a control. The list is made anew under the canteen's lock: who signs answers for what is there at that instant, each risk with
/// a measure. A period is signed once; a later signature corrects the one before and says why.
pub async fn sign(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    signature: Signature,
) -> Outcome<ControlView, Refusal> {
    let shelf = app.food_safety.clone();
    app.store
        .write(LaneKey::of(canteen), "sign_control", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let place = canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?.place_code.0;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen)?;
            let now = tx.now();
            let (kind, day) = (signature.kind, signature.day);
            let (first_on, last_on) = kind.period(day);
            let found = listed(tx.look(), &shelf, &place, (canteen, kind, day), now)?;
            let before = safety::controls_of(tx.look(), canteen, kind, first_on)?.pop();
            let reason = signature.correction.as_deref().map(str::trim).unwrap_or_default();
            match (&before, reason.is_empty()) {
                (Some(_), true) => return Err(Failure::Refused(Refusal::SignedAlready)),
                (None, false) => return Err(Failure::NotFound(Thing::Control)),
                (Some(_), false) | (None, true) => {}
            }
            let items = answered(found, &signature.measures).map_err(|differs| Failure::Refused(Refusal::List(differs)))?;
            let rules = shelf.in_force(&place, now.civil_date())?;
            let row = ControlRow {
                id: Col(tx.new_id()),
                canteen_id: Col(canteen),
                kind: Word(kind),
                first_on: Col(first_on),
                last_on: Col(last_on),
                items: serde_json::to_string(&items).map_err(|e| StoreError::Database(format!("risks: {e}")))?,
                conclusion: signature.conclusion.clone(),
                signed_at: Col(now),
                signed_by: Col(by),
                corrects_id: before.map(|row| row.id),
                reason: reason.to_owned(),
                keep_until: Col(keep_until(last_on, &rules)),
            };
            safety::add_control(tx.change(), &row)?;
            let answer = view_of(row)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

pub(super) fn view_of(row: ControlRow) -> Result<ControlView, StoreError> {
    Ok(ControlView {
        control: row.id.0,
        kind: row.kind.0,
        first_on: row.first_on.0,
        last_on: row.last_on.0,
        items: serde_json::from_str(&row.items).map_err(|e| StoreError::Database(format!("risks: {e}")))?,
        conclusion: row.conclusion,
        signed_at: row.signed_at.0,
        signed_by: row.signed_by.0,
        corrects: row.corrects_id.map(|id| id.0),
        reason: row.reason,
        keep_until: row.keep_until.0,
    })
}

/// A canteen's signed controls, newest first, a page of them.
pub async fn list(
    app: &App,
    actor: Arc<Actor>,
    canteen: CanteenId,
    before: Option<ControlId>,
    limit: i64,
) -> Outcome<Vec<ControlView>, Refusal> {
    app.store
        .read("controls", move |conn| {
            canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?;
            let rows = safety::controls(conn, canteen, before, limit)?;
            rows.into_iter().map(|row| view_of(row).map_err(Failure::from)).collect()
        })
        .await
}
