//! What a period contains, read from the database for its risk list.

use super::records::{RECORDS_MAX, observation_of, standing_records};
use super::sensors::{self, Watch};
use crate::batches::gate::certificate_on;
use crate::ingredients::places::PLACES_MAX;
use domain::food_safety::observation::{MorningStanding, RecordKind, findings};
use domain::food_safety::risk::{ControlKind, PeriodFacts, PlaceFacts, StaffFacts, warning_days};
use domain::food_safety::{Holding, Rules, SettingKey, hand_over_deadline, in_time};
use domain::id::{BatchId, CanteenId, UserId};
use domain::{Instant, ServiceDate};
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::batches::BatchRow;
use store::query::ingredients::{self, LotFilter, LotRow};
use store::query::safety::{self, RecordRow};
use store::query::{stores, trace};

/// Entries of one kind on a list at most. A kitchen with more has to clear up before it can read the list.
const LIST_MAX: i64 = 500;
/// Batches of one month at most.
pub(super) const BATCHES_MAX: i64 = 10_000;

/// A period at a canteen, as it is looked at.
pub(super) struct Period<'a> {
    /// Where.
    pub canteen: CanteenId,
    /// Which control.
    pub kind: ControlKind,
    /// Its first and last day.
    pub days: (ServiceDate, ServiceDate),
    /// The time.
    pub now: Instant,
    /// The settings in force on the last day of it that has come.
    pub rules: &'a Rules,
}

impl Period<'_> {
    /// The last day of the period that has come.
    fn today(&self) -> ServiceDate {
        self.days.1.min(self.now.civil_date())
    }
}

/// Everything that the risk list asks about.
pub(super) fn of(conn: &mut AnyConnection, period: &Period<'_>) -> Result<PeriodFacts, StoreError> {
    let (of, rules, today) = (period.canteen, period.rules, period.today());
    let batches = safety::cooked_in(conn, of, period.days, BATCHES_MAX)?;
    let records = standing_records(safety::records(conn, of, period.days, RECORDS_MAX)?);
    let expires_by = Some(today.plus_days(warning_days(rules, SettingKey::ExpiryWarning)));
    let filter = LotFilter { in_stock: true, expires_by, ..LotFilter::default() };
    let named = |lot: LotRow| (lot.id.0, lot.name);
    let lots = ingredients::lots(conn, of, &filter, LIST_MAX)?;
    let licences =
        stores::licences_ending(conn, of, today.plus_days(warning_days(rules, SettingKey::CertificateWarning)), LIST_MAX)?;
    let overridden = safety::overridden_in(conn, of, period.days)?;
    let samples = safety::samples_due(conn, of, period.now, LIST_MAX)?;
    Ok(PeriodFacts {
        kind: period.kind,
        today,
        lots: lots.into_iter().filter_map(|lot| lot.expires_on.map(|on| (lot.id.0, lot.name, on.0))).collect(),
        held: stores::held(conn, of, LIST_MAX)?.into_iter().map(named).collect(),
        surplus: stores::surpluses(conn, of, LIST_MAX)?.into_iter().map(named).collect(),
        licences: licences.into_iter().map(|row| (row.id.0, row.name, row.licence_expires_on.0)).collect(),
        staff: staff(conn, period, &batches, &records)?,
        places: places(conn, period, &batches, &records)?,
        cooked: !batches.is_empty(),
        kept_hot: batches.iter().any(|(batch, _)| batch.holding.0 == Holding::Hot),
        controls_missing: controls_missing(conn, period, &batches)?,
        overridden: batches
            .iter()
            .filter(|(row, _)| overridden.contains(&row.id.0))
            .map(|(row, dish)| (row.id.0, dish.clone()))
            .collect(),
        not_ended: batches.iter().filter_map(|(row, dish)| not_ended(row, dish, period)).collect(),
        samples_due: samples.into_iter().map(|(row, dish)| (row.id.0, dish, row.keep_until.0)).collect(),
    })
}

/// A batch whose holding time is over and that nobody has ended.
fn not_ended(row: &BatchRow, dish: &str, period: &Period<'_>) -> Option<(BatchId, String, Instant)> {
    let deadline = hand_over_deadline(row.cooked_at?.0, row.holding.0, period.rules)?;
    let open = row.ended_at.is_none() && !in_time(Some(deadline), period.now);
    open.then(|| (row.id.0, dish.to_owned(), deadline))
}

fn staff(
    conn: &mut AnyConnection,
    period: &Period<'_>,
    batches: &[(BatchRow, String)],
    records: &[RecordRow],
) -> Result<Vec<StaffFacts>, StoreError> {
    let cooked: BTreeSet<(UserId, ServiceDate)> =
        batches.iter().filter_map(|(row, _)| Some((row.cook_id?.0, row.cooked_at?.0.civil_date()))).collect();
    let mut checks: BTreeMap<(UserId, ServiceDate), Vec<bool>> = BTreeMap::new();
    for row in records.iter().filter(|row| row.kind.0 == RecordKind::MorningCheck) {
        if let (Some(user), Some(fit)) = (row.person_id, row.fit) {
            checks.entry((user.0, row.service_date.0)).or_default().push(fit);
        }
    }
    let days: BTreeSet<(UserId, ServiceDate)> = cooked.iter().copied().chain(checks.keys().copied()).collect();
    let mut people = safety::certified(conn, period.canteen, LIST_MAX)?;
    people.extend(days.iter().map(|(user, _)| *user));
    let people: Vec<UserId> = people.into_iter().collect();
    let names: BTreeMap<UserId, String> = trace::names(conn, &people)?.into_iter().collect();
    let mut staff = Vec::with_capacity(people.len());
    for user in people {
        let own = days.iter().filter(|(of, _)| *of == user);
        staff.push(StaffFacts {
            user,
            name: names.get(&user).cloned().unwrap_or_default(),
            certificate: certificate_on(conn, user, period.today(), period.rules)?,
            days: own
                .map(|day| (cooked.contains(day), MorningStanding::of(checks.get(day).map_or(&[][..], Vec::as_slice))))
                .collect(),
        });
    }
    Ok(staff)
}

fn places(
    conn: &mut AnyConnection,
    period: &Period<'_>,
    batches: &[(BatchRow, String)],
    records: &[RecordRow],
) -> Result<Vec<PlaceFacts>, StoreError> {
    let known = stores::places(conn, period.canteen, PLACES_MAX)?;
    let hot = sensors::hot_times(batches, period.rules, period.now);
    let watch = Watch { span: sensors::span(period.days), now: period.now, hot: &hot, rules: period.rules };
    let mut sensed = sensors::watched(conn, &known, &watch)?;
    let mut all = Vec::new();
    for place in known {
        let mut told = Vec::new();
        for row in records.iter().filter(|row| row.place_id == Some(place.id)) {
            told.push((row.id.0, findings(&observation_of(row)?, Some(place.kind.0), period.rules)));
        }
        all.push(PlaceFacts {
            place: place.id.0,
            name: place.name,
            kind: place.kind.0,
            in_use: place.ended_at.is_none(),
            records: told,
            sensed: sensed.remove(&place.id.0).map(|(sensed, _)| sensed).unwrap_or_default(),
        });
    }
    Ok(all)
}

/// The periods below this one, of those that are over, in which there was cooking and for which nobody has signed: their first days.
fn controls_missing(
    conn: &mut AnyConnection,
    period: &Period<'_>,
    batches: &[(BatchRow, String)],
) -> Result<Vec<ServiceDate>, StoreError> {
    let Some(below) = period.kind.below() else { return Ok(Vec::new()) };
    let over = |day: &ServiceDate| below.period(*day).1 < period.now.civil_date();
    let wanted: BTreeSet<ServiceDate> = batches.iter().map(|(row, _)| below.period(row.service_date.0).0).filter(over).collect();
    // A week may begin in the month before.
    let signed = safety::signed_in(conn, period.canteen, below, (below.period(period.days.0).0, period.days.1))?;
    Ok(wanted.difference(&signed).copied().collect())
}
