//! What a month's claims come to: by funder, policy version, economic class, canteen and day. Bounded, whatever the number of lines.

use crate::claim::{ClaimLine, PayerTotal, VersionRef};
use crate::id::{CanteenId, OrderId, SeniorId};
use crate::ledger::Payer;
use crate::money::MoneyOverflow;
use crate::subsidy::Name;
use crate::{Fen, ServiceDate};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Meals and what funders bear of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meals {
    /// Meals of which a funder bears something.
    pub meals: u64,
    /// How much.
    pub fen: Fen,
}

impl Meals {
    fn add(&mut self, fen: Fen) -> Result<(), MoneyOverflow> {
        // A meal that corrections have taken back whole is none.
        self.meals += u64::from(fen > Fen::ZERO);
        self.fen = self.fen.plus(fen)?;
        Ok(())
    }
}

/// What a meal comes to, and the versions that granted it.
type Meal<'a> = (Fen, BTreeSet<(&'a Name, &'a VersionRef)>);

/// Who ate a meal, and in which economic class they were on its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Who.
    pub senior: SeniorId,
    /// The class; `None` for who is in none.
    pub class: Option<Name>,
}

/// The same of a class of people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassMeals {
    /// Meals and money.
    pub meals: Meals,
    /// The persons who ate them.
    pub persons: BTreeSet<SeniorId>,
}

/// A month in figures. Funders, versions, classes, canteens and days each come to the same total.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubsidyReport {
    /// Everything.
    pub all: Meals,
    /// What each funder bears; a ratio is split once for each canteen, as its settlement is.
    pub funders: BTreeMap<Payer, Fen>,
    /// Lines and money under each version of each programme.
    pub versions: BTreeMap<(Name, VersionRef), Meals>,
    /// By economic class on the day of the meal; those without one first.
    pub classes: BTreeMap<Option<Name>, ClassMeals>,
    /// By canteen.
    pub canteens: BTreeMap<CanteenId, Meals>,
    /// By service date.
    pub days: BTreeMap<ServiceDate, Meals>,
}

impl SubsidyReport {
    /// Adds a canteen's month: its lines, their totals, and who ate each meal. A meal of nobody known is in no class's persons.
    pub fn add(
        &mut self,
        canteen: CanteenId,
        lines: &[ClaimLine],
        totals: &[PayerTotal],
        guests: &HashMap<OrderId, Guest>,
    ) -> Result<(), MoneyOverflow> {
        for total in totals {
            for (payer, fen) in &total.shares {
                let sum = self.funders.entry(payer.clone()).or_default();
                *sum = sum.plus(*fen)?;
            }
            for of in &total.versions {
                let version = self.versions.entry((total.payer.programme().clone(), of.version.clone())).or_default();
                version.fen = version.fen.plus(of.fen)?;
            }
        }
        let mut meals: BTreeMap<(ServiceDate, OrderId), Meal<'_>> = BTreeMap::new();
        for line in lines {
            let (fen, versions) = meals.entry((line.date, line.order)).or_default();
            *fen = fen.plus(line.fen)?;
            versions.insert((line.payer.programme(), &line.version));
        }
        for ((date, order), (fen, versions)) in meals {
            self.all.add(fen)?;
            self.canteens.entry(canteen).or_default().add(fen)?;
            self.days.entry(date).or_default().add(fen)?;
            for (programme, version) in versions.iter().filter(|_| fen > Fen::ZERO) {
                self.versions.entry(((*programme).clone(), (*version).clone())).or_default().meals += 1;
            }
            let guest = guests.get(&order);
            let class = self.classes.entry(guest.and_then(|guest| guest.class.clone())).or_default();
            class.meals.add(fen)?;
            class.persons.extend(guest.filter(|_| fen > Fen::ZERO).map(|guest| guest.senior));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::totals;
    use crate::id::Id;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn line(n: u128, order: u128, payer: &str, day: i32, fen: i64) -> ClaimLine {
        let date = ServiceDate::new(2026, 11, 1).unwrap().plus_days(day);
        ClaimLine { order: Id::from_uuid(Uuid::from_u128(order)), date, ..crate::claim::tests::line(n, payer, "v1", fen) }
    }

    fn canteen(n: u128) -> CanteenId {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn guests(of: &[(u128, u128, Option<&str>)]) -> HashMap<OrderId, Guest> {
        let guest = |(order, senior, class): &(u128, u128, Option<&str>)| {
            let class = class.map(|class| Name::parse(class).unwrap());
            (Id::from_uuid(Uuid::from_u128(*order)), Guest { senior: Id::from_uuid(Uuid::from_u128(*senior)), class })
        };
        of.iter().map(guest).collect()
    }

    fn report(lines: &[ClaimLine], guests: &HashMap<OrderId, Guest>) -> SubsidyReport {
        let mut report = SubsidyReport::default();
        report.add(canteen(9), lines, &totals(lines).unwrap(), guests).unwrap();
        report
    }

    #[test]
    fn a_meal_with_several_payers_is_one_meal_and_a_person_with_several_meals_is_one_person() {
        let lines = [
            line(1, 1, "p/city", 0, 300),
            line(2, 1, "p/street@990101001", 0, 200),
            line(3, 2, "p/city", 1, 300),
            line(4, 3, "p/city", 1, 300),
        ];
        let of = report(&lines, &guests(&[(1, 1, Some("dibao")), (2, 1, Some("dibao")), (3, 2, None)]));
        assert_eq!(of.all, Meals { meals: 3, fen: Fen(1100) });
        let class = |name: Option<&str>| &of.classes[&name.map(|name| Name::parse(name).unwrap())];
        assert_eq!((class(Some("dibao")).meals, class(Some("dibao")).persons.len()), (Meals { meals: 2, fen: Fen(800) }, 1));
        assert_eq!((class(None).meals.meals, class(None).persons.len()), (1, 1));
        let days: Vec<u64> = of.days.values().map(|day| day.meals).collect();
        assert_eq!(days, [1, 2]);
    }

    #[test]
    fn a_meal_that_was_taken_back_whole_is_none() {
        let of = report(&[line(1, 1, "p/city", 0, 300), line(2, 1, "p/city", 0, -300)], &guests(&[(1, 1, None)]));
        assert_eq!(of.all, Meals::default());
        assert_eq!(of.classes[&None].persons.len(), 0);
    }

    proptest! {
        #[test]
        fn funders_versions_classes_canteens_and_days_all_come_to_the_total(
            amounts in prop::collection::vec((0u128..40, 0usize..3, -500i64..3_000), 0..150)
        ) {
            let payers = ["p/city", "p/a*50+b*30+c*20", "q/street@990101001"];
            let lines: Vec<_> = amounts.iter().zip(1..).map(|((order, payer, fen), n)| {
                line(n, *order, payers[*payer], i32::try_from(order % 7).unwrap(), *fen)
            }).collect();
            let of = report(&lines, &guests(&[(1, 1, Some("dibao")), (2, 2, None)]));
            let total: i64 = amounts.iter().map(|(.., fen)| fen).sum();
            prop_assert_eq!(of.all.fen.0, total);
            prop_assert_eq!(of.funders.values().map(|fen| fen.0).sum::<i64>(), total);
            prop_assert_eq!(of.versions.values().map(|v| v.fen.0).sum::<i64>(), total);
            prop_assert_eq!(of.classes.values().map(|c| c.meals.fen.0).sum::<i64>(), total);
            prop_assert_eq!(of.canteens.values().map(|c| c.fen.0).sum::<i64>(), total);
            prop_assert_eq!(of.days.values().map(|d| d.fen.0).sum::<i64>(), total);
            prop_assert_eq!(of.days.values().map(|d| d.meals).sum::<u64>(), of.all.meals);
        }
    }
}
