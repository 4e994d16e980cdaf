//! The event log.

use crate::column::Col;
use crate::conn::AnyConnection;
use crate::error::StoreError;
use crate::query::rows::EventRow;
use crate::schema::{canteen_log, event, installation};
use diesel::prelude::*;
use domain::id::{CanteenId, EpochId};

/// Events of a canteen with a number above `after`, in order, at most `limit`.
pub fn after(conn: &mut AnyConnection, canteen: CanteenId, after: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    Ok(event::table
        .filter(event::canteen_id.eq(Col(canteen)))
        .filter(event::seq.gt(after))
        .order(event::seq)
        .limit(limit)
        .select(EventRow::as_select())
        .load(conn)?)
}

/// The number of the last event of a canteen's log; 0 for none.
pub fn head(conn: &mut AnyConnection, canteen: CanteenId) -> Result<i64, StoreError> {
    Ok(canteen_log::table.find(Col(canteen)).select(canteen_log::next_seq).get_result::<i64>(conn)? - 1)
}

/// Every canteen's last event number.
pub fn heads(conn: &mut AnyConnection) -> Result<Vec<(CanteenId, i64)>, StoreError> {
    let rows = canteen_log::table.select((canteen_log::canteen_id, canteen_log::next_seq)).load::<(Col<CanteenId>, i64)>(conn)?;
    Ok(rows.into_iter().map(|(Col(canteen), next)| (canteen, next - 1)).collect())
}

/// The canteens that have a log, in the order in which their locks are taken.
pub(crate) fn logs(conn: &mut AnyConnection) -> Result<Vec<CanteenId>, StoreError> {
    let all = canteen_log::table.select(canteen_log::canteen_id).order(canteen_log::canteen_id).load::<Col<CanteenId>>(conn)?;
    Ok(all.into_iter().map(|Col(canteen)| canteen).collect())
}

/// Which history this database is.
pub fn epoch(conn: &mut AnyConnection) -> Result<EpochId, StoreError> {
    Ok(installation::table.select(installation::epoch).get_result::<Col<EpochId>>(conn)?.0)
}

/// Takes the locks of those of these canteens' logs that exist, in the given order; returns the next number of each.
pub(crate) fn lock_logs(conn: &mut AnyConnection, canteens: &[CanteenId]) -> Result<Vec<(CanteenId, i64)>, StoreError> {
    let log = canteen_log::table.select((canteen_log::canteen_id, canteen_log::next_seq));
    let rows: Vec<(Col<CanteenId>, i64)> = match conn {
        // BEGIN IMMEDIATE has locked the whole database already.
        AnyConnection::Sqlite(c) => {
            let found = canteens.iter().map(|id| log.filter(canteen_log::canteen_id.eq(Col(*id))).get_result(c).optional());
            found.filter_map(Result::transpose).collect::<Result<_, _>>()?
        }
        AnyConnection::Postgres(c) => {
            let ids: Vec<Col<CanteenId>> = canteens.iter().copied().map(Col).collect();
            log.filter(canteen_log::canteen_id.eq_any(ids)).order(canteen_log::canteen_id).for_update().load(c)?
        }
    };
    Ok(rows.into_iter().map(|(Col(id), next)| (id, next)).collect())
}
