//! Places and canteens: taken whole, because rows refer to each other.

use super::{Importable, Judge, Memo, Verdict, fresh_id};
use chrono::Timelike;
use domain::canteen::CanteenState;
use domain::id::CanteenId;
use domain::{MealPeriod, PlaceCode};
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::column::{Col, Word};
use store::query::bulk::{self, Altered, Fresh};
use store::query::listing::{self, CanteenMealRow, PlaceRow};
use tabular::{CutOff, TimeWindow};

type PlaceFile = tabular::PlaceRow;
type CanteenFile = tabular::CanteenRow;

impl Importable for PlaceFile {
    const SLICE: usize = 5_000;
    const WHOLE: bool = true;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let mut v = Verdict::default();
        let mut asked: Vec<PlaceCode> = rows.iter().map(|(_, r)| r.code.clone()).collect();
        asked.extend(rows.iter().filter_map(|(_, r)| r.code.parent()));
        let known: BTreeMap<PlaceCode, String> =
            bulk::places(judge.conn, &asked)?.into_iter().map(|p| (p.code.0, p.name)).collect();
        let here: BTreeSet<&PlaceCode> = rows.iter().map(|(_, r)| &r.code).collect();
        for (n, row) in rows {
            if row.code.parent().is_some_and(|p| !known.contains_key(&p) && !here.contains(&p)) {
                v.unknown::<Self>(*n, "code", "上级区划", "enclosing place");
            }
            if !judge.reach.covers(&row.code, None) {
                v.out_of_reach::<Self>(*n, "code");
            }
            let new = PlaceRow { code: Col(row.code.clone()), name: row.name.as_str().to_owned(), level: Word(row.code.level()) };
            match known.get(&row.code) {
                None => {
                    v.added += 1;
                    v.fresh.push(Fresh::Place(new));
                }
                Some(name) if *name != new.name => {
                    v.changed += 1;
                    v.altered.push(Altered::Place(new));
                }
                Some(_) => v.unchanged += 1,
            }
        }
        Ok(v)
    }
}

fn minute(time: chrono::NaiveTime) -> i64 {
    i64::from(time.hour() * 60 + time.minute())
}

/// A meal's hours, when both its columns are filled; the table itself refuses one without the other.
fn meal(canteen: CanteenId, meal: MealPeriod, window: Option<TimeWindow>, cut_off: Option<CutOff>) -> Option<CanteenMealRow> {
    let (window, cut_off) = (window?, cut_off?);
    Some(CanteenMealRow {
        canteen_id: Col(canteen),
        meal: Word(meal),
        serve_from_minute: minute(window.from),
        serve_to_minute: minute(window.to),
        cut_off_days_before: i64::from(cut_off.days_before),
        cut_off_minute: minute(cut_off.time),
    })
}

/// A GeoJSON polygon (RFC 7946), its ring closed.
fn area(row: &CanteenFile) -> Option<String> {
    let first = row.delivery_area.first()?;
    let ring: Vec<[f64; 2]> =
        row.delivery_area.iter().chain([first]).map(|c| [c.longitude.degrees(), c.latitude.degrees()]).collect();
    Some(serde_json::json!({ "type": "Polygon", "coordinates": [ring] }).to_string())
}

fn canteen_row(row: &CanteenFile, id: CanteenId, kitchen: Option<CanteenId>) -> (catalogue::CanteenRow, Vec<CanteenMealRow>) {
    let canteen = catalogue::CanteenRow {
        id: Col(id),
        version: 1,
        code: row.code.as_str().to_owned(),
        name: row.name.as_str().to_owned(),
        kind: Word(row.kind),
        place_code: Col(row.place.clone()),
        central_kitchen_id: kitchen.map(Col),
        licence_no: row.licence_no.as_str().to_owned(),
        licence_expires_on: Col(row.licence_expires_on),
        address: row.address.as_str().to_owned(),
        phone: row.phone.reveal().to_owned(),
        lon_e7: i64::from(row.longitude.e7()),
        lat_e7: i64::from(row.latitude.e7()),
        delivery_area: area(row),
        delivery_radius_m: i64::from(row.delivery_radius_m.get()),
        delivery_fee_fen: Col(row.delivery_fee_yuan),
        state: Word(CanteenState::Open),
    };
    let meals = [
        meal(id, MealPeriod::Breakfast, row.breakfast, row.breakfast_cut_off),
        meal(id, MealPeriod::Lunch, row.lunch, row.lunch_cut_off),
        meal(id, MealPeriod::Dinner, row.dinner, row.dinner_cut_off),
    ];
    (canteen, meals.into_iter().flatten().collect())
}

use store::query::catalogue;

impl Importable for CanteenFile {
    const SLICE: usize = 500;
    const WHOLE: bool = true;

    fn judge(judge: &mut Judge<'_>, rows: &[(u32, Self)], _: &mut Memo) -> Result<Verdict, StoreError> {
        let mut v = Verdict::default();
        let mut asked: Vec<String> = rows.iter().map(|(_, r)| r.code.as_str().to_owned()).collect();
        asked.extend(rows.iter().filter_map(|(_, r)| r.central_kitchen.as_ref().map(|c| c.as_str().to_owned())));
        let known: BTreeMap<String, catalogue::CanteenRow> =
            bulk::canteens(judge.conn, &asked)?.into_iter().map(|c| (c.code.clone(), c)).collect();
        let places: Vec<PlaceCode> = rows.iter().map(|(_, r)| r.place.clone()).collect();
        let places: BTreeSet<PlaceCode> = bulk::places(judge.conn, &places)?.into_iter().map(|p| p.code.0).collect();
        let ids: Vec<CanteenId> = known.values().map(|c| c.id.0).collect();
        let mut hours: BTreeMap<CanteenId, Vec<CanteenMealRow>> = BTreeMap::new();
        for row in listing::hours(judge.conn, &ids)? {
            hours.entry(row.canteen_id.0).or_default().push(row);
        }
        let ids: BTreeMap<String, CanteenId> =
            asked.into_iter().map(|code| (code.clone(), known.get(&code).map_or_else(fresh_id, |c| c.id.0))).collect();
        let here: BTreeSet<&str> = rows.iter().map(|(_, r)| r.code.as_str()).collect();
        for (n, row) in rows {
            let (code, old) = (row.code.as_str(), known.get(row.code.as_str()));
            let Some(id) = ids.get(code).copied() else { continue };
            if !places.contains(&row.place) {
                v.unknown::<Self>(*n, "place", "区划", "place");
            }
            let kitchen = row.central_kitchen.as_ref().map(tabular::Code::as_str);
            if kitchen.is_some_and(|k| !known.contains_key(k) && !here.contains(k)) {
                v.unknown::<Self>(*n, "central_kitchen", "中央厨房", "central kitchen");
            }
            // Who moves a canteen must have a say where it was and where it goes.
            let reached =
                judge.reach.covers(&row.place, Some(id)) && old.is_none_or(|c| judge.reach.covers(&c.place_code.0, Some(id)));
            if !reached {
                v.out_of_reach::<Self>(*n, "place");
            }
            let (mut new, meals) = canteen_row(row, id, kitchen.and_then(|k| ids.get(k).copied()));
            match old {
                None => {
                    v.added += 1;
                    v.fresh.push(Fresh::Canteen(Box::new(new), meals));
                }
                Some(old) => {
                    (new.version, new.state) = (old.version, old.state);
                    let mut before = hours.remove(&id).unwrap_or_default();
                    before.sort_by_key(|m| m.meal);
                    if new == *old && before == meals {
                        v.unchanged += 1;
                    } else {
                        new.version += 1;
                        v.changed += 1;
                        v.altered.push(Altered::Canteen(Box::new(new), meals));
                    }
                }
            }
        }
        Ok(v)
    }
}
