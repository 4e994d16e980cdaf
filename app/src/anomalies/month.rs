//! Months that are over: canteens far above those of their district.

use super::rules_at;
use crate::App;
use crate::failure::{Failure, Never, Outcome};
use domain::PlaceCode;
use domain::anomaly::peers::{MonthFigures, above_peers};
use domain::anomaly::{AnomalyMeasure, Found, Limits};
use domain::claim::Month;
use domain::id::CanteenId;
use domain::place::PlaceLevel;
use store::query::served::{self, ServingCanteen};

/// Canteens that are read at once.
const PAGE: i64 = 200;

/// Whose canteens are compared with each other: the district's; above the districts those of the same place.
pub(super) fn district_of(place: &PlaceCode) -> PlaceCode {
    place.at_level(PlaceLevel::District).unwrap_or_else(|| place.clone())
}

/// Canteens of one district with what they served.
#[derive(Default)]
struct District {
    canteens: Vec<(ServingCanteen, MonthFigures)>,
}

/// Looks at a month of every district, or of one, and hands on what is found, a district at a time.
pub(super) async fn of_month(app: &App, month: Month, only: Option<PlaceCode>) -> Outcome<Vec<Found>, Never> {
    let nothing = CanteenId::from_uuid(uuid::Uuid::nil());
    let mut after = only.clone().map(|district| (district, nothing));
    let (mut found, mut district) = (Vec::new(), District::default());
    loop {
        let from = after.clone();
        let page = app.store.read("anomaly_canteens", move |conn| served::canteens_by_place(conn, from, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.place.0.clone(), last.id.0));
        for canteen in page {
            let here = district_of(&canteen.place.0);
            if only.as_ref().is_some_and(|only| *only != here) {
                found.extend(compare(app, month, std::mem::take(&mut district)).await?);
                return Ok(found);
            }
            if district.canteens.first().is_some_and(|(first, _)| district_of(&first.place.0) != here) {
                found.extend(compare(app, month, std::mem::take(&mut district)).await?);
            }
            let (id, days) = (canteen.id.0, (month.first(), month.last()));
            let figures = app.store.read("anomaly_month", move |conn| served::month_figures(conn, id, days)).await?;
            district.canteens.push((canteen, figures));
        }
    }
    found.extend(compare(app, month, district).await?);
    Ok(found)
}

async fn compare(app: &App, month: Month, district: District) -> Outcome<Vec<Found>, Never> {
    let shelf = app.food_safety.clone();
    app.store
        .read("anomalies_of_month", move |conn| {
            let all: Vec<MonthFigures> = district.canteens.iter().map(|(_, figures)| *figures).collect();
            let mut found = Vec::new();
            for (canteen, _) in &district.canteens {
                let rules = rules_at(conn, &shelf, &canteen.place.0, month.last())?;
                let Some((per_senior, in_all)) = Limits::of(&rules).peers() else { continue };
                let by = [(AnomalyMeasure::MealsPerSenior, per_senior), (AnomalyMeasure::MealsAMonth, in_all)];
                found.extend(by.into_iter().filter_map(|by| above_peers(canteen.id.0, month, &all, by)));
            }
            Ok::<_, Failure<Never>>(found)
        })
        .await
}
