//! What does not fit in one day: of each canteen, and of people and couriers at several.

use super::facts::against;
use super::rules_at;
use crate::App;
use crate::failure::{Failure, Never, Outcome};
use crate::ingredients::rules::RuleShelf;
use domain::ServiceDate;
use domain::anomaly::kitchen::{Plate, cooked, enough_for, more_than_cooked};
use domain::anomaly::{EVIDENCE_MAX, Found, Limits, Served, pace, person};
use domain::id::UserId;
use std::collections::BTreeSet;
use store::StoreError;
use store::conn::AnyConnection;
use store::query::served::{self, ServedRow, ServingCanteen};

/// Meals of one canteen on one day that are looked at, the earliest; the largest canteens serve some thousands.
const MEALS_MAX: i64 = 20_000;
/// Meals of a day against facts.
const AGAINST_MAX: i64 = 5_000;
/// Batches of a kitchen on two days.
const PANS_MAX: i64 = 5_000;
/// People at two canteens, and couriers of two, of one day.
const PEOPLE_MAX: i64 = 10_000;
/// Meals of one person on one day, and those that one person confirmed.
const OF_ONE_MAX: i64 = 5_000;

/// What is looked at of a canteen.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// The canteen.
    pub canteen: ServingCanteen,
    /// The kitchen whose dishes are counted: itself, when it is supplied by no other.
    pub kitchen: Option<ServingCanteen>,
    /// The day.
    pub on: ServiceDate,
    /// Who confirmed meals at several canteens, and is looked at by themselves.
    pub elsewhere: BTreeSet<UserId>,
}

/// One day of one canteen.
pub(super) async fn of_canteen(app: &App, look: Look) -> Outcome<Vec<Found>, Never> {
    let shelf = app.food_safety.clone();
    app.store
        .read("anomalies_of_day", move |conn| {
            let Look { canteen, kitchen, on, elsewhere } = look;
            let rules = rules_at(conn, &shelf, &canteen.place.0, on)?;
            let limits = Limits::of(&rules);
            let meals: Vec<Served> = served::of_canteen(conn, canteen.id.0, on, MEALS_MAX)?.iter().map(ServedRow::served).collect();
            let mut found = at_the_counter(&canteen, on, &meals, limits);
            for user in pace::who_confirmed(&meals).difference(&elsewhere) {
                found.extend(confirmed(*user, on, &meals, limits));
            }
            let rows = served::against_facts(conn, canteen.id.0, on, AGAINST_MAX)?;
            found.extend(against(rows, |rule, _| Ok::<_, StoreError>(limits.depth(rule)))?);
            if let Some(kitchen) = kitchen {
                found.extend(of_kitchen(conn, &shelf, &kitchen, on)?);
            }
            Ok::<_, Failure<Never>>(found)
        })
        .await
}

fn at_the_counter(canteen: &ServingCanteen, on: ServiceDate, meals: &[Served], limits: Limits<'_>) -> Vec<Found> {
    let canteen = canteen.id.0;
    let hour = limits.an_hour().and_then(|an_hour| pace::faster_than_the_hour(canteen, on, meals, an_hour));
    let terminals = limits.terminal().map(|rate| pace::one_terminal_many(canteen, on, meals, rate));
    hour.into_iter().chain(terminals.into_iter().flatten()).collect()
}

fn confirmed(user: UserId, on: ServiceDate, meals: &[Served], limits: Limits<'_>) -> Vec<Found> {
    let at_once = limits.courier().and_then(|rate| pace::one_courier_many(user, on, meals, rate));
    let all_day = limits.courier_persons_a_day().and_then(|persons| pace::one_courier_all_day(user, on, meals, persons));
    at_once.into_iter().chain(all_day).collect()
}

/// Dishes of a kitchen and the canteens that it supplies. Where it keeps no batches of a dish, nothing is compared.
fn of_kitchen(
    conn: &mut AnyConnection,
    shelf: &RuleShelf,
    kitchen: &ServingCanteen,
    on: ServiceDate,
) -> Result<Vec<Found>, StoreError> {
    let rules = rules_at(conn, shelf, &kitchen.place.0, on)?;
    let Some(tolerance) = Limits::of(&rules).over_cooked_per_mille() else { return Ok(Vec::new()) };
    let kitchen = kitchen.id.0;
    let made = cooked(on, &served::pans(conn, kitchen, on, PANS_MAX)?);
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (meal, dish, portions) in served::portions(conn, kitchen, on)? {
        let Some(enough) = made.get(&(meal, dish)).map(|made| enough_for(*made, tolerance)) else { continue };
        if portions > enough {
            let limit = i64::try_from(EVIDENCE_MAX).unwrap_or(i64::MAX);
            let (total, evidence) = served::with_dish(conn, kitchen, (on, meal, dish), limit)?;
            found.extend(more_than_cooked(Plate { kitchen, on, meal, dish }, (portions, enough), evidence, total));
        }
    }
    Ok(found)
}

/// Who had one meal at two canteens.
pub(super) async fn at_two_canteens(app: &App, on: ServiceDate) -> Outcome<Vec<Found>, Never> {
    let shelf = app.food_safety.clone();
    app.store
        .read("anomalies_two_canteens", move |conn| {
            let mut found = Vec::new();
            for (senior, meal) in served::at_several_canteens(conn, on, PEOPLE_MAX)? {
                let rows = served::of_senior(conn, senior, (on, on), OF_ONE_MAX)?;
                let meals: Vec<Served> = rows.iter().filter(|(_, of)| *of == meal).map(|(row, _)| row.served()).collect();
                let Some(last) = meals.last().map(|last| last.canteen) else { continue };
                let Some(canteen) = served::canteen(conn, last)? else { continue };
                let rules = rules_at(conn, &shelf, &canteen.place.0, on)?;
                let at_most = Limits::of(&rules).canteens_a_meal();
                found.extend(at_most.and_then(|at_most| person::two_canteens(senior, on, meal, &meals, at_most)));
            }
            Ok::<_, Failure<Never>>(found)
        })
        .await
}

/// Who confirmed meals at several canteens, and what of it does not fit.
pub(super) async fn at_several_doors(app: &App, on: ServiceDate) -> Outcome<(BTreeSet<UserId>, Vec<Found>), Never> {
    let shelf = app.food_safety.clone();
    app.store
        .read("anomalies_couriers", move |conn| {
            let users: BTreeSet<UserId> = served::confirmed_at_several(conn, on, PEOPLE_MAX)?.into_iter().collect();
            let mut found = Vec::new();
            for user in &users {
                let meals: Vec<Served> = served::confirmed_by(conn, *user, on, OF_ONE_MAX)?.iter().map(ServedRow::served).collect();
                let Some(home) = pace::home_of(*user, &meals) else { continue };
                let Some(canteen) = served::canteen(conn, home)? else { continue };
                let rules = rules_at(conn, &shelf, &canteen.place.0, on)?;
                found.extend(confirmed(*user, on, &meals, Limits::of(&rules)));
            }
            Ok::<_, Failure<Never>>((users, found))
        })
        .await
}
