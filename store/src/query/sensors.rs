//! What sensors show of a canteen's fridges and cabinets.

use crate::column::{Col, Word};
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::on_each;
use crate::schema::{sensor_doubt, temperature_slot};
use diesel::prelude::*;
use domain::food_safety::DeciCelsius;
use domain::food_safety::sensor::{Doubt, Slot};
use domain::id::{DeviceId, StoragePlaceId};
use domain::{Instant, ServiceDate};

/// What one sensor showed of one place within a slot.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = temperature_slot, treat_none_as_default_value = false)]
#[allow(missing_docs)] // each field is the column of the same name; the migration says what it means
pub struct SlotRow {
    pub place_id: Col<StoragePlaceId>,
    pub slot_at: Col<Instant>,
    pub device_id: Col<DeviceId>,
    pub first_at: Col<Instant>,
    pub last_at: Col<Instant>,
    pub lowest: Col<DeciCelsius>,
    pub highest: Col<DeciCelsius>,
}

impl SlotRow {
    /// A slot as it is kept.
    #[must_use]
    pub const fn of(place: StoragePlaceId, device: DeviceId, start: Instant, slot: Slot) -> Self {
        Self {
            place_id: Col(place),
            slot_at: Col(start),
            device_id: Col(device),
            first_at: Col(slot.first_at),
            last_at: Col(slot.last_at),
            lowest: Col(slot.lowest),
            highest: Col(slot.highest),
        }
    }

    /// What it says.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        Slot { first_at: self.first_at.0, last_at: self.last_at.0, lowest: self.lowest.0, highest: self.highest.0 }
    }
}

/// Something that a sensor sent and nobody believes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sensor_doubt, treat_none_as_default_value = false)]
#[allow(missing_docs)]
pub struct DoubtRow {
    pub place_id: Col<StoragePlaceId>,
    pub received_on: Col<ServiceDate>,
    pub device_id: Col<DeviceId>,
    pub doubt: Word<Doubt>,
    pub received_at: Col<Instant>,
    pub told_at: Col<Instant>,
    pub told: i64,
}

/// Slots of some places that begin within some time, its end not included: of each place by when they begin.
pub fn slots(
    conn: &mut AnyConnection,
    of: &[StoragePlaceId],
    span: (Instant, Instant),
    limit: i64,
) -> Result<Vec<SlotRow>, StoreError> {
    let of: Vec<Col<StoragePlaceId>> = of.iter().copied().map(Col).collect();
    Ok(temperature_slot::table
        .filter(temperature_slot::place_id.eq_any(of))
        .filter(temperature_slot::slot_at.ge(Col(span.0)).and(temperature_slot::slot_at.lt(Col(span.1))))
        .order((temperature_slot::place_id, temperature_slot::slot_at, temperature_slot::device_id))
        .limit(limit)
        .select(SlotRow::as_select())
        .load(conn)?)
}

/// Whether a place was heard of within some time, its end not included.
pub fn heard(conn: &mut AnyConnection, of: StoragePlaceId, span: (Instant, Instant)) -> Result<bool, StoreError> {
    let found = temperature_slot::table
        .filter(temperature_slot::place_id.eq(Col(of)))
        .filter(temperature_slot::slot_at.ge(Col(span.0)).and(temperature_slot::slot_at.lt(Col(span.1))))
        .select(temperature_slot::slot_at)
        .first::<Col<Instant>>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Puts slots, each in the place of what was there: the caller has taken that into it, and a trigger refuses what would narrow it.
pub fn put_slots(conn: &mut AnyConnection, rows: &[SlotRow]) -> Result<(), StoreError> {
    for row in rows {
        on_each!(&mut *conn, c => diesel::insert_into(temperature_slot::table)
            .values(row)
            .on_conflict((temperature_slot::place_id, temperature_slot::slot_at, temperature_slot::device_id))
            .do_update()
            .set(row)
            .execute(c))?;
    }
    Ok(())
}

/// Keeps what is not believed, the last of a kind, place, day and sensor.
pub fn put_doubt(conn: &mut AnyConnection, row: &DoubtRow) -> Result<(), StoreError> {
    on_each!(conn, c => diesel::insert_into(sensor_doubt::table)
        .values(row)
        .on_conflict((sensor_doubt::place_id, sensor_doubt::received_on, sensor_doubt::device_id, sensor_doubt::doubt))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// What sensors sent of some places on some days and nobody believes.
pub fn doubts(
    conn: &mut AnyConnection,
    of: &[StoragePlaceId],
    days: (ServiceDate, ServiceDate),
    limit: i64,
) -> Result<Vec<DoubtRow>, StoreError> {
    let of: Vec<Col<StoragePlaceId>> = of.iter().copied().map(Col).collect();
    Ok(sensor_doubt::table
        .filter(sensor_doubt::place_id.eq_any(of))
        .filter(sensor_doubt::received_on.between(Col(days.0), Col(days.1)))
        .order((sensor_doubt::place_id, sensor_doubt::received_on, sensor_doubt::device_id, sensor_doubt::doubt))
        .limit(limit)
        .select(DoubtRow::as_select())
        .load(conn)?)
}
