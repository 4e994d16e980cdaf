//! What a settlement gives back to budgets: a payer by ratio reserves each meal's shares rounded up, and owes the split of the total.

use super::list::FrozenList;
use crate::claim::ClaimLine;
use crate::ledger::Payer;
use crate::{Fen, ServiceDate};

/// A budget whose dates a settlement may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<Id> {
    /// Which.
    pub id: Id,
    /// Whose: [`Payer::One`].
    pub payer: Payer,
    /// First service date.
    pub from: ServiceDate,
    /// Last service date.
    pub to: ServiceDate,
}

/// What each budget gets back, and only those that get something. Less than nothing where corrections had given back more than the
/// split did, because what they move is rounded up too.
///
/// A period may reach over two budgets of a funder. Its part of the total is then spread over the dates as the meals are, and what is
/// spread comes to the part to the fen, because it is rounded from the beginning of the period to each day and not day by day.
pub fn releases<Id: Copy>(list: &FrozenList, budgets: &[Span<Id>]) -> Vec<(Id, Fen)> {
    let Payer::Ratio { .. } = list.payer else { return Vec::new() };
    let shares = list.total.shares.iter();
    let theirs = shares.flat_map(|(funder, owed)| budgets.iter().filter(move |b| b.payer == *funder).map(move |b| (b, *owed)));
    let released = theirs.map(|(budget, owed)| {
        let within = |line: &&ClaimLine| (budget.from..=budget.to).contains(&line.date);
        let reserved: i64 = list.lines.iter().filter(within).map(|line| reserved(line, &budget.payer)).sum();
        let owed = owed_until(list, owed, budget.to) - owed_until(list, owed, budget.from.plus_days(-1));
        (budget.id, Fen(reserved - owed))
    });
    released.filter(|(_, fen)| *fen != Fen::ZERO).collect()
}

/// What a line has taken of a funder's budget, as [`crate::budget::uses`] counts it.
fn reserved(line: &ClaimLine, funder: &Payer) -> i64 {
    let up = line.payer.reserves(Fen(line.fen.0.abs()));
    line.fen.0.signum() * up.iter().filter(|(of, _)| of == funder).map(|(_, fen)| fen.0).sum::<i64>()
}

/// A funder's part of the total, as far as the meals up to a day have it; halves up.
fn owed_until(list: &FrozenList, owed: Fen, day: ServiceDate) -> i64 {
    let until: i64 = list.lines.iter().take_while(|line| line.date <= day).map(|line| line.fen.0).sum();
    let (owed, until, total) = (i128::from(owed.0), i128::from(until), i128::from(list.total.fen.0));
    if total == 0 {
        return 0;
    }
    i64::try_from((2 * owed * until + total).div_euclid(2 * total)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::uses;
    use crate::id::{CanteenId, Id};
    use crate::ledger::{Bearers, movements};
    use crate::settlement::{Period, list};
    use proptest::prelude::*;
    use uuid::Uuid;

    const RATIO: &str = "p/a*50+b*30+c*20";

    fn day(n: i32) -> ServiceDate {
        ServiceDate::new(2026, 11, 1).unwrap().plus_days(n)
    }

    /// One list of meals, each of a day, an order and an amount.
    fn frozen(payer: &str, meals: &[(i32, u128, i64)]) -> FrozenList {
        let line = |(n, (at, order, fen)): (u128, &(i32, u128, i64))| ClaimLine {
            date: day(*at),
            order: Id::from_uuid(Uuid::from_u128(*order)),
            ..crate::claim::tests::line(n, payer, "a", *fen)
        };
        let lines = (1..).zip(meals).map(line).collect();
        let period = Period::parse("2026-11").unwrap();
        list::freeze(Id::from_uuid(Uuid::from_u128(9)), period, lines, |_| true).unwrap().lists.remove(0)
    }

    fn span(id: u32, payer: &str, from: i32, to: i32) -> Span<u32> {
        Span { id, payer: Payer::parse(payer).unwrap(), from: day(from), to: day(to) }
    }

    #[test]
    fn what_was_rounded_up_meal_by_meal_goes_back_and_no_fen_more() {
        let meals: Vec<(i32, u128, i64)> = (0..20).zip(0..).map(|(n, order)| (n, order, 701)).collect();
        let whole = [span(1, "p/a", 0, 29), span(2, "p/b", 0, 29), span(3, "p/c", 0, 29), span(4, "q/a", 0, 29)];
        let table = [
            // 20 x 351, 211, 141 are reserved; 14,020 is split 7,010, 4,206, 2,804.
            ("a ratio", RATIO, &whole[..], vec![(1, 10), (2, 14), (3, 16)]),
            ("one funder owes what it reserved", "p/a", &whole[..], vec![]),
            ("no budget", RATIO, &whole[3..], vec![]),
            // Of ten meals each: 3,510 are reserved, 3,505 are owed.
            ("two budgets", RATIO, &[span(1, "p/a", -300, 9), span(2, "p/a", 10, 300)], vec![(1, 5), (2, 5)]),
            ("the half that has one", RATIO, &[span(1, "p/b", 10, 300)], vec![(1, 7)]),
            ("dates without a meal", RATIO, &[span(1, "p/a", 20, 300)], vec![]),
        ];
        for (what, payer, budgets, expected) in table {
            let told: Vec<(u32, i64)> =
                releases(&frozen(payer, &meals), budgets).into_iter().map(|(id, fen)| (id, fen.0)).collect();
            assert_eq!(told, expected, "{what}");
        }
    }

    #[test]
    fn a_correction_that_gave_back_more_than_the_split_takes_its_fen_again() {
        // 800 and -300 of a half each: 400 less 150. And 8 with -3: 4 are reserved, 2 go back, 3 are owed.
        let of = [span(1, "p/x", 0, 29)];
        assert_eq!(releases(&frozen("p/x*1+y*1", &[(0, 1, 800), (0, 1, -300)]), &of), []);
        assert_eq!(releases(&frozen("p/x*1+y*1", &[(0, 1, 8), (0, 1, -3)]), &of), [(1, Fen(-1))]);
    }

    proptest! {
        /// After the release, the budgets of a funder have taken together what it owes of the total.
        #[test]
        fn budgets_have_taken_what_is_owed(
            meals in prop::collection::vec((0i32..30, 1i64..3_000), 1..60), back in 0usize..60, cut in 0i32..30,
            w in 1u32..100, v in 1u32..100,
        ) {
            let mut meals: Vec<(i32, u128, i64)> = (0..).zip(meals).map(|(n, (at, fen))| (at, n, fen)).collect();
            if let Some((at, order, fen)) = meals.get(back).copied() {
                meals.push((at, order, -(fen / 2)));
            }
            meals.retain(|(_, _, fen)| *fen != 0);
            let payer = format!("p/x*{w}+y*{v}");
            let list = frozen(&payer, &meals);
            let budgets = [span(1, "p/x", -300, cut), span(2, "p/x", cut + 1, 300)];
            let funded = |fen: i64| {
                let bearers = Bearers { funded: [(list.payer.clone(), Fen(fen))].into(), ..Bearers::default() };
                let moves = movements(CanteenId::from_uuid(Uuid::from_u128(9)), &bearers, Fen::ZERO);
                uses(&moves).unwrap()[&budgets[0].payer].0
            };
            let taken: i64 = meals.iter().map(|(_, _, fen)| fen.signum() * funded(fen.abs())).sum();
            let released: i64 = releases(&list, &budgets).iter().map(|(_, fen)| fen.0).sum();
            let owed = list.total.shares.iter().find(|(of, _)| *of == budgets[0].payer).unwrap().1;
            prop_assert_eq!(taken - released, owed.0);
        }
    }
}
