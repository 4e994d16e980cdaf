//! Complaints (投诉): cases that somebody must answer by a deadline, that go to the office above when nobody does, and that whoever
//! complained may open again.

use crate::food_safety::{Rules, SettingKey};
use crate::{Instant, PlaceCode};
use serde::{Deserialize, Serialize};

/// Characters of a complaint, an answer or a reason at most.
pub const WORDS_MAX: usize = 1_000;

crate::text_enum! {
    /// What a complaint is about.
    pub enum Category {
        /// 餐后不适: somebody was ill after eating.
        Unwell = "unwell",
        /// 卫生或异物
        Hygiene = "hygiene",
        /// 送错餐: another meal, or one that the senior may not eat.
        WrongMeal = "wrong_meal",
        /// 菜品质量
        Food = "food",
        /// 配送
        Delivery = "delivery",
        /// 服务态度
        Attitude = "attitude",
        /// 收费或补贴
        Charge = "charge",
        /// 其他
        Other = "other",
    }
}

impl Category {
    /// Whether somebody may come to harm while nobody looks.
    #[must_use]
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Unwell | Self::Hygiene | Self::WrongMeal)
    }

    /// On lists.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Unwell => "餐后不适",
            Self::Hygiene => "卫生或异物",
            Self::WrongMeal => "送错餐",
            Self::Food => "菜品质量",
            Self::Delivery => "配送",
            Self::Attitude => "服务态度",
            Self::Charge => "收费或补贴",
            Self::Other => "其他",
        }
    }
}

crate::text_enum! {
    /// Where a complaint stands.
    pub enum ComplaintState {
        /// 待答复
        Open = "open",
        /// 已答复: who complained may say that it is not enough.
        Answered = "answered",
        /// 已办结
        Closed = "closed",
    }
}

crate::text_enum! {
    /// What happened to a complaint.
    pub enum ComplaintStep {
        /// It was brought.
        Brought = "brought",
        /// It was answered.
        Answered = "answered",
        /// The answer was not enough.
        Reopened = "reopened",
        /// Nobody answered in time: the office above has it too.
        Raised = "raised",
        /// It was closed.
        Closed = "closed",
    }
}

/// What somebody does about a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// The canteen, or the office above it, says what it was and what was done.
    Answer,
    /// Who complained says that this is not enough.
    Reopen,
    /// Who complained is content, or the office says that nothing is left to do.
    Close,
}

/// Why something cannot be done about a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComplaintRefusal {
    /// It is closed: what happens later is another complaint.
    Closed,
    /// There is no answer yet that could be enough or not.
    NotAnswered,
    /// It was opened again as often as it can be; the office above closes it.
    ReopenedTooOften {
        /// How often.
        times: i64,
    },
}

/// What a complaint is after an act, when that can be done now; `reopened` is how often it was opened again before.
pub fn next(state: ComplaintState, act: Act, reopened: i64, rules: &Rules) -> Result<ComplaintState, ComplaintRefusal> {
    use ComplaintState as S;
    match (state, act) {
        (S::Closed, _) => Err(ComplaintRefusal::Closed),
        // A second answer adds to the first.
        (S::Open | S::Answered, Act::Answer) => Ok(S::Answered),
        (S::Open, Act::Reopen) => Err(ComplaintRefusal::NotAnswered),
        (S::Answered, Act::Reopen) => match rules.value(SettingKey::ComplaintReopenings).filter(|times| reopened >= *times) {
            Some(times) => Err(ComplaintRefusal::ReopenedTooOften { times }),
            None => Ok(S::Open),
        },
        // Closing what nobody answered would be the way to be rid of it.
        (S::Open, Act::Close) => Err(ComplaintRefusal::NotAnswered),
        (S::Answered, Act::Close) => Ok(S::Closed),
    }
}

/// Until when a complaint is to be answered; `None` where no setting asks for it.
#[must_use]
pub fn due(category: Category, from: Instant, rules: &Rules) -> Option<Instant> {
    let key = if category.is_grave() { SettingKey::ComplaintAnswerGrave } else { SettingKey::ComplaintAnswer };
    rules.value(key).map(|hours| from.plus_seconds(hours.saturating_mul(3_600)))
}

/// Who has a complaint after the one who had it did not answer: the next office above the canteen that is there. `offices` are the places
/// of those who close complaints, `held` the one whose turn it was; the canteen's own when it is `None`.
#[must_use]
pub fn above(offices: &[PlaceCode], held: Option<&PlaceCode>, canteen: &PlaceCode) -> Option<PlaceCode> {
    let wider = |place: &&PlaceCode| held.is_none_or(|held| place.contains(held) && *place != held);
    let over = offices.iter().filter(|place| place.contains(canteen)).filter(wider);
    // The narrowest is the one that knows the canteen: a longer code lies deeper.
    over.max_by_key(|place| place.as_str().len()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceDate;
    use crate::food_safety::Rulebook;
    use crate::text_enum::TextEnum;

    fn rules() -> Rules {
        let day = ServiceDate::parse("2026-11-23").unwrap();
        Rulebook::built_in().unwrap().in_force(&PlaceCode::parse("330102").unwrap(), day)
    }

    #[test]
    fn a_complaint_is_answered_before_it_is_closed_and_opened_again_a_few_times() {
        use ComplaintState as S;
        let often = ComplaintRefusal::ReopenedTooOften { times: 2 };
        for (state, act, reopened, expected) in [
            (S::Open, Act::Answer, 0, Ok(S::Answered)),
            (S::Answered, Act::Answer, 0, Ok(S::Answered)),
            (S::Open, Act::Close, 0, Err(ComplaintRefusal::NotAnswered)),
            (S::Answered, Act::Close, 2, Ok(S::Closed)),
            (S::Open, Act::Reopen, 0, Err(ComplaintRefusal::NotAnswered)),
            (S::Answered, Act::Reopen, 0, Ok(S::Open)),
            (S::Answered, Act::Reopen, 1, Ok(S::Open)),
            (S::Answered, Act::Reopen, 2, Err(often)),
        ] {
            assert_eq!(next(state, act, reopened, &rules()), expected, "{state} {act:?} {reopened}");
        }
        for act in [Act::Answer, Act::Reopen, Act::Close] {
            assert_eq!(next(S::Closed, act, 0, &rules()), Err(ComplaintRefusal::Closed));
        }
    }

    #[test]
    fn what_may_do_harm_is_answered_within_a_day_and_the_rest_within_three() {
        let from = Instant::from_micros(0);
        for category in Category::ALL.iter().copied() {
            let hours = if category.is_grave() { 24 } else { 72 };
            assert_eq!(due(category, from, &rules()), Some(from.plus_seconds(hours * 3_600)), "{category}");
            assert_eq!(due(category, from, &Rules::default()), None);
        }
    }

    #[test]
    fn what_nobody_answers_goes_to_the_next_office_above() {
        let place = |code: &str| PlaceCode::parse(code).unwrap();
        let canteen = place("330102001");
        let offices = [place("33"), place("330102"), place("330102001"), place("330103"), place("330102002")];
        let mut turn = None;
        for expected in [Some("330102001"), Some("330102"), Some("33"), None] {
            let next = above(&offices, turn.as_ref(), &canteen);
            assert_eq!(next, expected.map(place), "after {turn:?}");
            turn = next;
        }
        assert_eq!(above(&[], None, &canteen), None);
        assert_eq!(above(&[place("330103")], None, &canteen), None, "another district's office has nothing to do with it");
    }
}
