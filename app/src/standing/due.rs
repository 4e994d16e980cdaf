//! What standing orders follow has changed: a pattern, a menu, a senior's pause or diet, an import that showed. Triggers note it
//! (migration `standing_due`), and here it is followed, within a second, whichever process made the change. What no change announces
//! (a new day within reach, a portion that came back) is left to [`super::generate`], which looks at everything now and then.

use super::{Generation, bring};
use crate::App;
use crate::failure::{Failure, Never, Outcome};
use domain::ServiceDate;
use domain::canteen::ORDER_AHEAD_DAYS;
use domain::id::StandingOrderId;
use std::collections::BTreeMap;
use store::query::catalogue;
use store::query::standing::{self, Due, StandingRow};
use store::{AsStoreError, LaneKey, StoreError};
use tokio::task::JoinSet;

/// Notes read at a time.
const NOTES: i64 = 64;
/// Patterns read at a time.
pub(super) const PAGE: i64 = 200;
/// Pages of notes in one call; what is left is followed by the next.
const TURNS: usize = 200;
/// Seniors whose days are brought in line at once, so that they share commits. One senior's days come one after the other, in the
/// order in which they are eaten: limits are taken first by the meal that comes first.
const AT_ONCE: usize = 32;

/// Patterns of one senior with the days to look at.
type Work = Vec<(StandingOrderId, LaneKey, Vec<ServiceDate>)>;

/// Follows what was noted, until nothing is.
pub async fn follow_due(app: &App) -> Outcome<Generation, Never> {
    let mut done = Generation::default();
    for _ in 0..TURNS {
        let notes = app.store.read("standing_due", |conn| Ok::<_, Failure<Never>>(standing::due(conn, NOTES)?)).await?;
        if notes.is_empty() {
            break;
        }
        for (due, _) in &notes {
            done.add(follow(app, *due).await?);
        }
        // What was noted again meanwhile stays.
        app.store
            .write(LaneKey::SHARED, "standing_followed", move |tx| {
                Ok::<_, Failure<Never>>(notes.iter().try_for_each(|(due, noted)| standing::followed(tx.change(), *due, *noted))?)
            })
            .await?;
    }
    Ok(done)
}

async fn follow(app: &App, due: Due) -> Outcome<Generation, Never> {
    match due {
        Due::Pattern(id) => {
            let row = app.store.read("standing_due", move |conn| Ok::<_, Failure<Never>>(standing::find(conn, id)?)).await?;
            patterns(app, row.into_iter().collect(), &reach(app)).await
        }
        Due::Senior(id) => {
            let rows = app.store.read("standing_due", move |conn| Ok::<_, Failure<Never>>(standing::of_senior(conn, id)?)).await?;
            patterns(app, rows, &reach(app)).await
        }
        Due::Sitting(id) => sitting(app, id).await,
        Due::Import(id) => {
            let (from, to) = (app.clock.now().civil_date(), last_day(app));
            let sittings = app
                .store
                .read("standing_due", move |conn| Ok::<_, Failure<Never>>(standing::sittings_of_import(conn, id, (from, to))?))
                .await?;
            let mut done = Generation::default();
            for of in sittings {
                done.add(sitting(app, of).await?);
            }
            done.add(every_page(app, reach(app), move |conn, after| standing::of_import(conn, id, after, PAGE)).await?);
            Ok(done)
        }
    }
}

/// The patterns of a sitting's canteen and meal, for its date alone.
async fn sitting(app: &App, id: domain::id::SittingId) -> Outcome<Generation, Never> {
    let found =
        app.store.read("standing_due", move |conn| Ok::<_, Failure<Never>>(catalogue::sitting_with_canteen(conn, id)?)).await?;
    let Some((row, _)) = found else { return Ok(Generation::default()) };
    let (canteen, date, meal) = (row.canteen_id.0, row.service_date.0, row.meal.0);
    if !reach(app).contains(&date) {
        return Ok(Generation::default());
    }
    every_page(app, vec![date], move |conn, after| standing::of_meal(conn, (canteen, meal), after, PAGE)).await
}

/// Brings the days of all the patterns of a query in line, page by page.
pub(super) async fn every_page(
    app: &App,
    days: Vec<ServiceDate>,
    read: impl Fn(&mut store::AnyConnection, Option<StandingOrderId>) -> Result<Vec<StandingRow>, StoreError> + Clone + Send + 'static,
) -> Outcome<Generation, Never> {
    let (mut done, mut after) = (Generation::default(), None);
    loop {
        let (read, from) = (read.clone(), after);
        let page = app.store.read("standing_page", move |conn| Ok::<_, Failure<Never>>(read(conn, from)?)).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = Some(last.id.0);
        done.add(patterns(app, page, &days).await?);
    }
}

/// From today to the last day that may be ordered.
pub(super) fn reach(app: &App) -> Vec<ServiceDate> {
    let today = app.clock.now().civil_date();
    // Fourteen days fit any integer.
    (0..=ORDER_AHEAD_DAYS).map(|ahead| today.plus_days(i32::try_from(ahead).unwrap_or(0))).collect()
}

fn last_day(app: &App) -> ServiceDate {
    app.clock.now().civil_date().plus_days(i32::try_from(ORDER_AHEAD_DAYS).unwrap_or(0))
}

async fn patterns(app: &App, rows: Vec<StandingRow>, days: &[ServiceDate]) -> Outcome<Generation, Never> {
    let mut of_seniors: BTreeMap<_, Work> = BTreeMap::new();
    for row in rows {
        let work = (row.id.0, LaneKey::of(row.canteen_id.0), days.to_vec());
        of_seniors.entry(row.senior_id.0).or_default().push(work);
    }
    let (mut waiting, mut running, mut done) = (of_seniors.into_values(), JoinSet::new(), Generation::default());
    loop {
        while running.len() < AT_ONCE
            && let Some(work) = waiting.next()
        {
            running.spawn(in_order(app.clone(), work));
        }
        let Some(ended) = running.join_next().await else { return Ok(done) };
        done.add(ended.map_err(|e| StoreError::Database(format!("a standing order's days: {e}")))??);
    }
}

async fn in_order(app: App, work: Work) -> Outcome<Generation, Never> {
    let mut done = Generation::default();
    for (pattern, lane, days) in work {
        for date in days {
            match bring(&app, lane, pattern, date).await {
                Ok(step) => done.count(step),
                Err(failure) if passes(&failure) => return Err(failure),
                // One pattern that cannot be read must not cost all others their meals. The next full run looks at it again.
                Err(failure) => {
                    tracing::error!(%pattern, %date, ?failure, "a standing order's day could not be looked at");
                    done.failed += 1;
                }
            }
        }
    }
    Ok(done)
}

/// Whether a failure is the database's for the moment: what was noted stays noted.
fn passes(failure: &Failure<Never>) -> bool {
    matches!(failure.as_store_error(), Some(StoreError::Unavailable(_) | StoreError::Overloaded | StoreError::Contention(_)))
}
