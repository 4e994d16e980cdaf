//! The person and the meal as the conditions of one programme see them.

use crate::place::PlaceLevel;
use crate::subsidy::compile::{Compiled, Environment};
use crate::subsidy::conventions::{AgeReached, Conventions, DeathLag, EndLag, LeapBirthday, StartLag, WorkdayRule};
use crate::subsidy::decide::Meal;
use crate::subsidy::document::{Funder, Payer};
use crate::subsidy::facts::{Fact, FactKind, Subject};
use crate::subsidy::limit::History;
use crate::subsidy::trace::{FactUse, Failed, Found};
use crate::subsidy::when::{Day, FactTest, Home, HomeTest, When};
use crate::{Fen, PlaceCode, ServiceDate};
use chrono::{Datelike, Weekday};

/// Everything a condition may ask.
pub(super) struct View<'a> {
    pub subject: &'a Subject,
    pub meal: &'a Meal,
    conventions: &'a Conventions,
    environment: &'a Environment<'a>,
    pub age: Option<u16>,
    registered: Option<PlaceCode>,
    resident: Option<PlaceCode>,
    pub nth: u32,
    used: Vec<usize>,
    /// A workday was asked for on a date the calendar does not cover.
    pub provisional: bool,
}

impl<'a> View<'a> {
    pub fn new(
        version: &'a Compiled,
        subject: &'a Subject,
        meal: &'a Meal,
        history: &History,
        environment: &'a Environment<'a>,
    ) -> Self {
        let conventions = &version.conventions;
        let nth = if version.uses_nth { history.free_ordinal(&version.nth_key(meal.date)) } else { 1 };
        let mut view = Self {
            subject,
            meal,
            conventions,
            environment,
            age: subject.birth.and_then(|birth| age_on(birth, meal.date, conventions)),
            registered: subject.registered.clone(),
            resident: subject.resident.clone(),
            nth,
            used: Vec::new(),
            provisional: false,
        };
        if let Some(place) = view.dated_place(FactKind::Registered) {
            view.registered = Some(place);
        }
        if let Some(place) = view.dated_place(FactKind::Resident) {
            view.resident = Some(place);
        }
        view
    }

    /// The place of the latest record in force; the latest first day wins, then the later record.
    fn dated_place(&self, kind: FactKind) -> Option<PlaceCode> {
        let in_force = self.subject.facts.iter().filter(|f| f.kind == kind && self.in_force(f));
        in_force.max_by_key(|f| f.from).and_then(|f| PlaceCode::parse(f.value.as_str()).ok())
    }

    fn in_force(&self, fact: &Fact) -> bool {
        let begun = fact.from.is_none_or(|from| start_of(from, self.conventions.start_lag) <= self.meal.date);
        begun && fact.to.is_none_or(|to| self.meal.date <= end_of(to, self.conventions.end_lag))
    }

    /// The day of death, when it excludes the meal. A record with an end was wrong.
    pub fn dead_since(&self) -> Option<ServiceDate> {
        let stands = |f: &&Fact| f.kind == FactKind::Death && f.to.is_none();
        let died = self.subject.facts.iter().filter(stands).filter_map(|f| f.from).min()?;
        let last = match self.conventions.death_lag {
            DeathLag::DayBefore => died.plus_days(-1),
            DeathLag::SameDay => died,
            DeathLag::MonthEnd => month_end(died),
        };
        (self.meal.date > last).then_some(died)
    }

    /// The amount of a personal credit in force; none means no credit.
    pub fn quota(&mut self, kind: FactKind) -> i64 {
        let found = self.subject.facts.iter().enumerate().filter(|(_, f)| f.kind == kind && self.in_force(f));
        let Some((index, fact)) = found.max_by_key(|(_, f)| f.from) else { return 0 };
        let fen = fact.value.as_str().parse().unwrap_or(0);
        self.note(index);
        fen
    }

    /// The facts that were looked at, with their records.
    pub fn facts_used(&self) -> Vec<FactUse> {
        let mut used = self.used.clone();
        used.sort_unstable();
        let fact = |f: &Fact| FactUse { id: f.id.clone(), kind: f.kind, value: f.value.clone(), from: f.from, to: f.to };
        used.into_iter().filter_map(|i| self.subject.facts.get(i)).map(fact).collect()
    }

    /// The place that pays for a funder.
    pub fn place_of(&self, funder: &Funder) -> Option<PlaceCode> {
        if funder.place.is_some() {
            return funder.place.clone();
        }
        let level = funder.level?;
        let around = match funder.payer.unwrap_or(Payer::Registered) {
            Payer::Registered => self.registered.as_ref(),
            Payer::Resident => self.resident.as_ref(),
            Payer::Canteen => self.meal.canteen_place.as_ref(),
        };
        around.map(|p| p.at_level(level).unwrap_or_else(|| p.clone()))
    }

    fn note(&mut self, index: usize) {
        if !self.used.contains(&index) {
            self.used.push(index);
        }
    }

    /// Whether a condition holds; else the first reason why not.
    pub fn holds(&mut self, when: &When) -> Result<(), Failed> {
        match when {
            When::All(inner) => inner.iter().try_for_each(|w| self.holds(w)),
            When::Any(inner) => {
                let mut failed = Vec::new();
                for w in inner {
                    match self.holds(w) {
                        Ok(()) => return Ok(()),
                        Err(why) => failed.push(why),
                    }
                }
                Err(Failed::NoneOf(failed))
            }
            When::Not(inner) => match self.holds(inner) {
                Ok(()) => Err(Failed::Excluded((**inner).clone())),
                Err(_) => Ok(()),
            },
            leaf => self.test(leaf).map_err(|found| Failed::Test { test: leaf.clone(), found }),
        }
    }

    fn test(&mut self, leaf: &When) -> Result<(), Found> {
        match leaf {
            When::All(_) | When::Any(_) | When::Not(_) => Ok(()),
            When::Age(band) => {
                let age = self.age.ok_or(Found::Unknown)?;
                within(band.from, band.to, age).then_some(()).ok_or(Found::Age(age))
            }
            When::Fact(test) => self.fact(test),
            When::RegisteredIn(places) => inside(self.registered.as_ref(), places),
            When::ResidentIn(places) => inside(self.resident.as_ref(), places),
            When::CanteenIn(places) => inside(self.meal.canteen_place.as_ref(), places),
            When::CanteenInHome(test) => self.canteen_in_home(*test),
            When::CanteenGrade(names) => one_of(self.meal.canteen_grade.as_ref(), names),
            When::Product(names) => one_of(self.meal.product.as_ref(), names),
            _ => self.test_meal(leaf),
        }
    }

    fn test_meal(&mut self, leaf: &When) -> Result<(), Found> {
        let meal = self.meal;
        let (holds, found) = match leaf {
            When::Meal(periods) => (periods.contains(&meal.period), Found::Meal(meal.period)),
            When::Channel(channels) => (channels.contains(&meal.channel), Found::Channel(meal.channel)),
            When::Workday(wanted) => (self.is_workday() == *wanted, Found::Date(meal.date)),
            When::Holiday(wanted) => {
                self.provisional |= !self.environment.calendar.covers(meal.date);
                (self.environment.calendar.is_holiday(meal.date) == *wanted, Found::Date(meal.date))
            }
            When::Weekday(days) => (days.contains(&day_of(meal.date)), Found::Date(meal.date)),
            When::NthMeal(band) => (within(band.from.map(u32::from), band.to.map(u32::from), self.nth), Found::Nth(self.nth)),
            When::Price(band) => (within(band.from_fen, band.to_fen, meal.price.0), Found::Price(meal.price)),
            When::Date(band) => (within(band.from, band.to, meal.date), Found::Date(meal.date)),
            _ => (true, Found::Unknown),
        };
        holds.then_some(()).ok_or(found)
    }

    fn is_workday(&mut self) -> bool {
        match self.conventions.workday {
            WorkdayRule::Weekday => self.meal.date.is_weekday(),
            WorkdayRule::StateCouncil => {
                let day = self.environment.calendar.day(self.meal.date);
                self.provisional |= day.provisional;
                day.workday
            }
        }
    }

    fn fact(&mut self, test: &FactTest) -> Result<(), Found> {
        let mut nearest = Found::NoFact;
        let mut seen = Vec::new();
        for (index, fact) in self.subject.facts.iter().enumerate() {
            let named = fact.kind == test.kind && (test.any_of.is_empty() || test.any_of.contains(&fact.value));
            if !named {
                continue;
            }
            let late = match (fact.from, test.held_months) {
                (Some(from), Some(months)) => months_after(from, u32::from(months)) > self.meal.date,
                _ => false,
            };
            if self.in_force(fact) && !late {
                self.note(index);
                return Ok(());
            }
            // An ended or not yet valid record explains the refusal as well as an absent one, and better.
            seen.push(index);
            if let Some(from) = fact.from.filter(|f| late || *f > self.meal.date) {
                nearest = Found::FactSince(from);
            }
        }
        seen.into_iter().for_each(|i| self.note(i));
        Err(nearest)
    }

    fn canteen_in_home(&self, test: HomeTest) -> Result<(), Found> {
        let canteen = self.meal.canteen_place.as_ref().ok_or(Found::Unknown)?;
        let same = |home: Option<&PlaceCode>| home.is_some_and(|h| same_place(h, canteen, test.level));
        let holds = match test.home {
            Home::Registered => same(self.registered.as_ref()),
            Home::Resident => same(self.resident.as_ref()),
            Home::Either => same(self.registered.as_ref()) || same(self.resident.as_ref()),
        };
        holds.then_some(()).ok_or_else(|| Found::Place(canteen.clone()))
    }
}

/// Codes too short to tell the level are the same only when they are equal.
fn same_place(home: &PlaceCode, canteen: &PlaceCode, level: PlaceLevel) -> bool {
    match (home.at_level(level), canteen.at_level(level)) {
        (Some(a), Some(b)) => a == b,
        _ => home == canteen,
    }
}

fn inside(place: Option<&PlaceCode>, wanted: &[PlaceCode]) -> Result<(), Found> {
    let place = place.ok_or(Found::Unknown)?;
    wanted.iter().any(|w| w.contains(place)).then_some(()).ok_or_else(|| Found::Place(place.clone()))
}

fn one_of(name: Option<&crate::subsidy::Name>, wanted: &[crate::subsidy::Name]) -> Result<(), Found> {
    let name = name.ok_or(Found::Unknown)?;
    wanted.contains(name).then_some(()).ok_or_else(|| Found::Name(name.clone()))
}

fn within<T: PartialOrd>(from: Option<T>, to: Option<T>, value: T) -> bool {
    from.is_none_or(|f| f <= value) && to.is_none_or(|t| value <= t)
}

fn day_of(date: ServiceDate) -> Day {
    match date.weekday() {
        Weekday::Mon => Day::Monday,
        Weekday::Tue => Day::Tuesday,
        Weekday::Wed => Day::Wednesday,
        Weekday::Thu => Day::Thursday,
        Weekday::Fri => Day::Friday,
        Weekday::Sat => Day::Saturday,
        Weekday::Sun => Day::Sunday,
    }
}

/// Age in whole years by the convention; `None` before birth.
pub(super) fn age_on(birth: ServiceDate, date: ServiceDate, conventions: &Conventions) -> Option<u16> {
    let years = date.0.year().checked_sub(birth.0.year())?;
    let reached = |age: i32| age == 0 || reached_on(birth, age, conventions).is_some_and(|day| day <= date);
    if date < birth {
        return None;
    }
    let age = [years, years - 1].into_iter().find(|age| *age >= 0 && reached(*age))?;
    u16::try_from(age).ok()
}

fn reached_on(birth: ServiceDate, age: i32, conventions: &Conventions) -> Option<ServiceDate> {
    let year = birth.0.year().checked_add(age)?;
    let birthday = ServiceDate::new(year, birth.0.month(), birth.0.day()).or_else(|| match conventions.leap_birthday {
        LeapBirthday::Feb28 => ServiceDate::new(year, 2, 28),
        LeapBirthday::Mar1 => ServiceDate::new(year, 3, 1),
    })?;
    Some(match conventions.age_reached {
        AgeReached::Birthday => birthday,
        AgeReached::DayAfter => birthday.plus_days(1),
        AgeReached::MonthStart => birthday.month_start(),
        AgeReached::NextMonth => month_end(birthday).plus_days(1),
        AgeReached::YearStart => birthday.year_start(),
    })
}

fn start_of(from: ServiceDate, lag: StartLag) -> ServiceDate {
    match lag {
        StartLag::SameDay => from,
        StartLag::NextDay => from.plus_days(1),
        StartLag::MonthStart => from.month_start(),
        StartLag::NextMonth => month_end(from).plus_days(1),
    }
}

fn end_of(to: ServiceDate, lag: EndLag) -> ServiceDate {
    match lag {
        EndLag::SameDay => to,
        EndLag::MonthEnd => month_end(to),
        EndLag::NextMonthEnd => month_end(month_end(to).plus_days(1)),
    }
}

fn month_end(date: ServiceDate) -> ServiceDate {
    // The 1st plus 31 days always lies in the next month.
    date.month_start().plus_days(31).month_start().plus_days(-1)
}

fn months_after(date: ServiceDate, months: u32) -> ServiceDate {
    ServiceDate(date.0.checked_add_months(chrono::Months::new(months)).unwrap_or(chrono::NaiveDate::MAX))
}

/// An amount of money that cannot be negative.
pub(super) fn at_least_zero(fen: i64) -> Fen {
    Fen(fen.max(0))
}
