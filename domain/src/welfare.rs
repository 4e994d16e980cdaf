//! Looking in on somebody (探访): a door that stays shut, or a change that a courier saw, is a case that goes from one person to the
//! next, each with a deadline, until somebody says what was found.

use crate::food_safety::{Rules, SettingKey};
use crate::{Instant, PlaceCode};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// Why somebody should look in.
    pub enum Concern {
        /// 无人应门: nobody came to the door.
        NoAnswer = "no_answer",
        /// 步态不稳: unsteady, or fell.
        Unsteady = "unsteady",
        /// 意识混乱: confused, more than before.
        Confused = "confused",
        /// 餐食未动: earlier meals stand there uneaten.
        MealsUneaten = "meals_uneaten",
        /// 身体不适: looks or says to be ill.
        Unwell = "unwell",
        /// 居家异常: cold, dirty, a smell of gas, a stranger.
        Home = "home",
        /// 其他: as the note says.
        Other = "other",
    }
}

impl Concern {
    /// Whether the named contacts are asked first. Who saw something with their own eyes tells the community worker at once; a shut
    /// door is most often somebody at the doctor's, which a daughter knows.
    #[must_use]
    pub const fn asks_contacts(self) -> bool {
        matches!(self, Self::NoAnswer)
    }

    /// On lists and in messages.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::NoAnswer => "送餐时无人应门",
            Self::Unsteady => "步态不稳或跌倒",
            Self::Confused => "意识混乱",
            Self::MealsUneaten => "之前的餐食未动",
            Self::Unwell => "身体不适",
            Self::Home => "居家环境异常",
            Self::Other => "情况异常",
        }
    }

    /// In English.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::NoAnswer => "nobody answered the door",
            Self::Unsteady => "unsteady, or fell",
            Self::Confused => "confused",
            Self::MealsUneaten => "earlier meals were not eaten",
            Self::Unwell => "unwell",
            Self::Home => "something is wrong at home",
            Self::Other => "something is wrong",
        }
    }
}

crate::text_enum! {
    /// What was found in the end.
    pub enum Finding {
        /// 本人已应门: the meal was handed to them after all.
        SeenAtDoor = "seen_at_door",
        /// 在家平安: at home and well.
        SafeAtHome = "safe_at_home",
        /// 外出平安: out and well; somebody has spoken to them.
        SafeElsewhere = "safe_elsewhere",
        /// 已就医: in hospital or with a doctor.
        InCare = "in_care",
        /// 需持续关注: well for now, and somebody must keep an eye on them.
        NeedsAttention = "needs_attention",
        /// 已去世
        Died = "died",
        /// 误报: recorded by mistake.
        Mistake = "mistake",
    }
}

impl Finding {
    /// In messages to family. A death is told by a person, never by a text; that the meal was handed over is told as such.
    #[must_use]
    pub const fn told_zh(self) -> Option<&'static str> {
        match self {
            Self::SafeAtHome => Some("在家平安"),
            Self::SafeElsewhere => Some("外出平安"),
            Self::InCare => Some("已就医，请致电社区了解情况"),
            Self::NeedsAttention => Some("已有人上门，请致电社区了解情况"),
            Self::Mistake => Some("此前的提醒有误，老人无恙"),
            Self::SeenAtDoor | Self::Died => None,
        }
    }

    /// In English.
    #[must_use]
    pub const fn told_en(self) -> Option<&'static str> {
        match self {
            Self::SafeAtHome => Some("at home and well"),
            Self::SafeElsewhere => Some("out, and well"),
            Self::InCare => Some("with a doctor; please call the community"),
            Self::NeedsAttention => Some("somebody is with them; please call the community"),
            Self::Mistake => Some("the alert was a mistake; they are well"),
            Self::SeenAtDoor | Self::Died => None,
        }
    }
}

crate::text_enum! {
    /// Who a named contact is to the senior.
    pub enum Relation {
        /// 配偶
        Spouse = "spouse",
        /// 子女
        Child = "child",
        /// 亲属
        Relative = "relative",
        /// 邻居
        Neighbour = "neighbour",
        /// 志愿者
        Volunteer = "volunteer",
        /// 其他
        Other = "other",
    }
}

impl Relation {
    /// On lists.
    #[must_use]
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Spouse => "配偶",
            Self::Child => "子女",
            Self::Relative => "亲属",
            Self::Neighbour => "邻居",
            Self::Volunteer => "志愿者",
            Self::Other => "联系人",
        }
    }
}

crate::text_enum! {
    /// What a step of a case says.
    pub enum StepKind {
        /// Somebody saw a reason to look in.
        Reported = "reported",
        /// Somebody was told and is expected to act by the deadline.
        Told = "told",
        /// The deadline passed, and there is nobody further to tell.
        NobodyLeft = "nobody_left",
        /// Somebody tried, and says what came of it.
        Attempt = "attempt",
        /// The end.
        Closed = "closed",
    }
}

crate::text_enum! {
    /// What came of an attempt.
    pub enum AttemptOutcome {
        /// 已有人前往: whoever was asked is on the way.
        Going = "going",
        /// 未联系上: the one who was asked could not be reached, or cannot go.
        NotReached = "not_reached",
        /// 上门无人应: somebody knocked again, and nobody answered.
        StillShut = "still_shut",
        /// 已与本人通话: the senior answered; what they said belongs into the closing.
        Spoke = "spoke",
    }
}

/// Contacts of one senior at most. Whoever has more than five has nobody who is asked first.
pub const CONTACTS_MAX: u8 = 5;

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// The contact of this rank, from 1.
    Contact(u8),
    /// The community workers of this place.
    Workers(PlaceCode),
}

/// Who can be asked about one senior.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ladder {
    /// Ranks of the named contacts who have a phone, in order.
    pub contacts: Vec<u8>,
    /// Places around the home that have workers, the narrowest first.
    pub places: Vec<PlaceCode>,
}

impl Ladder {
    /// Who is asked first; `None` when there is nobody, which the list of open cases shows.
    #[must_use]
    pub fn first(&self, concern: Concern) -> Option<Rung> {
        let contact = self.contacts.first().filter(|_| concern.asks_contacts());
        contact.map(|rank| Rung::Contact(*rank)).or_else(|| self.places.first().cloned().map(Rung::Workers))
    }

    /// Who is asked after whom; `None` at the top. People may have been added or removed meanwhile: order alone decides.
    #[must_use]
    pub fn after(&self, rung: &Rung) -> Option<Rung> {
        match rung {
            Rung::Contact(asked) => {
                let next = self.contacts.iter().find(|rank| *rank > asked);
                next.map(|rank| Rung::Contact(*rank)).or_else(|| self.places.first().cloned().map(Rung::Workers))
            }
            Rung::Workers(asked) => {
                let wider = self.places.iter().find(|place| *place != asked && place.contains(asked));
                wider.cloned().map(Rung::Workers)
            }
        }
    }
}

/// How long people have, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// A contact, to answer.
    pub contact: i64,
    /// Community workers, to take it up.
    pub worker: i64,
    /// Whoever said that they are going, to say what they found.
    pub going: i64,
}

impl Times {
    /// From the settings in force at the senior's home. Without a setting nobody is given time: the case climbs at once and is seen.
    #[must_use]
    pub fn of(rules: &Rules) -> Self {
        let minutes = |key| rules.value(key).unwrap_or(0);
        Self {
            contact: minutes(SettingKey::LookInContact),
            worker: minutes(SettingKey::LookInWorker),
            going: minutes(SettingKey::LookInGoing),
        }
    }

    /// Until when a rung has time that was told now.
    #[must_use]
    pub fn deadline(&self, rung: &Rung, now: Instant) -> Instant {
        now.plus_seconds(60 * if matches!(rung, Rung::Contact(_)) { self.contact } else { self.worker })
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// The deadline stays as it is.
    Nothing,
    /// Somebody is on the way: they have until then.
    Wait(Instant),
    /// The next one is asked at once.
    Climb,
}

/// What follows from an attempt that was told now.
#[must_use]
pub fn follows(outcome: AttemptOutcome, times: &Times, now: Instant) -> Follows {
    match outcome {
        AttemptOutcome::Going => Follows::Wait(now.plus_seconds(60 * times.going)),
        AttemptOutcome::NotReached | AttemptOutcome::StillShut => Follows::Climb,
        AttemptOutcome::Spoke => Follows::Nothing,
    }
}

/// Whether a hand-over at the door ends a case: the senior was met after the door stayed shut. A neighbour who takes the meal has not
/// seen them, and who is unsteady or confused is not well for having opened.
#[must_use]
pub fn ends_at_door(concern: Concern, outcome: crate::door::StopOutcome, reported_at: Instant, happened_at: Instant) -> bool {
    concern == Concern::NoAnswer && outcome == crate::door::StopOutcome::Delivered && happened_at > reported_at
}

/// The median of durations in minutes, the lower one of two; `None` of nothing.
#[must_use]
pub fn median(mut minutes: Vec<i64>) -> Option<i64> {
    minutes.sort_unstable();
    minutes.get(minutes.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::StopOutcome;
    use crate::food_safety::Rulebook;
    use crate::text_enum::TextEnum;
    use proptest::prelude::*;

    fn place(code: &str) -> PlaceCode {
        PlaceCode::parse(code).unwrap()
    }

    #[test]
    fn contacts_come_first_for_a_shut_door_and_the_worker_for_what_was_seen() {
        let ladder = Ladder { contacts: vec![1, 3], places: vec![place("990101001001"), place("990101")] };
        let none = Ladder::default();
        for concern in Concern::ALL.iter().copied() {
            let first = ladder.first(concern);
            let expected = if concern == Concern::NoAnswer { Rung::Contact(1) } else { Rung::Workers(place("990101001001")) };
            assert_eq!((first, none.first(concern)), (Some(expected), None), "{concern}");
        }
    }

    proptest! {
        #[test]
        fn the_ladder_asks_everybody_once_in_order_and_ends(
            contacts in prop::collection::btree_set(1u8..=CONTACTS_MAX, 0..5),
            levels in prop::collection::btree_set(prop::sample::select(vec![2usize, 4, 6, 9, 12]), 0..5),
        ) {
            let home = "990101001001";
            let ladder = Ladder {
                contacts: contacts.iter().copied().collect(),
                places: levels.iter().rev().map(|digits| place(&home[..*digits])).collect(),
            };
            let mut asked = Vec::new();
            let mut turn = ladder.first(Concern::NoAnswer);
            while let Some(rung) = turn {
                turn = ladder.after(&rung);
                asked.push(rung);
                prop_assert!(asked.len() <= contacts.len() + levels.len());
            }
            let expected: Vec<Rung> = ladder.contacts.iter().map(|rank| Rung::Contact(*rank))
                .chain(ladder.places.iter().cloned().map(Rung::Workers)).collect();
            prop_assert_eq!(asked, expected);
        }
    }

    #[test]
    fn who_was_removed_meanwhile_is_passed_over() {
        let ladder = Ladder { contacts: vec![4], places: vec![place("990101")] };
        assert_eq!(ladder.after(&Rung::Contact(2)), Some(Rung::Contact(4)));
        assert_eq!(ladder.after(&Rung::Contact(4)), Some(Rung::Workers(place("990101"))));
        assert_eq!(ladder.after(&Rung::Workers(place("990101001"))), Some(Rung::Workers(place("990101"))));
        assert_eq!(ladder.after(&Rung::Workers(place("990101"))), None);
    }

    #[test]
    fn an_attempt_in_vain_asks_the_next_at_once_and_who_goes_gets_time() {
        let rules = Rulebook::built_in().unwrap().in_force(&place("990101"), crate::ServiceDate::new(2026, 11, 23).unwrap());
        let (times, now) = (Times::of(&rules), Instant::from_micros(0));
        assert!(times.contact > 0 && times.worker > 0 && times.going > 0);
        for (outcome, expected) in [
            (AttemptOutcome::Going, Follows::Wait(now.plus_seconds(60 * times.going))),
            (AttemptOutcome::NotReached, Follows::Climb),
            (AttemptOutcome::StillShut, Follows::Climb),
            (AttemptOutcome::Spoke, Follows::Nothing),
        ] {
            assert_eq!(follows(outcome, &times, now), expected, "{outcome}");
        }
    }

    #[test]
    fn only_meeting_the_senior_in_person_later_ends_a_case_of_a_shut_door() {
        let at = Instant::from_micros;
        for concern in Concern::ALL.iter().copied() {
            for outcome in StopOutcome::ALL.iter().copied() {
                let met = concern == Concern::NoAnswer && outcome == StopOutcome::Delivered;
                assert_eq!(ends_at_door(concern, outcome, at(1), at(2)), met, "{concern} {outcome}");
                assert!(!ends_at_door(concern, outcome, at(2), at(2)), "{concern} {outcome}: not later");
            }
        }
    }

    #[test]
    fn a_death_is_never_told_by_a_text_and_a_hand_over_is_told_once() {
        for finding in Finding::ALL.iter().copied() {
            let silent = [Finding::Died, Finding::SeenAtDoor].contains(&finding);
            assert_eq!((finding.told_zh().is_none(), finding.told_en().is_none()), (silent, silent), "{finding}");
        }
    }

    #[test]
    fn the_median_of_two_is_the_lower_one() {
        for (minutes, expected) in [(vec![], None), (vec![7], Some(7)), (vec![9, 3], Some(3)), (vec![9, 1, 5], Some(5))] {
            assert_eq!(median(minutes), expected);
        }
    }
}
