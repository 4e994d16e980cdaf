//! Conditions as unions of boxes: small enough to ask whether one can ever hold and whether one covers another.
//!
//! Exact for ages, meals, channels, days, products, prices and dates; for facts and places it knows what follows from
//! equal or contained lists, and stays silent otherwise. A check built on it never cries wolf; it may miss a wolf.

use crate::subsidy::name::Name;
use crate::subsidy::when::{AgeBand, FactTest, HomeTest, When};
use crate::text_enum::TextEnum;
use crate::{Channel, MealPeriod, PlaceCode, ServiceDate};
use std::collections::BTreeSet;

/// Conditions that unfold into more boxes than this are not judged.
const BOXES_MAX: usize = 64;

/// Ages 0 to 191 as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ages([u64; 3]);

impl Ages {
    pub const ALL: Self = Self([u64::MAX; 3]);

    pub fn band(band: AgeBand) -> Self {
        let (from, to) = (band.from.unwrap_or(0), band.to.unwrap_or(191).min(191));
        Self(std::array::from_fn(|word| {
            (0..64).filter(|b| (from..=to).contains(&(word as u16 * 64 + b))).fold(0, |w, b| w | 1 << b)
        }))
    }

    pub fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|n| self.word(n) & other.word(n)))
    }

    pub fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|n| self.word(n) | other.word(n)))
    }

    pub fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|n| self.word(n) & !other.word(n)))
    }

    pub fn is_empty(self) -> bool {
        self.0 == [0; 3]
    }

    pub fn within(self, other: Self) -> bool {
        self.minus(other).is_empty()
    }

    pub fn iter(self) -> impl DoubleEndedIterator<Item = u16> {
        (0u16..192).filter(move |age| self.word(usize::from(age / 64)) >> (age % 64) & 1 == 1)
    }

    fn word(self, n: usize) -> u64 {
        self.0.get(n).copied().unwrap_or(0)
    }
}

/// A name out of a list, or any but those of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    one_of: Option<BTreeSet<Name>>,
    none_of: BTreeSet<Name>,
}

impl Names {
    fn test(names: &[Name], holds: bool) -> Self {
        let set: BTreeSet<Name> = names.iter().cloned().collect();
        if holds { Self { one_of: Some(set), none_of: BTreeSet::new() } } else { Self { one_of: None, none_of: set } }
    }

    fn and(&self, other: &Self) -> Self {
        let one_of = match (&self.one_of, &other.one_of) {
            (Some(a), Some(b)) => Some(a & b),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let none_of = &self.none_of | &other.none_of;
        Self { one_of: one_of.map(|set| &set - &none_of), none_of }
    }

    fn is_empty(&self) -> bool {
        self.one_of.as_ref().is_some_and(BTreeSet::is_empty)
    }

    fn covers(&self, other: &Self) -> bool {
        match (&self.one_of, &other.one_of) {
            (None, None) => self.none_of.is_subset(&other.none_of),
            (None, Some(theirs)) => theirs.is_disjoint(&self.none_of),
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => theirs.is_subset(mine),
        }
    }
}

/// Something that is told only by its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Fact(FactTest),
    Place(&'static str, Vec<PlaceCode>),
    Home(HomeTest),
}

/// A conjunction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Box {
    pub ages: Ages,
    pub dates: (ServiceDate, ServiceDate),
    meals: u32,
    channels: u32,
    days: u32,
    workdays: u32,
    holidays: u32,
    nth: u32,
    price: (i64, i64),
    products: Names,
    grades: Names,
    literals: Vec<(Literal, bool)>,
}

impl Box {
    pub fn everything() -> Self {
        Self {
            ages: Ages::ALL,
            dates: (ServiceDate(chrono::NaiveDate::MIN), ServiceDate(chrono::NaiveDate::MAX)),
            meals: 0b111,
            channels: 0b111,
            days: 0x7f,
            workdays: 0b11,
            holidays: 0b11,
            nth: !1,
            price: (0, i64::MAX),
            products: Names::default(),
            grades: Names::default(),
            literals: Vec::new(),
        }
    }

    /// The same without its ages, for comparing all the rest.
    pub fn ageless(&self) -> Self {
        Self { ages: Ages::ALL, ..self.clone() }
    }

    /// The same without its dates.
    pub fn dateless(&self) -> Self {
        Self { dates: Self::everything().dates, ..self.clone() }
    }

    /// Whether no fact and no place singles somebody out.
    pub fn is_for_everyone(&self) -> bool {
        self.literals.is_empty()
    }

    fn and(&self, other: &Self) -> Self {
        let mut literals = self.literals.clone();
        literals.extend(other.literals.iter().filter(|l| !self.literals.contains(l)).cloned());
        Self {
            ages: self.ages.and(other.ages),
            dates: (self.dates.0.max(other.dates.0), self.dates.1.min(other.dates.1)),
            meals: self.meals & other.meals,
            channels: self.channels & other.channels,
            days: self.days & other.days,
            workdays: self.workdays & other.workdays,
            holidays: self.holidays & other.holidays,
            nth: self.nth & other.nth,
            price: (self.price.0.max(other.price.0), self.price.1.min(other.price.1)),
            products: self.products.and(&other.products),
            grades: self.grades.and(&other.grades),
            literals,
        }
    }

    /// Whether nothing can satisfy it, as far as can be told.
    fn is_empty(&self) -> bool {
        let masks = [self.meals, self.channels, self.days, self.workdays, self.holidays, self.nth];
        self.ages.is_empty()
            || self.dates.0 > self.dates.1
            || self.price.0 > self.price.1
            || masks.contains(&0)
            || self.products.is_empty()
            || self.grades.is_empty()
            || self.literals.iter().any(|(one, yes)| *yes && self.literals.iter().any(|(two, too)| contradict(one, two, *too)))
    }

    /// Whether everything in `other` is in here, ages left aside.
    pub fn covers_but_for_age(&self, other: &Self) -> bool {
        let mask = |mine: u32, theirs: u32| theirs & !mine == 0;
        self.dates.0 <= other.dates.0
            && other.dates.1 <= self.dates.1
            && self.price.0 <= other.price.0
            && other.price.1 <= self.price.1
            && mask(self.meals, other.meals)
            && mask(self.channels, other.channels)
            && mask(self.days, other.days)
            && mask(self.workdays, other.workdays)
            && mask(self.holidays, other.holidays)
            && mask(self.nth, other.nth)
            && self.products.covers(&other.products)
            && self.grades.covers(&other.grades)
            && self
                .literals
                .iter()
                .all(|(mine, yes)| other.literals.iter().any(|(theirs, too)| yes == too && follows(theirs, mine, *yes)))
    }
}

/// Whether a literal that holds and another (holding or not, as `too` says) cannot stand together.
fn contradict(holds: &Literal, other: &Literal, too: bool) -> bool {
    match (holds, other) {
        (Literal::Place(a, mine), Literal::Place(b, theirs)) if a == b && too => {
            !mine.iter().any(|m| theirs.iter().any(|t| m.contains(t) || t.contains(m)))
        }
        (_, _) if too => false,
        // What holds implies what is denied.
        (holds, denied) => follows(holds, denied, true),
    }
}

/// Whether `wanted` follows from `given`, both holding (`yes`) or both denied.
fn follows(given: &Literal, wanted: &Literal, yes: bool) -> bool {
    let (narrow, wide) = if yes { (given, wanted) } else { (wanted, given) };
    match (narrow, wide) {
        (Literal::Fact(a), Literal::Fact(b)) => {
            let listed = b.any_of.is_empty() || (!a.any_of.is_empty() && a.any_of.iter().all(|v| b.any_of.contains(v)));
            a.kind == b.kind && listed && a.held_months.unwrap_or(0) >= b.held_months.unwrap_or(0)
        }
        (Literal::Place(a, inner), Literal::Place(b, outer)) => a == b && inner.iter().all(|i| outer.iter().any(|o| o.contains(i))),
        (Literal::Home(a), Literal::Home(b)) => a == b,
        _ => false,
    }
}

/// The boxes of a condition that can hold; `None` when there are too many to judge.
pub(super) fn unfold(when: Option<&When>) -> Option<Vec<Box>> {
    let boxes = when.map_or_else(|| Some(vec![Box::everything()]), |w| disjunction(w, true))?;
    Some(boxes.into_iter().filter(|b| !b.is_empty()).collect())
}

/// The boxes of several conditions that hold together.
pub(super) fn together(parts: &[Option<&When>], dates: (ServiceDate, ServiceDate)) -> Option<Vec<Box>> {
    let mut all = vec![Box { dates, ..Box::everything() }];
    for part in parts {
        all = product(&all, &unfold(*part)?)?;
    }
    Some(all.into_iter().filter(|b| !b.is_empty()).collect())
}

fn product(a: &[Box], b: &[Box]) -> Option<Vec<Box>> {
    if a.len().saturating_mul(b.len()) > BOXES_MAX {
        return None;
    }
    Some(a.iter().flat_map(|x| b.iter().map(|y| x.and(y))).collect())
}

fn disjunction(when: &When, holds: bool) -> Option<Vec<Box>> {
    match (when, holds) {
        (When::All(inner), true) | (When::Any(inner), false) => {
            inner.iter().try_fold(vec![Box::everything()], |all, w| product(&all, &disjunction(w, holds)?))
        }
        (When::All(inner), false) | (When::Any(inner), true) => {
            let mut all = Vec::new();
            for w in inner {
                all.extend(disjunction(w, holds)?);
                if all.len() > BOXES_MAX {
                    return None;
                }
            }
            Some(all)
        }
        (When::Not(inner), holds) => disjunction(inner, !holds),
        (leaf, holds) => Some(leaf_boxes(leaf, holds)),
    }
}

fn leaf_boxes(leaf: &When, holds: bool) -> Vec<Box> {
    let all = Box::everything;
    let literal = |l: Literal| vec![Box { literals: vec![(l, holds)], ..all() }];
    let mask = |bits: u32| if holds { bits } else { !bits };
    let one = |b: Box| vec![b];
    match leaf {
        When::All(_) | When::Any(_) | When::Not(_) => one(all()),
        When::Age(band) => {
            let ages = Ages::band(*band);
            one(Box { ages: if holds { ages } else { Ages::ALL.minus(ages) }, ..all() })
        }
        When::Fact(test) => literal(Literal::Fact(test.clone())),
        When::RegisteredIn(places) => literal(Literal::Place("registered", places.clone())),
        When::ResidentIn(places) => literal(Literal::Place("resident", places.clone())),
        When::CanteenIn(places) => literal(Literal::Place("canteen", places.clone())),
        When::CanteenInHome(test) => literal(Literal::Home(*test)),
        When::CanteenGrade(names) => one(Box { grades: Names::test(names, holds), ..all() }),
        When::Product(names) => one(Box { products: Names::test(names, holds), ..all() }),
        When::Meal(periods) => one(Box { meals: mask(bits(MealPeriod::ALL, periods)) & 0b111, ..all() }),
        When::Channel(ways) => one(Box { channels: mask(bits(Channel::ALL, ways)) & 0b111, ..all() }),
        When::Weekday(days) => one(Box { days: mask(bits(crate::subsidy::when::Day::ALL, days)) & 0x7f, ..all() }),
        When::Workday(yes) => one(Box { workdays: mask(if *yes { 1 } else { 2 }) & 0b11, ..all() }),
        When::Holiday(yes) => one(Box { holidays: mask(if *yes { 1 } else { 2 }) & 0b11, ..all() }),
        When::NthMeal(band) => {
            let (from, to) = (band.from.unwrap_or(1), band.to.unwrap_or(31).min(31));
            let bits = (0..32u16).filter(|n| (from..=to).contains(n)).fold(0u32, |b, n| b | 1 << n);
            one(Box { nth: mask(bits) & !1, ..all() })
        }
        When::Price(band) => {
            let (low, high) = (band.from_fen.unwrap_or(0), band.to_fen.unwrap_or(i64::MAX));
            let outside = [(0, low.saturating_sub(1)), (high.saturating_add(1), i64::MAX)];
            let ranges = if holds { vec![(low, high)] } else { outside.to_vec() };
            ranges.into_iter().map(|price| Box { price, ..all() }).collect()
        }
        When::Date(band) => {
            let (first, last) = all().dates;
            let (low, high) = (band.from.unwrap_or(first), band.to.unwrap_or(last));
            let mut ranges = vec![(low, high)];
            if !holds {
                ranges = Vec::new();
                ranges.extend(band.from.map(|from| (first, from.plus_days(-1))));
                ranges.extend(band.to.map(|to| (to.plus_days(1), last)));
            }
            ranges.into_iter().map(|dates| Box { dates, ..all() }).collect()
        }
    }
}

fn bits<E: TextEnum>(all: &[E], chosen: &[E]) -> u32 {
    all.iter().enumerate().filter(|(_, v)| chosen.contains(v)).fold(0, |b, (n, _)| b | 1 << n)
}
