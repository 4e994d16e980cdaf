//! The limits of a place: what holds on a day, and what the place has set for itself from a day on.

use super::{AnomalyRefusal as Refusal, SETTINGS_MAX, rules_at};
use crate::App;
use crate::audit;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::signer;
use crate::ingredients::rules::RuleShelf;
use domain::access::{Action, Actor, Where};
use domain::anomaly::limits::KEYS;
use domain::audit::AuditAction;
use domain::food_safety::{Setting, SettingKey};
use domain::{PlaceCode, ServiceDate};
use serde_json::json;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::anomalies::{self, SettingRow};
use store::query::users;
use store::{LaneKey, StoreError};

/// A limit that a place sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSetting {
    /// Which; one of [`KEYS`].
    pub key: SettingKey,
    /// The number, within [`accepted`](domain::anomaly::limits::accepted); without one what the wider place has holds again.
    pub value: Option<i64>,
    /// Why.
    pub reason: String,
}

/// What holds at a place on a day, and what the place has set for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceSettings {
    /// The day.
    pub on: ServiceDate,
    /// What holds, in the order of [`KEYS`].
    pub in_force: Vec<Setting>,
    /// The place's own entries, past and to come, the latest beginning first.
    pub own: Vec<SettingRow>,
}

fn at(conn: &mut AnyConnection, shelf: &RuleShelf, place: &PlaceCode, on: ServiceDate) -> Result<PlaceSettings, StoreError> {
    let rules = rules_at(conn, shelf, place, on)?;
    let in_force = KEYS.iter().filter_map(|key| rules.setting(*key).cloned()).collect();
    Ok(PlaceSettings { on, in_force, own: anomalies::settings_of(conn, std::slice::from_ref(place), SETTINGS_MAX)? })
}

/// Asks for a right over a place that is known.
fn permit<R>(conn: &mut AnyConnection, actor: &Actor, action: Action, place: &PlaceCode) -> Outcome<(), R> {
    let here = Where { place, canteen: None };
    if !actor.may(Action::SeeAnomalies, here) || !users::place_exists(conn, place)? {
        return Err(Failure::NotFound(Thing::Place));
    }
    if actor.may(action, here) { Ok(()) } else { Err(Failure::Forbidden) }
}

/// What holds at a place; today when no day is given.
pub async fn find(app: &App, actor: Arc<Actor>, place: PlaceCode, on: Option<ServiceDate>) -> Outcome<PlaceSettings, Refusal> {
    let (shelf, on) = (app.food_safety.clone(), on.unwrap_or_else(|| app.clock.now().civil_date()));
    app.store
        .read("anomaly_settings", move |conn| {
            permit(conn, &actor, Action::SeeAnomalies, &place)?;
            Ok(at(conn, &shelf, &place, on)?)
        })
        .await
}

/// Sets limits of a place from a day on, today at the earliest; what holds from then on. What was set for that same day is replaced.
pub async fn put(
    app: &App,
    actor: Arc<Actor>,
    place: PlaceCode,
    from: ServiceDate,
    items: Vec<NewSetting>,
) -> Outcome<PlaceSettings, Refusal> {
    let shelf = app.food_safety.clone();
    app.store
        .write(LaneKey::SHARED, "set_anomaly_settings", move |tx| {
            permit(tx.look(), &actor, Action::TuneAnomalies, &place)?;
            let by = signer(&actor)?;
            let near = |of: &PlaceCode| of.contains(&place) || place.contains(of);
            if actor.grants.iter().any(|grant| grant.canteen.is_some() && near(&grant.place)) {
                return Err(Failure::Refused(Refusal::OwnCanteen));
            }
            let now = tx.now();
            if from < now.civil_date() {
                return Err(Failure::Refused(Refusal::InThePast(now.civil_date())));
            }
            for item in &items {
                let row = SettingRow {
                    id: Col(tx.new_id()),
                    place_code: Col(place.clone()),
                    key: Word(item.key),
                    from_on: Col(from),
                    value: item.value,
                    reason: item.reason.trim().to_owned(),
                    set_by: Col(by),
                    set_at: Col(now),
                };
                anomalies::set(tx.change(), &row)?;
            }
            let told: Vec<_> = items.iter().map(|i| json!({ "key": i.key, "value": i.value, "reason": i.reason })).collect();
            let detail = json!({ "from": from, "items": told });
            audit::record(tx, &actor, AuditAction::AnomalyTuned, &place, Some(&place), &detail);
            Ok(at(tx.look(), &shelf, &place, from)?)
        })
        .await
}
