//! The past of a street: months of meals by the demo's policy, for what looks back at decisions.

use super::street;
use anyhow::{Context, Result, anyhow};
use app::App;
use app::demo::decided::{DecidedMeal, set_down_decided};
use app::store::column::{Col, Word};
use app::store::query::bulk::{self, Fresh};
use app::store::query::catalogue::{CanteenRow, SittingRow};
use app::store::query::changes;
use app::store::query::seniors::{self, FactRow, SeniorRow};
use app::store::query::earlier;
use app::store::{LaneKey, StoreError};
use app::subsidies::{Known, assess, meal};
use chrono::NaiveTime;
use domain::canteen::SittingState;
use domain::id::{CanteenId, SeniorId, SittingId};
use domain::{Channel, Fen, Instant, MealPeriod, ServiceDate};
use indicatif::ProgressBar;
use std::collections::BTreeMap;

/// Meals set down in one unit of work.
const AT_ONCE: usize = 500;
/// What a meal costs, in turn.
const PRICES: [i64; 4] = [1200, 1500, 1000, 1800];
/// Meals a day with a subsidy.
const A_DAY: [MealPeriod; 2] = [MealPeriod::Lunch, MealPeriod::Dinner];

/// A senior as the rules see them.
struct Eater {
    senior: SeniorRow,
    facts: Vec<FactRow>,
}

/// Sets down so many meals on the days before `until`, day by day, everybody eating lunch and dinner. Returns the first day.
pub(super) async fn eat(app: &App, until: ServiceDate, meals: usize) -> Result<ServiceDate> {
    let street = street::bring(app, street::first_day()).await?;
    let codes: Vec<String> = street.canteens.iter().map(|c| c.code.to_string()).collect();
    let canteens = app.store.read("bench_canteens", move |conn| bulk::canteens(conn, &codes)).await?;
    let eaters = eaters(app).await?;
    let a_day = (eaters.len() * A_DAY.len()).max(1);
    let days = i32::try_from(meals.div_ceil(a_day)).context("too many meals")?;
    let bar = ProgressBar::new(u64::try_from(meals)?);
    let mut left = meals;
    for day in (1..=days).rev() {
        let date = until.plus_days(-day);
        for period in A_DAY {
            let some = &eaters[..eaters.len().min(left)];
            left -= some.len();
            sit(app, &canteens, some, (date, period)).await?;
            bar.inc(u64::try_from(some.len())?);
        }
    }
    bar.finish_and_clear();
    Ok(until.plus_days(-days))
}

async fn eaters(app: &App) -> Result<Vec<Eater>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = app.store.read("bench_eaters", move |conn| {
            let ids = earlier::next_seniors(conn, after, 500)?;
            let mut facts: BTreeMap<SeniorId, Vec<FactRow>> = BTreeMap::new();
            for row in seniors::facts_of(conn, &ids)? {
                facts.entry(row.senior_id.0).or_default().push(row);
            }
            let rows = seniors::find_all(conn, &ids)?;
            let eater = |senior: SeniorRow| Eater { facts: facts.remove(&senior.id.0).unwrap_or_default(), senior };
            Ok::<_, StoreError>(rows.into_iter().map(eater).collect::<Vec<_>>())
        });
        let page = page.await?;
        let Some(last) = page.iter().map(|eater| eater.senior.id.0).max() else { return Ok(all) };
        after = Some(last);
        all.extend(page);
    }
}

/// One meal of everybody: the sittings of all canteens, then the orders.
async fn sit(app: &App, canteens: &[CanteenRow], eaters: &[Eater], (date, period): (ServiceDate, MealPeriod)) -> Result<()> {
    let book = app.store.read("bench_book", {
        let shelves = app.shelves.clone();
        move |conn| {
            let now = changes::now(conn)?;
            shelves.policies.book(conn, now, date)
        }
    });
    let book = book.await?;
    let ids: Vec<_> = canteens.iter().map(|c| c.id.0).collect();
    let sittings = app.store.write(LaneKey::SHARED, "bench_sittings", move |tx| {
        let rows: Vec<SittingRow> = ids.iter().map(|canteen| sitting(tx.new_id(), *canteen, date, period)).collect();
        let fresh: Vec<Fresh> = rows.iter().cloned().map(Fresh::Sitting).collect();
        bulk::add(tx.change(), None, &fresh)?;
        Ok::<_, StoreError>(rows)
    });
    let sittings = sittings.await?;
    // Only now, for what is known of the persons was recorded now.
    let decided_at = app.clock.now();
    let mut meals = Vec::with_capacity(eaters.len());
    for (n, eater) in eaters.iter().enumerate() {
        let (canteen, sitting) = (&canteens[n % canteens.len()], &sittings[n % canteens.len()]);
        let price = Fen(PRICES[n % PRICES.len()]);
        let wanted = meal(date, period, Channel::DineIn, (price, Fen::ZERO), &canteen.place_code.0);
        let known = Known { senior: &eater.senior, facts: &eater.facts, uses: &[] };
        let decision = assess(&book, app.shelves.policies.calendar(), &wanted, &known, &[])?;
        let order_no = i64::try_from(n / canteens.len() + 1)?;
        meals.push(DecidedMeal {
            sitting: sitting.id.0,
            canteen: canteen.id.0,
            senior: eater.senior.id.0,
            order_no,
            decided_at,
            served_at: sitting.serve_from_at.0,
            decision,
        });
    }
    for some in meals.chunks(AT_ONCE) {
        let some = some.to_vec();
        let down = app.store.write(LaneKey::SHARED, "bench_meals", move |tx| {
            some.iter().try_for_each(|meal| set_down_decided(tx, meal))
        });
        down.await.map_err(|e: StoreError| anyhow!(e))?;
    }
    Ok(())
}

/// A sitting of a past day.
pub(super) fn sitting(id: SittingId, canteen: CanteenId, date: ServiceDate, period: MealPeriod) -> SittingRow {
    let midday = Instant::from_civil(date, NaiveTime::MIN).plus_seconds(12 * 3600);
    let serve_to_at = midday.plus_seconds(if period == MealPeriod::Lunch { 3600 } else { 7 * 3600 });
    SittingRow {
        id: Col(id),
        canteen_id: Col(canteen),
        service_date: Col(date),
        meal: Word(period),
        cut_off_at: Col(serve_to_at.plus_seconds(-4 * 3600)),
        serve_from_at: Col(serve_to_at.plus_seconds(-2 * 3600)),
        serve_to_at: Col(serve_to_at),
        next_order_no: 1_000_000,
        state: Word(SittingState::Open),
        version: 1,
    }
}
