//! Sensors: what they send, and what they show of a canteen's fridges and cabinets.

use crate::batches::views::DayQuery;
use crate::extract::Signed;
use crate::operations::{Access, Operation, op};
use crate::problem::{Problem, ProblemCode as P, json_error};
use crate::safety::refused;
use crate::safety::views::SafetyFindingView;
use crate::words::{DeviceIdText, DoubtWord, PlaceKindWord, StoragePlaceIdText, path_id};
use actix_web::web::{self, Data, Json, JsonConfig, Path, Query, ServiceConfig};
use app::App;
use app::safety::sensors::{self, PlaceDay, PlaceReading, Taken};
use domain::Instant;
use domain::access::Action;
use domain::fault::Faults;
use domain::food_safety::DeciCelsius;
use domain::food_safety::risk::Sensed;
use domain::food_safety::sensor::{Doubt, Excursion, Reading, Slot};
use domain::id::{DeviceId, StoragePlaceId};
use domain::stock::PlaceKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Readings of one request at most: a gateway of ten thermometers that was offline for an hour and a half sends twice.
const READINGS_MAX: usize = 1_000;
/// What no sensor sends, however broken: a number that is none.
const TOLD_MAX: i64 = 1_000_000;

/// The largest accepted request, in bytes: as many readings of 120 bytes each, and as much again for spaces.
const READINGS_BYTES_MAX: usize = 256 * 1024;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    let large = JsonConfig::default().limit(READINGS_BYTES_MAX).error_handler(json_error);
    config
        .service(web::resource("/v1/sensor-readings").app_data(large).route(web::post().to(send_readings)))
        .service(web::resource("/v1/canteens/{canteen}/temperatures").route(web::get().to(list_temperatures)))
        .service(web::resource("/v1/storage-places/{place}/temperatures").route(web::get().to(get_temperatures)));
}

const SEEING: Access = Access::Roles(Action::SeeTrace);
const LOOKING: &[P] = &[P::Invalid, P::Forbidden, P::NotFound, P::SafetyRefused];

/// Who may do what here.
pub const OPERATIONS: &[Operation] = &[
    op(
        "sendReadings",
        Access::Roles(Action::SendReadings),
        &[P::TooLarge, P::Invalid, P::Forbidden, P::NotFound, P::SafetyRefused],
    ),
    op("listTemperatures", SEEING, LOOKING),
    op("getTemperatures", SEEING, LOOKING),
];

/// The annotated operations and schemas of this resource.
#[derive(utoipa::OpenApi)]
#[openapi(paths(send_readings, list_temperatures, get_temperatures))]
pub struct Docs;

/// What a thermometer showed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SensorReadingBody {
    /// Of which place.
    #[schema(value_type = StoragePlaceIdText)]
    pub place: StoragePlaceId,
    /// When, by the sensor's clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// How warm it was, tenths of a degree Celsius.
    #[schema(value_type = i64, minimum = -1_000_000, maximum = 1_000_000, example = 45)]
    pub temperature_decicelsius: DeciCelsius,
}

/// What a sensor sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SensorReadingsBody {
    /// In the order in which they were taken: within a request the time of a place does not go back.
    #[schema(min_items = 1, max_items = 1000)]
    pub readings: Vec<SensorReadingBody>,
}

impl SensorReadingsBody {
    fn read(self) -> Result<Vec<PlaceReading>, Problem> {
        let mut faults = Faults::default();
        if self.readings.is_empty() {
            faults.push("/readings", "required", "至少一条读数", "at least one reading");
        }
        if self.readings.len() > READINGS_MAX {
            faults.push("/readings", "too_many", format!("最多 {READINGS_MAX} 条"), format!("at most {READINGS_MAX}"));
        }
        for (n, told) in self.readings.iter().enumerate().take(READINGS_MAX) {
            if !(-TOLD_MAX..=TOLD_MAX).contains(&told.temperature_decicelsius.0) {
                let at = format!("/readings/{n}/temperature_decicelsius");
                faults.push(&at, "out_of_range", "数值过大", "too far from nothing");
            }
        }
        faults.into_result(()).map_err(|f| Problem::invalid(&f))?;
        let read = |told: SensorReadingBody| PlaceReading {
            place: told.place,
            reading: Reading { at: told.at, measured: told.temperature_decicelsius },
        };
        Ok(self.readings.into_iter().map(read).collect())
    }
}

/// A reading that is not believed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DoubtfulView {
    /// Which of those that were sent, counted from 0.
    pub index: usize,
    /// Why.
    #[schema(value_type = DoubtWord)]
    pub doubt: Doubt,
}

/// What became of readings. All of them are kept, and none needs to be sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenView {
    /// How many are believed.
    pub believed: usize,
    /// Those that are not.
    pub doubtful: Vec<DoubtfulView>,
    /// The server's time: a gateway sets its clock by it.
    #[schema(value_type = String, format = DateTime)]
    pub now: Instant,
}

impl From<Taken> for TakenView {
    fn from(taken: Taken) -> Self {
        let doubtful = taken.doubtful.into_iter().map(|(index, doubt)| DoubtfulView { index, doubt }).collect();
        Self { believed: taken.believed, doubtful, now: taken.now }
    }
}

/// Takes what a paired sensor or gateway shows of its canteen's places. To send readings again changes nothing, in whatever order they
/// arrive; they may be up to seven days old. A reading that cannot be true (a clock that jumps, a broken probe) is kept as doubtful,
/// proves nothing, and stands on the risk list.
#[utoipa::path(post, path = "/v1/sensor-readings", operation_id = "sendReadings", tag = "safety", request_body = SensorReadingsBody,
    responses((status = 200, body = TakenView)))]
pub async fn send_readings(
    app: Data<App>,
    Signed(actor): Signed,
    body: Json<SensorReadingsBody>,
) -> Result<Json<TakenView>, Problem> {
    let sent = body.into_inner().read()?;
    let taken = sensors::take(&app, actor, sent).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(taken.into()))
}

/// A time during which a place was out of its limits for longer than the settings let it be.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExcursionView {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// Until when it was seen so.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
    /// Which limit, and the worst reading.
    pub finding: SafetyFindingView,
}

impl From<Excursion> for ExcursionView {
    fn from(e: Excursion) -> Self {
        Self { from: e.from, to: e.to, finding: e.finding.into() }
    }
}

/// A time during which nothing was heard of a place that has a sensor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilenceView {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Instant,
}

/// What sensors show of a place on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceTemperaturesView {
    /// Which place.
    #[schema(value_type = StoragePlaceIdText)]
    pub place: StoragePlaceId,
    /// What is written on it.
    pub name: String,
    /// What it is for.
    #[schema(value_type = PlaceKindWord)]
    pub kind: PlaceKind,
    /// The coldest that it may be, tenths of a degree Celsius.
    #[schema(value_type = Option<i64>)]
    pub limit_low_decicelsius: Option<DeciCelsius>,
    /// The warmest that it may be.
    #[schema(value_type = Option<i64>)]
    pub limit_high_decicelsius: Option<DeciCelsius>,
    /// The lowest reading of the day.
    #[schema(value_type = Option<i64>)]
    pub lowest_decicelsius: Option<DeciCelsius>,
    /// The highest.
    #[schema(value_type = Option<i64>)]
    pub highest_decicelsius: Option<DeciCelsius>,
    /// When the last reading that is believed was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Instant>,
    /// When it was out of its limits for too long.
    pub excursions: Vec<ExcursionView>,
    /// The longest silence of the day, when it was too long.
    pub silence: Option<SilenceView>,
    /// Why readings that arrived on the day are not believed.
    #[schema(value_type = Vec<DoubtWord>)]
    pub doubts: Vec<Doubt>,
}

impl PlaceTemperaturesView {
    fn of(day: &PlaceDay) -> Self {
        let (limit_low_decicelsius, limit_high_decicelsius) = day.limits;
        let slots = || day.course.iter().map(|(_, slot)| slot);
        let Sensed { excursions, silence, doubts, .. } = day.sensed.clone();
        Self {
            place: day.place.place,
            name: day.place.name.clone(),
            kind: day.place.kind,
            limit_low_decicelsius,
            limit_high_decicelsius,
            lowest_decicelsius: slots().map(|slot| slot.lowest).min(),
            highest_decicelsius: slots().map(|slot| slot.highest).max(),
            heard_at: slots().map(|slot| slot.last_at).max(),
            excursions: excursions.into_iter().map(ExcursionView::from).collect(),
            silence: silence.map(|(from, to)| SilenceView { from, to }),
            doubts,
        }
    }
}

/// What sensors show of a canteen on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemperaturesView {
    /// Places that have a sensor.
    pub items: Vec<PlaceTemperaturesView>,
}

/// What one sensor showed within five minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotView {
    /// Which sensor.
    #[schema(value_type = DeviceIdText)]
    pub device: DeviceId,
    /// When the first reading was taken.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Instant,
    /// When the last was.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Instant,
    /// The lowest, tenths of a degree Celsius.
    #[schema(value_type = i64)]
    pub lowest_decicelsius: DeciCelsius,
    /// The highest.
    #[schema(value_type = i64)]
    pub highest_decicelsius: DeciCelsius,
}

impl From<(DeviceId, Slot)> for SlotView {
    fn from((device, slot): (DeviceId, Slot)) -> Self {
        let Slot { first_at, last_at, lowest, highest } = slot;
        Self { device, first_at, last_at, lowest_decicelsius: lowest, highest_decicelsius: highest }
    }
}

/// The course of a place's temperature on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemperatureCourseView {
    /// The day in short.
    pub day: PlaceTemperaturesView,
    /// Each sensor's slots of five minutes, by when they begin.
    pub course: Vec<SlotView>,
}

/// What sensors show of a canteen's fridges, freezers and hot cabinets on a day.
#[utoipa::path(get, path = "/v1/canteens/{canteen}/temperatures", operation_id = "listTemperatures", tag = "safety",
    params(("canteen" = String, Path, description = "The canteen"), DayQuery), responses((status = 200, body = TemperaturesView)))]
pub async fn list_temperatures(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<DayQuery>,
) -> Result<Json<TemperaturesView>, Problem> {
    let on = query.date.unwrap_or_else(|| app.clock.now().civil_date());
    let found = sensors::of_day(&app, actor, path_id(&path)?, on).await.map_err(|f| Problem::of(f, refused))?;
    Ok(Json(TemperaturesView { items: found.iter().map(PlaceTemperaturesView::of).collect() }))
}

/// The course of one place's temperature on a day.
#[utoipa::path(get, path = "/v1/storage-places/{place}/temperatures", operation_id = "getTemperatures", tag = "safety",
    params(("place" = String, Path, description = "The storage place"), DayQuery), responses((status = 200, body = TemperatureCourseView)))]
pub async fn get_temperatures(
    app: Data<App>,
    Signed(actor): Signed,
    path: Path<String>,
    query: Query<DayQuery>,
) -> Result<Json<TemperatureCourseView>, Problem> {
    let on = query.date.unwrap_or_else(|| app.clock.now().civil_date());
    let found = sensors::course(&app, actor, path_id(&path)?, on).await.map_err(|f| Problem::of(f, refused))?;
    let day = PlaceTemperaturesView::of(&found);
    Ok(Json(TemperatureCourseView { day, course: found.course.into_iter().map(SlotView::from).collect() }))
}
