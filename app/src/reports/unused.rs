//! Who is entitled and does not use it (应补尽补): seniors whom the policies in force would grant something, and who had no subsidized meal
//! in a month.

use super::permitted;
use crate::App;
use crate::failure::{Never, Outcome};
use crate::seniors::{SeniorView, view};
use crate::subsidies::{self, Known};
use domain::access::{Action, Actor};
use domain::claim::Month;
use domain::id::{CanteenId, SeniorId};
use domain::{Channel, Fen, MealPeriod, PlaceCode, ServiceDate};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::seniors::SeniorRow;
use store::query::visits::Span;
use store::query::{catalogue, changes, reports, seniors};

/// The price of the meal that is asked about, in fen, unless another is named: that of a meal with a main dish in the shipped menus.
pub const PRICE: Fen = Fen(1_500);

/// What is asked.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where people live.
    pub place: PlaceCode,
    /// The month.
    pub month: Month,
    /// The price of a lunch at the table.
    pub price: Fen,
}

/// Somebody who could have had it.
#[derive(Debug, Clone)]
pub struct Entitled {
    /// Who; masked as everywhere.
    pub senior: SeniorView,
    /// What would be granted of a lunch at the table, at the usual canteen or else at home, on the month's last weekday, or today.
    pub granted: Fen,
}

/// Seniors looked at in one page: most of a place may be entitled to nothing.
const LOOKED_AT: i64 = 500;

/// One page, in the order in which seniors were added, and where the next one begins. A page may be short, or empty, and still have
/// a next one.
pub async fn page(
    app: &App,
    actor: Arc<Actor>,
    wanted: Wanted,
    after: Option<SeniorId>,
    limit: usize,
) -> Outcome<(Vec<Entitled>, Option<SeniorId>), Never> {
    let (shelves, sealer, today) = (app.shelves.clone(), app.store.sealer().clone(), app.clock.now().civil_date());
    app.store
        .read("unused_entitlements", move |conn| {
            permitted(conn, &actor, Action::SeeSeniors, &wanted.place)?;
            let on = day_of(wanted.month, today);
            let span = Span { place: wanted.place.clone(), from: wanted.month.first(), to: wanted.month.last() };
            let rows = reports::without_subsidy(conn, &span, after, LOOKED_AT)?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n == LOOKED_AT);
            let mut next = rows.last().filter(|_| full).map(|row| row.id.0);
            let counted = changes::now(conn)?;
            let book = shelves.policies.book(conn, counted, on)?;
            let mut asking = Asking { on, price: wanted.price, places: BTreeMap::new(), facts: facts(conn, &rows)? };
            let mut found = Vec::new();
            for row in rows {
                let granted = asking.granted(conn, &book, shelves.policies.calendar(), &row)?;
                if granted > Fen::ZERO {
                    let id = row.id.0;
                    found.push(Entitled { senior: view(&sealer, &actor, row)?, granted });
                    if found.len() == limit {
                        next = Some(id);
                        break;
                    }
                }
            }
            Ok((found, next))
        })
        .await
}

/// The month's last weekday, or today when that is earlier: some policies pay on workdays only.
fn day_of(month: Month, today: ServiceDate) -> ServiceDate {
    let mut day = month.last().min(today.max(month.first()));
    while !day.is_weekday() && day > month.first() {
        day = day.plus_days(-1);
    }
    day
}

type Facts = BTreeMap<SeniorId, Vec<store::query::seniors::FactRow>>;

fn facts(conn: &mut AnyConnection, rows: &[SeniorRow]) -> Result<Facts, StoreError> {
    let ids: Vec<SeniorId> = rows.iter().map(|row| row.id.0).collect();
    let mut facts = Facts::new();
    for fact in seniors::facts_of(conn, &ids)? {
        facts.entry(fact.senior_id.0).or_default().push(fact);
    }
    Ok(facts)
}

/// One question to the policies, asked of many people.
struct Asking {
    on: ServiceDate,
    price: Fen,
    places: BTreeMap<CanteenId, PlaceCode>,
    facts: Facts,
}

impl Asking {
    /// With no limit used: somebody without a subsidized meal has used none.
    fn granted(
        &mut self,
        conn: &mut AnyConnection,
        book: &domain::subsidy::Book,
        calendar: &domain::subsidy::WorkdayCalendar,
        senior: &SeniorRow,
    ) -> Result<Fen, StoreError> {
        let place = match senior.home_canteen_id {
            Some(Col(canteen)) => self.place_of(conn, canteen)?,
            None => senior.resident_place.0.clone(),
        };
        let meal = subsidies::meal(self.on, MealPeriod::Lunch, Channel::DineIn, (self.price, Fen::ZERO), &place);
        let facts = self.facts.get(&senior.id.0).map(Vec::as_slice).unwrap_or_default();
        Ok(subsidies::assess(book, calendar, &meal, &Known { senior, facts, uses: &[] }, &[])?.granted_fen)
    }

    fn place_of(&mut self, conn: &mut AnyConnection, canteen: CanteenId) -> Result<PlaceCode, StoreError> {
        if let Some(place) = self.places.get(&canteen) {
            return Ok(place.clone());
        }
        let row = catalogue::canteen(conn, canteen)?.ok_or(StoreError::NotFound)?;
        self.places.insert(canteen, row.place_code.0.clone());
        Ok(row.place_code.0)
    }
}
