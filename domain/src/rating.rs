//! Ratings (评价): what was said of a meal after it, and what of that is shown to anybody.
//!
//! A meal is rated once and the rating stays: one that can be changed is one that somebody can be talked out of. Who thinks better of
//! it rates the next meal; who was wronged complains ([`crate::complaint`]).

use crate::Instant;
use crate::complaint::Category;
use crate::food_safety::{Rules, SettingKey};
use crate::order::OrderState;
use serde::{Deserialize, Serialize};

/// Characters of a rating's own words at most.
pub const WORDS_MAX: usize = 200;

/// One to five, five is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Score(i64);

impl Score {
    /// The best one.
    pub const BEST: i64 = 5;

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Score {
    type Error = &'static str;

    fn try_from(score: i64) -> Result<Self, Self::Error> {
        if (1..=Self::BEST).contains(&score) { Ok(Self(score)) } else { Err("a score is from 1 to 5") }
    }
}

impl From<Score> for i64 {
    fn from(score: Score) -> Self {
        score.0
    }
}

crate::text_enum! {
    /// What a score is about.
    pub enum RatingReason {
        /// 味道
        Taste = "taste",
        /// 咸淡
        Salt = "salt",
        /// 软烂: whether it could be chewed.
        Softness = "softness",
        /// 冷热
        Warmth = "warmth",
        /// 份量
        Portion = "portion",
        /// 准时
        Punctuality = "punctuality",
        /// 送错: another meal than was ordered.
        WrongMeal = "wrong_meal",
        /// 服务态度
        Attitude = "attitude",
        /// 卫生: a hair, an insect, a dirty box.
        Hygiene = "hygiene",
        /// 餐后不适
        Unwell = "unwell",
    }
}

impl RatingReason {
    /// The complaint that such a reason opens by itself: somebody must look, whether or not they were asked to.
    #[must_use]
    pub const fn opens(self) -> Option<Category> {
        match self {
            Self::Hygiene => Some(Category::Hygiene),
            Self::Unwell => Some(Category::Unwell),
            Self::WrongMeal => Some(Category::WrongMeal),
            Self::Taste | Self::Salt | Self::Softness | Self::Warmth | Self::Portion | Self::Punctuality | Self::Attitude => None,
        }
    }
}

/// Up to this score a reason is a complaint: somebody who praises the hygiene gives five.
const POOR: i64 = 3;

/// The complaint that a rating opens by itself: the gravest of its reasons.
#[must_use]
pub fn opens(score: Score, reasons: &[RatingReason]) -> Option<Category> {
    let opened = reasons.iter().filter_map(|reason| reason.opens());
    opened.filter(|_| score.0 <= POOR).max_by_key(|category| (category.is_grave(), *category == Category::Unwell))
}

crate::text_enum! {
    /// Who gave a rating or brought a complaint.
    pub enum Voice {
        /// The senior.
        Senior = "senior",
        /// Family who orders for them.
        Family = "family",
        /// A worker or the hotline, who wrote down what was said.
        Staff = "staff",
    }
}

/// Why a meal is not rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatingRefusal {
    /// It was not served.
    NotServed,
    /// It was too long ago to remember.
    TooLate {
        /// Until when it could be rated.
        until: Instant,
    },
    /// It was rated already.
    Rated,
}

/// Whether a meal can be rated now. Without a setting in force any served meal can.
pub fn may_rate(state: OrderState, meal_over_at: Instant, now: Instant, rules: &Rules) -> Result<(), RatingRefusal> {
    if state != OrderState::Served {
        return Err(RatingRefusal::NotServed);
    }
    let until = rules.value(SettingKey::RatingWindow).map(|days| meal_over_at.plus_seconds(days.saturating_mul(86_400)));
    match until.filter(|until| now > *until) {
        Some(until) => Err(RatingRefusal::TooLate { until }),
        None => Ok(()),
    }
}

/// What some ratings come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many of each score, 1 to 5.
    pub by_score: [i64; 5],
    /// How often each reason was given.
    pub reasons: Vec<(RatingReason, i64)>,
    /// How many different seniors spoke.
    pub people: i64,
}

impl Figures {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.by_score.iter().sum()
    }

    /// The mean in hundredths, rounded to the nearest, half up; `None` of nothing.
    #[must_use]
    pub fn mean_hundredths(&self) -> Option<i64> {
        let count = self.count();
        let sum: i64 = self.by_score.iter().zip(1..).map(|(of, score): (&i64, i64)| of * score).sum();
        (count > 0).then(|| (sum * 200 + count) / (2 * count))
    }

    /// The mean for anybody to see: none of so few people that one of them could be told from it. Who eats there every day is not many.
    #[must_use]
    pub fn public_mean_hundredths(&self, rules: &Rules) -> Option<i64> {
        let enough = rules.value(SettingKey::RatingPublishMin).unwrap_or(i64::MAX);
        self.mean_hundredths().filter(|_| self.people >= enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::food_safety::Rulebook;
    use crate::{PlaceCode, ServiceDate};
    use proptest::prelude::*;

    fn rules() -> Rules {
        let day = ServiceDate::parse("2026-11-23").unwrap();
        Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day)
    }

    #[test]
    fn a_meal_is_rated_when_it_was_served_and_while_it_is_remembered() {
        use OrderState as S;
        let over = Instant::from_micros(0);
        let until = over.plus_seconds(7 * 86_400);
        for (state, now, expected) in [
            (S::Served, over, Ok(())),
            (S::Served, until, Ok(())),
            (S::Served, until.plus_seconds(1), Err(RatingRefusal::TooLate { until })),
            (S::Confirmed, over, Err(RatingRefusal::NotServed)),
            (S::Cancelled, over, Err(RatingRefusal::NotServed)),
        ] {
            assert_eq!(may_rate(state, over, now, &rules()), expected, "{state} {now:?}");
        }
        assert_eq!(may_rate(S::Served, over, until.plus_seconds(1), &Rules::default()), Ok(()));
    }

    #[test]
    fn a_poor_score_for_what_somebody_must_look_at_opens_a_complaint() {
        use RatingReason as R;
        for (score, reasons, expected) in [
            (1, vec![R::Taste, R::Salt], None),
            (3, vec![R::Hygiene], Some(Category::Hygiene)),
            (4, vec![R::Hygiene], None),
            (5, vec![R::Hygiene, R::Unwell], None),
            (2, vec![R::WrongMeal, R::Hygiene], Some(Category::Hygiene)),
            (1, vec![R::Unwell, R::Hygiene, R::WrongMeal], Some(Category::Unwell)),
            (1, vec![], None),
        ] {
            assert_eq!(opens(Score(score), &reasons), expected, "{score} {reasons:?}");
        }
    }

    #[test]
    fn a_score_is_from_one_to_five() {
        for score in -1..8 {
            assert_eq!(Score::try_from(score).is_ok(), (1..=5).contains(&score), "{score}");
        }
    }

    #[test]
    fn the_mean_of_too_few_is_nobodys_to_see() {
        for (by_score, people, mean, public) in [
            ([0, 0, 0, 0, 0], 0, None, None),
            ([1, 0, 0, 0, 1], 2, Some(300), None),
            ([0, 0, 0, 0, 9], 9, Some(500), None),
            ([0, 0, 0, 0, 90], 9, Some(500), None),
            ([0, 0, 0, 0, 10], 10, Some(500), Some(500)),
            ([1, 0, 0, 0, 10], 11, Some(464), Some(464)),
            ([1, 2, 3, 4, 5], 12, Some(367), Some(367)),
        ] {
            let figures = Figures { by_score, reasons: vec![], people };
            assert_eq!((figures.mean_hundredths(), figures.public_mean_hundredths(&rules())), (mean, public), "{by_score:?}");
            assert_eq!(figures.public_mean_hundredths(&Rules::default()), None, "no setting, nothing shown");
        }
    }

    proptest! {
        #[test]
        fn the_mean_lies_between_the_worst_and_the_best(by_score in prop::array::uniform5(0i64..1_000)) {
            let given: Vec<i64> = by_score.iter().zip(1..).filter(|(of, _)| **of > 0).map(|(_, score)| score * 100).collect();
            let mean = Figures { by_score, ..Figures::default() }.mean_hundredths();
            prop_assert_eq!(mean.is_some(), !given.is_empty());
            if let Some(mean) = mean {
                prop_assert!(given[0] <= mean && mean <= given[given.len() - 1]);
            }
        }
    }
}
