//! Money in fen (分), the hundredth of a yuan: integers with checked arithmetic, never a float.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in fen. Signed, because a correction is a negative amount.
///
/// There is no `+`, `-` or `/`: every operation that can leave the range says so in its type, and a division must name
/// its rounding, because no mainland policy text states one and the difference is real money over a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// The sum or product left the range of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount of money left the range of 64 bits")]
pub struct MoneyOverflow;

crate::text_enum! {
    /// What happens to the part of a fen that a ratio leaves over.
    pub enum Rounding {
        /// Away from zero at exactly half a fen (四舍五入).
        HalfUp = "half_up",
        /// To the even fen at exactly half a fen (银行家舍入).
        HalfEven = "half_even",
        /// Towards zero (舍去).
        Down = "down",
        /// Away from zero (进一).
        Up = "up",
    }
}

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `self + other`.
    pub fn plus(self, other: Self) -> Result<Self, MoneyOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyOverflow)
    }

    /// `self - other`.
    pub fn minus(self, other: Self) -> Result<Self, MoneyOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyOverflow)
    }

    /// `self * times`.
    pub fn times(self, times: u32) -> Result<Self, MoneyOverflow> {
        self.0.checked_mul(i64::from(times)).map(Self).ok_or(MoneyOverflow)
    }

    /// `self * numerator / denominator`, rounded as told. A zero denominator is an overflow.
    pub fn mul_ratio(self, numerator: u32, denominator: u32, rounding: Rounding) -> Result<Self, MoneyOverflow> {
        if denominator == 0 {
            return Err(MoneyOverflow);
        }
        let (d, product) = (i128::from(denominator), i128::from(self.0) * i128::from(numerator));
        let (quotient, rest) = (product / d, product % d);
        let away = if product < 0 { -1 } else { 1 };
        let twice = rest.abs() * 2;
        let step = match rounding {
            Rounding::Down => 0,
            Rounding::Up => i128::from(rest != 0),
            Rounding::HalfUp => i128::from(twice >= d),
            Rounding::HalfEven => i128::from(twice > d || (twice == d && quotient % 2 != 0)),
        };
        i64::try_from(quotient + away * step).map(Self).map_err(|_| MoneyOverflow)
    }

    /// The sum of many amounts.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyOverflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Splits the amount in proportion to `weights` by largest remainder; the parts always sum to the whole.
    ///
    /// Ties go to the earlier weight, so the order in which a policy names its funders decides who pays the odd fen.
    /// All-zero or empty weights cannot carry an amount: the answer is an error, not a silent loss.
    pub fn split(self, weights: &[u32]) -> Result<Vec<Self>, MoneyOverflow> {
        let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
        if total == 0 {
            return Err(MoneyOverflow);
        }
        let (sign, whole) = (i128::from(self.0.signum()), i128::from(self.0).abs());
        let mut parts: Vec<i128> = weights.iter().map(|w| whole * i128::from(*w) / total).collect();
        let left = whole - parts.iter().sum::<i128>();
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_key(|i| {
            let remainder = weights.get(*i).map_or(0, |w| whole * i128::from(*w) % total);
            (std::cmp::Reverse(remainder), *i)
        });
        for (_, i) in (0..left).zip(by_remainder) {
            if let Some(part) = parts.get_mut(i) {
                *part += 1;
            }
        }
        parts.into_iter().map(|p| i64::try_from(sign * p).map(Self).map_err(|_| MoneyOverflow)).collect()
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

/// Yuan with two decimals, as people read it: `12.40`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", magnitude / 100, magnitude % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_split_gives_the_odd_fen_to_the_largest_remainder_and_ties_to_the_earlier_funder() {
        for (amount, weights, parts) in [
            (701, vec![50, 30, 20], vec![351, 210, 140]),
            (100, vec![1, 1, 1], vec![34, 33, 33]),
            (1, vec![1, 1, 1], vec![1, 0, 0]),
            (-100, vec![1, 1, 1], vec![-34, -33, -33]),
        ] {
            let got: Vec<i64> = Fen(amount).split(&weights).unwrap().into_iter().map(|f| f.0).collect();
            assert_eq!(got, parts, "{amount} by {weights:?}");
        }
        assert_eq!(Fen(1).split(&[]), Err(MoneyOverflow));
        assert_eq!(Fen(1).split(&[0, 0]), Err(MoneyOverflow));
    }

    #[test]
    fn a_quarter_of_ten_yuan_fifty_depends_on_the_named_rounding() {
        for (rounding, fen) in [(Rounding::HalfUp, 263), (Rounding::HalfEven, 262), (Rounding::Down, 262), (Rounding::Up, 263)] {
            assert_eq!(Fen(1050).mul_ratio(1, 4, rounding), Ok(Fen(fen)), "{rounding}");
        }
        assert_eq!(Fen(-1050).mul_ratio(1, 4, Rounding::HalfUp), Ok(Fen(-263)));
        assert_eq!(Fen(5).mul_ratio(1, 0, Rounding::Down), Err(MoneyOverflow));
    }

    #[test]
    fn an_amount_reads_as_yuan_with_two_decimals() {
        for (fen, text) in [(0, "0.00"), (5, "0.05"), (1240, "12.40"), (-5, "-0.05"), (i64::MIN, "-92233720368547758.08")] {
            assert_eq!(Fen(fen).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn parts_of_a_split_sum_to_the_whole(amount in any::<i64>(), weights in prop::collection::vec(0u32..1000, 1..8)) {
            prop_assume!(weights.iter().any(|w| *w > 0) && amount != i64::MIN);
            let parts = Fen(amount).split(&weights).unwrap();
            prop_assert_eq!(Fen::sum(parts.iter().copied()).unwrap(), Fen(amount));
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*weight > 0 || part.0 == 0, "a funder of weight zero paid {}", part.0);
            }
        }
    }
}
