//! The subsidy of an order: policies in force, facts as known, limits used. The rule itself is `domain::subsidy`.

use crate::budgets::draw;
use domain::id::{OrderId, PolicyId, SeniorId};
use domain::ledger::{Movement, Phase, bearers, movements};
use domain::subsidy::{
    Book, BudgetLeft, Claim, Compiled, Decision, Document, Environment, Fact, FactKind, History, Meal, Name, Subject, Usage,
    WorkdayCalendar,
};
use domain::text_enum::TextEnum;
use domain::{Channel, Fen, Instant, MealPeriod, PlaceCode, ServiceDate};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use store::column::{Col, Word};
use store::conn::AnyConnection;
use store::query::changes::Changes;
use store::query::rows::{AllowanceUseRow, DecisionRow, OrderRow, TransferRow};
use store::query::seniors::{FactRow, SeniorRow};
use store::query::{ledger, orders, policies};
use store::{StoreError, Tx};

/// The books of published policies by service date, kept while the set of versions in force stays the same.
///
/// Which versions govern a date is kept under the count of changes of policies, so a policy published by another process counts
/// at once. Versions are immutable; the database says when a version ends, because a later one may have superseded it: that is
/// no change of the document.
#[derive(Debug, Default)]
pub struct PolicyShelf {
    in_force: RwLock<InForce>,
    books: RwLock<BTreeMap<Vec<PolicyId>, Arc<Book>>>,
    calendar: WorkdayCalendar,
}

/// The book of each date that was asked for, as of one count of changes.
#[derive(Debug, Default)]
struct InForce {
    as_of: i64,
    on: BTreeMap<ServiceDate, Arc<Book>>,
}

/// Dates kept at once: orders look two weeks ahead, corrections some months back.
const DATES_KEPT: usize = 400;

/// Books kept at once: a year's orders see a handful of sets of versions.
const BOOKS_KEPT: usize = 16;

impl PolicyShelf {
    /// With a workday calendar.
    #[must_use]
    pub fn new(calendar: WorkdayCalendar) -> Self {
        Self { in_force: RwLock::default(), books: RwLock::default(), calendar }
    }

    /// The workday calendar.
    #[must_use]
    pub const fn calendar(&self) -> &WorkdayCalendar {
        &self.calendar
    }

    /// The book for a service date. `changes` are the counts that the caller's transaction has read.
    pub fn book(&self, conn: &mut AnyConnection, changes: Changes, on: ServiceDate) -> Result<Arc<Book>, StoreError> {
        if let Ok(kept) = self.in_force.read()
            && kept.as_of == changes.policies
            && let Some(book) = kept.on.get(&on)
        {
            return Ok(book.clone());
        }
        let book = self.load(conn, on)?;
        if let Ok(mut kept) = self.in_force.write() {
            if kept.as_of != changes.policies || kept.on.len() >= DATES_KEPT {
                *kept = InForce { as_of: changes.policies, on: BTreeMap::new() };
            }
            kept.on.insert(on, book.clone());
        }
        Ok(book)
    }

    fn load(&self, conn: &mut AnyConnection, on: ServiceDate) -> Result<Arc<Book>, StoreError> {
        let in_force = policies::in_force(conn, on)?;
        if let Ok(kept) = self.books.read()
            && let Some(book) = kept.get(&in_force)
        {
            return Ok(book.clone());
        }
        let mut versions = Vec::with_capacity(in_force.len());
        for id in &in_force {
            let text = policies::document(conn, *id)?.ok_or(StoreError::NotFound)?;
            versions.push(Arc::new(Compiled::new(stored_document(&text)?)));
        }
        let mut one_each = BTreeMap::new();
        for version in versions {
            // Publication refuses an overlap, so this can only tell of a database edited by hand.
            if let Some(other) = one_each.insert(version.document().programme.clone(), version) {
                let programme = &other.document().programme;
                return Err(StoreError::Database(format!("two versions of {programme} govern {on}")));
            }
        }
        let book = Arc::new(Book::new(one_each.into_values().collect()).map_err(|e| StoreError::Database(e.to_string()))?);
        if let Ok(mut kept) = self.books.write() {
            if kept.len() >= BOOKS_KEPT {
                kept.clear();
            }
            kept.insert(in_force, book.clone());
        }
        Ok(book)
    }
}

/// A document as the table holds it.
pub fn stored_document(text: &str) -> Result<Document, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Database(format!("stored policy: {e}")))
}

/// A decision as the table holds it.
pub fn stored_decision(row: &DecisionRow) -> Result<Decision, StoreError> {
    serde_json::from_str(&row.trace).map_err(|e| StoreError::Database(format!("decision of {}: {e}", row.order_id.0)))
}

/// A meal as the rules see it: what is known of an order when it is placed, and known again when it is looked back at.
#[must_use]
pub fn meal(
    date: ServiceDate,
    period: MealPeriod,
    channel: Channel,
    (price, delivery_fee): (Fen, Fen),
    canteen_place: &PlaceCode,
) -> Meal {
    Meal {
        date,
        period,
        channel,
        price,
        delivery_fee,
        product: None,
        canteen_place: Some(canteen_place.clone()),
        canteen_grade: None,
        canteen_inspection: None,
    }
}

/// What the decision needs to know of the person.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Whose meal it is.
    pub senior: &'a SeniorRow,
    /// Their facts.
    pub facts: &'a [FactRow],
    /// What they have used of the limits that count for the meal.
    pub uses: &'a [AllowanceUseRow],
}

/// Decides a meal's subsidy, with what is left of the budgets that are watched. Called by the quote and by the commit, so both see the
/// same rule.
pub fn assess(
    book: &Book,
    calendar: &WorkdayCalendar,
    meal: &Meal,
    known: &Known<'_>,
    budgets: &[BudgetLeft],
) -> Result<Decision, StoreError> {
    let environment = Environment { calendar, budgets };
    domain::subsidy::decide(book, &subject(known.senior, known.facts), meal, &history(known.uses)?, &environment)
        .map_err(|e| StoreError::Database(format!("decision: {e}")))
}

fn subject(senior: &SeniorRow, facts: &[FactRow]) -> Subject {
    Subject {
        birth: Some(senior.birth_on.0),
        registered: Some(senior.registered_place.0.clone()),
        resident: Some(senior.resident_place.0.clone()),
        facts: facts.iter().filter_map(fact_of).collect(),
    }
}

/// A fact as the rules see it; none of a kind that they do not know.
#[must_use]
pub fn fact_of(row: &FactRow) -> Option<Fact> {
    Some(Fact {
        id: Name::parse(&row.id.0.to_string()).ok(),
        kind: FactKind::parse(&row.kind)?,
        value: Name::parse(&row.value).ok()?,
        from: Some(row.valid_from.0),
        to: row.valid_to.map(|Col(to)| to),
    })
}

fn history(uses: &[AllowanceUseRow]) -> Result<History, StoreError> {
    let usage = |row: &AllowanceUseRow| {
        Ok(Usage {
            key: row.limit_key.parse_key()?,
            ordinal: u32::try_from(row.ordinal).map_err(|_| StoreError::Database("ordinal".into()))?,
            fen: row.amount_fen.0,
        })
    };
    uses.iter().map(usage).collect::<Result<_, StoreError>>().map(History)
}

/// A stored limit key as the domain's.
trait ParseKey {
    fn parse_key(&self) -> Result<domain::subsidy::LimitKey, StoreError>;
}
impl ParseKey for String {
    fn parse_key(&self) -> Result<domain::subsidy::LimitKey, StoreError> {
        domain::subsidy::LimitKey::parse(self).map_err(|e| StoreError::Database(format!("limit key {self}: {e}")))
    }
}

/// Takes what a decision claims. A taken ordinal is a unique key and runs the unit again; an amount past its cap is told by
/// the conditional update, and is answered the same way.
pub fn take_claims(tx: &mut Tx<'_>, senior: SeniorId, order: OrderId, claims: &[Claim]) -> Result<(), StoreError> {
    for claim in claims {
        match claim {
            Claim::Count { key, ordinal, .. } => tx.pending().allowance_use(AllowanceUseRow {
                senior_id: Col(senior),
                limit_key: key.to_string(),
                ordinal: i64::from(*ordinal),
                order_id: Some(Col(order)),
                amount_fen: Col(Fen::ZERO),
            }),
            Claim::Amount { key, fen, cap_fen } => {
                if !orders::draw_amount(tx.change(), senior, &key.to_string(), *fen, *cap_fen)? {
                    return Err(StoreError::Contention("allowance"));
                }
            }
        }
    }
    Ok(())
}

/// The claims of a decision as they can be taken again after they were given back: counts take the lowest free ordinal.
/// `None` when another meal has used a limit up since.
pub fn claims_again(tx: &mut Tx<'_>, senior: SeniorId, decision: &Decision) -> Result<Option<Vec<Claim>>, StoreError> {
    let keys: Vec<String> = decision.claims.iter().map(|claim| claim.key().to_string()).collect();
    let mut uses = orders::uses(tx.look(), &keys.iter().map(|key| (senior, key.as_str())).collect::<Vec<_>>())?;
    let mut again = Vec::with_capacity(decision.claims.len());
    for claim in &decision.claims {
        match claim {
            Claim::Count { key, of, .. } => {
                let text = key.to_string();
                let taken = |n: u32| uses.iter().any(|row| row.limit_key == text && row.ordinal == i64::from(n));
                let Some(ordinal) = (1..=of.unwrap_or(u32::MAX)).find(|n| !taken(*n)) else { return Ok(None) };
                uses.push(AllowanceUseRow {
                    senior_id: Col(senior),
                    limit_key: text,
                    ordinal: i64::from(ordinal),
                    order_id: None,
                    amount_fen: Col(Fen::ZERO),
                });
                again.push(Claim::Count { key: key.clone(), ordinal, of: *of });
            }
            Claim::Amount { key, fen, cap_fen } => {
                let text = key.to_string();
                let used = uses.iter().find(|row| row.limit_key == text && row.ordinal == 0).map_or(0, |row| row.amount_fen.0.0);
                if used.saturating_add(fen.0) > cap_fen.0 {
                    return Ok(None);
                }
                again.push(claim.clone());
            }
        }
    }
    Ok(Some(again))
}

/// Frees what an order's stored decision had claimed.
pub fn release_claims(tx: &mut Tx<'_>, order: &OrderRow) -> Result<(), StoreError> {
    let (Col(id), Some(Col(senior))) = (order.id, order.senior_id) else { return Ok(()) };
    let Some(row) = orders::decision(tx.look(), id)? else { return Ok(()) };
    let decision = stored_decision(&row)?;
    orders::release_ordinals(tx.change(), id)?;
    for claim in &decision.claims {
        if let Claim::Amount { key, fen, .. } = claim {
            orders::return_amount(tx.change(), senior, &key.to_string(), *fen)?;
        }
    }
    Ok(())
}

/// What a decided order holds in the ledger: discounts and grants by who bears them, and the senior's own part.
pub fn holds(canteen: domain::id::CanteenId, decision: &Decision) -> Result<Vec<Movement>, StoreError> {
    let bearers = bearers(&decision.discounts, &decision.legs).map_err(|e| StoreError::Database(format!("decision: {e}")))?;
    Ok(movements(canteen, &bearers, decision.self_pay_fen))
}

/// Writes the holds, making accounts that are new.
pub fn hold(tx: &mut Tx<'_>, order: OrderId, moves: &[Movement], at: Instant) -> Result<(), StoreError> {
    holds_of(tx, order, moves, at)?.into_iter().for_each(|row| tx.pending().transfer(row));
    Ok(())
}

/// Writes holds and posts them at once.
pub fn hold_and_post(tx: &mut Tx<'_>, order: OrderId, moves: &[Movement], at: Instant) -> Result<(), StoreError> {
    held_and_posted(tx, order, moves, at)?.into_iter().for_each(|row| tx.pending().transfer(row));
    Ok(())
}

/// Holds that are posted at once, each followed by its post.
pub fn held_and_posted(tx: &mut Tx<'_>, order: OrderId, moves: &[Movement], at: Instant) -> Result<Vec<TransferRow>, StoreError> {
    let holds = holds_of(tx, order, moves, at)?;
    let pair = |row: TransferRow| {
        let post = ending(tx, &row, Phase::Post, at);
        [row, post]
    };
    Ok(holds.into_iter().flat_map(pair).collect())
}

fn holds_of(tx: &mut Tx<'_>, order: OrderId, moves: &[Movement], at: Instant) -> Result<Vec<TransferRow>, StoreError> {
    tx.ensure_accounts(moves.iter().flat_map(|m| [&m.debit, &m.credit]))?;
    let row = |movement: &Movement| TransferRow {
        id: Col(tx.new_id()),
        order_id: Col(order),
        phase: Word(Phase::Hold),
        hold_id: None,
        debit_id: Col(movement.debit.id()),
        credit_id: Col(movement.credit.id()),
        amount_fen: Col(movement.amount_fen),
        recorded_at: Col(at),
    };
    Ok(moves.iter().map(row).collect())
}

/// The row that ends a hold.
fn ending(tx: &Tx<'_>, hold: &TransferRow, phase: Phase, at: Instant) -> TransferRow {
    TransferRow { id: Col(tx.new_id()), phase: Word(phase), hold_id: Some(hold.id), recorded_at: Col(at), ..hold.clone() }
}

/// Posts or voids every open hold of an order; what is voided goes back to the budgets it was taken of.
pub fn end_holds(tx: &mut Tx<'_>, order: &OrderRow, phase: Phase, at: Instant) -> Result<(), StoreError> {
    let holds = ledger::open_holds(tx.look(), order.id.0)?;
    if phase == Phase::Void {
        draw::give_back(tx, order.service_date.0, &holds)?;
    }
    for hold in holds {
        let row = ending(tx, &hold, phase, at);
        tx.pending().transfer(row);
    }
    Ok(())
}
