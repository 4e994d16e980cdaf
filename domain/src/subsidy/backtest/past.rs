//! What is known of the past: meals with what was decided, and the person as the records stood at each moment.

use crate::id::{CanteenId, OrderId, SeniorId};
use crate::subsidy::decide::Meal;
use crate::subsidy::facts::{Fact, Subject};
use crate::subsidy::limit::Claim;
use crate::subsidy::trace::{Decision, Flag, Leg};
use crate::{Fen, Instant};
use serde::Deserialize;

/// What was decided then: the part of a stored [`Decision`] that money and limits hang on. The trace is skipped when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Bill {
    /// List price.
    pub price_fen: Fen,
    /// Delivery fee.
    pub delivery_fee_fen: Fen,
    /// Off the price by discounts.
    pub discount_fen: Fen,
    /// Granted.
    pub granted_fen: Fen,
    /// What the senior pays.
    pub self_pay_fen: Fen,
    /// Who bears the discounts.
    pub discounts: Vec<Leg>,
    /// Who pays the grant.
    pub legs: Vec<Leg>,
    /// What the canteen got beside it.
    pub operator: Vec<Leg>,
    /// What it took of limits.
    pub claims: Vec<Claim>,
    /// What it noted: whose budget was used up.
    pub flags: Vec<Flag>,
}

impl From<Decision> for Bill {
    fn from(d: Decision) -> Self {
        let Decision { price_fen, delivery_fee_fen, discount_fen, granted_fen, self_pay_fen, .. } = d;
        let Decision { discounts, legs, operator, claims, flags, .. } = d;
        Self { price_fen, delivery_fee_fen, discount_fen, granted_fen, self_pay_fen, discounts, legs, operator, claims, flags }
    }
}

/// A decision of the past. An order that was changed was decided more than once: each time is one of these, and only the last
/// may be of a meal that was eaten.
#[derive(Debug, Clone)]
pub struct PastMeal {
    /// Its order.
    pub order: OrderId,
    /// Where it was to be eaten.
    pub canteen: CanteenId,
    /// What was decided about.
    pub meal: Meal,
    /// When.
    pub decided_at: Instant,
    /// When its limits were given back: changed, cancelled, or not fetched.
    pub given_back_at: Option<Instant>,
    /// When they were taken again: it had been closed as not fetched, and evidence came later that it was.
    pub taken_again_at: Option<Instant>,
    /// Whether it was eaten; others only held limits for a while.
    pub eaten: bool,
    /// What was decided.
    pub bill: Bill,
    /// What a correction made of it since; limits stay as they were taken.
    pub corrected: Option<Bill>,
}

impl PastMeal {
    /// What stands.
    #[must_use]
    pub fn stands(&self) -> &Bill {
        self.corrected.as_ref().unwrap_or(&self.bill)
    }
}

/// Something about a person, and when it was what the records said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<T> {
    /// From when on.
    pub from: Instant,
    /// Until when, exclusive: it was corrected, or given an end.
    pub until: Option<Instant>,
    /// What they said.
    pub what: T,
}

impl<T> Record<T> {
    fn stands(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A person with the meals of the period, and those around it that share a limit with them.
#[derive(Debug, Clone)]
pub struct Eater {
    /// Who.
    pub senior: SeniorId,
    /// Birth and homes, without facts.
    pub homes: Vec<Record<Subject>>,
    /// Facts.
    pub facts: Vec<Record<Fact>>,
    /// Meals, in any order.
    pub meals: Vec<PastMeal>,
}

impl Eater {
    /// The person as the records tell them now, for a meal that was decided at a moment. Facts have the dates between which they hold,
    /// so they count whenever they were recorded, and so does a corrected birth date. The homes of the record have none: a new
    /// one counts from when it was entered, and a move that was learned late is a fact.
    #[must_use]
    pub fn known_now(&self, at: Instant) -> Subject {
        let home = self.homes.iter().find(|home| home.stands(at)).map(|home| home.what.clone());
        let last = self.homes.last().map(|home| &home.what);
        Subject {
            birth: last.and_then(|home| home.birth),
            facts: self.facts.iter().filter(|fact| fact.until.is_none()).map(|fact| fact.what.clone()).collect(),
            ..home.unwrap_or_default()
        }
    }
}

/// What was known of the person at a moment; moments come in their order.
pub(in crate::subsidy) struct Known<'a> {
    eater: &'a Eater,
    /// When the records changed, the last first.
    changes: Vec<Instant>,
    subject: Subject,
}

impl<'a> Known<'a> {
    pub fn new(eater: &'a Eater) -> Self {
        let mut changes: Vec<Instant> = bounds(&eater.homes).chain(bounds(&eater.facts)).collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        changes.dedup();
        Self { eater, changes, subject: Subject::default() }
    }

    pub fn by(&mut self, at: Instant) -> &Subject {
        let mut changed = false;
        while self.changes.pop_if(|change| *change <= at).is_some() {
            changed = true;
        }
        if changed {
            let home = self.eater.homes.iter().find(|home| home.stands(at)).map(|home| &home.what);
            self.subject = home.cloned().unwrap_or_default();
            self.subject.facts = self.eater.facts.iter().filter(|fact| fact.stands(at)).map(|fact| fact.what.clone()).collect();
        }
        &self.subject
    }
}

fn bounds<T>(records: &[Record<T>]) -> impl Iterator<Item = Instant> {
    records.iter().flat_map(|record| [Some(record.from), record.until]).flatten()
}
