//! What the rules of ordering need to know, made of the rows that were read, and what they decide.

use super::rows::{Person, Place, Rows};
use super::{LineRequest, OrderRequest, PlaceRefusal, Quote, QuotedLine, access};
use crate::budgets::draw;
use crate::failure::{Failure, Outcome, Thing};
use crate::shelves::{KnownDish, Shelves};
use crate::subsidies::{self, Known};
use domain::access::Actor;
use domain::budget::{Watched, must_fit};
use domain::canteen::{CanteenState, SittingState};
use domain::diet::Diet;
use domain::id::{BudgetId, DishId, OrderId, SeniorId};
use domain::ledger::{Bearers, Movement, Payer, movements};
use domain::order::{OrderTotals, Via, open_until};
use domain::ordering::{Destination, Draft, DraftLine, MenuEntry, SittingFacts, Wanted, WantedLine, draft};
use domain::subsidy::words::{self, Audience, Language};
use domain::subsidy::{Book, BudgetLeft, Compiled, Decision, Document, Meal, WorkdayCalendar};
use domain::{Channel, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::catalogue::{self, CanteenRow, MenuItemRow, SittingRow};
use store::query::changes;
use store::query::orders;
use store::query::rows::OrderRow;
use store::query::seniors::{self, DietRow, SeniorRow, SeniorState};
use store::seal::Sealer;
use store::{StoreError, Tx};

/// An order thought through: what it would be, and what it would cost.
#[derive(Debug)]
pub struct Prepared {
    /// The sitting.
    pub sitting: SittingRow,
    /// Its canteen.
    pub canteen: CanteenRow,
    /// Whose meal.
    pub senior: Option<SeniorRow>,
    /// How it came in.
    pub via: Via,
    /// Its lines.
    pub draft: Draft,
    /// Its subsidy.
    pub decision: Option<Decision>,
    /// Its money.
    pub totals: OrderTotals,
    /// The policies that were asked.
    pub book: Arc<Book>,
    /// The budgets that were asked.
    pub budgets: Vec<Watched<BudgetId>>,
}

impl Prepared {
    /// What the order holds in the ledger.
    fn moves(&self) -> Result<Vec<Movement>, StoreError> {
        let Col(canteen) = self.canteen.id;
        match &self.decision {
            Some(decision) => subsidies::holds(canteen, decision),
            None => Ok(movements(canteen, &Bearers::default(), self.totals.self_pay_fen)),
        }
    }

    /// Holds the money in the ledger, and takes it of the budgets that are watched.
    pub fn hold(&self, tx: &mut Tx<'_>, order: OrderId, at: Instant) -> Result<(), StoreError> {
        let moves = self.moves()?;
        subsidies::hold(tx, order, &moves, at)?;
        let must_fit = |payer: &Payer| self.decision.as_ref().is_some_and(|decision| must_fit(payer, decision, &self.book));
        draw::take(tx, &self.budgets, &moves, must_fit)
    }

    /// What the client is shown.
    #[must_use]
    pub fn quote(&self) -> Quote {
        let documents: Vec<&Document> = self.book.on(self.sitting.service_date.0).map(Compiled::document).collect();
        let told = |language| {
            self.decision.as_ref().map_or_else(String::new, |d| words::explain(d, &documents, Audience::Senior, language))
        };
        let line = |line: &DraftLine| QuotedLine {
            item: line.item,
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price_fen: line.unit_price_fen,
            texture: line.texture,
            size: line.size,
            overridden: line.overridden.clone(),
        };
        Quote {
            totals: self.totals,
            decision: self.decision.clone(),
            text_zh: told(Language::Zh),
            text_en: told(Language::En),
            lines: self.draft.lines.iter().map(line).collect(),
            address_unplaced: self.draft.address_unplaced,
            out_of_area: self.draft.out_of_area,
        }
    }
}

/// Checks the right to order and lets the rules decide; for the quote and for the commit, from the rows each has read.
pub fn prepare(
    rows: Rows,
    sealer: &Sealer,
    calendar: &WorkdayCalendar,
    actor: &Actor,
    request: &OrderRequest,
    now: Instant,
) -> Outcome<Prepared, PlaceRefusal> {
    let Place { sitting, canteen, book } = rows.place.ok_or(Failure::NotFound(Thing::Sitting))?;
    let person = request.senior.map(|id| active(rows.person, id)).transpose()?;
    let senior = person.as_ref().map(|person| &person.senior);
    let (via, standing) = access::to_order(actor, senior, &canteen)?;
    let diet = person.as_ref().map_or_else(|| Ok(Diet::default()), |p| readable_diet(p.senior.id.0, &p.diet))?;
    let destination = senior.map_or(Ok(Destination::Missing), |s| destination(sealer, s, &canteen, request.channel))?;
    let mut facts = sitting_facts(&rows.dishes, (&sitting, &canteen), rows.items)?;
    facts.cut_off = open_until(facts.cut_off, sitting.serve_to_at.0, senior.is_none());
    let wanted = Wanted {
        lines: request.lines.iter().map(wanted_line).collect(),
        channel: request.channel,
        reason: request.reason.clone(),
        standing,
    };
    let draft = draft(&wanted, &facts, &diet, destination, now).map_err(|all| Failure::Refused(PlaceRefusal::Rules(all)))?;
    let decision = match &person {
        Some(person) => {
            let meal = meal(&sitting, &canteen, request.channel, &draft);
            let known = Known { senior: &person.senior, facts: &person.facts, uses: &person.uses };
            let left: Vec<BudgetLeft> = rows.budgets.iter().filter_map(Watched::for_decision).collect();
            Some(subsidies::assess(&book, calendar, &meal, &known, &left)?)
        }
        None => None,
    };
    let totals = totals(&draft, decision.as_ref())?;
    let (senior, budgets) = (person.map(|p| p.senior), rows.budgets);
    Ok(Prepared { sitting, canteen, senior, via, draft, decision, totals, book, budgets })
}

fn active(person: Option<Person>, id: SeniorId) -> Outcome<Person, PlaceRefusal> {
    person.filter(|p| p.senior.state == Word(SeniorState::Active)).ok_or(Failure::NotFound(Thing::Senior(id)))
}

/// A senior's diet.
pub fn diet_of(conn: &mut AnyConnection, id: SeniorId) -> Result<Diet, StoreError> {
    readable_diet(id, &seniors::diet(conn, id)?)
}

/// A diet from its rows.
pub(crate) fn readable_diet(id: SeniorId, rows: &[DietRow]) -> Result<Diet, StoreError> {
    let (diet, unknown) = Diet::from_pairs(rows.iter().map(|row| (row.kind.0, row.value.as_str())));
    // The import and the API refuse unknown words; one here was written around them, and serving food on a diet that cannot
    // be read would be a guess.
    if unknown.is_empty() { Ok(diet) } else { Err(StoreError::Database(format!("diet of {id} cannot be read"))) }
}

/// The sealed address of a senior, opened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// Street, number, floor and door.
    pub detail: String,
    /// Longitude, WGS-84, in 1e-7 degrees, with the latitude.
    pub lon_e7: Option<i64>,
    /// Latitude, WGS-84, in 1e-7 degrees.
    pub lat_e7: Option<i64>,
}

/// Opens a senior's address; `None` when there is none.
pub fn address_of(sealer: &Sealer, senior: &SeniorRow) -> Result<Option<Address>, StoreError> {
    let Some(sealed) = &senior.address_enc else { return Ok(None) };
    let clear = sealer.open(store::seal::Field::SeniorAddress, senior.id.0, sealed)?;
    serde_json::from_str(clear.reveal()).map(Some).map_err(|_| StoreError::Sealed("senior.address_enc"))
}

fn destination(sealer: &Sealer, senior: &SeniorRow, canteen: &CanteenRow, channel: Channel) -> Result<Destination, StoreError> {
    if channel != Channel::Delivery {
        return Ok(Destination::Missing);
    }
    let Some(address) = address_of(sealer, senior)? else { return Ok(Destination::Missing) };
    let (Some(lon), Some(lat)) = (address.lon_e7, address.lat_e7) else { return Ok(Destination::Unplaced) };
    Ok(if crate::area::contains(canteen, lon, lat)? { Destination::InArea } else { Destination::OutOfArea })
}

/// The sitting as the rules see it, with these items of its menu and what the dishes shelf knows of them.
pub fn sitting_facts_from(
    conn: &mut AnyConnection,
    shelves: &Shelves,
    place: (&SittingRow, &CanteenRow),
    items: Vec<MenuItemRow>,
) -> Result<SittingFacts, StoreError> {
    let changes = changes::now(conn)?;
    let ids: Vec<_> = items.iter().map(|item| item.dish_id.0).collect();
    let (sitting, real) = (place.0.id.0, shelves.real.days(conn, changes, &[place.0.id.0])?);
    let dishes = shelves.dishes.dishes(conn, changes.recipes, &ids)?;
    let dishes = dishes.into_iter().map(|(id, dish)| (id, real.dish(sitting, id, &dish))).collect();
    sitting_facts(&dishes, place, items)
}

/// The sitting as the rules see it, with these items of its menu.
fn sitting_facts(
    dishes: &BTreeMap<DishId, Arc<KnownDish>>,
    (sitting, canteen): (&SittingRow, &CanteenRow),
    items: Vec<MenuItemRow>,
) -> Result<SittingFacts, StoreError> {
    let entry = |item: MenuItemRow| {
        let dish = dishes.get(&item.dish_id.0).ok_or(StoreError::NotFound)?;
        Ok(MenuEntry {
            item: item.id.0,
            dish: item.dish_id.0,
            name: dish.name.clone(),
            price_fen: item.price_fen.0,
            small_price_fen: item.small_price_fen.map(|Col(fen)| fen),
            large_price_fen: item.large_price_fen.map(|Col(fen)| fen),
            left: u32::try_from(item.portions - item.sold).unwrap_or(0),
            stopped: item.stopped,
            facts: dish.facts.clone(),
        })
    };
    Ok(SittingFacts {
        service_date: sitting.service_date.0,
        cut_off: sitting.cut_off_at.0,
        ends_at: sitting.serve_to_at.0,
        open: sitting.state == Word(SittingState::Open) && canteen.state == Word(CanteenState::Open),
        delivery_fee_fen: canteen.delivery_fee_fen.0,
        menu: items.into_iter().map(entry).collect::<Result<_, StoreError>>()?,
    })
}

fn wanted_line(line: &LineRequest) -> WantedLine {
    let LineRequest { item, quantity, texture, size, override_reason } = line.clone();
    WantedLine { item, quantity, texture, size, override_reason }
}

fn meal(sitting: &SittingRow, canteen: &CanteenRow, channel: Channel, draft: &Draft) -> Meal {
    let bill = (draft.price_fen, draft.delivery_fee_fen);
    subsidies::meal(sitting.service_date.0, sitting.meal.0, channel, bill, &canteen.place_code.0)
}

fn totals(draft: &Draft, decision: Option<&Decision>) -> Outcome<OrderTotals, PlaceRefusal> {
    let base = OrderTotals { price_fen: draft.price_fen, delivery_fee_fen: draft.delivery_fee_fen, ..OrderTotals::default() };
    let Some(decision) = decision else {
        let all =
            draft.price_fen.plus(draft.delivery_fee_fen).map_err(|e| Failure::Refused(PlaceRefusal::Rules(vec![e.into()])))?;
        return Ok(OrderTotals { self_pay_fen: all, ..base });
    };
    Ok(OrderTotals {
        discount_fen: decision.discount_fen,
        subsidy_fen: decision.granted_fen,
        self_pay_fen: decision.self_pay_fen,
        ..base
    })
}

/// An order that the actor may see.
pub fn visible<R>(conn: &mut AnyConnection, actor: &Actor, id: OrderId) -> Outcome<OrderRow, R> {
    let order = orders::find(conn, id)?.ok_or(Failure::NotFound(Thing::Order))?;
    let canteen = catalogue::canteen(conn, order.canteen_id.0)?.ok_or(Failure::NotFound(Thing::Order))?;
    let senior = order.senior_id.map(|Col(senior)| seniors::find(conn, senior)).transpose()?.flatten();
    if access::may_see(actor, senior.as_ref(), &canteen) { Ok(order) } else { Err(Failure::NotFound(Thing::Order)) }
}
