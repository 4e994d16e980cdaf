//! A canteen far above its peers: the canteens of the same district that served anybody in the month.
//!
//! The statistic is robust: the median of the others' figures, and the median of their distances from it (median absolute deviation,
//! MAD). Means and standard deviations would be moved by the very canteen that is looked for. A figure is far above when it exceeds the
//! median by a number of deviations; 5.2 of them are the 3.5 of the modified z-score of Iglewicz and Hoaglin (1993), which divides by
//! 1.4826 MAD. Where most peers have the same figure the MAD is nothing, so a deviation is never less than a share of the median.

use super::{AnomalyMeasure, AnomalyRule, Found, Subject, figure};
use crate::Instant;
use crate::claim::Month;
use crate::id::CanteenId;
use serde::{Deserialize, Serialize};

/// What a canteen served in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthFigures {
    /// Which canteen.
    pub canteen: CanteenId,
    /// Meals with evidence.
    pub meals: i64,
    /// Different persons who had them.
    pub seniors: i64,
}

/// A canteen's figure, as it was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerFigure {
    /// Which canteen.
    pub canteen: CanteenId,
    /// Its figure, in the measure's unit.
    pub figure: i64,
}

/// When a canteen is far above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerLimits {
    /// With fewer peers than this nothing is compared.
    pub peers_min: i64,
    /// Deviations above the median that are still in order, in tenths.
    pub deviations_tenths: i64,
    /// A deviation is at least this share of the median, in thousandths.
    pub spread_min_per_mille: i64,
}

/// Peers that are kept with a finding, those with the largest figures.
pub const PEERS_KEPT: usize = 50;

/// The middle one; of an even number the mean of the two in the middle, rounded down. With the lower of the two half a district that
/// serves twice as much as the other half would be found.
fn median(mut figures: Vec<i64>) -> Option<i64> {
    figures.sort_unstable();
    let upper = *figures.get(figures.len() / 2)?;
    let lower = *figures.get(figures.len().checked_sub(1)? / 2)?;
    Some(lower + (upper - lower) / 2)
}

/// What the figure of a canteen must not exceed, given the others'; `None` with too few of them.
#[must_use]
pub fn bound(others: &[i64], limits: PeerLimits) -> Option<i64> {
    if figure(others.len()) < limits.peers_min {
        return None;
    }
    let middle = median(others.to_vec())?;
    let deviation = median(others.iter().map(|figure| (figure - middle).abs()).collect())?;
    let spread = deviation.max(middle.saturating_mul(limits.spread_min_per_mille) / 1000).max(1);
    Some(middle.saturating_add(spread.saturating_mul(limits.deviations_tenths) / 10))
}

/// A canteen's figure of a measure; `None` when nobody ate there.
#[must_use]
pub const fn figure_of(month: &MonthFigures, measure: AnomalyMeasure) -> Option<i64> {
    if month.seniors <= 0 {
        return None;
    }
    match measure {
        AnomalyMeasure::MealsPerSenior => Some(month.meals.saturating_mul(100) / month.seniors),
        AnomalyMeasure::MealsAMonth => Some(month.meals),
        _ => None,
    }
}

/// Compares one canteen with all of its district.
#[must_use]
pub fn above_peers(
    canteen: CanteenId,
    month: Month,
    all: &[MonthFigures],
    (measure, limits): (AnomalyMeasure, PeerLimits),
) -> Option<Found> {
    let figures: Vec<PeerFigure> =
        all.iter().filter_map(|one| Some(PeerFigure { canteen: one.canteen, figure: figure_of(one, measure)? })).collect();
    let own = figures.iter().find(|one| one.canteen == canteen)?.figure;
    let mut peers: Vec<PeerFigure> = figures.into_iter().filter(|one| one.canteen != canteen).collect();
    let others: Vec<i64> = peers.iter().map(|one| one.figure).collect();
    let limit = bound(&others, limits).filter(|limit| own > *limit)?;
    peers.sort_by_key(|one| (std::cmp::Reverse(one.figure), one.canteen));
    peers.truncate(PEERS_KEPT);
    let midnight = |day| Instant::from_civil(day, chrono::NaiveTime::MIN);
    Some(Found {
        rule: AnomalyRule::AbovePeers,
        measure,
        subject: Subject::Month(canteen, month),
        canteen,
        on: month.last(),
        observed: own,
        limit,
        window: (midnight(month.first()), midnight(month.next().first())),
        evidence: Vec::new(),
        total: 0,
        peers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceDate;
    use proptest::prelude::*;
    use uuid::Uuid;

    const LIMITS: PeerLimits = PeerLimits { peers_min: 5, deviations_tenths: 52, spread_min_per_mille: 50 };

    fn canteen(n: usize) -> CanteenId {
        CanteenId::from_uuid(Uuid::from_u128(n as u128))
    }

    fn month() -> Month {
        Month::of(ServiceDate::new(2026, 11, 23).unwrap())
    }

    fn figures(meals: &[i64]) -> Vec<MonthFigures> {
        meals.iter().enumerate().map(|(n, meals)| MonthFigures { canteen: canteen(n), meals: *meals, seniors: 10 }).collect()
    }

    fn found(all: &[MonthFigures], limits: PeerLimits) -> Vec<usize> {
        let of = |one: &MonthFigures| above_peers(one.canteen, month(), all, (AnomalyMeasure::MealsPerSenior, limits)).is_some();
        all.iter().enumerate().filter(|(_, one)| of(one)).map(|(n, _)| n).collect()
    }

    #[test]
    fn far_above_is_more_than_so_many_deviations_above_the_median() {
        // The others have 10.0, 20.0, 30.0, 40.0 and 50.0 meals a senior: median 30.0, distances 0, 10, 10, 20, 20: MAD 10.0.
        assert_eq!(bound(&[1000, 2000, 3000, 4000, 5000], LIMITS), Some(3000 + 5200));
        let with = |meals: i64| found(&figures(&[100, 200, 300, 400, 500, meals]), LIMITS);
        assert_eq!((with(820), with(821)), (vec![], vec![5]));
    }

    #[test]
    fn with_too_few_peers_nothing_is_compared() {
        let all = figures(&[100, 100, 100, 100, 100, 9000]);
        assert_eq!(found(&all, LIMITS), [5]);
        assert_eq!(found(&all[1..], LIMITS), [0_usize; 0], "four peers");
        assert_eq!(found(&all, PeerLimits { peers_min: 6, ..LIMITS }), [0_usize; 0]);
    }

    #[test]
    fn a_meal_more_than_peers_that_are_all_alike_is_not_far_above() {
        let with = |meals: i64| found(&figures(&[100, 100, 100, 100, 100, meals]), LIMITS);
        // A deviation is at least 5 % of 10.0 meals: the limit is 10.0 + 5.2 x 0.5.
        assert_eq!((with(126), with(127)), (vec![], vec![5]));
    }

    #[test]
    fn a_canteen_at_which_nobody_ate_is_no_peer() {
        let mut all = figures(&[100, 100, 100, 100, 100, 9000]);
        all[0] = MonthFigures { canteen: canteen(0), meals: 0, seniors: 0 };
        assert_eq!(found(&all, LIMITS), [0_usize; 0]);
    }

    proptest! {
        #[test]
        fn never_is_more_than_half_of_a_district_far_above(meals in prop::collection::vec(1i64..2000, 6..40)) {
            let all = figures(&meals);
            prop_assert!(found(&all, LIMITS).len() * 2 <= all.len());
        }

        #[test]
        fn one_canteen_however_large_does_not_move_what_others_are_measured_by(
            meals in prop::collection::vec(50i64..200, 7..20), huge in 10_000i64..1_000_000_000
        ) {
            let mut all = figures(&meals);
            all.push(MonthFigures { canteen: canteen(meals.len()), meals: huge, seniors: 1 });
            prop_assert!(found(&all, LIMITS).contains(&meals.len()));
        }
    }
}
