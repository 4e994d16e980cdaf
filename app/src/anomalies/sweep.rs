//! The sweep: each finished day once, days of which evidence came late again, and facts that became known since.
//!
//! Any number may run at a time, and a day may be looked at as often as anybody likes: what is found is kept once. A canteen's day is in
//! memory at a time, and a district's figures of a month.

use super::day::{self, Look};
use super::facts;
use super::keep::keep;
use super::month::{district_of, of_month};
use crate::App;
use crate::failure::{Never, Outcome};
use domain::anomaly::{Found, Verdict, last_settled};
use domain::claim::Month;
use domain::id::UserId;
use domain::{PlaceCode, ServiceDate};
use std::collections::BTreeSet;
use store::query::anomalies::{self, Late};
use store::query::served::{self, ServingCanteen};
use store::{LaneKey, StoreError};

/// What a sweep came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Days that were looked at as a whole.
    pub days: u64,
    /// Canteens' days.
    pub canteens: u64,
    /// Cases that were opened.
    pub opened: u64,
    /// Times that an open case got more evidence.
    pub added: u64,
}

impl Swept {
    /// Whether anything was looked at.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Open => self.opened += 1,
            Verdict::Add => self.added += 1,
            Verdict::Nothing => {}
        }
    }
}

/// Canteens that are read at once.
const PAGE: i64 = 200;
/// Days that the worker looks at in one turn; the rest waits for the next.
const DAYS_AT_ONCE: usize = 7;
/// How far back the worker looks for days that were missed.
const LOOK_BACK_DAYS: i32 = 35;
/// Canteens' days with late evidence in one turn.
const LATE_AT_ONCE: i64 = 500;

/// Longest stretch of days that a command looks at.
pub const DAYS_MAX: i64 = 800;

/// Called with the days that are done, and all of them.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// Why days are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepRefusal {
    /// The first day comes after the last, or they lie too far apart.
    Stretch,
    /// The last day that is over is this one.
    NotOver(ServiceDate),
}

/// Looks at every day from one to another, both included.
pub async fn sweep(app: &App, (from, to): (ServiceDate, ServiceDate), progress: Progress<'_>) -> Outcome<Swept, SweepRefusal> {
    let days = to.days_since(from) + 1;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(crate::Failure::Refused(SweepRefusal::Stretch));
    }
    let last = last_settled(app.clock.now());
    if to > last {
        return Err(crate::Failure::Refused(SweepRefusal::NotOver(last)));
    }
    let (mut swept, all) = (Swept::default(), days.unsigned_abs());
    for n in 0..all {
        progress(n, all);
        let on = from.plus_days(i32::try_from(n).unwrap_or(i32::MAX));
        of_day(app, on, &mut swept).await.map_err(|failure| failure.map(|never| match never {}))?;
    }
    progress(all, all);
    Ok(swept)
}

/// Does what is due: the worker calls it in its rhythm.
pub async fn go_on(app: &App) -> Outcome<Swept, Never> {
    let last = last_settled(app.clock.now());
    let mut swept = Swept::default();
    for day in days_due(app, last).await? {
        of_day(app, day, &mut swept).await?;
    }
    let (opened, added) = facts::follow(app).await?;
    (swept.opened, swept.added) = (swept.opened + opened, swept.added + added);
    late(app, last, &mut swept).await?;
    Ok(swept)
}

/// Days that were not looked at, from the first that ever was on; at the very beginning the last one that is over. What was before is
/// for the command.
async fn days_due(app: &App, last: ServiceDate) -> Result<Vec<ServiceDate>, StoreError> {
    let reach = last.plus_days(-LOOK_BACK_DAYS);
    let (first, done) = app.store.read("anomaly_days", move |conn| anomalies::swept(conn, reach)).await?;
    let begins = first.map_or(last, |first| first.max(reach));
    let days = (0..=LOOK_BACK_DAYS).map(|n| begins.plus_days(n)).take_while(|day| *day <= last);
    Ok(days.filter(|day| !done.contains(day)).take(DAYS_AT_ONCE).collect())
}

async fn of_day(app: &App, on: ServiceDate, swept: &mut Swept) -> Outcome<(), Never> {
    let elsewhere = at_several(app, on, swept).await?;
    let mut after = None;
    loop {
        let page = app.store.read("anomaly_day_canteens", move |conn| served::canteens_on(conn, on, after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.0);
        for canteen in page {
            let kitchen = canteen.central_kitchen.is_none().then(|| canteen.clone());
            let look = Look { canteen, kitchen, on, elsewhere: elsewhere.clone() };
            keep_all(app, day::of_canteen(app, look).await?, swept).await?;
            swept.canteens += 1;
        }
    }
    if Month::of(on).last() == on {
        keep_all(app, of_month(app, Month::of(on), None).await?, swept).await?;
    }
    swept.days += 1;
    app.store
        .write(LaneKey::SHARED, "anomaly_day", move |tx| {
            let now = tx.now();
            anomalies::set_swept(tx.change(), on, now)
        })
        .await?;
    Ok(())
}

/// What people and couriers did at several canteens; which couriers those are.
async fn at_several(app: &App, on: ServiceDate, swept: &mut Swept) -> Outcome<BTreeSet<UserId>, Never> {
    keep_all(app, day::at_two_canteens(app, on).await?, swept).await?;
    let (elsewhere, found) = day::at_several_doors(app, on).await?;
    keep_all(app, found, swept).await?;
    Ok(elsewhere)
}

async fn keep_all(app: &App, all: Vec<Found>, swept: &mut Swept) -> Outcome<(), Never> {
    for found in all {
        swept.count(keep(app, found).await?);
    }
    Ok(())
}

/// Looks again at days of which evidence came after they were over.
async fn late(app: &App, last: ServiceDate, swept: &mut Swept) -> Outcome<(), Never> {
    let noted = app.store.read("anomaly_late", move |conn| anomalies::late(conn, last, LATE_AT_ONCE)).await?;
    let (mut days, mut months) = (None, BTreeSet::<(PlaceCode, Month)>::new());
    for late in noted {
        let (on, canteen, _) = late;
        let elsewhere = match &days {
            Some((day, elsewhere)) if *day == on => elsewhere,
            _ => &days.insert((on, at_several(app, on, swept).await?)).1,
        };
        let found = app.store.read("anomaly_late_canteen", move |conn| with_kitchen(conn, canteen)).await?;
        if let Some((canteen, kitchen)) = found {
            let district = district_of(&canteen.place.0);
            let look = Look { canteen, kitchen: Some(kitchen), on, elsewhere: elsewhere.clone() };
            keep_all(app, day::of_canteen(app, look).await?, swept).await?;
            swept.canteens += 1;
            let month = Month::of(on);
            if month.last() <= last && months.insert((district.clone(), month)) {
                keep_all(app, of_month(app, month, Some(district)).await?, swept).await?;
            }
        }
        forget(app, late).await?;
    }
    Ok(())
}

async fn forget(app: &App, late: Late) -> Result<(), StoreError> {
    app.store.write(LaneKey::of(late.1), "anomaly_forget_late", move |tx| anomalies::forget_late(tx.change(), late)).await
}

/// A canteen, and the kitchen that supplies it.
fn with_kitchen(
    conn: &mut store::AnyConnection,
    id: domain::id::CanteenId,
) -> Result<Option<(ServingCanteen, ServingCanteen)>, StoreError> {
    let Some(canteen) = served::canteen(conn, id)? else { return Ok(None) };
    let supplied_by = match canteen.central_kitchen {
        Some(store::column::Col(kitchen)) => served::canteen(conn, kitchen)?,
        None => None,
    };
    let kitchen = supplied_by.unwrap_or_else(|| canteen.clone());
    Ok(Some((canteen, kitchen)))
}
