//! Standing orders: made, paused, ended, and turned into orders.
//!
//! Generation looks at one pattern's day at a time, in one unit of work, and does the one thing [`domain::standing::step`] says.
//! It may run as often as it likes: with nothing to do it changes nothing.

use crate::App;
use crate::failure::{Failure, Never, Outcome, Thing};
use crate::jobs::notify::{self, Telling};
use crate::orders::change::{ChangeRefusal, change_in};
use crate::orders::load::{diet_of, sitting_facts_from};
use crate::orders::place::place_in;
use crate::orders::rows::{OrderLookup, less_taken};
use crate::orders::{LineRequest, OrderRequest, PlaceRefusal, cancel};
use domain::access::{Actor, FamilyScope};
use domain::diet::{Diet, Texture, clashes};
use domain::id::{MenuItemId, StandingOrderId};
use domain::order::OrderRejection;
use domain::ordering::{OrderRefusal, SittingFacts};
use domain::standing::{Generated, Offer, Pattern, SkipReason, Span, StandingState, Step, step};
use domain::{Instant, ServiceDate};
use store::column::{Col, Word};
use store::query::rows::OrderRow;
use store::query::seniors::{SeniorRow, SeniorState};
use store::query::standing::{self, SkipRow, StandingRow};
use store::query::{catalogue, orders, seniors};
use store::{LaneKey, StoreError, Tx};

/// What one run of the generation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Generation {
    /// Orders made.
    pub made: u32,
    /// Orders brought in line.
    pub followed: u32,
    /// Orders taken back.
    pub taken_back: u32,
    /// Days without an order, each with its reason on record.
    pub skipped: u32,
    /// Days that could not be looked at, each with an error in the log; the others go on without them.
    pub failed: u32,
}

impl Generation {
    const fn count(&mut self, step: Step) {
        match step {
            Step::Keep => {}
            Step::Make(_) => self.made += 1,
            Step::Follow(_) => self.followed += 1,
            Step::TakeBack(_) => self.taken_back += 1,
            Step::Skip(_) => self.skipped += 1,
        }
    }

    const fn add(&mut self, other: Self) {
        self.made += other.made;
        self.followed += other.followed;
        self.taken_back += other.taken_back;
        self.skipped += other.skipped;
        self.failed += other.failed;
    }
}

/// Brings every standing order's days from today to the horizon in line. A unit per day, so that no write is long.
pub async fn generate(app: &App) -> Outcome<Generation, Never> {
    due::every_page(app, due::reach(app), |conn, after| standing::active_after(conn, after, due::PAGE)).await
}

/// Brings one standing order's days in line: at its making and after every change of it.
pub async fn follow(app: &App, pattern: StandingOrderId) -> Outcome<(), Never> {
    let lane = crate::lanes::of_pattern(app, pattern).await?;
    for date in due::reach(app) {
        bring(app, lane, pattern, date).await?;
    }
    Ok(())
}

/// What the pattern wants instead of an order of its own was refused for this reason.
struct Unable(SkipReason);

/// Brings one pattern's day in line; answers what was done.
///
/// What the pattern wants now may be refused: a delivery without an address. The order that is there is then taken back with the
/// reason, in a unit of its own, because the refusal comes in the middle of the change. Kept, it would be a meal that nobody wants so.
async fn bring(app: &App, lane: LaneKey, pattern: StandingOrderId, date: ServiceDate) -> Outcome<Step, Never> {
    let run = |unable: Option<SkipReason>| {
        let (lookup, telling) = (app.orders.lookup().clone(), app.telling());
        app.store.write(lane, "standing_day", move |tx| day(tx, &lookup, telling, (pattern, date), unable))
    };
    let Unable(reason) = match run(None).await {
        Ok(step) => return Ok(step),
        Err(failure) => failure.refusal()?,
    };
    // With the reason at hand nothing is changed, so nothing is refused.
    run(Some(reason)).await.or_else(|failure| failure.refusal().map(|Unable(_)| Step::Keep))
}

/// One pattern's day, in one unit of work; `unable` tells why the order that is there cannot become what is wanted.
fn day(
    tx: &mut Tx<'_>,
    lookup: &OrderLookup,
    telling: Telling,
    (id, date): (StandingOrderId, ServiceDate),
    unable: Option<SkipReason>,
) -> Outcome<Step, Unable> {
    let Some(row) = standing::find(tx.look(), id)? else { return Ok(Step::Keep) };
    let Some(senior) = seniors::find(tx.look(), row.senior_id.0)? else { return Ok(Step::Keep) };
    tx.lock_canteen(row.canteen_id.0)?;
    let there = standing::generated(tx.look(), id, date)?;
    if there.is_none() && standing::eats_otherwise(tx.look(), row.senior_id.0, (date, row.meal.0))? {
        return Ok(Step::Keep);
    }
    let sitting = standing::sitting_of(tx.look(), row.canteen_id.0, date, row.meal.0)?;
    let facts = match sitting {
        Some(sitting) => match catalogue::sitting_with_canteen(tx.look(), sitting)? {
            Some((sitting, canteen)) => {
                let mut items = catalogue::menu_items(tx.look(), sitting.id.0)?;
                less_taken(&mut items, tx);
                Some(sitting_facts_from(tx.look(), lookup.shelves(), (&sitting, &canteen), items)?)
            }
            None => None,
        },
        None => None,
    };
    let now = tx.now();
    let diet = diet_of(tx.look(), senior.id.0)?;
    let (generated, stays) = match &there {
        Some(order) => generated(tx, order, facts.as_ref(), &diet)?,
        None => (None, false),
    };
    let offer = facts.as_ref().map_or(Err(SkipReason::NoSitting), |facts| offer(facts, &diet, now));
    let mut pattern = pattern_of(&row);
    if senior.state == Word(SeniorState::Left) {
        // Who has left is not missing from the meal: they are not expected any more.
        pattern.state = StandingState::Ended;
    }
    let wanted = match (step(&pattern, paused(&senior, date), date, generated, stays, offer), unable) {
        (Step::Follow(_), Some(reason)) => Step::TakeBack(Some(reason)),
        (wanted, _) => wanted,
    };
    let act = Act { lookup, telling, row: &row, date, now, sitting };
    act.carry_out(tx, wanted, there)
}

fn paused(senior: &SeniorRow, date: ServiceDate) -> bool {
    let span = senior.paused_from.map(|Col(from)| Span { from, to: senior.paused_to.map(|Col(to)| to) });
    span.is_some_and(|span| span.contains(date))
}

/// The domain's pattern of a row.
#[must_use]
pub fn pattern_of(row: &StandingRow) -> Pattern {
    Pattern {
        id: row.id.0,
        // The column's CHECK keeps it between 1 and 127.
        weekdays: u8::try_from(row.weekdays).unwrap_or(0),
        meal: row.meal.0,
        channel: row.channel.0,
        lasts: Span { from: row.starts_on.0, to: row.ends_on.map(|Col(to)| to) },
        pause: row.paused_from.map(|Col(from)| Span { from, to: row.paused_to.map(|Col(to)| to) }),
        state: row.state.0,
    }
}

/// The generated order as the rule sees it, and whether its dish may stay.
fn generated(
    tx: &mut Tx<'_>,
    order: &OrderRow,
    facts: Option<&SittingFacts>,
    diet: &Diet,
) -> Result<(Option<Generated>, bool), StoreError> {
    let lines = orders::lines(tx.look(), order.id.0)?;
    let Some((line, _)) = lines.first() else { return Ok((None, false)) };
    let item = line.menu_item_id.0;
    let entry = facts.filter(|f| f.open).and_then(|f| f.menu.iter().find(|e| e.item == item));
    let stays = entry.is_some_and(|e| !e.stopped && clashes(diet, &e.facts, line.texture.0).is_empty());
    let seen = Generated { state: order.state.0, edited_by_person: order.edited_by_person, channel: order.channel.0, item };
    Ok((Some(seen), stays))
}

/// The first dish on the menu that suits the diet and is not sold out.
fn offer(facts: &SittingFacts, diet: &Diet, now: Instant) -> Offer {
    if !facts.open {
        return Err(SkipReason::SittingClosed);
    }
    if now >= facts.cut_off {
        return Err(SkipReason::CutOffPassed);
    }
    let texture = diet.texture.unwrap_or(Texture::Regular);
    let mut suitable = facts.menu.iter().filter(|e| clashes(diet, &e.facts, texture).is_empty()).peekable();
    if suitable.peek().is_none() {
        return Err(SkipReason::NothingSuitable);
    }
    suitable.find(|e| !e.stopped && e.left > 0).map(|e| e.item).ok_or(SkipReason::SoldOut)
}

struct Act<'a> {
    lookup: &'a OrderLookup,
    telling: Telling,
    row: &'a StandingRow,
    date: ServiceDate,
    now: Instant,
    sitting: Option<domain::id::SittingId>,
}

impl Act<'_> {
    fn carry_out(&self, tx: &mut Tx<'_>, step: Step, there: Option<OrderRow>) -> Outcome<Step, Unable> {
        match (step, there) {
            (Step::Make(item), _) => self.make(tx, item),
            // Another meal or canteen: an order keeps its sitting, so it is another order.
            (Step::Follow(item), Some(order)) if self.sitting != Some(order.sitting_id.0) => {
                match self.take_back(tx, &order, None)? {
                    Step::TakeBack(_) => self.make(tx, item),
                    kept => Ok(kept),
                }
            }
            (Step::Follow(item), Some(order)) => self.bring_in_line(tx, item, &order),
            (Step::TakeBack(reason), Some(order)) => self.take_back(tx, &order, reason),
            (Step::Skip(reason), _) => self.skip(tx, reason),
            (Step::Keep | Step::Follow(_) | Step::TakeBack(_), _) => {
                if standing::skip(tx.look(), self.row.id.0, self.date)?.is_some() && matches!(step, Step::Keep) {
                    standing::clear_skip(tx.change(), self.row.id.0, self.date)?;
                }
                Ok(Step::Keep)
            }
        }
    }

    fn make(&self, tx: &mut Tx<'_>, item: MenuItemId) -> Outcome<Step, Unable> {
        let Some(request) = self.request(item) else { return self.skip(tx, SkipReason::NoSitting) };
        match place_in(tx, self.lookup, &self.actor(), &request, Some(self.row.id.0)) {
            Ok(_) => {
                standing::clear_skip(tx.change(), self.row.id.0, self.date)?;
                Ok(Step::Make(item))
            }
            Err(Failure::Refused(refusal)) => self.skip(tx, reason_of(&refusal)),
            Err(Failure::Store(fault)) => Err(Failure::Store(fault)),
            Err(Failure::NotFound(_) | Failure::Forbidden | Failure::Stale { .. } | Failure::KeyReused) => {
                self.skip(tx, SkipReason::Refused)
            }
        }
    }

    fn bring_in_line(&self, tx: &mut Tx<'_>, item: MenuItemId, order: &OrderRow) -> Outcome<Step, Unable> {
        let Some(request) = self.request(item) else { return Ok(Step::Keep) };
        match change_in(tx, self.lookup, &self.actor(), order.id.0, order.version, &request, false) {
            Ok(_) => Ok(Step::Follow(item)),
            // Past the cut-off or packed: what is there stays, which is better than nothing on the table.
            Err(Failure::Refused(ChangeRefusal::Order(_) | ChangeRefusal::Packed)) => Ok(Step::Keep),
            Err(Failure::Refused(ChangeRefusal::Content(refusal))) => Err(Failure::Refused(Unable(reason_of(&refusal)))),
            Err(Failure::Store(fault)) => Err(Failure::Store(fault)),
            Err(_) => Err(Failure::NotFound(Thing::Order)),
        }
    }

    fn take_back(&self, tx: &mut Tx<'_>, order: &OrderRow, reason: Option<SkipReason>) -> Outcome<Step, Unable> {
        match cancel::cancel_in(tx, &self.actor(), order.id.0, None) {
            Ok(_) => {}
            // Past the cut-off the kitchen has counted it.
            Err(Failure::Refused(
                OrderRejection::CutOffPassed(_) | OrderRejection::ReasonNeeded | OrderRejection::WrongState(_),
            )) => {
                return Ok(Step::Keep);
            }
            Err(Failure::Store(fault)) => return Err(Failure::Store(fault)),
            Err(_) => return Err(Failure::NotFound(Thing::Order)),
        }
        // Cut loose, so that the pattern may make another when the reason is gone.
        standing::detach(tx.change(), order.id.0)?;
        if let Some(reason) = reason {
            self.skip(tx, reason)?;
        }
        Ok(Step::TakeBack(reason))
    }

    fn skip(&self, tx: &mut Tx<'_>, reason: SkipReason) -> Outcome<Step, Unable> {
        if standing::skip(tx.look(), self.row.id.0, self.date)? == Some(reason) {
            return Ok(Step::Skip(reason));
        }
        let row = SkipRow {
            standing_order_id: self.row.id,
            service_date: Col(self.date),
            reason: Word(reason),
            recorded_at: Col(self.now),
        };
        standing::put_skip(tx.change(), &row)?;
        notify::not_made(tx, self.telling, (self.row.id.0, self.row.senior_id.0), self.date, reason)?;
        Ok(Step::Skip(reason))
    }

    fn request(&self, item: MenuItemId) -> Option<OrderRequest> {
        Some(OrderRequest {
            sitting: self.sitting?,
            senior: Some(self.row.senior_id.0),
            lines: vec![LineRequest { item, quantity: 1, texture: None, size: None, override_reason: None }],
            channel: self.row.channel.0,
            note: String::new(),
            reason: None,
            expected_self_pay_fen: None,
        })
    }

    /// Generation acts for the senior, under the consent that the pattern records, and bound by the cut-off.
    fn actor(&self) -> Actor {
        let scopes = [FamilyScope::Order, FamilyScope::See].into();
        Actor {
            user: self.row.placed_by.map(|Col(user)| user),
            family: [(self.row.senior_id.0, scopes)].into(),
            ..Actor::default()
        }
    }
}

fn reason_of(refusal: &PlaceRefusal) -> SkipReason {
    let PlaceRefusal::Rules(all) = refusal else { return SkipReason::Refused };
    match all.first() {
        Some(OrderRefusal::AddressMissing) => SkipReason::AddressMissing,
        Some(OrderRefusal::OutOfArea) => SkipReason::OutOfArea,
        Some(OrderRefusal::SoldOut { .. }) => SkipReason::SoldOut,
        Some(OrderRefusal::CutOffPassed { .. }) => SkipReason::CutOffPassed,
        Some(OrderRefusal::Clashes { .. }) => SkipReason::NothingSuitable,
        Some(OrderRefusal::Closed) => SkipReason::SittingClosed,
        _ => SkipReason::Refused,
    }
}

/// What a client may set of a standing order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StandingRequest {
    /// Whose.
    pub senior: domain::id::SeniorId,
    /// Where.
    pub canteen: domain::id::CanteenId,
    /// Which meal.
    pub meal: domain::MealPeriod,
    /// Weekdays; bit 0 is Monday.
    pub weekdays: u8,
    /// How it reaches the table.
    pub channel: domain::Channel,
    /// First day.
    pub starts_on: ServiceDate,
    /// Last day, when there is one.
    pub ends_on: Option<ServiceDate>,
    /// A pause with automatic resume.
    pub pause: Option<(ServiceDate, Option<ServiceDate>)>,
    /// Whether it generates no more.
    pub ended: bool,
}

mod due;
mod edit;
pub use due::follow_due;
pub use edit::{get, list, make, put};
