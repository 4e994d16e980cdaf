//! Persons with their past, as the records stood at each moment: for drafts that are tried on it, and for what is learned late.

use crate::orders::close::GRACE_S;
use crate::subsidies::{self, fact_of};
use domain::id::{FactId, OrderId, SeniorId};
use domain::order::OrderState;
use domain::subsidy::backtest::{Bill, Eater, PastMeal, Record};
use domain::subsidy::{Fact, Meal, Subject};
use domain::{Channel, Fen, Instant, ServiceDate};
use std::collections::BTreeMap;
use store::StoreError;
use store::column::Col;
use store::conn::AnyConnection;
use store::query::corrections::{self, CorrectionRow};
use store::query::earlier::{self, DecidedRow, DecisionEarlierRow, FactEarlierRow, HomeRow, Run, ShownFact};

/// Before everything: what nobody recorded the beginning of has always been so.
const ALWAYS: Instant = Instant::from_micros(i64::MIN);

/// The persons of a run who have decided meals in a span of dates.
pub fn eaters(conn: &mut AnyConnection, run: Run, span: (ServiceDate, ServiceDate)) -> Result<Vec<Eater>, StoreError> {
    let mut meals: BTreeMap<SeniorId, Vec<PastMeal>> = BTreeMap::new();
    let decided = earlier::decided(conn, run, span)?;
    if decided.is_empty() {
        return Ok(Vec::new());
    }
    let mut replaced: BTreeMap<OrderId, Vec<DecisionEarlierRow>> = BTreeMap::new();
    for row in earlier::decisions_earlier(conn, run, span)? {
        replaced.entry(row.order_id.0).or_default().push(row);
    }
    let corrected = corrections_of(corrections::of_seniors(conn, run, span)?);
    for row in &decided {
        let of = meals.entry(row.senior_id.0).or_default();
        for before in replaced.remove(&row.order_id.0).unwrap_or_default() {
            of.push(replaced_meal(row, &before)?);
        }
        let mut last = last_meal(conn, row)?;
        if let Some(by) = corrected.get(&row.order_id.0) {
            correct(&mut last, by)?;
        }
        of.push(last);
    }
    let mut homes = homes(earlier::homes(conn, run)?);
    let mut facts = facts(earlier::facts(conn, run)?, earlier::facts_earlier(conn, run)?);
    let eater = |(senior, meals)| Eater {
        senior,
        homes: homes.remove(&senior).unwrap_or_default(),
        facts: facts.remove(&senior).unwrap_or_default(),
        meals,
    };
    Ok(meals.into_iter().map(eater).collect())
}

/// Of each order the last correction that changed what it costs.
fn corrections_of(rows: Vec<CorrectionRow>) -> BTreeMap<OrderId, CorrectionRow> {
    rows.into_iter().filter(CorrectionRow::has_changed_cost).map(|row| (row.order_id.0, row)).collect()
}

/// A meal that was annulled was not eaten, and its limits were given back then; one that was adjusted has another bill.
fn correct(meal: &mut PastMeal, by: &CorrectionRow) -> Result<(), StoreError> {
    match &by.trace {
        Some(trace) => meal.corrected = Some(bill(meal.order, trace)?),
        None => {
            meal.eaten = false;
            meal.given_back_at = by.decided_at.map(|Col(at)| at);
        }
    }
    Ok(())
}

fn bill(order: OrderId, trace: &str) -> Result<Bill, StoreError> {
    serde_json::from_str(trace).map_err(|e| StoreError::Database(format!("decision of {order}: {e}")))
}

fn meal(row: &DecidedRow, channel: Channel, bill: (Fen, Fen)) -> Meal {
    subsidies::meal(row.service_date.0, row.meal.0, channel, bill, &row.canteen_place.0)
}

/// A decision that stood until the order was changed.
fn replaced_meal(row: &DecidedRow, before: &DecisionEarlierRow) -> Result<PastMeal, StoreError> {
    let bill = bill(row.order_id.0, &before.trace)?;
    // What it cost then is in the decision; the order itself has its new price.
    let meal = meal(row, before.channel.0, (bill.price_fen, bill.delivery_fee_fen));
    Ok(PastMeal {
        order: row.order_id.0,
        canteen: row.canteen_id.0,
        meal,
        decided_at: before.decided_at.0,
        given_back_at: Some(before.replaced_at.0),
        taken_again_at: None,
        eaten: false,
        bill,
        corrected: None,
    })
}

fn last_meal(conn: &mut AnyConnection, row: &DecidedRow) -> Result<PastMeal, StoreError> {
    let (decided_at, changed_at) = (row.decided_at.0, row.changed_at.0);
    // Served long after it was closed as not fetched: its limits were free in between.
    let late = row.state.0 == OrderState::Served && changed_at >= row.serve_to_at.0.plus_seconds(GRACE_S);
    let closed_at = if late { earlier::given_back_at(conn, row.order_id.0)?.filter(|at| *at > decided_at) } else { None };
    let (given_back_at, taken_again_at) = match row.state.0 {
        OrderState::Cancelled | OrderState::NotServed => (Some(changed_at), None),
        OrderState::Confirmed | OrderState::Served => (closed_at, closed_at.map(|_| changed_at)),
    };
    Ok(PastMeal {
        order: row.order_id.0,
        canteen: row.canteen_id.0,
        meal: meal(row, row.channel.0, (row.price_fen.0, row.delivery_fee_fen.0)),
        decided_at,
        given_back_at,
        taken_again_at,
        eaten: row.state.0 == OrderState::Served,
        bill: bill(row.order_id.0, &row.trace)?,
        corrected: None,
    })
}

/// Rows come with what was first, and with what stands at last.
fn homes(rows: Vec<HomeRow>) -> BTreeMap<SeniorId, Vec<Record<Subject>>> {
    let mut by: BTreeMap<SeniorId, Vec<Record<Subject>>> = BTreeMap::new();
    for row in rows {
        let of = by.entry(row.senior_id.0).or_default();
        let what = Subject {
            birth: Some(row.birth_on.0),
            registered: Some(row.registered_place.0),
            resident: Some(row.resident_place.0),
            facts: Vec::new(),
        };
        let from = of.last().and_then(|before| before.until).unwrap_or(ALWAYS);
        of.push(Record { from, until: row.until.map(|Col(until)| until), what });
    }
    by
}

/// The first words of a fact count from when it was recorded, or from when the import that brought it was shown.
fn facts(rows: Vec<ShownFact>, earlier: Vec<FactEarlierRow>) -> BTreeMap<SeniorId, Vec<Record<Fact>>> {
    let mut before: BTreeMap<FactId, Vec<FactEarlierRow>> = BTreeMap::new();
    for row in earlier {
        before.entry(row.fact_id.0).or_default().push(row);
    }
    let mut by: BTreeMap<SeniorId, Vec<Record<Fact>>> = BTreeMap::new();
    for (row, shown_at) in rows {
        let Some(fact) = fact_of(&row) else { continue };
        let of = by.entry(row.senior_id.0).or_default();
        let before = before.remove(&row.id.0).unwrap_or_default();
        let recorded_at = before.first().map_or(row.recorded_at.0, |first| first.recorded_at.0);
        let mut from = shown_at.map_or(recorded_at, |Col(shown)| shown.max(recorded_at));
        for said in before {
            let until = said.recorded_until.0;
            let what = Fact { to: said.valid_to.map(|Col(to)| to), ..fact.clone() };
            of.push(Record { from, until: Some(until), what });
            from = until;
        }
        of.push(Record { from, until: None, what: fact });
    }
    by
}
