//! Documents made ready for deciding, and the book of all versions in force.

use super::calendar::WorkdayCalendar;
use super::canonical::content_hash;
use super::conventions::{Conventions, WeekStart};
use super::decide::Meal;
use super::document::{DEFAULT_RANK, Document, Limit, Step};
use super::facts::{FactKind, Subject};
use super::limit::{Bucket, LimitKey, Per};
use super::name::Name;
use super::when::When;
use crate::{MealPeriod, PlaceCode, ServiceDate};
use std::sync::Arc;

/// One version, ready for deciding.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(super) document: Document,
    pub(super) hash: String,
    pub(super) conventions: Conventions,
    pub(super) rank: u32,
    pub(super) uses_nth: bool,
    pub(super) limits: Vec<ReadyLimit>,
    /// One entry per step; empty for a discount.
    pub(super) steps: Vec<ReadyStep>,
}

/// The limits of one group and of each of its lines.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadyStep {
    pub limits: Vec<ReadyLimit>,
    pub lines: Vec<Vec<ReadyLimit>>,
}

/// A limit with its name.
#[derive(Debug, Clone)]
pub(super) struct ReadyLimit {
    pub id: Arc<str>,
    pub per: Per,
    pub cap: Cap,
    pub carry_months: u32,
}

/// What is limited.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cap {
    Count(u32),
    Fen(i64),
    FenFromFact(FactKind),
}

/// The name under which the running number of the day's meals is counted.
pub(super) const NTH_LIMIT: &str = "nth-meal";

impl Compiled {
    /// Makes a document ready. Faults in it are found by [`check`](super::check); what is faulty grants nothing, never panics.
    #[must_use]
    pub fn new(document: Document) -> Self {
        let mut uses_nth = false;
        for (_, when) in document.conditions() {
            when.visit(&mut |w| uses_nth |= matches!(w, When::NthMeal(_)));
        }
        let steps = document.steps.iter().map(ready_step).collect();
        Self {
            hash: content_hash(&document),
            conventions: document.conventions.settle(),
            rank: document.coexistence.as_ref().map_or(DEFAULT_RANK, |c| c.rank),
            uses_nth,
            limits: ready_limits("all", &document.limits),
            steps,
            document,
        }
    }

    /// The document.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// SHA-256 of the document's canonical JSON, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The conventions, defaults filled in.
    #[must_use]
    pub const fn conventions(&self) -> &Conventions {
        &self.conventions
    }

    /// Whether it governs a service date.
    #[must_use]
    pub fn governs(&self, date: ServiceDate) -> bool {
        self.document.effective.from <= date && self.document.effective.to.is_none_or(|to| date <= to)
    }

    /// Whether the person or the canteen has anything to do with the policy's place.
    ///
    /// A city's database holds the policies of a hundred streets; telling each senior why the other ninety-nine do not apply
    /// would bury the one answer that matters. Places known only coarsely count as concerned.
    pub(super) fn concerns(&self, subject: &Subject, meal: &Meal) -> bool {
        let Some(place) = self.document.place.as_ref().map(PlaceCode::as_str) else { return true };
        let undated = subject.registered.iter().chain(&subject.resident).chain(&meal.canteen_place).map(PlaceCode::as_str);
        let homes = subject.facts.iter().filter(|f| matches!(f.kind, FactKind::Registered | FactKind::Resident));
        let mut known = undated.chain(homes.map(|f| f.value.as_str())).peekable();
        known.peek().is_none() || known.any(|code| code.starts_with(place) || place.starts_with(code))
    }

    pub(super) fn all_limits(&self) -> impl Iterator<Item = &ReadyLimit> {
        let below = self.steps.iter().flat_map(|s| s.limits.iter().chain(s.lines.iter().flatten()));
        self.limits.iter().chain(below)
    }

    /// The key of the running number of the day's meals.
    pub(super) fn nth_key(&self, date: ServiceDate) -> LimitKey {
        LimitKey { programme: self.document.programme.clone(), limit: Arc::from(NTH_LIMIT), bucket: Bucket::Day, start: date }
    }

    /// The keys a limit counts under for a meal, the oldest first; more than one only for credit that carries over.
    pub(super) fn keys(&self, limit: &ReadyLimit, date: ServiceDate, meal: MealPeriod) -> Vec<LimitKey> {
        let (bucket, start) = self.bucket(limit.per, date, meal);
        let key = |start| LimitKey { programme: self.document.programme.clone(), limit: limit.id.clone(), bucket, start };
        let mut keys = vec![key(start)];
        if limit.per == Per::Month {
            let first = self.document.effective.from.month_start();
            let mut month = start;
            for _ in 0..limit.carry_months.min(MAX_CARRY) {
                month = month.plus_days(-1).month_start();
                if month < first {
                    break;
                }
                keys.push(key(month));
            }
            keys.reverse();
        }
        keys
    }

    fn bucket(&self, per: Per, date: ServiceDate, meal: MealPeriod) -> (Bucket, ServiceDate) {
        match per {
            Per::Meal => (Bucket::Meal(meal), date),
            Per::Day => (Bucket::Day, date),
            Per::Week => match self.conventions.week {
                WeekStart::Monday => (Bucket::Week, date.week_start()),
                WeekStart::Sunday => (Bucket::Week, date.plus_days(1).week_start().plus_days(-1)),
            },
            Per::Month => (Bucket::Month, date.month_start()),
            Per::Quarter => (Bucket::Quarter, date.quarter_start()),
            Per::Year => (Bucket::Year, date.year_start()),
            Per::Ever => (Bucket::Ever, ServiceDate::new(1970, 1, 1).unwrap_or(date)),
        }
    }
}

/// More months of carried credit than any text grants.
pub(super) const MAX_CARRY: u32 = 24;

fn ready_limits(owner: &str, limits: &[Limit]) -> Vec<ReadyLimit> {
    let ready = |limit: &Limit| {
        let cap = match (limit.count, limit.fen, limit.fen_from_fact) {
            (Some(count), _, _) => Cap::Count(count),
            (_, Some(fen), _) => Cap::Fen(fen),
            (_, _, Some(kind)) => Cap::FenFromFact(kind),
            // The check reports a limit that limits nothing; deciding treats it as exhausted, so that nobody is paid by mistake.
            (None, None, None) => Cap::Count(0),
        };
        let kind = match cap {
            Cap::Count(_) => "count",
            Cap::Fen(_) => "fen",
            Cap::FenFromFact(_) => "quota",
        };
        let id = limit.id.as_ref().map_or_else(|| format!("{owner}.{}.{kind}", limit.per), Name::to_string);
        ReadyLimit { id: Arc::from(id), per: limit.per, cap, carry_months: limit.carry_months.unwrap_or(0) }
    };
    limits.iter().map(ready).collect()
}

fn ready_step(step: &Step) -> ReadyStep {
    match step {
        Step::Discount(_) => ReadyStep::default(),
        Step::Group(group) => ReadyStep {
            limits: ready_limits(group.id.as_str(), &group.limits),
            lines: group.lines.iter().map(|l| ready_limits(&format!("{}.{}", group.id, l.id), &l.limits)).collect(),
        },
    }
}

/// All versions that may act on a meal, in the order in which they act.
#[derive(Debug, Clone, Default)]
pub struct Book(Vec<Arc<Compiled>>);

/// Two versions of one programme govern one date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("versions {one} and {other} of programme {programme} both govern {date}")]
pub struct Overlap {
    /// The programme.
    pub programme: Name,
    /// One version.
    pub one: Name,
    /// The other.
    pub other: Name,
    /// The first date both govern.
    pub date: ServiceDate,
}

impl Book {
    /// Puts versions in order: by rank, then programme, then first date.
    pub fn new(mut versions: Vec<Arc<Compiled>>) -> Result<Self, Overlap> {
        versions.sort_by(|a, b| {
            let key = |c: &Compiled| (c.rank, c.document.programme.clone(), c.document.effective.from);
            key(a).cmp(&key(b))
        });
        for (n, one) in versions.iter().enumerate() {
            for other in versions.iter().skip(n + 1).filter(|o| o.document.programme == one.document.programme) {
                let date = one.document.effective.from.max(other.document.effective.from);
                if one.governs(date) && other.governs(date) {
                    let (programme, one) = (one.document.programme.clone(), one.document.version.clone());
                    return Err(Overlap { programme, one, other: other.document.version.clone(), date });
                }
            }
        }
        Ok(Self(versions))
    }

    /// The same with a version in the place of its programme's own.
    pub(super) fn with(&self, version: &Arc<Compiled>) -> Result<Self, Overlap> {
        let programme = &version.document.programme;
        let others = self.0.iter().filter(|c| c.document.programme != *programme).cloned();
        Self::new(others.chain([version.clone()]).collect())
    }

    /// The versions that govern a service date, in the order in which they act.
    pub fn on(&self, date: ServiceDate) -> impl Iterator<Item = &Compiled> {
        self.0.iter().map(Arc::as_ref).filter(move |c| c.governs(date))
    }

    /// Every version.
    pub fn versions(&self) -> impl Iterator<Item = &Compiled> {
        self.0.iter().map(Arc::as_ref)
    }

    /// The versions that act on a meal of a person, in the order in which they act.
    pub(super) fn acting<'a>(&'a self, subject: &'a Subject, meal: &'a Meal) -> impl Iterator<Item = &'a Compiled> {
        self.on(meal.date).filter(move |c| c.concerns(subject, meal))
    }

    /// The keys under which the store looks up the senior's history before deciding a meal.
    #[must_use]
    pub fn keys_for(&self, subject: &Subject, meal: &Meal) -> Vec<LimitKey> {
        Self::keys(self.acting(subject, meal), meal.date, meal.period)
    }

    /// The same for any person: more keys than needed where the book holds the policies of many places.
    #[must_use]
    pub fn keys_to_load(&self, date: ServiceDate, meal: MealPeriod) -> Vec<LimitKey> {
        Self::keys(self.on(date), date, meal)
    }

    fn keys<'a>(versions: impl Iterator<Item = &'a Compiled>, date: ServiceDate, meal: MealPeriod) -> Vec<LimitKey> {
        let mut keys = Vec::new();
        for version in versions {
            keys.extend(version.all_limits().flat_map(|l| version.keys(l, date, meal)));
            if version.uses_nth {
                keys.push(version.nth_key(date));
            }
        }
        keys.sort();
        keys.dedup();
        keys
    }
}

/// What the world outside the person and the meal says.
#[derive(Debug, Clone, Copy)]
pub struct Environment<'a> {
    /// The workday calendar.
    pub calendar: &'a WorkdayCalendar,
    /// Budgets that are watched; a funder without an entry has no end.
    pub budgets: &'a [BudgetLeft],
}

/// What is left of a funder's budget, reservations taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetLeft {
    /// The programme.
    pub programme: Name,
    /// The funder.
    pub funder: Name,
    /// The place, as in the leg.
    pub place: Option<PlaceCode>,
    /// What is left.
    pub left: crate::Fen,
}
