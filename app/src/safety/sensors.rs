//! What sensors send of fridges, freezers and hot cabinets, and what that says of a period.

use super::SafetyRefusal as Refusal;
use super::facts::BATCHES_MAX;
use crate::App;
use crate::failure::{Failure, Outcome, Thing};
use crate::ingredients::access::canteen_for;
use crate::ingredients::places::{PLACES_MAX, PlaceView};
use domain::access::{Action, Actor};
use domain::food_safety::risk::Sensed;
use domain::food_safety::sensor::{Doubt, Excursion, Reading, SLOT_S, Slot, doubts, excursions, silence, slots};
use domain::food_safety::{DeciCelsius, Holding, Rules, hand_over_deadline};
use domain::id::{CanteenId, DeviceId, StoragePlaceId};
use domain::stock::PlaceKind;
use domain::{Instant, ServiceDate};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::batches::BatchRow;
use store::query::safety;
use store::query::sensors::{self, DoubtRow, SlotRow};
use store::query::stores::{self, PlaceRow};
use store::{LaneKey, StoreError, Tx};

/// Slots of one look at most: a month of eighty places with a sensor each.
const SLOTS_MAX: i64 = 700_000;
/// Doubts of one look at most.
const DOUBTS_MAX: i64 = 10_000;
/// A place is watched by a sensor when it was heard of within so many days: one that was taken down is not missed for ever.
const WATCHED_DAYS: i32 = 7;

/// A reading of one of a canteen's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceReading {
    /// Of which place.
    pub place: StoragePlaceId,
    /// What the sensor showed.
    pub reading: Reading,
}

/// What became of readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// How many are believed.
    pub believed: usize,
    /// Which are not, by their number in what was sent, and why.
    pub doubtful: Vec<(usize, Doubt)>,
    /// Our time, by which a gateway sets its clock.
    pub now: Instant,
}

/// Takes what a sensor sends. To send it again changes nothing, so a sensor that had no answer sends it again; what is not believed is
/// kept as such. Readings of a place that is not the canteen's, was ended or has no thermometer are refused, and then nothing is taken.
pub async fn take(app: &App, actor: Arc<Actor>, sent: Vec<PlaceReading>) -> Outcome<Taken, Refusal> {
    let (device, _, canteen) = actor.device.ok_or(Failure::Forbidden)?;
    app.store
        .write(LaneKey::of(canteen), "sensor_readings", move |tx| {
            canteen_for(tx.look(), &actor, canteen, Action::SendReadings, Thing::Canteen(canteen))?;
            tx.lock_canteen(canteen)?;
            check_places(tx, canteen, &sent)?;
            let now = tx.now();
            let mut by_place: BTreeMap<StoragePlaceId, Vec<(usize, Reading)>> = BTreeMap::new();
            for (n, told) in sent.iter().enumerate() {
                by_place.entry(told.place).or_default().push((n, told.reading));
            }
            let mut doubtful = Vec::new();
            for (place, readings) in by_place {
                doubtful.extend(take_of(tx, device, place, &readings, now)?);
            }
            doubtful.sort_unstable_by_key(|(n, _)| *n);
            Ok(Taken { believed: sent.len() - doubtful.len(), doubtful, now })
        })
        .await
}

/// Every reading is of a place of the canteen that is in use and holds goods.
fn check_places(tx: &mut Tx<'_>, canteen: CanteenId, sent: &[PlaceReading]) -> Outcome<(), Refusal> {
    let known = stores::places(tx.look(), canteen, PLACES_MAX)?;
    for named in sent.iter().map(|told| told.place).collect::<BTreeSet<_>>() {
        let place = known.iter().find(|row| row.id.0 == named).ok_or(Failure::NotFound(Thing::StoragePlace))?;
        if place.ended_at.is_some() || place.kind.0 == PlaceKind::Disinfection {
            return Err(Failure::Refused(Refusal::PlaceDoesNotFit));
        }
    }
    Ok(())
}

/// Takes the readings of one place into its slots; those that are not believed.
fn take_of(
    tx: &mut Tx<'_>,
    device: DeviceId,
    place: StoragePlaceId,
    readings: &[(usize, Reading)],
    now: Instant,
) -> Result<Vec<(usize, Doubt)>, StoreError> {
    let all: Vec<Reading> = readings.iter().map(|(_, reading)| *reading).collect();
    let (mut believed, mut doubtful) = (Vec::new(), Vec::new());
    for ((n, reading), doubt) in readings.iter().zip(doubts(&all, now)) {
        let Some(doubt) = doubt else {
            believed.push(*reading);
            continue;
        };
        doubtful.push((*n, doubt));
        let row = DoubtRow {
            place_id: Col(place),
            received_on: Col(now.civil_date()),
            device_id: Col(device),
            doubt: Word(doubt),
            received_at: Col(now),
            told_at: Col(reading.at),
            told: reading.measured.0,
        };
        sensors::put_doubt(tx.change(), &row)?;
    }
    let new = slots(believed);
    let Some((first, last)) = new.first_key_value().zip(new.last_key_value()).map(|((first, _), (last, _))| (*first, *last)) else {
        return Ok(doubtful);
    };
    let before = sensors::slots(tx.look(), &[place], (first, last.plus_seconds(SLOT_S)), SLOTS_MAX)?;
    let before: BTreeMap<Instant, Slot> =
        before.iter().filter(|row| row.device_id.0 == device).map(|row| (row.slot_at.0, row.slot())).collect();
    let taken_in = |(start, slot): (Instant, Slot)| {
        let whole = before.get(&start).map_or(slot, |kept| kept.with(slot));
        (before.get(&start) != Some(&whole)).then(|| SlotRow::of(place, device, start, whole))
    };
    let changed: Vec<SlotRow> = new.into_iter().filter_map(taken_in).collect();
    sensors::put_slots(tx.change(), &changed)?;
    Ok(doubtful)
}

/// A period in which a canteen's places are looked at.
pub(super) struct Watch<'a> {
    /// From when on, and until when, that not included.
    pub span: (Instant, Instant),
    /// The time: what is still to come is no silence.
    pub now: Instant,
    /// When food was kept hot: a hot cabinet is judged then, and is cold between meals.
    pub hot: &'a [(Instant, Instant)],
    /// The settings in force.
    pub rules: &'a Rules,
}

/// What the sensors of some places showed in a period, by place, with each sensor's slots. A place that no sensor was heard of in that time
/// nor for some days before is not among them.
pub(super) fn watched(
    conn: &mut AnyConnection,
    places: &[PlaceRow],
    watch: &Watch<'_>,
) -> Result<BTreeMap<StoragePlaceId, (Sensed, Vec<SlotRow>)>, StoreError> {
    let ids: Vec<StoragePlaceId> = places.iter().map(|place| place.id.0).collect();
    let (from, to) = watch.span;
    let mut rows: BTreeMap<StoragePlaceId, Vec<SlotRow>> = BTreeMap::new();
    for row in sensors::slots(conn, &ids, (Slot::start(from), to), SLOTS_MAX)? {
        rows.entry(row.place_id.0).or_default().push(row);
    }
    let days = (from.civil_date(), to.plus_seconds(-1).civil_date());
    let mut doubted: BTreeMap<StoragePlaceId, BTreeSet<Doubt>> = BTreeMap::new();
    for row in sensors::doubts(conn, &ids, days, DOUBTS_MAX)? {
        doubted.entry(row.place_id.0).or_default().insert(row.doubt.0);
    }
    let earlier = from.plus_seconds(-i64::from(WATCHED_DAYS) * 86_400);
    let mut told = BTreeMap::new();
    for place in places {
        let id = place.id.0;
        let (slots, doubts) = (rows.remove(&id).unwrap_or_default(), doubted.remove(&id).unwrap_or_default());
        if slots.is_empty() && doubts.is_empty() && !sensors::heard(conn, id, (earlier, from))? {
            continue;
        }
        told.insert(id, (sensed(&slots, place.kind.0, doubts, watch), slots));
    }
    Ok(told)
}

/// What the slots of one place say.
fn sensed(rows: &[SlotRow], kind: PlaceKind, doubts: BTreeSet<Doubt>, watch: &Watch<'_>) -> Sensed {
    // Each sensor for itself: one that is broken must not hide what another shows.
    let mut of_sensor: BTreeMap<DeviceId, Vec<Slot>> = BTreeMap::new();
    for row in rows.iter().filter(|row| kind != PlaceKind::HotHolding || is_hot(row, watch.hot)) {
        of_sensor.entry(row.device_id.0).or_default().push(row.slot());
    }
    let mut found: Vec<Excursion> = of_sensor.values().flat_map(|slots| excursions(slots, kind, watch.rules)).collect();
    // What two sensors saw begin at once is one risk, for as long as either saw it.
    found.sort_by_key(|excursion| (excursion.from, std::cmp::Reverse(excursion.to)));
    found.dedup_by_key(|excursion| excursion.from);
    let all: Vec<Slot> = rows.iter().map(SlotRow::slot).collect();
    Sensed {
        heard: !rows.is_empty(),
        excursions: found,
        silence: silence(&all, (watch.span.0, watch.span.1.min(watch.now)), watch.rules),
        doubts: doubts.into_iter().collect(),
    }
}

/// Whether a slot lies within a time during which food was kept hot. One in which that began or ended has a cabinet that is being filled
/// or was emptied.
fn is_hot(row: &SlotRow, hot: &[(Instant, Instant)]) -> bool {
    hot.iter().any(|(from, to)| row.first_at.0 >= *from && row.last_at.0 <= *to)
}

/// What is known of one place on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceDay {
    /// The place.
    pub place: PlaceView,
    /// The lowest and the highest that it may be, by the settings of the day.
    pub limits: (Option<DeciCelsius>, Option<DeciCelsius>),
    /// What its sensors say.
    pub sensed: Sensed,
    /// Each sensor's slots, by when they begin.
    pub course: Vec<(DeviceId, Slot)>,
}

/// What sensors show of a canteen's places on a day; places without a sensor are not among them.
pub async fn of_day(app: &App, actor: Arc<Actor>, canteen: CanteenId, on: ServiceDate) -> Outcome<Vec<PlaceDay>, Refusal> {
    let (shelf, now) = (app.food_safety.clone(), app.clock.now());
    app.store
        .read("temperatures", move |conn| {
            let code = canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::Canteen(canteen))?.place_code.0;
            let places = stores::places(conn, canteen, PLACES_MAX)?;
            days_of(conn, canteen, places, on, (&shelf.in_force(&code, on)?, now))
        })
        .await
}

/// What sensors show of one place on a day.
pub async fn course(app: &App, actor: Arc<Actor>, place: StoragePlaceId, on: ServiceDate) -> Outcome<PlaceDay, Refusal> {
    let (shelf, now) = (app.food_safety.clone(), app.clock.now());
    app.store
        .read("temperature_course", move |conn| {
            let missing = || Failure::NotFound(Thing::StoragePlace);
            let row = stores::place(conn, place)?.ok_or_else(missing)?;
            let canteen = row.canteen_id.0;
            let code = canteen_for(conn, &actor, canteen, Action::SeeTrace, Thing::StoragePlace)?.place_code.0;
            days_of(conn, canteen, vec![row], on, (&shelf.in_force(&code, on)?, now))?.pop().ok_or_else(missing)
        })
        .await
}

fn days_of(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    places: Vec<PlaceRow>,
    on: ServiceDate,
    (rules, now): (&Rules, Instant),
) -> Outcome<Vec<PlaceDay>, Refusal> {
    if on > now.civil_date() {
        return Err(Failure::Refused(Refusal::NotYet));
    }
    let hot = hot_times(&safety::cooked_in(conn, canteen, (on, on), BATCHES_MAX)?, rules, now);
    let mut known = watched(conn, &places, &Watch { span: span((on, on)), now, hot: &hot, rules })?;
    let day = |row: PlaceRow| {
        let (sensed, rows) = known.remove(&row.id.0)?;
        let course = rows.iter().map(|row| (row.device_id.0, row.slot())).collect();
        Some(PlaceDay { limits: row.kind.0.limits(rules), place: row.into(), sensed, course })
    };
    Ok(places.into_iter().filter_map(day).collect())
}

/// From the first instant of some days to the first after them.
pub(super) fn span(days: (ServiceDate, ServiceDate)) -> (Instant, Instant) {
    let midnight = |day| Instant::from_civil(day, chrono::NaiveTime::MIN);
    (midnight(days.0), midnight(days.1.plus_days(1)))
}

/// When food of some batches was kept hot: from when it was cooked until it was served out or thrown away, or may be kept no longer.
pub(super) fn hot_times(batches: &[(BatchRow, String)], rules: &Rules, now: Instant) -> Vec<(Instant, Instant)> {
    let hot = batches.iter().map(|(row, _)| row).filter(|row| row.holding.0 == Holding::Hot);
    let times = hot.filter_map(|row| {
        let cooked_at = row.cooked_at?.0;
        let latest = hand_over_deadline(cooked_at, Holding::Hot, rules).unwrap_or(now);
        Some((cooked_at, row.ended_at.map_or(latest, |Col(at)| at).min(now)))
    });
    times.collect()
}
