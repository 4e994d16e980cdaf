//! Dated menus, in the order in which their sittings were made.

use super::{At, Page, after, ids};
use domain::canteen::MealHours;
use domain::id::{CanteenId, SittingId};
use domain::{MealPeriod, ServiceDate};
use std::collections::BTreeMap;
use store::query::catalogue::{MenuItemRow, SittingRow};
use store::query::{export, listing};
use store::{AnyConnection, StoreError};
use tabular::{CellValue, CutOff};

const SITTINGS: usize = 100;

/// All dates that a menu may have.
fn ever() -> Option<(ServiceDate, ServiceDate)> {
    Some((ServiceDate::new(1800, 1, 1)?, ServiceDate::new(2200, 1, 1)?))
}

pub(super) fn page(conn: &mut AnyConnection, dates: Option<(ServiceDate, ServiceDate)>, at: At) -> Result<Page, StoreError> {
    let before = match at {
        At::Sitting(id) => Some(id),
        _ => None,
    };
    let Some(dates) = dates.or_else(ever) else { return Ok((Vec::new(), At::End)) };
    let rows = export::sittings(conn, dates, before, i64::try_from(SITTINGS).unwrap_or(i64::MAX))?;
    let next = after(&rows, SITTINGS, |s| At::Sitting(s.id.0));
    let canteens: Vec<CanteenId> = ids(&rows, |s| s.canteen_id.0);
    let hours: BTreeMap<(CanteenId, MealPeriod), MealHours> =
        listing::hours(conn, &canteens)?.into_iter().map(|h| ((h.canteen_id.0, h.meal.0), h.hours())).collect();
    let codes: BTreeMap<CanteenId, String> =
        export::canteen_codes(conn, &canteens)?.into_iter().map(|(id, code)| (id.0, code)).collect();
    let mut items: BTreeMap<SittingId, Vec<(MenuItemRow, String)>> = BTreeMap::new();
    for item in export::menus(conn, &ids(&rows, |s| s.id.0))? {
        items.entry(item.0.sitting_id.0).or_default().push(item);
    }
    let mut cells = Vec::new();
    for sitting in rows {
        let code = codes.get(&sitting.canteen_id.0).cloned().unwrap_or_default();
        let cut_off = own_cut_off(&sitting, hours.get(&(sitting.canteen_id.0, sitting.meal.0)));
        for (item, dish) in items.remove(&sitting.id.0).unwrap_or_default() {
            cells.push(vec![
                code.clone(),
                sitting.service_date.0.write(),
                sitting.meal.0.write(),
                dish,
                item.price_fen.0.write(),
                item.portions.to_string(),
                cut_off.clone(),
            ]);
        }
    }
    Ok((cells, next))
}

/// The sitting's cut-off where it is not the canteen's own. One that the file's form cannot say is left out, which changes nothing
/// when the file comes back.
fn own_cut_off(sitting: &SittingRow, hours: Option<&MealHours>) -> String {
    let (at, date) = (sitting.cut_off_at.0, sitting.service_date.0);
    if hours.is_some_and(|hours| hours.on(date).0 == at) {
        return String::new();
    }
    let days = u8::try_from(date.days_since(at.civil_date())).ok().filter(|days| *days <= 7);
    days.map(|days_before| CutOff { days_before, time: at.civil_time() }.write()).unwrap_or_default()
}
