//! What a decision means for the ledger: who owes how much, shares by ratio gathered in the programme's clearing account.

use super::name::Name;
use super::trace::{Decision, Leg};
use crate::money::MoneyOverflow;
use crate::{Fen, PlaceCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who owes an amount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// One funder.
    Funder(Funding),
    /// The programme's clearing account; at the period's end its total is split once among these, by weight.
    ///
    /// Splitting each meal was measured to drift by 150 yuan in 30,000 meals. Totals are kept apart by the list of weights,
    /// because a lost share leaves a meal with fewer of them.
    Clearing(Vec<(Funding, u32)>),
}

/// A funder and the place that pays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funding {
    /// As declared in the document.
    pub funder: Name,
    /// The paying place, if the funder has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceCode>,
}

crate::text_enum! {
    /// What an amount is for.
    pub enum Purpose {
        /// Off the price by a discount.
        Discount = "discount",
        /// A subsidy to the senior.
        Grant = "grant",
        /// A subsidy to the canteen.
        Operator = "operator",
    }
}

/// One amount for the ledger. Negative in a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// The programme.
    pub programme: Name,
    /// What for.
    pub purpose: Purpose,
    /// Who owes it.
    pub owed: Owed,
    /// How much.
    pub fen: Fen,
}

type Sums = BTreeMap<(Name, Purpose, Owed), i64>;

impl Decision {
    /// The amounts a meal posts, in a fixed order, zero amounts left out.
    #[must_use]
    pub fn postings(&self) -> Vec<Posting> {
        let mut sums = Sums::new();
        self.add_to(&mut sums, 1);
        listed(sums)
    }

    /// What must be posted so that a meal decided as `self` stands as `corrected`: for facts learned late and for reversals.
    ///
    /// The stored legs are negated, never computed anew, so a refund takes back from each funder exactly what it gave.
    #[must_use]
    pub fn correction(&self, corrected: Option<&Self>) -> Vec<Posting> {
        let mut sums = Sums::new();
        self.add_to(&mut sums, -1);
        if let Some(corrected) = corrected {
            corrected.add_to(&mut sums, 1);
        }
        listed(sums)
    }

    fn add_to(&self, sums: &mut Sums, sign: i64) {
        let all = [(Purpose::Discount, &self.discounts), (Purpose::Grant, &self.legs), (Purpose::Operator, &self.operator)];
        for (purpose, legs) in all {
            let mut rest: &[Leg] = legs;
            while let Some(first) = rest.first() {
                // The legs of one line stand together, so its shares by ratio are one run of indicative legs.
                let run = rest.iter().take_while(|l| l.indicative && l.line == first.line && l.programme == first.programme);
                let length = run.count().max(1);
                let (taken, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                rest = left;
                let owed = owed_by(taken);
                let sum = sums.entry((first.programme.clone(), purpose, owed)).or_default();
                *sum = sum.saturating_add(sign.saturating_mul(taken.iter().map(|l| l.fen.0).sum()));
            }
        }
    }
}

fn owed_by(legs: &[Leg]) -> Owed {
    let funding = |l: &Leg| Funding { funder: l.funder.clone(), place: l.place.clone() };
    match legs {
        [only] if !only.indicative => Owed::Funder(funding(only)),
        shares => Owed::Clearing(shares.iter().map(|l| (funding(l), l.weight.unwrap_or(1))).collect()),
    }
}

fn listed(sums: Sums) -> Vec<Posting> {
    let posting = |((programme, purpose, owed), fen)| Posting { programme, purpose, owed, fen: Fen(fen) };
    sums.into_iter().filter(|(_, fen)| *fen != 0).map(posting).collect()
}

/// Splits a period's total of one clearing account once, by largest remainder, ties by the order of the weights.
pub fn split_clearing(total: Fen, shares: &[(Funding, u32)]) -> Result<Vec<(Funding, Fen)>, MoneyOverflow> {
    let weights: Vec<u32> = shares.iter().map(|(_, w)| *w).collect();
    Ok(shares.iter().map(|(f, _)| f.clone()).zip(total.split(&weights)?).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subsidy::tests::{Bench, born, doc, lunch};

    fn ratio_meal(price: i64) -> Decision {
        let document = doc(
            "conventions: {defaults: standard}\nfunders: [{id: a, name: a, kind: government}, {id: b, name: b, kind: government}, \
             {id: c, name: c, kind: government}]\nsteps: [{group: {id: g, name: g, select: first, lines: [{id: l, name: l, amount: {pay_fen: 0}, \
             funders: [{funder: c, fixed_fen: 100}, {funder: a, ratio: 1}, {funder: b, ratio: 1}]}]}}]\n",
        );
        Bench::new(&[&document]).first(&born("1950-01-01"), &lunch("2026-03-11", price))
    }

    #[test]
    fn shares_by_ratio_post_one_amount_to_clearing_and_fixed_shares_one_per_funder() {
        let postings = ratio_meal(401).postings();
        let told: Vec<(bool, i64)> = postings.iter().map(|p| (matches!(p.owed, Owed::Clearing(_)), p.fen.0)).collect();
        assert_eq!(told, [(false, 100), (true, 301)]);
    }

    #[test]
    fn a_month_split_once_gives_each_funder_its_half_where_a_split_per_meal_drifts() {
        let meal = ratio_meal(401);
        let Some(Posting { owed: Owed::Clearing(shares), fen, .. }) = meal.postings().pop() else { panic!("{meal:?}") };
        let total = fen.times(30_000).unwrap();
        let once: Vec<i64> = split_clearing(total, &shares).unwrap().into_iter().map(|(_, f)| f.0).collect();
        assert_eq!(once, [4_515_000, 4_515_000]);
        let per_meal = meal.legs.iter().filter(|l| l.indicative).map(|l| l.fen.0 * 30_000).collect::<Vec<_>>();
        assert_eq!(per_meal, [4_530_000, 4_500_000], "150 yuan drift");
    }

    #[test]
    fn a_reversal_negates_the_stored_legs_and_a_correction_posts_only_the_difference() {
        let (old, new) = (ratio_meal(401), ratio_meal(501));
        let reversed: i64 = old.correction(None).iter().map(|p| p.fen.0).sum();
        assert_eq!(reversed, -401);
        assert_eq!(old.correction(Some(&old)), []);
        let difference = old.correction(Some(&new));
        assert_eq!(difference.iter().map(|p| p.fen.0).collect::<Vec<_>>(), [100], "the fixed share is as it was");
    }
}
