//! What anybody may see of a canteen's day: dishes, batches, times, temperatures, lots, suppliers. No person is in it.

use crate::App;
use crate::complaints::rate;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::settlements::look;
use crate::trace::backward::{BatchTrace, batch_traces};
use domain::batch::BatchState;
use domain::food_safety::{DeciCelsius, Rules, SettingKey, hand_over_deadline};
use domain::id::{BatchId, CanteenId};
use domain::settlement::Period;
use domain::{Fen, Instant, MealPeriod, ServiceDate};
use store::StoreError;
use store::conn::AnyConnection;
use store::query::{batches, catalogue, trace};

/// A lot on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicLot {
    /// The name on the package.
    pub name: String,
    /// The number of the supplier's batch.
    pub supplier_batch: String,
    /// Production date.
    pub produced_on: Option<ServiceDate>,
    /// The last day of use.
    pub expires_on: Option<ServiceDate>,
    /// The supplier.
    pub supplier: String,
    /// The supplier's licence.
    pub licence_no: String,
}

/// A batch on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicBatch {
    /// Its number.
    pub batch_no: i64,
    /// Where it stands.
    pub state: BatchState,
    /// When it was taken off the stove.
    pub cooked_at: Option<Instant>,
    /// Its last core temperature.
    pub core: Option<DeciCelsius>,
    /// Until when it is served.
    pub hand_over_by: Option<Instant>,
    /// Whether a sample is kept.
    pub sample_kept: bool,
    /// Whether it was released by a named person although something was missing.
    pub overridden: bool,
    /// Its lots.
    pub lots: Vec<PublicLot>,
}

/// A dish on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicDish {
    /// The meal.
    pub meal: MealPeriod,
    /// Its name.
    pub name: String,
    /// Whether it is stopped.
    pub stopped: bool,
    /// Its batches of the day.
    pub batches: Vec<PublicBatch>,
}

/// A settlement that was published (公示): what a canteen is paid for a period, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSettlement {
    /// Which month or quarter.
    pub period: Period,
    /// What the funders are called.
    pub funders: String,
    /// Meals and parts of meals that are paid.
    pub lines: i64,
    /// What they come to.
    pub fen: Fen,
}

/// Ratings on the page: never a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicRatings {
    /// Over how many days.
    pub days: i64,
    /// How many.
    pub count: i64,
    /// Their mean.
    pub mean_hundredths: i64,
}

impl PublicRatings {
    /// `4.64`
    #[must_use]
    pub fn mean(&self) -> String {
        format!("{}.{:02}", self.mean_hundredths / 100, self.mean_hundredths % 100)
    }
}

/// The page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicDay {
    /// The canteen's name.
    pub canteen: String,
    /// Its address.
    pub address: String,
    /// Its licence.
    pub licence_no: String,
    /// The licence's last day.
    pub licence_expires_on: ServiceDate,
    /// The day.
    pub date: ServiceDate,
    /// What the ratings of the last months come to, when there are enough of them.
    pub rated: Option<PublicRatings>,
    /// The dishes of the day's menus.
    pub dishes: Vec<PublicDish>,
    /// Settlements that were published, newest first.
    pub settlements: Vec<PublicSettlement>,
}

/// Batches of a day at most on a page.
const BATCHES_MAX: i64 = 300;

/// Today at a canteen, by its public code. A satellite shows the batches of its central kitchen.
pub async fn today(app: &App, code: String) -> Outcome<PublicDay, Never> {
    let (shelf, date) = (app.food_safety.clone(), app.clock.now().civil_date());
    app.store
        .read("public_day", move |conn| {
            let id = CanteenId::from_uuid(uuid::Uuid::nil());
            let canteen = trace::canteen_by_code(conn, &code)?.ok_or(Failure::NotFound(Thing::Canteen(id)))?;
            let kitchen = canteen.central_kitchen_id.unwrap_or(canteen.id).0;
            let rules = shelf.in_force(&canteen.place_code.0, date)?;
            let mut rows = batches::of_day(conn, canteen.id.0, date, BATCHES_MAX)?;
            if kitchen != canteen.id.0 {
                rows.extend(batches::of_day(conn, kitchen, date, BATCHES_MAX)?);
            }
            let ids: Vec<BatchId> = rows.iter().map(|(row, _)| row.id.0).collect();
            let traces = batch_traces(conn, &ids)?;
            let mut dishes = Vec::new();
            for (sitting, meal) in trace::sittings_of_day(conn, canteen.id.0, date)? {
                for (item, dish) in catalogue::menu(conn, sitting)? {
                    let own = rows.iter().filter(|(row, _)| row.dish_id == dish.id).filter_map(|(row, _)| traces.get(&row.id.0));
                    let batches = own.map(|(holding, batch)| {
                        let deadline = batch.cooked_at.and_then(|at| hand_over_deadline(at, *holding, &rules));
                        public_batch(batch, deadline)
                    });
                    dishes.push(PublicDish { meal, name: dish.name, stopped: item.stopped, batches: batches.collect() });
                }
            }
            Ok(PublicDay {
                canteen: canteen.name,
                address: canteen.address,
                licence_no: canteen.licence_no,
                licence_expires_on: canteen.licence_expires_on.0,
                date,
                rated: rated(conn, canteen.id.0, date, &rules)?,
                dishes,
                settlements: settled(conn, canteen.id.0)?,
            })
        })
        .await
}

fn rated(
    conn: &mut AnyConnection,
    canteen: CanteenId,
    today: ServiceDate,
    rules: &Rules,
) -> Result<Option<PublicRatings>, StoreError> {
    let Some(days) = rules.value(SettingKey::RatingPublishDays) else { return Ok(None) };
    let from = today.plus_days(-i32::try_from(days).unwrap_or(i32::MAX));
    let figures = rate::added_up(conn, canteen, (from, today))?;
    let mean = figures.public_mean_hundredths(rules);
    Ok(mean.map(|mean_hundredths| PublicRatings { days, count: figures.count(), mean_hundredths }))
}

/// Settlements on a page at most: a year of months of two payers.
const SETTLEMENTS_MAX: i64 = 24;

fn settled(conn: &mut AnyConnection, canteen: CanteenId) -> Result<Vec<PublicSettlement>, StoreError> {
    let mut shown = Vec::new();
    for of in look::published(conn, canteen, SETTLEMENTS_MAX)? {
        let funders = look::funder_names(conn, of.id, &of.payer)?.join("、");
        shown.push(PublicSettlement { period: of.period, funders, lines: of.lines, fen: of.fen });
    }
    Ok(shown)
}

fn public_batch(batch: &BatchTrace, hand_over_by: Option<Instant>) -> PublicBatch {
    let lot = |lot: &crate::trace::backward::LotUse| PublicLot {
        name: lot.name.clone(),
        supplier_batch: lot.supplier_batch.clone(),
        produced_on: lot.produced_on,
        expires_on: lot.expires_on,
        supplier: lot.supplier.clone(),
        licence_no: lot.licence_no.clone(),
    };
    PublicBatch {
        batch_no: batch.batch_no,
        state: batch.state,
        cooked_at: batch.cooked_at,
        core: batch.cores.last().map(|c| c.temperature),
        hand_over_by,
        sample_kept: !batch.samples.is_empty(),
        overridden: batch.override_reason.is_some(),
        lots: batch.lots.iter().map(lot).collect(),
    }
}
