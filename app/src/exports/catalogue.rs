//! Places, canteens, dishes and recipes, by code.

use super::{At, Page, after, ids, words};
use chrono::NaiveTime;
use domain::MealPeriod;
use domain::diet::Allergen;
use domain::id::{CanteenId, DishId};
use std::collections::BTreeMap;
use store::query::catalogue::CanteenRow;
use store::query::listing::{self, CanteenMealRow};
use store::query::{bulk, export};
use store::{AnyConnection, StoreError};
use tabular::{CellValue, Coordinate, CutOff, Latitude, Longitude, Milligrams, TenthKcal, TimeWindow};

const ROWS: usize = 200;

fn code(at: &At) -> Option<&str> {
    match at {
        At::Code(code) => Some(code),
        _ => None,
    }
}

pub(super) fn places(conn: &mut AnyConnection, at: At) -> Result<Page, StoreError> {
    let rows = listing::places(conn, None, code(&at), limit())?;
    let next = after(&rows, ROWS, |p| At::Code(p.code.0.to_string()));
    Ok((rows.into_iter().map(|p| vec![p.code.0.to_string(), p.name]).collect(), next))
}

fn limit() -> i64 {
    i64::try_from(ROWS).unwrap_or(i64::MAX)
}

pub(super) fn canteens(conn: &mut AnyConnection, at: At) -> Result<Page, StoreError> {
    let rows = listing::canteens(conn, None, None, code(&at), limit())?;
    let next = after(&rows, ROWS, |c| At::Code(c.code.clone()));
    let mut hours: BTreeMap<(CanteenId, MealPeriod), CanteenMealRow> = BTreeMap::new();
    for row in listing::hours(conn, &ids(&rows, |c| c.id.0))? {
        hours.insert((row.canteen_id.0, row.meal.0), row);
    }
    let kitchens: Vec<CanteenId> = rows.iter().filter_map(|c| c.central_kitchen_id).map(|id| id.0).collect();
    let kitchens: BTreeMap<CanteenId, String> =
        export::canteen_codes(conn, &kitchens)?.into_iter().map(|(id, code)| (id.0, code)).collect();
    let cells = |c: CanteenRow| {
        let id = c.id.0;
        let kitchen = c.central_kitchen_id.and_then(|k| kitchens.get(&k.0)).cloned().unwrap_or_default();
        let mut cells = vec![
            c.code,
            c.name,
            c.kind.0.write(),
            kitchen,
            c.place_code.0.to_string(),
            c.address,
            c.phone,
            c.licence_no,
            c.licence_expires_on.0.write(),
            degrees(c.lon_e7, Longitude::from_e7),
            degrees(c.lat_e7, Latitude::from_e7),
            c.delivery_radius_m.to_string(),
            c.delivery_area.as_deref().map(corners).unwrap_or_default(),
            c.delivery_fee_fen.0.write(),
        ];
        for meal in [MealPeriod::Breakfast, MealPeriod::Lunch, MealPeriod::Dinner] {
            cells.extend(hours.get(&(id, meal)).map_or_else(Default::default, served));
        }
        cells
    };
    Ok((rows.into_iter().map(cells).collect(), next))
}

/// A coordinate of a column that keeps ten-millionths of a degree; empty outside China, where no import would take it.
pub(super) fn degrees<T: CellValue>(e7: i64, axis: impl Fn(i32) -> Option<T>) -> String {
    i32::try_from(e7).ok().and_then(axis).map(|v| v.write()).unwrap_or_default()
}

/// The corners of a GeoJSON polygon without the one that closes its ring.
fn corners(area: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Polygon {
        coordinates: Vec<Vec<[f64; 2]>>,
    }
    #[allow(clippy::cast_possible_truncation)] // a degree has ten million parts, and 180 of them fit
    let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
    let ring = serde_json::from_str::<Polygon>(area).ok().and_then(|p| p.coordinates.into_iter().next()).unwrap_or_default();
    let corner =
        |[lon, lat]: [f64; 2]| Some(Coordinate { longitude: Longitude::from_e7(e7(lon))?, latitude: Latitude::from_e7(e7(lat))? });
    let mut corners: Vec<Coordinate> = ring.into_iter().filter_map(corner).collect();
    corners.pop();
    corners.write()
}

/// The minute of a day; what lies after its last is its last.
fn minute(of: i64) -> NaiveTime {
    let minutes = u32::try_from(of.clamp(0, 1439)).unwrap_or(0);
    NaiveTime::from_hms_opt(minutes.checked_div(60).unwrap_or(0), minutes.checked_rem(60).unwrap_or(0), 0).unwrap_or_default()
}

fn served(row: &CanteenMealRow) -> [String; 2] {
    let window = TimeWindow { from: minute(row.serve_from_minute), to: minute(row.serve_to_minute) };
    let days_before = u8::try_from(row.cut_off_days_before).unwrap_or(0);
    [window.write(), CutOff { days_before, time: minute(row.cut_off_minute) }.write()]
}

fn quantity<T: CellValue>(value: Option<i64>, of: impl Fn(u32) -> T) -> String {
    value.and_then(|v| u32::try_from(v).ok()).map(|v| of(v).write()).unwrap_or_default()
}

pub(super) fn dishes(conn: &mut AnyConnection, at: At) -> Result<Page, StoreError> {
    let rows = listing::dishes(conn, code(&at), limit())?;
    let next = after(&rows, ROWS, |d| At::Code(d.code.clone()));
    let cells = |d: store::query::catalogue::DishRow| {
        vec![
            d.code,
            d.name,
            d.station.0.write(),
            d.price_fen.0.write(),
            words::<domain::diet::Texture>(&d.textures).write(),
            words::<domain::diet::DishMark>(&d.marks).write(),
            quantity(d.energy_kcal_tenths, TenthKcal),
            quantity(d.protein_mg, Milligrams),
            quantity(d.fat_mg, Milligrams),
            quantity(d.carbohydrate_mg, Milligrams),
            d.sodium_mg.map(|mg| mg.to_string()).unwrap_or_default(),
        ]
    };
    Ok((rows.into_iter().map(cells).collect(), next))
}

pub(super) fn recipes(conn: &mut AnyConnection, at: At) -> Result<Page, StoreError> {
    let rows = listing::dishes(conn, code(&at), limit())?;
    let next = after(&rows, ROWS, |d| At::Code(d.code.clone()));
    let mut lines: BTreeMap<DishId, Vec<(bulk::RecipeLineRow, String, String, bool)>> = BTreeMap::new();
    for line in export::recipes(conn, &ids(&rows, |d| d.id.0))? {
        lines.entry(line.0.dish_id.0).or_default().push(line);
    }
    let mut cells = Vec::new();
    for dish in rows {
        for (line, name, allergens, untraced) in lines.remove(&dish.id.0).unwrap_or_default() {
            let grams = quantity(Some(line.amount_mg), Milligrams);
            cells.push(vec![dish.code.clone(), name, grams, words::<Allergen>(&allergens).write(), untraced.write()]);
        }
    }
    Ok((cells, next))
}
