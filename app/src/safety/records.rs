//! Morning checks, temperatures, disinfection, accompanying meals: written down by a named person, corrected by a further record.

use super::SafetyRefusal as Refusal;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::idempotency::RequestKey;
use crate::ingredients::access::{canteen_for, signer};
use domain::access::{Action, Actor};
use domain::batch::plausible_time;
use domain::food_safety::Rules;
use domain::food_safety::observation::{Finding, Observation, RecordKind, findings, keep_until};
use domain::id::{CanteenId, SafetyRecordId, UserId};
use domain::stock::PlaceKind;
use domain::{Instant, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::safety::{self, RecordRow};
use store::query::{batches, stores};
use store::{LaneKey, StoreError, Tx};

/// Records of one period looked at: a kitchen with more has sensors that post too often.
pub(super) const RECORDS_MAX: i64 = 20_000;

/// Something as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What was observed.
    pub observation: Observation,
    /// When.
    pub observed_at: Instant,
    /// Whatever else is to be said; may be empty.
    pub note: String,
    /// The record that this one corrects, and why.
    pub corrects: Option<(SafetyRecordId, String)>,
}

/// A safety record, with what is wrong by the settings of its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordView {
    /// Which record.
    pub record: SafetyRecordId,
    /// Of which day.
    pub service_date: ServiceDate,
    /// What was observed.
    pub observation: Observation,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Whatever else was said.
    pub note: String,
    /// When it was observed.
    pub observed_at: Instant,
    /// When it was written down.
    pub recorded_at: Instant,
    /// By whom.
    pub recorded_by: UserId,
    /// The record that it corrects.
    pub corrects: Option<SafetyRecordId>,
    /// Why it corrects.
    pub reason: String,
    /// Whether a later record corrects it.
    pub corrected: bool,
    /// Until when it must be kept.
    pub keep_until: ServiceDate,
}

/// Writes a record down.
pub async fn record(
    app: &App,
    actor: Arc<Actor>,
    key: RequestKey,
    canteen: CanteenId,
    draft: Draft,
) -> Outcome<RecordView, Refusal> {
    let shelf = app.food_safety.clone();
    app.store
        .write(LaneKey::of(canteen), "safety_record", move |tx| {
            if let Some(answer) = key.earlier_answer(tx)? {
                return Ok(answer);
            }
            let place = canteen_for(tx.look(), &actor, canteen, Action::KitchenRecords, Thing::Canteen(canteen))?.place_code.0;
            let by = signer(&actor)?;
            tx.lock_canteen(canteen)?;
            let now = tx.now();
            let (kind, on) = believable(tx, canteen, &draft, now)?;
            let rules = shelf.in_force(&place, on)?;
            let row = row(tx, canteen, by, &draft, on, &rules);
            safety::add_record(tx.change(), &row)?;
            let answer = view_of(row, kind, false, &rules)?;
            key.keep_answer(tx, &answer, now)?;
            Ok(answer)
        })
        .await
}

/// Checks what is written against what is known; the kind of its place, and the day that it is of.
fn believable(
    tx: &mut Tx<'_>,
    canteen: CanteenId,
    draft: &Draft,
    now: Instant,
) -> Outcome<(Option<PlaceKind>, ServiceDate), Refusal> {
    let (person, place) = draft.observation.subject();
    if person.map(|user| batches::is_user(tx.look(), user)).transpose()? == Some(false) {
        return Err(Failure::NotFound(Thing::User));
    }
    let mut kind = None;
    if let Some(id) = place {
        let row = stores::place(tx.look(), id)?.filter(|row| row.canteen_id.0 == canteen);
        let row = row.ok_or(Failure::NotFound(Thing::StoragePlace))?;
        // A correction may still be of a place that was ended meanwhile.
        if !draft.observation.fits(row.kind.0) || (row.ended_at.is_some() && draft.corrects.is_none()) {
            return Err(Failure::Refused(Refusal::PlaceDoesNotFit));
        }
        kind = Some(row.kind.0);
    }
    let measured = match draft.observation {
        Observation::Temperature { measured, .. } => Some(measured),
        Observation::Disinfection { measured, .. } => measured,
        Observation::MorningCheck { .. } | Observation::AccompanyingMeal { .. } => None,
    };
    if measured.is_some_and(|measured| !measured.is_plausible()) {
        return Err(Failure::Refused(Refusal::ImplausibleTemperature));
    }
    let Some((wrong, _)) = &draft.corrects else {
        return match plausible_time(draft.observed_at, now) {
            true => Ok((kind, draft.observed_at.civil_date())),
            false => Err(Failure::Refused(Refusal::ImplausibleTime)),
        };
    };
    let old = safety::record(tx.look(), *wrong)?.filter(|row| row.canteen_id.0 == canteen);
    let old = old.ok_or(Failure::NotFound(Thing::SafetyRecord))?;
    if !observation_of(&old)?.same_subject(&draft.observation) {
        return Err(Failure::Refused(Refusal::OtherSubject));
    }
    if safety::is_corrected(tx.look(), *wrong)? {
        return Err(Failure::Refused(Refusal::CorrectedAlready));
    }
    // However late an error is found, what is corrected happened on the day of the wrong record, and not in the future.
    if draft.observed_at.civil_date() != old.service_date.0 || draft.observed_at > now {
        return Err(Failure::Refused(Refusal::ImplausibleTime));
    }
    Ok((kind, old.service_date.0))
}

fn row(tx: &Tx<'_>, canteen: CanteenId, by: UserId, draft: &Draft, on: ServiceDate, rules: &Rules) -> RecordRow {
    let (person, place) = draft.observation.subject();
    let (fit, temp, minutes) = match draft.observation {
        Observation::MorningCheck { fit, .. } => (Some(fit), None, None),
        Observation::Temperature { measured, .. } => (None, Some(measured), None),
        Observation::Disinfection { measured, minutes, .. } => (None, measured, Some(minutes)),
        Observation::AccompanyingMeal { .. } => (None, None, None),
    };
    RecordRow {
        id: Col(tx.new_id()),
        canteen_id: Col(canteen),
        service_date: Col(on),
        kind: Word(draft.observation.kind()),
        person_id: person.map(Col),
        place_id: place.map(Col),
        fit,
        temp: temp.map(Col),
        minutes,
        note: draft.note.clone(),
        observed_at: Col(draft.observed_at),
        recorded_at: Col(tx.now()),
        recorded_by: Col(by),
        corrects_id: draft.corrects.as_ref().map(|(wrong, _)| Col(*wrong)),
        reason: draft.corrects.as_ref().map(|(_, reason)| reason.trim().to_owned()).unwrap_or_default(),
        keep_until: Col(keep_until(on, rules)),
    }
}

/// What a row says. The table's checks hold each kind to its columns.
pub(super) fn observation_of(row: &RecordRow) -> Result<Observation, StoreError> {
    let person = row.person_id.map(|user| user.0);
    let place = row.place_id.map(|place| place.0);
    let measured = row.temp.map(|temp| temp.0);
    let told = match row.kind.0 {
        RecordKind::MorningCheck => person.zip(row.fit).map(|(person, fit)| Observation::MorningCheck { person, fit }),
        RecordKind::Temperature => place.zip(measured).map(|(place, measured)| Observation::Temperature { place, measured }),
        RecordKind::Disinfection => {
            place.zip(row.minutes).map(|(place, minutes)| Observation::Disinfection { place, measured, minutes })
        }
        RecordKind::AccompanyingMeal => person.map(|person| Observation::AccompanyingMeal { person }),
    };
    told.ok_or_else(|| StoreError::Database(format!("safety record {}", row.id.0)))
}

/// The records that no later one of these corrects.
pub(crate) fn standing_records(mut rows: Vec<RecordRow>) -> Vec<RecordRow> {
    let wrong: BTreeSet<SafetyRecordId> = rows.iter().filter_map(|row| row.corrects_id.map(|id| id.0)).collect();
    rows.retain(|row| !wrong.contains(&row.id.0));
    rows
}

fn view_of(row: RecordRow, place: Option<PlaceKind>, corrected: bool, rules: &Rules) -> Result<RecordView, StoreError> {
    let observation = observation_of(&row)?;
    Ok(RecordView {
        record: row.id.0,
        service_date: row.service_date.0,
        observation,
        findings: findings(&observation, place, rules),
        note: row.note,
        observed_at: row.observed_at.0,
        recorded_at: row.recorded_at.0,
        recorded_by: row.recorded_by.0,
        corrects: row.corrects_id.map(|id| id.0),
        reason: row.reason,
        corrected,
        keep_until: row.keep_until.0,
    })
}

/// A canteen's safety records of a day, corrected ones and corrections too, in the order in which they were written.
pub async fn of_day(app: &App, actor: Arc<Actor>, canteen: CanteenId, on: ServiceDate) -> Outcome<Vec<RecordView>, Refusal> {
    let shelf = app.food_safety.clone();
    app.store
        .read("safety_records", move |conn| {
            let place = canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?.place_code.0;
            Ok(views(conn, canteen, on, &shelf.in_force(&place, on)?)?)
        })
        .await
}

fn views(conn: &mut AnyConnection, canteen: CanteenId, on: ServiceDate, rules: &Rules) -> Result<Vec<RecordView>, StoreError> {
    let places = stores::places(conn, canteen, crate::ingredients::places::PLACES_MAX)?;
    let rows = safety::records(conn, canteen, (on, on), RECORDS_MAX)?;
    let wrong: BTreeSet<SafetyRecordId> = rows.iter().filter_map(|row| row.corrects_id.map(|id| id.0)).collect();
    rows.into_iter()
        .map(|row| {
            let kind = places.iter().find(|place| Some(place.id) == row.place_id).map(|place| place.kind.0);
            let corrected = wrong.contains(&row.id.0);
            view_of(row, kind, corrected, rules)
        })
        .collect()
}
