//! Following a canteen's log: where it stands, what came since, and the board of one sitting.

use super::board;
use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use domain::access::{Action, Actor};
use domain::canteen::Station;
use domain::diet::Texture;
use domain::event::Event;
use domain::id::{CanteenId, DishId, EpochId, SittingId};
use domain::kitchen::{Board, Change, station_of};
use domain::text_enum::TextEnum;
use domain::{Instant, MealPeriod, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::catalogue::{CanteenRow, SittingRow};
use store::query::rows::EventRow;
use store::query::{catalogue, events, kitchen};

/// Days on either side of today whose sittings a display may choose from: as far ahead as orders are taken.
const BACK_DAYS: i32 = -1;
const AHEAD_DAYS: i32 = 14;
/// Events at most that are taken over from what was recorded while the tables were read; the tail brings the rest.
const WHILE_READING: i64 = 4096;
/// How long after the end of service a display stays with a sitting when nobody chose one.
const LINGER_S: i64 = 3600;

/// One event of a log, as far as kitchens care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its number, gapless within the canteen's log.
    pub seq: i64,
    /// When it was recorded.
    pub at: Instant,
    /// Which sitting it concerns.
    pub sitting: Option<SittingId>,
    /// What it means there; `None` when nothing, to a kitchen.
    pub change: Option<Change>,
}

/// A sitting, as a display shows it at its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SittingView {
    /// Which.
    pub id: SittingId,
    /// The day.
    pub date: ServiceDate,
    /// The meal.
    pub meal: MealPeriod,
    /// Until when it may be ordered.
    pub cut_off: Instant,
    /// From when it is served.
    pub serve_from: Instant,
    /// Until when.
    pub serve_to: Instant,
}

/// A dish of the menu, as a display shows and routes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuDish {
    /// Which.
    pub dish: DishId,
    /// Its name.
    pub name: String,
    /// Where it is made.
    pub station: Station,
    /// Where each texture of it is made.
    pub routes: BTreeMap<Texture, Station>,
    /// Ingredients, heaviest first: name and milligrams a portion.
    pub ingredients: Vec<(String, i64)>,
}

/// What a display may follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The history of the database.
    pub epoch: EpochId,
    /// The canteen.
    pub canteen: CanteenId,
    /// Its name.
    pub canteen_name: String,
    /// Yesterday's sittings to those that can be ordered, in the order of service.
    pub sittings: Vec<SittingView>,
}

/// A board with the number of the last event that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The last event that is in the board.
    pub seq: i64,
    /// The board.
    pub board: Board,
    /// The menu, in its order.
    pub menu: Vec<MenuDish>,
    /// The canteen's last events, oldest first, gapless up to `seq`.
    pub tail: Vec<Logged>,
}

/// What the actor's kitchen may follow: a display's own canteen, or the one asked for by somebody who may see its kitchen.
pub async fn choices(app: &App, actor: &Actor, canteen: Option<CanteenId>, now: Instant) -> Outcome<Choice, Never> {
    let id = canteen.or(actor.device.map(|(_, _, canteen)| canteen)).ok_or(Failure::Forbidden)?;
    let actor = actor.clone();
    app.store
        .read("kitchen_choices", move |conn| {
            let row = catalogue::canteen(conn, id)?.ok_or(Failure::NotFound(Thing::Canteen(id)))?;
            let at = domain::access::Where { place: &row.place_code.0, canteen: Some(id) };
            if !actor.may(Action::Kitchen, at) {
                return Err(Failure::NotFound(Thing::Canteen(id)));
            }
            Ok(choice(conn, row, now)?)
        })
        .await
}

fn choice(conn: &mut AnyConnection, canteen: CanteenRow, now: Instant) -> Result<Choice, StoreError> {
    let today = now.civil_date();
    let rows = kitchen::sittings(conn, canteen.id.0, today.plus_days(BACK_DAYS), today.plus_days(AHEAD_DAYS))?;
    let sittings = rows.iter().map(sitting_view).collect();
    Ok(Choice { epoch: events::epoch(conn)?, canteen: canteen.id.0, canteen_name: canteen.name, sittings })
}

fn sitting_view(row: &SittingRow) -> SittingView {
    SittingView {
        id: row.id.0,
        date: row.service_date.0,
        meal: row.meal.0,
        cut_off: row.cut_off_at.0,
        serve_from: row.serve_from_at.0,
        serve_to: row.serve_to_at.0,
    }
}

impl Choice {
    /// The sitting to show when nobody chose: the first that is not long over, or the last there is.
    #[must_use]
    pub fn current(&self, now: Instant) -> Option<&SittingView> {
        self.sittings.iter().find(|s| now.seconds_since(s.serve_to) < LINGER_S).or(self.sittings.last())
    }
}

/// Events of a canteen's log after a number, in order, at most `limit`.
pub async fn after(app: &App, canteen: CanteenId, after: i64, limit: i64) -> Outcome<Vec<Logged>, Never> {
    app.store.read("kitchen_tail", move |conn| Ok(logged(events::after(conn, canteen, after, limit)?)?)).await
}

fn logged(rows: Vec<EventRow>) -> Result<Vec<Logged>, StoreError> {
    rows.into_iter()
        .map(|row| {
            let event: Event = serde_json::from_str(&row.payload)
                .map_err(|e| StoreError::Database(format!("event {} of {}: {e}", row.seq, row.canteen_id.0)))?;
            Ok(Logged { seq: row.seq, at: row.at.0, sitting: event.sitting(), change: Change::of(&event, row.at.0) })
        })
        .collect()
}

/// A sitting's board with the log's last `window` events.
///
/// The tables are read without a transaction around them, so they may hold the effects of events above the number that was
/// read before; the events that follow are applied on top, and since each sets what it names to a value, the board is then
/// exactly that of the last one.
pub async fn load(app: &App, canteen: CanteenId, sitting: SittingId, window: i64) -> Outcome<Loaded, Never> {
    app.store
        .read("kitchen_board", move |conn| {
            let before = events::head(conn, canteen)?;
            let mut board = board::load(conn, sitting)?;
            let menu = menu(conn, sitting)?;
            let tail = logged(events::after(conn, canteen, (before - window).max(0), window + WHILE_READING)?)?;
            for change in tail.iter().filter(|l| l.seq > before && l.sitting == Some(sitting)).filter_map(|l| l.change.as_ref()) {
                board.apply(change);
            }
            Ok(Loaded { seq: tail.last().map_or(before, |l| l.seq), board, menu, tail })
        })
        .await
}

fn menu(conn: &mut AnyConnection, sitting: SittingId) -> Result<Vec<MenuDish>, StoreError> {
    let rows = catalogue::menu(conn, sitting)?;
    let dishes: Vec<DishId> = rows.iter().map(|(_, dish)| dish.id.0).collect();
    let recipes = catalogue::recipes(conn, &dishes)?;
    let ingredients =
        |of: Col<DishId>| recipes.iter().filter(|r| r.dish_id == of).map(|r| (r.name.clone(), r.amount_mg)).collect::<Vec<_>>();
    Ok(rows
        .into_iter()
        .map(|(_, dish)| {
            let station = dish.station.0;
            let routes = Texture::ALL.iter().map(|texture| (*texture, station_of(station, *texture))).collect();
            MenuDish { dish: dish.id.0, ingredients: ingredients(dish.id), name: dish.name, station, routes }
        })
        .collect())
}
