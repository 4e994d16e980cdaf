//! What is needed of an ingredient, what is there, and what has to be bought.
//!
//! A recipe names the edible part, raw. What is bought is more by what is peeled, boned and thrown away, and comes in crates.

use crate::ServiceDate;
use crate::lot::{LotFacts, first_expired_first_out};

/// The whole of what is bought is edible, in thousandths: what holds where nobody said otherwise.
pub const ALL_EDIBLE: i64 = 1000;

/// What has to be taken from the store for so much of the edible part, in milligrams, rounded up. `edible` is in thousandths, 1 to 1000.
#[must_use]
pub fn gross_mg(net_mg: i64, edible: i64) -> i64 {
    ceil_ratio(net_mg.max(0), ALL_EDIBLE, edible.clamp(1, ALL_EDIBLE))
}

/// `amount * times / by`, rounded up; saturated beyond what can be counted.
#[must_use]
pub fn ceil_ratio(amount: i64, times: i64, by: i64) -> i64 {
    let (product, by) = (i128::from(amount) * i128::from(times), i128::from(by.max(1)));
    i64::try_from((product + by - 1).div_euclid(by)).unwrap_or(i64::MAX)
}

/// What the lots in stock cover of what several days need, and what they do not, in milligrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cover {
    /// Covered.
    pub used_mg: i64,
    /// Not covered.
    pub short_mg: i64,
}

/// Goes through the days in their order: each takes what may still be used on it, first expired first. A lot that spoils on the second day
/// helps the first and not the third.
#[must_use]
pub fn cover(needs: &[(ServiceDate, i64)], lots: &[LotFacts]) -> Cover {
    let mut days: Vec<(ServiceDate, i64)> = needs.to_vec();
    days.sort_unstable();
    let (mut lots, mut cover) = (lots.to_vec(), Cover::default());
    for (on, needed) in days {
        let proposal = first_expired_first_out(&lots, needed, on);
        for (id, amount) in &proposal.take {
            lots.iter_mut().filter(|lot| lot.lot == *id).for_each(|lot| lot.stock -= amount);
            cover.used_mg = cover.used_mg.saturating_add(*amount);
        }
        cover.short_mg = cover.short_mg.saturating_add(proposal.short);
    }
    cover
}

/// What is to be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// How many crates or sacks, where it is known how much one holds.
    pub units: Option<i64>,
    /// How much that is, in milligrams.
    pub amount_mg: i64,
}

/// What to buy for what is lacking: whole units where it comes in units.
#[must_use]
pub fn purchase(short_mg: i64, unit_mg: Option<i64>) -> Purchase {
    let short_mg = short_mg.max(0);
    match unit_mg.filter(|unit| *unit > 0) {
        None => Purchase { units: None, amount_mg: short_mg },
        Some(unit) => {
            let units = ceil_ratio(short_mg, 1, unit);
            Purchase { units: Some(units), amount_mg: units.saturating_mul(unit) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::LotId;
    use crate::lot::LotState;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn day(day: u32) -> ServiceDate {
        ServiceDate::new(2026, 11, day).unwrap()
    }

    fn lot(n: u128, expires: Option<u32>, stock: i64) -> LotFacts {
        LotFacts { lot: LotId::from_uuid(Uuid::from_u128(n)), state: LotState::Accepted, expires_on: expires.map(day), stock }
    }

    #[test]
    fn what_is_peeled_off_is_bought_too_and_crates_are_bought_whole() {
        for (net, edible, gross) in [(1_000, 1000, 1_000), (1_000, 800, 1_250), (1_000, 300, 3_334), (0, 500, 0), (1, 999, 2)] {
            assert_eq!(gross_mg(net, edible), gross, "{net} at {edible}");
        }
        for (short, unit, units, amount) in [
            (0, Some(500), Some(0), 0),
            (1, Some(500), Some(1), 500),
            (500, Some(500), Some(1), 500),
            (501, Some(500), Some(2), 1_000),
            (7, None, None, 7),
        ] {
            assert_eq!(purchase(short, unit), Purchase { units, amount_mg: amount }, "{short}");
        }
        assert_eq!(gross_mg(i64::MAX, 1), i64::MAX, "counted to the end and no further");
    }

    #[test]
    fn a_lot_covers_the_days_on_which_it_may_be_used_and_no_others() {
        let frozen = LotFacts { state: LotState::Frozen, ..lot(9, None, 1_000) };
        let lots = [lot(1, Some(23), 100), lot(2, None, 50), lot(3, Some(22), 70), frozen];
        for (needs, used, short) in [
            (vec![(day(23), 80)], 80, 0),
            (vec![(day(24), 80)], 50, 30),
            (vec![(day(24), 60), (day(23), 80)], 130, 10),
            (vec![(day(22), 200), (day(23), 30)], 220, 10),
        ] {
            assert_eq!(cover(&needs, &lots), Cover { used_mg: used, short_mg: short }, "{needs:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_bought_is_enough_and_less_than_a_unit_too_much(
            needs in prop::collection::vec((20u32..28, 0i64..1_000), 0..6), stock in prop::collection::vec((20u32..28, 1i64..500), 0..6),
            unit in 1i64..400
        ) {
            let needs: Vec<_> = needs.into_iter().map(|(d, n)| (day(d), n)).collect();
            let lots: Vec<_> = stock.into_iter().zip(1..).map(|((d, n), id)| lot(id, Some(d), n)).collect();
            let found = cover(&needs, &lots);
            let (wanted, there): (i64, i64) = (needs.iter().map(|(_, n)| n).sum(), lots.iter().map(|l| l.stock).sum());
            prop_assert_eq!(found.used_mg + found.short_mg, wanted);
            prop_assert!(found.used_mg <= there);
            let bought = purchase(found.short_mg, Some(unit));
            prop_assert!(bought.amount_mg >= found.short_mg && bought.amount_mg - found.short_mg < unit);
        }
    }
}
