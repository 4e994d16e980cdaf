//! What a trial found: bounded, whatever the number of meals, and the same whatever the order in which persons were added.

use super::{Bill, PastMeal};
use crate::id::{CanteenId, SeniorId};
use crate::subsidy::facts::{Subject, economic_class};
use crate::subsidy::name::Name;
use crate::subsidy::trace::Leg;
use crate::{Fen, PlaceCode, ServiceDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Persons that a list names at most; the counts are of all.
pub const LISTED_MAX: usize = 1000;

/// A figure under the versions in force, and under the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pair<T> {
    /// As it was.
    pub before: T,
    /// As it would have been.
    pub after: T,
}

/// Sums over meals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Discounts.
    pub discount_fen: Fen,
    /// Subsidies.
    pub granted_fen: Fen,
    /// What seniors paid.
    pub self_pay_fen: Fen,
}

impl Sums {
    fn add(&mut self, bill: &Bill) {
        self.discount_fen = plus(self.discount_fen, bill.discount_fen);
        self.granted_fen = plus(self.granted_fen, bill.granted_fen);
        self.self_pay_fen = plus(self.self_pay_fen, bill.self_pay_fen);
    }

    fn merge(&mut self, other: &Self) {
        self.discount_fen = plus(self.discount_fen, other.discount_fen);
        self.granted_fen = plus(self.granted_fen, other.granted_fen);
        self.self_pay_fen = plus(self.self_pay_fen, other.self_pay_fen);
    }
}

fn plus(a: Fen, b: Fen) -> Fen {
    Fen(a.0.saturating_add(b.0))
}

/// Whose money in which month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Payer {
    /// First day of the month.
    pub month: ServiceDate,
    /// The programme.
    pub programme: Name,
    /// The funder as the document names it.
    pub funder: Name,
    /// Which place pays, where the funder is found by place.
    pub place: Option<PlaceCode>,
}

/// What a payer bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Money {
    /// For seniors: discounts and subsidies. Shares by ratio as they are shown per meal.
    pub seniors_fen: Fen,
    /// For canteens, by meals.
    pub canteens_fen: Fen,
}

/// Meals that have something in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    /// Meals.
    pub meals: u64,
    /// Persons who pay less in all.
    pub winners: u64,
    /// Persons who pay more in all.
    pub losers: u64,
    /// Their money.
    pub sums: Pair<Sums>,
}

/// A person whose self-pay changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub senior: SeniorId,
    /// Meals of the period.
    pub meals: u64,
    /// What they paid in all, and would have paid.
    pub self_pay_fen: Pair<Fen>,
    /// The largest rise of one meal; negative when every meal gets cheaper.
    pub most_of_one_meal_fen: Fen,
}

impl Person {
    /// How much more they would have paid.
    #[must_use]
    pub const fn rise(&self) -> i64 {
        self.self_pay_fen.after.0 - self.self_pay_fen.before.0
    }
}

/// What a trial found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Everything.
    pub all: Group,
    /// Meals with another self-pay.
    pub changed_meals: u64,
    /// Persons with meals in the period.
    pub persons: u64,
    /// Persons whose self-pay rises by more than the figure asked for.
    pub risen: u64,
    /// Cost per payer and month.
    pub payers: Vec<(Payer, Pair<Money>)>,
    /// By economic class on the date of the meal; those without one first.
    pub classes: Vec<(Option<Name>, Group)>,
    /// By canteen.
    pub canteens: Vec<(CanteenId, Group)>,
    /// Those of `risen` who lose most, at most [`LISTED_MAX`].
    pub losers: Vec<Person>,
    /// Those who win most, at most [`LISTED_MAX`].
    pub winners: Vec<Person>,
}

impl Report {
    /// Adds what another part of the persons came to.
    pub fn merge(&mut self, other: Self) {
        add_group(&mut self.all, &other.all);
        self.changed_meals += other.changed_meals;
        self.persons += other.persons;
        self.risen += other.risen;
        other.payers.into_iter().for_each(|(payer, money)| self.pay(payer, &money));
        other.classes.into_iter().for_each(|(class, group)| add_group(entry(&mut self.classes, class), &group));
        other.canteens.into_iter().for_each(|(canteen, group)| add_group(entry(&mut self.canteens, canteen), &group));
        self.losers.extend(other.losers);
        self.winners.extend(other.winners);
        self.shorten(0);
    }

    fn pay(&mut self, payer: Payer, money: &Pair<Money>) {
        let sum = entry(&mut self.payers, payer);
        for (sum, more) in [(&mut sum.before, &money.before), (&mut sum.after, &money.after)] {
            sum.seniors_fen = plus(sum.seniors_fen, more.seniors_fen);
            sum.canteens_fen = plus(sum.canteens_fen, more.canteens_fen);
        }
    }

    /// Keeps the lists short; `slack` entries more are let stand, so that not every person sorts them.
    fn shorten(&mut self, slack: usize) {
        for (list, sign) in [(&mut self.losers, -1), (&mut self.winners, 1)] {
            if slack == 0 || list.len() > LISTED_MAX + slack {
                list.sort_by_key(|person| (sign * person.rise(), person.senior));
                list.truncate(LISTED_MAX);
            }
        }
    }
}

/// The value of a key in a sorted list.
fn entry<K: Ord, V: Default>(list: &mut Vec<(K, V)>, key: K) -> &mut V {
    let at = match list.binary_search_by(|(k, _)| k.cmp(&key)) {
        Ok(at) => at,
        Err(at) => {
            list.insert(at, (key, V::default()));
            at
        }
    };
    &mut list[at].1
}

fn add_group(to: &mut Group, more: &Group) {
    to.meals += more.meals;
    to.winners += more.winners;
    to.losers += more.losers;
    to.sums.before.merge(&more.sums.before);
    to.sums.after.merge(&more.sums.after);
}

/// A person's meals while they are tried.
pub(super) struct OnePerson {
    person: Person,
    changed: u64,
    all: Group,
    payers: BTreeMap<Payer, Pair<Money>>,
    classes: BTreeMap<Option<Name>, Group>,
    canteens: BTreeMap<CanteenId, Group>,
}

impl OnePerson {
    pub fn new(senior: SeniorId) -> Self {
        let person = Person { senior, meals: 0, self_pay_fen: Pair::default(), most_of_one_meal_fen: Fen(i64::MIN) };
        let (all, payers, classes, canteens) = Default::default();
        Self { person, changed: 0, all, payers, classes, canteens }
    }

    pub fn add(&mut self, subject: &Subject, past: &PastMeal, after: &Bill) {
        let before = &past.bill;
        let rise = after.self_pay_fen.0 - before.self_pay_fen.0;
        self.changed += u64::from(rise != 0);
        self.person.most_of_one_meal_fen = self.person.most_of_one_meal_fen.max(Fen(rise));
        let date = past.meal.date;
        let groups = [
            &mut self.all,
            self.classes.entry(economic_class(&subject.facts, date)).or_default(),
            self.canteens.entry(past.canteen).or_default(),
        ];
        for group in groups {
            group.meals += 1;
            group.sums.before.add(before);
            group.sums.after.add(after);
        }
        let month = date.month_start();
        self.pay(month, before, |pair| &mut pair.before);
        self.pay(month, after, |pair| &mut pair.after);
    }

    fn pay(&mut self, month: ServiceDate, bill: &Bill, side: fn(&mut Pair<Money>) -> &mut Money) {
        let mut add = |leg: &Leg, of: fn(&mut Money) -> &mut Fen| {
            let (programme, funder, place) = (leg.programme.clone(), leg.funder.clone(), leg.place.clone());
            let sum = of(side(self.payers.entry(Payer { month, programme, funder, place }).or_default()));
            *sum = plus(*sum, leg.fen);
        };
        bill.discounts.iter().chain(&bill.legs).for_each(|leg| add(leg, |money| &mut money.seniors_fen));
        bill.operator.iter().for_each(|leg| add(leg, |money| &mut money.canteens_fen));
    }

    pub fn into_report(self, report: &mut Report, rise_fen: i64) {
        if self.all.meals == 0 {
            return;
        }
        let weighed = |mut group: Group| {
            let rise = group.sums.after.self_pay_fen.0 - group.sums.before.self_pay_fen.0;
            (group.winners, group.losers) = (u64::from(rise < 0), u64::from(rise > 0));
            group
        };
        let all = weighed(self.all);
        let self_pay_fen = Pair { before: all.sums.before.self_pay_fen, after: all.sums.after.self_pay_fen };
        let person = Person { meals: all.meals, self_pay_fen, ..self.person };
        add_group(&mut report.all, &all);
        report.changed_meals += self.changed;
        report.persons += 1;
        self.payers.into_iter().for_each(|(payer, money)| report.pay(payer, &money));
        self.classes.into_iter().for_each(|(class, group)| add_group(entry(&mut report.classes, class), &weighed(group)));
        self.canteens.into_iter().for_each(|(canteen, group)| add_group(entry(&mut report.canteens, canteen), &weighed(group)));
        let rise = person.rise();
        if rise > rise_fen {
            report.risen += 1;
            report.losers.push(person);
        } else if rise < 0 {
            report.winners.push(person);
        }
        report.shorten(LISTED_MAX);
    }
}
